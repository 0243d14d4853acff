/* room: netd */
/*
 * test_link.c -- who gets in, token buckets, the memory for message 1s, and
 * the whole link between a fake wire, a fake ring and a fake cryptod.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../netd/link_int.h"
#include "mesh.h"
#include "names.h"
#include "resolve.h"
#include "session.h"
#include "suite.h"
#include "udp.h"
#include "wire.h"

/* -- the neighbours ----------------------------------------------------------- */

struct netd		netd;
static uint32_t		reqs, randoms;
static struct udp	sock = { .family = 4, .mtu = 1280, .accept = 1 };
static struct chan	cryptod;
static uint8_t		sent[64][1300];
static size_t		sent_len[64];
static struct endpoint	sent_to[64];
static unsigned		nsent, ups, downs, datagrams, early;
static struct work	works[64];
static uint8_t		slots[64][4096];
static unsigned		nwork;
static struct work	*lent[64];
static pipe_fn		lent_done[64];
static unsigned		nlent, sealed;
static uint64_t		tick_by;
static unsigned		spare = 64;

uint64_t netd_clock(void) { return netd.now_ms; }
uint64_t netd_wall_ms(void) { return 1; }
void netd_tick_by(uint64_t at_ms) { tick_by = at_ms; }
void session_sealed(const struct work *w) { (void)w; sealed++; }
uint32_t netd_req(void) { return ++reqs; }
uint32_t netd_random_u32(void) { return randoms += 8192; }	/* all collide */

void
netd_random(void *p, size_t n)
{
	memset(p, 7, n);
}

struct work *
pipe_get(void)
{
	struct work *w = &works[nwork % 64];

	memset(w, 0, sizeof(*w));
	w->buf = slots[nwork++ % 64];
	w->off = PIPE_HEAD;
	return w;
}

void pipe_put(struct work *w) { (void)w; }
unsigned pipe_free(void) { return spare; }
unsigned pipe_slots(void) { return 64; }
void pipe_keep(struct work *w) { (void)w; }
size_t pipe_room(const struct work *w) { return sizeof(slots[0]) - w->off - 32; }

int
pipe_push(struct work *w, enum ring_op op, pipe_fn done)
{
	w->op = (uint8_t)op;
	lent[nlent % 64] = w;
	lent_done[nlent++ % 64] = done;
	return 0;
}

int
udp_send(const struct endpoint *ep, const void *p, size_t n)
{
	sent_to[nsent % 64] = *ep;
	sent_len[nsent % 64] = n;
	memcpy(sent[nsent++ % 64], p, n);
	return 0;
}

int
udp_send_work(struct work *w)
{
	return udp_send(&w->ep, w->buf + w->off, w->len);
}

struct udp *udp_get(unsigned i) { return i == 0 ? &sock : NULL; }
int udp_for_family(int family) { return family == 4 ? 0 : -1; }

/* What the kernel was told last. */
static uint32_t	told[UDP_SHUT_MAX];
static unsigned	ntold, tells;

void
udp_shut(const uint32_t *index, unsigned n)
{
	ck_assert_uint_le(n, UDP_SHUT_MAX);
	memcpy(told, index, n * sizeof(told[0]));
	ntold = n;
	tells++;
}

unsigned udp_shut_stands_for(unsigned transport) { return transport == 0 ? UDP_SAMPLE : 1; }

void
session_input(struct peer *p, struct work *w, int ce)
{
	(void)p;
	(void)w;
	(void)ce;
	datagrams++;
}

void session_early(struct work *w, int may) { (void)w; early += may != 0; }

void
session_link_changed(struct peer *p, int up)
{
	(void)p;
	if (up)
		ups++;
	else
		downs++;
}

/* The mesh: who is in it, and the last thing that was told to it. */
static uint8_t	mesh_type;
static size_t	mesh_len;
static double	mesh_cost_told;

void mesh_peer_up(struct peer *p) { p->in_mesh = 1; }
void mesh_peer_down(struct peer *p) { p->in_mesh = 0; }
static unsigned	mutes, voices;
void mesh_peer_mute(struct peer *p) { *(p->mute ? &mutes : &voices) += 1; }

void
mesh_peer_cost(struct peer *p, double cost)
{
	(void)p;
	mesh_cost_told = cost;
}

void
mesh_input(struct peer *p, const uint8_t *msg, size_t len)
{
	(void)p;
	mesh_type = msg[0];
	mesh_len = len;
}

void
names_addr(const uint8_t pub[32], uint8_t addr[NADDR_LEN])
{
	memcpy(addr, pub, NADDR_LEN);
}

static unsigned names_learnt;
void names_learn(const uint8_t pub33[33]) { (void)pub33; names_learnt++; }

void
names_display(const uint8_t addr[NADDR_LEN], char out[64])
{
	hex_encode(addr, 4, out);
}

int
resolve(const char *host, struct endpoint *ep, unsigned max, resolve_fn f, void *arg)
{
	(void)max;
	(void)f;
	(void)arg;
	memset(ep, 0, sizeof(*ep));
	ep->family = 4;
	ep->ip[0] = 10;
	ep->ip[3] = (uint8_t)atoi(host);
	return 1;
}

/* -- what the tests say ------------------------------------------------------- */

static const struct endpoint home = { .family = 4, .port = 2121, .ip = { 10, 0, 0, 1 } };
static const struct endpoint away = { .family = 4, .port = 999, .ip = { 10, 9, 9, 9 } };

/* Node n: key 02 n n n ...; ours is 0x50, so 0x20 is smaller and 0x80 larger. */
static const uint8_t *
pub_of(uint8_t n)
{
	static uint8_t pub[33];

	memset(pub, n, sizeof(pub));
	pub[0] = 2;
	return pub;
}

static const uint8_t *
addr_of(uint8_t n)
{
	return pub_of(n) + 1;
}

static void
set_up(void)
{
	static int	once;
	int		sv[2];

	ck_assert_int_eq(once++, 0);	/* each test has its own process */
	ck_assert_int_eq(sodium_init(), 0);
	memcpy(netd.conf, conf_default, sizeof(netd.conf));
	netd.now_ms = netd.start_ms = 1000000;
	memcpy(netd.pub, pub_of(0x50), 33);
	memcpy(netd.addr, addr_of(0x50), NADDR_LEN);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, sv), 0);
	chan_init(&netd.cryptod, sv[0], PROC_NETD, PROC_CRYPTOD);
	chan_init(&cryptod, sv[1], PROC_CRYPTOD, PROC_NETD);
	netd.cryptod.phase = cryptod.phase = RUN;
	link_init();
}

/* The next message at cryptod's door; MSG_NONE when there is none. */
static enum msg_type
heard(union msg_any *m)
{
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	return chan_recv(&cryptod, &type, m, fds) == CHAN_MSG ? type : MSG_NONE;
}

static void
expect(enum msg_type want, union msg_any *m)
{
	ck_assert_str_eq(msg_row[heard(m)].name ? msg_row[want].name : "none",
	    msg_row[want].name);
}

static int
is_quiet(void)
{
	union msg_any m;

	return heard(&m) == MSG_NONE;
}

static void
wire_in(const struct endpoint *from, const uint8_t *p, size_t n)
{
	struct work *w = pipe_get();

	w->ep = *from;
	memcpy(w->buf + w->off, p, n);
	w->len = (uint32_t)n;
	link_input(w);
}

/* Message 1 number e from node index `sender`. */
static void
msg1_in(const struct endpoint *from, uint8_t e, uint32_t sender)
{
	uint8_t noise[FRAME_NOISE1_LEN], frame[FRAME_MSG1_LEN];

	memset(noise, e, sizeof(noise));
	frame_msg1(frame, sender, noise);
	wire_in(from, frame, sizeof(frame));
}

static void
who(uint32_t req, uint8_t node, uint8_t epoch)
{
	struct msg_ik_who m = { .req = req, .hs = 77 };

	memcpy(m.pub, pub_of(node), sizeof(m.pub));
	memset(m.epoch, epoch, sizeof(m.epoch));
	on_ik_who(&netd.cryptod, &m, NULL);
}

/* A whole inbound handshake; 1 if it was let in with keys `session`. */
static int
inbound(const struct endpoint *from, uint8_t e, uint8_t node, uint8_t epoch,
    uint32_t session)
{
	struct msg_ik_msg2	out = { .session = session };
	union msg_any		m;
	enum msg_type		t;

	msg1_in(from, e, 0x1000u + e);
	t = heard(&m);
	if (t == MSG_NONE)
		return 0;
	ck_assert_int_eq(t, MSG_IK_READ1);
	who(m.req, node, epoch);
	do
		t = heard(&m);
	while (t == MSG_HS_DROP && m.hs_drop.hs != 77);
	if (t != MSG_IK_ANSWER)
		return 0;
	out.req = m.req;
	on_ik_msg2(&netd.cryptod, &out, NULL);
	return 1;
}

/* cryptod opens a frame that came for `index`: why says how that went. */
static void
frame_in(const struct endpoint *from, uint32_t index, uint64_t counter,
    uint8_t flags, const uint8_t *msg, size_t n, enum refusal why)
{
	uint8_t		 frame[256] = { 0 };
	unsigned	 before = nlent;
	struct work	*w;

	frame_data(frame, flags, (uint16_t)(4 + n), index, counter);
	memcpy(frame + FRAME_BODY_OFF, msg, n);
	wire_in(from, frame, FRAME_OVERHEAD + n);
	if (nlent == before)
		return;
	w = lent[(nlent - 1) % 64];
	w->len -= FRAME_TAG_LEN;
	w->why = why;
	lent_done[(nlent - 1) % 64](w);
}

