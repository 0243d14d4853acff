/*
 * test_dird_lent.c -- what dird asks of macroctl, and how it takes back what
 * does not stand. macroctl, the journal and the audit stream are this test's.
 * room: dird
 */
#include <event2/event.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "grant.h"
#include "lend_run.h"
#include "lent.h"
#include "log.h"
#include "suite.h"
#include "who.h"
#include "wire.h"

#define SUB	"did:plc:0123456789abcdef0123456789abcdef"
#define LOANS	40
#define PAGE	10

/* -- the rest of the room -------------------------------------------------- */

struct dird		dird;
static struct chan	macroctl;
static struct journal	journal;
static char		written[64][200];
static unsigned		nwritten;

uint32_t
dird_req(void)
{
	static uint32_t req;

	return ++req;
}

int
who_key(const char *did, uint8_t pub[32])
{
	(void)did;
	(void)pub;
	return -1;
}

void
who_address(const uint8_t pub[32], uint8_t ip6[16])
{
	(void)pub;
	memset(ip6, 0, 16);
}

int
audit_write(const char *what, const char *who, const char *text)
{
	(void)who;
	snprintf(written[nwritten++ % 64], sizeof(written[0]), "%s %s", what,
	    text);
	return 0;
}

/* What is lent; what of it stands. */
static struct { int is, stands; } loan[LOANS];

int
grant_stands(struct view *v, const char *own, const char *kind,
    const char *did, const char *service, const uint8_t src[16],
    const uint8_t *address)
{
	(void)v;
	(void)own;
	(void)kind;
	(void)did;
	(void)service;
	(void)address;
	return loan[src[15]].stands;
}

static void
setup(void)
{
	static char	allow[] = "tor-exit=tcp/9050";
	unsigned	i;

	dird.txt[CONF_LEND_ALLOW] = allow;
	dird.journal = &journal;
	dird.base = event_base_new();
	ck_assert_int_eq(chan_pair(PROC_DIRD, PROC_MACROCTL,
	    &dird.door[PROC_MACROCTL], &macroctl), 0);
	dird.door[PROC_MACROCTL].phase = macroctl.phase = RUN;
	for (i = 0; i < LOANS; i++)
		loan[i].is = loan[i].stands = 1;
	lent_start();
}

/* -- macroctl -------------------------------------------------------------- */

static union msg_any	said;
static int		pages_left, refuses = -1;	/* refuses to take back this one */
static unsigned		revokes;

static enum msg_type
asked(void)
{
	enum msg_type	type = MSG_NONE;
	int		fds[MSG_NFD_MAX];

	return chan_recv(&macroctl, &type, &said, fds) == CHAN_MSG ? type :
	    MSG_NONE;
}

static void
answer(enum lend_why why)
{
	struct msg_macro_done m = { .req = said.req, .why = (uint16_t)why };

	on_macro_done(&dird.door[PROC_MACROCTL], &m, NULL);
}

static void
list(void)
{
	struct msg_macro_listed	m = { .req = said.req };
	unsigned		i, n = 0;
	struct wr		w = wr_init(m.rows, sizeof(m.rows));
	static const char	who[] = "tor-exit " SUB
	    " 00112233445566778899aabbccddeeff";

	i = said.macro_list.after_len == 0 ? 0 : said.macro_list.after[15] + 1u;
	for (; i < LOANS && n < PAGE; i++) {
		if (!loan[i].is)
			continue;
		wr_uint(&w, 0xfd, 1, 0, 255);
		wr_bytes(&w, (uint8_t[14]){ 0 }, 14);
		wr_uint(&w, i, 1, 0, 255);
		wr_uint(&w, 6, 1, 0, 255);
		wr_uint(&w, 9050, 2, 0, 65535);
		wr_uint(&w, 60, 4, 0, UINT32_MAX);
		wr_uint(&w, strlen(who), 1, 0, 255);
		wr_bytes(&w, (const uint8_t *)who, strlen(who));
		n++;
	}
	m.rows_len = (uint16_t)wr_len(&w);
	m.more = i < LOANS;
	on_macro_listed(&dird.door[PROC_MACROCTL], &m, NULL);
}

