/*
 * room: macroctl
 * fuzz_plan.c -- what a plan decodes to encodes back to the same plan.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "macroctl.h"

/* As a planner prints it; the caller frees. */
static char *
plan_write(const struct plan *p)
{
	json_t		*o = json_pack("{s:i, s:b}", "v", 1, "listener",
			    p->listener), *list = json_array();
	char		 text[16], *out;
	unsigned	 i;

	for (i = 0; i < p->nallow; i++) {
		snprintf(text, sizeof(text), "%s/%u",
		    lend_proto(p->allow[i].proto), p->allow[i].port);
		json_array_append_new(list, json_string(text));
	}
	json_object_set_new(o, "allow", list);
	list = json_array();
	for (i = 0; i < p->nnote; i++)
		json_array_append_new(list, json_string(p->note[i]));
	json_object_set_new(o, "notes", list);
	json_object_set_new(o, "endpoint", json_string(p->endpoint));
	if (p->wireguard)
		json_object_set_new(o, "wireguard", json_pack("{s:s, s:s}",
		    "public_key", p->wg_key, "endpoint", p->wg_endpoint));
	out = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	return out;
}

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
