/*
 * aead_watch.h -- stands in for cryptod/aead.c in a liar or a fuzz target: the
 * same cipher, but it sees every call. A (key, nonce) that comes a second time
 * ends the process with WATCH_NONCE, bytes outside one slot with WATCH_BOUNDS.
 */
#ifndef AEAD_WATCH_H
#define AEAD_WATCH_H

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "aead.h"
#include "ring.h"
#include "wire.h"

enum { WATCH_NONCE = 77, WATCH_BOUNDS = 78 };

#ifndef WATCH_BITS
#define WATCH_BITS	18
#endif

static uint64_t		 watch_seen[1u << WATCH_BITS];
static const struct ring *watch_ring;	/* when set: stay inside its slots */

static inline void
watch_die(int code)
{
#ifdef WATCH_ABORT
	(void)code;
	__builtin_trap();
#else
	_exit(code);
#endif
}

static inline void
watch_nonce(const uint8_t *key, uint64_t counter)
{
	static const uint8_t	zero[crypto_shorthash_KEYBYTES];
	uint8_t			in[40];
	uint64_t		h;
	size_t			i;

	memcpy(in, key, 32);
	put_le64(in + 32, counter);
	crypto_shorthash((uint8_t *)&h, in, sizeof(in), zero);
	h |= 1;
	for (i = h >> 8; watch_seen[i % (1u << WATCH_BITS)] != 0; i++)
		if (watch_seen[i % (1u << WATCH_BITS)] == h)
			watch_die(WATCH_NONCE);
	watch_seen[i % (1u << WATCH_BITS)] = h;
}

static inline void
watch_bounds(const uint8_t *p, size_t len)
{
	const struct ring	*r = watch_ring;
	size_t			 at, all;

	if (r == NULL || p < (uint8_t *)r->todo || p >= (uint8_t *)r->todo + r->map_len)
		return;
	all = (size_t)r->nslot * r->slot_size;
	if (p < r->slots)
		watch_die(WATCH_BOUNDS);
	at = (size_t)(p - r->slots);
	if (at >= all || at % r->slot_size + len > r->slot_size)
		watch_die(WATCH_BOUNDS);
}

static inline void
watch_iv(uint64_t counter, uint8_t iv[12])
{
	memset(iv, 0, 4);
	put_le64(iv + 4, counter);
}

struct aead_choice
aead_start(enum aead_want want, unsigned threads)
{
	(void)want;
	(void)threads;
	return (struct aead_choice){ .large = AEAD_LIBSODIUM };
}

void
aead_thread(unsigned n)
{
	(void)n;
}

void
aead_forget(void)
{
}

void
aead_seal(const uint8_t key[AEAD_KEY], uint64_t counter, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t iv[12];

	watch_nonce(key, counter);
	watch_bounds(p, len + AEAD_TAG);
	watch_iv(counter, iv);
	crypto_aead_chacha20poly1305_ietf_encrypt(p, NULL, p, len, aad, aad_len,
	    NULL, iv, key);
}

int
aead_open(const uint8_t key[AEAD_KEY], uint64_t counter, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t iv[12], tag[AEAD_TAG];

	watch_bounds(p, len + AEAD_TAG);
	watch_iv(counter, iv);
	memcpy(tag, p + len, AEAD_TAG);
	if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(NULL, NULL, p, len,
	    tag, aad, aad_len, iv, key) != 0)
		return -1;
	crypto_stream_chacha20_ietf_xor_ic(p, p, len, iv, 1, key);
	return 0;
}

#endif
