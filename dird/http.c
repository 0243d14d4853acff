/*
 * http.c -- libevent's HTTP server on the local socket.
 *
 * A connection carries one request. evhttp frees its connections itself, so
 * what we know of one is a reference to its bufferevent: when evhttp has let
 * go, its callbacks are gone, and so goes the reference. What has taken too
 * long to ask is cut.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "http.h"
#include "mesh.h"
#include "peer.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define SWEEP_MS	250
#define REST_MS		100	/* after accept() has failed */
#define LEAVE_MS	1	/* until one who was answered has gone */

static struct {
	struct bufferevent	*bev;
	int64_t			 since;
} client[HTTP_CLIENTS];
static unsigned			 clients;
static struct evhttp		*server;
static struct evconnlistener	*listener;
static struct event		*sweep_ev;
static gid_t			 group;
static struct ask		*asks;
static void			(*serve)(struct ask *);

unsigned
http_clients(void)
{
	return clients;
}

/* -- connections ----------------------------------------------------------- */

static int
is_let_go(struct bufferevent *bev)
{
	bufferevent_data_cb r, w;
	bufferevent_event_cb e;
	void *arg;

	bufferevent_getcb(bev, &r, &w, &e, &arg);
	return r == NULL && w == NULL && e == NULL;
}

static void
arm(unsigned ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	if (event_add(sweep_ev, &tv) == -1)
		fatalx("cannot arm the clock of the local socket");
}

/* Lets go of what evhttp has let go of. */
static void
reap(void)
{
	unsigned i;

	for (i = 0; i < clients;)
		if (is_let_go(client[i].bev)) {
			bufferevent_decref(client[i].bev);
			client[i] = client[--clients];
		} else
			i++;
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	unsigned i;

	(void)fd;
	(void)what;
	(void)arg;
	reap();
	for (i = 0; i < clients; i++)
		if (dird_now() - client[i].since > HTTP_PATIENCE_S)
			bufferevent_trigger_event(client[i].bev,
			    BEV_EVENT_READING | BEV_EVENT_TIMEOUT, 0);
	if (clients < HTTP_CLIENTS)
		evconnlistener_enable(listener);
	if (clients > 0)
		arm(SWEEP_MS);
}

/*
 * evhttp has accepted somebody and wants something to read from. The descriptor
 * may have the number of one that it closed a moment ago: what still watches
 * that one goes first, or it would take the bytes of this one.
 */
static struct bufferevent *
on_client(struct event_base *base, void *arg)
{
	struct bufferevent *bev;

	(void)arg;
	reap();
	bev = bufferevent_socket_new(base, -1, 0);
	if (bev == NULL)
		return NULL;
	bufferevent_incref(bev);
	client[clients].bev = bev;
	client[clients++].since = dird_now();
	if (clients == HTTP_CLIENTS)
		evconnlistener_disable(listener);
	if (clients == 1)
		arm(SWEEP_MS);
	return bev;
}

/* No descriptor is left: not again at once. */
static void
on_accept_failed(struct evconnlistener *l, void *arg)
{
	(void)arg;
	evconnlistener_disable(l);
	arm(REST_MS);
}

/* -- answers --------------------------------------------------------------- */

static void
drop(struct ask *a)
{
	struct ask **p;

	for (p = &asks; *p != NULL && *p != a; p = &(*p)->next)
		;
	if (*p != NULL)
		*p = a->next;
	free(a->more);
	free(a);
}

static void
on_gone(struct evhttp_connection *c, void *arg)
{
	struct ask *a;

	(void)arg;
	for (a = asks; a != NULL; a = a->next)
		if (a->req != NULL && evhttp_request_get_connection(a->req) == c)
			a->req = NULL;
}

void
http_typed(struct ask *a, int status, const char *type, const char *text,
    size_t len)
{
	struct evkeyvalq *h;
	struct evbuffer *b;

	if (a->from_mesh)
		mesh_answer(a, status, type, text, len);
	if (a->req == NULL) {
		drop(a);
		return;
	}
	h = evhttp_request_get_output_headers(a->req);
	b = evhttp_request_get_output_buffer(a->req);
	evhttp_connection_set_closecb(evhttp_request_get_connection(a->req),
	    NULL, NULL);
	evhttp_add_header(h, "Content-Type", type);
	evhttp_add_header(h, "Connection", "close");
	evbuffer_add(b, text, len);
	evhttp_send_reply(a->req, status, NULL, NULL);
	/* Nobody else is let in before this one is seen to be gone. */
	if (clients == HTTP_CLIENTS)
		arm(LEAVE_MS);
	drop(a);
}

void
http_reply(struct ask *a, int status, json_t *data)
{
	char *text = data == NULL ? NULL :
	    json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(data);
	if (text == NULL) {
		http_error(a, 500, "memory", NULL, "no memory for an answer");
		return;
	}
	http_typed(a, status, "application/json", text, strlen(text));
	free(text);
}

