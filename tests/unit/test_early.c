/* room: netd -- early packets: TCP in its order, others when none had to wait. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/early.h"
#include "../../netd/ip6.h"
#include "suite.h"

enum { TCP = 6, UDP = 17, FRAGMENT = 44, ICMP6 = 58, ESP = 50, FIN = 0x01, ACK = 0x10 };

static uint8_t	pkt[IP6_HEAD + 20 + 100];

/* A packet of that flow; n: payload of a TCP segment that begins at seq. */
static size_t
make(uint8_t proto, uint8_t port, uint32_t seq, size_t n)
{
	uint8_t	*tcp = pkt + IP6_HEAD;
	size_t	 len = IP6_HEAD + 20 + n;

	memset(pkt, 0, sizeof(pkt));
	pkt[0] = 0x60;
	pkt[6] = proto;
	pkt[8] = pkt[24] = 0xfd;
	tcp[1] = port;
	if (proto != TCP)
		return len;
	tcp[4] = (uint8_t)(seq >> 24);
	tcp[5] = (uint8_t)(seq >> 16);
	tcp[6] = (uint8_t)(seq >> 8);
	tcp[7] = (uint8_t)seq;
	tcp[12] = 5 << 4;
	tcp[13] = ACK;
	return len;
}

static void
note(uint8_t proto, uint8_t port, uint32_t seq, size_t n, int waited,
    uint64_t now_ms)
{
	size_t len = make(proto, port, seq, n);

	early_note(pkt, len, waited, now_ms);
}

static int
may(uint8_t proto, uint8_t port, uint32_t seq, uint64_t now_ms)
{
	size_t len = make(proto, port, seq, 1);

	return early_may(pkt, len, now_ms);
}

START_TEST(a_tcp_segment_goes_early_only_when_it_is_next)
{
	ck_assert_int_eq(may(TCP, 1, 1000, 0), 0);	/* nobody knows it */
	note(TCP, 1, 1000, 100, 1, 0);
	ck_assert_int_eq(may(TCP, 1, 1100, 0), 1);
	ck_assert_int_eq(may(TCP, 1, 1101, 0), 0);	/* one is still sealed */
	ck_assert_int_eq(may(TCP, 1, 1000, 0), 0);
	ck_assert_int_eq(may(TCP, 2, 1100, 0), 0);	/* another's */
	note(TCP, 1, UINT32_MAX - 9, 100, 1, 0);
	ck_assert_int_eq(may(TCP, 1, 90, 0), 1);
	note(TCP, 1, 90, 0, 0, 0);			/* an acknowledgement */
	ck_assert_int_eq(may(TCP, 1, 90, 0), 1);
}
END_TEST

START_TEST(the_end_of_a_stream_takes_a_number)
{
	size_t len = make(TCP, 3, 500, 10);

	pkt[IP6_HEAD + 13] |= FIN;
	early_note(pkt, len, 1, 0);
	ck_assert_int_eq(may(TCP, 3, 510, 0), 0);
	ck_assert_int_eq(may(TCP, 3, 511, 0), 1);
}
END_TEST

START_TEST(others_go_early_when_none_of_theirs_was_large)
{
	ck_assert_int_eq(may(UDP, 1, 0, 5000), 0);	/* nobody knows it */
	note(UDP, 1, 0, 10, 0, 5000);
	ck_assert_int_eq(may(UDP, 1, 0, 5000), 1);
	note(UDP, 1, 0, 10, 1, 5000);
	note(UDP, 1, 0, 10, 0, 5000);
	ck_assert_int_eq(may(UDP, 1, 0, 5000 + EARLY_QUIET_MS - 1), 0);
	note(UDP, 2, 0, 10, 0, 5000);
	ck_assert_int_eq(may(UDP, 2, 0, 5000), 1);
	ck_assert_int_eq(may(UDP, 1, 0, 5000 + EARLY_QUIET_MS), 1);
	note(ICMP6, 1, 0, 10, 0, 5000);
	ck_assert_int_eq(may(ICMP6, 1, 0, 5000), 1);
}
END_TEST

