/*
 * link_lost.c -- whom silence took from us, and which epoch bit it had.
 *
 * A v0.4.1 node that kept our link through the silence goes on with a rekey of it:
 * its message 1 is a new link here, and pending keys there, which it tries only on
 * a frame whose epoch bit (FRAME_K) differs from the one it has. So a link of the
 * same run of that node begins with the other bit, until its first frame says
 * which one it has.
 */
#include <string.h>

#include "link_int.h"

enum { LOST = 16, LOST_MS = 120000 };

static struct lost {
	uint8_t		addr[NADDR_LEN], epoch[8], k_bit;
	uint64_t	at_ms;		/* 0: free */
} lost[LOST];

/* Where this node stands, or else the oldest. */
static struct lost *
place_of(const uint8_t addr[NADDR_LEN])
{
	struct lost *l, *oldest = lost;

	for (l = lost; l < lost + LOST; l++) {
		if (memcmp(l->addr, addr, NADDR_LEN) == 0)
			return l;
		if (l->at_ms < oldest->at_ms)
			oldest = l;
	}
	return oldest;
}

void
lost_note(const struct peer *p)
{
	struct lost *l = place_of(p->addr);

	memcpy(l->addr, p->addr, NADDR_LEN);
	memcpy(l->epoch, p->epoch, sizeof(l->epoch));
	l->k_bit = p->k_bit;
	l->at_ms = netd.now_ms;
}

uint8_t
lost_first_k_bit(const uint8_t addr[NADDR_LEN], const uint8_t epoch[8])
{
	const struct lost *l = place_of(addr);

	return l->at_ms != 0 && netd.now_ms - l->at_ms < LOST_MS &&
	    memcmp(l->addr, addr, NADDR_LEN) == 0 &&
	    memcmp(l->epoch, epoch, sizeof(l->epoch)) == 0 && !l->k_bit;
}
