/*
 * tree.c -- our place in the spanning tree, told and heard. No I/O, no clock,
 * no keys. tree_choose.c says below whom.
 *
 * What a peer may cost us is bounded by its quota of verifications, and what it
 * may cost everybody by that of roots; of what comes faster only the newest
 * announce waits, and meanwhile the peer stands where it stood.
 */
#include "tree_int.h"

#include <stdlib.h>

enum {
	VERIFY_BURST = 8, VERIFY_PER_MIN = 120,	/* honest: <= 2 a second */
	ASKED_MAX = 64,		/* under way; all may have a new root at once */
	/* Other roots that one peer may name: with every one places change, and
	 * whoever talks has to look for the other end again. */
	ROOT_BURST = 16, ROOT_PER_MIN = 4,
	/* Keys cost nothing: who is in no configuration has no more than four such
	 * peers, all of them together, of what moves us. */
	STRANGERS = 4,
	REST_MS = 60000,
	DOUBLED_MAX = 4, FORMING_MS = 60000,
};

/* A change that got lost would stand for a minute, so it is said again. */
static const uint64_t repeat_after_ms[] = { 2000, 6000, 20000 };
enum { REPEATS = sizeof(repeat_after_ms) / sizeof(repeat_after_ms[0]) };

/* ---- telling ------------------------------------------------------------ */
static void
sign_ask(struct tree *t)
{
	if (t->sign_token != 0 || t->ann.decl.seq == t->decl.seq)
		return;
	if (++t->token == 0)
		t->token = 1;
	t->sign_token = t->token;
	t->sign_seq = t->decl.seq;
	t->stats.signs++;
	t->cb.sign(t->arg, t->sign_token, &t->decl);
}

/* Now if it may be, else when the tick finds it due. */
static void
announce(struct tree *t, unsigned slot, uint64_t now_ms)
{
	struct tree_peer *p = &t->peer[slot];
	uint8_t	     msg[TREE_MSG_MAX];
	ssize_t	     len;

	p->send_due = 1;
	/* An old place must not go out while the new one is being signed. */
	if (t->ann.decl.seq != t->decl.seq)
		return;
	if (p->sent_ms != 0 && now_ms - p->sent_ms < t->cfg.announce_ms) {
		t->stats.deferred++;
		return;
	}
	len = tree_encode(&t->ann, msg, sizeof(msg));
	if (len == -1)
		return;
	if (p->sent_seq != t->ann.decl.seq)
		p->repeats = 0;
	p->send_due = 0;
	p->sent_ms = now_ms;
	p->sent_seq = t->ann.decl.seq;
	t->stats.sent++;
	t->cb.send(t->arg, slot, msg, (size_t)len);
}

static void
announce_all(struct tree *t, uint64_t now_ms)
{
	unsigned i;

	for (i = 0; i < t->cfg.peers_max; i++)
		if (t->peer[i].used)
			announce(t, i, now_ms);
}

void
tree_signed(struct tree *t, uint32_t token, const uint8_t sig[TREE_SIG_LEN],
    struct tree_time now)
{
	if (token == 0 || token != t->sign_token)
		return;
	t->sign_token = 0;
	if (sig == NULL)
		return;
	/* The place may have changed since it was asked for. */
	if (t->sign_seq == t->decl.seq) {
		t->ann.decl = t->decl;
		t->ann.path = t->path;
		memcpy(t->ann.sig, sig, TREE_SIG_LEN);
		announce_all(t, now.ms);
	}
	sign_ask(t);
}

/* ---- our place ---------------------------------------------------------- */
/* Stand below slot, or be a root. Says what changed. */
static unsigned
place_set(struct tree *t, unsigned slot, struct tree_time now)
{
	uint8_t		  root[NADDR_LEN];
	struct tree_path *up;
	unsigned	  what = TREE_NEW_PATH;

	memcpy(root, tree_path_root(&t->path), NADDR_LEN);
	if (slot != t->parent)
		what |= TREE_NEW_PARENT;
	t->parent = slot;
	t->decl.seq++;
	t->decl.ts = now.unix_s;
	t->path.at.n = 1;
	if (slot == TREE_NO_SLOT) {
		memcpy(t->decl.parent, t->decl.addr, NADDR_LEN);
	} else {
		up = &t->peer[slot].path;
		memcpy(t->decl.parent, t->peer[slot].addr, NADDR_LEN);
		memcpy(t->path.at.addr[1], up->at.addr,
		    (size_t)up->at.n * NADDR_LEN);
		memcpy(&t->path.seq[1], up->seq, up->at.n * sizeof(up->seq[0]));
		memcpy(&t->path.ts[1], up->ts, up->at.n * sizeof(up->ts[0]));
		t->path.at.n = (uint16_t)(up->at.n + 1);
	}
	t->path.seq[0] = t->decl.seq;
	t->path.ts[0] = t->decl.ts;
	if (naddr_cmp(root, tree_path_root(&t->path)) != 0) {
		t->root_ms = now.ms;
		t->has_chosen = 0;
		t->doubled = 0;
		what |= TREE_NEW_ROOT;
	}
	return what;
}

