/*
 * heal.c -- how long a small mesh takes to talk again after a death, over many seeds:
 * sim heal [seed [runs [percent of frames lost]]]. See docs/simulation.md.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mesh.h"

enum { LIMIT_S = 150, NODES = 20 };
static const uint64_t second = 1000000;

static struct sim *
settled(uint64_t seed, double loss)
{
	struct sim_conf conf = { .nodes = NODES, .tree_links = 10, .seed = seed,
	    .loss = loss, .dead_us = 30 * second, .mute_us = 5 * second };
	struct sim     *s = sim_new(&conf);

	sim_run(s, 15 * second);
	return s;
}

static unsigned
healing_without(struct sim *s, unsigned victim)
{
	unsigned t, pairs;

	sim_kill(s, victim);
	pairs = sim_pairs_all(s);
	for (t = 0; t < LIMIT_S && sim_pairs_done(s) < pairs; t++)
		sim_run(s, sim_now(s) + second);
	sim_free(s);
	return t;
}

unsigned
healing(uint64_t seed, double loss)
{
	struct sim *s = settled(seed, loss);

	return healing_without(s, sim_busiest(s));
}

unsigned
healing_worst(uint64_t seed, double loss, unsigned *victims)
{
	struct sim *s;
	unsigned    i, t, worst = 0;

	for (i = 0; i < NODES; i++) {
		s = settled(seed, loss);
		if (!sim_is_spare(s, i)) {
			sim_free(s);
			continue;
		}
		t = healing_without(s, i);
		worst = t > worst ? t : worst;
		++*victims;
	}
	return worst;
}

/* Within how many seconds that many of all runs were whole again. */
static unsigned
within(const unsigned count[LIMIT_S + 1], double share, unsigned runs)
{
	unsigned t, n = count[0];

	for (t = 0; t < LIMIT_S && n < share * runs; )
		n += count[++t];
	return t;
}

int
heal(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned runs = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1000, i;
	double	 percent = argc > 3 ? strtod(argv[3], NULL) : 3;
	unsigned count[LIMIT_S + 1] = { 0 };

	for (i = 0; i < runs; i++)
		count[healing(seed + i, percent / 100)]++;
	puts("|  runs | lost | half, s | 90 %, s | 99 %, s | all, s |");
	puts("|------:|-----:|--------:|--------:|--------:|-------:|");
	printf("| %5u | %2.0f %% | %7u | %7u | %7u | %6u |\n", runs, percent,
	    within(count, 0.5, runs), within(count, 0.9, runs),
	    within(count, 0.99, runs), within(count, 1, runs));
	return 0;
}
