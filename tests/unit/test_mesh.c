/*
 * room: netd -- the glue of the mesh: the test plays the link, cryptod and the
 * session layer around the true modules.
 */
#include <stdlib.h>
#include <string.h>

#include "../../netd/carry.h"
#include "../../netd/frame.h"
#include "../../netd/fsp.h"
#include "../../netd/mesh_int.h"
#include "../../netd/names.h"
#include "../../netd/session.h"
#include "../../netd/udp.h"
#include "../../netd/way.h"
#include "suite.h"
#define LOG_TARGET "test"
#include "log.h"
#include "wire.h"

#define PEERS	4

struct netd	netd;

static struct peer	 peers[PEERS];
static uint8_t		 sent[64][1400];
static size_t		 sent_len[64];
static unsigned		 sent_to[64], nsent;
static union msg_any	 asked[64];
static enum msg_type	 asked_type[64];
static unsigned		 nasked, nfound, nlost;
static uint64_t		 tick_by;
static uint16_t		 narrowest = 1280;

/* -- the neighbours ----------------------------------------------------------- */

int
chan_send(struct chan *c, enum msg_type type, const void *m, const int *fds)
{
	static const size_t size[MSG_MAX] = {
#define MSG(NAME, name, FROM, TO, nfd, when, doc) [MSG_##NAME] = sizeof(struct msg_##name),
#include "msg.def"
	};

	(void)c;
	(void)fds;
	memcpy(&asked[nasked % 64], m, size[type]);
	asked_type[nasked++ % 64] = type;
	return 0;
}

int
link_send(struct peer *p, const void *m, size_t len)
{
	memcpy(sent[nsent % 64], m, len);
	sent_len[nsent % 64] = len;
	sent_to[nsent++ % 64] = peer_slot_of(p);
	return 0;
}

uint16_t link_mtu(const struct peer *p) { (void)p; return 1380; }
uint16_t udp_min_mtu(void) { return narrowest; }
uint64_t netd_wall_ms(void) { return 1700000000000 + netd.now_ms; }
uint32_t netd_random_u32(void) { return 77; }
void netd_tick_by(uint64_t at_ms) { tick_by = at_ms; }
void carry_peer(const struct peer *p) { (void)p; }
unsigned peer_most(void) { return PEERS - 1; }
unsigned peer_slot_of(const struct peer *p) { return (unsigned)(p - peers); }

void
netd_random(void *p, size_t n)
{
	static uint8_t v;

	memset(p, ++v, n);
}

uint32_t
netd_req(void)
{
	static uint32_t n;

	return ++n;
}

struct peer *
peer_slot(unsigned i)
{
	return i < PEERS && peers[i].state == PEER_ACTIVE ? &peers[i] : NULL;
}

struct peer *
peer_find(const uint8_t addr[NADDR_LEN])
{
	unsigned i;

	for (i = 0; i < PEERS; i++)
		if (peers[i].state == PEER_ACTIVE &&
		    memcmp(peers[i].addr, addr, NADDR_LEN) == 0)
			return &peers[i];
	return NULL;
}

struct peer *
peer_by_handle(uint32_t handle)
{
	return handle == 0 ? NULL : peer_slot(handle - 1);
}

void session_found(const uint8_t addr[NADDR_LEN]) { (void)addr; nfound++; }
void session_lost(const uint8_t addr[NADDR_LEN]) { (void)addr; nlost++; }

/* -- what the tests say ------------------------------------------------------- */

/* The key of node n is n everywhere; its address follows. */
static void
key_of(unsigned n, uint8_t pub33[33])
{
	memset(pub33, (int)n, 33);
	pub33[0] = 2;
}

static void
addr_of(unsigned n, uint8_t addr[NADDR_LEN])
{
	uint8_t pub33[33];

	key_of(n, pub33);
	names_addr(pub33 + 1, addr);
}

static void
answer_all(int ok)
{
	struct msg_tree_signed	 t = { 0 };
	struct msg_proof_signed	 p = { 0 };
	struct msg_verified	 v = { .ok = (uint8_t)ok };
	unsigned		 i, n = nasked;

	for (i = 0; i < n; i++) {
		t.req = p.req = v.req = asked[i].req;
		if (asked_type[i] == MSG_SIGN_TREE)
			on_tree_signed(NULL, &t, NULL);
		else if (asked_type[i] == MSG_SIGN_PROOF)
			on_proof_signed(NULL, &p, NULL);
		else
			on_verified(NULL, &v, NULL);
	}
	memmove(asked, asked + n, sizeof(asked) - n * sizeof(asked[0]));
	memmove(asked_type, asked_type + n,
	    sizeof(asked_type) - n * sizeof(asked_type[0]));
	nasked -= n;
}

