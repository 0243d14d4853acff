/*
 * bastide-verify -- checks what a directory gave out, offline: an exported
 * journal or audit stream, a checkpoint, a proof. It needs no privilege and no
 * network, opens what it is told to read, and says in words what it proved.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "export.h"
#include "ident.h"
#include "note.h"
#include "tiles.h"

#define KEYS	16

enum { PROVED = 0, BROKEN = 1, MISUSED = 2 };

struct task {
	const char		*journal, *audit, *checkpoint, *old, *proof;
	const char		*leaf, *tiles;
	FILE			*lines;		/* the journal, while it is open */
	long			*at;		/* where each line begins */
	struct note_key		 key[KEYS];
	unsigned		 keys;
	struct export_check	*x;
	struct checkpoint	 head, old_head;
};

static int
usage(void)
{
	fprintf(stderr,
	    "usage: bastide-verify [-j journal | -a audit] [-c checkpoint] "
	    "[-k vkey]... [-o old-checkpoint] [-p proof] [-l leaf] [-t folder]\n"
	    "  -j  exported journal, one entry a line\n"
	    "  -a  exported audit stream, one record a line\n"
	    "  -c  checkpoint, a signed note; -k says whose signatures count\n"
	    "  -o  older checkpoint of the same log; -p proves that the newer "
	    "one continues it\n"
	    "  -l  number of an entry or record, or its leaf hash as "
	    "INDEX:HEX; -p proves that it is in the tree\n"
	    "  -t  folder that gets the proved journal as C2SP tlog-tiles\n"
	    "A proof is one hash in base64 a line. Exit: 0 proved, 1 broken, "
	    "2 could not look.\n");
	return MISUSED;
}

static int
broken(const char *what, const struct because *b)
{
	printf("BROKEN: %s: %s%s%s\n", what, why_text(b->why),
	    b->place[0] != '\0' ? ": " : "", b->place);
	return BROKEN;
}

static int
cannot(const char *path)
{
	fprintf(stderr, "bastide-verify: %s: %s\n", path, strerror(errno));
	return MISUSED;
}

/* A whole file of at most NOTE_MAX bytes, for the life of the program. */
static char *
whole(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *p = f != NULL ? malloc(NOTE_MAX + 1) : NULL;

	if (p != NULL) {
		*len = fread(p, 1, NOTE_MAX + 1, f);
		if (ferror(f)) {
			free(p);
			p = NULL;
		}
	}
	if (f != NULL)
		fclose(f);
	return p;
}

/* Where line n begins, kept for whoever wants the journal as tiles. */
static int
remember(struct task *t, long at)
{
	uint64_t n = t->x->n;
	void *p = t->at;

	if ((n & (n - 1)) == 0)
		p = realloc(t->at, (n == 0 ? 1 : 2 * n) * sizeof(*t->at));
	if (p == NULL)
		return -1;
	t->at = p;
	t->at[n] = at;
	return 0;
}

static int
check_lines(struct task *t, FILE *f)
{
	struct because b = { WHY_OK, "" };
	char what[64], *line = NULL;
	size_t cap = 0;
	ssize_t n;
	long at = 0;
	int ret = PROVED;

	for (; (n = getline(&line, &cap, f)) != -1; at += n) {
		snprintf(what, sizeof(what), "entry %" PRIu64, t->x->n);
		if (t->tiles != NULL && remember(t, at) == -1)
			because(&b, WHY_FULL, "memory");
		else if (line[n - 1] != '\n')
			because(&b, WHY_SIZE, "the line has no end");
		else if (export_line(t->x, line, (size_t)n - 1, &b) == 0)
			continue;
		ret = broken(what, &b);
		break;
	}
	free(line);
	return ret;
}

static ssize_t
read_entry(void *arg, uint64_t n, uint8_t *buf, size_t cap)
{
	struct task *t = arg;
	uint8_t chain[CHAIN_LEN];
	char *line = NULL;
	size_t room = 0;
	ssize_t len = -1;

	if (fseek(t->lines, t->at[n], SEEK_SET) == 0)
		len = getline(&line, &room, t->lines);
	if (len > 0)
		len = entry_unline(line, (size_t)len - 1, chain, buf, cap, NULL);
	free(line);
	return len;
}

static int
write_tiles(struct task *t)
{
	struct because b = { WHY_OK, "" };
	int dir = open(t->tiles, O_RDONLY | O_DIRECTORY | O_CLOEXEC), ret;

	if (dir == -1)
		return cannot(t->tiles);
	ret = tiles_export(dir, t->x->tree, read_entry, t, &b);
	close(dir);
	if (ret == 0)
		printf("Written: its tiles and bundles of entries, in %s.\n",
		    t->tiles);
	else
		fprintf(stderr, "bastide-verify: %s: %s: %s\n", t->tiles,
		    why_text(b.why), b.place);
	return ret == 0 ? PROVED : MISUSED;
}

