/*
 * fuzz_noise.c -- a message of either handshake, spoiled or made up, read in
 * every role. room: cryptod
 *
 * Laws: what is refused leaves the handshake as it was; what is accepted is the
 * message that the true sender writes, but for the parity of its ephemeral key,
 * which the wire does not bind; keys of both sides then meet.
 */
#include <stdlib.h>
#include <string.h>

#include "noise.h"

static struct key	a, b;
static uint8_t		ei[SEC_LEN], er[SEC_LEN], epoch[EPOCH_LEN];

static void
make_key(struct key *k, int fill)
{
	memset(k->sec, fill, SEC_LEN);
	if (curve_public(k->sec, k->pub) == -1)
		abort();
	curve_addr(k->pub, k->addr);
	memset(k->epoch, fill, EPOCH_LEN);
}

static void
must(enum refusal why)
{
	if (why != REFUSE_NONE)
		abort();
}

/* The true message with the input laid over it, or the input itself. */
static void
bend(const uint8_t *data, size_t size, int lay, const uint8_t *good,
    uint8_t *out, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (uint8_t)((lay ? good[i] : 0) ^ (i < size ? data[i] : 0));
}

/* Accepted: the same bytes, from `from` on. Refused: the same handshake. */
static void
judge(enum refusal why, const struct noise *n, const struct noise *was,
    const uint8_t *in, const uint8_t *good, size_t len, size_t from)
{
	if (why == REFUSE_NONE) {
		if (memcmp(in + from, good + from, len - from) != 0)
			abort();
	} else if (memcmp(n, was, sizeof(*n)) != 0)
		abort();
}

static void
meet(const struct noise_keys *x, const struct noise_keys *y)
{
	if (memcmp(x->send, y->recv, 32) != 0 || memcmp(x->recv, y->send, 32) != 0)
		abort();
}

static void
ik(const uint8_t *data, size_t size, int lay, int second)
{
	struct noise		i, r = { 0 }, was;
	struct noise_keys	ki, kr;
	uint8_t			m1[IK_MSG1_LEN], m2[IK_MSG2_LEN], in[IK_MSG1_LEN];
	enum refusal		why;

	must(noise_ik_write1(&i, &a, b.pub, ei, m1));
	if (!second) {
		bend(data, size, lay, m1, in, sizeof(m1));
		was = r;
		why = noise_ik_read1(&r, &b, in, epoch);
		judge(why, &r, &was, in, m1, sizeof(m1), 1);
		return;
	}
	must(noise_ik_read1(&r, &b, m1, epoch));
	must(noise_ik_write2(&r, &b, er, m2, &kr));
	bend(data, size, lay, m2, in, sizeof(m2));
	was = i;
	why = noise_ik_read2(&i, in, epoch, &ki);
	judge(why, &i, &was, in, m2, sizeof(m2), 1);
	if (why == REFUSE_NONE)
		meet(&ki, &kr);
}

static void
xk(const uint8_t *data, size_t size, int lay, int step)
{
	struct noise		i, r = { 0 }, was = { 0 };
	struct noise_keys	ki, kr;
	uint8_t			m1[XK_MSG1_LEN], m2[XK_MSG2_LEN], m3[XK_MSG3_LEN];
	uint8_t			in[XK_MSG3_LEN];
	enum refusal		why;

	must(noise_xk_write1(&i, b.pub, ei, m1));
	if (step == 1) {
		/* Any point is a lawful message 1; its answer must come out. */
		bend(data, size, lay, m1, in, sizeof(m1));
		if (noise_xk_read1(&r, &b, in) == REFUSE_NONE)
			must(noise_xk_write2(&r, &b, er, m2));
		else if (memcmp(&r, &was, sizeof(r)) != 0)
			abort();
		return;
	}
	must(noise_xk_read1(&r, &b, m1));
	must(noise_xk_write2(&r, &b, er, m2));
	if (step == 2) {
		bend(data, size, lay, m2, in, sizeof(m2));
		was = i;
		why = noise_xk_read2(&i, in, epoch);
		judge(why, &i, &was, in, m2, sizeof(m2), 1);
		return;
	}
	must(noise_xk_read2(&i, m2, epoch));
	must(noise_xk_write3(&i, &a, m3, &ki));
	bend(data, size, lay, m3, in, sizeof(m3));
	was = r;
	why = noise_xk_read3(&r, in, epoch, &kr);
	judge(why, &r, &was, in, m3, sizeof(m3), 0);
	if (why == REFUSE_NONE)
		meet(&ki, &kr);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int	ready;
	int		lay;

	if (!ready) {
		if (curve_init() == -1)
			abort();
		make_key(&a, 0x41);
		make_key(&b, 0x42);
		memset(ei, 0x11, sizeof(ei));
		memset(er, 0x22, sizeof(er));
		ready = 1;
	}
	if (len < 1)
		return 0;
	lay = data[0] & 0x80;
	switch (data[0] & 7) {
	case 0: ik(data + 1, len - 1, lay, 0); break;
	case 1: ik(data + 1, len - 1, lay, 1); break;
	case 2: xk(data + 1, len - 1, lay, 1); break;
	case 3: xk(data + 1, len - 1, lay, 2); break;
	default: xk(data + 1, len - 1, lay, 3); break;
	}
	return 0;
}
