/* dns_name.c -- reads and writes names of the .fips responder. Pure. */
#include <string.h>
#include <strings.h>

#include "dns_name.h"
#include "ident.h"

#define MESH_FIRST	0xfd

/* Does s[0..len) end in this, in any case? Answers the length before it. */
static int
ends_in(const char *s, size_t len, const char *suffix, size_t *before)
{
	size_t n = strlen(suffix);

	if (len < n || strncasecmp(s + len - n, suffix, n) != 0)
		return 0;
	*before = len - n;
	return 1;
}

/* "e.5.b.4." and so on, 32 nibbles, the last one first. */
static int
nibbles(const char *s, size_t len, uint8_t ip6[16])
{
	char hex[32];
	size_t i;

	if (len != 64)
		return -1;
	for (i = 0; i < 32; i++) {
		if (s[2 * i + 1] != '.')
			return -1;
		hex[31 - i] = s[2 * i];
	}
	for (i = 0; i < 16; i++) {
		char two[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		if (hex_decode(two, &ip6[i], 1) == -1)
			return -1;
	}
	return 0;
}

enum dns_kind
dns_name(const char *qname, char name[DNS_LABEL_LEN + 1], uint8_t ip6[16])
{
	size_t len = strlen(qname), n, i;

	if (len > 0 && qname[len - 1] == '.')
		len--;
	if (len == 4 && strncasecmp(qname, "fips", 4) == 0)
		return DNS_APEX;
	if (ends_in(qname, len, ".fips", &n)) {
		if (n == 0 || n > DNS_LABEL_LEN)
			return DNS_OTHER;
		for (i = 0; i < n; i++)
			name[i] = qname[i] >= 'A' && qname[i] <= 'Z' ?
			    (char)(qname[i] + 'a' - 'A') : qname[i];
		name[n] = '\0';
		return DNS_NAME;
	}
	if (ends_in(qname, len, "ip6.arpa", &n) &&
	    nibbles(qname, n, ip6) == 0 && ip6[0] == MESH_FIRST)
		return DNS_REVERSE;
	return DNS_OTHER;
}

void
dns_reverse(const uint8_t ip6[16], char out[DNS_PTR_LEN + 1])
{
	static const char digit[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < 16; i++) {
		out[4 * i] = digit[ip6[15 - i] & 0xf];
		out[4 * i + 1] = '.';
		out[4 * i + 2] = digit[ip6[15 - i] >> 4];
		out[4 * i + 3] = '.';
	}
	memcpy(out + 64, "ip6.arpa", 9);
}

int
dns_from_mesh(const uint8_t src[16], const uint8_t dst[16],
    const uint8_t self[16])
{
	return memcmp(dst, self, 16) == 0 && memcmp(src, self, 16) != 0;
}
