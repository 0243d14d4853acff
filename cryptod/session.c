/*
 * session.c -- the tables behind handles. Keys stand here and in key.c only.
 *
 * Free slots queue up, so a slot rests as long as possible before its index is
 * used again; the generation tells the new tenant from the old one.
 */
#include <pthread.h>
#include <sodium.h>
#include <string.h>

#include "aead.h"
#include "log.h"
#include "session.h"

#define SESSION_MAX	(LINK_MAX + INNER_MAX)
#define BUCKETS		8192u
#define NIL		UINT16_MAX

_Static_assert(SESSION_MAX < NIL && HS_MAX < NIL, "an index and NIL are u16");

/* A queue of free indexes through the slots' own `next`. */
struct idle {
	uint16_t first, last;
};

static struct table {
	struct handshake	hs[HS_MAX];
	struct session		session[SESSION_MAX];
	uint16_t		bucket[BUCKETS];
	uint8_t			hash_key[crypto_shorthash_KEYBYTES];
	struct idle		hs_idle, session_idle;
	unsigned		hs_used, used[SESSION_INNER + 1];
} *t;
static pthread_rwlock_t	 table_lock;

static uint16_t
next_gen(uint16_t gen)
{
	return gen == UINT16_MAX ? 1 : gen + 1;
}

/* Threads that never pause would keep a lock that prefers readers for ever. */
static void
make_lock(void)
{
	pthread_rwlockattr_t a;

	if (pthread_rwlockattr_init(&a) != 0 ||
	    pthread_rwlockattr_setkind_np(&a,
	    PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP) != 0 ||
	    pthread_rwlock_init(&table_lock, &a) != 0)
		fatalx("cannot make a lock");
	pthread_rwlockattr_destroy(&a);
}

void
session_init(void)
{
	unsigned	i;
	uint16_t	gen = (uint16_t)(1 + randombytes_uniform(UINT16_MAX));

	make_lock();
	if (t == NULL)
		t = sodium_malloc(sizeof(*t));
	if (t == NULL || sodium_mlock(t, sizeof(*t)) == -1)
		fatal("cannot lock %zu bytes of memory for keys; raise LimitMEMLOCK",
		    sizeof(*t));
	memset(t, 0, sizeof(*t));
	memset(t->bucket, 0xff, sizeof(t->bucket));
	randombytes_buf(t->hash_key, sizeof(t->hash_key));
	/* Generations begin anywhere: a handle of an earlier start is no use. */
	for (i = 0; i < HS_MAX; i++) {
		t->hs[i].gen = gen;
		t->hs[i].next = i + 1 < HS_MAX ? (uint16_t)(i + 1) : NIL;
	}
	t->hs_idle = (struct idle){ 0, HS_MAX - 1 };
	for (i = 0; i < SESSION_MAX; i++) {
		t->session[i].gen = gen;
		t->session[i].next = i + 1 < SESSION_MAX ? (uint16_t)(i + 1) : NIL;
	}
	t->session_idle = (struct idle){ 0, SESSION_MAX - 1 };
}

static uint32_t
handle_of(size_t index, uint16_t gen)
{
	return (uint32_t)gen << 16 | (uint32_t)index;
}

/* -- handshakes ---------------------------------------------------------- */

struct handshake *
hs_new(void)
{
	struct handshake *h;

	if (t->hs_idle.first == NIL)
		return NULL;
	h = &t->hs[t->hs_idle.first];
	t->hs_idle.first = h->next;
	h->used = 1;
	t->hs_used++;
	return h;
}

struct handshake *
hs_find(uint32_t handle)
{
	uint32_t index = handle & 0xffff;

	if (index >= HS_MAX || !t->hs[index].used ||
	    t->hs[index].gen != handle >> 16)
		return NULL;
	return &t->hs[index];
}

uint32_t
hs_handle(const struct handshake *h)
{
	return handle_of((size_t)(h - t->hs), h->gen);
}

void
hs_free(struct handshake *h)
{
	uint16_t index = (uint16_t)(h - t->hs), gen = next_gen(h->gen);

	sodium_memzero(h, sizeof(*h));
	h->gen = gen;
	h->next = NIL;
	if (t->hs_idle.first == NIL)
		t->hs_idle.first = index;
	else
		t->hs[t->hs_idle.last].next = index;
	t->hs_idle.last = index;
	t->hs_used--;
}

unsigned
hs_used(void)
{
	return t->hs_used;
}

/* -- sessions ------------------------------------------------------------ */

/* Addresses can be ground out by strangers, so the hash has a secret. */
static uint16_t *
bucket_of(const uint8_t addr[ADDR_LEN])
{
	uint8_t		out[crypto_shorthash_BYTES];
	uint32_t	n;

	crypto_shorthash(out, addr, ADDR_LEN, t->hash_key);
	memcpy(&n, out, sizeof(n));
	return &t->bucket[n % BUCKETS];
}

static void
chain(struct session *s)
{
	uint16_t *b = bucket_of(s->addr);

	s->next = *b;
	*b = (uint16_t)(s - t->session);
}

