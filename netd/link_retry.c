/*
 * link_retry.c -- the peers of the configuration: dialled at start, and dialled
 * again with back-off (FIPS-WIRE 5). Also a dial that people ask for.
 */
#include <stdlib.h>
#include <string.h>

#include "link_int.h"
#define LOG_TARGET "fips::node::retry"
#include "log.h"
#include "names.h"
#include "resolve.h"
#include "udp.h"

enum {
	PER_TICK = 16,		/* dials begun in one second */
	PATHS = 4,		/* addresses of a peer tried at once */
	ASKED_MAX = 32		/* dials by hand that wait for a name server */
};

struct place {
	char		*host;
	uint16_t	 port;
	uint8_t		 priority;
};

struct dial {
	uint8_t		 used, auto_connect, auto_reconnect, reconnect;
	uint8_t		 pub[33], addr[NADDR_LEN];
	struct place	*place;
	unsigned	 nplace, count;
	uint64_t	 due_ms;	/* 0: nothing waits */
};

/* A host name that people gave, at the name server. */
struct asked {
	uint8_t		 pub[33], addr[NADDR_LEN], used;
	int		 conf;
	uint16_t	 port;
};

static struct dial	*dials;
static unsigned		 ndial, nconf;	/* rows, and those in use */
static struct asked	 by_hand[ASKED_MAX];

static struct dial *
find(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < ndial; i++)
		if (dials[i].used &&
		    memcmp(dials[i].addr, addr, NADDR_LEN) == 0)
			return &dials[i];
	return NULL;
}

int
retry_conf_of(const uint8_t addr[NADDR_LEN])
{
	const struct dial *d = find(addr);

	return d == NULL ? -1 : (int)(d - dials);
}

unsigned
retry_conf_count(void)
{
	return nconf;
}

/* -- configuration: before GO, so it may allocate ----------------------------- */

void
link_conf_peer(unsigned n, const uint8_t pub[32], int auto_connect,
    int auto_reconnect)
{
	struct dial *d;

	if (n >= ndial) {
		d = realloc(dials, (n + 1) * sizeof(*d));
		if (d == NULL)
			fatal("memory for %u configured peers", n + 1);
		memset(d + ndial, 0, (n + 1 - ndial) * sizeof(*d));
		dials = d;
		ndial = n + 1;
	}
	d = &dials[n];
	nconf += !d->used;
	d->used = 1;
	d->auto_connect = auto_connect != 0;
	d->auto_reconnect = auto_reconnect != 0;
	d->pub[0] = 2;
	memcpy(d->pub + 1, pub, 32);
	names_addr(pub, d->addr);
}

/* Kept in the order in which they are tried. */
void
link_conf_addr(unsigned n, const char *host, uint16_t port, uint8_t priority)
{
	struct dial	*d = n < ndial ? &dials[n] : NULL;
	struct place	*p;
	unsigned	 at;

	if (d == NULL || !d->used)
		fatalx("privd sent an address of peer %u before the peer", n);
	p = realloc(d->place, (d->nplace + 1) * sizeof(*p));
	if (p == NULL)
		fatal("memory for the addresses of peer %u", n);
	d->place = p;
	for (at = d->nplace; at > 0 && p[at - 1].priority > priority; at--)
		p[at] = p[at - 1];
	p[at] = (struct place){ strdup(host), port, priority };
	if (p[at].host == NULL)
		fatal("memory for the addresses of peer %u", n);
	d->nplace++;
}

/* -- dialling ----------------------------------------------------------------- */

/* Handshakes that are under way to these; -1: none, for want of room. */
static int
try(const uint8_t pub[33], const uint8_t addr[NADDR_LEN], int conf,
    const struct endpoint *ep, unsigned n, uint16_t port)
{
	struct endpoint	to;
	unsigned	i;
	int		transport, begun = 0;

	for (i = 0; i < n && begun < PATHS; i++) {
		to = ep[i];
		transport = udp_for_family(to.family);
		if (transport == -1)
			continue;
		if (conf != -1 && !hs_may_dial())
			return begun > 0 ? begun : -1;
		to.transport = (uint8_t)transport;
		to.port = port;
		begun += hs_dial(pub, addr, &to, conf, 0) == 0;
	}
	return begun;
}

static int
try_place(const struct dial *d, const struct place *p, const struct endpoint *ep,
    unsigned n)
{
	return try(d->pub, d->addr, (int)(d - dials), ep, n, p->port);
}

/* Nothing is under way to it. That there was no room is no fault of its own. */
static void
not_begun(struct dial *d, int full)
{
	if (full)
		d->due_ms = netd.now_ms + NETD_LOOK_MS;
	else
		retry_failed(d->addr);
}

static void
on_resolved(void *arg, const char *host, const struct endpoint *ep, unsigned n)
{
	struct dial		*d = arg;
	unsigned		 i;
	int			 full = 0;

	if (netd.stopping || peer_find_proven(d->addr) != NULL)
		return;
	for (i = 0; i < d->nplace; i++)
		if (strcmp(d->place[i].host, host) == 0)
			full |= try_place(d, &d->place[i], ep, n) == -1;
	if (!hs_is_dialling(d->addr))
		not_begun(d, full);
}

static void
dial(struct dial *d)
{
	struct endpoint	ep[PATHS];
	unsigned	i;
	int		n, got, begun = 0, waits = 0, full = 0;

	for (i = 0; i < d->nplace && begun + waits < PATHS && !full; i++) {
		n = resolve(d->place[i].host, ep, PATHS, on_resolved, d);
		got = n > 0 ? try_place(d, &d->place[i], ep, (unsigned)n) : 0;
		waits += n == 0;
		full = got == -1;
		begun += full ? 0 : got;
	}
	if (begun + waits == 0)
		not_begun(d, full);
}

