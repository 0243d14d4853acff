/*
 * room: privd, with: lend_world -- lists of what is lent, page by page, while
 * it changes.
 */
#include "lend_world.h"

static unsigned seen[MANY];

static void
on_row(void *arg, const struct lend_row *r)
{
	(void)arg;
	seen[get_le32(r->src + 4)]++;
}

/* One page; 1: there is more. */
static int
page(struct msg_list *l)
{
	union msg_any m;

	on_list(&guest[0], l, NULL);
	ck_assert_int_eq(next(&guest[1], &m), MSG_LISTED);
	l->after_len = lend_rows(m.listed.rows, m.listed.rows_len, l->after,
	    on_row, NULL);
	return m.listed.more;
}

START_TEST(a_list_has_everything_once)
{
	struct msg_list	l = { .req = 1 };
	unsigned	i;

	lend_many(MANY);
	while (page(&l))
		;
	for (i = 0; i < MANY; i++)
		ck_assert_uint_eq(seen[i], 1);
}
END_TEST

START_TEST(a_list_between_the_pages_of_another_breaks_neither)
{
	struct msg_list	l = { .req = 1 }, other;
	unsigned	i, pages = 0;

	lend_many(MANY);
	do {
		memset(&other, 0, sizeof(other));
		other.req = 2;
		page(&other);
		pages++;
	} while (page(&l));
	ck_assert_uint_gt(pages, 3);
	/* The first page is everybody's; what comes after it is the list's alone. */
	for (i = MANY / 2; i < MANY; i++)
		ck_assert_uint_eq(seen[i], 1);
}
END_TEST

START_TEST(what_goes_between_two_pages_hides_nothing_else)
{
	struct msg_list	l = { .req = 1 }, other = { .req = 2 };
	unsigned	i, gone;

	lend_many(MANY);
	page(&l);
	for (gone = 0; seen[gone] > 0; gone++)
		;
	ck_assert_uint_gt(gone, 3);
	/* All of the first page but one is taken back, and somebody looks. */
	for (i = 1; i < gone; i++)
		take_back(i, "");
	while (record(1)[0] != '\0')
		;
	while (next(&guest[1], &(union msg_any){ .req = 0 }) != MSG_NONE)
		;
	page(&other);
	memset(seen, 0, sizeof(seen));
	while (page(&l))
		;
	for (i = gone; i < MANY; i++)
		ck_assert_uint_eq(seen[i], 1);
}
END_TEST

START_TEST(a_list_does_not_end_where_the_kernel_failed_another)
{
	struct msg_list	l = { .req = 1 }, other = { .req = 2 };
	union msg_any	m;

	lend_many(MANY);
	ck_assert(page(&l));
	kernel_fails = 1;
	on_list(&guest[0], &other, NULL);
	ck_assert_int_eq(next(&guest[1], &m), MSG_LEND_NO);
	on_list(&guest[0], &l, NULL);
	ck_assert_int_eq(next(&guest[1], &m), MSG_LEND_NO);
	ck_assert_int_eq(m.lend_no.why, LEND_KERNEL);
}
END_TEST

void
tests(TCase *t)
{
	log_init("privd", "off");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_list_has_everything_once);
	tcase_add_test(t, a_list_between_the_pages_of_another_breaks_neither);
	tcase_add_test(t, what_goes_between_two_pages_hides_nothing_else);
	tcase_add_test(t, a_list_does_not_end_where_the_kernel_failed_another);
}
