/*
 * room: netd, with: udp_world -- filters that let the kernel drop what is of
 * those who are shut, or nobody's.
 */
#include <limits.h>

#include "udp_world.h"
#include "wire.h"

/* A data frame, or all but one, of len bytes. */
static void
say(const struct endpoint *ep, uint8_t first, uint32_t index, size_t len)
{
	uint8_t p[64] = { first };

	put_le32(p + 4, index);
	udp_send(ep, p, len);
}

/* Many with that index, and read all that came of them. */
static unsigned
flood(struct event_base *base, const struct endpoint *ep, uint32_t index, unsigned n)
{
	unsigned was = nin, i;

	for (i = 0; i < n; i++) {
		say(ep, 0, index, 40);
		if (i % 32 != 31)
			continue;
		udp_flush();
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	return nin - was;
}

/* Until so many came in all, or nothing more does. */
static void
hear(struct event_base *base, unsigned want)
{
	udp_flush();
	for (unsigned i = 0; i < 50 && nin < want; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

static void
hear_all(struct event_base *base, unsigned want)
{
	hear(base, want);
	ck_assert_uint_eq(nin, want);
}

/* Hears what it sends itself, one by one. */
static struct event_base *
alone(struct endpoint *ep)
{
	struct event_base *base = event_base_new();

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 0;
	open_socket(ep, 1280);
	udp_start(base);
	return base;
}

START_TEST(of_who_is_shut_few_frames_come_and_of_others_all)
{
	static const uint32_t	 bad[] = { 0x81223344, 5, 0xfffffffe };
	struct endpoint		 ep;
	struct event_base	*base = alone(&ep);
	unsigned		 n, i;

	for (i = 0; i < 32; i++)
		say(&ep, 0, bad[0], 40);
	udp_flush();			/* before anybody was shut */
	udp_shut(UDP_SHUT_THESE, bad, 3);
	say(&ep, 0, 0x44332281, 40);
	hear_all(base, 33);
	ck_assert_uint_eq(stood_for, 33);
	for (i = 0; i < 3; i++) {
		n = flood(base, &ep, bad[i], 2048);	/* 32 of them, give or take 6 */
		ck_assert_uint_gt(n, 0);
		ck_assert_uint_lt(n, 100);
	}
	ck_assert_uint_gt(stood_for, 3 * 2048 / 2);
	ck_assert_uint_lt(stood_for, 3 * 2048 * 3 / 2);
	n = nin;
	say(&ep, 0, 6, 40);
	say(&ep, 1, 5, 40);		/* a handshake */
	say(&ep, 0x10, 5, 40);		/* another version */
	for (i = 1; i < 8; i++)
		say(&ep, 0, 5, i);	/* no index in it */
	hear_all(base, n + 10);
	ck_assert_uint_eq(flood(base, &ep, 6, 64), 64);
	ck_assert_uint_eq(udp_get(0)->stats.kernel_drops, 0);
	udp_shut(UDP_SHUT_THESE, NULL, 0);
	stood_for = 0;
	ck_assert_uint_eq(flood(base, &ep, 5, 64), 64);
	ck_assert_uint_eq(stood_for, 64);
	ck_assert_uint_eq(udp_get(0)->stats.kernel_drops, 0);
}
END_TEST

START_TEST(of_what_is_nobodys_few_come_and_of_the_others_all)
{
	static const uint32_t	 good[] = { 0x81223344, 5, 0xfffffffe };
	struct endpoint		 ep;
	struct event_base	*base = alone(&ep);
	unsigned		 n, i;

	udp_shut(UDP_SHUT_OTHERS, good, 3);
	for (i = 0; i < 3; i++)
		ck_assert_uint_eq(flood(base, &ep, good[i], 64), 64);
	n = nin;
	say(&ep, 1, 6, 40);		/* handshakes */
	say(&ep, 2, 6, 40);
	for (i = 1; i < 8; i++)
		say(&ep, 0x10, 5, i);
	hear_all(base, n + 9);
	n = flood(base, &ep, 6, 2048);
	ck_assert_uint_gt(n, 0);
	ck_assert_uint_lt(n, 100);
	n = nin;
	for (i = 0; i < 2048; i++)	/* no frames: 3 is the first that is none */
		say(&ep, (uint8_t)(3 + i % 253), 5, 40);
	hear(base, UINT_MAX);
	ck_assert_uint_lt(nin - n, 100);
	udp_shut(UDP_SHUT_THESE, NULL, 0);
	ck_assert_uint_eq(flood(base, &ep, 6, 64), 64);
	ck_assert_uint_eq(udp_get(0)->stats.kernel_drops, 0);
}
END_TEST

START_TEST(what_the_kernel_could_not_keep_is_counted_as_ever)
{
	static const uint32_t	 bad = 5;
	struct endpoint		 ep;
	struct event_base	*base = alone(&ep);
	int			 little = 1;
	unsigned		 i, few;

	ck_assert_int_eq(setsockopt(udp_get(0)->fd, SOL_SOCKET, SO_RCVBUF, &little,
	    sizeof(little)), 0);
	udp_shut(UDP_SHUT_THESE, &bad, 1);
	few = flood(base, &ep, bad, 320);
	ck_assert_uint_lt(few, 320);
	udp_shut(UDP_SHUT_THESE, NULL, 0);
	for (i = 0; i < 200; i++)
		say(&ep, 0, 6, 40);
	hear(base, UINT_MAX);
	say(&ep, 0, 6, 40);		/* this brings the news */
	hear_all(base, nin + 1);
	ck_assert_uint_lt(nin - few, 201);
	ck_assert_uint_eq(udp_get(0)->stats.kernel_drops, 201 - (nin - few));
}
END_TEST

START_TEST(a_socket_that_takes_no_filter_hears_all)
{
	static const uint32_t	 bad = 5;
	struct endpoint		 ep;
	struct event_base	*base = alone(&ep);
	int			 one = 1;

	ck_assert_int_eq(setsockopt(udp_get(0)->fd, SOL_SOCKET, SO_LOCK_FILTER, &one,
	    sizeof(one)), 0);
	udp_shut(UDP_SHUT_THESE, &bad, 1);
	ck_assert_uint_eq(flood(base, &ep, bad, 64), 64);
	ck_assert_uint_eq(udp_shut_stands_for(0), 1);
	udp_shut(UDP_SHUT_THESE, NULL, 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, of_who_is_shut_few_frames_come_and_of_others_all);
	tcase_add_test(t, of_what_is_nobodys_few_come_and_of_the_others_all);
	tcase_add_test(t, what_the_kernel_could_not_keep_is_counted_as_ever);
	tcase_add_test(t, a_socket_that_takes_no_filter_hears_all);
}
