/* room: dird -- who is what, in whatever order it was heard. */
#include "dird_author.h"
#include "suite.h"
#include "view_int.h"

enum { PEOPLE = 8, MOST = 400 };

static struct a_author p[PEOPLE];
static struct a_raw said[MOST];
static struct entry entry[MOST];
static size_t n;
static struct view *v;

static struct view *
empty(void)
{
	struct view *w = view_new();

	view_root(w, p[0].did);
	return w;
}

static void
setup(void)
{
	uint32_t i;

	ck_assert_int_eq(entry_init(), 0);
	for (i = 0; i < PEOPLE; i++)
		a_author(&p[i], i + 1);
	n = 0;
	v = empty();
}

static void
teardown(void)
{
	view_free(v);
}

/* Says it and lets v hear it; the reason if v does not take it. */
static enum why
say(struct a_author *a, enum object t, json_t *body)
{
	struct because b = { WHY_OK, "" };

	ck_assert_uint_lt(n, MOST);
	a_say(a, t, body, &said[n]);
	ck_assert_int_eq(entry_check(said[n].p, said[n].len, 0, &entry[n], &b), 0);
	if (view_admit(v, &entry[n], &b) == -1)
		return b.why;
	ck_assert_int_eq(view_add(v, &entry[n], &b), 0);
	n++;
	return WHY_OK;
}

static void
join(struct a_author *by, struct a_author *who)
{
	uint32_t token = (uint32_t)(who - p);

	ck_assert_int_eq(say(by, OBJ_INVITE, a_invite(who, token)), WHY_OK);
	ck_assert_int_eq(say(who, OBJ_JOIN, a_join(who, token)), WHY_OK);
}

static struct person
person(const struct a_author *a)
{
	struct person x;

	view_person(v, a->did, &x);
	return x;
}

/* The founder, and 1..3 emancipated by it and by one another. */
static void
found(void)
{
	int i;

	ck_assert_int_eq(say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 2)), WHY_OK);
	for (i = 1; i <= 3; i++)
		join(&p[0], &p[i]);
	for (i = 1; i <= 3; i++) {
		say(&p[0], OBJ_ATTEST, a_attest(&p[i]));
		say(&p[i % 3 + 1], OBJ_ATTEST, a_attest(&p[i]));
	}
}

START_TEST(nobody_has_a_right_before_there_is_a_founder)
{
	int r;

	for (r = 0; r < RIGHT_MAX; r++)
		ck_assert(!view_can(v, p[0].did, (enum right)r));
	say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 2));
	for (r = RIGHT_NONE + 1; r < RIGHT_MAX; r++) {
		ck_assert(view_can(v, p[0].did, (enum right)r));
		ck_assert(!view_can(v, p[1].did, (enum right)r));
	}
	ck_assert(!view_can(v, "did:plc:x", RIGHT_ATTEST));
	ck_assert(!view_can(v, p[0].did, RIGHT_MAX));
}
END_TEST

START_TEST(a_genesis_of_somebody_else_founds_nothing)
{
	say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 2));
	ck_assert_int_eq(say(&p[1], OBJ_GENESIS, a_genesis(&p[1], 1)), WHY_AUTHOR);
	a_author(&p[1], 2);
	/* Invited, it may bring its history along; it is still nobody. */
	say(&p[0], OBJ_INVITE, a_invite(&p[1], 7));
	ck_assert_int_eq(say(&p[1], OBJ_GENESIS, a_genesis(&p[1], 1)), WHY_OK);
	ck_assert(!view_can(v, p[1].did, RIGHT_ATTEST));
	ck_assert_int_eq(say(&p[1], OBJ_JOIN, a_join(&p[1], 7)), WHY_OK);
	ck_assert(view_can(v, p[1].did, RIGHT_ATTEST));
	ck_assert(!view_can(v, p[1].did, RIGHT_PUBLISH));
}
END_TEST

/* May the author say this itself? The reason if not; nothing is kept. */
static enum why
may(struct a_author a, enum object t, json_t *body)
{
	struct because b = { WHY_OK, "" };

	a_say(&a, t, body, &said[n]);
	ck_assert_int_eq(entry_check(said[n].p, said[n].len, 0, &entry[n], &b), 0);
	view_may(v, &entry[n], &b);
	return b.why;
}

