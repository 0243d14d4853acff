/* room: dird */
/*
 * fuzz_jcs.c -- any bytes as JSON. Law: what is taken has one canonical form,
 * and that form is canonical. A walk in place finds what jansson finds.
 */
#include <stdlib.h>
#include <string.h>

#include "jcs.h"
#include "span.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Every member of a canonical object, found without the library. */
static void
walk(json_t *v, const char *text, size_t len)
{
	struct span s, o = { text, len };
	static char one[JCS_MAX];
	const char *key;
	json_t *m;
	ssize_t n;

	json_object_foreach(v, key, m) {
		/* The walk compares keys as they stand, so plain ones only. */
		if (strpbrk(key, "\"\\\b\f\n\r\t") != NULL || *key < ' ')
			continue;
		s = span_get(o, key);
		n = jcs_write(m, one, sizeof(one));
		if (strspn(key, "abcdefghijklmnopqrstuvwxyz_") == strlen(key) &&
		    (n < 0 || s.n != (size_t)n || memcmp(s.p, one, s.n) != 0))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static char out[JCS_MAX * 6];
	struct span any = { (const char *)in, len };
	struct because b;
	json_t *v, *again;
	uint8_t hex[16];
	ssize_t n;

	/* Unchecked bytes: worthless answers, but no read outside. */
	span_hex(span_get(any, "a"), hex, sizeof(hex));
	span_int(span_get(any, "b"));
	v = jcs_parse((const char *)in, len, &b);
	if (v == NULL)
		return b.why == WHY_OK ? abort(), 0 : 0;
	n = jcs_write(v, out, sizeof(out));
	if (n == -1)
		abort();
	if (n <= JCS_MAX) {
		again = jcs_parse_canonical(out, (size_t)n, &b);
		if (again == NULL || !json_equal(v, again))
			abort();
		walk(again, out, (size_t)n);
		json_decref(again);
	}
	json_decref(v);
	return 0;
}
