/*
 * room: netd, with: mesh_world -- the ways to a node: looked for, heard of, and
 * round a peer that says nothing.
 */
#include <stdio.h>
#include <unistd.h>

#include "../../netd/frame.h"
#include "mesh_world.h"
#define LOG_TARGET "test"
#include "log.h"

START_TEST(a_node_that_is_looked_for_is_found_by_its_signature)
{
	unsigned      root, far = 59, n[2];
	struct peer  *p = under_a_root(&root);
	struct coords at;
	uint8_t	      addr[NADDR_LEN], pub33[33];
	uint64_t      computed;
	enum nexthop_why why;

	if (far == root)
		far--;
	n[0] = far, n[1] = root;
	at = path_of(n, 2);
	addr_of(far, addr);
	filter(p, 1, &far, 1);
	ck_assert_ptr_null(way_next(addr));
	way_seek(addr);
	way_seek(addr);			/* open already */
	ck_assert_uint_eq(mesh_stats.lookup_again, 1);
	respond(p, far, &at, 1300);
	ck_assert_int_eq(asked_type[0], MSG_VERIFY_PROOF);
	/* With its own key, over what was said. */
	memset(pub33, (int)far, sizeof(pub33));
	ck_assert_mem_eq(asked[0].verify_proof.pub + 1, pub33 + 1, 32);
	ck_assert_uint_eq(asked[0].verify_proof.path_len, 2 * NADDR_LEN);
	ck_assert_mem_eq(asked[0].verify_proof.path, at.addr, 2 * NADDR_LEN);
	answer_all(1);
	ck_assert_uint_eq(nfound, 1);
	ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_ptr_eq(way_transit(p, addr, &why), p);
	ck_assert_int_eq(why, NEXTHOP_FILTER);
	ck_assert_uint_eq(way_path_mtu(addr), 1300);
	/* The next hop is remembered until something changes. */
	computed = route_stats(mesh.route)->computed;
	way_next(addr);
	ck_assert_uint_eq(route_stats(mesh.route)->computed, computed);
	mesh_peer_cost(p, 1.05);		/* not enough to think again */
	way_next(addr);
	ck_assert_uint_eq(route_stats(mesh.route)->computed, computed);
	mesh_peer_cost(p, 9);
	way_next(addr);
	ck_assert_uint_eq(route_stats(mesh.route)->computed, computed + 1);
	mesh_peer_down(p);
	ck_assert_ptr_null(way_next(addr));
	mesh_forget(addr);
	ck_assert_ptr_null(way_transit(p, addr, &why));
	ck_assert_int_eq(why, NEXTHOP_NO_COORDS);
}
END_TEST

START_TEST(ways_lead_round_a_mute_peer_and_back_through_it)
{
	unsigned      root, n[2];
	struct peer  *p = under_a_root(&root), *q = up(1, 55);
	struct coords at, far;
	uint8_t	      addr[NADDR_LEN];
	enum nexthop_why why;
	uint16_t      slot[4];

	n[0] = 55, n[1] = root;
	at = path_of(n, 2);
	announce(q, &at, 1);
	answer_all(1);
	n[0] = 54;
	far = path_of(n, 2);
	addr_of(54, addr);
	filter(p, 1, n, 1);
	mesh_hearsay(q, addr, far.n, far.addr[0]);
	ck_assert_ptr_eq(way_transit(q, addr, &why), p);
	ck_assert_uint_eq(mesh_filter_reach(addr, 1, UINT16_MAX, slot, 4), 1);
	p->mute = 1;
	mesh_peer_mute(p);
	answer_all(1);
	ck_assert_ptr_eq(mesh_peer(tree_parent(mesh.tree)), q);
	mesh_hearsay(q, addr, far.n, far.addr[0]);
	ck_assert_ptr_eq(way_transit(q, addr, &why), q);
	ck_assert_uint_eq(mesh_filter_reach(addr, 0, UINT16_MAX, slot, 4), 0);
	/* Nor is it handed what is for itself: it may stand elsewhere by now. */
	ck_assert_ptr_ne(way_next(p->addr), p);
	netd.now_ms += 30000;
	mesh_tick();
	netd.now_ms += 1000;
	nsent = 0;
	p->mute = 0;
	mesh_peer_mute(p);
	mesh_tick();
	ck_assert_ptr_eq(way_next(p->addr), p);
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, 0), 1);
	ck_assert_uint_eq(count_sent(LINK_MSG_FILTER_ANNOUNCE, 0), 1);
}
END_TEST

