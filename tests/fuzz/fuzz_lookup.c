/* room: netd */
/*
 * fuzz_lookup.c -- a question or an answer from a peer, to a node that has one
 * question open. What decodes encodes back the same; nothing is found unproven.
 */
#include <stdlib.h>

#include "../../netd/lookup.h"

static struct coords here = { .n = 1, .addr = { { 0x05 } } };
static unsigned found;
static uint32_t token;

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	struct lookup_request  q;
	struct lookup_response a;

	(void)arg, (void)slot;
	if (lookup_request_decode(msg, len, &q) == -1 &&
	    lookup_response_decode(msg, len, &a) == -1)
		abort();
}

static unsigned
on_reach(void *arg, const uint8_t target[16], int tree, unsigned except,
    uint16_t *slots, unsigned max)
{
	(void)arg, (void)target, (void)max;
	slots[0] = 1;
	return tree && except != 1;
}

static int
on_vague(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return 0;
}

static unsigned
on_parent(void *arg)
{
	(void)arg;
	return 0;
}

static uint16_t
on_mtu(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return 1280;
}

static const struct coords *
on_self(void *arg)
{
	(void)arg;
	return &here;
}

static uint64_t
on_random(void *arg)
{
	(void)arg;
	return 0x0102030405060708;
}

static void
on_sign(void *arg, uint32_t t, uint64_t id, const struct coords *c)
{
	(void)arg, (void)id, (void)c;
	token = t;
}

static void
on_verify(void *arg, uint32_t t, const uint8_t pub[32],
    const struct lookup_response *a)
{
	(void)arg, (void)pub, (void)a;
	token = t;
}

static void
on_found(void *arg, const uint8_t target[16], const struct coords *c,
    uint16_t path_mtu, unsigned slot)
{
	(void)arg, (void)target, (void)slot;
	found++;
	if (c->n == 0 || (path_mtu != 0 && path_mtu < LOOKUP_MTU_MIN))
		abort();
}

static void
on_failed(void *arg, const uint8_t target[16])
{
	(void)arg, (void)target;
}

/* The question that is open is the one of FIPS-WIRE Appendix A. */
static const uint8_t target[16] = { 0x8e, 0x30, 0x2c, 0x28, 0x7e, 0xb4, 0x8d,
    0x62, 0x68, 0x12, 0x2f, 0xda, 0x76, 0x0b, 0x77, 0x27 };

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const struct lookup_cb cb = { on_send, on_reach, on_vague,
	    on_parent, on_mtu, on_self, on_random, on_sign, on_verify, on_found, on_failed };
	struct lookup_cfg cfg = { .addr = { 0x05 }, .peers_max = 2,
	    .open_max = 2, .recent_max = 4, .work_max = 2, .ttl = 64,
	    .attempts = 4, .attempt_ms = { 1000, 2000, 4000, 8000 },
	    .recent_ms = 10000, .forward_burst = 4, .forward_per_min = 30 };
	struct lookup_request  q;
	struct lookup_response a;
	uint8_t		       out[LOOKUP_REQUEST_MAX + LOOKUP_RESPONSE_MAX];
	uint8_t		       pub[32] = { 0 };
	struct lookup	      *l;

	if (lookup_request_decode(p, len, &q) == 0 &&
	    (lookup_request_encode(&q, out, sizeof(out)) != (ssize_t)len ||
	    memcmp(out, p, len) != 0))
		abort();
	if (lookup_response_decode(p, len, &a) == 0 &&
	    (lookup_response_encode(&a, out, sizeof(out)) != (ssize_t)len ||
	    memcmp(out, p, len) != 0))
		abort();
	if ((l = lookup_new(&cfg, &cb, NULL)) == NULL)
		abort();
	found = token = 0;
	lookup_start(l, target, pub, 0);
	lookup_recv_request(l, 0, p, len, 1);
	lookup_signed(l, token, out);
	lookup_recv_request(l, 1, p, len, 2);
	lookup_recv_response(l, 1, p, len, 3);
	if (found > 0)
		abort();
	lookup_verified(l, token, 1);
	lookup_verified(l, token, 1);
	if (found > 1)
		abort();
	lookup_free(l);
	return 0;
}
