/* room: netd. test_lookup.c -- questions, answers, and peers that ask or answer falsely. */
#include <stdlib.h>

#include "../../netd/lookup.h"
#include "suite.h"

enum { PEERS = 4 };

static struct lookup *l;
static struct {
	unsigned count, requests, responses;
	uint8_t	 msg[LOOKUP_REQUEST_MAX];
	size_t	 len;
} sent[PEERS];
static unsigned found, failed, reach_n[2], parent, vague;
static uint16_t found_mtu, reach[2][PEERS];
static uint32_t sign_token, verify_token;
static uint64_t next_id;
static struct coords here;

static void
addr_of(uint32_t n, uint8_t out[16])
{
	memset(out, 0, 16);
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
}

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)arg;
	sent[slot].count++;
	*(msg[0] == 0x30 ? &sent[slot].requests : &sent[slot].responses) += 1;
	memcpy(sent[slot].msg, msg, len);
	sent[slot].len = len;
}

static unsigned
on_reach(void *arg, const uint8_t target[16], int tree, unsigned except,
    uint16_t *slots, unsigned max)
{
	unsigned i, n = 0;

	(void)arg, (void)target;
	for (i = 0; i < reach_n[!tree] && n < max; i++)
		if (reach[!tree][i] != except)
			slots[n++] = reach[!tree][i];
	return n;
}

static int
on_vague(void *arg, unsigned slot)
{
	(void)arg;
	return slot == vague;
}

static unsigned
on_parent(void *arg)
{
	(void)arg;
	return parent;
}

static uint16_t
on_mtu(void *arg, unsigned slot)
{
	(void)arg;
	return (uint16_t)(1400 - slot * 10);
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
	return ++next_id;
}

static void
on_sign(void *arg, uint32_t token, uint64_t id, const struct coords *c)
{
	(void)arg, (void)id, (void)c;
	sign_token = token;
}

static void
on_verify(void *arg, uint32_t token, const uint8_t pub[32],
    const struct lookup_response *a)
{
	(void)arg, (void)pub, (void)a;
	verify_token = token;
}

static void
on_found(void *arg, const uint8_t target[16], const struct coords *c,
    uint16_t path_mtu, unsigned slot)
{
	(void)arg, (void)target, (void)c, (void)slot;
	found++;
	found_mtu = path_mtu;
}

static void
on_failed(void *arg, const uint8_t target[16])
{
	(void)arg, (void)target;
	failed++;
}

static const struct lookup_cb cb = { on_send, on_reach, on_vague, on_parent,
    on_mtu, on_self, on_random, on_sign, on_verify, on_found, on_failed };

static struct lookup *
make(unsigned recent, uint64_t backoff)
{
	struct lookup_cfg cfg = { .peers_max = PEERS, .open_max = 4,
	    .recent_max = recent, .work_max = 16, .ttl = 64, .attempts = 4,
	    .attempt_ms = { 1000, 2000, 4000, 8000 }, .recent_ms = 10000,
	    .forward_burst = 4, .forward_per_min = 30, .backoff_ms = backoff,
	    .backoff_max_ms = backoff * 4 };

	addr_of(100, cfg.addr);
	return lookup_new(&cfg, &cb, NULL);
}

/* We are node 100 under root 1; tree peers 0 and 1 lead to every target. */
static void
setup(void)
{
	memset(sent, 0, sizeof(sent));
	found = failed = sign_token = verify_token = 0;
	next_id = 1000;
	here.n = 2;
	addr_of(100, here.addr[0]);
	addr_of(1, here.addr[1]);
	reach_n[0] = 2, reach[0][0] = 0, reach[0][1] = 1;
	reach_n[1] = 0;
	parent = vague = UINT16_MAX;
	l = make(64, 0);
}

static void
teardown(void)
{
	lookup_free(l);
}

static enum lookup_said
asks(unsigned slot, uint64_t id, unsigned target, uint8_t ttl, uint64_t now)
{
	struct lookup_request q = { .id = id, .ttl = ttl };
	uint8_t		      buf[LOOKUP_REQUEST_MAX];
	ssize_t		      len;

	addr_of(target, q.target);
	addr_of(500, q.origin);
	q.path.n = 2;
	addr_of(500, q.path.addr[0]);
	addr_of(1, q.path.addr[1]);
	len = lookup_request_encode(&q, buf, sizeof(buf));
	return lookup_recv_request(l, slot, buf, (size_t)len, now);
}

