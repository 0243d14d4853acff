/* span.c -- a walk over canonical JSON that never copies. Pure. */
#include <string.h>

#include "span.h"

/* First byte behind the string that begins at i, or n. Most bytes are in one. */
static size_t
skip_string(struct span s, size_t i)
{
	const char *q;
	size_t from = i + 1, back;

	for (i = from; i < s.n; i++) {
		q = memchr(s.p + i, '"', s.n - i);
		if (q == NULL)
			return s.n;
		i = (size_t)(q - s.p);
		for (back = i; back > from && s.p[back - 1] == '\\'; back--)
			;
		if ((i - back) % 2 == 0)
			return i + 1;
	}
	return s.n;
}

/* First byte behind the value that begins at i. */
static size_t
skip_value(struct span s, size_t i)
{
	size_t depth = 0;

	while (i < s.n) {
		if (s.p[i] == '"') {
			i = skip_string(s, i);
			if (depth == 0)
				return i;
			continue;
		}
		if (s.p[i] == '{' || s.p[i] == '[')
			depth++;
		if (s.p[i] == '}' || s.p[i] == ']') {
			if (depth <= 1)
				return i + (depth == 1);
			depth--;
		}
		if (s.p[i] == ',' && depth == 0)
			return i;
		i++;
	}
	return s.n;
}

int
span_next(struct span o, size_t *at, struct span *key, struct span *value)
{
	size_t i = *at, k;

	if (i == 0 && (o.n < 2 || o.p[0] != '{'))
		return 0;
	i += i == 0;
	if (i >= o.n || o.p[i] != '"')
		return 0;
	k = i;
	i = skip_string(o, i);
	if (i + 1 >= o.n || o.p[i] != ':')
		return 0;
	*key = (struct span){ o.p + k + 1, i - k - 2 };
	k = i + 1;
	i = skip_value(o, k);
	*value = (struct span){ o.p + k, i - k };
	*at = i + (i < o.n && o.p[i] == ',');
	return 1;
}

struct span
span_get(struct span o, const char *key)
{
	size_t at = 0, len = strlen(key);
	struct span k, v;

	while (span_next(o, &at, &k, &v))
		if (k.n == len && memcmp(k.p, key, len) == 0)
			return v;
	return (struct span){ "", 0 };
}

struct span
span_text(struct span v)
{
	if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"')
		return (struct span){ "", 0 };
	return (struct span){ v.p + 1, v.n - 2 };
}

int64_t
span_int(struct span v)
{
	int64_t n = 0;
	size_t i;

	if (v.n == 0 || v.n > 16)
		return -1;
	for (i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return -1;
		n = n * 10 + (v.p[i] - '0');
	}
	return n;
}

size_t
json_deep(const char *s, size_t len, unsigned max)
{
	unsigned depth = 0;
	int	 in_string = 0;
	size_t	 i;

	for (i = 0; i < len; i++) {
		if (in_string) {
			if (s[i] == '\\')
				i++;
			else if (s[i] == '"')
				in_string = 0;
		} else if (s[i] == '"')
			in_string = 1;
		else if (s[i] == '{' || s[i] == '[') {
			if (++depth > max)
				return i;
		} else if ((s[i] == '}' || s[i] == ']') && depth > 0)
			depth--;
	}
	return len;
}

/* By character: its value and 1, or 0. Most of a journal is hex. */
static const uint8_t nibble[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6,
	['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12,
	['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16
};

int
hex_read(const char *p, uint8_t *out, size_t len)
{
	unsigned hi, lo;
	size_t i;

	for (i = 0; i < len; i++) {
		hi = nibble[(uint8_t)p[2 * i]];
		lo = nibble[(uint8_t)p[2 * i + 1]];
		if (hi == 0 || lo == 0)
			return -1;
		out[i] = (uint8_t)((hi - 1) << 4 | (lo - 1));
	}
	return 0;
}

int
span_hex(struct span v, uint8_t *out, size_t len)
{
	struct span t = span_text(v);

	return t.n == 2 * len ? hex_read(t.p, out, len) : -1;
}
