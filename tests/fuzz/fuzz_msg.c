/* fuzz_msg.c -- what the message codec decodes encodes back the same. room: common */
#include <stdlib.h>
#include <string.h>

#include "msg.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	union msg_any	m;
	enum msg_type	type;
	enum refusal	why;
	uint8_t		buf[MSG_LEN_MAX];
	int		n;

	if (msg_decode(data, len, &type, &m, &why) == -1) {
		if (why == REFUSE_NONE || type != MSG_NONE)
			abort();
		return 0;
	}
	n = msg_encode(type, &m, buf, sizeof(buf), &why);
	if (n < 0 || (size_t)n != len || memcmp(buf, data, len) != 0)
		abort();
	return 0;
}
