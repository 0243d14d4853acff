/*
 * room: netd, with: tree_world -- what a change is told to whom, and who sways
 * whom how often.
 */
#include "tree_world.h"

START_TEST(a_change_above_the_parent_is_told_a_new_time_stamp_is_not)
{
	unsigned n;

	peer(0, 60), peer(1, 200);
	SAYS(0, 1, 60, 40, 10);
	at(2000);
	n = sent[1].count;
	at(3000);
	SAYS(0, 2, 60, 40, 10);
	ck_assert_uint_eq(sent[1].count, n);
	SAYS(0, 3, 60, 41, 10);
	ck_assert_uint_eq(sent[1].count, n + 1);
	ck_assert_uint_eq(sent[1].last.path.at.addr[2][1], 41);
}
END_TEST

START_TEST(a_new_place_is_said_four_times_within_half_a_minute)
{
	uint64_t ms;

	peer(0, 60), peer(1, 200);
	SAYS(0, 1, 60, 10);
	for (ms = 2000; ms < 40000; ms += 500)
		at(ms);
	ck_assert_uint_eq(sent[1].count, 1 + 4);
	ck_assert_uint_eq(sent[1].last.decl.seq, 2);
}
END_TEST

START_TEST(announces_to_one_peer_keep_their_distance)
{
	unsigned i;

	peer(0, 60), peer(1, 200);
	for (i = 0; i < 8; i++) {
		SAYS(0, 2 * i + 1, 60, 40 + i, 10);
		at(now.ms + 100);
	}
	ck_assert_uint_le(sent[1].count, 3);
	at(now.ms + 500);
	ck_assert_uint_eq(sent[1].last.path.at.addr[2][1], 47);
}
END_TEST

START_TEST(a_worse_root_gets_our_place_again)
{
	uint64_t ms;
	unsigned n;

	peer(0, 200);
	at(2000);
	n = sent[0].count;
	SAYS(0, 1, 200);
	ck_assert_uint_eq(sent[0].count, n + 1);
	ck_assert_uint_eq(tree_stats(tree)->echoes, 1);
	/* And every minute, whether it changed or not: long after its repetitions. */
	for (ms = 3000; ms < 61000; ms += 1000)
		at(ms);
	n = sent[0].count;
	at(61000);
	ck_assert_uint_eq(sent[0].count, n + 1);
	for (ms = 62000; ms < 121000; ms += 1000)
		at(ms);
	ck_assert_uint_eq(sent[0].count, n + 1);
	at(121000);
	ck_assert_uint_eq(sent[0].count, n + 2);
	ck_assert_uint_eq(sent[0].last.decl.seq, 1);
}
END_TEST

/* Forced changes of parent under one root, from one peer to another and back. */
static void
flap(uint64_t *seq)
{
	unsigned i;

	for (i = 0; i < 5; i++) {
		++*seq;
		SAYS(i & 1, *seq, 60 + 10 * (i & 1), 10);
		++*seq;
		SAYS(!(i & 1), *seq, 70 - 10 * (i & 1));
		at(now.ms + 1000);
	}
}

START_TEST(dampening_engages_every_time_not_once)
{
	uint64_t seq = 0;
	unsigned round;

	peer(0, 60), peer(1, 70), peer(2, 80);
	for (round = 1; round <= 3; round++) {
		flap(&seq);
		ck_assert_uint_eq(tree_stats(tree)->damped, round);
		/* A far better parent is not taken while we hold still. */
		seq++;
		SAYS(1, seq, 70, 30, 31, 32, 33, 10);
		SAYS(0, seq, 60);
		ck_assert_uint_eq(tree_parent(tree), 1);
		seq++;
		SAYS(2, seq, 80, 10);
		at(now.ms + 61000);
		ck_assert_uint_eq(tree_parent(tree), 1);
		at(now.ms + 121000);
		ck_assert_uint_eq(tree_parent(tree), 2);
		seq++;
		SAYS(2, seq, 80);
		at(now.ms + 61000);
	}
}
END_TEST

