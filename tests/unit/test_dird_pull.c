/*
 * room: dird, with: pull_world -- whom dird pulls from, how much and how long,
 * and after a restart.
 */
#include "pull_world.h"

static int
longest_wait(const struct event_base *base, const struct event *ev, void *arg)
{
	struct timeval at, since;
	int *wait_s = arg;

	if (!event_pending(ev, EV_TIMEOUT, &at))
		return 0;
	event_base_gettimeofday_cached((struct event_base *)(uintptr_t)base, &since);
	timersub(&at, &since, &at);
	*wait_s = (int)at.tv_sec + (at.tv_usec > 500000);
	return 1;
}

/* For how long the timer of pull.c sleeps now. */
static int
sleeps_s(void)
{
	int wait_s = -1;

	event_base_foreach_event(dird.base, longest_wait, &wait_s);
	return wait_s;
}

START_TEST(it_sleeps_until_somebody_is_due)
{
	turn();
	ck_assert_int_eq(sleeps_s(), 60);		/* nobody is known */
	near(1);
	turn();
	ck_assert_uint_eq(made, 1);
	ck_assert_int_eq(sleeps_s(), 60);		/* one that is under way is no reason */
	answer(1, 200, NULL, NULL);
	turn();
	ck_assert_int_eq(sleeps_s(), INTERVAL);
	now += INTERVAL - 5;
	turn();
	ck_assert_uint_eq(made, 1);
	ck_assert_int_eq(sleeps_s(), 5);
	now += 5;
	turn();
	ck_assert_uint_eq(made, 2);
}
END_TEST

START_TEST(slow_strangers_leave_calls_for_members)
{
	unsigned i;

	for (i = 1; i <= 4; i++)
		near(i);
	turn();
	ck_assert_uint_eq(made, 2);
	/* A member says who it is: it need not wait for the strangers. */
	member[members++] = 9;
	journal.n++;
	near(9);
	turn();
	ck_assert(call_to(9) != NULL);
}
END_TEST

START_TEST(a_pass_ends_in_time)
{
	unsigned pages;

	near(1);
	turn();
	/* A line a page, ten seconds each, of what is known here. */
	for (pages = 0; pages < 100 && call_to(1) != NULL; pages++) {
		now += 10;
		answer(1, 200, "x", NULL);
	}
	ck_assert_uint_eq(pages, 6);
	/* It had nothing: it rests, longer each time. */
	now += INTERVAL;
	turn();
	answer(1, 200, "x", NULL);
	now += 60;
	answer(1, 200, "x", NULL);
	now += INTERVAL;
	turn();
	ck_assert(call_to(1) == NULL);
	now += INTERVAL;
	turn();
	ck_assert(call_to(1) != NULL);
	/* With something new it is asked as often as anybody. */
	becomes = WHY_OK;
	now += 60;
	answer(1, 200, "x", NULL);
	ck_assert(call_to(1) == NULL);
	now += INTERVAL;
	turn();
	ck_assert(call_to(1) != NULL);
}
END_TEST

START_TEST(a_link_forgives_only_who_could_not_be_reached)
{
	near(1);
	near(2);
	turn();
	answer(1, 0, NULL, "it took too long");
	answer(2, 0, NULL, fetch_no_way);
	turn();
	ck_assert_uint_eq(made, 2);
	near(1);
	near(2);
	turn();
	ck_assert(call_to(1) == NULL);
	ck_assert(call_to(2) != NULL);
}
END_TEST

/* Is this one of those in the status? */
static int
is_known(unsigned n)
{
	json_t *v, *all = source_status();
	char npub[NPUB_LEN + 1];
	uint8_t pub[32];
	size_t i;
	int found = 0;

	key(n, pub);
	npub_encode(pub, npub);
	json_array_foreach(all, i, v)
		found |= strcmp(json_string_value(json_object_get(v, "npub")),
		    npub) == 0;
	json_decref(all);
	return found;
}

START_TEST(links_do_not_fill_the_table)
{
	uint8_t pub[32];
	unsigned i;

	key(1, pub);
	ck_assert_int_eq(pull_from(pub), 0);
	near(2);
	turn();
	answer(2, 200, "", NULL);
	answer(1, 200, "", NULL);
	for (i = 1000; i < 2000; i++)
		near(i);
	ck_assert_uint_eq(pull_all(), 65);
	/* Who was named and who has answered are still there. */
	ck_assert(is_known(1));
	ck_assert(is_known(2));
	ck_assert(is_known(1999));
	ck_assert(!is_known(1000));
	/* Members have places, until there are too many of them. */
	for (members = 0; members < 255; members++)
		member[members] = (uint8_t)(members + 1);
	journal.n++;
	turn();
	for (i = 1; i <= 255; i++)
		ck_assert(is_known(i));
	ck_assert_uint_eq(pull_all(), 256);
}
END_TEST

/* Asks for the end of 1's journal each interval; how often from its start. */
static unsigned
from_start(unsigned intervals)
{
	unsigned i, n = 0;

	for (i = 0; i < intervals; i++) {
		now += INTERVAL;
		journal.n++;
		turn();
		n += from == 0;
		if (from == 0)
			answer(1, 200, "?xxx", NULL);
		answer(1, 200, "", NULL);
	}
	return n;
}

