/*
 * liar_ring.c -- a false netd lies in every field of a descriptor, in both
 * indexes, and in slot bytes while cryptod works on them. room: cryptod,
 * with: liar ear house_of_cryptod
 */
#include "house_of_cryptod.h"

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
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, a_lie_in_any_field_of_a_descriptor_is_refused_or_ends_the_house, 0, 2);
	tcase_add_loop_test(t, a_wild_index_ends_the_house_or_means_nothing, 0, 2);
	tcase_add_loop_test(t, answers_nobody_takes_end_the_house, 0, 2);
	tcase_add_loop_test(t, slots_that_change_under_its_hands_do_no_harm, 0, 2);
	tcase_add_loop_test(t, a_ring_of_noise_does_no_harm, 0, 2);
}
