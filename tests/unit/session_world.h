/*
 * session_world.h -- the session layer with everything around it faked: the test
 * plays cryptod, the link and the far node, and may forge what it likes.
 */
#ifndef SESSION_WORLD_H
#define SESSION_WORLD_H

#include <stdlib.h>
#include <string.h>

#include "../../netd/early.h"
#include "../../netd/ip6.h"
#include "../../netd/mesh.h"
#include "../../netd/names.h"
#include "../../netd/session_int.h"
#include "../../netd/tun.h"
#include "../../netd/udp.h"
#include "../../netd/way.h"
#include "suite.h"
#include "wire.h"

enum { SLOT_LEN = 20480 };	/* more than passes unread */

extern struct peer	 peer;
extern int		 has_link;
extern const uint8_t	*also;		/* another node that the link leads to; NULL: none */
extern uint16_t		 mtu;

/* What the node did. */
extern union msg_any	 asked;
extern enum msg_type	 asked_type;
extern unsigned		 nasked, ndropped_key, nplain, nframe, ntun;
extern uint32_t		 dropped_key;
extern unsigned		 ntype[256];	/* frames by inner type */
extern unsigned		 nphase[16];	/* handshake messages by phase */
extern uint8_t		 sent[2048], frame[SLOT_LEN], tun[4096];
extern size_t		 sent_len, tun_len;
extern struct work	 last;	/* the frame's */
extern struct work	 work[64];

extern int flow_kept;	/* one of every flow waits for its turn */

/* What went to cryptod to be opened again. */
extern struct work	*pushed[128];
extern unsigned		 npushed;
extern pipe_fn		 pushed_done;

extern int is_beyond;	/* the link leads to FAR, but is not its own */

extern struct coords	 own_place, far_place;	/* n 0: not known */
extern enum nexthop_why	 no_way;
extern unsigned		 nseek, nhearsay, nforget;
extern int		 believes;	/* what is said of the far node's place */
extern uint8_t		 sought[NADDR_LEN], hearsay_of[NADDR_LEN];
extern uint16_t		 told_mtu;

extern unsigned npass;
extern int may_pass;	/* what the link grants who brings something */
extern int crowded, marked;	/* is the way out so; was the last frame */

extern struct work *kept;

void	setup(void);
void	wait_ms(uint64_t ms);
/* A UDP packet of this length for the far node. */
void	packet_out(size_t len);

extern struct peer	*through;	/* who brings it; NULL: the far node */

void	datagram_in(const uint8_t *src, const uint8_t *dst, uint8_t ttl,
	    const void *payload, size_t len);
void	shake_in(uint8_t phase, uint8_t fill, const uint8_t *src);
/* A session frame of the far node in a slot, shut. */
struct work	*frame_of(const uint8_t *src, uint8_t type, const void *body, size_t len);
void	opens_with(struct work *w, uint32_t key);
/* A frame that cryptod opened with this key. */
void	frame_in(uint32_t key, uint8_t type, const void *body, size_t len);
/* One that it could not open. */
void	shut_in(const uint8_t *src, const void *body, size_t len);
unsigned	slots_out(void);
void	phase_sent(uint8_t phase);
void	give_msg1(void);
void	answer_msg1(void);
void	answer_msg3(uint32_t key, uint8_t epoch);
void	answer_msg2(void);
void	answer_up(uint32_t key, uint8_t epoch);
struct session	*established(uint32_t key);
/* Msg3 of a rekey of ours, from keys 100 to 101, goes out; nobody has to hear it. */
struct session	*rekeyed_unheard(void);
/* A packet a second until we begin a handshake: after how long, two minutes at most. */
uint64_t	asks_after_ms(void);

extern const uint8_t hello[13];

/* Data of the far node, UDP, from and to nowhere in particular. */
void	data_in(uint32_t key);

#endif
