/*
 * room: netd, with: session_world -- handshakes of sessions: lost, repeated,
 * forged, and begun for strangers.
 */
#include "session_world.h"

START_TEST(a_lost_setup_is_sent_again_unchanged_until_patience_ends)
{
	uint8_t copy[2048];
	unsigned i;

	packet_out(100);
	answer_msg1();
	memcpy(copy, sent, sent_len);
	for (i = 0; i < 4; i++) {
		wait_ms(1000u << i);
		ck_assert_uint_eq(nplain, i + 2);
		ck_assert_mem_eq(copy, sent, sent_len);
	}
	ck_assert_ptr_nonnull(session_find(peer.addr));
	wait_ms(16000);
	ck_assert_ptr_null(session_find(peer.addr));
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(tun[40], 1);		/* unreachable */
}
END_TEST

START_TEST(a_forged_ack_leaves_the_handshake_alive)
{
	packet_out(100);
	answer_msg1();
	shake_in(FSP_ACK, 9, peer.addr);
	ck_assert_int_eq(session_hs_no(asked.req, REFUSE_HS_AUTH), 1);
	ck_assert_int_eq(session_hs_no(asked.req, REFUSE_HS_AUTH), 0);
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 100);
}
END_TEST

START_TEST(a_lost_msg3_is_sent_again_until_a_frame_comes)
{
	unsigned n;

	established(100);
	n = nplain;
	wait_ms(1000);
	ck_assert_uint_eq(nplain, n + 1);
	phase_sent(FSP_MSG3_PHASE);
	frame_in(100, FSP_WARMUP, "", 0);
	n = nplain;
	wait_ms(30000);
	ck_assert_uint_eq(nplain, n);
}
END_TEST

/* Its own patience with us has an end, and then no Msg3 is of use any more. */
START_TEST(who_never_hears_our_msg3_hears_another_setup_in_time)
{
	uint64_t ms;

	established(100);
	ms = asks_after_ms();
	ck_assert_uint_ge(ms, 13000);
	ck_assert_uint_le(ms, 40000);
}
END_TEST

START_TEST(a_repeated_setup_gets_the_same_ack_and_no_key_operation)
{
	unsigned n;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nasked;
	nplain = 0;
	shake_in(FSP_SETUP, 5, peer.addr);
	ck_assert_uint_eq(nplain, 1);
	ck_assert_uint_eq(nasked, n);
	phase_sent(FSP_ACK);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	ck_assert_mem_eq(asked.xk_read3.addr, peer.addr, 16);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 200);
	ck_assert_uint_eq(session_find(peer.addr)->state, SESSION_ESTABLISHED);
}
END_TEST

START_TEST(a_setup_without_proof_touches_no_live_session)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	session_hs_no(asked.req, REFUSE_HS_WRONG_PEER);
	ck_assert_uint_eq(s->cur.session, 100);
	ck_assert_uint_eq(s->pend.session, 0);
	wait_ms(31000);
	ck_assert_uint_eq(s->cur.session, 100);
	ck_assert_uint_eq(s->state, SESSION_ESTABLISHED);
}
END_TEST

START_TEST(setups_are_metered_before_any_key_operation)
{
	uint8_t src[16] = { 1 };
	unsigned i;

	for (i = 0; i < 200; i++) {
		src[1] = (uint8_t)i;
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	ck_assert_uint_eq(nasked, 64);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_RATE], 136);
	netd.now_ms += 1000;
	for (i = 0; i < 50; i++) {
		src[2] = (uint8_t)(i + 1);
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	ck_assert_uint_eq(nasked, 64 + 16);
	ck_assert_uint_eq(session_count(), 0);
}
END_TEST

/* Each link keeps to its meter; but cryptod's door has room for few hundred words. */
START_TEST(setups_of_many_links_wait_for_cryptod)
{
	struct peer	link = { .handle = 100 };
	uint8_t		src[16] = { 1 };
	unsigned	i, n;

	through = &link;
	for (i = 0; i < 1000; i++) {
		link.handle += i % 50 == 0;
		src[1] = (uint8_t)i;
		src[2] = (uint8_t)(i >> 8);
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	ck_assert_uint_ge(nasked, 64);
	ck_assert_uint_le(nasked, 128);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 1000 - nasked);
	n = nasked;
	session_hs_no(asked.req, REFUSE_HS_KEY);
	shake_in(FSP_SETUP, 5, src);
	ck_assert_uint_eq(nasked, n + 1);	/* as one is answered */
}
END_TEST

