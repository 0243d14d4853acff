/* room: netd */
/* test_frame.c -- FMP frames: FIPS-WIRE Appendix A, and every cut of them. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/frame.h"
#include "ident.h"
#include "suite.h"

#define NOISE1	"034f355bdcb7cc0af728ef3cceb9615d90684bb5b2ca5f859ab0f0b704" \
	"075871aa8dd0350b5f73a2fc3d8d2cd508aa623fea35968f6099e85500b8226b" \
	"f5b9611bdb08fa831d7baa7b24283749f1873c5aa8ef73228cb570ac952599c7" \
	"f7377b9bfea0ad994c78ebf1dc"
#define NOISE2	"02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f" \
	"1bae3f27b1a30e91bf8187e3f58e58b083c149d093628f38020a3083"
#define MSG1	"01006e0001020304" NOISE1
#define MSG2	"020041000a0b0c0d01020304" NOISE2
#define BEAT_I	"00000500010203040000000000000000f6a8593202f5129758a63ba33d27" \
	"88d3d178f8d372"
#define BEAT_R	"000105000a0b0c0d00000000000000006ede28e3cbde2139c5c881f9fd26" \
	"a4d7c4f3a9a5ba"

static const char *const vector[] = { MSG1, MSG2, BEAT_I, BEAT_R };
enum { NVECTOR = sizeof(vector) / sizeof(vector[0]) };

static size_t
bytes(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	ck_assert_int_eq(hex_decode(hex, out, n), 0);
	return n;
}

/* What decodes encodes back the same. */
static void
encode_back(const struct frame *f, const uint8_t *in, size_t len)
{
	uint8_t out[256];
	size_t	n;

	switch (f->phase) {
	case FRAME_MSG1:
		n = frame_msg1(out, f->sender, in + f->body);
		break;
	case FRAME_MSG2:
		n = frame_msg2(out, f->sender, f->receiver, in + f->body);
		break;
	default:
		n = frame_data(out, f->flags, f->payload_len, f->receiver, f->counter);
		ck_assert_uint_eq(n, FRAME_HEAD_LEN);
		ck_assert_mem_eq(out, in, n);
		return;
	}
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(out, in, n);
}

START_TEST(every_frame_of_the_reference_decodes_and_encodes_back)
{
	struct frame	f;
	uint8_t		in[256];
	size_t		n = bytes(vector[_i], in);

	ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_NONE);
	encode_back(&f, in, n);
}
END_TEST

START_TEST(msg1_of_the_reference_has_its_fields)
{
	struct frame	f;
	uint8_t		in[256], noise[256];
	size_t		n = bytes(MSG1, in);

	ck_assert_uint_eq(bytes(NOISE1, noise), FRAME_NOISE1_LEN);
	ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_NONE);
	ck_assert_int_eq(f.phase, FRAME_MSG1);
	ck_assert_uint_eq(f.sender, 0x04030201);
	ck_assert_uint_eq(f.body, 8);
	ck_assert_mem_eq(in + f.body, noise, FRAME_NOISE1_LEN);
}
END_TEST

START_TEST(msg2_of_the_reference_has_its_fields)
{
	struct frame	f;
	uint8_t		in[256], noise[256];
	size_t		n = bytes(MSG2, in);

	ck_assert_uint_eq(bytes(NOISE2, noise), FRAME_NOISE2_LEN);
	ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_NONE);
	ck_assert_int_eq(f.phase, FRAME_MSG2);
	ck_assert_uint_eq(f.sender, 0x0d0c0b0a);
	ck_assert_uint_eq(f.receiver, 0x04030201);
	ck_assert_mem_eq(in + f.body, noise, FRAME_NOISE2_LEN);
}
END_TEST

START_TEST(heartbeats_of_the_reference_have_their_fields)
{
	struct frame	f;
	uint8_t		in[256];
	size_t		n = bytes(BEAT_R, in);

	ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_NONE);
	ck_assert_int_eq(f.phase, FRAME_DATA);
	ck_assert_uint_eq(f.flags, FRAME_K);
	ck_assert_uint_eq(f.payload_len, 5);
	ck_assert_uint_eq(f.receiver, 0x0d0c0b0a);
	ck_assert_uint_eq(f.counter, 0);
	ck_assert_uint_eq(f.body, FRAME_HEAD_LEN);
}
END_TEST

START_TEST(a_frame_cut_at_any_byte_is_refused)
{
	struct frame	f, none = { 0 };
	uint8_t		in[256];
	size_t		n = bytes(vector[_i], in), cut;
	enum refusal	why;

	for (cut = 0; cut < n; cut++) {
		memset(&f, 0xff, sizeof(f));
		why = frame_decode(in, cut, &f);
		ck_assert(why == REFUSE_FRAME_SHORT || why == REFUSE_FRAME_LENGTH);
		ck_assert_mem_eq(&f, &none, sizeof(f));
	}
}
END_TEST

