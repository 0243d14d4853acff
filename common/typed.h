/*
 * typed.h -- objects.def as enums and rows, and what a string in them may be.
 * No memory and no library: the room that writes entries and the room that
 * signs them read the same table.
 */
#ifndef TYPED_H
#define TYPED_H

#include <stddef.h>
#include <stdint.h>

#define DID_LEN	40	/* "did:plc:" and 32 hex digits */
#define KIND_LEN	32	/* bytes of a kind of service, at most */
#define JCS_INT	9007199254740991LL	/* 2^53 - 1: what canonical JSON can say */
#define OBJ_PARAM_NAME	63	/* bytes of a parameter's name */
#define OBJ_PARAM_TEXT	1024	/* and of its text */

enum object {
#define OBJ(NAME, Name, right)	OBJ_##NAME,
#include "objects.def"
	OBJ_MAX
};

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
/* Fields of a type, ended by one without a name. */
const struct field *object_fields(enum object);

enum form { FORM_GOOD, FORM_RANGE, FORM_BAD };

/*
 * A string of this field, or one string of its list; s has len bytes of UTF-8
 * and a NUL behind them.
 */
enum form	form_of(const struct field *, const char *s, size_t len);
int	is_printable(const char *, size_t len);	/* ASCII from ' ' to '~' */
/*
 * len bytes of s as at most cap - 1 and a NUL: what is not printable becomes '?'.
 * out may be s. How many they are.
 */
size_t	make_printable(char *out, size_t cap, const void *s, size_t len);
int	is_line(const char *, size_t len);	/* no control characters */
int	is_label(const char *, size_t len);
int	is_kind(const char *, size_t len);	/* ^[a-z][a-z0-9-]{1,31}$ */
int	is_did(const char *, size_t len);
int	is_hex(const char *, size_t len);	/* lowercase */
/* Seconds since the epoch, or -1 unless s is exactly YYYY-MM-DDTHH:MM:SSZ. */
int64_t	time_parse(const char *s, size_t len);
/* out gets 20 characters and a NUL. */
void	time_write(int64_t, char out[21]);

#endif
