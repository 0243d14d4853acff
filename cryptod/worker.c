/* worker.c -- threads that do nothing but packets. They see no door. */
#include <sys/mman.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>
#include <string.h>

#include "aead.h"
#include "log.h"
#include "seal.h"
#include "session.h"
#include "worker.h"

/* Several times what the deepest call needs; below it a page that nobody has. */
#define STACK_LEN	131072u
#define GUARD_LEN	4096u

static struct worker {
	struct ring	ring;
	int		fds[3];
	unsigned	number;
	pthread_t	thread;
} worker[RING_LANES];		/* [0] is the room's own thread, and empty */
static unsigned		 nworker = 1;
static const uint8_t	*own_addr;
static sem_t		 ready, go;

int
worker_add(const int fds[3])
{
	if (nworker == RING_LANES)
		return -1;
	memcpy(worker[nworker].fds, fds, sizeof(worker[nworker].fds));
	worker[nworker].number = nworker;
	nworker++;
	return 0;
}

unsigned
worker_count(void)
{
	return nworker;
}

void
worker_map(const struct ring *first, const uint8_t *self)
{
	unsigned i;

	own_addr = self;
	for (i = 1; i < nworker; i++)
		if (ring_map_lane(&worker[i].ring, first, worker[i].fds) == -1)
			fatal("cannot map the lane of worker %u", i + 1);
}

int
worker_batch(struct ring *r, const uint8_t *self, int *sleeps)
{
	enum refusal	why;
	int		n;

	session_enter();
	n = seal_work(r, self, &why);
	session_leave();
	if (n == -1)
		fatalx("netd broke a rule: ring: %s", refuse_text(why));
	*sleeps = n < SEAL_BATCH && ring_may_sleep(r, r->todo);
	return n;
}

static void
wait_for(sem_t *s)
{
	while (sem_wait(s) == -1)
		if (errno != EINTR)
			fatal("a worker cannot wait");
}

static void *
work(void *arg)
{
	struct worker	*w = arg;
	struct pollfd	 p = { .fd = w->ring.wake_cryptod, .events = POLLIN };
	int		 sleeps;

	aead_thread(w->number);
	sem_post(&ready);
	wait_for(&go);
	for (;;) {
		worker_batch(&w->ring, own_addr, &sleeps);
		if (!sleeps)
			continue;
		if (poll(&p, 1, -1) == -1 && errno != EINTR)
			fatal("poll");
		ring_awake(&w->ring, w->ring.todo);
	}
	return NULL;
}

/* Secrets pass through a stack: it is locked, and never seen by another's overrun. */
static void *
stack(void)
{
	uint8_t *p = mmap(NULL, GUARD_LEN + STACK_LEN, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	if (p == MAP_FAILED || mprotect(p, GUARD_LEN, PROT_NONE) == -1 ||
	    sodium_mlock(p + GUARD_LEN, STACK_LEN) == -1)
		fatal("cannot lock the stack of a worker; raise LimitMEMLOCK");
	return p + GUARD_LEN;
}

void
worker_start(void)
{
	pthread_attr_t	a;
	unsigned	i;
	int		err;

	if (sem_init(&ready, 0, 0) == -1 || sem_init(&go, 0, 0) == -1)
		fatal("a semaphore");
	for (i = 1; i < nworker; i++) {
		if (pthread_attr_init(&a) != 0 ||
		    pthread_attr_setstack(&a, stack(), STACK_LEN) != 0)
			fatalx("cannot give worker %u its locked stack", i + 1);
		err = pthread_create(&worker[i].thread, &a, work, &worker[i]);
		pthread_attr_destroy(&a);
		if (err != 0)
			fatalx("cannot start worker %u: %s", i + 1, strerror(err));
	}
	/* A thread still on its way would meet the filter with calls of its start. */
	for (i = 1; i < nworker; i++)
		wait_for(&ready);
}

void
worker_go(void)
{
	unsigned i;

	for (i = 1; i < nworker; i++)
		sem_post(&go);
}
