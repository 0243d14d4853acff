/* curve.c -- libsecp256k1 and libsodium behind a few small functions. */
#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_schnorrsig.h>
#include <sodium.h>
#include <string.h>

#include "curve.h"

static secp256k1_context *ctx;

int
curve_init(void)
{
	uint8_t	seed[32];
	int	ok;

	if (ctx != NULL)
		return 0;
	if (sodium_init() == -1)
		return -1;
	ctx = secp256k1_context_create(SECP256K1_CONTEXT_SIGN |
	    SECP256K1_CONTEXT_VERIFY);
	if (ctx == NULL)
		return -1;
	/* Blinds the tables against whoever measures time or power. */
	randombytes_buf(seed, sizeof(seed));
	ok = secp256k1_context_randomize(ctx, seed);
	sodium_memzero(seed, sizeof(seed));
	return ok ? 0 : -1;
}

int
curve_is_secret(const uint8_t sec[SEC_LEN])
{
	return secp256k1_ec_seckey_verify(ctx, sec);
}

int
curve_is_public(const uint8_t pub[PUB_LEN])
{
	secp256k1_pubkey point;

	return secp256k1_ec_pubkey_parse(ctx, &point, pub, PUB_LEN);
}

int
curve_public(const uint8_t sec[SEC_LEN], uint8_t pub[PUB_LEN])
{
	secp256k1_pubkey	point;
	size_t			len = PUB_LEN;

	if (!secp256k1_ec_pubkey_create(ctx, &point, sec))
		return -1;
	secp256k1_ec_pubkey_serialize(ctx, pub, &len, &point,
	    SECP256K1_EC_COMPRESSED);
	return 0;
}

void
curve_random(uint8_t sec[SEC_LEN])
{
	do
		randombytes_buf(sec, SEC_LEN);
	while (!curve_is_secret(sec));
}

/* The wire hashes x alone; the library's own default mixes the parity in. */
static int
hash_x(unsigned char *out, const unsigned char *x, const unsigned char *y,
    void *arg)
{
	(void)y;
	(void)arg;
	crypto_hash_sha256(out, x, 32);
	return 1;
}

int
curve_dh(const uint8_t sec[SEC_LEN], const uint8_t pub[PUB_LEN],
    uint8_t out[32])
{
	secp256k1_pubkey point;

	if (!secp256k1_ec_pubkey_parse(ctx, &point, pub, PUB_LEN))
		return -1;
	return secp256k1_ecdh(ctx, out, &point, sec, hash_x, NULL) ? 0 : -1;
}

int
curve_sign(const uint8_t sec[SEC_LEN], const void *msg, size_t len,
    const uint8_t aux[32], uint8_t sig[SIG_LEN])
{
	secp256k1_keypair	pair;
	uint8_t			hash[crypto_hash_sha256_BYTES];
	int			ok;

	if (!secp256k1_keypair_create(ctx, &pair, sec))
		return -1;
	crypto_hash_sha256(hash, msg, len);
	ok = secp256k1_schnorrsig_sign32(ctx, sig, hash, &pair, aux);
	sodium_memzero(&pair, sizeof(pair));
	return ok ? 0 : -1;
}

int
curve_verify(const uint8_t pub[PUB_LEN], const void *msg, size_t len,
    const uint8_t sig[SIG_LEN])
{
	secp256k1_xonly_pubkey	point;
	uint8_t			hash[crypto_hash_sha256_BYTES];

	if (!secp256k1_xonly_pubkey_parse(ctx, &point, pub + 1))
		return 0;
	crypto_hash_sha256(hash, msg, len);
	return secp256k1_schnorrsig_verify(ctx, sig, hash, sizeof(hash), &point);
}

void
curve_addr(const uint8_t pub[PUB_LEN], uint8_t addr[ADDR_LEN])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, pub + 1, PUB_LEN - 1);
	memcpy(addr, hash, ADDR_LEN);
}
