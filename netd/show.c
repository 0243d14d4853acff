/*
 * show.c -- what people ask about the node itself. Field names and types are
 * the reference's; "refused" in the status is ours.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acl.h"
#include "history.h"
#include "ip6.h"
#include "names.h"
#include "netd.h"
#include "session.h"
#include "show.h"
#include "tun.h"
#include "udp.h"

#define SPARK_COUNT	30

void
set_text(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, json_string(s));
}

/* What is more than a signed one holds, which only peers say, is the largest. */
void
set_int(json_t *o, const char *key, uint64_t v)
{
	json_object_set_new(o, key,
	    json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v));
}

void
set_bool(json_t *o, const char *key, int v)
{
	json_object_set_new(o, key, json_boolean(v));
}

void
set_addr(json_t *o, const char *key, const uint8_t addr[NADDR_LEN])
{
	char hex[2 * NADDR_LEN + 1];

	hex_encode(addr, NADDR_LEN, hex);
	set_text(o, key, hex);
}

void
set_display(json_t *o, const uint8_t addr[NADDR_LEN])
{
	char name[64];

	names_display(addr, name);
	set_text(o, "display_name", name);
}

void
set_ip6(json_t *o, const char *key, const uint8_t addr[NADDR_LEN])
{
	char text[INET6_ADDRSTRLEN];
	uint8_t ip6[16];

	mesh_addr(addr, ip6);
	inet_ntop(AF_INET6, ip6, text, sizeof(text));
	set_text(o, key, text);
}

void
set_wall(json_t *o, const char *key, uint64_t mono_ms)
{
	set_int(o, key, netd_wall_ms() - (netd.now_ms - mono_ms));
}

static json_t *
sparklines(void)
{
	static const char *const name[] = {
		"mesh_size", "tree_depth", "peer_count", "bytes_in",
		"bytes_out", "loss_rate"
	};
	json_t *o = json_object();
	size_t i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		json_object_set_new(o, name[i],
		    history_recent(name[i], SPARK_COUNT));
	return o;
}

static json_t *
refused(void)
{
	json_t *o = json_object();
	unsigned i;

	for (i = REFUSE_NONE + 1; i < REFUSE_MAX; i++)
		if (netd.refused[i] > 0)
			set_int(o, refuse_name(i), netd.refused[i]);
	return o;
}

static unsigned
handshakes(void)
{
	struct link_view v;
	unsigned n;

	for (n = 0; link_view(n, &v) == 0; n++)
		continue;
	return n;
}

static const char *
tun_state(void)
{
	if (tun_is_up())
		return "active";
	return netd.conf[CONF_TUN_ENABLED] ? "failed" : "disabled";
}

/* Sums of what there is; the keys differ from group to group. */
static void
status_counts(json_t *o)
{
	json_t *by_type = json_object();

	set_int(o, "peer_count", peer_count());
	set_int(o, "session_count", session_count());
	set_int(o, "connection_count", handshakes());
	set_int(o, "link_count", peer_count() + handshakes());
	set_int(o, "transport_count", udp_count());
	if (udp_count() > 0)
		set_int(by_type, "udp", peer_count());
	json_object_set_new(o, "transport_peer_counts", by_type);
}

/* Which library seals packets: one, or two by size. */
static void
show_aead(json_t *o)
{
	char text[64];

	if (netd.aead_from == 0)
		snprintf(text, sizeof(text), "%s", conf_aead_word[netd.aead]);
	else
		snprintf(text, sizeof(text), "libsodium, %s from %u bytes",
		    conf_aead_word[netd.aead], netd.aead_from);
	set_text(o, "aead", text);
}

/* As others show us: the cache of names knows only them. */
static void
show_own_name(json_t *o)
{
	const char *alias = names_alias(netd.addr);
	char name[20];

	npub_short(netd.npub, name);
	set_text(o, "display_name", alias != NULL ? alias : name);
}

json_t *
show_status(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_object();

	(void)params;
	(void)err;
	set_text(o, "version", VERSION);
	set_text(o, "npub", netd.npub);
	set_addr(o, "node_addr", netd.addr);
	show_own_name(o);
	set_ip6(o, "ipv6_addr", netd.addr);
	set_text(o, "state", netd.stopping ? "stopping" : "running");
	set_bool(o, "is_leaf_only", netd.conf[CONF_NODE_LEAF_ONLY] != 0);
	status_counts(o);
	set_text(o, "tun_state", tun_state());
	set_text(o, "tun_name", tun_is_up() ? tun_name() : "-");
	set_text(o, "tun_offload", tun_is_up() ? tun_mode() : "-");
	set_int(o, "effective_ipv6_mtu", udp_min_mtu() - IP6_OVERHEAD);
	set_text(o, "control_socket", netd.control_path);
	set_int(o, "pid", netd.privd_pid);
	set_text(o, "exe_path", netd.exe);
	show_aead(o);
	set_int(o, "workers", netd.workers);
	set_int(o, "uptime_secs", (netd.now_ms - netd.start_ms) / 1000);
	set_int(o, "tick_max_us", netd.tick_max_us);
	set_int(o, "slice_max_us", netd.slice_max_us);
	set_bool(o, "persistent", netd.key_mode != KEY_EPHEMERAL);
	show_root(o);
	json_object_set_new(o, "forwarding", show_forwarding());
	json_object_set_new(o, "sparklines", sparklines());
	json_object_set_new(o, "refused", refused());
	return o;
}

