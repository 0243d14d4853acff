/*
 * liar_dird.c -- a false dird meets a real cryptod, in a process of its own,
 * over its real doors. room: cryptod, with: liar ear
 *
 * It lies in every field of every request, in the order of pieces, and in bytes
 * that are no message. cryptod may refuse, or end by its own rule (status 1 and
 * "broke a rule"); it may not die otherwise, allocate, let a byte of a key be
 * seen, sign two entries with one number, a head or a cosignature that goes
 * back or splits, or anything else than the object that was named.
 */
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "canon.h"
#include "chan.h"
#include "dir_key.h"
#include "ear.h"
#include "ident.h"
#include "liar.h"
#include "log.h"
#include "ring.h"
#include "room.h"
#include "suite.h"

#define SLOTS		64u
#define SIZE		2048u
#define LIES		1500
#define SEEDS		6
#define SEQS		8u
#define SIZES		6u
#define LOGS		3u
static const char *const bodies[] = {
	"{\"subject\":\"did:plc:00112233445566778899aabbccddeeff\"}",
	"{\"subject\":\"did:plc:ff112233445566778899aabbccddeeff\"}",
	"{\"subject\":\"did:plc:FF112233445566778899aabbccddeeff\"}",
	"{\"subject\": \"did:plc:00112233445566778899aabbccddeeff\"}",
	"{\"subject\":\"x\"}", "{}", "\n\n\n",
};
#define GOOD_BODIES	2

static struct {
	pid_t		pid;
	struct chan	privd, netd, dird;
	int		err;
} h;
static struct dir_key	 us;
static unsigned		 good, refused;

/* What this false dird has got signed. */
static struct {
	int	any, body, prev;
	int64_t	when;
} entry_of[SEQS];
static uint64_t	last_seq;
static int	root_of[1 + LOGS + DIR_AUDIT][SIZES], last_size[1 + LOGS + DIR_AUDIT];
static uint64_t	last_when[LOGS];

/* -- the house ----------------------------------------------------------- */