START_TEST(what_is_never_wanted_is_asked_for_ever_less)
{
	near(1);
	turn();
	answer(1, 200, "?xxx", NULL);
	answer(1, 200, "", NULL);
	/* After 1, 2, 4, 8, 16, 32 and 64 intervals. */
	ck_assert_uint_eq(from_start(100), 7);
	/* Its author is here now: in the end it is taken, the once. */
	all_known = 1;
	becomes = WHY_OK;
	ck_assert_uint_eq(from_start(200), 1);
}
END_TEST

/* What 1 sends in some minutes, asked by hand each of them: pages. */
static unsigned
flood(unsigned minutes)
{
	unsigned pages = 0;

	for (; minutes > 0; minutes--, now += 60) {
		pull_all();
		turn();
		for (; call_to(1) != NULL && pages < 1000; pages++)
			answer(1, 200, "x", NULL);
	}
	return pages;
}

START_TEST(a_member_that_signs_without_end_fills_its_hour_only)
{
	becomes = WHY_OK;
	line_len = 1u << 20;
	member[members++] = 1;
	member[members++] = 2;
	journal.n++;
	ck_assert_uint_eq(flood(60), 10);
	/* Others have an hour of their own, and it has another one. */
	ck_assert(call_to(2) != NULL);
	answer(2, 200, "x", NULL);
	pull_all();
	turn();
	ck_assert(call_to(2) != NULL);
	ck_assert_uint_eq(flood(60), 10);
	/* What was here already is none of it. */
	becomes = WHY_KNOWN;
	ck_assert_uint_gt(flood(1), 10);
}
END_TEST

/* Where 1 is asked to begin next. */
static uint64_t
asked_from(void)
{
	pull_all();
	turn();
	ck_assert(call_to(1) != NULL);
	return from;
}

/* 1 says this much of its journal; then its place is forgotten. */
static void
said_and_forgotten(const char *page, char *record, size_t *len)
{
	ck_assert_uint_eq(asked_from(), 0);
	answer(1, 200, page, NULL);
	answer(1, 200, "", NULL);
	*len = source_write(record, 4096, 0);
	ck_assert_uint_gt(*len, 0);
	/* It has not moved since. */
	ck_assert_uint_eq(source_write(record + 2048, 2048, 0), 0);
	ck_assert_uint_eq(source_write(record + 2048, 2048, 1), *len);
	asked_from();
	answer(1, 409, "", NULL);
	ck_assert_uint_eq(asked_from(), 0);
	answer(1, 404, "", NULL);
}

START_TEST(a_pull_goes_on_after_a_restart)
{
	char record[4096];
	size_t len, cut;

	member[members++] = 1;
	journal.n++;
	said_and_forgotten("xxxx", record, &len);
	ck_assert_int_eq(source_read(record, len), 0);
	ck_assert_uint_eq(asked_from(), 4);
	answer(1, 404, "", NULL);
	/* A record that breaks off, at whatever byte, is only asked again for. */
	for (cut = 1 + strlen(VERSION) + 1; cut < len; cut++)
		ck_assert_int_eq(source_read(record, cut), -1);
	/* Another version may take what this one refused. */
	record[1] ^= 1;
	ck_assert_int_eq(source_read(record, len), 0);
	ck_assert_uint_eq(asked_from(), 0);
}
END_TEST

START_TEST(what_may_be_wanted_later_is_asked_for_after_a_restart)
{
	char record[4096];
	size_t len;

	member[members++] = 1;
	journal.n++;
	said_and_forgotten("xx?x", record, &len);
	ck_assert_int_eq(source_read(record, len), 0);
	ck_assert_uint_eq(asked_from(), 2);
}
END_TEST

/* What one has had of its hour is not forgotten with a restart. */
START_TEST(a_restart_gives_nobody_another_hour)
{
	char record[4096];
	size_t len;

	becomes = WHY_OK;
	line_len = 1u << 20;
	member[members++] = 1;
	journal.n++;
	ck_assert_uint_eq(flood(1), 10);
	len = source_write(record, sizeof(record), 0);
	now += 3600;
	ck_assert_uint_eq(flood(1), 10);
	now -= 3600;
	ck_assert_int_eq(source_read(record, len), 0);
	ck_assert_uint_eq(flood(1), 0);
}
END_TEST

/* However long it runs, a node that hears nothing new writes nothing. */
START_TEST(how_far_it_is_is_written_when_that_changed)
{
	member[members++] = 1;
	journal.n++;
	asked_from();
	answer(1, 200, "xx", NULL);
	answer(1, 200, "", NULL);
	ck_assert_uint_eq(stored, 0);
	now += 600;
	asked_from();
	answer(1, 200, "", NULL);
	ck_assert_uint_eq(stored, 1);
	now += 6000;
	asked_from();
	answer(1, 200, "", NULL);
	ck_assert_uint_eq(stored, 1);
	pull_save(1);
	ck_assert_uint_eq(stored, 2);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, slow_strangers_leave_calls_for_members);
	tcase_add_test(t, a_pass_ends_in_time);
	tcase_add_test(t, a_link_forgives_only_who_could_not_be_reached);
	tcase_add_test(t, links_do_not_fill_the_table);
	tcase_add_test(t, a_member_that_signs_without_end_fills_its_hour_only);
	tcase_add_test(t, what_is_never_wanted_is_asked_for_ever_less);
	tcase_add_test(t, it_sleeps_until_somebody_is_due);
	tcase_add_test(t, a_pull_goes_on_after_a_restart);
	tcase_add_test(t, what_may_be_wanted_later_is_asked_for_after_a_restart);
	tcase_add_test(t, a_restart_gives_nobody_another_hour);
	tcase_add_test(t, how_far_it_is_is_written_when_that_changed);
}
