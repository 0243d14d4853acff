/*
 * replay.h -- which of the last 2048 counters were seen. Pure.
 *
 * Check, decrypt, accept: only an authentic frame may move the window.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdint.h>

#define REPLAY_BITS	2048u

struct replay {
	uint64_t highest;
	uint64_t seen[REPLAY_BITS / 64];	/* counter c is bit c mod 2048 */
};

/* Would it be news? All zero bytes are a new window; it takes counter 0 once. */
int	replay_may(const struct replay *, uint64_t counter);
/* It was authentic. Only after replay_may() said yes. */
void	replay_accept(struct replay *, uint64_t counter);

#endif
