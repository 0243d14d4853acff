/*
 * link_rekey.c -- a peer's next keys: when to ask for them, when to use them,
 * how long the old ones still open frames (FIPS-WIRE 6; rekey.def).
 */
#include <string.h>

#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::rekey"
#include "log.h"
#include "session.h"

/* What an edge needs beside the peer. */
struct offer {
	const struct link_keys	*keys;
	const struct hs		*hs;
	int			 k_bit;
};

static int	begin(void *, void *);
static int	abandon(void *, void *);
static int	hold(void *, void *);
static int	yield_and_hold(void *, void *);
static int	let_go(void *, void *);
static int	cut_over(void *, void *);

enum {
#define EVENT(NAME)	EV_##NAME,
#include "rekey.def"
	EV_MAX
};
static const struct fsm_edge edge[REKEY_NSTATE][EV_MAX] = {
#define EDGE(FROM, EVENT, TO, act)	[REKEY_##FROM][EV_##EVENT] = { act, REKEY_##TO, 1 },
#include "rekey.def"
};
static const struct fsm machine = { REKEY_NSTATE, EV_MAX, &edge[0][0] };

static int
step(struct peer *p, unsigned event, struct offer *o)
{
	return fsm_step(&machine, &p->extra->rekey, event, p, o) == FSM_OK ? 0 : -1;
}

/* Both sides draw their own, so that they seldom begin at the same time. */
void
rekey_fresh(struct peer *p)
{
	p->extra->jitter_ms = ((int64_t)(netd_random_u32() %
	    (2 * LINK_JITTER_S + 1)) - LINK_JITTER_S) * 1000;
}

void
keys_replace(struct peer *p, const struct link_keys *k)
{
	keys_drop(&p->prev);
	p->prev = p->cur;
	p->cur = *k;
	p->prev_until_ms = netd.now_ms + LINK_DRAIN_MS;
	p->cur.start_ms = netd.now_ms;
	p->decrypt_fail = 0;
	rekey_fresh(p);
	mmp_rekeyed(&p->extra->mmp, netd.now_us);
}

/* -- edges ------------------------------------------------------------------ */

static int
begin(void *obj, void *arg)
{
	struct peer *p = obj;

	(void)arg;
	return hs_dial(p->pub, p->addr, &p->ep, p->conf, p->handle);
}

static int
abandon(void *obj, void *arg)
{
	struct peer *p = obj;

	(void)arg;
	hs_end_rekey(p->handle);
	return 0;
}

static int
hold(void *obj, void *arg)
{
	struct peer	*p = obj;
	struct offer	*o = arg;

	keys_drop(&p->pend);
	p->pend = *o->keys;
	p->pend.start_ms = netd.now_ms;
	memcpy(p->extra->held_epoch, o->hs->epoch, sizeof(p->extra->held_epoch));
	p->extra->held_is_restart = o->hs->act == ACT_RESTART;
	p->extra->dampen_until_ms = netd.now_ms + LINK_DAMPEN_MS;
	return 0;
}

static int
yield_and_hold(void *obj, void *arg)
{
	struct peer *p = obj;

	log_debug("%s, abandoning ours peer=%s", p->mute ?
	    "Handshake of a peer that left our rekey unanswered" :
	    "Dual rekey initiation: we lose (larger addr)",
	    peer_display(p->addr));
	hs_end_rekey(p->handle);
	return hold(obj, arg);
}

static int
let_go(void *obj, void *arg)
{
	struct peer *p = obj;

	(void)arg;
	keys_drop(&p->pend);
	return 0;
}

static int
cut_over(void *obj, void *arg)
{
	struct peer	*p = obj;
	struct offer	*o = arg;

	keys_replace(p, o->keys);
	p->cur.proven = 1;
	/* Message 2 is a sign of life: the peer holds these keys, too. */
	p->seen_ms = netd.now_ms;
	p->k_bit = (uint8_t)o->k_bit;
	mute_heard(p);			/* the mesh talks to it at once */
	return 0;
}

/* -- events ----------------------------------------------------------------- */

int
rekey_begin(struct peer *p)
{
	if (step(p, EV_BEGIN, NULL) == -1)
		return -1;
	log_debug("Rekey initiated, sent msg1 on existing link peer=%s", peer_display(p->addr));
	return 0;
}

