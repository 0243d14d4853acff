/* room: netd, with: link_world -- how good a link is, and who is silent. */
#include "link_world.h"

static struct mmp *
mmp_of(struct peer *p)
{
	return &p->extra->mmp;
}

static void
micros(void)
{
	netd.now_us = netd.now_ms * 1000;
}

/* What was lent to cryptod last is sealed now, with this counter. */
static void
sealed_as(uint64_t counter)
{
	struct work *w = lent[(nlent - 1) % 64];

	put_le64(w->buf + w->off + 8, counter);
	w->len += FRAME_TAG_LEN;
	w->why = REFUSE_NONE;
	lent_done[(nlent - 1) % 64](w);
}

static uint8_t
last_type(void)
{
	const struct work *w = lent[(nlent - 1) % 64];

	return w->buf[w->off + FRAME_BODY_OFF];
}

static const uint8_t hello[] = { LINK_MSG_TREE_ANNOUNCE };

START_TEST(what_a_peer_sends_is_reported_once_and_an_answer_is_no_news)
{
	uint8_t		 rr[MMP_LINK_RR_LEN] = { LINK_MSG_RECEIVER_REPORT };
	struct peer	*p;
	struct mmp_rr	 said;
	unsigned	 n;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	netd.now_ms += 1000;
	micros();
	link_tick();
	n = nlent;
	ck_assert_uint_eq(p->extra->reported, 1);
	frame_in(&home, p->cur.our_index, 1, 0, rr, sizeof(rr), REFUSE_NONE);
	link_tick();
	ck_assert_uint_eq(nlent, n + 1);	/* only that it was opened */
	tick_by = 0;
	frame_in(&home, p->cur.our_index, 2, FRAME_CE, hello, 1, REFUSE_NONE);
	ck_assert_uint_gt(tick_by, netd.now_ms);	/* the interval is not over */
	netd.now_ms = tick_by;
	micros();
	link_tick();
	ck_assert_uint_eq(last_type(), LINK_MSG_RECEIVER_REPORT);
	ck_assert_int_eq(mmp_rr_decode(MMP_LINK, lent[(nlent - 1) % 64]->buf +
	    lent[(nlent - 1) % 64]->off + FRAME_BODY_OFF, MMP_LINK_RR_LEN, &said), 0);
	ck_assert_uint_eq(said.highest, 2);
	ck_assert_uint_eq(said.cum_packets, 3);
	ck_assert_uint_eq(said.ce_count, 1);
}
END_TEST

START_TEST(a_report_that_comes_first_is_answered_once)
{
	uint8_t		 rr[MMP_LINK_RR_LEN] = { LINK_MSG_RECEIVER_REPORT };
	struct peer	*p;

	set_up();
	micros();
	ck_assert(inbound(&home, 1, 0x20, 1, 41));
	p = peer_find(addr_of(0x20));
	frame_in(&home, p->cur.our_index, 0, 0, rr, sizeof(rr), REFUSE_NONE);
	link_tick();
	ck_assert_uint_eq(p->extra->reported, 1);
	netd.now_ms += 2000;
	micros();
	rr[4] = rr[12] = 1;
	frame_in(&home, p->cur.our_index, 1, 0, rr, sizeof(rr), REFUSE_NONE);
	link_tick();
	ck_assert_uint_eq(p->extra->reported, 1);
}
END_TEST

START_TEST(an_idle_link_is_measured_once_a_minute)
{
	struct peer	*p;
	uint64_t	 n, counter = 1;
	unsigned	 reports = 0;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	for (n = 0; n < 300; n++) {
		netd.now_ms += 1000;
		micros();
		if (n % 10 == 0)
			beat_in(&home, p->cur.our_index, counter++);
		netd.conf[CONF_REKEY_ENABLED] = 0;
		nlent = 0;
		link_tick();
		if (nlent > 0 && last_type() == LINK_MSG_RECEIVER_REPORT)
			reports++;
	}
	/* Five while it is new, then one a minute. */
	ck_assert_uint_ge(reports, 8);
	ck_assert_uint_le(reports, 10);
}
END_TEST

