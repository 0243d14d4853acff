/*
 * link_int.h -- what the files of the link share.
 *
 *	link.c		datagrams in, link messages out
 *	link_peer.c	the table of peers, and how to find one
 *	link_life.c	heartbeats, dead peers, the end of a peer
 *	link_hs.c	handshakes: rows, machine, clock
 *	link_dial.c	handshakes that we begin
 *	link_answer.c	handshakes that others begin
 *	link_up.c	from finished handshakes to peers
 *	link_rekey.c	a peer's next keys
 *	link_retry.c	dialling, and dialling again
 *	link_mute.c	peers that say nothing any more
 *	link_shut.c	peers that we do not hear for a moment
 *	link_mmp.c	how good a link is: reports out and in
 *	link_congest.c	when frames that are passed on are marked
 *	link_rate.c	token buckets (pure)
 *	link_seen.c	message 1s that were answered already (pure)
 *	link_decide.c	who gets in, which of two handshakes stays (pure)
 */
#ifndef NETD_LINK_INT_H
#define NETD_LINK_INT_H

#include "frame.h"
#include "fsm.h"
#include "link.h"
#include "link_decide.h"
#include "link_rate.h"
#include "link_seen.h"
#include "mmp.h"
#include "quota.h"

enum {
	LINK_PEER_MAX = PEER_SLOTS,
	LINK_PEER_KEPT = 64,		/* of these at least, for configured peers */
	LINK_HS_MAX = HS_LINKS,
	LINK_DIALS_MAX = LINK_HS_MAX / 2,	/* of the configuration */
	LINK_MUTE_MAX = LINK_HS_MAX / 8,	/* new keys, for a mute peer to ask */
	LINK_ASKED_MAX = HS_LINKS_ASKED,	/* questions that cryptod has not answered */
	LINK_ASK_MS = 5000,		/* it has this long */
	LINK_DRAIN_MS = 10000,		/* old keys still open frames this long */
	LINK_DAMPEN_MS = 30000,		/* no rekey of ours this long after theirs */
	LINK_REKEY_AGE_MS = 31000,	/* the reference ignores a rekey at less than 30 s */
	LINK_JITTER_S = 15,
	LINK_TRIES_MAX = 16,		/* message 2s read for one of ours, of each kind */
	LINK_BAD_MAX = 20,		/* undecryptable frames in a row */
	LINK_MESH_MAX = 2048,		/* tree, filter and look-up messages end before */
	/* Messages of a peer about the link and the mesh, and how many bad ones of
	 * them we look at; then nothing of it is opened for a moment. */
	LINK_SAID_BURST = 1000, LINK_SAID_PER_MIN = 30000,
	LINK_BLAME_BURST = 1000, LINK_BLAME_PER_MIN = 60000,
	LINK_ONEWAY_BURST = 1000, LINK_ONEWAY_PER_MIN = 120000,
	LINK_SHUT_MS = 50, LINK_TOLD_MAX = 16, LINK_BUSY_MS = 200,
	/* A queue that does not empty only delays: while there were never fewer
	 * than that many frames of a peer, one is dropped each time it has been so
	 * this long, and who sends too fast slows down. */
	LINK_BEHIND = 64, LINK_BEHIND_MS = 5, LINK_LARGE = 512,
	LINK_QUESTION_MS = 500,		/* between questions to a silent peer */
	LINK_QUESTION_MAX_MS = 3000,	/* heartbeats closer than that are questions */
	LINK_NEVER = 60000		/* a tick that has nothing due, ms */
};

enum hs_state {
#define STATE(NAME)	HS_##NAME,
#include "link.def"
	HS_NSTATE
};
enum rekey_state {
#define STATE(NAME)	REKEY_##NAME,
#include "rekey.def"
	REKEY_NSTATE
};

/* A peer's other half: what no other module needs to see. */
struct link_extra {
	uint8_t		rekey;		/* rekey.def */
	uint8_t		held_is_restart;
	uint16_t	addr_next, ep_next;	/* hash chains, slot + 1 */
	uint8_t		held_epoch[8];
	uint8_t		old_epoch[8];	/* of the run before this one */
	int64_t		jitter_ms;
	uint64_t	beat_ms;	/* next heartbeat */
	uint64_t	dampen_until_ms;
	uint64_t	bad_ms;		/* first of the bad frames in a row */
	struct bucket	bucket;		/* its message 1s */
	struct quota	oneway;		/* what it brings for others who never answer */
	struct quota	said, blame;	/* its other messages; those to blame it for */
	uint64_t	shut_until_ms;	/* its frames are not opened until then */
	uint8_t		told;		/* and the kernel was told */
	unsigned	opening;	/* its frames that are with cryptod */
	uint64_t	behind_ms;	/* since when they are too many; 0: they are not */
	struct mmp	mmp;
	unsigned	reported;	/* receiver reports sent, up to a few */
	/* link_mute.c: since we last heard it */
	uint64_t	want_ms;	/* first frame that it should answer; 0: none */
	uint64_t	ask_ms;		/* next question */
	unsigned	asked;		/* questions sent */
	uint64_t	anew_ms;	/* no handshake to bring it back before */
	uint64_t	beat_heard_ms;	/* its last heartbeat; 0: never */
	uint64_t	log_ms;		/* next line about it */
};