/* A change of parent: does it make one too many? Works every time. */
static unsigned
flap_note(struct tree *t, uint64_t now_ms)
{
	unsigned n = t->cfg.flap_count;
	uint64_t first;

	t->flap_ms[t->flap_next] = now_ms;
	t->flap_next = (t->flap_next + 1) % n;
	if (t->flap_seen < n)
		t->flap_seen++;
	first = t->flap_ms[t->flap_next];
	if (t->flap_seen < n || now_ms - first >= t->cfg.flap_window_ms ||
	    now_ms < t->still_until_ms)
		return 0;
	t->still_until_ms = now_ms + t->cfg.flap_still_ms;
	t->stats.damped++;
	return TREE_DAMPENED;
}

/*
 * A change that nothing forced: one soon after another makes the next wait twice as
 * long. A link that is dear because we use it is cheap again when we do not; without
 * this we would go to and fro between two such for ever. Below a new root everybody
 * looks for a place, and the sooner the better.
 */
static void
choice_note(struct tree *t, uint64_t now_ms)
{
	if (now_ms - t->root_ms < FORMING_MS)
		return;
	if (!tree_chose_lately(t, now_ms))
		t->doubled = 0;
	else if (t->doubled < DOUBLED_MAX)
		t->doubled++;
	t->has_chosen = 1;
	t->chosen_ms = now_ms;
}

/* We stand below another than before. */
static unsigned
switch_note(struct tree *t, unsigned what, int by_choice, uint64_t now_ms)
{
	t->switched_ms = now_ms;
	t->has_switched = 1;
	/* Following a root is no restlessness of ours. */
	if (what & TREE_NEW_ROOT)
		return 0;
	if (by_choice)
		choice_note(t, now_ms);
	return flap_note(t, now_ms);
}

static void
move(struct tree *t, unsigned slot, unsigned why, struct tree_time now)
{
	unsigned was = t->parent, what;
	int	 by_choice = slot != TREE_NO_SLOT && was != TREE_NO_SLOT &&
	    !tree_must_leave(t, &t->peer[was], &t->peer[slot]);

	what = place_set(t, slot, now) | why;
	if (slot != was) {
		t->stats.switches++;
		if (slot != TREE_NO_SLOT)
			what |= switch_note(t, what, by_choice, now.ms);
	}
	sign_ask(t);
	announce_all(t, now.ms);
	t->cb.changed(t->arg, what, TREE_NO_SLOT);
}

/* 1 if our place changed. */
static int
reconsider(struct tree *t, unsigned why, struct tree_time now)
{
	struct tree_peer *p = t->parent == TREE_NO_SLOT ? NULL : &t->peer[t->parent];
	unsigned     to = tree_choose(t, now.ms);

	if (p != NULL && !tree_is_candidate(t, p))
		t->stats.parent_losses++;
	/* The same parent may stand elsewhere than when we last looked. */
	if (to == t->parent && (p == NULL || (t->path.at.n == p->path.at.n + 1 &&
	    memcmp(t->path.at.addr[1], p->path.at.addr,
	    (size_t)p->path.at.n * NADDR_LEN) == 0)))
		return 0;
	move(t, to, why, now);
	return 1;
}

/* ---- peers -------------------------------------------------------------- */
void
tree_peer_add(struct tree *t, unsigned slot, const uint8_t addr[NADDR_LEN],
    int configured, struct tree_time now)
{
	struct tree_peer *p;

	if (slot >= t->cfg.peers_max)
		return;
	tree_peer_del(t, slot, now);
	p = &t->peer[slot];
	p->used = 1;
	p->configured = !!configured;
	if (naddr_cmp(p->addr, addr) != 0)
		p->root = (struct quota){ 0 };
	memcpy(p->addr, addr, NADDR_LEN);
	announce(t, slot, now.ms);
}

void
tree_peer_del(struct tree *t, unsigned slot, struct tree_time now)
{
	struct tree_peer *p = tree_peer(t, slot), gone = { 0 };

	if (p == NULL)
		return;
	/* Coming back does not buy it new roots. */
	memcpy(gone.addr, p->addr, NADDR_LEN);
	gone.root = p->root;
	*p = gone;
	if (slot == t->parent)
		reconsider(t, 0, now);
}

