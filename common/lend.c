/* lend.c -- kinds, sources and ports of lending. Pure. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lend.h"
#include "wire.h"

static const struct {
	const char	*code, *text;
	int		 status;
} why_row[] = {
#define LEND_WHY(NAME, code, status, text)	{ code, text, status },
#include "lend.def"
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static enum lend_why
known(enum lend_why why)
{
	return why < LEND_WHY_MAX ? why : LEND_INTERNAL;
}

const char *
lend_code(enum lend_why why)
{
	return why_row[known(why)].code;
}

const char *
lend_text(enum lend_why why)
{
	return why_row[known(why)].text;
}

int
lend_status(enum lend_why why)
{
	return why_row[known(why)].status;
}

const char *
lend_verb(enum lend_verb verb)
{
	static const char *const name[] = { "?", "grant", "activate", "revoke" };

	return verb < LEND_VERB_MAX ? name[verb] : name[0];
}

const char *
lend_proto(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : proto == IPPROTO_UDP ? "udp" : "?";
}

int
lend_port_parse(const char *s, size_t len, struct lend_port *p)
{
	unsigned long	n = 0;
	size_t		i;

	if (len < 5 || len > 9)
		return -1;
	if (memcmp(s, "tcp/", 4) == 0)
		p->proto = IPPROTO_TCP;
	else if (memcmp(s, "udp/", 4) == 0)
		p->proto = IPPROTO_UDP;
	else
		return -1;
	for (i = 4; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || (i == 4 && s[i] == '0'))
			return -1;
		n = n * 10 + (unsigned long)(s[i] - '0');
	}
	if (n < 1 || n > 65535)
		return -1;
	p->port = (uint16_t)n;
	return 0;
}

static int
add_port(struct lend_rules *r, struct lend_kind *k, const char *s, size_t len,
    char err[LEND_ERR_LEN])
{
	struct lend_port p;

	if (lend_port_parse(s, len, &p) == -1) {
		snprintf(err, LEND_ERR_LEN, "'%.*s' is not tcp/PORT or "
		    "udp/PORT with a port of 1 to 65535",
		    (int)(len < 32 ? len : 32), s);
		return -1;
	}
	/* One port, one kind: else a revoke of one would close the other's. */
	if (lend_port_find(r, p) != NULL || lend_kind_has(k, p)) {
		snprintf(err, LEND_ERR_LEN, "%s/%u is lent twice",
		    lend_proto(p.proto), p.port);
		return -1;
	}
	if (k->nport == LEND_PORTS) {
		snprintf(err, LEND_ERR_LEN, "'%s' has more than %d ports",
		    k->name, LEND_PORTS);
		return -1;
	}
	k->port[k->nport++] = p;
	return 0;
}

static int
add_kind(struct lend_rules *r, const char *s, size_t len,
    char err[LEND_ERR_LEN])
{
	const char	*eq = memchr(s, '=', len), *end = s + len, *comma;
	struct lend_kind k = { .nport = 0 };

	if (eq == NULL || !is_kind(s, (size_t)(eq - s))) {
		snprintf(err, LEND_ERR_LEN, "'%.*s' is not KIND=PORTS; %s",
		    (int)(len < 40 ? len : 40), s, lend_text(LEND_KIND));
		return -1;
	}
	memcpy(k.name, s, (size_t)(eq - s));
	if (lend_kind_find(r, k.name) != NULL || r->nkind == LEND_KINDS) {
		snprintf(err, LEND_ERR_LEN, r->nkind == LEND_KINDS ?
		    "'%s' is one kind too many" : "'%s' stands there twice",
		    k.name);
		return -1;
	}
	for (s = eq + 1; ; s = comma + 1) {
		comma = memchr(s, ',', (size_t)(end - s));
		if (add_port(r, &k, s, (size_t)((comma ? comma : end) - s),
		    err) == -1)
			return -1;
		if (comma == NULL)
			break;
	}
	r->kind[r->nkind++] = k;
	return 0;
}

