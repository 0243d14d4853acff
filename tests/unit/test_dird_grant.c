/* test_dird_grant.c -- room: dird. Nonces and the decision on a loan. */
#include <stdio.h>
#include <string.h>

#include "borrow.h"
#include "canon.h"
#include "dird_author.h"
#include "grant.h"
#include "suite.h"

#define NOW	A_TIME

static struct a_author provider, consumer, other;
static struct a_raw said[64];
static unsigned n;
static struct view *v;
static struct nonces nonces;
static uint8_t service[16], src[16] = { 0xfd, 1 }, thief[16] = { 0xfd, 2 };
static char service_hex[33];
static struct request r;

static void
say(struct a_author *a, enum object t, json_t *body)
{
	struct because b = { WHY_OK, "" };
	struct entry e;

	a_say(a, t, body, &said[n]);
	ck_assert_int_eq(entry_check(said[n].p, said[n].len, 0, &e, &b), 0);
	ck_assert_int_eq(view_admit(v, &e, &b), 0);
	ck_assert_int_eq(view_add(v, &e, &b), 0);
	n++;
}

static void
join(struct a_author *who, uint32_t token)
{
	say(&provider, OBJ_INVITE, a_invite(who, token));
	say(who, OBJ_JOIN, a_join(who, token));
}

static void
setup(void)
{
	ck_assert_int_eq(entry_init(), 0);
	memset(&nonces, 0, sizeof(nonces));
	n = 0;
	v = view_new();
	a_author(&provider, 1);
	a_author(&consumer, 2);
	a_author(&other, 3);
	view_root(v, provider.did);
	say(&provider, OBJ_GENESIS, a_genesis(&provider, 2));
	join(&consumer, 1);
	join(&other, 2);
	service_id_of(provider.did, "exit", service_hex);
	hex_decode(service_hex, service, sizeof(service));
}

static void
teardown(void)
{
	view_free(v);
}

/* The consumer's request, as borrow.c makes it, over this nonce. */
static json_t *
request_of(struct a_author *a, const uint8_t nonce[32])
{
	static struct a_raw raw;
	char text[SUB_PROOF_MAX], line[8192], hex[65], sig_hex[129];
	uint8_t sig[64], chain[32] = { 0 };
	struct a_author twin = *a;
	struct entry e;
	size_t len = sub_proof_text(a->did, nonce, service, text);
	ssize_t m;

	a_say(&twin, OBJ_SUBSCRIPTION, a_subscribe(a, service_hex), &raw);
	ck_assert_int_eq(entry_check(raw.p, raw.len, 0, &e, NULL), 0);
	m = entry_line(&e, chain, line, sizeof(line));
	ck_assert_int_gt(m, 0);
	line[m] = '\0';
	crypto_sign_detached(sig, NULL, (uint8_t *)text, len, a->sec);
	hex_encode(sig, 64, sig_hex);
	hex_encode(nonce, 32, hex);
	return json_pack("{s:s, s:s, s:s, s:s}", "did", a->did, "nonce", hex,
	    "proof", sig_hex, "subscription", line);
}

static enum grant_why
read_it(json_t *body)
{
	enum grant_why why;

	memset(&r, 0, sizeof(r));
	memcpy(r.src, src, 16);
	strcpy(r.service, service_hex);
	why = request_read(body, NOW, &r);
	json_decref(body);
	return why;
}

static enum grant_why
judge(const uint8_t *address)
{
	return request_judge(v, provider.did, &r, address, 1);
}

static int
stands(const char *kind, const uint8_t *address)
{
	return grant_stands(v, provider.did, kind, consumer.did, service_hex,
	    src, address);
}

/* An offer of "exit" by a macro of this kind. */
static void
offer_by(const char *kind, int port, const char *approval)
{
	json_t *body = a_offer(&provider, "exit", approval);

	json_object_set_new(body, "macro", json_pack("{s:s, s:{s:i}}", "kind",
	    kind, "params", "port", port));
	say(&provider, OBJ_SERVICE_OFFER, body);
}

static void
offer(const char *approval)
{
	offer_by("tor-exit", 9050, approval);
}

static void
withdraw(void)
{
	say(&provider, OBJ_OFFER_REVOKE, json_pack("{s:s}", "service_id",
	    service_hex));
}

