/* history_int.h -- the samples, between who takes them and who answers. */
#ifndef NETD_HISTORY_INT_H
#define NETD_HISTORY_INT_H

#include "history_ring.h"

enum { HISTORY_PEERS = 256 };

struct tracked {
	uint8_t		addr[NADDR_LEN];
	char		npub[NPUB_LEN + 1], name[64];	/* name: as history_show.c made it */
	uint64_t	first_ms, contact_ms;
	int		active;
	struct rows	rows;
};

extern struct history {
	struct rows	 node;
	int		 has_node;
	struct tracked	*peer[HISTORY_PEERS];
	unsigned	 npeer;
} history;

struct tracked *history_find(const uint8_t addr[NADDR_LEN]);

#endif
