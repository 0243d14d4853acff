/*
 * room: netd, with: udp_world -- datagrams over loopback, one by one; endpoints
 * as text and back.
 */
#include "ip6.h"
#include "resolve_msg.h"
#include "udp_world.h"

START_TEST(datagrams_arrive_in_order_and_every_slot_comes_back)
{
	struct endpoint ep;
	uint8_t		p[100];
	unsigned	i;

	open_socket(&ep, 1280);
	for (i = 0; i < 150; i++) {
		memset(p, (int)i, sizeof(p));
		ck_assert_int_eq(udp_send(&ep, p, sizeof(p)), 0);
	}
	udp_flush();
	listen_for(150);
	ck_assert_uint_eq(nin, 150);
	for (i = 0; i < 150; i++)
		ck_assert_uint_eq(in[i], i);
	ck_assert_uint_eq(free_slots, 256);
	ck_assert_mem_eq(&in_ep[149], &ep, sizeof(ep));
	ck_assert_uint_eq(udp_get(0)->stats.packets_sent, 150);
	ck_assert_uint_eq(udp_get(0)->stats.bytes_recv, 15000);
}
END_TEST

START_TEST(without_slots_nothing_is_read_and_a_pause_lets_the_loop_sleep)
{
	struct event_base	*base = event_base_new();
	struct endpoint		 ep;
	int			 i;

	open_socket(&ep, 1280);
	udp_send(&ep, "\1", 1);
	udp_flush();
	udp_start(base);
	free_slots = PIPE_SPARE;		/* these are for our own words */
	for (i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(nin, 0);
	ck_assert_uint_eq(free_slots, PIPE_SPARE);
	udp_mind();
	netd.now_ms = 0;
	ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1);	/* no event left */
	ck_assert_uint_eq(netd.now_ms, 0);
	free_slots = 256;
	udp_mind();
	for (i = 0; i < 50 && nin == 0; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(nin, 1);
}
END_TEST

START_TEST(nothing_larger_than_the_transport_allows_is_sent)
{
	struct endpoint	ep;
	uint8_t		p[2048] = { 0 };
	size_t		limit = udp_frame_limit(1280);

	open_socket(&ep, 1280);
	ck_assert_uint_le(limit, 1380);		/* the reference reads no more */
	ck_assert_int_eq(udp_send(&ep, p, limit + 1), -1);
	ck_assert_uint_eq(udp_get(0)->stats.mtu_exceeded, 1);
	ck_assert_int_eq(udp_send(&ep, p, limit), 0);
}
END_TEST

START_TEST(a_datagram_larger_than_a_slot_is_refused_and_punches_are_ignored)
{
	struct endpoint	ep;
	uint8_t		p[3000] = "NPTC";

	open_socket(&ep, 4000);
	udp_send(&ep, p, 24);
	memcpy(p, "NPTA", 4);
	udp_send(&ep, p, 24);
	udp_send(&ep, p, sizeof(p));
	udp_send(&ep, "\1", 1);
	udp_flush();
	listen_for(1);
	ck_assert_uint_eq(nin, 1);
	ck_assert_uint_eq(in[0], 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FRAME_TOO_LONG], 1);
	ck_assert_uint_eq(free_slots, 256);
}
END_TEST

START_TEST(an_error_drops_one_datagram_and_sends_the_rest)
{
	struct endpoint ep, bad;

	open_socket(&ep, 1280);
	bad = ep;
	bad.port = 0;		/* the kernel takes no port 0 */
	ck_assert_int_eq(udp_send(&bad, "x", 1), -1);
	ck_assert_int_eq(udp_send(&ep, "y", 1), 0);
	udp_flush();
	listen_for(1);
	ck_assert_uint_eq(nin, 1);
	ck_assert_uint_eq(udp_get(0)->stats.send_errors, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_UDP_SEND], 1);
}
END_TEST

START_TEST(endpoints_have_one_text)
{
	static const struct { const char *ip, *text; } is[] = {
		{ "192.0.2.1", "192.0.2.1:9" },
		{ "::ffff:192.0.2.1", "192.0.2.1:9" },
		{ "2001:db8::1", "[2001:db8::1]:9" },
		{ "fe80::1%3", "[fe80::1%3]:9" },
	};
	struct endpoint	ep;
	char		text[64];
	size_t		i;

	for (i = 0; i < sizeof(is) / sizeof(is[0]); i++) {
		ck_assert_int_eq(resolve_literal(is[i].ip, &ep), 0);
		ep.port = 9;
		endpoint_text(&ep, text);
		ck_assert_str_eq(text, is[i].text);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, datagrams_arrive_in_order_and_every_slot_comes_back);
	tcase_add_test(t, without_slots_nothing_is_read_and_a_pause_lets_the_loop_sleep);
	tcase_add_test(t, nothing_larger_than_the_transport_allows_is_sent);
	tcase_add_test(t, a_datagram_larger_than_a_slot_is_refused_and_punches_are_ignored);
	tcase_add_test(t, an_error_drops_one_datagram_and_sends_the_rest);
	tcase_add_test(t, endpoints_have_one_text);
}
