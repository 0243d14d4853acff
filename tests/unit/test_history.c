/* room: netd -- rows of samples: gaps, counters, folding, wrapping round. */
#include <math.h>
#include <stdlib.h>

#include "history_ring.h"
#include "link.h"
#include "mesh.h"
#include "mmp.h"
#include "names.h"
#include "session.h"
#include "suite.h"

/* -- the house around it: peers by slot, and nothing else ------------------- */
struct netd netd;
struct mesh mesh;
static struct peer table[PEER_SLOTS];
static struct mmp measured;
static struct tree_stats no_stats;
static const struct coords here = { .n = 1 };

struct peer *peer_slot(unsigned i) { return table[i].state == PEER_ACTIVE ? &table[i] : NULL; }
struct peer *peer_next(struct peer *p) { (void)p; return NULL; }
unsigned peer_count(void) { return 0; }
const struct mmp *link_mmp(const struct peer *p) { (void)p; return &measured; }
static double size = 1;
double bloom_mesh_size(const struct bloom *b) { (void)b; return size; }
const struct coords *tree_self(const struct tree *t) { (void)t; return &here; }
const struct tree_stats *tree_stats(const struct tree *t) { (void)t; return &no_stats; }
struct dgram_stats dgram_stats;
unsigned session_count(void) { return 0; }
void names_addr(const uint8_t pub[32], uint8_t addr[NADDR_LEN]) { memcpy(addr, pub, NADDR_LEN); }

void
names_display(const uint8_t addr[NADDR_LEN], char out[64])
{
	hex_encode(addr, NADDR_LEN, out);
}

static void
begins(void)
{
	netd.now_ms = 1000000;
	history_start();
}

/* Peer number n comes, to stay or only to knock. */
static void
comes(unsigned slot, unsigned n, int proven)
{
	memset(&table[slot], 0, sizeof(table[slot]));
	table[slot].state = PEER_ACTIVE;
	table[slot].cur.proven = (uint8_t)proven;
	put_le32(table[slot].addr, n);
}

static void
seconds(unsigned n)
{
	uint64_t until_ms = netd.now_ms + n * 1000;

	while (netd.now_ms < until_ms) {
		netd.now_ms = history_due_ms;
		history_catch_up();
	}
}

static void
sent(unsigned slot, uint64_t bytes)
{
	table[slot].stats.bytes_sent += bytes;
}

static int
is_tracked(unsigned n)
{
	char	err[CTL_ERR_LEN], want[2 * NADDR_LEN + 1];
	json_t *all = show_stats_peers(NULL, err), *o;
	uint8_t	addr[NADDR_LEN] = { 0 };
	size_t	i;
	int	found = 0;

	put_le32(addr, n);
	hex_encode(addr, NADDR_LEN, want);
	json_array_foreach(json_object_get(all, "peers"), i, o)
		found |= strcmp(want,
		    json_string_value(json_object_get(o, "node_addr"))) == 0;
	json_decref(all);
	return found;
}

static struct rows r;

static void
setup(void)
{
	ck_assert_int_eq(rows_init(&r, node_metric, NODE_METRICS), 0);
}

static void
teardown(void)
{
	rows_free(&r);
}

/* peers: a plain value; bytes, and switches of parent as many: a total. */
static void
push(double peers, double bytes)
{
	double v[NODE_METRICS] = { NAN, 0, peers, bytes, bytes, 0, 0, 0, NAN, 0 };

	rows_push(&r, v);
}

static double
value(unsigned metric, unsigned want, int slow, size_t i)
{
	json_t *list = rows_values(&r, metric, want, slow);
	json_t *v = json_array_get(list, i);
	double d = json_is_null(v) ? NAN : json_real_value(v);

	ck_assert_ptr_nonnull(v);
	json_decref(list);
	return d;
}

START_TEST(a_window_is_padded_in_front_with_gaps)
{
	push(3, 0);
	push(4, 0);
	ck_assert(isnan(value(2, 3, 0, 0)));
	ck_assert(value(2, 3, 0, 1) == 3);
	ck_assert(value(2, 3, 0, 2) == 4);
	ck_assert(value(2, 1, 0, 0) == 4);
	ck_assert(isnan(value(0, 1, 0, 0)));
}
END_TEST

