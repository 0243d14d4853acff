/* session_mtu.h -- what the path to a node can carry. Pure: no clock of its own. */
#ifndef NETD_SESSION_MTU_H
#define NETD_SESSION_MTU_H

#include <stdint.h>

enum {
	PATH_MTU_FLOOR = 256,	/* nobody may talk us below this */
	PATH_MTU_CLAIM = 1280,	/* nor below this without proof: what every link carries */
	PATH_MTU_NOTIFY_MS = 10000,	/* or five round trips, if that is longer */
	PATH_MTU_SIGNAL_MS = 60000,	/* an unauthenticated claim ages out */
};

/* The way out: what the destination and nodes on the way told us. */
struct path_mtu {
	uint16_t	told;		/* by the destination, authenticated */
	uint16_t	higher;		/* it now says this */
	uint8_t		times;		/* in a row */
	uint64_t	since_ms;
	uint16_t	signal;		/* by anybody */
	uint64_t	signal_until_ms;
};

/* The way in: what we told the source. */
struct path_seen {
	uint16_t	told;		/* 0: nothing yet */
	uint16_t	last;		/* of the newest datagram */
	uint64_t	told_ms;
};

void		path_mtu_init(struct path_mtu *);
/* A notification from the destination. 1 changed, 0 not, -1 absurd. Lower
 * counts at once; higher when said three times over two intervals. */
int		path_mtu_told(struct path_mtu *, uint16_t mtu, double srtt_ms,
		    uint64_t now_ms);
/* A signal from nobody in particular: only lowers, not far and not for ever.
 * Where a link does carry less, the destination sees it and says so. */
int		path_mtu_signal(struct path_mtu *, uint16_t mtu, uint64_t now_ms);
uint16_t	path_mtu_get(const struct path_mtu *, uint64_t now_ms);
/* A datagram came with this value: shall the source hear of it now? */
int		path_seen(struct path_seen *, uint16_t mtu, double srtt_ms,
		    uint64_t now_ms);

#endif