struct hs {
	uint8_t		state;		/* link.def */
	uint8_t		outbound, has_index, has_pub, known;	/* known: no limit */
	uint8_t		tries[2];	/* message 2s read: from elsewhere, from ep */
	enum link_act	act;		/* what ANSWER is for */
	uint32_t	req;		/* of the question to cryptod; 0: none */
	uint32_t	noise_hs;	/* cryptod's handle; 0: none */
	uint32_t	our_index, their_index, link_id;
	uint32_t	rekey_of;	/* handle of the peer it renews; 0: none */
	int		conf;		/* configured peer, or -1 */
	struct endpoint	ep;		/* the other side */
	uint8_t		pub[33], addr[NADDR_LEN], epoch[8];
	uint8_t		frame[FRAME_MSG1_LEN];	/* message 1 */
	uint64_t	started_ms, started_wall_ms;
	uint64_t	ask_until_ms, next_ms;	/* cryptod's time; next resend */
	unsigned	resends;
	struct endpoint	answer_ep;	/* where message 2 came from */
};

/* -- link_peer.c ---------------------------------------------------------- */
/* A zeroed peer for this key, findable; NULL when the table is full. */
struct peer	*peer_new(const uint8_t pub[33], const uint8_t addr[NADDR_LEN]);
void		 peer_free(struct peer *);
/* The peer whose frames come from there, or NULL. */
struct peer	*peer_at(const struct endpoint *);
void		 peer_move(struct peer *, const struct endpoint *);
/* No room for this node? Peers of the configuration find room when others do not. */
int		 peer_is_full(const uint8_t addr[NADDR_LEN]);
/* Warn of settings that ask for more places than there are. */
void		 peer_say_limits(void);
/* Who has to go for it: one who only knocked, and long enough ago. NULL: nobody. */
struct peer	*peer_in_place_of(const uint8_t addr[NADDR_LEN]);

/* Index: 32 random bits that name keys or a handshake of ours on the wire. */
enum index_kind { INDEX_NONE, INDEX_PEER, INDEX_HS };
/* 0, or -1 when the table is full. */
int		 index_new(enum index_kind, unsigned slot, uint32_t *index);
void		 index_give(uint32_t index, enum index_kind, unsigned slot);
void		 index_del(uint32_t index);
enum index_kind	 index_get(uint32_t index, unsigned *slot);
/* All that are in use: so many, or more than max and none of them told. */
unsigned	 index_all(uint32_t *index, unsigned max);
uint32_t	 link_id_new(void);

/* Forget a set of keys: index at once, cryptod a moment later, so that what
 * the ring still holds (a Disconnect, say) goes out. Zeroes *k. */
void		 keys_drop(struct link_keys *);
/* Sends what is due; ms until the next. */
uint64_t	 keys_tick(void);
void		 session_forget(uint32_t session);

/* -- link_life.c ---------------------------------------------------------- */
void		 link_beat(struct peer *);
/* A peer that is gone for now; dialled again if it is one to dial. */
void		 peer_lose(struct peer *);
/* Its keys are proven: the link stands. */
void		 peer_proven(struct peer *);
/* Some run of it has proven itself: no dial waits or goes on for it. */
void		 peer_met(struct peer *);
const char	*peer_display(const uint8_t addr[NADDR_LEN]);
extern const struct rate peer_rate;

/* -- link_hs.c, link_dial.c, link_answer.c -------------------------------- */
void		 hs_msg1(const struct work *, const struct frame *, const uint8_t *);
void		 hs_msg2(const struct work *, const struct frame *, unsigned slot,
		    const uint8_t *);
/* A handshake of ours towards ep; of the configuration if hs_may_dial(). 0, or -1
 * counted. */
int		 hs_dial(const uint8_t pub33[33], const uint8_t addr[NADDR_LEN],
		    const struct endpoint *, int conf, uint32_t rekey_of);
