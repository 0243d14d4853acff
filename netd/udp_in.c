/*
 * udp_in.c -- datagrams into slots, in batches, and trains of them.
 *
 * Knows no frames: what arrives goes to link_input(). A datagram is read into
 * a slot. When the kernel hands over several in one piece, the piece begins in
 * a slot, goes on in memory of our own, and each datagram gets a slot as long
 * as there are any; the rest waits.
 */
#include <event2/event.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>

#include "link.h"
#include "endpoint.h"
#include "udp.h"

enum {
	RECV_BATCH = 32,	/* pieces read by one system call */
	RECV_TRAINS = 8,	/* the same when they are trains */
	RECV_TURN = 8,		/* batches in one turn of the loop */
	PIECE_MAX = 65536,
	ROOM_MAX = 4096,	/* of a slot, when it begins a train */
	OVERFLOW_MS = 1000,
	PUNCH_LEN = 24		/* NAT punch packets of Nostr discovery */
};

/* A piece: iov[0] is the slot of w, iov[1] what is beyond. */
struct piece {
	struct iovec	iov[2];
	union sock_name	from;
	_Alignas(struct cmsghdr) char
			ctl[CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(int))];
	struct work    *w;
	uint8_t		beyond[ROOM_MAX + PIECE_MAX];
};

static struct piece	piece[RECV_BATCH];
static struct mmsghdr	msg[RECV_BATCH];
static int		npiece, at;	/* read; the next to be looked at */
static struct udp      *whose;
static int		trains;		/* the last batch had some */
static uint64_t		overflow_until_ms;

/* What is left of the train that was begun. */
static struct {
	const uint8_t	*p;
	size_t		 len, size;
	struct endpoint	 ep;
} train;

/* Hole punches that a Nostr traversal leaves behind ("NPTC", "NPTA") are no frames. */
static int
is_punch(const uint8_t *p, size_t len)
{
	return len == PUNCH_LEN && memcmp(p, "NPT", 3) == 0 &&
	    (p[3] == 'C' || p[3] == 'A');
}

/* While it is asked to throw some away (udp_shut.c) this says nothing else. */
void
udp_note_drops(struct udp *u, uint32_t drops)
{
	uint32_t more = drops - u->drops;

	if (more == 0 || more > INT32_MAX)	/* none, or from before */
		return;
	u->sampled = u->shut;
	if (u->shut)
		return;
	u->drops = drops;
	u->stats.kernel_drops += more;
	overflow_until_ms = netd.now_ms + OVERFLOW_MS;
	netd_tick_by(netd.now_ms);
}

/*
 * How many datagrams the kernel has thrown away on this socket so far; and how
 * long each of a train is, 0 when this is none.
 */
static size_t
read_notes(struct udp *u, struct msghdr *h)
{
	struct cmsghdr	*c;
	uint32_t	 drops;
	int		 size = 0;

	u->sampled = 0;
	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(&drops, CMSG_DATA(c), sizeof(drops));
			udp_note_drops(u, drops);
		} else if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO)
			memcpy(&size, CMSG_DATA(c), sizeof(size));
	}
	return size > 0 ? (size_t)size : 0;
}

/*
 * With half of the slots out, what else comes waits in the kernel's queue. But
 * that queue knows no peers: when it overflows somebody floods, and we read
 * on and choose ourselves, until hardly a slot is left.
 */
unsigned
udp_reserve(void)
{
	return netd.now_ms < overflow_until_ms ? PIPE_SPARE : pipe_slots() / 2;
}

/* One datagram that stands in w's slot, and at raw. Takes w. */
static void
input(struct udp *u, struct work *w, const uint8_t *raw, size_t len)
{
	if (is_punch(raw, len)) {
		pipe_put(w);
		return;
	}
	u->stats.packets_recv++;
	u->stats.bytes_recv += len;
	w->len = (uint32_t)len;
	w->at_ms = netd.now_ms;
	w->at_us = netd.now_us;
	link_input(w, raw);
}

/*
 * The rest of the train, as far as slots go: 1, or 0 when some is left. Who waits
 * for one of them does not wait for the next train.
 */
static int
train_on(struct udp *u)
{
	struct work	*w;
	size_t		 n;

	if (train.len == 0)
		return 1;
	do {
		if (pipe_free() <= udp_reserve())
			return 0;
		w = pipe_get();
		n = train.len < train.size ? train.len : train.size;
		if (n > pipe_room(w)) {
			refuse(REFUSE_FRAME_TOO_LONG);
			pipe_put(w);
		} else {
			memcpy(w->buf + w->off, train.p, n);
			w->ep = train.ep;
			input(u, w, train.p, n);
		}
		train.p += n;
		train.len -= n;
	} while (train.len > 0);
	pipe_hurry();
	return 1;
}

