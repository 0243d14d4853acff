/*
 * session_decide.h -- the choices of the session layer, apart from all state.
 * Pure; every answer is in a table of tests/unit/test_session.c.
 */
#ifndef NETD_SESSION_DECIDE_H
#define NETD_SESSION_DECIDE_H

#include <stdint.h>

enum setup_answer { SETUP_ANSWER, SETUP_RESEND, SETUP_IGNORE };
/*
 * A Setup came. same: it is one that we answered already. initiating: our own
 * handshake with that node is under way; the smaller address stays initiator.
 * Nothing of ours is given up: the sender has proven nothing yet.
 */
enum setup_answer session_decide_setup(int same, int initiating, int smaller);

enum keys_role { ROLE_NONE, ROLE_OURS, ROLE_THEIRS };
enum keys_place { KEYS_FIRST, KEYS_PENDING, KEYS_NOW, KEYS_REFUSE };
/*
 * New keys are proven; role: whose handshake made them. live: there are keys in
 * use. same_epoch: the other side is the process we knew. pending: whose keys
 * wait already.
 */
enum keys_place session_decide_keys(int live, int same_epoch, enum keys_role role,
	    enum keys_role pending, int smaller);

/* Time for new keys? since_theirs_ms: since the other side last made some. */
int	session_decide_rekey(uint64_t age_ms, uint64_t after_ms, uint64_t sent,
	    uint64_t after_sent, uint64_t since_theirs_ms);

/*
 * Our Msg3 was sent as often as it may be and no frame under the new keys has
 * come. heard: frames under the old ones have. 1: use the new keys; 0: forget
 * them.
 */
int	session_decide_unconfirmed(int heard);

/*
 * Keys that the other side made wait for a frame under them. age_ms: how long;
 * old_ms: since a frame under the old ones came. 1: use them, for the old ones
 * are gone over there.
 */
int	session_decide_overdue(uint64_t age_ms, uint64_t old_ms);

/*
 * Nothing under the keys in use was heard for old_ms, and the other side begins
 * anew. May it have lost them?
 */
int	session_decide_doubtful(uint64_t old_ms);

/*
 * unheard_ms: between the first frame since we last heard anything and the
 * latest one. Time for a new handshake beside the old keys?
 */
int	session_decide_silent(uint64_t unheard_ms, uint64_t since_try_ms);

#endif
