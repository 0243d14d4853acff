/* api_pull.c -- people ask that a peer be asked. */
#include <string.h>

#include "api.h"
#include "dird.h"
#include "pull.h"
#include "who.h"

/*
 * {"npub"} or {"did"}: from that node, now; {}: from everybody. Answered at
 * once; how it went stands in the status.
 */
void
api_pull(struct ask *a, json_t *body)
{
	const char *npub = api_text(a, body, "npub", ""), *did;
	uint8_t pub[32];

	if (npub == NULL || (did = api_text(a, body, "did", "")) == NULL)
		return;
	if (npub[0] == '\0' && did[0] == '\0') {
		http_reply(a, 202, json_pack("{s:i}", "peers",
		    (int)pull_all()));
		return;
	}
	if (npub[0] != '\0' ? npub_decode(npub, pub) == -1 :
	    who_key(did, pub) == -1)
		http_error(a, 400, why_name(WHY_FIELD_FORM),
		    npub[0] != '\0' ? "npub" : "did", npub[0] != '\0' ?
		    "npub must be one" : "no NodeRecord of %s counts here",
		    did);
	else if (pull_from(pub) == -1)
		http_error(a, 409, "peer", NULL, "this node itself, or more "
		    "peers than fit");
	else
		http_reply(a, 202, json_pack("{s:i}", "peers", 1));
}
