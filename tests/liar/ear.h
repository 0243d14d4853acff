/* ear.h -- what cryptod says to a liar, and that none of its keys is in it. */
#ifndef EAR_H
#define EAR_H

#include <stddef.h>
#include <stdint.h>

#include "chan.h"

/* From now on no eight bytes of any of n keys may be seen; they stay the caller's. */
void	ear_keys(uint8_t (*keys)[32], size_t n);
/* Fails the test when a piece of a key is there. */
void	see(const void *, size_t len);
/* The next message on a door, seen; 0 when cryptod ended instead. */
int	hear(struct chan *, enum msg_type *, union msg_any *);

#endif
