/* room: dird -- notes, against vectors of golang.org/x/mod/sumdb/note and of C2SP. */
#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "dird_author.h"
#include "note.h"
#include "suite.h"
#include "tiles.h"
#include "witness.h"

#define PETER	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define ENOCH	"EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
#define TEXT	"If you think cryptography is the answer to your problem,\n" \
		"then you don't know what your problem is.\n"
#define PETER_SIG "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8p" \
		"AcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
#define ENOCH_SIG "\xe2\x80\x94 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCO" \
		"Xm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"

static struct note_key peter, enoch;
static struct because b;

static void
setup(void)
{
	ck_assert_int_eq(entry_init(), 0);
	ck_assert_int_eq(note_key_parse(PETER, &peter, &b), 0);
	ck_assert_int_eq(note_key_parse(ENOCH, &enoch, &b), 0);
}

static enum why
open_note(const char *p, size_t len, const struct note_key *k, unsigned n,
    uint64_t *by)
{
	struct note o;

	b.why = WHY_OK;
	if (note_parse(p, len, &o, &b) == 0)
		note_verify(&o, k, n, by, NULL, &b);
	return b.why;
}

static enum why
opens(const char *p)
{
	uint64_t by;

	return open_note(p, strlen(p), &peter, 1, &by);
}

START_TEST(keys_that_go_writes_are_read_and_no_mangled_one)
{
	char text[256], cut[256];
	struct note_key k;
	size_t i, len;

	ck_assert_int_eq(note_key_write(&peter, text, sizeof(text)),
	    (ssize_t)strlen(PETER));
	ck_assert_str_eq(text, PETER);
	len = strlen(PETER);
	for (i = 0; i < len; i++) {
		memcpy(cut, PETER, len + 1);
		cut[i]++;
		ck_assert_int_eq(note_key_parse(cut, &k, &b), -1);
		cut[i] = '\0';
		ck_assert_int_eq(note_key_parse(cut, &k, &b), -1);
		ck_assert(i == 0 || note_key_parse(PETER + i, &k, &b) == -1);
	}
	ck_assert_int_eq(note_key_parse("remora.n621.de+da77ade7+BOvN63jn/bLvkieyw"
	    "e8R6UYAtVtNbZpXh34x7onlmtw2", &k, &b), 0);
	ck_assert_int_eq(k.alg, NOTE_COSIGNATURE);
}
END_TEST

START_TEST(notes_that_go_signed_open_here)
{
	struct note_key both[2] = { peter, enoch };
	static const char text[] = TEXT "\n" PETER_SIG ENOCH_SIG;
	uint64_t by;

	ck_assert_int_eq(opens(text), WHY_OK);
	ck_assert_int_eq(open_note(text, strlen(text), both, 2, &by), WHY_OK);
	ck_assert_uint_eq(by, 3);
	ck_assert_int_eq(open_note(text, strlen(text), both, 0, &by),
	    WHY_NOTE_UNSIGNED);
	ck_assert_int_eq(opens(TEXT "\n" ENOCH_SIG), WHY_NOTE_UNSIGNED);
	ck_assert_int_eq(opens("x" TEXT "\n" PETER_SIG), WHY_NOTE_SIGNATURE);
}
END_TEST

START_TEST(malformed_notes_are_refused)
{
	static const char *const bad[] = { "", "\n", TEXT, TEXT "\n",
	    TEXT "\n\xe2\x80\x94 PeterNeumann x08go/ZJkuBS",
	    "\x01" TEXT "\n" PETER_SIG, "\xff" TEXT "\n" PETER_SIG,
	    TEXT "\n" PETER_SIG "Unexpected line.\n",
	    TEXT "\n\xe2\x80\x94 Bad Name x08go/ZJkuBS9UG=\n",
	    TEXT "\n\xe2\x80\x94 Bad+Name x08go/ZJkuBS9UGA\n",
	    TEXT "\n\xe2\x80\x94 Bad\xc2\xa0Name x08go/ZJkuBS9UGA\n",
	    TEXT "\n\xe2\x80\x94 Name AAAA\n", TEXT "\n\xe2\x80\x94 Name \n" };
	static char many[20000];
	size_t i, n;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(opens(bad[i]) == WHY_NOTE, "%zu", i);
	n = (size_t)sprintf(many, TEXT "\n");
	for (i = 0; i < NOTE_SIGS; i++)
		n += (size_t)sprintf(many + n, PETER_SIG);
	ck_assert_int_eq(opens(many), WHY_OK);
	sprintf(many + n, PETER_SIG);
	ck_assert_int_eq(opens(many), WHY_NOTE);
}
END_TEST