/* The parent is dear and the other cheap, whichever it is: how often do we change? */
static unsigned
swayed(unsigned minutes, double dear)
{
	uint64_t was = tree_stats(tree)->switches;
	unsigned i, s;

	for (s = 0; s < minutes * 60; s++) {
		for (i = 0; i < 2; i++)
			tree_peer_cost(tree, i,
			    tree_parent(tree) == i ? dear : 1, now);
		at(now.ms + 1000);
		while (asked_sign.token != 0)
			sign_all();
	}
	return (unsigned)(tree_stats(tree)->switches - was);
}

START_TEST(what_is_dear_only_while_we_use_it_is_left_ever_more_seldom)
{
	unsigned was;

	peer(0, 60), peer(1, 70);
	SAYS(0, 1, 60, 10);
	SAYS(1, 1, 70, 10);
	ck_assert_uint_ge(swayed(10, 3), 3);
	swayed(20, 3);
	ck_assert_uint_le(swayed(60, 3), 8);
	/* A link that loses nearly all is left at the next look, even so. */
	was = tree_parent(tree);
	tree_peer_cost(tree, was, 100, now);
	at(now.ms + 61000);
	ck_assert_uint_ne(tree_parent(tree), was);
	/* Long after, the first change waits for no more than it did at first. */
	ck_assert_uint_eq(swayed(70, 1), 0);
	ck_assert_uint_ge(swayed(3, 3), 2);
}
END_TEST

START_TEST(who_was_driven_away_goes_back_as_soon_as_its_last_choice_is_old)
{
	peer(0, 60), peer(1, 70), peer(2, 80);
	SAYS(0, 1, 60, 10);
	SAYS(1, 1, 70, 10);
	SAYS(2, 1, 80, 40, 41, 10);
	tree_peer_cost(tree, 2, 1, now);
	ck_assert_uint_ge(swayed(30, 3), 3);
	ck_assert_uint_eq(swayed(8, 1), 0);
	SAYS(0, 2, 60);
	SAYS(1, 2, 70);
	ck_assert_uint_eq(tree_parent(tree), 2);
	SAYS(0, 3, 60, 10);
	SAYS(1, 3, 70, 10);
	ck_assert_uint_eq(swayed(2, 1), 1);
	ck_assert_uint_eq(tree_parent(tree), 0);
}
END_TEST

START_TEST(a_place_below_a_new_root_is_sought_as_if_we_had_never_changed)
{
	unsigned root;

	peer(0, 60), peer(1, 70);
	for (root = 20; root > 10; root--) {
		SAYS(0, 21 - root, 60, root);
		SAYS(1, 21 - root, 70, root);
		ck_assert_uint_ge(swayed(1, 3), 1);
	}
	ck_assert_uint_ge(swayed(10, 3), 3);
}
END_TEST

START_TEST(following_ever_better_roots_is_no_flapping)
{
	unsigned i;

	peer(0, 60), peer(1, 70);
	for (i = 0; i < 14; i++)
		SAYS(i & 1, i + 1, 60 + 10 * (i & 1), 40 - i);
	ck_assert_uint_eq(tree_stats(tree)->switches, 14);
	ck_assert_uint_eq(tree_stats(tree)->damped, 0);
}
END_TEST

/* Does our place follow peer 0, who names another root each second? */
static unsigned
roots_followed(uint64_t *seq, unsigned seconds)
{
	unsigned i, n = 0;
	uint8_t  was[16];

	for (i = 0; i < seconds; i++) {
		memcpy(was, tree_root(tree), 16);
		if (i & 1)
			SAYS(0, ++*seq, 60);
		else
			SAYS(0, ++*seq, 60, 10 + i % 4);
		at(now.ms + 1000);
		n += memcmp(was, tree_root(tree), 16) != 0;
	}
	return n;
}

START_TEST(a_peer_that_sways_between_roots_soon_sways_nobody)
{
	uint64_t seq = 0;

	peer(0, 60), peer(1, 50);
	SAYS(1, 1, 50);
	ck_assert_uint_le(roots_followed(&seq, 60), 22);
	/* It goes and comes back: no reason to begin anew. */
	peer(0, 60);
	seq = 0;
	ck_assert_uint_le(roots_followed(&seq, 60), 6);
	/* An honest change counts when there were few for a while. */
	at(now.ms + 120000);
	while (asked_verify[0].token != 0)
		verdict(0, 1);
	SAYS(0, ++seq, 60, 20);
	ck_assert_uint_eq(tree_root(tree)[1], 20);
}
END_TEST

