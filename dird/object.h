/* object.h -- one check of a body against its row of objects.def; rights. */
#ifndef OBJECT_H
#define OBJECT_H

#include <jansson.h>
#include <stdint.h>

#include "jcs.h"
#include "typed.h"
#include "why.h"

enum right {
#define RIGHT(NAME, name, standing)	RIGHT_##NAME,
#include "objects.def"
	RIGHT_MAX
};

/* What somebody is in a domain; a higher one has the rights of the lower. */
enum standing { ANYBODY, MEMBER, EMANCIPATED };

enum right	 object_right(enum object);
/* 0 if body has exactly the fields of its row, each within its bounds. */
int		 object_check(enum object, const json_t *body, struct because *);

/* Name of a right, or NULL. */
const char	*right_name(enum right);
enum standing	 right_standing(enum right);

#endif
