/* room: netd */
/* test_mmp.c -- reports and what is made of them. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/mmp.h"
#include "suite.h"

static struct mmp m;

static void
setup(void)
{
	mmp_init(&m, MMP_LINK, MMP_FULL);
}

START_TEST(a_sender_report_lies_as_the_wire_has_it)
{
	struct mmp_sr s = { 0x0102030405060708, 2, 3, 4, 5, 6, 7 }, got;
	uint8_t	      buf[MMP_REPORT_MAX + 1] = { 0 };
	static const uint8_t want[] = { 1, 0, 0, 0, 8, 7, 6, 5, 4, 3, 2, 1,
	    2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0,
	    6, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0 };
	ssize_t	      n;

	n = mmp_sr_encode(MMP_LINK, &s, buf, sizeof(buf));
	ck_assert_int_eq(n, MMP_LINK_SR_LEN);
	ck_assert_mem_eq(buf, want, sizeof(want));
	ck_assert_int_eq(mmp_sr_decode(MMP_LINK, buf, MMP_LINK_SR_LEN, &got), 0);
	mmp_sr_encode(MMP_LINK, &got, buf, sizeof(buf));
	ck_assert_mem_eq(buf, want, sizeof(want));
	n = mmp_sr_encode(MMP_SESSION, &s, buf, sizeof(buf));
	ck_assert_int_eq(n, MMP_SESSION_SR_LEN);
	ck_assert_mem_eq(buf + 2, want + 4, sizeof(want) - 4);
}
END_TEST

START_TEST(a_receiver_report_lies_as_the_wire_has_it)
{
	struct mmp_rr p = { 1, 2, 3, 4, 5, 6, 7, 8, 9, -2, 11, 12, 13, 14 }, got;
	uint8_t	      buf[MMP_REPORT_MAX + 1] = { 0 };
	static const uint8_t want[] = { 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	    2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 5, 0,
	    6, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff,
	    11, 0, 0, 0, 12, 0, 0, 0, 13, 0, 0, 0, 14, 0, 0, 0 };
	ssize_t	      n;

	n = mmp_rr_encode(MMP_LINK, &p, buf, sizeof(buf));
	ck_assert_int_eq(n, MMP_LINK_RR_LEN);
	ck_assert_mem_eq(buf, want, sizeof(want));
	ck_assert_int_eq(mmp_rr_decode(MMP_LINK, buf, MMP_LINK_RR_LEN, &got), 0);
	mmp_rr_encode(MMP_LINK, &got, buf, sizeof(buf));
	ck_assert_mem_eq(buf, want, sizeof(want));
	n = mmp_rr_encode(MMP_SESSION, &p, buf, sizeof(buf));
	ck_assert_int_eq(n, MMP_SESSION_RR_LEN);
	ck_assert_mem_eq(buf + 2, want + 4, sizeof(want) - 4);
}
END_TEST

START_TEST(reports_cut_anywhere_are_malformed_and_longer_ones_are_not)
{
	static const size_t len[2][2] = {
		{ MMP_LINK_SR_LEN, MMP_LINK_RR_LEN },
		{ MMP_SESSION_SR_LEN, MMP_SESSION_RR_LEN } };
	uint8_t	      sr[80] = { 1 }, rr[80] = { 2 };
	struct mmp_sr s;
	struct mmp_rr p;
	unsigned      layer;
	size_t	      cut;

	for (layer = 0; layer < 2; layer++)
		for (cut = 0; cut <= 70; cut++) {
			ck_assert_int_eq(mmp_sr_decode(layer, sr, cut, &s),
			    cut < len[layer][0] ? -1 : 0);
			ck_assert_int_eq(mmp_rr_decode(layer, rr, cut, &p),
			    cut < len[layer][1] ? -1 : 0);
		}
	ck_assert_int_eq(mmp_sr_decode(MMP_LINK, rr, 80, &s), -1);
	ck_assert_int_eq(mmp_rr_decode(MMP_LINK, sr, 80, &p), -1);
}
END_TEST

START_TEST(the_round_trip_is_smoothed_as_rfc_6298_says)
{
	struct mmp_rr p = { .highest = 1, .cum_packets = 1, .ts_echo = 100,
	    .dwell_ms = 50 };

	ck_assert_double_eq(mmp_link_cost(&m), 0);
	ck_assert_int_eq(mmp_heard(&m, &p, 250, 1000), MMP_FIRST_RTT);
	ck_assert_double_eq(mmp_srtt_ms(&m), 100);
	ck_assert_double_eq(mmp_link_cost(&m), 2);
	p.highest = p.cum_packets = 2;
	ck_assert_int_eq(mmp_heard(&m, &p, 330, 2000), MMP_TAKEN);
	ck_assert_double_eq(mmp_srtt_ms(&m), 110);
	ck_assert_int_eq(m.m.rttvar_us, 57500);
	ck_assert_double_eq(m.m.rtt.fast, 100000 + 80000.0 / 4);
	ck_assert_double_eq(m.m.rtt.slow, 100000 + 80000.0 / 32);
	/* Nothing to go by: no echo, or one from the future. */
	p.highest = p.cum_packets = 3, p.ts_echo = 0;
	mmp_heard(&m, &p, 400, 3000);
	p.highest = p.cum_packets = 4, p.ts_echo = UINT32_MAX;
	mmp_heard(&m, &p, 400, 4000);
	ck_assert_double_eq(mmp_srtt_ms(&m), 110);
}
END_TEST

