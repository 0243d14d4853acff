/* room: netd -- session messages against bytes of the reference's own code. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/fsp.h"
#include "ident.h"
#include "suite.h"

#define A	"69e08d65cc3a6b9c2c2ac4bd405e4b0e"
#define B	"8e302c287eb48d6268122fda760b7727"
#define C	"aca221406950440c41d550280ed15a7f"
#define XK1	"034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704075871aa"
#define XK2	"02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f279cb13b7cdbe9f03159c0ae203185804dba3538021636ac6b"
#define XK3	"37bde5b76a2a92a8b93ca0ece4bc90470901b6ef39fe71634adbd3ba098801ab35d3de0e9c025e6fccd15cf1fb7880789a8a0f3912f4c703607351f175902b3e56f924b529a9c510d6"
#define SETUP	"010068000002" "00" A C "0200" B C "2100" XK1
#define ACK	"020080000002" "00" B C "0200" A C "3900" XK2
#define MSG3	"03004c0000" "4900" XK3
#define DGRAM	"00400005" A B "dead"
#define DATA	"0000110000000000000000004360915d0cbf921d333df641e94b5eb7b917a99dcfac48e40292d7f857b71c8343"
#define REQUIRED "00042200" "2000" B C
#define BROKEN	"00043400" "2100" B C "0100" A
#define TOOBIG	"00042400" "2200" B C "0005"

static uint8_t	buf[2048];

static size_t
bytes(const char *hex)
{
	size_t n = strlen(hex) / 2;

	ck_assert_int_eq(hex_decode(hex, buf, n), 0);
	return n;
}

static void
same(const uint8_t *p, const char *hex)
{
	uint8_t	want[256];
	size_t	n = strlen(hex) / 2;

	ck_assert_int_eq(hex_decode(hex, want, n), 0);
	ck_assert_mem_eq(p, want, n);
}

static void
shake_case(const char *hex, uint8_t phase, const char *noise, const char *src,
    const char *dst)
{
	struct fsp_shake	s;
	uint8_t			out[512];
	size_t			n = bytes(hex), i;

	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), 0);
	ck_assert_uint_eq(s.phase, phase);
	ck_assert_uint_eq(s.noise_len, strlen(noise) / 2);
	same(s.noise, noise);
	if (src != NULL) {
		ck_assert_uint_eq(s.src.count, 2);
		same(s.src.addr, src);
		same(s.dst.addr, dst);
	}
	ck_assert_int_eq(fsp_shake_encode(&s, out, sizeof(out)), (ssize_t)n);
	ck_assert_mem_eq(out, buf, n);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(fsp_shake_decode(buf, i, &s), -1);
		ck_assert_int_eq(fsp_shake_encode(&s, out, i), -1);
	}
	ck_assert_int_eq(fsp_shake_decode(buf, n + 1, &s), -1);
}

START_TEST(setup_of_the_reference)
{
	shake_case(SETUP, FSP_SETUP, XK1, A C, B C);
}
END_TEST

START_TEST(ack_of_the_reference)
{
	shake_case(ACK, FSP_ACK, XK2, B C, A C);
}
END_TEST

START_TEST(msg3_of_the_reference)
{
	shake_case(MSG3, FSP_MSG3_PHASE, XK3, NULL, NULL);
}
END_TEST

START_TEST(handshake_fields_out_of_bounds_are_refused)
{
	struct fsp_shake	s;
	size_t			n = bytes(SETUP);

	buf[1] = 1;			/* a flag in the prefix */
	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), -1);
	buf[1] = 0;
	buf[2]++;			/* length */
	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), -1);
	buf[2]--;
	buf[5] = 0;			/* no coordinates */
	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), -1);
	buf[5] = buf[6] = 0xff;		/* more than there are */
	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), -1);
	buf[5] = 2;
	buf[6] = 0;
	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), 0);
	buf[0] = 0x11;			/* another version */
	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), -1);
	buf[0] = 0;			/* another phase */
	ck_assert_int_eq(fsp_shake_decode(buf, n, &s), -1);
}
END_TEST

START_TEST(datagram_of_the_reference)
{
	struct fsp_dgram	d;
	uint8_t			out[FSP_DGRAM];
	size_t			n = bytes(DGRAM), i;

	ck_assert_int_eq(fsp_dgram_decode(buf, n, &d), 0);
	ck_assert_uint_eq(d.ttl, 64);
	ck_assert_uint_eq(d.path_mtu, 1280);
	same(d.src, A);
	same(d.dst, B);
	fsp_dgram_encode(&d, out);
	ck_assert_mem_eq(out, buf, FSP_DGRAM);
	ck_assert_uint_eq(buf[FSP_DGRAM], 0xde);
	for (i = 0; i < FSP_DGRAM; i++)
		ck_assert_int_eq(fsp_dgram_decode(buf, i, &d), -1);
	buf[0] = 0x01;
	ck_assert_int_eq(fsp_dgram_decode(buf, n, &d), -1);
}
END_TEST

START_TEST(data_frame_of_the_reference)
{
	struct fsp_data	d;
	uint8_t		out[64];
	size_t		n = bytes(DATA), i;

	ck_assert_int_eq(fsp_data_decode(buf, n, &d), 0);
	ck_assert_uint_eq(d.len, 17);
	ck_assert_uint_eq(d.counter, 0);
	ck_assert_uint_eq(d.flags, 0);
	ck_assert_ptr_eq(d.sealed, buf + FSP_HEAD);
	ck_assert_int_eq(fsp_data_encode(&d, out, sizeof(out)), FSP_HEAD);
	ck_assert_mem_eq(out, buf, FSP_HEAD);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(fsp_data_decode(buf, i, &d), -1);
	ck_assert_int_eq(fsp_data_decode(buf, n + 1, &d), -1);
}
END_TEST

