/*
 * carry_call.c -- the directory's TCP: connections that dird makes. The sockets
 * that dial came from privd, and each is used again and again.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOG_TARGET "bastide::netd"
#include "log.h"
#include "carry_int.h"
#include "names.h"

#define DIAL_MS		10000
#define CALL_MS		300000

static int	spare[TALK_CALLS];
static unsigned	spares;

void
carry_dial(int fd)
{
	if (spares == TALK_CALLS)
		fatalx("more than %d sockets that dial", TALK_CALLS);
	spare[spares++] = fd;
}

void
call_over(int fd)
{
	struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (connect(fd, &nobody, sizeof(nobody)) == 0)
		spare[spares++] = fd;
	else
		close(fd);
}

/* connect() again says how the first one ended. */
void
call_ready(struct talk *t)
{
	struct msg_talk_up m = { .talk = t->name };
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
	    .sin6_port = htons(carry_port()) };

	memcpy(&a.sin6_addr, t->far, 16);
	if (connect(t->fd, (struct sockaddr *)&a, sizeof(a)) == -1 &&
	    errno != EISCONN) {
		if (errno != EALREADY) {
			log_debug("no way to a directory: %s", strerror(errno));
			carry_end(t, TALK_FAILED);
		}
		return;
	}
	carry_watch(t->out, 0);
	carry_open(t, CALL_MS);
	carry_must(talk_up_send(&netd.dird, &m, NULL));
}

static void
dial(struct talk *t)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6,
	    .sin6_port = htons(carry_port()) };

	memcpy(&a.sin6_addr, t->far, 16);
	t->state = TALK_DIALLING;
	t->until_ms = netd.now_ms + DIAL_MS;
	if (connect(t->fd, (struct sockaddr *)&a, sizeof(a)) == -1 &&
	    errno != EINPROGRESS) {
		log_debug("no way to a directory: %s", strerror(errno));
		carry_end(t, TALK_FAILED);
	} else
		carry_watch(t->out, 1);
}

void
on_talk_dial(struct chan *c, const struct msg_talk_dial *m, int *fds)
{
	uint8_t pub33[33] = { 0x02 }, addr[NADDR_LEN], ip6[16];
	struct talk *t;

	(void)c;
	(void)fds;
	if (carry_find(m->talk) != NULL)
		fatalx("dird dials twice by one name");
	memcpy(pub33 + 1, m->pub, 32);
	names_addr(m->pub, addr);
	mesh_addr(addr, ip6);
	t = carry_begin(m->talk, spares == 0 ? -1 : spare[spares - 1], 1, ip6);
	if (t == NULL || memcmp(ip6, netd.ip6, sizeof(ip6)) == 0)
		fatalx("dird has more calls than %d, or calls itself",
		    TALK_CALLS);
	if (t->fd == -1) {
		carry_end(t, TALK_BUSY);
		return;
	}
	spares--;
	/* Packets to that address can be sent somewhere from now on. It may be anybody
	 * who made a link to us: nothing that this machine asked for. */
	names_learn(pub33);
	dial(t);
}
