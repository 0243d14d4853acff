/* room: dird -- crashes, full disks, liars: what was acknowledged is there. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "dird_author.h"
#include "journal.h"
#include "segment.h"
#include "store.h"
#include "suite.h"
#include "view_int.h"

static char folder[64];
static int dir;

static void
setup(void)
{
	ck_assert_int_eq(entry_init(), 0);
	snprintf(folder, sizeof(folder), "/tmp/bastide-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(dir, -1);
}

static void
teardown(void)
{
	char cmd[128];

	close(dir);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	ck_assert_int_eq(system(cmd), 0);
}

/* What a scan brought, counted; each payload repeats its number. */
struct tally {
	uint64_t	n, skips, wrong;
};

static size_t
payload(uint64_t n, uint8_t *p)
{
	size_t len = 40 + n * 37 % 500;

	memset(p, (int)(n & 0xff), len);
	memcpy(p, &n, sizeof(n));
	return len;
}

static int
count(void *arg, const struct record *r, size_t n)
{
	struct tally *t = arg;
	uint8_t want[1024];
	size_t i;

	for (i = 0; i < n; i++) {
		if (r[i].kind == REC_SKIP) {
			t->skips++;
			continue;
		}
		t->wrong += r[i].len != payload(t->n, want) ||
		    memcmp(r[i].data, want, r[i].len) != 0;
		t->n++;
	}
	return 0;
}

static struct store *
open_store(const struct store_io *io, struct tally *t, struct because *b)
{
	memset(t, 0, sizeof(*t));
	b->why = WHY_OK;
	return store_open(dir, io, count, t, b);
}

/* Appends [from, to), committing every `batch`; how many were acknowledged. */
static uint64_t
fill(struct store *s, uint64_t from, uint64_t to, unsigned batch)
{
	uint64_t i, where, acked = from;
	uint8_t p[1024];

	for (i = from; i < to; i++) {
		if (store_append(s, REC_ENTRY, p, payload(i, p), &where) == -1)
			return acked;
		if ((i + 1) % batch != 0 && i + 1 != to)
			continue;
		if (store_commit(s) == -1)
			return acked;
		acked = i + 1;
	}
	return acked;
}

START_TEST(what_was_appended_is_there_after_opening_again)
{
	uint8_t want[1024], have[1024];
	uint64_t where[100];
	struct because b;
	struct tally t;
	struct store *s;
	size_t len;
	int i;

	s = open_store(NULL, &t, &b);
	for (i = 0; i < 100; i++) {
		len = payload((uint64_t)i, want);
		ck_assert_int_eq(store_append(s, REC_ENTRY, want, len, &where[i]), 0);
		if (i % 7 == 0)
			ck_assert_int_eq(store_commit(s), 0);
	}
	ck_assert_int_eq(store_commit(s), 0);
	for (i = 0; i < 100; i++) {
		len = payload((uint64_t)i, want);
		ck_assert_int_eq(store_read(s, where[i], have, sizeof(have)),
		    (ssize_t)len);
		ck_assert_mem_eq(want, have, len);
	}
	ck_assert_int_eq(store_read(s, where[5] + 1, have, sizeof(have)), -1);
	store_close(s);
	s = open_store(NULL, &t, &b);
	ck_assert_uint_eq(t.n, 100);
	ck_assert_uint_eq(t.wrong + t.skips, 0);
	store_close(s);
}
END_TEST

static off_t
size_of(const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, 0) == -1 ? -1 : st.st_size;
}

static void
cut_to(const char *name, off_t len)
{
	int fd = openat(dir, name, O_WRONLY);

	ck_assert_int_eq(ftruncate(fd, len), 0);
	close(fd);
}

