/*
 * room: netd, with: udp_world -- datagrams of one length that the kernel takes
 * and gives as one.
 */
#include <unistd.h>

#include "udp_world.h"

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
	/* Who waits for one of the first does not wait for the last. */
	ck_assert_uint_eq(nhurry, udp_get(0)->stats.trains_recv);
	ck_assert_uint_lt(hurried_at[0], 65);
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
	union sock_name		to;
	socklen_t		len;
	uint8_t			p[1300] = "NPTC";

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	open_socket(&ep, 1380);
	for (k = 0; k < 2; k++) {
		fd[k] = bound_socket(&from[k]);
		len = endpoint_to(&ep, &to);
		ck_assert_int_eq(connect(fd[k], &to.sa, len), 0);
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

/* The kernel tells us once that somebody else's port is shut. */
START_TEST(an_error_that_passes_ends_no_trains)
{
	struct endpoint	ep, shut;
	unsigned	i, on = 1;

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	close(bound_socket(&shut));
	open_socket(&ep, 1380);
	ck_assert_int_eq(setsockopt(udp_get(0)->fd, IPPROTO_IP, IP_RECVERR, &on,
	    sizeof(on)), 0);
	ck_assert_int_eq(udp_send(&shut, "x", 1), 0);
	for (i = 0; i < 40; i++) {
		send_work(&ep, (uint8_t)i, 500);
		if (i % 20 == 19)
			udp_flush();
	}
	ck_assert_uint_eq(udp_get(0)->stats.packets_sent, 1 + 40);
	ck_assert_uint_eq(udp_get(0)->stats.send_errors, 0);
	ck_assert_uint_eq(udp_get(0)->stats.trains_sent, 1);
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
	udp_mind();
	free_slots = 200;
	udp_mind();
	for (i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(nin, 40);
	for (i = 0; i < 40; i++)
		ck_assert_uint_eq(in[i], i);
}
END_TEST

/* The kernel has nothing more that would wake us for the rest. */
START_TEST(a_train_goes_on_when_slots_come_back_in_the_same_turn)
{
	struct event_base	*base = event_base_new();
	struct endpoint		 ep;
	unsigned		 i;

	netd.conf[CONF_BASTIDE_UDP_OFFLOAD] = 1;
	open_socket(&ep, 1380);
	for (i = 0; i < 40; i++)
		send_work(&ep, (uint8_t)i, 1300);
	udp_flush();
	keep_slots = 1;
	free_slots = PIPE_SPARE + 10;
	udp_start(base);
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(nin, 10);
	free_slots = 200;
	udp_mind();
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(nin, 40);
	netd.now_ms = 0;
	udp_mind();
	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(netd.now_ms, 0);	/* and then the loop sleeps */
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_train_waits_a_little_for_cars_that_are_coming);
	tcase_add_test(t, datagrams_of_one_size_go_and_come_as_trains);
	tcase_add_test(t, a_batch_of_two_peers_handshakes_and_garbage_comes_apart);
	tcase_add_test(t, without_offload_the_same_goes_one_by_one);
	tcase_add_test(t, a_train_that_the_way_refuses_goes_one_by_one_and_is_tried_again);
	tcase_add_test(t, an_error_that_passes_ends_no_trains);
	tcase_add_test(t, a_train_waits_for_slots_and_loses_nothing);
	tcase_add_test(t, a_train_goes_on_when_slots_come_back_in_the_same_turn);
}
