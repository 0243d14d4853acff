/* room: netd -- IPv6 packets, sums checked by the plainest computation. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/ip6.h"
#include "suite.h"

static uint8_t	pkt[2048], out[IP6_ERROR_MAX];

/* One's complement sum over the pseudo header and the upper layer: 0xffff when
 * the checksum inside is right. Byte by byte, on purpose. */
static unsigned
plain_sum(const uint8_t *p, size_t len, size_t upper, uint8_t nh)
{
	unsigned long	sum = (unsigned long)(len - upper) + nh;
	size_t		i;

	for (i = 8; i < 40; i++)
		sum += i % 2 == 0 ? (unsigned long)p[i] * 256 : p[i];
	for (i = upper; i < len; i++)
		sum += (i - upper) % 2 == 0 ? (unsigned long)p[i] * 256 : p[i];
	while (sum > 0xffff)
		sum = sum % 65536 + sum / 65536;
	return (unsigned)sum;
}

static void
head(size_t len, uint8_t nh)
{
	size_t i;

	memset(pkt, 0, sizeof(pkt));
	pkt[0] = 0x60;
	pkt[4] = (uint8_t)((len - 40) >> 8);
	pkt[5] = (uint8_t)((len - 40) & 0xff);
	pkt[6] = nh;
	pkt[7] = 64;
	for (i = 8; i < 40; i++)
		pkt[i] = (uint8_t)(i * 7);
	pkt[8] = pkt[24] = 0xfd;
}

/* A SYN at `at` with these options; the length of the packet comes back. */
static size_t
syn(size_t at, const uint8_t *opt, size_t optlen)
{
	size_t	 len = at + 20 + optlen;
	uint8_t	*t = pkt + at;
	unsigned sum;

	t[0] = 0x12;
	t[3] = 80;
	t[12] = (uint8_t)((20 + optlen) / 4 << 4);
	t[13] = 0x02;
	memcpy(t + 20, opt, optlen);
	sum = 0xffff - plain_sum(pkt, len, at, 6);
	t[16] = (uint8_t)(sum >> 8);
	t[17] = sum & 0xff;
	ck_assert_uint_eq(plain_sum(pkt, len, at, 6), 0xffff);
	return len;
}

START_TEST(a_shim_expands_to_the_header_it_came_from)
{
	uint8_t	shim[IP6_SHIM], back[IP6_HEAD];
	size_t	i;

	head(100, 17);
	pkt[0] = 0x6a;
	pkt[1] = 0xbc;
	pkt[2] = 0xde;
	pkt[3] = 0xf1;
	ip6_shrink(pkt, shim);
	ck_assert_int_eq(ip6_expand(shim, 60, pkt + 8, pkt + 24, back), 0);
	ck_assert_mem_eq(back, pkt, IP6_HEAD);
	shim[1] = 0x4a;			/* another version is made 6 */
	ck_assert_int_eq(ip6_expand(shim, 60, pkt + 8, pkt + 24, back), 0);
	ck_assert_mem_eq(back, pkt, IP6_HEAD);
	ck_assert_int_eq(ip6_expand(shim, 65536, pkt + 8, pkt + 24, back), -1);
	for (i = 1; i < 256; i++) {
		shim[0] = (uint8_t)i;
		ck_assert_int_eq(ip6_expand(shim, 60, pkt + 8, pkt + 24, back), -1);
	}
}
END_TEST

START_TEST(only_whole_packets_are_packets)
{
	size_t i;

	head(100, 17);
	ck_assert(ip6_is_packet(pkt, 100));
	for (i = 0; i < 120; i++)
		ck_assert_int_eq(ip6_is_packet(pkt, i), i == 100);
	pkt[0] = 0x45;
	ck_assert(!ip6_is_packet(pkt, 100));
}
END_TEST

START_TEST(mss_is_lowered_and_the_sum_stays_right)
{
	static const uint8_t even[8] = { 2, 4, 0x05, 0xb4, 1, 3, 3, 7 };
	static const uint8_t odd[8] = { 1, 2, 4, 0x05, 0xb4, 1, 1, 0 };
	size_t len;
	unsigned mss;

	for (mss = 1; mss <= 1461; mss++) {
		head(40 + 28, 6);
		len = syn(40, even, sizeof(even));
		ck_assert_int_eq(ip6_clamp_mss(pkt, len, (uint16_t)mss), mss < 1460);
		ck_assert_uint_eq(plain_sum(pkt, len, 40, 6), 0xffff);
		ck_assert_uint_eq(pkt[62] * 256u + pkt[63], mss < 1460 ? mss : 1460);
		head(40 + 28, 6);
		len = syn(40, odd, sizeof(odd));
		ck_assert_int_eq(ip6_clamp_mss(pkt, len, (uint16_t)mss), mss < 1460);
		ck_assert_uint_eq(plain_sum(pkt, len, 40, 6), 0xffff);
		ck_assert_uint_eq(pkt[63] * 256u + pkt[64], mss < 1460 ? mss : 1460);
	}
}
END_TEST

START_TEST(mss_is_found_behind_extension_headers)
{
	static const uint8_t opt[4] = { 2, 4, 0x05, 0xb4 };
	size_t len;

	head(40 + 16 + 8 + 24, 0);	/* hop-by-hop of 16, whole fragment */
	pkt[40] = 44;
	pkt[41] = 1;
	pkt[56] = 6;
	len = syn(64, opt, sizeof(opt));
	ck_assert_int_eq(ip6_clamp_mss(pkt, len, 1143), 1);
	ck_assert_uint_eq(plain_sum(pkt, len, 64, 6), 0xffff);
	pkt[86] = 0x05;			/* a later fragment has no TCP header */
	pkt[59] = 0x08;
	ck_assert_int_eq(ip6_clamp_mss(pkt, len, 1143), 0);
}
END_TEST

