/*
 * msg.h -- what common/msg.def declares, as C. No I/O here; see chan.h.
 *
 * On the wire of a door: type u32, req u32, then the fields in order, all
 * little-endian, no padding. One SEQPACKET record is one message.
 */
#ifndef MSG_H
#define MSG_H

#include <stddef.h>
#include <stdint.h>

#include "refuse.h"

enum proc_id {
#define PROC(NAME, name, user, uid, nofile, memlock_kb, doc)	PROC_##NAME,
#include "proc.def"
	PROC_MAX
};

struct proc_row {
	const char	*name, *user, *doc;
	unsigned	 uid, nofile, memlock_kb;
};
extern const struct proc_row proc_row[PROC_MAX];

/* When a row may pass; chan.c refuses it at any other time. */
enum { BOOT = 1, RUN = 2, ONCE = 4 };

/* Where the identity comes from. */
enum key_mode { KEY_CONFIGURED = 1, KEY_PERSISTENT, KEY_EPHEMERAL };

/* A row of LISTENERS; the port follows in two bytes, little-endian. */
enum listen_proto { LISTEN_TCP = 1, LISTEN_UDP };
enum listen_bind { LISTEN_ANY = 1, LISTEN_MESH };
#define LISTEN_ROW	4

/* What netd can have: peers with a link, each with three sets of keys at most; and
 * handshakes under way: of links, and questions to cryptod about these; of
 * sessions, half of them others'. */
enum { PEER_SLOTS = 1024, HS_LINKS = 512, HS_LINKS_ASKED = 64, HS_SESSIONS = 256 };

/* Why a connection of the directory ended: TALK_END. */
enum talk_why { TALK_CLOSED = 1, TALK_FAILED, TALK_LATE, TALK_BUSY };
/* Connections that dird dials, and that came in, in all. Under way: pieces of
 * TALK_HEARD that dird has not taken, bytes of TALK_SAY not yet said. */
enum { TALK_CALLS = 8, TALK_GUESTS = 24, TALK_PIECE = 1200, TALK_PIECES = 8, TALK_SAY_MAX = 16384 };

enum msg_type {
	MSG_NONE,
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	MSG_##NAME,
#include "msg.def"
	MSG_MAX
};

#define MSG(NAME, name, FROM, TO, nfd, when, doc)	struct msg_##name { uint32_t req;
#define U8(f, lo, hi, doc)	uint8_t f;
#define U16(f, lo, hi, doc)	uint16_t f;
#define U32(f, lo, hi, doc)	uint32_t f;
#define U64(f, lo, hi, doc)	uint64_t f;
#define FIX(f, n, doc)		uint8_t f[n];
#define VAR(f, max, doc)	uint16_t f##_len; uint8_t f[max];
#define STR(f, max, doc)	char f[(max) + 1];
#define END(NAME, name)		};
#include "msg.def"

union msg_any {
	uint32_t req;
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	struct msg_##name name;
#include "msg.def"
};

/* Longest encoding of each message; MSG_LEN_MAX bounds every buffer. */
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	enum { MSG_LEN_##NAME = 8
#define U8(f, lo, hi, doc)	+ 1
#define U16(f, lo, hi, doc)	+ 2
#define U32(f, lo, hi, doc)	+ 4
#define U64(f, lo, hi, doc)	+ 8
#define FIX(f, n, doc)		+ (n)
#define VAR(f, max, doc)	+ 2 + (max)
#define STR(f, max, doc)	+ 1 + (max)
#define END(NAME, name)		};
#include "msg.def"

#define MSG_LEN_MAX	1280
#define MSG_NFD_MAX	4
#define MSG(NAME, name, FROM, TO, nfd, when, doc)				\
	_Static_assert(MSG_LEN_##NAME <= MSG_LEN_MAX, #name " is too long");	\
	_Static_assert((nfd) <= MSG_NFD_MAX, #name " has too many fds");	\
	_Static_assert(PROC_##FROM != PROC_##TO, #name " talks to itself");	\
	_Static_assert(((when) & (BOOT|RUN)) != 0, #name " is never allowed");
#include "msg.def"

struct msg_row {
	const char	*name;
	enum proc_id	 from, to;
	uint8_t		 nfd, when;
};
extern const struct msg_row msg_row[MSG_MAX];

/* Which ONCE rows have passed: a bit for each message. */
struct msg_seen {
	uint64_t bits[(MSG_MAX + 63) / 64];
};

/*
 * Encode answers the number of bytes; decode answers 0. Both answer -1 and
 * the reason (MSG_UNKNOWN, MSG_RANGE, MSG_LENGTH) when they will not.
 * Decode leaves *m zeroed on failure. A decoded message encodes back to the
 * same bytes.
 */
int	msg_encode(enum msg_type, const void *msg, uint8_t *, size_t,
	    enum refusal *);
int	msg_decode(const uint8_t *, size_t, enum msg_type *, union msg_any *,
	    enum refusal *);

/* May this row pass this door now? REFUSE_NONE, or why not. */
enum refusal	msg_permit(enum msg_type, enum proc_id from, enum proc_id to,
		    unsigned phase, int nfd, struct msg_seen *);

/* A bit for every room this one has a door to; privd makes these pairs only. */
unsigned	msg_doors(enum proc_id);

#endif