static void
unchain(struct session *s)
{
	uint16_t *at = bucket_of(s->addr), index = (uint16_t)(s - t->session);

	while (*at != index)
		at = &t->session[*at].next;
	*at = s->next;
}

/* From index on, the first in the chain that belongs to addr. */
static struct session *
seek(uint16_t index, const uint8_t addr[ADDR_LEN])
{
	for (; index != NIL; index = t->session[index].next)
		if (memcmp(t->session[index].addr, addr, ADDR_LEN) == 0)
			return &t->session[index];
	return NULL;
}

static uint64_t
opened(const struct session *s)
{
	return atomic_load_explicit(&s->opened, memory_order_relaxed);
}

unsigned
session_of(const uint8_t addr[ADDR_LEN], struct session *out[SESSION_PER_ADDR])
{
	struct session	*s = seek(*bucket_of(addr), addr);
	unsigned	 n = 0, i;

	/* No chain holds more of one address: has_room() saw to it. */
	for (; s != NULL && n < SESSION_PER_ADDR; s = seek(s->next, addr)) {
		for (i = n++; i > 0 && opened(out[i - 1]) < opened(s); i--)
			out[i] = out[i - 1];
		out[i] = s;
	}
	return n;
}

void
session_opened(struct session *out[SESSION_PER_ADDR], unsigned i)
{
	if (i > 0)
		atomic_store_explicit(&out[i]->opened, opened(out[0]) + 1,
		    memory_order_relaxed);
}

/* Held for as long as one frame takes. Two workers seldom want it at a time: when
 * a node's frames come over two links. */
void
session_hold(struct session *s)
{
	while (atomic_flag_test_and_set_explicit(&s->held, memory_order_acquire))
		continue;
}

void
session_let_go(struct session *s)
{
	atomic_flag_clear_explicit(&s->held, memory_order_release);
}

void
session_enter(void)
{
	pthread_rwlock_rdlock(&table_lock);
}

void
session_leave(void)
{
	pthread_rwlock_unlock(&table_lock);
}

static int
has_room(enum session_kind kind, const uint8_t addr[ADDR_LEN])
{
	struct session *out[SESSION_PER_ADDR];

	if (kind == SESSION_LINK)
		return t->used[kind] < LINK_MAX;
	return t->used[kind] < INNER_MAX &&
	    session_of(addr, out) < SESSION_PER_ADDR;
}

uint32_t
session_new(enum session_kind kind, const struct noise_keys *keys,
    const uint8_t pub[PUB_LEN])
{
	struct session	*s;
	uint8_t		 addr[ADDR_LEN];

	curve_addr(pub, addr);
	if (!has_room(kind, addr))
		return 0;
	pthread_rwlock_wrlock(&table_lock);
	s = &t->session[t->session_idle.first];	/* both limits add up to the pool */
	t->session_idle.first = s->next;
	s->keys = *keys;
	memcpy(s->addr, addr, sizeof(addr));
	s->kind = (uint8_t)kind;
	s->next = NIL;
	if (kind == SESSION_INNER)
		chain(s);
	t->used[kind]++;
	pthread_rwlock_unlock(&table_lock);
	return session_handle(s);
}

struct session *
session_find(uint32_t handle, enum session_kind kind)
{
	uint32_t index = handle & 0xffff;

	if (index >= SESSION_MAX || t->session[index].kind != kind ||
	    t->session[index].gen != handle >> 16)
		return NULL;
	return &t->session[index];
}

uint32_t
session_handle(const struct session *s)
{
	return handle_of((size_t)(s - t->session), s->gen);
}

void
session_drop(uint32_t handle)
{
	struct session	*s;
	uint16_t	 index = handle & 0xffff, gen;

	if ((s = session_find(handle, SESSION_INNER)) == NULL &&
	    (s = session_find(handle, SESSION_LINK)) == NULL)
		return;
	pthread_rwlock_wrlock(&table_lock);
	if (s->kind == SESSION_INNER)
		unchain(s);
	t->used[s->kind]--;
	gen = next_gen(s->gen);
	sodium_memzero(s, sizeof(*s));
	aead_forget();
	s->gen = gen;
	s->next = NIL;
	if (t->session_idle.first == NIL)
		t->session_idle.first = index;
	else
		t->session[t->session_idle.last].next = index;
	t->session_idle.last = index;
	pthread_rwlock_unlock(&table_lock);
}

/* The last counter is never used, as the wire demands. */
int
session_can_send(const struct session *s)
{
	return atomic_load_explicit(&s->sent, memory_order_relaxed) <
	    UINT64_MAX - 1;
}

int
session_count(struct session *s, uint64_t *counter)
{
	*counter = atomic_load_explicit(&s->sent, memory_order_relaxed);
	do {
		if (*counter >= UINT64_MAX - 1)
			return -1;
	} while (!atomic_compare_exchange_weak_explicit(&s->sent, counter,
	    *counter + 1, memory_order_relaxed, memory_order_relaxed));
	return 0;
}

unsigned
session_used(enum session_kind kind)
{
	return t->used[kind];
}
