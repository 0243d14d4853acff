/*
 * link_hs.c -- link handshakes in both roles (Noise IK, FIPS-WIRE 5; link.def).
 *
 * Each one is a row of a fixed table. cryptod does the Noise; a question to
 * it waits in the row under its req. Who gets in is link_up.c's business.
 */
#include <string.h>

#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::handshake"
#include "log.h"
#include "names.h"
#include "udp.h"

static int	ask_msg1(void *, void *);
static int	send_msg1(void *, void *);
static int	ask_read2(void *, void *);
static int	take_up(void *, void *);
static int	ask_who(void *, void *);
static int	ask_answer(void *, void *);
static int	let_in(void *, void *);
static int	give_up(void *, void *);

enum {
#define EVENT(NAME)	EV_##NAME,
#include "link.def"
	EV_MAX
};
static const char *const state_name[] = {
#define STATE(NAME)	#NAME,
#include "link.def"
};
static const char *const event_name[] = {
#define EVENT(NAME)	#NAME,
#include "link.def"
};
static const struct fsm_edge edge[HS_NSTATE][EV_MAX] = {
#define EDGE(FROM, EVENT, TO, act)	[HS_##FROM][EV_##EVENT] = { act, HS_##TO, 1 },
#include "link.def"
};
static struct fsm machine = {
	"handshake", state_name, event_name, HS_NSTATE, EV_MAX, &edge[0][0], 0
};

static struct hs	table[LINK_HS_MAX];
static unsigned		nasked;		/* rows with a question out */

static int
step(struct hs *h, unsigned event, void *arg)
{
	return fsm_step(&machine, &h->state, event, h, arg) == FSM_OK ? 0 : -1;
}

static unsigned
slot_of(const struct hs *h)
{
	return (unsigned)(h - table);
}

unsigned
hs_count(void)
{
	unsigned i, n = 0;

	for (i = 0; i < LINK_HS_MAX; i++)
		n += table[i].state != HS_FREE;
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

static struct hs *
by_req(uint32_t req)
{
	unsigned i;

	for (i = 0; i < LINK_HS_MAX; i++)
		if (table[i].state != HS_FREE && table[i].req == req)
			return &table[i];
	return NULL;
}

static void
sent(int ret)
{
	if (ret == -1)
		fatal("asking cryptod about a link handshake");
}

static void
noise_forget(uint32_t noise_hs)
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
	log_debug("Sent Noise handshake message 1 (wire format) peer=%s link_id=%u our_index=%08x",
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
	if (index_new(INDEX_HS, slot_of(h), &h->our_index) == -1)
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
let_in(void *obj, void *arg)
{
	return take_up(obj, arg);
}

static int
give_up(void *obj, void *arg)
{
	struct hs *h = obj;

	(void)arg;
	answered(h);
	noise_forget(h->noise_hs);
	if (h->has_index)
		index_del(h->our_index);
	return 0;
}

/* Ends h by END or NO; a dial that leaves nothing behind is tried again later. */
static void
end(struct hs *h, unsigned event)
{
	uint8_t	addr[NADDR_LEN];
	int	dial = h->outbound && h->rekey_of == 0;

	memcpy(addr, h->addr, sizeof(addr));
	if (step(h, event, NULL) == -1 || h->state != HS_FREE)
		return;
	if (dial && peer_find(addr) == NULL && !hs_is_dialling(addr))
		retry_failed(addr);
}

/* -- ours --------------------------------------------------------------------- */

/* A free row, within the limits; NULL counted. */
static struct hs *
row_new(int rekey)
{
	uint64_t	max_hs = netd.conf[CONF_LIMITS_MAX_CONNECTIONS];
	uint64_t	max_links = netd.conf[CONF_LIMITS_MAX_LINKS];
	unsigned	i, n = hs_count();

	if (nasked >= LINK_ASKED_MAX ||
	    (!rekey && max_hs != 0 && n >= max_hs) ||
	    (!rekey && max_links != 0 && n + peer_count() >= max_links)) {
		refuse(REFUSE_LINK_LINKS_FULL);
		return NULL;
	}
	for (i = 0; i < LINK_HS_MAX; i++) {
		if (table[i].state != HS_FREE)
			continue;
		memset(&table[i], 0, sizeof(table[i]));
		table[i].started_ms = netd.now_ms;
		table[i].started_wall_ms = netd_wall_ms();
		table[i].conf = -1;
		return &table[i];
	}
	refuse(REFUSE_LINK_LINKS_FULL);
	return NULL;
}

int
hs_dial(const uint8_t pub33[33], const uint8_t addr[NADDR_LEN],
    const struct endpoint *ep, int conf, uint32_t rekey_of)
{
	struct hs *h;

	if (rekey_of == 0 && !up_permits(pub33, ep, "outbound_connect"))
		return -1;
	h = row_new(rekey_of != 0);
	if (h == NULL || index_new(INDEX_HS, slot_of(h), &h->our_index) == -1)
		return -1;
	h->has_index = 1;
	h->outbound = 1;
	h->has_pub = 1;
	h->conf = conf;
	h->rekey_of = rekey_of;
	h->ep = *ep;
	memcpy(h->pub, pub33, sizeof(h->pub));
	memcpy(h->addr, addr, sizeof(h->addr));
	h->link_id = rekey_of == 0 ? link_id_new() : 0;
	return step(h, EV_DIAL, NULL);
}

int
hs_is_dialling(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < LINK_HS_MAX; i++)
		if (table[i].state != HS_FREE && table[i].outbound &&
		    table[i].rekey_of == 0 &&
		    memcmp(table[i].addr, addr, NADDR_LEN) == 0)
			return 1;
	return 0;
}

static int
is_dialling_to(const struct endpoint *ep)
{
	unsigned i;

	for (i = 0; i < LINK_HS_MAX; i++)
		if (table[i].state != HS_FREE && table[i].outbound &&
		    memcmp(&table[i].ep, ep, sizeof(*ep)) == 0)
			return 1;
	return 0;
}

void
hs_end_dials(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < LINK_HS_MAX; i++)
		if (table[i].state != HS_FREE && table[i].outbound &&
		    table[i].rekey_of == 0 &&
		    memcmp(table[i].addr, addr, NADDR_LEN) == 0)
			end(&table[i], EV_END);
}