static void
setup(void)
{
	static const uint32_t	wait_s[] = { 1, 2, 4, 8 };
	unsigned		i;
	uint8_t			pub33[33];

	memcpy(netd.conf, conf_default, sizeof(netd.conf));
	netd.now_ms = 1000000;
	netd.conf[CONF_CACHE_COORD_SIZE] = 1000;
	addr_of(100, netd.addr);
	names_init();
	for (i = 1; i < 60; i++) {
		key_of(i, pub33);
		names_learn(pub33);
	}
	for (i = 0; i < 4; i++)
		mesh_conf_attempt(wait_s[i]);
	mesh_init();
	answer_all(1);
}

static void
setup_wide(void)
{
	narrowest = 9000;
	setup();
}

static struct peer *
up(unsigned slot, unsigned n)
{
	struct peer *p = &peers[slot];

	memset(p, 0, sizeof(*p));
	p->state = PEER_ACTIVE;
	p->handle = slot + 1;
	p->cur.session = 5;
	key_of(n, p->pub);
	addr_of(n, p->addr);
	mesh_peer_up(p);
	return p;
}

/* A node among 1..59 whose address is smaller than those of all the others. */
static unsigned
smallest(unsigned from)
{
	uint8_t a[NADDR_LEN], b[NADDR_LEN];
	unsigned n, best = from;

	addr_of(from, b);
	for (n = from + 1; n < 60; n++) {
		addr_of(n, a);
		if (memcmp(a, b, NADDR_LEN) < 0) {
			memcpy(b, a, NADDR_LEN);
			best = n;
		}
	}
	return best;
}

static struct coords
path_of(const unsigned *n, unsigned len)
{
	struct coords c = { .n = (uint16_t)len };
	unsigned i;

	for (i = 0; i < len; i++)
		addr_of(n[i], c.addr[i]);
	return c;
}

/* Peer says it stands there. */
static void
announce(struct peer *p, const struct coords *at, uint64_t seq)
{
	struct tree_ann	a = { .path.at = *at, .decl.seq = seq, .decl.ts = 1 };
	uint8_t		msg[TREE_MSG_MAX];
	ssize_t		n;

	memcpy(a.decl.addr, at->addr[0], NADDR_LEN);
	memcpy(a.decl.parent, at->addr[at->n > 1], NADDR_LEN);
	n = tree_encode(&a, msg, sizeof(msg));
	ck_assert_int_gt(n, 0);
	mesh_input(p, msg, (size_t)n);
}

/* Its filter has these nodes. */
static void
filter(struct peer *p, uint64_t seq, const unsigned *n, unsigned len)
{
	struct bloom_filter	f = { 0 };
	struct bloom_pos	pos;
	uint8_t			addr[NADDR_LEN], msg[BLOOM_MSG_LEN];

	while (len-- > 0) {
		addr_of(n[len], addr);
		bloom_pos(addr, &pos);
		bloom_put(&f, &pos);
	}
	bloom_encode(seq, &f, msg);
	mesh_input(p, msg, sizeof(msg));
}

static unsigned
count_sent(uint8_t type, unsigned slot)
{
	unsigned i, n = 0;

	for (i = 0; i < nsent; i++)
		n += sent[i][0] == type && sent_to[i] == slot;
	return n;
}

START_TEST(a_new_peer_hears_of_our_place_and_our_filter)
{
	up(0, 7);
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, 0), 1);
	ck_assert_uint_eq(tick_by, netd.now_ms);
	mesh_tick();
	ck_assert_uint_eq(count_sent(LINK_MSG_FILTER_ANNOUNCE, 0), 1);
	mesh_peer_up(&peers[0]);		/* again is nothing new */
	mesh_tick();
	ck_assert_uint_eq(nsent, 2);
}
END_TEST