static json_t *
transport_stats(const struct udp_stats *s)
{
	json_t *o = json_object();

	set_int(o, "packets_sent", s->packets_sent);
	set_int(o, "bytes_sent", s->bytes_sent);
	set_int(o, "packets_recv", s->packets_recv);
	set_int(o, "bytes_recv", s->bytes_recv);
	set_int(o, "send_errors", s->send_errors);
	set_int(o, "recv_errors", s->recv_errors);
	set_int(o, "mtu_exceeded", s->mtu_exceeded);
	set_int(o, "kernel_drops", s->kernel_drops);
	set_int(o, "trains_sent", s->trains_sent);
	set_int(o, "trains_recv", s->trains_recv);
	return o;
}

json_t *
show_transports(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *list = json_array(), *o;
	struct endpoint ep;
	const struct udp *u;
	char text[64];
	unsigned i;

	(void)params;
	(void)err;
	for (i = 0; i < udp_count(); i++) {
		u = udp_get(i);
		o = json_object();
		set_int(o, "transport_id", i + 1);
		set_text(o, "type", "udp");
		set_text(o, "state", "up");
		set_int(o, "mtu", u->mtu);
		if (u->name[0] != '\0')
			set_text(o, "name", u->name);
		memset(&ep, 0, sizeof(ep));
		ep.family = u->family;
		ep.port = u->port;
		memcpy(ep.ip, u->bind, sizeof(ep.ip));
		endpoint_text(&ep, text);
		set_text(o, "local_addr", text);
		json_object_set_new(o, "stats", transport_stats(&u->stats));
		json_array_append_new(list, o);
	}
	return json_pack("{s:o}", "transports", list);
}

static json_t *
identity(const struct name_entry *e)
{
	char npub[NPUB_LEN + 1];
	json_t *o = json_object();

	npub_encode(e->pub33 + 1, npub);
	set_addr(o, "node_addr", e->addr);
	set_text(o, "npub", npub);
	set_display(o, e->addr);
	set_ip6(o, "ipv6_addr", e->addr);
	set_wall(o, "last_seen_ms", e->seen_ms);
	set_int(o, "age_ms", netd.now_ms - e->seen_ms);
	return o;
}

/* Who is used meanwhile moves to the front: the order is of when we began. */
static int
next_identity(struct cursor *at, json_t **row)
{
	uint32_t *order = at->own;
	struct name_entry e;

	if (order == NULL) {
		at->part = names_count();
		order = at->own = reallocarray(NULL, at->part + 1, sizeof(*order));
		if (order == NULL)
			return 0;
		names_order(order);
	}
	if (at->at == at->part)
		return 0;
	names_entry(order[at->at++], &e);
	*row = identity(&e);
	return 1;
}

const struct answer_list show_identity_cache_lists[] = {
	{ "entries", next_identity, 0 }, { NULL, NULL, 0 }
};

json_t *
show_identity_cache(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *o = json_pack("{s:[]}", "entries");

	(void)params;
	(void)err;
	set_int(o, "count", names_count());
	set_int(o, "max_entries", netd.conf[CONF_CACHE_IDENTITY_SIZE]);
	return o;
}

/* One list: its entries as npubs, as people would write them, and ALL. */
static int
acl_list(int deny, json_t *npubs, json_t *written)
{
	uint8_t pub[32], addr[NADDR_LEN];
	char npub[NPUB_LEN + 1];
	const char *alias;
	int all, any = 0;
	unsigned i;

	for (i = 0; acl_entry(deny, i, &all, pub) == 0; i++) {
		if (all) {
			any = 1;
			json_array_append_new(written, json_string("ALL"));
			continue;
		}
		npub_encode(pub, npub);
		names_addr(pub, addr);
		alias = names_alias(addr);
		json_array_append_new(npubs, json_string(npub));
		json_array_append_new(written,
		    json_string(alias != NULL ? alias : npub));
	}
	return any;
}

static const char *
acl_mode(int allow_all, int deny_all, size_t nallow, size_t ndeny)
{
	if (allow_all)
		return "allow_all";
	if (nallow > 0)
		return deny_all ? "allow_then_deny_all" :
		    ndeny > 0 ? "allow_then_deny" : "allowlist";
	if (deny_all)
		return "deny_all";
	return ndeny > 0 ? "denylist" : "default_open";
}

json_t *
show_acl(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *allow = json_array(), *allow_file = json_array();
	json_t *deny = json_array(), *deny_file = json_array();
	json_t *o = json_object();
	int allow_all, deny_all;
	size_t na, nd;

	(void)params;
	(void)err;
	allow_all = acl_list(0, allow, allow_file);
	deny_all = acl_list(1, deny, deny_file);
	na = json_array_size(allow);
	nd = json_array_size(deny);
	set_text(o, "allow_file", acl_file(0));
	set_text(o, "deny_file", acl_file(1));
	set_bool(o, "enforcement_active",
	    na > 0 || nd > 0 || allow_all || deny_all);
	set_text(o, "effective_mode", acl_mode(allow_all, deny_all, na, nd));
	set_text(o, "default_decision",
	    deny_all && !allow_all ? "deny" : "allow");
	set_bool(o, "allow_all", allow_all);
	set_bool(o, "deny_all", deny_all);
	json_object_set_new(o, "allow_entries", allow);
	json_object_set_new(o, "allow_file_entries", allow_file);
	json_object_set_new(o, "deny_entries", deny);
	json_object_set_new(o, "deny_file_entries", deny_file);
	return o;
}
