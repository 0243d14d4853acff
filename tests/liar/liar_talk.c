/*
 * liar_talk.c -- a false netd meets dird's listener for the mesh, in a process
 * of its own, over a real door. room: dird, with: liar
 *
 * It speaks of connections that are there and that are not, hears what nobody
 * said, says more than it was given, ends things twice. dird may ignore it, or
 * end by its own rule (status 1); it may not die otherwise, hang, have more
 * under way than msg.def allows, or take what it was not told.
 */
#include <sys/wait.h>

#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "dird.h"
#include "fetch.h"
#include "liar.h"
#include "log.h"
#include "mesh.h"
#include "suite.h"
#include "talk.h"

#define LIES	400
#define SEEDS	40
#define NAMES	6u
#define WAIT_MS	20000
#define OURS	0x80000000u

static struct chan	door;
/* By name: bytes, and what is lawful to say of it. */
static long		told[2 * NAMES], said[2 * NAMES];
static int		is_open[2 * NAMES], deaf[2 * NAMES];

/* -- dird ------------------------------------------------------------------- */

static void
on_done(void *arg, int status, const char *body, size_t len, const char *wrong)
{
	(void)arg;
	(void)status;
	(void)body;
	(void)len;
	(void)wrong;
}

/* One with a body waits for the next: what it asked must be as it was. */
static void
answer(struct ask *a)
{
	static char text[40000];
	static struct ask *late;
	struct ask *now = a;

	memset(text, 'x', sizeof(text));
	if (a->body_len > 0) {
		now = late;
		late = a;
	}
	if (now == NULL)
		return;
	if (strcmp(now->path, "/v1/x") != 0 || strcmp(now->query, "q") != 0 ||
	    memcmp(now->body, "hello", now->body_len) != 0)
		_exit(5);
	http_text(now, "text/plain", text, sizeof(text));
}

static void
on_changed(struct talk *t)
{
	(void)t;
	_exit(6);	/* it is closed */
}

static int
take(struct chan *c)
{
	union msg_any m;
	enum msg_type type;
	int fds[MSG_NFD_MAX];

	if (chan_recv(c, &type, &m, fds) != CHAN_MSG)
		return 0;
	switch (type) {
	case MSG_TALK_IN:	on_talk_in(c, &m.talk_in, fds); break;
	case MSG_TALK_UP:	on_talk_up(c, &m.talk_up, fds); break;
	case MSG_TALK_HEARD:	on_talk_heard(c, &m.talk_heard, fds); break;
	case MSG_TALK_SAID:	on_talk_said(c, &m.talk_said, fds); break;
	case MSG_TALK_END:	on_talk_end(c, &m.talk_end, fds); break;
	default:		_exit(3);
	}
	return 1;
}

static void
heard_none(const char *p, size_t len, const uint8_t src[16])
{
	(void)p;
	(void)len;
	(void)src;
}

static void
be_dird(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint8_t pub[32] = { 7 };
	struct talk *t;
	unsigned i;

	log_init("dird", NULL);
	dird.base = event_base_new();
	for (i = 0; i < PROC_MAX; i++)
		chan_init(&dird.door[i], -1, PROC_DIRD, i);
	chan_init(&dird.door[PROC_NETD], fd, PROC_DIRD, PROC_NETD);
	dird.door[PROC_NETD].phase = RUN;
	mesh_start(answer, heard_none);
	/* One goes as soon as its last word is said. */
	t = talk_dial(pub, on_changed, NULL);
	talk_say(t, "bye", 3);
	talk_close(t);
	for (i = 1; i < NAMES; i++)
		fetch(pub, METHOD_GET, "/v1/x", "", 0, 1000, 60, on_done, NULL);
	while (poll(&p, 1, WAIT_MS) == 1 && take(&dird.door[PROC_NETD]))
		event_base_loop(dird.base, EVLOOP_NONBLOCK);
	_exit(0);
}

/* -- the false netd ----------------------------------------------------------- */

static unsigned
place(uint32_t name)
{
	return (name & OURS) != 0 ? NAMES + (name & ~OURS) % NAMES :
	    name % NAMES;
}