START_TEST(loss_etx_and_goodput_come_from_differences)
{
	struct mmp_rr p = { .highest = 100, .cum_packets = 100,
	    .cum_bytes = 1000 };

	mmp_heard(&m, &p, 0, 1000);
	p = (struct mmp_rr){ .highest = 200, .cum_packets = 180,
	    .cum_bytes = 11000 };
	mmp_heard(&m, &p, 0, 2000);
	ck_assert_double_eq_tol(mmp_loss(&m), 0.2, 1e-9);
	ck_assert_double_eq_tol(m.m.etx, 1.25, 1e-9);
	ck_assert_double_eq_tol(m.m.goodput, 10000, 1e-6);
	p.highest = 300, p.cum_packets = 180;
	p.cum_bytes = 11001;
	mmp_heard(&m, &p, 0, 3000);
	ck_assert_double_eq_tol(m.m.etx, 100, 1e-9);
	ck_assert_double_eq_tol(m.m.goodput, 7500.25, 1e-6);
	/* However much gets lost, no more than that. */
	p.highest = 1300, p.cum_packets = 181;
	mmp_heard(&m, &p, 0, 3500);
	ck_assert_double_eq(m.m.etx, 100);
	/* More than was sent is all of it, not more. */
	p.highest = 1301, p.cum_packets = 9000;
	mmp_heard(&m, &p, 0, 4000);
	ck_assert_double_eq(mmp_loss(&m), 0);
	ck_assert_double_eq(m.m.etx, 1);
}
END_TEST

START_TEST(what_gets_lost_on_the_way_to_us_counts_as_well)
{
	struct mmp_rr p = { .highest = 10, .cum_packets = 10 };
	unsigned      i;

	mmp_received(&m, 0, 1, 1, 0, 0, 1000);
	mmp_heard(&m, &p, 0, 1000);
	for (i = 2; i <= 20; i += 2)
		mmp_received(&m, i, i, 1, 0, 0, 1000 + i);
	p.highest = p.cum_packets = 20;
	mmp_heard(&m, &p, 0, 2000);
	ck_assert_double_eq(mmp_loss(&m), 0);
	ck_assert_double_eq_tol(m.m.reverse, 0.5, 1e-9);
	ck_assert_double_eq_tol(m.m.etx, 2, 1e-9);
}
END_TEST

START_TEST(old_and_repeated_reports_are_ignored)
{
	struct mmp_rr p = { 10, 10, 10, 0, 0, 0, 0, 0, 5, 0, 0, 5, 0, 0 }, q;

	mmp_heard(&m, &p, 0, 1);
	ck_assert_int_eq(mmp_heard(&m, &p, 0, 2), MMP_STALE);
	q = p, q.highest = 9;
	ck_assert_int_eq(mmp_heard(&m, &q, 0, 2), MMP_STALE);
	q = p, q.cum_packets = 9, q.highest = 20;
	ck_assert_int_eq(mmp_heard(&m, &q, 0, 2), MMP_STALE);
	q = p, q.ce_count = 4, q.highest = 20;
	ck_assert_int_eq(mmp_heard(&m, &q, 0, 2), MMP_STALE);
	q = p, q.reorder = 4, q.highest = 20;
	ck_assert_int_eq(mmp_heard(&m, &q, 0, 2), MMP_STALE);
	/* New keys on the other side: the counter falls, the sums go on. */
	q = (struct mmp_rr){ .highest = 2, .cum_packets = 12, .cum_bytes = 30 };
	ck_assert_int_eq(mmp_heard(&m, &q, 0, 2), MMP_TAKEN);
	ck_assert_double_eq(mmp_loss(&m), 0);
}
END_TEST

