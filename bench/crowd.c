/*
 * crowd.c -- many peers of one node, from one process, for bench/limits.sh.
 *
 *	crowd ADDRESS PORT NPUB PEERS PLACES
 *
 * Each peer has a key, a socket, a link, a place in the tree and a filter. Peer
 * 0 is the root of the mesh, the others are children of the node. Once all are
 * up, each sends Setups of nodes behind it to nodes behind the next, so that
 * the node passes them on and hears of PLACES places; then a few a second, and
 * heartbeats, until it is ended. Says "up N" and "told N" on stdout.
 *
 * With cryptod's own handshakes and netd's own codecs; answers are not read
 * but for message 2.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../netd/bloom.h"
#include "../netd/frame.h"
#include "../netd/fsp.h"
#include "../netd/tree.h"
#include "aead.h"
#include "noise.h"

enum {
	PEERS_MAX = 1000,
	FRAME_CAP = 1400,
	HELLO_MS = 1000, BEAT_MS = 5000, TELL_MS = 20, TELL_BURST = 50,
	REST_MS = 200,
};

struct fake {
	struct key		key;
	struct noise		noise;
	struct noise_keys	keys;
	uint8_t			msg1[FRAME_MSG1_LEN];
	uint64_t		sent, beat_ms, hello_ms;
	uint32_t		theirs;
	int			fd, up;
};

static struct fake	 fake[PEERS_MAX];
static struct pollfd	 watched[PEERS_MAX];
static unsigned		 peers, places, up, told;
static uint8_t		 node_pub[PUB_LEN], node_addr[ADDR_LEN];

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The root's address begins with a zero byte, so that it is the smallest. */
static void
make_key(struct key *k, int root)
{
	do {
		curve_random(k->sec);
		if (curve_public(k->sec, k->pub) == -1)
			errx(1, "a random key is no key");
		curve_addr(k->pub, k->addr);
	} while ((k->addr[0] == 0) != root);
	memset(k->epoch, 1, sizeof(k->epoch));
}

static void
dial(struct fake *f, const struct sockaddr_in *to)
{
	uint8_t noise[IK_MSG1_LEN], e[SEC_LEN];

	f->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (f->fd == -1 || connect(f->fd, (const void *)to, sizeof(*to)) == -1)
		err(1, "socket");
	curve_random(e);
	if (noise_ik_write1(&f->noise, &f->key, node_pub, e, noise) != REFUSE_NONE)
		errx(1, "the node's key is no key");
	frame_msg1(f->msg1, (uint32_t)(f - fake) + 1, noise);
}

static void
say(struct fake *f, const uint8_t *msg, size_t len)
{
	uint8_t	 b[FRAME_CAP];
	uint64_t t = now_ms() & UINT32_MAX;

	if (len + FRAME_OVERHEAD > sizeof(b))
		errx(1, "a message of %zu bytes", len);
	frame_data(b, 0, (uint16_t)(4 + len), f->theirs, f->sent);
	put_le32(b + FRAME_HEAD_LEN, (uint32_t)t);
	memcpy(b + FRAME_BODY_OFF, msg, len);
	aead_seal(f->keys.send, f->sent++, b, FRAME_HEAD_LEN, b + FRAME_HEAD_LEN,
	    4 + len);
	if (send(f->fd, b, FRAME_OVERHEAD + len, 0) == -1 && up == peers)
		warn("send");
}

/* -- a place in the tree and a filter --------------------------------------- */
static void
step(struct tree_ann *a, const uint8_t *addr)
{
	uint16_t i = a->path.at.n++;

	memcpy(a->path.at.addr[i], addr, ADDR_LEN);
	a->path.seq[i] = 1;
	a->path.ts[i] = (uint64_t)time(NULL);
}

static void
announce(struct fake *f)
{
	struct tree_ann a = { .decl = { .seq = 1, .ts = (uint64_t)time(NULL) } };
	uint8_t		msg[TREE_MSG_MAX], tbs[TREE_TBS_LEN], aux[32] = { 1 };
	ssize_t		n;

	step(&a, f->key.addr);
	memcpy(a.decl.addr, f->key.addr, ADDR_LEN);
	memcpy(a.decl.parent, f == fake ? f->key.addr : node_addr, ADDR_LEN);
	if (f != fake) {
		step(&a, node_addr);
		step(&a, fake[0].key.addr);
	}
	tree_tbs(&a.decl, tbs);
	if (curve_sign(f->key.sec, tbs, sizeof(tbs), aux, a.sig) == -1 ||
	    (n = tree_encode(&a, msg, sizeof(msg))) == -1)
		errx(1, "no announce");
	say(f, msg, (size_t)n);
}

/* The k-th node: behind which peer, at which address. Never peer 0. */
static unsigned
behind(unsigned k)
{
	return 1 + k % (peers - 1);
}

static void
address(unsigned k, uint8_t addr[ADDR_LEN])
{
	memset(addr, 0xee, ADDR_LEN);
	put_le32(addr + 4, k * 2654435761u);
	put_le32(addr + 8, k);
}

