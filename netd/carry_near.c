/* carry_near.c -- tells dird which peers have a link: it may ask them. */
#include <poll.h>
#include <string.h>

#define LOG_TARGET "bastide::netd"
#include "log.h"
#include "carry.h"
#include "link.h"

#define NEAR_MAX	64		/* peers that dird is told of, in a time */
#define NEAR_MS		10000

static int	going;			/* dird is there and has read its journal */

/* Links that come and go do not fill the door: dird asks everybody in time. */
void
carry_peer(const struct peer *p)
{
	static uint64_t	again_ms;
	static unsigned	told;
	struct msg_near	m = { .req = 0 };
	struct pollfd	door = { .fd = netd.dird.fd, .events = POLLOUT };

	/* A door that is a quarter full is not ready: dird is slow just now. */
	if (!going || poll(&door, 1, 0) != 1)
		return;
	if (netd.now_ms >= again_ms) {
		again_ms = netd.now_ms + NEAR_MS;
		told = 0;
	}
	if (told == NEAR_MAX)
		return;
	told++;
	memcpy(m.pub, p->pub + 1, sizeof(m.pub));
	if (near_send(&netd.dird, &m, NULL) == -1)
		fatal("telling dird of the mesh");
}

void
carry_near_go(void)
{
	struct peer *p;

	going = 1;
	for (p = NULL; (p = peer_next(p)) != NULL;)
		if (p->in_mesh)
			carry_peer(p);
}