START_TEST(losses_are_counted_in_bursts)
{
	static const uint64_t counter[] = { 0, 1, 4, 5, 6, 10, 12, 13, 11, 14 };
	struct mmp_rr p;
	unsigned      i;

	for (i = 0; i < 10; i++)
		mmp_received(&m, counter[i], i * 10, 100, i == 3, 0, i * 10000);
	ck_assert(mmp_rr_due(&m, &p, 200000));
	ck_assert_uint_eq(p.highest, 14);
	ck_assert_uint_eq(p.cum_packets, 10);
	ck_assert_uint_eq(p.bytes, 1000);
	ck_assert_uint_eq(p.bursts, 2);
	ck_assert_uint_eq(p.max_burst, 4);	/* 7 8 9, then 11: no end between */
	ck_assert_uint_eq(p.mean_burst, 3 * 256);
	ck_assert_uint_eq(p.reorder, 1);
	ck_assert_uint_eq(p.ce_count, 1);
	ck_assert_uint_eq(p.ts_echo, 90);
	ck_assert_uint_eq(p.dwell_ms, 110);
	ck_assert_uint_eq(p.jitter_us, 0);
}
END_TEST

START_TEST(jitter_follows_rfc_3550)
{
	struct mmp_rr p;

	mmp_received(&m, 0, 0, 1, 0, 0, 1000000);
	mmp_received(&m, 1, 10, 1, 0, 0, 1026000);	/* 16 ms late */
	ck_assert(mmp_rr_due(&m, &p, 1100000));
	ck_assert_uint_eq(p.jitter_us, 1000);
	/* One on time takes a sixteenth of it away. */
	mmp_received(&m, 2, 20, 1, 0, 0, 1036000);
	ck_assert(mmp_rr_due(&m, &p, 1400000));
	ck_assert_uint_eq(p.jitter_us, 15000 / 16);
	mmp_rekeyed(&m, 1400000);
	mmp_received(&m, 0, 0, 1, 0, 0, 1500000);
	mmp_received(&m, 1, 1, 1, 0, 0, 1900000);
	ck_assert(mmp_rr_due(&m, &p, 9000000));
	ck_assert_uint_eq(p.jitter_us, 0);
	ck_assert_uint_eq(p.cum_packets, 5);
	ck_assert_uint_eq(p.highest, 1);
}
END_TEST

/* Frames every 50 ms whose way grows by `gain` microseconds a second. */
static int32_t
trend(int64_t gain, unsigned n)
{
	struct mmp_rr p;
	unsigned      i;
	uint64_t      t = 0;

	mmp_init(&m, MMP_LINK, MMP_FULL);
	for (i = 0; i < n; i++) {
		t = 5000000 + i * 50000 + (uint64_t)(gain * (int64_t)i / 20);
		mmp_received(&m, i, 777000 + i * 50, 1, 0, 0, t);
	}
	ck_assert(mmp_rr_due(&m, &p, t));
	return p.owd_trend;
}

START_TEST(the_delay_trend_tells_a_filling_queue_from_a_quiet_line)
{
	ck_assert_int_eq(trend(0, 40), 0);
	ck_assert_int_gt(trend(10000, 40), 9000);
	ck_assert_int_lt(trend(10000, 40), 11000);
	ck_assert_int_lt(trend(-10000, 40), -9000);
	ck_assert_int_eq(trend(10000, 4), 0);
}
END_TEST

