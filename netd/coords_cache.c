/*
 * coords_cache.c -- what is known of other nodes' places. No I/O, no clock.
 *
 * Paths are short as a rule, so a share keeps them in chained blocks of eight
 * addresses; two blocks an entry are there at birth. When room runs out the
 * entry that was not used for longest goes; a giver at its limit loses its
 * own. Every step costs the same however full the cache is: what a move of ours
 * made wrong goes when somebody next looks at it.
 */
#include "coords_int.h"

#include <sodium.h>
#include <stdlib.h>

#define NIL UINT32_MAX

/* ---- one share ---------------------------------------------------------- */
static uint32_t *
bucket_of(const struct coords_cache *cc, struct share *s, const uint8_t *addr)
{
	uint8_t h[crypto_shorthash_BYTES];

	crypto_shorthash(h, addr, NADDR_LEN, cc->cfg.key);
	return &s->bucket[get_le32(h) & s->mask];
}

/* From i on, the first that is about addr. */
static uint32_t
about(const struct share *s, uint32_t i, const uint8_t *addr)
{
	while (i != NIL && naddr_cmp(s->entry[i].addr, addr) != 0)
		i = s->entry[i].hash_next;
	return i;
}

/* What this giver said; 0 gave every proof. */
static uint32_t
find(const struct coords_cache *cc, struct share *s, const uint8_t *addr,
    uint16_t giver)
{
	uint32_t i = about(s, *bucket_of(cc, s, addr), addr);

	while (i != NIL && s->entry[i].giver != giver)
		i = about(s, s->entry[i].hash_next, addr);
	return i;
}

/* What was said last, whoever did. */
static uint32_t
find_last(const struct coords_cache *cc, struct share *s, const uint8_t *addr)
{
	uint32_t i = about(s, *bucket_of(cc, s, addr), addr), last = i;

	for (; i != NIL; i = about(s, s->entry[i].hash_next, addr))
		if (s->entry[i].fresh_ms >= s->entry[last].fresh_ms)
			last = i;
	return last;
}

static struct list *
list_of(struct share *s, enum order o, const struct entry *e)
{
	return o == ALL ? &s->all : &s->giver[e->giver];
}

static void
unlink_use(struct share *s, enum order o, uint32_t i)
{
	struct list *l = list_of(s, o, &s->entry[i]);
	struct link *k = &s->entry[i].link[o];

	*(k->newer != NIL ? &s->entry[k->newer].link[o].older : &l->newest) =
	    k->older;
	*(k->older != NIL ? &s->entry[k->older].link[o].newer : &l->oldest) =
	    k->newer;
	l->count--;
}

static void
link_newest(struct share *s, enum order o, uint32_t i)
{
	struct list *l = list_of(s, o, &s->entry[i]);
	struct link *k = &s->entry[i].link[o];

	k->newer = NIL;
	k->older = l->newest;
	*(l->newest != NIL ? &s->entry[l->newest].link[o].newer : &l->oldest) = i;
	l->newest = i;
	l->count++;
}

static void
use(struct share *s, uint32_t i)
{
	int o;

	for (o = 0; o < ORDERS; o++) {
		unlink_use(s, (enum order)o, i);
		link_newest(s, (enum order)o, i);
	}
}

static void
blocks_free(struct share *s, struct entry *e)
{
	uint32_t b, next;

	for (b = e->block; b != NIL; b = next) {
		next = s->block[b].next;
		s->block[b].next = s->block_free;
		s->block_free = b;
	}
	e->block = NIL;
}

static void
drop(struct coords_cache *cc, struct share *s, uint32_t i)
{
	struct entry *e = &s->entry[i];
	uint32_t     *p = bucket_of(cc, s, e->addr);

	while (*p != i)
		p = &s->entry[*p].hash_next;
	*p = e->hash_next;
	unlink_use(s, ALL, i);
	unlink_use(s, GIVER, i);
	blocks_free(s, e);
	e->n = 0;
	e->hash_next = s->free;
	s->free = i;
	e->stamp = ++cc->stamp;
}

/* That many free ones, taken from those never used if need be and if there are. */
static void
blocks_ready(struct share *s, unsigned n)
{
	uint32_t b;

	for (b = s->block_free; b != NIL && n > 0; b = s->block[b].next)
		n--;
	for (; n > 0 && s->block_fresh < s->nblock; n--) {
		s->block[s->block_fresh].next = s->block_free;
		s->block_free = s->block_fresh++;
	}
}

