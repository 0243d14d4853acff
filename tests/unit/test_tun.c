/*
 * room: netd -- when the TUN device is read: a socket stands for it, and the
 * test says how many slots there are and takes what is read.
 */
#include <event2/event.h>
#include <sys/socket.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../netd/backlog.h"
#include "../../netd/ip6.h"
#include "../../netd/session.h"
#include "../../netd/sum.h"
#include "../../netd/tun.h"
#include "suite.h"

struct netd netd;

static unsigned		 nslot = 1024, nfree = 1024, nout, npiece, opening, nback, nhurry;
static int		 is_shut;	/* the session layer takes no piece */
static uint8_t		 slot[4096];
static struct work	 work = { .buf = slot };
static struct event_base *base;
static int		 kernel;	/* the other end */

uint64_t netd_clock(void) { return netd.now_ms; }
unsigned pipe_free(void) { return nfree; }
unsigned pipe_slots(void) { return nslot; }
unsigned pipe_counted(enum pipe_source s) { (void)s; return 0; }
void pipe_count(struct work *w, enum pipe_source s) { (void)w; (void)s; }
struct work *pipe_get(void) { return &work; }
void pipe_put(struct work *w) { (void)w; nback++; }
unsigned pipe_opening(void) { return opening; }
void pipe_hurry(void) { nhurry++; }
size_t pipe_room(const struct work *w) { (void)w; return 1000; }
void session_output(struct work *w) { (void)w; nout++; }

int
session_output_run(const struct seg *g, unsigned *at, unsigned max)
{
	if (is_shut || max == 0)
		return 0;
	*at = g->count;
	npiece++;
	return 1;
}

static void
setup(void)
{
	struct msg_tun	m = { .name = "t", .mtu = 1280, .offload = 1 };
	int		fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    fd), 0);
	kernel = fd[1];
	tun_add(fd[0], &m);
	base = event_base_new();
	ck_assert_ptr_nonnull(base);
	tun_start(base);
}

static void
turn(void)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
	tun_mind();
}

/* The machine sends an IPv6 packet; a long one is a piece. */
static void
say(size_t len)
{
	uint8_t	buf[VNET_LEN + 2000] = { 0 }, *p = buf + VNET_LEN;

	p[0] = 0x60;
	p[4] = (uint8_t)((len - IP6_HEAD) >> 8);
	p[5] = (uint8_t)(len - IP6_HEAD);
	p[6] = 59;
	ck_assert_int_eq(send(kernel, buf, VNET_LEN + len, 0),
	    (ssize_t)(VNET_LEN + len));
}

START_TEST(reading_goes_on_after_slots_ran_out_with_a_piece_waiting)
{
	is_shut = 1;
	say(1500);
	turn();
	ck_assert_uint_eq(backlog_count(), 1);
	nfree = 0;
	turn();			/* nothing is read any more */
	say(100);
	turn();
	ck_assert_uint_eq(nout, 0);
	is_shut = 0;
	nfree = 1024;		/* all slots come back at once */
	turn();
	turn();
	ck_assert_uint_eq(npiece, 1);
	ck_assert_uint_eq(nout, 1);
	say(100);
	turn();
	ck_assert_uint_eq(nout, 2);
}
END_TEST

START_TEST(a_ring_of_the_fewest_slots_cuts_on_after_they_ran_out)
{
	nslot = nfree = 64;
	is_shut = 1;
	say(1500);
	turn();
	ck_assert_uint_eq(backlog_count(), 1);
	is_shut = 0;
	turn();
	turn();
	ck_assert_uint_eq(npiece, 1);
	ck_assert_uint_eq(backlog_count(), 0);
}
END_TEST

START_TEST(pieces_are_cut_on_while_the_device_is_not_read)
{
	unsigned i;

	is_shut = 1;
	nfree = 100;
	for (i = 0; i < BACKLOG_MAX; i++)
		say(1500);
	turn();
	ck_assert_uint_eq(backlog_count(), BACKLOG_MAX);
	is_shut = 0;
	turn();
	ck_assert_uint_eq(npiece, BACKLOG_MAX);
	ck_assert_uint_eq(backlog_count(), 0);
}
END_TEST

