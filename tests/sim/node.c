/*
 * node.c -- one node of the simulator: its modules, its links, its signatures.
 * These are keyed hashes that only the simulator can check, and take a
 * millisecond as those of the key room do.
 */
#include "mesh_int.h"

#include <err.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- false signatures ------------------------------------------------------- */

void
seal(const uint8_t pub[32], const uint8_t *p, size_t len, uint8_t sig[64])
{
	crypto_generichash(sig, 64, p, len, pub, 32);
}

static void
on_tree_sign(void *arg, uint32_t token, const struct tree_decl *d)
{
	(void)d;
	later(arg, CRYPTO_US, EV_TREE_SIGNED, token, 0);
}

static void
on_tree_verify(void *arg, unsigned slot, uint32_t token,
    const struct tree_decl *d, const uint8_t sig[64])
{
	struct node *n = arg;
	uint8_t	     tbs[TREE_TBS_LEN], want[64];

	tree_tbs(d, tbs);
	seal(n->sim->node[n->link[slot].node].pub, tbs, sizeof(tbs), want);
	later(n, CRYPTO_US, EV_TREE_VERIFIED, token, memcmp(sig, want, 64) == 0);
}

static void
on_proof_sign(void *arg, uint32_t token, uint64_t id, const struct coords *c)
{
	struct node *n = arg;
	struct sim  *s = n->sim;
	uint8_t	     tbs[LOOKUP_TBS_MAX], *sig = malloc(64);

	if (sig == NULL)
		err(1, "proof");
	seal(n->pub, tbs, lookup_tbs(id, n->addr, c, tbs), sig);
	push(s, (struct event){ .at = s->now + CRYPTO_US,
	    .type = EV_PROOF_SIGNED, .node = (uint32_t)(n - s->node),
	    .life = n->life, .a = token, .msg = sig, .len = 64 });
}

static void
on_proof_verify(void *arg, uint32_t token, const uint8_t pub[32],
    const struct lookup_response *a)
{
	uint8_t tbs[LOOKUP_TBS_MAX], want[64];

	seal(pub, tbs, lookup_tbs(a->id, a->target, &a->path, tbs), want);
	later(arg, CRYPTO_US, EV_PROOF_VERIFIED, token,
	    memcmp(a->proof, want, 64) == 0);
}

/* ---- the glue netd has, too ------------------------------------------------- */
static void
moved(struct node *n)
{
	unsigned to = tree_parent(n->tree);

	n->moves++;
	n->back += to == n->before;
	n->before = n->parent;
	n->parent = to;
}

static void
on_tree_changed(void *arg, unsigned what, unsigned slot)
{
	struct node *n = arg;
	unsigned     i;

	if (n->tree == NULL)
		return;
	if (what & TREE_PEER)
		bloom_peer_tree(n->bloom, slot, tree_is_tree_peer(n->tree, slot));
	if (what & TREE_NEW_PARENT) {
		moved(n);
		for (i = 0; i < n->nlink; i++)
			bloom_peer_tree(n->bloom, i,
			    tree_is_tree_peer(n->tree, i));
		bloom_parent(n->bloom, tree_parent(n->tree));
	}
	if (what & TREE_NEW_PATH) {
		coords_drop_via(n->coords, n->addr);
		lookup_mesh_changed(n->lookup);
	}
	if (what & TREE_NEW_ROOT)
		coords_drop_other_roots(n->coords, tree_root(n->tree));
}

static unsigned
on_reach(void *arg, const uint8_t target[16], int tree_peers, unsigned except,
    uint16_t *slots, unsigned max)
{
	struct node	*n = arg;
	struct bloom_pos pos;

	bloom_pos(target, &pos);
	return bloom_reach(n->bloom, &pos, tree_peers, except, slots, max);
}

static int
on_vague(void *arg, unsigned slot)
{
	return bloom_is_vague(((struct node *)arg)->bloom, slot);
}

static unsigned
on_parent(void *arg)
{
	return tree_parent(((struct node *)arg)->tree);
}

static uint16_t
on_mtu(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return MTU;
}

static const struct coords *
on_self(void *arg)
{
	return tree_self(((struct node *)arg)->tree);
}

static uint64_t
on_random(void *arg)
{
	return sim_random(((struct node *)arg)->sim);
}

static void
on_found(void *arg, const uint8_t target[16], const struct coords *c,
    uint16_t path_mtu, unsigned slot)
{
	struct node *n = arg;
	struct sim  *s = n->sim;
	unsigned     i;

	(void)slot;
	coords_put(n->coords, target, c, COORDS_PROVEN, 0, path_mtu,
	    s->now / 1000);
	for (i = 0; i < s->npair; i++)
		if (!s->pair[i].done && &s->node[s->pair[i].from] == n &&
		    naddr_cmp(s->node[s->pair[i].to].addr, target) == 0)
			later(n, 0, EV_PAIR, i, s->round);
}

static void
on_failed(void *arg, const uint8_t target[16])
{
	(void)arg, (void)target;	/* the pair asks again by itself */
}

static const struct tree_cb tree_cb = { on_tree_sign, on_tree_verify, on_send,
    on_tree_changed };
static const struct lookup_cb lookup_cb = { on_send, on_reach, on_vague, on_parent,
    on_mtu, on_self, on_random, on_proof_sign, on_proof_verify, on_found, on_failed };

/* ---- nodes -------------------------------------------------------------------- */

