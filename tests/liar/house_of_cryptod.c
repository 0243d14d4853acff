/*
 * house_of_cryptod.c -- a real cryptod in a process of its own: opened, watched,
 * closed.
 */
#include "../aead_watch.h"
#include "house_of_cryptod.h"

struct house		h;
int			second;
static struct key	us, peer;	/* cryptod's identity, known to the test */
static uint8_t		secret[KEYS][32];	/* what must never be seen */

uint32_t
edge(uint32_t honest)
{
	static const uint32_t v[] = { 0, 1, 11, 12, 15, 16, 31, 32, 63, 64, 65,
	    2015, 2016, 2047, 2048, 2049, 65535, 65536, 1u << 31,
	    UINT32_MAX - 31, UINT32_MAX };

	switch (any(4)) {
	case 0: return v[any(sizeof(v) / sizeof(v[0]))];
	case 1: return honest ^ 1u << any(32);
	case 2: return honest + any(65) - 32;
	default: return (uint32_t)random() << 1 ^ (uint32_t)random();
	}
}

/* In place of the sandbox: show the watch where cryptod has mapped its ring. */
static void
stay(void)
{
	static struct ring	r;
	char			line[512];
	uintptr_t		from, to;
	FILE			*f = fopen("/proc/self/maps", "re");

	worker_start();
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, "bastide-ring") != NULL &&
		    sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2 &&
		    to - from == ring_size(SLOTS, SIZE)) {
			r.todo = (struct ring_queue *)from;
			r.map_len = ring_size(SLOTS, SIZE);
			r.slots = (uint8_t *)from + r.map_len - SLOTS * SIZE;
			r.nslot = SLOTS;
			r.slot_size = SIZE;
			watch_ring = &r;
		}
	if (f == NULL || watch_ring == NULL)
		_exit(WATCH_BOUNDS);
	fclose(f);
	forbid_memory();
}

static void
run_cryptod(int privd, int netd, int err)
{
	dup2(err, STDERR_FILENO);
	log_init("cryptod", NULL);
	_exit(cryptod_run(privd, netd, -1, stay));
}

static void
hear_this(struct chan *c, enum msg_type want, union msg_any *m)
{
	enum msg_type type = MSG_NONE;

	ck_assert(hear(c, &type, m));
	ck_assert_str_eq(msg_row[type].name, msg_row[want].name);
}

/* A state folder whose key the test knows. */
static int
key_dir(char *dir)
{
	char	text[NPUB_LEN + 2];
	int	fd, d;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	d = open(dir, O_RDONLY | O_DIRECTORY);
	fd = openat(d, "fips.key", O_WRONLY | O_CREAT, 0600);
	nsec_encode(us.sec, text);
	text[NPUB_LEN] = '\n';
	ck_assert_int_eq(write(fd, text, NPUB_LEN + 1), NPUB_LEN + 1);
	close(fd);
	return d;
}

