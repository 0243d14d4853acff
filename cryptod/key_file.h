/*
 * key_file.h -- how a secret is kept in the state folder: ours alone, whole or
 * not there, never through a link. What is wrong is fatal and names the file.
 */
#ifndef KEY_FILE_H
#define KEY_FILE_H

#include <sys/types.h>

#include <stddef.h>

#define MEND	"put the right key there, or remove it and a new one is made"

/* Locked pages, zeroed; sodium_free() gives them back. */
void	*key_locked(size_t len);
/* Up to max bytes from the start of fd, whatever its offset: others share it. */
ssize_t	 key_file_read(int fd, char *buf, size_t max);
/* Open for reading, or -1: there is none. */
int	 key_file_open(int dirfd, const char *name);
/* One line of a file that is ours alone; its length without what ends it. */
size_t	 key_file_line(int fd, const char *name, char *text, size_t max);
/* A new secret file. */
void	 key_file_make(int dirfd, const char *name, const char *text, size_t len);

#endif
