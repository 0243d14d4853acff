/*
 * house.c -- the life of the house: the machine of house.def, the loop that
 * feeds it, pings, and the end. What happens at boot is in boot.c.
 */
#include <sys/signalfd.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ROOM_DISPATCH
#include "guest.h"
#include "privd.h"

#define LOG_TARGET "bastide::privd"
#include "fsm.h"
#include "log.h"

#define PING_MS		5000
#define LISTEN_MS	500	/* from an answer about listeners to the next question */
#define PATIENCE_MS	15000	/* without a PONG */
#define GRACE_MS	300	/* for rooms to leave by themselves */
#define BURY_MS		50	/* for the kernel to end those that did not */

enum {
#define STATE(NAME, wait_ms, what)	HOUSE_##NAME,
#include "house.def"
	HOUSE_MAX
};

enum {
#define EVENT(NAME)			EV_##NAME,
#include "house.def"
	EV_MAX
};

static const char *const state_name[] = {
#define STATE(NAME, wait_ms, what)	#NAME,
#include "house.def"
};
static const char *const event_name[] = {
#define EVENT(NAME)			#NAME,
#include "house.def"
};
static const struct {
	unsigned	 ms;
	const char	*what;
} wait_for[] = {
#define STATE(NAME, wait_ms, what)	{ wait_ms, what },
#include "house.def"
};

static int	house_late(void *, void *);
static int	house_lost(void *, void *);
static int	house_stop(void *, void *);
static int	house_slow(void *, void *);

static const struct fsm_edge edge[HOUSE_MAX][EV_MAX] = {
#define EDGE(FROM, EV, TO, act)	[HOUSE_##FROM][EV_##EV] = { act, HOUSE_##TO, 1 },
#include "house.def"
};

static const struct fsm machine = { HOUSE_MAX, EV_MAX, &edge[0][0] };

struct house	house;
static uint64_t	entered_ms, next_ping_ms;
static int	sigfd = -1;

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Every event passes here. One that its state does not know is our bug or a
 * room's lie; either way the house ends. */
static void
happen(unsigned event, void *arg)
{
	uint8_t before = house.state;

	switch (fsm_step(&machine, &house.state, event, &house, arg)) {
	case FSM_OK:
		if (house.state != before)
			entered_ms = now_ms();
		return;
	default:
		fatalx("%s while %s", event_name[event], state_name[before]);
	}
}

void
conf_fatal(const char *fmt, ...)
{
	char	text[1024];
	va_list	ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_error("%s", text);
	house_clean();
	_exit(EXIT_CONF);
}

/* -- what rooms say ------------------------------------------------------- */

void
on_conf_hole(struct chan *c, const struct msg_conf_hole *m, int *fds)
{
	struct msg_conf_hole hole = *m;

	(void)c;
	(void)fds;
	happen(EV_HOLE, &hole);
	if (house.check_only)
		happen(EV_CHECKED, NULL);
}

void
on_ready_cryptod(struct chan *c, const struct msg_ready_cryptod *m, int *fds)
{
	struct msg_ready_cryptod ready = *m;

	(void)c;
	(void)fds;
	happen(EV_KEYS, &ready);
}

/* One room said what is due from several: it happened when all have. */
static void
said(enum proc_id id, unsigned event)
{
	house.awaited &= ~(1U << id);
	if (house.awaited == 0)
		happen(event, NULL);
}

static void
ready(enum proc_id id)
{
	unsigned i;

	said(id, EV_READY);
	/* The boot may have taken long; patience starts now. */
	next_ping_ms = now_ms();
	for (i = 0; i < PROC_MAX; i++)
		house.room[i].heard_ms = next_ping_ms;
}

void
on_ready_netd(struct chan *c, const struct msg_ready_netd *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	ready(PROC_NETD);
}

void
on_ready_dird(struct chan *c, const struct msg_ready_dird *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	ready(PROC_DIRD);
}

void
on_stopped_netd(struct chan *c, const struct msg_stopped_netd *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	said(PROC_NETD, EV_STOPPED);
}

void
on_stopped_dird(struct chan *c, const struct msg_stopped_dird *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	said(PROC_DIRD, EV_STOPPED);
}

/* Answers nobody asked for could keep us busy for ever: that is a lie, too. */
static void
heard(struct room *r, const char *what)
{
	if (r->asked == 0) {
		log_error("%s broke a rule with %s: nobody asked",
		    proc_row[r->id].name, what);
		happen(EV_LOST, r);
		return;
	}
	r->asked--;
	r->heard_ms = now_ms();
}

void
on_pong_netd(struct chan *c, const struct msg_pong_netd *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	heard(&house.room[PROC_NETD], msg_row[MSG_PONG_NETD].name);
}

void
on_pong_cryptod(struct chan *c, const struct msg_pong_cryptod *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	heard(&house.room[PROC_CRYPTOD], msg_row[MSG_PONG_CRYPTOD].name);
}

void
on_pong_dird(struct chan *c, const struct msg_pong_dird *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	heard(&house.room[PROC_DIRD], msg_row[MSG_PONG_DIRD].name);
}

