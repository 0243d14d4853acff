/*
 * room: netd, with: tree_world -- announces, and whom a node chooses as its
 * parent.
 */
#include "tree_world.h"

/* FIPS-WIRE Appendix A: node A under C. */
#define ANN "1001070000000000000000f1536500000000aca221406950440c41d550280ed15a" \
	"7f020069e08d65cc3a6b9c2c2ac4bd405e4b0e070000000000000000f1536500000000" \
	"aca221406950440c41d550280ed15a7f0300000000000000fff0536500000000412368" \
	"72bcefb7c104e50af3934166183a238773a780cf800064412e041c705ec72057eac1aa" \
	"1c70bf3c109ff246e096c9b858ed01620834c127cfb35798e9ee"
#define TBS "69e08d65cc3a6b9c2c2ac4bd405e4b0eaca221406950440c41d550280ed15a7f07" \
	"0000000000000000f1536500000000"

START_TEST(announce_of_the_reference_decodes_and_encodes_back)
{
	uint8_t		in[512], out[512], tbs[48], want[48];
	size_t		len = strlen(ANN) / 2;
	struct tree_ann a;

	ck_assert_int_eq(hex_decode(ANN, in, len), 0);
	ck_assert_int_eq(tree_decode(in, len, &a), 0);
	ck_assert_int_eq(tree_encode(&a, out, sizeof(out)), len);
	ck_assert_mem_eq(in, out, len);
	hex_decode(TBS, want, 48);
	tree_tbs(&a.decl, tbs);
	ck_assert_mem_eq(tbs, want, 48);
	/* The reference's vector has C below A: form is right, root is not. */
	ck_assert_int_eq(tree_check(&a), -1);
}
END_TEST

START_TEST(announce_cut_or_lengthened_anywhere_is_malformed)
{
	uint8_t		in[512];
	size_t		len = strlen(ANN) / 2, cut;
	struct tree_ann a;

	hex_decode(ANN, in, len);
	in[len] = 0;
	for (cut = 0; cut <= len + 1; cut++)
		ck_assert_int_eq(tree_decode(in, cut, &a), cut == len ? 0 : -1);
	in[0] = 0x11;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
	in[0] = 0x10, in[1] = 2;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
	in[1] = 1, in[34] = in[35] = 0xff;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
	in[34] = in[35] = 0;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
}
END_TEST

START_TEST(a_path_must_agree_with_its_declaration)
{
	static const struct {
		unsigned n, path[4], parent;
		int	 ok;
	} row[] = {
		{ 1, { 50 }, 50, 0 }, { 2, { 50, 10 }, 10, 0 },
		{ 1, { 50 }, 10, -1 }, { 2, { 50, 10 }, 50, -1 },
		{ 2, { 50, 10 }, 11, -1 }, { 3, { 50, 10, 20 }, 10, -1 },
		{ 2, { 50, 60 }, 60, -1 }, { 4, { 50, 40, 50, 10 }, 40, -1 },
	};
	uint8_t		buf[TREE_MSG_MAX];
	struct tree_ann a;
	unsigned	i, k;
	ssize_t		len;

	peer(0, 50);
	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(&a, 0, sizeof(a));
		a.path.at.n = (uint16_t)row[i].n;
		for (k = 0; k < row[i].n; k++)
			addr_of(row[i].path[k], a.path.at.addr[k]);
		addr_of(row[i].path[0], a.decl.addr);
		addr_of(row[i].parent, a.decl.parent);
		ck_assert_int_eq(tree_check(&a), row[i].ok);
		/* And nothing is asked for one that does not. */
		a.decl.seq = a.path.seq[0] = i + 1;
		len = tree_encode(&a, buf, sizeof(buf));
		k = asked_verify[0].count;
		ck_assert_int_eq(tree_recv(tree, 0, buf, (size_t)len, now),
		    row[i].ok == 0 ? TREE_ASKED : TREE_BAD_PATH);
		ck_assert_uint_eq(asked_verify[0].count - k, row[i].ok == 0);
		verdict(0, 1);
	}
}
END_TEST

