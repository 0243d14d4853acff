/*
 * liar_netd.c -- a false netd meets a real cryptod, in a process of its own,
 * over its real doors and ring. room: cryptod, with: liar
 *
 * It lies in every message, every field of a descriptor, both indexes, and in
 * slot bytes while cryptod works on them. cryptod may refuse, or end by its own
 * rule (status 1 and "broke a rule"); it may not die otherwise, use a (key,
 * nonce) twice, leave a slot, let a byte of a key be seen, or allocate.
 */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../aead_watch.h"
#include "chan.h"
#include "ident.h"
#include "liar.h"
#include "log.h"
#include "noise.h"
#include "room.h"
#include "suite.h"
#include "worker.h"

#define SLOTS		64u
#define SIZE		2048u
#define WAIT_MS		10000
#define KEYS		5

static struct house {
	pid_t		 pid;
	struct chan	 privd, netd;
	struct ring	 first;		/* all that is shared, slots included */
	struct ring	 ring;		/* to lie in: the first, or a lane */
	int		 err;		/* cryptod's stderr */
	uint32_t	 link, inner;	/* honest handles */
} h;

/* The loop tests run twice: their lies meet the first worker, or the second. */
static int		second;
static struct key	us, peer;	/* cryptod's identity, known to the test */
static uint8_t		secret[KEYS][32];	/* what must never be seen */
static unsigned		seed;

/* A value on the edge of something, or any. */
static uint32_t
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

/* -- the house ----------------------------------------------------------- */

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
see(const void *p, size_t len)
{
	size_t i, part;

	for (i = 0; i < KEYS; i++)
		for (part = 0; part < 32; part += 8)
			ck_assert_msg(memmem(p, len, secret[i] + part, 8) == NULL,
			    "seed %u: part %zu of key %zu was seen", seed, part, i);
}

/* The next message on a door; 0 when cryptod ended instead. */
static int
hear(struct chan *c, enum msg_type *type, union msg_any *m)
{
	struct pollfd	p = { .fd = c->fd, .events = POLLIN };
	int		fds[MSG_NFD_MAX];
	enum chan_result got;

	ck_assert_msg(poll(&p, 1, WAIT_MS) == 1, "seed %u: cryptod hangs", seed);
	got = chan_recv(c, type, m, fds);
	if (got == CHAN_GONE)
		return 0;
	ck_assert_msg(got == CHAN_MSG, "seed %u: cryptod lies: %s", seed,
	    refuse_name(c->why));
	see(m, sizeof(*m));
	return 1;
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

static void
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

/* Close the doors; cryptod has ended or ends now, and only in a lawful way. */
static int
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

/* Is cryptod still serving? It answers privd whatever netd did. */
static int
alive(void)
{
	struct msg_ping_cryptod	q = { .req = 5 };
	enum msg_type		type;
	union msg_any		m;

	return chan_send(&h.privd, MSG_PING_CRYPTOD, &q, NULL) == 0 &&
	    hear(&h.privd, &type, &m);
}

static void
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
}

/* The control: whoever allocates after stay() is caught. */
START_TEST(an_allocation_does_not_go_unseen)
{
	static void *volatile p;
	int	status;
	pid_t	pid = fork();

	if (pid == 0) {
		forbid_memory();
		p = malloc(1);
		_exit(p == NULL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), ALLOCATED);
}
END_TEST

/* -- lies on the door ---------------------------------------------------- */

/* Raw bytes with nfd descriptors. 0 when the door is shut already. */
static int
shout(const uint8_t *p, size_t len, int nfd)
{
	union { struct cmsghdr align; char buf[CMSG_SPACE(sizeof(int) * 4)]; } cb;
	struct iovec	iov = { (void *)(uintptr_t)p, len };
	struct msghdr	mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr	*cm;
	int		 i;

	if (nfd > 0) {
		memset(&cb, 0, sizeof(cb));
		mh.msg_control = cb.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)nfd);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)nfd);
		for (i = 0; i < nfd; i++)
			memcpy(CMSG_DATA(cm) + (size_t)i * sizeof(int), &h.err, sizeof(int));
	}
	return sendmsg(h.netd.fd, &mh, MSG_NOSIGNAL) == (ssize_t)len;
}

