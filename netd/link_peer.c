/*
 * link_peer.c -- the table of peers, and how to find one: by handle, by node
 * address, by endpoint, by the index that a frame carries. Nothing here looks
 * at every peer. Forgotten keys pass through here on their way to cryptod.
 */
#include <string.h>

#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::handshake"
#include "log.h"
#include "names.h"

enum {
	CHAINS = 2048,
	INDEX_SLOTS = 8192,	/* a power of two, twice what can be in use */
	GRAVES = 256,
	GRAVE_MS = 250,
	HANDLE_BITS = 12	/* of a handle: the slot; the rest: generation */
};

struct index {
	uint32_t	index;
	uint16_t	slot;
	uint8_t		kind;
};

struct grave {
	uint32_t	session;
	uint64_t	at_ms;
};

static struct peer		peers[LINK_PEER_MAX];
static struct link_extra	extras[LINK_PEER_MAX];
static uint32_t			generation[LINK_PEER_MAX];
static uint16_t			by_addr[CHAINS], by_ep[CHAINS];	/* slot + 1 */
static struct index		indexes[INDEX_SLOTS];
static struct grave		graves[GRAVES];
static unsigned			npeer, nindex, ngrave;
static uint32_t			last_link_id;

_Static_assert(LINK_PEER_MAX < 1 << HANDLE_BITS, "a handle has room for a slot");
_Static_assert(3 * LINK_PEER_MAX + LINK_HS_MAX < INDEX_SLOTS / 2,
    "the index table stays half empty");

/* -- peers ------------------------------------------------------------------ */

struct peer *
peer_slot(unsigned slot)
{
	return slot < LINK_PEER_MAX && peers[slot].state == PEER_ACTIVE ?
	    &peers[slot] : NULL;
}

unsigned
peer_slot_of(const struct peer *p)
{
	return (unsigned)(p - peers);
}

/* Places that nobody but peers of the configuration gets. */
static unsigned
kept(void)
{
	unsigned n = retry_conf_count();

	if (n < LINK_PEER_KEPT)
		return LINK_PEER_KEPT;
	return n < LINK_PEER_MAX ? n : LINK_PEER_MAX;
}

/* All others find a place while there are fewer peers than this. */
static unsigned
others_max(void)
{
	uint64_t max = netd.conf[CONF_LIMITS_MAX_PEERS];
	unsigned room = LINK_PEER_MAX - kept();

	return max == 0 || max > room ? room : (unsigned)max;
}

/* Is there no place left for this node? */
static int
has_no_place(const uint8_t addr[NADDR_LEN])
{
	return npeer >= (retry_conf_of(addr) != -1 ? LINK_PEER_MAX : others_max());
}

/* Of those who never proved their keys, and had time to, the oldest. */
static struct peer *
squatter(void)
{
	struct peer *p, *old = NULL;

	for (p = NULL; (p = peer_next(p)) != NULL; )
		if (!p->cur.proven && p->conf == -1 &&
		    netd.now_ms - p->up_ms >= LINK_HELD_MS &&
		    (old == NULL || p->up_ms < old->up_ms))
			old = p;
	return old;
}

int
peer_is_full(const uint8_t addr[NADDR_LEN])
{
	return has_no_place(addr) && squatter() == NULL;
}

struct peer *
peer_in_place_of(const uint8_t addr[NADDR_LEN])
{
	return has_no_place(addr) ? squatter() : NULL;
}

unsigned
peer_most(void)
{
	return others_max() + kept();
}

void
peer_say_limits(void)
{
	uint64_t max = netd.conf[CONF_LIMITS_MAX_PEERS];
	unsigned n = retry_conf_count();

	if (n > LINK_PEER_MAX)
		log_warn("peers: %u are configured, and there are places for %d: "
		    "who comes late finds none", n, LINK_PEER_MAX);
	if (max > others_max())
		log_warn("node.limits.max_peers is %llu, and there are places for %u "
		    "besides %u for the configured peers",
		    (unsigned long long)max, others_max(), kept());
}

unsigned
peer_count(void)
{
	return npeer;
}

struct peer *
peer_next(struct peer *p)
{
	unsigned slot = p == NULL ? 0 : peer_slot_of(p) + 1;

	for (; slot < LINK_PEER_MAX; slot++)
		if (peers[slot].state == PEER_ACTIVE)
			return &peers[slot];
	return NULL;
}

struct peer *
peer_by_handle(uint32_t handle)
{
	struct peer *p = peer_slot(handle & ((1u << HANDLE_BITS) - 1));

	return p != NULL && p->handle == handle ? p : NULL;
}

/* Node addresses are hashes, endpoints are not: both are mixed all the same. */
static uint16_t *
chain(uint16_t *head, const void *bytes, size_t len)
{
	const uint8_t	*b = bytes;
	uint32_t	 h = 2166136261u;

	for (; len > 0; len--)
		h = (h ^ *b++) * 16777619u;
	return &head[(h ^ h >> 16) % CHAINS];
}

struct peer *
peer_find(const uint8_t addr[NADDR_LEN])
{
	uint16_t i;

	for (i = *chain(by_addr, addr, NADDR_LEN); i != 0;
	    i = extras[i - 1].addr_next)
		if (memcmp(peers[i - 1].addr, addr, NADDR_LEN) == 0)
			return &peers[i - 1];
	return NULL;
}

struct peer *
peer_at(const struct endpoint *ep)
{
	uint16_t i;

	for (i = *chain(by_ep, ep, sizeof(*ep)); i != 0;
	    i = extras[i - 1].ep_next)
		if (memcmp(&peers[i - 1].ep, ep, sizeof(*ep)) == 0)
			return &peers[i - 1];
	return NULL;
}

