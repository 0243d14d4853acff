/* room: bastidectl -- key files: whole, private, never through a link. */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "ctl.h"
#include "ident.h"
#include "suite.h"

static char dir[64], deep[128];

static void
setup(void)
{
	ck_assert_int_ge(sodium_init(), 0);
	strcpy(dir, "/tmp/bastide-keygen-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(deep, sizeof(deep), "%s/a/b", dir);
	ck_assert_int_ne(open("/dev/null", O_WRONLY), -1);
	ck_assert_int_ne(dup2(open("/dev/null", O_WRONLY), STDERR_FILENO), -1);
}

static void
teardown(void)
{
	static const char *const name[] = {
		"a/b/fips.key", "a/b/fips.pub", "a/b", "a", "fips.key",
		"fips.pub", "target", ""
	};
	char path[256];
	size_t i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		remove(path);
	}
}

static const char *
in_dir(const char *where, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", where, name);
	return path;
}

static void
expect(const char *path, const char *text, mode_t mode)
{
	char got[128] = "";
	struct stat st;
	int fd;

	ck_assert_int_eq(lstat(path, &st), 0);
	ck_assert(S_ISREG(st.st_mode));
	ck_assert_uint_eq(st.st_mode & 0777, mode);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, got, sizeof(got) - 1), (ssize_t)strlen(text));
	ck_assert_str_eq(got, text);
	close(fd);
}

START_TEST(both_files_have_their_modes_whatever_the_umask)
{
	umask(0777);
	ck_assert_int_eq(keygen_write(dir, "nsec\n", "npub\n", 0), 0);
	expect(in_dir(dir, "fips.key"), "nsec\n", 0600);
	expect(in_dir(dir, "fips.pub"), "npub\n", 0644);
	umask(0);
	ck_assert_int_eq(keygen_write(dir, "nsec2\n", "npub2\n", 1), 0);
	expect(in_dir(dir, "fips.key"), "nsec2\n", 0600);
	expect(in_dir(dir, "fips.pub"), "npub2\n", 0644);
}
END_TEST

START_TEST(folders_are_made)
{
	ck_assert_int_eq(keygen_write(deep, "nsec\n", "npub\n", 0), 0);
	expect(in_dir(deep, "fips.key"), "nsec\n", 0600);
}
END_TEST

START_TEST(a_key_that_is_there_stays_unless_forced)
{
	ck_assert_int_eq(keygen_write(dir, "one\n", "npub\n", 0), 0);
	ck_assert_int_eq(keygen_write(dir, "two\n", "npub\n", 0), -1);
	expect(in_dir(dir, "fips.key"), "one\n", 0600);
	ck_assert_int_eq(keygen_write(dir, "two\n", "npub\n", 1), 0);
	expect(in_dir(dir, "fips.key"), "two\n", 0600);
}
END_TEST

START_TEST(a_link_in_its_place_is_not_followed)
{
	char target[128];

	snprintf(target, sizeof(target), "%s/target", dir);
	ck_assert_int_eq(symlink(target, in_dir(dir, "fips.key")), 0);
	ck_assert_int_eq(symlink(target, in_dir(dir, "fips.pub")), 0);
	ck_assert_int_eq(keygen_write(dir, "nsec\n", "npub\n", 0), -1);
	ck_assert_int_eq(keygen_write(dir, "nsec\n", "npub\n", 1), 0);
	ck_assert_int_eq(access(target, F_OK), -1);
	expect(in_dir(dir, "fips.key"), "nsec\n", 0600);
	expect(in_dir(dir, "fips.pub"), "npub\n", 0644);
}
END_TEST

START_TEST(a_folder_that_is_a_file_is_refused)
{
	ck_assert_int_eq(keygen_write("/dev/null", "nsec\n", "npub\n", 0), -1);
	ck_assert_int_eq(keygen_write("", "nsec\n", "npub\n", 0), -1);
}
END_TEST

