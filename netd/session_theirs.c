/*
 * session_theirs.c -- session handshakes that others begin: read Setup, Ack,
 * read Msg3. Until Msg3 is proven its sender is a stranger, whatever address
 * it writes: places and key operations are rationed. A link peer pays for each
 * Setup that it brings, and for each Ack or Msg3 that turns out false.
 */
#include <string.h>

#include "netd.h"

#include "names.h"
#include "way.h"
#include "session_int.h"
#include "session_shake.h"
#include "wire.h"

enum {
	PER_SOURCE = 8,			/* half-open handshakes of one address */
	ASKED_MAX = 96			/* Setups that cryptod is at */
};

/* Until cryptod has answered: who gives it up could ask again without end. */
static int
is_asked(const struct shake *h)
{
	return h->state == SHAKE_READ1 || h->state == SHAKE_READ3;
}

/* Half-open handshakes that this link brought: of one address, or in all. */
static unsigned
brought_by(uint32_t link, const uint8_t *addr)
{
	unsigned i, n = 0;

	for (i = 0; i < THEIRS_MAX; i++)
		n += shakes[i].state != SHAKE_FREE && shakes[i].link == link &&
		    (addr == NULL || memcmp(shakes[i].addr, addr, NADDR_LEN) == 0);
	return n;
}

/*
 * Which one gives way to one more by this link, of those of one address or of all?
 * Names can be forged and links cannot: the link that has most gives up its oldest,
 * first of those that belong to no session of ours. NULL when that would be this
 * one and all of its own are asked about.
 */
static struct shake *
crowded(uint32_t link, const uint8_t *addr)
{
	struct shake	*h, *worst = NULL;
	unsigned	 i, n, most = 0;
	int		 known, worst_known = 0;

	for (i = 0; i < THEIRS_MAX; i++) {
		h = &shakes[i];
		if (h->state == SHAKE_FREE || is_asked(h) ||
		    (addr != NULL && memcmp(h->addr, addr, NADDR_LEN) != 0))
			continue;
		n = brought_by(h->link, addr) + (h->link == link);
		known = session_find(h->addr) != NULL;
		if (n < most || (n == most && (known > worst_known ||
		    (known == worst_known && h->born_ms >= worst->born_ms))))
			continue;
		worst = h;
		most = n;
		worst_known = known;
	}
	return brought_by(link, addr) + 1 > most ? NULL : worst;
}

/*
 * Room for a stranger's handshake, or NULL while cryptod has enough to do. One
 * address may hold a few, for Setups that crossed.
 */
static struct shake *
place_theirs(uint32_t link, const uint8_t addr[NADDR_LEN])
{
	struct shake	*h, *spare = NULL;
	unsigned	 i, n = 0, asked = 0;

	for (i = 0; i < THEIRS_MAX; i++) {
		h = &shakes[i];
		asked += h->state == SHAKE_READ1;
		if (h->state == SHAKE_FREE)
			spare = h;
		else
			n += memcmp(h->addr, addr, NADDR_LEN) == 0;
	}
	if (asked >= ASKED_MAX)
		return NULL;
	if (n < PER_SOURCE && spare != NULL)
		return spare;
	h = crowded(link, n < PER_SOURCE ? NULL : addr);
	shake_drop(h);
	return h;
}

/* The handshake that this very Setup began. */
static struct shake *
same_setup(const uint8_t addr[NADDR_LEN], const uint8_t *noise)
{
	unsigned i;

	for (i = 0; i < THEIRS_MAX; i++)
		if (shakes[i].state != SHAKE_FREE &&
		    memcmp(shakes[i].addr, addr, NADDR_LEN) == 0 &&
		    memcmp(shakes[i].first, noise, FSP_MSG1) == 0)
			return &shakes[i];
	return NULL;
}

/* Has that node answered our handshake, as far as anybody can say so far? */
static int
has_answered(const struct session *s)
{
	const struct shake *out = s == NULL ? NULL : s->extra->out;

	return out != NULL && (out->state == SHAKE_READ2 || out->state == SHAKE_MSG3);
}

/*
 * Ours with that node, not yet answered. After the Ack a Setup is no crossing
 * of ways any more: the other side has started again.
 */
static int
is_initiating(const struct session *s)
{
	return s != NULL && s->extra->out != NULL && !has_answered(s);
}

static void
answer(const struct peer *p, const struct fsp_dgram *d, const struct fsp_shake *in)
{
	struct msg_xk_read1	 m = { 0 };
	struct shake		*h = place_theirs(p->handle, d->src);

	if (h == NULL) {
		refuse(REFUSE_FSP_FULL);
		return;
	}
	shake_fresh(h, d->src);
	h->link = p->handle;
	h->again = has_answered(session_find(d->src));
	shake_step(h, SHAKE_EV_HEARD_SETUP);
	memcpy(h->first, in->noise, sizeof(h->first));
	m.req = h->req;
	memcpy(m.noise, in->noise, sizeof(m.noise));
	shake_asked(xk_read1_send(&netd.cryptod, &m, NULL));
}

void
shake_heard_setup(struct peer *p, const struct fsp_dgram *d,
    const struct fsp_shake *in)
{
	struct session	*s = session_find(d->src);
	struct shake	*h = same_setup(d->src, in->noise);

	if (!shake_may_try(p, d->src, METER_SETUP))
		return;
	shake_pay(p, d->src, METER_SETUP);
	switch (session_decide_setup(h != NULL, is_initiating(s),
	    session_is_smaller(d->src))) {
	case SETUP_RESEND:
		if (h->state == SHAKE_ACK)
			shake_again(h);
		return;
	case SETUP_IGNORE:
		refuse(REFUSE_FSP_UNEXPECTED);
		/* It says where the other side is, so ours may have a way now. */
		if (s->extra->out->said_ms == 0)
			shake_hurry(s->extra->out);
		return;
	case SETUP_ANSWER:
		answer(p, d, in);
		return;
	}
}