START_TEST(false_acks_and_msg3s_are_metered_and_true_ones_are_not)
{
	unsigned i, n;

	packet_out(100);
	answer_msg1();
	n = nasked;
	for (i = 0; i < 200; i++) {
		shake_in(FSP_ACK, 9, peer.addr);
		session_hs_no(asked.req, REFUSE_HS_AUTH);
	}
	ck_assert_uint_eq(nasked, n + 64);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_RATE], 136);
	netd.now_ms += 1000;
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	frame_in(100, FSP_WARMUP, "", 0);
	/* Sixteen more by now, and what is true costs nothing of them. */
	for (i = 0; i < 10; i++) {
		shake_in(FSP_SETUP, (uint8_t)(10 + i), peer.addr);
		answer_msg2();
		shake_in(FSP_MSG3_PHASE, 6, peer.addr);
		answer_up(200 + i, 0xb1);
	}
	shake_in(FSP_SETUP, 30, peer.addr);
	answer_msg2();
	n = nasked;
	for (i = 0; i < 20; i++) {
		shake_in(FSP_MSG3_PHASE, 9, peer.addr);
		session_hs_no(asked.req, REFUSE_HS_AUTH);
	}
	ck_assert_uint_eq(nasked, n + 16);
}
END_TEST

START_TEST(strangers_behind_a_neighbour_leave_it_its_own_setups_and_us_our_acks)
{
	uint8_t src[16] = { 1 };
	unsigned i, n;

	packet_out(100);
	answer_msg1();
	for (i = 0; i < 200; i++) {
		src[1] = (uint8_t)i;
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	n = nasked;
	shake_in(FSP_SETUP, 5, src);
	ck_assert_uint_eq(nasked, n);
	/* Our own handshake with somebody as far away, and the neighbour's with us. */
	memset(peer.addr, 3, sizeof(peer.addr));
	shake_in(FSP_ACK, 2, session_next(NULL)->addr);
	ck_assert_uint_eq(nasked, n + 1);
	shake_in(FSP_SETUP, 6, peer.addr);
	ck_assert_uint_eq(nasked, n + 2);
}
END_TEST

/* cryptod has made the Ack to the Setup that it was asked for last. */
static void
ack_made(void)
{
	struct msg_xk_msg2 m = { .req = asked.req, .hs = 21 };

	ck_assert_int_eq(asked_type, MSG_XK_READ1);
	on_xk_msg2(NULL, &m, NULL);
}

/* Setups in names of this many nodes, by a link that pays for them. */
static void
forge_setups(struct peer *by, unsigned from, unsigned n)
{
	uint8_t		 addr[16] = { 7 };
	struct peer	*was = through;

	for (through = by; n > 0; from++, n--) {
		netd.now_ms += 63;
		addr[1] = (uint8_t)from;
		shake_in(FSP_SETUP, (uint8_t)from, addr);
		ack_made();
	}
	through = was;
}

/* Is a Msg3 of this node read? How many handshakes it may end. */
static unsigned
half_open(const uint8_t *addr)
{
	unsigned n = nasked;

	shake_in(FSP_MSG3_PHASE, 6, addr);
	return nasked - n;
}

START_TEST(who_fills_all_places_in_names_that_we_know_loses_them_to_a_newcomer)
{
	uint8_t		 addr[16] = { 7 };
	struct peer	 liar = { .handle = 9 };
	unsigned	 i;

	for (i = 0; i < 128; i++) {
		addr[1] = (uint8_t)i;
		session_add(addr, peer.pub, SESSION_EV_WANT);
	}
	forge_setups(&liar, 0, 128);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	forge_setups(&liar, 100, 100);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 0);
	ck_assert_uint_eq(half_open(peer.addr), 1);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 200);
}
END_TEST

START_TEST(few_handshakes_of_one_address_are_half_open)
{
	struct peer	 liar = { .handle = 9 };
	unsigned	 i;

	through = &liar;
	for (i = 0; i < 20; i++) {
		shake_in(FSP_SETUP, (uint8_t)(100 + i), peer.addr);
		ack_made();
	}
	ck_assert_uint_eq(half_open(peer.addr), 8);
	through = NULL;
}
END_TEST

START_TEST(setups_in_the_name_of_another_do_not_push_its_own_out)
{
	struct peer	 liar = { .handle = 9 };
	unsigned	 i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	through = &liar;
	for (i = 0; i < 20; i++) {
		shake_in(FSP_SETUP, (uint8_t)(100 + i), peer.addr);
		ack_made();
	}
	through = NULL;
	/* The Ack that the true one waits for is still to be had. */
	nplain = 0;
	shake_in(FSP_SETUP, 5, peer.addr);
	ck_assert_uint_eq(nplain, 1);
	phase_sent(FSP_ACK);
	/* Nor do they keep it out when they were first. */
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	nplain = 0;
	shake_in(FSP_SETUP, 5, peer.addr);
	shake_in(FSP_SETUP, 6, peer.addr);
	ck_assert_uint_eq(nplain, 2);
}
END_TEST