static enum lookup_said
answers(unsigned slot, uint64_t id, unsigned target, uint16_t mtu, uint64_t now)
{
	struct lookup_response a = { .id = id, .path_mtu = mtu };
	uint8_t		       buf[LOOKUP_RESPONSE_MAX];
	ssize_t		       len;

	addr_of(target, a.target);
	a.path.n = 2;
	addr_of(target, a.path.addr[0]);
	addr_of(1, a.path.addr[1]);
	len = lookup_response_encode(&a, buf, sizeof(buf));
	return lookup_recv_response(l, slot, buf, (size_t)len, now);
}

static void
start(unsigned target, uint64_t now)
{
	uint8_t addr[16], pub[32] = { 0 };

	addr_of(target, addr);
	ck_assert_int_eq(lookup_start(l, addr, pub, now), LOOKUP_STARTED);
}

START_TEST(four_attempts_with_numbers_of_their_own_then_failure)
{
	uint64_t id[4];
	unsigned i;
	static const uint64_t when[] = { 0, 1000, 3000, 7000 };

	for (i = 0; i < 4; i++) {
		if (i == 0)
			start(7, 0);
		else
			lookup_tick(l, when[i]);
		ck_assert_uint_eq(sent[0].requests, i + 1);
		ck_assert_uint_eq(sent[1].requests, i + 1);
		id[i] = get_le64(sent[0].msg + 1);
		ck_assert(i == 0 || id[i] != id[i - 1]);
		lookup_tick(l, when[i] + 999);
		ck_assert_uint_eq(sent[0].requests, i + 1);
	}
	lookup_tick(l, 15000);
	ck_assert_uint_eq(failed, 1);
	start(7, 15001);
}
END_TEST

START_TEST(a_change_of_the_mesh_asks_again_but_not_for_ever)
{
	unsigned i;

	reach_n[0] = 0;
	start(7, 0);
	ck_assert_uint_eq(sent[0].requests, 0);
	reach_n[0] = 2;
	lookup_mesh_changed(l);
	ck_assert_uint_eq(lookup_tick(l, 200), 100);
	lookup_tick(l, 300);
	ck_assert_uint_eq(sent[0].requests, 1);
	for (i = 0; i < 140; i++) {
		lookup_mesh_changed(l);
		lookup_tick(l, 1000 + i * 100);
	}
	ck_assert_uint_eq(sent[0].requests, 1 + 13);
	lookup_tick(l, 15000);
	ck_assert_uint_eq(failed, 1);
}
END_TEST

START_TEST(a_proven_answer_to_any_attempt_counts_once)
{
	start(7, 0);
	lookup_tick(l, 1000);
	ck_assert_int_eq(answers(0, 1001, 7, 1280, 1001), LOOKUP_ASKED);
	ck_assert_uint_eq(found, 0);
	ck_assert_int_eq(lookup_verified(l, verify_token, 1), LOOKUP_OK);
	ck_assert_uint_eq(found, 1);
	ck_assert_uint_eq(found_mtu, 1280);
	ck_assert_int_eq(answers(0, 1002, 7, 1280, 1002), LOOKUP_NOT_OPEN);
	ck_assert_int_eq(lookup_verified(l, verify_token, 1), LOOKUP_NOT_OPEN);
	ck_assert_uint_eq(found, 1);
}
END_TEST

START_TEST(a_verdict_that_comes_too_late_counts_no_answer_twice)
{
	const struct lookup_stats *st = lookup_stats(l);
	uint32_t late;

	start(7, 0);
	ck_assert_int_eq(answers(0, 1001, 7, 1280, 1), LOOKUP_ASKED);
	late = verify_token;
	ck_assert_int_eq(answers(0, 1001, 7, 1280, 1), LOOKUP_ASKED);
	ck_assert_int_eq(lookup_verified(l, verify_token, 1), LOOKUP_OK);
	ck_assert_int_eq(lookup_verified(l, late, 1), LOOKUP_NOT_OPEN);
	ck_assert_uint_eq(st->response[LOOKUP_ASKED], 2);
	ck_assert_uint_eq(st->response[LOOKUP_NOT_OPEN], 0);
}
END_TEST