START_TEST(nothing_is_told_before_it_is_signed)
{
	struct tree_cfg cfg = { .peers_max = 2, .path_max = 9, .flap_count = 4 };
	struct tree    *u;

	addr_of(100, cfg.addr);
	asked_sign.token = 0;
	u = tree_new(&cfg, &cb, NULL, now);
	sent[0].count = 0;
	tree_peer_add(u, 0, (const uint8_t[16]){ 1 }, 0, now);
	tree_tick(u, now);
	ck_assert_uint_eq(sent[0].count, 0);
	tree_signed(u, asked_sign.token + 1, (const uint8_t[64]){ 1 }, now);
	ck_assert_uint_eq(sent[0].count, 0);
	tree_signed(u, asked_sign.token, NULL, now);
	tree_tick(u, now);
	tree_signed(u, asked_sign.token, (const uint8_t[64]){ 1 }, now);
	ck_assert_uint_eq(sent[0].count, 1);
	ck_assert_uint_eq(sent[0].last.decl.seq, 1);
	asked_sign.token = 0;
	tree_free(u);
}
END_TEST

START_TEST(the_smallest_address_becomes_root)
{
	peer(0, 200);
	ck_assert_int_eq(SAYS(0, 1, 200), TREE_OK);
	ck_assert(tree_is_root(tree));
	peer(1, 50);
	ck_assert_int_eq(SAYS(1, 1, 50), TREE_OK);
	ck_assert_uint_eq(tree_parent(tree), 1);
	ck_assert_uint_eq(tree_self(tree)->n, 2);
	ck_assert(changes & TREE_NEW_ROOT);
	at(2000);
	ck_assert_uint_eq(sent[0].last.path.at.n, 2);
	tree_peer_del(tree, 1, now);
	ck_assert(tree_is_root(tree));
	sign_all();
	at(3000);
	ck_assert_uint_eq(sent[0].last.path.at.n, 1);
}
END_TEST

START_TEST(a_lie_about_the_sender_or_the_signature_changes_nothing)
{
	uint8_t buf[TREE_MSG_MAX];
	size_t	len = announce(buf, 1, 1, (const unsigned[]){ 50 });

	peer(0, 60);
	ck_assert_int_eq(tree_recv(tree, 0, buf, len, now), TREE_STRANGER);
	ck_assert_int_eq(tree_recv(tree, 5, buf, len, now), TREE_STRANGER);
	ck_assert_int_eq(tree_recv(tree, 999, buf, len, now), TREE_STRANGER);
	len = announce(buf, 1, 1, (const unsigned[]){ 60 });
	ck_assert_int_eq(tree_recv(tree, 0, buf, len, now), TREE_ASKED);
	ck_assert(tree_is_root(tree));
	ck_assert_int_eq(verdict(0, 0), TREE_BAD_SIG);
	ck_assert(tree_is_root(tree));
	ck_assert_ptr_null(tree_peer_at(tree, 0));
	ck_assert_int_eq(tree_verified(tree, 12345, 1, now), TREE_STRANGER);
	/* The same number again, truly signed this time. */
	ck_assert_int_eq(SAYS(0, 1, 60), TREE_OK);
	ck_assert_uint_eq(tree_parent(tree), 0);
}
END_TEST

START_TEST(a_verdict_for_a_link_that_went_is_ignored)
{
	uint8_t	 buf[TREE_MSG_MAX];
	uint32_t token;

	peer(0, 60);
	tree_recv(tree, 0, buf, announce(buf, 9, 1, (const unsigned[]){ 60 }), now);
	token = asked_verify[0].token;
	tree_peer_del(tree, 0, now);
	peer(0, 70);
	ck_assert_int_eq(tree_verified(tree, token, 1, now), TREE_STRANGER);
	ck_assert_ptr_null(tree_peer_at(tree, 0));
}
END_TEST

START_TEST(a_repetition_costs_no_verification)
{
	unsigned n;

	peer(0, 60);
	SAYS(0, 5, 60);
	n = asked_verify[0].count;
	ck_assert_int_eq(SAYS(0, 5, 60), TREE_STALE);
	ck_assert_int_eq(SAYS(0, 4, 60), TREE_STALE);
	ck_assert_uint_eq(asked_verify[0].count, n);
}
END_TEST

