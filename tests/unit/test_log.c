/* test_log.c -- levels, directives, and lines that cannot be forged. room: common */
#include <sys/socket.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "suite.h"
#include "typed.h"

static char line[8192];

/* What one call writes to a stderr that is no terminal. */
static const char *
captured(const char *target, const char *text)
{
	int	p[2], keep = dup(2);
	ssize_t	n;

	ck_assert_int_eq(pipe(p), 0);
	dup2(p[1], 2);
	log_init("netd", NULL);
	log_write(LVL_INFO, target, "%s", text);
	dup2(keep, 2);
	close(keep);
	close(p[1]);
	n = read(p[0], line, sizeof(line) - 1);
	close(p[0]);
	line[n > 0 ? n : 0] = '\0';
	return line;
}

START_TEST(directives_choose_by_the_longest_target)
{
	log_init("t", "info,fips::node::handlers::rekey=debug,fips::node=warn");
	ck_assert(log_is_on(LVL_DEBUG, "fips::node::handlers::rekey"));
	ck_assert(!log_is_on(LVL_INFO, "fips::node::handlers::session"));
	ck_assert(log_is_on(LVL_WARN, "fips::node::handlers::session"));
	ck_assert(log_is_on(LVL_INFO, "bastide"));
	ck_assert(!log_is_on(LVL_DEBUG, "bastide"));
	/* A target is a prefix of letters, wherever it ends. */
	ck_assert(log_is_on(LVL_DEBUG, "fips::node::handlers::rekeyed"));
	log_init("t", "trace,fips::node=warn,fips::node=error,2");
	ck_assert(!log_is_on(LVL_WARN, "fips::node::tree"));
	ck_assert(log_is_on(LVL_WARN, "x"));
	ck_assert(!log_is_on(LVL_INFO, "x"));
}
END_TEST

START_TEST(what_no_directive_names_is_off)
{
	log_init("t", "fips::node::tree=debug");
	log_set_level(LVL_TRACE);
	ck_assert(log_is_on(LVL_DEBUG, "fips::node::tree"));
	ck_assert(!log_is_on(LVL_ERROR, "fips::node::lifecycle"));
	ck_assert(!log_is_on(LVL_ERROR, "bastide"));
	log_init("t", "fips=info");
	ck_assert(log_is_on(LVL_INFO, "bastide::netd"));
	ck_assert(!log_is_on(LVL_DEBUG, "bastide"));
	log_init("t", "fips::node=,fips::upper");
	ck_assert(log_is_on(LVL_TRACE, "fips::node::tree"));
	ck_assert(log_is_on(LVL_TRACE, "fips::upper::tun"));
	ck_assert(!log_is_on(LVL_ERROR, "x"));
	log_init("t", "off");
	ck_assert(!log_is_on(LVL_ERROR, "x"));
}
END_TEST

START_TEST(directives_that_mean_nothing_are_named_and_ignored)
{
	static const char *const bad[] = { "=info", "a=loud", "a=b=info",
	    "[span]=info", "fips[{peer}]=info", "*=info", "fips=6" };
	char all[1100];
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		log_init("t", bad[i]);
		log_set_level(LVL_WARN);
		ck_assert_str_eq(log_strange(), bad[i]);
		ck_assert(log_is_on(LVL_WARN, "a"));
		ck_assert(!log_is_on(LVL_INFO, "a"));
	}
	log_init("t", "debug,a=loud,=");
	ck_assert_str_eq(log_strange(), "a=loud");
	ck_assert(log_is_on(LVL_DEBUG, "a"));
	log_init("t", "fips::node::tree=debug, info");
	ck_assert_ptr_null(log_strange());
	memset(all, 'a', sizeof(all) - 1);
	all[sizeof(all) - 1] = '\0';
	log_init("t", all);
	ck_assert_ptr_nonnull(strstr(log_strange(), "1023"));
	ck_assert(log_is_on(LVL_INFO, "x"));
	all[100] = '\0';
	log_init("t", all);
	ck_assert_uint_lt(strlen(log_strange()), 64);
}
END_TEST

START_TEST(the_environment_beats_the_configuration)
{
	log_init("t", "debug");
	log_set_level(LVL_ERROR);
	ck_assert(log_is_on(LVL_DEBUG, "x"));
	log_init("t", NULL);
	log_set_level(LVL_ERROR);
	ck_assert(!log_is_on(LVL_WARN, "x"));
	log_init("t", "nonsense==,=,,,info");
	ck_assert(log_is_on(LVL_INFO, "x"));
}
END_TEST

