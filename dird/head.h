/*
 * head.h -- own checkpoints: a signed word on how long the journal is and what
 * its tree hashes to. Made a moment after it grew, kept in the journal itself.
 */
#ifndef HEAD_H
#define HEAD_H

#include <stddef.h>

#include "canon.h"
#include "note.h"

#define HEAD_NOTE	1536	/* bytes of a checkpoint of ours, signed */

void	head_start(void);
/* The journal grew. */
void	head_soon(void);
/* The newest as a signed note, or NULL while there is none. */
const char *head_note(size_t *len);
/* What a log of ours is called and verified with; -1 without a key that lasts. */
int	head_key(enum dir_log, struct note_key *);
/* A checkpoint of it, with this signature, as a note. Length, or -1. */
ssize_t	head_write(enum dir_log, const struct checkpoint *,
	    const uint8_t *sig, char *out, size_t cap);

#endif
