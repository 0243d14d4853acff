/*
 * sense.c -- what each end of a link makes of it, report by report, with the
 * measuring of netd (mmp.c). The two do not agree: each has its own loss, out and in,
 * and its own delay, which sways.
 */
#include "mesh_int.h"

#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../netd/mmp.h"

enum { FRAME_BYTES = 200, COLD = 5 };

struct sense {
	struct mmp mmp;
	double	   rtt_us, loss_out, loss_in, period_s, phase;
	uint64_t   counter;		/* of the last frame, either way */
	unsigned   reports;
	struct mmp_rr told;		/* what the other end says of ours */
};

/* Between 1/(1 + x) and 1 + x, as often below 1 as above. */
static double
factor(struct sim *s, double x)
{
	return pow(1 + x, 2 * fraction(s) - 1);
}

void
sense_begin(struct node *n, unsigned slot)
{
	struct sim   *s = n->sim;
	struct link  *l = &n->link[slot];
	struct sense *e = calloc(1, sizeof(*e));

	if (e == NULL)
		err(1, "what a link costs");
	e->rtt_us = 2 * (double)l->delay_us * factor(s, s->conf.sense.uneven);
	e->loss_out = s->conf.sense.loss * fraction(s);
	e->loss_in = s->conf.sense.loss * fraction(s);
	e->period_s = 30 + 270 * fraction(s);
	e->phase = fraction(s);
	mmp_init(&e->mmp, MMP_LINK, MMP_FULL);
	free(l->sense);
	l->sense = e;
}

/* The delay now: it sways by itself, is dearer below load, and no two are alike. */
static double
rtt_us(struct node *n, unsigned slot)
{
	struct sim   *s = n->sim;
	struct sense *e = n->link[slot].sense;
	double	      turn = (double)s->now / 1e6 / e->period_s + e->phase;
	double	      us = e->rtt_us * (1 + s->conf.sense.sway * sin(2 * M_PI * turn));

	if (tree_is_tree_peer(n->tree, slot))
		us += s->conf.sense.load_us;
	return us * (1 + 0.25 * fraction(s));
}

/* One report of the other end, and what came here since the one before it. */
uint64_t
sense_report(struct node *n, unsigned slot)
{
	struct sim   *s = n->sim;
	struct sense *e = n->link[slot].sense;
	uint32_t      ts = (uint32_t)(s->now / 1000), rtt;
	unsigned      i;

	for (i = 0; i < s->conf.sense.frames; i++) {
		e->counter++;
		e->told.highest = e->counter;
		if (fraction(s) >= e->loss_out) {
			e->told.cum_packets++;
			e->told.cum_bytes += FRAME_BYTES;
		}
		if (fraction(s) >= e->loss_in)
			mmp_received(&e->mmp, e->counter, ts, FRAME_BYTES, 0, 0,
			    s->now);
	}
	rtt = (uint32_t)(rtt_us(n, slot) / 1000);
	e->told.ts_echo = ts - rtt;
	mmp_heard(&e->mmp, &e->told, ts, s->now / 1000);
	n->link[slot].cost = mmp_link_cost(&e->mmp);
	return (++e->reports < COLD ? 1 : s->conf.sense.every_s) * (uint64_t)1000000;
}
