/* ring.c -- queues and slots in one sealed memfd. See ring.h for the rule. */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ring.h"

#define SEALS		(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define WORDS		(sizeof(struct ring_desc) / 8)
#define FMP_HEAD	16u
#define FSP_HEAD	12u
#define TAG		16u

union words {
	struct ring_desc	d;
	uint64_t		w[WORDS];
};

static size_t
queue_size(uint32_t nslot)
{
	return sizeof(struct ring_queue) + (size_t)nslot * sizeof(struct ring_desc);
}

/* The queues, padded to a page, then the slots. */
static size_t
slots_at(uint32_t nslot)
{
	return (3 * queue_size(nslot) + 4095) & ~(size_t)4095;
}

size_t
ring_size(uint32_t nslot, uint32_t slot_size)
{
	return slots_at(nslot) + (size_t)nslot * slot_size;
}

int
ring_create(uint32_t nslot, uint32_t slot_size)
{
	int fd, saved;

	fd = memfd_create("bastide-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd == -1)
		return -1;
	if (ftruncate(fd, (off_t)ring_size(nslot, slot_size)) == -1 ||
	    fcntl(fd, F_ADD_SEALS, SEALS) == -1) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int
is_power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static int
can_block(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 || (flags & O_NONBLOCK) == 0;
}

static int
map(struct ring *r, const int fds[3], uint32_t nslot, uint32_t slot_size)
{
	struct stat	st;
	uint8_t		*p;
	size_t		len = ring_size(nslot, slot_size);
	int		seals = fcntl(fds[0], F_GET_SEALS);

	if (seals == -1 || (seals & SEALS) != SEALS ||
	    fstat(fds[0], &st) == -1 || (size_t)st.st_size != len ||
	    can_block(fds[1]) || can_block(fds[2])) {
		errno = EPERM;
		return -1;
	}
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	if (p == MAP_FAILED)
		return -1;
	close(fds[0]);
	*r = (struct ring){
		.todo = (void *)p, .done = (void *)(p + queue_size(nslot)),
		.urgent = (void *)(p + 2 * queue_size(nslot)),
		.slots = p + slots_at(nslot), .map_len = len,
		.nslot = nslot, .slot_size = slot_size,
		.wake_cryptod = fds[1], .wake_netd = fds[2],
	};
	return 0;
}

int
ring_map(struct ring *r, const int fds[3], uint32_t nslot, uint32_t slot_size)
{
	if (!is_power_of_two(nslot) || !is_power_of_two(slot_size)) {
		errno = EPERM;
		return -1;
	}
	return map(r, fds, nslot, slot_size);
}

int
ring_map_lane(struct ring *r, const struct ring *first, const int fds[3])
{
	if (map(r, fds, first->nslot, 0) == -1)
		return -1;
	r->slots = first->slots;
	r->slot_size = first->slot_size;
	return 0;
}

static _Atomic uint64_t *
entry(const struct ring *r, struct ring_queue *q, uint32_t i)
{
	return &q->d[(size_t)(i & (r->nslot - 1)) * WORDS];
}

int
ring_push(struct ring *r, struct ring_queue *q, const struct ring_desc *d)
{
	union words	 u = { .d = *d };
	struct ring_at	*i = q == r->urgent ? &r->urgent_at : &r->push;
	_Atomic uint64_t *at = entry(r, q, i->mine);
	unsigned	 n;

	if (i->mine - i->theirs == r->nslot) {
		i->theirs = atomic_load_explicit(&q->tail, memory_order_acquire);
		if (i->mine - i->theirs > r->nslot) {
			i->theirs = i->mine - r->nslot;
			return -1;
		}
		if (i->mine - i->theirs == r->nslot)
			return 0;
	}
	for (n = 0; n < WORDS; n++)
		atomic_store_explicit(&at[n], u.w[n], memory_order_relaxed);
	atomic_store_explicit(&q->head, ++i->mine, memory_order_release);
	return 1;
}

static struct ring_at *
popping(struct ring *r, const struct ring_queue *q)
{
	return q == r->urgent ? &r->urgent_at : &r->pop;
}

int
ring_look(struct ring *r, struct ring_queue *q)
{
	struct ring_at *i = popping(r, q);

	if (i->mine != i->theirs)
		return 1;
	i->theirs = atomic_load_explicit(&q->head, memory_order_acquire);
	if (i->theirs - i->mine > r->nslot) {
		i->theirs = i->mine;
		return -1;
	}
	return i->theirs != i->mine;
}

int
ring_pop(struct ring *r, struct ring_queue *q, struct ring_desc *d)
{
	struct ring_at	*i = popping(r, q);
	_Atomic uint64_t *at = entry(r, q, i->mine);
	uint64_t	 w;
	unsigned	 n;
	int		 got = ring_look(r, q);

	if (got != 1)
		return got;
	for (n = 0; n < WORDS; n++) {
		w = atomic_load_explicit(&at[n], memory_order_relaxed);
		memcpy((uint8_t *)d + n * sizeof(w), &w, sizeof(w));
	}
	atomic_store_explicit(&q->tail, ++i->mine, memory_order_release);
	return 1;
}

int
ring_request_ok(const struct ring *r, const struct ring_desc *d)
{
	uint32_t tags = d->op == RING_SEAL ? 2 * TAG : d->op == RING_SEAL_LINK ? TAG : 0;
	uint32_t least = d->op == RING_OPEN ? FMP_HEAD + TAG : FMP_HEAD;

	if (d->slot >= r->nslot || d->op < RING_SEAL ||
	    d->op > RING_OPEN_INNER)
		return 0;
	if (d->off > r->slot_size || d->len < least || d->len > r->slot_size ||
	    d->off + d->len + tags > r->slot_size)
		return 0;
	if (d->op != RING_SEAL)
		return 1;
	return d->inner >= FMP_HEAD && d->inner < d->len &&
	    d->body >= d->inner + FSP_HEAD && d->body <= d->len;
}

int
ring_may_sleep(struct ring *r, struct ring_queue *q)
{
	atomic_store(&q->asleep, 1);
	if (atomic_load(&q->head) == r->pop.mine && (q != r->todo ||
	    atomic_load(&r->urgent->head) == r->urgent_at.mine))
		return 1;
	atomic_store(&q->asleep, 0);
	return 0;
}

void
ring_awake(struct ring *r, struct ring_queue *q)
{
	uint64_t n;

	atomic_store(&q->asleep, 0);
	if (read(q == r->todo ? r->wake_cryptod : r->wake_netd, &n, sizeof(n)) == -1)
		return;		/* EAGAIN: woken by something else */
}

void
ring_wake(struct ring *r, struct ring_queue *q)
{
	uint64_t one = 1;

	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load_explicit(&q->asleep, memory_order_relaxed) ||
	    !atomic_exchange(&q->asleep, 0))
		return;
	if (write(q == r->todo ? r->wake_cryptod : r->wake_netd, &one,
	    sizeof(one)) == -1)
		return;		/* EAGAIN: its counter is full, so it is awake */
}
