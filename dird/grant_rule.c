/* grant_rule.c -- nonces, and who may have a loan. Pure. */
#include <sodium.h>
#include <string.h>

#include "canon.h"
#include "grant.h"
#include "ident.h"

static const struct {
	const char	*code, *text;
	int		 status;
} row[] = {
#define GRANT_WHY(NAME, code, status, text)	{ code, text, status },
#include "grant.def"
};

const char *
grant_code(enum grant_why why)
{
	return row[why].code;
}

const char *
grant_text(enum grant_why why)
{
	return row[why].text;
}

int
grant_status(enum grant_why why)
{
	return row[why].status;
}

enum grant_why
grant_find(const char *code)
{
	unsigned i;

	for (i = 0; i < GRANT_WHY_MAX && (code == NULL ||
	    strcmp(row[i].code, code) != 0); i++)
		;
	return (enum grant_why)i;
}

/* -- nonces ---------------------------------------------------------------- */

/* How many this address has, and which of them is the oldest. */
static unsigned
nonces_of(const struct nonces *t, const uint8_t src[16], unsigned *oldest)
{
	unsigned i, his = 0;

	for (i = 0; i < NONCES; i++) {
		if (memcmp(t->n[i].src, src, 16) != 0)
			continue;
		if (his++ == 0 || t->n[i].until < t->n[*oldest].until)
			*oldest = i;
	}
	return his;
}

/* A full table: the oldest of whoever has most. */
static unsigned
nonce_spare(const struct nonces *t)
{
	unsigned i, his, most = 0, oldest = 0, place = 0;

	for (i = 0; i < NONCES; i++) {
		his = nonces_of(t, t->n[i].src, &oldest);
		if (his > most || (his == most &&
		    t->n[oldest].until < t->n[place].until)) {
			most = his;
			place = oldest;
		}
	}
	return place;
}

void
nonce_give(struct nonces *t, const uint8_t src[16], const uint8_t service[16],
    const uint8_t random[NONCE_LEN], int64_t now)
{
	unsigned i, place = NONCES, oldest = 0;

	for (i = 0; i < NONCES; i++)
		if (t->n[i].until <= now) {
			memset(&t->n[i], 0, sizeof(t->n[i]));
			place = i;
		}
	/* Who asks again and again forgets his own, nobody else's. */
	if (nonces_of(t, src, &oldest) >= NONCES_EACH)
		place = oldest;
	else if (place == NONCES)
		place = nonce_spare(t);
	memcpy(t->n[place].nonce, random, NONCE_LEN);
	memcpy(t->n[place].src, src, 16);
	memcpy(t->n[place].service, service, 16);
	t->n[place].until = now + NONCE_LIFE_S;
}

enum grant_why
nonce_take(struct nonces *t, const uint8_t nonce[NONCE_LEN],
    const uint8_t src[16], const uint8_t service[16], int64_t now)
{
	unsigned i;
	int alive;

	for (i = 0; i < NONCES; i++)
		if (t->n[i].until != 0 &&
		    sodium_memcmp(t->n[i].nonce, nonce, NONCE_LEN) == 0)
			break;
	if (i == NONCES)
		return GRANT_NONCE;
	alive = t->n[i].until > now;
	/* Somebody who saw it must not be able to spend it for its owner. */
	if (memcmp(t->n[i].src, src, 16) != 0 ||
	    memcmp(t->n[i].service, service, 16) != 0)
		return GRANT_NONCE_OTHER;
	memset(&t->n[i], 0, sizeof(t->n[i]));
	return alive ? GRANT_OK : GRANT_NONCE;
}

/* -- how often ------------------------------------------------------------- */

int
meter_take(struct meters *t, const char *did, int64_t now)
{
	unsigned i, place = 0;

	for (i = 0; i < METERS && strcmp(t->m[i].did, did) != 0; i++)
		if (t->m[i].quota.at_ms < t->m[place].quota.at_ms)
			place = i;
	if (i == METERS) {
		i = place;
		memset(&t->m[i], 0, sizeof(t->m[i]));
		strcpy(t->m[i].did, did);
	}
	return quota_take(&t->m[i].quota, METER_BURST, METER_PER_MIN,
	    (uint64_t)now * 1000);
}

/* -- a request ------------------------------------------------------------- */

