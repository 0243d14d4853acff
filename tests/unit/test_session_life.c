/*
 * room: netd -- the whole session layer with everything around it faked: the
 * test plays cryptod, the link and the far node, and may forge what it likes.
 */
#include <stdlib.h>
#include <string.h>

#include "../../netd/early.h"
#include "../../netd/ip6.h"
#include "../../netd/names.h"
#include "../../netd/way.h"
#include "../../netd/session_int.h"
#include "../../netd/tun.h"
#include "../../netd/udp.h"
#include "suite.h"
#include "wire.h"

#define FAR	"8e302c287eb48d6268122fda760b7727"
#define FAR_PUB	"035b5ddab24397e310e24d0a54ba85eaf4fe7d1866555156c7ac4558e674838a0e"
#define OWN	"69e08d65cc3a6b9c2c2ac4bd405e4b0e"

struct netd	 netd;
struct tun_stats tun_stats;

static struct peer	 peer = { .state = PEER_ACTIVE, .handle = 7 };
static int		 has_link = 1;
static uint16_t		 mtu = 1380;

/* What the node did. */
static union msg_any	 asked;
static enum msg_type	 asked_type;
static unsigned		 nasked, ndropped_key, nplain, nframe, ntun;
static uint32_t		 dropped_key;
static unsigned		 ntype[256];	/* frames by inner type */
static unsigned		 nphase[16];	/* handshake messages by phase */
static uint8_t		 sent[2048], frame[4096], tun[4096];
static size_t		 sent_len, tun_len;
static struct work	 last;		/* the frame's */
static uint8_t		 slot[64][4096];
static struct work	 work[64];

int
chan_send(struct chan *c, enum msg_type type, const void *m, const int *fds)
{
	static const size_t size[MSG_MAX] = {
#define MSG(NAME, name, FROM, TO, nfd, when, doc) [MSG_##NAME] = sizeof(struct msg_##name),
#include "msg.def"
	};

	(void)c;
	(void)fds;
	if (type == MSG_SESSION_DROP) {
		memcpy(&asked, m, size[type]);
		dropped_key = asked.session_drop.session;
		ndropped_key++;
		return 0;
	}
	if (type == MSG_HS_DROP)
		return 0;
	memcpy(&asked, m, size[type]);
	asked_type = type;
	nasked++;
	return 0;
}

struct work *
pipe_get(void)
{
	unsigned i;

	for (i = 0; i < 64; i++)
		if (work[i].buf == NULL) {
			memset(&work[i], 0, sizeof(work[i]));
			work[i].buf = slot[i];
			work[i].off = PIPE_HEAD;
			return &work[i];
		}
	return NULL;
}

void
pipe_put(struct work *w)
{
	ck_assert_ptr_nonnull(w->buf);
	w->buf = NULL;
}

static int flow_kept;		/* one of every flow waits for its turn */

int
pipe_is_kept(uint8_t flow)
{
	(void)flow;
	return flow_kept;
}

unsigned
pipe_free(void)
{
	unsigned i, n = 0;

	for (i = 0; i < 64; i++)
		n += work[i].buf == NULL;
	return n;
}

/* What went to cryptod to be opened again. */
static struct work	*pushed[128];
static unsigned		 npushed;
static pipe_fn		 pushed_done;

int
pipe_push(struct work *w, enum ring_op op, pipe_fn done)
{
	ck_assert_int_eq(op, RING_OPEN_INNER);
	ck_assert_ptr_nonnull(w->buf);
	pushed[npushed++] = w;
	pushed_done = done;
	return 0;
}

int
link_send_work(struct peer *p, struct work *w, enum ring_op op, int ce)
{
	(void)p;
	(void)ce;
	last = *w;
	last.op = (uint8_t)op;
	memcpy(frame, w->buf + w->off, w->len);
	nframe++;
	if (w->body != 0 && w->len >= w->body + 6u)
		ntype[w->buf[w->off + w->body + 4]]++;
	pipe_put(w);
	return 0;
}

int
link_send(struct peer *p, const void *m, size_t len)
{
	(void)p;
	memcpy(sent, m, len);
	sent_len = len;
	nplain++;
	nphase[sent[FSP_DGRAM] & 15]++;
	return 0;
}

uint16_t link_mtu(const struct peer *p) { (void)p; return mtu; }
uint16_t udp_min_mtu(void) { return 1280; }
void netd_tick_by(uint64_t at_ms) { (void)at_ms; }
int link_mark(const struct peer *p, int ce) { (void)p; return ce; }
uint64_t netd_wall_ms(void) { return 1700000000000 + netd.now_ms; }
uint32_t netd_random_u32(void) { return 15; }

static int is_beyond;		/* the link leads to FAR, but is not its own */

struct peer *
peer_find(const uint8_t addr[NADDR_LEN])
{
	return has_link && !is_beyond && memcmp(addr, peer.addr, NADDR_LEN) == 0 ?
	    &peer : NULL;
}

struct peer *
peer_next(struct peer *p)
{
	return p == NULL && has_link ? &peer : NULL;
}

/* The mesh: FAR is a neighbour while there is a link; what lies beyond it is
 * known when the test says so. */
struct way_stats	 way_stats;
static struct coords	 own_place, far_place;	/* n 0: not known */
static enum nexthop_why	 no_way = NEXTHOP_NO_COORDS;
static unsigned		 nseek, nhearsay, nforget;
static uint8_t		 sought[NADDR_LEN], hearsay_of[NADDR_LEN];
static uint16_t		 told_mtu;

struct peer *
way_transit(const struct peer *from, const uint8_t addr[NADDR_LEN],
    enum nexthop_why *why)
{
	struct peer *p = peer_find(addr);

	(void)from;
	*why = p != NULL ? NEXTHOP_DIRECT : no_way;
	return p;
}

struct peer *
way_next(const uint8_t addr[NADDR_LEN])
{
	return has_link && memcmp(addr, peer.addr, NADDR_LEN) == 0 ? &peer : NULL;
}

const struct coords *
way_self(void)
{
	return &own_place;
}

int
way_place(const uint8_t addr[NADDR_LEN], struct coords *at)
{
	*at = far_place;
	return far_place.n > 0 && memcmp(far_place.addr[0], addr, NADDR_LEN) == 0 ?
	    0 : -1;
}

int
way_said(const struct peer *from, const uint8_t addr[NADDR_LEN],
    struct coords *at)
{
	(void)from;
	return way_place(addr, at);
}

uint16_t
way_path_mtu(const uint8_t addr[NADDR_LEN])
{
	(void)addr;
	return told_mtu;
}

void
way_seek(const uint8_t addr[NADDR_LEN])
{
	memcpy(sought, addr, NADDR_LEN);
	nseek++;
}

void
way_forget(const uint8_t addr[NADDR_LEN])
{
	(void)addr;
	nforget++;
}

void
way_hearsay(const struct peer *p, const uint8_t addr[NADDR_LEN],
    uint16_t count, const uint8_t *path)
{
	(void)p;
	if (count == 0 || memcmp(path, addr, NADDR_LEN) != 0)
		return;
	memcpy(hearsay_of, addr, NADDR_LEN);
	nhearsay++;
}

void
way_count(const uint8_t dst[NADDR_LEN], const struct peer *p)
{
	(void)dst;
	(void)p;
}

struct peer *
peer_by_handle(uint32_t handle)
{
	return handle == peer.handle ? &peer : NULL;
}

unsigned peer_slot_of(const struct peer *p) { return p->handle % PEER_SLOTS; }

uint32_t
netd_req(void)
{
	static uint32_t n;

	return ++n;
}

static unsigned npass;

int
link_may_pass(struct peer *p)
{
	(void)p;
	npass++;
	return 1;
}

static struct work *kept;

void pipe_keep(struct work *w) { kept = w; }
void pipe_count(struct work *w, enum pipe_source s) { (void)w; (void)s; }

void
tun_give(struct work *w, uint8_t *p, size_t n)
{
	tun_write(p, n);
	pipe_put(w);
}

int
tun_write(const void *p, size_t n)
{
	memcpy(tun, p, n);
	tun_len = n;
	ntun++;
	return 0;
}

static void
setup(void)
{
	memcpy(netd.conf, conf_default, sizeof(netd.conf));
	netd.now_ms = 100000;
	hex_decode(OWN, netd.addr, 16);
	mesh_addr(netd.addr, netd.ip6);
	hex_decode(FAR, peer.addr, 16);
	hex_decode(FAR_PUB, peer.pub, 33);
	memset(peer.epoch, 0xb1, 8);
	own_place.n = 1;
	memcpy(own_place.addr[0], netd.addr, NADDR_LEN);
	far_place.n = 1;
	memcpy(far_place.addr[0], peer.addr, NADDR_LEN);
	names_init();
	names_learn(peer.pub);
	session_init();
}

static void
wait_ms(uint64_t ms)
{
	uint64_t end = netd.now_ms + ms, due;

	for (;;) {
		netd.now_us = netd.now_ms * 1000;
		due = session_tick();
		if (due == 0 || due > end - netd.now_ms)
			break;
		netd.now_ms += due;
	}
	netd.now_ms = end;
	netd.now_us = end * 1000;
	session_tick();
}

