/*
 * mesh.c -- life of the mesh: peers come and go, messages go to the part they
 * are for, questions go to cryptod and answers come back, in order.
 */
#include <stdlib.h>

#include "mesh_int.h"

#define LOG_TARGET "fips::node::tree"
#include "log.h"
#include "carry.h"
#include "frame.h"
#include "quota.h"
#include "way.h"

enum {
	ASKED_MAX = 256,		/* a power of two; tree and look-ups know an end */
	COST_NEWS = 10,			/* percent that make another next hop likely */
	COST_NEWS_MS = 1000,		/* costs make us think again this often */
	SAY_BURST = 16, SAY_PER_MIN = 60
};

struct asked {
	uint32_t	req, token;
	enum mesh_ask	kind;
};

struct mesh		 mesh;
struct mesh_stats	 mesh_stats;
static struct asked	 asked[ASKED_MAX];
static unsigned		 asked_first, asked_n;
static double		*cost, *cost_told;
static uint32_t		 generation;
static uint64_t		 due_ms, cost_due_ms;
static int		 cost_news;	/* waits for cost_due_ms */

struct tree_time
mesh_now(void)
{
	return (struct tree_time){ netd.now_ms, netd_wall_ms() / 1000 };
}

void
mesh_poke(void)
{
	due_ms = netd.now_ms;
	netd_tick_by(due_ms);
}

void
mesh_changed(void)
{
	generation++;
	mesh_poke();
}

/* Nothing bounds how long a peer says such things, but the disk has an end. */
int
mesh_may_say(void)
{
	static struct quota said;

	return quota_take(&said, SAY_BURST, SAY_PER_MIN, netd.now_ms);
}

uint32_t
mesh_generation(void)
{
	return generation;
}

/* -- questions to cryptod ----------------------------------------------------- */

void
mesh_must(int result)
{
	if (result == -1)
		fatal("asking cryptod for a signature");
}

/* It answers every question, in the order in which they were asked. */
uint32_t
mesh_asked(enum mesh_ask kind, uint32_t token)
{
	struct asked *a;

	if (asked_n == ASKED_MAX)
		fatalx("cryptod does not answer: %d signatures outstanding",
		    ASKED_MAX);
	a = &asked[(asked_first + asked_n++) % ASKED_MAX];
	*a = (struct asked){ netd_req(), token, kind };
	return a->req;
}

/* 0 and the question that this answers, or -1: it was not ours. */
static int
answered(uint32_t req, struct asked *a)
{
	if (asked_n == 0 || asked[asked_first].req != req)
		return -1;
	*a = asked[asked_first];
	asked_first = (asked_first + 1) % ASKED_MAX;
	asked_n--;
	return 0;
}

static void
answer(const struct asked *a, int ok, const uint8_t *sig)
{
	if (a->kind == ASK_SIGN_TREE || a->kind == ASK_VERIFY_TREE)
		mesh_tree_answer(a->kind, a->token, ok, sig);
	else
		mesh_lookup_answer(a->kind, a->token, ok, sig);
	mesh_poke();
}

static void
must_answer(uint32_t req, enum mesh_ask lo, enum mesh_ask hi, int ok,
    const uint8_t *sig)
{
	struct asked a;

	if (answered(req, &a) == -1 || (a.kind != lo && a.kind != hi))
		fatalx("cryptod answered a question that was not asked");
	answer(&a, ok, sig);
}

void
on_tree_signed(struct chan *c, const struct msg_tree_signed *m, int *fds)
{
	(void)c;
	(void)fds;
	must_answer(m->req, ASK_SIGN_TREE, ASK_SIGN_TREE, 1, m->sig);
}

void
on_proof_signed(struct chan *c, const struct msg_proof_signed *m, int *fds)
{
	(void)c;
	(void)fds;
	must_answer(m->req, ASK_SIGN_PROOF, ASK_SIGN_PROOF, 1, m->sig);
}

void
on_verified(struct chan *c, const struct msg_verified *m, int *fds)
{
	(void)c;
	(void)fds;
	must_answer(m->req, ASK_VERIFY_TREE, ASK_VERIFY_PROOF, m->ok, NULL);
}

int
mesh_no(uint32_t req, enum refusal why)
{
	struct asked a;

	if (answered(req, &a) == -1)
		return 0;
	log_error("cryptod would not sign: %s", refuse_text(why));
	answer(&a, 0, NULL);
	return 1;
}

