/*
 * planner.c -- runs one planner: its input in, its plan out, two seconds,
 * 64 KiB. It is killed when it takes longer or says more.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "macroctl.h"

static int null = -1;

void
planner_init(void)
{
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The two ends that we have of a planner, and what is still to be written. */
struct ends {
	int		 to, from;	/* to -1: it has been told all */
	const char	*in;
	size_t		 in_len;
};

static void
close_to(struct ends *e)
{
	if (e->to != -1)
		close(e->to);
	e->to = -1;
}

static void
write_some(struct ends *e)
{
	ssize_t n = write(e->to, e->in, e->in_len);

	/* It may decide without reading everything. */
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		e->in_len = 0;
	else if (n > 0) {
		e->in += n;
		e->in_len -= (size_t)n;
	}
}

/* 1 when there is more to come; 0, and why it is over. */
static int
read_some(const struct ends *e, char *out, size_t *len, enum lend_why *why)
{
	ssize_t n = read(e->from, out + *len, PLAN_LEN + 1 - *len);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 1;
	*len += n > 0 ? (size_t)n : 0;
	*why = n == -1 ? LEND_PLANNER : n == 0 ? LEND_OK : LEND_OUTPUT;
	return n > 0 && *len <= PLAN_LEN;
}

/* Writes and reads by turns, so that neither side waits for the other. */
static enum lend_why
talk(struct ends *e, char *out, size_t *out_len)
{
	int64_t		until = now_ms() + WALL_MS, left;
	enum lend_why	why;

	*out_len = 0;
	while ((left = until - now_ms()) > 0) {
		struct pollfd pfd[2] = { { e->from, POLLIN, 0 },
		    { e->to, POLLOUT, 0 } };

		if (poll(pfd, 2, (int)left) == -1 && errno != EINTR)
			return LEND_PLANNER;
		if (pfd[1].revents != 0)
			write_some(e);
		if (e->in_len == 0)
			close_to(e);
		if (pfd[0].revents != 0 &&
		    !read_some(e, out, out_len, &why))
			return why;
	}
	return LEND_TIMEOUT;
}

/* It has shut its output; it may still be there, for a moment or for good. */
static enum lend_why
bury(pid_t pid, enum lend_why why, char err[ERR_LEN])
{
	int		status = 0, tries;
	struct timespec	ms = { 0, 1000000 };
	pid_t		r = 0;

	for (tries = 0; why == LEND_OK && tries < 100; tries++) {
		if ((r = waitpid(pid, &status, WNOHANG)) != 0)
			break;
		nanosleep(&ms, NULL);
	}
	if (r == 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		if (why == LEND_OK)
			why = LEND_TIMEOUT;
	}
	if (why == LEND_OK && WIFSIGNALED(status)) {
		snprintf(err, ERR_LEN, WTERMSIG(status) == SIGSYS ?
		    "it tried a system call that planners do not have" :
		    "it ended by signal %d", WTERMSIG(status));
		why = LEND_PLANNER;
	} else if (why == LEND_OK && WEXITSTATUS(status) != 0) {
		snprintf(err, ERR_LEN, "it ended with status %d",
		    WEXITSTATUS(status));
		why = LEND_PLANNER;
	}
	return why;
}

enum lend_why
planner_run(int binary, const char *kind, const char *in, size_t in_len,
    char *out, size_t *out_len, char err[ERR_LEN])
{
	int		to[2], from[2];
	struct ends	ends = { .in = in, .in_len = in_len };
	enum lend_why	why;
	pid_t		pid;

	if (pipe2(to, O_CLOEXEC | O_NONBLOCK) == -1)
		return LEND_INTERNAL;
	if (pipe2(from, O_CLOEXEC | O_NONBLOCK) == -1) {
		close(to[0]);
		close(to[1]);
		return LEND_INTERNAL;
	}
	if ((pid = fork()) == 0)
		box_exec(binary, to[0], from[1], null, kind);
	close(to[0]);
	close(from[1]);
	if (pid == -1) {
		snprintf(err, ERR_LEN, "fork: %s", strerror(errno));
		close(to[1]);
		close(from[0]);
		return LEND_BUSY;
	}
	ends.to = to[1];
	ends.from = from[0];
	why = talk(&ends, out, out_len);
	close_to(&ends);
	close(from[0]);
	return bury(pid, why, err);
}