START_TEST(of_a_flood_the_newest_announce_is_verified)
{
	uint8_t	 buf[TREE_MSG_MAX];
	unsigned i;

	peer(0, 60);
	for (i = 1; i <= 50000; i++) {
		tree_recv(tree, 0, buf, announce(buf, i, 1, (const unsigned[]){ 60 }),
		    now);
		if (asked_verify[0].token != 0)
			verdict(0, 1);
	}
	ck_assert_uint_le(asked_verify[0].count, 8);
	at(now.ms + 1000);
	ck_assert_uint_le(asked_verify[0].count, 9);
	verdict(0, 1);
	/* Nothing older is news now. */
	ck_assert_int_eq(SAYS(0, 50000, 60), TREE_STALE);
}
END_TEST

/* A new root: all say so at once, and nobody is lost. */
START_TEST(of_many_announces_few_are_verified_at_a_time)
{
	uint8_t	 buf[TREE_MSG_MAX];
	unsigned i, n, most = 0, rounds = 0;

	for (i = 0; i < PEERS; i++) {
		peer(i, 200 + i);
		tree_recv(tree, i, buf, announce(buf, 1, 1,
		    (const unsigned[]){ 200 + i }), now);
	}
	do {
		for (i = n = 0; i < PEERS; i++)
			n += asked_verify[i].token != 0;
		most = n > most ? n : most;
		if (rounds == 0)		/* its answer comes all the same */
			tree_peer_del(tree, 0, now);
		for (i = 0; i < PEERS; i++)
			if (asked_verify[i].token != 0)
				verdict(i, 1);
		at(now.ms);
	} while (n > 0 && ++rounds < 100);
	ck_assert_uint_eq(most, 64);
	for (i = 1; i < PEERS; i++)
		ck_assert_ptr_nonnull(tree_peer_at(tree, i));
}
END_TEST

START_TEST(depth_and_cost_choose_among_equals)
{
	peer(0, 60), peer(1, 70);
	SAYS(0, 1, 60, 40, 10);			/* depth 2 */
	SAYS(1, 1, 70, 10);			/* depth 1, but held down */
	ck_assert_uint_eq(tree_parent(tree), 0);
	at(32000), at(62000);
	ck_assert_uint_eq(tree_parent(tree), 1);
	/* Measured: 1 + 5 against 2 + 1. */
	tree_peer_cost(tree, 1, 5, now);
	tree_peer_cost(tree, 0, 1, now);
	at(92500), at(152500);
	ck_assert_uint_eq(tree_parent(tree), 0);
	/* A little better is not enough: 1 + 1.5 against 3. */
	tree_peer_cost(tree, 1, 1.5, now);
	at(300000), at(400000);
	ck_assert_uint_eq(tree_parent(tree), 0);
	tree_peer_cost(tree, 1, 1.2, now);
	at(500000);
	ck_assert_uint_eq(tree_parent(tree), 1);
	ck_assert_double_eq_tol(tree_peer_depth(tree, 0), 3, 1e-9);
}
END_TEST

START_TEST(an_unmeasured_link_is_used_only_when_no_other_leads_there)
{
	peer(0, 60), peer(1, 70);
	tree_peer_cost(tree, 1, 9, now);
	SAYS(0, 1, 60, 10);
	ck_assert_uint_eq(tree_parent(tree), 0);
	at(62000);
	SAYS(1, 1, 70, 10);
	ck_assert_uint_eq(tree_parent(tree), 1);
}
END_TEST

START_TEST(the_first_measure_of_a_link_is_thought_about_at_once)
{
	peer(0, 60), peer(1, 70);
	SAYS(0, 1, 60, 10);
	SAYS(1, 1, 70, 10);
	at(40000);
	ck_assert_uint_eq(tree_parent(tree), 0);
	tree_peer_cost(tree, 1, 2, now);
	ck_assert_uint_eq(tree_parent(tree), 1);
}
END_TEST

START_TEST(a_better_root_or_a_lost_parent_waits_for_nothing)
{
	peer(0, 60), peer(1, 70), peer(2, 80);
	SAYS(0, 1, 60, 30);
	SAYS(1, 1, 70, 20);
	ck_assert_uint_eq(tree_parent(tree), 1);
	SAYS(2, 1, 80, 20);
	tree_peer_del(tree, 1, now);
	ck_assert_uint_eq(tree_parent(tree), 2);
	SAYS(2, 2, 80);
	ck_assert_uint_eq(tree_parent(tree), 0);
}
END_TEST

