/* nexthop.c -- the next hop by filter, else by tree. Knows no state. */
#include "nexthop.h"

struct choice {
	unsigned i, distance;
	int	 set;
};

/* By cost, then distance, then address. */
static int
is_cheaper(const struct nexthop_peer *p, unsigned i, unsigned distance,
    const struct choice *c)
{
	if (!c->set)
		return 1;
	if (p[i].cost < p[c->i].cost || p[i].cost > p[c->i].cost)
		return p[i].cost < p[c->i].cost;
	if (distance != c->distance)
		return distance < c->distance;
	return naddr_cmp(p[i].addr, p[c->i].addr) < 0;
}

static int
is_nearer(const struct nexthop_peer *p, unsigned i, unsigned distance,
    const struct choice *c)
{
	if (!c->set || distance != c->distance)
		return !c->set || distance < c->distance;
	return naddr_cmp(p[i].addr, p[c->i].addr) < 0;
}

enum nexthop_why
nexthop_pick(const uint8_t self[NADDR_LEN], const struct coords *self_at,
    const uint8_t dst[NADDR_LEN], const struct coords *dst_at,
    const struct nexthop_peer *p, unsigned n, unsigned *out)
{
	struct choice filter = { 0 }, tree = { 0 };
	unsigned      i, d, ours;

	if (naddr_cmp(self, dst) == 0)
		return NEXTHOP_HERE;
	for (i = 0; i < n; i++)
		if (p[i].addr != NULL && p[i].can_send &&
		    naddr_cmp(p[i].addr, dst) == 0) {
			*out = i;
			return NEXTHOP_DIRECT;
		}
	if (dst_at == NULL || dst_at->n == 0)
		return NEXTHOP_NO_COORDS;
	ours = coords_distance(self_at, dst_at);
	for (i = 0; i < n; i++) {
		if (p[i].addr == NULL || !p[i].can_send || p[i].at == NULL)
			continue;
		d = coords_distance(p[i].at, dst_at);
		if (d >= ours)
			continue;
		if (p[i].in_filter && is_cheaper(p, i, d, &filter))
			filter = (struct choice){ i, d, 1 };
		if (is_nearer(p, i, d, &tree))
			tree = (struct choice){ i, d, 1 };
	}
	if (!filter.set && !tree.set)
		return NEXTHOP_STUCK;
	*out = filter.set ? filter.i : tree.i;
	return filter.set ? NEXTHOP_FILTER : NEXTHOP_TREE;
}
