/*
 * room: netd, with: session_world -- transit, and the ways to a node: looked
 * for, broken, narrow.
 */
#include "session_world.h"

START_TEST(transit_counts_hops_and_complains_seldom)
{
	uint8_t src[16] = { 3 }, nowhere[16] = { 4 }, data[64] = { 0 };
	struct peer from = { .handle = 9 };
	struct work *w;
	struct fsp_dgram d;
	int ttl;

	for (ttl = 0; ttl < 3; ttl++) {
		w = pipe_get();
		d = (struct fsp_dgram){ .ttl = (uint8_t)ttl, .path_mtu = 9000 };
		memcpy(d.src, src, 16);
		memcpy(d.dst, peer.addr, 16);
		fsp_dgram_encode(&d, w->buf + w->off + 20);
		w->len = 100;
		session_input(&from, w, 0);
	}
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_TTL], 2);
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(last.op, RING_SEAL_LINK);
	ck_assert_uint_eq(frame[21], 1);
	ck_assert_uint_eq(get_le16(frame + 22), 1380);
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 2);
	ck_assert_uint_eq(nplain, 1);
	ck_assert_uint_eq(sent[FSP_DGRAM + 4], FSP_COORDS_REQUIRED);
	data[1] = FSP_U;
	netd.now_ms += 1000;
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 1);
}
END_TEST

/* At the next node it would count as ours. */
START_TEST(what_is_in_our_name_and_not_from_us_goes_no_further)
{
	uint8_t src[16] = { 3 }, data[64] = { 0 };
	struct peer from = { .handle = 9 };

	through = &from;
	datagram_in(src, peer.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 1);
	datagram_in(netd.addr, peer.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_OWN], 1);
	/* Nor is it for us. */
	datagram_in(netd.addr, netd.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_UNEXPECTED], 1);
	ck_assert_uint_eq(slots_out(), 0);
}
END_TEST

START_TEST(what_nobody_answers_is_passed_on_within_a_budget)
{
	uint8_t src[16] = { 3 }, data[64] = { 0 };
	struct peer from = { .handle = 9 }, other = { .handle = 8 };

	may_pass = 0;
	through = &from;
	datagram_in(src, peer.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_ONEWAY], 1);
	ck_assert_uint_eq(nframe, 0);
	/* An answer came by another link: the two talk. */
	may_pass = 1;
	through = &other;
	also = src;
	datagram_in(peer.addr, src, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 1);
	may_pass = 0;
	through = &from;
	datagram_in(src, peer.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 2);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_ONEWAY], 1);
	may_pass = 1;
	ck_assert_uint_eq(slots_out(), 0);
}
END_TEST

START_TEST(a_node_without_a_way_is_looked_for_and_found)
{
	struct fsp_shake h;

	has_link = 0;
	far_place.n = 0;
	packet_out(100);
	give_msg1();
	ck_assert_uint_eq(nplain, 0);
	ck_assert_uint_eq(nseek, 1);
	ck_assert_mem_eq(sought, peer.addr, 16);
	/* The Setup that goes out then tells where it goes. */
	has_link = 1;
	far_place.n = 2;
	mtu = 1472;
	told_mtu = 1400;
	session_found(peer.addr);
	ck_assert_uint_eq(nplain, 1);
	ck_assert_int_eq(fsp_shake_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &h), 0);
	ck_assert_uint_eq(h.dst.count, 2);
	ck_assert_mem_eq(h.dst.addr, peer.addr, 16);
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 1400 - 77);
}
END_TEST

START_TEST(a_node_that_is_not_found_is_unreachable)
{
	has_link = 0;
	packet_out(100);
	give_msg1();
	ck_assert_uint_eq(nseek, 1);
	session_lost(peer.addr);
	ck_assert_uint_eq(nforget, 1);
	ck_assert_ptr_null(session_find(peer.addr));
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(tun[40], 1);
	session_lost(peer.addr);		/* of no interest any more */
	session_found(peer.addr);
}
END_TEST

