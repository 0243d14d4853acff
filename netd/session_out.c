/*
 * session_out.c -- packets from this machine: who may send what to whom, how
 * long it may be, and what the kernel is told when it goes nowhere.
 */
#include <string.h>

#include "netd.h"

#include "ip6.h"
#include "names.h"
#include "route.h"
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
	struct peer	*p = route_next(addr);
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

/* Send it now, or keep a copy until the session is there. Takes w. */
static void
send_or_wait(struct work *w, const uint8_t addr[NADDR_LEN], const uint8_t pub[33])
{
	struct session *s = session_find(addr);

	if (s != NULL && s->state == SESSION_ESTABLISHED && s->extra->hold_ms == 0) {
		if (route_next(addr) != NULL) {
			session_emit(s, w);
			return;
		}
		route_seek(addr);
	}
	if (s == NULL) {
		s = session_add(addr, pub, SESSION_EV_WANT);
		shake_begin(s);
	}
	queue_push(s, w->buf + w->off, w->len);
	pipe_put(w);
}

void
session_output(struct work *w)
{
	uint8_t		*pkt = w->buf + w->off, head[IP6_HEAD] = { 0 };
	uint8_t		 addr[NADDR_LEN], pub[33];
	enum refusal	 why;

	memcpy(head, pkt, w->len < IP6_HEAD ? w->len : IP6_HEAD);
	why = destination(head, w->len, pub, addr);
	if (why != REFUSE_NONE) {
		refuse(why);
		if (why == REFUSE_IP_NOT_MESH || why == REFUSE_IP_UNKNOWN)
			session_complain(pkt, w->len,
			    why == REFUSE_IP_UNKNOWN ? 3 : 0, 0);
		pipe_put(w);
		return;
	}
	if (memcmp(addr, netd.addr, NADDR_LEN) == 0) {
		tun_write(pkt, w->len);
		pipe_put(w);
	} else if (fits(pkt, w->len, addr))
		send_or_wait(w, addr, pub);
	else
		pipe_put(w);
}