START_TEST(a_join_needs_the_token_that_was_meant_for_it)
{
	say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 2));
	say(&p[0], OBJ_INVITE, a_invite(&p[1], 7));
	ck_assert_int_eq(say(&p[2], OBJ_JOIN, a_join(&p[2], 7)), WHY_AUTHOR);
	ck_assert_int_eq(may(p[0], OBJ_JOIN, a_join(&p[0], 7)), WHY_AGAIN);
	ck_assert_int_eq(may(p[1], OBJ_JOIN, a_join(&p[1], 8)), WHY_INVITE);
	/* Who is invited may say anything, and it counts when a token fits. */
	ck_assert_int_eq(say(&p[1], OBJ_JOIN, a_join(&p[1], 8)), WHY_OK);
	ck_assert(!person(&p[1]).member);
	ck_assert_int_eq(may(p[1], OBJ_JOIN, a_join(&p[1], 7)), WHY_OK);
	p[1].now = INT64_C(1900000000);
	ck_assert_int_eq(may(p[1], OBJ_JOIN, a_join(&p[1], 7)), WHY_INVITE);
	ck_assert_int_eq(say(&p[1], OBJ_JOIN, a_join(&p[1], 7)), WHY_OK);
	ck_assert(!person(&p[1]).member);
}
END_TEST

START_TEST(two_different_members_emancipate_and_oneself_does_not_count)
{
	say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 2));
	join(&p[0], &p[1]);
	join(&p[0], &p[2]);
	say(&p[0], OBJ_ATTEST, a_attest(&p[1]));
	say(&p[0], OBJ_ATTEST, a_attest(&p[1]));
	say(&p[1], OBJ_ATTEST, a_attest(&p[1]));
	ck_assert(!person(&p[1]).emancipated);
	say(&p[2], OBJ_ATTEST, a_attest(&p[1]));
	ck_assert(person(&p[1]).emancipated);
}
END_TEST

/* Steps of one settling: what is_joined() would compare at most. */
static uint64_t
joins_times_invites(void)
{
	uint64_t steps = 0;
	uint32_t i, k, joins, invites;

	for (i = 0; i < v->authors; i++) {
		joins = invites = 0;
		for (k = v->author[i].joins; k != NOBODY; k = v->joins.f[k].next)
			joins++;
		for (k = v->author[i].invites; k != NOBODY;
		    k = v->invites.f[k].next)
			invites++;
		steps += (uint64_t)joins * invites;
	}
	return steps;
}

START_TEST(repeated_joins_do_not_multiply_with_repeated_invites)
{
	uint64_t once;
	int i;

	found();
	join(&p[0], &p[4]);
	for (i = 0; i < 60; i++) {
		say(&p[4], OBJ_INVITE, a_invite(&p[5], 7));
		ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 7)), WHY_OK);
	}
	once = joins_times_invites();
	for (i = 0; i < 60; i++) {
		say(&p[4], OBJ_INVITE, a_invite(&p[5], 7));
		ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 7)), WHY_OK);
	}
	/* Twice as many, twice the work and not four times. */
	ck_assert_uint_lt(joins_times_invites(), once * 2 + 1);
	ck_assert(!person(&p[5]).member);
	/* All were kept, and more may be said with the same right as before. */
	ck_assert_uint_eq(person(&p[5]).entries, 120);
	ck_assert(person(&p[4]).member);
}
END_TEST

START_TEST(who_vouches_again_and_again_is_one)
{
	int i;

	say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 3));
	for (i = 1; i <= 3; i++)
		join(&p[0], &p[i]);
	for (i = 0; i < 20; i++) {
		say(&p[0], OBJ_ATTEST, a_attest(&p[1]));
		say(&p[2], OBJ_ATTEST, a_attest(&p[1]));
	}
	ck_assert(!person(&p[1]).emancipated);
	say(&p[3], OBJ_ATTEST, a_attest(&p[1]));
	ck_assert(person(&p[1]).emancipated);
}
END_TEST

START_TEST(a_chain_has_no_gaps_and_no_second_history)
{
	struct because b;
	struct a_author twin;
	struct entry e;

	found();
	twin = p[1];
	p[1].seq++;
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[4])), WHY_GAP);
	p[1] = twin;
	p[1].prev[0] ^= 1;
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[4])), WHY_PREV);
	p[1] = twin;
	p[1].now--;
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[4])), WHY_ANCIENT);
	p[1] = twin;
	ck_assert_int_eq(view_admit(v, &entry[0], &b), -1);
	ck_assert_int_eq(b.why, WHY_KNOWN);
	a_say(&p[4], OBJ_ATTEST, a_attest(&p[1]), &said[n]);
	ck_assert_int_eq(entry_check(said[n].p, said[n].len, 0, &e, &b), 0);
	ck_assert_int_eq(view_admit(v, &e, &b), -1);
	ck_assert_int_eq(b.why, WHY_FIRST);
}
END_TEST

