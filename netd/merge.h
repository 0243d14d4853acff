/*
 * merge.h -- packets that belong together, given to the kernel in one piece:
 * the way back of seg.h. Pure: no I/O, no clock; what is ready goes to the
 * caller's function.
 *
 * Two packets belong together when cutting the whole gives exactly both: same
 * flow, in order, the same headers but for what counts on, checksums right,
 * every payload as long as the first, and only the last shorter.
 */
#ifndef NETD_MERGE_H
#define NETD_MERGE_H

#include <sys/uio.h>

#include "vnet.h"

enum {
	MERGE_FLOWS = 16,	/* at once; a power of two */
	MERGE_RUN = 64,		/* packets in one piece */
	MERGE_HEAD = 100,	/* IPv6, TCP with all its options */
};

/* One piece. When count is 1 it is a packet as it came, in part[0], and head is empty. */
struct merge_run {
	struct vnet	 vnet;
	uint8_t		 head[MERGE_HEAD];
	unsigned	 head_len, count;
	struct iovec	 part[MERGE_RUN];	/* payloads, in the owners' memory */
	void		*owner[MERGE_RUN];
	/* merge.c's */
	uint8_t		 proto, shut, last_flags;
	uint16_t	 size;
	size_t		 payload;
	uint32_t	 seq;			/* that the next packet must have */
};
typedef void (*merge_fn)(const struct merge_run *);

struct merge {
	merge_fn	 out;
	int		 has_uso;		/* UDP too */
	unsigned	 n;
	uint8_t		 order[MERGE_FLOWS];	/* of those in use, as they came */
	struct merge_run run[MERGE_FLOWS];	/* by hash of the flow */
};

void	merge_init(struct merge *, merge_fn, int has_uso);
/*
 * A packet, whole, that stays where it is until it comes out. Packets of one
 * flow come out in the order in which they went in.
 */
void	merge_add(struct merge *, uint8_t *pkt, size_t len, void *owner);
/* All that is in it comes out. */
void	merge_flush(struct merge *);
/* Something is in it, and all of that may still grow. */
int	merge_may_grow(const struct merge *);

#endif
