/*
 * room: dird, with: view_world -- the same state, in whatever order it was
 * heard.
 */
#include "view_world.h"

/* A node as pull.c makes one: what it kept, in order, and what it refused. */
struct hearer {
	struct view	*w;
	size_t		 kept[MOST], many;
	enum why	 why[MOST];
	uint64_t	 opened;
};

/* What one life did at all, over all lives: that nothing was tested is seen. */
static unsigned	revoked, frozen, refused, differ;

/* Says it; who keeps it is seen later. */
static void
utter(struct a_author *a, enum object t, json_t *body)
{
	if (nsaid == MOST) {
		json_decref(body);
		return;
	}
	a_say(a, t, body, &said[nsaid]);
	ck_assert_int_eq(entry_check(said[nsaid].p, said[nsaid].len, 0, &entry[nsaid],
	    NULL), 0);
	nsaid++;
}

/*
 * Random lives of people of whom some have two histories: they invite with
 * and without the right, join with tokens that fit or not, vouch, send others
 * away, leave, publish, go on when they are out, and lie about what was before.
 */
static struct a_author second[PEOPLE];

static void
one_act(struct a_author *a, struct a_author *o)
{
	a->now += random() % 3;
	switch (random() % 12) {
	case 0:
	case 1:
	case 2:
		utter(a, OBJ_ATTEST, a_attest(o));
		break;
	case 3:
	case 4:
		utter(a, OBJ_INVITE, a_invite(o, (uint32_t)random() % 2));
		break;
	case 5:
	case 6:
		utter(a, OBJ_JOIN, a_join(a, (uint32_t)random() % 2));
		break;
	case 7:
		if (random() % 2 == 0)
			utter(a, OBJ_REVOKE, a_revoke(o, o == &folk[0] ? o->seq :
			    (uint64_t)random() % (o->seq + 2)));
		break;
	case 8:
		if (random() % 8 == 0)
			utter(a, OBJ_REVOKE, a_revoke(a, 0));
		break;
	case 9:
		utter(a, OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name",
		    o->did + 39, "did", o->did));
		break;
	case 10:
		if (random() % 12 == 0)
			a->prev[0] ^= 1;
		else if (random() % 8 == 0)
			a->now -= 5;
		break;
	default:
		utter(a, OBJ_SERVICE_OFFER, a_offer(a, o->did + 36, "auto"));
	}
}

static void
live(void)
{
	int i, a;

	utter(&folk[0], OBJ_GENESIS, a_genesis(&folk[0], 1 + (int)(random() % 2)));
	for (i = 1; i < PEOPLE; i++) {
		utter(&folk[(i - 1) / 2], OBJ_INVITE, a_invite(&folk[i], 0));
		utter(&folk[i], OBJ_JOIN, a_join(&folk[i], 0));
		utter(&folk[(i - 1) / 2], OBJ_ATTEST, a_attest(&folk[i]));
		utter(&folk[i / 2], OBJ_ATTEST, a_attest(&folk[i]));
	}
	memcpy(second, folk, sizeof(folk));
	/* Another life from its first entry on, which need not be a Join. */
	second[4].seq = 0;
	for (i = 0; i < 200; i++) {
		a = (int)(random() % PEOPLE);
		/* Of some, among them the founder in every third life. */
		if (random() % 20 == 0 && (a % 3 == 1 || (a == 0 && folk[0].did[12] <
		    'f' && random() % 3 == 0)))
			one_act(&second[a], &folk[random() % PEOPLE]);
		else
			one_act(&folk[a], &folk[random() % PEOPLE]);
	}
}

