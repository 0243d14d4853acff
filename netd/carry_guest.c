/*
 * carry_guest.c -- the directory's TCP: connections that come in. How many there
 * may be, from how many addresses, and who goes when there are too many.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <event2/event.h>

#include <string.h>
#include <unistd.h>

#define LOG_TARGET "bastide::netd"
#include "log.h"
#include "carry_int.h"

/* Connections that came in: open, from one address, and with those that dird
 * has yet to close, TALK_GUESTS in all. */
#define GUESTS_OPEN	(TALK_GUESTS - 4)
#define GUESTS_EACH	4
#define GUEST_MS	120000		/* dird has shorter patience of its own */
#define MESH		0xfd

static int	listener = -1;
static uint16_t	port;

void
carry_listen(int fd, uint16_t at)
{
	listener = fd;
	port = at;
}

uint16_t
carry_port(void)
{
	return port;
}

static unsigned
guests(const uint8_t far[16])
{
	struct talk *t;
	unsigned n = 0;

	for (t = NULL; (t = carry_next(t)) != NULL;)
		n += !t->dialled && (far == NULL ||
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

	for (t = NULL; (t = carry_next(t)) != NULL;) {
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
	carry_end(oldest, TALK_BUSY);
}

static uint32_t
fresh_name(void)
{
	static uint32_t last;

	do
		last = last == INT32_MAX ? 1 : last + 1;
	while (carry_find(last) != NULL);
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
			t = carry_begin(m.talk, fd, 0, far);
	}
	if (t == NULL) {
		refuse(REFUSE_DIR_BUSY);
		close(fd);
		return;
	}
	memcpy(m.src, far, sizeof(m.src));
	carry_must(talk_in_send(&netd.dird, &m, NULL));
	carry_open(t, GUEST_MS);
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
	ev = event_new(netd.base, listener, EV_READ | EV_PERSIST, on_accept,
	    NULL);
	if (ev == NULL || event_add(ev, NULL) == -1)
		fatalx("cannot watch the directory's socket");
}
