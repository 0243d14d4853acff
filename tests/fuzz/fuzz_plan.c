/*
 * room: macroctl
 * fuzz_plan.c -- what a plan decodes to encodes back to the same plan.
 */
#include <stdlib.h>
#include <string.h>

#include "macroctl.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct plan	a, b;
	char			err[ERR_LEN], *s;

	if (len > PLAN_LEN || plan_parse((const char *)p, len, &a, err) == -1)
		return 0;
	if ((s = plan_write(&a)) == NULL ||
	    plan_parse(s, strlen(s), &b, err) == -1 ||
	    memcmp(&a, &b, sizeof(a)) != 0)
		abort();
	free(s);
	return 0;
}
