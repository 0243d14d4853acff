/*
 * session_queue.c -- packets that wait for their session.
 *
 * Copies in a fixed pool, so that waiting packets never hold slots of the
 * ring. The oldest of a destination gives way to the newest.
 */
#include <stdlib.h>
#include <string.h>

#include "netd.h"

#define LOG_TARGET "fips::node::handlers::session"
#include "log.h"
#include "session_int.h"

enum {
	POOL = 1024,
	PACKET_MAX = 2048,	/* a longer one is rare and can be sent again */
	NIL = 0xffff,
};

struct waiting {
	uint16_t	next, len;
	uint8_t		data[PACKET_MAX];
};

static struct waiting	*pool;
static uint16_t		 free_head = NIL, fresh;	/* fresh: first one never used */
static unsigned		 ndest, npacket;

void
queue_init(void)
{
	pool = calloc(POOL, sizeof(*pool));
	if (pool == NULL)
		fatal("memory for waiting packets");
}

/* A free entry, or NIL; used ones first, so that idle pages stay away. */
static uint16_t
take(void)
{
	uint16_t i = free_head;

	if (i != NIL)
		free_head = pool[i].next;
	else if (fresh < POOL)
		i = fresh++;
	return i;
}

static int
is_empty(void)
{
	return free_head == NIL && fresh == POOL;
}

/* The oldest packet of s leaves the queue; the caller frees it. */
static uint16_t
unlink_first(struct session *s)
{
	struct session_extra	*x = s->extra;
	uint16_t		 i = x->qhead;

	x->qhead = pool[i].next;
	x->qlen--;
	npacket--;
	if (x->qlen == 0)
		ndest--;
	return i;
}

static void
release(uint16_t i)
{
	pool[i].next = free_head;
	free_head = i;
}

/* Room for one more of s, or NIL, counted. */
static uint16_t
room(struct session *s)
{
	uint64_t most = netd.conf[CONF_SESSION_PENDING];

	if (most == 0 || (s->extra->qlen == 0 && (is_empty() ||
	    ndest >= netd.conf[CONF_SESSION_PENDING_DESTS]))) {
		refuse(REFUSE_FSP_FULL);
		return NIL;
	}
	if (s->extra->qlen > 0 && (is_empty() || s->extra->qlen >= most)) {
		refuse(REFUSE_IP_QUEUE);
		release(unlink_first(s));
	}
	return take();
}

void
queue_push(struct session *s, const uint8_t *pkt, size_t len)
{
	struct session_extra	*x = s->extra;
	uint16_t		 i;

	if (len > PACKET_MAX) {
		refuse(REFUSE_IP_QUEUE);
		return;
	}
	i = room(s);
	if (i == NIL)
		return;
	memcpy(pool[i].data, pkt, len);
	pool[i].len = (uint16_t)len;
	pool[i].next = NIL;
	if (x->qlen == 0) {
		x->qhead = i;
		ndest++;
	} else
		pool[x->qtail].next = i;
	x->qtail = i;
	x->qlen++;
	npacket++;
}

void
queue_flush(struct session *s)
{
	struct work	*w;
	uint16_t	 i;

	while (s->extra->qlen > 0) {
		if ((w = pipe_get()) == NULL) {
			/* None is out for long; what comes later waits behind. */
			s->extra->hold_ms = netd.now_ms + SESSION_HOLD_MS;
			netd_tick_by(s->extra->hold_ms);
			return;
		}
		i = unlink_first(s);
		memcpy(w->buf + w->off, pool[i].data, pool[i].len);
		w->len = pool[i].len;
		w->at_ms = netd.now_ms;
		session_emit(s, w);
		release(i);
	}
}

void
queue_fail(struct session *s)
{
	uint16_t i;

	while (s->extra->qlen > 0) {
		i = unlink_first(s);
		refuse_own(REFUSE_DGRAM_NO_ROUTE);
		session_complain(pool[i].data, pool[i].len, 3, 0);
		release(i);
	}
}

void
session_pending(unsigned *dests, unsigned *packets)
{
	*dests = ndest;
	*packets = npacket;
}
