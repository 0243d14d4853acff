/*
 * room: netd, with: link_world -- keys of a link that are renewed, by us, by
 * the peer, by both.
 */
#include "../../netd/link_hs.h"
#include "link_world.h"

START_TEST(a_rekey_of_the_peer_is_held_until_proven_and_drained_after)
{
	struct peer	*p;
	uint32_t	 old;

	set_up();
	p = peer_up(0x80, 1, 501);
	old = p->cur.our_index;
	later_alive(p, 31000);
	ck_assert(inbound(&home, 2, 0x80, 1, 502));
	beat_in(&home, p->cur.our_index, 5);
	ck_assert_uint_eq(p->cur.session, 501);
	frame_in(&home, p->pend.our_index, 0, FRAME_K,
	    (const uint8_t[]){ LINK_MSG_HEARTBEAT }, 1, REFUSE_NONE);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->k_bit, 1);
	ck_assert_uint_eq(downs, 0);
	beat_in(&home, old, 6);
	ck_assert_uint_eq(netd.refused[REFUSE_FRAME_INDEX], 0);
	later_alive(p, 11000);
	beat_in(&home, old, 7);
	ck_assert_uint_eq(netd.refused[REFUSE_FRAME_INDEX], 1);
}
END_TEST

/* A rekey of ours that has gone out. */
static uint32_t
rekey_out(struct peer *p)
{
	struct msg_ik_msg1	m1 = { .hs = 88 };
	union msg_any		m;

	while (!is_quiet())
		continue;
	ck_assert_int_eq(link_rekey_now(p), 0);
	expect(MSG_IK_START, &m);
	m1.req = m.req;
	on_ik_msg1(&netd.cryptod, &m1, NULL);
	return get_le32(sent[(nsent - 1) % 64] + 4);
}

START_TEST(our_rekey_cuts_over_with_message_2)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	index = rekey_out(p);
	ck_assert_uint_eq(p->cur.session, 501);
	msg2_in(&home, index, 502, 1);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->cur.our_index, index);
	ck_assert_uint_eq(p->cur.their_index, 0x2000);
	ck_assert_uint_eq(p->k_bit, 1);
	ck_assert_uint_eq(p->prev.session, 501);
	ck_assert_uint_eq(hs_count(NULL), 0);
}
END_TEST

START_TEST(an_unanswered_rekey_frees_its_index_and_its_handshake)
{
	struct peer	*p;
	uint32_t	 index;
	union msg_any	 m;
	enum msg_type	 t;
	unsigned	 slot, before = 0, drops = 0;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	index = rekey_out(p);
	before = nsent;
	later_alive(p, 70000);
	ck_assert_uint_eq(nsent - before, 4);	/* at 1, 3, 7 and 15 s */
	ck_assert_int_eq(index_get(index, &slot), INDEX_NONE);
	while ((t = heard(&m)) != MSG_NONE)
		drops += t == MSG_HS_DROP && m.hs_drop.hs == 88;
	ck_assert_uint_eq(drops, 1);
	ck_assert_uint_eq(p->cur.session, 501);
}
END_TEST

START_TEST(when_both_rekey_the_smaller_address_goes_on)
{
	struct peer *p;

	set_up();
	p = peer_up(0x80, 1, 501);	/* we are smaller */
	later_alive(p, 31000);
	rekey_out(p);
	ck_assert(!inbound(&home, 2, 0x80, 1, 502));
	ck_assert_uint_eq(p->extra->rekey, REKEY_BUSY);
}
END_TEST

START_TEST(when_both_rekey_the_larger_address_answers)
{
	struct peer	*p;
	uint32_t	 index;
	unsigned	 slot;

	set_up();
	p = peer_up(0x20, 1, 501);	/* we are larger */
	later_alive(p, 31000);
	index = rekey_out(p);
	ck_assert(inbound(&home, 2, 0x20, 1, 502));
	ck_assert_uint_eq(p->extra->rekey, REKEY_HELD);
	ck_assert_int_eq(index_get(index, &slot), INDEX_NONE);
}
END_TEST

