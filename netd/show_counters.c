/*
 * show_counters.c -- what the mesh counted, for people, in the reference's
 * groups and names. A counter of something that cannot happen here stays 0:
 * the table of look-ups seen never refuses (its oldest entry goes), nobody is
 * looked for without a known key, and there is one version of filters.
 */
#include "mesh.h"
#include "netd.h"
#include "way.h"
#include "session.h"
#include "show.h"

struct counter {
	const char	*key;
	uint64_t	 value;
};

static json_t *
group(const struct counter *c, size_t n)
{
	json_t *o = json_object();

	for (; n > 0; n--, c++)
		set_int(o, c->key, c->value);
	return o;
}
#define GROUP(c)	group(c, sizeof(c) / sizeof((c)[0]))

json_t *
show_forwarding(void)
{
	const struct dgram_stats *d = &dgram_stats;
	const struct counter c[] = {
		{ "decode_error_bytes", d->malformed.bytes },
		{ "decode_error_packets", d->malformed.packets },
		{ "delivered_bytes", d->delivered.bytes },
		{ "delivered_packets", d->delivered.packets },
		{ "drop_mtu_exceeded_bytes", d->too_long.bytes },
		{ "drop_mtu_exceeded_packets", d->too_long.packets },
		{ "drop_no_route_bytes", d->no_route.bytes },
		{ "drop_no_route_packets", d->no_route.packets },
		{ "drop_send_error_bytes", d->not_sent.bytes },
		{ "drop_send_error_packets", d->not_sent.packets },
		{ "forwarded_bytes", d->forwarded.bytes },
		{ "forwarded_packets", d->forwarded.packets },
		{ "originated_bytes", d->originated.bytes },
		{ "originated_packets", d->originated.packets },
		{ "received_bytes", d->received.bytes },
		{ "received_packets", d->received.packets },
		{ "route_crosslink_ascend", way_stats.crosslink_ascend },
		{ "route_crosslink_descend", way_stats.crosslink_descend },
		{ "route_direct_peer", way_stats.direct },
		{ "route_tree_down", way_stats.tree_down },
		{ "route_tree_down_cross", way_stats.tree_down_cross },
		{ "route_tree_up", way_stats.tree_up },
		{ "ttl_exhausted_bytes", d->worn.bytes },
		{ "ttl_exhausted_packets", d->worn.packets },
	};

	return GROUP(c);
}

/* Of what peers said; what waits for its signature is no verdict yet. */
static uint64_t
sum(const uint64_t *said, unsigned n, uint64_t verdicts)
{
	uint64_t all = 0;

	while (n-- > 0)
		all += said[n];
	return all - verdicts;
}

json_t *
show_tree_stats(void)
{
	const struct tree_stats *t = tree_stats(mesh.tree);
	const uint64_t *said = t->said;
	const struct counter c[] = {
		{ "accepted", said[TREE_OK] },
		{ "addr_mismatch", said[TREE_STRANGER] },
		{ "ancestry_changed", mesh_stats.path_changes },
		{ "ancestry_invalid", said[TREE_BAD_PATH] },
		{ "decode_error", said[TREE_MALFORMED] },
		{ "flap_dampened", t->damped },
		{ "loop_detected", t->loops },
		{ "outbound_sign_failed", mesh_stats.tree_sign_failed },
		{ "parent_losses", t->parent_losses },
		{ "parent_switches", t->switches },
		{ "rate_limited", t->deferred },
		{ "received", sum(said, TREE_SAID_MAX,
		    said[TREE_OK] + said[TREE_BAD_SIG]) },
		{ "send_failed", mesh_stats.tree_send_failed },
		{ "sent", t->sent },
		{ "sig_failed", said[TREE_BAD_SIG] },
		{ "stale", said[TREE_STALE] },
		{ "unknown_peer", netd.refused[REFUSE_MESH_STRANGER] },
	};

	return GROUP(c);
}

json_t *
show_bloom_stats(void)
{
	const struct bloom_stats *b = bloom_stats(mesh.bloom);
	const uint64_t *said = b->said;
	const struct counter c[] = {
		{ "accepted", said[BLOOM_OK] },
		{ "debounce_suppressed", b->deferred },
		{ "decode_error", said[BLOOM_MALFORMED] },
		{ "fill_exceeded", said[BLOOM_OVER_CAP] },
		{ "invalid", 0 },
		{ "non_v1", 0 },
		{ "received", sum(said, BLOOM_SAID_MAX, b->waited) },
		{ "send_failed", mesh_stats.filter_send_failed },
		{ "sent", b->sent },
		{ "stale", said[BLOOM_STALE] },
		{ "unknown_peer", said[BLOOM_STRANGER] },
	};

	return GROUP(c);
}

json_t *
show_discovery(void)
{
	const struct lookup_stats *l = lookup_stats(mesh.lookup);
	const uint64_t *q = l->request, *a = l->response;
	const struct counter c[] = {
		{ "req_backoff_suppressed", l->backed_off },
		{ "req_bloom_miss", mesh_stats.lookup_no_filter },
		{ "req_decode_error", q[LOOKUP_MALFORMED] },
		{ "req_dedup_cache_full", 0 },
		{ "req_deduplicated", mesh_stats.lookup_again },
		{ "req_duplicate", q[LOOKUP_DUPLICATE] },
		{ "req_fallback_forwarded", mesh_stats.lookup_via_others },
		{ "req_forward_rate_limited", q[LOOKUP_FORWARD_RATE] },
		{ "req_forwarded", q[LOOKUP_PASSED] },
		{ "req_initiated", l->started },
		{ "req_no_tree_peer", mesh_stats.lookup_no_tree },
		{ "req_received", sum(q, LOOKUP_SAID_MAX, 0) },
		{ "req_target_is_us", q[LOOKUP_ASKED] },
		{ "req_ttl_exhausted", q[LOOKUP_TTL] },
		{ "resp_accepted", l->found },
		{ "resp_decode_error", a[LOOKUP_MALFORMED] },
		{ "resp_forwarded", a[LOOKUP_PASSED] },
		{ "resp_identity_miss", 0 },
		{ "resp_no_route", a[LOOKUP_NOT_OPEN] },
		{ "resp_proof_failed", a[LOOKUP_BAD_PROOF] },
		{ "resp_received", sum(a, LOOKUP_SAID_MAX,
		    a[LOOKUP_OK] + a[LOOKUP_BAD_PROOF] + a[LOOKUP_OTHER_TREE]) },
		{ "resp_timed_out", l->failed },
	};

	return GROUP(c);
}

json_t *
show_errors(void)
{
	const struct counter c[] = {
		{ "coords_required", dgram_stats.coords_required },
		{ "mtu_exceeded", dgram_stats.mtu_exceeded },
		{ "path_broken", dgram_stats.path_broken },
	};

	return GROUP(c);
}

json_t *
show_metrics(const json_t *params, char err[CTL_ERR_LEN])
{
	(void)params;
	(void)err;
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
	    "forwarding", show_forwarding(), "discovery", show_discovery(),
	    "tree", show_tree_stats(), "bloom", show_bloom_stats(),
	    "congestion", show_congestion(), "errors", show_errors());
}