/* A UDP packet of this length for the far node. */
static void
packet_out(size_t len)
{
	struct work	*w = pipe_get();
	uint8_t		*p = w->buf + w->off;

	memset(p, 0xaa, len);
	memset(p, 0, 8);
	p[0] = 0x60;
	p[4] = (uint8_t)((len - 40) >> 8);
	p[5] = (uint8_t)((len - 40) & 0xff);
	p[6] = 17;
	p[7] = 64;
	memcpy(p + 8, netd.ip6, 16);
	mesh_addr(peer.addr, p + 24);
	w->len = (uint32_t)len;
	session_output(w);
}

static struct peer	*through;	/* who brings it; NULL: the far node */

static void
datagram_in(const uint8_t *src, const uint8_t *dst, uint8_t ttl,
    const void *payload, size_t len)
{
	struct work		*w = pipe_get();
	struct fsp_dgram	 d = { .ttl = ttl, .path_mtu = 1380 };

	memcpy(d.src, src, 16);
	memcpy(d.dst, dst, 16);
	fsp_dgram_encode(&d, w->buf + w->off + 20);
	memcpy(w->buf + w->off + 20 + FSP_DGRAM, payload, len);
	w->len = (uint32_t)(20 + FSP_DGRAM + len);
	session_input(through != NULL ? through : &peer, w, 0);
}

static void
shake_in(uint8_t phase, uint8_t fill, const uint8_t *src)
{
	static uint8_t		noise[FSP_MSG3], out[512];
	struct fsp_shake	s = { .phase = phase, .noise = noise,
				    .src = { 1, src }, .dst = { 1, netd.addr } };
	ssize_t			n;

	memset(noise, fill, sizeof(noise));
	s.noise_len = phase == FSP_SETUP ? FSP_MSG1 : phase == FSP_ACK ? FSP_MSG2 : FSP_MSG3;
	n = fsp_shake_encode(&s, out, sizeof(out));
	ck_assert_int_gt(n, 0);
	datagram_in(src, netd.addr, 64, out, (size_t)n);
}

/* A session frame of the far node in a slot, shut. */
static struct work *
frame_of(const uint8_t *src, uint8_t type, const void *body, size_t len)
{
	struct work		*w = pipe_get();
	struct fsp_dgram	 d = { .ttl = 64, .path_mtu = 1380 };
	uint8_t			*f = w->buf + w->off;

	memcpy(d.src, src, 16);
	memcpy(d.dst, netd.addr, 16);
	fsp_dgram_encode(&d, f + 20);
	fsp_inner_encode(f + 68, 0, type, 0);
	memcpy(f + 74, body, len);
	w->len = (uint32_t)(74 + len);
	w->at_ms = netd.now_ms;
	return w;
}

static void
opens_with(struct work *w, uint32_t key)
{
	w->inner = 56;
	w->body = 68;
	w->opened_inner = 1;
	w->why = REFUSE_NONE;
	w->session_key = key;
}

/* A frame that cryptod opened with this key. */
static void
frame_in(uint32_t key, uint8_t type, const void *body, size_t len)
{
	struct work *w = frame_of(peer.addr, type, body, len);

	opens_with(w, key);
	session_input(&peer, w, 0);
}

/* One that it could not open. */
static void
shut_in(const uint8_t *src, const void *body, size_t len)
{
	struct work *w = frame_of(src, FSP_PACKET, body, len);

	w->why = REFUSE_INNER_NO_SESSION;
	w->len += FSP_TAG;
	session_input(&peer, w, 0);
}

/* cryptod's answers to what was pushed; key 0: it still cannot. */
static void
answer_pushed(uint32_t key)
{
	unsigned i;

	for (i = 0; i < npushed; i++) {
		pushed[i]->len -= key != 0 ? FSP_TAG : 0;
		if (key != 0)
			opens_with(pushed[i], key);
		pushed_done(pushed[i]);
		if (kept != pushed[i])
			pipe_put(pushed[i]);
	}
	npushed = 0;
}

static unsigned
slots_out(void)
{
	return 64 - pipe_free();
}

static void
phase_sent(uint8_t phase)
{
	ck_assert_uint_gt(sent_len, FSP_DGRAM + 4);
	ck_assert_uint_eq(sent[FSP_DGRAM], phase);
	ck_assert_mem_eq(sent + 4, netd.addr, 16);
	ck_assert_mem_eq(sent + 20, peer.addr, 16);
}

static void
give_msg1(void)
{
	struct msg_xk_msg1 m = { .req = asked.req, .hs = 11 };

	ck_assert_int_eq(asked_type, MSG_XK_START);
	on_xk_msg1(NULL, &m, NULL);
}

static void
answer_msg1(void)
{
	give_msg1();
	phase_sent(FSP_SETUP);
}

static void
answer_msg3(uint32_t key, uint8_t epoch)
{
	struct msg_xk_msg3 m = { .req = asked.req, .session = key };

	ck_assert_int_eq(asked_type, MSG_XK_READ2);
	memset(m.epoch, epoch, 8);
	on_xk_msg3(NULL, &m, NULL);
	phase_sent(FSP_MSG3_PHASE);
}

static void
answer_msg2(void)
{
	struct msg_xk_msg2 m = { .req = asked.req, .hs = 21 };

	ck_assert_int_eq(asked_type, MSG_XK_READ1);
	on_xk_msg2(NULL, &m, NULL);
	phase_sent(FSP_ACK);
}

static void
answer_up(uint32_t key, uint8_t epoch)
{
	struct msg_xk_up m = { .req = asked.req, .session = key };

	ck_assert_int_eq(asked_type, MSG_XK_READ3);
	memcpy(m.pub, peer.pub, 33);
	memset(m.epoch, epoch, 8);
	on_xk_up(NULL, &m, NULL);
}

static struct session *
established(uint32_t key)
{
	struct session *s;

	packet_out(100);
	answer_msg1();
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(key, 0xb1);
	s = session_find(peer.addr);
	ck_assert_uint_eq(s->state, SESSION_ESTABLISHED);
	wait_ms(SESSION_HOLD_MS);
	return s;
}

START_TEST(the_first_packet_makes_a_session_and_travels_in_it)
{
	struct fsp_data	d;
	struct session	*s = established(100);

	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(last.op, RING_SEAL);
	ck_assert_uint_eq(last.session_key, 100);
	ck_assert_uint_eq(last.inner, 56);
	ck_assert_uint_eq(last.body, 68 + 36);		/* with coordinates */
	ck_assert_uint_eq(last.len, 100 - 40 + 85 + 36);
	memset(frame + last.len, 0, FSP_TAG);
	ck_assert_int_eq(fsp_data_decode(frame + 56, last.len - 56 + FSP_TAG, &d), 0);
	ck_assert_uint_eq(d.flags, FSP_CP);
	ck_assert_uint_eq(d.len, last.len - last.body);
	ck_assert_uint_eq(frame[last.body + 4], FSP_PACKET);
	ck_assert_uint_eq(get_le16(frame + last.body + 6), 256);
	ck_assert_uint_eq(get_le16(frame + last.body + 8), 256);
	ck_assert_uint_eq(frame[last.body + 17], 0xaa);
	ck_assert_uint_eq(frame[last.len - 1], 0xaa);
	while (s->warmup > 0)
		packet_out(100);
	packet_out(1303);
	ck_assert_uint_eq(last.body, 68);
	ck_assert_uint_eq(last.len + 32, 1380);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_TOO_BIG], 0);
	packet_out(1304);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_TOO_BIG], 1);
	ck_assert_uint_eq(tun[40], 2);
	ck_assert_uint_eq(tun[46] * 256 + tun[47], 1303);
}
END_TEST

/* A datagram of the far node to the kernel: ports, what is left of its header. */
static size_t
packet_body(uint8_t *body, uint8_t next, size_t payload)
{
	uint8_t head[40] = { 0x60 };

	put_le16(body, FSP_PORT_IP6);
	put_le16(body + 2, FSP_PORT_IP6);
	head[6] = next;
	head[7] = 64;
	ip6_shrink(head, body + 4);
	memset(body + 4 + IP6_SHIM, 0x11, payload);
	return 4 + IP6_SHIM + payload;
}

/* One of a flow comes, and need not wait. */
static void
flow_known(uint8_t next)
{
	uint8_t		 body[100];
	struct work	*w = frame_of(peer.addr, FSP_PACKET, body,
			    packet_body(body, next, 30));

	opens_with(w, 100);
	w->urgent = 1;
	session_input(&peer, w, 0);
}

START_TEST(a_packet_that_goes_early_goes_once)
{
	struct session	*s = established(100);
	uint8_t		 body[700];
	struct work	*w;
	uint64_t	 before;
	unsigned	 out = slots_out();

	flow_known(17);
	before = s->stats.packets_recv;
	w = frame_of(peer.addr, FSP_PACKET, body, packet_body(body, 17, 30));
	opens_with(w, 100);
	ntun = 0;
	session_early(w, 0);		/* the keys of its link are older */
	flow_kept = 1;
	session_early(w, 1);		/* one before it waits */
	flow_kept = 0;
	ck_assert_uint_eq(ntun, 0);
	ck_assert_uint_ne(w->flow, 0);	/* nor will others of its flow */
	session_early(w, 1);
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(tun_len, 70);
	ck_assert_uint_eq(tun[40], 0x11);
	ck_assert_uint_eq(s->stats.packets_recv, before);	/* not its turn */
	session_input(&peer, w, 0);
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(s->stats.packets_recv, before + 1);
	ck_assert_uint_eq(slots_out(), out);
}
END_TEST

