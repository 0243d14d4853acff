/*
 * way.h -- what the session layer asks of the mesh: the next hop for a node
 * address, where nodes are, and to look for them.
 */
#ifndef NETD_WAY_H
#define NETD_WAY_H

#include "coords.h"
#include "link.h"
#include "nexthop.h"

/* When the rest of the mesh is there. */
void		 way_init(void);
/* The peer to hand a datagram for addr to, or NULL. Never ourselves. */
struct peer	*way_next(const uint8_t addr[NADDR_LEN]);
/*
 * The same for a datagram of others that this peer brought, and why; the reason
 * also when there is none. What it said of places comes first here, and only here.
 */
struct peer	*way_transit(const struct peer *from, const uint8_t addr[NADDR_LEN],
		    enum nexthop_why *);

/* Our place. */
const struct coords *way_self(void);
/* Where addr stands as far as we know, into *at: 0 or -1. */
int		 way_place(const uint8_t addr[NADDR_LEN], struct coords *at);
/* The same by what this peer said, which nobody may have proven. NULL is fine. */
int		 way_said(const struct peer *from, const uint8_t addr[NADDR_LEN],
		    struct coords *at);
/* Bytes that a frame to it may have as a look-up told; 0: not told. */
uint16_t	 way_path_mtu(const uint8_t addr[NADDR_LEN]);

/*
 * Look for a node whose key we know; session_found() or session_lost() will
 * be called, not from in here. Again is fine.
 */
void		 way_seek(const uint8_t addr[NADDR_LEN]);

/* Datagrams handed on, by what led to the hop: for people. */
struct way_stats {
	uint64_t direct, tree_up, tree_down, tree_down_cross;
	uint64_t crosslink_descend, crosslink_ascend;
};
extern struct way_stats way_stats;
/* One was handed on to this peer. */
void		 way_count(const uint8_t dst[NADDR_LEN], const struct peer *);

#endif