START_TEST(a_counter_shows_growth_and_a_gap_when_it_begins_anew)
{
	push(0, 100);
	push(0, 150);
	push(0, 20);
	push(0, 25);
	ck_assert(isnan(value(4, 4, 0, 0)));
	ck_assert(value(4, 4, 0, 1) == 50);
	ck_assert(isnan(value(4, 4, 0, 2)));
	ck_assert(value(4, 4, 0, 3) == 5);
}
END_TEST

START_TEST(sixty_seconds_fold_into_a_minute)
{
	int i;

	for (i = 0; i < 60; i++)
		push(i, i * 10);
	ck_assert_uint_eq(rows_count(&r, 1), 1);
	ck_assert(value(2, 1, 1, 0) == 59);	/* the last */
	ck_assert(value(3, 1, 1, 0) == 590);	/* the sum; the first is a gap */
	ck_assert(value(4, 1, 1, 0) == 10);	/* the mean */
	ck_assert(isnan(value(0, 1, 1, 0)));
}
END_TEST

/* FIPS-WIRE 18: what each is measured in, and what becomes of sixty of them. */
START_TEST(metrics_are_those_of_the_reference)
{
	static const struct { const char *name, *unit; int fold; } node[] = {
		{ "mesh_size", "nodes", FOLD_LAST }, { "tree_depth", "hops", FOLD_LAST },
		{ "peer_count", "peers", FOLD_LAST },
		{ "parent_switches", "events/s", FOLD_SUM },
		{ "bytes_in", "bytes/s", FOLD_MEAN }, { "bytes_out", "bytes/s", FOLD_MEAN },
		{ "packets_in", "packets/s", FOLD_MEAN },
		{ "packets_out", "packets/s", FOLD_MEAN },
		{ "loss_rate", "fraction", FOLD_MEAN },
		{ "active_sessions", "sessions", FOLD_LAST },
	}, peer[] = {
		{ "srtt_ms", "ms", FOLD_MEAN }, { "loss_rate", "fraction", FOLD_MEAN },
		{ "bytes_in", "bytes/s", FOLD_MEAN }, { "bytes_out", "bytes/s", FOLD_MEAN },
		{ "packets_in", "packets/s", FOLD_MEAN },
		{ "packets_out", "packets/s", FOLD_MEAN },
		{ "ecn_ce", "events/s", FOLD_SUM },
	};
	unsigned i;

	ck_assert_uint_eq(sizeof(node) / sizeof(node[0]), NODE_METRICS);
	ck_assert_uint_eq(sizeof(peer) / sizeof(peer[0]), PEER_METRICS);
	for (i = 0; i < NODE_METRICS; i++) {
		ck_assert_str_eq(node_metric[i].name, node[i].name);
		ck_assert_str_eq(node_metric[i].unit, node[i].unit);
		ck_assert_int_eq(node_metric[i].fold, node[i].fold);
	}
	for (i = 0; i < PEER_METRICS; i++) {
		ck_assert_str_eq(peer_metric[i].name, peer[i].name);
		ck_assert_str_eq(peer_metric[i].unit, peer[i].unit);
		ck_assert_int_eq(peer_metric[i].fold, peer[i].fold);
	}
	ck_assert_uint_eq(HISTORY_FAST, 3600);
	ck_assert_uint_eq(HISTORY_SLOW, 1440);
}
END_TEST

START_TEST(the_rings_wrap_and_a_window_is_never_longer)
{
	json_t *list;
	int i;

	for (i = 0; i < HISTORY_FAST + 7; i++)
		push(i, 0);
	ck_assert_uint_eq(rows_count(&r, 0), HISTORY_FAST);
	ck_assert(value(2, HISTORY_FAST, 0, 0) == 7);
	ck_assert(value(2, HISTORY_FAST, 0, HISTORY_FAST - 1) ==
	    HISTORY_FAST + 6);
	list = rows_values(&r, 2, 4000000000u, 0);
	ck_assert_uint_eq(json_array_size(list), HISTORY_FAST);
	json_decref(list);
}
END_TEST

START_TEST(strangers_who_knock_have_no_history)
{
	begins();
	comes(0, 1, 0), comes(1, 2, 1);
	seconds(3);
	ck_assert(!is_tracked(1));
	ck_assert(is_tracked(2));
}
END_TEST