START_TEST(who_does_not_answer_hears_again_where_we_are)
{
	struct session *s = established(100);

	while (s->warmup > 0)
		packet_out(100);
	frame_in(100, FSP_WARMUP, "", 0);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	wait_ms(1999);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	wait_ms(1);
	packet_out(100);
	ck_assert_uint_eq(frame[57], FSP_CP);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(5000);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	ck_assert_uint_eq(nseek, 0);
	/* One that is no neighbour may stand elsewhere, and who noticed that may
	 * know no way back to us. */
	is_beyond = 1;
	wait_ms(2000);
	packet_out(100);
	ck_assert_uint_eq(frame[57], FSP_CP);
	ck_assert_uint_eq(nseek, 1);
	packet_out(100);
	ck_assert_uint_eq(nseek, 1);
	/* Nor is one that only knocked. */
	is_beyond = 0;
	peer.cur.proven = 0;
	wait_ms(2000);
	packet_out(100);
	ck_assert_uint_eq(nseek, 2);
}
END_TEST

/* Ours stays, for we are the smaller; so it has to get there. */
START_TEST(a_setup_that_found_no_way_goes_when_theirs_shows_one)
{
	has_link = 0;
	packet_out(100);
	give_msg1();
	wait_ms(8000);
	ck_assert_uint_eq(nphase[FSP_SETUP], 0);
	has_link = 1;
	shake_in(FSP_SETUP, 5, peer.addr);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_UNEXPECTED], 1);
	ck_assert_uint_eq(nphase[FSP_SETUP], 1);
	shake_in(FSP_SETUP, 6, peer.addr);
	ck_assert_uint_eq(nphase[FSP_SETUP], 1);
}
END_TEST

/* Somebody who sends one packet in two seconds has five that tell places for long. */
START_TEST(who_does_not_answer_is_looked_for_while_packets_tell_places)
{
	struct session *s = established(100);

	is_beyond = 1;
	s->warmup = 5;
	packet_out(100);
	wait_ms(2000);
	packet_out(100);
	ck_assert_uint_eq(nseek, 1);
	ck_assert_uint_eq(s->warmup, 3);
}
END_TEST

/* A frame of the far node that says where it stands. */
static void
tells_place(const struct coords *at)
{
	struct work	*w = frame_of(peer.addr, FSP_WARMUP, "", 0);
	uint8_t		*f = w->buf + w->off;
	size_t		 n = 4 + (size_t)at->n * NADDR_LEN;

	opens_with(w, 100);
	w->peer = peer.handle;
	f[57] |= FSP_CP;
	memmove(f + 68 + n, f + 68, FSP_INNER);
	put_le16(f + 68, at->n);
	memcpy(f + 70, at->addr, n - 4);
	put_le16(f + 66 + n, 0);
	w->body = (uint16_t)(w->body + n);
	w->len += (uint32_t)n;
	session_input(&peer, w, 0);
}

/* What we told nodes on the way of its old place leads our answers astray. */
START_TEST(who_says_that_it_moved_hears_answers_that_tell_it_on)
{
	struct coords at = { .n = 2 };
	struct session *s = established(100);

	believes = 1;
	memcpy(at.addr[0], peer.addr, NADDR_LEN);
	memset(at.addr[1], 1, NADDR_LEN);
	s->warmup = 0;
	tells_place(&at);
	ck_assert(coords_equal(&far_place, &at));
	packet_out(100);
	ck_assert_uint_eq(frame[57], FSP_CP);
	s->warmup = 0;
	tells_place(&at);		/* no news */
	ck_assert_uint_eq(s->warmup, 0);
}
END_TEST

START_TEST(packets_of_a_session_wait_while_its_node_is_looked_for)
{
	struct session *s = established(100);
	unsigned was = nframe;

	has_link = 0;
	packet_out(100);
	ck_assert_uint_eq(nframe, was);
	ck_assert_uint_eq(nseek, 1);
	has_link = 1;
	s->warmup = 0;
	session_found(peer.addr);
	ck_assert_uint_eq(nframe, was + 1);
	ck_assert_uint_gt(s->warmup, 0);
	has_link = 0;
	packet_out(100);
	session_lost(peer.addr);
	ck_assert_ptr_nonnull(session_find(peer.addr));
	ck_assert_uint_eq(tun[40], 1);
}
END_TEST

