/*
 * evil_say.c -- everything that a peer can say, and how it means harm. Built on
 * the codecs of the house.
 */
#include <string.h>

#include "evil.h"
#include "fsp.h"
#include "frame.h"
#include "lookup.h"
#include "wire.h"

uint64_t
noise64(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13, s ^= s >> 7, s ^= s << 17;
	return s;
}

void
scrawl(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)noise64();
}

size_t
put_tree(uint8_t *out, struct tree_ann *a)
{
	ssize_t n = tree_encode(a, out, FRAME_MAX);

	return n < 0 ? 0 : (size_t)n;
}

/* A place under a root that is better than any, and that nobody is; n 1: a root. */
static void
forge(struct tree_ann *a, uint64_t seq, unsigned n)
{
	memset(a, 0, sizeof(*a));
	memcpy(a->decl.addr, evil.me.addr, NADDR_LEN);
	a->decl.seq = seq;
	a->decl.ts = (uint64_t)time(NULL);
	a->path.at.n = (uint16_t)n;
	for (unsigned i = 1; i < n; i++)
		scrawl(a->path.at.addr[i], NADDR_LEN);
	memcpy(a->path.at.addr[0], evil.me.addr, NADDR_LEN);
	if (n > 1)
		memset(a->path.at.addr[n - 1], 0, 8);
	memcpy(a->decl.parent, a->path.at.addr[n > 1], NADDR_LEN);
}

void
sign(struct tree_ann *a)
{
	uint8_t tbs[TREE_TBS_LEN], aux[32] = { 0 };

	tree_tbs(&a->decl, tbs);
	if (curve_sign(evil.me.sec, tbs, sizeof(tbs), aux, a->sig) == -1)
		die("cannot sign");
}

static size_t
ancestry(uint8_t *out)
{
	return put_tree(out, &evil.ann[evil.seq++ % SIGNED]);
}

static size_t
badsig(uint8_t *out)
{
	static struct tree_ann a;

	if (a.path.at.n == 0)
		forge(&a, 0, 3);
	a.decl.seq = a.path.seq[0] = 1000000 + evil.seq++;
	scrawl(a.sig, 8);
	return put_tree(out, &a);
}

static size_t
deep(uint8_t *out)
{
	static struct tree_ann a;

	if (a.path.at.n == 0)
		forge(&a, 0, 36);
	a.decl.seq = a.path.seq[0] = 1000000 + evil.seq++;
	return put_tree(out, &a);
}

/* As deep as a wide link carries. */
static size_t
deeper(uint8_t *out)
{
	static struct tree_ann a;

	if (a.path.at.n == 0) {
		forge(&a, 3000000, 40);
		sign(&a);
	}
	return put_tree(out, &a);
}

/* Through itself. */
static size_t
crooked(uint8_t *out)
{
	static struct tree_ann a;

	if (a.path.at.n == 0) {
		forge(&a, 0, 3);
		memcpy(a.path.at.addr[1], a.path.at.addr[0], NADDR_LEN);
	}
	a.decl.seq = a.path.seq[0] = 1000000 + evil.seq++;
	return put_tree(out, &a);
}

/* Below the best of roots, and a root again, in turns of 0.7 s. */
static size_t
sway(uint8_t *out)
{
	struct tree_ann a;

	forge(&a, 2000000 + evil.seq++, (unsigned)(now() / 0.7) & 1 ? 3 : 1);
	sign(&a);
	return put_tree(out, &a);
}

static size_t
filter_of(uint8_t *out, uint8_t hashes, int fill)
{
	struct wr w = wr_init(out, FRAME_MAX);

	wr_uint(&w, LINK_MSG_FILTER_ANNOUNCE, 1, 0, UINT8_MAX);
	wr_uint(&w, evil.seq++ + 1, 8, 0, UINT64_MAX);
	wr_uint(&w, hashes, 1, 0, UINT8_MAX);
	wr_uint(&w, 1, 1, 0, UINT8_MAX);
	memset(w.p, fill, 1024);
	if (fill == 0)
		scrawl(w.p, 200);
	return (size_t)(w.p - out) + 1024;
}

static size_t
filter(uint8_t *out)
{
	return filter_of(out, 5, 0xff);
}

static size_t
filters(uint8_t *out)
{
	return filter_of(out, 5, 0);
}

