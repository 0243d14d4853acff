/* room.c -- how a room begins: its doors, nothing else open, no core; and what it
 * says when another room is gone. */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"

/* A privd that is killed shuts its doors one after the other, and what else the
 * kernel ends with it may take some of this. */
#define LAST_DOOR_MS	100

static int
door_count(enum proc_id me)
{
	return __builtin_popcount(msg_doors(me));
}

int
room_door_fd(enum proc_id me, enum proc_id peer)
{
	unsigned doors = msg_doors(me);

	if ((doors & 1U << peer) == 0)
		return -1;
	/* Doors to lower numbered rooms come first; privd is the lowest. */
	return ROOM_DOOR_PRIVD +
	    __builtin_popcount(doors & ((1U << peer) - 1));
}

void
room_stdio(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd == -1)
		fatal("/dev/null");
	if (close_range(STDERR_FILENO + 1, ~0U, 0) == -1)
		fatal("close what was left open");
}

void
room_start(enum proc_id me)
{
	struct rlimit	no = { 0, 0 };

	umask(077);
	log_init(proc_row[me].name, getenv("RUST_LOG"));
	/* Executed by descriptor, a process is called by its number. */
	if (prctl(PR_SET_NAME, proc_row[me].name) == -1)
		fatal("name of the process");
	if (prctl(PR_SET_DUMPABLE, 0) == -1)
		fatal("not dumpable");
	if (setrlimit(RLIMIT_CORE, &no) == -1)
		fatal("no core files");
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		fatal("die with privd");
	if (close_range(ROOM_DOOR_PRIVD + (unsigned)door_count(me), ~0U, 0) ==
	    -1)
		fatal("close what is no door");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("ignore SIGPIPE");
}

void
room_lost(const struct chan *privd, enum proc_id lost)
{
	struct pollfd pfd = { .fd = privd->fd, .events = POLLRDHUP };

	if (lost == PROC_PRIVD || poll(&pfd, 1, LAST_DOOR_MS) == 1)
		_exit(0);	/* the house is closing */
	fatalx("%s is gone", proc_row[lost].name);
}

void
room_sent(const struct chan *c, int ret)
{
	if (ret == 0)
		return;
	if (errno == EPIPE || errno == ECONNRESET)
		_exit(0);
	fatal("%s takes no answers", proc_row[c->peer].name);
}
