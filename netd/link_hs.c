/*
 * link_hs.c -- link handshakes in both roles (Noise IK, FIPS-WIRE 5; link.def).
 *
 * Each one is a row of a fixed table. cryptod does the Noise; a question to
 * it waits in the row under its req. Here: the rows, the edges of the machine,
 * the clock. What the wire and cryptod say comes through link_dial.c and
 * link_answer.c; who gets in is link_up.c's business.
 */
#include <string.h>

#include "link_hs.h"
#define LOG_TARGET "fips::node::handlers::handshake"
#include "log.h"
#include "udp.h"

static int	ask_msg1(void *, void *);
static int	send_msg1(void *, void *);
static int	ask_read2(void *, void *);
static int	take_up(void *, void *);
static int	ask_who(void *, void *);
static int	ask_answer(void *, void *);
static int	give_up(void *, void *);

static const struct fsm_edge edge[HS_NSTATE][HS_EV_MAX] = {
#define EDGE(FROM, EVENT, TO, act)	[HS_##FROM][HS_EV_##EVENT] = { act, HS_##TO, 1 },
#include "link.def"
};
static const struct fsm machine = { HS_NSTATE, HS_EV_MAX, &edge[0][0] };

static struct hs	table[LINK_HS_MAX];
static unsigned		nasked;		/* rows with a question out */

int
hs_step(struct hs *h, enum hs_event event, void *arg)
{
	return fsm_step(&machine, &h->state, event, h, arg) == FSM_OK ? 0 : -1;
}

unsigned
hs_slot_of(const struct hs *h)
{
	return (unsigned)(h - table);
}

struct hs *
hs_slot(unsigned slot)
{
	return &table[slot];
}

struct hs *
hs_next(struct hs *h)
{
	unsigned i = h == NULL ? 0 : hs_slot_of(h) + 1;

	for (; i < LINK_HS_MAX; i++)
		if (table[i].state != HS_FREE)
			return &table[i];
	return NULL;
}

unsigned
hs_count(int (*is)(const struct hs *))
{
	struct hs *h;
	unsigned   n = 0;

	for (h = NULL; (h = hs_next(h)) != NULL; )
		n += is == NULL || is(h);
	return n;
}

/* -- questions to cryptod ----------------------------------------------------- */

static uint32_t
ask(struct hs *h)
{
	h->req = netd_req();
	h->ask_until_ms = netd.now_ms + LINK_ASK_MS;
	nasked++;
	return h->req;
}

static void
answered(struct hs *h)
{
	if (h->req != 0)
		nasked--;
	h->req = 0;
}

struct hs *
hs_take_answer(uint32_t req)
{
	struct hs *h;

	for (h = NULL; (h = hs_next(h)) != NULL; )
		if (h->req == req)
			break;
	if (h != NULL)
		answered(h);
	return h;
}

static void
sent(int ret)
{
	if (ret == -1)
		fatal("asking cryptod about a link handshake");
}

void
hs_forget(uint32_t noise_hs)
{
	struct msg_hs_drop m = { .req = netd_req(), .hs = noise_hs };

	if (noise_hs != 0)
		sent(hs_drop_send(&netd.cryptod, &m, NULL));
}

/* -- edges -------------------------------------------------------------------- */

static int
ask_msg1(void *obj, void *arg)
{
	struct hs		*h = obj;
	struct msg_ik_start	 m = { .req = ask(h) };

	(void)arg;
	memcpy(m.pub, h->pub, sizeof(m.pub));
	sent(ik_start_send(&netd.cryptod, &m, NULL));
	return 0;
}

static int
send_msg1(void *obj, void *arg)
{
	const struct msg_ik_msg1 *m = arg;
	struct hs		 *h = obj;

	h->noise_hs = m->hs;
	frame_msg1(h->frame, h->our_index, m->noise);
	udp_send(&h->ep, h->frame, sizeof(h->frame));
	h->next_ms = netd.now_ms + netd.conf[CONF_HS_RESEND];
	log_as(LVL_DEBUG, "fips::node::lifecycle",
	    "Sent Noise handshake message 1 (wire format) peer=%s link_id=%u our_index=%08x",
	    peer_display(h->addr), h->link_id, h->our_index);
	return 0;
}

static int
ask_read2(void *obj, void *arg)
{
	struct hs		*h = obj;
	struct msg_ik_read2	 m = { .req = ask(h), .hs = h->noise_hs };

	memcpy(m.noise, arg, sizeof(m.noise));
	sent(ik_read2_send(&netd.cryptod, &m, NULL));
	return 0;
}

static int
ask_who(void *obj, void *arg)
{
	struct hs		*h = obj;
	struct msg_ik_read1	 m = { .req = ask(h) };

	(void)arg;
	memcpy(m.noise, h->frame, sizeof(m.noise));
	sent(ik_read1_send(&netd.cryptod, &m, NULL));
	return 0;
}

/* cryptod's handle is dead once it has answered. */
static int
ask_answer(void *obj, void *arg)
{
	struct hs		*h = obj;
	struct msg_ik_answer	 m = { .hs = h->noise_hs };

	(void)arg;
	if (index_new(INDEX_HS, hs_slot_of(h), &h->our_index) == -1)
		return -1;
	h->has_index = 1;
	h->noise_hs = 0;
	m.req = ask(h);
	sent(ik_answer_send(&netd.cryptod, &m, NULL));
	return 0;
}

