/* open.c -- sockets that rooms are given: bound, tuned, non-blocking. */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"

union addr {
	struct sockaddr	     sa;
	struct sockaddr_in   in4;
	struct sockaddr_in6  in6;
};

static socklen_t
addr_len(const union addr *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in4) : sizeof(a->in6);
}

static int
addr_make(const char *ip, uint16_t port, union addr *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, ip, &a->in4.sin_addr) == 1) {
		a->in4.sin_family = AF_INET;
		a->in4.sin_port = htons(port);
		return 0;
	}
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET6, ip, &a->in6.sin6_addr) != 1)
		return -1;
	a->in6.sin6_family = AF_INET6;
	a->in6.sin6_port = htons(port);
	return 0;
}

static int
addr_parse(const char *s, union addr *a)
{
	char		 ip[256];
	uint16_t	 port;

	return conf_hostport(s, ip, &port) == -1 ? -1 : addr_make(ip, port, a);
}

static uint16_t
bound_port(int fd)
{
	union addr	a;
	socklen_t	len = sizeof(a);

	if (getsockname(fd, &a.sa, &len) == -1)
		fatal("port of a socket");
	return ntohs(a.sa.sa_family == AF_INET ? a.in4.sin_port :
	    a.in6.sin6_port);
}

static void
set_buffer(int fd, int force, int plain, uint32_t bytes)
{
	int n = (int)bytes;

	/* Past the machine's limit where we may; as far as it goes where not. */
	if (setsockopt(fd, SOL_SOCKET, force, &n, sizeof(n)) == -1 &&
	    setsockopt(fd, SOL_SOCKET, plain, &n, sizeof(n)) == -1)
		log_warn("socket buffer of %u bytes: %s", bytes,
		    strerror(errno));
}

/* -1 with errno; only6 concerns IPv6 sockets. */
static int
udp_socket(const union addr *a, int only6)
{
	int fd, saved, on = 1;

	fd = socket(a->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (fd == -1)
		return -1;
	if ((a->sa.sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6,
	    IPV6_V6ONLY, &only6, sizeof(only6)) == -1) ||
	    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) == -1 ||
	    bind(fd, &a->sa, addr_len(a)) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
open_one(const struct conf_udp *u, const union addr *a, struct msg_udp *row)
{
	int fd = udp_socket(a, 1);

	if (fd == -1 && errno == EADDRINUSE)
		fatalx("UDP %s is taken by another program, perhaps another "
		    "node; stop it or change transports.udp bind_addr "
		    "(line %u)", u->bind_addr, u->line);
	if (fd == -1 && errno == EADDRNOTAVAIL)
		fatalx("this machine has no address for UDP %s; change "
		    "transports.udp bind_addr (line %u)", u->bind_addr, u->line);
	if (fd == -1)
		fatal("open UDP %s (transports.udp bind_addr, line %u)",
		    u->bind_addr, u->line);
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, u->recv_buf);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, u->send_buf);
	memset(row, 0, sizeof(*row));
	row->name_len = (uint16_t)strnlen(u->name, sizeof(row->name));
	memcpy(row->name, u->name, row->name_len);
	row->family = a->sa.sa_family == AF_INET ? 4 : 6;
	row->port = bound_port(fd);
	if (row->family == 4)
		memcpy(row->bind, &a->in4.sin_addr, 4);
	else
		memcpy(row->bind, &a->in6.sin6_addr, 16);
	row->mtu = u->mtu;
	row->accept = u->accept;
	row->outbound_only = u->outbound_only;
	return fd;
}

int
open_udp(const struct conf_udp *u, struct msg_udp row[2], int fd[2])
{
	union addr a, any4;

	if (addr_parse(u->outbound_only ? "0.0.0.0:0" : u->bind_addr, &a) == -1)
		conf_fatal("%s:%u: transports.udp bind_addr '%s' is not "
		    "address:port", house.conf_name, u->line, u->bind_addr);
	fd[0] = open_one(u, &a, &row[0]);
	/* [::] means every address; our IPv6 sockets carry IPv6 only. */
	if (a.sa.sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_UNSPECIFIED(&a.in6.sin6_addr))
		return 1;
	addr_make("0.0.0.0", row[0].port, &any4);
	fd[1] = open_one(u, &any4, &row[1]);
	return 2;
}

int
open_dns(const char *ip, uint16_t port)
{
	union addr	a;
	int		fd;

	if (addr_make(ip, port, &a) == -1)
		conf_fatal("%s: dns.bind_addr '%s' is not an address",
		    house.conf_name, ip);
	fd = udp_socket(&a, 0);
	if (fd == -1 && errno == EADDRINUSE)
		fatalx("the .fips responder cannot have [%s]:%u: another "
		    "program holds it, perhaps another node; stop it or "
		    "change dns.port", ip, port);
	if (fd == -1 && errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT)
		fatal("open [%s]:%u for the .fips responder (dns.bind_addr, "
		    "dns.port)", ip, port);
	if (fd == -1)
		log_warn("no .fips names: this machine has no address %s; is "
		    "its loopback up? (dns.bind_addr)", ip);
	return fd;
}

static int
open_resolver(const char *ip)
{
	union addr	a;
	int		fd;

	if (addr_make(ip, 53, &a) == -1)
		return -1;
	fd = socket(a.sa.sa_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd != -1 && connect(fd, &a.sa, addr_len(&a)) == -1) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int
open_resolvers(int *fd, int max)
{
	char	line[256], ip[64];
	FILE	*f = fopen("/etc/resolv.conf", "re");
	int	n = 0;

	while (f != NULL && n < max && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "nameserver %63s", ip) == 1 &&
		    (fd[n] = open_resolver(ip)) != -1)
			n++;
	if (f != NULL)
		fclose(f);
	return n;
}
