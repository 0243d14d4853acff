/*
 * test_room.c -- what a room does when another is gone, and the folder that one
 * keeps. room: common
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"
#include "suite.h"

static char	said[4096];
static int	door[2], err[2];

/* A dird whose door to cryptod is shut, and that to privd perhaps as well. */
static pid_t
without_cryptod(int has_privd)
{
	struct chan	privd;
	pid_t		pid;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, door), 0);
	ck_assert_int_eq(pipe(err), 0);
	if (!has_privd)
		close(door[0]);
	if ((pid = fork()) == 0) {
		dup2(err[1], 2);
		close(err[1]);
		log_init("dird", NULL);
		chan_init(&privd, door[1], PROC_DIRD, PROC_PRIVD);
		room_lost(&privd, PROC_CRYPTOD);
	}
	close(door[1]);
	close(err[1]);
	return pid;
}

/* Its exit status; what it said is in said. */
static int
ended(pid_t pid)
{
	ssize_t	n, at = 0;
	int	status;

	while ((n = read(err[0], said + at, sizeof(said) - 1 - (size_t)at)) > 0)
		at += n;
	said[at] = '\0';
	close(err[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(who_is_gone_beside_a_privd_that_lives_is_said)
{
	pid_t pid = without_cryptod(1);

	ck_assert_int_ne(ended(pid), 0);
	ck_assert_ptr_nonnull(strstr(said, "cryptod is gone"));
	ck_assert_ptr_nonnull(strstr(said, "ERROR"));
	close(door[0]);
}
END_TEST

START_TEST(who_is_gone_because_privd_was_killed_is_no_error)
{
	pid_t pid = without_cryptod(0);

	ck_assert_int_eq(ended(pid), 0);
	ck_assert_str_eq(said, "");
}
END_TEST

/* From a mount by itself nothing leads up; nor may the old way be left open. */
START_TEST(a_folder_that_stands_alone_has_no_way_up)
{
	struct stat here, up;
	int dir, old;

	if (geteuid() != 0)
		return;
	old = open("/usr/lib", O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(old, -1);
	ck_assert_int_ne(dir = sandbox_alone(old), -1);
	ck_assert_int_eq(fcntl(old, F_GETFD), -1);
	ck_assert_int_eq(fstat(dir, &here), 0);
	ck_assert_int_eq(fstatat(dir, "..", &up, 0), 0);
	ck_assert_uint_eq(here.st_ino, up.st_ino);
	ck_assert_int_eq(faccessat(dir, "../lib", F_OK, 0), -1);
	close(dir);
}
END_TEST

/* This is a test build: their runtime has rules of its own. */
START_TEST(the_sanitizers_take_nothing_from_a_room)
{
	pid_t	pid;
	int	status, n;

	ck_assert_int_eq(pipe(err), 0);
	if ((pid = fork()) == 0) {
		sandbox_seccomp(PROC_DIRD);
		_exit(openat(AT_FDCWD, "/", O_RDONLY | O_DIRECTORY) == -1 ||
		    ioctl(err[0], FIONREAD, &n) == -1 ? errno : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, the_sanitizers_take_nothing_from_a_room);
	tcase_add_test(t, a_folder_that_stands_alone_has_no_way_up);
	tcase_add_test(t, who_is_gone_beside_a_privd_that_lives_is_said);
	tcase_add_test(t, who_is_gone_because_privd_was_killed_is_no_error);
}
