/*
 * witness.h -- tlog-witness: may this checkpoint of another log be cosigned?
 * It decides; the caller keeps the checkpoint, asks for the signature, answers.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include "note.h"

#define WITNESS_NOTE	8192	/* bytes of a checkpoint with its signatures, at most */

struct witness_log {
	struct note_key	 key;		/* origin is key.name */
	uint64_t	 size;		/* of the last checkpoint cosigned */
	uint8_t		 root[HASH_LEN];
	int		 split;		/* it showed two histories: no more trust */
};

struct witness_ask {
	uint64_t	 old;
	struct proof	 proof;
	struct note	 note;
	struct checkpoint head;
};

/* The body of add-checkpoint; note points into body. */
int	witness_parse(const char *body, size_t len, struct witness_ask *,
	    struct because *);
/*
 * The HTTP status for a request about this log, NULL when it is not known: 200
 * only if every check passed. WHY_SPLIT: the log signed two roots for one size;
 * keep both notes as proof.
 */
int	witness_decide(const struct witness_log *, const struct witness_ask *,
	    struct because *);
/* The other end: a body for add-checkpoint. */
ssize_t	witness_write(uint64_t old, const struct proof *, const char *note,
	    size_t len, char *out, size_t cap);

#endif
