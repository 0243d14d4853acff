/*
 * offline.c -- `dird --check FOLDER`: an auditor looks at a journal that nobody
 * serves, or a copy of it. No room, no privilege; nothing is written.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "crew.h"
#include "ident.h"
#include "journal.h"
#include "offline.h"

enum { GOOD = 0, BROKEN = 1, MISUSED = 2 };

static int
broken(const struct because *b)
{
	printf("BROKEN: %s: %s\n", why_text(b->why), b->place);
	return BROKEN;
}

static int
check_audit(int dir)
{
	struct audit_look a = { .wrong = NULL };
	struct store_found f;
	struct because b;

	/* check_entries() has read all of it: it broke in between. */
	if (store_scan(dir, audit_look_at, &a, &f, &b) == -1)
		return broken(&b);
	if (a.wrong != NULL) {
		printf("BROKEN: audit record %" PRIu64 ": %s\n", a.chain.next,
		    a.wrong);
		return BROKEN;
	}
	printf("Good: %" PRIu64 " audit records, each behind the one before.\n",
	    a.chain.next);
	return GOOD;
}

static int
check_entries(int dir, const struct note_key *key)
{
	char hex[2 * HASH_LEN + 1];
	struct journal_found f;
	struct because b = { WHY_OK, "" };

	if (journal_check(dir, key, &f, &b) == -1)
		return broken(&b);
	printf("Good: %" PRIu64 " entries, each well-formed, signed by its "
	    "author and behind that author's one before.\n", f.entries);
	hex_encode(f.chain, CHAIN_LEN, hex);
	printf("Chain of hashes: %s\n", hex);
	hex_encode(f.root, HASH_LEN, hex);
	printf("Root of the tree: %s\n", hex);
	if (f.head == 0)
		printf("There is no checkpoint.\n");
	else
		printf("%s: the first %" PRIu64 " are those of its newest "
		    "checkpoint.\n", key == NULL ? "Good, but who signed it was "
		    "not asked (no key was given)" : "Good", f.head);
	if (f.skipped > 0)
		printf("%" PRIu64 " torn tails of crashes were stepped over.\n",
		    f.skipped);
	return GOOD;
}

static int
usage(void)
{
	fprintf(stderr, "usage: dird --check FOLDER [VKEY]\n"
	    "FOLDER has the journal's segments; VKEY is the key of its "
	    "checkpoints (log_key of /v1/identity).\n"
	    "Exit: 0 all is good, 1 something is broken, 2 could not look.\n");
	return MISUSED;
}

int
check_folder(int argc, char **argv)
{
	struct note_key key;
	struct because b;
	int dir, ret;

	if (argc < 3 || argc > 4 || strcmp(argv[1], "--check") != 0)
		return usage();
	if (argc == 4 && note_key_parse(argv[3], &key, &b) == -1) {
		fprintf(stderr, "dird: %s: %s: %s\n", argv[3], why_text(b.why),
		    b.place);
		return MISUSED;
	}
	dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1 || faccessat(dir, "0000000000.seg", R_OK, 0) == -1) {
		fprintf(stderr, "dird: %s: %s\n", argv[2], errno == ENOENT ?
		    "no journal is here" : strerror(errno));
		return MISUSED;
	}
	if (entry_init() == -1) {
		fputs("dird: libsodium or libsecp256k1 does not start\n",
		    stderr);
		return MISUSED;
	}
	crew_start(crew_fit());
	ret = check_entries(dir, argc == 4 ? &key : NULL);
	if (ret == GOOD)
		ret = check_audit(dir);
	close(dir);
	return ret;
}
