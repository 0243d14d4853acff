/*
 * seg.c -- cuts super-segments as the kernel does (tcp_gso_segment() and
 * __udp_gso_segment() in spirit): headers are repeated, lengths and sequence
 * numbers go on, FIN and PSH stay with the last packet and CWR with the first.
 *
 * What the header says is checked against the packet: the upper layer is
 * found anew, and nothing is read or written beyond the ends.
 */
#include <string.h>

#include "ip6.h"
#include "seg.h"
#include "sum.h"

enum {
	NH_TCP = 6, NH_UDP = 17, NH_FRAGMENT = 44,
	TCP_HEAD = 20, TCP_SEQ = 4, TCP_OFF = 12, TCP_FLAGS = 13, TCP_SUM = 16,
	UDP_HEAD = 8, UDP_LEN = 4, UDP_SUM = 6,
	FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, CWR = 0x80,
};

static void
put_be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = v & 0xff;
}

static void
add_be32(uint8_t *p, uint32_t more)
{
	uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];

	v += more;
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

/* The TCP header at s->upper, or 0. Neither SYN nor RST carries so much. */
static size_t
tcp_head(const struct seg *s)
{
	const uint8_t	*t = s->pkt + s->upper;
	size_t		 n;

	if (s->len - s->upper < TCP_HEAD || t[TCP_FLAGS] & (SYN | RST))
		return 0;
	n = (size_t)(t[TCP_OFF] >> 4) * 4;
	return n >= TCP_HEAD && n <= s->len - s->upper ? n : 0;
}

static size_t
udp_head(const struct seg *s)
{
	return s->len - s->upper < UDP_HEAD ? 0 : UDP_HEAD;
}

/* The extension headers of this packet are known to be whole. */
static int
is_fragment(const uint8_t *pkt, size_t upper)
{
	uint8_t	nh = pkt[6];
	size_t	at;

	for (at = IP6_HEAD; at < upper; at += ((size_t)pkt[at + 1] + 1) * 8) {
		if (nh == NH_FRAGMENT)
			return 1;
		nh = pkt[at];
	}
	return 0;
}

int
seg_begin(struct seg *s, const struct vnet *v, const uint8_t *pkt, size_t len)
{
	uint8_t	nh, want;
	size_t	head, at;
	int	gso = v->gso_type & ~VNET_GSO_ECN;

	*s = (struct seg){ .pkt = pkt, .len = len, .count = 1 };
	if (gso == VNET_GSO_NONE)
		return v->gso_type == 0 ? 0 : -1;
	want = gso == VNET_GSO_TCP6 ? NH_TCP : gso == VNET_GSO_UDP ? NH_UDP : 0;
	if (want == 0 || (v->flags & VNET_NEEDS_CSUM) == 0 ||
	    v->gso_size == 0 || !ip6_is_packet(pkt, len))
		return -1;
	at = ip6_upper(pkt, len, &nh);
	if (at == 0 || nh != want || at > SEG_HEAD_MAX || at != v->csum_start ||
	    v->csum_offset != (nh == NH_TCP ? TCP_SUM : UDP_SUM) ||
	    is_fragment(pkt, at))
		return -1;
	s->upper = (uint16_t)at;
	head = nh == NH_TCP ? tcp_head(s) : udp_head(s);
	if (head == 0 || at + head > SEG_HEAD_MAX || at + head >= len)
		return -1;
	s->head = (uint16_t)(at + head);
	s->size = v->gso_size;
	s->gso = (uint8_t)gso;
	s->count = (unsigned)((len - s->head + s->size - 1) / s->size);
	return 0;
}

size_t
seg_longest(const struct seg *s)
{
	return s->count == 1 ? s->len : (size_t)s->head + s->size;
}

/*
 * Of the upper layer of the packet at out, which has n bytes of payload. They are
 * summed where they came from: where they went to may not have arrived yet.
 */
static uint16_t
checksum(const struct seg *s, const uint8_t *out, uint8_t proto,
    const uint8_t *payload, size_t n)
{
	return (uint16_t)~sum_fold(sum_upper(out, proto, out + s->upper,
	    (size_t)s->head - s->upper, payload, n));
}

/* Of packet i of s, its headers at out. */
static void
tcp_fix(const struct seg *s, unsigned i, uint8_t *out, const uint8_t *payload,
    size_t n)
{
	uint8_t	*t = out + s->upper;

	add_be32(t + TCP_SEQ, i * (uint32_t)s->size);
	if (i > 0)
		t[TCP_FLAGS] &= (uint8_t)~CWR;
	if (i + 1 < s->count)
		t[TCP_FLAGS] &= (uint8_t)~(FIN | PSH);
	memset(t + TCP_SUM, 0, 2);
	sum_store(t + TCP_SUM, checksum(s, out, NH_TCP, payload, n));
}

/* In UDP a sum of 0 would say that there is none. */
static void
udp_fix(const struct seg *s, uint8_t *out, const uint8_t *payload, size_t n)
{
	uint8_t		*u = out + s->upper;
	uint16_t	 sum;

	put_be16(u + UDP_LEN, UDP_HEAD + n);
	memset(u + UDP_SUM, 0, 2);
	sum = checksum(s, out, NH_UDP, payload, n);
	sum_store(u + UDP_SUM, sum == 0 ? 0xffff : sum);
}

size_t
seg_cut(const struct seg *s, unsigned i, uint8_t *out)
{
	size_t		 at = (size_t)s->head + (size_t)i * s->size, n;
	const uint8_t	*payload = s->pkt + at;

	if (s->gso == VNET_GSO_NONE) {
		memcpy(out, s->pkt, s->len);
		return s->len;
	}
	n = s->len - at < s->size ? s->len - at : s->size;
	memcpy(out, s->pkt, s->head);
	memcpy(out + s->head, payload, n);
	put_be16(out + 4, s->head + n - IP6_HEAD);
	if (s->gso == VNET_GSO_TCP6)
		tcp_fix(s, i, out, payload, n);
	else
		udp_fix(s, out, payload, n);
	return s->head + n;
}

int
seg_finish(const struct vnet *v, uint8_t *pkt, size_t len)
{
	size_t		at = v->csum_start, field = at + v->csum_offset;
	uint16_t	sum;

	if ((v->flags & VNET_NEEDS_CSUM) == 0)
		return 0;
	if (at < IP6_HEAD || field + 2 > len)
		return -1;
	/* The field holds the sum of the pseudo header already. */
	sum = (uint16_t)~sum_fold(sum_add(0, pkt + at, len - at));
	sum_store(pkt + field, sum == 0 ? 0xffff : sum);
	return 0;
}
