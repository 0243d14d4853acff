/*
 * micro.c -- what the steps of the data path cost, one by one, in one process.
 *
 * micro			name, tab, ns: the quickest of some rounds, of processor time
 * micro NAME N		do that step N times and say nothing: for callgrind
 */
#include <sys/eventfd.h>

#include <err.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "aead_lib.h"
#include "conf.h"
#include "coords.h"
#include "curve.h"
#include "frame.h"
#include "merge.h"
#include "nexthop.h"
#include "replay.h"
#include "route.h"
#include "seal.h"
#include "seg.h"
#include "session.h"

#define SLOTS	64u
#define SIZE	16384u
#define PLACES	10000u
#define PEERS	250u
#define ROUNDS	9
#define ROUND_NS 4000000.0

struct step {
	char	 name[48];
	void	(*once)(const struct step *);
	void	(*ready)(const struct step *);	/* before the first; or NULL */
	enum aead_want lib;
	size_t	 arg;
};

static struct step	step[96];
static unsigned		nstep;

static struct ring	netd, cryptod;
static uint8_t		self[ADDR_LEN], buf[16384];
static uint8_t		key[AEAD_KEY], nonce[AEAD_NONCE];
static uint64_t		turn;

/* -- the ring -------------------------------------------------------------- */

static void
ring_once(const struct step *s)
{
	struct ring_desc	d = { .op = RING_OPEN, .len = 1280 };
	size_t			i;

	for (i = 0; i < s->arg; i++)
		ring_push(&netd, netd.todo, &d);
	ring_wake(&netd, netd.todo);
	for (i = 0; i < s->arg; i++)
		if (ring_pop(&cryptod, cryptod.todo, &d) != 1 ||
		    !ring_request_ok(&cryptod, &d))
			errx(1, "the ring lost something");
}

/* -- one layer ------------------------------------------------------------- */

static void
seal_once(const struct step *s)
{
	memcpy(nonce + 4, &turn, sizeof(turn));
	turn++;
	aead_lib(s->lib)->seal(key, nonce, buf, 16, buf + 16, s->arg);
}

static uint8_t sealed[SIZE];

static void
open_ready(const struct step *s)
{
	memset(sealed, 0x55, sizeof(sealed));
	aead_lib(s->lib)->seal(key, nonce, buf, 16, sealed + 16, s->arg);
}

/* A copy each time, for opening spoils it; the copy is in the figure. */
static void
open_once(const struct step *s)
{
	memcpy(buf + 16, sealed + 16, s->arg + AEAD_TAG);
	if (aead_lib(s->lib)->open(key, nonce, buf, 16, buf + 16, s->arg) != 0)
		errx(1, "what was sealed does not open");
}

/* -- both layers, through the ring, as cryptod does them -------------------- */

static struct session	*link_in, *inner_in;
static struct ring_desc	 out_desc, in_desc;

static void
pair(enum session_kind kind, uint32_t *ours, struct session **theirs)
{
	uint8_t			pub[PUB_LEN] = { 2 };
	struct noise_keys	k, twin;

	randombytes_buf(&k, sizeof(k));
	memcpy(twin.send, k.recv, 32);
	memcpy(twin.recv, k.send, 32);
	*ours = session_new(kind, &k, pub);
	*theirs = session_find(session_new(kind, &twin, pub), kind);
	curve_addr(pub, self);
}

static void
ask(struct ring_desc *d)
{
	enum refusal why;

	ring_push(&netd, netd.todo, d);
	session_enter();
	if (seal_work(&cryptod, self, &why) != 1)
		errx(1, "%s", refuse_text(why));
	session_leave();
	if (ring_pop(&netd, netd.done, d) != 1 || d->status >= RING_REFUSED)
		errx(1, "refused: %d", d->status - RING_REFUSED);
}

