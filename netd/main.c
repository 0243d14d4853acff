/*
 * main.c -- netd: boot, sandbox, loop, tick, stop.
 *
 * Knows the doors and the order of things; the protocol is in the modules
 * that netd.h lists. Reads the network, holds no key and no privilege.
 */
#include <sys/random.h>

#include <event2/event.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROOM_DISPATCH
#include "netd.h"

#define LOG_TARGET "bastide::netd"
#include "log.h"
#include "boot.h"
#include "carry.h"
#include "control.h"
#include "dns.h"
#include "history.h"
#include "link.h"
#include "mesh.h"
#include "names.h"
#include "netd_int.h"
#include "resolve.h"
#include "sandbox.h"
#include "session.h"
#include "tun.h"
#include "udp.h"

#define BOOT_WAIT_MS	30000		/* privd has shorter patience of its own */
#define DOOR_BATCH	64		/* messages taken from a door in one turn */
#define TICK_MAX_MS	60000		/* between two when nothing is due */
#define GOODBYE_MS	500		/* longest wait for goodbyes to be sealed */

struct netd netd;

static struct event	*tick_ev;
static uint64_t		 next_tick_ms, goodbye_until_ms;
static int		 going, said_stopped, tick_soon;

uint64_t
netd_clock(void)
{
	struct timespec ts;
	uint64_t	now_us;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now_us = (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
	netd.now_us = now_us;
	netd.now_ms = now_us / 1000;
	if (netd.now_ms >= history_due_ms) {
		history_catch_up();
		netd_slice(now_us);
	}
	return netd.now_ms;
}

uint64_t
netd_wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void
netd_random(void *p, size_t n)
{
	if (getrandom(p, n, 0) != (ssize_t)n)
		fatal("random bytes from the kernel");
}

uint32_t
netd_random_u32(void)
{
	uint32_t v;

	netd_random(&v, sizeof(v));
	return v;
}

uint32_t
netd_req(void)
{
	static uint32_t last;

	if (++last == 0)
		last = 1;
	return last;
}

/* One message, or the end of the house: nobody lies to us and stays. */
static int
take(struct chan *c)
{
	union msg_any	m;
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	switch (chan_recv(c, &type, &m, fds)) {
	case CHAN_MSG:
		room_dispatch(c, type, &m, fds);
		return 1;
	case CHAN_EMPTY:
		return 0;
	case CHAN_RULE:
		fatalx("%s broke a rule with %s: %s", proc_row[c->peer].name,
		    c->refused, refuse_text(c->why));
	default:
		room_lost(&netd.privd, c->peer);
	}
}

void
netd_slice(uint64_t began_us)
{
	netd_clock();
	if (netd.now_us - began_us > netd.slice_max_us)
		netd.slice_max_us = netd.now_us - began_us;
}

static void
on_door(evutil_socket_t fd, short what, void *arg)
{
	uint64_t began_us;
	int i;

	(void)fd;
	(void)what;
	netd_clock();
	began_us = netd.now_us;
	for (i = 0; i < DOOR_BATCH && take(arg); i++)
		continue;
	netd_slice(began_us);
	tick_soon = 1;
}

/* Boot is a conversation with privd alone: wait for its messages one by one. */
static void
wait_for(const int *flag, const char *what)
{
	struct pollfd	pfd = { .fd = netd.privd.fd, .events = POLLIN };
	int		n;

	while (!*flag) {
		n = poll(&pfd, 1, BOOT_WAIT_MS);
		if (n == -1 && errno == EINTR)
			continue;
		if (n < 1)
			fatalx("privd did not send %s within %d s", what,
			    BOOT_WAIT_MS / 1000);
		while (!*flag && take(&netd.privd))
			continue;
	}
}

void
on_go_netd(struct chan *c, const struct msg_go_netd *m, int *fds)
{
	(void)m;
	(void)fds;
	c->phase = RUN;
	netd.cryptod.phase = netd.dird.phase = RUN;
	going = 1;
}

void
on_ping_netd(struct chan *c, const struct msg_ping_netd *m, int *fds)
{
	struct msg_pong_netd pong = { .req = m->req };

	(void)fds;
	if (pong_netd_send(c, &pong, NULL) == -1)
		fatal("answering privd's ping");
}

void
on_stop_netd(struct chan *c, const struct msg_stop_netd *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	netd.stopping = 1;
	goodbye_until_ms = netd.now_ms + GOODBYE_MS;
	link_stop();
}

void
on_hs_no(struct chan *c, const struct msg_hs_no *m, int *fds)
{
	(void)c;
	(void)fds;
	refuse(m->why < REFUSE_MAX ? m->why : REFUSE_HS_HANDLE);
	if (!link_hs_no(m->req, m->why) && !session_hs_no(m->req, m->why))
		mesh_no(m->req, m->why);
}

static void
say_stopped(void)
{
	struct msg_stopped_netd m = { .req = 0 };

	if (said_stopped || !netd.stopping ||
	    (pipe_free() < pipe_slots() && netd.now_ms < goodbye_until_ms))
		return;
	udp_flush();
	said_stopped = 1;
	if (stopped_netd_send(&netd.privd, &m, NULL) == -1)
		fatal("telling privd that the goodbyes are sent");
}

static void
arm_tick(uint64_t in_ms)
{
	/* A millisecond is cut off a clock: on the dot we would wake too early, twice. */
	struct timeval tv = {
		.tv_sec = (time_t)((in_ms + 1) / 1000),
		.tv_usec = (suseconds_t)((in_ms + 1) % 1000 * 1000)
	};

	next_tick_ms = netd.now_ms + in_ms;
	if (event_add(tick_ev, &tv) == -1)
		fatalx("cannot arm the tick");
}

void
netd_tick_by(uint64_t at_ms)
{
	if (at_ms < next_tick_ms)
		arm_tick(at_ms > netd.now_ms ? at_ms - netd.now_ms : 0);
}

static void
run_tick(void)
{
	uint64_t next = TICK_MAX_MS, began_us;

	netd_clock();
	began_us = netd.now_us;
	next = sooner(next, link_tick());
	next = sooner(next, session_tick());
	next = sooner(next, mesh_tick());
	next = sooner(next, carry_tick());
	if (netd.stopping && next > 20)
		next = 20;
	arm_tick(next < 1 ? 1 : next);
	netd_slice(began_us);
	if (netd.now_us - began_us > netd.tick_max_us)
		netd.tick_max_us = netd.now_us - began_us;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	netd_clock();
	tick_soon = 1;
}

/*
 * After every turn of the loop: due timers, the UDP batch, cryptod's wake-up.
 * An event callback starts with netd_clock() and does not care.
 */
static void
turn_end(void)
{
	if (tick_soon || netd.now_ms >= next_tick_ms) {
		tick_soon = 0;
		run_tick();
	}
	tun_turn();
	udp_turn();
	pipe_flush();
	udp_mind();
	tun_mind();
	control_turn();
	say_stopped();
}

static void
watch(int fd, struct chan *c)
{
	struct event *ev = event_new(netd.base, fd, EV_READ | EV_PERSIST, on_door, c);

	if (ev == NULL || event_add(ev, NULL) == -1)
		fatalx("cannot watch the door to %s", proc_row[c->peer].name);
}

static void
open_front_door(void)
{
	watch(netd.privd.fd, &netd.privd);
	watch(netd.cryptod.fd, &netd.cryptod);
	/* A house without a directory has nobody behind that door. */
	if (netd.conf[CONF_DIR_ENABLED])
		watch(netd.dird.fd, &netd.dird);
	tick_ev = evtimer_new(netd.base, on_tick, NULL);
	if (tick_ev == NULL)
		fatalx("cannot make the tick");
	pipe_start(netd.base);
	tun_start(netd.base);
	dns_start(netd.base);
	resolve_start(netd.base);
	control_start(netd.base);
	carry_start();
	udp_start(netd.base);
	mesh_init();
	link_start();
	history_start();
	arm_tick(0);
}

int
main(void)
{
	struct msg_ready_netd ready = { .req = 0 };

	room_start(PROC_NETD);
	chan_init(&netd.privd, ROOM_DOOR_PRIVD, PROC_NETD, PROC_PRIVD);
	chan_init(&netd.cryptod, room_door_fd(PROC_NETD, PROC_CRYPTOD),
	    PROC_NETD, PROC_CRYPTOD);
	chan_init(&netd.dird, room_door_fd(PROC_NETD, PROC_DIRD), PROC_NETD,
	    PROC_DIRD);
	netd.start_ms = netd_clock();
	netd.base = event_base_new();
	if (netd.base == NULL)
		fatalx("cannot make an event loop");
	boot_init();
	wait_for(&boot_complete, "the configuration");
	sandbox_drop_dial(PROC_NETD, carry_port());
	sandbox_seccomp(PROC_NETD);
	if (ready_netd_send(&netd.privd, &ready, NULL) == -1)
		fatal("telling privd that we are ready");
	wait_for(&going, "GO");
	netd_clock();
	open_front_door();
	for (;;) {
		if (event_base_loop(netd.base, EVLOOP_ONCE) == -1)
			fatalx("the event loop failed");
		turn_end();
	}
}
