/*
 * room: cryptod
 * test_dir_sign.c -- what the directory's key signs, and every story that it
 * does not tell twice.
 */
#define ME_CRYPTOD
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "canon.h"
#include "dir_sign.h"
#include "doors.h"
#include "ident.h"
#include "suite.h"

#define ATTEST	"{\"subject\":\"did:plc:00112233445566778899aabbccddeeff\"}"
#define REVOKE	"{\"entries\":0,\"reason\":\"\",\"subject\":" \
	"\"did:plc:00112233445566778899aabbccddeeff\"}"

static struct dir_key	k;
static struct key	mesh;
static struct chan	dird, cryptod;
static union msg_any	got;
static uint8_t		id[32];		/* content id of the last good entry */

static void
setup(void)
{
	ck_assert_int_eq(curve_init(), 0);
	memset(k.sec, 7, 32);
	dir_key_from_seed(&k);
	memset(mesh.sec, 9, SEC_LEN);
	ck_assert_int_eq(curve_public(mesh.sec, mesh.pub), 0);
	curve_addr(mesh.pub, mesh.addr);
	ck_assert_int_eq(chan_pair(PROC_CRYPTOD, PROC_DIRD, &cryptod, &dird), 0);
	cryptod.phase = dird.phase = RUN;
	dir_sign_init(&k, &mesh);
}

static void
teardown(void)
{
	close(dird.fd);
	close(cryptod.fd);
}

static void
expect(enum msg_type want)
{
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	ck_assert_int_eq(chan_recv(&dird, &type, &got, fds), CHAN_MSG);
	ck_assert_msg(type == want, "%s, not %s (%s)", msg_row[type].name,
	    msg_row[want].name, type == MSG_SIGN_NO ?
	    refuse_name(got.sign_no.why) : "");
}

static void
expect_no(enum refusal why)
{
	expect(MSG_SIGN_NO);
	ck_assert_str_eq(refuse_name(got.sign_no.why), refuse_name(why));
}

static void
expect_signed(const void *msg, size_t len)
{
	expect(MSG_DIR_SIGNED);
	ck_assert_int_eq(crypto_sign_verify_detached(got.dir_signed.sig, msg,
	    len, k.pub), 0);
}

/* Asks for an entry in pieces of `step` bytes. */
static void
ask(struct msg_sign_entry m, const char *body, size_t step)
{
	struct msg_sign_part p = { .req = m.req };
	size_t at, len = strlen(body);

	m.body_len = (uint32_t)len;
	on_sign_entry(&cryptod, &m, NULL);
	for (at = 0; at < len; at += step) {
		p.body_len = (uint16_t)(len - at < step ? len - at : step);
		memcpy(p.body, body + at, p.body_len);
		on_sign_part(&cryptod, &p, NULL);
	}
}

static struct msg_sign_entry
entry(enum object t, uint64_t seq, const uint8_t *prev)
{
	struct msg_sign_entry m = { .req = 5, .type = (uint8_t)t, .seq = seq,
	    .has_prev = prev != NULL, .created_at = 1764043200 };

	if (prev != NULL)
		memcpy(m.prev, prev, 32);
	return m;
}

/* The answer is a signature over exactly this entry; id is then its own. */
static void
expect_entry(struct msg_sign_entry m, const char *body)
{
	uint8_t tbs[4096];
	ssize_t n = canon_entry((enum object)m.type, k.did, m.seq, m.has_prev ?
	    m.prev : NULL, (int64_t)m.created_at,
	    (struct span){ body, strlen(body) }, tbs, sizeof(tbs) - 64);

	ck_assert_int_gt(n, 0);
	expect_signed(tbs, (size_t)n);
	memcpy(tbs + n, got.dir_signed.sig, 64);
	crypto_generichash(id, 32, tbs, (size_t)n + 64, NULL, 0);
}

START_TEST(an_entry_is_signed_as_the_one_it_names_in_pieces_of_any_size)
{
	static const size_t step[] = { 1, 7, 1000, 1024 };
	size_t i;

	for (i = 0; i < 4; i++) {
		ask(entry(OBJ_ATTEST, 0, NULL), ATTEST, step[i]);
		expect_entry(entry(OBJ_ATTEST, 0, NULL), ATTEST);
	}
}
END_TEST

