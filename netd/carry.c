/*
 * carry.c -- TCP of the directory, carried between the mesh and dird.
 *
 * Knows sockets, deadlines and how much is under way. The listening socket and
 * those that dial came from privd and are bound to the TUN. dird names what it
 * dials, we name what comes in. Nothing here waits: a full socket stops what
 * dird may say, and who is not read by dird is not read by us. A connection of
 * dird's that we do not know is dird's lie and ends the house.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <event2/event.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOG_TARGET "bastide::netd"
#include "log.h"
#include "carry.h"
#include "names.h"

#define DIALS_MAX	8
/* Connections that came in: open, from one address, and with those that dird
 * has yet to close, TALK_GUESTS in all. */
#define GUESTS_OPEN	(TALK_GUESTS - 4)
#define GUESTS_EACH	4
#define TALKS		(DIALS_MAX + TALK_GUESTS)
/*
 * Pieces in the door to dird at one time, however short: it holds some 270 of
 * one byte and 90 of TALK_PIECE. So there is room for whatever else we may have
 * to say, and no send to it ever waits.
 */
#define DOOR_PIECES	32
#define DIAL_MS		10000
#define GUEST_MS	120000		/* dird has shorter patience of its own */
#define CALL_MS		300000
#define FLUSH_MS	15000		/* to say what is left after a TALK_CLOSE */
#define MESH		0xfd

enum talk_state {
	TALK_FREE,
	TALK_DIALLING,
	TALK_OPEN,
	TALK_OVER,		/* dird knows that it ended, and owes a TALK_CLOSE */
	TALK_CLOSING		/* dird has closed it; what is left goes out */
};

struct talk {
	uint32_t	 name;
	enum talk_state	 state;
	int		 fd;		/* -1: closed already */
	int		 dialled;	/* fd is one of privd's, to be used again */
	int		 deaf;		/* nothing more comes from there */
	int		 answered;	/* dird has said something */
	uint8_t		 far[16];
	struct event	*in, *out;
	uint32_t	 heard;		/* bytes that dird has not taken, */
	uint32_t	 pieces;	/* in so many messages */
	uint64_t	 until_ms;
	size_t		 at, len;	/* of what is to be said */
	uint8_t		 say[TALK_SAY_MAX];
};

static struct talk	 talk[TALKS];
static int		 listener = -1, spare[DIALS_MAX];
static unsigned		 spares;
static uint16_t		 port;
static uint32_t		 under_way;	/* pieces that dird has not taken, of all */
static struct event_base *loop;

static void	on_in(evutil_socket_t, short, void *);
static void	on_out(evutil_socket_t, short, void *);

void
carry_listen(int fd, uint16_t at)
{
	listener = fd;
	port = at;
}

void
carry_dial(int fd)
{
	if (spares == DIALS_MAX)
		fatalx("more than %d sockets that dial", DIALS_MAX);
	spare[spares++] = fd;
}

uint16_t
carry_port(void)
{
	return port;
}

static void
must(int result)
{
	if (result == -1)
		fatal("telling dird of the mesh");
}

static void
watch(struct event *ev, int on)
{
	if ((on ? event_add(ev, NULL) : event_del(ev)) == -1)
		fatalx("cannot watch a connection of the directory");
}

static struct talk *
find(uint32_t name)
{
	struct talk *t;

	for (t = talk; t < talk + TALKS; t++)
		if (t->state != TALK_FREE && t->state != TALK_CLOSING &&
		    t->name == name)
			return t;
	return NULL;
}

static struct talk *
must_find(uint32_t name)
{
	struct talk *t = find(name);

	if (t == NULL)
		fatalx("dird speaks of a connection that is not there");
	return t;
}

/* What came and nobody reads makes close() a reset, which may pass the answer. */
static void
drain(int fd)
{
	uint8_t waste[4096];
	int i;

	for (i = 0; i < 64 && recv(fd, waste, sizeof(waste), MSG_DONTWAIT) > 0;
	    i++)
		continue;
}

