/*
 * session_hold.c -- frames that came before their keys.
 *
 * Msg3 and the first frames under its keys come together, and cryptod opens
 * frames sooner than it hears of Msg3, and sooner than we hear what it said of
 * it. Such a frame waits in its slot until Msg3 has been read; then cryptod
 * tries its session layer again, once, if it is still shut. What the same node
 * sent after it and is open already waits behind it. Few wait for one node and
 * not many in all: anybody can send a false Msg3.
 */
#include <string.h>

#include "netd.h"

#include "session_int.h"

enum {
	HELD_MAX = 256,
	WAIT_MAX = 64, WAIT_OF_ONE = 16,	/* of these, for a Msg3 */
};
enum state {
	WAITS,			/* for Msg3 */
	ASKED,			/* cryptod has it once more */
	READY,			/* for its turn */
};

static struct held {
	struct work	*w;
	enum state	 state;
	uint8_t		 addr[NADDR_LEN];
} held[HELD_MAX];
static unsigned	 nheld;			/* in the order in which they came */

static int
is_of(const struct held *h, const uint8_t addr[NADDR_LEN])
{
	return memcmp(h->addr, addr, NADDR_LEN) == 0;
}

/* The first one of this node whose keys are proven; nheld when there is none. */
static unsigned
first_due(const uint8_t addr[NADDR_LEN])
{
	unsigned i = 0;

	while (i < nheld && (held[i].state == WAITS || !is_of(&held[i], addr)))
		i++;
	return i;
}

static void
forget(unsigned i)
{
	nheld--;
	memmove(&held[i], &held[i + 1], (nheld - i) * sizeof(*held));
}

/* Takes w. */
static void
give(struct work *w)
{
	uint8_t			 head[FSP_DGRAM];
	struct fsp_dgram	 d;
	struct session		*s;

	memcpy(head, w->buf + w->off + AT_DGRAM, sizeof(head));
	if (w->why != REFUSE_NONE)
		refuse(w->why);
	else if (fsp_dgram_decode(head, sizeof(head), &d) == -1)
		refuse(REFUSE_DGRAM_SHORT);
	else if ((s = session_find(d.src)) == NULL)
		refuse(REFUSE_INNER_NO_SESSION);
	else {
		session_data(s, &d, w, w->kind);
		return;
	}
	pipe_put(w);
}

/* Whose turn it is now. What one of them means may change what is held. */
static void
give_ready(const uint8_t addr[NADDR_LEN])
{
	struct work	*w;
	unsigned	 i;

	while ((i = first_due(addr)) < nheld && held[i].state == READY) {
		w = held[i].w;
		forget(i);
		give(w);
	}
}

/* The second answer is final. */
static void
opened(struct work *w)
{
	uint8_t		addr[NADDR_LEN];
	unsigned	i;

	pipe_keep(w);
	for (i = 0; i < nheld && held[i].w != w; i++)
		continue;
	if (i == nheld) {		/* there was no room to wait */
		give(w);
		return;
	}
	held[i].state = READY;
	memcpy(addr, held[i].addr, NADDR_LEN);
	give_ready(addr);
}

static int
has_key(const struct session *s, uint32_t key)
{
	return s != NULL && (s->cur.session == key || s->pend.session == key ||
	    s->prev.session == key);
}

int
hold_is_before(const uint8_t addr[NADDR_LEN])
{
	return first_due(addr) < nheld;
}

/* 0, or -1: no room. */
static int
add(const uint8_t addr[NADDR_LEN], struct work *w, enum state state)
{
	if (nheld == HELD_MAX || pipe_free() <= PIPE_SPARE)
		return -1;
	held[nheld] = (struct held){ .w = w, .state = state };
	memcpy(held[nheld++].addr, addr, NADDR_LEN);
	return 0;
}

static int
may_wait(const uint8_t addr[NADDR_LEN])
{
	unsigned i, n = 0, all = 0;

	for (i = 0; i < nheld; i++) {
		all += held[i].state == WAITS;
		n += held[i].state == WAITS && is_of(&held[i], addr);
	}
	return all < WAIT_MAX && n < WAIT_OF_ONE && shake_is_reading(addr);
}

/* Keys may also have come while the frame was with cryptod. */
int
hold_take(const struct session *s, const uint8_t addr[NADDR_LEN],
    struct work *w, int ce)
{
	int is_known = w->opened_inner && has_key(s, w->session_key);

	if (is_known && !hold_is_before(addr))
		return 0;
	w->kind = ce != 0;
	if (is_known)
		return add(addr, w, READY) == 0;
	if (!w->opened_inner && s != NULL && s->extra->proved_ms != 0 &&
	    w->at_ms <= s->extra->proved_ms) {
		if (pipe_push(w, RING_OPEN_INNER, opened) == 0)
			add(addr, w, ASKED);
		return 1;
	}
	return may_wait(addr) && add(addr, w, WAITS) == 0;
}

/* Msg3 was read: 1 when it stays. */
static int
go_on(struct held *h, int proved)
{
	if (!proved) {
		refuse(h->w->opened_inner ? REFUSE_INNER_NO_SESSION : h->w->why);
		pipe_put(h->w);
		return 0;
	}
	h->state = h->w->opened_inner ? READY : ASKED;
	return h->state == READY ||
	    pipe_push(h->w, RING_OPEN_INNER, opened) == 0;
}

void
hold_release(const uint8_t addr[NADDR_LEN], int proved)
{
	unsigned i = 0;

	if (!proved && shake_is_reading(addr))
		return;
	while (i < nheld) {
		if (held[i].state != WAITS || !is_of(&held[i], addr) ||
		    go_on(&held[i], proved))
			i++;
		else
			forget(i);
	}
	if (proved)
		give_ready(addr);
}
