/*
 * runner.c -- the room macroctl: started when anything is lent, given the
 * folder of planners, told to go.
 */
#include <fcntl.h>
#include <unistd.h>

#include "guest.h"
#include "log.h"
#include "sandbox.h"

#define FOLDER	"macros.d"

/*
 * Nobody comes: only the runner's end of dird's door stays open here, so that
 * dird finds a neighbour that is silent rather than gone.
 */
static void
shut_doors(void)
{
	close(house.door[PROC_PRIVD][PROC_MACROCTL]);
	close(house.door[PROC_MACROCTL][PROC_PRIVD]);
	house.door[PROC_PRIVD][PROC_MACROCTL] = -1;
	house.door[PROC_MACROCTL][PROC_PRIVD] = -1;
}

void
runner_start(void)
{
	if (!lend_read()) {
		shut_doors();
		return;
	}
	guest_open();
	spawn_room(PROC_MACROCTL);
	house.awaited |= 1U << PROC_MACROCTL;
}

void
runner_fill(void)
{
	struct msg_lend_self	who = { .req = 1 };
	struct msg_macros_dir	m = { .req = 1 };
	char			path[512];
	int			fd;

	lend_open();
	if (!lend_is_on())
		return;
	lend_self_fill(&who);
	SEND(lend_self, PROC_MACROCTL, &who, NULL);
	fd = file_beside(FOLDER, O_DIRECTORY, path, sizeof(path));
	if ((fd = sandbox_alone(fd)) == -1)
		fatal("a mount of its own for %s", path);
	SEND(macros_dir, PROC_MACROCTL, &m, &fd);
	close(fd);
}

void
runner_go(void)
{
	struct msg_go_macroctl go = { .req = 1 };

	if (!lend_is_on())
		return;
	SEND(go_macroctl, PROC_MACROCTL, &go, NULL);
	house.room[PROC_MACROCTL].door.phase = RUN;
}