START_TEST(what_a_link_costs_is_told_to_the_mesh)
{
	uint8_t		 buf[MMP_LINK_RR_LEN];
	struct mmp_rr	 rr = { .highest = 1, .cum_packets = 1, .ts_echo = 1,
			    .dwell_ms = 100 };
	struct peer	*p;

	set_up();
	p = peer_up(0x20, 1, 41);
	ck_assert(!mmp_has_srtt(link_mmp(p)));
	ck_assert_double_eq(mesh_cost_told, 0);
	netd.now_ms += 200;
	mmp_rr_encode(MMP_LINK, &rr, buf, sizeof(buf));
	frame_in(&home, p->cur.our_index, 1, 0, buf, sizeof(buf), REFUSE_NONE);
	ck_assert(mmp_has_srtt(link_mmp(p)));
	ck_assert_double_eq_tol(mesh_cost_told, 2, 1e-9);
	ck_assert(!link_congested(p));
	/* 5 of 10 arrived. */
	rr.highest = 11, rr.cum_packets = 6;
	mmp_rr_encode(MMP_LINK, &rr, buf, sizeof(buf));
	frame_in(&home, p->cur.our_index, 2, 0, buf, sizeof(buf), REFUSE_NONE);
	ck_assert_double_gt(mesh_cost_told, 2);
	ck_assert_double_eq_tol(mmp_loss(link_mmp(p)), 0.5, 1e-9);
	ck_assert(link_congested(p));
	ck_assert_int_eq(link_mark(p, 0), 1);
	ck_assert_uint_eq(netd.congestion.detected, 1);
	ck_assert_uint_eq(netd.congestion.ce_forwarded, 1);
	/* A loss that is bearable, in a way that on the whole is not; each bound apart. */
	netd.conf[CONF_ECN_LOSS] = 501;
	ck_assert_double_eq_tol(link_mmp(p)->m.etx, 2, 1e-9);
	netd.conf[CONF_ECN_ETX] = 2000;
	ck_assert(link_congested(p));
	netd.conf[CONF_ECN_ETX] = 2001;
	ck_assert(!link_congested(p));
	netd.conf[CONF_ECN_LOSS] = 500;
	ck_assert(link_congested(p));
	netd.conf[CONF_ECN_ENABLED] = 0;
	ck_assert_int_eq(link_mark(p, 0), 0);
	ck_assert_int_eq(link_mark(p, 1), 1);
	ck_assert_uint_eq(netd.congestion.ce_forwarded, 2);
}
END_TEST

START_TEST(a_short_report_is_refused_and_one_about_old_keys_ignored)
{
	uint8_t		 rr[MMP_LINK_RR_LEN] = { LINK_MSG_RECEIVER_REPORT };
	uint8_t		 sr[MMP_LINK_SR_LEN] = { LINK_MSG_SENDER_REPORT };
	struct peer	*p;
	uint64_t	 bad;

	set_up();
	p = peer_up(0x20, 1, 41);
	bad = netd.refused[REFUSE_LINK_MSG_SHORT];
	frame_in(&home, p->cur.our_index, 1, 0, rr, sizeof(rr) - 1, REFUSE_NONE);
	frame_in(&home, p->cur.our_index, 2, 0, sr, sizeof(sr) - 1, REFUSE_NONE);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_MSG_SHORT], bad + 2);
	ck_assert_uint_eq(p->recv_bad, 2);
	frame_in(&home, p->cur.our_index, 3, 0, sr, sizeof(sr), REFUSE_NONE);
	put_le64(rr + 4, 9);
	put_le64(rr + 12, 9);
	frame_in(&home, p->cur.our_index, 4, 0, rr, sizeof(rr), REFUSE_NONE);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_MSG_SHORT], bad + 2);
	ck_assert_uint_eq(mmp_of(p)->m.last.highest, 9);
	p->prev = p->cur;
	p->cur.session = 99;
	p->cur.our_index = 0xdeadbeef;
	put_le64(rr + 4, 12);
	frame_in(&home, p->prev.our_index, 5, 0, rr, sizeof(rr), REFUSE_NONE);
	ck_assert_uint_eq(mmp_of(p)->m.last.highest, 9);
	memset(&p->prev, 0, sizeof(p->prev));
}
END_TEST

