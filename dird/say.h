/*
 * say.h -- what this node says: an entry of its own, from a body to the disk.
 * One after another, since each names the one before it.
 */
#ifndef SAY_H
#define SAY_H

#include <jansson.h>

#include "entry.h"

#define SAY_WAITING	256

/*
 * Once, when it is on the disk (e and its number) or why it never will be (e
 * NULL). e lasts during the call.
 */
typedef void	(*said)(void *arg, const struct entry *e, uint64_t number,
		    const struct because *);

/* body is released. done may be called before this returns. */
void	say(enum object, json_t *body, said done, void *arg);
/* How many wait. */
unsigned say_waiting(void);

#endif
