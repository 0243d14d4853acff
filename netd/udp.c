/*
 * udp.c -- UDP sockets: datagrams into slots in batches, and out in batches.
 *
 * Knows sockets and endpoints, no frames: what arrives goes to link_input().
 * privd bound the sockets; nothing here makes one. A send that fails is
 * counted; no error of a socket ends the process.
 */
#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link.h"
#include "endpoint.h"
#include "ip6.h"
#include "udp.h"
#define LOG_TARGET "fips::transport::udp"
#include "log.h"

enum {
	RECV_BATCH = 64,	/* datagrams read in one turn of the loop */
	RECV_TURN = 4,		/* batches in one turn of the loop */
	SEND_BATCH = 64,
	PUNCH_LEN = 24		/* NAT punch packets of Nostr discovery */
};

/* One sendmmsg() of one socket. */
struct batch {
	struct mmsghdr	msg[SEND_BATCH];
	struct iovec	iov[SEND_BATCH];
	union sock_name	to[SEND_BATCH];
	uint8_t		*data;		/* SEND_BATCH times the largest MTU */
	size_t		room;		/* that MTU */
	unsigned	count;
	unsigned	transport;
};

static struct udp	udps[UDP_MAX];
static unsigned		nudp;
static struct batch	out;

/* Before GO only: the batch can take the largest datagram of any transport. */
static void
make_room(size_t mtu)
{
	if (mtu <= out.room)
		return;
	free(out.data);
	out.data = calloc(SEND_BATCH, mtu);
	if (out.data == NULL)
		fatal("memory for datagrams of %zu bytes", mtu);
	out.room = mtu;
}

int
udp_add(int fd, const struct msg_udp *m)
{
	struct udp	*u;
	int		 one = 1;

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
	make_room(udp_frame_limit(u->mtu));
	if (setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof(one)) == -1)
		log_warn("the kernel's drops on UDP port %u will not be counted: %s",
		    u->port, strerror(errno));
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

/* -- in --------------------------------------------------------------------- */

/* Hole punches that a Nostr traversal leaves behind ("NPTC", "NPTA") are no frames. */
static int
is_punch(const uint8_t *p, size_t len)
{
	return len == PUNCH_LEN && memcmp(p, "NPT", 3) == 0 &&
	    (p[3] == 'C' || p[3] == 'A');
}

/* The kernel says how many datagrams it has thrown away on this socket so far. */
static void
note_drops(struct udp *u, struct msghdr *h)
{
	struct cmsghdr	*c;
	uint32_t	 drops;

	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&drops, CMSG_DATA(c), sizeof(drops));
		u->stats.kernel_drops = drops;
	}
}

/* One datagram that stands in w's slot. Takes w. */
static void
take(struct udp *u, struct work *w, struct msghdr *h, unsigned len)
{
	note_drops(u, h);
	if (h->msg_flags & MSG_TRUNC) {
		refuse(REFUSE_FRAME_TOO_LONG);
		pipe_put(w);
		return;
	}
	if (endpoint_from(&w->ep, (unsigned)(u - udps), h->msg_name) == -1 ||
	    is_punch(w->buf + w->off, len)) {
		pipe_put(w);
		return;
	}
	u->stats.packets_recv++;
	u->stats.bytes_recv += len;
	w->len = len;
	w->at_ms = netd.now_ms;
	w->at_us = netd.now_us;
	link_input(w);
}

