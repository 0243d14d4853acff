/*
 * cosigned.h -- what others, as witnesses, have cosigned of our own newest
 * checkpoint. The other end is notary.h.
 */
#ifndef COSIGNED_H
#define COSIGNED_H

#include <stddef.h>
#include <stdint.h>

/* Our newest checkpoint to a node for its cosignature, unless it has given it.
 * did: whose key it must be. */
void	cosigned_ask(const uint8_t pub[32], const char *did);
/* Signature lines of others for our newest checkpoint; "" when there are none. */
const char *cosigned_lines(void);
/*
 * All of it for REC_COSIGNED: bytes written, 0 if nothing came since it was
 * written last; and again after a restart, as far as it is good.
 */
size_t	cosigned_write(void *buf, size_t cap);
void	cosigned_read(const void *buf, size_t len);

#endif
