/*
 * names.c -- the identity cache and the names of nodes. No I/O, no keys but
 * public ones. What the configuration names stays for good. What this machine
 * asked for has half of the rest, and all others the other half at least: keys
 * cost nothing, so who brings many pushes out others that came like that, and of
 * these nobody to whom a link or a session stands: those are in a list of their
 * own, so that nobody has to look for who may go.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "link.h"
#include "log.h"
#include "names.h"
#include "session.h"

#define CHUNK		64
#define NONE		UINT32_MAX
#define NAME_MAX_LEN	63

enum kind { ASKED, MET, HELD, PINNED };	/* held: met, and in use */

struct entry {
	struct name_entry	 e;
	uint32_t		 chain;		/* next of the same bucket */
	uint32_t		 older, newer;	/* of its kind, unless pinned */
	uint8_t			 kind;
	const char		*host, *alias;	/* NULL when there is none */
};

struct label {
	char		*name;		/* lower case */
	uint32_t	 entry;
	uint8_t		 from_hosts;
};

/* Entries live in chunks that never move; an index names one. */
static struct entry	**chunk;
static uint32_t		  nentry, nchunk;
static uint32_t		 *bucket, nbucket;
static struct {
	uint32_t newest, oldest, n;
} use[PINNED];			/* in order of use, by kind */
static uint8_t		  hash_key[crypto_shorthash_KEYBYTES];
static struct label	 *label;	/* sorted by name */
static size_t		  nlabel;

static struct entry *
at(uint32_t i)
{
	return &chunk[i / CHUNK][i % CHUNK];
}

static uint32_t
bucket_of(const uint8_t prefix[15])
{
	uint64_t h;

	_Static_assert(sizeof(h) == crypto_shorthash_BYTES, "SipHash");
	crypto_shorthash((uint8_t *)&h, prefix, 15, hash_key);
	return (uint32_t)h & (nbucket - 1);
}

static void *
grow(void *p, size_t n, size_t size)
{
	if ((p = reallocarray(p, n, size)) == NULL)
		fatal("identity cache: out of memory");
	return p;
}

static void
rehash(uint32_t want)
{
	uint32_t i, b;

	free(bucket);
	bucket = grow(NULL, want, sizeof(*bucket));
	nbucket = want;
	memset(bucket, 0xff, want * sizeof(*bucket));
	for (i = 0; i < nentry; i++) {
		b = bucket_of(at(i)->e.addr);
		at(i)->chain = bucket[b];
		bucket[b] = i;
	}
}

void
names_init(void)
{
	uint32_t i;

	for (i = 0; i < nchunk; i++)
		free(chunk[i]);
	free(chunk);
	for (i = 0; i < nlabel; i++)
		free(label[i].name);
	free(label);
	chunk = NULL;
	label = NULL;
	nlabel = 0;
	nentry = nchunk = 0;
	for (i = 0; i < PINNED; i++) {
		use[i].newest = use[i].oldest = NONE;
		use[i].n = 0;
	}
	crypto_shorthash_keygen(hash_key);
	rehash(CHUNK);
}

