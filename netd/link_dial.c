/*
 * link_dial.c -- link handshakes that we begin: a new link, or new keys for a
 * peer. Message 1 goes out and out again, message 2 comes in.
 */
#include <string.h>

#include "link_hs.h"
#define LOG_TARGET "fips::node::handlers::handshake"
#include "log.h"

/* Those who are not there must not keep out who knocks. */
static int
is_conf_dial(const struct hs *h)
{
	return h->conf != -1 && h->rekey_of == 0;
}

int
hs_may_dial(void)
{
	return hs_count(is_conf_dial) < LINK_DIALS_MAX && hs_has_room();
}

static int
is_rekey(const struct hs *h)
{
	return h->rekey_of != 0;
}

int
hs_may_ask_mute(void)
{
	return hs_count(is_rekey) < LINK_MUTE_MAX && hs_has_room();
}

int
hs_dial(const uint8_t pub33[33], const uint8_t addr[NADDR_LEN],
    const struct endpoint *ep, int conf, uint32_t rekey_of)
{
	struct hs *h;

	if (rekey_of == 0 && !up_permits(pub33, ep, "outbound_connect"))
		return -1;
	h = hs_new(rekey_of != 0 || conf != -1);
	if (h == NULL || index_new(INDEX_HS, hs_slot_of(h), &h->our_index) == -1)
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
	return hs_step(h, HS_EV_DIAL, NULL);
}

static int
is_dial(const struct hs *h, const uint8_t addr[NADDR_LEN])
{
	return h->outbound && h->rekey_of == 0 &&
	    memcmp(h->addr, addr, NADDR_LEN) == 0;
}

int
hs_is_dialling(const uint8_t addr[NADDR_LEN])
{
	struct hs *h;

	for (h = NULL; (h = hs_next(h)) != NULL; )
		if (is_dial(h, addr))
			return 1;
	return 0;
}

int
hs_is_dialling_to(const struct endpoint *ep)
{
	struct hs *h;

	for (h = NULL; (h = hs_next(h)) != NULL; )
		if (h->outbound && memcmp(&h->ep, ep, sizeof(*ep)) == 0)
			return 1;
	return 0;
}

void
hs_end_dials(const uint8_t addr[NADDR_LEN])
{
	struct hs *h;

	for (h = NULL; (h = hs_next(h)) != NULL; )
		if (is_dial(h, addr))
			hs_end(h, HS_EV_END);
}

static struct hs *
rekey_row(uint32_t peer)
{
	struct hs *h;

	for (h = NULL; (h = hs_next(h)) != NULL; )
		if (h->rekey_of == peer)
			return h;
	return NULL;
}

void
hs_end_rekey(uint32_t peer)
{
	struct hs *h = rekey_row(peer);

	if (h != NULL)
		hs_end(h, HS_EV_END);
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
	struct hs *h = hs_take_answer(m->req);

	(void)c;
	(void)fds;
	if (h == NULL) {
		hs_forget(m->hs);
		return;
	}
	hs_step(h, HS_EV_NOISE1, (void *)(uintptr_t)m);
}

/*
 * Message 2 for the index of row `slot`; noise is a private copy. A peer may
 * answer from another address, but what comes from there is counted apart: who
 * has only seen message 1 must not use up the tries of the one it was meant for.
 */
void
hs_msg2(const struct work *w, const struct frame *f, unsigned slot,
    const uint8_t *noise)
{
	struct hs	*h = hs_slot(slot);
	uint8_t		*tries = &h->tries[memcmp(&w->ep, &h->ep, sizeof(h->ep)) == 0];

	if (h->state != HS_SENT || *tries >= LINK_TRIES_MAX) {
		refuse(REFUSE_LINK_UNEXPECTED);
		return;
	}
	(*tries)++;
	h->their_index = f->sender;
	h->answer_ep = w->ep;
	hs_step(h, HS_EV_MSG2, (void *)(uintptr_t)noise);
}

void
on_ik_up(struct chan *c, const struct msg_ik_up *m, int *fds)
{
	struct hs *h = hs_take_answer(m->req), done;

	(void)c;
	(void)fds;
	if (h == NULL) {
		session_forget(m->session);
		return;
	}
	if (hs_step(h, HS_EV_UP, NULL) == -1)
		fatalx("cryptod gave keys that nobody asked for");
	done = *h;
	up_dialled(&done, m->session, m->epoch);
}
