/*
 * room: dird
 * test_dird_canon.c -- the checker without memory beside the one with it: one
 * verdict on every text, and the same bytes to sign.
 */
#include <stdlib.h>
#include <time.h>

#include "../dird_body.h"
#include "canon.h"
#include "entry.h"
#include "jcs.h"
#include "suite.h"

#define ROUNDS	4000
#define DID	"did:plc:00112233445566778899aabbccddeeff"

static char	scratch[70000], text[70000];
static unsigned	good, bad;

/* What the writer's side says of these bytes: canonical, and of this type. */
static int
other(enum object t, const char *p, size_t len)
{
	json_t *v = jcs_parse_canonical(p, len, NULL);
	int ok = v != NULL && object_check(t, v, NULL) == 0;

	json_decref(v);
	return ok ? 0 : -1;
}

static int
same_verdict(enum object t, const char *p, size_t len)
{
	int want = other(t, p, len), got = canon_body(t, p, len, scratch);

	ck_assert_msg(want == got, "%s: %s here, %s there: %.*s", object_name(t),
	    got == 0 ? "good" : "bad", want == 0 ? "good" : "bad",
	    (int)(len < 600 ? len : 600), p);
	good += want == 0;
	bad += want != 0;
	return want;
}

/* Both builders make the same bytes, or neither makes any. */
static void
same_bytes(enum object t, const json_t *body, struct span s)
{
	static uint8_t a[70000], b[70000];
	uint8_t prev[ID_LEN];
	uint64_t seq = b_any(3);
	ssize_t n, m;

	memset(prev, (int)b_any(256), sizeof(prev));
	n = entry_build(t, DID, seq, seq > 0 ? prev : NULL, 1764043200, body, a,
	    sizeof(a), NULL);
	m = canon_entry(t, DID, seq, seq > 0 ? prev : NULL, 1764043200, s, b,
	    ENTRY_MAX - SIG_LEN);
	ck_assert_int_eq(n, m);
	ck_assert(n == -1 || memcmp(a, b, (size_t)n) == 0);
}

static void
each_type(void (*fn)(enum object, const json_t *, size_t))
{
	json_t *v;
	ssize_t n;
	int t, i;

	srandom(7);
	for (i = 0; i < ROUNDS; i++) {
		t = i % OBJ_MAX;
		v = b_body((enum object)t);
		n = jcs_write(v, text, sizeof(text));
		if (n != -1)
			fn((enum object)t, v, (size_t)n);
		json_decref(v);
	}
}

static void
as_written(enum object t, const json_t *v, size_t n)
{
	if (same_verdict(t, text, n) == 0)
		same_bytes(t, v, (struct span){ text, n });
}

START_TEST(both_checkers_take_the_same_bodies_and_build_the_same_bytes)
{
	good = bad = 0;
	each_type(as_written);
	ck_assert_uint_gt(good, ROUNDS / 3);
	ck_assert_uint_gt(bad, ROUNDS / 50);
}
END_TEST

/* One byte changed, taken away, doubled, or two exchanged. */
static void
damaged(enum object t, const json_t *v, size_t n)
{
	static char copy[70000];
	size_t at, i, k = n;

	(void)v;
	for (i = 0; i < 24; i++) {
		memcpy(copy, text, n);
		at = b_any((unsigned)n);
		k = n;
		switch (b_any(5)) {
		case 0:
			copy[at] = (char)b_any(256);
			break;
		case 1:
			memmove(copy + at, text + at + 1, n - at - 1);
			k = n - 1;
			break;
		case 2:
			memmove(copy + at + 1, text + at, n - at);
			k = n + 1;
			break;
		case 3:
			copy[at] = "\"\\{}[]:, 0-eu\n"[b_any(14)];
			break;
		default:
			k = at;
		}
		same_verdict(t, copy, k);
	}
}

START_TEST(both_checkers_agree_on_every_damage)
{
	each_type(damaged);
}
END_TEST

