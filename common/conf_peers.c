/* conf_peers.c -- the peers list: who they are and where they are reached. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_int.h"
#include "ident.h"

static conf_fn on_npub, on_addresses, on_policy;

#define AT(field)	offsetof(struct conf_peer, field), \
			sizeof(((struct conf_peer *)0)->field)

static const struct conf_row peer_rows[] = {
	{ "npub", CONF_K_FN, 0, 0, 0, 0, on_npub },
	{ "alias", CONF_K_TEXT, 0, 63, AT(alias), NULL },
	{ "addresses", CONF_K_FN, 0, 0, 0, 0, on_addresses },
	{ "connect_policy", CONF_K_FN, 0, 0, 0, 0, on_policy },
	{ "auto_reconnect", CONF_K_BOOL, 0, 1, AT(auto_reconnect), NULL },
	{ "via_nostr", CONF_K_LATER_BOOL, 0, 1, 0, 0, NULL },
};

static const struct conf_table peer_table = {
	peer_rows, sizeof(peer_rows) / sizeof(peer_rows[0])
};

#undef AT
#define AT(field)	offsetof(struct conf_addr, field), \
			sizeof(((struct conf_addr *)0)->field)

static const struct conf_row addr_rows[] = {
	{ "transport", CONF_K_TEXT, 0, 31, AT(transport), NULL },
	{ "addr", CONF_K_TEXT, 0, 255, AT(raw), NULL },
	{ "priority", CONF_K_UINT, 0, 255, AT(priority), NULL },
};

static const struct conf_table addr_table = {
	addr_rows, sizeof(addr_rows) / sizeof(addr_rows[0])
};

static int
parse_port(const char *s, uint16_t *port)
{
	unsigned long v;
	char *end;

	if (!isdigit((unsigned char)*s) || strlen(s) > 5)
		return -1;
	v = strtoul(s, &end, 10);
	if (*end != '\0' || v > 65535)
		return -1;
	*port = (uint16_t)v;
	return 0;
}

/* A name or a literal; no check that it exists. */
static int
is_host(const char *s, size_t len, int v6)
{
	size_t i;

	if (len == 0 || len > 255)
		return 0;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    strchr(v6 ? ":.%" : ".-_", s[i]) == NULL)
			return 0;
	return 1;
}

int
conf_hostport(const char *s, char host[256], uint16_t *port)
{
	const char *end;
	int v6 = *s == '[';

	end = v6 ? strstr(s, "]:") : strchr(s, ':');
	s += v6;
	if (end == NULL || !is_host(s, (size_t)(end - s), v6) ||
	    parse_port(end + 1 + v6, port) == -1)
		return -1;
	memcpy(host, s, (size_t)(end - s));
	host[end - s] = '\0';
	return 0;
}

int
conf_is_hostname(const char *s)
{
	size_t i, len = strlen(s);

	if (len < 1 || len > 63 || s[0] == '-' || s[len - 1] == '-' ||
	    strncasecmp(s, "npub1", 5) == 0)
		return 0;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return 0;
	return 1;
}

static int
on_npub(struct conf_ctx *c, yaml_node_t *n, const char *path, void *base)
{
	struct conf_peer *p = base;
	const char *s = conf_text(n);
	char safe[CONF_SHOW];
	uint8_t bytes[32];

	if (s == NULL || conf_is_null(n))
		return conf_error(c, n, "%s: an npub expected", path);
	if (hex_decode(s, bytes, sizeof(bytes)) == 0)
		return conf_error(c, n, "%s: a key in hex; write it as "
		    "npub1...", path);
	if (npub_decode(s, p->pub) == -1)
		return conf_error(c, n, "%s: '%s' is not an npub (npub1 and "
		    "58 more characters; a typing error?)", path,
		    conf_show(s, safe));
	npub_encode(p->pub, p->npub);
	return 0;
}

static int
on_policy(struct conf_ctx *c, yaml_node_t *n, const char *path, void *base)
{
	struct conf_peer *p = base;
	const char *s = conf_text(n);
	char safe[CONF_SHOW];

	if (conf_is_null(n))
		return 0;
	if (s == NULL)
		return conf_error(c, n, "%s: a word expected", path);
	p->auto_connect = strcmp(s, "auto_connect") == 0;
	if (!p->auto_connect && strcmp(s, "on_demand") != 0 &&
	    strcmp(s, "manual") != 0)
		return conf_error(c, n, "%s: one of auto_connect, on_demand, "
		    "manual expected, not '%s'", path, conf_show(s, safe));
	return 0;
}

/* 0 also for "nat", which is kept out of the list: 1 then. */
static int
check_addr(struct conf_ctx *c, yaml_node_t *n, const char *where,
    struct conf_addr *a)
{
	static const char *const later[] = {
		"tcp", "ethernet", "tor", "nym", "ble"
	};
	char safe[CONF_SHOW];
	size_t i;
	int ok;

	if (a->transport[0] == '\0' || a->raw[0] == '\0')
		return conf_error(c, n, "%stransport and addr are both needed",
		    where);
	ok = conf_hostport(a->raw, a->host, &a->port) == 0 && a->port != 0;
	if (strcmp(a->transport, "udp") == 0 && strcmp(a->raw, "nat") == 0) {
		conf_warn(c, n, "%saddr: discovery over Nostr is not built "
		    "yet; the address is left out", where);
		return 1;
	}
	if (!ok && (strcmp(a->transport, "udp") == 0 ||
	    strcmp(a->transport, "tcp") == 0))
		return conf_error(c, n, "%saddr: '%s' is neither 'host:port' "
		    "nor '[IPv6]:port'", where, conf_show(a->raw, safe));
	for (i = 0; i < sizeof(later) / sizeof(later[0]); i++)
		if (strcmp(a->transport, later[i]) == 0) {
			conf_warn(c, n, "%stransport: %s is not built yet; "
			    "the address is not used", where, later[i]);
			return 0;
		}
	if (strcmp(a->transport, "udp") != 0)
		return conf_error(c, n, "%stransport: '%s' is none of udp, "
		    "tcp, ethernet, tor, nym, ble", where,
		    conf_show(a->transport, safe));
	return 0;
}

