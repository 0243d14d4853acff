/* room: netd -- cutting and merging undo each other, whatever the packets. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/merge.h"
#include "../../netd/seg.h"
#include "../../netd/ip6.h"
#include "suite.h"

enum { LONGEST = 65535 + 40, PACKETS = 256, TCP = 6, UDP = 17, OUT = 80000 };

/* Packets by themselves: what went in, and what came out. */
static uint8_t	in[PACKETS][2048], out[PACKETS][2048];
static size_t	in_len[PACKETS], out_len[PACKETS];
static unsigned	nin, nout, nrun, nowner;
static uint8_t	whole[OUT], cut[OUT];
static struct merge merge;

/* One's complement sum of pseudo header and upper layer, byte by byte: 0xffff when right. */
static unsigned
plain_sum(const uint8_t *p, size_t len, size_t upper, uint8_t nh)
{
	unsigned long	sum = (unsigned long)(len - upper) + nh;
	size_t		i;

	for (i = 8; i < 40; i++)
		sum += i % 2 == 0 ? (unsigned long)p[i] * 256 : p[i];
	for (i = upper; i < len; i++)
		sum += (i - upper) % 2 == 0 ? (unsigned long)p[i] * 256 : p[i];
	while (sum > 0xffff)
		sum = sum % 65536 + sum / 65536;
	return (unsigned)sum;
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = v & 0xff;
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static void
put_sum(uint8_t *p, size_t len, size_t upper, uint8_t nh)
{
	uint8_t		*at = p + upper + (nh == TCP ? 16 : 6);
	unsigned	 sum;

	put16(at, 0);
	sum = 0xffff - plain_sum(p, len, upper, nh);
	put16(at, sum == 0 && nh == UDP ? 0xffff : sum);
}

/* A TCP packet with that much of options and payload; random bytes where it is free. */
static size_t
tcp(uint8_t *p, unsigned port, uint32_t seq, uint8_t flags, size_t opt, size_t load)
{
	size_t len = 60 + opt + load, i;

	memset(p, 0, 60 + opt);
	p[0] = 0x60;
	put16(p + 4, len - 40);
	p[6] = TCP;
	p[7] = 64;
	for (i = 8; i < 40; i++)
		p[i] = (uint8_t)(i * 5);
	put16(p + 40, port);
	put16(p + 42, 443);
	put32(p + 44, seq);
	put32(p + 48, 77);
	p[52] = (uint8_t)((20 + opt) / 4 << 4);
	p[53] = flags;
	put16(p + 54, 500);
	memset(p + 60, 1, opt);
	for (i = 0; i < load; i++)
		p[60 + opt + i] = (uint8_t)rand();
	put_sum(p, len, 40, TCP);
	return len;
}

static size_t
udp(uint8_t *p, unsigned port, size_t load)
{
	size_t i;

	tcp(p, port, 0, 0, 0, 0);
	p[6] = UDP;
	put16(p + 4, 8 + load);
	put16(p + 44, 8 + load);
	for (i = 0; i < load; i++)
		p[48 + i] = (uint8_t)rand();
	put_sum(p, 48 + load, 40, UDP);
	return 48 + load;
}

/* Whatever comes out is cut again, as the kernel would. */
static void
on_run(const struct merge_run *r)
{
	struct seg	s;
	size_t		len = 0;
	unsigned	i;

	nrun++;
	nowner += r->count;
	if (r->count == 1) {
		ck_assert_uint_lt(nout, PACKETS);
		memcpy(out[nout], r->part[0].iov_base, r->part[0].iov_len);
		out_len[nout++] = r->part[0].iov_len;
		return;
	}
	memcpy(whole, r->head, r->head_len);
	len = r->head_len;
	for (i = 0; i < r->count; i++) {
		memcpy(whole + len, r->part[i].iov_base, r->part[i].iov_len);
		len += r->part[i].iov_len;
	}
	ck_assert_uint_le(len, LONGEST);
	ck_assert_int_eq(seg_begin(&s, &r->vnet, whole, len), 0);
	ck_assert_uint_eq(s.count, r->count);
	for (i = 0; i < s.count; i++) {
		ck_assert_uint_lt(nout, PACKETS);
		out_len[nout] = seg_cut(&s, i, out[nout]);
		nout++;
	}
}

static void
start(void)
{
	nin = nout = nrun = nowner = 0;
	merge_init(&merge, on_run, 1);
}

static void
feed(size_t len)
{
	in_len[nin] = len;
	merge_add(&merge, in[nin], len, in[nin]);
	nin++;
}

/* Everything came out once, each flow in its order, to the byte. */
static void
all_came_back(void)
{
	uint8_t		taken[PACKETS] = { 0 };
	unsigned	i, j;

	merge_flush(&merge);
	ck_assert_uint_eq(nout, nin);
	ck_assert_uint_eq(nowner, nin);
	for (i = 0; i < nin; i++) {
		/* The first that is left of this flow must be this packet. */
		for (j = 0; j < nout; j++)
			if (!taken[j] && out[j][6] == in[i][6] &&
			    memcmp(out[j] + 40, in[i] + 40, 2) == 0)
				break;
		ck_assert_uint_lt(j, nout);
		taken[j] = 1;
		ck_assert_uint_eq(out_len[j], in_len[i]);
		ck_assert_mem_eq(out[j], in[i], in_len[i]);
	}
}

START_TEST(what_the_kernel_would_send_comes_out_of_one_piece)
{
	static const struct { size_t opt, load, size; } row[] = {
		{ 0, 3000, 1000 }, { 12, 65000, 1208 }, { 40, 2001, 1000 },
		{ 12, 1, 1208 }, { 0, 100, 1 }, { 4, 63000, 65535 },
	};
	struct seg	s;
	struct vnet	v = { .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP6,
	    .csum_start = 40, .csum_offset = 16 };
	size_t		len, n, done;
	unsigned	i, k, flags;

	for (k = 0; k < sizeof(row) / sizeof(row[0]); k++) {
		/* CWR, ECE, PSH, FIN, ACK */
		len = tcp(whole, 9, 0xfffffff0, 0xd9, row[k].opt, row[k].load);
		v.gso_size = (uint16_t)row[k].size;
		ck_assert_int_eq(seg_begin(&s, &v, whole, len), 0);
		for (i = 0, done = 0; i < s.count; i++) {
			n = seg_cut(&s, i, cut);
			ck_assert_uint_le(n, seg_longest(&s));
			ck_assert_int_eq(ip6_is_packet(cut, n), 1);
			ck_assert_uint_eq(plain_sum(cut, n, 40, TCP), 0xffff);
			flags = 0x50u | (i == 0 ? 0x80 : 0) |
			    (i + 1 == s.count ? 0x09 : 0);
			ck_assert_uint_eq(cut[53], flags);
			ck_assert_uint_eq((uint32_t)cut[44] << 24 | cut[45] << 16 |
			    cut[46] << 8 | cut[47],
			    (uint32_t)(0xfffffff0 + done));
			ck_assert_mem_eq(cut + s.head, whole + s.head + done,
			    n - s.head);
			ck_assert_mem_eq(cut + 48, whole + 48, 5);
			ck_assert_mem_eq(cut + 54, whole + 54, 2);
			ck_assert_mem_eq(cut + 58, whole + 58, s.head - 58u);
			done += n - s.head;
		}
		ck_assert_uint_eq(done, row[k].load);
	}
}
END_TEST

START_TEST(datagrams_are_cut_with_a_length_and_a_sum_each)
{
	struct seg	s;
	struct vnet	v = { .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_UDP,
	    .csum_start = 40, .csum_offset = 6, .gso_size = 100 };
	size_t		len = udp(whole, 5, 250), n;
	unsigned	i;

	ck_assert_int_eq(seg_begin(&s, &v, whole, len), 0);
	ck_assert_uint_eq(s.count, 3);
	for (i = 0; i < 3; i++) {
		n = seg_cut(&s, i, cut);
		ck_assert_uint_eq(n, i < 2 ? 148 : 98);
		ck_assert_uint_eq(cut[44] * 256u + cut[45], n - 40);
		ck_assert_uint_eq(plain_sum(cut, n, 40, UDP), 0xffff);
		ck_assert_mem_eq(cut + 48, whole + 48 + i * 100, n - 48);
	}
}
END_TEST

START_TEST(a_piece_behind_extension_headers_keeps_them_and_a_fragment_is_none)
{
	struct seg	s;
	struct vnet	v = { .flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP6,
	    .csum_start = 48, .csum_offset = 16, .gso_size = 500 };
	size_t		len = tcp(whole, 9, 1, 0x10, 0, 1200), n;

	memmove(whole + 48, whole + 40, len - 40);
	memset(whole + 40, 0, 8);
	whole[6] = 60;		/* destination options */
	whole[40] = TCP;
	whole[42] = 1;
	whole[43] = 4;
	len += 8;
	put16(whole + 4, len - 40);
	ck_assert_int_eq(seg_begin(&s, &v, whole, len), 0);
	ck_assert_uint_eq(s.count, 3);
	n = seg_cut(&s, 2, cut);
	ck_assert_uint_eq(n, 68 + 200);
	ck_assert_mem_eq(cut + 40, whole + 40, 8);
	ck_assert_uint_eq(plain_sum(cut, n, 48, TCP), 0xffff);
	whole[6] = 44;		/* the first fragment of something */
	put16(whole + 42, 1);
	ck_assert_int_eq(seg_begin(&s, &v, whole, len), -1);
}
END_TEST

START_TEST(a_header_that_lies_is_refused)
{
	static const struct vnet good = { .flags = VNET_NEEDS_CSUM,
	    .gso_type = VNET_GSO_TCP6, .csum_start = 40, .csum_offset = 16,
	    .gso_size = 1000 };
	struct vnet	v = good;
	struct seg	s;
	size_t		len = tcp(whole, 9, 1, 0x10, 12, 3000);

	ck_assert_int_eq(seg_begin(&s, &v, whole, len), 0);
#define LIE(field, value) do {						\
	v = good;							\
	v.field = value;						\
	ck_assert_int_eq(seg_begin(&s, &v, whole, len), -1);		\
} while (0)
	LIE(gso_size, 0);
	LIE(flags, 0);
	LIE(gso_type, 1);	/* IPv4 */
	LIE(gso_type, 3);	/* fragments */
	LIE(gso_type, VNET_GSO_UDP);
	LIE(gso_type, VNET_GSO_ECN);
	LIE(gso_type, 0xff);
	LIE(csum_start, 0);
	LIE(csum_start, 41);
	LIE(csum_start, 65535);
	LIE(csum_offset, 6);
	v = good;
	v.gso_size = 65535;	/* larger than what there is: one packet */
	ck_assert_int_eq(seg_begin(&s, &v, whole, len), 0);
	ck_assert_uint_eq(s.count, 1);
	ck_assert_uint_eq(seg_cut(&s, 0, cut), len);
	ck_assert_mem_eq(cut, whole, len);
	ck_assert_int_eq(seg_begin(&s, &good, whole, len - 1), -1);
	ck_assert_int_eq(seg_begin(&s, &good, whole, 72), -1);
	whole[53] = 0x02;
	ck_assert_int_eq(seg_begin(&s, &good, whole, len), -1);
	whole[53] = 0x10;
	whole[52] = 0x40;
	ck_assert_int_eq(seg_begin(&s, &good, whole, len), -1);
	whole[52] = 0xf0;
	whole[0] = 0x45;
	ck_assert_int_eq(seg_begin(&s, &good, whole, len), -1);
	whole[0] = 0x60;
	put16(whole + 4, 0);	/* a jumbogram's */
	ck_assert_int_eq(seg_begin(&s, &good, whole, len), -1);
}
END_TEST

