/* ctl.h -- the parts of bastidectl. */
#ifndef CTL_H
#define CTL_H

#include <stdio.h>

#include <jansson.h>

/* What the process says when it ends. */
enum { EXIT_OK = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3 };

/*
 * client.c: one command to the node. 0 and *data (the caller's), else an exit
 * status, with the reason on stderr. params is released; NULL for none.
 */
int	client_ask(const char *socket, const char *command, json_t *params,
	    json_t **data);

/* What both clients do. A connected socket, or -1 with errno. */
int	client_dial(const char *socket, unsigned wait_s);
/* All of it, or -1 with errno; 0, too, when the other end has answered already. */
int	client_send(int fd, const char *, size_t len);
/* Everything up to the end, the caller's, or NULL with errno. */
char	*client_hear(int fd, size_t *len);
/* Says so; EXIT_UNREACHABLE. */
int	client_unreachable(const char *socket, int err);

/* api.c: one HTTP request to the directory's socket. */
struct api_reply {
	char		*buf;		/* free() it */
	const char	*body;
	size_t		 len;
};
/*
 * 0 and an answer that says it worked, else an exit status, with the reason on
 * stderr. body NULL: GET, else POST.
 */
int	api_ask(const char *socket, const char *path, const char *body,
	    size_t len, struct api_reply *);
/* Its body as a JSON object, the caller's; the answer is released. The same of it. */
int	api_read(struct api_reply *, json_t **data);
/* Both, with JSON: body is released, NULL for GET; *data is the caller's. */
int	api_json(const char *socket, const char *path, json_t *body,
	    json_t **data);
/* GET on a connection that stands; it is closed. */
int	api_json_on(int fd, const char *socket, const char *path, json_t **data);
/* What is safe in a path or a query, percent-encoded; -1: it does not fit. */
int	api_quote(const char *text, char *out, size_t cap);

/* dir.c: argv from "dir" on. socket is the control socket, or the directory's. */
int	dir_command(const char *socket, int json, int argc, char **argv);
void	dir_help(void);

/* lend.c: argv from "services", "grants" or "audit" on. */
int	lend_command(const char *socket, int json, int argc, char **argv);
void	lend_help(void);

/* apply.c: what dir config apply does. An exit status. */
struct apply {
	const char	*socket, *folder, *checks;
	int		 json;
};
int	apply_run(const struct apply *);
/* The same of dir config accept. */
int	apply_accept_run(const char *folder, const char *scope, const char *did);

/*
 * text.c: others' words. Each byte of a character that a terminal obeys becomes
 * a '?'; newlines, too, but not in text_show, which writes what it was given,
 * byte for byte, when stdout is no terminal: -1 when that fails.
 */
void	text_clean(char *);
void	text_say(FILE *, const char *);
int	text_show(const char *, size_t len);
/* An argument that is none cannot be asked about; EXIT_USAGE. */
int	text_none(void);
/* How JSON is printed: what is not ASCII, as its number. */
#define TEXT_JSON	(JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENSURE_ASCII)

/*
 * table.c: data of `show what`, or of another sheet, for people or as JSON; it
 * is released. What could not be written main() says.
 */
void	table_reply(int json, const char *what, json_t *data);
/* Is there such a thing to show? Its command, or NULL. */
const char *table_command(const char *what);

/* stats.c: the history of a metric for people. "90s", "10m", "24h" are windows. */
int	stats_is_window(const char *);
/* How far apart its samples are, as the node has it. */
const char *stats_step(const char *window);
void	stats_print(const char *window, const json_t *data);

/* topology.c: data of show_status, show_tree, show_cache and show_peers as a
 * picture, or for Graphviz. */
void	topology_print(json_t *status, json_t *tree, json_t *cache, json_t *peers,
	    int dot);

/* keygen.c: argv from "keygen" on. Answers the exit status. */
int	keygen(int argc, char **argv);
/*
 * Makes dir (and its parents) if need be, and both files in it: fips.key 0600,
 * fips.pub 0644. A symlink in their place is never followed. 0, or -1 and a
 * text on stderr.
 */
int	keygen_write(const char *dir, const char *nsec, const char *npub,
	    int force);

/* help.c */
void	help_print(void);

#endif
