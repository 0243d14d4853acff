/*
 * notary.c -- see notary.h. A checkpoint is on the disk before it is cosigned:
 * whatever happens then, no other one of its size is cosigned later.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "canon.h"
#include "dird.h"
#include "notary.h"
#include "sign.h"
#include "witness.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define LOGS_MAX	256

struct known {
	int			 foreign;	/* its key is the configuration's */
	struct witness_log	 w;
	char			*note;	/* newest that we cosigned; NULL: none */
	size_t			 len;
};

static struct known	*known[LOGS_MAX];
static unsigned		 n;

int
notary_key(const char *did, const uint8_t pub[32], struct note_key *k)
{
	char origin[ORIGIN_MAX], name[ORIGIN_MAX + 16];

	dir_origin(did, DIR_JOURNAL, origin);
	snprintf(name, sizeof(name), "%s/witness", origin);
	return note_key_make(name, NOTE_COSIGNATURE, pub, k);
}

/* -- which logs --------------------------------------------------------------- */

static struct known *
add(const struct note_key *key)
{
	struct known *k;

	if (n == LOGS_MAX || (k = calloc(1, sizeof(*k))) == NULL)
		return NULL;
	k->w.key = *key;
	return known[n++] = k;
}

/* The key of a member's log, by its origin. */
static int
key_of(const char *origin, struct note_key *key)
{
	static const char head[] = "bastide/";
	char did[DID_LEN + 1], is[ORIGIN_MAX];
	uint8_t pub[KEY_LEN];

	if (strncmp(origin, head, strlen(head)) != 0 ||
	    strlen(origin) != strlen(head) + DID_LEN)
		return -1;
	memcpy(did, origin + strlen(head), DID_LEN + 1);
	dir_origin(did, DIR_JOURNAL, is);
	if (strcmp(is, origin) != 0 ||
	    view_key(dird.journal->view, did, pub) == -1 ||
	    !view_can(dird.journal->view, did, RIGHT_WITNESS))
		return -1;
	return note_key_make(origin, NOTE_ED25519, pub, key);
}

static struct known *
find(const char *origin)
{
	struct note_key key;
	unsigned i;

	for (i = 0; i < n; i++)
		if (strcmp(known[i]->w.key.name, origin) == 0)
			break;
	/* Who is no member any more has no log that we know. */
	if (i < n && known[i]->foreign)
		return known[i];
	if (key_of(origin, &key) == -1)
		return NULL;
	return i < n ? known[i] : add(&key);
}

static int
keep(struct known *k, const char *note, size_t len)
{
	struct checkpoint head;
	struct note parsed;
	char *copy;

	if (note_parse(note, len, &parsed, NULL) == -1 ||
	    checkpoint_parse(parsed.text, &head, NULL) == -1 ||
	    (copy = malloc(len)) == NULL)
		return -1;
	memcpy(copy, note, len);
	free(k->note);
	k->note = copy;
	k->len = len;
	k->w.size = head.size;
	memcpy(k->w.root, head.root, HASH_LEN);
	return 0;
}

static void
recall(const struct keepsake *s)
{
	struct checkpoint head;
	struct note note;
	struct known *k;
	json_t *v;

	if (s->kind == REC_SEEN && note_parse(s->data, s->len, &note,
	    NULL) == 0 && checkpoint_parse(note.text, &head, NULL) == 0 &&
	    (k = find(head.origin)) != NULL)
		keep(k, s->data, s->len);
	if (s->kind != REC_SPLIT ||
	    (v = json_loadb(s->data, s->len, 0, NULL)) == NULL)
		return;
	k = json_is_string(json_object_get(v, "log")) ?
	    find(json_string_value(json_object_get(v, "log"))) : NULL;
	if (k != NULL)
		k->w.split = 1;
	json_decref(v);
}

/* Logs of others than members, as the configuration names them. */
static void
configured(void)
{
	char *all = dird.txt[CONF_DIR_WITNESS] == NULL ? NULL :
	    strdup(dird.txt[CONF_DIR_WITNESS]), *rest = all, *vkey;
	struct note_key key;
	struct because b;
	struct known *k;

	while (rest != NULL && (vkey = strsep(&rest, " ")) != NULL) {
		if (vkey[0] == '\0')
			continue;
		if (note_key_parse(vkey, &key, &b) == -1 ||
		    key.alg != NOTE_ED25519 || (k = add(&key)) == NULL)
			log_error("bastide.directory.witness: '%.80s' is no "
			    "key of a log", vkey);
		else
			k->foreign = 1;
	}
	free(all);
}

void
notary_start(void)
{
	uint64_t i;

	configured();
	if (dird.journal == NULL)
		return;
	for (i = 0; i < dird.journal->nkept; i++)
		recall(&dird.journal->kept[i]);
}