/* A datagram from that node to itself with so many bytes of session text. */
static void
frame_ready(const struct step *s)
{
	uint8_t *f;

	aead_start(s->lib, 1);
	if (link_in != NULL) {
		session_drop(out_desc.link);
		session_drop(out_desc.session);
		session_drop(session_handle(link_in));
		session_drop(session_handle(inner_in));
	}
	out_desc = (struct ring_desc){ .op = RING_SEAL, .off = 512, .inner = 56,
	    .body = 68, .len = 68 + (uint32_t)s->arg };
	pair(SESSION_LINK, &out_desc.link, &link_in);
	pair(SESSION_INNER, &out_desc.session, &inner_in);
	f = ring_slot(&netd, 0) + 512;
	memset(f, 0, 68 + s->arg);
	memcpy(f + 24, self, ADDR_LEN);
	memcpy(f + 40, self, ADDR_LEN);
	put_le16(f + 56 + 2, (uint16_t)s->arg);
}

static void
both_seal(const struct step *s)
{
	struct ring_desc d = out_desc;

	(void)s;
	ask(&d);
}

static void
both_ready(const struct step *s)
{
	frame_ready(s);
	in_desc = out_desc;
	ask(&in_desc);
	memcpy(sealed, ring_slot(&netd, 0) + 512, in_desc.len);
	in_desc.op = RING_OPEN;
	in_desc.link = session_handle(link_in);
}

static void
both_open(const struct step *s)
{
	struct ring_desc d = in_desc;

	(void)s;
	memcpy(ring_slot(&netd, 0) + 512, sealed, d.len);
	memset(&link_in->window, 0, sizeof(link_in->window));
	memset(&inner_in->window, 0, sizeof(inner_in->window));
	ask(&d);
	if (d.status != RING_DONE_INNER)
		errx(1, "the session layer stayed shut");
}

/* -- headers and ways ------------------------------------------------------ */

static void
parse_once(const struct step *s)
{
	static uint8_t	d[1280];
	struct frame	f;

	(void)s;
	frame_data(d, 0, sizeof(d) - FRAME_HEAD_LEN - FRAME_TAG_LEN, 7, turn++);
	if (frame_decode(d, sizeof(d), &f) != REFUSE_NONE)
		errx(1, "a frame does not decode");
}

static void
replay_once(const struct step *s)
{
	static struct replay r;

	(void)s;
	turn++;
	if (replay_may(&r, turn))
		replay_accept(&r, turn);
}

static struct coords_cache *places;
static struct coords	 at[PEERS], here;
static struct nexthop_peer peer[PEERS];
static uint8_t		 peer_addr[PEERS][NADDR_LEN];
static struct route	*ways;
static uint8_t		 known[NADDR_LEN];	/* where a way is remembered */

/* Node i stands right under the root, which is all zero. */
static void
place(uint32_t i, uint8_t addr[NADDR_LEN], struct coords *c)
{
	memset(addr, 0, NADDR_LEN);
	put_le32(addr, i * 2654435761u | 1);
	memset(c, 0, sizeof(*c));
	c->n = 2;
	memcpy(c->addr[0], addr, NADDR_LEN);
}

static void
no_sign(void *arg, uint32_t token, const struct tree_decl *d)
{
	(void)arg;
	(void)token;
	(void)d;
}

static int
fact(void *arg, unsigned slot, struct nexthop_peer *f)
{
	(void)arg;
	*f = peer[slot];
	return 0;
}

/* The tree of a node that stands under the root like everybody. */
static void
route_ready(void)
{
	static const struct tree_cb cb = { .sign = no_sign };
	struct tree_cfg	 t = { .peers_max = PEERS };
	struct bloom_cfg b = { .peers_max = PEERS };
	struct route_cfg cfg = { .peers_max = PEERS, .key = 1, .cache = places };

	cfg.tree = tree_new(&t, &cb, NULL, (struct tree_time){ 0 });
	cfg.bloom = bloom_new(&b, NULL, NULL);
	ways = cfg.tree == NULL || cfg.bloom == NULL ? NULL :
	    route_new(&cfg, fact, NULL);
	if (ways == NULL)
		errx(1, "no memory for ways");
}

static void
ways_ready(const struct step *s)
{
	struct coords_cfg	cfg = { .max = { PLACES, PLACES },
	    .ttl_ms = UINT32_MAX, .age_max_ms = UINT32_MAX, .givers = 1,
	    .per_giver = PLACES };
	struct coords		c;
	uint8_t			addr[NADDR_LEN];
	uint32_t		i;

	(void)s;
	if (places != NULL)
		return;
	places = coords_new(&cfg);
	for (i = 0; i < PLACES; i++) {
		place(i, addr, &c);
		if (coords_put(places, addr, &c, COORDS_PROVEN, 0, 0, 1) != 0)
			errx(1, "a place is refused");
	}
	memcpy(known, addr, NADDR_LEN);
	route_ready();
	place(PLACES, addr, &here);
	for (i = 0; i < PEERS; i++) {
		place(PLACES + 1 + i, peer_addr[i], &at[i]);
		peer[i] = (struct nexthop_peer){ .addr = peer_addr[i],
		    .at = &at[i], .cost = 1.0, .can_send = 1,
		    .in_filter = i % 8 == 0 };
	}
}

