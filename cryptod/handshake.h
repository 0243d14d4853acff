/*
 * handshake.h -- what netd may ask about handshakes. The requests themselves
 * are on_*() of doors.h.
 */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include "noise.h"

/* Once, before the first request; self lives as long as this room. */
void	handshake_init(const struct key *self);
/* Tell netd that its request failed; sign.c refuses it so, too. */
void	handshake_no(struct chan *, uint32_t req, enum refusal);

#endif