START_TEST(a_tail_cut_at_every_byte_is_stepped_over_and_goes_on)
{
	struct because b;
	struct tally t;
	struct store *s;
	off_t full, from, at;

	for (at = 0;; at++) {
		teardown();
		setup();
		s = open_store(NULL, &t, &b);
		fill(s, 0, 3, 1);
		from = size_of("0000000000.seg");
		fill(s, 3, 4, 1);
		full = size_of("0000000000.seg");
		store_close(s);
		if (from + at >= full)
			break;
		cut_to("0000000000.seg", from + at);
		s = open_store(NULL, &t, &b);
		ck_assert_ptr_nonnull(s);
		ck_assert_uint_eq(t.n, 3);
		ck_assert_uint_eq(fill(s, 3, 6, 1), 6);
		store_close(s);
		/* And once more torn behind the step. */
		cut_to("0000000000.seg", size_of("0000000000.seg") - 1);
		s = open_store(NULL, &t, &b);
		ck_assert_uint_eq(t.n, 5);
		ck_assert_uint_eq(t.skips, at > 0);
		store_close(s);
		s = open_store(NULL, &t, &b);
		ck_assert_uint_eq(t.n, 5);
		ck_assert_uint_eq(t.skips, (at > 0) + 1);
		ck_assert_uint_eq(t.wrong, 0);
		store_close(s);
	}
}
END_TEST

START_TEST(every_flipped_byte_before_the_last_commit_is_damage)
{
	struct because b;
	struct tally t;
	struct store *s;
	off_t at, end;
	uint8_t c;
	int fd;

	s = open_store(NULL, &t, &b);
	fill(s, 0, 6, 2);
	end = size_of("0000000000.seg");
	fill(s, 6, 8, 2);
	store_close(s);
	fd = openat(dir, "0000000000.seg", O_RDWR);
	for (at = 0; at < end; at++) {
		ck_assert_int_eq(pread(fd, &c, 1, at), 1);
		c ^= 0x20;
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
		s = open_store(NULL, &t, &b);
		ck_assert_msg(s == NULL, "byte %lld", (long long)at);
		ck_assert(b.why == WHY_DAMAGED || b.why == WHY_SEGMENT);
		ck_assert_uint_eq(t.wrong, 0);
		c ^= 0x20;
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
	}
	close(fd);
	s = open_store(NULL, &t, &b);
	ck_assert_uint_eq(t.n, 8);
	store_close(s);
}
END_TEST

START_TEST(a_missing_or_swapped_segment_is_named)
{
	struct because b;
	struct tally t;
	struct store *s;
	uint64_t n;

	s = open_store(NULL, &t, &b);
	for (n = 0; size_of("0000000002.seg") == -1; n += 1000)
		ck_assert_uint_eq(fill(s, n, n + 1000, 500), n + 1000);
	store_close(s);
	s = open_store(NULL, &t, &b);
	ck_assert_uint_eq(t.n, n);
	store_close(s);
	ck_assert_int_eq(renameat(dir, "0000000001.seg", dir, "x"), 0);
	ck_assert_ptr_null(open_store(NULL, &t, &b));
	ck_assert_int_eq(b.why, WHY_SEGMENT);
	ck_assert_str_eq(b.place, "segment 1 is missing");
	/* Nor does it help to take two: */
	ck_assert_int_eq(renameat(dir, "0000000002.seg", dir, "0000000003.seg"), 0);
	ck_assert_ptr_null(open_store(NULL, &t, &b));
	ck_assert_str_eq(b.place, "segment 1 is missing");
	/* or to put one in another's place. What came before goes out. */
	ck_assert_int_eq(renameat(dir, "0000000003.seg", dir, "0000000001.seg"), 0);
	ck_assert_ptr_null(open_store(NULL, &t, &b));
	ck_assert_int_eq(b.why, WHY_SEGMENT);
	ck_assert_str_eq(b.place, "segment 1 says it is 2");
	ck_assert_uint_gt(t.n, 1000);
	ck_assert_uint_eq(t.wrong, 0);
}
END_TEST

/*
 * A head can be torn too, even to its full length: nothing was committed
 * behind it.
 */
