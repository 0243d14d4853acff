/*
 * test_dird_pull.c -- whom dird pulls from, when, and for how long. The peers,
 * the clock and the journal are the test's own. room: dird
 */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "cosigned.h"
#include "dird.h"
#include "fetch.h"
#include "import.h"
#include "log.h"
#include "pull.h"
#include "source.h"
#include "suite.h"
#include "view_int.h"
#include "who.h"

#define CALLS_MAX	8
#define INTERVAL	30

static int64_t		now;
static enum why		becomes;	/* of each line that was sent */
static int		all_known;	/* here, of authors */
static int		all_in;		/* again, of those who were sent away */
static size_t		line_len;	/* of each */

/* -- what pull.c meets --------------------------------------------------------- */

const char fetch_no_way[] = "no way";
/* A call is its number + 1. */
static struct call {
	uint8_t	 pub[32];
	fetched	*done;
	void	*arg;
} calls[CALLS_MAX];
static unsigned		made;
static uint64_t		from;		/* of the last one */

struct fetch *
fetch(const uint8_t pub[32], enum method method, const char *path,
    const char *body, size_t len, size_t max, unsigned patience_s,
    fetched *done, void *arg)
{
	unsigned i;

	(void)method, (void)body, (void)len, (void)max;
	(void)patience_s;
	from = strtoull(strstr(path, "from=") + 5, NULL, 10);
	for (i = 0; i < CALLS_MAX && calls[i].done != NULL; i++)
		continue;
	ck_assert_uint_lt(i, CALLS_MAX);
	memcpy(calls[i].pub, pub, 32);
	calls[i].done = done;
	calls[i].arg = arg;
	made++;
	return (struct fetch *)(void *)&calls[i];
}

struct dird dird;
int64_t dird_now(void) { return now; }
enum why state_writable(void) { return WHY_OK; }
void state_changed(void) { }
void cosigned_ask(const uint8_t pub[32], const char *did) { (void)pub, (void)did; }
size_t cosigned_write(void *buf, size_t cap) { (void)buf, (void)cap; return 0; }
void cosigned_read(const void *buf, size_t len) { (void)buf, (void)len; }
void who_address(const uint8_t pub[32], uint8_t ip6[16]) { memcpy(ip6, pub, 16); }
void who_is(const uint8_t ip6[16], char did[DID_LEN + 1]) { (void)ip6; did[0] = '\0'; }

struct import *
import_new(void)
{
	return calloc(1, sizeof(struct import));
}

/* What a byte of a page stands for: "?": its author is not known here, "!": was
 * sent away, "~": is frozen; "+" brings in the one, "^" the other. */
static enum why
line_becomes(char c)
{
	switch (c) {
	case '?':
		return all_known ? becomes : WHY_AUTHOR;
	case '!':
		return all_in ? becomes : WHY_REVOKED;
	case '~':
		return WHY_FROZEN;
	case '+':
		return all_known ? WHY_KNOWN : WHY_OK;
	case '^':
		return all_in ? WHY_KNOWN : WHY_OK;
	default:
		return becomes;
	}
}

/* A page has a line for each byte. */
int
import_read(struct import *im, const char *text, size_t len,
    const uint8_t *before, struct because *b)
{
	size_t i;

	(void)before, (void)b;
	im->n = len;
	for (i = 0; i < len; i++) {
		im->raw[i] = (struct span){ text + i, line_len };
	}
	return 0;
}

int
import_take(struct import *im)
{
	size_t i;
	char c;

	for (i = 0; i < im->n; i++) {
		c = *im->raw[i].p;
		im->why[i] = line_becomes(c);
		if (im->why[i] != WHY_OK)
			continue;
		dird.journal->n++;
		all_known |= c == '+';
		all_in |= c == '^';
		dird.journal->view->reopened += c == '^';
	}
	return 0;
}

static unsigned		stored;		/* records */

int
store_append(struct store *st, enum record_kind kind, const void *p, size_t len,
    uint64_t *where)
{
	(void)st, (void)p, (void)len, (void)where;
	stored += kind == REC_PULLS;
	return 0;
}

int store_commit(struct store *st) { (void)st; return 0; }

static uint8_t		member[256];
static unsigned		members;

static void
key(unsigned n, uint8_t pub[32])
{
	memset(pub, 0, 32);
	pub[0] = (uint8_t)n;
	pub[1] = (uint8_t)(n >> 8);
}

void
who_each(void (*fn)(void *, const char *did, const uint8_t pub[32],
    const uint8_t ip6[16]), void *arg)
{
	uint8_t pub[32];
	unsigned i;

	for (i = 0; i < members; i++) {
		key(member[i], pub);
		fn(arg, "did", pub, pub);
	}
}

int who_key(const char *did, uint8_t pub[32]) { (void)did, (void)pub; return -1; }

/* -- the test ------------------------------------------------------------------- */

static struct journal	journal;

static void
setup(void)
{
	log_init("dird", NULL);
	dird.base = event_base_new();
	dird.conf[CONF_DIR_PULL] = INTERVAL;
	dird.conf[CONF_DIR_PULL_MIB] = 10;
	dird.journal = &journal;
	strcpy(journal.root, "did:plc:x");
	journal.n = 1000000;
	journal.view = view_new();
	memset(dird.pub, 0xee, sizeof(dird.pub));
	now = 1000000;
	becomes = WHY_KNOWN;
	pull_start();
}

static void
teardown(void)
{
	view_free(journal.view);
}

/* The timer of pull.c, as if what the clock says had come about. */
static void
turn(void)
{
	pull_look();
	event_base_loop(dird.base, EVLOOP_ONCE);
}

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

static void
near(unsigned n)
{
	struct msg_near m = { .req = 0 };

	key(n, m.pub);
	on_near(&dird.door[PROC_NETD], &m, NULL);
}

static struct call *
call_to(unsigned n)
{
	uint8_t pub[32];
	unsigned i;

	key(n, pub);
	for (i = 0; i < CALLS_MAX; i++)
		if (calls[i].done != NULL && memcmp(calls[i].pub, pub, 32) == 0)
			return &calls[i];
	return NULL;
}

static void
answer(unsigned n, int status, const char *page, const char *wrong)
{
	struct call *c = call_to(n), was;

	ck_assert_msg(c != NULL, "nobody asks %u", n);
	was = *c;
	c->done = NULL;
	was.done(was.arg, status, page, page == NULL ? 0 : strlen(page), wrong);
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
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, slow_strangers_leave_calls_for_members);
	tcase_add_test(t, a_pass_ends_in_time);
	tcase_add_test(t, a_link_forgives_only_who_could_not_be_reached);
	tcase_add_test(t, links_do_not_fill_the_table);
	tcase_add_test(t, a_member_that_signs_without_end_fills_its_hour_only);
	tcase_add_test(t, what_is_never_wanted_is_asked_for_ever_less);
	tcase_add_test(t, what_somebody_sent_away_said_is_not_its_bearers_fault);
	tcase_add_test(t, what_it_lacks_may_come_right_behind_it);
	tcase_add_test(t, who_lets_in_again_may_come_right_behind_it);
	tcase_add_test(t, what_came_before_it_was_no_help);
	tcase_add_test(t, a_second_history_is_not_its_bearers_fault);
	tcase_add_test(t, it_sleeps_until_somebody_is_due);
	tcase_add_test(t, a_pull_goes_on_after_a_restart);
	tcase_add_test(t, what_may_be_wanted_later_is_asked_for_after_a_restart);
	tcase_add_test(t, a_restart_gives_nobody_another_hour);
	tcase_add_test(t, how_far_it_is_is_written_when_that_changed);
}
