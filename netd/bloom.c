/*
 * bloom.c -- filters of all peers, and what we tell each. No I/O, no clock.
 *
 * count[] says how many tree peers have a bit; `any` and `one` are the bits
 * with a count above zero and of exactly one. What a tree peer is told is any
 * bit but those it alone brought: (any & ~(one & its filter)) | ourselves.
 */
#include "bloom.h"

#include <stdlib.h>
#include <string.h>

#include "quota.h"

enum {
	/* The reference tells one a second while a mesh changes; a liar stirs the
	 * mesh no faster. */
	RECV_BURST = 64, RECV_PER_MIN = 60,
	REST_MS = 60000,
};

/* With some 900 nodes in a filter one match in a hundred is chance. */
static const double VAGUE_FPR = 0.01;

/* A filter that got lost is not missed by anyone, so each is said again. */
static const uint64_t repeat_after_ms[] = { 2000, 6000, 20000, 60000 };
enum { REPEATS = sizeof(repeat_after_ms) / sizeof(repeat_after_ms[0]) };

struct peer {
	uint8_t		    used, is_tree, has_filter, over_cap, waiting, told;
	uint8_t		    repeats, deferred, crowd;	/* crowd: was told so */
	uint32_t	    told_change;
	uint64_t	    seq, next_seq, over_seq, sent_ms;
	struct quota	    recv;
	struct bloom_filter in, next, out;	/* next: waits for the quota */
};

struct bloom {
	struct bloom_cfg    cfg;
	bloom_send	    send;
	void		   *arg;
	uint64_t	    seq;
	unsigned	    parent;
	uint32_t	    change;	/* of what we would tell */
	uint32_t	    generation;
	struct bloom_filter self, any, one;
	uint16_t	    count[BLOOM_BITS];
	struct bloom_stats  stats;
	struct peer	    peer[];
};

static struct peer *
peer_of(const struct bloom *b, unsigned slot)
{
	const struct peer *p;

	if (slot >= b->cfg.peers_max)
		return NULL;
	p = &b->peer[slot];
	return p->used ? (struct peer *)p : NULL;
}

/* ---- the merge ---------------------------------------------------------- */
static void
bit_count(struct bloom *b, unsigned bit, int by)
{
	uint8_t	 mask = (uint8_t)(1 << (bit & 7));
	uint16_t n = b->count[bit] = (uint16_t)(b->count[bit] + by);

	b->any.byte[bit >> 3] = (uint8_t)((b->any.byte[bit >> 3] & ~mask) |
	    (n > 0 ? mask : 0));
	b->one.byte[bit >> 3] = (uint8_t)((b->one.byte[bit >> 3] & ~mask) |
	    (n == 1 ? mask : 0));
}

/* A tree peer's filter was `was` and is `is`; NULL is an empty one. */
static void
merge(struct bloom *b, const struct bloom_filter *was,
    const struct bloom_filter *is)
{
	unsigned i, k, w, n, changed = 0;

	for (i = 0; i < BLOOM_LEN; i++) {
		w = was != NULL ? was->byte[i] : 0;
		n = is != NULL ? is->byte[i] : 0;
		for (k = 0; w != n && k < 8; k++)
			if ((w ^ n) & 1u << k) {
				bit_count(b, i * 8 + k, n & 1u << k ? 1 : -1);
				changed = 1;
			}
	}
	b->change += changed;
}

void
bloom_outgoing(const struct bloom *b, unsigned slot, struct bloom_filter *out)
{
	const struct peer *p = peer_of(b, slot);
	int		   horizon = p != NULL && p->is_tree && p->has_filter;
	unsigned	   i;

	for (i = 0; i < BLOOM_LEN / 8; i++) {
		out->word[i] = b->any.word[i];
		if (horizon)
			out->word[i] &= ~(b->one.word[i] & p->in.word[i]);
		out->word[i] |= b->self.word[i];
	}
}

/* ---- peers -------------------------------------------------------------- */
void
bloom_peer_add(struct bloom *b, unsigned slot)
{
	if (slot >= b->cfg.peers_max)
		return;
	bloom_peer_del(b, slot);
	b->peer[slot].used = 1;
}

void
bloom_peer_again(struct bloom *b, unsigned slot)
{
	struct peer *p = peer_of(b, slot);

	if (p != NULL)
		p->told = 0;
}

void
bloom_peer_del(struct bloom *b, unsigned slot)
{
	struct peer *p = peer_of(b, slot);

	if (p == NULL)
		return;
	if (p->is_tree && p->has_filter)
		merge(b, &p->in, NULL);
	b->change += p->over_cap;
	memset(p, 0, sizeof(*p));
	b->generation++;
}

