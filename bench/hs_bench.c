/*
 * hs_bench.c -- handshakes a second on one core, with cryptod's own code.
 *
 * Prints "name value unit" lines: complete handshakes (both ends of them on
 * this core), and what an answering node can do, which is what a flood meets.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "noise.h"

#define RUN_S	1.0

static struct key	alice, bob;

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
must(enum refusal why)
{
	if (why != REFUSE_NONE)
		errx(1, "%s", refuse_text(why));
}

static void
key_make(struct key *k)
{
	curve_random(k->sec);
	if (curve_public(k->sec, k->pub) == -1)
		errx(1, "a random key is no key");
	curve_addr(k->pub, k->addr);
}

static void
ik_whole(void)
{
	struct noise		i, r;
	struct noise_keys	ki, kr;
	uint8_t			m1[IK_MSG1_LEN], m2[IK_MSG2_LEN];
	uint8_t			e[SEC_LEN], epoch[EPOCH_LEN];

	curve_random(e);
	must(noise_ik_write1(&i, &alice, bob.pub, e, m1));
	must(noise_ik_read1(&r, &bob, m1, epoch));
	curve_random(e);
	must(noise_ik_write2(&r, &bob, e, m2, &kr));
	must(noise_ik_read2(&i, m2, epoch, &ki));
}

static void
ik_answer(void)
{
	static struct noise	first;
	static uint8_t		m1[IK_MSG1_LEN];
	struct noise		r;
	struct noise_keys	k;
	uint8_t			m2[IK_MSG2_LEN], e[SEC_LEN], epoch[EPOCH_LEN];

	curve_random(e);
	if (first.turn == NOISE_NONE)
		must(noise_ik_write1(&first, &alice, bob.pub, e, m1));
	must(noise_ik_read1(&r, &bob, m1, epoch));
	must(noise_ik_write2(&r, &bob, e, m2, &k));
}

static void
xk_whole(void)
{
	struct noise		i, r;
	struct noise_keys	ki, kr;
	uint8_t			m1[XK_MSG1_LEN], m2[XK_MSG2_LEN], m3[XK_MSG3_LEN];
	uint8_t			e[SEC_LEN], epoch[EPOCH_LEN];

	curve_random(e);
	must(noise_xk_write1(&i, bob.pub, e, m1));
	must(noise_xk_read1(&r, &bob, m1));
	curve_random(e);
	must(noise_xk_write2(&r, &bob, e, m2));
	must(noise_xk_read2(&i, m2, epoch));
	must(noise_xk_write3(&i, &alice, m3, &ki));
	must(noise_xk_read3(&r, m3, epoch, &kr));
}

static void
measure(const char *name, void (*once)(void))
{
	unsigned long	n = 0;
	double		began = now_s(), took;

	do {
		once();
		n++;
	} while ((took = now_s() - began) < RUN_S);
	printf("%-34s %10.0f a second\n", name, (double)n / took);
}

int
main(void)
{
	if (curve_init() == -1)
		errx(1, "the libraries do not start");
	key_make(&alice);
	key_make(&bob);
	measure("link handshakes (IK), both ends", ik_whole);
	measure("link handshakes (IK), answered", ik_answer);
	measure("session handshakes (XK), both ends", xk_whole);
	return 0;
}
