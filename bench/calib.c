/*
 * calib.c -- how fast the machine is just now: the same integer work on each
 * processor at once, in microseconds of the clock on the wall.
 *
 *	calib
 *
 * Says "SLOWEST FASTEST". Somebody else's work, a lower frequency and a stolen
 * processor all make the slowest longer; which of them it was, it cannot say.
 */
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { CPUS_MAX = 64, STEPS = 10 * 1000 * 1000 };

struct worker {
	pthread_t	thread;
	int		cpu;
	uint64_t	end;		/* of the chain: nobody may skip it */
	long		took_us;
};

static long
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

/* A chain of multiplications: each waits for the one before. */
static void *
work(void *arg)
{
	struct worker *w = arg;
	cpu_set_t set;
	uint64_t x = 88172645463325252u;
	long began;
	int i;

	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		warnx("processor %d is not ours", w->cpu);
	began = now_us();
	for (i = 0; i < STEPS; i++)
		x = (x ^ x >> 29) * 6364136223846793005u + 1;
	w->took_us = now_us() - began;
	w->end = x;
	return NULL;
}

int
main(void)
{
	static struct worker w[CPUS_MAX];
	long n = sysconf(_SC_NPROCESSORS_ONLN), slow = 0, fast = 0, i;
	uint64_t all = 0;

	if (n < 1 || n > CPUS_MAX)
		n = n < 1 ? 1 : CPUS_MAX;
	for (i = 0; i < n; i++) {
		w[i].cpu = (int)i;
		if (pthread_create(&w[i].thread, NULL, work, &w[i]) != 0)
			errx(1, "cannot make a thread");
	}
	for (i = 0; i < n; i++) {
		pthread_join(w[i].thread, NULL);
		all ^= w[i].end;
		if (w[i].took_us > slow)
			slow = w[i].took_us;
		if (fast == 0 || w[i].took_us < fast)
			fast = w[i].took_us;
	}
	if (all == 1)
		return 1;
	printf("%ld %ld\n", slow, fast);
	return 0;
}
