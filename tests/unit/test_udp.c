/* room: netd */
/* test_udp.c -- endpoints as text and back; datagrams over loopback in batches. */
#include <event2/event.h>

#include <arpa/inet.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../netd/endpoint.h"
#include "ip6.h"
#include "link.h"
#include "resolve_msg.h"
#include "suite.h"
#include "udp.h"
#include "wire.h"

struct netd		netd;
static struct work	works[256];
static uint8_t		slots[256][4096];
static unsigned		nwork, nback, nin;
static uint8_t		in[256];		/* first byte of each datagram */
static struct endpoint	in_from, in_ep[256];
static size_t		in_len[256];
static unsigned		free_slots = 256;
static int		keep_slots;
static unsigned		stood_for;

uint64_t netd_clock(void) { return ++netd.now_ms; }
void netd_tick_by(uint64_t at_ms) { (void)at_ms; }

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
static unsigned sealing;
unsigned pipe_sealing(void) { return sealing; }
unsigned pipe_slots(void) { return 2 * PIPE_SPARE; }
size_t pipe_room(const struct work *w) { return 2048 - w->off - 32u; }

void
link_input(struct work *w)
{
	in_ep[nin % 256] = w->ep;
	in_len[nin % 256] = w->len;
	in[nin++ % 256] = w->buf[w->off];
	in_from = w->ep;
	stood_for += udp_shut_stands_for(w->ep.transport);
	if (!keep_slots)
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
	ck_assert_int_eq(endpoint_from(ep, 0, (union sock_name *)&sin), 0);
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

/* One of this length in a slot, its first byte a number. */
static int
send_work(const struct endpoint *ep, uint8_t n, size_t len)
{
	struct work *w = pipe_get();

	w->ep = *ep;
	w->len = (uint32_t)len;
	memset(w->buf + w->off, n, len);
	return udp_send_work(w);
}

static uint64_t
gone(void)
{
	return udp_get(0)->stats.packets_sent;
}

START_TEST(a_train_waits_a_little_for_cars_that_are_coming)
{
	struct endpoint	 ep;
	unsigned	 i, turns;
	struct work	*w;

	open_socket(&ep, 1280);
	send_work(&ep, 0, 500);
	sealing = 64;
	udp_turn();				/* no offload: nothing to wait for */
	ck_assert_uint_eq(gone(), 1);
	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	sealing = 0;
	send_work(&ep, 1, 500);
	udp_turn();				/* nothing is coming */
	ck_assert_uint_eq(gone(), 2);
	sealing = 64;
	send_work(&ep, 1, 500);
	udp_turn();
	send_work(&ep, 2, 500);
	ck_assert_uint_eq(gone(), 2);
	for (turns = 1; gone() == 2 && turns < 100; turns++)
		udp_turn();
	ck_assert_uint_lt(turns, 6);		/* not for ever */
	ck_assert_uint_eq(gone(), 4);
	w = pipe_get();
	w->ep = ep;
	w->len = 500;
	w->urgent = 1;
	udp_send_work(w);
	udp_turn();
	ck_assert_uint_eq(gone(), 5);
	send_work(&ep, 3, 500);
	send_work(&ep, 4, 400);			/* a shorter one is the last */
	udp_turn();
	ck_assert_uint_eq(gone(), 7);
	for (i = 0; i < 64; i++)
		send_work(&ep, 5, 500);
	udp_turn();				/* full */
	ck_assert_uint_eq(gone(), 71);
	ck_assert_uint_eq(free_slots, 256);
}
END_TEST

/* Sizes as they come: trains of equals, a shorter last one, longer ones anew. */
static void
send_mixed(const struct endpoint *ep)
{
	static const size_t size[] = { 1000, 1000, 1000, 400, 400, 1200, 1, 1 };
	unsigned i;

	for (i = 0; i < 96; i++)
		ck_assert_int_eq(send_work(ep, (uint8_t)i, i < 80 ? 1300 :
		    size[i % 8]), 0);
	udp_flush();
	listen_for(96);
	ck_assert_uint_eq(nin, 96);
	for (i = 0; i < 96; i++)
		ck_assert_uint_eq(in[i], i);
	ck_assert_uint_eq(free_slots, 256);
	ck_assert_uint_eq(udp_get(0)->stats.packets_sent, 96);
	ck_assert_uint_eq(udp_get(0)->stats.packets_recv, 96);
	ck_assert_uint_eq(udp_get(0)->stats.bytes_recv,
	    udp_get(0)->stats.bytes_sent);
}

START_TEST(datagrams_of_one_size_go_and_come_as_trains)
{
	struct endpoint ep;

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	open_socket(&ep, 1380);
	send_mixed(&ep);
	ck_assert_uint_ge(udp_get(0)->stats.trains_sent, 2);
	ck_assert_uint_ge(udp_get(0)->stats.trains_recv, 2);
}
END_TEST

/*
 * Two peers in turns, each with trains of handshakes' and of other lengths, a
 * punch and a byte between them: each datagram comes as it was sent.
 */
START_TEST(a_batch_of_two_peers_handshakes_and_garbage_comes_apart)
{
	static const size_t	size[] = { 114, 114, 114, 69, 1, 114, 1300, 1300, 3 };
	struct endpoint		ep, from[2];
	unsigned		i, n[2] = { 0 }, k;
	int			fd[2];
	struct sockaddr_in	sin = { .sin_family = AF_INET };
	socklen_t		len;
	uint8_t			p[1300] = "NPTC";

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	open_socket(&ep, 1380);
	for (k = 0; k < 2; k++) {
		len = sizeof(sin);
		fd[k] = socket(AF_INET, SOCK_DGRAM, 0);
		sin.sin_port = 0;
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		ck_assert_int_eq(bind(fd[k], (struct sockaddr *)&sin, len), 0);
		ck_assert_int_eq(getsockname(fd[k], (struct sockaddr *)&sin, &len), 0);
		ck_assert_int_eq(endpoint_from(&from[k], 0, (union sock_name *)&sin), 0);
		sin.sin_port = htons(ep.port);
		ck_assert_int_eq(connect(fd[k], (struct sockaddr *)&sin, len), 0);
	}
	for (i = 0; i < 90; i++) {
		k = i / 5 % 2;
		if (i % 5 == 0)
			ck_assert_int_eq(send(fd[k], "NPTC01234567890123456789", 24, 0), 24);
		memset(p, (int)(i | k << 7), sizeof(p));
		ck_assert_int_gt(send(fd[k], p, size[i % 9], 0), 0);
	}
	listen_for(90);
	ck_assert_uint_eq(nin, 90);
	for (i = 0; i < 90; i++) {
		k = in[i] >> 7;
		ck_assert_mem_eq(&in_ep[i], &from[k], sizeof(from[k]));
		ck_assert_uint_eq(in_len[i], size[(in[i] & 127) % 9]);
		n[k]++;
	}
	ck_assert_uint_eq(n[0], 45);
	ck_assert_uint_eq(n[1], 45);
	ck_assert_uint_eq(free_slots, 256);
}
END_TEST

START_TEST(without_offload_the_same_goes_one_by_one)
{
	struct endpoint ep;

	open_socket(&ep, 1380);
	send_mixed(&ep);
	ck_assert_uint_eq(udp_get(0)->stats.trains_sent, 0);
	ck_assert_uint_eq(udp_get(0)->stats.trains_recv, 0);
}
END_TEST

START_TEST(a_train_that_the_way_refuses_goes_one_by_one_and_is_tried_again)
{
	struct endpoint ep;
	unsigned	i;

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	netd.now_ms = 1000;
	open_socket(&ep, 9000);
	/* Without checksums the kernel makes no train. */
	i = 1;
	ck_assert_int_eq(setsockopt(udp_get(0)->fd, SOL_SOCKET, SO_NO_CHECK, &i,
	    sizeof(i)), 0);
	for (i = 0; i < 20; i++)
		send_work(&ep, (uint8_t)i, 500);
	udp_flush();
	ck_assert_uint_eq(udp_get(0)->stats.trains_sent, 0);
	ck_assert_uint_eq(udp_get(0)->stats.packets_sent, 20);
	ck_assert_uint_eq(udp_get(0)->stats.send_errors, 0);
	listen_for(20);
	ck_assert_uint_eq(nin, 20);
	i = 0;
	ck_assert_int_eq(setsockopt(udp_get(0)->fd, SOL_SOCKET, SO_NO_CHECK, &i,
	    sizeof(i)), 0);
	for (i = 0; i < 20; i++)
		send_work(&ep, (uint8_t)i, 500);
	udp_flush();
	ck_assert_uint_eq(udp_get(0)->stats.trains_sent, 0);	/* not yet */
	netd.now_ms += 100000;
	for (i = 0; i < 20; i++)
		send_work(&ep, (uint8_t)i, 500);
	udp_flush();
	ck_assert_uint_eq(udp_get(0)->stats.trains_sent, 1);
	ck_assert_uint_eq(udp_get(0)->stats.packets_sent, 60);
}
END_TEST

START_TEST(a_train_waits_for_slots_and_loses_nothing)
{
	struct event_base	*base = event_base_new();
	struct endpoint		 ep;
	unsigned		 i;

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	open_socket(&ep, 1380);
	for (i = 0; i < 40; i++)
		send_work(&ep, (uint8_t)i, 1300);
	udp_flush();
	keep_slots = 1;		/* link_input() holds what it gets */
	free_slots = PIPE_SPARE + 10;
	udp_start(base);
	for (i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(nin, 10);
	ck_assert_uint_eq(free_slots, PIPE_SPARE);
	udp_pause(1);
	free_slots = 200;
	udp_pause(0);
	for (i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(nin, 40);
	for (i = 0; i < 40; i++)
		ck_assert_uint_eq(in[i], i);
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
	tcase_add_test(t, a_train_waits_a_little_for_cars_that_are_coming);
	tcase_add_test(t, datagrams_of_one_size_go_and_come_as_trains);
	tcase_add_test(t, a_batch_of_two_peers_handshakes_and_garbage_comes_apart);
	tcase_add_test(t, without_offload_the_same_goes_one_by_one);
	tcase_add_test(t, a_train_that_the_way_refuses_goes_one_by_one_and_is_tried_again);
	tcase_add_test(t, a_train_waits_for_slots_and_loses_nothing);
	tcase_add_test(t, without_slots_nothing_is_read_and_a_pause_lets_the_loop_sleep);
	tcase_add_test(t, of_who_is_shut_few_frames_come_and_of_others_all);
	tcase_add_test(t, of_what_is_nobodys_few_come_and_of_the_others_all);
	tcase_add_test(t, what_the_kernel_could_not_keep_is_counted_as_ever);
	tcase_add_test(t, a_socket_that_takes_no_filter_hears_all);
	tcase_add_test(t, nothing_larger_than_the_transport_allows_is_sent);
	tcase_add_test(t, a_datagram_larger_than_a_slot_is_refused_and_punches_are_ignored);
	tcase_add_test(t, an_error_drops_one_datagram_and_sends_the_rest);
	tcase_add_test(t, endpoints_have_one_text);
}
