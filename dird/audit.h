/*
 * audit.h -- the audit stream: what privd was asked about loans, and what came
 * of it. Local to this box, in the journal's store, each record naming the
 * hash of the one before: nothing can be changed or left out unseen.
 *
 * A record is JSON in canonical form: at, prev (64 hex digits, zero in the
 * first), seq, text, what, who.
 */
#ifndef AUDIT_H
#define AUDIT_H

#include <jansson.h>

#include "merkle.h"
#include "store.h"

#define AUDIT_HASH	32
#define AUDIT_LEN	2048		/* of one record */

/* Where a chain stands. Zero it first. */
struct audit_chain {
	uint64_t	 next;		/* seq of the next record */
	uint8_t		 head[AUDIT_HASH];
};

/* The record that goes on in the chain; its length, or -1. */
ssize_t	audit_build(const struct audit_chain *, int64_t at, const char *what,
	    const char *who, const char *text, char *out, size_t cap);
/*
 * Does this record go on in the chain? Then the chain goes on. Returns the
 * record (a reference), or NULL and what is wrong with it.
 */
json_t	*audit_check(struct audit_chain *, const uint8_t *, size_t len,
	    const char **wrong);
/* For store_scan(), all records of a store: where their chain ends; wrong is NULL,
 * or what is wrong with the next. Zero it first. */
struct audit_look {
	struct audit_chain	 chain;
	const char		*wrong;
};
int	audit_look_at(void *look, const struct record *, size_t n);

/* The stream of this room's journal: the next n records from seq from on, an
 * array; NULL with a text when the stream is broken or closed. */
json_t	*audit_page(uint64_t from, unsigned n, const char **wrong);
uint64_t audit_size(void);
/* A tree with a leaf for each record; NULL when the stream is broken or closed. */
const struct merkle *audit_tree(void);
/*
 * The records from seq from on as they are on the disk, each with a newline:
 * as many as surely fit. Length, or -1.
 */
ssize_t	audit_lines(uint64_t from, char *out, size_t cap);
/* Reads it all from the disk once more. 0; or -1, where and what is wrong. */
int	audit_verify(uint64_t *records, const char **wrong);
/* Write one down, for this room itself. 0 once it is on the disk, or -1. */
int	audit_write(const char *what, const char *who, const char *text);

#endif
