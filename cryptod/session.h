/*
 * session.h -- every key of links and sessions, and handshakes under way.
 *
 * Two fixed tables in one locked area, made once. Outside this room a key is
 * a handle: 16 bits of index, 16 bits of generation, never 0, checked at
 * every use. Send counters are drawn here and nowhere else, so a pair of key
 * and nonce never comes twice, whatever netd asks.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdatomic.h>

#include "msg.h"
#include "noise.h"
#include "replay.h"

/* netd's, and those that it gave up while we were at them. */
#define HS_MAX			(HS_LINKS + HS_SESSIONS + 256)
/* Every peer may change its keys at once. */
#define LINK_MAX		(3 * PEER_SLOTS + HS_LINKS_ASKED)
#define INNER_MAX		4096
#define SESSION_PER_ADDR	4	/* current, pending, previous, one spare */

enum session_kind { SESSION_FREE, SESSION_LINK, SESSION_INNER };

/*
 * Several threads may work with one session. Its counter is drawn atomically;
 * whoever opens holds it while he does, so the window judges one frame at a time.
 */
struct session {
	struct noise_keys	 keys;
	struct replay		 window;
	_Atomic uint64_t	 sent;		/* next send counter */
	_Atomic uint64_t	 opened;	/* the higher, the later it opened a frame */
	atomic_flag		 held;
	uint8_t			 addr[ADDR_LEN];	/* of the key that proved itself */
	uint16_t		 gen;
	uint16_t		 next;		/* in its bucket, or in the free list */
	uint8_t			 kind;
};

struct handshake {
	struct noise	 noise;
	uint16_t	 gen;
	uint16_t	 next;
	uint8_t		 used;
};

/* Make the tables; fatal when memory cannot be had and locked. Once. */
void	session_init(void);

/* An empty handshake, or NULL when the table is full. */
struct handshake	*hs_new(void);
/* The handshake that hs names, or NULL. */
struct handshake	*hs_find(uint32_t hs);
uint32_t		 hs_handle(const struct handshake *);
/* Wipe it; its handle is dead. */
void			 hs_free(struct handshake *);

/*
 * Keys that a handshake yielded, for the node whose static key is pub.
 * The handle, or 0: no room, or that node has SESSION_PER_ADDR already.
 */
uint32_t	session_new(enum session_kind, const struct noise_keys *,
		    const uint8_t pub[PUB_LEN]);
/* The session that a handle names, or NULL; also when it is of another kind. */
struct session	*session_find(uint32_t handle, enum session_kind);
uint32_t	 session_handle(const struct session *);
/* Wipe it; its handle is dead. An unknown handle is ignored. */
void		 session_drop(uint32_t handle);

/*
 * A thread that works on packets does it between these two: no session comes or
 * goes meanwhile. Whoever makes or drops one waits for every thread to leave.
 */
void		 session_enter(void);
void		 session_leave(void);

/* Does a send counter remain? */
int		 session_can_send(const struct session *);
/* The next counter, which nobody gets again. -1: there is none. */
int		 session_count(struct session *, uint64_t *counter);

/* Nobody else opens with it until it is let go. */
void		 session_hold(struct session *);
void		 session_let_go(struct session *);

/* The inner sessions of a node, the one that opened a frame last first. How many. */
unsigned	 session_of(const uint8_t addr[ADDR_LEN],
		    struct session *out[SESSION_PER_ADDR]);
/* out[i] opened a frame: try it first next time. */
void		 session_opened(struct session *out[SESSION_PER_ADDR], unsigned i);

/* Slots in use, for tests and for what may be told. */
unsigned	 session_used(enum session_kind);
unsigned	 hs_used(void);

#endif
