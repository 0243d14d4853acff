/*
 * cosigned.c -- see cosigned.h. Who is asked gets a proof from the size that it
 * cosigned last; when it remembers another one it says so, and the next time
 * fits.
 */
#include <stdlib.h>
#include <string.h>

#include "cosigned.h"
#include "dird.h"
#include "fetch.h"
#include "mesh.h"
#include "notary.h"
#include "wire.h"
#include "witness.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define OTHERS_MAX	256
#define ASK_S		20

/* What a node has cosigned of ours: up to where, and its line for our newest. */
struct other {
	uint8_t		 pub[32];
	char		 did[DID_LEN + 1];
	uint64_t	 size;
	uint64_t	 asked;		/* the size under way; 0: none */
	uint64_t	 of;		/* the size that line is for */
	char		 line[NOTE_LINE];
};

static struct other	*other[OTHERS_MAX];
static unsigned		 others;
static int		 came;		/* one of them, since it was written */

static struct other *
find_other(const uint8_t pub[32], const char *did)
{
	struct other *o;
	unsigned i;

	for (i = 0; i < others; i++)
		if (memcmp(other[i]->pub, pub, 32) == 0)
			return other[i];
	if (others == OTHERS_MAX || (o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	memcpy(o->pub, pub, 32);
	memcpy(o->did, did, sizeof(o->did));
	return other[others++] = o;
}

/*
 * One line, by the key of that did, for our own newest checkpoint? More lines
 * with it would be nobody's, and could be too many for who reads ours.
 */
static int
is_good(const struct other *o, const char *line, size_t len)
{
	char note[WITNESS_NOTE];
	uint8_t pub[KEY_LEN];
	struct note_key key;
	struct note parsed;
	struct because b;
	uint64_t by;

	if (len == 0 || memchr(line, '\n', len) != line + len - 1 ||
	    len >= sizeof(o->line) || len + dird.journal->note_len >
	    sizeof(note) || view_key(dird.journal->view, o->did, pub) == -1 ||
	    notary_key(o->did, pub, &key) == -1)
		return 0;
	memcpy(note, dird.journal->note, dird.journal->note_len);
	memcpy(note + dird.journal->note_len, line, len);
	return note_parse(note, dird.journal->note_len + len, &parsed,
	    &b) == 0 && note_verify(&parsed, &key, 1, &by, NULL, &b) == 0;
}

static void
on_answer(void *arg, int status, const char *body, size_t len,
    const char *wrong)
{
	struct other *o = arg;
	uint64_t asked = o->asked, size;

	o->asked = 0;
	if (status == 409 && len > 0 && body[len - 1] == '\n' &&
	    decimal_read((struct span){ body, len - 1 }, &size) == 0) {
		/* It has more than we remember; but never more than we signed. */
		if (dird.journal != NULL && size <= dird.journal->n)
			o->size = size;
		return;
	}
	if (status != 200 || dird.journal == NULL ||
	    asked != dird.journal->head.size || !is_good(o, body, len)) {
		if (wrong != NULL)
			log_debug("no cosignature of %s: %s", o->did, wrong);
		return;
	}
	o->size = o->of = asked;
	memcpy(o->line, body, len);
	o->line[len] = '\0';
	came = 1;
}

void
cosigned_ask(const uint8_t pub[32], const char *did)
{
	struct other *o = did[0] == '\0' ? NULL : find_other(pub, did);
	const struct journal *j = dird.journal;
	char body[MESH_BODY_MAX];
	struct proof p;
	ssize_t len;

	if (o == NULL || o->asked != 0 || j == NULL || j->note == NULL ||
	    o->of == j->head.size)
		return;
	memset(&p, 0, sizeof(p));
	if (o->size > j->head.size || (o->size > 0 && merkle_consistency(
	    j->tree, o->size, j->head.size, &p) == -1))
		return;
	len = witness_write(o->size, &p, j->note, j->note_len, body,
	    sizeof(body));
	if (len != -1 && fetch(pub, METHOD_POST, "/v1/witness/add-checkpoint",
	    body, (size_t)len, NOTE_LINE, ASK_S, on_answer, o) != NULL)
		o->asked = j->head.size;
}

const char *
cosigned_lines(void)
{
	static char all[WITNESS_NOTE];
	unsigned i;
	size_t at = 0, len;

	all[0] = '\0';
	for (i = 0; i < others && dird.journal != NULL; i++) {
		len = strlen(other[i]->line);
		if (other[i]->of != dird.journal->head.size ||
		    at + len >= sizeof(all))
			continue;
		memcpy(all + at, other[i]->line, len + 1);
		at += len;
	}
	return all;
}

/* -- over a restart ------------------------------------------------------------- */

size_t
cosigned_write(void *buf, size_t cap)
{
	struct wr w = wr_init(buf, cap);
	const struct other *o;
	size_t len = 0;
	unsigned i;

	if (!came)
		return 0;
	came = 0;
	/* As many as fit; the rest is asked again. */
	for (i = 0; i < others && !w.bad; i++) {
		o = other[i];
		len = (size_t)(w.p - w.base);
		if (o->of == 0)
			continue;
		wr_bytes(&w, o->pub, sizeof(o->pub));
		wr_bytes(&w, o->did, DID_LEN);
		wr_uint(&w, o->of, 8, 1, UINT64_MAX);
		wr_uint(&w, strlen(o->line), 2, 1, NOTE_LINE - 1);
		wr_bytes(&w, o->line, strlen(o->line));
	}
	return w.bad ? len : (size_t)wr_len(&w);
}

/* What it cosigned is good if the line is, and if our checkpoint is still that one. */
static void
recall(const uint8_t pub[32], const char *did, uint64_t of, const char *line,
    size_t len)
{
	struct other *o;

	if (of > dird.journal->head.size || (o = find_other(pub, did)) == NULL)
		return;
	o->size = of;
	if (of != dird.journal->head.size || !is_good(o, line, len))
		return;
	o->of = of;
	memcpy(o->line, line, len);
	o->line[len] = '\0';
}

void
cosigned_read(const void *buf, size_t len)
{
	struct rd r = rd_init(buf, len);
	char did[DID_LEN + 1] = "", line[NOTE_LINE];
	uint8_t pub[32];
	uint64_t of;
	size_t n;

	while (rd_left(&r) > 0) {
		rd_bytes(&r, pub, sizeof(pub));
		rd_bytes(&r, did, DID_LEN);
		of = rd_uint(&r, 8, 1, UINT64_MAX);
		n = rd_uint(&r, 2, 1, NOTE_LINE - 1);
		rd_bytes(&r, line, n);
		if (!r.bad)
			recall(pub, did, of, line, n);
	}
}
