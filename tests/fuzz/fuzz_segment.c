/* room: dird */
/*
 * fuzz_segment.c -- a segment of good records, cut and overwritten as the
 * input says, and the input as a segment. Laws: records come in order with
 * the payload that was written; a reader that says nothing is wrong has seen
 * them all, or a torn tail; and it never reads outside.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "segment.h"
#include "wire.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct record *r, size_t n)
{
	uint8_t want[64];
	size_t i;

	for (i = 0; i < n; i++) {
		if (r[i].number != i)
			abort();
		memset(want, (int)i, sizeof(want));
		if (r[i].kind == REC_ENTRY && (r[i].len != i * 5 % 64 ||
		    memcmp(r[i].data, want, r[i].len) != 0))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static const uint8_t salt[SEGMENT_SALT] = "sixteen bytes..";
	uint8_t seg[4096], pay[64];
	struct store_found f = { 0 };
	struct because b;
	uint64_t i, next = 0, count = 12;
	size_t at = SEGMENT_HEAD, k, n;
	struct record *rec;

	if (sodium_init() == -1)
		abort();
	segment_parse(in, len, 0, &next, &rec, &n, &f, &b);
	free(rec);
	segment_head(seg, 0, 0, salt);
	for (i = 0; i < count; i++) {
		memset(pay, (int)i, sizeof(pay));
		at += record_write(seg + at, salt, REC_ENTRY, i % 3, i, pay,
		    i * 5 % 64);
	}
	/* Three bytes a change: where, and what instead. Behind the head. */
	for (k = 0; k + 3 <= len && k < 60; k += 3)
		seg[SEGMENT_HEAD + get_le16(in + k) % (at - SEGMENT_HEAD)] =
		    in[k + 2];
	if (len % 3 == 1)
		at -= in[len - 1] % (at - SEGMENT_HEAD);
	next = 0;
	memset(&f, 0, sizeof(f));
	if (segment_parse(seg, at, 0, &next, &rec, &n, &f, &b) == 0 &&
	    (n != next || f.torn_to != at))
		abort();
	check(rec, n);
	free(rec);
	return 0;
}
