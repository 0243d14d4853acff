/*
 * show_mesh.c -- tree, filters, places and routes, for people. Field names and
 * types are the reference's.
 */
#include <string.h>

#include "mesh.h"
#include "names.h"
#include "netd.h"
#include "way.h"
#include "session.h"
#include "show.h"

static json_t *
path(const struct coords *at)
{
	json_t *list = json_array();
	char hex[2 * NADDR_LEN + 1];
	unsigned i;

	for (i = 0; i < at->n; i++) {
		hex_encode(at->addr[i], NADDR_LEN, hex);
		json_array_append_new(list, json_string(hex));
	}
	return list;
}

/* npub of a node whose key we know, else null. */
static json_t *
npub_of(const uint8_t addr[NADDR_LEN])
{
	uint8_t pub33[33], known[NADDR_LEN];
	char npub[NPUB_LEN + 1];

	if (memcmp(addr, netd.addr, NADDR_LEN) == 0)
		return json_string(netd.npub);
	if (names_by_prefix(addr, pub33, known) == -1 ||
	    memcmp(known, addr, NADDR_LEN) != 0)
		return json_null();
	npub_encode(pub33 + 1, npub);
	return json_string(npub);
}

/* -- tree ------------------------------------------------------------------- */

static json_t *
tree_peer(const struct peer *p, const struct coords *at)
{
	json_t *o = json_object();

	set_addr(o, "node_addr", p->addr);
	set_display(o, p->addr);
	set_int(o, "depth", at->n - 1u);
	set_addr(o, "root", at->addr[at->n - 1]);
	json_object_set_new(o, "coords", path(at));
	set_int(o, "distance_to_us", coords_distance(tree_self(mesh.tree), at));
	return o;
}

static int
next_tree_peer(struct cursor *cur, json_t **row)
{
	const struct peer *p = cur->last = peer_next(cur->last);
	const struct coords *at;

	if (p != NULL &&
	    (at = tree_peer_at(mesh.tree, peer_slot_of(p))) != NULL)
		*row = tree_peer(p, at);
	return p != NULL;
}

static unsigned
tree_peer_count(void)
{
	struct peer *p;
	unsigned n = 0;

	for (p = NULL; (p = peer_next(p)) != NULL; )
		n += tree_peer_at(mesh.tree, peer_slot_of(p)) != NULL;
	return n;
}

const struct answer_list show_tree_lists[] = {
	{ "peers", next_tree_peer, 0 }, { NULL, NULL, 0 }
};

json_t *
show_tree(const json_t *params, char err[CTL_ERR_LEN])
{
	const struct coords *self = tree_self(mesh.tree);
	const uint8_t *parent = self->addr[self->n > 1];
	json_t *o = json_object();
	char name[64];

	(void)params;
	(void)err;
	names_display(parent, name);
	set_addr(o, "my_node_addr", netd.addr);
	set_addr(o, "root", tree_root(mesh.tree));
	json_object_set_new(o, "root_npub", npub_of(tree_root(mesh.tree)));
	set_bool(o, "is_root", tree_is_root(mesh.tree));
	set_int(o, "depth", self->n - 1u);
	json_object_set_new(o, "my_coords", path(self));
	set_addr(o, "parent", parent);
	set_text(o, "parent_display_name", name);
	set_int(o, "declaration_sequence", tree_self_decl(mesh.tree)->seq);
	set_bool(o, "declaration_signed", tree_is_signed(mesh.tree));
	set_int(o, "peer_tree_count", tree_peer_count());
	json_object_set_new(o, "peers", json_array());
	json_object_set_new(o, "stats", show_tree_stats());
	return o;
}

