/*
 * lookup.c -- questions and answers about places. No I/O, no clock, no keys.
 *
 * A question that passed through is remembered in a ring, oldest overwritten;
 * its answer goes back to the peer that asked. More than one answer may pass,
 * for we cannot tell a forged one that comes first from the true one.
 */
#include "lookup_int.h"

enum {
	REQUEST_BURST = 1000, REQUEST_PER_MIN = 6000,	/* of one peer */
	PROOF_BURST = 100, PROOF_PER_MIN = 1200,	/* signatures for one peer */
	ANSWERS_MAX = 3,
	CHECKS_MAX = 4,				/* answers to one question at a time */
	FAN_MAX = 256,
	EXTRA_MAX = 16,				/* asked again after a change */
	REST_MS = 60000,
};
_Static_assert(LOOKUP_ATTEMPTS_MAX + EXTRA_MAX <= (int)LOOKUP_IDS,
    "every question keeps all its numbers");

/* A mesh that forms, or heals, changes all the time, and for the most part soon. */
static uint64_t
extra_ms(unsigned extra)
{
	return extra < 3 ? 300 : extra < 8 ? 1000 : 2000;
}

static void
response_send(struct lookup *l, unsigned slot, struct lookup_response *a)
{
	uint8_t	 msg[LOOKUP_RESPONSE_MAX];
	uint16_t mtu = l->cb.mtu(l->arg, slot);
	ssize_t	 len;

	if (mtu < a->path_mtu)
		a->path_mtu = mtu;
	len = lookup_response_encode(a, msg, sizeof(msg));
	if (len > 0)
		l->cb.send(l->arg, slot, msg, (size_t)len);
}

static int
is_among(const uint16_t *slot, unsigned n, unsigned one)
{
	while (n > 0 && slot[n - 1] != one)
		n--;
	return n > 0;
}

/* A match is worth something only if not everybody matches there. */
static int
has_sure(const struct lookup *l, const uint16_t *slot, unsigned n)
{
	while (n > 0 && l->cb.is_vague(l->arg, slot[n - 1]))
		n--;
	return n > 0;
}

unsigned
lookup_whom(const struct lookup *l, const uint8_t target[NADDR_LEN],
    unsigned except, uint16_t *slot, unsigned max)
{
	unsigned n, parent = l->cb.parent(l->arg);

	n = l->cb.reach(l->arg, target, 1, except, slot, max - 1);
	if (has_sure(l, slot, n))
		return n;
	if (n == 0)
		n = l->cb.reach(l->arg, target, 0, except, slot, max - 1);
	if (parent != LOOKUP_NO_SLOT && parent != except &&
	    !is_among(slot, n, parent))
		slot[n++] = (uint16_t)parent;
	return n;
}

/* ---- questions of ours -------------------------------------------------- */
static struct lookup_open *
open_find(struct lookup *l, const uint8_t target[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < l->cfg.open_max; i++)
		if (l->open[i].used &&
		    naddr_cmp(l->open[i].target, target) == 0)
			return &l->open[i];
	return NULL;
}

/* A free one, or that of the oldest question: nobody failed to answer that, and who
 * needs it asks again. */
static struct lookup_open *
open_place(struct lookup *l)
{
	struct lookup_open *o, *oldest = l->open;

	for (o = l->open; o < l->open + l->cfg.open_max; o++) {
		if (!o->used)
			return o;
		if (o->started_ms < oldest->started_ms)
			oldest = o;
	}
	return oldest;
}

static struct lookup_open *
open_by_id(struct lookup *l, uint64_t id)
{
	unsigned i, k;

	for (i = 0; i < l->cfg.open_max; i++)
		for (k = 0; l->open[i].used && k < l->open[i].ids; k++)
			if (l->open[i].id[k] == id)
				return &l->open[i];
	return NULL;
}

/*
 * Ask, with a number of its own. With nobody to ask we wait all the same:
 * filters may still be on their way.
 */
