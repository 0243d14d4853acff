/*
 * view_admit.c -- what of others is kept at all. Rights are not asked for here:
 * one that is missing may still arrive. But what can never count, whatever else
 * is heard, is not kept, so that somebody who was sent away fills no disk.
 *
 * Two things are final: an author that left says nothing more; and the
 * founder's Revokes come before everybody else's, so what they cut off stays
 * so. What others cut off is kept, since somebody who came earlier may undo
 * that. Only a fork of the founder undoes its own Revokes.
 *
 * Kept are entries of the founder, and of whoever is invited, in an entry that
 * is not cut off so, by somebody whose entries are kept.
 */
#include <string.h>

#include "view_int.h"

#define SHUNNED_MAX	65536

/* Not cut off for good. */
static int
may_count(const struct view *v, const struct fact *f)
{
	const struct author *a = &v->author[f->author];

	return f->seq < a->fork && f->seq < a->final;
}

/* This one is in, and whoever it invites, and whoever they invite. */
static void
let_in(struct view *v, uint32_t i)
{
	uint32_t next = i, k;
	const struct fact *f;
	struct author *a;

	v->author[i].is_in = 1;
	v->author[i].in_next = NOBODY;
	while (next != NOBODY) {
		i = next;
		next = v->author[i].in_next;
		for (k = v->author[i].invited; k != NOBODY; k = f->by_next) {
			f = &v->invites.f[k];
			a = &v->author[f->subject];
			if (a->is_in || !may_count(v, f))
				continue;
			a->is_in = 1;
			a->in_next = next;
			next = f->subject;
		}
	}
}

static void
leave(struct view *v, const struct fact *f)
{
	struct author *a = &v->author[f->author];

	if (may_count(v, f))
		a->final = f->seq + 1;
}

static void
send_away(struct view *v, const struct fact *f)
{
	struct author *a = &v->author[f->subject];

	if (may_count(v, f) && f->entries < a->final)
		a->final = f->entries;
}

void
admit_settle(struct view *v)
{
	const struct fact *f;
	uint32_t i;

	if (!v->stale)
		return;
	v->stale = 0;
	for (i = 0; i < v->authors; i++) {
		v->author[i].final = NO_LIMIT;
		v->author[i].is_in = 0;
	}
	for (i = 0; i < v->revokes.n; i++) {
		f = &v->revokes.f[i];
		if (f->author == f->subject)
			leave(v, f);
	}
	for (i = 0; i < v->revokes.n; i++) {
		f = &v->revokes.f[i];
		if (f->author == v->root && f->author != f->subject)
			send_away(v, f);
	}
	if (v->root != NOBODY)
		let_in(v, v->root);
}

/*
 * The rest keeps what is above up to date as entries come. Who leaves has said
 * nothing yet that this cuts off; anything else that cuts is settled anew, once
 * it is asked for.
 */
void
admit_invite(struct view *v, const struct fact *f)
{
	struct author *a = &v->author[f->subject];

	if (v->stale || a->is_in || !v->author[f->author].is_in ||
	    !may_count(v, f))
		return;
	/* Some of its entries were refused, and are wanted now. */
	v->reopened += a->known || a->is_shunned || f->next != NOBODY;
	let_in(v, f->subject);
}

void
admit_revoke(struct view *v, const struct fact *f)
{
	if (f->author == f->subject)
		leave(v, f);
	else if (f->author == v->root)
		v->stale = 1;
}

void
admit_fork(struct view *v, uint32_t i)
{
	const struct author *a = &v->author[i];

	v->reopened += i == v->root;
	if (i == v->root || a->invited != NOBODY || a->final != NO_LIMIT)
		v->stale = 1;
}

uint64_t
view_reopened(const struct view *v)
{
	return v->reopened;
}

int
view_later(enum why why)
{
	switch (why) {
	case WHY_AUTHOR:
	case WHY_GAP:
	case WHY_FUTURE:
	case WHY_FULL:		/* memory failed */
	/* These may be evidence, once what they conflict with is here. */
	case WHY_FIRST:
	case WHY_PREV:
	case WHY_ANCIENT:
		return 1;
	default:
		return 0;
	}
}

/*
 * Whom a refused Invite of somebody sent away or frozen brings is remembered,
 * though not on the disk: peers who heard of them in time have what they say,
 * and it is as little a fault of those as the Invite is. To check it takes their
 * key.
 */
static void
shun(struct view *v, uint32_t i, const struct entry *e)
{
	struct author *a = &v->author[i];
	uint32_t invitee;

	if (!a->known && !a->has_key)
		a->has_key = entry_key(e, a->pub) == 0;
	if (e->type != OBJ_INVITE || v->shunned == SHUNNED_MAX)
		return;
	invitee = people_named(v, e, "invitee");
	if (invitee == NOBODY || v->author[invitee].is_shunned)
		return;
	v->author[invitee].is_shunned = 1;
	v->shunned++;
}

static int
is_sent_away(const struct author *a, const struct entry *e)
{
	return e->seq >= a->final || (!a->is_in && (a->known ||
	    a->is_shunned || a->invites != NOBODY));
}

int
view_admit(struct view *v, const struct entry *e, struct because *b)
{
	uint32_t i = author_find(v, e->author);
	struct because place;
	int ret = author_place(v, i, e, &place);

	admit_settle(v);
	if (ret == -1 && place.why == WHY_KNOWN)
		return because(b, WHY_KNOWN, "%s", place.place);
	if (i != NOBODY && is_sent_away(&v->author[i], e)) {
		shun(v, i, e);
		return because(b, WHY_REVOKED, "%s %llu", e->author,
		    (unsigned long long)e->seq);
	}
	if (ret == -1) {
		if (place.why == WHY_FROZEN)
			shun(v, i, e);
		return because(b, place.why, "%s", place.place);
	}
	return i != NOBODY && v->author[i].is_in ? 0 :
	    because(b, WHY_AUTHOR, "%s", e->author);
}
