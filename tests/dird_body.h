/*
 * dird_body.h -- bodies made from the rows of objects.def: canonical text of
 * any type, lawful or just beyond a bound, from a stream of numbers.
 */
#ifndef DIRD_BODY_H
#define DIRD_BODY_H

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"

static inline unsigned
b_any(unsigned n)
{
	return (unsigned)random() % n;
}

/* Characters on the edge of something; each is one character of UTF-8. */
static inline const char *
b_char(int body)
{
	static const char *const c[] = { "a", "Z", "0", "-", "_", ".", "/", " ",
	    "~", "\"", "\\", "\xc2\xa0", "\xc3\xa9", "\xe2\x82\xac",
	    "\xee\x80\x80", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
	    "\xed\x9f\xbf", "\n", "\t", "\x01", "\x1f", "\x7f", "\xc2\x85",
	    "\xe2\x80\xa8", "\b", "\f", "\r" };

	return c[b_any(body || b_any(40) == 0 ? sizeof(c) / sizeof(c[0]) : 18)];
}

static inline json_t *
b_text(size_t lo, size_t hi, int body)
{
	static char s[70000];
	size_t n = 0, want = lo + b_any((unsigned)(hi - lo + 1)), k;

	if (want > 300 && b_any(20) != 0)
		want = lo + b_any(60);
	want += b_any(60) == 0;		/* one too many, sometimes */
	while (n < want) {
		const char *c = b_char(body);

		k = strlen(c);
		if (n + k > want)
			c = "x", k = 1;
		memcpy(s + n, c, k);
		n += k;
	}
	return json_stringn(s, n);
}

static inline json_t *
b_of(const char *letters, size_t lo, size_t hi)
{
	char s[512];
	size_t n = lo + b_any((unsigned)(hi - lo + 1)), i;

	if (n > sizeof(s) - 2)
		n = sizeof(s) - 2;
	n += b_any(60) == 0;
	for (i = 0; i < n; i++)
		s[i] = letters[b_any((unsigned)strlen(letters))];
	return json_stringn(s, n);
}

static inline json_t *
b_pick(const char *words)
{
	const char *end;
	unsigned skip;

	for (skip = b_any(4);; skip--) {
		end = strchrnul(words, '|');
		if (skip == 0 || *end == '\0')
			return json_stringn(words, (size_t)(end - words));
		words = end + 1;
	}
}

static inline json_t *
b_macro(void)
{
	json_t *params = json_object(), *v;
	char key[8];
	unsigned n = b_any(6);

	while (n-- > 0) {
		snprintf(key, sizeof(key), "%c%u", "az-_.9"[b_any(6)], b_any(99));
		v = b_any(3) == 0 ? json_boolean(b_any(2)) : b_any(2) == 0 ?
		    json_integer((json_int_t)random() - RAND_MAX / 2) :
		    b_text(0, 1024, 0);
		json_object_set_new(params, key, v);
	}
	return json_pack("{s:o, s:o}", "kind",
	    b_of("abcdefz09-", 2, 32), "params", params);
}

static inline json_t *
b_value(const struct field *f)
{
	static const char *const cidr[] = { "10.0.0.0/8", "fd00::/8", "::/0",
	    "0.0.0.0/0", "192.168.1.1/32", "10.0.0.1/8", "fd00:0::/8", "1.2.3.4" };
	static const char *const when[] = { "2026-11-25T04:00:00Z",
	    "2024-02-29T23:59:59Z", "2023-02-29T00:00:00Z", "2026-1-1T00:00:00Z" };
	static const char *const ip6[] = { "fd00::1", "::", "fd00:0::1", "FD00::1" };
	char s[128];
	json_t *a;
	long n;

	switch (f->kind) {
	case FIELD_TEXT:
		return b_text((size_t)f->lo, (size_t)f->hi, 0);
	case FIELD_BODY:
		return b_text(0, (size_t)f->hi, 1);
	case FIELD_WORD:
		return b_of("abcz019-_.", (size_t)f->lo, (size_t)f->hi);
	case FIELD_KIND:
		return b_of("abcz01-", 2, 32);
	case FIELD_HEX:
		return b_of("0123456789abcdef", 2 * (size_t)f->lo, 2 * (size_t)f->hi);
	case FIELD_DID:
		strcpy(s, "did:plc:");
		for (n = 8; n < DID_LEN; n++)
			s[n] = "0123456789abcdef"[b_any(16)];
		s[n] = '\0';
		return json_string(s);
	case FIELD_TIME:
		return json_string(when[b_any(b_any(4) == 0 ? 4 : 2)]);
	case FIELD_INT:
		return json_integer(b_any(8) == 0 ? f->lo - 1 : b_any(8) == 0 ?
		    f->hi : b_any(8) == 0 ? f->hi + 1 : f->lo + (b_any(2) == 0 ? 1 : 0));
	case FIELD_BOOL:
		return json_boolean(b_any(2));
	case FIELD_ENUM:
		return b_pick(f->words);
	case FIELD_CIDRS:
	case FIELD_LINES:
		a = json_array();
		for (n = (long)b_any((unsigned)(f->kind == FIELD_LINES ? f->lo :
		    f->hi) / 8 + 3); n > 0; n--)
			json_array_append_new(a, f->kind == FIELD_LINES ?
			    b_text(1, (size_t)f->hi, 0) :
			    json_string(cidr[b_any(b_any(4) == 0 ? 8 : 5)]));
		return a;
	case FIELD_IP6:
		return json_string(ip6[b_any(b_any(4) == 0 ? 4 : 2)]);
	case FIELD_MACRO:
		return b_macro();
	}
	return NULL;
}

/* A body of this type; mostly one that its row allows. */
static inline json_t *
b_body(enum object t)
{
	const struct field *f;
	json_t *v = json_object();

	for (f = object_fields(t); f->name != NULL; f++) {
		if ((f->optional && b_any(2) == 0) || b_any(200) == 0)
			continue;
		json_object_set_new(v, f->name, b_value(f));
	}
	if (b_any(100) == 0)
		json_object_set_new(v, "more", json_true());
	return v;
}

#endif
