/*
 * merge.c -- the rules of the kernel's own merging (GRO), a little stricter:
 * cutting what comes out gives back what went in, to the byte.
 *
 * Packets may stand in memory that others can write. Headers are copied once,
 * decided by and written from the copy; payloads are only summed.
 */
#include <string.h>

#include "ip6.h"
#include "merge.h"
#include "sum.h"

enum {
	NH_TCP = 6, NH_UDP = 17,
	TCP_HEAD = 20, TCP_SEQ = 4, TCP_OFF = 12, TCP_FLAGS = 13, TCP_SUM = 16,
	UDP_HEAD = 8, UDP_LEN = 4, UDP_SUM = 6,
	FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, URG = 0x20, CWR = 0x80,
};

/* A packet that may be merged, its headers copied. */
struct piece {
	uint8_t		 head[MERGE_HEAD];
	uint8_t		*pkt;
	size_t		 len, payload;
	unsigned	 head_len;
	uint8_t		 proto, flags;
	void		*owner;
};

static uint16_t
get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static void
put_be16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = v & 0xff;
}

void
merge_init(struct merge *m, merge_fn out, int has_uso)
{
	m->out = out;
	m->has_uso = has_uso;
	m->n = 0;
}

/* Flows of one machine differ in ports and in the other end. */
static unsigned
hash(const uint8_t *head)
{
	uint32_t h = get_be32(head + 12) ^ get_be32(head + 20) ^
	    get_be32(head + 36) ^ get_be32(head + IP6_HEAD) ^ head[6];

	return (h * 0x9e3779b1u) >> 28;
}
_Static_assert(MERGE_FLOWS == 16, "four bits of the hash");

static int
is_same_flow(const uint8_t *a, const uint8_t *b)
{
	return a[6] == b[6] && memcmp(a + 8, b + 8, 32) == 0 &&
	    memcmp(a + IP6_HEAD, b + IP6_HEAD, 4) == 0;
}

/* Headers into p; 0 when this packet has no flow that we could know. */
static int
read_heads(struct piece *p)
{
	if (p->len < IP6_HEAD + UDP_HEAD)
		return 0;
	if (p->len >= MERGE_HEAD)	/* a length that is known is quicker */
		memcpy(p->head, p->pkt, MERGE_HEAD);
	else
		memcpy(p->head, p->pkt, p->len);
	p->proto = p->head[6];
	return p->head[0] >> 4 == 6 &&
	    get_be16(p->head + 4) + (size_t)IP6_HEAD == p->len &&
	    (p->proto == NH_TCP || p->proto == NH_UDP);
}

/* Is the checksum right? The header is summed from the copy. */
static int
is_sound(const struct piece *p)
{
	return sum_fold(sum_upper(p->head, p->proto, p->head + IP6_HEAD,
	    p->head_len - IP6_HEAD, p->pkt + p->head_len, p->payload)) == 0xffff;
}

static int
is_tcp_piece(struct piece *p)
{
	const uint8_t	*t = p->head + IP6_HEAD;
	size_t		 n;

	if (p->len < IP6_HEAD + TCP_HEAD)
		return 0;
	n = (size_t)(t[TCP_OFF] >> 4) * 4;
	p->flags = t[TCP_FLAGS];
	if (n < TCP_HEAD || IP6_HEAD + n >= p->len ||
	    p->flags & (SYN | RST | URG))
		return 0;
	p->head_len = (unsigned)(IP6_HEAD + n);
	return 1;
}

static int
is_udp_piece(struct piece *p)
{
	const uint8_t *u = p->head + IP6_HEAD;

	if (get_be16(u + UDP_LEN) + (size_t)IP6_HEAD != p->len ||
	    get_be16(u + UDP_SUM) == 0 || p->len == IP6_HEAD + UDP_HEAD)
		return 0;
	p->head_len = IP6_HEAD + UDP_HEAD;
	return 1;
}

/* May it be the first of several, or one of them? */
static int
is_piece(const struct merge *m, struct piece *p)
{
	if (p->proto == NH_TCP ? !is_tcp_piece(p) :
	    !m->has_uso || !is_udp_piece(p))
		return 0;
	p->payload = p->len - p->head_len;
	return is_sound(p);
}

/* Everything in the headers but lengths, sums, and what counts on. */
static int
has_same_heads(const struct merge_run *r, const struct piece *p)
{
	const uint8_t *a = r->head, *b = p->head;

	if (r->head_len != p->head_len || memcmp(a, b, 4) != 0 || a[7] != b[7])
		return 0;
	if (r->proto == NH_UDP)
		return 1;
	a += IP6_HEAD;
	b += IP6_HEAD;
	return get_be32(b + TCP_SEQ) == r->seq &&
	    memcmp(a + 8, b + 8, 5) == 0 &&	/* ack, header length */
	    ((a[TCP_FLAGS] ^ b[TCP_FLAGS]) & ~(FIN | PSH | CWR)) == 0 &&
	    (b[TCP_FLAGS] & CWR) == 0 &&
	    memcmp(a + 14, b + 14, 2) == 0 &&	/* window */
	    memcmp(a + 18, b + 18, r->head_len - IP6_HEAD - 18) == 0;
}

