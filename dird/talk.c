/*
 * talk.c -- see talk.h. netd names who comes in, we name what we dial; how many
 * bytes may be under way stands in msg.def. netd is held to it, and so are we.
 */
#include <event2/buffer.h>

#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "talk.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define OURS	0x80000000u	/* the names that are ours to give */

static struct talk	*talks;
static unsigned		 calls, guests;
static void		(*on_guest)(struct talk *);

static void
must(int result)
{
	if (result == -1)
		fatal("netd does not listen");
}

static struct talk *
find(uint32_t name)
{
	struct talk *t;

	for (t = talks; t != NULL && t->name != name; t = t->next)
		;
	return t;
}

static struct talk *
make(uint32_t name)
{
	struct talk *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->in = evbuffer_new()) == NULL ||
	    (t->out = evbuffer_new()) == NULL)
		fatalx("no memory for a connection of the mesh");
	t->name = name;
	t->next = talks;
	talks = t;
	if ((name & OURS) != 0)
		calls++;
	else
		guests++;
	return t;
}

/* The last that netd hears of it. */
void
talk_cut(struct talk *t)
{
	struct msg_talk_close m = { .talk = t->name };
	struct talk **p;

	for (p = &talks; *p != t; p = &(*p)->next)
		;
	*p = t->next;
	if ((t->name & OURS) != 0)
		calls--;
	else
		guests--;
	evbuffer_free(t->in);
	evbuffer_free(t->out);
	free(t);
	must(talk_close_send(&dird.door[PROC_NETD], &m, NULL));
}

/* As much as may be under way. */
static void
pump(struct talk *t)
{
	struct msg_talk_say m = { .talk = t->name };
	size_t n;

	while (t->up && !t->dead && t->unsaid < TALK_SAY_MAX &&
	    evbuffer_get_length(t->out) > 0) {
		n = TALK_SAY_MAX - t->unsaid;
		if (n > TALK_PIECE)
			n = TALK_PIECE;
		m.bytes_len = (uint16_t)evbuffer_remove(t->out, m.bytes, n);
		t->unsaid += m.bytes_len;
		must(talk_say_send(&dird.door[PROC_NETD], &m, NULL));
	}
	if (t->closing && (t->dead || evbuffer_get_length(t->out) == 0))
		talk_cut(t);
}

static void
tell(struct talk *t)
{
	if (!t->closing && t->changed != NULL)
		t->changed(t);
}

struct talk *
talk_dial(const uint8_t pub[32], void (*changed)(struct talk *), void *arg)
{
	static uint32_t last;
	struct msg_talk_dial m;
	struct talk *t;

	if (calls == TALK_CALLS || memcmp(pub, dird.pub + 1, 32) == 0)
		return NULL;
	do
		last = (last + 1) | OURS;
	while (find(last) != NULL);
	t = make(last);
	t->changed = changed;
	t->arg = arg;
	m = (struct msg_talk_dial){ .talk = t->name };
	memcpy(m.pub, pub, sizeof(m.pub));
	must(talk_dial_send(&dird.door[PROC_NETD], &m, NULL));
	return t;
}

void
talk_say(struct talk *t, const void *p, size_t len)
{
	if (evbuffer_add(t->out, p, len) == -1)
		fatalx("no memory for what goes to the mesh");
	pump(t);
}

void
talk_close(struct talk *t)
{
	t->closing = 1;
	pump(t);
}

void
talk_start(void (*guest)(struct talk *))
{
	struct msg_talk_go m = { .req = 0 };

	on_guest = guest;
	must(talk_go_send(&dird.door[PROC_NETD], &m, NULL));
}

/* -- netd ------------------------------------------------------------------- */

void
on_talk_in(struct chan *c, const struct msg_talk_in *m, int *fds)
{
	struct talk *t;

	(void)c;
	(void)fds;
	if (find(m->talk) != NULL)
		fatalx("netd gives two connections one name");
	if (guests == TALK_GUESTS)
		fatalx("netd lets in more than %d connections", TALK_GUESTS);
	t = make(m->talk);
	t->up = 1;
	memcpy(t->src, m->src, sizeof(t->src));
	on_guest(t);
}

/* Those below may be of a talk that we have just closed. */
void
on_talk_up(struct chan *c, const struct msg_talk_up *m, int *fds)
{
	struct talk *t = find(m->talk);
	int closing = t != NULL && t->closing;

	(void)c;
	(void)fds;
	if (t == NULL)
		return;
	t->up = 1;
	pump(t);
	/* One that was closing may have gone with its last word. */
	if (!closing)
		tell(t);
}

void
on_talk_heard(struct chan *c, const struct msg_talk_heard *m, int *fds)
{
	struct msg_talk_taken taken = { .talk = m->talk,
	    .count = m->bytes_len };
	struct talk *t = find(m->talk);

	(void)c;
	(void)fds;
	if (t == NULL)
		return;
	if (t->deaf || m->bytes_len == 0)
		fatalx("netd hears what nobody said");
	/* Whoever waits for the bytes has a bound and cuts what goes beyond. */
	must(talk_taken_send(&dird.door[PROC_NETD], &taken, NULL));
	if (t->closing)
		return;
	if (evbuffer_add(t->in, m->bytes, m->bytes_len) == -1)
		fatalx("no memory for what comes from the mesh");
	tell(t);
}

void
on_talk_said(struct chan *c, const struct msg_talk_said *m, int *fds)
{
	struct talk *t = find(m->talk);

	(void)c;
	(void)fds;
	if (t == NULL)
		return;
	if (m->count > t->unsaid)
		fatalx("netd has said more than it was given");
	t->unsaid -= m->count;
	pump(t);
}

void
on_talk_end(struct chan *c, const struct msg_talk_end *m, int *fds)
{
	struct talk *t = find(m->talk);

	(void)c;
	(void)fds;
	if (t == NULL)
		return;
	t->deaf = 1;
	t->dead = m->why != TALK_CLOSED;
	if (t->closing)
		pump(t);
	else
		tell(t);
}