static void
ask(struct lookup *l, struct lookup_open *o, uint64_t now_ms)
{
	struct lookup_request q = { .ttl = l->cfg.ttl };
	uint8_t		      msg[LOOKUP_REQUEST_MAX];
	uint16_t	      slot[FAN_MAX];
	unsigned	      i, n;
	ssize_t		      len;

	q.id = o->id[o->ids++] = l->cb.random(l->arg);
	o->sent_ms = now_ms;
	o->change = l->change;
	memcpy(q.target, o->target, NADDR_LEN);
	memcpy(q.origin, l->cfg.addr, NADDR_LEN);
	q.path = *l->cb.self(l->arg);
	len = lookup_request_encode(&q, msg, sizeof(msg));
	n = lookup_whom(l, o->target, LOOKUP_NO_SLOT, slot, FAN_MAX);
	for (i = 0; i < n && len > 0; i++) {
		l->stats.sent++;
		l->cb.send(l->arg, slot[i], msg, (size_t)len);
	}
}

static void
attempt(struct lookup *l, struct lookup_open *o, uint64_t now_ms)
{
	o->due_ms = now_ms + l->cfg.attempt_ms[o->attempt++];
	ask(l, o, now_ms);
}

static struct lookup_backoff *
backoff_of(struct lookup *l, const uint8_t target[NADDR_LEN])
{
	return &l->backoff[lookup_hash(l, target, LOOKUP_NO_SLOT) % LOOKUP_BACKOFFS];
}

enum lookup_start
lookup_start(struct lookup *l, const uint8_t target[NADDR_LEN],
    const uint8_t pub[32], uint64_t now_ms)
{
	struct lookup_backoff *b = backoff_of(l, target);
	struct lookup_open    *o;
	int		       full;

	if (open_find(l, target) != NULL)
		return LOOKUP_IS_OPEN;
	if (b->failures > 0 && naddr_cmp(b->target, target) == 0 &&
	    now_ms < b->until_ms) {
		l->stats.backed_off++;
		return LOOKUP_BACKOFF;
	}
	o = open_place(l);
	full = o->used;
	*o = (struct lookup_open){ .used = 1, .started_ms = now_ms };
	memcpy(o->target, target, NADDR_LEN);
	memcpy(o->pub, pub, 32);
	l->stats.started++;
	attempt(l, o, now_ms);
	return full ? LOOKUP_FULL : LOOKUP_STARTED;
}

static void
fail(struct lookup *l, struct lookup_open *o, uint64_t now_ms)
{
	struct lookup_backoff *b = backoff_of(l, o->target);
	uint64_t	wait = l->cfg.backoff_ms;
	unsigned	i;

	if (naddr_cmp(b->target, o->target) != 0)
		b->failures = 0;
	memcpy(b->target, o->target, NADDR_LEN);
	for (i = 0; i < b->failures && wait < l->cfg.backoff_max_ms; i++)
		wait *= 2;
	b->failures++;
	b->until_ms = now_ms + (wait < l->cfg.backoff_max_ms ? wait :
	    l->cfg.backoff_max_ms);
	o->used = 0;
	l->stats.failed++;
	l->cb.failed(l->arg, o->target);
}

void
lookup_mesh_changed(struct lookup *l)
{
	l->change++;
	memset(l->backoff, 0, sizeof(l->backoff));
}

uint64_t
lookup_tick(struct lookup *l, uint64_t now_ms)
{
	uint64_t     wait = REST_MS, due;
	struct lookup_open *o;
	unsigned     i;

	for (i = 0; i < l->cfg.open_max; i++) {
		o = &l->open[i];
		if (!o->used)
			continue;
		if (now_ms >= o->due_ms && o->attempt == l->cfg.attempts) {
			fail(l, o, now_ms);
			continue;
		}
		due = o->due_ms;
		if (now_ms >= due) {
			attempt(l, o, now_ms);
		} else if (o->change != l->change && o->extra < EXTRA_MAX) {
			due = o->sent_ms + extra_ms(o->extra);
			if (now_ms >= due) {
				o->extra++;
				ask(l, o, now_ms);
			}
		}
		if (now_ms >= due || due > o->due_ms)
			due = o->due_ms;
		if (due - now_ms < wait)
			wait = due - now_ms;
	}
	return wait;
}

