/* link_world.c -- what stands around a link, and what it is told. */
#include "link_world.h"

struct netd		 netd;
static uint32_t		 reqs, randoms;
struct udp		 sock = { .family = 4, .mtu = 1280, .accept = 1 };
struct chan		 cryptod;
uint8_t			 sent[64][1300];
size_t			 sent_len[64];
static struct endpoint	 sent_to[64];
unsigned		 nsent, ups, downs, datagrams, early;
int			 refuses_datagrams;
static struct work	 works[64];
static uint8_t		 slots[64][4096];
static unsigned		 nwork;
struct work		*lent[64];
pipe_fn			 lent_done[64];
unsigned		 nlent, sealed;
uint64_t		 tick_by;
unsigned		 spare = 64;

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

uint32_t	 told[UDP_SHUT_MAX];
enum udp_shut	 told_which;
unsigned	 ntold, tells;

void
udp_shut(enum udp_shut which, const uint32_t *index, unsigned n)
{
	ck_assert_uint_le(n, UDP_SHUT_MAX);
	memcpy(told, index, n * sizeof(told[0]));
	ntold = n;
	told_which = which;
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
	if (refuses_datagrams)
		refuse(REFUSE_DGRAM_TTL);
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

uint8_t	 mesh_type;
size_t	 mesh_len;
double	 mesh_cost_told;

struct endpoint	 met_at;
void
mesh_peer_up(struct peer *p)
{
	if (!p->in_mesh)
		met_at = p->ep;
	p->in_mesh = 1;
}
void mesh_peer_down(struct peer *p) { p->in_mesh = 0; }
unsigned	 mutes, voices;
uint8_t	 voice_k_bit;
void
mesh_peer_mute(struct peer *p)
{
	*(p->mute ? &mutes : &voices) += 1;
	voice_k_bit = p->k_bit;
}

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

unsigned names_learnt;
void names_learn(const uint8_t pub33[33]) { (void)pub33; names_learnt++; }
void names_used(const uint8_t addr[NADDR_LEN]) { (void)addr; }

void
names_display(const uint8_t addr[NADDR_LEN], char out[64])
{
	hex_encode(addr, 4, out);
}

resolve_fn	 resolving;
void		*resolving_for;

int
resolve(const char *host, struct endpoint *ep, unsigned max, resolve_fn f, void *arg)
{
	(void)max;
	if (atoi(host) == 0) {
		resolving = f;
		resolving_for = arg;
		return 0;
	}
	memset(ep, 0, sizeof(*ep));
	ep->family = 4;
	ep->ip[0] = 10;
	ep->ip[3] = (uint8_t)atoi(host);
	return 1;
}

const struct endpoint home = { .family = 4, .port = 2121, .ip = { 10, 0, 0, 1 } };
const struct endpoint away = { .family = 4, .port = 999, .ip = { 10, 9, 9, 9 } };

const uint8_t *
pub_of(uint8_t n)
{
	static uint8_t pub[33];

	memset(pub, n, sizeof(pub));
	pub[0] = 2;
	return pub;
}

const uint8_t *
addr_of(uint8_t n)
{
	return pub_of(n) + 1;
}

void
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

enum msg_type
heard(union msg_any *m)
{
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	return chan_recv(&cryptod, &type, m, fds) == CHAN_MSG ? type : MSG_NONE;
}

void
expect(enum msg_type want, union msg_any *m)
{
	ck_assert_str_eq(msg_row[heard(m)].name ? msg_row[want].name : "none",
	    msg_row[want].name);
}

int
is_quiet(void)
{
	union msg_any m;

	return heard(&m) == MSG_NONE;
}

void
wire_in(const struct endpoint *from, const uint8_t *p, size_t n)
{
	struct work *w = pipe_get();

	w->ep = *from;
	memcpy(w->buf + w->off, p, n);
	w->len = (uint32_t)n;
	link_input(w, w->buf + w->off);
}

void
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

int
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

void
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

void
beat_in(const struct endpoint *from, uint32_t index, uint64_t counter)
{
	static const uint8_t beat = LINK_MSG_HEARTBEAT;

	frame_in(from, index, counter, 0, &beat, 1, REFUSE_NONE);
}

struct peer *
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

void
later(uint64_t ms)
{
	uint64_t end = netd.now_ms + ms;

	while (netd.now_ms < end) {
		netd.now_ms += 100;
		link_tick();
	}
}

void
later_alive(struct peer *p, uint64_t ms)
{
	uint64_t n;

	for (n = 0; n < ms; n += 1000) {
		later(1000);
		p->seen_ms = netd.now_ms;
	}
}

/* Log lines from listen_in() to listen_end() go to text, and nowhere else. */
static int	 log_kept;
static FILE	*log_file;

void
listen_in(void)
{
	ck_assert_ptr_nonnull(log_file = tmpfile());
	log_kept = dup(STDERR_FILENO);
	dup2(fileno(log_file), STDERR_FILENO);
}

void
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

void
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

uint32_t
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
