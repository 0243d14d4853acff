/*
 * journal.c -- replay at the start, then store, tree, chain and view in step.
 * Whatever the store committed is in all four; whatever it did not is in none.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "journal.h"

#define VERIFY_BATCH	1024
#define VERIFY_THREADS	2
#define ASIDE		8	/* entries that are worth waking another core */

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

static int
index_room(struct journal *j)
{
	uint64_t more = j->room == 0 ? 1024 : j->room * 2;
	void *p;

	if (j->n < j->room)
		return 0;
	p = realloc(j->where, more * sizeof(*j->where));
	if (p == NULL)
		return -1;
	j->where = p;
	j->room = more;
	return 0;
}

/* A journal follows the domain whose Genesis stands first in it. */
static void
found(struct journal *j, const struct entry *e)
{
	if (j->n > 0 || j->root[0] != '\0' || e->type != OBJ_GENESIS)
		return;
	memcpy(j->root, e->author, sizeof(j->root));
	view_root(j->view, j->root);
}

/* One entry into the view and the index, */
static int
take(struct journal *j, const struct entry *e, uint64_t where,
    struct because *b)
{
	if (index_room(j) == -1)
		return because(b, WHY_FULL, "memory");
	found(j, e);
	if (view_add(j->view, e, b) == -1)
		return -1;
	j->where[j->n++] = where;
	return 0;
}

