/* route.c -- next hop for a node address: a direct peer, for now the only way. */
#include "route.h"

struct peer *
route_next(const uint8_t addr[NADDR_LEN])
{
	return peer_find(addr);
}