static void
beat_in(const struct endpoint *from, uint32_t index, uint64_t counter)
{
	static const uint8_t beat = LINK_MSG_HEARTBEAT;

	frame_in(from, index, counter, 0, &beat, 1, REFUSE_NONE);
}

/* A peer whose link stands. */
static struct peer *
peer_up(uint8_t node, uint8_t e, uint32_t session)
{
	struct peer *p;

	ck_assert(inbound(&home, e, node, 1, session));
	p = peer_find(addr_of(node));
	ck_assert_ptr_nonnull(p);
	beat_in(&home, p->cur.our_index, 0);
	ck_assert(p->cur.proven);
	return p;
}

static void
later(uint64_t ms)
{
	uint64_t end = netd.now_ms + ms;

	while (netd.now_ms < end) {
		netd.now_ms += 100;
		link_tick();
	}
}

/* As later(), with the peer talking. */
static void
later_alive(struct peer *p, uint64_t ms)
{
	uint64_t n;

	for (n = 0; n < ms; n += 1000) {
		later(1000);
		p->seen_ms = netd.now_ms;
	}
}

/* -- decisions ---------------------------------------------------------------- */

static struct link_facts
facts(unsigned bits)
{
	return (struct link_facts){
		.is_self = bits & 1, .permitted = bits >> 1 & 1,
		.accept = bits >> 2 & 1, .dialling = bits >> 3 & 1,
		.known = bits >> 4 & 1, .same_epoch = bits >> 5 & 1,
		.proven = bits >> 6 & 1, .busy = bits >> 7 & 1,
		.held = bits >> 8 & 1, .smaller = bits >> 9 & 1,
		.full = bits >> 10 & 1,
		.age_ms = bits >> 11 & 1 ? LINK_CROSS_MS : LINK_CROSS_MS - 1,
		.held_ms = bits >> 12 & 1 ? LINK_HELD_MS : LINK_HELD_MS - 1,
		.mute = bits >> 13 & 1
	};
}

START_TEST(every_inbound_decision_obeys_the_rules)
{
	struct link_facts	f;
	enum refusal		why;
	enum link_act		a;
	unsigned		bits;

	for (bits = 0; bits < 1u << 14; bits++) {
		f = facts(bits);
		a = decide_inbound(&f, &why);
		ck_assert_int_eq(a == ACT_REFUSE, why != REFUSE_NONE);
		if (a == ACT_REFUSE)
			continue;
		ck_assert(!f.is_self && f.permitted);
		ck_assert(f.accept || f.known || f.dialling);
		ck_assert_int_eq(a == ACT_NEW, !f.known);
		ck_assert(a != ACT_NEW || !f.full);
		ck_assert(a != ACT_REKEY || (f.same_epoch && f.proven &&
		    f.age_ms >= LINK_CROSS_MS && !(f.busy && f.smaller && !f.mute)));
		ck_assert(a == ACT_NEW || !f.held || f.held_ms >= LINK_HELD_MS);
	}
}
END_TEST

START_TEST(a_refusal_names_the_first_reason)
{
	struct link_facts	f = { .is_self = 1 };
	enum refusal		why;

	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_SELF);
	f.is_self = 0;
	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_NOT_ACCEPTED);
	f.accept = 1;
	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_ACL);
	f.permitted = f.full = 1;
	decide_inbound(&f, &why);
	ck_assert_int_eq(why, REFUSE_LINK_PEERS_FULL);
}
END_TEST

START_TEST(of_two_crossed_handshakes_both_sides_keep_the_same)
{
	struct link_facts small = { .known = 1, .same_epoch = 1, .proven = 1, .smaller = 1 };
	struct link_facts large = { .known = 1, .same_epoch = 1, .proven = 1 };
	struct link_facts none = { 0 };

	ck_assert_int_eq(decide_outbound(&small), WIN_SWAP);
	ck_assert_int_eq(decide_outbound(&large), WIN_KEEP);
	large.proven = 0;
	ck_assert_int_eq(decide_outbound(&large), WIN_SWAP_HOLD);
	large.same_epoch = 0;
	ck_assert_int_eq(decide_outbound(&large), WIN_SWAP);
	ck_assert_int_eq(decide_outbound(&none), WIN_NEW);
}
END_TEST

/* -- buckets ------------------------------------------------------------------ */

START_TEST(a_peer_is_mute_only_when_it_owes_us_answers)
{
	struct mute_facts f = { .reports = 1, .beat_ms = 10000, .etx = 1 };

	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	f.waited_ms = 1999;			/* one answer takes up to 2 s */
	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	f.waited_ms = 2000;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.asked = LINK_QUESTIONS;
	f.waited_ms = 4999;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.waited_ms = 5000;
	ck_assert_int_eq(decide_mute(&f), MUTE_YES);
	/* Our own process may have slept. */
	f.asked = LINK_QUESTIONS - 1;
	f.waited_ms = 60000;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	/* A bad link, a long one. */
	f.asked = LINK_QUESTIONS;
	f.etx = 2, f.waited_ms = 9999;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.etx = 100, f.waited_ms = 20000;
	ck_assert_int_eq(decide_mute(&f), MUTE_YES);
	f.etx = 1, f.srtt_ms = 2000, f.waited_ms = 10999;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
	f.waited_ms = 11000;
	ck_assert_int_eq(decide_mute(&f), MUTE_YES);
	/* Who sends no reports owes nothing. */
	f.reports = 0;
	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	/* Idle: one heartbeat missed is a reason to ask. */
	f = (struct mute_facts){ .reports = 1, .beat_ms = 10000, .etx = 1,
	    .silent_ms = 11999 };
	ck_assert_int_eq(decide_mute(&f), MUTE_NO);
	f.silent_ms = 12000;
	ck_assert_int_eq(decide_mute(&f), MUTE_ASK);
}
END_TEST

START_TEST(a_bucket_gives_its_burst_and_then_its_rate)
{
	struct rate	r = { .burst = 5, .per_s = 2500 };
	struct bucket	b;
	unsigned	i, n = 0;

	bucket_fill(&b, &r, 1000);
	for (i = 0; i < 10; i++)
		n += (unsigned)bucket_take(&b, &r, 1000);
	ck_assert_uint_eq(n, 5);
	for (n = 0, i = 1; i <= 4000; i++)
		n += (unsigned)bucket_take(&b, &r, 1000 + i);
	ck_assert_uint_eq(n, 10);
	for (n = 0, i = 0; i < 10; i++)
		n += (unsigned)bucket_take(&b, &r, 100000000);
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(one_source_cannot_take_what_strangers_share)
{
	struct rate		r = { .burst = 100, .per_s = 1000 };
	static const uint8_t	seed[16];
	unsigned		i, n = 0;

	ck_assert_int_eq(sodium_init(), 0);
	rate_init(&r, seed, 1000);
	for (i = 0; i < 1000; i++)
		n += (unsigned)rate_stranger(&home, 1000);
	ck_assert_uint_eq(n, 25);
	ck_assert(rate_stranger(&away, 1000));
}
END_TEST

/* -- memory for message 1s ------------------------------------------------------ */

START_TEST(the_last_ephemerals_are_known_and_the_oldest_make_room)
{
	static const uint8_t	seed[16];
	uint8_t			e[FRAME_EPHEMERAL_LEN] = { 0 };
	unsigned		i;

	ck_assert_int_eq(sodium_init(), 0);
	seen_init(seed);
	for (i = 0; i < 3 * SEEN_MAX; i++) {
		put_le32(e, i);
		ck_assert_ptr_null(seen_find(e));
		seen_add(e, &home, i);
		ck_assert_ptr_nonnull(seen_find(e));
	}
	for (i = 0; i < 3 * SEEN_MAX; i++) {
		put_le32(e, i);
		ck_assert_int_eq(seen_find(e) != NULL, i >= 2 * SEEN_MAX);
	}
}
END_TEST

/* -- the link ------------------------------------------------------------------- */

START_TEST(a_stranger_is_answered_and_becomes_a_peer)
{
	struct peer	*p;
	struct frame	 f;

	set_up();
	p = peer_up(0x20, 1, 501);
	ck_assert_uint_eq(peer_count(), 1);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_int_eq(frame_decode(sent[0], sent_len[0], &f), REFUSE_NONE);
	ck_assert_int_eq(f.phase, FRAME_MSG2);
	ck_assert_uint_eq(f.receiver, 0x1001);
	ck_assert_uint_eq(f.sender, p->cur.our_index);
	ck_assert_uint_eq(ups, 2);
}
END_TEST

START_TEST(a_lost_message_2_is_sent_again_without_a_key_operation)
{
	set_up();
	peer_up(0x20, 1, 501);
	msg1_in(&home, 1, 0x1001);
	ck_assert(is_quiet());
	ck_assert_uint_eq(nsent, 2);
	ck_assert_mem_eq(sent[0], sent[1], FRAME_MSG2_LEN);
}
END_TEST

START_TEST(a_replayed_message_1_from_elsewhere_does_nothing)
{
	struct link_keys before;
	struct peer	*p;

	set_up();
	p = peer_up(0x20, 1, 501);
	before = p->cur;
	later_alive(p, 31000);
	msg1_in(&away, 1, 0x1001);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_REPLAYED_MSG1], 1);
	ck_assert_uint_eq(p->cur.session, before.session);
	ck_assert_uint_eq(p->pend.session, 0);
}
END_TEST

