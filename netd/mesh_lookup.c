/*
 * mesh_lookup.c -- finding nodes. lookup.c decides.
 *
 * What was found or given up is told when the module is done, for who hears of
 * it may look for somebody else at once.
 */
#include "mesh_int.h"

#define LOG_TARGET "fips::node::handlers::discovery"
#include "log.h"
#include "frame.h"
#include "names.h"
#include "session.h"

enum {
	RECENT_MAX = 4096, WORK_MAX = 64,
	/* For one target from one peer; a setting of 2 s, the reference's for
	 * all who ask, is ten in 2 s from each peer. */
	FORWARD_BURST = 256, FORWARD_TIMES = 10,
	NO_SLOT = UINT16_MAX,
};

struct told {
	uint8_t	addr[NADDR_LEN];
	int	found;
};
static struct told	told[MESH_OPEN_MAX];
static unsigned		ntold;
static uint64_t		attempt_ms[LOOKUP_ATTEMPTS_MAX];
static unsigned		attempts;
static int		starting;	/* the first attempt is being made */

static const char *
shown(const uint8_t addr[NADDR_LEN])
{
	static char name[64];

	names_display(addr, name);
	return name;
}

void
mesh_conf_attempt(uint32_t wait_s)
{
	if (attempts == LOOKUP_ATTEMPTS_MAX)
		fatalx("privd sent more than %d attempts", LOOKUP_ATTEMPTS_MAX);
	attempt_ms[attempts++] = (uint64_t)wait_s * 1000;
}

/* -- what look-ups ask of us --------------------------------------------------- */

/* A question of ours goes out, and it is not the first for its target. */
static void
say_retry(const struct lookup_request *q)
{
	static uint64_t last_id;

	if (starting || q->id == last_id ||
	    memcmp(q->origin, netd.addr, NADDR_LEN) != 0)
		return;
	last_id = q->id;
	log_debug("Discovery retry sent target_node=%s", shown(q->target));
}

static void
send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	struct lookup_request q;

	(void)arg;
	if (msg[0] == LINK_MSG_LOOKUP_REQUEST &&
	    log_is_on(LVL_DEBUG, LOG_TARGET) &&
	    lookup_request_decode(msg, len, &q) == 0)
		say_retry(&q);
	mesh_send(slot, msg, len);
}

static unsigned
reach(void *arg, const uint8_t target[NADDR_LEN], int tree_peers,
    unsigned except, uint16_t *slots, unsigned max)
{
	unsigned n = mesh_filter_reach(target, tree_peers, except, slots, max);

	(void)arg;
	if (n > 0 && !tree_peers) {
		mesh_stats.lookup_via_others++;
		log_debug("Forwarding LookupRequest via non-tree fallback target=%s peer_count=%u",
		    shown(target), n);
	}
	return n;
}

static int
is_vague(void *arg, unsigned slot)
{
	(void)arg;
	return bloom_is_vague(mesh.bloom, slot);
}

static unsigned
parent(void *arg)
{
	(void)arg;
	return tree_parent(mesh.tree);
}

static uint16_t
mtu(void *arg, unsigned slot)
{
	struct peer *p = mesh_peer(slot);

	(void)arg;
	return p != NULL ? link_mtu(p) : 0;
}

static const struct coords *
self(void *arg)
{
	(void)arg;
	return tree_self(mesh.tree);
}

static uint64_t
fresh_id(void *arg)
{
	uint64_t v;

	(void)arg;
	netd_random(&v, sizeof(v));
	return v;
}

static void
sign(void *arg, uint32_t token, uint64_t id, const struct coords *path)
{
	struct msg_sign_proof m = { .id = id };

	(void)arg;
	m.req = mesh_asked(ASK_SIGN_PROOF, token);
	m.path_len = (uint16_t)(path->n * NADDR_LEN);
	memcpy(m.path, path->addr, m.path_len);
	mesh_must(sign_proof_send(&netd.cryptod, &m, NULL));
}

