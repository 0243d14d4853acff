/* conf_show.c -- words in messages: made safe to print, and compared. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "conf_int.h"

#define LONG_WORD	32	/* half a key in hex; an npub may be longer */

static int
is_secretish(const char *s)
{
	size_t run;

	for (; *s != '\0'; s += run > 0 ? run : 1) {
		for (run = 0; isalnum((unsigned char)s[run]); run++)
			continue;
		if (strncasecmp(s, "nsec1", 5) == 0 ||
		    (run >= LONG_WORD && strncasecmp(s, "npub1", 5) != 0))
			return 1;
	}
	return 0;
}

const char *
conf_show(const char *s, char out[CONF_SHOW])
{
	size_t i;

	if (is_secretish(s))
		return strcpy(out, "(not shown)");
	for (i = 0; s[i] != '\0' && i < CONF_SHOW - 4; i++)
		out[i] = isprint((unsigned char)s[i]) ? s[i] : '?';
	strcpy(out + i, s[i] != '\0' ? "..." : "");
	return out;
}

/* Levenshtein, two rows; words longer than 63 are far from everything. */
unsigned
conf_distance(const char *a, const char *b)
{
	unsigned row[64], up, left, diag, best;
	size_t i, j, la = strlen(a), lb = strlen(b);

	if (la > 63 || lb > 63)
		return 64;
	for (j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			up = row[j] + 1;
			left = row[j - 1] + 1;
			best = diag + (a[i - 1] != b[j - 1]);
			diag = row[j];
			best = best < up ? best : up;
			row[j] = best < left ? best : left;
		}
	}
	return row[lb];
}
