/* test_ident.c -- names of nodes against the wire document's vectors. room: common */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ident.h"
#include "suite.h"

static const struct {
	const char *sec, *pub, *npub, *nsec, *naddr, *ip6;
} vec[] = {
	{ "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
	  "84bf7562262bbd6940085748f3be6afa52ae317155181ece31b66351ccffa4b0",
	  "npub1sjlh2c3x9w7kjsqg2ay080n2lff2uvt325vpan33ke34rn8l5jcqawh57m",
	  "nsec1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqpqcc2y",
	  "69e08d65cc3a6b9c2c2ac4bd405e4b0e", "fd69e08d65cc3a6b9c2c2ac4bd405e4b" },
	{ "b102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fb0",
	  "5b5ddab24397e310e24d0a54ba85eaf4fe7d1866555156c7ac4558e674838a0e",
	  "npub1tdwa4vjrjl33pcjdpf2t4p027nl86xrx24g4d3avg4vwvayr3g8qhd84le",
	  "nsec1kypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7r7cqzeynpz",
	  "8e302c287eb48d6268122fda760b7727", "fd8e302c287eb48d6268122fda760b77" },
	{ "c102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fc0",
	  "c7da52748fe2aadeb03cd6234fd59f68ee26741ad07005a0bd7c9589c87328d7",
	  "npub1cld9yay0u24davpu6c35l4vldrhzvaq66pcqtg9a0j2cnjrn9rtsxx2pe6",
	  "nsec1cypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rlqq0rqxkh",
	  "aca221406950440c41d550280ed15a7f", "fdaca221406950440c41d550280ed15a" },
};
#define NVEC	(sizeof(vec) / sizeof(vec[0]))

START_TEST(npub_and_nsec_match_the_vectors)
{
	uint8_t	bin[32], back[32];
	char	text[NPUB_LEN + 1];
	size_t	i;

	for (i = 0; i < NVEC; i++) {
		ck_assert_int_eq(hex_decode(vec[i].pub, bin, 32), 0);
		npub_encode(bin, text);
		ck_assert_str_eq(text, vec[i].npub);
		ck_assert_int_eq(npub_decode(text, back), 0);
		ck_assert_mem_eq(back, bin, 32);
		ck_assert_int_eq(hex_decode(vec[i].sec, bin, 32), 0);
		nsec_encode(bin, text);
		ck_assert_str_eq(text, vec[i].nsec);
		ck_assert_int_eq(nsec_decode(text, back), 0);
		ck_assert_mem_eq(back, bin, 32);
	}
}
END_TEST

START_TEST(mesh_address_is_fd_and_fifteen_bytes)
{
	uint8_t	naddr[NADDR_LEN], ip6[16];
	char	hex[33];
	size_t	i;

	for (i = 0; i < NVEC; i++) {
		ck_assert_int_eq(hex_decode(vec[i].naddr, naddr, sizeof(naddr)), 0);
		mesh_addr(naddr, ip6);
		hex_encode(ip6, 16, hex);
		ck_assert_str_eq(hex, vec[i].ip6);
	}
}
END_TEST

START_TEST(any_changed_or_missing_character_is_refused)
{
	char	s[NPUB_LEN + 8];
	uint8_t	out[32];
	int	i;

	for (i = 0; i < NPUB_LEN; i++) {
		strcpy(s, vec[0].npub);
		s[i] = s[i] == 'q' ? 'p' : 'q';
		ck_assert_int_eq(npub_decode(s, out), -1);
		strcpy(s, vec[0].npub);
		s[i] = '\0';
		ck_assert_int_eq(npub_decode(s, out), -1);
	}
	snprintf(s, sizeof(s), "%sq", vec[0].npub);
	ck_assert_int_eq(npub_decode(s, out), -1);
	ck_assert_int_eq(npub_decode(vec[0].nsec, out), -1);
	ck_assert_int_eq(npub_decode(vec[0].pub, out), -1);
}
END_TEST

START_TEST(upper_case_passes_and_mixed_case_does_not)
{
	char	s[NPUB_LEN + 1];
	uint8_t	out[32], want[32];
	int	i;

	for (i = 0; i <= NPUB_LEN; i++)
		s[i] = (char)toupper((unsigned char)vec[0].npub[i]);
	ck_assert_int_eq(npub_decode(s, out), 0);
	ck_assert_int_eq(hex_decode(vec[0].pub, want, 32), 0);
	ck_assert_mem_eq(out, want, 32);
	s[0] = 'n';
	ck_assert_int_eq(npub_decode(s, out), -1);
}
END_TEST

/* The checksum of bech32m differs by a constant; the data is the same. */
START_TEST(a_bech32m_checksum_is_accepted)
{
	static const char charset[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
	uint32_t	  diff = 1u ^ 0x2bc830a3u;
	char		  s[NPUB_LEN + 1];
	uint8_t		  out[32];
	int		  i, v;

	strcpy(s, vec[0].npub);
	for (i = 0; i < 6; i++) {
		v = (int)(strchr(charset, s[NPUB_LEN - 6 + i]) - charset);
		v ^= diff >> 5 * (5 - i) & 31;
		s[NPUB_LEN - 6 + i] = charset[v];
	}
	ck_assert_int_eq(npub_decode(s, out), 0);
}
END_TEST

START_TEST(short_name_keeps_four_and_four)
{
	char out[20];

	npub_short(vec[0].npub, out);
	ck_assert_str_eq(out, "npub1sjlh...h57m");
}
END_TEST

START_TEST(hex_takes_exactly_its_digits)
{
	uint8_t b[2];

	ck_assert_int_eq(hex_decode("a1B2", b, 2), 0);
	ck_assert_int_eq(b[0], 0xa1);
	ck_assert_int_eq(b[1], 0xb2);
	ck_assert_int_eq(hex_decode("a1B", b, 2), -1);
	ck_assert_int_eq(hex_decode("a1B2c", b, 2), -1);
	ck_assert_int_eq(hex_decode("a1g2", b, 2), -1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, npub_and_nsec_match_the_vectors);
	tcase_add_test(t, mesh_address_is_fd_and_fifteen_bytes);
	tcase_add_test(t, any_changed_or_missing_character_is_refused);
	tcase_add_test(t, upper_case_passes_and_mixed_case_does_not);
	tcase_add_test(t, a_bech32m_checksum_is_accepted);
	tcase_add_test(t, short_name_keeps_four_and_four);
	tcase_add_test(t, hex_takes_exactly_its_digits);
}
