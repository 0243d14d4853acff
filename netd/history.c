/*
 * history.c -- takes a sample of the node and of each peer every second, and
 * answers `show stats`. What was not measured is null.
 *
 * Nobody wakes up for a sample: while nothing happens nothing changes. Whoever
 * wakes up takes those that were due meanwhile, before it does anything else.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOG_TARGET "fips::node::stats_history"
#include "log.h"
#include "history_ring.h"
#include "link.h"
#include "mesh.h"
#include "mmp.h"
#include "names.h"
#include "netd.h"
#include "session.h"

#define TRACKED_MAX	256
#define SAMPLE_MS	1000
#define NEW_MAX		8	/* histories begun by one sample: 70 KiB each */
#define MISSED_MAX	60	/* samples that a sleep is long; more is no sleep */
#define AWAY_MS		3000	/* without a sample, and it is not here */

struct tracked {
	uint8_t		addr[NADDR_LEN];
	char		npub[NPUB_LEN + 1], name[64];	/* name: as sort() made it */
	uint64_t	first_ms, contact_ms;
	int		active;
	struct rows	rows;
};

/* What a question asks for. */
struct query {
	unsigned	window_s, step_s;
	const char	*peer;		/* npub, or NULL */
	struct tracked	*tracked;	/* of peer */
};

static struct rows	node;
static int		node_ready;
static struct tracked	*tracked[TRACKED_MAX];
static unsigned		ntracked;
static struct tracked	*of_slot[PEER_SLOTS];	/* who was there last */
uint64_t		 history_due_ms = UINT64_MAX;

static struct tracked *
tracked_find(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < ntracked; i++)
		if (memcmp(tracked[i]->addr, addr, NADDR_LEN) == 0)
			return tracked[i];
	return NULL;
}

static void
forget(unsigned i)
{
	unsigned n;

	for (n = 0; n < PEER_SLOTS; n++)
		if (of_slot[n] == tracked[i])
			of_slot[n] = NULL;
	rows_free(&tracked[i]->rows);
	free(tracked[i]);
	tracked[i] = tracked[--ntracked];
}

/* Whoever is here finds room: who is away longest makes it. 0, or -1. */
static int
make_room(uint64_t now_ms)
{
	unsigned i, away = 0;

	if (ntracked < TRACKED_MAX)
		return 0;
	for (i = 1; i < ntracked; i++)
		if (tracked[i]->contact_ms < tracked[away]->contact_ms)
			away = i;
	if (now_ms - tracked[away]->contact_ms < AWAY_MS)
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
	tracked[ntracked++] = t;
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
	rows_push(&node, v);
}

