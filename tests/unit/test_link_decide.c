/*
 * room: netd, with: link_world -- what decides about links, alone: verdicts,
 * buckets, what was seen.
 */
#include "link_world.h"

static struct link_facts
facts(unsigned bits)
{
	return (struct link_facts){
		.is_self = bits & 1, .permitted = bits >> 1 & 1,
		.accept = bits >> 2 & 1, .dialling = bits >> 3 & 1,
		.known = bits >> 4 & 1, .same_epoch = bits >> 5 & 1,
		.proven = bits >> 6 & 1, .busy = bits >> 7 & 1,
		.held = bits >> 8 & 1, .smaller = bits >> 9 & 1,
		.full = bits >> 10 & 1,
		.age_ms = bits >> 11 & 1 ? LINK_CROSS_MS : LINK_CROSS_MS - 1,
		.held_ms = bits >> 12 & 1 ? LINK_HELD_MS : LINK_HELD_MS - 1,
		.mute = bits >> 13 & 1
	};
}

START_TEST(every_inbound_decision_obeys_the_rules)
{
	struct link_facts	f;
	enum refusal		why;
	enum link_act		a;
	unsigned		bits;

	for (bits = 0; bits < 1u << 14; bits++) {
		f = facts(bits);
		a = decide_inbound(&f, &why);
		ck_assert_int_eq(a == ACT_REFUSE, why != REFUSE_NONE);
		if (a == ACT_REFUSE)
			continue;
		ck_assert(!f.is_self && f.permitted);
		ck_assert(f.accept || f.known || f.dialling);
		ck_assert_int_eq(a == ACT_NEW, !f.known);
		ck_assert(a != ACT_NEW || !f.full);
		ck_assert(a != ACT_REKEY || (f.same_epoch && f.proven &&
		    f.age_ms >= LINK_CROSS_MS && !(f.busy && f.smaller && !f.mute)));
		ck_assert(a == ACT_NEW || !f.held || f.held_ms >= LINK_HELD_MS);
	}
}
END_TEST

START_TEST(a_refusal_names_the_first_reason)
{
	struct link_facts	f = { .is_self = 1 };
	enum refusal		why;

	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_SELF);
	f.is_self = 0;
	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_NOT_ACCEPTED);
	f.accept = 1;
	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_ACL);
	f.permitted = f.full = 1;
	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_PEERS_FULL);
}
END_TEST

START_TEST(of_two_crossed_handshakes_both_sides_keep_the_same)
{
	struct link_facts small = { .known = 1, .same_epoch = 1, .proven = 1, .smaller = 1 };
	struct link_facts large = { .known = 1, .same_epoch = 1, .proven = 1 };
	struct link_facts none = { 0 };

	ck_assert_int_eq(decide_outbound(&small), WIN_SWAP);
	ck_assert_int_eq(decide_outbound(&large), WIN_KEEP);
	large.proven = 0;
	ck_assert_int_eq(decide_outbound(&large), WIN_SWAP_HOLD);
	large.same_epoch = 0;
	ck_assert_int_eq(decide_outbound(&large), WIN_SWAP);
	ck_assert_int_eq(decide_outbound(&none), WIN_NEW);
}
END_TEST

START_TEST(a_peer_is_mute_only_when_it_owes_us_answers)
{
	struct mute_facts f = { .reports = 1, .beat_ms = 10000, .etx = 1 };

	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	f.waited_ms = 1999;			/* one answer takes up to 2 s */
	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	f.waited_ms = 2000;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.asked = LINK_QUESTIONS;
	f.waited_ms = 4999;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.waited_ms = 5000;
	ck_assert_int_eq(decide_mute(&f), MUTE_YES);
	/* Our own process may have slept. */
	f.asked = LINK_QUESTIONS - 1;
	f.waited_ms = 60000;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	/* A bad link, a long one. */
	f.asked = LINK_QUESTIONS;
	f.etx = 2, f.waited_ms = 9999;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.etx = 100, f.waited_ms = 20000;
	ck_assert_int_eq(decide_mute(&f), MUTE_YES);
	f.etx = 1, f.srtt_ms = 2000, f.waited_ms = 10999;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.waited_ms = 11000;
	ck_assert_int_eq(decide_mute(&f), MUTE_YES);
	/* Who sends no reports owes nothing. */
	f.reports = 0;
	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	/* Idle: one heartbeat missed is a reason to ask. */
	f = (struct mute_facts){ .reports = 1, .beat_ms = 10000, .etx = 1,
	    .silent_ms = 11999 };
	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	f.silent_ms = 12000;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
}
END_TEST

START_TEST(a_bucket_gives_its_burst_and_then_its_rate)
{
	struct rate	r = { .burst = 5, .per_s = 2500 };
	struct bucket	b;
	unsigned	i, n = 0;

	bucket_fill(&b, &r, 1000);
	for (i = 0; i < 10; i++)
		n += (unsigned)bucket_take(&b, &r, 1000);
	ck_assert_uint_eq(n, 5);
	for (n = 0, i = 1; i <= 4000; i++)
		n += (unsigned)bucket_take(&b, &r, 1000 + i);
	ck_assert_uint_eq(n, 10);
	for (n = 0, i = 0; i < 10; i++)
		n += (unsigned)bucket_take(&b, &r, 100000000);
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(one_source_cannot_take_what_strangers_share)
{
	struct rate		r = { .burst = 100, .per_s = 1000 };
	static const uint8_t	seed[16];
	unsigned		i, n = 0;

	ck_assert_int_eq(sodium_init(), 0);
	rate_init(&r, seed, 1000);
	for (i = 0; i < 1000; i++)
		n += (unsigned)rate_stranger(&home, 1000);
	ck_assert_uint_eq(n, 25);
	ck_assert(rate_stranger(&away, 1000));
}
END_TEST

START_TEST(the_last_ephemerals_are_known_and_the_oldest_make_room)
{
	static const uint8_t	seed[16];
	uint8_t			e[FRAME_EPHEMERAL_LEN] = { 0 };
	unsigned		i;

	ck_assert_int_eq(sodium_init(), 0);
	seen_init(seed);
	for (i = 0; i < 3 * SEEN_MAX; i++) {
		put_le32(e, i);
		ck_assert_ptr_null(seen_find(e));
		seen_add(e, &home, i);
		ck_assert_ptr_nonnull(seen_find(e));
	}
	for (i = 0; i < 3 * SEEN_MAX; i++) {
		put_le32(e, i);
		ck_assert_int_eq(seen_find(e) != NULL, i >= 2 * SEEN_MAX);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, every_inbound_decision_obeys_the_rules);
	tcase_add_test(t, a_refusal_names_the_first_reason);
	tcase_add_test(t, of_two_crossed_handshakes_both_sides_keep_the_same);
	tcase_add_test(t, a_bucket_gives_its_burst_and_then_its_rate);
	tcase_add_test(t, one_source_cannot_take_what_strangers_share);
	tcase_add_test(t, the_last_ephemerals_are_known_and_the_oldest_make_room);
	tcase_add_test(t, a_peer_is_mute_only_when_it_owes_us_answers);
}
