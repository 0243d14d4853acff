/*
 * session_out.c -- packets from this machine: who may send what to whom, how
 * long it may be, and what the kernel is told when it goes nowhere.
 */
#include <string.h>

#include "netd.h"

#include "ip6.h"
#include "names.h"
#include "way.h"
#include "seg.h"
#include "session_int.h"
#include "tun.h"
#include "udp.h"

enum { COMPLAIN_MS = 100, COMPLAINTS = 64 };

/* At most one error about a destination in COMPLAIN_MS. */
static int
may_complain(const uint8_t *dst)
{
	static struct { uint8_t dst[16]; uint64_t at_ms; } last[COMPLAINTS];
	unsigned i = (dst[13] ^ dst[14] ^ dst[15]) % COMPLAINTS;

	if (memcmp(last[i].dst, dst, 16) == 0 &&
	    netd.now_ms - last[i].at_ms < COMPLAIN_MS)
		return 0;
	memcpy(last[i].dst, dst, 16);
	last[i].at_ms = netd.now_ms;
	return 1;
}

void
session_complain(const uint8_t *pkt, size_t len, uint8_t code, uint32_t mtu)
{
	uint8_t	out[IP6_ERROR_MAX];
	size_t	n;

	if (len < IP6_HEAD || memcmp(pkt + 8, netd.ip6, 16) != 0 ||
	    !may_complain(pkt + 24))
		return;
	if (mtu != 0)
		n = ip6_too_big(pkt, len, mtu, out);
	else
		n = ip6_unreachable(pkt, len, code, netd.ip6, out);
	if (n != 0)
		tun_write(out, n);
}

/* Frame size that reaches addr. */
uint16_t
session_frame_limit(const uint8_t addr[NADDR_LEN], const struct session *s)
{
	struct peer	*p = way_next(addr);
	uint16_t	 limit = p != NULL ? link_mtu(p) : udp_min_mtu(), path;

	if (s != NULL) {
		path = path_mtu_get(&s->extra->mtu, netd.now_ms);
		if (path < limit)
			limit = path;
	}
	return udp_frame_limit(limit);
}

uint16_t
session_ip6_mtu(const uint8_t addr[NADDR_LEN])
{
	return ip6_mtu_of_frame(session_frame_limit(addr, session_find(addr)));
}

/* Which node a packet is for; REFUSE_NONE, or why it goes nowhere. */
static enum refusal
destination(const uint8_t *head, size_t len, uint8_t pub[33],
    uint8_t addr[NADDR_LEN])
{
	if (!ip6_is_packet(head, len))
		return REFUSE_IP_MALFORMED;
	if (head[24] != 0xfd)
		return REFUSE_IP_NOT_MESH;
	if (memcmp(head + 8, netd.ip6, 16) != 0)
		return REFUSE_IP_SOURCE;
	if (memcmp(head + 24, netd.ip6, 16) == 0) {
		memcpy(addr, netd.addr, NADDR_LEN);
		return REFUSE_NONE;
	}
	if (names_by_prefix(head + 25, pub, addr) == -1)
		return REFUSE_IP_UNKNOWN;
	return REFUSE_NONE;
}

/*
 * Does it fit? Linux takes no packet-too-big below 1280 for what it is and
 * does not fragment for it (RFC 8200), so on a way that carries less, TCP is
 * kept small by its MSS, and others are told 1280 and counted.
 */
static int
fits(uint8_t *pkt, size_t len, const uint8_t addr[NADDR_LEN])
{
	uint16_t mtu = session_ip6_mtu(addr);

	if (mtu > SESSION_TCP_HEADS)
		ip6_clamp_mss(pkt, len, (uint16_t)(mtu - SESSION_TCP_HEADS));
	if (len <= mtu)
		return 1;
	refuse(REFUSE_IP_TOO_BIG);
	session_complain(pkt, len, 0, mtu < IP6_MIN_MTU ? IP6_MIN_MTU : mtu);
	return 0;
}

