/*
 * room: dird, with: view_world -- who is what: let in, emancipated, sent away.
 */
#include "view_world.h"

START_TEST(nobody_has_a_right_before_there_is_a_founder)
{
	int r;

	for (r = 0; r < RIGHT_MAX; r++)
		ck_assert(!view_can(view, folk[0].did, (enum right)r));
	say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 2));
	for (r = RIGHT_NONE + 1; r < RIGHT_MAX; r++) {
		ck_assert(view_can(view, folk[0].did, (enum right)r));
		ck_assert(!view_can(view, folk[1].did, (enum right)r));
	}
	ck_assert(!view_can(view, "did:plc:x", RIGHT_ATTEST));
	ck_assert(!view_can(view, folk[0].did, RIGHT_MAX));
}
END_TEST

START_TEST(a_genesis_of_somebody_else_founds_nothing)
{
	say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 2));
	ck_assert_int_eq(say(&folk[1], OBJ_GENESIS, a_genesis(&folk[1], 1)), WHY_AUTHOR);
	a_author(&folk[1], 2);
	/* Invited, it may bring its history along; it is still nobody. */
	say(&folk[0], OBJ_INVITE, a_invite(&folk[1], 7));
	ck_assert_int_eq(say(&folk[1], OBJ_GENESIS, a_genesis(&folk[1], 1)), WHY_OK);
	ck_assert(!view_can(view, folk[1].did, RIGHT_ATTEST));
	ck_assert_int_eq(say(&folk[1], OBJ_JOIN, a_join(&folk[1], 7)), WHY_OK);
	ck_assert(view_can(view, folk[1].did, RIGHT_ATTEST));
	ck_assert(!view_can(view, folk[1].did, RIGHT_PUBLISH));
}
END_TEST

/* May the author say this itself? The reason if not; nothing is kept. */
static enum why
may(struct a_author a, enum object t, json_t *body)
{
	struct because b = { WHY_OK, "" };

	a_say(&a, t, body, &said[nsaid]);
	ck_assert_int_eq(entry_check(said[nsaid].p, said[nsaid].len, 0, &entry[nsaid], &b), 0);
	view_may(view, &entry[nsaid], &b);
	return b.why;
}

START_TEST(a_join_needs_the_token_that_was_meant_for_it)
{
	say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 2));
	say(&folk[0], OBJ_INVITE, a_invite(&folk[1], 7));
	ck_assert_int_eq(say(&folk[2], OBJ_JOIN, a_join(&folk[2], 7)), WHY_AUTHOR);
	ck_assert_int_eq(may(folk[0], OBJ_JOIN, a_join(&folk[0], 7)), WHY_AGAIN);
	ck_assert_int_eq(may(folk[1], OBJ_JOIN, a_join(&folk[1], 8)), WHY_INVITE);
	/* Who is invited may say anything, and it counts when a token fits. */
	ck_assert_int_eq(say(&folk[1], OBJ_JOIN, a_join(&folk[1], 8)), WHY_OK);
	ck_assert(!person(&folk[1]).member);
	ck_assert_int_eq(may(folk[1], OBJ_JOIN, a_join(&folk[1], 7)), WHY_OK);
	folk[1].now = INT64_C(1900000000);
	ck_assert_int_eq(may(folk[1], OBJ_JOIN, a_join(&folk[1], 7)), WHY_INVITE);
	ck_assert_int_eq(say(&folk[1], OBJ_JOIN, a_join(&folk[1], 7)), WHY_OK);
	ck_assert(!person(&folk[1]).member);
}
END_TEST

START_TEST(two_different_members_emancipate_and_oneself_does_not_count)
{
	say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 2));
	join(&folk[0], &folk[1]);
	join(&folk[0], &folk[2]);
	say(&folk[0], OBJ_ATTEST, a_attest(&folk[1]));
	say(&folk[0], OBJ_ATTEST, a_attest(&folk[1]));
	say(&folk[1], OBJ_ATTEST, a_attest(&folk[1]));
	ck_assert(!person(&folk[1]).emancipated);
	say(&folk[2], OBJ_ATTEST, a_attest(&folk[1]));
	ck_assert(person(&folk[1]).emancipated);
}
END_TEST

/* Steps of one settling: what is_joined() would compare at most. */
static uint64_t
joins_times_invites(void)
{
	uint64_t steps = 0;
	uint32_t i, k, joins, invites;

	for (i = 0; i < view->authors; i++) {
		joins = invites = 0;
		for (k = view->author[i].joins; k != NOBODY; k = view->joins.f[k].next)
			joins++;
		for (k = view->author[i].invites; k != NOBODY;
		    k = view->invites.f[k].next)
			invites++;
		steps += (uint64_t)joins * invites;
	}
	return steps;
}

