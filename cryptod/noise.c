/*
 * noise.c -- Noise IK and XK as FIPS v0 speaks them. No I/O, no state.
 *
 * Two things differ from the Noise of the books, and the wire depends on both:
 * the AEAD gets no associated data (h is kept, and nothing on the wire hangs
 * on it), and IK's second DH of message 2 is es once more, not se.
 */
#include <sodium.h>
#include <string.h>

#include "aead.h"
#include "noise.h"

#define ENC_PUB_LEN	(PUB_LEN + AEAD_TAG)

static const char ik_name[] = "Noise_IK_secp256k1_ChaChaPoly_SHA256";
static const char xk_name[] = "Noise_XK_secp256k1_ChaChaPoly_SHA256";

static void
mix_hash(struct noise *n, const uint8_t *p, size_t len)
{
	crypto_hash_sha256_state st;

	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, n->h, sizeof(n->h));
	crypto_hash_sha256_update(&st, p, len);
	crypto_hash_sha256_final(&st, n->h);
}

static void
hmac2(const uint8_t key[32], const uint8_t *a, size_t alen, const uint8_t *b,
    size_t blen, uint8_t out[32])
{
	crypto_auth_hmacsha256_state st;

	crypto_auth_hmacsha256_init(&st, key, 32);
	crypto_auth_hmacsha256_update(&st, a, alen);
	crypto_auth_hmacsha256_update(&st, b, blen);
	crypto_auth_hmacsha256_final(&st, out);
	sodium_memzero(&st, sizeof(st));
}

/* HKDF-SHA256 with salt ck, no info, two blocks of output. */
static void
hkdf(const uint8_t ck[32], const uint8_t *ikm, size_t len, uint8_t t1[32],
    uint8_t t2[32])
{
	uint8_t prk[32], first[32];

	hmac2(ck, ikm, len, (const uint8_t *)"", 0, prk);
	hmac2(prk, (const uint8_t *)"\1", 1, (const uint8_t *)"", 0, first);
	hmac2(prk, first, sizeof(first), (const uint8_t *)"\2", 1, t2);
	memcpy(t1, first, sizeof(first));
	sodium_memzero(prk, sizeof(prk));
	sodium_memzero(first, sizeof(first));
}

/* MixKey(DH(sec, pub)). -1 when pub is no point. */
static int
mix_dh(struct noise *n, const uint8_t sec[SEC_LEN], const uint8_t pub[PUB_LEN])
{
	uint8_t dh[32];

	if (curve_dh(sec, pub, dh) == -1)
		return -1;
	hkdf(n->ck, dh, sizeof(dh), n->ck, n->k);
	n->n = 0;
	sodium_memzero(dh, sizeof(dh));
	return 0;
}

static void
encrypt(struct noise *n, const uint8_t *p, size_t len, uint8_t *out)
{
	memcpy(out, p, len);
	aead_seal(n->k, n->n++, NULL, 0, out, len);
	mix_hash(n, out, len + AEAD_TAG);
}

static int
decrypt(struct noise *n, const uint8_t *in, uint8_t *p, size_t len)
{
	uint8_t buf[ENC_PUB_LEN];	/* the longest there is */

	memcpy(buf, in, len + AEAD_TAG);
	if (aead_open(n->k, n->n, NULL, 0, buf, len) == -1)
		return -1;
	n->n++;
	mix_hash(n, in, len + AEAD_TAG);
	memcpy(p, buf, len);
	sodium_memzero(buf, sizeof(buf));
	return 0;
}

/* Every handshake starts with the responder's key known to both. */
static void
start(struct noise *n, const char *name, size_t len,
    const uint8_t responder[PUB_LEN])
{
	uint8_t even[PUB_LEN];

	memset(n, 0, sizeof(*n));
	crypto_hash_sha256(n->h, (const uint8_t *)name, len);
	memcpy(n->ck, n->h, sizeof(n->ck));
	even[0] = 2;
	memcpy(even + 1, responder + 1, PUB_LEN - 1);
	mix_hash(n, even, sizeof(even));
}

