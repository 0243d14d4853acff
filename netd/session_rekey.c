/*
 * session_rekey.c -- which of a session's keys count, and when new ones are due.
 *
 * Up to three: current, pending (proven, not yet heard), previous (draining).
 * cryptod opens a frame with whichever fits; what opened it decides here.
 * Keys become current only when a frame under them was heard, so a lost Msg3
 * loses nothing; see session_decide_keys() for the one exception.
 */
#include <string.h>

#include "netd.h"

#define LOG_TARGET "fips::node::handlers::rekey"
#include "log.h"
#include "names.h"
#include "way.h"
#include "session_int.h"

#define SESSION_TARGET	"fips::node::handlers::session"

enum {
	JITTER_S = 15,
	PENDING_OLD_MS = 60000,	/* nobody waits for these keys any more */
	PROBE_MS = 2000,
	CALM_MS = 200,		/* from Msg3 to the first use of new keys, */
	ROUGH_PERCENT = 5,	/* while no more than this gets lost */
};

void
session_drop_key(uint32_t key)
{
	struct msg_session_drop m = { .session = key };

	if (key == 0)
		return;
	m.req = netd_req();
	if (session_drop_send(&netd.cryptod, &m, NULL) == -1)
		fatal("telling cryptod to drop a session key");
}

static uint64_t
rekey_after_ms(void)
{
	uint64_t s = netd.conf[CONF_REKEY_SECS];

	s += netd_random_u32() % (2 * JITTER_S + 1);
	return s > JITTER_S ? (s - JITTER_S) * 1000 : 1000;
}

static void
begin_epoch(struct session *s)
{
	s->initiator = s->cur.initiator;
	mmp_spin_start(&s->extra->mmp, s->initiator);
	s->extra->rekey_after_ms = rekey_after_ms();
	s->extra->heard_cur_ms = 0;
	s->extra->unheard_ms = 0;
	s->extra->is_behind = 0;
}

static void
promote(struct session *s)
{
	session_drop_key(s->prev.session);
	s->prev = s->cur;
	s->prev_until_ms = netd.now_ms + SESSION_DRAIN_MS;
	s->cur = s->pend;
	memset(&s->pend, 0, sizeof(s->pend));
	s->k_bit = !s->k_bit;
	mmp_rekeyed(&s->extra->mmp, netd.now_us);
	begin_epoch(s);
}

static void
say_promoted(struct session *s, const char *target, const char *text, int info)
{
	char name[64];

	names_display(s->addr, name);
	log_as(info ? LVL_INFO : LVL_DEBUG, target, "%s peer=%s", text, name);
}

static void
cut_over(struct session *s)
{
	int ours = s->pend.initiator;

	promote(s);
	if (ours)
		say_promoted(s, LOG_TARGET,
		    "FSP rekey cutover complete (initiator), K-bit flipped", 0);
	else
		say_promoted(s, SESSION_TARGET,
		    "Peer FSP new-epoch frame authenticated, FSP rekey cutover complete, promoting new session", 1);
}

static void
say_established(struct session *s)
{
	char name[64];

	names_display(s->addr, name);
	log_as(LVL_INFO, SESSION_TARGET, "Session established (%s, XK) src=%s",
	    s->cur.initiator ? "initiator" : "responder", name);
	s->extra->hold_ms = netd.now_ms + (s->cur.initiator ? SESSION_HOLD_MS : 0);
}

static void
first_keys(struct session *s, const struct session_keys *k)
{
	s->cur = *k;
	s->k_bit = 0;
	begin_epoch(s);
	if (s->state != SESSION_ESTABLISHED)
		session_step(s, SESSION_EV_KEYS);
	say_established(s);
}

/* Keys that waited too long are in nobody's way. */
static enum keys_role
pending_role(const struct session *s)
{
	if (s->pend.session == 0 ||
	    netd.now_ms - s->pend.start_ms >= PENDING_OLD_MS)
		return ROLE_NONE;
	return s->pend.initiator ? ROLE_OURS : ROLE_THEIRS;
}

