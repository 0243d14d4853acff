/* room: dird */
/*
 * fuzz_grant.c -- any bytes as what a peer sends for a loan, as what a provider
 * answers, and as a record of what was borrowed. Laws: a request that is read
 * names a did, a Subscription and its id; an endpoint that passes has a scheme
 * and no quotes; what is cleaned is printable and bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "borrow.h"
#include "grant.h"
#include "jcs.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
as_text(const char *text)
{
	char out[BORROW_NOTE + 1];
	size_t i;

	make_printable(out, sizeof(out), text, strlen(text));
	if (strlen(out) > BORROW_NOTE)
		abort();
	for (i = 0; out[i] != '\0'; i++)
		if (out[i] < ' ' || out[i] > '~')
			abort();
	if (borrow_is_endpoint(text) && text[0] != '\0' &&
	    (strstr(text, "://") == NULL || strpbrk(text, "\"' \n") != NULL))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static struct request r;
	struct because b;
	json_t *body, *record;
	char *text;

	if (entry_init() == -1 || (text = malloc(len + 1)) == NULL)
		abort();
	memcpy(text, in, len);
	text[len] = '\0';
	as_text(text);
	record = json_pack("{s:s, s:s, s:s}", "what", "borrowed", "who",
	    "did:plc:0123456789abcdef0123456789abcdef", "text", text);
	if (record != NULL)
		borrow_recall(record);
	json_decref(record);
	free(text);
	body = jcs_parse((const char *)in, len, &b);
	if (body == NULL)
		return 0;
	memset(&r, 0, sizeof(r));
	if (request_read(body, 0, &r) == GRANT_OK &&
	    (!is_did(r.did, strlen(r.did)) || strlen(r.sub_id) != 32 ||
	    r.sub.type != OBJ_SUBSCRIPTION))
		abort();
	json_decref(body);
	return 0;
}
