/* files.c -- opens what must belong to root and to nobody else. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"

#define FILE_MAX	1048576

/* Whoever can write it could become us. */
static void
check_owner(const struct stat *st, const char *path, const char *what)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		conf_fatal("%s %s belongs to user %u; it must belong to root: "
		    "chown root '%s'", what, path, st->st_uid, path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		conf_fatal("%s %s is writable by others (mode %04o): "
		    "chmod go-w '%s'", what, path, st->st_mode & 07777, path);
}

int
file_open(const char *path, const char *what)
{
	struct stat	st;
	int		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd == -1 && errno == ENOENT)
		return -1;
	if (fd == -1 || fstat(fd, &st) == -1)
		conf_fatal("%s %s: %s", what, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		conf_fatal("%s %s is not a regular file", what, path);
	check_owner(&st, path, what);
	return fd;
}

void
dir_check(const char *path, const char *what)
{
	struct stat st;

	if (stat(path, &st) == -1)
		conf_fatal("%s %s: %s", what, path, strerror(errno));
	/* In a sticky folder nobody takes away what is root's. */
	if (st.st_mode & S_ISVTX)
		st.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	check_owner(&st, path, what);
}

int
dir_open(const char *path, mode_t mode, const char *what)
{
	struct stat	st;
	int		fd, made = mkdir(path, mode) == 0;

	if (!made && errno != EEXIST)
		fatal("make %s %s", what, path);
	/* What we made is no link, unless somebody was quick. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    (made ? O_NOFOLLOW : 0));
	if (fd == -1 || fstat(fd, &st) == -1)
		fatal("%s %s", what, path);
	check_owner(&st, path, what);
	/* Our umask is stricter than some folders want. */
	if (made && fchmod(fd, mode) == -1)
		fatal("%s %s", what, path);
	return fd;
}

int
file_beside(const char *name, int flags, char *path, size_t size)
{
	const char	*slash = strrchr(house.exe, '/');
	struct stat	 st, me;
	int		 fd;

	flags |= O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
	snprintf(path, size, "%.*s/%s", slash == NULL ? 0 :
	    (int)(slash - house.exe), house.exe, name);
	if ((fd = open(path, flags)) == -1 && errno == ENOENT) {
		snprintf(path, size, BASTIDE_LIBEXEC "/%s", name);
		fd = open(path, flags);
	}
	if (fd == -1)
		fatal("open %s, beside %s or in " BASTIDE_LIBEXEC, name,
		    house.exe);
	if (fstat(fd, &st) == -1 || stat("/proc/self/exe", &me) == -1)
		fatal("%s", path);
	/* Who owns our own binary is trusted already: a build tree. */
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) ||
	    (st.st_uid != 0 && st.st_uid != me.st_uid))
		fatalx("%s must be root's, and nobody else may write it", path);
	return fd;
}

static void
read_part(int fd, const char *name, char *p, size_t from, size_t to)
{
	ssize_t n;

	while (from < to) {
		n = pread(fd, p + from, to - from, (off_t)from);
		if (n == -1 && errno == EINTR)
			continue;
		if (n < 1)
			fatalx("%s: cannot read all of it, or it changed", name);
		from += (size_t)n;
	}
}

char *
file_read(int fd, const char *name, size_t hole, size_t hole_len, size_t *len)
{
	struct stat	st;
	char		*p;

	if (fstat(fd, &st) == -1)
		fatal("%s", name);
	if (st.st_size > FILE_MAX)
		conf_fatal("%s is larger than 1 MiB", name);
	*len = (size_t)st.st_size;
	if (hole > *len || hole_len > *len - hole)
		fatalx("%s: the secret is said to stand past its end", name);
	if ((p = malloc(*len + 1)) == NULL)
		fatal("memory for %s", name);
	read_part(fd, name, p, 0, hole);
	memset(p + hole, 'x', hole_len);
	read_part(fd, name, p, hole + hole_len, *len);
	p[*len] = '\0';
	return p;
}