/* With the last number that there is. */
static size_t
last_filter(uint8_t *out)
{
	uint64_t was = evil.seq;
	size_t	 n;

	evil.seq = UINT64_MAX - 1;
	n = filter_of(out, 5, 0);
	evil.seq = was;
	return n;
}

static size_t
hashes(uint8_t *out)
{
	return filter_of(out, 255, 0);
}

static size_t
ask(uint8_t *out, const uint8_t *target)
{
	struct lookup_request q = { .id = noise64(), .ttl = 64 };
	ssize_t n;

	q.path.n = 1;
	memcpy(q.origin, evil.me.addr, NADDR_LEN);
	memcpy(q.path.addr[0], evil.me.addr, NADDR_LEN);
	if (target != NULL)
		memcpy(q.target, target, NADDR_LEN);
	else
		scrawl(q.target, NADDR_LEN);
	n = lookup_request_encode(&q, out, FRAME_MAX);
	return n < 0 ? 0 : (size_t)n;
}

static size_t
lookup(uint8_t *out)
{
	return ask(out, NULL);
}

static size_t
lookup_v(uint8_t *out)
{
	return ask(out, evil.addr);
}

static size_t
lookup_b(uint8_t *out)
{
	return ask(out, evil.b);
}

static size_t
proof(uint8_t *out)
{
	struct lookup_response r = { .id = 7, .path_mtu = 0 };
	ssize_t n;

	r.path.n = 1;
	memcpy(r.target, evil.b, NADDR_LEN);
	memcpy(r.path.addr[0], evil.b, NADDR_LEN);
	scrawl(r.proof, 8);
	n = lookup_response_encode(&r, out, FRAME_MAX);
	return n < 0 ? 0 : (size_t)n;
}

size_t
dgram(uint8_t *out, uint8_t ttl, uint16_t mtu, const uint8_t *src,
    const uint8_t *dst)
{
	struct fsp_dgram d = { .ttl = ttl, .path_mtu = mtu };

	memcpy(d.src, src, NADDR_LEN);
	memcpy(d.dst, dst, NADDR_LEN);
	fsp_dgram_encode(&d, out);
	return FSP_DGRAM;
}

/* A session frame of n bytes of plaintext that no key will open. */
static size_t
shut(uint8_t *out, uint8_t flags, size_t n)
{
	out[0] = FSP_DATA;
	out[1] = flags;
	put_le16(out + 2, (uint16_t)n);
	put_le64(out + 4, noise64());
	scrawl(out + FSP_HEAD, 16);
	return FSP_HEAD + n + FSP_TAG;
}

/* A datagram with such a frame. */
static size_t
sealed(uint8_t *out, uint8_t ttl, uint16_t mtu, const uint8_t *src,
    const uint8_t *dst, size_t n)
{
	size_t at = dgram(out, ttl, mtu, src, dst);

	return at + shut(out + at, 0, n);
}

static size_t
source(uint8_t *out)
{
	return sealed(out, 64, 1280, evil.a, evil.b, 200);
}

static size_t
source_v(uint8_t *out)
{
	return sealed(out, 64, 1280, evil.a, evil.addr, 200);
}

static size_t
transit(uint8_t *out)
{
	return sealed(out, 64, 1280, evil.me.addr, evil.b, 1000);
}

static size_t
mtu(uint8_t *out)
{
	return sealed(out, 64, 0, evil.a, evil.b, 200);
}

static size_t
nowhere(uint8_t *out)
{
	uint8_t to[NADDR_LEN];

	scrawl(to, sizeof(to));
	return sealed(out, 64, 1280, evil.me.addr, to, 200);
}

static size_t
ttl(uint8_t *out)
{
	return sealed(out, noise64() & 1, 1280, evil.me.addr, evil.b, 200);
}

/* Promises coordinates and ends: 4 to 11 bytes of session frame. */
static size_t
cut(uint8_t *out)
{
	size_t n = dgram(out, 64, 1280, evil.me.addr,
	    noise64() & 1 ? evil.b : evil.addr), m = 4 + noise64() % 8;

	memset(out + n, 0, m);
	out[n + 1] = FSP_CP;
	return n + m;
}

