/* room: netd -- pieces wait in order, and only strangers to them go past. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/backlog.h"
#include "../../netd/ip6.h"
#include "suite.h"

enum { HEADS = IP6_HEAD + 20, MSS = 100, FIRST = 200 };

/* A TCP segment from that port with n bytes of payload. */
static size_t
segment(uint8_t *p, uint8_t port, size_t n)
{
	size_t i;

	memset(p, 0, HEADS);
	p[0] = 0x60;
	p[4] = (uint8_t)((20 + n) >> 8);
	p[5] = (uint8_t)(20 + n);
	p[6] = 6;
	p[8] = p[24] = 0xfd;
	p[IP6_HEAD + 1] = port;
	p[IP6_HEAD + 12] = 5 << 4;
	for (i = 0; i < n; i++)
		p[HEADS + i] = (uint8_t)(i * 7 + port);
	return HEADS + n;
}

/* As the kernel gives it: the first part in a slot, the rest where it waits. */
static int
push(uint8_t port, size_t n, uint64_t now_us)
{
	static uint8_t	whole[BACKLOG_REST];
	struct vnet	v = { .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP6,
	    .gso_size = MSS, .csum_start = IP6_HEAD, .csum_offset = 16 };
	size_t		len = segment(whole, port, n);
	uint8_t		*rest = backlog_room();

	ck_assert_ptr_nonnull(rest);
	if (len > FIRST)
		memcpy(rest, whole + FIRST, len - FIRST);
	return backlog_push(&v, whole, FIRST, len, now_us);
}

static int
passes(uint8_t port)
{
	uint8_t pkt[HEADS + 1];

	return backlog_pass(pkt, segment(pkt, port, 1));
}

static void
empty(void)
{
	while (backlog_first() != NULL)
		backlog_pop();
}

START_TEST(pieces_come_out_whole_and_as_they_went_in)
{
	uint8_t		 want[HEADS + 5 * MSS];
	struct piece	*p;
	uint8_t		 i;

	for (i = 1; i <= 5; i++)
		ck_assert_int_eq(push(i, (size_t)i * MSS, i), i);
	for (i = 1; i <= 5; i++) {
		p = backlog_first();
		ck_assert_uint_eq(p->since_us, i);
		ck_assert_uint_eq(p->seg.count, i);
		ck_assert_uint_eq(p->seg.len, segment(want, i, (size_t)i * MSS));
		ck_assert_mem_eq(p->seg.pkt, want, p->seg.len);
		backlog_pop();
	}
	ck_assert_ptr_null(backlog_first());
}
END_TEST

START_TEST(a_packet_never_overtakes_its_own_flow)
{
	ck_assert_int_eq(passes(1), 1);
	push(1, 300, 0);
	push(2, 300, 0);
	ck_assert_int_eq(passes(1), 0);
	ck_assert_int_eq(passes(2), 0);
	ck_assert_int_eq(passes(3), 1);
	backlog_pop();
	ck_assert_int_eq(passes(1), 1);
	ck_assert_int_eq(passes(2), 0);
	empty();
}
END_TEST

/* Whose datagram it is a part of nobody sees. */
START_TEST(a_fragment_overtakes_nobody_and_nobody_it)
{
	struct vnet	v = { 0 };
	uint8_t		pkt[HEADS + 300];
	size_t		len = segment(pkt, 1, 300);

	pkt[6] = 44;
	push(2, 300, 0);
	ck_assert_int_eq(backlog_pass(pkt, len), 0);
	ck_assert_int_eq(backlog_push(&v, pkt, len, len, 0), 1);
	ck_assert_int_eq(passes(3), 0);
	backlog_pop();
	ck_assert_int_eq(passes(3), 0);
	backlog_pop();
	ck_assert_int_eq(passes(3), 1);
}
END_TEST

START_TEST(a_flood_waits_like_anybody_else)
{
	int i;

	push(1, 300, 0);
	push(1, 300, 0);
	for (i = 0; i < BACKLOG_PASS; i++)
		ck_assert_int_eq(passes((uint8_t)(10 + i)), 1);
	ck_assert_int_eq(passes(99), 0);
	backlog_pop();
	ck_assert_int_eq(passes(99), 1);
	empty();
	ck_assert_int_eq(passes(1), 1);
}
END_TEST

START_TEST(a_full_backlog_takes_no_more_until_one_is_done)
{
	int i;

	for (i = 0; i < BACKLOG_MAX; i++)
		push(1, 300, 0);
	ck_assert_ptr_null(backlog_room());
	ck_assert_uint_eq(backlog_count(), BACKLOG_MAX);
	backlog_pop();
	ck_assert_ptr_nonnull(backlog_room());
	empty();
}
END_TEST

START_TEST(a_header_that_lies_leaves_no_trace)
{
	uint8_t		pkt[HEADS + 300];
	struct vnet	v = { .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP6,
	    .gso_size = 0, .csum_start = IP6_HEAD, .csum_offset = 16 };
	size_t		len = segment(pkt, 1, 300);

	ck_assert_int_eq(backlog_push(&v, pkt, len, len, 0), -1);
	v.gso_size = 100;
	v.csum_start = 48;
	ck_assert_int_eq(backlog_push(&v, pkt, len, len, 0), -1);
	v.gso_type = VNET_GSO_NONE;
	v.csum_start = UINT16_MAX;
	ck_assert_int_eq(backlog_push(&v, pkt, len, len, 0), -1);
	ck_assert_uint_eq(backlog_count(), 0);
	ck_assert_int_eq(passes(1), 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, pieces_come_out_whole_and_as_they_went_in);
	tcase_add_test(t, a_packet_never_overtakes_its_own_flow);
	tcase_add_test(t, a_fragment_overtakes_nobody_and_nobody_it);
	tcase_add_test(t, a_flood_waits_like_anybody_else);
	tcase_add_test(t, a_full_backlog_takes_no_more_until_one_is_done);
	tcase_add_test(t, a_header_that_lies_leaves_no_trace);
}
