/* room: netd -- who talks is told from who only sends. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/oneway.h"
#include "suite.h"

static struct oneway o;
static const uint8_t A[NADDR_LEN] = { 1 }, B[NADDR_LEN] = { 2 }, C[NADDR_LEN] = { 3 };

enum { PA = 10, PB = 20, KEY = 7 };

START_TEST(two_who_answer_each_other_are_no_one_way)
{
	ck_assert_int_eq(oneway_pass(&o, KEY, A, B, PA, 1000), 1);
	ck_assert_int_eq(oneway_pass(&o, KEY, A, B, PA, 1001), 1);
	ck_assert_int_eq(oneway_pass(&o, KEY, B, A, PB, 1002), 0);
	ck_assert_int_eq(oneway_pass(&o, KEY, A, B, PA, 1003), 0);
	ck_assert_int_eq(oneway_pass(&o, KEY, A, C, PA, 1004), 1);
}
END_TEST

START_TEST(a_peer_that_forges_both_ends_stays_one_way)
{
	oneway_pass(&o, KEY, A, B, PA, 1000);
	ck_assert_int_eq(oneway_pass(&o, KEY, B, A, PA, 1001), 1);
	ck_assert_int_eq(oneway_pass(&o, KEY, A, B, PA, 1002), 1);
}
END_TEST

START_TEST(an_answer_of_long_ago_is_none)
{
	oneway_pass(&o, KEY, B, A, PB, 1000);
	ck_assert_int_eq(oneway_pass(&o, KEY, A, B, PA, 1000 + ONEWAY_MS), 0);
	ck_assert_int_eq(oneway_pass(&o, KEY, A, B, PA, 1001 + ONEWAY_MS), 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, two_who_answer_each_other_are_no_one_way);
	tcase_add_test(t, a_peer_that_forges_both_ends_stays_one_way);
	tcase_add_test(t, an_answer_of_long_ago_is_none);
}