START_TEST(frames_carry_a_time_that_is_never_nought_and_the_spin_bit)
{
	const struct work	*w;
	struct peer		*p;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	frame_in(&home, p->cur.our_index, 1, FRAME_SP, hello, 1, REFUSE_NONE);
	ck_assert_int_eq(link_send(p, hello, sizeof(hello)), 0);
	w = lent[(nlent - 1) % 64];
	ck_assert_uint_ne(get_le32(w->buf + w->off + FRAME_HEAD_LEN), 0);
	ck_assert_uint_eq(w->buf[w->off + 1] & FRAME_SP, FRAME_SP);
	sealed_as(7);
	ck_assert_uint_eq(mmp_of(p)->tx.now.end_counter, 7);
	ck_assert_uint_eq(mmp_of(p)->tx.now.bytes, FRAME_OVERHEAD + 1);
	/* Under keys that were replaced meanwhile it says nothing. */
	link_send(p, hello, sizeof(hello));
	lent[(nlent - 1) % 64]->link_key = 1234;
	sealed_as(8);
	ck_assert_uint_eq(mmp_of(p)->tx.now.end_counter, 7);
}
END_TEST

/* A peer that has reported: its silence means something. */
static struct peer *
reporting(void)
{
	uint8_t		 buf[MMP_LINK_RR_LEN];
	struct mmp_rr	 rr = { .highest = 1, .cum_packets = 1, .ts_echo = 1,
			    .dwell_ms = 199 };
	struct peer	*p;

	set_up();
	netd.conf[CONF_REKEY_ENABLED] = 0;
	micros();
	p = peer_up(0x20, 1, 41);
	netd.now_ms += 200;
	micros();
	mmp_rr_encode(MMP_LINK, &rr, buf, sizeof(buf));
	frame_in(&home, p->cur.our_index, 1, 0, buf, sizeof(buf), REFUSE_NONE);
	ck_assert(mmp_has_srtt(link_mmp(p)));
	return p;
}

static unsigned
beats_since(unsigned n)
{
	unsigned i, beats = 0;

	for (i = n; i < nlent; i++)
		beats += lent[i % 64]->buf[lent[i % 64]->off + FRAME_BODY_OFF] ==
		    LINK_MSG_HEARTBEAT;
	return beats;
}

START_TEST(who_does_not_answer_is_asked_then_gone_round_and_heard_again)
{
	struct peer *p = reporting();
	unsigned     n;

	p->extra->beat_ms = netd.now_ms + 60000;	/* questions alone */
	link_send(p, hello, sizeof(hello));
	sealed_as(7);
	n = nlent;
	later(1900);
	ck_assert_uint_eq(beats_since(n), 0);
	later(2000);
	ck_assert_uint_ge(beats_since(n), 3);
	ck_assert(!p->mute);
	later(1300);
	ck_assert(p->mute);
	ck_assert_uint_eq(mutes, 1);
	ck_assert(p->in_mesh);
	/* Its keys stay, so one frame brings it back. */
	later(5000);
	ck_assert_uint_eq(mutes, 1);
	beat_in(&home, p->cur.our_index, 9);
	ck_assert(!p->mute);
	ck_assert_uint_eq(voices, 1);
	n = nlent;
	later(1500);
	ck_assert_uint_eq(beats_since(n), 0);
}
END_TEST

/* Was cryptod asked to begin a handshake? */
static int
asks_anew(union msg_any *m)
{
	union msg_any	next;
	enum msg_type	t;
	int		n = 0;

	while ((t = heard(&next)) != MSG_NONE)
		if (t == MSG_IK_START) {
			*m = next;
			n++;
		}
	return n;
}

