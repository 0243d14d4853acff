/* room: netd, with: link_world -- who becomes a peer and who stays one. */
#include "../../netd/link_hs.h"
#include "link_world.h"

START_TEST(a_stranger_is_answered_and_becomes_a_peer)
{
	struct peer	*p;
	struct frame	 f;

	set_up();
	p = peer_up(0x20, 1, 501);
	ck_assert_uint_eq(peer_count(), 1);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_int_eq(frame_decode(sent[0], sent_len[0], &f), REFUSE_NONE);
	ck_assert_int_eq(f.phase, FRAME_MSG2);
	ck_assert_uint_eq(f.receiver, 0x1001);
	ck_assert_uint_eq(f.sender, p->cur.our_index);
	ck_assert_uint_eq(ups, 1);
}
END_TEST

START_TEST(a_lost_message_2_is_sent_again_without_a_key_operation)
{
	set_up();
	peer_up(0x20, 1, 501);
	msg1_in(&home, 1, 0x1001);
	ck_assert(is_quiet());
	ck_assert_uint_eq(nsent, 2);
	ck_assert_mem_eq(sent[0], sent[1], FRAME_MSG2_LEN);
}
END_TEST

START_TEST(a_replayed_message_1_from_elsewhere_does_nothing)
{
	struct link_keys before;
	struct peer	*p;

	set_up();
	p = peer_up(0x20, 1, 501);
	before = p->cur;
	later_alive(p, 31000);
	msg1_in(&away, 1, 0x1001);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_REPLAYED_MSG1], 1);
	ck_assert_uint_eq(p->cur.session, before.session);
	ck_assert_uint_eq(p->pend.session, 0);
}
END_TEST

START_TEST(a_forgotten_replay_of_this_run_cannot_cut_over)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	ck_assert(inbound(&away, 2, 0x20, 1, 502));
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->pend.session, 502);
	later_alive(p, 31000);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->pend.session, 0);
	ck_assert_mem_eq(&p->ep, &home, sizeof(home));
}
END_TEST

/* Its first message 1 may have been somebody else's, who only had it. */
START_TEST(who_is_proven_by_its_second_handshake_counts_as_proven)
{
	struct peer *p;

	set_up();
	ck_assert(inbound(&away, 1, 0x20, 1, 501));
	p = peer_find(addr_of(0x20));
	later(3000);
	ck_assert(inbound(&home, 2, 0x20, 1, 502));
	ck_assert_uint_eq(names_learnt, 0);
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(names_learnt, 1);
	ck_assert_uint_eq(ups, 1);
	beat_in(&home, p->cur.our_index, 1);
	ck_assert_uint_eq(ups, 1);
}
END_TEST

START_TEST(a_replay_of_a_former_run_cannot_tear_down)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 10000);
	ck_assert(inbound(&away, 2, 0x20, 9, 502));
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->epoch[0], 1);
	ck_assert_uint_eq(downs, 0);
	later_alive(p, 31000);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->pend.session, 0);
}
END_TEST

START_TEST(a_restarted_peer_takes_over_with_its_first_frame)
{
	struct peer	*p;
	uint32_t	 old;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 10000);
	ck_assert(inbound(&away, 2, 0x20, 9, 502));
	old = p->cur.our_index;
	beat_in(&away, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
	/* A goodbye of the former run that comes late is not for this one. */
	frame_in(&home, old, 9, 0, (const uint8_t[]){ LINK_MSG_DISCONNECT, 0 }, 2,
	    REFUSE_NONE);
	ck_assert_uint_eq(peer_count(), 1);
	ck_assert_uint_eq(p->epoch[0], 9);
	ck_assert_uint_eq(downs, 1);
	ck_assert_uint_eq(ups, 2);
	ck_assert_mem_eq(&p->ep, &away, sizeof(away));
}
END_TEST

/* What the log says while the peer's other twin comes back. */
static int
log_names_twins(struct peer *p, unsigned epoch, uint32_t session)
{
	char	text[4096];
	union msg_any m;

	listen_in();
	later_alive(p, 31000);
	while (heard(&m) != MSG_NONE)
		;
	ck_assert(inbound(&away, (uint8_t)session, 0x20, (uint8_t)epoch,
	    session));
	frame_in(&away, p->pend.our_index, 0, p->k_bit ? 0 : FRAME_K,
	    (const uint8_t[]){ LINK_MSG_HEARTBEAT }, 1, REFUSE_NONE);
	listen_end(text);
	ck_assert_uint_eq(p->epoch[0], epoch);
	return strstr(text, "two nodes have the identity") != NULL;
}

