/*
 * test_lend.c -- grants between a question and its record, and lists of them.
 * The kernel, the guests and the other rooms are this test's. room: privd
 */
#include <sys/syscall.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "log.h"
#include "nft.h"
#include "suite.h"
#include "wire.h"

#define MANY	200
#define SUB	"did:plc:0123456789abcdef0123456789abcdef"
#define PORT	9050

/* -- the kernel ------------------------------------------------------------ */

static struct nft_grant	set[MANY];
static unsigned		nset;
static int		kernel_fails;

int
nft_open(void)
{
	return 0;
}

int
nft_install(const struct lend_rules *r, const char *ifname,
    const uint8_t ip6[16])
{
	(void)r;
	(void)ifname;
	(void)ip6;
	return 0;
}

int
nft_empty(void)
{
	nset = 0;
	return 0;
}

void
nft_close(void)
{
}

static unsigned
place(const uint8_t src[16], struct lend_port p)
{
	unsigned i;

	for (i = 0; i < nset; i++)
		if (memcmp(set[i].src, src, 16) == 0 &&
		    set[i].port.port == p.port && set[i].port.proto == p.proto)
			break;
	return i;
}

int
nft_grant(const uint8_t src[16], const struct lend_port *p, unsigned n,
    uint32_t secs, const char *who)
{
	unsigned i, j;

	for (i = 0; i < n; i++) {
		j = place(src, p[i]);
		if (j < nset && strcmp(set[j].who, who) != 0) {
			errno = EADDRINUSE;
			return -1;
		}
		nset += j == nset;
		memcpy(set[j].src, src, 16);
		set[j].port = p[i];
		set[j].left_s = secs;
		strcpy(set[j].who, who);
	}
	return 0;
}

int
nft_revoke(const uint8_t src[16], const struct lend_port *p, unsigned n,
    const char *who)
{
	unsigned	i, j;
	int		removed = 0;

	if (kernel_fails) {
		errno = EIO;
		return -1;
	}
	for (i = 0; i < n; i++) {
		j = place(src, p[i]);
		if (j == nset || (who != NULL && strcmp(set[j].who, who) != 0))
			continue;
		set[j] = set[--nset];
		removed++;
	}
	return removed;
}

/* In an order that is nobody's, as the kernel's is. */
int
nft_each(void (*fn)(void *, const struct nft_grant *), void *arg)
{
	unsigned i;

	for (i = nset; i > 0; i--)
		fn(arg, &set[(i + nset / 2) % nset]);
	return kernel_fails ? -1 : 0;
}

int
diag_listens(const uint8_t ip6[16], int is_tcp, uint16_t port, int v4)
{
	(void)ip6;
	(void)is_tcp;
	(void)port;
	(void)v4;
	return 1;
}

/* -- the clock, which this test can push on -------------------------------- */

static time_t ahead_s;

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	if (syscall(SYS_clock_gettime, id, ts) == -1)
		return -1;
	ts->tv_sec += ahead_s;
	return 0;
}

/* -- the house and its guests ---------------------------------------------- */

struct house		house;
static struct conf	conf;
static struct chan	guest[2], dird;	/* guest[0]: privd's end */
static const char	*lied;

void
conf_fatal(const char *fmt, ...)
{
	ck_abort_msg("%s", fmt);
}

void
house_lie(struct room *r, const char *how)
{
	(void)r;
	lied = how;
}

struct asker
guest_asker(const struct chan *c)
{
	(void)c;
	return (struct asker){ 0, 0 };
}

struct chan *
guest_door(struct asker a)
{
	(void)a;
	return &guest[0];
}

int
guest_ready(struct asker a)
{
	(void)a;
	return 1;
}

static void
setup(void)
{
	static char allow[] = "tor-exit=tcp/9050 mirror=tcp/8080,tcp/8081";
	static char none[] = "", tun[] = "fips0";

	conf.txt[CONF_LEND_ALLOW] = allow;
	conf.txt[CONF_LEND_NET4] = none;
	conf.txt[CONF_TUN_NAME] = tun;
	conf.num[CONF_LEND_SECS_MAX] = 3600;
	conf.num[CONF_LEND_GRANTS_MAX] = 1000;
	conf.num[CONF_TUN_ENABLED] = 1;
	house.conf = &conf;
	house.room[PROC_DIRD].pid = 1;
	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_DIRD,
	    &house.room[PROC_DIRD].door, &dird), 0);
	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_MACROCTL, &guest[0],
	    &guest[1]), 0);
	house.room[PROC_DIRD].door.phase = dird.phase = RUN;
	guest[0].phase = guest[1].phase = RUN;
	ck_assert_int_eq(lend_read(), 1);
	lend_open();
}

