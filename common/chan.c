/* chan.c -- messages over a SEQPACKET door, checked at both ends. */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "chan.h"

#define SEND_WAIT_MS	5000
#define ASKED_LEN	1048576		/* some 2,700 short messages; 278 without */

union fdbuf {
	struct cmsghdr	align;
	char		buf[CMSG_SPACE(sizeof(int) * MSG_NFD_MAX)];
};

void
chan_init(struct chan *c, int fd, enum proc_id me, enum proc_id peer)
{
	*c = (struct chan){ .fd = fd, .me = me, .peer = peer, .phase = BOOT,
	    .refused = "?" };
}

/* As far as the system lets whoever makes the door. */
static void
widen(int fd)
{
	int n = ASKED_LEN;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &n, sizeof(n)) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &n, sizeof(n));
}

int
chan_pair(enum proc_id a, enum proc_id b, struct chan *ca, struct chan *cb)
{
	int sp[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0, sp) == -1)
		return -1;
	/* netd asks on while it has not read the answers: when these fill the door,
	 * and questions the other way, each waits for the other, and both end. */
	if ((a == PROC_NETD && b == PROC_CRYPTOD) ||
	    (a == PROC_CRYPTOD && b == PROC_NETD)) {
		widen(sp[0]);
		widen(sp[1]);
	}
	chan_init(ca, sp[0], a, b);
	chan_init(cb, sp[1], b, a);
	return 0;
}

int
chan_send(struct chan *c, enum msg_type type, const void *msg, const int *fds)
{
	uint8_t		 buf[MSG_LEN_MAX];
	union fdbuf	 cb;
	struct iovec	 iov = { buf, 0 };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*cm;
	struct pollfd	 pfd = { .fd = c->fd, .events = POLLOUT };
	int		 len, nfd, known = type > MSG_NONE && type < MSG_MAX;

	nfd = known ? msg_row[type].nfd : 0;
	c->refused = known ? msg_row[type].name : "?";
	c->why = msg_permit(type, c->me, c->peer, c->phase, nfd, &c->seen_out);
	if (c->why != REFUSE_NONE ||
	    (len = msg_encode(type, msg, buf, sizeof(buf), &c->why)) == -1) {
		errno = EPROTO;
		return -1;
	}
	iov.iov_len = (size_t)len;
	if (nfd > 0) {
		memset(&cb, 0, sizeof(cb));
		mh.msg_control = cb.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfd);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfd);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * (size_t)nfd);
	}
	for (;;) {
		if (sendmsg(c->fd, &mh, MSG_NOSIGNAL) == len)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || poll(&pfd, 1, SEND_WAIT_MS) < 1)
			return -1;
	}
}

static int
take_fds(struct msghdr *mh, int *fds)
{
	struct cmsghdr	*cm;
	size_t		 i, n;
	int		 fd, nfd = 0;

	for (cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
			if (nfd < MSG_NFD_MAX)
				fds[nfd++] = fd;
			else
				close(fd);
		}
	}
	return nfd;
}

enum chan_result
chan_recv(struct chan *c, enum msg_type *type, union msg_any *m, int *fds)
{
	uint8_t		 buf[MSG_LEN_MAX];
	union fdbuf	 cb;
	struct iovec	 iov = { buf, sizeof(buf) };
	struct msghdr	 mh = { .msg_iov = &iov, .msg_iovlen = 1,
			     .msg_control = cb.buf, .msg_controllen = sizeof(cb.buf) };
	ssize_t		 n;
	int		 nfd;

	do
		n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1 && errno == EAGAIN)
		return CHAN_EMPTY;
	nfd = n == -1 ? 0 : take_fds(&mh, fds);
	/* An empty record and the end of the stream look alike; neither is lawful. */
	if (n <= 0) {
		while (nfd > 0)
			close(fds[--nfd]);
		return CHAN_GONE;
	}
	c->refused = "?";
	if (mh.msg_flags & MSG_TRUNC)
		c->why = REFUSE_MSG_LENGTH;
	else if (mh.msg_flags & MSG_CTRUNC)
		c->why = REFUSE_MSG_WRONG_FDS;
	else if (msg_decode(buf, (size_t)n, type, m, &c->why) == 0) {
		c->refused = msg_row[*type].name;
		c->why = msg_permit(*type, c->peer, c->me, c->phase, nfd,
		    &c->seen_in);
		if (c->why == REFUSE_NONE)
			return CHAN_MSG;
	}
	while (nfd > 0)
		close(fds[--nfd]);
	return CHAN_RULE;
}
