/* room: cryptod -- the reference's own handshakes, byte for byte, and bad ones. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "aead.h"
#include "ident.h"
#include "noise.h"
#include "suite.h"
#include "wire.h"

#define IK1 "034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871" \
	"aa8dd0350b5f73a2fc3d8d2cd508aa623fea35968f6099e85500b8226bf5b961"    \
	"1bdb08fa831d7baa7b24283749f1873c5aa8ef73228cb570ac952599c7f7377b"    \
	"9bfea0ad994c78ebf1dc"
#define IK2 "02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f" \
	"27b1a30e91bf8187e3f58e58b083c149d093628f38020a3083"
#define XK1 "034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa"
#define XK2 "02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f" \
	"279cb13b7cdbe9f03159c0ae203185804dba3538021636ac6b"
#define XK3 "37bde5b76a2a92a8b93ca0ece4bc90470901b6ef39fe71634adbd3ba098801ab" \
	"35d3de0e9c025e6fccd15cf1fb7880789a8a0f3912f4c703607351f175902b3e"    \
	"56f924b529a9c510d6"

static struct key	a, b;
static uint8_t		ei[SEC_LEN], er[SEC_LEN], b_even[PUB_LEN];

static void
unhex(const char *s, uint8_t *p)
{
	ck_assert_int_eq(hex_decode(s, p, strlen(s) / 2), 0);
}

static void
ck_hex(const uint8_t *p, size_t n, const char *want)
{
	char got[512];

	hex_encode(p, n, got);
	ck_assert_str_eq(got, want);
}

static void
make_key(struct key *k, const char *sec, const char *epoch)
{
	unhex(sec, k->sec);
	unhex(epoch, k->epoch);
	ck_assert_int_eq(curve_public(k->sec, k->pub), 0);
	curve_addr(k->pub, k->addr);
}

static void
setup(void)
{
	ck_assert_int_eq(curve_init(), 0);
	make_key(&a, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
	    "a102030405060708");
	make_key(&b, "b102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fb0",
	    "b102030405060708");
	memset(ei, 0x11, sizeof(ei));
	memset(er, 0x22, sizeof(er));
	/* What the initiator knows from an npub: x, and a guess. */
	memcpy(b_even, b.pub, PUB_LEN);
	b_even[0] = 2;
}

START_TEST(keys_and_node_addresses_are_the_references)
{
	struct key c;

	make_key(&c, "c102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fc0",
	    "0000000000000000");
	ck_hex(a.pub, PUB_LEN, "0284bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0");
	ck_hex(b.pub, PUB_LEN, "035b5ddab24397e310e24d0a54ba85eaf4fe7d1866555156c7ac4558e674838a0e");
	ck_hex(c.pub, PUB_LEN, "02c7da52748fe2aadeb03cd6234fd59f68ee26741ad07005a0bd7c9589c87328d7");
	ck_hex(b_even, PUB_LEN, "025b5ddab24397e310e24d0a54ba85eaf4fe7d1866555156c7ac4558e674838a0e");
	ck_hex(a.addr, ADDR_LEN, "69e08d65cc3a6b9c2c2ac4bd405e4b0e");
	ck_hex(b.addr, ADDR_LEN, "8e302c287eb48d6268122fda760b7727");
	ck_hex(c.addr, ADDR_LEN, "aca221406950440c41d550280ed15a7f");
}
END_TEST

/* A whole IK handshake; the caller gets both sides' keys. */
static void
run_ik(struct noise *i, struct noise *r, struct noise_keys *ik,
    struct noise_keys *rk)
{
	uint8_t m1[IK_MSG1_LEN], m2[IK_MSG2_LEN], epoch[EPOCH_LEN];

