/* room: dird -- signed objects: every row of the table made, taken apart, bent. */
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include "dird_author.h"
#include "suite.h"

static struct a_author a, other;
static struct a_raw r;

static void
setup(void)
{
	ck_assert_int_eq(entry_init(), 0);
	a_author(&a, 1);
	a_author(&other, 2);
}

static enum why
check(const struct a_raw *raw, const uint8_t pub[32])
{
	struct because b = { WHY_OK, "" };
	struct entry e;

	if (entry_check(raw->p, raw->len, A_TIME + 60, &e, &b) == -1 ||
	    entry_verify(&e, pub, &b) == -1)
		return b.why;
	return WHY_OK;
}

/* A value that fits a field, by its kind alone. */
static json_t *
value_for(const struct field *f)
{
	char text[256];

	switch (f->kind) {
	case FIELD_HEX:
		memset(text, 'a', (size_t)f->hi * 2);
		return json_stringn(text, (size_t)f->hi * 2);
	case FIELD_DID:
		return json_string(other.did);
	case FIELD_TIME:
		return json_string("2027-02-28T23:59:59Z");
	case FIELD_INT:
		return json_integer(f->lo);
	case FIELD_BOOL:
		return json_true();
	case FIELD_ENUM:
		return json_stringn(f->words, strcspn(f->words, "|"));
	case FIELD_CIDRS:
		return json_pack("[s, s]", "10.0.0.0/8", "fd00::/8");
	case FIELD_LINES:
		return json_pack("[s]", "192.0.2.1:2121");
	case FIELD_IP6:
		return json_string("fd00::1");
	case FIELD_MACRO:
		return json_pack("{s:s, s:{s:i, s:b, s:s}}", "kind",
		    "wg-exit", "params", "port", 7, "on", 1, "name", "x");
	default:
		memset(text, 'b', sizeof(text));
		return json_stringn(text, f->lo > 0 ? (size_t)f->lo : 3);
	}
}

static json_t *
body_for(enum object t)
{
	json_t *body = json_object();
	const struct field *f;

	for (f = object_fields(t); f->name != NULL; f++)
		json_object_set_new(body, f->name, value_for(f));
	return body;
}

/* What a table cannot make up: derived ids, hashes, the mesh key's half. */
static void
node_body(json_t *body, const struct a_author *who)
{
	secp256k1_context *ctx = secp256k1_context_create(
	    SECP256K1_CONTEXT_SIGN);
	uint8_t sec[32] = { 7 }, x[32], h[32], ip6[16], digest[32], sig[64];
	char npub[NPUB_LEN + 1], hex[129], addr[64];
	secp256k1_xonly_pubkey pub;
	secp256k1_keypair pair;

	ck_assert_int_eq(secp256k1_keypair_create(ctx, &pair, sec), 1);
	ck_assert_int_eq(secp256k1_keypair_xonly_pub(ctx, &pub, NULL, &pair), 1);
	secp256k1_xonly_pubkey_serialize(ctx, x, &pub);
	npub_encode(x, npub);
	json_object_set_new(body, "npub", json_string(npub));
	crypto_hash_sha256(h, x, 32);
	hex_encode(h, 16, hex);
	json_object_set_new(body, "node_id", json_string(hex));
	mesh_addr(h, ip6);
	snprintf(addr, sizeof(addr), "%x:%x:%x:%x:%x:%x:%x:%x",
	    ip6[0] << 8 | ip6[1], ip6[2] << 8 | ip6[3], ip6[4] << 8 | ip6[5],
	    ip6[6] << 8 | ip6[7], ip6[8] << 8 | ip6[9], ip6[10] << 8 | ip6[11],
	    ip6[12] << 8 | ip6[13], ip6[14] << 8 | ip6[15]);
	json_object_set_new(body, "mesh_address", json_string(addr));
	mesh_claim(who->did, digest);
	ck_assert_int_eq(secp256k1_schnorrsig_sign32(ctx, sig, digest, &pair,
	    NULL), 1);
	hex_encode(sig, 64, hex);
	json_object_set_new(body, "mesh_signature", json_string(hex));
	secp256k1_context_destroy(ctx);
}

