/*
 * mesh_int.h -- between the files of the mesh.
 *
 *	mesh.c		life, peers, messages in, questions to cryptod
 *	mesh_tree.c	our place: signatures, announces, what a change entails
 *	mesh_filter.c	filters, and who may have a node behind it
 *	mesh_lookup.c	look-ups
 *	mesh_place.c	the cache of places
 */
#ifndef NETD_MESH_INT_H
#define NETD_MESH_INT_H

#include "mesh.h"

enum mesh_ask { ASK_SIGN_TREE, ASK_VERIFY_TREE, ASK_SIGN_PROOF, ASK_VERIFY_PROOF };

/* -- mesh.c ------------------------------------------------------------------ */
struct tree_time mesh_now(void);
/* A question goes to cryptod: its req. The answer brings kind and token back. */
uint32_t	 mesh_asked(enum mesh_ask, uint32_t token);
/* Result of the sending: without cryptod there is no house. */
void		 mesh_must(int result);
/* Peer in a slot of the mesh, or NULL. */
struct peer	*mesh_peer(unsigned slot);
void		 mesh_send(unsigned slot, const uint8_t *msg, size_t len);
/* May the log get one more line about what a peer should not have said? */
int		 mesh_may_say(void);
/* Something changed: call the tick soon; the next hop may be another. */
void		 mesh_poke(void);
void		 mesh_changed(void);

/* -- mesh_tree.c ------------------------------------------------------------- */
void		 mesh_tree_init(void);
void		 mesh_tree_peer(struct peer *, int up);
void		 mesh_tree_mute(struct peer *);
void		 mesh_tree_input(struct peer *, const uint8_t *, size_t);
void		 mesh_tree_answer(enum mesh_ask, uint32_t token, int ok,
		    const uint8_t *sig);
uint64_t	 mesh_tree_tick(void);

/* -- mesh_filter.c ----------------------------------------------------------- */
void		 mesh_filter_init(void);
void		 mesh_filter_peer(struct peer *, int up);
/* What was said to it lately may not have come. */
void		 mesh_filter_again(struct peer *);
/* Who is parent or child may have changed. */
void		 mesh_filter_tree(void);
void		 mesh_filter_input(struct peer *, const uint8_t *, size_t);
uint64_t	 mesh_filter_tick(void);
unsigned	 mesh_filter_reach(const uint8_t target[NADDR_LEN],
		    int tree_peers, unsigned except, uint16_t *slots, unsigned max);

/* -- mesh_lookup.c ----------------------------------------------------------- */
void		 mesh_lookup_init(void);
void		 mesh_lookup_peer(struct peer *, int up);
void		 mesh_lookup_input(struct peer *, const uint8_t *, size_t);
void		 mesh_lookup_answer(enum mesh_ask, uint32_t token, int ok,
		    const uint8_t *sig);
/* Our place or a filter is another: who was not to be found may be now. */
void		 mesh_lookup_changed(void);
uint64_t	 mesh_lookup_tick(void);

/* -- mesh_place.c ------------------------------------------------------------ */
void		 mesh_place_init(void);
void		 mesh_place_proven(const uint8_t addr[NADDR_LEN],
		    const struct coords *, uint16_t path_mtu);
/* Our place changed: what the cache says of others may lead nowhere. */
void		 mesh_place_moved(unsigned what);

#endif
