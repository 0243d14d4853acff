/* entry_line.c -- an entry as a line of an export, and back. Pure. */
#include <stdio.h>
#include <string.h>

#include "canon.h"
#include "entry.h"
#include "ident.h"

/* The fixed frame of a line; what is between is the envelope. */
#define LINE_HEAD	"{\"chain\":\""
#define LINE_MID	"\",\"envelope\":"
#define LINE_SIG	",\"sig\":\""
#define LINE_TAIL	"\"}"

ssize_t
entry_line(const struct entry *e, const uint8_t chain[ID_LEN], char *out,
    size_t cap)
{
	char hash[2 * ID_LEN + 1], sig[2 * SIG_LEN + 1];
	const char *env = memchr(e->raw, '\n', e->len);
	int n;

	if (env == NULL)
		return -1;
	env++;
	hex_encode(chain, ID_LEN, hash);
	hex_encode(e->raw + e->len - SIG_LEN, SIG_LEN, sig);
	n = snprintf(out, cap, LINE_HEAD "%s" LINE_MID "%.*s" LINE_SIG "%s"
	    LINE_TAIL, hash, (int)((const char *)e->raw + e->len - SIG_LEN -
	    env), env, sig);
	return n < 0 || (size_t)n >= cap ? -1 : n;
}

static int
take(struct span *s, const char *text)
{
	size_t n = strlen(text);

	if (s->n < n || memcmp(s->p, text, n) != 0)
		return -1;
	s->p += n;
	s->n -= n;
	return 0;
}

static int
take_hex(struct span *s, uint8_t *out, size_t len)
{
	if (s->n < 2 * len || hex_read(s->p, out, len) == -1)
		return -1;
	s->p += 2 * len;
	s->n -= 2 * len;
	return 0;
}

ssize_t
entry_unline(const char *line, size_t len, uint8_t chain[ID_LEN],
    uint8_t *raw, size_t cap, struct because *b)
{
	const size_t tail = sizeof(LINE_SIG) - 1 + 2 * SIG_LEN +
	    sizeof(LINE_TAIL) - 1;
	struct span s = { line, len }, env, type;
	uint8_t sig[SIG_LEN];
	int head;

	if (take(&s, LINE_HEAD) == -1 || take_hex(&s, chain, ID_LEN) == -1 ||
	    take(&s, LINE_MID) == -1 || s.n < tail)
		return because(b, WHY_JSON, "not a line of an export");
	env = (struct span){ s.p, s.n - tail };
	s = (struct span){ s.p + env.n, tail };
	if (take(&s, LINE_SIG) == -1 || take_hex(&s, sig, SIG_LEN) == -1 ||
	    take(&s, LINE_TAIL) == -1)
		return because(b, WHY_JSON, "no signature at the end");
	type = span_text(span_get(env, "type"));
	if (object_type(type.p, type.n) == -1)
		return because(b, WHY_TYPE, "%.*s",
		    (int)(type.n < 40 ? type.n : 40), type.p);
	head = snprintf((char *)raw, cap, CANON_PREFIX "%.*s\n", (int)type.n, type.p);
	if (head < 0 || (size_t)head + env.n + SIG_LEN > cap)
		return because(b, WHY_SIZE, "%zu bytes", len);
	memcpy(raw + head, env.p, env.n);
	memcpy(raw + head + env.n, sig, SIG_LEN);
	return (ssize_t)((size_t)head + env.n + SIG_LEN);
}
