/* tree_int.h -- between tree.c and tree_choose.c only. */
#ifndef NETD_TREE_INT_H
#define NETD_TREE_INT_H

#include "quota.h"
#include "tree.h"

enum { TREE_FLAPS_MAX = 16, TREE_CHOICE_FORGET = 8 };

struct tree_peer {
	uint8_t		 used, has_place, send_due, busy, waiting, mute;
	uint8_t		 repeats, configured;
	uint8_t		 addr[NADDR_LEN];
	struct tree_decl decl;
	struct tree_path path;
	double		 cost;		/* 0: not measured yet */
	uint64_t	 sent_ms, sent_seq;
	uint32_t	 token;
	struct tree_ann	 check, next;	/* being verified; to be verified */
	struct quota	 verify, root;	/* root: stays with addr when it goes */
};

struct tree {
	struct tree_cfg	  cfg;
	struct tree_cb	  cb;
	void		 *arg;
	struct tree_decl  decl;		/* what holds now */
	struct tree_path  path;
	struct tree_ann	  ann;		/* what is signed and told */
	uint32_t	  token, sign_token;	/* sign_token 0: none asked for */
	uint64_t	  sign_seq;		/* what it was asked for */
	unsigned	  asked;	/* signatures that are being verified */
	unsigned	  parent;
	uint64_t	  switched_ms, still_until_ms, reeval_ms;
	uint64_t	  flap_ms[TREE_FLAPS_MAX];
	unsigned	  flap_next, flap_seen;
	uint64_t	  root_ms;	/* when the root was another */
	uint64_t	  chosen_ms;	/* another parent, without need */
	unsigned	  doubled;	/* the hold, that often */
	uint8_t		  has_switched, has_chosen;
	struct quota	  strangers;	/* roots from peers not configured */
	struct tree_stats stats;
	struct tree_peer  peer[];
};

/* NULL when there is no such peer. */
static inline struct tree_peer *
tree_peer(const struct tree *t, unsigned slot)
{
	const struct tree_peer *p;

	if (slot >= t->cfg.peers_max)
		return NULL;
	p = &t->peer[slot];
	return p->used ? (struct tree_peer *)p : NULL;
}

static inline const uint8_t *
tree_path_root(const struct tree_path *p)
{
	return p->at.addr[p->at.n - 1];
}

/* Without need, so that it still matters for how long we keep the next parent. */
static inline int
tree_chose_lately(const struct tree *t, uint64_t now_ms)
{
	return t->has_chosen && now_ms - t->chosen_ms <
	    TREE_CHOICE_FORGET * (t->cfg.hold_ms << t->doubled);
}

/* Could it be our parent: it leads to a better root, not through us? */
int	 tree_is_candidate(const struct tree *, const struct tree_peer *);
/* Parent p leads nowhere any more, or best to a better root: we wait for nothing. */
int	 tree_must_leave(const struct tree *, const struct tree_peer *p,
	    const struct tree_peer *best);
/* The slot we should stand below now, the same as before, or TREE_NO_SLOT. */
unsigned tree_choose(const struct tree *, uint64_t now_ms);

#endif
