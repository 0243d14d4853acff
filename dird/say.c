/*
 * say.c -- own entries: checked against the view, signed by cryptod, verified,
 * appended. Who waits while one is signed has its entry signed behind it, and
 * they share one sync; nobody sees or is told of any before that.
 */
#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "say.h"
#include "sign.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define SAY_BATCH	64	/* entries that share a sync at most */

struct saying {
	enum object	 type;
	json_t		*body;
	said		 done;
	void		*arg;
	struct saying	*next;
	struct entry	 e;		/* once it is signed */
	uint8_t		*raw;
};

static struct saying	*first, **last = &first;
static unsigned		 waiting;
static uint8_t		 raw[ENTRY_MAX + 1];	/* of the first, once busy */
static struct entry	 draft;
static int		 busy;
static struct saying	*batch[SAY_BATCH];	/* signed, not on the disk */
static unsigned		 batched;

static void	begin(void);

unsigned
say_waiting(void)
{
	return waiting;
}

static struct saying *
pop(void)
{
	struct saying *s = first;

	first = s->next;
	if (first == NULL)
		last = &first;
	return s;
}

/* It is over; whoever said it may say more at once. */
static void
end(struct saying *s, const struct entry *e, uint64_t number,
    const struct because *b)
{
	waiting--;
	s->done(s->arg, e, number, b);
	json_decref(s->body);
	free(s->raw);
	free(s);
}

/*
 * Does it still follow the last of ours? While it was signed, a peer may have
 * sent later entries of this node, whose journal was set back: what was signed
 * is forgotten then, since with both in the journal the author would be frozen.
 */
static int
follows(const struct entry *e)
{
	uint8_t prev[ID_LEN];
	uint64_t seq;
	int has = view_next(dird.journal->view, dird.did, &seq, prev) == 0;

	return e->seq == seq && has == e->has_prev &&
	    (!has || memcmp(e->prev, prev, ID_LEN) == 0);
}

static int
append(struct saying *const *s, unsigned n, enum why *why, struct because *b)
{
	struct entry e[SAY_BATCH];
	unsigned i;

	if (state_writable() != WHY_OK)
		return because(b, state_writable(), "%s", "");
	if (!follows(&s[0]->e))
		return because(b, WHY_PREV, "%s", "others of this node came "
		    "meanwhile");
	for (i = 0; i < n; i++)
		e[i] = s[i]->e;
	if (journal_append(dird.journal, e, n, why) != -1)
		return 0;
	state_writable();
	return because(b, WHY_IO, "%s", "the journal");
}

/* What was signed goes to the disk, and then everybody is told. */
static void
commit(void)
{
	struct because b = { WHY_OK, "" }, own;
	uint64_t number = dird.journal == NULL ? 0 : dird.journal->n;
	enum why why[SAY_BATCH] = { WHY_OK };
	struct saying *s[SAY_BATCH];
	unsigned i, n = batched;
	int ret;

	memcpy(s, batch, sizeof(s));
	batched = 0;
	ret = append(s, n, why, &b);
	if (ret == 0)
		state_changed();
	for (i = 0; i < n; i++) {
		own = b;
		if (ret == 0 && why[i] != WHY_OK)
			because(&own, why[i], "%s", object_name(s[i]->type));
		end(s[i], own.why == WHY_OK ? &s[i]->e : NULL, number, &own);
		number += own.why == WHY_OK;
	}
}

static void
on_signed(void *arg, const uint8_t *sig, enum refusal refused)
{
	struct because b = { WHY_OK, "" };
	struct saying *s = pop();

	(void)arg;
	busy = 0;
	if (sig == NULL) {
		log_error("cryptod does not sign %s: %s",
		    object_name(draft.type), refuse_text(refused));
		because(&b, WHY_SIGNATURE, "cryptod: %.80s",
		    refuse_text(refused));
	} else if ((s->raw = malloc(draft.len)) == NULL) {
		because(&b, WHY_FULL, "memory");
	} else {
		memcpy(raw + draft.len - SIG_LEN, sig, SIG_LEN);
		memcpy(s->raw, raw, draft.len);
		if (entry_read(s->raw, draft.len, &s->e, &b) == 0)
			entry_verify(&s->e, dird.dir_pub, &b);
	}
	if (b.why == WHY_OK)
		batch[batched++] = s;
	else
		end(s, NULL, 0, &b);
	begin();
}

/* Does this change what anybody may? Then the next one waits for it. */
static int
is_plain(enum object t)
{
	return t != OBJ_GENESIS && t != OBJ_INVITE && t != OBJ_JOIN &&
	    t != OBJ_ATTEST && t != OBJ_REVOKE;
}

/*
 * A Genesis is the first of a journal that follows nobody yet. What stands
 * behind another in a batch has its place, and the rights are as they were.
 */
static int
may(const struct entry *e, struct because *b)
{
	enum right r = object_right(e->type);

	if (e->type == OBJ_GENESIS && dird.journal->n == 0)
		return 0;
	if (batched == 0)
		return view_may(dird.journal->view, e, b);
	return r == RIGHT_NONE || view_can(dird.journal->view, dird.did, r) ?
	    0 : because(b, WHY_RIGHT, "%s", right_name(r));
}

static int
prepare(const struct saying *s, struct because *b)
{
	const struct entry *tail = batched > 0 ? &batch[batched - 1]->e : NULL;
	int64_t now = dird_now();
	uint8_t prev[ID_LEN];
	uint64_t seq;
	ssize_t n;
	int has;

	if (state_writable() != WHY_OK)
		return because(b, state_writable(), "%s", dird.closed.place);
	if (!dird.has_key)
		return because(b, WHY_SIGNATURE, "this node has no key");
	has = view_next(dird.journal->view, dird.did, &seq, prev) == 0;
	if (tail != NULL) {
		has = 1;
		seq = tail->seq + 1;
		memcpy(prev, tail->id, ID_LEN);
		if (now < tail->created_at)
			now = tail->created_at;
	}
	n = entry_build(s->type, dird.did, seq, has ? prev : NULL, now,
	    s->body, raw, sizeof(raw) - SIG_LEN, b);
	if (n == -1)
		return -1;
	memset(raw + n, 0, SIG_LEN);
	if (entry_check(raw, (size_t)n + SIG_LEN, now, &draft, b) == -1)
		return -1;
	return may(&draft, b);
}

/* May the first of those who wait be signed behind what was signed before? */
static int
fits(void)
{
	return batched == 0 || (batched < SAY_BATCH && is_plain(first->type) &&
	    is_plain(batch[0]->type));
}

static void
begin(void)
{
	struct because b;

	while (!busy && (first != NULL || batched > 0)) {
		if (first == NULL || !fits()) {
			commit();
			continue;
		}
		b = (struct because){ WHY_OK, "" };
		if (prepare(first, &b) == 0) {
			busy = 1;
			if (sign_entry(&draft, on_signed, NULL) == 0)
				return;
			busy = 0;
			because(&b, WHY_FULL, "signatures under way");
		}
		end(pop(), NULL, 0, &b);
	}
}

void
say(enum object type, json_t *body, said done, void *arg)
{
	struct because b = { WHY_FULL, "entries under way" };
	struct saying *s = NULL;

	if (body != NULL && waiting < SAY_WAITING)
		s = calloc(1, sizeof(*s));
	if (s == NULL) {
		json_decref(body);
		done(arg, NULL, 0, &b);
		return;
	}
	*s = (struct saying){ .type = type, .body = body, .done = done,
	    .arg = arg };
	*last = s;
	last = &s->next;
	waiting++;
	begin();
}
