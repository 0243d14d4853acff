/* file_put.h -- a file that appears whole or not at all. */
#ifndef FILE_PUT_H
#define FILE_PUT_H

#include <sys/types.h>

#include <stddef.h>

/*
 * Complete and on the disk under a name that was not there before it gets its
 * own: a crash leaves the whole file or none, and nothing that stands in its
 * place is followed. replace: an older file may stand there. -1 with errno.
 */
int	file_put(int dirfd, const char *name, mode_t, const char *text,
	    size_t len, int replace);

#endif