static int
on_addresses(struct conf_ctx *c, yaml_node_t *n, const char *path, void *base)
{
	struct conf_peer *p = base;
	const yaml_node_item_t *it;
	yaml_node_t *item;
	struct conf_addr a;
	char where[CONF_PATH];
	int i, count, ret;

	if (conf_is_null(n))
		return 0;
	if (n->type != YAML_SEQUENCE_NODE)
		return conf_error(c, n, "%s: a list expected", path);
	it = n->data.sequence.items.start;
	count = (int)(n->data.sequence.items.top - it);
	if (count > CONF_ADDRS)
		return conf_error(c, n, "%s: more than %d", path, CONF_ADDRS);
	p->addr = calloc((size_t)count + 1, sizeof(*p->addr));
	if (p->addr == NULL)
		return conf_error(c, n, "out of memory");
	for (i = 0; i < count; i++) {
		item = conf_node(c, it[i]);
		memset(&a, 0, sizeof(a));
		a.priority = 100;
		a.line = (unsigned)item->start_mark.line + 1;
		snprintf(where, sizeof(where), "%.64s[%d].", path, i);
		if (conf_walk(c, item, where, "", &addr_table, &a) == -1 ||
		    (ret = check_addr(c, item, where, &a)) == -1)
			return -1;
		if (ret == 0)
			p->addr[p->naddr++] = a;
	}
	return 0;
}

/* Whether the peer says via_nostr: true, or lists an address of any kind. */
static int
has_way(struct conf_ctx *c, yaml_node_t *n)
{
	const yaml_node_pair_t *p;
	const char *key, *s;
	uint64_t v;

	for (p = n->data.mapping.pairs.start;
	    p < n->data.mapping.pairs.top; p++) {
		key = conf_text(conf_node(c, p->key));
		s = conf_text(conf_node(c, p->value));
		if (strcmp(key, "addresses") == 0 &&
		    !conf_is_empty(conf_node(c, p->value)))
			return 1;
		if (strcmp(key, "via_nostr") == 0 && s != NULL &&
		    conf_bool(s, &v) == 0 && v == 1)
			return 1;
	}
	return 0;
}

static int
read_peer(struct conf_ctx *c, yaml_node_t *n, int i, struct conf_peer *p)
{
	char where[32], safe[CONF_SHOW];

	p->auto_connect = p->auto_reconnect = 1;
	p->line = (unsigned)n->start_mark.line + 1;
	snprintf(where, sizeof(where), "peers[%d].", i);
	if (n->type != YAML_MAPPING_NODE)
		return conf_error(c, n, "peers[%d] must hold keys and values",
		    i);
	if (conf_walk(c, n, where, "", &peer_table, p) == -1)
		return -1;
	if (p->npub[0] == '\0')
		return conf_error(c, n, "%snpub is missing", where);
	if (!has_way(c, n))
		return conf_error(c, n, "%saddresses: at least one is needed",
		    where);
	if (p->alias[0] != '\0' && !conf_is_hostname(p->alias))
		conf_warn(c, n, "%salias: '%s' is no host name; it will not "
		    "resolve", where, conf_show(p->alias, safe));
	return 0;
}

/* One key is one peer: the first entry stands. */
static int
is_twice(struct conf_ctx *c, yaml_node_t *n, const struct conf *cf,
    const struct conf_peer *p)
{
	unsigned i;

	for (i = 0; i < cf->npeer; i++)
		if (memcmp(cf->peer[i].pub, p->pub, sizeof(p->pub)) == 0) {
			conf_warn(c, n, "a peer that is listed in line %u "
			    "already; this entry is left out", cf->peer[i].line);
			return 1;
		}
	return 0;
}

int
conf_on_peers(struct conf_ctx *c, yaml_node_t *n, const char *path, void *base)
{
	struct conf *cf = base;
	const yaml_node_item_t *it;
	struct conf_peer p;
	int i, count;

	if (conf_is_null(n))
		return 0;
	if (n->type != YAML_SEQUENCE_NODE && !conf_is_empty(n))
		return conf_error(c, n, "%s: a list expected", path);
	if (conf_is_empty(n))
		return 0;
	it = n->data.sequence.items.start;
	count = (int)(n->data.sequence.items.top - it);
	if (count > CONF_PEERS)
		return conf_error(c, n, "%s: more than %d", path, CONF_PEERS);
	cf->peer = calloc((size_t)count, sizeof(*cf->peer));
	if (cf->peer == NULL)
		return conf_error(c, n, "out of memory");
	for (i = 0; i < count; i++) {
		memset(&p, 0, sizeof(p));
		if (read_peer(c, conf_node(c, it[i]), i, &p) == -1 ||
		    is_twice(c, conf_node(c, it[i]), cf, &p)) {
			free(p.addr);
			if (c->err[0] != '\0')
				return -1;
			continue;
		}
		cf->peer[cf->npeer++] = p;
	}
	return 0;
}