/* macroctl at work until nobody asks any more. */
static void
work(void)
{
	unsigned	 i;
	enum msg_type	 type;

	for (i = 0; i < 10000 && (type = asked()) != MSG_NONE; i++) {
		if (type == MSG_MACRO_LIST && pages_left-- == 0)
			answer(LEND_KERNEL);
		else if (type == MSG_MACRO_LIST)
			list();
		else if (said.macro_run.src[15] == refuses)
			answer(LEND_KERNEL);
		else {
			ck_assert_uint_eq(said.macro_run.verb, LEND_REVOKE);
			loan[said.macro_run.src[15]].is = 0;
			revokes++;
			answer(LEND_OK);
		}
	}
	ck_assert_uint_lt(i, 10000);
}

/* -- room ------------------------------------------------------------------ */

static struct loan some = { .kind = "tor-exit", .did = SUB,
	.service = "00112233445566778899aabbccddeeff" };

static void
on_done(void *arg, const struct msg_macro_done *m)
{
	(void)arg;
	(void)m;
}

static void
on_listed(void *arg, const struct msg_macro_listed *m)
{
	(void)arg;
	(void)m;
}

static unsigned
grants_that_fit(void)
{
	unsigned n;

	for (n = 0; lend_run(LEND_ASKED, LEND_GRANT, &some, NULL, on_done,
	    NULL) == 0; n++)
		ck_assert_uint_lt(n, 1000);
	return n;
}

START_TEST(a_revoke_does_not_wait_behind_grants)
{
	ck_assert_uint_gt(grants_that_fit(), 10);
	ck_assert_int_eq(lend_run(LEND_ASKED, LEND_REVOKE, &some, NULL,
	    on_done, NULL), 0);
	ck_assert_int_eq(lend_list(LEND_ASKED, (uint8_t[LEND_KEY_LEN]){ 0 }, 0,
	    on_listed, on_done, NULL), 0);
}
END_TEST

START_TEST(nobody_who_asks_takes_the_last_place_from_what_is_due)
{
	static const uint8_t	none[LEND_KEY_LEN];
	unsigned		n = 0;

	grants_that_fit();
	while (lend_list(LEND_ASKED, none, 0, on_listed, on_done, NULL) == 0)
		ck_assert_uint_lt(n++, 1000);
	ck_assert_int_eq(lend_run(LEND_ASKED, LEND_REVOKE, &some, NULL,
	    on_done, NULL), -1);
	while (asked() != MSG_NONE)
		;
	loan[3].stands = 0;
	pages_left = -1;
	lent_look();
	work();
	ck_assert_uint_eq(revokes, 1);
	ck_assert(!loan[3].is);
}
END_TEST

START_TEST(an_answer_makes_room_again)
{
	unsigned n = grants_that_fit();

	while (asked() != MSG_NONE)
		answer(LEND_OK);
	ck_assert_uint_eq(grants_that_fit(), n);
}
END_TEST

/* All rows have had an answer: they are free, and what waited there is gone. */
static void
nobody_waits(void)
{
	static const uint8_t none[LEND_KEY_LEN];

	ck_assert_int_eq(lend_list(LEND_ASKED, none, 0, on_listed, on_done,
	    NULL), 0);
	grants_that_fit();
	while (asked() != MSG_NONE)
		answer(LEND_OK);
	said.req = 0;
}

START_TEST(an_answer_without_a_number_is_nobodys)
{
	nobody_waits();
	answer(LEND_OK);
}
END_TEST

START_TEST(a_list_without_a_number_is_nobodys)
{
	nobody_waits();
	said.macro_list.after_len = 0;
	list();
}
END_TEST

/* -- rounds ---------------------------------------------------------------- */

/* Does the clock of what is lent run? Then it is let go off at once. */
static int
waits(void)
{
	if (event_base_get_num_events(dird.base, EVENT_BASE_COUNT_ADDED) == 0)
		return 0;
	event_base_loop(dird.base, EVLOOP_ONCE);
	return 1;
}

