/* room: netd */
/* test_tree.c -- TreeAnnounce, the choice of a parent, and peers that lie. */
#include <stdlib.h>

#include "../../netd/tree.h"
#include "suite.h"

/* FIPS-WIRE Appendix A: node A under C. */
#define ANN "1001070000000000000000f1536500000000aca221406950440c41d550280ed15a" \
	"7f020069e08d65cc3a6b9c2c2ac4bd405e4b0e070000000000000000f1536500000000" \
	"aca221406950440c41d550280ed15a7f0300000000000000fff0536500000000412368" \
	"72bcefb7c104e50af3934166183a238773a780cf800064412e041c705ec72057eac1aa" \
	"1c70bf3c109ff246e096c9b858ed01620834c127cfb35798e9ee"
#define TBS "69e08d65cc3a6b9c2c2ac4bd405e4b0eaca221406950440c41d550280ed15a7f07" \
	"0000000000000000f1536500000000"

enum { PEERS = 8 };

static struct sent {
	unsigned	count;
	struct tree_ann last;
} sent[PEERS];
static struct {
	uint32_t token;
	unsigned count;
} asked_sign, asked_verify[PEERS];
static unsigned changes;
static struct tree_time now;
static struct tree *t;

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

static const struct tree_cb cb = { on_sign, on_verify, on_send, on_changed };

static void
addr_of(unsigned n, uint8_t out[16])
{
	memset(out, 0, 16);
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
}

static void
sign_all(void)
{
	static const uint8_t sig[64] = { 7 };
	uint32_t	     token;

	while ((token = asked_sign.token) != 0) {
		asked_sign.token = 0;
		tree_signed(t, token, sig, now);
	}
}

static void
at(uint64_t ms)
{
	now.ms = ms;
	now.unix_s = 1700000000 + ms / 1000;
	tree_tick(t, now);
	sign_all();
}

/* Our node is number 100. */
static void
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
	t = tree_new(&cfg, &cb, NULL, now);
	ck_assert_ptr_nonnull(t);
	sign_all();
}

static void
teardown(void)
{
	tree_free(t);
}

static size_t
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

static enum tree_said
verdict(unsigned slot, int ok)
{
	uint32_t token = asked_verify[slot].token;

	asked_verify[slot].token = 0;
	return tree_verified(t, token, ok, now);
}

/* Peer `slot` says it stands there; the path ends with 0. Signed well. */
#define SAYS(slot, seq, ...) says(slot, seq, (const unsigned[]){ __VA_ARGS__, 0 })
static enum tree_said
says(unsigned slot, uint64_t seq, const unsigned *path)
{
	uint8_t	       buf[TREE_MSG_MAX];
	unsigned       n;
	enum tree_said said;

	for (n = 0; path[n] != 0; n++)
		;
	said = tree_recv(t, slot, buf, announce(buf, seq, n, path), now);
	if (said == TREE_ASKED && asked_verify[slot].token != 0)
		said = verdict(slot, 1);
	sign_all();
	return said;
}

static void
peer(unsigned slot, unsigned n)
{
	uint8_t addr[16];

	addr_of(n, addr);
	tree_peer_add(t, slot, addr, 0, now);
}

START_TEST(announce_of_the_reference_decodes_and_encodes_back)
{
	uint8_t		in[512], out[512], tbs[48], want[48];
	size_t		len = strlen(ANN) / 2;
	struct tree_ann a;

	ck_assert_int_eq(hex_decode(ANN, in, len), 0);
	ck_assert_int_eq(tree_decode(in, len, &a), 0);
	ck_assert_int_eq(tree_encode(&a, out, sizeof(out)), len);
	ck_assert_mem_eq(in, out, len);
	hex_decode(TBS, want, 48);
	tree_tbs(&a.decl, tbs);
	ck_assert_mem_eq(tbs, want, 48);
	/* The reference's vector has C below A: form is right, root is not. */
	ck_assert_int_eq(tree_check(&a), -1);
}
END_TEST

START_TEST(announce_cut_or_lengthened_anywhere_is_malformed)
{
	uint8_t		in[512];
	size_t		len = strlen(ANN) / 2, cut;
	struct tree_ann a;

	hex_decode(ANN, in, len);
	in[len] = 0;
	for (cut = 0; cut <= len + 1; cut++)
		ck_assert_int_eq(tree_decode(in, cut, &a), cut == len ? 0 : -1);
	in[0] = 0x11;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
	in[0] = 0x10, in[1] = 2;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
	in[1] = 1, in[34] = in[35] = 0xff;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
	in[34] = in[35] = 0;
	ck_assert_int_eq(tree_decode(in, len, &a), -1);
}
END_TEST