/* What dird says meanwhile: never beyond its bounds. 0: it is gone. */
static int
hear(void)
{
	union msg_any m;
	enum msg_type type;
	int fds[MSG_NFD_MAX];

	for (;;) {
		switch (chan_recv(&door, &type, &m, fds)) {
		case CHAN_EMPTY:
			return 1;
		case CHAN_MSG:
			break;
		case CHAN_RULE:
			ck_abort_msg("seed %u: dird lies", seed);
		default:
			return 0;
		}
		if (type == MSG_TALK_TAKEN) {
			told[place(m.talk_taken.talk)] -= m.talk_taken.count;
			ck_assert_msg(told[place(m.talk_taken.talk)] >= 0,
			    "seed %u: dird takes what it was not told", seed);
		} else if (type == MSG_TALK_SAY) {
			said[place(m.talk_say.talk)] += m.talk_say.bytes_len;
			ck_assert_msg(said[place(m.talk_say.talk)] <=
			    TALK_SAY_MAX, "seed %u: dird says too much", seed);
		} else if (type == MSG_TALK_CLOSE) {
			is_open[place(m.talk_close.talk)] = 0;
			said[place(m.talk_close.talk)] = 0;
		}
	}
}

static uint32_t
name(void)
{
	return any(2) ? 1 + any(NAMES - 1) : OURS + 1 + any(NAMES);
}

static int
lie(void)
{
	static const char *const words[] = {
	    "GET /v1/x?q HTTP/1.1\r\n\r\n",
	    "POST /v1/x?q HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
	    "GET ", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	    "HTTP/1.1 200 OK\r\n\r\n", "\r\n\r\n", "\0\xff" };
	struct msg_talk_heard h = { .talk = name() };
	struct msg_talk_in in = { .talk = 1 + any(NAMES - 1) };
	struct msg_talk_up up = { .talk = OURS + 1 + any(NAMES) };
	struct msg_talk_said s = { .talk = name(), .count = (uint16_t)(1 +
	    any(any(8) ? 20 : 16384)) };
	struct msg_talk_end e = { .talk = name(), .why = (uint8_t)(1 + any(4)) };
	const char *w = words[any(7)];
	int mean = any(100) == 0;	/* mostly it keeps the rules */
	long left = said[place(s.talk)];

	if (!mean && left < s.count)
		s.count = (uint16_t)(left > 0 ? left : 1);
	switch (any(6)) {
	case 0:
		if (!mean && is_open[place(in.talk)])
			return 0;
		is_open[place(in.talk)] = 1;
		deaf[place(in.talk)] = 0;
		return chan_send(&door, MSG_TALK_IN, &in, NULL);
	case 1:
		return chan_send(&door, MSG_TALK_UP, &up, NULL);
	case 2:
		if (!mean && left == 0)
			return 0;
		said[place(s.talk)] -= s.count;
		return chan_send(&door, MSG_TALK_SAID, &s, NULL);
	case 3:
		deaf[place(e.talk)] = 1;
		return chan_send(&door, MSG_TALK_END, &e, NULL);
	default:
		if (!mean && deaf[place(h.talk)])
			return 0;
		h.bytes_len = (uint16_t)(any(10) ? strlen(w) : mean ? 0 :
		    1 + any(1200));
		if (!mean && h.bytes_len == 0)
			h.bytes_len = 1;
		memset(h.bytes, 'a', sizeof(h.bytes));
		memcpy(h.bytes, w, strlen(w));
		told[place(h.talk)] += h.bytes_len;
		return chan_send(&door, MSG_TALK_HEARD, &h, NULL);
	}
}

START_TEST(dird_ignores_a_false_netd_or_ends_by_its_rule)
{
	struct chan far;
	unsigned i;
	pid_t pid;
	int st;

	for (seed = 1; seed <= SEEDS; seed++) {
		srandom(seed);
		memset(told, 0, sizeof(told));
		memset(said, 0, sizeof(said));
		memset(is_open, 0, sizeof(is_open));
		memset(deaf, 0, sizeof(deaf));
		ck_assert_int_eq(chan_pair(PROC_NETD, PROC_DIRD, &door, &far), 0);
		door.phase = RUN;
		if ((pid = fork()) == 0) {
			close(door.fd);
			be_dird(far.fd);
		}
		close(far.fd);
		for (i = 0; i < LIES && hear() && lie() == 0; i++)
			continue;
		close(door.fd);
		ck_assert_int_eq(waitpid(pid, &st, 0), pid);
		ck_assert_msg(WIFEXITED(st) && WEXITSTATUS(st) <= 1,
		    "seed %u: dird ended with %#x", seed, st);
	}
}
END_TEST

