/*
 * route.c -- next hop for a node address, remembered until something changes.
 *
 * nexthop.c decides; here are its facts. An answer is kept with the generation
 * of the mesh and with the entry of the cache of places that it came from: when
 * either is another, it is computed anew. A neighbour needs no place.
 */
#include <string.h>

#include "route.h"

#include "mesh.h"
#include "names.h"

enum { REMEMBERED = 4096 };		/* a power of two */

struct answer {
	uint8_t		 addr[NADDR_LEN];
	uint32_t	 peer;		/* handle; 0: nobody is nearer */
	uint32_t	 generation, ref;
	uint64_t	 stamp;
	enum nexthop_why why;
	uint8_t		 used;
};

struct route_stats	 route_stats;
static struct answer	 answer[COORDS_SOURCES][REMEMBERED];

static struct answer *
answer_of(const uint8_t addr[NADDR_LEN], enum coords_source first)
{
	static uint32_t key;
	uint32_t	h, i;

	if (key == 0)
		key = netd_random_u32() | 1;
	for (h = key, i = 0; i < NADDR_LEN; i += 4)
		h = (h ^ get_le32(addr + i)) * 0x9e3779b1u;
	return &answer[first][(h >> 16) % REMEMBERED];
}

/* Every peer of the mesh, by slot. */
static const struct nexthop_peer *
facts(const uint8_t addr[NADDR_LEN])
{
	static struct nexthop_peer fact[PEER_SLOTS];
	struct bloom_pos	   pos;
	struct peer		  *p;
	unsigned		   i;

	bloom_pos(addr, &pos);
	for (i = 0; i < mesh.slots; i++) {
		fact[i].addr = NULL;
		p = peer_slot(i);
		if (p == NULL || !p->in_mesh)
			continue;
		fact[i].addr = p->addr;
		fact[i].at = tree_peer_at(mesh.tree, i);
		fact[i].cost = mesh_cost(p);
		fact[i].can_send = p->cur.session != 0 && !p->mute;
		fact[i].in_filter = bloom_peer_has(mesh.bloom, i, &pos) != 0;
	}
	return fact;
}

static void
compute(struct answer *a, const uint8_t addr[NADDR_LEN],
    const struct coords_entry *e)
{
	unsigned slot = PEER_SLOTS;

	route_stats.computed++;
	memcpy(a->addr, addr, NADDR_LEN);
	a->used = 1;
	a->generation = mesh_generation();
	a->ref = e->ref;
	a->stamp = e->stamp;
	a->why = nexthop_pick(netd.addr, tree_self(mesh.tree), addr, &e->path,
	    facts(addr), mesh.slots, &slot);
	a->peer = slot < PEER_SLOTS ? peer_slot(slot)->handle : 0;
}

static struct peer *
find(const uint8_t addr[NADDR_LEN], enum coords_source first,
    enum nexthop_why *why)
{
	struct answer	   *a = answer_of(addr, first);
	struct coords_entry e;
	struct peer	   *p = peer_find(addr);

	if (p != NULL && p->cur.session != 0 && !p->mute) {
		*why = NEXTHOP_DIRECT;
		return p;
	}
	if (a->used && memcmp(a->addr, addr, NADDR_LEN) == 0 &&
	    a->generation == mesh_generation() &&
	    coords_still(mesh.cache, a->ref, a->stamp, netd.now_ms)) {
		route_stats.cached++;
	} else if (coords_get(mesh.cache, addr, first, netd.now_ms, &e) == 0) {
		compute(a, addr, &e);
	} else {
		*why = NEXTHOP_NO_COORDS;
		return NULL;
	}
	*why = a->why;
	return a->peer != 0 ? peer_by_handle(a->peer) : NULL;
}

struct peer *
route_next(const uint8_t addr[NADDR_LEN])
{
	enum nexthop_why why;

	return find(addr, COORDS_PROVEN, &why);
}

struct peer *
route_transit(const uint8_t addr[NADDR_LEN], enum nexthop_why *why)
{
	return find(addr, COORDS_HEARSAY, why);
}

/* -- places ------------------------------------------------------------------- */

const struct coords *
route_self(void)
{
	return tree_self(mesh.tree);
}

static int
place(const uint8_t addr[NADDR_LEN], enum coords_source first, struct coords *at)
{
	const struct coords *told;
	struct coords_entry  e;
	struct peer	    *p = peer_find(addr);

	if (p != NULL && p->in_mesh && !p->mute &&
	    (told = tree_peer_at(mesh.tree, peer_slot_of(p))) != NULL) {
		*at = *told;
		return 0;
	}
	if (coords_get(mesh.cache, addr, first, netd.now_ms, &e) == -1)
		return -1;
	*at = e.path;
	return 0;
}

int
route_place(const uint8_t addr[NADDR_LEN], struct coords *at)
{
	return place(addr, COORDS_PROVEN, at);
}

int
route_said(const uint8_t addr[NADDR_LEN], struct coords *at)
{
	return place(addr, COORDS_HEARSAY, at);
}

uint16_t
route_path_mtu(const uint8_t addr[NADDR_LEN])
{
	struct coords_entry e;

	return coords_get(mesh.cache, addr, COORDS_PROVEN, netd.now_ms, &e) == 0 ?
	    e.path_mtu : 0;
}

void
route_seek(const uint8_t addr[NADDR_LEN])
{
	uint8_t pub33[33], known[NADDR_LEN];

	/* Without its key no answer could be checked. */
	if (names_by_prefix(addr, pub33, known) == -1 ||
	    memcmp(known, addr, NADDR_LEN) != 0)
		return;
	mesh_seek(addr, pub33);
}

void
route_forget(const uint8_t addr[NADDR_LEN])
{
	mesh_forget(addr);
}

void
route_hearsay(const struct peer *p, const uint8_t addr[NADDR_LEN],
    uint16_t count, const uint8_t *path)
{
	mesh_hearsay(p, addr, count, path);
}

/* -- for people ----------------------------------------------------------------- */

/* Up, down or across, as the reference tells them apart. */
void
route_count(const uint8_t dst[NADDR_LEN], const struct peer *p)
{
	const struct coords *at = tree_peer_at(mesh.tree, peer_slot_of(p));
	struct coords	     to = { 0 };
	int		     below, is_below_us;

	if (memcmp(dst, p->addr, NADDR_LEN) == 0) {
		route_stats.direct++;
		return;
	}
	if (coords_has(tree_self(mesh.tree), p->addr)) {
		route_stats.tree_up++;
		return;
	}
	below = route_place(dst, &to) == 0 && coords_has(&to, p->addr);
	is_below_us = at != NULL && coords_has(at, netd.addr);
	if (is_below_us && below)
		route_stats.tree_down++;
	else if (is_below_us)
		route_stats.tree_down_cross++;
	else if (below)
		route_stats.crosslink_descend++;
	else
		route_stats.crosslink_ascend++;
}
