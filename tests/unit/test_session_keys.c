/*
 * room: netd, with: session_world -- keys that change, and are lost with a
 * restart.
 */
#include "session_world.h"

START_TEST(our_rekey_asks_under_new_keys_and_sends_data_under_old_ones)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	while (s->warmup > 0)
		packet_out(100);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	answer_msg3(101, 0xb1);
	ck_assert_uint_eq(s->pend.session, 101);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	ck_assert_uint_eq(frame[57], 0);
	wait_ms(1999);
	ck_assert_uint_eq(last.session_key, 100);
	wait_ms(1);
	ck_assert_uint_eq(last.session_key, 101);
	ck_assert_uint_eq(frame[57], FSP_K | FSP_CP);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	frame_in(101, FSP_PATH_MTU, "\x64\x05", 2);
	ck_assert_uint_eq(s->cur.session, 101);
	ck_assert_uint_eq(s->prev.session, 100);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 101);
	ck_assert_uint_eq(frame[57], FSP_K);
	wait_ms(5000);
	frame_in(100, FSP_WARMUP, "", 0);	/* a late one: still good */
	wait_ms(9999);
	ck_assert_uint_eq(s->prev.session, 100);
	wait_ms(1);
	ck_assert_uint_eq(s->prev.session, 0);
	ck_assert_uint_eq(dropped_key, 100);
}
END_TEST

START_TEST(their_rekey_counts_when_a_frame_proves_it)
{
	struct session *s = established(100);
	unsigned n;

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	ck_assert_uint_eq(s->cur.session, 100);
	ck_assert_uint_eq(s->pend.session, 102);
	wait_ms(11000);
	ck_assert_uint_eq(s->cur.session, 100);
	n = nframe;
	frame_in(102, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 102);
	ck_assert_uint_gt(nframe, n);		/* they hear it at once */
	ck_assert_uint_eq(last.session_key, 102);
}
END_TEST

static struct session *
holding_theirs(void)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	return s;
}

START_TEST(keys_of_theirs_are_used_when_the_old_ones_must_be_gone)
{
	struct session *s = holding_theirs();

	/* The way was cut: the other side uses the new keys and forgets the old. */
	wait_ms(11900);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	wait_ms(1200);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 102);
	ck_assert_uint_eq(s->cur.session, 102);
	/* What it sent before still opens. */
	frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 102);
	ck_assert_uint_eq(s->prev.session, 100);
}
END_TEST

START_TEST(keys_of_theirs_wait_while_the_old_ones_are_in_use)
{
	struct session *s = holding_theirs();
	unsigned	i;

	for (i = 0; i < 6; i++) {
		wait_ms(8000);
		frame_in(100, FSP_WARMUP, "", 0);
		ck_assert_uint_eq(s->cur.session, 100);
	}
	/* Nobody has these any more: not after a minute. */
	wait_ms(8000);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(20000);
	ck_assert_uint_eq(s->cur.session, 100);
}
END_TEST

/* We have the larger address, and a Setup of ours has gone out. */
static void
larger_asks(void)
{
	memset(netd.addr, 0xff, sizeof(netd.addr));
	mesh_addr(netd.addr, netd.ip6);
	memcpy(own_place.addr[0], netd.addr, NADDR_LEN);
	packet_out(100);
	answer_msg1();
	nphase[FSP_ACK] = nphase[FSP_MSG3_PHASE] = 0;
}

/* v0.4.1 with the smaller address, waiting for the end of another handshake. */
START_TEST(who_hears_no_setup_is_told_to_stop_waiting)
{
	unsigned n;

	larger_asks();
	wait_ms(2900);
	ck_assert_uint_eq(nphase[FSP_ACK] + nphase[FSP_MSG3_PHASE], 0);
	shut_in(peer.addr, "old keys", 8);	/* it has a session */
	wait_ms(200);
	ck_assert_uint_eq(nphase[FSP_ACK], 1);
	ck_assert_uint_eq(nphase[FSP_MSG3_PHASE], 1);
	phase_sent(FSP_SETUP);			/* it hears this one */
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	frame_in(100, FSP_WARMUP, "", 0);
	n = nplain;
	wait_ms(30000);
	ck_assert_uint_eq(nplain, n);
}
END_TEST