void
http_text(struct ask *a, const char *type, const char *text, size_t len)
{
	http_typed(a, 200, type, text, len);
}

void
http_error(struct ask *a, int status, const char *code, const char *field,
    const char *fmt, ...)
{
	char message[512], *text;
	json_t *e;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	e = json_pack("{s:{s:s, s:s}}", "error", "code", code, "message",
	    message);
	/* A message may quote what is no UTF-8; then it is left out. */
	if (e == NULL)
		e = json_pack("{s:{s:s, s:s}}", "error", "code", code,
		    "message", code);
	if (e != NULL && field != NULL && field[0] != '\0')
		json_object_set_new(json_object_get(e, "error"), "field",
		    json_string(field));
	text = json_dumps(e, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(e);
	http_typed(a, status, "application/json",
	    text != NULL ? text : "{}", text != NULL ? strlen(text) : 2);
	free(text);
}

static int
status_of(enum why why)
{
	switch (why) {
	case WHY_RIGHT:
	case WHY_FROZEN:
	case WHY_REVOKED:
		return 403;
	case WHY_KNOWN:
	case WHY_AGAIN:
	case WHY_GAP:
	case WHY_PREV:
	case WHY_FORKED:
	case WHY_FIRST:
	case WHY_AUTHOR:
	case WHY_OLD_SIZE:
	case WHY_SPLIT:
		return 409;
	case WHY_LOG:
		return 404;
	case WHY_SIZE:
		return 413;
	case WHY_READ_ONLY:
	case WHY_IO:
	case WHY_DAMAGED:
	case WHY_SEGMENT:
	case WHY_CHAIN:
	case WHY_ROOT:
	case WHY_FULL:
		return 503;
	default:
		return 400;
	}
}

void
http_because(struct ask *a, const struct because *b)
{
	http_error(a, status_of(b->why), why_name(b->why), b->place, "%s%s%s",
	    why_text(b->why), b->place[0] != '\0' ? ": " : "", b->place);
}

/* -- requests -------------------------------------------------------------- */

int
http_query(const char *query, const char *name, char *out, size_t cap)
{
	struct evkeyvalq kv;
	const char *v;
	int n;

	if (evhttp_parse_query_str(query, &kv) == -1)
		return -1;
	v = evhttp_find_header(&kv, name);
	n = v == NULL ? 0 : strlen(v) < cap ? 1 : -1;
	if (n == 1)
		strcpy(out, v);
	evhttp_clear_headers(&kv);
	return n;
}

static void
on_request(struct evhttp_request *req, void *arg)
{
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	struct ask *a = calloc(1, sizeof(*a));

	(void)arg;
	if (a == NULL) {
		evhttp_send_error(req, 503, "no memory");
		return;
	}
	a->req = req;
	a->next = asks;
	asks = a;
	evhttp_connection_set_closecb(c, on_gone, NULL);
	a->may_change = peer_may(bufferevent_getfd(
	    evhttp_connection_get_bufferevent(c)), group);
	a->method = evhttp_request_get_command(req) == EVHTTP_REQ_POST ?
	    METHOD_POST : METHOD_GET;
	a->path = uri == NULL ? NULL : evhttp_uri_get_path(uri);
	a->query = uri == NULL ? NULL : evhttp_uri_get_query(uri);
	if (a->query == NULL)
		a->query = "";
	a->body_len = evbuffer_get_length(in);
	a->body = (const char *)evbuffer_pullup(in, -1);
	if (a->path == NULL)
		http_error(a, 404, "path", NULL, "no path");
	else
		serve(a);
}

void
http_start(int fd, uint32_t gid, void (*handle)(struct ask *))
{
	struct evhttp_bound_socket *b;

	serve = handle;
	group = gid == 0 ? PEER_NO_GROUP : gid;
	server = evhttp_new(dird.base);
	sweep_ev = evtimer_new(dird.base, on_sweep, NULL);
	if (server == NULL || sweep_ev == NULL)
		fatalx("cannot make the server of the local socket");
	evhttp_set_max_headers_size(server, HTTP_HEAD_MAX);
	evhttp_set_max_body_size(server, HTTP_BODY_MAX);
	evhttp_set_timeout(server, HTTP_PATIENCE_S);
	evhttp_set_allowed_methods(server, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	evhttp_set_bevcb(server, on_client, NULL);
	evhttp_set_gencb(server, on_request, NULL);
	b = evhttp_accept_socket_with_handle(server, fd);
	if (b == NULL)
		fatalx("cannot listen on the local socket");
	listener = evhttp_bound_socket_get_listener(b);
	evconnlistener_set_error_cb(listener, on_accept_failed);
}
