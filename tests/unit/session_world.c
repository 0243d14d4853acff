/* session_world.c -- what stands around the session layer, and what it is told. */
#include "session_world.h"

#define FAR	"8e302c287eb48d6268122fda760b7727"
#define FAR_PUB	"035b5ddab24397e310e24d0a54ba85eaf4fe7d1866555156c7ac4558e674838a0e"
#define OWN	"69e08d65cc3a6b9c2c2ac4bd405e4b0e"

struct netd	 netd;
struct tun_stats tun_stats;

struct peer	 peer = { .state = PEER_ACTIVE, .handle = 7 };
int		 has_link = 1;
const uint8_t	*also;
uint16_t	 mtu = 1380;

union msg_any	 asked;
enum msg_type	 asked_type;
unsigned	 nasked, ndropped_key, nplain, nframe, ntun;
uint32_t	 dropped_key;
unsigned	 ntype[256];
unsigned	 nphase[16];
uint8_t		 sent[2048], frame[SLOT_LEN], tun[4096];
size_t		 sent_len, tun_len;
struct work	 last;
static uint8_t	 slot[64][SLOT_LEN];
struct work	 work[64];

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

int flow_kept;

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

struct work	*pushed[128];
unsigned	 npushed;
pipe_fn		 pushed_done;

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
	marked = ce;
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
int crowded, marked;
int link_mark(const struct peer *p, int ce) { (void)p; return ce || crowded; }
uint64_t netd_wall_ms(void) { return 1700000000000 + netd.now_ms; }
uint32_t netd_random_u32(void) { return 15; }

int is_beyond;

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
struct coords		 own_place, far_place;
enum nexthop_why	 no_way = NEXTHOP_NO_COORDS;
unsigned		 nseek, nhearsay, nforget;
int			 believes;
uint8_t			 sought[NADDR_LEN], hearsay_of[NADDR_LEN];
uint16_t		 told_mtu;

struct peer *
way_transit(const struct peer *from, const uint8_t addr[NADDR_LEN],
    enum nexthop_why *why)
{
	struct peer *p = way_next(addr);

	(void)from;
	*why = p != NULL ? NEXTHOP_DIRECT : no_way;
	return p;
}

struct peer *
way_next(const uint8_t addr[NADDR_LEN])
{
	return has_link && (memcmp(addr, peer.addr, NADDR_LEN) == 0 ||
	    (also != NULL && memcmp(addr, also, NADDR_LEN) == 0)) ? &peer : NULL;
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
mesh_forget(const uint8_t addr[NADDR_LEN])
{
	(void)addr;
	nforget++;
}

void
mesh_hearsay(const struct peer *p, const uint8_t addr[NADDR_LEN],
    uint16_t count, const uint8_t *path)
{
	(void)p;
	if (count == 0 || memcmp(path, addr, NADDR_LEN) != 0)
		return;
	memcpy(hearsay_of, addr, NADDR_LEN);
	nhearsay++;
	if (believes) {
		far_place.n = count;
		memcpy(far_place.addr, path, (size_t)count * NADDR_LEN);
	}
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

unsigned npass;
int may_pass = 1;

int
link_may_pass(struct peer *p)
{
	(void)p;
	npass++;
	return may_pass;
}

struct work *kept;

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

void
setup(void)
{
	memcpy(netd.conf, conf_default, sizeof(netd.conf));
	netd.now_ms = 100000;
	hex_decode(OWN, netd.addr, 16);
	mesh_addr(netd.addr, netd.ip6);
	hex_decode(FAR, peer.addr, 16);
	hex_decode(FAR_PUB, peer.pub, 33);
	memset(peer.epoch, 0xb1, 8);
	peer.cur.proven = 1;
	own_place.n = 1;
	memcpy(own_place.addr[0], netd.addr, NADDR_LEN);
	far_place.n = 1;
	memcpy(far_place.addr[0], peer.addr, NADDR_LEN);
	names_init();
	names_learn(peer.pub);
	session_init();
}

void
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

void
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

struct peer	*through;

void
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

void
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

struct work *
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

void
opens_with(struct work *w, uint32_t key)
{
	w->inner = 56;
	w->body = 68;
	w->opened_inner = 1;
	w->why = REFUSE_NONE;
	w->session_key = key;
}

void
frame_in(uint32_t key, uint8_t type, const void *body, size_t len)
{
	struct work *w = frame_of(peer.addr, type, body, len);

	opens_with(w, key);
	session_input(&peer, w, 0);
}

void
shut_in(const uint8_t *src, const void *body, size_t len)
{
	struct work *w = frame_of(src, FSP_PACKET, body, len);

	w->why = REFUSE_INNER_NO_SESSION;
	w->len += FSP_TAG;
	session_input(&peer, w, 0);
}

unsigned
slots_out(void)
{
	return 64 - pipe_free();
}

void
phase_sent(uint8_t phase)
{
	ck_assert_uint_gt(sent_len, FSP_DGRAM + 4);
	ck_assert_uint_eq(sent[FSP_DGRAM], phase);
	ck_assert_mem_eq(sent + 4, netd.addr, 16);
	ck_assert_mem_eq(sent + 20, peer.addr, 16);
}

void
give_msg1(void)
{
	struct msg_xk_msg1 m = { .req = asked.req, .hs = 11 };

	ck_assert_int_eq(asked_type, MSG_XK_START);
	on_xk_msg1(NULL, &m, NULL);
}

void
answer_msg1(void)
{
	give_msg1();
	phase_sent(FSP_SETUP);
}

void
answer_msg3(uint32_t key, uint8_t epoch)
{
	struct msg_xk_msg3 m = { .req = asked.req, .session = key };

	ck_assert_int_eq(asked_type, MSG_XK_READ2);
	memset(m.epoch, epoch, 8);
	on_xk_msg3(NULL, &m, NULL);
	phase_sent(FSP_MSG3_PHASE);
}

void
answer_msg2(void)
{
	struct msg_xk_msg2 m = { .req = asked.req, .hs = 21 };

	ck_assert_int_eq(asked_type, MSG_XK_READ1);
	on_xk_msg2(NULL, &m, NULL);
	phase_sent(FSP_ACK);
}

void
answer_up(uint32_t key, uint8_t epoch)
{
	struct msg_xk_up m = { .req = asked.req, .session = key };

	ck_assert_int_eq(asked_type, MSG_XK_READ3);
	memcpy(m.pub, peer.pub, 33);
	memset(m.epoch, epoch, 8);
	on_xk_up(NULL, &m, NULL);
}

struct session *
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

const uint8_t hello[13] = {
	0, 1, 0, 1, 0, 0x60, 0, 0, 0, 17, 63, 'h', 'i'
};

void
data_in(uint32_t key)
{
	uint8_t body[4 + 7 + 20] = { 0, 1, 0, 1, 0, 0x60, 0, 0, 0, 17, 64 };

	frame_in(key, FSP_PACKET, body, sizeof(body));
}

struct session *
rekeyed_unheard(void)
{
	struct session *s = established(100);

	frame_in(100, FSP_WARMUP, "", 0);
	wait_ms(1000);
	ck_assert_int_eq(session_rekey_now(s), 0);
	answer_msg1();
	shake_in(FSP_ACK, 3, peer.addr);
	answer_msg3(101, 0xb1);
	return s;
}

uint64_t
asks_after_ms(void)
{
	uint64_t began = netd.now_ms;

	while (asked_type != MSG_XK_START && netd.now_ms - began < 120000) {
		packet_out(100);
		wait_ms(1000);
	}
	return netd.now_ms - began;
}