/* Its Acks may have been lost, and our Msg3 is what it waits for. */
START_TEST(who_may_have_answered_is_not_made_to_give_up)
{
	larger_asks();
	shut_in(peer.addr, "old keys", 8);	/* before it was killed */
	wait_ms(20000);
	ck_assert_uint_gt(nphase[FSP_ACK], 1);
	ck_assert_uint_eq(nphase[FSP_MSG3_PHASE], 0);
}
END_TEST

/* What another of our kind says then. */
START_TEST(what_tells_others_to_stop_waiting_is_no_work_for_cryptod)
{
	unsigned n;

	packet_out(100);
	answer_msg1();
	n = nasked;
	shake_in(FSP_ACK, 0, peer.addr);
	ck_assert_uint_eq(nasked, n);
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nasked;
	shake_in(FSP_MSG3_PHASE, 0, peer.addr);
	ck_assert_uint_eq(nasked, n);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_UNEXPECTED], 2);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
}
END_TEST

/* It lost the session, not its process, and what comes under old keys with it. */
START_TEST(data_waits_for_the_msg3_of_somebody_who_was_silent)
{
	struct session *s = established(100);
	unsigned	n;
	struct work	w;

	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(3000);
	packet_out(100);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nframe;
	/* Sealed before: there is something to report. */
	w = last;
	w.buf = frame;
	w.off = 0;
	w.len += 32;
	session_sealed(&w);
	packet_out(100);
	wait_ms(500);
	ck_assert_uint_eq(nframe, n);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	ck_assert_uint_eq(s->cur.session, 102);
	wait_ms(0);
	ck_assert_uint_gt(nframe, n);
	ck_assert_uint_eq(last.session_key, 102);
	/* What it sealed before still opens. */
	frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->prev.session, 100);
}
END_TEST

