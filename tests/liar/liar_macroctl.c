/*
 * liar_macroctl.c -- a false privd and a false dird meet the real runner, in a
 * process of its own: they leave in any order, answer what nobody asked and
 * ask for what cannot be. room: macroctl, with: liar
 */
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"
#include "lend.h"
#include "liar.h"
#include "macroctl.h"
#include "sandbox.h"
#include "suite.h"

#define WAIT_MS	20000
#define SUB	"did:plc:0123456789abcdef0123456789abcdef"

static struct chan	privd, dird;
static pid_t		pid;
static int		err;

static void
be_runner(int p, int d, int e)
{
	/* Doors stand where privd would have put them. */
	p = fcntl(p, F_DUPFD, 20);
	d = fcntl(d, F_DUPFD, 20);
	if (dup2(e, STDERR_FILENO) == -1 || dup2(p, ROOM_DOOR_PRIVD) == -1 ||
	    dup2(d, room_door_fd(PROC_MACROCTL, PROC_DIRD)) == -1)
		_exit(99);
	runner_main();
}

/* A runner that serves: no folder of planners, so that no sandbox is shut. */
static void
start(void)
{
	struct msg_lend_self	self = { .req = 1, .ip6 = { 0xfd } };
	struct msg_go_macroctl	go = { .req = 1 };
	struct chan		p, d;
	int			e[2];

	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_MACROCTL, &privd, &p), 0);
	ck_assert_int_eq(chan_pair(PROC_DIRD, PROC_MACROCTL, &dird, &d), 0);
	ck_assert_int_eq(pipe2(e, O_CLOEXEC), 0);
	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0)
		be_runner(p.fd, d.fd, e[1]);
	close(p.fd);
	close(d.fd);
	close(e[1]);
	err = e[0];
	ck_assert_int_eq(chan_send(&privd, MSG_LEND_SELF, &self, NULL), 0);
	ck_assert_int_eq(chan_send(&privd, MSG_GO_MACROCTL, &go, NULL), 0);
	privd.phase = dird.phase = RUN;
}

static enum msg_type
hear(struct chan *c, union msg_any *m)
{
	struct pollfd	pfd = { .fd = c->fd, .events = POLLIN };
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
	ck_assert_int_eq(chan_recv(c, &type, m, fds), CHAN_MSG);
	return type;
}

/* A revoke of dird's, as privd sees it; its req. */
static uint32_t
ask_back(void)
{
	struct msg_macro_run	m = { .req = 77, .verb = LEND_REVOKE,
	    .kind = "tor-exit", .sub = SUB, .src = { 0xfd } };
	union msg_any		a;

	memset(m.service, '1', sizeof(m.service));
	ck_assert_int_eq(chan_send(&dird, MSG_MACRO_RUN, &m, NULL), 0);
	ck_assert_int_eq(hear(&privd, &a), MSG_REVOKE);
	return a.req;
}

static void
answer(uint32_t req)
{
	struct msg_revoked m = { .req = req, .removed = 2, .recorded = 1 };

	ck_assert_int_eq(chan_send(&privd, MSG_REVOKED, &m, NULL), 0);
}

/* It has ended by itself; what it said. */
static const char *
words(int status)
{
	static char	text[4096];
	size_t		len = 0;
	ssize_t		n;
	int		how;

	while (len < sizeof(text) - 1 &&
	    (n = read(err, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert_msg(WIFEXITED(how) && WEXITSTATUS(how) == status,
	    "status %x: %s", (unsigned)how, text);
	return text;
}

START_TEST(a_revoke_goes_to_privd_and_its_answer_back)
{
	union msg_any m;

	start();
	answer(ask_back());
	ck_assert_int_eq(hear(&dird, &m), MSG_MACRO_DONE);
	ck_assert_uint_eq(m.macro_done.req, 77);
	ck_assert_uint_eq(m.macro_done.removed, 2);
	close(privd.fd);
	ck_assert_str_eq(words(0), "");
}
END_TEST

START_TEST(an_answer_for_a_dird_that_has_left_is_no_error)
{
	uint32_t req;

	start();
	req = ask_back();
	/* Both at once, as when a house stops: privd's word is heard first. */
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	answer(req);
	close(dird.fd);
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert_str_eq(words(1), "");
	close(privd.fd);
}
END_TEST

START_TEST(a_dird_that_leaves_something_unread_is_no_error_either)
{
	struct pollfd	pfd = { .events = POLLIN };
	uint32_t	one, two;

	start();
	pfd.fd = dird.fd;
	one = ask_back();
	two = ask_back();
	answer(one);
	ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	answer(two);
	close(dird.fd);
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert_str_eq(words(1), "");
	close(privd.fd);
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_ends_it_with_a_word)
{
	start();
	answer(5);
	ck_assert_ptr_nonnull(strstr(words(1), "what nobody asked"));
}
END_TEST

START_TEST(a_run_that_cannot_be_is_refused_and_recorded)
{
	struct msg_macro_run	m = { .req = 1, .verb = LEND_GRANT,
	    .kind = "../x", .sub = SUB, .src = { 0xfd } };
	union msg_any		a;

	start();
	ck_assert_int_eq(chan_send(&dird, MSG_MACRO_RUN, &m, NULL), 0);
	ck_assert_int_eq(hear(&privd, &a), MSG_ATTEMPT);
	ck_assert_int_eq(hear(&dird, &a), MSG_MACRO_DONE);
	ck_assert_uint_eq(a.macro_done.why, LEND_USAGE);
	/* Nor is anything lent with no folder of planners. */
	strcpy(m.kind, "tor-exit");
	ck_assert_int_eq(chan_send(&dird, MSG_MACRO_RUN, &m, NULL), 0);
	ck_assert_int_eq(hear(&privd, &a), MSG_ATTEMPT);
	ck_assert_int_eq(hear(&dird, &a), MSG_MACRO_DONE);
	ck_assert_uint_eq(a.macro_done.why, LEND_TAMPER);
	close(privd.fd);
	words(0);
}
END_TEST

START_TEST(more_runs_than_it_has_room_for_are_busy)
{
	struct msg_macro_run	m = { .req = 1, .verb = LEND_REVOKE,
	    .kind = "tor-exit", .sub = SUB, .src = { 0xfd } };
	union msg_any		a;
	unsigned		i;

	start();
	for (i = 0; i < 33; i++, m.req++)
		ck_assert_int_eq(chan_send(&dird, MSG_MACRO_RUN, &m, NULL), 0);
	ck_assert_int_eq(hear(&dird, &a), MSG_MACRO_DONE);
	ck_assert_uint_eq(a.macro_done.req, 33);
	ck_assert_uint_eq(a.macro_done.why, LEND_BUSY);
	close(privd.fd);
	words(0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_revoke_goes_to_privd_and_its_answer_back);
	tcase_add_test(t, an_answer_for_a_dird_that_has_left_is_no_error);
	tcase_add_test(t, a_dird_that_leaves_something_unread_is_no_error_either);
	tcase_add_test(t, an_answer_that_nobody_asked_for_ends_it_with_a_word);
	tcase_add_test(t, a_run_that_cannot_be_is_refused_and_recorded);
	tcase_add_test(t, more_runs_than_it_has_room_for_are_busy);
}