START_TEST(a_partial_checksum_is_finished_where_it_lies)
{
	struct vnet	v = { .flags = VNET_NEEDS_CSUM, .csum_start = 40,
	    .csum_offset = 16 };
	size_t		len = tcp(whole, 9, 1, 0x02, 4, 333);
	unsigned	sum;

	memcpy(cut, whole, len);
	/* What the kernel leaves: the folded sum of the pseudo header. */
	memset(cut + 40, 0, len - 40);
	sum = plain_sum(cut, len, 40, TCP);
	memcpy(cut, whole, len);
	put16(cut + 56, sum);
	ck_assert_int_eq(seg_finish(&v, cut, len), 0);
	ck_assert_mem_eq(cut, whole, len);
	v.csum_offset = (uint16_t)(len - 41);
	ck_assert_int_eq(seg_finish(&v, cut, len), -1);
	v.csum_offset = 65535;
	ck_assert_int_eq(seg_finish(&v, cut, len), -1);
	v.csum_start = 39;
	v.csum_offset = 16;
	ck_assert_int_eq(seg_finish(&v, cut, len), -1);
	v.flags = 0;
	ck_assert_int_eq(seg_finish(&v, cut, len), 0);
}
END_TEST

START_TEST(packets_of_a_flow_become_one_piece)
{
	unsigned i;

	start();
	for (i = 0; i < 40; i++)
		feed(tcp(in[nin], 9, 1000 + i * 1200, i == 0 ? 0x90 : 0x10, 12,
		    i == 39 ? 700 : 1200));
	all_came_back();
	ck_assert_uint_eq(nrun, 1);
	start();
	for (i = 0; i < 70; i++)
		feed(udp(in[nin], 9, 64));
	all_came_back();
	ck_assert_uint_eq(nrun, 2);	/* 64 and 6 */
	start();
	for (i = 0; i < 60; i++)
		feed(tcp(in[nin], 9, 1000 + i * 1400, 0x10, 0, 1400));
	all_came_back();
	ck_assert_uint_eq(nrun, 2);	/* 65535 bytes are enough */
}
END_TEST

