/* witness.c -- the rules of tlog-witness. Pure. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "witness.h"

#define PROOF_LINES	63
#define HASH_BASE64	44	/* characters of a hash */

int
witness_parse(const char *body, size_t len, struct witness_ask *a,
    struct because *b)
{
	struct span rest = { body, len }, line;

	if (line_read(&rest, &line) == -1 || line.n < 5 ||
	    memcmp(line.p, "old ", 4) != 0 ||
	    decimal_read((struct span){ line.p + 4, line.n - 4 }, &a->old) == -1)
		return because(b, WHY_OLD_SIZE, "no old size");
	a->proof.n = 0;
	for (;;) {
		if (line_read(&rest, &line) == -1)
			return because(b, WHY_PROOF, "it has no end");
		if (line.n == 0)
			break;
		if (a->proof.n == PROOF_LINES || base64_read(line,
		    a->proof.hash[a->proof.n], HASH_LEN) == -1)
			return because(b, WHY_PROOF, "line %u", a->proof.n + 1);
		a->proof.n++;
	}
	if (note_parse(rest.p, rest.n, &a->note, b) == -1)
		return -1;
	return checkpoint_parse(a->note.text, &a->head, b);
}

static int
no(int status, struct because *b, enum why why, const char *place)
{
	because(b, why, "%s", place);
	return status;
}

int
witness_decide(const struct witness_log *l, const struct witness_ask *a,
    struct because *b)
{
	uint64_t by;

	if (l == NULL || strcmp(l->key.name, a->head.origin) != 0)
		return no(404, b, WHY_LOG, a->head.origin);
	if (note_verify(&a->note, &l->key, 1, &by, NULL, b) == -1)
		return 403;
	if (l->split)
		return no(403, b, WHY_SPLIT, a->head.origin);
	if (a->old > a->head.size)
		return no(400, b, WHY_OLD_SIZE, "larger than the checkpoint");
	/* Two signed roots for one size stay proof, whatever old says. */
	if (a->head.size == l->size && l->size != 0 &&
	    memcmp(a->head.root, l->root, HASH_LEN) != 0)
		return no(409, b, WHY_SPLIT, a->head.origin);
	if (a->old != l->size)
		return no(409, b, WHY_OLD_SIZE, a->head.origin);
	if (consistency_check(&a->proof, a->old, a->head.size, l->root,
	    a->head.root) == -1)
		return no(422, b, WHY_PROOF, a->head.origin);
	return 200;
}

ssize_t
witness_write(uint64_t old, const struct proof *p, const char *note,
    size_t len, char *out, size_t cap)
{
	int n = snprintf(out, cap, "old %" PRIu64 "\n", old);
	size_t at;
	unsigned i;

	if (n < 0)
		return -1;
	at = (size_t)n;
	for (i = 0; i < p->n; i++) {
		if (at + HASH_BASE64 + 2 > cap)	/* NUL, then newline */
			return -1;
		sodium_bin2base64(out + at, cap - at, p->hash[i], HASH_LEN,
		    sodium_base64_VARIANT_ORIGINAL);
		at += HASH_BASE64;
		out[at++] = '\n';
	}
	if (at + 1 + len > cap)
		return -1;
	out[at++] = '\n';
	memcpy(out + at, note, len);
	return (ssize_t)(at + len);
}
