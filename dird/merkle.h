/*
 * merkle.h -- the Merkle tree over a journal: RFC 6962 hashing, proofs as RFC
 * 9162 says how to check them. The tree keeps the hashes of complete subtrees
 * at every second level, 43 bytes an entry; the levels between are one hash away.
 */
#ifndef MERKLE_H
#define MERKLE_H

#include <stddef.h>
#include <stdint.h>

#define HASH_LEN	32
#define PROOF_MAX	64	/* hashes; a tree of 2^63 leaves needs 63 */

struct merkle;

struct proof {
	unsigned	n;
	uint8_t		hash[PROOF_MAX][HASH_LEN];
};

struct merkle	*merkle_new(void);
void		 merkle_free(struct merkle *);
uint64_t	 merkle_size(const struct merkle *);
/* SHA-256(0x00 || data). */
void		 merkle_leaf(const void *data, size_t len, uint8_t hash[HASH_LEN]);
/* SHA-256(0x01 || left || right). */
void		 merkle_node(const uint8_t left[HASH_LEN],
		    const uint8_t right[HASH_LEN], uint8_t hash[HASH_LEN]);
/* Adds a leaf by its hash. 0, or -1 without memory; then nothing was added. */
int		 merkle_add(struct merkle *, const uint8_t leaf[HASH_LEN]);
/* Hash of the complete subtree of 2^level leaves number n; -1 while it is not. */
int		 merkle_at(const struct merkle *, unsigned level, uint64_t n,
		    uint8_t hash[HASH_LEN]);

/* The three below are -1 when the numbers do not fit the tree, else 0. */
int	merkle_root(const struct merkle *, uint64_t size, uint8_t root[HASH_LEN]);
int	merkle_inclusion(const struct merkle *, uint64_t index, uint64_t size,
	    struct proof *);
int	merkle_consistency(const struct merkle *, uint64_t old, uint64_t size,
	    struct proof *);

/* 0 if the proof holds, -1 if not. Pure. */
int	inclusion_check(const struct proof *, uint64_t index, uint64_t size,
	    const uint8_t leaf[HASH_LEN], const uint8_t root[HASH_LEN]);
int	consistency_check(const struct proof *, uint64_t old, uint64_t size,
	    const uint8_t old_root[HASH_LEN], const uint8_t root[HASH_LEN]);

#endif
