/* history_ring.c -- rows of samples in two tiers. No I/O, no clock. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history_ring.h"

#define FOLD_AFTER	60	/* fast rows that make a slow one */

enum {
	/* Six bits of exponent, from 2^-23, and ten of mantissa. */
	PACK_SHIFT = 13, PACK_BIAS = 103 << 10,
	PACK_MOST = 0xfffe, PACK_NONE = 0xffff
};

const struct metric node_metric[NODE_METRICS] = {
	{ "mesh_size",		"nodes",	FOLD_LAST,	0 },
	{ "tree_depth",		"hops",		FOLD_LAST,	0 },
	{ "peer_count",		"peers",	FOLD_LAST,	0 },
	{ "parent_switches",	"events/s",	FOLD_SUM,	1 },
	{ "bytes_in",		"bytes/s",	FOLD_MEAN,	1 },
	{ "bytes_out",		"bytes/s",	FOLD_MEAN,	1 },
	{ "packets_in",		"packets/s",	FOLD_MEAN,	1 },
	{ "packets_out",	"packets/s",	FOLD_MEAN,	1 },
	{ "loss_rate",		"fraction",	FOLD_MEAN,	0 },
	{ "active_sessions",	"sessions",	FOLD_LAST,	0 },
};

const struct metric peer_metric[PEER_METRICS] = {
	{ "srtt_ms",		"ms",		FOLD_MEAN,	0 },
	{ "loss_rate",		"fraction",	FOLD_MEAN,	0 },
	{ "bytes_in",		"bytes/s",	FOLD_MEAN,	1 },
	{ "bytes_out",		"bytes/s",	FOLD_MEAN,	1 },
	{ "packets_in",		"packets/s",	FOLD_MEAN,	1 },
	{ "packets_out",	"packets/s",	FOLD_MEAN,	1 },
	{ "ecn_ce",		"events/s",	FOLD_SUM,	1 },
};

/*
 * One part in two thousand is lost, nothing of whole numbers up to 2048. Too
 * small is 0; too large, which no metric of ours is, the largest there is.
 */
static uint16_t
pack(double v)
{
	float	 f = (float)v;
	uint32_t u;

	if (!isfinite(v))
		return PACK_NONE;
	memcpy(&u, &f, sizeof(u));
	if (f < 0)
		return 0;
	u = (u + (1u << (PACK_SHIFT - 1))) >> PACK_SHIFT;
	if (u <= PACK_BIAS)
		return 0;
	return u - PACK_BIAS > PACK_MOST ? PACK_MOST : (uint16_t)(u - PACK_BIAS);
}

static double
unpack(uint16_t packed)
{
	uint32_t u = ((uint32_t)packed + PACK_BIAS) << PACK_SHIFT;
	float	 f;

	if (packed == PACK_NONE)
		return NAN;
	memcpy(&f, &u, sizeof(f));
	return packed == 0 ? 0 : f;
}

static void
fold_reset(struct rows *r)
{
	unsigned m;

	r->filled = 0;
	for (m = 0; m < r->nmetric; m++) {
		r->sum[m] = 0;
		r->count[m] = 0;
		r->last[m] = NAN;
	}
}

int
rows_init(struct rows *r, const struct metric *metric, unsigned nmetric)
{
	unsigned m;

	memset(r, 0, sizeof(*r));
	r->metric = metric;
	r->nmetric = nmetric;
	r->fast = calloc((size_t)HISTORY_FAST * nmetric, sizeof(uint16_t));
	r->slow = calloc((size_t)HISTORY_SLOW * nmetric, sizeof(uint16_t));
	if (r->fast == NULL || r->slow == NULL) {
		rows_free(r);
		return -1;
	}
	for (m = 0; m < nmetric; m++)
		r->total[m] = NAN;
	fold_reset(r);
	return 0;
}

void
rows_free(struct rows *r)
{
	free(r->fast);
	free(r->slow);
	r->fast = r->slow = NULL;
}

static void
push_slow(struct rows *r)
{
	uint16_t *row = r->slow + (size_t)r->slow_at * r->nmetric;
	unsigned m;

	for (m = 0; m < r->nmetric; m++)
		switch (r->metric[m].fold) {
		case FOLD_LAST:
			row[m] = pack(r->last[m]);
			break;
		case FOLD_SUM:
			row[m] = pack(r->count[m] > 0 ? r->sum[m] : NAN);
			break;
		case FOLD_MEAN:
			row[m] = pack(r->count[m] > 0 ?
			    r->sum[m] / r->count[m] : NAN);
			break;
		}
	r->slow_at = (r->slow_at + 1) % HISTORY_SLOW;
	if (r->nslow < HISTORY_SLOW)
		r->nslow++;
	fold_reset(r);
}

/* A counter that went back began anew: that second has no sample. */
static double
sample(struct rows *r, unsigned m, double value)
{
	double before = r->total[m];

	if (!r->metric[m].counter)
		return value;
	r->total[m] = value;
	return isnan(before) || isnan(value) || value < before ? NAN :
	    value - before;
}

void
rows_push(struct rows *r, const double *value)
{
	uint16_t *row = r->fast + (size_t)r->fast_at * r->nmetric;
	unsigned m;
	double v;

	for (m = 0; m < r->nmetric; m++) {
		v = sample(r, m, value[m]);
		row[m] = pack(v);
		if (isnan(v))
			continue;
		r->sum[m] += v;
		r->last[m] = v;
		r->count[m]++;
	}
	r->fast_at = (r->fast_at + 1) % HISTORY_FAST;
	if (r->nfast < HISTORY_FAST)
		r->nfast++;
	if (++r->filled == FOLD_AFTER)
		push_slow(r);
}

unsigned
rows_count(const struct rows *r, int slow)
{
	return slow ? r->nslow : r->nfast;
}

unsigned
rows_most(unsigned want, int slow)
{
	unsigned cap = slow ? HISTORY_SLOW : HISTORY_FAST;

	return want < cap ? want : cap;
}

void
rows_copy(const struct rows *r, unsigned metric, unsigned n, int slow,
    double *out)
{
	unsigned cap = slow ? HISTORY_SLOW : HISTORY_FAST;
	unsigned at = slow ? r->slow_at : r->fast_at;
	unsigned have = rows_count(r, slow), row;
	const uint16_t *base = slow ? r->slow : r->fast;

	for (; n > 0; n--) {
		row = (at + cap - n) % cap;
		*out++ = n > have ? NAN :
		    unpack(base[(size_t)row * r->nmetric + metric]);
	}
}

json_t *
rows_value(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

json_t *
rows_values(const struct rows *r, unsigned metric, unsigned want, int slow)
{
	unsigned n = rows_most(want, slow), i;
	json_t *out = json_array();
	double v[HISTORY_FAST];

	rows_copy(r, metric, n, slow, v);
	for (i = 0; i < n; i++)
		json_array_append_new(out, rows_value(v[i]));
	return out;
}
