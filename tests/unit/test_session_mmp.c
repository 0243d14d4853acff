/*
 * room: netd, with: session_world -- what is measured of the way to a far node.
 */
#include "session_world.h"

START_TEST(data_is_reported_and_reports_are_not)
{
	uint8_t		 rr[MMP_SESSION_RR_LEN] = { 0 };
	struct session	*s = established(100);
	unsigned	 n;

	frame_in(100, FSP_RECEIVER_REPORT, rr, sizeof(rr));
	wait_ms(5000);
	ck_assert_uint_eq(ntype[FSP_RECEIVER_REPORT], 0);
	for (n = 0; n < 30; n++) {
		data_in(100);
		wait_ms(100);
	}
	wait_ms(2000);
	/* One at once, then one a second. */
	ck_assert_uint_eq(ntype[FSP_RECEIVER_REPORT], 4);
	ck_assert_uint_eq(s->extra->mmp.rx.now.cum_packets, 31);
	wait_ms(20000);
	ck_assert_uint_eq(ntype[FSP_RECEIVER_REPORT], 4);
}
END_TEST

START_TEST(who_only_reports_waits_for_no_answer)
{
	struct session	*s = established(100);
	unsigned	 asks;

	data_in(100);
	wait_ms(1000);
	asks = nasked;
	ck_assert_uint_gt(ntype[FSP_RECEIVER_REPORT], 0);
	ck_assert_uint_eq(s->extra->unheard_ms, 0);
	wait_ms(40000);
	ck_assert_uint_eq(nasked, asks);
}
END_TEST

START_TEST(a_session_learns_its_round_trip_from_current_keys_only)
{
	uint8_t		 body[MMP_SESSION_RR_LEN];
	struct mmp_rr	 rr = { .highest = 1, .cum_packets = 1, .ts_echo = 1,
			    .dwell_ms = 20 };
	struct session	*s = established(100);
	uint64_t	 bad = netd.refused[REFUSE_FSP_SHORT];

	wait_ms(50);
	mmp_rr_encode(MMP_SESSION, &rr, body, sizeof(body));
	frame_in(100, FSP_RECEIVER_REPORT, body, sizeof(body) - 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SHORT], bad + 1);
	ck_assert(!mmp_has_srtt(session_mmp(s)));
	s->prev = s->cur;
	s->prev.session = 99;
	s->prev_until_ms = netd.now_ms + 1000;
	frame_in(99, FSP_RECEIVER_REPORT, body, sizeof(body));
	ck_assert(!mmp_has_srtt(session_mmp(s)));
	frame_in(100, FSP_RECEIVER_REPORT, body, sizeof(body));
	ck_assert(mmp_has_srtt(session_mmp(s)));
	ck_assert_double_eq(mmp_srtt_ms(session_mmp(s)),
	    (double)(netd.now_ms - s->cur.start_ms - 20));
	frame_in(100, FSP_SENDER_REPORT, body, MMP_SESSION_SR_LEN);
	frame_in(100, FSP_SENDER_REPORT, body, MMP_SESSION_SR_LEN - 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SHORT], bad + 2);
}
END_TEST

START_TEST(what_is_sealed_is_counted_for_its_session)
{
	struct session	*s = established(100);
	struct work	 w;

	packet_out(100);
	w = last;
	w.buf = frame;
	w.off = 0;
	w.len += 32;
	put_le64(frame + w.inner + FSP_PREFIX, 3);
	session_sealed(&w);
	ck_assert_uint_eq(s->extra->mmp.tx.now.end_counter, 3);
	ck_assert_uint_eq(s->extra->mmp.tx.now.bytes, last.len - last.body + 16);
	w.session_key = 98;
	put_le64(frame + w.inner + FSP_PREFIX, 4);
	session_sealed(&w);
	w.session_key = 100;
	w.sess++;
	session_sealed(&w);
	ck_assert_uint_eq(s->extra->mmp.tx.now.end_counter, 3);
	wait_ms(1);
	ck_assert_uint_eq(ntype[FSP_SENDER_REPORT], 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, data_is_reported_and_reports_are_not);
	tcase_add_test(t, who_only_reports_waits_for_no_answer);
	tcase_add_test(t, a_session_learns_its_round_trip_from_current_keys_only);
	tcase_add_test(t, what_is_sealed_is_counted_for_its_session);
}
