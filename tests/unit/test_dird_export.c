/* room: dird -- a thousand entries exported: every changed byte is found and its entry named. */
#include <sys/wait.h>

#include <unistd.h>

#include "dird_author.h"
#include "export.h"
#include "suite.h"
#include "view_int.h"

enum { LINES = 1000, PARTS = 2 };

static char *line[LINES];
static size_t length[LINES];
static struct a_author who[4];

static void
setup(void)
{
	uint8_t chain[32] = { 0 };
	static char text[ENTRY_LINE_MAX];
	static struct a_raw r;
	struct because b;
	struct entry e;
	ssize_t n;
	int i;

	ck_assert_int_eq(entry_init(), 0);
	for (i = 0; i < 4; i++)
		a_author(&who[i], (uint32_t)i + 1);
	for (i = 0; i < LINES; i++) {
		if (i == 0)
			a_say(&who[0], OBJ_GENESIS, a_genesis(&who[0], 2), &r);
		else if (i < 7)
			a_say(&who[i % 2 == 1 ? 0 : i / 2], i % 2 == 1 ?
			    OBJ_INVITE : OBJ_JOIN, i % 2 == 1 ?
			    a_invite(&who[i / 2 + 1], (uint32_t)i / 2 + 1) :
			    a_join(&who[i / 2], (uint32_t)i / 2), &r);
		else
			a_say(&who[i % 4], OBJ_ATTEST, a_attest(&who[(i + 1) % 4]),
			    &r);
		ck_assert_int_eq(entry_read(r.p, r.len, &e, &b), 0);
		chain_add(chain, r.p, r.len);
		n = entry_line(&e, chain, text, sizeof(text));
		line[i] = strndup(text, (size_t)n);
		length[i] = (size_t)n;
	}
}

/* Number of the first entry that is broken, or LINES. */
static int
first_broken(struct export_check *x, int from, struct because *b)
{
	int i;

	for (i = from; i < LINES; i++)
		if (export_line(x, line[i], length[i], b) == -1)
			return i;
	return LINES;
}

START_TEST(a_whole_export_is_proved)
{
	struct export_check *x = export_new();
	struct because b = { WHY_OK, "" };

	ck_assert_msg(first_broken(x, 0, &b) == LINES, "%llu: %s %s",
	    (unsigned long long)x->n, why_text(b.why), b.place);
	ck_assert_uint_eq(x->n, LINES);
	ck_assert_uint_eq(merkle_size(x->tree), LINES);
	ck_assert_uint_eq(x->forks, 0);
	/* Nobody asked who is a member, and it was not settled line by line. */
	ck_assert_uint_eq(x->view->vote, 0);
	export_free(x);
}
END_TEST

START_TEST(an_author_with_two_histories_is_counted_once)
{
	struct export_check *x = export_new();
	struct a_author twin = who[3];
	struct because b = { WHY_OK, "" };
	uint8_t chain[CHAIN_LEN];
	static char text[ENTRY_LINE_MAX];
	static struct a_raw r;
	struct entry e;
	ssize_t n;
	int i;

	ck_assert_int_eq(first_broken(x, 0, &b), LINES);
	for (i = 0; i < 2; i++) {
		/* Numbers that were said long ago. */
		twin.seq = (uint64_t)(20 - i);
		a_say(&twin, OBJ_ATTEST, a_attest(&who[i]), &r);
		ck_assert_int_eq(entry_read(r.p, r.len, &e, &b), 0);
		memcpy(chain, x->chain, sizeof(chain));
		chain_add(chain, r.p, r.len);
		n = entry_line(&e, chain, text, sizeof(text));
		ck_assert_int_eq(export_line(x, text, (size_t)n, &b), 0);
	}
	ck_assert_uint_eq(x->forks, 1);
	export_free(x);
}
END_TEST

