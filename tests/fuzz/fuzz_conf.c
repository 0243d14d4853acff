/* room: common */
/*
 * fuzz_conf.c -- any bytes as fips.yaml, hosts and peers.deny.
 *
 * Laws: what parses can be written down and parses to the same again; privd
 * never reads an nsec that the key room did not find.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"

enum { UINT, BOOL, MILLI, LEVEL, MMP, AEAD };

static const struct {
	int	kind;
} num_kind[CONF_NUM_MAX] = {
#define NUM(NAME, path, kind, def, lo, hi, doc)	{ kind },
#include "conf.def"
};

static const char *const txt_path[CONF_TXT_MAX] = {
#define TXT(NAME, path, max, def, doc) path,
#include "conf.def"
};

struct buf {
	char	*p;
	size_t	 len, size;
};

static void __attribute__((format(printf, 2, 3)))
put(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (b->size - b->len < 2048) {
		b->size = 2 * b->size + 4096;
		b->p = realloc(b->p, b->size);
		if (b->p == NULL)
			abort();
	}
	va_start(ap, fmt);
	n = vsnprintf(b->p + b->len, b->size - b->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= b->size - b->len)
		abort();
	b->len += (size_t)n;
}

/* Flow style, so that nothing but commas and braces must be right. */
static void
put_quoted(struct buf *b, const char *s)
{
	put(b, "'");
	for (; *s != '\0'; s++)
		put(b, *s == '\'' ? "''" : "%c", *s);
	put(b, "'");
}

/* Whether path is the n bytes at at, or stands below them. */
static int
has_word(const char *path, const char *at, size_t n)
{
	return strncmp(path, at, n) == 0 && (path[n] == '.' || path[n] == '\0');
}

static void
put_num(struct buf *b, int kind, uint64_t v)
{
	static const char *const level[] = {
		"off", "error", "warn", "info", "debug", "trace"
	};
	static const char *const mmp[] = { "full", "lightweight", "minimal" };
	static const char *const aead[] = { "auto", "libsodium", "libcrypto",
	    "ipsec-mb" };

	if (kind == BOOL)
		put(b, "%s", v != 0 ? "true" : "false");
	else if (kind == MILLI)
		put(b, "%llu.%03llu", (unsigned long long)v / 1000,
		    (unsigned long long)v % 1000);
	else if (kind == LEVEL)
		put(b, "%s", level[v]);
	else if (kind == MMP || kind == AEAD)
		put(b, "%s", kind == MMP ? mmp[v] : aead[v]);
	else
		put(b, "%llu", (unsigned long long)v);
}

static void
put_value(struct buf *b, const struct conf *cf, int i)
{
	if (i < CONF_NUM_MAX)
		put_num(b, num_kind[i].kind, cf->num[i]);
	else
		put_quoted(b, cf->txt[i - CONF_NUM_MAX]);
}

static const char *
path_of(int i)
{
	return i < CONF_NUM_MAX ? conf_path[i] : txt_path[i - CONF_NUM_MAX];
}

/* Every key that begins with the first n bytes of prefix, as a map. */
static void
put_map(struct buf *b, const struct conf *cf, const char *prefix, size_t n)
{
	const int all = CONF_NUM_MAX + CONF_TXT_MAX;
	const char *p;
	size_t len;
	int i, j;

	put(b, "{");
	for (i = 0; i < all; i++) {
		p = path_of(i);
		if (strncmp(p, prefix, n) != 0)
			continue;
		len = n + strcspn(p + n, ".");
		for (j = 0; j < i; j++)
			if (has_word(path_of(j), p, len))
				break;
		if (j < i)
			continue;
		put(b, "%.*s: ", (int)(len - n), p + n);
		if (p[len] == '.')
			put_map(b, cf, p, len + 1);
		else
			put_value(b, cf, i);
		put(b, ", ");
	}
	put(b, "}");
}

static void
put_udp(struct buf *b, const struct conf *cf)
{
	const struct conf_udp *u;
	unsigned i;

	put(b, "transports: {");
	for (i = 0; i < cf->nudp; i++) {
		u = &cf->udp[i];
		put(b, i == 0 ? "udp: {" : "");
		if (*u->name != '\0') {
			put_quoted(b, u->name);
			put(b, ": {");
		}
		put(b, "bind_addr: ");
		put_quoted(b, u->bind_addr);
		put(b, ", mtu: %u, recv_buf_size: %u, send_buf_size: %u, "
		    "accept_connections: %s, outbound_only: %s", u->mtu,
		    u->recv_buf, u->send_buf, u->accept ? "true" : "false",
		    u->outbound_only ? "true" : "false");
		put(b, *u->name != '\0' ? "}, " : "");
	}
	put(b, cf->nudp > 0 ? "}}\n" : "}\n");
}

static void
put_peers(struct buf *b, const struct conf *cf)
{
	const struct conf_peer *p;
	unsigned i, j;

	put(b, "peers: [");
	for (i = 0; i < cf->npeer; i++) {
		p = &cf->peer[i];
		put(b, "{npub: %s, via_nostr: true, connect_policy: %s, "
		    "auto_reconnect: %s, alias: ", p->npub,
		    p->auto_connect ? "auto_connect" : "manual",
		    p->auto_reconnect ? "true" : "false");
		put_quoted(b, p->alias);
		put(b, ", addresses: [");
		for (j = 0; j < p->naddr; j++) {
			put(b, "{transport: %s, priority: %u, addr: ",
			    p->addr[j].transport, p->addr[j].priority);
			put_quoted(b, p->addr[j].raw);
			put(b, "}, ");
		}
		put(b, "]}, ");
	}
	put(b, "]\n");
}

