/* room: netd */
/*
 * fuzz_bloom.c -- filters from two peers. What decodes encodes back the same,
 * and taking a filter away again leaves nothing of it in ours.
 */
#include <stdlib.h>
#include <string.h>

#include "../../netd/bloom.h"

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)arg, (void)slot, (void)msg, (void)len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct bloom_cfg    cfg = { .peers_max = 3, .max_fpr = 0.2,
	    .debounce_ms = 500, .repeat_ms = 1000 };
	struct bloom_filter f, before, after;
	uint8_t		    out[BLOOM_MSG_LEN];
	uint64_t	    seq;
	struct bloom	   *b;
	unsigned	    i;

	if (bloom_decode(p, len, &seq, &f) == -1)
		return 0;
	bloom_encode(seq, &f, out);
	if (memcmp(out, p, len) != 0 || (b = bloom_new(&cfg, on_send, NULL)) == NULL)
		abort();
	for (i = 0; i < 3; i++) {
		bloom_peer_add(b, i);
		bloom_peer_tree(b, i, 1);
	}
	bloom_outgoing(b, 2, &before);
	for (i = 0; i < 2; i++)
		bloom_recv(b, i, p, len, 1000 + i);
	bloom_tick(b, 2000);
	bloom_outgoing(b, 2, &after);
	for (i = 0; i < BLOOM_LEN; i++)
		if (after.byte[i] & ~(before.byte[i] | f.byte[i]))
			abort();
	bloom_peer_del(b, 0);
	bloom_peer_tree(b, 1, 0);
	bloom_outgoing(b, 2, &after);
	if (memcmp(&before, &after, sizeof(after)) != 0)
		abort();
	bloom_free(b);
	return 0;
}