/* A place under us is another's business once we moved, one under a root that is
 * gone nobody's; and who is being looked for may be found from here now. */
START_TEST(a_move_of_ours_ends_what_it_made_wrong)
{
	unsigned      root, below = 54, aside = 53, far = 52, n[2], was;
	struct peer  *p = under_a_root(&root), *q = up(1, 55);
	struct coords under = { .n = 3 }, at;
	uint8_t	      below_us[NADDR_LEN], beside[NADDR_LEN], addr[NADDR_LEN];
	uint32_t      generation;

	n[0] = 55, n[1] = root;
	at = path_of(n, 2);
	announce(q, &at, 1);
	answer_all(1);
	addr_of(below, below_us);
	memcpy(under.addr[0], below_us, NADDR_LEN);
	memcpy(under.addr[1], netd.addr, NADDR_LEN);
	addr_of(root, under.addr[2]);
	n[0] = aside;
	at = path_of(n, 2);
	addr_of(aside, beside);
	mesh_hearsay(p, below_us, 3, under.addr[0]);
	mesh_hearsay(p, beside, 2, at.addr[0]);
	ck_assert_int_eq(way_place(below_us, &at), 0);
	filter(q, 1, &far, 1);
	addr_of(far, addr);
	way_seek(addr);
	mesh_tick();
	was = count_sent(LINK_MSG_LOOKUP_REQUEST, 1);
	mesh_peer_down(p);
	ck_assert_ptr_eq(mesh_peer(tree_parent(mesh.tree)), q);
	ck_assert_int_eq(way_place(below_us, &at), -1);
	ck_assert_int_eq(way_place(beside, &at), 0);
	answer_all(1);
	netd.now_ms += 300;
	mesh_tick();
	ck_assert_uint_eq(count_sent(LINK_MSG_LOOKUP_REQUEST, 1), was + 1);
	/* A better root, and it is nobody that we know. */
	n[0] = 55;
	at = path_of(n, 1);
	at.n = 2;
	memset(at.addr[1], 0, NADDR_LEN);
	generation = mesh_generation();
	announce(q, &at, 2);
	answer_all(1);
	ck_assert_uint_eq(way_self()->n, 3);
	ck_assert_uint_ne(mesh_generation(), generation);
	ck_assert_int_eq(way_place(beside, &at), -1);
}
END_TEST

/* A message 1 can be replayed, and then there is nobody who could read it. */
START_TEST(who_only_knocked_gets_no_datagrams)
{
	unsigned      root, n[2];
	struct peer  *p = under_a_root(&root), *q = up(1, 55), *knocks = &peers[2];
	struct coords far;
	uint8_t	      addr[NADDR_LEN];
	enum nexthop_why why;

	n[0] = 54, n[1] = root;
	far = path_of(n, 2);
	addr_of(54, addr);
	mesh_hearsay(q, addr, far.n, far.addr[0]);
	ck_assert_ptr_eq(way_next(addr), p);
	*knocks = (struct peer){ .state = PEER_ACTIVE, .handle = 3,
	    .cur = { .session = 6 } };
	memcpy(knocks->addr, addr, NADDR_LEN);
	ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_ptr_eq(way_transit(q, addr, &why), p);
	knocks->cur.proven = 1;
	ck_assert_ptr_eq(way_next(addr), knocks);
	*knocks = (struct peer){ 0 };
}
END_TEST

