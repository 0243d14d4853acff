/*
 * kind.c -- the folder of planners. Everything is opened once, by descriptor,
 * and what was looked at is what runs: nobody can swap a file in between.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "macroctl.h"

#define FOLDER		"macros.d"
#define PLANNER_MAX	(8 << 20)

/* Whoever owns our own binary is trusted already: a build tree. */
static uid_t	mine;

static char	absent[ERR_LEN];	/* why there is no folder */

/* Root's, and nobody else's to write. */
static int
is_ours(const struct stat *st)
{
	return (st->st_uid == 0 || st->st_uid == mine) &&
	    (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int
open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
kind_folder(void)
{
	char		 exe[512], path[600], *slash;
	struct stat	 me;
	ssize_t		 n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int		 fd;

	exe[n > 0 ? n : 0] = '\0';
	if ((slash = strrchr(exe, '/')) != NULL)
		*slash = '\0';
	snprintf(path, sizeof(path), "%s/" FOLDER, exe);
	if ((fd = open_folder(path)) == -1 && errno == ENOENT) {
		snprintf(path, sizeof(path), "%s/" FOLDER, BASTIDE_LIBEXEC);
		fd = open_folder(path);
	}
	if (fd == -1)
		snprintf(absent, sizeof(absent), "%.400s: %s", path,
		    strerror(errno));
	/* Now: in an empty root there is no /proc. */
	mine = stat("/proc/self/exe", &me) == 0 ? me.st_uid : 0;
	return fd;
}

const char *
kind_absent(void)
{
	return absent;
}

static enum lend_why
open_one(int dir, const char *name, off_t max, int *fd, size_t *len,
    char err[ERR_LEN])
{
	struct stat st;

	*fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY);
	if (*fd == -1) {
		snprintf(err, ERR_LEN, "%s: %s", name, errno == ELOOP ?
		    "it is a link" : strerror(errno));
		return errno == ENOENT ? LEND_NO_KIND : LEND_TAMPER;
	}
	if (fstat(*fd, &st) == -1 || !S_ISREG(st.st_mode) || !is_ours(&st) ||
	    st.st_size > max) {
		snprintf(err, ERR_LEN, "%s must be a file of root that nobody "
		    "else may write, of at most %jd bytes", name,
		    (intmax_t)max);
		close(*fd);
		*fd = -1;
		return LEND_TAMPER;
	}
	*len = (size_t)st.st_size;
	return LEND_OK;
}

enum lend_why
kind_open(int dir, const char *kind, int *planner, char *text, size_t *len,
    char err[ERR_LEN])
{
	char		name[LEND_KIND_LEN + 8];
	struct stat	st;
	enum lend_why	why;
	size_t		size;
	int		fd;

	/* Looked at here alone, where a refusal can be recorded. */
	if (dir == -1) {
		snprintf(err, ERR_LEN, "%s", absent);
		return LEND_TAMPER;
	}
	if (fstat(dir, &st) == -1 || !is_ours(&st)) {
		snprintf(err, ERR_LEN, "the folder of planners must be root's, "
		    "and nobody else may write it");
		return LEND_TAMPER;
	}
	snprintf(name, sizeof(name), "%s.yaml", kind);
	if ((why = open_one(dir, name, MANIFEST_LEN, &fd, len, err)) != LEND_OK)
		return why;
	if (read(fd, text, *len) != (ssize_t)*len) {
		close(fd);
		snprintf(err, ERR_LEN, "%s cannot be read", name);
		return LEND_MANIFEST;
	}
	close(fd);
	text[*len] = '\0';
	return open_one(dir, kind, PLANNER_MAX, planner, &size, err);
}

/* Into its place among n sorted ones. */
static void
insert(char name[][LEND_KIND_LEN + 1], unsigned n, const char *s)
{
	for (; n > 0 && strcmp(name[n - 1], s) > 0; n--)
		strcpy(name[n], name[n - 1]);
	strcpy(name[n], s);
}

unsigned
kind_all(int dir, char name[][LEND_KIND_LEN + 1], unsigned max)
{
	struct dirent	*e;
	unsigned	 n = 0;
	int		 fd = openat(dir, ".", O_RDONLY | O_DIRECTORY |
			     O_CLOEXEC);
	DIR		*d = fd == -1 ? NULL : fdopendir(fd);

	while (d != NULL && n < max && (e = readdir(d)) != NULL)
		if (is_kind(e->d_name, strlen(e->d_name)))
			insert(name, n++, e->d_name);
	if (d != NULL)
		closedir(d);
	return n;
}