/* v0.4.1 forgets a session with its link: our rekey is its first handshake. */
START_TEST(data_waits_until_who_left_it_unanswered_has_our_keys)
{
	struct session	*s = established(100);
	unsigned	 n;

	frame_in(100, FSP_WARMUP, "", 0);
	packet_out(100);
	wait_ms(3000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	n = ntype[FSP_PACKET];
	answer_msg3(101, 0xb1);
	packet_out(100);
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	ck_assert_uint_eq(last.session_key, 101);	/* the question */
	frame_in(101, FSP_PATH_MTU, "\x64\x05", 2);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
	ck_assert_uint_eq(last.session_key, 101);
	/* Who says nothing to that is not waited for. */
	packet_out(100);
	wait_ms(SESSION_MSG3_AGAIN_MS + 35000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 4, peer.addr);
	answer_msg3(103, 0xb1);
	n = ntype[FSP_PACKET];
	packet_out(100);
	wait_ms(SESSION_MSG3_MS - 1);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	wait_ms(1);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
}
END_TEST

/* v0.4.1 answers no Setup while it has keys that it never heard in use. */
START_TEST(a_calm_path_brings_new_keys_into_use_soon)
{
	struct session	*s = established(100);
	unsigned	 loss;

	s->extra->mmp.m.samples = 1;
	s->extra->mmp.m.srtt_us = 40000;
	frame_in(100, FSP_WARMUP, "", 0);
	for (loss = 0; loss <= 10; loss += 10) {
		s->extra->mmp.m.forward = 1 - loss / 100.0;
		wait_ms(31000);
		frame_in(s->cur.session, FSP_WARMUP, "", 0);
		ck_assert_int_eq(session_rekey_now(s), 0);
		answer_msg1();
		shake_in(FSP_ACK, 3, peer.addr);
		answer_msg3(101 + loss, 0xb1);
		wait_ms(279);
		ck_assert_uint_ne(last.session_key, 101 + loss);
		wait_ms(1);
		ck_assert((last.session_key == 101 + loss) == (loss == 0));
		wait_ms(SESSION_CUT_MS - 281);
		ck_assert((last.session_key == 101 + loss) == (loss == 0));
		wait_ms(1);
		ck_assert_uint_eq(last.session_key, 101 + loss);
		frame_in(101 + loss, FSP_WARMUP, "", 0);
		ck_assert_uint_eq(s->cur.session, 101 + loss);
	}
}
END_TEST

START_TEST(a_long_path_delays_new_keys_no_more_than_a_rough_one)
{
	struct session *s = established(100);

	s->extra->mmp.m.samples = 1;
	s->extra->mmp.m.forward = 1;
	s->extra->mmp.m.srtt_us = 3000000;
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(31000);
	frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	answer_msg3(101, 0xb1);
	wait_ms(SESSION_CUT_MS - 1);
	ck_assert_uint_ne(last.session_key, 101);
	wait_ms(1);
	ck_assert_uint_eq(last.session_key, 101);
}
END_TEST

START_TEST(a_setup_without_proof_delays_data_once_in_a_while)
{
	unsigned n;

	established(100);
	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);	/* we were just talking */
	answer_msg2();
	n = nframe;
	packet_out(100);
	ck_assert_uint_eq(nframe, n + 1);
	wait_ms(3000);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	n = nframe;
	packet_out(100);
	wait_ms(2400);
	ck_assert_uint_eq(nframe, n);
	wait_ms(100);
	ck_assert_uint_eq(nframe, n + 1);
	ck_assert_uint_eq(last.session_key, 100);
	shake_in(FSP_SETUP, 7, peer.addr);
	answer_msg2();
	packet_out(100);
	ck_assert_uint_eq(nframe, n + 2);
}
END_TEST

/* Who lost the keys cannot send under them, but what it sent before may be late. */
START_TEST(a_frame_under_the_keys_in_use_ends_the_wait_for_a_msg3)
{
	struct session	*s = established(100);
	unsigned	 n;

	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(3000);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = ntype[FSP_PACKET];
	packet_out(100);
	wait_ms(SESSION_ROUND_MS - 1);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	wait_ms(1);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
	ck_assert_uint_eq(last.session_key, 100);
	/* Once it is measured, the round trip counts. */
	s->extra->mmp.m.samples = 1;
	s->extra->mmp.m.srtt_us = 40000;
	wait_ms(SESSION_MSG3_AGAIN_MS);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	n = ntype[FSP_PACKET];
	packet_out(100);
	wait_ms(40);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	wait_ms(1);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
}
END_TEST

START_TEST(keys_that_were_just_made_are_not_in_doubt)
{
	unsigned n;

	established(100);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nframe;
	packet_out(100);
	ck_assert_uint_eq(nframe, n + 1);
	wait_ms(3000);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	n = nframe;
	packet_out(100);
	wait_ms(1000);
	ck_assert_uint_eq(nframe, n);
}
END_TEST

START_TEST(a_restarted_node_is_believed_once_it_proved_its_key)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	ck_assert_uint_eq(s->cur.session, 100);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(103, 0xc2);
	ck_assert_uint_eq(s->cur.session, 103);
	ck_assert_uint_eq(s->prev.session, 100);
	/* and when the link says so, we do not wait for it */
	memset(peer.epoch, 0xd3, 8);
	session_link_changed(&peer, 1);
	ck_assert_int_eq(asked_type, MSG_XK_START);
}
END_TEST

