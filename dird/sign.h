/*
 * sign.h -- asks cryptod for signatures and remembers who waits. Nothing here
 * blocks; answers come through on_dir_signed() and on_sign_no().
 */
#ifndef SIGN_H
#define SIGN_H

#include "canon.h"
#include "chan.h"
#include "entry.h"
#include "note.h"

/* Requests that can wait at one time. */
#define SIGN_WAITING	256

/* sig is NULL when cryptod refused, and why says so. */
typedef void	(*sign_done)(void *arg, const uint8_t *sig, enum refusal why);

/* The door to cryptod; once. It stays the caller's. */
void	sign_init(struct chan *cryptod);
/*
 * All below: 0 and done will be called once; -1 and it will not: too many
 * wait, or the door is shut.
 *
 * draft is what entry_read() makes of the bytes of entry_build() with room for
 * a signature behind them; where the signature belongs is
 * draft->raw + draft->len - SIG_LEN. What was signed with a seq stands: admit
 * the draft to the view before asking.
 */
int	sign_entry(const struct entry *draft, sign_done, void *arg);
/* The mesh key for our did, as a NodeRecord carries it. */
int	sign_claim(sign_done, void *arg);
/* The checkpoint text that dir_origin() and checkpoint_write() give. */
int	sign_head(enum dir_log, uint64_t size, const uint8_t root[HASH_LEN],
	    sign_done, void *arg);
/* cosignature_pack() makes a line of it; witness_decide() comes before. */
int	sign_cosign(const struct checkpoint *, uint64_t when, sign_done,
	    void *arg);
/* What sub_proof_text() gives. */
int	sign_sub_proof(const uint8_t nonce[32], const uint8_t service[16],
	    sign_done, void *arg);

#endif
