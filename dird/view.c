/* view.c -- authors and their chains: who is known, and what follows on what. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ident.h"
#include "view_int.h"

void *
table_grow(void *p, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t more;

	if (n < *room)
		return p;
	if (*room >= UINT32_MAX / 2)
		return NULL;
	more = *room == 0 ? 64 : *room * 2;
	p = realloc(p, more * size);
	if (p != NULL)
		*room = more;
	return p;
}

struct view *
view_new(void)
{
	struct view *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->root = NOBODY;
	randombytes_buf(v->salt, sizeof(v->salt));
	return v;
}

void
view_free(struct view *v)
{
	uint32_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->authors; i++)
		free(v->author[i].ref);
	free(v->author);
	free(v->author_bucket);
	free(v->item);
	free(v->item_bucket);
	free(v->id);
	free(v->invites.f);
	free(v->joins.f);
	free(v->attests.f);
	free(v->revokes.f);
	free(v);
}

uint32_t
view_people(const struct view *v)
{
	return v->authors;
}

static uint32_t
bucket_of(const struct view *v, const uint8_t did[16], uint32_t buckets)
{
	uint64_t h;

	crypto_shorthash((uint8_t *)&h, did, 16, v->salt);
	return (uint32_t)(h & (buckets - 1));
}

uint32_t
author_find(const struct view *v, const char *did)
{
	uint8_t bin[16];
	uint32_t i;

	if (v->author_buckets == 0 || strlen(did) != DID_LEN ||
	    memcmp(did, "did:plc:", 8) != 0 ||
	    hex_read(did + 8, bin, sizeof(bin)) == -1)
		return NOBODY;
	for (i = v->author_bucket[bucket_of(v, bin, v->author_buckets)];
	    i != NOBODY; i = v->author[i].hash_next)
		if (memcmp(v->author[i].did, bin, sizeof(bin)) == 0)
			break;
	return i;
}

static int
author_rehash(struct view *v)
{
	uint32_t buckets = v->author_buckets == 0 ? 64 : v->author_buckets * 2;
	uint32_t *b, i, at;

	if (v->authors < v->author_buckets)
		return 0;
	b = malloc(buckets * sizeof(*b));
	if (b == NULL)
		return -1;
	memset(b, 0xff, buckets * sizeof(*b));
	for (i = 0; i < v->authors; i++) {
		at = bucket_of(v, v->author[i].did, buckets);
		v->author[i].hash_next = b[at];
		b[at] = i;
	}
	free(v->author_bucket);
	v->author_bucket = b;
	v->author_buckets = buckets;
	return 0;
}

/* The author of a did, made if it is new; NOBODY without memory. */
uint32_t
author_make(struct view *v, const char *did)
{
	uint32_t at, i = author_find(v, did);
	struct author *a;
	void *p;

	if (i != NOBODY)
		return i;
	p = table_grow(v->author, v->authors, &v->author_room, sizeof(*a));
	if (p == NULL)
		return NOBODY;
	v->author = p;
	if (author_rehash(v) == -1)
		return NOBODY;
	a = &v->author[v->authors];
	memset(a, 0, sizeof(*a));
	if (hex_decode(did + 8, a->did, sizeof(a->did)) == -1)
		return NOBODY;
	a->fork = a->cut = a->final = NO_LIMIT;
	a->invites = a->joins = a->attests = NOBODY;
	a->invited = a->vouched = a->revoked = NOBODY;
	a->member_round = a->free_round = NOBODY;
	at = bucket_of(v, a->did, v->author_buckets);
	a->hash_next = v->author_bucket[at];
	v->author_bucket[at] = v->authors;
	return v->authors++;
}

void
view_root(struct view *v, const char *did)
{
	v->root = author_make(v, did);
	v->dirty = v->stale = 1;
}

void
view_did(const struct view *v, uint32_t author, char did[DID_LEN + 1])
{
	memcpy(did, "did:plc:", 8);
	hex_encode(v->author[author].did, 16, did + 8);
}

