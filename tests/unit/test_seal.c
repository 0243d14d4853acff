/*
 * room: cryptod, with: seal_world -- what is sealed opens, and whatever was
 * touched does not.
 */
#include "seal_world.h"

START_TEST(what_one_seals_the_other_opens)
{
	uint32_t l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	uint32_t rl = link_to(&link_ba, a_pub), rs = inner_to(&inner_ba, a_pub);
	struct ring_desc d, o;
	uint16_t n;

	for (n = 0; n < 12; n++) {
		d = frame(l, s, n, "the quick brown fox");
		o = ask(d, a_addr);
		ck_assert_int_eq(o.status, RING_DONE);
		ck_assert_uint_eq(o.len, d.len + 32);
		ck_assert_uint_eq(o.aux, 77);
		/* counters are cryptod's, whatever netd wrote there */
		ck_assert_uint_eq(get_le64(ring_slot(&netd, 0) + 64 + 8), n);
		o = opening(&o, rl);
		o = ask(o, b_addr);
		ck_assert_int_eq(o.status, RING_DONE_INNER);
		ck_assert_uint_eq(o.session, rs);
		ck_assert_uint_eq(o.inner, 56);
		ck_assert_uint_eq(o.body, d.body);
		ck_assert_uint_eq(o.len, d.len);
		ck_assert_uint_eq(get_le64(ring_slot(&netd, 0) + 64 + 56 + 4), n);
		ck_assert_mem_eq(ring_slot(&netd, 0) + 64 + o.body,
		    "the quick brown fox", 19);
	}
}
END_TEST

START_TEST(a_datagram_for_another_node_is_opened_once)
{
	uint32_t l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	uint32_t rl = link_to(&link_ba, a_pub);
	struct ring_desc d = frame(l, s, 0, "transit"), o = ask(d, a_addr);

	o = opening(&o, rl);
	o = ask(o, a_addr);		/* served as a node that is not its dst */
	ck_assert_int_eq(o.status, RING_DONE);
	ck_assert_uint_eq(o.len, d.len + 16);
	ck_assert_uint_eq(o.session, 0);
}
END_TEST

START_TEST(a_link_message_is_sealed_and_opened_alone)
{
	uint32_t l = link_to(&link_ab, b_pub), rl = link_to(&link_ba, a_pub);
	struct ring_desc d = { .op = RING_SEAL_LINK, .slot = 3, .link = l,
	    .len = 21 };
	uint8_t *f = ring_slot(&netd, 3);

	memset(f, 0, 16);
	memcpy(f + 16, "\1\2\3\4\x51", 5);
	d = ask(d, a_addr);
	ck_assert_int_eq(d.status, RING_DONE);
	ck_assert_uint_eq(d.len, 37);
	d = opening(&d, rl);
	d = ask(d, b_addr);
	ck_assert_int_eq(d.status, RING_DONE);
	ck_assert_uint_eq(d.len, 21);
	ck_assert_mem_eq(f + 16, "\1\2\3\4\x51", 5);
}
END_TEST

START_TEST(handles_of_the_wrong_kind_seal_nothing)
{
	uint32_t l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	struct ring_desc d;
	uint32_t bad[][2] = { { s, s }, { l, l }, { s, l }, { l, 0 }, { 0, s },
	    { l ^ 0x10000, s }, { l, s ^ 0x10000 }, { l, UINT32_MAX } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		d = ask(frame(bad[i][0], bad[i][1], 0, "x"), a_addr);
		ck_assert_int_eq(refused(&d), REFUSE_SESSION_HANDLE);
	}
	/* and no counter was spent on them */
	ck_assert_uint_eq(session_find(l, SESSION_LINK)->sent, 0);
	ck_assert_uint_eq(session_find(s, SESSION_INNER)->sent, 0);
	d = opening(&d, s);
	d = ask(d, b_addr);
	ck_assert_int_eq(refused(&d), REFUSE_SESSION_HANDLE);
}
END_TEST

START_TEST(counters_never_repeat)
{
	uint32_t l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	uint64_t i, c;
	struct ring_desc d;

	for (i = 0; i < 3000; i++) {
		d = ask(frame(l, s, 0, "same text"), a_addr);
		ck_assert_int_eq(d.status, RING_DONE);
		c = get_le64(ring_slot(&netd, 0) + 64 + 8);
		ck_assert_uint_eq(c, i);
	}
	ck_assert_uint_eq(session_find(s, SESSION_INNER)->sent, 3000);
}
END_TEST