static int
is_answered(enum msg_type t)
{
	return t != MSG_HS_DROP && t != MSG_SESSION_DROP;
}

/* A lawful message of this type with made-up contents. */
static size_t
make_up(enum msg_type t, uint8_t *buf)
{
	union msg_any	m;
	enum refusal	why;
	int		len;

	do {
		randombytes_buf(&m, sizeof(m));
		if (t == MSG_IK_READ2 || t == MSG_XK_READ2 || t == MSG_XK_READ3)
			m.ik_read2.hs = any(2) ? h.link : edge(h.inner) | 1;
		len = msg_encode(t, &m, buf, MSG_LEN_MAX, &why);
	} while (len == -1);
	return (size_t)len;
}

static int
from_netd(enum msg_type t)
{
	return msg_row[t].from == PROC_NETD && msg_row[t].to == PROC_CRYPTOD;
}

START_TEST(made_up_messages_are_answered_or_end_the_house)
{
	uint8_t		buf[MSG_LEN_MAX];
	enum msg_type	type;
	union msg_any	m;
	size_t		len;
	int		t, i;

	open_house();
	for (i = 0; i < 40; i++)
		for (t = 1; t < MSG_MAX; t++) {
			if (!from_netd(t))
				continue;
			len = make_up(t, buf);
			ck_assert(shout(buf, len, 0));
			if (is_answered(t))
				ck_assert(hear(&h.netd, &type, &m));
		}
	ck_assert(alive());
	ck_assert_int_eq(close_house(), 0);
}
END_TEST

START_TEST(another_rooms_message_ends_the_house)
{
	uint8_t	buf[MSG_LEN_MAX];
	union msg_any m;
	enum msg_type type;
	enum refusal why;
	int	t, len;

	for (t = 1; t < MSG_MAX; t++) {
		if (from_netd(t) || any(2))
			continue;
		do {
			randombytes_buf(&m, sizeof(m));
			memset((char *)&m + 4 + any(64), any(3) ? 0 : 0x41,
			    sizeof(m) - 70);
			len = msg_encode(t, &m, buf, sizeof(buf), &why);
			if (len == -1) {
				memset(buf, 0, 64);
				put_le32(buf, (uint32_t)t);
				len = 8;
			}
		} while (len == -1);
		open_house();
		ck_assert(shout(buf, (size_t)len, msg_row[t].nfd));
		while (hear(&h.netd, &type, &m))
			continue;
		ck_assert_int_eq(close_house(), 1);
	}
}
END_TEST

/* Every message from netd: cut, lengthened, with descriptors, of no type. */
START_TEST(a_message_of_the_wrong_shape_ends_the_house)
{
	uint8_t		buf[MSG_LEN_MAX + 8] = { 0 };
	enum msg_type	type;
	union msg_any	m;
	size_t		len, cut;
	int		t, lie, nfd;

	for (t = 1; t < MSG_MAX; t++)
		for (lie = 0; from_netd(t) && lie < 5; lie++) {
			len = make_up(t, buf);
			cut = len;
			nfd = 0;
			switch (lie) {
			case 0: cut = 1 + any((uint32_t)len - 1); break;
			case 1: cut = len - 1; break;
			case 2: cut = len + 1; break;
			case 3: nfd = 1 + (int)any(4); break;
			case 4: put_le32(buf, edge(0) | 0x100); break;
			}
			open_house();
			ck_assert(shout(buf, cut, nfd));
			while (hear(&h.netd, &type, &m))
				continue;
			ck_assert_int_eq(close_house(), 1);
		}
}
END_TEST

/* -- lies in the ring ---------------------------------------------------- */

/* A frame in a slot that SEAL takes, or that OPEN looks into. */
static struct ring_desc
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

