/*
 * room: netd, with: link_world -- frames of a peer: false, many, of no known
 * type.
 */
#include "link_world.h"

START_TEST(bad_frames_from_elsewhere_throw_nobody_out)
{
	static const uint8_t	beat = LINK_MSG_HEARTBEAT;
	struct peer		*p;
	unsigned		 i, n;

	set_up();
	p = peer_up(0x20, 1, 501);
	for (i = 0; i < 100; i++)
		frame_in(&away, p->cur.our_index, i, 0, &beat, 1, REFUSE_LINK_AUTH);
	for (i = 0; i < 100; i++)
		frame_in(&home, p->cur.our_index, i, 0, &beat, 1, REFUSE_LINK_REPLAY);
	for (i = 0; i < 19; i++)
		frame_in(&home, p->cur.our_index, i, 0, &beat, 1, REFUSE_LINK_AUTH);
	ck_assert_uint_eq(peer_count(), 1);
	/* Not even from a forged address, as long as the peer speaks. */
	for (i = 0; i < 10; i++) {
		for (n = 0; n < 100; n++)
			frame_in(&home, p->cur.our_index, n, 0, &beat, 1,
			    REFUSE_LINK_AUTH);
		later(10000);
		ck_assert_uint_eq(peer_count(), 1);
		beat_in(&home, p->cur.our_index, 10 + i);
	}
	/* Nor from elsewhere, for however long. */
	for (n = 0; n < 100; n++)
		frame_in(&away, p->cur.our_index, n, 0, &beat, 1, REFUSE_LINK_AUTH);
	later(10100);
	frame_in(&away, p->cur.our_index, n, 0, &beat, 1, REFUSE_LINK_AUTH);
	ck_assert_uint_eq(peer_count(), 1);
	beat_in(&home, p->cur.our_index, 30);
	for (n = 0; n < 100; n++)
		frame_in(&home, p->cur.our_index, n, 0, &beat, 1, REFUSE_LINK_AUTH);
	ck_assert_uint_eq(peer_count(), 1);
	later(10100);
	frame_in(&home, p->cur.our_index, n, 0, &beat, 1, REFUSE_LINK_AUTH);
	ck_assert_uint_eq(peer_count(), 0);
}
END_TEST

START_TEST(only_the_newest_frame_moves_a_peer)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	beat_in(&away, p->cur.our_index, 10);
	ck_assert_mem_eq(&p->ep, &away, sizeof(away));
	ck_assert_ptr_eq(peer_at(&away), p);
	ck_assert_ptr_null(peer_at(&home));
	beat_in(&home, p->cur.our_index, 9);
	ck_assert_mem_eq(&p->ep, &away, sizeof(away));
}
END_TEST

START_TEST(strangers_do_not_use_up_what_a_peer_may_send)
{
	struct endpoint	 from = away;
	struct peer	*p;
	unsigned	 i;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	for (i = 0; i < 500; i++) {
		from.ip[2] = (uint8_t)i;
		from.port = (uint16_t)i;
		msg1_in(&from, (uint8_t)(100 + i % 100), i);
	}
	ck_assert_uint_gt(netd.refused[REFUSE_LINK_RATE], 0);
	while (!is_quiet())
		continue;
	later_alive(p, 6000);		/* cryptod never answers those */
	while (!is_quiet())
		continue;
	ck_assert(inbound(&home, 2, 0x20, 1, 502));
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_RATE_PEER], 0);
}
END_TEST

START_TEST(messages_of_unknown_type_are_counted_and_known_ones_are_not)
{
	struct peer	*p;
	uint8_t		 msg[2] = { 0x52, 0 };
	unsigned	 t, known = 0;

	set_up();
	p = peer_up(0x20, 1, 501);
	for (t = 1; t <= 0xff; t++) {
		msg[0] = (uint8_t)t;
		if (t == LINK_MSG_DISCONNECT)
			continue;
		known += (unsigned)frame_is_link_msg(msg[0]);
		frame_in(&home, p->cur.our_index, t, 0, msg, 1, REFUSE_NONE);
	}
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_MSG_UNKNOWN], 254 - known);
	msg[0] = 0;
	frame_in(&home, p->cur.our_index, 300, 0, msg, 2, REFUSE_INNER_AUTH);
	ck_assert_uint_eq(datagrams, 1);
	msg[0] = LINK_MSG_DISCONNECT;
	frame_in(&home, p->cur.our_index, 301, 0, msg, 1, REFUSE_NONE);
	ck_assert_uint_eq(peer_count(), 1);
	frame_in(&home, p->cur.our_index, 302, 0, msg, 2, REFUSE_NONE);
	ck_assert_uint_eq(peer_count(), 0);
}
END_TEST