	ck_assert_int_eq(noise_ik_write1(i, &a, b_even, ei, m1), REFUSE_NONE);
	ck_hex(m1, sizeof(m1), IK1);
	ck_assert_int_eq(noise_ik_read1(r, &b, m1, epoch), REFUSE_NONE);
	ck_assert_mem_eq(epoch, a.epoch, EPOCH_LEN);
	ck_assert_mem_eq(r->rs, a.pub, PUB_LEN);
	ck_assert_int_eq(noise_ik_write2(r, &b, er, m2, rk), REFUSE_NONE);
	ck_hex(m2, sizeof(m2), IK2);
	ck_assert_int_eq(noise_ik_read2(i, m2, epoch, ik), REFUSE_NONE);
	ck_assert_mem_eq(epoch, b.epoch, EPOCH_LEN);
	ck_assert_mem_eq(ik->send, rk->recv, 32);
	ck_assert_mem_eq(ik->recv, rk->send, 32);
}

START_TEST(ik_is_the_references_byte_for_byte)
{
	struct noise		i, r;
	struct noise_keys	ik, rk;

	run_ik(&i, &r, &ik, &rk);
	ck_hex(i.h, 32, "3241beaed68e34d92943461f1d54a8eb3f609c6a08b2988f7b54bd43fe7613c2");
	ck_assert_mem_eq(i.h, r.h, 32);
}
END_TEST

/* header, timestamp 1000, message 51: sealed with counter 0. */
static void
heartbeat(const uint8_t key[32], const char *head, const char *want)
{
	uint8_t frame[16 + 5 + AEAD_TAG];

	unhex(head, frame);
	put_le32(frame + 16, 1000);
	frame[20] = 0x51;
	aead_seal(key, 0, frame, 16, frame + 16, 5);
	ck_hex(frame, sizeof(frame), want);
	ck_assert_int_eq(aead_open(key, 0, frame, 16, frame + 16, 5), 0);
	ck_assert_uint_eq(get_le32(frame + 16), 1000);
	ck_assert_uint_eq(frame[20], 0x51);
}

START_TEST(heartbeats_are_the_references_in_both_directions)
{
	struct noise		i, r;
	struct noise_keys	ik, rk;

	run_ik(&i, &r, &ik, &rk);
	heartbeat(ik.send, "00000500010203040000000000000000",
	    "00000500010203040000000000000000f6a8593202f5129758a63ba33d2788d3d178f8d372");
	heartbeat(rk.send, "000105000a0b0c0d0000000000000000",
	    "000105000a0b0c0d00000000000000006ede28e3cbde2139c5c881f9fd26a4d7c4f3a9a5ba");
}
END_TEST

static void
run_xk(struct noise *i, struct noise *r, struct noise_keys *ik,
    struct noise_keys *rk)
{
	uint8_t m1[XK_MSG1_LEN], m2[XK_MSG2_LEN], m3[XK_MSG3_LEN];
	uint8_t epoch[EPOCH_LEN];

	ck_assert_int_eq(noise_xk_write1(i, b_even, ei, m1), REFUSE_NONE);
	ck_hex(m1, sizeof(m1), XK1);
	ck_assert_int_eq(noise_xk_read1(r, &b, m1), REFUSE_NONE);
	ck_assert_int_eq(noise_xk_write2(r, &b, er, m2), REFUSE_NONE);
	ck_hex(m2, sizeof(m2), XK2);
	ck_assert_int_eq(noise_xk_read2(i, m2, epoch), REFUSE_NONE);
	ck_assert_mem_eq(epoch, b.epoch, EPOCH_LEN);
	ck_assert_int_eq(noise_xk_write3(i, &a, m3, ik), REFUSE_NONE);
	ck_hex(m3, sizeof(m3), XK3);
	ck_assert_int_eq(noise_xk_read3(r, m3, epoch, rk), REFUSE_NONE);
	ck_assert_mem_eq(epoch, a.epoch, EPOCH_LEN);
	ck_assert_mem_eq(r->rs, a.pub, PUB_LEN);
	ck_assert_mem_eq(ik->send, rk->recv, 32);
	ck_assert_mem_eq(ik->recv, rk->send, 32);
}