/* May it be sent now? Otherwise it waits with s, which comes to be if need be. */
static int
is_open(struct session **s, const uint8_t addr[NADDR_LEN], const uint8_t pub[33])
{
	*s = session_find(addr);
	if (*s == NULL) {
		*s = session_add(addr, pub, SESSION_EV_WANT);
		shake_begin(*s);
	}
	if ((*s)->extra->use == USE_NONE)
		(*s)->extra->use = (*s)->stats.packets_recv > 0 ?
		    USE_ANSWERED : USE_ASKED;
	if ((*s)->state != SESSION_ESTABLISHED || (*s)->extra->hold_ms != 0)
		return 0;
	if (way_next(addr) == NULL) {
		way_seek(addr);
		return 0;
	}
	/* What waited for a way goes before what comes now. */
	if ((*s)->extra->qlen > 0)
		queue_flush(*s);
	return (*s)->extra->hold_ms == 0;
}

/* Send it, or keep a copy until the session is there. Takes w. */
static void
send_or_wait(struct work *w, struct session *s, int now)
{
	if (now) {
		session_emit(s, w);
		return;
	}
	queue_push(s, w->buf + w->off, w->len);
	pipe_put(w);
}

/* 0, or -1: it goes nowhere, counted, and the kernel told. */
static int
find_node(const uint8_t *pkt, size_t len, uint8_t pub[33],
    uint8_t addr[NADDR_LEN])
{
	uint8_t		head[IP6_HEAD] = { 0 };
	enum refusal	why;

	memcpy(head, pkt, len < IP6_HEAD ? len : IP6_HEAD);
	why = destination(head, len, pub, addr);
	if (why == REFUSE_NONE)
		return 0;
	refuse(why);
	if (why == REFUSE_IP_NOT_MESH || why == REFUSE_IP_UNKNOWN)
		session_complain(pkt, len, why == REFUSE_IP_UNKNOWN ? 3 : 0, 0);
	return -1;
}

void
session_output(struct work *w)
{
	uint8_t		*pkt = w->buf + w->off;
	uint8_t		 addr[NADDR_LEN], pub[33];
	struct session	*s;
	int		 now;

	if (find_node(pkt, w->len, pub, addr) == -1)
		pipe_put(w);
	else if (memcmp(addr, netd.addr, NADDR_LEN) == 0) {
		tun_write(pkt, w->len);
		pipe_put(w);
	} else if (fits(pkt, w->len, addr)) {
		now = is_open(&s, addr, pub);
		send_or_wait(w, s, now);
	} else
		pipe_put(w);
}

/* Does its longest packet fit? The first one is complained about, and stands
 * for all. */
static int
run_fits(const struct seg *g, const uint8_t addr[NADDR_LEN])
{
	uint8_t	 first[IP6_ERROR_MAX];
	size_t	 longest = seg_longest(g), n;
	uint16_t mtu = session_ip6_mtu(addr);

	if (longest <= mtu)
		return 1;
	netd.refused[REFUSE_IP_TOO_BIG] += g->count;
	/* As much of it as an error quotes. */
	n = longest < sizeof(first) ? longest : sizeof(first);
	memcpy(first, g->pkt, n);
	first[4] = (uint8_t)((longest - IP6_HEAD) >> 8);
	first[5] = (uint8_t)(longest - IP6_HEAD);
	session_complain(first, n, 0, mtu < IP6_MIN_MTU ? IP6_MIN_MTU : mtu);
	return 0;
}

int
session_output_run(const struct seg *g, unsigned *at, unsigned max)
{
	uint8_t		 addr[NADDR_LEN], pub[33];
	struct session	*s;
	struct work	*w;
	int		 now;

	if (find_node(g->pkt, g->len, pub, addr) == -1)
		return 1;
	if (memcmp(addr, netd.addr, NADDR_LEN) == 0) {
		refuse(REFUSE_IP_MALFORMED);	/* that goes over its loopback */
		return 1;
	}
	if (!run_fits(g, addr))
		return 1;
	now = is_open(&s, addr, pub);
	for (; *at < g->count; ++*at) {
		if (max-- == 0 || (w = pipe_get()) == NULL)
			return 0;
		pipe_count(w, PIPE_TUN);
		w->len = (uint32_t)seg_cut(g, *at, w->buf + w->off);
		w->at_ms = netd.now_ms;
		send_or_wait(w, s, now);
	}
	return 1;
}