/* Its message 2 comes from a process of that epoch. */
static void
answers_when_asked_anew(uint8_t epoch, uint32_t session)
{
	struct msg_ik_msg1	m1 = { .hs = 88 };
	union msg_any		m;

	ck_assert_int_eq(asks_anew(&m), 1);
	m1.req = m.ik_start.req;
	on_ik_msg1(&netd.cryptod, &m1, NULL);
	msg2_in(&home, get_le32(sent[(nsent - 1) % 64] + 4), session, epoch);
}

static void
falls_silent(struct peer *p)
{
	union msg_any m;

	link_send(p, hello, sizeof(hello));
	sealed_as(p->cur.sent);
	later(4900);
	ck_assert_int_eq(asks_anew(&m), 0);
	later(500);
	ck_assert(p->mute);
}

/* It cannot read us any more, and does not know where we are. */
START_TEST(a_mute_peer_that_began_anew_is_back_with_one_handshake)
{
	struct peer *p = reporting();

	p->outbound = 1;
	falls_silent(p);
	answers_when_asked_anew(2, 502);
	ck_assert_ptr_nonnull(p = peer_find(addr_of(0x20)));
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->epoch[0], 2);
	ck_assert_uint_eq(p->k_bit, 0);		/* as its new link to us begins */
	ck_assert(!p->mute);
}
END_TEST

START_TEST(a_poor_link_costs_no_handshake_each_time_it_falls_silent)
{
	struct peer	*p = reporting();
	union msg_any	 m;

	p->outbound = 1;
	falls_silent(p);
	answers_when_asked_anew(1, 502);
	ck_assert_uint_eq(p->k_bit, 1);
	ck_assert_uint_eq(voice_k_bit, 1);
	ck_assert(!p->mute);
	falls_silent(p);
	later(5000);
	ck_assert_int_eq(asks_anew(&m), 0);
	beat_in(&home, p->cur.our_index, 9);
	later_alive(p, 20000);
	falls_silent(p);
	answers_when_asked_anew(1, 503);
	ck_assert_uint_eq(p->cur.session, 503);
}
END_TEST

/* It would be back by itself; and may have lost nothing but its answers. */
START_TEST(a_mute_peer_that_dialled_us_is_not_asked_for_new_keys)
{
	struct peer	*p = reporting();
	union msg_any	 m;

	falls_silent(p);
	later(10000);
	ck_assert_int_eq(asks_anew(&m), 0);
	beat_in(&home, p->cur.our_index, 9);
	ck_assert(!p->mute);
}
END_TEST

START_TEST(any_frame_is_an_answer)
{
	struct peer *p = reporting();
	unsigned     i;

	for (i = 0; i < 20; i++) {
		link_send(p, hello, sizeof(hello));
		sealed_as(7 + i);
		later(4500);
		beat_in(&home, p->cur.our_index, 9 + i);
	}
	ck_assert_uint_eq(mutes, 0);
}
END_TEST

START_TEST(heartbeats_of_all_peers_fall_together_and_are_never_late)
{
	struct peer *p[3];
	uint64_t every_ms, was_ms[3];
	unsigned i, n, round;

	set_up();
	every_ms = netd.conf[CONF_NODE_HEARTBEAT] * 1000;
	for (i = 0; i < 3; i++) {
		p[i] = peer_up((uint8_t)(0x20 + 0x10 * i), (uint8_t)(1 + i), 41 + i);
		link_beat(p[i]);
		was_ms[i] = netd.now_ms;
		ck_assert_uint_le(p[i]->extra->beat_ms, was_ms[i] + every_ms);
		ck_assert_uint_gt(p[i]->extra->beat_ms,
		    was_ms[i] + every_ms * 3 / 4);
		netd.now_ms += 70;
	}
	ck_assert_uint_eq(p[0]->extra->beat_ms, p[2]->extra->beat_ms);
	for (round = 0; round < 3; round++) {
		netd.now_ms = p[0]->extra->beat_ms + round;	/* ticks are late, too */
		for (i = 0; i < 3; i++)
			p[i]->seen_ms = netd.now_ms;
		n = nlent;
		link_tick();
		ck_assert_uint_eq(beats_since(n), 3);
		ck_assert_uint_eq(p[0]->extra->beat_ms, netd.now_ms - round + every_ms);
		ck_assert_uint_eq(p[1]->extra->beat_ms, p[0]->extra->beat_ms);
	}
}
END_TEST