static void
unchain_ep(struct peer *p)
{
	uint16_t *at = chain(by_ep, &p->ep, sizeof(p->ep));

	while (*at != 0 && *at != peer_slot_of(p) + 1)
		at = &extras[*at - 1].ep_next;
	if (*at != 0)
		*at = p->extra->ep_next;
}

void
peer_move(struct peer *p, const struct endpoint *ep)
{
	uint16_t *head;

	if (memcmp(&p->ep, ep, sizeof(*ep)) == 0)
		return;
	unchain_ep(p);
	p->ep = *ep;
	head = chain(by_ep, ep, sizeof(*ep));
	p->extra->ep_next = *head;
	*head = (uint16_t)(peer_slot_of(p) + 1);
}

struct peer *
peer_new(const uint8_t pub[33], const uint8_t addr[NADDR_LEN])
{
	struct peer	*p;
	uint16_t	*head;
	unsigned	 slot;

	for (slot = 0; slot < LINK_PEER_MAX; slot++)
		if (peers[slot].state == PEER_FREE)
			break;
	if (slot == LINK_PEER_MAX)
		return NULL;
	p = &peers[slot];
	memset(p, 0, sizeof(*p));
	memset(&extras[slot], 0, sizeof(extras[slot]));
	p->state = PEER_ACTIVE;
	p->extra = &extras[slot];
	generation[slot]++;
	p->handle = (generation[slot] << HANDLE_BITS) | slot;
	if (p->handle == 0)
		p->handle = (++generation[slot] << HANDLE_BITS) | slot;
	memcpy(p->pub, pub, sizeof(p->pub));
	memcpy(p->addr, addr, sizeof(p->addr));
	npub_encode(pub + 1, p->npub);
	head = chain(by_addr, addr, NADDR_LEN);
	p->extra->addr_next = *head;
	*head = (uint16_t)(slot + 1);
	npeer++;
	names_used(p->addr);
	return p;
}

void
peer_free(struct peer *p)
{
	uint16_t *at = chain(by_addr, p->addr, NADDR_LEN);

	while (*at != peer_slot_of(p) + 1)
		at = &extras[*at - 1].addr_next;
	*at = p->extra->addr_next;
	names_used(p->addr);
	unchain_ep(p);
	p->state = PEER_FREE;
	npeer--;
}

uint32_t
link_id_new(void)
{
	return ++last_link_id;
}

/* -- indexes: open addressing; the index itself is random ------------------- */

static struct index *
index_at(uint32_t index)
{
	uint32_t i = index % INDEX_SLOTS;

	while (indexes[i].kind != INDEX_NONE && indexes[i].index != index)
		i = (i + 1) % INDEX_SLOTS;
	return &indexes[i];
}

int
index_new(enum index_kind kind, unsigned slot, uint32_t *index)
{
	struct index	*x;
	uint32_t	 pick;

	if (nindex >= INDEX_SLOTS / 2)
		return -1;
	do {
		pick = netd_random_u32();
		x = index_at(pick);
	} while (x->kind != INDEX_NONE);
	x->index = *index = pick;
	x->slot = (uint16_t)slot;
	x->kind = (uint8_t)kind;
	nindex++;
	shut_index_new();
	return 0;
}

void
index_give(uint32_t index, enum index_kind kind, unsigned slot)
{
	struct index *x = index_at(index);

	if (x->kind == INDEX_NONE)
		fatalx("an index was given away that is not in use");
	x->kind = (uint8_t)kind;
	x->slot = (uint16_t)slot;
}

unsigned
index_all(uint32_t *index, unsigned max)
{
	unsigned i, n = 0;

	if (nindex > max)
		return nindex;
	for (i = 0; i < INDEX_SLOTS; i++)
		if (indexes[i].kind != INDEX_NONE)
			index[n++] = indexes[i].index;
	return n;
}

/* What follows the hole moves up, so that no search ends too early. */
void
index_del(uint32_t index)
{
	uint32_t hole = (uint32_t)(index_at(index) - indexes), i = hole, home;

	if (indexes[hole].kind == INDEX_NONE)
		return;
	nindex--;
	for (;;) {
		indexes[hole].kind = INDEX_NONE;
		do {
			i = (i + 1) % INDEX_SLOTS;
			if (indexes[i].kind == INDEX_NONE)
				return;
			home = indexes[i].index % INDEX_SLOTS;
		} while (hole <= i ? hole < home && home <= i :
		    hole < home || home <= i);
		indexes[hole] = indexes[i];
		hole = i;
	}
}

enum index_kind
index_get(uint32_t index, unsigned *slot)
{
	const struct index *x = index_at(index);

	*slot = x->slot;
	return x->kind;
}

/* -- keys that are done with ------------------------------------------------ */

void
session_forget(uint32_t session)
{
	struct msg_session_drop m = { .req = netd_req(), .session = session };

	if (session != 0 && session_drop_send(&netd.cryptod, &m, NULL) == -1)
		fatal("telling cryptod to forget keys");
}

void
keys_drop(struct link_keys *k)
{
	if (k->session != 0) {
		index_del(k->our_index);
		if (ngrave == GRAVES)
			session_forget(k->session);
		else
			graves[ngrave++] = (struct grave){ k->session,
			    netd.now_ms + GRAVE_MS };
	}
	memset(k, 0, sizeof(*k));
}

uint64_t
keys_tick(void)
{
	uint64_t	next = LINK_NEVER;
	unsigned	i = 0;

	while (i < ngrave) {
		if (graves[i].at_ms > netd.now_ms) {
			next = sooner(next, until(graves[i].at_ms));
			i++;
			continue;
		}
		session_forget(graves[i].session);
		graves[i] = graves[--ngrave];
	}
	return next;
}
