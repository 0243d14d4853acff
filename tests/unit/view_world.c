/* view_world.c -- a domain of a few authors, and what they say. */
#include "view_world.h"

struct a_author folk[PEOPLE];
struct a_raw said[MOST];
struct entry entry[MOST];
size_t nsaid;
struct view *view;

struct view *
empty(void)
{
	struct view *w = view_new();

	view_root(w, folk[0].did);
	return w;
}

void
setup(void)
{
	uint32_t i;

	ck_assert_int_eq(entry_init(), 0);
	for (i = 0; i < PEOPLE; i++)
		a_author(&folk[i], i + 1);
	nsaid = 0;
	view = empty();
}

void
teardown(void)
{
	view_free(view);
}

enum why
say(struct a_author *a, enum object t, json_t *body)
{
	struct because b = { WHY_OK, "" };

	ck_assert_uint_lt(nsaid, MOST);
	a_say(a, t, body, &said[nsaid]);
	ck_assert_int_eq(entry_check(said[nsaid].p, said[nsaid].len, 0, &entry[nsaid], &b), 0);
	if (view_admit(view, &entry[nsaid], &b) == -1)
		return b.why;
	ck_assert_int_eq(view_add(view, &entry[nsaid], &b), 0);
	nsaid++;
	return WHY_OK;
}

void
join(struct a_author *by, struct a_author *who)
{
	uint32_t token = (uint32_t)(who - folk);

	ck_assert_int_eq(say(by, OBJ_INVITE, a_invite(who, token)), WHY_OK);
	ck_assert_int_eq(say(who, OBJ_JOIN, a_join(who, token)), WHY_OK);
}

struct person
person(const struct a_author *a)
{
	struct person x;

	view_person(view, a->did, &x);
	return x;
}

void
found(void)
{
	int i;

	ck_assert_int_eq(say(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 2)), WHY_OK);
	for (i = 1; i <= 3; i++)
		join(&folk[0], &folk[i]);
	for (i = 1; i <= 3; i++) {
		say(&folk[0], OBJ_ATTEST, a_attest(&folk[i]));
		say(&folk[i % 3 + 1], OBJ_ATTEST, a_attest(&folk[i]));
	}
}
