/*
 * aead.h -- ChaCha20-Poly1305 (RFC 8439) with a counter for a nonce, in place.
 *
 * Everything that seals or opens in this room goes through here. Two libraries
 * give the same bytes; which one works on a packet is a matter of its size and
 * of the processor, found out at boot.
 */
#ifndef AEAD_H
#define AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "ring.h"

#define AEAD_KEY	32
#define AEAD_TAG	16
#define AEAD_NONCE	12
/* No packet is longer, so from here on means never. */
#define AEAD_NEVER	RING_LEN_MAX

/* What the configuration may ask for; conf.def gives the words. */
enum aead_want { AEAD_AUTO, AEAD_LIBSODIUM, AEAD_LIBCRYPTO };

/*
 * At boot, while memory can still be had: make the contexts of every thread,
 * and choose. The size from which libcrypto does the work: 0 always,
 * AEAD_NEVER never. Fatal when a library will not start.
 */
uint32_t	aead_start(enum aead_want, unsigned threads);
/* Before a thread's first packet: its number, from 0. The first is 0 already. */
void		aead_thread(unsigned);

/* A session is gone: nor does a context keep its key. No thread may be at work. */
void		aead_forget(void);

/* p[0..len] is sealed where it stands; the tag follows it. */
void	aead_seal(const uint8_t key[AEAD_KEY], uint64_t counter,
	    const uint8_t *aad, size_t aad_len, uint8_t *p, size_t len);
/*
 * p holds len bytes and their tag. 0 and the plaintext in place; or -1 and p
 * as it was, so that another key may be tried.
 */
int	aead_open(const uint8_t key[AEAD_KEY], uint64_t counter,
	    const uint8_t *aad, size_t aad_len, uint8_t *p, size_t len);

#endif
