/*
 * seal.c -- seals and opens packets in slots that netd can write at any time.
 *
 * The rule of ring.h, to the letter: a descriptor is a private copy; a header
 * is copied and gets its counter, there and in the slot, and the copy is what
 * counts. Plaintext and ciphertext are worked on in place: whoever changes them
 * meanwhile spoils a packet that it could have spoiled before or after. No
 * decision is made on a byte that is read twice.
 */
#include <stdatomic.h>
#include <string.h>

#include "aead.h"
#include "seal.h"
#include "session.h"
#include "wire.h"

#define FMP_HEAD	16u
#define FSP_HEAD	12u
#define FSP_PREFIX	4u
#define FSP_FLAG_CP	0x01
#define FSP_FLAG_U	0x04
#define CACHE_LINE	64u
#define FETCH_MAX	2048u		/* of a frame, before its turn */

/* A datagram in an opened link frame, from its timestamp on. */
enum {
	AT_TYPE = 4,			/* link message type, 00: SessionDatagram */
	AT_SRC = AT_TYPE + 4,
	AT_DST = AT_SRC + ADDR_LEN,
	AT_FSP = AT_DST + ADDR_LEN,
	PEEK = AT_FSP + FSP_HEAD,
};

/* What the first bytes of an opened link frame say, taken once. */
struct inner {
	uint8_t		src[ADDR_LEN];
	uint8_t		head[FSP_HEAD];
	uint64_t	counter;
	uint32_t	at, body, end;	/* in the frame; end: of the session plaintext */
};

/* Load shared bytes once; the fence keeps the compiler from going back for more. */
static inline void
take(void *dst, const uint8_t *shared, size_t len)
{
	memcpy(dst, shared, len);
	atomic_signal_fence(memory_order_seq_cst);
}

/* Draw a counter, put it into the header at p and seal what follows body. */
static enum refusal
seal_layer(struct session *s, uint8_t *p, size_t head_len, uint8_t *body,
    size_t len)
{
	uint8_t		head[FMP_HEAD];		/* the longer one */
	uint64_t	counter;

	if (session_count(s, &counter) == -1)
		return REFUSE_SESSION_WORN;
	take(head, p, sizeof(head));
	put_le64(head + head_len - 8, counter);		/* it ends both headers */
	put_le64(p + head_len - 8, counter);
	aead_seal(s->keys.send, counter, head, head_len, body, len);
	return REFUSE_NONE;
}

static enum refusal
seal_link(struct ring_desc *d, uint8_t *frame)
{
	struct session	*link = session_find(d->link, SESSION_LINK);
	enum refusal	 why = REFUSE_SESSION_HANDLE;

	if (link != NULL)
		why = seal_layer(link, frame, FMP_HEAD, frame + FMP_HEAD,
		    d->len - FMP_HEAD);
	if (why == REFUSE_NONE)
		d->len += AEAD_TAG;
	return why;
}

/* Both handles are looked at before either counter moves. */
static enum refusal
seal_both(struct ring_desc *d, uint8_t *frame)
{
	struct session	*link = session_find(d->link, SESSION_LINK);
	struct session	*s = session_find(d->session, SESSION_INNER);
	enum refusal	 why;

	if (link == NULL || s == NULL)
		return REFUSE_SESSION_HANDLE;
	if (!session_can_send(link))
		return REFUSE_SESSION_WORN;
	why = seal_layer(s, frame + d->inner, FSP_HEAD, frame + d->body,
	    d->len - d->body);
	if (why != REFUSE_NONE)
		return why;
	d->len += AEAD_TAG;
	return seal_link(d, frame);
}

enum opened { OPENED, REPLAYED, FORGED };

/* Check, decrypt, accept: in one piece, whoever else has this session. */
static enum opened
open_with(struct session *s, uint64_t counter, const uint8_t *head,
    size_t head_len, uint8_t *p, size_t len)
{
	enum opened got = REPLAYED;

	session_hold(s);
	if (counter != UINT64_MAX && replay_may(&s->window, counter)) {
		got = FORGED;
		if (aead_open(s->keys.recv, counter, head, head_len, p, len) == 0) {
			replay_accept(&s->window, counter);
			got = OPENED;
		}
	}
	session_let_go(s);
	return got;
}