START_TEST(mesh_messages_go_to_the_mesh_once_the_peer_is_proven)
{
	static const uint8_t	 type[] = { LINK_MSG_TREE_ANNOUNCE,
	    LINK_MSG_FILTER_ANNOUNCE, LINK_MSG_LOOKUP_REQUEST,
	    LINK_MSG_LOOKUP_RESPONSE };
	uint8_t			 msg[200] = { 0 };
	struct peer		*p;
	unsigned		 i;

	set_up();
	p = peer_up(0x20, 1, 41);
	ck_assert(p->in_mesh);
	for (i = 0; i < sizeof(type); i++) {
		msg[0] = type[i];
		frame_in(&home, p->cur.our_index, i + 1, 0, msg, 100 + i,
		    REFUSE_NONE);
		ck_assert_uint_eq(mesh_type, type[i]);
		ck_assert_uint_eq(mesh_len, 100 + i);
	}
	link_disconnect(p->pub + 1);
	ck_assert(!p->in_mesh);
}
END_TEST

START_TEST(who_goes_on_with_bad_messages_is_not_opened_for_a_moment)
{
	static const uint8_t bad = 0x77;
	struct peer	*p;
	uint64_t	 n = 0, was;

	set_up();
	p = peer_up(0x20, 1, 41);
	while (p->extra->shut_until_ms == 0 && n < 5000)
		frame_in(&home, p->cur.our_index, ++n, 0, &bad, 1, REFUSE_NONE);
	ck_assert_uint_ge(n, LINK_SAID_BURST);
	ck_assert_uint_lt(n, 5000);
	was = nlent;
	beat_in(&home, p->cur.our_index, ++n);
	ck_assert_uint_eq(nlent, was);
	ck_assert_uint_eq(p->unopened, UDP_SAMPLE);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_SHUT], UDP_SAMPLE);
	netd.now_ms += LINK_SHUT_MS;
	beat_in(&home, p->cur.our_index, ++n);
	ck_assert_uint_gt(nlent, was);
	ck_assert_uint_eq(p->unopened, UDP_SAMPLE);
}
END_TEST

START_TEST(the_kernel_drops_for_us_while_somebody_is_shut_and_not_longer)
{
	struct peer	*p;
	uint64_t	 until_ms;

	set_up();
	p = peer_up(0x20, 1, 41);
	p->prev = p->cur;
	p->prev.our_index = 7;
	shut_begin(p);
	until_ms = p->extra->shut_until_ms;
	ck_assert_uint_le(until_ms, netd.now_ms + LINK_SHUT_MS);
	ck_assert_uint_eq(ntold, 2);
	ck_assert_uint_eq(told[0], p->cur.our_index);
	ck_assert_uint_eq(told[1], 7);
	ck_assert_uint_le(tick_by, until_ms);
	netd.now_ms++;
	shut_begin(p);				/* was with cryptod meanwhile */
	ck_assert_uint_eq(p->extra->shut_until_ms, until_ms);
	ck_assert_uint_eq(tells, 1);
	ck_assert_uint_eq(shut_tick(), until_ms - netd.now_ms);
	netd.now_ms = until_ms;
	ck_assert_uint_eq(shut_tick(), LINK_NEVER);
	ck_assert_uint_eq(ntold, 0);
	ck_assert_uint_eq(tells, 2);
	shut_tick();
	ck_assert_uint_eq(tells, 2);
}
END_TEST

START_TEST(who_is_shut_and_not_told_is_counted_one_by_one)
{
	struct endpoint	 from = home;
	struct peer	*p[LINK_TOLD_MAX + 1];
	uint8_t		 i, last = LINK_TOLD_MAX;

	set_up();
	for (i = 0; i <= last; i++) {
		from.ip[3] = i;
		ck_assert(inbound(&from, i, (uint8_t)(0x60 + i), 1, 600u + i));
		p[i] = peer_find(addr_of((uint8_t)(0x60 + i)));
		later(500);
	}
	for (i = 0; i <= last; i++)
		shut_begin(p[i]);
	ck_assert_uint_eq(ntold, last);
	beat_in(&home, p[0]->cur.our_index, 1);
	ck_assert_uint_eq(p[0]->unopened, UDP_SAMPLE);
	beat_in(&home, p[last]->cur.our_index, 1);
	ck_assert_uint_eq(p[last]->unopened, 1);
	link_disconnect(p[1]->pub + 1);
	shut_tick();
	ck_assert_uint_eq(ntold, last - 1);
	ck_assert_uint_eq(told[1], p[2]->cur.our_index);
	/* Now there is room, when it is shut again. */
	p[last]->extra->shut_until_ms = 0;
	shut_begin(p[last]);
	ck_assert_uint_eq(ntold, last);
	netd.now_ms += LINK_SHUT_MS;
	shut_tick();
	ck_assert_uint_eq(ntold, 0);
}
END_TEST

