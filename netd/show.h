/* show.h -- the read commands of the control socket; see control_cmd.h. */
#ifndef NETD_SHOW_H
#define NETD_SHOW_H

#include "answer.h"
#include "control_req.h"
#include "link.h"

/*
 * What grows with peers, sessions, places or names is left empty in the data,
 * and its rows come from the lists beside.
 */
/* show.c: the node and its surroundings */
json_t	*show_status(const json_t *, char err[CTL_ERR_LEN]);
json_t	*show_transports(const json_t *, char err[CTL_ERR_LEN]);
json_t	*show_identity_cache(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_identity_cache_lists[];
json_t	*show_acl(const json_t *, char err[CTL_ERR_LEN]);
/* listen.c: after listen_ask() */
json_t	*show_listening_sockets(const json_t *, char err[CTL_ERR_LEN]);
/* show_peers.c: links and sessions */
json_t	*show_peers(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_peers_lists[];
json_t	*show_links(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_links_lists[];
json_t	*show_sessions(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_sessions_lists[];
json_t	*show_connections(const json_t *, char err[CTL_ERR_LEN]);
/* show_mmp.c: how good links and sessions are */
json_t	*show_mmp(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_mmp_lists[];
json_t	*show_congestion(void);
/* The "mmp" of a peer or session; quality: what its quality is called. */
json_t	*mmp_object(const struct mmp *, const char *quality);
/* show_mesh.c: tree, filters, routes and their counters */
json_t	*show_tree(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_tree_lists[];
json_t	*show_bloom(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_bloom_lists[];
json_t	*show_cache(const json_t *, char err[CTL_ERR_LEN]);
extern const struct answer_list show_cache_lists[];
json_t	*show_routing(const json_t *, char err[CTL_ERR_LEN]);
json_t	*show_metrics(const json_t *, char err[CTL_ERR_LEN]);
/* show_counters.c: groups of counters */
json_t	*show_forwarding(void);
json_t	*show_tree_stats(void);
json_t	*show_bloom_stats(void);
json_t	*show_discovery(void);
json_t	*show_errors(void);
/* Members about the place of a peer; about the root and the mesh. */
void	 show_place(json_t *, const struct peer *);
void	 show_root(json_t *);

/* Setting members; the object takes the value. */
void	set_text(json_t *, const char *key, const char *);
void	set_int(json_t *, const char *key, uint64_t);
void	set_bool(json_t *, const char *key, int);
/* Hex of a node address, its display name, its mesh address as text. */
void	set_addr(json_t *, const char *key, const uint8_t addr[NADDR_LEN]);
void	set_display(json_t *, const uint8_t addr[NADDR_LEN]);
void	set_ip6(json_t *, const char *key, const uint8_t addr[NADDR_LEN]);
/* A monotonic time as Unix ms. */
void	set_wall(json_t *, const char *key, uint64_t mono_ms);

#endif
