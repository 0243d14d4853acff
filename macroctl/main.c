/*
 * main.c -- which of the two this is, and what is given up before anything
 * foreign is looked at. With arguments: one call, as root through sudo. Without
 * any, as privd's child with doors in place: the room.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/prctl.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "macroctl.h"
#include "sandbox.h"

#define RUNTIME_DIR	"/run/bastide"
#define FILES		64		/* descriptors; the drop takes no more */
#define STACK		(8 << 20)

static void
failed(void)
{
	cli_fail(LEND_INTERNAL, "a precaution failed");
}

/* privd made this descriptor; sudo and shells leave none. */
static int
is_room(int argc)
{
	struct stat st;

	return argc == 1 && fstat(ROOM_DOOR_PRIVD, &st) == 0 &&
	    S_ISSOCK(st.st_mode);
}

/* Both limits; who may not raise the hard one (a container) goes up to it. */
static void
raise_limit(int what, rlim_t n)
{
	struct rlimit rl = { n, n };

	if (setrlimit(what, &rl) == 0)
		return;
	if (errno != EPERM || getrlimit(what, &rl) == -1)
		fatal("raise a limit");
	rl.rlim_cur = rl.rlim_max < n ? rl.rlim_max : n;
	if (setrlimit(what, &rl) == -1)
		fatal("raise a limit");
}

/*
 * A caller must not choose how little a call may use and so where it ends, before
 * anything is recorded.
 */
static void
raise_limits(void)
{
	static const struct {
		int	what;
		rlim_t	to;
	} limits[] = {
		{ RLIMIT_NOFILE, FILES },
		{ RLIMIT_STACK, STACK },
		{ RLIMIT_AS, RLIM_INFINITY },
		{ RLIMIT_DATA, RLIM_INFINITY },
		{ RLIMIT_FSIZE, RLIM_INFINITY },
		{ RLIMIT_CPU, RLIM_INFINITY },
		{ RLIMIT_NPROC, RLIM_INFINITY },
	};
	size_t	i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		raise_limit(limits[i].what, limits[i].to);
}

/* Nothing of the environment is used: not PATH, not RUST_LOG, not a locale. */
static void
precautions(void)
{
	struct rlimit no = { 0, 0 };

	umask(077);
	/* What fails is said once, as JSON. */
	log_init("macroctl", "off");
	fatal_hook(failed);
	if (clearenv() != 0 || prctl(PR_SET_DUMPABLE, 0) == -1 ||
	    setrlimit(RLIMIT_CORE, &no) == -1 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR || chdir("/") == -1)
		fatal("precautions");
	raise_limits();
	room_stdio();
	note_open();
}

/* Only whether it is there; what sudo says of itself it says of the caller. */
static int
is_under_sudo(void)
{
	return getenv("SUDO_COMMAND") != NULL || getenv("SUDO_UID") != NULL ||
	    getenv("SUDO_USER") != NULL;
}

static int
one_call(int argc, char *argv[])
{
	const char	*runtime = RUNTIME_DIR;
	uint8_t		 self[16] = { 0 };
	int		 sudo = is_under_sudo(), other, dir, door;

	precautions();
	if (geteuid() != 0)
		return cli_refuse(LEND_ROOT, argc, argv);
	other = argc > 2 && strcmp(argv[1], "-r") == 0;
	if (other && !sudo) {
		runtime = argv[2];
		argv += 2;
		argc -= 2;
	}
	/* Without a folder what is lent can be taken back all the same. */
	if ((dir = kind_folder()) != -1 && (dir = sandbox_alone(dir)) == -1)
		fatal("a mount of its own for the folder of planners");
	planner_init();
	door = ask_connect(runtime);
	sandbox_drop_run(PROC_MACROCTL, dir);
	sandbox_seccomp(PROC_MACROCTL);
	/* Nobody now. privd first, so that what is refused gets recorded. */
	if (door != -1)
		ask_begin(door, self);
	if (other && sudo)
		return cli_refuse(LEND_SUDO, argc, argv);
	return cli_main(dir, self, argc, argv);
}

int
main(int argc, char *argv[])
{
	if (is_room(argc))
		runner_main();
	return one_call(argc, argv);
}