START_TEST(a_place_in_another_tree_is_asked_for_again_later)
{
	unsigned n;

	addr_of(2, here.addr[here.n - 1]);
	start(7, 0);
	n = sent[0].requests;
	ck_assert_int_eq(answers(0, 1001, 7, 1280, 1), LOOKUP_ASKED);
	ck_assert_int_eq(lookup_verified(l, verify_token, 1), LOOKUP_OTHER_TREE);
	ck_assert_uint_eq(found, 0);
	ck_assert_uint_eq(sent[0].requests, n);
	lookup_tick(l, 300);
	ck_assert_uint_eq(sent[0].requests, n + 1);
	addr_of(1, here.addr[here.n - 1]);
	ck_assert_int_eq(answers(0, 1002, 7, 1280, 301), LOOKUP_ASKED);
	ck_assert_int_eq(lookup_verified(l, verify_token, 1), LOOKUP_OK);
	ck_assert_uint_eq(found, 1);
}
END_TEST

START_TEST(an_answer_nobody_asked_for_is_not_verified)
{
	start(7, 0);
	ck_assert_int_eq(answers(0, 1001, 8, 1280, 1), LOOKUP_NOT_OPEN);
	ck_assert_int_eq(answers(0, 999, 7, 1280, 1), LOOKUP_NOT_OPEN);
	ck_assert_uint_eq(verify_token, 0);
	/* Closed by failure: the old answer, replayed, opens nothing. */
	lookup_tick(l, 1000), lookup_tick(l, 3000), lookup_tick(l, 7000);
	lookup_tick(l, 15000);
	ck_assert_int_eq(answers(0, 1001, 7, 1280, 15001), LOOKUP_NOT_OPEN);
	ck_assert_uint_eq(found, 0);
}
END_TEST

START_TEST(a_forged_answer_that_comes_first_does_not_shut_out_the_true_one)
{
	uint32_t forged;

	start(7, 0);
	answers(0, 1001, 7, 1280, 1);
	forged = verify_token;
	ck_assert_int_eq(answers(1, 1001, 7, 1280, 2), LOOKUP_ASKED);
	ck_assert_int_eq(lookup_verified(l, forged, 0), LOOKUP_BAD_PROOF);
	ck_assert_int_eq(lookup_verified(l, verify_token, 1), LOOKUP_OK);
	ck_assert_uint_eq(found, 1);
}
END_TEST

START_TEST(a_path_mtu_of_nothing_is_not_believed)
{
	static const uint16_t said[] = { 0, 1, 255, 256 }, means[] = { 0, 0, 0, 256 };
	unsigned i;

	for (i = 0; i < 4; i++) {
		start(7 + i, 0);
		answers(0, 1001 + i, 7 + i, said[i], 1);
		lookup_verified(l, verify_token, 1);
		ck_assert_uint_eq(found, i + 1);
		ck_assert_uint_eq(found_mtu, means[i]);
	}
}
END_TEST

START_TEST(a_question_for_us_is_signed_and_answered_the_way_it_came)
{
	struct lookup_response a;
	uint8_t		       proof[64] = { 9 };

	ck_assert_int_eq(asks(2, 5, 100, 3, 0), LOOKUP_ASKED);
	ck_assert_int_eq(asks(3, 5, 100, 3, 0), LOOKUP_DUPLICATE);
	lookup_signed(l, sign_token, proof);
	ck_assert_uint_eq(sent[2].responses, 1);
	ck_assert_int_eq(lookup_response_decode(sent[2].msg, sent[2].len, &a), 0);
	ck_assert_uint_eq(a.path_mtu, 1380);
	ck_assert_mem_eq(a.proof, proof, 64);
	ck_assert(coords_equal(&a.path, &here));
	lookup_signed(l, sign_token, proof);
	ck_assert_uint_eq(sent[2].responses, 1);
}
END_TEST

