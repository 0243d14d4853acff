/*
 * mesh_tree.c -- our place in the tree, told and heard; what a change of it
 * entails for filters and caches. tree.c decides.
 */
#include "mesh_int.h"

#define LOG_TARGET "fips::node::tree"
#include "log.h"
#include "names.h"
#include "udp.h"
#include "ip6.h"
#include "frame.h"
#include "fsp.h"

static int periodic, losing;	/* why the tree is asked to decide just now */

static const char *
shown(const uint8_t addr[NADDR_LEN])
{
	static char name[64];

	names_display(addr, name);
	return name;
}

/* -- what the tree asks of us --------------------------------------------------- */

static void
sign(void *arg, uint32_t token, const struct tree_decl *d)
{
	struct msg_sign_tree m = { .seq = d->seq, .ts = d->ts };

	(void)arg;
	m.req = mesh_asked(ASK_SIGN_TREE, token);
	memcpy(m.parent, d->parent, sizeof(m.parent));
	mesh_must(sign_tree_send(&netd.cryptod, &m, NULL));
}

static void
verify(void *arg, unsigned slot, uint32_t token, const struct tree_decl *d,
    const uint8_t sig[TREE_SIG_LEN])
{
	struct msg_verify_tree	 m = { .seq = d->seq, .ts = d->ts };
	struct peer		*p = mesh_peer(slot);

	(void)arg;
	m.req = mesh_asked(ASK_VERIFY_TREE, token);
	if (p != NULL)
		memcpy(m.pub, p->pub, sizeof(m.pub));
	memcpy(m.parent, d->parent, sizeof(m.parent));
	memcpy(m.sig, sig, sizeof(m.sig));
	mesh_must(verify_tree_send(&netd.cryptod, &m, NULL));
}

static void
send(void *arg, unsigned slot, const uint8_t *msg, size_t len)
{
	(void)arg;
	mesh_send(slot, msg, len);
}

static void
say_parent(void)
{
	struct peer *p = mesh_peer(tree_parent(mesh.tree));
	char	     root[2 * NADDR_LEN + 1];

	hex_encode(tree_root(mesh.tree), NADDR_LEN, root);
	if (losing)
		log_info("Tree state updated after parent loss new_root=%s is_root=%s",
		    root, tree_is_root(mesh.tree) ? "true" : "false");
	else if (p == NULL)
		log_info("Self-promoted to root: smallest visible NodeAddr new_root=%s",
		    root);
	else if (periodic)
		log_info("Parent switched via periodic cost re-evaluation new_parent=%s new_seq=%llu new_root=%s depth=%u trigger=periodic",
		    shown(p->addr),
		    (unsigned long long)tree_self_decl(mesh.tree)->seq, root,
		    tree_self(mesh.tree)->n - 1u);
	else
		log_info("Parent switched, invalidated downstream coord cache entries, announcing to all peers new_parent=%s new_seq=%llu new_root=%s depth=%u",
		    shown(p->addr),
		    (unsigned long long)tree_self_decl(mesh.tree)->seq, root,
		    tree_self(mesh.tree)->n - 1u);
}

static void
say(unsigned what)
{
	struct peer *p = mesh_peer(tree_parent(mesh.tree));
	char	     root[2 * NADDR_LEN + 1];

	if (what & TREE_LOOP)
		log_warn("Parent ancestry contains us \xe2\x80\x94 loop detected, dropping parent");
	if (what & TREE_NEW_PARENT)
		say_parent();
	else if (p != NULL) {
		mesh_stats.path_changes++;
		hex_encode(tree_root(mesh.tree), NADDR_LEN, root);
		log_info("Parent ancestry changed, re-announcing parent=%s new_root=%s new_depth=%u",
		    shown(p->addr), root, tree_self(mesh.tree)->n - 1u);
	}
	if (what & TREE_DAMPENED)
		log_warn("Flap dampening engaged: excessive parent switches detected");
}

/* slot says whose place is another when it is not ours. */
static void
changed(void *arg, unsigned what, unsigned slot)
{
	(void)arg;
	(void)slot;
	if (what & (TREE_NEW_PARENT | TREE_NEW_PATH | TREE_NEW_ROOT)) {
		say(what);
		mesh_place_moved(what);
		mesh_lookup_changed();
	}
	mesh_filter_tree();
	mesh_changed();
}

/* -- what we bring to the tree --------------------------------------------------- */

void
mesh_tree_peer(struct peer *p, int up)
{
	unsigned slot = peer_slot_of(p);

	if (up) {
		tree_peer_add(mesh.tree, slot, p->addr, p->conf != -1,
		    mesh_now());
		return;
	}
	losing = tree_parent(mesh.tree) == slot;
	tree_peer_del(mesh.tree, slot, mesh_now());
	losing = 0;
}