START_TEST(a_peer_without_a_place_in_the_tables_stays_outside)
{
	struct peer *p = up(PEERS - 1, 7);
	uint8_t	     msg[64] = { LINK_MSG_TREE_ANNOUNCE };

	ck_assert(!p->in_mesh);
	mesh_input(p, msg, sizeof(msg));
	ck_assert_uint_eq(netd.refused[REFUSE_MESH_STRANGER], 1);
	mesh_peer_cost(p, 3);
	ck_assert_double_eq(mesh_cost(p), 1.0);
	mesh_peer_down(p);
	ck_assert_uint_eq(nsent, 0);
}
END_TEST

START_TEST(a_place_counts_when_cryptod_has_verified_it_with_the_peers_key)
{
	unsigned      root = smallest(1), n[1] = { root };
	struct coords at = path_of(n, 1);
	struct peer  *p = up(0, root);

	announce(p, &at, 1);
	ck_assert_uint_eq(nasked, 1);
	ck_assert_int_eq(asked_type[0], MSG_VERIFY_TREE);
	ck_assert_mem_eq(asked[0].verify_tree.pub, p->pub, 33);
	ck_assert_ptr_null(tree_peer_at(mesh.tree, 0));
	answer_all(0);
	ck_assert_uint_eq(netd.refused[REFUSE_TREE_SIG], 1);
	ck_assert(tree_is_root(mesh.tree));
	announce(p, &at, 1);
	answer_all(1);
	ck_assert(!tree_is_root(mesh.tree));
	/* Our new place is to be signed, and then told. */
	ck_assert_uint_eq(nasked, 1);
	ck_assert_int_eq(asked_type[0], MSG_SIGN_TREE);
	ck_assert_mem_eq(asked[0].sign_tree.parent, p->addr, NADDR_LEN);
	netd.now_ms += 600;
	answer_all(1);
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, 0), 2);
	ck_assert_mem_eq(way_self()->addr[1], p->addr, NADDR_LEN);
}
END_TEST

/* Below the best of roots, and as deep as any announce may say. */
START_TEST(no_place_of_ours_is_too_deep_for_a_session_handshake)
{
	struct coords		 at = { 0 };
	struct fsp_shake	 ack = { .phase = FSP_ACK, .noise_len = FSP_MSG2 };
	uint8_t			 out[FSP_SHAKE_MAX], noise[FSP_MSG2] = { 0 };
	struct peer		*p;
	unsigned		 i;

	p = up(0, 7);
	for (i = 1; i < TREE_PATH_MAX; i++) {
		memmove(at.addr[2], at.addr[1], (i - 1) * NADDR_LEN);
		memcpy(at.addr[0], p->addr, NADDR_LEN);
		memset(at.addr[1], i == 1 ? 0 : 0xff, NADDR_LEN);
		at.addr[1][1] = (uint8_t)i;
		at.n = (uint16_t)(i + 1);
		announce(p, &at, i);
		netd.now_ms += 500;
		answer_all(1);
		answer_all(1);
		ack.noise = noise;
		ack.src = ack.dst = (struct fsp_coords){ way_self()->n,
		    way_self()->addr[0] };
		ck_assert_int_gt(fsp_shake_encode(&ack, out, sizeof(out)), 0);
		ck_assert(i + 2 > FSP_COORDS_MAX || way_self()->n == i + 2);
	}
}
END_TEST

START_TEST(what_cannot_be_is_counted_and_asks_nothing)
{
	struct peer *p = up(0, 7);
	uint8_t	     msg[1100] = { 0 };
	uint64_t     bad = netd.refused[REFUSE_MESH_MALFORMED];
	size_t	     len;

	for (len = 1; len < sizeof(msg); len += 7) {
		msg[0] = LINK_MSG_TREE_ANNOUNCE;
		mesh_input(p, msg, len);
		msg[0] = LINK_MSG_FILTER_ANNOUNCE;
		mesh_input(p, msg, len == BLOOM_MSG_LEN ? 1 : len);
		msg[0] = LINK_MSG_LOOKUP_REQUEST;
		mesh_input(p, msg, len);
		msg[0] = LINK_MSG_LOOKUP_RESPONSE;
		mesh_input(p, msg, len);
	}
	ck_assert_uint_gt(netd.refused[REFUSE_MESH_MALFORMED], bad + 600);
	ck_assert_uint_gt(p->recv_bad, 600);
	ck_assert_uint_eq(nasked, 0);
}
END_TEST

/* Peer 0 is the root, node far is below it. */
static struct peer *
under_a_root(unsigned *root)
{
	unsigned      n[1];
	struct coords at;
	struct peer  *p;

	n[0] = *root = smallest(1);
	at = path_of(n, 1);
	p = up(0, *root);
	announce(p, &at, 1);
	answer_all(1);
	answer_all(1);
	return p;
}