/* What cryptod is still at cannot be given up; nor does another's instead. */
START_TEST(setups_that_cryptod_is_at_push_nobody_out)
{
	struct peer	 liar = { .handle = 9 };
	unsigned	 i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	through = &liar;
	for (i = 0; i < 20; i++)
		shake_in(FSP_SETUP, (uint8_t)(100 + i), peer.addr);
	through = NULL;
	ck_assert_uint_eq(half_open(peer.addr), 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 13);
}
END_TEST

START_TEST(lost_proof_of_the_other_side_makes_us_begin)
{
	struct work *w;
	struct fsp_dgram d = { .ttl = 9 };

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	netd.now_ms += 1500;
	w = pipe_get();
	memcpy(d.src, peer.addr, 16);
	memcpy(d.dst, netd.addr, 16);
	fsp_dgram_encode(&d, w->buf + w->off + 20);
	w->len = 150;
	w->why = REFUSE_INNER_NO_SESSION;
	session_input(&peer, w, 0);
	ck_assert_int_eq(asked_type, MSG_XK_START);
}
END_TEST

/* The i-th of many nodes that we know by their keys. */
static void
known(unsigned i, uint8_t pub[33], uint8_t addr[NADDR_LEN])
{
	memset(pub, 0, 33);
	pub[0] = 2;
	memcpy(pub + 1, &i, sizeof(i));
	pub[32] = 1;
	names_learn(pub);
	names_addr(pub + 1, addr);
}

/* A Setup in its name, answered; its Msg3 never comes. */
static void
half_open_of(const uint8_t *addr)
{
	shake_in(FSP_SETUP, 5, addr);
	ack_made();
	netd.now_ms += 63;
}

START_TEST(strangers_make_us_begin_few_handshakes_and_pay_for_them)
{
	uint8_t		 pub[33], addr[NADDR_LEN];
	unsigned	 i;

	for (i = 0; i < 100; i++) {
		known(i, pub, addr);
		half_open_of(addr);
	}
	netd.now_ms += 1000;
	for (i = 0; i < 100; i++) {
		known(i, pub, addr);
		shut_in(addr, hello, sizeof(hello));
		netd.now_ms += 63;
	}
	ck_assert_uint_eq(session_count(), 64);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 36);
	/* What this machine wants has a place. */
	packet_out(100);
	ck_assert_mem_eq(asked.xk_start.pub, peer.pub, 33);
}
END_TEST

START_TEST(a_link_that_spent_its_setups_makes_us_begin_nothing)
{
	uint8_t		 src[16] = { 1 }, pub[33], addr[NADDR_LEN];
	unsigned	 i;

	known(1, pub, addr);
	half_open_of(addr);
	netd.now_ms += 10000;
	for (i = 0; i < 64; i++) {
		src[1] = (uint8_t)i;
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	shut_in(addr, hello, sizeof(hello));
	ck_assert_uint_eq(session_count(), 0);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_RATE], 1);
	netd.now_ms += 63;
	shut_in(addr, hello, sizeof(hello));
	ck_assert_uint_eq(session_count(), 1);
}
END_TEST

START_TEST(no_session_goes_for_a_handshake_that_strangers_made_us_begin)
{
	uint8_t		 pub[33], addr[NADDR_LEN];
	unsigned	 i;

	known(SESSION_MAX, pub, addr);
	half_open_of(addr);
	netd.now_ms += 1000;
	for (i = 0; i < SESSION_MAX; i++) {
		known(i, pub, addr);
		session_add(addr, pub, SESSION_EV_WANT);
	}
	known(SESSION_MAX, pub, addr);
	shut_in(addr, hello, sizeof(hello));
	ck_assert_ptr_null(session_find(addr));
	ck_assert_uint_eq(session_count(), SESSION_MAX);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 1);
}
END_TEST

/* One more session than there are places, by identities that nobody knew. */
static void
crowd(unsigned first)
{
	uint8_t		 pub[33], addr[NADDR_LEN];
	unsigned	 i;

	for (i = first; i < first + SESSION_MAX; i++) {
		known(i, pub, addr);
		session_add(addr, pub, SESSION_EV_WANT);
	}
	ck_assert_uint_eq(session_count(), SESSION_MAX);
}

START_TEST(fresh_identities_push_out_each_other_and_not_what_we_use)
{
	struct session	*s = established(100), *served;
	uint8_t		 pub[33], addr[NADDR_LEN];

	known(9999, pub, addr);
	served = session_add(addr, pub, SESSION_EV_WANT);
	served->extra->use = USE_ANSWERED;
	netd.now_ms += 60000;
	crowd(1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 100);
	ck_assert_ptr_nonnull(session_find(addr));
	/* All but the first use us by now: the one whose data is oldest goes. */
	while ((s = session_next(s)) != NULL)
		s->extra->use = USE_ANSWERED;
	crowd(2000);
	ck_assert_ptr_null(session_find(addr));
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 100);
}
END_TEST

