/* quota.h -- a token bucket. Pure: time comes with the call. */
#ifndef QUOTA_H
#define QUOTA_H

#include <stdint.h>

struct quota {
	uint64_t at_ms;
	uint32_t used;			/* a token is 60,000 of these */
};

/* Takes one of `burst` tokens, of which per_min come back: 1, or 0 if none left. */
static inline int
quota_take(struct quota *q, uint32_t burst, uint32_t per_min, uint64_t now_ms)
{
	uint64_t back = (now_ms - q->at_ms) * per_min;

	q->at_ms = now_ms;
	q->used = back >= q->used ? 0 : q->used - (uint32_t)back;
	if (q->used + 60000 > burst * 60000)
		return 0;
	q->used += 60000;
	return 1;
}

#endif