static pid_t
begin(void)
{
	struct chan far;
	pid_t pid;

	ck_assert_int_eq(chan_pair(PROC_NETD, PROC_DIRD, &door, &far), 0);
	door.phase = RUN;
	if ((pid = fork()) == 0) {
		close(door.fd);
		be_dird(far.fd);
	}
	close(far.fd);
	return pid;
}

/* Is dird still there to take something? */
static int
takes(void)
{
	struct msg_talk_heard h = { .talk = 1, .bytes_len = 1, .bytes = "G" };
	struct pollfd p = { .fd = door.fd, .events = POLLIN };
	union msg_any m;
	enum msg_type type;
	int fds[MSG_NFD_MAX];

	if (chan_send(&door, MSG_TALK_HEARD, &h, NULL) == -1)
		return 0;
	while (poll(&p, 1, WAIT_MS) == 1 &&
	    chan_recv(&door, &type, &m, fds) == CHAN_MSG)
		if (type == MSG_TALK_TAKEN)
			return 1;
	return 0;
}

START_TEST(dird_takes_no_more_guests_than_there_are_places)
{
	struct msg_talk_in in = { .talk = 1 };
	unsigned extra;
	pid_t pid;
	int st;

	for (extra = 0; extra <= 1; extra++) {
		pid = begin();
		for (in.talk = 1; in.talk <= TALK_GUESTS + extra; in.talk++)
			ck_assert_int_eq(chan_send(&door, MSG_TALK_IN, &in,
			    NULL), 0);
		ck_assert_int_eq(takes(), !extra);
		close(door.fd);
		ck_assert_int_eq(waitpid(pid, &st, 0), pid);
		ck_assert_msg(WIFEXITED(st) && WEXITSTATUS(st) <= 1,
		    "%u too many: dird ended with %#x", extra, st);
	}
}
END_TEST

START_TEST(a_request_outlives_who_asked)
{
	static const char post[] =
	    "POST /v1/x?q HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
	struct msg_talk_in in;
	struct msg_talk_heard h = { .bytes_len = sizeof(post) - 1 }, more =
	    { .talk = 2, .bytes_len = TALK_PIECE };
	struct msg_talk_end e = { .talk = 2, .why = TALK_FAILED };
	pid_t pid = begin();
	int i, st;

	for (in = (struct msg_talk_in){ .talk = 1 }; in.talk <= 3; in.talk++)
		ck_assert_int_eq(chan_send(&door, MSG_TALK_IN, &in, NULL), 0);
	memcpy(h.bytes, post, h.bytes_len);
	h.talk = 2;
	ck_assert_int_eq(chan_send(&door, MSG_TALK_HEARD, &h, NULL), 0);
	for (i = 0; i < TALK_PIECES; i++)
		ck_assert_int_eq(chan_send(&door, MSG_TALK_HEARD, &more, NULL), 0);
	ck_assert_int_eq(chan_send(&door, MSG_TALK_END, &e, NULL), 0);
	h.talk = 3;
	ck_assert_int_eq(chan_send(&door, MSG_TALK_HEARD, &h, NULL), 0);
	for (i = 0; i < TALK_PIECES + 3; i++)
		ck_assert_int_eq(takes(), 1);
	close(door.fd);
	ck_assert_int_eq(waitpid(pid, &st, 0), pid);
	ck_assert_msg(WIFEXITED(st) && WEXITSTATUS(st) <= 1,
	    "dird ended with %#x", st);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, dird_ignores_a_false_netd_or_ends_by_its_rule);
	tcase_add_test(t, dird_takes_no_more_guests_than_there_are_places);
	tcase_add_test(t, a_request_outlives_who_asked);
}