START_TEST(a_path_must_agree_with_its_declaration)
{
	static const struct {
		unsigned n, path[4], parent;
		int	 ok;
	} row[] = {
		{ 1, { 50 }, 50, 0 }, { 2, { 50, 10 }, 10, 0 },
		{ 1, { 50 }, 10, -1 }, { 2, { 50, 10 }, 50, -1 },
		{ 2, { 50, 10 }, 11, -1 }, { 3, { 50, 10, 20 }, 10, -1 },
		{ 2, { 50, 60 }, 60, -1 }, { 4, { 50, 40, 50, 10 }, 40, -1 },
	};
	struct tree_ann a;
	unsigned	i, k;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		memset(&a, 0, sizeof(a));
		a.path.at.n = (uint16_t)row[i].n;
		for (k = 0; k < row[i].n; k++)
			addr_of(row[i].path[k], a.path.at.addr[k]);
		addr_of(row[i].path[0], a.decl.addr);
		addr_of(row[i].parent, a.decl.parent);
		ck_assert_int_eq(tree_check(&a), row[i].ok);
	}
}
END_TEST

START_TEST(nothing_is_told_before_it_is_signed)
{
	struct tree_cfg cfg = { .peers_max = 2, .path_max = 9, .flap_count = 4 };
	struct tree    *u;

	addr_of(100, cfg.addr);
	asked_sign.token = 0;
	u = tree_new(&cfg, &cb, NULL, now);
	sent[0].count = 0;
	tree_peer_add(u, 0, (const uint8_t[16]){ 1 }, 0, now);
	tree_tick(u, now);
	ck_assert_uint_eq(sent[0].count, 0);
	tree_signed(u, asked_sign.token + 1, (const uint8_t[64]){ 1 }, now);
	ck_assert_uint_eq(sent[0].count, 0);
	tree_signed(u, asked_sign.token, NULL, now);
	tree_tick(u, now);
	tree_signed(u, asked_sign.token, (const uint8_t[64]){ 1 }, now);
	ck_assert_uint_eq(sent[0].count, 1);
	ck_assert_uint_eq(sent[0].last.decl.seq, 1);
	asked_sign.token = 0;
	tree_free(u);
}
END_TEST

START_TEST(the_smallest_address_becomes_root)
{
	peer(0, 200);
	ck_assert_int_eq(SAYS(0, 1, 200), TREE_OK);
	ck_assert(tree_is_root(t));
	peer(1, 50);
	ck_assert_int_eq(SAYS(1, 1, 50), TREE_OK);
	ck_assert_uint_eq(tree_parent(t), 1);
	ck_assert_uint_eq(tree_self(t)->n, 2);
	ck_assert(changes & TREE_NEW_ROOT);
	at(2000);
	ck_assert_uint_eq(sent[0].last.path.at.n, 2);
	tree_peer_del(t, 1, now);
	ck_assert(tree_is_root(t));
	sign_all();
	at(3000);
	ck_assert_uint_eq(sent[0].last.path.at.n, 1);
}
END_TEST

START_TEST(a_lie_about_the_sender_or_the_signature_changes_nothing)
{
	uint8_t buf[TREE_MSG_MAX];
	size_t	len = announce(buf, 1, 1, (const unsigned[]){ 50 });

	peer(0, 60);
	ck_assert_int_eq(tree_recv(t, 0, buf, len, now), TREE_STRANGER);
	ck_assert_int_eq(tree_recv(t, 5, buf, len, now), TREE_STRANGER);
	ck_assert_int_eq(tree_recv(t, 999, buf, len, now), TREE_STRANGER);
	len = announce(buf, 1, 1, (const unsigned[]){ 60 });
	ck_assert_int_eq(tree_recv(t, 0, buf, len, now), TREE_ASKED);
	ck_assert(tree_is_root(t));
	ck_assert_int_eq(verdict(0, 0), TREE_BAD_SIG);
	ck_assert(tree_is_root(t));
	ck_assert_ptr_null(tree_peer_at(t, 0));
	ck_assert_int_eq(tree_verified(t, 12345, 1, now), TREE_STRANGER);
	/* The same number again, truly signed this time. */
	ck_assert_int_eq(SAYS(0, 1, 60), TREE_OK);
	ck_assert_uint_eq(tree_parent(t), 0);
}
END_TEST

