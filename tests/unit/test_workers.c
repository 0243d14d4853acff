/*
 * room: cryptod, with: seal_world -- two workers, each with a lane of its own,
 * and the same keys.
 */
#include "seal_world.h"

#define ROUNDS	2000

static struct lane {
	struct ring	 netd, cryptod;
	pthread_t	 thread;
	struct ring_desc d;		/* what is asked, over and over */
	const uint8_t	*self, *frame;	/* frame: put back before each */
	size_t		 frame_len;
	uint64_t	 counter[ROUNDS];
	unsigned	 done, shut, no_session;
} lane[2];

static void
make_lane(struct lane *l)
{
	int fds[3], more[3];

	memset(l, 0, sizeof(*l));
	fds[0] = ring_create(SLOTS, 0);
	fds[1] = more[1] = eventfd(0, EFD_NONBLOCK);
	fds[2] = more[2] = eventfd(0, EFD_NONBLOCK);
	more[0] = dup(fds[0]);
	ck_assert_int_eq(ring_map_lane(&l->cryptod, &cryptod, fds), 0);
	ck_assert_int_eq(ring_map_lane(&l->netd, &netd, more), 0);
}

/* Both workers get this request, each for a copy of the same frame in its own slot. */
static void
give_both(const struct ring_desc *d, const uint8_t *self, const uint8_t *frame)
{
	uint32_t i;

	for (i = 0; i < 2; i++) {
		make_lane(&lane[i]);
		lane[i].d = *d;
		lane[i].d.slot = i;
		lane[i].self = self;
		lane[i].frame = frame;
		lane[i].frame_len = d->len;
	}
}

static void *
work(void *arg)
{
	struct lane	*l = arg;
	struct ring_desc d;
	enum refusal	 why;
	uint8_t		*f = ring_slot(&l->netd, l->d.slot) + l->d.off;
	int		 i;

	for (i = 0; i < ROUNDS; i++) {
		memcpy(f, l->frame, l->frame_len);
		d = l->d;
		ring_push(&l->netd, l->netd.todo, &d);
		session_enter();
		seal_work(&l->cryptod, l->self, &why);
		session_leave();
		if (ring_pop(&l->netd, l->netd.done, &d) != 1)
			break;
		l->done += d.status < RING_REFUSED;
		l->shut += refused(&d) == REFUSE_LINK_REPLAY;
		l->no_session += refused(&d) == REFUSE_SESSION_HANDLE;
		l->counter[i] = get_le64(f + 8);
	}
	return NULL;
}

static void
both_work(void)
{
	int i;

	for (i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&lane[i].thread, NULL, work, &lane[i]), 0);
}

static void
both_done(void)
{
	pthread_join(lane[0].thread, NULL);
	pthread_join(lane[1].thread, NULL);
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

START_TEST(two_workers_never_draw_the_same_counter)
{
	uint32_t	l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	static uint64_t	all[2 * ROUNDS];
	uint8_t		copy[SIZE];
	struct ring_desc d = frame(l, s, 0, "raced");
	int		i;

	memcpy(copy, ring_slot(&netd, 0) + d.off, d.len);
	give_both(&d, a_addr, copy);
	both_work();
	both_done();
	for (i = 0; i < 2; i++) {
		ck_assert_uint_eq(lane[i].done, ROUNDS);
		memcpy(all + i * ROUNDS, lane[i].counter, sizeof(lane[i].counter));
	}
	qsort(all, 2 * ROUNDS, sizeof(all[0]), by_value);
	for (i = 0; i < 2 * ROUNDS; i++)
		ck_assert_uint_eq(all[i], (uint64_t)i);
	ck_assert_uint_eq(session_find(s, SESSION_INNER)->sent, 2 * ROUNDS);
}
END_TEST

START_TEST(of_two_workers_with_one_datagram_one_opens_it)
{
	uint8_t		 copy[SIZE];
	struct ring_desc d = sealed_copy(copy, 0);
	uint32_t	 rl = link_to(&link_ba, a_pub);

	inner_to(&inner_ba, a_pub);
	d = opening(&d, rl);
	give_both(&d, b_addr, copy + d.off);
	both_work();
	both_done();
	ck_assert_uint_eq(lane[0].done + lane[1].done, 1);
	ck_assert_uint_eq(lane[0].shut + lane[1].shut, 2 * ROUNDS - 1);
}
END_TEST

/* What goes while a packet is at work goes after it; what is gone seals nothing. */
START_TEST(keys_come_and_go_between_the_packets_of_workers)
{
	uint32_t	l = link_to(&link_ab, b_pub), s = inner_to(&inner_ab, b_pub);
	uint8_t		copy[SIZE], pub[PUB_LEN] = { 2 };
	struct ring_desc d = frame(l, s, 0, "still here?");
	int		i;

	memcpy(copy, ring_slot(&netd, 0) + d.off, d.len);
	give_both(&d, a_addr, copy);
	both_work();
	for (i = 0; i < 300; i++)
		session_drop(inner_to(&inner_ba, pub));
	session_drop(s);
	both_done();
	for (i = 0; i < 2; i++)
		ck_assert_uint_eq(lane[i].done + lane[i].no_session, ROUNDS);
	ck_assert_uint_eq(session_used(SESSION_INNER), 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, two_workers_never_draw_the_same_counter);
	tcase_add_test(t, of_two_workers_with_one_datagram_one_opens_it);
	tcase_add_test(t, keys_come_and_go_between_the_packets_of_workers);
}
