/* room: netd */
/* test_nexthop.c -- the choice of a next hop, and that it goes nowhere round. */
#include <stdlib.h>

#include "../../netd/nexthop.h"
#include "suite.h"

static uint8_t addr[10][16];
static struct coords at[10];
static struct nexthop_peer peer[3];
static unsigned out;

/* Node 0 is the root; the tree is 0-(1-(3,4-7), 2-(5,6)). We are node 1. */
static void
setup(void)
{
	static const unsigned up[10] = { 0, 0, 0, 1, 1, 2, 2, 4, 8, 8 };
	unsigned	      i, k;

	for (i = 0; i < 10; i++)
		addr[i][0] = (uint8_t)(i + 1);
	for (i = 0; i < 10; i++) {
		at[i].n = 0;
		for (k = i; ; k = up[k]) {
			memcpy(at[i].addr[at[i].n++], addr[k], 16);
			if (up[k] == k)
				break;
		}
	}
	peer[0] = (struct nexthop_peer){ addr[0], &at[0], 1, 1, 0, 0 };
	peer[1] = (struct nexthop_peer){ addr[4], &at[4], 1, 1, 0, 0 };
	peer[2] = (struct nexthop_peer){ addr[5], &at[5], 1, 1, 0, 0 };
	out = 99;
}

static enum nexthop_why
to(unsigned dst)
{
	return nexthop_pick(addr[1], &at[1], addr[dst], &at[dst], peer, 3, &out);
}

START_TEST(ourselves_and_direct_peers_need_no_place)
{
	ck_assert_int_eq(nexthop_pick(addr[1], &at[1], addr[1], NULL, peer, 3,
	    &out), NEXTHOP_HERE);
	ck_assert_int_eq(nexthop_pick(addr[1], &at[1], addr[5], NULL, peer, 3,
	    &out), NEXTHOP_DIRECT);
	ck_assert_uint_eq(out, 2);
	ck_assert_int_eq(nexthop_pick(addr[1], &at[1], addr[6], NULL, peer, 3,
	    &out), NEXTHOP_NO_COORDS);
}
END_TEST

START_TEST(without_filters_the_nearest_takes_it)
{
	ck_assert_int_eq(to(7), NEXTHOP_TREE);
	ck_assert_uint_eq(out, 1);
	/* 0 and the side link 5 both stand two from 6: the smaller address. */
	ck_assert_int_eq(to(6), NEXTHOP_TREE);
	ck_assert_uint_eq(out, 0);
	ck_assert_int_eq(to(3), NEXTHOP_STUCK);
	ck_assert_int_eq(to(9), NEXTHOP_STUCK);
}
END_TEST

START_TEST(a_filter_counts_only_when_the_peer_is_nearer)
{
	peer[2].in_filter = 1;
	ck_assert_int_eq(to(6), NEXTHOP_FILTER);
	ck_assert_uint_eq(out, 2);
	ck_assert_int_eq(to(7), NEXTHOP_TREE);
	ck_assert_uint_eq(out, 1);
}
END_TEST

START_TEST(among_filters_cost_then_distance_then_address)
{
	peer[0].in_filter = peer[2].in_filter = 1;
	peer[2].cost = 0.5;
	to(6);
	ck_assert_uint_eq(out, 2);
	peer[2].cost = 1;
	to(6);
	ck_assert_uint_eq(out, 0);
	at[5].n = 0;
	ck_assert_int_eq(to(2), NEXTHOP_FILTER);
	ck_assert_uint_eq(out, 0);
}
END_TEST

START_TEST(a_peer_that_cannot_send_is_not_there)
{
	peer[1].can_send = 0;
	ck_assert_int_eq(to(7), NEXTHOP_STUCK);
	ck_assert_int_eq(to(4), NEXTHOP_STUCK);
	peer[0].addr = NULL;
	peer[2].at = NULL;
	ck_assert_int_eq(to(6), NEXTHOP_STUCK);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, ourselves_and_direct_peers_need_no_place);
	tcase_add_test(t, without_filters_the_nearest_takes_it);
	tcase_add_test(t, a_filter_counts_only_when_the_peer_is_nearer);
	tcase_add_test(t, among_filters_cost_then_distance_then_address);
	tcase_add_test(t, a_peer_that_cannot_send_is_not_there);
}