/* Everything before a line is good, so only that line can be named. */
static int
bend_lines(int part)
{
	struct export_check *x = export_new();
	struct because b;
	size_t at;
	char was;
	int i;

	for (i = 0; i < LINES; i++) {
		for (at = 0; i % PARTS == part && at < length[i]; at++) {
			was = line[i][at];
			line[i][at] = (char)(was ^ 1 << at % 7);
			if (export_line(x, line[i], length[i], &b) == 0)
				return 1;
			line[i][at] = was;
		}
		if (x->n != (uint64_t)i ||
		    export_line(x, line[i], length[i], &b) == -1)
			return 1;
	}
	export_free(x);
	return 0;
}

START_TEST(every_changed_byte_is_found_in_its_own_entry)
{
	pid_t pid[PARTS];
	int i, status;

	for (i = 0; i < PARTS; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(bend_lines(i));
	}
	for (i = 0; i < PARTS; i++) {
		waitpid(pid[i], &status, 0);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/*
 * Who changes an entry and makes every hash after it again still has no
 * signature for it.
 */
START_TEST(an_entry_changed_with_all_its_hashes_is_still_found)
{
	struct export_check *x = export_new();
	uint8_t chain[32], said[32], *raw = malloc(ENTRY_MAX + 1), *p;
	struct because b;
	struct entry e;
	ssize_t n;
	int i;

	memset(chain, 0, sizeof(chain));
	for (i = 0; i < 500; i++) {
		n = entry_unline(line[i], length[i], said, raw, ENTRY_MAX, &b);
		if (i == 400) {
			p = memmem(raw, (size_t)n, "\"subject\":\"did:plc:", 19);
			ck_assert_ptr_nonnull(p);
			p[19] = p[19] == '0' ? '1' : '0';
		}
		chain_add(chain, raw, (size_t)n);
		ck_assert_int_eq(entry_read(raw, (size_t)n, &e, &b), 0);
		n = entry_line(&e, chain, line[i], length[i] + 1);
		ck_assert_int_eq(n, (ssize_t)length[i]);
	}
	ck_assert_int_eq(first_broken(x, 0, &b), 400);
	ck_assert_int_eq(b.why, WHY_SIGNATURE);
	export_free(x);
	free(raw);
}
END_TEST

START_TEST(a_missing_doubled_or_swapped_entry_is_named)
{
	struct export_check *x = export_new();
	struct because b;
	char *keep;
	int i;

	for (i = 0; i < 600; i++)
		ck_assert_int_eq(export_line(x, line[i], length[i], &b), 0);
	ck_assert_int_eq(export_line(x, line[601], length[601], &b), -1);
	ck_assert_int_eq(b.why, WHY_CHAIN);
	ck_assert_int_eq(export_line(x, line[599], length[599], &b), -1);
	keep = line[600];
	line[600] = line[602];
	line[602] = keep;
	ck_assert_int_eq(first_broken(x, 600, &b), 600);
	export_free(x);
}
END_TEST

START_TEST(an_author_nobody_introduced_is_refused)
{
	struct export_check *x = export_new();
	uint8_t chain[32] = { 0 }, said[32];
	uint8_t *raw = malloc(ENTRY_MAX + 1);
	static char text[ENTRY_LINE_MAX];
	struct because b;
	struct entry e;
	ssize_t n;

	n = entry_unline(line[20], length[20], said, raw, ENTRY_MAX, &b);
	ck_assert_int_eq(entry_read(raw, (size_t)n, &e, &b), 0);
	chain_add(chain, raw, (size_t)n);
	n = entry_line(&e, chain, text, sizeof(text));
	ck_assert_int_eq(export_line(x, text, (size_t)n, &b), -1);
	ck_assert_int_eq(b.why, WHY_AUTHOR);
	export_free(x);
	free(raw);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_whole_export_is_proved);
	tcase_add_test(t, an_author_with_two_histories_is_counted_once);
	tcase_add_test(t, every_changed_byte_is_found_in_its_own_entry);
	tcase_add_test(t, an_entry_changed_with_all_its_hashes_is_still_found);
	tcase_add_test(t, a_missing_doubled_or_swapped_entry_is_named);
	tcase_add_test(t, an_author_nobody_introduced_is_refused);
}
