/* view_items.c -- the objects that members publish, latest of each author. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ident.h"
#include "view_int.h"

#define NOTHING		UINT32_MAX
#define WITHDRAWN	0
#define PENDING		1
#define AUTO		2

/*
 * What becomes an item, and the field that is its key, NULL for the author. The
 * first of a class is what its author needs the right for.
 */
static const struct {
	enum object	 type;
	enum item_class	 cls;
	const char	*field;
} rows[] = {
	{ OBJ_NODE_RECORD, ITEM_NODE, NULL },
	{ OBJ_NAME_BIND, ITEM_NAME, "name" },
	{ OBJ_SERVICE_OFFER, ITEM_SERVICE, "service_id" },
	{ OBJ_OFFER_REVOKE, ITEM_SERVICE, "service_id" },
	{ OBJ_SUBSCRIPTION, ITEM_SUBSCRIPTION, "subscription_id" },
	{ OBJ_APPROVAL, ITEM_APPROVAL, "subscription_id" },
	{ OBJ_CONFIG_BLOB, ITEM_CONFIG, "scope" },
	{ OBJ_CONFIG_REVOKE, ITEM_CONFIG_REVOKE, "config_id" },
	{ OBJ_ROUTE_ADVERT, ITEM_ROUTE, NULL },
	{ OBJ_EXIT_GRANT, ITEM_EXIT, "subscriber" },
	{ OBJ_WITNESS, ITEM_WITNESS, "log" },
	{ OBJ_SNAPSHOT, ITEM_SNAPSHOT, NULL },
};

/* The class of a type, or -1. */
static int
class_of(enum object t, const char **field)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].type == t) {
			*field = rows[i].field;
			return rows[i].cls;
		}
	}
	return -1;
}

/* The right that an item's author needs. */
static enum right
right_of(const struct item *it)
{
	size_t i;

	for (i = 0; rows[i].cls != it->cls; i++)
		;
	return object_right(rows[i].type);
}

/* 16 bytes that stand for a text: hex as it is, anything else hashed. */
static void
key_of(const char *p, size_t n, uint8_t key[16])
{
	if (n == 32 && hex_read(p, key, 16) == 0)
		return;
	crypto_generichash(key, 16, (const uint8_t *)p, n, NULL, 0);
}

static uint32_t
bucket(const struct view *v, enum item_class cls, const uint8_t key[16],
    uint32_t buckets)
{
	uint64_t h;

	crypto_shorthash((uint8_t *)&h, key, 16, v->salt);
	return (uint32_t)((h + cls) & (buckets - 1));
}

/*
 * Where the one that an item replaces is: what many say of one key, or one
 * author in many versions, must not be walked through for each of them.
 */
static uint32_t
same_bucket(const struct view *v, const struct item *it, uint32_t buckets)
{
	struct {
		uint8_t		key[16];
		uint64_t	version;
		uint32_t	author, cls;
	} what = { .author = it->author, .cls = it->cls };
	uint64_t h;

	memcpy(what.key, it->key, sizeof(what.key));
	if (it->cls == ITEM_CONFIG)
		what.version = it->version;
	crypto_shorthash((uint8_t *)&h, (uint8_t *)&what, sizeof(what), v->salt);
	return (uint32_t)(h & (buckets - 1));
}

static void
link_item(struct view *v, uint32_t i)
{
	struct item *it = &v->item[i];
	uint32_t *b = &v->item_bucket[bucket(v, (enum item_class)it->cls,
	    it->key, v->item_buckets)];

	it->next = *b;
	*b = i;
	b = &v->same_bucket[same_bucket(v, it, v->item_buckets)];
	it->next_same = *b;
	*b = i;
}

/* Both tables stand in one piece of memory. */
static int
rehash(struct view *v)
{
	uint32_t buckets = v->item_buckets == 0 ? 64 : v->item_buckets * 2;
	uint32_t *b, i;

	if (v->items < v->item_buckets)
		return 0;
	b = malloc(2 * (size_t)buckets * sizeof(*b));
	if (b == NULL)
		return -1;
	memset(b, 0xff, 2 * (size_t)buckets * sizeof(*b));
	free(v->item_bucket);
	v->item_bucket = b;
	v->same_bucket = b + buckets;
	v->item_buckets = buckets;
	for (i = 0; i < v->items; i++)
		link_item(v, i);
	return 0;
}

