/* api_people.c -- founding, inviting, joining, vouching, leaving. */
#include <sodium.h>
#include <string.h>

#include "api.h"
#include "dird.h"

#define INVITE_S	(7 * 86400)
#define INVITE_MAX_S	(365 * 86400)

/* A number of the body within bounds, or fallback. -1 after an answer. */
static int64_t
number(struct ask *a, const json_t *body, const char *field, int64_t lo,
    int64_t hi, int64_t fallback)
{
	const json_t *v = json_object_get(body, field);

	if (v == NULL)
		return fallback;
	if (json_is_integer(v) && json_integer_value(v) >= lo &&
	    json_integer_value(v) <= hi)
		return json_integer_value(v);
	http_error(a, 400, why_name(WHY_FIELD_RANGE), field,
	    "%s must be a number from %lld to %lld", field, (long long)lo,
	    (long long)hi);
	return -1;
}

/* The did of the body, or NULL after an answer. */
static const char *
did_in(struct ask *a, const json_t *body, const char *field)
{
	const char *did = api_text(a, body, field, NULL);

	if (did == NULL || is_did(did, strlen(did)))
		return did;
	http_error(a, 400, why_name(WHY_FIELD_FORM), field,
	    "%s must be a did: did:plc: and 32 hex digits", field);
	return NULL;
}

/* Whoever founds or joins with a key that dies with the house says it in vain. */
static int
lasts(struct ask *a)
{
	if (dird.key_mode != KEY_EPHEMERAL)
		return 1;
	http_error(a, 409, "ephemeral", NULL, "the identity of this node ends "
	    "when it stops; set node.identity.persistent: true first");
	return 0;
}

/* {"domain", "threshold"} */
void
api_genesis(struct ask *a, json_t *body)
{
	const char *want = dird.txt[CONF_DIR_DOMAIN], *domain;
	int64_t threshold;

	domain = api_text(a, body, "domain", want != NULL && want[0] != '\0' ?
	    want : NULL);
	if (domain == NULL || !lasts(a) ||
	    (threshold = number(a, body, "threshold", 1, 16, 2)) == -1)
		return;
	if (want != NULL && want[0] != '\0' && strcmp(want, domain) != 0) {
		http_error(a, 409, "domain", "domain", "the configuration "
		    "wants the domain '%s' (bastide.directory.domain)", want);
		return;
	}
	if (dird.journal->n > 0 || dird.journal->root[0] != '\0') {
		http_error(a, 409, why_name(WHY_AGAIN), NULL, "this node is in "
		    "a domain that %s founded", dird.journal->root);
		return;
	}
	api_say(a, OBJ_GENESIS, json_pack("{s:s, s:o, s:I}", "domain", domain,
	    "public_key", api_hex(dird.dir_pub, KEY_LEN), "threshold",
	    (json_int_t)threshold),
	    json_pack("{s:s, s:s}", "did", dird.did, "domain", domain));
}

/* {"did", "expires_s"}: the token is in the answer and nowhere else. */
void
api_invite(struct ask *a, json_t *body)
{
	const char *did = did_in(a, body, "did");
	char token_hex[65], hash_hex[65], when[21];
	uint8_t token[32], hash[32];
	int64_t life;

	if (did == NULL || (life = number(a, body, "expires_s", 60,
	    INVITE_MAX_S, INVITE_S)) == -1)
		return;
	randombytes_buf(token, sizeof(token));
	crypto_generichash(hash, sizeof(hash), token, sizeof(token), NULL, 0);
	hex_encode(token, sizeof(token), token_hex);
	hex_encode(hash, sizeof(hash), hash_hex);
	time_write(dird_now() + life, when);
	api_say(a, OBJ_INVITE, json_pack("{s:s, s:s, s:s}", "token_hash",
	    hash_hex, "invitee", did, "expires", when),
	    json_pack("{s:s, s:s, s:s, s:s, s:s}", "token", token_hex, "did",
	    did, "expires", when, "founder", dird.journal->root, "npub",
	    dird.npub));
}

/* {"token"} */
void
api_join(struct ask *a, json_t *body)
{
	const char *token = api_text(a, body, "token", NULL);
	struct person p;

	if (token == NULL || !lasts(a))
		return;
	view_person(dird.journal->view, dird.did, &p);
	if (p.member) {
		http_error(a, 409, why_name(WHY_AGAIN), NULL, "this node is a "
		    "member already; a token works once");
		return;
	}
	if (dird.journal->n == 0) {
		http_error(a, 409, "empty", NULL, "this journal knows no domain "
		    "yet: pull or import that of whoever invited first");
		return;
	}
	api_say(a, OBJ_JOIN, json_pack("{s:s, s:o}", "token", token,
	    "public_key", api_hex(dird.dir_pub, KEY_LEN)),
	    json_pack("{s:s, s:s}", "did", dird.did, "founder",
	    dird.journal->root));
}

/* {"did"} */
void
api_attest(struct ask *a, json_t *body)
{
	const char *did = did_in(a, body, "did");
	struct person p;

	if (did == NULL)
		return;
	view_person(dird.journal->view, did, &p);
	if (!p.known || strcmp(did, dird.did) == 0) {
		http_error(a, 409, why_name(WHY_AUTHOR), "did", p.known ?
		    "nobody vouches for oneself" :
		    "nobody here knows %s: it has not joined", did);
		return;
	}
	api_say(a, OBJ_ATTEST, json_pack("{s:s}", "subject", did),
	    json_pack("{s:s}", "did", did));
}

/* {"did", "reason", "entries"}: entries of the subject that still count. */
void
api_revoke(struct ask *a, json_t *body)
{
	const char *did = did_in(a, body, "did"), *reason;
	struct person p;
	int64_t entries;

	if (did == NULL || (reason = api_text(a, body, "reason", "")) == NULL)
		return;
	view_person(dird.journal->view, did, &p);
	entries = number(a, body, "entries", 0, JCS_INT,
	    (int64_t)p.counted);
	if (entries == -1)
		return;
	api_say(a, OBJ_REVOKE, json_pack("{s:s, s:s, s:I}", "subject", did,
	    "reason", reason, "entries", (json_int_t)entries),
	    json_pack("{s:s, s:I}", "did", did, "entries",
	    (json_int_t)entries));
}
