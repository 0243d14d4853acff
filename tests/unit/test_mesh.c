/*
 * room: netd, with: mesh_world -- the glue of the mesh: peers, places, filters,
 * and when something is due.
 */
#include "../../netd/frame.h"
#include "../../netd/fsp.h"
#include "mesh_world.h"
#define LOG_TARGET "test"
#include "log.h"

START_TEST(a_new_peer_hears_of_our_place_and_our_filter)
{
	up(0, 7);
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, 0), 1);
	ck_assert_uint_eq(tick_by, netd.now_ms);
	mesh_tick();
	ck_assert_uint_eq(count_sent(LINK_MSG_FILTER_ANNOUNCE, 0), 1);
	mesh_peer_up(&peers[0]);		/* again is nothing new */
	mesh_tick();
	ck_assert_uint_eq(nsent, 2);
}
END_TEST

START_TEST(a_peer_without_a_place_in_the_tables_stays_outside)
{
	struct peer *p = up(PEERS - 1, 7);
	uint8_t	     msg[64] = { LINK_MSG_TREE_ANNOUNCE };

	ck_assert(!p->in_mesh);
	mesh_input(p, msg, sizeof(msg));
	ck_assert_uint_eq(netd.refused[REFUSE_MESH_STRANGER], 1);
	mesh_peer_cost(p, 3);
	ck_assert_double_eq(mesh_cost(p), 1.0);
	mesh_peer_down(p);
	ck_assert_uint_eq(nsent, 0);
}
END_TEST

START_TEST(a_place_counts_when_cryptod_has_verified_it_with_the_peers_key)
{
	unsigned      root = smallest(1), n[1] = { root };
	struct coords at = path_of(n, 1);
	struct peer  *p = up(0, root);

	announce(p, &at, 1);
	ck_assert_uint_eq(nasked, 1);
	ck_assert_int_eq(asked_type[0], MSG_VERIFY_TREE);
	ck_assert_mem_eq(asked[0].verify_tree.pub, p->pub, 33);
	ck_assert_ptr_null(tree_peer_at(mesh.tree, 0));
	answer_all(0);
	ck_assert_uint_eq(netd.refused[REFUSE_TREE_SIG], 1);
	ck_assert_uint_eq(p->recv_bad, 1);
	ck_assert(tree_is_root(mesh.tree));
	announce(p, &at, 1);
	answer_all(1);
	ck_assert(!tree_is_root(mesh.tree));
	/* Our new place is to be signed, and then told. */
	ck_assert_uint_eq(nasked, 1);
	ck_assert_int_eq(asked_type[0], MSG_SIGN_TREE);
	ck_assert_mem_eq(asked[0].sign_tree.parent, p->addr, NADDR_LEN);
	netd.now_ms += 600;
	answer_all(1);
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, 0), 2);
	ck_assert_mem_eq(way_self()->addr[1], p->addr, NADDR_LEN);
}
END_TEST

/* Below the best of roots, and as deep as any announce may say. */
START_TEST(no_place_of_ours_is_too_deep_for_a_session_handshake)
{
	struct coords		 at = { 0 };
	struct fsp_shake	 ack = { .phase = FSP_ACK, .noise_len = FSP_MSG2 };
	uint8_t			 out[FSP_SHAKE_MAX], noise[FSP_MSG2] = { 0 };
	struct peer		*p;
	unsigned		 i;

	p = up(0, 7);
	for (i = 1; i < TREE_PATH_MAX; i++) {
		memmove(at.addr[2], at.addr[1], (i - 1) * NADDR_LEN);
		memcpy(at.addr[0], p->addr, NADDR_LEN);
		memset(at.addr[1], i == 1 ? 0 : 0xff, NADDR_LEN);
		at.addr[1][1] = (uint8_t)i;
		at.n = (uint16_t)(i + 1);
		announce(p, &at, i);
		netd.now_ms += 500;
		answer_all(1);
		answer_all(1);
		ack.noise = noise;
		ack.src = ack.dst = (struct fsp_coords){ way_self()->n,
		    way_self()->addr[0] };
		ck_assert_int_gt(fsp_shake_encode(&ack, out, sizeof(out)), 0);
		ck_assert(i + 2 > FSP_COORDS_MAX || way_self()->n == i + 2);
	}
}
END_TEST