START_TEST(the_specifications_checkpoint_is_read_and_written_back)
{
	static const char text[] = "example.com/behind-the-sofa\n20852163\n"
	    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
	struct checkpoint c;
	char out[256];
	size_t i;

	ck_assert_int_eq(checkpoint_parse((struct span){ text, sizeof(text) - 1 },
	    &c, &b), 0);
	ck_assert_str_eq(c.origin, "example.com/behind-the-sofa");
	ck_assert_uint_eq(c.size, 20852163);
	ck_assert_int_eq(checkpoint_write(c.origin, c.size, c.root, out,
	    sizeof(out)), (ssize_t)sizeof(text) - 1);
	ck_assert_mem_eq(out, text, sizeof(text) - 1);
	for (i = 0; i < sizeof(text) - 1; i++)
		ck_assert_int_eq(checkpoint_parse((struct span){ text, i }, &c,
		    &b), -1);
	ck_assert_int_eq(checkpoint_parse((struct span){ "a\n01\n" "CsUYapGGPo4dk"
	    "MgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", 50 }, &c, &b), -1);
}
END_TEST

START_TEST(a_cosignature_is_made_as_the_specification_says)
{
	static const char text[] = "example.com/behind-the-sofa\n20852163\n"
	    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
	uint8_t msg[512], sig[64], ts[72];
	char note[1024], line[NOTE_LINE];
	struct span s = { text, sizeof(text) - 1 };
	uint64_t by, when = 0;
	struct a_author a;
	struct note_key k;
	struct note o;
	ssize_t n;

	a_author(&a, 5);
	n = cosignature_message(s, 1679315147, msg, sizeof(msg));
	ck_assert_int_eq(n, (ssize_t)(sizeof(text) - 1 + 31));
	ck_assert_mem_eq(msg, "cosignature/v1\ntime 1679315147\nexample.com", 42);
	crypto_sign_detached(sig, NULL, msg, (size_t)n, a.sec);
	cosignature_pack(1679315147, sig, ts);
	note_key_make("witness.example.com/w1", NOTE_COSIGNATURE, a.pub, &k);
	n = note_line(&k, ts, sizeof(ts), line, sizeof(line));
	ck_assert_int_gt(n, 0);
	n = snprintf(note, sizeof(note), "%s\n%s", text, line);
	ck_assert_int_eq(note_parse(note, (size_t)n, &o, &b), 0);
	ck_assert_int_eq(note_verify(&o, &k, 1, &by, &when, &b), 0);
	ck_assert_uint_eq(when, 1679315147);
	note[8] ^= 1;
	ck_assert_int_eq(note_parse(note, (size_t)n, &o, &b), 0);
	ck_assert_int_eq(note_verify(&o, &k, 1, &by, &when, &b), -1);
}
END_TEST

/* A log of n leaves with its signed head. */
static struct a_author log_key;
static struct merkle *tree;

static size_t
head(uint64_t size, int bend, char *out, size_t cap)
{
	uint8_t root[32], sig[64];
	struct note_key k;
	ssize_t n;

	note_key_make("log.test", NOTE_ED25519, log_key.pub, &k);
	merkle_root(tree, size, root);
	root[0] ^= (uint8_t)bend;
	n = checkpoint_write(k.name, size, root, out, cap);
	crypto_sign_detached(sig, NULL, (uint8_t *)out, (size_t)n, log_key.sec);
	out[n++] = '\n';
	n += note_line(&k, sig, 64, out + n, cap - (size_t)n);
	return (size_t)n;
}

