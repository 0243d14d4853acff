/*
 * pipe.h -- netd's end of the ring: slots, what rides with them, and who gets
 * the result.
 *
 * A slot is taken with pipe_get(), filled, and either lent with pipe_push()
 * (its `done` is called later, once, in order, with the checked answer) or
 * given back with pipe_put(). After `done` returns the slot is free again,
 * unless done called pipe_keep(). All pointers into a slot are netd's own
 * shared memory: cryptod may still write there, so headers that decide
 * anything are copied before they are checked.
 */
#ifndef NETD_PIPE_H
#define NETD_PIPE_H

#include <stddef.h>
#include <stdint.h>

#include "refuse.h"
#include "ring.h"

/* Where a datagram came from or goes to; comparable with memcmp. */
struct endpoint {
	uint8_t		transport;	/* number of the UDP socket */
	uint8_t		family;		/* 4 or 6; 0: none */
	uint16_t	port;		/* host order */
	uint32_t	scope;		/* IPv6 link-local zone, else 0 */
	uint8_t		ip[16];		/* IPv4 in the first four bytes */
};

struct work;
typedef void (*pipe_fn)(struct work *);

struct work {
	/* the caller's, untouched by pipe.c */
	struct endpoint	 ep;		/* datagram source (OPEN) or target (SEAL) */
	uint32_t	 peer;		/* peer handle, see link.h; and whose worker does it */
	uint32_t	 sess;		/* netd session handle, see session.h */
	uint64_t	 at_ms, at_us;	/* when it was made; when it was received */
	uint8_t		 kind;		/* caller's own */
	uint8_t		 urgent;	/* may go past what waits; and whether it did */
	uint8_t		 flow;		/* its packet's; 0: it has none */
	pipe_fn		 early;		/* OPEN, urgent: see pipe_push() */
	uint8_t		 given;		/* a copy of its packet went early */
	/* the frame: set before pipe_push(), updated before done() */
	uint8_t		*buf;		/* the whole slot */
	uint16_t	 off;		/* frame starts at buf + off */
	uint32_t	 len;
	uint16_t	 inner, body;
	uint32_t	 link_key, session_key;	/* cryptod's handles */
	/* the answer */
	int		 opened_inner;	/* the session layer is open too */
	enum refusal	 why;		/* REFUSE_NONE when it worked */
	/* pipe.c's */
	uint32_t	 slot;
	uint8_t		 op, taken, lent, lane, counted, small;
	uint32_t	 turn;		/* after so many that were not urgent */
	struct work	*next;		/* open before its turn, too */
	pipe_fn		 done;
};

/* What may be urgent is short: it takes little of the time of others. */
#define PIPE_SMALL	512

/* The flow of a packet that may be of any. */
#define PIPE_ANY	UINT8_MAX

/* Room kept in front of a frame for headers, coordinates included. */
#define PIPE_HEAD	512

/* One lane more, of one more worker of cryptod. Every flow keeps to one. */
void		 pipe_lane(const int fds[3]);
/* NULL and a RING_FULL count when every slot is out. off is PIPE_HEAD. */
struct work	*pipe_get(void);
void		 pipe_put(struct work *);
/*
 * 0 lent, -1 the queue is full: the slot was given back, RING_FULL counted.
 *
 * Some urgent ones at a time go past all others. What is sealed leaves as it
 * was sealed: such a one never passes its own flow. What is opened is done in the
 * order in which it was pushed: who is open before its turn is shown to `early`,
 * which gives nothing back but says whose flow it is, and is done when it is its
 * turn. What is small is shown or done in the order in which it was pushed.
 */
int		 pipe_push(struct work *, enum ring_op, pipe_fn done);
/* Was one of this flow shown, and not `given`, whose turn is still to come? */
int		 pipe_is_kept(uint8_t flow);
/* In done(): keep the slot; the caller will push or put it. */
void		 pipe_keep(struct work *);
/*
 * Count this slot as of this source until it is given back: how a source of packets
 * bounds what it has under way.
 */
enum pipe_source { PIPE_OTHER, PIPE_TUN, PIPE_SOURCES };
void		 pipe_count(struct work *, enum pipe_source);
unsigned	 pipe_counted(enum pipe_source);
/* How many are being sealed, and opened, not urgent. */
unsigned	 pipe_sealing(void);
unsigned	 pipe_opening(void);
/* Bytes a slot can take from off on, tags not counted. */
size_t		 pipe_room(const struct work *);
/* After a batch of pushes: wake cryptod if it sleeps. */
void		 pipe_flush(void);
/* In the middle of a batch: the same, if somebody waits for one of them. */
void		 pipe_hurry(void);
/* Slots that reading leaves for what this node itself has to say. */
enum { PIPE_SPARE = 16 };
/* Slots that are not out, and all of them. */
unsigned	 pipe_free(void);
unsigned	 pipe_slots(void);

#endif
