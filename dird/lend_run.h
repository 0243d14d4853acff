/*
 * lend_run.h -- what dird asks of macroctl. Answers come later; macroctl may
 * not be there at all, since a box that lends nothing has none.
 */
#ifndef LEND_RUN_H
#define LEND_RUN_H

#include "dird.h"
#include "lend.h"

/* One service, lent to one did at one address. */
struct loan {
	char	kind[LEND_KIND_LEN + 1], did[DID_LEN + 1], service[33];
	uint8_t	src[16];
};

/*
 * Who wants it: somebody who asks, or lent.c, which takes back what does not
 * stand. It asks one thing at a time, and there is always room for that one.
 */
enum lend_for { LEND_DUE, LEND_ASKED };

typedef void	(*ran)(void *arg, const struct msg_macro_done *);
typedef void	(*listed)(void *arg, const struct msg_macro_listed *);

/* Does this box lend anything? */
int	lend_is_on(void);
/* 0 and done will be called once, or -1. params: JSON, or NULL. */
int	lend_run(enum lend_for, enum lend_verb, const struct loan *,
	    const char *params, ran done, void *arg);
/*
 * One page of what is lent, after a row's key or from the beginning (no
 * length): 0 and rows or failed will be called once; or -1.
 */
int	lend_list(enum lend_for, const uint8_t after[LEND_KEY_LEN],
	    uint16_t after_len, listed rows, ran failed, void *arg);

#endif