START_TEST(a_verdict_for_a_link_that_went_is_ignored)
{
	uint8_t	 buf[TREE_MSG_MAX];
	uint32_t token;

	peer(0, 60);
	tree_recv(t, 0, buf, announce(buf, 9, 1, (const unsigned[]){ 60 }), now);
	token = asked_verify[0].token;
	tree_peer_del(t, 0, now);
	peer(0, 70);
	ck_assert_int_eq(tree_verified(t, token, 1, now), TREE_STRANGER);
	ck_assert_ptr_null(tree_peer_at(t, 0));
}
END_TEST

START_TEST(a_repetition_costs_no_verification)
{
	unsigned n;

	peer(0, 60);
	SAYS(0, 5, 60);
	n = asked_verify[0].count;
	ck_assert_int_eq(SAYS(0, 5, 60), TREE_STALE);
	ck_assert_int_eq(SAYS(0, 4, 60), TREE_STALE);
	ck_assert_uint_eq(asked_verify[0].count, n);
}
END_TEST

START_TEST(of_a_flood_the_newest_announce_is_verified)
{
	uint8_t	 buf[TREE_MSG_MAX];
	unsigned i;

	peer(0, 60);
	for (i = 1; i <= 50000; i++) {
		tree_recv(t, 0, buf, announce(buf, i, 1, (const unsigned[]){ 60 }),
		    now);
		if (asked_verify[0].token != 0)
			verdict(0, 1);
	}
	ck_assert_uint_le(asked_verify[0].count, 8);
	at(now.ms + 1000);
	ck_assert_uint_le(asked_verify[0].count, 9);
	verdict(0, 1);
	/* Nothing older is news now. */
	ck_assert_int_eq(SAYS(0, 50000, 60), TREE_STALE);
}
END_TEST

START_TEST(depth_and_cost_choose_among_equals)
{
	peer(0, 60), peer(1, 70);
	SAYS(0, 1, 60, 40, 10);			/* depth 2 */
	SAYS(1, 1, 70, 10);			/* depth 1, but held down */
	ck_assert_uint_eq(tree_parent(t), 0);
	at(32000), at(62000);
	ck_assert_uint_eq(tree_parent(t), 1);
	/* Measured: 1 + 5 against 2 + 1. */
	tree_peer_cost(t, 1, 5, now);
	tree_peer_cost(t, 0, 1, now);
	at(92500), at(152500);
	ck_assert_uint_eq(tree_parent(t), 0);
	/* A little better is not enough: 1 + 1.5 against 3. */
	tree_peer_cost(t, 1, 1.5, now);
	at(300000), at(400000);
	ck_assert_uint_eq(tree_parent(t), 0);
	tree_peer_cost(t, 1, 1.2, now);
	at(500000);
	ck_assert_uint_eq(tree_parent(t), 1);
	ck_assert_double_eq_tol(tree_peer_depth(t, 0), 3, 1e-9);
}
END_TEST

START_TEST(an_unmeasured_link_is_used_only_when_no_other_leads_there)
{
	peer(0, 60), peer(1, 70);
	tree_peer_cost(t, 1, 9, now);
	SAYS(0, 1, 60, 10);
	ck_assert_uint_eq(tree_parent(t), 0);
	at(62000);
	SAYS(1, 1, 70, 10);
	ck_assert_uint_eq(tree_parent(t), 1);
}
END_TEST

START_TEST(a_better_root_or_a_lost_parent_waits_for_nothing)
{
	peer(0, 60), peer(1, 70), peer(2, 80);
	SAYS(0, 1, 60, 30);
	SAYS(1, 1, 70, 20);
	ck_assert_uint_eq(tree_parent(t), 1);
	SAYS(2, 1, 80, 20);
	tree_peer_del(t, 1, now);
	ck_assert_uint_eq(tree_parent(t), 2);
	SAYS(2, 2, 80);
	ck_assert_uint_eq(tree_parent(t), 0);
}
END_TEST

