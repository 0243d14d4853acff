/*
 * history_show.c -- answers `show stats` from the samples of history.c. The heads
 * of the series come first, their values in slices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history_int.h"
#include "names.h"

/* What a question asks for. */
struct query {
	unsigned	window_s, step_s;
	const char	*peer;		/* npub, or NULL */
	struct tracked	*tracked;	/* of peer */
};

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
	unsigned have = history.has_node ? rows_count(&history.node, 0) : 0;

	if (m == -1 || have == 0)
		return json_array();
	return rows_values(&history.node, (unsigned)m, n < have ? n : have, 0);
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
	if ((q->tracked = history_find(addr)) == NULL) {
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

	for (i = 0; i < history.npeer; i++)
		names_display(history.peer[i]->addr, history.peer[i]->name);
	qsort(history.peer, history.npeer, sizeof(history.peer[0]), by_standing);
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
	for (i = 0; i < history.npeer; i++) {
		t = history.peer[i];
		o = standing(t);
		json_object_set_new(o, "npub", json_string(t->npub));
		json_object_set_new(o, "first_seen_secs_ago",
		    json_integer((json_int_t)(netd.now_ms - t->first_ms) / 1000));
		json_object_set_new(o, "last_contact_secs_ago",
		    json_integer((json_int_t)(netd.now_ms - t->contact_ms) / 1000));
		json_array_append_new(out, o);
	}
	return json_pack("{s:o, s:i}", "peers", out, "count", (int)history.npeer);
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
	for (i = 0; i < history.npeer; i++) {
		o = standing(history.peer[i]);
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
	uint8_t		peer[HISTORY_PEERS][NADDR_LEN];
};

static const struct rows *
rows_of(const struct asked *a, unsigned list)
{
	const struct tracked *t;

	if (a->of_node)
		return history.has_node ? &history.node : NULL;
	list = a->metric == -1 || a->npeer == 1 ? 0 : list;
	t = list < a->npeer ? history_find(a->peer[list]) : NULL;
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
	for (i = 0; i < history.npeer; i++)
		memcpy(a->peer[i], history.peer[i]->addr, NADDR_LEN);
	a->npeer = history.npeer;
	return a;
}
