/* session_ours.c -- session handshakes that we begin: Setup, read Ack, Msg3. */
#include <string.h>

#include "netd.h"

#include "session_int.h"
#include "session_shake.h"

void
shake_begin(struct session *s)
{
	struct msg_xk_start	 m = { 0 };
	struct shake		*h = NULL;
	unsigned		 i;

	for (i = THEIRS_MAX; i < SHAKES && h == NULL; i++)
		if (shakes[i].state == SHAKE_FREE)
			h = &shakes[i];
	if (h == NULL) {
		refuse(REFUSE_FSP_FULL);
		return;
	}
	shake_fresh(h, s->addr);
	shake_step(h, SHAKE_EV_BEGIN);
	h->s = s;
	s->extra->out = h;
	m.req = h->req;
	memcpy(m.pub, s->pub, sizeof(m.pub));
	shake_asked(xk_start_send(&netd.cryptod, &m, NULL));
}

int
shake_is_roomy(void)
{
	unsigned i, n = 0;

	for (i = THEIRS_MAX; i < SHAKES; i++)
		n += shakes[i].state != SHAKE_FREE;
	return n < OURS_MAX / 2;
}

void
shake_setup(struct shake *h, struct fsp_shake *out)
{
	*out = (struct fsp_shake){ .phase = FSP_SETUP, .noise = h->noise,
	    .noise_len = FSP_MSG1 };
	session_coords(h->addr, &out->src, &out->dst);
}

void
shake_saw_data(struct shake *h)
{
	if (h != NULL)
		h->sealed_ms = netd.now_ms;
}

/*
 * A v0.4.1 node with the smaller address drops every Setup of ours while it waits
 * for the end of another handshake. When that end was lost, or went with our
 * former process, it waits for ever and asks for nothing. An Ack that nobody can
 * read makes it give up what it began, and such a Msg3 what it answered beside a
 * session. Without a session it repeats its Ack, and must not give up: that one may
 * just not have come here. So Msg3 goes only to who sends data meanwhile. Our own
 * kind refuses both.
 */
void
shake_unblock(const struct shake *h)
{
	static const uint8_t	 nothing[FSP_MSG3];
	uint8_t			 out[FSP_SHAKE_MAX];
	struct fsp_shake	 ack = { .phase = FSP_ACK, .noise = nothing,
				     .noise_len = FSP_MSG2 };
	const struct fsp_shake	 msg3 = { .phase = FSP_MSG3_PHASE,
				     .noise = nothing, .noise_len = FSP_MSG3 };
	ssize_t			 n;

	if (session_is_smaller(h->addr))
		return;
	session_coords(h->addr, &ack.src, &ack.dst);
	if ((n = fsp_shake_encode(&ack, out, sizeof(out))) > 0)
		session_send_plain(h->addr, out, (size_t)n);
	if (h->sealed_ms <= h->said_ms)
		return;
	if ((n = fsp_shake_encode(&msg3, out, sizeof(out))) > 0)
		session_send_plain(h->addr, out, (size_t)n);
}

void
on_xk_msg1(struct chan *c, const struct msg_xk_msg1 *m, int *fds)
{
	struct shake		*h = shake_by_req(m->req);
	struct fsp_shake	 out;

	(void)c;
	(void)fds;
	if (h == NULL || h->state != SHAKE_START) {
		shake_drop_hs(m->hs);		/* its session ended meanwhile */
		return;
	}
	shake_step(h, SHAKE_EV_ANSWER);
	h->hs = m->hs;
	memcpy(h->noise, m->noise, sizeof(m->noise));
	shake_setup(h, &out);
	shake_send(h, &out);
}

void
shake_heard_ack(struct peer *p, const struct fsp_dgram *d,
    const struct fsp_shake *in)
{
	struct session		*s = session_find(d->src);
	struct shake		*h = s == NULL ? NULL : s->extra->out;
	struct msg_xk_read2	 m = { 0 };

	if (h == NULL || h->state != SHAKE_SETUP) {
		refuse(REFUSE_FSP_UNEXPECTED);
		return;
	}
	if (!shake_may_try(p, d->src, METER_PROOF))
		return;
	shake_step(h, SHAKE_EV_HEARD_ACK);
	h->via = p->handle;
	h->req = m.req = netd_req();
	m.hs = h->hs;
	memcpy(m.noise, in->noise, sizeof(m.noise));
	shake_asked(xk_read2_send(&netd.cryptod, &m, NULL));
}

void
on_xk_msg3(struct chan *c, const struct msg_xk_msg3 *m, int *fds)
{
	struct shake		*h = shake_by_req(m->req);
	struct fsp_shake	 out = { .phase = FSP_MSG3_PHASE, .noise_len = FSP_MSG3 };

	(void)c;
	(void)fds;
	if (h == NULL || h->state != SHAKE_READ2) {
		session_drop_key(m->session);
		return;
	}
	shake_step(h, SHAKE_EV_ANSWER);
	h->hs = 0;
	h->key = m->session;
	h->until_ms = NEVER;
	out.noise = m->noise;
	shake_send(h, &out);
	session_take_keys(h->s, m->session, m->epoch, ROLE_OURS);
	shake_outlived(h->s);		/* theirs came first and stays */
}

void
shake_outlived(struct session *s)
{
	struct shake *h = s->extra->out;

	if (h != NULL && h->state == SHAKE_MSG3 && s->cur.session != h->key &&
	    s->pend.session != h->key)
		shake_drop(h);
}

void
shake_confirm(struct session *s, uint32_t key)
{
	struct shake *h = s->extra->out;

	if (h != NULL && h->state == SHAKE_MSG3 && h->key == key)
		shake_drop(h);
}

/*
 * There is a way, or a better one. What has just gone may be on its way all the
 * same, and a v0.4.1 node answers a Setup that comes twice as two: it forgets the
 * handshake that it answered first, and that is the one that we go on with.
 */
void
shake_hurry(struct shake *h)
{
	if (h == NULL || h->state != SHAKE_SETUP)
		return;
	if (h->said_ms == 0 || netd.now_ms - h->said_ms >= SESSION_ROUND_MS) {
		shake_send_afresh(h);
		return;
	}
	h->resends = 0;
	h->next_ms = h->said_ms + SESSION_ROUND_MS;
	netd_tick_by(h->next_ms);
}
