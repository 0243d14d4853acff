/* tree_world.c -- a tree with peers that say what the test likes. */
#include "tree_world.h"

struct sent sent[PEERS];
struct asked asked_sign, asked_verify[PEERS];
unsigned changes;
struct tree_time now;
struct tree *tree;

static void
on_sign(void *arg, uint32_t token, const struct tree_decl *d)
{
	(void)arg, (void)d;
	asked_sign.token = token;
	asked_sign.count++;
}

static void
on_verify(void *arg, unsigned slot, uint32_t token, const struct tree_decl *d,
    const uint8_t sig[64])
{
	(void)arg, (void)d, (void)sig;
	asked_verify[slot].token = token;
	asked_verify[slot].count++;
}

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)arg;
	sent[slot].count++;
	ck_assert_int_eq(tree_decode(msg, len, &sent[slot].last), 0);
	ck_assert_int_eq(tree_check(&sent[slot].last), 0);
}

static void
on_changed(void *arg, unsigned what, unsigned slot)
{
	(void)arg, (void)slot;
	changes |= what;
}

const struct tree_cb cb = { on_sign, on_verify, on_send, on_changed };

void
addr_of(unsigned n, uint8_t out[16])
{
	memset(out, 0, 16);
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
}

void
sign_all(void)
{
	static const uint8_t sig[64] = { 7 };
	uint32_t	     token;

	while ((token = asked_sign.token) != 0) {
		asked_sign.token = 0;
		tree_signed(tree, token, sig, now);
	}
}

void
at(uint64_t ms)
{
	now.ms = ms;
	now.unix_s = 1700000000 + ms / 1000;
	tree_tick(tree, now);
	sign_all();
}

void
setup(void)
{
	struct tree_cfg cfg = { .peers_max = PEERS, .path_max = TREE_PATH_MAX,
	    .hysteresis = 0.2, .hold_ms = 30000, .reeval_ms = 60000,
	    .announce_ms = 500, .flap_count = 4, .flap_window_ms = 60000,
	    .flap_still_ms = 120000 };

	memset(sent, 0, sizeof(sent));
	memset(&asked_sign, 0, sizeof(asked_sign));
	memset(asked_verify, 0, sizeof(asked_verify));
	changes = 0;
	now = (struct tree_time){ 1000, 1700000001 };
	addr_of(100, cfg.addr);
	tree = tree_new(&cfg, &cb, NULL, now);
	ck_assert_ptr_nonnull(tree);
	sign_all();
}

void
teardown(void)
{
	tree_free(tree);
}

size_t
announce(uint8_t *buf, uint64_t seq, unsigned n, const unsigned *path)
{
	struct tree_ann a = { .decl.seq = seq };
	unsigned	i;
	ssize_t		len;

	a.path.at.n = (uint16_t)n;
	for (i = 0; i < n; i++)
		addr_of(path[i], a.path.at.addr[i]);
	addr_of(path[n > 1 ? 1 : 0], a.decl.parent);
	len = tree_encode(&a, buf, TREE_MSG_MAX);
	ck_assert_int_gt(len, 0);
	return (size_t)len;
}

enum tree_said
verdict(unsigned slot, int ok)
{
	uint32_t token = asked_verify[slot].token;

	asked_verify[slot].token = 0;
	return tree_verified(tree, token, ok, now);
}

enum tree_said
says(unsigned slot, uint64_t seq, const unsigned *path)
{
	uint8_t	       buf[TREE_MSG_MAX];
	unsigned       n;
	enum tree_said said;

	for (n = 0; path[n] != 0; n++)
		;
	said = tree_recv(tree, slot, buf, announce(buf, seq, n, path), now);
	if (said == TREE_ASKED && asked_verify[slot].token != 0)
		said = verdict(slot, 1);
	sign_all();
	return said;
}

void
peer(unsigned slot, unsigned n)
{
	uint8_t addr[16];

	addr_of(n, addr);
	tree_peer_add(tree, slot, addr, 0, now);
}