json_t *
notary_status(void)
{
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:I, s:b}", "log",
		    known[i]->w.key.name, "size", (json_int_t)known[i]->w.size,
		    "split", known[i]->w.split));
	return list;
}

/* -- asked to cosign ------------------------------------------------------------ */

struct cosigning {
	struct ask	*ask;
	uint64_t	 when;
};

static int
write_down(enum record_kind kind, const char *p, size_t len)
{
	uint64_t where;

	return state_writable() != WHY_OK ||
	    store_append(dird.journal->store, kind, p, len, &where) == -1 ||
	    store_commit(dird.journal->store) == -1 ? -1 : 0;
}

/* Two roots of one size, both signed: nothing of this log is believed again. */
static void
split(struct known *k, const char *note, size_t len)
{
	json_t *v;
	char *text = NULL;

	if (k->w.split || k->note == NULL)
		return;
	v = json_pack("{s:s, s:s%, s:s%}", "log", k->w.key.name, "first",
	    k->note, k->len, "second", note, len);
	if (v != NULL)
		text = json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS);
	if (text == NULL || write_down(REC_SPLIT, text, strlen(text)) == -1)
		log_error("the proof against %s is not on the disk",
		    k->w.key.name);
	log_error("%s signed two histories of %llu entries: no more trust",
	    k->w.key.name, (unsigned long long)k->w.size);
	k->w.split = 1;
	free(text);
	json_decref(v);
}

static void
on_cosigned(void *arg, const uint8_t *sig, enum refusal why)
{
	struct cosigning *c = arg;
	char line[NOTE_LINE];
	struct note_key key;
	uint8_t packed[72];
	ssize_t len = -1;

	if (sig != NULL && notary_key(dird.did, dird.dir_pub, &key) == 0) {
		cosignature_pack(c->when, sig, packed);
		len = note_line(&key, packed, sizeof(packed), line,
		    sizeof(line));
	}
	if (len == -1)
		http_error(c->ask, 500, "signature", NULL, "cryptod: %s",
		    refuse_text(why));
	else
		http_text(c->ask, "text/plain; charset=utf-8", line,
		    (size_t)len);
	free(c);
}

static void
cosign(struct ask *a, const struct witness_ask *w)
{
	struct cosigning *c = malloc(sizeof(*c));

	if (c != NULL) {
		*c = (struct cosigning){ a, (uint64_t)dird_now() };
		if (sign_cosign(&w->head, c->when, on_cosigned, c) == 0)
			return;
	}
	free(c);
	http_error(a, 503, "busy", NULL, "too many signatures under way");
}

/* On the disk before it is signed; once for each size. */
static int
seen(struct known *k, const struct witness_ask *w, const char *note,
    size_t len, struct because *b)
{
	if (k->note != NULL && w->head.size == k->w.size)
		return 0;
	if (len > WITNESS_NOTE)
		return because(b, WHY_SIZE, "the checkpoint");
	return write_down(REC_SEEN, note, len) == -1 || keep(k, note, len) ==
	    -1 ? because(b, WHY_IO, "the checkpoint is not kept") : 0;
}

static void
refuse_checkpoint(struct ask *a, int status, const struct known *k,
    const struct because *b)
{
	char size[24];

	if (status != 409 || b->why != WHY_OLD_SIZE) {
		http_error(a, status, why_name(b->why), NULL, "%s: %s",
		    why_text(b->why), b->place);
		return;
	}
	snprintf(size, sizeof(size), "%llu\n", (unsigned long long)k->w.size);
	http_typed(a, 409, "text/x.tlog.size", size, strlen(size));
}

/* tlog-witness: add-checkpoint. */
void
api_add_checkpoint(struct ask *a, json_t *body)
{
	static struct witness_ask w;
	struct because b = { WHY_OK, "" };
	struct known *k = NULL;
	const char *note;
	size_t len;
	int status;

	(void)body;
	if (state_writable() != WHY_OK || dird.key_mode == KEY_EPHEMERAL) {
		because(&b, WHY_READ_ONLY, "no witness now");
		refuse_checkpoint(a, 503, NULL, &b);
		return;
	}
	if (witness_parse(a->body, a->body_len, &w, &b) == -1) {
		refuse_checkpoint(a, 400, NULL, &b);
		return;
	}
	note = w.note.text.p;
	len = (size_t)(a->body + a->body_len - note);
	k = find(w.head.origin);
	status = witness_decide(k == NULL ? NULL : &k->w, &w, &b);
	if (status == 200 && seen(k, &w, note, len, &b) == -1)
		status = 503;
	if (k != NULL && status == 409 && b.why == WHY_SPLIT)
		split(k, note, len);
	if (status == 200)
		cosign(a, &w);
	else
		refuse_checkpoint(a, status, k, &b);
}