void
modules_open(struct node *n, unsigned peers, const uint8_t *addr,
    struct tree_time now)
{
	struct tree_cfg	  tc = { .peers_max = peers, .path_max = 36,
	    .hysteresis = 0.2, .hold_ms = 30000, .reeval_ms = 60000,
	    .announce_ms = 500, .flap_count = 4, .flap_window_ms = 60000,
	    .flap_still_ms = 120000 };
	struct bloom_cfg  bc = { .peers_max = peers, .max_fpr = 0.20,
	    .debounce_ms = 500, .repeat_ms = 300000 };
	struct coords_cfg cc = { .max = { 64, 16 }, .ttl_ms = 300000,
	    .age_max_ms = 600000, .givers = peers, .per_giver = 16 };
	struct lookup_cfg lc = { .peers_max = peers, .open_max = 16,
	    .recent_max = 1024, .work_max = 32, .ttl = 64, .attempts = 4,
	    .attempt_ms = { 1000, 2000, 4000, 8000 }, .recent_ms = 10000,
	    .forward_burst = 256, .forward_per_min = 300 };

	memcpy(tc.addr, addr, 16);
	memcpy(bc.addr, addr, 16);
	memcpy(lc.addr, addr, 16);
	if (n->sim->conf.max_fpr > 0)
		bc.max_fpr = n->sim->conf.max_fpr;
	if (n->sim->conf.restless)
		tc.hysteresis = 0, tc.hold_ms = tc.flap_window_ms = 0;
	if (peers == 250) {		/* as netd has it */
		cc.max[0] = 10000, cc.max[1] = 4096, cc.per_giver = 512;
		lc.open_max = 256, lc.recent_max = 4096, lc.work_max = 64;
	}
	n->coords = coords_new(&cc);
	n->bloom = bloom_new(&bc, on_send, n);
	n->lookup = lookup_new(&lc, &lookup_cb, n);
	n->tree = tree_new(&tc, &tree_cb, n, now);
	if (n->coords == NULL || n->bloom == NULL || n->lookup == NULL ||
	    n->tree == NULL)
		errx(1, "no memory for a node");
}

void
modules_close(struct node *n)
{
	tree_free(n->tree);
	bloom_free(n->bloom);
	coords_free(n->coords);
	lookup_free(n->lookup);
	n->tree = NULL;
}

size_t
modules_mem(const struct node *n)
{
	return tree_mem(n->tree) + bloom_mem(n->bloom) + coords_mem(n->coords) +
	    lookup_mem(n->lookup);
}

void
end_down(struct node *n, unsigned slot)
{
	if (!n->link[slot].up)
		return;
	n->link[slot].up = 0;
	n->link[slot].life++;
	if (!n->runs)
		return;
	tree_peer_del(n->tree, slot, tree_now(n->sim));
	bloom_peer_del(n->bloom, slot);
	lookup_peer_del(n->lookup, slot);
}

void
cost_due(struct node *n, unsigned slot, uint64_t us)
{
	push(n->sim, (struct event){ .at = n->sim->now + us, .type = EV_COST,
	    .node = (uint32_t)(n - n->sim->node), .life = n->link[slot].life,
	    .a = slot });
}

static void
end_up(struct node *n, unsigned slot)
{
	struct link *l = &n->link[slot];

	end_down(n, slot);
	l->up = 1;
	bloom_peer_add(n->bloom, slot);
	tree_peer_add(n->tree, slot, n->sim->node[l->node].addr, 0,
	    tree_now(n->sim));
	if (n->sim->conf.sense.every_s != 0)
		sense_begin(n, slot);
	cost_due(n, slot, MEASURE_US);
}

void
link_up(struct sim *s, uint32_t node, uint32_t slot)
{
	struct node *n = &s->node[node];
	struct link *l = &n->link[slot];
	struct node *o = &s->node[l->node];

	if (!n->runs || !o->runs || l->cut)
		return;
	end_up(n, slot);
	end_up(o, l->slot);
}

static void
dial(struct sim *s, uint32_t node, uint32_t slot)
{
	push(s, (struct event){ .at = s->now +
	    3 * s->node[node].link[slot].delay_us + sim_random(s) % 1000000,
	    .type = EV_UP, .node = node, .a = slot });
}

void
sim_start(struct sim *s, unsigned node)
{
	struct node *n = &s->node[node];
	unsigned     i;

	if (n->runs)
		return;
	n->runs = 1;
	modules_open(n, n->nlink, n->addr, tree_now(s));
	later(n, sim_random(s) % TICK_US, EV_TICK, 0, 0);
	for (i = 0; i < n->nlink; i++)
		dial(s, node, i);
}

void
sim_kill(struct sim *s, unsigned node)
{
	struct node *n = &s->node[node];
	struct link *l;
	unsigned     i;

	if (!n->runs)
		return;
	n->runs = 0;
	n->life++;
	modules_close(n);
	for (i = 0; i < n->nlink; i++) {
		end_down(n, i);
		l = &n->link[i];
		push(s, (struct event){ .at = s->now + s->conf.dead_us,
		    .type = EV_DEAD, .node = l->node, .a = l->slot,
		    .life = s->node[l->node].link[l->slot].life });
	}
}

void
sim_cut(struct sim *s, double share)
{
	struct node *n;
	struct link *l;

	for (n = s->node; n < s->node + s->conf.nodes; n++)
		for (l = n->link; l < n->link + n->nlink; l++) {
			if ((n->x < share) == (s->node[l->node].x < share))
				continue;
			l->cut = 1;
			push(s, (struct event){ .at = s->now + s->conf.dead_us,
			    .type = EV_DEAD, .node = (uint32_t)(n - s->node),
			    .a = (uint32_t)(l - n->link), .life = l->life });
		}
}

void
sim_heal(struct sim *s)
{
	uint32_t i, k;

	for (i = 0; i < s->conf.nodes; i++)
		for (k = 0; k < s->node[i].nlink; k++) {
			if (!s->node[i].link[k].cut)
				continue;
			s->node[i].link[k].cut = 0;
			if (s->node[i].link[k].node > i)
				dial(s, i, k);
		}
}
