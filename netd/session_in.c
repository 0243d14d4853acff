/*
 * session_in.c -- frames under session keys, opened by cryptod.
 *
 * A packet is rebuilt where it lies. What decides something is copied out of
 * the slot first: cryptod could still write there.
 */
#include <string.h>

#include "netd.h"

#include "early.h"
#include "ip6.h"
#include "mesh.h"
#include "way.h"
#include "session_int.h"
#include "tun.h"
#include "wire.h"

enum {
	TAGS = 32,		/* that it had when it came */
	WARMUP_BURST = 16, WARMUP_PER_MIN = 600,	/* that are answered */
};

static void
notify_path_mtu(struct session *s)
{
	uint8_t body[2];

	if (s->extra->seen.told == 0)
		return;
	put_le16(body, s->extra->seen.told);
	session_send_inner(s, 0, FSP_PATH_MTU, body, sizeof(body));
}

/* A connection is opened: by segments that fit the way back. */
static void
clamp(const struct session *s, uint8_t *pkt, size_t len)
{
	uint16_t mtu = session_ip6_mtu(s->addr);

	if (mtu > SESSION_TCP_HEADS)
		ip6_clamp_mss(pkt, len, (uint16_t)(mtu - SESSION_TCP_HEADS));
}

/* The shim and what follows, *len bytes, become a packet where they lie. */
static uint8_t *
expand(const struct session *s, uint8_t *shim, size_t *len)
{
	uint8_t	src[16], *pkt = shim + IP6_SHIM - IP6_HEAD, copy[IP6_SHIM];

	if (*len < IP6_SHIM)
		return NULL;
	mesh_addr(s->addr, src);
	memcpy(copy, shim, sizeof(copy));
	if (ip6_expand(copy, *len - IP6_SHIM, src, netd.ip6, pkt) == -1)
		return NULL;
	*len += IP6_HEAD - IP6_SHIM;
	return pkt;
}

/* 1: w is taken. */
static int
to_kernel(struct session *s, struct work *w, uint8_t *shim, size_t len, int ce)
{
	uint8_t	*pkt;

	if (w->given)
		return 0;
	pkt = expand(s, shim, &len);
	if (pkt == NULL) {
		refuse(REFUSE_FSP_SHORT);
		return 0;
	}
	early_note(pkt, len, w->len + TAGS > PIPE_SMALL, netd.now_ms);
	if (ip6_is_syn(pkt, len))
		clamp(s, pkt, len);
	if (ce) {
		ip6_mark_ce(pkt);
		netd.congestion.ce_received++;
	}
	tun_give(w, pkt, len);
	return 1;
}

/* 1: w is taken. */
static int
packet(struct session *s, struct work *w, const struct fsp_inner *in,
    uint8_t *plain, int ce)
{
	const uint8_t	*payload;
	uint16_t	 src, dst;
	size_t		 len;

	if (fsp_packet_decode(in, &src, &dst, &payload, &len) == -1) {
		refuse(REFUSE_FSP_SHORT);
		return 0;
	}
	s->data_ms = netd.now_ms;
	s->stats.packets_recv++;
	s->stats.bytes_recv += len;
	if (dst == FSP_PORT_IP6)
		return to_kernel(s, w, plain + (payload - plain), len, ce);
	refuse(REFUSE_FSP_PORT);
	return 0;
}

static void
told_path_mtu(struct session *s, const struct fsp_inner *in)
{
	uint16_t mtu;

	if (fsp_path_mtu_decode(in, &mtu) == -1)
		refuse(REFUSE_FSP_SHORT);
	else if (path_mtu_told(&s->extra->mtu, mtu,
	    mmp_srtt_ms(&s->extra->mmp), netd.now_ms) == -1)
		refuse(REFUSE_FSP_SIGNAL);
	else
		s->path_mtu = path_mtu_get(&s->extra->mtu, netd.now_ms);
}

/* The slot is not ours alone: a copy is read. */
static void
report(struct session *s, const struct fsp_inner *in, uint32_t key)
{
	uint8_t			 copy[MMP_REPORT_MAX];
	struct fsp_inner	 mine = *in;

	if (mine.len > sizeof(copy))
		mine.len = sizeof(copy);
	memcpy(copy, in->body, mine.len);
	mine.body = copy;
	if (session_mmp_report(s, &mine, key == s->cur.session) == -1)
		refuse(REFUSE_FSP_SHORT);
}

/* 1: w is taken. */
static int
dispatch(struct session *s, struct work *w, const struct fsp_inner *in,
    uint8_t *plain, int ce)
{
	uint32_t key = w->session_key;

	switch (in->type) {
	case FSP_PACKET:
		return packet(s, w, in, plain, ce);
	case FSP_SENDER_REPORT:
	case FSP_RECEIVER_REPORT:
		report(s, in, key);
		break;
	case FSP_PATH_MTU:
		told_path_mtu(s, in);
		break;
	case FSP_WARMUP:
		/* Maybe a question whether our keys are the same: answer. */
		if (quota_take(&s->extra->told, WARMUP_BURST, WARMUP_PER_MIN,
		    netd.now_ms))
			notify_path_mtu(s);
		break;
	default:
		refuse(REFUSE_FSP_UNEXPECTED);
	}
	return 0;
}

