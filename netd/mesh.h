/*
 * mesh.h -- this node's part in the mesh: tree, filters, look-ups, caches.
 *
 * The pure modules (tree.h, bloom.h, lookup.h, coords.h, route.h) decide; the files of
 * the mesh give them peers, messages and time, ask cryptod for signatures, and
 * tell the rest of the house when a way was found.
 */
#ifndef NETD_MESH_H
#define NETD_MESH_H

#include "bloom.h"
#include "coords.h"
#include "link.h"
#include "lookup.h"
#include "route.h"
#include "tree.h"

/* For routing and for people; made by mesh_init(). */
struct mesh {
	struct tree	    *tree;
	struct bloom	    *bloom;
	struct lookup	    *lookup;
	struct coords_cache *cache;
	struct route	    *route;
	unsigned	     slots;	/* peers in the mesh: slot below this */
};
extern struct mesh mesh;
enum { MESH_OPEN_MAX = 256 };		/* look-ups of our own */

/* From the configuration: patience with the next attempt at a look-up. */
void	 mesh_conf_attempt(uint32_t wait_s);
/* Tables sized by the settings; after GO, before the first peer. */
void	 mesh_init(void);
/* Anything due now; in how many ms to come back. */
uint64_t mesh_tick(void);
/* cryptod refused the request with this req: 1 if it was ours. */
int	 mesh_no(uint32_t req, enum refusal);

/* The peer's keys are proven; again is fine. The link is gone. */
void	 mesh_peer_up(struct peer *);
void	 mesh_peer_down(struct peer *);
/* Its mute changed: what is known of it stays, but ways lead round it, or again
 * through it. */
void	 mesh_peer_mute(struct peer *);
/* A link was measured. */
void	 mesh_peer_cost(struct peer *, double cost);
/* As last measured; 1.0 before. */
double	 mesh_cost(const struct peer *);
/* Link message 10, 20, 30 or 31; msg is a private copy. */
void	 mesh_input(struct peer *, const uint8_t *msg, size_t len);

/* Grows with every change that can make another next hop the better one. */
uint32_t mesh_generation(void);
/*
 * Look for a node, if it is not looked for already; its key is known.
 * session_found() or session_lost() will be called, never from in here.
 */
void	 mesh_seek(const uint8_t addr[NADDR_LEN], const uint8_t pub33[33]);
/* A packet that passed, or came for us, claims that addr stands there. */
void	 mesh_hearsay(const struct peer *giver, const uint8_t addr[NADDR_LEN],
	    uint16_t count, const uint8_t *path);
/* The way that we knew is broken: forget it; proven too, since we use it. */
void	 mesh_forget(const uint8_t addr[NADDR_LEN]);

/* What cannot be counted in the modules. */
struct mesh_stats {
	uint64_t tree_send_failed, tree_sign_failed, path_changes;
	uint64_t filter_send_failed;
	uint64_t lookup_via_others, lookup_no_tree, lookup_no_filter, lookup_again;
	uint64_t hearsay, hearsay_refused;
};
extern struct mesh_stats mesh_stats;

#endif
