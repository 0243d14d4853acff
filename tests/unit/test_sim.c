/*
 * test_sim.c -- whole meshes: they settle, they heal, and a seed is a run.
 * `make sim` prints a table. room: netd, with: ../sim/mesh ../sim/node ../sim/map ../sim/sense ../sim/heal
 */
#include "../sim/mesh_int.h"
#include "suite.h"

static const uint64_t second = 1000000;

static struct sim *
mesh(unsigned nodes, uint64_t seed, double loss)
{
	struct sim_conf conf = { .nodes = nodes, .seed = seed, .loss = loss,
	    .long_links = 20, .dead_us = 30 * second };

	return sim_new(&conf);
}

/* Everything at once: pairs, a cut, deaths and returns. */
static uint64_t
stormy(uint64_t seed)
{
	struct sim *s = mesh(60, seed, 0.05);
	uint64_t    d;
	unsigned    i;

	sim_pairs(s, 50);
	sim_run(s, 20 * second);
	sim_cut(s, 0.4);
	for (i = 0; i < 10; i++) {
		sim_kill(s, (unsigned)(sim_random(s) % 60));
		sim_run(s, sim_now(s) + 7 * second);
		sim_start(s, (unsigned)(sim_random(s) % 60));
	}
	sim_heal(s);
	sim_run(s, sim_now(s) + 30 * second);
	d = sim_digest(s);
	sim_free(s);
	return d;
}

START_TEST(the_same_seed_gives_the_same_run)
{
	uint64_t a = stormy(7), b = stormy(7), c = stormy(8);

	ck_assert_uint_eq(a, b);
	ck_assert_uint_ne(a, c);
}
END_TEST

START_TEST(a_mesh_comes_to_one_root_and_everybody_reaches_everybody)
{
	struct sim *s = mesh(100, 3, 0.01);

	sim_pairs(s, 300);
	sim_run(s, 10 * second);
	ck_assert_uint_eq(sim_astray(s), 0);
	sim_run(s, 60 * second);
	ck_assert_uint_eq(sim_pairs_done(s), 300);
	ck_assert_double_gt(sim_size_seen(s), 95);
	ck_assert_double_lt(sim_size_seen(s), 105);
	sim_free(s);
}
END_TEST

START_TEST(a_mesh_that_was_cut_in_two_is_one_again_when_it_heals)
{
	struct sim *s = mesh(100, 4, 0.01);

	sim_run(s, 60 * second);
	sim_cut(s, 0.3);
	sim_run(s, sim_now(s) + 120 * second);
	/* One part lost the best root and has found another. */
	ck_assert_uint_gt(sim_astray(s), 0);
	sim_heal(s);
	sim_pairs(s, 300);
	sim_run(s, sim_now(s) + 10 * second);
	ck_assert_uint_eq(sim_astray(s), 0);
	sim_run(s, sim_now(s) + 50 * second);
	ck_assert_uint_eq(sim_pairs_done(s), 300);
	sim_free(s);
}
END_TEST

START_TEST(a_dead_root_is_forgotten)
{
	struct sim *s = mesh(100, 5, 0.01);
	unsigned    i, root = 0;

	sim_run(s, 60 * second);
	for (i = 0; i < 100; i++)
		if (tree_is_root(s->node[i].tree))
			root = i;
	sim_kill(s, root);
	ck_assert_uint_gt(sim_astray(s), 0);
	sim_run(s, sim_now(s) + 60 * second);
	ck_assert_uint_eq(sim_astray(s), 0);
	/* And taken back. */
	sim_start(s, root);
	sim_run(s, sim_now(s) + 10 * second);
	ck_assert_uint_eq(sim_astray(s), 0);
	sim_free(s);
}
END_TEST

START_TEST(no_tree_takes_long_to_heal_round_a_dead_node)
{
	uint64_t seed;

	for (seed = 1; seed <= 100; seed++)
		ck_assert_uint_le(healing(seed, 0), 20);
}
END_TEST

/* The root among them. */
START_TEST(whichever_node_can_be_spared_the_others_find_each_other_again)
{
	unsigned victims = 0;
	uint64_t seed;

	for (seed = 1; seed <= 5; seed++)
		ck_assert_uint_le(healing_worst(seed, 0, &victims), 20);
	ck_assert_uint_gt(victims, 5 * 10);
}
END_TEST