START_TEST(a_mute_peer_is_neither_parent_nor_child_until_it_is_heard)
{
	unsigned was;

	peer(0, 60), peer(1, 70), peer(2, 110);
	SAYS(0, 1, 60, 10);
	SAYS(1, 1, 70, 30, 10);
	SAYS(2, 1, 110, 100, 60, 10);
	ck_assert_uint_eq(tree_parent(t), 0);
	ck_assert(tree_is_child(t, 2));
	/* No hold-down: as if it had gone. */
	tree_peer_mute(t, 0, 1, now);
	ck_assert_uint_eq(tree_parent(t), 1);
	tree_peer_mute(t, 2, 1, now);
	ck_assert(!tree_is_tree_peer(t, 2));
	ck_assert_ptr_nonnull(tree_peer_at(t, 2));
	sign_all();
	at(20000);
	at(40000);
	now.ms += 1000;
	/* It may have missed our place, and we know its. */
	was = sent[0].count;
	tree_peer_mute(t, 0, 0, now);
	ck_assert_uint_eq(sent[0].count, was + 1);
	tree_peer_mute(t, 2, 0, now);
	ck_assert(tree_is_child(t, 2));
	tree_peer_del(t, 1, now);
	ck_assert_uint_eq(tree_parent(t), 0);
}
END_TEST

START_TEST(a_parent_that_comes_to_stand_below_us_is_left)
{
	peer(0, 60), peer(1, 70);
	SAYS(0, 1, 60, 10);
	SAYS(0, 2, 60, 100, 70, 10);
	ck_assert(tree_is_root(t));
	ck_assert(changes & TREE_LOOP);
	ck_assert_uint_eq(tree_stats(t)->loops, 1);
	SAYS(1, 1, 70, 10);
	ck_assert_uint_eq(tree_parent(t), 1);
	ck_assert(tree_is_child(t, 0));
}
END_TEST

START_TEST(soon_after_a_switch_only_half_the_depth_is_worth_another)
{
	peer(0, 60), peer(1, 70), peer(2, 80);
	SAYS(0, 1, 60, 50, 51, 52, 53, 54, 10);		/* 6 + 1 */
	SAYS(1, 1, 70, 50, 51, 52, 10);			/* 4 + 1 */
	ck_assert_uint_eq(tree_parent(t), 0);
	SAYS(2, 1, 80, 50, 10);				/* 2 + 1 */
	ck_assert_uint_eq(tree_parent(t), 2);
}
END_TEST

START_TEST(a_path_too_long_to_tell_is_not_taken)
{
	unsigned path[TREE_PATH_MAX + 1] = { 60 }, i;

	for (i = 1; i < TREE_PATH_MAX; i++)
		path[i] = 200 + i;
	path[TREE_PATH_MAX - 1] = 10;
	peer(0, 60);
	ck_assert_int_eq(says(0, 1, path), TREE_OK);
	ck_assert(tree_is_root(t));
}
END_TEST

START_TEST(a_change_above_the_parent_is_told_a_new_time_stamp_is_not)
{
	unsigned n;

	peer(0, 60), peer(1, 200);
	SAYS(0, 1, 60, 40, 10);
	at(2000);
	n = sent[1].count;
	at(3000);
	SAYS(0, 2, 60, 40, 10);
	ck_assert_uint_eq(sent[1].count, n);
	SAYS(0, 3, 60, 41, 10);
	ck_assert_uint_eq(sent[1].count, n + 1);
	ck_assert_uint_eq(sent[1].last.path.at.addr[2][1], 41);
}
END_TEST

START_TEST(a_new_place_is_said_three_times)
{
	uint64_t ms;

	peer(0, 60), peer(1, 200);
	SAYS(0, 1, 60, 10);
	for (ms = 2000; ms < 30000; ms += 500)
		at(ms);
	ck_assert_uint_eq(sent[1].count, 1 + 3);
	ck_assert_uint_eq(sent[1].last.decl.seq, 2);
}
END_TEST

START_TEST(announces_to_one_peer_keep_their_distance)
{
	unsigned i;

	peer(0, 60), peer(1, 200);
	for (i = 0; i < 8; i++) {
		SAYS(0, 2 * i + 1, 60, 40 + i, 10);
		at(now.ms + 100);
	}
	ck_assert_uint_le(sent[1].count, 3);
	at(now.ms + 500);
	ck_assert_uint_eq(sent[1].last.path.at.addr[2][1], 47);
}
END_TEST

