/* room: netd -- questions and answers about the hosts of peers. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdlib.h>
#include <string.h>

#include "resolve_msg.h"
#include "suite.h"

static const char host[] = "box.example";

static size_t
put_name(uint8_t *p, const char *name)
{
	uint8_t raw[NS_MAXCDNAME];
	int n;

	ck_assert_int_ge(ns_name_pton(name, raw, sizeof(raw)), 0);
	n = ns_name_pack(raw, p, NS_MAXCDNAME, NULL, NULL);
	ck_assert_int_gt(n, 0);
	return (size_t)n;
}

static size_t
put_record(uint8_t *p, const char *owner, ns_type type, const void *data,
    size_t len)
{
	uint8_t *from = p;

	p += put_name(p, owner);
	ns_put16(type, p);
	ns_put16(ns_c_in, p + 2);
	ns_put32(60, p + 4);
	ns_put16((unsigned)len, p + 8);
	memcpy(p + 10, data, len);
	return (size_t)(p - from) + 10 + len;
}

/* An answer to our question, with no records yet. */
static size_t
answer(int family, uint16_t id, ns_rcode rcode, unsigned records,
    uint8_t out[RESOLVE_MSG_MAX])
{
	int n = resolve_question(host, family, id, out);

	ck_assert_int_gt(n, 0);
	out[2] |= 0x80;
	out[3] = (uint8_t)rcode;
	ns_put16(records, out + 6);
	return (size_t)n;
}

START_TEST(addresses_of_the_name_and_of_its_alias_are_taken)
{
	uint8_t msg[RESOLVE_MSG_MAX], cname[64], ip[16];
	struct endpoint ep[4];
	size_t len;

	len = answer(6, 77, ns_r_noerror, 4, msg);
	inet_pton(AF_INET6, "2001:db8::1", ip);
	len += put_record(msg + len, "other.example", ns_t_aaaa, ip, 16);
	len += put_record(msg + len, "BOX.example", ns_t_cname, cname,
	    put_name(cname, "real.example"));
	ip[15] = 2;
	len += put_record(msg + len, "real.example", ns_t_aaaa, ip, 16);
	ip[15] = 3;
	len += put_record(msg + len, "real.example", ns_t_aaaa, ip, 16);
	ck_assert_int_eq(resolve_answer(msg, len, host, 6, 77, ep, 4), 2);
	ck_assert_uint_eq(ep[0].family, 6);
	ck_assert_uint_eq(ep[0].ip[15], 2);
	ck_assert_uint_eq(ep[1].ip[15], 3);
	ck_assert_int_eq(resolve_answer(msg, len, host, 6, 77, ep, 1), 1);
	ck_assert_int_eq(resolve_answer(msg, len, host, 6, 77, ep, 0), 0);
}
END_TEST

START_TEST(an_answer_to_another_question_is_refused)
{
	uint8_t msg[RESOLVE_MSG_MAX], ip[4] = { 192, 0, 2, 1 };
	struct endpoint ep[4];
	size_t len;

	len = answer(4, 77, ns_r_noerror, 1, msg);
	len += put_record(msg + len, host, ns_t_a, ip, 4);
	ck_assert_int_eq(resolve_answer(msg, len, host, 4, 77, ep, 4), 1);
	ck_assert_int_eq(resolve_answer(msg, len, host, 4, 78, ep, 4), -1);
	ck_assert_int_eq(resolve_answer(msg, len, host, 6, 77, ep, 4), -1);
	ck_assert_int_eq(resolve_answer(msg, len, "b.example", 4, 77, ep, 4),
	    -1);
	msg[2] &= 0x7f;		/* a question, not an answer */
	ck_assert_int_eq(resolve_answer(msg, len, host, 4, 77, ep, 4), -1);
}
END_TEST

