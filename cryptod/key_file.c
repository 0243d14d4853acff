/* key_file.c -- the care that every file with a secret gets. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "file_put.h"
#include "key_file.h"
#include "log.h"

void *
key_locked(size_t len)
{
	void *p = sodium_malloc(len);

	if (p == NULL || sodium_mlock(p, len) == -1)
		fatal("cannot lock %zu bytes of memory for keys; raise LimitMEMLOCK",
		    len);
	memset(p, 0, len);
	return p;
}

ssize_t
key_file_read(int fd, char *buf, size_t max)
{
	size_t	n = 0;
	ssize_t	got;

	while (n < max) {
		got = pread(fd, buf + n, max - n, (off_t)n);
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* A key file is ours alone, or it is no secret. */
static void
check_file(int fd, const char *name)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		fatal("%s: cannot look at it", name);
	if (!S_ISREG(st.st_mode))
		fatalx("%s: not a regular file; " MEND, name);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		fatalx("%s: belongs to user %u; chown root:root %s", name,
		    (unsigned)st.st_uid, name);
	if ((st.st_mode & 077) != 0)
		fatalx("%s: mode %04o lets others at the key; chmod 600 %s, and "
		    "make a new key if someone may have read it", name,
		    (unsigned)st.st_mode & 07777, name);
}

int
key_file_open(int dirfd, const char *name)
{
	int fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd == -1 && errno == ELOOP)
		fatalx("%s: a symbolic link, which is not followed; put the "
		    "file itself there", name);
	if (fd == -1 && errno != ENOENT)
		fatal("%s: cannot open it", name);
	return fd;
}

size_t
key_file_line(int fd, const char *name, char *text, size_t max)
{
	ssize_t len;

	check_file(fd, name);
	len = key_file_read(fd, text, max);
	if (len == -1)
		fatal("%s: cannot read it", name);
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' ||
	    text[len - 1] == ' '))
		text[--len] = '\0';
	return (size_t)len;
}

void
key_file_make(int dirfd, const char *name, const char *text, size_t len)
{
	if (file_put(dirfd, name, 0600, text, len, 0) == -1)
		fatal("cannot write %s in the state folder; is the disk full, "
		    "or the folder read-only?", name);
}
