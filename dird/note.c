/* note.c -- notes that any C2SP tool can read. Pure. */
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ident.h"
#include "note.h"

#define DASH		"\xe2\x80\x94 "		/* U+2014 and a space */
#define DASH_LEN	4
#define B64		sodium_base64_VARIANT_ORIGINAL
#define SIG_MAX		8192			/* bytes of one signature */
#define COSIG_HEAD	"cosignature/v1\ntime "

int
line_read(struct span *rest, struct span *line)
{
	const char *nl = memchr(rest->p, '\n', rest->n);

	if (rest->n == 0 || nl == NULL)
		return -1;
	*line = (struct span){ rest->p, (size_t)(nl - rest->p) };
	rest->n -= line->n + 1;
	rest->p = nl + 1;
	return 0;
}

int
decimal_read(struct span s, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (s.n == 0 || s.n > 19 || (s.n > 1 && s.p[0] == '0'))
		return -1;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return v <= INT64_MAX ? 0 : -1;
}

/* Standard base64 with padding; the bytes decoded, or -1. */
static ssize_t
base64_any(struct span s, uint8_t *out, size_t cap)
{
	const char *end;
	size_t i, n;

	/* libsodium 1.0.18 takes some bytes above 0x7f for letters. */
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return -1;
	if (sodium_base642bin(out, cap, s.p, s.n, NULL, &n, &end, B64) == -1 ||
	    end != s.p + s.n)
		return -1;
	return (ssize_t)n;
}

int
base64_read(struct span s, uint8_t *out, size_t len)
{
	return base64_any(s, out, len) == (ssize_t)len ? 0 : -1;
}

static int
is_utf8(struct span s)
{
	json_t *v = json_stringn(s.p, s.n);

	json_decref(v);
	return v != NULL;
}

/* Bytes of a Unicode space at p, or 0. */
static size_t
space_at(const unsigned char *p, size_t n)
{
	if (p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r'))
		return 1;
	if (n >= 2 && p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
		return 2;
	if (n < 3)
		return 0;
	if ((p[0] == 0xe1 && p[1] == 0x9a && p[2] == 0x80) ||
	    (p[0] == 0xe3 && p[1] == 0x80 && p[2] == 0x80) ||
	    (p[0] == 0xe2 && p[1] == 0x81 && p[2] == 0x9f))
		return 3;
	if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] <= 0x8a || p[2] == 0xa8 ||
	    p[2] == 0xa9 || p[2] == 0xaf))
		return 3;
	return 0;
}

static int
is_name(struct span s)
{
	size_t i;

	if (s.n == 0 || s.n > NOTE_NAME || !is_utf8(s))
		return 0;
	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == '+' ||
		    space_at((const unsigned char *)s.p + i, s.n - i) != 0)
			return 0;
	return 1;
}

int
note_key_make(const char *name, enum note_alg alg, const uint8_t pub[32],
    struct note_key *k)
{
	crypto_hash_sha256_state st;
	struct span s = { name, strlen(name) };
	uint8_t mid[2] = { '\n', (uint8_t)alg }, h[32];

	if (!is_name(s))
		return -1;
	memset(k, 0, sizeof(*k));
	memcpy(k->name, s.p, s.n);
	k->alg = alg;
	memcpy(k->pub, pub, sizeof(k->pub));
	crypto_hash_sha256_init(&st);
	crypto_hash_sha256_update(&st, (const uint8_t *)s.p, s.n);
	crypto_hash_sha256_update(&st, mid, sizeof(mid));
	crypto_hash_sha256_update(&st, pub, 32);
	crypto_hash_sha256_final(&st, h);
	k->id = (uint32_t)h[0] << 24 | (uint32_t)h[1] << 16 |
	    (uint32_t)h[2] << 8 | h[3];
	return 0;
}

int
note_key_parse(const char *vkey, struct note_key *k, struct because *b)
{
	const char *id = strchr(vkey, '+'), *data;
	char name[NOTE_NAME + 1], hex[9];
	uint8_t key[33];

	data = id != NULL ? strchr(id + 1, '+') : NULL;
	if (data == NULL || data - id != 9 || (size_t)(id - vkey) > NOTE_NAME)
		return because(b, WHY_NOTE_KEY, "not name+id+key");
	memcpy(name, vkey, (size_t)(id - vkey));
	name[id - vkey] = '\0';
	data++;
	if (base64_read((struct span){ data, strlen(data) }, key,
	    sizeof(key)) == -1)
		return because(b, WHY_NOTE_KEY, "no key of 33 bytes");
	if ((key[0] != NOTE_ED25519 && key[0] != NOTE_COSIGNATURE) ||
	    note_key_make(name, (enum note_alg)key[0], key + 1, k) == -1)
		return because(b, WHY_NOTE_KEY, "name or algorithm");
	snprintf(hex, sizeof(hex), "%08" PRIx32, k->id);
	if (memcmp(hex, id + 1, 8) != 0)
		return because(b, WHY_NOTE_KEY, "the id is %s", hex);
	return 0;
}

