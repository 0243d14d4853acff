/*
 * session.h -- end-to-end sessions (FSP, Noise XK; FIPS-WIRE 13).
 *
 * State, pending packets and timers; keys stay in cryptod. A session is named
 * by the remote node address. An inbound packet counts for a session only if
 * cryptod opened it with keys that were proven to belong to that address.
 */
#ifndef NETD_SESSION_H
#define NETD_SESSION_H

#include "link.h"
#include "netd.h"

struct session_keys {
	uint32_t	session;	/* cryptod's handle; 0: none */
	uint64_t	start_ms, start_wall_ms, used_ms;
	uint64_t	sent;
	uint8_t		initiator;
};

struct session {
	uint8_t		  state;	/* session.def */
	uint32_t	  handle;
	uint8_t		  addr[NADDR_LEN];
	uint8_t		  pub[33];
	char		  npub[NPUB_LEN + 1];
	uint8_t		  epoch[8];
	uint8_t		  k_bit, initiator;
	struct session_keys cur, pend, prev;
	uint64_t	  prev_until_ms;
	uint64_t	  born_ms, active_ms, data_ms;	/* any frame; data only */
	struct peer_stats stats;
	unsigned	  resends, warmup;	/* data packets that still carry coordinates */
	uint16_t	  path_mtu;		/* to the destination */
	struct session_extra *extra;		/* session.c's own */
};

/* Datagrams and their bytes, and the complaints that came for us. */
struct dgram_count {
	uint64_t	packets, bytes;
};
struct dgram_stats {
	struct dgram_count received, delivered, forwarded, originated;
	struct dgram_count malformed, worn, no_route, too_long, not_sent;
	uint64_t	coords_required, path_broken, mtu_exceeded;
};
extern struct dgram_stats dgram_stats;

void	 session_init(void);
uint64_t session_tick(void);
/* cryptod refused the request with this req: 1 if it was ours. */
int	 session_hs_no(uint32_t req, enum refusal);
struct session *session_next(struct session *);
/* NULL when the handle is stale. */
struct session *session_by_handle(uint32_t);
struct session *session_find(const uint8_t addr[NADDR_LEN]);
unsigned session_count(void);
const char *session_state_name(const struct session *);

/*
 * An IPv6 packet from this machine, whole, in w->buf + w->off, w->len, with
 * PIPE_HEAD bytes free before it. Checks, seals, sends or queues. Takes w.
 */
void	 session_output(struct work *w);
/*
 * The same for a piece of several packets, from packet *at on; at most max
 * slots are taken, and *at moves. 1: nothing is left of it; 0: call again when
 * there are slots.
 */
struct seg;
int	 session_output_run(const struct seg *, unsigned *at, unsigned max);
/*
 * A SessionDatagram (type byte 00 first) that arrived over p's link; link
 * layer open, session layer open if w->opened_inner. Local delivery, or on to
 * the next hop. Takes w. ce: the frame carried the congestion flag.
 */
void	 session_input(struct peer *p, struct work *w, int ce);
/* Both layers of w are open, frames before it are not: see link.c. Leaves w. */
void	 session_early(struct work *w, int may);
/* A peer's link came up, changed or went: routes may have changed. */
void	 session_link_changed(struct peer *p, int up);
/* A node that was looked for was found, or was not. */
void	 session_found(const uint8_t addr[NADDR_LEN]);
void	 session_lost(const uint8_t addr[NADDR_LEN]);
/* A frame with RING_SEAL is sealed and goes out. */
void	 session_sealed(const struct work *w);
/* How good the way to its other end is. */
struct mmp;
const struct mmp *session_mmp(const struct session *);
/* What an IPv6 packet to this destination may measure now. */
uint16_t session_ip6_mtu(const uint8_t addr[NADDR_LEN]);
int	 session_rekey_now(struct session *);
/* Packets that wait for a session: destinations and packets. */
void	 session_pending(unsigned *dests, unsigned *packets);

#endif