/* Node far is looked for and found at this place, by the way through p. */
static void
found_behind(struct peer *p, unsigned far, const struct coords *at,
    uint8_t addr[NADDR_LEN])
{
	addr_of(far, addr);
	filter(p, 1, &far, 1);
	way_seek(addr);
	respond(p, far, at, 1300);
	answer_all(1);
	ck_assert_ptr_eq(way_next(addr), p);
}

START_TEST(who_stood_right_behind_a_peer_is_sent_to_while_it_is_asked_for)
{
	unsigned      root, far = 52, i;
	struct peer  *p = under_a_root(&root);
	struct coords at = path_of((const unsigned[]){ far, root }, 2);
	uint8_t	      addr[NADDR_LEN];
	uint64_t      started, again;

	found_behind(p, far, &at, addr);
	started = lookup_stats(mesh.lookup)->started;
	again = mesh_stats.lookup_again;
	/* A better root: all places are others now. */
	memset(&at, 0, sizeof(at));
	at.n = 2;
	memcpy(at.addr[0], p->addr, NADDR_LEN);
	announce(p, &at, 2);
	answer_all(1);
	ck_assert_uint_eq(way_self()->n, 3);
	ck_assert_int_eq(way_place(addr, &at), -1);
	for (i = 0; i < 5; i++)
		ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->started, started + 1);
	ck_assert_uint_eq(mesh_stats.lookup_again, again);
	p->mute = 1;
	ck_assert_ptr_null(way_next(addr));
	p->mute = 0;
	netd.now_ms += 3000;
	ck_assert_ptr_null(way_next(addr));
}
END_TEST

/* Nobody answered who was asked for it: then nobody waits for it either. */
START_TEST(who_was_given_up_stands_behind_nobody)
{
	unsigned      root, far = 52;
	struct peer  *p = under_a_root(&root);
	struct coords at = path_of((const unsigned[]){ far, root }, 2);
	uint8_t	      addr[NADDR_LEN];

	found_behind(p, far, &at, addr);
	mesh_forget(addr);
	ck_assert_ptr_null(way_next(addr));
}
END_TEST

START_TEST(a_crowd_behind_one_peer_may_look_for_one_node)
{
	struct lookup_request q = { .ttl = 10 };
	struct peer	     *from;
	uint8_t		      msg[LOOKUP_REQUEST_MAX];
	unsigned	      root, far = 54, i, n = 53;
	ssize_t		      len;

	filter(under_a_root(&root), 1, &far, 1);
	from = up(1, 55);
	addr_of(far, q.target);
	q.path = path_of(&n, 1);
	addr_of(n, q.origin);
	/* Twenty nodes that lost their way ask a dozen times each. */
	for (i = 0; i < 2400; i++) {
		q.id = i + 1;
		len = lookup_request_encode(&q, msg, sizeof(msg));
		nsent = 0;
		mesh_input(from, msg, (size_t)len);
		ck_assert(i >= 240 || nsent == 1);
	}
	/* Who goes on and on does not. */
	ck_assert_uint_eq(nsent, 0);
}
END_TEST

