/*
 * curve.h -- the few things this house does on secp256k1.
 *
 * One context, made and blinded before the sandbox shuts; nothing here
 * allocates after curve_init(). Keys on the wire are SEC1 compressed; a node
 * is its x coordinate, so parity never decides anything.
 */
#ifndef CURVE_H
#define CURVE_H

#include <stddef.h>
#include <stdint.h>

#define SEC_LEN		32
#define PUB_LEN		33
#define ADDR_LEN	16
#define SIG_LEN		64

/* 0, or -1 when the libraries cannot start. A second call does nothing. */
int	curve_init(void);
/* Is it in 1..n-1? */
int	curve_is_secret(const uint8_t sec[SEC_LEN]);
/* Is it the encoding of a point on the curve? */
int	curve_is_public(const uint8_t pub[PUB_LEN]);
/* 0, or -1 when sec is no secret key. */
int	curve_public(const uint8_t sec[SEC_LEN], uint8_t pub[PUB_LEN]);
/* A new secret key. */
void	curve_random(uint8_t sec[SEC_LEN]);
/* out = SHA-256(x of sec * pub). 0, or -1 when pub is no point. */
int	curve_dh(const uint8_t sec[SEC_LEN], const uint8_t pub[PUB_LEN],
	    uint8_t out[32]);
/*
 * BIP-340 over SHA-256(msg). aux: 32 random bytes, mixed into the nonce against
 * whoever can make this machine err. 0, or -1 when sec is no secret key.
 */
int	curve_sign(const uint8_t sec[SEC_LEN], const void *msg, size_t len,
	    const uint8_t aux[32], uint8_t sig[SIG_LEN]);
/* Did the owner of this x sign it? 1 or 0. */
int	curve_verify(const uint8_t pub[PUB_LEN], const void *msg, size_t len,
	    const uint8_t sig[SIG_LEN]);
/* SHA-256(x)[0..16], x being pub without its first byte. */
void	curve_addr(const uint8_t pub[PUB_LEN], uint8_t addr[ADDR_LEN]);

#endif
