/*
 * room: netd, with: session_world -- what a session carries: packets out, early
 * and late, and what waits for keys.
 */
#include "session_world.h"

/* cryptod's answers to what was pushed; key 0: it still cannot. */
static void
answer_pushed(uint32_t key)
{
	unsigned i;

	for (i = 0; i < npushed; i++) {
		pushed[i]->len -= key != 0 ? FSP_TAG : 0;
		if (key != 0)
			opens_with(pushed[i], key);
		pushed_done(pushed[i]);
		if (kept != pushed[i])
			pipe_put(pushed[i]);
	}
	npushed = 0;
}

START_TEST(the_first_packet_makes_a_session_and_travels_in_it)
{
	struct fsp_data	d;
	struct session	*s = established(100);

	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(last.op, RING_SEAL);
	ck_assert_uint_eq(last.session_key, 100);
	ck_assert_uint_eq(last.inner, 56);
	ck_assert_uint_eq(last.body, 68 + 36);		/* with coordinates */
	ck_assert_uint_eq(last.len, 100 - 40 + 85 + 36);
	memset(frame + last.len, 0, FSP_TAG);
	ck_assert_int_eq(fsp_data_decode(frame + 56, last.len - 56 + FSP_TAG, &d), 0);
	ck_assert_uint_eq(d.flags, FSP_CP);
	ck_assert_uint_eq(d.len, last.len - last.body);
	ck_assert_uint_eq(frame[last.body + 4], FSP_PACKET);
	ck_assert_uint_eq(get_le16(frame + last.body + 6), 256);
	ck_assert_uint_eq(get_le16(frame + last.body + 8), 256);
	ck_assert_uint_eq(frame[last.body + 17], 0xaa);
	ck_assert_uint_eq(frame[last.len - 1], 0xaa);
	while (s->warmup > 0)
		packet_out(100);
	packet_out(1303);
	ck_assert_uint_eq(last.body, 68);
	ck_assert_uint_eq(last.len + 32, 1380);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_TOO_BIG], 0);
	packet_out(1304);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_TOO_BIG], 1);
	ck_assert_uint_eq(tun[40], 2);
	ck_assert_uint_eq(tun[46] * 256 + tun[47], 1303);
}
END_TEST

/* A datagram of the far node to the kernel: ports, what is left of its header. */
static size_t
packet_body(uint8_t *body, uint8_t next, size_t payload)
{
	uint8_t head[40] = { 0x60 };

	put_le16(body, FSP_PORT_IP6);
	put_le16(body + 2, FSP_PORT_IP6);
	head[6] = next;
	head[7] = 64;
	ip6_shrink(head, body + 4);
	memset(body + 4 + IP6_SHIM, 0x11, payload);
	return 4 + IP6_SHIM + payload;
}

/* One of a flow comes, and need not wait. */
static void
flow_known(uint8_t next)
{
	uint8_t		 body[100];
	struct work	*w = frame_of(peer.addr, FSP_PACKET, body,
			    packet_body(body, next, 30));

	opens_with(w, 100);
	w->urgent = 1;
	session_input(&peer, w, 0);
}

START_TEST(a_packet_that_goes_early_goes_once)
{
	struct session	*s = established(100);
	uint8_t		 body[700];
	struct work	*w;
	uint64_t	 before;
	unsigned	 out = slots_out();

	flow_known(17);
	before = s->stats.packets_recv;
	w = frame_of(peer.addr, FSP_PACKET, body, packet_body(body, 17, 30));
	opens_with(w, 100);
	ntun = 0;
	session_early(w, 0);		/* the keys of its link are older */
	flow_kept = 1;
	session_early(w, 1);		/* one before it waits */
	flow_kept = 0;
	ck_assert_uint_eq(ntun, 0);
	ck_assert_uint_ne(w->flow, 0);	/* nor will others of its flow */
	session_early(w, 1);
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(tun_len, 70);
	ck_assert_uint_eq(tun[40], 0x11);
	ck_assert_uint_eq(s->stats.packets_recv, before);	/* not its turn */
	session_input(&peer, w, 0);
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(s->stats.packets_recv, before + 1);
	ck_assert_uint_eq(slots_out(), out);
}
END_TEST

