/* room: dird -- killed at any moment, on a full disk, lied to: what was acknowledged is there. */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "crew.h"
#include "dird_author.h"
#include "journal.h"
#include "segment.h"
#include "suite.h"

enum { ENTRIES = 1500, KILLS = 200 };

static char folder[64];
static int dir;
static struct a_author founder, other;
static struct span raw[ENTRIES];
static uint8_t chain[ENTRIES + 1][CHAIN_LEN];	/* before each entry */
static struct note_key key;
/* What a child was told is on the disk; its parent reads it when it is dead. */
static volatile uint64_t *acked;

static void
open_folder(void)
{
	snprintf(folder, sizeof(folder), "/tmp/bastide-crash-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(dir, -1);
	*acked = 0;
}

static void
close_folder(void)
{
	char cmd[128];

	close(dir);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	ck_assert_int_eq(system(cmd), 0);
}

static void
setup(void)
{
	static struct a_raw r;
	int i;

	ck_assert_int_eq(entry_init(), 0);
	a_author(&founder, 1);
	a_author(&other, 2);
	for (i = 0; i < ENTRIES; i++) {
		a_say(&founder, i == 0 ? OBJ_GENESIS : OBJ_ATTEST, i == 0 ?
		    a_genesis(&founder, 1) : a_attest(&other), &r);
		raw[i] = (struct span){ memcpy(malloc(r.len), r.p, r.len), r.len };
		memcpy(chain[i + 1], chain[i], CHAIN_LEN);
		chain_add(chain[i + 1], r.p, r.len);
	}
	note_key_make("node.test/log", NOTE_ED25519, founder.pub, &key);
	acked = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne((void *)acked, MAP_FAILED);
	open_folder();
}

static struct journal *
journal(const struct store_io *io, struct because *b)
{
	b->why = WHY_OK;
	return journal_open(dir, io, founder.did, &key, CHECK_HASHES, b);
}

static int
append(struct journal *j, uint64_t from, uint64_t n)
{
	struct entry e[64];
	enum why why[64];
	struct because b;
	uint64_t i;

	for (i = 0; i < n; i++)
		if (entry_read(raw[from + i].p, raw[from + i].n, &e[i], &b) == -1)
			return -1;
	return journal_append(j, e, n, why) == (ssize_t)n ? 0 : -1;
}

static int
sign_head(struct journal *j)
{
	uint8_t root[HASH_LEN], sig[64];
	char note[1024];
	ssize_t n;

	merkle_root(j->tree, j->n, root);
	n = checkpoint_write(key.name, j->n, root, note, sizeof(note));
	crypto_sign_detached(sig, NULL, (uint8_t *)note, (size_t)n, founder.sec);
	note[n++] = '\n';
	n += note_line(&key, sig, 64, note + n, sizeof(note) - (size_t)n);
	return journal_head(j, note, (size_t)n);
}

/* Appends one to nine at a time, and a checkpoint now and then, until it is killed. */
static void
load(const struct store_io *io)
{
	struct because b;
	struct journal *j;
	uint64_t n, turn;

	crew_start(1);
	j = journal(io, &b);
	if (j == NULL)
		_exit(1);
	for (turn = 0; j->n + 9 < ENTRIES; turn++) {
		n = 1 + turn * 7 % 9;
		if (append(j, j->n, n) == -1)
			_exit(2);
		*acked = j->n;
		if (turn % 8 == 7 && sign_head(j) == -1)
			_exit(3);
	}
	for (;;)
		pause();
}

/* 0 if the folder holds what was acknowledged, whole and in order, or says what is wrong. */
static const char *
look(uint64_t *n)
{
	static char text[160];
	struct because b;
	struct journal *j = journal(NULL, &b);
	const char *ret = NULL;
	uint8_t buf[4096];
	ssize_t len;

	if (j == NULL) {
		snprintf(text, sizeof(text), "%s: %s", why_text(b.why), b.place);
		return text;
	}
	*n = j->n;
	if (j->n < *acked)
		ret = "an acknowledged entry is gone";
	else if (memcmp(j->chain, chain[j->n], CHAIN_LEN) != 0)
		ret = "other entries are there";
	else if (j->n > 0) {
		len = journal_read(j, j->n - 1, buf, sizeof(buf));
		if (len != (ssize_t)raw[j->n - 1].n ||
		    memcmp(buf, raw[j->n - 1].p, (size_t)len) != 0)
			ret = "the last entry is not whole";
	}
	journal_close(j);
	return ret;
}

/* Kills a child at a random moment after it appended that many: 0, while it opens. */
static void
kill_one(const struct store_io *io, uint64_t entries)
{
	uint64_t before = *acked;
	pid_t pid = fork();
	int i, status;

	if (pid == 0)
		load(io);
	for (i = 0; *acked < before + entries && i < 20000; i++)
		usleep(100);
	usleep((useconds_t)(random() % 8000));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ck_assert_msg(WIFSIGNALED(status), "the child said %d",
	    WEXITSTATUS(status));
}

/* The newest segment and its length. */
static off_t
last_segment(char name[16])
{
	struct stat st = { .st_size = -1 };
	unsigned i = 0;
	off_t len = -1;

	do {
		len = st.st_size;
		snprintf(name, 16, "%010u.seg", i++);
	} while (fstatat(dir, name, &st, 0) == 0);
	snprintf(name, 16, "%010u.seg", i >= 2 ? i - 2 : 0);
	return len;
}

/* What a write leaves that the power went in the middle of. */
static void
tear(void)
{
	static const uint8_t record[24] = { 0xf7, 'B', 'r', 0xfe, 1, 0, 0, 0, 200 };
	char name[16];
	off_t len = last_segment(name);
	int fd = openat(dir, name, O_WRONLY | O_APPEND);

	/* A segment without its head has nothing behind it. */
	if (fd != -1 && len >= SEGMENT_HEAD)
		ck_assert_int_ne(write(fd, record, (size_t)(random() % 24) + 1), -1);
	close(fd);
}

START_TEST(killed_at_two_hundred_points_it_keeps_what_was_acknowledged)
{
	const char *wrong;
	uint64_t n, all = 0, torn = 0;
	int i;

	srandom(3);
	for (i = 0; i < KILLS; i++) {
		kill_one(NULL, i % 4 != 3);
		if (i % 2 == 1) {
			tear();
			torn++;
		}
		wrong = look(&n);
		ck_assert_msg(wrong == NULL, "kill %d, %llu acknowledged: %s", i,
		    (unsigned long long)*acked, wrong);
		all += n - (*acked < n ? 0 : n - *acked);
		*acked = n;
		if (n + 400 < ENTRIES)
			continue;
		close_folder();
		open_folder();
	}
	ck_assert_uint_gt(all, KILLS);
	ck_assert_uint_eq(torn, KILLS / 2);
}
END_TEST

/* -- the check itself: would it notice? ---------------------------------- */

static int lie_after;

/* Says that it wrote, and did not. */
static ssize_t
liar_write(int fd, const void *p, size_t len)
{
	return --lie_after > 0 ? write(fd, p, len) : (ssize_t)len;
}

static const struct store_io liar = { liar_write, fdatasync };

START_TEST(a_store_that_acknowledges_what_it_did_not_write_is_noticed)
{
	uint64_t n;

	lie_after = 4;
	kill_one(&liar, 40);
	ck_assert_uint_gt(*acked, 20);
	ck_assert_ptr_nonnull(look(&n));
}
END_TEST

START_TEST(one_byte_less_is_noticed)
{
	char name[16], path[128];
	struct because b;
	struct journal *j = journal(NULL, &b);
	uint64_t n;
	off_t len;

	ck_assert_int_eq(append(j, 0, 30), 0);
	ck_assert_int_eq(append(j, 30, 1), 0);
	journal_close(j);
	*acked = 31;
	ck_assert_ptr_null(look(&n));
	len = last_segment(name);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	ck_assert_int_eq(truncate(path, len - 1), 0);
	ck_assert_str_eq(look(&n), "an acknowledged entry is gone");
	ck_assert_uint_eq(n, 30);
}
END_TEST

/* Was there a write that no sync came after? */
static int unsynced, syncs, forget;

static ssize_t
watched_write(int fd, const void *p, size_t len)
{
	unsynced = 1;
	return write(fd, p, len);
}

static int
watched_sync(int fd)
{
	if (forget)
		return 0;
	unsynced = 0;
	syncs++;
	return fdatasync(fd);
}

static const struct store_io watched = { watched_write, watched_sync };

START_TEST(nothing_is_acknowledged_before_it_is_synced_and_a_batch_shares_one)
{
	struct because b;
	struct journal *j = journal(&watched, &b);
	int i, before;

	for (i = 0; i < 10; i++) {
		before = syncs;
		ck_assert_int_eq(append(j, j->n, 1 + (uint64_t)i * 5), 0);
		ck_assert_int_eq(unsynced, 0);
		ck_assert_int_eq(syncs, before + 1);
	}
	ck_assert_int_eq(sign_head(j), 0);
	ck_assert_int_eq(unsynced, 0);
	/* And the watch sees one that is not. */
	forget = 1;
	ck_assert_int_eq(append(j, j->n, 1), 0);
	ck_assert_int_eq(unsynced, 1);
	journal_close(j);
}
END_TEST

/* -- a disk that is full -------------------------------------------------- */

static int
small_disk(unsigned long flags, const char *size)
{
	return mount("bastide-crash", folder, "tmpfs", flags, size);
}

START_TEST(a_full_disk_ends_writing_and_loses_nothing)
{
	struct because b;
	struct journal *j;
	const char *wrong;
	uint64_t n;

	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return;		/* not root: the io table of test_dird_store does it */
	close(dir);
	ck_assert_int_eq(small_disk(0, "size=100k"), 0);
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	j = journal(NULL, &b);
	ck_assert_ptr_nonnull(j);
	while (j->n + 7 < ENTRIES && append(j, j->n, 7) == 0)
		*acked = j->n;
	ck_assert(store_is_readonly(j->store));
	ck_assert_int_eq(store_error(j->store), ENOSPC);
	ck_assert_uint_gt(*acked, 100);
	ck_assert_uint_eq(j->n, *acked);
	ck_assert_mem_eq(j->chain, chain[j->n], CHAIN_LEN);
	ck_assert_int_eq(append(j, j->n, 1), -1);
	journal_close(j);
	wrong = look(&n);
	ck_assert_msg(wrong == NULL, "%s", wrong);
	/* Space again: the torn tail is stepped over. */
	ck_assert_int_eq(small_disk(MS_REMOUNT, "size=4m"), 0);
	j = journal(NULL, &b);
	ck_assert_ptr_nonnull(j);
	ck_assert_int_eq(append(j, j->n, 7), 0);
	*acked = j->n;
	journal_close(j);
	wrong = look(&n);
	ck_assert_msg(wrong == NULL, "%s", wrong);
	close(dir);
	ck_assert_int_eq(umount(folder), 0);
	dir = open(folder, O_RDONLY | O_DIRECTORY);
}
END_TEST

/* -- damage ---------------------------------------------------------------- */

/* Where each entry ends, one commit each. */
static void
four_entries(off_t end[4])
{
	struct because b;
	struct journal *j = journal(NULL, &b);
	char name[16];
	int i;

	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(append(j, (uint64_t)i, 1), 0);
		end[i] = last_segment(name);
	}
	journal_close(j);
}