START_TEST(a_forgotten_replay_of_this_run_cannot_cut_over)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	ck_assert(inbound(&away, 2, 0x20, 1, 502));
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->pend.session, 502);
	later_alive(p, 31000);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->pend.session, 0);
	ck_assert_mem_eq(&p->ep, &home, sizeof(home));
}
END_TEST

START_TEST(a_replay_of_a_former_run_cannot_tear_down)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 10000);
	ck_assert(inbound(&away, 2, 0x20, 9, 502));
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->epoch[0], 1);
	ck_assert_uint_eq(downs, 0);
	later_alive(p, 31000);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->pend.session, 0);
}
END_TEST

START_TEST(a_restarted_peer_takes_over_with_its_first_frame)
{
	struct peer	*p;
	uint32_t	 old;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 10000);
	ck_assert(inbound(&away, 2, 0x20, 9, 502));
	old = p->cur.our_index;
	beat_in(&away, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
	/* A goodbye of the former run that comes late is not for this one. */
	frame_in(&home, old, 9, 0, (const uint8_t[]){ LINK_MSG_DISCONNECT, 0 }, 2,
	    REFUSE_NONE);
	ck_assert_uint_eq(peer_count(), 1);
	ck_assert_uint_eq(p->epoch[0], 9);
	ck_assert_uint_eq(downs, 1);
	ck_assert_uint_eq(ups, 3);
	ck_assert_mem_eq(&p->ep, &away, sizeof(away));
}
END_TEST

/* Log lines from listen_in() to listen_end() go to text, and nowhere else. */
static int	 log_kept;
static FILE	*log_file;

static void
listen_in(void)
{
	ck_assert_ptr_nonnull(log_file = tmpfile());
	log_kept = dup(STDERR_FILENO);
	dup2(fileno(log_file), STDERR_FILENO);
}

static void
listen_end(char text[4096])
{
	size_t n;

	dup2(log_kept, STDERR_FILENO);
	close(log_kept);
	rewind(log_file);
	n = fread(text, 1, 4095, log_file);
	ck_assert_uint_gt(n, 0);
	text[n] = '\0';
	fclose(log_file);
}

/* What the log says while the peer's other twin comes back. */
static int
log_names_twins(struct peer *p, unsigned epoch, uint32_t session)
{
	char	text[4096];
	union msg_any m;

	listen_in();
	later_alive(p, 31000);
	while (heard(&m) != MSG_NONE)
		;
	ck_assert(inbound(&away, (uint8_t)session, 0x20, (uint8_t)epoch,
	    session));
	frame_in(&away, p->pend.our_index, 0, p->k_bit ? 0 : FRAME_K,
	    (const uint8_t[]){ LINK_MSG_HEARTBEAT }, 1, REFUSE_NONE);
	listen_end(text);
	ck_assert_uint_eq(p->epoch[0], epoch);
	return strstr(text, "two nodes have the identity") != NULL;
}

START_TEST(a_run_that_comes_back_is_a_second_node_with_the_same_identity)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	ck_assert(!log_names_twins(p, 9, 502));
	ck_assert(!log_names_twins(p, 10, 503));
	ck_assert(log_names_twins(p, 9, 504));
}
END_TEST

START_TEST(a_rekey_of_the_peer_is_held_until_proven_and_drained_after)
{
	struct peer	*p;
	uint32_t	 old;

	set_up();
	p = peer_up(0x80, 1, 501);
	old = p->cur.our_index;
	later_alive(p, 31000);
	ck_assert(inbound(&home, 2, 0x80, 1, 502));
	beat_in(&home, p->cur.our_index, 5);
	ck_assert_uint_eq(p->cur.session, 501);
	frame_in(&home, p->pend.our_index, 0, FRAME_K,
	    (const uint8_t[]){ LINK_MSG_HEARTBEAT }, 1, REFUSE_NONE);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->k_bit, 1);
	ck_assert_uint_eq(downs, 0);
	beat_in(&home, old, 6);
	ck_assert_uint_eq(netd.refused[REFUSE_FRAME_INDEX], 0);
	later_alive(p, 11000);
	beat_in(&home, old, 7);
	ck_assert_uint_eq(netd.refused[REFUSE_FRAME_INDEX], 1);
}
END_TEST

/* A rekey of ours that has gone out. */
static uint32_t
rekey_out(struct peer *p)
{
	struct msg_ik_msg1	m1 = { .hs = 88 };
	union msg_any		m;

	while (!is_quiet())
		continue;
	ck_assert_int_eq(link_rekey_now(p), 0);
	expect(MSG_IK_START, &m);
	m1.req = m.req;
	on_ik_msg1(&netd.cryptod, &m1, NULL);
	return get_le32(sent[(nsent - 1) % 64] + 4);
}

static void
msg2_in(const struct endpoint *from, uint32_t receiver, uint32_t session,
    uint8_t epoch)
{
	uint8_t			noise[FRAME_NOISE2_LEN] = { 1 }, frame[FRAME_MSG2_LEN];
	struct msg_ik_up	up = { .session = session };
	union msg_any		m;
	enum msg_type		t;

	memset(up.epoch, epoch, sizeof(up.epoch));
	frame_msg2(frame, 0x2000, receiver, noise);
	wire_in(from, frame, sizeof(frame));
	while ((t = heard(&m)) != MSG_NONE && t != MSG_IK_READ2)
		continue;
	ck_assert_int_eq(t, MSG_IK_READ2);
	up.req = m.req;
	on_ik_up(&netd.cryptod, &up, NULL);
}

START_TEST(our_rekey_cuts_over_with_message_2)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	index = rekey_out(p);
	ck_assert_uint_eq(p->cur.session, 501);
	msg2_in(&home, index, 502, 1);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->cur.our_index, index);
	ck_assert_uint_eq(p->cur.their_index, 0x2000);
	ck_assert_uint_eq(p->k_bit, 1);
	ck_assert_uint_eq(p->prev.session, 501);
	ck_assert_uint_eq(hs_count(), 0);
}
END_TEST

START_TEST(an_unanswered_rekey_frees_its_index_and_its_handshake)
{
	struct peer	*p;
	uint32_t	 index;
	union msg_any	 m;
	enum msg_type	 t;
	unsigned	 slot, before = 0, drops = 0;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	index = rekey_out(p);
	before = nsent;
	later_alive(p, 70000);
	ck_assert_uint_eq(nsent - before, 4);	/* at 1, 3, 7 and 15 s */
	ck_assert_int_eq(index_get(index, &slot), INDEX_NONE);
	while ((t = heard(&m)) != MSG_NONE)
		drops += t == MSG_HS_DROP && m.hs_drop.hs == 88;
	ck_assert_uint_eq(drops, 1);
	ck_assert_uint_eq(p->cur.session, 501);
}
END_TEST

START_TEST(when_both_rekey_the_smaller_address_goes_on)
{
	struct peer *p;

	set_up();
	p = peer_up(0x80, 1, 501);	/* we are smaller */
	later_alive(p, 31000);
	rekey_out(p);
	ck_assert(!inbound(&home, 2, 0x80, 1, 502));
	ck_assert_uint_eq(p->extra->rekey, REKEY_BUSY);
}
END_TEST

START_TEST(when_both_rekey_the_larger_address_answers)
{
	struct peer	*p;
	uint32_t	 index;
	unsigned	 slot;

	set_up();
	p = peer_up(0x20, 1, 501);	/* we are larger */
	later_alive(p, 31000);
	index = rekey_out(p);
	ck_assert(inbound(&home, 2, 0x20, 1, 502));
	ck_assert_uint_eq(p->extra->rekey, REKEY_HELD);
	ck_assert_int_eq(index_get(index, &slot), INDEX_NONE);
}
END_TEST

/* It forgot the link while it was cut off, and our rekey was out all the time. */
static struct peer *
cut_off(uint8_t node, uint32_t *index)
{
	struct peer *p;

	set_up();
	p = peer_up(node, 1, 501);
	later_alive(p, 31000);
	later(20000);
	*index = rekey_out(p);
	later(14000);
	ck_assert_ptr_eq(peer_find(addr_of(node)), p);
	return p;
}

START_TEST(a_rekey_that_is_answered_at_last_keeps_the_link)
{
	uint32_t	 index;
	struct peer	*p = cut_off(0x80, &index);

	msg2_in(&home, index, 502, 1);
	later(1000);
	ck_assert_ptr_eq(peer_find(addr_of(0x80)), p);
	ck_assert_uint_eq(p->cur.session, 502);
	later(31000);
	ck_assert_ptr_null(peer_find(addr_of(0x80)));
}
END_TEST

START_TEST(an_answer_to_who_begins_anew_keeps_the_link)
{
	uint32_t	 index;
	struct peer	*p = cut_off(0x20, &index);

	ck_assert(inbound(&home, 2, 0x20, 1, 502));
	later(1000);
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
}
END_TEST

