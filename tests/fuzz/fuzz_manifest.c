/*
 * room: macroctl
 * fuzz_manifest.c -- what a manifest reads is what it writes, and reads again.
 */
#include <stdlib.h>
#include <string.h>

#include "macroctl.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	static struct manifest	a, b;
	char			err[ERR_LEN], *s, *text;

	if (len > MANIFEST_LEN || (text = malloc(len + 1)) == NULL)
		return 0;
	memcpy(text, p, len);
	text[len] = '\0';
	if (manifest_parse("fuzz", text, len, &a, err) == 0) {
		if ((s = manifest_write(&a)) == NULL ||
		    manifest_parse("again", s, strlen(s), &b, err) == -1 ||
		    a.nparam != b.nparam || a.nallow != b.nallow ||
		    memcmp(a.allow, b.allow, sizeof(a.allow)) != 0 ||
		    strcmp(a.about, b.about) != 0 || a.secs != b.secs)
			abort();
		free(s);
	} else if (err[0] == '\0')
		abort();	/* a refusal that says nothing */
	free(text);
	return 0;
}
