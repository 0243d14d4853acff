/*
 * spawn.c -- starts rooms and ends them.
 *
 * A room is executed by descriptor, after a look at who may write it, with
 * its doors at fixed numbers and nothing else open.
 *
 * privd gives up CAP_KILL with the rest, and rooms run as other users, so
 * kill(2) is refused. Hence the leash: a socketpair of which both ends, held by
 * privd alone, send SIGKILL to the room when the other end closes. The kernel
 * judges that signal by who tied the leash, and that was root. It also holds
 * when privd is killed: the kernel closes both ends then.
 */
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"
#include "sandbox.h"

/* Above every door of every room. */
#define FD_HIGH		64

void
spawn_doors(void)
{
	struct chan	ca, cb;
	unsigned	a, b;

	for (a = 0; a < PROC_MAX; a++)
		for (b = a + 1; b < PROC_MAX; b++) {
			house.door[a][b] = house.door[b][a] = -1;
			if ((msg_doors(a) & 1U << b) == 0)
				continue;
			if (chan_pair(a, b, &ca, &cb) == -1)
				fatal("a door between %s and %s",
				    proc_row[a].name, proc_row[b].name);
			house.door[a][b] = ca.fd;
			house.door[b][a] = cb.fd;
		}
}

static const char *const env_kept[] = { "RUST_LOG",
#ifdef BASTIDE_SANITIZE
	"ASAN_OPTIONS", "UBSAN_OPTIONS",
#endif
};
#define NENV	(sizeof(env_kept) / sizeof(env_kept[0]))

static void
make_env(char *env[NENV + 1])
{
	const char	*v;
	size_t		 i, n = 0;

	for (i = 0; i < NENV; i++) {
		v = getenv(env_kept[i]);
		if (v != NULL && asprintf(&env[n++], "%s=%s", env_kept[i],
		    v) == -1)
			fatal("environment");
	}
	env[n] = NULL;
}

/* In the child: nothing may fail quietly, and nothing of privd's may run. */
static void
become(enum proc_id id, int binary, int null, char *env[])
{
	char		 name[32];
	char		*argv[] = { name, NULL };
	sigset_t	 none;
	unsigned	 p, n = 0;
	int		 high[PROC_MAX], ok = 1;

	snprintf(name, sizeof(name), "%s", proc_row[id].name);
	for (p = 0; p < PROC_MAX; p++)
		if (house.door[id][p] != -1 && p != id)
			high[n++] = fcntl(house.door[id][p], F_DUPFD, FD_HIGH);
	binary = fcntl(binary, F_DUPFD_CLOEXEC, FD_HIGH);
	ok = dup2(null, STDIN_FILENO) != -1 && dup2(null, STDOUT_FILENO) != -1;
	for (p = 0; p < n; p++)
		ok = dup2(high[p], ROOM_DOOR_PRIVD + (int)p) != -1 && ok;
	sigemptyset(&none);
	/* A session of its own: a terminal's ^C is for privd. */
	if (ok && setsid() != -1 && sigprocmask(SIG_SETMASK, &none, NULL) == 0 &&
	    close_range(ROOM_DOOR_PRIVD + n, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		fexecve(binary, argv, env);
	log_error("start %s: %s", name, strerror(errno));
	_exit(1);
}

static void
tie_leash(struct room *r)
{
	int i;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
	    r->leash) == -1)
		fatal("a leash for %s", proc_row[r->id].name);
	for (i = 0; i < 2; i++)
		if (fcntl(r->leash[i], F_SETOWN, r->pid) == -1 ||
		    fcntl(r->leash[i], F_SETSIG, SIGKILL) == -1 ||
		    fcntl(r->leash[i], F_SETFL, O_ASYNC | O_NONBLOCK) == -1)
			fatal("the leash of %s", proc_row[r->id].name);
}

void
spawn_room(enum proc_id id)
{
	struct room	*r = &house.room[id];
	char		*env[NENV + 1], path[512];
	unsigned	 p;
	int		 binary, null;

	binary = file_beside(proc_row[id].name, 0, path, sizeof(path));
	if ((null = open("/dev/null", O_RDWR | O_CLOEXEC)) == -1)
		fatal("/dev/null");
	make_env(env);
	if ((r->pid = fork()) == -1)
		fatal("fork for %s", proc_row[id].name);
	if (r->pid == 0)
		become(id, binary, null, env);
	r->id = id;
	tie_leash(r);
	if ((r->pidfd = pidfd_open(r->pid, 0)) == -1)
		fatal("watch %s", proc_row[id].name);
	chan_init(&r->door, house.door[PROC_PRIVD][id], PROC_PRIVD, id);
	for (p = 0; p < PROC_MAX; p++)
		if (p != id && house.door[id][p] != -1) {
			close(house.door[id][p]);
			house.door[id][p] = -1;
		}
	for (p = 0; env[p] != NULL; p++)
		free(env[p]);
	close(binary);
	close(null);
}

void
room_kill(struct room *r)
{
	if (r->pid == 0 || r->leash[0] == -1)
		return;
	close(r->leash[0]);
	close(r->leash[1]);
	r->leash[0] = r->leash[1] = -1;
}

int
room_ended(struct room *r, char *text, size_t len)
{
	siginfo_t si;

	memset(&si, 0, sizeof(si));
	if (waitid(P_PIDFD, (id_t)r->pidfd, &si, WEXITED | WNOHANG) == -1 ||
	    si.si_pid == 0)
		return 0;
	r->pid = 0;
	if (si.si_code == CLD_EXITED)
		snprintf(text, len, "exit status %d", si.si_status);
	else if (si.si_status == SIGSYS)
		snprintf(text, len, "a system call that its list does not have");
	else
		snprintf(text, len, "signal %d", si.si_status);
	return 1;
}