static void
mix(size_t *order, size_t many)
{
	size_t i, k, t;

	for (i = many - 1; i > 0; i--) {
		k = (size_t)random() % (i + 1);
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

static int
hear(struct hearer *h, size_t i)
{
	struct because b = { WHY_OK, "" };

	h->why[i] = WHY_OK;
	if (view_admit(h->w, &entry[i], &b) == -1) {
		h->why[i] = b.why;
		return 0;
	}
	ck_assert_int_eq(view_add(h->w, &entry[i], &b), 0);
	h->kept[h->many++] = i;
	return 1;
}

/* Everything once, and then what pull.c would ask for again, while that helps. */
static void
hear_all(struct hearer *h)
{
	size_t order[MOST], i;
	int again, news;

	for (i = 0; i < nsaid; i++)
		order[i] = i;
	/* Some hear all in a row, some in reverse, most in no order. */
	if (random() % 8 != 0)
		mix(order, nsaid);
	for (i = 0; i < nsaid; i++)
		hear(h, order[i]);
	do {
		news = 0;
		again = h->opened != view_reopened(h->w);
		h->opened = view_reopened(h->w);
		mix(order, nsaid);
		for (i = 0; i < nsaid; i++)
			if (view_later(h->why[order[i]]) ||
			    (again && h->why[order[i]] == WHY_REVOKED))
				news += hear(h, order[i]);
	} while (news > 0 || h->opened != view_reopened(h->w));
}

/* What a node starts with again is what it had. */
static void
check_replay(struct hearer *h, const uint8_t want[32])
{
	struct view *w = empty();
	uint8_t have[32];
	struct because b;
	size_t i;

	for (i = 0; i < h->many; i++)
		ck_assert_int_eq(view_add(w, &entry[h->kept[i]], &b), 0);
	view_digest(w, have);
	ck_assert_int_eq(memcmp(want, have, 32), 0);
	view_free(w);
}

/*
 * The same as view.h says it, and nothing else: in each round everybody is
 * looked at, with all that was ever said about them.
 */
static struct as_said {
	uint64_t	cut;
	uint32_t	member, free;
} said_of[64];

static int
holds(const struct view *w, const struct fact *f)
{
	return f->seq < w->author[f->author].fork &&
	    f->seq < said_of[f->author].cut;
}

static int
joins_in(const struct view *w, uint32_t i, uint32_t round)
{
	const struct fact *j, *f;

	for (j = w->joins.f; j < w->joins.f + w->joins.n; j++)
		for (f = w->invites.f; f < w->invites.f + w->invites.n; f++)
			if (j->author == i && f->subject == i && holds(w, j) &&
			    holds(w, f) && said_of[f->author].free < round &&
			    j->when <= f->expires &&
			    memcmp(f->token, j->token, 32) == 0)
				return 1;
	return 0;
}

static int
vouched_in(const struct view *w, uint32_t i, uint32_t round)
{
	const struct fact *f;
	uint64_t by = 0;

	for (f = w->attests.f; f < w->attests.f + w->attests.n; f++)
		if (f->subject == i && holds(w, f) &&
		    said_of[f->author].member < round)
			by |= UINT64_C(1) << f->author;
	return (uint32_t)__builtin_popcountll(by) >= w->threshold;
}

static void
cuts_of(const struct view *w, uint32_t round)
{
	uint64_t cut[64];
	const struct fact *f;
	uint32_t i;

	for (i = 0; i < w->authors; i++)
		cut[i] = said_of[i].cut;
	for (f = w->revokes.f; f < w->revokes.f + w->revokes.n; f++)
		if (f->author != f->subject && holds(w, f) &&
		    said_of[f->author].free == round &&
		    f->entries < cut[f->subject])
			cut[f->subject] = f->entries;
	for (i = 0; i < w->authors; i++)
		said_of[i].cut = cut[i];
}

static void
rounds_as_said(const struct view *w, int cuts)
{
	uint32_t i, round;
	int rose = 1;

	for (i = 0; i < w->authors; i++)
		said_of[i].member = said_of[i].free = NOBODY;
	if (w->author[w->root].known && w->author[w->root].fork > 0 &&
	    said_of[w->root].cut > 0)
		said_of[w->root].member = said_of[w->root].free = 0;
	if (cuts)
		cuts_of(w, 0);
	for (round = 1; rose; round++) {
		rose = 0;
		for (i = 0; i < w->authors; i++) {
			if (said_of[i].member == NOBODY && joins_in(w, i, round)) {
				said_of[i].member = round;
				rose = 1;
			}
			if (said_of[i].member < round && said_of[i].free ==
			    NOBODY && vouched_in(w, i, round)) {
				said_of[i].free = round;
				rose = 1;
			}
		}
		if (cuts)
			cuts_of(w, round);
	}
}

static void
check_rounds(const struct view *w)
{
	const struct fact *f;
	uint32_t i;

	ck_assert_uint_le(w->authors, 64);
	for (i = 0; i < w->authors; i++)
		said_of[i].cut = NO_LIMIT;
	for (f = w->revokes.f; f < w->revokes.f + w->revokes.n; f++)
		if (f->author == f->subject && holds(w, f))
			said_of[f->author].cut = f->seq + 1;
	rounds_as_said(w, 1);
	rounds_as_said(w, 0);
	for (i = 0; i < w->authors; i++) {
		ck_assert_uint_eq(w->author[i].cut, said_of[i].cut);
		ck_assert_uint_eq(w->author[i].member_round, said_of[i].member);
		ck_assert_uint_eq(w->author[i].free_round, said_of[i].free);
	}
}

static void
take_stock(const struct hearer *h, size_t first_kept)
{
	struct person x;
	size_t i;

	for (i = 0; i < PEOPLE; i++) {
		view_person(h->w, folk[i].did, &x);
		revoked += x.revoked != 0;
		frozen += x.frozen != 0;
	}
	for (i = 0; i < nsaid; i++)
		refused += h->why[i] == WHY_REVOKED;
	differ += h->many != first_kept;
}

START_TEST(shuffled_imports_give_the_same_state)
{
	static struct hearer h;
	uint8_t want[32], have[32];
	size_t first_kept = 0;
	int life, order, i;

	for (life = 0; life < 150; life++) {
		srandom((unsigned)life);
		nsaid = 0;
		for (i = 0; i < PEOPLE; i++)
			a_author(&folk[i], (uint32_t)(i + 1 + life * PEOPLE));
		live();
		for (order = 0; order < 8; order++) {
			memset(&h, 0, sizeof(h));
			h.w = empty();
			hear_all(&h);
			view_digest(h.w, have);
			if (order == 0) {
				memcpy(want, have, 32);
				first_kept = h.many;
			}
			ck_assert_msg(memcmp(want, have, 32) == 0,
			    "life %d, order %d", life, order);
			check_rounds(h.w);
			check_replay(&h, have);
			take_stock(&h, first_kept);
			view_free(h.w);
		}
	}
	ck_assert_uint_gt(revoked, 1000);
	ck_assert_uint_gt(frozen, 300);
	ck_assert_uint_gt(refused, 1000);
	/* Nodes do keep more or less, by what they heard first. */
	ck_assert_uint_gt(differ, 100);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, shuffled_imports_give_the_same_state);
}