/* The socket is done with; one that dials waits for the next call. */
static void
hang_up(struct talk *t)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (t->fd == -1)
		return;
	if (!t->dialled)
		drain(t->fd);
	watch(t->in, 0);
	watch(t->out, 0);
	if (t->dialled && connect(t->fd, &nobody, sizeof(nobody)) == 0)
		spare[spares++] = t->fd;
	else
		close(t->fd);
	t->fd = -1;
	t->len = t->at = 0;
}

/* dird has taken something: room for whoever waits for it. */
static void
taken(struct talk *t, uint32_t n, uint32_t pieces)
{
	t->heard -= n;
	t->pieces -= pieces;
	under_way -= pieces;
	for (t = talk; t < talk + TALKS; t++)
		if (t->state == TALK_OPEN && !t->deaf)
			watch(t->in, 1);
}

static void
forget(struct talk *t)
{
	hang_up(t);
	t->state = TALK_FREE;
	taken(t, t->heard, t->pieces);
}

static void
say_end(uint32_t name, enum talk_why why)
{
	struct msg_talk_end m = { .talk = name, .why = why };

	must(talk_end_send(&netd.dird, &m, NULL));
}

/* Over, and dird is to know. */
static void
end(struct talk *t, enum talk_why why)
{
	hang_up(t);
	if (t->state == TALK_CLOSING) {
		forget(t);
		return;
	}
	say_end(t->name, why);
	t->state = TALK_OVER;
}

static struct talk *
begin(uint32_t name, int fd, int dialled, const uint8_t far[16])
{
	struct talk *t;

	for (t = talk; t < talk + TALKS && t->state != TALK_FREE; t++)
		continue;
	if (t == talk + TALKS)
		return NULL;
	t->name = name;
	t->fd = fd;
	t->dialled = dialled;
	t->deaf = t->answered = 0;
	t->heard = t->pieces = 0;
	t->at = t->len = 0;
	memcpy(t->far, far, sizeof(t->far));
	if (event_assign(t->in, loop, fd, EV_READ | EV_PERSIST, on_in,
	    t) == -1 || event_assign(t->out, loop, fd, EV_WRITE | EV_PERSIST,
	    on_out, t) == -1)
		fatalx("cannot watch a connection of the directory");
	return t;
}

/* -- from there ----------------------------------------------------------- */

/* One piece: 1, or 0 when there is no more now. */
static int
hear(struct talk *t)
{
	struct msg_talk_heard m = { .talk = t->name };
	ssize_t n;

	if (t->pieces == TALK_PIECES || under_way == DOOR_PIECES) {
		watch(t->in, 0);	/* until dird has taken some */
		return 0;
	}
	n = recv(t->fd, m.bytes, sizeof(m.bytes), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == -1) {
		end(t, TALK_FAILED);
		return 0;
	}
	if (n == 0) {
		/* It may still listen to what dird says. */
		watch(t->in, 0);
		t->deaf = 1;
		say_end(t->name, TALK_CLOSED);
		return 0;
	}
	m.bytes_len = (uint16_t)n;
	t->heard += (uint32_t)n;
	t->pieces++;
	under_way++;
	must(talk_heard_send(&netd.dird, &m, NULL));
	return 1;
}

static void
on_in(evutil_socket_t fd, short what, void *arg)
{
	struct talk *t = arg;

	(void)fd;
	(void)what;
	netd_clock();
	while (hear(t))
		continue;
}

void
on_talk_taken(struct chan *c, const struct msg_talk_taken *m, int *fds)
{
	struct talk *t = must_find(m->talk);

	(void)c;
	(void)fds;
	if (m->count > t->heard || t->pieces == 0)
		fatalx("dird takes more than it was told");
	taken(t, m->count, 1);
}

/* -- to there ------------------------------------------------------------- */

static void
flush(struct talk *t)
{
	struct msg_talk_said m = { .talk = t->name };
	ssize_t n;

	if (t->at < t->len) {
		n = send(t->fd, t->say + t->at, t->len - t->at,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			end(t, TALK_FAILED);
			return;
		}
		if (n > 0) {
			t->at += (size_t)n;
			m.count = (uint16_t)n;
			if (t->state == TALK_OPEN)
				must(talk_said_send(&netd.dird, &m, NULL));
		}
	}
	watch(t->out, t->at < t->len);
	if (t->at == t->len && t->state == TALK_CLOSING)
		forget(t);
}

