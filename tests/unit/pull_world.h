/* pull_world.h -- peers to pull from: what they have, and what they answer. */
#ifndef PULL_WORLD_H
#define PULL_WORLD_H

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "cosigned.h"
#include "dird.h"
#include "fetch.h"
#include "import.h"
#include "log.h"
#include "pull.h"
#include "source.h"
#include "suite.h"
#include "view_int.h"
#include "who.h"

#define CALLS_MAX	8
#define INTERVAL	30

extern int64_t		now;
extern enum why		becomes;	/* of each line that was sent */
extern int		all_known;	/* here, of authors */
extern size_t		line_len;	/* of each */

extern unsigned		made;
extern uint64_t		from;	/* of the last one */

extern unsigned		stored;	/* records */

extern uint8_t		member[256];
extern unsigned		members;

void	key(unsigned n, uint8_t pub[32]);

extern struct journal	journal;

void	setup(void);
void	teardown(void);
/* The timer of pull.c, as if what the clock says had come about. */
void	turn(void);
void	near(unsigned n);
struct call	*call_to(unsigned n);
void	answer(unsigned n, int status, const char *page, const char *wrong);

#endif
