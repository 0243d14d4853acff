/*
 * dir_key.h -- the key this node signs its directory with: Ed25519, kept as
 * 64 hex digits beside the mesh key. Boot only, like key.h.
 */
#ifndef DIR_KEY_H
#define DIR_KEY_H

#include <stdint.h>

#include "msg.h"
#include "typed.h"

#define DIR_KEY_FILE	"directory.key"

struct dir_key {
	uint8_t	sec[64];	/* as libsodium keeps it: seed, public key */
	uint8_t	pub[32];
	char	did[DID_LEN + 1];
};

/*
 * KEY_EPHEMERAL: a new one. Else the file in the folder dirfd, made when it is
 * not there: a configured identity keeps its directory key in a file too.
 */
const struct dir_key	*dir_key_load(enum key_mode, int dirfd);
/* Fills the other fields from the seed in sec. */
void	dir_key_from_seed(struct dir_key *);

#endif
