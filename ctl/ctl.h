/* ctl.h -- the parts of bastidectl. */
#ifndef CTL_H
#define CTL_H

#include <jansson.h>

/* What the process says when it ends. */
enum { EXIT_OK = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3 };

/*
 * client.c: one command to the node. 0 and *data (the caller's), else an exit
 * status, with the reason on stderr. params is released; NULL for none.
 */
int	client_ask(const char *socket, const char *command, json_t *params,
	    json_t **data);

/* table.c: data of `show what` for people. */
void	table_print(const char *what, json_t *data);
/* Is there such a thing to show? Its command, or NULL. */
const char *table_command(const char *what);

/* stats.c: the history of a metric for people. "90s", "10m", "24h" are windows. */
int	stats_is_window(const char *);
/* How far apart its samples are, as the node has it. */
const char *stats_step(const char *window);
void	stats_print(const char *window, const json_t *data);

/* topology.c: data of show_tree and show_cache as a picture, or for Graphviz. */
void	topology_print(json_t *tree, json_t *cache, int dot);

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