static json_t *
good_body(enum object t)
{
	json_t *body = body_for(t);
	uint8_t h[32];
	char hex[65];

	switch (t) {
	case OBJ_GENESIS:
	case OBJ_JOIN:
		json_object_set_new(body, "public_key", json_string(a.pub_hex));
		break;
	case OBJ_NODE_RECORD:
		node_body(body, &a);
		break;
	case OBJ_SERVICE_OFFER:
		service_id_of(a.did, json_string_value(json_object_get(body,
		    "name")), hex);
		json_object_set_new(body, "service_id", json_string(hex));
		break;
	case OBJ_SUBSCRIPTION:
		subscription_id_of(a.did, json_string_value(json_object_get(body,
		    "service_id")), hex);
		json_object_set_new(body, "subscription_id", json_string(hex));
		break;
	case OBJ_CONFIG_BLOB:
		crypto_generichash(h, 32, (const uint8_t *)"bbb", 3, NULL, 0);
		hex_encode(h, 32, hex);
		json_object_set_new(body, "hash", json_string(hex));
		break;
	default:
		break;
	}
	return body;
}

START_TEST(every_type_is_made_signed_and_verified)
{
	int t;

	for (t = 0; t < OBJ_MAX; t++) {
		a_say(&a, (enum object)t, good_body((enum object)t), &r);
		ck_assert_msg(check(&r, a.pub) == WHY_OK, "%s: %s",
		    object_name((enum object)t), why_name(check(&r, a.pub)));
		ck_assert_int_eq(check(&r, other.pub), WHY_DID);
		ck_assert_int_eq(object_type(object_name((enum object)t),
		    strlen(object_name((enum object)t))), t);
	}
}
END_TEST

START_TEST(a_missing_extra_or_misshapen_field_is_refused_in_every_type)
{
	const struct field *f;
	struct because b;
	json_t *body;
	int t;

	for (t = 0; t < OBJ_MAX; t++) {
		body = body_for((enum object)t);
		ck_assert_int_eq(object_check((enum object)t, body, &b), 0);
		json_object_set_new(body, "extra", json_true());
		ck_assert_int_eq(object_check((enum object)t, body, &b), -1);
		ck_assert_int_eq(b.why, WHY_FIELD_UNKNOWN);
		json_object_del(body, "extra");
		for (f = object_fields((enum object)t); f->name != NULL; f++) {
			json_object_set_new(body, f->name, json_object());
			ck_assert_int_eq(object_check((enum object)t, body, &b), -1);
			ck_assert_int_eq(b.why, WHY_FIELD_KIND);
			ck_assert_str_eq(b.place, f->name);
			json_object_del(body, f->name);
			ck_assert_int_eq(object_check((enum object)t, body, &b),
			    f->optional ? 0 : -1);
			if (!f->optional)
				ck_assert_int_eq(b.why, WHY_FIELD_MISSING);
			json_object_set_new(body, f->name, value_for(f));
		}
		json_decref(body);
	}
}
END_TEST

START_TEST(bounds_hold_at_both_ends)
{
	static char text[60000];
	const struct field *f;
	struct because b;
	json_t *body;
	int t;

	memset(text, 'b', sizeof(text));
	for (t = 0; t < OBJ_MAX; t++) {
		body = body_for((enum object)t);
		for (f = object_fields((enum object)t); f->name != NULL; f++) {
			if (f->kind == FIELD_INT) {
				json_object_set_new(body, f->name,
				    json_integer(f->hi));
				ck_assert_int_eq(object_check((enum object)t,
				    body, &b), 0);
				json_object_set_new(body, f->name,
				    json_integer(f->lo - 1));
			} else if (f->kind == FIELD_TEXT ||
			    f->kind == FIELD_BODY || f->kind == FIELD_WORD) {
				json_object_set_new(body, f->name,
				    json_stringn(text, (size_t)f->hi));
				ck_assert_int_eq(object_check((enum object)t,
				    body, &b), 0);
				json_object_set_new(body, f->name,
				    json_stringn(text, (size_t)f->hi + 1));
			} else {
				continue;
			}
			ck_assert_int_eq(object_check((enum object)t, body, &b), -1);
			ck_assert_int_eq(b.why, WHY_FIELD_RANGE);
			json_object_set_new(body, f->name, value_for(f));
		}
		json_decref(body);
	}
}
END_TEST