static int
ask(struct witness_log *w, uint64_t old, uint64_t claim, uint64_t size, int bend)
{
	char note[1024], body[8192];
	struct witness_ask a;
	struct proof p;
	size_t n;
	ssize_t len;
	int status;

	n = head(size, bend, note, sizeof(note));
	merkle_consistency(tree, old, size, &p);
	len = witness_write(claim, &p, note, n, body, sizeof(body));
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(witness_parse(body, (size_t)len, &a, &b), 0);
	status = witness_decide(w, &a, &b);
	if (status == 200) {
		w->size = a.head.size;
		memcpy(w->root, a.head.root, 32);
	}
	return status;
}

START_TEST(a_witness_cosigns_what_continues_and_nothing_else)
{
	struct witness_log w = { .size = 0 };
	struct a_author other;
	uint8_t i;
	uint8_t h[32];

	a_author(&log_key, 8);
	a_author(&other, 9);
	tree = merkle_new();
	for (i = 0; i < 100; i++) {
		merkle_leaf(&i, 1, h);
		merkle_add(tree, h);
	}
	note_key_make("log.test", NOTE_ED25519, log_key.pub, &w.key);
	ck_assert_int_eq(ask(&w, 0, 0, 10, 0), 200);
	ck_assert_int_eq(ask(&w, 10, 10, 37, 0), 200);
	ck_assert_int_eq(ask(&w, 37, 37, 37, 0), 200);
	ck_assert_int_eq(ask(&w, 10, 10, 50, 0), 409);
	ck_assert_int_eq(b.why, WHY_OLD_SIZE);
	ck_assert_int_eq(ask(&w, 37, 37, 37, 1), 409);
	ck_assert_int_eq(b.why, WHY_SPLIT);
	ck_assert_int_eq(ask(&w, 36, 37, 50, 0), 422);
	ck_assert_int_eq(ask(&w, 37, 37, 50, 1), 422);
	ck_assert_int_eq(ask(&w, 20, 60, 50, 0), 400);
	log_key = other;
	ck_assert_int_eq(ask(&w, 37, 37, 50, 0), 403);
	a_author(&log_key, 8);
	ck_assert_int_eq(ask(&w, 37, 37, 100, 0), 200);
	w.split = 1;
	ck_assert_int_eq(ask(&w, 100, 100, 100, 0), 403);
	note_key_make("else.test", NOTE_ED25519, log_key.pub, &w.key);
	ck_assert_int_eq(ask(&w, 37, 37, 50, 0), 404);
	merkle_free(tree);
}
END_TEST

START_TEST(tiles_have_the_paths_of_the_specification)
{
	char path[TILE_PATH];

	tile_path(0, 0, 256, path);
	ck_assert_str_eq(path, "tile/0/000");
	tile_path(3, 1234067, 256, path);
	ck_assert_str_eq(path, "tile/3/x001/x234/067");
	tile_path(0, 273, 112, path);
	ck_assert_str_eq(path, "tile/0/273.p/112");
	tile_path(TILE_ENTRIES, 5, 1, path);
	ck_assert_str_eq(path, "tile/entries/005.p/1");
}
END_TEST

static int
tally(void *arg, int level, uint64_t n, unsigned width)
{
	unsigned *t = arg;

	(void)n;
	t[(level + 1) * 2 + (width < TILE_WIDTH)] +=
	    width < TILE_WIDTH ? width : 1;
	return 0;
}

START_TEST(a_tree_of_seventy_thousand_has_the_tiles_of_the_specification)
{
	unsigned t[20] = { 0 };

	ck_assert_int_eq(tiles_walk(70000, tally, t), 0);
	ck_assert_uint_eq(t[2], 273);
	ck_assert_uint_eq(t[3], 112);
	ck_assert_uint_eq(t[4], 1);
	ck_assert_uint_eq(t[5], 17);
	ck_assert_uint_eq(t[6], 0);
	ck_assert_uint_eq(t[7], 1);
	ck_assert_uint_eq(t[8] + t[9], 0);
}
END_TEST

static ssize_t
leaf_of(void *arg, uint64_t n, uint8_t *buf, size_t cap)
{
	(void)arg;
	(void)cap;
	buf[0] = (uint8_t)n;
	buf[1] = (uint8_t)(n >> 8);
	return 2;
}

