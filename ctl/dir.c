/*
 * dir.c -- bastidectl dir: the directory's commands. It turns arguments into
 * one request of the local API and its answer into text; what is allowed is
 * the directory's to say.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dir.h"

#define DIGITS	15	/* of a number: 2^53 has 16 */

/* -- arguments ------------------------------------------------------------- */

int
dir_usage(const struct call *c)
{
	fprintf(stderr, "usage: bastidectl %s%s %s\n"
	    "Try 'bastidectl help'.\n", c->group, c->verb->name,
	    c->verb->args);
	return EXIT_USAGE;
}

int
dir_endless(void)
{
	fprintf(stderr, "bastidectl: the directory's pages do not end: they "
	    "stand still, or are more than %d\n", DIR_PAGES);
	return EXIT_NO;
}

/* Takes argument i out. */
static char *
pick(struct call *c, int i)
{
	char *v = c->argv[i];

	memmove(&c->argv[i], &c->argv[i + 1],
	    (size_t)(c->argc - i - 1) * sizeof(c->argv[0]));
	c->argc--;
	return v;
}

/* Takes "--name VALUE" out; fallback when it is not there. */
const char *
dir_option(struct call *c, const char *name, const char *fallback)
{
	int i;

	for (i = 0; i + 1 < c->argc; i++)
		if (strcmp(c->argv[i], name) == 0) {
			pick(c, i);
			return pick(c, i);
		}
	return fallback;
}

int
dir_flag(struct call *c, const char *name)
{
	int i;

	for (i = 0; i < c->argc; i++)
		if (strcmp(c->argv[i], name) == 0) {
			pick(c, i);
			return 1;
		}
	return 0;
}

const char *
dir_arg(const struct call *c, int i, const char *fallback)
{
	return i < c->argc ? c->argv[i] : fallback;
}

/* Digits and nothing else. */
static int
digits(const char *s, size_t n, json_int_t *v)
{
	if (n == 0 || n > DIGITS || strspn(s, "0123456789") < n)
		return -1;
	*v = (json_int_t)strtoll(s, NULL, 10);
	return 0;
}

int
dir_number(const char *text, const char *what, json_int_t *v)
{
	*v = -1;
	if (text == NULL || digits(text, strlen(text), v) == 0)
		return 0;
	fprintf(stderr, "bastidectl: %s must be a number from 0 of at most %d "
	    "digits, not '%s'\n", what, DIGITS, text);
	return -1;
}

int
dir_seconds(const char *text, const char *what, json_int_t *v)
{
	static const char unit[] = "smhd";
	static const int worth[] = { 1, 60, 3600, 86400 };
	size_t n = text == NULL ? 0 : strlen(text);
	const char *u = n < 2 ? NULL : strchr(unit, text[n - 1]);
	json_int_t many, each = u == NULL ? 1 : worth[u - unit];

	*v = -1;
	if (text == NULL)
		return 0;
	if (digits(text, n - (u != NULL), &many) == -1 ||
	    many > INT64_MAX / each) {
		fprintf(stderr, "bastidectl: %s must be seconds, or a time as in "
		    "90s, 12h or 7d, not '%s'\n", what, text);
		return -1;
	}
	*v = many * each;
	return 0;
}

static int
is_id(const char *s)
{
	return strlen(s) == 32 && s[strspn(s, "0123456789abcdef")] == '\0';
}

/* -- asking and answering -------------------------------------------------- */

int
dir_get(const struct call *c, const char *path, const char *sheet)
{
	json_t *data;
	int ret = api_json(c->socket, path, NULL, &data);

	if (ret == EXIT_OK)
		table_reply(c->json, sheet, data);
	return ret;
}

int
dir_ask(const struct call *c, const char *path, json_t *body, json_t **data)
{
	return body == NULL ? text_none() :
	    api_json(c->socket, path, body, data);
}

int
dir_post(const struct call *c, const char *path, json_t *body)
{
	json_t *data;
	int ret = dir_ask(c, path, body, &data);

	if (ret == EXIT_OK)
		table_reply(c->json, "", data);
	return ret;
}

/*
 * The value of `want` in the one row of a list whose `by` or `also` is text;
 * in out. An exit status, and a text when there is none, or more.
 */
static int
look_up(const struct call *c, const char *path, const char *list,
    const char *by, const char *also, const char *want, const char *text,
    char out[64])
{
	const char *a, *b, *id;
	unsigned found = 0;
	json_t *data, *row;
	size_t i;
	int ret = api_json(c->socket, path, NULL, &data);

	if (ret != EXIT_OK)
		return ret;
	json_array_foreach(json_object_get(data, list), i, row) {
		a = json_string_value(json_object_get(row, by));
		b = json_string_value(json_object_get(row, also));
		id = json_string_value(json_object_get(row, want));
		if (id == NULL || ((a == NULL || strcmp(a, text) != 0) &&
		    (b == NULL || strcmp(b, text) != 0)))
			continue;
		found++;
		snprintf(out, 64, "%s", id);
	}
	json_decref(data);
	if (found == 1)
		return EXIT_OK;
	fprintf(stderr, found == 0 ? "bastidectl: nothing is called '%s' in "
	    "'bastidectl dir %s'\n" : "bastidectl: more than one is called "
	    "'%s'; name it by its id, see 'bastidectl dir %s'\n", text, list);
	return EXIT_NO;
}

/* A did, or the npub or name of a box whose NodeRecord is here. */
int
dir_did(const struct call *c, const char *text, char out[64])
{
	if (strncmp(text, "did:", 4) != 0)
		return look_up(c, "/v1/nodes", "nodes", "name", "npub",
		    "author", text, out);
	snprintf(out, 64, "%s", text);
	return EXIT_OK;
}

