/*
 * mmp_mtu.c -- how large a datagram may be on the way to a session's other
 * end. No I/O, no clock.
 *
 * Down at once, up only after three equal words over some time. Nobody can
 * talk us below MMP_MTU_MIN, and a bound is not for ever: see mmp_mtu_age().
 */
#include "mmp.h"

enum { TELL_MS = 10000, AGE_MS = 600000, UP_COUNT = 3 };

static uint64_t
tell_ms(double srtt_ms)
{
	return srtt_ms * 5 > TELL_MS ? (uint64_t)(srtt_ms * 5) : TELL_MS;
}

void
mmp_mtu_init(struct mmp_mtu *p)
{
	*p = (struct mmp_mtu){ .use = MMP_MTU_NONE, .seen = MMP_MTU_NONE };
}

void
mmp_mtu_egress(struct mmp_mtu *p, uint16_t mtu)
{
	if (mtu < p->use)
		p->use = mtu;
}

void
mmp_mtu_seen(struct mmp_mtu *p, uint16_t mtu)
{
	if (mtu >= MMP_MTU_MIN)
		p->seen = mtu;
}

uint16_t
mmp_mtu_due(struct mmp_mtu *p, double srtt_ms, uint64_t now_ms)
{
	if (p->seen == MMP_MTU_NONE || (p->has_told && p->seen >= p->told &&
	    now_ms - p->told_ms < tell_ms(srtt_ms)))
		return 0;
	p->has_told = 1;
	p->told = p->seen;
	p->told_ms = now_ms;
	return p->seen;
}

int
mmp_mtu_heard(struct mmp_mtu *p, uint16_t mtu, double srtt_ms, uint64_t now_ms)
{
	if (mtu < MMP_MTU_MIN)
		return -1;
	if (mtu <= p->use) {
		p->use = mtu;
		p->heard_ms = now_ms;
		p->higher_count = 0;
		return 0;
	}
	if (p->higher_count == 0 || mtu != p->higher) {
		p->higher = mtu;
		p->higher_count = 0;
		p->higher_ms = now_ms;
	}
	if (++p->higher_count >= UP_COUNT &&
	    now_ms - p->higher_ms >= 2 * tell_ms(srtt_ms)) {
		p->use = mtu;
		p->heard_ms = now_ms;
		p->higher_count = 0;
	} else if (p->higher_count > UP_COUNT) {
		p->higher_count = UP_COUNT;
	}
	return 0;
}

void
mmp_mtu_age(struct mmp_mtu *p, uint16_t egress, uint64_t now_ms)
{
	if (p->use >= egress || now_ms - p->heard_ms < AGE_MS)
		return;
	p->use = egress;
	p->heard_ms = now_ms;
}
