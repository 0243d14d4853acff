/*
 * test_carry.c -- guests of the directory, at netd's side: how much of what
 * they send may be under way to dird. The connections are socket pairs. room: netd
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "carry.h"
#include "chan.h"
#include "link.h"
#include "log.h"
#include "session.h"
#include "suite.h"

#define CALLERS_MAX	64
#define READS		200

/* What main.c has, and the modules that this one does not meet. */
struct netd	netd;
uint64_t netd_clock(void) { return netd.now_ms; }
uint64_t netd_wall_ms(void) { return 1; }
void netd_tick_by(uint64_t at_ms) { (void)at_ms; }
uint32_t netd_req(void) { return 1; }
uint32_t netd_random_u32(void) { return 1; }
void netd_random(void *p, size_t n) { memset(p, 7, n); }
struct peer *peer_next(struct peer *p) { (void)p; return NULL; }
struct peer *peer_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }
struct session *session_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }

static struct chan	door;		/* dird's end */
static int		knock[2];	/* a byte for each who waits at the listener */
static int		far[CALLERS_MAX], near[CALLERS_MAX];
static uint8_t		address[CALLERS_MAX];
static unsigned		callers, let_in;
/* What dird was told. */
static uint32_t		name[CALLERS_MAX];
static unsigned		names, pieces, ends;
static uint32_t		last_end;

/* carry_guest.c's: the next who waits. */
int
accept4(int fd, __SOCKADDR_ARG addr, socklen_t *restrict len, int flags)
{
	struct sockaddr_in6 from = { .sin6_family = AF_INET6 };
	char c;

	(void)flags;
	if (recv(fd, &c, 1, MSG_DONTWAIT) != 1)
		return -1;
	from.sin6_addr.s6_addr[0] = 0xfd;
	from.sin6_addr.s6_addr[15] = address[let_in];
	memcpy(addr.__sockaddr__, &from, sizeof(from));
	*len = sizeof(from);
	return near[let_in++];
}

static void
turn(void)
{
	event_base_loop(netd.base, EVLOOP_NONBLOCK);
}

/* Read what netd said; with take, take each piece as dird does. */
static void
listen_to_netd(int take)
{
	union msg_any m;
	enum msg_type type;
	enum chan_result r;
	int fds[MSG_NFD_MAX];

	while ((r = chan_recv(&door, &type, &m, fds)) == CHAN_MSG) {
		if (type == MSG_TALK_IN)
			name[names++] = m.talk_in.talk;
		else if (type == MSG_TALK_END) {
			ends++;
			last_end = m.talk_end.talk;
		} else if (type == MSG_TALK_HEARD) {
			pieces++;
			if (take)
				on_talk_taken(&netd.dird, &(struct
				    msg_talk_taken){ .talk = m.talk_heard.talk,
				    .count = m.talk_heard.bytes_len }, fds);
		}
	}
	ck_assert_int_eq(r, CHAN_EMPTY);
}

/* Somebody connects from fd00::a. */
static unsigned
call(uint8_t a)
{
	int sp[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sp),
	    0);
	far[callers] = sp[0];
	near[callers] = sp[1];
	address[callers] = a;
	ck_assert_int_eq(write(knock[1], "k", 1), 1);
	netd.now_ms++;
	turn();
	listen_to_netd(0);
	return callers++;
}

static void
setup(void)
{
	log_init("netd", NULL);
	memcpy(netd.conf, conf_default, sizeof(netd.conf));
	netd.base = event_base_new();
	ck_assert_int_eq(chan_pair(PROC_DIRD, PROC_NETD, &door, &netd.dird), 0);
	door.phase = netd.dird.phase = RUN;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    knock), 0);
	carry_listen(knock[0], 8443);
	carry_start();
	on_talk_go(&netd.dird, &(struct msg_talk_go){ .req = 0 }, NULL);
}

/* READS bytes, each by itself, from every caller in turn. */
static void
dribble(void)
{
	unsigned i, c;

	for (i = 0; i < READS; i++)
		for (c = 0; c < callers; c++) {
			ck_assert_int_eq(send(far[c], "G", 1, 0), 1);
			turn();
		}
}

