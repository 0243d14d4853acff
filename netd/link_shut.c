/*
 * link_shut.c -- peers of which nothing is opened for a moment, because of what
 * they sent. What comes from one is dropped here; but that each lone frame
 * wakes us is most of what a flood costs, so the kernel is told of some of them
 * and drops their frames itself (udp_shut.c). It does nothing that is not done here
 * without it.
 */
#include "link_int.h"
#include "udp.h"

enum { TOLD_MAX = UDP_SHUT_MAX / 3 };	/* a peer has up to three keys */

static uint32_t	told[TOLD_MAX];		/* handles */
static unsigned	ntold;

int
shut_is(const struct peer *p)
{
	return netd.now_ms < p->extra->shut_until_ms;
}

static unsigned
add(uint32_t *index, unsigned n, const struct link_keys *k)
{
	if (k->session != 0)
		index[n++] = k->our_index;
	return n;
}

/* Tell the kernel who of them is shut now, and forget the others. */
static void
tell(void)
{
	uint32_t	 index[UDP_SHUT_MAX];
	struct peer	*p;
	unsigned	 i, kept = 0, n = 0;

	for (i = 0; i < ntold; i++) {
		p = peer_by_handle(told[i]);
		if (p == NULL)
			continue;
		p->extra->told = (uint8_t)shut_is(p);
		if (!p->extra->told)
			continue;
		n = add(index, n, &p->cur);
		n = add(index, n, &p->pend);
		n = add(index, n, &p->prev);
		told[kept++] = p->handle;
	}
	ntold = kept;
	udp_shut(index, n);
}

/* Those of all end together, for one tick. */
void
shut_begin(struct peer *p)
{
	if (shut_is(p))
		return;
	p->extra->shut_until_ms = (netd.now_ms + LINK_SHUT_MS) / 10 * 10;
	if (ntold == TOLD_MAX)
		return;
	if (!p->extra->told)
		told[ntold++] = p->handle;
	tell();
	netd_tick_by(p->extra->shut_until_ms);
}

void
shut_count(struct peer *p, unsigned transport)
{
	unsigned n = p->extra->told ? udp_shut_stands_for(transport) : 1;

	netd.refused[REFUSE_LINK_SHUT] += n;
	p->unopened += n;
}

/* When the next of them is over; a peer that went is. */
static uint64_t
soonest(void)
{
	uint64_t	 next = LINK_NEVER;
	struct peer	*p;
	unsigned	 i;

	for (i = 0; i < ntold; i++) {
		p = peer_by_handle(told[i]);
		next = sooner(next, p == NULL ? 0 : until(p->extra->shut_until_ms));
	}
	return next;
}

uint64_t
shut_tick(void)
{
	if (soonest() == 0)
		tell();
	return soonest();
}