/* The journal is broken in entry n: it says so, and the n before it are served. */
static void
is_broken_at(uint64_t n, off_t at)
{
	struct journal_found f;
	struct because b;
	struct journal *j;
	char place[32];
	uint8_t buf[4096];
	uint64_t i;

	snprintf(place, sizeof(place), "entry %llu", (unsigned long long)n);
	ck_assert_ptr_null(journal(NULL, &b));
	ck_assert_msg(strncmp(b.place, "entry ", 6) == 0, "%s", b.place);
	ck_assert_int_eq(journal_check(dir, &key, &f, &b), -1);
	ck_assert_msg(strncmp(b.place, place, strlen(place)) == 0,
	    "byte %lld: %s", (long long)at, b.place);
	j = journal_salvage(dir, NULL, &key);
	ck_assert_ptr_nonnull(j);
	ck_assert_uint_eq(j->n, n);
	ck_assert_mem_eq(j->chain, chain[n], CHAIN_LEN);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(journal_read(j, i, buf, sizeof(buf)),
		    (ssize_t)raw[i].n);
	ck_assert(store_is_readonly(j->store));
	ck_assert_int_eq(append(j, n, 1), -1);
	journal_close(j);
}

START_TEST(every_flipped_byte_is_named_and_what_was_good_before_is_served)
{
	struct journal_found f;
	struct because b;
	off_t at, end[4];
	uint64_t n;
	uint8_t c;
	int fd;

	four_entries(end);
	fd = openat(dir, "0000000000.seg", O_RDWR);
	for (at = 0; at < end[2]; at++) {
		ck_assert_int_eq(pread(fd, &c, 1, at), 1);
		c ^= 1 << at % 8;
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
		for (n = 0; at >= end[n]; n++)
			;
		is_broken_at(n, at);
		c ^= 1 << at % 8;
		ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
	}
	close(fd);
	ck_assert_int_eq(journal_check(dir, &key, &f, &b), 0);
	ck_assert_uint_eq(f.entries, 4);
	ck_assert_mem_eq(f.chain, chain[4], CHAIN_LEN);
}
END_TEST

