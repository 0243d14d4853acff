/* session_decide.c -- the choices of the session layer. No state, no clock. */
#include "session_decide.h"

enum {
	DAMPEN_MS = 30000,	/* the other side just did it */
	YOUNG_MS = 15000,	/* however busy: no handshake a second */
	SILENT_MS = 13000,	/* who only listens says something every ten seconds */
	SILENT_AGAIN_MS = 30000,
	OVERDUE_MS = 12000,
	DOUBTFUL_MS = 3000,	/* who has our data reports every second or two */
};

enum setup_answer
session_decide_setup(int same, int initiating, int smaller)
{
	if (same)
		return SETUP_RESEND;
	return initiating && smaller ? SETUP_IGNORE : SETUP_ANSWER;
}

/*
 * Another epoch is another process: it cannot hold the old keys, and it has
 * just proven who it is with randomness of ours in it, so nothing is waited
 * for. With the same epoch the old keys work until the new ones have.
 */
enum keys_place
session_decide_keys(int live, int same_epoch, enum keys_role role,
    enum keys_role pending, int smaller)
{
	if (!live)
		return KEYS_FIRST;
	if (!same_epoch)
		return KEYS_NOW;
	if (pending == ROLE_NONE || pending == role)
		return KEYS_PENDING;
	return (role == ROLE_OURS) == (smaller != 0) ? KEYS_PENDING : KEYS_REFUSE;
}

int
session_decide_rekey(uint64_t age_ms, uint64_t after_ms, uint64_t sent,
    uint64_t after_sent, uint64_t since_theirs_ms)
{
	if (since_theirs_ms < DAMPEN_MS || age_ms < YOUNG_MS)
		return 0;
	return age_ms >= after_ms || sent >= after_sent;
}

/*
 * Somebody who still speaks under the old keys has not taken the new ones.
 * Somebody who is silent may only listen, and then has.
 */
int
session_decide_unconfirmed(int heard)
{
	return !heard;
}

/*
 * Who makes keys uses them 2 s after its Msg3, and forgets the old ones 10 s
 * later. If the way was cut meanwhile, or it has nothing to say, we would go on
 * under keys that only we still have.
 */
int
session_decide_overdue(uint64_t age_ms, uint64_t old_ms)
{
	return age_ms >= OVERDUE_MS && old_ms >= OVERDUE_MS - 3000;
}

/*
 * Its process, or its session when it lost a link: v0.4.1 forgets both, and keeps
 * its epoch in the second case.
 */
int
session_decide_doubtful(uint64_t old_ms)
{
	return old_ms >= DOUBTFUL_MS;
}

int
session_decide_silent(uint64_t unheard_ms, uint64_t since_try_ms)
{
	return unheard_ms >= SILENT_MS && since_try_ms >= SILENT_AGAIN_MS;
}