START_TEST(who_signs_two_entries_with_one_number_is_frozen)
{
	struct a_author twin;
	char id[33];

	found();
	say(&p[1], OBJ_SERVICE_OFFER, a_offer(&p[1], "web", "auto"));
	service_id_of(p[1].did, "web", id);
	ck_assert_ptr_nonnull(view_service(v, id));
	twin = p[1];
	say(&p[1], OBJ_ATTEST, a_attest(&p[4]));
	say(&p[1], OBJ_ATTEST, a_attest(&p[5]));
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&p[6])), WHY_OK);
	ck_assert(person(&p[1]).frozen);
	ck_assert(!view_can(v, p[1].did, RIGHT_ATTEST));
	ck_assert_ptr_null(view_service(v, id));
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[7])), WHY_FROZEN);
	/* What it vouched for before still stands. */
	ck_assert(person(&p[2]).emancipated || person(&p[3]).emancipated);
}
END_TEST

START_TEST(a_revoked_member_loses_every_right_and_every_offer)
{
	char id[33];
	int r;

	found();
	say(&p[1], OBJ_SERVICE_OFFER, a_offer(&p[1], "web", "auto"));
	service_id_of(p[1].did, "web", id);
	say(&p[2], OBJ_REVOKE, a_revoke(&p[1], p[1].seq));
	ck_assert(person(&p[1]).revoked);
	for (r = 0; r < RIGHT_MAX; r++)
		ck_assert(!view_can(v, p[1].did, (enum right)r));
	ck_assert_ptr_null(view_service(v, id));
	/* And what it goes on saying makes nobody anything. */
	say(&p[1], OBJ_INVITE, a_invite(&p[5], 77));
	say(&p[5], OBJ_JOIN, a_join(&p[5], 77));
	ck_assert(!person(&p[5]).member);
}
END_TEST

START_TEST(who_came_earlier_repairs_what_a_stolen_key_did)
{
	uint64_t good;

	found();
	good = p[1].seq;
	say(&p[1], OBJ_REVOKE, a_revoke(&p[2], 0));
	say(&p[1], OBJ_REVOKE, a_revoke(&p[0], 0));
	ck_assert(person(&p[2]).revoked && person(&p[0]).revoked);
	say(&p[0], OBJ_REVOKE, a_revoke(&p[1], good));
	ck_assert(person(&p[1]).revoked);
	ck_assert(person(&p[2]).emancipated && person(&p[0]).emancipated);
	ck_assert_uint_eq(person(&p[1]).counted, good);
}
END_TEST

START_TEST(what_the_founder_cut_off_is_kept_no_more)
{
	struct a_author twin;
	uint64_t good;

	found();
	good = p[1].seq;
	say(&p[1], OBJ_INVITE, a_invite(&p[5], 7));
	say(&p[5], OBJ_JOIN, a_join(&p[5], 7));
	say(&p[5], OBJ_INVITE, a_invite(&p[6], 7));
	say(&p[0], OBJ_REVOKE, a_revoke(&p[1], good));
	/* Neither what it says, nor whom it brought, nor whom they brought. */
	twin = p[1];
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[4])), WHY_REVOKED);
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[4])), WHY_REVOKED);
	ck_assert_int_eq(say(&p[5], OBJ_ATTEST, a_attest(&p[4])), WHY_REVOKED);
	ck_assert_int_eq(say(&p[6], OBJ_JOIN, a_join(&p[6], 7)), WHY_REVOKED);
	/* There two histories are nobody's concern, before it they are. */
	twin.seq = good;
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&p[5])), WHY_REVOKED);
	ck_assert(!person(&p[1]).frozen);
	twin.seq = good - 1;
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&p[5])), WHY_OK);
	ck_assert(person(&p[1]).frozen);
}
END_TEST

START_TEST(whom_somebody_sent_away_brings_is_known_by_name)
{
	uint8_t pub[KEY_LEN];
	uint64_t was;

	found();
	say(&p[0], OBJ_REVOKE, a_revoke(&p[1], p[1].seq));
	ck_assert_int_eq(say(&p[1], OBJ_INVITE, a_invite(&p[5], 7)), WHY_REVOKED);
	/* In any order, so that it counts for nobody who brings it. */
	ck_assert_int_eq(view_key(v, p[5].did, pub), -1);
	ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 7)), WHY_REVOKED);
	ck_assert_int_eq(view_key(v, p[5].did, pub), 0);
	ck_assert_int_eq(memcmp(pub, p[5].pub, KEY_LEN), 0);
	ck_assert_int_eq(say(&p[5], OBJ_INVITE, a_invite(&p[6], 7)), WHY_REVOKED);
	ck_assert_int_eq(say(&p[6], OBJ_ATTEST, a_attest(&p[5])), WHY_REVOKED);
	ck_assert_int_eq(say(&p[7], OBJ_JOIN, a_join(&p[7], 7)), WHY_AUTHOR);
	/* Invited by somebody else it is wanted from its first entry on. */
	was = view_reopened(v);
	say(&p[0], OBJ_INVITE, a_invite(&p[5], 8));
	ck_assert_uint_gt(view_reopened(v), was);
	a_author(&p[5], 6);
	ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 8)), WHY_OK);
	ck_assert(person(&p[5]).member);
}
END_TEST

