/*
 * fuzz_ring.c -- a ring whose every shared byte is the input's. What comes out
 * is in order, bounded, and any request that passes stays in its slot.
 * room: common
 */
#include <sys/eventfd.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring.h"

#define SLOTS	64u
#define SIZE	2048u

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct ring	r;
	static int		ready;
	struct ring_desc	d;
	size_t			queues;
	uint32_t		i, got = 0;
	int			fds[3];

	if (!ready) {
		fds[0] = ring_create(SLOTS, SIZE);
		fds[1] = eventfd(0, EFD_NONBLOCK);
		fds[2] = eventfd(0, EFD_NONBLOCK);
		if (ring_map(&r, fds, SLOTS, SIZE) == -1)
			abort();
		ready = 1;
	}
	r.pop = r.push = r.urgent_at = (struct ring_at){ 0 };
	queues = (size_t)(r.slots - (uint8_t *)r.todo);
	memset(r.todo, 0, queues);
	memcpy(r.todo, data, len < queues ? len : queues);
	for (i = 0; i < 4 * SLOTS; i++) {
		if (ring_pop(&r, r.urgent, &d) != 1 &&
		    ring_pop(&r, r.todo, &d) != 1)
			break;
		got++;
		if (!ring_request_ok(&r, &d))
			continue;
		memset(ring_slot(&r, d.slot) + d.off, 0xff, d.len);
		if (d.op == RING_SEAL)
			memset(ring_slot(&r, d.slot) + d.off + d.len, 0, 32);
	}
	if (got > 2 * SLOTS)
		abort();
	memset(&d, 0, sizeof(d));
	for (i = 0; i < 2 * SLOTS; i++)
		if (ring_push(&r, r.done, &d) != 1)
			break;
	if (i > 2 * SLOTS)
		abort();
	return 0;
}