START_TEST(a_segment_that_was_being_begun_hinders_nobody)
{
	static const uint8_t nothing[SEGMENT_HEAD];
	struct because b;
	struct tally t;
	struct store *s;
	size_t n;
	int fd;

	for (n = 0; n <= SEGMENT_HEAD; n += 7) {
		teardown();
		setup();
		s = open_store(NULL, &t, &b);
		fill(s, 0, 5, 1);
		store_close(s);
		fd = openat(dir, "0000000001.seg", O_WRONLY | O_CREAT, 0600);
		ck_assert_int_eq(write(fd, nothing, n), (ssize_t)n);
		close(fd);
		s = open_store(NULL, &t, &b);
		ck_assert_msg(s != NULL, "%zu: %s", n, b.place);
		ck_assert_uint_eq(fill(s, 5, 9, 1), 9);
		store_close(s);
		s = open_store(NULL, &t, &b);
		ck_assert_uint_eq(t.n, 9);
		store_close(s);
	}
}
END_TEST

/* The disk says no at call number `fuse`, in one of four ways. */
static enum { SHORT, FULL, WRITE_EIO, SYNC_EIO } way;
static int fuse;

static ssize_t
bad_write(int fd, const void *p, size_t len)
{
	if (--fuse != 0 || way == SYNC_EIO)
		return write(fd, p, len);
	if (way == SHORT)
		return write(fd, p, len / 2);
	errno = way == FULL ? ENOSPC : EIO;
	return -1;
}

static int
bad_sync(int fd)
{
	if (way == SYNC_EIO && fuse <= 0) {
		errno = EIO;
		return -1;
	}
	return fdatasync(fd);
}

static const struct store_io bad = { bad_write, bad_sync };

START_TEST(a_disk_that_says_no_makes_it_read_only_and_loses_nothing)
{
	struct because b;
	struct tally t;
	struct store *s;
	uint64_t acked, where;
	uint8_t have[1024];
	int w, f;

	for (w = SHORT; w <= SYNC_EIO; w++) {
		for (f = 1; f <= 8; f++) {
			teardown();
			setup();
			way = w;
			fuse = f;
			s = open_store(&bad, &t, &b);
			ck_assert_ptr_nonnull(s);
			acked = fill(s, 0, 40, 3);
			ck_assert(store_is_readonly(s));
			ck_assert_int_eq(store_error(s),
			    w == SHORT || w == FULL ? ENOSPC : EIO);
			ck_assert_int_eq(store_append(s, REC_ENTRY, have, 1, &where), -1);
			ck_assert_int_eq(store_commit(s), -1);
			if (acked > 0)
				ck_assert_int_gt(store_read(s, SEGMENT_HEAD, have,
				    sizeof(have)), 0);
			store_close(s);
			s = open_store(NULL, &t, &b);
			ck_assert_ptr_nonnull(s);
			ck_assert_uint_ge(t.n, acked);
			ck_assert_uint_eq(t.wrong, 0);
			ck_assert_uint_eq(fill(s, t.n, t.n + 5, 1), t.n + 5);
			acked = t.n + 5;
			store_close(s);
			s = open_store(NULL, &t, &b);
			ck_assert_uint_eq(t.n, acked);
			store_close(s);
		}
	}
}
END_TEST

START_TEST(the_file_systems_append_only_flag_does_not_hinder)
{
	struct because b;
	struct tally t;
	struct store *s;
	int flags = 0, fd;

	s = open_store(NULL, &t, &b);
	fill(s, 0, 3, 1);
	store_close(s);
	fd = openat(dir, "0000000000.seg", O_RDONLY);
	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == -1 ||
	    (flags |= FS_APPEND_FL, ioctl(fd, FS_IOC_SETFLAGS, &flags) == -1)) {
		/* Not root, or no such flag here: nothing to see. */
		close(fd);
		return;
	}
	ioctl(dir, FS_IOC_GETFLAGS, &flags);
	flags |= FS_APPEND_FL;
	ck_assert_int_eq(ioctl(dir, FS_IOC_SETFLAGS, &flags), 0);
	ck_assert_int_eq(unlinkat(dir, "0000000000.seg", 0), -1);
	s = open_store(NULL, &t, &b);
	ck_assert_uint_eq(fill(s, 3, 6000, 100), 6000);
	ck_assert(!store_is_readonly(s));
	store_close(s);
	s = open_store(NULL, &t, &b);
	ck_assert_uint_eq(t.n, 6000);
	store_close(s);
	flags &= ~FS_APPEND_FL;
	ioctl(dir, FS_IOC_SETFLAGS, &flags);
	ioctl(fd, FS_IOC_GETFLAGS, &flags);
	flags &= ~FS_APPEND_FL;
	ck_assert_int_eq(ioctl(fd, FS_IOC_SETFLAGS, &flags), 0);
	close(fd);
}
END_TEST

