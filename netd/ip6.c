/* ip6.c -- IPv6 packets as bytes. No I/O, no clock, no state. */
#include <string.h>

#include "ip6.h"

enum {
	NH_HOP = 0, NH_TCP = 6, NH_UDP = 17, NH_ROUTING = 43, NH_FRAGMENT = 44,
	NH_ICMP6 = 58, NH_DEST = 60,
	ICMP_UNREACHABLE = 1, ICMP_TOO_BIG = 2, ICMP_FIRST_INFO = 128,
	ICMP_HEAD = 8,
	TCP_HEAD = 20, TCP_SYN = 0x02, OPT_END = 0, OPT_NOP = 1, OPT_MSS = 2,
	EXT_MAX = 8,		/* headers we are willing to walk over */
};

static uint16_t
get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = v & 0xff;
}

int
ip6_is_packet(const uint8_t *pkt, size_t len)
{
	return len >= IP6_HEAD && pkt[0] >> 4 == 6 &&
	    (size_t)get_be16(pkt + 4) + IP6_HEAD == len;
}

void
ip6_shrink(const uint8_t pkt[IP6_HEAD], uint8_t shim[IP6_SHIM])
{
	shim[0] = 0;
	memcpy(shim + 1, pkt, 4);
	shim[5] = pkt[6];
	shim[6] = pkt[7];
}

int
ip6_expand(const uint8_t shim[IP6_SHIM], size_t upper, const uint8_t src[16],
    const uint8_t dst[16], uint8_t head[IP6_HEAD])
{
	if (shim[0] != 0 || upper > UINT16_MAX)
		return -1;
	head[0] = 0x60 | (shim[1] & 0x0f);	/* version 6 whatever was sent */
	memcpy(head + 1, shim + 2, 3);
	put_be16(head + 4, (uint16_t)upper);
	head[6] = shim[5];
	head[7] = shim[6];
	memcpy(head + 8, src, 16);
	memcpy(head + 24, dst, 16);
	return 0;
}

int
ip6_is_extension(uint8_t nh)
{
	return nh == NH_HOP || nh == NH_ROUTING || nh == NH_FRAGMENT ||
	    nh == NH_DEST;
}

size_t
ip6_upper(const uint8_t *pkt, size_t len, uint8_t *nh)
{
	size_t	at = IP6_HEAD, n;
	int	i;

	*nh = pkt[6];
	for (i = 0; i < EXT_MAX; i++) {
		if (!ip6_is_extension(*nh))
			return at;
		if (len - at < 8)
			return 0;
		n = *nh == NH_FRAGMENT ? 8 : ((size_t)pkt[at + 1] + 1) * 8;
		if (*nh == NH_FRAGMENT && get_be16(pkt + at + 2) >> 3 != 0)
			return 0;
		if (n > len - at)
			return 0;
		*nh = pkt[at];
		at += n;
	}
	return 0;
}

/* The MSS option's value in a TCP header of n bytes, or NULL. */
static uint8_t *
find_mss(uint8_t *tcp, size_t n)
{
	size_t i = TCP_HEAD, olen;

	while (i < n && tcp[i] != OPT_END) {
		if (tcp[i] == OPT_NOP) {
			i++;
			continue;
		}
		if (n - i < 2)
			return NULL;
		olen = tcp[i + 1];
		if (olen < 2 || olen > n - i)
			return NULL;
		if (tcp[i] == OPT_MSS)
			return olen == 4 ? tcp + i + 2 : NULL;
		i += olen;
	}
	return NULL;
}

/*
 * RFC 1624 for two bytes at `at` within the segment. An option may start on an
 * odd offset; then each byte belongs to the other half of its sum word.
 */
static void
change16(uint8_t *tcp, size_t at, uint16_t v)
{
	uint16_t	was = get_be16(tcp + at), now = v;
	uint32_t	sum;

	if (at & 1) {
		was = (uint16_t)(was << 8 | was >> 8);
		now = (uint16_t)(now << 8 | now >> 8);
	}
	sum = (uint16_t)~get_be16(tcp + 16);
	sum += (uint16_t)~was;
	sum += now;
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	put_be16(tcp + at, v);
	put_be16(tcp + 16, (uint16_t)~sum);
}

/* Where its TCP header stands, n bytes of it; 0: it opens no connection. */
static size_t
syn_at(const uint8_t *pkt, size_t len, size_t *n)
{
	const uint8_t	*tcp;
	uint8_t		 nh;
	size_t		 at;

	if (len < IP6_HEAD)
		return 0;
	at = ip6_upper(pkt, len, &nh);
	if (at == 0 || nh != NH_TCP || len - at < TCP_HEAD)
		return 0;
	tcp = pkt + at;
	*n = (size_t)(tcp[12] >> 4) * 4;
	return (tcp[13] & TCP_SYN) != 0 && *n >= TCP_HEAD && *n <= len - at ?
	    at : 0;
}

