/*
 * session_transit.c -- datagrams for other nodes, and complaints about ways.
 *
 * A datagram goes on in the slot it came in. Complaints are in the clear and
 * anybody can send them: they count only for destinations we talk to, and
 * never make anything worse than a little slower for a while.
 */
#include <string.h>

#include "netd.h"

#define LOG_TARGET "fips::node::handlers::forwarding"
#include "log.h"
#include "mesh.h"
#include "oneway.h"
#include "way.h"
#include "session_int.h"
#include "session_shake.h"
#include "wire.h"

enum {
	TAG = 16,
	SIGNAL_MS = 100, SIGNALS = 256,
	PLACES_MAX = 16384,		/* longer ones pass unread */
};

/*
 * One complaint in SIGNAL_MS to a source about a destination. Both may be made up:
 * so what came by another link counts apart, and the link pays for each, before
 * anything is looked up for it. Who falls into a place that is taken takes it.
 */
static int
may_signal(const struct peer *from, const struct fsp_dgram *d)
{
	static struct told {
		uint8_t src[NADDR_LEN], dst[NADDR_LEN];
		uint32_t from;
		uint64_t at_ms;
	} told[SIGNALS];
	struct told *t = &told[(d->src[0] ^ d->src[1] ^ d->dst[2] ^ d->dst[3] ^
	    from->handle) % SIGNALS];

	if ((t->from == from->handle && netd.now_ms - t->at_ms < SIGNAL_MS &&
	    memcmp(t->src, d->src, NADDR_LEN) == 0 &&
	    memcmp(t->dst, d->dst, NADDR_LEN) == 0) ||
	    !signal_may_go(from, d->src))
		return 0;
	t->from = from->handle;
	memcpy(t->src, d->src, NADDR_LEN);
	memcpy(t->dst, d->dst, NADDR_LEN);
	t->at_ms = netd.now_ms;
	return 1;
}

/* What it says of places, for the way back and for those that follow without.
 * 0, or -1 when its lengths cannot be: it goes no further. */
static int
learn(const struct peer *from, const struct fsp_dgram *d, const struct work *w)
{
	static uint8_t		copy[PLACES_MAX];
	const uint8_t	       *shared = w->buf + w->off + AT_FSP;
	size_t			len = w->len - AT_FSP;
	struct fsp_coords	src = { 0 }, dst = { 0 };
	struct fsp_shake	shake;
	struct fsp_data		data;
	uint8_t			flags;
	int			phase;

	if (len < FSP_PREFIX || len > sizeof(copy))
		return 0;
	memcpy(copy, shared, FSP_PREFIX);
	phase = fsp_phase(copy, len, &flags);
	if (phase == -1 || phase == FSP_MSG3_PHASE ||
	    (phase == FSP_DATA && (flags & (FSP_CP | FSP_U)) != FSP_CP))
		return 0;
	memcpy(copy, shared, len);
	if (phase == FSP_DATA && fsp_data_decode(copy, len, &data) == 0)
		src = data.src, dst = data.dst;
	else if (phase != FSP_DATA && fsp_shake_decode(copy, len, &shake) == 0)
		src = shake.src, dst = shake.dst;
	else
		return -1;
	mesh_hearsay(from, d->src, src.count, src.addr);
	mesh_hearsay(from, d->dst, dst.count, dst.addr);
	return 0;
}

/*
 * Tell the source what is wrong with the way; no complaint about a complaint. While
 * a mesh heals we may know no way to the source, but who brought the datagram may.
 */
static void
complain(struct peer *from, const struct work *w, const struct fsp_dgram *d,
    uint8_t type, uint16_t mtu)
{
	struct fsp_signal	s = { .type = type, .mtu = mtu };
	struct peer		*back;
	uint8_t			out[64];
	ssize_t			n;

	if (w->len < AT_FSP + FSP_PREFIX ||
	    (w->buf[w->off + AT_FSP] == FSP_DATA &&
	    w->buf[w->off + AT_FSP + 1] & FSP_U))
		return;
	if (!may_signal(from, d))
		return;
	memcpy(s.dest, d->dst, NADDR_LEN);
	memcpy(s.reporter, netd.addr, NADDR_LEN);
	n = fsp_signal_encode(&s, out, sizeof(out));
	back = way_next(d->src);
	if (n > 0)
		session_send_by(back != NULL ? back : from, d->src, out,
		    (size_t)n);
}

