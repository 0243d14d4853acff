/* main.c -- cryptod: all keys, no network, no files, nothing but its doors. */
#include "room.h"
#include "sandbox.h"
#include "worker.h"

static void
shut(void)
{
	sandbox_drop_helped(PROC_CRYPTOD, 1);
	worker_start();
	sandbox_seccomp(PROC_CRYPTOD);
}

int
main(void)
{
	room_start(PROC_CRYPTOD);
	return cryptod_run(ROOM_DOOR_PRIVD,
	    room_door_fd(PROC_CRYPTOD, PROC_NETD),
	    room_door_fd(PROC_CRYPTOD, PROC_DIRD), shut);
}