/* A neighbour that was mute for a moment answers, and nobody finds or loses it. */
START_TEST(what_waited_for_a_way_goes_before_what_comes_when_there_is_one)
{
	struct session *s = established(100);
	unsigned was;
	uint32_t len;

	while (s->warmup > 0)
		packet_out(100);
	packet_out(100);
	len = last.len;
	was = nframe;
	has_link = 0;
	packet_out(100);
	packet_out(100);
	ck_assert_uint_eq(nframe, was);
	has_link = 1;
	packet_out(200);
	ck_assert_uint_eq(nframe, was + 3);
	ck_assert_uint_eq(last.len, len + 100);
	/* It goes also when nothing comes. */
	has_link = 0;
	packet_out(100);
	has_link = 1;
	session_lost(peer.addr);
	session_tick();
	ck_assert_uint_eq(nframe, was + 4);
	ck_assert_uint_eq(slots_out(), 0);
}
END_TEST

START_TEST(transit_learns_places_and_stops_frames_that_cannot_be)
{
	uint8_t src[16] = { 3 }, data[128] = { 0 };
	struct peer from = { .handle = 9 };
	size_t n;

	through = &from;
	/* The coordinates flag, and nothing behind it: stops a v0.4.1 node. */
	data[1] = FSP_CP;
	for (n = 4; n < 32; n++)
		datagram_in(src, peer.addr, 64, data, n);
	ck_assert_uint_eq(nframe, 0);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SHORT], 28);
	ck_assert_uint_eq(nhearsay, 0);
	put_le16(data + 2, 6);
	data[12] = 1;
	memcpy(data + 14, src, 16);
	data[30] = 1;
	memcpy(data + 32, peer.addr, 16);
	datagram_in(src, peer.addr, 64, data, 48 + 6 + 16);
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(nhearsay, 2);
	ck_assert_mem_eq(hearsay_of, peer.addr, 16);
}
END_TEST

/* Links of 64 KiB carry frames longer than what is read of them. */
START_TEST(transit_passes_the_longest_frames_unread)
{
	static uint8_t	data[SLOT_LEN - PIPE_HEAD - 100];
	uint8_t		src[16] = { 3 };
	struct peer	from = { .handle = 9 };

	through = &from;
	mtu = 65507;
	data[1] = FSP_CP;
	put_le16(data + 2, sizeof(data) - 48 - FSP_TAG);
	data[12] = data[30] = 1;
	memcpy(data + 14, src, 16);
	memcpy(data + 32, peer.addr, 16);
	datagram_in(src, peer.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SHORT], 0);
}
END_TEST

START_TEST(transit_says_what_is_wrong_with_the_way)
{
	uint8_t nowhere[16] = { 4 }, other[16] = { 5 }, data[1400] = { 0 };
	struct fsp_signal g;

	no_way = NEXTHOP_STUCK;
	datagram_in(peer.addr, nowhere, 64, data, 64);
	ck_assert_int_eq(fsp_signal_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &g), 0);
	ck_assert_uint_eq(g.type, FSP_PATH_BROKEN);
	ck_assert_mem_eq(g.dest, nowhere, 16);
	ck_assert_mem_eq(g.reporter, netd.addr, 16);
	no_way = NEXTHOP_NO_COORDS;
	datagram_in(peer.addr, other, 64, data, 64);
	ck_assert_int_eq(fsp_signal_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &g), 0);
	ck_assert_uint_eq(g.type, FSP_COORDS_REQUIRED);
	/* Whoever brought it may know a way to a source that we know none to. */
	netd.now_ms += 1000;
	datagram_in(other, nowhere, 64, data, 64);
	ck_assert_uint_eq(nplain, 3);
	ck_assert_mem_eq(sent + 20, other, 16);
	ck_assert_uint_eq(nseek, 0);
}
END_TEST