/* The answer to our newest question. */
static void
respond(struct peer *p, unsigned far, const struct coords *at, uint16_t mtu)
{
	struct lookup_request	q;
	struct lookup_response	a = { .path_mtu = mtu, .path = *at };
	uint8_t			msg[LOOKUP_RESPONSE_MAX];
	ssize_t			n;
	unsigned		i = nsent - 1;

	ck_assert_uint_eq(sent[i][0], LINK_MSG_LOOKUP_REQUEST);
	ck_assert_int_eq(lookup_request_decode(sent[i], sent_len[i], &q), 0);
	a.id = q.id;
	addr_of(far, a.target);
	n = lookup_response_encode(&a, msg, sizeof(msg));
	mesh_input(p, msg, (size_t)n);
}

START_TEST(a_node_that_is_looked_for_is_found_by_its_signature)
{
	unsigned      root, far = 59, n[2];
	struct peer  *p = under_a_root(&root);
	struct coords at;
	uint8_t	      addr[NADDR_LEN];
	uint64_t      computed;
	enum nexthop_why why;

	if (far == root)
		far--;
	n[0] = far, n[1] = root;
	at = path_of(n, 2);
	addr_of(far, addr);
	filter(p, 1, &far, 1);
	ck_assert_ptr_null(way_next(addr));
	way_seek(addr);
	way_seek(addr);			/* open already */
	ck_assert_uint_eq(mesh_stats.lookup_again, 1);
	respond(p, far, &at, 1300);
	ck_assert_int_eq(asked_type[0], MSG_VERIFY_PROOF);
	answer_all(1);
	ck_assert_uint_eq(nfound, 1);
	ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_ptr_eq(way_transit(p, addr, &why), p);
	ck_assert_int_eq(why, NEXTHOP_FILTER);
	ck_assert_uint_eq(way_path_mtu(addr), 1300);
	/* The next hop is remembered until something changes. */
	computed = route_stats(mesh.route)->computed;
	way_next(addr);
	ck_assert_uint_eq(route_stats(mesh.route)->computed, computed);
	mesh_peer_cost(p, 1.05);		/* not enough to think again */
	way_next(addr);
	ck_assert_uint_eq(route_stats(mesh.route)->computed, computed);
	mesh_peer_cost(p, 9);
	way_next(addr);
	ck_assert_uint_eq(route_stats(mesh.route)->computed, computed + 1);
	mesh_peer_down(p);
	ck_assert_ptr_null(way_next(addr));
	way_forget(addr);
	ck_assert_ptr_null(way_transit(p, addr, &why));
	ck_assert_int_eq(why, NEXTHOP_NO_COORDS);
}
END_TEST

/* However many reports a peer makes up, what was computed is used meanwhile. */
START_TEST(costs_that_sway_are_thought_about_once_a_second)
{
	struct peer *p = up(0, 7);
	uint32_t began;
	unsigned i;

	mesh_tick();
	began = mesh_generation();
	for (i = 0; i < 900; i++) {
		mesh_peer_cost(p, i % 2 ? 1 : 9);
		netd.now_ms += 2;
		mesh_tick();
	}
	ck_assert_uint_eq(mesh_generation(), began + 2);
	/* The last word counts, though nothing follows it. */
	ck_assert_uint_le(mesh_tick(), 1000);
	netd.now_ms = tick_by;
	mesh_tick();
	ck_assert_uint_eq(mesh_generation(), began + 3);
	netd.now_ms += 5000;
	mesh_tick();
	ck_assert_uint_eq(mesh_generation(), began + 3);
}
END_TEST

