/*
 * plan.c -- what a planner printed: one JSON object, every key known, every
 * value bounded, and nothing in it that the manifest does not allow.
 */
#include <jansson.h>
#include <string.h>

#include "macroctl.h"
#include "span.h"

/* Printable ASCII of at most max bytes into out. */
static int
text_of(const json_t *v, const char *name, char *out, size_t max,
    char err[ERR_LEN])
{
	const char	*s = json_string_value(v);
	size_t		 n = json_string_length(v);

	if (s == NULL || n > max)
		return bad(err, "plan: %s is not a text of at most %zu bytes",
		    name, max);
	if (!is_printable(s, n))
		return bad(err, "plan: %s is not printable ASCII", name);
	memcpy(out, s, n + 1);
	return 0;
}

static int
allow_of(const json_t *list, struct plan *p, char err[ERR_LEN])
{
	struct lend_port *q;
	const char	*s;
	unsigned	 i, j;

	if (!json_is_array(list) || json_array_size(list) > LEND_PORTS)
		return bad(err, "plan: allow is not a list of at most %d",
		    LEND_PORTS);
	for (i = 0; i < json_array_size(list); i++) {
		s = json_string_value(json_array_get(list, i));
		q = &p->allow[i];
		if (s == NULL || lend_port_parse(s, strlen(s), q) == -1)
			return bad(err, "plan: allow has what is not tcp/PORT "
			    "or udp/PORT, 1 to 65535");
		for (j = 0; j < i; j++)
			if (p->allow[j].proto == q->proto &&
			    p->allow[j].port == q->port)
				return bad(err, "plan: %s stands there twice", s);
	}
	p->nallow = i;
	return 0;
}

static int
notes_of(const json_t *list, struct plan *p, char err[ERR_LEN])
{
	unsigned i;

	if (!json_is_array(list) || json_array_size(list) > NOTES)
		return bad(err, "plan: notes is not a list of at most %d",
		    NOTES);
	for (i = 0; i < json_array_size(list); i++)
		if (text_of(json_array_get(list, i), "a note", p->note[i],
		    NOTE_LEN, err) == -1)
			return -1;
	p->nnote = i;
	return 0;
}

static int
wireguard_of(const json_t *o, struct plan *p, char err[ERR_LEN])
{
	if (!json_is_object(o) || json_object_size(o) != 2)
		return bad(err, "plan: wireguard is public_key and endpoint");
	p->wireguard = 1;
	if (text_of(json_object_get(o, "public_key"), "public_key", p->wg_key,
	    64, err) == -1 ||
	    text_of(json_object_get(o, "endpoint"), "endpoint", p->wg_endpoint,
	    ENDPOINT_LEN, err) == -1)
		return -1;
	if (strlen(p->wg_key) != 64 ||
	    strspn(p->wg_key, "0123456789abcdef") != 64)
		return bad(err, "plan: public_key is not 64 hex digits");
	return 0;
}

static int
key_of(const char *name, const json_t *v, struct plan *p, char err[ERR_LEN])
{
	if (strcmp(name, "v") == 0)
		return json_is_integer(v) && json_integer_value(v) == 1 ? 0 :
		    bad(err, "plan: v is not 1");
	if (strcmp(name, "allow") == 0)
		return allow_of(v, p, err);
	if (strcmp(name, "notes") == 0)
		return notes_of(v, p, err);
	if (strcmp(name, "wireguard") == 0)
		return wireguard_of(v, p, err);
	if (strcmp(name, "endpoint") == 0)
		return text_of(v, name, p->endpoint, ENDPOINT_LEN, err);
	if (strcmp(name, "listener") == 0) {
		p->listener = json_is_true(v);
		return json_is_boolean(v) ? 0 :
		    bad(err, "plan: listener is not true or false");
	}
	return bad(err, "plan: unknown key '%.40s'", name);
}

int
plan_parse(const char *s, size_t len, struct plan *p, char err[ERR_LEN])
{
	json_error_t	 e;
	json_t		*o, *v;
	const char	*name;
	int		 ret = -1;

	memset(p, 0, sizeof(*p));
	if (json_deep(s, len, PLAN_DEPTH) < len)
		return bad(err, "plan: deeper than %d", PLAN_DEPTH);
	o = json_loadb(s, len, JSON_REJECT_DUPLICATES, &e);
	if (o == NULL)
		return bad(err, "plan: %d:%d: %.100s", e.line, e.column, e.text);
	if (!json_is_object(o) || json_object_get(o, "v") == NULL) {
		bad(err, "plan: not an object with v: 1");
		goto out;
	}
	json_object_foreach(o, name, v)
		if (key_of(name, v, p, err) == -1)
			goto out;
	ret = 0;
out:
	json_decref(o);
	if (ret == -1)
		memset(p, 0, sizeof(*p));
	return ret;
}

/* -- against the manifest ------------------------------------------------- */

static int
may_allow(const struct manifest *m, struct lend_port p)
{
	unsigned i;

	for (i = 0; i < m->nallow; i++)
		if (m->allow[i].proto == p.proto && p.port >= m->allow[i].lo &&
		    p.port <= m->allow[i].hi)
			return 1;
	return 0;
}

static int
is_scheme(const struct manifest *m, const char *endpoint)
{
	size_t n = strlen(m->scheme);

	return n > 0 && strncmp(endpoint, m->scheme, n) == 0 &&
	    strncmp(endpoint + n, "://", 3) == 0;
}

enum lend_why
plan_check(const struct plan *p, const struct manifest *m, enum lend_verb verb,
    char err[ERR_LEN])
{
	unsigned i;

	if (verb != LEND_GRANT && p->nallow > 0) {
		bad(err, "only a grant allows anything");
		return LEND_OUTSIDE;
	}
	for (i = 0; i < p->nallow; i++)
		if (!may_allow(m, p->allow[i])) {
			bad(err, "%s/%u is not in %s.yaml",
			    lend_proto(p->allow[i].proto), p->allow[i].port,
			    m->kind);
			return LEND_OUTSIDE;
		}
	if ((p->listener && !m->listener) || (p->wireguard && !m->wireguard)) {
		bad(err, "%s.yaml allows no %s", m->kind,
		    p->wireguard && !m->wireguard ? "wireguard" : "listener");
		return LEND_OUTSIDE;
	}
	if (p->endpoint[0] != '\0' && !is_scheme(m, p->endpoint)) {
		bad(err, "the endpoint does not begin with %s://", m->scheme);
		return LEND_OUTSIDE;
	}
	if (verb == LEND_GRANT && p->nallow == 0 && !p->wireguard) {
		bad(err, "the plan grants nothing");
		return LEND_PLAN;
	}
	return LEND_OK;
}
