/*
 * replay.c -- a journal as it is opened: store, chain, tree and view made from
 * what is on the disk, checked, and named where it breaks.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "journal_int.h"

#define VERIFY_BATCH	1024
#define VERIFY_THREADS	2

/* What replay needs of a record; half of it computed on another core. */
struct seen {
	struct entry	e;
	uint8_t		leaf[HASH_LEN];
	struct because	b;
	int		bad;
};

#define STRIDE	256	/* records that a core takes at a time */

struct looking {
	const struct record	*r;
	struct seen		*s;
	size_t			 n;
	atomic_size_t		 next;
};

struct replay {
	struct journal	*j;
	struct because	*b;
	struct seen	*s;
	size_t		 room;
	char		*head;		/* newest own checkpoint */
	size_t		 head_len;
	uint64_t	 limit;		/* entries to take */
};

static void
look_at(const struct record *r, struct seen *s)
{
	if (r->kind != REC_ENTRY)
		return;
	s->bad = entry_read(r->data, r->len, &s->e, &s->b) == -1;
	merkle_leaf(r->data, r->len, s->leaf);
}

static void
look(void *arg)
{
	struct looking *l = arg;
	size_t i, to;

	while ((i = atomic_fetch_add(&l->next, STRIDE)) < l->n)
		for (to = i + STRIDE; i < to && i < l->n; i++)
			look_at(&l->r[i], &l->s[i]);
}

/* Hashes do not depend on one another: whoever has time takes some. */
static void
look_at_all(const struct record *r, struct seen *s, size_t n)
{
	struct looking l = { .r = r, .s = s, .n = n };
	struct task t;

	atomic_init(&l.next, 0);
	if (n < STRIDE || crew_take(&t, look, &l) == -1) {
		look(&l);
		return;
	}
	look(&l);
	crew_wait(&t);
}

/* The hashes of a whole segment, while another core fills the view. */
struct hashing {
	struct journal		*j;
	const struct record	*r;
	const struct seen	*s;
	size_t			 n;
	uint64_t		 entries;	/* not more than these */
	int			 bad;
};

static void
hash_all(void *arg)
{
	struct hashing *h = arg;
	size_t i;

	for (i = 0; i < h->n && h->entries > 0 && !h->bad; i++) {
		if (h->r[i].kind != REC_ENTRY)
			continue;
		h->bad = journal_take_hash(h->j, h->r[i].data, h->r[i].len,
		    h->s[i].leaf) == -1;
		h->entries--;
	}
}

static int
keep_head(struct replay *rp, const struct record *r)
{
	char *p = realloc(rp->head, r->len + 1);

	if (p == NULL)
		return because(rp->b, WHY_FULL, "memory");
	memcpy(p, r->data, r->len);
	rp->head = p;
	rp->head_len = r->len;
	return 0;
}

/* In place of what k had. */
static int
keep(struct replay *rp, const struct record *r, struct keepsake *k)
{
	char *copy = malloc(r->len + 1);

	if (copy == NULL)
		return because(rp->b, WHY_FULL, "memory");
	memcpy(copy, r->data, r->len);
	free(k->data);
	*k = (struct keepsake){ r->kind, copy, r->len };
	return 0;
}

static int
keep_other(struct replay *rp, const struct record *r)
{
	struct journal *j = rp->j;
	struct keepsake *k = realloc(j->kept, (j->nkept + 1) * sizeof(*k));

	if (k == NULL)
		return because(rp->b, WHY_FULL, "memory");
	j->kept = k;
	k[j->nkept].data = NULL;
	if (keep(rp, r, &k[j->nkept]) == -1)
		return -1;
	j->nkept++;
	return 0;
}

static int
replay_one(struct replay *rp, const struct record *r, const struct seen *s)
{
	struct because b = { WHY_OK, "" };

	switch (r->kind) {
	case REC_ENTRY:
		if (rp->j->n == rp->limit)
			return 0;
		if (s->bad)
			return because(rp->b, s->b.why, "entry %llu: %.60s",
			    (unsigned long long)rp->j->n, s->b.place);
		if (journal_take(rp->j, &s->e, r->where, &b) == -1)
			return because(rp->b, b.why, "entry %llu: %.60s",
			    (unsigned long long)rp->j->n, b.place);
		return 0;
	case REC_HEAD:
		return keep_head(rp, r);
	case REC_SEEN:
	case REC_SPLIT:
		return keep_other(rp, r);
	case REC_PULLS:
		return keep(rp, r, &rp->j->pulls);
	case REC_COSIGNED:
		return keep(rp, r, &rp->j->cosigned);
	case REC_SKIP:
		rp->j->skipped++;
		return 0;
	default:
		return 0;
	}
}

