/* file_put.c -- a file that appears whole or not at all. */
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "file_put.h"

static int
fill(int fd, mode_t mode, const char *text, size_t len)
{
	ssize_t n;

	if (fchmod(fd, mode) == -1 || (n = write(fd, text, len)) == -1)
		return -1;
	if ((size_t)n != len) {
		errno = ENOSPC;
		return -1;
	}
	return fsync(fd);
}

int
file_put(int dirfd, const char *name, mode_t mode, const char *text, size_t len,
    int replace)
{
	char	 tmp[32];
	unsigned r;
	int	 fd, err, ret;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return -1;
	snprintf(tmp, sizeof(tmp), ".%s.%08x", name, r);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	ret = fill(fd, mode, text, len);
	if (close(fd) == -1)
		ret = -1;
	if (ret == 0)
		ret = renameat2(dirfd, tmp, dirfd, name,
		    replace ? 0 : RENAME_NOREPLACE);
	if (ret == 0)
		return fsync(dirfd);
	err = errno;
	unlinkat(dirfd, tmp, 0);
	errno = err;
	return -1;
}
