/*
 * aead.h -- ChaCha20-Poly1305 (RFC 8439) with a counter for a nonce, in place.
 *
 * Everything that seals or opens in this room goes through here, so that the
 * library behind it can be changed in one file.
 */
#ifndef AEAD_H
#define AEAD_H

#include <stddef.h>
#include <stdint.h>

#define AEAD_KEY	32
#define AEAD_TAG	16

/* p[0..len] is sealed where it stands; the tag follows it. */
void	aead_seal(const uint8_t key[AEAD_KEY], uint64_t counter,
	    const uint8_t *aad, size_t aad_len, uint8_t *p, size_t len);
/*
 * p holds len bytes and their tag. 0 and the plaintext in place; or -1 and
 * not one byte touched, so that another key may be tried.
 */
int	aead_open(const uint8_t key[AEAD_KEY], uint64_t counter,
	    const uint8_t *aad, size_t aad_len, uint8_t *p, size_t len);

#endif