/* Each difference ends the piece. */
START_TEST(what_differs_is_not_merged)
{
	static const struct { size_t at; uint8_t flip; } row[] = {
		{ 0, 0x01 },		/* traffic class */
		{ 1, 0x10 },		/* ECN */
		{ 3, 0x01 },		/* flow label */
		{ 7, 0x01 },		/* hop limit */
		{ 20, 0x01 },		/* source */
		{ 40, 0x01 },		/* port */
		{ 47, 0x01 },		/* sequence */
		{ 51, 0x01 },		/* acknowledgement */
		{ 52, 0x01 }, { 53, 0x40 }, { 53, 0x80 },	/* NS, ECE, CWR */
		{ 53, 0x20 }, { 53, 0x04 }, { 53, 0x02 },	/* URG, RST, SYN */
		{ 55, 0x01 },		/* window */
		{ 59, 0x01 },		/* urgent */
		{ 65, 0x01 },		/* an option */
	};
	unsigned k;

	for (k = 0; k < sizeof(row) / sizeof(row[0]); k++) {
		start();
		feed(tcp(in[0], 9, 1000, 0x10, 12, 100));
		tcp(in[1], 9, 1100, 0x10, 12, 100);
		in[1][row[k].at] ^= row[k].flip;
		put_sum(in[1], 172, 40, TCP);
		feed(172);
		merge_flush(&merge);
		ck_assert_msg(nrun == 2, "row %u", k);
		ck_assert_uint_eq(out_len[1], 172);
		ck_assert_mem_eq(out[1], in[1], 172);
	}
	/* One whose sum is wrong must stay so. */
	start();
	feed(tcp(in[0], 9, 1000, 0x10, 0, 100));
	tcp(in[1], 9, 1100, 0x10, 0, 100);
	in[1][100] ^= 1;
	feed(160);
	all_came_back();
	ck_assert_uint_eq(nrun, 2);
	/* PSH is a last one's. A longer one begins anew. No payload: no piece. */
	start();
	feed(tcp(in[0], 9, 1000, 0x18, 0, 100));
	feed(tcp(in[1], 9, 1100, 0x10, 0, 100));
	feed(tcp(in[2], 9, 1200, 0x10, 0, 101));
	feed(tcp(in[3], 9, 1301, 0x10, 0, 0));
	all_came_back();
	ck_assert_uint_eq(nrun, 4);
}
END_TEST

