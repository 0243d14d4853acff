/*
 * lookup_table.c -- the tables of lookup.c: questions seen, in a ring whose
 * oldest is overwritten, and signatures we wait for. Decides nothing.
 */
#include <sodium.h>
#include <stdlib.h>

#include "lookup_int.h"

#define NIL UINT32_MAX

uint64_t
lookup_hash(const struct lookup *l, const uint8_t target[NADDR_LEN], unsigned slot)
{
	uint8_t in[NADDR_LEN + 2], h[crypto_shorthash_BYTES];

	memcpy(in, target, NADDR_LEN);
	put_le16(in + NADDR_LEN, (uint16_t)slot);
	crypto_shorthash(h, in, sizeof(in), l->cfg.key);
	return get_le64(h);
}

/* ---- questions seen ----------------------------------------------------- */
static uint32_t *
bucket_of(const struct lookup *l, uint64_t id)
{
	uint8_t in[8], h[crypto_shorthash_BYTES];

	put_le64(in, id);
	crypto_shorthash(h, in, sizeof(in), l->cfg.key);
	return &l->bucket[get_le32(h) & l->mask];
}

struct lookup_recent *
lookup_recent_find(struct lookup *l, uint64_t id, uint64_t now_ms)
{
	uint32_t i;

	for (i = *bucket_of(l, id); i != NIL; i = l->recent[i].hash_next)
		if (l->recent[i].id == id &&
		    now_ms - l->recent[i].ms < l->cfg.recent_ms)
			return &l->recent[i];
	return NULL;
}

void
lookup_recent_put(struct lookup *l, const struct lookup_request *q, unsigned from,
    uint64_t now_ms)
{
	uint32_t       i = l->next, *p;
	struct lookup_recent *e = &l->recent[i];

	l->next = (l->next + 1) % l->cfg.recent_max;
	if (e->used) {
		for (p = bucket_of(l, e->id); *p != i; )
			p = &l->recent[*p].hash_next;
		*p = e->hash_next;
	}
	*e = (struct lookup_recent){ .id = q->id, .ms = now_ms, .used = 1,
	    .from = (uint16_t)from };
	memcpy(e->target, q->target, NADDR_LEN);
	p = bucket_of(l, q->id);
	e->hash_next = *p;
	*p = i;
}

/* ---- signatures --------------------------------------------------------- */
struct lookup_work *
lookup_work_new(struct lookup *l, unsigned slot, int is_check)
{
	unsigned i;

	for (i = 0; i < l->cfg.work_max && l->work[i].token != 0; i++)
		;
	if (i == l->cfg.work_max)
		return NULL;
	if (++l->token == 0)
		l->token = 1;
	l->work[i].token = l->token;
	l->work[i].slot = (uint16_t)slot;
	l->work[i].is_check = (uint8_t)is_check;
	return &l->work[i];
}

struct lookup_work *
lookup_work_find(struct lookup *l, uint32_t token, int is_check)
{
	unsigned i;

	for (i = 0; token != 0 && i < l->cfg.work_max; i++)
		if (l->work[i].token == token && l->work[i].is_check == is_check)
			return &l->work[i];
	return NULL;
}


/* ---- life --------------------------------------------------------------- */
void
lookup_peer_del(struct lookup *l, unsigned slot)
{
	uint32_t i;

	if (slot >= l->cfg.peers_max)
		return;
	memset(&l->peer[slot], 0, sizeof(l->peer[slot]));
	for (i = 0; i < l->cfg.recent_max; i++)
		if (l->recent[i].used && l->recent[i].from == slot)
			l->recent[i].from = LOOKUP_NO_SLOT;
	for (i = 0; i < l->cfg.work_max; i++)
		if (l->work[i].token != 0 && l->work[i].slot == slot)
			l->work[i].slot = LOOKUP_NO_SLOT;
}

struct lookup *
lookup_new(const struct lookup_cfg *cfg, const struct lookup_cb *cb, void *arg)
{
	struct lookup *l = calloc(1, sizeof(*l));
	uint32_t       i, size;

	if (l == NULL)
		return NULL;
	for (size = 16; size < cfg->recent_max; size <<= 1)
		;
	l->cfg = *cfg;
	if (l->cfg.attempts < 1)
		l->cfg.attempts = 1;
	if (l->cfg.attempts > LOOKUP_ATTEMPTS_MAX)
		l->cfg.attempts = LOOKUP_ATTEMPTS_MAX;
	l->cb = *cb;
	l->arg = arg;
	l->mask = size - 1;
	l->open = calloc(cfg->open_max, sizeof(*l->open));
	l->recent = calloc(cfg->recent_max, sizeof(*l->recent));
	l->bucket = malloc(size * sizeof(*l->bucket));
	l->work = calloc(cfg->work_max, sizeof(*l->work));
	l->peer = calloc(cfg->peers_max, sizeof(*l->peer));
	if (l->open == NULL || l->recent == NULL || l->bucket == NULL ||
	    l->work == NULL || l->peer == NULL) {
		lookup_free(l);
		return NULL;
	}
	for (i = 0; i < size; i++)
		l->bucket[i] = NIL;
	return l;
}

void
lookup_free(struct lookup *l)
{
	if (l == NULL)
		return;
	free(l->open);
	free(l->recent);
	free(l->bucket);
	free(l->work);
	free(l->peer);
	free(l);
}

size_t
lookup_mem(const struct lookup *l)
{
	return sizeof(*l) + l->cfg.open_max * sizeof(*l->open) +
	    l->cfg.recent_max * sizeof(*l->recent) +
	    (l->mask + 1) * sizeof(*l->bucket) +
	    l->cfg.work_max * sizeof(*l->work) +
	    l->cfg.peers_max * sizeof(*l->peer);
}

int
lookup_view(const struct lookup *l, unsigned i, struct lookup_view *v)
{
	const struct lookup_open *o = &l->open[i];

	if (i >= l->cfg.open_max || !o->used)
		return -1;
	memcpy(v->target, o->target, NADDR_LEN);
	v->started_ms = o->started_ms;
	v->sent_ms = o->sent_ms;
	v->attempt = o->attempt;
	return 0;
}

unsigned
lookup_recent_count(const struct lookup *l, uint64_t now_ms)
{
	unsigned i, n = 0;

	for (i = 0; i < l->cfg.recent_max; i++)
		n += l->recent[i].used &&
		    now_ms - l->recent[i].ms < l->cfg.recent_ms;
	return n;
}

const struct lookup_stats *
lookup_stats(const struct lookup *l)
{
	return &l->stats;
}
