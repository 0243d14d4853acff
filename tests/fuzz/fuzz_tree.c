/* room: netd */
/*
 * fuzz_tree.c -- a peer that may say anything. What decodes encodes back the
 * same; what the tree then tells others is always a lawful announce.
 */
#include <stdlib.h>

#include "../../netd/tree.h"

static struct tree *t;
static uint32_t sign_token, verify_token;
static const struct tree_time now = { 1000, 1700000000 };

static void
on_sign(void *arg, uint32_t token, const struct tree_decl *d)
{
	(void)arg, (void)d;
	sign_token = token;
}

static void
on_verify(void *arg, unsigned slot, uint32_t token, const struct tree_decl *d,
    const uint8_t sig[64])
{
	(void)arg, (void)slot, (void)d, (void)sig;
	verify_token = token;
}

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	struct tree_ann a;

	(void)arg, (void)slot;
	if (tree_decode(msg, len, &a) == -1 || tree_check(&a) == -1)
		abort();
}

static void
on_changed(void *arg, unsigned what, unsigned slot)
{
	(void)arg, (void)what, (void)slot;
}

static void
sign(void)
{
	static const uint8_t sig[64];
	uint32_t	     token;

	while ((token = sign_token) != 0) {
		sign_token = 0;
		tree_signed(t, token, sig, now);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const struct tree_cb cb = { on_sign, on_verify, on_send,
	    on_changed };
	struct tree_cfg cfg = { .addr = { 0xb0 }, .peers_max = 2,
	    .path_max = TREE_PATH_MAX, .hysteresis = 0.2, .flap_count = 4 };
	struct tree_ann a;
	uint8_t		out[TREE_MSG_MAX];

	if (tree_decode(p, len, &a) == -1)
		return 0;
	if (tree_encode(&a, out, sizeof(out)) != (ssize_t)len ||
	    memcmp(p, out, len) != 0)
		abort();
	sign_token = verify_token = 0;
	if ((t = tree_new(&cfg, &cb, NULL, now)) == NULL)
		abort();
	sign();
	tree_peer_add(t, 0, a.decl.addr, 1, now);
	tree_peer_add(t, 1, (const uint8_t[16]){ 0xc0 }, 0, now);
	tree_recv(t, 0, p, len, now);
	tree_verified(t, verify_token, 1, now);
	sign();
	if (naddr_cmp(tree_root(t), cfg.addr) > 0)
		abort();
	tree_tick(t, now);
	tree_free(t);
	return 0;
}
