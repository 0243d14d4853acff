/*
 * session_data.c -- frames under session keys, on their way out.
 *
 * A packet is framed where it lies: its 40-byte header makes way for ours.
 */
#include <string.h>

#include "netd.h"

#define LOG_TARGET "fips::node::handlers::session"
#include "log.h"
#include "ip6.h"
#include "way.h"
#include "session_int.h"
#include "wire.h"

enum {
	AT_BODY = AT_FSP + FSP_HEAD,	/* without coordinates */
	PORTS = 4,
	HEADS = AT_BODY + FSP_INNER + PORTS + IP6_SHIM,
	TAGS = 32,
	HEED_BURST = 16, HEED_PER_MIN = 60,
};
_Static_assert(HEADS - IP6_HEAD + TAGS == IP6_OVERHEAD, "what the MTU says");

/*
 * Datagram and session header, before a plaintext that stands at w->body. The
 * counter is cryptod's to write, the link header link.c's.
 */
static int
put_heads(struct session *s, const struct peer *p, struct work *w, int pending,
    int coords, size_t plain)
{
	struct fsp_data		 h = { .len = (uint16_t)plain };
	struct fsp_dgram	 d;
	uint8_t			*f = w->buf + w->off;
	ssize_t			 n;

	if (s->k_bit != (pending != 0))
		h.flags |= FSP_K;
	if (coords) {
		h.flags |= FSP_CP;
		session_coords(s->addr, &h.src, &h.dst);
	}
	n = fsp_data_encode(&h, f + AT_FSP, w->body - (size_t)AT_FSP);
	if (n != w->body - AT_FSP)
		return -1;
	d.ttl = (uint8_t)netd.conf[CONF_SESSION_TTL];
	d.path_mtu = link_mtu(p);
	memcpy(d.src, netd.addr, NADDR_LEN);
	memcpy(d.dst, s->addr, NADDR_LEN);
	fsp_dgram_encode(&d, f + AT_DGRAM);
	return 0;
}

static size_t
coords_len(const struct session *s)
{
	struct fsp_coords a, b;

	session_coords(s->addr, &a, &b);
	return 4 + ((size_t)a.count + b.count) * NADDR_LEN;
}

/* Who only reports waits for no answer. */
static void
count_sent(struct session *s, struct session_keys *k, const struct work *w)
{
	k->sent++;
	k->used_ms = netd.now_ms;
	s->stats.packets_sent++;
	s->stats.bytes_sent += w->len - w->body;
	if (s->extra->unheard_ms == 0 && !(w->kind & WORK_INNER_REPORT))
		s->extra->unheard_ms = netd.now_ms;
}

/* What people see: what was told, and what the first link carries. */
static void
note_path(struct session *s, const struct peer *p)
{
	s->path_mtu = path_mtu_get(&s->extra->mtu, netd.now_ms);
	if (link_mtu(p) < s->path_mtu)
		s->path_mtu = link_mtu(p);
}

/* The body of w is in place; give it its heads and to the link. */
static int
seal(struct session *s, struct work *w, int pending, int coords)
{
	struct session_keys	*k = pending ? &s->pend : &s->cur;
	struct peer		*p = way_next(s->addr);

	if (p == NULL) {
		way_seek(s->addr);
		refuse_own(REFUSE_DGRAM_NO_ROUTE);
		dgram_count(&dgram_stats.no_route, w->len - AT_DGRAM);
		pipe_put(w);
		return -1;
	}
	w->inner = AT_FSP;
	w->session_key = k->session;
	w->sess = s->handle;
	if (put_heads(s, p, w, pending, coords, w->len - w->body) == -1)
		fatalx("session headers do not fill their %u bytes", w->body);
	count_sent(s, k, w);
	note_path(s, p);
	dgram_count(&dgram_stats.originated, w->len - AT_DGRAM);
	return link_send_work(p, w, RING_SEAL, 0);
}

