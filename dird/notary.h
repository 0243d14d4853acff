/*
 * notary.h -- this node as a witness (C2SP tlog-witness): which logs it knows,
 * the newest checkpoint of each that it cosigned, and proof when one of them
 * showed two histories. Kept in the journal's store.
 */
#ifndef NOTARY_H
#define NOTARY_H

#include <jansson.h>

#include "note.h"

void	notary_start(void);
/* What this node cosigns with; -1 without a key that lasts. */
int	notary_key(const char *did, const uint8_t pub[32], struct note_key *);
/* The logs, their sizes, and whether they split: an array. */
json_t	*notary_status(void);

#endif