/* -- what is said and heard ------------------------------------------------ */

static struct msg_grant
grant_of(uint32_t i, const char *kind, uint16_t port)
{
	struct msg_grant m = { .req = 1000 + i, .src = { 0xfd, [15] = 1 },
	    .secs = 600 };
	struct lend_port p = { IPPROTO_TCP, port };

	put_le32(m.src + 4, i);
	strcpy(m.kind, kind);
	strcpy(m.sub, SUB);
	m.allow_len = (uint16_t)lend_ports_encode(&p, 1, m.allow);
	return m;
}

static void
ask(uint32_t i)
{
	struct msg_grant m = grant_of(i, "tor-exit", PORT);

	on_grant(&guest[0], &m, NULL);
}

static void
take_back(uint32_t i, const char *service)
{
	struct msg_grant g = grant_of(i, "tor-exit", PORT);
	struct msg_revoke m = { .req = 5000 + i };

	strcpy(m.kind, g.kind);
	strcpy(m.sub, g.sub);
	memcpy(m.src, g.src, sizeof(m.src));
	m.service_len = (uint16_t)strlen(service);
	memcpy(m.service, service, m.service_len);
	on_revoke(&guest[0], &m, NULL);
}

/* The next word of a door, or MSG_NONE. */
static enum msg_type
next(struct chan *c, union msg_any *m)
{
	enum msg_type	type = MSG_NONE;
	int		fds[MSG_NFD_MAX];

	return chan_recv(c, &type, m, fds) == CHAN_MSG ? type : MSG_NONE;
}

/* dird writes down the next record, or cannot; what it said, or "". */
static const char *
record(int ok)
{
	static char		text[1100];
	union msg_any		m;
	struct msg_audited	a;

	if (next(&dird, &m) != MSG_AUDIT)
		return "";
	snprintf(text, sizeof(text), "%s %.*s", m.audit.what,
	    m.audit.text_len, (char *)m.audit.text);
	a = (struct msg_audited){ .req = m.audit.req, .ok = (uint8_t)ok };
	on_audited(&house.room[PROC_DIRD].door, &a, NULL);
	return text;
}

/* -- lists ----------------------------------------------------------------- */

static void
lend_many(unsigned n)
{
	struct msg_grant	m;
	struct lend_port	p = { IPPROTO_TCP, PORT };
	unsigned		i;

	for (i = 0; i < n; i++) {
		m = grant_of(i, "tor-exit", PORT);
		nft_grant(m.src, &p, 1, 600, "tor-exit " SUB);
	}
}

static unsigned seen[MANY];

static void
on_row(void *arg, const struct lend_row *r)
{
	(void)arg;
	seen[get_le32(r->src + 4)]++;
}

/* One page; 1: there is more. */
static int
page(struct msg_list *l)
{
	union msg_any m;

	on_list(&guest[0], l, NULL);
	ck_assert_int_eq(next(&guest[1], &m), MSG_LISTED);
	l->after_len = lend_rows(m.listed.rows, m.listed.rows_len, l->after,
	    on_row, NULL);
	return m.listed.more;
}

START_TEST(a_list_has_everything_once)
{
	struct msg_list	l = { .req = 1 };
	unsigned	i;

	lend_many(MANY);
	while (page(&l))
		;
	for (i = 0; i < MANY; i++)
		ck_assert_uint_eq(seen[i], 1);
}
END_TEST

START_TEST(a_list_between_the_pages_of_another_breaks_neither)
{
	struct msg_list	l = { .req = 1 }, other;
	unsigned	i, pages = 0;

	lend_many(MANY);
	do {
		memset(&other, 0, sizeof(other));
		other.req = 2;
		page(&other);
		pages++;
	} while (page(&l));
	ck_assert_uint_gt(pages, 3);
	/* The first page is everybody's; what comes after it is the list's alone. */
	for (i = MANY / 2; i < MANY; i++)
		ck_assert_uint_eq(seen[i], 1);
}
END_TEST

START_TEST(what_goes_between_two_pages_hides_nothing_else)
{
	struct msg_list	l = { .req = 1 }, other = { .req = 2 };
	unsigned	i, gone;

	lend_many(MANY);
	page(&l);
	for (gone = 0; seen[gone] > 0; gone++)
		;
	ck_assert_uint_gt(gone, 3);
	/* All of the first page but one is taken back, and somebody looks. */
	for (i = 1; i < gone; i++)
		take_back(i, "");
	while (record(1)[0] != '\0')
		;
	while (next(&guest[1], &(union msg_any){ .req = 0 }) != MSG_NONE)
		;
	page(&other);
	memset(seen, 0, sizeof(seen));
	while (page(&l))
		;
	for (i = gone; i < MANY; i++)
		ck_assert_uint_eq(seen[i], 1);
}
END_TEST