int
dir_service(const struct call *c, const char *text, char out[64])
{
	if (!is_id(text))
		return look_up(c, "/v1/services", "services", "name",
		    "service_id", "service_id", text, out);
	snprintf(out, 64, "%s", text);
	return EXIT_OK;
}

/* POST to what stands for {id} between two pieces of path. */
int
dir_post_about(const struct call *c, const char *head, const char *id,
    const char *tail, json_t *body)
{
	char path[PATH_LEN], quoted[256];

	if (api_quote(id, quoted, sizeof(quoted)) == -1) {
		json_decref(body);
		fprintf(stderr, "bastidectl: '%.64s…' is no id\n", id);
		return EXIT_USAGE;
	}
	snprintf(path, sizeof(path), "%s%s%s", head, quoted, tail);
	return dir_post(c, path, body);
}

static const struct verb verb[] = {
	{ "init", "[DOMAIN [THRESHOLD]]", "found a domain", 0, 2, dir_init },
	{ "whoami", "", "did, keys, standing of this box", 0, 0, dir_whoami },
	{ "status", "[--digest]", "how the journal is", 0, 1, dir_status },
	{ "invite", "DID [FOR]", "a token for one box; FOR is 7d", 1, 2,
	    dir_invite },
	{ "join", "TOKEN", "use it", 1, 1, dir_join },
	{ "attest", "WHO", "vouch for a member", 1, 1, dir_attest },
	{ "revoke", "WHO [REASON] [--entries N]", "put one out", 1, 4,
	    dir_revoke },
	{ "nodes", "", "boxes with a NodeRecord", 0, 0, dir_nodes },
	{ "offer", "NAME KIND [ENDPOINT] [--auto] [--scope S]\n"
	    "        [--description TEXT] [--macro PARAMS]",
	    "offer a service", 2, 10, dir_offer },
	{ "withdraw", "SERVICE", "offer it no longer", 1, 1, dir_withdraw },
	{ "services", "", "what is offered, and by hand", 0, 0, dir_services },
	{ "subscribe", "SERVICE", "ask for one", 1, 1, dir_subscribe },
	{ "subscriptions", "", "who asked for what", 0, 0, dir_subscriptions },
	{ "approve", "SUBSCRIPTION [REASON]", "let it", 1, 2, dir_approve },
	{ "reject", "SUBSCRIPTION [REASON]", "do not", 1, 2, dir_reject },
	{ "config", "list|show|publish|revoke|accept|apply", "distributed "
	    "configuration", 0, 10, dir_config },
	{ "pull", "[WHO]", "fetch from one box, or from all", 0, 1, dir_pull },
	{ "log", "[--from N] [--limit N] [--type TYPE] [--author DID]",
	    "entries", 0, 8, dir_log },
	{ "verify", "", "check all of the journal again", 0, 0, dir_verify },
	{ "proof", "inclusion ENTRY [SIZE] | consistency OLD [SIZE]",
	    "for bastide-verify -p", 2, 3, dir_proof },
	{ "checkpoint", "", "the newest signed tree head", 0, 0,
	    dir_checkpoint },
	{ "witness", "", "cosignatures in the journal", 0, 0, dir_witness },
	{ "export", "[FILE]", "the journal, a line an entry", 0, 1,
	    dir_export },
	{ "import", "FILE", "one; what does not verify stays out", 1, 1,
	    dir_import },
	{ NULL, NULL, NULL, 0, 0, NULL }
};

/* The verb in argv[0], with what follows it. */
int
dir_run(const struct verb *v, const char *group, struct call *c)
{
	for (; v->name != NULL; v++)
		if (c->argc > 0 && strcmp(v->name, c->argv[0]) == 0)
			break;
	if (v->name == NULL) {
		fprintf(stderr, c->argc > 0 ? "bastidectl: there is no '%s%s'\n"
		    : "bastidectl: %swhat?\n", group,
		    c->argc > 0 ? c->argv[0] : "");
		fputs("Try 'bastidectl help'.\n", stderr);
		return EXIT_USAGE;
	}
	c->group = group;
	c->verb = v;
	c->argc--;
	c->argv++;
	return c->argc >= v->min && c->argc <= v->max ? v->fn(c) :
	    dir_usage(c);
}

/* The directory's socket is beside the control socket. */
static int
beside(const char *socket, char out[PATH_LEN])
{
	const char *slash = strrchr(socket, '/');
	int n;

	if (slash == NULL || strcmp(slash, "/control.sock") != 0)
		n = snprintf(out, PATH_LEN, "%s", socket);
	else
		n = snprintf(out, PATH_LEN, "%.*s/directory.sock",
		    (int)(slash - socket), socket);
	return n < PATH_LEN ? 0 : -1;
}

int
dir_group(const struct verb *v, const char *group, const char *socket,
    int json, int argc, char **argv)
{
	struct call c = { .json = json, .argc = argc - 1, .argv = argv + 1 };
	char path[PATH_LEN];

	if (beside(socket, path) == -1)
		return client_unreachable(socket, ENAMETOOLONG);
	c.socket = path;
	return dir_run(v, group, &c);
}

int
dir_command(const char *socket, int json, int argc, char **argv)
{
	return dir_group(verb, "dir ", socket, json, argc, argv);
}

void
dir_help_of(const struct verb *v, const char *group)
{
	char line[160];

	for (; v->name != NULL; v++) {
		snprintf(line, sizeof(line), "%s%s %s", group, v->name,
		    v->args);
		if (strlen(line) < 34)
			printf("  %-34s %s\n", line, v->help);
		else
			printf("  %s\n  %-34s %s\n", line, "", v->help);
	}
}

void
dir_help(void)
{
	dir_help_of(verb, "dir ");
	dir_help_of(dir_configs, "dir config ");
}
