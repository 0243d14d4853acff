/* room: netd -- the choices of the session layer, as tables. */
#include <stdlib.h>

#include "../../netd/session_decide.h"
#include "../../netd/session_mtu.h"
#include "suite.h"

START_TEST(a_setup_is_answered_resent_or_left_to_the_smaller_address)
{
	static const enum setup_answer want[2][2][2] = {
		/* same, initiating, smaller */
		{ { SETUP_ANSWER, SETUP_ANSWER }, { SETUP_ANSWER, SETUP_IGNORE } },
		{ { SETUP_RESEND, SETUP_RESEND }, { SETUP_RESEND, SETUP_RESEND } },
	};
	int i;

	for (i = 0; i < 8; i++)
		ck_assert_int_eq(session_decide_setup(i >> 2 & 1, i >> 1 & 1, i & 1),
		    want[i >> 2 & 1][i >> 1 & 1][i & 1]);
}
END_TEST

START_TEST(new_keys_never_push_out_live_ones_of_the_same_process)
{
	int role, pending, smaller;
	enum keys_place got;

	for (role = ROLE_OURS; role <= ROLE_THEIRS; role++)
	for (pending = ROLE_NONE; pending <= ROLE_THEIRS; pending++)
	for (smaller = 0; smaller < 2; smaller++) {
		ck_assert_int_eq(session_decide_keys(0, 0, (enum keys_role)role,
		    (enum keys_role)pending, smaller), KEYS_FIRST);
		ck_assert_int_eq(session_decide_keys(1, 0, (enum keys_role)role,
		    (enum keys_role)pending, smaller), KEYS_NOW);
		got = session_decide_keys(1, 1, (enum keys_role)role,
		    (enum keys_role)pending, smaller);
		if (pending == ROLE_NONE || pending == role)
			ck_assert_int_eq(got, KEYS_PENDING);
		else
			ck_assert_int_eq(got, (role == ROLE_OURS) == smaller ?
			    KEYS_PENDING : KEYS_REFUSE);
	}
}
END_TEST

/* Both ends decide alone and must keep the keys of the same handshake. */
START_TEST(both_ends_of_a_double_rekey_keep_the_same_keys)
{
	int smaller;

	for (smaller = 0; smaller < 2; smaller++)
		ck_assert_int_ne(
		    session_decide_keys(1, 1, ROLE_THEIRS, ROLE_OURS, smaller),
		    session_decide_keys(1, 1, ROLE_THEIRS, ROLE_OURS, !smaller));
}
END_TEST

START_TEST(rekey_comes_with_age_or_use_but_not_right_after_theirs)
{
	ck_assert(!session_decide_rekey(119999, 120000, 65535, 65536, UINT64_MAX));
	ck_assert(session_decide_rekey(120000, 120000, 0, 65536, UINT64_MAX));
	ck_assert(session_decide_rekey(15000, 120000, 65536, 65536, UINT64_MAX));
	ck_assert(!session_decide_rekey(14999, 120000, UINT64_MAX, 1, UINT64_MAX));
	ck_assert(!session_decide_rekey(120000, 120000, 65536, 65536, 29999));
	ck_assert(session_decide_rekey(120000, 120000, 0, 65536, 30000));
	ck_assert(!session_decide_unconfirmed(1));
	ck_assert(session_decide_unconfirmed(0));
	ck_assert(!session_decide_overdue(11999, 60000));
	ck_assert(!session_decide_overdue(12000, 8999));	/* the old ones live */
	ck_assert(session_decide_overdue(12000, 9000));
	ck_assert(!session_decide_doubtful(2999));
	ck_assert(session_decide_doubtful(3000));
	ck_assert(!session_decide_silent(12999, UINT64_MAX));
	ck_assert(session_decide_silent(13000, 30000));
	ck_assert(!session_decide_silent(13000, 29999));
}
END_TEST

