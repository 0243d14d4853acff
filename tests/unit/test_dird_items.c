/*
 * room: dird, with: view_world -- what they own: offers, names, configurations.
 */
#include "view_world.h"

START_TEST(a_subscription_waits_for_its_provider_and_for_nobody_else)
{
	char offer[33], sub[33], open[33];

	found();
	join(&folk[0], &folk[4]);
	say(&folk[1], OBJ_SERVICE_OFFER, a_offer(&folk[1], "web", "pending"));
	say(&folk[1], OBJ_SERVICE_OFFER, a_offer(&folk[1], "open", "auto"));
	service_id_of(folk[1].did, "web", offer);
	service_id_of(folk[1].did, "open", open);
	subscription_id_of(folk[4].did, offer, sub);
	ck_assert_int_eq(view_subscribed(view, sub), SUB_NONE);
	say(&folk[4], OBJ_SUBSCRIPTION, a_subscribe(&folk[4], offer));
	ck_assert_int_eq(view_subscribed(view, sub), SUB_PENDING);
	say(&folk[2], OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", sub, "decision", "approved", "reason", ""));
	ck_assert_int_eq(view_subscribed(view, sub), SUB_PENDING);
	say(&folk[1], OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", sub, "decision", "approved", "reason", ""));
	ck_assert_int_eq(view_subscribed(view, sub), SUB_ACTIVE);
	say(&folk[1], OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", sub, "decision", "revoked", "reason", ""));
	ck_assert_int_eq(view_subscribed(view, sub), SUB_REVOKED);
	say(&folk[4], OBJ_SUBSCRIPTION, a_subscribe(&folk[4], open));
	subscription_id_of(folk[4].did, open, sub);
	ck_assert_int_eq(view_subscribed(view, sub), SUB_ACTIVE);
	say(&folk[1], OBJ_OFFER_REVOKE, json_pack("{s:s}", "service_id", open));
	ck_assert_int_eq(view_subscribed(view, sub), SUB_NONE);
}
END_TEST

static void
blob(struct a_author *a, int version, const char *text)
{
	uint8_t h[32];
	char hex[65];

	crypto_generichash(h, 32, (const uint8_t *)text, strlen(text), NULL, 0);
	hex_encode(h, 32, hex);
	say(a, OBJ_CONFIG_BLOB, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}",
	    "scope", "fips", "version", version, "hash", hex, "text", text,
	    "valid_from", "2025-01-01T00:00:00Z", "valid_until",
	    "2026-01-01T00:00:00Z"));
}

START_TEST(a_scope_has_one_publisher_and_its_newest_valid_blob)
{
	char hex[65];

	found();
	ck_assert_ptr_null(view_config(view, "fips", A_TIME));
	blob(&folk[1], 1, "one");
	blob(&folk[1], 2, "two");
	hex_encode(folk[1].prev, 32, hex);
	folk[2].now++;
	blob(&folk[2], 9, "theirs");
	ck_assert_uint_eq(view_config(view, "fips", A_TIME)->version, 2);
	/* Nor does another's number keep the publisher from the next one. */
	ck_assert_uint_eq(view_config_last(view, "fips", folk[1].did), 2);
	ck_assert_uint_eq(view_config_last(view, "fips", folk[2].did), 9);
	ck_assert_ptr_null(view_config(view, "fips", INT64_C(1800000000)));
	ck_assert_ptr_null(view_config(view, "other", A_TIME));
	say(&folk[1], OBJ_CONFIG_REVOKE, json_pack("{s:s}", "config_id", hex));
	ck_assert_uint_eq(view_config(view, "fips", A_TIME)->version, 1);
	say(&folk[0], OBJ_REVOKE, a_revoke(&folk[1], folk[1].seq));
	ck_assert_uint_eq(view_config(view, "fips", A_TIME)->version, 9);
}
END_TEST

START_TEST(who_came_first_with_a_scope_may_say_it_again)
{
	found();
	blob(&folk[1], 1, "one");
	folk[2].now++;
	blob(&folk[2], 9, "theirs");
	folk[1].now += 2;
	blob(&folk[1], 1, "one, again");
	ck_assert_uint_eq(view_config(view, "fips", A_TIME)->version, 1);
}
END_TEST

START_TEST(many_versions_of_one_scope_are_not_walked_through)
{
	uint32_t i, k, steps, most = 0;
	int version;

	found();
	for (version = 1; version <= 300; version++)
		blob(&folk[1], version, "one");
	ck_assert_uint_ge(view->items, 300);
	/* What a further one may meet: by chance few, never all. */
	for (i = 0; i < view->item_buckets; i++) {
		steps = 0;
		for (k = view->same_bucket[i]; k != NOBODY;
		    k = view->item[k].next_same)
			steps++;
		if (steps > most)
			most = steps;
	}
	ck_assert_uint_lt(most, 20);
	blob(&folk[1], 7, "seven");
	ck_assert_uint_lt(view->items, 310);
	ck_assert_uint_eq(view_config(view, "fips", A_TIME)->version, 300);
}
END_TEST

START_TEST(a_name_belongs_to_who_came_first)
{
	const struct item *it;
	char did[DID_LEN + 1];

	found();
	say(&folk[2], OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name", "nas", "did",
	    folk[2].did));
	folk[1].now++;
	say(&folk[1], OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name", "nas", "did",
	    folk[1].did));
	it = view_name(view, "nas");
	ck_assert_ptr_nonnull(it);
	view_did(view, it->author, did);
	ck_assert_str_eq(did, folk[2].did);
	ck_assert_ptr_null(view_name(view, "other"));
}
END_TEST

START_TEST(what_has_no_right_yet_counts_once_the_right_is_there)
{
	struct because b;
	char id[33];

	say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 1));
	join(&folk[0], &folk[1]);
	ck_assert_int_eq(say(&folk[1], OBJ_SERVICE_OFFER,
	    a_offer(&folk[1], "web", "auto")), WHY_OK);
	service_id_of(folk[1].did, "web", id);
	ck_assert_ptr_null(view_service(view, id));
	/* But we would not have signed it. */
	a_say(&folk[1], OBJ_SERVICE_OFFER, a_offer(&folk[1], "ftp", "auto"), &said[nsaid]);
	ck_assert_int_eq(entry_check(said[nsaid].p, said[nsaid].len, 0, &entry[nsaid], &b), 0);
	ck_assert_int_eq(view_may(view, &entry[nsaid], &b), -1);
	ck_assert_int_eq(b.why, WHY_RIGHT);
	say(&folk[0], OBJ_ATTEST, a_attest(&folk[1]));
	ck_assert_ptr_nonnull(view_service(view, id));
	ck_assert_int_eq(view_may(view, &entry[nsaid], &b), -1);
	ck_assert_int_eq(view_admit(view, &entry[nsaid - 1], &b), -1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_subscription_waits_for_its_provider_and_for_nobody_else);
	tcase_add_test(t, a_scope_has_one_publisher_and_its_newest_valid_blob);
	tcase_add_test(t, who_came_first_with_a_scope_may_say_it_again);
	tcase_add_test(t, many_versions_of_one_scope_are_not_walked_through);
	tcase_add_test(t, a_name_belongs_to_who_came_first);
	tcase_add_test(t, what_has_no_right_yet_counts_once_the_right_is_there);
}
