/*
 * mesh_world.h -- the glue of the mesh with its neighbours faked: the test plays
 * the link, cryptod and the session layer around the true modules.
 */
#ifndef MESH_WORLD_H
#define MESH_WORLD_H

#include <string.h>

#include "../../netd/mesh_int.h"
#include "../../netd/names.h"
#include "../../netd/session.h"
#include "../../netd/way.h"
#include "suite.h"

#define PEERS	4

extern struct peer	 peers[PEERS];
extern unsigned		 nsent;		/* messages to peers, in all */
/* What cryptod was asked and has not answered. */
extern union msg_any	 asked[64];
extern enum msg_type	 asked_type[64];
extern unsigned		 nasked;
extern unsigned		 nfound, nlost;	/* told to the session layer */
extern uint64_t		 tick_by;
extern uint16_t		 narrowest;	/* MTU of the transports */

/* We are node 100; of 1 to 59 the keys are known. */
void	setup(void);
/* The address of node n. */
void	addr_of(unsigned n, uint8_t addr[NADDR_LEN]);
/* A node among from..59 whose address is smaller than those of all the others. */
unsigned smallest(unsigned from);
struct coords path_of(const unsigned *n, unsigned len);
/* cryptod answers all that it was asked; ok: what it was to verify is so. */
void	answer_all(int ok);

/* Node n becomes a peer. */
struct peer *up(unsigned slot, unsigned n);
/* Peer says it stands there. */
void	announce(struct peer *, const struct coords *at, uint64_t seq);
/* Its filter has these nodes. */
void	filter(struct peer *, uint64_t seq, const unsigned *n, unsigned len);
/* The answer to our newest question. */
void	respond(struct peer *, unsigned far, const struct coords *at, uint16_t mtu);
/* Peer 0 is the root, and we are below it. */
struct peer *under_a_root(unsigned *root);
/* How many messages of a type went to a peer. */
unsigned count_sent(uint8_t type, unsigned slot);

#endif
