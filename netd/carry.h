/*
 * carry.h -- the directory's TCP over the mesh: netd has the sockets, dird
 * gets and gives the bytes. What they say is none of netd's business.
 */
#ifndef NETD_CARRY_H
#define NETD_CARRY_H

#include "netd.h"

struct peer;

/* From privd: the listening socket, and those that dial. */
void	 carry_listen(int fd, uint16_t port);
void	 carry_dial(int fd);
/* Where we dial to; 0 without a directory on the mesh. */
uint16_t carry_port(void);
void	 carry_start(void);
/* Ends what has taken too long; in how many ms to be called again. */
uint64_t carry_tick(void);
/* A peer's link came up: dird is told. */
void	 carry_peer(const struct peer *);
/* dird listens: it is told of those that are there, and of whoever comes. */
void	 carry_near_go(void);

#endif
