/*
 * answer.h -- an answer of the control socket that is written a slice at a time.
 *
 * A frame of JSON with empty lists in it, and where the rows of these come from.
 * Rows are asked for as the client reads, so an answer of ten thousand rows
 * holds packets up for some dozens of them, and memory no longer. Pure.
 */
#ifndef NETD_ANSWER_H
#define NETD_ANSWER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A slice ends when it is that long, or after that many steps. */
#define ANSWER_SLICE	8192
#define ANSWER_STEPS	1024

/* How far the rows are. The table may change between two steps: what a cursor
 * holds must stay valid then. When a list begins, the first two alone are set. */
struct cursor {
	const void	*asked;		/* as answer_new() got it */
	unsigned	 list;		/* how many lists came before this one */
	void		*last;		/* a place in a table that does not move */
	uint32_t	 at, part;	/* or a number of it */
	void		*own;		/* what was true when the list began; freed */
};

/* One step: 1 with a row or, for a place with nothing in it, NULL; 0: at the end. */
typedef int	(*answer_next)(struct cursor *, json_t **row);

struct answer_list {
	const char	*key;		/* the empty array of the frame */
	answer_next	 next;
	int		 again;		/* for every list of that name from here on */
};

struct answer;

/* frame is one line of text, which the answer then owns; list ends with a key
 * that is NULL, its order is the order in the frame; NULL: nothing to fill in.
 * asked: for the cursors, then the answer's too. NULL: no memory. */
struct answer	*answer_new(char *frame, size_t len, const struct answer_list *,
		    void *asked);
void		 answer_free(struct answer *);
/* The next slice, which is there until the next call; it may have no bytes yet.
 * 1: there is more; 0: that was all; -1: no memory. */
int		 answer_slice(struct answer *, const char **, size_t *len);

#endif