START_TEST(repeated_joins_do_not_multiply_with_repeated_invites)
{
	uint64_t once;
	int i;

	found();
	join(&folk[0], &folk[4]);
	for (i = 0; i < 60; i++) {
		say(&folk[4], OBJ_INVITE, a_invite(&folk[5], 7));
		ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 7)), WHY_OK);
	}
	once = joins_times_invites();
	for (i = 0; i < 60; i++) {
		say(&folk[4], OBJ_INVITE, a_invite(&folk[5], 7));
		ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 7)), WHY_OK);
	}
	/* Twice as many, twice the work and not four times. */
	ck_assert_uint_lt(joins_times_invites(), once * 2 + 1);
	ck_assert(!person(&folk[5]).member);
	/* All were kept, and more may be said with the same right as before. */
	ck_assert_uint_eq(person(&folk[5]).entries, 120);
	ck_assert(person(&folk[4]).member);
}
END_TEST

START_TEST(who_vouches_again_and_again_is_one)
{
	int i;

	say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 3));
	for (i = 1; i <= 3; i++)
		join(&folk[0], &folk[i]);
	for (i = 0; i < 20; i++) {
		say(&folk[0], OBJ_ATTEST, a_attest(&folk[1]));
		say(&folk[2], OBJ_ATTEST, a_attest(&folk[1]));
	}
	ck_assert(!person(&folk[1]).emancipated);
	say(&folk[3], OBJ_ATTEST, a_attest(&folk[1]));
	ck_assert(person(&folk[1]).emancipated);
}
END_TEST

START_TEST(a_chain_has_no_gaps_and_no_second_history)
{
	struct because b;
	struct a_author twin;
	struct entry e;

	found();
	twin = folk[1];
	folk[1].seq++;
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[4])), WHY_GAP);
	folk[1] = twin;
	folk[1].prev[0] ^= 1;
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[4])), WHY_PREV);
	folk[1] = twin;
	folk[1].now--;
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[4])), WHY_ANCIENT);
	folk[1] = twin;
	ck_assert_int_eq(view_admit(view, &entry[0], &b), -1);
	ck_assert_int_eq(b.why, WHY_KNOWN);
	a_say(&folk[4], OBJ_ATTEST, a_attest(&folk[1]), &said[nsaid]);
	ck_assert_int_eq(entry_check(said[nsaid].p, said[nsaid].len, 0, &e, &b), 0);
	ck_assert_int_eq(view_admit(view, &e, &b), -1);
	ck_assert_int_eq(b.why, WHY_FIRST);
}
END_TEST

START_TEST(who_signs_two_entries_with_one_number_is_frozen)
{
	struct a_author twin;
	char id[33];

	found();
	say(&folk[1], OBJ_SERVICE_OFFER, a_offer(&folk[1], "web", "auto"));
	service_id_of(folk[1].did, "web", id);
	ck_assert_ptr_nonnull(view_service(view, id));
	twin = folk[1];
	say(&folk[1], OBJ_ATTEST, a_attest(&folk[4]));
	say(&folk[1], OBJ_ATTEST, a_attest(&folk[5]));
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&folk[6])), WHY_OK);
	ck_assert(person(&folk[1]).frozen);
	ck_assert(!view_can(view, folk[1].did, RIGHT_ATTEST));
	ck_assert_ptr_null(view_service(view, id));
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[7])), WHY_FROZEN);
	/* What it vouched for before still stands. */
	ck_assert(person(&folk[2]).emancipated || person(&folk[3]).emancipated);
}
END_TEST

START_TEST(a_revoked_member_loses_every_right_and_every_offer)
{
	char id[33];
	int r;

	found();
	say(&folk[1], OBJ_SERVICE_OFFER, a_offer(&folk[1], "web", "auto"));
	service_id_of(folk[1].did, "web", id);
	say(&folk[2], OBJ_REVOKE, a_revoke(&folk[1], folk[1].seq));
	ck_assert(person(&folk[1]).revoked);
	for (r = 0; r < RIGHT_MAX; r++)
		ck_assert(!view_can(view, folk[1].did, (enum right)r));
	ck_assert_ptr_null(view_service(view, id));
	/* And what it goes on saying makes nobody anything. */
	say(&folk[1], OBJ_INVITE, a_invite(&folk[5], 77));
	say(&folk[5], OBJ_JOIN, a_join(&folk[5], 77));
	ck_assert(!person(&folk[5]).member);
}
END_TEST

