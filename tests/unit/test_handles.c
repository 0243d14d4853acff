/*
 * room: cryptod, with: seal_world -- handles of keys, and the tables they name.
 */
#include "seal_world.h"

START_TEST(a_handle_dies_with_its_session)
{
	uint32_t h = link_to(&link_ab, b_pub), again;

	ck_assert_ptr_nonnull(session_find(h, SESSION_LINK));
	ck_assert_ptr_null(session_find(h, SESSION_INNER));
	ck_assert_ptr_null(session_find(h ^ 0x10000, SESSION_LINK));
	ck_assert_ptr_null(session_find(0, SESSION_LINK));
	ck_assert_ptr_null(session_find(h, SESSION_FREE));
	session_drop(h);
	session_drop(h);
	ck_assert_ptr_null(session_find(h, SESSION_LINK));
	ck_assert_uint_eq(session_used(SESSION_LINK), 0);
	again = link_to(&link_ab, b_pub);
	ck_assert_uint_ne(again, h);
}
END_TEST

START_TEST(an_index_that_comes_round_has_another_generation)
{
	uint32_t h = link_to(&link_ab, b_pub), next = 0;
	int	 i;

	for (i = 0; i < LINK_MAX + INNER_MAX; i++) {
		session_drop(next);
		next = link_to(&link_ab, b_pub);
		if ((next & 0xffff) == (h & 0xffff))
			ck_abort_msg("a slot that is taken was given away");
	}
	session_drop(h);
	for (i = 0; (next & 0xffff) != (h & 0xffff); i++) {
		ck_assert_int_le(i, LINK_MAX + INNER_MAX);
		session_drop(next);
		next = link_to(&link_ab, b_pub);
	}
	ck_assert_uint_ne(next, h);
	ck_assert_ptr_null(session_find(h, SESSION_LINK));
}
END_TEST

START_TEST(a_dropped_session_leaves_no_key_behind)
{
	uint32_t		 h = inner_to(&inner_ab, b_pub);
	const struct session	*s = session_find(h, SESSION_INNER);

	session_drop(h);
	ck_assert(sodium_is_zero((const uint8_t *)&s->keys, sizeof(s->keys)));
}
END_TEST

START_TEST(keys_of_all_peers_find_room)
{
	int i;

	for (i = 0; i < 3 * PEER_SLOTS; i++)
		ck_assert_uint_ne(session_new(SESSION_LINK, &link_ab, b_pub), 0);
}
END_TEST

START_TEST(every_table_says_when_it_is_full)
{
	uint8_t	 pub[PUB_LEN] = { 2 };
	int	 i;

	for (i = 0; i < LINK_MAX; i++)
		link_to(&link_ab, b_pub);
	ck_assert_uint_eq(session_new(SESSION_LINK, &link_ab, b_pub), 0);
	for (i = 0; i < INNER_MAX; i++) {
		put_le32(pub + 1, (uint32_t)i);
		inner_to(&inner_ab, pub);
	}
	put_le32(pub + 1, (uint32_t)i);
	ck_assert_uint_eq(session_new(SESSION_INNER, &inner_ab, pub), 0);
	for (i = 0; i < HS_MAX; i++)
		ck_assert_ptr_nonnull(hs_new());
	ck_assert_ptr_null(hs_new());
}
END_TEST

START_TEST(one_node_gets_no_more_than_four_sessions)
{
	uint32_t h = 0;
	int	 i;

	for (i = 0; i < SESSION_PER_ADDR; i++)
		h = inner_to(&inner_ab, b_pub);
	ck_assert_uint_eq(session_new(SESSION_INNER, &inner_ab, b_pub), 0);
	inner_to(&inner_ab, a_pub);
	session_drop(h);
	inner_to(&inner_ab, b_pub);
}
END_TEST

START_TEST(a_handshake_handle_dies_with_it)
{
	struct handshake	*h = hs_new();
	uint32_t		 handle = hs_handle(h);

	ck_assert_ptr_eq(hs_find(handle), h);
	ck_assert_ptr_null(hs_find(handle + 1));
	memset(&h->noise, 0x77, sizeof(h->noise));
	hs_free(h);
	ck_assert_ptr_null(hs_find(handle));
	ck_assert(sodium_is_zero((const uint8_t *)&h->noise, sizeof(h->noise)));
	ck_assert_uint_eq(hs_used(), 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_handle_dies_with_its_session);
	tcase_add_test(t, an_index_that_comes_round_has_another_generation);
	tcase_add_test(t, a_dropped_session_leaves_no_key_behind);
	tcase_add_test(t, keys_of_all_peers_find_room);
	tcase_add_test(t, every_table_says_when_it_is_full);
	tcase_add_test(t, one_node_gets_no_more_than_four_sessions);
	tcase_add_test(t, a_handshake_handle_dies_with_it);
}
