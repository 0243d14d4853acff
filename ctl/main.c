/* main.c -- bastidectl: asks a running node, or makes an identity. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "ident.h"

#define DEFAULT_SOCKET	"/run/bastide/control.sock"

struct how {
	const char	*socket;
	int		 json;
};

static int
usage(const char *text)
{
	fprintf(stderr, "bastidectl: %s\nTry 'bastidectl help'.\n", text);
	return EXIT_USAGE;
}

/* The npub of a name that the node knows, in out. An exit status. */
static int
npub_of(const struct how *how, const char *name, char out[NPUB_LEN + 1])
{
	json_t *data = NULL, *e;
	const char *shown, *npub;
	uint8_t pub[32];
	size_t i;
	int ret;

	if (npub_decode(name, pub) == 0) {
		npub_encode(pub, out);
		return EXIT_OK;
	}
	ret = client_ask(how->socket, "show_identity_cache", NULL, &data);
	if (ret != EXIT_OK)
		return ret;
	ret = EXIT_NO;
	json_array_foreach(json_object_get(data, "entries"), i, e) {
		shown = json_string_value(json_object_get(e, "display_name"));
		npub = json_string_value(json_object_get(e, "npub"));
		if (shown == NULL || npub == NULL || strcmp(shown, name) != 0)
			continue;
		snprintf(out, NPUB_LEN + 1, "%s", npub);
		ret = EXIT_OK;
	}
	json_decref(data);
	if (ret != EXIT_OK)
		fprintf(stderr, "bastidectl: '%s' is no npub, and no name that "
		    "the node knows\n", name);
	return ret;
}

/* show stats METRIC [PEER] [WINDOW] */
static int
show_history(const struct how *how, int argc, char **argv)
{
	const char *window = "10m";
	char npub[NPUB_LEN + 1];
	json_t *params, *data = NULL;
	int ret;

	if (argc > 3 && stats_is_window(argv[argc - 1]))
		window = argv[--argc];
	if (argc > 4)
		return usage("show stats METRIC [PEER] [WINDOW]");
	if (argc == 4 && (ret = npub_of(how, argv[3], npub)) != EXIT_OK)
		return ret;
	params = json_pack("{s:s, s:s, s:s}", "metric", argv[2], "window",
	    window, "granularity", stats_step(window));
	if (params == NULL)
		return text_none();
	if (argc == 4)
		json_object_set_new(params, "peer", json_string(npub));
	ret = client_ask(how->socket, "show_stats_history", params, &data);
	if (ret != EXIT_OK)
		return ret;
	if (how->json) {
		table_reply(1, NULL, data);
		return EXIT_OK;
	}
	stats_print(window, data);
	json_decref(data);
	return EXIT_OK;
}

static int
cmd_show(const struct how *how, int argc, char **argv)
{
	const char *command;
	json_t *data = NULL;
	int ret;

	if (argc > 2 && strcmp(argv[1], "stats") == 0)
		return show_history(how, argc, argv);
	if (argc != 2)
		return usage("show what?");
	if ((command = table_command(argv[1])) == NULL)
		return usage("there is no such thing to show");
	ret = client_ask(how->socket, command, NULL, &data);
	if (ret == EXIT_OK)
		table_reply(how->json, argv[1], data);
	return ret;
}

/*
 * A command about one peer; params NULL: an argument was no UTF-8. done is what
 * to say when it worked.
 */
static int
change(const struct how *how, const char *command, const char *peer,
    json_t *params, const char *done)
{
	char npub[NPUB_LEN + 1];
	json_t *data = NULL;
	int ret;

	if (params == NULL)
		return text_none();
	if ((ret = npub_of(how, peer, npub)) != EXIT_OK) {
		json_decref(params);
		return ret;
	}
	json_object_set_new(params, "npub", json_string(npub));
	ret = client_ask(how->socket, command, params, &data);
	if (ret != EXIT_OK)
		return ret;
	if (how->json)
		table_reply(1, NULL, data);
	else {
		json_decref(data);
		printf("%s %s\n", done, npub);
	}
	return EXIT_OK;
}