static void
verify(void *arg, uint32_t token, const uint8_t pub[32],
    const struct lookup_response *a)
{
	struct msg_verify_proof m = { .id = a->id, .pub = { 0x02 } };

	(void)arg;
	m.req = mesh_asked(ASK_VERIFY_PROOF, token);
	memcpy(m.pub + 1, pub, 32);
	m.path_len = (uint16_t)(a->path.n * NADDR_LEN);
	memcpy(m.path, a->path.addr, m.path_len);
	memcpy(m.sig, a->proof, sizeof(m.sig));
	mesh_must(verify_proof_send(&netd.cryptod, &m, NULL));
}

static void
tell(const uint8_t addr[NADDR_LEN], int found)
{
	if (ntold == MESH_OPEN_MAX)
		return;
	memcpy(told[ntold].addr, addr, NADDR_LEN);
	told[ntold++].found = found;
}

static void
found(void *arg, const uint8_t target[NADDR_LEN], const struct coords *at,
    uint16_t path_mtu, unsigned slot)
{
	(void)arg;
	(void)slot;
	mesh_place_proven(target, at, path_mtu);
	log_info("Discovery succeeded, proof verified, route cached target=%s depth=%u path_mtu=%u",
	    shown(target), at->n - 1u, path_mtu);
	tell(target, 1);
}

static void
failed(void *arg, const uint8_t target[NADDR_LEN])
{
	(void)arg;
	log_info("Discovery lookup timed out, destination unreachable target_node=%s",
	    shown(target));
	tell(target, 0);
}

/* Those who waited act now; what they ask for anew is told in another round. */
static void
tell_all(void)
{
	struct told now[MESH_OPEN_MAX];
	unsigned    i, n = ntold;

	memcpy(now, told, n * sizeof(told[0]));
	ntold = 0;
	for (i = 0; i < n; i++)
		if (now[i].found)
			session_found(now[i].addr);
		else
			session_lost(now[i].addr);
}

/* -- what we bring to look-ups --------------------------------------------------- */

/* Whom a fresh question went to, as far as filters can tell. */
static void
say_reach(const uint8_t addr[NADDR_LEN])
{
	uint16_t slot[1];

	if (mesh_filter_reach(addr, 1, NO_SLOT, slot, 1) > 0)
		return;
	if (mesh_filter_reach(addr, 0, NO_SLOT, slot, 1) > 0) {
		mesh_stats.lookup_no_tree++;
		log_debug("Discovery failed, no tree peers with bloom match target_node=%s",
		    shown(addr));
		return;
	}
	mesh_stats.lookup_no_filter++;
	log_debug("Discovery skipped, target not in any peer bloom filter target_node=%s",
	    shown(addr));
}

void
mesh_seek(const uint8_t addr[NADDR_LEN], const uint8_t pub33[33])
{
	enum lookup_start s;

	starting = 1;
	s = lookup_start(mesh.lookup, addr, pub33 + 1, netd.now_ms);
	starting = 0;
	switch (s) {
	case LOOKUP_FULL:
		refuse_own(REFUSE_LOOKUP_FULL);
		/* FALLTHROUGH */
	case LOOKUP_STARTED:
		log_debug("Discovery lookup initiated target=%s", shown(addr));
		say_reach(addr);
		mesh_poke();
		break;
	case LOOKUP_IS_OPEN:
		mesh_stats.lookup_again++;
		log_debug("Discovery lookup deduplicated, already pending target_node=%s",
		    shown(addr));
		break;
	case LOOKUP_BACKOFF:
		log_debug("Discovery lookup suppressed by backoff target_node=%s",
		    shown(addr));
		break;
	}
}

void
mesh_lookup_peer(struct peer *p, int up)
{
	(void)up;
	lookup_peer_del(mesh.lookup, peer_slot_of(p));
}

static enum refusal
why_not(enum lookup_said said)
{
	switch (said) {
	case LOOKUP_MALFORMED:
		return REFUSE_MESH_MALFORMED;
	case LOOKUP_BAD_PATH:
		return REFUSE_LOOKUP_PATH;
	case LOOKUP_DUPLICATE:
		return REFUSE_LOOKUP_AGAIN;
	case LOOKUP_RATE:
	case LOOKUP_FORWARD_RATE:
	case LOOKUP_BUSY:
		return REFUSE_LOOKUP_RATE;
	case LOOKUP_TTL:
	case LOOKUP_NOBODY:
		return REFUSE_LOOKUP_NOBODY;
	case LOOKUP_NOT_OPEN:
		return REFUSE_LOOKUP_NOT_OPEN;
	case LOOKUP_BAD_PROOF:
		return REFUSE_LOOKUP_PROOF;
	default:
		return REFUSE_NONE;
	}
}

