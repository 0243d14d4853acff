/*
 * entry.c -- what is signed and how it is checked. No I/O, no clock of its
 * own; keys are public ones only.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canon.h"
#include "chain.h"
#include "entry.h"
#include "ident.h"

#define PREFIX_LEN	(sizeof(CANON_PREFIX) - 1)
#define TYPE_MAX	32

static secp256k1_context *secp;

int
entry_init(void)
{
	if (secp == NULL)
		secp = secp256k1_context_create(SECP256K1_CONTEXT_VERIFY);
	return secp == NULL || sodium_init() == -1 ? -1 : 0;
}

void
did_of(const uint8_t pub[KEY_LEN], char did[DID_LEN + 1])
{
	uint8_t h[32];

	crypto_hash_sha256(h, pub, KEY_LEN);
	memcpy(did, "did:plc:", 8);
	hex_encode(h, 16, did + 8);
}

/* 128 bits that follow from two texts and say what for. */
static void
derive(const char *what, const char *a, const char *b, char out[33])
{
	crypto_generichash_state st;
	uint8_t h[16];

	crypto_generichash_init(&st, NULL, 0, sizeof(h));
	crypto_generichash_update(&st, (const uint8_t *)what, strlen(what) + 1);
	crypto_generichash_update(&st, (const uint8_t *)a, strlen(a) + 1);
	crypto_generichash_update(&st, (const uint8_t *)b, strlen(b));
	crypto_generichash_final(&st, h, sizeof(h));
	hex_encode(h, sizeof(h), out);
}

void
service_id_of(const char *did, const char *name, char out[33])
{
	derive(CANON_PREFIX "service", did, name, out);
}

void
subscription_id_of(const char *did, const char *service_id, char out[33])
{
	derive(CANON_PREFIX "subscription", did, service_id, out);
}

void
mesh_claim(const char *did, uint8_t digest[32])
{
	char t[CLAIM_MAX];
	size_t n = claim_text(did, t);

	crypto_hash_sha256(digest, (const uint8_t *)t, n);
}

/* Splits raw into type and envelope; -1 if the frame is not ours. */
static int
frame(const void *raw, size_t len, int *type, struct span *env,
    struct because *b)
{
	const char *p = raw, *nl;
	size_t room;

	if (len > ENTRY_MAX)
		return because(b, WHY_SIZE, "%zu bytes", len);
	if (len < PREFIX_LEN + SIG_LEN || memcmp(p, CANON_PREFIX, PREFIX_LEN) != 0)
		return because(b, WHY_TYPE, "no bastide/v1 object");
	room = len - PREFIX_LEN - SIG_LEN;
	nl = memchr(p + PREFIX_LEN, '\n', room < TYPE_MAX ? room : TYPE_MAX);
	if (nl == NULL)
		return because(b, WHY_TYPE, "no type");
	*type = object_type(p + PREFIX_LEN, (size_t)(nl - p) - PREFIX_LEN);
	if (*type == -1)
		return because(b, WHY_TYPE, "%.*s",
		    (int)(nl - p - (int)PREFIX_LEN), p + PREFIX_LEN);
	env->p = nl + 1;
	env->n = len - SIG_LEN - (size_t)(nl + 1 - p);
	return 0;
}

/* The six fields of an envelope, which canonical order makes these. */
enum { E_AUTHOR, E_BODY, E_CREATED_AT, E_PREV, E_SEQ, E_TYPE, E_FIELDS };
static const char *const envelope_fields[E_FIELDS] = { "author", "body",
    "created_at", "prev", "seq", "type" };

static int
envelope_read(struct span env, struct span v[E_FIELDS], struct because *b)
{
	struct span key;
	size_t at = 0;
	int i;

	for (i = 0; i < E_FIELDS; i++)
		if (!span_next(env, &at, &key, &v[i]) ||
		    key.n != strlen(envelope_fields[i]) ||
		    memcmp(key.p, envelope_fields[i], key.n) != 0)
			return because(b, WHY_FIELD_MISSING, "%s",
			    envelope_fields[i]);
	return 0;
}

