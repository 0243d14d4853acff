/*
 * link_mute.c -- peers that say nothing any more, long before they count as gone.
 *
 * A peer that reports answers what it hears. When it does not, we ask: with
 * heartbeats that follow each other closely. Without an answer to those it is
 * mute: its keys stay, but the mesh goes round it, until it is heard again. It
 * may have begun anew, so that it cannot read us and does not know that we are
 * there, if it was us who dialled: a handshake beside those keys finds that out.
 */
#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::dispatch"
#include "log.h"
#include "mesh.h"

void
mute_sent(struct peer *p)
{
	if (p->extra->want_ms != 0)
		return;
	p->extra->want_ms = netd.now_ms;
	netd_tick_in(decide_answer_ms(mmp_srtt_ms(&p->extra->mmp)));
}

void
mute_heard(struct peer *p)
{
	p->extra->want_ms = p->extra->ask_ms = 0;
	p->extra->asked = 0;
	if (!p->mute)
		return;
	p->mute = 0;
	log_info("Peer answers again peer=%s", peer_display(p->addr));
	mesh_peer_mute(p);
}

/* The reference answers every frame, so any heartbeat will do as a question. */
int
mute_is_question(struct peer *p, uint8_t type)
{
	uint64_t was_ms = p->extra->beat_heard_ms;
	/* Where all heartbeats are close, questions are closer. */
	uint64_t close_ms = sooner(LINK_QUESTION_MAX_MS,
	    netd.conf[CONF_NODE_HEARTBEAT] * 1000 * 3 / 4);

	if (type != LINK_MSG_HEARTBEAT)
		return 0;
	p->extra->beat_heard_ms = netd.now_ms;
	return was_ms != 0 && netd.now_ms - was_ms < close_ms;
}

static void
ask(struct peer *p)
{
	static const uint8_t beat = LINK_MSG_HEARTBEAT;

	if (p->extra->want_ms == 0)
		p->extra->want_ms = netd.now_ms;
	p->extra->asked++;
	p->extra->ask_ms = netd.now_ms + LINK_QUESTION_MS;
	link_send(p, &beat, sizeof(beat));
}

/*
 * Not each time a poor link falls silent, and not who dials us when it begins
 * anew: where only its answers are lost, a v0.4.1 node goes over to keys that
 * never came here, and takes no others for 30 s.
 */
static void
ask_anew(struct peer *p)
{
	if (p->outbound && netd.now_ms >= p->extra->anew_ms &&
	    hs_may_ask_mute() && rekey_begin(p) == 0)
		p->extra->anew_ms = netd.now_ms + LINK_DAMPEN_MS;
}

static void
gather(const struct peer *p, struct mute_facts *f)
{
	const struct link_extra *x = p->extra;

	*f = (struct mute_facts){
		.reports = mmp_has_srtt(&x->mmp),
		.silent_ms = netd.now_ms - p->seen_ms,
		.waited_ms = x->want_ms == 0 ? 0 : netd.now_ms - x->want_ms,
		.asked = x->asked,
		.beat_ms = netd.conf[CONF_NODE_HEARTBEAT] * 1000,
		.srtt_ms = mmp_srtt_ms(&x->mmp), .etx = x->mmp.m.etx,
	};
}

/* When it may be time to ask, of a peer that has nothing to be blamed for. */
static uint64_t
first_question(const struct peer *p, const struct mute_facts *f)
{
	uint64_t answer_ms = decide_answer_ms(f->srtt_ms), at;

	at = p->seen_ms + f->beat_ms + answer_ms;
	if (p->extra->want_ms != 0)
		at = sooner(at, p->extra->want_ms + answer_ms);
	return netd_grain(until(at));
}

uint64_t
mute_tick(struct peer *p)
{
	struct mute_facts	f;
	enum mute		m;

	gather(p, &f);
	if (!p->in_mesh || !f.reports)
		return LINK_NEVER;
	m = decide_mute(&f);
	if (m == MUTE_NO)
		return first_question(p, &f);
	if (m == MUTE_YES && !p->mute) {
		p->mute = 1;
		log_info("Peer does not answer, going round it peer=%s silent_ms=%llu",
		    peer_display(p->addr), (unsigned long long)f.silent_ms);
		mesh_peer_mute(p);
	}
	if (p->mute)
		ask_anew(p);
	if (netd.now_ms >= p->extra->ask_ms)
		ask(p);
	return until(p->extra->ask_ms);
}
