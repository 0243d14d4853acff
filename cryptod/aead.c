/* aead.c -- the one place that names the cipher. */
#include <sodium.h>
#include <string.h>

#include "aead.h"
#include "wire.h"

static void
nonce_of(uint64_t counter, uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
	memset(nonce, 0, 4);
	put_le64(nonce + 4, counter);
}

void
aead_seal(const uint8_t key[AEAD_KEY], uint64_t counter, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	nonce_of(counter, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(p, NULL, p, len, aad, aad_len,
	    NULL, nonce, key);
}

/*
 * Verify first, with no place to put the plaintext: the library wipes its
 * output when the tag is wrong, and the ciphertext must outlive that. Block 0
 * made the tag's key, so the text starts at block 1.
 */
int
aead_open(const uint8_t key[AEAD_KEY], uint64_t counter, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];
	uint8_t tag[AEAD_TAG];

	nonce_of(counter, nonce);
	memcpy(tag, p + len, sizeof(tag));
	if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(NULL, NULL, p,
	    len, tag, aad, aad_len, nonce, key) != 0)
		return -1;
	crypto_stream_chacha20_ietf_xor_ic(p, p, len, nonce, 1, key);
	return 0;
}