static int
check_journal(struct task *t)
{
	FILE *f = fopen(t->journal, "re");
	int ret;

	if (f == NULL)
		return cannot(t->journal);
	t->x = export_new();
	ret = t->x == NULL ? PROVED : check_lines(t, f);
	/* Also a line for which there is no memory ends the lines. */
	if (ret == PROVED && !feof(f))
		ret = cannot(t->journal);
	t->lines = f;
	if (ret == PROVED && t->tiles != NULL)
		ret = write_tiles(t);
	fclose(f);
	if (ret != PROVED)
		return ret;
	printf("Proved: each of the %" PRIu64 " entries is well-formed, signed "
	    "by its author, and follows that author's one before.\n"
	    "Proved: their chain of hashes is unbroken from the first to the "
	    "last.\n", t->x->n);
	if (t->x->forks > 0)
		printf("Found: %" PRIu64 " author(s) signed two histories; the "
		    "proof is among the entries.\n", t->x->forks);
	return PROVED;
}

/* Adds a record to the tree; NULL, or what is wrong with it. */
static const char *
add_record(struct task *t, struct audit_chain *chain, const char *line,
    size_t len)
{
	const uint8_t *p = (const uint8_t *)line;
	uint8_t leaf[HASH_LEN];
	const char *wrong;
	json_t *o = audit_check(chain, p, len, &wrong);

	if (o == NULL)
		return wrong;
	json_decref(o);
	merkle_leaf(p, len, leaf);
	return merkle_add(t->x->tree, leaf) == 0 ? NULL : "no memory";
}

static int
check_records(struct task *t, FILE *f)
{
	struct audit_chain chain = { .next = 0 };
	const char *wrong = NULL;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while (wrong == NULL && (n = getline(&line, &cap, f)) != -1) {
		wrong = line[n - 1] != '\n' ? "the line has no end" :
		    add_record(t, &chain, line, (size_t)n - 1);
		if (wrong != NULL)
			printf("BROKEN: audit record %" PRIu64 ": %s\n",
			    t->x->n, wrong);
		else
			t->x->n++;
	}
	free(line);
	return wrong == NULL ? PROVED : BROKEN;
}

static int
check_audit(struct task *t)
{
	FILE *f = fopen(t->audit, "re");
	int ret = PROVED;

	if (f == NULL)
		return cannot(t->audit);
	t->x = export_new();
	if (t->x != NULL)
		ret = check_records(t, f);
	if (ret == PROVED && !feof(f))
		ret = cannot(t->audit);
	fclose(f);
	if (ret == PROVED)
		printf("Proved: each of the %" PRIu64 " audit records names the "
		    "hash of the one before.\n", t->x->n);
	return ret;
}

/* Whose signatures are on a checkpoint, in words. */
static int
check_signatures(const struct task *t, const char *path,
    struct checkpoint *head)
{
	uint64_t by, when[KEYS] = { 0 };
	struct because b;
	struct note note;
	size_t len = 0;
	char *p = whole(path, &len), date[21];
	unsigned i;

	if (p == NULL)
		return cannot(path);
	if (note_parse(p, len, &note, &b) == -1 ||
	    checkpoint_parse(note.text, head, &b) == -1)
		return broken(path, &b);
	if (t->keys == 0) {
		printf("Not checked: who signed %s; no key was given.\n", path);
		return PROVED;
	}
	if (note_verify(&note, t->key, t->keys, &by, when, &b) == -1)
		return broken(path, &b);
	for (i = 0; i < t->keys; i++) {
		if (!(by >> i & 1))
			continue;
		time_write((int64_t)when[i], date);
		if (t->key[i].alg == NOTE_COSIGNATURE)
			printf("Proved: witness %s cosigned the tree of %" PRIu64
			    " entries of %s at %s.\n", t->key[i].name,
			    head->size, head->origin, date);
		else
			printf("Proved: %s signed the tree of %" PRIu64
			    " entries of %s.\n", t->key[i].name, head->size,
			    head->origin);
	}
	return PROVED;
}

/* What is here has the tree that was signed, for as far as it goes. */
static int
match(const struct task *t, const struct checkpoint *head)
{
	const char *what = t->audit != NULL ? "the audit stream" :
	    "the journal";
	uint8_t root[HASH_LEN];
	struct because b;

	if (merkle_root(t->x->tree, head->size, root) == -1) {
		because(&b, WHY_ROOT, "%" PRIu64 " entries were signed, %" PRIu64
		    " are here", head->size, t->x->n);
		return broken(what, &b);
	}
	if (memcmp(root, head->root, HASH_LEN) != 0) {
		because(&b, WHY_ROOT, "of %" PRIu64 " entries", head->size);
		return broken(what, &b);
	}
	printf("Proved: the first %" PRIu64 " entries are exactly those of the "
	    "checkpoint.\n", head->size);
	if (t->x->n > head->size)
		printf("Not covered by it: %" PRIu64 " later entries.\n",
		    t->x->n - head->size);
	return PROVED;
}

