/*
 * verify.c -- many entries on several cores. Form and signature need nothing
 * but the entry and a key, so cores never wait for one another; the keys are
 * found first, by one.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "journal.h"

#define STRIDE	16	/* entries that a core takes at a time */

struct job {
	const struct span	*raw;
	struct entry		*out;
	enum why		*why;
	uint8_t			(*pub)[KEY_LEN];
	size_t			 n;
	int64_t			 now;
	atomic_size_t		 next;
};

/* The key by which entry i must be signed; from the batch if not known yet. */
static int
key_for(const struct view *v, const struct job *j, size_t i, size_t *bringer,
    size_t bringers)
{
	const struct entry *e = &j->out[i];
	size_t k;

	if (v != NULL && view_key(v, e->author, j->pub[i]) == 0)
		return 0;
	if (entry_key(e, j->pub[i]) == 0)
		return 0;
	for (k = bringers; k-- > 0;)
		if (strcmp(j->out[bringer[k]].author, e->author) == 0)
			return entry_key(&j->out[bringer[k]], j->pub[i]);
	return -1;
}

static void
find_keys(const struct view *v, struct job *j)
{
	size_t i, bringers = 0, *bringer = calloc(j->n + 1, sizeof(*bringer));
	struct because b;

	for (i = 0; i < j->n; i++) {
		j->why[i] = WHY_OK;
		if (bringer == NULL)
			j->why[i] = WHY_FULL;
		else if (entry_read(j->raw[i].p, j->raw[i].n, &j->out[i],
		    &b) == -1)
			j->why[i] = b.why;
		else if (key_for(v, j, i, bringer, bringers) == -1)
			j->why[i] = WHY_AUTHOR;
		else if (j->out[i].type == OBJ_GENESIS ||
		    j->out[i].type == OBJ_JOIN)
			bringer[bringers++] = i;
	}
	free(bringer);
}

static void
work(void *arg)
{
	struct job *j = arg;
	struct because b;
	size_t i, to;

	while ((i = atomic_fetch_add(&j->next, STRIDE)) < j->n) {
		for (to = i + STRIDE; i < to && i < j->n; i++) {
			if (j->why[i] != WHY_OK)
				continue;
			if (entry_check_read(&j->out[i], j->now, &b) == -1 ||
			    entry_verify(&j->out[i], j->pub[i], &b) == -1)
				j->why[i] = b.why;
		}
	}
}

void
verify_batch(const struct view *v, const struct span *raw, size_t n,
    int64_t now, unsigned threads, struct entry *out, enum why *why)
{
	struct job j = { .raw = raw, .out = out, .why = why, .n = n,
	    .now = now };
	struct task t[CREW_MAX];
	unsigned i, started = 0;

	j.pub = calloc(n + 1, KEY_LEN);
	if (j.pub == NULL) {
		for (i = 0; i < n; i++)
			why[i] = WHY_FULL;
		return;
	}
	atomic_init(&j.next, 0);
	find_keys(v, &j);
	/* Fewer helpers than asked for is slower, not wrong. */
	for (i = 1; i < threads && i <= CREW_MAX && n > STRIDE; i++)
		if (crew_take(&t[started], work, &j) == 0)
			started++;
	work(&j);
	for (i = 0; i < started; i++)
		crew_wait(&t[i]);
	free(j.pub);
}