/* Nor a second time when its session is gone by its turn, or has other keys. */
START_TEST(a_packet_that_went_early_outlives_its_session)
{
	uint8_t		 body[100];
	struct work	*w;
	unsigned	 i, out;
	struct session	*s = established(100);

	out = slots_out();
	for (i = 0; i < 2; i++) {
		s->prev.session = 0;
		s->cur.session = 100;
		flow_known(17);
		w = frame_of(peer.addr, FSP_PACKET, body, packet_body(body, 17, 30));
		opens_with(w, 100);
		ntun = 0;
		session_early(w, 1);
		ck_assert(w->given);
		if (i == 0) {
			s->prev.session = 100;
			s->cur.session = 101;
		} else
			session_del(s);
		session_input(&peer, w, 0);
		ck_assert_uint_eq(ntun, 1);
		ck_assert_uint_eq(slots_out(), out);
	}
}
END_TEST

/* Each of them waits for its turn, and is whole then. */
START_TEST(only_small_packets_under_keys_of_today_go_early)
{
	uint8_t		body[700];
	struct work	*w;
	unsigned	i, out;

	established(100);
	out = slots_out();
	for (i = 0; i < 6; i++) {
		size_t len = packet_body(body, i == 0 ? 6 : 17, i == 5 ? 600 : 30);

		flow_known(17);
		body[2] ^= i == 1;		/* another port than that of packets */
		w = frame_of(peer.addr, i == 2 ? FSP_PATH_MTU : FSP_PACKET, body,
		    i == 3 ? 3 : len);
		opens_with(w, i == 4 ? 99 : 100);
		ntun = 0;
		session_early(w, 1);
		ck_assert_uint_eq(ntun, 0);
		ck_assert(!w->given);
		session_input(&peer, w, 0);
		ck_assert_uint_eq(ntun, i == 0 || i == 5);
	}
	w = frame_of(peer.addr, FSP_PACKET, body, packet_body(body, 17, 30));
	opens_with(w, 100);
	session_early(w, 1);			/* its flow has large ones */
	ck_assert(!w->given);
	session_input(&peer, w, 0);
	ck_assert_uint_eq(slots_out(), out);
}
END_TEST

START_TEST(a_packet_says_its_flow_and_what_warms_a_way_is_not_passed)
{
	struct session	*s = established(100);
	uint8_t		 flow, fragment[100] = { 0x60, [6] = 44 };

	while (s->warmup > 0) {
		packet_out(100);
		ck_assert(!last.urgent);
	}
	packet_out(100);
	ck_assert(last.urgent);
	ck_assert_uint_eq(session_flow(fragment, sizeof(fragment)), PIPE_ANY);
	flow = last.flow;
	ck_assert_uint_ne(flow, 0);
	packet_out(1000);
	ck_assert(!last.urgent);
	ck_assert_uint_eq(last.flow, flow);
}
END_TEST

START_TEST(a_lost_setup_is_sent_again_unchanged_until_patience_ends)
{
	uint8_t copy[2048];
	unsigned i;

	packet_out(100);
	answer_msg1();
	memcpy(copy, sent, sent_len);
	for (i = 0; i < 4; i++) {
		wait_ms(1000u << i);
		ck_assert_uint_eq(nplain, i + 2);
		ck_assert_mem_eq(copy, sent, sent_len);
	}
	ck_assert_ptr_nonnull(session_find(peer.addr));
	wait_ms(16000);
	ck_assert_ptr_null(session_find(peer.addr));
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(tun[40], 1);		/* unreachable */
}
END_TEST

START_TEST(a_forged_ack_leaves_the_handshake_alive)
{
	packet_out(100);
	answer_msg1();
	shake_in(FSP_ACK, 9, peer.addr);
	ck_assert_int_eq(session_hs_no(asked.req, REFUSE_HS_AUTH), 1);
	ck_assert_int_eq(session_hs_no(asked.req, REFUSE_HS_AUTH), 0);
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 100);
}
END_TEST

START_TEST(a_lost_msg3_is_sent_again_until_a_frame_comes)
{
	unsigned n;

	established(100);
	n = nplain;
	wait_ms(1000);
	ck_assert_uint_eq(nplain, n + 1);
	phase_sent(FSP_MSG3_PHASE);
	frame_in(100, FSP_WARMUP, "", 0);
	n = nplain;
	wait_ms(30000);
	ck_assert_uint_eq(nplain, n);
}
END_TEST

START_TEST(a_repeated_setup_gets_the_same_ack_and_no_key_operation)
{
	unsigned n;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nasked;
	nplain = 0;
	shake_in(FSP_SETUP, 5, peer.addr);
	ck_assert_uint_eq(nplain, 1);
	ck_assert_uint_eq(nasked, n);
	phase_sent(FSP_ACK);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	ck_assert_mem_eq(asked.xk_read3.addr, peer.addr, 16);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 200);
	ck_assert_uint_eq(session_find(peer.addr)->state, SESSION_ESTABLISHED);
}
END_TEST

START_TEST(a_setup_without_proof_touches_no_live_session)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	session_hs_no(asked.req, REFUSE_HS_WRONG_PEER);
	ck_assert_uint_eq(s->cur.session, 100);
	ck_assert_uint_eq(s->pend.session, 0);
	wait_ms(31000);
	ck_assert_uint_eq(s->cur.session, 100);
	ck_assert_uint_eq(s->state, SESSION_ESTABLISHED);
}
END_TEST

START_TEST(setups_are_metered_before_any_key_operation)
{
	uint8_t src[16] = { 1 };
	unsigned i;

	for (i = 0; i < 200; i++) {
		src[1] = (uint8_t)i;
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	ck_assert_uint_eq(nasked, 64);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_RATE], 136);
	netd.now_ms += 1000;
	for (i = 0; i < 50; i++) {
		src[2] = (uint8_t)(i + 1);
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	ck_assert_uint_eq(nasked, 64 + 16);
	ck_assert_uint_eq(session_count(), 0);
}
END_TEST

START_TEST(false_acks_and_msg3s_are_metered_and_true_ones_are_not)
{
	unsigned i, n;

	packet_out(100);
	answer_msg1();
	n = nasked;
	for (i = 0; i < 200; i++) {
		shake_in(FSP_ACK, 9, peer.addr);
		session_hs_no(asked.req, REFUSE_HS_AUTH);
	}
	ck_assert_uint_eq(nasked, n + 64);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_RATE], 136);
	netd.now_ms += 1000;
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	frame_in(100, FSP_WARMUP, "", 0);
	/* Sixteen more by now, and what is true costs nothing of them. */
	for (i = 0; i < 10; i++) {
		shake_in(FSP_SETUP, (uint8_t)(10 + i), peer.addr);
		answer_msg2();
		shake_in(FSP_MSG3_PHASE, 6, peer.addr);
		answer_up(200 + i, 0xb1);
	}
	shake_in(FSP_SETUP, 30, peer.addr);
	answer_msg2();
	n = nasked;
	for (i = 0; i < 20; i++) {
		shake_in(FSP_MSG3_PHASE, 9, peer.addr);
		session_hs_no(asked.req, REFUSE_HS_AUTH);
	}
	ck_assert_uint_eq(nasked, n + 16);
}
END_TEST

START_TEST(strangers_behind_a_neighbour_leave_it_its_own_setups_and_us_our_acks)
{
	uint8_t src[16] = { 1 };
	unsigned i, n;

	packet_out(100);
	answer_msg1();
	for (i = 0; i < 200; i++) {
		src[1] = (uint8_t)i;
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	n = nasked;
	shake_in(FSP_SETUP, 5, src);
	ck_assert_uint_eq(nasked, n);
	/* Our own handshake with somebody as far away, and the neighbour's with us. */
	memset(peer.addr, 3, sizeof(peer.addr));
	shake_in(FSP_ACK, 2, session_next(NULL)->addr);
	ck_assert_uint_eq(nasked, n + 1);
	shake_in(FSP_SETUP, 6, peer.addr);
	ck_assert_uint_eq(nasked, n + 2);
}
END_TEST

/* Setups in names of this many nodes, by a link that pays for them. */
static void
forge_setups(struct peer *by, unsigned from, unsigned n)
{
	uint8_t		 addr[16] = { 7 };
	struct peer	*was = through;

	for (through = by; n > 0; from++, n--) {
		netd.now_ms += 63;
		addr[1] = (uint8_t)from;
		shake_in(FSP_SETUP, (uint8_t)from, addr);
	}
	through = was;
}

/* Is a Msg3 of this node read? How many handshakes it may end. */
static unsigned
half_open(const uint8_t *addr)
{
	unsigned n = nasked;

	shake_in(FSP_MSG3_PHASE, 6, addr);
	return nasked - n;
}

START_TEST(who_fills_all_places_in_names_that_we_know_loses_them_to_a_newcomer)
{
	uint8_t		 addr[16] = { 7 };
	struct peer	 liar = { .handle = 9 };
	unsigned	 i;

	for (i = 0; i < 128; i++) {
		addr[1] = (uint8_t)i;
		session_add(addr, peer.pub, SESSION_EV_WANT);
	}
	forge_setups(&liar, 0, 128);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	forge_setups(&liar, 100, 100);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 0);
	ck_assert_uint_eq(half_open(peer.addr), 1);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 200);
}
END_TEST