void
bloom_peer_tree(struct bloom *b, unsigned slot, int is_tree_peer)
{
	struct peer *p = peer_of(b, slot);

	if (p == NULL || p->is_tree == !!is_tree_peer)
		return;
	p->is_tree = !!is_tree_peer;
	if (p->has_filter)
		merge(b, p->is_tree ? NULL : &p->in, p->is_tree ? &p->in : NULL);
	b->change += p->over_cap;
	/* Split horizon is another for this one, whatever the merge says. */
	p->told_change = b->change - 1;
	b->generation++;
}

void
bloom_parent(struct bloom *b, unsigned slot)
{
	b->change += b->parent != slot;
	b->parent = slot;
}

/* ---- hearing ------------------------------------------------------------ */
static int
is_over(const struct bloom *b, const struct bloom_filter *f)
{
	return bloom_fpr(bloom_weight(f)) > b->cfg.max_fpr;
}

static enum bloom_said
take(struct bloom *b, struct peer *p)
{
	uint8_t was = p->over_cap;
	int	over;

	p->waiting = 0;
	if (p->has_filter && p->next_seq <= p->seq)
		return BLOOM_STALE;
	over = is_over(b, &p->next);
	/* What was said before it and comes after it does not take it back. */
	if (over || p->next_seq > p->over_seq) {
		p->over_cap = (uint8_t)over;
		b->change += p->over_cap != was;
	}
	if (over) {
		p->over_seq = p->next_seq;
		return BLOOM_OVER_CAP;
	}
	if (p->is_tree)
		merge(b, p->has_filter ? &p->in : NULL, &p->next);
	p->in = p->next;
	p->seq = p->next_seq;
	p->has_filter = 1;
	b->generation++;
	return BLOOM_OK;
}

static enum bloom_said
hear(struct bloom *b, unsigned slot, const uint8_t *msg, size_t len,
    uint64_t now_ms)
{
	struct peer	   *p = peer_of(b, slot);
	struct bloom_filter f;
	uint64_t	    seq;

	if (bloom_decode(msg, len, &seq, &f) == -1)
		return BLOOM_MALFORMED;
	if (p == NULL)
		return BLOOM_STRANGER;
	if ((p->has_filter && seq <= p->seq) ||
	    (p->waiting && seq <= p->next_seq))
		return BLOOM_STALE;
	p->next = f;
	p->next_seq = seq;
	p->waiting = 1;
	if (!quota_take(&p->recv, RECV_BURST, RECV_PER_MIN, now_ms))
		return BLOOM_LATER;
	return take(b, p);
}

enum bloom_said
bloom_recv(struct bloom *b, unsigned slot, const uint8_t *msg, size_t len,
    uint64_t now_ms)
{
	enum bloom_said said = hear(b, slot, msg, len, now_ms);

	b->stats.said[said]++;
	return said;
}

/* ---- telling ------------------------------------------------------------ */
static uint64_t
repeat_ms(const struct bloom *b, const struct peer *p)
{
	return p->repeats < REPEATS ? repeat_after_ms[p->repeats] :
	    b->cfg.repeat_ms;
}

/* Behind us there are more nodes than our filter says, and this is our parent. */
static int
is_crowded(const struct bloom *b, unsigned slot)
{
	unsigned i;

	for (i = 0; slot == b->parent && i < b->cfg.peers_max; i++)
		if (i != slot && b->peer[i].is_tree && b->peer[i].over_cap)
			return 1;
	return 0;
}

static void
say(struct bloom *b, unsigned slot, const struct bloom_filter *f)
{
	uint8_t msg[BLOOM_MSG_LEN];

	bloom_encode(++b->seq, f, msg);
	b->stats.sent++;
	b->stats.over_sent += (uint64_t)is_over(b, f);
	b->send(b->arg, slot, msg, sizeof(msg));
}

/* The ones come last, for the newest counts; a parent that has no such rule only
 * refuses them, and keeps what came just before. */
static void
tell(struct bloom *b, unsigned slot, uint64_t now_ms)
{
	struct peer	   *p = &b->peer[slot];
	struct bloom_filter out, ones;
	int		    crowd = is_crowded(b, slot), same;

	bloom_outgoing(b, slot, &out);
	same = p->told && p->crowd == crowd &&
	    memcmp(&out, &p->out, sizeof(out)) == 0;
	p->told_change = b->change;
	p->deferred = 0;
	if (same && now_ms - p->sent_ms < repeat_ms(b, p))
		return;
	if (same && p->repeats < REPEATS)
		p->repeats++;
	else if (!same)
		p->repeats = 0;
	b->stats.repeated += (uint64_t)same;
	p->out = out;
	p->crowd = (uint8_t)crowd;
	p->told = 1;
	p->sent_ms = now_ms;
	say(b, slot, &out);
	if (crowd && !is_over(b, &out)) {
		memset(&ones, 0xff, sizeof(ones));
		say(b, slot, &ones);
	}
}