/*
 * netd asks again only when it has had an answer for LISTEN_MS; sooner is a
 * lie that could keep us busy for ever.
 */
void
on_listen_ask(struct chan *c, const struct msg_listen_ask *m, int *fds)
{
	static uint64_t		answered_ms;
	struct msg_listeners	answer = { .req = m->req };
	uint8_t			ip6[16];

	(void)fds;
	if (answered_ms != 0 && now_ms() - answered_ms < LISTEN_MS) {
		log_error("netd broke a rule with %s: too soon",
		    msg_row[MSG_LISTEN_ASK].name);
		happen(EV_LOST, &house.room[PROC_NETD]);
		return;
	}
	mesh_addr(house.self.addr, ip6);
	diag_ask(ip6, &answer);
	answered_ms = now_ms();
	if (listeners_send(c, &answer, NULL) == -1)
		happen(EV_LOST, &house.room[PROC_NETD]);
}

void
on_ready_macroctl(struct chan *c, const struct msg_ready_macroctl *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	ready(PROC_MACROCTL);
}

void
on_pong_macroctl(struct chan *c, const struct msg_pong_macroctl *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
	heard(&house.room[PROC_MACROCTL], msg_row[MSG_PONG_MACROCTL].name);
}

void
house_lie(struct room *r, const char *how)
{
	log_error("%s broke a rule: %s", proc_row[r->id].name, how);
	if (house.state != HOUSE_OVER)
		happen(EV_LOST, r);
}

/* -- actions of house.def ------------------------------------------------- */

static int
house_late(void *obj, void *arg)
{
	const struct room *r = arg;

	(void)obj;
	if (r != NULL)
		log_error("%s does not answer; the house ends",
		    proc_row[r->id].name);
	else
		log_error("waited %u s for %s; the house ends",
		    wait_for[house.state].ms / 1000, wait_for[house.state].what);
	house.status = 1;
	return 0;
}

/*
 * The first that we notice may have left because another one died, and that
 * one's end may be a moment away: say what became of each.
 */
static int
house_lost(void *obj, void *arg)
{
	struct room	*lost = arg, *r;
	struct pollfd	 pfd = { .events = POLLIN };
	uint64_t	 until = now_ms() + HOW_MS, now;
	char		 how[80];
	unsigned	 i;

	(void)obj;
	house.status = 1;
	for (i = 0; i < PROC_MAX; i++) {
		r = &house.room[i];
		if (r->pid == 0)
			continue;
		pfd.fd = r->pidfd;
		now = now_ms();
		strcpy(how, "it closed its door");
		if ((poll(&pfd, 1, now < until ? (int)(until - now) : 0) == 1 &&
		    room_ended(r, how, sizeof(how))) || r == lost)
			log_error("%s is gone: %s; the house ends",
			    proc_row[i].name, how);
	}
	return 0;
}

static int
house_stop(void *obj, void *arg)
{
	struct msg_stop_netd m = { .req = 1 };
	struct msg_stop_dird d = { .req = 1 };

	(void)obj;
	(void)arg;
	log_info("stopping");
	notify("STOPPING=1\nSTATUS=Stopping");
	if (stop_netd_send(&house.room[PROC_NETD].door, &m, NULL) == -1)
		fatal("ask netd to stop");
	house.awaited = 1U << PROC_NETD;
	if (house.room[PROC_DIRD].pid == 0)
		return 0;
	if (stop_dird_send(&house.room[PROC_DIRD].door, &d, NULL) == -1)
		fatal("ask dird to stop");
	house.awaited |= 1U << PROC_DIRD;
	return 0;
}

static int
house_slow(void *obj, void *arg)
{
	(void)obj;
	(void)arg;
	log_warn("gave up waiting for %s", wait_for[HOUSE_STOPPING].what);
	return 0;
}

/* -- the loop ------------------------------------------------------------- */

static int
ping(struct room *r)
{
	struct msg_ping_netd	n = { .req = 1 };
	struct msg_ping_cryptod	c = { .req = 1 };
	struct msg_ping_dird	d = { .req = 1 };
	struct msg_ping_macroctl m = { .req = 1 };

	r->asked++;
	switch (r->id) {
	case PROC_NETD:
		return ping_netd_send(&r->door, &n, NULL);
	case PROC_CRYPTOD:
		return ping_cryptod_send(&r->door, &c, NULL);
	case PROC_DIRD:
		return ping_dird_send(&r->door, &d, NULL);
	case PROC_MACROCTL:
		return ping_macroctl_send(&r->door, &m, NULL);
	default:
		return 0;
	}
}

static void
ping_rooms(uint64_t now)
{
	unsigned		i;

	if (house.state != HOUSE_SERVING || now < next_ping_ms)
		return;
	for (i = 0; i < PROC_MAX; i++)
		if (house.room[i].pid != 0 &&
		    now - house.room[i].heard_ms > PATIENCE_MS) {
			happen(EV_LATE, &house.room[i]);
			return;
		}
	next_ping_ms = now + PING_MS;
	/* A room whose door is full is as good as dead. */
	for (i = 0; i < PROC_MAX; i++)
		if (house.room[i].pid != 0 && ping(&house.room[i]) == -1) {
			happen(EV_LOST, &house.room[i]);
			return;
		}
	notify("WATCHDOG=1");
}

