/* conf_world.c -- texts, read. */
#include "conf_world.h"

char err[CONF_ERR_LEN], warned[8192];
unsigned nwarn;

void
on_warn(const char *line)
{
	nwarn++;
	ck_assert_uint_lt(strlen(warned) + strlen(line) + 2, sizeof(warned));
	strcat(strcat(warned, line), "\n");
}

struct conf *
load_n(const char *text, size_t len)
{
	char *copy = malloc(len + 1);
	size_t at, slen;
	int persistent;
	struct conf *cf = NULL;

	nwarn = 0;
	warned[0] = '\0';
	memcpy(copy, text, len);
	if (conf_find_secret("f", copy, len, &at, &slen, &persistent,
	    err) == 0) {
		memset(copy + at, 'x', slen);
		cf = conf_parse("f", copy, len, at, slen, on_warn, err);
		if (cf != NULL) {
			ck_assert_uint_eq(cf->has_nsec, slen > 0);
			ck_assert_int_eq(cf->persistent, persistent);
		}
	}
	free(copy);
	return cf;
}

struct conf *
load(const char *text)
{
	struct conf *cf = load_n(text, strlen(text));

	ck_assert_msg(cf != NULL, "%s", err);
	return cf;
}

void
taken(const char *text)
{
	conf_free(load(text));
}

void
refused(const char *text, const char *want)
{
	struct conf *cf = load_n(text, strlen(text));

	ck_assert_msg(cf == NULL, "taken: %s", text);
	ck_assert_msg(strstr(err, want) != NULL, "'%s' lacks '%s'", err, want);
}

int
leaks(const char *text)
{
	static const char *const key[] = { NSEC, HEX };
	char piece[13];
	size_t i, k;

	for (k = 0; k < 2; k++)
		for (i = 0; i + 12 <= strlen(key[k]); i++) {
			memcpy(piece, key[k] + i, 12);
			piece[12] = '\0';
			if (strstr(text, piece) != NULL)
				return 1;
		}
	return 0;
}