/* Each is counted and gone, and the next packet goes. */
START_TEST(a_header_that_lies_and_a_jumbogram_hold_nobody_up)
{
	static const struct vnet lie[] = {
		{ .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP6,
		  .csum_start = IP6_HEAD, .csum_offset = 16 },
		{ .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP6,
		  .gso_size = UINT16_MAX, .csum_start = UINT16_MAX, .csum_offset = 16 },
		{ .flags = VNET_NEEDS_CSUM, .csum_start = UINT16_MAX,
		  .csum_offset = UINT16_MAX },
		{ .gso_type = 0xff, .gso_size = 1 },
	};
	uint8_t		buf[VNET_LEN + 1500];
	uint64_t	*malformed = &netd.refused[REFUSE_IP_MALFORMED];
	struct vnet	v;
	unsigned	i, was;

	for (i = 0; i < 2 * 5; i++) {
		memset(buf, 0, sizeof(buf));
		/* A jumbogram says 0; its length stands in an option. */
		v = i % 5 == 4 ? (struct vnet){ .flags = VNET_NEEDS_CSUM,
		    .gso_type = VNET_GSO_TCP6, .gso_size = 1000, .csum_start = 48,
		    .csum_offset = 16 } : lie[i % 5];
		memcpy(buf, &v, VNET_LEN);
		buf[VNET_LEN] = 0x60;
		buf[VNET_LEN + 6] = i % 5 == 4 ? 0 : 6;
		buf[VNET_LEN + 40] = 6;
		buf[VNET_LEN + 42] = 0xc2;
		buf[VNET_LEN + 43] = 4;
		was = (unsigned)*malformed;
		ck_assert_int_gt(send(kernel, buf, i < 5 ? sizeof(buf) : 500, 0), 0);
		say(100);
		turn();
		ck_assert_uint_eq(*malformed, was + 1);
		ck_assert_uint_eq(nout, i + 1);
		ck_assert_uint_eq(backlog_count(), 0);
	}
}
END_TEST

/* An IPv6 packet with so much behind its head, its checksum at p + sum. */
static void
finish(uint8_t *p, uint8_t proto, size_t len, unsigned sum)
{
	p[0] = 0x60;
	p[4] = (uint8_t)(len >> 8);
	p[5] = (uint8_t)len;
	p[6] = proto;
	sum_store(p + sum, (uint16_t)~sum_fold(sum_add(sum_pseudo(p, proto, len),
	    p + IP6_HEAD, len)));
	tun_give(&work, p, IP6_HEAD + len);
}

/* The next segment of a stream with so much payload, for the machine. */
static void
give(size_t load)
{
	static uint8_t	pkt[70][1500];
	static uint32_t	n, seq;
	uint8_t		*p = pkt[n++ % 70];

	memset(p, 0, sizeof(pkt[0]));
	p[44] = (uint8_t)(seq >> 24);
	p[45] = (uint8_t)(seq >> 16);
	p[46] = (uint8_t)(seq >> 8);
	p[47] = (uint8_t)seq;
	p[52] = 0x50;
	p[53] = 0x10;
	seq += (uint32_t)load;
	finish(p, 6, 20 + load, 56);
}

/* Two datagrams of one flow. */
static void
give_datagrams(void)
{
	static uint8_t	pkt[2][1500];
	uint8_t		*p;
	unsigned	i;

	for (i = 0; i < 2; i++) {
		p = pkt[i];
		memset(p, 0, sizeof(pkt[0]));
		p[44] = 1008 >> 8;
		p[45] = 1008 & 0xff;
		finish(p, 17, 1008, 46);
	}
	tun_turn();
}

/* How many pieces the machine has got since. */
static unsigned
got(void)
{
	static uint8_t	buf[VNET_LEN + 65536];
	unsigned	n = 0;

	while (recv(kernel, buf, sizeof(buf), 0) > 0)
		n++;
	return n;
}

