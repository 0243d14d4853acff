/*
 * manifest.c -- KIND.yaml: what a kind takes and what its plan may ask for.
 * Root wrote it; it is read as strictly as anything else.
 */
#include <netinet/in.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_int.h"
#include "macroctl.h"

static const char *const type_name[] = { "int", "port", "bool", "word" };

/* One key of a map: what its value goes through. */
typedef int key_fn(struct conf_ctx *, yaml_node_t *, void *);
struct key {
	const char	*name;
	key_fn		*fn;
};

static int
walk(struct conf_ctx *c, yaml_node_t *map, const struct key *keys, void *base)
{
	yaml_node_pair_t	*p;
	yaml_node_t		*k;
	const struct key	*row;
	const char		*name;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return conf_error(c, map, "not a map");
	for (p = map->data.mapping.pairs.start;
	    p < map->data.mapping.pairs.top; p++) {
		k = conf_node(c, p->key);
		if ((name = conf_text(k)) == NULL)
			return conf_error(c, k, "not a plain key");
		if (conf_dup_key(c, map, p, name) == -1)
			return -1;
		for (row = keys; row->name != NULL; row++)
			if (strcmp(row->name, name) == 0)
				break;
		if (row->name == NULL)
			return conf_error(c, k, "unknown key '%.40s'", name);
		if (row->fn(c, conf_node(c, p->value), base) == -1)
			return -1;
	}
	return 0;
}

static int
text_of(struct conf_ctx *c, yaml_node_t *n, char *out, size_t max)
{
	const char	*s = conf_text(n);
	size_t		 len;

	if (s == NULL)
		return conf_error(c, n, "not a text");
	len = strlen(s);
	if (!is_printable(s, len))
		return conf_error(c, n, "not printable ASCII");
	if (len == 0 || len > max)
		return conf_error(c, n, "not 1 to %zu bytes", max);
	memcpy(out, s, len + 1);
	return 0;
}

static int
number_of(struct conf_ctx *c, yaml_node_t *n, int64_t lo, int64_t hi,
    int64_t *out)
{
	const char	*s = conf_text(n);
	char		*end;
	long long	 v;

	if (s == NULL || s[0] == '\0' || strlen(s) > 19 ||
	    strspn(s + (s[0] == '-'), "0123456789") !=
	    strlen(s + (s[0] == '-')))
		return conf_error(c, n, "not a whole number");
	v = strtoll(s, &end, 10);
	if (*end != '\0' || end == s || v < lo || v > hi)
		return conf_error(c, n, "not %" PRId64 " to %" PRId64, lo, hi);
	*out = v;
	return 0;
}

static int
bool_of(struct conf_ctx *c, yaml_node_t *n, int *out)
{
	const char	*s = conf_text(n);
	uint64_t	 v;

	if (s == NULL || conf_bool(s, &v) == -1)
		return conf_error(c, n, "not true or false");
	*out = (int)v;
	return 0;
}

/* -- top ------------------------------------------------------------------ */

static int
on_kind(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	char *to = ((struct manifest *)m)->kind;

	if (text_of(c, n, to, LEND_KIND_LEN) == -1)
		return -1;
	return is_kind(to, strlen(to)) ? 0 :
	    conf_error(c, n, "%s", lend_text(LEND_KIND));
}

static int
on_about(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	return text_of(c, n, ((struct manifest *)m)->about, NOTE_LEN);
}

static int
secs_of(struct conf_ctx *c, yaml_node_t *n, uint32_t *out)
{
	int64_t v;

	if (number_of(c, n, 1, LEND_SECS_MAX, &v) == -1)
		return -1;
	*out = (uint32_t)v;
	return 0;
}

static int
on_secs(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	return secs_of(c, n, &((struct manifest *)m)->secs);
}

static int
on_secs_max(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	return secs_of(c, n, &((struct manifest *)m)->secs_max);
}

static int
on_lifetime(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	static const struct key keys[] = { { "default", on_secs },
	    { "max", on_secs_max }, { NULL, NULL } };

	return walk(c, n, keys, m);
}

/* -- params --------------------------------------------------------------- */

static int
on_type(struct conf_ctx *c, yaml_node_t *n, void *p)
{
	const char	*s = conf_text(n);
	unsigned	 i;

	for (i = 0; s != NULL && i < 4; i++)
		if (strcmp(s, type_name[i]) == 0) {
			((struct param *)p)->type = i;
			return 0;
		}
	return conf_error(c, n, "a type is int, port, bool or word");
}

