/* segment.h -- how records stand in a segment. For store.c, tests and fuzzers. */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "store.h"

#define SEGMENT_MAGIC	"BASTIDE-SEGMENT1"
#define SEGMENT_SALT	16
#define SEGMENT_HEAD	56	/* magic 16, number 8, first record 8, salt 16, sum 8 */
#define RECORD_HEAD	20
#define RECORD_TAIL	9	/* sum 8, end 1 */

void	segment_head(uint8_t out[SEGMENT_HEAD], uint32_t segment,
	    uint64_t first, const uint8_t salt[SEGMENT_SALT]);
int	segment_head_read(const uint8_t *p, size_t len, uint32_t segment,
	    uint64_t first, uint8_t salt[SEGMENT_SALT], struct because *);
/* out has room for len and RECORD_HEAD + RECORD_TAIL more. Bytes written. */
size_t	record_write(uint8_t *out, const uint8_t salt[SEGMENT_SALT],
	    enum record_kind, uint32_t behind, uint64_t number,
	    const void *data, size_t len);
/*
 * Bytes of the whole record at p, or 0 if there is none. r->data points into
 * p; commit gets the number of the first record of the same commit.
 */
size_t	record_read(const uint8_t *p, size_t len,
	    const uint8_t salt[SEGMENT_SALT], struct record *r,
	    uint64_t *commit);

/*
 * All good records of a segment, in order, into *rec, which the caller frees;
 * they point into p. next is the record number expected, and then the one after
 * the last. -1 at damage: what stands before it is good and in *rec.
 */
int	segment_parse(const uint8_t *p, size_t len, uint32_t segment,
	    uint64_t *next, struct record **rec, size_t *n,
	    struct store_found *, struct because *);

#endif
