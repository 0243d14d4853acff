/* test_ring.c -- the packet ring: order, bounds, seals, sleep. room: common */
#include <sys/eventfd.h>
#include <sys/mman.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ring.h"
#include "suite.h"

#define SLOTS	64u
#define SIZE	2048u

static struct ring	a, b;		/* netd's side, cryptod's side */
static int		fds[3];

static void
make(void)
{
	int mine[3];

	fds[0] = ring_create(SLOTS, SIZE);
	fds[1] = eventfd(0, EFD_NONBLOCK);
	fds[2] = eventfd(0, EFD_NONBLOCK);
	ck_assert_int_ge(fds[0], 0);
	memcpy(mine, fds, sizeof(mine));
	mine[0] = dup(fds[0]);
	ck_assert_int_eq(ring_map(&a, mine, SLOTS, SIZE), 0);
	mine[0] = dup(fds[0]);
	ck_assert_int_eq(ring_map(&b, mine, SLOTS, SIZE), 0);
}

static void
unmake(void)
{
	munmap(a.todo, a.map_len);
	munmap(b.todo, b.map_len);
	close(fds[0]);
	close(fds[1]);
	close(fds[2]);
}

START_TEST(descriptors_come_out_as_they_went_in)
{
	struct ring_desc in, out;
	uint32_t	 i, round;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < SLOTS; i++) {
			memset(&in, 0, sizeof(in));
			in.slot = i;
			in.op = RING_OPEN;
			in.aux = round * 1000 + i;
			in.len = i;
			ck_assert_int_eq(ring_push(&a, a.todo, &in), 1);
		}
		ck_assert_int_eq(ring_push(&a, a.todo, &in), 0);
		for (i = 0; i < SLOTS; i++) {
			ck_assert_int_eq(ring_pop(&b, b.todo, &out), 1);
			ck_assert_uint_eq(out.aux, round * 1000 + i);
			ck_assert_uint_eq(out.len, i);
		}
		ck_assert_int_eq(ring_pop(&b, b.todo, &out), 0);
	}
}
END_TEST

/* Every value of the other side's index: never more entries than there are. */
START_TEST(an_impossible_index_is_found)
{
	struct ring_desc d = { .op = RING_OPEN };
	uint32_t	 lie;
	int		 got;

	for (lie = SLOTS + 1; lie != 0; lie += 0x00fffff1u > UINT32_MAX - lie ? UINT32_MAX - lie + 1 : 0x00fffff1u) {
		atomic_store(&a.todo->head, lie);
		b.pop.mine = b.pop.theirs = 0;
		got = ring_pop(&b, b.todo, &d);
		ck_assert_int_eq(got, -1);
		ck_assert_uint_eq(b.pop.mine, 0);
	}
	a.push.mine = SLOTS;
	a.push.theirs = 0;
	atomic_store(&a.todo->tail, 5u + SLOTS);
	ck_assert_int_eq(ring_push(&a, a.todo, &d), -1);
	atomic_store(&a.todo->tail, 0x80000000u);
	ck_assert_int_eq(ring_push(&a, a.todo, &d), -1);
}
END_TEST

START_TEST(a_ring_that_can_be_resized_is_refused)
{
	int bad[3] = { -1, fds[1], fds[2] };
	struct ring r;

	bad[0] = memfd_create("unsealed", MFD_ALLOW_SEALING);
	ck_assert_int_eq(ftruncate(bad[0], (off_t)ring_size(SLOTS, SIZE)), 0);
	ck_assert_int_eq(ring_map(&r, bad, SLOTS, SIZE), -1);
	close(bad[0]);
	bad[0] = dup(fds[0]);
	ck_assert_int_eq(ring_map(&r, bad, SLOTS, SIZE * 2), -1);
	ck_assert_int_eq(ring_map(&r, bad, SLOTS + 1, SIZE), -1);
	close(bad[0]);
	ck_assert_int_eq(ftruncate(fds[0], 4096), -1);
	ck_assert_int_eq(ftruncate(fds[0], (off_t)ring_size(SLOTS, SIZE) * 2), -1);
	ck_assert_int_eq(fcntl(fds[0], F_ADD_SEALS, F_SEAL_WRITE), -1);
}
END_TEST

/* Who is woken reads it, whether something is there or not. */
START_TEST(an_eventfd_that_can_block_is_refused)
{
	int bad[3], lane = ring_create(SLOTS, 0), i;
	struct ring r;

	for (i = 1; i < 3; i++) {
		memcpy(bad, fds, sizeof(bad));
		bad[i] = eventfd(0, 0);
		bad[0] = dup(fds[0]);
		ck_assert_int_eq(ring_map(&r, bad, SLOTS, SIZE), -1);
		close(bad[0]);
		bad[0] = dup(lane);
		ck_assert_int_eq(ring_map_lane(&r, &a, bad), -1);
		close(bad[0]);
		close(bad[i]);
	}
	close(lane);
}
END_TEST

