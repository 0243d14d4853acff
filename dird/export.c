/* export.c -- see export.h. No I/O. */
#include <stdlib.h>
#include <string.h>

#include "export.h"

struct export_check *
export_new(void)
{
	struct export_check *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->tree = merkle_new();
	x->view = view_new();
	if (x->tree != NULL && x->view != NULL)
		return x;
	export_free(x);
	return NULL;
}

void
export_free(struct export_check *x)
{
	if (x == NULL)
		return;
	merkle_free(x->tree);
	view_free(x->view);
	free(x);
}

/* The cheap questions first: what was changed by chance breaks the chain. */
int
export_line(struct export_check *x, const char *line, size_t len,
    struct because *b)
{
	uint8_t said[CHAIN_LEN], chain[CHAIN_LEN], leaf[HASH_LEN], pub[KEY_LEN];
	struct entry e;
	ssize_t n;
	int was;

	n = entry_unline(line, len, said, x->raw, sizeof(x->raw), b);
	if (n == -1)
		return -1;
	memcpy(chain, x->chain, sizeof(chain));
	chain_add(chain, x->raw, (size_t)n);
	if (memcmp(chain, said, sizeof(chain)) != 0)
		return because(b, WHY_CHAIN, "%s", "");
	if (entry_check(x->raw, (size_t)n, 0, &e, b) == -1)
		return -1;
	if (entry_key(&e, pub) == -1 && view_key(x->view, e.author, pub) == -1)
		return because(b, WHY_AUTHOR, "%s", e.author);
	if (entry_verify(&e, pub, b) == -1)
		return -1;
	was = view_forked(x->view, e.author);
	if (view_add(x->view, &e, b) == -1)
		return -1;
	x->forks += view_forked(x->view, e.author) && !was;
	merkle_leaf(x->raw, (size_t)n, leaf);
	if (merkle_add(x->tree, leaf) == -1)
		return because(b, WHY_FULL, "memory");
	memcpy(x->chain, chain, sizeof(chain));
	x->n++;
	return 0;
}
