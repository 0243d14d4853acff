/* route.c -- next hops, remembered. No I/O, no clock. */
#include "route.h"

#include <stdlib.h>

enum { REMEMBERED = 4096 };		/* a power of two */

struct answer {
	uint8_t		 addr[NADDR_LEN];
	uint32_t	 peer;		/* id; 0: nobody is nearer */
	uint32_t	 generation, ref;
	uint64_t	 stamp;
	enum nexthop_why why;
	uint16_t	 from;		/* whose datagram it is for */
	uint8_t		 used;
};

struct route {
	struct route_cfg    cfg;
	route_peer	    peer;
	void		   *arg;
	struct route_stats  stats;
	struct answer	    ours[REMEMBERED], others[REMEMBERED];
	struct nexthop_peer fact[];	/* of every peer, while we compute */
};

static struct answer *
answer_of(struct route *r, const uint8_t addr[NADDR_LEN], uint16_t from)
{
	uint32_t h, i;

	for (h = r->cfg.key ^ from, i = 0; i < NADDR_LEN; i += 4)
		h = (h ^ get_le32(addr + i)) * 0x9e3779b1u;
	return (from == COORDS_OURS ? r->ours : r->others) +
	    (h >> 16) % REMEMBERED;
}

static void
facts(struct route *r, const uint8_t addr[NADDR_LEN])
{
	struct bloom_pos pos;
	unsigned	 i;

	bloom_pos(addr, &pos);
	for (i = 0; i < r->cfg.peers_max; i++) {
		r->fact[i].addr = NULL;
		if (r->peer(r->arg, i, &r->fact[i]) == -1)
			continue;
		r->fact[i].at = tree_peer_at(r->cfg.tree, i);
		r->fact[i].in_filter = bloom_peer_has(r->cfg.bloom, i, &pos) != 0;
	}
}

static void
compute(struct route *r, struct answer *a, const uint8_t addr[NADDR_LEN],
    uint16_t from, const struct coords_entry *e, uint32_t generation)
{
	unsigned slot = r->cfg.peers_max;

	r->stats.computed++;
	memcpy(a->addr, addr, NADDR_LEN);
	a->from = from;
	a->used = 1;
	a->generation = generation;
	a->ref = e->ref;
	a->stamp = e->stamp;
	facts(r, addr);
	a->why = nexthop_pick(r->cfg.addr, tree_self(r->cfg.tree), addr, &e->path,
	    r->fact, r->cfg.peers_max, &slot);
	a->peer = slot < r->cfg.peers_max ? r->fact[slot].id : 0;
}

uint32_t
route_find(struct route *r, const uint8_t addr[NADDR_LEN],
    uint16_t from, uint32_t generation, uint64_t now_ms,
    enum nexthop_why *why)
{
	struct answer	   *a = answer_of(r, addr, from);
	struct coords_entry e;

	if (a->used && memcmp(a->addr, addr, NADDR_LEN) == 0 &&
	    a->from == from && a->generation == generation &&
	    coords_still(r->cfg.cache, a->ref, a->stamp, now_ms)) {
		r->stats.cached++;
	} else if (coords_get(r->cfg.cache, addr, from, now_ms, &e) == 0) {
		compute(r, a, addr, from, &e, generation);
	} else {
		*why = NEXTHOP_NO_COORDS;
		return 0;
	}
	*why = a->why;
	return a->peer;
}

const struct route_stats *
route_stats(const struct route *r)
{
	return &r->stats;
}

struct route *
route_new(const struct route_cfg *cfg, route_peer peer, void *arg)
{
	struct route *r = calloc(1, sizeof(*r) +
	    cfg->peers_max * sizeof(r->fact[0]));

	if (r == NULL)
		return NULL;
	r->cfg = *cfg;
	r->peer = peer;
	r->arg = arg;
	return r;
}

void
route_free(struct route *r)
{
	free(r);
}
