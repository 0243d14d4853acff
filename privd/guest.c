/*
 * guest.c -- the guest socket, RUNTIME_DIR/privd.sock, mode 0600: macroctl
 * called by a person or a service comes in here. A guest that breaks a rule or
 * says nothing for long loses its connection; more than GUESTS wait outside.
 */
#include <sys/socket.h>

#include <unistd.h>

#define ROOM_DISPATCH
#include "guest.h"
#define LOG_TARGET "bastide::lend"
#include "log.h"

#define SILENT_MS	10000
#define MESSAGES	8	/* of one guest in one turn */

struct guest {
	struct chan	 door;		/* fd -1: nobody */
	unsigned	 gen;
	uint64_t	 heard_ms;
};

static struct guest	guests[GUESTS];
static int		sock = -1;
static unsigned		count;

void
guest_open(void)
{
	unsigned i;

	for (i = 0; i < GUESTS; i++)
		guests[i].door.fd = -1;
	sock = control_open_guests();
}

static void
leave(struct guest *g)
{
	close(g->door.fd);
	g->door.fd = -1;
	g->gen++;
	count--;
}

static void
welcome(struct guest *g, int fd, uint64_t now)
{
	struct msg_lend_self	m = { .req = 1 };
	struct ucred		uc;
	socklen_t		len = sizeof(uc);

	/* The mode of the socket says so, too. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &uc, &len) == -1 ||
	    uc.uid != 0) {
		close(fd);
		return;
	}
	chan_init(&g->door, fd, PROC_PRIVD, PROC_MACROCTL);
	g->door.phase = RUN;
	g->heard_ms = now;
	count++;
	lend_self_fill(&m);
	if (lend_self_send(&g->door, &m, NULL) == -1)
		leave(g);
}

static void
let_in(uint64_t now)
{
	unsigned i;
	int	 fd;

	for (i = 0; i < GUESTS; i++) {
		if (guests[i].door.fd != -1)
			continue;
		fd = accept4(sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd == -1)
			return;
		welcome(&guests[i], fd, now);
	}
}

static void
take(struct guest *g, uint64_t now)
{
	union msg_any	m;
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];
	unsigned	i, gen = g->gen;

	for (i = 0; i < MESSAGES && g->gen == gen && lend_has_room(); i++) {
		switch (chan_recv(&g->door, &type, &m, fds)) {
		case CHAN_MSG:
			g->heard_ms = now;
			if (type == MSG_PONG_MACROCTL) {	/* the runner's */
				leave(g);
				return;
			}
			room_dispatch(&g->door, type, &m, fds);
			break;
		case CHAN_EMPTY:
			return;
		case CHAN_RULE:
			log_warn("a guest broke a rule with %s: %s",
			    g->door.refused, refuse_text(g->door.why));
			/* FALLTHROUGH */
		default:
			leave(g);
			return;
		}
	}
}

unsigned
guest_poll(struct pollfd *pfd)
{
	unsigned i, n = 0;

	/* Nothing is read that could not be recorded: the callers wait. */
	if (sock == -1 || !lend_has_room())
		return 0;
	if (count < GUESTS)
		pfd[n++] = (struct pollfd){ .fd = sock, .events = POLLIN };
	for (i = 0; i < GUESTS; i++)
		if (guests[i].door.fd != -1)
			pfd[n++] = (struct pollfd){ .fd = guests[i].door.fd,
			    .events = POLLIN };
	return n;
}

void
guest_turn(const struct pollfd *pfd, unsigned n, uint64_t now)
{
	unsigned i, j;

	for (i = 0; i < n; i++) {
		if (pfd[i].revents == 0)
			continue;
		if (pfd[i].fd == sock) {
			let_in(now);
			continue;
		}
		for (j = 0; j < GUESTS; j++)
			if (guests[j].door.fd == pfd[i].fd) {
				take(&guests[j], now);
				break;
			}
	}
	for (j = 0; j < GUESTS && sock != -1; j++)
		if (guests[j].door.fd != -1 &&
		    now - guests[j].heard_ms >= SILENT_MS)
			leave(&guests[j]);
}

uint64_t
guest_due(void)
{
	uint64_t	due = 0;
	unsigned	i;

	for (i = 0; i < GUESTS; i++)
		if (count > 0 && guests[i].door.fd != -1 && (due == 0 ||
		    guests[i].heard_ms + SILENT_MS < due))
			due = guests[i].heard_ms + SILENT_MS;
	return due;
}

struct asker
guest_asker(const struct chan *c)
{
	unsigned i;

	for (i = 0; i < GUESTS; i++)
		if (c == &guests[i].door)
			return (struct asker){ (int)i, guests[i].gen };
	return (struct asker){ -1, 0 };
}

struct chan *
guest_door(struct asker a)
{
	struct guest *g;

	if (a.slot == -1)
		return &house.room[PROC_MACROCTL].door;
	g = &guests[a.slot];
	return g->door.fd != -1 && g->gen == a.gen ? &g->door : NULL;
}

int
guest_ready(struct asker a)
{
	struct chan	*c = guest_door(a);
	struct pollfd	 pfd = { .events = POLLOUT };

	if (a.slot == -1)
		return 1;
	if (c == NULL)
		return 0;
	pfd.fd = c->fd;
	if (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLOUT))
		return 1;
	/* It asks and does not listen. */
	leave(&guests[a.slot]);
	return 0;
}