/* A payload that looks like a record is none: nobody outside knows the salt. */
START_TEST(a_record_inside_a_payload_is_not_found_after_a_tear)
{
	uint8_t salt[SEGMENT_SALT] = { 0 }, p[256], inner[64] = "forged";
	struct because b;
	struct tally t;
	struct store *s;
	uint64_t where;
	size_t len;

	len = record_write(p, salt, REC_ENTRY, 0, 1, inner, sizeof(inner));
	memmove(p + 32, p, len);
	s = open_store(NULL, &t, &b);
	fill(s, 0, 1, 1);
	ck_assert_int_eq(store_append(s, REC_ENTRY, p, len + 32, &where), 0);
	ck_assert_int_eq(store_commit(s), 0);
	store_close(s);
	cut_to("0000000000.seg", size_of("0000000000.seg") - 1);
	s = open_store(NULL, &t, &b);
	ck_assert_uint_eq(t.n, 1);
	ck_assert_uint_eq(t.wrong, 0);
	store_close(s);
}
END_TEST

/* -- the journal: store, chain, tree and view in step ------------------- */
static struct a_author a;
static struct a_raw raw[64];
static struct entry e[64];

static void
speak(int from, int to)
{
	struct because b;
	struct a_author o;
	int i;

	a_author(&o, 99);
	for (i = from; i < to; i++) {
		if (i == 0)
			a_say(&a, OBJ_GENESIS, a_genesis(&a, 1), &raw[i]);
		else
			a_say(&a, OBJ_ATTEST, a_attest(&o), &raw[i]);
		ck_assert_int_eq(entry_check(raw[i].p, raw[i].len, 0, &e[i], &b), 0);
	}
}

START_TEST(a_genesis_that_is_refused_founds_nothing)
{
	struct journal *j;
	struct because b;
	enum why why;

	a_author(&a, 1);
	j = journal_open(dir, NULL, NULL, NULL, CHECK_ALL, &b);
	ck_assert_ptr_nonnull(j);
	/* As somebody who joined elsewhere might say, later in its chain. */
	a.seq = 3;
	a_say(&a, OBJ_GENESIS, a_genesis(&a, 1), &raw[0]);
	ck_assert_int_eq(entry_check(raw[0].p, raw[0].len, 0, &e[0], &b), -1);
	ck_assert_int_eq(b.why, WHY_AGAIN);
	ck_assert_int_eq(entry_read(raw[0].p, raw[0].len, &e[0], &b), 0);
	ck_assert_int_eq(journal_append(j, e, 1, &why), 0);
	ck_assert_int_ne(why, WHY_OK);
	ck_assert_str_eq(j->root, "");
	a_author(&a, 2);
	speak(0, 1);
	ck_assert_int_eq(journal_append(j, e, 1, &why), 1);
	ck_assert_str_eq(j->root, a.did);
	journal_close(j);
}
END_TEST

