/* page.h -- a piece of this journal as others read it: lines of an export. */
#ifndef PAGE_H
#define PAGE_H

#include "journal.h"

/*
 * Lines from entry `from` on, whole ones, at most cap bytes and max lines; each
 * ends in a newline. Bytes written, 0 at the end of the journal; -1 with reason.
 */
ssize_t	page_write(struct journal *, uint64_t from, unsigned max, char *out,
	    size_t cap, struct because *);

#endif
