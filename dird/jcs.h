/*
 * jcs.h -- canonical JSON (RFC 8785) over jansson values. Objects, arrays,
 * strings, booleans and integers of 53 bits; all else is refused.
 */
#ifndef JCS_H
#define JCS_H

#include <jansson.h>
#include <stddef.h>
#include <sys/types.h>

#include "typed.h"
#include "why.h"

#define JCS_MAX		65536		/* bytes of one text */
#define JCS_DEPTH	8		/* containers inside one another */

/* An object or array that the caller owns, or NULL with the reason. */
json_t	*jcs_parse(const char *text, size_t len, struct because *);
/*
 * Bytes written, without a NUL; -1 if v holds what has no canonical form or
 * does not fit into cap.
 */
ssize_t	 jcs_write(const json_t *v, char *out, size_t cap);
/* jcs_parse(), and -- NULL with WHY_NOT_CANONICAL otherwise -- text is canonical. */
json_t	*jcs_parse_canonical(const char *text, size_t len, struct because *);

#endif
