/* fetch.c -- see fetch.h. */
#include <arpa/inet.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "fetch.h"
#include "message.h"
#include "talk.h"
#include "who.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

const char fetch_no_way[] = "it cannot be reached";

struct fetch {
	struct talk	*talk;
	struct event	*clock;
	struct message	 m;
	int		 has_head, asked;
	size_t		 max;
	struct evbuffer	*ask;
	fetched		*done;
	void		*arg;
};

static void
end(struct fetch *f)
{
	talk_cut(f->talk);
	event_free(f->clock);
	evbuffer_free(f->ask);
	free(f);
}

static void
fail(struct fetch *f, const char *wrong)
{
	fetched *done = f->done;
	void *arg = f->arg;

	end(f);
	done(arg, 0, NULL, 0, wrong);
}

/* The body stays where it is until done has seen it. */
static void
succeed(struct fetch *f, size_t len)
{
	struct evbuffer *body = f->talk->in;
	fetched *done = f->done;
	void *arg = f->arg;
	int status = f->m.status;

	if ((f->talk->in = evbuffer_new()) == NULL)
		fatalx("no memory for an answer of the mesh");
	end(f);
	done(arg, status, len == 0 ? "" :
	    (const char *)evbuffer_pullup(body, (ev_ssize_t)len), len, NULL);
	evbuffer_free(body);
}

static const char *
read_head(struct fetch *f)
{
	struct evbuffer *in = f->talk->in;
	size_t len = evbuffer_get_length(in);
	const char *wrong = NULL;
	int whole = len == 0 ? 0 : message_answer(
	    (const char *)evbuffer_pullup(in, -1), len, &f->m, &wrong);

	if (whole == -1)
		return wrong;
	if (!whole)
		return f->talk->deaf ? "it hung up" : NULL;
	if (f->m.body > 0 && (uint64_t)f->m.body > f->max)
		return "the answer says it is longer than allowed";
	evbuffer_drain(in, f->m.head);
	f->has_head = 1;
	return NULL;
}

static void
on_changed(struct talk *t)
{
	struct fetch *f = t->arg;
	const char *wrong = NULL;
	size_t len;

	if (!f->asked && t->up) {
		f->asked = 1;
		len = evbuffer_get_length(f->ask);
		talk_say(t, evbuffer_pullup(f->ask, -1), len);
	}
	if (!t->up && t->deaf)
		wrong = fetch_no_way;
	else if (!f->has_head)
		wrong = read_head(f);
	len = evbuffer_get_length(t->in);
	if (wrong == NULL && f->has_head) {
		if (f->m.body == -1 ? len > f->max : len > (size_t)f->m.body)
			wrong = "the answer is longer than allowed";
		else if (f->m.body == -1 ? t->deaf : len == (size_t)f->m.body) {
			succeed(f, len);
			return;
		} else if (t->deaf)
			wrong = "it hung up";
	}
	if (wrong != NULL)
		fail(f, wrong);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	fail(arg, "it took too long");
}

static int
write_ask(struct fetch *f, const uint8_t pub[32], enum method method,
    const char *path, const char *body, size_t len)
{
	char head[MESSAGE_PATH + 256], host[INET6_ADDRSTRLEN];
	uint8_t ip6[16];
	ssize_t n;

	who_address(pub, ip6);
	inet_ntop(AF_INET6, ip6, host, sizeof(host));
	n = message_ask(method, path, host, len, head, sizeof(head));
	return n == -1 || evbuffer_add(f->ask, head, (size_t)n) == -1 ||
	    evbuffer_add(f->ask, body, len) == -1 ? -1 : 0;
}

struct fetch *
fetch(const uint8_t pub[32], enum method method, const char *path,
    const char *body, size_t len, size_t max, unsigned patience_s,
    fetched *done, void *arg)
{
	struct timeval tv = { patience_s, 0 };
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	f->max = max;
	f->done = done;
	f->arg = arg;
	f->ask = evbuffer_new();
	f->clock = evtimer_new(dird.base, on_late, f);
	if (f->ask == NULL || f->clock == NULL ||
	    write_ask(f, pub, method, path, body, len) == -1 ||
	    event_add(f->clock, &tv) == -1)
		fatalx("no memory for a question to the mesh");
	f->talk = talk_dial(pub, on_changed, f);
	if (f->talk != NULL)
		return f;
	event_free(f->clock);
	evbuffer_free(f->ask);
	free(f);
	return NULL;
}
