/*
 * show_peers.c -- peers, links, handshakes and sessions, for people.
 */
#include <stdio.h>
#include <string.h>

#include "names.h"
#include "netd.h"
#include "session.h"
#include "show.h"
#include "udp.h"

static json_t *
traffic(const struct peer_stats *s)
{
	json_t *o = json_object();

	set_int(o, "packets_sent", s->packets_sent);
	set_int(o, "packets_recv", s->packets_recv);
	set_int(o, "bytes_sent", s->bytes_sent);
	set_int(o, "bytes_recv", s->bytes_recv);
	return o;
}

static const char *
direction(int outbound)
{
	return outbound ? "outbound" : "inbound";
}

/* Two heartbeats missed: something is wrong, though not yet over. */
static const char *
connectivity(const struct peer *p)
{
	uint64_t silent_ms = netd.now_ms - p->seen_ms;

	return p->mute || silent_ms > netd.conf[CONF_NODE_HEARTBEAT] * 2000 ?
	    "stale" : "connected";
}

/* Nobody looks for peers over Nostr yet. */
static json_t *
nostr_traversal(void)
{
	return json_pack("{s:i, s:b, s:n, s:n}", "consecutive_failures", 0,
	    "in_cooldown", 0, "cooldown_until_ms", "last_observed_skew_ms");
}

static void
keys(json_t *o, const struct peer *p)
{
	json_t *noise;
	char index[9];

	if (p->cur.session != 0) {
		noise = json_object();
		set_int(noise, "send_counter", p->cur.sent);
		set_int(noise, "highest_recv_counter", p->cur.highest);
		json_object_set_new(o, "noise", noise);
		snprintf(index, sizeof(index), "%08x", p->cur.our_index);
		set_text(o, "our_session_index", index);
	}
	if (p->pend.session != 0)
		set_bool(o, "rekey_in_progress", 1);
	if (p->prev.session != 0)
		set_bool(o, "rekey_draining", 1);
	set_bool(o, "current_k_bit", p->k_bit);
}

static json_t *
peer(const struct peer *p)
{
	json_t *o = json_object();
	char where[64];

	set_addr(o, "node_addr", p->addr);
	set_text(o, "npub", p->npub);
	set_display(o, p->addr);
	set_ip6(o, "ipv6_addr", p->addr);
	set_text(o, "connectivity", connectivity(p));
	set_int(o, "link_id", p->link_id);
	set_int(o, "authenticated_at_ms", p->up_wall_ms);
	set_wall(o, "last_seen_ms", p->seen_ms);
	show_place(o, p);
	endpoint_text(&p->ep, where);
	set_text(o, "transport_addr", where);
	set_text(o, "direction", direction(p->outbound));
	set_text(o, "transport_type", "udp");
	json_object_set_new(o, "stats", traffic(&p->stats));
	set_int(o, "refused_messages", p->recv_bad);
	set_int(o, "refused_datagrams", p->dgram_bad);
	set_int(o, "unopened_frames", p->unopened);
	set_int(o, "replay_suppressed", p->replays);
	set_int(o, "consecutive_decrypt_failures", p->decrypt_fail);
	json_object_set_new(o, "nostr_traversal", nostr_traversal());
	keys(o, p);
	json_object_set_new(o, "mmp", mmp_object(link_mmp(p), "lqi"));
	return o;
}

static int
next_peer(struct cursor *at, json_t **row)
{
	if ((at->last = peer_next(at->last)) == NULL)
		return 0;
	*row = peer(at->last);
	return 1;
}

const struct answer_list show_peers_lists[] = {
	{ "peers", next_peer, 0 }, { NULL, NULL, 0 }
};

json_t *
show_peers(const json_t *params, char err[CTL_ERR_LEN])
{
	(void)params;
	(void)err;
	return json_pack("{s:[]}", "peers");
}