START_TEST(whom_a_second_history_brings_is_known_by_name)
{
	struct a_author twin;
	uint8_t pub[KEY_LEN];
	uint64_t was;

	found();
	twin = p[1];
	say(&p[1], OBJ_ATTEST, a_attest(&p[4]));
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&p[5])), WHY_OK);
	/* Who heard that history first has let them in. */
	ck_assert_int_eq(say(&twin, OBJ_INVITE, a_invite(&p[5], 7)), WHY_FROZEN);
	ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 7)), WHY_REVOKED);
	ck_assert_int_eq(view_key(v, p[5].did, pub), 0);
	ck_assert_int_eq(say(&p[5], OBJ_ATTEST, a_attest(&p[4])), WHY_REVOKED);
	was = view_reopened(v);
	say(&p[0], OBJ_INVITE, a_invite(&p[5], 8));
	ck_assert_uint_gt(view_reopened(v), was);
	a_author(&p[5], 6);
	ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 8)), WHY_OK);
	ck_assert(person(&p[5]).member);
}
END_TEST

START_TEST(whoever_else_invites_lets_in_again)
{
	uint64_t was;

	found();
	say(&p[1], OBJ_INVITE, a_invite(&p[5], 7));
	say(&p[5], OBJ_JOIN, a_join(&p[5], 7));
	say(&p[0], OBJ_REVOKE, a_revoke(&p[1], p[1].seq - 1));
	ck_assert(!person(&p[5]).member);
	was = view_reopened(v);
	ck_assert_int_eq(say(&p[2], OBJ_INVITE, a_invite(&p[5], 8)), WHY_OK);
	ck_assert_uint_gt(view_reopened(v), was);
	/* A token that nobody here knows any more keeps nobody out. */
	ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 9)), WHY_OK);
	ck_assert_int_eq(say(&p[5], OBJ_JOIN, a_join(&p[5], 8)), WHY_OK);
	ck_assert(person(&p[5]).member);
}
END_TEST

START_TEST(what_others_than_the_founder_cut_off_is_kept)
{
	uint64_t good;

	found();
	good = p[2].seq;
	say(&p[2], OBJ_REVOKE, a_revoke(&p[1], p[1].seq));
	ck_assert_int_eq(say(&p[1], OBJ_REVOKE, a_revoke(&p[3], 0)), WHY_OK);
	ck_assert(person(&p[1]).revoked);
	say(&p[0], OBJ_REVOKE, a_revoke(&p[2], good));
	ck_assert(!person(&p[1]).revoked && person(&p[3]).revoked);
}
END_TEST

START_TEST(who_left_says_nothing_more)
{
	found();
	say(&p[1], OBJ_REVOKE, a_revoke(&p[1], 0));
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[4])), WHY_REVOKED);
	ck_assert_int_eq(may(p[1], OBJ_JOIN, a_join(&p[1], 1)), WHY_REVOKED);
}
END_TEST

START_TEST(a_founder_with_two_histories_cuts_nobody_off_behind_the_fork)
{
	struct a_author twin;
	uint64_t was;

	found();
	twin = p[0];
	say(&p[0], OBJ_REVOKE, a_revoke(&p[1], 0));
	ck_assert_int_eq(say(&p[1], OBJ_ATTEST, a_attest(&p[4])), WHY_REVOKED);
	p[1].seq--;
	memcpy(p[1].prev, entry[n - 2].id, ID_LEN);
	was = view_reopened(v);
	ck_assert_int_eq(say(&twin, OBJ_ATTEST, a_attest(&p[4])), WHY_OK);
	ck_assert_uint_gt(view_reopened(v), was);
	ck_assert(!person(&p[1]).revoked);
}
END_TEST

START_TEST(a_member_alone_cannot_revoke_but_may_leave)
{
	say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 2));
	join(&p[0], &p[1]);
	say(&p[1], OBJ_REVOKE, a_revoke(&p[0], 0));
	ck_assert(person(&p[0]).emancipated);
	say(&p[1], OBJ_REVOKE, a_revoke(&p[1], 0));
	ck_assert(person(&p[1]).revoked);
	ck_assert(!view_can(v, p[1].did, RIGHT_ATTEST));
}
END_TEST

START_TEST(the_founder_outlives_a_mutual_revoke_and_equals_do_not)
{
	found();
	say(&p[1], OBJ_REVOKE, a_revoke(&p[2], 0));
	say(&p[2], OBJ_REVOKE, a_revoke(&p[1], 0));
	ck_assert(person(&p[1]).revoked && person(&p[2]).revoked);
	say(&p[3], OBJ_REVOKE, a_revoke(&p[0], 0));
	say(&p[0], OBJ_REVOKE, a_revoke(&p[3], 0));
	/* The founder's cut reaches 3's revoke, not the other way round. */
	ck_assert(!person(&p[0]).revoked);
	ck_assert(person(&p[3]).revoked);
}
END_TEST

