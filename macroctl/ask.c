/*
 * ask.c -- questions to privd over its guest socket, one at a time. The
 * socket's owner is root: who answers is privd.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "macroctl.h"

#define NAME	"privd.sock"
#define WAIT_S	20		/* a thousand at once take their time */

static struct chan	door = { .fd = -1 };
static uint32_t		req;

int
ask_connect(const char *runtime_dir)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	struct timeval		tv = { .tv_sec = WAIT_S };
	int			fd;

	if (snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/" NAME,
	    runtime_dir) >= (int)sizeof(sun.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

int
ask_is_on(void)
{
	return door.fd != -1;
}

/* The next message, which must be one of two types. */
static enum lend_why
hear(enum msg_type want, union msg_any *m)
{
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	switch (chan_recv(&door, &type, m, fds)) {
	case CHAN_MSG:
		break;
	case CHAN_EMPTY:
		return LEND_BUSY;
	default:
		return LEND_GONE;
	}
	if (type == want && (type == MSG_LEND_SELF || m->req == req))
		return LEND_OK;
	if (type == MSG_LEND_NO && m->req == req)
		return m->lend_no.why < LEND_WHY_MAX ? m->lend_no.why :
		    LEND_INTERNAL;
	return LEND_INTERNAL;
}

enum lend_why
ask_begin(int fd, uint8_t self[16])
{
	union msg_any	m;
	enum lend_why	why;

	chan_init(&door, fd, PROC_MACROCTL, PROC_PRIVD);
	door.phase = RUN;
	why = hear(MSG_LEND_SELF, &m);
	if (why == LEND_OK)
		memcpy(self, m.lend_self.ip6, 16);
	else
		door.fd = -1;
	return why;
}

enum lend_why
ask_grant(const struct msg_grant *g, uint64_t *until)
{
	struct msg_grant ask = *g;
	union msg_any	 m;
	enum lend_why	 why;

	ask.req = ++req;
	if (!ask_is_on() || grant_send(&door, &ask, NULL) == -1)
		return LEND_GONE;
	if ((why = hear(MSG_GRANTED, &m)) == LEND_OK)
		*until = m.granted.until;
	return why;
}

enum lend_why
ask_revoke(const struct call *c, unsigned *removed, int *recorded)
{
	struct msg_revoke r = { .req = ++req };
	union msg_any	  m;
	enum lend_why	  why;

	memcpy(r.kind, c->kind, sizeof(c->kind));
	memcpy(r.sub, c->sub, sizeof(c->sub));
	memcpy(r.src, c->src, sizeof(r.src));
	if (!ask_is_on() || revoke_send(&door, &r, NULL) == -1)
		return LEND_GONE;
	if ((why = hear(MSG_REVOKED, &m)) == LEND_OK) {
		*removed = m.revoked.removed;
		*recorded = m.revoked.recorded;
	}
	return why;
}

enum lend_why
ask_list(void (*fn)(void *, const struct lend_row *), void *arg)
{
	struct msg_list	l = { .after_len = 0 };
	union msg_any	m;
	enum lend_why	why;

	do {
		l.req = ++req;
		if (!ask_is_on() || list_send(&door, &l, NULL) == -1)
			return LEND_GONE;
		if ((why = hear(MSG_LISTED, &m)) != LEND_OK)
			return why;
		l.after_len = lend_rows(m.listed.rows, m.listed.rows_len,
		    l.after, fn, arg);
	} while (l.after_len > 0 && m.listed.more);
	return LEND_OK;
}

int
ask_attempt(enum lend_why why, const char *text)
{
	struct msg_attempt a = { .req = ++req, .why = (uint16_t)why };

	if (!ask_is_on())
		return -1;
	a.text_len = (uint16_t)strnlen(text, sizeof(a.text));
	memcpy(a.text, text, a.text_len);
	return attempt_send(&door, &a, NULL);
}