int
view_key(const struct view *v, const char *did, uint8_t pub[KEY_LEN])
{
	uint32_t i = author_find(v, did);

	if (i == NOBODY || !(v->author[i].known || v->author[i].has_key))
		return -1;
	memcpy(pub, v->author[i].pub, KEY_LEN);
	return 0;
}

int
view_next(const struct view *v, const char *did, uint64_t *seq,
    uint8_t prev[ID_LEN])
{
	uint32_t i = author_find(v, did);

	*seq = i == NOBODY ? 0 : v->author[i].n;
	if (*seq == 0)
		return -1;
	memcpy(prev, v->author[i].last, ID_LEN);
	return 0;
}

int
view_forked(const struct view *v, const char *did)
{
	uint32_t i = author_find(v, did);

	return i != NOBODY && v->author[i].fork != NO_LIMIT;
}

int
author_place(const struct view *v, uint32_t i, const struct entry *e,
    struct because *b)
{
	const struct author *a;

	if (i == NOBODY || !v->author[i].known) {
		if (e->seq != 0)
			return because(b, WHY_AUTHOR, "%s", e->author);
		return e->type == OBJ_GENESIS || e->type == OBJ_JOIN ? 0 :
		    because(b, WHY_FIRST, "%s", object_name(e->type));
	}
	a = &v->author[i];
	if (e->seq < a->n &&
	    memcmp(v->id[a->ref[e->seq]], e->id, ID_LEN) == 0)
		return because(b, WHY_KNOWN, "%s %llu", e->author,
		    (unsigned long long)e->seq);
	if (e->seq >= a->fork)
		return because(b, WHY_FROZEN, "%s", e->author);
	if (e->seq < a->n)
		return 1;
	if (e->seq > a->n)
		return because(b, WHY_GAP, "%s: %llu, not %llu", e->author,
		    (unsigned long long)e->seq, (unsigned long long)a->n);
	if (memcmp(e->prev, a->last, ID_LEN) != 0)
		return because(b, WHY_PREV, "%s %llu", e->author,
		    (unsigned long long)e->seq);
	if (e->created_at < a->last_time)
		return because(b, WHY_ANCIENT, "created_at");
	return 0;
}

/* Memory for one more entry, before anything is changed. */
static int
make_room(struct view *v, uint32_t i)
{
	struct author *a = &v->author[i];
	uint64_t more;
	void *p;

	p = table_grow(v->id, v->n, &v->id_room, ID_LEN);
	if (p == NULL)
		return -1;
	v->id = p;
	if (a->n < a->room)
		return 0;
	more = a->room == 0 ? 8 : a->room * 2;
	p = realloc(a->ref, more * sizeof(*a->ref));
	if (p == NULL)
		return -1;
	a->ref = p;
	a->room = more;
	return 0;
}

static void
link_up(struct author *a, const struct entry *e, uint32_t ref)
{
	if (!a->known)
		entry_key(e, a->pub);
	a->known = 1;
	a->ref[a->n++] = ref;
	a->last_time = e->created_at;
	memcpy(a->last, e->id, ID_LEN);
}

int
view_add(struct view *v, const struct entry *e, struct because *b)
{
	uint32_t i = author_make(v, e->author), ref = v->n;
	int ret;

	if (i == NOBODY || ref == NOBODY || make_room(v, i) == -1)
		return because(b, WHY_FULL, "memory");
	ret = author_place(v, i, e, b);
	if (ret == -1)
		return -1;
	if (ret == 0 && (people_fact(v, i, e) == -1 ||
	    items_take(v, i, ref, e) == -1))
		return because(b, WHY_FULL, "memory");
	memcpy(v->id[v->n++], e->id, ID_LEN);
	if (ret == 0) {
		link_up(&v->author[i], e, ref);
	} else {
		/* Evidence only: two entries, one number. */
		v->author[i].fork = e->seq;
		v->dirty = 1;
		admit_fork(v, i);
	}
	return 0;
}
