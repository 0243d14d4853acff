/* ear.c -- what cryptod says to a liar, and that none of its keys is in it. */
#include <poll.h>
#include <string.h>

#include "ear.h"
#include "liar.h"
#include "suite.h"

#define WAIT_MS	20000
#define PIECE	8		/* bytes of a key that are enough to tell it */

static uint8_t	(*secret)[32];
static size_t	  secrets;

void
ear_keys(uint8_t (*keys)[32], size_t n)
{
	secret = keys;
	secrets = n;
}

void
see(const void *p, size_t len)
{
	size_t i, part;

	for (i = 0; i < secrets; i++)
		for (part = 0; part < 32; part += PIECE)
			ck_assert_msg(memmem(p, len, secret[i] + part, PIECE) ==
			    NULL, "seed %u: part %zu of key %zu was seen", seed,
			    part, i);
}

int
hear(struct chan *c, enum msg_type *type, union msg_any *m)
{
	struct pollfd	p = { .fd = c->fd, .events = POLLIN };
	int		fds[MSG_NFD_MAX];
	enum chan_result got;

	ck_assert_msg(poll(&p, 1, WAIT_MS) == 1, "seed %u: cryptod hangs", seed);
	got = chan_recv(c, type, m, fds);
	if (got == CHAN_GONE)
		return 0;
	ck_assert_msg(got == CHAN_MSG, "seed %u: cryptod lies: %s", seed,
	    refuse_name(c->why));
	see(m, sizeof(*m));
	return 1;
}