static int
read_proof(const char *path, struct proof *proof)
{
	size_t len = 0;
	char *p = whole(path, &len);
	struct span rest = { p, len }, line;
	struct because b;

	if (p == NULL)
		return cannot(path);
	for (proof->n = 0; rest.n > 0; proof->n++) {
		if (proof->n == PROOF_MAX || line_read(&rest, &line) == -1 ||
		    base64_read(line, proof->hash[proof->n], HASH_LEN) == -1) {
			because(&b, WHY_PROOF, "line %u", proof->n + 1);
			return broken(path, &b);
		}
	}
	return PROVED;
}

static int
check_consistency(const struct task *t)
{
	struct because b = { WHY_PROOF, "" };
	struct proof proof;
	int ret;

	if (strcmp(t->head.origin, t->old_head.origin) != 0) {
		because(&b, WHY_LOG, "%.40s and %.40s", t->old_head.origin,
		    t->head.origin);
		return broken("the two checkpoints", &b);
	}
	if (t->proof == NULL)
		return usage();
	if ((ret = read_proof(t->proof, &proof)) != PROVED)
		return ret;
	if (consistency_check(&proof, t->old_head.size, t->head.size,
	    t->old_head.root, t->head.root) == -1)
		return broken("consistency", &b);
	printf("Proved: the tree of %" PRIu64 " entries begins with the tree of "
	    "%" PRIu64 "; nothing was rewritten.\n", t->head.size,
	    t->old_head.size);
	return PROVED;
}

static int
check_inclusion(const struct task *t)
{
	struct because b = { WHY_PROOF, "" };
	uint8_t leaf[HASH_LEN];
	struct proof proof;
	uint64_t index;
	char *end;
	int ret;

	errno = 0;
	index = strtoull(t->leaf, &end, 10);
	if (errno != 0 || end == t->leaf)
		return usage();
	if (*end == ':') {
		if (hex_decode(end + 1, leaf, sizeof(leaf)) == -1)
			return usage();
	} else if (*end != '\0' || t->x == NULL ||
	    merkle_at(t->x->tree, 0, index, leaf) == -1) {
		return usage();
	}
	if ((ret = read_proof(t->proof, &proof)) != PROVED)
		return ret;
	if (inclusion_check(&proof, index, t->head.size, leaf,
	    t->head.root) == -1)
		return broken("inclusion", &b);
	printf("Proved: entry %" PRIu64 " is in the tree of %" PRIu64
	    " entries.\n", index, t->head.size);
	return PROVED;
}

static int
run(struct task *t)
{
	int ret = PROVED;

	if (t->journal != NULL)
		ret = check_journal(t);
	if (ret == PROVED && t->audit != NULL)
		ret = check_audit(t);
	if (ret == PROVED && t->checkpoint != NULL)
		ret = check_signatures(t, t->checkpoint, &t->head);
	if (ret == PROVED && t->x != NULL && t->checkpoint != NULL)
		ret = match(t, &t->head);
	if (ret == PROVED && t->old != NULL)
		ret = check_signatures(t, t->old, &t->old_head);
	if (ret == PROVED && t->old != NULL)
		ret = check_consistency(t);
	if (ret == PROVED && t->leaf != NULL)
		ret = check_inclusion(t);
	return ret;
}

static int
add_key(struct task *t, const char *vkey)
{
	struct because b;

	if (t->keys == KEYS)
		return usage();
	if (note_key_parse(vkey, &t->key[t->keys], &b) == -1) {
		fprintf(stderr, "bastide-verify: %s: %s: %s\n", vkey,
		    why_text(b.why), b.place);
		return MISUSED;
	}
	t->keys++;
	return 0;
}

int
main(int argc, char **argv)
{
	static struct task t;
	int c, ret;

	while ((c = getopt(argc, argv, "j:a:c:k:o:p:l:t:")) != -1) {
		switch (c) {
		case 'j':
			t.journal = optarg;
			break;
		case 'a':
			t.audit = optarg;
			break;
		case 'c':
			t.checkpoint = optarg;
			break;
		case 'o':
			t.old = optarg;
			break;
		case 'p':
			t.proof = optarg;
			break;
		case 'l':
			t.leaf = optarg;
			break;
		case 't':
			t.tiles = optarg;
			break;
		case 'k':
			if (add_key(&t, optarg) != 0)
				return MISUSED;
			break;
		default:
			return usage();
		}
	}
	if (optind != argc || (t.journal != NULL && t.audit != NULL) ||
	    (t.journal == NULL && t.audit == NULL && t.checkpoint == NULL) ||
	    (t.tiles != NULL && t.journal == NULL) ||
	    (t.old != NULL && (t.checkpoint == NULL || t.leaf != NULL)) ||
	    (t.leaf != NULL && (t.checkpoint == NULL || t.proof == NULL)))
		return usage();
	if (entry_init() == -1) {
		fprintf(stderr, "bastide-verify: libsodium or libsecp256k1 "
		    "will not start\n");
		return MISUSED;
	}
	ret = run(&t);
	/* A verdict that did not go out is none. */
	if (fflush(stdout) == EOF || ferror(stdout))
		ret = cannot("stdout");
	free(t.at);
	export_free(t.x);
	return ret;
}
