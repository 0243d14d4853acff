/* room: dird -- who waits for which signature, while cryptod is played here. */
#define ME_DIRD
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dird_author.h"
#include "doors.h"
#include "sign.h"
#include "suite.h"

static struct chan	cryptod, dird;
static union msg_any	got;
static enum refusal	last_why;
static uint8_t		last_sig;

static void
done(void *arg, const uint8_t *sig, enum refusal why)
{
	++*(int *)arg;
	last_why = why;
	last_sig = sig != NULL ? sig[0] : 0;
}

static void
setup(void)
{
	ck_assert_int_eq(entry_init(), 0);
	ck_assert_int_eq(chan_pair(PROC_DIRD, PROC_CRYPTOD, &dird, &cryptod), 0);
	dird.phase = cryptod.phase = RUN;
	sign_init(&dird);
}

static void
teardown(void)
{
	close(dird.fd);
	close(cryptod.fd);
}

static enum msg_type
heard(void)
{
	enum msg_type type;
	int fds[MSG_NFD_MAX];

	return chan_recv(&cryptod, &type, &got, fds) == CHAN_MSG ? type : MSG_NONE;
}

START_TEST(a_draft_arrives_whole_and_its_answer_finds_who_asked)
{
	static struct a_raw r;
	static char body[65536], text[20001];
	struct a_author a;
	struct entry e;
	struct because b;
	size_t at = 0;
	ssize_t n;
	char hex[65];
	uint8_t h[32];
	uint32_t req;
	json_t *v;
	int mine = 0;

	a_author(&a, 1);
	memset(text, 'x', 20000);
	crypto_generichash(h, 32, (uint8_t *)text, 20000, NULL, 0);
	hex_encode(h, 32, hex);
	v = json_pack("{s:s,s:i,s:s,s:s,s:s,s:s}", "scope", "s", "version", 1,
	    "hash", hex, "text", text, "valid_from", "2026-01-01T00:00:00Z",
	    "valid_until", "2027-01-01T00:00:00Z");
	n = entry_build(OBJ_CONFIG_BLOB, a.did, 0, NULL, A_TIME, v, r.p,
	    sizeof(r.p), &b);
	json_decref(v);
	ck_assert_int_gt(n, 20000);
	ck_assert_int_eq(entry_read(r.p, (size_t)n + SIG_LEN, &e, &b), 0);
	ck_assert_int_eq(sign_entry(&e, done, &mine), 0);
	ck_assert_int_eq(heard(), MSG_SIGN_ENTRY);
	req = got.req;
	ck_assert_uint_eq(got.sign_entry.body_len, e.body.n);
	ck_assert_uint_eq(got.sign_entry.type, OBJ_CONFIG_BLOB);
	while (heard() == MSG_SIGN_PART) {
		ck_assert_uint_eq(got.req, req);
		memcpy(body + at, got.sign_part.body, got.sign_part.body_len);
		at += got.sign_part.body_len;
	}
	ck_assert_uint_eq(at, e.body.n);
	ck_assert_mem_eq(body, e.body.p, at);
	on_dir_signed(&dird, &(struct msg_dir_signed){ .req = req, .sig = { 9 } },
	    NULL);
	ck_assert_int_eq(mine, 1);
	ck_assert_uint_eq(last_sig, 9);
}
END_TEST

START_TEST(answers_may_come_in_any_order_and_a_refusal_says_why)
{
	int one = 0, two = 0;
	uint32_t a, b;

	ck_assert_int_eq(sign_claim(done, &one), 0);
	ck_assert_int_eq(heard(), MSG_SIGN_CLAIM);
	a = got.req;
	ck_assert_int_eq(sign_head(DIR_AUDIT, 3, (uint8_t[32]){ 1 }, done, &two), 0);
	ck_assert_int_eq(heard(), MSG_SIGN_HEAD);
	ck_assert_uint_eq(got.sign_head.log, DIR_AUDIT);
	b = got.req;
	on_sign_no(&dird, &(struct msg_sign_no){ .req = b,
	    .why = REFUSE_SIGN_SPLIT }, NULL);
	ck_assert_int_eq(two, 1);
	ck_assert_int_eq(last_why, REFUSE_SIGN_SPLIT);
	ck_assert_int_eq(one, 0);
	on_dir_signed(&dird, &(struct msg_dir_signed){ .req = a }, NULL);
	ck_assert_int_eq(one, 1);
}
END_TEST

START_TEST(a_full_table_says_so)
{
	int one = 0, i;

	for (i = 0; i < SIGN_WAITING; i++) {
		ck_assert_int_eq(sign_claim(done, &one), 0);
		heard();
	}
	ck_assert_int_eq(sign_claim(done, &one), -1);
	on_dir_signed(&dird, &(struct msg_dir_signed){ .req = got.req }, NULL);
	ck_assert_int_eq(sign_claim(done, &one), 0);
}
END_TEST

START_TEST(a_closed_door_refuses_at_once)
{
	int one = 0;

	close(cryptod.fd);
	ck_assert_int_eq(sign_claim(done, &one), -1);
	ck_assert_int_eq(one, 0);
	cryptod.fd = -1;
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_draft_arrives_whole_and_its_answer_finds_who_asked);
	tcase_add_test(t, answers_may_come_in_any_order_and_a_refusal_says_why);
	tcase_add_test(t, a_full_table_says_so);
	tcase_add_test(t, a_closed_door_refuses_at_once);
}
