/*
 * link_life.c -- the life of a peer: heartbeats, silence, goodbyes, its end;
 * and the clock of the whole link layer.
 */
#include <string.h>

#include "link_int.h"
#define LOG_TARGET "fips::node::handlers::dispatch"
#include "log.h"
#include "mesh.h"
#include "names.h"
#include "session.h"

/* Message 1s of an established peer: a rekey, its resends, a restart. */
const struct rate peer_rate = { .burst = 8, .per_s = 1000 };

const char *
peer_display(const uint8_t addr[NADDR_LEN])
{
	static char name[64];

	names_display(addr, name);
	return name;
}

void
link_init(void)
{
	struct rate	r = { netd.conf[CONF_RATE_BURST], netd.conf[CONF_RATE_PER_S] };
	uint8_t		seed[16];

	netd_random(seed, sizeof(seed));
	rate_init(&r, seed, netd.now_ms);
	netd_random(seed, sizeof(seed));
	seen_init(seed);
}

/*
 * Those of all peers fall together, for one wake-up and one visit to cryptod:
 * never later than the interval, and the first one a quarter sooner at most.
 */
static uint64_t
next_beat(void)
{
	uint64_t every_ms = netd.conf[CONF_NODE_HEARTBEAT] * 1000;
	uint64_t grid_ms = every_ms / 4;

	return (netd.now_ms + every_ms) / grid_ms * grid_ms;
}

void
link_beat(struct peer *p)
{
	static const uint8_t beat = LINK_MSG_HEARTBEAT;

	p->extra->beat_ms = next_beat();
	link_send(p, &beat, sizeof(beat));
}

static void
bye(struct peer *p, enum bye why)
{
	uint8_t msg[2];

	link_send(p, msg, frame_bye(msg, why));
}

/* -- the end of a peer -------------------------------------------------------- */

static void
peer_remove(struct peer *p)
{
	session_link_changed(p, 0);
	mesh_peer_down(p);
	link_mmp_end(p);
	rekey_drop(p);
	hs_end_rekey(p->handle);
	keys_drop(&p->cur);
	keys_drop(&p->pend);
	keys_drop(&p->prev);
	peer_free(p);
	log_debug("Peer removed and state cleaned up peer=%s",
	    peer_display(p->addr));
}

void
peer_lose(struct peer *p)
{
	uint8_t addr[NADDR_LEN];
	int	was_up = p->cur.proven;

	memcpy(addr, p->addr, sizeof(addr));
	peer_remove(p);
	if (was_up)
		retry_lost(addr);
}

void
link_stop(void)
{
	struct peer *p;

	for (p = NULL; (p = peer_next(p)) != NULL; )
		bye(p, BYE_SHUTDOWN);
}

int
link_disconnect(const uint8_t pub[32])
{
	uint8_t		 addr[NADDR_LEN];
	struct peer	*p;

	names_addr(pub, addr);
	p = peer_find(addr);
	if (p != NULL) {
		bye(p, BYE_CONFIG);
		peer_remove(p);
	} else if (!hs_is_dialling(addr)) {
		return -1;
	}
	hs_end_dials(addr);
	retry_settled(addr);
	return 0;
}

/* If the peer's own handshake wins anyway, one of ours that is still out has
 * nothing left to say. */
void
peer_met(struct peer *p)
{
	/* Not before: who only knocks must not push others out of that cache. */
	names_learn(p->pub);
	retry_settled(p->addr);
	if (memcmp(netd.addr, p->addr, NADDR_LEN) > 0)
		hs_end_dials(p->addr);
}

/* A frame opened under the current keys. */
void
peer_proven(struct peer *p)
{
	p->cur.proven = 1;
	peer_met(p);
	/* What went out before may have come there ahead of the keys. */
	session_link_changed(p, 1);
}

/* -- time --------------------------------------------------------------------- */

/* Keys that the peer may be about to use are a link's last chance, for a while:
 * those that are held may stem from a replay. */
static int
is_renewing(const struct peer *p)
{
	return p->extra->rekey == REKEY_HELD ||
	    (p->extra->rekey == REKEY_BUSY && hs_rekey_alive(p->handle));
}

static int
is_dead(const struct peer *p)
{
	uint64_t silent_ms = netd.now_ms - p->seen_ms;
	uint64_t dead_ms = netd.conf[CONF_NODE_LINK_DEAD] * 1000;

	if (!p->cur.proven)
		return silent_ms >= netd.conf[CONF_HS_TIMEOUT] * 1000;
	return silent_ms >= dead_ms &&
	    (silent_ms >= 3 * dead_ms || !is_renewing(p));
}

static uint64_t
tick_peer(struct peer *p)
{
	uint64_t next, dead_s;

	if (is_dead(p)) {
		log_as(LVL_DEBUG, "fips::node::handlers::mmp",
		    "Removing peer: link dead timeout peer=%s timeout_secs=%llu",
		    peer_display(p->addr),
		    (unsigned long long)(netd.now_ms - p->seen_ms) / 1000);
		if (p->cur.proven)
			lost_note(p);
		peer_lose(p);
		return LINK_NEVER;
	}
	if (netd.now_ms >= p->extra->beat_ms)
		link_beat(p);
	dead_s = netd.conf[p->cur.proven ? CONF_NODE_LINK_DEAD : CONF_HS_TIMEOUT];
	next = until(p->seen_ms + dead_s * 1000);
	if (next == 0)
		next = 1000;	/* a rekey is its last chance */
	next = sooner(next, until(p->extra->beat_ms));
	next = sooner(next, link_mmp_tick(p));
	next = sooner(next, mute_tick(p));
	return sooner(next, rekey_tick(p));
}

uint64_t
link_tick(void)
{
	uint64_t	 next = LINK_NEVER;
	struct peer	*p;

	for (p = NULL; (p = peer_next(p)) != NULL; )
		next = sooner(next, tick_peer(p));
	next = sooner(next, congest_tick());
	next = sooner(next, shut_tick());
	next = sooner(next, hs_tick());
	next = sooner(next, retry_tick());
	return sooner(next, keys_tick());
}
