/* link_decide.c -- who gets in, and which of two handshakes stays. No state. */
#include "link_decide.h"

/*
 * Same run, proven keys: a rekey, or a peer that lost its state. When both
 * sides renew at once the smaller address goes on and the larger answers. But
 * who left our frames unanswered has no rekey with us: it forgot us and begins anew.
 */
static enum link_act
decide_same(const struct link_facts *f, enum refusal *why)
{
	if (f->age_ms < LINK_CROSS_MS || (f->busy && f->smaller && !f->mute)) {
		*why = REFUSE_LINK_UNEXPECTED;
		return ACT_REFUSE;
	}
	return ACT_REKEY;
}

enum link_act
decide_inbound(const struct link_facts *f, enum refusal *why)
{
	*why = REFUSE_NONE;
	if (f->is_self)
		*why = REFUSE_LINK_SELF;
	else if (!f->accept && !f->known && !f->dialling)
		*why = REFUSE_LINK_NOT_ACCEPTED;
	else if (!f->permitted)
		*why = REFUSE_LINK_ACL;
	else if (!f->known && f->full)
		*why = REFUSE_LINK_PEERS_FULL;
	else if (f->known && f->held && f->held_ms < LINK_HELD_MS)
		*why = REFUSE_LINK_UNEXPECTED;
	if (*why != REFUSE_NONE)
		return ACT_REFUSE;
	if (!f->known)
		return ACT_NEW;
	if (!f->same_epoch || !f->proven)
		return ACT_RESTART;
	return decide_same(f, why);
}

/*
 * Message 2 is fresh proof that the peer is there. Of two handshakes that
 * crossed, the one that the smaller address began stays; but keys that nobody
 * has proven must not stand in the way, for they may stem from a replay.
 */
enum link_win
decide_outbound(const struct link_facts *f)
{
	if (!f->known)
		return WIN_NEW;
	if (!f->same_epoch || f->smaller)
		return WIN_SWAP;
	return f->proven ? WIN_KEEP : WIN_SWAP_HOLD;
}

/* Its tick, its interval (one round trip, 1 to 5 s), and the way. */
uint64_t
decide_answer_ms(double srtt_ms)
{
	double every_ms = srtt_ms < 1000 ? 1000 : srtt_ms > 5000 ? 5000 : srtt_ms;

	return 1000 + (uint64_t)(every_ms + srtt_ms);
}

/* On a link that loses much, answers get lost too: more patience. */
static uint64_t
patience_ms(const struct mute_facts *f)
{
	double times = f->etx < 1 ? 1 : f->etx > 4 ? 4 : f->etx;

	return (uint64_t)(times * (double)(2 * decide_answer_ms(f->srtt_ms) + 1000));
}

enum mute
decide_mute(const struct mute_facts *f)
{
	uint64_t answer_ms = decide_answer_ms(f->srtt_ms);

	if (!f->reports || (f->waited_ms < answer_ms &&
	    f->silent_ms < f->beat_ms + answer_ms))
		return MUTE_NO;
	return f->asked >= LINK_QUESTIONS && f->waited_ms >= patience_ms(f) ?
	    MUTE_YES : MUTE_ASK;
}