START_TEST(a_quiet_peer_is_asked_after_a_missed_heartbeat)
{
	struct peer *p = reporting();
	unsigned     i, n;

	for (i = 0; i < 3; i++) {
		later(10500);
		beat_in(&home, p->cur.our_index, 9 + i);
	}
	n = nlent;
	later(11500);
	ck_assert_uint_le(beats_since(n), 2);
	later(6500);
	ck_assert(p->mute);
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	later(13000);
	ck_assert_ptr_null(peer_find(addr_of(0x20)));
}
END_TEST

START_TEST(a_peer_that_never_reported_is_not_judged_by_its_silence)
{
	struct peer *p;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	link_send(p, hello, sizeof(hello));
	sealed_as(7);
	later(29000);
	ck_assert(!p->mute);
}
END_TEST

START_TEST(heartbeats_that_follow_closely_are_answered)
{
	struct peer *p = reporting();
	uint64_t     n;

	p->extra->reported = 5;
	p->extra->mmp.rx.news = 0;
	p->extra->mmp.rx.told = 1;
	p->extra->mmp.rx.sent_ms = netd.now_ms;
	for (n = 0; n < 3; n++) {
		netd.now_ms += 10000;
		micros();
		beat_in(&home, p->cur.our_index, 9 + n);
		ck_assert(!p->extra->mmp.rx.news);
	}
	netd.now_ms += 500;
	micros();
	beat_in(&home, p->cur.our_index, 12);
	ck_assert(p->extra->mmp.rx.news);
	link_tick();
	ck_assert_uint_eq(last_type(), LINK_MSG_RECEIVER_REPORT);
}
END_TEST

START_TEST(drops_of_the_kernel_are_congestion_for_a_second)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 41);
	netd.now_ms += 1000;
	link_tick();
	ck_assert(!link_congested(p));
	sock.stats.kernel_drops = 5;
	netd.now_ms += 1000;
	link_tick();
	ck_assert(link_congested(p));
	sock.stats.kernel_drops = 9;
	netd.now_ms += 1000;
	link_tick();
	ck_assert(link_congested(p));
	ck_assert_uint_eq(netd.congestion.drops, 1);	/* still the same event */
	netd.now_ms += 1000;
	link_tick();
	ck_assert(!link_congested(p));
	ck_assert_uint_eq(congest_tick(), LINK_NEVER);	/* nothing to come back for */
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, what_a_peer_sends_is_reported_once_and_an_answer_is_no_news);
	tcase_add_test(t, a_report_that_comes_first_is_answered_once);
	tcase_add_test(t, an_idle_link_is_measured_once_a_minute);
	tcase_add_test(t, what_a_link_costs_is_told_to_the_mesh);
	tcase_add_test(t, a_short_report_is_refused_and_one_about_old_keys_ignored);
	tcase_add_test(t, frames_carry_a_time_that_is_never_nought_and_the_spin_bit);
	tcase_add_test(t, drops_of_the_kernel_are_congestion_for_a_second);
	tcase_add_test(t, who_does_not_answer_is_asked_then_gone_round_and_heard_again);
	tcase_add_test(t, a_mute_peer_that_began_anew_is_back_with_one_handshake);
	tcase_add_test(t, a_poor_link_costs_no_handshake_each_time_it_falls_silent);
	tcase_add_test(t, a_mute_peer_that_dialled_us_is_not_asked_for_new_keys);
	tcase_add_test(t, any_frame_is_an_answer);
	tcase_add_test(t, heartbeats_of_all_peers_fall_together_and_are_never_late);
	tcase_add_test(t, a_quiet_peer_is_asked_after_a_missed_heartbeat);
	tcase_add_test(t, a_peer_that_never_reported_is_not_judged_by_its_silence);
	tcase_add_test(t, heartbeats_that_follow_closely_are_answered);
}