static void
boot(void)
{
	char			 dir[] = "/tmp/liar_dird.XXXXXX", hex[65];
	struct msg_key_dir	 kd = { .mode = KEY_PERSISTENT };
	struct msg_ring_cryptod	 rc = { .slots = SLOTS, .slot_size = SIZE };
	struct msg_go_cryptod	 go = { .req = 0 };
	enum msg_type		 type;
	union msg_any		 m;
	int			 d, fd, fds[3];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	d = open(dir, O_RDONLY | O_DIRECTORY);
	memset(us.sec, 0x5e, 32);
	us.sec[7] = (uint8_t)seed;
	ear_keys((uint8_t (*)[32])us.sec, 1);
	fd = openat(d, DIR_KEY_FILE, O_WRONLY | O_CREAT, 0600);
	hex_encode(us.sec, 32, hex);
	ck_assert_int_eq(write(fd, hex, 64), 64);
	close(fd);
	dir_key_from_seed(&us);
	ck_assert_int_eq(chan_send(&h.privd, MSG_KEY_DIR, &kd, &d), 0);
	fds[0] = ring_create(SLOTS, SIZE);
	fds[1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	fds[2] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	ck_assert_int_eq(chan_send(&h.privd, MSG_RING_CRYPTOD, &rc, fds), 0);
	ck_assert(hear(&h.privd, &type, &m) && type == MSG_READY_CRYPTOD);
	ck_assert_mem_eq(m.ready_cryptod.dir_pub, us.pub, 32);
	ck_assert_int_eq(chan_send(&h.privd, MSG_GO_CRYPTOD, &go, NULL), 0);
	h.privd.phase = h.netd.phase = h.dird.phase = RUN;
	unlinkat(d, DIR_KEY_FILE, 0);
	unlinkat(d, "fips.key", 0);
	unlinkat(d, "fips.pub", 0);
	close(d);
	rmdir(dir);
	for (fd = 0; fd < 3; fd++)
		close(fds[fd]);
}

static void
open_house(void)
{
	struct chan	privd, netd, dird;
	int		err[2];

	ck_assert_int_eq(chan_pair(PROC_PRIVD, PROC_CRYPTOD, &h.privd, &privd), 0);
	ck_assert_int_eq(chan_pair(PROC_NETD, PROC_CRYPTOD, &h.netd, &netd), 0);
	ck_assert_int_eq(chan_pair(PROC_DIRD, PROC_CRYPTOD, &h.dird, &dird), 0);
	ck_assert_int_eq(pipe2(err, O_CLOEXEC), 0);
	h.pid = fork();
	ck_assert_int_ne(h.pid, -1);
	if (h.pid == 0) {
		close(h.privd.fd);
		close(h.netd.fd);
		close(h.dird.fd);
		close(err[0]);
		dup2(err[1], STDERR_FILENO);
		log_init("cryptod", NULL);
		_exit(cryptod_run(privd.fd, netd.fd, dird.fd, forbid_memory));
	}
	close(privd.fd);
	close(netd.fd);
	close(dird.fd);
	close(err[1]);
	h.err = err[0];
	boot();
}

/* rule: it must have ended by its own rule. */
static void
close_house(int rule)
{
	char	text[4096];
	size_t	len = 0;
	ssize_t	n;
	int	status;

	close(h.dird.fd);
	close(h.netd.fd);
	close(h.privd.fd);
	while (len < sizeof(text) - 1 &&
	    (n = read(h.err, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(h.err);
	see(text, len);
	ck_assert_int_eq(waitpid(h.pid, &status, 0), h.pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == rule &&
	    (strstr(text, "dird broke a rule") != NULL) == rule,
	    "seed %u: status %x: %s", seed, (unsigned)status, text);
}

/* -- lies ---------------------------------------------------------------- */

/* The one answer to a request; 1 and the signature, or 0. */
static int
answer(uint32_t req, uint8_t sig[64])
{
	enum msg_type	type;
	union msg_any	m;

	if (!hear(&h.dird, &type, &m)) {
		close_house(0);
		ck_abort_msg("seed %u: cryptod ended", seed);
	}
	ck_assert_uint_eq(m.req, req);
	if (type == MSG_SIGN_NO) {
		refused++;
		return 0;
	}
	ck_assert_int_eq(type, MSG_DIR_SIGNED);
	memcpy(sig, m.dir_signed.sig, 64);
	good++;
	return 1;
}

static void
verify(const uint8_t sig[64], const void *p, size_t n)
{
	ck_assert_msg(crypto_sign_verify_detached(sig, p, n, us.pub) == 0,
	    "seed %u: it signed something else", seed);
}

/* Signed once for each number, in order, and only what is well-formed. */
static void
entry_law(const struct msg_sign_entry *m, int body, const uint8_t sig[64])
{
	static uint8_t	tbs[4096];
	ssize_t		n;

	ck_assert_msg(body < GOOD_BODIES && m->type == OBJ_ATTEST,
	    "seed %u: signed body %d", seed, body);
	ck_assert_int_eq(m->has_prev, m->seq != 0);
	if (entry_of[m->seq].any)
		ck_assert_msg(entry_of[m->seq].body == body &&
		    entry_of[m->seq].prev == m->prev[0] &&
		    entry_of[m->seq].when == (int64_t)m->created_at,
		    "seed %u: two entries with one number", seed);
	ck_assert_uint_ge(m->seq, last_seq);
	last_seq = m->seq;
	entry_of[m->seq].any = 1;
	entry_of[m->seq].body = body;
	entry_of[m->seq].prev = m->prev[0];
	entry_of[m->seq].when = (int64_t)m->created_at;
	n = canon_entry(OBJ_ATTEST, us.did, m->seq, m->has_prev ? m->prev : NULL,
	    (int64_t)m->created_at, (struct span){ bodies[body],
	    strlen(bodies[body]) }, tbs, sizeof(tbs));
	verify(sig, tbs, (size_t)n);
}

static void
lie_entry(uint32_t req)
{
	int		body = (int)any(sizeof(bodies) / sizeof(bodies[0]));
	size_t		len = strlen(bodies[body]), at, n;
	struct msg_sign_part	p = { .req = req };
	struct msg_sign_entry	m = { .req = req, .seq = any(SEQS),
	    .created_at = 1764043200 + any(2), .body_len = (uint32_t)len,
	    .type = any(8) == 0 ? (uint8_t)any(64) : OBJ_ATTEST };
	uint8_t		sig[64];

	m.has_prev = any(10) == 0 ? (uint8_t)any(2) : m.seq != 0;
	m.prev[0] = m.has_prev ? (uint8_t)any(3) : 0;
	ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_ENTRY, &m, NULL), 0);
	if (m.type >= OBJ_MAX) {
		ck_assert(!answer(req, sig));
		return;
	}
	for (at = 0; at < len; at += n) {
		n = any(3) == 0 ? 1 + any((uint32_t)(len - at)) : len - at;
		p.body_len = (uint16_t)n;
		memcpy(p.body, bodies[body] + at, n);
		ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_PART, &p, NULL), 0);
	}
	if (answer(req, sig))
		entry_law(&m, body, sig);
}