uint64_t
bloom_tick(struct bloom *b, uint64_t now_ms)
{
	uint64_t     wait = REST_MS, due;
	struct peer *p;
	unsigned     i;

	for (i = 0; i < b->cfg.peers_max; i++)
		if (b->peer[i].used && b->peer[i].waiting && quota_take(
		    &b->peer[i].recv, RECV_BURST, RECV_PER_MIN, now_ms)) {
			b->stats.said[take(b, &b->peer[i])]++;
			b->stats.waited++;
		}
	for (i = 0; i < b->cfg.peers_max; i++) {
		p = &b->peer[i];
		if (!p->used)
			continue;
		due = p->sent_ms + (p->told_change != b->change ?
		    b->cfg.debounce_ms : repeat_ms(b, p));
		if (!p->told || now_ms >= due) {
			tell(b, i, now_ms);
			due = p->sent_ms + repeat_ms(b, p);
		} else if (p->told_change != b->change && !p->deferred) {
			p->deferred = 1;
			b->stats.deferred++;
		}
		if (p->waiting)
			due = now_ms + 60000 / RECV_PER_MIN;
		if (due - now_ms < wait)
			wait = due - now_ms;
	}
	return wait;
}

/* ---- asking ------------------------------------------------------------- */
int
bloom_peer_has(const struct bloom *b, unsigned slot, const struct bloom_pos *pos)
{
	const struct peer *p = peer_of(b, slot);

	return p != NULL && p->has_filter && bloom_has(&p->in, pos);
}

unsigned
bloom_reach(const struct bloom *b, const struct bloom_pos *pos, int tree_peers,
    unsigned except, uint16_t *slots, unsigned max)
{
	const struct peer *p;
	unsigned	   i, n = 0;

	for (i = 0; i < b->cfg.peers_max && n < max; i++) {
		p = &b->peer[i];
		if (!p->used || i == except || p->is_tree != !!tree_peers)
			continue;
		if ((p->is_tree && p->over_cap) ||
		    (p->has_filter && bloom_has(&p->in, pos)))
			slots[n++] = (uint16_t)i;
	}
	return n;
}

int
bloom_is_vague(const struct bloom *b, unsigned slot)
{
	const struct peer *p = peer_of(b, slot);

	return p != NULL && (p->over_cap ||
	    bloom_fpr(bloom_weight(&p->in)) > VAGUE_FPR);
}

double
bloom_mesh_size(const struct bloom *b)
{
	struct bloom_filter all = b->self;
	unsigned	    i, k;

	for (i = 0; i < b->cfg.peers_max; i++) {
		if (b->peer[i].is_tree && b->peer[i].over_cap)
			return -1;
		if (b->peer[i].has_filter)
			for (k = 0; k < BLOOM_LEN / 8; k++)
				all.word[k] |= b->peer[i].in.word[k];
	}
	return bloom_estimate(bloom_weight(&all), b->cfg.max_fpr);
}

int
bloom_view(const struct bloom *b, unsigned slot, struct bloom_view *v)
{
	const struct peer *p = peer_of(b, slot);

	if (p == NULL)
		return -1;
	v->has_filter = p->has_filter;
	v->over_cap = p->over_cap;
	v->seq = p->seq;
	v->set_bits = bloom_weight(&p->in);
	v->fill = (double)v->set_bits / BLOOM_BITS;
	v->estimate = bloom_estimate(v->set_bits, b->cfg.max_fpr);
	return 0;
}

/* ---- life --------------------------------------------------------------- */
struct bloom *
bloom_new(const struct bloom_cfg *cfg, bloom_send send, void *arg)
{
	struct bloom	*b;
	struct bloom_pos pos;

	/* Counts are 16 bits wide. */
	if (cfg->peers_max > UINT16_MAX)
		return NULL;
	b = calloc(1, sizeof(*b) + cfg->peers_max * sizeof(b->peer[0]));
	if (b == NULL)
		return NULL;
	b->cfg = *cfg;
	b->send = send;
	b->arg = arg;
	b->change = 1;
	b->parent = UINT16_MAX;
	bloom_pos(cfg->addr, &pos);
	bloom_put(&b->self, &pos);
	return b;
}

void
bloom_free(struct bloom *b)
{
	free(b);
}

size_t
bloom_mem(const struct bloom *b)
{
	return sizeof(*b) + b->cfg.peers_max * sizeof(b->peer[0]);
}

uint64_t
bloom_seq(const struct bloom *b)
{
	return b->seq;
}

const struct bloom_stats *
bloom_stats(const struct bloom *b)
{
	return &b->stats;
}

uint32_t
bloom_generation(const struct bloom *b)
{
	return b->generation;
}
