/* room: bastidectl -- arguments of bastidectl dir: numbers and times. */
#include <string.h>

#include "dir.h"
#include "suite.h"

START_TEST(a_number_is_whole_and_what_is_none_stays_out)
{
	json_int_t v;

	ck_assert_int_eq(dir_number(NULL, "N", &v), 0);
	ck_assert_int_eq(v, -1);
	ck_assert_int_eq(dir_number("0", "N", &v), 0);
	ck_assert_int_eq(v, 0);
	ck_assert_int_eq(dir_number("999999999999999", "N", &v), 0);
	ck_assert_int_eq(v, 999999999999999);
	ck_assert_int_eq(dir_number("1000000000000000", "N", &v), -1);
	ck_assert_int_eq(dir_number("", "N", &v), -1);
	ck_assert_int_eq(dir_number("-1", "N", &v), -1);
	ck_assert_int_eq(dir_number("1x", "N", &v), -1);
}
END_TEST

START_TEST(a_time_has_a_unit_or_is_in_seconds)
{
	json_int_t v;

	ck_assert_int_eq(dir_seconds(NULL, "FOR", &v), 0);
	ck_assert_int_eq(v, -1);
	ck_assert_int_eq(dir_seconds("90", "FOR", &v), 0);
	ck_assert_int_eq(v, 90);
	ck_assert_int_eq(dir_seconds("90s", "FOR", &v), 0);
	ck_assert_int_eq(v, 90);
	ck_assert_int_eq(dir_seconds("2m", "FOR", &v), 0);
	ck_assert_int_eq(v, 120);
	ck_assert_int_eq(dir_seconds("12h", "FOR", &v), 0);
	ck_assert_int_eq(v, 43200);
	ck_assert_int_eq(dir_seconds("7d", "FOR", &v), 0);
	ck_assert_int_eq(v, 604800);
	ck_assert_int_eq(dir_seconds("d", "FOR", &v), -1);
	ck_assert_int_eq(dir_seconds("7w", "FOR", &v), -1);
	ck_assert_int_eq(dir_seconds("7d7", "FOR", &v), -1);
}
END_TEST

/* As many digits as a number may have, and each unit: no sum beyond 63 bits. */
START_TEST(a_time_longer_than_can_be_counted_is_refused)
{
	char text[24];
	const char *u;
	json_int_t v;
	size_t n;

	for (n = 1; n <= 16; n++)
		for (u = "smhd"; *u != '\0'; u++) {
			memset(text, '9', n);
			text[n] = *u;
			text[n + 1] = '\0';
			ck_assert(dir_seconds(text, "FOR", &v) == -1 || v >= 0);
			ck_assert(n < 16 || v == -1);
		}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_number_is_whole_and_what_is_none_stays_out);
	tcase_add_test(t, a_time_has_a_unit_or_is_in_seconds);
	tcase_add_test(t, a_time_longer_than_can_be_counted_is_refused);
}
