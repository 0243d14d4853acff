/*
 * session.c -- the table of sessions, their state, and where a datagram goes.
 *
 * A fixed table, found by node address. Handshakes, keys, data and waiting
 * packets are in the files beside this one; keys themselves in cryptod.
 */
#include <stdlib.h>
#include <string.h>

#include "netd.h"

#define LOG_TARGET "fips::node::handlers::session"
#include "log.h"
#include "mesh.h"
#include "names.h"
#include "way.h"
#include "session_int.h"
#include "session_shake.h"
#include "wire.h"

enum { BUCKETS = 1024 };

struct dgram_stats		 dgram_stats;
static struct session		 table[SESSION_MAX];
static struct session_extra	 extra[SESSION_MAX];
static struct session		*bucket[BUCKETS];
static unsigned			 used, top;	/* top: no session beyond */
static uint32_t			 hash_key;

static const char *const state_name[] = {
#define STATE(NAME, name)	name,
#include "session.def"
};
static const struct fsm_edge edge[SESSION_NSTATE * SESSION_NEVENT] = {
#define EDGE(FROM, EV, TO)						\
	[SESSION_##FROM * SESSION_NEVENT + SESSION_EV_##EV] =		\
	    { .to = SESSION_##TO, .there = 1 },
#include "session.def"
};
static const struct fsm machine = {
	.nstate = SESSION_NSTATE, .nevent = SESSION_NEVENT, .edge = edge,
};

/* Addresses are hashes of keys, but keys can be chosen: mix in a secret. */
static struct session **
bucket_of(const uint8_t addr[NADDR_LEN])
{
	uint32_t h = hash_key, i;

	for (i = 0; i < NADDR_LEN; i += 4)
		h = (h ^ get_le32(addr + i)) * 0x9e3779b1u;
	return &bucket[(h >> 16) % BUCKETS];
}

void
session_init(void)
{
	hash_key = netd_random_u32();
	queue_init();
}

int
session_step(struct session *s, enum session_event ev)
{
	return fsm_step(&machine, &s->state, ev, s, NULL) == FSM_OK ? 0 : -1;
}

struct session *
session_find(const uint8_t addr[NADDR_LEN])
{
	struct session *s;

	for (s = *bucket_of(addr); s != NULL; s = s->extra->next)
		if (memcmp(s->addr, addr, NADDR_LEN) == 0)
			return s;
	return NULL;
}

struct session *
session_by_handle(uint32_t handle)
{
	struct session *s = &table[handle % SESSION_MAX];

	return handle != 0 && s->state != SESSION_FREE && s->handle == handle ?
	    s : NULL;
}

struct session *
session_next(struct session *s)
{
	unsigned i = s == NULL ? 0 : (unsigned)(s - table) + 1;

	for (; i < top; i++)
		if (table[i].state != SESSION_FREE)
			return &table[i];
	return NULL;
}

unsigned
session_count(void)
{
	return used;
}

const char *
session_state_name(const struct session *s)
{
	return s->state < SESSION_NSTATE ? state_name[s->state] : "?";
}

int
session_is_smaller(const uint8_t addr[NADDR_LEN])
{
	return memcmp(netd.addr, addr, NADDR_LEN) < 0;
}

/* Identities cost nothing: whoever makes many must not push out what we use. */
static int
goes_before(const struct session *a, const struct session *b)
{
	if (a->extra->use != b->extra->use)
		return a->extra->use < b->extra->use;
	return a->data_ms < b->data_ms;
}

/*
 * A free place; when all are taken that of the session which matters least to
 * this machine, of these the one that carried data least recently.
 */
static struct session *
place(void)
{
	struct session	*s, *least = &table[0];
	unsigned	 i;

	for (i = 0; i < SESSION_MAX; i++) {
		s = &table[i];
		if (s->state == SESSION_FREE)
			return s;
		if (goes_before(s, least))
			least = s;
	}
	refuse(REFUSE_FSP_FULL);
	session_del(least);
	return least;
}

struct session *
session_add(const uint8_t addr[NADDR_LEN], const uint8_t pub[33],
    enum session_event ev)
{
	static uint32_t	 serial;	/* a multiple of SESSION_MAX */
	struct session	*s = place(), **b = bucket_of(addr);
	size_t		 i = (size_t)(s - table);

	memset(s, 0, sizeof(*s));
	memset(&extra[i], 0, sizeof(extra[i]));
	s->extra = &extra[i];
	serial += SESSION_MAX;
	s->handle = serial + (uint32_t)i;	/* its place can be told from it */
	memcpy(s->addr, addr, NADDR_LEN);
	memcpy(s->pub, pub, sizeof(s->pub));
	npub_encode(pub + 1, s->npub);
	s->born_ms = s->active_ms = s->data_ms = netd.now_ms;
	s->warmup = (unsigned)netd.conf[CONF_SESSION_WARMUP];
	s->path_mtu = UINT16_MAX;
	path_mtu_init(&s->extra->mtu);
	session_mmp_begin(s);
	if (session_step(s, ev) == -1)
		fatalx("a fresh session cannot begin with event %d", ev);
	s->extra->next = *b;
	*b = s;
	used++;
	if (i >= top)
		top = (unsigned)i + 1;
	names_used(s->addr);
	return s;
}

void
session_del(struct session *s)
{
	struct session **at = bucket_of(s->addr);

	while (*at != s)
		at = &(*at)->extra->next;
	*at = s->extra->next;
	names_used(s->addr);
	session_mmp_end(s);
	shake_drop(s->extra->out);
	session_drop_key(s->cur.session);
	session_drop_key(s->pend.session);
	session_drop_key(s->prev.session);
	queue_fail(s);
	session_step(s, SESSION_EV_END);
	used--;
	while (top > 0 && table[top - 1].state == SESSION_FREE)
		top--;
}

void
session_coords(const uint8_t dst[NADDR_LEN], struct fsp_coords *ours,
    struct fsp_coords *theirs)
{
	static struct coords	 at;
	const struct coords	*self = way_self();

	ours->count = self->n;
	ours->addr = self->addr[0];
	*theirs = *ours;
	if (way_place(dst, &at) == -1 || at.n > FSP_COORDS_MAX)
		return;
	theirs->count = at.n;
	theirs->addr = at.addr[0];
}

void
session_found(const uint8_t addr[NADDR_LEN])
{
	struct session	*s = session_find(addr);
	uint16_t	 mtu = way_path_mtu(addr);

	shake_found(addr);
	if (s == NULL)
		return;
	/* The answer came the way that our frames will go; nobody signed this. */
	if (mtu != 0)
		path_mtu_signal(&s->extra->mtu, mtu, netd.now_ms);
	s->path_mtu = path_mtu_get(&s->extra->mtu, netd.now_ms);
	shake_hurry(s->extra->out);
	if (s->state == SESSION_INITIATING)
		return;
	s->warmup = (unsigned)netd.conf[CONF_SESSION_WARMUP];
	if (s->extra->hold_ms == 0)
		queue_flush(s);
}

void
session_lost(const uint8_t addr[NADDR_LEN])
{
	struct session *s = session_find(addr);

	mesh_forget(addr);
	if (s == NULL || way_next(addr) != NULL)
		return;
	if (s->state == SESSION_INITIATING)
		session_del(s);
	else
		queue_fail(s);
}

int
session_send_plain(const uint8_t dst[NADDR_LEN], const void *msg, size_t len)
{
	struct peer *p = way_next(dst);

	if (p != NULL)
		return session_send_by(p, dst, msg, len);
	way_seek(dst);
	refuse_own(REFUSE_DGRAM_NO_ROUTE);
	dgram_count(&dgram_stats.no_route, FSP_DGRAM + len);
	return -1;
}

int
session_send_by(struct peer *p, const uint8_t dst[NADDR_LEN], const void *msg,
    size_t len)
{
	uint8_t			 buf[FSP_DGRAM + FSP_SHAKE_MAX];
	struct fsp_dgram	 d;

	if (len > FSP_SHAKE_MAX) {
		refuse_own(REFUSE_DGRAM_TOO_LONG);
		return -1;
	}
	d.ttl = (uint8_t)netd.conf[CONF_SESSION_TTL];
	d.path_mtu = link_mtu(p);
	memcpy(d.src, netd.addr, NADDR_LEN);
	memcpy(d.dst, dst, NADDR_LEN);
	fsp_dgram_encode(&d, buf);
	memcpy(buf + FSP_DGRAM, msg, len);
	dgram_count(&dgram_stats.originated, FSP_DGRAM + len);
	return link_send(p, buf, FSP_DGRAM + len);
}

/*
 * Our first keys, and nothing heard under them: what does not open was sealed
 * for the node that stood here before us, under keys that died with it.
 */
static int
is_first_life(const struct session *s)
{
	return s != NULL && s->cur.session != 0 && s->cur.initiator &&
	    s->prev.session == 0 && s->extra->heard_cur_ms == 0;
}

static void
say_unopened(const struct fsp_dgram *d, enum refusal why)
{
	char src[64];

	if (!log_is_on(LVL_DEBUG, LOG_TARGET))
		return;
	names_display(d->src, src);
	if (why == REFUSE_INNER_AUTH)
		log_debug("Session AEAD decryption failed (all epochs) src=%s",
		    src);
	else if (why == REFUSE_INNER_NO_SESSION)
		log_debug("Encrypted session message for unknown session src=%s",
		    src);
}

/*
 * A frame that cryptod could not open. When the sender's Msg3 was lost it
 * believes in a session that we do not have, and a reference node never sends
 * Msg3 again: a handshake of our own ends that. Anybody can forge this, so it
 * is paid for like a Setup, and takes no place that somebody may need.
 */
static void
unopened(const struct peer *p, const struct fsp_dgram *d, enum refusal why)
{
	uint8_t	pub[33], addr[NADDR_LEN];

	if (why == REFUSE_INNER_AUTH && is_first_life(session_find(d->src)))
		why = REFUSE_INNER_NO_SESSION;
	refuse(why);
	say_unopened(d, why);
	if (why != REFUSE_INNER_NO_SESSION || session_find(d->src) != NULL ||
	    !shake_is_half_open(d->src) ||
	    names_by_prefix(d->src, pub, addr) == -1 ||
	    memcmp(addr, d->src, NADDR_LEN) != 0)
		return;
	if (used == SESSION_MAX || !shake_is_roomy()) {
		refuse(REFUSE_FSP_FULL);
		return;
	}
	if (!shake_may_try(p, d->src, METER_SETUP))
		return;
	shake_pay(p, d->src, METER_SETUP);
	shake_begin(session_add(addr, pub, SESSION_EV_WANT));
}

/* Plaintext for us: a handshake or a complaint. Worked on as a copy. */
static void
plain(struct peer *p, const struct fsp_dgram *d, const uint8_t *shared,
    size_t len)
{
	static uint8_t	copy[2048];
	uint8_t		flags;
	int		phase;

	if (len > sizeof(copy)) {
		refuse(REFUSE_FSP_SHORT);
		return;
	}
	memcpy(copy, shared, len);
	phase = fsp_phase(copy, len, &flags);
	if (phase == -1)
		refuse(len < FSP_PREFIX ? REFUSE_FSP_SHORT : REFUSE_FSP_VERSION);
	else if (phase != FSP_DATA)
		shake_input(p, d, copy, len);
	else if (flags & FSP_U)
		session_signal(p, copy, len);
	else
		refuse(REFUSE_FSP_SHORT);
}

/* Under session keys, open or not. Takes w. */
static void
sealed(struct peer *p, const struct fsp_dgram *d, struct work *w, int ce)
{
	struct session	*s = session_find(d->src);

	if (s != NULL)
		shake_saw_data(s->extra->out);
	if (hold_take(s, d->src, w, ce))
		return;
	if (w->why == REFUSE_NONE && s != NULL) {
		session_data(s, d, w, ce);
		return;
	}
	if (w->why != REFUSE_NONE)
		unopened(p, d, w->why);
	else
		refuse(REFUSE_INNER_NO_SESSION);
	pipe_put(w);
}

/* Takes w. */
static void
deliver(struct peer *p, const struct fsp_dgram *d, struct work *w, int ce)
{
	if (memcmp(d->src, netd.addr, NADDR_LEN) == 0)
		refuse(REFUSE_FSP_UNEXPECTED);
	else if (w->why == REFUSE_NONE && !w->opened_inner)
		plain(p, d, w->buf + w->off + AT_FSP, w->len - AT_FSP);
	else {
		sealed(p, d, w, ce);
		return;
	}
	pipe_put(w);
}

void
session_input(struct peer *p, struct work *w, int ce)
{
	uint8_t			head[FSP_DGRAM];
	struct fsp_dgram	d;

	if (w->len < AT_FSP) {
		dgram_drop(w, REFUSE_DGRAM_SHORT, &dgram_stats.malformed);
		return;
	}
	memcpy(head, w->buf + w->off + AT_DGRAM, sizeof(head));
	if (fsp_dgram_decode(head, sizeof(head), &d) == -1) {
		dgram_drop(w, REFUSE_DGRAM_SHORT, &dgram_stats.malformed);
		return;
	}
	dgram_count(&dgram_stats.received, w->len - AT_DGRAM);
	if (d.ttl == 0) {
		dgram_drop(w, REFUSE_DGRAM_TTL, &dgram_stats.worn);
		return;
	}
	if (memcmp(d.dst, netd.addr, NADDR_LEN) != 0) {
		session_transit(p, w, &d, ce);
		return;
	}
	dgram_count(&dgram_stats.delivered, w->len - AT_DGRAM);
	deliver(p, &d, w, ce);
}

/*
 * The far process started again: our keys died there, those too that wait to
 * be confirmed. A Setup that is out serves the new one as well.
 */
static void
began_anew(struct session *s)
{
	struct shake *h = s->extra->out;

	if (h != NULL && h->state == SHAKE_MSG3) {
		shake_drop(h);
		session_drop_key(s->pend.session);
		memset(&s->pend, 0, sizeof(s->pend));
	}
	if (s->extra->out == NULL) {
		shake_begin(s);
		return;
	}
	s->extra->out->said_ms = 0;	/* to a process that is no more */
	shake_hurry(s->extra->out);
}

void
session_link_changed(struct peer *p, int up)
{
	struct session *s = session_find(p->addr);

	if (!up || s == NULL)
		return;
	if (s->state == SESSION_ESTABLISHED &&
	    memcmp(s->epoch, p->epoch, sizeof(s->epoch)) != 0)
		began_anew(s);
	else
		shake_hurry(s->extra->out);
}

static uint64_t
tick_one(struct session *s)
{
	uint64_t idle_ms = netd.conf[CONF_SESSION_IDLE] * 1000, due;

	if (s->state == SESSION_INITIATING) {
		if (s->extra->out != NULL)
			return NEVER;	/* the handshake has its own patience */
		session_del(s);
		return NEVER;
	}
	if (netd.now_ms - s->data_ms >= idle_ms) {
		log_debug("Session idle timeout src=%s", s->npub);
		session_del(s);
		return NEVER;
	}
	if (s->extra->hold_ms != 0 && netd.now_ms >= s->extra->hold_ms) {
		s->extra->hold_ms = 0;
		queue_flush(s);
	} else if (s->extra->hold_ms == 0 && s->extra->qlen > 0 &&
	    way_next(s->addr) != NULL)
		queue_flush(s);
	due = session_rekey_tick(s);
	due = sooner(due, session_mmp_tick(s));
	if (s->extra->hold_ms != 0)
		due = sooner(due, until(s->extra->hold_ms));
	return sooner(due, until(s->data_ms + idle_ms));
}

uint64_t
session_tick(void)
{
	uint64_t	due = shake_tick();
	unsigned	i;

	for (i = 0; i < top; i++)
		if (table[i].state != SESSION_FREE)
			due = sooner(due, tick_one(&table[i]));
	return due;
}