START_TEST(message_1s_that_nobody_proves_keep_no_link)
{
	uint32_t index;
	uint8_t	 e;

	cut_off(0x20, &index);
	for (e = 2; e < 90 && peer_find(addr_of(0x20)) != NULL; e++) {
		while (!is_quiet())
			continue;
		inbound(&away, e, 0x20, 1, 500u + e);
		later(3000);
	}
	ck_assert_uint_gt(e, 10);
	ck_assert_uint_lt(e, 30);
}
END_TEST

START_TEST(who_left_our_rekey_unanswered_may_begin_anew)
{
	struct peer *p;

	set_up();
	p = peer_up(0x80, 1, 501);	/* we are smaller */
	later_alive(p, 31000);
	rekey_out(p);
	p->mute = 1;
	ck_assert(inbound(&home, 2, 0x80, 1, 502));
	ck_assert_uint_eq(p->extra->rekey, REKEY_HELD);
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert(!p->mute);
}
END_TEST

START_TEST(keys_that_are_old_or_used_are_renewed)
{
	struct peer	*p;
	union msg_any	 m;

	set_up();
	p = peer_up(0x20, 1, 501);
	while (!is_quiet())
		continue;
	later_alive(p, 104000);
	ck_assert(is_quiet());
	later_alive(p, 32000);
	expect(MSG_IK_START, &m);
}
END_TEST

START_TEST(bad_frames_from_elsewhere_throw_nobody_out)
{
	static const uint8_t	beat = LINK_MSG_HEARTBEAT;
	struct peer		*p;
	unsigned		 i, n;

	set_up();
	p = peer_up(0x20, 1, 501);
	for (i = 0; i < 100; i++)
		frame_in(&away, p->cur.our_index, i, 0, &beat, 1, REFUSE_LINK_AUTH);
	for (i = 0; i < 100; i++)
		frame_in(&home, p->cur.our_index, i, 0, &beat, 1, REFUSE_LINK_REPLAY);
	for (i = 0; i < 19; i++)
		frame_in(&home, p->cur.our_index, i, 0, &beat, 1, REFUSE_LINK_AUTH);
	ck_assert_uint_eq(peer_count(), 1);
	/* Not even from a forged address, as long as the peer speaks. */
	for (i = 0; i < 10; i++) {
		for (n = 0; n < 100; n++)
			frame_in(&home, p->cur.our_index, n, 0, &beat, 1,
			    REFUSE_LINK_AUTH);
		later(10000);
		ck_assert_uint_eq(peer_count(), 1);
		beat_in(&home, p->cur.our_index, 10 + i);
	}
	for (n = 0; n < 100; n++)
		frame_in(&home, p->cur.our_index, n, 0, &beat, 1, REFUSE_LINK_AUTH);
	ck_assert_uint_eq(peer_count(), 1);
	later(10100);
	frame_in(&home, p->cur.our_index, n, 0, &beat, 1, REFUSE_LINK_AUTH);
	ck_assert_uint_eq(peer_count(), 0);
}
END_TEST

START_TEST(only_the_newest_frame_moves_a_peer)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	beat_in(&away, p->cur.our_index, 10);
	ck_assert_mem_eq(&p->ep, &away, sizeof(away));
	ck_assert_ptr_eq(peer_at(&away), p);
	ck_assert_ptr_null(peer_at(&home));
	beat_in(&home, p->cur.our_index, 9);
	ck_assert_mem_eq(&p->ep, &away, sizeof(away));
}
END_TEST

START_TEST(strangers_do_not_use_up_what_a_peer_may_send)
{
	struct endpoint	 from = away;
	struct peer	*p;
	unsigned	 i;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	for (i = 0; i < 500; i++) {
		from.ip[2] = (uint8_t)i;
		from.port = (uint16_t)i;
		msg1_in(&from, (uint8_t)(100 + i % 100), i);
	}
	ck_assert_uint_gt(netd.refused[REFUSE_LINK_RATE], 0);
	while (!is_quiet())
		continue;
	later_alive(p, 6000);		/* cryptod never answers those */
	while (!is_quiet())
		continue;
	ck_assert(inbound(&home, 2, 0x20, 1, 502));
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_RATE_PEER], 0);
}
END_TEST

START_TEST(an_unproven_peer_does_not_stay)
{
	set_up();
	ck_assert(inbound(&home, 1, 0x20, 1, 501));
	ck_assert_uint_eq(peer_count(), 1);
	later(29000);
	ck_assert_uint_eq(peer_count(), 1);
	later(2000);
	ck_assert_uint_eq(peer_count(), 0);
}
END_TEST

START_TEST(a_silent_peer_is_removed_and_its_keys_are_dropped)
{
	struct peer	*p;
	union msg_any	 m;
	enum msg_type	 t;
	int		 dropped = 0;

	set_up();
	p = peer_up(0x20, 1, 501);
	later(29500);
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	later(1500);
	ck_assert_ptr_null(peer_find(addr_of(0x20)));
	while ((t = heard(&m)) != MSG_NONE)
		dropped += t == MSG_SESSION_DROP && m.session_drop.session == 501;
	ck_assert_int_eq(dropped, 1);
}
END_TEST

/* A dial of ours that has gone out to a configured peer. */
static uint32_t
dial_out(uint8_t node)
{
	struct msg_ik_msg1	m1 = { .hs = 99 };
	union msg_any		m;

	ck_assert_ptr_null(link_connect(addr_of(node), "1", 2121, -1));
	expect(MSG_IK_START, &m);
	m1.req = m.req;
	on_ik_msg1(&netd.cryptod, &m1, NULL);
	return get_le32(sent[(nsent - 1) % 64] + 4);
}

START_TEST(a_dial_that_is_answered_becomes_a_proven_peer)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	index = dial_out(0x20);
	msg2_in(&home, index, 501, 1);
	p = peer_find(addr_of(0x20));
	ck_assert_ptr_nonnull(p);
	ck_assert(p->cur.proven && p->outbound);
	ck_assert_uint_eq(hs_count(), 0);
}
END_TEST

START_TEST(crossed_dials_settle_on_the_smaller_ones)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	index = dial_out(0x80);		/* we are smaller: ours stays */
	p = peer_up(0x80, 1, 501);
	msg2_in(&home, index, 502, 1);
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->prev.session, 501);
	ck_assert_uint_eq(p->k_bit, 0);
}
END_TEST

/* What a session sent before came there ahead of the keys, and costs a second. */
START_TEST(sessions_hear_again_when_keys_are_proven_or_swapped)
{
	uint32_t index;

	set_up();
	index = dial_out(0x80);
	ck_assert(inbound(&home, 1, 0x80, 1, 501));
	ck_assert_uint_eq(ups, 1);
	beat_in(&home, peer_find(addr_of(0x80))->cur.our_index, 0);
	ck_assert_uint_eq(ups, 2);
	msg2_in(&home, index, 502, 1);
	ck_assert_uint_eq(ups, 3);
}
END_TEST

START_TEST(crossed_dials_do_not_trust_what_may_be_a_replay)
{
	struct peer	*p;
	uint32_t	 index;

	set_up();
	index = dial_out(0x20);		/* we are larger: theirs stays, once proven */
	ck_assert(inbound(&home, 1, 0x20, 1, 501));
	msg2_in(&home, index, 502, 1);
	p = peer_find(addr_of(0x20));
	ck_assert_uint_eq(p->cur.session, 502);
	ck_assert_uint_eq(p->pend.session, 501);
	beat_in(&home, p->pend.our_index, 0);
	ck_assert_uint_eq(p->cur.session, 501);
	ck_assert_uint_eq(p->k_bit, 0);
}
END_TEST

/* Other people's suites look for this line, and want none of it. */
START_TEST(a_rekey_that_fails_at_message_2_says_so)
{
	uint8_t		noise[FRAME_NOISE2_LEN] = { 1 }, frame[FRAME_MSG2_LEN];
	char		text[4096];
	struct peer    *p;
	union msg_any	m;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	frame_msg2(frame, 1, rekey_out(p), noise);
	wire_in(&home, frame, sizeof(frame));
	expect(MSG_IK_READ2, &m);
	listen_in();
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_AUTH), 1);
	listen_end(text);
	ck_assert_ptr_nonnull(strstr(text, "\"WARN\""));
	ck_assert_ptr_nonnull(strstr(text, "\"fips::node::handlers::handshake\""));
	ck_assert_ptr_nonnull(strstr(text, "Rekey msg2 processing failed"));
	ck_assert_uint_eq(p->cur.session, 501);
}
END_TEST

START_TEST(a_message_2_that_is_bad_leaves_the_dial_alive)
{
	uint8_t		noise[FRAME_NOISE2_LEN] = { 1 }, frame[FRAME_MSG2_LEN];
	uint32_t	index;
	union msg_any	m;

	set_up();
	index = dial_out(0x20);
	frame_msg2(frame, 1, index, noise);
	wire_in(&away, frame, sizeof(frame));
	expect(MSG_IK_READ2, &m);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_AUTH), 1);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_AUTH), 0);
	msg2_in(&home, index, 501, 1);
	ck_assert_uint_eq(peer_count(), 1);
}
END_TEST