START_TEST(a_worn_key_seals_no_more)
{
	uint32_t l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	struct ring_desc d;

	session_find(s, SESSION_INNER)->sent = UINT64_MAX - 2;
	d = ask(frame(l, s, 0, "last"), a_addr);
	ck_assert_int_eq(d.status, RING_DONE);
	d = ask(frame(l, s, 0, "one more"), a_addr);
	ck_assert_int_eq(refused(&d), REFUSE_SESSION_WORN);
	ck_assert_uint_eq(session_find(l, SESSION_LINK)->sent, 1);
	session_find(l, SESSION_LINK)->sent = UINT64_MAX;
	d.op = RING_SEAL_LINK;
	d = ask(d, a_addr);
	ck_assert_int_eq(refused(&d), REFUSE_SESSION_WORN);
}
END_TEST

START_TEST(each_spoiled_byte_is_noticed)
{
	uint8_t	 copy[SIZE];
	struct ring_desc d = sealed_copy(copy, 2), o;
	uint32_t rl = link_to(&link_ba, a_pub), i;

	inner_to(&inner_ba, a_pub);
	for (i = 0; i < d.len; i++) {
		memcpy(ring_slot(&netd, 0), copy, SIZE);
		ring_slot(&netd, 0)[d.off + i] ^= 0x40;
		o = ask(opening(&d, rl), b_addr);
		ck_assert_int_eq(refused(&o), REFUSE_LINK_AUTH);
	}
	memcpy(ring_slot(&netd, 0), copy, SIZE);
	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(o.status, RING_DONE_INNER);
}
END_TEST

START_TEST(a_frame_cut_anywhere_does_not_open)
{
	uint8_t	 copy[SIZE];
	struct ring_desc d = sealed_copy(copy, 1), o;
	uint32_t rl = link_to(&link_ba, a_pub), len;

	for (len = 32; len < d.len; len++) {
		memcpy(ring_slot(&netd, 0), copy, SIZE);
		o = opening(&d, rl);
		o.len = len;
		o = ask(o, b_addr);
		ck_assert_int_eq(refused(&o), REFUSE_LINK_AUTH);
	}
	memcpy(ring_slot(&netd, 0), copy, SIZE);
	o = opening(&d, rl);
	o.len++;
	o = ask(o, b_addr);
	ck_assert_int_eq(refused(&o), REFUSE_LINK_AUTH);
}
END_TEST

START_TEST(a_frame_seen_before_is_refused_at_its_layer)
{
	uint8_t	 copy[SIZE];
	struct ring_desc d = sealed_copy(copy, 0), o;
	uint32_t rl = link_to(&link_ba, a_pub);
	uint32_t rs = inner_to(&inner_ba, a_pub);

	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(o.status, RING_DONE_INNER);
	memcpy(ring_slot(&netd, 0), copy, SIZE);
	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(refused(&o), REFUSE_LINK_REPLAY);
	/* The same session frame again under a fresh link frame. */
	memset(&session_find(rl, SESSION_LINK)->window, 0, sizeof(struct replay));
	memcpy(ring_slot(&netd, 0), copy, SIZE);
	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(refused(&o), REFUSE_INNER_REPLAY);
	ck_assert_uint_eq(o.len, d.len - 16);
	(void)rs;
}
END_TEST

START_TEST(a_forged_frame_moves_no_window)
{
	uint8_t	 copy[SIZE];
	struct ring_desc d = sealed_copy(copy, 0), o;
	uint32_t rl = link_to(&link_ba, a_pub);
	const struct session *s = session_find(rl, SESSION_LINK);

	put_le64(ring_slot(&netd, 0) + d.off + 8, UINT64_C(1) << 50);
	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(refused(&o), REFUSE_LINK_AUTH);
	ck_assert_uint_eq(s->window.highest, 0);
	put_le64(ring_slot(&netd, 0) + d.off + 8, UINT64_MAX);
	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(refused(&o), REFUSE_LINK_REPLAY);
}
END_TEST

START_TEST(without_a_session_the_link_still_opens)
{
	uint8_t	 copy[SIZE];
	struct ring_desc d = sealed_copy(copy, 0), o;
	uint32_t rl = link_to(&link_ba, a_pub);

	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(refused(&o), REFUSE_INNER_NO_SESSION);
	ck_assert_uint_eq(o.len, d.len - 16);
	ck_assert_mem_eq(ring_slot(&netd, 0) + d.off + 24, a_addr, 16);
}
END_TEST

static struct ring_desc
opening_inner(const struct ring_desc *opened)
{
	struct ring_desc d = *opened;

	d.op = RING_OPEN_INNER;
	d.link = d.session = 0;
	return d;
}