static int
on_min(struct conf_ctx *c, yaml_node_t *n, void *p)
{
	return number_of(c, n, INT32_MIN, INT32_MAX, &((struct param *)p)->lo);
}

static int
on_max(struct conf_ctx *c, yaml_node_t *n, void *p)
{
	return number_of(c, n, INT32_MIN, INT32_MAX, &((struct param *)p)->hi);
}

static int
on_optional(struct conf_ctx *c, yaml_node_t *n, void *p)
{
	return bool_of(c, n, &((struct param *)p)->optional);
}

static int
on_default(struct conf_ctx *c, yaml_node_t *n, void *p)
{
	((struct param *)p)->has_default = 1;
	return text_of(c, n, ((struct param *)p)->value, PARAM_TEXT);
}

static int
is_name(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= PARAM_NAME && s[0] >= 'a' && s[0] <= 'z' &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n;
}

/* Bounds that the type has anyhow, where the manifest gives none. */
static void
bound(struct param *p)
{
	int64_t lo = p->type == PARAM_INT ? INT32_MIN : p->type == PARAM_PORT ||
	    p->type == PARAM_WORD ? 1 : 0;
	int64_t hi = p->type == PARAM_INT ? INT32_MAX : p->type == PARAM_PORT ?
	    65535 : p->type == PARAM_WORD ? PARAM_TEXT : 1;

	if (p->lo == INT64_MIN || p->lo < lo)
		p->lo = lo;
	if (p->hi == INT64_MAX || p->hi > hi)
		p->hi = hi;
}

static int
on_params(struct conf_ctx *c, yaml_node_t *map, void *base)
{
	static const struct key keys[] = { { "type", on_type },
	    { "min", on_min }, { "max", on_max }, { "optional", on_optional },
	    { "default", on_default }, { NULL, NULL } };
	struct manifest		*m = base;
	yaml_node_pair_t	*pair;
	yaml_node_t		*k;
	struct param		*p;
	const char		*name;

	if (map == NULL || map->type != YAML_MAPPING_NODE)
		return conf_error(c, map, "params is a map of names");
	for (pair = map->data.mapping.pairs.start;
	    pair < map->data.mapping.pairs.top; pair++) {
		k = conf_node(c, pair->key);
		if ((name = conf_text(k)) == NULL || !is_name(name))
			return conf_error(c, k, "a name is 1 to %d of a-z 0-9 "
			    "_ and begins with a letter", PARAM_NAME);
		if (conf_dup_key(c, map, pair, name) == -1)
			return -1;
		if (m->nparam == PARAMS)
			return conf_error(c, k, "more than %d parameters",
			    PARAMS);
		p = &m->param[m->nparam++];
		*p = (struct param){ .lo = INT64_MIN, .hi = INT64_MAX };
		strcpy(p->name, name);
		if (walk(c, conf_node(c, pair->value), keys, p) == -1)
			return -1;
		bound(p);
		if (p->lo > p->hi)
			return conf_error(c, k, "'%s' has min above max", name);
	}
	return 0;
}

/* -- plan ----------------------------------------------------------------- */

/* "tcp/9050" or "udp/1024-65535". */
static int
range_parse(const char *s, struct range *r)
{
	unsigned	lo, hi;
	char		proto[4], tail;
	int		n;

	n = sscanf(s, "%3[a-z]/%5u-%5u%c", proto, &lo, &hi, &tail);
	if (n == 2)
		hi = lo;
	if ((n != 2 && n != 3) || lo < 1 || hi > 65535 || lo > hi ||
	    strspn(s, "tcpud/0123456789-") != strlen(s) ||
	    (n == 2 && strchr(s, '-') != NULL))
		return -1;
	if (strcmp(proto, "tcp") == 0)
		r->proto = IPPROTO_TCP;
	else if (strcmp(proto, "udp") == 0)
		r->proto = IPPROTO_UDP;
	else
		return -1;
	r->lo = (uint16_t)lo;
	r->hi = (uint16_t)hi;
	return 0;
}

