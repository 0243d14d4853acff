/*
 * room: privd, with: lend_world -- grants between a question and its record,
 * and when they go.
 */
#include "lend_world.h"

static void
ask(uint32_t i)
{
	struct msg_grant m = grant_of(i, "tor-exit", PORT);

	on_grant(&guest[0], &m, NULL);
}

static enum lend_why
answered(uint32_t req)
{
	union msg_any m;
	enum msg_type type;

	while ((type = next(&guest[1], &m)) != MSG_NONE)
		if (m.req == req)
			return type == MSG_LEND_NO ? m.lend_no.why : LEND_OK;
	return LEND_WHY_MAX;
}

START_TEST(a_grant_that_is_revoked_before_its_record_is_not_made)
{
	ask(1);
	ask(2);
	take_back(1, "");
	while (strncmp(record(1), "failed", 6) != 0)
		;
	ck_assert_uint_eq(nset, 1);
	ck_assert_uint_eq(get_le32(set[0].src + 4), 2);
	ck_assert_int_eq(answered(1001), LEND_REVOKED);
	/* And afterwards it can be lent again. */
	while (record(1)[0] != '\0')
		;
	ask(1);
	record(1);
	ck_assert_uint_eq(nset, 2);
}
END_TEST

START_TEST(a_revoke_of_one_service_leaves_the_grant_for_another)
{
	static const char	one[] = "11111111111111111111111111111111";
	static const char	two[] = "22222222222222222222222222222222";
	struct msg_grant	m = grant_of(1, "tor-exit", PORT);

	m.service_len = 32;
	memcpy(m.service, two, 32);
	on_grant(&guest[0], &m, NULL);
	take_back(1, one);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 1);
	on_grant(&guest[0], &m, NULL);
	take_back(1, two);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 0);
}
END_TEST

START_TEST(what_another_has_already_is_not_lent_a_second_time)
{
	static const char	one[] = "11111111111111111111111111111111";
	static const char	two[] = "22222222222222222222222222222222";
	struct msg_grant	m = grant_of(1, "tor-exit", PORT);

	m.service_len = 32;
	memcpy(m.service, one, 32);
	on_grant(&guest[0], &m, NULL);
	memcpy(m.service, two, 32);
	m.req = 7;
	on_grant(&guest[0], &m, NULL);
	while (strncmp(record(1), "failed", 6) != 0)
		;
	ck_assert_int_eq(answered(7), LEND_TAKEN);
	take_back(1, two);
	record(1);
	ck_assert_uint_eq(nset, 1);
	take_back(1, one);
	ck_assert_uint_eq(nset, 0);
}
END_TEST

START_TEST(what_is_not_recorded_is_not_made)
{
	ask(1);
	ck_assert(strncmp(record(0), "grant", 5) == 0);
	ck_assert_uint_eq(nset, 0);
	ck_assert_int_eq(answered(1001), LEND_AUDIT);
}
END_TEST

START_TEST(grants_leave_room_for_a_revoke)
{
	union msg_any	m;
	unsigned	i;

	for (i = 0; i < 50; i++)
		ask(i);
	/* Those that have no place are told so, at once. */
	ck_assert_int_eq(next(&guest[1], &m), MSG_LEND_NO);
	ck_assert_int_eq(m.lend_no.why, LEND_BUSY);
	while (next(&guest[1], &m) != MSG_NONE)
		;
	take_back(99, "");
	while (record(1)[0] != '\0')
		;
	while (next(&guest[1], &m) == MSG_GRANTED)
		;
	ck_assert_int_eq(m.req, 5099);
}
END_TEST

START_TEST(grants_that_wait_count_against_the_limit)
{
	unsigned i;

	conf.num[CONF_LEND_GRANTS_MAX] = 3;
	lend_read();
	for (i = 0; i < 5; i++)
		ask(i);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 3);
	/* What has run out meanwhile is seen, what was called off does not count. */
	nset = 1;
	ask(10);
	take_back(10, "");
	ask(11);
	ask(12);
	ask(13);
	while (record(1)[0] != '\0')
		;
	ck_assert_uint_eq(nset, 3);
	ck_assert_int_eq(answered(1013), LEND_FULL);
}
END_TEST

