/*
 * mmp.c -- what we receive, what the peer says it received, and what follows.
 * No I/O, no clock.
 */
#include "mmp.h"

#include <string.h>

enum {
	COLD_SAMPLES = 5,		/* reports come faster at first */
	GRACE_US = 15000000,		/* after a rekey old frames drain: no jitter */
	OWD_STEP_US = 20000,		/* senders stamp whole milliseconds */
	OWD_MIN = 8,
	BACKOFF_MAX = 5,
};

static const struct {
	uint64_t cold_ms, min_ms, max_ms;
} interval[] = {
	[MMP_LINK] = { 200, 1000, 5000 },
	[MMP_SESSION] = { 1000, 500, 10000 },
};

static uint32_t
add32(uint32_t a, uint64_t b)
{
	return b > UINT32_MAX - a ? UINT32_MAX : a + (uint32_t)b;
}

static uint16_t
cap16(uint64_t v)
{
	return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

static void
ewma(struct mmp_ewma *e, double sample)
{
	if (!e->set)
		*e = (struct mmp_ewma){ sample, sample, 1 };
	e->fast += (sample - e->fast) / 4;
	e->slow += (sample - e->slow) / 32;
}

void
mmp_init(struct mmp *m, enum mmp_layer layer, enum mmp_mode mode)
{
	memset(m, 0, sizeof(*m));
	m->layer = layer;
	m->mode = mode;
	m->tx.interval_ms = m->rx.interval_ms = interval[layer].cold_ms;
	m->m.forward = m->m.reverse = m->m.etx = 1;
}

void
mmp_rekeyed(struct mmp *m, uint64_t now_us)
{
	uint64_t packets = m->rx.now.cum_packets, bytes = m->rx.now.cum_bytes;
	uint64_t sent_ms = m->rx.sent_ms, every_ms = m->rx.interval_ms;
	uint8_t	 told = m->rx.told;

	memset(&m->rx, 0, sizeof(m->rx));
	m->rx.now.cum_packets = packets;
	m->rx.now.cum_bytes = bytes;
	m->rx.sent_ms = sent_ms;
	m->rx.interval_ms = every_ms;
	m->rx.told = told;
	m->rx.grace_until_us = now_us + GRACE_US;
	m->tx.any = m->tx.news = 0;
	m->tx.now.bytes = 0;
	m->m.has_last = m->m.has_reverse = 0;
	m->m.forward = 1;
	m->spin.any = 0;
}

void
mmp_spin_start(struct mmp *m, int initiator)
{
	m->spin.initiator = initiator != 0;
}

void
mmp_spin_heard(struct mmp *m, uint64_t counter, int bit)
{
	if (m->spin.any && counter <= m->spin.highest)
		return;
	m->spin.any = 1;
	m->spin.highest = counter;
	if (!m->spin.initiator)
		m->spin.bit = bit != 0;
	else if (m->spin.bit == (bit != 0))
		m->spin.bit = !m->spin.bit;
}

/* ---- sending ------------------------------------------------------------ */
void
mmp_sent(struct mmp *m, uint64_t counter, uint32_t ts, size_t bytes,
    int is_report)
{
	struct mmp_sr *s = &m->tx.now;

	if (!m->tx.any) {
		s->start_counter = counter;
		s->start_ts = ts;
		m->tx.any = 1;
	}
	s->end_counter = counter;
	s->end_ts = ts;
	s->bytes = add32(s->bytes, bytes);
	s->cum_packets++;
	s->cum_bytes += bytes;
	m->tx.news |= !is_report;
}

static uint64_t
until(int told, uint64_t sent_ms, uint64_t every_ms, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - sent_ms;

	return !told || age_ms >= every_ms ? 0 : every_ms - age_ms;
}

static uint64_t
sr_due_ms(const struct mmp *m, uint64_t now_ms)
{
	if (m->mode != MMP_FULL || !m->tx.news)
		return MMP_NEVER;
	return until(m->tx.told, m->tx.sent_ms,
	    m->tx.interval_ms << m->tx.failures, now_ms);
}

static uint64_t
rr_due_ms(const struct mmp *m, uint64_t now_ms)
{
	if (m->mode == MMP_MINIMAL || !m->rx.news)
		return MMP_NEVER;
	return until(m->rx.told, m->rx.sent_ms,
	    m->rx.interval_ms << m->tx.failures, now_ms);
}

uint64_t
mmp_due_ms(const struct mmp *m, uint64_t now_ms)
{
	uint64_t sr = sr_due_ms(m, now_ms), rr = rr_due_ms(m, now_ms);

	return sr < rr ? sr : rr;
}

int
mmp_sr_due(struct mmp *m, struct mmp_sr *out, uint64_t now_ms)
{
	if (sr_due_ms(m, now_ms) != 0)
		return 0;
	*out = m->tx.now;
	m->tx.now.bytes = 0;
	m->tx.any = m->tx.news = 0;
	m->tx.told = 1;
	m->tx.sent_ms = now_ms;
	return 1;
}

void
mmp_send_result(struct mmp *m, int ok)
{
	m->tx.failures = ok ? 0 : m->tx.failures + (m->tx.failures < BACKOFF_MAX);
}

/* ---- receiving ---------------------------------------------------------- */
static void
burst_end(struct mmp *m)
{
	struct mmp_rr *p = &m->rx.now;

	if (cap16(m->rx.burst) > p->max_burst)
		p->max_burst = cap16(m->rx.burst);
	m->rx.burst_sum += m->rx.burst;
	m->rx.burst = 0;
}

static void
gap_note(struct mmp *m, uint64_t counter)
{
	if (m->rx.any && counter > m->rx.expected) {
		m->rx.now.bursts += m->rx.burst == 0;
		m->rx.burst += counter - m->rx.expected;
	} else {
		burst_end(m);
	}
	if (!m->rx.any || counter >= m->rx.expected)
		m->rx.expected = counter + 1;
}

static void
jitter_note(struct mmp *m, uint32_t ts, uint64_t now_us)
{
	int64_t d;

	if (!m->rx.any || now_us < m->rx.grace_until_us)
		return;
	d = (int64_t)(now_us - m->rx.last_us) -
	    ((int64_t)ts - (int64_t)m->rx.last_ts) * 1000;
	if (d < 0)
		d = -d;
	if (d > INT32_MAX)
		d = INT32_MAX;
	m->rx.jitter_q4 += d - (m->rx.jitter_q4 >> 4);
}

/*
 * How much longer frames are under way than the first was, against the time
 * they came at. The clocks need not agree: an offset has no slope.
 */
static void
owd_note(struct mmp *m, uint32_t ts, uint64_t now_us)
{
	double x, y;

	if (!m->rx.any) {
		m->rx.owd_zero_us = now_us;
		m->rx.owd_zero_ts = ts;
	}
	if (now_us < m->rx.owd_next_us)
		return;
	m->rx.owd_next_us = now_us + OWD_STEP_US;
	x = (double)(now_us - m->rx.owd_zero_us);
	y = x - ((double)ts - (double)m->rx.owd_zero_ts) * 1000;
	m->rx.owd[m->rx.owd_at].x = x / 1e6;
	m->rx.owd[m->rx.owd_at].y = y;
	m->rx.owd_at = (m->rx.owd_at + 1) % MMP_OWD_WINDOW;
	if (m->rx.owd_n < MMP_OWD_WINDOW)
		m->rx.owd_n++;
}

/* Least squares: microseconds of delay gained in a second. */
static int32_t
owd_slope(const struct mmp *m)
{
	double	 mx = 0, my = 0, num = 0, den = 0, dx, slope;
	unsigned i, n = m->rx.owd_n;

	if (n < OWD_MIN)
		return 0;
	for (i = 0; i < n; i++) {
		mx += m->rx.owd[i].x / n;
		my += m->rx.owd[i].y / n;
	}
	for (i = 0; i < n; i++) {
		dx = m->rx.owd[i].x - mx;
		num += dx * (m->rx.owd[i].y - my);
		den += dx * dx;
	}
	slope = den > 0 ? num / den : 0;
	if (slope > INT32_MAX)
		return INT32_MAX;
	return slope < INT32_MIN ? INT32_MIN : (int32_t)slope;
}

void
mmp_received(struct mmp *m, uint64_t counter, uint32_t ts, size_t bytes, int ce,
    int is_report, uint64_t now_us)
{
	struct mmp_rr *p = &m->rx.now;

	p->cum_packets++;
	p->cum_bytes += bytes;
	p->packets = add32(p->packets, 1);
	p->bytes = add32(p->bytes, bytes);
	if (counter < p->highest)
		p->reorder = add32(p->reorder, 1);
	else
		p->highest = counter;
	p->ce_count = add32(p->ce_count, ce != 0);
	gap_note(m, counter);
	jitter_note(m, ts, now_us);
	owd_note(m, ts, now_us);
	m->rx.any = 1;
	m->rx.last_ts = ts;
	m->rx.last_us = now_us;
	m->rx.news |= !is_report;
}

int
mmp_rr_due(struct mmp *m, struct mmp_rr *out, uint64_t now_us)
{
	struct mmp_rr *p = &m->rx.now;
	uint64_t       dwell, now_ms = now_us / 1000;

	if (rr_due_ms(m, now_ms) != 0)
		return 0;
	burst_end(m);
	p->mean_burst = p->bursts == 0 ? 0 :
	    cap16(m->rx.burst_sum * 256 / p->bursts);
	dwell = (now_us - m->rx.last_us) / 1000;
	/* Too long ago for the field: no round trip from this one. */
	p->ts_echo = dwell > UINT16_MAX ? 0 : m->rx.last_ts;
	p->dwell_ms = cap16(dwell);
	p->jitter_us = (uint32_t)(m->rx.jitter_q4 >> 4);
	p->owd_trend = owd_slope(m);
	*out = *p;
	p->max_burst = p->mean_burst = 0;
	p->bursts = p->packets = p->bytes = 0;
	m->rx.burst_sum = 0;
	m->rx.news = 0;
	m->rx.told = 1;
	m->rx.sent_ms = now_ms;
	return 1;
}

/* ---- the peer's view of ours --------------------------------------------- */
static void
rtt_take(struct mmp *m, const struct mmp_rr *p, uint32_t our_ts)
{
	uint64_t back = (uint64_t)p->ts_echo + p->dwell_ms;
	int64_t	 rtt, err;

	/*
	 * Whole milliseconds, so a short way takes 0 or 1 of them as the dice
	 * fall; only the mean of both is near the truth.
	 */
	if (p->ts_echo == 0 || back > our_ts)
		return;
	rtt = (int64_t)(our_ts - back) * 1000;
	if (m->m.samples == 0) {
		m->m.srtt_us = rtt;
		m->m.rttvar_us = rtt / 2;
	} else {
		err = m->m.srtt_us > rtt ? m->m.srtt_us - rtt :
		    rtt - m->m.srtt_us;
		m->m.rttvar_us += (err >> 2) - (m->m.rttvar_us >> 2);
		m->m.srtt_us += (rtt >> 3) - (m->m.srtt_us >> 3);
	}
	m->m.samples++;
	ewma(&m->m.rtt, (double)rtt);
}

static void
etx_take(struct mmp *m)
{
	double p = m->m.forward * m->m.reverse, etx = p > 0 ? 1 / p : 100;

	m->m.etx = etx < 1 ? 1 : etx > 100 ? 100 : etx;
	ewma(&m->m.etx_trend, m->m.etx);
}

static double
ratio(uint64_t part, uint64_t whole)
{
	return part >= whole ? 1 : (double)part / (double)whole;
}

static void
forward_take(struct mmp *m, const struct mmp_rr *p, uint64_t now_ms)
{
	const struct mmp_rr *l = &m->m.last;
	double		     bps;

	if (p->highest > l->highest) {
		m->m.forward = ratio(p->cum_packets - l->cum_packets,
		    p->highest - l->highest);
		ewma(&m->m.loss, 1 - m->m.forward);
		etx_take(m);
	}
	ewma(&m->m.goodput_trend, (double)(p->cum_bytes - l->cum_bytes));
	if (now_ms > m->m.last_ms) {
		bps = (double)(p->cum_bytes - l->cum_bytes) * 1000 /
		    (double)(now_ms - m->m.last_ms);
		m->m.goodput += m->m.goodput > 0 ? (bps - m->m.goodput) / 4 : bps;
	}
}

/* The same question the other way, from what we received ourselves. */
static void
reverse_take(struct mmp *m)
{
	uint64_t packets = m->rx.now.cum_packets, highest = m->rx.now.highest;

	if (m->m.has_reverse && highest > m->m.reverse_highest) {
		m->m.reverse = ratio(packets - m->m.reverse_packets,
		    highest - m->m.reverse_highest);
		etx_take(m);
	}
	m->m.reverse_packets = packets;
	m->m.reverse_highest = highest;
	m->m.has_reverse = 1;
}

static uint64_t
clamp_interval(const struct mmp *m, uint64_t ms)
{
	uint64_t lo = interval[m->layer].min_ms, hi = interval[m->layer].max_ms;

	if (m->layer == MMP_LINK && m->m.samples <= COLD_SAMPLES)
		lo = interval[m->layer].cold_ms;
	return ms < lo ? lo : ms > hi ? hi : ms;
}

/* Old news: something went back, or nothing moved. */
static int
is_stale(const struct mmp_rr *p, const struct mmp_rr *l)
{
	if (p->highest < l->highest || p->cum_packets < l->cum_packets ||
	    p->cum_bytes < l->cum_bytes || p->ce_count < l->ce_count ||
	    p->reorder < l->reorder)
		return 1;
	return p->highest == l->highest && p->cum_packets == l->cum_packets &&
	    p->cum_bytes == l->cum_bytes && p->ce_count == l->ce_count &&
	    p->reorder == l->reorder;
}

/* The sums went on but the counter fell: the peer began to count new keys. */
static int
is_new_epoch(const struct mmp_rr *p, const struct mmp_rr *l)
{
	return p->highest < l->highest && p->cum_packets > l->cum_packets &&
	    p->cum_bytes > l->cum_bytes;
}

enum mmp_said
mmp_heard(struct mmp *m, const struct mmp_rr *p, uint32_t our_ts,
    uint64_t now_ms)
{
	unsigned samples = m->m.samples;

	if (m->m.has_last && is_new_epoch(p, &m->m.last))
		m->m.has_last = 0;
	if (m->m.has_last && is_stale(p, &m->m.last))
		return MMP_STALE;
	rtt_take(m, p, our_ts);
	if (m->m.has_last)
		forward_take(m, p, now_ms);
	ewma(&m->m.jitter, p->jitter_us);
	m->m.last = *p;
	m->m.last_ms = now_ms;
	m->m.has_last = 1;
	reverse_take(m);
	if (m->m.samples > 0) {
		m->tx.interval_ms = clamp_interval(m,
		    (uint64_t)m->m.srtt_us * 2 / 1000);
		m->rx.interval_ms = clamp_interval(m,
		    (uint64_t)m->m.srtt_us / 1000);
	}
	return samples == 0 && m->m.samples > 0 ? MMP_FIRST_RTT : MMP_TAKEN;
}

/* ---- results ------------------------------------------------------------ */
int
mmp_has_srtt(const struct mmp *m)
{
	return m->m.samples > 0;
}

double
mmp_srtt_ms(const struct mmp *m)
{
	return (double)m->m.srtt_us / 1000;
}

double
mmp_loss(const struct mmp *m)
{
	return 1 - m->m.forward;
}

double
mmp_link_cost(const struct mmp *m)
{
	return m->m.samples == 0 ? 0 :
	    m->m.etx * (1 + mmp_srtt_ms(m) / 100);
}

double
mmp_quality(const struct mmp *m)
{
	return m->m.samples == 0 || !m->m.etx_trend.set ? 0 :
	    m->m.etx_trend.slow * (1 + mmp_srtt_ms(m) / 100);
}

double
mmp_jitter_ms(const struct mmp *m)
{
	return (double)(m->rx.jitter_q4 >> 4) / 1000;
}

const char *
mmp_trend(const struct mmp_ewma *e)
{
	if (!e->set || !(e->slow > 0))
		return "stable";
	if (e->fast > e->slow * 1.05)
		return "rising";
	return e->fast < e->slow * 0.95 ? "falling" : "stable";
}

const char *
mmp_mode_text(enum mmp_mode mode)
{
	static const char *const text[] = { "full", "lightweight", "minimal" };

	return text[mode];
}