/*
 * The first datagram stays in the slot; what follows it there is put before
 * what is beyond, for the slot will be another's.
 */
static void
train_begin(struct udp *u, struct piece *p, size_t len, size_t size)
{
	struct work	*w = p->w;
	size_t		 room = p->iov[0].iov_len, in_slot, more;

	in_slot = len < room ? len : room;
	more = size < in_slot ? in_slot - size : 0;
	train.ep = w->ep;
	train.size = size;
	if (size > room) {		/* not even one fits */
		refuse(REFUSE_FRAME_TOO_LONG);
		pipe_put(w);
		return;
	}
	train.p = p->beyond + ROOM_MAX - more;
	train.len = len - size;
	memcpy(p->beyond + ROOM_MAX - more, w->buf + w->off + size, more);
	u->stats.trains_recv++;
	trains = 1;
	input(u, w, w->buf + w->off, size);
}

/* One piece, and its slot. */
static void
take(struct udp *u, struct piece *p, struct msghdr *h, size_t len)
{
	size_t size = read_notes(u, h);

	if (endpoint_from(&p->w->ep, (unsigned)(u - udp_get(0)), h->msg_name) == -1)
		pipe_put(p->w);
	else if (size != 0 && size < len)
		train_begin(u, p, len, size);
	else if (h->msg_flags & MSG_TRUNC || len > p->iov[0].iov_len) {
		refuse(REFUSE_FRAME_TOO_LONG);
		pipe_put(p->w);
	} else
		input(u, p->w, p->iov[0].iov_base, len);
}

/* All that was read, as far as slots go: 1, or 0 when some is left. */
static int
take_all(void)
{
	for (;;) {
		if (!train_on(whose))
			return 0;
		if (at == npiece)
			return 1;
		take(whose, &piece[at], &msg[at].msg_hdr, msg[at].msg_len);
		at++;
	}
}

static void
prepare(struct piece *p, struct mmsghdr *m)
{
	size_t room;

	p->w = pipe_get();
	room = pipe_room(p->w) < ROOM_MAX ? pipe_room(p->w) : ROOM_MAX;
	p->iov[0] = (struct iovec){ p->w->buf + p->w->off, room };
	p->iov[1] = (struct iovec){ p->beyond + ROOM_MAX, PIECE_MAX };
	memset(m, 0, sizeof(*m));
	m->msg_hdr.msg_name = &p->from;
	m->msg_hdr.msg_namelen = sizeof(p->from);
	m->msg_hdr.msg_iov = p->iov;
	m->msg_hdr.msg_iovlen = 2;
	m->msg_hdr.msg_control = p->ctl;
	m->msg_hdr.msg_controllen = sizeof(p->ctl);
}

/* As many as there are slots for, up to a batch; was that all? */
static int
read_batch(struct udp *u)
{
	int i, got, slots, most = trains ? RECV_TRAINS : RECV_BATCH;

	for (slots = 0; slots < most && pipe_free() > udp_reserve(); slots++)
		prepare(&piece[slots], &msg[slots]);
	got = slots == 0 ? 0 :
	    recvmmsg(u->fd, msg, (unsigned)slots, MSG_DONTWAIT, NULL);
	if (got == -1) {
		if (errno != EAGAIN && errno != EINTR)
			u->stats.recv_errors++;
		got = 0;
	}
	for (i = got; i < slots; i++)
		pipe_put(piece[i].w);
	if (got > 0)
		trains = 0;
	whose = u;
	npiece = got;
	at = 0;
	return !take_all() || got < most;
}

/* The kernel may have nothing more, and then says nothing. */
void
udp_go_on(void)
{
	if ((train.len > 0 || at < npiece) && pipe_free() > udp_reserve())
		event_active(whose->ev, EV_READ, 0);
}

/*
 * More than one batch, for the kernel's queue knows no peers: a flood in it
 * pushes out everybody. Here the frames of one who floods cost little.
 */
void
udp_readable(int fd, short what, void *arg)
{
	int i;

	(void)fd;
	(void)what;
	netd_clock();
	if (whose != NULL && !take_all())
		return;
	for (i = 0; i < RECV_TURN && !read_batch(arg); i++)
		continue;
}
