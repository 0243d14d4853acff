/*
 * lost.c -- why pairs have not talked: what would become of a look-up begun now if no
 * frame got lost: sim lost [seed [nodes ...]]. See docs/simulation.md.
 */
#include "mesh_int.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAIRS = 400, START_S = 20, REST_S = 180, WAIT_S = 30 };
static const uint64_t second = 1000000;

/* By pairs: all that wait, and of these who would be found now, whose question takes
 * another way than up to the nodes above the target, or is not handed down to it. */
struct causes {
	unsigned all, found, astray, hidden;
};

struct walk {
	struct sim *s;
	uint32_t   *queue, *from;	/* nodes asked, and by which of their links */
	uint8_t	   *seen;
	uint32_t    tail;
};

static uint32_t
above(const struct sim *s, uint32_t node)
{
	unsigned slot = tree_parent(s->node[node].tree);

	return slot == TREE_NO_SLOT ? node : s->node[node].link[slot].node;
}

static void
ask(struct walk *w, uint32_t node, uint32_t from)
{
	if (w->seen[node])
		return;
	w->seen[node] = 1;
	w->from[node] = from;
	w->queue[w->tail++] = node;
}

/* The question goes everywhere it is handed to. */
static int
is_found(struct walk *w, uint32_t from, uint32_t to)
{
	uint16_t     slot[UINT8_MAX];
	struct link *l;
	uint32_t     head = 0, i, n;

	memset(w->seen, 0, w->s->conf.nodes);
	w->tail = 0;
	ask(w, from, TREE_NO_SLOT);
	while (head < w->tail && !w->seen[to]) {
		i = w->queue[head++];
		n = lookup_whom(w->s->node[i].lookup, w->s->node[to].addr,
		    w->from[i], slot, UINT8_MAX);
		while (n-- > 0) {
			l = &w->s->node[i].link[slot[n]];
			if (l->up)
				ask(w, l->node, l->slot);
		}
	}
	return w->seen[to];
}

/* Did it come to a node that the target stands below? */
static int
is_above(const struct walk *w, uint32_t to)
{
	uint32_t up = above(w->s, to);

	while (!w->seen[up] && up != above(w->s, up))
		up = above(w->s, up);
	return w->seen[up];
}

static void
look(struct sim *s, struct causes *c)
{
	struct walk w = { .s = s };
	unsigned    i;

	w.queue = calloc(s->conf.nodes, sizeof(*w.queue));
	w.from = calloc(s->conf.nodes, sizeof(*w.from));
	w.seen = calloc(s->conf.nodes, 1);
	if (w.queue == NULL || w.from == NULL || w.seen == NULL)
		err(1, "look-ups");
	memset(c, 0, sizeof(*c));
	for (i = 0; i < s->npair; i++) {
		if (s->pair[i].done)
			continue;
		c->all++;
		if (is_found(&w, s->pair[i].from, s->pair[i].to))
			c->found++;
		else if (is_above(&w, s->pair[i].to))
			c->hidden++;
		else
			c->astray++;
	}
	free(w.queue);
	free(w.from);
	free(w.seen);
}

static void
row(struct sim *s, const char *when)
{
	struct causes c;

	look(s, &c);
	printf("| %6u | %-10s | %5u | %7u | %6u | %6u |\n", s->conf.nodes, when,
	    c.all, c.found, c.astray, c.hidden);
	fflush(stdout);
}

static void
rows(unsigned nodes, uint64_t seed)
{
	struct sim_conf conf = { .nodes = nodes, .seed = seed, .loss = 0.01,
	    .long_links = 20, .dead_us = 30 * second };
	struct sim     *s = sim_new(&conf);

	sim_pairs(s, PAIRS);
	sim_run(s, START_S * second);
	row(s, "cold start");
	sim_run(s, REST_S * second);
	sim_pairs(s, PAIRS);
	sim_run(s, (REST_S + WAIT_S) * second);
	row(s, "at rest");
	sim_free(s);
}

int
lost(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int	 i;

	puts("|  nodes | when       | wait  | found   | astray | hidden |");
	puts("|-------:|------------|------:|--------:|-------:|-------:|");
	if (argc < 3)
		rows(1000, seed);
	for (i = 2; i < argc; i++)
		rows((unsigned)strtoul(argv[i], NULL, 10), seed);
	return 0;
}
