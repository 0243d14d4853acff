/*
 * link_hs.h -- the rows of the handshake table, between link_hs.c,
 * link_dial.c (ours) and link_answer.c (theirs) only.
 */
#ifndef NETD_LINK_HS_H
#define NETD_LINK_HS_H

#include "link_int.h"

enum hs_event {
#define EVENT(NAME)	HS_EV_##NAME,
#include "link.def"
	HS_EV_MAX
};

/* 0, or -1 and all is as it was. */
int		 hs_step(struct hs *, enum hs_event, void *arg);
/* Ends it by END or NO; a dial that leaves nothing behind is tried again later. */
void		 hs_end(struct hs *, enum hs_event);
/* A free row; NULL counted. The limits are for strangers: a peer's rekey and
 * a dial of the configuration find room beyond them, and count for none. */
struct hs	*hs_new(int is_known);
/* Would one that is known find a row, and cryptod time for it? */
int		 hs_has_room(void);
unsigned	 hs_slot_of(const struct hs *);
struct hs	*hs_slot(unsigned);
/* Rows in use that are so; NULL: all. */
unsigned	 hs_count(int (*)(const struct hs *));
/* The next row in use, or NULL. Begin with NULL. */
struct hs	*hs_next(struct hs *);
/* The row whose question this is an answer to; the question is then closed. */
struct hs	*hs_take_answer(uint32_t req);
/* Tell cryptod to forget a handshake; 0 is none. */
void		 hs_forget(uint32_t noise_hs);

#endif
