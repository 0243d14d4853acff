/*
 * dir_sign.h -- what this node says in its directory. The requests are on_*()
 * of doors.h.
 *
 * dird names what it wants; the author, the origin and every byte that tells
 * one kind of signature from another are written here. What was signed in this
 * life is remembered, so a taken dird cannot have this node tell two stories.
 */
#ifndef DIR_SIGN_H
#define DIR_SIGN_H

#include "dir_key.h"
#include "noise.h"

/* Logs whose last cosigned head is remembered. */
#define COSIGN_LOGS	256

/* Once, before the first request; both keys live as long as this room. */
void	dir_sign_init(const struct dir_key *, const struct key *mesh);

#endif
