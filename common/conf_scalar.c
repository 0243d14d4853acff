/*
 * conf_scalar.c -- one value: text to number, range, and into its place.
 * What counts as a number or a truth value is what serde_yaml 0.9 takes:
 * plain true, True, TRUE; decimal, 0x, 0o, 0b; nothing in quotes.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_int.h"

static int
digits(const char *s, unsigned base, uint64_t *out)
{
	uint64_t v = 0;
	unsigned d;

	if (*s == '\0')
		return -1;
	for (; *s != '\0'; s++) {
		if (!isxdigit((unsigned char)*s))
			return -1;
		d = isdigit((unsigned char)*s) ? (unsigned)(*s - '0') :
		    (unsigned)(tolower((unsigned char)*s) - 'a') + 10;
		if (d >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return -1;
	}
	*out = v;
	return 0;
}

int
conf_uint(const char *s, uint64_t *out)
{
	if (*s == '+')
		s++;
	if (strncmp(s, "0x", 2) == 0)
		return digits(s + 2, 16, out);
	if (strncmp(s, "0o", 2) == 0)
		return digits(s + 2, 8, out);
	if (strncmp(s, "0b", 2) == 0)
		return digits(s + 2, 2, out);
	if (s[0] == '0' && s[1] != '\0')
		return -1;	/* 010 is text in YAML 1.2 */
	return digits(s, 10, out);
}

int
conf_bool(const char *s, uint64_t *out)
{
	if (strcmp(s, "true") == 0 || strcmp(s, "True") == 0 ||
	    strcmp(s, "TRUE") == 0)
		*out = 1;
	else if (strcmp(s, "false") == 0 || strcmp(s, "False") == 0 ||
	    strcmp(s, "FALSE") == 0)
		*out = 0;
	else
		return -1;
	return 0;
}

/* A decimal number, times 1000, to the nearest. The C locale is assumed. */
int
conf_milli(const char *s, uint64_t *out)
{
	char *end;
	double d;

	if (s[strspn(s, "0123456789.eE+-")] != '\0')
		return -1;
	d = strtod(s, &end);
	if (end == s || *end != '\0' || !(d >= 0) || d > 1e15)
		return -1;
	*out = (uint64_t)(d * 1000 + 0.5);
	return 0;
}

static int
word(const char *s, const char *const *list, size_t n, uint64_t *out)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcasecmp(s, list[i]) == 0) {
			*out = i;
			return 0;
		}
	return -1;
}

int
conf_level(const char *s, uint64_t *out)
{
	static const char *const level[] = {
		"off", "error", "warn", "info", "debug", "trace"
	};

	if (strcasecmp(s, "warning") == 0)
		s = "warn";
	return word(s, level, 6, out);
}

int
conf_mmp(const char *s, uint64_t *out)
{
	static const char *const mode[] = { "full", "lightweight", "minimal" };

	/* The reference takes these in lower case only. */
	return islower((unsigned char)*s) ? word(s, mode, 3, out) : -1;
}

int
conf_aead(const char *s, uint64_t *out)
{
	return word(s, conf_aead_word, CONF_AEAD_WORDS, out);
}

struct kind {
	int		(*parse)(const char *, uint64_t *);
	const char	 *what;
	int		  quoted;	/* a quoted text is taken as well */
};

static const struct kind kinds[] = {
	[CONF_K_UINT] = { conf_uint, "a whole number", 0 },
	[CONF_K_BOOL] = { conf_bool, "true or false", 0 },
	[CONF_K_MILLI] = { conf_milli, "a number", 0 },
	[CONF_K_LEVEL] = { conf_level,
	    "one of trace, debug, info, warn, error, off", 1 },
	[CONF_K_MMP] = { conf_mmp, "one of full, lightweight, minimal", 1 },
	[CONF_K_AEAD] = { conf_aead, "one of auto, libsodium, libcrypto, ipsec-mb", 1 },
	[CONF_K_LATER_BOOL] = { conf_bool, "true or false", 0 },
};

static void
limit_text(const struct conf_row *r, uint64_t v, char *out, size_t size)
{
	if (r->kind == CONF_K_MILLI)
		snprintf(out, size, "%g", (double)v / 1000);
	else
		snprintf(out, size, "%llu", (unsigned long long)v);
}

static int
set_num(struct conf_ctx *c, const struct conf_row *r, yaml_node_t *n,
    const char *path, void *base)
{
	const struct kind *k = &kinds[r->kind];
	const char *s = conf_text(n);
	char safe[CONF_SHOW], lo[32], hi[32];
	uint64_t v;

	if (s == NULL)
		return conf_error(c, n, "%s: %s expected", path, k->what);
	if (!k->quoted && n->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return conf_error(c, n, "%s: %s expected, without quotes",
		    path, k->what);
	if (k->parse(s, &v) == -1)
		return conf_error(c, n, "%s: %s expected, not '%s'", path,
		    k->what, conf_show(s, safe));
	if (v < r->lo || v > r->hi) {
		limit_text(r, r->lo, lo, sizeof(lo));
		limit_text(r, r->hi, hi, sizeof(hi));
		return conf_error(c, n, "%s: %s is out of range (%s to %s)",
		    path, conf_show(s, safe), lo, hi);
	}
	if (r->kind == CONF_K_LATER_BOOL) {
		if (v != 0)
			conf_warn(c, n, "%s: this part is not built yet; "
			    "the setting does nothing", path);
		return 0;
	}
	/* Little-endian only, like the wire code of the whole house. */
	memcpy((char *)base + r->off, &v, r->size);
	return 0;
}

static int
set_text(struct conf_ctx *c, const struct conf_row *r, yaml_node_t *n,
    const char *path, void *base)
{
	const char *s = conf_text(n);
	char **heap, *copy;
	size_t i;

	if (s == NULL)
		return conf_error(c, n, "%s: a text expected", path);
	for (i = 0; s[i] != '\0'; i++)
		if (iscntrl((unsigned char)s[i]))
			return conf_error(c, n, "%s: a control character is "
			    "in it", path);
	if (strlen(s) > r->hi)
		return conf_error(c, n, "%s: %zu bytes is too long (at most "
		    "%llu)", path, strlen(s), (unsigned long long)r->hi);
	if (r->kind == CONF_K_TEXT) {
		memcpy((char *)base + r->off, s, strlen(s) + 1);
		return 0;
	}
	copy = strdup(s);
	if (copy == NULL)
		return conf_error(c, n, "out of memory");
	heap = (char **)(void *)((char *)base + r->off);
	free(*heap);
	*heap = copy;
	return 0;
}

/* A null leaves the default, as the reference's documents say. */
int
conf_set(struct conf_ctx *c, const struct conf_row *r, yaml_node_t *n,
    const char *path, void *base)
{
	if (r->kind == CONF_K_FN)
		return r->fn(c, n, path, base);
	if (r->kind == CONF_K_LATER) {
		if (!conf_is_empty(n))
			conf_warn(c, n, "%s: this part is not built yet; "
			    "the setting does nothing", path);
		return 0;
	}
	if (conf_is_null(n))
		return 0;
	if (r->kind == CONF_K_TEXT || r->kind == CONF_K_HEAP)
		return set_text(c, r, n, path, base);
	return set_num(c, r, n, path, base);
}
