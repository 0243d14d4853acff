/* room: bastidectl -- what others wrote, made harmless for a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "suite.h"

static const struct { const char *in, *out; } text[] = {
	{ "plain, \xc3\xbcml\xc3\xa4ut, \xe2\x82\xac, \xf0\x9f\x8c\x8d",
	    "plain, \xc3\xbcml\xc3\xa4ut, \xe2\x82\xac, \xf0\x9f\x8c\x8d" },
	{ "\x1b[2J\x7f\n\t", "?[2J???" },
	{ "a\xc2\x80" "b\xc2\x9f" "c", "a??b??c" },
	{ "\xc2\x9b" "2J", "??2J" },
	{ "\xc2\xa0", "\xc2\xa0" },
	{ "\xe2\x80\xaa\xe2\x80\xae", "??????" },
	{ "\xe2\x80\xa9\xe2\x80\xaf", "\xe2\x80\xa9\xe2\x80\xaf" },
	{ "\xe2\x81\xa6x\xe2\x81\xa9", "???x???" },
	{ "\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa" },
	/* cut in the middle of one */
	{ "x\xc2", "x\xc2" }, { "x\xe2\x80", "x\xe2\x80" }, { "", "" },
};

START_TEST(what_a_terminal_obeys_becomes_question_marks)
{
	char buf[64];
	size_t i;

	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		strcpy(buf, text[i].in);
		text_clean(buf);
		ck_assert_str_eq(buf, text[i].out);
	}
}
END_TEST

START_TEST(said_is_as_cleaned)
{
	char *said;
	size_t i, len;
	FILE *f;

	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		ck_assert_ptr_nonnull(f = open_memstream(&said, &len));
		text_say(f, text[i].in);
		fclose(f);
		ck_assert_str_eq(said, text[i].out);
		free(said);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, what_a_terminal_obeys_becomes_question_marks);
	tcase_add_test(t, said_is_as_cleaned);
}
