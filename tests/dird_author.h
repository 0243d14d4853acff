/*
 * dird_author.h -- an author for tests and benches: a key made from a number, and
 * a chain of its own that it signs entries onto.
 */
#ifndef DIRD_AUTHOR_H
#define DIRD_AUTHOR_H

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "entry.h"
#include "ident.h"

#define A_TIME	INT64_C(1750000000)
#define HEX_OF(n)	(2 * (n) + 1)

struct a_author {
	uint8_t		pub[32], sec[64], prev[32];
	char		did[DID_LEN + 1], pub_hex[65];
	uint64_t	seq;
	int64_t		now;
};

struct a_raw {
	uint8_t	p[ENTRY_MAX + 1];
	size_t	len;
};

static inline void
a_author(struct a_author *a, uint32_t n)
{
	uint8_t seed[32] = { 0 };

	memset(a, 0, sizeof(*a));
	memcpy(seed, &n, sizeof(n));
	crypto_sign_seed_keypair(a->pub, a->sec, seed);
	did_of(a->pub, a->did);
	hex_encode(a->pub, 32, a->pub_hex);
	a->now = A_TIME;
}

/* Signs whatever stands in raw[0..len). */
static inline void
a_sign(const struct a_author *a, struct a_raw *r, size_t len)
{
	crypto_sign_detached(r->p + len, NULL, r->p, len, a->sec);
	r->len = len + SIG_LEN;
}

/* The next entry of an author's chain; takes body's reference. */
static inline void
a_say(struct a_author *a, enum object t, json_t *body, struct a_raw *r)
{
	struct because b = { WHY_OK, "" };
	ssize_t n = body == NULL ? -1 : entry_build(t, a->did, a->seq,
	    a->seq > 0 ? a->prev : NULL, a->now, body, r->p, sizeof(r->p), &b);

	if (n == -1) {
		fprintf(stderr, "%s: %s: %s\n", object_name(t),
		    why_text(b.why), b.place);
		abort();
	}
	json_decref(body);
	a_sign(a, r, (size_t)n);
	content_id(r->p, r->len, a->prev);
	a->seq++;
}

static inline json_t *
a_genesis(const struct a_author *a, int threshold)
{
	return json_pack("{s:s, s:s, s:i}", "domain", "home", "public_key",
	    a->pub_hex, "threshold", threshold);
}

static inline void
a_token(uint32_t n, uint8_t token[32])
{
	memset(token, 0x5a, 32);
	memcpy(token, &n, sizeof(n));
}

static inline json_t *
a_invite(const struct a_author *who, uint32_t token)
{
	uint8_t t[32], h[32];
	char hex[65];

	a_token(token, t);
	crypto_generichash(h, 32, t, 32, NULL, 0);
	hex_encode(h, 32, hex);
	return json_pack("{s:s, s:s, s:s}", "token_hash", hex, "invitee",
	    who->did, "expires", "2030-01-01T00:00:00Z");
}

static inline json_t *
a_join(const struct a_author *a, uint32_t token)
{
	uint8_t t[32];
	char hex[65];

	a_token(token, t);
	hex_encode(t, 32, hex);
	return json_pack("{s:s, s:s}", "token", hex, "public_key", a->pub_hex);
}

static inline json_t *
a_attest(const struct a_author *who)
{
	return json_pack("{s:s}", "subject", who->did);
}

static inline json_t *
a_revoke(const struct a_author *who, uint64_t entries)
{
	return json_pack("{s:s, s:s, s:I}", "subject", who->did, "reason",
	    "a test", "entries", (json_int_t)entries);
}

static inline json_t *
a_offer(const struct a_author *a, const char *name, const char *approval)
{
	char id[33];

	service_id_of(a->did, name, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "service_id",
	    id, "name", name, "kind", "web", "endpoint", "http://x:1/",
	    "approval", approval, "scope", "home", "description",
	    "for a test");
}

static inline json_t *
a_subscribe(const struct a_author *a, const char *service)
{
	char id[33];

	subscription_id_of(a->did, service, id);
	return json_pack("{s:s, s:s}", "subscription_id", id, "service_id",
	    service);
}

#endif
