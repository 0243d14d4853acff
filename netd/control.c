/*
 * control.c -- the control socket: one request, one reply, one connection.
 *
 * Knows clients, time limits and who may change things. What a command does
 * stands in control_cmd.c, how bytes are read in control_req.c. privd made the
 * listening socket; we only take connections from it.
 */
#include <sys/socket.h>
#include <sys/types.h>

#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_TARGET "fips::control"
#include "log.h"
#include "answer.h"
#include "control.h"
#include "control_cmd.h"
#include "listen.h"
#include "peer.h"

#define CLIENTS_MAX	32
#define IO_MS		5000

struct client {
	int		 fd;		/* -1: free */
	struct event	*ev;
	size_t		 in_len, out_len;
	uint64_t	 until_ms;	/* to read all, then to write all */
	uint64_t	 since_ms;	/* has waited for its slice, else 0 */
	struct answer	*answer;	/* NULL while we read */
	int		 more;		/* of it, when out is written */
	const char	*out;		/* of its slice, what is not yet written */
	const struct ctl_cmd *later;	/* waits for privd's answer */
	char		 in[CTL_REQ_MAX + 1];
};

static struct client	 client[CLIENTS_MAX];
static int		 listener = -1;
static uint32_t		 group = PEER_NO_GROUP;
static struct event_base *loop;
static int		 waiting;	/* somebody may wait for a slice */

static void	on_client(evutil_socket_t, short, void *);

void
control_add(int fd, uint32_t gid)
{
	uint32_t seed = netd_random_u32();
	unsigned i;

	for (i = 0; i < CLIENTS_MAX; i++)
		client[i].fd = -1;
	listener = fd;
	group = gid;
	/* Otherwise the first object opens /dev/urandom, which is not there. */
	json_object_seed(seed != 0 ? seed : 1);
}

static void
drop(struct client *c)
{
	char junk[4096];
	int i;

	/* Unread bytes would turn our close into a reset at the client. */
	for (i = 0; i < 16 && recv(c->fd, junk, sizeof(junk), MSG_DONTWAIT) > 0;
	    i++)
		continue;
	event_free(c->ev);
	close(c->fd);
	answer_free(c->answer);
	c->answer = NULL;
	c->since_ms = 0;
	c->fd = -1;
}

/* Once; a slow client does not win time by sending byte by byte. What it waits
 * for us is not its fault. */
static void
watch(struct client *c)
{
	uint64_t left = c->until_ms > netd.now_ms ?
	    c->until_ms - netd.now_ms : 0;
	struct timeval wait = {
		(time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000)
	};

	if (event_assign(c->ev, loop, c->fd, c->answer != NULL ? EV_WRITE :
	    c->later != NULL ? 0 : EV_READ, on_client, c) == -1 ||
	    event_add(c->ev, c->since_ms != 0 ? NULL : &wait) == -1)
		fatalx("cannot watch a control client");
}

static json_t *
run(struct client *c, const struct ctl_cmd *cmd, const struct ctl_req *req,
    char err[CTL_ERR_LEN])
{

	if (cmd == NULL)
		snprintf(err, CTL_ERR_LEN, "unknown command: %.300s",
		    req->command);
	else if (cmd->changes && !peer_may(c->fd, group)) {
		refuse(REFUSE_CTL_DENIED);
		snprintf(err, CTL_ERR_LEN, "permission denied: %s is for root "
		    "and members of the control socket's group", cmd->name);
	} else if (cmd->changes && netd.stopping)
		snprintf(err, CTL_ERR_LEN, "node shutting down");
	else if (cmd->needs_params && req->params == NULL)
		snprintf(err, CTL_ERR_LEN, "missing params for %s", cmd->name);
	else if (cmd->later && !listen_ask())
		c->later = cmd;
	else
		return cmd->fn(req->params, err);
	return NULL;
}

/* The first slice comes when it is this client's turn, as all others do. */
static void
reply(struct client *c, json_t *data, const struct answer_list *lists,
    void *asked, const char *err)
{
	size_t len;
	char *frame = data != NULL ? ctl_reply_ok(data, &len) :
	    ctl_reply_error(err, &len);

	c->later = NULL;
	c->out_len = 0;
	c->more = waiting = 1;
	c->since_ms = netd.now_ms;
	c->until_ms = netd.now_ms + IO_MS;
	c->answer = NULL;
	if (frame == NULL)
		free(asked);
	else
		c->answer = answer_new(frame, len, lists, asked);
	if (c->answer == NULL)
		drop(c);
}

static void
answer(struct client *c, size_t len)
{
	char err[CTL_ERR_LEN] = "";
	const struct ctl_cmd *cmd;
	struct ctl_req req;
	json_t *data;
	void *asked;

	if (ctl_req_parse(c->in, len, &req, err) == -1) {
		refuse(REFUSE_CTL_MALFORMED);
		reply(c, NULL, NULL, NULL, err);
		return;
	}
	cmd = ctl_cmd_find(req.command);
	data = run(c, cmd, &req, err);
	asked = data != NULL && cmd->asked != NULL ? cmd->asked(req.params) :
	    NULL;
	ctl_req_free(&req);
	if (c->later == NULL)
		reply(c, data, data != NULL ? cmd->lists : NULL, asked, err);
}