/* Blocks for n addresses, or NIL and nothing taken. */
static uint32_t
blocks_take(struct share *s, const struct coords *c)
{
	uint32_t first = NIL, *link = &first, b;
	unsigned i, k;

	blocks_ready(s, (c->n + BLOCK - 1u) / BLOCK);
	for (i = 0, b = s->block_free; i < c->n; i += BLOCK) {
		if (b == NIL)
			return NIL;
		b = s->block[b].next;
	}
	for (i = 0; i < c->n; i += BLOCK) {
		b = s->block_free;
		s->block_free = s->block[b].next;
		k = c->n - i < BLOCK ? c->n - i : BLOCK;
		memcpy(s->block[b].addr, c->addr[i], (size_t)k * NADDR_LEN);
		*link = b;
		link = &s->block[b].next;
	}
	*link = NIL;
	return first;
}

void
coords_path(const struct share *s, const struct entry *e, struct coords *c)
{
	uint32_t b = e->block;
	unsigned i, k;

	c->n = e->n;
	for (i = 0; i < e->n; i += BLOCK, b = s->block[b].next) {
		k = e->n - i < BLOCK ? e->n - i : BLOCK;
		memcpy(c->addr[i], s->block[b].addr, (size_t)k * NADDR_LEN);
	}
}

static int
is_aged(const struct coords_cache *cc, const struct entry *e,
    enum coords_source src, uint64_t now_ms)
{
	if (now_ms - e->fresh_ms >= cc->cfg.ttl_ms)
		return 1;
	return src == COORDS_HEARSAY && now_ms - e->born_ms >= cc->cfg.age_max_ms;
}

/* Did a move of ours make it wrong since it was last found right? */
static int
is_wrong(const struct coords_cache *cc, const struct share *s,
    const struct entry *e)
{
	struct coords c;

	if (e->move == cc->move)
		return 0;
	coords_path(s, e, &c);
	if (e->move < cc->via_move && coords_has(&c, cc->via))
		return 1;
	/* No path ends at both of two roots. */
	return e->move < cc->former_move || (e->move < cc->root_move &&
	    naddr_cmp(c.addr[c.n - 1], cc->root) != 0);
}

int
coords_is_gone(const struct coords_cache *cc, enum coords_source src,
    const struct entry *e, uint64_t now_ms)
{
	return is_aged(cc, e, src, now_ms) || is_wrong(cc, &cc->share[src], e);
}

/* ---- the cache ---------------------------------------------------------- */
static int
share_init(struct share *s, unsigned max, unsigned givers)
{
	uint32_t i, size;

	for (size = 16; size < max; size <<= 1)
		;
	s->max = max;
	s->nblock = max * 2 > COORDS_MAX / BLOCK ? max * 2 : COORDS_MAX / BLOCK;
	s->mask = size - 1;
	s->entry = calloc(s->max, sizeof(*s->entry));
	s->block = calloc(s->nblock, sizeof(*s->block));
	s->bucket = malloc(size * sizeof(*s->bucket));
	s->giver = malloc(givers * sizeof(*s->giver));
	if (s->entry == NULL || s->block == NULL || s->bucket == NULL ||
	    s->giver == NULL)
		return -1;
	for (i = 0; i < givers; i++)
		s->giver[i] = (struct list){ NIL, NIL, 0 };
	for (i = 0; i < size; i++)
		s->bucket[i] = NIL;
	s->free = s->block_free = NIL;
	s->all = (struct list){ NIL, NIL, 0 };
	return 0;
}

struct coords_cache *
coords_new(const struct coords_cfg *cfg)
{
	struct coords_cache *cc = calloc(1, sizeof(*cc));
	int		     i;

	if (cc == NULL)
		return NULL;
	cc->cfg = *cfg;
	for (i = 0; i < COORDS_SOURCES; i++)
		if (cfg->max[i] == 0 || cfg->givers == 0 ||
		    share_init(&cc->share[i], cfg->max[i], cfg->givers) == -1) {
			coords_free(cc);
			return NULL;
		}
	return cc;
}

