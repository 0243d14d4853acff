/*
 * mmp_log.c -- what log lines say of a link or a session. Fields and units are
 * the reference's, whose test suites read them.
 */
#include "mmp_log.h"

#include <stdio.h>

enum { CELL = 32 };

static void
rate(double bps, char out[CELL])
{
	if (!(bps > 0))
		snprintf(out, CELL, "n/a");
	else if (bps >= 1e6)
		snprintf(out, CELL, "%.1fMB/s", bps / 1e6);
	else if (bps >= 1e3)
		snprintf(out, CELL, "%.1fKB/s", bps / 1e3);
	else
		snprintf(out, CELL, "%.0fB/s", bps);
}

static void
known(int is_known, double v, const char *unit, char out[CELL])
{
	if (is_known)
		snprintf(out, CELL, "%.1f%s", v, unit);
	else
		snprintf(out, CELL, "n/a");
}

void
mmp_log_now(const struct mmp *m, char out[MMP_TEXT])
{
	char rtt[CELL], loss[CELL], goodput[CELL];

	known(m->m.rtt.set, m->m.rtt.slow / 1000, "ms", rtt);
	known(m->m.loss.set, m->m.loss.slow * 100, "%", loss);
	rate(m->m.goodput, goodput);
	snprintf(out, MMP_TEXT, "rtt=%s loss=%s jitter=%.1fms goodput=%s", rtt,
	    loss, mmp_jitter_ms(m), goodput);
}

void
mmp_log_last(const struct mmp *m, char out[MMP_TEXT])
{
	char rtt[CELL], goodput[CELL];

	known(mmp_has_srtt(m), mmp_srtt_ms(m), "ms", rtt);
	rate(m->m.goodput, goodput);
	snprintf(out, MMP_TEXT,
	    "rtt=%s loss=%.1f%% jitter=%.1fms etx=%.2f goodput=%s", rtt,
	    mmp_loss(m) * 100, mmp_jitter_ms(m), m->m.etx, goodput);
}
