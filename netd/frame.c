/* frame.c -- FMP frames as bytes. No I/O, no keys, no clock. */
#include <string.h>

#include "frame.h"
#include "wire.h"

enum { VERSION_0 = 0, DATA_MIN = FRAME_OVERHEAD + 1 };

/* Handshakes have one size each, and no flags. */
static enum refusal
decode_handshake(struct rd *r, size_t len, struct frame *f)
{
	size_t want = f->phase == FRAME_MSG1 ? FRAME_MSG1_LEN : FRAME_MSG2_LEN;

	if (f->flags != 0)
		return REFUSE_FRAME_FLAGS;
	if (len < want)
		return REFUSE_FRAME_SHORT;
	if (len != want || f->payload_len != want - FRAME_PREFIX_LEN)
		return REFUSE_FRAME_LENGTH;
	f->sender = (uint32_t)rd_uint(r, 4, 0, UINT32_MAX);
	if (f->phase == FRAME_MSG2)
		f->receiver = (uint32_t)rd_uint(r, 4, 0, UINT32_MAX);
	return REFUSE_NONE;
}

/* Flags that we do not know are left alone: the header is authenticated. */
static enum refusal
decode_data(struct rd *r, size_t len, struct frame *f)
{
	if (len < DATA_MIN)
		return REFUSE_FRAME_SHORT;
	if (len != (size_t)FRAME_HEAD_LEN + f->payload_len + FRAME_TAG_LEN)
		return REFUSE_FRAME_LENGTH;
	f->receiver = (uint32_t)rd_uint(r, 4, 0, UINT32_MAX);
	f->counter = rd_uint(r, 8, 0, UINT64_MAX);
	return REFUSE_NONE;
}

enum refusal
frame_decode(const uint8_t *p, size_t len, struct frame *out)
{
	struct rd	r = rd_init(p, len);
	struct frame	f = { 0 };
	enum refusal	why;
	uint8_t		first;

	memset(out, 0, sizeof(*out));
	if (len < FRAME_PREFIX_LEN)
		return REFUSE_FRAME_SHORT;
	first = (uint8_t)rd_uint(&r, 1, 0, UINT8_MAX);
	f.flags = (uint8_t)rd_uint(&r, 1, 0, UINT8_MAX);
	f.payload_len = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	if (first >> 4 != VERSION_0)
		return REFUSE_FRAME_VERSION;
	if ((first & 0xf) > FRAME_MSG2)
		return REFUSE_FRAME_PHASE;
	f.phase = first & 0xf;
	why = f.phase == FRAME_DATA ? decode_data(&r, len, &f) :
	    decode_handshake(&r, len, &f);
	if (why != REFUSE_NONE)
		return why;
	f.body = (uint16_t)(r.p - p);
	*out = f;
	return REFUSE_NONE;
}

static struct wr
prefix(uint8_t *out, size_t cap, enum frame_phase phase, uint8_t flags,
    size_t payload_len)
{
	struct wr w = wr_init(out, cap);

	wr_uint(&w, phase, 1, 0, FRAME_MSG2);
	wr_uint(&w, flags, 1, 0, UINT8_MAX);
	wr_uint(&w, payload_len, 2, 0, UINT16_MAX);
	return w;
}

size_t
frame_msg1(uint8_t out[FRAME_MSG1_LEN], uint32_t sender,
    const uint8_t noise[FRAME_NOISE1_LEN])
{
	struct wr w = prefix(out, FRAME_MSG1_LEN, FRAME_MSG1, 0,
	    FRAME_MSG1_LEN - FRAME_PREFIX_LEN);

	wr_uint(&w, sender, 4, 0, UINT32_MAX);
	wr_bytes(&w, noise, FRAME_NOISE1_LEN);
	return (size_t)wr_len(&w);
}

size_t
frame_msg2(uint8_t out[FRAME_MSG2_LEN], uint32_t sender, uint32_t receiver,
    const uint8_t noise[FRAME_NOISE2_LEN])
{
	struct wr w = prefix(out, FRAME_MSG2_LEN, FRAME_MSG2, 0,
	    FRAME_MSG2_LEN - FRAME_PREFIX_LEN);

	wr_uint(&w, sender, 4, 0, UINT32_MAX);
	wr_uint(&w, receiver, 4, 0, UINT32_MAX);
	wr_bytes(&w, noise, FRAME_NOISE2_LEN);
	return (size_t)wr_len(&w);
}

size_t
frame_data(uint8_t out[FRAME_HEAD_LEN], uint8_t flags, uint16_t payload_len,
    uint32_t receiver, uint64_t counter)
{
	struct wr w = prefix(out, FRAME_HEAD_LEN, FRAME_DATA, flags, payload_len);

	wr_uint(&w, receiver, 4, 0, UINT32_MAX);
	wr_uint(&w, counter, 8, 0, UINT64_MAX);
	return (size_t)wr_len(&w);
}

size_t
frame_bye(uint8_t out[2], enum bye why)
{
	out[0] = LINK_MSG_DISCONNECT;
	out[1] = (uint8_t)why;
	return 2;
}

int
frame_bye_read(const uint8_t *msg, size_t len)
{
	if (len != 2 || msg[0] != LINK_MSG_DISCONNECT)
		return -1;
	return msg[1] <= BYE_TIMEOUT ? msg[1] : BYE_OTHER;
}

const char *
frame_bye_text(enum bye why)
{
	static const char *const text[] = {
		"Shutdown", "Restart", "ProtocolError", "TransportFailure",
		"ResourceExhaustion", "SecurityViolation",
		"ConfigurationChange", "Timeout"
	};

	return why <= BYE_TIMEOUT ? text[why] : "Other";
}

int
frame_is_link_msg(uint8_t type)
{
	switch (type) {
	case LINK_MSG_DATAGRAM:
	case LINK_MSG_SENDER_REPORT:
	case LINK_MSG_RECEIVER_REPORT:
	case LINK_MSG_TREE_ANNOUNCE:
	case LINK_MSG_FILTER_ANNOUNCE:
	case LINK_MSG_LOOKUP_REQUEST:
	case LINK_MSG_LOOKUP_RESPONSE:
	case LINK_MSG_DISCONNECT:
	case LINK_MSG_HEARTBEAT:
		return 1;
	default:
		return 0;
	}
}

int
frame_is_mesh_msg(uint8_t type)
{
	return type == LINK_MSG_TREE_ANNOUNCE ||
	    type == LINK_MSG_FILTER_ANNOUNCE ||
	    type == LINK_MSG_LOOKUP_REQUEST || type == LINK_MSG_LOOKUP_RESPONSE;
}
