/*
 * tun.c -- packets from and to the kernel, many in one piece where it can.
 *
 * privd made the device and handed it over; here it is only read and written.
 * With a vnet header a read brings up to 64 KiB, which wait until they are cut
 * into slots as slots come free; and what arrives is merged until the end of the turn. In
 * plain mode each packet is a system call.
 */
#include <sys/uio.h>

#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netd.h"

#define LOG_TARGET "fips::upper::tun"
#include "log.h"
#include "backlog.h"
#include "merge.h"
#include "session.h"
#include "tun.h"

enum {
	BATCH = 64,		/* reads in one turn of the loop */
	UNDER_WAY = 128,	/* slots with packets of ours: beyond, pieces wait */
	PASSING = 32,		/* and more, of those that need not */
	WAIT_US = 1000,		/* while every piece waits for so long, and it */
	BEHIND_MS = 5,		/* was so for this long, one packet is dropped */
	COMING = 16,		/* so many with cryptod: what is merged may wait, */
	TURNS = 3,		/* so long */
	LOOK = 4,		/* reads for an answer that may be there */
};

struct tun_stats	 tun_stats;

static int		 tun_fd = -1, offload;
static char		 name[16];
static uint16_t		 mtu;
static struct event	*ev;
static int		 paused;
static struct merge	 merge;
static int		 hurried;	/* somebody waits for what is in it */
static unsigned		 turns;		/* it waited for the next packets */

static int		 asked;		/* the kernel, by a packet alone, since it was read */
static int		 starved;	/* pieces wait for slots */
static uint64_t		 behind_ms;	/* since when they wait too long; 0: they do not */

static void	write_run(const struct merge_run *);

void
tun_add(int fd, const struct msg_tun *m)
{
	tun_fd = fd;
	snprintf(name, sizeof(name), "%s", m->name);
	mtu = m->mtu;
	offload = m->offload;
	merge_init(&merge, write_run, offload == 2);
}

int
tun_is_up(void)
{
	return tun_fd != -1;
}

const char *
tun_name(void)
{
	return name;
}

const char *
tun_mode(void)
{
	static const char *const text[] = { "plain", "tcp", "tcp+udp" };

	return text[offload];
}

/* -- from the kernel -------------------------------------------------------- */

/* Slots that pieces may fill now. */
static unsigned
allowance(void)
{
	unsigned spare = pipe_free(), ours = pipe_counted(PIPE_TUN);

	spare = spare > PIPE_SPARE ? spare - PIPE_SPARE : 0;
	ours = ours < UNDER_WAY ? UNDER_WAY - ours : 0;
	return spare < ours ? spare : ours;
}

/* So many at a time once they have run out, of a ring with few slots, too. */
static unsigned
enough(void)
{
	unsigned most = pipe_slots() - PIPE_SPARE;

	return (most < UNDER_WAY ? most : UNDER_WAY) / 2;
}

/* Is there a slot and a place for whatever comes? Otherwise the kernel queues. */
static int
may_read(unsigned most_ours, unsigned most_pieces)
{
	return pipe_free() > PIPE_SPARE && pipe_counted(PIPE_TUN) < most_ours &&
	    backlog_count() < most_pieces;
}

/*
 * A queue that never empties only delays. Is it time that one packet gets lost,
 * so that its sender slows down? One of a large piece is enough.
 */
static int
is_behind(const struct piece *p)
{
	if (netd.now_us - p->since_us < WAIT_US)
		behind_ms = 0;
	else if (behind_ms == 0)
		behind_ms = netd.now_ms;
	if (behind_ms == 0 || netd.now_ms - behind_ms < BEHIND_MS)
		return 0;
	behind_ms = netd.now_ms;
	return 1;
}

/* What waits, as far as slots go. */
static void
cut_on(void)
{
	struct piece *p;

	if (starved && allowance() <= enough())
		return;
	starved = 1;
	while ((p = backlog_first()) != NULL) {
		if (is_behind(p) && p->at < p->seg.count) {
			refuse(REFUSE_IP_QUEUE);
			p->at++;
		}
		if (!session_output_run(&p->seg, &p->at, allowance()))
			return;
		backlog_pop();
	}
	starved = 0;
	behind_ms = 0;
}

/* A piece began in w's slot, room bytes of it, and goes on in the backlog. */
static void
take_piece(struct work *w, const struct vnet *v, size_t len, size_t room)
{
	int got = backlog_push(v, w->buf + w->off, room, len, netd.now_us);

	pipe_put(w);
	if (got == -1) {
		refuse(REFUSE_IP_MALFORMED);
		return;
	}
	tun_stats.packets_in += (unsigned)got;
	cut_on();
}

static void
take(struct work *w, const struct vnet *v, size_t len, size_t room)
{
	tun_stats.bytes_in += len;
	if (len > room || v->gso_type != VNET_GSO_NONE ||
	    !backlog_pass(w->buf + w->off, len)) {
		take_piece(w, v, len, room);
		return;
	}
	if (seg_finish(v, w->buf + w->off, len) == -1) {
		refuse(REFUSE_IP_MALFORMED);
		pipe_put(w);
		return;
	}
	w->len = (uint32_t)len;
	w->at_ms = netd.now_ms;
	pipe_count(w, PIPE_TUN);
	tun_stats.packets_in++;
	session_output(w);
}

/* It would be ready to read for ever. The next start makes a new one. */
static void
read_failed(void)
{
	if (errno == EBADFD)
		fatalx("the TUN device %s was taken away", name);
	if (errno != EAGAIN && errno != EINTR)
		log_debug("reading from %s: %s", name, strerror(errno));
}