START_TEST(a_session_that_comes_later_opens_what_waited)
{
	uint8_t	 copy[SIZE];
	struct ring_desc d = sealed_copy(copy, 0), o, late;
	uint32_t rl = link_to(&link_ba, a_pub), rs;
	uint8_t	 shut[SIZE];

	o = ask(opening(&d, rl), b_addr);
	ck_assert_int_eq(refused(&o), REFUSE_INNER_NO_SESSION);
	late = ask(opening_inner(&o), b_addr);
	ck_assert_int_eq(refused(&late), REFUSE_INNER_NO_SESSION);
	memcpy(shut, ring_slot(&netd, 0), SIZE);
	rs = inner_to(&inner_ba, a_pub);
	late = ask(opening_inner(&o), b_addr);
	ck_assert_int_eq(late.status, RING_DONE_INNER);
	ck_assert_uint_eq(late.session, rs);
	ck_assert_uint_eq(late.inner, 56);
	ck_assert_uint_eq(late.len, o.len - 16);
	/* Not twice, not changed, not for another node. */
	memcpy(ring_slot(&netd, 0), shut, SIZE);
	late = ask(opening_inner(&o), b_addr);
	ck_assert_int_eq(refused(&late), REFUSE_INNER_REPLAY);
	memset(&session_find(rs, SESSION_INNER)->window, 0, sizeof(struct replay));
	ring_slot(&netd, 0)[o.off + o.len - 1] ^= 1;
	late = ask(opening_inner(&o), b_addr);
	ck_assert_int_eq(refused(&late), REFUSE_INNER_AUTH);
	memcpy(ring_slot(&netd, 0), shut, SIZE);
	late = ask(opening_inner(&o), a_addr);
	ck_assert_int_eq(refused(&late), REFUSE_INNER_AUTH);
	for (late = o; late.len > 16; late.len--) {
		d = opening_inner(&late);
		d.len--;
		d = ask(d, b_addr);
		ck_assert_int_eq(refused(&d), REFUSE_INNER_AUTH);
	}
}
END_TEST

/* Seal text of a datagram from A to B by the link alone: inner bytes as given. */
static struct ring_desc
raw_datagram(uint32_t link, const uint8_t *fsp, uint32_t len)
{
	struct ring_desc d = { .op = RING_SEAL_LINK, .link = link,
	    .len = 56 + len };
	uint8_t *f = ring_slot(&netd, 0);

	memset(f, 0, 56);
	memcpy(f + 24, a_addr, 16);
	memcpy(f + 40, b_addr, 16);
	memcpy(f + 56, fsp, len);
	d = ask(d, a_addr);
	ck_assert_int_eq(d.status, RING_DONE);
	return d;
}

START_TEST(a_session_frame_cut_anywhere_is_told_from_a_link_message)
{
	uint32_t l = link_to(&link_ab, b_pub), rl = link_to(&link_ba, a_pub);
	uint8_t	 fsp[12 + 2 * 18 + 30] = { 0, 1, 14 };
	struct ring_desc d;
	uint32_t len;
	uint16_t n;

	inner_to(&inner_ba, a_pub);
	put_le16(fsp + 12, 1);
	put_le16(fsp + 30, 1);
	for (len = 0; len <= sizeof(fsp); len++) {
		d = raw_datagram(l, fsp, len);
		d = ask(opening(&d, rl), b_addr);
		if (len < 4)
			ck_assert_int_eq(d.status, RING_DONE);
		else
			ck_assert_int_eq(refused(&d), REFUSE_INNER_AUTH);
	}
	/* Counts of coordinates that reach anywhere. */
	for (n = 0; n < UINT16_MAX - 7; n += 7) {
		put_le16(fsp + 12, n);
		d = raw_datagram(l, fsp, sizeof(fsp));
		d = ask(opening(&d, rl), b_addr);
		ck_assert_int_eq(refused(&d), REFUSE_INNER_AUTH);
	}
}
END_TEST

START_TEST(handshakes_and_errors_in_a_datagram_are_left_to_netd)
{
	uint32_t l = link_to(&link_ab, b_pub), rl = link_to(&link_ba, a_pub);
	uint8_t	 head[][2] = { { 1, 0 }, { 2, 0 }, { 3, 0 }, { 0, 4 }, { 0x10, 0 } };
	uint8_t	 fsp[40] = { 0 };
	struct ring_desc d;
	size_t	 i;

	for (i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		memcpy(fsp, head[i], 2);
		d = raw_datagram(l, fsp, sizeof(fsp));
		d = ask(opening(&d, rl), b_addr);
		ck_assert_int_eq(d.status, RING_DONE);
	}
}
END_TEST