START_TEST(the_command_writes_an_identity_that_reads_back)
{
	char name[] = "keygen", opt[] = "-d", text[128] = "";
	char *argv[] = { name, opt, dir, NULL };
	uint8_t sec[32], pub[32];
	int fd;

	ck_assert_int_eq(keygen(3, argv), EXIT_OK);
	ck_assert_int_eq(keygen(3, argv), EXIT_NO);
	fd = open(in_dir(dir, "fips.key"), O_RDONLY);
	ck_assert_int_eq(read(fd, text, sizeof(text)), NPUB_LEN + 1);
	text[NPUB_LEN] = '\0';
	ck_assert_int_eq(nsec_decode(text, sec), 0);
	close(fd);
	fd = open(in_dir(dir, "fips.pub"), O_RDONLY);
	ck_assert_int_eq(read(fd, text, sizeof(text)), NPUB_LEN + 1);
	text[NPUB_LEN] = '\0';
	ck_assert_int_eq(npub_decode(text, pub), 0);
	close(fd);
}
END_TEST

/* What keygen -s answers when only so many bytes of its output go out. */
static int
status_with_room_for(rlim_t bytes)
{
	char *argv[] = { "keygen", "-s", NULL };
	struct rlimit room = { bytes, bytes };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGXFSZ, SIG_IGN);
		dup2(open(in_dir(dir, "target"), O_WRONLY | O_CREAT | O_TRUNC,
		    0600), STDOUT_FILENO);
		_exit(setrlimit(RLIMIT_FSIZE, &room) == -1 ? 99 :
		    keygen(2, argv));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

START_TEST(an_identity_that_is_cut_is_no_success)
{
	ck_assert_int_eq(status_with_room_for(2 * (NPUB_LEN + 1)), EXIT_OK);
	ck_assert_int_eq(status_with_room_for(2 * NPUB_LEN), EXIT_NO);
	ck_assert_int_eq(status_with_room_for(NPUB_LEN), EXIT_NO);
}
END_TEST

START_TEST(everything_that_help_names_can_be_shown)
{
	static const char *const what[] = {
		"status", "peers", "links", "sessions", "transports",
		"connections", "identity-cache", "acl", "routing", "tree",
		"bloom", "cache", "mmp", "metrics", "stats", "stats-peers"
	};
	size_t i;

	for (i = 0; i < sizeof(what) / sizeof(what[0]); i++)
		ck_assert_ptr_nonnull(table_command(what[i]));
	ck_assert_str_eq(table_command("identity-cache"), "show_identity_cache");
	ck_assert_ptr_null(table_command("nonsense"));
	ck_assert(stats_is_window("90s") && stats_is_window("24h"));
	ck_assert(!stats_is_window("s") && !stats_is_window("10") &&
	    !stats_is_window("10ms") && !stats_is_window("npub1x"));
	ck_assert_str_eq(stats_step("60m"), "1s");
	ck_assert_str_eq(stats_step("61m"), "1m");
	ck_assert_str_eq(stats_step("2h"), "1m");
}
END_TEST

/* What stats_print() writes for these samples, a JSON list. */
static char *
printed(const char *values)
{
	json_t *data = json_pack("{s:s, s:s, s:o}", "metric", "rtt", "unit",
	    "ms", "values", json_loads(values, 0, NULL));
	FILE *old = stdout;
	char *text = NULL;
	size_t len;

	ck_assert_ptr_nonnull(data);
	stdout = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(stdout);
	stats_print("10s", data);
	fclose(stdout);
	stdout = old;
	json_decref(data);
	return text;
}

START_TEST(a_last_sample_that_is_unknown_is_a_dash)
{
	char *text = printed("[2, 4, null]");

	ck_assert_ptr_nonnull(
	    strstr(text, "now -, lowest 2, mean 3, highest 4 ms\n"));
	free(text);
	text = printed("[null, 4, 2]");
	ck_assert_ptr_nonnull(
	    strstr(text, "now 2, lowest 2, mean 3, highest 4 ms\n"));
	free(text);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, both_files_have_their_modes_whatever_the_umask);
	tcase_add_test(t, folders_are_made);
	tcase_add_test(t, a_key_that_is_there_stays_unless_forced);
	tcase_add_test(t, a_link_in_its_place_is_not_followed);
	tcase_add_test(t, a_folder_that_is_a_file_is_refused);
	tcase_add_test(t, the_command_writes_an_identity_that_reads_back);
	tcase_add_test(t, an_identity_that_is_cut_is_no_success);
	tcase_add_test(t, everything_that_help_names_can_be_shown);
	tcase_add_test(t, a_last_sample_that_is_unknown_is_a_dash);
}
