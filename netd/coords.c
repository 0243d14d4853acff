/* coords.c -- places: how far apart, lawful or not, on the wire. No state. */
#include "coords.h"

unsigned
coords_distance(const struct coords *a, const struct coords *b)
{
	unsigned common = 0;

	while (common < a->n && common < b->n &&
	    naddr_cmp(a->addr[a->n - 1 - common],
	    b->addr[b->n - 1 - common]) == 0)
		common++;
	if (common == 0)
		return COORDS_FAR;
	return (a->n - common) + (b->n - common);
}

int
coords_has(const struct coords *c, const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < c->n; i++)
		if (naddr_cmp(c->addr[i], addr) == 0)
			return 1;
	return 0;
}

int
coords_equal(const struct coords *a, const struct coords *b)
{
	return a->n == b->n &&
	    memcmp(a->addr, b->addr, (size_t)a->n * NADDR_LEN) == 0;
}

int
coords_check(const struct coords *c, const uint8_t addr[NADDR_LEN])
{
	unsigned i, j;

	if (c->n == 0 || c->n > COORDS_MAX || naddr_cmp(c->addr[0], addr) != 0)
		return -1;
	for (i = 0; i + 1 < c->n; i++) {
		if (naddr_cmp(c->addr[i], c->addr[c->n - 1]) < 0)
			return -1;
		for (j = i + 1; j < c->n; j++)
			if (naddr_cmp(c->addr[i], c->addr[j]) == 0)
				return -1;
	}
	return 0;
}

void
coords_read(struct rd *r, struct coords *c)
{
	c->n = (uint16_t)rd_uint(r, 2, 0, COORDS_MAX);
	rd_bytes(r, c->addr, (size_t)c->n * NADDR_LEN);
	if (r->bad)
		c->n = 0;
}

void
coords_write(struct wr *w, const struct coords *c)
{
	wr_uint(w, c->n, 2, 0, COORDS_MAX);
	wr_bytes(w, c->addr, (size_t)c->n * NADDR_LEN);
}
