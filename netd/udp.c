/*
 * udp.c -- the UDP sockets that privd bound. udp_in.c reads them, udp_out.c
 * sends. Nothing here makes one.
 */
#include <event2/event.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "link.h"
#include "endpoint.h"
#include "ip6.h"
#include "udp.h"
#define LOG_TARGET "fips::transport::udp"
#include "log.h"

static struct udp	udps[UDP_MAX];
static unsigned		nudp;

/*
 * Both before the sandbox shuts. Trains of datagrams come in one piece where
 * the kernel knows how (Linux 5.0).
 */
static void
set_options(struct udp *u)
{
	int one = 1;

	if (setsockopt(u->fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one)) == -1)
		log_warn("the kernel's drops on UDP port %u will not be counted: %s",
		    u->port, strerror(errno));
	if (netd.conf[CONF_BASTIDE_UDP_OFFLOAD] &&
	    setsockopt(u->fd, SOL_UDP, UDP_GRO, &one, sizeof(one)) == -1)
		log_info("UDP port %u: one datagram a piece: %s", u->port,
		    strerror(errno));
}

int
udp_add(int fd, const struct msg_udp *m)
{
	struct udp	*u;

	if (nudp == UDP_MAX)
		return -1;
	u = &udps[nudp++];
	u->fd = fd;
	memcpy(u->name, m->name, m->name_len);
	u->family = m->family;
	u->port = m->port;
	u->mtu = m->mtu;
	memcpy(u->bind, m->bind, sizeof(u->bind));
	u->accept = m->accept;
	u->outbound_only = m->outbound_only;
	set_options(u);
	return 0;
}

unsigned
udp_count(void)
{
	return nudp;
}

struct udp *
udp_get(unsigned i)
{
	return i < nudp ? &udps[i] : NULL;
}

int
udp_for_family(int family)
{
	unsigned i;

	for (i = 0; i < nudp; i++)
		if (udps[i].family == family)
			return (int)i;
	return -1;
}

uint16_t
udp_min_mtu(void)
{
	uint16_t mtu = UINT16_MAX;
	unsigned i;

	for (i = 0; i < nudp; i++)
		if (udps[i].mtu < mtu)
			mtu = udps[i].mtu;
	return nudp == 0 ? 1280 : mtu;
}

void
udp_start(struct event_base *base)
{
	unsigned i;

	for (i = 0; i < nudp; i++) {
		udps[i].ev = event_new(base, udps[i].fd, EV_READ | EV_PERSIST,
		    udp_readable, &udps[i]);
		if (udps[i].ev == NULL || event_add(udps[i].ev, NULL) == -1)
			fatalx("cannot watch UDP port %u", udps[i].port);
	}
}

static void
pause_all(int on)
{
	unsigned i;

	for (i = 0; i < nudp; i++)
		if ((on ? event_del(udps[i].ev) : event_add(udps[i].ev, NULL)) == -1)
			fatalx("cannot watch UDP port %u", udps[i].port);
}

/* With nothing to read into, do not be told of more; a quarter free is enough again. */
void
udp_mind(void)
{
	static int	paused;
	unsigned	least = udp_reserve() + (paused ? pipe_slots() / 4 : 0);

	if (paused == (pipe_free() > least)) {
		paused = !paused;
		pause_all(paused);
	}
	if (!paused)
		udp_go_on();
}
