/* main.c -- dird: the directory. One folder, one local socket, its doors. */
#include "crew.h"
#include "dird.h"
#include "log.h"
#include "offline.h"
#include "sandbox.h"

/*
 * Helpers come after the drop, so that they have given up what we have, and
 * before the list of system calls, which has none to make them with.
 */
static void
shut(int folder)
{
	unsigned n = crew_fit();

	sandbox_drop_but(PROC_DIRD, 1, folder);
	if (crew_start(n) < n)
		log_warn("fewer helpers than cores: imports are slower");
	sandbox_seccomp(PROC_DIRD);
}

int
main(int argc, char **argv)
{
	int		door[PROC_MAX];
	unsigned	p;

	if (argc > 1)
		return check_folder(argc, argv);
	room_start(PROC_DIRD);
	for (p = 0; p < PROC_MAX; p++)
		door[p] = p == PROC_PRIVD ? ROOM_DOOR_PRIVD :
		    room_door_fd(PROC_DIRD, p);
	return dird_run(door, shut);
}