static void
hop_once(const struct step *s)
{
	enum nexthop_why why;

	(void)s;
	route_find(ways, known, COORDS_OURS, 1, 1, &why);
	if (why == NEXTHOP_NO_COORDS)
		errx(1, "a place is lost");
}

static void
get_once(const struct step *s)
{
	struct coords_entry	e;
	struct coords		c;
	uint8_t			addr[NADDR_LEN];

	(void)s;
	place((uint32_t)(turn++ % PLACES), addr, &c);
	if (coords_get(places, addr, COORDS_OURS, 1, &e) != 0)
		errx(1, "a place is lost");
}

static void
pick_once(const struct step *s)
{
	struct coords	c;
	uint8_t		addr[NADDR_LEN];
	unsigned	hop;

	place((uint32_t)(turn++ % PLACES), addr, &c);
	nexthop_pick(here.addr[0], &here, addr, &c, peer, (unsigned)s->arg, &hop);
}

/* -- what the kernel hands over in one piece, and takes back so ------------- */

#define TCP_HEAD	72u
#define TCP_LOAD	1208u
#define CUTS		54u

static uint8_t		whole[TCP_HEAD + CUTS * TCP_LOAD];
static uint8_t		packet[CUTS][TCP_HEAD + TCP_LOAD];
static unsigned		merged;
static struct merge	merge;

static const struct vnet tcp_whole = {
	.flags = VNET_NEEDS_CSUM, .gso_type = VNET_GSO_TCP6, .hdr_len = TCP_HEAD,
	.gso_size = TCP_LOAD, .csum_start = 40, .csum_offset = 16,
};

static void
on_merged(const struct merge_run *r)
{
	merged = r->count;
}

static void
cut_once(const struct step *s)
{
	struct seg	seg;
	unsigned	i;

	(void)s;
	if (seg_begin(&seg, &tcp_whole, whole, sizeof(whole)) == -1 ||
	    seg.count != CUTS)
		errx(1, "a super-segment is refused");
	for (i = 0; i < CUTS; i++)
		if (seg_cut(&seg, i, packet[i]) != sizeof(packet[i]))
			errx(1, "a cut has another length");
}

static void
merge_once(const struct step *s)
{
	unsigned i;

	(void)s;
	for (i = 0; i < CUTS; i++)
		merge_add(&merge, packet[i], sizeof(packet[i]), packet[i]);
	merge_flush(&merge);
	if (merged != CUTS)
		errx(1, "%u packets in one piece", merged);
}

static void
segment_ready(const struct step *s)
{
	uint16_t upper = sizeof(whole) - 40;

	whole[0] = 0x60;
	whole[4] = (uint8_t)(upper >> 8);
	whole[5] = (uint8_t)upper;
	whole[6] = 6;
	whole[7] = 64;
	memset(whole + 8, 0xfd, 32);
	whole[52] = (TCP_HEAD - 40) / 4 << 4;
	whole[53] = 0x10;
	memset(whole + 60, 1, TCP_HEAD - 60);	/* options that say nothing */
	merge_init(&merge, on_merged, 1);
	cut_once(s);
}

/* -- the list -------------------------------------------------------------- */

static void
add(void (*once)(const struct step *), void (*ready)(const struct step *),
    enum aead_want lib, size_t arg, const char *name)
{
	struct step *s = &step[nstep++];

	s->once = once;
	s->ready = ready;
	s->lib = lib;
	s->arg = arg;
	snprintf(s->name, sizeof(s->name), name, arg);
}