/* Is there room for so much more? */
static int
is_open(const struct merge_run *r, size_t payload)
{
	return !r->shut && r->count < MERGE_RUN && payload <= r->size &&
	    r->head_len - IP6_HEAD + r->payload + payload <= UINT16_MAX;
}

static int
joins(const struct merge_run *r, const struct piece *p)
{
	return is_open(r, p->payload) && has_same_heads(r, p);
}

/* FIN and PSH are the last packet's; a short one is the last. */
static void
append(struct merge_run *r, const struct piece *p)
{
	r->part[r->count] = (struct iovec){ p->pkt + p->head_len, p->payload };
	r->owner[r->count++] = p->owner;
	r->payload += p->payload;
	r->last_flags = p->flags;
	r->seq += (uint32_t)p->payload;
	r->shut = p->payload < r->size ||
	    (p->proto == NH_TCP && p->flags & (FIN | PSH));
}

static void
begin(struct merge_run *r, const struct piece *p)
{
	memcpy(r->head, p->head, p->head_len);
	r->head_len = p->head_len;
	r->proto = p->proto;
	r->size = (uint16_t)p->payload;
	r->count = 0;
	r->payload = 0;
	r->seq = p->proto == NH_TCP ? get_be32(p->head + IP6_HEAD + TCP_SEQ) : 0;
	append(r, p);
}

/* The headers of the whole; the sum is left to who cuts it. */
static void
put_heads(struct merge_run *r)
{
	uint8_t	*up = r->head + IP6_HEAD;
	size_t	 upper = r->head_len - IP6_HEAD + r->payload;
	int	 tcp = r->proto == NH_TCP;

	r->vnet = (struct vnet){
		.flags = VNET_NEEDS_CSUM,
		.gso_type = tcp ? VNET_GSO_TCP6 : VNET_GSO_UDP,
		.hdr_len = (uint16_t)r->head_len, .gso_size = r->size,
		.csum_start = IP6_HEAD, .csum_offset = tcp ? TCP_SUM : UDP_SUM,
	};
	put_be16(r->head + 4, upper);
	if (tcp) {
		if (up[TCP_FLAGS] & CWR)
			r->vnet.gso_type |= VNET_GSO_ECN;
		up[TCP_FLAGS] |= r->last_flags & (FIN | PSH);
	} else
		put_be16(up + UDP_LEN, upper);
	sum_store(up + r->vnet.csum_offset,
	    sum_fold(sum_pseudo(r->head, r->proto, upper)));
}

/* A packet as it came. */
static void
out_alone(struct merge *m, uint8_t *pkt, size_t len, void *owner)
{
	static struct merge_run r;

	r.count = 1;
	r.part[0] = (struct iovec){ pkt, len };
	r.owner[0] = owner;
	m->out(&r);
}

static void
out_run(struct merge *m, struct merge_run *r)
{
	if (r->count == 1)
		out_alone(m, (uint8_t *)r->part[0].iov_base - r->head_len,
		    r->head_len + r->part[0].iov_len, r->owner[0]);
	else {
		put_heads(r);
		m->out(r);
	}
	r->count = 0;
}

static void
out_one(struct merge *m, unsigned slot)
{
	unsigned i, kept = 0;

	out_run(m, &m->run[slot]);
	for (i = 0; i < m->n; i++)
		if (m->order[i] != slot)
			m->order[kept++] = m->order[i];
	m->n = kept;
}

void
merge_add(struct merge *m, uint8_t *pkt, size_t len, void *owner)
{
	struct piece	  p;
	struct merge_run *r;
	unsigned	  slot;

	p.pkt = pkt;
	p.len = len;
	p.owner = owner;
	if (!read_heads(&p)) {
		/* A fragment may be of any of these flows. */
		if (len <= 6 || ip6_is_extension(pkt[6]))
			merge_flush(m);
		out_alone(m, pkt, len, owner);
		return;
	}
	slot = hash(p.head);
	r = &m->run[slot];
	if (!is_piece(m, &p)) {
		if (r->count > 0 && is_same_flow(r->head, p.head))
			out_one(m, slot);
		out_alone(m, pkt, len, owner);
		return;
	}
	if (r->count > 0 && is_same_flow(r->head, p.head) && joins(r, &p)) {
		append(r, &p);
		return;
	}
	if (r->count > 0)
		out_one(m, slot);
	begin(r, &p);
	m->order[m->n++] = (uint8_t)slot;
}

void
merge_flush(struct merge *m)
{
	unsigned i;

	for (i = 0; i < m->n; i++)
		out_run(m, &m->run[m->order[i]]);
	m->n = 0;
}

int
merge_may_grow(const struct merge *m)
{
	const struct merge_run	*r;
	unsigned		 i;

	for (i = 0; i < m->n; i++) {
		r = &m->run[m->order[i]];
		if (!is_open(r, r->size))
			return 0;
	}
	return m->n > 0;
}