void
coords_free(struct coords_cache *cc)
{
	int i;

	if (cc == NULL)
		return;
	for (i = 0; i < COORDS_SOURCES; i++) {
		free(cc->share[i].entry);
		free(cc->share[i].block);
		free(cc->share[i].bucket);
		free(cc->share[i].giver);
	}
	free(cc);
}

/* Give the entry, which is the newest in use and so no victim, its path. */
static void
path_set(struct coords_cache *cc, struct share *s, uint32_t i,
    const struct coords *c)
{
	struct entry *e = &s->entry[i];
	struct coords old;

	coords_path(s, e, &old);
	if (coords_equal(&old, c))
		return;
	blocks_free(s, e);
	while ((e->block = blocks_take(s, c)) == NIL)
		drop(cc, s, s->all.oldest);
	e->n = c->n;
	e->stamp = ++cc->stamp;
}

/* Next hops that came from another's word as the last one are thought over. */
static void
speaks_last(const struct coords_cache *cc, struct share *s, uint32_t i)
{
	const uint8_t *addr = s->entry[i].addr;
	uint32_t       k;

	for (k = about(s, *bucket_of(cc, s, addr), addr); k != NIL;
	    k = about(s, s->entry[k].hash_next, addr))
		s->entry[k].is_last = k == i;
}

/* Next hops that came from what is known of addr are thought over. */
static void
doubt(struct coords_cache *cc, struct share *s, const uint8_t *addr)
{
	uint32_t i;

	for (i = about(s, *bucket_of(cc, s, addr), addr); i != NIL;
	    i = about(s, s->entry[i].hash_next, addr))
		s->entry[i].stamp = ++cc->stamp;
}

/* Room for addr: a free entry, or that of the one that has to go. */
static uint32_t
entry_new(struct coords_cache *cc, enum coords_source src, const uint8_t *addr,
    uint16_t giver, uint64_t now_ms)
{
	struct share *s = &cc->share[src];
	uint32_t      i, *p;

	if (src == COORDS_HEARSAY && s->giver[giver].count >= cc->cfg.per_giver)
		drop(cc, s, s->giver[giver].oldest);
	if (s->free == NIL && s->fresh < s->max) {
		s->entry[s->fresh].hash_next = NIL;
		s->free = s->fresh++;
	}
	if (s->free == NIL)
		drop(cc, s, s->all.oldest);
	doubt(cc, s, addr);
	i = s->free;
	s->free = s->entry[i].hash_next;
	s->entry[i] = (struct entry){ .block = NIL, .born_ms = now_ms,
	    .giver = giver, .stamp = ++cc->stamp, .move = cc->move };
	memcpy(s->entry[i].addr, addr, NADDR_LEN);
	p = bucket_of(cc, s, addr);
	s->entry[i].hash_next = *p;
	*p = i;
	link_newest(s, ALL, i);
	link_newest(s, GIVER, i);
	return i;
}

/* Is this not what was proven? One giver's word lives beside the proof, for what
 * it brings; until it says the same as the proof. */
static int
contradicts(struct coords_cache *cc, uint32_t known, const struct coords *c,
    uint16_t giver)
{
	struct share *s = &cc->share[COORDS_PROVEN], *h = &cc->share[COORDS_HEARSAY];
	struct entry *e = &s->entry[known];
	uint32_t      i = find(cc, h, e->addr, giver);
	struct coords was;
	int	      differs;

	coords_path(s, e, &was);
	differs = !coords_equal(&was, c);
	if (differs && i == NIL)
		e->stamp = ++cc->stamp;
	if (!differs && i != NIL)
		drop(cc, h, i);
	return differs;
}