START_TEST(an_idle_link_falls_silent)
{
	struct mmp    a, b;
	struct mmp_sr s;
	struct mmp_rr p;
	uint64_t      t, ca = 0, cb = 0, reports = 0;

	mmp_init(&a, MMP_LINK, MMP_FULL);
	mmp_init(&b, MMP_LINK, MMP_FULL);
	mmp_sent(&a, ca, 1, 100, 0);
	mmp_received(&b, ca++, 1, 100, 0, 0, 1000);
	for (t = 1000; t < 100000; t += 1000) {
		if (mmp_sr_due(&a, &s, t) + mmp_rr_due(&a, &p, t * 1000)) {
			reports++;
			mmp_sent(&a, ca, (uint32_t)t, 100, 1);
			mmp_received(&b, ca++, (uint32_t)t, 100, 0, 1, t * 1000);
		}
		if (mmp_rr_due(&b, &p, t * 1000) + mmp_sr_due(&b, &s, t)) {
			reports++;
			mmp_sent(&b, cb, (uint32_t)t, 100, 1);
			mmp_received(&a, cb++, (uint32_t)t, 100, 0, 1, t * 1000);
		}
	}
	ck_assert_uint_eq(reports, 2);
}
END_TEST

START_TEST(reports_keep_the_interval_that_the_round_trip_sets)
{
	struct mmp_rr p = { .ts_echo = 1 }, out;
	struct mmp_sr s;
	unsigned      i;

	mmp_received(&m, 0, 1, 1, 0, 0, 0);
	ck_assert(mmp_rr_due(&m, &out, 1000));		/* the first at once */
	for (i = 1; i <= 10; i++) {
		p.highest = p.cum_packets = i;
		mmp_heard(&m, &p, 1501, i);
	}
	ck_assert_uint_eq(m.rx.interval_ms, 1500);
	ck_assert_uint_eq(m.tx.interval_ms, 3000);
	mmp_received(&m, 1, 1, 1, 0, 0, 1000);
	ck_assert(!mmp_rr_due(&m, &out, 1500000));
	ck_assert(mmp_rr_due(&m, &out, 1501000));
	mmp_sent(&m, 1, 1, 1, 0);
	ck_assert(mmp_sr_due(&m, &s, 10));
	mmp_sent(&m, 2, 1, 1, 0);
	mmp_send_result(&m, 0);
	ck_assert(!mmp_sr_due(&m, &s, 3010));
	ck_assert(mmp_sr_due(&m, &s, 6010));
	mmp_init(&m, MMP_LINK, MMP_MINIMAL);
	mmp_received(&m, 0, 1, 1, 0, 0, 0);
	mmp_sent(&m, 0, 1, 1, 0);
	ck_assert(!mmp_rr_due(&m, &out, 9000000) && !mmp_sr_due(&m, &s, 9000));
}
END_TEST

START_TEST(reports_come_faster_until_the_round_trip_is_known)
{
	struct mmp_rr p = { .ts_echo = 1 };
	unsigned      i;

	for (i = 1; i <= 6; i++) {
		p.highest = p.cum_packets = i;
		mmp_heard(&m, &p, 51, i);
		ck_assert_uint_eq(m.rx.interval_ms, i <= 5 ? 200 : 1000);
		ck_assert_uint_eq(m.tx.interval_ms, i <= 5 ? 200 : 1000);
	}
	for (; i < 60; i++) {
		p.highest = p.cum_packets = i;
		mmp_heard(&m, &p, 60001, i);
	}
	ck_assert_uint_eq(m.rx.interval_ms, 5000);
}
END_TEST

/* The field for how long it lay here ends after a minute. */
START_TEST(a_frame_of_long_ago_is_no_echo)
{
	struct mmp_rr p;

	mmp_received(&m, 0, 7, 1, 0, 0, 1000000);
	ck_assert(mmp_rr_due(&m, &p, 1000000 + 65535999));
	ck_assert_uint_eq(p.ts_echo, 7);
	ck_assert_uint_eq(p.dwell_ms, 65535);
	mmp_received(&m, 1, 8, 1, 0, 0, 100000000);
	ck_assert(mmp_rr_due(&m, &p, 100000000 + 65536000));
	ck_assert_uint_eq(p.ts_echo, 0);
	ck_assert_uint_eq(p.dwell_ms, 65535);
}
END_TEST

START_TEST(trends_have_three_names)
{
	struct mmp_ewma e = { 1, 1, 1 };

	ck_assert_str_eq(mmp_trend(&e), "stable");
	e.fast = 1.06;
	ck_assert_str_eq(mmp_trend(&e), "rising");
	e.fast = 0.94;
	ck_assert_str_eq(mmp_trend(&e), "falling");
	e.set = 0;
	ck_assert_str_eq(mmp_trend(&e), "stable");
}
END_TEST

