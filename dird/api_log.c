/* api_log.c -- the journal as a log: checkpoints, proofs, export, import. */
#include <event2/event.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "cosigned.h"
#include "crew.h"
#include "dird.h"
#include "head.h"
#include "import.h"
#include "page.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define EXPORT_MAX	(1u << 20)
#define EXPORT_LINES	4096
#define VERIFY_STEP	256

static json_t *
base64_of(const uint8_t hash[HASH_LEN])
{
	char text[sodium_base64_ENCODED_LEN(HASH_LEN,
	    sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof(text), hash, HASH_LEN,
	    sodium_base64_VARIANT_ORIGINAL);
	return json_string(text);
}

/* -- checkpoint and proofs -------------------------------------------------- */

/* With what others have cosigned of it. */
static void
send_note(struct ask *a, const char *note, size_t len)
{
	const char *lines = cosigned_lines();
	char *text = malloc(len + strlen(lines) + 1);

	if (text == NULL) {
		http_error(a, 503, why_name(WHY_FULL), NULL, "no memory");
		return;
	}
	memcpy(text, note, len);
	strcpy(text + len, lines);
	http_text(a, "text/plain; charset=utf-8", text, len + strlen(lines));
	free(text);
}

void
api_checkpoint(struct ask *a, json_t *body)
{
	const char *note;
	size_t len;

	(void)body;
	if (api_open(a) == -1)
		return;
	note = head_note(&len);
	if (note == NULL)
		http_error(a, 404, why_name(WHY_CHECKPOINT), NULL, "this "
		    "journal has no checkpoint yet");
	else
		send_note(a, note, len);
}

static json_t *
of_proof(const struct proof *p, const struct merkle *t, uint64_t size)
{
	json_t *list = json_array(), *v;
	uint8_t root[HASH_LEN];
	unsigned i;

	for (i = 0; i < p->n; i++)
		json_array_append_new(list, base64_of(p->hash[i]));
	v = json_pack("{s:I, s:o}", "size", (json_int_t)size, "proof", list);
	if (v != NULL && merkle_root(t, size, root) == 0)
		json_object_set_new(v, "root", api_hex(root, HASH_LEN));
	return v;
}

static void
no_proof(struct ask *a, const struct merkle *t)
{
	http_error(a, 404, why_name(WHY_PROOF), NULL, "no such place in a tree "
	    "of %llu entries", (unsigned long long)merkle_size(t));
}

void
api_prove_entry(struct ask *a, const struct merkle *t, uint64_t newest)
{
	uint8_t leaf[HASH_LEN];
	struct proof p;
	int64_t n, size;
	json_t *v;

	if ((n = api_number(a, "entry", -1)) == -1 ||
	    (size = api_number(a, "size", (int64_t)newest)) == -1)
		return;
	if (merkle_inclusion(t, (uint64_t)n, (uint64_t)size, &p) == -1 ||
	    merkle_at(t, 0, (uint64_t)n, leaf) == -1) {
		no_proof(a, t);
		return;
	}
	v = of_proof(&p, t, (uint64_t)size);
	json_object_set_new(v, "entry", json_integer(n));
	json_object_set_new(v, "leaf", api_hex(leaf, HASH_LEN));
	http_reply(a, 200, v);
}

void
api_prove_growth(struct ask *a, const struct merkle *t, uint64_t newest)
{
	struct proof p;
	int64_t old, size;
	json_t *v;

	if ((old = api_number(a, "old", -1)) == -1 ||
	    (size = api_number(a, "size", (int64_t)newest)) == -1)
		return;
	if (merkle_consistency(t, (uint64_t)old, (uint64_t)size, &p) == -1) {
		no_proof(a, t);
		return;
	}
	v = of_proof(&p, t, (uint64_t)size);
	json_object_set_new(v, "old", json_integer(old));
	http_reply(a, 200, v);
}

/* The size of the newest checkpoint, if there is one. */
static uint64_t
newest(void)
{
	return dird.journal->head.size > 0 ? dird.journal->head.size :
	    dird.journal->n;
}

void
api_inclusion(struct ask *a, json_t *body)
{
	(void)body;
	if (api_open(a) == 0)
		api_prove_entry(a, dird.journal->tree, newest());
}

void
api_consistency(struct ask *a, json_t *body)
{
	(void)body;
	if (api_open(a) == 0)
		api_prove_growth(a, dird.journal->tree, newest());
}

/* -- export and import ------------------------------------------------------ */

/*
 * Who pulls says by which chain of hashes it came to `from`: a journal that was
 * set back and is as long again has nothing behind it, and is another one.
 */
static int
is_same(struct ask *a, uint64_t from)
{
	char text[2 * CHAIN_LEN + 1];
	uint8_t want[CHAIN_LEN], have[CHAIN_LEN];
	int n = http_query(a->query, "chain", text, sizeof(text));

	if (n == 0)
		return 1;
	if (n == -1 || strlen(text) != 2 * CHAIN_LEN ||
	    hex_decode(text, want, CHAIN_LEN) == -1)
		http_error(a, 400, why_name(WHY_FIELD_FORM), "chain",
		    "chain must be %d hex digits", 2 * CHAIN_LEN);
	else if (journal_chain(dird.journal, from, have) == -1 ||
	    memcmp(want, have, CHAIN_LEN) != 0)
		http_error(a, 409, why_name(WHY_CHAIN), "chain", "that is not "
		    "the chain of hashes before entry %llu",
		    (unsigned long long)from);
	else
		return 1;
	return 0;
}

/* ?from=N[&chain=HEX]: as many lines as an answer holds; nothing at the end. */
void
api_export(struct ask *a, json_t *body)
{
	struct because b = { WHY_OK, "" };
	int64_t from;
	ssize_t n;
	char *out;

	(void)body;
	if (api_open(a) == -1 || (from = api_number(a, "from", 0)) == -1 ||
	    !is_same(a, (uint64_t)from))
		return;
	if ((out = malloc(EXPORT_MAX)) == NULL) {
		http_error(a, 503, why_name(WHY_FULL), NULL, "no memory");
		return;
	}
	n = page_write(dird.journal, (uint64_t)from, EXPORT_LINES, out,
	    EXPORT_MAX, &b);
	if (n == -1)
		http_because(a, &b);
	else
		http_text(a, "application/x-ndjson", out, (size_t)n);
	free(out);
}

static void
answer_import(struct ask *a, const struct import *im)
{
	json_t *list = json_array(), *v;
	size_t i, kept = 0, known = 0, refused = 0;

	for (i = 0; i < im->n; i++) {
		kept += im->why[i] == WHY_OK;
		known += im->why[i] == WHY_KNOWN;
		if (im->why[i] == WHY_OK || im->why[i] == WHY_KNOWN)
			continue;
		if (refused++ < 20)
			json_array_append_new(list, json_pack("{s:I, s:s, s:s}",
			    "line", (json_int_t)i + 1, "code",
			    why_name(im->why[i]), "message",
			    why_text(im->why[i])));
	}
	v = json_pack("{s:I, s:I, s:I, s:o}", "kept", (json_int_t)kept,
	    "known", (json_int_t)known, "refused", (json_int_t)refused,
	    "reasons", list);
	http_reply(a, 200, v);
	if (kept > 0)
		state_changed();
}

void
api_import(struct ask *a, json_t *body)
{
	struct because b = { WHY_OK, "" };
	struct import *im = import_new();

	(void)body;
	if (im == NULL)
		http_error(a, 503, why_name(WHY_FULL), NULL, "no memory");
	else if (state_writable() != WHY_OK)
		http_because(a, &(struct because){ state_writable(), "" });
	else if (import_read(im, a->body, a->body_len, NULL, &b) == -1)
		http_error(a, 400, why_name(b.why), NULL, "line %zu: %s: %s",
		    im->n + 1, why_text(b.why), b.place);
	else if (import_take(im) == -1)
		http_because(a, &(struct because){ WHY_IO, "the journal" });
	else
		answer_import(a, im);
	free(im);
}

/* -- verify ----------------------------------------------------------------- */

/*
 * All of it again, from the disk, some entries a turn: the room goes on. One
 * such look at a time.
 */
static struct verifying {
	struct ask	*ask;
	struct event	*ev;
	uint64_t	 n, to;
	uint8_t		 chain[CHAIN_LEN];
	struct merkle	*tree;
	uint8_t		 raw[VERIFY_STEP][ENTRY_MAX + 1];
} *look;

static void
free_look(void)
{
	if (look->ev != NULL)
		event_free(look->ev);
	merkle_free(look->tree);
	free(look);
	look = NULL;
}

static void
end_look(struct because *b)
{
	uint8_t root[HASH_LEN];
	json_t *v;

	if (b->why != WHY_OK) {
		v = json_pack("{s:b, s:I, s:s, s:s, s:s}", "good", 0, "entry",
		    (json_int_t)look->n, "code", why_name(b->why), "message",
		    why_text(b->why), "place", b->place);
		log_error("the journal is broken at entry %llu: %s",
		    (unsigned long long)look->n, why_text(b->why));
	} else {
		merkle_root(look->tree, look->n, root);
		v = json_pack("{s:b, s:I, s:o, s:o}", "good", 1, "entries",
		    (json_int_t)look->n, "chain", api_hex(look->chain,
		    CHAIN_LEN), "root", api_hex(root, HASH_LEN));
	}
	http_reply(look->ask, 200, v);
	free_look();
}

/* The hashes of what the step has read. */
static int
step_hashes(const struct span *raw, size_t n, struct because *b)
{
	uint8_t leaf[HASH_LEN], have[HASH_LEN], chain[CHAIN_LEN];
	size_t i;

	for (i = 0; i < n; i++, look->n++) {
		merkle_leaf(raw[i].p, raw[i].n, leaf);
		if (merkle_at(dird.journal->tree, 0, look->n, have) == -1 ||
		    memcmp(have, leaf, HASH_LEN) != 0)
			return because(b, WHY_ROOT, "the leaf");
		if (merkle_add(look->tree, leaf) == -1)
			return because(b, WHY_FULL, "memory");
		chain_add(look->chain, raw[i].p, raw[i].n);
	}
	if (journal_chain(dird.journal, look->n, chain) == -1 ||
	    memcmp(chain, look->chain, CHAIN_LEN) != 0)
		return because(b, WHY_CHAIN, "%s", "");
	return 0;
}

static int
step(struct because *b)
{
	struct span raw[VERIFY_STEP];
	struct entry e[VERIFY_STEP];
	enum why why[VERIFY_STEP];
	size_t i, n;
	ssize_t len;

	for (n = 0; n < VERIFY_STEP && look->n + n < look->to; n++) {
		len = journal_read(dird.journal, look->n + n, look->raw[n],
		    ENTRY_MAX);
		if (len == -1) {
			look->n += n;
			return because(b, WHY_IO, "%s", "the disk");
		}
		raw[n] = (struct span){ (char *)look->raw[n], (size_t)len };
	}
	verify_batch(dird.journal->view, raw, n, 0, CREW_MAX + 1, e, why);
	for (i = 0; i < n; i++)
		if (why[i] != WHY_OK) {
			look->n += i;
			return because(b, why[i], "%s", "");
		}
	return step_hashes(raw, n, b);
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	struct because b = { WHY_OK, "" };

	(void)fd;
	(void)what;
	(void)arg;
	if (dird.journal == NULL)
		because(&b, WHY_READ_ONLY, "stopping");
	else
		step(&b);
	if (b.why != WHY_OK || look->n == look->to)
		end_look(&b);
	else
		event_active(look->ev, EV_TIMEOUT, 0);
}

void
api_verify(struct ask *a, json_t *body)
{
	(void)body;
	if (api_open(a) == -1)
		return;
	if (look != NULL) {
		http_error(a, 503, "busy", NULL, "the journal is being "
		    "verified already");
		return;
	}
	look = calloc(1, sizeof(*look));
	if (look != NULL) {
		look->tree = merkle_new();
		look->ev = evtimer_new(dird.base, on_step, NULL);
		if (look->tree == NULL || look->ev == NULL)
			free_look();
	}
	/* 16 MiB that a question may want in vain: no reason to end. */
	if (look == NULL) {
		http_error(a, 503, why_name(WHY_FULL), NULL, "no memory");
		return;
	}
	look->ask = a;
	look->to = dird.journal->n;
	event_active(look->ev, EV_TIMEOUT, 0);
}
