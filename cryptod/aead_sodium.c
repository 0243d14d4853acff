/* aead_sodium.c -- libsodium: no state, no set-up, quickest for small packets. */
#include <sodium.h>
#include <string.h>

#include "aead_lib.h"

static void
seal(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	crypto_aead_chacha20poly1305_ietf_encrypt(p, NULL, p, len, aad, aad_len,
	    NULL, nonce, key);
}

/*
 * Verify first, with no place to put the plaintext: the library wipes its
 * output when the tag is wrong, and the ciphertext must outlive that. Block 0
 * made the tag's key, so the text starts at block 1.
 */
static int
open(const uint8_t *key, const uint8_t *nonce, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t tag[AEAD_TAG];

	memcpy(tag, p + len, sizeof(tag));
	if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(NULL, NULL, p,
	    len, tag, aad, aad_len, nonce, key) != 0)
		return -1;
	crypto_stream_chacha20_ietf_xor_ic(p, p, len, nonce, 1, key);
	return 0;
}

const struct aead_lib aead_sodium = {
	.name = "libsodium", .seal = seal, .open = open,
};