void
tree_peer_mute(struct tree *t, unsigned slot, int mute, struct tree_time now)
{
	struct tree_peer *p = tree_peer(t, slot);

	if (p == NULL || p->mute == !!mute)
		return;
	p->mute = !!mute;
	if (!mute)
		announce(t, slot, now.ms);
	reconsider(t, 0, now);
}

void
tree_peer_cost(struct tree *t, unsigned slot, double cost, struct tree_time now)
{
	struct tree_peer *p = tree_peer(t, slot);
	int	     first;

	if (p == NULL || !(cost > 0))
		return;
	first = !(p->cost > 0);
	p->cost = cost;
	if (first)
		reconsider(t, 0, now);
}

/* ---- hearing ------------------------------------------------------------ */
/* Does what waits name another root than it did; at first, a better than ours? */
static int
is_other_root(const struct tree *t, const struct tree_peer *p)
{
	const uint8_t *root = tree_path_root(&p->next.path);

	return p->has_place ? naddr_cmp(root, tree_path_root(&p->path)) != 0 :
	    naddr_cmp(root, tree_path_root(&t->path)) < 0;
}

/* Would we have another root for it? Most who follow one root to the next say
 * what their neighbours have said before. */
static int
moves_us(const struct tree *t, const struct tree_peer *p)
{
	int c = naddr_cmp(tree_path_root(&p->next.path), tree_path_root(&t->path));

	return c < 0 || (c > 0 && p == tree_peer(t, t->parent));
}

static int
may_name_root(struct tree *t, struct tree_peer *p, uint64_t now_ms)
{
	struct quota own = p->root, all = t->strangers;

	if (!is_other_root(t, p))
		return 1;
	if (!quota_take(&own, ROOT_BURST, ROOT_PER_MIN, now_ms) ||
	    (!p->configured && moves_us(t, p) && !quota_take(&all,
	    STRANGERS * ROOT_BURST, STRANGERS * ROOT_PER_MIN, now_ms)))
		return 0;
	p->root = own;
	t->strangers = all;
	return 1;
}

static void
verify_next(struct tree *t, unsigned slot, uint64_t now_ms)
{
	struct tree_peer *p = &t->peer[slot];
	struct quota	  verify = p->verify;

	if (!p->waiting || p->busy || t->asked >= ASKED_MAX ||
	    !quota_take(&verify, VERIFY_BURST, VERIFY_PER_MIN, now_ms) ||
	    !may_name_root(t, p, now_ms))
		return;
	p->verify = verify;
	p->check = p->next;
	p->waiting = 0;
	p->busy = 1;
	if (++t->token == 0)
		t->token = 1;
	p->token = t->token;
	t->asked++;
	t->stats.verifies++;
	t->cb.verify(t->arg, slot, p->token, &p->check.decl, p->check.sig);
}

/*
 * The wire document puts the signature before the path and the age. All must
 * hold, so we put what is dear last: a repetition costs no verification.
 */
static enum tree_said
hear(struct tree *t, unsigned slot, const uint8_t *msg, size_t len,
    uint64_t now_ms)
{
	struct tree_peer *p = tree_peer(t, slot);
	struct tree_ann	  a;

	if (tree_decode(msg, len, &a) == -1)
		return TREE_MALFORMED;
	if (p == NULL || naddr_cmp(a.decl.addr, p->addr) != 0)
		return TREE_STRANGER;
	if (tree_check(&a) == -1)
		return TREE_BAD_PATH;
	if ((p->has_place && a.decl.seq <= p->decl.seq) ||
	    (p->busy && a.decl.seq <= p->check.decl.seq) ||
	    (p->waiting && a.decl.seq <= p->next.decl.seq))
		return TREE_STALE;
	p->next = a;
	p->waiting = 1;
	verify_next(t, slot, now_ms);
	return TREE_ASKED;
}

enum tree_said
tree_recv(struct tree *t, unsigned slot, const uint8_t *msg, size_t len,
    struct tree_time now)
{
	enum tree_said said = hear(t, slot, msg, len, now.ms);

	t->stats.said[said]++;
	return said;
}

/* What the parent says about the seq and ts above it goes on, unsigned. */
static void
refresh_path(struct tree *t, const struct tree_path *up)
{
	if (t->path.at.n != up->at.n + 1 || t->ann.path.at.n != up->at.n + 1)
		return;
	memcpy(&t->path.seq[1], up->seq, up->at.n * sizeof(up->seq[0]));
	memcpy(&t->path.ts[1], up->ts, up->at.n * sizeof(up->ts[0]));
	memcpy(&t->ann.path.seq[1], up->seq, up->at.n * sizeof(up->seq[0]));
	memcpy(&t->ann.path.ts[1], up->ts, up->at.n * sizeof(up->ts[0]));
}

