/*
 * jcs.c -- what goes in through jansson comes out in one way only: keys in
 * the order of their UTF-16 units, no white space, the shortest escapes.
 * Pure, but for the memory that jansson takes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jcs.h"
#include "span.h"

struct out {
	char	*p, *end;
	int	 bad;
};

static int	check_value(const json_t *, struct because *);

static int
check_members(const json_t *v, struct because *b)
{
	void *it;

	for (it = json_object_iter((json_t *)(uintptr_t)v); it != NULL;
	    it = json_object_iter_next((json_t *)(uintptr_t)v, it)) {
		if (check_value(json_object_iter_value(it), b) == -1) {
			if (b != NULL && b->place[0] == '\0')
				because(b, b->why, "%.90s",
				    json_object_iter_key(it));
			return -1;
		}
	}
	return 0;
}

/* Only what has one canonical form for everybody. */
static int
check_value(const json_t *v, struct because *b)
{
	json_int_t n;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return check_members(v, b);
	case JSON_ARRAY:
		for (i = 0; i < json_array_size(v); i++)
			if (check_value(json_array_get(v, i), b) == -1)
				return -1;
		return 0;
	case JSON_INTEGER:
		n = json_integer_value(v);
		if (n > JCS_INT || n < -JCS_INT)
			return because(b, WHY_INTEGER, "%s", "");
		return 0;
	case JSON_REAL:
		return because(b, WHY_FLOAT, "%s", "");
	case JSON_NULL:
		return because(b, WHY_NULL_VALUE, "%s", "");
	default:
		return 0;
	}
}

static enum why
reason_of(const json_error_t *e)
{
	switch (json_error_code(e)) {
	case json_error_duplicate_key:
		return WHY_DUPLICATE_KEY;
	case json_error_numeric_overflow:
		return WHY_INTEGER;
	default:
		return WHY_JSON;
	}
}

json_t *
jcs_parse(const char *text, size_t len, struct because *b)
{
	json_error_t e;
	size_t deep;
	json_t *v;

	if (len > JCS_MAX) {
		because(b, WHY_SIZE, "%zu bytes", len);
		return NULL;
	}
	if ((deep = json_deep(text, len, JCS_DEPTH)) < len) {
		because(b, WHY_DEPTH, "byte %zu", deep);
		return NULL;
	}
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (v == NULL) {
		because(b, reason_of(&e), "byte %d: %.60s", e.position, e.text);
		return NULL;
	}
	if (check_value(v, b) == -1) {
		json_decref(v);
		return NULL;
	}
	return v;
}

static void
put(struct out *o, const char *s, size_t n)
{
	if (o->bad || (size_t)(o->end - o->p) < n) {
		o->bad = 1;
		return;
	}
	memcpy(o->p, s, n);
	o->p += n;
}

static int
needs_escape(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static void
put_escaped(struct out *o, unsigned char c)
{
	static const char named[] = "\bb\tt\nn\ff\rr\"\"\\\\";
	char hex[8];
	size_t i;

	for (i = 0; named[i] != '\0'; i += 2) {
		if ((unsigned char)named[i] == c) {
			put(o, "\\", 1);
			put(o, &named[i + 1], 1);
			return;
		}
	}
	snprintf(hex, sizeof(hex), "\\u%04x", c);
	put(o, hex, 6);
}

static void
put_string(struct out *o, const char *s, size_t n)
{
	size_t i, from = 0;

	put(o, "\"", 1);
	for (i = 0; i < n; i++) {
		if (!needs_escape((unsigned char)s[i]))
			continue;
		put(o, s + from, i - from);
		put_escaped(o, (unsigned char)s[i]);
		from = i + 1;
	}
	put(o, s + from, n - from);
	put(o, "\"", 1);
}

/*
 * The order of UTF-16 units, told from UTF-8 bytes: as the bytes, but what
 * needs a surrogate pair (0xf0 and up) comes before U+E000..U+FFFF (0xee, 0xef).
 */
static int
key_order(const void *a, const void *b)
{
	const unsigned char *x = *(const unsigned char *const *)a;
	const unsigned char *y = *(const unsigned char *const *)b;

	while (*x != '\0' && *x == *y)
		x++, y++;
	if (*x >= 0xee && *y >= 0xee && (*x >= 0xf0) != (*y >= 0xf0))
		return *x >= 0xf0 ? -1 : 1;
	return (*x > *y) - (*x < *y);
}

static void	put_value(struct out *, const json_t *, int);

static void
put_object(struct out *o, const json_t *v, int depth)
{
	json_t *obj = (json_t *)(uintptr_t)v;
	size_t n = json_object_size(v), i = 0;
	const char *few[16], **keys = few;
	void *it;

	if (n > sizeof(few) / sizeof(few[0]) &&
	    (keys = calloc(n, sizeof(*keys))) == NULL) {
		o->bad = 1;
		return;
	}
	for (it = json_object_iter(obj); it != NULL && i < n;
	    it = json_object_iter_next(obj, it))
		keys[i++] = json_object_iter_key(it);
	qsort(keys, n, sizeof(*keys), key_order);
	put(o, "{", 1);
	for (i = 0; i < n; i++) {
		put(o, ",", i > 0);
		put_string(o, keys[i], strlen(keys[i]));
		put(o, ":", 1);
		put_value(o, json_object_get(v, keys[i]), depth + 1);
	}
	put(o, "}", 1);
	if (keys != few)
		free(keys);
}

static void
put_value(struct out *o, const json_t *v, int depth)
{
	char num[24];
	size_t i;
	int n;

	if (o->bad || v == NULL || depth > JCS_DEPTH) {
		o->bad = 1;
		return;
	}
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		put_object(o, v, depth);
		break;
	case JSON_ARRAY:
		put(o, "[", 1);
		for (i = 0; i < json_array_size(v); i++) {
			put(o, ",", i > 0);
			put_value(o, json_array_get(v, i), depth + 1);
		}
		put(o, "]", 1);
		break;
	case JSON_STRING:
		put_string(o, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		n = snprintf(num, sizeof(num), "%lld",
		    (long long)json_integer_value(v));
		put(o, num, (size_t)n);
		break;
	case JSON_TRUE:
		put(o, "true", 4);
		break;
	case JSON_FALSE:
		put(o, "false", 5);
		break;
	default:
		o->bad = 1;
	}
}

ssize_t
jcs_write(const json_t *v, char *out, size_t cap)
{
	struct out o = { out, out + cap, 0 };

	if (check_value(v, NULL) == -1)
		return -1;
	put_value(&o, v, 0);
	return o.bad ? -1 : o.p - out;
}

json_t *
jcs_parse_canonical(const char *text, size_t len, struct because *b)
{
	char small[4096], *again = small;
	json_t *v = jcs_parse(text, len, b);
	ssize_t n;

	if (v == NULL)
		return NULL;
	/* A canonical text is as long as it is: no room for a longer one. */
	if (len > sizeof(small) && (again = malloc(len)) == NULL) {
		json_decref(v);
		because(b, WHY_FULL, "memory");
		return NULL;
	}
	n = jcs_write(v, again, len);
	if (n == -1 || (size_t)n != len || memcmp(again, text, len) != 0) {
		json_decref(v);
		v = NULL;
		because(b, WHY_NOT_CANONICAL, "%s", "");
	}
	if (again != small)
		free(again);
	return v;
}