START_TEST(an_answer_cut_or_stretched_is_refused)
{
	uint8_t msg[RESOLVE_MSG_MAX], ip[4] = { 192, 0, 2, 1 };
	struct endpoint ep[4];
	size_t len, i;

	len = answer(4, 77, ns_r_noerror, 1, msg);
	len += put_record(msg + len, host, ns_t_a, ip, 4);
	for (i = 0; i < len; i++)
		ck_assert_int_eq(resolve_answer(msg, i, host, 4, 77, ep, 4), -1);
	msg[len] = 0;
	ck_assert_int_eq(resolve_answer(msg, len + 1, host, 4, 77, ep, 4), -1);
}
END_TEST

START_TEST(an_address_of_the_wrong_size_is_refused)
{
	uint8_t msg[RESOLVE_MSG_MAX], ip[16] = { 192, 0, 2, 1 };
	struct endpoint ep[4];
	size_t len;

	len = answer(4, 77, ns_r_noerror, 1, msg);
	len += put_record(msg + len, host, ns_t_a, ip, 5);
	ck_assert_int_eq(resolve_answer(msg, len, host, 4, 77, ep, 4), -1);
}
END_TEST

START_TEST(no_such_name_is_an_answer_and_failure_is_none)
{
	uint8_t msg[RESOLVE_MSG_MAX];
	struct endpoint ep[4];
	size_t len;

	len = answer(4, 1, ns_r_nxdomain, 0, msg);
	ck_assert_int_eq(resolve_answer(msg, len, host, 4, 1, ep, 4), 0);
	len = answer(4, 1, ns_r_servfail, 0, msg);
	ck_assert_int_eq(resolve_answer(msg, len, host, 4, 1, ep, 4), -1);
}
END_TEST

START_TEST(what_is_no_host_name_is_not_asked)
{
	uint8_t q[RESOLVE_MSG_MAX];
	char long_name[300];

	ck_assert_int_eq(resolve_question("a..b", 4, 1, q), -1);
	memset(long_name, 'a', sizeof(long_name));
	long_name[64] = '\0';
	ck_assert_int_eq(resolve_question(long_name, 4, 1, q), -1);
	long_name[64] = 'a';
	long_name[299] = '\0';
	ck_assert_int_eq(resolve_question(long_name, 4, 1, q), -1);
}
END_TEST

START_TEST(literals_need_no_asking)
{
	struct endpoint ep;

	ck_assert_int_eq(resolve_literal("192.0.2.1", &ep), 0);
	ck_assert_uint_eq(ep.family, 4);
	ck_assert_int_eq(resolve_literal("2001:db8::1", &ep), 0);
	ck_assert_uint_eq(ep.family, 6);
	ck_assert_int_eq(resolve_literal("fe80::1%3", &ep), 0);
	ck_assert_uint_eq(ep.scope, 3);
	ck_assert_int_eq(resolve_literal("fe80::1%eth0", &ep), -1);
	ck_assert_int_eq(resolve_literal("fe80::1%", &ep), -1);
	ck_assert_int_eq(resolve_literal("fe80::1%4294967297", &ep), -1);
	ck_assert_int_eq(resolve_literal("::ffff:192.0.2.1", &ep), 0);
	ck_assert_uint_eq(ep.family, 4);
	ck_assert_int_eq(resolve_literal("192.0.2.1%1", &ep), -1);
	ck_assert_int_eq(resolve_literal("box", &ep), -1);
	ck_assert_int_eq(resolve_literal("", &ep), -1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, addresses_of_the_name_and_of_its_alias_are_taken);
	tcase_add_test(t, an_answer_to_another_question_is_refused);
	tcase_add_test(t, an_answer_cut_or_stretched_is_refused);
	tcase_add_test(t, an_address_of_the_wrong_size_is_refused);
	tcase_add_test(t, no_such_name_is_an_answer_and_failure_is_none);
	tcase_add_test(t, what_is_no_host_name_is_not_asked);
	tcase_add_test(t, literals_need_no_asking);
}
