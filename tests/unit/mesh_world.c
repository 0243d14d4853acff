/* mesh_world.c -- the glue of the mesh with its neighbours faked. */
#include "../../netd/carry.h"
#include "../../netd/frame.h"
#include "../../netd/udp.h"
#include "mesh_world.h"

struct netd	netd;

struct peer		 peers[PEERS];
static uint8_t		 sent[64][1400];
static size_t		 sent_len[64];
static unsigned		 sent_to[64];
unsigned		 nsent;
union msg_any		 asked[64];
enum msg_type		 asked_type[64];
unsigned		 nasked, nfound, nlost;
uint64_t		 tick_by;
uint16_t		 narrowest = 1280;

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
struct session *session_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }

/* -- what the tests say ------------------------------------------------------- */

/* The key of node n is n everywhere; its address follows. */
static void
key_of(unsigned n, uint8_t pub33[33])
{
	memset(pub33, (int)n, 33);
	pub33[0] = 2;
}

void
addr_of(unsigned n, uint8_t addr[NADDR_LEN])
{
	uint8_t pub33[33];

	key_of(n, pub33);
	names_addr(pub33 + 1, addr);
}

void
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

void
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

struct peer *
up(unsigned slot, unsigned n)
{
	struct peer *p = &peers[slot];

	memset(p, 0, sizeof(*p));
	p->state = PEER_ACTIVE;
	p->handle = slot + 1;
	p->cur.session = 5;
	p->cur.proven = 1;
	key_of(n, p->pub);
	addr_of(n, p->addr);
	mesh_peer_up(p);
	return p;
}

unsigned
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

struct coords
path_of(const unsigned *n, unsigned len)
{
	struct coords c = { .n = (uint16_t)len };
	unsigned i;

	for (i = 0; i < len; i++)
		addr_of(n[i], c.addr[i]);
	return c;
}

void
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

void
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

unsigned
count_sent(uint8_t type, unsigned slot)
{
	unsigned i, n = 0;

	for (i = 0; i < nsent; i++)
		n += sent[i][0] == type && sent_to[i] == slot;
	return n;
}

struct peer *
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

void
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
