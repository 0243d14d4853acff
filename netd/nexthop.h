/*
 * nexthop.h -- which peer a datagram goes to (FIPS-WIRE 12). Pure: a decision
 * over facts the caller brings, nothing remembered.
 *
 * A hop is taken only if it is strictly nearer to the destination than we are,
 * so a datagram cannot go round while places stand still.
 */
#ifndef NETD_NEXTHOP_H
#define NETD_NEXTHOP_H

#include "coords.h"

struct nexthop_peer {
	const uint8_t	    *addr;	/* NULL: no such peer */
	const struct coords *at;	/* NULL: has not told */
	double		     cost;	/* of the link; 1.0 when not measured */
	uint8_t		     can_send;
	uint8_t		     in_filter;	/* its filter has the destination */
	uint32_t	     id;	/* what the caller calls it; not 0 */
};

enum nexthop_why {
	NEXTHOP_HERE,			/* it is us */
	NEXTHOP_DIRECT,
	NEXTHOP_FILTER,			/* nearer, and its filter says so */
	NEXTHOP_TREE,			/* nearest of all */
	NEXTHOP_NO_COORDS,		/* CoordsRequired */
	NEXTHOP_STUCK,			/* PathBroken: nobody is nearer */
	NEXTHOP_BEHIND,			/* route.h: its place is to be asked for */
};

/*
 * The peer's number in *out for DIRECT, FILTER and TREE. dst_at is NULL or
 * empty when the place of the destination is not known.
 */
enum nexthop_why nexthop_pick(const uint8_t self[NADDR_LEN],
	    const struct coords *self_at, const uint8_t dst[NADDR_LEN],
	    const struct coords *dst_at, const struct nexthop_peer *, unsigned n,
	    unsigned *out);

#endif