/* A piece of nothing, one too long, or an entry that stays unfinished. */
static void
lie_part(uint32_t req)
{
	struct msg_sign_part	p = { .req = req, .body_len = (uint16_t)any(1025) };
	struct msg_sign_entry	m = { .req = req, .body_len = 5 };
	uint8_t			sig[64];

	if (any(2) == 0) {
		ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_ENTRY, &m, NULL), 0);
		p.body_len = 6 + (uint16_t)any(1000);
	}
	ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_PART, &p, NULL), 0);
	ck_assert(!answer(req, sig));
}

/* One root a size, sizes that grow: `log` is a row of the two tables. */
static void
head_law(unsigned log, int size, int root)
{
	ck_assert_msg(size >= last_size[log], "seed %u: log %u goes back", seed,
	    log);
	ck_assert_msg(root_of[log][size] == 0 || root_of[log][size] == root,
	    "seed %u: log %u splits", seed, log);
	last_size[log] = size;
	root_of[log][size] = root;
}

static void
lie_head(uint32_t req)
{
	struct msg_sign_head m = { .req = req, .log = (uint8_t)(1 + any(2)),
	    .size = any(SIZES) };
	char	origin[ORIGIN_MAX], text[256], b64[64];
	uint8_t	sig[64];
	int	n;

	memset(m.root, 1 + (int)any(2), 32);
	ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_HEAD, &m, NULL), 0);
	if (!answer(req, sig))
		return;
	head_law(m.log, (int)m.size, m.root[0]);
	dir_origin(us.did, (enum dir_log)m.log, origin);
	sodium_bin2base64(b64, sizeof(b64), m.root, 32,
	    sodium_base64_VARIANT_ORIGINAL);
	n = snprintf(text, sizeof(text), "%s\n%d\n%s\n", origin, (int)m.size, b64);
	verify(sig, text, (size_t)n);
}

static void
lie_cosign(uint32_t req)
{
	struct msg_sign_cosign m = { .req = req, .size = any(SIZES),
	    .when = 1 + any(4) };
	unsigned log = any(LOGS);
	char	name[ORIGIN_MAX];
	uint8_t	sig[64];
	int	bad = 0;

	snprintf(name, sizeof(name), "log.example/%u", log);
	if (any(6) == 0) {
		dir_origin(us.did, DIR_JOURNAL, name);
		bad = 1;
	}
	m.origin_len = (uint16_t)strlen(name);
	memcpy(m.origin, name, m.origin_len);
	if (any(6) == 0) {
		m.extension_len = (uint16_t)(1 + any(900));
		memset(m.extension, any(2) == 0 ? '\n' : 'x', m.extension_len);
		bad = 1;
	}
	memset(m.root, 1 + (int)any(2), 32);
	ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_COSIGN, &m, NULL), 0);
	if (!answer(req, sig))
		return;
	ck_assert_int_eq(bad, 0);
	ck_assert_uint_ge(m.when, last_when[log]);
	last_when[log] = m.when;
	head_law(1 + DIR_AUDIT + log, (int)m.size, m.root[0]);
}

