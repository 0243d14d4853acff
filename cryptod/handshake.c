/*
 * handshake.c -- answers netd's handshake requests. It knows the tables and
 * the identity; it sees neither the network nor the ring.
 *
 * A request works on a copy of its handshake; the copy, the new session and
 * the answer come last, together. What netd cannot name gets HS_NO.
 */
#define ME_CRYPTOD
#include <sodium.h>
#include <string.h>

#include "doors.h"
#include "handshake.h"
#include "sandbox.h"
#include "session.h"

static const struct key *self;

void
handshake_init(const struct key *k)
{
	self = k;
}

void
handshake_no(struct chan *c, uint32_t req, enum refusal why)
{
	struct msg_hs_no m = { .req = req, .why = (uint16_t)why };

	room_sent(c, hs_no_send(c, &m, NULL));
}

static int
is_self(const uint8_t pub[PUB_LEN])
{
	return memcmp(pub + 1, self->pub + 1, PUB_LEN - 1) == 0;
}

/* The handshake behind a handle when it is this message's turn, copied. */
static struct handshake *
copy_out(uint32_t handle, enum noise_turn turn, struct noise *n)
{
	struct handshake *h = hs_find(handle);

	if (h == NULL || h->noise.turn != turn)
		return NULL;
	*n = h->noise;
	return h;
}

/* A copy that became something: keep it under a new handle. 0: no room. */
static uint32_t
keep(const struct noise *n)
{
	struct handshake *h = hs_new();

	if (h == NULL)
		return 0;
	h->noise = *n;
	return hs_handle(h);
}

/* Keep what a first message began, under a handle, and wipe the copy. */
static enum refusal
begun(enum refusal why, struct noise *n, uint32_t *hs)
{
	if (why == REFUSE_NONE && (*hs = keep(n)) == 0)
		why = REFUSE_HS_FULL;
	sodium_memzero(n, sizeof(*n));
	return why;
}

/* Keep the keys of a handshake that is done, under a handle, and wipe the copies. */
static enum refusal
done(enum refusal why, enum session_kind kind, struct noise_keys *keys,
    struct noise *n, uint32_t *session)
{
	if (why == REFUSE_NONE &&
	    (*session = session_new(kind, keys, n->rs)) == 0)
		why = REFUSE_SESSION_FULL;
	sodium_memzero(keys, sizeof(*keys));
	sodium_memzero(n, sizeof(*n));
	return why;
}

/* -- links --------------------------------------------------------------- */

void
on_ik_start(struct chan *c, const struct msg_ik_start *m, int *fds)
{
	struct msg_ik_msg1	a = { .req = m->req };
	struct noise		n;
	uint8_t			e[SEC_LEN];
	enum refusal		why = REFUSE_HS_KEY;

	(void)fds;
	curve_random(e);
	if (!is_self(m->pub))
		why = noise_ik_write1(&n, self, m->pub, e, a.noise);
	why = begun(why, &n, &a.hs);
	sodium_memzero(e, sizeof(e));
	if (why != REFUSE_NONE)
		handshake_no(c, m->req, why);
	else
		room_sent(c, ik_msg1_send(c, &a, NULL));
}

void
on_ik_read1(struct chan *c, const struct msg_ik_read1 *m, int *fds)
{
	struct msg_ik_who	a = { .req = m->req };
	struct noise		n;
	enum refusal		why;

	(void)fds;
	why = noise_ik_read1(&n, self, m->noise, a.epoch);
	if (why == REFUSE_NONE && is_self(n.rs))
		why = REFUSE_LINK_SELF;
	if (why == REFUSE_NONE)
		memcpy(a.pub, n.rs, sizeof(a.pub));
	why = begun(why, &n, &a.hs);
	if (why != REFUSE_NONE)
		handshake_no(c, m->req, why);
	else
		room_sent(c, ik_who_send(c, &a, NULL));
}

void
on_ik_answer(struct chan *c, const struct msg_ik_answer *m, int *fds)
{
	struct msg_ik_msg2	a = { .req = m->req };
	struct noise_keys	keys;
	struct noise		n;
	struct handshake	*h = copy_out(m->hs, NOISE_IK_WRITE2, &n);
	uint8_t			e[SEC_LEN];
	enum refusal		why;

	(void)fds;
	if (h == NULL) {
		handshake_no(c, m->req, REFUSE_HS_HANDLE);
		return;
	}
	curve_random(e);
	why = noise_ik_write2(&n, self, e, a.noise, &keys);
	why = done(why, SESSION_LINK, &keys, &n, &a.session);
	sodium_memzero(e, sizeof(e));
	hs_free(h);
	if (why != REFUSE_NONE)
		handshake_no(c, m->req, why);
	else
		room_sent(c, ik_msg2_send(c, &a, NULL));
}

