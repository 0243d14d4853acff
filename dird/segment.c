/*
 * segment.c -- reading one segment. No I/O.
 *
 * A record: magic, kind, how many records of its commit came before it, length,
 * number, payload, checksum, end. The end is no byte that a record begins with:
 * a record torn in its tail cannot be made whole by the skip record behind it.
 * The checksum is SipHash under the segment's own
 * random salt, so nobody who gets bytes into a payload can write there what
 * would look like a record to a reader that lost its place.
 *
 * Garbage is explained by a crash in two ways only: a skip record right behind
 * it names exactly these bytes; or it is the tail, and no record of a later
 * commit follows. A commit begins only after the one before it was synced, so
 * a later one proves that the bytes were once good.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "segment.h"
#include "wire.h"

#define END	0xa5

static const uint8_t magic[4] = { 0xf7, 'B', 'r', 0xfe };

static uint64_t
sum(const uint8_t salt[SEGMENT_SALT], const uint8_t *p, size_t len)
{
	uint8_t h[8];

	crypto_shorthash(h, p, len, salt);
	return get_le64(h);
}

void
segment_head(uint8_t out[SEGMENT_HEAD], uint32_t segment, uint64_t first,
    const uint8_t salt[SEGMENT_SALT])
{
	memcpy(out, SEGMENT_MAGIC, 16);
	put_le64(out + 16, segment);
	put_le64(out + 24, first);
	memcpy(out + 32, salt, SEGMENT_SALT);
	put_le64(out + 48, sum(salt, out, 48));
}

int
segment_head_read(const uint8_t *p, size_t len, uint32_t segment,
    uint64_t first, uint8_t salt[SEGMENT_SALT], struct because *b)
{
	if (len < SEGMENT_HEAD || memcmp(p, SEGMENT_MAGIC, 16) != 0 ||
	    get_le64(p + 48) != sum(p + 32, p, 48))
		return because(b, WHY_SEGMENT, "segment %u: no head", segment);
	if (get_le64(p + 16) != segment)
		return because(b, WHY_SEGMENT, "segment %u says it is %llu",
		    segment, (unsigned long long)get_le64(p + 16));
	if (get_le64(p + 24) != first)
		return because(b, WHY_SEGMENT, "segment %u begins with record "
		    "%llu, not %llu", segment,
		    (unsigned long long)get_le64(p + 24),
		    (unsigned long long)first);
	memcpy(salt, p + 32, SEGMENT_SALT);
	return 0;
}

size_t
record_write(uint8_t *out, const uint8_t salt[SEGMENT_SALT],
    enum record_kind kind, uint32_t behind, uint64_t number, const void *data,
    size_t len)
{
	memcpy(out, magic, 4);
	put_le32(out + 4, (uint32_t)kind | behind << 8);
	put_le32(out + 8, (uint32_t)len);
	put_le64(out + 12, number);
	memcpy(out + RECORD_HEAD, data, len);
	put_le64(out + RECORD_HEAD + len, sum(salt, out, RECORD_HEAD + len));
	out[RECORD_HEAD + len + RECORD_TAIL - 1] = END;
	return RECORD_HEAD + len + RECORD_TAIL;
}

size_t
record_read(const uint8_t *p, size_t len, const uint8_t salt[SEGMENT_SALT],
    struct record *r, uint64_t *commit)
{
	uint32_t kind, n;

	if (len < RECORD_HEAD + RECORD_TAIL || memcmp(p, magic, 4) != 0)
		return 0;
	kind = p[4];
	n = get_le32(p + 8);
	if (kind == 0 || kind >= REC_KINDS || n > STORE_RECORD_MAX ||
	    n > len - RECORD_HEAD - RECORD_TAIL)
		return 0;
	if (p[RECORD_HEAD + n + RECORD_TAIL - 1] != END ||
	    get_le64(p + RECORD_HEAD + n) != sum(salt, p, RECORD_HEAD + n))
		return 0;
	r->kind = (enum record_kind)kind;
	r->number = get_le64(p + 12);
	r->data = p + RECORD_HEAD;
	r->len = n;
	*commit = r->number - (get_le32(p + 4) >> 8);
	return RECORD_HEAD + n + RECORD_TAIL;
}

struct reader {
	const uint8_t	*p;
	size_t		 len;
	uint32_t	 segment;
	uint8_t		 salt[SEGMENT_SALT];
	struct record	*rec;
	size_t		 n, room;
};

static int
keep(struct reader *rd, const struct record *r)
{
	struct record *more;

	if (rd->n == rd->room) {
		more = realloc(rd->rec, (rd->room + 4096) * sizeof(*more));
		if (more == NULL)
			return -1;
		rd->rec = more;
		rd->room += 4096;
	}
	rd->rec[rd->n++] = *r;
	return 0;
}

static int
is_skip_of(const struct record *r, uint64_t from, uint64_t to)
{
	return r->kind == REC_SKIP && r->len == 16 &&
	    get_le64(r->data) == from && get_le64(r->data + 8) == to;
}

/*
 * From garbage at `from`, the offset of the skip record that explains it; the
 * length of the segment if it is a torn tail; or -1: it was good once.
 */
static ssize_t
resync(const struct reader *rd, size_t from, uint64_t next)
{
	struct record r;
	const uint8_t *m;
	uint64_t commit;
	size_t at = from, n;

	while ((m = memmem(rd->p + at, rd->len - at, magic, 4)) != NULL) {
		at = (size_t)(m - rd->p);
		n = record_read(m, rd->len - at, rd->salt, &r, &commit);
		if (n == 0) {
			at++;
			continue;
		}
		if (r.number == next && is_skip_of(&r, from, at))
			return (ssize_t)at;
		if (commit > next)
			return -1;
		at += n;
	}
	return (ssize_t)rd->len;
}

/* Walks the records; at is left behind the last good one. */
static int
walk(struct reader *rd, size_t *at, uint64_t *next, struct store_found *f,
    struct because *b)
{
	struct record r;
	uint64_t commit;
	ssize_t to;
	size_t n;

	while (*at < rd->len) {
		n = record_read(rd->p + *at, rd->len - *at, rd->salt, &r, &commit);
		if (n != 0 && r.number == *next) {
			r.where = (uint64_t)rd->segment << 40 | *at;
			if (keep(rd, &r) == -1)
				return because(b, WHY_FULL, "memory");
			*at += n;
			++*next;
			continue;
		}
		to = resync(rd, *at, *next);
		if (to == -1)
			return because(b, WHY_DAMAGED, "segment %u, byte %zu, "
			    "record %llu", rd->segment, *at,
			    (unsigned long long)*next);
		f->skipped += (uint64_t)to - *at;
		if ((size_t)to == rd->len)
			return 0;
		*at = (size_t)to;
	}
	return 0;
}

int
segment_parse(const uint8_t *p, size_t len, uint32_t segment, uint64_t *next,
    struct record **rec, size_t *n, struct store_found *f, struct because *b)
{
	struct reader rd = { .p = p, .len = len, .segment = segment };
	size_t at = SEGMENT_HEAD;
	int ret;

	*rec = NULL;
	*n = 0;
	if (segment_head_read(p, len, segment, *next, rd.salt, b) == -1)
		return -1;
	ret = walk(&rd, &at, next, f, b);
	f->torn_from = at;
	f->torn_to = len;
	f->records += rd.n;
	*rec = rd.rec;
	*n = rd.n;
	return ret;
}