void
show_place(json_t *o, const struct peer *p)
{
	unsigned slot = peer_slot_of(p);
	const struct coords *at = tree_peer_at(mesh.tree, slot);
	double depth = tree_peer_depth(mesh.tree, slot);
	struct bloom_view v = { 0 };

	bloom_view(mesh.bloom, slot, &v);
	set_bool(o, "has_tree_position", at != NULL);
	set_bool(o, "has_bloom_filter", v.has_filter);
	set_int(o, "filter_sequence", v.seq);
	set_bool(o, "is_parent", tree_parent(mesh.tree) == slot);
	set_bool(o, "is_child", tree_is_child(mesh.tree, slot));
	if (at != NULL)
		set_int(o, "tree_depth", at->n - 1u);
	json_object_set_new(o, "effective_depth", at != NULL && depth >= 0 ?
	    json_real(depth) : json_null());
}

void
show_root(json_t *o)
{
	double size = bloom_mesh_size(mesh.bloom);

	set_addr(o, "root", tree_root(mesh.tree));
	set_bool(o, "is_root", tree_is_root(mesh.tree));
	json_object_set_new(o, "estimated_mesh_size", size < 0 ? json_null() :
	    json_integer((json_int_t)(size + 0.5)));
}

/* -- filters ------------------------------------------------------------------ */

static json_t *
estimate(double n)
{
	return n < 0 ? json_null() : json_real(n);
}

static json_t *
filter(const struct peer *p)
{
	json_t *o = json_object();
	struct bloom_view v;

	if (bloom_view(mesh.bloom, peer_slot_of(p), &v) == -1)
		memset(&v, 0, sizeof(v));
	set_addr(o, "peer", p->addr);
	set_display(o, p->addr);
	set_bool(o, "has_filter", v.has_filter);
	set_bool(o, "over_cap", v.over_cap);
	set_int(o, "filter_sequence", v.seq);
	if (v.has_filter) {
		json_object_set_new(o, "estimated_count", estimate(v.estimate));
		set_int(o, "set_bits", v.set_bits);
		json_object_set_new(o, "fill_ratio", json_real(v.fill));
	}
	return o;
}

static int
next_filter(struct cursor *at, json_t **row)
{
	if ((at->last = peer_next(at->last)) == NULL)
		return 0;
	*row = filter(at->last);
	return 1;
}

const struct answer_list show_bloom_lists[] = {
	{ "peer_filters", next_filter, 0 }, { NULL, NULL, 0 }
};

/* What the parent is told of us: the nodes below. A root tells nobody. */
static void
uptree(json_t *o)
{
	double cap = (double)netd.conf[CONF_BLOOM_MAX_FPR] / 1000;
	struct bloom_filter f;
	unsigned bits;

	if (tree_is_root(mesh.tree)) {
		json_object_set_new(o, "uptree_fill_ratio", json_null());
		json_object_set_new(o, "uptree_estimated_count", json_null());
		return;
	}
	bloom_outgoing(mesh.bloom, tree_parent(mesh.tree), &f);
	bits = bloom_weight(&f);
	json_object_set_new(o, "uptree_fill_ratio",
	    json_real((double)bits / BLOOM_BITS));
	json_object_set_new(o, "uptree_estimated_count",
	    estimate(bloom_estimate(bits, cap)));
}

json_t *
show_bloom(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_object();

	(void)params;
	(void)err;
	set_addr(o, "own_node_addr", netd.addr);
	set_bool(o, "is_leaf_only", netd.conf[CONF_NODE_LEAF_ONLY] != 0);
	set_int(o, "sequence", bloom_seq(mesh.bloom));
	set_int(o, "leaf_dependent_count", 0);
	json_object_set_new(o, "leaf_dependents", json_array());
	json_object_set_new(o, "peer_filters", json_array());
	uptree(o);
	json_object_set_new(o, "stats", show_bloom_stats());
	return o;
}

/* -- places ------------------------------------------------------------------- */

static json_t *
place(const struct coords_entry *e)
{
	json_t *o = json_object();

	set_addr(o, "node_addr", e->addr);
	set_display(o, e->addr);
	set_ip6(o, "ipv6_addr", e->addr);
	set_int(o, "depth", e->path.n - 1u);
	json_object_set_new(o, "coords", path(&e->path));
	set_int(o, "age_ms", netd.now_ms - e->born_ms);
	set_wall(o, "last_used_ms", e->used_ms);
	if (e->path_mtu != 0)
		set_int(o, "path_mtu", e->path_mtu);
	set_bool(o, "proven", e->source == COORDS_PROVEN);
	return o;
}

