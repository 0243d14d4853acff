/*
 * planner.h -- what every planner shares: it reads "name=value" lines from
 * stdin and prints one JSON object, the plan. It is linked statically, runs
 * with three descriptors and nothing else, and decides nothing: macroctl holds
 * the plan against KIND.yaml, privd against the configuration.
 *
 *	verb	grant, activate, revoke
 *	kind	this kind
 *	sub	did of the subscriber, or empty
 *	src	its mesh address, or empty
 *	self	this box's mesh address
 *	secs	seconds that were asked for
 *	param.X	parameters of KIND.yaml, checked, defaults included
 *	cred.X	on the consumer's side: what the provider said
 */
#ifndef PLANNER_H
#define PLANNER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX	16384

static char planner_in[INPUT_MAX + 1];

/* The whole input; ends the planner when there is none. */
static inline void
planner_read(void)
{
	size_t	n = 0;
	ssize_t	r;

	while (n < INPUT_MAX &&
	    (r = read(STDIN_FILENO, planner_in + n, INPUT_MAX - n)) > 0)
		n += (size_t)r;
	planner_in[n] = '\0';
	if (n == 0)
		_exit(1);
}

/* The value of a name in buf, or "". */
static inline const char *
planner_get(const char *name, char *buf, size_t size)
{
	const char	*p = planner_in, *end;
	size_t		 len = strlen(name), n;

	buf[0] = '\0';
	for (; *p != '\0'; p = *end == '\0' ? end : end + 1) {
		end = p + strcspn(p, "\n");
		if (strncmp(p, name, len) != 0 || p[len] != '=')
			continue;
		n = (size_t)(end - p) - len - 1;
		if (n >= size)
			_exit(1);
		memcpy(buf, p + len + 1, n);
		buf[n] = '\0';
		break;
	}
	return buf;
}

static inline int
planner_is(const char *name, const char *value)
{
	char buf[256];

	return strcmp(planner_get(name, buf, sizeof(buf)), value) == 0;
}

/* A text of the plan, quoted. */
static inline void
planner_text(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s >= ' ' && *s <= '~')
			putchar(*s);
	putchar('"');
}

#endif
