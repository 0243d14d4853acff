/* canon.c -- a walk over bytes that accepts one spelling of each value. Pure. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "canon.h"
#include "ident.h"

#define ID_LEN	32

struct walk {
	const char	*p, *end;
	char		*text;		/* the last string, unescaped */
	size_t		 len;
};

static int
take(struct walk *w, const char *s)
{
	size_t n = strlen(s);

	if ((size_t)(w->end - w->p) < n || memcmp(w->p, s, n) != 0)
		return -1;
	w->p += n;
	return 0;
}

/* Bytes of the UTF-8 character at p; 0 if there is none: also no surrogate,
 * nothing beyond U+10FFFF, nothing longer than it must be. */
static size_t
utf8_len(const char *s, size_t left)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char lo = 0x80, hi = 0xbf;
	size_t n, i;

	if (p[0] < 0x80)
		return 1;
	n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 :
	    p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : 0;
	if (n == 0 || n > left)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	if (p[0] == 0xed)
		hi = 0x9f;
	if (p[0] == 0xf0)
		lo = 0x90;
	if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Two hex digits of \u00xx, for what has no shorter escape; or -1. */
static int
control(const char *p)
{
	static const char digits[] = "0123456789abcdef";
	const char *lo;
	int c;

	lo = p[1] != '\0' ? strchr(digits, p[1]) : NULL;
	if ((p[0] != '0' && p[0] != '1') || lo == NULL)
		return -1;
	c = (p[0] - '0') * 16 + (int)(lo - digits);
	return c == 0 || strchr("\b\t\n\f\r", c) != NULL ? -1 : c;
}

/* The one escape that canonical form has for a character. */
static int
escape(struct walk *w)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	const char *at;
	int c;

	if (w->end - w->p < 2)
		return -1;
	at = w->p[1] != '\0' ? strchr(from, w->p[1]) : NULL;
	if (at != NULL) {
		w->text[w->len++] = to[at - from];
		w->p += 2;
		return 0;
	}
	if (w->end - w->p < 6 || memcmp(w->p, "\\u00", 4) != 0)
		return -1;
	c = control(w->p + 4);
	if (c == -1)
		return -1;
	w->text[w->len++] = (char)c;
	w->p += 6;
	return 0;
}

static int
string(struct walk *w)
{
	size_t n;

	w->len = 0;
	if (take(w, "\"") == -1)
		return -1;
	while (w->p < w->end && *w->p != '"') {
		if (*w->p == '\\') {
			if (escape(w) == -1)
				return -1;
			continue;
		}
		/* Nearly all are one byte. */
		if (*w->p >= 0x20 && *w->p < 0x7f) {
			w->text[w->len++] = *w->p++;
			continue;
		}
		n = utf8_len(w->p, (size_t)(w->end - w->p));
		if (n == 0 || (unsigned char)*w->p < 0x20)
			return -1;
		memcpy(w->text + w->len, w->p, n);
		w->len += n;
		w->p += n;
	}
	w->text[w->len] = '\0';
	return take(w, "\"");
}

static int
integer(struct walk *w, long long *out)
{
	int minus = take(w, "-") == 0;
	const char *from = w->p;
	long long v = 0;

	for (; w->p < w->end && *w->p >= '0' && *w->p <= '9'; w->p++) {
		v = v * 10 + (*w->p - '0');
		if (v > JCS_INT)
			return -1;
	}
	if (w->p == from || (*from == '0' && (w->p - from > 1 || minus)))
		return -1;
	*out = minus ? -v : v;
	return 0;
}

static int
boolean(struct walk *w)
{
	return take(w, "true") == 0 || take(w, "false") == 0 ? 0 : -1;
}

static int
list(struct walk *w, const struct field *f)
{
	long long max = f->kind == FIELD_LINES ? f->lo : f->hi, n;

	if (take(w, "[") == -1)
		return -1;
	for (n = 0; take(w, "]") == -1; n++) {
		if (n == max || (n > 0 && take(w, ",") == -1) ||
		    string(w) == -1 || form_of(f, w->text, w->len) != FORM_GOOD)
			return -1;
	}
	return 0;
}

/* A parameter's value: a line of text, an integer or a boolean. */
static int
scalar(struct walk *w)
{
	long long n;

	if (w->p == w->end)
		return -1;
	if (*w->p == '"')
		return string(w) == 0 && w->len <= OBJ_PARAM_TEXT &&
		    is_line(w->text, w->len) ? 0 : -1;
	return boolean(w) == 0 ? 0 : integer(w, &n);
}

