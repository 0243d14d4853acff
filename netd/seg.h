/*
 * seg.h -- what the kernel hands over in one piece, cut into the packets that
 * it would have sent itself. Pure: no I/O, no state.
 */
#ifndef NETD_SEG_H
#define NETD_SEG_H

#include <stddef.h>

#include "vnet.h"

enum {
	SEG_HEAD_MAX = 512	/* headers, extension headers among them */
};

struct seg {
	const uint8_t	*pkt;		/* the caller's: stays until the last cut */
	size_t		 len;
	unsigned	 count;		/* packets in it */
	uint16_t	 head, upper;	/* headers end; the upper header begins */
	uint16_t	 size;		/* payload of each packet but the last */
	uint8_t		 gso;		/* VNET_GSO_NONE: it is a packet already */
};

/* 0, or -1: the header does not fit the packet. */
int	seg_begin(struct seg *, const struct vnet *, const uint8_t *pkt, size_t len);
/* Length of the longest packet in it. */
size_t	seg_longest(const struct seg *);
/* The i-th packet, checksum and all, into out; its length comes back. */
size_t	seg_cut(const struct seg *, unsigned i, uint8_t *out);
/*
 * A packet that is whole but for its checksum: finish it where it lies. -1:
 * there is no room for a checksum where the header says.
 */
int	seg_finish(const struct vnet *, uint8_t *pkt, size_t len);

#endif