/* Who changes an entry and makes its checksum again has no signature for it. */
START_TEST(an_entry_changed_with_its_checksum_is_named_too)
{
	static uint8_t seg[1 << 16];
	uint8_t salt[SEGMENT_SALT], bent[4096];
	struct record r;
	off_t end[4];
	uint64_t commit;
	ssize_t len;
	size_t n;
	int fd;

	four_entries(end);
	fd = openat(dir, "0000000000.seg", O_RDWR);
	len = pread(fd, seg, sizeof(seg), 0);
	memcpy(salt, seg + 32, sizeof(salt));
	n = record_read(seg + end[1], (size_t)(len - end[1]), salt, &r, &commit);
	ck_assert_uint_ne(n, 0);
	memcpy(bent, r.data, r.len);
	bent[r.len - 1] ^= 1;
	record_write(seg, salt, REC_ENTRY, 0, r.number, bent, r.len);
	ck_assert_int_eq(pwrite(fd, seg, n, end[1]), (ssize_t)n);
	close(fd);
	is_broken_at(2, end[1]);
}
END_TEST

static json_t *
a_blob(int version)
{
	static char text[48001];
	uint8_t h[32];
	char hex[HEX_OF(32)];

	memset(text, 'x', sizeof(text) - 1);
	crypto_generichash(h, 32, (uint8_t *)text, sizeof(text) - 1, NULL, 0);
	hex_encode(h, 32, hex);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "scope", "s", "hash",
	    hex, "text", text, "valid_from", "2025-01-01T00:00:00Z",
	    "valid_until", "2030-01-01T00:00:00Z", "version", version);
}

