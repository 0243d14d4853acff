/*
 * link.c -- the packet path of a link: an index names the keys, cryptod opens,
 * the first byte of what comes out says whose message it is; and the way out.
 */
#include <string.h>

#include "link_int.h"
#include "ip6.h"
#include "mesh.h"
#define LOG_TARGET "fips::node::handlers::encrypted"
#include "log.h"
#include "session.h"
#include "udp.h"
#include "wire.h"

/* -- out ---------------------------------------------------------------------- */

uint16_t
link_mtu(const struct peer *p)
{
	const struct udp *u = udp_get(p->ep.transport);

	return u == NULL ? 0 : udp_frame_limit(u->mtu);
}

/* Largest link message (type byte included) that fits one frame to p. */
static size_t
msg_max(const struct peer *p)
{
	uint16_t mtu = link_mtu(p);

	return mtu > FRAME_OVERHEAD ? mtu - (size_t)FRAME_OVERHEAD : 0;
}

static void
seal_done(struct work *w)
{
	struct peer *p = peer_by_handle(w->peer);
	size_t	     len;

	if (w->why != REFUSE_NONE) {
		refuse(w->why);
		if (p != NULL && w->why == REFUSE_SESSION_WORN)
			rekey_begin(p);
		return;
	}
	if (w->op == RING_SEAL)
		session_sealed(w);
	if (p != NULL && w->link_key == p->cur.session)
		link_mmp_sent(p, w);
	pipe_keep(w);
	len = w->len;
	if (udp_send_work(w) == -1 || p == NULL)
		return;
	p->stats.packets_sent++;
	p->stats.bytes_sent += len;
}

int
link_send_work(struct peer *p, struct work *w, enum ring_op op, int ce)
{
	size_t	tags = op == RING_SEAL ? 2 * FRAME_TAG_LEN : FRAME_TAG_LEN;
	size_t	sealed = w->len + tags;
	uint8_t	flags = (uint8_t)((p->k_bit ? FRAME_K : 0) | (ce ? FRAME_CE : 0) |
	    (p->extra->mmp.spin.bit ? FRAME_SP : 0));

	if (p->cur.session == 0 || sealed > link_mtu(p)) {
		refuse_own(REFUSE_DGRAM_TOO_LONG);
		pipe_put(w);
		return -1;
	}
	frame_data(w->buf + w->off, flags,
	    (uint16_t)(sealed - FRAME_HEAD_LEN - FRAME_TAG_LEN),
	    p->cur.their_index, 0);
	put_le32(w->buf + w->off + FRAME_HEAD_LEN,
	    netd_stamp(p->cur.start_ms, netd.now_ms));
	w->link_key = p->cur.session;
	w->peer = p->handle;
	w->ep = p->ep;
	w->at_ms = netd.now_ms;
	p->cur.sent++;
	return pipe_push(w, op, seal_done);
}

int
link_send(struct peer *p, const void *msg, size_t len)
{
	struct work *w;

	if (len == 0 || len > msg_max(p)) {
		refuse_own(REFUSE_DGRAM_TOO_LONG);
		return -1;
	}
	w = pipe_get();
	if (w == NULL)
		return -1;
	if (FRAME_BODY_OFF + len > pipe_room(w)) {
		refuse_own(REFUSE_DGRAM_TOO_LONG);
		pipe_put(w);
		return -1;
	}
	memcpy(w->buf + w->off + FRAME_BODY_OFF, msg, len);
	w->len = (uint32_t)(FRAME_BODY_OFF + len);
	w->kind = link_mmp_kind(p, w->buf[w->off + FRAME_BODY_OFF]);
	return link_send_work(p, w, RING_SEAL_LINK, 0);
}

/* -- in ----------------------------------------------------------------------- */

static struct link_keys *
keys_by_index(struct peer *p, uint32_t index)
{
	if (p->cur.session != 0 && p->cur.our_index == index)
		return &p->cur;
	if (p->pend.session != 0 && p->pend.our_index == index)
		return &p->pend;
	if (p->prev.session != 0 && p->prev.our_index == index)
		return &p->prev;
	return NULL;
}

