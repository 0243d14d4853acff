/* session_mtu.c -- what the path to a node can carry. No I/O, no clock. */
#include "session_mtu.h"

void
path_mtu_init(struct path_mtu *m)
{
	*m = (struct path_mtu){ .told = UINT16_MAX, .signal = UINT16_MAX };
}

static uint64_t
notify_ms(double srtt_ms)
{
	return srtt_ms * 5 > PATH_MTU_NOTIFY_MS ? (uint64_t)(srtt_ms * 5) :
	    PATH_MTU_NOTIFY_MS;
}

int
path_mtu_told(struct path_mtu *m, uint16_t mtu, double srtt_ms, uint64_t now_ms)
{
	if (mtu < PATH_MTU_FLOOR)
		return -1;
	if (mtu <= m->told) {
		int changed = mtu < m->told;

		m->told = mtu;
		m->times = 0;
		return changed;
	}
	if (m->times == 0 || m->higher != mtu) {
		m->higher = mtu;
		m->times = 1;
		m->since_ms = now_ms;
		return 0;
	}
	if (m->times < UINT8_MAX)
		m->times++;
	if (m->times < 3 || now_ms - m->since_ms < 2 * notify_ms(srtt_ms))
		return 0;
	m->told = mtu;
	m->times = 0;
	return 1;
}

int
path_mtu_signal(struct path_mtu *m, uint16_t mtu, uint64_t now_ms)
{
	if (mtu < PATH_MTU_FLOOR)
		return -1;
	if (mtu < PATH_MTU_CLAIM)
		mtu = PATH_MTU_CLAIM;
	if (mtu >= path_mtu_get(m, now_ms))
		return 0;
	m->signal = mtu;
	m->signal_until_ms = now_ms + PATH_MTU_SIGNAL_MS;
	return 1;
}

uint16_t
path_mtu_get(const struct path_mtu *m, uint64_t now_ms)
{
	if (now_ms < m->signal_until_ms && m->signal < m->told)
		return m->signal;
	return m->told;
}

int
path_seen(struct path_seen *s, uint16_t mtu, double srtt_ms, uint64_t now_ms)
{
	if (mtu < PATH_MTU_FLOOR)
		return 0;
	s->last = mtu;
	if (s->told != 0 && mtu >= s->told &&
	    now_ms - s->told_ms < notify_ms(srtt_ms))
		return 0;
	s->told = mtu;
	s->told_ms = now_ms;
	return 1;
}
