/*
 * session_hs.c -- session handshakes (Noise XK; FIPS-WIRE 13): table, state,
 * resends. The two roles are in session_ours.c and session_theirs.c.
 *
 * A handshake lives beside the session it may one day give keys to, and
 * touches it only when cryptod has proven the other side's key. So a forged
 * Setup, Ack or Msg3 costs its sender's share of the bucket, and nobody else
 * anything. What was sent is kept and sent again until the next message of the
 * other side has come, with the same Noise bytes every time.
 */
#include <sodium.h>

#include <string.h>

#include "netd.h"

#define LOG_TARGET "fips::node::handlers::session"
#include "log.h"
#include "mesh.h"
#include "way.h"
#include "session_int.h"
#include "session_shake.h"

enum {
	DEAF_RESENDS = 2,		/* a Setup without an answer: 3 s */
	MSG3_GAP_MS = 8000,		/* between two, and after the last, in a silence */
};

struct shake		 shakes[SHAKES];

static const char *const state_name[] = {
#define STATE(NAME)	#NAME,
#include "shake.def"
};
static const struct fsm_edge edge[SHAKE_NSTATE * SHAKE_NEVENT] = {
#define EDGE(FROM, EV, TO)						\
	[SHAKE_##FROM * SHAKE_NEVENT + SHAKE_EV_##EV] =			\
	    { .to = SHAKE_##TO, .there = 1 },
#include "shake.def"
};
static const struct fsm machine = {
	.nstate = SHAKE_NSTATE, .nevent = SHAKE_NEVENT, .edge = edge,
};

int
shake_step(struct shake *h, enum shake_event ev)
{
	return fsm_step(&machine, &h->state, ev, h, NULL) == FSM_OK ? 0 : -1;
}

void
shake_asked(int result)
{
	if (result == -1)
		fatal("asking cryptod for a session handshake");
}

void
shake_drop_hs(uint32_t hs)
{
	struct msg_hs_drop m = { .req = netd_req(), .hs = hs };

	if (hs != 0)
		shake_asked(hs_drop_send(&netd.cryptod, &m, NULL));
}

void
shake_drop(struct shake *h)
{
	if (h == NULL || h->state == SHAKE_FREE)
		return;
	if (h->s != NULL && h->s->extra->out == h)
		h->s->extra->out = NULL;
	shake_drop_hs(h->hs);
	shake_step(h, SHAKE_EV_DROP);
	/* Frames wait for keys of theirs: those may come in this very moment. */
	if (h->s == NULL)
		hold_release(h->addr, 0);
}

struct shake *
shake_by_req(uint32_t req)
{
	unsigned i;

	for (i = 0; i < SHAKES; i++)
		if (shakes[i].state != SHAKE_FREE && shakes[i].req == req)
			return &shakes[i];
	return NULL;
}

void
shake_fresh(struct shake *h, const uint8_t addr[NADDR_LEN])
{
	memset(h, 0, sizeof(*h));
	memcpy(h->addr, addr, NADDR_LEN);
	h->req = netd_req();
	h->born_ms = netd.now_ms;
	h->until_ms = netd.now_ms + netd.conf[CONF_HS_TIMEOUT] * 1000;
	h->next_ms = NEVER;
}

static void
encode(struct shake *h, const struct fsp_shake *m)
{
	ssize_t n = fsp_shake_encode(m, h->sent, sizeof(h->sent));

	if (n == -1)
		fatalx("a session handshake of phase %d does not encode", m->phase);
	h->sent_len = (uint16_t)n;
}

void
shake_send(struct shake *h, const struct fsp_shake *m)
{
	encode(h, m);
	shake_send_afresh(h);
}

void
shake_send_afresh(struct shake *h)
{
	h->resends = 0;
	h->next_ms = netd.now_ms + netd_resend_ms(0);
	shake_again(h);
}

/*
 * Whom nobody has proven is looked for once, and that within what its link may have
 * us ask: when it is found its Ack goes, see shake_found().
 */
static int
may_look(struct shake *h)
{
	const struct peer *p = peer_by_handle(h->link);

	if (h->state != SHAKE_ACK || way_next(h->addr) != NULL)
		return 1;
	if (h->looked || p == NULL || !signal_may_seek(p))
		return 0;
	h->looked = 1;
	return 1;
}

void
shake_again(struct shake *h)
{
	struct fsp_shake out;

	if (!may_look(h)) {
		refuse_own(REFUSE_DGRAM_NO_ROUTE);
		dgram_count(&dgram_stats.no_route, FSP_DGRAM + h->sent_len);
		return;
	}
	if (h->state == SHAKE_SETUP || h->state == SHAKE_ACK) {
		if (h->state == SHAKE_SETUP)
			shake_setup(h, &out);
		else
			shake_ack(h, &out);
		encode(h, &out);
	}
	if (session_send_plain(h->addr, h->sent, h->sent_len) == 0)
		h->said_ms = netd.now_ms;
}

int
session_hs_no(uint32_t req, enum refusal why)
{
	struct shake	*h = shake_by_req(req);
	struct session	*s;

	if (h == NULL)
		return 0;
	s = h->s;
	log_debug("session handshake in state %s refused: %s",
	    state_name[h->state], refuse_text(why));
	if (h->state == SHAKE_READ2 || h->state == SHAKE_READ3)
		shake_pay(peer_by_handle(h->via), h->addr, METER_PROOF);
	if (shake_step(h, SHAKE_EV_NO) == 0 && h->state == SHAKE_FREE && s != NULL)
		s->extra->out = NULL;	/* an initiating session ends at the tick */
	h->req = 0;
	hold_release(h->addr, 0);
	return 1;
}

void
shake_input(struct peer *p, const struct fsp_dgram *d, const uint8_t *msg,
    size_t len)
{
	struct fsp_shake in;

	if (fsp_shake_decode(msg, len, &in) == -1) {
		refuse(REFUSE_FSP_SHORT);
		return;
	}
	/* Nothing that our kind can read, see shake_unblock(): no work for cryptod,
	 * and no fault of the link. */
	if (in.phase != FSP_SETUP && sodium_is_zero(in.noise, in.noise_len)) {
		refuse(REFUSE_FSP_UNEXPECTED);
		return;
	}
	/* Nobody vouches for it yet, but the answer has to go somewhere. */
	if (in.phase != FSP_MSG3_PHASE)
		mesh_hearsay(p, d->src, in.src.count, in.src.addr);
	if (in.phase == FSP_SETUP)
		shake_heard_setup(p, d, &in);
	else if (in.phase == FSP_ACK)
		shake_heard_ack(p, d, &in);
	else
		shake_heard_msg3(p, d, &in);
}

/* Nothing more to send: a Setup waits on for a late Ack, a Msg3 is judged. */
static void
spent(struct shake *h)
{
	struct session *s = h->s;

	h->next_ms = NEVER;
	if (h->state != SHAKE_MSG3)
		return;
	shake_drop(h);
	session_unconfirmed(s);
}

static void
resend(struct shake *h)
{
	if (h->state != SHAKE_SETUP && h->state != SHAKE_ACK &&
	    h->state != SHAKE_MSG3)
		return;			/* cryptod is at it */
	if (h->resends >= netd.conf[CONF_HS_MAX_RESENDS]) {
		spent(h);
		return;
	}
	h->resends++;
	if (h->s != NULL)
		h->s->resends++;
	if (h->state == SHAKE_SETUP && h->resends >= DEAF_RESENDS)
		shake_unblock(h);
	shake_again(h);
	h->next_ms = netd.now_ms + netd_resend_ms(h->resends);
}

/*
 * Who waits for a Msg3 does so for 30 s as a rule. When nothing of ours is answered
 * it comes a little more often until then; and then we know that it did not come,
 * for no other Setup goes out before.
 */
void
shake_hasten(struct shake *h)
{
	if (h != NULL && h->state == SHAKE_MSG3)
		h->next_ms = sooner(h->next_ms, netd.now_ms + MSG3_GAP_MS);
}

uint64_t
shake_tick(void)
{
	struct shake	*h;
	uint64_t	 due = NEVER, at;
	unsigned	 i;

	for (i = 0; i < SHAKES; i++) {
		h = &shakes[i];
		if (h->state == SHAKE_FREE)
			continue;
		if (netd.now_ms >= h->until_ms) {
			log_debug("Stale session handshake timed out state=%s",
			    state_name[h->state]);
			shake_drop(h);
			continue;
		}
		if (netd.now_ms >= h->next_ms)
			resend(h);
		if (h->state == SHAKE_FREE)
			continue;
		at = sooner(h->next_ms, h->until_ms);
		if (at > netd.now_ms && at != NEVER)
			due = sooner(due, until(at));
	}
	return due;
}