START_TEST(who_is_here_has_a_history_however_many_were)
{
	unsigned i;

	begins();
	comes(0, 1, 1);
	for (i = 2; i < 400; i++) {
		comes(1, i, 1);
		seconds(2);
	}
	ck_assert(is_tracked(399));
	ck_assert(is_tracked(398));
	ck_assert(is_tracked(1));
	ck_assert(!is_tracked(2));
}
END_TEST

START_TEST(a_crowd_that_comes_at_once_gets_its_histories_a_few_a_second)
{
	unsigned i, before = 0, have, seconds_of_it = 0;

	begins();
	for (i = 0; i < 40; i++)
		comes(i, 1000 + i, 1);
	do {
		seconds(1);
		for (i = have = 0; i < 40; i++)
			have += (unsigned)is_tracked(1000 + i);
		ck_assert_uint_le(have - before, 8);
		ck_assert_uint_gt(have, before);
		before = have;
	} while (have < 40 && ++seconds_of_it < 40);
	ck_assert_uint_eq(have, 40);
}
END_TEST

/* The data of an answer, its values filled in. */
static json_t *
filled(json_t *head, void *asked)
{
	const char *piece;
	size_t len, n, nall = 0;
	char *frame = ctl_reply_ok(head, &len), *all = NULL;
	struct answer *a = answer_new(frame, len, history_lists, asked);
	json_t *o, *data;
	int more;

	do {
		more = answer_slice(a, &piece, &n);
		ck_assert_int_ne(more, -1);
		all = realloc(all, nall + n);
		memcpy(all + nall, piece, n);
		nall += n;
	} while (more);
	o = json_loadb(all, nall, 0, NULL);
	ck_assert_ptr_nonnull(o);
	data = json_incref(json_object_get(o, "data"));
	json_decref(o);
	free(all);
	answer_free(a);
	return data;
}

static double
last_of(const json_t *series, size_t i, size_t want)
{
	const json_t *v = json_object_get(json_array_get(series, i), "values");

	ck_assert_uint_eq(json_array_size(v), want);
	return json_real_value(json_array_get(v, want - 1));
}

/* The last n samples of what was sent to the peer in slot 0, the only one that is here. */
static void
series_of_0(double *v, unsigned n)
{
	json_t *params = json_pack("{s:s, s:s}", "metric", peer_metric[3].name,
	    "window", "100s"), *o, *peer, *value;
	char err[CTL_ERR_LEN];
	size_t i;

	o = show_stats_history_all_peers(params, err);	/* sorts them */
	o = filled(o, history_asked_peers(params));
	peer = json_array_get(json_object_get(o, "peers"), 0);	/* active ones first */
	ck_assert(json_is_true(json_object_get(peer, "is_active")));
	for (i = 0; i < n; i++) {
		value = json_array_get(json_object_get(peer, "values"), 100 - n + i);
		v[i] = json_is_null(value) ? -1 : json_real_value(value);
	}
	json_decref(o);
	json_decref(params);
}

/* Something happens now and then; between that one wakes up every ms_awake. */
static void
lives(unsigned n, uint64_t ms_awake, double *v, unsigned nv)
{
	static const struct { unsigned ms, bytes; } event[] = {
		{ 300, 10 }, { 400, 5 }, { 300, 7 }, { 4900, 20 }, { 1, 1 },
		{ 99, 2 }, { 12000, 9 }, { 999, 4 }, { 1, 3 }, { 3500, 0 }, { 6, 8 }
	};
	uint64_t at_ms;
	unsigned i;

	netd.now_ms = 1000000ULL * n;
	comes(0, n, 1);
	history_start();
	for (i = 0; i < sizeof(event) / sizeof(event[0]); i++) {
		at_ms = netd.now_ms + event[i].ms;
		do {
			netd.now_ms = netd.now_ms + ms_awake < at_ms ?
			    netd.now_ms + ms_awake : at_ms;
			if (netd.now_ms >= history_due_ms)
				history_catch_up();
		} while (netd.now_ms < at_ms);
		sent(0, event[i].bytes);
	}
	series_of_0(v, nv);
}

