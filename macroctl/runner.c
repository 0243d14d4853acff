/*
 * runner.c -- the room: a decision of dird comes in, a planner says what it
 * wants, privd is asked, dird hears what came of it. Planners run one after
 * the other; what waits for privd stands in a small table.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROOM_DISPATCH
#include "macroctl.h"

#define LOG_TARGET "bastide::macroctl"
#include "log.h"
#include "sandbox.h"

#define RUNS	32

struct run {
	int		 used;
	uint32_t	 req;		/* dird's */
	char		 endpoint[ENDPOINT_LEN + 1], note[401];
};

static struct chan	privd, dird;
static struct run	runs[RUNS];
static uint8_t		self[16];
static int		folder = -1, go;

/* Gone, not wrong: the house stops, and its rooms leave in any order. */
static void
sent(int result)
{
	if (result == 0)
		return;
	if (errno == EPIPE || errno == ECONNRESET)
		_exit(1);
	fatal("a door is shut");
}

static void
done(uint32_t req, enum lend_why why, uint64_t until, const char *endpoint,
    const char *note)
{
	struct msg_macro_done m = { .req = req, .why = (uint16_t)why,
	    .until = until };

	m.endpoint_len = (uint16_t)strnlen(endpoint, sizeof(m.endpoint));
	memcpy(m.endpoint, endpoint, m.endpoint_len);
	m.note_len = (uint16_t)strnlen(note, sizeof(m.note));
	memcpy(m.note, note, m.note_len);
	sent(macro_done_send(&dird, &m, NULL));
}

/* It never came to asking privd: recorded all the same. */
static void
refused(const struct msg_macro_run *m, enum lend_why why, const char *more)
{
	struct msg_attempt a = { .req = 1, .why = (uint16_t)why };
	char		   ip[INET6_ADDRSTRLEN];
	int		   n;

	lend_source_text(m->src, ip);
	n = snprintf((char *)a.text, sizeof(a.text), "%s %s --sub %s --src-ip "
	    "%s: %.200s", m->kind, lend_verb(m->verb), m->sub, ip, more);
	a.text_len = (uint16_t)(n < (int)sizeof(a.text) ? n :
	    (int)sizeof(a.text) - 1);
	sent(attempt_send(&privd, &a, NULL));
	done(m->req, why, 0, "", more);
}

static struct run *
run_new(uint32_t req)
{
	unsigned i;

	for (i = 0; i < RUNS; i++)
		if (!runs[i].used) {
			memset(&runs[i], 0, sizeof(runs[i]));
			runs[i].used = 1;
			runs[i].req = req;
			return &runs[i];
		}
	return NULL;
}

/* -- from dird ------------------------------------------------------------ */

static void
run_grant(struct run *r, const struct msg_macro_run *m)
{
	static struct manifest	man;
	static struct plan	plan;
	static struct call	c;
	static char		params[sizeof(m->params) + 1];
	struct msg_grant	g;
	enum lend_why		why;
	unsigned		i;

	memset(&c, 0, sizeof(c));
	c.verb = LEND_GRANT;
	memcpy(c.kind, m->kind, sizeof(c.kind));
	memcpy(c.sub, m->sub, sizeof(c.sub));
	memcpy(c.src, m->src, sizeof(c.src));
	memcpy(c.self, self, sizeof(c.self));
	c.has_src = 1;
	memcpy(params, m->params, m->params_len);
	c.params = m->params_len > 0 ? params : NULL;
	c.params_len = m->params_len;
	if ((why = call_plan(folder, &c, &man, &plan)) != LEND_OK) {
		r->used = 0;
		refused(m, why, c.err);
		return;
	}
	strcpy(r->endpoint, plan.endpoint);
	for (i = 0; i < plan.nnote && strlen(r->note) + NOTE_LEN + 2 <
	    sizeof(r->note); i++) {
		strcat(r->note, i > 0 ? "; " : "");
		strcat(r->note, plan.note[i]);
	}
	call_grant(&c, &plan, &g);
	g.service_len = sizeof(m->service);
	memcpy(g.service, m->service, sizeof(m->service));
	g.req = (uint32_t)(r - runs) + 1;
	sent(grant_send(&privd, &g, NULL));
}

void
on_macro_run(struct chan *c, const struct msg_macro_run *m, int *fds)
{
	struct run		*r;
	struct msg_revoke	 v;

	(void)c;
	(void)fds;
	if (!is_kind(m->kind, strlen(m->kind)) ||
	    !is_did(m->sub, strlen(m->sub)) ||
	    m->verb == LEND_ACTIVATE) {
		refused(m, LEND_USAGE, "");
		return;
	}
	if ((r = run_new(m->req)) == NULL) {
		refused(m, LEND_BUSY, "");
		return;
	}
	if (m->verb == LEND_GRANT) {
		run_grant(r, m);
		return;
	}
	v.req = (uint32_t)(r - runs) + 1;
	memcpy(v.kind, m->kind, sizeof(v.kind));
	memcpy(v.sub, m->sub, sizeof(v.sub));
	memcpy(v.src, m->src, sizeof(v.src));
	v.service_len = sizeof(m->service);
	memcpy(v.service, m->service, sizeof(m->service));
	sent(revoke_send(&privd, &v, NULL));
}