START_TEST(a_renewal_takes_no_room_where_all_is_lent)
{
	conf.num[CONF_LEND_GRANTS_MAX] = 3;
	lend_read();
	lend_many(3);
	lend_open();
	ask(1);
	record(1);
	ck_assert_int_eq(answered(1001), LEND_OK);
	ask(3);
	ck_assert_int_eq(answered(1003), LEND_FULL);
	/* Several that wait for their record, too. */
	ask(0);
	ask(2);
	while (record(1)[0] != '\0')
		;
	ck_assert_int_eq(answered(1002), LEND_OK);
	ck_assert_uint_eq(nset, 3);
}
END_TEST

START_TEST(where_nothing_is_lent_any_more_earlier_grants_go)
{
	static char none[] = "";

	lend_many(3);
	conf.txt[CONF_LEND_ALLOW] = none;
	ck_assert_int_eq(lend_read(), 0);
	lend_open();
	ck_assert_uint_eq(nset, 0);
}
END_TEST

START_TEST(what_would_outlast_the_configuration_goes)
{
	lend_many(4);
	set[1].left_s = 300;
	set[2].left_s = 0;	/* by hand, without an end */
	conf.num[CONF_LEND_SECS_MAX] = 300;
	lend_read();
	lend_open();
	ck_assert_uint_eq(nset, 1);
	ck_assert_uint_eq(get_le32(set[0].src + 4), 1);
}
END_TEST

/* A grant that is not lent, refused; the record of it, or "". */
static const char *
refuse_one(void)
{
	struct msg_grant m = grant_of(1, "tor-exit", 22);

	on_grant(&guest[0], &m, NULL);
	ck_assert_int_eq(answered(1001), LEND_POLICY);
	return record(1);
}

static const char *
attempt(void)
{
	struct msg_attempt m = { .req = 1, .why = LEND_KIND, .text = "x",
	    .text_len = 1 };

	on_attempt(&guest[0], &m, NULL);
	return record(1);
}

START_TEST(refusals_without_end_do_not_fill_the_disk)
{
	unsigned i, n = 0;

	for (i = 0; i < 500; i++) {
		n += refuse_one()[0] != '\0';
		n += attempt()[0] != '\0';
	}
	ck_assert_uint_eq(n, 256);
	/* Each was answered all the same, and the next record counts the rest. */
	ahead_s = 11;
	ck_assert_ptr_nonnull(strstr(refuse_one(), "unwritten=744"));
	ck_assert_str_eq(refuse_one(), "");
	ahead_s += 60;
	ck_assert_ptr_nonnull(strstr(attempt(), "unwritten=1"));
	ck_assert_ptr_nonnull(strstr(attempt(), "unwritten=0"));
}
END_TEST

START_TEST(what_is_refused_takes_no_record_from_what_is_lent)
{
	unsigned i;

	for (i = 0; i < 500; i++)
		refuse_one();
	ask(1);
	ck_assert(strncmp(record(1), "grant", 5) == 0);
	ck_assert_uint_eq(nset, 1);
	take_back(1, "");
	ck_assert(strncmp(record(1), "revoke", 6) == 0);
}
END_TEST

START_TEST(a_record_that_nobody_asked_for_is_a_lie)
{
	struct msg_audited a = { .req = 3, .ok = 1 };

	on_audited(&house.room[PROC_DIRD].door, &a, NULL);
	ck_assert_ptr_nonnull(lied);
	ck_assert_uint_eq(nset, 0);
}
END_TEST

void
tests(TCase *t)
{
	log_init("privd", "off");
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_grant_that_is_revoked_before_its_record_is_not_made);
	tcase_add_test(t, a_revoke_of_one_service_leaves_the_grant_for_another);
	tcase_add_test(t, what_another_has_already_is_not_lent_a_second_time);
	tcase_add_test(t, what_is_not_recorded_is_not_made);
	tcase_add_test(t, grants_leave_room_for_a_revoke);
	tcase_add_test(t, grants_that_wait_count_against_the_limit);
	tcase_add_test(t, a_renewal_takes_no_room_where_all_is_lent);
	tcase_add_test(t, where_nothing_is_lent_any_more_earlier_grants_go);
	tcase_add_test(t, what_would_outlast_the_configuration_goes);
	tcase_add_test(t, refusals_without_end_do_not_fill_the_disk);
	tcase_add_test(t, what_is_refused_takes_no_record_from_what_is_lent);
	tcase_add_test(t, a_record_that_nobody_asked_for_is_a_lie);
}
