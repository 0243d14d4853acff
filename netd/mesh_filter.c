/* mesh_filter.c -- filters of the peers, ours to them. bloom.c decides. */
#include "mesh_int.h"

#define LOG_TARGET "fips::node::bloom"
#include "log.h"
#include "names.h"

static void
send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)arg;
	mesh_send(slot, msg, len);
}

void
mesh_filter_peer(struct peer *p, int up)
{
	if (up)
		bloom_peer_add(mesh.bloom, peer_slot_of(p));
	else
		bloom_peer_del(mesh.bloom, peer_slot_of(p));
}

void
mesh_filter_again(struct peer *p)
{
	bloom_peer_again(mesh.bloom, peer_slot_of(p));
}

void
mesh_filter_tree(void)
{
	unsigned i;

	for (i = 0; i < mesh.slots; i++)
		bloom_peer_tree(mesh.bloom, i, tree_is_tree_peer(mesh.tree, i));
	bloom_parent(mesh.bloom, tree_parent(mesh.tree));
}

void
mesh_filter_input(struct peer *p, const uint8_t *msg, size_t len)
{
	char name[64];

	names_display(p->addr, name);
	switch (bloom_recv(mesh.bloom, peer_slot_of(p), msg, len, netd.now_ms)) {
	case BLOOM_OK:
		mesh_lookup_changed();
		mesh_changed();
		break;
	case BLOOM_OVER_CAP:
		refuse(REFUSE_FILTER_FULL);
		if (mesh_may_say())
			log_warn("FilterAnnounce above FPR cap \xe2\x80\x94 rejected from=%s",
			    name);
		mesh_changed();
		break;
	case BLOOM_STALE:
		refuse(REFUSE_FILTER_STALE);
		break;
	case BLOOM_LATER:
		p->recv_bad++;
		refuse(REFUSE_FILTER_RATE);
		mesh_poke();
		break;
	default:
		p->recv_bad++;
		refuse(REFUSE_MESH_MALFORMED);
		log_debug("Malformed FilterAnnounce from=%s", name);
	}
}

unsigned
mesh_filter_reach(const uint8_t target[NADDR_LEN], int tree_peers,
    unsigned except, uint16_t *slots, unsigned max)
{
	struct bloom_pos pos;
	struct peer	*p;
	unsigned	 i, n, left = 0;

	bloom_pos(target, &pos);
	n = bloom_reach(mesh.bloom, &pos, tree_peers, except, slots, max);
	for (i = 0; i < n; i++)
		if ((p = mesh_peer(slots[i])) != NULL && !p->mute)
			slots[left++] = slots[i];
	return left;
}

/* A filter that waited for its quota may have been taken meanwhile. */
uint64_t
mesh_filter_tick(void)
{
	uint32_t was = bloom_generation(mesh.bloom);
	uint64_t next = bloom_tick(mesh.bloom, netd.now_ms);

	if (bloom_generation(mesh.bloom) != was) {
		mesh_lookup_changed();
		mesh_changed();
	}
	return next;
}

void
mesh_filter_init(void)
{
	struct bloom_cfg cfg = {
		.peers_max = mesh.slots,
		.max_fpr = (double)netd.conf[CONF_BLOOM_MAX_FPR] / 1000,
		.debounce_ms = netd.conf[CONF_BLOOM_DEBOUNCE],
		.repeat_ms = 300000,
	};

	memcpy(cfg.addr, netd.addr, sizeof(cfg.addr));
	mesh.bloom = bloom_new(&cfg, send, NULL);
	if (mesh.bloom == NULL)
		fatal("memory for filters");
}