/* The hash of both addresses. */
static uint64_t
ends(const uint8_t *pkt)
{
	uint64_t h = 0, word;
	unsigned i;

	for (i = 8; i < IP6_HEAD; i += sizeof(word)) {
		memcpy(&word, pkt + i, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return h;
}

uint32_t
ip6_ends(const uint8_t *pkt, size_t len)
{
	return len < IP6_HEAD ? 0 : (uint32_t)(ends(pkt) >> 32) | 1;
}

/* Others have a checksum or the like where these have ports. */
uint32_t
ip6_flow(const uint8_t *pkt, size_t len)
{
	uint64_t h;
	uint32_t ports = 0;

	if (len < IP6_HEAD + sizeof(ports) || ip6_is_extension(pkt[6]))
		return 0;
	h = ends(pkt);
	if (pkt[6] == NH_TCP || pkt[6] == NH_UDP)
		memcpy(&ports, pkt + IP6_HEAD, sizeof(ports));
	h = (h ^ ports ^ (uint64_t)pkt[6] << 32) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32) | 1;
}

int
ip6_is_syn(const uint8_t *pkt, size_t len)
{
	size_t n;

	return syn_at(pkt, len, &n) != 0;
}

int
ip6_clamp_mss(uint8_t *pkt, size_t len, uint16_t mss)
{
	uint8_t	*tcp, *opt;
	size_t	 n, at = syn_at(pkt, len, &n);

	if (at == 0)
		return 0;
	tcp = pkt + at;
	opt = find_mss(tcp, n);
	if (opt == NULL || get_be16(opt) <= mss)
		return 0;
	change16(tcp, (size_t)(opt - tcp), mss);
	return 1;
}

void
ip6_mark_ce(uint8_t *pkt)
{
	uint8_t ecn = pkt[1] >> 4 & 3;

	if (ecn == 1 || ecn == 2)
		pkt[1] |= 0x30;
}

int
ip6_may_answer(const uint8_t *pkt, size_t len)
{
	static const uint8_t	none[16];
	uint8_t			nh;
	size_t			at;

	if (len < IP6_HEAD || pkt[0] >> 4 != 6)
		return 0;
	if (memcmp(pkt + 8, none, 16) == 0 || pkt[8] == 0xff || pkt[24] == 0xff)
		return 0;
	at = ip6_upper(pkt, len, &nh);
	if (at == 0)
		return 0;
	return nh != NH_ICMP6 || (at < len && pkt[at] >= ICMP_FIRST_INFO);
}

static uint32_t
add_words(uint32_t sum, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sum += get_be16(p + i);
	if (n & 1)
		sum += (uint32_t)p[n - 1] << 8;
	return sum;
}

static uint16_t
icmp_sum(const uint8_t *pkt, size_t len)
{
	uint32_t sum = NH_ICMP6 + (uint32_t)(len - IP6_HEAD);

	sum = add_words(sum, pkt + 8, 32);
	sum = add_words(sum, pkt + IP6_HEAD, len - IP6_HEAD);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static size_t
icmp_error(const uint8_t *pkt, size_t len, uint8_t type, uint8_t code,
    uint32_t word, const uint8_t from[16], uint8_t out[IP6_ERROR_MAX])
{
	size_t quote = len, total;

	if (!ip6_may_answer(pkt, len))
		return 0;
	if (quote > IP6_ERROR_MAX - IP6_HEAD - ICMP_HEAD)
		quote = IP6_ERROR_MAX - IP6_HEAD - ICMP_HEAD;
	total = IP6_HEAD + ICMP_HEAD + quote;
	memset(out, 0, IP6_HEAD + ICMP_HEAD);
	out[0] = 0x60;
	put_be16(out + 4, (uint16_t)(total - IP6_HEAD));
	out[6] = NH_ICMP6;
	out[7] = 64;
	memcpy(out + 8, from, 16);
	memcpy(out + 24, pkt + 8, 16);
	out[IP6_HEAD] = type;
	out[IP6_HEAD + 1] = code;
	put_be16(out + IP6_HEAD + 4, (uint16_t)(word >> 16));
	put_be16(out + IP6_HEAD + 6, word & 0xffff);
	memcpy(out + IP6_HEAD + ICMP_HEAD, pkt, quote);
	put_be16(out + IP6_HEAD + 2, icmp_sum(out, total));
	return total;
}

size_t
ip6_too_big(const uint8_t *pkt, size_t len, uint32_t mtu,
    uint8_t out[IP6_ERROR_MAX])
{
	if (len < IP6_HEAD)
		return 0;
	return icmp_error(pkt, len, ICMP_TOO_BIG, 0, mtu, pkt + 24, out);
}

size_t
ip6_unreachable(const uint8_t *pkt, size_t len, uint8_t code,
    const uint8_t from[16], uint8_t out[IP6_ERROR_MAX])
{
	return icmp_error(pkt, len, ICMP_UNREACHABLE, code, 0, from, out);
}
