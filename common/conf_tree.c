/*
 * conf_tree.c -- a YAML document with its marks, and the walk of a map
 * against a table of known keys. Knows YAML, not what a key means.
 *
 * The walk goes no deeper than the table, whatever the document does with
 * anchors: an alias that holds itself is just a value of the wrong type.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"

#define MAX_DEPTH	32
#define MAX_ANCHORS	1000
#define MAX_EVENTS	200000

static void
put_text(char *out, size_t size, const char *name, const yaml_node_t *n,
    const char *fmt, va_list ap)
{
	int len;

	if (n != NULL)
		len = snprintf(out, size, "%s:%zu:%zu: ", name,
		    n->start_mark.line + 1, n->start_mark.column + 1);
	else
		len = snprintf(out, size, "%s: ", name);
	if (len > 0 && (size_t)len < size)
		vsnprintf(out + len, size - (size_t)len, fmt, ap);
}

/* Always -1. The first error is the one that is kept. */
int
conf_error(struct conf_ctx *c, const yaml_node_t *n, const char *fmt, ...)
{
	va_list ap;

	if (c->err[0] != '\0')
		return -1;
	va_start(ap, fmt);
	put_text(c->err, CONF_ERR_LEN, c->name, n, fmt, ap);
	va_end(ap);
	return -1;
}

void
conf_warn(struct conf_ctx *c, const yaml_node_t *n, const char *fmt, ...)
{
	char line[CONF_ERR_LEN];
	va_list ap;

	if (c->warn == NULL)
		return;
	va_start(ap, fmt);
	put_text(line, sizeof(line), c->name, n, fmt, ap);
	va_end(ap);
	c->warn(line);
}

