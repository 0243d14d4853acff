/*
 * session_hold.c -- frames that came before their keys.
 *
 * Msg3 and the first frames under its keys come together, and cryptod opens
 * frames sooner than it hears of Msg3. Such a frame waits in its slot until
 * Msg3 has been read; then cryptod tries its session layer again, once. Few
 * wait for one node and not many in all: anybody can send a false Msg3.
 */
#include <string.h>

#include "netd.h"

#include "session_int.h"

enum { HELD_MAX = 64, HELD_OF_ONE = 16 };

static struct held {
	struct work	*w;
	uint8_t		 addr[NADDR_LEN];
} held[HELD_MAX];
static unsigned	 nheld;			/* in the order in which they came */

/* The second answer is final. */
static void
opened(struct work *w)
{
	uint8_t			 head[FSP_DGRAM];
	struct fsp_dgram	 d;
	struct session		*s;

	memcpy(head, w->buf + w->off + AT_DGRAM, sizeof(head));
	if (w->why != REFUSE_NONE)
		refuse(w->why);
	else if (fsp_dgram_decode(head, sizeof(head), &d) == -1)
		refuse(REFUSE_DGRAM_SHORT);
	else if ((s = session_find(d.src)) == NULL)
		refuse(REFUSE_INNER_NO_SESSION);
	else {
		pipe_keep(w);
		session_data(s, &d, w, w->kind);
	}
}

/* Keys may also have come while the frame was with cryptod. */
int
hold_take(const uint8_t addr[NADDR_LEN], struct work *w, int ce)
{
	const struct session	*s = session_find(addr);
	unsigned		 i, n = 0;

	w->kind = ce != 0;
	if (s != NULL && s->extra->proved_ms != 0 &&
	    w->at_ms <= s->extra->proved_ms) {
		pipe_push(w, RING_OPEN_INNER, opened);
		return 1;
	}
	for (i = 0; i < nheld; i++)
		n += memcmp(held[i].addr, addr, NADDR_LEN) == 0;
	if (nheld == HELD_MAX || n == HELD_OF_ONE || pipe_free() <= PIPE_SPARE ||
	    !shake_is_reading(addr))
		return 0;
	held[nheld].w = w;
	memcpy(held[nheld++].addr, addr, NADDR_LEN);
	return 1;
}

void
hold_release(const uint8_t addr[NADDR_LEN], int proved)
{
	unsigned i, n = nheld;

	if (!proved && shake_is_reading(addr))
		return;
	for (i = nheld = 0; i < n; i++) {
		if (memcmp(held[i].addr, addr, NADDR_LEN) != 0) {
			held[nheld++] = held[i];
			continue;
		}
		if (proved) {
			pipe_push(held[i].w, RING_OPEN_INNER, opened);
			continue;
		}
		refuse(held[i].w->why);
		pipe_put(held[i].w);
	}
}
