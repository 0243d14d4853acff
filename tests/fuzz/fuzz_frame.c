/* room: netd */
/* fuzz_frame.c -- a datagram that decodes as a frame encodes back the same. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/frame.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	uint8_t		out[FRAME_MSG1_LEN];
	struct frame	f;
	size_t		n;
	int		why;

	why = frame_bye_read(in, len);
	if (why != -1 && (frame_bye(out, (enum bye)why) != len ||
	    (why != BYE_OTHER && memcmp(in, out, len) != 0)))
		abort();
	if (frame_decode(in, len, &f) != REFUSE_NONE)
		return 0;
	switch (f.phase) {
	case FRAME_MSG1:
		n = frame_msg1(out, f.sender, in + f.body);
		break;
	case FRAME_MSG2:
		n = frame_msg2(out, f.sender, f.receiver, in + f.body);
		break;
	default:
		n = frame_data(out, f.flags, f.payload_len, f.receiver, f.counter);
		break;
	}
	if (n > len || memcmp(in, out, n) != 0)
		abort();
	if (f.phase != FRAME_DATA && n != len)
		abort();
	return 0;
}