START_TEST(forms_that_are_almost_right_are_refused)
{
	static const struct {
		enum object	 t;
		const char	*field, *value;
	} rows[] = {
		{ OBJ_ATTEST, "subject", "did:plc:0123456789ABCDEF0123456789abcdef" },
		{ OBJ_ATTEST, "subject", "did:web:0123456789abcdef0123456789abcdef" },
		{ OBJ_INVITE, "expires", "2027-02-29T00:00:00Z" },
		{ OBJ_INVITE, "expires", "2027-02-28T24:00:00Z" },
		{ OBJ_INVITE, "expires", "2027-02-28T00:00:60Z" },
		{ OBJ_INVITE, "expires", "2027-02-28t00:00:00Z" },
		{ OBJ_NAME_BIND, "name", "Upper" },
		{ OBJ_NAME_BIND, "name", "-first" },
		{ OBJ_NAME_BIND, "name", "sp ace" },
		{ OBJ_SERVICE_OFFER, "kind", "9p" },
		{ OBJ_SERVICE_OFFER, "approval", "aut" },
		{ OBJ_SERVICE_OFFER, "approval", "auto|pending" },
		{ OBJ_SERVICE_OFFER, "description", "two\nlines" },
		{ OBJ_SERVICE_OFFER, "description", "\xe2\x80\xa8" },
		{ OBJ_NODE_RECORD, "mesh_address", "fd00:0::1" },
	};
	static const char *const cidrs[] = { "10.0.0.1/8", "10.0.0.0/33",
	    "10.0.0.0/08", "10.0.0.0", "::/129", "FD00::/8", "10.0.0.0/",
	    "10.0.0.0/8 ", "010.0.0.0/8" };
	struct because b;
	json_t *body;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		body = body_for(rows[i].t);
		json_object_set_new(body, rows[i].field,
		    json_string(rows[i].value));
		ck_assert_msg(object_check(rows[i].t, body, &b) == -1 &&
		    b.why == WHY_FIELD_FORM, "%s", rows[i].value);
		json_decref(body);
	}
	for (i = 0; i < sizeof(cidrs) / sizeof(cidrs[0]); i++) {
		body = body_for(OBJ_ROUTE_ADVERT);
		json_object_set_new(body, "cidrs", json_pack("[s]", cidrs[i]));
		ck_assert_msg(object_check(OBJ_ROUTE_ADVERT, body, &b) == -1,
		    "%s", cidrs[i]);
		json_decref(body);
	}
}
END_TEST

START_TEST(parameters_of_a_macro_are_scalars_with_plain_names)
{
	static const char *const bad[] = { "{\"kind\":\"wg\"}",
	    "{\"kind\":\"wg\",\"params\":{\"a\":{}}}",
	    "{\"kind\":\"wg\",\"params\":{\"a\":[1]}}",
	    "{\"kind\":\"wg\",\"params\":{\"A\":1}}",
	    "{\"kind\":\"/bin/sh\",\"params\":{}}",
	    "{\"kind\":\"wg\",\"params\":{},\"run\":1}" };
	struct because b;
	json_t *body;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		body = body_for(OBJ_SERVICE_OFFER);
		json_object_set_new(body, "macro", json_loads(bad[i], 0, NULL));
		ck_assert_msg(object_check(OBJ_SERVICE_OFFER, body, &b) == -1,
		    "%s", bad[i]);
		json_decref(body);
	}
}
END_TEST

/* Everything bent is signed again, so that only the sense is wrong. */
START_TEST(what_follows_from_a_key_must_follow)
{
	json_t *body = good_body(OBJ_GENESIS);

	json_object_set_new(body, "public_key", json_string(other.pub_hex));
	a_say(&a, OBJ_GENESIS, body, &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_DID);
	body = good_body(OBJ_SERVICE_OFFER);
	json_object_set_new(body, "name", json_string("another"));
	a_say(&a, OBJ_SERVICE_OFFER, body, &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_DERIVED);
	body = good_body(OBJ_CONFIG_BLOB);
	json_object_set_new(body, "text", json_string("another"));
	a_say(&a, OBJ_CONFIG_BLOB, body, &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_HASH);
}
END_TEST

