/* apply_place.h -- what the files of dir config apply share of a folder. */
#ifndef APPLY_PLACE_H
#define APPLY_PLACE_H

#include <jansson.h>

struct place {
	int		 dir;			/* of the scope; -1: not open */
	json_int_t	 version, refused;	/* 0: none yet */
	char		 hash[65];		/* of what passed; "": nothing */
	char		 author[64];		/* whose; "": nobody's yet */
};

void	place_hash(const char *text, size_t len, char hex[65]);
/*
 * The scope's folder, which is there, and what stands in it. What a stop left
 * half done is undone, or done when state says so. 0, or -1 with errno; dir is
 * the caller's to close.
 */
int	place_enter(int folder, const char *scope, struct place *);
/* Is this the text of `active`? */
int	place_has(const struct place *, const char *hash);
/* The state as it is here, on the disk; -1 with errno. */
int	place_save(const struct place *);
/*
 * `new` takes the place of `active`, which is kept as `rollback`, or there is
 * none: `first`. Then back, or for good. -1 with errno.
 */
int	place_swap(const struct place *);
int	place_undo(const struct place *);
int	place_keep(const struct place *);

#endif
