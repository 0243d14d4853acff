/*
 * lend.c -- bastidectl services, grants, audit: what is lent and borrowed, by
 * the directory's local API.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dir.h"

/* Nothing was asked of the provider yet? Then a subscription comes first. */
static int
subscribe_first(const struct call *c, const char *id)
{
	json_t *data, *row;
	const char *s, *have;
	char path[PATH_LEN];
	size_t i;
	int none = 0, ret = api_json(c->socket, "/v1/services", NULL, &data);

	if (ret != EXIT_OK)
		return ret;
	json_array_foreach(json_object_get(data, "services"), i, row) {
		s = json_string_value(json_object_get(row, "service_id"));
		have = json_string_value(json_object_get(row, "subscription"));
		if (s != NULL && have != NULL && strcmp(s, id) == 0)
			none = strcmp(have, "none") == 0;
	}
	json_decref(data);
	if (!none)
		return EXIT_OK;
	snprintf(path, sizeof(path), "/v1/services/%s/subscribe", id);
	ret = api_json(c->socket, path, json_object(), &data);
	if (ret == EXIT_OK)
		json_decref(data);
	return ret;
}

static int
activate(struct call *c)
{
	char id[64];
	int ret = dir_service(c, c->argv[0], id);

	if (ret == EXIT_OK)
		ret = subscribe_first(c, id);
	return ret != EXIT_OK ? ret : dir_post_about(c, "/v1/services/", id,
	    "/activate", json_object());
}

static int
deactivate(struct call *c)
{
	char id[64];
	int ret = dir_service(c, c->argv[0], id);

	return ret != EXIT_OK ? ret : dir_post_about(c, "/v1/services/", id,
	    "/activate", json_pack("{s:b}", "active", 0));
}

static int
revoke_access(struct call *c)
{
	char id[64], did[64];
	int ret = dir_service(c, c->argv[0], id);

	if (ret != EXIT_OK)
		return ret;
	if (c->argc == 1)
		return dir_post_about(c, "/v1/services/", id, "/revoke-access",
		    json_object());
	ret = dir_did(c, c->argv[1], did);
	return ret != EXIT_OK ? ret : dir_post_about(c, "/v1/services/", id,
	    "/revoke-access", json_pack("{s:s}", "did", did));
}

static int
list_grants(struct call *c)
{
	return dir_get(c, "/v1/grants", "grants");
}

/* Pages of it, until the end or as many as were asked for. */
static int
list_audit(struct call *c)
{
	const char *from_text = dir_option(c, "--from", NULL);
	const char *limit_text = dir_option(c, "--limit", NULL);
	json_int_t from, limit;
	json_t *all, *data, *page;
	char path[PATH_LEN];
	size_t got = 1;
	unsigned pages;
	int ret = EXIT_OK;

	if (c->argc != 0)
		return dir_usage(c);
	if (dir_number(from_text, "--from", &from) == -1 ||
	    dir_number(limit_text, "--limit", &limit) == -1)
		return EXIT_USAGE;
	if (from == -1)
		from = 0;
	all = json_array();
	for (pages = 0; got > 0 && limit != 0 && pages < DIR_PAGES; pages++) {
		snprintf(path, sizeof(path), "/v1/audit?from=%lld&limit=%lld",
		    (long long)from, (long long)(limit == -1 ? DIR_ROWS : limit));
		ret = api_json(c->socket, path, NULL, &data);
		if (ret != EXIT_OK)
			break;
		page = json_object_get(data, "records");
		got = json_array_size(page);
		json_array_extend(all, page);
		json_decref(data);
		from += (json_int_t)got;
		/* More than was asked for is the end, too. */
		if (limit != -1)
			limit -= (json_int_t)got < limit ? (json_int_t)got :
			    limit;
	}
	if (ret == EXIT_OK && got > 0 && limit != 0)
		ret = dir_endless();
	if (ret == EXIT_OK)
		table_reply(c->json, "audit", json_pack("{s:o}", "records",
		    all));
	else
		json_decref(all);
	return ret;
}

static const struct verb services[] = {
	{ "list", "", "what is offered, and what is active here", 0, 0,
	    dir_services },
	{ "activate", "SERVICE", "subscribe, ask the provider, use it", 1, 1,
	    activate },
	{ "deactivate", "SERVICE", "give it back", 1, 1, deactivate },
	{ "revoke-access", "SERVICE [WHO]", "take one of ours from WHO; give "
	    "back another's", 1, 2, revoke_access },
	{ NULL, NULL, NULL, 0, 0, NULL }
};
static const struct verb grants[] = {
	{ "list", "", "what is lent from this box now", 0, 0, list_grants },
	{ NULL, NULL, NULL, 0, 0, NULL }
};
static const struct verb audit[] = {
	{ "list", "[--from N] [--limit N]", "the audit stream", 0, 4,
	    list_audit },
	{ "verify", "", "read it again, every record of it", 0, 0,
	    audit_verify },
	{ "export", "[FILE]", "all of it, a line a record", 0, 1,
	    audit_export },
	{ "checkpoint", "", "a signed tree head of it", 0, 0,
	    audit_checkpoint },
	{ "proof", "inclusion RECORD [SIZE] | consistency OLD [SIZE]",
	    "for bastide-verify -p", 2, 3, audit_proof },
	{ NULL, NULL, NULL, 0, 0, NULL }
};

static const struct {
	const char		*name;
	const struct verb	*verb;
} group[] = {
	{ "services", services }, { "grants", grants }, { "audit", audit },
};

/* argv from "services", "grants" or "audit" on; alone it is a list. */
int
lend_command(const char *socket, int json, int argc, char **argv)
{
	char name[32], *list[64] = { argv[0], "list" };
	size_t i;

	for (i = 0; i + 1 < sizeof(group) / sizeof(group[0]) &&
	    strcmp(group[i].name, argv[0]) != 0; i++)
		;
	if (argc == 1 || (argv[1][0] == '-' && argc < 60)) {
		memcpy(list + 2, argv + 1, (size_t)(argc - 1) * sizeof(*argv));
		argv = list;
		argc++;
	}
	snprintf(name, sizeof(name), "%s ", group[i].name);
	return dir_group(group[i].verb, name, socket, json, argc, argv);
}

void
lend_help(void)
{
	char name[32];
	size_t i;

	for (i = 0; i < sizeof(group) / sizeof(group[0]); i++) {
		snprintf(name, sizeof(name), "%s ", group[i].name);
		dir_help_of(group[i].verb, name);
	}
}
