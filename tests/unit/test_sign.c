/* room: cryptod -- signatures of places in the tree: the bytes, the bounds, who may. */
#define ME_CRYPTOD
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "doors.h"
#include "ident.h"
#include "sign.h"
#include "suite.h"

#define SEC_A	"0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
#define SEC_B	"b102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fb0"
#define ADDR_C	"aca221406950440c41d550280ed15a7f"
#define TBS_TREE "69e08d65cc3a6b9c2c2ac4bd405e4b0eaca221406950440c41d550280ed15a7f" \
	"070000000000000000f1536500000000"
#define SIG_TREE "41236872bcefb7c104e50af3934166183a238773a780cf800064412e041c705e" \
	"c72057eac1aa1c70bf3c109ff246e096c9b858ed01620834c127cfb35798e9ee"
#define TBS_PROOF "08070605040302018e302c287eb48d6268122fda760b77270200" \
	"8e302c287eb48d6268122fda760b7727" ADDR_C
#define SIG_PROOF "e257fc679de0339aa7814c47aa9a6222c19c4c891c0c0ae9c5875ea343d0846c" \
	"1b44b56c0944ec3e650c00aea03041181c6c69e8a392958bc681a0d8ff7d08c8"

static struct key	a, b;
static struct chan	netd, cryptod;
static union msg_any	got;

static void
make_key(struct key *k, const char *sec)
{
	ck_assert_int_eq(hex_decode(sec, k->sec, SEC_LEN), 0);
	ck_assert_int_eq(curve_public(k->sec, k->pub), 0);
	curve_addr(k->pub, k->addr);
}

static void
setup(void)
{
	ck_assert_int_eq(curve_init(), 0);
	make_key(&a, SEC_A);
	make_key(&b, SEC_B);
	ck_assert_int_eq(chan_pair(PROC_CRYPTOD, PROC_NETD, &cryptod, &netd), 0);
	cryptod.phase = netd.phase = RUN;
	sign_init(&a);
}

static void
expect(enum msg_type want)
{
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	ck_assert_int_eq(chan_recv(&netd, &type, &got, fds), CHAN_MSG);
	ck_assert_str_eq(msg_row[type].name, msg_row[want].name);
	ck_assert_uint_eq(got.req, 9);
}

static void
expect_no(enum refusal why)
{
	expect(MSG_HS_NO);
	ck_assert_str_eq(refuse_name(got.hs_no.why), refuse_name(why));
}

static struct msg_sign_tree
place(uint64_t seq)
{
	struct msg_sign_tree m = { .req = 9, .seq = seq, .ts = 1700000000 };

	hex_decode(ADDR_C, m.parent, 16);
	return m;
}

static struct msg_sign_proof
answer(const struct key *k, unsigned steps)
{
	struct msg_sign_proof m = { .req = 9, .id = 0x0102030405060708 };

	m.path_len = (uint16_t)(steps * 16);
	memcpy(m.path, k->addr, 16);
	if (steps > 1)
		hex_decode(ADDR_C, m.path + 16, 16);
	return m;
}

/* What is hashed on the way to a signature and to the bits of a filter. */
START_TEST(the_digests_between_are_the_reference_s)
{
	static const struct {
		const char *bytes, *digest;
	} row[] = {
		{ TBS_TREE, "664e9f32b821613d6b167b792ad41db215303174e2377e518273c226c8d6580f" },
		{ TBS_PROOF, "c481839574135ee202d0f793be8ba8572bd600a7b404db317ef0016e846097f5" },
		{ "69e08d65cc3a6b9c2c2ac4bd405e4b0e",
		    "305604a91c3219b8de6373434afaafcc446fe5231a8415b1e7000972c3fd3bbd" },
		{ "8e302c287eb48d6268122fda760b7727",
		    "8551d1e7efb8880ec8b6d8c1af71f3cd6836517075d0830008f59f75669d2dc2" },
	};
	uint8_t	in[64], out[32];
	char	hex[65];
	size_t	i, n;

	for (i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		n = strlen(row[i].bytes) / 2;
		ck_assert_int_eq(hex_decode(row[i].bytes, in, n), 0);
		crypto_hash_sha256(out, in, n);
		hex_encode(out, sizeof(out), hex);
		ck_assert_str_eq(hex, row[i].digest);
	}
}
END_TEST

START_TEST(the_reference_signs_the_same_bytes_with_the_same_result)
{
	const char	*tbs[] = { TBS_TREE, TBS_PROOF }, *sig[] = { SIG_TREE, SIG_PROOF };
	const struct key *k[] = { &a, &b };
	uint8_t		 msg[128], want[64], out[64];
	static const uint8_t aux[32];
	size_t		 i, n;

	for (i = 0; i < 2; i++) {
		n = strlen(tbs[i]) / 2;
		ck_assert_int_eq(hex_decode(tbs[i], msg, n), 0);
		ck_assert_int_eq(hex_decode(sig[i], want, 64), 0);
		ck_assert_int_eq(curve_sign(k[i]->sec, msg, n, aux, out), 0);
		ck_assert_mem_eq(out, want, 64);
		ck_assert(curve_verify(k[i]->pub, msg, n, want));
		want[63] ^= 1;
		ck_assert(!curve_verify(k[i]->pub, msg, n, want));
	}
}
END_TEST