static void
put_all(struct buf *b, const struct conf *cf)
{
	static const char *const top[] = { "tun", "dns", "bastide" };
	char prefix[16];
	unsigned i;

	put(b, "node:\n  identity: {persistent: %s}\n",
	    cf->persistent ? "true" : "false");
	put(b, "  discovery: {attempt_timeouts_secs: [");
	for (i = 0; i < cf->nattempt; i++)
		put(b, "%u, ", cf->attempt_s[i]);
	put(b, "]}\n");
	for (i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
		snprintf(prefix, sizeof(prefix), "%s.", top[i]);
		put(b, "%s: ", top[i]);
		put_map(b, cf, prefix, strlen(prefix));
		put(b, "\n");
	}
	put_udp(b, cf);
	put_peers(b, cf);
}

/* The node section alone, since identity is no row of the table. */
static void
put_node(struct buf *b, const struct conf *cf)
{
	put(b, "node: ");
	put_map(b, cf, "node.", 5);
	put(b, "\n");
}

/* Line breaks of Unicode fold in quotes; those files are not written again. */
static int
is_plain(const struct conf *cf)
{
	unsigned i, j;
	const char *s;

	for (i = 0; i < CONF_TXT_MAX; i++)
		for (s = cf->txt[i]; *s != '\0'; s++)
			if ((unsigned char)*s > 126)
				return 0;
	for (i = 0; i < cf->npeer; i++) {
		for (s = cf->peer[i].alias; *s != '\0'; s++)
			if ((unsigned char)*s > 126)
				return 0;
		for (j = 0; j < cf->peer[i].naddr; j++)
			for (s = cf->peer[i].addr[j].raw; *s != '\0'; s++)
				if ((unsigned char)*s > 126)
					return 0;
	}
	for (i = 0; i < cf->nudp; i++)
		for (s = cf->udp[i].bind_addr; *s != '\0'; s++)
			if ((unsigned char)*s > 126)
				return 0;
	return 1;
}

static void
must_be_same(int same)
{
	if (!same)
		abort();
}

static struct conf *
again(const struct buf *b)
{
	char err[CONF_ERR_LEN];
	struct conf *cf = conf_parse("again", b->p, b->len, 0, 0, NULL, err);

	if (cf == NULL) {
		fprintf(stderr, "%s\n%.*s\n", err, (int)b->len, b->p);
		abort();
	}
	return cf;
}

static void
check_rest(const struct conf *a, const struct conf *b)
{
	unsigned i, j;

	must_be_same(a->nudp == b->nudp && a->npeer == b->npeer);
	must_be_same(a->persistent == b->persistent);
	must_be_same(a->nattempt == b->nattempt && memcmp(a->attempt_s,
	    b->attempt_s, a->nattempt * sizeof(a->attempt_s[0])) == 0);
	for (i = 0; i < a->nudp; i++)
		must_be_same(strcmp(a->udp[i].bind_addr,
		    b->udp[i].bind_addr) == 0 &&
		    a->udp[i].mtu == b->udp[i].mtu &&
		    a->udp[i].accept == b->udp[i].accept &&
		    strcmp(a->udp[i].name, b->udp[i].name) == 0);
	for (i = 0; i < a->npeer; i++) {
		must_be_same(memcmp(a->peer[i].pub, b->peer[i].pub, 32) == 0);
		must_be_same(strcmp(a->peer[i].alias, b->peer[i].alias) == 0);
		must_be_same(a->peer[i].naddr == b->peer[i].naddr);
		for (j = 0; j < a->peer[i].naddr; j++)
			must_be_same(strcmp(a->peer[i].addr[j].host,
			    b->peer[i].addr[j].host) == 0 &&
			    a->peer[i].addr[j].port == b->peer[i].addr[j].port);
	}
}

static void
check_same(const struct conf *cf)
{
	struct buf b = { 0 };
	struct conf *twin;
	int i;

	if (!is_plain(cf))
		return;
	put_all(&b, cf);
	twin = again(&b);
	check_rest(cf, twin);
	conf_free(twin);
	b.len = 0;
	put_node(&b, cf);
	twin = again(&b);
	for (i = 0; i < CONF_NUM_MAX; i++)
		must_be_same(strncmp(conf_path[i], "node.", 5) != 0 ||
		    cf->num[i] == twin->num[i]);
	must_be_same(strcmp(cf->txt[CONF_CONTROL_PATH],
	    twin->txt[CONF_CONTROL_PATH]) == 0);
	conf_free(twin);
	free(b.p);
}

static void
fuzz_yaml(const char *text, size_t len)
{
	char err[CONF_ERR_LEN], *copy = malloc(len + 1);
	struct conf *cf = NULL;
	size_t at, slen;
	int persistent;

	memcpy(copy, text, len);
	if (conf_find_secret("f", copy, len, &at, &slen, &persistent,
	    err) == 0) {
		must_be_same(at <= len && slen <= len - at);
		memset(copy + at, 'x', slen);
		cf = conf_parse("f", copy, len, at, slen, NULL, err);
	}
	if (cf != NULL) {
		must_be_same(cf->has_nsec == (slen > 0));
		must_be_same(cf->persistent == persistent);
		check_same(cf);
	}
	conf_free(cf);
	free(copy);
	/* Unblanked, no nsec gets through. */
	cf = conf_parse("f", text, len, 0, 0, NULL, err);
	must_be_same(cf == NULL || !cf->has_nsec);
	conf_free(cf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char err[CONF_ERR_LEN];
	struct conf_host *host;
	struct conf_acl *acl;
	unsigned nhost, nacl;

	fuzz_yaml(text, size);
	conf_hosts("h", text, size, &host, &nhost, NULL);
	conf_acl("a", text, size, 1, NULL, host, nhost, &acl, &nacl, err);
	free(host);
	free(acl);
	return 0;
}