static struct hs *
rekey_row(uint32_t peer)
{
	unsigned i;

	for (i = 0; i < LINK_HS_MAX; i++)
		if (table[i].state != HS_FREE && table[i].rekey_of == peer)
			return &table[i];
	return NULL;
}

void
hs_end_rekey(uint32_t peer)
{
	struct hs *h = rekey_row(peer);

	if (h != NULL)
		end(h, EV_END);
}

int
hs_rekey_alive(uint32_t peer)
{
	const struct hs *h = rekey_row(peer);

	return h != NULL && (h->state != HS_SENT ||
	    h->resends < netd.conf[CONF_HS_MAX_RESENDS] ||
	    netd.now_ms < h->next_ms);
}

void
on_ik_msg1(struct chan *c, const struct msg_ik_msg1 *m, int *fds)
{
	struct hs *h = by_req(m->req);

	(void)c;
	(void)fds;
	if (h == NULL) {
		noise_forget(m->hs);
		return;
	}
	answered(h);
	step(h, EV_NOISE1, (void *)(uintptr_t)m);
}

/* Message 2 for the index of row `slot`; noise is a private copy. */
void
hs_msg2(const struct work *w, const struct frame *f, unsigned slot,
    const uint8_t *noise)
{
	struct hs *h = &table[slot];

	if (h->state != HS_SENT || h->tries >= LINK_TRIES_MAX) {
		refuse(REFUSE_LINK_UNEXPECTED);
		return;
	}
	h->tries++;
	h->their_index = f->sender;
	h->answer_ep = w->ep;
	step(h, EV_MSG2, (void *)(uintptr_t)noise);
}

void
on_ik_up(struct chan *c, const struct msg_ik_up *m, int *fds)
{
	struct hs *h = by_req(m->req), done;

	(void)c;
	(void)fds;
	if (h == NULL) {
		session_forget(m->session);
		return;
	}
	answered(h);
	if (step(h, EV_UP, NULL) == -1)
		fatalx("cryptod gave keys that nobody asked for");
	done = *h;
	up_dialled(&done, m->session, m->epoch);
}

/* -- theirs ------------------------------------------------------------------- */

/* Seen before: the peer missed our message 2, or somebody replays. */
static void
again(const struct seen *s, const struct endpoint *ep)
{
	if (!s->answered || memcmp(&s->ep, ep, sizeof(*ep)) != 0 ||
	    netd.now_ms - s->at_ms > netd.conf[CONF_HS_TIMEOUT] * 1000) {
		refuse(REFUSE_LINK_REPLAYED_MSG1);
		return;
	}
	udp_send(ep, s->msg2, sizeof(s->msg2));
	log_debug("Resent msg2 for duplicate msg1");
}

/* The cheap checks, before cryptod hears of it. */
static int
may_ask(const struct endpoint *ep)
{
	const struct udp	*u = udp_get(ep->transport);
	struct peer		*p = peer_at(ep);

	if (p != NULL) {
		if (!bucket_take(&p->extra->bucket, &peer_rate, netd.now_ms)) {
			refuse(REFUSE_LINK_RATE_PEER);
			return 0;
		}
		return 1;
	}
	if (!rate_stranger(ep, netd.now_ms)) {
		refuse(REFUSE_LINK_RATE);
		return 0;
	}
	if (u == NULL || (!u->accept && !is_dialling_to(ep))) {
		refuse(REFUSE_LINK_NOT_ACCEPTED);
		return 0;
	}
	return 1;
}

