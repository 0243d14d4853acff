/*
 * route.h -- the next hop for a node address, remembered until something
 * changes. Pure: no I/O, no clock, no random numbers; nothing is allocated
 * after route_new().
 *
 * nexthop.h decides. An answer is kept with the generation of the mesh, which
 * the caller counts, and with the entry of the cache of places that it came
 * from: when either is another, it is computed anew.
 *
 * When the root changes, all places do. Whoever stood right behind a peer is still
 * there, so what is for it goes to that peer until its new place is known, but not
 * for long. The first such answer is NEXTHOP_BEHIND; the next ones say what held before.
 */
#ifndef NETD_ROUTE_H
#define NETD_ROUTE_H

#include "bloom.h"
#include "coords.h"
#include "nexthop.h"
#include "tree.h"

struct route_cfg {
	uint8_t			 addr[NADDR_LEN];
	unsigned		 peers_max;
	uint32_t		 key;	/* a secret: which answers push out which */
	const struct tree	*tree;
	const struct bloom	*bloom;
	struct coords_cache	*cache;
};

/* Facts of a peer that the tree and the filters do not know: 0, or -1 for none. */
typedef int (*route_peer)(void *arg, unsigned slot, struct nexthop_peer *);

struct route_stats {
	uint64_t computed, cached;
};

struct route;

struct route	*route_new(const struct route_cfg *, route_peer, void *arg);
void		 route_free(struct route *);
/*
 * The id of the peer to hand a datagram for addr to, 0 when there is none; and
 * why, in both cases. from: the slot of the peer that brought it, see coords_get().
 */
uint32_t	 route_find(struct route *, const uint8_t addr[NADDR_LEN],
		    uint16_t from, uint32_t generation, uint64_t now_ms,
		    enum nexthop_why *);
/* Nobody found it: where it stood before is of no use any more. */
void		 route_forget(struct route *, const uint8_t addr[NADDR_LEN]);
const struct route_stats *route_stats(const struct route *);

#endif
