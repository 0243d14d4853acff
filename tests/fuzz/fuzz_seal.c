/*
 * fuzz_seal.c -- descriptors and slots that netd may write, any of them.
 * room: cryptod
 *
 * Laws: no work outside a slot, no (key, nonce) twice (both seen by the watch
 * that stands in for aead.c), every counter drawn once, and what SEAL makes the
 * peer's OPEN takes.
 */
#include <sys/eventfd.h>

#include <stdlib.h>

#define WATCH_BITS	10
#define WATCH_ABORT
#include "../aead_watch.h"
#include "seal.h"
#include "session.h"

#define SLOTS	64u
#define SIZE	2048u
#define PEERS	2

static struct ring	netd, cryptod;
static uint8_t		us[ADDR_LEN];

/* Handles by number, so that an input can name them: ours, then the peers'. */
static struct { uint32_t link, inner; } mine[PEERS], theirs[PEERS];

static void
make_ring(void)
{
	int fds[3], more[3];

	fds[0] = ring_create(SLOTS, SIZE);
	fds[1] = more[1] = eventfd(0, EFD_NONBLOCK);
	fds[2] = more[2] = eventfd(0, EFD_NONBLOCK);
	more[0] = dup(fds[0]);
	if (ring_map(&cryptod, fds, SLOTS, SIZE) == -1 ||
	    ring_map(&netd, more, SLOTS, SIZE) == -1)
		abort();
	watch_ring = &cryptod;
}

/* Every run has its own keys and fresh indexes. The peers' node is 02 00..,
 * ours is what that peer's sessions name. */
static void
fresh(void)
{
	struct noise_keys	k, twin;
	uint8_t			pub[PUB_LEN] = { 2 };
	int			i;

	memset(watch_seen, 0, sizeof(watch_seen));
	for (i = 0; i < PEERS; i++) {
		session_drop(mine[i].link);
		session_drop(mine[i].inner);
		session_drop(theirs[i].link);
		session_drop(theirs[i].inner);
		randombytes_buf(&k, sizeof(k));
		memcpy(twin.send, k.recv, 32);
		memcpy(twin.recv, k.send, 32);
		mine[i].link = session_new(SESSION_LINK, &k, pub);
		theirs[i].link = session_new(SESSION_LINK, &twin, pub);
		randombytes_buf(&k, sizeof(k));
		memcpy(twin.send, k.recv, 32);
		memcpy(twin.recv, k.send, 32);
		mine[i].inner = session_new(SESSION_INNER, &k, pub);
		theirs[i].inner = session_new(SESSION_INNER, &twin, pub);
		curve_addr(pub, us);
	}
	netd.push = netd.pop = cryptod.push = cryptod.pop = (struct ring_at){ 0 };
	memset(netd.todo, 0, (size_t)(netd.slots - (uint8_t *)netd.todo));
}

static uint32_t
name(uint32_t v, int link)
{
	if (v < PEERS)
		return link ? mine[v].link : mine[v].inner;
	if (v < 2 * PEERS)
		return link ? theirs[v - PEERS].link : theirs[v - PEERS].inner;
	return v;
}

static uint64_t
drawn(void)
{
	uint64_t n = 0;
	int	 i;

	for (i = 0; i < PEERS; i++)
		n += session_find(mine[i].link, SESSION_LINK)->sent +
		    session_find(mine[i].inner, SESSION_INNER)->sent +
		    session_find(theirs[i].link, SESSION_LINK)->sent +
		    session_find(theirs[i].inner, SESSION_INNER)->sent;
	return n;
}

/* One request. 0 when netd would have ended the house. */
static int
ask(struct ring_desc *d)
{
	const struct ring_desc	q = *d;
	uint64_t		before = drawn(), spent = 0;
	enum refusal		why;
	int			n;

	if (ring_push(&netd, netd.todo, d) != 1)
		abort();
	n = seal_work(&cryptod, us, &why);
	if (n == -1) {
		if (why == REFUSE_NONE || drawn() != before)
			abort();
		return 0;
	}
	if (n != 1 || ring_pop(&netd, netd.done, d) != 1)
		abort();
	if (d->slot != q.slot || d->off != q.off || d->aux != q.aux ||
	    d->off + d->len > SIZE)
		abort();
	if (d->status == RING_DONE && q.op == RING_OPEN_INNER)
		abort();
	if (d->status == RING_DONE && q.op < RING_OPEN)
		spent = q.op == RING_SEAL ? 2 : 1;
	if (drawn() != before + spent)
		abort();
	if (d->status == RING_DONE_INNER && (d->inner < 16 ||
	    d->body < d->inner + 12 || d->body > d->len))
		abort();
	return 1;
}

/* What was just sealed with one of ours goes straight to its twin. */
static void
open_sealed(struct ring_desc d, uint32_t link)
{
	d.op = RING_OPEN;
	d.link = link;
	if (!ask(&d) || d.status == RING_REFUSED + REFUSE_LINK_AUTH ||
	    d.status == RING_REFUSED + REFUSE_LINK_REPLAY)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int		ready;
	struct ring_desc	d;
	size_t			i;
	int			n;

	if (!ready) {
		if (curve_init() == -1)
			abort();
		session_init();
		make_ring();
		ready = 1;
	}
	fresh();
	for (i = 0; i < 4 * SIZE; i++)
		netd.slots[i] = len > 0 ? data[i % len] : 0;
	/* A datagram from the peers to us, so that OPEN gets to the bottom. */
	for (i = 0; i < 4; i++) {
		memset(ring_slot(&netd, (uint32_t)i) + 16, 0, 8);
		memcpy(ring_slot(&netd, (uint32_t)i) + 24, us, ADDR_LEN);
		memcpy(ring_slot(&netd, (uint32_t)i) + 40, us, ADDR_LEN);
	}
	for (n = 0; n < 40 && len >= sizeof(d); n++) {
		memcpy(&d, data, sizeof(d));
		data += sizeof(d);
		len -= sizeof(d);
		i = d.link;
		d.link = name(d.link, 1);
		d.session = name(d.session, 0);
		if (!ask(&d))
			break;
		if (d.status == RING_DONE && d.op < RING_OPEN && i < PEERS)
			open_sealed(d, theirs[i].link);
	}
	return 0;
}
