/*
 * dir_sign.c -- signs entries, heads, cosignatures and proofs for dird. Every
 * kind begins with a line of its own: "bastide/v1/" and a type, the log's
 * origin, "cosignature/v1". No memory but the tables below.
 */
#define ME_CRYPTOD
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "canon.h"
#include "dir_sign.h"
#include "doors.h"
#include "ident.h"
#include "log.h"
#include "sandbox.h"

#define BODY_MAX	65471		/* as SIGN_ENTRY bounds it */
#define ENTRY_MAX	65535		/* signed bytes and signature */
#define B64		sodium_base64_VARIANT_ORIGINAL

struct head {
	uint64_t	size;
	uint8_t		root[32];
};

static const struct dir_key	*self;
static const struct key		*mesh;

/* The entry whose pieces are coming, and the last that was signed. */
static struct {
	struct msg_sign_entry	ask;
	size_t			have;
	int			open;
	char			body[BODY_MAX], scratch[BODY_MAX + 1];
	uint8_t			tbs[ENTRY_MAX];
} in;
static struct {
	int		any;
	uint64_t	seq;
	uint8_t		hash[32], id[32];	/* of signed bytes; content id */
} last;

static struct {
	int		any;
	struct head	head;
} own[DIR_AUDIT + 1];

static struct {
	uint8_t		origin[32];		/* hash of it */
	struct head	head;
	uint64_t	when;
} cosigned[COSIGN_LOGS];
static unsigned	ncosigned;

void
dir_sign_init(const struct dir_key *k, const struct key *m)
{
	self = k;
	mesh = m;
	memset(&last, 0, sizeof(last));
	memset(own, 0, sizeof(own));
	in.open = 0;
	ncosigned = 0;
}

/* -- answers ------------------------------------------------------------- */

static void
no(struct chan *c, uint32_t req, enum refusal why)
{
	struct msg_sign_no m = { .req = req, .why = (uint16_t)why };

	room_sent(c, sign_no_send(c, &m, NULL));
}

static void
sign(const void *msg, size_t len, uint8_t sig[64])
{
	if (crypto_sign_detached(sig, NULL, msg, len, self->sec) != 0)
		fatalx("the directory's key does not sign");
}

static void
yes(struct chan *c, uint32_t req, const void *msg, size_t len)
{
	struct msg_dir_signed a = { .req = req };

	sign(msg, len, a.sig);
	room_sent(c, dir_signed_send(c, &a, NULL));
}

/* -- entries ------------------------------------------------------------- */

/* Does this member of the body say exactly these bytes, as hex? */
static int
says(struct span body, const char *member, const uint8_t *want, size_t len)
{
	uint8_t got[32];

	return span_hex(span_get(body, member), got, len) == 0 &&
	    memcmp(got, want, len) == 0;
}

/* What brings a key along brings ours, and no other. */
static int
is_ours(enum object t, struct span body)
{
	switch (t) {
	case OBJ_GENESIS:
	case OBJ_JOIN:
		return says(body, "public_key", self->pub, 32);
	case OBJ_NODE_RECORD:
		return says(body, "node_id", mesh->addr, ADDR_LEN);
	default:
		return 1;
	}
}

/* May this entry follow what was signed in this life? */
static enum refusal
may_follow(const struct msg_sign_entry *m, const uint8_t hash[32])
{
	static const uint8_t zero[32];

	if (m->has_prev != (m->seq != 0) ||
	    (!m->has_prev && memcmp(m->prev, zero, sizeof(zero)) != 0))
		return REFUSE_SIGN_PREV;
	if (!last.any || (m->seq == last.seq && memcmp(hash, last.hash, 32) == 0))
		return REFUSE_NONE;
	if (m->seq <= last.seq)
		return REFUSE_SIGN_SEQ;
	if (m->seq == last.seq + 1 && memcmp(m->prev, last.id, 32) != 0)
		return REFUSE_SIGN_PREV;
	return REFUSE_NONE;
}