/* connect() again says how the first one ended. */
static void
dialled(struct talk *t)
{
	struct msg_talk_up m = { .talk = t->name };
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port) };

	memcpy(&a.sin6_addr, t->far, 16);
	if (connect(t->fd, (struct sockaddr *)&a, sizeof(a)) == -1 &&
	    errno != EISCONN) {
		if (errno != EALREADY) {
			log_debug("no way to a directory: %s", strerror(errno));
			end(t, TALK_FAILED);
		}
		return;
	}
	t->state = TALK_OPEN;
	t->until_ms = netd.now_ms + CALL_MS;
	watch(t->out, 0);
	watch(t->in, 1);
	must(talk_up_send(&netd.dird, &m, NULL));
}

static void
on_out(evutil_socket_t fd, short what, void *arg)
{
	struct talk *t = arg;

	(void)fd;
	(void)what;
	netd_clock();
	if (t->state == TALK_DIALLING)
		dialled(t);
	else
		flush(t);
}

void
on_talk_say(struct chan *c, const struct msg_talk_say *m, int *fds)
{
	struct talk *t = must_find(m->talk);

	(void)c;
	(void)fds;
	if (t->state == TALK_OVER)
		return;		/* our TALK_END and this passed each other */
	if (t->state != TALK_OPEN)
		fatalx("dird speaks before anybody listens");
	memmove(t->say, t->say + t->at, t->len - t->at);
	t->len -= t->at;
	t->at = 0;
	if (m->bytes_len == 0 || m->bytes_len > sizeof(t->say) - t->len)
		fatalx("dird says more than it may");
	memcpy(t->say + t->len, m->bytes, m->bytes_len);
	t->len += m->bytes_len;
	t->answered = 1;
	flush(t);
}

void
on_talk_close(struct chan *c, const struct msg_talk_close *m, int *fds)
{
	struct talk *t = must_find(m->talk);

	(void)c;
	(void)fds;
	/* Who dialled has its answer, or has given up. */
	if (t->state != TALK_OPEN || t->dialled || t->at == t->len) {
		forget(t);
		return;
	}
	watch(t->in, 0);
	t->state = TALK_CLOSING;
	t->until_ms = netd.now_ms + FLUSH_MS;
	/* dird takes nothing of it any more; others are not to wait for that. */
	taken(t, t->heard, t->pieces);
}

/* -- calls ------------------------------------------------------------------ */

static void
dial(struct talk *t)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
	    .sin6_port = htons(port) };

	memcpy(&a.sin6_addr, t->far, 16);
	t->state = TALK_DIALLING;
	t->until_ms = netd.now_ms + DIAL_MS;
	if (connect(t->fd, (struct sockaddr *)&a, sizeof(a)) == -1 &&
	    errno != EINPROGRESS) {
		log_debug("no way to a directory: %s", strerror(errno));
		end(t, TALK_FAILED);
	} else
		watch(t->out, 1);
}

void
on_talk_dial(struct chan *c, const struct msg_talk_dial *m, int *fds)
{
	uint8_t pub33[33] = { 0x02 }, addr[NADDR_LEN], ip6[16];
	struct talk *t;

	(void)c;
	(void)fds;
	if (find(m->talk) != NULL)
		fatalx("dird dials twice by one name");
	memcpy(pub33 + 1, m->pub, 32);
	names_addr(m->pub, addr);
	mesh_addr(addr, ip6);
	t = begin(m->talk, spares == 0 ? -1 : spare[spares - 1], 1, ip6);
	if (t == NULL || memcmp(ip6, netd.ip6, sizeof(ip6)) == 0)
		fatalx("dird has more calls than %d, or calls itself",
		    DIALS_MAX);
	if (t->fd == -1) {
		end(t, TALK_BUSY);
		return;
	}
	spares--;
	/* Packets to that address can be sent somewhere from now on. */
	names_learn(pub33);
	dial(t);
}

/* -- guests ----------------------------------------------------------------- */