START_TEST(ways_lead_round_a_mute_peer_and_back_through_it)
{
	unsigned      root, n[2];
	struct peer  *p = under_a_root(&root), *q = up(1, 55);
	struct coords at, far;
	uint8_t	      addr[NADDR_LEN];
	enum nexthop_why why;
	uint16_t      slot[4];

	n[0] = 55, n[1] = root;
	at = path_of(n, 2);
	announce(q, &at, 1);
	answer_all(1);
	n[0] = 54;
	far = path_of(n, 2);
	addr_of(54, addr);
	filter(p, 1, n, 1);
	mesh_hearsay(q, addr, far.n, far.addr[0]);
	ck_assert_ptr_eq(way_transit(q, addr, &why), p);
	ck_assert_uint_eq(mesh_filter_reach(addr, 1, UINT16_MAX, slot, 4), 1);
	p->mute = 1;
	mesh_peer_mute(p);
	answer_all(1);
	ck_assert_ptr_eq(mesh_peer(tree_parent(mesh.tree)), q);
	mesh_hearsay(q, addr, far.n, far.addr[0]);
	ck_assert_ptr_eq(way_transit(q, addr, &why), q);
	ck_assert_uint_eq(mesh_filter_reach(addr, 0, UINT16_MAX, slot, 4), 0);
	/* Nor is it handed what is for itself: it may stand elsewhere by now. */
	ck_assert_ptr_ne(way_next(p->addr), p);
	netd.now_ms += 30000;
	mesh_tick();
	netd.now_ms += 1000;
	nsent = 0;
	p->mute = 0;
	mesh_peer_mute(p);
	mesh_tick();
	ck_assert_ptr_eq(way_next(p->addr), p);
	ck_assert_uint_eq(count_sent(LINK_MSG_TREE_ANNOUNCE, 0), 1);
	ck_assert_uint_eq(count_sent(LINK_MSG_FILTER_ANNOUNCE, 0), 1);
}
END_TEST

START_TEST(a_crowd_behind_one_peer_may_look_for_one_node)
{
	struct lookup_request q = { .ttl = 10 };
	struct peer	     *from;
	uint8_t		      msg[LOOKUP_REQUEST_MAX];
	unsigned	      root, far = 54, i, n = 53;
	ssize_t		      len;

	filter(under_a_root(&root), 1, &far, 1);
	from = up(1, 55);
	addr_of(far, q.target);
	q.path = path_of(&n, 1);
	addr_of(n, q.origin);
	/* Twenty nodes that lost their way ask a dozen times each. */
	for (i = 0; i < 2400; i++) {
		q.id = i + 1;
		len = lookup_request_encode(&q, msg, sizeof(msg));
		nsent = 0;
		mesh_input(from, msg, (size_t)len);
		ck_assert(i >= 240 || nsent == 1);
	}
	/* Who goes on and on does not. */
	ck_assert_uint_eq(nsent, 0);
}
END_TEST

START_TEST(a_node_that_nobody_knows_is_given_up)
{
	unsigned root, far = 58;
	uint8_t	 addr[NADDR_LEN], stranger[NADDR_LEN] = { 1, 2, 3 };

	under_a_root(&root);
	addr_of(far, addr);
	way_seek(stranger);			/* without a key: not at all */
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->started, 0);
	way_seek(addr);
	ck_assert_uint_eq(mesh_stats.lookup_no_filter, 1);
	for (; nlost == 0 && netd.now_ms < 1030000; netd.now_ms += 100)
		mesh_tick();
	ck_assert_uint_eq(nlost, 1);
	ck_assert_uint_ge(netd.now_ms, 1015000);
	ck_assert_uint_eq(nfound, 0);
}
END_TEST

START_TEST(hearsay_leads_what_passes_and_a_contradiction_is_asked_about)
{
	unsigned      root, far = 57, mid = 56, n[3];
	struct peer  *p = under_a_root(&root), *q = up(1, 55);
	struct coords at, lie;
	uint8_t	      addr[NADDR_LEN];
	enum nexthop_why why;
	struct coords got;

	n[0] = 55, n[1] = root;
	at = path_of(n, 2);
	announce(q, &at, 1);
	answer_all(1);
	n[0] = far, n[1] = 55, n[2] = root;
	lie = path_of(n, 3);
	n[0] = far, n[1] = mid, n[2] = root;
	at = path_of(n, 3);
	addr_of(far, addr);
	filter(q, 1, &far, 1);
	/* Of a node that was never proven, passing datagrams may tell. */
	mesh_hearsay(q, addr, lie.n, lie.addr[0]);
	ck_assert_ptr_eq(way_transit(q, addr, &why), q);
	ck_assert_ptr_eq(way_next(addr), q);
	/* A proof ends that, and what is said later does not lead us. */
	filter(p, 1, &far, 1);
	way_seek(addr);
	respond(p, far, &at, 1300);
	answer_all(1);
	ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_ptr_eq(way_transit(q, addr, &why), p);
	mesh_hearsay(q, addr, lie.n, lie.addr[0]);
	ck_assert_ptr_eq(way_next(addr), p);
	ck_assert_ptr_eq(way_transit(q, addr, &why), q);
	ck_assert_ptr_eq(way_transit(p, addr, &why), p);
	ck_assert_int_eq(way_place(addr, &got), 0);
	ck_assert(coords_equal(&got, &at));
	ck_assert_int_eq(way_said(q, addr, &got), 0);
	ck_assert(coords_equal(&got, &lie));
	/* We asked the node itself. */
	ck_assert_uint_eq(lookup_stats(mesh.lookup)->started, 2);
	respond(p, far, &at, 1300);
	answer_all(1);
	ck_assert_ptr_eq(way_transit(q, addr, &why), p);
}
END_TEST