static int
hex_field(const json_t *body, const char *field, uint8_t *out, size_t len)
{
	const char *s = json_string_value(json_object_get(body, field));

	return s != NULL && strlen(s) == 2 * len && is_hex(s, 2 * len) &&
	    hex_decode(s, out, len) == 0 ? 0 : -1;
}

enum grant_why
request_read(const json_t *body, int64_t now, struct request *r)
{
	const char *did = json_string_value(json_object_get(body, "did"));
	const char *line = json_string_value(json_object_get(body,
	    "subscription"));
	uint8_t chain[ID_LEN];
	struct span id;
	ssize_t n;

	if (did == NULL || !is_did(did, strlen(did)) || line == NULL ||
	    hex_field(body, "nonce", r->nonce, sizeof(r->nonce)) == -1 ||
	    hex_field(body, "proof", r->proof, sizeof(r->proof)) == -1)
		return GRANT_FORM;
	strcpy(r->did, did);
	r->give_back = json_is_true(json_object_get(body, "give_back"));
	n = entry_unline(line, strlen(line), chain, r->raw, sizeof(r->raw),
	    NULL);
	if (n == -1 || entry_check(r->raw, (size_t)n, now, &r->sub, NULL) == -1)
		return GRANT_FORM;
	if (r->sub.type != OBJ_SUBSCRIPTION)
		return GRANT_FORM;
	id = span_text(span_get(r->sub.body, "subscription_id"));
	memcpy(r->sub_id, id.p, 32);
	r->sub_id[32] = '\0';
	return GRANT_OK;
}

static enum grant_why
who(struct view *v, const struct request *r, const uint8_t *address)
{
	uint8_t pub[KEY_LEN], service[16];
	char text[SUB_PROOF_MAX], want[33];
	size_t n;

	if (view_key(v, r->did, pub) == -1)
		return GRANT_STRANGER;
	if (!view_can(v, r->did, RIGHT_SUBSCRIBE))
		return GRANT_MEMBER;
	subscription_id_of(r->did, r->service, want);
	if (strcmp(r->sub.author, r->did) != 0 ||
	    strcmp(r->sub_id, want) != 0 ||
	    entry_verify(&r->sub, pub, NULL) == -1)
		return GRANT_SUBSCRIPTION;
	hex_decode(r->service, service, sizeof(service));
	n = sub_proof_text(r->did, r->nonce, service, text);
	if (crypto_sign_verify_detached(r->proof, (const uint8_t *)text, n,
	    pub) != 0)
		return GRANT_PROOF;
	if (address == NULL)
		return GRANT_NODE;
	return memcmp(address, r->src, 16) == 0 ? GRANT_OK : GRANT_SOURCE;
}

/* The offer of an id if it is own's, or NULL. */
static const struct item *
own_offer(struct view *v, const char *own, const char *service)
{
	const struct item *it = view_service(v, service);
	char did[DID_LEN + 1];

	if (it == NULL)
		return NULL;
	view_did(v, it->author, did);
	return strcmp(did, own) == 0 ? it : NULL;
}

enum grant_why
request_judge(struct view *v, const char *own, const struct request *r,
    const uint8_t *address, int has_macro)
{
	enum grant_why why;

	if (own_offer(v, own, r->service) == NULL)
		return GRANT_SERVICE;
	if ((why = who(v, r, address)) != GRANT_OK)
		return why;
	if (!has_macro)
		return GRANT_MACRO;
	switch (view_subscribed(v, r->sub_id)) {
	case SUB_ACTIVE:
		return GRANT_OK;
	case SUB_REJECTED:
		return GRANT_REJECTED;
	case SUB_REVOKED:
		return GRANT_REVOKED;
	default:
		return GRANT_PENDING;
	}
}

int
grant_stands(struct view *v, const char *own, const char *kind,
    const char *did, const char *service, const uint8_t src[16],
    const uint8_t *address)
{
	const struct item *offer = own_offer(v, own, service);
	char sub[33];

	subscription_id_of(did, service, sub);
	return offer != NULL && view_lends(v, offer, kind) &&
	    view_can(v, did, RIGHT_SUBSCRIBE) && address != NULL &&
	    memcmp(address, src, 16) == 0 &&
	    view_subscribed(v, sub) == SUB_ACTIVE;
}