START_TEST(what_is_longer_than_the_next_link_goes_back_with_a_word)
{
	uint8_t src[16] = { 3 }, data[1400] = { 0 };
	struct peer from = { .handle = 9 };
	struct fsp_signal g;

	through = &from;
	also = src;
	mtu = 1280;
	datagram_in(src, peer.addr, 64, data, 1280 - 16 - 20 - FSP_DGRAM);
	ck_assert_uint_eq(nframe, 1);
	datagram_in(src, peer.addr, 64, data, 1280 - 16 - 20 - FSP_DGRAM + 1);
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_TOO_LONG], 1);
	ck_assert_int_eq(fsp_signal_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &g), 0);
	ck_assert_uint_eq(g.type, FSP_MTU_EXCEEDED);
	ck_assert_uint_eq(g.mtu, 1280);
	ck_assert_mem_eq(g.dest, peer.addr, 16);
	ck_assert_mem_eq(sent + 20, src, 16);
}
END_TEST

START_TEST(what_would_go_back_where_it_came_from_goes_nowhere)
{
	uint8_t behind[16] = { 5 }, src[16] = { 3 }, data[64] = { 0 };
	struct fsp_signal g;

	also = behind;
	datagram_in(src, behind, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 0);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 1);
	ck_assert_int_eq(fsp_signal_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &g), 0);
	ck_assert_uint_eq(g.type, FSP_PATH_BROKEN);
}
END_TEST

START_TEST(a_mark_goes_on_and_a_crowded_way_out_adds_one)
{
	uint8_t src[16] = { 3 };
	struct peer from = { .handle = 9 };
	struct fsp_dgram d = { .ttl = 64, .path_mtu = 1380 };
	struct work *w;
	int i;

	memcpy(d.src, src, 16);
	memcpy(d.dst, peer.addr, 16);
	for (i = 0; i < 4; i++) {
		crowded = i & 2;
		w = pipe_get();
		fsp_dgram_encode(&d, w->buf + w->off + 20);
		w->len = 100;
		session_input(&from, w, i & 1);
		ck_assert_uint_eq(nframe, (unsigned)i + 1);
		ck_assert_int_eq(marked, i > 0);
	}
}
END_TEST

/* A peer that makes up destinations does not turn us upon whom it names. */
START_TEST(a_link_draws_a_bounded_number_of_complaints)
{
	uint8_t nowhere[16] = { 4 }, data[64] = { 0 };
	struct peer from = { .handle = 9 };
	unsigned i;

	through = &from;
	for (i = 0; i < 1000; i++) {
		put_le32(nowhere + 8, i);
		nowhere[0] = (uint8_t)i;
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	}
	ck_assert_uint_eq(nplain, 64);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 1000);
	netd.now_ms += 100;
	for (i = 0; i < 100; i++) {
		nowhere[0] = (uint8_t)i;
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	}
	ck_assert_uint_eq(nplain, 64 + 10);
	/* It is not another link's doing, nor the peer's own. */
	nowhere[1] = 1;
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 64 + 10);
	through = NULL;
	nowhere[2] = 1;
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 64 + 11);
}
END_TEST

/* A forger on another link, or a busy neighbour, takes no complaint away that
 * somebody else is due. */
START_TEST(a_complaint_to_one_source_is_owed_to_another_as_well)
{
	uint8_t nowhere[16] = { 4 }, second[16] = { 7 }, data[64] = { 0 };
	struct peer other = { .handle = 9 };
	unsigned i;

	also = second;
	for (i = 0; i < 3; i++)
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 1);
	for (i = 0; i < 3; i++)
		datagram_in(second, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 2);
	through = &other;
	for (i = 0; i < 3; i++)
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 3);
}
END_TEST

START_TEST(what_finds_no_way_is_paid_for_by_who_brought_it)
{
	uint8_t nowhere[16] = { 4 }, data[64] = { 0 };
	unsigned i;

	npass = 0;
	for (i = 0; i < 5; i++) {
		nowhere[8] = (uint8_t)i;
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	}
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 5);
	ck_assert_uint_eq(npass, 5);
}
END_TEST

