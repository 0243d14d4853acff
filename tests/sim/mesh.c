/*
 * mesh.c -- the simulator. One heap of events, one generator of numbers; no
 * clock of the machine, no threads, so a seed is a run.
 *
 * Signatures are keyed hashes that only the simulator can check, and take a
 * millisecond as those of the key room do.
 */
#include "mesh.h"

#include <err.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../../netd/bloom.h"
#include "../../netd/coords.h"
#include "../../netd/lookup.h"
#include "../../netd/nexthop.h"
#include "../../netd/tree.h"

enum {
	TICK_US = 500000, CRYPTO_US = 1000, MEASURE_US = 2000000,
	FRAME_OVERHEAD = 36, MTU = 1280, NEAREST = 3,
	DATA = 0xd0, DATA_LEN = 1 + 1 + 16 + 16 + 4 + 2, DATA_TTL = 64,
	WALL_START = 1700000000,
};

enum event_type {
	EV_TICK, EV_MSG, EV_TREE_SIGNED, EV_TREE_VERIFIED, EV_PROOF_SIGNED,
	EV_PROOF_VERIFIED, EV_COST, EV_UP, EV_DEAD, EV_PAIR,
};

struct event {
	uint64_t	at, seq;
	enum event_type type;
	uint32_t	node, life, a, b;	/* life: of the node or link */
	uint32_t	len;
	uint8_t	       *msg;
};

struct link {
	uint32_t node, slot;		/* the other end */
	uint32_t life;			/* grows when it goes: old events are void */
	uint64_t delay_us;
	double	 cost;
	uint8_t	 up, cut;
};

struct node {
	uint8_t		     addr[16], pub[32];
	double		     x, y;
	struct link	    *link;
	unsigned	     nlink;
	uint32_t	     life, filters;
	int		     runs;
	struct sim	    *sim;
	struct tree	    *tree;
	struct bloom	    *bloom;
	struct coords_cache *coords;
	struct lookup	    *lookup;
};

struct pair {
	uint32_t from, to, hops, sent;
	uint8_t	 done;
};

struct sim {
	struct sim_conf	 conf;
	uint64_t	 now, seq, random, digest;
	struct event	*heap;
	size_t		 nheap, maxheap;
	struct node	*node;
	struct pair	*pair;
	unsigned	 npair, ndone, nlink;
	uint32_t	 round;		/* of pairs */
	struct sim_count count;
};

