/*
 * show_mmp.c -- how good links and sessions are, for people. Field names are
 * the reference's; what was not measured yet is left out, as it does.
 */
#include "mmp.h"
#include "netd.h"
#include "session.h"
#include "show.h"

static void
set_real(json_t *o, const char *key, double v)
{
	json_object_set_new(o, key, json_real(v));
}

static void
set_trend(json_t *o, const char *key, const struct mmp_ewma *e)
{
	if (e->set)
		set_text(o, key, mmp_trend(e));
}

/* What every view of a struct mmp holds. */
static json_t *
basics(const struct mmp *m, const char *quality)
{
	json_t *o = json_object();

	set_real(o, "loss_rate", mmp_loss(m));
	set_real(o, "etx", m->m.etx);
	if (m->m.loss.set)
		set_real(o, "smoothed_loss", m->m.loss.slow);
	if (m->m.etx_trend.set)
		set_real(o, "smoothed_etx", m->m.etx_trend.slow);
	if (!mmp_has_srtt(m))
		return o;
	set_real(o, "srtt_ms", mmp_srtt_ms(m));
	if (m->m.etx_trend.set)
		set_real(o, quality, mmp_quality(m));
	return o;
}

static void
set_flow(json_t *o, const struct mmp *m)
{
	set_real(o, "goodput_bps", m->m.goodput);
	set_real(o, "delivery_ratio_forward", m->m.forward);
	set_real(o, "delivery_ratio_reverse", m->m.reverse);
}

json_t *
mmp_object(const struct mmp *m, const char *quality)
{
	json_t *o = basics(m, quality);

	set_text(o, "mode", mmp_mode_text(m->mode));
	set_flow(o, m);
	return o;
}

static json_t *
entry(const char *who, const uint8_t addr[NADDR_LEN], const struct mmp *m,
    const char *layer, json_t *values)
{
	json_t *o = json_object();

	set_addr(o, who, addr);
	set_display(o, addr);
	set_text(o, "mode", mmp_mode_text(m->mode));
	json_object_set_new(o, layer, values);
	return o;
}

static json_t *
link_entry(const struct peer *p)
{
	const struct mmp *m = link_mmp(p);
	json_t *o = basics(m, "lqi");

	set_flow(o, m);
	set_text(o, "spin_bit_role", m->spin.initiator ? "initiator" : "responder");
	set_trend(o, "rtt_trend", &m->m.rtt);
	set_trend(o, "loss_trend", &m->m.loss);
	set_trend(o, "goodput_trend", &m->m.goodput_trend);
	set_trend(o, "jitter_trend", &m->m.jitter);
	set_int(o, "ecn_ce_count", m->m.last.ce_count);
	return entry("peer", p->addr, m, "link_layer", o);
}

static json_t *
session_entry(const struct session *s)
{
	const struct mmp *m = session_mmp(s);
	json_t *o = basics(m, "sqi");

	set_int(o, "path_mtu", s->path_mtu);
	set_trend(o, "rtt_trend", &m->m.rtt);
	set_trend(o, "loss_trend", &m->m.loss);
	set_trend(o, "etx_trend", &m->m.etx_trend);
	return entry("remote", s->addr, m, "session_layer", o);
}

static int
next_peer(struct cursor *at, json_t **row)
{
	if ((at->last = peer_next(at->last)) == NULL)
		return 0;
	*row = link_entry(at->last);
	return 1;
}

static int
next_session(struct cursor *at, json_t **row)
{
	const struct session *s = at->last = session_next(at->last);

	if (s != NULL && s->cur.session != 0)
		*row = session_entry(s);
	return s != NULL;
}

const struct answer_list show_mmp_lists[] = {
	{ "peers", next_peer, 0 }, { "sessions", next_session, 0 }, { NULL, NULL, 0 }
};

json_t *
show_mmp(const json_t *params, char err[CTL_ERR_LEN])
{
	(void)params;
	(void)err;
	return json_pack("{s:[], s:[]}", "peers", "sessions");
}

json_t *
show_congestion(void)
{
	json_t *o = json_object();

	set_int(o, "ce_forwarded", netd.congestion.ce_forwarded);
	set_int(o, "ce_received", netd.congestion.ce_received);
	set_int(o, "congestion_detected", netd.congestion.detected);
	set_int(o, "kernel_drop_events", netd.congestion.drops);
	return o;
}