START_TEST(a_mute_peer_is_neither_parent_nor_child_until_it_is_heard)
{
	unsigned was;

	peer(0, 60), peer(1, 70), peer(2, 110);
	SAYS(0, 1, 60, 10);
	SAYS(1, 1, 70, 30, 10);
	SAYS(2, 1, 110, 100, 60, 10);
	ck_assert_uint_eq(tree_parent(tree), 0);
	ck_assert(tree_is_child(tree, 2));
	/* No hold-down: as if it had gone. */
	tree_peer_mute(tree, 0, 1, now);
	ck_assert_uint_eq(tree_parent(tree), 1);
	tree_peer_mute(tree, 2, 1, now);
	ck_assert(!tree_is_tree_peer(tree, 2));
	ck_assert_ptr_nonnull(tree_peer_at(tree, 2));
	sign_all();
	at(20000);
	at(40000);
	now.ms += 1000;
	/* It may have missed our place, and we know its. */
	was = sent[0].count;
	tree_peer_mute(tree, 0, 0, now);
	ck_assert_uint_eq(sent[0].count, was + 1);
	tree_peer_mute(tree, 2, 0, now);
	ck_assert(tree_is_child(tree, 2));
	tree_peer_del(tree, 1, now);
	ck_assert_uint_eq(tree_parent(tree), 0);
}
END_TEST

START_TEST(a_parent_that_comes_to_stand_below_us_is_left)
{
	peer(0, 60), peer(1, 70);
	SAYS(0, 1, 60, 10);
	SAYS(0, 2, 60, 100, 70, 10);
	ck_assert(tree_is_root(tree));
	ck_assert(changes & TREE_LOOP);
	ck_assert_uint_eq(tree_stats(tree)->loops, 1);
	SAYS(1, 1, 70, 10);
	ck_assert_uint_eq(tree_parent(tree), 1);
	ck_assert(tree_is_child(tree, 0));
}
END_TEST

START_TEST(soon_after_a_switch_only_half_the_depth_is_worth_another)
{
	peer(0, 60), peer(1, 70), peer(2, 80);
	SAYS(0, 1, 60, 50, 51, 52, 53, 54, 10);		/* 6 + 1 */
	SAYS(1, 1, 70, 50, 51, 52, 10);			/* 4 + 1 */
	ck_assert_uint_eq(tree_parent(tree), 0);
	SAYS(2, 1, 80, 50, 10);				/* 2 + 1 */
	ck_assert_uint_eq(tree_parent(tree), 2);
}
END_TEST

START_TEST(a_path_too_long_to_tell_is_not_taken)
{
	unsigned path[TREE_PATH_MAX + 1] = { 60 }, i;

	for (i = 1; i < TREE_PATH_MAX; i++)
		path[i] = 200 + i;
	path[TREE_PATH_MAX - 1] = 10;
	peer(0, 60);
	ck_assert_int_eq(says(0, 1, path), TREE_OK);
	ck_assert(tree_is_root(tree));
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, announce_of_the_reference_decodes_and_encodes_back);
	tcase_add_test(t, announce_cut_or_lengthened_anywhere_is_malformed);
	tcase_add_test(t, a_path_must_agree_with_its_declaration);
	tcase_add_test(t, nothing_is_told_before_it_is_signed);
	tcase_add_test(t, the_smallest_address_becomes_root);
	tcase_add_test(t, a_lie_about_the_sender_or_the_signature_changes_nothing);
	tcase_add_test(t, a_verdict_for_a_link_that_went_is_ignored);
	tcase_add_test(t, a_repetition_costs_no_verification);
	tcase_add_test(t, of_a_flood_the_newest_announce_is_verified);
	tcase_add_test(t, of_many_announces_few_are_verified_at_a_time);
	tcase_add_test(t, depth_and_cost_choose_among_equals);
	tcase_add_test(t, an_unmeasured_link_is_used_only_when_no_other_leads_there);
	tcase_add_test(t, the_first_measure_of_a_link_is_thought_about_at_once);
	tcase_add_test(t, a_better_root_or_a_lost_parent_waits_for_nothing);
	tcase_add_test(t, a_mute_peer_is_neither_parent_nor_child_until_it_is_heard);
	tcase_add_test(t, a_parent_that_comes_to_stand_below_us_is_left);
	tcase_add_test(t,
	    soon_after_a_switch_only_half_the_depth_is_worth_another);
	tcase_add_test(t, a_path_too_long_to_tell_is_not_taken);
}
