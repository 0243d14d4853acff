/*
 * dird_bench.c -- what the directory's core does a second, and SQLite in WAL
 * mode with synchronous=FULL doing the same appends in the same folder.
 *
 *	dird_bench [folder] [entries]	default: a new folder in /var/tmp, 1000000
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sqlite3.h>
#include <time.h>
#include <unistd.h>

#include "crew.h"
#include "../tests/dird_author.h"
#include "journal.h"

enum { AUTHORS = 64, SOME = 20000 };

static struct a_author who[AUTHORS];
static char folder[256];

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
make_dir(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	mkdir(path, 0700);
	return open(path, O_RDONLY | O_DIRECTORY);
}

/* Entry i of a domain: the founder, members, then offers of all of them. */
static void
speak(size_t i, struct a_raw *r)
{
	struct a_author *a = &who[i % AUTHORS];
	uint32_t m = (uint32_t)((i + 1) / 2);
	char name[32];

	if (i == 0) {
		a_say(&who[0], OBJ_GENESIS, a_genesis(&who[0], 1), r);
	} else if (i <= 2 * (AUTHORS - 1)) {
		if (i % 2 == 1)
			a_say(&who[0], OBJ_INVITE, a_invite(&who[m], m), r);
		else
			a_say(&who[m], OBJ_JOIN, a_join(&who[m], m), r);
	} else {
		snprintf(name, sizeof(name), "service-%zu", i);
		a_say(a, OBJ_SERVICE_OFFER, a_offer(a, name, "auto"), r);
	}
}

struct heap {
	uint8_t		*p;
	struct span	*raw;
	size_t		 n, len;
};

static struct heap
talk(size_t n)
{
	struct heap h = { malloc(n * 1024), calloc(n, sizeof(*h.raw)), n, 0 };
	static struct a_raw r;
	uint32_t i;
	size_t k;

	for (i = 0; i < AUTHORS; i++)
		a_author(&who[i], i + 1);
	for (k = 0; k < n; k++) {
		speak(k, &r);
		memcpy(h.p + h.len, r.p, r.len);
		h.raw[k] = (struct span){ (char *)h.p + h.len, r.len };
		h.len += r.len;
	}
	return h;
}

static void
die(const char *what, const struct because *b)
{
	fprintf(stderr, "%s: %s: %s\n", what, why_text(b->why), b->place);
	exit(1);
}

static double
appends(const struct heap *h, size_t n, size_t batch, const char *name)
{
	struct because b = { WHY_OK, "" };
	struct entry *e = calloc(n, sizeof(*e));
	enum why *why = calloc(n, sizeof(*why));
	struct journal *j;
	double t;
	size_t i;

	j = journal_open(make_dir(name), NULL, who[0].did, NULL, CHECK_HASHES, &b);
	if (j == NULL)
		die("open", &b);
	for (i = 0; i < n; i++)
		entry_read(h->raw[i].p, h->raw[i].n, &e[i], &b);
	t = now();
	for (i = 0; i + batch <= n; i += batch)
		if (journal_append(j, e + i, batch, why) != (ssize_t)batch)
			die("append", &b);
	t = now() - t;
	journal_close(j);
	free(e);
	free(why);
	return (double)i / t;
}

static double
sqlite(const struct heap *h, size_t n, size_t batch, const char *name)
{
	char path[512];
	sqlite3_stmt *st;
	sqlite3 *db;
	double t;
	size_t i;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		return 0;
	sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "CREATE TABLE e(n INTEGER PRIMARY KEY, raw BLOB)", NULL, NULL, NULL);
	sqlite3_prepare_v2(db, "INSERT INTO e(raw) VALUES(?)", -1, &st, NULL);
	t = now();
	for (i = 0; i < n; i++) {
		if (batch > 1 && i % batch == 0)
			sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
		sqlite3_bind_blob(st, 1, h->raw[i].p, (int)h->raw[i].n,
		    SQLITE_STATIC);
		if (sqlite3_step(st) != SQLITE_DONE)
			return 0;
		sqlite3_reset(st);
		if (batch > 1 && (i % batch == batch - 1 || i == n - 1))
			sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	}
	t = now() - t;
	sqlite3_finalize(st);
	sqlite3_close(db);
	return (double)n / t;
}

/* libsodium alone, over the same offers, each with its author's key. */
static double
verify_alone(const struct heap *h, size_t n)
{
	size_t i, len, first = 2 * AUTHORS;
	const uint8_t *p;
	double t = now();

	for (i = first; i < first + n; i++) {
		p = (const uint8_t *)h->raw[i].p;
		len = h->raw[i].n - SIG_LEN;
		if (crypto_sign_verify_detached(p + len, p, len,
		    who[i % AUTHORS].pub) != 0)
			abort();
	}
	return (double)n / (now() - t);
}

static double
import(const struct heap *h, size_t n, unsigned threads, const char *name)
{
	enum { PAGE = 1000 };
	static struct entry e[PAGE];
	static enum why why[PAGE];
	struct because b = { WHY_OK, "" };
	struct journal *j;
	size_t i, k;
	double t;

	j = journal_open(make_dir(name), NULL, who[0].did, NULL, CHECK_HASHES, &b);
	if (j == NULL)
		die("open", &b);
	t = now();
	for (i = 0; i + PAGE <= n; i += PAGE) {
		verify_batch(j->view, h->raw + i, PAGE, 0, threads, e, why);
		for (k = 0; k < PAGE; k++) {
			b.why = why[k];
			if (why[k] != WHY_OK)
				die("verify", &b);
		}
		if (journal_append(j, e, PAGE, why) != PAGE)
			die("import", &b);
	}
	t = now() - t;
	journal_close(j);
	return (double)i / t;
}