static int
next_wait(uint64_t now)
{
	uint64_t at;

	if (wait_for[house.state].ms != 0)
		at = entered_ms + wait_for[house.state].ms;
	else
		at = next_ping_ms;
	if (guest_due() != 0 && guest_due() < at)
		at = guest_due();
	return at <= now ? 0 : (int)(at - now) + 1;
}

static void
check_time(void)
{
	uint64_t now = now_ms();

	if (wait_for[house.state].ms != 0 &&
	    now - entered_ms >= wait_for[house.state].ms)
		happen(EV_LATE, NULL);
	ping_rooms(now);
}

static void
take_signal(void)
{
	struct signalfd_siginfo si;

	if (read(sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si))
		happen(EV_TERM, NULL);
}

/* Everything that stands in a door now, unless the house ends over it. */
static void
take_door(struct room *r)
{
	union msg_any	m;
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	while (house.state != HOUSE_OVER) {
		switch (chan_recv(&r->door, &type, &m, fds)) {
		case CHAN_MSG:
			room_dispatch(&r->door, type, &m, fds);
			break;
		case CHAN_EMPTY:
			return;
		case CHAN_RULE:
			log_error("%s broke a rule with %s: %s",
			    proc_row[r->id].name, r->door.refused,
			    refuse_text(r->door.why));
			/* FALLTHROUGH */
		default:
			happen(EV_LOST, r);
			return;
		}
	}
}

/* Signals first, then deaths, then what the living say. */
static void
turn(void)
{
	struct pollfd	 pfd[2 + 2 * PROC_MAX + GUESTS];
	struct room	*who[1 + 2 * PROC_MAX];
	unsigned	 i, n = 0, guests;

	pfd[n++] = (struct pollfd){ .fd = sigfd, .events = POLLIN };
	for (i = 0; i < PROC_MAX; i++) {
		if (house.room[i].pid == 0)
			continue;
		who[n] = who[n + 1] = &house.room[i];
		pfd[n++] = (struct pollfd){ .fd = house.room[i].door.fd,
		    .events = POLLIN };
		pfd[n++] = (struct pollfd){ .fd = house.room[i].pidfd,
		    .events = POLLIN };
	}
	guests = house.state == HOUSE_SERVING ? guest_poll(pfd + n) : 0;
	if (poll(pfd, n + guests, next_wait(now_ms())) == -1 && errno != EINTR)
		fatal("poll");
	if (pfd[0].revents != 0)
		take_signal();
	for (i = 1; i < n && house.state != HOUSE_OVER; i++)
		if (pfd[i].revents == 0)
			continue;
		else if (pfd[i].fd == who[i]->pidfd)
			happen(EV_LOST, who[i]);
		else
			take_door(who[i]);
	if (house.state == HOUSE_SERVING)
		guest_turn(pfd + n, guests, now_ms());
	if (house.state != HOUSE_OVER)
		check_time();
}

/* -- the end -------------------------------------------------------------- */

static void
bury(int wait_ms)
{
	uint64_t	 until = now_ms() + (uint64_t)wait_ms, now;
	struct pollfd	 pfd = { .events = POLLIN };
	char		 how[80];
	unsigned	 i;

	for (i = 0; i < PROC_MAX; i++) {
		if (house.room[i].pid == 0)
			continue;
		pfd.fd = house.room[i].pidfd;
		now = now_ms();
		if (poll(&pfd, 1, now < until ? (int)(until - now) : 0) == 1)
			room_ended(&house.room[i], how, sizeof(how));
	}
}

void
house_clean(void)
{
	unsigned i;

	for (i = 0; i < PROC_MAX; i++)
		room_kill(&house.room[i]);
	bury(BURY_MS);
	control_close();
	tun_close();
}

static void
close_doors(void)
{
	unsigned i;

	for (i = 0; i < PROC_MAX; i++)
		if (house.room[i].pid != 0)
			close(house.room[i].door.fd);
}

/* Whoever started us may have left some ignored, and rooms would inherit that. */
static void
watch_signals(void)
{
	/* SIGHUP: the terminal is gone. */
	static const int stop[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP };
	sigset_t	 set;
	size_t		 i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(stop) / sizeof(stop[0]); i++) {
		signal(stop[i], SIG_DFL);
		sigaddset(&set, stop[i]);
	}
	/* Ignored, it would take away how a room ended. */
	signal(SIGCHLD, SIG_DFL);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)) == -1)
		fatal("signals");
	signal(SIGPIPE, SIG_IGN);
}

int
house_run(void)
{
	watch_signals();
	fatal_hook(house_clean);
	entered_ms = now_ms();
	boot_begin();
	while (house.state != HOUSE_OVER)
		turn();
	close_doors();
	if (house.status == 0)
		bury(GRACE_MS);
	house_clean();
	if (house.status == 0 && house.check_only)
		log_info("the configuration is good");
	else if (house.status == 0)
		log_as(LVL_INFO, "fips", "FIPS shutdown complete");
	return house.status;
}