START_TEST(a_journal_opens_as_it_was_and_checks_its_own_checkpoint)
{
	uint8_t root[32], sig[64], was[32];
	char note[1024];
	struct note_key key;
	struct because b;
	struct journal *j;
	enum why why[64];
	ssize_t n;

	a_author(&a, 1);
	speak(0, 50);
	note_key_make("node.test/log", NOTE_ED25519, a.pub, &key);
	j = journal_open(dir, NULL, a.did, &key, CHECK_ALL, &b);
	ck_assert_ptr_nonnull(j);
	ck_assert_int_eq(journal_append(j, e, 40, why), 40);
	ck_assert_int_eq(journal_append(j, e, 40, why), 0);
	ck_assert_int_eq(why[0], WHY_KNOWN);
	merkle_root(j->tree, 40, root);
	n = checkpoint_write(key.name, 40, root, note, sizeof(note));
	crypto_sign_detached(sig, NULL, (uint8_t *)note, (size_t)n, a.sec);
	note[n++] = '\n';
	n += note_line(&key, sig, 64, note + n, sizeof(note) - (size_t)n);
	ck_assert_int_eq(journal_head(j, note, (size_t)n), 0);
	ck_assert_int_eq(journal_append(j, e + 40, 10, why), 10);
	memcpy(was, j->chain, 32);
	journal_close(j);
	j = journal_open(dir, NULL, a.did, &key, CHECK_HASHES, &b);
	ck_assert_msg(j != NULL, "%s: %s", why_text(b.why), b.place);
	ck_assert_uint_eq(j->n, 50);
	ck_assert_uint_eq(j->head.size, 40);
	ck_assert_mem_eq(was, j->chain, 32);
	ck_assert(view_can(j->view, a.did, RIGHT_PUBLISH));
	/* A checkpoint of another tree: the journal is not the one we signed. */
	root[0] ^= 1;
	n = checkpoint_write(key.name, 40, root, note, sizeof(note));
	crypto_sign_detached(sig, NULL, (uint8_t *)note, (size_t)n, a.sec);
	note[n++] = '\n';
	n += note_line(&key, sig, 64, note + n, sizeof(note) - (size_t)n);
	journal_head(j, note, (size_t)n);
	journal_close(j);
	ck_assert_ptr_null(journal_open(dir, NULL, a.did, &key, CHECK_HASHES, &b));
	ck_assert_int_eq(b.why, WHY_ROOT);
}
END_TEST

START_TEST(a_journal_whose_disk_fails_goes_back_to_what_was_committed)
{
	struct because b;
	struct journal *j;
	enum why why[64];
	uint8_t chain[32], buf[4096];
	int w;

	for (w = SHORT; w <= SYNC_EIO; w++) {
		teardown();
		setup();
		a_author(&a, 1);
		speak(0, 30);
		way = w;
		fuse = 4;
		j = journal_open(dir, &bad, a.did, NULL, CHECK_ALL, &b);
		ck_assert_int_eq(journal_append(j, e, 10, why), 10);
		ck_assert_int_eq(journal_append(j, e + 10, 10, why), 10);
		memcpy(chain, j->chain, 32);
		ck_assert_int_eq(journal_append(j, e + 20, 10, why), -1);
		ck_assert(!j->lost);
		ck_assert_uint_eq(j->n, 20);
		ck_assert_uint_eq(merkle_size(j->tree), 20);
		ck_assert_uint_eq(j->view->n, 20);
		ck_assert_mem_eq(chain, j->chain, 32);
		ck_assert_int_eq(journal_read(j, 19, buf, sizeof(buf)),
		    (ssize_t)raw[19].len);
		ck_assert_int_eq(journal_append(j, e + 20, 10, why), -1);
		journal_close(j);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_was_appended_is_there_after_opening_again);
	tcase_add_test(t, a_tail_cut_at_every_byte_is_stepped_over_and_goes_on);
	tcase_add_test(t, every_flipped_byte_before_the_last_commit_is_damage);
	tcase_add_test(t, a_missing_or_swapped_segment_is_named);
	tcase_add_test(t, a_segment_that_was_being_begun_hinders_nobody);
	tcase_add_test(t, a_disk_that_says_no_makes_it_read_only_and_loses_nothing);
	tcase_add_test(t, the_file_systems_append_only_flag_does_not_hinder);
	tcase_add_test(t, a_record_inside_a_payload_is_not_found_after_a_tear);
	tcase_add_test(t, a_genesis_that_is_refused_founds_nothing);
	tcase_add_test(t, a_journal_opens_as_it_was_and_checks_its_own_checkpoint);
	tcase_add_test(t, a_journal_whose_disk_fails_goes_back_to_what_was_committed);
}