START_TEST(a_question_goes_to_tree_peers_but_not_back)
{
	ck_assert_int_eq(asks(0, 5, 7, 3, 0), LOOKUP_PASSED);
	ck_assert_uint_eq(sent[0].count, 0);
	ck_assert_uint_eq(sent[1].requests, 1);
	ck_assert_uint_eq(sent[1].msg[41], 2);
	/* Only when no tree peer leads there, to others. */
	reach_n[0] = 0, reach_n[1] = 1, reach[1][0] = 3;
	ck_assert_int_eq(asks(0, 6, 8, 3, 0), LOOKUP_PASSED);
	ck_assert_uint_eq(sent[3].requests, 1);
	reach_n[1] = 0;
	ck_assert_int_eq(asks(0, 7, 9, 3, 0), LOOKUP_NOBODY);
	ck_assert_int_eq(asks(0, 8, 9, 0, 0), LOOKUP_TTL);
}
END_TEST

START_TEST(a_question_nobody_leads_to_climbs_the_tree)
{
	reach_n[0] = 0, parent = 1;
	ck_assert_int_eq(asks(0, 5, 7, 3, 0), LOOKUP_PASSED);
	ck_assert_uint_eq(sent[1].requests, 1);
	ck_assert_int_eq(asks(1, 6, 7, 3, 0), LOOKUP_NOBODY);
	reach_n[1] = 1, reach[1][0] = 3;
	ck_assert_int_eq(asks(0, 7, 8, 3, 0), LOOKUP_PASSED);
	ck_assert_uint_eq(sent[3].requests, 1);
	reach_n[0] = 1, reach[0][0] = 2;
	ck_assert_int_eq(asks(0, 8, 7, 3, 0), LOOKUP_PASSED);
	ck_assert_uint_eq(sent[1].requests, 2);
	/* Where everybody matches, nobody leads. */
	vague = 2;
	ck_assert_int_eq(asks(0, 9, 7, 3, 0), LOOKUP_PASSED);
	ck_assert_uint_eq(sent[1].requests, 3);
}
END_TEST

START_TEST(the_answer_takes_the_way_back_with_the_smaller_mtu)
{
	struct lookup_response a;

	asks(2, 5, 7, 3, 0);
	ck_assert_int_eq(answers(2, 5, 7, 1500, 1), LOOKUP_NOT_OPEN);
	ck_assert_int_eq(answers(0, 5, 8, 1500, 1), LOOKUP_NOT_OPEN);
	ck_assert_int_eq(answers(0, 5, 7, 1500, 1), LOOKUP_PASSED);
	lookup_response_decode(sent[2].msg, sent[2].len, &a);
	ck_assert_uint_eq(a.path_mtu, 1380);
	/* A few may pass, for the first may be forged; not a stream of them. */
	ck_assert_int_eq(answers(1, 5, 7, 1300, 2), LOOKUP_PASSED);
	ck_assert_int_eq(answers(1, 5, 7, 1300, 2), LOOKUP_PASSED);
	ck_assert_int_eq(answers(1, 5, 7, 1300, 2), LOOKUP_DUPLICATE);
	ck_assert_int_eq(answers(0, 5, 7, 1500, 10001), LOOKUP_NOT_OPEN);
}
END_TEST

START_TEST(a_full_table_forgets_the_oldest_and_takes_the_new)
{
	unsigned i;

	for (i = 0; i < 150; i++)
		ck_assert_int_eq(asks(2, 5000 + i, 200 + i, 3, 0), LOOKUP_PASSED);
	ck_assert_int_eq(asks(2, 5149, 349, 3, 0), LOOKUP_DUPLICATE);
	ck_assert_int_eq(answers(0, 5149, 349, 1500, 1), LOOKUP_PASSED);
	ck_assert_int_eq(answers(0, 5000, 200, 1500, 1), LOOKUP_NOT_OPEN);
	ck_assert_int_eq(asks(2, 5000, 200, 3, 1), LOOKUP_PASSED);
}
END_TEST

