/*
 * udp_out.c -- datagrams out, from the slots they stand in.
 *
 * Those of one size to one endpoint wait for the end of the turn and leave as
 * a train: one message that the kernel, or the network card, cuts. Where a
 * route or a card does not, the same datagrams go one by one, and trains are
 * tried again later. A send that fails is counted; no error of a socket ends
 * the process.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "link.h"
#include "endpoint.h"
#include "ip6.h"
#include "udp.h"

enum {
	TRAINS = 32,
	CARS = 64,			/* what every kernel with trains takes */
	TRAIN_BYTES = 65000,
	REFUSERS = 64,			/* endpoints to which no train goes */
	AGAIN_MS = 60000,
	COMING = 16,			/* so many with cryptod: a train may wait, */
	TURNS = 3,			/* so long */
};

struct train {
	struct endpoint	 ep;
	union sock_name	 to;
	socklen_t	 to_len;
	struct work	*w[CARS];
	struct iovec	 iov[CARS];
	unsigned	 n;
	size_t		 size, bytes;
	int		 shut;		/* a shorter one is the last */
	int		 urgent;	/* somebody waits for one of them */
	unsigned	 turns;		/* it waited for the next cars */
	_Alignas(struct cmsghdr) char ctl[CMSG_SPACE(sizeof(uint16_t))];
};

static struct train	trains[TRAINS];	/* in the order in which they began */
static unsigned		ntrain;
static struct { struct endpoint ep; uint64_t until_ms; } refuser[REFUSERS];

static unsigned
hash(const struct endpoint *ep)
{
	uint32_t h = (uint32_t)ep->port << 16 ^ ep->transport, i, word;

	for (i = 0; i < sizeof(ep->ip); i += 4) {
		memcpy(&word, ep->ip + i, 4);
		h = (h ^ word) * 0x9e3779b1u;
	}
	return (h >> 16) % REFUSERS;
}

static int
may_couple(const struct endpoint *ep)
{
	unsigned i = hash(ep);

	return netd.conf[CONF_BASTIDE_UDP_OFFLOAD] &&
	    (refuser[i].until_ms <= netd.now_ms ||
	    memcmp(&refuser[i].ep, ep, sizeof(*ep)) != 0);
}

static void
note_send_error(struct udp *u)
{
	u->stats.send_errors++;
	refuse(REFUSE_UDP_SEND);
}

static void
note_sent(struct udp *u, size_t len)
{
	u->stats.packets_sent++;
	u->stats.bytes_sent += len;
}

