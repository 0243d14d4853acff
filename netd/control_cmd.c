/* control_cmd.c -- the commands, and the few that change something. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOG_TARGET "fips::node::lifecycle"
#include "log.h"
#include "control_cmd.h"
#include "history.h"
#include "names.h"
#include "netd.h"
#include "resolve_msg.h"
#include "session.h"
#include "show.h"

#define MESH_FIRST	0xfd

/* The key that params.npub names. The text, or NULL and err. */
static const char *
npub_param(const json_t *params, uint8_t pub[32], char err[CTL_ERR_LEN])
{
	const char *npub = ctl_req_text(params, "npub", err);

	if (npub != NULL && npub_decode(npub, pub) == -1) {
		snprintf(err, CTL_ERR_LEN,
		    "invalid npub '%.100s': not a bech32 npub", npub);
		return NULL;
	}
	return npub;
}

/* Somewhere that is not inside the mesh. 0, or -1 and err. */
static int
address_param(const char *address, char host[256], uint16_t *port,
    char err[CTL_ERR_LEN])
{
	struct endpoint ep;

	if (ctl_address(address, host, port) == -1) {
		snprintf(err, CTL_ERR_LEN, "invalid address '%.200s': "
		    "expected HOST:PORT or [IPV6]:PORT", address);
		return -1;
	}
	if (resolve_literal(host, &ep) == 0 && ep.family == 6 &&
	    ep.ip[0] == MESH_FIRST) {
		snprintf(err, CTL_ERR_LEN, "'%.200s' is a FIPS mesh address "
		    "(fd00::/8), not a reachable udp endpoint", address);
		return -1;
	}
	return 0;
}

static json_t *
cmd_connect(const json_t *params, char err[CTL_ERR_LEN])
{
	const char *npub, *address, *transport, *why;
	uint8_t pub[32], pub33[33] = { 0x02 };
	char host[256];
	uint16_t port;

	if ((npub = ctl_req_text(params, "npub", err)) == NULL ||
	    (address = ctl_req_text(params, "address", err)) == NULL ||
	    (transport = ctl_req_text(params, "transport", err)) == NULL ||
	    npub_param(params, pub, err) == NULL)
		return NULL;
	if (strcmp(transport, "udp") != 0) {
		snprintf(err, CTL_ERR_LEN, "no operational transport for '%.50s'",
		    transport);
		return NULL;
	}
	if (address_param(address, host, &port, err) == -1)
		return NULL;
	if ((why = link_connect(pub, host, port, -1)) != NULL) {
		snprintf(err, CTL_ERR_LEN, "%s", why);
		return NULL;
	}
	memcpy(pub33 + 1, pub, 32);
	names_ask(pub33);
	log_info("API connect initiated npub=%s address=%s transport=%s", npub,
	    address, transport);
	return json_pack("{s:s, s:s, s:s}", "npub", npub, "address", address,
	    "transport", transport);
}

static json_t *
cmd_disconnect(const json_t *params, char err[CTL_ERR_LEN])
{
	const char *npub;
	uint8_t pub[32];

	if ((npub = npub_param(params, pub, err)) == NULL)
		return NULL;
	if (link_disconnect(pub) == -1) {
		snprintf(err, CTL_ERR_LEN, "peer not found: %s", npub);
		return NULL;
	}
	log_info("API disconnect completed npub=%s", npub);
	return json_pack("{s:s, s:b}", "npub", npub, "disconnected", 1);
}

/* Ours alone: new keys now, for tests and for careful people. */
static json_t *
cmd_rekey(const json_t *params, char err[CTL_ERR_LEN])
{
	const char *npub, *layer = "link";
	uint8_t pub[32], addr[NADDR_LEN];
	struct session *s;
	struct peer *p;
	int ret;

	if ((npub = npub_param(params, pub, err)) == NULL)
		return NULL;
	names_addr(pub, addr);
	if (json_object_get(params, "layer") != NULL &&
	    (layer = ctl_req_text(params, "layer", err)) == NULL)
		return NULL;
	if (strcmp(layer, "link") == 0)
		ret = (p = peer_find(addr)) == NULL ? -2 : link_rekey_now(p);
	else if (strcmp(layer, "session") == 0)
		ret = (s = session_find(addr)) == NULL ? -2 :
		    session_rekey_now(s);
	else {
		snprintf(err, CTL_ERR_LEN, "unknown layer: %.50s "
		    "(expected link, session)", layer);
		return NULL;
	}
	if (ret == -2)
		snprintf(err, CTL_ERR_LEN, "%s not found: %s",
		    layer[0] == 'l' ? "peer" : "session", npub);
	else if (ret == -1)
		snprintf(err, CTL_ERR_LEN, "no rekey now, one is under way or "
		    "just done; try again in some seconds: %s", npub);
	if (ret != 0)
		return NULL;
	return json_pack("{s:s, s:s, s:b}", "npub", npub, "layer", layer,
	    "rekey_started", 1);
}

static const struct ctl_cmd cmd[] = {
	{ "show_status",	show_status,		0, 0, 0, NULL, NULL },
	{ "show_acl",		show_acl,		0, 0, 0, NULL, NULL },
	{ "show_peers",		show_peers,		0, 0, 0, show_peers_lists, NULL },
	{ "show_links",		show_links,		0, 0, 0, show_links_lists, NULL },
	{ "show_tree",		show_tree,		0, 0, 0, show_tree_lists, NULL },
	{ "show_sessions",	show_sessions,		0, 0, 0, show_sessions_lists, NULL },
	{ "show_bloom",		show_bloom,		0, 0, 0, show_bloom_lists, NULL },
	{ "show_mmp",		show_mmp,		0, 0, 0, show_mmp_lists, NULL },
	{ "show_cache",		show_cache,		0, 0, 0, show_cache_lists, NULL },
	{ "show_connections",	show_connections,	0, 0, 0, NULL, NULL },
	{ "show_transports",	show_transports,	0, 0, 0, NULL, NULL },
	{ "show_routing",	show_routing,		0, 0, 0, NULL, NULL },
	{ "show_identity_cache", show_identity_cache,	0, 0, 0, show_identity_cache_lists, NULL },
	{ "show_listening_sockets", show_listening_sockets, 0, 0, 1, NULL, NULL },
	{ "show_metrics",	show_metrics,		0, 0, 0, NULL, NULL },
	{ "show_stats_list",	show_stats_list,	0, 0, 0, NULL, NULL },
	{ "show_stats_peers",	show_stats_peers,	0, 0, 0, NULL, NULL },
	{ "show_stats_history",	show_stats_history,	0, 1, 0,
	    history_lists, history_asked },
	{ "show_stats_all_history", show_stats_all_history, 0, 0, 0,
	    history_lists, history_asked_all },
	{ "show_stats_history_all_peers", show_stats_history_all_peers, 0, 1, 0,
	    history_lists, history_asked_peers },
	{ "connect",		cmd_connect,		1, 1, 0, NULL, NULL },
	{ "disconnect",		cmd_disconnect,		1, 1, 0, NULL, NULL },
	{ "rekey",		cmd_rekey,		1, 1, 0, NULL, NULL },
};

const struct ctl_cmd *
ctl_cmd_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(cmd) / sizeof(cmd[0]); i++)
		if (strcmp(cmd[i].name, name) == 0)
			return &cmd[i];
	return NULL;
}
