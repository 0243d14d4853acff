/*
 * entry.h -- a signed object: envelope, body, signature.
 *
 * raw is what is kept, hashed and exchanged: the signed bytes
 * ("bastide/v1/" type "\n" canonical envelope) and 64 bytes of signature.
 */
#ifndef ENTRY_H
#define ENTRY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "object.h"
#include "span.h"
#include "why.h"

#define SIG_LEN		64
#define KEY_LEN		32
#define ID_LEN		32
#define ENTRY_MAX	65535	/* raw; tlog-tiles counts in 16 bits */
#define ENTRY_LINE_MAX	(ENTRY_MAX + 512)
#define ENTRY_ANCIENT	INT64_C(1704067200)	/* 2024-01-01 */
#define ENTRY_AHEAD_S	600	/* how far a good clock may be ahead of ours */

struct entry {
	const uint8_t	*raw;		/* not ours */
	size_t		 len;
	enum object	 type;
	char		 author[DID_LEN + 1];
	uint64_t	 seq;
	int		 has_prev;
	uint8_t		 prev[ID_LEN];
	int64_t		 created_at;
	struct span	 body;		/* into raw */
	uint8_t		 id[ID_LEN];
};

/* Opens libsecp256k1 and libsodium; once, before entry_check(). 0 or -1. */
int	entry_init(void);
/* "did:plc:" and 32 hex digits; out gets a NUL too. */
void	did_of(const uint8_t pub[KEY_LEN], char did[DID_LEN + 1]);
void	service_id_of(const char *did, const char *name, char out[33]);
void	subscription_id_of(const char *did, const char *service_id, char out[33]);
/* What the mesh key signs (BIP-340) in a NodeRecord. */
void	mesh_claim(const char *did, uint8_t digest[32]);

/*
 * e from raw whose form was checked before; e points into raw. -1 if it
 * cannot be read. Cheap: no memory, no JSON library.
 */
int	entry_read(const void *raw, size_t len, struct entry *e,
	    struct because *);
/*
 * Everything about raw that can be known without other entries and without a
 * key: canonical form, envelope, body, derived ids, dates, both halves of a
 * NodeRecord. now 0 leaves the clock out.
 */
int	entry_check(const void *raw, size_t len, int64_t now, struct entry *e,
	    struct because *);
/* The same of an entry as entry_read() gave it. */
int	entry_check_read(struct entry *, int64_t now, struct because *);
/* The key that a Genesis or Join brings along; -1 for other types. */
int	entry_key(const struct entry *, uint8_t pub[KEY_LEN]);
/* did and key belong together, and the signature is the key's. */
int	entry_verify(const struct entry *, const uint8_t pub[KEY_LEN],
	    struct because *);

/* Signed bytes of a new entry; prev NULL for the first. Length, or -1. */
ssize_t	entry_build(enum object, const char *author, uint64_t seq,
	    const uint8_t *prev, int64_t created_at, const json_t *body,
	    uint8_t *out, size_t cap, struct because *);

/*
 * entry_line.c: one line of an export, without the newline, and back:
 * {"chain":hex,"envelope":{...},"sig":hex}. Length, or -1.
 */
ssize_t	entry_line(const struct entry *, const uint8_t chain[ID_LEN],
	    char *out, size_t cap);
ssize_t	entry_unline(const char *line, size_t len, uint8_t chain[ID_LEN],
	    uint8_t *raw, size_t cap, struct because *);

#endif