/* The consumer's request for an offer, which is in the journal as well. */
static void
good(const char *approval)
{
	static const uint8_t nonce[32] = { 7 };

	offer(approval);
	ck_assert_int_eq(read_it(request_of(&consumer, nonce)), GRANT_OK);
	say(&consumer, OBJ_SUBSCRIPTION, a_subscribe(&consumer, service_hex));
}

static void
decision(const char *what)
{
	say(&provider, OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", r.sub_id, "decision", what, "reason", ""));
}

/* -- nonces ---------------------------------------------------------------- */

START_TEST(a_nonce_is_good_once)
{
	uint8_t x[32] = { 1 };

	nonce_give(&nonces, src, service, x, NOW);
	ck_assert_int_eq(nonce_take(&nonces, x, src, service, NOW), GRANT_OK);
	ck_assert_int_eq(nonce_take(&nonces, x, src, service, NOW), GRANT_NONCE);
}
END_TEST

START_TEST(a_nonce_lives_30_seconds)
{
	uint8_t x[32] = { 1 };

	nonce_give(&nonces, src, service, x, NOW);
	ck_assert_int_eq(nonce_take(&nonces, x, src, service, NOW + 29), GRANT_OK);
	nonce_give(&nonces, src, service, x, NOW);
	ck_assert_int_eq(nonce_take(&nonces, x, src, service, NOW + 30), GRANT_NONCE);
	ck_assert_int_eq(nonce_take(&nonces, x, src, service, NOW), GRANT_NONCE);
}
END_TEST

START_TEST(a_nonce_is_no_good_elsewhere_and_stays_its_owners)
{
	uint8_t x[32] = { 1 }, elsewhere[16] = { 9 };

	nonce_give(&nonces, src, service, x, NOW);
	ck_assert_int_eq(nonce_take(&nonces, x, thief, service, NOW), GRANT_NONCE_OTHER);
	ck_assert_int_eq(nonce_take(&nonces, x, src, elsewhere, NOW), GRANT_NONCE_OTHER);
	ck_assert_int_eq(nonce_take(&nonces, x, src, service, NOW), GRANT_OK);
}
END_TEST

START_TEST(who_asks_for_many_nonces_crowds_out_nobody_else)
{
	uint8_t x[32] = { 1 }, y[32] = { 2 };
	unsigned i;

	nonce_give(&nonces, thief, service, x, NOW);
	for (i = 0; i < 10 * NONCES; i++) {
		memcpy(y + 4, &i, sizeof(i));
		nonce_give(&nonces, src, service, y, NOW);
	}
	ck_assert_int_eq(nonce_take(&nonces, y, src, service, NOW), GRANT_OK);
	ck_assert_int_eq(nonce_take(&nonces, x, thief, service, NOW), GRANT_OK);
}
END_TEST

START_TEST(a_full_table_costs_whoever_has_most_its_oldest)
{
	uint8_t x[32] = { 0 }, y[32] = { [31] = 1 }, from[16] = { 0xfd };
	unsigned i;

	/* One each, but the thief has two, which are not the oldest. */
	for (i = 0; i < NONCES; i++) {
		memcpy(from + 4, &i, sizeof(i));
		memcpy(x, &i, sizeof(i));
		nonce_give(&nonces, i == 7 || i == 47 ? thief : from, service, x,
		    NOW + i / 20);
	}
	nonce_give(&nonces, src, service, y, NOW + 20);
	ck_assert_int_eq(nonce_take(&nonces, y, src, service, NOW + 20), GRANT_OK);
	for (i = 0; i < NONCES; i++) {
		memcpy(from + 4, &i, sizeof(i));
		memcpy(x, &i, sizeof(i));
		ck_assert_int_eq(nonce_take(&nonces, x, i == 7 || i == 47 ?
		    thief : from, service, NOW + 20), i == 7 ? GRANT_NONCE : GRANT_OK);
	}
}
END_TEST

START_TEST(a_thousand_give_backs_are_a_few_and_cost_nobody_else)
{
	unsigned i, taken = 0;
	static struct meters m;

	for (i = 0; i < 1000; i++)
		taken += (unsigned)meter_take(&m, consumer.did, NOW + i / 100);
	ck_assert_uint_eq(taken, METER_BURST);
	ck_assert(meter_take(&m, other.did, NOW + 10));
	ck_assert(meter_take(&m, consumer.did, NOW + 60));
}
END_TEST

START_TEST(many_dids_crowd_out_whoever_asked_first)
{
	static struct meters m;
	char did[DID_LEN + 1];
	unsigned i;

	for (i = 0; i < METER_BURST; i++)
		ck_assert(meter_take(&m, consumer.did, NOW));
	for (i = 0; i < METERS - 1; i++) {
		snprintf(did, sizeof(did), "did:plc:%032u", i);
		ck_assert(meter_take(&m, did, NOW + 1));
	}
	ck_assert(!meter_take(&m, consumer.did, NOW + 2));
	ck_assert(meter_take(&m, other.did, NOW + 2));
	ck_assert(!meter_take(&m, consumer.did, NOW + 3));
}
END_TEST

/* -- requests -------------------------------------------------------------- */

START_TEST(a_request_that_lacks_a_field_or_has_a_wrong_one_is_none)
{
	static const char *const field[] = { "did", "nonce", "proof", "subscription" };
	uint8_t x[32] = { 1 };
	json_t *body;
	size_t i;

	offer("auto");
	ck_assert_int_eq(read_it(request_of(&consumer, x)), GRANT_OK);
	for (i = 0; i < 4; i++) {
		body = request_of(&consumer, x);
		json_object_del(body, field[i]);
		ck_assert_int_eq(read_it(body), GRANT_FORM);
		body = request_of(&consumer, x);
		json_object_set_new(body, field[i], json_integer(1));
		ck_assert_int_eq(read_it(body), GRANT_FORM);
		body = request_of(&consumer, x);
		json_object_set_new(body, field[i], json_string("00"));
		ck_assert_int_eq(read_it(body), GRANT_FORM);
	}
	ck_assert_int_eq(read_it(json_object()), GRANT_FORM);
	ck_assert_int_eq(read_it(json_array()), GRANT_FORM);
}
END_TEST

START_TEST(every_byte_of_the_subscription_counts)
{
	uint8_t x[32] = { 1 };
	json_t *body = request_of(&consumer, x), *twin;
	const char *line = json_string_value(json_object_get(body, "subscription"));
	size_t i, len = strlen(line);
	char bad[8192];

	offer("auto");
	/* From the envelope on: the chain's hash is the exporter's. */
	for (i = 76; i < len; i++) {
		strcpy(bad, line);
		bad[i] = bad[i] == '0' ? '1' : '0';
		twin = json_copy(body);
		json_object_set_new(twin, "subscription", json_string(bad));
		if (read_it(twin) == GRANT_OK)
			ck_assert_int_eq(judge(src), GRANT_SUBSCRIPTION);
	}
	json_decref(body);
}
END_TEST

START_TEST(auto_grants_to_a_member_at_its_own_address)
{
	good("auto");
	ck_assert_int_eq(judge(src), GRANT_OK);
	ck_assert(stands("tor-exit", src));
}
END_TEST

START_TEST(pending_waits_for_the_provider)
{
	good("pending");
	ck_assert_int_eq(judge(src), GRANT_PENDING);
	ck_assert(!stands("tor-exit", src));
	decision("approved");
	ck_assert_int_eq(judge(src), GRANT_OK);
	ck_assert(stands("tor-exit", src));
	decision("rejected");
	ck_assert_int_eq(judge(src), GRANT_REJECTED);
	ck_assert(!stands("tor-exit", src));
	decision("approved");
	decision("revoked");
	ck_assert_int_eq(judge(src), GRANT_REVOKED);
	ck_assert(!stands("tor-exit", src));
}
END_TEST

START_TEST(an_approval_ends_with_the_offer_that_it_was_for)
{
	good("pending");
	decision("approved");
	withdraw();
	offer("pending");
	ck_assert_int_eq(judge(src), GRANT_PENDING);
	ck_assert(!stands("tor-exit", src));
	decision("approved");
	ck_assert_int_eq(judge(src), GRANT_OK);
}
END_TEST

START_TEST(an_approval_ends_with_other_terms_and_only_with_those)
{
	good("pending");
	decision("approved");
	offer("pending");	/* said again */
	ck_assert_int_eq(judge(src), GRANT_OK);
	offer_by("http-mirror", 9050, "pending");
	ck_assert_int_eq(judge(src), GRANT_PENDING);
	decision("approved");
	ck_assert_int_eq(judge(src), GRANT_OK);
	offer_by("http-mirror", 8080, "pending");
	ck_assert_int_eq(judge(src), GRANT_PENDING);
	decision("approved");
	offer_by("http-mirror", 8080, "auto");
	offer_by("http-mirror", 8080, "pending");
	ck_assert_int_eq(judge(src), GRANT_PENDING);
}
END_TEST

START_TEST(a_rejection_outlives_the_offer)
{
	good("pending");
	decision("rejected");
	withdraw();
	offer("auto");
	ck_assert_int_eq(judge(src), GRANT_REJECTED);
}
END_TEST

START_TEST(what_was_lent_by_another_kind_does_not_stand)
{
	good("auto");
	ck_assert(stands("tor-exit", src));
	ck_assert(!stands("http-mirror", src));
	offer_by("http-mirror", 8080, "auto");
	ck_assert(!stands("tor-exit", src));
	ck_assert(stands("http-mirror", src));
	say(&provider, OBJ_SERVICE_OFFER, a_offer(&provider, "exit", "auto"));
	ck_assert(!stands("http-mirror", src));
}
END_TEST

START_TEST(an_approval_by_somebody_else_is_none)
{
	good("pending");
	say(&other, OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", r.sub_id, "decision", "approved", "reason", ""));
	say(&consumer, OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
	    "subscription_id", r.sub_id, "decision", "approved", "reason", ""));
	ck_assert_int_eq(judge(src), GRANT_PENDING);
}
END_TEST

START_TEST(a_stolen_subscription_opens_nothing)
{
	uint8_t x[32] = { 1 };
	json_t *stolen, *own;

	good("auto");
	/* The subscription of one, the proof and did of another. */
	stolen = request_of(&consumer, x);
	own = request_of(&other, x);
	json_object_set(own, "subscription", json_object_get(stolen, "subscription"));
	ck_assert_int_eq(read_it(own), GRANT_OK);
	ck_assert_int_eq(judge(src), GRANT_SUBSCRIPTION);
	/* All of it, but a proof of another's key. */
	own = request_of(&other, x);
	json_object_set(stolen, "proof", json_object_get(own, "proof"));
	json_decref(own);
	ck_assert_int_eq(read_it(stolen), GRANT_OK);
	ck_assert_int_eq(judge(src), GRANT_PROOF);
}
END_TEST

START_TEST(a_replayed_proof_is_for_another_nonce)
{
	uint8_t x[32] = { 1 }, y[32] = { 2 };
	json_t *old = request_of(&consumer, x);
	char hex[65];

	good("auto");
	hex_encode(y, 32, hex);
	json_object_set_new(old, "nonce", json_string(hex));
	ck_assert_int_eq(read_it(old), GRANT_OK);
	ck_assert_int_eq(judge(src), GRANT_PROOF);
}
END_TEST

START_TEST(another_nodes_subscription_from_ones_own_address_is_refused)
{
	good("auto");
	ck_assert_int_eq(judge(thief), GRANT_SOURCE);
	ck_assert_int_eq(judge(NULL), GRANT_NODE);
	ck_assert(!stands("tor-exit", thief));
	ck_assert(!stands("tor-exit", NULL));
}
END_TEST

START_TEST(a_stranger_gets_nothing)
{
	struct a_author stranger;
	uint8_t x[32] = { 1 };

	offer("auto");
	a_author(&stranger, 9);
	ck_assert_int_eq(read_it(request_of(&stranger, x)), GRANT_OK);
	ck_assert_int_eq(judge(src), GRANT_STRANGER);
}
END_TEST

START_TEST(a_member_that_was_revoked_has_lost_what_it_had)
{
	good("auto");
	ck_assert_int_eq(judge(src), GRANT_OK);
	say(&provider, OBJ_REVOKE, a_revoke(&consumer, 99));
	ck_assert_int_eq(judge(src), GRANT_MEMBER);
	ck_assert(!stands("tor-exit", src));
}
END_TEST

START_TEST(an_offer_that_is_withdrawn_or_anothers_is_none)
{
	good("auto");
	ck_assert_int_eq(request_judge(v, consumer.did, &r, src, 1), GRANT_SERVICE);
	ck_assert_int_eq(request_judge(v, provider.did, &r, src, 0), GRANT_MACRO);
	withdraw();
	ck_assert_int_eq(judge(src), GRANT_SERVICE);
	ck_assert(!stands("tor-exit", src));
}
END_TEST

START_TEST(a_subscription_to_another_service_does_not_serve)
{
	uint8_t x[32] = { 1 };

	good("auto");
	ck_assert_int_eq(read_it(request_of(&consumer, x)), GRANT_OK);
	say(&provider, OBJ_SERVICE_OFFER, a_offer(&provider, "mirror", "auto"));
	service_id_of(provider.did, "mirror", r.service);
	ck_assert_int_eq(judge(src), GRANT_SUBSCRIPTION);
}
END_TEST

START_TEST(every_reason_has_a_code_of_its_own)
{
	unsigned i;

	for (i = 0; i < GRANT_WHY_MAX; i++) {
		ck_assert_int_eq(grant_find(grant_code(i)), i);
		ck_assert_int_ge(grant_status(i), 200);
		ck_assert_int_gt(strlen(grant_text(i)), 0);
	}
	ck_assert_int_eq(grant_find("?"), GRANT_WHY_MAX);
	ck_assert_int_eq(grant_find(NULL), GRANT_WHY_MAX);
}
END_TEST

/* -- what a provider says -------------------------------------------------- */

START_TEST(an_endpoint_is_a_scheme_and_no_shell)
{
	static const char *const good[] = { "", "socks5h://[fd00::1]:9050",
	    "http://x/", "wg://[fd00::1]:51820" };
	static const char *const bad[] = { "x", "://x", "9a://x", "Http://x",
	    "http:/x", "http://x y", "http://x\n", "http://\"", "http://$(id)",
	    "http://`id`", "http://x;y", "http://\xc3\xa9",
	    "averyveryverylongscheme://x",
	    "javascript://%0aalert(1)", "file:///etc/passwd", "data://x",
	    "vscode://x", "httpx://x", "ttp://x", "steam://run/1" };
	char longest[BORROW_ENDPOINT + 8] = "http://";
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(borrow_is_endpoint(good[i]), "%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!borrow_is_endpoint(bad[i]), "%s", bad[i]);
	memset(longest + 7, 'x', BORROW_ENDPOINT - 7);
	ck_assert(borrow_is_endpoint(longest));
	longest[BORROW_ENDPOINT] = 'x';
	ck_assert(!borrow_is_endpoint(longest));
}
END_TEST

START_TEST(a_note_is_printable_and_bounded)
{
	char out[8];

	ck_assert_uint_eq(make_printable(out, sizeof(out), "a\x1b[2J\n\xc3",
	    7), 7);
	ck_assert_str_eq(out, "a?[2J??");
	ck_assert_uint_eq(make_printable(out, sizeof(out), "0123456789", 10),
	    7);
	ck_assert_str_eq(out, "0123456");
	ck_assert_uint_eq(make_printable(out, sizeof(out), NULL, 0), 0);
	ck_assert_str_eq(out, "");
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_nonce_is_good_once);
	tcase_add_test(t, a_nonce_lives_30_seconds);
	tcase_add_test(t, a_nonce_is_no_good_elsewhere_and_stays_its_owners);
	tcase_add_test(t, who_asks_for_many_nonces_crowds_out_nobody_else);
	tcase_add_test(t, a_full_table_costs_whoever_has_most_its_oldest);
	tcase_add_test(t, a_thousand_give_backs_are_a_few_and_cost_nobody_else);
	tcase_add_test(t, many_dids_crowd_out_whoever_asked_first);
	tcase_add_test(t, a_request_that_lacks_a_field_or_has_a_wrong_one_is_none);
	tcase_add_test(t, every_byte_of_the_subscription_counts);
	tcase_add_test(t, auto_grants_to_a_member_at_its_own_address);
	tcase_add_test(t, pending_waits_for_the_provider);
	tcase_add_test(t, an_approval_ends_with_the_offer_that_it_was_for);
	tcase_add_test(t, an_approval_ends_with_other_terms_and_only_with_those);
	tcase_add_test(t, a_rejection_outlives_the_offer);
	tcase_add_test(t, what_was_lent_by_another_kind_does_not_stand);
	tcase_add_test(t, an_approval_by_somebody_else_is_none);
	tcase_add_test(t, a_stolen_subscription_opens_nothing);
	tcase_add_test(t, a_replayed_proof_is_for_another_nonce);
	tcase_add_test(t, another_nodes_subscription_from_ones_own_address_is_refused);
	tcase_add_test(t, a_stranger_gets_nothing);
	tcase_add_test(t, a_member_that_was_revoked_has_lost_what_it_had);
	tcase_add_test(t, an_offer_that_is_withdrawn_or_anothers_is_none);
	tcase_add_test(t, a_subscription_to_another_service_does_not_serve);
	tcase_add_test(t, every_reason_has_a_code_of_its_own);
	tcase_add_test(t, an_endpoint_is_a_scheme_and_no_shell);
	tcase_add_test(t, a_note_is_printable_and_bounded);
}
