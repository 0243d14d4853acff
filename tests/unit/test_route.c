/* room: netd */
/* test_route.c -- next hops, remembered: each node's own, by its arguments alone. */
#include <stdlib.h>

#include "../../netd/route.h"
#include "suite.h"

enum { PEERS = 3, PLACES = 6000 };

/* Node 100 under the root, which is 1; its peers are 1 and, below it, 200 and 201. */
struct node {
	struct tree	    *tree;
	struct bloom	    *bloom;
	struct coords_cache *cache;
	struct route	    *route;
	uint32_t	     token;
	uint8_t		     peer[PEERS][NADDR_LEN];
	double		     cost[PEERS];
	int		     gone[PEERS];
};

static void
addr_of(unsigned n, uint8_t out[NADDR_LEN])
{
	memset(out, 0, NADDR_LEN);
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
}

static struct coords
path(unsigned n, const unsigned *nodes)
{
	struct coords c = { .n = (uint16_t)n };
	unsigned      i;

	for (i = 0; i < n; i++)
		addr_of(nodes[i], c.addr[i]);
	return c;
}

static void
on_sign(void *arg, uint32_t token, const struct tree_decl *d)
{
	(void)arg, (void)token, (void)d;
}

static void
on_verify(void *arg, unsigned slot, uint32_t token, const struct tree_decl *d,
    const uint8_t sig[TREE_SIG_LEN])
{
	(void)slot, (void)d, (void)sig;
	((struct node *)arg)->token = token;
}

static void
on_send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)arg, (void)slot, (void)msg, (void)len;
}

static void
on_changed(void *arg, unsigned what, unsigned slot)
{
	(void)arg, (void)what, (void)slot;
}

static int
fact(void *arg, unsigned slot, struct nexthop_peer *f)
{
	struct node *n = arg;

	if (n->gone[slot])
		return -1;
	*f = (struct nexthop_peer){ .addr = n->peer[slot],
	    .cost = n->cost[slot], .can_send = 1, .id = 70 + slot };
	return 0;
}

static void
stands(struct node *n, unsigned slot, unsigned len, const unsigned *nodes)
{
	static const struct tree_time now = { 1000, 1700000000 };
	struct tree_ann a = { .decl.seq = 1, .path.at = path(len, nodes) };
	uint8_t		msg[TREE_MSG_MAX];
	ssize_t		size;

	addr_of(nodes[len > 1], a.decl.parent);
	addr_of(nodes[0], n->peer[slot]);
	tree_peer_add(n->tree, slot, n->peer[slot], 1, now);
	size = tree_encode(&a, msg, sizeof(msg));
	ck_assert_int_eq(tree_recv(n->tree, slot, msg, (size_t)size, now), TREE_ASKED);
	ck_assert_int_eq(tree_verified(n->tree, n->token, 1, now), TREE_OK);
}

static void
begin(struct node *n, uint32_t key)
{
	static const struct tree_cb cb = { on_sign, on_verify, on_send, on_changed };
	struct tree_cfg	  t = { .peers_max = PEERS, .path_max = TREE_PATH_MAX };
	struct bloom_cfg  b = { .peers_max = PEERS, .max_fpr = 0.2 };
	struct coords_cfg c = { .max = { PLACES, 8 }, .ttl_ms = 1000000,
	    .age_max_ms = 1000000, .givers = PEERS, .per_giver = 8 };
	struct route_cfg  cfg = { .peers_max = PEERS, .key = key };

	memset(n, 0, sizeof(*n));
	addr_of(100, t.addr);
	memcpy(b.addr, t.addr, NADDR_LEN);
	memcpy(cfg.addr, t.addr, NADDR_LEN);
	cfg.tree = n->tree = tree_new(&t, &cb, n, (struct tree_time){ 1000, 1 });
	cfg.bloom = n->bloom = bloom_new(&b, on_send, n);
	cfg.cache = n->cache = coords_new(&c);
	n->route = route_new(&cfg, fact, n);
	n->cost[0] = n->cost[1] = n->cost[2] = 1.0;
	stands(n, 0, 1, (const unsigned[]){ 1 });
	stands(n, 1, 3, (const unsigned[]){ 200, 100, 1 });
	stands(n, 2, 3, (const unsigned[]){ 201, 100, 1 });
}

static void
end(struct node *n)
{
	route_free(n->route);
	tree_free(n->tree);
	bloom_free(n->bloom);
	coords_free(n->cache);
}

/* Node i stands below `under`. */
static void
learn(struct node *n, unsigned i, unsigned under)
{
	struct coords c = path(4, (const unsigned[]){ i, under, 100, 1 });

	ck_assert_int_eq(coords_put(n->cache, c.addr[0], &c, COORDS_PROVEN, 0, 0, 1), 0);
}

static uint32_t
hop(struct node *n, unsigned i, uint32_t generation, enum nexthop_why *why)
{
	uint8_t addr[NADDR_LEN];

	addr_of(i, addr);
	return route_find(n->route, addr, COORDS_OURS, generation, 2, why);
}

static uint64_t
computed(const struct node *n)
{
	return route_stats(n->route)->computed;
}