/* In a child, so that the memory counted is the start-up's alone. */
static void
start_up(size_t n)
{
	struct because b = { WHY_OK, "" };
	struct journal *j;
	struct rusage u;
	struct proof p;
	uint8_t root[32];
	double t, worst = 0, all = 0, one;
	int i;

	t = now();
	j = journal_open(make_dir("big"), NULL, who[0].did, NULL, CHECK_HASHES, &b);
	if (j == NULL)
		die("start", &b);
	t = now() - t;
	getrusage(RUSAGE_SELF, &u);
	printf("start-up with %zu entries: %.2f s, %ld MiB at most\n", n, t,
	    u.ru_maxrss / 1024);
	for (i = 0; i < 2000; i++) {
		one = now();
		if (merkle_inclusion(j->tree, (uint64_t)random() % n, n, &p) == -1)
			abort();
		one = now() - one;
		worst = one > worst ? one : worst;
		all += one;
	}
	printf("inclusion proof at that size: %.1f us mean, %.1f us worst\n",
	    all / 2000 * 1e6, worst * 1e6);
	one = now();
	merkle_root(j->tree, n - 1, root);
	merkle_consistency(j->tree, n / 3, n, &p);
	printf("root and consistency proof: %.1f us\n", (now() - one) * 1e6);
	journal_close(j);
}

static void
signed_head(struct journal *j)
{
	struct note_key key;
	uint8_t root[32], sig[64];
	char note[1024];
	ssize_t n;

	note_key_make("bench.test/log", NOTE_ED25519, who[0].pub, &key);
	merkle_root(j->tree, j->n, root);
	n = checkpoint_write(key.name, j->n, root, note, sizeof(note));
	crypto_sign_detached(sig, NULL, (uint8_t *)note, (size_t)n, who[0].sec);
	note[n++] = '\n';
	n += note_line(&key, sig, 64, note + n, sizeof(note) - (size_t)n);
	journal_head(j, note, (size_t)n);
}

/* A journal of n entries whose signatures nobody checks here. */
static void
grow(size_t n)
{
	enum { PAGE = 1000 };
	static struct a_raw r[PAGE];
	static struct entry e[PAGE];
	static enum why why[PAGE];
	struct because b = { WHY_OK, "" };
	struct journal *j;
	size_t i, k;
	uint32_t a;

	for (a = 0; a < AUTHORS; a++)
		a_author(&who[a], a + 1);
	j = journal_open(make_dir("big"), NULL, who[0].did, NULL, CHECK_HASHES, &b);
	if (j == NULL)
		die("grow", &b);
	for (i = 0; i < n; i += PAGE) {
		for (k = 0; k < PAGE; k++) {
			speak(i + k, &r[k]);
			entry_read(r[k].p, r[k].len, &e[k], &b);
		}
		if (journal_append(j, e, PAGE, why) != PAGE)
			die("grow", &b);
	}
	signed_head(j);
	journal_close(j);
}

static void
in_child(void (*fn)(size_t), size_t n)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		crew_start(crew_fit());
		fn(n);
		fflush(stdout);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
	char cmd[300];
	struct heap h;
	double alone;

	snprintf(folder, sizeof(folder), "%s", argc > 1 ? argv[1] :
	    "/var/tmp/dird-bench-XXXXXX");
	if (entry_init() == -1 || (argc < 2 && mkdtemp(folder) == NULL))
		return 1;
	if (n >= 1000) {
		in_child(grow, n / 1000 * 1000);
		for (uint32_t a = 0; a < AUTHORS; a++)
			a_author(&who[a], a + 1);
		in_child(start_up, n / 1000 * 1000);
	}
	crew_start(crew_fit());
	h = talk(SOME);
	printf("entries of %zu bytes\n", h.len / h.n);
	printf("append, one client:      %8.0f /s\n", appends(&h, 5000, 1, "a1"));
	printf("SQLite, one client:      %8.0f /s\n", sqlite(&h, 5000, 1, "s1"));
	printf("append, 64 clients:      %8.0f /s\n",
	    appends(&h, SOME / 64 * 64, 64, "a64"));
	printf("SQLite, 64 clients:      %8.0f /s\n", sqlite(&h, SOME, 64, "s64"));
	alone = verify_alone(&h, 5000);
	printf("libsodium verify alone:  %8.0f /s\n", alone);
	printf("import, one core:        %8.0f /s\n", import(&h, SOME, 1, "i1"));
	printf("import, two cores:       %8.0f /s\n", import(&h, SOME, 2, "i2"));
	alone = (alone + verify_alone(&h, 5000)) / 2;
	printf("libsodium verify, mean:  %8.0f /s\n", alone);
	if (argc < 2) {
		snprintf(cmd, sizeof(cmd), "rm -rf '%s'", folder);
		return system(cmd) != 0;
	}
	return 0;
}
