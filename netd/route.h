/* route.h -- next hop for a node address. */
#ifndef NETD_ROUTE_H
#define NETD_ROUTE_H

#include "link.h"

/* The peer to hand a datagram for addr to, or NULL. Never ourselves. */
struct peer	*route_next(const uint8_t addr[NADDR_LEN]);

#endif
