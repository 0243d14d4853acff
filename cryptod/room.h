/* room.h -- the life of this room, apart from how it is shut in. */
#ifndef ROOM_H
#define ROOM_H

/*
 * Serve until privd, netd or dird closes its door; 0 then. dird_fd may be -1.
 * Boot as privd leads it:
 * configuration, key folder, ring; then shut() gives everything up, READY, GO.
 * Fatal when anything fails or a neighbour breaks a rule. Once in a process.
 */
int	cryptod_run(int privd_fd, int netd_fd, int dird_fd, void (*shut)(void));

#endif
