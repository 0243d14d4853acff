/*
 * udp_world.h -- netd's UDP on loopback: the test plays the pool of slots, and
 * the links that get what came.
 */
#ifndef UDP_WORLD_H
#define UDP_WORLD_H

#include <event2/event.h>

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "../../netd/endpoint.h"
#include "link.h"
#include "suite.h"
#include "udp.h"

extern unsigned		 free_slots, sealing;
extern int		 keep_slots;	/* who gets one does not give it back */
/* What came, and of each datagram the first byte, the length and the sender. */
extern unsigned		 nin;
extern uint8_t		 in[256];
extern size_t		 in_len[256];
extern struct endpoint	 in_ep[256];
extern unsigned		 nhurry, hurried_at[256];	/* when so many were in */
extern unsigned		 stood_for;	/* with what a filter left out */

/* A socket on loopback; *ep is where it hears. */
int	bound_socket(struct endpoint *ep);
/* A transport on loopback; *ep is where it hears. */
void	open_socket(struct endpoint *ep, uint16_t mtu);
/* Reads until so many came, or nothing more does. */
void	listen_for(unsigned want);

#endif