START_TEST(a_frame_with_one_byte_extra_is_refused)
{
	struct frame	f;
	uint8_t		in[256] = { 0 };
	size_t		n = bytes(vector[_i], in);

	ck_assert_int_eq(frame_decode(in, n + 1, &f), REFUSE_FRAME_LENGTH);
}
END_TEST

START_TEST(a_length_field_that_is_off_by_one_is_refused)
{
	struct frame	f;
	uint8_t		in[256];
	size_t		n = bytes(vector[_i], in);

	in[2]++;
	ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_FRAME_LENGTH);
	in[2] -= 2;
	ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_FRAME_LENGTH);
}
END_TEST

START_TEST(every_other_version_is_refused)
{
	struct frame	f;
	uint8_t		in[256];
	size_t		n = bytes(vector[_i], in);
	unsigned	v;

	for (v = 1; v < 16; v++) {
		in[0] = (uint8_t)(v << 4 | (in[0] & 0xf));
		ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_FRAME_VERSION);
	}
}
END_TEST

START_TEST(every_other_phase_is_refused)
{
	struct frame	f;
	uint8_t		in[256];
	size_t		n = bytes(BEAT_I, in);
	uint8_t		phase;

	for (phase = 3; phase < 16; phase++) {
		in[0] = phase;
		ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_FRAME_PHASE);
	}
}
END_TEST

START_TEST(a_handshake_with_any_flag_is_refused)
{
	struct frame	f;
	uint8_t		in[256];
	size_t		n = bytes(_i ? MSG2 : MSG1, in);
	unsigned	bit;

	for (bit = 0; bit < 8; bit++) {
		in[1] = (uint8_t)(1u << bit);
		ck_assert_int_eq(frame_decode(in, n, &f), REFUSE_FRAME_FLAGS);
	}
}
END_TEST

START_TEST(a_data_frame_without_a_message_type_is_refused)
{
	struct frame	f;
	uint8_t		in[FRAME_OVERHEAD + 1] = { 0 };

	in[2] = 4;
	ck_assert_int_eq(frame_decode(in, FRAME_OVERHEAD, &f), REFUSE_FRAME_SHORT);
	in[2] = 5;
	ck_assert_int_eq(frame_decode(in, FRAME_OVERHEAD + 1, &f), REFUSE_NONE);
}
END_TEST

START_TEST(the_largest_data_frame_passes)
{
	static uint8_t	in[FRAME_HEAD_LEN + UINT16_MAX + FRAME_TAG_LEN];
	struct frame	f;

	in[2] = in[3] = 0xff;
	ck_assert_int_eq(frame_decode(in, sizeof(in), &f), REFUSE_NONE);
	ck_assert_uint_eq(f.payload_len, UINT16_MAX);
}
END_TEST

START_TEST(every_disconnect_reason_comes_back)
{
	uint8_t		msg[3] = { 0 };
	unsigned	r;

	for (r = 0; r <= 0xff; r++) {
		ck_assert_uint_eq(frame_bye(msg, r), 2);
		ck_assert_int_eq(frame_bye_read(msg, 2),
		    r <= BYE_TIMEOUT ? (int)r : BYE_OTHER);
		ck_assert_str_ne(frame_bye_text(r), "");
	}
	ck_assert_int_eq(frame_bye_read(msg, 1), -1);
	ck_assert_int_eq(frame_bye_read(msg, 3), -1);
	msg[0] = LINK_MSG_HEARTBEAT;
	ck_assert_int_eq(frame_bye_read(msg, 2), -1);
}
END_TEST

START_TEST(the_protocol_has_nine_link_messages)
{
	unsigned t, n = 0;

	for (t = 0; t <= 0xff; t++)
		n += (unsigned)frame_is_link_msg((uint8_t)t);
	ck_assert_uint_eq(n, 9);
	ck_assert(frame_is_link_msg(LINK_MSG_HEARTBEAT));
	ck_assert(!frame_is_link_msg(0x52));
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_loop_test(t, every_frame_of_the_reference_decodes_and_encodes_back, 0, NVECTOR);
	tcase_add_test(t, msg1_of_the_reference_has_its_fields);
	tcase_add_test(t, msg2_of_the_reference_has_its_fields);
	tcase_add_test(t, heartbeats_of_the_reference_have_their_fields);
	tcase_add_loop_test(t, a_frame_cut_at_any_byte_is_refused, 0, NVECTOR);
	tcase_add_loop_test(t, a_frame_with_one_byte_extra_is_refused, 0, NVECTOR);
	tcase_add_loop_test(t, a_length_field_that_is_off_by_one_is_refused, 0, NVECTOR);
	tcase_add_loop_test(t, every_other_version_is_refused, 0, NVECTOR);
	tcase_add_test(t, every_other_phase_is_refused);
	tcase_add_loop_test(t, a_handshake_with_any_flag_is_refused, 0, 2);
	tcase_add_test(t, a_data_frame_without_a_message_type_is_refused);
	tcase_add_test(t, the_largest_data_frame_passes);
	tcase_add_test(t, every_disconnect_reason_comes_back);
	tcase_add_test(t, the_protocol_has_nine_link_messages);
}