/* and into the tree and the chain. */
static int
take_hash(struct journal *j, const uint8_t *raw, size_t len,
    const uint8_t leaf[HASH_LEN])
{
	uint64_t n = merkle_size(j->tree);
	void *p;

	if (n % JOURNAL_MARK == 0) {
		p = realloc(j->mark, (n / JOURNAL_MARK + 1) * CHAIN_LEN);
		if (p == NULL)
			return -1;
		j->mark = p;
		memcpy(j->mark[n / JOURNAL_MARK], j->chain, CHAIN_LEN);
	}
	if (merkle_add(j->tree, leaf) == -1)
		return -1;
	chain_add(j->chain, raw, len);
	return 0;
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
		h->bad = take_hash(h->j, h->r[i].data, h->r[i].len,
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
		if (take(rp->j, &s->e, r->where, &b) == -1)
			return because(rp->b, b.why, "entry %llu: %.60s",
			    (unsigned long long)rp->j->n, b.place);
		return 0;
	case REC_HEAD:
		return keep_head(rp, r);
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

/* Nothing in it yet, but whose domain it is. */
static int
empty(struct journal *j, const char *root)
{
	if (root != NULL)
		snprintf(j->root, sizeof(j->root), "%s", root);
	merkle_free(j->tree);
	view_free(j->view);
	memset(j->chain, 0, sizeof(j->chain));
	j->n = 0;
	j->tree = merkle_new();
	j->view = view_new();
	if (j->tree == NULL || j->view == NULL)
		return -1;
	if (j->root[0] != '\0')
		view_root(j->view, j->root);
	return 0;
}

struct journal *
journal_open(int dir, const struct store_io *io, const char *root,
    const struct note_key *key, enum journal_check check, struct because *b)
{
	struct journal *j = calloc(1, sizeof(*j));
	struct replay rp = { .j = j, .b = b, .limit = UINT64_MAX };
	int ok = 0;

	if (j == NULL || empty(j, root) == -1) {
		because(b, WHY_FULL, "memory");
		goto out;
	}
	j->dir = dir;
	j->store = store_open(dir, io, replay, &rp, b);
	if (j->store == NULL || check_head(j, &rp, key, b) == -1)
		goto out;
	ok = verify_from(j, check == CHECK_ALL ? 0 : j->head.size, b) == 0;
out:
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

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	store_close(j->store);
	merkle_free(j->tree);
	view_free(j->view);
	free(j->where);
	free(j->mark);
	free(j->note);
	free(j);
}

ssize_t
journal_read(struct journal *j, uint64_t n, void *buf, size_t cap)
{
	return n >= j->n ? -1 : store_read(j->store, j->where[n], buf, cap);
}

int
journal_chain(struct journal *j, uint64_t n, uint8_t chain[CHAIN_LEN])
{
	uint8_t *buf;
	uint64_t i = n / JOURNAL_MARK * JOURNAL_MARK;
	ssize_t len = 0;

	if (n > j->n)
		return -1;
	if (n == j->n) {
		memcpy(chain, j->chain, CHAIN_LEN);
		return 0;
	}
	memcpy(chain, j->mark[n / JOURNAL_MARK], CHAIN_LEN);
	if (i == n)
		return 0;
	if ((buf = malloc(ENTRY_MAX)) == NULL)
		return -1;
	for (; i < n && len != -1; i++) {
		len = journal_read(j, i, buf, ENTRY_MAX);
		if (len != -1)
			chain_add(chain, buf, (size_t)len);
	}
	free(buf);
	return len == -1 ? -1 : 0;
}

int
journal_head(struct journal *j, const char *note, size_t len)
{
	struct checkpoint head;
	struct note n;
	uint64_t where;
	char *copy;

	if (note_parse(note, len, &n, NULL) == -1 ||
	    checkpoint_parse(n.text, &head, NULL) == -1 ||
	    (copy = malloc(len + 1)) == NULL)
		return -1;
	if (store_append(j->store, REC_HEAD, note, len, &where) == -1 ||
	    store_commit(j->store) == -1) {
		free(copy);
		return -1;
	}
	memcpy(copy, note, len);
	free(j->note);
	j->note = copy;
	j->note_len = len;
	j->head = head;
	j->head.extension = (struct span){ "", 0 };
	return 0;
}

/*
 * The disk failed while tree, chain and view were a step ahead of it, since
 * what may be admitted depends on what came before in the same batch. They
 * are made again from what was committed; the store is read-only by now.
 */
static ssize_t
step_back(struct journal *j, uint64_t committed)
{
	struct replay rp = { .j = j, .limit = committed };
	struct store_found f;
	struct because b;

	/* It was memory then: nothing more is taken. */
	if (!store_is_readonly(j->store))
		j->lost = 1;
	if (empty(j, NULL) == -1 ||
	    store_scan(j->dir, replay, &rp, &f, &b) == -1 || j->n != committed)
		j->lost = 1;
	free(rp.s);
	free(rp.head);
	return -1;
}

/* The hashes of those of a batch that were kept, */
struct kept {
	struct journal		*j;
	const struct entry	*e;
	const enum why		*why;
	size_t			 from, to;
	int			 bad;
};

static void
hash_kept(void *arg)
{
	struct kept *k = arg;
	uint8_t leaf[HASH_LEN];
	size_t i;

	for (i = k->from; i < k->to && !k->bad; i++) {
		if (k->why[i] != WHY_OK)
			continue;
		merkle_leaf(k->e[i].raw, k->e[i].len, leaf);
		k->bad = take_hash(k->j, k->e[i].raw, k->e[i].len, leaf) == -1;
	}
}

/* made on another core while the disk is at work. What was kept is then new `from`. */
static int
commit(struct kept *k, size_t to)
{
	struct task t;
	int ret, aside;

	k->to = to;
	aside = to - k->from >= ASIDE && crew_take(&t, hash_kept, k) == 0;
	ret = store_commit(k->j->store);
	if (aside)
		crew_wait(&t);
	else if (ret == 0)
		hash_kept(k);
	k->from = to;
	return k->bad ? -1 : ret;
}

ssize_t
journal_append(struct journal *j, const struct entry *e, size_t n,
    enum why *why)
{
	struct kept k = { .j = j, .e = e, .why = why };
	uint64_t where, committed = j->n;
	struct because b;
	ssize_t kept = 0;
	size_t i;

	if (store_is_readonly(j->store) || j->lost)
		return -1;
	for (i = 0; i < n; i++) {
		why[i] = WHY_OK;
		found(j, &e[i]);
		if (view_admit(j->view, &e[i], &b) == -1) {
			why[i] = b.why;
			continue;
		}
		if (store_pending(j->store) > STORE_BATCH_MAX / 2) {
			if (commit(&k, i) == -1)
				return step_back(j, committed);
			committed = j->n;
		}
		if (store_append(j->store, REC_ENTRY, e[i].raw, e[i].len,
		    &where) == -1 || take(j, &e[i], where, &b) == -1)
			return step_back(j, committed);
		kept++;
	}
	return commit(&k, n) == -1 ? step_back(j, committed) : kept;
}
