/*
 * netd.h -- what the modules of netd share: settings, identity, time, doors,
 * counters. One process, one thread, one event loop; modules keep their own
 * state in their own file and meet through these headers.
 *
 * Who knows what:
 *	main.c	   boot, doors, sandbox, tick, stop
 *	pipe.c	   ring slots and completions
 *	udp.c	   sockets; datagrams in and out		     udp.h
 *	frame.c	   FMP outer header and small link messages (pure)   frame.h
 *	link.c ..  peers, link handshakes, link rekey, retry	     link.h
 *	mmp.c ..   how good a link or a session is (pure)	     mmp.h
 *	fsp.c	   FSP message codec (pure)			     fsp.h
 *	session.c ..  end-to-end sessions, rekey, pending packets    session.h
 *	mesh.c ..  tree, filters, look-ups, places		     mesh.h
 *	way.c	   the way to a node: next hop, place		     way.h
 *	route.c    next hops, remembered (pure)			     route.h
 *	tun.c, ip6.c  TUN; IPv6 shim, MSS, ICMPv6 (ip6.c pure)	     tun.h ip6.h
 *	names.c	   identity cache, aliases, hosts		     names.h
 *	dns.c	   the .fips responder				     dns.h
 *	resolve.c  host names of peers				     resolve.h
 *	carry.c	   TCP of the directory, to and from dird	     carry.h
 *	acl.c	   peers.allow, peers.deny			     acl.h
 *	control.c, show.c  the control socket			     control.h
 */
#ifndef NETD_H
#define NETD_H

#include <stdint.h>

#include "conf.h"
#include "ident.h"
#include "pipe.h"
#include "refuse.h"

#ifndef ME_NETD
#define ME_NETD
#endif
#include "doors.h"

struct event_base;

/* What waits for others' news is looked at again. */
enum { NETD_LOOK_MS = 1000 };

struct netd {
	struct event_base	*base;
	struct chan		 privd, cryptod, dird;
	uint64_t		 conf[CONF_NUM_MAX];	/* by enum conf_key */
	/* who we are */
	uint8_t			 pub[33];
	uint8_t			 addr[NADDR_LEN];
	uint8_t			 ip6[16];
	char			 npub[NPUB_LEN + 1];
	enum key_mode		 key_mode;
	uint32_t		 privd_pid;
	uint32_t		 aead, aead_from;	/* as cryptod chose */
	uint8_t			 workers;		/* cryptod's */
	char			 exe[256], control_path[256];
	/* time, read once for each turn of the loop */
	uint64_t		 now_ms, now_us;	/* monotonic */
	uint64_t		 start_ms;
	uint64_t		 tick_max_us;	/* the longest tick, by the clock */
	uint64_t		 slice_max_us;	/* what held packets up for longest */
	/* counters by reason, and what `show status` calls forwarding */
	uint64_t		 refused[REFUSE_MAX];
	uint64_t		 refusals;	/* but for what was our own */
	struct {
		uint64_t	 detected, ce_forwarded, ce_received, drops;
	}			 congestion;
	int			 stopping;
};
extern struct netd netd;

/* Something of our own went nowhere: whatever brought it about is not refused. */
static inline void
refuse_own(enum refusal why)
{
	netd.refused[why]++;
}

static inline void
refuse(enum refusal why)
{
	refuse_own(why);
	netd.refusals++;
}

/* Something became due then: the tick comes no later. */
void		netd_tick_by(uint64_t at_ms);
/* Monotonic milliseconds, read afresh into netd.now_ms; now_us is the same. */
uint64_t	netd_clock(void);
/* Work that is no packet's began at that time and is done: how long did it hold them up? */
void		netd_slice(uint64_t began_us);
/* ms, a little more: a tick looks at everybody, so what can wait waits together.
 * UINT64_MAX is never. */
static inline uint64_t
netd_grain(uint64_t ms)
{
	return ms == UINT64_MAX ? ms :
	    (netd.now_ms + ms + 7) / 8 * 8 - netd.now_ms;
}
static inline uint64_t
until(uint64_t due_ms)
{
	return due_ms > netd.now_ms ? due_ms - netd.now_ms : 0;
}
static inline uint64_t
sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}
/* Something becomes due so much later: the tick that is armed may be too late. */
static inline void
netd_tick_in(uint64_t ms)
{
	if (ms != UINT64_MAX)
		netd_tick_by(netd.now_ms + netd_grain(ms));
}
/* What a handshake's n-th resend waits for the next one. */
static inline uint64_t
netd_resend_ms(unsigned n)
{
	uint64_t ms = netd.conf[CONF_HS_RESEND];

	for (; n > 0 && ms < 3600000; n--)
		ms = ms * netd.conf[CONF_HS_BACKOFF] / 1000;
	return ms;
}
/* What frames carry as their time: not 0, which means none in an echo. */
static inline uint32_t
netd_stamp(uint64_t keys_start_ms, uint64_t at_ms)
{
	return (uint32_t)(at_ms - keys_start_ms + 1);
}
/* Wall clock, Unix milliseconds. */
uint64_t	netd_wall_ms(void);
/* From the kernel's generator. */
void		netd_random(void *, size_t);
uint32_t	netd_random_u32(void);
/* A fresh non-zero req for a message to cryptod. */
uint32_t	netd_req(void);

#endif