static void
list(void)
{
	static const size_t size[] = { 64, 256, 512, 1024, 1280, 1420, 8192 };
	enum aead_want lib;
	char name[48];
	size_t i;

	add(ring_once, NULL, AEAD_AUTO, 1, "ring: a descriptor there");
	add(ring_once, NULL, AEAD_AUTO, 64, "ring: %zu descriptors there");
	for (lib = AEAD_LIBSODIUM; lib < AEAD_WANTS; lib++)
		for (i = 0; aead_lib(lib) != NULL &&
		    i < sizeof(size) / sizeof(size[0]); i++) {
			snprintf(name, sizeof(name), "%s: seal %%zu bytes", conf_aead_word[lib]);
			add(seal_once, NULL, lib, size[i], name);
			snprintf(name, sizeof(name), "%s: open %%zu bytes", conf_aead_word[lib]);
			add(open_once, open_ready, lib, size[i], name);
		}
	for (lib = AEAD_AUTO; lib < AEAD_WANTS; lib++)
		for (i = 0; (lib == AEAD_AUTO || aead_lib(lib) != NULL) &&
		    i < sizeof(size) / sizeof(size[0]); i += 2) {
			snprintf(name, sizeof(name), "%s: both layers, seal %%zu", conf_aead_word[lib]);
			add(both_seal, frame_ready, lib, size[i], name);
			snprintf(name, sizeof(name), "%s: both layers, open %%zu", conf_aead_word[lib]);
			add(both_open, both_ready, lib, size[i], name);
		}
	add(cut_once, segment_ready, AEAD_AUTO, CUTS, "segmentation: %zu packets of one piece");
	add(merge_once, segment_ready, AEAD_AUTO, CUTS, "merging: %zu packets to one piece");
	add(replay_once, NULL, AEAD_AUTO, 0, "replay window: next counter");
	add(parse_once, NULL, AEAD_AUTO, 0, "frame: header written and parsed");
	add(hop_once, ways_ready, AEAD_AUTO, 0, "route: hop that is remembered");
	add(get_once, ways_ready, AEAD_AUTO, PLACES, "route: place among %zu");
	add(pick_once, ways_ready, AEAD_AUTO, 10, "route: hop chosen of %zu peers");
	add(pick_once, ways_ready, AEAD_AUTO, PEERS, "route: hop chosen of %zu peers");
}

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double
run(const struct step *s, unsigned long n)
{
	double		began = now_ns();
	unsigned long	i;

	for (i = 0; i < n; i++)
		s->once(s);
	return (now_ns() - began) / (double)n;
}

/* Noise only makes slower: the quickest round is the figure. */
static double
measure(const struct step *s)
{
	double		best, ns = run(s, 64);
	unsigned long	n = (unsigned long)(ROUND_NS / (ns + 1)) + 1;
	int		i;

	best = run(s, n);
	for (i = 1; i < ROUNDS; i++) {
		ns = run(s, n);
		best = ns < best ? ns : best;
	}
	return best;
}

static void
make_ring(void)
{
	int fds[3], more[3];

	fds[0] = ring_create(SLOTS, SIZE);
	fds[1] = more[1] = eventfd(0, EFD_NONBLOCK);
	fds[2] = more[2] = eventfd(0, EFD_NONBLOCK);
	more[0] = dup(fds[0]);
	if (ring_map(&cryptod, fds, SLOTS, SIZE) == -1 ||
	    ring_map(&netd, more, SLOTS, SIZE) == -1)
		err(1, "a ring");
}

static void
begin(const struct step *s)
{
	if (s->ready != NULL)
		s->ready(s);
	s->once(s);
}

int
main(int argc, char **argv)
{
	enum aead_want lib;
	unsigned i;

	if (curve_init() == -1)
		errx(1, "the libraries do not start");
	/* Each by itself: a trial takes a different number of instructions each time. */
	for (lib = AEAD_LIBSODIUM; lib < AEAD_WANTS; lib++)
		if (aead_lib(lib) != NULL)
			aead_start(lib, 1);
	session_init();
	make_ring();
	list();
	for (i = 0; i < nstep; i++) {
		if (argc == 3 && strcmp(argv[1], step[i].name) != 0)
			continue;
		begin(&step[i]);
		if (argc == 3) {
			run(&step[i], strtoul(argv[2], NULL, 10));
			return 0;
		}
		printf("%s\t%.1f\n", step[i].name, measure(&step[i]));
		fflush(stdout);
	}
	return argc == 3;
}
