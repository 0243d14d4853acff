/*
 * lookup.h -- finding out where a node stands (FIPS-WIRE 10). Pure: no I/O, no
 * clock, no keys.
 *
 * lookup.c asks for us, passes the questions of others on and the answers
 * back, and answers for ourselves; lookup_msg.c knows the bytes. An answer
 * counts for us only if it bears the number of a question of ours that is
 * still open, and the target signed it. Another process signs and verifies.
 * A callback must not call back in here.
 *
 * All tables have a fixed size. A question is never refused because a table is
 * full: the oldest entry goes. What one peer may put in is bounded.
 */
#ifndef NETD_LOOKUP_H
#define NETD_LOOKUP_H

#include "coords.h"

enum {
	LOOKUP_PROOF_LEN = 64,
	LOOKUP_REQUEST_MAX = 46 + COORDS_MAX * NADDR_LEN,
	LOOKUP_RESPONSE_MAX = 93 + COORDS_MAX * NADDR_LEN,
	LOOKUP_TBS_MAX = 26 + COORDS_MAX * NADDR_LEN,
	LOOKUP_ATTEMPTS_MAX = 16,
	LOOKUP_MTU_MIN = 256,		/* a smaller path MTU is not believed */
};

struct lookup_request {
	uint64_t      id;
	uint8_t	      target[NADDR_LEN], origin[NADDR_LEN];
	uint8_t	      ttl;
	uint16_t      min_mtu;
	struct coords path;		/* of the origin */
};

struct lookup_response {
	uint64_t      id;
	uint8_t	      target[NADDR_LEN];
	uint16_t      path_mtu;
	struct coords path;		/* of the target */
	uint8_t	      proof[LOOKUP_PROOF_LEN];
};

enum lookup_said {
	LOOKUP_OK,
	LOOKUP_ASKED,			/* waits for a signature or a verdict */
	LOOKUP_PASSED,			/* handed on */
	LOOKUP_MALFORMED,
	LOOKUP_BAD_PATH,
	LOOKUP_DUPLICATE,
	LOOKUP_RATE,			/* too many from this peer */
	LOOKUP_FORWARD_RATE,		/* too many for this target from this peer */
	LOOKUP_TTL,
	LOOKUP_NOBODY,			/* no peer leads there */
	LOOKUP_NOT_OPEN,		/* an answer nobody waits for */
	LOOKUP_BAD_PROOF,
	LOOKUP_BUSY,			/* too many signatures outstanding */
	LOOKUP_OTHER_TREE,		/* proven, but with another root than ours */
	LOOKUP_SAID_MAX
};

enum lookup_start {
	LOOKUP_STARTED, LOOKUP_IS_OPEN, LOOKUP_BACKOFF,
	LOOKUP_FULL			/* started, and the oldest gave way */
};

struct lookup_cfg {
	uint8_t	 addr[NADDR_LEN];
	unsigned peers_max;
	unsigned open_max;		/* 256: questions of ours */
	unsigned recent_max;		/* 4096: questions seen */
	unsigned work_max;		/* 64: signatures outstanding */
	uint8_t	 ttl;			/* 64 */
	unsigned attempts;		/* 4 */
	uint64_t attempt_ms[LOOKUP_ATTEMPTS_MAX];	/* 1, 2, 4, 8 s */
	uint64_t recent_ms;		/* 10,000 */
	/*
	 * For one target from one peer: 256, then 300 a minute. All who stand
	 * behind that peer share it, and each asks a dozen times while a mesh
	 * forms or heals; a liar's questions reach the target at this rate, a
	 * quarter of what it signs for one peer.
	 */
	unsigned forward_burst, forward_per_min;
	uint64_t backoff_ms, backoff_max_ms;	/* 0, 0: none */
	uint8_t	 key[16];		/* secret of the hash tables */
};

