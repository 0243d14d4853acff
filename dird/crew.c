/* crew.c -- a few threads that sleep until somebody has work for them. */
#include <pthread.h>
#include <unistd.h>

#include "crew.h"

static struct slot {
	pthread_mutex_t	 lock;
	pthread_cond_t	 change;
	void		(*fn)(void *);
	void		*arg;
	int		 busy;
} slot[CREW_MAX];
static unsigned slots;

static void *
serve(void *arg)
{
	struct slot *s = arg;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		/* At first: we are here, and what the C library does for a new
		 * thread is behind us. */
		s->busy = 0;
		pthread_cond_signal(&s->change);
		while (!s->busy)
			pthread_cond_wait(&s->change, &s->lock);
		pthread_mutex_unlock(&s->lock);
		s->fn(s->arg);
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
		s->busy = 1;
		if (pthread_create(&t, NULL, serve, s) != 0)
			break;
		pthread_detach(t);
		pthread_mutex_lock(&s->lock);
		while (s->busy)
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

int
crew_take(struct task *t, void (*fn)(void *), void *arg)
{
	struct slot *s;
	unsigned i;

	for (i = 0; i < slots; i++) {
		s = &slot[i];
		/* Only we make a slot busy: idle now is idle until we say so. */
		pthread_mutex_lock(&s->lock);
		if (s->busy) {
			pthread_mutex_unlock(&s->lock);
			continue;
		}
		*t = (struct task){ fn, arg, (int)i };
		s->fn = fn;
		s->arg = arg;
		s->busy = 1;
		pthread_cond_signal(&s->change);
		pthread_mutex_unlock(&s->lock);
		return 0;
	}
	t->slot = -1;
	return -1;
}

void
crew_wait(struct task *t)
{
	struct slot *s;

	if (t->slot == -1)
		return;
	s = &slot[t->slot];
	pthread_mutex_lock(&s->lock);
	while (s->busy)
		pthread_cond_wait(&s->change, &s->lock);
	pthread_mutex_unlock(&s->lock);
	t->slot = -1;
}