START_TEST(a_subscription_waits_for_its_provider_and_for_nobody_else)
{
	char offer[33], sub[33], open[33];

	found();
	join(&p[0], &p[4]);
	say(&p[1], OBJ_SERVICE_OFFER, a_offer(&p[1], "web", "pending"));
	say(&p[1], OBJ_SERVICE_OFFER, a_offer(&p[1], "open", "auto"));
	service_id_of(p[1].did, "web", offer);
	service_id_of(p[1].did, "open", open);
	subscription_id_of(p[4].did, offer, sub);
	ck_assert_int_eq(view_subscribed(v, sub), SUB_NONE);
	say(&p[4], OBJ_SUBSCRIPTION, a_subscribe(&p[4], offer));
	ck_assert_int_eq(view_subscribed(v, sub), SUB_PENDING);
	say(&p[2], OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", sub, "decision", "approved", "reason", ""));
	ck_assert_int_eq(view_subscribed(v, sub), SUB_PENDING);
	say(&p[1], OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", sub, "decision", "approved", "reason", ""));
	ck_assert_int_eq(view_subscribed(v, sub), SUB_ACTIVE);
	say(&p[1], OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", sub, "decision", "revoked", "reason", ""));
	ck_assert_int_eq(view_subscribed(v, sub), SUB_REVOKED);
	say(&p[4], OBJ_SUBSCRIPTION, a_subscribe(&p[4], open));
	subscription_id_of(p[4].did, open, sub);
	ck_assert_int_eq(view_subscribed(v, sub), SUB_ACTIVE);
	say(&p[1], OBJ_OFFER_REVOKE, json_pack("{s:s}", "service_id", open));
	ck_assert_int_eq(view_subscribed(v, sub), SUB_NONE);
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
	ck_assert_ptr_null(view_config(v, "fips", A_TIME));
	blob(&p[1], 1, "one");
	blob(&p[1], 2, "two");
	hex_encode(p[1].prev, 32, hex);
	p[2].now++;
	blob(&p[2], 9, "theirs");
	ck_assert_uint_eq(view_config(v, "fips", A_TIME)->version, 2);
	/* Nor does another's number keep the publisher from the next one. */
	ck_assert_uint_eq(view_config_last(v, "fips", p[1].did), 2);
	ck_assert_uint_eq(view_config_last(v, "fips", p[2].did), 9);
	ck_assert_ptr_null(view_config(v, "fips", INT64_C(1800000000)));
	ck_assert_ptr_null(view_config(v, "other", A_TIME));
	say(&p[1], OBJ_CONFIG_REVOKE, json_pack("{s:s}", "config_id", hex));
	ck_assert_uint_eq(view_config(v, "fips", A_TIME)->version, 1);
	say(&p[0], OBJ_REVOKE, a_revoke(&p[1], p[1].seq));
	ck_assert_uint_eq(view_config(v, "fips", A_TIME)->version, 9);
}
END_TEST

START_TEST(who_came_first_with_a_scope_may_say_it_again)
{
	found();
	blob(&p[1], 1, "one");
	p[2].now++;
	blob(&p[2], 9, "theirs");
	p[1].now += 2;
	blob(&p[1], 1, "one, again");
	ck_assert_uint_eq(view_config(v, "fips", A_TIME)->version, 1);
}
END_TEST

START_TEST(many_versions_of_one_scope_are_not_walked_through)
{
	uint32_t i, k, steps, most = 0;
	int version;

	found();
	for (version = 1; version <= 300; version++)
		blob(&p[1], version, "one");
	ck_assert_uint_ge(v->items, 300);
	/* What a further one may meet: by chance few, never all. */
	for (i = 0; i < v->item_buckets; i++) {
		steps = 0;
		for (k = v->same_bucket[i]; k != NOBODY;
		    k = v->item[k].next_same)
			steps++;
		if (steps > most)
			most = steps;
	}
	ck_assert_uint_lt(most, 20);
	blob(&p[1], 7, "seven");
	ck_assert_uint_lt(v->items, 310);
	ck_assert_uint_eq(view_config(v, "fips", A_TIME)->version, 300);
}
END_TEST

START_TEST(a_name_belongs_to_who_came_first)
{
	const struct item *it;
	char did[DID_LEN + 1];

	found();
	say(&p[2], OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name", "nas", "did",
	    p[2].did));
	p[1].now++;
	say(&p[1], OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name", "nas", "did",
	    p[1].did));
	it = view_name(v, "nas");
	ck_assert_ptr_nonnull(it);
	view_did(v, it->author, did);
	ck_assert_str_eq(did, p[2].did);
	ck_assert_ptr_null(view_name(v, "other"));
}
END_TEST

START_TEST(what_has_no_right_yet_counts_once_the_right_is_there)
{
	struct because b;
	char id[33];

	say(&p[0], OBJ_GENESIS, a_genesis(&p[0], 1));
	join(&p[0], &p[1]);
	ck_assert_int_eq(say(&p[1], OBJ_SERVICE_OFFER,
	    a_offer(&p[1], "web", "auto")), WHY_OK);
	service_id_of(p[1].did, "web", id);
	ck_assert_ptr_null(view_service(v, id));
	/* But we would not have signed it. */
	a_say(&p[1], OBJ_SERVICE_OFFER, a_offer(&p[1], "ftp", "auto"), &said[n]);
	ck_assert_int_eq(entry_check(said[n].p, said[n].len, 0, &entry[n], &b), 0);
	ck_assert_int_eq(view_may(v, &entry[n], &b), -1);
	ck_assert_int_eq(b.why, WHY_RIGHT);
	say(&p[0], OBJ_ATTEST, a_attest(&p[1]));
	ck_assert_ptr_nonnull(view_service(v, id));
	ck_assert_int_eq(view_may(v, &entry[n], &b), -1);
	ck_assert_int_eq(view_admit(v, &entry[n - 1], &b), -1);
}
END_TEST

/* Says it; who keeps it is seen later. */
static void
utter(struct a_author *a, enum object t, json_t *body)
{
	if (n == MOST) {
		json_decref(body);
		return;
	}
	a_say(a, t, body, &said[n]);
	ck_assert_int_eq(entry_check(said[n].p, said[n].len, 0, &entry[n],
	    NULL), 0);
	n++;
}

/*
 * Random lives of people of whom some have two histories: they invite with
 * and without the right, join with tokens that fit or not, vouch, send others
 * away, leave, publish, go on when they are out, and lie about what was before.
 */
static struct a_author second[PEOPLE];

static void
one_act(struct a_author *a, struct a_author *o)
{
	a->now += random() % 3;
	switch (random() % 12) {
	case 0:
	case 1:
	case 2:
		utter(a, OBJ_ATTEST, a_attest(o));
		break;
	case 3:
	case 4:
		utter(a, OBJ_INVITE, a_invite(o, (uint32_t)random() % 2));
		break;
	case 5:
	case 6:
		utter(a, OBJ_JOIN, a_join(a, (uint32_t)random() % 2));
		break;
	case 7:
		if (random() % 2 == 0)
			utter(a, OBJ_REVOKE, a_revoke(o, o == &p[0] ? o->seq :
			    (uint64_t)random() % (o->seq + 2)));
		break;
	case 8:
		if (random() % 8 == 0)
			utter(a, OBJ_REVOKE, a_revoke(a, 0));
		break;
	case 9:
		utter(a, OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name",
		    o->did + 39, "did", o->did));
		break;
	case 10:
		if (random() % 12 == 0)
			a->prev[0] ^= 1;
		else if (random() % 8 == 0)
			a->now -= 5;
		break;
	default:
		utter(a, OBJ_SERVICE_OFFER, a_offer(a, o->did + 36, "auto"));
	}
}