/* Places of nodes that are not there, and of B at our feet. */
static size_t
coords(uint8_t *out)
{
	uint8_t	src[NADDR_LEN], path[2][NADDR_LEN] = { 0 }, b[3][NADDR_LEN];
	struct fsp_shake s = { .phase = FSP_SETUP };
	uint8_t	hs[FSP_MSG1];
	size_t	n;
	ssize_t m;

	scrawl(src, sizeof(src));
	memcpy(path[0], src, NADDR_LEN);
	n = dgram(out, 64, 1280, src, evil.b);
	memcpy(b[0], evil.b, NADDR_LEN);
	memcpy(b[1], evil.me.addr, NADDR_LEN);
	memcpy(b[2], evil.addr, NADDR_LEN);
	s.src = (struct fsp_coords){ 2, path[0] };
	s.dst = (struct fsp_coords){ 3, b[0] };
	scrawl(hs, sizeof(hs));
	hs[0] = 2;		/* half of these are points */
	s.noise = hs;
	s.noise_len = sizeof(hs);
	m = fsp_shake_encode(&s, out + n, FRAME_MAX - n);
	return m < 0 ? 0 : n + (size_t)m;
}

/* B tells A that it stands below us: in the clear, before what no key will open. */
static size_t
astray(uint8_t *out)
{
	uint8_t	 *fsp = out + dgram(out, 64, 1280, evil.b, evil.a);
	struct wr w = wr_init(fsp + FSP_HEAD, FRAME_MAX);

	shut(fsp, FSP_CP, 200);
	wr_uint(&w, 3, 2, 0, UINT16_MAX);
	wr_bytes(&w, evil.b, NADDR_LEN);
	wr_bytes(&w, evil.me.addr, NADDR_LEN);
	wr_bytes(&w, evil.addr, NADDR_LEN);
	wr_uint(&w, 0, 2, 0, UINT16_MAX);
	return (size_t)(w.p - out) + 200 + FSP_TAG;
}

/* From A to B, as long as a wide way takes and a narrow one does not. */
static size_t
wide(uint8_t *out)
{
	size_t n = dgram(out, 64, 1472, evil.a, evil.b);

	return n + shut(out + n, 0, 1450 - FRAME_OVERHEAD - n - FSP_HEAD - FSP_TAG);
}

static size_t
setup(uint8_t *out)
{
	size_t n = coords(out);

	memcpy(out + 4 + NADDR_LEN, evil.addr, NADDR_LEN);
	return n;
}

/* A Setup for the victim from far down: the answer names both places. */
static size_t
far_off(uint8_t *out)
{
	uint8_t	path[FSP_COORDS_MAX][NADDR_LEN] = { 0 };
	struct fsp_shake s = { .phase = FSP_SETUP };
	uint8_t	hs[FSP_MSG1] = { 0 };
	size_t	n = dgram(out, 64, 1280, evil.me.addr, evil.addr);
	ssize_t m;

	scrawl(path[0], sizeof(path) - NADDR_LEN);
	memcpy(path[0], evil.me.addr, NADDR_LEN);
	s.src = s.dst = (struct fsp_coords){ FSP_COORDS_MAX, path[0] };
	scrawl(hs, sizeof(hs));
	hs[0] = 2;		/* half of these are points */
	s.noise = hs;
	s.noise_len = sizeof(hs);
	m = fsp_shake_encode(&s, out + n, FRAME_MAX - n);
	return m < 0 ? 0 : n + (size_t)m;
}

/* What ends a handshake that nobody began, in our name and in A's. */
static size_t
ending(uint8_t *out, uint8_t phase, uint16_t len)
{
	const uint8_t	*src = noise64() & 1 ? evil.a : evil.me.addr;
	uint8_t		 hs[FSP_MSG3];
	struct fsp_shake s = { .phase = phase, .noise = hs, .noise_len = len };
	size_t		 n = dgram(out, 64, 1280, src, evil.addr);
	ssize_t		 m;

	scrawl(hs, sizeof(hs));
	s.src = (struct fsp_coords){ 1, src };
	s.dst = (struct fsp_coords){ 1, evil.addr };
	m = fsp_shake_encode(&s, out + n, FRAME_MAX - n);
	return m < 0 ? 0 : n + (size_t)m;
}

static size_t
acks(uint8_t *out)
{
	return ending(out, FSP_ACK, FSP_MSG2);
}

static size_t
msg3s(uint8_t *out)
{
	return ending(out, FSP_MSG3_PHASE, FSP_MSG3);
}