START_TEST(only_syns_with_room_for_the_option_are_touched)
{
	static const uint8_t opt[4] = { 2, 4, 0x05, 0xb4 };
	uint8_t copy[64];
	size_t len, i;

	head(64, 6);
	len = syn(40, opt, sizeof(opt));
	memcpy(copy, pkt, len);
	for (i = 0; i < len; i++) {
		ck_assert_int_eq(ip6_clamp_mss(pkt, i, 100), 0);
		ck_assert_mem_eq(pkt, copy, len);
	}
	pkt[53] = 0x10;			/* no SYN */
	ck_assert_int_eq(ip6_clamp_mss(pkt, len, 100), 0);
	pkt[53] = 0x12;
	pkt[61] = 3;			/* option of a wrong length */
	ck_assert_int_eq(ip6_clamp_mss(pkt, len, 100), 0);
	pkt[61] = 0;
	ck_assert_int_eq(ip6_clamp_mss(pkt, len, 100), 0);
	pkt[61] = 4;
	pkt[6] = 17;			/* not TCP */
	ck_assert_int_eq(ip6_clamp_mss(pkt, len, 100), 0);
}
END_TEST

START_TEST(too_big_comes_from_the_destination_and_quotes_1232)
{
	size_t n;

	head(1500, 17);
	n = ip6_too_big(pkt, 1500, 1303, out);
	ck_assert_uint_eq(n, 1280);
	ck_assert_uint_eq(plain_sum(out, n, 40, 58), 0xffff);
	ck_assert(ip6_is_packet(out, n));
	ck_assert_mem_eq(out + 8, pkt + 24, 16);
	ck_assert_mem_eq(out + 24, pkt + 8, 16);
	ck_assert_uint_eq(out[40], 2);
	ck_assert_uint_eq(out[41], 0);
	ck_assert_uint_eq(out[46] * 256u + out[47], 1303);
	ck_assert_mem_eq(out + 48, pkt, 1232);
}
END_TEST

START_TEST(unreachable_comes_from_us)
{
	static const uint8_t us[16] = { 0xfd, 1, 2, 3 };
	size_t n;

	head(101, 17);			/* odd length */
	n = ip6_unreachable(pkt, 101, 3, us, out);
	ck_assert_uint_eq(n, 149);
	ck_assert_uint_eq(plain_sum(out, n, 40, 58), 0xffff);
	ck_assert_mem_eq(out + 8, us, 16);
	ck_assert_uint_eq(out[40], 1);
	ck_assert_uint_eq(out[41], 3);
	ck_assert_mem_eq(out + 48, pkt, 101);
}
END_TEST

START_TEST(no_error_about_errors_and_groups)
{
	unsigned type;

	for (type = 0; type < 256; type++) {
		head(100, 58);
		pkt[40] = (uint8_t)type;
		ck_assert_int_eq(ip6_may_answer(pkt, 100), type >= 128);
		ck_assert_int_eq(ip6_too_big(pkt, 100, 1280, out) != 0, type >= 128);
		head(108, 60);		/* hidden behind an extension header */
		pkt[40] = 58;
		pkt[48] = (uint8_t)type;
		ck_assert_int_eq(ip6_may_answer(pkt, 108), type >= 128);
	}
	head(100, 17);
	ck_assert(ip6_may_answer(pkt, 100));
	pkt[24] = 0xff;
	ck_assert(!ip6_may_answer(pkt, 100));
	pkt[24] = 0xfd;
	pkt[8] = 0xff;
	ck_assert(!ip6_may_answer(pkt, 100));
	memset(pkt + 8, 0, 16);
	ck_assert(!ip6_may_answer(pkt, 100));
	ck_assert_uint_eq(ip6_too_big(pkt, 39, 1280, out), 0);
}
END_TEST

START_TEST(congestion_marks_only_willing_packets)
{
	static const uint8_t want[4] = { 0, 3, 3, 3 };
	uint8_t ecn;

	for (ecn = 0; ecn < 4; ecn++) {
		head(100, 17);
		pkt[1] = (uint8_t)(0x8f | ecn << 4);
		ip6_mark_ce(pkt);
		ck_assert_uint_eq(pkt[1], 0x8fu | (unsigned)want[ecn] << 4);
	}
}
END_TEST

START_TEST(default_links_carry_1280_byte_packets)
{
	ck_assert_uint_eq(udp_frame_limit(1280), 1380);
	ck_assert_uint_eq(udp_frame_limit(1279), 1279);
	ck_assert_uint_eq(udp_frame_limit(1472), 1472);
	ck_assert_uint_eq(ip6_mtu_of_frame(1380), 1303);
	ck_assert_uint_eq(ip6_mtu_of_frame(1280), 1203);
	ck_assert_uint_eq(ip6_mtu_of_frame(76), 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_shim_expands_to_the_header_it_came_from);
	tcase_add_test(t, only_whole_packets_are_packets);
	tcase_add_test(t, mss_is_lowered_and_the_sum_stays_right);
	tcase_add_test(t, mss_is_found_behind_extension_headers);
	tcase_add_test(t, only_syns_with_room_for_the_option_are_touched);
	tcase_add_test(t, too_big_comes_from_the_destination_and_quotes_1232);
	tcase_add_test(t, unreachable_comes_from_us);
	tcase_add_test(t, no_error_about_errors_and_groups);
	tcase_add_test(t, congestion_marks_only_willing_packets);
	tcase_add_test(t, default_links_carry_1280_byte_packets);
}
