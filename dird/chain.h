/* chain.h -- the chain of hashes over a journal, and content ids. BLAKE2b-256. */
#ifndef CHAIN_H
#define CHAIN_H

#include <stddef.h>
#include <stdint.h>

#define CHAIN_LEN	32

/*
 * head becomes H(head || raw), raw being the signed bytes and the signature.
 * Before the first entry head is all zero.
 */
void	chain_add(uint8_t head[CHAIN_LEN], const void *raw, size_t len);
/* What names an entry and de-duplicates it: H(raw). */
void	content_id(const void *raw, size_t len, uint8_t id[CHAIN_LEN]);

#endif
