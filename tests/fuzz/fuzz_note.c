/* room: dird */
/*
 * fuzz_note.c -- any bytes as a note, a checkpoint, a request to a witness, a
 * key. Law: what is read is written back the same.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "note.h"
#include "witness.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
as_key(const char *p, size_t len)
{
	char vkey[400], again[400];
	struct note_key k;
	struct because b;
	ssize_t n;

	if (len >= sizeof(vkey))
		return;
	memcpy(vkey, p, len);
	vkey[len] = '\0';
	if (note_key_parse(vkey, &k, &b) == -1)
		return;
	n = note_key_write(&k, again, sizeof(again));
	if (n == -1 || strcmp(vkey, again) != 0)
		abort();
}

static void
as_note(const char *p, size_t len)
{
	struct note_key k;
	struct checkpoint c;
	struct because b;
	struct note o;
	char out[1024];
	uint8_t pub[32] = { 1 };
	uint64_t by, when;
	ssize_t n;

	if (note_parse(p, len, &o, &b) == -1)
		return;
	if (o.n == 0 || o.text.n == 0 || o.text.p[o.text.n - 1] != '\n')
		abort();
	snprintf(out, sizeof(out), "%.*s", (int)o.sig[0].name.n, o.sig[0].name.p);
	if (note_key_make(out, NOTE_ED25519, pub, &k) == 0) {
		k.id = o.sig[0].id;
		note_verify(&o, &k, 1, &by, &when, &b);
	}
	if (checkpoint_parse(o.text, &c, &b) == -1 || c.extension.n != 0)
		return;
	n = checkpoint_write(c.origin, c.size, c.root, out, sizeof(out));
	/* An origin with a NUL inside cannot be: notes have no controls. */
	if (n == -1 || (size_t)n != o.text.n || memcmp(out, o.text.p, (size_t)n) != 0)
		abort();
}

static void
as_request(const char *p, size_t len)
{
	static char out[NOTE_MAX * 2];
	struct witness_log w = { .size = 0 };
	struct witness_ask a;
	struct because b;
	size_t at;
	ssize_t n;

	if (witness_parse(p, len, &a, &b) == -1)
		return;
	if (witness_decide(&w, &a, &b) == 200)
		abort();
	at = (size_t)(a.note.text.p - p);
	n = witness_write(a.old, &a.proof, p + at, len - at, out, sizeof(out));
	if (n == -1 || (size_t)n != len || memcmp(out, p, len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	if (sodium_init() == -1)
		abort();
	as_key((const char *)in, len);
	as_note((const char *)in, len);
	as_request((const char *)in, len);
	return 0;
}
