/* dir.h -- what the files of `bastidectl dir` share. */
#ifndef DIR_H
#define DIR_H

#include "ctl.h"

#define PATH_LEN	1024
#define DIR_PAGES	16384	/* of one list, as large as 1 MiB each */
#define DIR_ROWS	500	/* most that one answer has of a list */

struct call;
typedef int	dir_fn(struct call *);

struct verb {
	const char	*name, *args, *help;
	int		 min, max;	/* arguments */
	dir_fn		*fn;
};

struct call {
	const char	*socket;	/* the directory's */
	int		 json;
	const char	*group;		/* "dir ", and which of its rows this is */
	const struct verb *verb;
	int		 argc;		/* of the verb's own arguments */
	char		**argv;
};

/* Does what argv[0] names; the last row has no name. group: "dir ". */
int	dir_run(const struct verb *, const char *group, struct call *);
/* The same from a command line; argv[0] is the group's own word. */
int	dir_group(const struct verb *, const char *group, const char *socket,
	    int json, int argc, char **argv);
void	dir_help_of(const struct verb *, const char *group);
/* Its pages stand still, or are too many; EXIT_NO. */
int	dir_endless(void);
/* How it is called; EXIT_USAGE. */
int	dir_usage(const struct call *);
/* Takes "--name VALUE" out of the arguments; fallback when it is not there. */
const char *dir_option(struct call *, const char *name, const char *fallback);
int	dir_flag(struct call *, const char *name);
const char *dir_arg(const struct call *, int i, const char *fallback);
/* A number, or a time as in "90s", "12h", "7d", in seconds; -1 for NULL. 0, or
 * -1 after a text that names `what`. */
int	dir_number(const char *text, const char *what, json_int_t *);
int	dir_seconds(const char *text, const char *what, json_int_t *);
/* As JSON, or in the columns of a sheet. */
int	dir_get(const struct call *, const char *path, const char *sheet);
/* POST: body is released; NULL: an argument was no UTF-8. *data is the caller's. */
int	dir_ask(const struct call *, const char *path, json_t *body,
	    json_t **data);
/* The same, and the answer is printed. */
int	dir_post(const struct call *, const char *path, json_t *body);
int	dir_post_about(const struct call *, const char *head, const char *id,
	    const char *tail, json_t *body);
/* A did or a service id, from one or from a name. An exit status. */
int	dir_did(const struct call *, const char *text, char out[64]);
int	dir_service(const struct call *, const char *text, char out[64]);

/* dir_say.c */
dir_fn	dir_init, dir_whoami, dir_status, dir_invite, dir_join, dir_attest,
	dir_revoke, dir_nodes, dir_offer, dir_withdraw, dir_services,
	dir_subscribe, dir_subscriptions, dir_approve, dir_reject;
/* dir_config.c */
extern const struct verb dir_configs[];
dir_fn	dir_config;
/* dir_log.c */
dir_fn	dir_pull, dir_log, dir_verify, dir_proof, dir_checkpoint, dir_witness,
	dir_export, dir_import, audit_verify, audit_proof, audit_checkpoint,
	audit_export;

#endif
