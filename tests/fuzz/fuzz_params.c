/*
 * room: macroctl
 * fuzz_params.c -- whatever a caller or a provider says, a planner reads whole
 * lines of printable ASCII that begin as they should, or nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "macroctl.h"

static void
look(const char *s, size_t len, const char *begin)
{
	const char *end = s + len, *nl;

	for (; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (nl == NULL || strncmp(s, begin, strlen(begin)) != 0)
			abort();
		for (; s < nl; s++)
			if (*s < ' ' || *s > '~')
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static const char	yaml[] = "kind: ab\nabout: x\nparams:\n"
	    "  port: {type: port, default: 9050}\n"
	    "  path: {type: word, max: 9, optional: true}\n";
	static struct manifest	m;
	char			out[INPUT_LEN], err[ERR_LEN];
	ssize_t			n;

	if (m.kind[0] == '\0' && manifest_parse("x", yaml, sizeof(yaml) - 1, &m,
	    err) == -1)
		abort();
	if ((n = params_lines(&m, (const char *)p, len, out, sizeof(out),
	    err)) > 0)
		look(out, (size_t)n, "param.");
	if ((n = cred_lines((const char *)p, len, out, sizeof(out), err)) > 0)
		look(out, (size_t)n, "cred.");
	return 0;
}