START_TEST(silence_starts_a_handshake_beside_the_old_keys)
{
	struct session *s = established(100);
	unsigned i, n;

	frame_in(100, FSP_WARMUP, "", 0);
	n = nasked;
	packet_out(100);		/* one that needs no answer */
	wait_ms(60000);
	ck_assert_uint_eq(nasked, n);
	frame_in(100, FSP_WARMUP, "", 0);
	for (i = 0; i < 15; i++) {
		packet_out(100);
		wait_ms(1000);
	}
	ck_assert_int_eq(asked_type, MSG_XK_START);
	ck_assert_uint_eq(s->cur.session, 100);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
}
END_TEST

/* It was started again right after its Ack: what would bring that to light must
 * not wait for a Msg3 that nobody hears. */
START_TEST(silence_in_the_midst_of_a_rekey_starts_another_in_time)
{
	uint64_t ms;

	rekeyed_unheard();
	ms = asks_after_ms();
	ck_assert_uint_ge(ms, 13000);
	ck_assert_uint_le(ms, 40000);
}
END_TEST

/* Msg3 never came there, nor a Setup after it, before the way was mended: it speaks
 * under the keys that it has, and hears nothing under those that we took. */
static struct session *
left_behind(void)
{
	struct session *s = rekeyed_unheard();
	unsigned i;

	for (i = 0; i < 50; i++) {
		packet_out(100);
		wait_ms(1000);
		if (asked_type == MSG_XK_START)
			answer_msg1();
		asked_type = MSG_NONE;
	}
	ck_assert_uint_eq(s->cur.session, 101);
	ck_assert_uint_eq(s->prev.session, 100);
	return s;
}

START_TEST(who_goes_on_under_old_keys_is_asked_for_new_ones)
{
	struct session *s = left_behind();
	unsigned i, n;

	for (i = 0; i < 40 && asked_type != MSG_XK_START; i++) {
		data_in(100);
		packet_out(100);
		wait_ms(1000);
	}
	ck_assert_uint_lt(i, 20);
	/* What it could not read waits until it has those. */
	answer_msg1();
	data_in(100);
	shake_in(FSP_ACK, 4, peer.addr);
	answer_msg3(102, 0xb1);
	n = nframe;
	packet_out(100);
	ck_assert_uint_eq(nframe, n);
	frame_in(102, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 102);
}
END_TEST

START_TEST(who_has_our_keys_after_all_is_asked_for_none)
{
	struct session *s = left_behind();
	unsigned i;

	data_in(100);
	data_in(101);
	shake_drop(s->extra->out);
	for (i = 0; i < 40; i++) {
		data_in(101);
		wait_ms(1000);
	}
	ck_assert_int_eq(asked_type, MSG_NONE);
}
END_TEST

/* No way at that moment: it must not cost the next half minute. */
START_TEST(silence_without_a_way_starts_a_handshake_that_goes_when_one_is_found)
{
	struct session *s = established(100);
	unsigned i, n;

	frame_in(100, FSP_WARMUP, "", 0);
	for (i = 0; i < 13; i++) {
		packet_out(100);
		wait_ms(1000);
	}
	packet_out(100);
	has_link = 0;
	wait_ms(1000);
	ck_assert_int_eq(asked_type, MSG_XK_START);
	ck_assert_ptr_nonnull(s->extra->out);
	give_msg1();
	n = nphase[FSP_SETUP];
	wait_ms(100);
	has_link = 1;
	session_found(peer.addr);
	ck_assert_uint_eq(nphase[FSP_SETUP], n + 1);
}
END_TEST

/* The other side was away while we asked: what it missed is sent when it is back. */
START_TEST(a_link_that_comes_back_hears_the_setup_that_waits)
{
	unsigned i, n;

	established(100);
	frame_in(100, FSP_WARMUP, "", 0);
	for (i = 0; i < 20 && asked_type != MSG_XK_START; i++) {
		packet_out(100);
		wait_ms(1000);
	}
	answer_msg1();
	has_link = 0;
	wait_ms(16000);
	has_link = 1;
	n = nplain;
	session_link_changed(&peer, 1);
	ck_assert_uint_eq(nplain, n + 1);
	phase_sent(FSP_SETUP);
	wait_ms(1000);
	ck_assert_uint_eq(nplain, n + 2);
}
END_TEST