START_TEST(setups_in_the_name_of_another_do_not_push_its_own_out)
{
	struct peer	 liar = { .handle = 9 };
	unsigned	 i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	through = &liar;
	for (i = 0; i < 20; i++)
		shake_in(FSP_SETUP, (uint8_t)(100 + i), peer.addr);
	through = NULL;
	/* The Ack that the true one waits for is still to be had. */
	nplain = 0;
	shake_in(FSP_SETUP, 5, peer.addr);
	ck_assert_uint_eq(nplain, 1);
	phase_sent(FSP_ACK);
	/* Nor do they keep it out when they were first. */
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	nplain = 0;
	shake_in(FSP_SETUP, 5, peer.addr);
	shake_in(FSP_SETUP, 6, peer.addr);
	ck_assert_uint_eq(nplain, 2);
}
END_TEST

START_TEST(our_rekey_asks_under_new_keys_and_sends_data_under_old_ones)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	while (s->warmup > 0)
		packet_out(100);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	answer_msg3(101, 0xb1);
	ck_assert_uint_eq(s->pend.session, 101);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	ck_assert_uint_eq(frame[57], 0);
	wait_ms(1999);
	ck_assert_uint_eq(last.session_key, 100);
	wait_ms(1);
	ck_assert_uint_eq(last.session_key, 101);
	ck_assert_uint_eq(frame[57], FSP_K | FSP_CP);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	frame_in(101, FSP_PATH_MTU, "\x64\x05", 2);
	ck_assert_uint_eq(s->cur.session, 101);
	ck_assert_uint_eq(s->prev.session, 100);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 101);
	ck_assert_uint_eq(frame[57], FSP_K);
	wait_ms(5000);
	frame_in(100, FSP_WARMUP, "", 0);	/* a late one: still good */
	wait_ms(9999);
	ck_assert_uint_eq(s->prev.session, 100);
	wait_ms(1);
	ck_assert_uint_eq(s->prev.session, 0);
	ck_assert_uint_eq(dropped_key, 100);
}
END_TEST

START_TEST(their_rekey_counts_when_a_frame_proves_it)
{
	struct session *s = established(100);
	unsigned n;

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	ck_assert_uint_eq(s->cur.session, 100);
	ck_assert_uint_eq(s->pend.session, 102);
	wait_ms(11000);
	ck_assert_uint_eq(s->cur.session, 100);
	n = nframe;
	frame_in(102, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 102);
	ck_assert_uint_gt(nframe, n);		/* they hear it at once */
	ck_assert_uint_eq(last.session_key, 102);
}
END_TEST

static struct session *
holding_theirs(void)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	return s;
}

START_TEST(keys_of_theirs_are_used_when_the_old_ones_must_be_gone)
{
	struct session *s = holding_theirs();

	/* The way was cut: the other side uses the new keys and forgets the old. */
	wait_ms(11900);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
	wait_ms(1200);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 102);
	ck_assert_uint_eq(s->cur.session, 102);
	/* What it sent before still opens. */
	frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 102);
	ck_assert_uint_eq(s->prev.session, 100);
}
END_TEST

START_TEST(keys_of_theirs_wait_while_the_old_ones_are_in_use)
{
	struct session *s = holding_theirs();
	unsigned	i;

	for (i = 0; i < 6; i++) {
		wait_ms(8000);
		frame_in(100, FSP_WARMUP, "", 0);
		ck_assert_uint_eq(s->cur.session, 100);
	}
	/* Nobody has these any more: not after a minute. */
	wait_ms(8000);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(20000);
	ck_assert_uint_eq(s->cur.session, 100);
}
END_TEST

/* v0.4.1 with the smaller address, waiting for the end of another handshake. */
START_TEST(who_hears_no_setup_is_told_to_stop_waiting)
{
	unsigned n;

	memset(netd.addr, 0xff, sizeof(netd.addr));
	mesh_addr(netd.addr, netd.ip6);
	memcpy(own_place.addr[0], netd.addr, NADDR_LEN);
	packet_out(100);
	answer_msg1();
	nphase[FSP_ACK] = nphase[FSP_MSG3_PHASE] = 0;
	wait_ms(2900);
	ck_assert_uint_eq(nphase[FSP_ACK] + nphase[FSP_MSG3_PHASE], 0);
	wait_ms(200);
	ck_assert_uint_eq(nphase[FSP_ACK], 1);
	ck_assert_uint_eq(nphase[FSP_MSG3_PHASE], 1);
	phase_sent(FSP_SETUP);			/* it hears this one */
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	frame_in(100, FSP_WARMUP, "", 0);
	n = nplain;
	wait_ms(30000);
	ck_assert_uint_eq(nplain, n);
}
END_TEST

/* What another of our kind says then. */
START_TEST(what_tells_others_to_stop_waiting_is_no_work_for_cryptod)
{
	unsigned n;

	packet_out(100);
	answer_msg1();
	n = nasked;
	shake_in(FSP_ACK, 0, peer.addr);
	ck_assert_uint_eq(nasked, n);
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nasked;
	shake_in(FSP_MSG3_PHASE, 0, peer.addr);
	ck_assert_uint_eq(nasked, n);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_UNEXPECTED], 2);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
}
END_TEST

/* It lost the session, not its process, and what comes under old keys with it. */
START_TEST(data_waits_for_the_msg3_of_somebody_who_was_silent)
{
	struct session *s = established(100);
	unsigned	n;
	struct work	w;

	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(3000);
	packet_out(100);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nframe;
	/* Sealed before: there is something to report. */
	w = last;
	w.buf = frame;
	w.off = 0;
	w.len += 32;
	session_sealed(&w);
	packet_out(100);
	wait_ms(500);
	ck_assert_uint_eq(nframe, n);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	ck_assert_uint_eq(s->cur.session, 102);
	wait_ms(0);
	ck_assert_uint_gt(nframe, n);
	ck_assert_uint_eq(last.session_key, 102);
	/* What it sealed before still opens. */
	frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->prev.session, 100);
}
END_TEST

/* v0.4.1 forgets a session with its link: our rekey is its first handshake. */
START_TEST(data_waits_until_who_left_it_unanswered_has_our_keys)
{
	struct session	*s = established(100);
	unsigned	 n;

	frame_in(100, FSP_WARMUP, "", 0);
	packet_out(100);
	wait_ms(3000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	n = ntype[FSP_PACKET];
	answer_msg3(101, 0xb1);
	packet_out(100);
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	ck_assert_uint_eq(last.session_key, 101);	/* the question */
	frame_in(101, FSP_PATH_MTU, "\x64\x05", 2);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
	ck_assert_uint_eq(last.session_key, 101);
	/* Who says nothing to that is not waited for. */
	packet_out(100);
	wait_ms(SESSION_MSG3_AGAIN_MS + 35000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 4, peer.addr);
	answer_msg3(103, 0xb1);
	n = ntype[FSP_PACKET];
	packet_out(100);
	wait_ms(SESSION_MSG3_MS - 1);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	wait_ms(1);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
}
END_TEST

START_TEST(a_setup_without_proof_delays_data_once_in_a_while)
{
	unsigned n;

	established(100);
	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);	/* we were just talking */
	answer_msg2();
	n = nframe;
	packet_out(100);
	ck_assert_uint_eq(nframe, n + 1);
	wait_ms(3000);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	n = nframe;
	packet_out(100);
	wait_ms(2400);
	ck_assert_uint_eq(nframe, n);
	wait_ms(100);
	ck_assert_uint_eq(nframe, n + 1);
	ck_assert_uint_eq(last.session_key, 100);
	shake_in(FSP_SETUP, 7, peer.addr);
	answer_msg2();
	packet_out(100);
	ck_assert_uint_eq(nframe, n + 2);
}
END_TEST

/* Who lost the keys cannot send under them, but what it sent before may be late. */
START_TEST(a_frame_under_the_keys_in_use_ends_the_wait_for_a_msg3)
{
	struct session	*s = established(100);
	unsigned	 n;

	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(3000);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = ntype[FSP_PACKET];
	packet_out(100);
	wait_ms(SESSION_ROUND_MS - 1);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	wait_ms(1);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
	ck_assert_uint_eq(last.session_key, 100);
	/* Once it is measured, the round trip counts. */
	s->extra->mmp.m.samples = 1;
	s->extra->mmp.m.srtt_us = 40000;
	wait_ms(SESSION_MSG3_AGAIN_MS);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	n = ntype[FSP_PACKET];
	packet_out(100);
	wait_ms(40);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n);
	wait_ms(1);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(0);
	ck_assert_uint_eq(ntype[FSP_PACKET], n + 1);
}
END_TEST

START_TEST(keys_that_were_just_made_are_not_in_doubt)
{
	unsigned n;

	established(100);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	n = nframe;
	packet_out(100);
	ck_assert_uint_eq(nframe, n + 1);
	wait_ms(3000);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	n = nframe;
	packet_out(100);
	wait_ms(1000);
	ck_assert_uint_eq(nframe, n);
}
END_TEST

/* Ours was on its way: both may have been given up by now, so a frame decides. */
START_TEST(crossed_keys_are_not_used_on_their_own_word)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(3000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	through = &peer;
	shake_in(FSP_SETUP, 5, peer.addr);
	through = NULL;
	ck_assert_int_ne(asked_type, MSG_XK_READ1);	/* ours is the smaller address */
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(101, 0xb1);
	shake_in(FSP_SETUP, 6, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(102, 0xb1);
	ck_assert_uint_eq(s->cur.session, 100);
}
END_TEST

START_TEST(a_restarted_node_is_believed_once_it_proved_its_key)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	ck_assert_uint_eq(s->cur.session, 100);
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(103, 0xc2);
	ck_assert_uint_eq(s->cur.session, 103);
	ck_assert_uint_eq(s->prev.session, 100);
	/* and when the link says so, we do not wait for it */
	memset(peer.epoch, 0xd3, 8);
	session_link_changed(&peer, 1);
	ck_assert_int_eq(asked_type, MSG_XK_START);
}
END_TEST