/* Bytes of a UTF-8 byte order mark at the start of text. */
size_t
conf_bom(const char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* libyaml's problem texts are constants: no byte of the file is in them. */
static int
syntax_error(struct conf_ctx *c, const yaml_parser_t *p)
{
	snprintf(c->err, CONF_ERR_LEN, "%s:%zu:%zu: not valid YAML: %s",
	    c->name, p->problem_mark.line + 1, p->problem_mark.column + 1,
	    p->problem != NULL ? p->problem : "out of memory");
	return -1;
}

static void
open_parser(yaml_parser_t *p, const char *text, size_t len)
{
	size_t skip = conf_bom(text, len);

	if (!yaml_parser_initialize(p))
		abort();
	yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(p, (const unsigned char *)text + skip,
	    len - skip);
}

/* What one pass over the events has seen so far. */
struct tally {
	unsigned	 depth, events, anchors, documents;
};

static const char *
count_event(struct tally *t, const yaml_event_t *ev)
{
	const yaml_char_t *anchor = NULL;

	if (ev->type == YAML_DOCUMENT_START_EVENT && ++t->documents > 1)
		return "a second YAML document; one is allowed";
	if (ev->type == YAML_MAPPING_END_EVENT ||
	    ev->type == YAML_SEQUENCE_END_EVENT)
		t->depth--;
	if (ev->type == YAML_SCALAR_EVENT)
		anchor = ev->data.scalar.anchor;
	if (ev->type == YAML_MAPPING_START_EVENT)
		anchor = ev->data.mapping_start.anchor;
	if (ev->type == YAML_SEQUENCE_START_EVENT)
		anchor = ev->data.sequence_start.anchor;
	if ((ev->type == YAML_MAPPING_START_EVENT ||
	    ev->type == YAML_SEQUENCE_START_EVENT) && ++t->depth > MAX_DEPTH)
		return "nested too deeply";
	if (anchor != NULL && ++t->anchors > MAX_ANCHORS)
		return "too many anchors";
	if (++t->events > MAX_EVENTS)
		return "too many values";
	return NULL;
}

/*
 * libyaml takes minutes over a megabyte of brackets and quadratic time over
 * anchors. This pass costs nothing and stops in time.
 */
static int
check_shape(struct conf_ctx *c, const char *text, size_t len)
{
	struct tally t = { 0 };
	yaml_parser_t p;
	yaml_event_t ev;
	yaml_node_t at;
	const char *wrong = NULL;
	int ret = 0, end = 0;

	open_parser(&p, text, len);
	while (ret == 0 && !end) {
		if (!yaml_parser_parse(&p, &ev)) {
			ret = syntax_error(c, &p);
			break;
		}
		end = ev.type == YAML_STREAM_END_EVENT;
		wrong = count_event(&t, &ev);
		if (wrong != NULL) {
			at.start_mark = ev.start_mark;
			ret = conf_error(c, &at, "%s", wrong);
		}
		yaml_event_delete(&ev);
	}
	yaml_parser_delete(&p);
	return ret;
}

/* 0 and c->doc, which the caller deletes; or -1 and c->err. */
int
conf_load(struct conf_ctx *c, const char *text, size_t len)
{
	yaml_parser_t p;
	int ret = 0;

	if (len > CONF_MAX)
		return conf_error(c, NULL, "longer than %d bytes", CONF_MAX);
	if (check_shape(c, text, len) == -1)
		return -1;
	open_parser(&p, text, len);
	if (!yaml_parser_load(&p, &c->doc))
		ret = syntax_error(c, &p);
	yaml_parser_delete(&p);
	return ret;
}

yaml_node_t *
conf_node(struct conf_ctx *c, int id)
{
	return yaml_document_get_node(&c->doc, id);
}

const char *
conf_text(const yaml_node_t *n)
{
	const char *s;

	if (n->type != YAML_SCALAR_NODE)
		return NULL;
	s = (const char *)n->data.scalar.value;
	return strlen(s) == n->data.scalar.length ? s : NULL;
}

int
conf_is_null(const yaml_node_t *n)
{
	const char *s = conf_text(n);

	return s != NULL && n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (*s == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0 ||
	    strcmp(s, "Null") == 0 || strcmp(s, "NULL") == 0);
}

/* Nothing in it: null, {} or []. */
int
conf_is_empty(const yaml_node_t *n)
{
	if (n->type == YAML_MAPPING_NODE)
		return n->data.mapping.pairs.start == n->data.mapping.pairs.top;
	if (n->type == YAML_SEQUENCE_NODE)
		return n->data.sequence.items.start ==
		    n->data.sequence.items.top;
	return conf_is_null(n);
}

/* -1 when the key of upto stands in map already, above it. */
int
conf_dup_key(struct conf_ctx *c, yaml_node_t *map,
    const yaml_node_pair_t *upto, const char *path)
{
	const yaml_node_pair_t *p;
	const yaml_node_t *key = conf_node(c, upto->key), *old;
	const char *s = conf_text(key), *t;

	for (p = map->data.mapping.pairs.start; p < upto; p++) {
		old = conf_node(c, p->key);
		t = conf_text(old);
		if (t != NULL && strcmp(s, t) == 0)
			return conf_error(c, key, "'%s' is given twice; first "
			    "in line %zu", path, old->start_mark.line + 1);
	}
	return 0;
}

/* The row whose path is rel, or (*inside) the map that holds some row. */
static const struct conf_row *
find_row(const struct conf_table *t, const char *rel, int *inside)
{
	size_t i, len = strlen(rel);

	*inside = 0;
	for (i = 0; i < t->n; i++) {
		if (strncmp(t->row[i].path, rel, len) != 0)
			continue;
		if (t->row[i].path[len] == '\0')
			return &t->row[i];
		if (t->row[i].path[len] == '.')
			*inside = 1;
	}
	return NULL;
}

/* The known key under rel that is most like key; "" when none is near. */
static void
nearest(const struct conf_table *t, const char *rel, const char *key,
    char best[64])
{
	size_t i, len = strlen(rel), n;
	unsigned d, min = strlen(key) > 8 ? 4 : 3;
	const char *s;
	char word[64];

	best[0] = '\0';
	for (i = 0; i < t->n; i++) {
		if (strncmp(t->row[i].path, rel, len) != 0)
			continue;
		s = t->row[i].path + len;
		n = strcspn(s, ".");
		memcpy(word, s, n);
		word[n] = '\0';
		d = conf_distance(key, word);
		if (d < min) {
			min = d;
			memcpy(best, word, n + 1);
		}
	}
}

static int
unknown_key(struct conf_ctx *c, const yaml_node_t *n, const char *where,
    const char *rel, const struct conf_table *t, const char *key)
{
	char best[64], safe[CONF_SHOW];

	if (strcmp(key, "<<") == 0)
		return conf_error(c, n, "merge keys ('<<') are not supported");
	nearest(t, rel, key, best);
	conf_show(key, safe);
	if (best[0] == '\0')
		return conf_error(c, n, "unknown key '%s%s%s'", where, rel,
		    safe);
	return conf_error(c, n, "unknown key '%s%s%s'; did you mean '%s%s%s'?",
	    where, rel, safe, where, rel, best);
}

/* One key and its value: a row, or a map with rows in it. */
static int
walk_pair(struct conf_ctx *c, yaml_node_t *map, const yaml_node_pair_t *p,
    const char *where, const char *rel, const struct conf_table *t, void *base)
{
	yaml_node_t *key = conf_node(c, p->key), *value = conf_node(c, p->value);
	const char *s = conf_text(key);
	const struct conf_row *row;
	char sub[CONF_PATH / 2], path[CONF_PATH];
	int inside, n;

	if (s == NULL)
		return conf_error(c, key, "a key must be a word");
	n = snprintf(sub, sizeof(sub) - 1, "%s%s", rel, s);
	if (n < 0 || (size_t)n >= sizeof(sub) - 1)
		return conf_error(c, key, "unknown key, %zu bytes long",
		    strlen(s));
	row = find_row(t, sub, &inside);
	if (row == NULL && !inside)
		return unknown_key(c, key, where, rel, t, s);
	n = snprintf(path, sizeof(path), "%s%s", where, sub);
	if (n < 0 || (size_t)n >= sizeof(path))
		return conf_error(c, key, "path too long");
	if (conf_dup_key(c, map, p, path) == -1)
		return -1;
	if (row != NULL)
		return conf_set(c, row, value, path, base);
	if (value->type != YAML_MAPPING_NODE && !conf_is_null(value))
		return conf_error(c, value, "%s must hold keys and values",
		    path);
	strcat(sub, ".");
	return conf_walk(c, value, where, sub, t, base);
}

/*
 * where is what messages put before the table's paths, with its dot; rel the
 * path inside the table so far, with its dot. A null is an empty map.
 */
int
conf_walk(struct conf_ctx *c, yaml_node_t *map, const char *where,
    const char *rel, const struct conf_table *t, void *base)
{
	const yaml_node_pair_t *p;

	if (conf_is_null(map))
		return 0;
	if (map->type != YAML_MAPPING_NODE)
		return conf_error(c, map, "keys and values expected here");
	for (p = map->data.mapping.pairs.start;
	    p < map->data.mapping.pairs.top; p++)
		if (walk_pair(c, map, p, where, rel, t, base) == -1)
			return -1;
	return 0;
}
