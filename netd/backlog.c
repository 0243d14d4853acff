/* backlog.c -- a ring of pieces, and the flows in it. */
#include <string.h>

#include "backlog.h"
#include "ip6.h"

static struct piece	piece[BACKLOG_MAX];
static unsigned		oldest, count;
static unsigned		passed;		/* the oldest, since it is that */

static struct piece *
nth(unsigned i)
{
	return &piece[(oldest + i) % BACKLOG_MAX];
}

uint8_t *
backlog_room(void)
{
	return count == BACKLOG_MAX ? NULL : nth(count)->mem + BACKLOG_FIRST;
}

int
backlog_push(const struct vnet *v, const uint8_t *first, size_t n, size_t len,
    uint64_t now_us)
{
	struct piece	*p = nth(count);
	uint8_t		*pkt = p->mem + BACKLOG_FIRST - n;

	memcpy(pkt, first, len < n ? len : n);
	if (seg_begin(&p->seg, v, pkt, len) == -1 ||
	    (p->seg.gso == VNET_GSO_NONE && seg_finish(v, pkt, len) == -1))
		return -1;
	p->at = 0;
	p->flow = ip6_flow(pkt, len);
	p->since_us = now_us;
	count++;
	return (int)p->seg.count;
}

unsigned
backlog_count(void)
{
	return count;
}

struct piece *
backlog_first(void)
{
	return count == 0 ? NULL : nth(0);
}

void
backlog_pop(void)
{
	oldest = (oldest + 1) % BACKLOG_MAX;
	count--;
	passed = 0;
}

int
backlog_pass(const uint8_t *pkt, size_t len)
{
	uint32_t flow;
	unsigned i;

	if (count == 0)
		return 1;
	flow = ip6_flow(pkt, len);
	for (i = 0; i < count; i++)
		if (flow == 0 || nth(i)->flow == 0 || nth(i)->flow == flow)
			return 0;
	return passed++ < BACKLOG_PASS;
}
