/* page.c -- entries of the journal as lines. */
#include <stdlib.h>
#include <string.h>

#include "page.h"

/* The next line behind out; its length, 0 if it does not fit, -1. */
static ssize_t
put_line(struct journal *j, uint64_t n, uint8_t *raw,
    uint8_t chain[CHAIN_LEN], char *out, size_t cap, struct because *b)
{
	struct entry e;
	ssize_t len = journal_read(j, n, raw, ENTRY_MAX);

	if (len == -1)
		return because(b, WHY_IO, "entry %llu", (unsigned long long)n);
	if (entry_read(raw, (size_t)len, &e, b) == -1)
		return -1;
	chain_add(chain, raw, (size_t)len);
	len = entry_line(&e, chain, out, cap);
	if (len == -1 || (size_t)len >= cap)
		return 0;
	out[len] = '\n';
	return len + 1;
}

ssize_t
page_write(struct journal *j, uint64_t from, unsigned max, char *out,
    size_t cap, struct because *b)
{
	uint8_t chain[CHAIN_LEN], *raw;
	size_t at = 0;
	ssize_t len = 1;

	if (from >= j->n)
		return from > j->n ? because(b, WHY_OLD_SIZE, "from") : 0;
	if (journal_chain(j, from, chain) == -1)
		return because(b, WHY_IO, "from");
	if ((raw = malloc(ENTRY_MAX)) == NULL)
		return because(b, WHY_FULL, "memory");
	for (; max > 0 && from < j->n && len > 0; max--, from++) {
		len = put_line(j, from, raw, chain, out + at, cap - at, b);
		if (len > 0)
			at += (size_t)len;
	}
	free(raw);
	return len == -1 ? -1 : (ssize_t)at;
}
