/* peer.h -- who is at the other end of a local socket, by the kernel's word. */
#ifndef PEER_H
#define PEER_H

#include <sys/types.h>

#define PEER_NO_GROUP	((gid_t)-1)

/* Root, or in the group when it connected; PEER_NO_GROUP: root only. */
int	peer_may(int fd, gid_t group);

#endif
