/*
 * api_grant.c -- the grant exchange on the wire: the mesh listener's
 * POST /v1/grant/{id}, and the same asked of another node.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "dird.h"
#include "fetch.h"
#include "grant.h"
#include "jcs.h"

#define ANSWER_MAX	4096
#define PATIENCE_S	20	/* a planner has 2 s of it */

struct posted {
	grant_answer	 done;
	void		*arg;
};

static void
on_reply(void *arg, int status, json_t *v)
{
	http_reply(arg, status, v);
}

/* From the mesh only: a->src is who it comes from, and nobody else. */
void
api_grant(struct ask *a, json_t *body)
{
	grant_ask(a->id, a->src, a->did, body, on_reply, a);
}

static void
on_fetched(void *arg, int status, const char *text, size_t len,
    const char *wrong)
{
	struct posted *p = arg;
	struct because b;
	json_t *v = status == 0 ? NULL : jcs_parse(text, len, &b);

	(void)wrong;
	p->done(p->arg, status != 0 && v == NULL ? 502 : status, v);
	json_decref(v);
	free(p);
}

int
grant_post(const uint8_t pub[32], const char *service, json_t *body,
    grant_answer done, void *arg)
{
	struct posted *p = malloc(sizeof(*p));
	char *text = json_dumps(body, JSON_COMPACT), path[64];
	struct fetch *f = NULL;

	json_decref(body);
	snprintf(path, sizeof(path), "/v1/grant/%s", service);
	if (p != NULL && text != NULL) {
		*p = (struct posted){ done, arg };
		f = fetch(pub, METHOD_POST, path, text, strlen(text),
		    ANSWER_MAX, PATIENCE_S, on_fetched, p);
	}
	free(text);
	if (f == NULL)
		free(p);
	return f == NULL ? -1 : 0;
}