static void
filter(struct fake *f)
{
	struct bloom_filter set = { 0 };
	struct bloom_pos    pos;
	uint8_t		    msg[BLOOM_MSG_LEN], addr[ADDR_LEN];
	unsigned	    k;

	bloom_pos(f->key.addr, &pos);
	bloom_put(&set, &pos);
	for (k = 0; f != fake && k < places; k++)
		if (behind(k) == (unsigned)(f - fake)) {
			address(k, addr);
			bloom_pos(addr, &pos);
			bloom_put(&set, &pos);
		}
	bloom_encode(1, &set, msg);
	say(f, msg, sizeof(msg));
}

/* -- what passes ---------------------------------------------------------------- */
static struct fsp_coords
place(unsigned k, uint8_t path[4 * ADDR_LEN])
{
	address(k, path);
	memcpy(path + ADDR_LEN, fake[behind(k)].key.addr, ADDR_LEN);
	memcpy(path + 2 * ADDR_LEN, node_addr, ADDR_LEN);
	memcpy(path + 3 * ADDR_LEN, fake[0].key.addr, ADDR_LEN);
	return (struct fsp_coords){ 4, path };
}

/* A Setup from node k to the next, which is behind another peer. */
static void
pass(unsigned k)
{
	uint8_t		 from[4 * ADDR_LEN], to[4 * ADDR_LEN], msg[FRAME_CAP];
	uint8_t		 noise[FSP_MSG1] = { 2 };
	struct fsp_dgram d = { .ttl = 64, .path_mtu = 1400 };
	struct fsp_shake s = { .phase = FSP_SETUP, .noise = noise,
	    .noise_len = FSP_MSG1 };
	ssize_t		 n;

	s.src = place(k % places, from);
	s.dst = place((k + 1) % places, to);
	memcpy(d.src, from, ADDR_LEN);
	memcpy(d.dst, to, ADDR_LEN);
	fsp_dgram_encode(&d, msg);
	n = fsp_shake_encode(&s, msg + FSP_DGRAM, sizeof(msg) - FSP_DGRAM);
	if (n == -1)
		errx(1, "no Setup");
	say(&fake[behind(k % places)], msg, FSP_DGRAM + (size_t)n);
}

/* -- life ------------------------------------------------------------------------ */
static void
hear(struct fake *f)
{
	uint8_t	     b[2048], epoch[EPOCH_LEN], beat = LINK_MSG_HEARTBEAT;
	struct frame fr;
	ssize_t	     n;

	while ((n = recv(f->fd, b, sizeof(b), 0)) > 0) {
		if (f->up || frame_decode(b, (size_t)n, &fr) != REFUSE_NONE ||
		    fr.phase != FRAME_MSG2 || noise_ik_read2(&f->noise,
		    b + fr.body, epoch, &f->keys) != REFUSE_NONE)
			continue;
		f->theirs = fr.sender;
		f->up = 1;
		up++;
		say(f, &beat, 1);
	}
}

static void
mind(struct fake *f, uint64_t now)
{
	uint8_t beat = LINK_MSG_HEARTBEAT;

	hear(f);
	if (!f->up && now >= f->hello_ms) {
		f->hello_ms = now + HELLO_MS;
		if (send(f->fd, f->msg1, sizeof(f->msg1), 0) == -1)
			warn("msg1");
	} else if (f->up && now >= f->beat_ms) {
		f->beat_ms = now + BEAT_MS + (uint64_t)(f - fake);
		say(f, &beat, 1);
	}
}

static void
places_tell(uint64_t now)
{
	static uint64_t due_ms;
	unsigned	i;

	if (now < due_ms)
		return;
	for (i = 0; i < (told < places ? TELL_BURST : 5); i++)
		pass(told++);
	due_ms = now + (told < places ? TELL_MS : REST_MS);
	if (told >= places && told - i < places) {
		printf("told %u\n", places);
		fflush(stdout);
	}
}

static void
all_up(void)
{
	unsigned i;

	for (i = 0; i < peers; i++)
		announce(&fake[i]);
	for (i = 0; i < peers; i++)
		filter(&fake[i]);
	printf("up %u\n", up);
	fflush(stdout);
	/* The node settles on the root, so that the places are under it. */
	sleep(2);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int		   said = 0;
	unsigned	   i;

	if (argc != 6 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1 ||
	    npub_decode(argv[3], node_pub + 1) == -1)
		errx(1, "usage: crowd ADDRESS PORT NPUB PEERS PLACES");
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	peers = (unsigned)atoi(argv[4]);
	places = (unsigned)atoi(argv[5]);
	if (peers < 3 || peers > PEERS_MAX || places < peers)
		errx(1, "3 to %d peers, and more places", PEERS_MAX);
	node_pub[0] = 2;
	if (curve_init() == -1)
		errx(1, "the libraries do not start");
	curve_addr(node_pub, node_addr);
	for (i = 0; i < peers; i++) {
		make_key(&fake[i].key, i == 0);
		dial(&fake[i], &to);
		watched[i] = (struct pollfd){ .fd = fake[i].fd, .events = POLLIN };
	}
	for (;;) {
		poll(watched, peers, 10);
		for (i = 0; i < peers; i++)
			mind(&fake[i], now_ms());
		if (up == peers && !said++)
			all_up();
		if (said)
			places_tell(now_ms());
	}
}