static json_t *
link_object(uint32_t id, const struct endpoint *ep, int outbound,
    const char *state, uint64_t since_wall_ms, json_t *stats)
{
	json_t *o = json_object();
	char where[64];

	endpoint_text(ep, where);
	set_int(o, "link_id", id);
	set_int(o, "transport_id", ep->transport + 1);
	set_text(o, "remote_addr", where);
	set_text(o, "direction", direction(outbound));
	set_text(o, "state", state);
	set_int(o, "created_at_ms", since_wall_ms);
	json_object_set_new(o, "stats", stats);
	return o;
}

static json_t *
link_of(const struct peer *p)
{
	json_t *stats = traffic(&p->stats);

	set_wall(stats, "last_recv_ms", p->seen_ms);
	return link_object(p->link_id, &p->ep, p->outbound, "connected",
	    p->up_wall_ms, stats);
}

/* Who is there, then who is on the way. */
static int
next_link(struct cursor *at, json_t **row)
{
	static const struct peer_stats nothing;
	struct link_view v;
	json_t *stats;

	if (at->part == 0 && (at->last = peer_next(at->last)) != NULL) {
		*row = link_of(at->last);
		return 1;
	}
	at->part = 1;
	if (link_view(at->at++, &v) == -1)
		return 0;
	stats = traffic(&nothing);
	set_int(stats, "last_recv_ms", 0);
	*row = link_object(v.link_id, &v.ep, v.outbound, "connecting",
	    v.started_wall_ms, stats);
	return 1;
}

const struct answer_list show_links_lists[] = {
	{ "links", next_link, 0 }, { NULL, NULL, 0 }
};

json_t *
show_links(const json_t *params, char err[CTL_ERR_LEN])
{
	(void)params;
	(void)err;
	return json_pack("{s:[]}", "links");
}

json_t *
show_connections(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *list = json_array(), *o;
	char npub[NPUB_LEN + 1];
	struct link_view v;
	unsigned i;

	(void)params;
	(void)err;
	for (i = 0; link_view(i, &v) == 0; i++) {
		o = json_object();
		set_int(o, "link_id", v.link_id);
		set_text(o, "direction", direction(v.outbound));
		set_text(o, "handshake_state", v.state);
		set_int(o, "started_at_ms", v.started_wall_ms);
		set_int(o, "idle_ms", v.idle_ms);
		set_int(o, "resend_count", v.resends);
		if (v.has_pub) {
			npub_encode(v.pub, npub);
			set_text(o, "expected_peer", npub);
		}
		json_array_append_new(list, o);
	}
	return json_pack("{s:o}", "connections", list);
}

static json_t *
session(const struct session *s)
{
	const char *state = session_state_name(s);
	json_t *o = json_object(), *mmp;

	set_addr(o, "remote_addr", s->addr);
	set_display(o, s->addr);
	set_text(o, "state", state);
	set_bool(o, "is_initiator", s->initiator);
	set_wall(o, "last_activity_ms", s->active_ms);
	set_text(o, "npub", s->npub);
	json_object_set_new(o, "stats", traffic(&s->stats));
	if (strcmp(state, "established") != 0) {
		set_int(o, "resend_count", s->resends);
		return o;
	}
	set_int(o, "session_start_ms", s->cur.start_wall_ms);
	set_bool(o, "current_k_bit", s->k_bit);
	set_int(o, "coords_warmup_remaining", s->warmup);
	set_bool(o, "is_draining", s->prev.session != 0);
	mmp = mmp_object(session_mmp(s), "sqi");
	set_int(mmp, "path_mtu", s->path_mtu);
	json_object_set_new(o, "mmp", mmp);
	return o;
}

static int
next_session(struct cursor *at, json_t **row)
{
	if ((at->last = session_next(at->last)) == NULL)
		return 0;
	*row = session(at->last);
	return 1;
}

const struct answer_list show_sessions_lists[] = {
	{ "sessions", next_session, 0 }, { NULL, NULL, 0 }
};

json_t *
show_sessions(const json_t *params, char err[CTL_ERR_LEN])
{
	(void)params;
	(void)err;
	return json_pack("{s:[]}", "sessions");
}
