/*
 * drill_netd.c -- a taken netd that a whole house starts in place of its own.
 *
 * room: common
 *
 * It boots as it should, then does what the end of RUST_LOG (all that privd hands
 * down) names, as if it were a target: "info,pong" answers pings nobody sent, as
 * fast as it can; "ask" asks who listens, as fast; "grant", "revoke" and "audit"
 * say what is others' to say.
 */
#define ME_NETD
#include <sys/socket.h>

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

/* The message of another room, whole and lawful but for who says it. */
static void
say_others(enum msg_type type, const union msg_any *m)
{
	uint8_t		raw[MSG_LEN_MAX];
	enum refusal	why;
	int		n = msg_encode(type, m, raw, sizeof(raw), &why);

	if (n == -1 || send(ROOM_DOOR_PRIVD, raw, (size_t)n, MSG_NOSIGNAL) != n)
		_exit(1);
}

static void
say_grant(void)
{
	union msg_any m = { .grant = { .req = 1, .kind = "tor-exit", .sub =
	    "did:plc:0123456789abcdef0123456789abcdef", .src = { 0xfd, [15] = 3 },
	    .secs = 600, .allow_len = 3, .allow = { 6, 9050 & 255, 9050 >> 8 } } };

	say_others(MSG_GRANT, &m);
}

static void
say_revoke(void)
{
	union msg_any m = { .revoke = { .req = 1, .kind = "tor-exit", .sub =
	    "did:plc:0123456789abcdef0123456789abcdef", .src = { 0xfd, [15] = 3 } } };

	say_others(MSG_REVOKE, &m);
}

static void
say_audit(void)
{
	union msg_any m = { .audit = { .req = 1, .what = "grant",
	    .text_len = 7, .text = "drilled" } };

	say_others(MSG_AUDIT, &m);
}

static void
tell(const char *lie)
{
	if (strcmp(lie, "pong") == 0)
		pong_for_ever();
	if (strcmp(lie, "ask") == 0)
		ask_for_ever();
	if (strcmp(lie, "grant") == 0)
		say_grant();
	if (strcmp(lie, "revoke") == 0)
		say_revoke();
	if (strcmp(lie, "audit") == 0)
		say_audit();
}

int
main(void)
{
	const char		*log = getenv("RUST_LOG");
	const char		*lie = log == NULL ? NULL : strchr(log, ',');
	struct msg_ready_netd	 ready = { .req = 1 };

	room_start(PROC_NETD);
	chan_init(&privd, ROOM_DOOR_PRIVD, PROC_NETD, PROC_PRIVD);
	hear(MSG_CONF_END);
	if (ready_netd_send(&privd, &ready, NULL) == -1)
		return 1;
	hear(MSG_GO_NETD);
	privd.phase = RUN;
	usleep(500000);		/* let the script see that the house stands */
	if (lie != NULL)
		tell(lie + 1);
	hear(MSG_STOP_NETD);
	return 0;
}
