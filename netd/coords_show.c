/*
 * coords_show.c -- the cache of places as others see it: how much is there, how
 * large it is, and copies of its entries. No I/O, no clock; changes nothing.
 */
#include "coords_int.h"

size_t
coords_mem(const struct coords_cache *cc)
{
	const struct share *s;
	size_t		    sum = sizeof(*cc);

	for (s = cc->share; s < cc->share + COORDS_SOURCES; s++)
		sum += s->max * sizeof(*s->entry) +
		    s->nblock * sizeof(*s->block) +
		    (s->mask + 1) * sizeof(*s->bucket) +
		    cc->cfg.givers * sizeof(*s->giver);
	return sum;
}

unsigned
coords_count(const struct coords_cache *cc, enum coords_source src)
{
	return cc->share[src].all.count;
}

unsigned
coords_top(const struct coords_cache *cc, enum coords_source src)
{
	return cc->share[src].fresh;
}

unsigned
coords_fresh(const struct coords_cache *cc, enum coords_source src,
    uint64_t now_ms, uint64_t *ages_ms)
{
	const struct share *s = &cc->share[src];
	const struct entry *e;
	unsigned n = 0;

	for (e = s->entry; e < s->entry + s->fresh; e++)
		if (e->n != 0 && !coords_is_gone(cc, src, e, now_ms)) {
			*ages_ms += now_ms - e->born_ms;
			n++;
		}
	return n;
}

int
coords_view(const struct coords_cache *cc, enum coords_source src, unsigned i,
    uint64_t now_ms, struct coords_entry *out)
{
	const struct share *s = &cc->share[src];
	const struct entry *e;

	if (i >= s->max || s->entry[i].n == 0 ||
	    coords_is_gone(cc, src, &s->entry[i], now_ms))
		return -1;
	e = &s->entry[i];
	memcpy(out->addr, e->addr, NADDR_LEN);
	coords_path(s, e, &out->path);
	out->source = src;
	out->ref = (i * COORDS_SOURCES + (uint32_t)src) * REF_SOURCE;
	out->stamp = e->stamp;
	out->giver = e->giver;
	out->path_mtu = e->path_mtu;
	out->born_ms = e->born_ms;
	out->used_ms = e->used_ms;
	return 0;
}