static void
live(void)
{
	int i, a;

	utter(&p[0], OBJ_GENESIS, a_genesis(&p[0], 1 + (int)(random() % 2)));
	for (i = 1; i < PEOPLE; i++) {
		utter(&p[(i - 1) / 2], OBJ_INVITE, a_invite(&p[i], 0));
		utter(&p[i], OBJ_JOIN, a_join(&p[i], 0));
		utter(&p[(i - 1) / 2], OBJ_ATTEST, a_attest(&p[i]));
		utter(&p[i / 2], OBJ_ATTEST, a_attest(&p[i]));
	}
	memcpy(second, p, sizeof(p));
	/* Another life from its first entry on, which need not be a Join. */
	second[4].seq = 0;
	for (i = 0; i < 200; i++) {
		a = (int)(random() % PEOPLE);
		/* Of some, among them the founder in every third life. */
		if (random() % 20 == 0 && (a % 3 == 1 || (a == 0 && p[0].did[12] <
		    'f' && random() % 3 == 0)))
			one_act(&second[a], &p[random() % PEOPLE]);
		else
			one_act(&p[a], &p[random() % PEOPLE]);
	}
}

static void
mix(size_t *order, size_t many)
{
	size_t i, k, t;

	for (i = many - 1; i > 0; i--) {
		k = (size_t)random() % (i + 1);
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

/* A node as pull.c makes one: what it kept, in order, and what it refused. */
struct hearer {
	struct view	*w;
	size_t		 kept[MOST], many;
	enum why	 why[MOST];
	uint64_t	 opened;
};

static int
hear(struct hearer *h, size_t i)
{
	struct because b = { WHY_OK, "" };

	h->why[i] = WHY_OK;
	if (view_admit(h->w, &entry[i], &b) == -1) {
		h->why[i] = b.why;
		return 0;
	}
	ck_assert_int_eq(view_add(h->w, &entry[i], &b), 0);
	h->kept[h->many++] = i;
	return 1;
}

/* Everything once, and then what pull.c would ask for again, while that helps. */
static void
hear_all(struct hearer *h)
{
	size_t order[MOST], i;
	int again, news;

	for (i = 0; i < n; i++)
		order[i] = i;
	/* Some hear all in a row, some in reverse, most in no order. */
	if (random() % 8 != 0)
		mix(order, n);
	for (i = 0; i < n; i++)
		hear(h, order[i]);
	do {
		news = 0;
		again = h->opened != view_reopened(h->w);
		h->opened = view_reopened(h->w);
		mix(order, n);
		for (i = 0; i < n; i++)
			if (view_later(h->why[order[i]]) ||
			    (again && h->why[order[i]] == WHY_REVOKED))
				news += hear(h, order[i]);
	} while (news > 0 || h->opened != view_reopened(h->w));
}

/* What a node starts with again is what it had. */
static void
check_replay(struct hearer *h, const uint8_t want[32])
{
	struct view *w = empty();
	uint8_t have[32];
	struct because b;
	size_t i;

	for (i = 0; i < h->many; i++)
		ck_assert_int_eq(view_add(w, &entry[h->kept[i]], &b), 0);
	view_digest(w, have);
	ck_assert_int_eq(memcmp(want, have, 32), 0);
	view_free(w);
}

/*
 * The same as view.h says it, and nothing else: in each round everybody is
 * looked at, with all that was ever said about them.
 */
static struct as_said {
	uint64_t	cut;
	uint32_t	member, free;
} said_of[64];

static int
holds(const struct view *w, const struct fact *f)
{
	return f->seq < w->author[f->author].fork &&
	    f->seq < said_of[f->author].cut;
}

static int
joins_in(const struct view *w, uint32_t i, uint32_t round)
{
	const struct fact *j, *f;

	for (j = w->joins.f; j < w->joins.f + w->joins.n; j++)
		for (f = w->invites.f; f < w->invites.f + w->invites.n; f++)
			if (j->author == i && f->subject == i && holds(w, j) &&
			    holds(w, f) && said_of[f->author].free < round &&
			    j->when <= f->expires &&
			    memcmp(f->token, j->token, 32) == 0)
				return 1;
	return 0;
}

static int
vouched_in(const struct view *w, uint32_t i, uint32_t round)
{
	const struct fact *f;
	uint64_t by = 0;

	for (f = w->attests.f; f < w->attests.f + w->attests.n; f++)
		if (f->subject == i && holds(w, f) &&
		    said_of[f->author].member < round)
			by |= UINT64_C(1) << f->author;
	return (uint32_t)__builtin_popcountll(by) >= w->threshold;
}

static void
cuts_of(const struct view *w, uint32_t round)
{
	uint64_t cut[64];
	const struct fact *f;
	uint32_t i;

	for (i = 0; i < w->authors; i++)
		cut[i] = said_of[i].cut;
	for (f = w->revokes.f; f < w->revokes.f + w->revokes.n; f++)
		if (f->author != f->subject && holds(w, f) &&
		    said_of[f->author].free == round &&
		    f->entries < cut[f->subject])
			cut[f->subject] = f->entries;
	for (i = 0; i < w->authors; i++)
		said_of[i].cut = cut[i];
}

static void
rounds_as_said(const struct view *w, int cuts)
{
	uint32_t i, round;
	int rose = 1;

	for (i = 0; i < w->authors; i++)
		said_of[i].member = said_of[i].free = NOBODY;
	if (w->author[w->root].known && w->author[w->root].fork > 0 &&
	    said_of[w->root].cut > 0)
		said_of[w->root].member = said_of[w->root].free = 0;
	if (cuts)
		cuts_of(w, 0);
	for (round = 1; rose; round++) {
		rose = 0;
		for (i = 0; i < w->authors; i++) {
			if (said_of[i].member == NOBODY && joins_in(w, i, round)) {
				said_of[i].member = round;
				rose = 1;
			}
			if (said_of[i].member < round && said_of[i].free ==
			    NOBODY && vouched_in(w, i, round)) {
				said_of[i].free = round;
				rose = 1;
			}
		}
		if (cuts)
			cuts_of(w, round);
	}
}

static void
check_rounds(const struct view *w)
{
	const struct fact *f;
	uint32_t i;

	ck_assert_uint_le(w->authors, 64);
	for (i = 0; i < w->authors; i++)
		said_of[i].cut = NO_LIMIT;
	for (f = w->revokes.f; f < w->revokes.f + w->revokes.n; f++)
		if (f->author == f->subject && holds(w, f))
			said_of[f->author].cut = f->seq + 1;
	rounds_as_said(w, 1);
	rounds_as_said(w, 0);
	for (i = 0; i < w->authors; i++) {
		ck_assert_uint_eq(w->author[i].cut, said_of[i].cut);
		ck_assert_uint_eq(w->author[i].member_round, said_of[i].member);
		ck_assert_uint_eq(w->author[i].free_round, said_of[i].free);
	}
}

/* What one life did at all, over all lives: that nothing was tested is seen. */
static unsigned	revoked, frozen, refused, differ;

static void
take_stock(const struct hearer *h, size_t first_kept)
{
	struct person x;
	size_t i;

	for (i = 0; i < PEOPLE; i++) {
		view_person(h->w, p[i].did, &x);
		revoked += x.revoked != 0;
		frozen += x.frozen != 0;
	}
	for (i = 0; i < n; i++)
		refused += h->why[i] == WHY_REVOKED;
	differ += h->many != first_kept;
}

START_TEST(shuffled_imports_give_the_same_state)
{
	static struct hearer h;
	uint8_t want[32], have[32];
	size_t first_kept = 0;
	int life, order, i;

	for (life = 0; life < 150; life++) {
		srandom((unsigned)life);
		n = 0;
		for (i = 0; i < PEOPLE; i++)
			a_author(&p[i], (uint32_t)(i + 1 + life * PEOPLE));
		live();
		for (order = 0; order < 8; order++) {
			memset(&h, 0, sizeof(h));
			h.w = empty();
			hear_all(&h);
			view_digest(h.w, have);
			if (order == 0) {
				memcpy(want, have, 32);
				first_kept = h.many;
			}
			ck_assert_msg(memcmp(want, have, 32) == 0,
			    "life %d, order %d", life, order);
			check_rounds(h.w);
			check_replay(&h, have);
			take_stock(&h, first_kept);
			view_free(h.w);
		}
	}
	ck_assert_uint_gt(revoked, 1000);
	ck_assert_uint_gt(frozen, 300);
	ck_assert_uint_gt(refused, 1000);
	/* Nodes do keep more or less, by what they heard first. */
	ck_assert_uint_gt(differ, 100);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nobody_has_a_right_before_there_is_a_founder);
	tcase_add_test(t, a_genesis_of_somebody_else_founds_nothing);
	tcase_add_test(t, a_join_needs_the_token_that_was_meant_for_it);
	tcase_add_test(t, two_different_members_emancipate_and_oneself_does_not_count);
	tcase_add_test(t, repeated_joins_do_not_multiply_with_repeated_invites);
	tcase_add_test(t, who_vouches_again_and_again_is_one);
	tcase_add_test(t, a_chain_has_no_gaps_and_no_second_history);
	tcase_add_test(t, who_signs_two_entries_with_one_number_is_frozen);
	tcase_add_test(t, a_revoked_member_loses_every_right_and_every_offer);
	tcase_add_test(t, who_came_earlier_repairs_what_a_stolen_key_did);
	tcase_add_test(t, what_the_founder_cut_off_is_kept_no_more);
	tcase_add_test(t, whom_somebody_sent_away_brings_is_known_by_name);
	tcase_add_test(t, whom_a_second_history_brings_is_known_by_name);
	tcase_add_test(t, whoever_else_invites_lets_in_again);
	tcase_add_test(t, what_others_than_the_founder_cut_off_is_kept);
	tcase_add_test(t, who_left_says_nothing_more);
	tcase_add_test(t, a_founder_with_two_histories_cuts_nobody_off_behind_the_fork);
	tcase_add_test(t, a_member_alone_cannot_revoke_but_may_leave);
	tcase_add_test(t, the_founder_outlives_a_mutual_revoke_and_equals_do_not);
	tcase_add_test(t, a_subscription_waits_for_its_provider_and_for_nobody_else);
	tcase_add_test(t, a_scope_has_one_publisher_and_its_newest_valid_blob);
	tcase_add_test(t, who_came_first_with_a_scope_may_say_it_again);
	tcase_add_test(t, many_versions_of_one_scope_are_not_walked_through);
	tcase_add_test(t, a_name_belongs_to_who_came_first);
	tcase_add_test(t, what_has_no_right_yet_counts_once_the_right_is_there);
	tcase_add_test(t, shuffled_imports_give_the_same_state);
	tcase_set_timeout(t, 100);
}
