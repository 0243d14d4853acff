/* room: dird */
/*
 * fuzz_audit.c -- any bytes as lines of an audit stream. Laws: what is taken
 * moves the chain on by one, to a hash of exactly those bytes; what is not
 * leaves it where it was and says why.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct audit_chain c = { .next = 0 }, was;
	const uint8_t *end;
	const char *wrong;
	json_t *o;
	size_t n;

	for (; len > 0; in += n, len -= n) {
		end = memchr(in, '\n', len);
		n = end == NULL ? len : (size_t)(end - in) + 1;
		was = c;
		o = audit_check(&c, in, end == NULL ? n : n - 1, &wrong);
		if ((o == NULL) != (wrong != NULL) ||
		    c.next != was.next + (o != NULL) ||
		    (memcmp(c.head, was.head, AUDIT_HASH) == 0) != (o == NULL))
			abort();
		json_decref(o);
	}
	return 0;
}