static unsigned
inbound_count(void)
{
	unsigned i, n = 0;

	for (i = 0; i < LINK_HS_MAX; i++)
		n += table[i].state == HS_CHECK || table[i].state == HS_ANSWER;
	return n;
}

/* noise is a private copy. */
void
hs_msg1(const struct work *w, const struct frame *f, const uint8_t *noise)
{
	uint64_t		 max = netd.conf[CONF_LIMITS_MAX_PENDING_INBOUND];
	const struct seen	*s;
	struct hs		*h;

	if (netd.stopping || !may_ask(&w->ep))
		return;
	s = seen_find(noise);
	if (s != NULL) {
		again(s, &w->ep);
		return;
	}
	if (max != 0 && inbound_count() >= max) {
		refuse(REFUSE_LINK_LINKS_FULL);
		return;
	}
	h = row_new(peer_at(&w->ep) != NULL);
	if (h == NULL)
		return;
	h->ep = w->ep;
	h->their_index = f->sender;
	memcpy(h->frame, noise, FRAME_NOISE1_LEN);
	step(h, EV_MSG1, NULL);
}

void
on_ik_who(struct chan *c, const struct msg_ik_who *m, int *fds)
{
	struct hs *h = by_req(m->req);

	(void)c;
	(void)fds;
	if (h == NULL) {
		noise_forget(m->hs);
		return;
	}
	answered(h);
	h->noise_hs = m->hs;
	h->has_pub = 1;
	memcpy(h->pub, m->pub, sizeof(h->pub));
	memcpy(h->epoch, m->epoch, sizeof(h->epoch));
	names_addr(h->pub + 1, h->addr);
	h->act = up_decide(h);
	if (h->act == ACT_REFUSE || step(h, EV_WHO, NULL) == -1) {
		end(h, EV_END);
		return;
	}
	h->link_id = link_id_new();
}

/* Things may have changed while cryptod was at work, so it is decided again. */
void
on_ik_msg2(struct chan *c, const struct msg_ik_msg2 *m, int *fds)
{
	struct hs	*h = by_req(m->req), done;
	uint8_t		 frame[FRAME_MSG2_LEN];

	(void)c;
	(void)fds;
	if (h == NULL) {
		session_forget(m->session);
		return;
	}
	answered(h);
	h->act = up_decide(h);
	if (h->act == ACT_REFUSE) {
		session_forget(m->session);
		end(h, EV_END);
		return;
	}
	if (step(h, EV_NOISE2, NULL) == -1)
		fatalx("cryptod answered a handshake that nobody let in");
	done = *h;
	frame_msg2(frame, done.our_index, done.their_index, m->noise);
	seen_add(done.frame, &done.ep, netd.now_ms);
	seen_answer(done.frame, frame);
	udp_send(&done.ep, frame, sizeof(frame));
	up_answered(&done, m->session);
}

int
link_hs_no(uint32_t req, enum refusal why)
{
	struct hs *h = by_req(req);

	if (h == NULL)
		return 0;
	answered(h);
	log_debug("%s: %s", h->outbound ? "Handshake completion failed" :
	    "Failed to process msg1", refuse_text(why));
	end(h, EV_NO);
	return 1;
}

/* -- time --------------------------------------------------------------------- */

/* What the n-th resend waits for the next one. */
static uint64_t
backoff_ms(unsigned n)
{
	uint64_t ms = netd.conf[CONF_HS_RESEND];

	for (; n > 0 && ms < 3600000; n--)
		ms = ms * netd.conf[CONF_HS_BACKOFF] / 1000;
	return ms;
}

static void
resend(struct hs *h)
{
	if (h->resends >= netd.conf[CONF_HS_MAX_RESENDS] ||
	    netd.now_ms < h->next_ms)
		return;
	udp_send(&h->ep, h->frame, sizeof(h->frame));
	h->resends++;
	h->next_ms = netd.now_ms + backoff_ms(h->resends);
	log_debug("Resent handshake msg1 link_id=%u resend=%u", h->link_id,
	    h->resends);
}

static uint64_t
tick_one(struct hs *h)
{
	uint64_t until_ms = h->started_ms + netd.conf[CONF_HS_TIMEOUT] * 1000;

	if (h->req != 0)
		until_ms = sooner(until_ms, h->ask_until_ms);
	if (netd.now_ms >= until_ms) {
		log_debug("Stale handshake connection timed out link_id=%u direction=%s idle_secs=%llu",
		    h->link_id, h->outbound ? "outbound" : "inbound",
		    (unsigned long long)(netd.now_ms - h->started_ms) / 1000);
		end(h, EV_END);
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
	unsigned i;

	for (i = 0; i < LINK_HS_MAX; i++)
		if (table[i].state != HS_FREE)
			next = sooner(next, tick_one(&table[i]));
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
	const struct hs	*h;
	unsigned	 i;

	for (i = 0; i < LINK_HS_MAX; i++) {
		h = &table[i];
		if (h->state == HS_FREE || h->rekey_of != 0 || n-- > 0)
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