static void
accept(struct tree *t, unsigned slot, struct tree_time now)
{
	struct tree_peer *p = &t->peer[slot];
	unsigned     why = 0;

	p->decl = p->check.decl;
	p->path = p->check.path;
	p->has_place = 1;
	t->cb.changed(t->arg, TREE_PEER, slot);
	if (slot == t->parent && coords_has(&p->path.at, t->decl.addr)) {
		t->stats.loops++;
		why = TREE_LOOP;
	}
	if (!reconsider(t, why, now)) {
		if (slot == t->parent)
			refresh_path(t, &p->path);
		/* It does not know of our root yet: tell it, again if need be. */
		if (naddr_cmp(tree_path_root(&p->path), tree_path_root(&t->path)) > 0) {
			t->stats.echoes++;
			announce(t, slot, now.ms);
		}
	}
}

unsigned
tree_asker(const struct tree *t, uint32_t token)
{
	unsigned slot;

	for (slot = 0; slot < t->cfg.peers_max; slot++)
		if (t->peer[slot].busy && t->peer[slot].token == token)
			return slot;
	return TREE_NO_SLOT;
}

enum tree_said
tree_verified(struct tree *t, uint32_t token, int ok, struct tree_time now)
{
	enum tree_said said = ok ? TREE_OK : TREE_BAD_SIG;
	unsigned       slot = tree_asker(t, token);

	t->asked -= t->asked > 0;	/* also for a peer that went meanwhile */
	if (slot == TREE_NO_SLOT)
		return TREE_STRANGER;
	t->peer[slot].busy = 0;
	if (ok)
		accept(t, slot, now);
	t->stats.said[said]++;
	verify_next(t, slot, now.ms);
	return said;
}

/* ---- life --------------------------------------------------------------- */
static uint64_t
peer_tick(struct tree *t, unsigned slot, uint64_t now_ms)
{
	struct tree_peer *p = &t->peer[slot];
	uint64_t     due;

	if (p->sent_ms != 0 && p->repeats < REPEATS &&
	    p->sent_seq == t->ann.decl.seq &&
	    now_ms - p->sent_ms >= repeat_after_ms[p->repeats]) {
		p->repeats++;
		p->send_due = 1;
	}
	if (p->send_due)
		announce(t, slot, now_ms);
	if (p->waiting)
		verify_next(t, slot, now_ms);
	if (p->waiting || t->sign_token != 0)
		return t->cfg.announce_ms;
	if (!p->send_due && p->repeats == REPEATS)
		return REST_MS;
	due = p->sent_ms + (p->send_due ? t->cfg.announce_ms :
	    repeat_after_ms[p->repeats]);
	return due > now_ms ? due - now_ms : 0;
}

uint64_t
tree_tick(struct tree *t, struct tree_time now)
{
	uint64_t wait = REST_MS, left;
	unsigned i;

	sign_ask(t);
	if (t->cfg.reeval_ms != 0 && now.ms - t->reeval_ms >= t->cfg.reeval_ms) {
		t->reeval_ms = now.ms;
		/* No news: say the old again, for those who missed it. */
		if (!reconsider(t, 0, now))
			announce_all(t, now.ms);
	}
	if (t->cfg.reeval_ms != 0) {
		left = t->reeval_ms + t->cfg.reeval_ms - now.ms;
		wait = left < wait ? left : wait;
	}
	for (i = 0; i < t->cfg.peers_max; i++)
		if (t->peer[i].used && (left = peer_tick(t, i, now.ms)) < wait)
			wait = left;
	return wait;
}

struct tree *
tree_new(const struct tree_cfg *cfg, const struct tree_cb *cb, void *arg,
    struct tree_time now)
{
	struct tree *t = calloc(1, sizeof(*t) +
	    cfg->peers_max * sizeof(t->peer[0]));

	if (t == NULL)
		return NULL;
	t->cfg = *cfg;
	if (t->cfg.path_max > TREE_PATH_MAX)
		t->cfg.path_max = TREE_PATH_MAX;
	if (t->cfg.flap_count < 1)
		t->cfg.flap_count = 1;
	if (t->cfg.flap_count > TREE_FLAPS_MAX)
		t->cfg.flap_count = TREE_FLAPS_MAX;
	t->cb = *cb;
	t->arg = arg;
	memcpy(t->decl.addr, cfg->addr, NADDR_LEN);
	memcpy(t->path.at.addr[0], cfg->addr, NADDR_LEN);
	t->path.at.n = 1;
	t->parent = TREE_NO_SLOT;
	t->reeval_ms = t->root_ms = now.ms;
	place_set(t, TREE_NO_SLOT, now);
	sign_ask(t);
	return t;
}

void
tree_free(struct tree *t)
{
	free(t);
}