static int
is_told(uint32_t index)
{
	for (unsigned i = 0; i < ntold; i++)
		if (told[i] == index)
			return 1;
	return 0;
}

/* Frames of nobody until the kernel is told to keep them away; how many. */
static unsigned
flood_of_junk(void)
{
	unsigned n, was = tells;

	for (n = 1; n < 5000; n++) {
		frame_in(&away, 3, n, 0, (const uint8_t *)"", 1, REFUSE_NONE);
		if (tells > was)
			return n;
	}
	return 0;
}

START_TEST(of_what_is_nobodys_the_kernel_lets_few_come_when_it_is_much)
{
	struct peer	*p, *q;
	uint64_t	 was;

	set_up();
	p = peer_up(0x20, 1, 41);
	q = peer_up(0x30, 2, 42);
	wire_in(&away, (const uint8_t *)"\x10\0\0\0\0\0\0\0", 8);
	ck_assert_uint_eq(netd.refused[REFUSE_FRAME_VERSION], 1);
	ck_assert_uint_eq(flood_of_junk(), LINK_BLAME_BURST);
	ck_assert_uint_eq(told_which, UDP_SHUT_OTHERS);
	ck_assert(is_told(p->cur.our_index) && is_told(q->cur.our_index));
	was = netd.refused[REFUSE_FRAME_INDEX];
	frame_in(&away, 3, 1, 0, (const uint8_t *)"", 1, REFUSE_NONE);
	ck_assert_uint_eq(netd.refused[REFUSE_FRAME_INDEX], was + UDP_SAMPLE);
	/* Who is shut is not one of those who may come. */
	shut_begin(q);
	ck_assert_uint_eq(told_which, UDP_SHUT_OTHERS);
	ck_assert(is_told(p->cur.our_index) && !is_told(q->cur.our_index));
	netd.now_ms += LINK_SHUT_MS;
	shut_tick();
	ck_assert_uint_eq(told_which, UDP_SHUT_THESE);
	ck_assert_uint_eq(ntold, 0);
}
END_TEST

START_TEST(a_new_index_is_never_kept_away)
{
	struct endpoint	 from = { .family = 4, .port = 7, .ip = { 10, 0, 0, 7 } };
	struct peer	*p;

	set_up();
	p = peer_up(0x20, 1, 41);
	ck_assert_uint_gt(flood_of_junk(), 0);
	ck_assert_uint_eq(told_which, UDP_SHUT_OTHERS);
	ck_assert(inbound(&from, 2, 0x30, 1, 42));
	ck_assert_uint_eq(told_which, UDP_SHUT_THESE);
	ck_assert_uint_gt(flood_of_junk(), 0);
	ck_assert_uint_eq(told_which, UDP_SHUT_OTHERS);
	ck_assert(is_told(p->cur.our_index));
	ck_assert(is_told(peer_find(addr_of(0x30))->cur.our_index));
}
END_TEST

START_TEST(with_more_indexes_than_the_kernel_is_told_all_comes)
{
	uint32_t	 index;
	unsigned	 i;

	set_up();
	for (i = 0; i <= UDP_SHUT_MAX; i++)
		ck_assert_int_eq(index_new(INDEX_HS, 0, &index), 0);
	ck_assert_uint_gt(flood_of_junk(), 0);
	ck_assert_uint_eq(ntold, 0);
	ck_assert_uint_eq(shut_tick(), LINK_NEVER);
}
END_TEST

