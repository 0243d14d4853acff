/*
 * journal.c -- store, tree, chain and view in step. Whatever the store
 * committed is in all four; whatever it did not is in none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "journal_int.h"

#define ASIDE		8	/* entries that are worth waking another core */

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

void
journal_found_by(struct journal *j, const struct entry *e)
{
	/* A first entry only: one in the middle of a chain is not taken. */
	if (j->n > 0 || j->root[0] != '\0' || e->type != OBJ_GENESIS ||
	    e->seq != 0)
		return;
	memcpy(j->root, e->author, sizeof(j->root));
	view_root(j->view, j->root);
}

int
journal_take(struct journal *j, const struct entry *e, uint64_t where,
    struct because *b)
{
	if (index_room(j) == -1)
		return because(b, WHY_FULL, "memory");
	journal_found_by(j, e);
	if (view_add(j->view, e, b) == -1)
		return -1;
	j->where[j->n++] = where;
	return 0;
}

int
journal_take_hash(struct journal *j, const uint8_t *raw, size_t len,
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

int
journal_empty(struct journal *j, const char *root)
{
	if (root != NULL)
		snprintf(j->root, sizeof(j->root), "%s", root);
	merkle_free(j->tree);
	view_free(j->view);
	memset(j->chain, 0, sizeof(j->chain));
	j->n = j->skipped = 0;
	j->tree = merkle_new();
	j->view = view_new();
	if (j->tree == NULL || j->view == NULL)
		return -1;
	if (j->root[0] != '\0')
		view_root(j->view, j->root);
	return 0;
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
	while (j->nkept > 0)
		free(j->kept[--j->nkept].data);
	free(j->kept);
	free(j->pulls.data);
	free(j->cosigned.data);
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
	/* It was memory then: nothing more is taken. */
	if (!store_is_readonly(j->store))
		j->lost = 1;
	if (journal_replay(j, committed) == -1)
		j->lost = 1;
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
		k->bad = journal_take_hash(k->j, k->e[i].raw, k->e[i].len, leaf) == -1;
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
		journal_found_by(j, &e[i]);
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
		    &where) == -1 || journal_take(j, &e[i], where, &b) == -1)
			return step_back(j, committed);
		kept++;
	}
	return commit(&k, n) == -1 ? step_back(j, committed) : kept;
}
