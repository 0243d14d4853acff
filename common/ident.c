/* ident.c -- bech32 and hex names of nodes. BIP-173, BIP-350, NIP-19. */
#include <ctype.h>
#include <string.h>

#include "ident.h"

#define BECH32_CONST	1u
#define BECH32M_CONST	0x2bc830a3u
#define DATA_LEN	52		/* 32 bytes in groups of five bits */
#define SUM_LEN		6

static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

static uint32_t
polymod_step(uint32_t chk, uint8_t v)
{
	static const uint32_t gen[] = {
		0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3
	};
	uint32_t	top = chk >> 25;
	int		i;

	chk = (chk & 0x1ffffff) << 5 ^ v;
	for (i = 0; i < 5; i++)
		if (top >> i & 1)
			chk ^= gen[i];
	return chk;
}

static uint32_t
polymod_hrp(const char *hrp)
{
	uint32_t	chk = 1;
	const char	*p;

	for (p = hrp; *p != '\0'; p++)
		chk = polymod_step(chk, (uint8_t)*p >> 5);
	chk = polymod_step(chk, 0);
	for (p = hrp; *p != '\0'; p++)
		chk = polymod_step(chk, *p & 31);
	return chk;
}

/* Exactly hrp "1" 52 data and 6 checksum characters, one case throughout. */
static int
bech32_decode(const char *hrp, const char *s, uint8_t out[32])
{
	size_t		i, n = strlen(hrp);
	uint32_t	chk = polymod_hrp(hrp), acc = 0;
	int		bits = 0, o = 0, lower = 0, upper = 0;
	const char	*at;

	if (strlen(s) != n + 1 + DATA_LEN + SUM_LEN)
		return -1;
	for (i = 0; s[i] != '\0'; i++) {
		lower |= islower((unsigned char)s[i]) != 0;
		upper |= isupper((unsigned char)s[i]) != 0;
	}
	if (lower && upper)
		return -1;
	for (i = 0; i < n; i++)
		if (tolower((unsigned char)s[i]) != hrp[i])
			return -1;
	if (s[n] != '1')
		return -1;
	for (i = 0; i < DATA_LEN + SUM_LEN; i++) {
		at = strchr(charset, tolower((unsigned char)s[n + 1 + i]));
		if (at == NULL)
			return -1;
		chk = polymod_step(chk, (uint8_t)(at - charset));
		if (i >= DATA_LEN)
			continue;
		acc = (acc << 5 | (uint32_t)(at - charset)) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			out[o++] = acc >> bits & 0xff;
		}
	}
	if (chk != BECH32_CONST && chk != BECH32M_CONST)
		return -1;
	return (acc & ((1u << bits) - 1)) == 0 ? 0 : -1;	/* padding is zero */
}

static void
bech32_encode(const char *hrp, const uint8_t in[32], char *out)
{
	uint32_t	chk = polymod_hrp(hrp), acc = 0;
	int		i, bits = 0;
	uint8_t		v;

	memcpy(out, hrp, strlen(hrp));
	out += strlen(hrp);
	*out++ = '1';
	for (i = 0; i < 32 || bits > 0; ) {
		if (bits < 5 && i < 32) {
			acc = (acc << 8 | in[i++]) & 0xffff;
			bits += 8;
		} else if (bits < 5) {
			acc <<= 5 - bits;
			bits = 5;
		}
		bits -= 5;
		v = acc >> bits & 31;
		chk = polymod_step(chk, v);
		*out++ = charset[v];
	}
	for (i = 0; i < SUM_LEN; i++)
		chk = polymod_step(chk, 0);
	chk ^= BECH32_CONST;
	for (i = 0; i < SUM_LEN; i++)
		*out++ = charset[chk >> 5 * (SUM_LEN - 1 - i) & 31];
	*out = '\0';
}

void
npub_encode(const uint8_t pub[32], char out[NPUB_LEN + 1])
{
	bech32_encode("npub", pub, out);
}

void
nsec_encode(const uint8_t sec[32], char out[NPUB_LEN + 1])
{
	bech32_encode("nsec", sec, out);
}

static int
decode(const char *hrp, const char *s, uint8_t out[32])
{
	uint8_t	tmp[32];
	int	ret;

	ret = bech32_decode(hrp, s, tmp);
	if (ret == 0)
		memcpy(out, tmp, sizeof(tmp));
	explicit_bzero(tmp, sizeof(tmp));	/* it may be a secret */
	return ret;
}

int
npub_decode(const char *s, uint8_t pub[32])
{
	return decode("npub", s, pub);
}

int
nsec_decode(const char *s, uint8_t sec[32])
{
	return decode("nsec", s, sec);
}

void
npub_short(const char *npub, char out[20])
{
	memcpy(out, npub, 9);			/* "npub1" and four */
	memcpy(out + 9, "...", 3);
	memcpy(out + 12, npub + strlen(npub) - 4, 5);
}

void
mesh_addr(const uint8_t naddr[NADDR_LEN], uint8_t ip6[16])
{
	ip6[0] = 0xfd;
	memcpy(ip6 + 1, naddr, 15);
}

void
hex_encode(const uint8_t *p, size_t n, char *out)
{
	static const char digit[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		*out++ = digit[p[i] >> 4];
		*out++ = digit[p[i] & 15];
	}
	*out = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
hex_decode(const char *s, uint8_t *p, size_t n)
{
	size_t	i;
	int	hi, lo;

	if (strlen(s) != 2 * n)
		return -1;
	for (i = 0; i < n; i++) {
		hi = hex_value(s[2 * i]);
		lo = hex_value(s[2 * i + 1]);
		if (hi == -1 || lo == -1)
			return -1;
		p[i] = (uint8_t)(hi << 4 | lo);
	}
	return 0;
}