START_TEST(data_frame_carries_coordinates)
{
	struct fsp_data	d;
	uint8_t		out[128];
	size_t		n = bytes("000301000700000000000000" "0100" A "0000"
			    "55" "00112233445566778899aabbccddeeff"), i;

	ck_assert_int_eq(fsp_data_decode(buf, n, &d), 0);
	ck_assert_uint_eq(d.flags, FSP_CP | FSP_K);
	ck_assert_uint_eq(d.counter, 7);
	ck_assert_uint_eq(d.src.count, 1);
	ck_assert_uint_eq(d.dst.count, 0);
	ck_assert_uint_eq(d.sealed[0], 0x55);
	ck_assert_int_eq(fsp_data_encode(&d, out, sizeof(out)), FSP_HEAD + 20);
	ck_assert_mem_eq(out, buf, FSP_HEAD + 20);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(fsp_data_decode(buf, i, &d), -1);
}
END_TEST

/* The reference falls over these; any peer can send one. */
START_TEST(a_frame_that_promises_coordinates_and_ends_is_refused)
{
	struct fsp_data		d;
	struct fsp_signal	s;
	uint8_t			flags;
	size_t			n;

	for (n = 0; n <= FSP_HEAD + 2; n++) {
		memset(buf, 0, sizeof(buf));
		buf[1] = FSP_CP;
		ck_assert_int_eq(fsp_phase(buf, n, &flags), n < 4 ? -1 : 0);
		ck_assert_int_eq(fsp_data_decode(buf, n, &d), -1);
		ck_assert_int_eq(fsp_signal_decode(buf, n, &s), -1);
	}
}
END_TEST

static void
signal_case(const char *hex, uint8_t type)
{
	struct fsp_signal	s;
	uint8_t			out[128];
	size_t			n = bytes(hex), i;

	ck_assert_int_eq(fsp_signal_decode(buf, n, &s), 0);
	ck_assert_uint_eq(s.type, type);
	same(s.dest, B);
	same(s.reporter, C);
	if (type == FSP_MTU_EXCEEDED)
		ck_assert_uint_eq(s.mtu, 1280);
	if (type == FSP_PATH_BROKEN)
		same(s.last.addr, A);
	ck_assert_int_eq(fsp_signal_encode(&s, out, sizeof(out)), (ssize_t)n);
	ck_assert_mem_eq(out, buf, n);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(fsp_signal_decode(buf, i, &s), -1);
		ck_assert_int_eq(fsp_signal_encode(&s, out, i), -1);
	}
	ck_assert_int_eq(fsp_signal_decode(buf, n + 1, &s), -1);
}

START_TEST(routing_signals_pass_and_their_pieces_do_not)
{
	signal_case(REQUIRED, FSP_COORDS_REQUIRED);
	signal_case(BROKEN, FSP_PATH_BROKEN);
	signal_case(TOOBIG, FSP_MTU_EXCEEDED);
}
END_TEST

START_TEST(inner_messages)
{
	struct fsp_inner	in;
	uint8_t			p[6 + 66] = { 0 };
	const uint8_t		*data;
	uint16_t		src, dst, mtu;
	size_t			i, len;

	fsp_inner_encode(p, 2000, FSP_PACKET, 1);
	ck_assert_int_eq(hex_decode("00010001", p + 6, 4), 0);
	for (i = 0; i < 6; i++)
		ck_assert_int_eq(fsp_inner_decode(p, i, &in), -1);
	ck_assert_int_eq(fsp_inner_decode(p, 9, &in), 0);
	ck_assert_int_eq(fsp_packet_decode(&in, &src, &dst, &data, &len), -1);
	ck_assert_int_eq(fsp_inner_decode(p, 12, &in), 0);
	ck_assert_uint_eq(in.ts, 2000);
	ck_assert_uint_eq(in.flags, 1);
	ck_assert_int_eq(fsp_packet_decode(&in, &src, &dst, &data, &len), 0);
	ck_assert_uint_eq(src, 256);
	ck_assert_uint_eq(dst, FSP_PORT_IP6);
	ck_assert_uint_eq(len, 2);
	ck_assert_int_eq(fsp_path_mtu_decode(&in, &mtu), -1);

	fsp_inner_encode(p, 0, FSP_PATH_MTU, 0);
	ck_assert_int_eq(fsp_inner_decode(p, 7, &in), 0);
	ck_assert_int_eq(fsp_path_mtu_decode(&in, &mtu), -1);
	ck_assert_int_eq(fsp_inner_decode(p, 8, &in), 0);
	ck_assert_int_eq(fsp_path_mtu_decode(&in, &mtu), 0);
	ck_assert_uint_eq(mtu, 256);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, setup_of_the_reference);
	tcase_add_test(t, ack_of_the_reference);
	tcase_add_test(t, msg3_of_the_reference);
	tcase_add_test(t, handshake_fields_out_of_bounds_are_refused);
	tcase_add_test(t, datagram_of_the_reference);
	tcase_add_test(t, data_frame_of_the_reference);
	tcase_add_test(t, data_frame_carries_coordinates);
	tcase_add_test(t, a_frame_that_promises_coordinates_and_ends_is_refused);
	tcase_add_test(t, routing_signals_pass_and_their_pieces_do_not);
	tcase_add_test(t, inner_messages);
}