/* Who sends for many flows makes others wait, and puts none out of order. */
START_TEST(a_flow_that_was_forgotten_waits)
{
	unsigned i;

	note(UDP, 1, 0, 10, 1, 5000);
	for (i = 0; i < 20000; i++) {
		size_t len = make(UDP, 2, 0, 10);

		memcpy(pkt + 8 + 4, &i, sizeof(i));
		early_note(pkt, len, 0, 5000);
	}
	ck_assert_int_eq(may(UDP, 1, 0, 5000), 0);
	ck_assert_int_eq(may(UDP, 1, 0, 5000 + EARLY_QUIET_MS), 0);
}
END_TEST

START_TEST(what_has_no_ports_to_see_waits)
{
	size_t len = make(UDP, 9, 0, 0);

	ck_assert_int_eq(may(0, 1, 0, 0), 0);	/* extension headers */
	ck_assert_int_eq(may(ESP, 1, 0, 0), 0);
	ck_assert_int_eq(early_may(pkt, IP6_HEAD + 3, 0), 0);
	early_note(pkt, IP6_HEAD + 3, 0, 9000);
	ck_assert_int_eq(early_may(pkt, IP6_HEAD + 3, 9000), 0);
	make(UDP, 9, 0, 0);
	early_note(pkt, len, 0, 9000);
	early_note(pkt, IP6_HEAD + 3, 1, 9000);
	ck_assert_int_eq(early_may(pkt, len, 9000), 1);
}
END_TEST

START_TEST(echoes_are_one_flow_whatever_their_sum_is)
{
	size_t	 len = make(ICMP6, 7, 0, 0);
	uint32_t one = ip6_flow(pkt, len);

	pkt[IP6_HEAD + 2] = 0xab;
	ck_assert_uint_eq(ip6_flow(pkt, len), one);
	pkt[39] ^= 1;
	ck_assert_uint_ne(ip6_flow(pkt, len), one);
	make(UDP, 7, 0, 0);
	one = ip6_flow(pkt, len);
	make(UDP, 8, 0, 0);
	ck_assert_uint_ne(ip6_flow(pkt, len), one);
}
END_TEST

/* They may be of any flow between these ends. */
START_TEST(whole_datagrams_wait_where_there_were_fragments)
{
	uint32_t one;
	size_t	 len;

	note(UDP, 4, 0, 10, 0, 5000);
	note(ICMP6, 0, 0, 10, 0, 5000);
	ck_assert_int_eq(may(UDP, 4, 0, 5000), 1);
	note(FRAGMENT, 0, 0, 10, 0, 5000);
	ck_assert_int_eq(may(UDP, 4, 0, 5000 + EARLY_QUIET_MS - 1), 0);
	ck_assert_int_eq(may(ICMP6, 0, 0, 5000 + EARLY_QUIET_MS - 1), 0);
	ck_assert_int_eq(may(UDP, 4, 0, 5000 + EARLY_QUIET_MS), 1);
	len = make(FRAGMENT, 0, 0, 0);
	ck_assert_uint_eq(ip6_flow(pkt, len), 0);
	ck_assert_int_eq(early_may(pkt, len, 5000), 0);
	one = ip6_ends(pkt, len);
	pkt[39] ^= 1;
	ck_assert_uint_ne(ip6_ends(pkt, len), one);
	ck_assert_uint_eq(ip6_ends(pkt, IP6_HEAD - 1), 0);
	make(FRAGMENT, 0, 0, 0);
	early_note(pkt, IP6_HEAD - 1, 0, 9000);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_tcp_segment_goes_early_only_when_it_is_next);
	tcase_add_test(t, the_end_of_a_stream_takes_a_number);
	tcase_add_test(t, others_go_early_when_none_of_theirs_was_large);
	tcase_add_test(t, a_flow_that_was_forgotten_waits);
	tcase_add_test(t, what_has_no_ports_to_see_waits);
	tcase_add_test(t, echoes_are_one_flow_whatever_their_sum_is);
	tcase_add_test(t, whole_datagrams_wait_where_there_were_fragments);
}
