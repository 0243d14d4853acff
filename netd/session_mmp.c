/*
 * session_mmp.c -- how good the way to a session's other end is: what passes
 * under the current keys is told to its struct mmp, reports go out and come in.
 *
 * Only data is a reason for a report. A report asks for no answer, so it says
 * nothing about a silent far end either.
 */
#include "netd.h"

#define LOG_TARGET "fips::node::handlers::mmp"
#include "log.h"
#include "mmp_log.h"
#include "names.h"
#include "session_int.h"
#include "wire.h"

void
session_mmp_begin(struct session *s)
{
	mmp_init(&s->extra->mmp, MMP_SESSION,
	    (enum mmp_mode)netd.conf[CONF_SMMP_MODE]);
	s->extra->log_ms = netd.now_ms + netd.conf[CONF_SMMP_LOG] * 1000;
}

const struct mmp *
session_mmp(const struct session *s)
{
	return &s->extra->mmp;
}

uint8_t
session_mmp_kind(uint8_t type)
{
	return type == FSP_SENDER_REPORT || type == FSP_RECEIVER_REPORT ||
	    type == FSP_PATH_MTU ? WORK_INNER_REPORT : 0;
}

/* What is between the inner header and the outer tag was sealed. */
void
session_sealed(const struct work *w)
{
	struct session	*s = session_by_handle(w->sess);
	int		 quiet = w->kind & WORK_INNER_REPORT;

	if (s == NULL || w->session_key != s->cur.session)
		return;
	mmp_sent(&s->extra->mmp, get_le64(w->buf + w->off + w->inner + FSP_PREFIX),
	    netd_stamp(s->cur.start_ms, w->at_ms), w->len - FSP_TAG - w->body, quiet);
	if (!quiet)
		netd_tick_in(mmp_due_ms(&s->extra->mmp, netd.now_ms));
}

void
session_mmp_received(struct session *s, const struct work *w,
    const struct fsp_inner *in, int ce)
{
	struct mmp	*m = &s->extra->mmp;
	uint64_t	 counter = get_le64(w->buf + w->off + w->inner + FSP_PREFIX);
	int		 quiet = session_mmp_kind(in->type);

	mmp_received(m, counter, in->ts, w->len - w->body, ce, quiet, w->at_us);
	mmp_spin_heard(m, counter, in->flags & FSP_SPIN);
	if (!quiet)
		netd_tick_in(mmp_due_ms(m, netd.now_ms));
}

int
session_mmp_report(struct session *s, const struct fsp_inner *in, int current)
{
	struct mmp_sr	sr;
	struct mmp_rr	rr;

	if (in->type == FSP_SENDER_REPORT)
		return mmp_sr_decode(MMP_SESSION, in->body, in->len, &sr);
	if (mmp_rr_decode(MMP_SESSION, in->body, in->len, &rr) == -1)
		return -1;
	if (current)
		mmp_heard(&s->extra->mmp, &rr,
		    netd_stamp(s->cur.start_ms, netd.now_ms), netd.now_ms);
	return 0;
}

static void
say(struct session *s)
{
	struct mmp	*m = &s->extra->mmp;
	uint8_t		 buf[MMP_REPORT_MAX];
	struct mmp_sr	 sr;
	struct mmp_rr	 rr;
	int		 ok = 0, tried = 0;

	if (mmp_sr_due(m, &sr, netd.now_ms)) {
		tried = 1;
		ok |= session_send_inner(s, 0, FSP_SENDER_REPORT, buf, (size_t)
		    mmp_sr_encode(MMP_SESSION, &sr, buf, sizeof(buf))) == 0;
	}
	if (mmp_rr_due(m, &rr, netd.now_us)) {
		tried = 1;
		ok |= session_send_inner(s, 0, FSP_RECEIVER_REPORT, buf, (size_t)
		    mmp_rr_encode(MMP_SESSION, &rr, buf, sizeof(buf))) == 0;
	}
	if (tried)
		mmp_send_result(m, ok);
}

static void
log_line(struct session *s)
{
	const struct mmp	*m = &s->extra->mmp;
	char			 name[64], text[MMP_TEXT];

	s->extra->log_ms = netd.now_ms + netd.conf[CONF_SMMP_LOG] * 1000;
	if (!log_is_on(LVL_DEBUG, LOG_TARGET))
		return;
	names_display(s->addr, name);
	mmp_log_now(m, text);
	log_debug("MMP session metrics session=%s %s mtu=%u tx_pkts=%llu rx_pkts=%llu",
	    name, text, s->extra->seen.last,
	    (unsigned long long)m->tx.now.cum_packets,
	    (unsigned long long)m->rx.now.cum_packets);
}

void
session_mmp_end(const struct session *s)
{
	const struct mmp	*m = &s->extra->mmp;
	char			 name[64], text[MMP_TEXT];

	if (s->state != SESSION_ESTABLISHED || !log_is_on(LVL_DEBUG, LOG_TARGET))
		return;
	names_display(s->addr, name);
	mmp_log_last(m, text);
	log_debug("MMP session teardown session=%s %s send_mtu=%u observed_mtu=%u tx_pkts=%llu tx_bytes=%llu rx_pkts=%llu rx_bytes=%llu",
	    name, text, s->path_mtu, s->extra->seen.last,
	    (unsigned long long)m->tx.now.cum_packets,
	    (unsigned long long)m->tx.now.cum_bytes,
	    (unsigned long long)m->rx.now.cum_packets,
	    (unsigned long long)m->rx.now.cum_bytes);
}

uint64_t
session_mmp_tick(struct session *s)
{
	uint64_t log_ms;

	if (netd.now_ms >= s->extra->log_ms)
		log_line(s);
	log_ms = s->extra->log_ms - netd.now_ms;
	if (s->extra->hold_ms != 0)
		return log_ms;		/* like data: its keys are in doubt */
	say(s);
	return sooner(netd_grain(mmp_due_ms(&s->extra->mmp, netd.now_ms)), log_ms);
}
