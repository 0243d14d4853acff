/*
 * liar_carry.c -- a false dird meets netd's carrier of the directory, in a
 * process of its own, over a real door. room: netd, with: liar
 *
 * It dials, speaks, takes and hangs up in any order, by names that are there
 * and that are not. netd may end by its own rule (status 1); it may not die
 * otherwise, hang, or leave a call without an end.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <event2/event.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "carry.h"
#include "chan.h"
#include "liar.h"
#include "link.h"
#include "log.h"
#include "names.h"
#include "session.h"
#include "suite.h"

#define LIES	300
#define SEEDS	40
#define NAMES	10u
#define WAIT_MS	20000
#define OURS	0x80000000u

static struct chan	door;
static int		is_open[NAMES + 1], ended[NAMES + 1];

/* What main.c has, and the modules that this one does not meet. */
struct netd	netd;
uint64_t netd_clock(void) { return netd.now_ms; }
uint64_t netd_wall_ms(void) { return 1; }
void netd_tick_by(uint64_t at_ms) { (void)at_ms; }
uint32_t netd_req(void) { return 1; }
uint32_t netd_random_u32(void) { return 1; }
void netd_random(void *p, size_t n) { memset(p, 7, n); }
struct peer *peer_next(struct peer *p) { (void)p; return NULL; }
struct peer *peer_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }
struct session *session_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }

/* As privd's lead to the TUN only, these lead to the loopback only. */
static int
socket_of_lo(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2) == -1)
		_exit(4);
	return fd;
}

/* -- netd ------------------------------------------------------------------- */

static int
take(struct chan *c)
{
	union msg_any m;
	enum msg_type type;
	int fds[MSG_NFD_MAX];

	if (chan_recv(c, &type, &m, fds) != CHAN_MSG)
		return 0;
	switch (type) {
	case MSG_TALK_DIAL:	on_talk_dial(c, &m.talk_dial, fds); break;
	case MSG_TALK_SAY:	on_talk_say(c, &m.talk_say, fds); break;
	case MSG_TALK_TAKEN:	on_talk_taken(c, &m.talk_taken, fds); break;
	case MSG_TALK_CLOSE:	on_talk_close(c, &m.talk_close, fds); break;
	default:		_exit(3);
	}
	return 1;
}

static void
be_netd(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int i;

	log_init("netd", NULL);
	memcpy(netd.conf, conf_default, sizeof(netd.conf));
	netd_clock();
	names_init();
	netd.base = event_base_new();
	chan_init(&netd.dird, fd, PROC_NETD, PROC_DIRD);
	netd.dird.phase = RUN;
	for (i = 0; i < TALK_CALLS; i++)
		carry_dial(socket_of_lo());
	carry_start();
	while (poll(&p, 1, WAIT_MS) == 1 && take(&netd.dird)) {
		event_base_loop(netd.base, EVLOOP_NONBLOCK);
		netd.now_ms += any(100);
		carry_tick();
	}
	_exit(0);
}

/* -- the false dird ----------------------------------------------------------- */

/* 0: it is gone. */
static int
hear(void)
{
	union msg_any m;
	enum msg_type type;
	int fds[MSG_NFD_MAX];

	for (;;) {
		switch (chan_recv(&door, &type, &m, fds)) {
		case CHAN_EMPTY:
			return 1;
		case CHAN_MSG:
			break;
		case CHAN_RULE:
			ck_abort_msg("seed %u: netd lies", seed);
		default:
			return 0;
		}
		if (type == MSG_TALK_END)
			ended[m.talk_end.talk & ~OURS] = 1;
	}
}

static int
lie(void)
{
	uint32_t n = 1 + any(NAMES);
	int mean = any(60) == 0;	/* mostly it keeps the rules */
	struct msg_talk_dial d = { .talk = OURS + n };
	struct msg_talk_say s = { .talk = OURS + n, .bytes_len = 100 };
	struct msg_talk_taken t = { .talk = OURS + n, .count = 1 };
	struct msg_talk_close c = { .talk = OURS + n };

	d.pub[0] = (uint8_t)n;
	switch (any(4)) {
	case 0:
		if (!mean && (is_open[n] || n > TALK_CALLS))
			return 0;
		is_open[n] = 1;
		ended[n] = 0;
		return chan_send(&door, MSG_TALK_DIAL, &d, NULL);
	case 1:
		return mean || ended[n] ?
		    chan_send(&door, MSG_TALK_SAY, &s, NULL) : 0;
	case 2:
		return mean ? chan_send(&door, MSG_TALK_TAKEN, &t, NULL) : 0;
	default:
		if (!mean && !is_open[n])
			return 0;
		is_open[n] = ended[n] = 0;
		return chan_send(&door, MSG_TALK_CLOSE, &c, NULL);
	}
}

/* Nobody is there to be reached: whatever is still dialled comes to an end. */
static int
all_end(void)
{
	struct pollfd p = { .fd = door.fd, .events = POLLIN };
	struct msg_talk_dial d = { .talk = OURS + NAMES };
	unsigned i;

	for (i = 1; i <= TALK_CALLS; i++) {
		if (is_open[i])
			continue;
		d.talk = OURS + i;
		is_open[i] = 1;
		ended[i] = 0;
		if (chan_send(&door, MSG_TALK_DIAL, &d, NULL) == -1)
			return 0;
	}
	for (i = 1; i <= TALK_CALLS; i++)
		while (!ended[i])
			if (poll(&p, 1, WAIT_MS) != 1 || !hear())
				return 0;
	return 1;
}

START_TEST(netd_serves_a_false_dird_or_ends_by_its_rule)
{
	unsigned i, whole = 0;
	struct chan far;
	pid_t pid;
	int st;

	for (seed = 1; seed <= SEEDS; seed++) {
		srandom(seed);
		memset(is_open, 0, sizeof(is_open));
		memset(ended, 0, sizeof(ended));
		ck_assert_int_eq(chan_pair(PROC_DIRD, PROC_NETD, &door, &far), 0);
		door.phase = RUN;
		if ((pid = fork()) == 0) {
			close(door.fd);
			be_netd(far.fd);
		}
		close(far.fd);
		/* Every other seed keeps the rules to the end. */
		for (i = 0; i < LIES && hear() && (seed % 2 == 0 || lie() == 0);
		    i++)
			continue;
		whole += hear() && all_end();
		close(door.fd);
		ck_assert_int_eq(waitpid(pid, &st, 0), pid);
		ck_assert_msg(WIFEXITED(st) && WEXITSTATUS(st) <= 1,
		    "seed %u: netd ended with %#x", seed, st);
	}
	ck_assert_uint_ge(whole, SEEDS / 2);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, netd_serves_a_false_dird_or_ends_by_its_rule);
}