/* Nor a second time when its session is gone by its turn, or has other keys. */
START_TEST(a_packet_that_went_early_outlives_its_session)
{
	uint8_t		 body[100];
	struct work	*w;
	unsigned	 i, out;
	struct session	*s = established(100);

	out = slots_out();
	for (i = 0; i < 2; i++) {
		s->prev.session = 0;
		s->cur.session = 100;
		flow_known(17);
		w = frame_of(peer.addr, FSP_PACKET, body, packet_body(body, 17, 30));
		opens_with(w, 100);
		ntun = 0;
		session_early(w, 1);
		ck_assert(w->given);
		if (i == 0) {
			s->prev.session = 100;
			s->cur.session = 101;
		} else
			session_del(s);
		session_input(&peer, w, 0);
		ck_assert_uint_eq(ntun, 1);
		ck_assert_uint_eq(slots_out(), out);
	}
}
END_TEST

/* Each of them waits for its turn, and is whole then. */
START_TEST(only_small_packets_under_keys_of_today_go_early)
{
	uint8_t		body[700];
	struct work	*w;
	unsigned	i, out;

	established(100);
	out = slots_out();
	for (i = 0; i < 6; i++) {
		size_t len = packet_body(body, i == 0 ? 6 : 17, i == 5 ? 600 : 30);

		flow_known(17);
		body[2] ^= i == 1;		/* another port than that of packets */
		w = frame_of(peer.addr, i == 2 ? FSP_PATH_MTU : FSP_PACKET, body,
		    i == 3 ? 3 : len);
		opens_with(w, i == 4 ? 99 : 100);
		ntun = 0;
		session_early(w, 1);
		ck_assert_uint_eq(ntun, 0);
		ck_assert(!w->given);
		session_input(&peer, w, 0);
		ck_assert_uint_eq(ntun, i == 0 || i == 5);
	}
	w = frame_of(peer.addr, FSP_PACKET, body, packet_body(body, 17, 30));
	opens_with(w, 100);
	session_early(w, 1);			/* its flow has large ones */
	ck_assert(!w->given);
	session_input(&peer, w, 0);
	ck_assert_uint_eq(slots_out(), out);
}
END_TEST

START_TEST(a_packet_says_its_flow_and_what_warms_a_way_is_not_passed)
{
	struct session	*s = established(100);
	uint8_t		 flow, fragment[100] = { 0x60, [6] = 44 };

	while (s->warmup > 0) {
		packet_out(100);
		ck_assert(!last.urgent);
	}
	packet_out(100);
	ck_assert(last.urgent);
	ck_assert_uint_eq(session_flow(fragment, sizeof(fragment)), PIPE_ANY);
	flow = last.flow;
	ck_assert_uint_ne(flow, 0);
	packet_out(1000);
	ck_assert(!last.urgent);
	ck_assert_uint_eq(last.flow, flow);
}
END_TEST

START_TEST(a_frame_becomes_the_packet_it_was)
{
	static const uint8_t body[] = {
		0, 1, 0, 1, 0, 0x60, 0x12, 0x34, 0x56, 17, 63, 'h', 'i'
	};

	established(100);
	frame_in(100, FSP_PACKET, body, sizeof(body));
	ck_assert_uint_eq(tun_len, 42);
	ck_assert(ip6_is_packet(tun, tun_len));
	ck_assert_uint_eq(tun[1], 0x12);
	ck_assert_uint_eq(tun[6], 17);
	ck_assert_uint_eq(tun[7], 63);
	ck_assert_mem_eq(tun + 9, peer.addr, 15);
	ck_assert_mem_eq(tun + 24, netd.ip6, 16);
	ck_assert_mem_eq(tun + 40, "hi", 2);
	frame_in(99, FSP_PACKET, body, sizeof(body));	/* nobody's key */
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 1);
	ck_assert_uint_eq(ntun, 1);
}
END_TEST

/* Class 0x00 to 0x03: its last two bits are ECN. */
START_TEST(a_mark_of_the_way_reaches_the_packet_that_can_bear_it)
{
	static const uint8_t ecn[] = { 0, 3, 3, 3 };
	uint8_t body[] = {
		0, 1, 0, 1, 0, 0x60, 0, 0, 0, 17, 63, 'h', 'i'
	};
	struct work *w;
	unsigned i, ce;

	established(100);
	for (i = 0; i < 4; i++)
		for (ce = 0; ce < 2; ce++) {
			body[6] = (uint8_t)(i << 4);
			w = frame_of(peer.addr, FSP_PACKET, body, sizeof(body));
			opens_with(w, 100);
			session_input(&peer, w, (int)ce);
			ck_assert_uint_eq(tun[1] >> 4, ce ? ecn[i] : i);
		}
	ck_assert_uint_eq(ntun, 8);
	ck_assert_uint_eq(netd.congestion.ce_received, 4);
}
END_TEST

