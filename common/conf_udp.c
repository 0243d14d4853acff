/* conf_udp.c -- transports.udp: one map of settings, or a map of such maps. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

#define AT(field)	offsetof(struct conf_udp, field), \
			sizeof(((struct conf_udp *)0)->field)

static const struct conf_row rows[] = {
	{ "bind_addr", CONF_K_TEXT, 0, 63, AT(bind_addr), NULL },
	{ "mtu", CONF_K_UINT, 576, 65507, AT(mtu), NULL },
	{ "recv_buf_size", CONF_K_UINT, 0, INT32_MAX, AT(recv_buf), NULL },
	{ "send_buf_size", CONF_K_UINT, 0, INT32_MAX, AT(send_buf), NULL },
	{ "accept_connections", CONF_K_BOOL, 0, 1, AT(accept), NULL },
	{ "outbound_only", CONF_K_BOOL, 0, 1, AT(outbound_only), NULL },
	{ "advertise_on_nostr", CONF_K_LATER_BOOL, 0, 1, 0, 0, NULL },
	{ "public", CONF_K_LATER_BOOL, 0, 1, 0, 0, NULL },
	{ "external_addr", CONF_K_LATER, 0, 0, 0, 0, NULL },
};

static const struct conf_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

/* The port of "1.2.3.4:5" or "[v6]:5", or -1. Names are not bound to. */
static long
bind_port(const char *s)
{
	struct in6_addr a;
	char host[256];
	uint16_t port;

	if (conf_hostport(s, host, &port) == -1)
		return -1;
	if (inet_pton(*s == '[' ? AF_INET6 : AF_INET, host, &a) != 1)
		return -1;
	return port;
}

static int
read_one(struct conf_ctx *c, yaml_node_t *n, const char *where,
    struct conf_udp *u)
{
	char safe[CONF_SHOW];

	strcpy(u->bind_addr, "0.0.0.0:2121");
	u->mtu = 1280;
	u->recv_buf = u->send_buf = 2097152;
	u->accept = 1;
	u->line = (unsigned)n->start_mark.line + 1;
	if (conf_walk(c, n, where, "", &table, u) == -1)
		return -1;
	if (u->outbound_only)
		u->accept = 0;
	else if (bind_port(u->bind_addr) == -1)
		return conf_error(c, n, "%sbind_addr: '%s' is neither "
		    "'IPv4:port' nor '[IPv6]:port'", where,
		    conf_show(u->bind_addr, safe));
	return 0;
}

static int
is_field(const char *s)
{
	size_t i;

	for (i = 0; i < table.n; i++)
		if (strcmp(rows[i].path, s) == 0)
			return 1;
	return 0;
}

/* Named instances: every value is a map and no key is a setting. */
static int
is_named(struct conf_ctx *c, yaml_node_t *n)
{
	const yaml_node_pair_t *p;
	const char *s;

	if (n->type != YAML_MAPPING_NODE || conf_is_empty(n))
		return 0;
	for (p = n->data.mapping.pairs.start;
	    p < n->data.mapping.pairs.top; p++) {
		s = conf_text(conf_node(c, p->key));
		if (s == NULL || is_field(s) || strcmp(s, "<<") == 0 ||
		    conf_node(c, p->value)->type != YAML_MAPPING_NODE)
			return 0;
	}
	return 1;
}

static int
read_named(struct conf_ctx *c, const yaml_node_pair_t *p, yaml_node_t *map,
    const char *path, struct conf_udp *u)
{
	yaml_node_t *key = conf_node(c, p->key);
	const char *s = conf_text(key);
	char where[CONF_PATH], safe[CONF_SHOW];

	conf_show(s, safe);
	if (*s == '\0' || strlen(s) >= sizeof(u->name) || strcmp(s, safe) != 0)
		return conf_error(c, key, "%s: '%s' will not do as a name",
		    path, safe);
	snprintf(where, sizeof(where), "%.64s.%s.", path, safe);
	if (conf_dup_key(c, map, p, where) == -1)
		return -1;
	strcpy(u->name, s);
	return read_one(c, conf_node(c, p->value), where, u);
}

int
conf_on_udp(struct conf_ctx *c, yaml_node_t *n, const char *path, void *base)
{
	struct conf *cf = base;
	const yaml_node_pair_t *p;
	size_t count = 1;

	if (n->type != YAML_MAPPING_NODE && !conf_is_null(n))
		return conf_error(c, n, "%s must hold keys and values", path);
	if (is_named(c, n))
		count = (size_t)(n->data.mapping.pairs.top -
		    n->data.mapping.pairs.start);
	if (count > CONF_UDPS)
		return conf_error(c, n, "%s: more than %d instances", path,
		    CONF_UDPS);
	cf->udp = calloc(count, sizeof(*cf->udp));
	if (cf->udp == NULL)
		return conf_error(c, n, "out of memory");
	if (!is_named(c, n)) {
		cf->nudp = 1;
		return read_one(c, n, "transports.udp.", cf->udp);
	}
	for (p = n->data.mapping.pairs.start;
	    p < n->data.mapping.pairs.top; p++)
		if (read_named(c, p, n, path, &cf->udp[cf->nudp++]) == -1)
			return -1;
	return 0;
}

/* host is of a text that conf_hostport() took. */
static int
is_loopback(const char *host)
{
	struct in6_addr a;

	return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
	    (inet_pton(AF_INET6, host, &a) == 1 && IN6_IS_ADDR_LOOPBACK(&a));
}

static const struct conf_addr *
outside_peer(const struct conf *cf)
{
	const struct conf_addr *a;
	unsigned i, j;

	for (i = 0; i < cf->npeer; i++)
		for (j = 0; j < cf->peer[i].naddr; j++) {
			a = &cf->peer[i].addr[j];
			if (strcmp(a->transport, "udp") == 0 &&
			    !is_loopback(a->host))
				return a;
		}
	return NULL;
}

/*
 * Linux sends from 127.0.0.1 to nobody but itself: such a node would dial in
 * vain and say nothing.
 */
int
conf_check_loopback(struct conf_ctx *c)
{
	const struct conf_addr *a = outside_peer(c->cf);
	const struct conf_udp *u;
	char host[256];
	uint16_t port;
	unsigned i;

	for (i = 0; a != NULL && i < c->cf->nudp; i++) {
		u = &c->cf->udp[i];
		if (u->outbound_only ||
		    conf_hostport(u->bind_addr, host, &port) == -1 ||
		    !is_loopback(host))
			continue;
		return conf_error(c, NULL, "transports.udp%s%s.bind_addr: "
		    "loopback (line %u), but a peer has an address elsewhere "
		    "(line %u); use \"0.0.0.0:2121\" or outbound_only: true",
		    *u->name != '\0' ? "." : "", u->name, u->line, a->line);
	}
	return 0;
}
