/* peer.c -- see peer.h. */
#include <sys/socket.h>

#include <stddef.h>

#include "peer.h"

#define GROUPS_MAX	256

int
peer_may(int fd, gid_t group)
{
	gid_t gids[GROUPS_MAX];
	socklen_t len = sizeof(struct ucred);
	struct ucred cred;
	size_t i;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1)
		return 0;
	if (cred.uid == 0)
		return 1;
	if (group == PEER_NO_GROUP)
		return 0;
	if (cred.gid == group)
		return 1;
	len = sizeof(gids);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, gids, &len) == -1)
		return 0;
	for (i = 0; i < len / sizeof(gids[0]); i++)
		if (gids[i] == group)
			return 1;
	return 0;
}
