/*
 * link.h -- peers and the encrypted links to them (FIPS-WIRE 4-6).
 *
 * link.c owns peers, handshakes in both roles, heartbeats, link-dead, rekey,
 * retry and the dispatch of link messages. It holds handles of keys, never
 * keys. Peers live in a fixed table; a handle is index and generation.
 */
#ifndef NETD_LINK_H
#define NETD_LINK_H

#include "netd.h"

/* One set of keys of a link. A peer has a current one, and may have a pending
 * (rekey or restart not yet confirmed) and a previous one (draining). */
struct link_keys {
	uint32_t	session;	/* cryptod's handle; 0: none */
	uint32_t	our_index;	/* the peer sends us frames with this */
	uint32_t	their_index;
	uint64_t	start_ms;	/* frames carry ms since this */
	uint64_t	sent;		/* frames sealed */
	uint64_t	highest;	/* highest counter that authenticated */
	uint8_t		initiator;	/* our role in this handshake */
	uint8_t		proven;		/* the peer has shown that it holds them too */
	uint8_t		heard;		/* a frame opened under them; highest counts */
};

/* What w->kind may say of a frame that goes out. */
enum {
	WORK_REPORT = 1,		/* a link report, or as good as one */
	WORK_INNER_REPORT = 2		/* a session report */
};

struct peer_stats {
	uint64_t	packets_sent, packets_recv, bytes_sent, bytes_recv;
};

enum peer_state { PEER_FREE, PEER_ACTIVE };

struct peer {
	enum peer_state	  state;
	uint32_t	  handle;
	uint8_t		  pub[33];	/* real parity once a handshake proved it */
	uint8_t		  addr[NADDR_LEN];
	char		  npub[NPUB_LEN + 1];
	uint8_t		  epoch[8];
	struct endpoint	  ep;		/* where its last authenticated frame came from */
	int		  conf;		/* number in the configuration, or -1 */
	uint8_t		  outbound;	/* direction of the handshake that won */
	uint8_t		  k_bit;	/* key-epoch flag we send */
	uint8_t		  in_mesh;	/* proven, and told to the mesh; mesh.c's */
	uint8_t		  mute;		/* does not answer; ways lead round it */
	uint32_t	  link_id;	/* for people; grows */
	struct link_keys  cur, pend, prev;
	uint64_t	  up_ms, up_wall_ms, seen_ms;	/* established; last authentic frame */
	uint64_t	  prev_until_ms;
	struct peer_stats stats;
	unsigned	  decrypt_fail;	/* in a row */
	uint64_t	  replays;
	uint64_t	  recv_bad;	/* authentic messages that it should not have sent */
	uint64_t	  dgram_bad;	/* datagrams it brought, whoever's, that we refused */
	uint64_t	  unopened;	/* frames dropped for that, or beyond its share */
	struct link_extra *extra;	/* link.c's own: rekey state, timers, chains */
};

/* Peers, in no order: for (p = NULL; (p = peer_next(p)) != NULL; ) */
struct peer	*peer_next(struct peer *);
struct peer	*peer_find(const uint8_t addr[NADDR_LEN]);
/* The same of one who has shown that it is there: who only knocked may be nobody. */
static inline struct peer *
peer_find_proven(const uint8_t addr[NADDR_LEN])
{
	struct peer *p = peer_find(addr);

	return p != NULL && p->cur.proven ? p : NULL;
}
/* NULL when the handle is stale. */
struct peer	*peer_by_handle(uint32_t);
unsigned	 peer_count(void);
/* A peer is a slot below PEER_SLOTS for as long as it lives. */
struct peer	*peer_slot(unsigned);
unsigned	 peer_slot_of(const struct peer *);
/* Every peer's slot is below this, by the settings: the mesh has that many places. */
unsigned	 peer_most(void);

/* Life of the module. link_start() dials the configured peers. */
void	link_init(void);
void	link_start(void);
/* From the configuration, before link_start(). host: literal or name. */
void	link_conf_peer(unsigned n, const uint8_t pub[32], int auto_connect,
	    int auto_reconnect);
void	link_conf_addr(unsigned n, const char *host, uint16_t port,
	    uint8_t priority);
/* cryptod refused the request with this req: 1 if it was ours. */
int	link_hs_no(uint32_t req, enum refusal);
/* Anything due now; answers in how many ms it wants to be called again. */
uint64_t link_tick(void);
/* Send Disconnect(Shutdown) to every peer. */
void	link_stop(void);

/*
 * Datagram from a socket, in w->buf + w->off, w->len, from w->ep. Takes w. raw is
 * where the same bytes stand, or stood before they were put into the slot.
 */
void	link_input(struct work *w, const uint8_t *raw);

/* UDP payload limit of the way to p. */
uint16_t link_mtu(const struct peer *);
/*
 * A datagram of p to pass on that nobody answers: 1, or 0 when it is too much.
 * Only while we are busy; then nothing of p is opened for a moment.
 */
int	link_may_pass(struct peer *p);
/*
 * Send one link message, type byte first. 0, or -1 (counted): no keys, too
 * long, no slot.
 */
int	link_send(struct peer *, const void *msg, size_t len);
/*
 * The same for a frame that is built in a slot already: w->off is the start of
 * the frame, the link message stands at off + 20, w->len = end of the
 * plaintext, and for SEAL inner, body, session_key are set. Fills the header
 * and the timestamp, picks the key, pushes, sends. Takes w. ce: congestion flag.
 */
int	link_send_work(struct peer *, struct work *w, enum ring_op, int ce);

/* People's requests. ip is a literal; errors are static text. */
const char *link_connect(const uint8_t pub[32], const char *host, uint16_t port,
	    int conf);
/* 0, -1 no such peer. Sends Disconnect(ConfigurationChange); not dialled again. */
int	link_disconnect(const uint8_t pub[32]);
/* Force a rekey now (tests and drills through the control socket). -1: not possible. */
int	link_rekey_now(struct peer *);

/* -- how good a link is (link_mmp.c) -- */
struct mmp;
const struct mmp *link_mmp(const struct peer *);

/* -- congestion (link_congest.c) -- */
/* Does the way out to p, or a socket of ours, lose frames? */
int	link_congested(const struct peer *);
/* CE of a frame that is passed on to p; ce: of the frame as it came. Counts. */
int	link_mark(const struct peer *, int ce);

/* For `show`. */
struct link_view {			/* a handshake under way */
	uint32_t	link_id;
	int		outbound;
	const char	*state;		/* "initial", "sent_msg1", ... */
	uint64_t	started_wall_ms, idle_ms;
	unsigned	resends;
	int		has_pub;
	uint8_t		pub[32];
	struct endpoint	ep;
};
/* i-th handshake; -1 past the end. */
int	link_view(unsigned i, struct link_view *);
struct link_retry {			/* a dial that waits */
	uint8_t		pub[32];
	unsigned	count;
	uint64_t	after_ms;	/* from now */
	int		reconnect;
};
int	link_retry_view(unsigned i, struct link_retry *);

#endif