/* Keys may have moved on while the frame was with cryptod. */
static struct link_keys *
keys_by_session(struct peer *p, uint32_t session)
{
	if (p->cur.session == session)
		return &p->cur;
	if (p->pend.session == session)
		return &p->pend;
	return p->prev.session == session ? &p->prev : NULL;
}

static void
said_bye(struct peer *p, const uint8_t *msg, size_t len)
{
	int why = frame_bye_read(msg, len);

	if (why == -1) {
		p->recv_bad++;
		refuse(REFUSE_LINK_MSG_SHORT);
		return;
	}
	log_as(LVL_INFO, "fips::node::handlers::dispatch",
	    "Peer sent disconnect notification peer=%s reason=%s",
	    peer_display(p->addr), frame_bye_text((enum bye)why));
	peer_lose(p);
}

/* A message of the mesh, as a copy; the longest that we send is the longest. */
static void
said_mesh(struct peer *p, const uint8_t *msg, size_t len)
{
	static uint8_t copy[LINK_MESH_MAX];

	if (len > sizeof(copy)) {
		p->recv_bad++;
		refuse(REFUSE_MESH_MALFORMED);
		return;
	}
	memcpy(copy, msg, len);
	mesh_input(p, copy, len);
}

/* The peer measured us. About older keys it has nothing to say that we need. */
static void
said_report(struct peer *p, const uint8_t *msg, size_t len, int current)
{
	uint8_t copy[MMP_REPORT_MAX];

	if (len > sizeof(copy))
		len = sizeof(copy);
	memcpy(copy, msg, len);
	if (current && link_mmp_report(p, copy, len) == -1) {
		p->recv_bad++;
		refuse(REFUSE_LINK_MSG_SHORT);
	}
}

/* What a peer says of itself or of the mesh. */
static void
said(struct peer *p, const uint8_t *msg, size_t len, int current)
{
	uint8_t copy[2] = { msg[0], len > 1 ? msg[1] : 0 };

	if (!quota_take(&p->extra->said, LINK_SAID_BURST, LINK_SAID_PER_MIN,
	    netd.now_ms)) {
		p->recv_bad++;
		refuse(REFUSE_LINK_MSG_RATE);
	} else if (frame_is_mesh_msg(copy[0])) {
		said_mesh(p, msg, len);
	} else if (copy[0] == LINK_MSG_SENDER_REPORT ||
	    copy[0] == LINK_MSG_RECEIVER_REPORT) {
		said_report(p, msg, len, current);
	} else if (copy[0] == LINK_MSG_DISCONNECT) {
		said_bye(p, copy, len);
	} else if (copy[0] == LINK_MSG_HEARTBEAT && len != 1) {
		p->recv_bad++;
		refuse(REFUSE_LINK_MSG_SHORT);
	} else if (!frame_is_link_msg(copy[0])) {
		p->recv_bad++;
		refuse(REFUSE_LINK_MSG_UNKNOWN);
		log_debug("Unknown link message type msg_type=%u", copy[0]);
	}
}

/*
 * A datagram may come from far away, and this peer is not to blame for it.
 * The rest is its own doing: who goes on with what we refuse is not even
 * heard for a moment, which costs us hardly anything.
 */
static void
dispatch(struct peer *p, struct work *w, int ce, int current)
{
	const uint8_t	*msg = w->buf + w->off + FRAME_BODY_OFF;
	uint64_t	 bad = p->recv_bad, refusals = netd.refusals;

	if (msg[0] == LINK_MSG_DATAGRAM) {
		pipe_keep(w);
		session_input(p, w, ce);
		p->dgram_bad += netd.refusals != refusals;
		return;
	}
	said(p, msg, w->len - FRAME_BODY_OFF, current);
	if (p->recv_bad != bad && !quota_take(&p->extra->blame,
	    LINK_BLAME_BURST, LINK_BLAME_PER_MIN, netd.now_ms))
		shut_begin(p);
}