void
on_ik_read2(struct chan *c, const struct msg_ik_read2 *m, int *fds)
{
	struct msg_ik_up	a = { .req = m->req };
	struct noise_keys	keys;
	struct noise		n;
	struct handshake	*h = copy_out(m->hs, NOISE_IK_READ2, &n);
	enum refusal		why;

	(void)fds;
	if (h == NULL) {
		handshake_no(c, m->req, REFUSE_HS_HANDLE);
		return;
	}
	why = noise_ik_read2(&n, m->noise, a.epoch, &keys);
	why = done(why, SESSION_LINK, &keys, &n, &a.session);
	if (why != REFUSE_NONE) {
		handshake_no(c, m->req, why);
		return;
	}
	hs_free(h);
	room_sent(c, ik_up_send(c, &a, NULL));
}

/* -- sessions ------------------------------------------------------------ */

void
on_xk_start(struct chan *c, const struct msg_xk_start *m, int *fds)
{
	struct msg_xk_msg1	a = { .req = m->req };
	struct noise		n;
	uint8_t			e[SEC_LEN];
	enum refusal		why = REFUSE_HS_KEY;

	(void)fds;
	curve_random(e);
	if (!is_self(m->pub))
		why = noise_xk_write1(&n, m->pub, e, a.noise);
	why = begun(why, &n, &a.hs);
	sodium_memzero(e, sizeof(e));
	if (why != REFUSE_NONE)
		handshake_no(c, m->req, why);
	else
		room_sent(c, xk_msg1_send(c, &a, NULL));
}

void
on_xk_read1(struct chan *c, const struct msg_xk_read1 *m, int *fds)
{
	struct msg_xk_msg2	a = { .req = m->req };
	struct noise		n;
	uint8_t			e[SEC_LEN];
	enum refusal		why;

	(void)fds;
	curve_random(e);
	why = noise_xk_read1(&n, self, m->noise);
	if (why == REFUSE_NONE)
		why = noise_xk_write2(&n, self, e, a.noise);
	why = begun(why, &n, &a.hs);
	sodium_memzero(e, sizeof(e));
	if (why != REFUSE_NONE)
		handshake_no(c, m->req, why);
	else
		room_sent(c, xk_msg2_send(c, &a, NULL));
}

void
on_xk_read2(struct chan *c, const struct msg_xk_read2 *m, int *fds)
{
	struct msg_xk_msg3	a = { .req = m->req };
	struct noise_keys	keys;
	struct noise		n;
	struct handshake	*h = copy_out(m->hs, NOISE_XK_READ2, &n);
	enum refusal		why;

	(void)fds;
	if (h == NULL) {
		handshake_no(c, m->req, REFUSE_HS_HANDLE);
		return;
	}
	why = noise_xk_read2(&n, m->noise, a.epoch);
	if (why == REFUSE_NONE)
		why = noise_xk_write3(&n, self, a.noise, &keys);
	why = done(why, SESSION_INNER, &keys, &n, &a.session);
	if (why != REFUSE_NONE) {
		handshake_no(c, m->req, why);
		return;
	}
	hs_free(h);
	room_sent(c, xk_msg3_send(c, &a, NULL));
}

/* The reference takes any key here; an address belongs to the key that hashes to it. */
static enum refusal
check_peer(const uint8_t pub[PUB_LEN], const uint8_t claimed[ADDR_LEN])
{
	uint8_t addr[ADDR_LEN];

	curve_addr(pub, addr);
	if (memcmp(addr, claimed, ADDR_LEN) != 0)
		return REFUSE_HS_WRONG_PEER;
	return is_self(pub) ? REFUSE_HS_KEY : REFUSE_NONE;
}

void
on_xk_read3(struct chan *c, const struct msg_xk_read3 *m, int *fds)
{
	struct msg_xk_up	a = { .req = m->req };
	struct noise_keys	keys;
	struct noise		n;
	struct handshake	*h = copy_out(m->hs, NOISE_XK_READ3, &n);
	enum refusal		why;

	(void)fds;
	if (h == NULL) {
		handshake_no(c, m->req, REFUSE_HS_HANDLE);
		return;
	}
	why = noise_xk_read3(&n, m->noise, a.epoch, &keys);
	if (why == REFUSE_NONE)
		why = check_peer(n.rs, m->addr);
	memcpy(a.pub, n.rs, sizeof(a.pub));
	why = done(why, SESSION_INNER, &keys, &n, &a.session);
	if (why != REFUSE_NONE) {
		handshake_no(c, m->req, why);
		return;
	}
	hs_free(h);
	room_sent(c, xk_up_send(c, &a, NULL));
}

/* -- both ---------------------------------------------------------------- */

void
on_hs_drop(struct chan *c, const struct msg_hs_drop *m, int *fds)
{
	struct handshake *h = hs_find(m->hs);

	(void)c;
	(void)fds;
	if (h != NULL)
		hs_free(h);
}

void
on_session_drop(struct chan *c, const struct msg_session_drop *m, int *fds)
{
	(void)c;
	(void)fds;
	session_drop(m->session);
}