int
coords_put(struct coords_cache *cc, const uint8_t addr[NADDR_LEN],
    const struct coords *c, enum coords_source src, uint16_t giver,
    uint16_t path_mtu, uint64_t now_ms)
{
	struct share *s = &cc->share[src], *proven = &cc->share[COORDS_PROVEN];
	uint32_t      i, known;
	int	      differs = 0;

	/* Whoever brought a proof, the target gave it. */
	if (src == COORDS_PROVEN)
		giver = 0;
	if (giver >= cc->cfg.givers || coords_check(c, addr) == -1)
		return -1;
	known = find(cc, proven, addr, 0);
	if (src == COORDS_HEARSAY && known != NIL &&
	    !coords_is_gone(cc, COORDS_PROVEN, &proven->entry[known], now_ms)) {
		differs = contradicts(cc, known, c, giver);
		if (!differs)
			return 0;
	}
	i = find(cc, s, addr, giver);
	if (i != NIL && is_wrong(cc, s, &s->entry[i])) {
		drop(cc, s, i);
		i = NIL;
	}
	/* Hearsay told again is not younger for it; told anew it is. */
	if (i != NIL && (src == COORDS_PROVEN ||
	    is_aged(cc, &s->entry[i], src, now_ms))) {
		s->entry[i].born_ms = now_ms;
	}
	if (i == NIL)
		i = entry_new(cc, src, addr, giver, now_ms);
	use(s, i);
	speaks_last(cc, s, i);
	path_set(cc, s, i, c);
	s->entry[i].move = cc->move;
	s->entry[i].fresh_ms = s->entry[i].used_ms = now_ms;
	if (path_mtu != 0)
		s->entry[i].path_mtu = path_mtu;
	if (src == COORDS_PROVEN)
		coords_del(cc, addr, 0);
	return differs;
}

/* It was used: 0, or -1 when it is too old to be. */
static int
touch(struct coords_cache *cc, enum coords_source src, uint32_t i,
    uint64_t now_ms)
{
	struct share *s = &cc->share[src];
	struct entry *e = &s->entry[i];

	if (coords_is_gone(cc, src, e, now_ms))
		return -1;
	e->move = cc->move;
	e->used_ms = now_ms;
	if (src == COORDS_PROVEN)
		e->fresh_ms = now_ms;
	use(s, i);
	return 0;
}

/* This one, if it is one: 0, or -1 and it goes when it is no good any more. */
static int
give(struct coords_cache *cc, enum coords_source src, uint32_t i,
    uint64_t now_ms, struct coords_entry *out)
{
	if (i == NIL)
		return -1;
	if (touch(cc, src, i, now_ms) == 0)
		return coords_view(cc, src, i, now_ms, out);
	drop(cc, &cc->share[src], i);
	return -1;
}

int
coords_get(struct coords_cache *cc, const uint8_t addr[NADDR_LEN],
    uint16_t from, uint64_t now_ms, struct coords_entry *out)
{
	struct share *said = &cc->share[COORDS_HEARSAY];
	uint32_t      i;

	if ((from != COORDS_OURS && give(cc, COORDS_HEARSAY,
	    find(cc, said, addr, from), now_ms, out) == 0) ||
	    give(cc, COORDS_PROVEN, find(cc, &cc->share[COORDS_PROVEN], addr, 0),
	    now_ms, out) == 0)
		return 0;
	while ((i = find_last(cc, said, addr)) != NIL)
		if (give(cc, COORDS_HEARSAY, i, now_ms, out) == 0) {
			speaks_last(cc, said, i);
			out->ref |= AS_LAST;
			return 0;
		}
	return -1;
}

int
coords_still(struct coords_cache *cc, uint32_t ref, uint64_t stamp,
    uint64_t now_ms)
{
	enum coords_source  src = ref / REF_SOURCE % COORDS_SOURCES;
	uint32_t	    i = ref / REF_SOURCE / COORDS_SOURCES;
	const struct entry *e;

	if (i >= cc->share[src].max)
		return 0;
	e = &cc->share[src].entry[i];
	if (e->stamp != stamp || e->n == 0 || (ref & AS_LAST && !e->is_last))
		return 0;
	return touch(cc, src, i, now_ms) == 0;
}

void
coords_del(struct coords_cache *cc, const uint8_t addr[NADDR_LEN], int proven)
{
	struct share *said = &cc->share[COORDS_HEARSAY];
	uint32_t      i = find(cc, &cc->share[COORDS_PROVEN], addr, 0);

	if (proven && i != NIL)
		drop(cc, &cc->share[COORDS_PROVEN], i);
	while ((i = find_last(cc, said, addr)) != NIL)
		drop(cc, said, i);
}

void
coords_drop_via(struct coords_cache *cc, const uint8_t self[NADDR_LEN])
{
	memcpy(cc->via, self, NADDR_LEN);
	cc->via_move = ++cc->move;
}

void
coords_drop_other_roots(struct coords_cache *cc, const uint8_t root[NADDR_LEN])
{
	if (naddr_cmp(cc->root, root) != 0)
		cc->former_move = cc->root_move;
	memcpy(cc->root, root, NADDR_LEN);
	cc->root_move = ++cc->move;
}