static int
cmd_topology(const struct how *how, int argc, char **argv)
{
	static const char *const ask[] = { "show_status", "show_tree",
	    "show_cache", "show_peers" };
	json_t *got[4] = { NULL };
	int i, ret = EXIT_OK, dot = argc == 2 && strcmp(argv[1], "--dot") == 0;

	if (argc > 1 && !dot)
		return usage("topology [--dot]");
	for (i = 0; i < 4 && ret == EXIT_OK; i++)
		ret = client_ask(how->socket, ask[i], NULL, &got[i]);
	if (ret == EXIT_OK)
		topology_print(got[0], got[1], got[2], got[3], dot);
	for (i = 0; i < 4; i++)
		json_decref(got[i]);
	return ret;
}

static int
cmd_connect(const struct how *how, int argc, char **argv)
{
	if (argc < 3 || argc > 4)
		return usage("connect PEER ADDRESS [TRANSPORT]");
	return change(how, "connect", argv[1], json_pack("{s:s, s:s}",
	    "address", argv[2], "transport", argc == 4 ? argv[3] : "udp"),
	    "dialling");
}

static int
cmd_disconnect(const struct how *how, int argc, char **argv)
{
	if (argc != 2)
		return usage("disconnect PEER");
	return change(how, "disconnect", argv[1], json_object(),
	    "disconnected");
}

static int
cmd_rekey(const struct how *how, int argc, char **argv)
{
	if (argc < 2 || argc > 3)
		return usage("rekey PEER [link|session]");
	return change(how, "rekey", argv[1], json_pack("{s:s}", "layer",
	    argc == 3 ? argv[2] : "link"), "new keys on the way with");
}

static int
cmd_dir(const struct how *how, int argc, char **argv)
{
	return dir_command(how->socket, how->json, argc, argv);
}

static int
cmd_lend(const struct how *how, int argc, char **argv)
{
	return lend_command(how->socket, how->json, argc, argv);
}

static int
cmd_keygen(const struct how *how, int argc, char **argv)
{
	(void)how;
	return keygen(argc, argv);
}

static int
cmd_version(const struct how *how, int argc, char **argv)
{
	(void)how;
	(void)argc;
	(void)argv;
	puts("bastidectl " VERSION);
	return EXIT_OK;
}

static int
cmd_help(const struct how *how, int argc, char **argv)
{
	(void)how;
	(void)argc;
	(void)argv;
	help_print();
	return EXIT_OK;
}

static const struct {
	const char	*name;
	int		(*fn)(const struct how *, int, char **);
} command[] = {
	{ "show",	cmd_show },
	{ "topology",	cmd_topology },
	{ "connect",	cmd_connect },
	{ "disconnect",	cmd_disconnect },
	{ "rekey",	cmd_rekey },
	{ "dir",	cmd_dir },
	{ "services",	cmd_lend },
	{ "grants",	cmd_lend },
	{ "audit",	cmd_lend },
	{ "keygen",	cmd_keygen },
	{ "version",	cmd_version },
	{ "help",	cmd_help },
};

/* The exit status: an answer that could not be written whole is none. */
static int
finish(int ret)
{
	/* Why an earlier write failed is forgotten by now. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return ret;
	fputs("bastidectl: stdout: not all of it could be written\n", stderr);
	return ret == EXIT_OK ? EXIT_NO : ret;
}

int
main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "socket", required_argument, NULL, 'S' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 }
	};
	const char *env = getenv("BASTIDE_SOCKET");
	struct how how = { env != NULL && *env != '\0' ? env :
	    DEFAULT_SOCKET, 0 };
	size_t i;
	int c;

	while ((c = getopt_long(argc, argv, "+S:jVh", opts, NULL)) != -1)
		switch (c) {
		case 'S':
			how.socket = optarg;
			break;
		case 'j':
			how.json = 1;
			break;
		case 'V':
			return finish(cmd_version(&how, 0, NULL));
		case 'h':
			return finish(cmd_help(&how, 0, NULL));
		default:
			return usage("unknown option");
		}
	/* Both are welcome at the end too, where people put them. */
	if (argc - optind > 1 && strcmp(argv[argc - 1], "--help") == 0)
		return finish(cmd_help(&how, 0, NULL));
	if (argc - optind > 1 && strcmp(argv[argc - 1], "--json") == 0) {
		how.json = 1;
		argc--;
	}
	if (optind == argc)
		return usage("a command is missing");
	for (i = 0; i < sizeof(command) / sizeof(command[0]); i++)
		if (strcmp(argv[optind], command[i].name) == 0)
			return finish(command[i].fn(&how, argc - optind,
			    argv + optind));
	return usage("unknown command");
}