/* It forgot the link while it was cut off, and our rekey was out all the time. */
static struct peer *
cut_off(uint8_t node, uint32_t *index)
{
	struct peer *p;

	set_up();
	p = peer_up(node, 1, 501);
	later_alive(p, 31000);
	later(20000);
	*index = rekey_out(p);
	later(14000);
	ck_assert_ptr_eq(peer_find(addr_of(node)), p);
	return p;
}

START_TEST(a_rekey_that_is_answered_at_last_keeps_the_link)
{
	uint32_t	 index;
	struct peer	*p = cut_off(0x80, &index);

	msg2_in(&home, index, 502, 1);
	later(1000);
	ck_assert_ptr_eq(peer_find(addr_of(0x80)), p);
	ck_assert_uint_eq(p->cur.session, 502);
	later(31000);
	ck_assert_ptr_null(peer_find(addr_of(0x80)));
}
END_TEST

START_TEST(an_answer_to_who_begins_anew_keeps_the_link)
{
	uint32_t	 index;
	struct peer	*p = cut_off(0x20, &index);

	ck_assert(inbound(&home, 2, 0x20, 1, 502));
	later(1000);
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
}
END_TEST

START_TEST(message_1s_that_nobody_proves_keep_no_link)
{
	uint32_t index;
	uint8_t	 e;

	cut_off(0x20, &index);
	for (e = 2; e < 90 && peer_find(addr_of(0x20)) != NULL; e++) {
		while (!is_quiet())
			continue;
		inbound(&away, e, 0x20, 1, 500u + e);
		later(3000);
	}
	ck_assert_uint_gt(e, 10);
	ck_assert_uint_lt(e, 30);
}
END_TEST

START_TEST(who_left_our_rekey_unanswered_may_begin_anew)
{
	struct peer *p;

	set_up();
	p = peer_up(0x80, 1, 501);	/* we are smaller */
	later_alive(p, 31000);
	rekey_out(p);
	p->mute = 1;
	ck_assert(inbound(&home, 2, 0x80, 1, 502));
	ck_assert_uint_eq(p->extra->rekey, REKEY_HELD);
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert(!p->mute);
}
END_TEST

/* All that may come from its address others have used up. It began anew, and what
 * it sends is lost among theirs. */
START_TEST(a_mute_peer_whose_address_others_use_is_asked_by_us)
{
	struct msg_ik_msg1	 m1 = { .hs = 88 };
	struct peer		*p;
	union msg_any		 m;
	unsigned		 i;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	for (i = 0; i < 50; i++)
		msg1_in(&home, (uint8_t)(100 + i), i);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_RATE_PEER], 42);
	ck_assert_uint_eq(p->extra->rekey, REKEY_IDLE);
	while (!is_quiet())
		continue;
	p->mute = 1;
	for (i = 0; i < 50; i++)
		msg1_in(&home, (uint8_t)(150 + i), i);
	expect(MSG_IK_START, &m);
	ck_assert(is_quiet());
	m1.req = m.ik_start.req;
	on_ik_msg1(&netd.cryptod, &m1, NULL);
	msg2_in(&home, get_le32(sent[(nsent - 1) % 64] + 4), 502, 2);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->epoch[0], 2);
	/* That was an answer. */
	ck_assert(!p->mute);
	msg1_in(&home, 250, 1);
	ck_assert_uint_eq(p->extra->rekey, REKEY_IDLE);
}
END_TEST

START_TEST(keys_that_are_old_or_used_are_renewed)
{
	struct peer	*p;
	union msg_any	 m;

	set_up();
	p = peer_up(0x20, 1, 501);
	while (!is_quiet())
		continue;
	later_alive(p, 104000);
	ck_assert(is_quiet());
	later_alive(p, 32000);
	expect(MSG_IK_START, &m);
}
END_TEST

