/*
 * import.h -- lines of a journal, wherever they come from: read, verified in
 * bulk, and kept if they may be. Each line has a reason of its own.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include "chain.h"
#include "entry.h"

#define IMPORT_LINES	4096
#define IMPORT_RAW	(8u << 20)

struct import {
	size_t		 n, used;
	struct span	 raw[IMPORT_LINES];
	uint8_t		 chain[IMPORT_LINES][CHAIN_LEN];	/* behind each line */
	struct entry	 e[IMPORT_LINES], keep[IMPORT_LINES];
	enum why	 why[IMPORT_LINES], kept[IMPORT_LINES];
	uint8_t		 bytes[IMPORT_RAW];
};

struct import *import_new(void);	/* free() it */
/*
 * All lines of a text. before: the chain of hashes before the first, which the
 * lines must go on; NULL: whatever they say of it. -1: line im->n + 1 is
 * broken, and why.
 */
int	import_read(struct import *, const char *text, size_t len,
	    const uint8_t *before, struct because *);
/* Into this room's journal; im->why[] says what became of each. -1: the disk. */
int	import_take(struct import *);

#endif