START_TEST(exactly_what_does_not_stand_is_taken_back)
{
	unsigned i;

	pages_left = -1;
	loan[0].stands = loan[17].stands = loan[LOANS - 1].stands = 0;
	lent_look();
	work();
	for (i = 0; i < LOANS; i++)
		ck_assert_int_eq(loan[i].is, loan[i].stands);
	ck_assert_uint_eq(nwritten, 3);
	ck_assert(!waits());
}
END_TEST

START_TEST(a_page_that_fails_holds_up_nothing_that_was_seen_before)
{
	loan[3].stands = loan[LOANS - 1].stands = 0;
	pages_left = 2;
	lent_look();
	work();
	ck_assert(!loan[3].is);
	ck_assert(loan[LOANS - 1].is);
	pages_left = -1;
	ck_assert(waits());
	work();
	ck_assert(!loan[LOANS - 1].is);
	ck_assert(!waits());
}
END_TEST

START_TEST(one_that_cannot_be_taken_back_holds_up_no_other)
{
	pages_left = -1;
	loan[2].stands = loan[20].stands = loan[30].stands = 0;
	refuses = 20;
	lent_look();
	work();
	ck_assert(!loan[2].is);
	ck_assert(!loan[30].is);
	refuses = -1;
	ck_assert(waits());
	work();
	ck_assert(!loan[20].is);
	ck_assert(!waits());
}
END_TEST

START_TEST(what_cannot_be_taken_back_is_put_on_record_once)
{
	unsigned i;

	pages_left = -1;
	loan[20].stands = 0;
	refuses = 20;
	for (i = 0; i < 50; i++) {
		lent_look();	/* the journal grows */
		work();
	}
	ck_assert_uint_eq(nwritten, 1);
	refuses = -1;
	lent_look();
	work();
	ck_assert(!loan[20].is);
	ck_assert_uint_eq(nwritten, 1);
	/* Lent and ended once more, that is another end. */
	loan[20].is = 1;
	lent_look();
	work();
	ck_assert_uint_eq(nwritten, 2);
}
END_TEST

static int
on_event(const struct event_base *base, const struct event *e, void *arg)
{
	(void)base;
	return event_pending(e, EV_TIMEOUT, arg) == 0;
}

/* Seconds until the next try. */
static long
due_s(void)
{
	struct timeval now, tv = { 0, 0 };

	event_base_foreach_event(dird.base, on_event, &tv);
	ck_assert_int_ne(tv.tv_sec, 0);
	evutil_gettimeofday(&now, NULL);
	return tv.tv_sec - now.tv_sec;
}

START_TEST(what_fails_is_tried_ever_less_often)
{
	unsigned i;

	pages_left = -1;
	loan[20].stands = 0;
	refuses = 20;
	for (i = 0; i < 3; i++) {
		lent_look();
		work();
	}
	ck_assert_int_ge(due_s(), 3);
	for (i = 0; i < 20; i++) {
		lent_look();
		work();
	}
	ck_assert_int_ge(due_s(), 60);
	ck_assert_int_le(due_s(), 65);
	refuses = -1;
	lent_look();
	work();
	loan[21].stands = 0;
	refuses = 21;
	lent_look();
	work();
	ck_assert_int_le(due_s(), 2);
}
END_TEST

void
tests(TCase *t)
{
	log_init("dird", "off");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_revoke_does_not_wait_behind_grants);
	tcase_add_test(t, nobody_who_asks_takes_the_last_place_from_what_is_due);
	tcase_add_test(t, an_answer_makes_room_again);
	tcase_add_exit_test(t, an_answer_without_a_number_is_nobodys, 1);
	tcase_add_exit_test(t, a_list_without_a_number_is_nobodys, 1);
	tcase_add_test(t, exactly_what_does_not_stand_is_taken_back);
	tcase_add_test(t, a_page_that_fails_holds_up_nothing_that_was_seen_before);
	tcase_add_test(t, one_that_cannot_be_taken_back_holds_up_no_other);
	tcase_add_test(t, what_cannot_be_taken_back_is_put_on_record_once);
	tcase_add_test(t, what_fails_is_tried_ever_less_often);
}
