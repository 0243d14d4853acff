/*
 * bloom.h -- which nodes may be behind which peer (FIPS-WIRE 9). Pure: no I/O,
 * no clock.
 *
 * A filter says who is reachable through a peer. Ours, for one peer, is
 * ourselves and what our other tree peers told. The merge is kept as a count
 * for each bit, so a change costs what changed, however many peers there are.
 *
 * One message holds 8192 bits: about 2,100 nodes, then the receiver refuses it.
 * A tree peer whose newest filter was refused for that may have anybody behind
 * it: lookups still go there, routing does not rely on it. What we tell our
 * parent lacks those nodes and must not look as if that were all: a filter of
 * nothing but ones follows, which the parent refuses in its turn.
 */
#ifndef NETD_BLOOM_H
#define NETD_BLOOM_H

#include <stddef.h>
#include <stdint.h>

#include "ident.h"

enum {
	BLOOM_BITS = 8192,
	BLOOM_LEN = BLOOM_BITS / 8,
	BLOOM_HASHES = 5,
	BLOOM_MSG_LEN = 11 + BLOOM_LEN,
};

struct bloom_filter {
	union {
		uint8_t	 byte[BLOOM_LEN];
		uint64_t word[BLOOM_LEN / 8];
	};
};

/* The positions of one address; computed once, then carried along. */
struct bloom_pos {
	uint16_t bit[BLOOM_HASHES];
};

enum bloom_said {
	BLOOM_OK,
	BLOOM_LATER,			/* too many from this peer: newest waits */
	BLOOM_MALFORMED,
	BLOOM_STRANGER,
	BLOOM_STALE,
	BLOOM_OVER_CAP,			/* too full to say anything */
	BLOOM_SAID_MAX
};

struct bloom_cfg {
	uint8_t	 addr[NADDR_LEN];
	unsigned peers_max;
	double	 max_fpr;		/* 0.20 */
	uint64_t debounce_ms;		/* 500, between two to one peer */
	uint64_t repeat_ms;		/* 300,000: the same again, for lost ones */
};

struct bloom_stats {
	uint64_t said[BLOOM_SAID_MAX];
	uint64_t waited;		/* verdicts in said, on what came BLOOM_LATER */
	uint64_t sent, repeated, over_sent;
	uint64_t deferred;		/* changes that waited for others */
};

struct bloom_view {			/* of one peer, for people */
	int	 has_filter, over_cap;
	uint64_t seq;
	unsigned set_bits;
	double	 fill, estimate;	/* estimate < 0: too full */
};

typedef void (*bloom_send)(void *arg, unsigned slot, const uint8_t *msg,
    size_t len);

/* -- filters and messages --------------------------------------------------- */
void	 bloom_pos(const uint8_t addr[NADDR_LEN], struct bloom_pos *);
void	 bloom_put(struct bloom_filter *, const struct bloom_pos *);
int	 bloom_has(const struct bloom_filter *, const struct bloom_pos *);
unsigned bloom_weight(const struct bloom_filter *);
/* Chance that a filter with so many bits set claims a node it was never told. */
double	 bloom_fpr(unsigned set_bits);
/* Nodes in it, or -1 when it is fuller than max_fpr allows. */
double	 bloom_estimate(unsigned set_bits, double max_fpr);
/* 0, or -1 if malformed or of another size or number of hashes. */
int	 bloom_decode(const uint8_t *msg, size_t len, uint64_t *seq,
	    struct bloom_filter *);
void	 bloom_encode(uint64_t seq, const struct bloom_filter *,
	    uint8_t msg[BLOOM_MSG_LEN]);

/* -- state ------------------------------------------------------------------- */
struct bloom;

struct bloom *bloom_new(const struct bloom_cfg *, bloom_send, void *arg);
void	bloom_free(struct bloom *);
size_t	bloom_mem(const struct bloom *);
/* A link came up (again) or went. */
void	bloom_peer_add(struct bloom *, unsigned slot);
/* Say what it was told again, for it may not have heard. */
void	bloom_peer_again(struct bloom *, unsigned slot);
void	bloom_peer_del(struct bloom *, unsigned slot);
/* Parent or child, or no longer: call for every peer the tree reports. */
void	bloom_peer_tree(struct bloom *, unsigned slot, int is_tree_peer);
/* Whom we stand below, as tree_parent() says. */
void	bloom_parent(struct bloom *, unsigned slot);
enum bloom_said bloom_recv(struct bloom *, unsigned slot, const uint8_t *msg,
	    size_t len, uint64_t now_ms);
/* Sends what is due; in how many ms to come back at the latest. */
uint64_t bloom_tick(struct bloom *, uint64_t now_ms);

/* Does the peer's filter have it? */
int	bloom_peer_has(const struct bloom *, unsigned slot,
	    const struct bloom_pos *);
/*
 * Peers to ask for a node, `except` left out; tree peers, or all others. How
 * many were written.
 */
unsigned bloom_reach(const struct bloom *, const struct bloom_pos *,
	    int tree_peers, unsigned except, uint16_t *slots, unsigned max);
/* Does it match often, or always, without having the node? */
int	bloom_is_vague(const struct bloom *, unsigned slot);
/* Nodes in the mesh, ourselves included; -1 when it is too full to tell. */
double	bloom_mesh_size(const struct bloom *);
/* What peer `slot` would be sent now. */
void	bloom_outgoing(const struct bloom *, unsigned slot, struct bloom_filter *);
int	bloom_view(const struct bloom *, unsigned slot, struct bloom_view *);
/* Of the newest message to anybody. */
uint64_t bloom_seq(const struct bloom *);
const struct bloom_stats *bloom_stats(const struct bloom *);
/* Grows whenever an inbound filter changes. */
uint32_t bloom_generation(const struct bloom *);

#endif