START_TEST(the_next_report_is_due_exactly_then)
{
	struct mmp_sr s;
	struct mmp_rr p;

	ck_assert_uint_eq(mmp_due_ms(&m, 1000), MMP_NEVER);
	mmp_received(&m, 0, 1, 100, 0, 1, 1000000);
	ck_assert_uint_eq(mmp_due_ms(&m, 1000), MMP_NEVER);
	mmp_received(&m, 1, 2, 100, 0, 0, 1001000);
	ck_assert_uint_eq(mmp_due_ms(&m, 1001), 0);
	ck_assert(mmp_rr_due(&m, &p, 1001000));
	mmp_received(&m, 2, 3, 100, 0, 0, 1050000);
	ck_assert_uint_eq(mmp_due_ms(&m, 1050), 151);
	ck_assert(!mmp_rr_due(&m, &p, 1200000));
	mmp_sent(&m, 0, 1, 100, 0);
	ck_assert_uint_eq(mmp_due_ms(&m, 1050), 0);
	ck_assert(mmp_sr_due(&m, &s, 1050));
	ck_assert_uint_eq(mmp_due_ms(&m, 1201), 0);
	ck_assert(mmp_rr_due(&m, &p, 1201000));
	ck_assert_uint_eq(mmp_due_ms(&m, 9999), MMP_NEVER);
	/* What cannot be sent is tried less and less often. */
	mmp_received(&m, 3, 4, 100, 0, 0, 1201000);
	mmp_send_result(&m, 0);
	ck_assert_uint_eq(mmp_due_ms(&m, 1201), 400);
	mmp_send_result(&m, 1);
	ck_assert_uint_eq(mmp_due_ms(&m, 1201), 200);
}
END_TEST

START_TEST(the_spin_bit_is_turned_by_one_and_returned_by_the_other)
{
	struct mmp far;
	uint64_t   n;

	mmp_init(&far, MMP_LINK, MMP_FULL);
	mmp_spin_start(&m, 1);
	for (n = 0; n < 6; n++) {
		mmp_spin_heard(&far, n, m.spin.bit);
		ck_assert_uint_eq(far.spin.bit, m.spin.bit);
		mmp_spin_heard(&m, n, far.spin.bit);
		ck_assert_uint_ne(far.spin.bit, m.spin.bit);
	}
	mmp_spin_heard(&far, 2, !far.spin.bit);
	ck_assert_uint_ne(far.spin.bit, m.spin.bit);
}
END_TEST

START_TEST(a_way_too_short_for_the_clock_is_measured_all_the_same)
{
	struct mmp_rr p = { .highest = 1, .cum_packets = 1, .ts_echo = 100 };

	ck_assert_int_eq(mmp_heard(&m, &p, 100, 1000), MMP_FIRST_RTT);
	ck_assert(mmp_has_srtt(&m));
	ck_assert_double_eq(mmp_srtt_ms(&m), 0);
	ck_assert_double_eq(mmp_link_cost(&m), 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_sender_report_lies_as_the_wire_has_it);
	tcase_add_test(t, a_receiver_report_lies_as_the_wire_has_it);
	tcase_add_test(t,
	    reports_cut_anywhere_are_malformed_and_longer_ones_are_not);
	tcase_add_test(t, the_round_trip_is_smoothed_as_rfc_6298_says);
	tcase_add_test(t, loss_etx_and_goodput_come_from_differences);
	tcase_add_test(t, old_and_repeated_reports_are_ignored);
	tcase_add_test(t, losses_are_counted_in_bursts);
	tcase_add_test(t, jitter_follows_rfc_3550);
	tcase_add_test(t,
	    the_delay_trend_tells_a_filling_queue_from_a_quiet_line);
	tcase_add_test(t, an_idle_link_falls_silent);
	tcase_add_test(t, reports_keep_the_interval_that_the_round_trip_sets);
	tcase_add_test(t, what_gets_lost_on_the_way_to_us_counts_as_well);
	tcase_add_test(t, reports_come_faster_until_the_round_trip_is_known);
	tcase_add_test(t, a_frame_of_long_ago_is_no_echo);
	tcase_add_test(t, trends_have_three_names);
	tcase_add_test(t, the_next_report_is_due_exactly_then);
	tcase_add_test(t, the_spin_bit_is_turned_by_one_and_returned_by_the_other);
	tcase_add_test(t, a_way_too_short_for_the_clock_is_measured_all_the_same);
}