/* When it last had the keys in use, as far as we know. */
static uint64_t
shared_ms(const struct session *s)
{
	return s->extra->heard_cur_ms > s->cur.start_ms ?
	    s->extra->heard_cur_ms : s->cur.start_ms;
}

/* Nothing under the current keys for so long that they may be ours alone; those
 * that are young had no time to be heard. */
static int
is_doubtful(const struct session *s)
{
	return session_decide_doubtful(netd.now_ms - shared_ms(s));
}

/*
 * May it have forgotten the session? v0.4.1 does with its link to us, whose going
 * we see in a newer one, or in data that it leaves unanswered.
 */
static int
may_have_forgotten(const struct session *s)
{
	const struct peer *p = peer_find_proven(s->addr);

	return s->extra->unheard_ms != 0 || s->extra->is_behind ||
	    (p != NULL && p->up_ms > shared_ms(s));
}

/*
 * After a silence the other side may have lost the keys in use, and could not open
 * what comes under them: data waits for a Msg3 of theirs, or a frame that shows
 * that they took ours. Seldom: a Setup proves nothing. A frame under those keys
 * ends it, see session_heard().
 */
void
session_hold_data(struct session *s)
{
	struct session_extra *x;

	if (s == NULL || s->state != SESSION_ESTABLISHED ||
	    !is_doubtful(s))
		return;
	x = s->extra;
	if (x->hold_ms != 0 || (x->doubt_ms != 0 &&
	    netd.now_ms - x->doubt_ms < SESSION_MSG3_AGAIN_MS))
		return;
	x->doubt_ms = netd.now_ms;
	x->hold_ms = netd.now_ms + SESSION_MSG3_MS;
	netd_tick_by(x->hold_ms);
}

void
session_let_go(struct session *s)
{
	if (s->extra->hold_ms == 0)
		return;
	s->extra->hold_ms = netd.now_ms;
	netd_tick_by(netd.now_ms);
}

/*
 * A frame under the keys in use: whose Setup made data wait has not lost them,
 * or somebody else wrote it. What left before that Setup may come after it.
 */
static void
heard_in_doubt(struct session *s)
{
	const struct mmp	*m = &s->extra->mmp;
	uint64_t		 round_ms = SESSION_ROUND_MS;

	if (mmp_has_srtt(m))
		round_ms = (uint64_t)mmp_srtt_ms(m) + 1;
	if (s->extra->doubt_ms != 0 &&
	    netd.now_ms - s->extra->doubt_ms >= round_ms)
		session_let_go(s);
}

/* Is our Msg3 for the keys in use still under way? */
static int
is_telling(const struct session *s)
{
	const struct shake *h = s->extra->out;

	return h != NULL && h->state == SHAKE_MSG3 && h->key == s->cur.session;
}

/*
 * Theirs, which are surely shared, take the place of ours. When the far end has
 * ours too, or gets them yet, it takes them into use: so they must not end here
 * after a while, but wait for that as new keys do, with the other bit.
 */
static void
give_way(struct session *s, const struct session_keys *theirs, int ours_wait)
{
	session_drop_key(s->pend.session);
	s->pend = *theirs;
	promote(s);
	if (ours_wait) {
		s->pend = s->prev;
		memset(&s->prev, 0, sizeof(s->prev));
		s->k_bit = !s->k_bit;
	}
	say_established(s);
}

void
session_take_keys(struct session *s, uint32_t key, const uint8_t epoch[8],
    enum keys_role role)
{
	struct session_keys	k = {
		.session = key, .start_ms = netd.now_ms,
		.start_wall_ms = netd_wall_ms(), .initiator = role == ROLE_OURS,
	};
	enum keys_role		pending = pending_role(s);
	int			same = memcmp(s->epoch, epoch, sizeof(s->epoch)) == 0;
	int			ours_wait = same && role == ROLE_THEIRS && is_telling(s);