static void
wait_for(struct dial *d)
{
	uint64_t ms = netd.conf[CONF_RETRY_BASE] * 1000;
	uint64_t cap = netd.conf[CONF_RETRY_CAP] * 1000;
	unsigned i;

	for (i = 0; i < d->count && ms < cap; i++)
		ms *= 2;
	d->due_ms = netd.now_ms + (ms < cap ? ms : cap);
	log_debug("Scheduling connection retry peer=%s retry=%u reconnect=%s delay_secs=%llu",
	    peer_display(d->addr), d->count, d->reconnect ? "true" : "false",
	    (unsigned long long)until(d->due_ms) / 1000);
}

/* Without limit, but for a peer that is not to be reconnected. */
void
retry_failed(const uint8_t addr[NADDR_LEN])
{
	struct dial *d = find(addr);

	if (d == NULL || !d->auto_connect || netd.conf[CONF_RETRY_MAX] == 0)
		return;
	d->count++;
	if (d->auto_reconnect)
		d->reconnect = 1;
	if (!d->reconnect && d->count > netd.conf[CONF_RETRY_MAX]) {
		log_info("Max retries exhausted, giving up on peer peer=%s attempts=%u",
		    peer_display(addr), d->count);
		d->due_ms = 0;
		d->count = 0;
		return;
	}
	wait_for(d);
}

void
retry_lost(const uint8_t addr[NADDR_LEN])
{
	struct dial *d = find(addr);

	if (d == NULL || !d->auto_connect)
		return;
	if (!d->auto_reconnect) {
		log_debug("Auto-reconnect disabled for peer, skipping peer=%s",
		    peer_display(addr));
		return;
	}
	d->count = d->due_ms == 0 ? 0 : d->count + 1;
	d->reconnect = 1;
	wait_for(d);
}

void
retry_settled(const uint8_t addr[NADDR_LEN])
{
	struct dial *d = find(addr);

	if (d == NULL)
		return;
	d->due_ms = 0;
	d->count = 0;
	d->reconnect = 0;
}

void
link_start(void)
{
	unsigned i;

	peer_say_limits();
	for (i = 0; i < ndial; i++)
		if (dials[i].used && dials[i].auto_connect)
			dials[i].due_ms = netd.now_ms;
}

/* One whose time has come. */
static void
retry_one(struct dial *d)
{
	if (peer_find_proven(d->addr) != NULL) {
		retry_settled(d->addr);
		return;
	}
	/* Asked again only when the handshakes that begin now cannot end. */
	d->due_ms = netd.now_ms + netd.conf[CONF_HS_TIMEOUT] * 1000 + LINK_ASK_MS;
	if (!hs_is_dialling(d->addr))
		dial(d);
}

uint64_t
retry_tick(void)
{
	static uint64_t	quiet_until_ms;
	uint64_t	next = LINK_NEVER;
	unsigned	i, begun = 0;

	if (netd.stopping)
		return next;
	if (netd.now_ms < quiet_until_ms)
		return until(quiet_until_ms);
	for (i = 0; i < ndial; i++) {
		if (!dials[i].used || dials[i].due_ms == 0)
			continue;
		if (netd.now_ms >= dials[i].due_ms && begun < PER_TICK) {
			begun++;
			retry_one(&dials[i]);
		}
		if (dials[i].due_ms != 0)
			next = sooner(next, until(dials[i].due_ms));
	}
	if (begun > 0 || next == 0) {
		quiet_until_ms = netd.now_ms + 1000;
		next = next < 1000 ? 1000 : next;
	}
	return next;
}

int
link_retry_view(unsigned n, struct link_retry *v)
{
	unsigned i;

	for (i = 0; i < ndial; i++) {
		if (dials[i].due_ms == 0 ||
		    (dials[i].count == 0 && !dials[i].reconnect) || n-- > 0)
			continue;
		memcpy(v->pub, dials[i].pub + 1, sizeof(v->pub));
		v->count = dials[i].count;
		v->after_ms = until(dials[i].due_ms);
		v->reconnect = dials[i].reconnect;
		return 0;
	}
	return -1;
}

/* -- by hand -------------------------------------------------------------------- */

static void
on_asked(void *arg, const char *host, const struct endpoint *ep, unsigned n)
{
	struct asked *a = arg;

	a->used = 0;
	if (peer_find_proven(a->addr) == NULL &&
	    try(a->pub, a->addr, a->conf, ep, n, a->port) < 1)
		log_warn("cannot connect to %s: no transport can reach it, or a limit is reached",
		    host);
}

static struct asked *
asked_new(void)
{
	unsigned i;

	for (i = 0; i < ASKED_MAX; i++)
		if (!by_hand[i].used)
			return &by_hand[i];
	return NULL;
}

const char *
link_connect(const uint8_t pub[32], const char *host, uint16_t port, int conf)
{
	struct asked	*a = asked_new();
	struct endpoint	 ep[PATHS];
	int		 n;

	if (a == NULL)
		return "too many host names are being looked up";
	if (memcmp(pub, netd.pub + 1, 32) == 0)
		return "that is this node's own key";
	a->pub[0] = 2;
	memcpy(a->pub + 1, pub, 32);
	names_addr(pub, a->addr);
	a->port = port;
	a->conf = conf;
	if (peer_find_proven(a->addr) != NULL || hs_is_dialling(a->addr))
		return NULL;
	n = resolve(host, ep, PATHS, on_asked, a);
	if (n == -1)
		return "not an address or host name";
	if (n == 0) {
		a->used = 1;
		return NULL;
	}
	return try(a->pub, a->addr, conf, ep, (unsigned)n, port) > 0 ? NULL :
	    "no transport can reach that address, or a limit is reached";
}
