/* room: netd -- requests and replies of the control socket. */
#include <stdlib.h>
#include <string.h>

#include "control_req.h"
#include "suite.h"

static void
refused(const char *bytes, size_t len, const char *text)
{
	char err[CTL_ERR_LEN] = "";
	struct ctl_req req;

	ck_assert_int_eq(ctl_req_parse(bytes, len, &req, err), -1);
	ck_assert_str_eq(err, text);
}

START_TEST(a_command_is_read_with_and_without_params)
{
	static const char with[] =
	    " {\"command\":\"connect\",\"params\":{\"npub\":\"x\"},\"more\":1} \r\n";
	static const char without[] = "{\"command\":\"show_peers\"}";
	char err[CTL_ERR_LEN];
	struct ctl_req req;

	ck_assert_int_eq(ctl_req_parse(with, sizeof(with) - 1, &req, err), 0);
	ck_assert_str_eq(req.command, "connect");
	ck_assert_str_eq(ctl_req_text(req.params, "npub", err), "x");
	ck_assert_ptr_null(ctl_req_text(req.params, "address", err));
	ck_assert_str_eq(err, "missing 'address' parameter");
	ctl_req_free(&req);
	ck_assert_int_eq(ctl_req_parse(without, sizeof(without) - 1, &req, err),
	    0);
	ck_assert_ptr_null(req.params);
	ctl_req_free(&req);
}
END_TEST

START_TEST(null_params_are_absent)
{
	static const char s[] = "{\"command\":\"connect\",\"params\":null}";
	char err[CTL_ERR_LEN];
	struct ctl_req req;

	ck_assert_int_eq(ctl_req_parse(s, sizeof(s) - 1, &req, err), 0);
	ck_assert_ptr_null(req.params);
	ctl_req_free(&req);
}
END_TEST

START_TEST(refusals_say_what_the_reference_says)
{
	refused("", 0, "empty request");
	refused("\n", 1,
	    "invalid request: EOF while parsing a value at line 1 column 0");
	refused("{}\n", 3,
	    "invalid request: missing field `command` at line 1 column 2");
}
END_TEST

START_TEST(what_is_no_request_is_refused)
{
	static const char *const bad[] = {
		"[]", "1", "null", "\"x\"", "{\"command\":1}", "{\"command\"",
		"{\"command\":\"a\"}x", "{\"command\":\"a\",\"command\":\"b\"}",
		"{\"command\":\"\\u0000\"}", "{\"command\":\"\xff\"}"
	};
	char err[CTL_ERR_LEN];
	struct ctl_req req;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(ctl_req_parse(bad[i], strlen(bad[i]), &req,
		    err), -1);
		ck_assert_int_eq(strncmp(err, "invalid request: ", 17), 0);
	}
}
END_TEST

START_TEST(a_request_cut_anywhere_is_refused)
{
	static const char s[] =
	    "{\"command\":\"connect\",\"params\":{\"npub\":\"x\"}}";
	char err[CTL_ERR_LEN];
	struct ctl_req req;
	size_t i;

	for (i = 0; i < sizeof(s) - 1; i++)
		ck_assert_int_eq(ctl_req_parse(s, i, &req, err), -1);
}
END_TEST

START_TEST(replies_have_status_first_and_sorted_data)
{
	size_t len;
	char *s;

	s = ctl_reply_ok(json_pack("{s:i, s:{s:n, s:f}}", "b", 1, "a", "z",
	    "y", 0.0), &len);
	ck_assert_int_eq(s[len - 1], '\n');
	s[len - 1] = '\0';
	ck_assert_str_eq(s,
	    "{\"status\":\"ok\",\"data\":{\"a\":{\"y\":0.0,\"z\":null},\"b\":1}}");
	free(s);
	s = ctl_reply_error("a \"b\" \n c", &len);
	s[len - 1] = '\0';
	ck_assert_str_eq(s,
	    "{\"status\":\"error\",\"message\":\"a \\\"b\\\" \\n c\"}");
	free(s);
}
END_TEST

START_TEST(an_error_text_that_is_no_utf8_is_answered_all_the_same)
{
	size_t len;
	char *s = ctl_reply_error("unknown command: \xc3", &len);

	ck_assert_ptr_nonnull(s);
	s[len - 1] = '\0';
	ck_assert_str_eq(s,
	    "{\"status\":\"error\",\"message\":\"unknown command: ?\"}");
	free(s);
}
END_TEST

START_TEST(addresses_have_a_host_and_a_port)
{
	static const char *const bad[] = {
		"", ":", "a", "a:", ":1", "a:0", "a:65536", "a:1x", "a:-1",
		"[]:1", "[::1]", "[::1:1", "::1:1", "a: 1", "[:1"
	};
	char host[256], long_name[300];
	unsigned short port;
	size_t i;

	ck_assert_int_eq(ctl_address("192.0.2.1:2121", host, &port), 0);
	ck_assert_str_eq(host, "192.0.2.1");
	ck_assert_uint_eq(port, 2121);
	ck_assert_int_eq(ctl_address("[2001:db8::1]:65535", host, &port), 0);
	ck_assert_str_eq(host, "2001:db8::1");
	ck_assert_uint_eq(port, 65535);
	ck_assert_int_eq(ctl_address("box.example:1", host, &port), 0);
	ck_assert_str_eq(host, "box.example");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(ctl_address(bad[i], host, &port), -1);
	memset(long_name, 'a', sizeof(long_name));
	strcpy(long_name + 255, ":1");
	ck_assert_int_eq(ctl_address(long_name, host, &port), 0);
	memset(long_name, 'a', sizeof(long_name));
	strcpy(long_name + 256, ":1");
	ck_assert_int_eq(ctl_address(long_name, host, &port), -1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_command_is_read_with_and_without_params);
	tcase_add_test(t, null_params_are_absent);
	tcase_add_test(t, refusals_say_what_the_reference_says);
	tcase_add_test(t, what_is_no_request_is_refused);
	tcase_add_test(t, a_request_cut_anywhere_is_refused);
	tcase_add_test(t, replies_have_status_first_and_sorted_data);
	tcase_add_test(t, an_error_text_that_is_no_utf8_is_answered_all_the_same);
	tcase_add_test(t, addresses_have_a_host_and_a_port);
}