START_TEST(a_body_that_is_not_what_it_claims_to_be_is_not_signed)
{
	static const char *const bad[] = { "{}", "{\"subject\":1}", REVOKE,
	    "{\"subject\": \"did:plc:00112233445566778899aabbccddeeff\"}",
	    "{\"subject\":\"did:plc:00112233445566778899AABBCCDDEEFF\"}",
	    "bastide/v1/Revoke\n{}", "\n\n" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ask(entry(OBJ_ATTEST, 0, NULL), bad[i], 1024);
		expect_no(REFUSE_SIGN_FORM);
	}
	on_sign_entry(&cryptod, &(struct msg_sign_entry){ .type = OBJ_MAX,
	    .body_len = 2 }, NULL);
	expect_no(REFUSE_SIGN_FORM);
}
END_TEST

START_TEST(what_brings_a_key_brings_this_node_s_own)
{
	char body[512], hex[65];

	hex_encode(k.pub, 32, hex);
	snprintf(body, sizeof(body), "{\"domain\":\"home\",\"public_key\":\"%s\","
	    "\"threshold\":2}", hex);
	ask(entry(OBJ_GENESIS, 0, NULL), body, 1024);
	expect_entry(entry(OBJ_GENESIS, 0, NULL), body);
	body[strlen("{\"domain\":\"home\",\"public_key\":\"")] ^= 1;
	ask(entry(OBJ_GENESIS, 1, id), body, 1024);
	expect_no(REFUSE_SIGN_SELF);
}
END_TEST

START_TEST(one_seq_is_signed_once_or_for_the_same_entry)
{
	struct msg_sign_entry m = entry(OBJ_ATTEST, 0, NULL);
	uint8_t first[32], other[32] = { 1 };

	ask(m, ATTEST, 1024);
	expect_entry(m, ATTEST);
	memcpy(first, id, 32);
	ask(m, ATTEST, 1024);
	expect_entry(m, ATTEST);
	m.created_at++;
	ask(m, ATTEST, 1024);
	expect_no(REFUSE_SIGN_SEQ);
	ask(entry(OBJ_REVOKE, 0, NULL), REVOKE, 1024);
	expect_no(REFUSE_SIGN_SEQ);
	ask(entry(OBJ_ATTEST, 1, other), ATTEST, 1024);
	expect_no(REFUSE_SIGN_PREV);
	ask(entry(OBJ_ATTEST, 1, first), ATTEST, 1024);
	expect_entry(entry(OBJ_ATTEST, 1, first), ATTEST);
	ask(entry(OBJ_ATTEST, 0, NULL), ATTEST, 1024);
	expect_no(REFUSE_SIGN_SEQ);
	/* Entries that this node got back from its peers lie between. */
	ask(entry(OBJ_ATTEST, 9, other), ATTEST, 1024);
	expect_entry(entry(OBJ_ATTEST, 9, other), ATTEST);
	ask(entry(OBJ_ATTEST, 5, other), ATTEST, 1024);
	expect_no(REFUSE_SIGN_SEQ);
}
END_TEST

START_TEST(only_the_first_entry_has_none_before_it)
{
	struct msg_sign_entry m = entry(OBJ_ATTEST, 0, NULL);
	uint8_t prev[32] = { 3 };

	ask(entry(OBJ_ATTEST, 0, prev), ATTEST, 1024);
	expect_no(REFUSE_SIGN_PREV);
	ask(entry(OBJ_ATTEST, 1, NULL), ATTEST, 1024);
	expect_no(REFUSE_SIGN_PREV);
	m.prev[31] = 1;
	ask(m, ATTEST, 1024);
	expect_no(REFUSE_SIGN_PREV);
}
END_TEST

START_TEST(pieces_that_do_not_fit_are_refused_and_leave_nothing)
{
	struct msg_sign_entry m = entry(OBJ_ATTEST, 0, NULL);
	struct msg_sign_part p = { .req = 5, .body_len = 10 };

	on_sign_part(&cryptod, &p, NULL);
	expect_no(REFUSE_SIGN_PART);
	m.body_len = 9;
	on_sign_entry(&cryptod, &m, NULL);
	on_sign_part(&cryptod, &p, NULL);
	expect_no(REFUSE_SIGN_PART);
	on_sign_entry(&cryptod, &m, NULL);
	p.req = 6;
	on_sign_part(&cryptod, &p, NULL);
	expect_no(REFUSE_SIGN_PART);
	p.req = 5;
	p.body_len = 0;
	on_sign_part(&cryptod, &p, NULL);
	expect_no(REFUSE_SIGN_PART);
	on_sign_entry(&cryptod, &m, NULL);
	ask(m, ATTEST, 1024);
	expect_no(REFUSE_SIGN_PART);	/* the one that was not whole */
	expect_entry(m, ATTEST);
}
END_TEST

