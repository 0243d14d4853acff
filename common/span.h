/*
 * span.h -- fields of canonical JSON that was checked before it was stored,
 * found in place and without memory. On bytes that were never checked the
 * answers are worthless, but every read stays inside the span.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stddef.h>
#include <stdint.h>

struct span {
	const char	*p;
	size_t		 n;
};

/*
 * The next member of an object; at is 0 at first and then where it goes on.
 * 0 when there is none.
 */
int		span_next(struct span object, size_t *at, struct span *key,
		    struct span *value);
/* The value of a key of an object, or an empty span. */
struct span	span_get(struct span object, const char *key);
/* The bytes between the quotes, escapes not undone; empty if not a string. */
struct span	span_text(struct span value);
/* A number from 0, or -1. */
int64_t		span_int(struct span value);
/* len bytes from a string of hex digits; 0, or -1. */
int		span_hex(struct span value, uint8_t *out, size_t len);
/*
 * Of any bytes: the first bracket that opens more than max of them, or len. To
 * be asked before jansson sees them, which would recurse much deeper.
 */
size_t		json_deep(const char *, size_t len, unsigned max);
/* As span_hex(), of 2 * len characters that are there. */
int		hex_read(const char *p, uint8_t *out, size_t len);

#endif
