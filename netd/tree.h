/*
 * tree.h -- the spanning tree (FIPS-WIRE 8). Pure: no I/O, no clock, no keys.
 *
 * tree.c keeps our place and the places of our peers, and decides on a parent.
 * tree_msg.c reads and writes TreeAnnounce. Another process signs and verifies:
 * the callbacks ask it, tree_signed() and tree_verified() bring what it said,
 * now or much later. A callback must not call back into the tree.
 *
 * A peer is a slot, a small number the caller picks; the same number serves
 * bloom, lookup and mmp. Nothing is allocated after tree_new().
 */
#ifndef NETD_TREE_H
#define NETD_TREE_H

#include "coords.h"

enum {
	TREE_PATH_MAX = 42,		/* a longer one fits no frame we send */
	TREE_FIXED_LEN = 100,		/* an announce without its path */
	TREE_ENTRY_LEN = 32,
	TREE_MSG_MAX = TREE_FIXED_LEN + TREE_PATH_MAX * TREE_ENTRY_LEN,
	TREE_SIG_LEN = 64,
	TREE_NO_SLOT = UINT16_MAX,
};

struct tree_decl {			/* the 48 bytes that are signed */
	uint8_t	 addr[NADDR_LEN], parent[NADDR_LEN];
	uint64_t seq, ts;		/* ts: Unix seconds */
};

struct tree_path {			/* with what was said about each step */
	struct coords at;
	uint64_t      seq[TREE_PATH_MAX], ts[TREE_PATH_MAX];
};

struct tree_ann {
	struct tree_decl decl;		/* decl.addr is the first of the path */
	struct tree_path path;
	uint8_t		 sig[TREE_SIG_LEN];
};

/* What tree_recv() and tree_verified() say; only TREE_OK changed anything. */
enum tree_said {
	TREE_OK,			/* accepted */
	TREE_ASKED,			/* waits for its signature to be verified */
	TREE_MALFORMED,
	TREE_STRANGER,			/* no such peer, or not its own address */
	TREE_BAD_PATH,
	TREE_STALE,			/* not newer: the periodic repetition */
	TREE_BAD_SIG,
	TREE_SAID_MAX
};

enum tree_change {
	TREE_NEW_PARENT = 1,		/* our tree peers are others */
	TREE_NEW_PATH = 2,		/* our place is another */
	TREE_NEW_ROOT = 4,
	TREE_PEER = 8,			/* the place of peer `slot` is another */
	TREE_LOOP = 16,			/* the parent's path led through us */
	TREE_DAMPENED = 32,		/* too many changes: holding still */
};

struct tree_time {
	uint64_t ms;			/* monotonic */
	uint64_t unix_s;
};

struct tree_cfg {
	uint8_t	 addr[NADDR_LEN];
	unsigned peers_max;
	unsigned path_max;		/* that fits the smallest link; <= TREE_PATH_MAX */
	double	 hysteresis;		/* 0.2 */
	uint64_t hold_ms;		/* 30,000 */
	uint64_t reeval_ms;		/* 60,000; 0: never */
	uint64_t announce_ms;		/* 500, between two to one peer */
	unsigned flap_count;		/* 4, at most 16 */
	uint64_t flap_window_ms, flap_still_ms;	/* 60,000, 120,000 */
};

struct tree_cb {
	/* Sign these fields; tree_signed(token) brings the signature. */
	void (*sign)(void *arg, uint32_t token, const struct tree_decl *);
	/* Verify with the peer's key; tree_verified(token) says how it went. */
	void (*verify)(void *arg, unsigned slot, uint32_t token,
	    const struct tree_decl *, const uint8_t sig[TREE_SIG_LEN]);
	void (*send)(void *arg, unsigned slot, const uint8_t *msg, size_t len);
	/* what: enum tree_change, or-ed. slot: with TREE_PEER. */
	void (*changed)(void *arg, unsigned what, unsigned slot);
};

struct tree_stats {
	uint64_t said[TREE_SAID_MAX];
	uint64_t sent, deferred, echoes, switches, parent_losses, loops, damped;
	uint64_t verifies, signs;
};

/* -- codec; messages start with their type byte --------------------------- */
/* 0, or -1 if malformed. Looks at the form only. */
int	 tree_decode(const uint8_t *msg, size_t len, struct tree_ann *);
/* Bytes written, or -1. */
ssize_t	 tree_encode(const struct tree_ann *, uint8_t *buf, size_t cap);
/* The bytes that are hashed and signed. */
enum { TREE_TBS_LEN = 48 };
void	 tree_tbs(const struct tree_decl *, uint8_t out[TREE_TBS_LEN]);
/* Does the path agree with the declaration and with itself? 0 or -1. */
int	 tree_check(const struct tree_ann *);

/* -- state ----------------------------------------------------------------- */
struct tree;

/* NULL without memory. Asks for a first signature at once. */
struct tree *tree_new(const struct tree_cfg *, const struct tree_cb *, void *arg,
	    struct tree_time);
void	 tree_free(struct tree *);
size_t	 tree_mem(const struct tree *);

/*
 * A link came up (again), went down, was measured (cost > 0). Whoever is in no
 * configuration may be anybody.
 */
void	 tree_peer_add(struct tree *, unsigned slot,
	    const uint8_t addr[NADDR_LEN], int configured, struct tree_time);
void	 tree_peer_del(struct tree *, unsigned slot, struct tree_time);
/* It does not answer: no parent of ours and no child, until it does again. */
void	 tree_peer_mute(struct tree *, unsigned slot, int mute,
	    struct tree_time);
void	 tree_peer_cost(struct tree *, unsigned slot, double cost,
	    struct tree_time);
enum tree_said tree_recv(struct tree *, unsigned slot, const uint8_t *msg,
	    size_t len, struct tree_time);
/* sig NULL: it could not be signed; asked again at the next tick. */
void	 tree_signed(struct tree *, uint32_t token,
	    const uint8_t sig[TREE_SIG_LEN], struct tree_time);
/* Whose announce waits for that verdict: its slot, or TREE_NO_SLOT. */
unsigned tree_asker(const struct tree *, uint32_t token);
enum tree_said tree_verified(struct tree *, uint32_t token, int ok,
	    struct tree_time);
/* Due work; in how many ms to come back at the latest. */
uint64_t tree_tick(struct tree *, struct tree_time);

const struct coords *tree_self(const struct tree *);
const struct tree_decl *tree_self_decl(const struct tree *);
const uint8_t *tree_root(const struct tree *);
int	 tree_is_root(const struct tree *);
/* Is what holds now signed already? */
int	 tree_is_signed(const struct tree *);
/* Slot, or TREE_NO_SLOT for a root. */
unsigned tree_parent(const struct tree *);
int	 tree_is_child(const struct tree *, unsigned slot);
/* Parent or child. */
int	 tree_is_tree_peer(const struct tree *, unsigned slot);
/* NULL while it has not told. */
const struct coords *tree_peer_at(const struct tree *, unsigned slot);
/* Depth and link cost together, as compared for a parent; < 0: no candidate. */
double	 tree_peer_depth(const struct tree *, unsigned slot);
const struct tree_stats *tree_stats(const struct tree *);

#endif