static int
params(struct walk *w, long long max)
{
	char last[OBJ_PARAM_NAME + 1] = "";
	long long n;

	for (n = 0; take(w, "}") == -1; n++) {
		if (n == max || (n > 0 && take(w, ",") == -1) ||
		    string(w) == -1 || w->len > OBJ_PARAM_NAME ||
		    !is_label(w->text, w->len) || strcmp(w->text, last) <= 0)
			return -1;
		memcpy(last, w->text, w->len + 1);
		if (take(w, ":") == -1 || scalar(w) == -1)
			return -1;
	}
	return 0;
}

static int
macro(struct walk *w, const struct field *f)
{
	if (take(w, "{\"kind\":") == -1 || string(w) == -1 ||
	    !is_kind(w->text, w->len) || take(w, ",\"params\":{") == -1 ||
	    params(w, f->hi) == -1)
		return -1;
	return take(w, "}");
}

static int
value(struct walk *w, const struct field *f)
{
	long long n;

	switch (f->kind) {
	case FIELD_INT:
		return integer(w, &n) == 0 && n >= f->lo && n <= f->hi ? 0 : -1;
	case FIELD_BOOL:
		return boolean(w);
	case FIELD_CIDRS:
	case FIELD_LINES:
		return list(w, f);
	case FIELD_MACRO:
		return macro(w, f);
	default:
		return string(w) == 0 &&
		    form_of(f, w->text, w->len) == FORM_GOOD ? 0 : -1;
	}
}

/* The row's field that stands here in order: the smallest name above last. */
static const struct field *
field_after(const struct field *row, const char *last)
{
	const struct field *f, *best = NULL;

	for (f = row; f->name != NULL; f++)
		if (strcmp(f->name, last) > 0 &&
		    (best == NULL || strcmp(f->name, best->name) < 0))
			best = f;
	return best;
}

/* Names are plain, so their order as bytes is the order of RFC 8785. */
int
canon_body(enum object t, const char *text, size_t len, char *scratch)
{
	struct walk w = { text, text + len, scratch, 0 };
	const struct field *f;
	const char *last = "";
	unsigned n = 0;

	if (take(&w, "{") == -1)
		return -1;
	while ((f = field_after(object_fields(t), last)) != NULL) {
		struct walk here = w;

		last = f->name;
		if ((n > 0 && take(&w, ",") == -1) || take(&w, "\"") == -1 ||
		    take(&w, f->name) == -1 || take(&w, "\":") == -1) {
			if (!f->optional)
				return -1;
			w = here;
			continue;
		}
		if (value(&w, f) == -1)
			return -1;
		n++;
	}
	return take(&w, "}") == 0 && w.p == w.end ? 0 : -1;
}

ssize_t
canon_entry(enum object t, const char *author, uint64_t seq,
    const uint8_t *prev, int64_t created_at, struct span body, uint8_t *out,
    size_t cap)
{
	char hex[2 * ID_LEN + 1] = "", when[21], tail[192];
	int head, n;

	if (prev != NULL)
		hex_encode(prev, ID_LEN, hex);
	time_write(created_at, when);
	n = snprintf(tail, sizeof(tail), ",\"created_at\":\"%s\",\"prev\":\"%s\","
	    "\"seq\":%" PRIu64 ",\"type\":\"%s\"}", when, hex, seq,
	    object_name(t));
	head = snprintf((char *)out, cap, CANON_PREFIX "%s\n{\"author\":"
	    "\"%s\",\"body\":", object_name(t), author);
	if (n < 0 || (size_t)n >= sizeof(tail) || head < 0 ||
	    (size_t)head + body.n + (size_t)n > cap)
		return -1;
	memcpy(out + head, body.p, body.n);
	memcpy(out + head + body.n, tail, (size_t)n);
	return head + (ssize_t)body.n + n;
}

void
dir_origin(const char *did, enum dir_log log, char out[ORIGIN_MAX])
{
	snprintf(out, ORIGIN_MAX, "bastide/%s%s", did,
	    log == DIR_AUDIT ? "/audit" : "");
}

size_t
claim_text(const char *did, char out[CLAIM_MAX])
{
	return (size_t)snprintf(out, CLAIM_MAX, CANON_PREFIX "mesh\n%s", did);
}

/* No object is called so: it verifies as no entry, and no entry as it. */
size_t
sub_proof_text(const char *did, const uint8_t nonce[32],
    const uint8_t service[16], char out[SUB_PROOF_MAX])
{
	char n[65], s[33];

	hex_encode(nonce, 32, n);
	hex_encode(service, 16, s);
	return (size_t)snprintf(out, SUB_PROOF_MAX, CANON_PREFIX
	    "grant-proof\n{\"did\":\"%s\",\"nonce\":\"%s\",\"service_id\":\"%s\"}",
	    did, n, s);
}