START_TEST(silence_starts_a_handshake_beside_the_old_keys)
{
	struct session *s = established(100);
	unsigned i, n;

	frame_in(100, FSP_WARMUP, "", 0);
	n = nasked;
	packet_out(100);		/* one that needs no answer */
	wait_ms(60000);
	ck_assert_uint_eq(nasked, n);
	frame_in(100, FSP_WARMUP, "", 0);
	for (i = 0; i < 15; i++) {
		packet_out(100);
		wait_ms(1000);
	}
	ck_assert_int_eq(asked_type, MSG_XK_START);
	ck_assert_uint_eq(s->cur.session, 100);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 100);
}
END_TEST

/* Our Msg3 was lost, theirs was not: only their keys are surely shared. */
START_TEST(keys_of_ours_that_nobody_heard_give_way_to_proven_ones)
{
	struct session *s = established(100);

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(s->cur.session, 200);
	wait_ms(SESSION_HOLD_MS);
	packet_out(100);
	ck_assert_uint_eq(last.session_key, 200);
}
END_TEST

/* The other side did the same and sends under the keys that we gave up. */
START_TEST(crossed_keys_stay_until_one_side_was_heard_under_the_new_ones)
{
	struct session	*s = established(100);
	unsigned	 dropped;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	dropped = ndropped_key;
	wait_ms(3 * SESSION_DRAIN_MS);
	ck_assert_uint_eq(s->prev.session, 100);
	ck_assert_uint_eq(ndropped_key, dropped);
	frame_in(100, FSP_WARMUP, "", 0);
	frame_in(200, FSP_WARMUP, "", 0);
	wait_ms(SESSION_DRAIN_MS + 1000);
	ck_assert_uint_eq(s->prev.session, 0);
	ck_assert_uint_eq(dropped_key, 100);
}
END_TEST

/* The other side was away while we asked: what it missed is sent when it is back. */
START_TEST(a_link_that_comes_back_hears_the_setup_that_waits)
{
	unsigned i, n;

	established(100);
	frame_in(100, FSP_WARMUP, "", 0);
	for (i = 0; i < 20 && asked_type != MSG_XK_START; i++) {
		packet_out(100);
		wait_ms(1000);
	}
	answer_msg1();
	has_link = 0;
	wait_ms(16000);
	has_link = 1;
	n = nplain;
	session_link_changed(&peer, 1);
	ck_assert_uint_eq(nplain, n + 1);
	phase_sent(FSP_SETUP);
	wait_ms(1000);
	ck_assert_uint_eq(nplain, n + 2);
}
END_TEST

START_TEST(a_frame_becomes_the_packet_it_was)
{
	static const uint8_t body[] = {
		0, 1, 0, 1, 0, 0x60, 0x12, 0x34, 0x56, 17, 63, 'h', 'i'
	};

	established(100);
	frame_in(100, FSP_PACKET, body, sizeof(body));
	ck_assert_uint_eq(tun_len, 42);
	ck_assert(ip6_is_packet(tun, tun_len));
	ck_assert_uint_eq(tun[1], 0x12);
	ck_assert_uint_eq(tun[6], 17);
	ck_assert_uint_eq(tun[7], 63);
	ck_assert_mem_eq(tun + 9, peer.addr, 15);
	ck_assert_mem_eq(tun + 24, netd.ip6, 16);
	ck_assert_mem_eq(tun + 40, "hi", 2);
	frame_in(99, FSP_PACKET, body, sizeof(body));	/* nobody's key */
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 1);
	ck_assert_uint_eq(ntun, 1);
}
END_TEST

static const uint8_t hello[] = {
	0, 1, 0, 1, 0, 0x60, 0, 0, 0, 17, 63, 'h', 'i'
};

START_TEST(frames_that_come_with_their_msg3_wait_for_its_keys)
{
	unsigned i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	for (i = 0; i < 3; i++)
		shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 3);
	ck_assert_uint_eq(npushed, 0);
	answer_up(200, 0xb1);
	ck_assert_uint_eq(npushed, 3);
	/* This one was with cryptod when the keys came. */
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(npushed, 4);
	answer_pushed(200);
	ck_assert_uint_eq(ntun, 4);
	ck_assert_mem_eq(tun + 40, "hi", 2);
	ck_assert_uint_eq(slots_out(), 0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 0);
	/* A later one has no such excuse. */
	netd.now_ms++;
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(npushed, 0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 1);
}
END_TEST

START_TEST(frames_that_wait_for_a_false_msg3_are_few_and_go)
{
	uint8_t src[16] = { 1 };
	unsigned i;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_SETUP, 7, peer.addr);
	answer_msg2();
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 0);		/* no Msg3 yet */
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);		/* for either of them */
	for (i = 0; i < 40; i++)
		shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 16);
	shut_in(src, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 16);
	session_hs_no(asked.req - 1, REFUSE_HS_AUTH);
	ck_assert_uint_eq(slots_out(), 16);
	session_hs_no(asked.req, REFUSE_HS_AUTH);
	ck_assert_uint_eq(slots_out(), 0);
	ck_assert_uint_eq(npushed, 0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 42);
	/* cryptod never answers: the handshake's patience is theirs. */
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	shut_in(peer.addr, hello, sizeof(hello));
	ck_assert_uint_eq(slots_out(), 1);
	wait_ms(31000);
	ck_assert_uint_eq(slots_out(), 0);
}
END_TEST

START_TEST(a_frame_that_does_not_open_the_second_time_is_gone)
{
	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	shut_in(peer.addr, hello, sizeof(hello));
	answer_up(200, 0xb1);
	answer_pushed(0);
	ck_assert_uint_eq(netd.refused[REFUSE_INNER_NO_SESSION], 1);
	ck_assert_uint_eq(slots_out(), 0);
	ck_assert_uint_eq(ntun, 0);
}
END_TEST

START_TEST(what_a_machine_may_not_send_is_refused_and_answered)
{
	struct work *w;
	int i;

	for (i = 0; i < 3; i++) {
		w = pipe_get();
		memset(w->buf + w->off, 0, 48);
		w->buf[w->off] = 0x60;
		w->buf[w->off + 5] = 8;
		w->buf[w->off + 6] = 17;
		memcpy(w->buf + w->off + 8, netd.ip6, 16);
		memset(w->buf + w->off + 24, i == 0 ? 0x20 : 0xfd, 16);
		if (i == 2)
			w->buf[w->off + 9] ^= 1;
		w->len = 48;
		session_output(w);
	}
	ck_assert_uint_eq(netd.refused[REFUSE_IP_NOT_MESH], 1);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_UNKNOWN], 1);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_SOURCE], 1);
	ck_assert_uint_eq(ntun, 2);
}
END_TEST

START_TEST(transit_counts_hops_and_complains_seldom)
{
	uint8_t src[16] = { 3 }, nowhere[16] = { 4 }, data[64] = { 0 };
	struct peer from = { .handle = 9 };
	struct work *w;
	struct fsp_dgram d;
	int ttl;

	for (ttl = 0; ttl < 3; ttl++) {
		w = pipe_get();
		d = (struct fsp_dgram){ .ttl = (uint8_t)ttl, .path_mtu = 9000 };
		memcpy(d.src, src, 16);
		memcpy(d.dst, peer.addr, 16);
		fsp_dgram_encode(&d, w->buf + w->off + 20);
		w->len = 100;
		session_input(&from, w, 0);
	}
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_TTL], 2);
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(last.op, RING_SEAL_LINK);
	ck_assert_uint_eq(frame[21], 1);
	ck_assert_uint_eq(get_le16(frame + 22), 1380);
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 2);
	ck_assert_uint_eq(nplain, 1);
	ck_assert_uint_eq(sent[FSP_DGRAM + 4], FSP_COORDS_REQUIRED);
	data[1] = FSP_U;
	netd.now_ms += 1000;
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 1);
}
END_TEST

/* At the next node it would count as ours. */
START_TEST(what_is_in_our_name_and_not_from_us_goes_no_further)
{
	uint8_t src[16] = { 3 }, data[64] = { 0 };
	struct peer from = { .handle = 9 };

	through = &from;
	datagram_in(src, peer.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 1);
	datagram_in(netd.addr, peer.addr, 64, data, sizeof(data));
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_OWN], 1);
	ck_assert_uint_eq(slots_out(), 0);
}
END_TEST

START_TEST(a_node_without_a_way_is_looked_for_and_found)
{
	struct fsp_shake h;

	has_link = 0;
	far_place.n = 0;
	packet_out(100);
	give_msg1();
	ck_assert_uint_eq(nplain, 0);
	ck_assert_uint_eq(nseek, 1);
	ck_assert_mem_eq(sought, peer.addr, 16);
	/* The Setup that goes out then tells where it goes. */
	has_link = 1;
	far_place.n = 2;
	mtu = 1472;
	told_mtu = 1400;
	session_found(peer.addr);
	ck_assert_uint_eq(nplain, 1);
	ck_assert_int_eq(fsp_shake_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &h), 0);
	ck_assert_uint_eq(h.dst.count, 2);
	ck_assert_mem_eq(h.dst.addr, peer.addr, 16);
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 1400 - 77);
}
END_TEST

