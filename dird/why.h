/* why.h -- refusals of the directory: one table for logs, answers and tests. */
#ifndef WHY_H
#define WHY_H

enum why {
	WHY_OK,
#define WHY(NAME, name, text)	WHY_##NAME,
#include "why.def"
	WHY_MAX
};

/* A reason and its place: a field, a position, a line; "" when there is none. */
struct because {
	enum why	why;
	char		place[96];
};

/* Key ("duplicate_key") and sentence of a reason; both static, never NULL. */
const char	*why_name(enum why);
const char	*why_text(enum why);
/* Fills b, which may be NULL; always -1, so that a check can return it. */
int	because(struct because *b, enum why, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

#endif
