/*
 * noise.h -- the two handshakes of FIPS v0: IK for links, XK for sessions.
 *
 * Pure: ephemeral secrets and epochs are arguments, so every byte can be
 * foretold by a test. Nothing is kept outside struct noise, whose owner wipes
 * it. Every function works on a copy: what it refuses leaves the handshake as
 * it was, and a better message may still come.
 */
#ifndef NOISE_H
#define NOISE_H

#include "curve.h"
#include "refuse.h"

#define EPOCH_LEN	8
#define IK_MSG1_LEN	106
#define IK_MSG2_LEN	57
#define XK_MSG1_LEN	33
#define XK_MSG2_LEN	57
#define XK_MSG3_LEN	73

/* Who we are. */
struct key {
	uint8_t	sec[SEC_LEN];
	uint8_t	pub[PUB_LEN];
	uint8_t	addr[ADDR_LEN];
	uint8_t	epoch[EPOCH_LEN];	/* of this start of the node */
};

/* A handshake under way. `turn` is the message that may come next. */
struct noise {
	uint8_t		ck[32], k[32], h[32];
	uint64_t	n;
	uint8_t		e[SEC_LEN];	/* our ephemeral secret */
	uint8_t		re[PUB_LEN];	/* their ephemeral key */
	uint8_t		rs[PUB_LEN];	/* their static key, once known */
	uint8_t		turn;		/* enum noise_turn */
};

enum noise_turn {
	NOISE_NONE,
	NOISE_IK_WRITE2, NOISE_IK_READ2,
	NOISE_XK_WRITE2, NOISE_XK_READ2, NOISE_XK_WRITE3, NOISE_XK_READ3,
	NOISE_DONE,
};

/* What both sides hold in the end. */
struct noise_keys {
	uint8_t	send[32], recv[32];
};

/*
 * REFUSE_NONE when it worked; HS_KEY for what is no point, HS_AUTH for what
 * does not decrypt, HS_HANDLE when it is not this message's turn.
 */
enum refusal	noise_ik_write1(struct noise *, const struct key *me,
		    const uint8_t rs[PUB_LEN], const uint8_t e[SEC_LEN],
		    uint8_t out[IK_MSG1_LEN]);
enum refusal	noise_ik_read1(struct noise *, const struct key *me,
		    const uint8_t in[IK_MSG1_LEN], uint8_t epoch[EPOCH_LEN]);
enum refusal	noise_ik_write2(struct noise *, const struct key *me,
		    const uint8_t e[SEC_LEN], uint8_t out[IK_MSG2_LEN],
		    struct noise_keys *);
enum refusal	noise_ik_read2(struct noise *, const uint8_t in[IK_MSG2_LEN],
		    uint8_t epoch[EPOCH_LEN], struct noise_keys *);

enum refusal	noise_xk_write1(struct noise *, const uint8_t rs[PUB_LEN],
		    const uint8_t e[SEC_LEN], uint8_t out[XK_MSG1_LEN]);
enum refusal	noise_xk_read1(struct noise *, const struct key *me,
		    const uint8_t in[XK_MSG1_LEN]);
enum refusal	noise_xk_write2(struct noise *, const struct key *me,
		    const uint8_t e[SEC_LEN], uint8_t out[XK_MSG2_LEN]);
enum refusal	noise_xk_read2(struct noise *, const uint8_t in[XK_MSG2_LEN],
		    uint8_t epoch[EPOCH_LEN]);
enum refusal	noise_xk_write3(struct noise *, const struct key *me,
		    uint8_t out[XK_MSG3_LEN], struct noise_keys *);
enum refusal	noise_xk_read3(struct noise *, const uint8_t in[XK_MSG3_LEN],
		    uint8_t epoch[EPOCH_LEN], struct noise_keys *);

#endif