static void
tell(struct ring_desc *d)
{
	switch (any(8)) {
	case 0: d->slot = edge(d->slot); break;
	case 1: d->op = (uint8_t)edge(d->op); break;
	case 2: d->off = (uint16_t)edge(d->off); break;
	case 3: d->link = any(2) ? h.inner : edge(d->link); break;
	case 4: d->session = any(2) ? h.link : edge(d->session); break;
	case 5: d->len = edge(d->len); break;
	case 6: d->inner = (uint16_t)edge(d->inner); break;
	default: d->body = (uint16_t)edge(d->body); break;
	}
}

/* The answer to what was pushed; 0 when cryptod ended instead. */
static int
await(struct ring_desc *d)
{
	struct pollfd	p[] = { { .fd = h.ring.wake_netd, .events = POLLIN },
			    { .fd = h.netd.fd, .events = POLLIN } };
	int		got;

	for (;;) {
		got = ring_pop(&h.ring, h.ring.done, d);
		ck_assert_int_ne(got, -1);
		if (got == 1)
			return 1;
		if (ring_may_sleep(&h.ring, h.ring.done)) {
			ck_assert_msg(poll(p, 2, WAIT_MS) > 0,
			    "seed %u: cryptod hangs", seed);
			ring_awake(&h.ring, h.ring.done);
			if (p[1].revents != 0)
				return 0;
		}
	}
}

START_TEST(a_lie_in_any_field_of_a_descriptor_is_refused_or_ends_the_house)
{
	struct ring_desc d, q;
	int	 i, ended = 0, done = 0;

	second = _i;
	open_house();
	for (i = 0; i < 1500; i++) {
		d = honest(any(SLOTS));
		if (any(2))
			tell(&d);
		q = d;
		ck_assert_int_eq(ring_push(&h.ring, h.ring.todo, &d), 1);
		ring_wake(&h.ring, h.ring.todo);
		if (!await(&d)) {
			ck_assert_int_eq(close_house(), 1);
			ended++;
			open_house();
			continue;
		}
		ck_assert_uint_lt(d.slot, SLOTS);
		ck_assert_uint_eq(d.slot, q.slot);
		ck_assert_uint_le(d.off + d.len, SIZE);
		done += d.status == RING_DONE;
	}
	ck_assert_int_eq(close_house(), 0);
	ck_assert_int_gt(ended, 0);
	ck_assert_int_gt(done, 100);
}
END_TEST

START_TEST(a_wild_index_ends_the_house_or_means_nothing)
{
	enum msg_type	type;
	union msg_any	m;
	struct ring_desc d;
	uint64_t	one = 1;
	int		i, n, ended = 0;

	second = _i;
	for (i = 0; i < 40; i++) {
		open_house();
		for (n = (int)any(8); n > 0; n--) {
			d = honest(any(SLOTS));
			ring_push(&h.ring, h.ring.todo, &d);
		}
		if (any(2))
			atomic_store(&h.ring.todo->head, edge(h.ring.push.mine));
		if (any(2))
			atomic_store(&h.ring.done->tail, edge(0));
		if (any(2))
			atomic_store(&h.ring.todo->tail, edge(0));
		if (any(2))
			atomic_store(&h.ring.done->head, edge(0));
		ck_assert_int_eq(write(h.ring.wake_cryptod, &one, 8), 8);
		for (n = 0; n < 50 && alive(); n++)
			continue;
		if (n < 50)
			while (hear(&h.netd, &type, &m))
				continue;
		ended += close_house();
	}
	ck_assert_int_gt(ended, 0);
}
END_TEST

/* A slot lent a thousand times over without an answer taken. */
START_TEST(answers_nobody_takes_end_the_house)
{
	struct ring_desc d;
	enum msg_type	 type;
	union msg_any	 m;
	uint32_t	 i;

	second = _i;
	open_house();
	for (i = 0; i <= 4 * SLOTS; i++) {
		d = honest(0);
		while (ring_push(&h.ring, h.ring.todo, &d) == 0 && alive())
			continue;
		ring_wake(&h.ring, h.ring.todo);
	}
	while (hear(&h.netd, &type, &m))
		continue;
	ck_assert_int_eq(close_house(), 1);
}
END_TEST

