/*
 * pipe.c -- netd's end of the ring: which slot is whose, and what rides along.
 *
 * Everything that netd relies on stands in `works`, outside the shared
 * memory. An answer is believed only as far as it can be checked: the slot
 * must be one that is lent, the operation the one asked for, and no position
 * may leave the slot.
 */
#include <event2/event.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netd.h"

#define LOG_TARGET "bastide::ring"
#include "log.h"
#include "netd_int.h"
#include "tun.h"

#define BATCH		128		/* answers taken in one turn of the loop */
#define PASSING		8		/* urgent ones that pass one of the others */
#define WAITING		1024		/* to be opened, and passed: half a replay window */

/*
 * A worker of cryptod each. The first one's ring has the slots; what goes
 * through a lane comes back through it, what is urgent and the rest each in order.
 */
static struct lane {
	struct ring	 ring;
	struct event	*wake;
	int		 pushed, hurried;	/* and somebody waits for one of them */
	unsigned	 waiting;	/* out now, not urgent */
	unsigned	 passed;	/* it, by so many, since one of these was done */
	uint32_t	 opening, opened;	/* so many so far that were not urgent */
	unsigned	 small;		/* of these, small ones that are out */
	struct work	*early, **early_end;	/* open before their turn */
} lane[RING_LANES];
static unsigned		 nlane;

static struct ring *const ring = &lane[0].ring;
static struct work	*works;
static uint32_t		*free_slot, nfree;
static unsigned		 counted[PIPE_SOURCES];
static unsigned		 sealing[UINT8_MAX + 1];	/* of a flow, not urgent */
static unsigned		 kept[UINT8_MAX + 1];	/* open early, and not given */
static unsigned		 nsealing;
static struct work	*answered;	/* in its done(), which has not kept it */

static void	on_wake(evutil_socket_t, short, void *);

void
pipe_init(const int fds[3], uint32_t nslot, uint32_t slot_size)
{
	uint32_t i;

	if (ring_map(ring, fds, nslot, slot_size) == -1)
		fatal("the packet ring that privd handed over cannot be used");
	nlane = 1;
	lane[0].early_end = &lane[0].early;
	works = calloc(nslot, sizeof(*works));
	free_slot = calloc(nslot, sizeof(*free_slot));
	if (works == NULL || free_slot == NULL)
		fatal("memory for %u packet slots", nslot);
	for (i = 0; i < nslot; i++)
		free_slot[nfree++] = nslot - 1 - i;
}

void
pipe_lane(const int fds[3])
{
	if (nlane == RING_LANES ||
	    ring_map_lane(&lane[nlane].ring, ring, fds) == -1)
		fatal("lane %u that privd handed over cannot be used", nlane + 1);
	lane[nlane].early_end = &lane[nlane].early;
	nlane++;
}

void
pipe_start(struct event_base *base)
{
	struct lane *l;

	for (l = lane; l < lane + nlane; l++) {
		l->wake = event_new(base, l->ring.wake_netd,
		    EV_READ | EV_PERSIST, on_wake, l);
		if (l->wake == NULL || event_add(l->wake, NULL) == -1)
			fatalx("cannot watch the packet ring");
		event_active(l->wake, EV_READ, 0);
	}
}

static int
is_inward(unsigned op)
{
	return op == RING_OPEN || op == RING_OPEN_INNER;
}

/*
 * By the peer and the direction: a link's frames keep their order both ways,
 * whatever its keys, and sealing and opening for one busy peer are two workers' work.
 */
static struct lane *
lane_of(const struct work *w, enum ring_op op)
{
	return &lane[(w->peer + (unsigned)is_inward(op)) % nlane];
}

struct work *
pipe_get(void)
{
	struct work	*w;
	uint32_t	 slot;

	if (nfree == 0) {
		refuse_own(REFUSE_RING_FULL);
		return NULL;
	}
	slot = free_slot[--nfree];
	w = &works[slot];
	memset(w, 0, sizeof(*w));
	w->slot = slot;
	w->taken = 1;
	counted[PIPE_OTHER]++;
	w->buf = ring_slot(ring, slot);
	w->off = PIPE_HEAD;
	return w;
}

void
pipe_put(struct work *w)
{
	if (!w->taken || w->lent)
		fatalx("packet slot %u was given back by somebody who has it not",
		    w->slot);
	w->taken = 0;
	counted[w->counted]--;
	free_slot[nfree++] = w->slot;
}

void
pipe_count(struct work *w, enum pipe_source source)
{
	counted[w->counted]--;
	w->counted = (uint8_t)source;
	counted[source]++;
}