/* A disk that is full for a while: the second time it is all there. */
START_TEST(no_tile_is_kept_that_is_not_whole)
{
	char folder[] = "/tmp/bastide-tiles-XXXXXX", cmd[96];
	struct rlimit small = { 3000, RLIM_INFINITY },
	    large = { RLIM_INFINITY, RLIM_INFINITY };
	struct merkle *m = merkle_new();
	uint8_t buf[2], h[32];
	struct stat st;
	uint64_t n;
	int dir;

	for (n = 0; n < 300; n++) {
		leaf_of(NULL, n, buf, 2);
		merkle_leaf(buf, 2, h);
		merkle_add(m, h);
	}
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(tiles_export(dir, m, leaf_of, NULL, &b), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &large), 0);
	ck_assert_int_eq(tiles_export(dir, m, leaf_of, NULL, &b), 0);
	ck_assert_int_eq(fstatat(dir, "tile/0/000", &st, 0), 0);
	ck_assert_int_eq(st.st_size, TILE_WIDTH * HASH_LEN);
	close(dir);
	/* Nor a piece of one under another name. */
	snprintf(cmd, sizeof(cmd), "test -z \"$(find %s -name '.*' -type f)\"",
	    folder);
	ck_assert_int_eq(system(cmd), 0);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	ck_assert_int_eq(system(cmd), 0);
	merkle_free(m);
}
END_TEST

START_TEST(exported_tiles_hash_to_the_root)
{
	char folder[] = "/tmp/bastide-tiles-XXXXXX", cmd[64];
	uint8_t buf[TILE_WIDTH * HASH_LEN], h[32], root[32];
	struct merkle *m = merkle_new(), *again = merkle_new();
	int dir, fd, i;
	uint64_t n;

	for (n = 0; n < 600; n++) {
		leaf_of(NULL, n, buf, 2);
		merkle_leaf(buf, 2, h);
		merkle_add(m, h);
	}
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_eq(tiles_export(dir, m, leaf_of, NULL, &b), 0);
	fd = openat(dir, "tile/1/000.p/2", O_RDONLY);
	ck_assert_int_eq(read(fd, buf, sizeof(buf)), 2 * HASH_LEN);
	close(fd);
	fd = openat(dir, "tile/entries/002.p/88", O_RDONLY);
	ck_assert_int_eq(read(fd, buf + 64, sizeof(buf) - 64), 88 * 4);
	close(fd);
	ck_assert_mem_eq(buf + 64, "\0\2\0\2\0\2\1\2", 8);
	/* Level 1 tiles are complete subtrees; the rest comes from level 0. */
	merkle_node(buf, buf + HASH_LEN, root);
	ck_assert_int_eq(merkle_at(m, 9, 0, h), 0);
	ck_assert_mem_eq(root, h, HASH_LEN);
	fd = openat(dir, "tile/0/002.p/88", O_RDONLY);
	ck_assert_int_eq(read(fd, buf, sizeof(buf)), 88 * HASH_LEN);
	close(fd);
	for (i = 0; i < 88; i++)
		merkle_add(again, buf + i * HASH_LEN);
	merkle_root(again, 88, h);
	merkle_node(root, h, root);
	merkle_root(m, 600, h);
	ck_assert_mem_eq(root, h, HASH_LEN);
	close(dir);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	ck_assert_int_eq(system(cmd), 0);
	merkle_free(m);
	merkle_free(again);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, keys_that_go_writes_are_read_and_no_mangled_one);
	tcase_add_test(t, notes_that_go_signed_open_here);
	tcase_add_test(t, malformed_notes_are_refused);
	tcase_add_test(t, the_specifications_checkpoint_is_read_and_written_back);
	tcase_add_test(t, a_cosignature_is_made_as_the_specification_says);
	tcase_add_test(t, a_witness_cosigns_what_continues_and_nothing_else);
	tcase_add_test(t, tiles_have_the_paths_of_the_specification);
	tcase_add_test(t, a_tree_of_seventy_thousand_has_the_tiles_of_the_specification);
	tcase_add_test(t, exported_tiles_hash_to_the_root);
	tcase_add_test(t, no_tile_is_kept_that_is_not_whole);
}
