/* room: netd */
/* test_bloom.c -- filters: bits, merge, horizon, and peers that fill them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../netd/bloom.h"
#include "suite.h"
#include "wire.h"

enum { PEERS = 6 };

static struct bloom *b;
static unsigned sent[PEERS];
static uint8_t before[PEERS][BLOOM_MSG_LEN], last[PEERS][BLOOM_MSG_LEN];
static uint64_t seq;
static uint32_t dice = 1;

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)arg;
	ck_assert_uint_eq(len, BLOOM_MSG_LEN);
	sent[slot]++;
	memcpy(before[slot], last[slot], len);
	memcpy(last[slot], msg, len);
}

static uint32_t
roll(void)
{
	dice = dice * 1664525 + 1013904223;
	return dice >> 8;
}

static void
addr_of(uint32_t n, uint8_t out[16])
{
	memset(out, 0, 16);
	put_le32(out, n);
}

static struct bloom *
make(void)
{
	struct bloom_cfg cfg = { .peers_max = PEERS, .max_fpr = 0.20,
	    .debounce_ms = 500, .repeat_ms = 300000 };

	return bloom_new(&cfg, on_send, NULL);
}

static void
setup(void)
{
	unsigned i;

	memset(sent, 0, sizeof(sent));
	b = make();
	for (i = 0; i < PEERS; i++)
		bloom_peer_add(b, i);
}

static void
teardown(void)
{
	bloom_free(b);
}

/* A filter with nodes first..first+n-1. */
static void
fill(struct bloom_filter *f, uint32_t first, unsigned n)
{
	struct bloom_pos pos;
	uint8_t		 addr[16];
	unsigned	 i;

	memset(f, 0, sizeof(*f));
	for (i = 0; i < n; i++) {
		addr_of(first + i, addr);
		bloom_pos(addr, &pos);
		bloom_put(f, &pos);
	}
}

static enum bloom_said
says(unsigned slot, uint32_t first, unsigned n, uint64_t now)
{
	struct bloom_filter f;
	uint8_t		    msg[BLOOM_MSG_LEN];

	fill(&f, first, n);
	bloom_encode(++seq, &f, msg);
	return bloom_recv(b, slot, msg, sizeof(msg), now);
}

static struct bloom_pos
pos_of(uint32_t n)
{
	struct bloom_pos pos;
	uint8_t		 addr[16];

	addr_of(n, addr);
	bloom_pos(addr, &pos);
	return pos;
}

static int
told(unsigned slot, uint32_t node)
{
	struct bloom_filter f;
	struct bloom_pos    pos = pos_of(node);
	uint64_t	    s;

	ck_assert_int_eq(bloom_decode(last[slot], BLOOM_MSG_LEN, &s, &f), 0);
	return bloom_has(&f, &pos);
}

static int
by_value(const void *a, const void *c)
{
	return *(const uint16_t *)a - *(const uint16_t *)c;
}

START_TEST(positions_are_those_of_the_reference)
{
	static const struct {
		const char *addr;
		uint16_t    bit[BLOOM_HASHES];
	} row[] = {
		{ "69e08d65cc3a6b9c2c2ac4bd405e4b0e",
		    { 458, 1448, 5680, 6670, 7660 } },
		{ "8e302c287eb48d6268122fda760b7727",
		    { 2125, 3237, 4485, 5597, 7957 } },
	};
	struct bloom_pos pos;
	uint8_t		 addr[16];
	unsigned	 i;

	for (i = 0; i < 2; i++) {
		hex_decode(row[i].addr, addr, 16);
		bloom_pos(addr, &pos);
		qsort(pos.bit, BLOOM_HASHES, sizeof(pos.bit[0]), by_value);
		ck_assert_mem_eq(pos.bit, row[i].bit, sizeof(pos.bit));
	}
}
END_TEST

START_TEST(bits_are_counted_from_the_low_end)
{
	struct bloom_filter f = { .word = { 0 } };
	struct bloom_pos    pos = { { 0, 9, 9, 9, 8191 } };

	bloom_put(&f, &pos);
	ck_assert_uint_eq(f.byte[0], 1);
	ck_assert_uint_eq(f.byte[1], 2);
	ck_assert_uint_eq(f.byte[1023], 0x80);
	ck_assert_uint_eq(bloom_weight(&f), 3);
}
END_TEST