/* Its history, begun if need be, or NULL: there is no room, or it is the turn of others. */
static struct tracked *
tracked_at(unsigned slot, const struct peer *p, uint64_t now_ms, unsigned *begun)
{
	struct tracked *t = of_slot[slot];

	if (t != NULL && memcmp(t->addr, p->addr, NADDR_LEN) == 0)
		return t;
	t = tracked_find(p->addr);
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

	while (i < ntracked) {
		struct tracked *t = tracked[i];

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

	if (!node_ready && rows_init(&node, node_metric, NODE_METRICS) == -1)
		return;
	node_ready = 1;
	sample_node();
	for (i = 0; i < ntracked; i++)
		tracked[i]->active = 0;
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

static int
metric_find(const struct metric *table, unsigned n, const char *name)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return (int)i;
	return -1;
}

json_t *
history_recent(const char *name, unsigned n)
{
	int m = metric_find(node_metric, NODE_METRICS, name);
	unsigned have = node_ready ? rows_count(&node, 0) : 0;

	if (m == -1 || have == 0)
		return json_array();
	return rows_values(&node, (unsigned)m, n < have ? n : have, 0);
}

/* "90s", "10m", "24h" in seconds; 0, or -1 and err. */
static int
duration(const char *s, unsigned *out, char err[CTL_ERR_LEN])
{
	size_t len = strlen(s);
	unsigned long n;
	char *end;

	if (len == 0) {
		snprintf(err, CTL_ERR_LEN, "empty duration");
		return -1;
	}
	n = strtoul(s, &end, 10);
	if (*s < '0' || *s > '9' || end != s + len - 1 || n > UINT32_MAX / 3600) {
		snprintf(err, CTL_ERR_LEN, "invalid duration: %.200s", s);
		return -1;
	}
	if (strchr("smh", *end) == NULL) {
		snprintf(err, CTL_ERR_LEN,
		    "unknown duration unit: %s (expected s, m, h)", end);
		return -1;
	}
	*out = (unsigned)n * (*end == 's' ? 1 : *end == 'm' ? 60 : 3600);
	return 0;
}

static const char *
text_or(const json_t *params, const char *key, const char *otherwise)
{
	const char *s = json_string_value(json_object_get(params, key));

	return s != NULL ? s : otherwise;
}

static int
query_parse(const json_t *params, struct query *q, char err[CTL_ERR_LEN])
{
	const char *step = text_or(params, "granularity", "1s");

	memset(q, 0, sizeof(*q));
	if (duration(text_or(params, "window", "10m"), &q->window_s, err) == -1)
		return -1;
	if (strcmp(step, "1s") != 0 && strcmp(step, "1m") != 0) {
		snprintf(err, CTL_ERR_LEN, "unknown granularity: %.200s "
		    "(expected 1s or 1m)", step);
		return -1;
	}
	q->step_s = step[1] == 's' ? 1 : 60;
	q->peer = text_or(params, "peer", NULL);
	return 0;
}

/* The peer that the question names. 0, or -1 and err. */
static int
query_peer(struct query *q, char err[CTL_ERR_LEN])
{
	uint8_t pub[32], addr[NADDR_LEN];
	char name[64];

	if (npub_decode(q->peer, pub) == -1) {
		snprintf(err, CTL_ERR_LEN,
		    "invalid peer npub: '%.100s' is not an npub", q->peer);
		return -1;
	}
	names_addr(pub, addr);
	if ((q->tracked = tracked_find(addr)) == NULL) {
		names_display(addr, name);
		snprintf(err, CTL_ERR_LEN,
		    "peer not tracked in stats history: %s", name);
		return -1;
	}
	return 0;
}

/* Its values come later, see next_value(). */
static json_t *
series(const struct metric *m, int i, const struct query *q)
{
	return json_pack("{s:s, s:s, s:i, s:[]}", "metric", m[i].name,
	    "unit", m[i].unit, "granularity_seconds", (int)q->step_s,
	    "values");
}

static void
list_metrics(json_t *out, const struct metric *m, unsigned n,
    const char *scope)
{
	unsigned i;

	for (i = 0; i < n; i++)
		json_array_append_new(out, json_pack("{s:s, s:s, s:s}",
		    "name", m[i].name, "unit", m[i].unit, "scope", scope));
}

json_t *
show_stats_list(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *out = json_array();

	(void)params;
	(void)err;
	list_metrics(out, node_metric, NODE_METRICS, "node");
	list_metrics(out, peer_metric, PEER_METRICS, "peer");
	return json_pack("{s:o, s:i, s:i, s:i}", "metrics", out,
	    "fast_ring_seconds", HISTORY_FAST, "slow_ring_minutes",
	    HISTORY_SLOW, "peer_retention_seconds", HISTORY_KEEP_S);
}

json_t *
show_stats_history(const json_t *params, char err[CTL_ERR_LEN])
{
	const char *name = ctl_req_text(params, "metric", err);
	struct query q;
	int m;

	if (name == NULL || query_parse(params, &q, err) == -1)
		return NULL;
	if (q.peer == NULL) {
		m = metric_find(node_metric, NODE_METRICS, name);
		if (m != -1)
			return series(node_metric, m, &q);
		snprintf(err, CTL_ERR_LEN, "unknown metric: %.200s", name);
		return NULL;
	}
	m = metric_find(peer_metric, PEER_METRICS, name);
	if (m == -1) {
		snprintf(err, CTL_ERR_LEN, "unknown peer metric: %.200s", name);
		return NULL;
	}
	if (query_peer(&q, err) == -1)
		return NULL;
	return series(peer_metric, m, &q);
}

json_t *
show_stats_all_history(const json_t *params, char err[CTL_ERR_LEN])
{
	const struct metric *table = node_metric;
	int i, n = NODE_METRICS;
	struct query q;
	json_t *out;

	if (query_parse(params, &q, err) == -1)
		return NULL;
	if (q.peer != NULL) {
		if (query_peer(&q, err) == -1)
			return NULL;
		table = peer_metric;
		n = PEER_METRICS;
	}
	out = json_array();
	for (i = 0; i < n; i++)
		json_array_append_new(out, series(table, i, &q));
	return json_pack("{s:i, s:i, s:s?, s:o}", "granularity_seconds",
	    (int)q.step_s, "window_seconds", (int)q.window_s, "peer", q.peer,
	    "series", out);
}

/* Active ones first, then by name. */
static int
by_standing(const void *a, const void *b)
{
	const struct tracked *x = *(struct tracked *const *)a;
	const struct tracked *y = *(struct tracked *const *)b;

	if (x->active != y->active)
		return y->active - x->active;
	return strcmp(x->name, y->name);
}

/* Each name is made once: by comparison it would be a dozen times. */
static void
sort(void)
{
	unsigned i;

	for (i = 0; i < ntracked; i++)
		names_display(tracked[i]->addr, tracked[i]->name);
	qsort(tracked, ntracked, sizeof(*tracked), by_standing);
}

static json_t *
standing(const struct tracked *t)
{
	char hex[2 * NADDR_LEN + 1];

	hex_encode(t->addr, NADDR_LEN, hex);
	return json_pack("{s:s, s:s, s:b}", "node_addr", hex, "display_name",
	    t->name, "is_active", t->active);
}

json_t *
show_stats_peers(const json_t *params, char err[CTL_ERR_LEN])
{
	json_t *out = json_array(), *o;
	const struct tracked *t;
	unsigned i;

	(void)params;
	(void)err;
	sort();
	for (i = 0; i < ntracked; i++) {
		t = tracked[i];
		o = standing(t);
		json_object_set_new(o, "npub", json_string(t->npub));
		json_object_set_new(o, "first_seen_secs_ago",
		    json_integer((json_int_t)(netd.now_ms - t->first_ms) / 1000));
		json_object_set_new(o, "last_contact_secs_ago",
		    json_integer((json_int_t)(netd.now_ms - t->contact_ms) / 1000));
		json_array_append_new(out, o);
	}
	return json_pack("{s:o, s:i}", "peers", out, "count", (int)ntracked);
}

json_t *
show_stats_history_all_peers(const json_t *params, char err[CTL_ERR_LEN])
{
	const char *name = ctl_req_text(params, "metric", err);
	json_t *out, *o;
	struct query q;
	unsigned i;
	int m;

	if (name == NULL)
		return NULL;
	if ((m = metric_find(peer_metric, PEER_METRICS, name)) == -1) {
		snprintf(err, CTL_ERR_LEN, "unknown peer metric: %.200s", name);
		return NULL;
	}
	if (query_parse(params, &q, err) == -1)
		return NULL;
	sort();
	out = json_array();
	for (i = 0; i < ntracked; i++) {
		o = standing(tracked[i]);
		json_object_set_new(o, "values", json_array());
		json_array_append_new(out, o);
	}
	return json_pack("{s:s, s:s, s:i, s:i, s:o}", "metric", name, "unit",
	    peer_metric[m].unit, "granularity_seconds", (int)q.step_s,
	    "window_seconds", (int)q.window_s, "peers", out);
}

/* -- values, in slices ------------------------------------------------------- */

/* What the series of an answer are of, one by one; peers by address, since
 * one may be forgotten before its turn. */
struct asked {
	unsigned	n, slow;	/* values of each */
	int		metric;		/* -1: list i is metric i */
	int		of_node;
	unsigned	npeer;		/* one: all lists are its; else list i is peer i's */
	uint8_t		peer[TRACKED_MAX][NADDR_LEN];
};

static const struct rows *
rows_of(const struct asked *a, unsigned list)
{
	const struct tracked *t;

	if (a->of_node)
		return node_ready ? &node : NULL;
	list = a->metric == -1 || a->npeer == 1 ? 0 : list;
	t = list < a->npeer ? tracked_find(a->peer[list]) : NULL;
	return t != NULL ? &t->rows : NULL;
}

static int
next_value(struct cursor *at, json_t **row)
{
	const struct asked *a = at->asked;
	const struct rows *r;
	double *v = at->own;

	if (a == NULL || at->at == a->n)
		return 0;
	/* All of one moment: the rows move on every second. */
	if (v == NULL) {
		if ((r = rows_of(a, at->list)) == NULL || (v = at->own =
		    reallocarray(NULL, a->n, sizeof(*v))) == NULL)
			return 0;
		rows_copy(r, a->metric == -1 ? at->list : (unsigned)a->metric,
		    a->n, a->slow, v);
	}
	*row = rows_value(v[at->at++]);
	return 1;
}

const struct answer_list history_lists[] = {
	{ "values", next_value, 1 }, { NULL, NULL, 0 }
};

static struct asked *
asked_new(const json_t *params, int metric, int may_name)
{
	struct asked *a = calloc(1, sizeof(*a));
	char err[CTL_ERR_LEN];
	struct query q;

	if (a == NULL || query_parse(params, &q, err) == -1 || (may_name &&
	    q.peer != NULL && query_peer(&q, err) == -1)) {
		free(a);
		return NULL;
	}
	a->slow = q.step_s != 1;
	a->n = rows_most(q.window_s / q.step_s, (int)a->slow);
	a->metric = metric;
	a->of_node = q.peer == NULL;
	if (may_name && q.peer != NULL)
		memcpy(a->peer[a->npeer++], q.tracked->addr, NADDR_LEN);
	return a;
}

void *
history_asked_all(const json_t *params)
{
	return asked_new(params, -1, 1);
}

void *
history_asked(const json_t *params)
{
	const char *name = text_or(params, "metric", "");
	int of_peer = text_or(params, "peer", NULL) != NULL;

	return asked_new(params, of_peer ?
	    metric_find(peer_metric, PEER_METRICS, name) :
	    metric_find(node_metric, NODE_METRICS, name), 1);
}

void *
history_asked_peers(const json_t *params)
{
	struct asked *a = asked_new(params, metric_find(peer_metric,
	    PEER_METRICS, text_or(params, "metric", "")), 0);
	unsigned i;

	if (a == NULL)
		return NULL;
	a->of_node = 0;
	for (i = 0; i < ntracked; i++)
		memcpy(a->peer[i], tracked[i]->addr, NADDR_LEN);
	a->npeer = ntracked;
	return a;
}
