/*
 * sign.h -- what this node says of its place in the mesh. The requests are
 * on_*() of doors.h.
 *
 * Never "these bytes": what is signed is built here from named fields, and
 * the address in it is our own.
 */
#ifndef SIGN_H
#define SIGN_H

#include "noise.h"

/* Once, before the first request; self lives as long as this room. */
void	sign_init(const struct key *self);

#endif