START_TEST(a_lower_path_mtu_counts_at_once_and_a_higher_one_after_three)
{
	struct path_mtu m;

	path_mtu_init(&m);
	ck_assert_uint_eq(path_mtu_get(&m, 0), 65535);
	ck_assert_int_eq(path_mtu_told(&m, 255, 0, 0), -1);
	ck_assert_int_eq(path_mtu_told(&m, 0, 0, 0), -1);
	ck_assert_int_eq(path_mtu_told(&m, 1280, 0, 0), 1);
	ck_assert_int_eq(path_mtu_told(&m, 1400, 0, 0), 0);
	ck_assert_int_eq(path_mtu_told(&m, 1400, 0, 10000), 0);
	ck_assert_int_eq(path_mtu_told(&m, 1400, 0, 19999), 0);
	ck_assert_int_eq(path_mtu_told(&m, 1400, 0, 20000), 1);
	ck_assert_uint_eq(path_mtu_get(&m, 20000), 1400);
	ck_assert_int_eq(path_mtu_told(&m, 1472, 0, 30000), 0);
	ck_assert_int_eq(path_mtu_told(&m, 1400, 0, 40000), 0);	/* begins anew */
	ck_assert_int_eq(path_mtu_told(&m, 1472, 0, 50000), 0);
	ck_assert_int_eq(path_mtu_told(&m, 1472, 0, 60000), 0);
	ck_assert_int_eq(path_mtu_told(&m, 1472, 0, 70000), 1);
}
END_TEST

START_TEST(a_signal_lowers_for_a_while_and_never_below_the_floor)
{
	struct path_mtu m;

	path_mtu_init(&m);
	ck_assert_int_eq(path_mtu_told(&m, 1472, 0, 0), 1);
	ck_assert_int_eq(path_mtu_signal(&m, 255, 5), -1);
	ck_assert_int_eq(path_mtu_signal(&m, 1472, 5), 0);
	ck_assert_int_eq(path_mtu_signal(&m, 1300, 5), 1);
	ck_assert_uint_eq(path_mtu_get(&m, 6), 1300);
	ck_assert_int_eq(path_mtu_signal(&m, 256, 5), 1);
	ck_assert_uint_eq(path_mtu_get(&m, 6), PATH_MTU_CLAIM);
	ck_assert_uint_eq(path_mtu_get(&m, 5 + PATH_MTU_SIGNAL_MS), 1472);
	/* What the destination itself says needs no such doubt. */
	ck_assert_int_eq(path_mtu_told(&m, 600, 0, 7), 1);
	ck_assert_uint_eq(path_mtu_get(&m, 8), 600);
}
END_TEST

START_TEST(the_source_hears_of_its_path_first_on_a_drop_and_each_10_s)
{
	struct path_seen s = { 0 };

	ck_assert_int_eq(path_seen(&s, 100, 0, 0), 0);
	ck_assert_int_eq(path_seen(&s, 1380, 0, 0), 1);
	ck_assert_int_eq(path_seen(&s, 1380, 0, 1), 0);
	ck_assert_int_eq(path_seen(&s, 1472, 0, 2), 0);
	ck_assert_int_eq(path_seen(&s, 1280, 0, 3), 1);
	ck_assert_int_eq(path_seen(&s, 1280, 0, 10002), 0);
	ck_assert_int_eq(path_seen(&s, 1472, 0, 10003), 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_setup_is_answered_resent_or_left_to_the_smaller_address);
	tcase_add_test(t, new_keys_never_push_out_live_ones_of_the_same_process);
	tcase_add_test(t, both_ends_of_a_double_rekey_keep_the_same_keys);
	tcase_add_test(t, rekey_comes_with_age_or_use_but_not_right_after_theirs);
	tcase_add_test(t, a_lower_path_mtu_counts_at_once_and_a_higher_one_after_three);
	tcase_add_test(t, a_signal_lowers_for_a_while_and_never_below_the_floor);
	tcase_add_test(t, the_source_hears_of_its_path_first_on_a_drop_and_each_10_s);
}
