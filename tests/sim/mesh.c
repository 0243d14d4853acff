/*
 * mesh.c -- the simulator: events, the network, the datagrams. One heap of events,
 * one generator of numbers; no clock of the machine, no threads, so a seed is a run.
 */
#include "mesh_int.h"

#include <err.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers and events --------------------------------------------------- */
uint64_t
sim_random(struct sim *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

double
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

void
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

void
later(struct node *n, uint64_t us, enum event_type type, uint32_t a, uint32_t b)
{
	struct sim *s = n->sim;

	push(s, (struct event){ .at = s->now + us, .type = type,
	    .node = (uint32_t)(n - s->node), .life = n->life, .a = a, .b = b });
}

struct tree_time
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

void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	struct node *n = arg;
	struct sim  *s = n->sim;
	struct link *l = &n->link[slot];
	uint64_t     jitter = sim_random(s) % (l->delay_us / 4 + 1);
	uint8_t	    *copy;

	s->count.msgs[kind_of(msg[0])]++;
	s->count.bytes[kind_of(msg[0])] += len + FRAME_OVERHEAD;
	if (!s->node[l->node].runs && s->conf.mute_us != 0)
		push(s, (struct event){ .at = s->now + s->conf.mute_us,
		    .type = EV_DEAD, .node = (uint32_t)(n - s->node),
		    .a = slot, .life = l->life });
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

/* Room for n of a new round. */
static void
round_begin(struct sim *s, unsigned n)
{
	s->round++;
	s->npair = s->ndone = 0;
	s->pair = realloc(s->pair, n * sizeof(*s->pair));
	if (s->pair == NULL)
		err(1, "pairs");
}

static void
pair_add(struct sim *s, uint32_t from, uint32_t to)
{
	s->pair[s->npair] = (struct pair){ .from = from, .to = to };
	push(s, (struct event){ .at = s->now + sim_random(s) % 1000000,
	    .type = EV_PAIR, .node = from, .life = s->node[from].life,
	    .a = s->npair++, .b = s->round });
}

void
sim_pairs(struct sim *s, unsigned n)
{
	uint32_t from, to;

	round_begin(s, n);
	while (s->npair < n) {
		from = (uint32_t)(sim_random(s) % s->conf.nodes);
		to = (uint32_t)(sim_random(s) % s->conf.nodes);
		if (from != to)
			pair_add(s, from, to);
	}
}

unsigned
sim_pairs_all(struct sim *s)
{
	uint32_t i, k, n = s->conf.nodes;

	round_begin(s, n * n);
	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			if (i != k && s->node[i].runs && s->node[k].runs)
				pair_add(s, i, k);
	return s->npair;
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
on_cost(struct node *n, unsigned slot)
{
	struct link *l = &n->link[slot];

	if (l->sense != NULL)
		cost_due(n, slot, sense_report(n, slot));
	tree_peer_cost(n->tree, slot, l->cost, tree_now(n->sim));
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
			on_cost(n, e->a);
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