START_TEST(a_node_record_needs_both_signatures_and_one_address)
{
	json_t *body = good_body(OBJ_NODE_RECORD);

	node_body(body, &other);
	a_say(&a, OBJ_NODE_RECORD, body, &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_MESH_KEY);
	body = good_body(OBJ_NODE_RECORD);
	json_object_set_new(body, "mesh_address", json_string("fd00::1"));
	a_say(&a, OBJ_NODE_RECORD, body, &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_DERIVED);
	body = good_body(OBJ_NODE_RECORD);
	json_object_set_new(body, "node_id",
	    json_string("00000000000000000000000000000000"));
	a_say(&a, OBJ_NODE_RECORD, body, &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_DERIVED);
	body = good_body(OBJ_NODE_RECORD);
	r.len = 0;
	a_say(&a, OBJ_NODE_RECORD, body, &r);
	r.p[r.len - 1] ^= 1;
	ck_assert_int_eq(check(&r, a.pub), WHY_SIGNATURE);
}
END_TEST

START_TEST(dates_from_the_future_and_from_before_are_refused)
{
	a.now = A_TIME + 60 + ENTRY_AHEAD_S + 1;
	a_say(&a, OBJ_ATTEST, a_attest(&other), &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_FUTURE);
	a.now = A_TIME + 60 + ENTRY_AHEAD_S;
	a_say(&a, OBJ_ATTEST, a_attest(&other), &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_OK);
	a.now = ENTRY_ANCIENT - 1;
	a_say(&a, OBJ_ATTEST, a_attest(&other), &r);
	ck_assert_int_eq(check(&r, a.pub), WHY_ANCIENT);
}
END_TEST

START_TEST(a_signature_for_one_type_is_none_for_another)
{
	struct a_raw bent;
	char *p;

	a_say(&a, OBJ_ATTEST, a_attest(&other), &r);
	/* The same body is lawful in no other type, but the prefix alone counts too. */
	bent = r;
	p = memmem(bent.p, bent.len, "/Attest\n", 8);
	ck_assert_ptr_nonnull(p);
	memcpy(p, "/Invite\n", 8);
	ck_assert_int_ne(check(&bent, a.pub), WHY_OK);
	p = memmem(bent.p, bent.len, "\"Attest\"", 8);
	memcpy(p, "\"Invite\"", 8);
	ck_assert_int_ne(check(&bent, a.pub), WHY_OK);
}
END_TEST

START_TEST(an_envelope_that_is_signed_but_not_lawful_is_refused)
{
	static const char *const envs[] = {
	    "{\"author\":\"%s\",\"body\":{\"subject\":\"%s\"},\"created_at\":"
	    "\"2025-06-15T15:06:40Z\",\"prev\":\"\",\"seq\":1,\"type\":\"Attest\"}",
	    "{\"author\":\"%s\",\"body\":{\"subject\":\"%s\"},\"created_at\":"
	    "\"2025-06-15T15:06:40Z\",\"prev\":\"ab\",\"seq\":1,\"type\":\"Attest\"}",
	    "{\"author\":\"%s\",\"body\":{\"subject\":\"%s\"},\"created_at\":"
	    "\"2025-06-15T15:06:40Z\",\"prev\":\"\",\"seq\":-1,\"type\":\"Attest\"}",
	    "{\"author\":\"%s\",\"body\":{\"subject\":\"%s\"},\"created_at\":"
	    "\"2025-06-15\",\"prev\":\"\",\"seq\":0,\"type\":\"Attest\"}",
	    "{\"author\":\"%s\",\"body\":{\"subject\":\"%s\"},\"created_at\":"
	    "\"2025-06-15T15:06:40Z\",\"prev\":\"\",\"seq\":0,\"type\":\"Invite\"}",
	    "{\"author\":\"%s\",\"body\":{\"subject\":\"%s\"},\"created_at\":"
	    "\"2025-06-15T15:06:40Z\",\"extra\":1,\"prev\":\"\",\"seq\":0,"
	    "\"type\":\"Attest\"}",
	    "{\"author\":\"%s\",\"body\":{\"subject\":\"%s\"},\"created_at\":"
	    "\"2025-06-15T15:06:40Z\",\"prev\":\"\",\"seq\":0}" };
	size_t i;
	int n;

	for (i = 0; i < sizeof(envs) / sizeof(envs[0]); i++) {
		n = sprintf((char *)r.p, "bastide/v1/Attest\n");
		n += sprintf((char *)r.p + n, envs[i], a.did, other.did);
		a_sign(&a, &r, (size_t)n);
		ck_assert_msg(check(&r, a.pub) != WHY_OK, "%s", envs[i]);
	}
}
END_TEST

