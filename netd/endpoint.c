/* endpoint.c -- endpoints as socket names and as text. No I/O. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "endpoint.h"
#include "udp.h"

void
endpoint_set6(struct endpoint *ep, const struct in6_addr *a, uint32_t scope)
{
	if (IN6_IS_ADDR_V4MAPPED(a)) {
		ep->family = 4;
		memcpy(ep->ip, a->s6_addr + 12, 4);
		return;
	}
	ep->family = 6;
	memcpy(ep->ip, a->s6_addr, 16);
	if (IN6_IS_ADDR_LINKLOCAL(a))
		ep->scope = scope;
}

int
endpoint_from(struct endpoint *ep, unsigned transport, const union sock_name *n)
{
	memset(ep, 0, sizeof(*ep));
	ep->transport = (uint8_t)transport;
	switch (n->sa.sa_family) {
	case AF_INET:
		ep->family = 4;
		ep->port = ntohs(n->in.sin_port);
		memcpy(ep->ip, &n->in.sin_addr, 4);
		return 0;
	case AF_INET6:
		ep->port = ntohs(n->in6.sin6_port);
		endpoint_set6(ep, &n->in6.sin6_addr, n->in6.sin6_scope_id);
		return 0;
	default:
		return -1;
	}
}

/* Our IPv6 sockets take no mapped addresses, so each goes by its own family. */
socklen_t
endpoint_to(const struct endpoint *ep, union sock_name *n)
{
	memset(n, 0, sizeof(*n));
	if (ep->family == 4) {
		n->in.sin_family = AF_INET;
		n->in.sin_port = htons(ep->port);
		memcpy(&n->in.sin_addr, ep->ip, 4);
		return sizeof(n->in);
	}
	n->in6.sin6_family = AF_INET6;
	n->in6.sin6_port = htons(ep->port);
	n->in6.sin6_scope_id = ep->scope;
	memcpy(&n->in6.sin6_addr, ep->ip, 16);
	return sizeof(n->in6);
}

void
endpoint_text(const struct endpoint *ep, char text[64])
{
	char ip[INET6_ADDRSTRLEN] = "?";

	inet_ntop(ep->family == 4 ? AF_INET : AF_INET6, ep->ip, ip, sizeof(ip));
	if (ep->family == 4)
		snprintf(text, 64, "%s:%u", ip, ep->port);
	else if (ep->scope != 0)
		snprintf(text, 64, "[%s%%%u]:%u", ip, ep->scope, ep->port);
	else
		snprintf(text, 64, "[%s]:%u", ip, ep->port);
}