/* ---- numbers and events --------------------------------------------------- */
uint64_t
sim_random(struct sim *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static double
fraction(struct sim *s)
{
	return (double)(sim_random(s) >> 11) / 9007199254740992.0;
}

static void
digest(struct sim *s, uint64_t v)
{
	s->digest = (s->digest ^ v) * 0x100000001b3;
	s->digest ^= s->digest >> 29;
}

static int
is_before(const struct event *a, const struct event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void
push(struct sim *s, struct event e)
{
	size_t i;

	if (s->nheap == s->maxheap) {
		s->maxheap = s->maxheap * 2 + 1024;
		s->heap = realloc(s->heap, s->maxheap * sizeof(*s->heap));
		if (s->heap == NULL)
			err(1, "events");
	}
	e.seq = s->seq++;
	for (i = s->nheap++; i > 0 && is_before(&e, &s->heap[(i - 1) / 2]);
	    i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
}

static struct event
pop(struct sim *s)
{
	struct event top = s->heap[0], e = s->heap[--s->nheap];
	size_t	     i = 0, k;

	while ((k = 2 * i + 1) < s->nheap) {
		if (k + 1 < s->nheap && is_before(&s->heap[k + 1], &s->heap[k]))
			k++;
		if (!is_before(&s->heap[k], &e))
			break;
		s->heap[i] = s->heap[k];
		i = k;
	}
	s->heap[i] = e;
	return top;
}

static void
later(struct node *n, uint64_t us, enum event_type type, uint32_t a, uint32_t b)
{
	struct sim *s = n->sim;

	push(s, (struct event){ .at = s->now + us, .type = type,
	    .node = (uint32_t)(n - s->node), .life = n->life, .a = a, .b = b });
}

static struct tree_time
tree_now(const struct sim *s)
{
	return (struct tree_time){ s->now / 1000, WALL_START + s->now / 1000000 };
}

/* ---- the network ------------------------------------------------------------ */
static unsigned
kind_of(uint8_t type)
{
	switch (type) {
	case 0x10: return SIM_TREE;
	case 0x20: return SIM_FILTER;
	case 0x30: return SIM_REQUEST;
	case 0x31: return SIM_RESPONSE;
	default: return SIM_DATA;
	}
}

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	struct node *n = arg;
	struct sim  *s = n->sim;
	struct link *l = &n->link[slot];
	uint64_t     jitter = sim_random(s) % (l->delay_us / 4 + 1);
	uint8_t	    *copy;

	s->count.msgs[kind_of(msg[0])]++;
	s->count.bytes[kind_of(msg[0])] += len + FRAME_OVERHEAD;
	if (l->cut || fraction(s) < s->conf.loss)
		return;
	if ((copy = malloc(len)) == NULL)
		err(1, "message");
	memcpy(copy, msg, len);
	push(s, (struct event){ .at = s->now + l->delay_us + jitter,
	    .type = EV_MSG, .node = l->node, .a = l->slot,
	    .life = s->node[l->node].link[l->slot].life, .msg = copy,
	    .len = (uint32_t)len });
}

/* ---- false signatures ------------------------------------------------------- */
static void
seal(const uint8_t pub[32], const uint8_t *p, size_t len, uint8_t sig[64])
{
	crypto_generichash(sig, 64, p, len, pub, 32);
}

static void
on_tree_sign(void *arg, uint32_t token, const struct tree_decl *d)
{
	(void)d;
	later(arg, CRYPTO_US, EV_TREE_SIGNED, token, 0);
}

static void
on_tree_verify(void *arg, unsigned slot, uint32_t token,
    const struct tree_decl *d, const uint8_t sig[64])
{
	struct node *n = arg;
	uint8_t	     tbs[TREE_TBS_LEN], want[64];

	tree_tbs(d, tbs);
	seal(n->sim->node[n->link[slot].node].pub, tbs, sizeof(tbs), want);
	later(n, CRYPTO_US, EV_TREE_VERIFIED, token, memcmp(sig, want, 64) == 0);
}

static void
on_proof_sign(void *arg, uint32_t token, uint64_t id, const struct coords *c)
{
	struct node *n = arg;
	struct sim  *s = n->sim;
	uint8_t	     tbs[LOOKUP_TBS_MAX], *sig = malloc(64);

	if (sig == NULL)
		err(1, "proof");
	seal(n->pub, tbs, lookup_tbs(id, n->addr, c, tbs), sig);
	push(s, (struct event){ .at = s->now + CRYPTO_US,
	    .type = EV_PROOF_SIGNED, .node = (uint32_t)(n - s->node),
	    .life = n->life, .a = token, .msg = sig, .len = 64 });
}

static void
on_proof_verify(void *arg, uint32_t token, const uint8_t pub[32],
    const struct lookup_response *a)
{
	uint8_t tbs[LOOKUP_TBS_MAX], want[64];

	seal(pub, tbs, lookup_tbs(a->id, a->target, &a->path, tbs), want);
	later(arg, CRYPTO_US, EV_PROOF_VERIFIED, token,
	    memcmp(a->proof, want, 64) == 0);
}

/* ---- the glue netd has, too ------------------------------------------------- */
static void
on_tree_changed(void *arg, unsigned what, unsigned slot)
{
	struct node *n = arg;
	unsigned     i;

	if (n->tree == NULL)
		return;
	if (what & TREE_PEER)
		bloom_peer_tree(n->bloom, slot, tree_is_tree_peer(n->tree, slot));
	if (what & TREE_NEW_PARENT)
		for (i = 0; i < n->nlink; i++)
			bloom_peer_tree(n->bloom, i,
			    tree_is_tree_peer(n->tree, i));
	if (what & TREE_NEW_PATH) {
		coords_drop_via(n->coords, n->addr);
		lookup_mesh_changed(n->lookup);
	}
	if (what & TREE_NEW_ROOT)
		coords_drop_other_roots(n->coords, tree_root(n->tree));
}

static unsigned
on_reach(void *arg, const uint8_t target[16], int tree_peers, unsigned except,
    uint16_t *slots, unsigned max)
{
	struct node	*n = arg;
	struct bloom_pos pos;

	bloom_pos(target, &pos);
	return bloom_reach(n->bloom, &pos, tree_peers, except, slots, max);
}

static unsigned
on_parent(void *arg)
{
	return tree_parent(((struct node *)arg)->tree);
}

static uint16_t
on_mtu(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return MTU;
}

static const struct coords *
on_self(void *arg)
{
	return tree_self(((struct node *)arg)->tree);
}

static uint64_t
on_random(void *arg)
{
	return sim_random(((struct node *)arg)->sim);
}

static void
on_found(void *arg, const uint8_t target[16], const struct coords *c,
    uint16_t path_mtu, unsigned slot)
{
	struct node *n = arg;
	struct sim  *s = n->sim;
	unsigned     i;

	(void)slot;
	coords_put(n->coords, target, c, COORDS_PROVEN, 0, path_mtu,
	    s->now / 1000);
	for (i = 0; i < s->npair; i++)
		if (!s->pair[i].done && &s->node[s->pair[i].from] == n &&
		    naddr_cmp(s->node[s->pair[i].to].addr, target) == 0)
			later(n, 0, EV_PAIR, i, s->round);
}

static void
on_failed(void *arg, const uint8_t target[16])
{
	(void)arg, (void)target;	/* the pair asks again by itself */
}

static const struct tree_cb tree_cb = { on_tree_sign, on_tree_verify, on_send,
    on_tree_changed };
static const struct lookup_cb lookup_cb = { on_send, on_reach, on_parent, on_mtu,
    on_self, on_random, on_proof_sign, on_proof_verify, on_found, on_failed };

/* ---- nodes -------------------------------------------------------------------- */
static void
modules_open(struct node *n, unsigned peers, const uint8_t *addr,
    struct tree_time now)
{
	struct tree_cfg	  tc = { .peers_max = peers, .path_max = 36,
	    .hysteresis = 0.2, .hold_ms = 30000, .reeval_ms = 60000,
	    .announce_ms = 500, .flap_count = 4, .flap_window_ms = 60000,
	    .flap_still_ms = 120000 };
	struct bloom_cfg  bc = { .peers_max = peers, .max_fpr = 0.20,
	    .debounce_ms = 500, .repeat_ms = 300000 };
	struct coords_cfg cc = { .max = { 64, 16 }, .ttl_ms = 300000,
	    .age_max_ms = 600000, .givers = peers, .per_giver = 16 };
	struct lookup_cfg lc = { .peers_max = peers, .open_max = 16,
	    .recent_max = 1024, .work_max = 32, .ttl = 64, .attempts = 4,
	    .attempt_ms = { 1000, 2000, 4000, 8000 }, .recent_ms = 10000,
	    .forward_burst = 256, .forward_per_min = 300 };

	memcpy(tc.addr, addr, 16);
	memcpy(bc.addr, addr, 16);
	memcpy(lc.addr, addr, 16);
	if (peers == 250) {		/* as netd has it */
		cc.max[0] = 10000, cc.max[1] = 4096, cc.per_giver = 512;
		lc.open_max = 256, lc.recent_max = 4096, lc.work_max = 64;
	}
	n->coords = coords_new(&cc);
	n->bloom = bloom_new(&bc, on_send, n);
	n->lookup = lookup_new(&lc, &lookup_cb, n);
	n->tree = tree_new(&tc, &tree_cb, n, now);
	if (n->coords == NULL || n->bloom == NULL || n->lookup == NULL ||
	    n->tree == NULL)
		errx(1, "no memory for a node");
}

static void
modules_close(struct node *n)
{
	tree_free(n->tree);
	bloom_free(n->bloom);
	coords_free(n->coords);
	lookup_free(n->lookup);
	n->tree = NULL;
}

static size_t
modules_mem(const struct node *n)
{
	return tree_mem(n->tree) + bloom_mem(n->bloom) + coords_mem(n->coords) +
	    lookup_mem(n->lookup);
}

static void
end_down(struct node *n, unsigned slot)
{
	if (!n->link[slot].up)
		return;
	n->link[slot].up = 0;
	n->link[slot].life++;
	if (!n->runs)
		return;
	tree_peer_del(n->tree, slot, tree_now(n->sim));
	bloom_peer_del(n->bloom, slot);
	lookup_peer_del(n->lookup, slot);
}

static void
end_up(struct node *n, unsigned slot)
{
	struct link *l = &n->link[slot];

	end_down(n, slot);
	l->up = 1;
	bloom_peer_add(n->bloom, slot);
	tree_peer_add(n->tree, slot, n->sim->node[l->node].addr, 0,
	    tree_now(n->sim));
	push(n->sim, (struct event){ .at = n->sim->now + MEASURE_US,
	    .type = EV_COST, .node = (uint32_t)(n - n->sim->node),
	    .life = l->life, .a = slot });
}

/* Both ends come up in one moment, as after a handshake. */
static void
link_up(struct sim *s, uint32_t node, uint32_t slot)
{
	struct node *n = &s->node[node];
	struct link *l = &n->link[slot];
	struct node *o = &s->node[l->node];

	if (!n->runs || !o->runs || l->cut)
		return;
	end_up(n, slot);
	end_up(o, l->slot);
}

static void
dial(struct sim *s, uint32_t node, uint32_t slot)
{
	push(s, (struct event){ .at = s->now +
	    3 * s->node[node].link[slot].delay_us + sim_random(s) % 1000000,
	    .type = EV_UP, .node = node, .a = slot });
}

void
sim_start(struct sim *s, unsigned node)
{
	struct node *n = &s->node[node];
	unsigned     i;

	if (n->runs)
		return;
	n->runs = 1;
	modules_open(n, n->nlink, n->addr, tree_now(s));
	later(n, sim_random(s) % TICK_US, EV_TICK, 0, 0);
	for (i = 0; i < n->nlink; i++)
		dial(s, node, i);
}

void
sim_kill(struct sim *s, unsigned node)
{
	struct node *n = &s->node[node];
	struct link *l;
	unsigned     i;

	if (!n->runs)
		return;
	n->runs = 0;
	n->life++;
	modules_close(n);
	for (i = 0; i < n->nlink; i++) {
		end_down(n, i);
		l = &n->link[i];
		push(s, (struct event){ .at = s->now + s->conf.dead_us,
		    .type = EV_DEAD, .node = l->node, .a = l->slot,
		    .life = s->node[l->node].link[l->slot].life });
	}
}

void
sim_cut(struct sim *s, double share)
{
	struct node *n;
	struct link *l;

	for (n = s->node; n < s->node + s->conf.nodes; n++)
		for (l = n->link; l < n->link + n->nlink; l++) {
			if ((n->x < share) == (s->node[l->node].x < share))
				continue;
			l->cut = 1;
			push(s, (struct event){ .at = s->now + s->conf.dead_us,
			    .type = EV_DEAD, .node = (uint32_t)(n - s->node),
			    .a = (uint32_t)(l - n->link), .life = l->life });
		}
}

void
sim_heal(struct sim *s)
{
	uint32_t i, k;

	for (i = 0; i < s->conf.nodes; i++)
		for (k = 0; k < s->node[i].nlink; k++) {
			if (!s->node[i].link[k].cut)
				continue;
			s->node[i].link[k].cut = 0;
			if (s->node[i].link[k].node > i)
				dial(s, i, k);
		}
}

/* ---- datagrams ------------------------------------------------------------------ */
/* One hop further with the place of the target in it, as a SessionSetup has. */
static void
data_pass(struct node *n, uint8_t *msg, size_t len)
{
	struct sim	   *s = n->sim;
	struct nexthop_peer peer[64];
	struct bloom_pos    pos;
	struct coords	    at;
	struct rd	    r = rd_init(msg + DATA_LEN, len - DATA_LEN);
	struct pair	   *p = &s->pair[get_le32(msg + 34)];
	unsigned	    i, out = 0;

	coords_read(&r, &at);
	bloom_pos(msg + 18, &pos);
	for (i = 0; i < n->nlink && i < 64; i++) {
		peer[i].addr = n->link[i].up ? s->node[n->link[i].node].addr : NULL;
		peer[i].at = tree_peer_at(n->tree, i);
		peer[i].cost = n->link[i].cost;
		peer[i].can_send = n->link[i].up;
		peer[i].in_filter = (uint8_t)bloom_peer_has(n->bloom, i, &pos);
	}
	switch (nexthop_pick(n->addr, tree_self(n->tree), msg + 18, &at, peer, i,
	    &out)) {
	case NEXTHOP_HERE:
		if (!p->done) {
			p->done = 1;
			p->hops = get_le16(msg + 38);
			s->ndone++;
		}
		return;
	case NEXTHOP_DIRECT:
	case NEXTHOP_FILTER:
	case NEXTHOP_TREE:
		if (msg[1]-- == 0)
			return;
		put_le16(msg + 38, (uint16_t)(get_le16(msg + 38) + 1));
		on_send(n, out, msg, len);
		return;
	default:
		return;
	}
}

/* A pair that has not talked yet tries what it can, and again in a while. */
static void
pair_try(struct sim *s, uint32_t i)
{
	struct pair	   *p = &s->pair[i];
	struct node	   *n = &s->node[p->from], *o = &s->node[p->to];
	struct coords_entry e = { .path.n = 0 };
	uint8_t		    msg[DATA_LEN + 2 + COORDS_MAX * 16] = { DATA, DATA_TTL };
	struct wr	    w = wr_init(msg + DATA_LEN, sizeof(msg) - DATA_LEN);
	unsigned	    k;

	for (k = 0; k < n->nlink; k++)
		if (n->link[k].up && n->link[k].node == p->to)
			break;
	if (k == n->nlink &&
	    coords_get(n->coords, o->addr, COORDS_OURS, s->now / 1000, &e) == -1) {
		lookup_start(n->lookup, o->addr, o->pub, s->now / 1000);
		return;
	}
	/* Sent three times and no sign of it: the place is not right any more. */
	if (++p->sent % 4 == 0) {
		coords_del(n->coords, o->addr, 1);
		return;
	}
	memcpy(msg + 2, n->addr, 16);
	memcpy(msg + 18, o->addr, 16);
	put_le32(msg + 34, i);
	coords_write(&w, &e.path);
	data_pass(n, msg, DATA_LEN + (size_t)wr_len(&w));
}

void
sim_pairs(struct sim *s, unsigned n)
{
	unsigned i;

	s->round++;
	s->npair = n;
	s->ndone = 0;
	s->pair = realloc(s->pair, n * sizeof(*s->pair));
	if (s->pair == NULL)
		err(1, "pairs");
	for (i = 0; i < n; i++) {
		do {
			s->pair[i] = (struct pair){
			    .from = (uint32_t)(sim_random(s) % s->conf.nodes),
			    .to = (uint32_t)(sim_random(s) % s->conf.nodes) };
		} while (s->pair[i].from == s->pair[i].to);
		push(s, (struct event){ .at = s->now + sim_random(s) % 1000000,
		    .type = EV_PAIR, .node = s->pair[i].from,
		    .life = s->node[s->pair[i].from].life, .a = i,
		    .b = s->round });
	}
}

/* ---- running ---------------------------------------------------------------------- */
static void
on_msg(struct node *n, unsigned slot, uint8_t *msg, size_t len)
{
	struct sim *s = n->sim;
	uint64_t    ms = s->now / 1000;

	switch (kind_of(msg[0])) {
	case SIM_TREE:
		tree_recv(n->tree, slot, msg, len, tree_now(s));
		break;
	case SIM_FILTER:
		bloom_recv(n->bloom, slot, msg, len, ms);
		break;
	case SIM_REQUEST:
		lookup_recv_request(n->lookup, slot, msg, len, ms);
		break;
	case SIM_RESPONSE:
		lookup_recv_response(n->lookup, slot, msg, len, ms);
		break;
	default:
		if (get_le32(msg + 34) < s->npair)
			data_pass(n, msg, len);
	}
}

static void
on_node_event(struct node *n, const struct event *e)
{
	struct sim *s = n->sim;
	uint8_t	    tbs[TREE_TBS_LEN], sig[64];

	switch (e->type) {
	case EV_TICK:
		tree_tick(n->tree, tree_now(s));
		bloom_tick(n->bloom, s->now / 1000);
		if (n->filters != bloom_generation(n->bloom))
			lookup_mesh_changed(n->lookup);
		n->filters = bloom_generation(n->bloom);
		lookup_tick(n->lookup, s->now / 1000);
		later(n, TICK_US, EV_TICK, 0, 0);
		break;
	case EV_TREE_SIGNED:
		tree_tbs(tree_self_decl(n->tree), tbs);
		seal(n->pub, tbs, sizeof(tbs), sig);
		tree_signed(n->tree, e->a, sig, tree_now(s));
		break;
	case EV_TREE_VERIFIED:
		tree_verified(n->tree, e->a, (int)e->b, tree_now(s));
		break;
	case EV_PROOF_SIGNED:
		lookup_signed(n->lookup, e->a, e->msg);
		break;
	case EV_PROOF_VERIFIED:
		lookup_verified(n->lookup, e->a, (int)e->b);
		break;
	case EV_PAIR:
		if (e->b != s->round || s->pair[e->a].done)
			break;
		pair_try(s, e->a);
		if (!s->pair[e->a].done)
			later(n, 1000000 + sim_random(s) % 100000, EV_PAIR, e->a,
			    e->b);
		break;
	default:
		errx(1, "event %d", e->type);
	}
}

static void
on_event(struct sim *s, const struct event *e)
{
	struct node *n = &s->node[e->node];
	struct link *l = e->type == EV_MSG || e->type == EV_COST ||
	    e->type == EV_UP || e->type == EV_DEAD ? &n->link[e->a] : NULL;

	digest(s, e->at ^ (uint64_t)e->type << 60 ^ (uint64_t)e->node << 32 ^
	    e->len);
	if (e->type == EV_UP) {
		link_up(s, e->node, e->a);
	} else if (l != NULL) {
		if (!l->up || l->life != e->life || !n->runs)
			return;
		if (e->type == EV_MSG)
			on_msg(n, e->a, e->msg, e->len);
		else if (e->type == EV_COST)
			tree_peer_cost(n->tree, e->a, l->cost, tree_now(s));
		else if (l->cut || !s->node[l->node].runs)
			end_down(n, e->a);
	} else if (n->runs && n->life == e->life) {
		on_node_event(n, e);
	}
}

void
sim_run(struct sim *s, uint64_t until_us)
{
	struct event e;

	while (s->nheap > 0 && s->heap[0].at <= until_us) {
		e = pop(s);
		s->now = e.at;
		on_event(s, &e);
		free(e.msg);
	}
	s->now = until_us;
}

/* ---- the map -------------------------------------------------------------------------- */
static double
apart(const struct node *a, const struct node *b)
{
	return hypot(a->x - b->x, a->y - b->y);
}

static int
is_linked(const struct node *a, uint32_t b)
{
	unsigned i;

	for (i = 0; i < a->nlink; i++)
		if (a->link[i].node == b)
			return 1;
	return 0;
}

static void
link_add(struct sim *s, uint32_t a, uint32_t b)
{
	struct node *n[2] = { &s->node[a], &s->node[b] };
	uint64_t     delay = 2000 + (uint64_t)(apart(n[0], n[1]) * 60000);
	unsigned     i;

	if (a == b || is_linked(n[0], b))
		return;
	for (i = 0; i < 2; i++) {
		n[i]->link = realloc(n[i]->link,
		    (n[i]->nlink + 1) * sizeof(struct link));
		if (n[i]->link == NULL)
			err(1, "link");
		n[i]->link[n[i]->nlink] = (struct link){ .node = i ? a : b,
		    .slot = n[!i]->nlink, .delay_us = delay,
		    .cost = 1 + (double)delay * 2 / 100000 };
		/* The slots are right only before either count grows. */
		if (i == 1)
			n[1]->link[n[1]->nlink].slot = n[0]->nlink;
	}
	n[0]->nlink++;
	n[1]->nlink++;
	s->nlink++;
}

/* The nearest `want` nodes that come before i on the map, so all hang together. */
static void
link_nearest(struct sim *s, uint32_t i, unsigned want)
{
	uint32_t best, k;
	unsigned w;

	for (w = 0; w < want && w < i; w++) {
		for (best = UINT32_MAX, k = 0; k < i; k++)
			if (!is_linked(&s->node[i], k) && (best == UINT32_MAX ||
			    apart(&s->node[i], &s->node[k]) <
			    apart(&s->node[i], &s->node[best])))
				best = k;
		link_add(s, i, best);
	}
}

struct sim *
sim_new(const struct sim_conf *conf)
{
	struct sim *s = calloc(1, sizeof(*s));
	uint32_t    i;

	if (s == NULL || sodium_init() == -1 ||
	    (s->node = calloc(conf->nodes, sizeof(*s->node))) == NULL)
		err(1, "simulation");
	s->conf = *conf;
	s->random = conf->seed;
	for (i = 0; i < conf->nodes; i++) {
		struct node *n = &s->node[i];

		n->sim = s;
		n->x = fraction(s);
		n->y = fraction(s);
		put_le64(n->pub, sim_random(s));
		put_le64(n->pub + 8, i);
		crypto_generichash(n->addr, 16, n->pub, 32, NULL, 0);
		link_nearest(s, i, 1 + (unsigned)(sim_random(s) % NEAREST));
		if (i > 0 && sim_random(s) % 100 < conf->long_links)
			link_add(s, i, (uint32_t)(sim_random(s) % i));
	}
	for (i = 0; i < conf->nodes; i++)
		sim_start(s, i);
	return s;
}

void
sim_free(struct sim *s)
{
	uint32_t i;

	for (i = 0; i < s->conf.nodes; i++) {
		if (s->node[i].runs)
			modules_close(&s->node[i]);
		free(s->node[i].link);
	}
	while (s->nheap > 0)
		free(s->heap[--s->nheap].msg);
	free(s->heap);
	free(s->node);
	free(s->pair);
	free(s);
}

/* ---- looking ---------------------------------------------------------------------------- */
uint64_t
sim_now(const struct sim *s)
{
	return s->now;
}

uint64_t
sim_digest(const struct sim *s)
{
	return s->digest;
}

unsigned
sim_astray(const struct sim *s)
{
	const struct node *n, *end = s->node + s->conf.nodes;
	const uint8_t	  *best = NULL;
	unsigned	   astray = 0;

	for (n = s->node; n < end; n++)
		if (n->runs && (best == NULL || naddr_cmp(n->addr, best) < 0))
			best = n->addr;
	for (n = s->node; n < end; n++)
		astray += n->runs && naddr_cmp(tree_root(n->tree), best) != 0;
	return astray;
}

unsigned
sim_pairs_done(const struct sim *s)
{
	return s->ndone;
}

static unsigned
shortest(struct sim *s, uint32_t from, uint32_t to, uint32_t *queue,
    uint32_t *dist)
{
	uint32_t i, k, o, head = 0, tail = 0;

	for (i = 0; i < s->conf.nodes; i++)
		dist[i] = UINT32_MAX;
	dist[from] = 0;
	queue[tail++] = from;
	while (head < tail && dist[to] == UINT32_MAX) {
		i = queue[head++];
		for (k = 0; k < s->node[i].nlink; k++) {
			o = s->node[i].link[k].node;
			if (s->node[i].link[k].up && dist[o] == UINT32_MAX) {
				dist[o] = dist[i] + 1;
				queue[tail++] = o;
			}
		}
	}
	return dist[to];
}

double
sim_stretch(struct sim *s)
{
	uint32_t *queue = calloc(s->conf.nodes, sizeof(*queue));
	uint32_t *dist = calloc(s->conf.nodes, sizeof(*dist));
	uint64_t  hops = 0, best = 0;
	unsigned  i;

	if (queue == NULL || dist == NULL)
		err(1, "stretch");
	for (i = 0; i < s->npair; i++)
		if (s->pair[i].done) {
			hops += s->pair[i].hops;
			best += shortest(s, s->pair[i].from, s->pair[i].to,
			    queue, dist);
		}
	free(queue);
	free(dist);
	return best == 0 ? 0 : (double)hops / (double)best;
}

void
sim_counts(const struct sim *s, struct sim_count *c)
{
	*c = s->count;
}

unsigned
sim_links(const struct sim *s)
{
	return s->nlink;
}

unsigned
sim_depth_max(const struct sim *s)
{
	unsigned i, d = 0;

	for (i = 0; i < s->conf.nodes; i++)
		if (s->node[i].runs && tree_self(s->node[i].tree)->n > d)
			d = tree_self(s->node[i].tree)->n;
	return d - 1;
}

size_t
sim_mem(const struct sim *s)
{
	size_t	 sum = 0;
	unsigned i, n = 0;

	for (i = 0; i < s->conf.nodes; i++)
		if (s->node[i].runs) {
			sum += modules_mem(&s->node[i]);
			n++;
		}
	return n > 0 ? sum / n : 0;
}

size_t
sim_mem_250(void)
{
	struct sim  s = { .conf = { .nodes = 1 } };
	struct node n = { .sim = &s };
	size_t	    mem;

	s.node = &n;
	modules_open(&n, 250, (const uint8_t[16]){ 1 }, tree_now(&s));
	mem = modules_mem(&n);
	modules_close(&n);
	free(s.heap);
	return mem;
}

double
sim_over_cap(const struct sim *s)
{
	struct bloom_view v;
	unsigned	  i, k, over = 0, all = 0;

	for (i = 0; i < s->conf.nodes; i++)
		for (k = 0; s->node[i].runs && k < s->node[i].nlink; k++)
			if (tree_is_tree_peer(s->node[i].tree, k) &&
			    bloom_view(s->node[i].bloom, k, &v) == 0) {
				all++;
				over += v.over_cap != 0;
			}
	return all > 0 ? (double)over / all : 0;
}

double
sim_size_seen(const struct sim *s)
{
	return bloom_mesh_size(s->node[0].bloom);
}