START_TEST(who_has_only_seen_message_1_cannot_spoil_the_dial)
{
	uint8_t		noise[FRAME_NOISE2_LEN] = { 1 }, frame[FRAME_MSG2_LEN];
	uint32_t	index;
	union msg_any	m;
	unsigned	i, asked = 0;

	set_up();
	index = dial_out(0x20);
	frame_msg2(frame, 1, index, noise);
	for (i = 0; i < 100; i++) {
		wire_in(&away, frame, sizeof(frame));
		if (heard(&m) != MSG_IK_READ2)
			continue;
		asked++;
		link_hs_no(m.req, REFUSE_HS_AUTH);
	}
	ck_assert_uint_eq(asked, 16);
	msg2_in(&home, index, 501, 1);
	ck_assert_uint_eq(peer_count(), 1);
}
END_TEST

START_TEST(strangers_leave_room_for_configured_peers)
{
	struct endpoint	from = away;
	union msg_any	m;
	uint8_t		i;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 3;
	netd.conf[CONF_LIMITS_MAX_LINKS] = 3;
	link_conf_peer(0, addr_of(0x20), 1, 1);
	link_conf_addr(0, "1", 2121, 100);
	link_conf_peer(1, addr_of(0x21), 0, 0);
	for (i = 0; i < 5; i++) {
		from.ip[3] = i;
		ck_assert_int_eq(inbound(&from, i, (uint8_t)(0x60 + i), 1, 600u + i), i < 3);
	}
	while (!is_quiet())
		continue;
	netd.conf[CONF_LIMITS_MAX_LINKS] = 4;
	from.ip[3] = i;
	ck_assert(inbound(&from, 6, 0x21, 1, 610));
	ck_assert_ptr_nonnull(peer_find(addr_of(0x21)));
	while (!is_quiet())
		continue;
	link_start();
	link_tick();
	do
		ck_assert_int_ne(i = (uint8_t)heard(&m), MSG_NONE);
	while (i != MSG_IK_START);
}
END_TEST

/* Who has a link has a place in the mesh, which has peer_most() of them. */
START_TEST(every_configured_peer_has_a_slot_that_the_mesh_has)
{
	unsigned i, n = 0;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 3;
	for (i = 0; i < 200; i++)
		link_conf_peer(i, addr_of((uint8_t)i), 0, 0);
	for (i = 200; !peer_is_full(addr_of((uint8_t)i)); i++)
		peer_new(pub_of((uint8_t)i), addr_of((uint8_t)i));
	ck_assert_uint_eq(i, 203);
	for (i = 0; i < 200; i++) {
		ck_assert(!peer_is_full(addr_of((uint8_t)i)));
		n = peer_slot_of(peer_new(pub_of((uint8_t)i), addr_of((uint8_t)i)));
	}
	ck_assert_uint_eq(n, 202);
	ck_assert_uint_eq(peer_most(), 203);
}
END_TEST

START_TEST(more_peers_than_there_are_places_get_a_warning)
{
	char	 text[4096];
	unsigned i;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 2000;
	listen_in();
	peer_say_limits();
	listen_end(text);
	ck_assert_uint_eq(peer_most(), PEER_SLOTS);
	ck_assert_ptr_nonnull(strstr(text, "max_peers is 2000, and there are places for 960 besides 64"));
	for (i = 0; i < PEER_SLOTS + 1; i++)
		link_conf_peer(i, addr_of((uint8_t)i), 0, 0);
	ck_assert_uint_eq(peer_most(), PEER_SLOTS);
	listen_in();
	peer_say_limits();
	listen_end(text);
	ck_assert_ptr_nonnull(strstr(text, "1025 are configured, and there are places for 1024"));
}
END_TEST

START_TEST(a_name_is_learnt_of_who_has_proved_its_keys)
{
	set_up();
	ck_assert(inbound(&home, 1, 0x20, 1, 501));
	ck_assert_uint_eq(names_learnt, 0);
	beat_in(&home, peer_find(addr_of(0x20))->cur.our_index, 0);
	ck_assert_uint_eq(names_learnt, 1);
}
END_TEST

START_TEST(who_only_knocks_keeps_no_place_from_others)
{
	struct endpoint	from = away;
	struct peer	*here;
	uint8_t		 i;

	set_up();
	netd.conf[CONF_LIMITS_MAX_PEERS] = 3;
	here = peer_up(0x20, 1, 500);
	for (i = 0; i < 2; i++) {
		from.ip[3] = i;
		ck_assert(inbound(&from, (uint8_t)(2 + i), (uint8_t)(0x60 + i), 1, 600u + i));
		later(500);
	}
	/* They may yet say something. */
	ck_assert(!inbound(&from, 8, 0x70, 1, 610));
	later(1500);
	while (!is_quiet())
		continue;
	ck_assert(inbound(&from, 9, 0x70, 1, 611));
	ck_assert_ptr_null(peer_find(addr_of(0x60)));
	ck_assert_ptr_nonnull(peer_find(addr_of(0x61)));
	beat_in(&from, peer_find(addr_of(0x70))->cur.our_index, 0);
	later(1000);
	while (!is_quiet())
		continue;
	ck_assert(inbound(&from, 10, 0x71, 1, 612));
	ck_assert_ptr_null(peer_find(addr_of(0x61)));
	/* Who stands is not moved for anybody. */
	beat_in(&from, peer_find(addr_of(0x71))->cur.our_index, 0);
	later(3000);
	while (!is_quiet())
		continue;
	ck_assert(!inbound(&from, 11, 0x72, 1, 613));
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), here);
	ck_assert_uint_eq(peer_count(), 3);
}
END_TEST

START_TEST(a_configured_peer_is_dialled_again_with_back_off)
{
	struct link_retry	v;
	union msg_any		m;

	set_up();
	link_conf_peer(0, addr_of(0x20), 1, 1);
	link_conf_addr(0, "1", 2121, 100);
	link_start();
	link_tick();
	expect(MSG_IK_START, &m);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_FULL), 1);
	ck_assert_int_eq(link_retry_view(0, &v), 0);
	ck_assert_uint_eq(v.count, 1);
	ck_assert_uint_eq(v.after_ms, 10000);
	later(11000);
	expect(MSG_IK_START, &m);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_FULL), 1);
	ck_assert_int_eq(link_retry_view(0, &v), 0);
	ck_assert_uint_eq(v.after_ms, 20000);
}
END_TEST

START_TEST(a_closed_transport_answers_peers_only)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 501);
	later_alive(p, 31000);
	sock.accept = 0;
	msg1_in(&away, 5, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_NOT_ACCEPTED], 1);
	/* The address of a peer opens no door for another key. */
	ck_assert(!inbound(&home, 6, 0x33, 1, 503));
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_NOT_ACCEPTED], 2);
	ck_assert(inbound(&home, 7, 0x20, 1, 504));
}
END_TEST

START_TEST(indexes_that_collide_are_all_found)
{
	uint32_t	index[100];
	unsigned	i, slot;

	set_up();
	for (i = 0; i < 100; i++)
		ck_assert_int_eq(index_new(INDEX_HS, i, &index[i]), 0);
	for (i = 0; i < 100; i += 3)
		index_del(index[i]);
	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(index_get(index[i], &slot),
		    i % 3 == 0 ? INDEX_NONE : INDEX_HS);
		ck_assert(i % 3 == 0 || slot == i);
	}
}
END_TEST

START_TEST(messages_of_unknown_type_are_counted_and_known_ones_are_not)
{
	struct peer	*p;
	uint8_t		 msg[2] = { 0x52, 0 };
	unsigned	 t, known = 0;

	set_up();
	p = peer_up(0x20, 1, 501);
	for (t = 1; t <= 0xff; t++) {
		msg[0] = (uint8_t)t;
		if (t == LINK_MSG_DISCONNECT)
			continue;
		known += (unsigned)frame_is_link_msg(msg[0]);
		frame_in(&home, p->cur.our_index, t, 0, msg, 1, REFUSE_NONE);
	}
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_MSG_UNKNOWN], 254 - known);
	msg[0] = 0;
	frame_in(&home, p->cur.our_index, 300, 0, msg, 2, REFUSE_INNER_AUTH);
	ck_assert_uint_eq(datagrams, 1);
	msg[0] = LINK_MSG_DISCONNECT;
	frame_in(&home, p->cur.our_index, 301, 0, msg, 1, REFUSE_NONE);
	ck_assert_uint_eq(peer_count(), 1);
	frame_in(&home, p->cur.our_index, 302, 0, msg, 2, REFUSE_NONE);
	ck_assert_uint_eq(peer_count(), 0);
}
END_TEST

/* -- how good a link is ------------------------------------------------------- */

static struct mmp *
mmp_of(struct peer *p)
{
	return &p->extra->mmp;
}

static void
micros(void)
{
	netd.now_us = netd.now_ms * 1000;
}

/* What was lent to cryptod last is sealed now, with this counter. */
static void
sealed_as(uint64_t counter)
{
	struct work *w = lent[(nlent - 1) % 64];

	put_le64(w->buf + w->off + 8, counter);
	w->len += FRAME_TAG_LEN;
	w->why = REFUSE_NONE;
	lent_done[(nlent - 1) % 64](w);
}

static uint8_t
last_type(void)
{
	const struct work *w = lent[(nlent - 1) % 64];

	return w->buf[w->off + FRAME_BODY_OFF];
}

static const uint8_t hello[] = { LINK_MSG_TREE_ANNOUNCE };

