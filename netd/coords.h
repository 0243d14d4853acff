/*
 * coords.h -- places in the tree, and what is known of other nodes' places
 * (FIPS-WIRE 8, 11). Pure: no I/O, no clock.
 *
 * A place is the path of addresses from a node up to its root. The cache has
 * two shares of fixed size. What a signature proved goes into one; what
 * passing packets claim goes into the other, which nothing of the first ever
 * makes room for. Neither allocates after coords_new().
 */
#ifndef NETD_COORDS_H
#define NETD_COORDS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ident.h"
#include "wire.h"

enum {
	COORDS_MAX = 48,		/* a longer path fits no announce */
	COORDS_FAR = UINT16_MAX,	/* distance between two trees */
	COORDS_OURS = UINT16_MAX,	/* no peer brought it */
};

struct coords {
	uint16_t n;			/* 0: unknown */
	uint8_t	 addr[COORDS_MAX][NADDR_LEN];
};

static inline int
naddr_cmp(const uint8_t a[NADDR_LEN], const uint8_t b[NADDR_LEN])
{
	return memcmp(a, b, NADDR_LEN);
}

/* Hops through the tree, COORDS_FAR when the roots differ or one is unknown. */
unsigned coords_distance(const struct coords *, const struct coords *);
int	 coords_has(const struct coords *, const uint8_t addr[NADDR_LEN]);
int	 coords_equal(const struct coords *, const struct coords *);
/*
 * Can this be a place of addr: starts with it, no address twice, the root
 * smallest? 0 or -1.
 */
int	 coords_check(const struct coords *, const uint8_t addr[NADDR_LEN]);
/* count u16, then the addresses. A count of 0 reads as unknown. */
void	 coords_read(struct rd *, struct coords *);
void	 coords_write(struct wr *, const struct coords *);

/* -- the cache ------------------------------------------------------------ */
enum coords_source { COORDS_PROVEN, COORDS_HEARSAY, COORDS_SOURCES };

struct coords_cfg {
	unsigned max[COORDS_SOURCES];	/* entries of each share */
	uint64_t ttl_ms;
	uint64_t age_max_ms;		/* hearsay ends here, however much used */
	unsigned givers;		/* peers: a giver is below this */
	unsigned per_giver;		/* hearsay entries one peer may hold */
	uint8_t	 key[16];		/* secret of the hash table */
};

struct coords_entry {			/* a copy, for routing and for people */
	uint8_t		   addr[NADDR_LEN];
	struct coords	   path;
	enum coords_source source;
	uint16_t	   giver;	/* of hearsay: peer it came through */
	uint16_t	   path_mtu;	/* 0: not told */
	uint64_t	   born_ms, used_ms;
	uint32_t	   ref;		/* for coords_still() */
	uint64_t	   stamp;
};

struct coords_cache;

struct coords_cache *coords_new(const struct coords_cfg *);
void	coords_free(struct coords_cache *);
size_t	coords_mem(const struct coords_cache *);
/*
 * Remember where addr is. Replaces the proof that we had, or what this giver
 * said. 0; -1: not a place of addr; 1: hearsay that contradicts a proof. That
 * lives beside the proof until the next one, or until its giver says the same.
 */
int	coords_put(struct coords_cache *, const uint8_t addr[NADDR_LEN],
	    const struct coords *, enum coords_source, uint16_t giver,
	    uint16_t path_mtu, uint64_t now_ms);
/*
 * Look up for routing, for a datagram that peer `from` brought: what it said
 * itself, for a node may have moved since the proof; else what was proven, else
 * what was said last. So nobody leads astray but what it brings. COORDS_OURS: for
 * what is ours no giver's word comes before a proof. Use keeps a proven entry
 * alive, a hearsay one only in the order of eviction. 0 or -1.
 */
int	coords_get(struct coords_cache *, const uint8_t addr[NADDR_LEN],
	    uint16_t from, uint64_t now_ms, struct coords_entry *);
/*
 * A next hop was computed from the entry with this ref and stamp: does the
 * entry say the same today, and is it the last word still if it was got as that?
 * Counts as use. One array access.
 */
int	coords_still(struct coords_cache *, uint32_t ref, uint64_t stamp,
	    uint64_t now_ms);
/* A signal may take hearsay away, and a proof only when it told `proven`. */
void	coords_del(struct coords_cache *, const uint8_t addr[NADDR_LEN],
	    int proven);
/*
 * Our place changed: drop paths through self, and those of other roots. Counted
 * until somebody looks at them or their place is needed, as what has aged is.
 */
void	coords_drop_via(struct coords_cache *, const uint8_t self[NADDR_LEN]);
void	coords_drop_other_roots(struct coords_cache *,
	    const uint8_t root[NADDR_LEN]);
unsigned coords_count(const struct coords_cache *, enum coords_source);
/* No slot from here on was ever taken. */
unsigned coords_top(const struct coords_cache *, enum coords_source);
/* How many of these are not too old; adds their ages. */
unsigned coords_fresh(const struct coords_cache *, enum coords_source,
	    uint64_t now_ms, uint64_t *ages_ms);
/* i-th slot of a share, for lists: 0, or -1 if free or past the end (i >= max). */
int	coords_view(const struct coords_cache *, enum coords_source, unsigned i,
	    uint64_t now_ms, struct coords_entry *);

#endif
