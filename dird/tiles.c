/* tiles.c -- which tiles a tree of some size has, and writing them out. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file_put.h"
#include "tiles.h"

#define BUNDLE_MAX	(TILE_WIDTH * (65535 + 2))

int
tile_path(int level, uint64_t n, unsigned width, char out[TILE_PATH])
{
	unsigned part[8], parts = 0;
	int len;

	do {
		part[parts++] = (unsigned)(n % 1000);
		n /= 1000;
	} while (n > 0 && parts < 8);
	if (n > 0)
		return -1;
	len = level == TILE_ENTRIES ?
	    snprintf(out, TILE_PATH, "tile/entries/") :
	    snprintf(out, TILE_PATH, "tile/%d/", level);
	while (parts-- > 0)
		len += snprintf(out + len, TILE_PATH - (size_t)len,
		    parts > 0 ? "x%03u/" : "%03u", part[parts]);
	if (width < TILE_WIDTH)
		snprintf(out + len, TILE_PATH - (size_t)len, ".p/%u", width);
	return 0;
}

int
tile_hashes(const struct merkle *m, unsigned level, uint64_t n,
    unsigned width, uint8_t out[TILE_WIDTH * HASH_LEN])
{
	unsigned i;

	for (i = 0; i < width && i < TILE_WIDTH; i++)
		if (merkle_at(m, level * 8, n * TILE_WIDTH + i,
		    out + (size_t)i * HASH_LEN) == -1)
			return -1;
	return 0;
}

int
tiles_walk(uint64_t size, int (*fn)(void *, int level, uint64_t n,
    unsigned width), void *arg)
{
	uint64_t n, hashes;
	int level;

	for (level = TILE_ENTRIES; level < 8; level++) {
		hashes = level <= 0 ? size : size >> (8 * level);
		if (hashes == 0)
			break;
		for (n = 0; n < hashes / TILE_WIDTH; n++)
			if (fn(arg, level, n, TILE_WIDTH) == -1)
				return -1;
		if (hashes % TILE_WIDTH != 0 &&
		    fn(arg, level, n, (unsigned)(hashes % TILE_WIDTH)) == -1)
			return -1;
	}
	return 0;
}

struct export {
	int			 dir;
	const struct merkle	*m;
	ssize_t			(*read)(void *, uint64_t, uint8_t *, size_t);
	void			*arg;
	uint8_t			*buf;
	struct because		*b;
};

/* The folder of a path, made if need be; what is left of the path is a name. */
static int
folder_of(int dir, const char *path, const char **name)
{
	char part[TILE_PATH];
	size_t i;

	part[0] = '\0';
	for (i = 1; path[i] != '\0'; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(dir, part, 0755) == -1 && errno != EEXIST)
			return -1;
	}
	*name = path + strlen(part) + 1;
	return openat(dir, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int
put_file(int dir, const char *path, const uint8_t *p, size_t len)
{
	const char *name;
	int folder = folder_of(dir, path, &name), err, ret;

	if (folder == -1)
		return -1;
	ret = faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? 0 :
	    file_put(folder, name, 0644, (const char *)p, len, 1);
	err = errno;
	close(folder);
	errno = err;
	return ret;
}

/* Entries, each behind its length in two bytes, the high one first. */
static ssize_t
bundle(const struct export *x, uint64_t n, unsigned width)
{
	size_t at = 0;
	unsigned i;
	ssize_t len;

	for (i = 0; i < width; i++) {
		len = x->read(x->arg, n * TILE_WIDTH + i, x->buf + at + 2, 65535);
		if (len == -1)
			return -1;
		x->buf[at] = (uint8_t)(len >> 8);
		x->buf[at + 1] = (uint8_t)len;
		at += (size_t)len + 2;
	}
	return (ssize_t)at;
}

static int
put_tile(void *arg, int level, uint64_t n, unsigned width)
{
	struct export *x = arg;
	char path[TILE_PATH];
	ssize_t len = (ssize_t)width * HASH_LEN;

	if (level == TILE_ENTRIES)
		len = bundle(x, n, width);
	else if (tile_hashes(x->m, (unsigned)level, n, width, x->buf) == -1)
		len = -1;
	if (len == -1 || tile_path(level, n, width, path) == -1)
		return because(x->b, WHY_IO, "level %d, tile %" PRIu64, level, n);
	if (put_file(x->dir, path, x->buf, (size_t)len) == -1)
		return because(x->b, WHY_IO, "%.60s: %s", path, strerror(errno));
	return 0;
}

int
tiles_export(int dir, const struct merkle *m, ssize_t (*read_)(void *,
    uint64_t n, uint8_t *buf, size_t cap), void *arg, struct because *b)
{
	struct export x = { dir, m, read_, arg, malloc(BUNDLE_MAX), b };
	int ret;

	if (x.buf == NULL)
		return because(b, WHY_FULL, "memory");
	ret = tiles_walk(merkle_size(m), put_tile, &x);
	free(x.buf);
	return ret;
}