START_TEST(who_came_earlier_repairs_what_a_stolen_key_did)
{
	uint64_t good;

	found();
	good = folk[1].seq;
	say(&folk[1], OBJ_REVOKE, a_revoke(&folk[2], 0));
	say(&folk[1], OBJ_REVOKE, a_revoke(&folk[0], 0));
	ck_assert(person(&folk[2]).revoked && person(&folk[0]).revoked);
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[1], good));
	ck_assert(person(&folk[1]).revoked);
	ck_assert(person(&folk[2]).emancipated && person(&folk[0]).emancipated);
	ck_assert_uint_eq(person(&folk[1]).counted, good);
}
END_TEST

START_TEST(what_the_founder_cut_off_is_kept_no_more)
{
	struct a_author twin;
	uint64_t good;

	found();
	good = folk[1].seq;
	say(&folk[1], OBJ_INVITE, a_invite(&folk[5], 7));
	say(&folk[5], OBJ_JOIN, a_join(&folk[5], 7));
	say(&folk[5], OBJ_INVITE, a_invite(&folk[6], 7));
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[1], good));
	/* Neither what it says, nor whom it brought, nor whom they brought. */
	twin = folk[1];
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[4])), WHY_REVOKED);
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[4])), WHY_REVOKED);
	ck_assert_int_eq(say(&folk[5], OBJ_ATTEST, a_attest(&folk[4])), WHY_REVOKED);
	ck_assert_int_eq(say(&folk[6], OBJ_JOIN, a_join(&folk[6], 7)), WHY_REVOKED);
	/* There two histories are nobody's concern, before it they are. */
	twin.seq = good;
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&folk[5])), WHY_REVOKED);
	ck_assert(!person(&folk[1]).frozen);
	twin.seq = good - 1;
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&folk[5])), WHY_OK);
	ck_assert(person(&folk[1]).frozen);
}
END_TEST

START_TEST(whom_somebody_sent_away_brings_is_known_by_name)
{
	uint8_t pub[KEY_LEN];
	uint64_t was;

	found();
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[1], folk[1].seq));
	ck_assert_int_eq(say(&folk[1], OBJ_INVITE, a_invite(&folk[5], 7)), WHY_REVOKED);
	/* In any order, so that it counts for nobody who brings it. */
	ck_assert_int_eq(view_key(view, folk[5].did, pub), -1);
	ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 7)), WHY_REVOKED);
	ck_assert_int_eq(view_key(view, folk[5].did, pub), 0);
	ck_assert_int_eq(memcmp(pub, folk[5].pub, KEY_LEN), 0);
	ck_assert_int_eq(say(&folk[5], OBJ_INVITE, a_invite(&folk[6], 7)), WHY_REVOKED);
	ck_assert_int_eq(say(&folk[6], OBJ_ATTEST, a_attest(&folk[5])), WHY_REVOKED);
	ck_assert_int_eq(say(&folk[7], OBJ_JOIN, a_join(&folk[7], 7)), WHY_AUTHOR);
	/* Invited by somebody else it is wanted from its first entry on. */
	was = view_reopened(view);
	say(&folk[0], OBJ_INVITE, a_invite(&folk[5], 8));
	ck_assert_uint_gt(view_reopened(view), was);
	a_author(&folk[5], 6);
	ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 8)), WHY_OK);
	ck_assert(person(&folk[5]).member);
}
END_TEST

START_TEST(whom_a_second_history_brings_is_known_by_name)
{
	struct a_author twin;
	uint8_t pub[KEY_LEN];
	uint64_t was;

	found();
	twin = folk[1];
	say(&folk[1], OBJ_ATTEST, a_attest(&folk[4]));
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&folk[5])), WHY_OK);
	/* Who heard that history first has let them in. */
	ck_assert_int_eq(say(&twin, OBJ_INVITE, a_invite(&folk[5], 7)), WHY_FROZEN);
	ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 7)), WHY_REVOKED);
	ck_assert_int_eq(view_key(view, folk[5].did, pub), 0);
	ck_assert_int_eq(say(&folk[5], OBJ_ATTEST, a_attest(&folk[4])), WHY_REVOKED);
	was = view_reopened(view);
	say(&folk[0], OBJ_INVITE, a_invite(&folk[5], 8));
	ck_assert_uint_gt(view_reopened(view), was);
	a_author(&folk[5], 6);
	ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 8)), WHY_OK);
	ck_assert(person(&folk[5]).member);
}
END_TEST

START_TEST(whoever_else_invites_lets_in_again)
{
	uint64_t was;

	found();
	say(&folk[1], OBJ_INVITE, a_invite(&folk[5], 7));
	say(&folk[5], OBJ_JOIN, a_join(&folk[5], 7));
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[1], folk[1].seq - 1));
	ck_assert(!person(&folk[5]).member);
	was = view_reopened(view);
	ck_assert_int_eq(say(&folk[2], OBJ_INVITE, a_invite(&folk[5], 8)), WHY_OK);
	ck_assert_uint_gt(view_reopened(view), was);
	/* A token that nobody here knows any more keeps nobody out. */
	ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 9)), WHY_OK);
	ck_assert_int_eq(say(&folk[5], OBJ_JOIN, a_join(&folk[5], 8)), WHY_OK);
	ck_assert(person(&folk[5]).member);
}
END_TEST