START_TEST(nobody_is_blamed_for_datagrams)
{
	static const uint8_t dgram[40] = { LINK_MSG_DATAGRAM };
	struct peer	*p;
	uint64_t	 n;

	set_up();
	p = peer_up(0x20, 1, 41);
	for (n = 1; n <= 5000; n++)
		frame_in(&home, p->cur.our_index, n, 0, dgram, sizeof(dgram),
		    REFUSE_NONE);
	ck_assert_uint_eq(datagrams, 5000);
	ck_assert_uint_eq(p->unopened, 0);
	/* But people see who brought what is refused. */
	ck_assert_uint_eq(p->dgram_bad, 0);
	refuses_datagrams = 1;
	for (; n <= 5007; n++)
		frame_in(&home, p->cur.our_index, n, 0, dgram, sizeof(dgram),
		    REFUSE_NONE);
	refuses_datagrams = 0;
	ck_assert_uint_eq(p->dgram_bad, 7);
	ck_assert_uint_eq(p->recv_bad + p->unopened, 0);
}
END_TEST

/* A frame that waits for its turn, and would be early. */
static unsigned
shown_early(uint32_t index, uint8_t flags, int inner)
{
	uint8_t		 frame[64] = { 0 };
	struct work	*w;

	frame_data(frame, flags, 5, index, 1);
	wire_in(&home, frame, FRAME_OVERHEAD + 1);
	w = lent[(nlent - 1) % 64];
	ck_assert(w->urgent);
	w->opened_inner = inner;
	early = 0;
	w->early(w);
	return early;
}

START_TEST(only_a_session_frame_under_proven_keys_is_shown_early)
{
	uint8_t		 frame[PIPE_SMALL + 64] = { 0 };
	struct peer	*p;

	set_up();
	p = peer_up(0x20, 1, 41);
	ck_assert_uint_eq(shown_early(p->cur.our_index, 0, 1), 1);
	ck_assert_uint_eq(shown_early(p->cur.our_index, 0, 0), 0);
	ck_assert_uint_eq(shown_early(p->cur.our_index, FRAME_CE, 1), 0);
	p->cur.proven = 0;
	ck_assert_uint_eq(shown_early(p->cur.our_index, 0, 1), 0);
	p->cur.proven = 1;
	p->prev = p->cur;
	p->cur.session++;
	p->cur.our_index++;
	ck_assert_uint_eq(shown_early(p->prev.our_index, 0, 1), 0);
	frame_data(frame, 0, 4 + PIPE_SMALL, p->cur.our_index - 1, 2);
	wire_in(&home, frame, FRAME_OVERHEAD + PIPE_SMALL);
	ck_assert(!lent[(nlent - 1) % 64]->urgent);
}
END_TEST

START_TEST(one_peer_gets_no_more_slots_than_are_left)
{
	struct peer	*p, *q;
	uint8_t		 frame[64] = { 0 };

	set_up();
	p = peer_up(0x20, 1, 41);
	q = peer_up(0x30, 2, 42);
	p->extra->opening = 33;
	spare = 32;
	frame_data(frame, 0, 5, p->cur.our_index, 1);
	wire_in(&home, frame, FRAME_OVERHEAD + 1);
	ck_assert_uint_eq(p->unopened, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_SHARE], 1);
	frame_data(frame, 0, 5, q->cur.our_index, 1);
	wire_in(&home, frame, FRAME_OVERHEAD + 1);
	ck_assert_uint_eq(q->extra->opening, 1);
	ck_assert_uint_eq(q->unopened, 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, bad_frames_from_elsewhere_throw_nobody_out);
	tcase_add_test(t, only_the_newest_frame_moves_a_peer);
	tcase_add_test(t, strangers_do_not_use_up_what_a_peer_may_send);
	tcase_add_test(t, messages_of_unknown_type_are_counted_and_known_ones_are_not);
	tcase_add_test(t, mesh_messages_go_to_the_mesh_once_the_peer_is_proven);
	tcase_add_test(t, who_goes_on_with_bad_messages_is_not_opened_for_a_moment);
	tcase_add_test(t, the_kernel_drops_for_us_while_somebody_is_shut_and_not_longer);
	tcase_add_test(t, who_is_shut_and_not_told_is_counted_one_by_one);
	tcase_add_test(t, of_what_is_nobodys_the_kernel_lets_few_come_when_it_is_much);
	tcase_add_test(t, a_new_index_is_never_kept_away);
	tcase_add_test(t, with_more_indexes_than_the_kernel_is_told_all_comes);
	tcase_add_test(t, nobody_is_blamed_for_datagrams);
	tcase_add_test(t, only_a_session_frame_under_proven_keys_is_shown_early);
	tcase_add_test(t, one_peer_gets_no_more_slots_than_are_left);
}