static int
on_allow(struct conf_ctx *c, yaml_node_t *list, void *base)
{
	struct manifest		*m = base;
	yaml_node_item_t	*i;
	yaml_node_t		*n;
	const char		*s;

	if (list == NULL || list->type != YAML_SEQUENCE_NODE)
		return conf_error(c, list, "allow is a list of tcp/PORT");
	for (i = list->data.sequence.items.start;
	    i < list->data.sequence.items.top; i++) {
		n = conf_node(c, *i);
		s = conf_text(n);
		if (m->nallow == RANGES || s == NULL ||
		    range_parse(s, &m->allow[m->nallow]) == -1)
			return conf_error(c, n, "at most %d of tcp/PORT, "
			    "udp/PORT, tcp/LOW-HIGH", RANGES);
		m->nallow++;
	}
	return 0;
}

static int
on_listener(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	return bool_of(c, n, &((struct manifest *)m)->listener);
}

static int
on_wireguard(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	return bool_of(c, n, &((struct manifest *)m)->wireguard);
}

static int
on_endpoint(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	char *to = ((struct manifest *)m)->scheme;

	if (text_of(c, n, to, SCHEME_LEN) == -1)
		return -1;
	return lend_is_scheme(to, strlen(to)) ? 0 : conf_error(c, n, "'%s' is "
	    "no scheme that an endpoint may have", to);
}

static int
on_plan(struct conf_ctx *c, yaml_node_t *n, void *m)
{
	static const struct key keys[] = { { "allow", on_allow },
	    { "listener", on_listener }, { "wireguard", on_wireguard },
	    { "endpoint", on_endpoint }, { NULL, NULL } };

	return walk(c, n, keys, m);
}

static void
no_warning(const char *text)
{
	(void)text;
}

int
manifest_parse(const char *name, const char *text, size_t len,
    struct manifest *m, char err[ERR_LEN])
{
	static const struct key keys[] = { { "kind", on_kind },
	    { "about", on_about }, { "lifetime", on_lifetime },
	    { "params", on_params }, { "plan", on_plan }, { NULL, NULL } };
	struct conf_ctx	 c = { .name = name, .warn = no_warning, .err = err };
	yaml_node_t	*root;
	int		 ret;

	_Static_assert(ERR_LEN >= CONF_ERR_LEN, "conf_error() fills it");
	memset(m, 0, sizeof(*m));
	err[0] = '\0';
	m->secs = 3600;
	m->secs_max = 86400;
	if (conf_load(&c, text, len) == -1)
		return -1;
	root = yaml_document_get_root_node(&c.doc);
	ret = walk(&c, root, keys, m);
	if (ret == 0 && (m->kind[0] == '\0' || m->about[0] == '\0'))
		ret = conf_error(&c, root, "kind and about are needed");
	if (ret == 0 && m->secs > m->secs_max)
		ret = conf_error(&c, root, "lifetime: default above max");
	yaml_document_delete(&c.doc);
	return ret;
}

/* -- and back ------------------------------------------------------------- */

static json_t *
write_param(const struct param *p)
{
	json_t *o = json_pack("{s:s, s:I, s:I, s:b}", "type",
	    type_name[p->type], "min", (json_int_t)p->lo, "max",
	    (json_int_t)p->hi, "optional", p->optional);

	if (o != NULL && p->has_default)
		json_object_set_new(o, "default", json_string(p->value));
	return o;
}

char *
manifest_write(const struct manifest *m)
{
	json_t		*params = json_object(), *allow = json_array(), *plan, *o;
	char		 text[32], *out;
	unsigned	 i;

	for (i = 0; i < m->nparam; i++)
		json_object_set_new(params, m->param[i].name,
		    write_param(&m->param[i]));
	for (i = 0; i < m->nallow; i++) {
		snprintf(text, sizeof(text), "%s/%u-%u",
		    lend_proto(m->allow[i].proto), m->allow[i].lo,
		    m->allow[i].hi);
		json_array_append_new(allow, json_string(text));
	}
	plan = json_pack("{s:o, s:b, s:b}", "allow", allow, "listener",
	    m->listener, "wireguard", m->wireguard);
	if (m->scheme[0] != '\0')
		json_object_set_new(plan, "endpoint", json_string(m->scheme));
	o = json_pack("{s:s, s:s, s:{s:I, s:I}, s:o, s:o}", "kind", m->kind,
	    "about", m->about, "lifetime", "default", (json_int_t)m->secs,
	    "max", (json_int_t)m->secs_max, "params", params, "plan", plan);
	out = o == NULL ? NULL : json_dumps(o, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(o);
	return out;
}
