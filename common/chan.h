/*
 * chan.h -- one door, seen from one side.
 *
 * SOCK_SEQPACKET: one recvmsg is one whole message, and the descriptors that
 * ride along belong to exactly that message.
 */
#ifndef CHAN_H
#define CHAN_H

#include "msg.h"

struct chan {
	int		 fd;
	enum proc_id	 me, peer;
	unsigned	 phase;		/* BOOT or RUN */
	struct msg_seen	 seen_in, seen_out;
	enum refusal	 why;		/* of the last refusal, either way */
	const char	*refused;	/* name of the row it concerned, or "?" */
};

enum chan_result {
	CHAN_GONE = -2,		/* the other side closed its end */
	CHAN_RULE = -1,		/* the other side broke a rule; see why */
	CHAN_EMPTY = 0,		/* nothing there now */
	CHAN_MSG = 1,
};

/* A socketpair, close-on-exec, non-blocking. 0, or -1 with errno. */
int	chan_pair(enum proc_id, enum proc_id, struct chan *, struct chan *);
/* The end at fd, in phase BOOT. */
void	chan_init(struct chan *, int fd, enum proc_id me, enum proc_id peer);

/*
 * Waits up to 5 s for room. 0, or -1: EPROTO when the row may not pass here
 * (our own bug; see why), else errno of sendmsg. fds stay the caller's.
 */
int	chan_send(struct chan *, enum msg_type, const void *msg, const int *fds);
/* fds (room for MSG_NFD_MAX) are the caller's on CHAN_MSG; closed otherwise. */
enum chan_result chan_recv(struct chan *, enum msg_type *, union msg_any *,
	    int *fds);

#endif