START_TEST(a_worse_root_gets_our_place_again)
{
	unsigned n;

	peer(0, 200);
	at(2000);
	n = sent[0].count;
	SAYS(0, 1, 200);
	ck_assert_uint_eq(sent[0].count, n + 1);
	ck_assert_uint_eq(tree_stats(t)->echoes, 1);
	/* And every minute, whether it changed or not. */
	at(70000);
	ck_assert_uint_eq(sent[0].count, n + 2);
	ck_assert_uint_eq(sent[0].last.decl.seq, 1);
}
END_TEST

/* Forced changes of parent under one root, from one peer to another and back. */
static void
flap(uint64_t *seq)
{
	unsigned i;

	for (i = 0; i < 5; i++) {
		++*seq;
		SAYS(i & 1, *seq, 60 + 10 * (i & 1), 10);
		++*seq;
		SAYS(!(i & 1), *seq, 70 - 10 * (i & 1));
		at(now.ms + 1000);
	}
}

START_TEST(dampening_engages_every_time_not_once)
{
	uint64_t seq = 0;
	unsigned round;

	peer(0, 60), peer(1, 70), peer(2, 80);
	for (round = 1; round <= 3; round++) {
		flap(&seq);
		ck_assert_uint_eq(tree_stats(t)->damped, round);
		/* A far better parent is not taken while we hold still. */
		seq++;
		SAYS(1, seq, 70, 30, 31, 32, 33, 10);
		SAYS(0, seq, 60);
		ck_assert_uint_eq(tree_parent(t), 1);
		seq++;
		SAYS(2, seq, 80, 10);
		at(now.ms + 61000);
		ck_assert_uint_eq(tree_parent(t), 1);
		at(now.ms + 121000);
		ck_assert_uint_eq(tree_parent(t), 2);
		seq++;
		SAYS(2, seq, 80);
		at(now.ms + 61000);
	}
}
END_TEST

START_TEST(following_ever_better_roots_is_no_flapping)
{
	unsigned i;

	peer(0, 60), peer(1, 70);
	for (i = 0; i < 14; i++)
		SAYS(i & 1, i + 1, 60 + 10 * (i & 1), 40 - i);
	ck_assert_uint_eq(tree_stats(t)->switches, 14);
	ck_assert_uint_eq(tree_stats(t)->damped, 0);
}
END_TEST

/* Does our place follow peer 0, who names another root each second? */
static unsigned
roots_followed(uint64_t *seq, unsigned seconds)
{
	unsigned i, n = 0;
	uint8_t  was[16];

	for (i = 0; i < seconds; i++) {
		memcpy(was, tree_root(t), 16);
		if (i & 1)
			SAYS(0, ++*seq, 60);
		else
			SAYS(0, ++*seq, 60, 10 + i % 4);
		at(now.ms + 1000);
		n += memcmp(was, tree_root(t), 16) != 0;
	}
	return n;
}

START_TEST(a_peer_that_sways_between_roots_soon_sways_nobody)
{
	uint64_t seq = 0;

	peer(0, 60), peer(1, 50);
	SAYS(1, 1, 50);
	ck_assert_uint_le(roots_followed(&seq, 60), 22);
	/* It goes and comes back: no reason to begin anew. */
	peer(0, 60);
	seq = 0;
	ck_assert_uint_le(roots_followed(&seq, 60), 6);
	/* An honest change counts when there were few for a while. */
	at(now.ms + 120000);
	while (asked_verify[0].token != 0)
		verdict(0, 1);
	SAYS(0, ++seq, 60, 20);
	ck_assert_uint_eq(tree_root(t)[1], 20);
}
END_TEST

/* A key a second, which names a better root and goes: how often do we move? */
static unsigned
moved_by_fresh_keys(unsigned seconds)
{
	unsigned i, n = 0;
	uint8_t  was[16];

	for (i = 0; i < seconds; i++) {
		memcpy(was, tree_root(t), 16);
		peer(i % 4, 3000 + i);
		SAYS(i % 4, 1, 3000 + i, 10);
		n += memcmp(was, tree_root(t), 16) != 0;
		at(now.ms + 1000);
		tree_peer_del(t, i % 4, now);
		sign_all();
	}
	return n;
}

