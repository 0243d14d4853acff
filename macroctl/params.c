/*
 * params.c -- JSON that a caller or a provider gave, as lines for a planner.
 * What is deep, huge, given twice or no flat object never gets there.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "macroctl.h"
#include "span.h"

#define CREDS	16

int
bad(char err[ERR_LEN], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, ERR_LEN, fmt, ap);
	va_end(ap);
	return -1;
}

static json_t *
load(const char *json, size_t len, char err[ERR_LEN])
{
	json_error_t	 e;
	json_t		*o;

	if (len > JSON_LEN) {
		bad(err, "longer than %d bytes", JSON_LEN);
		return NULL;
	}
	if (json_deep(json, len, JSON_DEPTH) < len) {
		bad(err, "deeper than %d", JSON_DEPTH);
		return NULL;
	}
	o = json_loadb(json, len, JSON_REJECT_DUPLICATES, &e);
	if (o == NULL)
		bad(err, "%d:%d: %.100s", e.line, e.column, e.text);
	else if (!json_is_object(o)) {
		bad(err, "not an object");
		json_decref(o);
		o = NULL;
	}
	return o;
}

/* -- lines ---------------------------------------------------------------- */

struct lines {
	char	*out;
	size_t	 len, cap;
};

static int
put(struct lines *l, const char *what, const char *name, const char *value,
    char err[ERR_LEN])
{
	int n = snprintf(l->out + l->len, l->cap - l->len, "%s.%s=%s\n", what,
	    name, value);

	if (n < 0 || (size_t)n >= l->cap - l->len)
		return bad(err, "too much for a planner");
	l->len += (size_t)n;
	return 0;
}

static int
is_word(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= 'A' && s[i] <= 'Z') ||
		    (s[i] >= '0' && s[i] <= '9') ||
		    strchr("-_.:/+=", s[i]) != NULL) || s[i] == '\0')
			return 0;
	return 1;
}

/* Text of a scalar, or NULL. */
static const char *
scalar(const json_t *v, char num[24])
{
	if (json_is_string(v))
		return json_string_value(v);
	if (json_is_boolean(v))
		return json_is_true(v) ? "true" : "false";
	if (!json_is_integer(v))
		return NULL;
	snprintf(num, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return num;
}

/* Is v what the manifest says of p? */
static int
check(const struct param *p, const json_t *v, char err[ERR_LEN])
{
	json_int_t	n = json_integer_value(v);
	size_t		len = json_string_length(v);

	switch (p->type) {
	case PARAM_BOOL:
		return json_is_boolean(v) ? 0 :
		    bad(err, "%s: not true or false", p->name);
	case PARAM_INT:
	case PARAM_PORT:
		return json_is_integer(v) && n >= p->lo && n <= p->hi ? 0 :
		    bad(err, "%s: not a whole number of %" PRId64 " to %" PRId64,
		    p->name, p->lo, p->hi);
	default:
		return json_is_string(v) && (int64_t)len >= p->lo &&
		    (int64_t)len <= p->hi && len <= PARAM_TEXT &&
		    is_word(json_string_value(v), len) ? 0 :
		    bad(err, "%s: not %" PRId64 " to %" PRId64 " of A-Z a-z "
		    "0-9 - _ . : / + =", p->name, p->lo, p->hi);
	}
}

static const struct param *
find(const struct manifest *m, const char *name)
{
	unsigned i;

	for (i = 0; i < m->nparam; i++)
		if (strcmp(m->param[i].name, name) == 0)
			return &m->param[i];
	return NULL;
}

static int
all_known(const struct manifest *m, json_t *o, char err[ERR_LEN])
{
	const char	*name;
	json_t		*v;

	json_object_foreach(o, name, v)
		if (find(m, name) == NULL)
			return bad(err, "%s takes no '%.40s'", m->kind, name);
	return 0;
}

static int
one_param(struct lines *l, const struct param *p, const json_t *v,
    char err[ERR_LEN])
{
	char num[24];

	if (v == NULL && p->has_default)
		return put(l, "param", p->name, p->value, err);
	if (v == NULL)
		return p->optional ? 0 : bad(err, "%s is needed", p->name);
	return check(p, v, err) == -1 ? -1 :
	    put(l, "param", p->name, scalar(v, num), err);
}

ssize_t
params_lines(const struct manifest *m, const char *json, size_t len, char *out,
    size_t cap, char err[ERR_LEN])
{
	struct lines	 l = { out, 0, cap };
	json_t		*o = json == NULL ? json_object() : load(json, len, err);
	unsigned	 i;
	ssize_t		 ret = -1;

	if (o == NULL)
		return -1;
	if (all_known(m, o, err) == -1)
		goto out;
	for (i = 0; i < m->nparam; i++)
		if (one_param(&l, &m->param[i], json_object_get(o,
		    m->param[i].name), err) == -1)
			goto out;
	ret = (ssize_t)l.len;
out:
	json_decref(o);
	return ret;
}

/* Another box wrote it: a byte that is no printable ASCII becomes '?'. */
static int
one_cred(struct lines *l, const char *name, const json_t *v, char err[ERR_LEN])
{
	char		 num[24], clean[PARAM_TEXT + 1];
	const char	*s = scalar(v, num);
	size_t		 n = strlen(name);

	if (n == 0 || n > PARAM_NAME ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != n)
		return bad(err, "a name is 1 to %d of a-z 0-9 _", PARAM_NAME);
	if (s == NULL || (json_is_string(v) &&
	    (json_string_length(v) > PARAM_TEXT ||
	    strlen(s) != json_string_length(v))))
		return bad(err, "%s: not a text of at most %d bytes, a whole "
		    "number, true or false", name, PARAM_TEXT);
	make_printable(clean, sizeof(clean), s, strlen(s));
	return put(l, "cred", name, clean, err);
}

ssize_t
cred_lines(const char *json, size_t len, char *out, size_t cap,
    char err[ERR_LEN])
{
	struct lines	 l = { out, 0, cap };
	json_t		*o, *v;
	const char	*name;
	ssize_t		 ret = -1;

	if (json == NULL)
		return 0;
	if ((o = load(json, len, err)) == NULL)
		return -1;
	if (json_object_size(o) > CREDS) {
		bad(err, "more than %d values", CREDS);
		goto out;
	}
	json_object_foreach(o, name, v)
		if (one_cred(&l, name, v, err) == -1)
			goto out;
	ret = (ssize_t)l.len;
out:
	json_decref(o);
	return ret;
}
