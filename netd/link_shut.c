/*
 * link_shut.c -- peers of which nothing is opened for a moment, because of what
 * they sent. What comes from one is dropped here; but that each lone frame
 * wakes us is most of what a flood costs, so the kernel is told of some of them
 * and drops their frames itself (udp_shut.c). When too much comes that is no
 * frame of anybody's, it is told whose there are, and drops the rest. It does
 * nothing that is not done here without it.
 */
#include "link_int.h"
#include "udp.h"

static uint32_t		told[LINK_TOLD_MAX];	/* handles */
static unsigned		ntold;
static struct quota	junk;			/* what is nobody's */
static uint64_t		junk_until_ms;
static int		junk_told;

int
shut_is(const struct peer *p)
{
	return netd.now_ms < p->extra->shut_until_ms;
}

/* Those of all end together, for one tick. */
static uint64_t
end_ms(void)
{
	return (netd.now_ms + LINK_SHUT_MS) / 10 * 10;
}

static unsigned
add(uint32_t *index, unsigned n, const struct link_keys *k)
{
	if (k->session != 0)
		index[n++] = k->our_index;
	return n;
}

/* The indexes of those of them who are shut now; the others are forgotten. */
static unsigned
shut_indexes(uint32_t *index)
{
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
	return n;
}

/* All but these; with too many of them for the kernel, none. */
static unsigned
other_indexes(uint32_t *index, const uint32_t *bad, unsigned nbad)
{
	unsigned i, j, n, kept = 0;

	n = index_all(index, UDP_SHUT_MAX);
	for (i = 0; n <= UDP_SHUT_MAX && i < n; i++) {
		for (j = 0; j < nbad && bad[j] != index[i]; j++)
			continue;
		if (j == nbad)
			index[kept++] = index[i];
	}
	return kept;
}

static void
tell(void)
{
	uint32_t bad[3 * LINK_TOLD_MAX], good[UDP_SHUT_MAX];
	unsigned nbad = shut_indexes(bad), ngood = 0;

	if (netd.now_ms < junk_until_ms)
		ngood = other_indexes(good, bad, nbad);
	junk_told = ngood > 0;
	if (junk_told)
		udp_shut(UDP_SHUT_OTHERS, good, ngood);
	else
		udp_shut(UDP_SHUT_THESE, bad, nbad);
}

void
shut_begin(struct peer *p)
{
	if (shut_is(p))
		return;
	p->extra->shut_until_ms = end_ms();
	if (ntold == LINK_TOLD_MAX)
		return;
	if (!p->extra->told)
		told[ntold++] = p->handle;
	tell();
	netd_tick_by(p->extra->shut_until_ms);
}

static void
count(int is_told, unsigned transport, enum refusal why, uint64_t *also)
{
	unsigned n = is_told ? udp_shut_stands_for(transport) : 1;

	netd.refused[why] += n;
	if (also != NULL)
		*also += n;
}

void
shut_count(struct peer *p, unsigned transport)
{
	count(p->extra->told, transport, REFUSE_LINK_SHUT, &p->unopened);
}

void
shut_junk(unsigned transport, enum refusal why)
{
	count(junk_told, transport, why, NULL);
	if (quota_take(&junk, LINK_BLAME_BURST, LINK_BLAME_PER_MIN,
	    netd.now_ms) || netd.now_ms < junk_until_ms)
		return;
	junk_until_ms = end_ms();
	tell();
	netd_tick_by(junk_until_ms);
}

void
shut_index_new(void)
{
	if (!junk_told)
		return;
	junk_until_ms = 0;
	tell();
}

/* When the next of them is over; a peer that went is. */
static uint64_t
soonest(void)
{
	uint64_t	 next = junk_told ? until(junk_until_ms) : LINK_NEVER;
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