/* -- peers -------------------------------------------------------------------- */

struct peer *
mesh_peer(unsigned slot)
{
	struct peer *p = peer_slot(slot);

	return p != NULL && p->in_mesh ? p : NULL;
}

void
mesh_send(unsigned slot, const uint8_t *msg, size_t len)
{
	struct peer *p = mesh_peer(slot);

	if (p == NULL || link_send(p, msg, len) == 0)
		return;
	mesh_stats.tree_send_failed += msg[0] == LINK_MSG_TREE_ANNOUNCE;
	mesh_stats.filter_send_failed += msg[0] == LINK_MSG_FILTER_ANNOUNCE;
}

void
mesh_peer_up(struct peer *p)
{
	unsigned slot = peer_slot_of(p);

	if (p->in_mesh || slot >= mesh.slots)
		return;
	p->in_mesh = 1;
	cost[slot] = cost_told[slot] = 1.0;
	mesh_filter_peer(p, 1);
	mesh_lookup_peer(p, 1);
	mesh_tree_peer(p, 1);
	carry_peer(p);
	mesh_changed();
}

void
mesh_peer_down(struct peer *p)
{
	if (!p->in_mesh)
		return;
	p->in_mesh = p->mute = 0;
	mesh_tree_peer(p, 0);
	mesh_filter_peer(p, 0);
	mesh_lookup_peer(p, 0);
	mesh_changed();
}

void
mesh_peer_mute(struct peer *p)
{
	if (!p->in_mesh)
		return;
	mesh_tree_mute(p);
	if (!p->mute)
		mesh_filter_again(p);
	mesh_filter_tree();
	mesh_lookup_changed();
	mesh_changed();
}

/* A peer's reports can say anything at any rate: the next hops that are
 * remembered outlive them for a moment. */
static void
costs_changed(void)
{
	cost_news = netd.now_ms < cost_due_ms;
	if (cost_news) {
		netd_tick_by(cost_due_ms);
		return;
	}
	cost_due_ms = netd.now_ms + COST_NEWS_MS;
	mesh_changed();
}

void
mesh_peer_cost(struct peer *p, double c)
{
	unsigned slot = peer_slot_of(p);
	double	 change;

	if (!p->in_mesh || !(c > 0))
		return;
	cost[slot] = c;
	tree_peer_cost(mesh.tree, slot, c, mesh_now());
	change = c > cost_told[slot] ? c - cost_told[slot] : cost_told[slot] - c;
	if (change * 100 < cost_told[slot] * COST_NEWS)
		return;
	cost_told[slot] = c;
	costs_changed();
}

double
mesh_cost(const struct peer *p)
{
	unsigned slot = peer_slot_of(p);

	return slot < mesh.slots ? cost[slot] : 1.0;
}

void
mesh_input(struct peer *p, const uint8_t *msg, size_t len)
{
	/* Old keys may still carry frames when the link is new to the mesh. */
	if (!p->in_mesh) {
		refuse(REFUSE_MESH_STRANGER);
		return;
	}
	switch (msg[0]) {
	case LINK_MSG_TREE_ANNOUNCE:
		mesh_tree_input(p, msg, len);
		break;
	case LINK_MSG_FILTER_ANNOUNCE:
		mesh_filter_input(p, msg, len);
		break;
	default:
		mesh_lookup_input(p, msg, len);
	}
}

/* -- life ----------------------------------------------------------------------- */

void
mesh_init(void)
{
	mesh.slots = peer_most();
	cost = calloc(mesh.slots, sizeof(*cost));
	cost_told = calloc(mesh.slots, sizeof(*cost_told));
	if (cost == NULL || cost_told == NULL)
		fatal("memory for %u peers", mesh.slots);
	mesh_filter_init();
	mesh_lookup_init();
	mesh_place_init();
	mesh_tree_init();
	way_init();
}

/* The modules are walked through only when one of them has something due. */
uint64_t
mesh_tick(void)
{
	uint64_t next;

	if (cost_news)
		costs_changed();
	if (netd.now_ms >= due_ms) {
		next = mesh_tree_tick();
		next = sooner(next, mesh_filter_tick());
		next = sooner(next, mesh_lookup_tick());
		due_ms = netd.now_ms + next;
	}
	return (cost_news ? sooner(cost_due_ms, due_ms) : due_ms) - netd.now_ms;
}