int
lend_allow_parse(const char *s, struct lend_rules *r, char err[LEND_ERR_LEN])
{
	size_t len;

	r->nkind = 0;
	for (s += strspn(s, " "); *s != '\0'; s += strspn(s, " ")) {
		len = strcspn(s, " ");
		if (add_kind(r, s, len, err) == -1)
			return -1;
		s += len;
	}
	return 0;
}

int
lend_net4_parse(const char *s, struct lend_rules *r, char err[LEND_ERR_LEN])
{
	char		 ip[32], *slash;
	uint32_t	 host;
	unsigned	 bits;

	r->bits4 = 0;
	if (s[0] == '\0')
		return 0;
	snprintf(ip, sizeof(ip), "%s", s);
	slash = strchr(ip, '/');
	if (slash != NULL)
		*slash++ = '\0';
	if (slash == NULL || strspn(slash, "0123456789") != strlen(slash) ||
	    slash[0] == '\0' || strlen(slash) > 2 ||
	    inet_pton(AF_INET, ip, r->net4) != 1) {
		snprintf(err, LEND_ERR_LEN, "'%.32s' is not NETWORK/BITS", s);
		return -1;
	}
	bits = (unsigned)atoi(slash);
	memcpy(&host, r->net4, 4);
	/* Wider than a /8 is no mesh, and host bits are a slip of the pen. */
	if (bits < 8 || bits > 32 ||
	    (bits < 32 && (ntohl(host) & (0xffffffffu >> bits)) != 0)) {
		snprintf(err, LEND_ERR_LEN, "'%.32s' is not a network of 8 to "
		    "32 bits without host bits", s);
		return -1;
	}
	r->bits4 = bits;
	return 0;
}

const struct lend_kind *
lend_kind_find(const struct lend_rules *r, const char *name)
{
	unsigned i;

	for (i = 0; i < r->nkind; i++)
		if (strcmp(r->kind[i].name, name) == 0)
			return &r->kind[i];
	return NULL;
}

int
lend_kind_has(const struct lend_kind *k, struct lend_port p)
{
	unsigned i;

	for (i = 0; i < k->nport; i++)
		if (k->port[i].proto == p.proto && k->port[i].port == p.port)
			return 1;
	return 0;
}

const struct lend_kind *
lend_port_find(const struct lend_rules *r, struct lend_port p)
{
	unsigned i;

	for (i = 0; i < r->nkind; i++)
		if (lend_kind_has(&r->kind[i], p))
			return &r->kind[i];
	return NULL;
}

int
lend_is_source(const struct lend_rules *r, const uint8_t ip[16])
{
	uint32_t net, host;

	if (memcmp(ip, mapped, sizeof(mapped)) != 0)
		return ip[0] == 0xfd;
	if (r->bits4 == 0)
		return 0;
	memcpy(&net, r->net4, 4);
	memcpy(&host, ip + 12, 4);
	return ((ntohl(net) ^ ntohl(host)) >> (32 - r->bits4)) == 0;
}

int
lend_source_parse(const char *s, uint8_t ip[16])
{
	if (inet_pton(AF_INET, s, ip + 12) == 1) {
		memcpy(ip, mapped, sizeof(mapped));
		return 0;
	}
	/* An IPv4 address has one spelling here. */
	if (inet_pton(AF_INET6, s, ip) != 1 ||
	    memcmp(ip, mapped, sizeof(mapped)) == 0)
		return -1;
	return 0;
}

void
lend_source_text(const uint8_t ip[16], char *out)
{
	if (memcmp(ip, mapped, sizeof(mapped)) == 0)
		inet_ntop(AF_INET, ip + 12, out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, ip, out, INET6_ADDRSTRLEN);
}

int
lend_ports_decode(const uint8_t *p, size_t len,
    struct lend_port port[LEND_PORTS])
{
	struct lend_kind seen = { .nport = 0 };

	if (len == 0 || len % LEND_ALLOW_ROW != 0 ||
	    len > LEND_PORTS * LEND_ALLOW_ROW)
		return -1;
	for (; len > 0; p += LEND_ALLOW_ROW, len -= LEND_ALLOW_ROW) {
		struct lend_port q = { p[0], get_le16(p + 1) };

		if ((q.proto != IPPROTO_TCP && q.proto != IPPROTO_UDP) ||
		    q.port == 0 || lend_kind_has(&seen, q))
			return -1;
		seen.port[seen.nport++] = q;
	}
	memcpy(port, seen.port, sizeof(seen.port));
	return (int)seen.nport;
}