START_TEST(a_run_that_comes_back_is_a_second_node_with_the_same_identity)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	ck_assert(!log_names_twins(p, 9, 502));
	ck_assert(!log_names_twins(p, 10, 503));
	ck_assert(log_names_twins(p, 9, 504));
}
END_TEST

START_TEST(an_unproven_peer_does_not_stay)
{
	set_up();
	ck_assert(inbound(&home, 1, 0x20, 1, 501));
	ck_assert_uint_eq(peer_count(), 1);
	later(29000);
	ck_assert_uint_eq(peer_count(), 1);
	later(2000);
	ck_assert_uint_eq(peer_count(), 0);
}
END_TEST

START_TEST(a_silent_peer_is_removed_and_its_keys_are_dropped)
{
	struct peer	*p;
	union msg_any	 m;
	enum msg_type	 t;
	int		 dropped = 0;

	set_up();
	p = peer_up(0x20, 1, 501);
	later(29500);
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	later(1500);
	ck_assert_ptr_null(peer_find(addr_of(0x20)));
	while ((t = heard(&m)) != MSG_NONE)
		dropped += t == MSG_SESSION_DROP && m.session_drop.session == 501;
	ck_assert_int_eq(dropped, 1);
}
END_TEST

/* After a silence of this long, message 1 of that run: the bit of our first frame. */
static unsigned
first_k_bit(uint64_t silence_ms, uint8_t node, uint8_t epoch)
{
	struct peer	*p;
	union msg_any	 m;

	set_up();
	peer_up(0x20, 1, 501);
	later(silence_ms);
	ck_assert_ptr_null(peer_find(addr_of(0x20)));
	while (heard(&m) != MSG_NONE)
		continue;
	ck_assert(inbound(&home, 2, node, epoch, 502));
	p = peer_find(addr_of(node));
	link_beat(p);
	ck_assert_uint_gt(nlent, 0);
	return lent[nlent - 1]->buf[lent[nlent - 1]->off + 1] & FRAME_K;
}

/* v0.4.1 tries the keys of its rekey only if the bit changes. */
START_TEST(who_kept_a_link_through_a_silence_sees_the_bit_change)
{
	struct peer *p;

	ck_assert_uint_eq(first_k_bit(31000, 0x20, 1), FRAME_K);
	p = peer_find(addr_of(0x20));
	frame_in(&home, p->cur.our_index, 0, FRAME_K, (const uint8_t *)"\x51", 1,
	    REFUSE_NONE);
	ck_assert_uint_eq(p->k_bit, 1);
}
END_TEST

START_TEST(who_did_not_keep_it_says_so_with_its_first_frame)
{
	struct peer *p;

	ck_assert_uint_eq(first_k_bit(31000, 0x20, 1), FRAME_K);
	p = peer_find(addr_of(0x20));
	beat_in(&home, p->cur.our_index, 0);
	ck_assert_uint_eq(p->k_bit, 0);
}
END_TEST

START_TEST(a_peer_that_was_started_anew_begins_with_no_bit)
{
	ck_assert_uint_eq(first_k_bit(31000, 0x20, 2), 0);
}
END_TEST

START_TEST(a_peer_that_was_not_lost_begins_with_no_bit)
{
	ck_assert_uint_eq(first_k_bit(31000, 0x30, 1), 0);
}
END_TEST

START_TEST(a_silence_of_minutes_is_forgotten)
{
	ck_assert_uint_eq(first_k_bit(160000, 0x20, 1), 0);
}
END_TEST

START_TEST(a_dial_that_is_answered_becomes_a_proven_peer)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	index = dial_out(0x20);
	msg2_in(&home, index, 501, 1);
	p = peer_find(addr_of(0x20));
	ck_assert_ptr_nonnull(p);
	ck_assert(p->cur.proven && p->outbound);
	ck_assert_uint_eq(hs_count(NULL), 0);
}
END_TEST

START_TEST(crossed_dials_settle_on_the_smaller_ones)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	index = dial_out(0x80);		/* we are smaller: ours stays */
	p = peer_up(0x80, 1, 501);
	msg2_in(&home, index, 502, 1);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->prev.session, 501);
	ck_assert_uint_eq(p->k_bit, 0);
}
END_TEST

START_TEST(crossed_dials_do_not_trust_what_may_be_a_replay)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	index = dial_out(0x20);		/* we are larger: theirs stays, once proven */
	ck_assert(inbound(&home, 1, 0x20, 1, 501));
	msg2_in(&home, index, 502, 1);
	p = peer_find(addr_of(0x20));
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->pend.session, 501);
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->k_bit, 0);
}
END_TEST