/* A lane's ring of the three descriptors, made and sent when there is to be one. */
static void
send_lane(int lane[3])
{
	struct msg_lane_cryptod m = { .req = 0 };

	lane[0] = ring_create(SLOTS, 0);
	lane[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	lane[2] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(chan_send(&h.privd, MSG_LANE_CRYPTOD, &m, lane), 0);
}

/* Lies go into the lane from now on; its slots are the ring's. */
static void
take_lane(const int lane[3])
{
	struct ring first = h.ring;

	ck_assert_int_eq(ring_map_lane(&h.ring, &first, lane), 0);
	close(first.wake_cryptod);
	close(first.wake_netd);
}

static void
boot(void)
{
	struct msg_key_dir	 kd = { .mode = KEY_PERSISTENT };
	struct msg_ring_cryptod	 rc = { .slots = SLOTS, .slot_size = SIZE };
	struct msg_go_cryptod	 go = { .req = 0 };
	char			 dir[] = "/tmp/liar_netd.XXXXXX";
	int			 d = key_dir(dir), fds[3], lane[3];
	union msg_any		 m;

	ck_assert_int_eq(chan_send(&h.privd, MSG_KEY_DIR, &kd, &d), 0);
	if (second)
		send_lane(lane);
	fds[0] = ring_create(SLOTS, SIZE);
	fds[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fds[2] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(chan_send(&h.privd, MSG_RING_CRYPTOD, &rc, fds), 0);
	hear_this(&h.privd, MSG_READY_CRYPTOD, &m);
	ck_assert_mem_eq(m.ready_cryptod.pub, us.pub, PUB_LEN);
	ck_assert_int_eq(ring_map(&h.ring, fds, SLOTS, SIZE), 0);
	h.first = h.ring;
	if (second)
		take_lane(lane);
	unlinkat(d, "fips.key", 0);
	unlinkat(d, "fips.pub", 0);
	unlinkat(d, "directory.key", 0);
	close(d);
	rmdir(dir);
	ck_assert_int_eq(chan_send(&h.privd, MSG_GO_CRYPTOD, &go, NULL), 0);
	h.privd.phase = h.netd.phase = RUN;
}

/* An honest link and session with a peer that the test plays. */
static void
make_friends(void)
{
	struct msg_ik_start	is = { .req = 1 };
	struct msg_ik_read2	ir = { .req = 1 };
	struct msg_xk_start	xs = { .req = 1 };
	struct msg_xk_read2	xr = { .req = 1 };
	struct noise		n;
	struct noise_keys	k;
	uint8_t			e[SEC_LEN], epoch[EPOCH_LEN];
	union msg_any		m;

	memcpy(is.pub, peer.pub, PUB_LEN);
	chan_send(&h.netd, MSG_IK_START, &is, NULL);
	hear_this(&h.netd, MSG_IK_MSG1, &m);
	ir.hs = m.ik_msg1.hs;
	ck_assert_int_eq(noise_ik_read1(&n, &peer, m.ik_msg1.noise, epoch), 0);
	curve_random(e);
	ck_assert_int_eq(noise_ik_write2(&n, &peer, e, ir.noise, &k), 0);
	memcpy(secret[1], k.send, 64);
	chan_send(&h.netd, MSG_IK_READ2, &ir, NULL);
	hear_this(&h.netd, MSG_IK_UP, &m);
	h.link = m.ik_up.session;

	memcpy(xs.pub, peer.pub, PUB_LEN);
	chan_send(&h.netd, MSG_XK_START, &xs, NULL);
	hear_this(&h.netd, MSG_XK_MSG1, &m);
	xr.hs = m.xk_msg1.hs;
	ck_assert_int_eq(noise_xk_read1(&n, &peer, m.xk_msg1.noise), 0);
	curve_random(e);
	ck_assert_int_eq(noise_xk_write2(&n, &peer, e, xr.noise), 0);
	chan_send(&h.netd, MSG_XK_READ2, &xr, NULL);
	hear_this(&h.netd, MSG_XK_MSG3, &m);
	h.inner = m.xk_msg3.session;
	ck_assert_int_eq(noise_xk_read3(&n, m.xk_msg3.noise, epoch, &k), 0);
	memcpy(secret[3], k.send, 64);
}

void
open_house(void)
{
	struct chan	privd, netd;
	int		err[2];

	memset(&h, 0, sizeof(h));
	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_CRYPTOD, &h.privd, &privd), 0);
	ck_assert_int_eq(chan_pair(PROC_NETD, PROC_CRYPTOD, &h.netd, &netd), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	h.pid = fork();
	ck_assert_int_ne(h.pid, -1);
	if (h.pid == 0) {
		close(h.privd.fd);
		close(h.netd.fd);
		close(err[0]);
		run_cryptod(privd.fd, netd.fd, err[1]);
	}
	close(privd.fd);
	close(netd.fd);
	close(err[1]);
	h.err = err[0];
	boot();
	make_friends();
}

int
close_house(void)
{
	char	text[4096];
	size_t	len = 0;
	ssize_t	n;
	int	status;

	see(h.ring.todo, h.ring.map_len);
	see(h.first.todo, h.first.map_len);
	close(h.netd.fd);
	close(h.privd.fd);
	while (len < sizeof(text) - 1 &&
	    (n = read(h.err, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(h.err);
	ck_assert_int_eq(waitpid(h.pid, &status, 0), h.pid);
	munmap(h.first.todo, h.first.map_len);
	if (h.ring.todo != h.first.todo)
		munmap(h.ring.todo, h.ring.map_len);
	close(h.ring.wake_cryptod);
	close(h.ring.wake_netd);
	ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 0 ||
	    (WEXITSTATUS(status) == 1 && strstr(text, "netd broke a rule") != NULL)),
	    "seed %u: status %x: %s", seed, (unsigned)status, text);
	return WEXITSTATUS(status);
}

int
alive(void)
{
	struct msg_ping_cryptod	q = { .req = 5 };
	enum msg_type		type;
	union msg_any		m;

	return chan_send(&h.privd, MSG_PING_CRYPTOD, &q, NULL) == 0 &&
	    hear(&h.privd, &type, &m);
}

void
setup(void)
{
	struct timespec	ts;
	const char	*s = getenv("LIAR_SEED");

	clock_gettime(CLOCK_REALTIME, &ts);
	seed = s != NULL ? (unsigned)strtoul(s, NULL, 0) : (unsigned)ts.tv_nsec;
	fprintf(stderr, "# LIAR_SEED=%u\n", seed);
	srandom(seed);
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(curve_init(), 0);
	curve_random(us.sec);
	curve_random(peer.sec);
	curve_public(us.sec, us.pub);
	curve_public(peer.sec, peer.pub);
	curve_addr(us.pub, us.addr);
	curve_addr(peer.pub, peer.addr);
	randombytes_buf(secret, sizeof(secret));	/* until there are keys */
	memcpy(secret[0], us.sec, 32);
	ear_keys(secret, KEYS);
}

struct ring_desc
honest(uint32_t slot)
{
	struct ring_desc d = { .slot = slot, .op = (uint8_t)(1 + any(4)),
	    .off = (uint16_t)any(512), .link = h.link, .session = h.inner,
	    .inner = 56, .body = 68, .len = 68 + any(1300) };
	uint8_t *f = ring_slot(&h.ring, slot) + d.off;

	memset(f, 0, 16);
	memset(f + 16, 0, 8);
	memcpy(f + 24, peer.addr, 16);
	memcpy(f + 40, us.addr, 16);
	return d;
}