unsigned
pipe_counted(enum pipe_source source)
{
	return counted[source];
}

unsigned
pipe_sealing(void)
{
	return nsealing;
}

unsigned
pipe_opening(void)
{
	const struct lane	*l;
	unsigned		 n = 0;

	for (l = lane; l < lane + nlane; l++)
		n += l->opening - l->opened;
	return n;
}

size_t
pipe_room(const struct work *w)
{
	size_t used = (size_t)w->off + 2 * 16;

	return used < ring->slot_size ? ring->slot_size - used : 0;
}

unsigned
pipe_free(void)
{
	return nfree;
}

unsigned
pipe_slots(void)
{
	return ring->nslot;
}

static int
is_of(const unsigned n[], uint8_t flow)
{
	return n[flow] > 0 || n[PIPE_ANY] > 0;
}

int
pipe_is_kept(uint8_t flow)
{
	return is_of(kept, flow);
}

/* May it be of a flow whose packets go early? */
static int
is_small(const struct work *w, enum ring_op op)
{
	return is_inward(op) && w->len <= PIPE_SMALL;
}

/*
 * Not past its own flow, nor past a small one that could not; and no further
 * ahead of what is to be opened than its replay window reaches. The others must
 * get on, whoever floods.
 */
static int
may_pass(const struct lane *l, const struct work *w, enum ring_op op)
{
	if (!w->urgent || (l->waiting > 0 && l->passed == PASSING))
		return 0;
	return op == RING_OPEN ?
	    w->early != NULL && l->small == 0 &&
	    l->opening - l->opened < WAITING :
	    op == RING_SEAL && w->flow != 0 && w->flow != PIPE_ANY &&
	    !is_of(sealing, w->flow);
}

/* It is lent: who may not pass it, and whom it may not pass. */
static void
note_lent(struct lane *l, struct work *w)
{
	w->lent = 1;
	w->lane = (uint8_t)(l - lane);
	l->pushed = 1;
	if (w->urgent) {
		l->hurried = 1;
		l->passed += l->waiting > 0;
		w->turn = l->opening;
		return;
	}
	l->waiting++;
	l->opening += is_inward(w->op);
	w->small = is_small(w, w->op);
	l->small += w->small;
	if (w->op == RING_SEAL) {
		sealing[w->flow]++;
		nsealing++;
	}
}

int
pipe_push(struct work *w, enum ring_op op, pipe_fn done)
{
	struct ring_desc d = {
		.slot = w->slot, .op = (uint8_t)op, .off = w->off,
		.link = w->link_key, .session = w->session_key, .len = w->len,
		.inner = w->inner, .body = w->body, .aux = w->slot,
	};
	struct lane *l = lane_of(w, op);

	if (!ring_request_ok(ring, &d)) {
		log_error("a request that does not fit its slot was not sent: op %d, off %u, len %u",
		    op, w->off, w->len);
		refuse(REFUSE_RING_DESC);
		pipe_put(w);
		return -1;
	}
	w->urgent = (uint8_t)may_pass(l, w, op);
	switch (ring_push(&l->ring, w->urgent ? l->ring.urgent : l->ring.todo,
	    &d)) {
	case 1:
		w->op = (uint8_t)op;
		w->done = done;
		note_lent(l, w);
		return 0;
	case 0:
		refuse_own(REFUSE_RING_FULL);
		pipe_put(w);
		return -1;
	default:
		fatalx("cryptod broke the ring: %s", refuse_text(REFUSE_RING_INDEX));
	}
}

void
pipe_keep(struct work *w)
{
	if (answered == w)
		answered = NULL;
}

void
pipe_flush(void)
{
	struct lane *l;

	for (l = lane; l < lane + nlane; l++) {
		if (!l->pushed)
			continue;
		l->pushed = l->hurried = 0;
		ring_wake(&l->ring, l->ring.todo);
	}
}

void
pipe_hurry(void)
{
	const struct lane *l;

	for (l = lane; l < lane + nlane; l++)
		if (l->hurried) {
			pipe_flush();
			return;
		}
}

/* Both layers open, and every position inside the frame. */
static int
is_inner_sane(const struct ring_desc *d, uint32_t end)
{
	return d->status == RING_DONE_INNER && d->len == end &&
	    d->inner >= 16 && d->body >= d->inner + 12 &&
	    d->body <= d->len && d->session != 0;
}