void
names_addr(const uint8_t pub[32], uint8_t addr[NADDR_LEN])
{
	uint8_t sum[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(sum, pub, 32);
	memcpy(addr, sum, NADDR_LEN);
}

static uint32_t
find(const uint8_t prefix[15])
{
	uint32_t i;

	for (i = bucket[bucket_of(prefix)]; i != NONE; i = at(i)->chain)
		if (memcmp(at(i)->e.addr, prefix, 15) == 0)
			return i;
	return NONE;
}

/* Out of and into the order of use. */
static void
lru_del(uint32_t i)
{
	struct entry *e = at(i);

	*(e->newer == NONE ? &use[e->kind].newest : &at(e->newer)->older) = e->older;
	*(e->older == NONE ? &use[e->kind].oldest : &at(e->older)->newer) = e->newer;
	use[e->kind].n--;
}

static void
lru_add(uint32_t i, enum kind kind)
{
	struct entry *e = at(i);

	e->kind = (uint8_t)kind;
	e->newer = NONE;
	e->older = use[kind].newest;
	*(use[kind].newest == NONE ? &use[kind].oldest :
	    &at(use[kind].newest)->newer) = i;
	use[kind].newest = i;
	use[kind].n++;
}

/* Now the newest of this kind. */
static void
lru_move(uint32_t i, enum kind kind)
{
	lru_del(i);
	lru_add(i, kind);
}

/* As one of this kind; what the configuration names is that for good. */
static void
touch(uint32_t i, enum kind kind)
{
	at(i)->e.seen_ms = netd.now_ms;
	if (at(i)->kind != PINNED)
		lru_move(i, kind);
}

/* What it is when nobody asked for it. */
static enum kind
unasked(const uint8_t addr[NADDR_LEN])
{
	return peer_find(addr) != NULL || session_find(addr) != NULL ? HELD : MET;
}

/* The place of the oldest that nobody asked for or uses, out of every list. */
static uint32_t
evict(void)
{
	uint32_t i = use[MET].oldest, *p;

	p = &bucket[bucket_of(at(i)->e.addr)];
	while (*p != i)
		p = &at(*p)->chain;
	*p = at(i)->chain;
	lru_del(i);
	return i;
}

/* However much this machine asks for, others' keys find room: the oldest of
 * what it asked for is then one of those. */
static void
keep_half(void)
{
	uint32_t others = use[MET].n + use[HELD].n, oldest = use[ASKED].oldest;
	uint32_t pinned = nentry - use[ASKED].n - others;
	uint64_t size = netd.conf[CONF_CACHE_IDENTITY_SIZE];

	if (use[ASKED].n >= 2 && 2 * use[ASKED].n + pinned > size)
		lru_move(oldest, unasked(at(oldest)->e.addr));
}

static uint32_t
place(void)
{
	if (nentry == nchunk * CHUNK) {
		chunk = grow(chunk, nchunk + 1, sizeof(*chunk));
		chunk[nchunk++] = grow(NULL, CHUNK, sizeof(**chunk));
	}
	return nentry++;
}

static uint32_t
insert(const uint8_t pub33[33], const uint8_t addr[NADDR_LEN], enum kind kind)
{
	uint32_t i, b;

	if (use[MET].n > 0 && kind != PINNED &&
	    nentry >= netd.conf[CONF_CACHE_IDENTITY_SIZE])
		i = evict();
	else
		i = place();
	memset(at(i), 0, sizeof(*at(i)));
	memcpy(at(i)->e.pub33, pub33, 33);
	memcpy(at(i)->e.addr, addr, NADDR_LEN);
	at(i)->e.seen_ms = netd.now_ms;
	at(i)->kind = (uint8_t)kind;
	b = bucket_of(addr);
	at(i)->chain = bucket[b];
	bucket[b] = i;
	if (kind != PINNED)
		lru_add(i, kind);
	keep_half();
	if (nentry > nbucket)
		rehash(nbucket * 2);
	return i;
}

/* The entry of a key that the configuration names. */
static struct entry *
pin(const uint8_t pub[32], uint32_t *i)
{
	uint8_t addr[NADDR_LEN], pub33[33] = { 0x02 };

	names_addr(pub, addr);
	memcpy(pub33 + 1, pub, 32);
	if ((*i = find(addr)) == NONE)
		*i = insert(pub33, addr, PINNED);
	else if (at(*i)->kind != PINNED) {
		lru_del(*i);
		at(*i)->kind = PINNED;
	}
	return at(*i);
}

/* Lower-case copy; -1 if it is no name at all. */
static int
lower(const char *s, char out[NAME_MAX_LEN + 1])
{
	size_t i;

	for (i = 0; s[i] != '\0'; i++) {
		if (i == NAME_MAX_LEN)
			return -1;
		out[i] = (char)tolower((unsigned char)s[i]);
	}
	out[i] = '\0';
	return i > 0 ? 0 : -1;
}

/* Where name stands, or would. */
static size_t
label_at(const char *name, int *there)
{
	size_t lo = 0, hi = nlabel, mid;
	int cmp;

	*there = 0;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if ((cmp = strcmp(name, label[mid].name)) == 0) {
			*there = 1;
			return mid;
		}
		if (cmp < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

/* It leads elsewhere now. */
static void
lose(struct entry *e, const char *name)
{
	if (e->alias == name)
		e->alias = NULL;
	if (e->host == name)
		e->host = NULL;
}

/* The name as it is kept, or NULL if the hosts file has taken it already. */
static const char *
label_add(const char *name, uint32_t entry, int from_hosts)
{
	char lc[NAME_MAX_LEN + 1];
	size_t i;
	int there;

	if (lower(name, lc) == -1)
		return NULL;
	i = label_at(lc, &there);
	if (there && label[i].from_hosts && !from_hosts)
		return NULL;
	if (there && label[i].entry != entry)
		lose(at(label[i].entry), label[i].name);
	if (!there) {
		label = grow(label, nlabel + 1, sizeof(*label));
		memmove(&label[i + 1], &label[i],
		    (nlabel++ - i) * sizeof(*label));
		if ((label[i].name = strdup(lc)) == NULL)
			fatal("names: out of memory");
	}
	label[i].entry = entry;
	label[i].from_hosts = from_hosts;
	return label[i].name;
}

void
names_add_peer(const uint8_t pub[32], const char *alias)
{
	struct entry *e;
	const char *name;
	uint32_t i;

	e = pin(pub, &i);
	if ((name = label_add(alias, i, 0)) != NULL)
		e->alias = name;
}

void
names_add_host(const char *name, const uint8_t pub[32])
{
	struct entry *e;
	const char *kept;
	uint32_t i;

	e = pin(pub, &i);
	if ((kept = label_add(name, i, 1)) != NULL && e->host == NULL)
		e->host = kept;
}

static void
learn(const uint8_t pub33[33], int is_asked)
{
	uint8_t addr[NADDR_LEN];
	enum kind kind;
	uint32_t i;

	names_addr(pub33 + 1, addr);
	kind = is_asked ? ASKED : unasked(addr);
	if ((i = find(addr)) == NONE) {
		insert(pub33, addr, kind);
		return;
	}
	/* 03 comes from a handshake only; a later guess must not undo it. */
	if (memcmp(at(i)->e.pub33 + 1, pub33 + 1, 32) == 0 && pub33[0] == 0x03)
		at(i)->e.pub33[0] = 0x03;
	touch(i, at(i)->kind == ASKED ? ASKED : kind);
	keep_half();
}

void
names_learn(const uint8_t pub33[33])
{
	learn(pub33, 0);
}

void
names_ask(const uint8_t pub33[33])
{
	learn(pub33, 1);
}

void
names_used(const uint8_t addr[NADDR_LEN])
{
	uint32_t i = find(addr);

	if (i != NONE && (at(i)->kind == MET || at(i)->kind == HELD))
		lru_move(i, unasked(addr));
}

int
names_by_prefix(const uint8_t prefix[15], uint8_t pub33[33],
    uint8_t addr[NADDR_LEN])
{
	uint32_t i;

	if ((i = find(prefix)) == NONE)
		return -1;
	memcpy(pub33, at(i)->e.pub33, 33);
	memcpy(addr, at(i)->e.addr, NADDR_LEN);
	touch(i, at(i)->kind);
	return 0;
}

int
names_lookup(const char *name, uint8_t pub[32])
{
	char lc[NAME_MAX_LEN + 1];
	size_t i;
	int there;

	if (lower(name, lc) == -1)
		return -1;
	i = label_at(lc, &there);
	if (there) {
		memcpy(pub, at(label[i].entry)->e.pub33 + 1, 32);
		return 0;
	}
	return npub_decode(lc, pub);
}

const char *
names_alias(const uint8_t addr[NADDR_LEN])
{
	uint32_t i;

	if ((i = find(addr)) == NONE)
		return NULL;
	return at(i)->host != NULL ? at(i)->host : at(i)->alias;
}

void
names_display(const uint8_t addr[NADDR_LEN], char out[64])
{
	char npub[NPUB_LEN + 1], hex[9];
	const char *name;
	uint32_t i;

	if ((name = names_alias(addr)) != NULL)
		snprintf(out, 64, "%s", name);
	else if ((i = find(addr)) != NONE) {
		npub_encode(at(i)->e.pub33 + 1, npub);
		npub_short(npub, out);
	} else {
		hex_encode(addr, 4, hex);
		snprintf(out, 64, "%s...", hex);
	}
}

unsigned
names_count(void)
{
	return nentry;
}

void
names_order(uint32_t *out)
{
	uint32_t i;
	int kind;

	for (kind = 0; kind < PINNED; kind++)
		for (i = use[kind].newest; i != NONE; i = at(i)->older)
			*out++ = i;
	for (i = 0; i < nentry; i++)
		if (at(i)->kind == PINNED)
			*out++ = i;
}

void
names_entry(uint32_t i, struct name_entry *out)
{
	*out = at(i)->e;
}