START_TEST(a_message_2_that_is_bad_leaves_the_dial_alive)
{
	uint8_t		noise[FRAME_NOISE2_LEN] = { 1 }, frame[FRAME_MSG2_LEN];
	uint32_t	index;
	union msg_any	m;

	set_up();
	index = dial_out(0x20);
	frame_msg2(frame, 1, index, noise);
	wire_in(&away, frame, sizeof(frame));
	expect(MSG_IK_READ2, &m);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_AUTH), 1);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_AUTH), 0);
	msg2_in(&home, index, 501, 1);
	ck_assert_uint_eq(peer_count(), 1);
}
END_TEST

START_TEST(who_has_only_seen_message_1_cannot_spoil_the_dial)
{
	uint8_t		noise[FRAME_NOISE2_LEN] = { 1 }, frame[FRAME_MSG2_LEN];
	uint32_t	index;
	union msg_any	m;
	unsigned	i, asked = 0;

	set_up();
	index = dial_out(0x20);
	frame_msg2(frame, 1, index, noise);
	for (i = 0; i < 100; i++) {
		wire_in(&away, frame, sizeof(frame));
		if (heard(&m) != MSG_IK_READ2)
			continue;
		asked++;
		link_hs_no(m.req, REFUSE_HS_AUTH);
	}
	ck_assert_uint_eq(asked, 16);
	msg2_in(&home, index, 501, 1);
	ck_assert_uint_eq(peer_count(), 1);
}
END_TEST

START_TEST(strangers_leave_room_for_configured_peers)
{
	struct endpoint	from = away;
	union msg_any	m;
	uint8_t		i;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 3;
	netd.conf[CONF_LIMITS_MAX_LINKS] = 3;
	link_conf_peer(0, addr_of(0x20), 1, 1);
	link_conf_addr(0, "1", 2121, 100);
	link_conf_peer(1, addr_of(0x21), 0, 0);
	for (i = 0; i < 5; i++) {
		from.ip[3] = i;
		ck_assert_int_eq(inbound(&from, i, (uint8_t)(0x60 + i), 1, 600u + i), i < 3);
	}
	while (!is_quiet())
		continue;
	netd.conf[CONF_LIMITS_MAX_LINKS] = 4;
	from.ip[3] = i;
	ck_assert(inbound(&from, 6, 0x21, 1, 610));
	ck_assert_ptr_nonnull(peer_find(addr_of(0x21)));
	while (!is_quiet())
		continue;
	link_start();
	link_tick();
	do
		ck_assert_int_ne(i = (uint8_t)heard(&m), MSG_NONE);
	while (i != MSG_IK_START);
}
END_TEST

/* Who has a link has a place in the mesh, which has peer_most() of them. */
START_TEST(every_configured_peer_has_a_slot_that_the_mesh_has)
{
	unsigned i, n = 0;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 3;
	for (i = 0; i < 200; i++)
		link_conf_peer(i, addr_of((uint8_t)i), 0, 0);
	for (i = 200; !peer_is_full(addr_of((uint8_t)i)); i++)
		peer_new(pub_of((uint8_t)i), addr_of((uint8_t)i));
	ck_assert_uint_eq(i, 203);
	for (i = 0; i < 200; i++) {
		ck_assert(!peer_is_full(addr_of((uint8_t)i)));
		n = peer_slot_of(peer_new(pub_of((uint8_t)i), addr_of((uint8_t)i)));
	}
	ck_assert_uint_eq(n, 202);
	ck_assert_uint_eq(peer_most(), 203);
}
END_TEST

START_TEST(more_peers_than_there_are_places_get_a_warning)
{
	char	 text[4096];
	unsigned i;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 2000;
	listen_in();
	peer_say_limits();
	listen_end(text);
	ck_assert_uint_eq(peer_most(), PEER_SLOTS);
	ck_assert_ptr_nonnull(strstr(text, "max_peers is 2000, and there are places for 960 besides 64"));
	for (i = 0; i < PEER_SLOTS + 1; i++)
		link_conf_peer(i, addr_of((uint8_t)i), 0, 0);
	ck_assert_uint_eq(peer_most(), PEER_SLOTS);
	listen_in();
	peer_say_limits();
	listen_end(text);
	ck_assert_ptr_nonnull(strstr(text, "1025 are configured, and there are places for 1024"));
}
END_TEST

START_TEST(a_name_is_learnt_of_who_has_proved_its_keys)
{
	set_up();
	ck_assert(inbound(&home, 1, 0x20, 1, 501));
	ck_assert_uint_eq(names_learnt, 0);
	beat_in(&home, peer_find(addr_of(0x20))->cur.our_index, 0);
	ck_assert_uint_eq(names_learnt, 1);
}
END_TEST