	/*
	 * Keys of ours under which nothing was heard may be ours alone, their Msg3
	 * lost. Theirs are proven to be shared, and may be all they have.
	 */
	if (role == ROLE_THEIRS && s->cur.initiator && s->extra->heard_cur_ms == 0)
		same = 0;
	if (role == ROLE_THEIRS)
		s->extra->their_rekey_ms = netd.now_ms;
	memcpy(s->epoch, epoch, sizeof(s->epoch));
	switch (session_decide_keys(s->cur.session != 0, same, role, pending,
	    session_is_smaller(s->addr))) {
	case KEYS_REFUSE:
		session_drop_key(key);
		return;
	case KEYS_FIRST:
		first_keys(s, &k);
		return;
	case KEYS_PENDING:
		session_drop_key(s->pend.session);
		s->pend = k;
		/* Who makes keys has them before its Msg3 leaves, so they may be
		 * used at once; unless ways crossed, and it gave them up again. */
		if (role == ROLE_THEIRS && pending != ROLE_OURS &&
		    s->extra->out == NULL && (s->extra->heard_cur_ms == 0 ||
		    is_doubtful(s)))
			cut_over(s);
		/* But it answered this handshake. */
		else if (role == ROLE_OURS && may_have_forgotten(s))
			session_hold_data(s);
		return;
	case KEYS_NOW:
		give_way(s, &k, ours_wait);
		return;
	}
}

int
session_heard(struct session *s, uint32_t key)
{
	if (key == s->cur.session) {
		s->extra->heard_cur_ms = netd.now_ms;
		s->extra->is_behind = 0;
		heard_in_doubt(s);
	} else if (key == s->pend.session) {
		shake_confirm(s, key);
		cut_over(s);
		session_let_go(s);
		s->extra->heard_cur_ms = netd.now_ms;
	} else if (key == s->prev.session) {
		s->prev_until_ms = netd.now_ms + SESSION_DRAIN_MS;
		s->extra->is_behind = s->cur.initiator && s->extra->heard_cur_ms == 0;
	} else
		return -1;
	shake_confirm(s, key);
	s->active_ms = netd.now_ms;
	s->extra->unheard_ms = 0;
	return 0;
}

void
session_unconfirmed(struct session *s)
{
	uint64_t unheard_ms = s->extra->unheard_ms;

	if (s->pend.session == 0 || !s->pend.initiator)
		return;
	if (session_decide_unconfirmed(s->extra->heard_cur_ms > s->pend.start_ms)) {
		cut_over(s);
		s->extra->unheard_ms = unheard_ms;	/* it still is */
		return;
	}
	log_debug("FSP rekey aborted: msg3 unconfirmed after max retransmissions, abandoning cycle peer=%s",
	    s->npub);
	session_drop_key(s->pend.session);
	memset(&s->pend, 0, sizeof(s->pend));
}

/*
 * Old keys go when they were not used for a while, but not before the new ones
 * were heard: when both sides gave way at once, each may send under keys that
 * are the other's old ones.
 */
static int
is_drained(const struct session *s)
{
	return s->prev.session != 0 && s->extra->heard_cur_ms != 0 &&
	    netd.now_ms >= s->prev_until_ms;
}

/* How long we have been talking to somebody who says nothing. */
static uint64_t
talked_alone_ms(const struct session *s)
{
	return s->extra->unheard_ms == 0 || s->cur.used_ms < s->extra->unheard_ms ?
	    0 : s->cur.used_ms - s->extra->unheard_ms;
}

/* One reason to begin a handshake beside the keys in use? */
static int
is_due(struct session *s)
{
	struct session_extra	*x = s->extra;
	uint64_t		 now = netd.now_ms;

	if (x->out != NULL || pending_role(s) != ROLE_NONE)
		return 0;
	/* Who goes on under old keys and never used ours cannot read us either. */
	if (session_decide_silent(x->is_behind ? NEVER : talked_alone_ms(s),
	    x->tried_ms == 0 ? NEVER : now - x->tried_ms)) {
		x->tried_ms = now;
		way_seek(s->addr);	/* or it stands elsewhere by now */
		/* A Setup without a way goes out when one is found. */
		return way_next(s->addr) != NULL || shake_is_roomy();
	}
	return way_next(s->addr) != NULL && netd.conf[CONF_REKEY_ENABLED] && session_decide_rekey(
	    now - s->cur.start_ms, x->rekey_after_ms, s->cur.sent,
	    netd.conf[CONF_REKEY_MESSAGES],
	    x->their_rekey_ms == 0 ? NEVER : now - x->their_rekey_ms);
}

