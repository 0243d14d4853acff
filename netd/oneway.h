/*
 * oneway.h -- which datagrams that pass have no answers passing the other way.
 * Ends that really talk hear of each other, by reports if nothing else. Pure:
 * time comes with the call.
 */
#ifndef NETD_ONEWAY_H
#define NETD_ONEWAY_H

#include <stdint.h>

#include "ident.h"

enum { ONEWAY_PAIRS = 4096, ONEWAY_MS = 30000 };

/* Who last brought datagrams of a pair of ends, this way round. */
struct oneway {
	struct { uint32_t tag, peer; uint64_t at_ms; } pair[ONEWAY_PAIRS];
};

/*
 * One from src to dst passes that this peer brought: 1 when none came the other
 * way lately from another peer. Ends can be forged; another peer's link cannot.
 */
int	oneway_pass(struct oneway *, uint32_t key, const uint8_t src[NADDR_LEN],
	    const uint8_t dst[NADDR_LEN], uint32_t peer, uint64_t now_ms);

#endif
