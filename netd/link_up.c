/*
 * link_up.c -- from finished handshakes to peers: gathers the facts, asks
 * link_decide.c, and does what it says.
 */
#include <string.h>

#include "acl.h"
#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::handshake"
#include "log.h"
#include "mesh.h"
#include "names.h"
#include "session.h"
#include "udp.h"

enum { TWIN_WARN_MS = 60000 };

int
up_permits(const uint8_t pub33[33], const struct endpoint *ep,
    const char *context)
{
	char	npub[NPUB_LEN + 1], from[64];
	uint8_t	addr[NADDR_LEN];

	if (acl_permits(pub33 + 1))
		return 1;
	npub_encode(pub33 + 1, npub);
	names_addr(pub33 + 1, addr);
	endpoint_text(ep, from);
	log_as(LVL_WARN, "fips::node::acl",
	    "Rejected peer by ACL peer=%s npub=%s transport_id=%u remote_addr=%s context=%s decision=denylist match",
	    peer_display(addr), npub, ep->transport + 1u, from, context);
	refuse(REFUSE_LINK_ACL);
	return 0;
}

/* Two nodes with one key take each other's packets: people must hear of it. */
static void
warn_twin(const struct endpoint *ep)
{
	static uint64_t	quiet_until_ms;
	char		from[64];

	if (netd.now_ms < quiet_until_ms)
		return;
	quiet_until_ms = netd.now_ms + TWIN_WARN_MS;
	endpoint_text(ep, from);
	log_warn("%s has this node's own key: give one of the two nodes another identity",
	    from);
}

static void
gather(const struct hs *h, struct link_facts *f)
{
	const struct udp	*u = udp_get(h->ep.transport);
	const struct peer	*p = peer_find(h->addr);

	memset(f, 0, sizeof(*f));
	f->is_self = memcmp(h->pub + 1, netd.pub + 1, 32) == 0;
	f->accept = u != NULL && u->accept;
	f->dialling = hs_is_dialling(h->addr);
	f->smaller = memcmp(netd.addr, h->addr, NADDR_LEN) < 0;
	f->full = peer_is_full(h->addr);
	f->permitted = 1;
	if (p == NULL)
		return;
	f->known = 1;
	f->same_epoch = memcmp(p->epoch, h->epoch, sizeof(p->epoch)) == 0;
	f->proven = p->cur.proven;
	f->busy = p->extra->rekey == REKEY_BUSY;
	f->held = p->extra->rekey == REKEY_HELD;
	f->mute = p->mute;
	f->age_ms = netd.now_ms - p->cur.start_ms;
	f->held_ms = netd.now_ms - p->pend.start_ms;
}

enum link_act
up_decide(const struct hs *h)
{
	struct link_facts	f;
	enum refusal		why;
	enum link_act		act;

	gather(h, &f);
	if (!f.is_self && !up_permits(h->pub, &h->ep, "inbound_handshake"))
		return ACT_REFUSE;
	act = decide_inbound(&f, &why);
	if (act != ACT_REFUSE)
		return act;
	refuse(why);
	if (why == REFUSE_LINK_SELF)
		warn_twin(&h->ep);
	else if (f.known && f.held)
		log_debug("Rekey msg1 received but already have pending session, dropping peer=%s",
		    peer_display(h->addr));
	else if (f.known && f.busy && f.smaller)
		log_debug("Dual rekey initiation: we win (smaller addr), dropping their msg1 peer=%s",
		    peer_display(h->addr));
	/* Part of the same meeting: its resends need no second look. */
	if (f.known && f.same_epoch && f.age_ms < LINK_CROSS_MS)
		seen_add(h->frame, &h->ep, netd.now_ms);
	return act;
}

static struct link_keys
keys_of(const struct hs *h, uint32_t session)
{
	return (struct link_keys){
		.session = session, .our_index = h->our_index,
		.their_index = h->their_index, .start_ms = netd.now_ms,
		.initiator = h->outbound, .proven = h->outbound
	};
}

/* The table had room when it was decided, or somebody who makes it. */
static struct peer *
promote(const struct hs *h, const struct link_keys *k, const uint8_t epoch[8],
    const struct endpoint *ep)
{
	struct peer *p = peer_in_place_of(h->addr);

	if (p != NULL)
		peer_lose(p);
	p = peer_new(h->pub, h->addr);
	if (p == NULL)
		fatalx("the table of peers is full, and nobody noticed");
	index_give(k->our_index, INDEX_PEER, peer_slot_of(p));
	p->cur = *k;
	p->conf = retry_conf_of(h->addr);
	p->outbound = h->outbound;
	if (!h->outbound)
		p->k_bit = lost_first_k_bit(h->addr, epoch);
	p->link_id = h->link_id;
	p->up_ms = p->seen_ms = netd.now_ms;
	p->up_wall_ms = netd_wall_ms();
	memcpy(p->epoch, epoch, sizeof(p->epoch));
	peer_move(p, ep);
	bucket_fill(&p->extra->bucket, &peer_rate, netd.now_ms);
	rekey_fresh(p);
	link_mmp_begin(p);
	log_debug("Connection promoted to active peer peer=%s link_id=%u our_index=%08x their_index=%08x",
	    peer_display(p->addr), p->link_id, k->our_index, k->their_index);
	/* Else when it is: a replay may say what it likes of a former run. */
	if (k->proven) {
		names_learn(p->pub);
		session_link_changed(p, 1);
	}
	return p;
}