START_TEST(a_list_does_not_end_where_the_kernel_failed_another)
{
	struct msg_list	l = { .req = 1 }, other = { .req = 2 };
	union msg_any	m;

	lend_many(MANY);
	ck_assert(page(&l));
	kernel_fails = 1;
	on_list(&guest[0], &other, NULL);
	ck_assert_int_eq(next(&guest[1], &m), MSG_LEND_NO);
	on_list(&guest[0], &l, NULL);
	ck_assert_int_eq(next(&guest[1], &m), MSG_LEND_NO);
	ck_assert_int_eq(m.lend_no.why, LEND_KERNEL);
}
END_TEST

/* -- a revoke meanwhile ---------------------------------------------------- */

static enum lend_why
answered(uint32_t req)
{
	union msg_any m;
	enum msg_type type;

	while ((type = next(&guest[1], &m)) != MSG_NONE)
		if (m.req == req)
			return type == MSG_LEND_NO ? m.lend_no.why : LEND_OK;
	return LEND_WHY_MAX;
}

START_TEST(a_grant_that_is_revoked_before_its_record_is_not_made)
{
	ask(1);
	ask(2);
	take_back(1, "");
	while (strncmp(record(1), "failed", 6) != 0)
		;
	ck_assert_uint_eq(nset, 1);
	ck_assert_uint_eq(get_le32(set[0].src + 4), 2);
	ck_assert_int_eq(answered(1001), LEND_REVOKED);
	/* And afterwards it can be lent again. */
	while (record(1)[0] != '\0')
		;
	ask(1);
	record(1);
	ck_assert_uint_eq(nset, 2);
}
END_TEST

START_TEST(a_revoke_of_one_service_leaves_the_grant_for_another)
{
	static const char	one[] = "11111111111111111111111111111111";
	static const char	two[] = "22222222222222222222222222222222";
	struct msg_grant	m = grant_of(1, "tor-exit", PORT);

	m.service_len = 32;
	memcpy(m.service, two, 32);
	on_grant(&guest[0], &m, NULL);
	take_back(1, one);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 1);
	on_grant(&guest[0], &m, NULL);
	take_back(1, two);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 0);
}
END_TEST

START_TEST(what_another_has_already_is_not_lent_a_second_time)
{
	static const char	one[] = "11111111111111111111111111111111";
	static const char	two[] = "22222222222222222222222222222222";
	struct msg_grant	m = grant_of(1, "tor-exit", PORT);

	m.service_len = 32;
	memcpy(m.service, one, 32);
	on_grant(&guest[0], &m, NULL);
	memcpy(m.service, two, 32);
	m.req = 7;
	on_grant(&guest[0], &m, NULL);
	while (strncmp(record(1), "failed", 6) != 0)
		;
	ck_assert_int_eq(answered(7), LEND_TAKEN);
	take_back(1, two);
	record(1);
	ck_assert_uint_eq(nset, 1);
	take_back(1, one);
	ck_assert_uint_eq(nset, 0);
}
END_TEST

START_TEST(what_is_not_recorded_is_not_made)
{
	ask(1);
	ck_assert(strncmp(record(0), "grant", 5) == 0);
	ck_assert_uint_eq(nset, 0);
	ck_assert_int_eq(answered(1001), LEND_AUDIT);
}
END_TEST

/* -- how many -------------------------------------------------------------- */

START_TEST(grants_leave_room_for_a_revoke)
{
	union msg_any	m;
	unsigned	i;

	for (i = 0; i < 50; i++)
		ask(i);
	/* Those that have no place are told so, at once. */
	ck_assert_int_eq(next(&guest[1], &m), MSG_LEND_NO);
	ck_assert_int_eq(m.lend_no.why, LEND_BUSY);
	while (next(&guest[1], &m) != MSG_NONE)
		;
	take_back(99, "");
	while (record(1)[0] != '\0')
		;
	while (next(&guest[1], &m) == MSG_GRANTED)
		;
	ck_assert_int_eq(m.req, 5099);
}
END_TEST

START_TEST(grants_that_wait_count_against_the_limit)
{
	unsigned i;

	conf.num[CONF_LEND_GRANTS_MAX] = 3;
	lend_read();
	for (i = 0; i < 5; i++)
		ask(i);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 3);
	/* What has run out meanwhile is seen, what was called off does not count. */
	nset = 1;
	ask(10);
	take_back(10, "");
	ask(11);
	ask(12);
	ask(13);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 3);
	ck_assert_int_eq(answered(1013), LEND_FULL);
}
END_TEST

