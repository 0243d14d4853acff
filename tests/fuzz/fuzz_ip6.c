/* room: netd -- packets survive what is done to them; a shim expands back. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/early.h"
#include "../../netd/ip6.h"

enum { TCP = 6 };

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t	out[IP6_ERROR_MAX];
	uint8_t		shim[IP6_SHIM], head[IP6_HEAD], *copy;
	size_t		len;

	if (ip6_is_packet(p, n)) {
		ip6_shrink(p, shim);
		if (ip6_expand(shim, n - IP6_HEAD, p + 8, p + 24, head) == -1 ||
		    memcmp(head, p, IP6_HEAD) != 0)
			abort();
	}
	early_note(p, n, 1, 1);
	if (early_may(p, n, 1) && (n < IP6_HEAD || p[6] != TCP))
		abort();		/* one of its flow just waited */
	len = ip6_too_big(p, n, 1280, out);
	if (len != 0 && (!ip6_is_packet(out, len) || ip6_may_answer(out, len)))
		abort();
	copy = malloc(n + 1);
	if (copy == NULL)
		abort();
	memcpy(copy, p, n);
	if (ip6_clamp_mss(copy, n, 1000) && ip6_clamp_mss(copy, n, 1000))
		abort();		/* once is enough */
	if (n >= IP6_HEAD)
		ip6_mark_ce(copy);
	free(copy);
	return 0;
}
