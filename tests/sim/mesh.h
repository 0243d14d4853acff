/*
 * mesh.h -- a whole mesh in one process: the pure modules of netd for each
 * node, and between them a network of events. The same seed gives the same run.
 */
#ifndef SIM_MESH_H
#define SIM_MESH_H

#include <stddef.h>
#include <stdint.h>

enum { SIM_TREE, SIM_FILTER, SIM_REQUEST, SIM_RESPONSE, SIM_DATA, SIM_KINDS };

/* How a link is measured, each end for itself; without `every_s` once and for all. */
struct sim_sense {
	unsigned every_s;		/* between two reports, after the first five */
	unsigned frames;		/* that a report tells of */
	double	 loss;			/* at most, each way of each link has its own */
	double	 uneven;		/* the delay of an end: the link's, up to 1 + that times more or less */
	double	 sway;			/* of the delay, in 30 to 300 s */
	double	 load_us;		/* that a tree link takes longer than it would */
};

struct sim_conf {
	unsigned nodes;
	uint64_t seed;
	double	 loss;			/* of every message, each hop */
	unsigned long_links;		/* percent of nodes with one across the map */
	uint64_t dead_us;		/* until a silent link is given up */
	uint64_t mute_us;		/* until who sends to a dead node misses it; 0: never */
	/* Not a map but a random tree, and so many links more. */
	unsigned tree_links;
	struct sim_sense sense;
	double	 max_fpr;		/* of a filter that is taken; 0: netd's 0.20 */
	int	 restless;		/* nothing keeps a node below its parent */
};

struct sim_count {
	uint64_t msgs[SIM_KINDS], bytes[SIM_KINDS];
};

/* Changes of parent; those back to the one before; by the node with most. */
struct sim_moves {
	uint64_t all, back, most;
};

struct sim;

struct sim *sim_new(const struct sim_conf *);
void	 sim_free(struct sim *);
uint64_t sim_now(const struct sim *);
/* All events up to that moment. */
void	 sim_run(struct sim *, uint64_t until_us);
/* Of every event so far: equal only if the runs were. */
uint64_t sim_digest(const struct sim *);

/* Cut every link that crosses the line with `share` of the nodes on one side. */
void	 sim_cut(struct sim *, double share);
void	 sim_heal(struct sim *);
/* A node stops dead; it starts again, with nothing remembered. */
void	 sim_kill(struct sim *, unsigned node);
void	 sim_start(struct sim *, unsigned node);
uint64_t sim_random(struct sim *);

/* Do the others hang together without it? */
int	 sim_is_spare(const struct sim *, unsigned node);
/* The node with the most links without which the others hang together. */
unsigned sim_busiest(struct sim *);
/* Nodes that run and do not have the best root that runs. */
unsigned sim_astray(const struct sim *);
/* Begin anew with that many random pairs, which try until they have talked. */
void	 sim_pairs(struct sim *, unsigned n);
/* The same with every pair of nodes that run, how many. */
unsigned sim_pairs_all(struct sim *);
unsigned sim_pairs_done(const struct sim *);
/* Mean hops against mean shortest hops, over the pairs that talked. */
double	 sim_stretch(struct sim *);
/* From now on, and how many since. */
void	 sim_moves_begin(struct sim *);
void	 sim_moves(const struct sim *, struct sim_moves *);
void	 sim_counts(const struct sim *, struct sim_count *);
unsigned sim_links(const struct sim *);
unsigned sim_depth_max(const struct sim *);
/* Bytes of one node's modules here, and of a node with room for 250 peers. */
size_t	 sim_mem(const struct sim *);
size_t	 sim_mem_250(void);
/* Share of tree links whose filter is refused as too full. */
double	 sim_over_cap(const struct sim *);
/* Estimate of the mesh size of node 0; < 0 when there is none. */
double	 sim_size_seen(const struct sim *);

/* calm.c */
int	 calm(int argc, char **argv);
/* heal.c */
/* Seconds until all others talk again when the busiest node that can be spared dies. */
unsigned healing(uint64_t seed, double loss);
/* The same of whichever of them takes longest to get over; how many there are is added. */
unsigned healing_worst(uint64_t seed, double loss, unsigned *victims);
int	 heal(int argc, char **argv);
/* lost.c */
int	 lost(int argc, char **argv);

#endif