START_TEST(frames_that_come_with_their_msg3_wait_for_its_keys)
{
	unsigned i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	for (i = 0; i < 3; i++)
		shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 3);
	ck_assert_uint_eq(npushed, 0);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(npushed, 3);
	/* This one was with cryptod when the keys came. */
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(npushed, 4);
	answer_pushed(200);
	ck_assert_uint_eq(ntun, 4);
	ck_assert_mem_eq(tun + 40, "hi", 2);
	ck_assert_uint_eq(slots_out(), 0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 0);
	/* A later one has no such excuse. */
	netd.now_ms++;
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(npushed, 0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 1);
}
END_TEST

/* Theirs was quicker: what ends ours must not end what waits for theirs. */
START_TEST(frames_that_come_with_a_msg3_outlive_a_handshake_of_ours)
{
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	packet_out(100);
	answer_msg1();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 1);
	answer_up(200, 0xb1);
	ck_assert_ptr_null(session_find(peer.addr)->extra->out);
	ck_assert_uint_eq(npushed, 1);
	answer_pushed(200);
	ck_assert_uint_eq(ntun, 1);
}
END_TEST

/* The packet with this number, and the frame that carries it. */
static void
numbered_in(uint8_t n, uint32_t key)
{
	uint8_t body[sizeof(hello)];

	memcpy(body, hello, sizeof(body));
	body[12] = n;
	if (key == 0)
		shut_in(peer.addr, body, sizeof(body));
	else
		frame_in(key, FSP_PACKET, body, sizeof(body));
}

START_TEST(no_frame_passes_those_that_wait_for_keys)
{
	struct work *first;
	unsigned     i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	numbered_in(0, 0);
	numbered_in(1, 0);
	numbered_in(2, 200);		/* cryptod has keys, and we do not know it */
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 0);
	answer_up(200, 0xb1);
	numbered_in(3, 200);
	numbered_in(4, 0);		/* it came before they were there */
	for (i = 5; i < 40; i++)
		numbered_in((uint8_t)i, 200);
	ck_assert_uint_eq(ntun, 0);
	ck_assert_uint_eq(npushed, 3);
	first = pushed[0];
	pushed[0] = pushed[1];
	npushed = 1;
	answer_pushed(200);		/* the second, which waits for the first */
	ck_assert_uint_eq(ntun, 0);
	pushed[0] = first;
	npushed = 1;
	answer_pushed(200);
	ck_assert_uint_eq(ntun, 4);
	ck_assert_uint_eq(tun[41], 3);
	pushed[0] = pushed[2];
	npushed = 1;
	answer_pushed(0);		/* who does not open holds nobody up */
	ck_assert_uint_eq(ntun, 39);
	ck_assert_uint_eq(tun[41], 39);
	ck_assert_uint_eq(slots_out(), 0);
	numbered_in(40, 200);
	ck_assert_uint_eq(ntun, 40);
}
END_TEST

START_TEST(a_false_msg3_holds_up_nothing_that_opens)
{
	established(100);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	numbered_in(0, 0);
	numbered_in(1, 300);
	ck_assert_uint_eq(slots_out(), 2);
	numbered_in(2, 100);
	ck_assert_uint_eq(ntun, 1);
	session_hs_no(asked.req, REFUSE_HS_AUTH);
	ck_assert_uint_eq(slots_out(), 0);
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 2);
}
END_TEST

START_TEST(frames_that_wait_for_a_false_msg3_are_few_and_go)
{
	uint8_t src[16] = { 1 };
	unsigned i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_SETUP, 7, peer.addr);
	answer_msg2();
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 0);		/* no Msg3 yet */
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);		/* for either of them */
	for (i = 0; i < 40; i++)
		shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 16);
	shut_in(src, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 16);
	session_hs_no(asked.req - 1, REFUSE_HS_AUTH);
	ck_assert_uint_eq(slots_out(), 16);
	session_hs_no(asked.req, REFUSE_HS_AUTH);
	ck_assert_uint_eq(slots_out(), 0);
	ck_assert_uint_eq(npushed, 0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 42);
	/* cryptod never answers: the handshake's patience is theirs. */
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 1);
	wait_ms(31000);
	ck_assert_uint_eq(slots_out(), 0);
}
END_TEST

