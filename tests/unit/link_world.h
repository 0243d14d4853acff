/*
 * link_world.h -- a link with its neighbours faked: the test plays cryptod, the
 * wire, the mesh and the sessions.
 */
#ifndef LINK_WORLD_H
#define LINK_WORLD_H

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../netd/link_int.h"
#include "mesh.h"
#include "names.h"
#include "resolve.h"
#include "session.h"
#include "suite.h"
#include "udp.h"
#include "wire.h"

extern struct udp	 sock;
extern struct chan	 cryptod;
extern uint8_t		 sent[64][1300];
extern size_t		 sent_len[64];
extern unsigned		 nsent, ups, downs, datagrams, early;
extern int		 refuses_datagrams;	/* the session layer refuses each */
extern struct work	*lent[64];
extern pipe_fn		 lent_done[64];
extern unsigned		 nlent, sealed;
extern uint64_t		 tick_by;
extern unsigned		 spare;

/* Who waits for the name server: for a host that is no number. */
extern resolve_fn	 resolving;
extern void		*resolving_for;

/* What the kernel was told last. */
extern uint32_t	 told[UDP_SHUT_MAX];
extern enum udp_shut told_which;
extern unsigned	 ntold, tells;

/* The mesh: who is in it, and the last thing that was told to it. */
extern uint8_t	 mesh_type;
extern size_t	 mesh_len;
extern double	 mesh_cost_told;
extern unsigned	 names_learnt, mutes, voices;
extern struct endpoint	 met_at;	/* where the last one stood that came into it */
extern uint8_t	 voice_k_bit;	/* what it says to a peer that answers again has this bit */

extern const struct endpoint home;
extern const struct endpoint away;

/* Node n: key 02 n n n ...; ours is 0x50, so 0x20 is smaller and 0x80 larger. */
const uint8_t	*pub_of(uint8_t n);
const uint8_t	*addr_of(uint8_t n);
void	set_up(void);
/* The next message at cryptod's door; MSG_NONE when there is none. */
enum msg_type	heard(union msg_any *m);
void	expect(enum msg_type want, union msg_any *m);
int	is_quiet(void);
void	wire_in(const struct endpoint *from, const uint8_t *p, size_t n);
/* Message 1 number e from node index `sender`. */
void	msg1_in(const struct endpoint *from, uint8_t e, uint32_t sender);
/* A whole inbound handshake; 1 if it was let in with keys `session`. */
int	inbound(const struct endpoint *from, uint8_t e, uint8_t node, uint8_t epoch,
	    uint32_t session);
/* cryptod opens a frame that came for `index`: why says how that went. */
void	frame_in(const struct endpoint *from, uint32_t index, uint64_t counter,
	    uint8_t flags, const uint8_t *msg, size_t n, enum refusal why);
void	beat_in(const struct endpoint *from, uint32_t index, uint64_t counter);
/* A peer whose link stands. */
struct peer	*peer_up(uint8_t node, uint8_t e, uint32_t session);
void	later(uint64_t ms);
/* As later(), with the peer talking. */
void	later_alive(struct peer *p, uint64_t ms);
void	listen_in(void);
void	listen_end(char text[4096]);
void	msg2_in(const struct endpoint *from, uint32_t receiver, uint32_t session,
	    uint8_t epoch);
/* A dial of ours that has gone out to a configured peer. */
uint32_t	dial_out(uint8_t node);

#endif
