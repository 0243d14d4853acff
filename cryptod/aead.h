/*
 * aead.h -- ChaCha20-Poly1305 (RFC 8439) with a counter for a nonce, in place.
 *
 * Everything that seals or opens in this room goes through here. Three libraries
 * give the same bytes; which one works on a packet is a matter of its size and
 * of the processor, found out at boot.
 */
#ifndef AEAD_H
#define AEAD_H

#include <stddef.h>
#include <stdint.h>

#define AEAD_KEY	32
#define AEAD_TAG	16
#define AEAD_NONCE	12

/* What the configuration may ask for; conf.h has the words. */
enum aead_want { AEAD_AUTO, AEAD_LIBSODIUM, AEAD_LIBCRYPTO, AEAD_IPSEC_MB, AEAD_WANTS };

/* Packets of so many bytes and more are this library's, smaller ones libsodium's. */
struct aead_choice {
	enum aead_want	large;
	uint32_t	from;
};

/*
 * At boot, while memory can still be had: make the contexts of every thread,
 * and choose. Fatal when a library will not start, or is asked for by name and
 * not for this processor.
 */
struct aead_choice	aead_start(enum aead_want, unsigned threads);
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