int
rekey_offer(struct peer *p, const struct link_keys *k, const struct hs *h)
{
	struct offer o = { .keys = k, .hs = h };

	return step(p, EV_OFFER, &o);
}

void
rekey_done(struct peer *p, const struct link_keys *k, int anew)
{
	struct offer o = { .keys = k, .k_bit = anew ? 0 : !p->k_bit };

	if (step(p, EV_DONE, &o) == -1)
		return;
	log_debug("Rekey cutover complete (initiator), K-bit flipped peer=%s",
	    peer_display(p->addr));
	link_beat(p);
}

void
rekey_proof(struct peer *p, int k_bit)
{
	struct link_keys	held = p->pend;
	struct offer		o = { .keys = &held, .k_bit = k_bit };
	int			restart, first = !p->cur.proven;

	restart = p->extra->held_is_restart &&
	    memcmp(p->epoch, p->extra->held_epoch, sizeof(p->epoch)) != 0;
	if (step(p, EV_PROOF, &o) == -1)
		return;
	memset(&p->pend, 0, sizeof(p->pend));
	log_as(LVL_DEBUG, "fips::node::handlers::encrypted",
	    "Peer new-epoch frame authenticated, K-bit flip promoting new session peer=%s",
	    peer_display(p->addr));
	if (restart)
		up_restarted(p, p->extra->held_epoch,
		    "Peer restart detected during promotion, replacing stale active peer");
	else if (first)
		peer_proven(p);
	link_beat(p);
}

void
rekey_drop(struct peer *p)
{
	if (p->extra->rekey != REKEY_IDLE)
		step(p, EV_DROP, NULL);
}

/* -- time ------------------------------------------------------------------- */

/* When our keys are due for renewal. */
static uint64_t
due_ms(const struct peer *p)
{
	const struct link_extra	*x = p->extra;
	int64_t			 after_ms;
	uint64_t		 due;

	after_ms = (int64_t)(netd.conf[CONF_REKEY_SECS] * 1000) + x->jitter_ms;
	due = p->cur.start_ms + (uint64_t)after_ms;
	if (p->cur.sent >= netd.conf[CONF_REKEY_MESSAGES])
		due = netd.now_ms;
	if (due < p->cur.start_ms + LINK_REKEY_AGE_MS)
		due = p->cur.start_ms + LINK_REKEY_AGE_MS;
	return due < x->dampen_until_ms ? x->dampen_until_ms : due;
}

/* Unanswered or unproven ones end; ms until there is something to do. */
static uint64_t
tick_state(struct peer *p)
{
	uint64_t due;

	switch (p->extra->rekey) {
	case REKEY_BUSY:
		if (!hs_rekey_alive(p->handle)) {
			log_debug("FMP rekey aborted: msg1 unconfirmed after max retransmissions, abandoning cycle peer=%s",
			    peer_display(p->addr));
			p->extra->dampen_until_ms = netd.now_ms + LINK_DAMPEN_MS;
			rekey_drop(p);
		}
		return NETD_LOOK_MS;
	case REKEY_HELD:
		due = p->pend.start_ms + netd.conf[CONF_HS_TIMEOUT] * 1000;
		if (netd.now_ms >= due)
			rekey_drop(p);
		return until(due);
	default:
		if (!netd.conf[CONF_REKEY_ENABLED] || !p->cur.proven)
			return LINK_NEVER;
		due = due_ms(p);
		if (netd.now_ms < due)
			return until(due);
		if (rekey_begin(p) == -1)
			p->extra->dampen_until_ms = netd.now_ms + 1000;
		return 1000;
	}
}

uint64_t
rekey_tick(struct peer *p)
{
	uint64_t next = tick_state(p);

	if (p->prev.session == 0)
		return next;
	if (netd.now_ms < p->prev_until_ms)
		return sooner(next, until(p->prev_until_ms));
	log_trace("Drain complete, previous session erased peer=%s", peer_display(p->addr));
	keys_drop(&p->prev);
	return next;
}

int
link_rekey_now(struct peer *p)
{
	/* The peer may have come up a little later, and remembers what comes too soon. */
	if (!p->cur.proven ||
	    netd.now_ms - p->cur.start_ms < LINK_CROSS_MS + 1000)
		return -1;
	return rekey_begin(p);
}
