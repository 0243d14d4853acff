/* room: cryptod -- where the identity comes from, and every file that will not do. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ident.h"
#include "key.h"
#include "log.h"
#include "suite.h"

#define A_SEC	"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define A_NSEC	"nsec1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqpqcc2y"
#define A_NPUB	"npub1sjlh2c3x9w7kjsqg2ay080n2lff2uvt325vpan33ke34rn8l5jcqawh57m"
#define ORDER	"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"

static char	dir[] = "/tmp/test_key.XXXXXX";
static int	dirfd_ = -1, conf_fd = -1;

static void
setup(void)
{
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(dirfd_, -1);
	log_init("cryptod", NULL);
}

static void
teardown(void)
{
	unlinkat(dirfd_, KEY_FILE, 0);
	unlinkat(dirfd_, KEY_FILE, AT_REMOVEDIR);
	unlinkat(dirfd_, PUB_FILE, 0);
	unlinkat(dirfd_, "elsewhere", 0);
	close(dirfd_);
	ck_assert_int_eq(rmdir(dir), 0);	/* nothing else was left behind */
}

static void
put(const char *name, const char *text, mode_t mode)
{
	int fd = openat(dirfd_, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* What a file says; its mode in *mode. */
static const char *
get(const char *name, mode_t *mode)
{
	static char	text[256];
	struct stat	st;
	int		fd = openat(dirfd_, name, O_RDONLY | O_NOFOLLOW);
	ssize_t		n;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(fstat(fd, &st), 0);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	close(fd);
	*mode = st.st_mode & 07777;
	return text;
}

static void
load(void)
{
	key_load(KEY_PERSISTENT, dirfd_);
}

static void
read_conf(void)
{
	struct key_hole hole;

	key_read_conf(conf_fd, "fips.yaml", &hole);
}

/* f ends its process with status 1 and says word, and never says secret. */
static void
dies_saying(void (*f)(void), const char *word)
{
	char	text[2048];
	size_t	len = 0;
	ssize_t	n;
	int	fd[2], status;
	pid_t	pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		dup2(fd[1], STDERR_FILENO);
		f();
		_exit(0);
	}
	close(fd[1]);
	while ((n = read(fd[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(fd[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "status %x: %s", status, text);
	ck_assert_msg(strstr(text, word) != NULL, "'%s' is not in: %s", word, text);
	ck_assert_ptr_null(strstr(text, "qypqxpq9"));
	ck_assert_ptr_null(strstr(text, "01020304"));
}

static void
bad_file(const char *text, const char *word)
{
	put(KEY_FILE, text, 0600);
	dies_saying(load, word);
}

/* -- files --------------------------------------------------------------- */

START_TEST(a_first_start_writes_both_files_and_a_second_reads_them)
{
	const struct key *k = key_load(KEY_PERSISTENT, dirfd_);
	struct key	 first = *k;
	char		 nsec[NPUB_LEN + 1], npub[NPUB_LEN + 1];
	const char	*text;
	mode_t		 mode;

	nsec_encode(first.sec, nsec);
	npub_encode(first.pub + 1, npub);
	text = get(KEY_FILE, &mode);
	ck_assert_uint_eq(mode, 0600);
	ck_assert_uint_eq(strlen(text), 64);
	ck_assert_mem_eq(text, nsec, NPUB_LEN);
	ck_assert_int_eq(text[63], '\n');
	text = get(PUB_FILE, &mode);
	ck_assert_uint_eq(mode, 0644);
	ck_assert_mem_eq(text, npub, NPUB_LEN);
	k = key_load(KEY_PERSISTENT, dirfd_);
	ck_assert_mem_eq(k->sec, first.sec, SEC_LEN);
	ck_assert_mem_ne(k->epoch, first.epoch, EPOCH_LEN);
}
END_TEST

START_TEST(a_key_file_of_the_reference_is_read_and_its_npub_written)
{
	const struct key *k;
	mode_t		 mode;
	uint8_t		 sec[SEC_LEN];

	put(KEY_FILE, A_NSEC "\n", 0600);
	put(PUB_FILE, "npub1old\n", 0600);
	k = key_load(KEY_PERSISTENT, dirfd_);
	ck_assert_int_eq(hex_decode(A_SEC, sec, SEC_LEN), 0);
	ck_assert_mem_eq(k->sec, sec, SEC_LEN);
	ck_assert_str_eq(get(PUB_FILE, &mode), A_NPUB "\n");
	ck_assert_uint_eq(mode, 0644);
	put(KEY_FILE, A_SEC, 0400);		/* hex, without a newline */
	ck_assert_mem_eq(key_load(KEY_PERSISTENT, dirfd_)->sec, sec, SEC_LEN);
}
END_TEST

START_TEST(an_ephemeral_key_writes_nothing)
{
	struct key a = *key_load(KEY_EPHEMERAL, dirfd_);
	struct key b = *key_load(KEY_EPHEMERAL, dirfd_);

	ck_assert_mem_ne(a.sec, b.sec, SEC_LEN);
	ck_assert_int_eq(faccessat(dirfd_, KEY_FILE, F_OK, 0), -1);
	ck_assert_int_eq(faccessat(dirfd_, PUB_FILE, F_OK, 0), -1);
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	put("elsewhere", A_NSEC "\n", 0600);
	ck_assert_int_eq(symlinkat("elsewhere", dirfd_, KEY_FILE), 0);
	dies_saying(load, "symbolic link");
}
END_TEST

START_TEST(what_is_no_file_is_no_key)
{
	ck_assert_int_eq(mkdirat(dirfd_, KEY_FILE, 0700), 0);
	dies_saying(load, "regular file");
	unlinkat(dirfd_, KEY_FILE, AT_REMOVEDIR);
	ck_assert_int_eq(mkfifoat(dirfd_, KEY_FILE, 0600), 0);
	dies_saying(load, "regular file");
}
END_TEST

START_TEST(a_file_that_others_can_touch_is_refused)
{
	static const mode_t	modes[] = { 0640, 0604, 0620, 0601, 0644, 0660 };
	size_t			i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		put(KEY_FILE, A_NSEC "\n", modes[i]);
		dies_saying(load, "chmod 600");
	}
}
END_TEST

START_TEST(a_file_of_another_user_is_refused)
{
	put(KEY_FILE, A_NSEC "\n", 0600);
	if (geteuid() != 0)
		return;		/* nobody else can give a file away */
	ck_assert_int_eq(fchownat(dirfd_, KEY_FILE, 61142, 61142, 0), 0);
	dies_saying(load, "chown");
}
END_TEST

START_TEST(a_damaged_file_is_refused_wherever_it_was_cut)
{
	char	text[128];
	size_t	n;

	bad_file("", "empty");
	bad_file("\n", "empty");
	for (n = 1; n < NPUB_LEN; n += 7) {
		snprintf(text, sizeof(text), "%.*s\n", (int)n, A_NSEC);
		bad_file(text, "damaged");
	}
	bad_file(A_NSEC "q\n", "damaged");
	bad_file(A_NSEC "\n" A_NSEC "\n", "damaged");
	bad_file(A_NPUB "\n", "damaged");
	bad_file("zz02030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
	    "damaged");
}
END_TEST

START_TEST(zero_and_the_groups_order_are_no_keys)
{
	bad_file("0000000000000000000000000000000000000000000000000000000000000000\n",
	    "no secret key");
	bad_file(ORDER "\n", "no secret key");
	bad_file("ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n",
	    "no secret key");
}
END_TEST

/* -- the configuration --------------------------------------------------- */

static void
conf(const char *text)
{
	if (conf_fd != -1)
		close(conf_fd);
	conf_fd = memfd_create("conf", 0);
	ck_assert_int_eq(write(conf_fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(a_configured_key_is_found_where_it_stands)
{
	static const char *const form[] = {
		"node:\n  identity:\n    nsec: %s\npeers: []\n",
		"node:\n  identity:\n    nsec: \"%s\"\n",
		"node: { identity: { nsec: '%s' } }\n",
	};
	static const char *const value[] = { A_NSEC, A_SEC };
	struct key_hole	 hole;
	const struct key *k;
	char		 text[256];
	uint8_t		 sec[SEC_LEN];
	size_t		 i;

	ck_assert_int_eq(hex_decode(A_SEC, sec, SEC_LEN), 0);
	for (i = 0; i < 6; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), form[i / 2], value[i % 2]);
#pragma GCC diagnostic pop
		conf(text);
		key_read_conf(conf_fd, "fips.yaml", &hole);
		ck_assert_uint_eq(hole.len, strlen(value[i % 2]));
		ck_assert_mem_eq(text + hole.at, value[i % 2], hole.len);
		k = key_load(KEY_CONFIGURED, dirfd_);
		ck_assert_mem_eq(k->sec, sec, SEC_LEN);
	}
	ck_assert_int_eq(faccessat(dirfd_, KEY_FILE, F_OK, 0), -1);
}
END_TEST

START_TEST(without_a_configured_key_there_is_no_hole)
{
	struct key_hole hole = { 1, 1 };

	conf("node:\n  identity:\n    persistent: true\n");
	key_read_conf(conf_fd, "fips.yaml", &hole);
	ck_assert_uint_eq(hole.len, 0);
	conf("");
	key_read_conf(conf_fd, "fips.yaml", &hole);
	ck_assert_uint_eq(hole.len, 0);
}
END_TEST

START_TEST(a_configuration_that_will_not_do_is_fatal_and_keeps_the_secret)
{
	conf("node: [\n");
	dies_saying(read_conf, "fips.yaml");
	conf("node:\n  identity:\n    nsec: " A_NSEC "q\n");
	dies_saying(read_conf, "not a secret key");
	conf("node:\n  identity:\n    nsec: " ORDER "\n");
	dies_saying(read_conf, "not a secret key");
	conf("node:\n  identity:\n    nsec: " A_NSEC "\n  x: [\n");
	dies_saying(read_conf, "fips.yaml");
}
END_TEST

START_TEST(the_key_stands_in_read_only_memory)
{
	const struct key *k = key_load(KEY_EPHEMERAL, dirfd_);
	int	 status;
	pid_t	 pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		((volatile struct key *)(uintptr_t)k)->sec[0] = 1;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_first_start_writes_both_files_and_a_second_reads_them);
	tcase_add_test(t, a_key_file_of_the_reference_is_read_and_its_npub_written);
	tcase_add_test(t, an_ephemeral_key_writes_nothing);
	tcase_add_test(t, a_link_is_not_followed);
	tcase_add_test(t, what_is_no_file_is_no_key);
	tcase_add_test(t, a_file_that_others_can_touch_is_refused);
	tcase_add_test(t, a_file_of_another_user_is_refused);
	tcase_add_test(t, a_damaged_file_is_refused_wherever_it_was_cut);
	tcase_add_test(t, zero_and_the_groups_order_are_no_keys);
	tcase_add_test(t, a_configured_key_is_found_where_it_stands);
	tcase_add_test(t, without_a_configured_key_there_is_no_hole);
	tcase_add_test(t, a_configuration_that_will_not_do_is_fatal_and_keeps_the_secret);
	tcase_add_test(t, the_key_stands_in_read_only_memory);
}
