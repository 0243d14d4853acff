/* tiles.h -- a journal as C2SP tlog-tiles: paths, tiles, entry bundles. */
#ifndef TILES_H
#define TILES_H

#include <sys/types.h>

#include "merkle.h"
#include "why.h"

#define TILE_WIDTH	256
#define TILE_PATH	96
#define TILE_ENTRIES	(-1)	/* the level of entry bundles */

/* The path under the prefix; width TILE_WIDTH for a full tile. */
int	tile_path(int level, uint64_t n, unsigned width, char out[TILE_PATH]);
/* The hashes of a tile; -1 if the tree does not have them. */
int	tile_hashes(const struct merkle *, unsigned level, uint64_t n,
	    unsigned width, uint8_t out[TILE_WIDTH * HASH_LEN]);
/* Calls fn for every tile and bundle of a tree; stops at -1. */
int	tiles_walk(uint64_t size, int (*fn)(void *, int level, uint64_t n,
	    unsigned width), void *arg);
/*
 * Writes all of it below a folder. read gives entry n: its length, or -1.
 * A file that exists is kept as it is, since tiles never change; a new one
 * appears whole or not at all.
 */
int	tiles_export(int dir, const struct merkle *, ssize_t (*read)(void *,
	    uint64_t n, uint8_t *buf, size_t cap), void *arg, struct because *);

#endif
