/* room: netd -- answers in slices: the text of a whole, in pieces. */
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "control_req.h"
#include "suite.h"

static unsigned	nrow, gap;		/* how many, and places with nothing between */
static unsigned	asked;

static json_t *
row_of(unsigned i)
{
	return json_pack("{s:i, s:s, s:[i,i], s:[]}", "z", (int)i, "name",
	    "a \"rows\":[] \\ \xc3\xa4", "list", (int)i, 2, "rows");
}

static int
next_row(struct cursor *at, json_t **row)
{
	asked++;
	if (at->at == nrow * (gap + 1))
		return 0;
	if (at->at % (gap + 1) == gap)
		*row = row_of(at->at / (gap + 1));
	at->at++;
	return 1;
}

static const struct answer_list lists[] = {
	{ "rows", next_row, 0 }, { "times", next_row, 0 }, { NULL, NULL, 0 }
};

static json_t *
frame_of(json_t *rows, json_t *times)
{
	return json_pack("{s:s, s:o, s:[], s:{s:i}, s:o, s:n}", "head",
	    "\"rows\":[]", "rows", rows, "empty", "more", "x", 1, "times",
	    times, "zero");
}

static struct answer *
begin(void)
{
	size_t len;
	char *frame = ctl_reply_ok(frame_of(json_array(), json_array()), &len);

	return answer_new(frame, len, lists, NULL);
}

static char *
whole(size_t *len)
{
	json_t *rows = json_array();
	unsigned i;

	for (i = 0; i < nrow; i++)
		json_array_append_new(rows, row_of(i));
	return ctl_reply_ok(frame_of(rows, json_incref(rows)), len);
}

/* Both are the same bytes, and no slice is much longer than a slice. */
static void
is_whole(void)
{
	struct answer *a = begin();
	const char *piece;
	size_t len, n, at = 0;
	unsigned before;
	char *text = whole(&len);
	int more;

	do {
		before = asked;
		more = answer_slice(a, &piece, &n);
		ck_assert_int_ne(more, -1);
		ck_assert_uint_le(n, ANSWER_SLICE + 512);
		ck_assert_uint_le(asked - before, ANSWER_STEPS);
		ck_assert_uint_le(at + n, len);
		ck_assert(n == 0 || memcmp(text + at, piece, n) == 0);
		at += n;
	} while (more);
	ck_assert_uint_eq(at, len);
	free(text);
	answer_free(a);
}

START_TEST(slices_are_the_whole_byte_by_byte)
{
	static const unsigned n[] = { 0, 1, 2, 100, 10000 };
	unsigned i;

	for (i = 0; i < sizeof(n) / sizeof(n[0]); i++)
		for (gap = 0; gap < 3; gap++) {
			nrow = n[i];
			is_whole();
		}
}
END_TEST

START_TEST(many_free_places_are_passed_in_bounded_steps)
{
	nrow = 3;
	gap = 5 * ANSWER_STEPS;
	is_whole();
}
END_TEST

START_TEST(rows_are_asked_for_no_sooner_than_they_are_read)
{
	struct answer *a;
	const char *piece;
	size_t n;

	nrow = 10000;
	gap = asked = 0;
	a = begin();
	ck_assert_uint_eq(asked, 0);
	ck_assert_int_eq(answer_slice(a, &piece, &n), 1);
	ck_assert_uint_gt(asked, 10);
	ck_assert_uint_lt(asked, 1000);
	/* Who leaves in the middle leaves nothing behind. */
	answer_free(a);
}
END_TEST

/* The number of the list, as often as was asked. */
static int
next_part(struct cursor *at, json_t **row)
{
	const unsigned *most = at->asked;

	*row = at->at == *most ? NULL : json_integer(at->list);
	return at->at++ < *most;
}

START_TEST(one_list_may_stand_many_times)
{
	static const struct answer_list again[] = {
		{ "v", next_part, 1 }, { NULL, NULL, 0 }
	};
	unsigned *most = malloc(sizeof(*most));
	struct answer *a;
	const char *piece;
	size_t len, n;
	char *frame;

	*most = 2;
	frame = ctl_reply_ok(json_pack("[{s:[]},{s:i,s:[]},{s:[]}]", "v", "a",
	    1, "v", "v"), &len);
	a = answer_new(frame, len, again, most);
	ck_assert_int_eq(answer_slice(a, &piece, &n), 0);
	ck_assert_int_eq(strncmp(piece, "{\"status\":\"ok\",\"data\":"
	    "[{\"v\":[0,0]},{\"a\":1,\"v\":[1,1]},{\"v\":[2,2]}]}\n", n), 0);
	answer_free(a);
}
END_TEST

START_TEST(an_answer_without_lists_is_its_frame)
{
	struct answer *a;
	const char *piece;
	size_t len, n;
	char *frame = ctl_reply_error("\"rows\":[]", &len), *copy = malloc(len);

	memcpy(copy, frame, len);
	a = answer_new(frame, len, NULL, NULL);
	ck_assert_int_eq(answer_slice(a, &piece, &n), 0);
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(piece, copy, n);
	free(copy);
	answer_free(a);
}
END_TEST

void
tests(TCase *t)
{
	json_object_seed(1);
	tcase_add_test(t, slices_are_the_whole_byte_by_byte);
	tcase_add_test(t, many_free_places_are_passed_in_bounded_steps);
	tcase_add_test(t, rows_are_asked_for_no_sooner_than_they_are_read);
	tcase_add_test(t, one_list_may_stand_many_times);
	tcase_add_test(t, an_answer_without_lists_is_its_frame);
}
