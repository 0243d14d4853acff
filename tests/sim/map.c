/* map.c -- where the nodes of the simulator stand, and what is seen of them. */
#include "mesh_int.h"

#include <err.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

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

/* Below one that comes before it, each with the same chance; then some more links. */
static void
link_tree(struct sim *s, unsigned extra)
{
	uint32_t i, a, b;

	for (i = 1; i < s->conf.nodes; i++)
		link_add(s, i, (uint32_t)(sim_random(s) % i));
	while (s->nlink < s->conf.nodes - 1 + extra) {
		a = (uint32_t)(sim_random(s) % s->conf.nodes);
		b = (uint32_t)(sim_random(s) % s->conf.nodes);
		link_add(s, a, b);
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
		if (conf->tree_links != 0)
			continue;
		link_nearest(s, i, 1 + (unsigned)(sim_random(s) % NEAREST));
		if (i > 0 && sim_random(s) % 100 < conf->long_links)
			link_add(s, i, (uint32_t)(sim_random(s) % i));
	}
	if (conf->tree_links != 0)
		link_tree(s, conf->tree_links);
	for (i = 0; i < conf->nodes; i++)
		sim_start(s, i);
	return s;
}

void
sim_free(struct sim *s)
{
	uint32_t i, k;

	for (i = 0; i < s->conf.nodes; i++) {
		if (s->node[i].runs)
			modules_close(&s->node[i]);
		for (k = 0; k < s->node[i].nlink; k++)
			free(s->node[i].link[k].sense);
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

/* Do all others hang together without it? */
static int
is_spare(const struct sim *s, uint32_t node, uint32_t *queue, uint8_t *seen)
{
	uint32_t i, k, o, head = 0, tail = 0, n = s->conf.nodes;

	memset(seen, 0, n);
	seen[node] = 1;
	queue[tail++] = (node + 1) % n;
	seen[queue[0]] = 1;
	while (head < tail) {
		i = queue[head++];
		for (k = 0; k < s->node[i].nlink; k++) {
			o = s->node[i].link[k].node;
			if (!seen[o])
				queue[tail++] = o;
			seen[o] = 1;
		}
	}
	return tail == n - 1;
}

int
sim_is_spare(const struct sim *s, unsigned node)
{
	uint32_t *queue = calloc(s->conf.nodes, sizeof(*queue));
	uint8_t  *seen = calloc(s->conf.nodes, 1);
	int	  spare;

	if (queue == NULL || seen == NULL)
		err(1, "spare");
	spare = is_spare(s, node, queue, seen);
	free(queue);
	free(seen);
	return spare;
}

unsigned
sim_busiest(struct sim *s)
{
	uint32_t *queue = calloc(s->conf.nodes, sizeof(*queue));
	uint8_t	 *seen = calloc(s->conf.nodes, 1);
	unsigned  i, best = 0, links = 0;

	if (queue == NULL || seen == NULL)
		err(1, "busiest");
	for (i = 0; i < s->conf.nodes; i++)
		if (s->node[i].nlink > links && is_spare(s, i, queue, seen)) {
			best = i;
			links = s->node[i].nlink;
		}
	free(queue);
	free(seen);
	return best;
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
sim_moves_begin(struct sim *s)
{
	uint32_t i;

	for (i = 0; i < s->conf.nodes; i++)
		s->node[i].moves = s->node[i].back = 0;
}

void
sim_moves(const struct sim *s, struct sim_moves *m)
{
	const struct node *n;

	memset(m, 0, sizeof(*m));
	for (n = s->node; n < s->node + s->conf.nodes; n++) {
		m->all += n->moves;
		m->back += n->back;
		if (n->moves > m->most)
			m->most = n->moves;
	}
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
