/*
 * link_answer.c -- link handshakes that somebody else begins. The cheap checks
 * come first; cryptod hears only of what passed them.
 */
#include <string.h>

#include "link_hs.h"
#define LOG_TARGET "fips::node::handlers::handshake"
#include "log.h"
#include "names.h"
#include "udp.h"

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
		if (bucket_take(&p->extra->bucket, &peer_rate, netd.now_ms))
			return 1;
		refuse(REFUSE_LINK_RATE_PEER);
		/* Others may write its address: then it does not come through to us
		 * when it began anew, but we do to it. */
		if (p->mute && hs_may_ask_mute())
			rekey_begin(p);
		return 0;
	}
	if (!rate_stranger(ep, netd.now_ms)) {
		refuse(REFUSE_LINK_RATE);
		return 0;
	}
	if (u == NULL || (!u->accept && !hs_is_dialling_to(ep))) {
		refuse(REFUSE_LINK_NOT_ACCEPTED);
		return 0;
	}
	return 1;
}

static int
is_undecided(const struct hs *h)
{
	return h->state == HS_CHECK || h->state == HS_ANSWER;
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
	if (max != 0 && hs_count(is_undecided) >= max) {
		refuse(REFUSE_LINK_LINKS_FULL);
		return;
	}
	h = hs_new(peer_at(&w->ep) != NULL);
	if (h == NULL)
		return;
	h->ep = w->ep;
	h->their_index = f->sender;
	memcpy(h->frame, noise, FRAME_NOISE1_LEN);
	hs_step(h, HS_EV_MSG1, NULL);
}

void
on_ik_who(struct chan *c, const struct msg_ik_who *m, int *fds)
{
	struct hs *h = hs_take_answer(m->req);

	(void)c;
	(void)fds;
	if (h == NULL) {
		hs_forget(m->hs);
		return;
	}
	h->noise_hs = m->hs;
	h->has_pub = 1;
	memcpy(h->pub, m->pub, sizeof(h->pub));
	memcpy(h->epoch, m->epoch, sizeof(h->epoch));
	names_addr(h->pub + 1, h->addr);
	h->act = up_decide(h);
	if (h->act == ACT_REFUSE || hs_step(h, HS_EV_WHO, NULL) == -1) {
		hs_end(h, HS_EV_END);
		return;
	}
	h->link_id = link_id_new();
}

/* Things may have changed while cryptod was at work, so it is decided again. */
void
on_ik_msg2(struct chan *c, const struct msg_ik_msg2 *m, int *fds)
{
	struct hs	*h = hs_take_answer(m->req), done;
	uint8_t		 frame[FRAME_MSG2_LEN];

	(void)c;
	(void)fds;
	if (h == NULL) {
		session_forget(m->session);
		return;
	}
	h->act = up_decide(h);
	if (h->act == ACT_REFUSE) {
		session_forget(m->session);
		hs_end(h, HS_EV_END);
		return;
	}
	if (hs_step(h, HS_EV_NOISE2, NULL) == -1)
		fatalx("cryptod answered a handshake that nobody let in");
	done = *h;
	frame_msg2(frame, done.our_index, done.their_index, m->noise);
	seen_add(done.frame, &done.ep, netd.now_ms);
	seen_answer(done.frame, frame);
	udp_send(&done.ep, frame, sizeof(frame));
	up_answered(&done, m->session);
}