START_TEST(look_ups_have_the_figures_of_the_configuration)
{
	struct lookup_request q = { .ttl = 10, .id = 4711 };
	struct peer	     *from;
	uint8_t		      msg[LOOKUP_REQUEST_MAX], addr[NADDR_LEN];
	unsigned	      root, far = 54, n = 53;
	ssize_t		      len;

	netd.conf[CONF_DISCOVERY_RECENT] = 60;
	netd.conf[CONF_DISCOVERY_BACKOFF_BASE] = 40;
	netd.conf[CONF_DISCOVERY_BACKOFF_MAX] = 40;
	lookup_free(mesh.lookup);
	mesh_lookup_init();
	filter(under_a_root(&root), 1, &far, 1);
	from = up(1, 55);
	addr_of(far, q.target);
	q.path = path_of(&n, 1);
	addr_of(n, q.origin);
	len = lookup_request_encode(&q, msg, sizeof(msg));
	mesh_input(from, msg, (size_t)len);
	ck_assert_uint_eq(count_sent(LINK_MSG_LOOKUP_REQUEST, 0), 1);
	netd.now_ms += 59000;
	mesh_input(from, msg, (size_t)len);
	ck_assert_uint_eq(netd.refused[REFUSE_LOOKUP_AGAIN], 1);
	netd.now_ms += 1000;
	mesh_input(from, msg, (size_t)len);
	ck_assert_uint_eq(count_sent(LINK_MSG_LOOKUP_REQUEST, 0), 2);
	/* Who was not found is left alone for as long as that. */
	addr_of(58, addr);
	way_seek(addr);
	for (n = 0; n < 200 && nlost == 0; n++) {
		netd.now_ms += 100;
		mesh_tick();
	}
	ck_assert_uint_eq(nlost, 1);
	netd.now_ms += 39900;
	way_seek(addr);
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->backed_off, 1);
	netd.now_ms += 100;
	way_seek(addr);
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->started, 2);
}
END_TEST

START_TEST(filters_have_the_figures_of_the_configuration)
{
	struct bloom_filter f = { 0 };
	uint8_t		    msg[BLOOM_MSG_LEN];
	unsigned	    n[2] = { 41, 42 };

	netd.conf[CONF_BLOOM_MAX_FPR] = 1;
	netd.conf[CONF_BLOOM_DEBOUNCE] = 4000;
	bloom_free(mesh.bloom);
	mesh_filter_init();
	under_a_root(n);
	n[0] = 41;
	up(1, 20);
	mesh_tick();
	nsent = 0;
	filter(&peers[0], 1, n, 1);
	netd.now_ms += 1900;
	mesh_tick();
	ck_assert_uint_eq(count_sent(LINK_MSG_FILTER_ANNOUNCE, 1), 0);
	filter(&peers[0], 2, n, 2);
	netd.now_ms += 2000;
	mesh_tick();
	netd.now_ms += 100;
	mesh_tick();
	ck_assert_uint_eq(count_sent(LINK_MSG_FILTER_ANNOUNCE, 1), 1);
	/* Two in a thousand, where one is what may be. */
	memset(f.byte, 0xff, 300);
	bloom_encode(3, &f, msg);
	mesh_input(&peers[0], msg, sizeof(msg));
	ck_assert_uint_eq(netd.refused[REFUSE_FILTER_FULL], 1);
}
END_TEST

/* How many lines the log got since then. */
static unsigned
lines_of(FILE *f, int kept)
{
	unsigned n = 0;
	int	 c;

	dup2(kept, STDERR_FILENO);
	close(kept);
	rewind(f);
	while ((c = getc(f)) != EOF)
		n += c == '\n';
	fclose(f);
	return n;
}

/* Nothing bounds how long somebody sends such things, but the disk has an end. */
START_TEST(forged_answers_and_full_filters_write_few_lines)
{
	unsigned      root, far = 59, i, n[2];
	struct peer  *p = under_a_root(&root);
	struct bloom_filter full;
	struct coords at;
	uint8_t	      addr[NADDR_LEN], msg[BLOOM_MSG_LEN];
	FILE	     *f = tmpfile();
	int	      kept = dup(STDERR_FILENO);

	ck_assert_ptr_nonnull(f);
	if (far == root)
		far--;
	n[0] = far, n[1] = root;
	at = path_of(n, 2);
	addr_of(far, addr);
	filter(p, 1, &far, 1);
	memset(&full, 0xff, sizeof(full));
	log_set_level(LVL_WARN);
	dup2(fileno(f), STDERR_FILENO);
	way_seek(addr);
	for (i = 0; i < 100; i++) {
		respond(p, far, &at, 1300);
		answer_all(0);
	}
	for (i = 0; i < 60; i++) {
		bloom_encode(i + 2, &full, msg);
		mesh_input(p, msg, sizeof(msg));
	}
	log_set_level(LVL_OFF);
	i = lines_of(f, kept);
	ck_assert_uint_ge(i, 2);
	ck_assert_uint_le(i, 32);
	ck_assert_uint_eq(netd.refused[REFUSE_LOOKUP_PROOF], 100);
	ck_assert_uint_eq(netd.refused[REFUSE_FILTER_FULL], 60);
}
END_TEST