/* 0, or the error. */
static int
send_one(struct udp *u, const struct msghdr *h)
{
	ssize_t n;

	do
		n = sendmsg(u->fd, h, MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	return n == -1 ? errno : 0;
}

/*
 * One by one, in batches. An error belongs to the first datagram that was not
 * sent: it is dropped and the rest tried. A full socket drops all that is
 * left; the link is lossy.
 */
static void
send_cars(struct udp *u, struct train *t)
{
	struct mmsghdr	msg[CARS];
	unsigned	at = 0, i;
	int		n;

	memset(msg, 0, t->n * sizeof(*msg));
	for (i = 0; i < t->n; i++) {
		msg[i].msg_hdr.msg_name = &t->to;
		msg[i].msg_hdr.msg_namelen = t->to_len;
		msg[i].msg_hdr.msg_iov = &t->iov[i];
		msg[i].msg_hdr.msg_iovlen = 1;
	}
	while (at < t->n) {
		n = sendmmsg(u->fd, msg + at, t->n - at, MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		for (; n > 0; n--)
			note_sent(u, t->iov[at++].iov_len);
		if (n == 0)
			continue;
		if (errno == EAGAIN || errno == ENOBUFS) {
			for (; at < t->n; at++)
				note_send_error(u);
			break;
		}
		note_send_error(u);
		at++;
	}
}

/* What the kernel says who cannot cut it, for this way or card; all else passes. */
static int
is_for_good(int why)
{
	return why == EINVAL || why == EIO || why == EMSGSIZE ||
	    why == EOPNOTSUPP;
}

/* 0, or -1: not as a train. */
static int
send_train(struct udp *u, struct train *t)
{
	struct msghdr	h = {
		.msg_name = &t->to, .msg_namelen = t->to_len,
		.msg_iov = t->iov, .msg_iovlen = t->n,
		.msg_control = t->ctl, .msg_controllen = sizeof(t->ctl),
	};
	struct cmsghdr	*c = CMSG_FIRSTHDR(&h);
	uint16_t	 size = (uint16_t)t->size;
	unsigned	 i, at = hash(&t->ep);
	int		 why;

	c->cmsg_level = SOL_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof(size));
	memcpy(CMSG_DATA(c), &size, sizeof(size));
	why = send_one(u, &h);
	if (why == EAGAIN || why == ENOBUFS) {
		for (i = 0; i < t->n; i++)
			note_send_error(u);
		return 0;
	}
	if (is_for_good(why)) {
		refuser[at].ep = t->ep;
		refuser[at].until_ms = netd.now_ms + AGAIN_MS;
	}
	if (why != 0)
		return -1;
	u->stats.trains_sent++;
	u->stats.packets_sent += t->n;
	u->stats.bytes_sent += t->bytes;
	return 0;
}

static void
send_off(struct train *t)
{
	struct udp	*u = udp_get(t->ep.transport);
	unsigned	 i;

	if (t->n == 1 || send_train(u, t) == -1)
		send_cars(u, t);
	for (i = 0; i < t->n; i++)
		pipe_put(t->w[i]);
}

void
udp_flush(void)
{
	unsigned i;

	for (i = 0; i < ntrain; i++)
		send_off(&trains[i]);
	ntrain = 0;
}

/*
 * A train that is half full, while cryptod has more of them in hand: it wakes us
 * when these are done, and one long train costs less than two short ones.
 */
static int
may_wait(struct train *t)
{
	return pipe_sealing() >= COMING && !t->urgent && !t->shut &&
	    t->n < CARS && t->bytes + t->size <= TRAIN_BYTES &&
	    may_couple(&t->ep) && t->turns++ < TURNS;
}

void
udp_turn(void)
{
	unsigned i;

	for (i = 0; i < ntrain; i++)
		if (!may_wait(&trains[i])) {
			udp_flush();
			return;
		}
}

/* NULL, counted, when it cannot go there. */
static struct udp *
way(const struct endpoint *ep, size_t len)
{
	struct udp *u = udp_get(ep->transport);

	if (u == NULL || (ep->family != 4 && ep->family != 6)) {
		refuse(REFUSE_UDP_SEND);
		return NULL;
	}
	if (len > udp_frame_limit(u->mtu)) {
		u->stats.mtu_exceeded++;
		refuse(REFUSE_UDP_SEND);
		return NULL;
	}
	return u;
}

/* Only the last train to an endpoint may grow: datagrams keep their order. */
static struct train *
train_for(const struct endpoint *ep, size_t len)
{
	struct train	*t;
	unsigned	 i;

	for (i = ntrain; i > 0; i--) {
		t = &trains[i - 1];
		if (memcmp(&t->ep, ep, sizeof(*ep)) != 0)
			continue;
		if (!t->shut && t->n < CARS && len <= t->size &&
		    t->bytes + len <= TRAIN_BYTES && may_couple(ep))
			return t;
		break;
	}
	if (ntrain == TRAINS)
		udp_flush();
	t = &trains[ntrain++];
	t->ep = *ep;
	t->to_len = endpoint_to(ep, &t->to);
	t->n = 0;
	t->bytes = 0;
	t->size = len;
	t->shut = t->urgent = 0;
	t->turns = 0;
	return t;
}

int
udp_send_work(struct work *w)
{
	struct train *t;

	if (way(&w->ep, w->len) == NULL) {
		pipe_put(w);
		return -1;
	}
	t = train_for(&w->ep, w->len);
	t->iov[t->n] = (struct iovec){ w->buf + w->off, w->len };
	t->w[t->n++] = w;
	t->bytes += w->len;
	t->shut = w->len < t->size;
	t->urgent |= w->urgent;
	return 0;
}

int
udp_send(const struct endpoint *ep, const void *data, size_t len)
{
	struct udp	*u = way(ep, len);
	union sock_name	 to;
	struct iovec	 iov = { (void *)(uintptr_t)data, len };
	struct msghdr	 h = { .msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1 };

	if (u == NULL)
		return -1;
	udp_flush();
	h.msg_namelen = endpoint_to(ep, &to);
	if (send_one(u, &h) != 0) {
		note_send_error(u);
		return -1;
	}
	note_sent(u, len);
	return 0;
}