START_TEST(a_broken_way_makes_us_look_again_and_use_the_old_meanwhile)
{
	struct fsp_signal g = { .type = FSP_PATH_BROKEN };
	struct session *s = established(100);
	uint8_t out[64];
	size_t n;

	s->warmup = 0;
	memcpy(g.dest, peer.addr, 16);
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	datagram_in(peer.addr, netd.addr, 64, out, n);
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_eq(nseek, 1);		/* once in a while, not each time */
	ck_assert_uint_eq(nforget, 0);
	ck_assert_uint_gt(s->warmup, 0);
	g.dest[0] ^= 1;
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	netd.now_ms += 10000;
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_eq(nseek, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SIGNAL], 1);
}
END_TEST

/* A packet that has no room for places is preceded by a frame with them. */
START_TEST(complaints_and_warm_ups_without_end_draw_few_frames)
{
	struct fsp_signal g = { .type = FSP_COORDS_REQUIRED };
	struct session *s = established(100);
	uint8_t out[64];
	unsigned i, was;
	size_t n;

	memcpy(g.dest, peer.addr, 16);
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	while (s->warmup > 0)
		packet_out(1303);
	was = nframe;
	for (i = 0; i < 1000; i++) {
		datagram_in(peer.addr, netd.addr, 64, out, n);
		packet_out(1303);
	}
	ck_assert_uint_ge(nframe - was, 1000 + 16);
	ck_assert_uint_le(nframe - was, 1000 + 16 + 5 + 1);
	/* They are heard again later. */
	wait_ms(5000);
	s->warmup = 0;
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_gt(s->warmup, 0);
	was = nframe;
	for (i = 0; i < 1000; i++)
		frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_uint_ge(nframe - was, 1);
	ck_assert_uint_le(nframe - was, 16 + 1);
}
END_TEST

/* Who has many sessions with us does not have us look for nothing else. */
START_TEST(complaints_of_one_link_make_us_look_for_few_nodes)
{
	struct fsp_signal g = { .type = FSP_COORDS_REQUIRED };
	struct peer other = { .handle = 8 };
	uint8_t out[64];
	unsigned i, was;
	size_t n;

	established(100);
	for (i = 0; i < 400; i++) {
		memset(g.dest, 0, 16);
		put_le16(g.dest + 5, (uint16_t)i);
		session_add(g.dest, peer.pub, SESSION_EV_WANT);
		n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
		datagram_in(g.dest, netd.addr, 64, out, n);
	}
	ck_assert_uint_ge(nseek, 64);
	ck_assert_uint_le(nseek, 100);
	ck_assert_uint_ge(netd.refused[REFUSE_FSP_RATE], 300);
	/* What comes by another is heard, and it again later. */
	was = nseek;
	through = &other;
	datagram_in(g.dest, netd.addr, 64, out, n);
	ck_assert_uint_eq(nseek, was + 1);
	through = NULL;
	netd.now_ms += 2000;
	datagram_in(g.dest, netd.addr, 64, out, n);
	ck_assert_uint_eq(nseek, was + 2);
}
END_TEST

/* Nor by Setups to which no way leads back. */
START_TEST(setups_of_one_link_make_us_look_for_few_nodes)
{
	struct msg_xk_msg2 m = { .hs = 21 };
	uint8_t src[16] = { 1 };
	unsigned i, k;

	for (i = 0; i < 20; i++) {
		for (k = 0; k < 40; k++) {
			src[1] = (uint8_t)i;
			src[2] = (uint8_t)k;
			shake_in(FSP_SETUP, (uint8_t)(40 * i + k), src);
			m.req = asked.req;
			if (asked_type == MSG_XK_READ1)
				on_xk_msg2(NULL, &m, NULL);
			asked_type = MSG_NONE;
		}
		wait_ms(1000);
	}
	ck_assert_uint_ge(nseek, 64);
	ck_assert_uint_le(nseek, 64 + 8 * 20);
}
END_TEST

