/* bloom_filter.c -- bits of a filter and its message. Knows no state. */
#include <math.h>
#include <sodium.h>

#include "bloom.h"
#include "wire.h"

enum { TYPE = 0x20, SIZE_CLASS = 1 };

void
bloom_pos(const uint8_t addr[NADDR_LEN], struct bloom_pos *pos)
{
	uint8_t	 d[crypto_hash_sha256_BYTES];
	uint64_t h1, h2;
	unsigned i;

	crypto_hash_sha256(d, addr, NADDR_LEN);
	h1 = get_le64(d);
	h2 = get_le64(d + 8);
	for (i = 0; i < BLOOM_HASHES; i++)
		pos->bit[i] = (uint16_t)((h1 + i * h2) % BLOOM_BITS);
}

void
bloom_put(struct bloom_filter *f, const struct bloom_pos *pos)
{
	unsigned i;

	for (i = 0; i < BLOOM_HASHES; i++)
		f->byte[pos->bit[i] >> 3] |= (uint8_t)(1 << (pos->bit[i] & 7));
}

int
bloom_has(const struct bloom_filter *f, const struct bloom_pos *pos)
{
	unsigned i;

	for (i = 0; i < BLOOM_HASHES; i++)
		if (!(f->byte[pos->bit[i] >> 3] & 1 << (pos->bit[i] & 7)))
			return 0;
	return 1;
}

unsigned
bloom_weight(const struct bloom_filter *f)
{
	unsigned i, n = 0;

	for (i = 0; i < BLOOM_LEN / 8; i++)
		n += (unsigned)__builtin_popcountll(f->word[i]);
	return n;
}

double
bloom_fpr(unsigned set_bits)
{
	return pow((double)set_bits / BLOOM_BITS, BLOOM_HASHES);
}

double
bloom_estimate(unsigned set_bits, double max_fpr)
{
	if (set_bits >= BLOOM_BITS || bloom_fpr(set_bits) > max_fpr)
		return -1;
	return -((double)BLOOM_BITS / BLOOM_HASHES) *
	    log1p(-(double)set_bits / BLOOM_BITS);
}

/*
 * Another number of hashes is lawful on the wire but nobody sends it, and a
 * large one makes a full filter look empty to the cap.
 */
int
bloom_decode(const uint8_t *msg, size_t len, uint64_t *seq,
    struct bloom_filter *f)
{
	struct rd r = rd_init(msg, len);

	rd_uint(&r, 1, TYPE, TYPE);
	*seq = rd_uint(&r, 8, 0, UINT64_MAX);
	rd_uint(&r, 1, BLOOM_HASHES, BLOOM_HASHES);
	rd_uint(&r, 1, SIZE_CLASS, SIZE_CLASS);
	rd_bytes(&r, f->byte, BLOOM_LEN);
	return rd_end(&r);
}

void
bloom_encode(uint64_t seq, const struct bloom_filter *f,
    uint8_t msg[BLOOM_MSG_LEN])
{
	msg[0] = TYPE;
	put_le64(msg + 1, seq);
	msg[9] = BLOOM_HASHES;
	msg[10] = SIZE_CLASS;
	memcpy(msg + 11, f->byte, BLOOM_LEN);
}