START_TEST(the_reference_s_signatures_verify_over_the_door)
{
	struct msg_verify_tree	t = { .req = 9, .seq = 7, .ts = 1700000000 };
	struct msg_verify_proof	p = { .req = 9, .id = 0x0102030405060708,
	    .path_len = 32 };

	memcpy(t.pub, a.pub, 33);
	hex_decode(ADDR_C, t.parent, 16);
	hex_decode(SIG_TREE, t.sig, 64);
	on_verify_tree(&cryptod, &t, NULL);
	expect(MSG_VERIFIED);
	ck_assert_uint_eq(got.verified.ok, 1);
	memcpy(p.pub, b.pub, 33);
	memcpy(p.path, b.addr, 16);
	hex_decode(ADDR_C, p.path + 16, 16);
	hex_decode(SIG_PROOF, p.sig, 64);
	on_verify_proof(&cryptod, &p, NULL);
	expect(MSG_VERIFIED);
	ck_assert_uint_eq(got.verified.ok, 1);
	p.pub[0] = 2;		/* parity guessed wrong decides nothing */
	on_verify_proof(&cryptod, &p, NULL);
	expect(MSG_VERIFIED);
	ck_assert_uint_eq(got.verified.ok, 1);
}
END_TEST

START_TEST(a_place_that_we_sign_verifies_and_no_other_does)
{
	struct msg_sign_tree	s = place(1);
	struct msg_verify_tree	v = { .req = 9, .seq = 1, .ts = 1700000000 };
	unsigned		i;

	on_sign_tree(&cryptod, &s, NULL);
	expect(MSG_TREE_SIGNED);
	memcpy(v.sig, got.tree_signed.sig, 64);
	memcpy(v.parent, s.parent, 16);
	memcpy(v.pub, a.pub, 33);
	on_verify_tree(&cryptod, &v, NULL);
	expect(MSG_VERIFIED);
	ck_assert_uint_eq(got.verified.ok, 1);
	for (i = 0; i < 5; i++) {
		struct msg_verify_tree w = v;

		w.seq += i == 0;
		w.ts += i == 1;
		w.parent[3] ^= i == 2;
		w.sig[40] ^= i == 3;
		if (i == 4)
			memcpy(w.pub, b.pub, 33);
		on_verify_tree(&cryptod, &w, NULL);
		expect(MSG_VERIFIED);
		ck_assert_uint_eq(got.verified.ok, 0);
	}
}
END_TEST

START_TEST(a_sequence_number_that_does_not_grow_is_not_signed)
{
	static const uint64_t	seq[] = { 5, 5, 4, 1, 6 };
	unsigned		i;

	for (i = 0; i < 5; i++) {
		struct msg_sign_tree m = place(seq[i]);

		on_sign_tree(&cryptod, &m, NULL);
		if (i == 0 || i == 4)
			expect(MSG_TREE_SIGNED);
		else
			expect_no(REFUSE_SIGN_SEQ);
	}
}
END_TEST

START_TEST(a_proof_that_we_sign_verifies_whatever_its_length)
{
	struct msg_sign_proof	s;
	struct msg_verify_proof	v = { .req = 9, .id = 0x0102030405060708 };
	unsigned		steps;

	memcpy(v.pub, a.pub, 33);
	for (steps = 1; steps <= 64; steps++) {
		s = answer(&a, steps);
		on_sign_proof(&cryptod, &s, NULL);
		expect(MSG_PROOF_SIGNED);
		v.path_len = s.path_len;
		memcpy(v.path, s.path, s.path_len);
		memcpy(v.sig, got.proof_signed.sig, 64);
		on_verify_proof(&cryptod, &v, NULL);
		expect(MSG_VERIFIED);
		ck_assert_uint_eq(got.verified.ok, 1);
		v.id++;
		on_verify_proof(&cryptod, &v, NULL);
		expect(MSG_VERIFIED);
		ck_assert_uint_eq(got.verified.ok, 0);
		v.id--;
	}
}
END_TEST

START_TEST(a_path_of_another_node_is_not_signed)
{
	struct msg_sign_proof s = answer(&b, 2);

	on_sign_proof(&cryptod, &s, NULL);
	expect_no(REFUSE_SIGN_PATH);
	s = answer(&a, 2);
	s.path_len = 31;
	on_sign_proof(&cryptod, &s, NULL);
	expect_no(REFUSE_SIGN_PATH);
	s.path_len = 0;
	on_sign_proof(&cryptod, &s, NULL);
	expect_no(REFUSE_SIGN_PATH);
}
END_TEST

START_TEST(a_key_that_is_no_point_verifies_nothing)
{
	struct msg_verify_tree	t = { .req = 9 };
	struct msg_verify_proof	p = { .req = 9, .path_len = 16 };

	memset(t.pub, 0xff, 33);
	on_verify_tree(&cryptod, &t, NULL);
	expect(MSG_VERIFIED);
	ck_assert_uint_eq(got.verified.ok, 0);
	memset(p.pub, 0xff, 33);
	curve_addr(p.pub, p.path);
	on_verify_proof(&cryptod, &p, NULL);
	expect(MSG_VERIFIED);
	ck_assert_uint_eq(got.verified.ok, 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_digests_between_are_the_reference_s);
	tcase_add_test(t, the_reference_signs_the_same_bytes_with_the_same_result);
	tcase_add_test(t, the_reference_s_signatures_verify_over_the_door);
	tcase_add_test(t, a_place_that_we_sign_verifies_and_no_other_does);
	tcase_add_test(t, a_sequence_number_that_does_not_grow_is_not_signed);
	tcase_add_test(t, a_proof_that_we_sign_verifies_whatever_its_length);
	tcase_add_test(t, a_path_of_another_node_is_not_signed);
	tcase_add_test(t, a_key_that_is_no_point_verifies_nothing);
}