void
up_answered(const struct hs *h, uint32_t session)
{
	struct link_keys	 k = keys_of(h, session);
	struct peer		*p = peer_find(h->addr);

	if (h->act == ACT_NEW) {
		promote(h, &k, h->epoch, &h->ep);
		return;
	}
	index_give(k.our_index, INDEX_PEER, peer_slot_of(p));
	if (rekey_offer(p, &k, h) == -1) {
		keys_drop(&k);
		return;
	}
	log_debug("Sent rekey msg2 response peer=%s new_our_index=%08x",
	    peer_display(p->addr), k.our_index);
}

/* What we had with its former run is void. */
void
up_restarted(struct peer *p, const uint8_t epoch[8], const char *text)
{
	log_info("%s peer=%s", text, peer_display(p->addr));
	/* A program that was started again does not go back to its former run. */
	if (memcmp(p->extra->old_epoch, epoch, sizeof(p->epoch)) == 0)
		log_warn("two nodes have the identity of %s and take its packets in turns: give one of them another identity",
		    peer_display(p->addr));
	memcpy(p->extra->old_epoch, p->epoch, sizeof(p->epoch));
	memcpy(p->epoch, epoch, sizeof(p->epoch));
	keys_drop(&p->prev);	/* a late goodbye of that run is not this one's */
	p->extra->anew_ms = 0;	/* asking it was right */
	p->up_ms = netd.now_ms;
	p->up_wall_ms = netd_wall_ms();
	peer_met(p);		/* nobody may have proven the former run */
	session_link_changed(p, 0);
	mesh_peer_down(p);
	mesh_peer_up(p);
	session_link_changed(p, 1);
}

static void
note_epoch(struct peer *p, const uint8_t epoch[8], const char *text)
{
	if (memcmp(p->epoch, epoch, sizeof(p->epoch)) != 0)
		up_restarted(p, epoch, text);
}

static void
renewed(const struct hs *h, struct link_keys *k, const uint8_t epoch[8])
{
	struct peer *p = peer_by_handle(h->rekey_of);

	if (p == NULL || p->extra->rekey != REKEY_BUSY) {
		keys_drop(k);
		return;
	}
	index_give(k->our_index, INDEX_PEER, peer_slot_of(p));
	/* For who began anew these are the first keys. */
	rekey_done(p, k, memcmp(p->epoch, epoch, sizeof(p->epoch)) != 0);
	note_epoch(p, epoch,
	    "Peer restart detected during FMP rekey, replacing stale endpoint session");
}

static void
swap(struct peer *p, const struct hs *h, const struct link_keys *k,
    const uint8_t epoch[8])
{
	rekey_drop(p);
	keys_replace(p, k);
	p->k_bit = 0;
	p->outbound = 1;
	mmp_spin_start(&p->extra->mmp, 1);
	p->link_id = h->link_id;
	p->seen_ms = netd.now_ms;
	peer_move(p, &h->answer_ep);
	log_debug("Cross-connection: swapped to outbound session (our outbound wins) peer=%s",
	    peer_display(p->addr));
	note_epoch(p, epoch,
	    "Peer restart detected during promotion, replacing stale active peer");
	link_beat(p);
	/* What went out under the old keys may have come to nothing. */
	session_link_changed(p, 1);
}

/* As swap(), but the keys that were there may be the ones the peer settles on. */
static void
swap_hold(struct peer *p, const struct hs *h, const struct link_keys *k,
    const uint8_t epoch[8])
{
	struct link_keys	old = p->cur;
	struct hs		theirs = { .act = ACT_REKEY };

	memcpy(theirs.epoch, epoch, sizeof(theirs.epoch));
	memset(&p->cur, 0, sizeof(p->cur));
	swap(p, h, k, epoch);
	if (rekey_offer(p, &old, &theirs) == -1)
		keys_drop(&old);
}

/* The peer settles on the handshake that it began; for a while it may still
 * send under ours. */
static void
keep(struct peer *p, struct link_keys *k)
{
	log_debug("Cross-connection: keeping inbound session and original their_index (peer outbound wins) peer=%s",
	    peer_display(p->addr));
	if (p->prev.session != 0) {
		keys_drop(k);
		return;
	}
	p->prev = *k;
	p->prev_until_ms = netd.now_ms + LINK_DRAIN_MS;
}

static void
up_new(const struct hs *h, struct link_keys *k, const uint8_t epoch[8])
{
	struct peer *p;

	if (peer_is_full(h->addr)) {
		refuse(REFUSE_LINK_PEERS_FULL);
		keys_drop(k);
		return;
	}
	p = promote(h, k, epoch, &h->answer_ep);
	log_info("Peer promoted to active peer=%s", peer_display(p->addr));
	hs_end_dials(p->addr);
	link_beat(p);
	mesh_peer_up(p);
}

void
up_dialled(const struct hs *h, uint32_t session, const uint8_t epoch[8])
{
	struct link_keys	 k = keys_of(h, session);
	struct link_facts	 f;
	struct peer		*p = peer_find(h->addr);
	struct hs		 now = *h;
	enum link_win		 win;

	if (h->rekey_of != 0) {
		renewed(h, &k, epoch);
		return;
	}
	log_debug("Outbound handshake completed peer=%s link_id=%u their_index=%08x",
	    peer_display(h->addr), h->link_id, h->their_index);
	memcpy(now.epoch, epoch, sizeof(now.epoch));
	gather(&now, &f);
	win = decide_outbound(&f);
	if (win == WIN_NEW) {
		up_new(h, &k, epoch);
	} else {
		index_give(k.our_index, INDEX_PEER, peer_slot_of(p));
		if (win == WIN_SWAP)
			swap(p, h, &k, epoch);
		else if (win == WIN_SWAP_HOLD)
			swap_hold(p, h, &k, epoch);
		else
			keep(p, &k);
	}
	retry_settled(h->addr);
}
