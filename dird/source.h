/*
 * source.h -- whom we pull from: who they are, how far we are in the journal of
 * each, and what that has brought. It asks nobody; pull.c does.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <arpa/inet.h>

#include <jansson.h>

#include "import.h"

#define SOURCES_MAX	256
#define SOURCE_REST_S	3600		/* the longest anybody is left alone */

struct fetch;

struct source {
	uint8_t		 pub[32], ip6[16];
	int		 named;		/* to us, by people */
	int		 listed;	/* it has a NodeRecord */
	struct fetch	*fetch;
	int64_t		 due, last_seen;
	unsigned	 fails;
	int		 no_way;	/* the last time it could not be reached */
	/* how far we are in its journal */
	uint64_t	 from;
	uint8_t		 chain[CHAIN_LEN];
	uint64_t	 again;		/* first entry that may be wanted later */
	uint8_t		 again_chain[CHAIN_LEN];
	uint64_t	 again_size;	/* of our journal when it was refused */
	int		 again_grown;	/* it may be wanted when that has grown, */
	int64_t		 again_at;	/* or when the clock allows it, */
	uint64_t	 again_opened;	/* or when who was sent away is back */
	uint64_t	 again_end;	/* how far we had been, before going back */
	int64_t		 again_due;	/* not before this: it was in vain so far */
	int64_t		 again_pause;
	uint64_t	 known_from_0;	/* of its entries, those that we had */
	/* this hour */
	int64_t		 hour;		/* since when */
	uint64_t	 hour_bytes;	/* of entries that were kept */
	/* this pass */
	int64_t		 until;
	size_t		 bytes, kept_now, refused_now, strangers;
	/* in all */
	uint64_t	 kept, wasted;
	uint64_t	 why[WHY_MAX];
	char		 wrong[160];
};

/*
 * The one with this mesh key (x only), made if it is new. NULL for ourselves,
 * and when there are too many. stranger: a link is all that we know of it.
 */
struct source *source_add(const uint8_t pub[32], int stranger);
unsigned source_count(void);
struct source *source_at(unsigned i);
/* Nobody named it to us, and it has no NodeRecord. */
int	source_is_stranger(const struct source *);
const char *source_name(const struct source *, char text[INET6_ADDRSTRLEN]);

/* The next page begins at its first entry. */
void	source_restart(struct source *);
/*
 * What became of a page; the next one begins behind it. How many were kept.
 * size, opened: our journal's, and view_reopened(), before it was taken.
 */
size_t	source_took(struct source *, const struct import *, uint64_t size,
	    uint64_t opened);
/* At the begin of a pass: back to what may be wanted now, if it is time. */
void	source_go_back(struct source *);

/* Until when it waits since it had all that it may have in an hour; 0: it has not. */
int64_t	source_full_until(struct source *);

/*
 * How far we are in each journal and when it was seen, for REC_PULLS: bytes
 * written, 0 if nobody's journal went on since it was written last. seen: also
 * if somebody was only seen. Whoever is known by a link only is left out.
 */
size_t	source_write(void *buf, size_t cap, int seen);
/*
 * The same again after a restart. What another version refused this one may
 * take, so of another's record only when they were seen counts. -1: it breaks
 * off; what stood before that counts.
 */
int	source_read(const void *buf, size_t len);

/* All of them, and how it went: an array. */
json_t	*source_status(void);

#endif
