/*
 * backlog.h -- pieces from the kernel that wait to be cut, as they came; and
 * which packets need not wait behind them. Pure: no I/O, no clock.
 *
 * A stream fills whatever queue it finds, and the kernel's queue before a TUN
 * knows no flows: there, an echo waits behind a megabyte of somebody's upload.
 * So the pieces are read as they come and wait here, and a packet whose own flow
 * has nothing waiting goes past them; not many of them for each piece, so that a
 * flood of small packets waits like anybody else. A fragment may be of any flow: it
 * passes nobody, and nobody it.
 */
#ifndef NETD_BACKLOG_H
#define NETD_BACKLOG_H

#include "seg.h"

enum {
	BACKLOG_MAX = 32,
	BACKLOG_FIRST = 16384,		/* longest part that stands elsewhere */
	BACKLOG_REST = 65535 + 40,	/* longest piece */
	BACKLOG_PASS = 16,		/* packets that overtake one piece */
};

struct piece {
	struct seg	 seg;
	unsigned	 at;		/* next packet of it */
	uint32_t	 flow;
	uint64_t	 since_us;
	uint8_t		 mem[BACKLOG_FIRST + BACKLOG_REST];
};

/* Where the next piece goes on, BACKLOG_REST bytes; NULL when all are taken. */
uint8_t	*backlog_room(void);
/*
 * A piece of len bytes, of which the first, at most n, stand at `first` and the
 * rest where backlog_room() said. How many packets it is, or -1: its header
 * does not fit it.
 */
int	 backlog_push(const struct vnet *, const uint8_t *first, size_t n,
	    size_t len, uint64_t now_us);
unsigned backlog_count(void);
/* The oldest, or NULL; and away with it. */
struct piece *backlog_first(void);
void	 backlog_pop(void);
/* May this packet go past all that waits? Counted when it may. */
int	 backlog_pass(const uint8_t *pkt, size_t len);

#endif
