/*
 * mesh.c -- see mesh.h. netd has looked at where a connection comes from; which
 * did that is, the NodeRecords say. What takes too long to ask, or to be
 * answered, is cut; who is slow to take the answer is netd's to cut.
 */
#include <event2/buffer.h>
#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "mesh.h"
#include "message.h"
#include "talk.h"
#include "who.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define SWEEP_MS	500

/* Somebody who asks, until there is an answer. */
struct guest {
	struct talk	*talk;
	struct ask	*ask;		/* under way */
	int64_t		 until;
	struct message	 m;
	struct guest	*next;
};

static struct guest	*guests;
static unsigned		 count;
static struct event	*sweep_ev;
static void		(*serve)(struct ask *);
static mesh_misread	 misread;

unsigned
mesh_guests(void)
{
	return count;
}

static void
arm(void)
{
	struct timeval tv = { 0, SWEEP_MS * 1000 };

	if (event_add(sweep_ev, &tv) == -1)
		fatalx("cannot arm the clock of the mesh listener");
}

/* Its answer, if one is still to come, goes nowhere. */
static void
leave(struct guest *g)
{
	struct guest **p;

	for (p = &guests; *p != g; p = &(*p)->next)
		;
	*p = g->next;
	if (g->ask != NULL)
		g->ask->guest = NULL;
	free(g);
	count--;
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct guest *g, *next;

	(void)fd;
	(void)what;
	(void)arg;
	for (g = guests; g != NULL; g = next) {
		next = g->next;
		if (dird_now() < g->until)
			continue;
		log_debug("a connection of the mesh took too long");
		talk_cut(g->talk);
		leave(g);
	}
	if (guests != NULL)
		arm();
}

static void
say(struct guest *g, int status, const char *type, const char *text,
    size_t len)
{
	char head[HTTP_HEAD_MAX];
	ssize_t n = message_tell(status, type, len, head, sizeof(head));

	if (n == -1)
		fatalx("an answer's type does not fit");
	talk_say(g->talk, head, (size_t)n);
	talk_say(g->talk, text, len);
	talk_close(g->talk);
	leave(g);
}

void
mesh_answer(struct ask *a, int status, const char *type, const char *text,
    size_t len)
{
	if (a->guest != NULL)
		say(a->guest, status, type, text, len);
}

static void
bad(struct guest *g, int status, const char *wrong)
{
	struct evbuffer *in = g->talk->in;
	char text[256];
	int n = snprintf(text, sizeof(text), "{\"error\":{\"code\":\"http\","
	    "\"message\":\"%s\"}}", wrong);

	misread((const char *)evbuffer_pullup(in, -1), evbuffer_get_length(in),
	    g->talk->src);
	say(g, status, "application/json", text, (size_t)n);
}

/* What a request points to lives as long as the request, also without its guest. */
struct kept {
	struct ask	 a;
	struct message	 m;
	char		 body[];
};

static struct ask *
keep(struct guest *g)
{
	size_t len = (size_t)g->m.body;
	struct kept *k = calloc(1, sizeof(*k) + len);
	struct ask *a;

	if (k == NULL)
		fatalx("no memory for a request of the mesh");
	evbuffer_drain(g->talk->in, g->m.head);
	evbuffer_remove(g->talk->in, k->body, len);
	k->m = g->m;
	a = &k->a;
	a->method = k->m.method;
	a->path = k->m.path;
	a->query = g->m.query[0] == '\0' ? "" :
	    k->m.path + (g->m.query - g->m.path);
	a->body = k->body;
	a->body_len = len;
	return a;
}

static void
ask(struct guest *g)
{
	struct ask *a = keep(g);

	a->guest = g;
	a->from_mesh = 1;
	memcpy(a->src, g->talk->src, sizeof(a->src));
	who_is(a->src, a->did);
	g->ask = a;
	g->until = dird_now() + MESH_ANSWER_S;
	serve(a);
}

/* More of a request, or nothing more. */
static void
on_changed(struct talk *t)
{
	struct guest *g = t->arg;
	size_t len = evbuffer_get_length(t->in);
	const char *wrong;
	int whole;

	if (t->dead || (t->deaf && g->ask == NULL && len == 0)) {
		talk_cut(t);
		leave(g);
		return;
	}
	if (g->ask != NULL) {
		evbuffer_drain(t->in, len);
		return;
	}
	whole = len == 0 ? 0 : message_request(
	    (const char *)evbuffer_pullup(t->in, -1), len, &g->m, &wrong);
	if (whole == -1)
		bad(g, 400, wrong);
	else if (whole && g->m.body > MESH_BODY_MAX)
		bad(g, 413, "the body is too long");
	else if (whole && len >= g->m.head + (size_t)g->m.body)
		ask(g);
	else if (t->deaf)
		bad(g, 400, "the request is not whole");
}

static void
on_guest(struct talk *t)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (g == NULL)
		fatalx("no memory for a guest of the mesh");
	g->talk = t;
	g->until = dird_now() + HTTP_PATIENCE_S;
	g->next = guests;
	guests = g;
	t->changed = on_changed;
	t->arg = g;
	if (count++ == 0)
		arm();
}

void
mesh_start(void (*handle)(struct ask *), mesh_misread refused)
{
	serve = handle;
	misread = refused;
	sweep_ev = evtimer_new(dird.base, on_sweep, NULL);
	if (sweep_ev == NULL)
		fatalx("cannot make the clock of the mesh listener");
	talk_start(on_guest);
}
