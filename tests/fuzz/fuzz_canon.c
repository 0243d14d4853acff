/* room: dird */
/*
 * fuzz_canon.c -- any bytes as a body of any type. Law: the checker of the room
 * that signs and the one of the room that writes give one verdict.
 */
#include <stdlib.h>

#include "canon.h"
#include "jcs.h"
#include "object.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static char scratch[JCS_MAX + 1];
	enum object t;
	json_t *v;
	int ok;

	if (len < 1 || len > JCS_MAX)
		return 0;
	t = (enum object)(in[0] % OBJ_MAX);
	v = jcs_parse_canonical((const char *)in + 1, len - 1, NULL);
	ok = v != NULL && object_check(t, v, NULL) == 0;
	json_decref(v);
	if (ok != (canon_body(t, (const char *)in + 1, len - 1, scratch) == 0))
		abort();
	return 0;
}
