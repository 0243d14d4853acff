/* room: dird -- the audit stream as a chain, and as leaves of a tree. */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "suite.h"

enum { RECORDS = 20 };

static char	text[RECORDS][AUDIT_LEN];
static size_t	len[RECORDS];

/* The chain over all of them; where it breaks, or RECORDS. */
static size_t
first_broken(void)
{
	struct audit_chain c = { .next = 0 };
	const char *wrong;
	json_t *o;
	size_t i;

	for (i = 0; i < RECORDS; i++) {
		o = audit_check(&c, (uint8_t *)text[i], len[i], &wrong);
		if (o == NULL) {
			ck_assert_ptr_nonnull(wrong);
			return i;
		}
		json_decref(o);
	}
	return RECORDS;
}

static void
root(uint8_t out[HASH_LEN])
{
	struct merkle *m = merkle_new();
	uint8_t leaf[HASH_LEN];
	size_t i;

	for (i = 0; i < RECORDS; i++) {
		merkle_leaf(text[i], len[i], leaf);
		ck_assert_int_eq(merkle_add(m, leaf), 0);
	}
	ck_assert_int_eq(merkle_root(m, RECORDS, out), 0);
	merkle_free(m);
}

static void
setup(void)
{
	struct audit_chain c = { .next = 0 };
	const char *wrong;
	ssize_t n;
	size_t i;

	for (i = 0; i < RECORDS; i++) {
		n = audit_build(&c, 1800000000 + (int64_t)i, "grant", "root",
		    "kind=web", text[i], AUDIT_LEN);
		ck_assert_int_gt(n, 0);
		len[i] = (size_t)n;
		json_decref(audit_check(&c, (uint8_t *)text[i], len[i],
		    &wrong));
		ck_assert_uint_eq(c.next, i + 1);
	}
}

START_TEST(every_changed_byte_breaks_the_chain_or_the_root)
{
	uint8_t was[HASH_LEN], is[HASH_LEN];
	size_t i, at, where;

	ck_assert_uint_eq(first_broken(), RECORDS);
	root(was);
	for (i = 0; i < RECORDS; i++) {
		for (at = 0; at < len[i]; at++) {
			text[i][at] ^= 1;
			where = first_broken();
			ck_assert_msg(where == i || where == i + 1,
			    "record %zu, byte %zu", i, at);
			root(is);
			ck_assert_mem_ne(was, is, HASH_LEN);
			text[i][at] ^= 1;
		}
	}
}
END_TEST

START_TEST(a_missing_or_doubled_record_is_named)
{
	char was[AUDIT_LEN];
	size_t n = len[5];

	memcpy(was, text[5], n);
	memcpy(text[5], text[6], len[6]);
	len[5] = len[6];
	ck_assert_uint_eq(first_broken(), 5);
	memcpy(text[5], was, n);
	len[5] = n;
	memcpy(text[6], was, n);
	len[6] = n;
	ck_assert_uint_eq(first_broken(), 6);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, every_changed_byte_breaks_the_chain_or_the_root);
	tcase_add_test(t, a_missing_or_doubled_record_is_named);
}
