/*
 * dir_say.c -- bastidectl dir: who is in, and what is offered to whom.
 */
#include <stdio.h>
#include <string.h>

#include "dir.h"

/* -- people ---------------------------------------------------------------- */

int
dir_init(struct call *c)
{
	const char *domain = dir_arg(c, 0, NULL);
	json_int_t n;

	if (dir_number(dir_arg(c, 1, NULL), "THRESHOLD", &n) == -1)
		return EXIT_USAGE;
	return dir_post(c, "/v1/genesis", n == -1 ? domain == NULL ?
	    json_object() : json_pack("{s:s}", "domain", domain) :
	    json_pack("{s:s, s:I}", "domain", domain, "threshold", n));
}

int
dir_whoami(struct call *c)
{
	return dir_get(c, "/v1/identity", "");
}

int
dir_status(struct call *c)
{
	return dir_get(c, dir_flag(c, "--digest") ? "/v1/status?digest=yes" :
	    "/v1/status", "");
}

static void
say(const json_t *data, const char *name)
{
	const char *s = json_string_value(json_object_get(data, name));

	text_say(stdout, s != NULL ? s : "?");
}

int
dir_invite(struct call *c)
{
	json_int_t life;
	json_t *data;
	int ret;

	if (dir_seconds(dir_arg(c, 1, NULL), "FOR", &life) == -1)
		return EXIT_USAGE;
	ret = dir_ask(c, "/v1/invite", life == -1 ?
	    json_pack("{s:s}", "did", c->argv[0]) :
	    json_pack("{s:s, s:I}", "did", c->argv[0], "expires_s", life),
	    &data);
	if (ret != EXIT_OK)
		return ret;
	if (c->json) {
		table_reply(1, NULL, data);
		return EXIT_OK;
	}
	say(data, "did");
	fputs(" may join until ", stdout);
	say(data, "expires");
	fputs(". On that box:\n\n  bastidectl dir pull ", stdout);
	say(data, "npub");
	fputs("\n  bastidectl dir join ", stdout);
	say(data, "token");
	fputs("\n\nThe token is shown this once, and works once.\n", stdout);
	json_decref(data);
	return EXIT_OK;
}

int
dir_join(struct call *c)
{
	return dir_post(c, "/v1/join", json_pack("{s:s}", "token", c->argv[0]));
}

int
dir_attest(struct call *c)
{
	char did[64];
	int ret = dir_did(c, c->argv[0], did);

	return ret != EXIT_OK ? ret : dir_post(c, "/v1/attest",
	    json_pack("{s:s}", "did", did));
}

int
dir_revoke(struct call *c)
{
	const char *keep = dir_option(c, "--entries", NULL);
	json_int_t entries;
	char did[64];
	json_t *body;
	int ret;

	if (c->argc < 1 || c->argc > 2)
		return dir_usage(c);
	if (dir_number(keep, "--entries", &entries) == -1)
		return EXIT_USAGE;
	if ((ret = dir_did(c, c->argv[0], did)) != EXIT_OK)
		return ret;
	body = json_pack("{s:s, s:s}", "did", did, "reason", dir_arg(c, 1, ""));
	if (body != NULL && entries != -1)
		json_object_set_new(body, "entries", json_integer(entries));
	return dir_post(c, "/v1/revoke", body);
}

int
dir_nodes(struct call *c)
{
	return dir_get(c, "/v1/nodes", "dir nodes");
}

/* -- services -------------------------------------------------------------- */

/* {"kind", "params"}: the macro has the offer's kind. NULL after a text. */
static json_t *
macro(const char *kind, const char *params)
{
	json_error_t err;
	json_t *v = json_loads(params, JSON_REJECT_DUPLICATES, &err);

	if (json_is_object(v))
		return json_pack("{s:s, s:o}", "kind", kind, "params", v);
	fprintf(stderr, "bastidectl: --macro must be a JSON object: %s\n",
	    v == NULL ? err.text : "it is none");
	json_decref(v);
	return NULL;
}

int
dir_offer(struct call *c)
{
	const char *scope = dir_option(c, "--scope", "default");
	const char *text = dir_option(c, "--description", "");
	const char *params = dir_option(c, "--macro", NULL);
	int at_once = dir_flag(c, "--auto");
	json_t *body, *m = NULL;

	if (c->argc < 2 || c->argc > 3)
		return dir_usage(c);
	if (params != NULL && (m = macro(c->argv[1], params)) == NULL)
		return EXIT_USAGE;
	body = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", c->argv[0],
	    "kind", c->argv[1], "endpoint", dir_arg(c, 2, ""), "approval",
	    at_once ? "auto" : "pending", "scope", scope, "description", text);
	if (body != NULL && m != NULL)
		json_object_set_new(body, "macro", m);
	else
		json_decref(m);
	return dir_post(c, "/v1/offers", body);
}

int
dir_withdraw(struct call *c)
{
	char id[64];
	int ret = dir_service(c, c->argv[0], id);

	return ret != EXIT_OK ? ret : dir_post_about(c, "/v1/offers/", id,
	    "/withdraw", json_object());
}

int
dir_services(struct call *c)
{
	const char *catalogue;
	json_t *data;
	int ret = api_json(c->socket, "/v1/services", NULL, &data);

	if (ret != EXIT_OK)
		return ret;
	catalogue = json_string_value(json_object_get(data, "catalogue"));
	if (!c->json && catalogue != NULL &&
	    strcmp(catalogue, "available") != 0) {
		fputs("bastidectl: no catalogue now: ", stderr);
		text_say(stderr, catalogue);
		fputc('\n', stderr);
	}
	table_reply(c->json, "dir services", data);
	return EXIT_OK;
}

int
dir_subscribe(struct call *c)
{
	char id[64];
	int ret = dir_service(c, c->argv[0], id);

	return ret != EXIT_OK ? ret : dir_post_about(c, "/v1/services/", id,
	    "/subscribe", json_object());
}

int
dir_subscriptions(struct call *c)
{
	return dir_get(c, "/v1/subscriptions", "dir subscriptions");
}

int
dir_approve(struct call *c)
{
	return dir_post_about(c, "/v1/subscriptions/", c->argv[0], "/approve",
	    json_pack("{s:s}", "reason", dir_arg(c, 1, "")));
}

int
dir_reject(struct call *c)
{
	return dir_post_about(c, "/v1/subscriptions/", c->argv[0], "/reject",
	    json_pack("{s:s}", "reason", dir_arg(c, 1, "")));
}
