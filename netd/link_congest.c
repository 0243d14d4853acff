/*
 * link_congest.c -- when frames that are passed on are marked: the way out
 * loses too much, or the kernel throws away what a socket of ours should read.
 */
#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::forwarding"
#include "log.h"
#include "udp.h"

enum { SAMPLE_MS = 1000, LOG_MS = 5000 };

static struct {
	uint64_t	drops;		/* at the last sample */
	int		dropping;	/* more than at the one before */
} sock[UDP_MAX];
static uint64_t	next_ms;

static void
sample(unsigned i, uint64_t drops)
{
	int grew = drops > sock[i].drops;

	if (grew && !sock[i].dropping) {
		netd.congestion.drops++;
		log_warn("Kernel recv drops first observed on transport transport_id=%u drops=%llu",
		    i + 1, (unsigned long long)drops);
	}
	sock[i].dropping = grew;
	sock[i].drops = drops;
}

/* Nothing was thrown away lately: nothing to look for either. */
static int
is_calm(void)
{
	struct udp	*u;
	unsigned	 i;

	for (i = 0; (u = udp_get(i)) != NULL; i++)
		if (sock[i].dropping || u->stats.kernel_drops != sock[i].drops)
			return 0;
	return 1;
}

uint64_t
congest_tick(void)
{
	struct udp	*u;
	unsigned	 i;

	if (is_calm())
		return LINK_NEVER;
	if (netd.now_ms >= next_ms) {
		for (i = 0; (u = udp_get(i)) != NULL; i++)
			sample(i, u->stats.kernel_drops);
		next_ms = netd.now_ms + SAMPLE_MS;
	}
	return is_calm() ? LINK_NEVER : until(next_ms);
}

int
link_congested(const struct peer *p)
{
	const struct mmp	*m = link_mmp(p);
	unsigned		 i;

	if (!netd.conf[CONF_ECN_ENABLED])
		return 0;
	if (mmp_loss(m) * 1000 >= (double)netd.conf[CONF_ECN_LOSS] ||
	    m->m.etx * 1000 >= (double)netd.conf[CONF_ECN_ETX])
		return 1;
	for (i = 0; i < UDP_MAX; i++)
		if (sock[i].dropping)
			return 1;
	return 0;
}

int
link_mark(const struct peer *p, int ce)
{
	static uint64_t	quiet_until_ms;

	if (link_congested(p)) {
		ce = 1;
		netd.congestion.detected++;
		if (netd.now_ms >= quiet_until_ms) {
			quiet_until_ms = netd.now_ms + LOG_MS;
			log_debug("Congestion detected, CE flag set on forwarded packet next_hop=%s",
			    peer_display(p->addr));
		}
	}
	netd.congestion.ce_forwarded += ce != 0;
	return ce;
}
