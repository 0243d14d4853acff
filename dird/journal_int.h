/* journal_int.h -- what journal.c and replay.c share. */
#ifndef JOURNAL_INT_H
#define JOURNAL_INT_H

#include "journal.h"

/* A journal follows the domain whose Genesis stands first in it. */
void	journal_found_by(struct journal *, const struct entry *);
/* One entry into the view and the index: 0, or -1 and why; */
int	journal_take(struct journal *, const struct entry *, uint64_t where,
	    struct because *);
/* and into the tree and the chain: 0, or -1 without memory. */
int	journal_take_hash(struct journal *, const uint8_t *raw, size_t len,
	    const uint8_t leaf[HASH_LEN]);
/* Nothing in it any more, but whose domain it is: root, unless NULL. */
int	journal_empty(struct journal *, const char *root);
/* All of it but the store made again from the disk: exactly n entries, or -1. */
int	journal_replay(struct journal *, uint64_t n);

#endif