static int
replay(void *arg, const struct record *r, size_t n)
{
	struct replay *rp = arg;
	struct hashing h = { .j = rp->j, .r = r, .n = n };
	struct seen *s;
	struct task t;
	size_t i;
	int aside, ret = 0;

	if (n > rp->room) {
		s = realloc(rp->s, n * sizeof(*s));
		if (s == NULL)
			return because(rp->b, WHY_FULL, "memory");
		rp->s = s;
		rp->room = n;
	}
	look_at_all(r, rp->s, n);
	h.s = rp->s;
	h.entries = rp->limit - rp->j->n;
	aside = crew_take(&t, hash_all, &h) == 0;
	if (!aside)
		hash_all(&h);
	for (i = 0; i < n && ret == 0; i++)
		ret = replay_one(rp, &r[i], &rp->s[i]);
	if (aside)
		crew_wait(&t);
	return h.bad ? because(rp->b, WHY_FULL, "memory") : ret;
}

/* The newest own checkpoint is ours, and the tree has its root. */
static int
check_head(struct journal *j, const struct replay *rp,
    const struct note_key *key, struct because *b)
{
	uint8_t root[HASH_LEN];
	struct note note;
	uint64_t by;

	if (rp->head == NULL)
		return 0;
	if (note_parse(rp->head, rp->head_len, &note, b) == -1 ||
	    checkpoint_parse(note.text, &j->head, b) == -1)
		return -1;
	if (key != NULL && note_verify(&note, key, 1, &by, NULL, b) == -1)
		return -1;
	if (merkle_root(j->tree, j->head.size, root) == -1)
		return because(b, WHY_ROOT, "%llu entries were signed, %llu are "
		    "here", (unsigned long long)j->head.size,
		    (unsigned long long)j->n);
	if (memcmp(root, j->head.root, HASH_LEN) != 0)
		return because(b, WHY_ROOT, "of %llu entries",
		    (unsigned long long)j->head.size);
	j->head.extension = (struct span){ "", 0 };
	return 0;
}

struct batch {
	struct span	 raw[VERIFY_BATCH];
	struct entry	 e[VERIFY_BATCH];
	enum why	 why[VERIFY_BATCH];
};

static int
verify_some(struct journal *j, uint64_t from, size_t n, struct batch *t,
    uint8_t *buf, size_t cap, struct because *b)
{
	size_t i, at = 0;
	ssize_t len;

	for (i = 0; i < n; i++) {
		len = journal_read(j, from + i, buf + at, cap - at);
		if (len == -1)
			return because(b, WHY_IO, "entry %llu",
			    (unsigned long long)(from + i));
		t->raw[i] = (struct span){ (const char *)buf + at, (size_t)len };
		at += (size_t)len;
	}
	verify_batch(j->view, t->raw, n, 0, VERIFY_THREADS, t->e, t->why);
	for (i = 0; i < n; i++)
		if (t->why[i] != WHY_OK)
			return because(b, t->why[i], "entry %llu",
			    (unsigned long long)(from + i));
	return 0;
}

/* As many entries at a time as surely fit into the buffer. */
static int
verify_from(struct journal *j, uint64_t from, struct because *b)
{
	const size_t cap = (size_t)VERIFY_BATCH * 4096 + ENTRY_MAX;
	struct batch *t = malloc(sizeof(*t));
	uint8_t *buf = malloc(cap);
	uint64_t where;
	size_t n;
	int ret = -1;

	if (t == NULL || buf == NULL) {
		because(b, WHY_FULL, "memory");
		goto out;
	}
	for (; from < j->n; from += n) {
		/* Where they stand says how long they are together. */
		where = j->where[from];
		for (n = 1; n < VERIFY_BATCH && from + n < j->n &&
		    j->where[from + n] >> 40 == where >> 40 &&
		    j->where[from + n] - where + ENTRY_MAX < cap; n++)
			;
		if (verify_some(j, from, n, t, buf, cap, b) == -1)
			goto out;
	}
	ret = 0;
out:
	free(t);
	free(buf);
	return ret;
}