START_TEST(the_mesh_key_signs_for_this_did_alone)
{
	char text[CLAIM_MAX];
	size_t n = claim_text(k.did, text);

	on_sign_claim(&cryptod, &(struct msg_sign_claim){ .req = 1 }, NULL);
	expect(MSG_DIR_SIGNED);
	ck_assert(curve_verify(mesh.pub, text, n, got.dir_signed.sig));
}
END_TEST

START_TEST(a_grant_proof_is_over_nonce_service_and_did)
{
	struct msg_sign_sub_proof m = { .nonce = { 1 }, .service = { 2 } };
	char text[SUB_PROOF_MAX];
	size_t n = sub_proof_text(k.did, m.nonce, m.service, text);

	on_sign_sub_proof(&cryptod, &m, NULL);
	expect_signed(text, n);
}
END_TEST

static void
head(enum dir_log log, uint64_t size, uint8_t root)
{
	struct msg_sign_head m = { .log = (uint8_t)log, .size = size };

	memset(m.root, root, 32);
	on_sign_head(&cryptod, &m, NULL);
}

START_TEST(a_head_neither_goes_back_nor_splits_and_each_log_has_its_own)
{
	char text[256];
	int n;

	head(DIR_JOURNAL, 5, 0);
	n = snprintf(text, sizeof(text), "bastide/%s\n5\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", k.did);
	expect_signed(text, (size_t)n);
	head(DIR_JOURNAL, 5, 0);
	expect_signed(text, (size_t)n);
	head(DIR_JOURNAL, 5, 1);
	expect_no(REFUSE_SIGN_SPLIT);
	head(DIR_JOURNAL, 4, 0);
	expect_no(REFUSE_SIGN_BACK);
	head(DIR_AUDIT, 4, 0);
	n = snprintf(text, sizeof(text), "bastide/%s/audit\n4\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", k.did);
	expect_signed(text, (size_t)n);
	head(DIR_JOURNAL, 6, 1);
	expect(MSG_DIR_SIGNED);
}
END_TEST

static void
cosign(const char *origin, uint64_t size, uint8_t root, uint64_t when,
    const char *extension)
{
	struct msg_sign_cosign m = { .size = size, .when = when };

	m.origin_len = (uint16_t)strlen(origin);
	memcpy(m.origin, origin, m.origin_len);
	m.extension_len = (uint16_t)strlen(extension);
	memcpy(m.extension, extension, m.extension_len);
	memset(m.root, root, 32);
	on_sign_cosign(&cryptod, &m, NULL);
}

START_TEST(a_cosignature_neither_goes_back_nor_splits)
{
	static const char text[] = "cosignature/v1\ntime 77\nexample.com/log\n9\n"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nmore\n";

	cosign("example.com/log", 9, 0, 77, "more\n");
	expect_signed(text, sizeof(text) - 1);
	cosign("example.com/log", 8, 0, 78, "");
	expect_no(REFUSE_SIGN_BACK);
	cosign("example.com/log", 9, 1, 78, "");
	expect_no(REFUSE_SIGN_SPLIT);
	cosign("example.com/log", 9, 0, 76, "");
	expect_no(REFUSE_SIGN_BACK);
	cosign("example.com/other", 1, 1, 5, "");
	expect(MSG_DIR_SIGNED);
	cosign("example.com/log", 10, 1, 77, "");
	expect(MSG_DIR_SIGNED);
}
END_TEST

START_TEST(a_cosignature_is_of_another_log_s_checkpoint_and_nothing_else)
{
	char ours[ORIGIN_MAX];

	dir_origin(k.did, DIR_JOURNAL, ours);
	cosign(ours, 1, 0, 1, "");
	expect_no(REFUSE_SIGN_FORM);
	dir_origin(k.did, DIR_AUDIT, ours);
	cosign(ours, 1, 0, 1, "");
	expect_no(REFUSE_SIGN_FORM);
	cosign("", 1, 0, 1, "");
	expect_no(REFUSE_SIGN_FORM);
	cosign("a\nb", 1, 0, 1, "");
	expect_no(REFUSE_SIGN_FORM);
	cosign("a", 1, 0, 1, "no newline");
	expect_no(REFUSE_SIGN_FORM);
	cosign("a", 1, 0, 1, "x\n\ny\n");
	expect_no(REFUSE_SIGN_FORM);
	cosign("a", 1, 0, 1, "\n");
	expect_no(REFUSE_SIGN_FORM);
	cosign("a", 1, 0, 1, "x\ty\n");
	expect_no(REFUSE_SIGN_FORM);
}
END_TEST