/* Numbers and names out of the six fields; the rest of e is done. */
static int
fields_read(const struct span v[E_FIELDS], struct entry *e, struct because *b)
{
	struct span author = span_text(v[E_AUTHOR]), prev = span_text(v[E_PREV]);
	struct span when = span_text(v[E_CREATED_AT]), type = span_text(v[E_TYPE]);
	int64_t seq = span_int(v[E_SEQ]);

	if (!is_did(author.p, author.n))
		return because(b, WHY_FIELD_FORM, "author");
	if (object_type(type.p, type.n) != (int)e->type)
		return because(b, WHY_TYPE, "envelope and signed type differ");
	if (seq < 0)
		return because(b, WHY_FIELD_RANGE, "seq");
	e->has_prev = prev.n != 0;
	if (prev.n != 0 && span_hex(v[E_PREV], e->prev, ID_LEN) == -1)
		return because(b, WHY_FIELD_FORM, "prev");
	if (e->has_prev != (seq != 0))
		return because(b, WHY_PREV, "prev is empty for seq 0 only");
	e->created_at = time_parse(when.p, when.n);
	if (e->created_at == -1)
		return because(b, WHY_FIELD_FORM, "created_at");
	memcpy(e->author, author.p, DID_LEN);
	e->author[DID_LEN] = '\0';
	e->seq = (uint64_t)seq;
	return 0;
}

int
entry_read(const void *raw, size_t len, struct entry *e, struct because *b)
{
	struct span env, v[E_FIELDS];
	int t;

	if (frame(raw, len, &t, &env, b) == -1 ||
	    envelope_read(env, v, b) == -1)
		return -1;
	e->raw = raw;
	e->len = len;
	e->type = (enum object)t;
	e->body = v[E_BODY];
	if (fields_read(v, e, b) == -1)
		return -1;
	content_id(raw, len, e->id);
	return 0;
}

static int
envelope_check(const json_t *env, int type, struct because *b)
{
	static const json_type kinds[E_FIELDS] = { JSON_STRING, JSON_OBJECT,
	    JSON_STRING, JSON_STRING, JSON_INTEGER, JSON_STRING };
	const json_t *v;
	size_t i;

	for (i = 0; i < E_FIELDS; i++) {
		v = json_object_get(env, envelope_fields[i]);
		if (v == NULL)
			return because(b, WHY_FIELD_MISSING, "%s",
			    envelope_fields[i]);
		if (json_typeof(v) != kinds[i])
			return because(b, WHY_FIELD_KIND, "%s",
			    envelope_fields[i]);
	}
	if (json_object_size(env) != i)
		return because(b, WHY_FIELD_UNKNOWN, "envelope");
	return object_check((enum object)type, json_object_get(env, "body"), b);
}

static const char *
text(const json_t *body, const char *key)
{
	return json_string_value(json_object_get(body, key));
}

static int
key_check(const struct entry *e, struct because *b)
{
	uint8_t pub[KEY_LEN];
	char did[DID_LEN + 1];

	if (e->type == OBJ_GENESIS && e->seq != 0)
		return because(b, WHY_AGAIN, "Genesis");
	if (entry_key(e, pub) == -1)
		return because(b, WHY_FIELD_FORM, "public_key");
	did_of(pub, did);
	return strcmp(did, e->author) == 0 ? 0 :
	    because(b, WHY_DID, "public_key");
}

/* node_id, mesh_address and npub are one key, and that key signed the did. */
static int
node_check(const struct entry *e, const json_t *body, struct because *b)
{
	uint8_t x[32], h[32], ip6[16], sig[64], digest[32];
	char hex[33], addr[INET6_ADDRSTRLEN];
	secp256k1_xonly_pubkey pub;

	if (npub_decode(text(body, "npub"), x) == -1 ||
	    secp256k1_xonly_pubkey_parse(secp, &pub, x) != 1)
		return because(b, WHY_FIELD_FORM, "npub");
	crypto_hash_sha256(h, x, sizeof(x));
	hex_encode(h, NADDR_LEN, hex);
	if (strcmp(hex, text(body, "node_id")) != 0)
		return because(b, WHY_DERIVED, "node_id");
	mesh_addr(h, ip6);
	inet_ntop(AF_INET6, ip6, addr, sizeof(addr));
	if (strcmp(addr, text(body, "mesh_address")) != 0)
		return because(b, WHY_DERIVED, "mesh_address");
	if (hex_decode(text(body, "mesh_signature"), sig, sizeof(sig)) == -1)
		return because(b, WHY_FIELD_FORM, "mesh_signature");
	mesh_claim(e->author, digest);
	if (secp256k1_schnorrsig_verify(secp, sig, digest, sizeof(digest),
	    &pub) != 1)
		return because(b, WHY_MESH_KEY, "mesh_signature");
	return 0;
}