START_TEST(what_cannot_be_is_counted_and_asks_nothing)
{
	struct peer *p = up(0, 7);
	uint8_t	     msg[1100] = { 0 };
	uint64_t     bad = netd.refused[REFUSE_MESH_MALFORMED];
	size_t	     len;

	for (len = 1; len < sizeof(msg); len += 7) {
		msg[0] = LINK_MSG_TREE_ANNOUNCE;
		mesh_input(p, msg, len);
		msg[0] = LINK_MSG_FILTER_ANNOUNCE;
		mesh_input(p, msg, len == BLOOM_MSG_LEN ? 1 : len);
		msg[0] = LINK_MSG_LOOKUP_REQUEST;
		mesh_input(p, msg, len);
		msg[0] = LINK_MSG_LOOKUP_RESPONSE;
		mesh_input(p, msg, len);
	}
	ck_assert_uint_gt(netd.refused[REFUSE_MESH_MALFORMED], bad + 600);
	ck_assert_uint_gt(p->recv_bad, 600);
	ck_assert_uint_eq(nasked, 0);
}
END_TEST

/* However many reports a peer makes up, what was computed is used meanwhile. */
START_TEST(costs_that_sway_are_thought_about_once_a_second)
{
	struct peer *p = up(0, 7);
	uint32_t began;
	unsigned i;

	mesh_tick();
	began = mesh_generation();
	for (i = 0; i < 900; i++) {
		mesh_peer_cost(p, i % 2 ? 1 : 9);
		netd.now_ms += 2;
		mesh_tick();
	}
	ck_assert_uint_eq(mesh_generation(), began + 2);
	/* The last word counts, though nothing follows it. */
	ck_assert_uint_le(mesh_tick(), 1000);
	netd.now_ms = tick_by;
	mesh_tick();
	ck_assert_uint_eq(mesh_generation(), began + 3);
	netd.now_ms += 5000;
	mesh_tick();
	ck_assert_uint_eq(mesh_generation(), began + 3);
}
END_TEST

START_TEST(nothing_due_wants_no_timer)
{
	uint64_t next;
	unsigned i;

	up(0, 7);
	for (i = 0; i < 200; i++) {
		next = mesh_tick();
		ck_assert_uint_gt(next, 0);
		netd.now_ms += next;
	}
	/* Repetitions of tree and filter, a minute apart and more, are all. */
	ck_assert_uint_gt(netd.now_ms, 1000000 + 180 * 30000);
}
END_TEST

START_TEST(cryptod_that_will_not_sign_is_asked_again)
{
	unsigned root = smallest(1), n[1] = { root };
	struct coords at = path_of(n, 1);
	struct peer *p = up(0, root);

	announce(p, &at, 1);
	answer_all(1);
	ck_assert_int_eq(asked_type[0], MSG_SIGN_TREE);
	ck_assert_int_eq(mesh_no(asked[0].req + 1, REFUSE_SIGN_SEQ), 0);
	ck_assert_int_eq(mesh_no(asked[0].req, REFUSE_SIGN_SEQ), 1);
	ck_assert_uint_eq(mesh_stats.tree_sign_failed, 1);
	ck_assert(!tree_is_signed(mesh.tree));
	nasked = 0;
	mesh_tick();
	ck_assert_uint_eq(nasked, 1);
}
END_TEST

/* A tree of one's own figures: whose parent is gone, and then the next one too, and
 * whose third has become dear. Does it go to another within 5 s? */
struct figures {
	uint64_t reeval_s, hold_s, hysteresis, flaps, window_s, still_s;
	int	 moves;
};

static struct peer *
below_root(unsigned slot, unsigned n, unsigned root)
{
	struct peer  *p = up(slot, n);
	struct coords at = path_of((const unsigned[]){ n, root }, 2);

	announce(p, &at, 1);
	answer_all(1);
	mesh_peer_cost(p, 1);
	return p;
}