/* Are there others who want something? A moment ago is soon enough to know. */
static int
is_busy(void)
{
	static uint64_t until_ms;

	if (pipe_free() < pipe_slots() / 8 * 7)
		until_ms = netd.now_ms + LINK_BUSY_MS;
	return netd.now_ms < until_ms;
}

int
link_may_pass(struct peer *p)
{
	int busy = is_busy();

	if (quota_take(&p->extra->oneway, LINK_ONEWAY_BURST, LINK_ONEWAY_PER_MIN,
	    netd.now_ms) || !busy)
		return 1;
	shut_begin(p);
	return 0;
}

/* The newest frame says where the peer is; an old one that comes late does not. */
static void
roam(struct peer *p, const struct endpoint *ep)
{
	char to[64];

	if (memcmp(&p->ep, ep, sizeof(*ep)) == 0)
		return;
	endpoint_text(ep, to);
	log_debug("Peer address changed peer=%s remote_addr=%s",
	    peer_display(p->addr), to);
	peer_move(p, ep);
}

/* An authentic frame under k. */
static void
take(struct peer *p, struct link_keys *k, struct work *w, size_t frame_len)
{
	const uint8_t	*head = w->buf + w->off;
	uint8_t		 flags = head[1];
	uint64_t	 counter = get_le64(head + 8);
	int		 newest = !k->heard || counter > k->highest;

	if (newest)
		k->highest = counter;
	k->heard = 1;
	/* First: what it proves makes us talk to it at once. */
	if (newest && k != &p->prev)
		roam(p, &w->ep);
	if (k == &p->pend) {
		rekey_proof(p, flags & FRAME_K);
		k = &p->cur;
	}
	if (k == &p->cur) {
		if (!k->proven) {
			p->k_bit = (flags & FRAME_K) != 0;
			peer_proven(p);
		}
		mesh_peer_up(p);
		p->decrypt_fail = 0;
		link_mmp_received(p, w, frame_len);
	}
	p->seen_ms = netd.now_ms;
	mute_heard(p);
	p->stats.packets_recv++;
	p->stats.bytes_recv += frame_len;
	dispatch(p, w, (flags & FRAME_CE) != 0, k == &p->cur);
}

/*
 * Only frames from where the peer is known to be count towards its removal:
 * a stranger who has seen an index must not be able to throw anybody out. Who
 * can also forge that address is not to do it between two heartbeats either:
 * a peer that is well says so meanwhile.
 */
static void
bad_frame(struct peer *p, const struct link_keys *k, const struct work *w)
{
	refuse(w->why);
	if (w->why == REFUSE_LINK_REPLAY)
		p->replays++;
	log_debug("Decryption failed peer=%s reason=%s", peer_display(p->addr),
	    refuse_name(w->why));
	if (w->why != REFUSE_LINK_AUTH || k != &p->cur ||
	    memcmp(&p->ep, &w->ep, sizeof(p->ep)) != 0)
		return;
	if (p->decrypt_fail++ == 0)
		p->extra->bad_ms = netd.now_ms;
	if (p->decrypt_fail < LINK_BAD_MAX || netd.now_ms - p->extra->bad_ms <=
	    netd.conf[CONF_NODE_HEARTBEAT] * 1000)
		return;
	log_warn("Excessive decryption failures, removing peer peer=%s consecutive_failures=%u",
	    peer_display(p->addr), p->decrypt_fail);
	peer_lose(p);
}

static void
open_done(struct work *w)
{
	struct peer		*p = peer_by_handle(w->peer);
	struct link_keys	*k;
	size_t			 tags = FRAME_TAG_LEN;

	if (p != NULL && --p->extra->opening < LINK_BEHIND)
		p->extra->behind_ms = 0;
	if (p == NULL || (k = keys_by_session(p, w->link_key)) == NULL)
		return;
	switch (w->why) {
	case REFUSE_NONE:
		if (w->opened_inner)
			tags += FRAME_TAG_LEN;
		/* FALLTHROUGH */
	case REFUSE_INNER_AUTH:
	case REFUSE_INNER_REPLAY:
	case REFUSE_INNER_NO_SESSION:
		take(p, k, w, w->len + tags);
		break;
	default:
		bad_frame(p, k, w);
	}
}