START_TEST(what_is_merged_waits_a_little_for_what_is_being_opened)
{
	unsigned i;

	give(1000);
	tun_turn();				/* nothing more is coming */
	ck_assert_uint_eq(got(), 1);
	opening = 64;
	give(1000);
	tun_turn();
	give(1000);
	tun_turn();
	ck_assert_uint_eq(got(), 0);
	for (i = 0; nback < 3 && i < 100; i++)
		tun_turn();
	ck_assert_uint_lt(i, 4);		/* not for ever */
	ck_assert_uint_eq(got(), 1);
	give(1000);
	give(900);				/* a shorter one is the last */
	tun_turn();
	ck_assert_uint_eq(got(), 1);
	for (i = 0; i < 64; i++)
		give(1000);
	tun_turn();				/* full */
	ck_assert_uint_eq(got(), 1);
	give(1000);
	tun_turn();
	ck_assert_uint_eq(got(), 0);
	give(100);				/* somebody may wait for it */
	tun_turn();
	ck_assert_uint_eq(got(), 1);
	give(100);
	tun_turn();
	ck_assert_uint_eq(got(), 1);
	ck_assert_uint_eq(nback, 72);
}
END_TEST

START_TEST(an_answer_of_the_kernel_is_looked_for_once)
{
	static uint8_t	pkt[100] = { 0x60, [5] = 60, [6] = 59 };
	unsigned	i;

	say(100);
	tun_look();				/* nobody asked */
	ck_assert_uint_eq(nout, 0);
	tun_write(pkt, sizeof(pkt));
	tun_look();
	ck_assert_uint_eq(nout, 1);
	ck_assert_uint_eq(nhurry, 1);
	for (i = 0; i < 16; i++)
		say(100);
	tun_look();
	ck_assert_uint_eq(nout, 1);
	tun_write(pkt, sizeof(pkt));
	tun_look();				/* not all: others wait too */
	ck_assert_uint_gt(nout, 1);
	ck_assert_uint_lt(nout, 17);
	tun_write(pkt, sizeof(pkt));
	ck_assert_uint_eq(nhurry, 2);
	turn();
	ck_assert_uint_eq(nout, 17);
	ck_assert_uint_eq(nhurry, 3);
	say(100);
	tun_look();				/* it was read since */
	ck_assert_uint_eq(nout, 17);
	opening = 64;
	give(1000);
	tun_look();				/* merged, not given */
	ck_assert_uint_eq(nout, 17);
}
END_TEST

/* A socket that is full says so, as the device does that is down. */
START_TEST(datagrams_are_merged_again_after_an_error_that_passes)
{
	struct msg_tun	m = { .name = "t", .mtu = 1280, .offload = 2 };
	unsigned	i;
	int		fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0,
	    fd), 0);
	kernel = fd[1];
	tun_add(fd[0], &m);
	give_datagrams();
	ck_assert_uint_eq(got(), 1);
	for (i = 0; i < 10000 && netd.refused[REFUSE_TUN_WRITE] == 0; i++)
		give_datagrams();
	ck_assert_uint_gt(netd.refused[REFUSE_TUN_WRITE], 0);
	got();
	give_datagrams();
	ck_assert_uint_eq(got(), 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, reading_goes_on_after_slots_ran_out_with_a_piece_waiting);
	tcase_add_test(t, a_ring_of_the_fewest_slots_cuts_on_after_they_ran_out);
	tcase_add_test(t, pieces_are_cut_on_while_the_device_is_not_read);
	tcase_add_test(t, a_header_that_lies_and_a_jumbogram_hold_nobody_up);
	tcase_add_test(t, what_is_merged_waits_a_little_for_what_is_being_opened);
	tcase_add_test(t, an_answer_of_the_kernel_is_looked_for_once);
	tcase_add_test(t, datagrams_are_merged_again_after_an_error_that_passes);
}
