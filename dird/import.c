/* import.c -- see import.h. */
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "dird.h"
#include "import.h"
#include "note.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

struct import *
import_new(void)
{
	struct import *im = malloc(sizeof(*im));

	if (im != NULL)
		im->n = im->used = 0;
	return im;
}

/* The next line into im. */
static int
read_line(struct import *im, struct span *rest, struct because *b)
{
	struct span line;
	ssize_t len;

	if (im->n == IMPORT_LINES)
		return because(b, WHY_SIZE, "more lines than %d at once",
		    IMPORT_LINES);
	if (line_read(rest, &line) == -1)
		return because(b, WHY_JSON, "no newline at the end");
	len = entry_unline(line.p, line.n, im->chain[im->n], im->bytes +
	    im->used, sizeof(im->bytes) - im->used, b);
	if (len == -1)
		return -1;
	im->raw[im->n] = (struct span){ (char *)im->bytes + im->used,
	    (size_t)len };
	return 0;
}

int
import_read(struct import *im, const char *text, size_t len,
    const uint8_t *before, struct because *b)
{
	struct span rest = { text, len };
	uint8_t chain[CHAIN_LEN];

	if (before != NULL)
		memcpy(chain, before, sizeof(chain));
	while (rest.n > 0) {
		if (read_line(im, &rest, b) == -1)
			return -1;
		if (before != NULL) {
			chain_add(chain, im->raw[im->n].p, im->raw[im->n].n);
			if (memcmp(chain, im->chain[im->n], CHAIN_LEN) != 0)
				return because(b, WHY_CHAIN, "%s", "");
		}
		im->used += im->raw[im->n].n;
		im->n++;
	}
	return 0;
}

/* Whoever has no domain yet follows no other than the configured one. */
static int
is_wanted(const struct entry *e)
{
	const char *want = dird.txt[CONF_DIR_DOMAIN];
	struct span s;

	if (e->type != OBJ_GENESIS || dird.journal->root[0] != '\0' ||
	    want == NULL || want[0] == '\0')
		return 1;
	s = span_text(span_get(e->body, "domain"));
	return s.n == strlen(want) && memcmp(s.p, want, s.n) == 0;
}

/* What we said and had not: the journal was set back, and that is not over yet. */
static void
look_for_own(const struct import *im)
{
	uint64_t own = 0;
	struct person p;
	size_t i;

	for (i = 0; i < im->n; i++)
		own += im->why[i] == WHY_OK &&
		    strcmp(im->e[i].author, dird.did) == 0;
	if (own == 0)
		return;
	dird.adopted += own;
	view_person(dird.journal->view, dird.did, &p);
	if (p.frozen)
		log_error("this node signed two entries with one number and is "
		    "frozen: its journal was set back, and it wrote before it "
		    "had pulled");
	else
		log_warn("%llu entries of this node itself came from others: "
		    "its journal was set back; let it pull from everybody "
		    "before it writes", (unsigned long long)own);
}

int
import_take(struct import *im)
{
	size_t i, k = 0;

	verify_batch(dird.journal->view, im->raw, im->n, dird_now(),
	    CREW_MAX + 1, im->e, im->why);
	for (i = 0; i < im->n; i++) {
		if (im->why[i] == WHY_OK && !is_wanted(&im->e[i]))
			im->why[i] = WHY_RIGHT;
		if (im->why[i] == WHY_OK)
			im->keep[k++] = im->e[i];
	}
	if (journal_append(dird.journal, im->keep, k, im->kept) == -1) {
		state_writable();	/* says so, aloud */
		return -1;
	}
	for (i = k = 0; i < im->n; i++)
		if (im->why[i] == WHY_OK)
			im->why[i] = im->kept[k++];
	look_for_own(im);
	return 0;
}