START_TEST(announce_cut_or_lengthened_anywhere_is_malformed)
{
	uint8_t		    msg[BLOOM_MSG_LEN + 1] = { 0 }, out[BLOOM_MSG_LEN];
	struct bloom_filter f, g;
	uint64_t	    s;
	size_t		    cut;

	fill(&f, 1, 50);
	bloom_encode(0x0102030405060708, &f, msg);
	for (cut = 0; cut <= BLOOM_MSG_LEN + 1; cut++)
		ck_assert_int_eq(bloom_decode(msg, cut, &s, &g),
		    cut == BLOOM_MSG_LEN ? 0 : -1);
	bloom_decode(msg, BLOOM_MSG_LEN, &s, &g);
	bloom_encode(s, &g, out);
	ck_assert_mem_eq(out, msg, BLOOM_MSG_LEN);
	msg[9] = 1;
	ck_assert_int_eq(bloom_decode(msg, BLOOM_MSG_LEN, &s, &g), -1);
	msg[9] = 255;
	ck_assert_int_eq(bloom_decode(msg, BLOOM_MSG_LEN, &s, &g), -1);
	msg[9] = 5, msg[10] = 2;
	ck_assert_int_eq(bloom_decode(msg, BLOOM_MSG_LEN, &s, &g), -1);
	msg[10] = 1, msg[0] = 0x21;
	ck_assert_int_eq(bloom_decode(msg, BLOOM_MSG_LEN, &s, &g), -1);
}
END_TEST

/* What ours should be for one peer, the slow way. */
static void
by_hand(const struct bloom_filter *in, const int *tree, unsigned skip,
    struct bloom_filter *out)
{
	struct bloom_pos pos = pos_of(0);
	unsigned	 i, k;

	memset(out, 0, sizeof(*out));
	bloom_put(out, &pos);
	for (i = 0; i < PEERS; i++)
		for (k = 0; i != skip && tree[i] && k < BLOOM_LEN; k++)
			out->byte[k] |= in[i].byte[k];
}

START_TEST(the_merge_by_counts_is_the_merge_by_hand)
{
	struct bloom_filter in[PEERS] = { { .word = { 0 } } }, want, got;
	int		    tree[PEERS] = { 0 };
	unsigned	    step, i, slot, first, n;
	uint64_t	    now = 0;

	for (step = 0; step < 400; step++, now += 10000) {
		slot = roll() % PEERS;
		switch (roll() % 4) {
		case 0:
			tree[slot] = !tree[slot];
			bloom_peer_tree(b, slot, tree[slot]);
			break;
		case 1:
			bloom_peer_del(b, slot);
			bloom_peer_add(b, slot);
			tree[slot] = 0;
			memset(&in[slot], 0, sizeof(in[slot]));
			break;
		default:
			first = roll() % 500, n = roll() % 300;
			ck_assert_int_eq(says(slot, first, n, now), BLOOM_OK);
			fill(&in[slot], first, n);
		}
		for (i = 0; i < PEERS; i++) {
			by_hand(in, tree, i, &want);
			bloom_outgoing(b, i, &got);
			ck_assert_mem_eq(&want, &got, sizeof(got));
		}
	}
}
END_TEST

START_TEST(a_tree_peer_is_not_told_what_it_told_us)
{
	bloom_peer_tree(b, 0, 1);
	bloom_peer_tree(b, 1, 1);
	says(0, 10, 5, 1000);
	says(1, 20, 5, 1000);
	says(2, 30, 5, 1000);
	bloom_tick(b, 2000);
	ck_assert(!told(0, 10) && told(0, 20) && !told(0, 30) && told(0, 0));
	ck_assert(told(1, 10) && !told(1, 20));
	ck_assert(told(2, 10) && told(2, 20) && !told(2, 30));
}
END_TEST

START_TEST(only_peers_whose_filter_changed_are_told)
{
	unsigned i;

	bloom_peer_tree(b, 0, 1);
	bloom_tick(b, 1000);
	for (i = 0; i < PEERS; i++)
		ck_assert_uint_eq(sent[i], 1);
	says(0, 10, 5, 1100);
	bloom_tick(b, 1200);			/* too early */
	ck_assert_uint_eq(sent[1], 1);
	bloom_tick(b, 1500);
	ck_assert_uint_eq(sent[0], 1);
	ck_assert_uint_eq(sent[1], 2);
	/* The same again is no news. */
	says(0, 10, 5, 2100);
	bloom_tick(b, 2600);
	ck_assert_uint_eq(sent[1], 2);
}
END_TEST

