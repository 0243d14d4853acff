/* room: cryptod -- the window against a plain list of what was seen. */
#include <stdlib.h>
#include <string.h>

#include "replay.h"
#include "suite.h"

static struct replay r;

static void
setup(void)
{
	memset(&r, 0, sizeof(r));
}

static int
take(uint64_t c)
{
	if (!replay_may(&r, c))
		return 0;
	replay_accept(&r, c);
	return 1;
}

START_TEST(a_new_window_takes_counter_zero_once)
{
	ck_assert(take(0));
	ck_assert(!take(0));
	ck_assert(take(1));
}
END_TEST

START_TEST(a_check_alone_changes_nothing)
{
	ck_assert(replay_may(&r, 5));
	ck_assert(replay_may(&r, 5));
	ck_assert(take(0));
}
END_TEST

START_TEST(the_window_is_exactly_2048_wide)
{
	ck_assert(take(5000));
	ck_assert(!take(5000 - 2048));
	ck_assert(take(5000 - 2047));
	ck_assert(!take(5000 - 2047));
	ck_assert(take(5001));
	ck_assert(!replay_may(&r, 5001 - 2048));
	ck_assert(take(5001 - 2047));
}
END_TEST

START_TEST(a_leap_forgets_all_that_was_behind)
{
	uint64_t c;

	for (c = 0; c < 3000; c++)
		ck_assert(take(c));
	ck_assert(take(UINT64_C(1) << 40));
	for (c = (UINT64_C(1) << 40) - 2047; c < UINT64_C(1) << 40; c++)
		ck_assert(take(c));
	ck_assert(!take(2999));
}
END_TEST

START_TEST(the_highest_counters_do_not_wrap)
{
	ck_assert(take(UINT64_MAX));
	ck_assert(!take(UINT64_MAX));
	ck_assert(!take(0));
	ck_assert(take(UINT64_MAX - 2047));
	ck_assert(!take(UINT64_MAX - 2048));
}
END_TEST

/* A model that remembers everything must agree on every step. */
START_TEST(it_agrees_with_a_list_of_all_that_was_seen)
{
	enum { N = 20000 };
	static uint8_t	seen[N * 4];
	uint64_t	c, high = 0;
	int		i, news, any = 0;

	memset(seen, 0, sizeof(seen));
	srandom(1);
	for (i = 0; i < N; i++) {
		c = (uint64_t)i * 3 + (uint64_t)(random() % 64 == 0 ?
		    random() % 3000 : random() % 9);
		c = random() % 3 == 0 && c > 2100 ?
		    c - (uint64_t)(random() % 2100) : c;
		news = !seen[c] && (!any || c > high || high - c < 2048);
		ck_assert_int_eq(take(c), news);
		if (news) {
			seen[c] = 1;
			any = 1;
			high = c > high ? c : high;
		}
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_new_window_takes_counter_zero_once);
	tcase_add_test(t, a_check_alone_changes_nothing);
	tcase_add_test(t, the_window_is_exactly_2048_wide);
	tcase_add_test(t, a_leap_forgets_all_that_was_behind);
	tcase_add_test(t, the_highest_counters_do_not_wrap);
	tcase_add_test(t, it_agrees_with_a_list_of_all_that_was_seen);
}
