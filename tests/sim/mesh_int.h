/* mesh_int.h -- what the files of the simulator share. */
#ifndef SIM_MESH_INT_H
#define SIM_MESH_INT_H

#include "mesh.h"

#include "../../netd/bloom.h"
#include "../../netd/coords.h"
#include "../../netd/lookup.h"
#include "../../netd/nexthop.h"
#include "../../netd/tree.h"

enum {
	TICK_US = 500000, CRYPTO_US = 1000, MEASURE_US = 2000000,
	FRAME_OVERHEAD = 36, MTU = 1280, NEAREST = 3,
	DATA = 0xd0, DATA_LEN = 1 + 1 + 16 + 16 + 4 + 2, DATA_TTL = 64,
	WALL_START = 1700000000,
};

enum event_type {
	EV_TICK, EV_MSG, EV_TREE_SIGNED, EV_TREE_VERIFIED, EV_PROOF_SIGNED,
	EV_PROOF_VERIFIED, EV_COST, EV_UP, EV_DEAD, EV_PAIR,
};

struct event {
	uint64_t	at, seq;
	enum event_type type;
	uint32_t	node, life, a, b;	/* life: of the node or link */
	uint32_t	len;
	uint8_t	       *msg;
};

struct link {
	uint32_t node, slot;		/* the other end */
	uint32_t life;			/* grows when it goes: old events are void */
	uint64_t delay_us;
	double	 cost;
	struct sense *sense;		/* of this end; NULL: cost stays */
	uint8_t	 up, cut;
};

struct node {
	uint8_t		     addr[16], pub[32];
	double		     x, y;
	struct link	    *link;
	unsigned	     nlink;
	uint32_t	     life, filters;
	uint32_t	     parent, before, moves, back;	/* slots; how often */
	int		     runs;
	struct sim	    *sim;
	struct tree	    *tree;
	struct bloom	    *bloom;
	struct coords_cache *coords;
	struct lookup	    *lookup;
};

struct pair {
	uint32_t from, to, hops, sent;
	uint8_t	 done;
};

struct sim {
	struct sim_conf	 conf;
	uint64_t	 now, seq, random, digest;
	struct event	*heap;
	size_t		 nheap, maxheap;
	struct node	*node;
	struct pair	*pair;
	unsigned	 npair, ndone, nlink;
	uint32_t	 round;		/* of pairs */
	struct sim_count count;
};

/* mesh.c: events and what they do */
void	 push(struct sim *s, struct event e);
void	 later(struct node *n, uint64_t us, enum event_type type, uint32_t a, uint32_t b);
struct tree_time tree_now(const struct sim *s);
double	 fraction(struct sim *s);
void	 on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len);

/* node.c: one node, its modules and its links */
void	 seal(const uint8_t pub[32], const uint8_t *p, size_t len, uint8_t sig[64]);
/* The next measurement of that end. */
void	 cost_due(struct node *n, unsigned slot, uint64_t us);
void	 end_down(struct node *n, unsigned slot);
/* Both ends come up in one moment, as after a handshake. */
void	 link_up(struct sim *s, uint32_t node, uint32_t slot);
void	 modules_open(struct node *n, unsigned peers, const uint8_t *addr,
	    struct tree_time now);
size_t	 modules_mem(const struct node *n);
void	 modules_close(struct node *n);


/* sense.c: what an end makes of its link */
void	 sense_begin(struct node *n, unsigned slot);
/* A report comes; in how many us the next. */
uint64_t sense_report(struct node *n, unsigned slot);

#endif