/*
 * A filter that is full with 150 nodes in it, as the true one is with 2,100: much is
 * below nodes of which the one above must be told that there is more.
 */
START_TEST(in_a_mesh_much_larger_than_a_filter_everybody_is_found)
{
	struct sim_conf conf = { .nodes = 600, .long_links = 20,
	    .dead_us = 30 * second, .max_fpr = 0.000006 };
	struct sim     *s;

	for (conf.seed = 1; conf.seed <= 4; conf.seed++) {
		s = sim_new(&conf);
		sim_run(s, 60 * second);
		ck_assert_double_gt(sim_over_cap(s), 0.005);
		sim_pairs(s, 400);
		sim_run(s, sim_now(s) + 10 * second);
		ck_assert_uint_eq(sim_pairs_done(s), 400);
		sim_free(s);
	}
}
END_TEST

START_TEST(one_frame_in_ten_may_be_lost)
{
	struct sim *s = mesh(60, 6, 0.10);

	sim_run(s, 120 * second);
	ck_assert_uint_eq(sim_astray(s), 0);
	sim_pairs(s, 100);
	sim_run(s, sim_now(s) + 180 * second);
	ck_assert_uint_eq(sim_pairs_done(s), 100);
	sim_free(s);
}
END_TEST

START_TEST(a_quiet_mesh_says_little)
{
	struct sim	*s = mesh(100, 9, 0);
	struct sim_count a, b;

	sim_run(s, 400 * second);
	sim_counts(s, &a);
	sim_run(s, 1000 * second);
	sim_counts(s, &b);
	/* Ten minutes: each link ten announces and two filters, both ways. */
	ck_assert_uint_le(b.msgs[SIM_TREE] - a.msgs[SIM_TREE],
	    11 * 2 * sim_links(s));
	ck_assert_uint_le(b.msgs[SIM_FILTER] - a.msgs[SIM_FILTER],
	    3 * 2 * sim_links(s));
	ck_assert_uint_eq(b.msgs[SIM_REQUEST], a.msgs[SIM_REQUEST]);
	sim_free(s);
}
END_TEST

/* Changes of parent in ten minutes of 60 nodes whose tree links are slow with load. */
static uint64_t
moves_below_load(uint64_t load_us, int restless)
{
	struct sim_conf	 conf = { .nodes = 60, .seed = 10, .long_links = 20,
	    .dead_us = 30 * second, .restless = restless, .sense = {
	    .every_s = 1, .frames = 50, .loss = 0.01, .uneven = 0.5, .sway = 0.2,
	    .load_us = load_us } };
	struct sim	*s = sim_new(&conf);
	struct sim_moves m;

	sim_run(s, 300 * second);
	sim_moves_begin(s);
	sim_run(s, 900 * second);
	sim_moves(s, &m);
	sim_free(s);
	return m.all;
}

START_TEST(what_each_end_sees_of_a_link_does_not_keep_a_mesh_moving)
{
	ck_assert_uint_le(moves_below_load(50000, 0), 60 * 10 / 20);
	/* Without what keeps us still it does. */
	ck_assert_uint_ge(moves_below_load(50000, 1), 60 * 10 / 5);
	/* Nor does load that makes every other parent look better. */
	ck_assert_uint_le(moves_below_load(200000, 0), 60 * 10 / 5);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, the_same_seed_gives_the_same_run);
	tcase_add_test(t,
	    a_mesh_comes_to_one_root_and_everybody_reaches_everybody);
	tcase_add_test(t, a_mesh_that_was_cut_in_two_is_one_again_when_it_heals);
	tcase_add_test(t, a_dead_root_is_forgotten);
	tcase_add_test(t, no_tree_takes_long_to_heal_round_a_dead_node);
	tcase_add_test(t, whichever_node_can_be_spared_the_others_find_each_other_again);
	tcase_add_test(t, in_a_mesh_much_larger_than_a_filter_everybody_is_found);
	tcase_add_test(t, one_frame_in_ten_may_be_lost);
	tcase_add_test(t, a_quiet_mesh_says_little);
	tcase_add_test(t,
	    what_each_end_sees_of_a_link_does_not_keep_a_mesh_moving);
}