/*
 * Open before its turn. It will be taken when that comes; a packet under the
 * keys of today need not wait for it.
 */
static void
open_early(struct work *w)
{
	const struct peer	*p = peer_by_handle(w->peer);

	if (w->opened_inner)
		session_early(w, p != NULL && p->cur.session == w->link_key &&
		    p->cur.proven && (w->buf[w->off + 1] & FRAME_CE) == 0);
}

/*
 * Is it time to tell who sends through this peer to slow down? By a large
 * frame: an echo or an acknowledgement is nobody's queue.
 */
static int
is_behind(struct link_extra *x, size_t len)
{
	if (x->opening < LINK_BEHIND || len < LINK_LARGE)
		return 0;
	if (x->behind_ms == 0)
		x->behind_ms = netd.now_ms;
	if (netd.now_ms - x->behind_ms < LINK_BEHIND_MS)
		return 0;
	x->behind_ms = netd.now_ms;
	return 1;
}

/*
 * Is a frame of this peer worth opening? Nobody may hold more slots than are
 * left for all others: so a peer in a quiet house gets all it can use, and in
 * a busy one the loudest loses first.
 */
static int
may_open(struct peer *p, const struct work *w)
{
	if (shut_is(p)) {
		shut_count(p, w->ep.transport);
		return 0;
	}
	if (p->extra->opening > pipe_free())
		refuse(REFUSE_LINK_SHARE);
	else if (is_behind(p->extra, w->len))
		refuse(REFUSE_LINK_QUEUE);
	else
		return 1;
	p->unopened++;
	return 0;
}

/* Takes w. */
static void
input_data(struct work *w, const struct frame *f)
{
	struct link_keys	*k = NULL;
	struct peer		*p = NULL;
	unsigned		 slot;

	if (index_get(f->receiver, &slot) == INDEX_PEER)
		p = peer_slot(slot);
	if (p != NULL)
		k = keys_by_index(p, f->receiver);
	if (k == NULL) {
		shut_junk(w->ep.transport, REFUSE_FRAME_INDEX);
		pipe_put(w);
		return;
	}
	if (!may_open(p, w)) {
		pipe_put(w);
		return;
	}
	w->peer = p->handle;
	w->link_key = k->session;
	w->urgent = w->len <= PIPE_SMALL;
	w->early = open_early;
	if (pipe_push(w, RING_OPEN, open_done) == 0)
		p->extra->opening++;
}

/*
 * Decides by a private copy: of where the bytes came from, for a slot that was just
 * written may not have come to this core yet.
 */
void
link_input(struct work *w, const uint8_t *raw)
{
	uint8_t		copy[FRAME_MSG1_LEN];
	size_t		n = w->len < sizeof(copy) ? w->len : sizeof(copy);
	struct frame	f;
	enum refusal	why;
	unsigned	slot;

	memcpy(copy, raw, n);
	why = frame_decode(copy, w->len, &f);
	if (why == REFUSE_NONE && f.phase == FRAME_DATA) {
		input_data(w, &f);
		return;
	}
	if (why == REFUSE_FRAME_VERSION)
		log_as(LVL_DEBUG, "fips::node::handlers::rx_loop",
		    "Unknown FMP version, dropping");
	if (w->len >= FRAME_PREFIX_LEN + sizeof(f.receiver) &&
	    (why == REFUSE_FRAME_VERSION || why == REFUSE_FRAME_PHASE))
		shut_junk(w->ep.transport, why);
	else if (why != REFUSE_NONE)
		refuse(why);
	else if (f.phase == FRAME_MSG1)
		hs_msg1(w, &f, copy + f.body);
	else if (index_get(f.receiver, &slot) == INDEX_HS)
		hs_msg2(w, &f, slot, copy + f.body);
	else
		refuse(REFUSE_FRAME_INDEX);
	pipe_put(w);
}