START_TEST(levels_parse_in_any_case)
{
	ck_assert_int_eq(log_parse_level("TrAcE"), LVL_TRACE);
	ck_assert_int_eq(log_parse_level("off"), LVL_OFF);
	ck_assert_int_eq(log_parse_level("loud"), -1);
}
END_TEST

START_TEST(a_text_cannot_forge_a_line_or_break_the_object)
{
	const char *s = captured("t", "a\"b\\c\n{\"level\":\"ERROR\"}\x1b[2J");

	ck_assert_ptr_eq(strchr(s, '\n'), s + strlen(s) - 1);
	ck_assert_ptr_nonnull(strstr(s, "a\\\"b\\\\c?{"));
	ck_assert_ptr_null(strchr(s, 0x1b));
	ck_assert_ptr_nonnull(strstr(s, "\"room\":\"netd\""));
	/* C1: what a terminal obeys like ESC and a letter; and no UTF-8. */
	ck_assert_ptr_nonnull(strstr(captured("t", "a\xc2\x9b" "2J\xff."),
	    "a??2J?."));
}
END_TEST

START_TEST(a_line_begins_with_the_time_of_day)
{
	char now[21];
	int i;

	/* The second may pass between the two. */
	for (i = 0; i < 5; i++) {
		time_write(time(NULL), now);
		if (strncmp(captured("t", "x") + 9, now, 19) == 0)
			break;
	}
	ck_assert_int_lt(i, 5);
	ck_assert_int_eq(line[9 + 19], '.');
	ck_assert_int_eq(line[9 + 23], 'Z');
	ck_assert_int_eq(line[9 + 24], '"');
}
END_TEST

START_TEST(a_long_text_is_cut_not_overrun)
{
	char *big = malloc(100000);

	memset(big, '"', 99999);
	big[99999] = '\0';
	ck_assert_uint_lt(strlen(captured("t", big)), 4096);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	free(big);
}
END_TEST

/* A pipe nobody reads loses lines, and the first that goes says how many. */
START_TEST(lines_nobody_reads_are_lost_and_counted)
{
	char	all[1 << 17];
	int	p[2], keep = dup(2), i;
	ssize_t	n;

	ck_assert_int_eq(pipe2(p, O_NONBLOCK), 0);
	dup2(p[1], 2);
	log_init("netd", NULL);
	for (i = 0; i < 5000; i++)
		log_write(LVL_INFO, "x", "line %d", i);
	n = read(p[0], all, sizeof(all) - 1);
	ck_assert_int_gt(n, 0);
	log_write(LVL_INFO, "x", "after");
	n = read(p[0], all, sizeof(all) - 1);
	dup2(keep, 2);
	close(keep);
	close(p[0]);
	close(p[1]);
	ck_assert_int_gt(n, 0);
	all[n] = '\0';
	ck_assert_ptr_nonnull(strstr(all, "log lines are lost"));
	ck_assert_ptr_nonnull(strstr(all, "after"));
}
END_TEST

/* The service manager's journal is a stream socket, with a reader of its own mind. */
START_TEST(a_socket_nobody_reads_does_not_block)
{
	int	p[2], keep = dup(2), i;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	dup2(p[1], 2);
	log_init("netd", NULL);
	for (i = 0; i < 20000; i++)
		log_write(LVL_INFO, "x", "line %d", i);
	dup2(keep, 2);
	close(keep);
	close(p[0]);
	close(p[1]);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, directives_choose_by_the_longest_target);
	tcase_add_test(t, the_environment_beats_the_configuration);
	tcase_add_test(t, what_no_directive_names_is_off);
	tcase_add_test(t, directives_that_mean_nothing_are_named_and_ignored);
	tcase_add_test(t, lines_nobody_reads_are_lost_and_counted);
	tcase_add_test(t, a_socket_nobody_reads_does_not_block);
	tcase_add_test(t, levels_parse_in_any_case);
	tcase_add_test(t, a_text_cannot_forge_a_line_or_break_the_object);
	tcase_add_test(t, a_line_begins_with_the_time_of_day);
	tcase_add_test(t, a_long_text_is_cut_not_overrun);
}