static uint32_t
seconds(struct span s)
{
	int64_t t = time_parse(s.p, s.n);

	return t < 0 ? 0 : t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

static int
is_word(struct span s, const char *word)
{
	return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

static uint8_t
decision_of(struct span s)
{
	if (is_word(s, "approved"))
		return DECISION_APPROVED;
	return is_word(s, "rejected") ? DECISION_REJECTED : DECISION_REVOKED;
}

static uint32_t
short_hash(const struct view *v, struct span s)
{
	uint64_t h;

	crypto_shorthash((uint8_t *)&h, (const uint8_t *)s.p, s.n, v->salt);
	return (uint32_t)h;
}

static void
fill_offer(const struct view *v, struct item *it, const struct entry *e)
{
	struct span macro = span_get(e->body, "macro");

	it->detail = is_word(span_text(span_get(e->body, "approval")),
	    "auto") ? AUTO : PENDING;
	it->since = e->seq;
	it->terms = short_hash(v, macro);
	it->kind = short_hash(v, span_text(span_get(macro, "kind")));
}

/* What the class remembers besides the key. */
static void
fill(const struct view *v, struct item *it, const struct entry *e)
{
	switch (e->type) {
	case OBJ_SERVICE_OFFER:
		fill_offer(v, it, e);
		break;
	case OBJ_SUBSCRIPTION:
		span_hex(span_get(e->body, "service_id"), it->link, 16);
		break;
	case OBJ_APPROVAL:
		it->detail = decision_of(span_text(span_get(e->body,
		    "decision")));
		it->seq = e->seq;
		break;
	case OBJ_CONFIG_BLOB:
		it->version = (uint64_t)span_int(span_get(e->body, "version"));
		it->from = seconds(span_text(span_get(e->body, "valid_from")));
		it->until = seconds(span_text(span_get(e->body, "valid_until")));
		break;
	case OBJ_ROUTE_ADVERT:
	case OBJ_EXIT_GRANT:
		it->until = seconds(span_text(span_get(e->body, "valid_until")));
		break;
	default:
		break;
	}
}

static void
make_key(struct view *v, const struct entry *e, const char *field,
    struct item *it)
{
	struct span s;
	uint8_t id[ID_LEN];

	if (field == NULL) {
		memcpy(it->key, v->author[it->author].did, 16);
		return;
	}
	s = span_text(span_get(e->body, field));
	if (it->cls == ITEM_CONFIG_REVOKE &&
	    span_hex(span_get(e->body, field), id, sizeof(id)) == 0)
		memcpy(it->key, id, 16);
	else
		key_of(s.p, s.n, it->key);
}

static struct item *
find_same(struct view *v, const struct item *it)
{
	struct item *o;
	uint32_t i;

	if (v->item_buckets == 0)
		return NULL;
	for (i = v->same_bucket[same_bucket(v, it, v->item_buckets)];
	    i != NOTHING; i = o->next_same) {
		o = &v->item[i];
		if (o->cls == it->cls && o->author == it->author &&
		    (it->cls != ITEM_CONFIG || o->version == it->version) &&
		    memcmp(o->key, it->key, 16) == 0)
			return o;
	}
	return NULL;
}

int
items_take(struct view *v, uint32_t author, uint32_t ref,
    const struct entry *e)
{
	struct item it = { .author = author, .ref = ref }, *old;
	const char *field;
	int cls = class_of(e->type, &field);
	void *p;

	if (cls == -1)
		return 0;
	it.cls = (uint8_t)cls;
	it.when = (uint32_t)e->created_at;
	make_key(v, e, field, &it);
	fill(v, &it, e);
	old = find_same(v, &it);
	if (old != NULL) {
		it.next = old->next;
		it.next_same = old->next_same;
		/* Who was first with a name or a scope stays first. */
		if (cls == ITEM_NAME || cls == ITEM_CONFIG)
			it.when = old->when;
		if (cls == ITEM_SERVICE && it.detail != WITHDRAWN &&
		    it.detail == old->detail && it.terms == old->terms)
			it.since = old->since;
		*old = it;
		return 0;
	}
	p = table_grow(v->item, v->items, &v->item_room, sizeof(it));
	if (p == NULL)
		return -1;
	v->item = p;
	if (rehash(v) == -1)
		return -1;
	v->item[v->items] = it;
	link_item(v, v->items++);
	return 0;
}

static int
is_effective(struct view *v, const struct item *it)
{
	if (people_standing(v, it->author) < right_standing(right_of(it)))
		return 0;
	return it->cls != ITEM_SERVICE || it->detail != WITHDRAWN;
}

/*
 * First come, but whoever was emancipated in an earlier round comes first:
 * dates are their authors' own words. Then the lower did: the same everywhere.
 */
static int
is_before(const struct view *v, const struct item *a, const struct item *b)
{
	const struct author *x = &v->author[a->author];
	const struct author *y = &v->author[b->author];

	if (x->free_round != y->free_round)
		return x->free_round < y->free_round;
	if (a->when != b->when)
		return a->when < b->when;
	return memcmp(x->did, y->did, sizeof(x->did)) < 0;
}

/* The effective item of a key that was there first. */
static const struct item *
first_of(struct view *v, enum item_class cls, const uint8_t key[16])
{
	const struct item *it, *best = NULL;
	uint32_t i;

	if (v->item_buckets == 0)
		return NULL;
	for (i = v->item_bucket[bucket(v, cls, key, v->item_buckets)];
	    i != NOTHING; i = it->next) {
		it = &v->item[i];
		if (it->cls == cls && memcmp(it->key, key, 16) == 0 &&
		    is_effective(v, it) &&
		    (best == NULL || is_before(v, it, best)))
			best = it;
	}
	return best;
}

const struct item *
view_walk(struct view *v, enum item_class cls, uint32_t *at)
{
	const struct item *it;

	while (*at < v->items) {
		it = &v->item[(*at)++];
		if (it->cls == cls && is_effective(v, it))
			return it;
	}
	return NULL;
}

void
view_each(struct view *v, enum item_class cls,
    void (*fn)(void *, const struct item *), void *arg)
{
	const struct item *it;
	uint32_t at = 0;

	while ((it = view_walk(v, cls, &at)) != NULL)
		fn(arg, it);
}

const struct item *
view_node(struct view *v, const char *did)
{
	uint32_t i = author_find(v, did);

	return i == NOBODY ? NULL : first_of(v, ITEM_NODE, v->author[i].did);
}

const struct item *
view_name(struct view *v, const char *name)
{
	uint8_t key[16];

	key_of(name, strlen(name), key);
	return first_of(v, ITEM_NAME, key);
}

const struct item *
view_service(struct view *v, const char *service_id)
{
	uint8_t key[16];

	key_of(service_id, strlen(service_id), key);
	return first_of(v, ITEM_SERVICE, key);
}

int
view_lends(const struct view *v, const struct item *offer, const char *kind)
{
	struct span s = { kind, strlen(kind) };

	return offer->kind == short_hash(v, s);
}

const struct item *
view_subscription(struct view *v, const char *id)
{
	uint8_t key[16];

	key_of(id, strlen(id), key);
	return first_of(v, ITEM_SUBSCRIPTION, key);
}

static int
is_revoked_blob(struct view *v, const struct item *blob)
{
	const uint8_t *id = v->id[blob->ref];
	const struct item *it;
	uint32_t i;

	for (i = v->item_bucket[bucket(v, ITEM_CONFIG_REVOKE, id,
	    v->item_buckets)]; i != NOTHING; i = it->next) {
		it = &v->item[i];
		if (it->cls == ITEM_CONFIG_REVOKE && it->author == blob->author &&
		    memcmp(it->key, id, 16) == 0)
			return 1;
	}
	return 0;
}

/* The one publisher of a scope: who came first with it. */
static uint32_t
publisher(struct view *v, const uint8_t scope[16])
{
	const struct item *it = first_of(v, ITEM_CONFIG, scope);

	return it == NULL ? NOBODY : it->author;
}

/* Of the publisher's blobs, the highest version that is valid and not revoked. */
const struct item *
view_config(struct view *v, const char *scope, int64_t now)
{
	const struct item *it, *best = NULL;
	uint8_t key[16];
	uint32_t i, author;

	key_of(scope, strlen(scope), key);
	author = publisher(v, key);
	if (author == NOBODY)
		return NULL;
	for (i = v->item_bucket[bucket(v, ITEM_CONFIG, key, v->item_buckets)];
	    i != NOTHING; i = it->next) {
		it = &v->item[i];
		if (it->cls == ITEM_CONFIG && memcmp(it->key, key, 16) == 0 &&
		    it->author == author && it->from <= now &&
		    now <= it->until && (best == NULL ||
		    it->version > best->version) && !is_revoked_blob(v, it))
			best = it;
	}
	return best;
}

uint64_t
view_config_last(struct view *v, const char *scope, const char *did)
{
	uint32_t i, author, own = author_find(v, did);
	const struct item *it;
	uint64_t last = 0;
	uint8_t key[16];

	key_of(scope, strlen(scope), key);
	author = publisher(v, key);
	if (author == NOBODY)
		return 0;
	for (i = v->item_bucket[bucket(v, ITEM_CONFIG, key, v->item_buckets)];
	    i != NOTHING; i = it->next) {
		it = &v->item[i];
		if (it->cls == ITEM_CONFIG && memcmp(it->key, key, 16) == 0 &&
		    (it->author == author || it->author == own) &&
		    it->version > last)
			last = it->version;
	}
	return last;
}

enum subscribed
view_subscribed(struct view *v, const char *subscription_id)
{
	const struct item *sub, *offer, *it;
	uint8_t key[16];
	uint32_t i;

	key_of(subscription_id, strlen(subscription_id), key);
	sub = first_of(v, ITEM_SUBSCRIPTION, key);
	if (sub == NULL)
		return SUB_NONE;
	offer = first_of(v, ITEM_SERVICE, sub->link);
	if (offer == NULL)
		return SUB_NONE;
	/* Only the provider's word is an approval. */
	for (i = v->item_bucket[bucket(v, ITEM_APPROVAL, key,
	    v->item_buckets)]; i != NOTHING; i = it->next) {
		it = &v->item[i];
		if (it->cls != ITEM_APPROVAL || it->author != offer->author ||
		    memcmp(it->key, key, 16) != 0)
			continue;
		if (it->detail != DECISION_APPROVED)
			return it->detail == DECISION_REJECTED ? SUB_REJECTED :
			    SUB_REVOKED;
		/* Both are the provider's, numbered by him: the same everywhere. */
		if (it->seq > offer->since)
			return SUB_ACTIVE;
	}
	return offer->detail == AUTO ? SUB_ACTIVE : SUB_PENDING;
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static void
line(uint8_t out[32], const void *a, size_t an, const void *b, size_t bn)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, 32);
	crypto_generichash_update(&st, a, an);
	crypto_generichash_update(&st, b, bn);
	crypto_generichash_final(&st, out, 32);
}

/*
 * Lines for people who are something, and for items that count; sorted, so
 * that the numbers which this node gave them leave no trace.
 */
void
view_digest(struct view *v, uint8_t out[32])
{
	uint8_t (*all)[32] = calloc((size_t)v->authors + v->items + 1, 32);
	const struct author *a;
	uint64_t state[3];
	size_t n = 0;
	uint32_t i;

	memset(out, 0, 32);
	if (all == NULL)
		return;
	people_settle(v);
	for (i = 0; i < v->authors; i++) {
		a = &v->author[i];
		state[0] = people_standing(v, i);
		state[1] = people_frozen(a) ? a->fork : NO_LIMIT;
		state[2] = a->cut;
		/* Of others, nodes may have kept more or less. */
		if (a->is_in && (state[0] != ANYBODY || state[1] != NO_LIMIT ||
		    state[2] != NO_LIMIT))
			line(all[n++], a->did, 16, state, sizeof(state));
	}
	for (i = 0; i < v->items; i++)
		if (is_effective(v, &v->item[i]))
			line(all[n++], &v->item[i].cls, 1,
			    v->id[v->item[i].ref], ID_LEN);
	qsort(all, n, 32, by_bytes);
	crypto_generichash(out, 32, (const uint8_t *)all, n * 32, NULL, 0);
	free(all);
}