/* What a session sent before came there ahead of the keys, and costs a second. */
START_TEST(sessions_hear_again_when_keys_are_proven_or_swapped)
{
	uint32_t index;

	set_up();
	index = dial_out(0x80);
	ck_assert(inbound(&home, 1, 0x80, 1, 501));
	ck_assert_uint_eq(ups, 0);
	beat_in(&home, peer_find(addr_of(0x80))->cur.our_index, 0);
	ck_assert_uint_eq(ups, 1);
	msg2_in(&home, index, 502, 1);
	ck_assert_uint_eq(ups, 2);
}
END_TEST

/* Other people's suites look for this line, and want none of it. */
START_TEST(a_rekey_that_fails_at_message_2_says_so)
{
	uint8_t		noise[FRAME_NOISE2_LEN] = { 1 }, frame[FRAME_MSG2_LEN];
	char		text[4096];
	struct peer    *p;
	union msg_any	m;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	frame_msg2(frame, 1, rekey_out(p), noise);
	wire_in(&home, frame, sizeof(frame));
	expect(MSG_IK_READ2, &m);
	listen_in();
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_AUTH), 1);
	listen_end(text);
	ck_assert_ptr_nonnull(strstr(text, "\"WARN\""));
	ck_assert_ptr_nonnull(strstr(text, "\"fips::node::handlers::handshake\""));
	ck_assert_ptr_nonnull(strstr(text, "Rekey msg2 processing failed"));
	ck_assert_uint_eq(p->cur.session, 501);
}
END_TEST

/* It began anew elsewhere: what is said at once goes there, not where it was. */
START_TEST(who_proves_new_keys_is_spoken_to_where_it_is)
{
	struct peer	*p;
	unsigned	 i;

	set_up();
	p = peer_up(0x80, 1, 501);
	later_alive(p, 6000);
	ck_assert(inbound(&away, 2, 0x80, 2, 502));
	nlent = 0;
	beat_in(&away, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_gt(nlent, 1);
	for (i = 1; i < nlent; i++)
		ck_assert_mem_eq(&lent[i]->ep, &away, sizeof(away));
	ck_assert_mem_eq(&met_at, &away, sizeof(away));
}
END_TEST

/* A replay of a former run had made the peer before. */
START_TEST(a_dial_is_over_too_when_another_run_proves_itself)
{
	struct peer *p;

	set_up();
	ck_assert(inbound(&away, 1, 0x20, 1, 501));
	p = peer_find(addr_of(0x20));
	dial_out(0x20);
	later(3000);
	ck_assert(inbound(&home, 2, 0x20, 2, 502));
	ck_assert(hs_is_dialling(addr_of(0x20)));
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->epoch[0], 2);
	ck_assert_uint_eq(ups, 1);
	ck_assert(!hs_is_dialling(addr_of(0x20)));
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_rekey_of_the_peer_is_held_until_proven_and_drained_after);
	tcase_add_test(t, our_rekey_cuts_over_with_message_2);
	tcase_add_test(t, an_unanswered_rekey_frees_its_index_and_its_handshake);
	tcase_add_test(t, when_both_rekey_the_smaller_address_goes_on);
	tcase_add_test(t, when_both_rekey_the_larger_address_answers);
	tcase_add_test(t, a_rekey_that_is_answered_at_last_keeps_the_link);
	tcase_add_test(t, an_answer_to_who_begins_anew_keeps_the_link);
	tcase_add_test(t, message_1s_that_nobody_proves_keep_no_link);
	tcase_add_test(t, who_left_our_rekey_unanswered_may_begin_anew);
	tcase_add_test(t, a_mute_peer_whose_address_others_use_is_asked_by_us);
	tcase_add_test(t, who_proves_new_keys_is_spoken_to_where_it_is);
	tcase_add_test(t, a_dial_is_over_too_when_another_run_proves_itself);
	tcase_add_test(t, keys_that_are_old_or_used_are_renewed);
	tcase_add_test(t, sessions_hear_again_when_keys_are_proven_or_swapped);
	tcase_add_test(t, a_rekey_that_fails_at_message_2_says_so);
}
