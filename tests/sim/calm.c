/*
 * calm.c -- how often the nodes of a mesh at rest change their parents, while each
 * end of a link sees another cost of it, now and a minute later: sim calm [seed
 * [nodes ...]]. See docs/simulation.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mesh.h"

enum { SETTLE_MIN = 5, REST_MIN = 30 };
static const uint64_t minute = 60000000;

static const struct {
	const char	*name;
	struct sim_sense sense;
} links[] = {
	{ "cost stays",		 { 0 } },
	{ "idle, 1 % loss",	 { 60, 8, 0.01, 0.5, 0.2, 0 } },
	{ "idle, 5 % loss",	 { 60, 8, 0.05, 1.0, 0.5, 0 } },
	{ "busy, 1 % loss",	 { 1, 50, 0.01, 0.5, 0.2, 0 } },
	{ "busy, 5 % loss",	 { 1, 50, 0.05, 1.0, 0.5, 0 } },
	{ "tree links +50 ms",	 { 1, 50, 0.01, 0.5, 0.2, 50000 } },
	{ "tree links +200 ms", { 1, 50, 0.05, 1.0, 0.5, 200000 } },
	{ "tree links +1 s",	 { 1, 50, 0.05, 1.0, 0.5, 1000000 } },
};

static void
row(unsigned nodes, uint64_t seed, unsigned i, int restless)
{
	struct sim_conf	 conf = { .nodes = nodes, .seed = seed, .loss = 0.01,
	    .long_links = 20, .dead_us = 30000000, .sense = links[i].sense,
	    .restless = restless };
	struct sim	*s = sim_new(&conf);
	struct sim_moves m;

	sim_run(s, SETTLE_MIN * minute);
	sim_moves_begin(s);
	sim_run(s, sim_now(s) + REST_MIN * minute);
	sim_moves(s, &m);
	printf("| %6u | %-18s | %-9s | %7.3f | %7.3f | %7.3f |\n", nodes,
	    links[i].name, restless ? "nothing" : "netd",
	    (double)m.all / nodes / REST_MIN, (double)m.back / nodes / REST_MIN,
	    (double)m.most / REST_MIN);
	fflush(stdout);
	sim_free(s);
}

int
calm(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned nodes, k, j;
	int	 i;

	puts("|  nodes | links              | kept by   | all/min | back/min | most/min |");
	puts("|-------:|--------------------|-----------|--------:|--------:|--------:|");
	for (i = 2; i < argc || i == 2; i++) {
		nodes = argc > 2 ? (unsigned)strtoul(argv[i], NULL, 10) : 100;
		for (k = 0; k < sizeof(links) / sizeof(links[0]); k++)
			for (j = 0; j < 2; j++)
				row(nodes, seed, k, (int)j);
	}
	return 0;
}
