/*
 * cosigned.h -- what others, as witnesses, have cosigned of our own newest
 * checkpoint. The other end is notary.h.
 */
#ifndef COSIGNED_H
#define COSIGNED_H

#include <stdint.h>

/* Our newest checkpoint to a node for its cosignature, unless it has given it.
 * did: whose key it must be. */
void	cosigned_ask(const uint8_t pub[32], const char *did);
/* Signature lines of others for our newest checkpoint; "" when there are none. */
const char *cosigned_lines(void);

#endif
