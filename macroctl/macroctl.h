/*
 * macroctl.h -- what the files of macroctl share.
 *
 *	main.c	    which of the two this is; privileges away, then arguments
 *	cli.c	    one call: arguments to an answer
 *	runner.c    the room: MACRO_RUN from dird, GRANT to privd
 *	call.c	    what both do: planner, plan, allowed or not
 *	kind.c	    the folder of planners; has anybody else been at it?
 *	manifest.c  KIND.yaml
 *	params.c    JSON of parameters and credentials, held against it
 *	plan.c	    what a planner printed, held against it
 *	planner.c   runs one; box.c shuts it in
 *	ask.c	    questions to privd, as a guest
 *	note.c	    the system log, for what privd cannot record
 */
#ifndef MACROCTL_H
#define MACROCTL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lend.h"

#ifndef ME_MACROCTL
#define ME_MACROCTL
#endif
#include "doors.h"

#define PARAMS		16
#define PARAM_NAME	32
#define PARAM_TEXT	255
#define RANGES		8
#define SCHEME_LEN	15
#define ENDPOINT_LEN	255
#define NOTES		8
#define NOTE_LEN	200
#define MANIFEST_LEN	16384
#define JSON_LEN	8192		/* of --params, --cred */
#define JSON_DEPTH	4
#define PLAN_LEN	65536		/* that a planner may print */
#define PLAN_DEPTH	4
#define INPUT_LEN	16384		/* that a planner reads */
#define WALL_MS		2000
#define ERR_LEN		512

enum param_type { PARAM_INT, PARAM_PORT, PARAM_BOOL, PARAM_WORD };

struct param {
	char		 name[PARAM_NAME + 1];
	enum param_type	 type;
	int64_t		 lo, hi;	/* of an int; hi: bytes of a word */
	int		 optional, has_default;
	char		 value[PARAM_TEXT + 1];
};

struct range {
	uint8_t		 proto;
	uint16_t	 lo, hi;
};

struct manifest {
	char		 kind[LEND_KIND_LEN + 1], about[NOTE_LEN + 1];
	uint32_t	 secs, secs_max;	/* default, most */
	struct param	 param[PARAMS];
	unsigned	 nparam;
	struct range	 allow[RANGES];
	unsigned	 nallow;
	int		 listener, wireguard;	/* may ask for it */
	char		 scheme[SCHEME_LEN + 1];	/* of the endpoint */
};

struct plan {
	struct lend_port allow[LEND_PORTS];
	unsigned	 nallow;
	int		 listener, wireguard;
	char		 wg_key[65], wg_endpoint[ENDPOINT_LEN + 1];
	char		 endpoint[ENDPOINT_LEN + 1];
	char		 note[NOTES][NOTE_LEN + 1];
	unsigned	 nnote;
};

/* One call of one macro. */
struct call {
	enum lend_verb	 verb;
	char		 kind[LEND_KIND_LEN + 1], sub[LEND_SUB_LEN + 1];
	uint8_t		 src[16], self[16];
	int		 has_src;
	uint32_t	 secs;		/* 0: what the manifest says */
	const char	*params, *cred;	/* JSON, or NULL */
	size_t		 params_len, cred_len;
	char		 err[ERR_LEN];	/* more than the reason alone says */
};

/* kind.c */
/* The folder beside us or where it is installed, not yet looked at; or -1. */
int	 kind_folder(void);
/* Why kind_folder() found none. */
const char *kind_absent(void);
/* Planner and manifest text (NUL-terminated, MANIFEST_LEN + 1), both looked at. */
enum lend_why kind_open(int dir, const char *kind, int *planner, char *text,
	    size_t *len, char err[ERR_LEN]);
/* Names of all kinds, sorted; how many. */
unsigned kind_all(int dir, char name[][LEND_KIND_LEN + 1], unsigned max);

/* manifest.c: 0, or -1 and err. */
int	 manifest_parse(const char *name, const char *text, size_t len,
	    struct manifest *, char err[ERR_LEN]);
/* As JSON, which a manifest may be written in; the caller frees. */
char	*manifest_write(const struct manifest *);

/* params.c */
/* What is wrong, into err; -1. */
int	 bad(char err[ERR_LEN], const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The planner's lines "param.NAME=VALUE", defaults included; length or -1. */
ssize_t	 params_lines(const struct manifest *, const char *json, size_t len,
	    char *out, size_t cap, char err[ERR_LEN]);
/* The same for what the provider said: any flat object of words and numbers. */
ssize_t	 cred_lines(const char *json, size_t len, char *out, size_t cap,
	    char err[ERR_LEN]);

/* plan.c */
int	 plan_parse(const char *, size_t len, struct plan *, char err[ERR_LEN]);
enum lend_why plan_check(const struct plan *, const struct manifest *,
	    enum lend_verb, char err[ERR_LEN]);

/* planner.c */
/* Opens what a planner needs, before there is an empty root. */
void	 planner_init(void);
enum lend_why planner_run(int binary, const char *kind, const char *in,
	    size_t in_len, char *out, size_t *out_len, char err[ERR_LEN]);

/* box.c: in the child. Never returns. */
void	 box_exec(int binary, int in, int out, int err, const char *kind)
	    __attribute__((noreturn));

/* call.c */
enum lend_why call_plan(int dir, struct call *, struct manifest *,
	    struct plan *);
void	 call_grant(const struct call *, const struct plan *,
	    struct msg_grant *);

/* ask.c: as a guest. Connects; -1: nobody answers. */
int	 ask_connect(const char *runtime_dir);
/* What privd says first. */
enum lend_why ask_begin(int fd, uint8_t self[16]);
enum lend_why ask_grant(const struct msg_grant *, uint64_t *until);
enum lend_why ask_revoke(const struct call *, unsigned *removed, int *recorded);
/* Every row of what is lent: fn gets one after the other. */
enum lend_why ask_list(void (*fn)(void *, const struct lend_row *), void *arg);
/* A refusal, for the record; -1: privd does not hear it. */
int	 ask_attempt(enum lend_why, const char *text);
int	 ask_is_on(void);

/* note.c: before there is an empty root. Where there is no log it says nothing. */
void	 note_open(void);
void	 note_attempt(enum lend_why, const char *call);

/* cli.c, runner.c */
int	 cli_main(int dir, const uint8_t self[16], int argc, char *argv[]);
/* A call that gets no further, whatever its arguments are; the exit status. */
int	 cli_refuse(enum lend_why, int argc, char *argv[]);
/* One JSON object on stderr; the exit status. */
int	 cli_fail(enum lend_why, const char *more);
void	 runner_main(void) __attribute__((noreturn));

#endif
