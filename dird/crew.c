/* crew.c -- a few threads that sleep until somebody has work for them. */
#include <pthread.h>
#include <unistd.h>

#include "crew.h"

static struct slot {
	pthread_mutex_t	 lock;
	pthread_cond_t	 change;
	struct task	 queue[CREW_QUEUE];
	uint64_t	 given, done;	/* tasks so far */
	int		 there;
} slot[CREW_MAX];
static unsigned slots;

static void *
serve(void *arg)
{
	struct slot *s = arg;
	struct task t;

	pthread_mutex_lock(&s->lock);
	/* What the C library does for a new thread is behind us. */
	s->there = 1;
	pthread_cond_signal(&s->change);
	for (;;) {
		while (s->given == s->done)
			pthread_cond_wait(&s->change, &s->lock);
		t = s->queue[s->done % CREW_QUEUE];
		pthread_mutex_unlock(&s->lock);
		t.fn(t.arg);
		pthread_mutex_lock(&s->lock);
		s->done++;
		pthread_cond_signal(&s->change);
	}
	return NULL;
}

/* A child has no helpers of its own. */
static void
alone(void)
{
	slots = 0;
}

unsigned
crew_start(unsigned n)
{
	struct slot *s;
	pthread_t t;

	if (slots == 0)
		pthread_atfork(NULL, NULL, alone);
	while (slots < n && slots < CREW_MAX) {
		s = &slot[slots];
		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->change, NULL);
		s->there = 0;
		s->given = s->done = 0;
		if (pthread_create(&t, NULL, serve, s) != 0)
			break;
		pthread_detach(t);
		pthread_mutex_lock(&s->lock);
		while (!s->there)
			pthread_cond_wait(&s->change, &s->lock);
		pthread_mutex_unlock(&s->lock);
		slots++;
	}
	return slots;
}

unsigned
crew_fit(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 2 ? 0 : cores > CREW_MAX ? CREW_MAX :
	    (unsigned)cores - 1;
}

/* Only we give: what a helper has before it can but shrink meanwhile. */
static uint64_t
before(struct slot *s)
{
	uint64_t n;

	pthread_mutex_lock(&s->lock);
	n = s->given - s->done;
	pthread_mutex_unlock(&s->lock);
	return n;
}

int
crew_take(struct task *t, void (*fn)(void *), void *arg)
{
	uint64_t n, least = CREW_QUEUE;
	struct slot *s;
	unsigned i;

	*t = (struct task){ fn, arg, -1, 0 };
	for (i = 0; i < slots && least > 0; i++) {
		n = before(&slot[i]);
		if (n >= least)
			continue;
		least = n;
		t->slot = (int)i;
	}
	if (t->slot == -1)
		return -1;
	s = &slot[t->slot];
	pthread_mutex_lock(&s->lock);
	t->turn = s->given;
	s->queue[s->given++ % CREW_QUEUE] = *t;
	pthread_cond_signal(&s->change);
	pthread_mutex_unlock(&s->lock);
	return 0;
}

void
crew_wait(struct task *t)
{
	struct slot *s;

	if (t->slot == -1)
		return;
	s = &slot[t->slot];
	pthread_mutex_lock(&s->lock);
	while (s->done <= t->turn)
		pthread_cond_wait(&s->change, &s->lock);
	pthread_mutex_unlock(&s->lock);
	t->slot = -1;
}
