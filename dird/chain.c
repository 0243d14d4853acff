/* chain.c -- BLAKE2b-256 over entries. Pure. */
#include <sodium.h>

#include "chain.h"

void
chain_add(uint8_t head[CHAIN_LEN], const void *raw, size_t len)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, CHAIN_LEN);
	crypto_generichash_update(&st, head, CHAIN_LEN);
	crypto_generichash_update(&st, raw, len);
	crypto_generichash_final(&st, head, CHAIN_LEN);
}

void
content_id(const void *raw, size_t len, uint8_t id[CHAIN_LEN])
{
	crypto_generichash(id, CHAIN_LEN, raw, len, NULL, 0);
}