/* -- lies in the slots, while cryptod works on them ---------------------- */

static atomic_int flipping;

static void *
flip(void *arg)
{
	unsigned	s = *(unsigned *)arg;
	uint32_t	at;

	/* Slots only, and headers most: indexes and descriptors have their own test. */
	while (atomic_load(&flipping)) {
		s = s * 1103515245u + 12345u;
		at = (s >> 8) % (4 * SIZE);
		if (s >> 31)
			at = at / SIZE * SIZE + at % 80;
		((volatile uint8_t *)h.ring.slots)[at] = (uint8_t)(s >> 16);
	}
	return NULL;
}

START_TEST(slots_that_change_under_its_hands_do_no_harm)
{
	struct ring_desc d, q;
	pthread_t	 thread;
	unsigned	 s = seed, bad = 0;
	int		 i, n, round;

	second = _i;
	for (round = 0; round < 3; round++) {
		open_house();
		atomic_store(&flipping, 1);
		ck_assert_int_eq(pthread_create(&thread, NULL, flip, &s), 0);
		for (i = 0; i < 400; i++) {
			for (n = 0; n < 8; n++) {
				d = honest(any(4));
				d.off = 0;
				ck_assert_int_eq(ring_push(&h.ring, h.ring.todo, &d), 1);
			}
			ring_wake(&h.ring, h.ring.todo);
			for (n = 0; n < 8; n++) {
				ck_assert(await(&q));
				ck_assert_uint_le(q.off + q.len, SIZE);
				bad += q.status >= RING_REFUSED;
			}
		}
		atomic_store(&flipping, 0);
		pthread_join(thread, NULL);
		ck_assert(alive());
		ck_assert_int_eq(close_house(), 0);
	}
	ck_assert_uint_gt(bad, 0);
}
END_TEST

/* Descriptors and indexes too: anything may happen but harm. */
START_TEST(a_ring_of_noise_does_no_harm)
{
	uint64_t one = 1;
	uint8_t	*p;
	size_t	 queues, n;
	int	 i, round;

	second = _i;
	for (round = 0; round < 25; round++) {
		open_house();
		p = (uint8_t *)h.ring.todo;
		queues = second ? h.ring.map_len : (size_t)(h.ring.slots - p);
		for (i = 0; i < 2000; i++) {
			n = any(3) ? any((uint32_t)queues) :
			    any((uint32_t)h.ring.map_len);
			((volatile uint8_t *)p)[n] = (uint8_t)random();
			if (i % 16 == 0) {
				atomic_store(&h.ring.todo->head,
				    atomic_load(&h.ring.todo->tail) + any(SLOTS));
				if (write(h.ring.wake_cryptod, &one, 8) != 8)
					break;
			}
		}
		while (any(50) != 0 && alive())
			continue;
		close_house();
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_set_timeout(t, 240);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, an_allocation_does_not_go_unseen);
	tcase_add_test(t, made_up_messages_are_answered_or_end_the_house);
	tcase_add_test(t, another_rooms_message_ends_the_house);
	tcase_add_test(t, a_message_of_the_wrong_shape_ends_the_house);
	tcase_add_loop_test(t, a_lie_in_any_field_of_a_descriptor_is_refused_or_ends_the_house, 0, 2);
	tcase_add_loop_test(t, a_wild_index_ends_the_house_or_means_nothing, 0, 2);
	tcase_add_loop_test(t, answers_nobody_takes_end_the_house, 0, 2);
	tcase_add_loop_test(t, slots_that_change_under_its_hands_do_no_harm, 0, 2);
	tcase_add_loop_test(t, a_ring_of_noise_does_no_harm, 0, 2);
}
