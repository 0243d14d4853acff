/* room: netd -- rows of samples: gaps, counters, folding, wrapping round. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "history_ring.h"

static struct rows r;

static void
setup(void)
{
	ck_assert_int_eq(rows_init(&r, node_metric, NODE_METRICS), 0);
}

static void
teardown(void)
{
	rows_free(&r);
}

/* peers: a plain value; bytes: a total. */
static void
push(double peers, double bytes)
{
	double v[NODE_METRICS] = { NAN, 0, peers, 0, bytes, 0, 0, 0, NAN, 0 };

	rows_push(&r, v);
}

static double
value(unsigned metric, unsigned want, int slow, size_t i)
{
	json_t *list = rows_values(&r, metric, want, slow);
	json_t *v = json_array_get(list, i);
	double d = json_is_null(v) ? NAN : json_real_value(v);

	ck_assert_ptr_nonnull(v);
	json_decref(list);
	return d;
}

START_TEST(a_window_is_padded_in_front_with_gaps)
{
	push(3, 0);
	push(4, 0);
	ck_assert(isnan(value(2, 3, 0, 0)));
	ck_assert(value(2, 3, 0, 1) == 3);
	ck_assert(value(2, 3, 0, 2) == 4);
	ck_assert(value(2, 1, 0, 0) == 4);
	ck_assert(isnan(value(0, 1, 0, 0)));
}
END_TEST

START_TEST(a_counter_shows_growth_and_a_gap_when_it_begins_anew)
{
	push(0, 100);
	push(0, 150);
	push(0, 20);
	push(0, 25);
	ck_assert(isnan(value(4, 4, 0, 0)));
	ck_assert(value(4, 4, 0, 1) == 50);
	ck_assert(isnan(value(4, 4, 0, 2)));
	ck_assert(value(4, 4, 0, 3) == 5);
}
END_TEST

START_TEST(sixty_seconds_fold_into_a_minute)
{
	int i;

	for (i = 0; i < 60; i++)
		push(i, i * 10);
	ck_assert_uint_eq(rows_count(&r, 1), 1);
	ck_assert(value(2, 1, 1, 0) == 59);	/* the last */
	ck_assert(value(4, 1, 1, 0) == 10);	/* the mean */
	ck_assert(isnan(value(0, 1, 1, 0)));
}
END_TEST

START_TEST(the_rings_wrap_and_a_window_is_never_longer)
{
	json_t *list;
	int i;

	for (i = 0; i < HISTORY_FAST + 7; i++)
		push(i, 0);
	ck_assert_uint_eq(rows_count(&r, 0), HISTORY_FAST);
	ck_assert(value(2, HISTORY_FAST, 0, 0) == 7);
	ck_assert(value(2, HISTORY_FAST, 0, HISTORY_FAST - 1) ==
	    HISTORY_FAST + 6);
	list = rows_values(&r, 2, 4000000000u, 0);
	ck_assert_uint_eq(json_array_size(list), HISTORY_FAST);
	json_decref(list);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("history");
	TCase *t = tcase_create("history");
	SRunner *sr;
	int bad;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_window_is_padded_in_front_with_gaps);
	tcase_add_test(t, a_counter_shows_growth_and_a_gap_when_it_begins_anew);
	tcase_add_test(t, sixty_seconds_fold_into_a_minute);
	tcase_add_test(t, the_rings_wrap_and_a_window_is_never_longer);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	bad = srunner_ntests_failed(sr);
	srunner_free(sr);
	return bad != 0;
}
