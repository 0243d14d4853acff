/*
 * tree_choose.c -- below which peer we should stand, and what people ask about
 * the tree. Changes nothing.
 *
 * A path names every node up to the root, so a loop shows as our own address
 * in the path of a peer: such a peer is no candidate, and a parent that
 * becomes one is left.
 */
#include "tree_int.h"

int
tree_is_candidate(const struct tree *t, const struct tree_peer *p)
{
	return p->used && p->has_place && !p->mute && p->path.at.n < t->cfg.path_max &&
	    naddr_cmp(tree_path_root(&p->path), t->decl.addr) < 0 &&
	    !coords_has(&p->path.at, t->decl.addr);
}

/* 1 if a is the better parent, hysteresis aside. */
static int
is_better(const struct tree_peer *a, const struct tree_peer *b)
{
	int    c = naddr_cmp(tree_path_root(&a->path), tree_path_root(&b->path));
	double da, db;

	if (c != 0)
		return c < 0;
	/* Not measured is not cheap: it stands behind all that is. */
	if ((a->cost > 0) != (b->cost > 0))
		return a->cost > 0;
	da = a->path.at.n - 1 + (a->cost > 0 ? a->cost : 1.0);
	db = b->path.at.n - 1 + (b->cost > 0 ? b->cost : 1.0);
	if (da < db || da > db)
		return da < db;
	return naddr_cmp(a->addr, b->addr) < 0;
}

static unsigned
best_candidate(const struct tree *t)
{
	unsigned i, best = TREE_NO_SLOT;

	for (i = 0; i < t->cfg.peers_max; i++)
		if (tree_is_candidate(t, &t->peer[i]) && (best == TREE_NO_SLOT ||
		    is_better(&t->peer[i], &t->peer[best])))
			best = i;
	return best;
}

double
tree_peer_depth(const struct tree *t, unsigned slot)
{
	const struct tree_peer *p = tree_peer(t, slot);

	if (p == NULL || !tree_is_candidate(t, p))
		return -1;
	return p->path.at.n - 1 + (p->cost > 0 ? p->cost : 1.0);
}

/*
 * The parent still leads to the best root: is `best` worth leaving it? Soon
 * after a switch only one half as deep is: while a mesh comes up, whoever is
 * heard first leads to chains longer than an announce can hold. Who has chosen
 * often waits longer and wants still more; who was driven away since does not wait
 * for that anew.
 */
static int
is_worth(const struct tree *t, unsigned best, uint64_t now_ms)
{
	const struct tree_peer *p = &t->peer[t->parent];
	double		   was = tree_peer_depth(t, t->parent);
	double		   is = tree_peer_depth(t, best);
	unsigned	   doubled = tree_chose_lately(t, now_ms) ? t->doubled : 0;

	if (now_ms < t->still_until_ms)
		return 0;
	if ((t->has_switched && now_ms - t->switched_ms < t->cfg.hold_ms) ||
	    (doubled > 0 && now_ms - t->chosen_ms < t->cfg.hold_ms << doubled))
		return is * 2 * (1 + doubled) <= was;
	if (!(p->cost > 0) && t->peer[best].cost > 0)
		return 1;
	return is < was * (1 - t->cfg.hysteresis);
}

int
tree_must_leave(const struct tree *t, const struct tree_peer *p,
    const struct tree_peer *best)
{
	return !tree_is_candidate(t, p) || naddr_cmp(tree_path_root(&best->path),
	    tree_path_root(&p->path)) < 0;
}

unsigned
tree_choose(const struct tree *t, uint64_t now_ms)
{
	const struct tree_peer *p = tree_peer(t, t->parent);
	unsigned		best = best_candidate(t);

	if (best == TREE_NO_SLOT || best == t->parent)
		return best;
	if (p == NULL || tree_must_leave(t, p, &t->peer[best]) ||
	    is_worth(t, best, now_ms))
		return best;
	return t->parent;
}

size_t
tree_mem(const struct tree *t)
{
	return sizeof(*t) + t->cfg.peers_max * sizeof(t->peer[0]);
}

const struct coords *
tree_self(const struct tree *t)
{
	return &t->path.at;
}

const struct tree_decl *
tree_self_decl(const struct tree *t)
{
	return &t->decl;
}

const uint8_t *
tree_root(const struct tree *t)
{
	return tree_path_root(&t->path);
}

int
tree_is_root(const struct tree *t)
{
	return t->parent == TREE_NO_SLOT;
}

int
tree_is_signed(const struct tree *t)
{
	return t->ann.decl.seq == t->decl.seq;
}

unsigned
tree_parent(const struct tree *t)
{
	return t->parent;
}

int
tree_is_child(const struct tree *t, unsigned slot)
{
	const struct tree_peer *p = tree_peer(t, slot);

	return p != NULL && p->has_place && !p->mute &&
	    naddr_cmp(p->decl.parent, t->decl.addr) == 0;
}

int
tree_is_tree_peer(const struct tree *t, unsigned slot)
{
	return tree_peer(t, slot) != NULL &&
	    (slot == t->parent || tree_is_child(t, slot));
}

const struct coords *
tree_peer_at(const struct tree *t, unsigned slot)
{
	const struct tree_peer *p = tree_peer(t, slot);

	return p != NULL && p->has_place ? &p->path.at : NULL;
}

const struct tree_stats *
tree_stats(const struct tree *t)
{
	return &t->stats;
}
