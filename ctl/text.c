/*
 * text.c -- what others wrote, on this screen. Nothing of theirs may move the
 * cursor, start a command of the terminal, or turn the order of a line round.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

/* How many bytes at s are one such character; 0: it is none. */
static size_t
harm(const char *s, size_t left)
{
	const unsigned char *c = (const unsigned char *)s;

	if (c[0] < ' ' || c[0] == 0x7f)
		return 1;
	/* U+0080 to U+009F: ESC and a letter, in one. */
	if (left >= 2 && c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
		return 2;
	/* U+202A to U+202E, U+2066 to U+2069: from right to left. */
	if (left >= 3 && c[0] == 0xe2 &&
	    ((c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae) ||
	    (c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9)))
		return 3;
	return 0;
}

/* The next character, or what stands for it; how many bytes it was. */
static size_t
put(FILE *f, const char *s, size_t harmful)
{
	if (harmful == 0) {
		fputc(*s, f);
		return 1;
	}
	fprintf(f, "%.*s", (int)harmful, "???");
	return harmful;
}

void
text_clean(char *s)
{
	size_t n, left;

	for (left = strlen(s); left > 0; s += n, left -= n) {
		if ((n = harm(s, left)) > 0)
			memset(s, '?', n);
		else
			n = 1;
	}
}

void
text_say(FILE *f, const char *s)
{
	size_t n, left;

	for (left = strlen(s); left > 0; s += n, left -= n)
		n = put(f, s, harm(s, left));
}

int
text_none(void)
{
	fputs("bastidectl: an argument is no UTF-8 text\n", stderr);
	return EXIT_USAGE;
}

int
text_show(const char *s, size_t len)
{
	size_t n;

	if (!isatty(STDOUT_FILENO))
		return fwrite(s, 1, len, stdout) == len ? 0 : -1;
	for (; len > 0; s += n, len -= n)
		n = put(stdout, s, *s == '\n' || *s == '\t' ? 0 :
		    harm(s, len));
	return ferror(stdout) ? -1 : 0;
}