static int
exists(const char *name)
{
	return faccessat(dir, name, F_OK, 0) == 0;
}

/* A journal of three segments; how many entries the first one has. */
static uint64_t
three_segments(void)
{
	static struct a_raw r;
	struct because b;
	struct journal *j = journal(NULL, &b);
	struct entry e;
	enum why why;
	uint64_t first = 0;
	int i;

	for (i = 0; i < ENTRIES; i += 50)
		ck_assert_int_eq(append(j, (uint64_t)i, 50), 0);
	for (i = 1; !exists("0000000002.seg"); i++) {
		a_say(&founder, OBJ_CONFIG_BLOB, a_blob(i), &r);
		ck_assert_int_eq(entry_read(r.p, r.len, &e, &b), 0);
		ck_assert_int_eq(journal_append(j, &e, 1, &why), 1);
		if (!exists("0000000001.seg"))
			first = j->n;
	}
	journal_close(j);
	return first;
}

/* Nothing behind the first n entries is there any more: said, and they are served. */
static void
is_lost_behind(uint64_t n, const char *what)
{
	static uint8_t buf[ENTRY_MAX];
	struct journal_found f;
	struct because b;
	struct journal *j;

	ck_assert_ptr_null(journal(NULL, &b));
	ck_assert_int_eq(journal_check(dir, &key, &f, &b), -1);
	ck_assert_msg(strstr(b.place, what) != NULL, "%s", b.place);
	ck_assert_uint_eq(f.entries, n);
	j = journal_salvage(dir, NULL, &key);
	ck_assert_ptr_nonnull(j);
	ck_assert_uint_eq(j->n, n);
	ck_assert_int_gt(journal_read(j, 0, buf, sizeof(buf)), 0);
	ck_assert_int_gt(journal_read(j, n - 1, buf, sizeof(buf)), 0);
	ck_assert(store_is_readonly(j->store));
	journal_close(j);
}

START_TEST(what_stands_before_a_missing_or_swapped_segment_is_served)
{
	uint64_t n = three_segments();

	ck_assert_uint_gt(n, ENTRIES);
	ck_assert_int_eq(renameat(dir, "0000000001.seg", dir, "aside"), 0);
	is_lost_behind(n, "segment 1 is missing");
	ck_assert_int_eq(renameat(dir, "0000000002.seg", dir,
	    "0000000001.seg"), 0);
	is_lost_behind(n, "segment 1 says it is 2");
}
END_TEST

START_TEST(looking_writes_nothing)
{
	struct journal_found f;
	struct because b;
	char name[16], path[128];
	off_t end[4], len;

	four_entries(end);
	snprintf(path, sizeof(path), "%s/0000000000.seg", folder);
	ck_assert_int_eq(truncate(path, end[3] - 5), 0);
	len = last_segment(name);
	ck_assert_int_eq(journal_check(dir, &key, &f, &b), 0);
	ck_assert_uint_eq(f.entries, 3);
	journal_close(journal_salvage(dir, NULL, &key));
	ck_assert_int_eq(last_segment(name), len);
	ck_assert_str_eq(name, "0000000000.seg");
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, close_folder);
	tcase_add_test(t, killed_at_two_hundred_points_it_keeps_what_was_acknowledged);
	tcase_add_test(t, a_store_that_acknowledges_what_it_did_not_write_is_noticed);
	tcase_add_test(t, one_byte_less_is_noticed);
	tcase_add_test(t, nothing_is_acknowledged_before_it_is_synced_and_a_batch_shares_one);
	tcase_add_test(t, a_full_disk_ends_writing_and_loses_nothing);
	tcase_add_test(t, every_flipped_byte_is_named_and_what_was_good_before_is_served);
	tcase_add_test(t, an_entry_changed_with_its_checksum_is_named_too);
	tcase_add_test(t, what_stands_before_a_missing_or_swapped_segment_is_served);
	tcase_add_test(t, looking_writes_nothing);
}