/* As many as there are slots for, up to a batch; was that all? */
static int
read_batch(struct udp *u)
{
	static struct mmsghdr	 msg[RECV_BATCH];
	static struct iovec	 iov[RECV_BATCH];
	static union sock_name	 from[RECV_BATCH];
	static _Alignas(struct cmsghdr) char
				 ctl[RECV_BATCH][CMSG_SPACE(sizeof(uint32_t))];
	static struct work	*w[RECV_BATCH];
	int			 i, got, slots;

	for (slots = 0; slots < RECV_BATCH && pipe_free() > PIPE_SPARE; slots++) {
		w[slots] = pipe_get();
		iov[slots].iov_base = w[slots]->buf + w[slots]->off;
		iov[slots].iov_len = pipe_room(w[slots]);
		memset(&msg[slots], 0, sizeof(msg[slots]));
		msg[slots].msg_hdr.msg_name = &from[slots];
		msg[slots].msg_hdr.msg_namelen = sizeof(from[slots]);
		msg[slots].msg_hdr.msg_iov = &iov[slots];
		msg[slots].msg_hdr.msg_iovlen = 1;
		msg[slots].msg_hdr.msg_control = ctl[slots];
		msg[slots].msg_hdr.msg_controllen = sizeof(ctl[slots]);
	}
	got = recvmmsg(u->fd, msg, (unsigned)slots, MSG_DONTWAIT, NULL);
	if (got == -1) {
		if (errno != EAGAIN && errno != EINTR)
			u->stats.recv_errors++;
		got = 0;
	}
	for (i = 0; i < got; i++)
		take(u, w[i], &msg[i].msg_hdr, msg[i].msg_len);
	for (; i < slots; i++)
		pipe_put(w[i]);
	return got == 0 || got < RECV_BATCH;
}

/*
 * More than one batch, for the kernel's queue knows no peers: a flood in it
 * pushes out everybody. Here the frames of one who floods cost little.
 */
static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	int i;

	(void)fd;
	(void)what;
	netd_clock();
	for (i = 0; i < RECV_TURN && !read_batch(arg); i++)
		continue;
}

void
udp_start(struct event_base *base)
{
	unsigned i;

	for (i = 0; i < nudp; i++) {
		udps[i].ev = event_new(base, udps[i].fd, EV_READ | EV_PERSIST,
		    on_readable, &udps[i]);
		if (udps[i].ev == NULL || event_add(udps[i].ev, NULL) == -1)
			fatalx("cannot watch UDP port %u", udps[i].port);
	}
}

void
udp_pause(int on)
{
	unsigned i;

	for (i = 0; i < nudp; i++)
		if ((on ? event_del(udps[i].ev) : event_add(udps[i].ev, NULL)) == -1)
			fatalx("cannot watch UDP port %u", udps[i].port);
}

/* -- out -------------------------------------------------------------------- */

static void
note_send_error(struct udp *u)
{
	u->stats.send_errors++;
	refuse(REFUSE_UDP_SEND);
}

/*
 * An error belongs to the first datagram that was not sent: it is dropped and
 * the rest tried. A full socket drops all that is left; the link is lossy.
 */
void
udp_flush(void)
{
	struct udp	*u = &udps[out.transport];
	unsigned	 at = 0;
	int		 n;

	while (at < out.count) {
		n = sendmmsg(u->fd, out.msg + at, out.count - at, MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n > 0) {
			for (; n > 0; n--, at++) {
				u->stats.packets_sent++;
				u->stats.bytes_sent += out.iov[at].iov_len;
			}
			continue;
		}
		if (errno == EAGAIN || errno == ENOBUFS) {
			for (; at < out.count; at++)
				note_send_error(u);
			break;
		}
		note_send_error(u);
		at++;
	}
	out.count = 0;
}

int
udp_send(const struct endpoint *ep, const void *data, size_t len)
{
	struct udp	*u = udp_get(ep->transport);
	unsigned	 i;

	if (u == NULL || (ep->family != 4 && ep->family != 6)) {
		refuse(REFUSE_UDP_SEND);
		return -1;
	}
	if (len > udp_frame_limit(u->mtu)) {
		u->stats.mtu_exceeded++;
		refuse(REFUSE_UDP_SEND);
		return -1;
	}
	if (out.count == SEND_BATCH ||
	    (out.count > 0 && out.transport != ep->transport))
		udp_flush();
	out.transport = ep->transport;
	i = out.count++;
	out.iov[i].iov_base = out.data + i * out.room;
	memcpy(out.iov[i].iov_base, data, len);
	out.iov[i].iov_len = len;
	memset(&out.msg[i], 0, sizeof(out.msg[i]));
	out.msg[i].msg_hdr.msg_name = &out.to[i];
	out.msg[i].msg_hdr.msg_namelen = endpoint_to(ep, &out.to[i]);
	out.msg[i].msg_hdr.msg_iov = &out.iov[i];
	out.msg[i].msg_hdr.msg_iovlen = 1;
	return 0;
}