/* 1 read, 0 nothing there now, or nowhere to put it. */
static int
read_one(void)
{
	struct vnet	 v = { 0 };
	struct iovec	 iov[3] = { { &v, VNET_LEN } };
	struct work	*w;
	size_t		 room, head = offload ? VNET_LEN : 0;
	ssize_t		 n;

	if (!may_read(UNDER_WAY + PASSING, BACKLOG_MAX) || (w = pipe_get()) == NULL)
		return 0;
	room = pipe_room(w) < BACKLOG_FIRST ? pipe_room(w) : BACKLOG_FIRST;
	iov[1] = (struct iovec){ w->buf + w->off, room };
	iov[2] = (struct iovec){ backlog_room(), BACKLOG_REST };
	n = offload ? readv(tun_fd, iov, 3) : read(tun_fd, w->buf + w->off, room);
	if (n <= (ssize_t)head) {
		pipe_put(w);
		if (n == -1)
			read_failed();
		return 0;
	}
	take(w, &v, (size_t)n - head, room);
	return 1;
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	int i;

	(void)fd;
	(void)what;
	(void)arg;
	netd_clock();
	cut_on();
	asked = 0;
	for (i = 0; i < BATCH && read_one(); i++)
		continue;
	pipe_hurry();
}

void
tun_look(void)
{
	int i;

	if (!asked)
		return;
	asked = 0;
	for (i = 0; i < LOOK && read_one(); i++)
		continue;
	pipe_hurry();
}

void
tun_start(struct event_base *base)
{
	if (tun_fd == -1)
		return;
	ev = event_new(base, tun_fd, EV_READ | EV_PERSIST, on_read, NULL);
	if (ev == NULL || event_add(ev, NULL) == -1)
		fatalx("cannot watch %s", name);
	log_debug("%s is watched, MTU %u, offload %s", name, mtu, tun_mode());
}

/* With nowhere to put a packet, do not be told of it; then go on at half. */
static int
may_go_on(void)
{
	unsigned ours = backlog_count() > 0 ? UNDER_WAY + PASSING : UNDER_WAY / 2;

	return paused ? may_read(ours, BACKLOG_MAX / 2) :
	    may_read(UNDER_WAY + PASSING, BACKLOG_MAX);
}

/*
 * First what the device says, then what waits here: an event that is active
 * already is not watched again, though event_add() says so, and one that is
 * no longer watched is not active either.
 */
void
tun_mind(void)
{
	if (ev == NULL)
		return;
	if (paused == may_go_on()) {
		paused = !paused;
		if ((paused ? event_del(ev) : event_add(ev, NULL)) == -1)
			fatalx("cannot watch %s", name);
	}
	if (starved && allowance() > enough())
		event_active(ev, EV_READ, 0);
}

/* -- to the kernel ---------------------------------------------------------- */

/* head is NULL in plain mode; the packet may be in pieces, n of them at iov + 1. */
static int
write_pieces(struct vnet *head, struct iovec *iov, int n, unsigned packets,
    size_t len)
{
	ssize_t done;

	iov[0] = (struct iovec){ head, VNET_LEN };
	do
		done = head != NULL ? writev(tun_fd, iov, n + 1) :
		    write(tun_fd, iov[1].iov_base, len);
	while (done == -1 && errno == EINTR);
	if (done == -1)
		return -1;
	tun_stats.packets_out += packets;
	tun_stats.bytes_out += len;
	return 0;
}

int
tun_write(const void *pkt, size_t len)
{
	static struct vnet	none;
	struct iovec		iov[2] = { [1] = { (void *)(uintptr_t)pkt, len } };

	if (tun_fd == -1 ||
	    write_pieces(offload ? &none : NULL, iov, 1, 1, len) == -1) {
		refuse(REFUSE_TUN_WRITE);
		return -1;
	}
	asked = 1;
	return 0;
}

/* 0, or -1: the kernel will not have it so. */
static int
write_whole(const struct merge_run *r)
{
	struct iovec	iov[MERGE_RUN + 2];
	struct vnet	v = r->vnet;

	iov[1] = (struct iovec){ (void *)(uintptr_t)r->head, r->head_len };
	memcpy(iov + 2, r->part, r->count * sizeof(*iov));
	return write_pieces(&v, iov, (int)r->count + 1, r->count,
	    r->head_len + r->payload);
}

/* Each packet still stands whole in its slot. */
static void
write_run(const struct merge_run *r)
{
	unsigned i;
	int	 done = r->count > 1 && write_whole(r) == 0;

	if (r->count > 1 && !done && r->proto != 6 && errno == EINVAL)
		merge.has_uso = 0;	/* this kernel takes none */
	for (i = 0; i < r->count; i++) {
		if (!done && r->count == 1)
			tun_write(r->part[i].iov_base, r->part[i].iov_len);
		else if (!done)
			tun_write((uint8_t *)r->part[i].iov_base - r->head_len,
			    r->head_len + r->part[i].iov_len);
		pipe_put(r->owner[i]);
	}
}

void
tun_give(struct work *w, uint8_t *pkt, size_t len)
{
	if (offload != 0 && tun_fd != -1) {
		hurried |= len <= PIPE_SMALL;
		merge_add(&merge, pkt, len, w);
		return;
	}
	tun_write(pkt, len);
	pipe_put(w);
}

/*
 * As trains wait for the next datagrams (udp_turn()): cryptod has more in hand and
 * wakes us when these are open, and one long piece costs the kernel less than
 * two short ones, and brings one acknowledgement.
 */
void
tun_turn(void)
{
	if (!hurried && pipe_opening() >= COMING && merge_may_grow(&merge) &&
	    turns++ < TURNS)
		return;
	hurried = 0;
	turns = 0;
	merge_flush(&merge);
}
