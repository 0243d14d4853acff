/* audit_chain.c -- one record after the other; no file, no clock. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "jcs.h"
#include "object.h"

static void
hash_of(const void *p, size_t len, uint8_t out[AUDIT_HASH])
{
	crypto_generichash(out, AUDIT_HASH, p, len, NULL, 0);
}

static ssize_t
write_out(json_t *o, char *out, size_t cap)
{
	char	*s = o == NULL ? NULL : json_dumps(o, JSON_COMPACT |
		    JSON_SORT_KEYS);
	size_t	 n = s == NULL ? 0 : strlen(s);

	if (n > 0 && n < cap)
		memcpy(out, s, n + 1);
	free(s);
	json_decref(o);
	return n > 0 && n < cap ? (ssize_t)n : -1;
}

ssize_t
audit_build(const struct audit_chain *c, int64_t at, const char *what,
    const char *who, const char *text, char *out, size_t cap)
{
	char when[21], prev[2 * AUDIT_HASH + 1];

	time_write(at, when);
	sodium_bin2hex(prev, sizeof(prev), c->head, AUDIT_HASH);
	return write_out(json_pack("{s:s, s:s, s:I, s:s, s:s, s:s}", "at",
	    when, "prev", prev, "seq", (json_int_t)c->next, "text", text,
	    "what", what, "who", who), out, cap);
}

json_t *
audit_check(struct audit_chain *c, const uint8_t *p, size_t len,
    const char **wrong)
{
	char		 prev[2 * AUDIT_HASH + 1];
	const char	*said;
	json_error_t	 e;
	json_t		*o;

	*wrong = "not a record";
	o = len > AUDIT_LEN ? NULL : json_loadb((const char *)p, len,
	    JSON_REJECT_DUPLICATES, &e);
	if (o == NULL)
		return NULL;
	sodium_bin2hex(prev, sizeof(prev), c->head, AUDIT_HASH);
	said = json_string_value(json_object_get(o, "prev"));
	if (json_object_size(o) != 6 || said == NULL)
		goto bad;
	*wrong = "a record is missing before it";
	if (json_integer_value(json_object_get(o, "seq")) !=
	    (json_int_t)c->next)
		goto bad;
	*wrong = "the record before it is another one";
	if (strcmp(said, prev) != 0)
		goto bad;
	hash_of(p, len, c->head);
	c->next++;
	*wrong = NULL;
	return o;
bad:
	json_decref(o);
	return NULL;
}

int
audit_look_at(void *arg, const struct record *r, size_t n)
{
	struct audit_look *a = arg;
	size_t i;

	for (i = 0; i < n && a->wrong == NULL; i++)
		if (r[i].kind == REC_AUDIT)
			json_decref(audit_check(&a->chain, r[i].data,
			    r[i].len, &a->wrong));
	return 0;
}