/* The index goes on to whoever gets the keys. */
static int
take_up(void *obj, void *arg)
{
	struct hs *h = obj;

	(void)arg;
	h->noise_hs = 0;
	return 0;
}

static int
give_up(void *obj, void *arg)
{
	struct hs *h = obj;

	(void)arg;
	answered(h);
	hs_forget(h->noise_hs);
	if (h->has_index)
		index_del(h->our_index);
	return 0;
}

void
hs_end(struct hs *h, enum hs_event event)
{
	uint8_t	addr[NADDR_LEN];
	int	dial = h->outbound && h->rekey_of == 0;

	memcpy(addr, h->addr, sizeof(addr));
	if (hs_step(h, event, NULL) == -1 || h->state != HS_FREE)
		return;
	if (dial && peer_find(addr) == NULL && !hs_is_dialling(addr))
		retry_failed(addr);
}

/* -- rows --------------------------------------------------------------------- */

static int
is_limited(const struct hs *h)
{
	return !h->known;
}

/* NULL too while cryptod has enough to do. */
static struct hs *
free_row(void)
{
	unsigned i;

	for (i = 0; nasked < LINK_ASKED_MAX && i < LINK_HS_MAX; i++)
		if (table[i].state == HS_FREE)
			return &table[i];
	return NULL;
}

int
hs_has_room(void)
{
	return free_row() != NULL;
}

struct hs *
hs_new(int is_known)
{
	uint64_t	 max_hs = netd.conf[CONF_LIMITS_MAX_CONNECTIONS];
	uint64_t	 max_links = netd.conf[CONF_LIMITS_MAX_LINKS];
	unsigned	 n = hs_count(is_limited);
	struct hs	*h = free_row();

	if (h == NULL || (!is_known && max_hs != 0 && n >= max_hs) ||
	    (!is_known && max_links != 0 && n + peer_count() >= max_links)) {
		refuse(REFUSE_LINK_LINKS_FULL);
		return NULL;
	}
	memset(h, 0, sizeof(*h));
	h->started_ms = netd.now_ms;
	h->started_wall_ms = netd_wall_ms();
	h->conf = -1;
	h->known = is_known != 0;
	return h;
}

int
link_hs_no(uint32_t req, enum refusal why)
{
	struct hs *h = hs_take_answer(req);

	if (h == NULL)
		return 0;
	if (h->rekey_of != 0 && h->state == HS_READ)
		log_warn("Rekey msg2 processing failed peer=%s error=%s",
		    peer_display(h->addr), refuse_text(why));
	else
		log_debug("%s: %s", h->outbound ? "Handshake completion failed" :
		    "Failed to process msg1", refuse_text(why));
	hs_end(h, HS_EV_NO);
	return 1;
}

/* -- time --------------------------------------------------------------------- */

static void
resend(struct hs *h)
{
	if (h->resends >= netd.conf[CONF_HS_MAX_RESENDS] ||
	    netd.now_ms < h->next_ms)
		return;
	udp_send(&h->ep, h->frame, sizeof(h->frame));
	h->resends++;
	h->next_ms = netd.now_ms + netd_resend_ms(h->resends);
	log_as(LVL_DEBUG, "fips::node::handlers::timeout",
	    "Resent handshake msg1 link_id=%u resend=%u", h->link_id, h->resends);
}

static uint64_t
tick_one(struct hs *h)
{
	uint64_t until_ms = h->started_ms + netd.conf[CONF_HS_TIMEOUT] * 1000;

	if (h->req != 0)
		until_ms = sooner(until_ms, h->ask_until_ms);
	if (netd.now_ms >= until_ms) {
		log_as(LVL_DEBUG, "fips::node::handlers::timeout",
		    "Stale handshake connection timed out link_id=%u direction=%s idle_secs=%llu",
		    h->link_id, h->outbound ? "outbound" : "inbound",
		    (unsigned long long)(netd.now_ms - h->started_ms) / 1000);
		hs_end(h, HS_EV_END);
		return LINK_NEVER;
	}
	if (h->state != HS_SENT)
		return until(until_ms);
	resend(h);
	if (h->resends < netd.conf[CONF_HS_MAX_RESENDS] ||
	    (h->rekey_of != 0 && h->next_ms > netd.now_ms))
		until_ms = sooner(until_ms, h->next_ms);
	return until(until_ms);
}

uint64_t
hs_tick(void)
{
	uint64_t next = LINK_NEVER;
	struct hs *h;

	for (h = NULL; (h = hs_next(h)) != NULL; )
		next = sooner(next, tick_one(h));
	return next;
}

/* -- people ------------------------------------------------------------------- */

static const char *
view_state(const struct hs *h)
{
	switch (h->state) {
	case HS_SENT:
	case HS_READ:
		return "sent_msg1";
	case HS_CHECK:
	case HS_ANSWER:
		return "received_msg1";
	default:
		return "initial";
	}
}

int
link_view(unsigned n, struct link_view *v)
{
	struct hs *h;

	for (h = NULL; (h = hs_next(h)) != NULL; ) {
		if (h->rekey_of != 0 || n-- > 0)
			continue;
		memset(v, 0, sizeof(*v));
		v->link_id = h->link_id;
		v->outbound = h->outbound;
		v->state = view_state(h);
		v->started_wall_ms = h->started_wall_ms;
		v->idle_ms = netd.now_ms - h->started_ms;
		v->resends = h->resends;
		v->has_pub = h->has_pub;
		memcpy(v->pub, h->pub + 1, sizeof(v->pub));
		v->ep = h->ep;
		return 0;
	}
	return -1;
}
