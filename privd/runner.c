/*
 * runner.c -- the room macroctl: started when anything is lent, given the
 * folder of planners, told to go.
 */
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "log.h"

#ifndef BASTIDE_LIBEXEC
#define BASTIDE_LIBEXEC	"/usr/libexec/bastide"
#endif
#define FOLDER		"macros.d"
/* Of the kernel's interface; Debian 12's C library has no name for it. */
#define TREE_CLONE	1u

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

static int
open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Beside us, else where it is installed; as a mount there is no way up from. */
static int
macros_dir(void)
{
	char		 path[sizeof(house.exe) + 16], *slash;
	struct stat	 st, me;
	int		 fd, tree, dir;

	snprintf(path, sizeof(path), "%s", house.exe);
	if ((slash = strrchr(path, '/')) != NULL)
		*slash = '\0';
	strcat(path, "/" FOLDER);
	if ((fd = open_folder(path)) == -1 && errno == ENOENT) {
		snprintf(path, sizeof(path), "%s/" FOLDER, BASTIDE_LIBEXEC);
		fd = open_folder(path);
	}
	if (fd == -1 || fstat(fd, &st) == -1 || stat("/proc/self/exe", &me) ==
	    -1)
		fatal("the folder of planners %s", path);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) || (st.st_uid != 0 &&
	    st.st_uid != me.st_uid))
		fatalx("the folder of planners %s must be root's, and nobody "
		    "else may write it", path);
	tree = (int)syscall(SYS_open_tree, fd, "",
	    TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH);
	if (tree == -1 || (dir = openat(tree, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC)) == -1)
		fatal("a mount of its own for %s", path);
	close(tree);
	close(fd);
	return dir;
}

void
runner_fill(void)
{
	struct msg_lend_self	who = { .req = 1 };
	struct msg_macros_dir	m = { .req = 1 };
	int			fd;

	if (!lend_is_on())
		return;
	lend_open();
	lend_self_fill(&who);
	SEND(lend_self, PROC_MACROCTL, &who, NULL);
	fd = macros_dir();
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