START_TEST(what_a_peer_sends_is_reported_once_and_an_answer_is_no_news)
{
	uint8_t		 rr[MMP_LINK_RR_LEN] = { LINK_MSG_RECEIVER_REPORT };
	struct peer	*p;
	struct mmp_rr	 said;
	unsigned	 n;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	netd.now_ms += 1000;
	micros();
	link_tick();
	n = nlent;
	ck_assert_uint_eq(p->extra->reported, 1);
	frame_in(&home, p->cur.our_index, 1, 0, rr, sizeof(rr), REFUSE_NONE);
	link_tick();
	ck_assert_uint_eq(nlent, n + 1);	/* only that it was opened */
	tick_by = 0;
	frame_in(&home, p->cur.our_index, 2, FRAME_CE, hello, 1, REFUSE_NONE);
	ck_assert_uint_gt(tick_by, netd.now_ms);	/* the interval is not over */
	netd.now_ms = tick_by;
	micros();
	link_tick();
	ck_assert_uint_eq(last_type(), LINK_MSG_RECEIVER_REPORT);
	ck_assert_int_eq(mmp_rr_decode(MMP_LINK, lent[(nlent - 1) % 64]->buf +
	    lent[(nlent - 1) % 64]->off + FRAME_BODY_OFF, MMP_LINK_RR_LEN, &said), 0);
	ck_assert_uint_eq(said.highest, 2);
	ck_assert_uint_eq(said.cum_packets, 3);
	ck_assert_uint_eq(said.ce_count, 1);
}
END_TEST

START_TEST(a_report_that_comes_first_is_answered_once)
{
	uint8_t		 rr[MMP_LINK_RR_LEN] = { LINK_MSG_RECEIVER_REPORT };
	struct peer	*p;

	set_up();
	micros();
	ck_assert(inbound(&home, 1, 0x20, 1, 41));
	p = peer_find(addr_of(0x20));
	frame_in(&home, p->cur.our_index, 0, 0, rr, sizeof(rr), REFUSE_NONE);
	link_tick();
	ck_assert_uint_eq(p->extra->reported, 1);
	netd.now_ms += 2000;
	micros();
	rr[4] = rr[12] = 1;
	frame_in(&home, p->cur.our_index, 1, 0, rr, sizeof(rr), REFUSE_NONE);
	link_tick();
	ck_assert_uint_eq(p->extra->reported, 1);
}
END_TEST

START_TEST(an_idle_link_is_measured_once_a_minute)
{
	struct peer	*p;
	uint64_t	 n, counter = 1;
	unsigned	 reports = 0;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	for (n = 0; n < 300; n++) {
		netd.now_ms += 1000;
		micros();
		if (n % 10 == 0)
			beat_in(&home, p->cur.our_index, counter++);
		netd.conf[CONF_REKEY_ENABLED] = 0;
		nlent = 0;
		link_tick();
		if (nlent > 0 && last_type() == LINK_MSG_RECEIVER_REPORT)
			reports++;
	}
	/* Five while it is new, then one a minute. */
	ck_assert_uint_ge(reports, 8);
	ck_assert_uint_le(reports, 10);
}
END_TEST

START_TEST(mesh_messages_go_to_the_mesh_once_the_peer_is_proven)
{
	static const uint8_t	 type[] = { LINK_MSG_TREE_ANNOUNCE,
	    LINK_MSG_FILTER_ANNOUNCE, LINK_MSG_LOOKUP_REQUEST,
	    LINK_MSG_LOOKUP_RESPONSE };
	uint8_t			 msg[200] = { 0 };
	struct peer		*p;
	unsigned		 i;

	set_up();
	p = peer_up(0x20, 1, 41);
	ck_assert(p->in_mesh);
	for (i = 0; i < sizeof(type); i++) {
		msg[0] = type[i];
		frame_in(&home, p->cur.our_index, i + 1, 0, msg, 100 + i,
		    REFUSE_NONE);
		ck_assert_uint_eq(mesh_type, type[i]);
		ck_assert_uint_eq(mesh_len, 100 + i);
	}
	link_disconnect(p->pub + 1);
	ck_assert(!p->in_mesh);
}
END_TEST

START_TEST(what_a_link_costs_is_told_to_the_mesh)
{
	uint8_t		 buf[MMP_LINK_RR_LEN];
	struct mmp_rr	 rr = { .highest = 1, .cum_packets = 1, .ts_echo = 1,
			    .dwell_ms = 100 };
	struct peer	*p;

	set_up();
	p = peer_up(0x20, 1, 41);
	ck_assert(!link_has_srtt(p));
	ck_assert_double_eq(mesh_cost_told, 0);
	netd.now_ms += 200;
	mmp_rr_encode(MMP_LINK, &rr, buf, sizeof(buf));
	frame_in(&home, p->cur.our_index, 1, 0, buf, sizeof(buf), REFUSE_NONE);
	ck_assert(link_has_srtt(p));
	ck_assert_double_eq_tol(mesh_cost_told, 2, 1e-9);
	ck_assert(!link_congested(p));
	/* 5 of 10 arrived. */
	rr.highest = 11, rr.cum_packets = 6;
	mmp_rr_encode(MMP_LINK, &rr, buf, sizeof(buf));
	frame_in(&home, p->cur.our_index, 2, 0, buf, sizeof(buf), REFUSE_NONE);
	ck_assert_double_gt(mesh_cost_told, 2);
	ck_assert_double_eq_tol(mmp_loss(link_mmp(p)), 0.5, 1e-9);
	ck_assert(link_congested(p));
	ck_assert_int_eq(link_mark(p, 0), 1);
	ck_assert_uint_eq(netd.congestion.detected, 1);
	ck_assert_uint_eq(netd.congestion.ce_forwarded, 1);
	netd.conf[CONF_ECN_ENABLED] = 0;
	ck_assert_int_eq(link_mark(p, 0), 0);
	ck_assert_int_eq(link_mark(p, 1), 1);
	ck_assert_uint_eq(netd.congestion.ce_forwarded, 2);
}
END_TEST

START_TEST(who_goes_on_with_bad_messages_is_not_opened_for_a_moment)
{
	static const uint8_t bad = 0x77;
	struct peer	*p;
	uint64_t	 n = 0, was;

	set_up();
	p = peer_up(0x20, 1, 41);
	while (p->extra->shut_until_ms == 0 && n < 5000)
		frame_in(&home, p->cur.our_index, ++n, 0, &bad, 1, REFUSE_NONE);
	ck_assert_uint_ge(n, LINK_SAID_BURST);
	ck_assert_uint_lt(n, 5000);
	was = nlent;
	beat_in(&home, p->cur.our_index, ++n);
	ck_assert_uint_eq(nlent, was);
	ck_assert_uint_eq(p->unopened, UDP_SAMPLE);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_SHUT], UDP_SAMPLE);
	netd.now_ms += LINK_SHUT_MS;
	beat_in(&home, p->cur.our_index, ++n);
	ck_assert_uint_gt(nlent, was);
	ck_assert_uint_eq(p->unopened, UDP_SAMPLE);
}
END_TEST

START_TEST(the_kernel_drops_for_us_while_somebody_is_shut_and_not_longer)
{
	struct peer	*p;
	uint64_t	 until_ms;

	set_up();
	p = peer_up(0x20, 1, 41);
	p->prev = p->cur;
	p->prev.our_index = 7;
	shut_begin(p);
	until_ms = p->extra->shut_until_ms;
	ck_assert_uint_le(until_ms, netd.now_ms + LINK_SHUT_MS);
	ck_assert_uint_eq(ntold, 2);
	ck_assert_uint_eq(told[0], p->cur.our_index);
	ck_assert_uint_eq(told[1], 7);
	ck_assert_uint_le(tick_by, until_ms);
	netd.now_ms++;
	shut_begin(p);				/* was with cryptod meanwhile */
	ck_assert_uint_eq(p->extra->shut_until_ms, until_ms);
	ck_assert_uint_eq(tells, 1);
	ck_assert_uint_eq(shut_tick(), until_ms - netd.now_ms);
	netd.now_ms = until_ms;
	ck_assert_uint_eq(shut_tick(), LINK_NEVER);
	ck_assert_uint_eq(ntold, 0);
	ck_assert_uint_eq(tells, 2);
	shut_tick();
	ck_assert_uint_eq(tells, 2);
}
END_TEST

START_TEST(who_is_shut_and_not_told_is_counted_one_by_one)
{
	struct endpoint	 from = home;
	struct peer	*p[UDP_SHUT_MAX / 3 + 1];
	uint8_t		 i, last = UDP_SHUT_MAX / 3;

	set_up();
	for (i = 0; i <= last; i++) {
		from.ip[3] = i;
		ck_assert(inbound(&from, i, (uint8_t)(0x60 + i), 1, 600u + i));
		p[i] = peer_find(addr_of((uint8_t)(0x60 + i)));
		later(500);
	}
	for (i = 0; i <= last; i++)
		shut_begin(p[i]);
	ck_assert_uint_eq(ntold, last);
	beat_in(&home, p[0]->cur.our_index, 1);
	ck_assert_uint_eq(p[0]->unopened, UDP_SAMPLE);
	beat_in(&home, p[last]->cur.our_index, 1);
	ck_assert_uint_eq(p[last]->unopened, 1);
	link_disconnect(p[1]->pub + 1);
	shut_tick();
	ck_assert_uint_eq(ntold, last - 1);
	ck_assert_uint_eq(told[1], p[2]->cur.our_index);
	/* Now there is room, when it is shut again. */
	p[last]->extra->shut_until_ms = 0;
	shut_begin(p[last]);
	ck_assert_uint_eq(ntold, last);
	netd.now_ms += LINK_SHUT_MS;
	shut_tick();
	ck_assert_uint_eq(ntold, 0);
}
END_TEST

