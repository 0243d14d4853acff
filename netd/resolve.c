/*
 * resolve.c -- host names of peers: who is asked, when again, who waits.
 *
 * A wrong answer costs a dial that leads nowhere: the handshake proves who is
 * there. So a random number in the question and the kernel's random port are
 * all the care that answers get. Knows sockets and time, not the format.
 */
#include <sys/socket.h>

#include <event2/event.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOG_TARGET "bastide::resolve"
#include "log.h"
#include "resolve.h"
#include "resolve_msg.h"

#define SERVERS_MAX	4
#define HOSTS_MAX	64
#define WAITERS_MAX	8
#define ADDRS_MAX	8
#define TRIES		2
#define TRY_MS		2500
#define CACHE_MS	60000

struct waiter {
	resolve_fn	 cb;
	void		*arg;
};

struct host {
	char		 name[RESOLVE_HOST_LEN + 1];	/* "": free */
	uint16_t	 id4, id6;
	uint8_t		 open4, open6;	/* no answer yet */
	uint8_t		 asking;
	unsigned	 tries, nep, nwaiter;
	struct endpoint	 ep[ADDRS_MAX];
	uint64_t	 until_ms;	/* of the cached answer */
	struct waiter	 waiter[WAITERS_MAX];
	struct event	*timer;
};

static struct host	 host[HOSTS_MAX];
static int		 server[SERVERS_MAX];
static unsigned		 nserver;
static struct event_base *loop;

void
resolve_add(int fd)
{
	if (nserver == SERVERS_MAX)
		fatalx("more than %d name servers", SERVERS_MAX);
	server[nserver++] = fd;
}

static void
ask(const struct host *h, int family, uint16_t id)
{
	uint8_t q[RESOLVE_MSG_MAX];
	int len = resolve_question(h->name, family, id, q);

	/* A server that is away is a lost datagram: the next try asks another. */
	if (len > 0)
		(void)send(server[h->tries % nserver], q, (size_t)len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
try_once(struct host *h)
{
	static const struct timeval wait = { TRY_MS / 1000, TRY_MS % 1000 * 1000 };

	if (h->open4)
		ask(h, 4, h->id4);
	if (h->open6)
		ask(h, 6, h->id6);
	h->tries++;
	if (event_add(h->timer, &wait) == -1)
		fatalx("cannot arm a resolver timer");
}

/* Tell everyone who waits. They may ask again from in there. */
static void
finish(struct host *h)
{
	struct endpoint ep[ADDRS_MAX];
	struct waiter w[WAITERS_MAX];
	char name[sizeof(h->name)];
	unsigned i, n = h->nep, nw = h->nwaiter;

	event_del(h->timer);
	memcpy(ep, h->ep, sizeof(ep));
	memcpy(w, h->waiter, sizeof(w));
	memcpy(name, h->name, sizeof(name));
	h->asking = 0;
	h->nwaiter = 0;
	h->until_ms = netd.now_ms + CACHE_MS;
	if (n == 0)
		h->name[0] = '\0';
	log_debug("resolved %s to %u addresses", name, n);
	for (i = 0; i < nw; i++)
		w[i].cb(w[i].arg, name, ep, n);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)fd;
	(void)what;
	netd_clock();
	if (h->tries < TRIES)
		try_once(h);
	else
		finish(h);
}

/* Does this datagram answer an open question of h? */
static int
offer(struct host *h, const uint8_t *msg, size_t len, int family, uint16_t id,
    uint8_t *open)
{
	int n;

	if (!*open)
		return 0;
	n = resolve_answer(msg, len, h->name, family, id, h->ep + h->nep,
	    ADDRS_MAX - h->nep);
	if (n == -1)
		return 0;
	h->nep += (unsigned)n;
	*open = 0;
	return 1;
}

static void
on_answer(evutil_socket_t fd, short what, void *arg)
{
	uint8_t msg[RESOLVE_MSG_MAX];
	struct host *h;
	ssize_t n;

	(void)what;
	(void)arg;
	netd_clock();
	n = recv(fd, msg, sizeof(msg), MSG_DONTWAIT);
	if (n <= 0)
		return;
	for (h = host; h < host + HOSTS_MAX; h++) {
		if (!h->asking)
			continue;
		if (!offer(h, msg, (size_t)n, 4, h->id4, &h->open4) &&
		    !offer(h, msg, (size_t)n, 6, h->id6, &h->open6))
			continue;
		if (!h->open4 && !h->open6)
			finish(h);
		return;
	}
}

void
resolve_start(struct event_base *base)
{
	struct event *ev;
	unsigned i;

	loop = base;
	for (i = 0; i < nserver; i++) {
		ev = event_new(base, server[i], EV_READ | EV_PERSIST,
		    on_answer, NULL);
		if (ev == NULL || event_add(ev, NULL) == -1)
			fatalx("cannot watch a name server's socket");
	}
}

/* The place of a name, or the one whose answer is oldest; NULL: all are asking. */
static struct host *
place(const char *name)
{
	struct host *h, *best = NULL;

	for (h = host; h < host + HOSTS_MAX; h++) {
		if (h->name[0] != '\0' && strcasecmp(h->name, name) == 0)
			return h;
		if (h->asking)
			continue;
		if (best == NULL || best->name[0] != '\0')
			if (best == NULL || h->name[0] == '\0' ||
			    h->until_ms < best->until_ms)
				best = h;
	}
	return best;
}

static int
begin(struct host *h, const char *name)
{
	if (h->timer == NULL)
		h->timer = event_new(loop, -1, 0, on_timer, h);
	if (h->timer == NULL)
		return -1;
	snprintf(h->name, sizeof(h->name), "%s", name);
	netd_random(&h->id4, sizeof(h->id4));
	netd_random(&h->id6, sizeof(h->id6));
	h->open4 = h->open6 = h->asking = 1;
	h->tries = h->nep = h->nwaiter = 0;
	try_once(h);
	return 0;
}

static unsigned
copy_out(const struct endpoint *from, unsigned n, struct endpoint *ep,
    unsigned max)
{
	if (n > max)
		n = max;
	memcpy(ep, from, n * sizeof(*ep));
	return n;
}

/* RFC 6761: nobody asks a server about localhost. */
static int
localhost(struct endpoint *ep, unsigned max)
{
	struct endpoint both[2];

	resolve_literal("127.0.0.1", &both[0]);
	resolve_literal("::1", &both[1]);
	return (int)copy_out(both, 2, ep, max);
}

int
resolve(const char *name, struct endpoint *ep, unsigned max, resolve_fn cb,
    void *arg)
{
	uint8_t q[RESOLVE_MSG_MAX];
	struct endpoint one;
	struct host *h;

	if (resolve_literal(name, &one) == 0)
		return (int)copy_out(&one, 1, ep, max);
	if (strcasecmp(name, "localhost") == 0)
		return localhost(ep, max);
	if (nserver == 0 || loop == NULL || name[0] == '\0' ||
	    resolve_question(name, 4, 0, q) == -1 || (h = place(name)) == NULL)
		return -1;
	if (!h->asking && h->nep > 0 && strcasecmp(h->name, name) == 0 &&
	    netd.now_ms < h->until_ms)
		return (int)copy_out(h->ep, h->nep, ep, max);
	if (!h->asking && begin(h, name) == -1)
		return -1;
	if (h->nwaiter == WAITERS_MAX)
		return -1;
	h->waiter[h->nwaiter++] = (struct waiter){ cb, arg };
	return 0;
}