static int
blob_check(const json_t *body, struct because *b)
{
	const json_t *t = json_object_get(body, "text");
	uint8_t h[32];
	char hex[65];

	crypto_generichash(h, sizeof(h), (const uint8_t *)json_string_value(t),
	    json_string_length(t), NULL, 0);
	hex_encode(h, sizeof(h), hex);
	return strcmp(hex, text(body, "hash")) == 0 ? 0 :
	    because(b, WHY_HASH, "text");
}

static int
derived_check(const char *want, const json_t *body, const char *field,
    struct because *b)
{
	return strcmp(want, text(body, field)) == 0 ? 0 :
	    because(b, WHY_DERIVED, "%s", field);
}

/* What a table of fields cannot say. */
static int
sense_check(const struct entry *e, const json_t *body, struct because *b)
{
	char id[33];

	switch (e->type) {
	case OBJ_GENESIS:
	case OBJ_JOIN:
		return key_check(e, b);
	case OBJ_NODE_RECORD:
		return node_check(e, body, b);
	case OBJ_SERVICE_OFFER:
		service_id_of(e->author, text(body, "name"), id);
		return derived_check(id, body, "service_id", b);
	case OBJ_SUBSCRIPTION:
		subscription_id_of(e->author, text(body, "service_id"), id);
		return derived_check(id, body, "subscription_id", b);
	case OBJ_CONFIG_BLOB:
		return blob_check(body, b);
	default:
		return 0;
	}
}

#define QUICK_MAX	4096	/* raw; nearly every entry is smaller */
#define PLAIN_MAX	128	/* names and ids are shorter */