void
mesh_lookup_input(struct peer *p, const uint8_t *msg, size_t len)
{
	int		 is_request = msg[0] == LINK_MSG_LOOKUP_REQUEST;
	unsigned	 slot = peer_slot_of(p);
	enum lookup_said said;
	enum refusal	 why;

	said = is_request ?
	    lookup_recv_request(mesh.lookup, slot, msg, len, netd.now_ms) :
	    lookup_recv_response(mesh.lookup, slot, msg, len, netd.now_ms);
	why = why_not(said);
	if (why == REFUSE_NONE)
		return;
	refuse(why);
	/* What the peer could have known, or far too much of it. */
	if (said == LOOKUP_MALFORMED || said == LOOKUP_BAD_PATH ||
	    said == LOOKUP_RATE || said == LOOKUP_NOT_OPEN)
		p->recv_bad++;
	if (said == LOOKUP_DUPLICATE && is_request)
		log_debug("Duplicate LookupRequest, dropping from=%s",
		    shown(p->addr));
	else if (said == LOOKUP_FORWARD_RATE)
		log_debug("Forward rate limited, suppressing LookupRequest from=%s",
		    shown(p->addr));
	else if (said == LOOKUP_MALFORMED)
		log_debug("Malformed %s from=%s", is_request ? "LookupRequest" :
		    "LookupResponse", shown(p->addr));
}

void
mesh_lookup_answer(enum mesh_ask kind, uint32_t token, int ok,
    const uint8_t *sig)
{
	if (kind == ASK_SIGN_PROOF) {
		lookup_signed(mesh.lookup, token, sig);
	} else if (lookup_verified(mesh.lookup, token, ok) == LOOKUP_BAD_PROOF) {
		refuse(REFUSE_LOOKUP_PROOF);
		if (mesh_may_say())
			log_warn("LookupResponse proof verification failed, discarding");
	}
	tell_all();
}

void
mesh_lookup_changed(void)
{
	lookup_mesh_changed(mesh.lookup);
}

uint64_t
mesh_lookup_tick(void)
{
	uint64_t next = lookup_tick(mesh.lookup, netd.now_ms);

	tell_all();
	return next;
}

/* -- life ------------------------------------------------------------------------- */

void
mesh_lookup_init(void)
{
	static const struct lookup_cb cb = { send, reach, is_vague, parent, mtu, self,
	    fresh_id, sign, verify, found, failed };
	struct lookup_cfg cfg = {
		.peers_max = mesh.slots,
		.open_max = MESH_OPEN_MAX, .recent_max = RECENT_MAX,
		.work_max = WORK_MAX,
		.ttl = (uint8_t)netd.conf[CONF_DISCOVERY_TTL],
		.recent_ms = netd.conf[CONF_DISCOVERY_RECENT] * 1000,
		.forward_burst = FORWARD_BURST, .forward_per_min = 60000,
		.backoff_ms = netd.conf[CONF_DISCOVERY_BACKOFF_BASE] * 1000,
		.backoff_max_ms = netd.conf[CONF_DISCOVERY_BACKOFF_MAX] * 1000,
	};
	uint64_t every_s = netd.conf[CONF_DISCOVERY_FORWARD_MIN];

	if (every_s > 0)
		cfg.forward_per_min = every_s > 60 * FORWARD_TIMES ? 1 :
		    (unsigned)(60 * FORWARD_TIMES / every_s);
	cfg.attempts = attempts;
	memcpy(cfg.attempt_ms, attempt_ms, sizeof(cfg.attempt_ms));
	memcpy(cfg.addr, netd.addr, sizeof(cfg.addr));
	netd_random(cfg.key, sizeof(cfg.key));
	mesh.lookup = lookup_new(&cfg, &cb, NULL);
	if (mesh.lookup == NULL)
		fatal("memory for look-ups");
}