START_TEST(hearsay_that_cannot_be_is_refused)
{
	unsigned      n[2] = { 50, 51 };
	struct peer  *p = up(0, 7);
	struct coords at = path_of(n, 2);
	uint8_t	      addr[NADDR_LEN];

	mesh_hearsay(p, at.addr[1], at.n, at.addr[0]);	/* another's path */
	mesh_hearsay(p, at.addr[0], 0, at.addr[0]);
	mesh_hearsay(p, at.addr[0], 65, at.addr[0]);
	mesh_hearsay(p, netd.addr, 1, netd.addr);
	ck_assert_uint_eq(mesh_stats.hearsay, 0);
	memcpy(addr, at.addr[0], NADDR_LEN);
	memcpy(at.addr[1], at.addr[0], NADDR_LEN);	/* twice the same */
	mesh_hearsay(p, addr, at.n, at.addr[0]);
	ck_assert_uint_eq(netd.refused[REFUSE_COORDS], 1);
	ck_assert_uint_eq(coords_count(mesh.cache, COORDS_HEARSAY), 0);
}
END_TEST

START_TEST(nothing_due_wants_no_timer)
{
	uint64_t next;
	unsigned i;

	up(0, 7);
	for (i = 0; i < 200; i++) {
		next = mesh_tick();
		ck_assert_uint_gt(next, 0);
		netd.now_ms += next;
	}
	/* Repetitions of tree and filter, a minute apart and more, are all. */
	ck_assert_uint_gt(netd.now_ms, 1000000 + 180 * 30000);
}
END_TEST

START_TEST(cryptod_that_will_not_sign_is_asked_again)
{
	unsigned root = smallest(1), n[1] = { root };
	struct coords at = path_of(n, 1);
	struct peer *p = up(0, root);

	announce(p, &at, 1);
	answer_all(1);
	ck_assert_int_eq(asked_type[0], MSG_SIGN_TREE);
	ck_assert_int_eq(mesh_no(asked[0].req + 1, REFUSE_SIGN_SEQ), 0);
	ck_assert_int_eq(mesh_no(asked[0].req, REFUSE_SIGN_SEQ), 1);
	ck_assert_uint_eq(mesh_stats.tree_sign_failed, 1);
	ck_assert(!tree_is_signed(mesh.tree));
	nasked = 0;
	mesh_tick();
	ck_assert_uint_eq(nasked, 1);
}
END_TEST

void
tests(TCase *t)
{
	log_set_level(LVL_OFF);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_new_peer_hears_of_our_place_and_our_filter);
	tcase_add_test(t, a_peer_without_a_place_in_the_tables_stays_outside);
	tcase_add_test(t, a_place_counts_when_cryptod_has_verified_it_with_the_peers_key);
	tcase_add_test(t, what_cannot_be_is_counted_and_asks_nothing);
	tcase_add_test(t, a_node_that_is_looked_for_is_found_by_its_signature);
	tcase_add_test(t, a_node_that_nobody_knows_is_given_up);
	tcase_add_test(t, hearsay_leads_what_passes_and_a_contradiction_is_asked_about);
	tcase_add_test(t, hearsay_that_cannot_be_is_refused);
	tcase_add_test(t, costs_that_sway_are_thought_about_once_a_second);
	tcase_add_test(t, ways_lead_round_a_mute_peer_and_back_through_it);
	tcase_add_test(t, a_crowd_behind_one_peer_may_look_for_one_node);
	tcase_add_test(t, nothing_due_wants_no_timer);
	tcase_add_test(t, cryptod_that_will_not_sign_is_asked_again);
	t = suite_case(setup_wide);
	tcase_add_test(t, no_place_of_ours_is_too_deep_for_a_session_handshake);
}