START_TEST(one_peers_flood_leaves_the_others_alone)
{
	unsigned i, passed = 0;

	for (i = 0; i < 50000; i++)
		passed += asks(2, 100000 + i, 200 + i % 60000, 3, i / 50)
		    == LOOKUP_PASSED;
	ck_assert_uint_le(passed, 1101);
	ck_assert_int_eq(asks(3, 1, 7, 3, 1000), LOOKUP_PASSED);
	/* Nor does asking for one target keep it from another asker. */
	for (i = 0; i < 10; i++)
		asks(0, 2 + i, 8, 3, 3000);
	ck_assert_int_eq(asks(0, 50, 8, 3, 3000), LOOKUP_FORWARD_RATE);
	ck_assert_int_eq(asks(3, 51, 8, 3, 3000), LOOKUP_PASSED);
}
END_TEST

START_TEST(signatures_asked_by_one_peer_are_few)
{
	unsigned i;

	for (i = 0; i < 1000; i++) {
		asks(2, i + 1, 100, 3, 0);
		lookup_signed(l, sign_token, NULL);
	}
	ck_assert_uint_le(lookup_stats(l)->request[LOOKUP_ASKED], 100);
	ck_assert_int_eq(asks(3, 5000, 100, 3, 0), LOOKUP_ASKED);
}
END_TEST

START_TEST(our_own_question_that_comes_round_is_a_duplicate)
{
	start(7, 0);
	ck_assert_int_eq(asks(0, 1001, 7, 3, 1), LOOKUP_DUPLICATE);
}
END_TEST

START_TEST(a_false_place_of_the_target_is_refused)
{
	struct lookup_response a = { .id = 1001 };
	uint8_t		       buf[LOOKUP_RESPONSE_MAX];
	ssize_t		       len;

	start(7, 0);
	addr_of(7, a.target);
	a.path.n = 1;
	addr_of(8, a.path.addr[0]);
	len = lookup_response_encode(&a, buf, sizeof(buf));
	verify_token = 0;
	ck_assert_int_eq(lookup_recv_response(l, 0, buf, (size_t)len, 1),
	    LOOKUP_BAD_PATH);
	ck_assert_uint_eq(verify_token, 0);
}
END_TEST

START_TEST(false_answers_are_verified_few_at_a_time_and_few_from_one_peer)
{
	uint32_t first;
	unsigned i;

	start(7, 0);
	ck_assert_int_eq(answers(0, 1001, 7, 1280, 1), LOOKUP_ASKED);
	first = verify_token;
	for (i = 1; i < 4; i++)
		ck_assert_int_eq(answers(0, 1001, 7, 1280, 1), LOOKUP_ASKED);
	ck_assert_int_eq(answers(1, 1001, 7, 1280, 1), LOOKUP_RATE);
	for (i = 0; i < 1000; i++) {
		lookup_verified(l, first, 0);
		if (answers(0, 1001, 7, 1280, 1) != LOOKUP_ASKED)
			break;
		first = verify_token;
	}
	ck_assert_uint_eq(i, 96);
	/* Who has said nothing yet is heard. */
	ck_assert_int_eq(answers(1, 1001, 7, 1280, 1), LOOKUP_ASKED);
	ck_assert_int_eq(lookup_verified(l, verify_token, 1), LOOKUP_OK);
}
END_TEST

START_TEST(a_false_place_of_the_asker_is_refused)
{
	struct lookup_request q = { .id = 1, .ttl = 3 };
	uint8_t		      buf[LOOKUP_REQUEST_MAX];
	ssize_t		      len;

	addr_of(500, q.origin);
	q.path.n = 1;
	addr_of(501, q.path.addr[0]);
	len = lookup_request_encode(&q, buf, sizeof(buf));
	ck_assert_int_eq(lookup_recv_request(l, 0, buf, (size_t)len, 0),
	    LOOKUP_BAD_PATH);
	ck_assert_int_eq(lookup_recv_request(l, PEERS, buf, (size_t)len, 0),
	    LOOKUP_MALFORMED);
}
END_TEST

START_TEST(a_link_that_went_gets_no_answer)
{
	asks(2, 5, 7, 3, 0);
	asks(2, 6, 100, 3, 0);
	lookup_peer_del(l, 2);
	ck_assert_int_eq(answers(0, 5, 7, 1500, 1), LOOKUP_NOT_OPEN);
	lookup_signed(l, sign_token, (const uint8_t[64]){ 1 });
	ck_assert_uint_eq(sent[2].count, 0);
}
END_TEST