static int
next_place(struct cursor *at, json_t **row)
{
	enum coords_source src = at->part;
	struct coords_entry e;

	if (src == COORDS_SOURCES)
		return 0;
	if (coords_view(mesh.cache, src, at->at, netd.now_ms, &e) == 0)
		*row = place(&e);
	if (++at->at >= coords_top(mesh.cache, src)) {
		at->at = 0;
		at->part++;
	}
	return 1;
}

const struct answer_list show_cache_lists[] = {
	{ "entries", next_place, 0 }, { NULL, NULL, 0 }
};

/* The sums are of now; places that come or go while the list is read are not in them. */
json_t *
show_cache(const json_t *params, char err[CTL_ERR_LEN])
{
	uint64_t max = netd.conf[CONF_CACHE_COORD_SIZE], ages = 0, n = 0;
	json_t *o = json_object();
	unsigned src, all = 0;

	(void)params;
	(void)err;
	for (src = 0; src < COORDS_SOURCES; src++) {
		all += coords_count(mesh.cache, (enum coords_source)src);
		n += coords_fresh(mesh.cache, (enum coords_source)src,
		    netd.now_ms, &ages);
	}
	set_int(o, "count", n);
	set_int(o, "max_entries", max);
	json_object_set_new(o, "fill_ratio",
	    json_real(max == 0 ? 0 : (double)n / (double)max));
	set_int(o, "default_ttl_ms", netd.conf[CONF_CACHE_COORD_TTL] * 1000);
	set_int(o, "expired", all - n);
	set_int(o, "avg_age_ms", n == 0 ? 0 : ages / n);
	json_object_set_new(o, "entries", json_array());
	return o;
}

/* -- routes ------------------------------------------------------------------- */

/* Dials that wait. */
static json_t *
retries(void)
{
	json_t *list = json_array(), *o;
	uint8_t addr[NADDR_LEN];
	struct link_retry r;
	unsigned i;

	for (i = 0; link_retry_view(i, &r) == 0; i++) {
		o = json_object();
		names_addr(r.pub, addr);
		set_addr(o, "node_addr", addr);
		set_display(o, addr);
		set_int(o, "retry_count", r.count);
		set_int(o, "retry_after_ms", netd_wall_ms() + r.after_ms);
		set_bool(o, "auto_reconnect", r.reconnect);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
lookups(void)
{
	json_t *list = json_array(), *o;
	struct lookup_view v;
	unsigned i;

	for (i = 0; i < MESH_OPEN_MAX; i++) {
		if (lookup_view(mesh.lookup, i, &v) == -1)
			continue;
		o = json_object();
		set_addr(o, "target", v.target);
		set_display(o, v.target);
		set_wall(o, "initiated_ms", v.started_ms);
		set_wall(o, "last_sent_ms", v.sent_ms);
		set_int(o, "attempt", v.attempt);
		set_int(o, "age_ms", netd.now_ms - v.started_ms);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *
show_routing(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_object();
	unsigned dests, packets;

	(void)params;
	(void)err;
	session_pending(&dests, &packets);
	set_int(o, "coord_cache_entries", coords_count(mesh.cache, COORDS_PROVEN) +
	    coords_count(mesh.cache, COORDS_HEARSAY));
	set_int(o, "identity_cache_entries", names_count());
	json_object_set_new(o, "pending_lookups", lookups());
	set_int(o, "pending_tun_destinations", dests);
	set_int(o, "pending_tun_packets", packets);
	set_int(o, "recent_requests", lookup_recent_count(mesh.lookup, netd.now_ms));
	json_object_set_new(o, "retries", retries());
	json_object_set_new(o, "forwarding", show_forwarding());
	json_object_set_new(o, "discovery", show_discovery());
	json_object_set_new(o, "error_signals", show_errors());
	json_object_set_new(o, "congestion", show_congestion());
	return o;
}