void
mesh_tree_mute(struct peer *p)
{
	unsigned slot = peer_slot_of(p);

	losing = p->mute && tree_parent(mesh.tree) == slot;
	tree_peer_mute(mesh.tree, slot, p->mute, mesh_now());
	losing = 0;
}

static void
say_forged(const struct peer *p, const char *what)
{
	if (mesh_may_say())
		log_warn("%s from=%s", what, shown(p->addr));
}

void
mesh_tree_input(struct peer *p, const uint8_t *msg, size_t len)
{
	static const enum refusal why[TREE_SAID_MAX] = {
		[TREE_MALFORMED] = REFUSE_MESH_MALFORMED,
		[TREE_STRANGER] = REFUSE_TREE_SENDER,
		[TREE_BAD_PATH] = REFUSE_TREE_PATH,
		[TREE_STALE] = REFUSE_TREE_STALE,
	};
	enum tree_said said = tree_recv(mesh.tree, peer_slot_of(p), msg, len,
	    mesh_now());

	switch (said) {
	case TREE_MALFORMED:
		p->recv_bad++;
		log_debug("Malformed TreeAnnounce from=%s", shown(p->addr));
		break;
	case TREE_STRANGER:
		p->recv_bad++;
		log_debug("TreeAnnounce node_addr mismatch from=%s",
		    shown(p->addr));
		break;
	case TREE_BAD_PATH:
		p->recv_bad++;
		say_forged(p, "Rejected TreeAnnounce with invalid ancestry");
		break;
	case TREE_STALE:
		log_debug("TreeAnnounce not fresher than existing, ignored from=%s",
		    shown(p->addr));
		break;
	default:
		mesh_poke();
		return;
	}
	refuse(why[said]);
}

/* Its own key did not sign what it says of itself. */
static void
bad_sig(struct peer *p)
{
	refuse(REFUSE_TREE_SIG);
	if (p == NULL)
		return;
	p->recv_bad++;
	say_forged(p, "TreeAnnounce signature verification failed");
}

void
mesh_tree_answer(enum mesh_ask kind, uint32_t token, int ok, const uint8_t *sig)
{
	struct peer *p;

	if (kind == ASK_SIGN_TREE) {
		mesh_stats.tree_sign_failed += !ok;
		tree_signed(mesh.tree, token, sig, mesh_now());
		return;
	}
	p = ok ? NULL : mesh_peer(tree_asker(mesh.tree, token));
	if (tree_verified(mesh.tree, token, ok, mesh_now()) == TREE_BAD_SIG)
		bad_sig(p);
}

uint64_t
mesh_tree_tick(void)
{
	uint64_t next;

	periodic = 1;
	next = tree_tick(mesh.tree, mesh_now());
	periodic = 0;
	return next;
}

/*
 * As long as an announce of ours may be on the narrowest link that we have; and
 * two such paths, ours and a peer's, must fit a session handshake.
 */
static unsigned
path_max(void)
{
	size_t room = udp_frame_limit(udp_min_mtu()), n;

	if (room < FRAME_OVERHEAD + TREE_FIXED_LEN + 2 * TREE_ENTRY_LEN)
		return 2;
	n = (room - FRAME_OVERHEAD - TREE_FIXED_LEN) / TREE_ENTRY_LEN;
	return n < FSP_COORDS_MAX ? (unsigned)n : FSP_COORDS_MAX;
}

void
mesh_tree_init(void)
{
	static const struct tree_cb cb = { sign, verify, send, changed };
	struct tree_cfg cfg = {
		.peers_max = mesh.slots,
		.path_max = path_max(),
		.hysteresis = (double)netd.conf[CONF_TREE_HYSTERESIS] / 1000,
		.hold_ms = netd.conf[CONF_TREE_HOLD_DOWN] * 1000,
		.reeval_ms = netd.conf[CONF_TREE_REEVAL] * 1000,
		.announce_ms = netd.conf[CONF_TREE_ANNOUNCE_MIN],
		.flap_window_ms = netd.conf[CONF_TREE_FLAP_WINDOW] * 1000,
		.flap_still_ms = netd.conf[CONF_TREE_FLAP_DAMPENING] * 1000,
	};
	uint64_t flaps = netd.conf[CONF_TREE_FLAP_THRESHOLD];

	cfg.flap_count = flaps > UINT16_MAX ? UINT16_MAX : (unsigned)flaps;
	memcpy(cfg.addr, netd.addr, sizeof(cfg.addr));
	mesh.tree = tree_new(&cfg, &cb, NULL, mesh_now());
	if (mesh.tree == NULL)
		fatal("memory for the tree");
}
