/* quota.h -- a token bucket. Pure: time comes with the call. */
#ifndef NETD_QUOTA_H
#define NETD_QUOTA_H

#include <stdint.h>

struct quota {
	uint64_t at_ms;
	uint32_t used;			/* thousandths of a token */
};

/* Takes one of `burst` tokens that come back at per_s: 1, or 0 if none is left. */
static inline int
quota_take(struct quota *q, uint32_t burst, uint32_t per_s, uint64_t now_ms)
{
	uint64_t back = (now_ms - q->at_ms) * per_s;

	q->at_ms = now_ms;
	q->used = back >= q->used ? 0 : q->used - (uint32_t)back;
	if (q->used + 1000 > burst * 1000)
		return 0;
	q->used += 1000;
	return 1;
}

#endif