START_TEST(a_failed_target_waits_longer_each_time_if_so_configured)
{
	uint8_t	 addr[16], pub[32] = { 0 };
	uint64_t now = 0, wait = 1000;
	unsigned i, k;

	lookup_free(l);
	l = make(64, 1000);
	addr_of(7, addr);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(lookup_start(l, addr, pub, now), LOOKUP_STARTED);
		for (k = 0; k < 16; k++)
			lookup_tick(l, now += 1000);
		ck_assert_uint_eq(failed, i + 1);
		ck_assert_int_eq(lookup_start(l, addr, pub, now + wait - 2000),
		    LOOKUP_BACKOFF);
		now += wait;
		wait = wait < 4000 ? wait * 2 : wait;
	}
	lookup_mesh_changed(l);
	ck_assert_int_eq(lookup_start(l, addr, pub, now - wait), LOOKUP_STARTED);
	ck_assert_int_eq(lookup_start(l, addr, pub, now), LOOKUP_IS_OPEN);
}
END_TEST

/* Others can have us look for nodes that never answer. */
START_TEST(the_oldest_question_gives_way_when_there_are_too_many)
{
	struct lookup_view v;
	uint8_t	 addr[16], pub[32] = { 0 };
	unsigned i, n = 0, before;

	for (i = 0; i < 4; i++)
		start(20 + i, 1000 + i);
	before = failed;
	addr_of(30, addr);
	ck_assert_int_eq(lookup_start(l, addr, pub, 2000), LOOKUP_FULL);
	ck_assert_int_eq(lookup_start(l, addr, pub, 2000), LOOKUP_IS_OPEN);
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(lookup_view(l, i, &v), 0);
		n += memcmp(v.target, addr, 16) == 0;
	}
	ck_assert_uint_eq(n, 1);
	/* It is no failure: who still wants it asks again. */
	ck_assert_uint_eq(failed, before);
	addr_of(21, addr);
	ck_assert_int_eq(lookup_start(l, addr, pub, 2000), LOOKUP_IS_OPEN);
	addr_of(20, addr);
	ck_assert_int_eq(lookup_start(l, addr, pub, 2000), LOOKUP_FULL);
	addr_of(21, addr);
	ck_assert_int_eq(lookup_start(l, addr, pub, 2000), LOOKUP_FULL);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, four_attempts_with_numbers_of_their_own_then_failure);
	tcase_add_test(t, a_change_of_the_mesh_asks_again_but_not_for_ever);
	tcase_add_test(t, a_proven_answer_to_any_attempt_counts_once);
	tcase_add_test(t, a_verdict_that_comes_too_late_counts_no_answer_twice);
	tcase_add_test(t, a_place_in_another_tree_is_asked_for_again_later);
	tcase_add_test(t, an_answer_nobody_asked_for_is_not_verified);
	tcase_add_test(t,
	    a_forged_answer_that_comes_first_does_not_shut_out_the_true_one);
	tcase_add_test(t, a_path_mtu_of_nothing_is_not_believed);
	tcase_add_test(t, a_question_for_us_is_signed_and_answered_the_way_it_came);
	tcase_add_test(t, a_question_goes_to_tree_peers_but_not_back);
	tcase_add_test(t, a_question_nobody_leads_to_climbs_the_tree);
	tcase_add_test(t, the_answer_takes_the_way_back_with_the_smaller_mtu);
	tcase_add_test(t, a_full_table_forgets_the_oldest_and_takes_the_new);
	tcase_add_test(t, one_peers_flood_leaves_the_others_alone);
	tcase_add_test(t, signatures_asked_by_one_peer_are_few);
	tcase_add_test(t, our_own_question_that_comes_round_is_a_duplicate);
	tcase_add_test(t, a_false_place_of_the_asker_is_refused);
	tcase_add_test(t, a_false_place_of_the_target_is_refused);
	tcase_add_test(t, false_answers_are_verified_few_at_a_time_and_few_from_one_peer);
	tcase_add_test(t, a_link_that_went_gets_no_answer);
	tcase_add_test(t, the_oldest_question_gives_way_when_there_are_too_many);
	tcase_add_test(t, a_failed_target_waits_longer_each_time_if_so_configured);
}
