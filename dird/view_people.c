/* view_people.c -- what was said about people, and what they may for it. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "ident.h"
#include "view_int.h"

/*
 * An author's first Joins are looked at; later ones are kept and say nothing.
 * So what one author repeats cannot multiply with what others invite it to.
 */
#define JOINS		16

static struct fact *
fact_new(struct facts *t)
{
	void *p = table_grow(t->f, t->n, &t->room, sizeof(*t->f));

	if (p == NULL)
		return NULL;
	t->f = p;
	memset(&t->f[t->n], 0, sizeof(*t->f));
	return &t->f[t->n];
}

uint32_t
people_named(struct view *v, const struct entry *e, const char *field)
{
	struct span s = span_text(span_get(e->body, field));
	char did[DID_LEN + 1];

	if (s.n != DID_LEN)
		return NOBODY;
	memcpy(did, s.p, DID_LEN);
	did[DID_LEN] = '\0';
	return author_make(v, did);
}

static int
add_invite(struct view *v, uint32_t author, const struct entry *e)
{
	struct span t = span_text(span_get(e->body, "expires"));
	uint32_t subject = people_named(v, e, "invitee");
	struct fact *f = fact_new(&v->invites);

	if (f == NULL || subject == NOBODY)
		return -1;
	f->author = author;
	f->subject = subject;
	f->seq = e->seq;
	f->expires = time_parse(t.p, t.n);
	span_hex(span_get(e->body, "token_hash"), f->token, sizeof(f->token));
	f->next = v->author[subject].invites;
	f->by_next = v->author[author].invited;
	v->author[author].invited = v->invites.n;
	v->author[subject].invites = v->invites.n++;
	v->dirty = 1;
	admit_invite(v, f);
	return 0;
}

static int
add_join(struct view *v, uint32_t author, const struct entry *e)
{
	struct fact *f;
	uint8_t token[32];

	if (v->author[author].joined == JOINS)
		return 0;
	f = fact_new(&v->joins);
	if (f == NULL)
		return -1;
	span_hex(span_get(e->body, "token"), token, sizeof(token));
	crypto_generichash(f->token, sizeof(f->token), token, sizeof(token),
	    NULL, 0);
	f->author = f->subject = author;
	f->seq = e->seq;
	f->when = e->created_at;
	f->next = v->author[author].joins;
	v->author[author].joins = v->joins.n++;
	v->author[author].joined++;
	v->dirty = 1;
	return 0;
}

/* Nobody vouches for itself. */
static int
add_attest(struct view *v, uint32_t author, const struct entry *e)
{
	uint32_t subject = people_named(v, e, "subject");
	struct fact *f;

	if (subject == NOBODY)
		return -1;
	if (subject == author)
		return 0;
	f = fact_new(&v->attests);
	if (f == NULL)
		return -1;
	f->author = author;
	f->subject = subject;
	f->seq = e->seq;
	f->next = v->author[subject].attests;
	f->by_next = v->author[author].vouched;
	v->author[author].vouched = v->attests.n;
	v->author[subject].attests = v->attests.n++;
	v->dirty = 1;
	return 0;
}

static int
add_revoke(struct view *v, uint32_t author, const struct entry *e)
{
	int64_t entries = span_int(span_get(e->body, "entries"));
	uint32_t subject = people_named(v, e, "subject");
	struct fact *f = fact_new(&v->revokes);

	if (f == NULL || subject == NOBODY)
		return -1;
	f->author = author;
	f->subject = subject;
	f->seq = e->seq;
	f->entries = entries < 0 ? 0 : (uint64_t)entries;
	f->by_next = v->author[author].revoked;
	v->author[author].revoked = v->revokes.n++;
	v->dirty = 1;
	admit_revoke(v, f);
	return 0;
}

int
people_fact(struct view *v, uint32_t author, const struct entry *e)
{
	int64_t n;

	switch (e->type) {
	case OBJ_GENESIS:
		/* Whose Genesis it is decides whether it founds anything. */
		n = span_int(span_get(e->body, "threshold"));
		if (author == v->root)
			v->threshold = n > 0 ? (uint32_t)n : 0;
		v->dirty = 1;
		return 0;
	case OBJ_INVITE:
		return add_invite(v, author, e);
	case OBJ_JOIN:
		return add_join(v, author, e);
	case OBJ_ATTEST:
		return add_attest(v, author, e);
	case OBJ_REVOKE:
		return add_revoke(v, author, e);
	default:
		return 0;
	}
}

int
people_frozen(const struct author *a)
{
	return a->fork != NO_LIMIT && a->fork < a->final;
}

enum standing
people_standing(struct view *v, uint32_t i)
{
	const struct author *a;

	people_settle(v);
	if (i == NOBODY)
		return ANYBODY;
	a = &v->author[i];
	if (!a->known || a->fork != NO_LIMIT || a->cut != NO_LIMIT)
		return ANYBODY;
	if (a->free_round != NOBODY)
		return EMANCIPATED;
	return a->member_round != NOBODY ? MEMBER : ANYBODY;
}

int
view_can(struct view *v, const char *did, enum right r)
{
	uint32_t i = author_find(v, did);

	if (i == NOBODY || r <= RIGHT_NONE || r >= RIGHT_MAX)
		return 0;
	return people_standing(v, i) >= right_standing(r);
}

/* A Join brings the token of an Invite, in time; the founder needs none. */
static int
may_join(const struct view *v, const struct entry *e, struct because *b)
{
	uint32_t k, i = author_find(v, e->author);
	uint8_t token[32], hash[32];
	const struct fact *f;

	if (i == NOBODY || i == v->root)
		return because(b, WHY_AGAIN, "the founder joins");
	if (span_hex(span_get(e->body, "token"), token, sizeof(token)) == -1)
		return because(b, WHY_INVITE, "token");
	crypto_generichash(hash, sizeof(hash), token, sizeof(token), NULL, 0);
	for (k = v->author[i].invites; k != NOBODY; k = f->next) {
		f = &v->invites.f[k];
		if (memcmp(f->token, hash, sizeof(hash)) == 0)
			return e->created_at <= f->expires ? 0 :
			    because(b, WHY_INVITE, "expired");
	}
	return because(b, WHY_INVITE, "%s", e->author);
}

int
view_may(struct view *v, const struct entry *e, struct because *b)
{
	struct span s = span_text(span_get(e->body, "subject"));
	enum right r = object_right(e->type);

	if (view_admit(v, e, b) == -1 ||
	    (e->type == OBJ_JOIN && may_join(v, e, b) == -1))
		return -1;
	if (e->type == OBJ_REVOKE &&
	    !(s.n == DID_LEN && memcmp(s.p, e->author, DID_LEN) == 0))
		r = RIGHT_REVOKE;
	if (r == RIGHT_NONE || view_can(v, e->author, r))
		return 0;
	return because(b, WHY_RIGHT, "%s", right_name(r));
}

void
view_person(struct view *v, const char *did, struct person *p)
{
	uint32_t i = author_find(v, did);
	const struct author *a;
	enum standing s;

	memset(p, 0, sizeof(*p));
	if (i == NOBODY)
		return;
	s = people_standing(v, i);
	a = &v->author[i];
	p->known = a->known;
	p->member = s >= MEMBER;
	p->emancipated = s >= EMANCIPATED;
	p->frozen = people_frozen(a);
	p->revoked = a->cut != NO_LIMIT;
	p->entries = a->n;
	p->counted = a->n;
	if (a->fork < p->counted)
		p->counted = a->fork;
	if (a->cut < p->counted)
		p->counted = a->cut;
}
