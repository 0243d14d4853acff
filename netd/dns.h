/* dns.h -- the .fips responder; libevent's DNS server parses. */
#ifndef NETD_DNS_H
#define NETD_DNS_H

#include "netd.h"

void	dns_add(int fd, uint16_t port);
void	dns_start(struct event_base *);

#endif
