/*
 * drill_netd.c -- a taken netd that a whole house starts in place of its own.
 *
 * room: common
 *
 * It boots as it should, then does what RUST_LOG (all that privd hands down)
 * names: "pong" answers pings nobody sent, as fast as it can; "ask" asks who
 * listens, as fast.
 */
#define ME_NETD
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doors.h"
#include "log.h"
#include "sandbox.h"

static struct chan privd;

/* Everything privd says, until it says this. */
static void
hear(enum msg_type want)
{
	struct pollfd	p = { .fd = ROOM_DOOR_PRIVD, .events = POLLIN };
	union msg_any	m;
	enum msg_type	type = MSG_NONE;
	int		fds[MSG_NFD_MAX];

	while (type != want) {
		poll(&p, 1, -1);
		switch (chan_recv(&privd, &type, &m, fds)) {
		case CHAN_GONE:
		case CHAN_RULE:
			_exit(1);
		default:
			break;
		}
	}
}

static void
pong_for_ever(void)
{
	struct msg_pong_netd m = { .req = 1 };

	for (;;)
		if (pong_netd_send(&privd, &m, NULL) == -1)
			_exit(1);
}

static void
ask_for_ever(void)
{
	struct msg_listen_ask m = { .req = 1 };

	for (;;)
		if (listen_ask_send(&privd, &m, NULL) == -1)
			_exit(1);
}

int
main(void)
{
	const char		*lie = getenv("RUST_LOG");
	struct msg_ready_netd	 ready = { .req = 1 };

	room_start(PROC_NETD);
	chan_init(&privd, ROOM_DOOR_PRIVD, PROC_NETD, PROC_PRIVD);
	hear(MSG_CONF_END);
	if (ready_netd_send(&privd, &ready, NULL) == -1)
		return 1;
	hear(MSG_GO_NETD);
	privd.phase = RUN;
	usleep(500000);		/* let the script see that the house stands */
	if (lie != NULL && strcmp(lie, "pong") == 0)
		pong_for_ever();
	if (lie != NULL && strcmp(lie, "ask") == 0)
		ask_for_ever();
	hear(MSG_STOP_NETD);
	return 0;
}