START_TEST(a_lost_filter_is_said_again_and_then_seldom)
{
	uint64_t now;
	unsigned first, soon = 0;

	for (now = 1000; now < 100000; now += 1000) {
		bloom_tick(b, now);
		soon = now < 30000 ? sent[0] : soon;
	}
	first = sent[0];
	ck_assert_uint_eq(soon, 4);
	ck_assert_uint_eq(first, 5);
	for (; now < 1000000; now += 1000)
		ck_assert_uint_gt(bloom_tick(b, now), 0);
	ck_assert_uint_le(sent[0], first + 3);
}
END_TEST

START_TEST(a_filter_too_full_leaves_the_old_one_in_place)
{
	struct bloom_pos  ten = pos_of(10);
	struct bloom_view v;

	ck_assert_int_eq(says(0, 10, 5, 1000), BLOOM_OK);
	ck_assert_int_eq(says(0, 1000, 2600, 2000), BLOOM_OVER_CAP);
	ck_assert(bloom_peer_has(b, 0, &ten));
	bloom_view(b, 0, &v);
	ck_assert(v.over_cap && v.estimate > 4 && v.estimate < 6);
	/* The refused number may be used again, and the peer heals. */
	ck_assert_int_eq(says(0, 30, 5, 3000), BLOOM_OK);
	ck_assert(!bloom_peer_has(b, 0, &ten));
}
END_TEST

START_TEST(anybody_may_be_behind_a_tree_peer_that_is_too_full)
{
	struct bloom_pos x = pos_of(7777777);
	uint16_t	 slots[PEERS];

	bloom_peer_tree(b, 0, 1);
	says(0, 1000, 2600, 1000);
	says(1, 1000, 2600, 1000);
	ck_assert_uint_eq(bloom_reach(b, &x, 1, PEERS, slots, PEERS), 1);
	ck_assert_uint_eq(slots[0], 0);
	ck_assert_uint_eq(bloom_reach(b, &x, 0, PEERS, slots, PEERS), 0);
	ck_assert_uint_eq(bloom_reach(b, &x, 1, 0, slots, PEERS), 0);
	ck_assert(!bloom_peer_has(b, 0, &x));
	ck_assert_double_lt(bloom_mesh_size(b), 0);
}
END_TEST

/* docs/simulation.md says why it is told all the same. */
START_TEST(a_filter_just_within_the_cap_puts_ours_over_it_and_ours_is_told)
{
	struct bloom_filter out, own;
	uint64_t	    sequence;

	bloom_peer_tree(b, 0, 1);
	bloom_peer_tree(b, 1, 1);
	ck_assert_int_eq(says(0, 1000, 2070, 1000), BLOOM_OK);
	ck_assert_int_eq(says(1, 9000, 80, 1000), BLOOM_OK);
	bloom_outgoing(b, 2, &out);
	ck_assert_double_gt(bloom_fpr(bloom_weight(&out)), 0.20);
	bloom_tick(b, 2000);
	ck_assert_uint_eq(sent[2], 1);
	ck_assert_int_eq(bloom_decode(last[2], BLOOM_MSG_LEN, &sequence, &own), 0);
	ck_assert_mem_eq(&own, &out, sizeof(out));
	ck_assert_uint_eq(bloom_stats(b)->over_sent, 4);
	/* To the one that fills it we say what the other brought, and no more. */
	bloom_outgoing(b, 0, &out);
	ck_assert_double_lt(bloom_fpr(bloom_weight(&out)), 0.01);
}
END_TEST

/* Is the newest that this peer was told nothing but ones? */
static int
is_crowd(unsigned slot)
{
	struct bloom_filter f;
	uint64_t	    s;

	ck_assert_int_eq(bloom_decode(last[slot], BLOOM_MSG_LEN, &s, &f), 0);
	return bloom_weight(&f) == BLOOM_BITS;
}

/* Peer 0 is the parent, 1 and 2 stand below us. */
static void
family(void)
{
	unsigned i;

	for (i = 0; i < 3; i++)
		bloom_peer_tree(b, i, 1);
	bloom_parent(b, 0);
	says(2, 50, 5, 1000);
}

