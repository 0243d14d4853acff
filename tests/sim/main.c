/*
 * main.c -- prints what a mesh of given sizes costs and how long it takes:
 * sim [seed [nodes ...]]. See docs/simulation.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mesh.h"

enum { STEP_US = 100000, PAIRS = 400, MESHES = 16 };
static const uint64_t second = 1000000;

/* Seconds from `from` until it holds, or -1 when not within `limit_s`. */
static double
until(struct sim *s, uint64_t from, unsigned limit_s,
    int (*holds)(const struct sim *))
{
	while (!holds(s)) {
		if (sim_now(s) - from > limit_s * second)
			return -1;
		sim_run(s, sim_now(s) + STEP_US);
	}
	return (double)(sim_now(s) - from) / (double)second;
}

static int
has_one_root(const struct sim *s)
{
	return sim_astray(s) == 0;
}

static int
talks(const struct sim *s)
{
	return sim_pairs_done(s) * 100 >= PAIRS * 99;
}

static void
seconds(double s)
{
	if (s < 0)
		printf("       - |");
	else
		printf(" %7.1f |", s);
}

/* Messages and bytes a node a minute, over ten quiet minutes. */
struct rest {
	unsigned nodes;
	double	 msgs, bytes, kib;
};

static struct rest
rest(struct sim *s, unsigned nodes)
{
	struct rest	 r = { .nodes = nodes };
	struct sim_count a, b;
	unsigned	 i;

	sim_run(s, sim_now(s) + 180 * second);
	sim_counts(s, &a);
	sim_run(s, sim_now(s) + 600 * second);
	sim_counts(s, &b);
	for (i = SIM_TREE; i <= SIM_FILTER; i++) {
		r.msgs += (double)(b.msgs[i] - a.msgs[i]) / nodes / 10;
		r.bytes += (double)(b.bytes[i] - a.bytes[i]) / nodes / 10;
	}
	r.kib = (double)sim_mem(s) / 1024;
	return r;
}

/* One row of the table; and what the mesh says at rest when it has healed. */
static struct rest
row(unsigned nodes, uint64_t seed)
{
	struct rest	r;
	struct sim_conf conf = { .nodes = nodes, .seed = seed, .loss = 0.01,
	    .long_links = 20, .dead_us = 30 * second };
	struct sim     *s = sim_new(&conf);
	uint64_t	t;
	double		root, talk;
	unsigned	reached;

	printf("| %6u | %6u |", nodes, sim_links(s));
	sim_pairs(s, PAIRS);
	root = until(s, 0, 300, has_one_root);
	seconds(root);
	talk = until(s, 0, 300, talks);
	seconds(talk);
	fflush(stdout);
	r = rest(s, nodes);
	printf(" %6.1f | %7.0f |", r.msgs, r.bytes);
	sim_pairs(s, PAIRS);
	sim_run(s, sim_now(s) + 30 * second);
	reached = sim_pairs_done(s);
	printf(" %5.1f%% | %5.2f | %5u | %5.0f | %6.0f | %5.1f%% |",
	    100.0 * reached / PAIRS, sim_stretch(s), sim_depth_max(s),
	    (double)sim_mem(s) / 1024, sim_size_seen(s), 100 * sim_over_cap(s));
	fflush(stdout);
	sim_cut(s, 0.3);
	sim_run(s, sim_now(s) + 180 * second);
	t = sim_now(s);
	sim_heal(s);
	sim_pairs(s, PAIRS);
	root = until(s, t, 300, has_one_root);
	seconds(root);
	talk = until(s, t, 300, talks);
	seconds(talk);
	printf(" %5.1f%% | %5.2f |\n", 100.0 * sim_pairs_done(s) / PAIRS,
	    sim_stretch(s));
	fflush(stdout);
	r = rest(s, nodes);
	sim_free(s);
	return r;
}

int
main(int argc, char **argv)
{
	uint64_t    seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	struct rest healed[MESHES];
	int	    i, n = 0;

	if (argc > 1 && strcmp(argv[1], "calm") == 0)
		return calm(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "lost") == 0)
		return lost(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "heal") == 0)
		return heal(argc - 1, argv + 1);
	printf("memory of a node with room for 250 peers and 10,000 places: "
	    "%zu KiB\n\n", sim_mem_250() / 1024);
	puts("|  nodes |  links | root, s | 99 %, s | msg/min | B/min | pairs |"
	    " stretch | depth | KiB | est. | over cap | heal root, s |"
	    " heal 99 %, s | pairs | stretch |");
	puts("|-------:|-------:|--------:|--------:|-------:|--------:|-------:|"
	    "------:|------:|------:|-------:|-------:|--------:|--------:|"
	    "-------:|------:|");
	if (argc < 3) {
		healed[n++] = row(100, seed);
		healed[n++] = row(1000, seed);
	}
	for (i = 2; i < argc && n < MESHES; i++)
		healed[n++] = row((unsigned)strtoul(argv[i], NULL, 10), seed);
	puts("\nat rest again after that:\n\n"
	    "|  nodes | msg/min | B/min | KiB |\n|-------:|-------:|--------:|------:|");
	for (i = 0; i < n; i++)
		printf("| %6u | %6.1f | %7.0f | %5.0f |\n", healed[i].nodes,
		    healed[i].msgs, healed[i].bytes, healed[i].kib);
	return 0;
}