/* First of the plaintext: when, what, and the spin bit. */
static void
put_inner(const struct session *s, const struct session_keys *k, uint8_t *at,
    uint8_t type)
{
	fsp_inner_encode(at, netd_stamp(k->start_ms, netd.now_ms), type,
	    s->extra->mmp.spin.bit ? FSP_SPIN : 0);
}

int
session_send_inner(struct session *s, int pending, uint8_t type,
    const void *body, size_t len)
{
	struct work	*w = pipe_get();
	int		 coords = type == FSP_WARMUP;

	if (w == NULL)
		return -1;
	w->off = PIPE_HEAD / 4;
	w->body = (uint16_t)(AT_BODY + (coords ? coords_len(s) : 0));
	w->len = (uint32_t)(w->body + FSP_INNER + len);
	w->kind = session_mmp_kind(type);
	put_inner(s, pending ? &s->pend : &s->cur, w->buf + w->off + w->body, type);
	if (len > 0)
		memcpy(w->buf + w->off + w->body + FSP_INNER, body, len);
	return seal(s, w, pending, coords);
}

/*
 * Who hears us and does not answer may have lost our place: a reference node
 * forgets places when its tree changes, and asks for none while a session lasts.
 */
static int
is_unanswered(const struct session *s)
{
	uint64_t every = netd.conf[CONF_SESSION_COORDS_MS];

	return s->extra->unheard_ms != 0 &&
	    netd.now_ms - s->extra->unheard_ms >= every &&
	    netd.now_ms - s->extra->warmed_ms >= every;
}

/* Anybody can make us; each time, every packet of ours would be two. */
void
session_warm(struct session *s)
{
	if (quota_take(&s->extra->heed, HEED_BURST, HEED_PER_MIN, netd.now_ms))
		s->warmup = (unsigned)netd.conf[CONF_SESSION_WARMUP];
}

/* The first packets tell nodes on the way where both ends are; a packet that
 * has no room for it is preceded by a frame that has, and must not pass it. */
static size_t
warm(struct session *s, struct work *w)
{
	size_t need;

	if (is_unanswered(s)) {
		s->extra->warmed_ms = netd.now_ms;
		s->warmup += s->warmup == 0;
		/* Or it has moved, and who noticed knows no way back to us. */
		if (peer_find_proven(s->addr) == NULL)
			way_seek(s->addr);
	}
	if (s->warmup == 0)
		return 0;
	need = coords_len(s);
	s->warmup--;
	w->urgent = 0;
	if (w->len + IP6_OVERHEAD + need <= session_frame_limit(s->addr, s) &&
	    need + HEADS <= PIPE_HEAD + IP6_HEAD)
		return need;
	session_send_inner(s, 0, FSP_WARMUP, NULL, 0);
	return 0;
}

uint8_t
session_flow(const uint8_t *pkt, size_t len)
{
	uint32_t flow = ip6_flow(pkt, len);

	return flow == 0 ? PIPE_ANY : (uint8_t)(flow % (PIPE_ANY - 1) + 1);
}

void
session_emit(struct session *s, struct work *w)
{
	uint8_t	*pkt = w->buf + w->off, shim[IP6_SHIM], *at;
	size_t	 coords, pktlen = w->len;

	w->flow = session_flow(pkt, pktlen);
	w->urgent = pktlen <= PIPE_SMALL;
	ip6_shrink(pkt, shim);
	coords = warm(s, w);
	at = pkt + IP6_HEAD - IP6_SHIM;
	memcpy(at, shim, IP6_SHIM);
	put_le16(at - 2, FSP_PORT_IP6);
	put_le16(at - 4, FSP_PORT_IP6);
	put_inner(s, &s->cur, at - PORTS - FSP_INNER, FSP_PACKET);
	w->off = (uint16_t)(w->off + IP6_HEAD - HEADS - coords);
	w->body = (uint16_t)(AT_BODY + coords);
	w->len = (uint32_t)(pktlen - IP6_HEAD + HEADS + coords);
	s->data_ms = netd.now_ms;
	seal(s, w, 0, coords != 0);
}