START_TEST(nobody_is_blamed_for_datagrams)
{
	static const uint8_t dgram[40] = { LINK_MSG_DATAGRAM };
	struct peer	*p;
	uint64_t	 n;

	set_up();
	p = peer_up(0x20, 1, 41);
	for (n = 1; n <= 5000; n++)
		frame_in(&home, p->cur.our_index, n, 0, dgram, sizeof(dgram),
		    REFUSE_NONE);
	ck_assert_uint_eq(datagrams, 5000);
	ck_assert_uint_eq(p->unopened, 0);
}
END_TEST

/* A frame that waits for its turn, and would be early. */
static unsigned
shown_early(uint32_t index, uint8_t flags, int inner)
{
	uint8_t		 frame[64] = { 0 };
	struct work	*w;

	frame_data(frame, flags, 5, index, 1);
	wire_in(&home, frame, FRAME_OVERHEAD + 1);
	w = lent[(nlent - 1) % 64];
	ck_assert(w->urgent);
	w->opened_inner = inner;
	early = 0;
	w->early(w);
	return early;
}

START_TEST(only_a_session_frame_under_proven_keys_is_shown_early)
{
	uint8_t		 frame[PIPE_SMALL + 64] = { 0 };
	struct peer	*p;

	set_up();
	p = peer_up(0x20, 1, 41);
	ck_assert_uint_eq(shown_early(p->cur.our_index, 0, 1), 1);
	ck_assert_uint_eq(shown_early(p->cur.our_index, 0, 0), 0);
	ck_assert_uint_eq(shown_early(p->cur.our_index, FRAME_CE, 1), 0);
	p->cur.proven = 0;
	ck_assert_uint_eq(shown_early(p->cur.our_index, 0, 1), 0);
	p->cur.proven = 1;
	p->prev = p->cur;
	p->cur.session++;
	p->cur.our_index++;
	ck_assert_uint_eq(shown_early(p->prev.our_index, 0, 1), 0);
	frame_data(frame, 0, 4 + PIPE_SMALL, p->cur.our_index - 1, 2);
	wire_in(&home, frame, FRAME_OVERHEAD + PIPE_SMALL);
	ck_assert(!lent[(nlent - 1) % 64]->urgent);
}
END_TEST

START_TEST(one_peer_gets_no_more_slots_than_are_left)
{
	struct peer	*p, *q;
	uint8_t		 frame[64] = { 0 };

	set_up();
	p = peer_up(0x20, 1, 41);
	q = peer_up(0x30, 2, 42);
	p->extra->opening = 33;
	spare = 32;
	frame_data(frame, 0, 5, p->cur.our_index, 1);
	wire_in(&home, frame, FRAME_OVERHEAD + 1);
	ck_assert_uint_eq(p->unopened, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_SHARE], 1);
	frame_data(frame, 0, 5, q->cur.our_index, 1);
	wire_in(&home, frame, FRAME_OVERHEAD + 1);
	ck_assert_uint_eq(q->extra->opening, 1);
	ck_assert_uint_eq(q->unopened, 0);
}
END_TEST

START_TEST(a_short_report_is_refused_and_one_about_old_keys_ignored)
{
	uint8_t		 rr[MMP_LINK_RR_LEN] = { LINK_MSG_RECEIVER_REPORT };
	uint8_t		 sr[MMP_LINK_SR_LEN] = { LINK_MSG_SENDER_REPORT };
	struct peer	*p;
	uint64_t	 bad;

	set_up();
	p = peer_up(0x20, 1, 41);
	bad = netd.refused[REFUSE_LINK_MSG_SHORT];
	frame_in(&home, p->cur.our_index, 1, 0, rr, sizeof(rr) - 1, REFUSE_NONE);
	frame_in(&home, p->cur.our_index, 2, 0, sr, sizeof(sr) - 1, REFUSE_NONE);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_MSG_SHORT], bad + 2);
	ck_assert_uint_eq(p->recv_bad, 2);
	frame_in(&home, p->cur.our_index, 3, 0, sr, sizeof(sr), REFUSE_NONE);
	put_le64(rr + 4, 9);
	put_le64(rr + 12, 9);
	frame_in(&home, p->cur.our_index, 4, 0, rr, sizeof(rr), REFUSE_NONE);
	ck_assert_uint_eq(netd.refused[REFUSE_LINK_MSG_SHORT], bad + 2);
	ck_assert_uint_eq(mmp_of(p)->m.last.highest, 9);
	p->prev = p->cur;
	p->cur.session = 99;
	p->cur.our_index = 0xdeadbeef;
	put_le64(rr + 4, 12);
	frame_in(&home, p->prev.our_index, 5, 0, rr, sizeof(rr), REFUSE_NONE);
	ck_assert_uint_eq(mmp_of(p)->m.last.highest, 9);
	memset(&p->prev, 0, sizeof(p->prev));
}
END_TEST

START_TEST(frames_carry_a_time_that_is_never_nought_and_the_spin_bit)
{
	const struct work	*w;
	struct peer		*p;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	frame_in(&home, p->cur.our_index, 1, FRAME_SP, hello, 1, REFUSE_NONE);
	ck_assert_int_eq(link_send(p, hello, sizeof(hello)), 0);
	w = lent[(nlent - 1) % 64];
	ck_assert_uint_ne(get_le32(w->buf + w->off + FRAME_HEAD_LEN), 0);
	ck_assert_uint_eq(w->buf[w->off + 1] & FRAME_SP, FRAME_SP);
	sealed_as(7);
	ck_assert_uint_eq(mmp_of(p)->tx.now.end_counter, 7);
	ck_assert_uint_eq(mmp_of(p)->tx.now.bytes, FRAME_OVERHEAD + 1);
	/* Under keys that were replaced meanwhile it says nothing. */
	link_send(p, hello, sizeof(hello));
	lent[(nlent - 1) % 64]->link_key = 1234;
	sealed_as(8);
	ck_assert_uint_eq(mmp_of(p)->tx.now.end_counter, 7);
}
END_TEST

/* A peer that has reported: its silence means something. */
static struct peer *
reporting(void)
{
	uint8_t		 buf[MMP_LINK_RR_LEN];
	struct mmp_rr	 rr = { .highest = 1, .cum_packets = 1, .ts_echo = 1,
			    .dwell_ms = 199 };
	struct peer	*p;

	set_up();
	netd.conf[CONF_REKEY_ENABLED] = 0;
	micros();
	p = peer_up(0x20, 1, 41);
	netd.now_ms += 200;
	micros();
	mmp_rr_encode(MMP_LINK, &rr, buf, sizeof(buf));
	frame_in(&home, p->cur.our_index, 1, 0, buf, sizeof(buf), REFUSE_NONE);
	ck_assert(link_has_srtt(p));
	return p;
}

static unsigned
beats_since(unsigned n)
{
	unsigned i, beats = 0;

	for (i = n; i < nlent; i++)
		beats += lent[i % 64]->buf[lent[i % 64]->off + FRAME_BODY_OFF] ==
		    LINK_MSG_HEARTBEAT;
	return beats;
}

START_TEST(who_does_not_answer_is_asked_then_gone_round_and_heard_again)
{
	struct peer *p = reporting();
	unsigned     n;

	p->extra->beat_ms = netd.now_ms + 60000;	/* questions alone */
	link_send(p, hello, sizeof(hello));
	sealed_as(7);
	n = nlent;
	later(1900);
	ck_assert_uint_eq(beats_since(n), 0);
	later(2000);
	ck_assert_uint_ge(beats_since(n), 3);
	ck_assert(!p->mute);
	later(1300);
	ck_assert(p->mute);
	ck_assert_uint_eq(mutes, 1);
	ck_assert(p->in_mesh);
	/* Its keys stay, so one frame brings it back. */
	later(5000);
	ck_assert_uint_eq(mutes, 1);
	beat_in(&home, p->cur.our_index, 9);
	ck_assert(!p->mute);
	ck_assert_uint_eq(voices, 1);
	n = nlent;
	later(1500);
	ck_assert_uint_eq(beats_since(n), 0);
}
END_TEST

START_TEST(any_frame_is_an_answer)
{
	struct peer *p = reporting();
	unsigned     i;

	for (i = 0; i < 20; i++) {
		link_send(p, hello, sizeof(hello));
		sealed_as(7 + i);
		later(4500);
		beat_in(&home, p->cur.our_index, 9 + i);
	}
	ck_assert_uint_eq(mutes, 0);
}
END_TEST

