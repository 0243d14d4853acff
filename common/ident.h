/*
 * ident.h -- names of nodes: keys, npubs, node addresses, mesh addresses.
 * Pure; no key operation here. NIP-19 (bech32, BIP-173/BIP-350), FIPS-WIRE 2.
 */
#ifndef IDENT_H
#define IDENT_H

#include <stddef.h>
#include <stdint.h>

#define NPUB_LEN	63		/* "npub1" + 52 + 6 */
#define NADDR_LEN	16		/* node address: SHA-256(x)[0..16] */

/* out gets NPUB_LEN bytes and a NUL. */
void	npub_encode(const uint8_t pub[32], char out[NPUB_LEN + 1]);
/*
 * 0, or -1 if s is not exactly one npub. Accepts a bech32m checksum and all
 * upper case, as the reference does; mixed case is refused. Does not check
 * that the bytes are a point on the curve.
 */
int	npub_decode(const char *s, uint8_t pub[32]);
/* The same for nsec1...; used by cryptod only. Constant-time it is not: it runs once. */
int	nsec_decode(const char *s, uint8_t sec[32]);
void	nsec_encode(const uint8_t sec[32], char out[NPUB_LEN + 1]);
/* "npub1abcd...wxyz"; out has room for 20. */
void	npub_short(const char *npub, char out[20]);

/* fd || addr[0..15]. */
void	mesh_addr(const uint8_t naddr[NADDR_LEN], uint8_t ip6[16]);
/* Lower-case hex; out gets 2n+1 bytes. */
void	hex_encode(const uint8_t *p, size_t n, char *out);
/* 0, or -1 unless s is exactly 2n hex digits. */
int	hex_decode(const char *s, uint8_t *p, size_t n);

#endif
