/*
 * link_seen.h -- the last message 1s that authenticated, by their ephemeral
 * key, and the message 2s that answered them. A lost message 2 is sent again
 * from here; a message 1 that somebody replays ends here. Pure.
 */
#ifndef NETD_LINK_SEEN_H
#define NETD_LINK_SEEN_H

#include "frame.h"
#include "pipe.h"

enum { SEEN_MAX = 1024 };

struct seen {
	uint8_t		e[FRAME_EPHEMERAL_LEN];
	uint8_t		used, answered;
	uint16_t	next;		/* hash chain, slot + 1 */
	struct endpoint	ep;		/* where it came from */
	uint64_t	at_ms;
	uint8_t		msg2[FRAME_MSG2_LEN];
};

void		 seen_init(const uint8_t seed[16]);
/* The entry, or NULL. */
const struct seen *seen_find(const uint8_t e[FRAME_EPHEMERAL_LEN]);
/* Remembers it, in place of the oldest; not answered yet. */
void		 seen_add(const uint8_t e[FRAME_EPHEMERAL_LEN],
		    const struct endpoint *, uint64_t now_ms);
/* The frame that answered it. Nothing happens when it is forgotten already. */
void		 seen_answer(const uint8_t e[FRAME_EPHEMERAL_LEN],
		    const uint8_t msg2[FRAME_MSG2_LEN]);

#endif
