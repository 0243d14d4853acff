/*
 * link_decide.h -- who gets in, and which of two handshakes stays. Pure: facts
 * in, a decision out (FIPS-WIRE 5, 6). Both ends of a link must agree, so what
 * is decided here follows the reference where it shows on the wire.
 */
#ifndef NETD_LINK_DECIDE_H
#define NETD_LINK_DECIDE_H

#include <stdint.h>

#include "refuse.h"

enum {
	/* A message 1 so soon after the link came up belongs to the same meeting. */
	LINK_CROSS_MS = 5000,
	/* Unproven keys are not replaced so soon: their first frame is on its way. */
	LINK_HELD_MS = 2000,
	LINK_QUESTIONS = 4		/* without an answer, before a peer is mute */
};

struct link_facts {
	int		is_self, permitted;
	int		accept;		/* the transport answers strangers */
	int		dialling;	/* we have a handshake of ours to it */
	int		known;		/* it is a peer */
	int		same_epoch;	/* it is that peer's same run */
	int		proven;		/* its current keys are */
	int		busy;		/* a rekey of ours is out */
	int		held;		/* keys wait for their proof */
	int		smaller;	/* our address is the smaller one */
	int		mute;		/* it does not answer any more */
	int		full;		/* no room for another peer */
	uint64_t	age_ms, held_ms;	/* of the current and the held keys */
};

enum link_act {
	ACT_REFUSE,
	ACT_NEW,		/* answer; a new peer */
	ACT_REKEY,		/* answer; hold the keys until they are proven */
	ACT_RESTART,		/* the same for a peer that has started anew */
};

/* Somebody's message 1. *why is set with ACT_REFUSE. */
enum link_act	decide_inbound(const struct link_facts *, enum refusal *why);

enum link_win {
	WIN_NEW,		/* there is no such peer yet */
	WIN_SWAP,		/* this handshake's keys replace the current ones */
	WIN_SWAP_HOLD,		/* they do, but the unproven ones may yet win */
	WIN_KEEP		/* the current keys stay */
};

/*
 * A peer says nothing. Who reports answers whatever it hears, within a tick and
 * one interval of its reports; of who does not, silence tells nothing.
 */
struct mute_facts {
	int		reports;	/* it does */
	uint64_t	silent_ms;	/* since its last frame */
	uint64_t	waited_ms;	/* since our first one that it should answer; 0: none */
	unsigned	asked;		/* questions since then */
	uint64_t	beat_ms;	/* between heartbeats */
	double		srtt_ms, etx;
};

enum mute {
	MUTE_NO,
	MUTE_ASK,		/* time to ask whether it is there */
	MUTE_YES,		/* others go round it until it is heard again */
};

enum mute	decide_mute(const struct mute_facts *);
/* How long one answer may take. */
uint64_t	decide_answer_ms(double srtt_ms);

/* Message 2 of a handshake that we began. */
enum link_win	decide_outbound(const struct link_facts *);

#endif