size_t
lend_ports_encode(const struct lend_port *port, unsigned n, uint8_t *out)
{
	unsigned i;

	for (i = 0; i < n; i++, out += LEND_ALLOW_ROW) {
		out[0] = port[i].proto;
		put_le16(out + 1, port[i].port);
	}
	return n * LEND_ALLOW_ROW;
}

/* -- where ----------------------------------------------------------------- */

/*
 * What a client is pointed to. Not here: what a browser or a desktop would run
 * or read from its own disk for it.
 */
static const char *const scheme[] = { "dns", "http", "https", "irc", "ircs",
    "mqtt", "ntp", "rsync", "socks5", "socks5h", "tcp", "tls", "udp", "wg",
    "ws", "wss" };

int
lend_is_scheme(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(scheme) / sizeof(scheme[0]); i++)
		if (strlen(scheme[i]) == len &&
		    memcmp(scheme[i], s, len) == 0)
			return 1;
	return 0;
}

int
lend_is_endpoint(const char *s)
{
	const char *end = strstr(s, "://");

	return end != NULL && lend_is_scheme(s, (size_t)(end - s));
}

/* -- for whom -------------------------------------------------------------- */

int
lend_is_service(const uint8_t *s, size_t len)
{
	size_t i;

	if (len != 0 && len != LEND_SERVICE_LEN)
		return 0;
	for (i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') ||
		    (s[i] >= 'a' && s[i] <= 'f')))
			return 0;
	return 1;
}

void
lend_who(char out[LEND_WHO_LEN], const char *kind, const char *sub,
    const uint8_t *service, size_t len)
{
	snprintf(out, LEND_WHO_LEN, "%s %s%s%.*s", kind, sub,
	    len > 0 ? " " : "", (int)len, (const char *)service);
}

/* Whatever stands beside an element in the kernel: parts that fit, or none. */
static void
read_who(const char *who, struct lend_row *r)
{
	const char	*sub = strchr(who, ' '), *service;
	size_t		 n;

	r->kind[0] = r->sub[0] = r->service[0] = '\0';
	if (sub == NULL || !is_kind(who, (size_t)(sub - who)))
		return;
	memcpy(r->kind, who, (size_t)(sub - who));
	r->kind[sub - who] = '\0';
	service = strchr(++sub, ' ');
	n = service != NULL ? (size_t)(service - sub) : strlen(sub);
	if (!is_did(sub, n))
		return;
	memcpy(r->sub, sub, n);
	r->sub[n] = '\0';
	if (service != NULL && strlen(++service) == LEND_SERVICE_LEN &&
	    lend_is_service((const uint8_t *)service, LEND_SERVICE_LEN))
		strcpy(r->service, service);
}

uint16_t
lend_rows(const uint8_t *p, size_t size, uint8_t after[LEND_KEY_LEN],
    void (*fn)(void *, const struct lend_row *), void *arg)
{
	struct rd	r = rd_init(p, size);
	struct lend_row	row;
	char		who[LEND_WHO_LEN];
	uint16_t	known = 0;
	const uint8_t	*key;
	size_t		len;

	while (rd_left(&r) > 0) {
		key = p + size - rd_left(&r);
		rd_bytes(&r, row.src, sizeof(row.src));
		row.port.proto = (uint8_t)rd_uint(&r, 1, 0, 255);
		row.port.port = (uint16_t)rd_uint(&r, 2, 0, 65535);
		row.left_s = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
		len = (size_t)rd_uint(&r, 1, 0, sizeof(who) - 1);
		rd_bytes(&r, who, len);
		who[r.bad ? 0 : len] = '\0';
		if (r.bad)
			break;
		read_who(who, &row);
		fn(arg, &row);
		memcpy(after, key, LEND_KEY_LEN);
		known = LEND_KEY_LEN;
	}
	return known;
}