START_TEST(a_renewal_takes_no_room_where_all_is_lent)
{
	conf.num[CONF_LEND_GRANTS_MAX] = 3;
	lend_read();
	lend_many(3);
	lend_open();
	ask(1);
	record(1);
	ck_assert_int_eq(answered(1001), LEND_OK);
	ask(3);
	ck_assert_int_eq(answered(1003), LEND_FULL);
	/* Several that wait for their record, too. */
	ask(0);
	ask(2);
	while (record(1)[0] != '\0')
		;
	ck_assert_int_eq(answered(1002), LEND_OK);
	ck_assert_uint_eq(nset, 3);
}
END_TEST

START_TEST(where_nothing_is_lent_any_more_earlier_grants_go)
{
	static char none[] = "";

	lend_many(3);
	conf.txt[CONF_LEND_ALLOW] = none;
	ck_assert_int_eq(lend_read(), 0);
	lend_open();
	ck_assert_uint_eq(nset, 0);
}
END_TEST

START_TEST(what_would_outlast_the_configuration_goes)
{
	lend_many(4);
	set[1].left_s = 300;
	set[2].left_s = 0;	/* by hand, without an end */
	conf.num[CONF_LEND_SECS_MAX] = 300;
	lend_read();
	lend_open();
	ck_assert_uint_eq(nset, 1);
	ck_assert_uint_eq(get_le32(set[0].src + 4), 1);
}
END_TEST

/* -- what is refused ------------------------------------------------------- */

/* A grant that is not lent, refused; the record of it, or "". */
static const char *
refuse_one(void)
{
	struct msg_grant m = grant_of(1, "tor-exit", 22);

	on_grant(&guest[0], &m, NULL);
	ck_assert_int_eq(answered(1001), LEND_POLICY);
	return record(1);
}

static const char *
attempt(void)
{
	struct msg_attempt m = { .req = 1, .why = LEND_KIND, .text = "x",
	    .text_len = 1 };

	on_attempt(&guest[0], &m, NULL);
	return record(1);
}

START_TEST(refusals_without_end_do_not_fill_the_disk)
{
	unsigned i, n = 0;

	for (i = 0; i < 500; i++) {
		n += refuse_one()[0] != '\0';
		n += attempt()[0] != '\0';
	}
	ck_assert_uint_eq(n, 256);
	/* Each was answered all the same, and the next record counts the rest. */
	ahead_s = 11;
	ck_assert_ptr_nonnull(strstr(refuse_one(), "unwritten=744"));
	ck_assert_str_eq(refuse_one(), "");
	ahead_s += 60;
	ck_assert_ptr_nonnull(strstr(attempt(), "unwritten=1"));
	ck_assert_ptr_nonnull(strstr(attempt(), "unwritten=0"));
}
END_TEST

START_TEST(what_is_refused_takes_no_record_from_what_is_lent)
{
	unsigned i;

	for (i = 0; i < 500; i++)
		refuse_one();
	ask(1);
	ck_assert(strncmp(record(1), "grant", 5) == 0);
	ck_assert_uint_eq(nset, 1);
	take_back(1, "");
	ck_assert(strncmp(record(1), "revoke", 6) == 0);
}
END_TEST

START_TEST(a_record_that_nobody_asked_for_is_a_lie)
{
	struct msg_audited a = { .req = 3, .ok = 1 };

	on_audited(&house.room[PROC_DIRD].door, &a, NULL);
	ck_assert_ptr_nonnull(lied);
	ck_assert_uint_eq(nset, 0);
}
END_TEST

void
tests(TCase *t)
{
	log_init("privd", "off");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_list_has_everything_once);
	tcase_add_test(t, a_list_between_the_pages_of_another_breaks_neither);
	tcase_add_test(t, what_goes_between_two_pages_hides_nothing_else);
	tcase_add_test(t, a_list_does_not_end_where_the_kernel_failed_another);
	tcase_add_test(t, a_grant_that_is_revoked_before_its_record_is_not_made);
	tcase_add_test(t, a_revoke_of_one_service_leaves_the_grant_for_another);
	tcase_add_test(t, what_another_has_already_is_not_lent_a_second_time);
	tcase_add_test(t, what_is_not_recorded_is_not_made);
	tcase_add_test(t, grants_leave_room_for_a_revoke);
	tcase_add_test(t, grants_that_wait_count_against_the_limit);
	tcase_add_test(t, a_renewal_takes_no_room_where_all_is_lent);
	tcase_add_test(t, where_nothing_is_lent_any_more_earlier_grants_go);
	tcase_add_test(t, what_would_outlast_the_configuration_goes);
	tcase_add_test(t, refusals_without_end_do_not_fill_the_disk);
	tcase_add_test(t, what_is_refused_takes_no_record_from_what_is_lent);
	tcase_add_test(t, a_record_that_nobody_asked_for_is_a_lie);
}
