/* room: netd */
/* test_udp.c -- endpoints as text and back; datagrams over loopback in batches. */
#include <check.h>
#include <event2/event.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../netd/endpoint.h"
#include "ip6.h"
#include "link.h"
#include "udp.h"

struct netd		netd;
static struct work	works[256];
static uint8_t		slots[256][4096];
static unsigned		nwork, nback, nin;
static uint8_t		in[256];		/* first byte of each datagram */
static struct endpoint	in_from;
static unsigned		free_slots = 256;

uint64_t netd_clock(void) { return ++netd.now_ms; }

struct work *
pipe_get(void)
{
	struct work *w = &works[nwork % 256];

	memset(w, 0, sizeof(*w));
	w->buf = slots[nwork++ % 256];
	w->off = PIPE_HEAD;
	free_slots--;
	return w;
}

void
pipe_put(struct work *w)
{
	(void)w;
	free_slots++;
	nback++;
}

unsigned pipe_free(void) { return free_slots; }
size_t pipe_room(const struct work *w) { return 2048 - w->off - 32u; }

void
link_input(struct work *w)
{
	in[nin++ % 256] = w->buf[w->off];
	in_from = w->ep;
	pipe_put(w);
}

/* A transport on loopback; *ep is where it hears. */
static void
open_socket(struct endpoint *ep, uint16_t mtu)
{
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len = sizeof(sin);
	struct msg_udp		m = { .family = 4, .port = 1, .mtu = mtu, .accept = 1 };
	int			fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(fd, 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sin, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	ck_assert_int_eq(udp_add(fd, &m), 0);
	ck_assert_int_eq(endpoint_parse("127.0.0.1", ntohs(sin.sin_port), ep), 0);
}

static void
listen_for(unsigned want)
{
	struct event_base	*base = event_base_new();
	unsigned		 i;

	udp_start(base);
	for (i = 0; i < 50 && nin < want; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

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
	ck_assert_mem_eq(&in_from, &ep, sizeof(ep));
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
	udp_pause(1);
	netd.now_ms = 0;
	ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1);	/* no event left */
	ck_assert_uint_eq(netd.now_ms, 0);
	free_slots = 256;
	udp_pause(0);
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
	udp_send(&bad, "x", 1);
	udp_send(&ep, "y", 1);
	udp_flush();
	listen_for(1);
	ck_assert_uint_eq(nin, 1);
	ck_assert_uint_eq(udp_get(0)->stats.send_errors, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_UDP_SEND], 1);
}
END_TEST

START_TEST(endpoints_have_one_text_and_one_form)
{
	struct msg_udp	six = { .family = 6, .port = 1, .mtu = 1280 };
	struct endpoint	ep, mapped;
	char		text[64];

	open_socket(&ep, 1280);
	ck_assert_int_eq(endpoint_parse("2001:db8::1", 5, &ep), -1);
	ck_assert_int_eq(udp_add(socket(AF_INET6, SOCK_DGRAM, 0), &six), 0);
	ck_assert_int_eq(endpoint_parse("192.0.2.1", 2121, &ep), 0);
	endpoint_text(&ep, text);
	ck_assert_str_eq(text, "192.0.2.1:2121");
	ck_assert_int_eq(endpoint_parse("::ffff:192.0.2.1", 2121, &mapped), 0);
	ck_assert_mem_eq(&ep, &mapped, sizeof(ep));
	ck_assert_int_eq(endpoint_parse("2001:db8::1", 2121, &ep), 0);
	ck_assert_uint_eq(ep.transport, 1);
	endpoint_text(&ep, text);
	ck_assert_str_eq(text, "[2001:db8::1]:2121");
	ck_assert_int_eq(endpoint_parse("fe80::1%3", 9, &ep), 0);
	ck_assert_uint_eq(ep.scope, 3);
	endpoint_text(&ep, text);
	ck_assert_str_eq(text, "[fe80::1%3]:9");
	ck_assert_int_eq(endpoint_parse("fe80::1%", 9, &ep), -1);
	ck_assert_int_eq(endpoint_parse("fe80::1%4294967296", 9, &ep), -1);
	ck_assert_int_eq(endpoint_parse("192.0.2.1", 0, &ep), -1);
	ck_assert_int_eq(endpoint_parse("example.org", 1, &ep), -1);
	ck_assert_int_eq(endpoint_parse("", 1, &ep), -1);
}
END_TEST

int
main(void)
{
	Suite	*s = suite_create("udp");
	TCase	*t = tcase_create("udp");
	SRunner	*sr;
	int	 failures;

	tcase_add_test(t, datagrams_arrive_in_order_and_every_slot_comes_back);
	tcase_add_test(t, without_slots_nothing_is_read_and_a_pause_lets_the_loop_sleep);
	tcase_add_test(t, nothing_larger_than_the_transport_allows_is_sent);
	tcase_add_test(t, a_datagram_larger_than_a_slot_is_refused_and_punches_are_ignored);
	tcase_add_test(t, an_error_drops_one_datagram_and_sends_the_rest);
	tcase_add_test(t, endpoints_have_one_text_and_one_form);
	suite_add_tcase(s, t);
	sr = srunner_create(s);
	srunner_set_tap(sr, "-");
	srunner_run_all(sr, CK_SILENT);
	failures = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failures != 0;
}