START_TEST(short_pieces_fill_no_door)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		call((uint8_t)(i / 4));
	ck_assert_uint_eq(names, 8);
	dribble();
	listen_to_netd(1);
	ck_assert_uint_eq(pieces, 32);
	/* What was taken makes room for the rest, and nothing is lost. */
	turn();
	listen_to_netd(1);
	ck_assert_uint_gt(pieces, 32);
	ck_assert_uint_eq(ends, 0);
}
END_TEST

START_TEST(one_caller_has_its_share_of_the_door)
{
	call(1);
	dribble();
	listen_to_netd(1);
	ck_assert_uint_eq(pieces, TALK_PIECES);
}
END_TEST

/* dird says much, which nobody there reads, and hangs up. */
static void
say_and_close(unsigned who)
{
	struct msg_talk_say s = { .talk = name[who], .bytes_len = TALK_PIECE };
	int little = 1, i;

	setsockopt(near[who], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	for (i = 0; i < TALK_SAY_MAX / TALK_PIECE; i++)
		on_talk_say(&netd.dird, &s, NULL);
	on_talk_close(&netd.dird, &(struct msg_talk_close){ .talk = name[who] },
	    NULL);
}

START_TEST(who_is_being_closed_holds_no_share_of_the_door)
{
	unsigned i;

	for (i = 0; i < 4; i++)
		call(1);
	dribble();
	listen_to_netd(0);
	ck_assert_uint_eq(pieces, 32);
	for (i = 0; i < 4; i++)
		say_and_close(i);
	/* They are there still, for what dird has said. */
	ck_assert_int_eq(send(far[0], "G", 1, 0), 1);
	i = call(2);
	ck_assert_int_eq(send(far[i], "G", 1, 0), 1);
	turn();
	listen_to_netd(1);
	ck_assert_uint_eq(pieces, 33);
}
END_TEST

START_TEST(a_few_addresses_do_not_keep_others_out)
{
	unsigned i, quiet, late;

	quiet = call(9);
	for (i = 0; i < 23; i++)
		call((uint8_t)(i / 4));
	/* The first of the crowd goes, not the oldest, who came alone. */
	ck_assert_uint_eq(ends, 4);
	ck_assert_uint_eq(last_end, name[quiet + 4]);
	late = call(7);
	ck_assert_uint_eq(names, 24);
	ck_assert_uint_eq(late, 24);
	/* dird lets one go: there is a place again. */
	on_talk_close(&netd.dird, &(struct msg_talk_close){ .talk = name[1] },
	    NULL);
	late = call(7);
	ck_assert_uint_eq(names, 25);
	ck_assert_int_eq(send(far[late], "G", 1, 0), 1);
	turn();
	listen_to_netd(1);
	ck_assert_uint_eq(pieces, 1);
}
END_TEST

START_TEST(who_is_being_answered_stays)
{
	struct msg_talk_say s = { .bytes_len = 1 };
	unsigned i;

	for (i = 0; i < 20; i++) {
		call((uint8_t)(i / 4));
		s.talk = name[i];
		on_talk_say(&netd.dird, &s, NULL);
	}
	for (i = 0; i < 4; i++)
		call(8);
	ck_assert_uint_eq(names, 24);
	/* Of the new ones each takes the place of the one before. */
	ck_assert_uint_eq(ends, 3);
	ck_assert_uint_eq(last_end, name[22]);
}
END_TEST

START_TEST(an_answer_is_not_lost_by_what_was_not_read)
{
	char text[2];
	unsigned i;

	call(1);
	dribble();
	listen_to_netd(0);
	on_talk_say(&netd.dird, &(struct msg_talk_say){ .talk = name[0],
	    .bytes_len = 1, .bytes = "4" }, NULL);
	on_talk_close(&netd.dird, &(struct msg_talk_close){ .talk = name[0] },
	    NULL);
	/* It is read, then the end: no reset in place of either. */
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(recv(far[0], text, 1, 0), i == 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, short_pieces_fill_no_door);
	tcase_add_test(t, one_caller_has_its_share_of_the_door);
	tcase_add_test(t, who_is_being_closed_holds_no_share_of_the_door);
	tcase_add_test(t, a_few_addresses_do_not_keep_others_out);
	tcase_add_test(t, who_is_being_answered_stays);
	tcase_add_test(t, an_answer_is_not_lost_by_what_was_not_read);
}