ssize_t
note_key_write(const struct note_key *k, char *out, size_t cap)
{
	uint8_t key[33];
	char b64[64];
	int n;

	key[0] = (uint8_t)k->alg;
	memcpy(key + 1, k->pub, 32);
	sodium_bin2base64(b64, sizeof(b64), key, sizeof(key), B64);
	n = snprintf(out, cap, "%s+%08" PRIx32 "+%s", k->name, k->id, b64);
	return n < 0 || (size_t)n >= cap ? -1 : n;
}

/* The last empty line divides the text from the signatures. */
static const char *
divide(const char *p, size_t len)
{
	size_t i;

	for (i = len; i >= 2; i--)
		if (p[i - 1] == '\n' && p[i - 2] == '\n')
			return p + i;
	return NULL;
}

static int
sig_parse(struct span line, struct note_sig *s)
{
	uint8_t bytes[SIG_MAX];
	const char *space;
	ssize_t n;

	if (line.n < DASH_LEN || memcmp(line.p, DASH, DASH_LEN) != 0)
		return -1;
	line.p += DASH_LEN;
	line.n -= DASH_LEN;
	space = memchr(line.p, ' ', line.n);
	if (space == NULL)
		return -1;
	s->name = (struct span){ line.p, (size_t)(space - line.p) };
	s->base64 = (struct span){ space + 1, line.n - s->name.n - 1 };
	if (!is_name(s->name))
		return -1;
	n = base64_any(s->base64, bytes, sizeof(bytes));
	if (n < 5)
		return -1;
	s->id = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	    (uint32_t)bytes[2] << 8 | bytes[3];
	return 0;
}

int
note_parse(const char *p, size_t len, struct note *o, struct because *b)
{
	const char *sigs = divide(p, len);
	struct span rest, line;
	size_t i;

	if (len > NOTE_MAX)
		return because(b, WHY_SIZE, "%zu bytes", len);
	if (sigs == NULL || sigs - p < 3)
		return because(b, WHY_NOTE, "no empty line before signatures");
	if (!is_utf8((struct span){ p, len }))
		return because(b, WHY_NOTE, "not UTF-8");
	for (i = 0; i < len; i++)
		if ((unsigned char)p[i] < 0x20 && p[i] != '\n')
			return because(b, WHY_NOTE, "byte %zu: control", i);
	o->text = (struct span){ p, (size_t)(sigs - p) - 1 };
	o->n = 0;
	rest = (struct span){ sigs, len - (size_t)(sigs - p) };
	while (rest.n > 0) {
		if (o->n == NOTE_SIGS)
			return because(b, WHY_NOTE, "too many signatures");
		if (line_read(&rest, &line) == -1 ||
		    sig_parse(line, &o->sig[o->n]) == -1)
			return because(b, WHY_NOTE, "signature line %u",
			    o->n + 1);
		o->n++;
	}
	return o->n > 0 ? 0 : because(b, WHY_NOTE, "no signature");
}

ssize_t
cosignature_message(struct span text, uint64_t when, uint8_t *out, size_t cap)
{
	int n = snprintf((char *)out, cap, COSIG_HEAD "%" PRIu64 "\n", when);

	if (n < 0 || (size_t)n + text.n > cap)
		return -1;
	memcpy(out + n, text.p, text.n);
	return n + (ssize_t)text.n;
}

void
cosignature_pack(uint64_t when, const uint8_t sig[64], uint8_t out[72])
{
	unsigned i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t)(when >> (56 - 8 * i));
	memcpy(out + 8, sig, 64);
}

