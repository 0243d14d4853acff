/*
 * mesh_place.c -- what is known of the places of other nodes. coords.c keeps it:
 * what a signature proved apart from what passing packets claim.
 */
#include "mesh_int.h"

#define LOG_TARGET "fips::cache"
#include "log.h"
#include "names.h"
#include "quota.h"

enum {
	HEARSAY_AGE_MS = 600000,
	/* Shares of the cache: what was proven has half of it. */
	PROVEN_PART = 2, GIVER_PART = 16,
	ASK_BURST = 16, ASK_PER_MIN = 60,
};

/*
 * Somebody contradicts a proof: has the node moved, or does he lie? We proved it
 * once, so we know its key and can ask; seldom, for anybody can say anything.
 */
static void
ask_again(const uint8_t addr[NADDR_LEN])
{
	static struct quota asked;
	uint8_t		    pub33[33], known[NADDR_LEN];

	if (quota_take(&asked, ASK_BURST, ASK_PER_MIN, netd.now_ms) &&
	    names_by_prefix(addr, pub33, known) == 0 &&
	    naddr_cmp(known, addr) == 0)
		mesh_seek(addr, pub33);
}

void
mesh_hearsay(const struct peer *giver, const uint8_t addr[NADDR_LEN],
    uint16_t count, const uint8_t *path)
{
	struct coords at;

	if (count == 0 || naddr_cmp(addr, netd.addr) == 0)
		return;
	at.n = count;
	if (count <= COORDS_MAX)
		memcpy(at.addr, path, (size_t)count * NADDR_LEN);
	/* A sender that does not know writes its own path for the other's. */
	if (count > COORDS_MAX || naddr_cmp(at.addr[0], addr) != 0)
		return;
	mesh_stats.hearsay++;
	switch (coords_put(mesh.cache, addr, &at, COORDS_HEARSAY,
	    (uint16_t)peer_slot_of(giver), 0, netd.now_ms)) {
	case -1:
		mesh_stats.hearsay_refused++;
		refuse(REFUSE_COORDS);
		break;
	case 1:
		ask_again(addr);
	}
}

void
mesh_forget(const uint8_t addr[NADDR_LEN])
{
	coords_del(mesh.cache, addr, 1);
	route_forget(mesh.route, addr);
}

void
mesh_place_proven(const uint8_t addr[NADDR_LEN], const struct coords *at,
    uint16_t path_mtu)
{
	coords_put(mesh.cache, addr, at, COORDS_PROVEN, 0, path_mtu, netd.now_ms);
}

void
mesh_place_moved(unsigned what)
{
	coords_drop_via(mesh.cache, netd.addr);
	if (what & TREE_NEW_ROOT)
		coords_drop_other_roots(mesh.cache, tree_root(mesh.tree));
}

void
mesh_place_init(void)
{
	unsigned	  size = (unsigned)netd.conf[CONF_CACHE_COORD_SIZE];
	struct coords_cfg cfg = {
		.ttl_ms = netd.conf[CONF_CACHE_COORD_TTL] * 1000,
		.age_max_ms = HEARSAY_AGE_MS,
		.givers = mesh.slots,
	};

	cfg.max[COORDS_PROVEN] = size / PROVEN_PART + 1;
	cfg.max[COORDS_HEARSAY] = size - size / PROVEN_PART + 1;
	cfg.per_giver = cfg.max[COORDS_HEARSAY] / GIVER_PART + 1;
	netd_random(cfg.key, sizeof(cfg.key));
	mesh.cache = coords_new(&cfg);
	if (mesh.cache == NULL)
		fatal("memory for %u places", size);
}