START_TEST(any_of_four_keys_opens_and_the_lucky_one_moves_up)
{
	uint32_t l = link_to(&link_ab, b_pub), rl = link_to(&link_ba, a_pub);
	uint32_t s[4], rs[4];
	struct session *of[SESSION_PER_ADDR];
	struct noise_keys x, y;
	struct ring_desc d;
	int	 i, round;

	/* Each of ours has a twin; ours to B, the twin to A. */
	for (i = 0; i < 4; i++) {
		pair_of_keys(&x, &y);
		s[i] = inner_to(&x, b_pub);
		rs[i] = inner_to(&y, a_pub);
	}
	for (round = 0; round < 3; round++)
		for (i = 0; i < 4; i++) {
			d = ask(frame(l, s[i], 0, "whose?"), a_addr);
			d = ask(opening(&d, rl), b_addr);
			ck_assert_int_eq(d.status, RING_DONE_INNER);
			ck_assert_uint_eq(d.session, rs[i]);
			ck_assert_uint_eq(session_of(a_addr, of), 4);
			ck_assert_uint_eq(session_handle(of[0]), rs[i]);
		}
}
END_TEST

START_TEST(what_no_honest_netd_writes_is_told_from_a_bad_packet)
{
	uint32_t l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	struct ring_desc good = frame(l, s, 0, "x"), d;
	enum refusal why;
	int	 i;

	for (i = 0; i < 10; i++) {
		d = good;
		switch (i) {
		case 0: d.slot = SLOTS; break;
		case 1: d.op = 0; break;
		case 2: d.op = RING_OPEN_INNER + 1; break;
		case 3: d.len = SIZE; break;
		case 4: d.len = 15; break;
		case 5: d.inner = 15; break;
		case 6: d.body = d.inner + 11; break;
		case 7: d.body = (uint16_t)(d.len + 1); break;
		case 8: d.off = SIZE; break;
		case 9: d.len = UINT32_MAX - 31; break;
		}
		ck_assert_int_eq(ring_push(&netd, netd.todo, &d), 1);
		ck_assert_int_eq(seal_work(&cryptod, a_addr, &why), -1);
		ck_assert_int_eq(why, REFUSE_RING_DESC);
	}
	atomic_store(&netd.todo->head, 1u << 30);
	ck_assert_int_eq(seal_work(&cryptod, a_addr, &why), -1);
	ck_assert_int_eq(why, REFUSE_RING_INDEX);
}
END_TEST

START_TEST(urgent_requests_are_served_first)
{
	uint32_t	 l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	struct ring_desc d = frame(l, s, 0, "x");
	enum refusal	 why;
	uint32_t	 i;

	for (i = 0; i < 8; i++) {
		d.aux = d.slot = i;
		memcpy(ring_slot(&netd, i), ring_slot(&netd, 0), SIZE);
		ck_assert_int_eq(ring_push(&netd, i & 1 ? netd.urgent :
		    netd.todo, &d), 1);
	}
	ck_assert_int_eq(seal_work(&cryptod, a_addr, &why), 8);
	for (i = 0; i < 8; i++) {
		ck_assert_int_eq(ring_pop(&netd, netd.done, &d), 1);
		ck_assert_uint_eq(d.aux, i < 4 ? 2 * i + 1 : 2 * (i - 4));
	}
	d.op = 0;
	ck_assert_int_eq(ring_push(&netd, netd.urgent, &d), 1);
	ck_assert_int_eq(seal_work(&cryptod, a_addr, &why), -1);
	ck_assert_int_eq(why, REFUSE_RING_DESC);
	atomic_store(&netd.urgent->head, 1u << 30);
	ck_assert_int_eq(seal_work(&cryptod, a_addr, &why), -1);
	ck_assert_int_eq(why, REFUSE_RING_INDEX);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, urgent_requests_are_served_first);
	tcase_add_test(t, what_one_seals_the_other_opens);
	tcase_add_test(t, a_datagram_for_another_node_is_opened_once);
	tcase_add_test(t, a_link_message_is_sealed_and_opened_alone);
	tcase_add_test(t, handles_of_the_wrong_kind_seal_nothing);
	tcase_add_test(t, counters_never_repeat);
	tcase_add_test(t, a_worn_key_seals_no_more);
	tcase_add_test(t, each_spoiled_byte_is_noticed);
	tcase_add_test(t, a_frame_cut_anywhere_does_not_open);
	tcase_add_test(t, a_frame_seen_before_is_refused_at_its_layer);
	tcase_add_test(t, a_forged_frame_moves_no_window);
	tcase_add_test(t, without_a_session_the_link_still_opens);
	tcase_add_test(t, a_session_that_comes_later_opens_what_waited);
	tcase_add_test(t, a_session_frame_cut_anywhere_is_told_from_a_link_message);
	tcase_add_test(t, handshakes_and_errors_in_a_datagram_are_left_to_netd);
	tcase_add_test(t, any_of_four_keys_opens_and_the_lucky_one_moves_up);
	tcase_add_test(t, what_no_honest_netd_writes_is_told_from_a_bad_packet);
}