START_TEST(every_other_spelling_is_refused_by_both)
{
	static const char *const bodies[] = {
		"{\"subject\":\"" DID "\"} ", " {\"subject\":\"" DID "\"}",
		"{\"subject\": \"" DID "\"}", "{ \"subject\":\"" DID "\"}",
		"{\"subject\":\"" DID "\",\"subject\":\"" DID "\"}",
		"{\"subject\":\"\\u0064id:plc:00112233445566778899aabbccddeeff\"}",
		"{\"subject\":null}", "{\"subject\":1}", "{}", "", "{", "[]",
		"{\"subject\":\"" DID "\"}{}", "{\"subject\":\"" DID "\",}",
	};
	static const char *const numbers[] = { "1.0", "1e0", "-0", "01", "+1",
	    "9007199254740992", "-1", "99999999999999999999", "1 ", "0x1", "" };
	size_t i;
	int n;

	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		ck_assert_int_eq(same_verdict(OBJ_ATTEST, bodies[i],
		    strlen(bodies[i])), -1);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		n = snprintf(text, sizeof(text), "{\"entries\":%s,\"reason\":\"\","
		    "\"subject\":\"" DID "\"}", numbers[i]);
		ck_assert_int_eq(same_verdict(OBJ_REVOKE, text, (size_t)n), -1);
	}
}
END_TEST

/* Each escape and each raw character, in the one field that takes all. */
START_TEST(each_character_has_one_spelling_for_both)
{
	static const char frame[] = "{\"hash\":\"%064d\",\"scope\":\"s\","
	    "\"text\":\"%s\",\"valid_from\":\"2026-01-01T00:00:00Z\","
	    "\"valid_until\":\"2026-01-01T00:00:00Z\",\"version\":1}";
	char c[8];
	int i, n;

	good = 0;
	for (i = 0; i < 0x200; i++) {
		snprintf(c, sizeof(c), i & 0x100 ? "\\u00%02X" : "\\u00%02x",
		    (unsigned)i & 0xff);
		n = snprintf(text, sizeof(text), frame, 0, c);
		same_verdict(OBJ_CONFIG_BLOB, text, (size_t)n);
		if (i >= 0x100)
			continue;
		snprintf(c, sizeof(c), "\\%c", i == 0 ? 'u' : i);
		n = snprintf(text, sizeof(text), frame, 0, c);
		same_verdict(OBJ_CONFIG_BLOB, text, (size_t)n);
		n = snprintf(text, sizeof(text), frame, 0, "@");
		*strchr(text, '@') = (char)i;
		same_verdict(OBJ_CONFIG_BLOB, text, (size_t)n);
	}
	ck_assert_uint_gt(good, 0x20);
}
END_TEST

START_TEST(every_two_bytes_are_the_same_utf8_to_both)
{
	unsigned a, b;
	int n;

	for (a = 0x80; a < 0x100; a++)
		for (b = 0; b < 0x400; b++) {
			n = snprintf(text, sizeof(text),
			    "{\"decision\":\"approved\",\"reason\":\"@@@@\","
			    "\"subscription_id\":\"%032d\"}", 0);
			memcpy(strchr(text, '@'), (uint8_t[]){ (uint8_t)a,
			    (uint8_t)b, b & 0x100 ? 0x80 : 'a',
			    b & 0x200 ? 0xbf : 'b' }, 4);
			same_verdict(OBJ_APPROVAL, text, (size_t)n);
		}
}
END_TEST

START_TEST(dates_are_written_as_the_c_library_writes_them_and_read_back)
{
	int64_t t;
	char mine[21], its[21];
	struct tm tm;
	time_t tt;

	for (t = 0; t <= INT64_C(253402300799); t += 86400 * 13 + 86399 - t % 7) {
		tt = (time_t)t;
		time_write(t, mine);
		strftime(its, sizeof(its), "%Y-%m-%dT%H:%M:%SZ",
		    gmtime_r(&tt, &tm));
		ck_assert_str_eq(mine, its);
		ck_assert_int_eq(time_parse(mine, 20), t);
	}
	for (t = 0; t < 86400 * 1500; t += 43200 - t % 2) {
		tt = (time_t)t;
		time_write(t, mine);
		strftime(its, sizeof(its), "%Y-%m-%dT%H:%M:%SZ",
		    gmtime_r(&tt, &tm));
		ck_assert_str_eq(mine, its);
	}
	time_write(-1, mine);
	ck_assert_str_eq(mine, "9999-12-31T23:59:59Z");
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, both_checkers_take_the_same_bodies_and_build_the_same_bytes);
	tcase_add_test(t, both_checkers_agree_on_every_damage);
	tcase_add_test(t, every_other_spelling_is_refused_by_both);
	tcase_add_test(t, each_character_has_one_spelling_for_both);
	tcase_add_test(t, every_two_bytes_are_the_same_utf8_to_both);
	tcase_add_test(t, dates_are_written_as_the_c_library_writes_them_and_read_back);
}