START_TEST(every_cut_and_every_changed_byte_is_refused)
{
	struct a_raw bent;
	size_t i;

	a_say(&a, OBJ_ATTEST, a_attest(&other), &r);
	for (i = 0; i < r.len; i++) {
		bent = r;
		bent.len = i;
		ck_assert_int_ne(check(&bent, a.pub), WHY_OK);
		bent.len = r.len;
		bent.p[i] ^= 1 << i % 8;
		ck_assert_int_ne(check(&bent, a.pub), WHY_OK);
	}
	r.len++;
	ck_assert_int_ne(check(&r, a.pub), WHY_OK);
}
END_TEST

START_TEST(a_line_of_an_export_comes_back_the_same)
{
	static char line[ENTRY_LINE_MAX];
	uint8_t chain[32] = { 9 }, said[32];
	static struct a_raw again;
	struct because b;
	struct entry e;
	ssize_t n, len, i;

	a_say(&a, OBJ_ATTEST, a_attest(&other), &r);
	ck_assert_int_eq(entry_read(r.p, r.len, &e, &b), 0);
	n = entry_line(&e, chain, line, sizeof(line));
	ck_assert_int_gt(n, 0);
	len = entry_unline(line, (size_t)n, said, again.p, sizeof(again.p), &b);
	ck_assert_int_eq(len, (ssize_t)r.len);
	ck_assert_mem_eq(r.p, again.p, r.len);
	ck_assert_mem_eq(chain, said, 32);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(entry_unline(line, (size_t)i, said, again.p,
		    sizeof(again.p), &b), -1);
}
END_TEST

START_TEST(a_did_is_the_hash_of_its_key)
{
	uint8_t pub[32] = { 0 };
	char did[DID_LEN + 1];

	did_of(pub, did);
	ck_assert_str_eq(did, "did:plc:66687aadf862bd776c8fc18b8e9f8e20");
}
END_TEST

START_TEST(times_are_read_and_written_alike)
{
	char text[21];
	int64_t t;

	for (t = 0; t < INT64_C(7258118400); t += 86399 * 37) {
		time_write(t, text);
		ck_assert_int_eq(time_parse(text, 20), t);
	}
	ck_assert_int_eq(time_parse("2024-02-29T12:00:00Z", 20), 1709208000);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, every_type_is_made_signed_and_verified);
	tcase_add_test(t, a_missing_extra_or_misshapen_field_is_refused_in_every_type);
	tcase_add_test(t, bounds_hold_at_both_ends);
	tcase_add_test(t, forms_that_are_almost_right_are_refused);
	tcase_add_test(t, parameters_of_a_macro_are_scalars_with_plain_names);
	tcase_add_test(t, what_follows_from_a_key_must_follow);
	tcase_add_test(t, a_node_record_needs_both_signatures_and_one_address);
	tcase_add_test(t, dates_from_the_future_and_from_before_are_refused);
	tcase_add_test(t, a_signature_for_one_type_is_none_for_another);
	tcase_add_test(t, an_envelope_that_is_signed_but_not_lawful_is_refused);
	tcase_add_test(t, every_cut_and_every_changed_byte_is_refused);
	tcase_add_test(t, a_line_of_an_export_comes_back_the_same);
	tcase_add_test(t, a_did_is_the_hash_of_its_key);
	tcase_add_test(t, times_are_read_and_written_alike);
}
