/* room: dird -- heads of requests and answers; lines of a journal that must go on. */
#include <stdlib.h>
#include <string.h>

#include "ident.h"
#include "import.h"
#include "message.h"
#include "suite.h"

#define REQUEST	"POST /v1/grant/ab?x=1 HTTP/1.1\r\nHost: [fd00::1]\r\n" \
		"content-length:  12 \r\n\r\n"
#define ANSWER	"HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\n"

static struct message m;
static const char *wrong;

START_TEST(a_request_is_read)
{
	ck_assert_int_eq(message_request(REQUEST, strlen(REQUEST), &m,
	    &wrong), 1);
	ck_assert_uint_eq(m.head, strlen(REQUEST));
	ck_assert_int_eq(m.method, METHOD_POST);
	ck_assert_str_eq(m.path, "/v1/grant/ab");
	ck_assert_str_eq(m.query, "x=1");
	ck_assert_int_eq(m.body, 12);
}
END_TEST

START_TEST(an_answer_is_read)
{
	ck_assert_int_eq(message_answer(ANSWER, strlen(ANSWER), &m, &wrong), 1);
	ck_assert_int_eq(m.status, 404);
	ck_assert_int_eq(m.body, 3);
}
END_TEST

START_TEST(cut_anywhere_a_head_is_not_whole)
{
	size_t i;

	for (i = 0; i < strlen(REQUEST); i++)
		ck_assert_int_eq(message_request(REQUEST, i, &m, &wrong), 0);
	for (i = 0; i < strlen(ANSWER); i++)
		ck_assert_int_eq(message_answer(ANSWER, i, &m, &wrong), 0);
}
END_TEST

START_TEST(what_is_wrong_is_said)
{
	static const struct {
		const char *head, *wrong;
	} rows[] = {
		{ "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n"
		    "\r\n", "two lengths" },
		{ "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		    "a body in chunks" },
		{ "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		    "the length is none" },
		{ "GET / HTTP/1.1\r\nContent-Length: 3000000000\r\n\r\n",
		    "the length is none" },
		{ "GET / HTTP/1.1\r\nContent-Length: 08\r\n\r\n",
		    "the length is none" },
		{ "GET / HTTP/2\r\n\r\n", "not HTTP/1.1" },
		{ "GET x HTTP/1.1\r\n\r\n", "the path is none, or too long" },
		{ "GET /\x01 HTTP/1.1\r\n\r\n", "the path is none, or too long" },
		{ "PUT / HTTP/1.1\r\n\r\n", "neither GET nor POST" },
		{ "GET / HTTP/1.1\r\n: x\r\n\r\n", "a line of the head is none" },
		{ "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
		    "a line of the head is none" },
		{ "GET / HTTP/1.1\r\nno colon\r\n\r\n",
		    "a line of the head is none" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(message_request(rows[i].head,
		    strlen(rows[i].head), &m, &wrong), -1);
		ck_assert_str_eq(wrong, rows[i].wrong);
	}
	ck_assert_int_eq(message_answer("HTTP/1.1 100 Go on\r\n\r\n", 22, &m,
	    &wrong), -1);
	ck_assert_str_eq(wrong, "no status");
}
END_TEST

START_TEST(a_head_has_an_end_or_is_refused)
{
	char *p = malloc(HTTP_HEAD_MAX + 10);
	size_t n;

	memset(p, 'a', HTTP_HEAD_MAX + 10);
	memcpy(p, "GET / HTTP/1.1\r\nA: ", 19);
	ck_assert_int_eq(message_request(p, HTTP_HEAD_MAX - 1, &m, &wrong), 0);
	ck_assert_int_eq(message_request(p, HTTP_HEAD_MAX, &m, &wrong), -1);
	ck_assert_str_eq(wrong, "the head does not end");
	n = MESSAGE_PATH + 100;
	memset(p, 'a', n);
	memcpy(p, "GET /", 5);
	memcpy(p + n, " HTTP/1.1\r\n\r\n", 13);
	ck_assert_int_eq(message_request(p, n + 13, &m, &wrong), -1);
	free(p);
}
END_TEST

/* A line of an export whose chain goes on from before; then before is behind it. */
static size_t
line_of(uint8_t before[CHAIN_LEN], int n, char *out, size_t cap)
{
	uint8_t raw[512];
	char hex[65];
	int len = snprintf((char *)raw, sizeof(raw), "bastide/v1/Attest\n"
	    "{\"author\":\"did:plc:00112233445566778899aabbccddeeff\",\"body\":"
	    "{\"subject\":\"did:plc:ff112233445566778899aabbccddeeff\"},"
	    "\"created_at\":\"2026-01-01T00:00:00Z\",\"prev\":\"\",\"seq\":%d,"
	    "\"type\":\"Attest\"}", n);

	memset(raw + len, 0xab, SIG_LEN);
	chain_add(before, raw, (size_t)len + SIG_LEN);
	hex_encode(before, CHAIN_LEN, hex);
	raw[len] = '\0';
	len = snprintf(out, cap, "{\"chain\":\"%s\",\"envelope\":%s,\"sig\":\"",
	    hex, strchr((char *)raw, '\n') + 1);
	for (n = 0; n < SIG_LEN; n++)
		len += snprintf(out + len, cap - (size_t)len, "ab");
	return (size_t)(len + snprintf(out + len, cap - (size_t)len, "\"}\n"));
}

START_TEST(lines_go_on_or_the_page_is_broken)
{
	uint8_t zero[CHAIN_LEN] = { 0 }, chain[CHAIN_LEN] = { 0 };
	struct import *im = import_new();
	struct because b = { WHY_OK, "" };
	char text[4096];
	size_t one, two;

	one = line_of(chain, 0, text, sizeof(text));
	two = one + line_of(chain, 0, text + one, sizeof(text) - one);
	ck_assert_int_eq(import_read(im, text, two, zero, &b), 0);
	ck_assert_uint_eq(im->n, 2);
	ck_assert_mem_eq(im->chain[1], chain, CHAIN_LEN);
	/* The second by itself goes on from somewhere else. */
	im->n = im->used = 0;
	ck_assert_int_eq(import_read(im, text + one, two - one, zero, &b), -1);
	ck_assert_int_eq(b.why, WHY_CHAIN);
	ck_assert_uint_eq(im->n, 0);
	/* Whoever does not ask for it takes it. */
	im->n = im->used = 0;
	ck_assert_int_eq(import_read(im, text + one, two - one, NULL, &b), 0);
	/* Without its newline the last is none. */
	im->n = im->used = 0;
	ck_assert_int_eq(import_read(im, text, two - 1, zero, &b), -1);
	ck_assert_int_eq(b.why, WHY_JSON);
	ck_assert_uint_eq(im->n, 1);
	free(im);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_request_is_read);
	tcase_add_test(t, an_answer_is_read);
	tcase_add_test(t, cut_anywhere_a_head_is_not_whole);
	tcase_add_test(t, what_is_wrong_is_said);
	tcase_add_test(t, a_head_has_an_end_or_is_refused);
	tcase_add_test(t, lines_go_on_or_the_page_is_broken);
}
