/*
 * room: netd, with: session_world -- handshakes of both ends that cross: whose keys
 * stay, and whose give way.
 */
#include "session_world.h"

/* The whole handshake that it begins, its messages filled with this and the next. */
static void
their_keys(uint8_t fill, uint32_t key, uint8_t epoch)
{
	shake_in(FSP_SETUP, fill, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, fill + 1, peer.addr);
	answer_up(key, epoch);
}

/* Ours was on its way: both may have been given up by now, so a frame decides. */
START_TEST(crossed_keys_are_not_used_on_their_own_word)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(3000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	through = &peer;
	shake_in(FSP_SETUP, 5, peer.addr);
	through = NULL;
	ck_assert_int_ne(asked_type, MSG_XK_READ1);	/* ours is the smaller address */
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(101, 0xb1);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	ck_assert_uint_eq(s->cur.session, 100);
}
END_TEST

/* Both began, both Msg3s came: the far end may take ours into use much later. */
START_TEST(keys_of_ours_that_gave_way_wait_until_they_are_heard)
{
	struct session *s;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	s = established(100);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(s->cur.session, 200);
	frame_in(200, FSP_WARMUP, "", 0);
	wait_ms(SESSION_CUT_MS);
	ck_assert_uint_eq(last.session_key, 100);	/* the question */
	ck_assert_uint_eq(frame[57], FSP_CP | FSP_K);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 200);
	ck_assert_uint_eq(frame[57] & FSP_K, 0);
	wait_ms(30000);
	ck_assert_ptr_nonnull(s->extra->out);
	frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 100);
	ck_assert_ptr_null(s->extra->out);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	frame_in(200, FSP_WARMUP, "", 0);		/* sealed before */
	ck_assert_uint_eq(s->prev.session, 200);
}
END_TEST

/* It answered, and gave that up for a Setup of its own: our Msg3 finds nobody. */
START_TEST(keys_are_not_asked_after_where_they_were_given_up)
{
	struct session *s = established(100);

	their_keys(5, 200, 0xb1);
	ck_assert_uint_eq(s->cur.session, 200);
	ck_assert_ptr_null(s->extra->out);
	frame_in(200, FSP_WARMUP, "", 0);
	ntype[FSP_WARMUP] = nphase[FSP_MSG3_PHASE] = 0;
	wait_ms(SESSION_DRAIN_MS - 1000);
	ck_assert_uint_eq(ntype[FSP_WARMUP], 0);
	ck_assert_uint_eq(nphase[FSP_MSG3_PHASE], 0);
	data_in(100);			/* but it might have got it late */
	ck_assert_uint_eq(ntun, 1);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 200);
	frame_in(200, FSP_WARMUP, "", 0);
	wait_ms(SESSION_DRAIN_MS + 1000);
	ck_assert_uint_eq(s->prev.session, 0);
}
END_TEST

/* It does so at once, while cryptod still reads its Ack. */
START_TEST(a_setup_right_behind_the_ack_is_answered)
{
	union msg_any	 ack;
	struct session	*s;

	packet_out(100);
	answer_msg1();
	shake_in(FSP_ACK, 2, peer.addr);
	ack = asked;
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	asked = ack;
	asked_type = MSG_XK_READ2;
	answer_msg3(100, 0xb1);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	ck_assert_ptr_nonnull(s = session_find(peer.addr));
	ck_assert_uint_eq(s->cur.session, 200);
	ck_assert_ptr_null(s->extra->out);
}
END_TEST

/* Its Setup came before ours; since then it has sent under our keys. */
START_TEST(keys_that_crossed_ours_and_were_given_up_are_not_taken)
{
	struct session *s;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	s = established(100);
	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(s->pend.session, 0);
	ck_assert_uint_eq(dropped_key, 200);
	wait_ms(20000);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	/* One that begins later is another matter. */
	their_keys(7, 201, 0xb1);
	ck_assert(s->pend.session == 201 || s->cur.session == 201);
}
END_TEST

/* A far end that has begun anew has none of ours. */
START_TEST(keys_of_ours_end_with_the_process_that_they_were_shared_with)
{
	struct session *s = established(100);

	their_keys(5, 200, 0xb2);
	ck_assert_uint_eq(s->cur.session, 200);
	ck_assert_uint_eq(s->pend.session, 0);
	ck_assert_ptr_null(s->extra->out);
}
END_TEST

/* Our Msg3 was lost, theirs was not: only their keys are surely shared. */
START_TEST(keys_of_ours_that_nobody_heard_give_way_to_proven_ones)
{
	struct session *s = established(100);

	their_keys(5, 200, 0xb1);
	ck_assert_uint_eq(s->cur.session, 200);
	wait_ms(SESSION_HOLD_MS);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 200);
}
END_TEST

/* The other side did the same and sends under the keys that we gave up. */
START_TEST(crossed_keys_stay_until_one_side_was_heard_under_the_new_ones)
{
	struct session	*s;
	unsigned	 dropped;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	s = established(100);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	dropped = ndropped_key;
	frame_in(200, FSP_WARMUP, "", 0);
	wait_ms(3 * SESSION_DRAIN_MS);
	ck_assert_uint_eq(s->pend.session, 100);
	ck_assert_uint_eq(ndropped_key, dropped);
	frame_in(100, FSP_WARMUP, "", 0);
	frame_in(200, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 100);
	wait_ms(SESSION_DRAIN_MS + 1000);
	ck_assert_uint_eq(s->prev.session, 0);
	ck_assert_uint_eq(dropped_key, 200);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, crossed_keys_are_not_used_on_their_own_word);
	tcase_add_test(t, keys_of_ours_that_gave_way_wait_until_they_are_heard);
	tcase_add_test(t, keys_are_not_asked_after_where_they_were_given_up);
	tcase_add_test(t, a_setup_right_behind_the_ack_is_answered);
	tcase_add_test(t, keys_that_crossed_ours_and_were_given_up_are_not_taken);
	tcase_add_test(t, keys_of_ours_end_with_the_process_that_they_were_shared_with);
	tcase_add_test(t, keys_of_ours_that_nobody_heard_give_way_to_proven_ones);
	tcase_add_test(t, crossed_keys_stay_until_one_side_was_heard_under_the_new_ones);
}