START_TEST(a_node_that_is_not_found_is_unreachable)
{
	has_link = 0;
	packet_out(100);
	give_msg1();
	ck_assert_uint_eq(nseek, 1);
	session_lost(peer.addr);
	ck_assert_uint_eq(nforget, 1);
	ck_assert_ptr_null(session_find(peer.addr));
	ck_assert_uint_eq(ntun, 1);
	ck_assert_uint_eq(tun[40], 1);
	session_lost(peer.addr);		/* of no interest any more */
	session_found(peer.addr);
}
END_TEST

START_TEST(who_does_not_answer_hears_again_where_we_are)
{
	struct session *s = established(100);

	while (s->warmup > 0)
		packet_out(100);
	frame_in(100, FSP_WARMUP, "", 0);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	wait_ms(1999);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	wait_ms(1);
	packet_out(100);
	ck_assert_uint_eq(frame[57], FSP_CP);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(5000);
	packet_out(100);
	ck_assert_uint_eq(frame[57], 0);
	ck_assert_uint_eq(nseek, 0);
	/* One that is no neighbour may stand elsewhere, and who noticed that may
	 * know no way back to us. */
	is_beyond = 1;
	wait_ms(2000);
	packet_out(100);
	ck_assert_uint_eq(frame[57], FSP_CP);
	ck_assert_uint_eq(nseek, 1);
	packet_out(100);
	ck_assert_uint_eq(nseek, 1);
}
END_TEST

START_TEST(packets_of_a_session_wait_while_its_node_is_looked_for)
{
	struct session *s = established(100);
	unsigned was = nframe;

	has_link = 0;
	packet_out(100);
	ck_assert_uint_eq(nframe, was);
	ck_assert_uint_eq(nseek, 1);
	has_link = 1;
	s->warmup = 0;
	session_found(peer.addr);
	ck_assert_uint_eq(nframe, was + 1);
	ck_assert_uint_gt(s->warmup, 0);
	has_link = 0;
	packet_out(100);
	session_lost(peer.addr);
	ck_assert_ptr_nonnull(session_find(peer.addr));
	ck_assert_uint_eq(tun[40], 1);
}
END_TEST

START_TEST(transit_learns_places_and_stops_frames_that_cannot_be)
{
	uint8_t src[16] = { 3 }, data[128] = { 0 };
	struct peer from = { .handle = 9 };
	size_t n;

	through = &from;
	/* The coordinates flag, and nothing behind it: stops a v0.4.1 node. */
	data[1] = FSP_CP;
	for (n = 4; n < 32; n++)
		datagram_in(src, peer.addr, 64, data, n);
	ck_assert_uint_eq(nframe, 0);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SHORT], 28);
	ck_assert_uint_eq(nhearsay, 0);
	put_le16(data + 2, 6);
	data[12] = 1;
	memcpy(data + 14, src, 16);
	data[30] = 1;
	memcpy(data + 32, peer.addr, 16);
	datagram_in(src, peer.addr, 64, data, 48 + 6 + 16);
	ck_assert_uint_eq(nframe, 1);
	ck_assert_uint_eq(nhearsay, 2);
	ck_assert_mem_eq(hearsay_of, peer.addr, 16);
}
END_TEST

START_TEST(transit_says_what_is_wrong_with_the_way)
{
	uint8_t nowhere[16] = { 4 }, other[16] = { 5 }, data[1400] = { 0 };
	struct fsp_signal g;

	no_way = NEXTHOP_STUCK;
	datagram_in(peer.addr, nowhere, 64, data, 64);
	ck_assert_int_eq(fsp_signal_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &g), 0);
	ck_assert_uint_eq(g.type, FSP_PATH_BROKEN);
	ck_assert_mem_eq(g.dest, nowhere, 16);
	ck_assert_mem_eq(g.reporter, netd.addr, 16);
	no_way = NEXTHOP_NO_COORDS;
	datagram_in(peer.addr, other, 64, data, 64);
	ck_assert_int_eq(fsp_signal_decode(sent + FSP_DGRAM, sent_len - FSP_DGRAM, &g), 0);
	ck_assert_uint_eq(g.type, FSP_COORDS_REQUIRED);
	/* Nobody complains to a source that cannot be reached. */
	netd.now_ms += 1000;
	datagram_in(other, nowhere, 64, data, 64);
	ck_assert_uint_eq(nplain, 2);
}
END_TEST

/* A peer that makes up destinations does not turn us upon whom it names. */
START_TEST(a_link_draws_a_bounded_number_of_complaints)
{
	uint8_t nowhere[16] = { 4 }, data[64] = { 0 };
	struct peer from = { .handle = 9 };
	unsigned i;

	through = &from;
	for (i = 0; i < 1000; i++) {
		put_le32(nowhere + 8, i);
		nowhere[0] = (uint8_t)i;
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	}
	ck_assert_uint_eq(nplain, 64);
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 1000);
	netd.now_ms += 100;
	for (i = 0; i < 100; i++) {
		nowhere[0] = (uint8_t)i;
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	}
	ck_assert_uint_eq(nplain, 64 + 10);
	/* It is not another link's doing, nor the peer's own. */
	nowhere[1] = 1;
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 64 + 10);
	through = NULL;
	nowhere[2] = 1;
	datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	ck_assert_uint_eq(nplain, 64 + 11);
}
END_TEST

START_TEST(what_finds_no_way_is_paid_for_by_who_brought_it)
{
	uint8_t nowhere[16] = { 4 }, data[64] = { 0 };
	unsigned i;

	npass = 0;
	for (i = 0; i < 5; i++) {
		nowhere[8] = (uint8_t)i;
		datagram_in(peer.addr, nowhere, 64, data, sizeof(data));
	}
	ck_assert_uint_eq(netd.refused[REFUSE_DGRAM_NO_ROUTE], 5);
	ck_assert_uint_eq(npass, 5);
}
END_TEST

/* Without it a reference node opens the frame only by trying every key. */
START_TEST(a_warm_up_after_a_change_of_keys_carries_their_bit)
{
	struct fsp_signal g = { .type = FSP_COORDS_REQUIRED };
	struct session *s = holding_theirs();
	uint8_t out[64];
	size_t n;

	frame_in(102, FSP_WARMUP, "", 0);
	ck_assert_uint_eq(s->cur.session, 102);
	netd.now_ms += 10000;
	memcpy(g.dest, peer.addr, 16);
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	frame[57] = 0;
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_eq(frame[57], FSP_CP | FSP_K);
	ck_assert_uint_eq(last.session_key, 102);
}
END_TEST

START_TEST(a_broken_way_makes_us_look_again_and_use_the_old_meanwhile)
{
	struct fsp_signal g = { .type = FSP_PATH_BROKEN };
	struct session *s = established(100);
	uint8_t out[64];
	size_t n;

	s->warmup = 0;
	memcpy(g.dest, peer.addr, 16);
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	datagram_in(peer.addr, netd.addr, 64, out, n);
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_eq(nseek, 1);		/* once in a while, not each time */
	ck_assert_uint_eq(nforget, 0);
	ck_assert_uint_gt(s->warmup, 0);
	g.dest[0] ^= 1;
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	netd.now_ms += 10000;
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_eq(nseek, 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SIGNAL], 1);
}
END_TEST

/* A packet that has no room for places is preceded by a frame with them. */
START_TEST(complaints_and_warm_ups_without_end_draw_few_frames)
{
	struct fsp_signal g = { .type = FSP_COORDS_REQUIRED };
	struct session *s = established(100);
	uint8_t out[64];
	unsigned i, was;
	size_t n;

	memcpy(g.dest, peer.addr, 16);
	n = (size_t)fsp_signal_encode(&g, out, sizeof(out));
	while (s->warmup > 0)
		packet_out(1303);
	was = nframe;
	for (i = 0; i < 1000; i++) {
		datagram_in(peer.addr, netd.addr, 64, out, n);
		packet_out(1303);
	}
	ck_assert_uint_ge(nframe - was, 1000 + 16);
	ck_assert_uint_le(nframe - was, 1000 + 16 + 5 + 1);
	/* They are heard again later. */
	wait_ms(5000);
	s->warmup = 0;
	datagram_in(peer.addr, netd.addr, 64, out, n);
	ck_assert_uint_gt(s->warmup, 0);
	was = nframe;
	for (i = 0; i < 1000; i++)
		frame_in(100, FSP_WARMUP, "", 0);
	ck_assert_uint_ge(nframe - was, 1);
	ck_assert_uint_le(nframe - was, 16 + 1);
}
END_TEST

