/*
 * evil_heard.c -- what the victim says to the hostile peer: what it makes of the
 * delay of our frames (fault 29), and the index of the first keys that it asks us
 * for after the handshake (fault 30). We never answer.
 */
#include "aead.h"
#include "evil.h"
#include "frame.h"
#include "mmp.h"

uint8_t *
opened(uint8_t *in, size_t n, size_t *len)
{
	struct frame f;

	if (frame_decode(in, n, &f) != REFUSE_NONE || f.phase != FRAME_DATA ||
	    n <= FRAME_OVERHEAD || aead_open(evil.keys.recv, f.counter, in,
	    FRAME_HEAD_LEN, in + FRAME_HEAD_LEN, n - FRAME_OVERHEAD + 4) == -1)
		return NULL;
	*len = n - FRAME_OVERHEAD;
	return in + FRAME_BODY_OFF;
}

void
heard(uint8_t *in, size_t n)
{
	struct frame  f;
	struct mmp_rr rr;
	uint8_t	     *msg;
	size_t	      len;

	if (evil.asked == 0 && frame_decode(in, n, &f) == REFUSE_NONE &&
	    f.phase == FRAME_MSG1)
		evil.asked = f.sender;
	/* No more than one of that length is worth the opening. */
	if (n != FRAME_OVERHEAD + MMP_LINK_RR_LEN)
		return;
	msg = opened(in, n, &len);
	if (msg != NULL && msg[0] == LINK_MSG_RECEIVER_REPORT &&
	    mmp_rr_decode(MMP_LINK, msg, len, &rr) == 0)
		evil.trend = rr.owd_trend;
}