static int
moves(const struct figures *f)
{
	unsigned      root = smallest(1);
	struct peer  *first, *second, *third;
	struct coords at;

	netd.conf[CONF_TREE_REEVAL] = f->reeval_s;
	netd.conf[CONF_TREE_HOLD_DOWN] = f->hold_s;
	netd.conf[CONF_TREE_HYSTERESIS] = f->hysteresis;
	netd.conf[CONF_TREE_FLAP_THRESHOLD] = f->flaps;
	netd.conf[CONF_TREE_FLAP_WINDOW] = f->window_s;
	netd.conf[CONF_TREE_FLAP_DAMPENING] = f->still_s;
	tree_free(mesh.tree);
	mesh_tree_init();
	first = below_root(0, 7 + (root == 7), root);
	below_root(1, 20 + (root == 20), root);
	below_root(2, 30 + (root == 30), root);
	ck_assert_uint_eq(tree_parent(mesh.tree), 0);
	mesh_peer_down(first);
	second = mesh_peer(tree_parent(mesh.tree));
	netd.now_ms += 10000;
	mesh_tick();
	answer_all(1);
	/* It says that it is a root, which leaves one. */
	memset(&at, 0, sizeof(at));
	at.n = 1;
	memcpy(at.addr[0], second->addr, NADDR_LEN);
	announce(second, &at, 2);
	answer_all(1);
	third = mesh_peer(tree_parent(mesh.tree));
	ck_assert(third != NULL && third != second);
	at.n = 2;
	addr_of(root, at.addr[1]);
	announce(second, &at, 3);
	answer_all(1);
	mesh_peer_cost(third, 2.9);
	netd.now_ms += 5000;
	mesh_tick();
	answer_all(1);
	first = mesh_peer(tree_parent(mesh.tree));
	mesh_peer_down(second);
	mesh_peer_down(third);
	return first == second;
}

START_TEST(the_tree_has_the_figures_of_the_configuration)
{
	static const struct figures row[] = {
		{ 5, 0, 200, 4, 60, 120, 1 }, { 60, 0, 200, 4, 60, 120, 0 },
		{ 5, 30, 200, 4, 60, 120, 0 }, { 5, 0, 500, 4, 60, 120, 0 },
		{ 5, 0, 200, 2, 60, 120, 0 }, { 5, 0, 200, 2, 60, 0, 1 },
		{ 5, 0, 200, 2, 5, 120, 1 },
	};
	struct peer *p;
	unsigned     i;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		ck_assert_msg(moves(&row[i]) == row[i].moves, "row %u", i);
	/* And between two announces to one peer. */
	netd.conf[CONF_TREE_ANNOUNCE_MIN] = 5000;
	tree_free(mesh.tree);
	mesh_tree_init();
	answer_all(1);
	nsent = 0;
	p = up(0, 40);
	below_root(1, 50, smallest(1));
	netd.now_ms += 4900;
	mesh_tick();
	answer_all(1);
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, peer_slot_of(p)), 1);
	netd.now_ms += 100;
	mesh_tick();
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, peer_slot_of(p)), 2);
}
END_TEST

static void
setup_wide(void)
{
	narrowest = 9000;
	setup();
}

void
tests(TCase *t)
{
	log_set_level(LVL_OFF);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_new_peer_hears_of_our_place_and_our_filter);
	tcase_add_test(t, a_peer_without_a_place_in_the_tables_stays_outside);
	tcase_add_test(t, a_place_counts_when_cryptod_has_verified_it_with_the_peers_key);
	tcase_add_test(t, what_cannot_be_is_counted_and_asks_nothing);
	tcase_add_test(t, costs_that_sway_are_thought_about_once_a_second);
	tcase_add_test(t, nothing_due_wants_no_timer);
	tcase_add_test(t, the_tree_has_the_figures_of_the_configuration);
	tcase_add_test(t, cryptod_that_will_not_sign_is_asked_again);
	t = suite_case(setup_wide);
	tcase_add_test(t, no_place_of_ours_is_too_deep_for_a_session_handshake);
}