static int
put_e(struct noise *n, const uint8_t e[SEC_LEN], uint8_t out[PUB_LEN])
{
	if (curve_public(e, out) == -1)
		return -1;
	memcpy(n->e, e, SEC_LEN);
	mix_hash(n, out, PUB_LEN);
	return 0;
}

static int
get_e(struct noise *n, const uint8_t in[PUB_LEN])
{
	if (!curve_is_public(in))
		return -1;
	memcpy(n->re, in, PUB_LEN);
	mix_hash(n, in, PUB_LEN);
	return 0;
}

/* The end: k1 is the initiator's to send with, k2 the responder's. */
static void
split(struct noise *n, int initiator, struct noise_keys *keys)
{
	hkdf(n->ck, (const uint8_t *)"", 0, initiator ? keys->send : keys->recv,
	    initiator ? keys->recv : keys->send);
	n->turn = NOISE_DONE;
}

/* One exit for all: the copy becomes the handshake, or it never was. */
static enum refusal
commit(struct noise *n, struct noise *copy, enum refusal why)
{
	if (why == REFUSE_NONE)
		*n = *copy;
	sodium_memzero(copy, sizeof(*copy));
	return why;
}

enum refusal
noise_ik_write1(struct noise *n, const struct key *me,
    const uint8_t rs[PUB_LEN], const uint8_t e[SEC_LEN],
    uint8_t out[IK_MSG1_LEN])
{
	struct noise t;

	start(&t, ik_name, sizeof(ik_name) - 1, rs);
	memcpy(t.rs, rs, PUB_LEN);
	if (put_e(&t, e, out) == -1 || mix_dh(&t, t.e, t.rs) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	encrypt(&t, me->pub, PUB_LEN, out + PUB_LEN);
	if (mix_dh(&t, me->sec, t.rs) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	encrypt(&t, me->epoch, EPOCH_LEN, out + PUB_LEN + ENC_PUB_LEN);
	t.turn = NOISE_IK_READ2;
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_ik_read1(struct noise *n, const struct key *me,
    const uint8_t in[IK_MSG1_LEN], uint8_t epoch[EPOCH_LEN])
{
	struct noise t;

	start(&t, ik_name, sizeof(ik_name) - 1, me->pub);
	if (get_e(&t, in) == -1 || mix_dh(&t, me->sec, t.re) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	if (decrypt(&t, in + PUB_LEN, t.rs, PUB_LEN) == -1)
		return commit(n, &t, REFUSE_HS_AUTH);
	if (mix_dh(&t, me->sec, t.rs) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	if (decrypt(&t, in + PUB_LEN + ENC_PUB_LEN, epoch, EPOCH_LEN) == -1)
		return commit(n, &t, REFUSE_HS_AUTH);
	t.turn = NOISE_IK_WRITE2;
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_ik_write2(struct noise *n, const struct key *me,
    const uint8_t e[SEC_LEN], uint8_t out[IK_MSG2_LEN], struct noise_keys *keys)
{
	struct noise t = *n;

	if (t.turn != NOISE_IK_WRITE2)
		return commit(n, &t, REFUSE_HS_HANDLE);
	if (put_e(&t, e, out) == -1 || mix_dh(&t, t.e, t.re) == -1 ||
	    mix_dh(&t, me->sec, t.re) == -1)	/* es again */
		return commit(n, &t, REFUSE_HS_KEY);
	encrypt(&t, me->epoch, EPOCH_LEN, out + PUB_LEN);
	split(&t, 0, keys);
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_ik_read2(struct noise *n, const uint8_t in[IK_MSG2_LEN],
    uint8_t epoch[EPOCH_LEN], struct noise_keys *keys)
{
	struct noise t = *n;

	if (t.turn != NOISE_IK_READ2)
		return commit(n, &t, REFUSE_HS_HANDLE);
	if (get_e(&t, in) == -1 || mix_dh(&t, t.e, t.re) == -1 ||
	    mix_dh(&t, t.e, t.rs) == -1)	/* es again */
		return commit(n, &t, REFUSE_HS_KEY);
	if (decrypt(&t, in + PUB_LEN, epoch, EPOCH_LEN) == -1)
		return commit(n, &t, REFUSE_HS_AUTH);
	split(&t, 1, keys);
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_xk_write1(struct noise *n, const uint8_t rs[PUB_LEN],
    const uint8_t e[SEC_LEN], uint8_t out[XK_MSG1_LEN])
{
	struct noise t;

	start(&t, xk_name, sizeof(xk_name) - 1, rs);
	memcpy(t.rs, rs, PUB_LEN);
	if (put_e(&t, e, out) == -1 || mix_dh(&t, t.e, t.rs) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	t.turn = NOISE_XK_READ2;
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_xk_read1(struct noise *n, const struct key *me,
    const uint8_t in[XK_MSG1_LEN])
{
	struct noise t;

	start(&t, xk_name, sizeof(xk_name) - 1, me->pub);
	if (get_e(&t, in) == -1 || mix_dh(&t, me->sec, t.re) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	t.turn = NOISE_XK_WRITE2;
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_xk_write2(struct noise *n, const struct key *me,
    const uint8_t e[SEC_LEN], uint8_t out[XK_MSG2_LEN])
{
	struct noise t = *n;

	if (t.turn != NOISE_XK_WRITE2)
		return commit(n, &t, REFUSE_HS_HANDLE);
	if (put_e(&t, e, out) == -1 || mix_dh(&t, t.e, t.re) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	encrypt(&t, me->epoch, EPOCH_LEN, out + PUB_LEN);
	t.turn = NOISE_XK_READ3;
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_xk_read2(struct noise *n, const uint8_t in[XK_MSG2_LEN],
    uint8_t epoch[EPOCH_LEN])
{
	struct noise t = *n;

	if (t.turn != NOISE_XK_READ2)
		return commit(n, &t, REFUSE_HS_HANDLE);
	if (get_e(&t, in) == -1 || mix_dh(&t, t.e, t.re) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	if (decrypt(&t, in + PUB_LEN, epoch, EPOCH_LEN) == -1)
		return commit(n, &t, REFUSE_HS_AUTH);
	t.turn = NOISE_XK_WRITE3;
	return commit(n, &t, REFUSE_NONE);
}

/* Our key goes out under the key of message 2, whose nonce stands at 1. */
enum refusal
noise_xk_write3(struct noise *n, const struct key *me,
    uint8_t out[XK_MSG3_LEN], struct noise_keys *keys)
{
	struct noise t = *n;

	if (t.turn != NOISE_XK_WRITE3)
		return commit(n, &t, REFUSE_HS_HANDLE);
	encrypt(&t, me->pub, PUB_LEN, out);
	if (mix_dh(&t, me->sec, t.re) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	encrypt(&t, me->epoch, EPOCH_LEN, out + ENC_PUB_LEN);
	split(&t, 1, keys);
	return commit(n, &t, REFUSE_NONE);
}

enum refusal
noise_xk_read3(struct noise *n, const uint8_t in[XK_MSG3_LEN],
    uint8_t epoch[EPOCH_LEN], struct noise_keys *keys)
{
	struct noise t = *n;

	if (t.turn != NOISE_XK_READ3)
		return commit(n, &t, REFUSE_HS_HANDLE);
	if (decrypt(&t, in, t.rs, PUB_LEN) == -1)
		return commit(n, &t, REFUSE_HS_AUTH);
	if (mix_dh(&t, t.e, t.rs) == -1)
		return commit(n, &t, REFUSE_HS_KEY);
	if (decrypt(&t, in + ENC_PUB_LEN, epoch, EPOCH_LEN) == -1)
		return commit(n, &t, REFUSE_HS_AUTH);
	split(&t, 0, keys);
	return commit(n, &t, REFUSE_NONE);
}