START_TEST(xk_is_the_references_byte_for_byte)
{
	struct noise		i, r;
	struct noise_keys	ik, rk;

	run_xk(&i, &r, &ik, &rk);
	ck_hex(i.h, 32, "c3370aa593fdcd5586304343e85f3ead3d3cb2a9c0dbd97e3b77282905ccd615");
	ck_assert_mem_eq(i.h, r.h, 32);
}
END_TEST

START_TEST(session_data_is_the_references)
{
	struct noise		i, r;
	struct noise_keys	ik, rk;
	uint8_t			f[12 + 17 + AEAD_TAG];

	run_xk(&i, &r, &ik, &rk);
	/* header | timestamp 2000 | DataPacket | ports 256, 256 | shim */
	unhex("000011000000000000000000" "d0070000" "1000" "00010001"
	    "00600000003b40", f);
	aead_seal(ik.send, 0, f, 12, f + 12, 17);
	ck_hex(f, sizeof(f), "0000110000000000000000004360915d0cbf921d333df641e94b5eb7b917a99dcfac48e40292d7f857b71c8343");
}
END_TEST

/* Each byte of each message spoiled in turn: refused, nothing moved, and the
 * good message still works. */
START_TEST(a_spoiled_message_leaves_ik_as_it_was)
{
	struct noise		i, r, was;
	struct noise_keys	ik, rk;
	uint8_t			m1[IK_MSG1_LEN], m2[IK_MSG2_LEN], epoch[EPOCH_LEN];
	size_t			n;

	noise_ik_write1(&i, &a, b_even, ei, m1);
	memset(&r, 0x5a, sizeof(r));
	was = r;
	for (n = 1; n < sizeof(m1); n++) {
		m1[n] ^= 1;
		ck_assert_int_ne(noise_ik_read1(&r, &b, m1, epoch), REFUSE_NONE);
		ck_assert_mem_eq(&r, &was, sizeof(r));
		m1[n] ^= 1;
	}
	ck_assert_int_eq(noise_ik_read1(&r, &b, m1, epoch), REFUSE_NONE);
	ck_assert_int_eq(noise_ik_write2(&r, &b, er, m2, &rk), REFUSE_NONE);
	was = i;
	for (n = 1; n < sizeof(m2); n++) {
		m2[n] ^= 1;
		ck_assert_int_ne(noise_ik_read2(&i, m2, epoch, &ik), REFUSE_NONE);
		ck_assert_mem_eq(&i, &was, sizeof(i));
		m2[n] ^= 1;
	}
	ck_assert_int_eq(noise_ik_read2(&i, m2, epoch, &ik), REFUSE_NONE);
}
END_TEST

START_TEST(a_spoiled_message_leaves_xk_as_it_was)
{
	struct noise		i, r, was;
	struct noise_keys	ik, rk;
	uint8_t			m1[XK_MSG1_LEN], m2[XK_MSG2_LEN], m3[XK_MSG3_LEN];
	uint8_t			epoch[EPOCH_LEN];
	size_t			n;

	noise_xk_write1(&i, b_even, ei, m1);
	noise_xk_read1(&r, &b, m1);
	noise_xk_write2(&r, &b, er, m2);
	was = i;
	for (n = 1; n < sizeof(m2); n++) {
		m2[n] ^= 1;
		ck_assert_int_ne(noise_xk_read2(&i, m2, epoch), REFUSE_NONE);
		ck_assert_mem_eq(&i, &was, sizeof(i));
		m2[n] ^= 1;
	}
	ck_assert_int_eq(noise_xk_read2(&i, m2, epoch), REFUSE_NONE);
	ck_assert_int_eq(noise_xk_write3(&i, &a, m3, &ik), REFUSE_NONE);
	was = r;
	for (n = 0; n < sizeof(m3); n++) {
		m3[n] ^= 1;
		ck_assert_int_ne(noise_xk_read3(&r, m3, epoch, &rk), REFUSE_NONE);
		ck_assert_mem_eq(&r, &was, sizeof(r));
		m3[n] ^= 1;
	}
	ck_assert_int_eq(noise_xk_read3(&r, m3, epoch, &rk), REFUSE_NONE);
}
END_TEST

