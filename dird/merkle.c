/*
 * merkle.c -- complete subtrees in one growing table a level; everything else
 * is computed when somebody asks. No I/O.
 *
 * SHA-256 is libcrypto's, which uses the instructions that a processor has for
 * it; by the calls of one block after the other, since the newer ones take
 * longer to set up than a node takes to hash.
 */
#define OPENSSL_API_COMPAT 10100
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "merkle.h"

#define LEVELS	24	/* level i here is level 2i of the tree */

struct level {
	uint8_t		(*hash)[HASH_LEN];
	uint64_t	 n, room;
};

struct merkle {
	struct level	level[LEVELS];
};

struct merkle *
merkle_new(void)
{
	return calloc(1, sizeof(struct merkle));
}

void
merkle_free(struct merkle *m)
{
	unsigned i;

	if (m == NULL)
		return;
	for (i = 0; i < LEVELS; i++)
		free(m->level[i].hash);
	free(m);
}

uint64_t
merkle_size(const struct merkle *m)
{
	return m->level[0].n;
}

static void
sha256(uint8_t hash[HASH_LEN], const void *p, size_t len)
{
	SHA256_CTX st;

	SHA256_Init(&st);
	SHA256_Update(&st, p, len);
	SHA256_Final(hash, &st);
}

void
merkle_leaf(const void *data, size_t len, uint8_t hash[HASH_LEN])
{
	static const uint8_t zero = 0;
	SHA256_CTX st;

	SHA256_Init(&st);
	SHA256_Update(&st, &zero, 1);
	SHA256_Update(&st, data, len);
	SHA256_Final(hash, &st);
}

void
merkle_node(const uint8_t left[HASH_LEN], const uint8_t right[HASH_LEN],
    uint8_t hash[HASH_LEN])
{
	uint8_t both[1 + 2 * HASH_LEN];

	both[0] = 1;
	memcpy(both + 1, left, HASH_LEN);
	memcpy(both + 1 + HASH_LEN, right, HASH_LEN);
	sha256(hash, both, sizeof(both));
}

/* Room for one more; never shrinks, and pages not yet used cost nothing. */
static int
grow(struct level *l)
{
	uint64_t room = l->room == 0 ? 64 : l->room * 2;
	void *p;

	if (l->n < l->room)
		return 0;
	p = realloc(l->hash, room * HASH_LEN);
	if (p == NULL)
		return -1;
	l->hash = p;
	l->room = room;
	return 0;
}

int
merkle_add(struct merkle *m, const uint8_t leaf[HASH_LEN])
{
	uint64_t n = m->level[0].n + 1;
	uint8_t hash[HASH_LEN];
	struct level *l;
	unsigned i;

	/* All memory first, so that a refusal leaves no half-grown tree. */
	for (i = 0; i < LEVELS && n % (UINT64_C(1) << 2 * i) == 0; i++)
		if (grow(&m->level[i]) == -1)
			return -1;
	memcpy(m->level[0].hash[m->level[0].n++], leaf, HASH_LEN);
	for (i = 0; i + 1 < LEVELS && m->level[i].n % 4 == 0; i++) {
		l = &m->level[i];
		merkle_at(m, 2 * i + 2, l->n / 4 - 1, hash);
		memcpy(l[1].hash[l[1].n++], hash, HASH_LEN);
	}
	return 0;
}

int
merkle_at(const struct merkle *m, unsigned level, uint64_t n,
    uint8_t hash[HASH_LEN])
{
	const struct level *l;
	uint8_t right[HASH_LEN];

	if (level / 2 >= LEVELS)
		return -1;
	l = &m->level[level / 2];
	if (level % 2 == 0 && n < l->n) {
		memcpy(hash, l->hash[n], HASH_LEN);
		return 0;
	}
	if (level == 0 || n >= m->level[0].n >> level ||
	    merkle_at(m, level - 1, 2 * n, hash) == -1 ||
	    merkle_at(m, level - 1, 2 * n + 1, right) == -1)
		return -1;
	merkle_node(hash, right, hash);
	return 0;
}

static unsigned
log2_of(uint64_t n)
{
	return 63 - (unsigned)__builtin_clzll(n);
}

/*
 * Hash of the leaves [from, to), where from is a multiple of a power of two
 * that is not smaller than the range: complete subtrees, folded from the right.
 */
static void
range_hash(const struct merkle *m, uint64_t from, uint64_t to,
    uint8_t hash[HASH_LEN])
{
	uint8_t part[64][HASH_LEN];
	unsigned n = 0, level;

	do {
		level = log2_of(to - from);
		merkle_at(m, level, from >> level, part[n++]);
		from += UINT64_C(1) << level;
	} while (from < to);
	memcpy(hash, part[--n], HASH_LEN);
	while (n > 0)
		merkle_node(part[--n], hash, hash);
}

