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

static struct {
	uint8_t		addr[NADDR_LEN], epoch[8], k_bit;
	uint64_t	at_ms;		/* 0: free */
} lost[LOST];

void
lost_note(const struct peer *p)
{
	unsigned i, at = 0;

	for (i = 0; i < LOST; i++) {
		if (memcmp(lost[i].addr, p->addr, NADDR_LEN) == 0) {
			at = i;
			break;
		}
		if (lost[i].at_ms < lost[at].at_ms)
			at = i;
	}
	memcpy(lost[at].addr, p->addr, NADDR_LEN);
	memcpy(lost[at].epoch, p->epoch, sizeof(p->epoch));
	lost[at].k_bit = p->k_bit;
	lost[at].at_ms = netd.now_ms;
}

uint8_t
lost_first_k_bit(const uint8_t addr[NADDR_LEN], const uint8_t epoch[8])
{
	unsigned i;

	for (i = 0; i < LOST; i++)
		if (lost[i].at_ms != 0 &&
		    netd.now_ms - lost[i].at_ms < LOST_MS &&
		    memcmp(lost[i].addr, addr, NADDR_LEN) == 0 &&
		    memcmp(lost[i].epoch, epoch, sizeof(lost[i].epoch)) == 0)
			return !lost[i].k_bit;
	return 0;
}
