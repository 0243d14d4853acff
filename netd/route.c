/* route.c -- next hops, remembered. No I/O, no clock. */
#include "route.h"

#include <stdlib.h>

enum {
	REMEMBERED = 4096,		/* a power of two */
	BEHIND_MS = 3000,
};

struct answer {
	uint8_t		 addr[NADDR_LEN];
	uint32_t	 peer;		/* id; 0: nobody is nearer */
	uint32_t	 generation, ref;
	uint64_t	 stamp;
	enum nexthop_why why;
	uint16_t	 from;		/* whose datagram it is for */
	uint16_t	 slot;		/* of the peer */
	uint8_t		 used, asked;
	uint32_t	 before;	/* the peer that it stood right behind; 0: none */
	uint64_t	 before_ms;
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
    const struct coords_entry *e, uint32_t generation)
{
	unsigned slot = r->cfg.peers_max;

	r->stats.computed++;
	memcpy(a->addr, addr, NADDR_LEN);
	a->generation = generation;
	a->ref = e->ref;
	a->stamp = e->stamp;
	facts(r, addr);
	a->why = nexthop_pick(r->cfg.addr, tree_self(r->cfg.tree), addr, &e->path,
	    r->fact, r->cfg.peers_max, &slot);
	a->peer = slot < r->cfg.peers_max ? r->fact[slot].id : 0;
	if (a->peer == 0)
		return;
	a->slot = (uint16_t)slot;
	a->before = r->fact[slot].at != NULL &&
	    coords_distance(r->fact[slot].at, &e->path) == 1 ? a->peer : 0;
}

/* No way by its place: the one before, if that can be. */
static uint32_t
behind(struct route *r, struct answer *a, uint64_t now_ms, enum nexthop_why *why)
{
	struct nexthop_peer f;

	if (a->before == 0 || now_ms - a->before_ms >= BEHIND_MS ||
	    r->peer(r->arg, a->slot, &f) == -1 || f.id != a->before || !f.can_send)
		return 0;
	*why = a->asked ? NEXTHOP_TREE : NEXTHOP_BEHIND;
	a->asked = 1;
	return a->before;
}

uint32_t
route_find(struct route *r, const uint8_t addr[NADDR_LEN],
    uint16_t from, uint32_t generation, uint64_t now_ms,
    enum nexthop_why *why)
{
	struct answer	   *a = answer_of(r, addr, from);
	struct coords_entry e;
	int		    known = a->used && a->from == from &&
	    memcmp(a->addr, addr, NADDR_LEN) == 0;

	if (known && a->generation == generation &&
	    coords_still(r->cfg.cache, a->ref, a->stamp, now_ms)) {
		r->stats.cached++;
	} else if (coords_get(r->cfg.cache, addr, from, now_ms, &e) == 0) {
		if (!known)
			*a = (struct answer){ .used = 1, .from = from };
		compute(r, a, addr, &e, generation);
	} else {
		*why = NEXTHOP_NO_COORDS;
		return known ? behind(r, a, now_ms, why) : 0;
	}
	*why = a->why;
	if (a->peer == 0)
		return behind(r, a, now_ms, why);
	a->before_ms = now_ms;
	a->asked = 0;
	return a->peer;
}

void
route_forget(struct route *r, const uint8_t addr[NADDR_LEN])
{
	struct answer *a = answer_of(r, addr, COORDS_OURS);

	if (memcmp(a->addr, addr, NADDR_LEN) == 0)
		a->before = 0;
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
