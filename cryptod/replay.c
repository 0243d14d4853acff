/*
 * replay.c -- a bitmap that turns instead of shifting: a counter keeps its
 * bit, and moving ahead clears the words it passes. Pure.
 */
#include <string.h>

#include "replay.h"

#define WORDS	(REPLAY_BITS / 64)

static uint64_t
bit_of(uint64_t counter)
{
	return UINT64_C(1) << (counter % 64);
}

static unsigned
word_of(uint64_t counter)
{
	return (unsigned)(counter / 64 % WORDS);
}

int
replay_may(const struct replay *r, uint64_t counter)
{
	if (counter > r->highest)
		return 1;
	if (r->highest - counter >= REPLAY_BITS)
		return 0;
	return (r->seen[word_of(counter)] & bit_of(counter)) == 0;
}

/* Forget the counters that leave the window as highest moves up. */
static void
advance(struct replay *r, uint64_t counter)
{
	uint64_t c, step = counter - r->highest;

	if (step >= REPLAY_BITS) {
		memset(r->seen, 0, sizeof(r->seen));
	} else {
		for (c = r->highest + 1; c != counter + 1; c++)
			r->seen[word_of(c)] &= ~bit_of(c);
	}
	r->highest = counter;
}

void
replay_accept(struct replay *r, uint64_t counter)
{
	if (counter > r->highest)
		advance(r, counter);
	r->seen[word_of(counter)] |= bit_of(counter);
}
