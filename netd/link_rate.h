/* link_rate.h -- token buckets for message 1. Pure: time comes with the call. */
#ifndef NETD_LINK_RATE_H
#define NETD_LINK_RATE_H

#include <stdint.h>

#include "pipe.h"

struct bucket {
	uint64_t	tokens, at_ms;	/* millionths */
};

struct rate {
	uint64_t	burst;		/* tokens */
	uint64_t	per_s;		/* times 1000 */
};

/* A full one. */
void	bucket_fill(struct bucket *, const struct rate *, uint64_t now_ms);
/* 1 and a token less, or 0. */
int	bucket_take(struct bucket *, const struct rate *, uint64_t now_ms);

/*
 * Strangers share one bucket; each source address has a share of it as well,
 * so that one address cannot take all. seed: 16 random bytes, against sources
 * that are picked to collide.
 */
void	rate_init(const struct rate *, const uint8_t seed[16], uint64_t now_ms);
int	rate_stranger(const struct endpoint *, uint64_t now_ms);

#endif
