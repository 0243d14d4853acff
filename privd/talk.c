/*
 * talk.c -- the TCP sockets by which directories talk over the mesh: one that
 * listens, some that dial. All are bound to the TUN: what they send goes to
 * netd and what reaches them comes from it, so a taken netd gains no way into
 * another network by them.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"

#define BACKLOG		16
/* What is sent and not acknowledged for so long ends a connection. */
#define LOST_MS		30000

static void
set(int fd, int level, int what, int value, const char *name)
{
	if (setsockopt(fd, level, what, &value, sizeof(value)) == -1)
		fatal("%s of a socket for the directory", name);
}

/* On the TUN and our mesh address; port 0: the kernel picks one at each dial. */
static int
on_tun(const uint8_t ip6[16], uint16_t port)
{
	struct sockaddr_in6	a = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };
	const char		*tun = house.conf->txt[CONF_TUN_NAME];
	int			 fd;

	fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, tun,
	    (socklen_t)strlen(tun)) == -1)
		fatal("a TCP socket of %s for the directory", tun);
	set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPv6 alone");
	set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, LOST_MS, "patience");
	if (port == 0)
		set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1,
		    "a late port");
	else
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "its port again");
	memcpy(&a.sin6_addr, ip6, 16);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1)
		fatal("TCP port %u of our mesh address for the directory "
		    "(bastide.directory.port)", port);
	return fd;
}

void
talk_fill(void)
{
	struct msg_dir_listen	listener = { .req = 1,
	    .port = (uint16_t)house.conf->num[CONF_DIR_PORT] };
	struct msg_dir_dial	dial = { .req = 1 };
	uint8_t			ip6[16];
	int			fd, i;

	/* Without a TUN the mesh has no TCP; the directory is a local one. */
	if (house.room[PROC_DIRD].pid == 0 ||
	    !house.conf->num[CONF_TUN_ENABLED])
		return;
	mesh_addr(house.self.addr, ip6);
	fd = on_tun(ip6, listener.port);
	if (listen(fd, BACKLOG) == -1)
		fatal("listen for directories");
	SEND(dir_listen, PROC_NETD, &listener, &fd);
	close(fd);
	for (i = 0; i < TALK_CALLS; i++) {
		fd = on_tun(ip6, 0);
		SEND(dir_dial, PROC_NETD, &dial, &fd);
		close(fd);
	}
}
