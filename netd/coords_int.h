/*
 * coords_int.h -- what the files of the cache of places share.
 *
 *	coords_cache.c	what is known, and what has to go
 *	coords_show.c	what is there, for people and as a copy
 */
#ifndef NETD_COORDS_INT_H
#define NETD_COORDS_INT_H

#include "coords.h"

enum {
	BLOCK = 8,
	AS_LAST = 1,		/* in a ref: given as the last word of its node */
	REF_SOURCE = 2		/* in a ref: the source begins here */
};

struct block {
	uint8_t	 addr[BLOCK][NADDR_LEN];
	uint32_t next;
};

/* An entry stands in two orders of use: of all, and of its giver. */
enum order { ALL, GIVER, ORDERS };

struct link {
	uint32_t newer, older;
};

struct list {
	uint32_t newest, oldest, count;
};

struct entry {
	uint8_t	    addr[NADDR_LEN];
	uint64_t    born_ms, fresh_ms, used_ms, stamp;
	uint64_t    move;		/* right as of this move of ours */
	uint32_t    block, hash_next;	/* hash_next doubles as the free list */
	struct link link[ORDERS];
	uint16_t    n, giver, path_mtu;	/* n 0: free */
	uint8_t	    is_last;		/* who gave it has the last word of its node */
};

struct share {
	struct entry	*entry;
	struct block	*block;
	uint32_t	*bucket;
	struct list	 all, *giver;	/* giver: one for each peer */
	uint32_t	 max, nblock, mask;
	uint32_t	 free, block_free;
	uint32_t	 fresh, block_fresh;	/* never used beyond: pages stay away */
};

struct coords_cache {
	struct coords_cfg cfg;
	struct share	  share[COORDS_SOURCES];
	uint64_t	  stamp;
	/* Moves of ours, counted: the last that made paths through `via` wrong,
	 * and those that brought the last root and the one before. */
	uint64_t	  move, via_move, root_move, former_move;
	uint8_t		  via[NADDR_LEN], root[NADDR_LEN];
};

/* The path of an entry that is in use. */
void	coords_path(const struct share *, const struct entry *, struct coords *);
/* Too old, or made wrong by a move of ours: it goes when somebody uses it next. */
int	coords_is_gone(const struct coords_cache *, enum coords_source,
	    const struct entry *, uint64_t now_ms);

#endif