struct lookup_cb {
	void (*send)(void *arg, unsigned slot, const uint8_t *msg, size_t len);
	/* As bloom_reach(), by address. */
	unsigned (*reach)(void *arg, const uint8_t target[NADDR_LEN],
	    int tree_peers, unsigned except, uint16_t *slots, unsigned max);
	int (*is_vague)(void *arg, unsigned slot);	/* as bloom_is_vague() */
	/* As tree_parent(): a slot, or UINT16_MAX. */
	unsigned (*parent)(void *arg);
	/* Largest datagram that the link to slot carries. */
	uint16_t (*mtu)(void *arg, unsigned slot);
	const struct coords *(*self)(void *arg);
	uint64_t (*random)(void *arg);
	/* Sign (id, our address, path); lookup_signed(token) brings the proof. */
	void (*sign)(void *arg, uint32_t token, uint64_t id,
	    const struct coords *path);
	/* Verify the proof with the target's key; then lookup_verified(token). */
	void (*verify)(void *arg, uint32_t token, const uint8_t pub[32],
	    const struct lookup_response *);
	/* path_mtu 0: not known. */
	void (*found)(void *arg, const uint8_t target[NADDR_LEN],
	    const struct coords *, uint16_t path_mtu, unsigned slot);
	void (*failed)(void *arg, const uint8_t target[NADDR_LEN]);
};

struct lookup_stats {
	uint64_t request[LOOKUP_SAID_MAX], response[LOOKUP_SAID_MAX];
	uint64_t started, sent, found, failed, backed_off, answered;
};

struct lookup_view {			/* an open question, for people */
	uint8_t	 target[NADDR_LEN];
	uint64_t started_ms, sent_ms;
	unsigned attempt;		/* from 1 */
};

/* -- codec; messages start with their type byte ---------------------------- */
int	lookup_request_decode(const uint8_t *, size_t, struct lookup_request *);
ssize_t	lookup_request_encode(const struct lookup_request *, uint8_t *, size_t);
int	lookup_response_decode(const uint8_t *, size_t, struct lookup_response *);
ssize_t	lookup_response_encode(const struct lookup_response *, uint8_t *, size_t);
/* The bytes that are hashed and signed; how many. */
size_t	lookup_tbs(uint64_t id, const uint8_t target[NADDR_LEN],
	    const struct coords *, uint8_t out[LOOKUP_TBS_MAX]);

/* -- state ------------------------------------------------------------------ */
struct lookup;

struct lookup *lookup_new(const struct lookup_cfg *, const struct lookup_cb *,
	    void *arg);
void	lookup_free(struct lookup *);
size_t	lookup_mem(const struct lookup *);
/* Ask where target is; pub is its key, x only. found() or failed() will tell. */
enum lookup_start lookup_start(struct lookup *, const uint8_t target[NADDR_LEN],
	    const uint8_t pub[32], uint64_t now_ms);
enum lookup_said lookup_recv_request(struct lookup *, unsigned slot,
	    const uint8_t *, size_t, uint64_t now_ms);
enum lookup_said lookup_recv_response(struct lookup *, unsigned slot,
	    const uint8_t *, size_t, uint64_t now_ms);
/* proof NULL: could not be signed. */
void	lookup_signed(struct lookup *, uint32_t token,
	    const uint8_t proof[LOOKUP_PROOF_LEN]);
enum lookup_said lookup_verified(struct lookup *, uint32_t token, int ok);
/* The link to slot went, or is another. */
void	lookup_peer_del(struct lookup *, unsigned slot);
/*
 * Who is asked for a target when `except` asks: tree peers that may lead there, else
 * others that may; and our parent, unless a tree peer surely does: in a mesh too
 * large for the filters only those above know the rest of it. How many.
 */
unsigned lookup_whom(const struct lookup *, const uint8_t target[NADDR_LEN],
	    unsigned except, uint16_t *slots, unsigned max);
/*
 * Our place in the tree or a filter changed: what failed may be tried again,
 * what is open is asked again, soon at first.
 */
void	lookup_mesh_changed(struct lookup *);
uint64_t lookup_tick(struct lookup *, uint64_t now_ms);
/* i-th open question: 0, or -1 if none there (i < open_max). */
int	lookup_view(const struct lookup *, unsigned i, struct lookup_view *);
/* Questions of others that are remembered. */
unsigned lookup_recent_count(const struct lookup *, uint64_t now_ms);
const struct lookup_stats *lookup_stats(const struct lookup *);

#endif
