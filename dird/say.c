/*
 * say.c -- own entries: checked against the view, signed by cryptod, verified,
 * appended. What was signed is on its way to the disk, so the next one waits.
 */
#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "say.h"
#include "sign.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

struct saying {
	enum object	 type;
	json_t		*body;
	said		 done;
	void		*arg;
	struct saying	*next;
};

static struct saying	*first, **last = &first;
static unsigned		 waiting;
static uint8_t		 raw[ENTRY_MAX + 1];	/* of the first, once busy */
static struct entry	 draft;
static int		 busy;

static void	begin(void);

unsigned
say_waiting(void)
{
	return waiting;
}

/* The first is over; whoever said it may say more at once. */
static void
end(const struct entry *e, uint64_t number, const struct because *b)
{
	struct saying *s = first;

	first = s->next;
	if (first == NULL)
		last = &first;
	waiting--;
	busy = 0;
	s->done(s->arg, e, number, b);
	json_decref(s->body);
	free(s);
}

static void
on_signed(void *arg, const uint8_t *sig, enum refusal refused)
{
	struct because b = { WHY_OK, "" };
	enum why why = WHY_OK;
	uint64_t number = 0;

	(void)arg;
	if (sig == NULL) {
		log_error("cryptod does not sign %s: %s",
		    object_name(draft.type), refuse_text(refused));
		because(&b, WHY_SIGNATURE, "cryptod: %.80s",
		    refuse_text(refused));
	} else if (state_writable() != WHY_OK) {
		because(&b, state_writable(), "%s", "");
	} else {
		memcpy(raw + draft.len - SIG_LEN, sig, SIG_LEN);
		number = dird.journal->n;
		if (entry_read(raw, draft.len, &draft, &b) == 0 &&
		    entry_verify(&draft, dird.dir_pub, &b) == 0 &&
		    journal_append(dird.journal, &draft, 1, &why) == -1)
			because(&b, WHY_IO, "%s", "the journal");
		state_writable();
		if (why != WHY_OK)
			because(&b, why, "%s", object_name(draft.type));
	}
	if (b.why == WHY_OK)
		state_changed();
	end(b.why == WHY_OK ? &draft : NULL, number, &b);
	begin();
}

/* A Genesis is the first of a journal that follows nobody yet. */
static int
may(const struct entry *e, struct because *b)
{
	if (e->type == OBJ_GENESIS && dird.journal->n == 0)
		return 0;
	return view_may(dird.journal->view, e, b);
}

static int
prepare(const struct saying *s, struct because *b)
{
	uint8_t prev[ID_LEN];
	uint64_t seq;
	ssize_t n;
	int has;

	if (state_writable() != WHY_OK)
		return because(b, state_writable(), "%s", dird.closed.place);
	if (!dird.has_key)
		return because(b, WHY_SIGNATURE, "this node has no key");
	has = view_next(dird.journal->view, dird.did, &seq, prev) == 0;
	n = entry_build(s->type, dird.did, seq, has ? prev : NULL, dird_now(),
	    s->body, raw, sizeof(raw) - SIG_LEN, b);
	if (n == -1)
		return -1;
	memset(raw + n, 0, SIG_LEN);
	if (entry_check(raw, (size_t)n + SIG_LEN, dird_now(), &draft, b) == -1)
		return -1;
	return may(&draft, b);
}

static void
begin(void)
{
	struct because b = { WHY_OK, "" };

	while (first != NULL && !busy) {
		busy = 1;
		if (prepare(first, &b) == 0) {
			if (sign_entry(&draft, on_signed, NULL) == 0)
				return;
			because(&b, WHY_FULL, "signatures under way");
		}
		end(NULL, 0, &b);
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
	*s = (struct saying){ type, body, done, arg, NULL };
	*last = s;
	last = &s->next;
	waiting++;
	begin();
}