START_TEST(signals_count_only_for_nodes_we_talk_to)
{
	struct fsp_signal g = { .type = FSP_MTU_EXCEEDED, .mtu = 600 };
	struct session *s;
	uint8_t out[64];
	ssize_t n;

	memcpy(g.dest, peer.addr, 16);
	n = fsp_signal_encode(&g, out, sizeof(out));
	datagram_in(peer.addr, netd.addr, 64, out, (size_t)n);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SIGNAL], 1);
	mtu = 9000;
	s = established(100);
	datagram_in(peer.addr, netd.addr, 64, out, (size_t)n);
	/* A packet that IPv6 promises to carry is never talked out of the way. */
	ck_assert_uint_eq(s->path_mtu, PATH_MTU_CLAIM);
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 1303);
	packet_out(1280);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_TOO_BIG], 0);
	packet_out(1304);
	ck_assert_uint_eq(tun[46] * 256 + tun[47], 1303);
	netd.now_ms += PATH_MTU_SIGNAL_MS;
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 9000 - 77);
	/* The destination may know of a narrower way; Linux heeds 1280 and more. */
	frame_in(100, FSP_PATH_MTU, "\x58\x02", 2);
	ck_assert_uint_eq(session_ip6_mtu(peer.addr), 600 - 77);
	netd.now_ms += 1000;
	packet_out(1000);
	ck_assert_uint_eq(tun[46] * 256 + tun[47], 1280);
}
END_TEST

START_TEST(waiting_packets_are_bounded_and_an_idle_session_ends)
{
	struct session *s;
	unsigned i, dests, packets;

	for (i = 0; i < 20; i++)
		packet_out(100);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(dests, 1);
	ck_assert_uint_eq(packets, 16);
	ck_assert_uint_eq(netd.refused[REFUSE_IP_QUEUE], 4);
	answer_msg1();
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(nframe, 16);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(packets, 0);
	frame_in(100, FSP_WARMUP, "", 0);
	s = session_find(peer.addr);
	wait_ms(89000);
	ck_assert_uint_eq(s->state, SESSION_ESTABLISHED);
	wait_ms(2000);
	ck_assert_ptr_null(session_find(peer.addr));
	ck_assert_uint_eq(dropped_key, 100);
}
END_TEST

START_TEST(waiting_packets_wait_on_while_every_slot_is_out)
{
	struct work	*out[64];
	unsigned	 i, n = 0, packets, dests;

	for (i = 0; i < 5; i++)
		packet_out(100);
	answer_msg1();
	shake_in(FSP_ACK, 2, peer.addr);
	answer_msg3(100, 0xb1);
	session_find(peer.addr)->warmup = 0;
	while (pipe_free() > 1)
		out[n++] = pipe_get();
	packet_out(200);
	out[n++] = pipe_get();
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(nframe, 0);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(packets, 6);
	pipe_put(out[--n]);
	wait_ms(SESSION_HOLD_MS);
	ck_assert_uint_eq(nframe, 6);
	ck_assert_uint_eq(last.len - last.body, 6 + 4 + 7 + 200 - 40);
	session_pending(&dests, &packets);
	ck_assert_uint_eq(packets, 0);
	while (n > 0)
		pipe_put(out[--n]);
}
END_TEST

START_TEST(lost_proof_of_the_other_side_makes_us_begin)
{
	struct work *w;
	struct fsp_dgram d = { .ttl = 9 };

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	netd.now_ms += 1500;
	w = pipe_get();
	memcpy(d.src, peer.addr, 16);
	memcpy(d.dst, netd.addr, 16);
	fsp_dgram_encode(&d, w->buf + w->off + 20);
	w->len = 150;
	w->why = REFUSE_INNER_NO_SESSION;
	session_input(&peer, w, 0);
	ck_assert_int_eq(asked_type, MSG_XK_START);
}
END_TEST

/* The i-th of many nodes that we know by their keys. */
static void
known(unsigned i, uint8_t pub[33], uint8_t addr[NADDR_LEN])
{
	memset(pub, 0, 33);
	pub[0] = 2;
	memcpy(pub + 1, &i, sizeof(i));
	pub[32] = 1;
	names_learn(pub);
	names_addr(pub + 1, addr);
}

/* A Setup in its name, answered; its Msg3 never comes. */
static void
half_open_of(const uint8_t *addr)
{
	struct msg_xk_msg2 m = { .hs = 21 };

	shake_in(FSP_SETUP, 5, addr);
	m.req = asked.req;
	on_xk_msg2(NULL, &m, NULL);
	netd.now_ms += 63;
}

START_TEST(strangers_make_us_begin_few_handshakes_and_pay_for_them)
{
	uint8_t		 pub[33], addr[NADDR_LEN];
	unsigned	 i;

	for (i = 0; i < 100; i++) {
		known(i, pub, addr);
		half_open_of(addr);
	}
	netd.now_ms += 1000;
	for (i = 0; i < 100; i++) {
		known(i, pub, addr);
		shut_in(addr, hello, sizeof(hello));
		netd.now_ms += 63;
	}
	ck_assert_uint_eq(session_count(), 64);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 36);
	/* What this machine wants has a place. */
	packet_out(100);
	ck_assert_mem_eq(asked.xk_start.pub, peer.pub, 33);
}
END_TEST

START_TEST(a_link_that_spent_its_setups_makes_us_begin_nothing)
{
	uint8_t		 src[16] = { 1 }, pub[33], addr[NADDR_LEN];
	unsigned	 i;

	known(1, pub, addr);
	half_open_of(addr);
	netd.now_ms += 10000;
	for (i = 0; i < 64; i++) {
		src[1] = (uint8_t)i;
		shake_in(FSP_SETUP, (uint8_t)i, src);
	}
	shut_in(addr, hello, sizeof(hello));
	ck_assert_uint_eq(session_count(), 0);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_RATE], 1);
	netd.now_ms += 63;
	shut_in(addr, hello, sizeof(hello));
	ck_assert_uint_eq(session_count(), 1);
}
END_TEST

START_TEST(no_session_goes_for_a_handshake_that_strangers_made_us_begin)
{
	uint8_t		 pub[33], addr[NADDR_LEN];
	unsigned	 i;

	known(SESSION_MAX, pub, addr);
	half_open_of(addr);
	netd.now_ms += 1000;
	for (i = 0; i < SESSION_MAX; i++) {
		known(i, pub, addr);
		session_add(addr, pub, SESSION_EV_WANT);
	}
	known(SESSION_MAX, pub, addr);
	shut_in(addr, hello, sizeof(hello));
	ck_assert_ptr_null(session_find(addr));
	ck_assert_uint_eq(session_count(), SESSION_MAX);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_FULL], 1);
}
END_TEST

/* Data of the far node, UDP, from and to nowhere in particular. */
static void
data_in(uint32_t key)
{
	uint8_t body[4 + 7 + 20] = { 0, 1, 0, 1, 0, 0x60, 0, 0, 0, 17, 64 };

	frame_in(key, FSP_PACKET, body, sizeof(body));
}

/* One more session than there are places, by identities that nobody knew. */
static void
crowd(unsigned first)
{
	uint8_t		 pub[33], addr[NADDR_LEN];
	unsigned	 i;

	for (i = first; i < first + SESSION_MAX; i++) {
		known(i, pub, addr);
		session_add(addr, pub, SESSION_EV_WANT);
	}
	ck_assert_uint_eq(session_count(), SESSION_MAX);
}

START_TEST(fresh_identities_push_out_each_other_and_not_what_we_use)
{
	struct session	*s = established(100), *served;
	uint8_t		 pub[33], addr[NADDR_LEN];

	known(9999, pub, addr);
	served = session_add(addr, pub, SESSION_EV_WANT);
	served->extra->use = USE_ANSWERED;
	netd.now_ms += 60000;
	crowd(1);
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 100);
	ck_assert_ptr_nonnull(session_find(addr));
	/* All but the first use us by now: the one whose data is oldest goes. */
	while ((s = session_next(s)) != NULL)
		s->extra->use = USE_ANSWERED;
	crowd(2000);
	ck_assert_ptr_null(session_find(addr));
	ck_assert_uint_eq(session_find(peer.addr)->cur.session, 100);
}
END_TEST

START_TEST(it_counts_who_spoke_first)
{
	struct session *s;

	shake_in(FSP_SETUP, 5, peer.addr);
	answer_msg2();
	shake_in(FSP_MSG3_PHASE, 6, peer.addr);
	answer_up(200, 0xb1);
	s = session_find(peer.addr);
	ck_assert_uint_eq(s->extra->use, USE_NONE);
	data_in(200);
	packet_out(100);
	ck_assert_uint_eq(s->extra->use, USE_ANSWERED);
	session_del(s);
	s = established(100);
	data_in(100);
	packet_out(100);
	ck_assert_uint_eq(s->extra->use, USE_ASKED);
}
END_TEST

START_TEST(a_restart_in_the_midst_of_a_rekey_begins_another)
{
	struct session	*s = established(100);

	data_in(100);			/* the first keys are confirmed */
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	answer_msg3(101, 0xb1);
	ck_assert_uint_eq(s->pend.session, 101);
	ck_assert_uint_eq(s->extra->out->state, SHAKE_MSG3);
	memset(peer.epoch, 0xb2, 8);
	session_link_changed(&peer, 1);
	ck_assert_uint_eq(s->pend.session, 0);
	ck_assert_uint_eq(dropped_key, 101);
	ck_assert_uint_eq(asked_type, MSG_XK_START);
	answer_msg1();
	/* Again: the Setup that is out goes once more. */
	sent_len = 0;
	session_link_changed(&peer, 1);
	phase_sent(FSP_SETUP);
	shake_in(FSP_ACK, 4, peer.addr);
	answer_msg3(102, 0xb2);
	ck_assert_uint_eq(s->cur.session, 102);
}
END_TEST