START_TEST(it_cosigns_as_many_logs_as_it_can_remember)
{
	char origin[32];
	int i;

	for (i = 0; i < COSIGN_LOGS; i++) {
		snprintf(origin, sizeof(origin), "log%d", i);
		cosign(origin, 1, 0, 1, "");
		expect(MSG_DIR_SIGNED);
	}
	cosign("one more", 1, 0, 1, "");
	expect_no(REFUSE_SIGN_FULL);
	cosign("log3", 2, 0, 1, "");
	expect(MSG_DIR_SIGNED);
}
END_TEST

START_TEST(the_key_file_is_made_once_and_is_ours_alone)
{
	char dir[] = "/tmp/test_dir_sign.XXXXXX";
	const struct dir_key *a, *b, *e;
	struct stat st;
	int d;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	d = open(dir, O_RDONLY | O_DIRECTORY);
	e = dir_key_load(KEY_EPHEMERAL, d);
	ck_assert_int_eq(fstatat(d, DIR_KEY_FILE, &st, 0), -1);
	a = dir_key_load(KEY_PERSISTENT, d);
	b = dir_key_load(KEY_CONFIGURED, d);
	ck_assert_mem_eq(a, b, sizeof(*a));
	ck_assert_mem_ne(a->pub, e->pub, 32);
	ck_assert_int_eq(fstatat(d, DIR_KEY_FILE, &st, 0), 0);
	ck_assert_uint_eq(st.st_mode, S_IFREG | 0600);
	ck_assert_int_eq(st.st_size, 65);
	unlinkat(d, DIR_KEY_FILE, 0);
	close(d);
	ck_assert_int_eq(rmdir(dir), 0);	/* nothing else was left behind */
}
END_TEST

/* A child that must end with status 1: what stands in the file will not do. */
static void
will_not_do(const char *text, mode_t mode)
{
	char dir[] = "/tmp/test_dir_sign.XXXXXX";
	int d, fd, status;
	pid_t pid;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	d = open(dir, O_RDONLY | O_DIRECTORY);
	fd = openat(d, DIR_KEY_FILE, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
	pid = fork();
	if (pid == 0) {
		close(STDERR_FILENO);
		dir_key_load(KEY_PERSISTENT, d);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	unlinkat(d, DIR_KEY_FILE, 0);
	close(d);
	rmdir(dir);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1,
	    "mode %o, status %x: %s", mode, status, text);
}

START_TEST(a_key_file_that_is_damaged_or_open_to_others_is_fatal)
{
	static const char good[] =
	    "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20\n";
	char cut[sizeof(good)];
	size_t i;

	will_not_do(good, 0640);
	will_not_do(good, 0604);
	will_not_do("0000000000000000000000000000000000000000000000000000000000000000\n",
	    0600);
	for (i = 0; i < 64; i += 9) {
		memcpy(cut, good, i);
		cut[i] = '\0';
		will_not_do(cut, 0600);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_entry_is_signed_as_the_one_it_names_in_pieces_of_any_size);
	tcase_add_test(t, a_body_that_is_not_what_it_claims_to_be_is_not_signed);
	tcase_add_test(t, what_brings_a_key_brings_this_node_s_own);
	tcase_add_test(t, one_seq_is_signed_once_or_for_the_same_entry);
	tcase_add_test(t, only_the_first_entry_has_none_before_it);
	tcase_add_test(t, pieces_that_do_not_fit_are_refused_and_leave_nothing);
	tcase_add_test(t, the_mesh_key_signs_for_this_did_alone);
	tcase_add_test(t, a_grant_proof_is_over_nonce_service_and_did);
	tcase_add_test(t, a_head_neither_goes_back_nor_splits_and_each_log_has_its_own);
	tcase_add_test(t, a_cosignature_neither_goes_back_nor_splits);
	tcase_add_test(t, a_cosignature_is_of_another_log_s_checkpoint_and_nothing_else);
	tcase_add_test(t, it_cosigns_as_many_logs_as_it_can_remember);
	tcase_add_test(t, the_key_file_is_made_once_and_is_ours_alone);
	tcase_add_test(t, a_key_file_that_is_damaged_or_open_to_others_is_fatal);
}