START_TEST(the_parent_learns_that_more_are_below_us_than_our_filter_says)
{
	struct bloom_filter f;
	struct bloom_pos    x = pos_of(50);
	uint64_t	    s;

	family();
	bloom_tick(b, 1000);
	ck_assert(!is_crowd(0) && told(0, 50));
	says(1, 1000, 2600, 2000);
	bloom_tick(b, 2000);
	/* What we have, and that it is not all; the others ask us anyway. */
	ck_assert_uint_eq(sent[0], 3);
	ck_assert_int_eq(bloom_decode(before[0], BLOOM_MSG_LEN, &s, &f), 0);
	ck_assert(bloom_has(&f, &x) && bloom_weight(&f) < 50);
	ck_assert(is_crowd(0) && !is_crowd(2));
	ck_assert_uint_eq(sent[2], 1);
	/* Lost, it would be missed; it is said again, but not for ever. */
	bloom_tick(b, 4000);
	ck_assert_uint_eq(sent[0], 5);
	ck_assert(is_crowd(0));
	says(1, 1000, 20, 5000);
	bloom_tick(b, 5000);
	ck_assert(!is_crowd(0) && told(0, 1010));
}
END_TEST

START_TEST(a_filter_that_is_overtaken_by_a_fuller_one_does_not_take_it_back)
{
	struct bloom_view v;
	struct bloom_pos  x = pos_of(50);

	bloom_peer_tree(b, 0, 1);
	seq = 11;
	says(0, 1000, 2600, 1000);
	seq = 10;
	ck_assert_int_eq(says(0, 50, 5, 1001), BLOOM_OK);
	ck_assert_int_eq(bloom_view(b, 0, &v), 0);
	ck_assert(v.over_cap && bloom_peer_has(b, 0, &x));
	seq = 12;
	ck_assert_int_eq(says(0, 50, 5, 2000), BLOOM_OK);
	bloom_view(b, 0, &v);
	ck_assert(!v.over_cap);
}
END_TEST

START_TEST(who_goes_or_moves_away_crowds_us_no_longer)
{
	unsigned i;

	family();
	for (i = 0; i < 3; i++) {
		says(1, 1000, 2600, 2000 + i * 10000);
		bloom_tick(b, 2000 + i * 10000);
		ck_assert(is_crowd(0));
		if (i == 0)
			bloom_peer_tree(b, 1, 0);
		else if (i == 1)
			bloom_peer_del(b, 1);
		else
			bloom_parent(b, 1);
		bloom_tick(b, 3000 + i * 10000);
		ck_assert(!is_crowd(0) && !is_crowd(1));
		bloom_peer_add(b, 1);
		bloom_peer_tree(b, 1, 1);
	}
}
END_TEST

START_TEST(a_match_in_a_full_filter_is_vague)
{
	bloom_peer_tree(b, 0, 1);
	ck_assert(!bloom_is_vague(b, 0) && !bloom_is_vague(b, 99));
	says(0, 1000, 700, 1000);
	ck_assert(!bloom_is_vague(b, 0));
	says(0, 1000, 1100, 2000);
	ck_assert(bloom_is_vague(b, 0));
	says(0, 1000, 5, 3000);
	ck_assert(!bloom_is_vague(b, 0));
	/* The one before is kept, and there is more. */
	says(0, 1000, 2600, 4000);
	ck_assert(bloom_is_vague(b, 0));
}
END_TEST

START_TEST(of_a_flood_the_newest_filter_counts)
{
	struct bloom_pos x = pos_of(5099);
	unsigned	 i, taken = 0;
	uint64_t	 said = 0;

	bloom_peer_tree(b, 0, 1);
	for (i = 0; i < 100; i++)
		taken += says(0, 5000 + i, 1, 1000) == BLOOM_OK;
	ck_assert_uint_le(taken, 64);
	bloom_tick(b, 4000);
	ck_assert(bloom_peer_has(b, 0, &x));
	/* Each was said once, and one of them was judged later. */
	ck_assert_uint_eq(bloom_stats(b)->waited, 1);
	for (i = 0; i < BLOOM_SAID_MAX; i++)
		said += bloom_stats(b)->said[i];
	ck_assert_uint_eq(said, 100 + 1);
}
END_TEST

/* While a mesh heals its filters change for minutes; every hop that waits makes
 * the nodes behind it unknown for longer. */
START_TEST(a_filter_a_second_is_taken_at_once)
{
	unsigned i;

	bloom_peer_tree(b, 0, 1);
	for (i = 0; i < 300; i++)
		ck_assert_int_eq(says(0, 5000 + i, 1, 1000 + i * 1000), BLOOM_OK);
}
END_TEST