START_TEST(fresh_keys_move_us_no_oftener_than_a_few_that_stay)
{
	uint8_t addr[16];

	ck_assert_uint_ge(moved_by_fresh_keys(60), 60);
	ck_assert_uint_le(moved_by_fresh_keys(60), 40);
	ck_assert_uint_le(moved_by_fresh_keys(60), 20);
	/* All that while a peer of ours is heard. */
	addr_of(60, addr);
	tree_peer_add(t, 5, addr, 1, now);
	SAYS(5, 1, 60, 20);
	ck_assert_uint_eq(tree_root(t)[1], 20);
	/* Others who are anybody follow it: they bring nothing new, and may. */
	peer(6, 61);
	SAYS(6, 1, 61, 20);
	ck_assert_ptr_nonnull(tree_peer_at(t, 6));
}
END_TEST

START_TEST(a_parent_is_reconsidered_as_often_as_configured)
{
	struct tree_cfg cfg = { .peers_max = PEERS, .path_max = TREE_PATH_MAX,
	    .reeval_ms = 5000, .announce_ms = 500, .flap_count = 4 };
	unsigned i;

	teardown();
	addr_of(100, cfg.addr);
	t = tree_new(&cfg, &cb, NULL, now);
	sign_all();
	peer(0, 60);
	SAYS(0, 1, 60);
	for (i = 0; i < 60; i++)
		at(now.ms + 1000);
	ck_assert_uint_le(tree_tick(t, now), 5000);
}
END_TEST

START_TEST(a_signature_that_comes_late_is_not_told_for_a_newer_place)
{
	uint8_t	 buf[TREE_MSG_MAX];
	uint32_t old;
	unsigned n;

	peer(0, 60), peer(1, 200);
	at(5000), at(5600);
	n = sent[1].count;
	tree_recv(t, 0, buf, announce(buf, 1, 1, (const unsigned[]){ 60 }), now);
	verdict(0, 1);
	old = asked_sign.token;
	tree_recv(t, 0, buf, announce(buf, 2, 2, (const unsigned[]){ 60, 10 }), now);
	verdict(0, 1);
	ck_assert_uint_eq(asked_sign.token, old);
	tree_signed(t, old, (const uint8_t[64]){ 1 }, now);
	ck_assert_uint_eq(sent[1].count, n);
	ck_assert_uint_ne(asked_sign.token, old);
	sign_all();
	ck_assert_uint_eq(sent[1].count, n + 1);
	ck_assert_uint_eq(sent[1].last.path.at.n, 3);
}
END_TEST

void
tests(TCase *tc)
{
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, announce_of_the_reference_decodes_and_encodes_back);
	tcase_add_test(tc, announce_cut_or_lengthened_anywhere_is_malformed);
	tcase_add_test(tc, a_path_must_agree_with_its_declaration);
	tcase_add_test(tc, nothing_is_told_before_it_is_signed);
	tcase_add_test(tc, the_smallest_address_becomes_root);
	tcase_add_test(tc, a_lie_about_the_sender_or_the_signature_changes_nothing);
	tcase_add_test(tc, a_verdict_for_a_link_that_went_is_ignored);
	tcase_add_test(tc, a_repetition_costs_no_verification);
	tcase_add_test(tc, of_a_flood_the_newest_announce_is_verified);
	tcase_add_test(tc, depth_and_cost_choose_among_equals);
	tcase_add_test(tc, an_unmeasured_link_is_used_only_when_no_other_leads_there);
	tcase_add_test(tc, a_better_root_or_a_lost_parent_waits_for_nothing);
	tcase_add_test(tc, a_mute_peer_is_neither_parent_nor_child_until_it_is_heard);
	tcase_add_test(tc, a_parent_that_comes_to_stand_below_us_is_left);
	tcase_add_test(tc,
	    soon_after_a_switch_only_half_the_depth_is_worth_another);
	tcase_add_test(tc, a_path_too_long_to_tell_is_not_taken);
	tcase_add_test(tc, a_change_above_the_parent_is_told_a_new_time_stamp_is_not);
	tcase_add_test(tc, a_new_place_is_said_three_times);
	tcase_add_test(tc, announces_to_one_peer_keep_their_distance);
	tcase_add_test(tc, a_worse_root_gets_our_place_again);
	tcase_add_test(tc, dampening_engages_every_time_not_once);
	tcase_add_test(tc, following_ever_better_roots_is_no_flapping);
	tcase_add_test(tc, a_peer_that_sways_between_roots_soon_sways_nobody);
	tcase_add_test(tc, fresh_keys_move_us_no_oftener_than_a_few_that_stay);
	tcase_add_test(tc, a_parent_is_reconsidered_as_often_as_configured);
	tcase_add_test(tc, a_signature_that_comes_late_is_not_told_for_a_newer_place);
}