/* To A in B's name, who stands nowhere near the victim, a root. */
static size_t
lure(uint8_t *out)
{
	uint8_t	path[3][NADDR_LEN];
	struct fsp_data h = { .flags = FSP_CP, .len = 16, .counter = noise64() };
	size_t	n = dgram(out, 64, 1280, evil.b, evil.a);
	ssize_t	m;

	memcpy(path[0], evil.b, NADDR_LEN);
	scrawl(path[1], NADDR_LEN);
	path[1][0] = 0xff;
	memcpy(path[2], evil.addr, NADDR_LEN);
	h.src = (struct fsp_coords){ 3, path[0] };
	h.dst = (struct fsp_coords){ 1, path[2] };
	m = fsp_data_encode(&h, out + n, FRAME_MAX - n);
	if (m < 0)
		return 0;
	scrawl(out + n + m, 16);
	return n + (size_t)m + h.len + FSP_TAG;
}

/* Complaints about B, to the victim and through it to A. */
static size_t
signals(uint8_t *out)
{
	static const uint8_t type[] = { FSP_COORDS_REQUIRED, FSP_PATH_BROKEN,
	    FSP_MTU_EXCEEDED };
	struct fsp_signal s = { .type = type[noise64() % 3] };
	size_t	n = dgram(out, 64, 1280, evil.me.addr,
	    noise64() & 1 ? evil.a : evil.addr);
	ssize_t m;

	memcpy(s.dest, evil.b, NADDR_LEN);
	memcpy(s.reporter, evil.me.addr, NADDR_LEN);
	m = fsp_signal_encode(&s, out + n, FRAME_MAX - n);
	return m < 0 ? 0 : n + (size_t)m;
}

static size_t
report(uint8_t *out)
{
	size_t n = noise64() & 1 ? 48 : 68;

	scrawl(out, n);
	out[0] = n == 48 ? LINK_MSG_SENDER_REPORT : LINK_MSG_RECEIVER_REPORT;
	return noise64() % 4 == 0 ? n - 9 : n;
}

size_t
heartbeat(uint8_t *out)
{
	out[0] = LINK_MSG_HEARTBEAT;
	return 1;
}

size_t
longer(uint8_t *out)
{
	return ttl(out);
}

size_t
stray(uint8_t *out)
{
	return source(out);
}

static size_t
nonsense(uint8_t *out)
{
	size_t n = 1 + noise64() % 200;

	scrawl(out, n);
	if (out[0] == LINK_MSG_DISCONNECT)
		out[0]++;
	return n;
}

const struct kind kinds[] = {
	{ "heartbeat", heartbeat }, { "ancestry", ancestry },
	{ "badsig", badsig }, { "deep", deep }, { "deeper", deeper },
	{ "crooked", crooked }, { "sway", sway },
	{ "filter", filter },
	{ "filters", filters }, { "last", last_filter }, { "hashes", hashes }, { "lookup", lookup },
	{ "lookup_v", lookup_v }, { "lookup_b", lookup_b },
	{ "proof", proof }, { "source", source }, { "source_v", source_v },
	{ "mtu", mtu }, { "nowhere", nowhere }, { "ttl", ttl }, { "cut", cut },
	{ "coords", coords }, { "lure", lure }, { "setup", setup },
	{ "far", far_off }, { "acks", acks }, { "msg3s", msg3s },
	{ "signals", signals },
	{ "report", report }, { "nonsense", nonsense },
	{ "below", below }, { "astray", astray }, { "wide", wide },
	{ "transit", transit }, { "longer", longer }, { "stray", stray },
	{ "inner_mtu", inner_mtu }, { "inner_warm", inner_warm },
	{ "inner_report", inner_report }, { "inner_port", inner_port },
	{ "inner_ip6", inner_ip6 }, { "inner_type", inner_type },
	{ "inner_again", inner_again }, { "inner_place", inner_place },
	{ "bent", bent },
	{ "unsealed", NULL }, { "knock", NULL, knock }, { "answer", NULL, answer },
	{ NULL, NULL },
};

void
prepare(void)
{
	for (unsigned i = 0; i < SIGNED; i++) {
		forge(&evil.ann[i], i + 1, 2 + i % 5);
		sign(&evil.ann[i]);
	}
}