START_TEST(data_is_reported_and_reports_are_not)
{
	uint8_t		 rr[MMP_SESSION_RR_LEN] = { 0 };
	struct session	*s = established(100);
	unsigned	 n;

	frame_in(100, FSP_RECEIVER_REPORT, rr, sizeof(rr));
	wait_ms(5000);
	ck_assert_uint_eq(ntype[FSP_RECEIVER_REPORT], 0);
	for (n = 0; n < 30; n++) {
		data_in(100);
		wait_ms(100);
	}
	wait_ms(2000);
	/* One at once, then one a second. */
	ck_assert_uint_eq(ntype[FSP_RECEIVER_REPORT], 4);
	ck_assert_uint_eq(s->extra->mmp.rx.now.cum_packets, 31);
	wait_ms(20000);
	ck_assert_uint_eq(ntype[FSP_RECEIVER_REPORT], 4);
}
END_TEST

START_TEST(who_only_reports_waits_for_no_answer)
{
	struct session	*s = established(100);
	unsigned	 asks;

	data_in(100);
	wait_ms(1000);
	asks = nasked;
	ck_assert_uint_gt(ntype[FSP_RECEIVER_REPORT], 0);
	ck_assert_uint_eq(s->extra->unheard_ms, 0);
	wait_ms(40000);
	ck_assert_uint_eq(nasked, asks);
}
END_TEST

START_TEST(a_session_learns_its_round_trip_from_current_keys_only)
{
	uint8_t		 body[MMP_SESSION_RR_LEN];
	struct mmp_rr	 rr = { .highest = 1, .cum_packets = 1, .ts_echo = 1,
			    .dwell_ms = 20 };
	struct session	*s = established(100);
	uint64_t	 bad = netd.refused[REFUSE_FSP_SHORT];

	wait_ms(50);
	mmp_rr_encode(MMP_SESSION, &rr, body, sizeof(body));
	frame_in(100, FSP_RECEIVER_REPORT, body, sizeof(body) - 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SHORT], bad + 1);
	ck_assert(!mmp_has_srtt(session_mmp(s)));
	s->prev = s->cur;
	s->prev.session = 99;
	s->prev_until_ms = netd.now_ms + 1000;
	frame_in(99, FSP_RECEIVER_REPORT, body, sizeof(body));
	ck_assert(!mmp_has_srtt(session_mmp(s)));
	frame_in(100, FSP_RECEIVER_REPORT, body, sizeof(body));
	ck_assert(mmp_has_srtt(session_mmp(s)));
	ck_assert_double_eq(mmp_srtt_ms(session_mmp(s)),
	    (double)(netd.now_ms - s->cur.start_ms - 20));
	frame_in(100, FSP_SENDER_REPORT, body, MMP_SESSION_SR_LEN);
	frame_in(100, FSP_SENDER_REPORT, body, MMP_SESSION_SR_LEN - 1);
	ck_assert_uint_eq(netd.refused[REFUSE_FSP_SHORT], bad + 2);
}
END_TEST

START_TEST(what_is_sealed_is_counted_for_its_session)
{
	struct session	*s = established(100);
	struct work	 w;

	packet_out(100);
	w = last;
	w.buf = frame;
	w.off = 0;
	w.len += 32;
	put_le64(frame + w.inner + FSP_PREFIX, 3);
	session_sealed(&w);
	ck_assert_uint_eq(s->extra->mmp.tx.now.end_counter, 3);
	ck_assert_uint_eq(s->extra->mmp.tx.now.bytes, last.len - last.body + 16);
	w.session_key = 98;
	put_le64(frame + w.inner + FSP_PREFIX, 4);
	session_sealed(&w);
	w.session_key = 100;
	w.sess++;
	session_sealed(&w);
	ck_assert_uint_eq(s->extra->mmp.tx.now.end_counter, 3);
	wait_ms(1);
	ck_assert_uint_eq(ntype[FSP_SENDER_REPORT], 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_first_packet_makes_a_session_and_travels_in_it);
	tcase_add_test(t, a_packet_that_goes_early_goes_once);
	tcase_add_test(t, a_packet_that_went_early_outlives_its_session);
	tcase_add_test(t, only_small_packets_under_keys_of_today_go_early);
	tcase_add_test(t, a_packet_says_its_flow_and_what_warms_a_way_is_not_passed);
	tcase_add_test(t, a_lost_setup_is_sent_again_unchanged_until_patience_ends);
	tcase_add_test(t, a_forged_ack_leaves_the_handshake_alive);
	tcase_add_test(t, a_lost_msg3_is_sent_again_until_a_frame_comes);
	tcase_add_test(t, a_repeated_setup_gets_the_same_ack_and_no_key_operation);
	tcase_add_test(t, a_setup_without_proof_touches_no_live_session);
	tcase_add_test(t, setups_are_metered_before_any_key_operation);
	tcase_add_test(t, false_acks_and_msg3s_are_metered_and_true_ones_are_not);
	tcase_add_test(t, strangers_behind_a_neighbour_leave_it_its_own_setups_and_us_our_acks);
	tcase_add_test(t, who_fills_all_places_in_names_that_we_know_loses_them_to_a_newcomer);
	tcase_add_test(t, setups_in_the_name_of_another_do_not_push_its_own_out);
	tcase_add_test(t, our_rekey_asks_under_new_keys_and_sends_data_under_old_ones);
	tcase_add_test(t, their_rekey_counts_when_a_frame_proves_it);
	tcase_add_test(t, keys_of_theirs_are_used_when_the_old_ones_must_be_gone);
	tcase_add_test(t, keys_of_theirs_wait_while_the_old_ones_are_in_use);
	tcase_add_test(t, who_hears_no_setup_is_told_to_stop_waiting);
	tcase_add_test(t, what_tells_others_to_stop_waiting_is_no_work_for_cryptod);
	tcase_add_test(t, data_waits_for_the_msg3_of_somebody_who_was_silent);
	tcase_add_test(t, data_waits_until_who_left_it_unanswered_has_our_keys);
	tcase_add_test(t, a_setup_without_proof_delays_data_once_in_a_while);
	tcase_add_test(t, a_frame_under_the_keys_in_use_ends_the_wait_for_a_msg3);
	tcase_add_test(t, keys_that_were_just_made_are_not_in_doubt);
	tcase_add_test(t, crossed_keys_are_not_used_on_their_own_word);
	tcase_add_test(t, a_restarted_node_is_believed_once_it_proved_its_key);
	tcase_add_test(t, silence_starts_a_handshake_beside_the_old_keys);
	tcase_add_test(t, keys_of_ours_that_nobody_heard_give_way_to_proven_ones);
	tcase_add_test(t, crossed_keys_stay_until_one_side_was_heard_under_the_new_ones);
	tcase_add_test(t, a_link_that_comes_back_hears_the_setup_that_waits);
	tcase_add_test(t, a_frame_becomes_the_packet_it_was);
	tcase_add_test(t, frames_that_come_with_their_msg3_wait_for_its_keys);
	tcase_add_test(t, frames_that_wait_for_a_false_msg3_are_few_and_go);
	tcase_add_test(t, a_frame_that_does_not_open_the_second_time_is_gone);
	tcase_add_test(t, what_a_machine_may_not_send_is_refused_and_answered);
	tcase_add_test(t, transit_counts_hops_and_complains_seldom);
	tcase_add_test(t, what_is_in_our_name_and_not_from_us_goes_no_further);
	tcase_add_test(t, a_node_without_a_way_is_looked_for_and_found);
	tcase_add_test(t, a_node_that_is_not_found_is_unreachable);
	tcase_add_test(t, who_does_not_answer_hears_again_where_we_are);
	tcase_add_test(t, packets_of_a_session_wait_while_its_node_is_looked_for);
	tcase_add_test(t, transit_learns_places_and_stops_frames_that_cannot_be);
	tcase_add_test(t, transit_says_what_is_wrong_with_the_way);
	tcase_add_test(t, a_link_draws_a_bounded_number_of_complaints);
	tcase_add_test(t, what_finds_no_way_is_paid_for_by_who_brought_it);
	tcase_add_test(t, a_warm_up_after_a_change_of_keys_carries_their_bit);
	tcase_add_test(t, a_broken_way_makes_us_look_again_and_use_the_old_meanwhile);
	tcase_add_test(t, complaints_and_warm_ups_without_end_draw_few_frames);
	tcase_add_test(t, signals_count_only_for_nodes_we_talk_to);
	tcase_add_test(t, waiting_packets_are_bounded_and_an_idle_session_ends);
	tcase_add_test(t, waiting_packets_wait_on_while_every_slot_is_out);
	tcase_add_test(t, lost_proof_of_the_other_side_makes_us_begin);
	tcase_add_test(t, strangers_make_us_begin_few_handshakes_and_pay_for_them);
	tcase_add_test(t, a_link_that_spent_its_setups_makes_us_begin_nothing);
	tcase_add_test(t, no_session_goes_for_a_handshake_that_strangers_made_us_begin);
	tcase_add_test(t, fresh_identities_push_out_each_other_and_not_what_we_use);
	tcase_add_test(t, it_counts_who_spoke_first);
	tcase_add_test(t, a_restart_in_the_midst_of_a_rekey_begins_another);
	tcase_add_test(t, data_is_reported_and_reports_are_not);
	tcase_add_test(t, who_only_reports_waits_for_no_answer);
	tcase_add_test(t, a_session_learns_its_round_trip_from_current_keys_only);
	tcase_add_test(t, what_is_sealed_is_counted_for_its_session);
}
