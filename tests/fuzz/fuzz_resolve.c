/* room: netd */
/*
 * fuzz_resolve.c -- any bytes as a name server's answer, any text as a host.
 * Laws: an answer gives no more addresses than were asked for, and only to its
 * own question; a question that is written reads back as that question.
 */
#include <arpa/nameser.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "resolve_msg.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
question(const uint8_t *in, size_t len)
{
	uint8_t q[RESOLVE_MSG_MAX];
	struct endpoint ep[1];
	char host[300];
	int n;

	if (len >= sizeof(host))
		return;
	memcpy(host, in, len);
	host[len] = '\0';
	resolve_literal(host, &ep[0]);
	if ((n = resolve_question(host, 6, 0x1234, q)) == -1)
		return;
	if (resolve_answer(q, (size_t)n, host, 6, 0x1234, ep, 1) != -1)
		abort();	/* it is no answer yet */
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct endpoint ep[3], again[3];
	uint16_t id;
	int n, family;

	question(in, len);
	if (len < 2)
		return 0;
	id = (uint16_t)(in[0] << 8 | in[1]);
	for (family = 4; family <= 6; family += 2) {
		n = resolve_answer(in, len, "box.example", family, id, ep, 3);
		if (n > 3)
			abort();
		if (n > 0 && (resolve_answer(in, len, "box.example", family,
		    id, again, 3) != n ||
		    memcmp(ep, again, (size_t)n * sizeof(*ep)) != 0))
			abort();
		if (n >= 0 && (resolve_answer(in, len, "box.example", family,
		    id ^ 1, ep, 3) != -1 || resolve_answer(in, len,
		    "b.example", family, id, ep, 3) != -1))
			abort();
	}
	return 0;
}
