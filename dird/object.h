/* object.h -- objects.def as enums and one check of a body against its row. */
#ifndef OBJECT_H
#define OBJECT_H

#include <jansson.h>
#include <stdint.h>

#include "jcs.h"
#include "why.h"

#define DID_LEN		40	/* "did:plc:" and 32 hex digits */

enum object {
#define OBJ(NAME, Name, right)	OBJ_##NAME,
#include "objects.def"
	OBJ_MAX
};

enum right {
#define RIGHT(NAME, name, standing)	RIGHT_##NAME,
#include "objects.def"
	RIGHT_MAX
};

/* What somebody is in a domain; a higher one has the rights of the lower. */
enum standing { ANYBODY, MEMBER, EMANCIPATED };

enum field_kind {
	FIELD_TEXT, FIELD_BODY, FIELD_WORD, FIELD_KIND, FIELD_HEX, FIELD_DID,
	FIELD_TIME, FIELD_INT, FIELD_BOOL, FIELD_ENUM, FIELD_CIDRS,
	FIELD_LINES, FIELD_IP6, FIELD_MACRO
};

struct field {
	const char	*name;
	enum field_kind	 kind;
	long long	 lo, hi;
	const char	*words;
	int		 optional;
};

/* Name of a type, or NULL; and back, or -1. */
const char	*object_name(enum object);
int		 object_type(const char *name, size_t len);
enum right	 object_right(enum object);
/* Fields of a type, ended by one without a name. */
const struct field *object_fields(enum object);
/* 0 if body has exactly the fields of its row, each within its bounds. */
int		 object_check(enum object, const json_t *body, struct because *);

/* Name of a right, or NULL; and back, or -1. */
const char	*right_name(enum right);
int		 right_find(const char *name);
enum standing	 right_standing(enum right);

int	is_did(const char *, size_t len);
int	is_hex(const char *, size_t len);	/* lowercase */
/* Seconds since the epoch, or -1 unless s is exactly YYYY-MM-DDTHH:MM:SSZ. */
int64_t	time_parse(const char *s, size_t len);
/* out gets 20 characters and a NUL. */
void	time_write(int64_t, char out[21]);

#endif