START_TEST(it_counts_who_spoke_first)
{
	struct session *s;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	s = session_find(peer.addr);
	ck_assert_uint_eq(s->extra->use, USE_NONE);
	data_in(200);
	packet_out(100);
	ck_assert_uint_eq(s->extra->use, USE_ANSWERED);
	session_del(s);
	s = established(100);
	data_in(100);
	packet_out(100);
	ck_assert_uint_eq(s->extra->use, USE_ASKED);
}
END_TEST

/* After a silence our handshake beside the keys in use ends; then we have data. */
static void
renew_and_talk(struct session *s)
{
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(1000);
	if (peer.up_ms != 0)
		peer.up_ms = netd.now_ms;
	wait_ms(2000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	answer_msg3(101, 0xb1);
	ntype[FSP_PACKET] = 0;
	packet_out(100);
}

START_TEST(data_waits_for_no_keys_while_a_link_lasts)
{
	peer.up_ms = 0;
	renew_and_talk(established(100));
	ck_assert_uint_eq(ntype[FSP_PACKET], 1);
	ck_assert_uint_eq(last.session_key, 100);
}
END_TEST

/* v0.4.1 forgets a session with its link, and opens nothing under its keys. */
START_TEST(data_waits_for_our_keys_where_the_link_is_newer_than_what_was_heard)
{
	/* Who has only knocked says nothing. */
	peer.up_ms = 1;
	peer.cur.proven = 0;
	renew_and_talk(established(100));
	ck_assert_uint_eq(ntype[FSP_PACKET], 1);
	session_del(session_find(peer.addr));
	peer.cur.proven = 1;
	renew_and_talk(established(100));
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(ntype[FSP_PACKET], 0);
	ck_assert_uint_eq(last.session_key, 101);	/* the question */
	frame_in(101, FSP_PATH_MTU, "\x64\x05", 2);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], 1);
	ck_assert_uint_eq(last.session_key, 101);
}
END_TEST

/* The Ack finds no way back: whoever brought the Setup did nothing wrong. */
START_TEST(what_we_cannot_send_is_no_datagram_refused)
{
	struct msg_xk_msg2	m = { .hs = 21 };
	uint8_t			src[16] = { 1 };

	shake_in(FSP_SETUP, 5, src);
	m.req = asked.req;
	on_xk_msg2(NULL, &m, NULL);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 1);
	shake_in(FSP_SETUP, 5, src);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 2);
	ck_assert_uint_eq(netd.refusals, 0);
	shake_in(FSP_ACK, 6, src);		/* to nothing */
	ck_assert_uint_eq(netd.refusals, 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_lost_setup_is_sent_again_unchanged_until_patience_ends);
	tcase_add_test(t, a_forged_ack_leaves_the_handshake_alive);
	tcase_add_test(t, a_lost_msg3_is_sent_again_until_a_frame_comes);
	tcase_add_test(t, who_never_hears_our_msg3_hears_another_setup_in_time);
	tcase_add_test(t, a_repeated_setup_gets_the_same_ack_and_no_key_operation);
	tcase_add_test(t, a_setup_without_proof_touches_no_live_session);
	tcase_add_test(t, setups_are_metered_before_any_key_operation);
	tcase_add_test(t, setups_of_many_links_wait_for_cryptod);
	tcase_add_test(t, false_acks_and_msg3s_are_metered_and_true_ones_are_not);
	tcase_add_test(t, strangers_behind_a_neighbour_leave_it_its_own_setups_and_us_our_acks);
	tcase_add_test(t, who_fills_all_places_in_names_that_we_know_loses_them_to_a_newcomer);
	tcase_add_test(t, few_handshakes_of_one_address_are_half_open);
	tcase_add_test(t, setups_in_the_name_of_another_do_not_push_its_own_out);
	tcase_add_test(t, setups_that_cryptod_is_at_push_nobody_out);
	tcase_add_test(t, lost_proof_of_the_other_side_makes_us_begin);
	tcase_add_test(t, strangers_make_us_begin_few_handshakes_and_pay_for_them);
	tcase_add_test(t, a_link_that_spent_its_setups_makes_us_begin_nothing);
	tcase_add_test(t, no_session_goes_for_a_handshake_that_strangers_made_us_begin);
	tcase_add_test(t, fresh_identities_push_out_each_other_and_not_what_we_use);
	tcase_add_test(t, it_counts_who_spoke_first);
	tcase_add_test(t, data_waits_for_no_keys_while_a_link_lasts);
	tcase_add_test(t, data_waits_for_our_keys_where_the_link_is_newer_than_what_was_heard);
	tcase_add_test(t, what_we_cannot_send_is_no_datagram_refused);
}