int
merkle_root(const struct merkle *m, uint64_t size, uint8_t root[HASH_LEN])
{
	if (size > merkle_size(m))
		return -1;
	if (size == 0)
		sha256(root, "", 0);
	else
		range_hash(m, 0, size, root);
	return 0;
}

/* The largest power of two below n; n is at least 2. */
static uint64_t
split(uint64_t n)
{
	return UINT64_C(1) << log2_of(n - 1);
}

static void
reverse(struct proof *p)
{
	uint8_t t[HASH_LEN];
	unsigned i;

	for (i = 0; i < p->n / 2; i++) {
		memcpy(t, p->hash[i], HASH_LEN);
		memcpy(p->hash[i], p->hash[p->n - 1 - i], HASH_LEN);
		memcpy(p->hash[p->n - 1 - i], t, HASH_LEN);
	}
}

/* PATH of RFC 6962, 2.1.1, walked from the root and turned round. */
int
merkle_inclusion(const struct merkle *m, uint64_t index, uint64_t size,
    struct proof *p)
{
	uint64_t from = 0, to = size, mid;

	p->n = 0;
	if (size > merkle_size(m) || index >= size)
		return -1;
	while (to - from > 1) {
		mid = from + split(to - from);
		if (index < mid) {
			range_hash(m, mid, to, p->hash[p->n++]);
			to = mid;
		} else {
			range_hash(m, from, mid, p->hash[p->n++]);
			from = mid;
		}
	}
	reverse(p);
	return 0;
}

/* SUBPROOF of RFC 6962, 2.1.2. */
int
merkle_consistency(const struct merkle *m, uint64_t old, uint64_t size,
    struct proof *p)
{
	uint64_t from = 0, to = size, mid;

	p->n = 0;
	if (size > merkle_size(m) || old > size)
		return -1;
	if (old == 0 || old == size)
		return 0;
	while (old != to) {
		mid = from + split(to - from);
		if (old <= mid) {
			range_hash(m, mid, to, p->hash[p->n++]);
			to = mid;
		} else {
			range_hash(m, from, mid, p->hash[p->n++]);
			from = mid;
		}
	}
	/* The old tree itself is known to who asks, unless it was split. */
	if (from != 0)
		range_hash(m, from, to, p->hash[p->n++]);
	reverse(p);
	return 0;
}

/* RFC 9162, 2.1.3.2. */
int
inclusion_check(const struct proof *p, uint64_t index, uint64_t size,
    const uint8_t leaf[HASH_LEN], const uint8_t root[HASH_LEN])
{
	uint8_t r[HASH_LEN];
	uint64_t fn = index, sn = size - 1;
	unsigned i;

	if (index >= size || p->n > PROOF_MAX)
		return -1;
	memcpy(r, leaf, HASH_LEN);
	for (i = 0; i < p->n; i++) {
		if (sn == 0)
			return -1;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(p->hash[i], r, r);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			merkle_node(r, p->hash[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(r, root, HASH_LEN) == 0 ? 0 : -1;
}

/* RFC 9162, 2.1.4.2, for 0 < old < size. first is the hash to begin with. */
static int
climb(const struct proof *p, unsigned i, const uint8_t first[HASH_LEN],
    uint64_t old, uint64_t size, const uint8_t old_root[HASH_LEN],
    const uint8_t root[HASH_LEN])
{
	uint8_t fr[HASH_LEN], sr[HASH_LEN];
	uint64_t fn = old - 1, sn = size - 1;

	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	memcpy(fr, first, HASH_LEN);
	memcpy(sr, first, HASH_LEN);
	for (; i < p->n; i++) {
		if (sn == 0)
			return -1;
		if ((fn & 1) != 0 || fn == sn) {
			merkle_node(p->hash[i], fr, fr);
			merkle_node(p->hash[i], sr, sr);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			merkle_node(sr, p->hash[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && memcmp(fr, old_root, HASH_LEN) == 0 &&
	    memcmp(sr, root, HASH_LEN) == 0 ? 0 : -1;
}

int
consistency_check(const struct proof *p, uint64_t old, uint64_t size,
    const uint8_t old_root[HASH_LEN], const uint8_t root[HASH_LEN])
{
	if (old > size || p->n > PROOF_MAX)
		return -1;
	if (old == 0)
		return p->n == 0 ? 0 : -1;
	if (old == size)
		return p->n == 0 && memcmp(old_root, root, HASH_LEN) == 0 ?
		    0 : -1;
	if (p->n == 0)
		return -1;
	if ((old & (old - 1)) == 0)
		return climb(p, 0, old_root, old, size, old_root, root);
	return climb(p, 1, p->hash[0], old, size, old_root, root);
}