/* A field of a body in canonical form, where it has no escapes. */
static void
plain(const struct entry *e, const char *field, char out[PLAIN_MAX])
{
	struct span s = span_text(span_get(e->body, field));

	if (s.n >= PLAIN_MAX)
		s.n = 0;
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

/* What sense_check() asks of these types; of others it asks more, or nothing. */
static int
quick_sense(const struct entry *e)
{
	char of[PLAIN_MAX], said[PLAIN_MAX], id[33];

	switch (e->type) {
	case OBJ_NODE_RECORD:
	case OBJ_CONFIG_BLOB:
		return 0;
	case OBJ_GENESIS:
	case OBJ_JOIN:
		return key_check(e, NULL) == 0;
	case OBJ_SERVICE_OFFER:
		plain(e, "name", of);
		plain(e, "service_id", said);
		service_id_of(e->author, of, id);
		return strcmp(id, said) == 0;
	case OBJ_SUBSCRIPTION:
		plain(e, "service_id", of);
		plain(e, "subscription_id", said);
		subscription_id_of(e->author, of, id);
		return strcmp(id, said) == 0;
	default:
		return 1;
	}
}

/*
 * The form of an entry without the JSON library, as cryptod looks at what it
 * signs: 1 if it is good. 0 says nothing: entry_check() looks again, and says why.
 */
static int
is_surely_good(const struct entry *e)
{
	char scratch[QUICK_MAX + 1];
	uint8_t again[QUICK_MAX];
	ssize_t n;

	if (e->len > QUICK_MAX || e->seq > JCS_INT ||
	    canon_body(e->type, e->body.p, e->body.n, scratch) == -1)
		return 0;
	n = canon_entry(e->type, e->author, e->seq, e->has_prev ? e->prev :
	    NULL, e->created_at, e->body, again, sizeof(again));
	return n >= 0 && (size_t)n == e->len - SIG_LEN &&
	    memcmp(again, e->raw, (size_t)n) == 0 && quick_sense(e);
}

static int
date_check(const struct entry *e, int64_t now, struct because *b)
{
	if (e->created_at < ENTRY_ANCIENT)
		return because(b, WHY_ANCIENT, "created_at");
	if (now != 0 && e->created_at > now + ENTRY_AHEAD_S)
		return because(b, WHY_FUTURE, "created_at");
	return 0;
}

static int
check_slowly(const void *raw, size_t len, int64_t now, struct entry *e,
    struct because *b)
{
	struct span env;
	json_t *v;
	int type, ret = -1;

	if (frame(raw, len, &type, &env, b) == -1)
		return -1;
	v = jcs_parse_canonical(env.p, env.n, b);
	if (v == NULL)
		return -1;
	if (envelope_check(v, type, b) == -1 ||
	    entry_read(raw, len, e, b) == -1 ||
	    sense_check(e, json_object_get(v, "body"), b) == -1)
		goto out;
	ret = date_check(e, now, b);
out:
	json_decref(v);
	return ret;
}

int
entry_check_read(struct entry *e, int64_t now, struct because *b)
{
	if (is_surely_good(e))
		return date_check(e, now, b);
	return check_slowly(e->raw, e->len, now, e, b);
}

int
entry_check(const void *raw, size_t len, int64_t now, struct entry *e,
    struct because *b)
{
	if (entry_read(raw, len, e, NULL) == -1)
		return check_slowly(raw, len, now, e, b);
	return entry_check_read(e, now, b);
}

int
entry_key(const struct entry *e, uint8_t pub[KEY_LEN])
{
	if (e->type != OBJ_GENESIS && e->type != OBJ_JOIN)
		return -1;
	return span_hex(span_get(e->body, "public_key"), pub, KEY_LEN);
}

int
entry_verify(const struct entry *e, const uint8_t pub[KEY_LEN],
    struct because *b)
{
	size_t n = e->len - SIG_LEN;
	char did[DID_LEN + 1];

	did_of(pub, did);
	if (strcmp(did, e->author) != 0)
		return because(b, WHY_DID, "author");
	if (crypto_sign_verify_detached(e->raw + n, e->raw, n, pub) != 0)
		return because(b, WHY_SIGNATURE, "sig");
	return 0;
}

/* The author's words as an envelope; takes no reference that it does not keep. */
static json_t *
envelope(enum object type, const char *author, uint64_t seq,
    const uint8_t *prev, int64_t created_at, const json_t *body)
{
	char hex[2 * ID_LEN + 1] = "", when[21];

	if (prev != NULL)
		hex_encode(prev, ID_LEN, hex);
	time_write(created_at, when);
	return json_pack("{s:s, s:O, s:s, s:s, s:I, s:s}", "author", author,
	    "body", body, "created_at", when, "prev", hex,
	    "seq", (json_int_t)seq, "type", object_name(type));
}

ssize_t
entry_build(enum object type, const char *author, uint64_t seq,
    const uint8_t *prev, int64_t created_at, const json_t *body, uint8_t *out,
    size_t cap, struct because *b)
{
	json_t *env = NULL;
	ssize_t n, ret = -1;
	int head;

	if (cap > ENTRY_MAX - SIG_LEN)
		cap = ENTRY_MAX - SIG_LEN;
	if (object_check(type, body, b) == -1)
		return -1;
	env = envelope(type, author, seq, prev, created_at, body);
	head = snprintf((char *)out, cap, CANON_PREFIX "%s\n", object_name(type));
	if (env == NULL || head < 0 || (size_t)head >= cap) {
		because(b, WHY_FULL, "memory");
		goto out;
	}
	n = jcs_write(env, (char *)out + head, cap - (size_t)head);
	if (n == -1)
		because(b, WHY_SIZE, "more than %d bytes", ENTRY_MAX);
	else
		ret = head + n;
out:
	json_decref(env);
	return ret;
}
