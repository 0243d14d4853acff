/*
 * who.h -- whose mesh address is it? NodeRecords bind a did to a mesh key, and
 * the address follows from that key; only those of members count.
 */
#ifndef WHO_H
#define WHO_H

#include <stdint.h>

#include "ident.h"

/* The mesh address that follows from a mesh key, x only. */
void	who_address(const uint8_t pub[32], uint8_t ip6[16]);
/* The did of an address, or "". */
void	who_is(const uint8_t ip6[16], char did[DID_LEN + 1]);
/* The mesh key of a did, x only. 0, or -1: no NodeRecord of it counts. */
int	who_key(const char *did, uint8_t pub[32]);
/* Everybody of whom a NodeRecord counts. */
void	who_each(void (*fn)(void *, const char *did, const uint8_t pub[32],
	    const uint8_t ip6[16]), void *arg);

#endif
