/*
 * key.h -- who this node is: its key, where it comes from, where it is kept.
 *
 * Everything here happens at boot, before this room gives up the file system.
 * What is wrong is fatal and says what it is and what to do.
 */
#ifndef KEY_H
#define KEY_H

#include "msg.h"
#include "noise.h"

#define KEY_FILE	"fips.key"
#define PUB_FILE	"fips.pub"

/* Where a secret stands in the configuration. */
struct key_hole {
	size_t	at, len;	/* len 0: none */
};

/*
 * Look for node.identity.nsec in the configuration open at fd, and keep it.
 * name is for messages. fd stays the caller's.
 */
void	key_read_conf(int fd, const char *name, struct key_hole *);
/*
 * The identity: KEY_CONFIGURED, what key_read_conf() kept; KEY_PERSISTENT,
 * the file in the folder dirfd, made when it is not there; KEY_EPHEMERAL, a
 * new one. It stands in locked, read-only memory for as long as we live.
 */
const struct key	*key_load(enum key_mode, int dirfd);

#endif