/* ---- questions of others ------------------------------------------------ */
/* It is us they look for: sign where we stand, once for each number. */
static enum lookup_said
answer(struct lookup *l, const struct lookup_request *q, unsigned slot,
    uint64_t now_ms)
{
	struct lookup_work *w;

	if (!quota_take(&l->peer[slot].proof, PROOF_BURST, PROOF_PER_MIN, now_ms))
		return LOOKUP_RATE;
	if ((w = lookup_work_new(l, slot, 0)) == NULL)
		return LOOKUP_BUSY;
	w->a.id = q->id;
	w->a.path_mtu = UINT16_MAX;
	w->a.path = *l->cb.self(l->arg);
	memcpy(w->a.target, l->cfg.addr, NADDR_LEN);
	l->cb.sign(l->arg, w->token, w->a.id, &w->a.path);
	return LOOKUP_ASKED;
}

static enum lookup_said
forward(struct lookup *l, struct lookup_request *q, unsigned from,
    uint64_t now_ms)
{
	uint64_t      tag = lookup_hash(l, q->target, from);
	struct lookup_limit *m = &l->limit[tag % LOOKUP_LIMITS];
	uint8_t	      msg[LOOKUP_REQUEST_MAX];
	uint16_t      slot[FAN_MAX];
	unsigned      i, n;
	ssize_t	      len;

	if (q->ttl == 0)
		return LOOKUP_TTL;
	/* For each asker, so that one cannot keep a target from the others. */
	if (m->tag != tag)
		*m = (struct lookup_limit){ .tag = tag };
	if (!quota_take(&m->quota, l->cfg.forward_burst, l->cfg.forward_per_min,
	    now_ms))
		return LOOKUP_FORWARD_RATE;
	n = lookup_whom(l, q->target, from, slot, FAN_MAX);
	if (n == 0)
		return LOOKUP_NOBODY;
	q->ttl = q->ttl > l->cfg.ttl ? l->cfg.ttl : (uint8_t)(q->ttl - 1);
	len = lookup_request_encode(q, msg, sizeof(msg));
	for (i = 0; i < n && len > 0; i++)
		l->cb.send(l->arg, slot[i], msg, (size_t)len);
	return LOOKUP_PASSED;
}

static enum lookup_said
hear_request(struct lookup *l, unsigned slot, const uint8_t *msg, size_t len,
    uint64_t now_ms)
{
	struct lookup_request q;

	if (slot >= l->cfg.peers_max ||
	    lookup_request_decode(msg, len, &q) == -1)
		return LOOKUP_MALFORMED;
	if (!quota_take(&l->peer[slot].request, REQUEST_BURST, REQUEST_PER_MIN,
	    now_ms))
		return LOOKUP_RATE;
	if (lookup_recent_find(l, q.id, now_ms) != NULL ||
	    open_by_id(l, q.id) != NULL)
		return LOOKUP_DUPLICATE;
	if (coords_check(&q.path, q.origin) == -1)
		return LOOKUP_BAD_PATH;
	lookup_recent_put(l, &q, slot, now_ms);
	if (naddr_cmp(q.target, l->cfg.addr) == 0)
		return answer(l, &q, slot, now_ms);
	return forward(l, &q, slot, now_ms);
}

enum lookup_said
lookup_recv_request(struct lookup *l, unsigned slot, const uint8_t *msg,
    size_t len, uint64_t now_ms)
{
	enum lookup_said said = hear_request(l, slot, msg, len, now_ms);

	l->stats.request[said]++;
	return said;
}

