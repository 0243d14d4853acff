/*
 * view_rounds.c -- who rises in which round, and whom that cuts off; see view.h.
 * Each round looks only at what those said who rose in the one before: what
 * nobody new vouches for or invites cannot have changed. So a chain of people
 * who bring in one another costs no more than as many whom one brought in.
 */
#include <string.h>

#include "view_int.h"

#define THRESHOLD	2	/* attesters, where a Genesis does not say */

static int
counts(const struct view *v, const struct fact *f)
{
	const struct author *a = &v->author[f->author];

	return f->seq < a->fork && f->seq < a->cut;
}

static void
rise(struct view *v, uint32_t i)
{
	v->author[i].rise_next = v->risen;
	v->risen = i;
}

/* There may be enough now who vouch for this one. */
static void
ask(struct view *v, uint32_t i)
{
	if (v->author[i].is_asked)
		return;
	v->author[i].is_asked = 1;
	v->author[i].ask_next = v->asked;
	v->asked = i;
}

/* Whom an Invite is about has taken it up. */
static int
is_joined(const struct view *v, const struct fact *invite)
{
	const struct fact *j;
	uint32_t k;

	for (k = v->author[invite->subject].joins; k != NOBODY; k = j->next) {
		j = &v->joins.f[k];
		if (counts(v, j) && j->when <= invite->expires &&
		    memcmp(j->token, invite->token, sizeof(j->token)) == 0)
			return 1;
	}
	return 0;
}

/* By as many different members as it takes; who repeats itself is one. */
static int
is_vouched(struct view *v, const struct author *a, uint32_t round)
{
	uint32_t k, n = 0, want = v->threshold == 0 ? THRESHOLD : v->threshold;
	const struct fact *f;
	struct author *by;

	v->vote++;
	for (k = a->attests; k != NOBODY && n < want; k = f->next) {
		f = &v->attests.f[k];
		by = &v->author[f->author];
		if (by->voted == v->vote || by->member_round >= round ||
		    !counts(v, f))
			continue;
		by->voted = v->vote;
		n++;
	}
	return n == want;
}

/* Whoever was emancipated makes those members whom it invited. */
static void
bring_in(struct view *v, const struct author *by, uint32_t round)
{
	const struct fact *f;
	struct author *a;
	uint32_t k;

	for (k = by->invited; k != NOBODY; k = f->by_next) {
		f = &v->invites.f[k];
		a = &v->author[f->subject];
		if (a->member_round != NOBODY || !counts(v, f) ||
		    !is_joined(v, f))
			continue;
		a->member_round = round;
		rise(v, f->subject);
	}
}

/* One round of growth; 1 if anybody rose. */
static int
grow(struct view *v, uint32_t round)
{
	uint32_t i = v->risen, k;
	struct author *a;

	v->risen = v->asked = NOBODY;
	for (; i != NOBODY; i = a->rise_next) {
		a = &v->author[i];
		if (a->free_round == round - 1)
			bring_in(v, a, round);
		if (a->member_round != round - 1)
			continue;
		ask(v, i);
		for (k = a->vouched; k != NOBODY; k = v->attests.f[k].by_next)
			ask(v, v->attests.f[k].subject);
	}
	for (i = v->asked; i != NOBODY; i = a->ask_next) {
		a = &v->author[i];
		a->is_asked = 0;
		if (a->member_round >= round || a->free_round != NOBODY ||
		    !is_vouched(v, a, round))
			continue;
		a->free_round = round;
		rise(v, i);
	}
	return v->risen != NOBODY;
}

/*
 * The revokes of those who were emancipated in this round and are not cut off
 * by an earlier one. Marked first and applied together: equals do not undo
 * each other's.
 */
static void
mark(struct view *v, uint32_t by)
{
	struct fact *f;
	uint32_t k;

	for (k = v->author[by].revoked; k != NOBODY; k = f->by_next) {
		f = &v->revokes.f[k];
		f->used = f->author != f->subject && counts(v, f);
	}
}

static void
apply(struct view *v, uint32_t by)
{
	const struct fact *f;
	struct author *a;
	uint32_t k;

	for (k = v->author[by].revoked; k != NOBODY; k = f->by_next) {
		f = &v->revokes.f[k];
		a = &v->author[f->subject];
		if (f->used && f->entries < a->cut)
			a->cut = f->entries;
	}
}

static void
cut(struct view *v, uint32_t round)
{
	uint32_t i;

	for (i = v->risen; i != NOBODY; i = v->author[i].rise_next)
		if (v->author[i].free_round == round)
			mark(v, i);
	for (i = v->risen; i != NOBODY; i = v->author[i].rise_next)
		if (v->author[i].free_round == round)
			apply(v, i);
}

static void
begin(struct view *v)
{
	struct author *a;
	uint32_t i;

	v->risen = NOBODY;
	for (i = 0; i < v->authors; i++)
		v->author[i].member_round = v->author[i].free_round = NOBODY;
	if (v->root == NOBODY)
		return;
	a = &v->author[v->root];
	/* Nothing before its Genesis, so that a cut at 0 undoes the founding. */
	if (a->known && a->fork > 0 && a->cut > 0) {
		a->member_round = a->free_round = 0;
		rise(v, v->root);
	}
}

void
people_settle(struct view *v)
{
	uint32_t i, round;

	if (!v->dirty)
		return;
	/* Who left, and whom the founder cut: nothing undoes that. */
	admit_settle(v);
	for (i = 0; i < v->authors; i++)
		v->author[i].cut = v->author[i].final;
	begin(v);
	for (round = 1; grow(v, round); round++)
		cut(v, round);
	/* The cuts are known: who is who with what they leave? */
	begin(v);
	for (round = 1; grow(v, round); round++)
		;
	v->dirty = 0;
}
