/*
 * room: dird, with: pull_world -- what a peer brings that is no fault of its
 * own.
 */
#include "pull_world.h"

START_TEST(what_somebody_sent_away_said_is_not_its_bearers_fault)
{
	static char page[2001];
	unsigned i;

	near(1);
	turn();
	memset(page, '!', sizeof(page) - 1);
	answer(1, 200, page, NULL);
	ck_assert(call_to(1) != NULL);		/* and the pass goes on */
	answer(1, 200, "", NULL);
	/* However this journal grows, nothing of it is wanted, */
	for (i = 0; i < 20; i++) {
		now += INTERVAL;
		journal.n++;
		turn();
		ck_assert_uint_eq(from, 2000);
		answer(1, 200, "", NULL);
	}
	/* until somebody is let in again. */
	journal.view->reopened++;
	now += INTERVAL;
	turn();
	ck_assert_uint_eq(from, 0);
	answer(1, 200, page, NULL);
	answer(1, 200, "", NULL);
	now += INTERVAL;
	turn();
	ck_assert_uint_eq(from, 2000);
}
END_TEST

/* 1 has this journal and nothing more: once it is asked again from there on. */
static void
check_again(const char *page, size_t there)
{
	const size_t end = strlen(page);

	near(1);
	turn();
	answer(1, 200, page, NULL);
	ck_assert(call_to(1) != NULL);		/* the pass goes on */
	answer(1, 200, "", NULL);
	now += INTERVAL;
	turn();
	ck_assert_uint_eq(from, there);
	if (there < end)
		answer(1, 200, page + there, NULL);
	answer(1, 200, "", NULL);
	now += 1000 * INTERVAL;
	turn();
	ck_assert_uint_eq(from, end);
}

START_TEST(what_it_lacks_may_come_right_behind_it)
{
	check_again("x?x+x", 1);
}
END_TEST

START_TEST(who_lets_in_again_may_come_right_behind_it)
{
	check_again("x!!^", 1);
}
END_TEST

START_TEST(what_came_before_it_was_no_help)
{
	becomes = WHY_OK;
	check_again("xx?", 3);
}
END_TEST

/* Its bearers heard the other history first. */
START_TEST(a_second_history_is_not_its_bearers_fault)
{
	static char page[2001];

	memset(page, '~', sizeof(page) - 1);
	check_again(page, 2000);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_somebody_sent_away_said_is_not_its_bearers_fault);
	tcase_add_test(t, what_it_lacks_may_come_right_behind_it);
	tcase_add_test(t, who_lets_in_again_may_come_right_behind_it);
	tcase_add_test(t, what_came_before_it_was_no_help);
	tcase_add_test(t, a_second_history_is_not_its_bearers_fault);
}