static int
cosignature_check(struct span text, const uint8_t *sig, const uint8_t *pub,
    uint64_t *when)
{
	size_t cap = text.n + 64;
	uint8_t *msg = malloc(cap);
	uint64_t t = 0;
	unsigned i;
	ssize_t n;
	int ok;

	if (msg == NULL)
		return 0;
	for (i = 0; i < 8; i++)
		t = t << 8 | sig[i];
	n = t > INT64_MAX ? -1 : cosignature_message(text, t, msg, cap);
	ok = n != -1 && crypto_sign_verify_detached(sig + 8, msg,
	    (unsigned long long)n, pub) == 0;
	free(msg);
	if (ok && when != NULL)
		*when = t;
	return ok;
}

static int
sig_check(const struct note *o, const struct note_sig *s,
    const struct note_key *k, uint64_t *when)
{
	size_t len = 4 + 64 + (k->alg == NOTE_COSIGNATURE ? 8 : 0);
	uint8_t sig[4 + 8 + 64];

	if (base64_read(s->base64, sig, len) == -1)
		return 0;
	if (k->alg == NOTE_COSIGNATURE)
		return cosignature_check(o->text, sig + 4, k->pub, when);
	return crypto_sign_verify_detached(sig + 4, (const uint8_t *)o->text.p,
	    o->text.n, k->pub) == 0;
}

int
note_verify(const struct note *o, const struct note_key *keys, unsigned n,
    uint64_t *by, uint64_t *when, struct because *b)
{
	const struct note_sig *s;
	unsigned i, k;

	*by = 0;
	for (i = 0; i < o->n; i++) {
		s = &o->sig[i];
		for (k = 0; k < n && k < 64; k++) {
			if (s->id != keys[k].id ||
			    s->name.n != strlen(keys[k].name) ||
			    memcmp(s->name.p, keys[k].name, s->name.n) != 0)
				continue;
			if (*by >> k & 1)
				continue;
			if (!sig_check(o, s, &keys[k],
			    when != NULL ? &when[k] : NULL))
				return because(b, WHY_NOTE_SIGNATURE, "%.90s",
				    keys[k].name);
			*by |= UINT64_C(1) << k;
		}
	}
	return *by != 0 ? 0 : because(b, WHY_NOTE_UNSIGNED, "%u of them", o->n);
}

ssize_t
note_line(const struct note_key *k, const uint8_t *sig, size_t len, char *out,
    size_t cap)
{
	uint8_t bytes[4 + 72];
	char b64[128];
	int n;

	if (len > sizeof(bytes) - 4)
		return -1;
	bytes[0] = (uint8_t)(k->id >> 24);
	bytes[1] = (uint8_t)(k->id >> 16);
	bytes[2] = (uint8_t)(k->id >> 8);
	bytes[3] = (uint8_t)k->id;
	memcpy(bytes + 4, sig, len);
	sodium_bin2base64(b64, sizeof(b64), bytes, len + 4, B64);
	n = snprintf(out, cap, DASH "%s %s\n", k->name, b64);
	return n < 0 || (size_t)n >= cap ? -1 : n;
}

int
checkpoint_parse(struct span text, struct checkpoint *c, struct because *b)
{
	struct span rest = text, line;
	size_t i;

	memset(c, 0, sizeof(*c));
	if (line_read(&rest, &line) == -1 || line.n == 0 ||
	    line.n > NOTE_NAME)
		return because(b, WHY_CHECKPOINT, "origin");
	memcpy(c->origin, line.p, line.n);
	if (line_read(&rest, &line) == -1 ||
	    decimal_read(line, &c->size) == -1)
		return because(b, WHY_CHECKPOINT, "size");
	if (line_read(&rest, &line) == -1 ||
	    base64_read(line, c->root, HASH_LEN) == -1)
		return because(b, WHY_CHECKPOINT, "root");
	c->extension = rest;
	for (i = 0; i < rest.n; i++)
		if (rest.p[i] == '\n' && (i == 0 || rest.p[i - 1] == '\n'))
			return because(b, WHY_CHECKPOINT, "empty extension");
	if (rest.n > 0 && rest.p[rest.n - 1] != '\n')
		return because(b, WHY_CHECKPOINT, "no newline at the end");
	return 0;
}

ssize_t
checkpoint_write(const char *origin, uint64_t size,
    const uint8_t root[HASH_LEN], char *out, size_t cap)
{
	char b64[64];
	int n;

	sodium_bin2base64(b64, sizeof(b64), root, HASH_LEN, B64);
	n = snprintf(out, cap, "%s\n%" PRIu64 "\n%s\n", origin, size, b64);
	return n < 0 || (size_t)n >= cap ? -1 : n;
}
