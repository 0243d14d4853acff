/* session_int.h -- between the session files only. */
#ifndef NETD_SESSION_INT_H
#define NETD_SESSION_INT_H

#include "frame.h"
#include "fsm.h"
#include "fsp.h"
#include "mmp.h"
#include "quota.h"
#include "session.h"
#include "session_decide.h"
#include "session_mtu.h"

enum {
	SESSION_MAX = 1024,
	SESSION_DRAIN_MS = 10000,
	SESSION_CUT_MS = 2000,		/* from Msg3 to the first use of new keys, at most */
	SESSION_HOLD_MS = 10,		/* the far cryptod reads Msg3 meanwhile */
	SESSION_MSG3_MS = 2500,		/* data waits for a Msg3 that long: a resend, */
	SESSION_MSG3_AGAIN_MS = 10000,	/* and not again before that */
	SESSION_ROUND_MS = 500,		/* there and back, while nobody measured it */
};

#define NEVER	UINT64_MAX

enum session_state {
#define STATE(NAME, name)	SESSION_##NAME,
#include "session.def"
	SESSION_NSTATE
};
enum session_event {
#define EVENT(NAME)	SESSION_EV_##NAME,
#include "session.def"
	SESSION_NEVENT
};
enum shake_state {
#define STATE(NAME)	SHAKE_##NAME,
#include "shake.def"
	SHAKE_NSTATE
};
enum shake_event {
#define EVENT(NAME)	SHAKE_EV_##NAME,
#include "shake.def"
	SHAKE_NEVENT
};

struct shake {
	uint8_t		 state;			/* shake.def */
	uint8_t		 again;			/* theirs: begun after an Ack to ours */
	uint8_t		 looked;		/* theirs: its Ack has asked for a way */
	uint8_t		 addr[NADDR_LEN];
	struct session	*s;			/* ours: the session it is for */
	uint32_t	 req, hs;
	uint32_t	 link;			/* theirs: link peer that brought the Setup */
	uint32_t	 via;			/* link peer that brought what is read */
	uint32_t	 key;			/* ours, MSG3: keys to be confirmed */
	uint8_t		 noise[FSP_MSG2];	/* Setup's or Ack's: sent anew, as places change */
	uint8_t		 first[FSP_MSG1];	/* theirs: to know a repeated Setup */
	uint8_t		 sent[FSP_SHAKE_MAX];	/* Setup, Ack or Msg3, to send again */
	uint16_t	 sent_len;
	unsigned	 resends;
	uint64_t	 born_ms, next_ms, until_ms;
	uint64_t	 said_ms;		/* when it last had a way; 0: never */
	uint64_t	 sealed_ms;		/* ours: the other side's last data; 0: none */
};

/* How much a session matters to this machine. */
enum session_use {
	USE_NONE,			/* it never sent anything here */
	USE_ANSWERED,			/* the other side spoke first */
	USE_ASKED,
};

struct session_extra {
	struct shake	*out;		/* our handshake, if one is under way */
	struct session	*next;		/* in its bucket */
	uint16_t	 qhead, qtail, qlen;	/* session_queue.c */
	uint64_t	 hold_ms;	/* data waits until then; 0: no */
	uint64_t	 doubt_ms;	/* a Setup last made it wait; 0: never */
	uint64_t	 unheard_ms;	/* first frame sent since we last heard; 0: none */
	uint64_t	 heard_cur_ms;	/* last frame under the current keys */
	uint64_t	 tried_ms;	/* last handshake begun because of silence */
	uint64_t	 rekey_after_ms;	/* of the current keys, jitter included */
	uint64_t	 their_rekey_ms;	/* 0: never */
	uint64_t	 proved_ms;	/* their Msg3 last gave keys; 0: never */
	uint64_t	 probed_ms;	/* last empty frame under pending keys */
	uint64_t	 warmed_ms;	/* last said where both ends are, unasked or asked; 0: never */
	struct quota	 heed;		/* complaints that our packets answer */
	struct quota	 told;		/* warm-ups of theirs that we answer */
	struct path_mtu	 mtu;
	struct path_seen seen;
	struct mmp	 mmp;
	uint64_t	 log_ms;	/* next line about it */
	uint8_t		 use;		/* enum session_use */
	uint8_t		 is_behind;	/* it speaks under the old keys, and never did under ours */
};

/* session.c */
struct session	*session_add(const uint8_t addr[NADDR_LEN], const uint8_t pub[33],
		    enum session_event);
void		 session_del(struct session *);
int		 session_step(struct session *, enum session_event);
/* An FSP message in the clear, in a datagram of ours. 0, or -1 counted. */
int		 session_send_plain(const uint8_t dst[NADDR_LEN], const void *, size_t);
/* The same by this peer, whatever we know of the way. */
int		 session_send_by(struct peer *, const uint8_t dst[NADDR_LEN],
		    const void *, size_t);
/*
 * Our place in the tree, and theirs as far as we know it: for CP and handshakes.
 * When theirs is not known ours stands in its place, as the reference does.
 * Good until the next call.
 */
void		 session_coords(const uint8_t dst[NADDR_LEN], struct fsp_coords *ours,
		    struct fsp_coords *theirs);
int		 session_is_smaller(const uint8_t addr[NADDR_LEN]);