static unsigned
guests(const uint8_t far[16])
{
	const struct talk *t;
	unsigned n = 0;

	for (t = talk; t < talk + TALKS; t++)
		n += t->state != TALK_FREE && !t->dialled && (far == NULL ||
		    memcmp(t->far, far, sizeof(t->far)) == 0);
	return n;
}

/*
 * All places are taken: the oldest that is not being answered goes, those first
 * whose address has more than one. So a few addresses do not keep others out.
 */
static void
make_room(void)
{
	struct talk *t, *oldest = NULL;
	unsigned open = 0, crowd, most = 0;

	for (t = talk; t < talk + TALKS; t++) {
		if (t->dialled || t->state != TALK_OPEN)
			continue;
		open++;
		crowd = guests(t->far) > 1;
		if (t->answered || crowd < most || (oldest != NULL &&
		    crowd == most && t->until_ms >= oldest->until_ms))
			continue;
		most = crowd;
		oldest = t;
	}
	if (open < GUESTS_OPEN || oldest == NULL)
		return;
	refuse(REFUSE_DIR_BUSY);
	end(oldest, TALK_BUSY);
}

static uint32_t
fresh_name(void)
{
	static uint32_t last;

	do
		last = last == INT32_MAX ? 1 : last + 1;
	while (find(last) != NULL);
	return last;
}

static void
take_guest(int fd, const struct sockaddr_in6 *from)
{
	struct msg_talk_in m = { .talk = fresh_name() };
	const uint8_t *far = from->sin6_addr.s6_addr;
	struct talk *t = NULL;

	/* The TUN brings nothing else, but this machine may call itself. */
	if (from->sin6_family != AF_INET6 || far[0] != MESH ||
	    memcmp(far, netd.ip6, sizeof(netd.ip6)) == 0) {
		refuse(REFUSE_DIR_SOURCE);
		close(fd);
		return;
	}
	if (guests(far) < GUESTS_EACH) {
		make_room();
		if (guests(NULL) < TALK_GUESTS)
			t = begin(m.talk, fd, 0, far);
	}
	if (t == NULL) {
		refuse(REFUSE_DIR_BUSY);
		close(fd);
		return;
	}
	t->state = TALK_OPEN;
	t->until_ms = netd.now_ms + GUEST_MS;
	memcpy(m.src, far, sizeof(m.src));
	must(talk_in_send(&netd.dird, &m, NULL));
	watch(t->in, 1);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct sockaddr_in6 from;
	socklen_t len;
	int new, i;

	(void)what;
	(void)arg;
	netd_clock();
	for (i = 0; i < GUESTS_EACH; i++) {
		len = sizeof(from);
		memset(&from, 0, sizeof(from));
		new = accept4(fd, (struct sockaddr *)&from, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (new == -1)
			return;
		take_guest(new, &from);
	}
}

/* -- life ------------------------------------------------------------------- */

/* dird has read its journal, and takes what we tell it. */
void
on_talk_go(struct chan *c, const struct msg_talk_go *m, int *fds)
{
	struct event *ev;

	(void)c;
	(void)m;
	(void)fds;
	carry_near_go();
	if (listener == -1)
		return;
	ev = event_new(loop, listener, EV_READ | EV_PERSIST, on_accept, NULL);
	if (ev == NULL || event_add(ev, NULL) == -1)
		fatalx("cannot watch the directory's socket");
}

uint64_t
carry_tick(void)
{
	uint64_t next = UINT64_MAX;
	struct talk *t;

	for (t = talk; t < talk + TALKS; t++) {
		if (t->state == TALK_FREE || t->state == TALK_OVER)
			continue;
		if (netd.now_ms >= t->until_ms) {
			refuse(REFUSE_DIR_LATE);
			end(t, TALK_LATE);
		} else if (t->until_ms - netd.now_ms < next)
			next = t->until_ms - netd.now_ms;
	}
	return next;
}

void
carry_start(struct event_base *base)
{
	struct talk *t;

	loop = base;
	for (t = talk; t < talk + TALKS; t++) {
		t->fd = -1;
		t->in = event_new(base, -1, 0, on_in, t);
		t->out = event_new(base, -1, 0, on_out, t);
		if (t->in == NULL || t->out == NULL)
			fatalx("no memory for the directory's connections");
	}
}