/* Is there room for one more of the configuration? */
int		 hs_may_dial(void);
/* Or for one more that asks a mute peer? */
int		 hs_may_ask_mute(void);
/* Is one of ours under way to this node? */
int		 hs_is_dialling(const uint8_t addr[NADDR_LEN]);
int		 hs_is_dialling_to(const struct endpoint *);
/* End all of ours to this node, or all that renew this peer. */
void		 hs_end_dials(const uint8_t addr[NADDR_LEN]);
void		 hs_end_rekey(uint32_t peer);
/* Resends left? 0 when there is no such handshake. */
int		 hs_rekey_alive(uint32_t peer);
uint64_t	 hs_tick(void);

/* -- link_up.c ------------------------------------------------------------ */
/* What to do with a message 1 whose sender is known. Logs and counts a refusal. */
enum link_act	 up_decide(const struct hs *);
/* May we begin one with this key? Logs and counts a refusal. */
int		 up_permits(const uint8_t pub33[33], const struct endpoint *,
		    const char *context);
/* These two take the session and the index of a handshake that is done. */
void		 up_answered(const struct hs *, uint32_t session);
void		 up_dialled(const struct hs *, uint32_t session,
		    const uint8_t epoch[8]);
/* The peer runs anew and has proved it. */
void		 up_restarted(struct peer *, const uint8_t epoch[8],
		    const char *text);

/* -- link_lost.c ---------------------------------------------------------- */
/* This peer was silent for too long, and goes. */
void		 lost_note(const struct peer *);
/* FRAME_K, 0 or 1, of what we send first on a link that this run of a node begins. */
uint8_t		 lost_first_k_bit(const uint8_t addr[NADDR_LEN], const uint8_t epoch[8]);

/* -- link_rekey.c --------------------------------------------------------- */
void		 rekey_fresh(struct peer *);
int		 rekey_begin(struct peer *);
int		 rekey_offer(struct peer *, const struct link_keys *, const struct hs *);
/* Message 2 came; anew: from a process that did not know the keys before. */
void		 rekey_done(struct peer *, const struct link_keys *, int anew);
/* A frame opened under the held keys; k_bit is what it carried. */
void		 rekey_proof(struct peer *, int k_bit);
void		 rekey_drop(struct peer *);
uint64_t	 rekey_tick(struct peer *);
/* Replace the current keys, which go on opening frames for a while. */
void		 keys_replace(struct peer *, const struct link_keys *);

/* -- link_mmp.c ----------------------------------------------------------- */
void		 link_mmp_begin(struct peer *);
/* A last line about a peer that goes. */
void		 link_mmp_end(const struct peer *);
/* w->kind of a link message. */
uint8_t		 link_mmp_kind(const struct peer *, uint8_t type);
/* A frame was sealed, was opened, under the current keys. */
void		 link_mmp_sent(struct peer *, const struct work *);
void		 link_mmp_received(struct peer *, const struct work *, size_t frame_len);
/* 0, or -1: too short. */
int		 link_mmp_report(struct peer *, const uint8_t *msg, size_t len);
uint64_t	 link_mmp_tick(struct peer *);

/* -- link_mute.c ---------------------------------------------------------- */
/* A frame that is worth an answer went out; an authentic frame came in. */
void		 mute_sent(struct peer *);
void		 mute_heard(struct peer *);
/* Is this message a question whether we are there? Told of each one, once. */
int		 mute_is_question(struct peer *, uint8_t type);
uint64_t	 mute_tick(struct peer *);

/* -- link_shut.c ---------------------------------------------------------- */
/* From now on nothing of it is opened, for LINK_SHUT_MS at most. */
void		 shut_begin(struct peer *);
int		 shut_is(const struct peer *);
/* A frame of it came nevertheless, by that transport. */
void		 shut_count(struct peer *, unsigned transport);
/* Something came that is no frame of anybody's. */
void		 shut_junk(unsigned transport, enum refusal);
/* From now on there is one more index that frames may carry. */
void		 shut_index_new(void);
uint64_t	 shut_tick(void);

/* -- link_congest.c ------------------------------------------------------- */
uint64_t	 congest_tick(void);

/* -- link_retry.c --------------------------------------------------------- */
/* No handshake of ours to this node is left, and none came through. */
void		 retry_failed(const uint8_t addr[NADDR_LEN]);
/* A peer went that had been up. */
void		 retry_lost(const uint8_t addr[NADDR_LEN]);
void		 retry_settled(const uint8_t addr[NADDR_LEN]);
int		 retry_conf_of(const uint8_t addr[NADDR_LEN]);
unsigned	 retry_conf_count(void);
uint64_t	 retry_tick(void);

#endif
