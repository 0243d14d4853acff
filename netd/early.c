/* early.c -- the last packets that the kernel got, by flow. */
#include "early.h"
#include "ip6.h"

enum {
	FLOWS = 1024,
	NH_TCP = 6, NH_UDP = 17, NH_ICMP6 = 58,
	TCP_HEAD = 20, TCP_SEQ = 4, TCP_OFF = 12, TCP_FLAGS = 13,
	FIN = 0x01, SYN = 0x02,
};

static struct flow {
	uint32_t	flow;		/* 0: none */
	uint32_t	next;		/* TCP: where the next segment begins */
	uint64_t	large_ms;	/* others: the last large one; 0: none */
} table[FLOWS];			/* of two ends too: their fragments are large */

static uint32_t
seq_of(const uint8_t *tcp)
{
	const uint8_t *p = tcp + TCP_SEQ;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* What of the sequence a segment takes. */
static uint32_t
seq_len(const uint8_t *pkt, size_t len)
{
	const uint8_t	*tcp = pkt + IP6_HEAD;
	size_t		 head = IP6_HEAD + (size_t)(tcp[TCP_OFF] >> 4) * 4;

	return (uint32_t)(len > head ? len - head : 0) +
	    ((tcp[TCP_FLAGS] & SYN) != 0) + ((tcp[TCP_FLAGS] & FIN) != 0);
}

static int
is_tcp(const uint8_t *pkt, size_t len)
{
	return pkt[6] == NH_TCP && len >= IP6_HEAD + TCP_HEAD;
}

static void
note_large(uint32_t flow, uint64_t now_ms)
{
	table[flow % FLOWS] = (struct flow){ .flow = flow, .large_ms = now_ms };
}

static int
is_quiet(uint32_t flow, uint64_t now_ms)
{
	const struct flow *f = &table[flow % FLOWS];

	return f->flow != flow || f->large_ms == 0 ||
	    now_ms - f->large_ms >= EARLY_QUIET_MS;
}

void
early_note(const uint8_t *pkt, size_t len, int large, uint64_t now_ms)
{
	uint32_t	 flow = ip6_flow(pkt, len);
	struct flow	*f = &table[flow % FLOWS];

	if (flow == 0) {
		if (len >= IP6_HEAD && ip6_is_extension(pkt[6]))
			note_large(ip6_ends(pkt, len), now_ms);
		return;
	}
	if (f->flow != flow)
		*f = (struct flow){ .flow = flow };
	if (is_tcp(pkt, len))
		f->next = seq_of(pkt + IP6_HEAD) + seq_len(pkt, len);
	else if (large)
		note_large(flow, now_ms);
}

int
early_may(const uint8_t *pkt, size_t len, uint64_t now_ms)
{
	uint32_t		 flow = ip6_flow(pkt, len);
	const struct flow	*f = &table[flow % FLOWS];

	if (flow == 0 || f->flow != flow)
		return 0;
	if (is_tcp(pkt, len))
		return f->next == seq_of(pkt + IP6_HEAD);
	if (pkt[6] != NH_UDP && pkt[6] != NH_ICMP6)
		return 0;
	return is_quiet(flow, now_ms) && is_quiet(ip6_ends(pkt, len), now_ms);
}