/* Bytes of two lists of coordinates, each a count and that many addresses;
 * more than len when they do not fit. */
static uint32_t
coords_len(const uint8_t *p, uint32_t len)
{
	uint8_t		count[2];
	uint32_t	n = 0;
	int		list;

	for (list = 0; list < 2 && n + sizeof(count) <= len; list++) {
		take(count, p + n, sizeof(count));
		n += 2 + get_le16(count) * (uint32_t)ADDR_LEN;
	}
	return list == 2 ? n : len + 1;
}

/*
 * Is the link plaintext at 16..len a datagram for self with a session frame in
 * its established phase? 0: no, it is netd's to look at; 1: yes; -1: yes, but
 * its lengths cannot be.
 */
static int
find_inner(const uint8_t *frame, uint32_t len, const uint8_t self[ADDR_LEN],
    struct inner *in)
{
	uint8_t		peek[PEEK] = { 0 };
	uint32_t	n = len - FMP_HEAD < PEEK ? len - FMP_HEAD : PEEK;

	if (n == PEEK)			/* a length that is known is quicker */
		take(peek, frame + FMP_HEAD, PEEK);
	else
		take(peek, frame + FMP_HEAD, n);
	if (n < AT_FSP + FSP_PREFIX || peek[AT_TYPE] != 0 ||
	    memcmp(peek + AT_DST, self, ADDR_LEN) != 0 ||
	    peek[AT_FSP] != 0 || (peek[AT_FSP + 1] & FSP_FLAG_U) != 0)
		return 0;
	if (n < PEEK)
		return -1;
	memcpy(in->src, peek + AT_SRC, ADDR_LEN);
	memcpy(in->head, peek + AT_FSP, FSP_HEAD);
	in->counter = get_le64(in->head + 4);
	in->at = FMP_HEAD + AT_FSP;
	in->body = in->at + FSP_HEAD;
	if ((in->head[1] & FSP_FLAG_CP) != 0)
		in->body += coords_len(frame + in->body, len - in->body);
	if (in->body + get_le16(in->head + 2) + AEAD_TAG != len)
		return -1;
	in->end = len - AEAD_TAG;
	return 1;
}

/* Any key that this node's peer may still be using: the last lucky one first. */
static enum refusal
open_inner(struct ring_desc *d, uint8_t *frame, const struct inner *in)
{
	struct session	*s[SESSION_PER_ADDR];
	unsigned	 n = session_of(in->src, s), i;
	enum refusal	 why = n == 0 ? REFUSE_INNER_NO_SESSION :
			    REFUSE_INNER_AUTH;
	enum opened	 got = FORGED;

	for (i = 0; i < n; i++) {
		got = open_with(s[i], in->counter, in->head, FSP_HEAD,
		    frame + in->body, in->end - in->body);
		if (got == OPENED)
			break;
		if (got == REPLAYED)
			why = REFUSE_INNER_REPLAY;
	}
	if (got != OPENED)
		return why;
	session_opened(s, i);
	d->session = session_handle(s[i]);
	d->inner = (uint16_t)in->at;
	d->body = (uint16_t)in->body;
	d->len = in->end;
	return REFUSE_NONE;
}

/* A session frame, or netd asked about something else: it is told the same. */
static enum refusal
open_found(struct ring_desc *d, uint8_t *frame, const struct inner *in, int found)
{
	enum refusal why = found == 1 ? open_inner(d, frame, in) :
	    REFUSE_INNER_AUTH;

	if (why == REFUSE_NONE)
		d->status = RING_DONE_INNER;
	return why;
}

/*
 * The link frame is netd's word. It could have put any session frame into a
 * slot that OPEN was at work on: this layer's keys and window judge it alone.
 */
static enum refusal
open_session(struct ring_desc *d, uint8_t *frame, const uint8_t self[ADDR_LEN])
{
	struct inner in;

	return open_found(d, frame, &in, find_inner(frame, d->len, self, &in));
}

/* The link, and the session layer when there is one: a shut session under an
 * open link is an answer of its own. */