void
on_macro_list(struct chan *c, const struct msg_macro_list *m, int *fds)
{
	struct msg_list	 l = { .after_len = m->after_len };
	struct run	*r = run_new(m->req);

	(void)c;
	(void)fds;
	if (r == NULL) {
		done(m->req, LEND_BUSY, 0, "", "");
		return;
	}
	l.req = (uint32_t)(r - runs) + 1;
	memcpy(l.after, m->after, m->after_len);
	sent(list_send(&privd, &l, NULL));
}

/* -- from privd ----------------------------------------------------------- */

static struct run *
run_of(uint32_t req)
{
	if (req < 1 || req > RUNS || !runs[req - 1].used)
		fatalx("privd answers what nobody asked");
	runs[req - 1].used = 0;
	return &runs[req - 1];
}

void
on_granted(struct chan *c, const struct msg_granted *m, int *fds)
{
	struct run *r = run_of(m->req);

	(void)c;
	(void)fds;
	done(r->req, LEND_OK, m->until, r->endpoint, r->note);
}

void
on_revoked(struct chan *c, const struct msg_revoked *m, int *fds)
{
	struct msg_macro_done d = { .req = run_of(m->req)->req,
	    .why = m->recorded ? LEND_OK : LEND_AUDIT, .removed = m->removed };

	(void)c;
	(void)fds;
	sent(macro_done_send(&dird, &d, NULL));
}

void
on_lend_no(struct chan *c, const struct msg_lend_no *m, int *fds)
{
	struct run *r = run_of(m->req);

	(void)c;
	(void)fds;
	done(r->req, m->why < LEND_WHY_MAX ? m->why : LEND_INTERNAL, 0, "", "");
}

void
on_listed(struct chan *c, const struct msg_listed *m, int *fds)
{
	struct msg_macro_listed	 a = { .more = m->more,
	    .rows_len = m->rows_len };

	(void)c;
	(void)fds;
	a.req = run_of(m->req)->req;
	memcpy(a.rows, m->rows, m->rows_len);
	sent(macro_listed_send(&dird, &a, NULL));
}

void
on_lend_self(struct chan *c, const struct msg_lend_self *m, int *fds)
{
	(void)c;
	(void)fds;
	memcpy(self, m->ip6, sizeof(self));
}

void
on_macros_dir(struct chan *c, const struct msg_macros_dir *m, int *fds)
{
	struct msg_ready_macroctl ready = { .req = 1 };

	(void)m;
	folder = fds[0];
	planner_init();
	sandbox_drop_run(PROC_MACROCTL, folder);
	sandbox_seccomp(PROC_MACROCTL);
	sent(ready_macroctl_send(c, &ready, NULL));
}

void
on_go_macroctl(struct chan *c, const struct msg_go_macroctl *m, int *fds)
{
	(void)m;
	(void)fds;
	go = 1;
	c->phase = RUN;
	dird.phase = RUN;
}

void
on_ping_macroctl(struct chan *c, const struct msg_ping_macroctl *m, int *fds)
{
	struct msg_pong_macroctl pong = { .req = m->req };

	(void)fds;
	sent(pong_macroctl_send(c, &pong, NULL));
}

/* -- the loop ------------------------------------------------------------- */

static void
take(struct chan *c)
{
	union msg_any	m;
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	switch (chan_recv(c, &type, &m, fds)) {
	case CHAN_MSG:
		room_dispatch(c, type, &m, fds);
		return;
	case CHAN_EMPTY:
		return;
	case CHAN_RULE:
		fatalx("%s broke a rule with %s: %s", proc_row[c->peer].name,
		    c->refused, refuse_text(c->why));
	default:
		/* dird, too: without its record nothing may be granted. */
		_exit(c->peer == PROC_PRIVD ? 0 : 1);
	}
}

void
runner_main(void)
{
	struct pollfd pfd[2];

	room_start(PROC_MACROCTL);
	chan_init(&privd, ROOM_DOOR_PRIVD, PROC_MACROCTL, PROC_PRIVD);
	chan_init(&dird, room_door_fd(PROC_MACROCTL, PROC_DIRD), PROC_MACROCTL,
	    PROC_DIRD);
	for (;;) {
		pfd[0] = (struct pollfd){ privd.fd, POLLIN, 0 };
		pfd[1] = (struct pollfd){ go ? dird.fd : -1, POLLIN, 0 };
		if (poll(pfd, 2, -1) == -1 && errno != EINTR)
			fatal("poll");
		if (pfd[0].revents != 0)
			take(&privd);
		if (pfd[1].revents != 0)
			take(&dird);
	}
}
