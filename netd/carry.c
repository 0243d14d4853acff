/*
 * carry.c -- TCP of the directory, carried between the mesh and dird.
 *
 * Knows connections, deadlines and how much is under way. The listening socket
 * and those that dial came from privd and are bound to the TUN. dird names what
 * it dials, we name what comes in. Nothing here waits: a full socket stops what
 * dird may say, and who is not read by dird is not read by us. A connection of
 * dird's that we do not know is dird's lie and ends the house.
 */
#include <sys/socket.h>

#include <event2/event.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOG_TARGET "bastide::netd"
#include "log.h"
#include "carry_int.h"

/*
 * Pieces in the door to dird at one time, however short: it holds some 270 of
 * one byte and 90 of TALK_PIECE. So there is room for whatever else we may have
 * to say, and no send to it ever waits.
 */
#define DOOR_PIECES	32
#define FLUSH_MS	15000		/* to say what is left after a TALK_CLOSE */

static struct talk	talk[TALKS];
static uint32_t		under_way;	/* pieces that dird has not taken, of all */

static void	on_in(evutil_socket_t, short, void *);
static void	on_out(evutil_socket_t, short, void *);

void
carry_must(int result)
{
	if (result == -1)
		fatal("telling dird of the mesh");
}

void
carry_watch(struct event *ev, int on)
{
	if ((on ? event_add(ev, NULL) : event_del(ev)) == -1)
		fatalx("cannot watch a connection of the directory");
}

struct talk *
carry_next(struct talk *t)
{
	t = t == NULL ? talk : t + 1;
	while (t < talk + TALKS && t->state == TALK_FREE)
		t++;
	return t == talk + TALKS ? NULL : t;
}

struct talk *
carry_find(uint32_t name)
{
	struct talk *t;

	for (t = NULL; (t = carry_next(t)) != NULL;)
		if (t->state != TALK_CLOSING && t->name == name)
			return t;
	return NULL;
}

static struct talk *
must_find(uint32_t name)
{
	struct talk *t = carry_find(name);

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

static void
hang_up(struct talk *t)
{
	if (t->fd == -1)
		return;
	if (!t->dialled)
		drain(t->fd);
	carry_watch(t->in, 0);
	carry_watch(t->out, 0);
	if (t->dialled)
		call_over(t->fd);
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
	for (t = NULL; (t = carry_next(t)) != NULL;)
		if (t->state == TALK_OPEN && !t->deaf)
			carry_watch(t->in, 1);
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

	carry_must(talk_end_send(&netd.dird, &m, NULL));
}

void
carry_end(struct talk *t, enum talk_why why)
{
	hang_up(t);
	if (t->state == TALK_CLOSING) {
		forget(t);
		return;
	}
	say_end(t->name, why);
	t->state = TALK_OVER;
}

struct talk *
carry_begin(uint32_t name, int fd, int dialled, const uint8_t far[16])
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
	if (event_assign(t->in, netd.base, fd, EV_READ | EV_PERSIST, on_in,
	    t) == -1 || event_assign(t->out, netd.base, fd,
	    EV_WRITE | EV_PERSIST, on_out, t) == -1)
		fatalx("cannot watch a connection of the directory");
	return t;
}

void
carry_open(struct talk *t, uint64_t ms)
{
	t->state = TALK_OPEN;
	t->until_ms = netd.now_ms + ms;
	carry_watch(t->in, 1);
}

/* -- from there ----------------------------------------------------------- */

/* One piece: 1, or 0 when there is no more now. */
static int
hear(struct talk *t)
{
	struct msg_talk_heard m = { .talk = t->name };
	ssize_t n;

	if (t->pieces == TALK_PIECES || under_way == DOOR_PIECES) {
		carry_watch(t->in, 0);	/* until dird has taken some */
		return 0;
	}
	n = recv(t->fd, m.bytes, sizeof(m.bytes), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == -1) {
		carry_end(t, TALK_FAILED);
		return 0;
	}
	if (n == 0) {
		/* It may still listen to what dird says. */
		carry_watch(t->in, 0);
		t->deaf = 1;
		say_end(t->name, TALK_CLOSED);
		return 0;
	}
	m.bytes_len = (uint16_t)n;
	t->heard += (uint32_t)n;
	t->pieces++;
	under_way++;
	carry_must(talk_heard_send(&netd.dird, &m, NULL));
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
			carry_end(t, TALK_FAILED);
			return;
		}
		if (n > 0) {
			t->at += (size_t)n;
			m.count = (uint16_t)n;
			if (t->state == TALK_OPEN)
				carry_must(talk_said_send(&netd.dird, &m, NULL));
		}
	}
	carry_watch(t->out, t->at < t->len);
	if (t->at == t->len && t->state == TALK_CLOSING)
		forget(t);
}

static void
on_out(evutil_socket_t fd, short what, void *arg)
{
	struct talk *t = arg;

	(void)fd;
	(void)what;
	netd_clock();
	if (t->state == TALK_DIALLING)
		call_ready(t);
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
	carry_watch(t->in, 0);
	t->state = TALK_CLOSING;
	t->until_ms = netd.now_ms + FLUSH_MS;
	/* dird takes nothing of it any more; others are not to wait for that. */
	taken(t, t->heard, t->pieces);
}

/* -- life ------------------------------------------------------------------- */

uint64_t
carry_tick(void)
{
	uint64_t next = UINT64_MAX;
	struct talk *t;

	for (t = NULL; (t = carry_next(t)) != NULL;) {
		if (t->state == TALK_OVER)
			continue;
		if (netd.now_ms >= t->until_ms) {
			refuse(REFUSE_DIR_LATE);
			carry_end(t, TALK_LATE);
		} else
			next = sooner(next, until(t->until_ms));
	}
	return next;
}

void
carry_start(void)
{
	struct talk *t;

	for (t = talk; t < talk + TALKS; t++) {
		t->fd = -1;
		t->in = event_new(netd.base, -1, 0, on_in, t);
		t->out = event_new(netd.base, -1, 0, on_out, t);
		if (t->in == NULL || t->out == NULL)
			fatalx("no memory for the directory's connections");
	}
}