START_TEST(an_old_number_is_stale_until_the_link_is_new)
{
	struct bloom_filter f;
	uint8_t		    msg[BLOOM_MSG_LEN];

	fill(&f, 1, 3);
	bloom_encode(5, &f, msg);
	ck_assert_int_eq(bloom_recv(b, 0, msg, sizeof(msg), 1), BLOOM_OK);
	ck_assert_int_eq(bloom_recv(b, 0, msg, sizeof(msg), 1), BLOOM_STALE);
	bloom_peer_add(b, 0);
	ck_assert_int_eq(bloom_recv(b, 0, msg, sizeof(msg), 1), BLOOM_OK);
	ck_assert_int_eq(bloom_recv(b, 99, msg, sizeof(msg), 1), BLOOM_STRANGER);
}
END_TEST

START_TEST(the_mesh_is_counted_without_counting_twice)
{
	double n;

	says(0, 1, 600, 1000);
	says(1, 300, 700, 1000);
	n = bloom_mesh_size(b);
	ck_assert_double_gt(n, 970);
	ck_assert_double_lt(n, 1030);
	ck_assert_double_lt(bloom_estimate(BLOOM_BITS, 0.2), 0);
	ck_assert_double_gt(bloom_estimate(5937, 0.2), 2100);
	ck_assert_double_lt(bloom_estimate(5940, 0.2), 0);
}
END_TEST

static void
unheard(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)slot, (void)msg, (void)len;
	++*(unsigned *)arg;
}

static double
cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* The filter of one of so many tree peers changes, and all are told: seconds. */
static double
change_cost(unsigned peers)
{
	struct bloom_cfg cfg = { .peers_max = peers, .max_fpr = 0.99,
	    .debounce_ms = 500, .repeat_ms = 300000 };
	struct bloom	*was = b;
	double		 best = 1e9, t;
	unsigned	 i, told_all = 0;

	b = bloom_new(&cfg, unheard, &told_all);
	for (i = 0; i < peers; i++) {
		bloom_peer_add(b, i);
		bloom_peer_tree(b, i, 1);
		says(i, 100 + i, 1, 1000);
	}
	bloom_tick(b, 2000);
	for (i = 1; i <= 20; i++) {
		says(0, 10000 + i, 1, i * 10000);
		told_all = 0;
		t = cpu_s();
		bloom_tick(b, i * 10000);
		t = cpu_s() - t;
		ck_assert_uint_ge(told_all, peers - 1);
		best = t < best ? t : best;
	}
	bloom_free(b);
	b = was;
	return best;
}

/* Sixteen times as many cost sixteen times as much; were each told what is put
 * together from all the others, it would be 256 times. */
START_TEST(the_cost_of_a_change_does_not_grow_with_the_square_of_the_peers)
{
	ck_assert_double_lt(change_cost(512), 64 * change_cost(32));
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, positions_are_those_of_the_reference);
	tcase_add_test(t, bits_are_counted_from_the_low_end);
	tcase_add_test(t, announce_cut_or_lengthened_anywhere_is_malformed);
	tcase_add_test(t, the_merge_by_counts_is_the_merge_by_hand);
	tcase_add_test(t, the_cost_of_a_change_does_not_grow_with_the_square_of_the_peers);
	tcase_add_test(t, a_tree_peer_is_not_told_what_it_told_us);
	tcase_add_test(t, only_peers_whose_filter_changed_are_told);
	tcase_add_test(t, a_lost_filter_is_said_again_and_then_seldom);
	tcase_add_test(t, a_filter_too_full_leaves_the_old_one_in_place);
	tcase_add_test(t, anybody_may_be_behind_a_tree_peer_that_is_too_full);
	tcase_add_test(t, a_filter_just_within_the_cap_puts_ours_over_it_and_ours_is_told);
	tcase_add_test(t,
	    the_parent_learns_that_more_are_below_us_than_our_filter_says);
	tcase_add_test(t,
	    a_filter_that_is_overtaken_by_a_fuller_one_does_not_take_it_back);
	tcase_add_test(t, who_goes_or_moves_away_crowds_us_no_longer);
	tcase_add_test(t, a_match_in_a_full_filter_is_vague);
	tcase_add_test(t, of_a_flood_the_newest_filter_counts);
	tcase_add_test(t, a_filter_a_second_is_taken_at_once);
	tcase_add_test(t, an_old_number_is_stale_until_the_link_is_new);
	tcase_add_test(t, the_mesh_is_counted_without_counting_twice);
}