START_TEST(who_only_knocks_keeps_no_place_from_others)
{
	struct endpoint	from = away;
	struct peer	*here;
	uint8_t		 i;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 3;
	here = peer_up(0x20, 1, 500);
	for (i = 0; i < 2; i++) {
		from.ip[3] = i;
		ck_assert(inbound(&from, (uint8_t)(2 + i), (uint8_t)(0x60 + i), 1, 600u + i));
		later(500);
	}
	/* They may yet say something. */
	ck_assert(!inbound(&from, 8, 0x70, 1, 610));
	later(1500);
	while (!is_quiet())
		continue;
	ck_assert(inbound(&from, 9, 0x70, 1, 611));
	ck_assert_ptr_null(peer_find(addr_of(0x60)));
	ck_assert_ptr_nonnull(peer_find(addr_of(0x61)));
	beat_in(&from, peer_find(addr_of(0x70))->cur.our_index, 0);
	later(1000);
	while (!is_quiet())
		continue;
	ck_assert(inbound(&from, 10, 0x71, 1, 612));
	ck_assert_ptr_null(peer_find(addr_of(0x61)));
	/* Who stands is not moved for anybody. */
	beat_in(&from, peer_find(addr_of(0x71))->cur.our_index, 0);
	later(3000);
	while (!is_quiet())
		continue;
	ck_assert(!inbound(&from, 11, 0x72, 1, 613));
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), here);
	ck_assert_uint_eq(peer_count(), 3);
}
END_TEST

START_TEST(a_closed_transport_answers_peers_only)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	sock.accept = 0;
	msg1_in(&away, 5, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_NOT_ACCEPTED], 1);
	/* The address of a peer opens no door for another key. */
	ck_assert(!inbound(&home, 6, 0x33, 1, 503));
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_NOT_ACCEPTED], 2);
	ck_assert(inbound(&home, 7, 0x20, 1, 504));
}
END_TEST

START_TEST(indexes_that_collide_are_all_found)
{
	uint32_t	index[100];
	unsigned	i, slot;

	set_up();
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(index_new(INDEX_HS, i, &index[i]), 0);
	for (i = 0; i < 100; i += 3)
		index_del(index[i]);
	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(index_get(index[i], &slot),
		    i % 3 == 0 ? INDEX_NONE : INDEX_HS);
		ck_assert(i % 3 == 0 || slot == i);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_stranger_is_answered_and_becomes_a_peer);
	tcase_add_test(t, a_lost_message_2_is_sent_again_without_a_key_operation);
	tcase_add_test(t, a_replayed_message_1_from_elsewhere_does_nothing);
	tcase_add_test(t, a_forgotten_replay_of_this_run_cannot_cut_over);
	tcase_add_test(t, who_is_proven_by_its_second_handshake_counts_as_proven);
	tcase_add_test(t, a_replay_of_a_former_run_cannot_tear_down);
	tcase_add_test(t, a_restarted_peer_takes_over_with_its_first_frame);
	tcase_add_test(t,
	    a_run_that_comes_back_is_a_second_node_with_the_same_identity);
	tcase_add_test(t, an_unproven_peer_does_not_stay);
	tcase_add_test(t, a_silent_peer_is_removed_and_its_keys_are_dropped);
	tcase_add_test(t, who_kept_a_link_through_a_silence_sees_the_bit_change);
	tcase_add_test(t, who_did_not_keep_it_says_so_with_its_first_frame);
	tcase_add_test(t, a_peer_that_was_started_anew_begins_with_no_bit);
	tcase_add_test(t, a_peer_that_was_not_lost_begins_with_no_bit);
	tcase_add_test(t, a_silence_of_minutes_is_forgotten);
	tcase_add_test(t, a_dial_that_is_answered_becomes_a_proven_peer);
	tcase_add_test(t, crossed_dials_settle_on_the_smaller_ones);
	tcase_add_test(t, crossed_dials_do_not_trust_what_may_be_a_replay);
	tcase_add_test(t, a_message_2_that_is_bad_leaves_the_dial_alive);
	tcase_add_test(t, who_has_only_seen_message_1_cannot_spoil_the_dial);
	tcase_add_test(t, strangers_leave_room_for_configured_peers);
	tcase_add_test(t, every_configured_peer_has_a_slot_that_the_mesh_has);
	tcase_add_test(t, more_peers_than_there_are_places_get_a_warning);
	tcase_add_test(t, a_name_is_learnt_of_who_has_proved_its_keys);
	tcase_add_test(t, who_only_knocks_keeps_no_place_from_others);
	tcase_add_test(t, a_closed_transport_answers_peers_only);
	tcase_add_test(t, indexes_that_collide_are_all_found);
}
