/*
 * session_meter.c -- how many session handshakes a link may bring before any
 * of them has proven anything, and how many complaints it may draw from us.
 *
 * What the neighbour itself wrote and what it passes on for others are metered
 * apart, so that strangers far away do not use up what is its own; and so are
 * Setups and what ends a handshake, for the sake of those that we began.
 */
#include <string.h>

#include "netd.h"

#include "quota.h"
#include "session_shake.h"

enum {
	BURST = 64, PER_MIN = 16 * 60,
	/* One costs a frame; a relay that loses a way owes one to each flow. */
	SIGNAL_BURST = 64, SIGNAL_PER_MIN = 100 * 60,
	/* One costs a question to the mesh, whose table holds some 250 for 15 s. */
	SEEK_BURST = 64, SEEK_PER_MIN = 8 * 60,
};

static struct meter {
	uint32_t	peer;		/* handle */
	struct quota	quota[2][SHAKE_METERS];	/* for others, its own */
	struct quota	signal[2], seek;
} meters[PEER_SLOTS];

static struct meter *
meter_of(const struct peer *p)
{
	struct meter *at = &meters[peer_slot_of(p)];

	if (at->peer != p->handle) {
		memset(at, 0, sizeof(*at));
		at->peer = p->handle;
	}
	return at;
}

static int
is_own(const struct peer *p, const uint8_t src[NADDR_LEN])
{
	return memcmp(src, p->addr, NADDR_LEN) == 0;
}

static struct quota *
quota_of(const struct peer *p, const uint8_t src[NADDR_LEN], enum shake_meter m)
{
	return &meter_of(p)->quota[is_own(p, src)][m];
}

int
shake_may_try(const struct peer *p, const uint8_t src[NADDR_LEN],
    enum shake_meter m)
{
	struct quota left = *quota_of(p, src, m);

	if (quota_take(&left, BURST, PER_MIN, netd.now_ms))
		return 1;
	refuse(REFUSE_FSP_RATE);
	return 0;
}

void
shake_pay(const struct peer *p, const uint8_t src[NADDR_LEN], enum shake_meter m)
{
	if (p != NULL)
		quota_take(quota_of(p, src, m), BURST, PER_MIN, netd.now_ms);
}

int
signal_may_go(const struct peer *p, const uint8_t src[NADDR_LEN])
{
	return quota_take(&meter_of(p)->signal[is_own(p, src)], SIGNAL_BURST,
	    SIGNAL_PER_MIN, netd.now_ms);
}

int
signal_may_seek(const struct peer *p)
{
	if (quota_take(&meter_of(p)->seek, SEEK_BURST, SEEK_PER_MIN, netd.now_ms))
		return 1;
	refuse(REFUSE_FSP_RATE);
	return 0;
}