START_TEST(what_others_than_the_founder_cut_off_is_kept)
{
	uint64_t good;

	found();
	good = folk[2].seq;
	say(&folk[2], OBJ_REVOKE, a_revoke(&folk[1], folk[1].seq));
	ck_assert_int_eq(say(&folk[1], OBJ_REVOKE, a_revoke(&folk[3], 0)), WHY_OK);
	ck_assert(person(&folk[1]).revoked);
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[2], good));
	ck_assert(!person(&folk[1]).revoked && person(&folk[3]).revoked);
}
END_TEST

START_TEST(who_left_says_nothing_more)
{
	found();
	say(&folk[1], OBJ_REVOKE, a_revoke(&folk[1], 0));
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[4])), WHY_REVOKED);
	ck_assert_int_eq(may(folk[1], OBJ_JOIN, a_join(&folk[1], 1)), WHY_REVOKED);
}
END_TEST

START_TEST(a_founder_with_two_histories_cuts_nobody_off_behind_the_fork)
{
	struct a_author twin;
	uint64_t was;

	found();
	twin = folk[0];
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[1], 0));
	ck_assert_int_eq(say(&folk[1], OBJ_ATTEST, a_attest(&folk[4])), WHY_REVOKED);
	folk[1].seq--;
	memcpy(folk[1].prev, entry[nsaid - 2].id, ID_LEN);
	was = view_reopened(view);
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&folk[4])), WHY_OK);
	ck_assert_uint_gt(view_reopened(view), was);
	ck_assert(!person(&folk[1]).revoked);
}
END_TEST

START_TEST(a_member_alone_cannot_revoke_but_may_leave)
{
	say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 2));
	join(&folk[0], &folk[1]);
	say(&folk[1], OBJ_REVOKE, a_revoke(&folk[0], 0));
	ck_assert(person(&folk[0]).emancipated);
	say(&folk[1], OBJ_REVOKE, a_revoke(&folk[1], 0));
	ck_assert(person(&folk[1]).revoked);
	ck_assert(!view_can(view, folk[1].did, RIGHT_ATTEST));
}
END_TEST

START_TEST(the_founder_outlives_a_mutual_revoke_and_equals_do_not)
{
	found();
	say(&folk[1], OBJ_REVOKE, a_revoke(&folk[2], 0));
	say(&folk[2], OBJ_REVOKE, a_revoke(&folk[1], 0));
	ck_assert(person(&folk[1]).revoked && person(&folk[2]).revoked);
	say(&folk[3], OBJ_REVOKE, a_revoke(&folk[0], 0));
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[3], 0));
	/* The founder's cut reaches 3's revoke, not the other way round. */
	ck_assert(!person(&folk[0]).revoked);
	ck_assert(person(&folk[3]).revoked);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nobody_has_a_right_before_there_is_a_founder);
	tcase_add_test(t, a_genesis_of_somebody_else_founds_nothing);
	tcase_add_test(t, a_join_needs_the_token_that_was_meant_for_it);
	tcase_add_test(t, two_different_members_emancipate_and_oneself_does_not_count);
	tcase_add_test(t, repeated_joins_do_not_multiply_with_repeated_invites);
	tcase_add_test(t, who_vouches_again_and_again_is_one);
	tcase_add_test(t, a_chain_has_no_gaps_and_no_second_history);
	tcase_add_test(t, who_signs_two_entries_with_one_number_is_frozen);
	tcase_add_test(t, a_revoked_member_loses_every_right_and_every_offer);
	tcase_add_test(t, who_came_earlier_repairs_what_a_stolen_key_did);
	tcase_add_test(t, what_the_founder_cut_off_is_kept_no_more);
	tcase_add_test(t, whom_somebody_sent_away_brings_is_known_by_name);
	tcase_add_test(t, whom_a_second_history_brings_is_known_by_name);
	tcase_add_test(t, whoever_else_invites_lets_in_again);
	tcase_add_test(t, what_others_than_the_founder_cut_off_is_kept);
	tcase_add_test(t, who_left_says_nothing_more);
	tcase_add_test(t, a_founder_with_two_histories_cuts_nobody_off_behind_the_fork);
	tcase_add_test(t, a_member_alone_cannot_revoke_but_may_leave);
	tcase_add_test(t, the_founder_outlives_a_mutual_revoke_and_equals_do_not);
}
