/*
 * canon.h -- is this text the canonical form (RFC 8785) of a typed object's
 * body? And the envelope around it. No memory, no JSON library: for the room
 * that signs, which takes nobody's word for what it signs.
 */
#ifndef CANON_H
#define CANON_H

#include <sys/types.h>

#include "span.h"
#include "typed.h"

/* All that is signed begins so, but the log's notes; then its type. */
#define CANON_PREFIX	"bastide/v1/"

/*
 * 0 only if text is what the canonical writer makes of a body that the row
 * of this type allows. scratch has room for len + 1 bytes.
 */
int	canon_body(enum object, const char *text, size_t len, char *scratch);
/*
 * CANON_PREFIX type "\n" and the canonical envelope around a checked body:
 * the bytes that are signed. prev NULL for the first. Length, or -1: no room.
 */
ssize_t	canon_entry(enum object, const char *author, uint64_t seq,
	    const uint8_t *prev, int64_t created_at, struct span body,
	    uint8_t *out, size_t cap);

/* Which log of a node; the origin of its checkpoints, that follows from it. */
enum dir_log { DIR_JOURNAL = 1, DIR_AUDIT };
#define ORIGIN_MAX	(DID_LEN + 16)
void	dir_origin(const char *did, enum dir_log, char out[ORIGIN_MAX]);
/* What the mesh key signs, by its hash, for a did. Length; out has room. */
#define CLAIM_MAX	(DID_LEN + 32)
size_t	claim_text(const char *did, char out[CLAIM_MAX]);
/* What a consumer signs over a provider's nonce. Length; out has room. */
#define SUB_PROOF_MAX	256
size_t	sub_proof_text(const char *did, const uint8_t nonce[32],
	    const uint8_t service[16], char out[SUB_PROOF_MAX]);

#endif