/* Do both ends talk, or is it within what a peer may send into the dark? */
static int
may_pass(struct peer *from, const struct fsp_dgram *d)
{
	static struct oneway	pairs;
	static uint32_t		key;

	if (key == 0)
		key = netd_random_u32() | 1;
	return !oneway_pass(&pairs, key, d->src, d->dst, from->handle,
	    netd.now_ms) || link_may_pass(from);
}

void
session_transit(struct peer *from, struct work *w, struct fsp_dgram *d, int ce)
{
	enum nexthop_why why;
	struct peer	*p;
	size_t		 len = w->len - AT_DGRAM;
	uint16_t	 mtu;

	if (d->ttl <= 1) {
		dgram_drop(w, REFUSE_DGRAM_TTL, &dgram_stats.worn);
		return;
	}
	/* Ours came back in a loop and will go on in it; or somebody wants to use up
	 * what the next node grants us. */
	if (memcmp(d->src, netd.addr, NADDR_LEN) == 0) {
		dgram_drop(w, REFUSE_DGRAM_OWN, &dgram_stats.not_sent);
		return;
	}
	if (learn(from, d, w) == -1) {
		dgram_drop(w, REFUSE_FSP_SHORT, &dgram_stats.malformed);
		return;
	}
	p = way_transit(from, d->dst, &why);
	if (p == NULL || p == from) {
		complain(from, w, d, why == NEXTHOP_NO_COORDS ?
		    FSP_COORDS_REQUIRED : FSP_PATH_BROKEN, 0);
		/* It cost a search: who brings too many is shut for a while. */
		link_may_pass(from);
		dgram_drop(w, REFUSE_DGRAM_NO_ROUTE, &dgram_stats.no_route);
		return;
	}
	mtu = link_mtu(p);
	if (w->len + TAG > mtu) {
		complain(from, w, d, FSP_MTU_EXCEEDED, mtu);
		dgram_drop(w, REFUSE_DGRAM_TOO_LONG, &dgram_stats.too_long);
		return;
	}
	if (!may_pass(from, d)) {
		dgram_drop(w, REFUSE_LINK_ONEWAY, &dgram_stats.not_sent);
		return;
	}
	d->ttl--;
	if (mtu < d->path_mtu)
		d->path_mtu = mtu;
	fsp_dgram_encode(d, w->buf + w->off + AT_DGRAM);
	way_count(d->dst, p);
	dgram_count(&dgram_stats.forwarded, len);
	if (link_send_work(p, w, RING_SEAL_LINK, link_mark(p, ce)) == -1)
		dgram_count(&dgram_stats.not_sent, len);
}

void
session_signal(const struct peer *from, const uint8_t *msg, size_t len)
{
	struct fsp_signal	 sig;
	struct session		*s;
	uint64_t		 every = netd.conf[CONF_SESSION_COORDS_MS];
	int			 changed;

	if (fsp_signal_decode(msg, len, &sig) == -1) {
		refuse(REFUSE_FSP_SHORT);
		return;
	}
	dgram_stats.coords_required += sig.type == FSP_COORDS_REQUIRED;
	dgram_stats.path_broken += sig.type == FSP_PATH_BROKEN;
	dgram_stats.mtu_exceeded += sig.type == FSP_MTU_EXCEEDED;
	s = session_find(sig.dest);
	if (s == NULL) {
		refuse(REFUSE_FSP_SIGNAL);
		return;
	}
	if (sig.type == FSP_MTU_EXCEEDED) {
		changed = path_mtu_signal(&s->extra->mtu, sig.mtu, netd.now_ms);
		if (changed == -1)
			refuse(REFUSE_FSP_SIGNAL);
		s->path_mtu = path_mtu_get(&s->extra->mtu, netd.now_ms);
		return;
	}
	session_warm(s);
	if ((s->extra->warmed_ms != 0 && netd.now_ms - s->extra->warmed_ms < every) ||
	    !signal_may_seek(from))
		return;
	s->extra->warmed_ms = netd.now_ms;
	/* The place that we know serves on until a proof of another comes, so a
	 * false complaint costs a question and nothing more. */
	way_seek(s->addr);
	if (s->state == SESSION_ESTABLISHED && s->extra->hold_ms == 0)
		session_send_inner(s, 0, FSP_WARMUP, NULL, 0);
}
