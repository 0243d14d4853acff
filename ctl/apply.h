/*
 * apply.h -- one scope of distributed configuration into its place.
 *
 * In the folder each scope has a folder: `active`, what is in force here;
 * `previous`, what was before it; `state`, which version and text that is, whose,
 * and which version was turned down. `new`, and `rollback` or `first`, stand there
 * while something is under way, or was when the machine stopped.
 */
#ifndef APPLY_H
#define APPLY_H

#include <jansson.h>

#define APPLY_REASON	200

enum applied {
	APPLY_KEPT,		/* nothing to do: it is in place, or not for us */
	APPLY_DONE,
	APPLY_REFUSED,		/* and what was in place still is */
	APPLY_ROLLED_BACK	/* its health command said no */
};

/*
 * cfg: scope, author, version, hash, text, own. checks: a descriptor of the folder of
 * commands, -1 when there is none. path: folder's, for commands. why says what
 * happened, for people.
 */
enum applied apply_scope(int folder, const char *path, int checks,
		    const json_t *cfg, char why[APPLY_REASON]);
/*
 * Undoes what a stop left half done in any scope's folder, also of scopes that
 * nothing is published for now: -1 when one cannot be, and a text.
 */
int	apply_mend(int folder);
/* The scope is this publisher's from now on, from any version on. 0, or -1 after
 * a text. */
int	apply_accept(int folder, const char *scope, const char *did);

/* apply_check.c: 0, or -1 and what is wrong with the text for this scope. */
int	apply_syntax(const char *scope, const char *text, size_t len,
	    char why[APPLY_REASON]);
/*
 * The command of a scope, if it has one: what is "syntax" or "health". 0 when
 * it says yes or there is none; -1: no; -2: it could not be asked; and why.
 */
int	apply_command(int checks, const char *scope, const char *what,
	    const char *file, char why[APPLY_REASON]);
/* The folder of commands: its descriptor, -1 when there is none; -2 and a
 * text: somebody but root may write there. */
int	apply_checks(const char *path);

#endif
