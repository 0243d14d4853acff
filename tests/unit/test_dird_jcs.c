/* room: dird -- canonical JSON: vectors of RFC 8785 that have no floats, and what is refused. */
#include <stdlib.h>
#include <string.h>

#include "jcs.h"
#include "suite.h"

static const char *
canon(const char *text)
{
	static char out[70000];
	struct because b;
	json_t *v = jcs_parse(text, strlen(text), &b);
	ssize_t n = v == NULL ? -1 : jcs_write(v, out, sizeof(out) - 1);

	json_decref(v);
	if (n == -1)
		return NULL;
	out[n] = '\0';
	return out;
}

static enum why
refused(const char *text, size_t len)
{
	struct because b = { WHY_OK, "" };
	json_t *v = jcs_parse(text, len, &b);

	json_decref(v);
	return v == NULL ? b.why : WHY_OK;
}

START_TEST(keys_are_sorted_by_their_utf16_units)
{
	/* RFC 8785, 3.2.3: the example with a surrogate pair and U+FB33. */
	ck_assert_str_eq(canon("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage "
	    "Return\",\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":"
	    "\"One\",\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":"
	    "\"Control\",\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}"),
	    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
	    "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
	    "\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: "
	    "Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With "
	    "Dagesh\"}");
}
END_TEST

START_TEST(strings_have_the_shortest_escapes)
{
	ck_assert_str_eq(canon("[\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c"
	    "\\\\\\\"\\/\\b\\f\\t\\u001f\"]"),
	    "[\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\\b\\f\\t\\u001f\"]");
}
END_TEST

START_TEST(white_space_and_order_go)
{
	ck_assert_str_eq(canon(" { \"b\" : [ 1 , true ,false ] ,\n\"a\": {} } "),
	    "{\"a\":{},\"b\":[1,true,false]}");
	ck_assert_str_eq(canon("[-0, 9007199254740991, -9007199254740991]"),
	    "[0,9007199254740991,-9007199254740991]");
}
END_TEST

START_TEST(what_has_no_canonical_form_is_refused_with_its_reason)
{
	static const struct {
		const char	*text;
		enum why	 why;
	} rows[] = {
		{ "{\"a\":1.0}", WHY_FLOAT }, { "{\"a\":1e3}", WHY_FLOAT },
		{ "{\"a\":1,\"a\":2}", WHY_DUPLICATE_KEY },
		{ "{\"a\":1,\"\\u0061\":2}", WHY_DUPLICATE_KEY },
		{ "[null]", WHY_NULL_VALUE },
		{ "[9007199254740992]", WHY_INTEGER },
		{ "[-9007199254740992]", WHY_INTEGER },
		{ "[99999999999999999999]", WHY_INTEGER },
		{ "[[[[[[[[[1]]]]]]]]]", WHY_DEPTH },
		{ "", WHY_JSON }, { "1", WHY_JSON }, { "{\"a\":1}x", WHY_JSON },
		{ "[\"\\u0000\"]", WHY_JSON }, { "[\"\\ud800\"]", WHY_JSON },
		{ "[\"\xff\"]", WHY_JSON }, { "[01]", WHY_JSON },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(refused(rows[i].text, strlen(rows[i].text)) ==
		    rows[i].why, "%s", rows[i].text);
	ck_assert_int_eq(refused("[[[[[[[[1]]]]]]]]", 17), WHY_OK);
	ck_assert_int_eq(refused("[\"[[[[[[[[[[\\\"[[\"]", 18), WHY_OK);
}
END_TEST

START_TEST(sixty_four_kibibytes_pass_and_one_more_byte_does_not)
{
	char *p = malloc(JCS_MAX + 1);

	memset(p, 'a', JCS_MAX + 1);
	memcpy(p, "[\"", 2);
	memcpy(p + JCS_MAX - 2, "\"]", 2);
	ck_assert_int_eq(refused(p, JCS_MAX), WHY_OK);
	memcpy(p + JCS_MAX - 2, "a\"]", 3);
	ck_assert_int_eq(refused(p, JCS_MAX + 1), WHY_SIZE);
	free(p);
}
END_TEST

START_TEST(only_canonical_text_is_taken_as_canonical)
{
	static const char *const not[] = { "{\"b\":1,\"a\":2}", "{\"a\": 1}",
	    "{\"a\":\"\\u0041\"}", "{\"a\":-0}", "{\"a\":\"\\/\"}", "[1] " };
	struct because b;
	json_t *v;
	size_t i;

	v = jcs_parse_canonical("{\"a\":1,\"b\":[]}", 14, &b);
	ck_assert_ptr_nonnull(v);
	json_decref(v);
	for (i = 0; i < sizeof(not) / sizeof(not[0]); i++) {
		ck_assert_ptr_null(jcs_parse_canonical(not[i], strlen(not[i]), &b));
		ck_assert_int_eq(b.why, WHY_NOT_CANONICAL);
	}
}
END_TEST

START_TEST(a_buffer_too_small_by_any_length_is_noticed)
{
	struct because b;
	char out[64];
	json_t *v = jcs_parse("{\"a\":[1,\"x\\n\",true]}", 20, &b);
	ssize_t i, n = jcs_write(v, out, sizeof(out));

	ck_assert_int_eq(n, 20);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(jcs_write(v, out, (size_t)i), -1);
	json_decref(v);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, keys_are_sorted_by_their_utf16_units);
	tcase_add_test(t, strings_have_the_shortest_escapes);
	tcase_add_test(t, white_space_and_order_go);
	tcase_add_test(t, what_has_no_canonical_form_is_refused_with_its_reason);
	tcase_add_test(t, sixty_four_kibibytes_pass_and_one_more_byte_does_not);
	tcase_add_test(t, only_canonical_text_is_taken_as_canonical);
	tcase_add_test(t, a_buffer_too_small_by_any_length_is_noticed);
}
