/*
 * dir_config.c -- bastidectl dir config: configuration that is handed out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dir.h"

#define FOLDER		"/var/lib/bastide-config"
#define CONFIG_MAX	49152		/* objects.def: ConfigBlob's text */

static int
config_list(struct call *c)
{
	return dir_get(c, "/v1/configs", "dir configs");
}

/* The text as it was published; byte for byte, but for a terminal. */
static int
config_show(struct call *c)
{
	char path[PATH_LEN], scope[256];
	const char *text;
	json_t *data;
	int ret;

	if (api_quote(c->argv[0], scope, sizeof(scope)) == -1) {
		fputs("bastidectl: a scope has at most 63 characters\n",
		    stderr);
		return EXIT_USAGE;
	}
	snprintf(path, sizeof(path), "/v1/configs?scope=%s", scope);
	ret = api_json(c->socket, path, NULL, &data);
	if (ret != EXIT_OK)
		return ret;
	if (c->json) {
		table_reply(1, NULL, data);
		return EXIT_OK;
	}
	text = json_string_value(json_object_get(data, "text"));
	ret = text != NULL && text_show(text, strlen(text)) == 0 ? EXIT_OK :
	    EXIT_NO;
	json_decref(data);
	return ret;
}

/* The file as a JSON string, or NULL after a text. */
static json_t *
text_of(const char *file)
{
	static char buf[CONFIG_MAX + 1];
	FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	size_t n = f == NULL ? 0 : fread(buf, 1, sizeof(buf), f);
	json_t *v;

	if (f == NULL || ferror(f)) {
		fprintf(stderr, "bastidectl: %s: %s\n", file, strerror(errno));
		v = NULL;
	} else if (n > CONFIG_MAX) {
		fprintf(stderr, "bastidectl: %s: more than %d bytes\n", file,
		    CONFIG_MAX);
		v = NULL;
	} else if ((v = memchr(buf, '\0', n) != NULL ? NULL :
	    json_stringn(buf, n)) == NULL)
		fprintf(stderr, "bastidectl: %s is no UTF-8 text\n", file);
	if (f != NULL && f != stdin)
		fclose(f);
	return v;
}

static int
config_publish(struct call *c)
{
	const char *until = dir_option(c, "--until", NULL);
	const char *from = dir_option(c, "--from", NULL);
	const char *v = dir_option(c, "--version", NULL);
	json_int_t version;
	json_t *body, *text;

	if (c->argc != 2)
		return dir_usage(c);
	if (dir_number(v, "--version", &version) == -1)
		return EXIT_USAGE;
	if ((text = text_of(c->argv[1])) == NULL)
		return EXIT_NO;
	body = json_pack("{s:s, s:o, s:s*, s:s*}", "scope", c->argv[0], "text",
	    text, "valid_from", from, "valid_until", until);
	if (body != NULL && version != -1)
		json_object_set_new(body, "version", json_integer(version));
	return dir_post(c, "/v1/configs", body);
}

static int
config_revoke(struct call *c)
{
	return dir_post_about(c, "/v1/configs/", c->argv[0], "/revoke",
	    json_object());
}

static int
config_accept(struct call *c)
{
	const char *folder = dir_option(c, "-d", FOLDER);
	char did[64];
	int ret;

	if (c->argc != 2)
		return dir_usage(c);
	ret = dir_did(c, c->argv[1], did);
	return ret != EXIT_OK ? ret : apply_accept_run(folder, c->argv[0], did);
}

static int
config_apply(struct call *c)
{
	struct apply a = { .socket = c->socket, .json = c->json };

	a.folder = dir_option(c, "-d", FOLDER);
	a.checks = dir_option(c, "-c", "/etc/bastide/config-checks");
	if (c->argc != 0)
		return dir_usage(c);
	return apply_run(&a);
}

const struct verb dir_configs[] = {
	{ "list", "", "all that are published", 0, 0, config_list },
	{ "show", "SCOPE", "the text in force", 1, 1, config_show },
	{ "publish", "SCOPE FILE [--version N] [--from TIME] [--until TIME]",
	    "a new version; FILE - is stdin", 2, 8, config_publish },
	{ "revoke", "ID", "takes a version back", 1, 1, config_revoke },
	{ "accept", "SCOPE WHO [-d FOLDER]",
	    "lets another publisher have it here", 2, 4, config_accept },
	{ "apply", "[-d FOLDER] [-c CHECKS]",
	    "puts what this box opted into in place", 0, 4, config_apply },
	{ NULL, NULL, NULL, 0, 0, NULL }
};

int
dir_config(struct call *c)
{
	return dir_run(dir_configs, "dir config ", c);
}
