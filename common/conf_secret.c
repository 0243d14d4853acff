/*
 * conf_secret.c -- where node.identity.nsec stands in a file; for cryptod.
 *
 * libyaml copies what it reads all over the heap. So it gets a copy of the
 * file in which every long word is written over with 'x': that changes no
 * structure and no position, and the secret is never in it. The answer is
 * checked against that copy, byte by byte, before anyone relies on it.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

#define LONG_WORD	16	/* no key of the file has so long a word */
#define NSEC_MAX	256

/* A run of letters and digits that is long enough becomes 'x'. */
static void
mask(char *s, size_t len)
{
	size_t i, run, keep;

	for (i = 0; i < len; i += run + 1) {
		for (run = 0; i + run < len &&
		    isalnum((unsigned char)s[i + run]); run++)
			continue;
		if (run < LONG_WORD)
			continue;
		/* An escape (\x41, \U0001f600) keeps its digits. */
		keep = i > 0 && s[i - 1] == '\\' ? 9 : 0;
		memset(s + i + keep, 'x', run - keep);
	}
}

/* Marks count characters after the byte order mark; we want bytes. */
static size_t
byte_of(const char *text, size_t len, size_t index)
{
	size_t i;

	for (i = conf_bom(text, len); i < len; i++) {
		if (((unsigned char)text[i] & 0xc0) == 0x80)
			continue;
		if (index-- == 0)
			break;
	}
	return i;
}

static int
is_key(struct conf_ctx *c, const yaml_node_pair_t *p, const char *word)
{
	const char *s = conf_text(conf_node(c, p->key));

	return s != NULL && strcmp(s, word) == 0;
}

/* The value of key in map; NULL when there is none, or (c->err) two. */
static yaml_node_t *
child(struct conf_ctx *c, yaml_node_t *map, const char *key)
{
	const yaml_node_pair_t *p;
	yaml_node_t *found = NULL;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (p = map->data.mapping.pairs.start;
	    p < map->data.mapping.pairs.top; p++) {
		if (!is_key(c, p, key))
			continue;
		if (found != NULL) {
			conf_error(c, conf_node(c, p->key), "'%s' is given "
			    "twice", key);
			return NULL;
		}
		found = conf_node(c, p->value);
	}
	return found;
}

static yaml_node_t *
section(struct conf_ctx *c, yaml_node_t *map, const char *key)
{
	yaml_node_t *n = child(c, map, key);

	if (n != NULL && n->type != YAML_MAPPING_NODE && !conf_is_null(n)) {
		conf_error(c, n, "'%s' must hold keys and values", key);
		return NULL;
	}
	return n;
}

/*
 * A key named nsec anywhere but in node.identity is a secret that the reader
 * of the rest would see; a merge key could bring one from anywhere.
 */
static int
check_strays(struct conf_ctx *c, const yaml_node_t *identity)
{
	const yaml_node_pair_t *p;
	yaml_node_t *n;
	int i;

	for (i = 1; (n = conf_node(c, i)) != NULL; i++) {
		if (n->type != YAML_MAPPING_NODE)
			continue;
		for (p = n->data.mapping.pairs.start;
		    p < n->data.mapping.pairs.top; p++) {
			if (is_key(c, p, "<<"))
				return conf_error(c, conf_node(c, p->key),
				    "merge keys ('<<') are not supported");
			if (n != identity && is_key(c, p, "nsec"))
				return conf_error(c, conf_node(c, p->key),
				    "'nsec' belongs under node.identity only");
		}
	}
	return 0;
}

static int
read_persistent(struct conf_ctx *c, yaml_node_t *n, int *persistent)
{
	const char *s;
	uint64_t v = 0;

	if (n != NULL && !conf_is_null(n)) {
		s = conf_text(n);
		if (s == NULL || conf_bool(s, &v) == -1 ||
		    n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
			return conf_error(c, n, "node.identity.persistent: "
			    "true or false expected");
	}
	*persistent = (int)v;
	return 0;
}

/* The bytes between the quotes must be the very text that YAML saw. */
static int
place(struct conf_ctx *c, yaml_node_t *n, const char *masked, size_t len,
    size_t *at, size_t *slen)
{
	const char *s = conf_text(n);
	size_t from, to;
	int quoted;

	if (s == NULL || n->start_mark.line != n->end_mark.line)
		goto bad;
	quoted = n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	from = byte_of(masked, len, n->start_mark.index) + (size_t)quoted;
	to = byte_of(masked, len, n->end_mark.index) - (size_t)quoted;
	if (from > to || to > len || to - from != strlen(s) ||
	    memcmp(masked + from, s, to - from) != 0)
		goto bad;
	if (from == to || to - from > NSEC_MAX)
		return conf_error(c, n, "node.identity.nsec: nsec1... or 64 "
		    "hex digits expected; %zu characters found", to - from);
	*at = from;
	*slen = to - from;
	return 0;
bad:
	return conf_error(c, n, "node.identity.nsec: write it on one line, "
	    "with no anchor, tag, alias or escape");
}

static int
search(struct conf_ctx *c, const char *masked, size_t len, size_t *at,
    size_t *slen, int *persistent)
{
	yaml_node_t *identity, *nsec;

	identity = section(c, section(c,
	    yaml_document_get_root_node(&c->doc), "node"), "identity");
	nsec = child(c, identity, "nsec");
	if (c->err[0] != '\0' || check_strays(c, identity) == -1 ||
	    read_persistent(c, child(c, identity, "persistent"),
	    persistent) == -1)
		return -1;
	if (c->err[0] != '\0')
		return -1;
	if (nsec == NULL || conf_is_null(nsec))
		return 0;
	return place(c, nsec, masked, len, at, slen);
}

int
conf_find_secret(const char *name, const char *text, size_t len, size_t *at,
    size_t *slen, int *persistent, char err[CONF_ERR_LEN])
{
	struct conf_ctx c = { .name = name, .err = err };
	char *masked;
	int ret = -1;

	err[0] = '\0';
	*at = *slen = 0;
	*persistent = 0;
	if (len > CONF_MAX)
		return conf_error(&c, NULL, "longer than %d bytes", CONF_MAX);
	masked = malloc(len + 1);
	if (masked == NULL)
		return conf_error(&c, NULL, "out of memory");
	memcpy(masked, text, len);
	mask(masked, len);
	if (conf_load(&c, masked, len) == -1)
		goto out;
	ret = search(&c, masked, len, at, slen, persistent);
	yaml_document_delete(&c.doc);
out:
	explicit_bzero(masked, len);
	free(masked);
	return ret;
}
