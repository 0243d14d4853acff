/*
 * fsp.h -- what travels end to end: datagram header, session handshakes, data
 * header, routing signals, inner messages (FIPS-WIRE 4.1, 13). Pure codec.
 *
 * A decoder answers 0 when the bytes are exactly one message and -1 otherwise;
 * what decodes encodes back to the same bytes. An encoder answers the length,
 * or -1 when it does not fit.
 */
#ifndef NETD_FSP_H
#define NETD_FSP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ident.h"

enum {
	FSP_DGRAM = 36,		/* datagram header, type byte included */
	FSP_PREFIX = 4,
	FSP_HEAD = 12,		/* prefix and counter of a data frame */
	FSP_INNER = 6,		/* timestamp, type, flags: first of the plaintext */
	FSP_TAG = 16,
	FSP_MSG1 = 33, FSP_MSG2 = 57, FSP_MSG3 = 73,	/* Noise XK */
	FSP_COORDS_MAX = 38,	/* longest path: two of them fit one frame */
	FSP_SHAKE_MAX = FSP_PREFIX + 1 + 2 * (2 + 16 * FSP_COORDS_MAX) + 2 + FSP_MSG3,
	FSP_PORT_IP6 = 256,
};

enum fsp_phase { FSP_DATA, FSP_SETUP, FSP_ACK, FSP_MSG3_PHASE };
enum { FSP_CP = 0x01, FSP_K = 0x02, FSP_U = 0x04 };
enum { FSP_SPIN = 0x01 };	/* of inner flags */

enum fsp_type {
	FSP_PACKET = 0x10, FSP_SENDER_REPORT, FSP_RECEIVER_REPORT,
	FSP_PATH_MTU, FSP_WARMUP,
	FSP_COORDS_REQUIRED = 0x20, FSP_PATH_BROKEN, FSP_MTU_EXCEEDED,
};

struct fsp_dgram {
	uint8_t		ttl;
	uint16_t	path_mtu;
	uint8_t		src[NADDR_LEN], dst[NADDR_LEN];
};

/* A path from a node to its root. Points into the message it came from. */
struct fsp_coords {
	uint16_t	 count;
	const uint8_t	*addr;		/* count * 16 bytes */
};

/* Setup, Ack and Msg3; Msg3 has neither coordinates nor a length of its own. */
struct fsp_shake {
	uint8_t			 phase, flags;
	struct fsp_coords	 src, dst;
	const uint8_t		*noise;
	uint16_t		 noise_len;	/* what the phase says */
};

struct fsp_data {
	uint8_t			 flags;		/* FSP_CP, FSP_K */
	uint16_t		 len;		/* of the plaintext */
	uint64_t		 counter;
	struct fsp_coords	 src, dst;	/* with FSP_CP; not authenticated */
	const uint8_t		*sealed;	/* len + FSP_TAG bytes */
};

/* Plaintext complaint of a node on the way. */
struct fsp_signal {
	uint8_t			 type, flags;
	uint8_t			 dest[NADDR_LEN], reporter[NADDR_LEN];
	uint16_t		 mtu;		/* FSP_MTU_EXCEEDED */
	struct fsp_coords	 last;		/* FSP_PATH_BROKEN; may be empty */
};

struct fsp_inner {
	uint32_t	 ts;
	uint8_t		 type, flags;
	const uint8_t	*body;
	size_t		 len;
};

/* The header at p; reads FSP_DGRAM bytes at most. */
int	fsp_dgram_decode(const uint8_t *p, size_t, struct fsp_dgram *);
void	fsp_dgram_encode(const struct fsp_dgram *, uint8_t out[FSP_DGRAM]);

/* Phase of a payload and its flags; -1 when shorter than a prefix or of
 * another version. */
int	fsp_phase(const uint8_t *, size_t, uint8_t *flags);

int	fsp_shake_decode(const uint8_t *, size_t, struct fsp_shake *);
ssize_t	fsp_shake_encode(const struct fsp_shake *, uint8_t *, size_t);
int	fsp_data_decode(const uint8_t *, size_t, struct fsp_data *);
/* Header and coordinates only; the sealed part follows. */
ssize_t	fsp_data_encode(const struct fsp_data *, uint8_t *, size_t);
int	fsp_signal_decode(const uint8_t *, size_t, struct fsp_signal *);
ssize_t	fsp_signal_encode(const struct fsp_signal *, uint8_t *, size_t);
int	fsp_inner_decode(const uint8_t *, size_t, struct fsp_inner *);
void	fsp_inner_encode(uint8_t out[FSP_INNER], uint32_t ts, uint8_t type,
	    uint8_t flags);

/* Bodies of inner messages. A longer report is accepted, as everywhere. */
int	fsp_path_mtu_decode(const struct fsp_inner *, uint16_t *mtu);
/* Ports of a DataPacket; the rest of the body is what they carry. */
int	fsp_packet_decode(const struct fsp_inner *, uint16_t *src, uint16_t *dst,
	    const uint8_t **payload, size_t *len);

#endif