START_TEST(a_node_that_nobody_knows_is_given_up)
{
	unsigned root, far = 58;
	uint8_t	 addr[NADDR_LEN], stranger[NADDR_LEN] = { 1, 2, 3 };

	under_a_root(&root);
	addr_of(far, addr);
	way_seek(stranger);			/* without a key: not at all */
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->started, 0);
	way_seek(addr);
	ck_assert_uint_eq(mesh_stats.lookup_no_filter, 1);
	for (; nlost == 0 && netd.now_ms < 1030000; netd.now_ms += 100)
		mesh_tick();
	ck_assert_uint_eq(nlost, 1);
	ck_assert_uint_ge(netd.now_ms, 1015000);
	ck_assert_uint_eq(nfound, 0);
}
END_TEST

START_TEST(hearsay_leads_what_passes_and_a_contradiction_is_asked_about)
{
	unsigned      root, far = 57, mid = 56, n[3];
	struct peer  *p = under_a_root(&root), *q = up(1, 55);
	struct coords at, lie;
	uint8_t	      addr[NADDR_LEN];
	enum nexthop_why why;
	struct coords got;

	n[0] = 55, n[1] = root;
	at = path_of(n, 2);
	announce(q, &at, 1);
	answer_all(1);
	n[0] = far, n[1] = 55, n[2] = root;
	lie = path_of(n, 3);
	n[0] = far, n[1] = mid, n[2] = root;
	at = path_of(n, 3);
	addr_of(far, addr);
	filter(q, 1, &far, 1);
	/* Of a node that was never proven, passing datagrams may tell. */
	mesh_hearsay(q, addr, lie.n, lie.addr[0]);
	ck_assert_ptr_eq(way_transit(q, addr, &why), q);
	ck_assert_ptr_eq(way_next(addr), q);
	/* A proof ends that, and what is said later does not lead us. */
	filter(p, 1, &far, 1);
	way_seek(addr);
	respond(p, far, &at, 1300);
	answer_all(1);
	ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_ptr_eq(way_transit(q, addr, &why), p);
	mesh_hearsay(q, addr, lie.n, lie.addr[0]);
	ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_ptr_eq(way_transit(q, addr, &why), q);
	ck_assert_ptr_eq(way_transit(p, addr, &why), p);
	ck_assert_int_eq(way_place(addr, &got), 0);
	ck_assert(coords_equal(&got, &at));
	ck_assert_int_eq(way_said(q, addr, &got), 0);
	ck_assert(coords_equal(&got, &lie));
	/* We asked the node itself. */
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->started, 2);
	respond(p, far, &at, 1300);
	answer_all(1);
	ck_assert_ptr_eq(way_transit(q, addr, &why), p);
}
END_TEST

/* Node i, of many; its key is nobody's. */
static struct coords
one_of_many(unsigned i)
{
	struct coords c = { .n = 2 };

	c.addr[0][0] = 0x90;
	c.addr[0][1] = (uint8_t)(i >> 8);
	c.addr[0][2] = (uint8_t)i;
	return c;
}

