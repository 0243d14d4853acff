/*
 * conf.c -- fips.yaml as a whole: the table of its keys, defaults, and the
 * checks that look at more than one key. conf.def is the table's source.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

static const char *const txt_default[CONF_TXT_MAX] = {
#define TXT(NAME, path, max, def, doc)	def,
#include "conf.def"
};

static conf_fn on_nsec, on_attempts;

#define AT(field)	offsetof(struct conf, field), \
			sizeof(((struct conf *)0)->field)

static const struct conf_row rows[] = {
#define NUM(NAME, path, kind, def, lo, hi, doc) \
	{ path, CONF_K_##kind, lo, hi, AT(num[CONF_##NAME]), NULL },
#define TXT(NAME, path, max, def, doc) \
	{ path, CONF_K_HEAP, 0, max, AT(txt[CONF_##NAME]), NULL },
#define LATER(path, doc) \
	{ path, CONF_K_LATER, 0, 0, 0, 0, NULL },
#include "conf.def"
	{ "node.identity.nsec", CONF_K_FN, 0, 0, 0, 0, on_nsec },
	{ "node.identity.persistent", CONF_K_BOOL, 0, 1, AT(persistent), NULL },
	{ "node.discovery.attempt_timeouts_secs", CONF_K_FN, 0, 0, 0, 0,
	    on_attempts },
	{ "transports.udp", CONF_K_FN, 0, 0, 0, 0, conf_on_udp },
	{ "peers", CONF_K_FN, 0, 0, 0, 0, conf_on_peers },
};

static const struct conf_table table = { rows, sizeof(rows) / sizeof(rows[0]) };

/*
 * The caller blanked the secret. Anything but the blank means that the file
 * holds a key where the key room saw none: it must not be used, or shown.
 */
static int
on_nsec(struct conf_ctx *c, yaml_node_t *n, const char *path, void *base)
{
	struct conf *cf = base;
	const char *s = conf_text(n);

	if (conf_is_null(n))
		return 0;
	if (s == NULL)
		return conf_error(c, n, "%s: a text expected", path);
	if (c->secret_len == 0 || strlen(s) != c->secret_len ||
	    strspn(s, "x") != c->secret_len)
		return conf_error(c, n, "%s: not where the key room found it",
		    path);
	cf->has_nsec = 1;
	return 0;
}

static int
on_attempts(struct conf_ctx *c, yaml_node_t *n, const char *path, void *base)
{
	static const struct conf_row entry =
	    { "", CONF_K_UINT, 1, 3600, 0, sizeof(uint32_t), NULL };
	struct conf *cf = base;
	const yaml_node_item_t *it;
	size_t count;

	if (conf_is_null(n))
		return 0;
	if (n->type != YAML_SEQUENCE_NODE)
		return conf_error(c, n, "%s: a list of seconds expected", path);
	it = n->data.sequence.items.start;
	count = (size_t)(n->data.sequence.items.top - it);
	if (count < 1 || count > CONF_ATTEMPTS)
		return conf_error(c, n, "%s: %zu entries; 1 to %d are allowed",
		    path, count, CONF_ATTEMPTS);
	for (cf->nattempt = 0; cf->nattempt < count; cf->nattempt++)
		if (conf_is_null(conf_node(c, it[cf->nattempt])) ||
		    conf_set(c, &entry, conf_node(c, it[cf->nattempt]), path,
		    &cf->attempt_s[cf->nattempt]) == -1)
			return conf_error(c, n, "%s: an entry is empty", path);
	return 0;
}

static int
check_tun_name(struct conf_ctx *c)
{
	const char *s = c->cf->txt[CONF_TUN_NAME];
	char safe[CONF_SHOW];

	if (*s != '\0' && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789_.-") == strlen(s))
		return 0;
	return conf_error(c, NULL, "tun.name: '%s' is no interface name "
	    "(letters, digits, '_', '-', '.')", conf_show(s, safe));
}

static int
check_whole(struct conf_ctx *c)
{
	const char *s = c->cf->txt[CONF_DNS_BIND];
	uint64_t slots = c->cf->num[CONF_BASTIDE_SLOTS];
	struct in6_addr a;
	char safe[CONF_SHOW];

	if (inet_pton(AF_INET6, s, &a) != 1 && inet_pton(AF_INET, s, &a) != 1)
		return conf_error(c, NULL, "dns.bind_addr: '%s' is no IP "
		    "address", conf_show(s, safe));
	if ((slots & (slots - 1)) != 0)
		return conf_error(c, NULL, "bastide.ring.slots: %llu is not a "
		    "power of two", (unsigned long long)slots);
	if (check_tun_name(c) == -1)
		return -1;
	return conf_check_loopback(c);
}

struct conf *
conf_new(void)
{
	static const uint32_t attempts[] = { 1, 2, 4, 8 };
	struct conf *cf = calloc(1, sizeof(*cf));
	int i;

	if (cf == NULL)
		abort();
	memcpy(cf->num, conf_default, sizeof(cf->num));
	for (i = 0; i < CONF_TXT_MAX; i++)
		if ((cf->txt[i] = strdup(txt_default[i])) == NULL)
			abort();
	memcpy(cf->attempt_s, attempts, sizeof(attempts));
	cf->nattempt = 4;
	return cf;
}

void
conf_free(struct conf *cf)
{
	unsigned i;

	if (cf == NULL)
		return;
	for (i = 0; i < CONF_TXT_MAX; i++)
		free(cf->txt[i]);
	for (i = 0; i < cf->npeer; i++)
		free(cf->peer[i].addr);
	free(cf->peer);
	free(cf->udp);
	free(cf);
}

static int
parse_root(struct conf_ctx *c)
{
	yaml_node_t *root = yaml_document_get_root_node(&c->doc);

	if (root != NULL && conf_walk(c, root, "", "", &table, c->cf) == -1)
		return -1;
	return check_whole(c);
}

struct conf *
conf_parse(const char *name, const char *text, size_t len, size_t secret_at,
    size_t secret_len, void (*warn)(const char *), char err[CONF_ERR_LEN])
{
	struct conf_ctx c = { .name = name, .warn = warn, .err = err,
	    .secret_len = secret_len };

	err[0] = '\0';
	if (secret_at > len || secret_len > len - secret_at) {
		conf_error(&c, NULL, "shorter than it was a moment ago");
		return NULL;
	}
	if (conf_load(&c, text, len) == -1)
		return NULL;
	c.cf = conf_new();
	if (parse_root(&c) == -1) {
		conf_free(c.cf);
		c.cf = NULL;
	}
	yaml_document_delete(&c.doc);
	return c.cf;
}