START_TEST(a_hop_is_remembered_until_the_mesh_or_the_place_is_another)
{
	enum nexthop_why why;
	struct node	 n;

	begin(&n, 1);
	ck_assert_uint_eq(hop(&n, 300, 1, &why), 0);
	ck_assert_int_eq(why, NEXTHOP_NO_COORDS);
	learn(&n, 300, 200);
	ck_assert_uint_eq(hop(&n, 300, 1, &why), 71);
	ck_assert_int_eq(why, NEXTHOP_TREE);
	/* Nobody said that the mesh is another: not looked at again. */
	n.gone[1] = 1;
	ck_assert_uint_eq(hop(&n, 300, 1, &why), 71);
	ck_assert_uint_eq(computed(&n), 1);
	ck_assert_uint_eq(hop(&n, 300, 2, &why), 0);
	ck_assert_int_eq(why, NEXTHOP_STUCK);
	learn(&n, 300, 201);
	ck_assert_uint_eq(hop(&n, 300, 2, &why), 72);
	ck_assert_uint_eq(computed(&n), 3);
	ck_assert_uint_eq(route_stats(n.route)->cached, 1);
	end(&n);
}
END_TEST

/* As it is when the root is another, and so are all places. */
START_TEST(who_stood_right_behind_a_peer_is_there_for_a_moment)
{
	static const unsigned deep[] = { 301, 250, 200, 100, 1 };
	enum nexthop_why why;
	struct node	 n;
	struct coords	 c = path(5, deep);
	uint8_t		 near[NADDR_LEN];

	begin(&n, 1);
	addr_of(300, near);
	learn(&n, 300, 200);
	coords_put(n.cache, c.addr[0], &c, COORDS_PROVEN, 0, 0, 1);
	ck_assert_uint_eq(hop(&n, 300, 1, &why), 71);
	ck_assert_uint_eq(hop(&n, 301, 1, &why), 71);
	coords_del(n.cache, near, 1);
	coords_del(n.cache, c.addr[0], 1);
	ck_assert_uint_eq(hop(&n, 301, 1, &why), 0);
	ck_assert_int_eq(why, NEXTHOP_NO_COORDS);
	ck_assert_uint_eq(hop(&n, 300, 2, &why), 71);
	ck_assert_int_eq(why, NEXTHOP_BEHIND);
	ck_assert_uint_eq(hop(&n, 300, 2, &why), 71);
	ck_assert_int_eq(why, NEXTHOP_TREE);
	ck_assert_uint_eq(route_find(n.route, near, COORDS_OURS, 2, 3001, &why), 71);
	ck_assert_uint_eq(route_find(n.route, near, COORDS_OURS, 2, 3002, &why), 0);
	ck_assert_int_eq(why, NEXTHOP_NO_COORDS);
	/* It is known again, and elsewhere: what was before is of no use. */
	learn(&n, 300, 201);
	ck_assert_uint_eq(hop(&n, 300, 2, &why), 72);
	learn(&n, 300, 250);
	ck_assert_uint_eq(hop(&n, 300, 2, &why), 72);
	ck_assert_int_eq(why, NEXTHOP_BEHIND);
	end(&n);
}
END_TEST

START_TEST(two_nodes_in_one_process_know_nothing_of_each_other)
{
	enum nexthop_why why;
	struct node	 a, b;

	begin(&a, 1);
	begin(&b, 1);
	learn(&a, 300, 200);
	learn(&b, 300, 201);
	ck_assert_uint_eq(hop(&a, 300, 1, &why), 71);
	ck_assert_uint_eq(hop(&b, 300, 1, &why), 72);
	ck_assert_uint_eq(hop(&a, 300, 1, &why), 71);
	ck_assert_uint_eq(computed(&a), 1);
	ck_assert_uint_eq(computed(&b), 1);
	end(&a);
	end(&b);
}
END_TEST

/* More places than are remembered, asked for twice. */
static uint64_t
crowd(uint32_t key)
{
	enum nexthop_why why;
	struct node	 n;
	uint64_t	 all;
	unsigned	 i;

	begin(&n, key);
	for (i = 0; i < 2 * PLACES; i++) {
		if (i < PLACES)
			learn(&n, 1000 + i, 200);
		ck_assert_uint_eq(hop(&n, 1000 + i % PLACES, 1, &why), 71);
	}
	all = computed(&n);
	end(&n);
	return all;
}

START_TEST(the_key_alone_decides_what_is_forgotten)
{
	uint64_t once = crowd(7);

	ck_assert_uint_gt(once, PLACES);
	ck_assert_uint_lt(once, 2 * PLACES);
	ck_assert_uint_eq(crowd(7), once);
	ck_assert_uint_ne(crowd(8), once);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_hop_is_remembered_until_the_mesh_or_the_place_is_another);
	tcase_add_test(t, who_stood_right_behind_a_peer_is_there_for_a_moment);
	tcase_add_test(t, two_nodes_in_one_process_know_nothing_of_each_other);
	tcase_add_test(t, the_key_alone_decides_what_is_forgotten);
}
