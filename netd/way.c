/*
 * way.c -- the way to a node, as the rest of the house asks for it. A neighbour
 * needs no place; route.c finds all others.
 */
#include <string.h>

#include "way.h"

#include "log.h"
#include "mesh.h"
#include "names.h"

struct way_stats way_stats;

/* A message 1 makes a peer, and can be replayed: who only knocked may be nobody. */
static int
is_there(const struct peer *p)
{
	return p->cur.session != 0 && p->cur.proven && !p->mute;
}

static int
fact(void *arg, unsigned slot, struct nexthop_peer *f)
{
	struct peer *p = peer_slot(slot);

	(void)arg;
	if (p == NULL || !p->in_mesh)
		return -1;
	f->addr = p->addr;
	f->id = p->handle;
	f->cost = mesh_cost(p);
	f->can_send = is_there(p);
	return 0;
}

void
way_init(void)
{
	struct route_cfg cfg = {
		.peers_max = mesh.slots,
		.key = netd_random_u32(),
		.tree = mesh.tree,
		.bloom = mesh.bloom,
		.cache = mesh.cache,
	};

	memcpy(cfg.addr, netd.addr, sizeof(cfg.addr));
	mesh.route = route_new(&cfg, fact, NULL);
	if (mesh.route == NULL)
		fatal("memory for next hops");
}

static struct peer *
find(const uint8_t addr[NADDR_LEN], uint16_t from, enum nexthop_why *why)
{
	struct peer *p = peer_find(addr);
	uint32_t     handle;

	if (p != NULL && is_there(p)) {
		*why = NEXTHOP_DIRECT;
		return p;
	}
	handle = route_find(mesh.route, addr, from, mesh_generation(),
	    netd.now_ms, why);
	return handle != 0 ? peer_by_handle(handle) : NULL;
}

struct peer *
way_next(const uint8_t addr[NADDR_LEN])
{
	enum nexthop_why why;
	struct peer	*p = find(addr, COORDS_OURS, &why);

	if (p != NULL && why == NEXTHOP_BEHIND)
		way_seek(addr);
	return p;
}

struct peer *
way_transit(const struct peer *from, const uint8_t addr[NADDR_LEN],
    enum nexthop_why *why)
{
	return find(addr, (uint16_t)peer_slot_of(from), why);
}

/* -- places ------------------------------------------------------------------- */

const struct coords *
way_self(void)
{
	return tree_self(mesh.tree);
}

static int
place(const uint8_t addr[NADDR_LEN], uint16_t from, struct coords *at)
{
	const struct coords *told;
	struct coords_entry  e;
	struct peer	    *p = peer_find(addr);

	if (p != NULL && p->in_mesh && !p->mute &&
	    (told = tree_peer_at(mesh.tree, peer_slot_of(p))) != NULL) {
		*at = *told;
		return 0;
	}
	if (coords_get(mesh.cache, addr, from, netd.now_ms, &e) == -1)
		return -1;
	*at = e.path;
	return 0;
}

int
way_place(const uint8_t addr[NADDR_LEN], struct coords *at)
{
	return place(addr, COORDS_OURS, at);
}

int
way_said(const struct peer *from, const uint8_t addr[NADDR_LEN],
    struct coords *at)
{
	return place(addr, from == NULL ? COORDS_OURS :
	    (uint16_t)peer_slot_of(from), at);
}

uint16_t
way_path_mtu(const uint8_t addr[NADDR_LEN])
{
	struct coords_entry e;

	return coords_get(mesh.cache, addr, COORDS_OURS, netd.now_ms, &e) == 0 ?
	    e.path_mtu : 0;
}

void
way_seek(const uint8_t addr[NADDR_LEN])
{
	uint8_t pub33[33], known[NADDR_LEN];

	/* Without its key no answer could be checked. */
	if (names_by_prefix(addr, pub33, known) == -1 ||
	    memcmp(known, addr, NADDR_LEN) != 0)
		return;
	mesh_seek(addr, pub33);
}

/* -- for people ----------------------------------------------------------------- */

/* Up, down or across, as the reference tells them apart. */
void
way_count(const uint8_t dst[NADDR_LEN], const struct peer *p)
{
	const struct coords *at = tree_peer_at(mesh.tree, peer_slot_of(p));
	struct coords	     to = { 0 };
	int		     below, is_below_us;

	if (memcmp(dst, p->addr, NADDR_LEN) == 0) {
		way_stats.direct++;
		return;
	}
	if (coords_has(tree_self(mesh.tree), p->addr)) {
		way_stats.tree_up++;
		return;
	}
	below = way_place(dst, &to) == 0 && coords_has(&to, p->addr);
	is_below_us = at != NULL && coords_has(at, netd.addr);
	if (is_below_us && below)
		way_stats.tree_down++;
	else if (is_below_us)
		way_stats.tree_down_cross++;
	else if (below)
		way_stats.crosslink_descend++;
	else
		way_stats.crosslink_ascend++;
}
