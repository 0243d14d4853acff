/*
 * api_audit.c -- the audit stream as others see it: records, and as a log of
 * its own lines, a signed head and proofs.
 */
#include <stdlib.h>

#include "api.h"
#include "audit.h"
#include "dird.h"
#include "head.h"
#include "sign.h"

#define AUDIT_PAGE	500
#define EXPORT_MAX	(1u << 20)

void
api_audit(struct ask *a, json_t *body)
{
	int64_t from, n;
	const char *wrong;
	json_t *list;

	(void)body;
	if (api_open(a) == -1 || (from = api_number(a, "from", 0)) == -1 ||
	    (n = api_number(a, "limit", AUDIT_PAGE)) == -1)
		return;
	list = audit_page((uint64_t)from, n < AUDIT_PAGE ? (unsigned)n :
	    AUDIT_PAGE, &wrong);
	if (list == NULL || wrong != NULL) {
		json_decref(list);
		http_error(a, 503, why_name(WHY_DAMAGED), NULL, "the audit "
		    "stream: %s", wrong);
		return;
	}
	http_reply(a, 200, json_pack("{s:o, s:I}", "records", list, "size",
	    (json_int_t)audit_size()));
}

/* Every record from the disk again, and its place in the chain. */
void
api_audit_verify(struct ask *a, json_t *body)
{
	const char *wrong = NULL;
	uint64_t n = 0;
	int good;

	(void)body;
	if (api_open(a) == -1)
		return;
	good = audit_verify(&n, &wrong) == 0;
	http_reply(a, 200, json_pack("{s:b, s:I, s:s}", "whole", good,
	    "records", (json_int_t)n, "wrong", good ? "" : wrong));
}

/* -- as a log ---------------------------------------------------------------- */

static const struct merkle *
open_tree(struct ask *a)
{
	const struct merkle *t;

	if (api_open(a) == -1)
		return NULL;
	t = audit_tree();
	if (t == NULL)
		http_error(a, 503, why_name(WHY_DAMAGED), NULL,
		    "the audit stream is broken or closed");
	return t;
}

void
api_audit_inclusion(struct ask *a, json_t *body)
{
	const struct merkle *t = open_tree(a);

	(void)body;
	if (t != NULL)
		api_prove_entry(a, t, merkle_size(t));
}

void
api_audit_consistency(struct ask *a, json_t *body)
{
	const struct merkle *t = open_tree(a);

	(void)body;
	if (t != NULL)
		api_prove_growth(a, t, merkle_size(t));
}

/* ?from=N: as many lines as an answer holds; nothing at the end. */
void
api_audit_export(struct ask *a, json_t *body)
{
	int64_t from;
	ssize_t n;
	char *out;

	(void)body;
	if (open_tree(a) == NULL || (from = api_number(a, "from", 0)) == -1)
		return;
	if ((out = malloc(EXPORT_MAX)) == NULL) {
		http_error(a, 503, why_name(WHY_FULL), NULL, "no memory");
		return;
	}
	n = audit_lines((uint64_t)from, out, EXPORT_MAX);
	if (n == -1)
		http_error(a, 503, why_name(WHY_IO), NULL, "the audit stream");
	else
		http_text(a, "application/x-ndjson", out, (size_t)n);
	free(out);
}

struct signing {
	struct ask		*ask;
	struct checkpoint	 head;
};

static void
on_signed(void *arg, const uint8_t *sig, enum refusal why)
{
	struct signing *s = arg;
	char note[HEAD_NOTE];
	ssize_t n = sig == NULL ? -1 : head_write(DIR_AUDIT, &s->head, sig,
	    note, sizeof(note));

	if (n == -1)
		http_error(s->ask, 500, "signature", NULL, "cryptod: %s",
		    refuse_text(why));
	else
		http_text(s->ask, "text/plain; charset=utf-8", note, (size_t)n);
	free(s);
}

/* Signed when it is asked for; cryptod lets it neither shrink nor split. */
void
api_audit_checkpoint(struct ask *a, json_t *body)
{
	const struct merkle *t = open_tree(a);
	struct note_key key;
	struct signing *s;

	(void)body;
	if (t == NULL)
		return;
	if (merkle_size(t) == 0 || head_key(DIR_AUDIT, &key) == -1) {
		http_error(a, 404, why_name(WHY_CHECKPOINT), NULL, "the audit "
		    "stream is empty, or there is no key that lasts");
		return;
	}
	s = calloc(1, sizeof(*s));
	if (s != NULL) {
		s->ask = a;
		s->head.size = merkle_size(t);
		if (merkle_root(t, s->head.size, s->head.root) == 0 &&
		    sign_head(DIR_AUDIT, s->head.size, s->head.root, on_signed,
		    s) == 0)
			return;
	}
	free(s);
	http_error(a, 503, "busy", NULL, "too many signatures under way");
}