/* Damage of the store has a place in the journal too: behind what came of it. */
static void
name_entry(const struct journal *j, struct because *b)
{
	struct because was = *b;

	if (strncmp(was.place, "entry ", 6) != 0)
		because(b, was.why, "entry %llu: %.60s",
		    (unsigned long long)j->n, was.place);
}

static struct journal *
new_journal(int dir, const char *root, struct because *b)
{
	struct journal *j = calloc(1, sizeof(*j));

	if (j != NULL && journal_empty(j, root) == 0) {
		j->dir = dir;
		return j;
	}
	journal_close(j);
	because(b, WHY_FULL, "memory");
	return NULL;
}

struct journal *
journal_open(int dir, const struct store_io *io, const char *root,
    const struct note_key *key, enum journal_checks check, struct because *b)
{
	struct journal *j = new_journal(dir, root, b);
	struct replay rp = { .j = j, .b = b, .limit = UINT64_MAX };
	int ok = 0;

	if (j == NULL)
		return NULL;
	j->store = store_open(dir, io, replay, &rp, b);
	if (j->store == NULL)
		name_entry(j, b);
	else if (check_head(j, &rp, key, b) == 0)
		ok = verify_from(j, check == CHECK_ALL ? 0 : j->head.size,
		    b) == 0;
	free(rp.s);
	if (ok) {
		j->note = rp.head;
		j->note_len = rp.head_len;
		return j;
	}
	free(rp.head);
	journal_close(j);
	return NULL;
}

/* Up to `limit` entries of what can be read. -1: b says what ended it before. */
static int
replay_some(struct replay *rp, uint64_t limit)
{
	struct store_found f;
	int ret;

	rp->limit = limit;
	ret = store_scan(rp->j->dir, replay, rp, &f, rp->b);
	if (ret == -1)
		name_entry(rp->j, rp->b);
	free(rp->s);
	rp->s = NULL;
	rp->room = 0;
	return ret;
}

int
journal_check(int dir, const struct note_key *key, struct journal_found *f,
    struct because *b)
{
	struct journal *j = new_journal(dir, NULL, b);
	struct replay rp = { .j = j, .b = b };
	int whole, ret = -1;

	if (j == NULL)
		return -1;
	j->store = store_look(dir);
	if (j->store == NULL) {
		because(b, WHY_FULL, "memory");
		goto out;
	}
	whole = replay_some(&rp, UINT64_MAX) == 0;
	/* What does not fit the one before may show that that one is bad. */
	if (verify_from(j, 0, b) == 0 && whole)
		ret = check_head(j, &rp, key, b);
out:
	f->entries = j->n;
	f->head = j->head.size;
	f->skipped = j->skipped;
	memcpy(f->chain, j->chain, CHAIN_LEN);
	merkle_root(j->tree, j->n, f->root);
	free(rp.head);
	journal_close(j);
	return ret;
}

/* The first entry whose signature is not good; as many as there are, if none. */
static uint64_t
first_bad(struct journal *j, struct because *b)
{
	unsigned long long n;

	if (verify_from(j, 0, b) == 0 ||
	    sscanf(b->place, "entry %llu", &n) != 1)
		return j->n;
	return n;
}

struct journal *
journal_salvage(int dir, const char *root, const struct note_key *key)
{
	struct because b = { WHY_OK, "" };
	struct journal *j = new_journal(dir, root, &b);
	struct replay rp = { .j = j, .b = &b };
	uint64_t good;

	if (j == NULL || (j->store = store_look(dir)) == NULL)
		goto out;
	replay_some(&rp, UINT64_MAX);
	good = first_bad(j, &b);
	if (good < j->n && journal_empty(j, NULL) == 0)
		replay_some(&rp, good);
	if (check_head(j, &rp, key, &b) == 0 && j->n == good) {
		j->note = rp.head;
		j->note_len = rp.head_len;
		return j;
	}
out:
	free(rp.head);
	journal_close(j);
	return NULL;
}

int
journal_replay(struct journal *j, uint64_t limit)
{
	struct because b;
	struct replay rp = { .j = j, .b = &b };

	if (journal_empty(j, NULL) == 0)
		replay_some(&rp, limit);
	free(rp.head);
	return j->n == limit ? 0 : -1;
}
