/* room: netd. test_lookup_msg.c -- the bytes of questions and answers. */
#include <string.h>

#include "../../netd/lookup.h"
#include "suite.h"

/* FIPS-WIRE Appendix A. */
#define A "69e08d65cc3a6b9c2c2ac4bd405e4b0e"
#define B "8e302c287eb48d6268122fda760b7727"
#define C "aca221406950440c41d550280ed15a7f"
#define ID "0807060504030201"
#define REQUEST "30" ID B A "4000000200" A C
#define PROOF "e257fc679de0339aa7814c47aa9a6222c19c4c891c0c0ae9c5875ea343d0846c" \
	"1b44b56c0944ec3e650c00aea03041181c6c69e8a392958bc681a0d8ff7d08c8"
#define RESPONSE "31" ID B "ffff0200" B C PROOF
#define TBS ID B "0200" B C

static size_t
bytes(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	ck_assert_int_eq(hex_decode(hex, out, n), 0);
	return n;
}

START_TEST(messages_of_the_reference_decode_and_encode_back)
{
	uint8_t		       in[256], out[256], tbs[LOOKUP_TBS_MAX];
	struct lookup_request  q;
	struct lookup_response a;
	size_t		       n;

	n = bytes(REQUEST, in);
	ck_assert_int_eq(lookup_request_decode(in, n, &q), 0);
	ck_assert_int_eq(lookup_request_encode(&q, out, sizeof(out)), n);
	ck_assert_mem_eq(in, out, n);
	ck_assert_uint_eq(q.ttl, 64);
	n = bytes(RESPONSE, in);
	ck_assert_int_eq(lookup_response_decode(in, n, &a), 0);
	ck_assert_int_eq(lookup_response_encode(&a, out, sizeof(out)), n);
	ck_assert_mem_eq(in, out, n);
	n = bytes(TBS, in);
	ck_assert_uint_eq(lookup_tbs(a.id, a.target, &a.path, tbs), n);
	ck_assert_mem_eq(in, tbs, n);
}
END_TEST

START_TEST(messages_cut_or_lengthened_anywhere_are_malformed)
{
	uint8_t		       in[256] = { 0 };
	struct lookup_request  q;
	struct lookup_response a;
	size_t		       n, cut;

	n = bytes(REQUEST, in);
	for (cut = 0; cut <= n + 1; cut++)
		ck_assert_int_eq(lookup_request_decode(in, cut, &q),
		    cut == n ? 0 : -1);
	in[44] = 0;
	ck_assert_int_eq(lookup_request_decode(in, 46, &q), -1);
	in[44] = COORDS_MAX + 1;
	ck_assert_int_eq(lookup_request_decode(in, sizeof(in), &q), -1);
	memset(in, 0, sizeof(in));
	n = bytes(RESPONSE, in);
	for (cut = 0; cut <= n + 1; cut++)
		ck_assert_int_eq(lookup_response_decode(in, cut, &a),
		    cut == n ? 0 : -1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, messages_of_the_reference_decode_and_encode_back);
	tcase_add_test(t, messages_cut_or_lengthened_anywhere_are_malformed);
}