START_TEST(what_is_no_point_is_no_key)
{
	static const uint8_t	prefix[] = { 0, 1, 4, 5, 6, 7, 0xff };
	uint8_t			bad[PUB_LEN], m[IK_MSG1_LEN];
	struct noise		n;
	size_t			i;

	memcpy(bad, b.pub, PUB_LEN);
	for (i = 0; i < sizeof(prefix); i++) {
		bad[0] = prefix[i];
		ck_assert_int_eq(noise_ik_write1(&n, &a, bad, ei, m), REFUSE_HS_KEY);
		ck_assert_int_eq(noise_xk_write1(&n, bad, ei, m), REFUSE_HS_KEY);
		ck_assert_int_eq(noise_xk_read1(&n, &b, bad), REFUSE_HS_KEY);
	}
	memset(bad, 0xff, sizeof(bad));		/* x beyond the field */
	bad[0] = 2;
	ck_assert_int_eq(noise_xk_read1(&n, &b, bad), REFUSE_HS_KEY);
	memset(bad + 1, 0, PUB_LEN - 1);	/* x = 0: 7 is no square */
	ck_assert_int_eq(noise_xk_read1(&n, &b, bad), REFUSE_HS_KEY);
}
END_TEST

START_TEST(a_message_out_of_turn_is_refused)
{
	struct noise		i, r;
	struct noise_keys	k, ik, rk;
	uint8_t			m[IK_MSG1_LEN] = { 0 }, epoch[EPOCH_LEN];

	run_ik(&i, &r, &ik, &rk);
	ck_assert_int_eq(noise_ik_read2(&i, m, epoch, &k), REFUSE_HS_HANDLE);
	ck_assert_int_eq(noise_ik_write2(&r, &b, er, m, &k), REFUSE_HS_HANDLE);
	ck_assert_int_eq(noise_xk_write2(&r, &b, er, m), REFUSE_HS_HANDLE);
	ck_assert_int_eq(noise_xk_read2(&i, m, epoch), REFUSE_HS_HANDLE);
	ck_assert_int_eq(noise_xk_write3(&i, &a, m, &k), REFUSE_HS_HANDLE);
	ck_assert_int_eq(noise_xk_read3(&r, m, epoch, &k), REFUSE_HS_HANDLE);
}
END_TEST

START_TEST(a_wrong_tag_touches_no_byte)
{
	uint8_t	key[32], p[64], was[64];
	size_t	n;

	randombytes_buf(key, sizeof(key));
	randombytes_buf(p, sizeof(p));
	aead_seal(key, 7, NULL, 0, p, 48);
	memcpy(was, p, sizeof(p));
	for (n = 0; n < sizeof(p); n++) {
		p[n] ^= 0x80;
		was[n] ^= 0x80;
		ck_assert_int_eq(aead_open(key, 7, NULL, 0, p, 48), -1);
		ck_assert_mem_eq(p, was, sizeof(p));
		p[n] ^= 0x80;
		was[n] ^= 0x80;
	}
	ck_assert_int_eq(aead_open(key, 8, NULL, 0, p, 48), -1);
	ck_assert_int_eq(aead_open(key, 7, NULL, 0, p, 48), 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, keys_and_node_addresses_are_the_references);
	tcase_add_test(t, ik_is_the_references_byte_for_byte);
	tcase_add_test(t, heartbeats_are_the_references_in_both_directions);
	tcase_add_test(t, xk_is_the_references_byte_for_byte);
	tcase_add_test(t, session_data_is_the_references);
	tcase_add_test(t, a_spoiled_message_leaves_ik_as_it_was);
	tcase_add_test(t, a_spoiled_message_leaves_xk_as_it_was);
	tcase_add_test(t, what_is_no_point_is_no_key);
	tcase_add_test(t, a_message_out_of_turn_is_refused);
	tcase_add_test(t, a_wrong_tag_touches_no_byte);
}
