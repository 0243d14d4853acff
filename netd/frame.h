/*
 * frame.h -- FMP frames and the small link messages (FIPS-WIRE 4). Pure.
 *
 * A datagram is one frame: a 4-byte prefix (version and phase, flags,
 * payload length), then what the phase says. All little-endian.
 */
#ifndef NETD_FRAME_H
#define NETD_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "refuse.h"

enum {
	FRAME_PREFIX_LEN = 4,
	FRAME_MSG1_LEN = 114,
	FRAME_MSG2_LEN = 69,
	FRAME_HEAD_LEN = 16,		/* established header, the AAD */
	FRAME_TAG_LEN = 16,
	FRAME_BODY_OFF = 20,		/* link message: after header and timestamp */
	FRAME_OVERHEAD = 36,		/* header, timestamp, tag */
	FRAME_NOISE1_LEN = 106,
	FRAME_NOISE2_LEN = 57,
	FRAME_EPHEMERAL_LEN = 33,	/* first bytes of a Noise message */
};

enum frame_phase { FRAME_DATA, FRAME_MSG1, FRAME_MSG2 };
enum { FRAME_K = 1, FRAME_CE = 2, FRAME_SP = 4 };

enum link_msg {
	LINK_MSG_DATAGRAM = 0x00,
	LINK_MSG_SENDER_REPORT = 0x01,
	LINK_MSG_RECEIVER_REPORT = 0x02,
	LINK_MSG_TREE_ANNOUNCE = 0x10,
	LINK_MSG_FILTER_ANNOUNCE = 0x20,
	LINK_MSG_LOOKUP_REQUEST = 0x30,
	LINK_MSG_LOOKUP_RESPONSE = 0x31,
	LINK_MSG_DISCONNECT = 0x50,
	LINK_MSG_HEARTBEAT = 0x51,
};

enum bye {
	BYE_SHUTDOWN, BYE_RESTART, BYE_PROTOCOL, BYE_TRANSPORT, BYE_RESOURCES,
	BYE_SECURITY, BYE_CONFIG, BYE_TIMEOUT, BYE_OTHER = 0xff
};

struct frame {
	enum frame_phase phase;
	uint8_t		 flags;
	uint16_t	 payload_len;	/* as on the wire; always exact */
	uint32_t	 sender;	/* msg1, msg2 */
	uint32_t	 receiver;	/* msg2, data */
	uint64_t	 counter;	/* data */
	uint16_t	 body;		/* offset of Noise bytes or ciphertext */
};

/* REFUSE_NONE and *f; else the reason, and *f is zero. len is the datagram's. */
enum refusal	frame_decode(const uint8_t *, size_t len, struct frame *f);

/* Bytes written. */
size_t	frame_msg1(uint8_t out[FRAME_MSG1_LEN], uint32_t sender,
	    const uint8_t noise[FRAME_NOISE1_LEN]);
size_t	frame_msg2(uint8_t out[FRAME_MSG2_LEN], uint32_t sender,
	    uint32_t receiver, const uint8_t noise[FRAME_NOISE2_LEN]);
/* payload_len: plaintext, timestamp included. cryptod writes the counter. */
size_t	frame_data(uint8_t out[FRAME_HEAD_LEN], uint8_t flags,
	    uint16_t payload_len, uint32_t receiver, uint64_t counter);

/* Disconnect, type byte first: bytes written; the reason, or -1 if malformed. */
size_t	frame_bye(uint8_t out[2], enum bye);
int	frame_bye_read(const uint8_t *msg, size_t len);
/* "Shutdown" and so on. */
const char *frame_bye_text(enum bye);
/* Is this type of link message in the protocol? */
int	frame_is_link_msg(uint8_t type);
/* Is it for the tree, the filters or the look-ups? */
int	frame_is_mesh_msg(uint8_t type);

#endif