START_TEST(who_slept_has_the_same_history_as_who_did_not)
{
	double awake[20], slept[20];
	unsigned i, some = 0;

	lives(1, 1, awake, 20);
	lives(2, 100000, slept, 20);
	for (i = 0; i < 20; i++) {
		ck_assert_msg(awake[i] == slept[i], "second %u: %f and %f", i,
		    awake[i], slept[i]);
		some += awake[i] > 0;
	}
	ck_assert_uint_ge(some, 4);
}
END_TEST

START_TEST(a_mesh_has_a_whole_number_of_nodes)
{
	json_t *all;

	size = 4.0039;
	begins();
	seconds(2);
	size = 1;
	all = history_recent("mesh_size", 2);
	ck_assert_uint_ge(json_array_size(all), 1);
	ck_assert(json_real_value(json_array_get(all, 0)) == 4);
	json_decref(all);
}
END_TEST

/* The last whole sample of a metric of the node. */
static double
newest(const char *metric)
{
	json_t *all = history_recent(metric, 1);
	double v = json_number_value(json_array_get(all, 0));

	json_decref(all);
	return v;
}

START_TEST(traffic_is_what_sessions_send_and_receive_here)
{
	begins();
	dgram_stats.received = (struct dgram_count){ 3, 1000 };
	dgram_stats.forwarded = (struct dgram_count){ 2, 300 };
	dgram_stats.originated = (struct dgram_count){ 5, 50 };
	seconds(1);
	ck_assert(newest("packets_in") == 3 && newest("bytes_in") == 1000);
	ck_assert(newest("packets_out") == 7 && newest("bytes_out") == 350);
}
END_TEST

START_TEST(who_was_stopped_for_long_takes_one_sample_for_it)
{
	uint64_t next_ms;
	json_t *all;

	begins();
	comes(0, 1, 1);
	seconds(5);
	netd.now_ms += 3600500;
	history_catch_up();
	next_ms = history_due_ms;
	ck_assert_uint_gt(next_ms, netd.now_ms);
	ck_assert_uint_le(next_ms, netd.now_ms + 1000);
	all = history_recent("peer_count", 3600);
	ck_assert_uint_eq(json_array_size(all), 7);
	json_decref(all);
}
END_TEST

START_TEST(each_series_of_an_answer_has_its_own_values)
{
	json_t *params = json_pack("{s:s, s:s}", "metric",
	    peer_metric[2].name, "window", "3000s"), *o;
	char err[CTL_ERR_LEN];
	unsigned i;

	begins();
	comes(0, 1, 1), comes(1, 2, 1), comes(2, 3, 1);
	for (i = 0; i < 20; i++) {
		table[0].stats.bytes_recv += 10;
		table[1].stats.bytes_recv += 20;
		seconds(1);
	}
	o = filled(show_stats_history_all_peers(params, err),
	    history_asked_peers(params));
	ck_assert(last_of(json_object_get(o, "peers"), 0, 3000) == 10);
	ck_assert(last_of(json_object_get(o, "peers"), 1, 3000) == 20);
	ck_assert(last_of(json_object_get(o, "peers"), 2, 3000) == 0);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "peers")), 3);
	json_decref(o);
	o = filled(show_stats_all_history(params, err),
	    history_asked_all(params));
	for (i = 0; i < NODE_METRICS; i++)
		ck_assert(last_of(json_object_get(o, "series"), i, 3000) ==
		    (i == 0));
	json_decref(o);
	json_decref(params);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_window_is_padded_in_front_with_gaps);
	tcase_add_test(t, a_counter_shows_growth_and_a_gap_when_it_begins_anew);
	tcase_add_test(t, sixty_seconds_fold_into_a_minute);
	tcase_add_test(t, metrics_are_those_of_the_reference);
	tcase_add_test(t, the_rings_wrap_and_a_window_is_never_longer);
	tcase_add_test(t, strangers_who_knock_have_no_history);
	tcase_add_test(t, who_is_here_has_a_history_however_many_were);
	tcase_add_test(t, a_crowd_that_comes_at_once_gets_its_histories_a_few_a_second);
	tcase_add_test(t, who_slept_has_the_same_history_as_who_did_not);
	tcase_add_test(t, who_was_stopped_for_long_takes_one_sample_for_it);
	tcase_add_test(t, traffic_is_what_sessions_send_and_receive_here);
	tcase_add_test(t, a_mesh_has_a_whole_number_of_nodes);
	tcase_add_test(t, each_series_of_an_answer_has_its_own_values);
}
