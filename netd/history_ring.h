/* history_ring.h -- rows of samples in two tiers. Pure; between history*.c only. */
#ifndef NETD_HISTORY_RING_H
#define NETD_HISTORY_RING_H

#include "history.h"

enum fold { FOLD_LAST, FOLD_SUM, FOLD_MEAN };

struct metric {
	const char	*name, *unit;
	enum fold	 fold;
	int		 counter;	/* the sample is the growth of a total */
};

#define NODE_METRICS	10
#define PEER_METRICS	7
#define METRICS_MAX	NODE_METRICS
extern const struct metric node_metric[NODE_METRICS];
extern const struct metric peer_metric[PEER_METRICS];

/*
 * A row holds a sample of every metric, so that a row is one touch of memory.
 * A sample is 16 bits: an hour and a day of 250 peers are 17 MiB.
 */
struct rows {
	const struct metric	*metric;
	unsigned		 nmetric, nfast, nslow, filled;
	unsigned		 fast_at, slow_at;	/* next row to write */
	uint16_t		*fast, *slow;		/* as pack() makes them */
	double			 total[METRICS_MAX];	/* of the sample before */
	double			 sum[METRICS_MAX], last[METRICS_MAX];
	unsigned		 count[METRICS_MAX];
};

/* 0, or -1: no memory. */
int	rows_init(struct rows *, const struct metric *, unsigned nmetric);
void	rows_free(struct rows *);
/* value: of each metric now, a counter's total; NAN: not known. */
void	rows_push(struct rows *, const double *value);
/* As many samples as a tier has at most, or `want`. */
unsigned rows_most(unsigned want, int slow);
/* The newest of a number that rows_most() gave, oldest first, padded in front
 * with NAN. */
void	rows_copy(const struct rows *, unsigned metric, unsigned n, int slow,
	    double *out);
/* A sample as people see it: null for NAN. The same of `want` as a list. */
json_t	*rows_value(double);
json_t	*rows_values(const struct rows *, unsigned metric, unsigned want,
	    int slow);
/* How many samples there are. */
unsigned rows_count(const struct rows *, int slow);

#endif
