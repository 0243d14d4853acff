/*
 * aead.c -- which library seals and opens a packet: by its size.
 *
 * Until aead_start() everything goes to libsodium, which needs no start.
 */
#include <string.h>
#include <time.h>

#include "aead_lib.h"
#include "conf.h"
#include "log.h"
#include "wire.h"

/* Sizes of the trial, and how often. The largest decides between libraries. */
static const uint16_t	trial[] = { 64, 128, 256, 512, 1024, 1420 };
#define TRIALS		(sizeof(trial) / sizeof(trial[0]))
#define ROUNDS		8
#define PACKETS		16

_Static_assert((int)AEAD_WANTS == CONF_AEAD_WORDS, "a word for each");

static const struct aead_lib *large = &aead_sodium;
static uint32_t		from;		/* bytes; smaller ones are libsodium's */

const struct aead_lib *
aead_lib(enum aead_want want)
{
	switch (want) {
	case AEAD_LIBSODIUM:
		return &aead_sodium;
	case AEAD_LIBCRYPTO:
		return &aead_libcrypto;
#ifdef __x86_64__
	case AEAD_IPSEC_MB:
		return aead_ipsec_mb.usable() ? &aead_ipsec_mb : NULL;
#endif
	default:
		return NULL;
	}
}

static const struct aead_lib *
lib(size_t len)
{
	return len >= from ? large : &aead_sodium;
}

static void
nonce_of(uint64_t counter, uint8_t nonce[AEAD_NONCE])
{
	memset(nonce, 0, 4);
	put_le64(nonce + 4, counter);
}

void
aead_seal(const uint8_t key[AEAD_KEY], uint64_t counter, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t nonce[AEAD_NONCE];

	nonce_of(counter, nonce);
	lib(len)->seal(key, nonce, aad, aad_len, p, len);
}

int
aead_open(const uint8_t key[AEAD_KEY], uint64_t counter, const uint8_t *aad,
    size_t aad_len, uint8_t *p, size_t len)
{
	uint8_t nonce[AEAD_NONCE];

	nonce_of(counter, nonce);
	return lib(len)->open(key, nonce, aad, aad_len, p, len);
}

/* -- the choice ------------------------------------------------------------ */

static uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* One packet there and back, the quickest of some rounds: noise only slows. */
static uint64_t
time_of(const struct aead_lib *l, size_t len)
{
	static uint8_t	buf[1536];
	static const uint8_t key[AEAD_KEY];
	uint8_t		nonce[AEAD_NONCE] = { 0 };
	uint64_t	best = UINT64_MAX, t;
	int		round, i;

	for (round = 0; round < ROUNDS; round++) {
		t = now_ns();
		for (i = 0; i < PACKETS; i++) {
			l->seal(key, nonce, nonce, sizeof(nonce), buf, len);
			l->open(key, nonce, nonce, sizeof(nonce), buf, len);
		}
		t = now_ns() - t;
		best = t < best ? t : best;
	}
	return best;
}

/* NULL: it is not for this processor. Again is fine. */
static const struct aead_lib *
started(enum aead_want want, unsigned threads)
{
	const struct aead_lib *l = aead_lib(want);

	if (l != NULL && l->start != NULL)
		l->start(threads);
	return l;
}

/*
 * The quicker with the largest packets of libsodium and one other. What is
 * started keeps its memory: libcrypto, the slower at every size that was
 * measured, is left alone where libIPSec_MB runs.
 */
static enum aead_want
quickest(unsigned threads)
{
	enum aead_want	other = aead_lib(AEAD_IPSEC_MB) != NULL ?
			    AEAD_IPSEC_MB : AEAD_LIBCRYPTO;
	size_t		len = trial[TRIALS - 1];

	return time_of(started(other, threads), len) <
	    time_of(&aead_sodium, len) ? other : AEAD_LIBSODIUM;
}

/* Downwards from the largest, as far as it is quicker than libsodium. */
static uint32_t
begins_at(const struct aead_lib *l)
{
	size_t i;

	for (i = TRIALS - 1; i > 0; i--)
		if (time_of(l, trial[i - 1]) >= time_of(&aead_sodium, trial[i - 1]))
			return trial[i];
	return 0;
}

struct aead_choice
aead_start(enum aead_want want, unsigned threads)
{
	struct aead_choice c = { .large = want };

	if (want == AEAD_AUTO)
		c.large = quickest(threads);
	large = started(c.large, threads);
	if (large == NULL)
		fatalx("bastide.cryptod.aead: %s is not for this processor",
		    conf_aead_word[want]);
	if (want == AEAD_AUTO && large != &aead_sodium)
		c.from = begins_at(large);
	from = c.from;
	return c;
}

void
aead_thread(unsigned n)
{
	if (large->thread != NULL)
		large->thread(n);
}

void
aead_forget(void)
{
	if (large->forget != NULL)
		large->forget();
}
