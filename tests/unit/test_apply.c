/* room: bastidectl -- one scope's configuration into its place, step by step. */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "apply.h"
#include "apply_place.h"
#include "suite.h"

static char	folder[64], why[APPLY_REASON];
static const char *who;
static int	fd;

static void
setup(void)
{
	ck_assert_int_ge(sodium_init(), 0);
	who = "did:plc:a";
	strcpy(folder, "/tmp/bastide-apply-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
}

static void
teardown(void)
{
	char cmd[96];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	ck_assert_int_eq(system(cmd), 0);
	close(fd);
}

static json_t *
blob(const char *scope, int version, const char *text)
{
	uint8_t h[32];
	char hex[65];

	crypto_generichash(h, sizeof(h), (const uint8_t *)text, strlen(text),
	    NULL, 0);
	sodium_bin2hex(hex, sizeof(hex), h, sizeof(h));
	return json_pack("{s:s, s:s, s:i, s:s, s:s, s:b}", "author", who, "scope", scope,
	    "version", version, "text", text, "hash", hex, "own", 0);
}

static enum applied
apply_with(int checks, const char *scope, int version, const char *text)
{
	json_t *v = blob(scope, version, text);
	enum applied how = apply_scope(fd, folder, checks, v, why);

	json_decref(v);
	return how;
}

static enum applied
apply(const char *scope, int version, const char *text)
{
	return apply_with(-1, scope, version, text);
}

/* What stands in a file of the scope "s", "" for none. */
static const char *
text_of(const char *name)
{
	static char buf[256];
	char path[128];
	ssize_t n;
	int f;

	snprintf(path, sizeof(path), "%s/s/%s", folder, name);
	f = open(path, O_RDONLY);
	n = f == -1 ? 0 : read(f, buf, sizeof(buf) - 1);
	buf[n] = '\0';
	if (f != -1)
		close(f);
	return buf;
}

static void
put_text(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/s/%s", folder, name);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs(text, f);
	fclose(f);
}

START_TEST(versions_go_up_and_the_previous_one_stays)
{
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "one");
	ck_assert_int_eq(apply("s", 3, "three"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "three");
	ck_assert_str_eq(text_of("previous"), "one");
	ck_assert_int_eq(apply("s", 2, "two"), APPLY_KEPT);
	ck_assert_int_eq(apply("s", 3, "another three"), APPLY_KEPT);
	ck_assert_str_eq(text_of("active"), "three");
}
END_TEST

START_TEST(a_scope_is_a_name_and_never_a_path)
{
	static const char *const bad[] = { "..", ".", "", "a/b", "../x", "A",
	    ".x", "-x", "x y", "x\n",
	    "0123456789012345678901234567890123456789012345678901234567890123" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(apply(bad[i], 1, "x"), APPLY_REFUSED);
	ck_assert_int_eq(apply("a..b", 1, "x"), APPLY_DONE);
}
END_TEST

START_TEST(form_follows_the_ending)
{
	ck_assert_int_eq(apply_syntax("x.json", "{\"a\": 1.5}", 10, why), 0);
	ck_assert_int_eq(apply_syntax("x.json", "{\"a\": 1", 7, why), -1);
	ck_assert_int_eq(apply_syntax("x.json", "{\"a\":1,\"a\":2}", 13, why), -1);
	ck_assert_int_eq(apply_syntax("x.yaml", "a: [1, 2]\n", 10, why), 0);
	ck_assert_int_eq(apply_syntax("x.yml", "a: [1, 2\n", 9, why), -1);
	ck_assert_int_eq(apply_syntax("x", "a: [1, 2\n", 9, why), 0);
	ck_assert_int_eq(apply_syntax("json", "no", 2, why), 0);
	ck_assert_int_eq(apply_syntax("x", "ok\nb\x1b", 5, why), -1);
	ck_assert_str_eq(why, "line 2: a control character");
}
END_TEST

START_TEST(what_is_turned_down_is_remembered_until_something_newer)
{
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	ck_assert_int_eq(apply("s", 2, "bad\x7f"), APPLY_REFUSED);
	ck_assert_str_eq(text_of("active"), "one");
	ck_assert_int_eq(apply("s", 2, "bad\x7f"), APPLY_KEPT);
	ck_assert_int_eq(apply("s", 3, "three"), APPLY_DONE);
	ck_assert_str_eq(text_of("previous"), "one");
}
END_TEST

/* A stop after each step leaves the old text or, in the end, the new one. */
START_TEST(a_stop_between_any_two_steps_is_mended)
{
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	/* the new file begun */
	put_text("new", "tw");
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_KEPT);
	ck_assert_str_eq(text_of("active"), "one");
	/* two names of the active file */
	put_text("rollback", "one");
	ck_assert_int_eq(apply("s", 2, "two"), APPLY_DONE);
	ck_assert_str_eq(text_of("previous"), "one");
	ck_assert_str_eq(text_of("rollback"), "");
	/* swapped, and nobody has asked for its health */
	put_text("rollback", "two");
	put_text("active", "three");
	ck_assert_int_eq(apply("s", 2, "two"), APPLY_KEPT);
	ck_assert_str_eq(text_of("active"), "two");
	/* swapped, healthy and written down, but the previous one not kept */
	ck_assert_int_eq(apply("s", 3, "three"), APPLY_DONE);
	put_text("rollback", "two");
	put_text("previous", "one");
	ck_assert_int_eq(apply("s", 3, "three"), APPLY_KEPT);
	ck_assert_str_eq(text_of("active"), "three");
	ck_assert_str_eq(text_of("previous"), "two");
	ck_assert_str_eq(text_of("rollback"), "");
	/* the state is lost: it is put in place again, once */
	put_text("state", "{");
	ck_assert_int_eq(apply("s", 3, "three"), APPLY_DONE);
	ck_assert_int_eq(apply("s", 3, "three"), APPLY_KEPT);
	ck_assert_str_eq(text_of("previous"), "two");
}
END_TEST

/* A folder of commands, with one of scope "s": the caller closes it. */
static int
commands(const char *script)
{
	char path[128];
	FILE *f;
	int dir;

	snprintf(path, sizeof(path), "%s/checks", folder);
	ck_assert(mkdir(path, 0755) == 0 || access(path, F_OK) == 0);
	ck_assert_int_ge(dir = apply_checks(path), 0);
	snprintf(path, sizeof(path), "%s/checks/s", folder);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	ck_assert_int_eq(chmod(path, 0755), 0);
	return dir;
}

/* The same text again passed before: a sick moment takes nothing away. */
START_TEST(a_text_that_passed_is_not_taken_for_a_new_one)
{
	int sick;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(apply("s", 1, "A"), APPLY_DONE);
	sick = commands("[ \"$1\" != health ]");
	ck_assert_int_eq(apply_with(sick, "s", 2, "A"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "A");
	ck_assert_int_eq(apply_with(sick, "s", 2, "A"), APPLY_KEPT);
	/* With one before it, too. */
	ck_assert_int_eq(apply("s", 3, "old"), APPLY_DONE);
	ck_assert_int_eq(apply("s", 4, "good"), APPLY_DONE);
	ck_assert_int_eq(apply_with(sick, "s", 5, "good"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "good");
	ck_assert_str_eq(text_of("previous"), "old");
	/* And after another was turned down: its text still counts. */
	ck_assert_int_eq(apply_with(sick, "s", 6, "bad"), APPLY_ROLLED_BACK);
	ck_assert_int_eq(apply_with(sick, "s", 7, "good"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "good");
	close(sick);
}
END_TEST

/* A command that cannot run has said nothing: the version is asked again. */
START_TEST(who_could_not_be_asked_turned_nothing_down)
{
	static const mode_t bad[] = { 0666, 0777, 0644, 0000 };
	char path[128];
	size_t i;
	int dir;

	if (geteuid() != 0)
		return;
	dir = commands("exit 0");
	snprintf(path, sizeof(path), "%s/checks/s", folder);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(chmod(path, bad[i]), 0);
		ck_assert_int_eq(apply_with(dir, "s", 1, "one"), APPLY_REFUSED);
		ck_assert_ptr_nonnull(strstr(why, "cannot be asked"));
		ck_assert_str_eq(text_of("active"), "");
		ck_assert_str_eq(text_of("new"), "");
	}
	/* Its interpreter is missing. */
	ck_assert_int_eq(chmod(path, 0755), 0);
	put_text("../checks/s", "#!/nowhere/sh\n");
	ck_assert_int_eq(apply_with(dir, "s", 1, "one"), APPLY_REFUSED);
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
	/* After the swap it is undone, and asked again, too. */
	snprintf(path, sizeof(path), "chmod 0644 %s/checks/s", folder);
	close(commands(path));
	ck_assert_int_eq(apply_with(dir, "s", 1, "one"), APPLY_ROLLED_BACK);
	ck_assert_ptr_nonnull(strstr(why, "cannot be asked"));
	ck_assert_str_eq(text_of("active"), "");
	close(commands("exit 0"));
	ck_assert_int_eq(apply_with(dir, "s", 1, "one"), APPLY_DONE);
	/* 127 from a command that ran is its no. */
	close(commands("exit 127"));
	ck_assert_int_eq(apply_with(dir, "s", 2, "two"), APPLY_REFUSED);
	ck_assert_int_eq(apply_with(dir, "s", 2, "two"), APPLY_KEPT);
	close(dir);
}
END_TEST

/* What somebody took away or changed is no version in place. */
START_TEST(in_place_is_what_stands_there)
{
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	put_text("active", "another hand");
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "one");
	ck_assert_int_eq(unlinkat(fd, "s/active", 0), 0);
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "one");
}
END_TEST

/* Its blob may be revoked when the machine is back: nobody asks for the scope. */
START_TEST(a_stop_is_mended_without_anybody_who_wants_the_scope)
{
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	ck_assert_int_eq(renameat(fd, "s/active", fd, "s/rollback"), 0);
	put_text("active", "not looked at");
	ck_assert_int_eq(symlinkat("/", fd, "link"), 0);
	ck_assert_int_eq(apply_mend(fd), 0);
	ck_assert_str_eq(text_of("active"), "one");
	ck_assert_str_eq(text_of("rollback"), "");
	/* The first of a scope goes away, and only that. */
	ck_assert_int_eq(unlinkat(fd, "s/state", 0), 0);
	ck_assert_int_eq(apply_mend(fd), 0);
	ck_assert_str_eq(text_of("active"), "one");
	put_text("first", "");
	ck_assert_int_eq(apply_mend(fd), 0);
	ck_assert_str_eq(text_of("active"), "");
	/* Written down: it has passed. */
	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	put_text("first", "");
	ck_assert_int_eq(apply_mend(fd), 0);
	ck_assert_str_eq(text_of("active"), "one");
	ck_assert_int_eq(faccessat(fd, "s/first", F_OK, 0), -1);
}
END_TEST

/* The swap itself leaves what tells a first one from a file of long ago. */
START_TEST(a_first_text_that_was_not_asked_about_goes_away)
{
	struct place p;

	ck_assert_int_eq(mkdirat(fd, "s", 0755), 0);
	ck_assert_int_eq(place_enter(fd, "s", &p), 0);
	put_text("new", "not looked at");
	ck_assert_int_eq(place_swap(&p), 0);
	ck_assert_str_eq(text_of("active"), "not looked at");
	close(p.dir);
	ck_assert_int_eq(apply_mend(fd), 0);
	ck_assert_str_eq(text_of("active"), "");
}
END_TEST

START_TEST(another_publisher_waits_until_it_is_accepted)
{
	ck_assert_int_eq(apply("s", 5, "five of a"), APPLY_DONE);
	who = "did:plc:b";
	ck_assert_int_eq(apply("s", 1, "one of b"), APPLY_KEPT);
	ck_assert_ptr_nonnull(strstr(why, "did:plc:b"));
	ck_assert_int_eq(apply("s", 6, "six of b"), APPLY_KEPT);
	ck_assert_str_eq(text_of("active"), "five of a");
	/* Whom it was not said of waits on; so does the one before. */
	ck_assert_int_eq(apply_accept(fd, "s", "did:plc:c"), 0);
	ck_assert_int_eq(apply("s", 1, "one of b"), APPLY_KEPT);
	ck_assert_int_eq(apply_accept(fd, "s", "did:plc:b"), 0);
	ck_assert_int_eq(apply("s", 1, "one of b"), APPLY_DONE);
	ck_assert_str_eq(text_of("active"), "one of b");
	ck_assert_str_eq(text_of("previous"), "five of a");
	who = "did:plc:a";
	ck_assert_int_eq(apply("s", 7, "seven of a"), APPLY_KEPT);
	/* What one had turned down says nothing of the other's. */
	who = "did:plc:b";
	ck_assert_int_eq(apply("s", 2, "bad\x7f"), APPLY_REFUSED);
	ck_assert_int_eq(apply_accept(fd, "s", "did:plc:a"), 0);
	who = "did:plc:a";
	ck_assert_int_eq(apply("s", 2, "two of a"), APPLY_DONE);
	ck_assert_int_eq(apply_accept(fd, "t", "did:plc:a"), -1);
	ck_assert_int_eq(apply_accept(fd, "..", "did:plc:a"), -1);
	who = "";
	ck_assert_int_eq(apply("s", 9, "nobody's"), APPLY_REFUSED);
}
END_TEST

START_TEST(a_link_in_its_place_is_never_followed)
{
	char path[128], out[128];

	ck_assert_int_eq(apply("s", 1, "one"), APPLY_DONE);
	snprintf(out, sizeof(out), "%s/outside", folder);
	snprintf(path, sizeof(path), "%s/s/new", folder);
	ck_assert_int_eq(symlink(out, path), 0);
	ck_assert_int_eq(apply("s", 2, "two"), APPLY_DONE);
	ck_assert_int_eq(access(out, F_OK), -1);
	snprintf(path, sizeof(path), "%s/t", folder);
	ck_assert_int_eq(mkdir(out, 0755), 0);
	ck_assert_int_eq(symlink(out, path), 0);
	ck_assert_int_eq(apply("t", 1, "x"), APPLY_REFUSED);
}
END_TEST

START_TEST(commands_are_roots_own)
{
	int dir;

	ck_assert_int_eq(apply_checks("/nowhere/at/all"), -1);
	ck_assert_int_eq(chmod(folder, 0777), 0);
	ck_assert_int_eq(apply_checks(folder), -2);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	if (geteuid() != 0)
		return;
	ck_assert_int_ge(dir = apply_checks(folder), 0);
	ck_assert_int_eq(apply_command(dir, "s", "health", "/", why), 0);
	ck_assert_int_eq(mkdirat(dir, "s", 0755), 0);
	ck_assert_int_eq(apply_command(dir, "s", "health", "/", why), -2);
	ck_assert_int_eq(symlinkat("/bin/true", dir, "l"), 0);
	ck_assert_int_eq(apply_command(dir, "l", "health", "/", why), -2);
	close(dir);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, versions_go_up_and_the_previous_one_stays);
	tcase_add_test(t, a_scope_is_a_name_and_never_a_path);
	tcase_add_test(t, form_follows_the_ending);
	tcase_add_test(t, what_is_turned_down_is_remembered_until_something_newer);
	tcase_add_test(t, a_stop_between_any_two_steps_is_mended);
	tcase_add_test(t, a_text_that_passed_is_not_taken_for_a_new_one);
	tcase_add_test(t, who_could_not_be_asked_turned_nothing_down);
	tcase_add_test(t, in_place_is_what_stands_there);
	tcase_add_test(t, a_stop_is_mended_without_anybody_who_wants_the_scope);
	tcase_add_test(t, a_first_text_that_was_not_asked_about_goes_away);
	tcase_add_test(t, another_publisher_waits_until_it_is_accepted);
	tcase_add_test(t, a_link_in_its_place_is_never_followed);
	tcase_add_test(t, commands_are_roots_own);
}