static void
on_input(struct client *c)
{
	const char *nl;
	ssize_t n;

	n = recv(c->fd, c->in + c->in_len, sizeof(c->in) - c->in_len,
	    MSG_DONTWAIT);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			drop(c);
		return;
	}
	c->in_len += (size_t)n;
	nl = memchr(c->in, '\n', c->in_len);
	if (nl != NULL && nl - c->in < CTL_REQ_MAX)
		answer(c, (size_t)(nl - c->in) + 1);
	else if (c->in_len > CTL_REQ_MAX) {
		refuse(REFUSE_CTL_TOO_LARGE);
		reply(c, NULL, NULL, NULL, "read error: request too large");
	} else if (n == 0)
		answer(c, c->in_len);
}

/* What is left of the slice; then all is said, or it waits for the next one. */
static void
on_output(struct client *c)
{
	ssize_t n = 0;

	if (c->out_len > 0)
		n = send(c->fd, c->out, c->out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n == -1) {
		if (errno != EAGAIN && errno != EINTR)
			drop(c);
		return;
	}
	c->out_len -= (size_t)n;
	if (c->out_len > 0) {
		c->out += n;
		return;
	}
	if (!c->more)
		drop(c);
	else if (c->since_ms == 0) {
		c->since_ms = netd.now_ms;
		waiting = 1;
	}
}

static void
on_client(evutil_socket_t fd, short what, void *arg)
{
	struct client	*c = arg;
	uint64_t	 began_us;

	(void)fd;
	netd_clock();
	began_us = netd.now_us;
	if (what & EV_TIMEOUT) {
		refuse(REFUSE_CTL_TIMEOUT);
		if (c->answer != NULL)
			drop(c);
		else
			reply(c, NULL, NULL, NULL, c->later != NULL ?
			    "no answer from privd" : "read timeout");
	} else if (c->answer != NULL)
		on_output(c);
	else
		on_input(c);
	if (c->fd != -1)
		watch(c);
	netd_slice(began_us);
}

/* One slice for one client a turn, in turns, however many wait: their sockets
 * take bytes, so the loop comes round by itself. */
void
control_turn(void)
{
	static unsigned last;
	struct client *c;
	uint64_t began_us;
	unsigned i;

	for (i = 1; waiting && i <= CLIENTS_MAX; i++) {
		c = &client[(last + i) % CLIENTS_MAX];
		if (c->fd != -1 && c->since_ms != 0)
			break;
	}
	if (!waiting || i > CLIENTS_MAX) {
		waiting = 0;
		return;
	}
	last = (last + i) % CLIENTS_MAX;
	netd_clock();
	began_us = netd.now_us;
	c->until_ms += netd.now_ms - c->since_ms;
	c->since_ms = 0;
	c->more = answer_slice(c->answer, &c->out, &c->out_len);
	if (c->more == -1)
		drop(c);
	else
		on_output(c);
	if (c->fd != -1) {
		event_del(c->ev);
		watch(c);
	}
	netd_slice(began_us);
}

void
control_listeners(void)
{
	char		 err[CTL_ERR_LEN];
	struct client	*c;
	json_t		*data;

	for (c = client; c < client + CLIENTS_MAX; c++) {
		if (c->fd == -1 || c->later == NULL)
			continue;
		err[0] = '\0';
		data = c->later->fn(NULL, err);
		event_del(c->ev);
		reply(c, data, NULL, NULL, err);
		if (c->fd != -1)
			watch(c);
	}
}

/* A free place. When all are taken, who has had one longest has had enough: a
 * request takes milliseconds, and nobody keeps others out by saying nothing. */
static struct client *
place(void)
{
	struct client	*oldest = &client[0];
	unsigned	 i;

	for (i = 0; i < CLIENTS_MAX; i++) {
		if (client[i].fd == -1)
			return &client[i];
		if (client[i].until_ms < oldest->until_ms)
			oldest = &client[i];
	}
	refuse(REFUSE_CTL_BUSY);
	drop(oldest);
	return oldest;
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct client *c;
	int new;

	(void)what;
	(void)arg;
	netd_clock();
	new = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (new == -1)
		return;
	c = place();
	c->fd = new;
	c->in_len = 0;
	c->later = NULL;
	c->since_ms = 0;
	c->until_ms = netd.now_ms + IO_MS;
	if ((c->ev = event_new(loop, new, 0, on_client, c)) == NULL)
		fatalx("out of memory for a control client");
	watch(c);
}

void
control_start(struct event_base *base)
{
	struct event *ev;

	loop = base;
	if (listener == -1)
		return;
	ev = event_new(base, listener, EV_READ | EV_PERSIST, on_accept, NULL);
	if (ev == NULL || event_add(ev, NULL) == -1)
		fatalx("cannot watch the control socket");
	log_as(LVL_INFO, "fips::control::unix_impl",
	    "Control socket listening path=%s", netd.control_path);
}