/* Where they said they are, not where they were when we last had a proof. */
void
shake_ack(struct shake *h, struct fsp_shake *out)
{
	static struct coords	 at;
	struct fsp_coords	 theirs;

	*out = (struct fsp_shake){ .phase = FSP_ACK, .noise = h->noise,
	    .noise_len = FSP_MSG2 };
	session_coords(h->addr, &out->src, &theirs);
	if (way_said(peer_by_handle(h->link), h->addr, &at) == -1 || at.n > FSP_COORDS_MAX) {
		at.n = 1;
		memcpy(at.addr[0], h->addr, NADDR_LEN);
	}
	out->dst.count = at.n;
	out->dst.addr = at.addr[0];
}

void
on_xk_msg2(struct chan *c, const struct msg_xk_msg2 *m, int *fds)
{
	struct shake		*h = shake_by_req(m->req);
	struct fsp_shake	 out;

	(void)c;
	(void)fds;
	if (h == NULL || h->state != SHAKE_READ1) {
		shake_drop_hs(m->hs);
		return;
	}
	shake_step(h, SHAKE_EV_ANSWER);
	h->hs = m->hs;
	memcpy(h->noise, m->noise, sizeof(m->noise));
	shake_ack(h, &out);
	shake_send(h, &out);
	session_hold_data(session_find(h->addr));
}

void
shake_found(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < THEIRS_MAX; i++)
		if (shakes[i].state == SHAKE_ACK &&
		    memcmp(shakes[i].addr, addr, NADDR_LEN) == 0)
			shake_again(&shakes[i]);
}

/* Several may be half open for one address; the right one proves itself. */
void
shake_heard_msg3(struct peer *p, const struct fsp_dgram *d,
    const struct fsp_shake *in)
{
	struct msg_xk_read3	 m = { 0 };
	struct shake		*h;
	unsigned		 i, n = 0;

	memcpy(m.noise, in->noise, sizeof(m.noise));
	memcpy(m.addr, d->src, sizeof(m.addr));
	for (i = 0; i < THEIRS_MAX; i++) {
		h = &shakes[i];
		if (h->state != SHAKE_ACK || memcmp(h->addr, d->src, NADDR_LEN) != 0)
			continue;
		if (!shake_may_try(p, d->src, METER_PROOF))
			return;
		shake_step(h, SHAKE_EV_HEARD_MSG3);
		h->via = p->handle;
		h->req = m.req = netd_req();
		m.hs = h->hs;
		shake_asked(xk_read3_send(&netd.cryptod, &m, NULL));
		n++;
	}
	if (n == 0)
		refuse(REFUSE_FSP_UNEXPECTED);
}

/*
 * Both began, and ours came first: who has sent under ours since then has given
 * its own up, for of two that crossed that of the smaller address stays.
 */
static int
is_given_up(const struct session *s, const struct shake *h,
    const uint8_t epoch[8])
{
	return s->cur.session != 0 && s->cur.initiator &&
	    session_is_smaller(s->addr) && s->extra->heard_cur_ms != 0 &&
	    h->born_ms <= s->cur.start_ms &&
	    memcmp(s->epoch, epoch, sizeof(s->epoch)) == 0;
}

/*
 * It answered ours, and then began one of its own: v0.4.1 drops our Msg3 from then
 * on, and our own kind does not need it, for it has these.
 */
static int
is_begun_again(const struct session *s, const struct shake *h)
{
	const struct shake *out = s->extra->out;

	return h->again && out->state == SHAKE_MSG3 && out->key == s->cur.session;
}

void
on_xk_up(struct chan *c, const struct msg_xk_up *m, int *fds)
{
	struct shake	*h = shake_by_req(m->req);
	struct session	*s;

	(void)c;
	(void)fds;
	if (h == NULL || h->state != SHAKE_READ3) {
		session_drop_key(m->session);
		return;
	}
	shake_step(h, SHAKE_EV_ANSWER);
	names_learn(m->pub);
	s = session_find(h->addr);
	if (s == NULL)
		s = session_add(h->addr, m->pub, SESSION_EV_WANT);
	memcpy(s->pub, m->pub, sizeof(s->pub));
	/* Both tried: theirs is proven, so what we wait for will not come. */
	if (s->extra->out != NULL && (s->cur.session == 0 ||
	    !session_is_smaller(s->addr) || is_begun_again(s, h)))
		shake_drop(s->extra->out);
	if (is_given_up(s, h, m->epoch))
		session_drop_key(m->session);
	else
		session_take_keys(s, m->session, m->epoch, ROLE_THEIRS);
	shake_outlived(s);
	s->extra->proved_ms = netd.now_ms;
	session_let_go(s);
	hold_release(h->addr, 1);
}

int
shake_is_reading(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < THEIRS_MAX; i++)
		if (shakes[i].state == SHAKE_READ3 &&
		    memcmp(shakes[i].addr, addr, NADDR_LEN) == 0)
			return 1;
	return 0;
}

int
shake_is_half_open(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < THEIRS_MAX; i++)
		if (shakes[i].state == SHAKE_ACK &&
		    netd.now_ms - shakes[i].born_ms >= 1000 &&
		    memcmp(shakes[i].addr, addr, NADDR_LEN) == 0)
			return 1;
	return 0;
}
