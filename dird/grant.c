/* grant.c -- the grant exchange: what a macro came to. */
#include "dird.h"

void
on_macro_done(struct chan *c, const struct msg_macro_done *m, int *fds)
{
	(void)c;
	(void)m;
	(void)fds;
}