/* A large datagram goes in fragments, whose ports nobody sees. */
START_TEST(fragments_stay_where_they_are_in_their_flow)
{
	unsigned i;

	start();
	for (i = 0; i < 60; i++) {
		udp(in[nin], 9 + i % 3, 400);
		if (i % 7 == 5) {
			in[nin][6] = i % 2 ? 44 : 60;
			in[nin][40] = UDP;
		}
		feed(448);
	}
	merge_flush(&merge);
	ck_assert_uint_eq(nout, nin);
	/* Each is behind all fragments before it, and before those behind it. */
	for (i = 0; i < nin; i++)
		if (i % 7 == 5)
			ck_assert_mem_eq(out[i], in[i], 448);
	ck_assert_uint_lt(nrun, nin);
}
END_TEST

START_TEST(random_packets_come_back_to_the_byte)
{
	uint32_t	seq[6];
	unsigned	round, i, port;
	size_t		size[6], load;
	uint8_t		flags;

	for (round = 0; round < 400; round++) {
		srand(round);
		start();
		for (i = 0; i < 6; i++) {
			seq[i] = (uint32_t)rand() * 3u;
			size[i] = 1 + (size_t)rand() % 1400;
		}
		while (nin < 200) {
			port = (unsigned)rand() % 6;
			load = rand() % 8 == 0 ? (size_t)rand() % 1400 : size[port];
			flags = rand() % 10 == 0 ? (uint8_t)rand() : 0x10;
			if (rand() % 30 == 0)
				seq[port] += (uint32_t)rand();
			if (port < 4) {
				feed(tcp(in[nin], port, seq[port], flags,
				    port == 2 ? 12 : 0, load));
				seq[port] += (uint32_t)load;
			} else
				feed(udp(in[nin], port, load));
			if (rand() % 60 == 0)
				merge_flush(&merge);
		}
		all_came_back();
		ck_assert_uint_lt(nrun, nin);
	}
}
END_TEST