/* Without it a reference node opens the frame only by trying every key. */
START_TEST(a_warm_up_after_a_change_of_keys_carries_their_bit)
{
	struct fsp_signal g = { .type = FSP_COORDS_REQUIRED };
	struct session *s = holding_theirs();
	uint8_t out[64];
	size_t n;

	frame_in(102, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 102);
	netd.now_ms += 10000;
	memcpy(g.dest, peer.addr, 16);
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	frame[57] = 0;
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_eq(frame[57], FSP_CP | FSP_K);
	ck_assert_uint_eq(last.session_key, 102);
}
END_TEST

START_TEST(a_restart_in_the_midst_of_a_rekey_begins_another)
{
	struct session	*s = established(100);

	data_in(100);			/* the first keys are confirmed */
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	answer_msg3(101, 0xb1);
	ck_assert_uint_eq(s->pend.session, 101);
	ck_assert_uint_eq(s->extra->out->state, SHAKE_MSG3);
	memset(peer.epoch, 0xb2, 8);
	session_link_changed(&peer, 1);
	ck_assert_uint_eq(s->pend.session, 0);
	ck_assert_uint_eq(dropped_key, 101);
	ck_assert_uint_eq(asked_type, MSG_XK_START);
	answer_msg1();
	/* Again: the Setup that is out goes once more. */
	sent_len = 0;
	session_link_changed(&peer, 1);
	phase_sent(FSP_SETUP);
	shake_in(FSP_ACK, 4, peer.addr);
	answer_msg3(102, 0xb2);
	ck_assert_uint_eq(s->cur.session, 102);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, our_rekey_asks_under_new_keys_and_sends_data_under_old_ones);
	tcase_add_test(t, their_rekey_counts_when_a_frame_proves_it);
	tcase_add_test(t, keys_of_theirs_are_used_when_the_old_ones_must_be_gone);
	tcase_add_test(t, keys_of_theirs_wait_while_the_old_ones_are_in_use);
	tcase_add_test(t, who_hears_no_setup_is_told_to_stop_waiting);
	tcase_add_test(t, who_may_have_answered_is_not_made_to_give_up);
	tcase_add_test(t, what_tells_others_to_stop_waiting_is_no_work_for_cryptod);
	tcase_add_test(t, data_waits_for_the_msg3_of_somebody_who_was_silent);
	tcase_add_test(t, data_waits_until_who_left_it_unanswered_has_our_keys);
	tcase_add_test(t, a_calm_path_brings_new_keys_into_use_soon);
	tcase_add_test(t, a_long_path_delays_new_keys_no_more_than_a_rough_one);
	tcase_add_test(t, a_setup_without_proof_delays_data_once_in_a_while);
	tcase_add_test(t, a_frame_under_the_keys_in_use_ends_the_wait_for_a_msg3);
	tcase_add_test(t, keys_that_were_just_made_are_not_in_doubt);
	tcase_add_test(t, a_restarted_node_is_believed_once_it_proved_its_key);
	tcase_add_test(t, silence_starts_a_handshake_beside_the_old_keys);
	tcase_add_test(t, silence_in_the_midst_of_a_rekey_starts_another_in_time);
	tcase_add_test(t, who_goes_on_under_old_keys_is_asked_for_new_ones);
	tcase_add_test(t, who_has_our_keys_after_all_is_asked_for_none);
	tcase_add_test(t, silence_without_a_way_starts_a_handshake_that_goes_when_one_is_found);
	tcase_add_test(t, a_link_that_comes_back_hears_the_setup_that_waits);
	tcase_add_test(t, a_warm_up_after_a_change_of_keys_carries_their_bit);
	tcase_add_test(t, a_restart_in_the_midst_of_a_rekey_begins_another);
}
