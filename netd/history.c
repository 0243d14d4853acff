/*
 * history.c -- takes a sample of the node and of each peer every second. What was
 * not measured is null.
 *
 * Nobody wakes up for a sample: while nothing happens nothing changes. Whoever
 * wakes up takes those that were due meanwhile, before it does anything else.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history_int.h"
#include "link.h"
#include "mesh.h"
#include "mmp.h"
#include "session.h"

#define SAMPLE_MS	1000
#define NEW_MAX		8	/* histories begun by one sample: 70 KiB each */
#define MISSED_MAX	60	/* samples that a sleep is long; more is no sleep */
#define AWAY_MS		3000	/* without a sample, and it is not here */

struct history		 history;
static struct tracked	*of_slot[PEER_SLOTS];	/* who was there last */
uint64_t		 history_due_ms = UINT64_MAX;

struct tracked *
history_find(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < history.npeer; i++)
		if (memcmp(history.peer[i]->addr, addr, NADDR_LEN) == 0)
			return history.peer[i];
	return NULL;
}

static void
forget(unsigned i)
{
	unsigned n;

	for (n = 0; n < PEER_SLOTS; n++)
		if (of_slot[n] == history.peer[i])
			of_slot[n] = NULL;
	rows_free(&history.peer[i]->rows);
	free(history.peer[i]);
	history.peer[i] = history.peer[--history.npeer];
}

/* Whoever is here finds room: who is away longest makes it. 0, or -1. */
static int
make_room(uint64_t now_ms)
{
	unsigned i, away = 0;

	if (history.npeer < HISTORY_PEERS)
		return 0;
	for (i = 1; i < history.npeer; i++)
		if (history.peer[i]->contact_ms < history.peer[away]->contact_ms)
			away = i;
	if (now_ms - history.peer[away]->contact_ms < AWAY_MS)
		return -1;
	forget(away);
	return 0;
}

static struct tracked *
track(const struct peer *p, uint64_t now_ms)
{
	struct tracked *t;

	if (make_room(now_ms) == -1 || (t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	if (rows_init(&t->rows, peer_metric, PEER_METRICS) == -1) {
		free(t);
		return NULL;
	}
	memcpy(t->addr, p->addr, NADDR_LEN);
	memcpy(t->npub, p->npub, sizeof(t->npub));
	t->first_ms = now_ms;
	history.peer[history.npeer++] = t;
	return t;
}

/* Over all links; 0 when there is none. */
static double
mean_loss(void)
{
	double sum = 0;
	struct peer *p;

	for (p = NULL; (p = peer_next(p)) != NULL; )
		sum += mmp_loss(link_mmp(p));
	return peer_count() == 0 ? 0 : sum / peer_count();
}

static void
sample_node(void)
{
	double v[NODE_METRICS] = { 0 }, size;
	const struct dgram_stats *d = &dgram_stats;

	size = bloom_mesh_size(mesh.bloom);
	v[0] = size < 0 ? NAN : round(size);	/* NAN: too many to tell */
	v[1] = tree_self(mesh.tree)->n - 1;
	v[3] = (double)tree_stats(mesh.tree)->switches;
	v[2] = peer_count();
	/* As the reference counts: datagrams of sessions, not the links' own. */
	v[4] = (double)d->received.bytes;
	v[5] = (double)(d->forwarded.bytes + d->originated.bytes);
	v[6] = (double)d->received.packets;
	v[7] = (double)(d->forwarded.packets + d->originated.packets);
	v[8] = mean_loss();
	v[9] = session_count();
	rows_push(&history.node, v);
}

/* Its history, begun if need be, or NULL: there is no room, or it is the turn of others. */
static struct tracked *
tracked_at(unsigned slot, const struct peer *p, uint64_t now_ms, unsigned *begun)
{
	struct tracked *t = of_slot[slot];

	if (t != NULL && memcmp(t->addr, p->addr, NADDR_LEN) == 0)
		return t;
	t = history_find(p->addr);
	if (t == NULL && *begun < NEW_MAX) {
		++*begun;
		t = track(p, now_ms);
	}
	return of_slot[slot] = t;
}

static void
sample_peer(unsigned slot, const struct peer *p, uint64_t now_ms, unsigned *begun)
{
	struct tracked *t = tracked_at(slot, p, now_ms, begun);
	const struct mmp *m = link_mmp(p);
	double v[PEER_METRICS] = {
		mmp_has_srtt(m) ? mmp_srtt_ms(m) : NAN, mmp_loss(m),
		(double)p->stats.bytes_recv, (double)p->stats.bytes_sent,
		(double)p->stats.packets_recv, (double)p->stats.packets_sent,
		m->rx.now.ce_count
	};

	if (t == NULL)
		return;
	t->active = 1;
	t->contact_ms = now_ms;
	rows_push(&t->rows, v);
}

/* A gap for who is away; the end for who is away too long. */
static void
sample_absent(uint64_t now_ms)
{
	static const double gap[PEER_METRICS] = {
		NAN, NAN, NAN, NAN, NAN, NAN, NAN
	};
	unsigned i = 0;

	while (i < history.npeer) {
		struct tracked *t = history.peer[i];

		if (!t->active && now_ms - t->contact_ms >
		    HISTORY_KEEP_S * 1000ULL) {
			forget(i);
			continue;
		}
		if (!t->active)
			rows_push(&t->rows, gap);
		i++;
	}
}

/* Everything, as it stood then. Who only knocked has no history. */
static void
sample(uint64_t now_ms)
{
	const struct peer *p;
	unsigned i, begun = 0;

	if (!history.has_node && rows_init(&history.node, node_metric, NODE_METRICS) == -1)
		return;
	history.has_node = 1;
	sample_node();
	for (i = 0; i < history.npeer; i++)
		history.peer[i]->active = 0;
	for (i = 0; i < PEER_SLOTS; i++)
		if ((p = peer_slot(i)) != NULL && p->cur.proven)
			sample_peer(i, p, now_ms, &begun);
	sample_absent(now_ms);
}

void
history_start(void)
{
	sample(netd.now_ms);
	history_due_ms = netd.now_ms + SAMPLE_MS - netd.now_ms % SAMPLE_MS;
}

void
history_catch_up(void)
{
	if (netd.now_ms - history_due_ms >= MISSED_MAX * SAMPLE_MS)
		history_due_ms = netd.now_ms - netd.now_ms % SAMPLE_MS;
	for (; history_due_ms <= netd.now_ms; history_due_ms += SAMPLE_MS)
		sample(history_due_ms);
}