START_TEST(short_bent_and_foreign_packets_pass_as_they_are)
{
	unsigned	round, i;
	size_t		len;

	for (round = 0; round < 2000; round++) {
		srand(round);
		start();
		for (i = 0; i < 8; i++) {
			len = tcp(in[nin], 9, 1000 + i * 100, 0x10, 12, 100);
			if (rand() % 2)
				in[nin][(size_t)rand() % len] ^= (uint8_t)(1 << rand() % 8);
			if (rand() % 4 == 0)
				len = 1 + (size_t)rand() % len;
			feed(len);
		}
		merge_flush(&merge);
		ck_assert_uint_eq(nout, nin);
		ck_assert_uint_eq(nowner, nin);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, what_the_kernel_would_send_comes_out_of_one_piece);
	tcase_add_test(t, datagrams_are_cut_with_a_length_and_a_sum_each);
	tcase_add_test(t, a_piece_behind_extension_headers_keeps_them_and_a_fragment_is_none);
	tcase_add_test(t, a_header_that_lies_is_refused);
	tcase_add_test(t, a_partial_checksum_is_finished_where_it_lies);
	tcase_add_test(t, packets_of_a_flow_become_one_piece);
	tcase_add_test(t, what_differs_is_not_merged);
	tcase_add_test(t, fragments_stay_where_they_are_in_their_flow);
	tcase_add_test(t, random_packets_come_back_to_the_byte);
	tcase_add_test(t, short_bent_and_foreign_packets_pass_as_they_are);
}