static void
lie_small(uint32_t req)
{
	struct msg_sign_sub_proof m = { .req = req };
	struct msg_sign_claim	  q = { .req = req };
	char	text[SUB_PROOF_MAX];
	uint8_t	sig[64];
	size_t	n;

	if (any(2) == 0) {
		ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_CLAIM, &q, NULL), 0);
		ck_assert(answer(req, sig));
		return;
	}
	randombytes_buf(m.nonce, sizeof(m.nonce));
	ck_assert_int_eq(chan_send(&h.dird, MSG_SIGN_SUB_PROOF, &m, NULL), 0);
	ck_assert(answer(req, sig));
	n = sub_proof_text(us.did, m.nonce, m.service, text);
	verify(sig, text, n);
}

START_TEST(a_false_dird_gets_one_story_signed_and_no_other)
{
	static void (*const lie[])(uint32_t) = { lie_entry, lie_entry, lie_part,
	    lie_head, lie_cosign, lie_small };
	struct msg_ping_cryptod	q = { .req = 5 };
	enum msg_type		type;
	union msg_any		m;
	unsigned		i;

	good = refused = 0;
	for (seed = 0; seed < SEEDS; seed++) {
		srandom(seed);
		memset(entry_of, 0, sizeof(entry_of));
		memset(root_of, 0, sizeof(root_of));
		memset(last_size, 0, sizeof(last_size));
		memset(last_when, 0, sizeof(last_when));
		last_seq = 0;
		open_house();
		for (i = 1; i <= LIES; i++)
			lie[any(6)](i);
		/* privd is answered whatever dird did. */
		ck_assert_int_eq(chan_send(&h.privd, MSG_PING_CRYPTOD, &q, NULL), 0);
		ck_assert(hear(&h.privd, &type, &m));
		ck_assert_int_eq(type, MSG_PONG_CRYPTOD);
		close_house(0);
	}
	ck_assert_uint_gt(good, SEEDS * LIES / 10);
	ck_assert_uint_gt(refused, SEEDS * LIES / 10);
}
END_TEST

/* Each row of the table in turn that this door does not carry, and noise. */
START_TEST(what_dird_may_not_say_ends_the_room_by_its_own_rule)
{
	uint8_t		raw[MSG_LEN_MAX];
	union msg_any	m;
	enum refusal	why;
	int		type, n;

	seed = 0;
	for (type = 0; type < MSG_MAX; type++) {
		if (type != MSG_NONE && msg_row[type].from == PROC_DIRD &&
		    msg_row[type].to == PROC_CRYPTOD)
			continue;
		memset(&m, 0x31, sizeof(m));
		n = type == MSG_NONE ? -1 : msg_encode((enum msg_type)type, &m,
		    raw, sizeof(raw), &why);
		if (n == -1) {
			memset(raw, 0, sizeof(raw));
			memcpy(raw, &type, 4);
			n = 40;
		}
		open_house();
		ck_assert_int_eq(send(h.dird.fd, raw, (size_t)n, MSG_NOSIGNAL), n);
		while (hear(&h.dird, &(enum msg_type){ MSG_NONE }, &m))
			continue;
		close_house(1);
		type += type > 3 ? 7 : 0;	/* a sample is enough of so many houses */
	}
}
END_TEST

START_TEST(a_message_cut_or_out_of_its_bounds_ends_the_room)
{
	struct msg_sign_head	m = { .log = 1, .size = 1 };
	uint8_t			raw[MSG_LEN_MAX];
	enum refusal		why;
	int			n, cut;
	union msg_any		got;

	n = msg_encode(MSG_SIGN_HEAD, &m, raw, sizeof(raw), &why);
	ck_assert_int_gt(n, 8);
	for (cut = 0; cut <= n; cut += cut < 10 ? 5 : 13) {
		open_house();
		raw[8] = cut + 13 > n ? 3 : 1;	/* the whole one: no such log */
		ck_assert_int_eq(send(h.dird.fd, raw, (size_t)(cut == 0 ? 1 :
		    raw[8] == 3 ? n : cut), MSG_NOSIGNAL), cut == 0 ? 1 :
		    raw[8] == 3 ? n : cut);
		while (hear(&h.dird, &(enum msg_type){ MSG_NONE }, &got))
			continue;
		close_house(1);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_false_dird_gets_one_story_signed_and_no_other);
	tcase_add_test(t, what_dird_may_not_say_ends_the_room_by_its_own_rule);
	tcase_add_test(t, a_message_cut_or_out_of_its_bounds_ends_the_room);
}