static enum refusal
open_frame(struct ring_desc *d, uint8_t *frame, const uint8_t self[ADDR_LEN])
{
	struct session	*link = session_find(d->link, SESSION_LINK);
	uint8_t		 head[FMP_HEAD];
	uint64_t	 counter;
	struct inner	 in;
	enum opened	 got;
	int		 found;

	take(head, frame, sizeof(head));
	counter = get_le64(head + 8);
	if (link == NULL)
		return REFUSE_SESSION_HANDLE;
	got = open_with(link, counter, head, sizeof(head), frame + FMP_HEAD,
	    d->len - FMP_HEAD - AEAD_TAG);
	if (got != OPENED)
		return got == REPLAYED ? REFUSE_LINK_REPLAY : REFUSE_LINK_AUTH;
	d->len -= AEAD_TAG;
	found = find_inner(frame, d->len, self, &in);
	return found == 0 ? REFUSE_NONE : open_found(d, frame, &in, found);
}

_Static_assert(RING_REFUSED + REFUSE_MAX <= UINT8_MAX, "status is a byte");

static void
serve(struct ring *r, struct ring_desc *d, const uint8_t self[ADDR_LEN])
{
	uint8_t		*frame = ring_slot(r, d->slot) + d->off;
	enum refusal	 why = REFUSE_RING_DESC;

	d->status = RING_DONE;
	switch (d->op) {
	case RING_SEAL:
		why = seal_both(d, frame);
		break;
	case RING_SEAL_LINK:
		why = seal_link(d, frame);
		break;
	case RING_OPEN:
		why = open_frame(d, frame, self);
		break;
	case RING_OPEN_INNER:
		why = open_session(d, frame, self);
		break;
	}
	if (why != REFUSE_NONE)
		d->status = (uint8_t)(RING_REFUSED + why);
}

/* The next frame stands in another core's cache: have it come meanwhile. */
static void
fetch(const struct ring *r, const struct ring_desc *d)
{
	const uint8_t	*p = ring_slot(r, d->slot) + d->off;
	uint32_t	 at, len = d->len < FETCH_MAX ? d->len : FETCH_MAX;

	for (at = 0; at < len; at += CACHE_LINE)
		__builtin_prefetch(p + at, 1);
}

/*
 * A checked request: 1, or 0 when there is none, -1 a broken rule. What is urgent
 * first; looked for after the others, so that none is seen that was pushed
 * after it and taken before it. netd minds that the others get their turn.
 */
static int
next(struct ring *r, struct ring_desc *d, int *urgent, enum refusal *why)
{
	int waits = ring_look(r, r->todo), got = waits;

	if (waits != -1) {
		got = ring_pop(r, r->urgent, d);
		*urgent = got == 1;
		if (got == 0 && waits)
			got = ring_pop(r, r->todo, d);
	}
	*why = got == -1 ? REFUSE_RING_INDEX : REFUSE_RING_DESC;
	if (got != 1)
		return got;
	return ring_request_ok(r, d) ? 1 : -1;
}

/*
 * netd has no more slots than the queue has places, so a full queue of answers
 * means a slot was lent twice: a broken rule like the others. It hears of
 * what was urgent before the others are begun, and of the rest at the end: a
 * flood of small packets does not wake it for each.
 */
int
seal_work(struct ring *r, const uint8_t self[ADDR_LEN], enum refusal *why)
{
	struct ring_desc	d[2];
	int			n, got, urgent[2] = { 0 };

	got = next(r, &d[0], &urgent[0], why);
	for (n = 0; got == 1; n++) {
		got = n + 1 < SEAL_BATCH ? next(r, &d[(n + 1) & 1],
		    &urgent[(n + 1) & 1], why) : 0;
		if (got == 1)
			fetch(r, &d[(n + 1) & 1]);
		serve(r, &d[n & 1], self);
		if (ring_push(r, r->done, &d[n & 1]) != 1) {
			*why = REFUSE_RING_FULL;
			return -1;
		}
		if (urgent[n & 1] && got == 1 && !urgent[(n + 1) & 1])
			ring_wake(r, r->done);
	}
	if (got == -1)
		return -1;
	if (n > 0)
		ring_wake(r, r->done);
	*why = REFUSE_NONE;
	return n;
}