/* session_hs.c: handshakes in both roles */
void		 shake_begin(struct session *);
/* May others make us begin one? The last half of the places is for our own wishes. */
int		 shake_is_roomy(void);
/* Forget it; cryptod forgets it too. NULL is fine. */
void		 shake_drop(struct shake *);
void		 shake_input(struct peer *, const struct fsp_dgram *,
		    const uint8_t *, size_t);
/* A frame opened with this key: our Msg3 has arrived. */
void		 shake_confirm(struct session *, uint32_t key);
/* The other side sends data, whoever can open it. NULL is fine. */
void		 shake_saw_data(struct shake *);
/* Send a waiting Setup again now: a way has opened. */
void		 shake_hurry(struct shake *);
/* Nobody answers whatever we send: the end of a Msg3 comes sooner. NULL is fine. */
void		 shake_hasten(struct shake *);
/* The way to this address is another: what waits for Msg3 answers again. */
void		 shake_found(const uint8_t addr[NADDR_LEN]);
/* Their Msg3 for this address never came, or is just being read. */
int		 shake_is_half_open(const uint8_t addr[NADDR_LEN]);
/* cryptod is at a Msg3 for this address. */
int		 shake_is_reading(const uint8_t addr[NADDR_LEN]);
uint64_t	 shake_tick(void);

/* session_hold.c: frames that came before their keys */
/* A frame of this node, whose session that is or NULL: shut, or open under keys
 * that we know or shall. 1: w is taken, for keys or for its turn; 0: it stays
 * the caller's. */
int		 hold_take(const struct session *, const uint8_t addr[NADDR_LEN],
		    struct work *, int ce);
/* Do frames of this node wait for their turn? */
int		 hold_is_before(const uint8_t addr[NADDR_LEN]);
/* A Msg3 of this node gave keys, or its handshake is over. */
void		 hold_release(const uint8_t addr[NADDR_LEN], int proved);

/* session_rekey.c: which keys count */
void		 session_take_keys(struct session *, uint32_t key,
		    const uint8_t epoch[8], enum keys_role);
/* A frame opened with this handle: -1 when it is none of the session's. */
int		 session_heard(struct session *, uint32_t key);
/* Data waits while they are in doubt. */
void		 session_hold_data(struct session *);
/* Data that waits goes at the next tick. */
void		 session_let_go(struct session *);
/* The last resend of Msg3 is long gone. */
void		 session_unconfirmed(struct session *);
void		 session_drop_key(uint32_t key);
uint64_t	 session_rekey_tick(struct session *);

/* session_data.c: frames under session keys, out */
void		 session_emit(struct session *, struct work *);
/* Its next packets tell nodes on the way again where both ends are. */
void		 session_warm(struct session *);
/* The flow of a packet, for pipe.h. */
uint8_t		 session_flow(const uint8_t *pkt, size_t len);
int		 session_send_inner(struct session *, int pending, uint8_t type,
		    const void *body, size_t);

/* session_mmp.c */
void		 session_mmp_begin(struct session *);
/* A last line about a session that goes. */
void		 session_mmp_end(const struct session *);
/* w->kind of an inner message. */
uint8_t		 session_mmp_kind(uint8_t type);
/* A frame opened under the current keys. */
void		 session_mmp_received(struct session *, const struct work *,
		    const struct fsp_inner *, int ce);
/* 0, or -1: too short. */
int		 session_mmp_report(struct session *, const struct fsp_inner *,
		    int current);
uint64_t	 session_mmp_tick(struct session *);

/* Positions in a frame: a datagram, and what it carries. */
enum { AT_DGRAM = FRAME_BODY_OFF, AT_FSP = AT_DGRAM + FSP_DGRAM };

/* One more of this kind; len is from its header on. */
static inline void
dgram_count(struct dgram_count *c, size_t len)
{
	c->packets++;
	c->bytes += len;
}

/* One that goes nowhere. */
static inline void
dgram_drop(struct work *w, enum refusal why, struct dgram_count *c)
{
	refuse(why);
	dgram_count(c, w->len > AT_DGRAM ? w->len - AT_DGRAM : 0);
	pipe_put(w);
}

/* session_in.c: both layers of w are open. Takes w. */
void		 session_data(struct session *, const struct fsp_dgram *,
		    struct work *, int ce);

/* session_out.c */
enum { SESSION_TCP_HEADS = 60 };	/* IPv6 and TCP, for the MSS */
/* Frame size that reaches addr; the session may be NULL. */
uint16_t	 session_frame_limit(const uint8_t addr[NADDR_LEN],
		    const struct session *);
/* An ICMPv6 error about pkt to this machine's kernel; rate limited. */
void		 session_complain(const uint8_t *pkt, size_t, uint8_t code, uint32_t mtu);

/* session_transit.c: datagrams for others, complaints */
void		 session_transit(struct peer *, struct work *, struct fsp_dgram *, int ce);
void		 session_signal(const struct peer *, const uint8_t *, size_t);

/* session_queue.c */
void		 queue_init(void);
void		 queue_push(struct session *, const uint8_t *, size_t);
/* Send all of it, the rest a little later when slots run out; or tell the kernel
 * that it cannot be. */
void		 queue_flush(struct session *);
void		 queue_fail(struct session *);

#endif
