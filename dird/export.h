/*
 * export.h -- an exported journal, checked line by line with nothing but
 * itself: every entry's form, its author's key, signature and chain, the
 * chain of hashes and the tree over all of them.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include "chain.h"
#include "entry.h"
#include "merkle.h"
#include "view.h"

struct export_check {
	struct view	*view;
	struct merkle	*tree;
	uint8_t		 chain[CHAIN_LEN];
	uint64_t	 n;		/* lines that were good */
	uint64_t	 forks;		/* authors seen to sign two histories */
	uint8_t		 raw[ENTRY_MAX + 1];
};

struct export_check *export_new(void);
void	export_free(struct export_check *);
/* The next line, without its newline. -1: it is broken, and why. */
int	export_line(struct export_check *, const char *line, size_t len,
	    struct because *);

#endif
