/* link_rate.c -- token buckets for message 1. No clock of its own. */
#include <sodium.h>

#include <string.h>

#include "link_rate.h"

enum { SOURCES = 1024, SHARE = 4, TOKEN = 1000000 };

_Static_assert(crypto_shorthash_KEYBYTES == 16, "a seed is a shorthash key");

static struct rate	all_rate, source_rate;
static struct bucket	all, source[SOURCES];
static uint8_t		key[crypto_shorthash_KEYBYTES];

void
bucket_fill(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	b->tokens = r->burst * TOKEN;
	b->at_ms = now_ms;
}

/* per_s is a thousandth of a token a second: a millionth of one a millisecond. */
static void
refill(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	uint64_t age_ms = now_ms - b->at_ms, full = r->burst * TOKEN, more;

	if (age_ms > 3600000)
		age_ms = 3600000;
	more = age_ms * r->per_s;
	b->at_ms = now_ms;
	b->tokens = more > full - b->tokens ? full : b->tokens + more;
}

int
bucket_take(struct bucket *b, const struct rate *r, uint64_t now_ms)
{
	refill(b, r, now_ms);
	if (b->tokens < TOKEN)
		return 0;
	b->tokens -= TOKEN;
	return 1;
}

void
rate_init(const struct rate *r, const uint8_t seed[16], uint64_t now_ms)
{
	unsigned i;

	memcpy(key, seed, sizeof(key));
	all_rate = *r;
	source_rate.burst = r->burst / SHARE > 0 ? r->burst / SHARE : 1;
	source_rate.per_s = r->per_s / SHARE > 0 ? r->per_s / SHARE : 1;
	bucket_fill(&all, &all_rate, now_ms);
	for (i = 0; i < SOURCES; i++)
		bucket_fill(&source[i], &source_rate, now_ms);
}

/* An IPv6 source is its /64: whoever has one has all of it. */
static unsigned
source_of(const struct endpoint *ep)
{
	uint8_t		in[9] = { ep->family };
	uint64_t	h;

	memcpy(in + 1, ep->ip, ep->family == 4 ? 4 : 8);
	crypto_shorthash((uint8_t *)&h, in, sizeof(in), key);
	return (unsigned)(h % SOURCES);
}

int
rate_stranger(const struct endpoint *ep, uint64_t now_ms)
{
	return bucket_take(&source[source_of(ep)], &source_rate, now_ms) &&
	    bucket_take(&all, &all_rate, now_ms);
}