/* The answer's end of the frame must be the one that this operation gives. */
static int
is_answer_sane(const struct work *w, const struct ring_desc *d)
{
	if (d->status >= RING_REFUSED)
		return d->status - RING_REFUSED < REFUSE_MAX &&
		    d->status != RING_REFUSED;
	switch (w->op) {
	case RING_SEAL:
		return d->status == RING_DONE && d->len == w->len + 32;
	case RING_SEAL_LINK:
		return d->status == RING_DONE && d->len == w->len + 16;
	case RING_OPEN:
		if (d->status == RING_DONE)
			return d->len == w->len - 16;
		return is_inner_sane(d, w->len - 32);
	case RING_OPEN_INNER:
		return is_inner_sane(d, w->len - 16);
	default:
		return 0;
	}
}

static void
take_answer(struct work *w, const struct ring_desc *d)
{
	w->lent = 0;
	w->opened_inner = 0;
	w->why = REFUSE_NONE;
	if (d->status >= RING_REFUSED) {
		w->why = d->status - RING_REFUSED;
		if (w->op == RING_OPEN && (w->why == REFUSE_INNER_AUTH ||
		    w->why == REFUSE_INNER_REPLAY ||
		    w->why == REFUSE_INNER_NO_SESSION))
			w->len -= 16;
		return;
	}
	w->len = d->len;
	if (d->status == RING_DONE_INNER) {
		w->opened_inner = 1;
		w->inner = d->inner;
		w->body = d->body;
		w->session_key = d->session;
	}
}

/* Once kept, w is the keeper's: it may be free again, or somebody else's. */
static void
finish(struct work *w)
{
	answered = w;
	w->done(w);
	if (answered == w)
		pipe_put(w);
	answered = NULL;
}

static int
is_early(const struct lane *l, const struct work *w)
{
	return (int32_t)(l->opened - w->turn) < 0;
}

static int
is_kept(const struct work *w)
{
	return w->flow != 0 && !w->given;
}

/* Open, and all that was pushed before it is not: it waits for its turn. */
static void
wait_for_turn(struct lane *l, struct work *w)
{
	w->next = NULL;
	*l->early_end = w;
	l->early_end = &w->next;
	if (w->why == REFUSE_NONE)
		w->early(w);
	kept[w->flow] += is_kept(w);
}

/* Those whose turn it is now. */
static void
finish_early(struct lane *l)
{
	struct work *w;

	while ((w = l->early) != NULL && !is_early(l, w)) {
		l->early = w->next;
		if (l->early == NULL)
			l->early_end = &l->early;
		kept[w->flow] -= is_kept(w);
		finish(w);
	}
}

/* Was the kernel given a packet before its turn? */
static int
answer(struct lane *l, const struct ring_desc *d)
{
	struct work *w;

	if (d->slot >= ring->nslot || !works[d->slot].lent ||
	    works[d->slot].op != d->op ||
	    &lane[works[d->slot].lane] != l || !is_answer_sane(&works[d->slot], d))
		fatalx("cryptod broke the ring: %s", refuse_text(REFUSE_RING_DESC));
	w = &works[d->slot];
	take_answer(w, d);
	if (w->urgent && w->op == RING_OPEN && is_early(l, w)) {
		wait_for_turn(l, w);
		return w->given;
	}
	if (w->urgent) {
		finish(w);
		return 0;
	}
	l->waiting--;
	l->passed = 0;
	if (w->op == RING_SEAL) {
		sealing[w->flow]--;
		nsealing--;
	}
	l->opened += is_inward(w->op);
	l->small -= w->small;
	finish(w);
	finish_early(l);
	return 0;
}

/*
 * Takes what is there, up to a batch; more of it comes in the next turn. Who was
 * given packets before their turn may have answered, and that does not wait for
 * the rest.
 */
static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct lane	*l = arg;
	struct ring	*r = &l->ring;
	struct ring_desc d;
	int		 i, got = 0;
	int		 gave = 0, gives;	/* several in a row go together */

	(void)fd;
	(void)what;
	ring_awake(r, r->done);
	netd_clock();
	for (i = 0; i < BATCH; i++) {
		got = ring_pop(r, r->done, &d);
		if (got != 1)
			break;
		gives = answer(l, &d);
		if (gave && !gives)
			tun_look();
		gave = gives;
	}
	if (gave)
		tun_look();
	if (got == -1)
		fatalx("cryptod broke the ring: %s", refuse_text(REFUSE_RING_INDEX));
	if (got == 1 || !ring_may_sleep(r, r->done))
		event_active(l->wake, EV_READ, 0);
}