static void
remember(const struct msg_sign_entry *m, const uint8_t hash[32],
    const uint8_t *tbs, size_t len, const uint8_t sig[64])
{
	crypto_generichash_state st;

	last.any = 1;
	last.seq = m->seq;
	memcpy(last.hash, hash, 32);
	crypto_generichash_init(&st, NULL, 0, 32);
	crypto_generichash_update(&st, tbs, len);
	crypto_generichash_update(&st, sig, 64);
	crypto_generichash_final(&st, last.id, 32);
}

/* The whole body is here. */
static enum refusal
entry(uint8_t sig[64])
{
	const struct msg_sign_entry *m = &in.ask;
	struct span	body = { in.body, m->body_len };
	enum refusal	why;
	uint8_t		hash[32];
	ssize_t		n;

	if (canon_body((enum object)m->type, body.p, body.n, in.scratch) == -1)
		return REFUSE_SIGN_FORM;
	if (!is_ours((enum object)m->type, body))
		return REFUSE_SIGN_SELF;
	n = canon_entry((enum object)m->type, self->did, m->seq,
	    m->has_prev ? m->prev : NULL, (int64_t)m->created_at, body, in.tbs,
	    sizeof(in.tbs) - 64);
	if (n == -1)
		return REFUSE_SIGN_FORM;
	crypto_generichash(hash, sizeof(hash), in.tbs, (size_t)n, NULL, 0);
	why = may_follow(m, hash);
	if (why != REFUSE_NONE)
		return why;
	sign(in.tbs, (size_t)n, sig);
	remember(m, hash, in.tbs, (size_t)n, sig);
	return REFUSE_NONE;
}

/* A second one while the first is not whole ends the first. */
void
on_sign_entry(struct chan *c, const struct msg_sign_entry *m, int *fds)
{
	(void)fds;
	if (in.open)
		no(c, in.ask.req, REFUSE_SIGN_PART);
	in.open = 0;
	if (object_name((enum object)m->type) == NULL) {
		no(c, m->req, REFUSE_SIGN_FORM);
		return;
	}
	in.ask = *m;
	in.have = 0;
	in.open = 1;
}

void
on_sign_part(struct chan *c, const struct msg_sign_part *m, int *fds)
{
	struct msg_dir_signed	a = { .req = m->req };
	enum refusal		why;
	size_t			left;

	(void)fds;
	left = in.open && m->req == in.ask.req ? in.ask.body_len - in.have : 0;
	if (m->body_len == 0 || m->body_len > left) {
		if (in.open && m->req == in.ask.req)
			in.open = 0;
		no(c, m->req, REFUSE_SIGN_PART);
		return;
	}
	memcpy(in.body + in.have, m->body, m->body_len);
	in.have += m->body_len;
	if (in.have < in.ask.body_len)
		return;
	in.open = 0;
	why = entry(a.sig);
	if (why == REFUSE_NONE)
		room_sent(c, dir_signed_send(c, &a, NULL));
	else
		no(c, m->req, why);
}

/* -- the mesh key for the did, the did for a grant ----------------------- */

void
on_sign_claim(struct chan *c, const struct msg_sign_claim *m, int *fds)
{
	struct msg_dir_signed	a = { .req = m->req };
	char			text[CLAIM_MAX];
	uint8_t			aux[32];
	size_t			n = claim_text(self->did, text);

	(void)fds;
	randombytes_buf(aux, sizeof(aux));
	if (curve_sign(mesh->sec, text, n, aux, a.sig) == -1)
		fatalx("our own key does not sign");
	sodium_memzero(aux, sizeof(aux));
	room_sent(c, dir_signed_send(c, &a, NULL));
}

void
on_sign_sub_proof(struct chan *c, const struct msg_sign_sub_proof *m, int *fds)
{
	char	text[SUB_PROOF_MAX];
	size_t	n = sub_proof_text(self->did, m->nonce, m->service, text);

	(void)fds;
	yes(c, m->req, text, n);
}

/* -- heads --------------------------------------------------------------- */

/* One root a size, and sizes that only grow. */
static enum refusal
may_grow(const struct head *was, uint64_t size, const uint8_t root[32])
{
	if (size < was->size)
		return REFUSE_SIGN_BACK;
	return size == was->size && memcmp(root, was->root, 32) != 0 ?
	    REFUSE_SIGN_SPLIT : REFUSE_NONE;
}