/* A key a second, which names a better root and goes: how often do we move? */
static unsigned
moved_by_fresh_keys(unsigned seconds)
{
	unsigned i, n = 0;
	uint8_t  was[16];

	for (i = 0; i < seconds; i++) {
		memcpy(was, tree_root(tree), 16);
		peer(i % 4, 3000 + i);
		SAYS(i % 4, 1, 3000 + i, 10);
		n += memcmp(was, tree_root(tree), 16) != 0;
		at(now.ms + 1000);
		tree_peer_del(tree, i % 4, now);
		sign_all();
	}
	return n;
}

START_TEST(fresh_keys_move_us_no_oftener_than_a_few_that_stay)
{
	uint8_t addr[16];

	ck_assert_uint_ge(moved_by_fresh_keys(60), 60);
	ck_assert_uint_le(moved_by_fresh_keys(60), 40);
	ck_assert_uint_le(moved_by_fresh_keys(60), 20);
	/* All that while a peer of ours is heard. */
	addr_of(60, addr);
	tree_peer_add(tree, 5, addr, 1, now);
	SAYS(5, 1, 60, 20);
	ck_assert_uint_eq(tree_root(tree)[1], 20);
	/* Others who are anybody follow it: they bring nothing new, and may. */
	peer(6, 61);
	SAYS(6, 1, 61, 20);
	ck_assert_ptr_nonnull(tree_peer_at(tree, 6));
}
END_TEST

START_TEST(a_parent_is_reconsidered_as_often_as_configured)
{
	struct tree_cfg cfg = { .peers_max = PEERS, .path_max = TREE_PATH_MAX,
	    .reeval_ms = 5000, .announce_ms = 500, .flap_count = 4 };
	unsigned i;

	teardown();
	addr_of(100, cfg.addr);
	tree = tree_new(&cfg, &cb, NULL, now);
	sign_all();
	peer(0, 60);
	SAYS(0, 1, 60);
	for (i = 0; i < 60; i++)
		at(now.ms + 1000);
	ck_assert_uint_le(tree_tick(tree, now), 5000);
}
END_TEST

START_TEST(a_signature_that_comes_late_is_not_told_for_a_newer_place)
{
	uint8_t	 buf[TREE_MSG_MAX];
	uint32_t old;
	unsigned n;

	peer(0, 60), peer(1, 200);
	at(5000), at(5600);
	n = sent[1].count;
	tree_recv(tree, 0, buf, announce(buf, 1, 1, (const unsigned[]){ 60 }), now);
	verdict(0, 1);
	old = asked_sign.token;
	tree_recv(tree, 0, buf, announce(buf, 2, 2, (const unsigned[]){ 60, 10 }), now);
	verdict(0, 1);
	ck_assert_uint_eq(asked_sign.token, old);
	tree_signed(tree, old, (const uint8_t[64]){ 1 }, now);
	ck_assert_uint_eq(sent[1].count, n);
	ck_assert_uint_ne(asked_sign.token, old);
	sign_all();
	ck_assert_uint_eq(sent[1].count, n + 1);
	ck_assert_uint_eq(sent[1].last.path.at.n, 3);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_change_above_the_parent_is_told_a_new_time_stamp_is_not);
	tcase_add_test(t,
	    a_new_place_is_said_four_times_within_half_a_minute);
	tcase_add_test(t, announces_to_one_peer_keep_their_distance);
	tcase_add_test(t, a_worse_root_gets_our_place_again);
	tcase_add_test(t, dampening_engages_every_time_not_once);
	tcase_add_test(t,
	    what_is_dear_only_while_we_use_it_is_left_ever_more_seldom);
	tcase_add_test(t, who_was_driven_away_goes_back_as_soon_as_its_last_choice_is_old);
	tcase_add_test(t,
	    a_place_below_a_new_root_is_sought_as_if_we_had_never_changed);
	tcase_add_test(t, following_ever_better_roots_is_no_flapping);
	tcase_add_test(t, a_peer_that_sways_between_roots_soon_sways_nobody);
	tcase_add_test(t, fresh_keys_move_us_no_oftener_than_a_few_that_stay);
	tcase_add_test(t, a_parent_is_reconsidered_as_often_as_configured);
	tcase_add_test(t, a_signature_that_comes_late_is_not_told_for_a_newer_place);
}