START_TEST(a_frame_that_does_not_open_the_second_time_is_gone)
{
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	shut_in(peer.addr, hello, sizeof(hello));
	answer_up(200, 0xb1);
	answer_pushed(0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 1);
	ck_assert_uint_eq(slots_out(), 0);
	ck_assert_uint_eq(ntun, 0);
}
END_TEST

START_TEST(what_a_machine_may_not_send_is_refused_and_answered)
{
	struct work *w;
	int i;

	for (i = 0; i < 3; i++) {
		w = pipe_get();
		memset(w->buf + w->off, 0, 48);
		w->buf[w->off] = 0x60;
		w->buf[w->off + 5] = 8;
		w->buf[w->off + 6] = 17;
		memcpy(w->buf + w->off + 8, netd.ip6, 16);
		memset(w->buf + w->off + 24, i == 0 ? 0x20 : 0xfd, 16);
		if (i == 2)
			w->buf[w->off + 9] ^= 1;
		w->len = 48;
		session_output(w);
	}
	ck_assert_uint_eq(netd.refused[REFUSE_IP_NOT_MESH], 1);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_UNKNOWN], 1);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_SOURCE], 1);
	ck_assert_uint_eq(ntun, 2);
}
END_TEST

START_TEST(waiting_packets_are_bounded_and_an_idle_session_ends)
{
	struct session *s;
	unsigned i, dests, packets;

	for (i = 0; i < 20; i++)
		packet_out(100);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(dests, 1);
	ck_assert_uint_eq(packets, 16);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_QUEUE], 4);
	answer_msg1();
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(nframe, 16);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(packets, 0);
	frame_in(100, FSP_WARMUP, "", 0);
	s = session_find(peer.addr);
	wait_ms(89000);
	ck_assert_uint_eq(s->state, SESSION_ESTABLISHED);
	wait_ms(2000);
	ck_assert_ptr_null(session_find(peer.addr));
	ck_assert_uint_eq(dropped_key, 100);
}
END_TEST

START_TEST(waiting_packets_wait_on_while_every_slot_is_out)
{
	struct work	*out[64];
	unsigned	 i, n = 0, packets, dests;

	for (i = 0; i < 5; i++)
		packet_out(100);
	answer_msg1();
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	session_find(peer.addr)->warmup = 0;
	while (pipe_free() > 1)
		out[n++] = pipe_get();
	packet_out(200);
	out[n++] = pipe_get();
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(nframe, 0);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(packets, 6);
	pipe_put(out[--n]);
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(nframe, 6);
	ck_assert_uint_eq(last.len - last.body, 6 + 4 + 7 + 200 - 40);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(packets, 0);
	while (n > 0)
		pipe_put(out[--n]);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_first_packet_makes_a_session_and_travels_in_it);
	tcase_add_test(t, a_packet_that_goes_early_goes_once);
	tcase_add_test(t, a_packet_that_went_early_outlives_its_session);
	tcase_add_test(t, only_small_packets_under_keys_of_today_go_early);
	tcase_add_test(t, a_packet_says_its_flow_and_what_warms_a_way_is_not_passed);
	tcase_add_test(t, a_frame_becomes_the_packet_it_was);
	tcase_add_test(t, a_mark_of_the_way_reaches_the_packet_that_can_bear_it);
	tcase_add_test(t, frames_that_come_with_their_msg3_wait_for_its_keys);
	tcase_add_test(t, frames_that_come_with_a_msg3_outlive_a_handshake_of_ours);
	tcase_add_test(t, no_frame_passes_those_that_wait_for_keys);
	tcase_add_test(t, a_false_msg3_holds_up_nothing_that_opens);
	tcase_add_test(t, frames_that_wait_for_a_false_msg3_are_few_and_go);
	tcase_add_test(t, a_frame_that_does_not_open_the_second_time_is_gone);
	tcase_add_test(t, what_a_machine_may_not_send_is_refused_and_answered);
	tcase_add_test(t, waiting_packets_are_bounded_and_an_idle_session_ends);
	tcase_add_test(t, waiting_packets_wait_on_while_every_slot_is_out);
}