void
lookup_signed(struct lookup *l, uint32_t token,
    const uint8_t proof[LOOKUP_PROOF_LEN])
{
	struct lookup_work *w = lookup_work_find(l, token, 0);

	if (w == NULL)
		return;
	w->token = 0;
	if (proof == NULL || w->slot == LOOKUP_NO_SLOT)
		return;
	memcpy(w->a.proof, proof, LOOKUP_PROOF_LEN);
	l->stats.answered++;
	response_send(l, w->slot, &w->a);
}

/* ---- answers ------------------------------------------------------------ */
static enum lookup_said
check(struct lookup *l, struct lookup_open *o, unsigned slot,
    const struct lookup_response *a, uint64_t now_ms)
{
	struct lookup_work *w;

	if (naddr_cmp(o->target, a->target) != 0)
		return LOOKUP_NOT_OPEN;
	if (o->checks >= CHECKS_MAX ||
	    !quota_take(&l->peer[slot].proof, PROOF_BURST, PROOF_PER_MIN, now_ms))
		return LOOKUP_RATE;
	if ((w = lookup_work_new(l, slot, 1)) == NULL)
		return LOOKUP_BUSY;
	w->a = *a;
	o->checks++;
	l->cb.verify(l->arg, w->token, o->pub, a);
	return LOOKUP_ASKED;
}

static enum lookup_said
hear_response(struct lookup *l, unsigned slot, const uint8_t *msg, size_t len,
    uint64_t now_ms)
{
	struct lookup_response a;
	struct lookup_recent	      *e;
	struct lookup_open	      *o;

	if (slot >= l->cfg.peers_max ||
	    lookup_response_decode(msg, len, &a) == -1)
		return LOOKUP_MALFORMED;
	if (coords_check(&a.path, a.target) == -1)
		return LOOKUP_BAD_PATH;
	if ((o = open_by_id(l, a.id)) != NULL)
		return check(l, o, slot, &a, now_ms);
	e = lookup_recent_find(l, a.id, now_ms);
	if (e == NULL || e->from == LOOKUP_NO_SLOT || e->from == slot ||
	    naddr_cmp(e->target, a.target) != 0)
		return LOOKUP_NOT_OPEN;
	if (e->answers >= ANSWERS_MAX)
		return LOOKUP_DUPLICATE;
	e->answers++;
	response_send(l, e->from, &a);
	return LOOKUP_PASSED;
}

enum lookup_said
lookup_recv_response(struct lookup *l, unsigned slot, const uint8_t *msg,
    size_t len, uint64_t now_ms)
{
	enum lookup_said said = hear_response(l, slot, msg, len, now_ms);

	l->stats.response[said]++;
	return said;
}

enum lookup_said
lookup_verified(struct lookup *l, uint32_t token, int ok)
{
	struct lookup_work	*w = lookup_work_find(l, token, 1);
	struct lookup_open	*o;
	enum lookup_said said = LOOKUP_NOT_OPEN;

	if (w == NULL)
		return said;
	w->token = 0;
	/* It may have been answered or given up while we waited. */
	o = open_by_id(l, w->a.id);
	if (o == NULL)
		return said;
	o->checks--;
	said = !ok ? LOOKUP_BAD_PROOF :
	    coords_distance(l->cb.self(l->arg), &w->a.path) == COORDS_FAR ?
	    LOOKUP_OTHER_TREE : LOOKUP_OK;
	/* No way leads there before one of us has moved: ask again then. */
	if (said == LOOKUP_OTHER_TREE)
		o->change = l->change - 1;
	l->stats.response[said]++;
	if (said != LOOKUP_OK)
		return said;
	o->used = 0;
	backoff_of(l, w->a.target)->failures = 0;
	l->stats.found++;
	l->cb.found(l->arg, w->a.target, &w->a.path,
	    w->a.path_mtu < LOOKUP_MTU_MIN ? 0 : w->a.path_mtu, w->slot);
	return said;
}