START_TEST(places_have_the_shares_that_the_configuration_leaves_them)
{
	struct peer  *p = up(0, 7), *q = up(1, 8);
	struct coords c;
	unsigned      i, root;

	netd.conf[CONF_CACHE_COORD_SIZE] = 320;
	netd.conf[CONF_CACHE_COORD_TTL] = 20;
	coords_free(mesh.cache);
	mesh_place_init();
	for (i = 0; i < 400; i++) {
		c = one_of_many(i);
		mesh_hearsay(p, c.addr[0], c.n, c.addr[0]);
	}
	ck_assert_uint_eq(coords_count(mesh.cache, COORDS_HEARSAY), 320 / 2 / 16 + 1);
	for (; i < 800; i++) {
		c = one_of_many(i);
		mesh_place_proven(c.addr[0], &c, 1280);
	}
	ck_assert_uint_eq(coords_count(mesh.cache, COORDS_PROVEN), 320 / 2 + 1);
	ck_assert_uint_eq(coords_count(mesh.cache, COORDS_HEARSAY), 320 / 2 / 16 + 1);
	netd.now_ms += 19000;
	ck_assert_int_eq(way_place(one_of_many(399).addr[0], &c), 0);
	netd.now_ms += 1000;
	ck_assert_int_eq(way_place(one_of_many(399).addr[0], &c), -1);
	/* Who contradicts forty proofs makes us ask few of the forty. */
	root = smallest(1);
	for (i = 9; i < 50; i++) {
		if (i == root)
			continue;
		c = path_of((const unsigned[]){ i, root }, 2);
		mesh_place_proven(c.addr[0], &c, 1280);
		memset(c.addr[1], 0, NADDR_LEN);
		mesh_hearsay(q, c.addr[0], c.n, c.addr[0]);
	}
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->started, 16);
}
END_TEST

START_TEST(hearsay_that_cannot_be_is_refused)
{
	unsigned      n[2] = { 50, 51 };
	struct peer  *p = up(0, 7);
	struct coords at = path_of(n, 2);
	uint8_t	      addr[NADDR_LEN];

	mesh_hearsay(p, at.addr[1], at.n, at.addr[0]);	/* another's path */
	mesh_hearsay(p, at.addr[0], 0, at.addr[0]);
	mesh_hearsay(p, at.addr[0], 65, at.addr[0]);
	mesh_hearsay(p, netd.addr, 1, netd.addr);
	ck_assert_uint_eq(mesh_stats.hearsay, 0);
	memcpy(addr, at.addr[0], NADDR_LEN);
	memcpy(at.addr[1], at.addr[0], NADDR_LEN);	/* twice the same */
	mesh_hearsay(p, addr, at.n, at.addr[0]);
	ck_assert_uint_eq(netd.refused[REFUSE_COORDS], 1);
	ck_assert_uint_eq(coords_count(mesh.cache, COORDS_HEARSAY), 0);
}
END_TEST

void
tests(TCase *t)
{
	log_set_level(LVL_OFF);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_node_that_is_looked_for_is_found_by_its_signature);
	tcase_add_test(t, forged_answers_and_full_filters_write_few_lines);
	tcase_add_test(t, look_ups_have_the_figures_of_the_configuration);
	tcase_add_test(t, filters_have_the_figures_of_the_configuration);
	tcase_add_test(t, a_node_that_nobody_knows_is_given_up);
	tcase_add_test(t, hearsay_leads_what_passes_and_a_contradiction_is_asked_about);
	tcase_add_test(t, hearsay_that_cannot_be_is_refused);
	tcase_add_test(t, places_have_the_shares_that_the_configuration_leaves_them);
	tcase_add_test(t, ways_lead_round_a_mute_peer_and_back_through_it);
	tcase_add_test(t, who_only_knocked_gets_no_datagrams);
	tcase_add_test(t, a_move_of_ours_ends_what_it_made_wrong);
	tcase_add_test(t, who_stood_right_behind_a_peer_is_sent_to_while_it_is_asked_for);
	tcase_add_test(t, who_was_given_up_stands_behind_nobody);
	tcase_add_test(t, a_crowd_behind_one_peer_may_look_for_one_node);
}
