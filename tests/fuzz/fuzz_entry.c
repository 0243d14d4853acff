/* room: dird */
/*
 * fuzz_entry.c -- any bytes as a line of an export, as an entry and as a proof.
 * Laws: a line that is read is written back the same; what passes the check is
 * read alike by the walk in place; no proof holds for a root that is not its.
 */
#include <stdlib.h>
#include <string.h>

#include "entry.h"
#include "merkle.h"
#include "view.h"
#include "wire.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
as_proof(const uint8_t *in, size_t len)
{
	uint8_t leaf[HASH_LEN] = { 1 }, root[HASH_LEN] = { 2 };
	struct proof p = { 0 };
	uint64_t a, b;

	if (len < 16)
		return;
	a = get_le64(in);
	b = get_le64(in + 8);
	for (len -= 16, in += 16; len >= HASH_LEN && p.n < PROOF_MAX;
	    len -= HASH_LEN, in += HASH_LEN)
		memcpy(p.hash[p.n++], in, HASH_LEN);
	if (inclusion_check(&p, a, b, leaf, root) == 0)
		abort();
	if (a > 0 && consistency_check(&p, a, b, leaf, root) == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static char line[ENTRY_LINE_MAX];
	static uint8_t raw[ENTRY_MAX + 1];
	uint8_t chain[ID_LEN];
	struct because b;
	struct entry e, again;
	struct view *v;
	ssize_t n;

	if (entry_init() == -1)
		abort();
	as_proof(in, len);
	n = entry_unline((const char *)in, len, chain, raw, sizeof(raw), &b);
	if (n == -1 || entry_read(raw, (size_t)n, &e, &b) == -1)
		return 0;
	/* The view takes what a store gave it, whoever filled the store. */
	v = view_new();
	view_root(v, e.author);
	if (view_admit(v, &e, &b) == 0)
		view_add(v, &e, &b);
	view_free(v);
	if (entry_check(raw, (size_t)n, 0, &again, &b) == -1)
		return 0;
	if (memcmp(e.id, again.id, ID_LEN) != 0 || e.seq != again.seq)
		abort();
	if (entry_line(&e, chain, line, sizeof(line)) != (ssize_t)len ||
	    memcmp(line, in, len) != 0)
		abort();
	return 0;
}