START_TEST(signals_count_only_for_nodes_we_talk_to)
{
	struct fsp_signal g = { .type = FSP_MTU_EXCEEDED, .mtu = 600 };
	struct session *s;
	uint8_t out[64];
	ssize_t n;

	memcpy(g.dest, peer.addr, 16);
	n = fsp_signal_encode(&g, out, sizeof(out));
	datagram_in(peer.addr, netd.addr, 64, out, (size_t)n);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SIGNAL], 1);
	mtu = 9000;
	s = established(100);
	datagram_in(peer.addr, netd.addr, 64, out, (size_t)n);
	/* A packet that IPv6 promises to carry is never talked out of the way. */
	ck_assert_uint_eq(s->path_mtu, PATH_MTU_CLAIM);
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 1303);
	packet_out(1280);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_TOO_BIG], 0);
	packet_out(1304);
	ck_assert_uint_eq(tun[46] * 256 + tun[47], 1303);
	netd.now_ms += PATH_MTU_SIGNAL_MS;
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 9000 - 77);
	/* The destination may know of a narrower way; Linux heeds 1280 and more. */
	frame_in(100, FSP_PATH_MTU, "\x58\x02", 2);
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 600 - 77);
	netd.now_ms += 1000;
	packet_out(1000);
	ck_assert_uint_eq(tun[46] * 256 + tun[47], 1280);
}
END_TEST

/* v0.4.1 takes a Setup that comes twice for two, and forgets its answer to the first. */
START_TEST(a_better_way_does_not_double_a_setup_that_may_arrive)
{
	unsigned n;

	packet_out(100);
	answer_msg1();
	n = nphase[FSP_SETUP];
	wait_ms(100);
	session_found(peer.addr);
	ck_assert_uint_eq(nphase[FSP_SETUP], n);
	wait_ms(SESSION_ROUND_MS - 100);
	ck_assert_uint_eq(nphase[FSP_SETUP], n + 1);
	wait_ms(SESSION_ROUND_MS);
	session_found(peer.addr);
	ck_assert_uint_eq(nphase[FSP_SETUP], n + 2);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, transit_counts_hops_and_complains_seldom);
	tcase_add_test(t, what_is_in_our_name_and_not_from_us_goes_no_further);
	tcase_add_test(t, what_nobody_answers_is_passed_on_within_a_budget);
	tcase_add_test(t, a_node_without_a_way_is_looked_for_and_found);
	tcase_add_test(t, a_node_that_is_not_found_is_unreachable);
	tcase_add_test(t, who_does_not_answer_hears_again_where_we_are);
	tcase_add_test(t, a_setup_that_found_no_way_goes_when_theirs_shows_one);
	tcase_add_test(t, who_does_not_answer_is_looked_for_while_packets_tell_places);
	tcase_add_test(t, who_says_that_it_moved_hears_answers_that_tell_it_on);
	tcase_add_test(t, packets_of_a_session_wait_while_its_node_is_looked_for);
	tcase_add_test(t, what_waited_for_a_way_goes_before_what_comes_when_there_is_one);
	tcase_add_test(t, transit_learns_places_and_stops_frames_that_cannot_be);
	tcase_add_test(t, transit_passes_the_longest_frames_unread);
	tcase_add_test(t, transit_says_what_is_wrong_with_the_way);
	tcase_add_test(t, what_is_longer_than_the_next_link_goes_back_with_a_word);
	tcase_add_test(t, what_would_go_back_where_it_came_from_goes_nowhere);
	tcase_add_test(t, a_mark_goes_on_and_a_crowded_way_out_adds_one);
	tcase_add_test(t, a_link_draws_a_bounded_number_of_complaints);
	tcase_add_test(t, a_complaint_to_one_source_is_owed_to_another_as_well);
	tcase_add_test(t, what_finds_no_way_is_paid_for_by_who_brought_it);
	tcase_add_test(t, a_broken_way_makes_us_look_again_and_use_the_old_meanwhile);
	tcase_add_test(t, complaints_and_warm_ups_without_end_draw_few_frames);
	tcase_add_test(t, a_better_way_does_not_double_a_setup_that_may_arrive);
	tcase_add_test(t, complaints_of_one_link_make_us_look_for_few_nodes);
	tcase_add_test(t, setups_of_one_link_make_us_look_for_few_nodes);
	tcase_add_test(t, signals_count_only_for_nodes_we_talk_to);
}