/*
 * How long after Msg3. A v0.4.1 node that has these keys and never hears a frame
 * under them answers no Setup any more, so if we ended now, our next run would
 * not be heard: soon. But where Msg3 may be lost, not before it was sent again.
 */
static uint64_t
probe_after_ms(const struct session *s)
{
	const struct mmp *m = &s->extra->mmp;
	/* What crossed it on the way has settled by then. */
	uint64_t	  calm = CALM_MS + 2 * (uint64_t)mmp_srtt_ms(m);

	if (s->extra->hold_ms != 0)
		return SESSION_HOLD_MS;
	if (!mmp_has_srtt(m) || mmp_loss(m) * 100 > ROUGH_PERCENT)
		return SESSION_CUT_MS;
	return calm < SESSION_CUT_MS ? calm : SESSION_CUT_MS;
}

/*
 * The other side takes our keys into use when it hears a frame under them, and
 * we do when we hear one back. So ask with an empty one, and go on sending
 * data under keys that both are known to have. Soon, when data waits for it.
 */
static void
probe(struct session *s, uint64_t *due)
{
	struct session_extra	*x = s->extra;
	uint64_t		 at = s->pend.start_ms + probe_after_ms(s);

	if (s->pend.session == 0 || !s->pend.initiator || x->out == NULL)
		return;
	if (x->probed_ms >= s->pend.start_ms)
		at = x->probed_ms + PROBE_MS;
	if (netd.now_ms >= at) {
		x->probed_ms = netd.now_ms;
		session_send_inner(s, 1, FSP_WARMUP, NULL, 0);
		at = netd.now_ms + PROBE_MS;
	}
	*due = sooner(*due, until(at));
}

/* Their keys, proven by their Msg3, that no frame has confirmed. */
static void
take_overdue(struct session *s, uint64_t *due)
{
	uint64_t now = netd.now_ms, age_ms = now - s->pend.start_ms;

	if (s->pend.session == 0 || s->pend.initiator || age_ms >= PENDING_OLD_MS)
		return;
	if (session_decide_overdue(age_ms, now - s->extra->heard_cur_ms))
		cut_over(s);
	else
		*due = sooner(*due, NETD_LOOK_MS);
}

/* Keys old enough to go, once a way or the far end lets them. */
static int
is_overdue(const struct session *s)
{
	return (s->prev.session != 0 && netd.now_ms >= s->prev_until_ms) ||
	    (netd.conf[CONF_REKEY_ENABLED] &&
	    netd.now_ms - s->cur.start_ms >= s->extra->rekey_after_ms);
}

uint64_t
session_rekey_tick(struct session *s)
{
	uint64_t age, due = NEVER;

	take_overdue(s, &due);
	if (session_decide_silent(talked_alone_ms(s), NEVER))
		shake_hasten(s->extra->out);
	age = netd.now_ms - s->cur.start_ms;
	if (is_drained(s)) {
		session_drop_key(s->prev.session);
		memset(&s->prev, 0, sizeof(s->prev));
	}
	if (s->prev.session != 0 && s->prev_until_ms > netd.now_ms)
		due = sooner(due, until(s->prev_until_ms));
	if (is_due(s)) {
		log_debug("FSP rekey initiated peer=%s", s->npub);
		shake_begin(s);
	}
	probe(s, &due);
	if (s->extra->unheard_ms != 0 || s->extra->is_behind || is_overdue(s))
		due = sooner(due, NETD_LOOK_MS);
	if (netd.conf[CONF_REKEY_ENABLED] && age < s->extra->rekey_after_ms)
		due = sooner(due, s->extra->rekey_after_ms - age);
	return due;
}

int
session_rekey_now(struct session *s)
{
	if (s->state != SESSION_ESTABLISHED || s->extra->out != NULL ||
	    pending_role(s) != ROLE_NONE)
		return -1;
	shake_begin(s);
	return 0;
}