/* Length of the note text at out. */
static size_t
checkpoint(char *out, size_t cap, const char *origin, uint64_t size,
    const uint8_t root[32])
{
	char b64[64];

	sodium_bin2base64(b64, sizeof(b64), root, 32, B64);
	return (size_t)snprintf(out, cap, "%s\n%" PRIu64 "\n%s\n", origin, size,
	    b64);
}

void
on_sign_head(struct chan *c, const struct msg_sign_head *m, int *fds)
{
	char		origin[ORIGIN_MAX], text[ORIGIN_MAX + 96];
	enum refusal	why = REFUSE_NONE;

	(void)fds;
	if (own[m->log].any)
		why = may_grow(&own[m->log].head, m->size, m->root);
	if (why != REFUSE_NONE) {
		no(c, m->req, why);
		return;
	}
	own[m->log].any = 1;
	own[m->log].head.size = m->size;
	memcpy(own[m->log].head.root, m->root, 32);
	dir_origin(self->did, (enum dir_log)m->log, origin);
	yes(c, m->req, text, checkpoint(text, sizeof(text), origin, m->size,
	    m->root));
}

/* Lines of a checkpoint: no control characters, none of them empty. */
static int
are_lines(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((p[i] < 0x20 && p[i] != '\n') || p[i] == 0x7f ||
		    (p[i] == '\n' && (i == 0 || p[i - 1] == '\n')))
			return 0;
	return len == 0 || p[len - 1] == '\n';
}

/* An origin that is one line, and not of a log of ours. */
static int
is_origin(const uint8_t *p, size_t len)
{
	char	ours[ORIGIN_MAX];
	size_t	n;

	dir_origin(self->did, DIR_JOURNAL, ours);
	n = strlen(ours);
	return len > 0 && memchr(p, '\n', len) == NULL &&
	    memchr(p, '\0', len) == NULL &&
	    (len < n || memcmp(p, ours, n) != 0);
}

/* The row of a log; a new one when there is room; or -1. */
static int
cosign_row(const uint8_t origin[32])
{
	unsigned i;

	for (i = 0; i < ncosigned; i++)
		if (memcmp(cosigned[i].origin, origin, 32) == 0)
			return (int)i;
	if (ncosigned == COSIGN_LOGS)
		return -1;
	memset(&cosigned[i], 0, sizeof(cosigned[i]));
	memcpy(cosigned[i].origin, origin, 32);
	return (int)i;
}

static enum refusal
may_cosign(const struct msg_sign_cosign *m, int *row)
{
	enum refusal	why;
	uint8_t		hash[32];

	if (!is_origin(m->origin, m->origin_len) ||
	    !are_lines(m->extension, m->extension_len))
		return REFUSE_SIGN_FORM;
	crypto_generichash(hash, sizeof(hash), m->origin, m->origin_len, NULL, 0);
	*row = cosign_row(hash);
	if (*row == -1)
		return REFUSE_SIGN_FULL;
	if ((unsigned)*row == ncosigned)
		return REFUSE_NONE;
	why = may_grow(&cosigned[*row].head, m->size, m->root);
	return why == REFUSE_NONE && m->when < cosigned[*row].when ?
	    REFUSE_SIGN_BACK : why;
}

void
on_sign_cosign(struct chan *c, const struct msg_sign_cosign *m, int *fds)
{
	char		text[1536], origin[256];
	enum refusal	why;
	size_t		n;
	int		row = -1;

	(void)fds;
	why = may_cosign(m, &row);
	if (why != REFUSE_NONE) {
		no(c, m->req, why);
		return;
	}
	memcpy(origin, m->origin, m->origin_len);
	origin[m->origin_len] = '\0';
	n = (size_t)snprintf(text, sizeof(text), "cosignature/v1\ntime %" PRIu64
	    "\n", m->when);
	n += checkpoint(text + n, sizeof(text) - n, origin, m->size, m->root);
	memcpy(text + n, m->extension, m->extension_len);
	ncosigned += (unsigned)row == ncosigned;
	cosigned[row].head.size = m->size;
	memcpy(cosigned[row].head.root, m->root, 32);
	cosigned[row].when = m->when;
	yes(c, m->req, text, n + m->extension_len);
}