/*
 * Coordinates are not under the seal: a hint where its sender stands. When that is
 * news to us, nodes on the way back still go by what we said of it before.
 */
static void
hint(struct session *s, const struct peer *p, const struct work *w)
{
	uint8_t		copy[2 + COORDS_MAX * NADDR_LEN];
	const uint8_t  *head = w->buf + w->off + w->inner;
	size_t		len = w->body - (size_t)w->inner - FSP_HEAD;
	struct coords	at, was, is;
	struct rd	r;

	if (p == NULL || (head[1] & FSP_CP) == 0 || w->body < w->inner + FSP_HEAD)
		return;
	len = len < sizeof(copy) ? len : sizeof(copy);
	memcpy(copy, head + FSP_HEAD, len);
	r = rd_init(copy, len);
	coords_read(&r, &at);
	if (r.bad)
		return;
	if (way_place(s->addr, &was) == -1)
		was.n = 0;
	mesh_hearsay(p, s->addr, at.n, at.addr[0]);
	if (way_place(s->addr, &is) == 0 && !coords_equal(&was, &is))
		session_warm(s);
}

/* 1: w is taken. */
static int
opened(struct session *s, const struct fsp_dgram *d, struct work *w, int ce)
{
	uint8_t			*plain = w->buf + w->off + w->body;
	struct fsp_inner	 in;
	uint32_t		 was = s->cur.session;
	int			 tell;

	if (session_heard(s, w->session_key) == -1) {
		refuse(REFUSE_INNER_NO_SESSION);
		return 0;
	}
	if (fsp_inner_decode(plain, w->len - w->body, &in) == -1) {
		refuse(REFUSE_FSP_SHORT);
		return 0;
	}
	hint(s, peer_by_handle(w->peer), w);
	if (w->session_key == s->cur.session)
		session_mmp_received(s, w, &in, ce);
	tell = path_seen(&s->extra->seen, d->path_mtu,
	    mmp_srtt_ms(&s->extra->mmp), netd.now_ms);
	/* After a change of keys the other side waits to hear the new ones. */
	if (tell || was != s->cur.session)
		notify_path_mtu(s);
	return dispatch(s, w, &in, plain, ce);
}

void
session_data(struct session *s, const struct fsp_dgram *d, struct work *w,
    int ce)
{
	if (!opened(s, d, w, ce))
		pipe_put(w);
}

/* The packet in the frame of w, as the kernel would get it, in buf; or NULL. */
static uint8_t *
early_packet(const struct session *s, const struct work *w,
    uint8_t buf[IP6_HEAD + PIPE_SMALL], size_t *len)
{
	const uint8_t		*payload;
	struct fsp_inner	 in;
	uint16_t		 src, dst;
	size_t			 n = w->len - w->body;
	uint8_t			*plain = buf + IP6_HEAD;

	if (n > PIPE_SMALL)
		return NULL;
	memcpy(plain, w->buf + w->off + w->body, n);
	if (fsp_inner_decode(plain, n, &in) == -1 || in.type != FSP_PACKET ||
	    fsp_packet_decode(&in, &src, &dst, &payload, len) == -1 ||
	    dst != FSP_PORT_IP6)
		return NULL;
	return expand(s, plain + (payload - plain), len);
}

static int
give_copy(const uint8_t *pkt, size_t len)
{
	struct work *copy;

	if (pipe_free() <= PIPE_SPARE || (copy = pipe_get()) == NULL)
		return 0;
	memcpy(copy->buf + copy->off, pkt, len);
	early_note(pkt, len, 0, netd.now_ms);
	tun_give(copy, copy->buf + copy->off, len);
	return 1;
}

/*
 * Both layers of w are open, and frames before it are not. Is it a packet that
 * need not wait for them? The kernel gets a copy now; whatever else the frame
 * means waits for its turn, and so do those of its flow when it has to.
 */
void
session_early(struct work *w, int may)
{
	uint8_t			 head[FSP_DGRAM], *pkt;
	uint8_t			 buf[IP6_HEAD + PIPE_SMALL];
	struct fsp_dgram	 d;
	struct session		*s;
	size_t			 len;

	memcpy(head, w->buf + w->off + AT_DGRAM, sizeof(head));
	if (fsp_dgram_decode(head, sizeof(head), &d) == -1 || d.ttl == 0 ||
	    (s = session_find(d.src)) == NULL ||
	    (pkt = early_packet(s, w, buf, &len)) == NULL)
		return;
	w->flow = session_flow(pkt, len);
	w->given = may && s->cur.session == w->session_key &&
	    !hold_is_before(s->addr) && !pipe_is_kept(w->flow) && !ip6_is_syn(pkt, len) &&
	    early_may(pkt, len, netd.now_ms) && give_copy(pkt, len);
}