START_TEST(a_request_never_leaves_its_slot)
{
	struct ring_desc d;
	uint32_t	 n, i, tags;

	srand(7);
	for (i = 0; i < 2000000; i++) {
		n = (uint32_t)rand();
		d = (struct ring_desc){ .slot = n % (SLOTS + 2), .op = (uint8_t)((n >> 8) % 6),
		    .off = (uint16_t)(rand() % (SIZE + 64)),
		    .len = (uint32_t)rand() % (SIZE + 64),
		    .inner = (uint16_t)(rand() % (SIZE + 64)),
		    .body = (uint16_t)(rand() % (SIZE + 64)) };
		if (!ring_request_ok(&a, &d))
			continue;
		tags = d.op == RING_SEAL ? 32 : d.op == RING_SEAL_LINK ? 16 : 0;
		ck_assert_uint_lt(d.slot, SLOTS);
		ck_assert_uint_le(d.off + d.len + tags, SIZE);
		ck_assert_uint_ge(d.len, d.op == RING_OPEN ? 32 : 16);
		if (d.op == RING_SEAL) {
			ck_assert_uint_ge(d.inner, 16);
			ck_assert_uint_ge(d.body, d.inner + 12u);
			ck_assert_uint_le(d.body, d.len);
		}
	}
	d = (struct ring_desc){ .op = RING_OPEN, .off = 0, .len = UINT32_MAX };
	ck_assert(!ring_request_ok(&a, &d));
}
END_TEST

START_TEST(a_sleeper_is_woken_once_and_an_awake_one_is_not)
{
	struct ring_desc d = { .op = RING_OPEN };
	struct pollfd	 p = { .fd = fds[1], .events = POLLIN };

	ck_assert_int_eq(ring_push(&a, a.todo, &d), 1);
	ring_wake(&a, a.todo);
	ck_assert_int_eq(poll(&p, 1, 0), 0);		/* nobody slept */
	ck_assert(!ring_may_sleep(&b, b.todo));		/* there is work */
	ck_assert_int_eq(ring_pop(&b, b.todo, &d), 1);
	ck_assert(ring_may_sleep(&b, b.todo));
	ck_assert_int_eq(ring_push(&a, a.todo, &d), 1);
	ring_wake(&a, a.todo);
	ring_wake(&a, a.todo);
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	ring_awake(&b, b.todo);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
}
END_TEST

START_TEST(what_is_urgent_keeps_its_own_order_and_wakes)
{
	struct ring_desc d = { .op = RING_OPEN };
	struct pollfd	 p = { .fd = fds[1], .events = POLLIN };
	uint32_t	 i;

	ck_assert(ring_may_sleep(&b, b.todo));
	for (i = 0; i < SLOTS; i++) {
		d.aux = i;
		ck_assert_int_eq(ring_push(&a, a.urgent, &d), 1);
	}
	ck_assert_int_eq(ring_push(&a, a.urgent, &d), 0);
	ck_assert_int_eq(ring_push(&a, a.todo, &d), 1);	/* has its own places */
	ring_wake(&a, a.todo);
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	ring_awake(&b, b.todo);
	ck_assert_int_eq(ring_pop(&b, b.todo, &d), 1);
	ck_assert(!ring_may_sleep(&b, b.todo));
	for (i = 0; i < SLOTS; i++) {
		ck_assert_int_eq(ring_pop(&b, b.urgent, &d), 1);
		ck_assert_uint_eq(d.aux, i);
	}
	ck_assert(ring_may_sleep(&b, b.todo));
	atomic_store(&a.urgent->head, SLOTS * 2 + 1);
	ck_assert_int_eq(ring_pop(&b, b.urgent, &d), -1);
}
END_TEST

#define MANY	200000u

static void *
echo(void *arg)
{
	struct ring_desc d;
	struct pollfd	 p = { .fd = fds[1], .events = POLLIN };
	uint32_t	 n = 0;

	(void)arg;
	while (n < MANY) {
		if (ring_pop(&b, b.todo, &d) == 1) {
			while (ring_push(&b, b.done, &d) != 1)
				continue;
			ring_wake(&b, b.done);
			n++;
		} else if (ring_may_sleep(&b, b.todo)) {
			if (poll(&p, 1, 60000) != 1)
				return NULL;
			ring_awake(&b, b.todo);
		}
	}
	return arg;
}

START_TEST(two_threads_lose_and_reorder_nothing)
{
	struct ring_desc d = { .op = RING_OPEN };
	struct pollfd	 p = { .fd = fds[2], .events = POLLIN };
	uint32_t	 sent = 0, got = 0;
	pthread_t	 t;
	void		*ret;

	ck_assert_int_eq(pthread_create(&t, NULL, echo, &d), 0);
	while (got < MANY) {
		while (sent < MANY && sent - got < SLOTS) {
			d.aux = sent;
			ck_assert_int_eq(ring_push(&a, a.todo, &d), 1);
			sent++;
		}
		ring_wake(&a, a.todo);
		while (ring_pop(&a, a.done, &d) == 1)
			ck_assert_uint_eq(d.aux, got++);
		if (got < sent && ring_may_sleep(&a, a.done)) {
			ck_assert_int_eq(poll(&p, 1, 60000), 1);
			ring_awake(&a, a.done);
		}
	}
	pthread_join(t, &ret);
	ck_assert_ptr_nonnull(ret);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, make, unmake);
	tcase_add_test(t, descriptors_come_out_as_they_went_in);
	tcase_add_test(t, an_impossible_index_is_found);
	tcase_add_test(t, a_ring_that_can_be_resized_is_refused);
	tcase_add_test(t, an_eventfd_that_can_block_is_refused);
	tcase_add_test(t, a_request_never_leaves_its_slot);
	tcase_add_test(t, a_sleeper_is_woken_once_and_an_awake_one_is_not);
	tcase_add_test(t, what_is_urgent_keeps_its_own_order_and_wakes);
	tcase_add_test(t, two_threads_lose_and_reorder_nothing);
}
