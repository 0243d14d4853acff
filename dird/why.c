/* why.c -- the reasons as text. */
#include <stdarg.h>
#include <stdio.h>

#include "why.h"

static const struct {
	const char	*name, *text;
} reasons[WHY_MAX] = {
	[WHY_OK] = { "ok", "nothing is wrong" },
#define WHY(NAME, name, text)	[WHY_##NAME] = { #name, text },
#include "why.def"
};

const char *
why_name(enum why w)
{
	return (unsigned)w < WHY_MAX ? reasons[w].name : "unknown";
}

const char *
why_text(enum why w)
{
	return (unsigned)w < WHY_MAX ? reasons[w].text : "unknown reason";
}

int
because(struct because *b, enum why w, const char *fmt, ...)
{
	va_list ap;

	if (b == NULL)
		return -1;
	b->why = w;
	va_start(ap, fmt);
	vsnprintf(b->place, sizeof(b->place), fmt, ap);
	va_end(ap);
	return -1;
}
