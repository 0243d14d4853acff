/*
 * link_mmp.c -- how good a link is: what passes under the current keys is told
 * to the peer's struct mmp, and its reports go out and come in.
 *
 * A heartbeat is as good as a report: no reason for one. Else two idle nodes
 * would talk about their heartbeats; unless they ask (link_mute.c). A link that has just come up, or that
 * nobody has used for a while, is measured by them too: the tree must know what
 * a link costs before it carries anything.
 */
#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::mmp"
#include "log.h"
#include "mesh.h"
#include "mmp_log.h"
#include "wire.h"

enum {
	COLD = 5,			/* reports until a link counts as known */
	STALE_MS = 60000,		/* parents are reconsidered this often */
};

void
link_mmp_begin(struct peer *p)
{
	mmp_init(&p->extra->mmp, MMP_LINK, (enum mmp_mode)netd.conf[CONF_MMP_MODE]);
	mmp_spin_start(&p->extra->mmp, p->outbound);
	p->extra->log_ms = netd.now_ms + netd.conf[CONF_MMP_LOG] * 1000;
}

void
link_mmp_end(const struct peer *p)
{
	const struct mmp	*m = &p->extra->mmp;
	char			 text[MMP_TEXT];

	if (!log_is_on(LVL_DEBUG, LOG_TARGET))
		return;
	mmp_log_last(m, text);
	log_debug("MMP link teardown peer=%s %s tx_pkts=%llu tx_bytes=%llu rx_pkts=%llu rx_bytes=%llu",
	    peer_display(p->addr), text,
	    (unsigned long long)m->tx.now.cum_packets,
	    (unsigned long long)m->tx.now.cum_bytes,
	    (unsigned long long)m->rx.now.cum_packets,
	    (unsigned long long)m->rx.now.cum_bytes);
}

const struct mmp *
link_mmp(const struct peer *p)
{
	return &p->extra->mmp;
}

/* -- what passes ------------------------------------------------------------ */

static int
is_known(const struct peer *p)
{
	return p->extra->reported >= COLD &&
	    netd.now_ms - p->extra->mmp.rx.sent_ms < STALE_MS;
}

uint8_t
link_mmp_kind(const struct peer *p, uint8_t type)
{
	if (type == LINK_MSG_SENDER_REPORT || type == LINK_MSG_RECEIVER_REPORT)
		return WORK_REPORT;
	return type == LINK_MSG_HEARTBEAT && is_known(p) ? WORK_REPORT : 0;
}

void
link_mmp_sent(struct peer *p, const struct work *w)
{
	struct mmp *m = &p->extra->mmp;

	mmp_sent(m, get_le64(w->buf + w->off + 8), netd_stamp(p->cur.start_ms, w->at_ms),
	    w->len, w->kind & WORK_REPORT);
	if (w->kind & WORK_REPORT)
		return;
	netd_tick_in(mmp_due_ms(m, netd.now_ms));
	mute_sent(p);
}

void
link_mmp_received(struct peer *p, const struct work *w, size_t frame_len)
{
	const uint8_t	*head = w->buf + w->off;
	uint64_t	 counter = get_le64(head + 8);
	uint8_t		 flags = head[1], type = head[FRAME_BODY_OFF];
	int		 quiet, asks = mute_is_question(p, type);
	struct mmp	*m = &p->extra->mmp;

	/* The peer may have heard nothing of us but this answer to it. */
	quiet = p->extra->reported > 0 && !asks &&
	    link_mmp_kind(p, type) & WORK_REPORT;
	mmp_received(m, counter, get_le32(head + FRAME_HEAD_LEN), frame_len,
	    (flags & FRAME_CE) != 0, quiet, w->at_us);
	mmp_spin_heard(m, counter, (flags & FRAME_SP) != 0);
	if (!quiet)
		netd_tick_in(mmp_due_ms(m, netd.now_ms));
}

/* -- reports ---------------------------------------------------------------- */

static void
heard(struct peer *p, const struct mmp_rr *rr)
{
	struct mmp *m = &p->extra->mmp;

	if (mmp_heard(m, rr, netd_stamp(p->cur.start_ms, netd.now_ms), netd.now_ms) !=
	    MMP_STALE && mmp_has_srtt(m))
		mesh_peer_cost(p, mmp_link_cost(m));
}

int
link_mmp_report(struct peer *p, const uint8_t *msg, size_t len)
{
	struct mmp_sr	sr;
	struct mmp_rr	rr;

	/* What the peer sent we know better: it is what came, and what did not. */
	if (msg[0] == LINK_MSG_SENDER_REPORT)
		return mmp_sr_decode(MMP_LINK, msg, len, &sr);
	if (mmp_rr_decode(MMP_LINK, msg, len, &rr) == -1)
		return -1;
	heard(p, &rr);
	return 0;
}

static void
say(struct peer *p)
{
	struct mmp	*m = &p->extra->mmp;
	uint8_t		 buf[MMP_REPORT_MAX];
	struct mmp_sr	 sr;
	struct mmp_rr	 rr;

	if (mmp_sr_due(m, &sr, netd.now_ms))
		link_send(p, buf,
		    (size_t)mmp_sr_encode(MMP_LINK, &sr, buf, sizeof(buf)));
	if (!mmp_rr_due(m, &rr, netd.now_us))
		return;
	link_send(p, buf, (size_t)mmp_rr_encode(MMP_LINK, &rr, buf, sizeof(buf)));
	if (p->extra->reported < COLD)
		p->extra->reported++;
}

static void
log_line(struct peer *p)
{
	const struct mmp	*m = &p->extra->mmp;
	char			 text[MMP_TEXT];

	p->extra->log_ms = netd.now_ms + netd.conf[CONF_MMP_LOG] * 1000;
	if (!log_is_on(LVL_DEBUG, LOG_TARGET))
		return;
	mmp_log_now(m, text);
	log_debug("MMP link metrics peer=%s %s tx_pkts=%llu rx_pkts=%llu",
	    peer_display(p->addr), text,
	    (unsigned long long)m->tx.now.cum_packets,
	    (unsigned long long)m->rx.now.cum_packets);
}

uint64_t
link_mmp_tick(struct peer *p)
{
	if (netd.now_ms >= p->extra->log_ms)
		log_line(p);
	if (!p->cur.proven)
		return until(p->extra->log_ms);
	say(p);
	return sooner(netd_grain(mmp_due_ms(&p->extra->mmp, netd.now_ms)),
	    until(p->extra->log_ms));
}