START_TEST(heartbeats_of_all_peers_fall_together_and_are_never_late)
{
	struct peer *p[3];
	uint64_t every_ms, was_ms[3];
	unsigned i, n, round;

	set_up();
	every_ms = netd.conf[CONF_NODE_HEARTBEAT] * 1000;
	for (i = 0; i < 3; i++) {
		p[i] = peer_up((uint8_t)(0x20 + 0x10 * i), (uint8_t)(1 + i), 41 + i);
		link_beat(p[i]);
		was_ms[i] = netd.now_ms;
		ck_assert_uint_le(p[i]->extra->beat_ms, was_ms[i] + every_ms);
		ck_assert_uint_gt(p[i]->extra->beat_ms,
		    was_ms[i] + every_ms * 3 / 4);
		netd.now_ms += 70;
	}
	ck_assert_uint_eq(p[0]->extra->beat_ms, p[2]->extra->beat_ms);
	for (round = 0; round < 3; round++) {
		netd.now_ms = p[0]->extra->beat_ms + round;	/* ticks are late, too */
		for (i = 0; i < 3; i++)
			p[i]->seen_ms = netd.now_ms;
		n = nlent;
		link_tick();
		ck_assert_uint_eq(beats_since(n), 3);
		ck_assert_uint_eq(p[0]->extra->beat_ms, netd.now_ms - round + every_ms);
		ck_assert_uint_eq(p[1]->extra->beat_ms, p[0]->extra->beat_ms);
	}
}
END_TEST

START_TEST(a_quiet_peer_is_asked_after_a_missed_heartbeat)
{
	struct peer *p = reporting();
	unsigned     i, n;

	for (i = 0; i < 3; i++) {
		later(10500);
		beat_in(&home, p->cur.our_index, 9 + i);
	}
	n = nlent;
	later(11500);
	ck_assert_uint_le(beats_since(n), 2);
	later(6500);
	ck_assert(p->mute);
	ck_assert_ptr_eq(peer_find(addr_of(0x20)), p);
	later(13000);
	ck_assert_ptr_null(peer_find(addr_of(0x20)));
}
END_TEST

START_TEST(a_peer_that_never_reported_is_not_judged_by_its_silence)
{
	struct peer *p;

	set_up();
	micros();
	p = peer_up(0x20, 1, 41);
	link_send(p, hello, sizeof(hello));
	sealed_as(7);
	later(29000);
	ck_assert(!p->mute);
}
END_TEST

START_TEST(heartbeats_that_follow_closely_are_answered)
{
	struct peer *p = reporting();
	uint64_t     n;

	p->extra->reported = 5;
	p->extra->mmp.rx.news = 0;
	p->extra->mmp.rx.told = 1;
	p->extra->mmp.rx.sent_ms = netd.now_ms;
	for (n = 0; n < 3; n++) {
		netd.now_ms += 10000;
		micros();
		beat_in(&home, p->cur.our_index, 9 + n);
		ck_assert(!p->extra->mmp.rx.news);
	}
	netd.now_ms += 500;
	micros();
	beat_in(&home, p->cur.our_index, 12);
	ck_assert(p->extra->mmp.rx.news);
	link_tick();
	ck_assert_uint_eq(last_type(), LINK_MSG_RECEIVER_REPORT);
}
END_TEST

START_TEST(drops_of_the_kernel_are_congestion_for_a_second)
{
	struct peer *p;

	set_up();
	p = peer_up(0x20, 1, 41);
	netd.now_ms += 1000;
	link_tick();
	ck_assert(!link_congested(p));
	sock.stats.kernel_drops = 5;
	netd.now_ms += 1000;
	link_tick();
	ck_assert(link_congested(p));
	sock.stats.kernel_drops = 9;
	netd.now_ms += 1000;
	link_tick();
	ck_assert(link_congested(p));
	ck_assert_uint_eq(netd.congestion.drops, 1);	/* still the same event */
	netd.now_ms += 1000;
	link_tick();
	ck_assert(!link_congested(p));
	ck_assert_uint_eq(congest_tick(), LINK_NEVER);	/* nothing to come back for */
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, every_inbound_decision_obeys_the_rules);
	tcase_add_test(t, a_refusal_names_the_first_reason);
	tcase_add_test(t, of_two_crossed_handshakes_both_sides_keep_the_same);
	tcase_add_test(t, a_bucket_gives_its_burst_and_then_its_rate);
	tcase_add_test(t, one_source_cannot_take_what_strangers_share);
	tcase_add_test(t, the_last_ephemerals_are_known_and_the_oldest_make_room);
	tcase_add_test(t, a_stranger_is_answered_and_becomes_a_peer);
	tcase_add_test(t, a_lost_message_2_is_sent_again_without_a_key_operation);
	tcase_add_test(t, a_replayed_message_1_from_elsewhere_does_nothing);
	tcase_add_test(t, a_forgotten_replay_of_this_run_cannot_cut_over);
	tcase_add_test(t, a_replay_of_a_former_run_cannot_tear_down);
	tcase_add_test(t, a_restarted_peer_takes_over_with_its_first_frame);
	tcase_add_test(t,
	    a_run_that_comes_back_is_a_second_node_with_the_same_identity);
	tcase_add_test(t, a_rekey_of_the_peer_is_held_until_proven_and_drained_after);
	tcase_add_test(t, our_rekey_cuts_over_with_message_2);
	tcase_add_test(t, an_unanswered_rekey_frees_its_index_and_its_handshake);
	tcase_add_test(t, when_both_rekey_the_smaller_address_goes_on);
	tcase_add_test(t, when_both_rekey_the_larger_address_answers);
	tcase_add_test(t, a_rekey_that_is_answered_at_last_keeps_the_link);
	tcase_add_test(t, an_answer_to_who_begins_anew_keeps_the_link);
	tcase_add_test(t, message_1s_that_nobody_proves_keep_no_link);
	tcase_add_test(t, who_left_our_rekey_unanswered_may_begin_anew);
	tcase_add_test(t, keys_that_are_old_or_used_are_renewed);
	tcase_add_test(t, bad_frames_from_elsewhere_throw_nobody_out);
	tcase_add_test(t, only_the_newest_frame_moves_a_peer);
	tcase_add_test(t, strangers_do_not_use_up_what_a_peer_may_send);
	tcase_add_test(t, an_unproven_peer_does_not_stay);
	tcase_add_test(t, a_silent_peer_is_removed_and_its_keys_are_dropped);
	tcase_add_test(t, a_dial_that_is_answered_becomes_a_proven_peer);
	tcase_add_test(t, crossed_dials_settle_on_the_smaller_ones);
	tcase_add_test(t, sessions_hear_again_when_keys_are_proven_or_swapped);
	tcase_add_test(t, crossed_dials_do_not_trust_what_may_be_a_replay);
	tcase_add_test(t, a_rekey_that_fails_at_message_2_says_so);
	tcase_add_test(t, a_message_2_that_is_bad_leaves_the_dial_alive);
	tcase_add_test(t, who_has_only_seen_message_1_cannot_spoil_the_dial);
	tcase_add_test(t, strangers_leave_room_for_configured_peers);
	tcase_add_test(t, every_configured_peer_has_a_slot_that_the_mesh_has);
	tcase_add_test(t, more_peers_than_there_are_places_get_a_warning);
	tcase_add_test(t, a_name_is_learnt_of_who_has_proved_its_keys);
	tcase_add_test(t, who_only_knocks_keeps_no_place_from_others);
	tcase_add_test(t, a_configured_peer_is_dialled_again_with_back_off);
	tcase_add_test(t, a_closed_transport_answers_peers_only);
	tcase_add_test(t, indexes_that_collide_are_all_found);
	tcase_add_test(t, messages_of_unknown_type_are_counted_and_known_ones_are_not);
	tcase_add_test(t, what_a_peer_sends_is_reported_once_and_an_answer_is_no_news);
	tcase_add_test(t, a_report_that_comes_first_is_answered_once);
	tcase_add_test(t, an_idle_link_is_measured_once_a_minute);
	tcase_add_test(t, mesh_messages_go_to_the_mesh_once_the_peer_is_proven);
	tcase_add_test(t, what_a_link_costs_is_told_to_the_mesh);
	tcase_add_test(t, who_goes_on_with_bad_messages_is_not_opened_for_a_moment);
	tcase_add_test(t, the_kernel_drops_for_us_while_somebody_is_shut_and_not_longer);
	tcase_add_test(t, who_is_shut_and_not_told_is_counted_one_by_one);
	tcase_add_test(t, nobody_is_blamed_for_datagrams);
	tcase_add_test(t, only_a_session_frame_under_proven_keys_is_shown_early);
	tcase_add_test(t, one_peer_gets_no_more_slots_than_are_left);
	tcase_add_test(t, a_short_report_is_refused_and_one_about_old_keys_ignored);
	tcase_add_test(t, frames_carry_a_time_that_is_never_nought_and_the_spin_bit);
	tcase_add_test(t, drops_of_the_kernel_are_congestion_for_a_second);
	tcase_add_test(t, a_peer_is_mute_only_when_it_owes_us_answers);
	tcase_add_test(t, who_does_not_answer_is_asked_then_gone_round_and_heard_again);
	tcase_add_test(t, any_frame_is_an_answer);
	tcase_add_test(t, heartbeats_of_all_peers_fall_together_and_are_never_late);
	tcase_add_test(t, a_quiet_peer_is_asked_after_a_missed_heartbeat);
	tcase_add_test(t, a_peer_that_never_reported_is_not_judged_by_its_silence);
	tcase_add_test(t, heartbeats_that_follow_closely_are_answered);
}
