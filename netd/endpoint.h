/* endpoint.h -- endpoints as socket names; text forms are in udp.h. */
#ifndef NETD_ENDPOINT_H
#define NETD_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "pipe.h"

union sock_name {
	struct sockaddr		sa;
	struct sockaddr_in	in;
	struct sockaddr_in6	in6;
};

/* Family and address; an IPv4 address in IPv6 clothes is the IPv4 address. */
void		endpoint_set6(struct endpoint *, const struct in6_addr *,
		    uint32_t scope);
/* 0, or -1 for a family that is not ours. */
int		endpoint_from(struct endpoint *, unsigned transport,
		    const union sock_name *);
/* Length of the name. */
socklen_t	endpoint_to(const struct endpoint *, union sock_name *);

#endif
