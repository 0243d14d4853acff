/* refuse.c -- names and texts of refuse.def. */
#include <stddef.h>

#include "refuse.h"

static const struct {
	const char *name, *text;
} row[REFUSE_MAX] = {
	[REFUSE_NONE] = { "none", "not refused" },
#define REFUSE(NAME, name, text)	[REFUSE_##NAME] = { #name, text },
#include "refuse.def"
};

const char *
refuse_name(enum refusal r)
{
	return (unsigned)r < REFUSE_MAX ? row[r].name : "unknown";
}

const char *
refuse_text(enum refusal r)
{
	return (unsigned)r < REFUSE_MAX ? row[r].text : "unknown refusal";
}
