/*
 * show_mesh.c -- tree, filters, routes and their counters, for people. A node
 * without neighbours to form a tree with is its own root, has sent no filter
 * and cached no coordinates; that is what stands here.
 */
#include <string.h>

#include "names.h"
#include "netd.h"
#include "session.h"
#include "show.h"
#include "tun.h"

static const char *const forwarding_key[] = {
	"decode_error_bytes", "decode_error_packets", "delivered_bytes",
	"delivered_packets", "drop_mtu_exceeded_bytes",
	"drop_mtu_exceeded_packets", "drop_no_route_bytes",
	"drop_no_route_packets", "drop_send_error_bytes",
	"drop_send_error_packets", "forwarded_bytes", "forwarded_packets",
	"originated_bytes", "originated_packets", "received_bytes",
	"received_packets", "route_crosslink_ascend",
	"route_crosslink_descend", "route_direct_peer", "route_tree_down",
	"route_tree_down_cross", "route_tree_up", "ttl_exhausted_bytes",
	"ttl_exhausted_packets", NULL
};
static const char *const discovery_key[] = {
	"req_backoff_suppressed", "req_bloom_miss", "req_decode_error",
	"req_dedup_cache_full", "req_deduplicated", "req_duplicate",
	"req_fallback_forwarded", "req_forward_rate_limited", "req_forwarded",
	"req_initiated", "req_no_tree_peer", "req_received",
	"req_target_is_us", "req_ttl_exhausted", "resp_accepted",
	"resp_decode_error", "resp_forwarded", "resp_identity_miss",
	"resp_no_route", "resp_proof_failed", "resp_received",
	"resp_timed_out", NULL
};
static const char *const tree_key[] = {
	"accepted", "addr_mismatch", "ancestry_changed", "ancestry_invalid",
	"decode_error", "flap_dampened", "loop_detected",
	"outbound_sign_failed", "parent_losses", "parent_switches",
	"rate_limited", "received", "send_failed", "sent", "sig_failed",
	"stale", "unknown_peer", NULL
};
static const char *const bloom_key[] = {
	"accepted", "debounce_suppressed", "decode_error", "fill_exceeded",
	"invalid", "non_v1", "received", "send_failed", "sent", "stale",
	"unknown_peer", NULL
};
static const char *const error_key[] = {
	"coords_required", "mtu_exceeded", "path_broken", NULL
};

static json_t *
zeros(const char *const *key)
{
	json_t *o = json_object();

	for (; *key != NULL; key++)
		set_int(o, *key, 0);
	return o;
}

json_t *
show_forwarding(void)
{
	json_t *o = zeros(forwarding_key);

	set_int(o, "originated_packets", tun_stats.packets_in);
	set_int(o, "originated_bytes", tun_stats.bytes_in);
	set_int(o, "delivered_packets", tun_stats.packets_out);
	set_int(o, "delivered_bytes", tun_stats.bytes_out);
	set_int(o, "received_packets", tun_stats.packets_out);
	set_int(o, "received_bytes", tun_stats.bytes_out);
	set_int(o, "decode_error_packets", netd.refused[REFUSE_DGRAM_SHORT]);
	set_int(o, "ttl_exhausted_packets", netd.refused[REFUSE_DGRAM_TTL]);
	set_int(o, "drop_no_route_packets", netd.refused[REFUSE_DGRAM_NO_ROUTE]);
	set_int(o, "drop_mtu_exceeded_packets",
	    netd.refused[REFUSE_DGRAM_TOO_LONG]);
	set_int(o, "drop_send_error_packets", netd.refused[REFUSE_UDP_SEND]);
	return o;
}

json_t *
show_tree(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_object(), *coords = json_array();
	char hex[2 * NADDR_LEN + 1], name[64];

	(void)params;
	(void)err;
	hex_encode(netd.addr, NADDR_LEN, hex);
	names_display(netd.addr, name);
	json_array_append_new(coords, json_string(hex));
	set_text(o, "my_node_addr", hex);
	set_text(o, "root", hex);
	set_text(o, "root_npub", netd.npub);
	set_bool(o, "is_root", 1);
	set_int(o, "depth", 0);
	json_object_set_new(o, "my_coords", coords);
	set_text(o, "parent", hex);
	set_text(o, "parent_display_name", name);
	set_int(o, "declaration_sequence", 0);
	set_bool(o, "declaration_signed", 0);
	set_int(o, "peer_tree_count", 0);
	json_object_set_new(o, "peers", json_array());
	json_object_set_new(o, "stats", zeros(tree_key));
	return o;
}

json_t *
show_bloom(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_object();

	(void)params;
	(void)err;
	set_addr(o, "own_node_addr", netd.addr);
	set_bool(o, "is_leaf_only", netd.conf[CONF_NODE_LEAF_ONLY] != 0);
	set_int(o, "sequence", 0);
	set_int(o, "leaf_dependent_count", 0);
	json_object_set_new(o, "leaf_dependents", json_array());
	json_object_set_new(o, "peer_filters", json_array());
	json_object_set_new(o, "uptree_fill_ratio", json_null());
	json_object_set_new(o, "uptree_estimated_count", json_null());
	json_object_set_new(o, "stats", zeros(bloom_key));
	return o;
}

json_t *
show_cache(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_object();

	(void)params;
	(void)err;
	set_int(o, "count", 0);
	set_int(o, "max_entries", netd.conf[CONF_CACHE_COORD_SIZE]);
	json_object_set_new(o, "fill_ratio", json_real(0.0));
	set_int(o, "default_ttl_ms", netd.conf[CONF_CACHE_COORD_TTL] * 1000);
	set_int(o, "expired", 0);
	set_int(o, "avg_age_ms", 0);
	json_object_set_new(o, "entries", json_array());
	return o;
}

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

json_t *
show_routing(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_object();
	unsigned dests, packets;

	(void)params;
	(void)err;
	session_pending(&dests, &packets);
	set_int(o, "coord_cache_entries", 0);
	set_int(o, "identity_cache_entries", names_count());
	json_object_set_new(o, "pending_lookups", json_array());
	set_int(o, "pending_tun_destinations", dests);
	set_int(o, "pending_tun_packets", packets);
	set_int(o, "recent_requests", 0);
	json_object_set_new(o, "retries", retries());
	json_object_set_new(o, "forwarding", show_forwarding());
	json_object_set_new(o, "discovery", zeros(discovery_key));
	json_object_set_new(o, "error_signals", zeros(error_key));
	json_object_set_new(o, "congestion", show_congestion());
	return o;
}

json_t *
show_metrics(const json_t *params, char err[CTL_ERR_LEN])
{
	(void)params;
	(void)err;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
	    "forwarding", show_forwarding(), "discovery", zeros(discovery_key),
	    "tree", zeros(tree_key), "bloom", zeros(bloom_key),
	    "congestion", show_congestion(), "errors", zeros(error_key));
}
