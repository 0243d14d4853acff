/* room: netd -- what is urgent passes the rest, never its own flow, and comes back in order. */
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <event2/event.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netd.h"
#include "netd_int.h"
#include "tun.h"
#include "suite.h"

#define SLOTS	64u
#define WIDE	4096u
#define SIZE	2048u
#define LEN	200u
#define LARGE	600u

struct netd	netd;

static struct ring	r, lane2;	/* cryptod's side; of a second worker */
static unsigned		done[WIDE], ndone, early[WIDE], nearly;
static uint8_t		early_flow[WIDE];	/* of openings, as `early` will find out */
static unsigned		show[WIDE], nshow;	/* to the kernel, in this order */
static unsigned		nlook, look_at;	/* when so many were done or shown */
static int		gives;			/* and it gives what it may */

void
tun_look(void)
{
	nlook++;
	look_at = ndone + nearly;
}

uint64_t
netd_clock(void)
{
	return ++netd.now_ms;
}

static void
on_done(struct work *w)
{
	done[ndone++] = w->sess;
	if (gives && !w->given)
		show[nshow++] = w->sess;
}

static void
on_early(struct work *w)
{
	w->flow = early_flow[w->sess % WIDE];
	w->given = gives && !pipe_is_kept(w->flow) && rand() & 1;
	if (w->given)
		show[nshow++] = w->sess;
	early[nearly++] = w->sess;
}

/* Both ends of a ring, or of a lane. */
static void
make(uint32_t nslot, uint32_t size, int fds[3], int mine[3])
{
	fds[0] = ring_create(nslot, size);
	fds[1] = eventfd(0, EFD_NONBLOCK);
	fds[2] = eventfd(0, EFD_NONBLOCK);
	memcpy(mine, fds, 3 * sizeof(*mine));
	mine[0] = dup(fds[0]);
}

static void
setup_of(uint32_t nslot, int lanes)
{
	int fds[3], mine[3];

	make(nslot, SIZE, fds, mine);
	ck_assert_int_eq(ring_map(&r, mine, nslot, SIZE), 0);
	netd.base = event_base_new();
	pipe_init(fds, nslot, SIZE);
	if (lanes == 2) {
		make(nslot, 0, fds, mine);
		ck_assert_int_eq(ring_map_lane(&lane2, &r, mine), 0);
		pipe_lane(fds);
	}
	pipe_start(netd.base);
}

static void
setup(void)
{
	setup_of(SLOTS, 1);
}

static void
setup_wide(void)
{
	setup_of(WIDE, 1);
}

static void
setup_lanes(void)
{
	setup_of(SLOTS, 2);
}

static struct work *
push(enum ring_op op, unsigned name, int urgent, uint8_t flow)
{
	struct work *w = pipe_get();

	ck_assert_ptr_nonnull(w);
	w->len = urgent ? LEN : LARGE;
	w->inner = 56;
	w->body = 68;
	w->sess = name;
	w->link_key = w->session_key = 1;
	w->urgent = (uint8_t)urgent;
	w->flow = flow;
	w->early = on_early;
	early_flow[name % WIDE] = flow;
	ck_assert_int_eq(pipe_push(w, op, on_done), 0);
	return w;
}

/* cryptod does one of that queue: 0 when there is none. */
static int
serve(struct ring_queue *q)
{
	struct ring_desc d;

	if (ring_pop(&r, q, &d) != 1)
		return 0;
	d.status = d.op == RING_OPEN_INNER ? RING_DONE_INNER : RING_DONE;
	d.len += d.op == RING_SEAL ? 32 : d.op == RING_SEAL_LINK ? 16 : 0;
	d.len -= d.op == RING_OPEN || d.op == RING_OPEN_INNER ? 16 : 0;
	ck_assert_int_eq(ring_push(&r, r.done, &d), 1);
	return 1;
}

static void
answers(void)
{
	ring_wake(&r, r.done);
	event_base_loop(netd.base, EVLOOP_NONBLOCK);
	event_base_loop(netd.base, EVLOOP_NONBLOCK);
}

START_TEST(an_urgent_one_is_sealed_before_those_that_wait)
{
	push(RING_SEAL, 1, 0, 5);
	push(RING_SEAL, 2, 0, 5);
	push(RING_SEAL, 3, 1, 6);
	ck_assert_uint_eq(pipe_sealing(), 2);
	ck_assert(serve(r.urgent));
	answers();
	ck_assert_uint_eq(ndone, 1);
	ck_assert_uint_eq(done[0], 3);
	ck_assert(serve(r.todo));
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(done[2], 2);
	ck_assert_uint_eq(pipe_sealing(), 0);
	ck_assert_uint_eq(pipe_free(), SLOTS);
}
END_TEST

START_TEST(nothing_is_sealed_before_its_own_flow)
{
	push(RING_SEAL, 1, 0, 5);
	push(RING_SEAL, 2, 1, 5);
	push(RING_SEAL, 3, 1, 0);		/* of a flow that nobody knows */
	ck_assert(!serve(r.urgent));
	while (serve(r.todo))
		continue;
	answers();
	ck_assert_uint_eq(ndone, 3);
	push(RING_SEAL, 4, 1, 5);		/* nothing of it waits any more */
	ck_assert(serve(r.urgent));
	answers();
	ck_assert_uint_eq(done[3], 4);
}
END_TEST

/* As long as nobody waits they may all be urgent. */
START_TEST(only_a_few_go_past_one_that_waits)
{
	unsigned i, n = 0;

	push(RING_OPEN, 0, 1, 0);
	push(RING_OPEN, 1, 0, 0);
	push(RING_OPEN, 2, 0, 0);
	for (i = 3; i < 3 + 8; i++)
		push(RING_OPEN, i, 1, 0);
	while (serve(r.urgent))
		n++;
	ck_assert_uint_eq(n, 1 + 8);
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(ndone, 2);
	push(RING_OPEN, i++, 1, 0);		/* it got on: past the next one */
	ck_assert(serve(r.urgent));
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(ndone, i);
	while (i-- > 0)
		ck_assert_uint_eq(done[i], i);
}
END_TEST

/* One behind eight that passed did not; the others may be of its flow. */
START_TEST(no_small_one_goes_past_a_small_one_that_waits)
{
	unsigned i;

	push(RING_OPEN, 0, 0, 0);
	push(RING_OPEN, 1, 0, 0);
	for (i = 2; i < 2 + 9; i++)
		push(RING_OPEN, i, 1, 0);
	ck_assert_uint_eq(pipe_opening(), 3);	/* the ninth is not urgent any more */
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(pipe_opening(), 2);
	push(RING_OPEN, i++, 1, 0);
	while (serve(r.urgent))
		continue;
	answers();
	ck_assert_uint_eq(nearly, 8);
	ck_assert_uint_eq(early[7], 9);
	while (serve(r.todo))
		continue;
	answers();
	push(RING_OPEN, i++, 0, 0);
	push(RING_OPEN, i, 1, 0);		/* none waits any more */
	ck_assert(serve(r.urgent));
	answers();
	ck_assert_uint_eq(early[8], i);
}
END_TEST

/* Who was not given has its turn to come; a fragment may be of any flow. */
START_TEST(who_was_not_given_is_known_until_its_turn)
{
	push(RING_OPEN, 1, 0, 0);
	push(RING_OPEN, 2, 1, 5);
	push(RING_OPEN, 3, 0, 0);
	push(RING_OPEN, 4, 1, PIPE_ANY);
	push(RING_OPEN, 5, 1, 0);
	ck_assert_int_eq(pipe_is_kept(5), 0);
	while (serve(r.urgent))
		continue;
	answers();
	ck_assert_int_ne(pipe_is_kept(6), 0);
	ck_assert(serve(r.todo));
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(ndone, 5);
	ck_assert_int_eq(pipe_is_kept(5), 0);
	ck_assert_int_eq(pipe_is_kept(6), 0);
	ndone = 0;
	push(RING_OPEN, 6, 0, 0);
	push(RING_OPEN, 2, 1, 5);
	ck_assert(serve(r.urgent));
	answers();
	ck_assert_int_ne(pipe_is_kept(5), 0);
	ck_assert_int_eq(pipe_is_kept(6), 0);
}
END_TEST

/* Small ones of a flow are given or done in their order, whatever is refused. */
START_TEST(no_mixture_shows_a_flow_out_of_order)
{
	unsigned	flow_last[4] = { 0 }, name = 1, round, i, seen = 0;

	srand(12);
	gives = 1;
	for (round = 0; round < 20000 && name < WIDE - 1; round++) {
		unsigned what = (unsigned)rand() % 8;

		if (what < 4 && pipe_free() > 0) {
			int small = rand() % 4 != 0;

			push(RING_OPEN, name++, small, small ?
			    (uint8_t)(1 + rand() % 3) : 0);
			continue;
		}
		if (what < 6) {
			(void)(serve(r.urgent) || serve(r.todo));
			continue;
		}
		answers();
	}
	for (i = 0; i < nshow; i++) {
		unsigned n = show[i], flow = early_flow[n];

		if (flow == 0)
			continue;
		ck_assert_uint_gt(n, flow_last[flow]);
		flow_last[flow] = n;
		seen++;
	}
	ck_assert_uint_gt(seen, 1000);
}
END_TEST

/* What passes is sealed before all others: not before what may be of its flow. */
START_TEST(nothing_is_sealed_before_a_fragment)
{
	push(RING_SEAL, 1, 0, PIPE_ANY);
	push(RING_SEAL, 2, 1, 5);
	ck_assert(!serve(r.urgent));
	while (serve(r.todo))
		continue;
	answers();
	push(RING_SEAL, 3, 0, 6);
	push(RING_SEAL, 4, 1, PIPE_ANY);	/* its last one is small */
	ck_assert(!serve(r.urgent));
	push(RING_SEAL, 5, 1, 5);
	ck_assert(!serve(r.urgent));
}
END_TEST

START_TEST(what_is_open_early_is_shown_and_done_in_its_turn)
{
	unsigned i;

	push(RING_OPEN, 1, 0, 0);
	push(RING_OPEN, 2, 1, 0);
	push(RING_OPEN, 3, 0, 0);
	push(RING_OPEN, 4, 1, 0);
	push(RING_SEAL, 9, 0, 7);		/* no opening waits for it */
	ck_assert(serve(r.urgent));
	ck_assert(serve(r.urgent));
	answers();
	ck_assert_uint_eq(ndone, 0);
	ck_assert_uint_eq(nearly, 2);
	ck_assert_uint_eq(early[0], 2);
	ck_assert_uint_eq(early[1], 4);
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(ndone, 2);
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(ndone, 4);
	for (i = 0; i < 4; i++)
		ck_assert_uint_eq(done[i], i + 1);
	push(RING_OPEN, 5, 1, 0);		/* nothing before it */
	ck_assert(serve(r.urgent));
	answers();
	ck_assert_uint_eq(ndone, 5);
	ck_assert_uint_eq(nearly, 2);
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(pipe_free(), SLOTS);
}
END_TEST

/* What waited for its keys came first. */
START_TEST(nothing_opened_is_done_before_a_frame_that_is_tried_again)
{
	push(RING_OPEN_INNER, 1, 0, 0);
	push(RING_OPEN, 2, 1, 0);
	ck_assert(serve(r.urgent));
	answers();
	ck_assert_uint_eq(ndone, 0);
	ck_assert_uint_eq(nearly, 1);
	ck_assert(serve(r.todo));
	answers();
	ck_assert_uint_eq(ndone, 2);
	ck_assert_uint_eq(done[0], 1);
	ck_assert_uint_eq(done[1], 2);
	ck_assert_uint_eq(pipe_free(), SLOTS);
}
END_TEST

/* Its counter would be so far ahead that those that wait were too old. */
START_TEST(nothing_opened_goes_past_half_a_window)
{
	unsigned i;

	for (i = 0; i < 1023; i++)
		push(RING_OPEN, i, 0, 0);
	push(RING_OPEN, i++, 1, 0);
	ck_assert(serve(r.urgent));
	push(RING_OPEN, i++, 0, 0);
	push(RING_OPEN, i++, 1, 0);
	ck_assert(!serve(r.urgent));
	while (serve(r.todo))
		continue;
	while (ndone < i)
		answers();
	for (i = 0; i < ndone; i++)
		ck_assert_uint_eq(done[i], i);
}
END_TEST

/* Order, at random: openings done as pushed, each flow sealed as pushed. */
START_TEST(no_mixture_changes_an_order)
{
	unsigned next_open = 0, opened = 0, round, i, pushed[8] = { 0 }, sealed[8] = { 0 };

	srand(11);
	for (round = 0; round < 20000; round++) {
		unsigned flow = 1 + (unsigned)rand() % 7, what = (unsigned)rand() % 8;

		if (what < 2 && pipe_free() > 0)
			push(RING_OPEN, next_open++, rand() & 1, 0);
		else if (what < 4 && pipe_free() > 0)
			push(RING_SEAL, 0x1000000 + (flow << 20) + pushed[flow]++ % 4096,
			    rand() & 1, (uint8_t)flow);
		else if (what < 6)
			(void)(serve(r.urgent) || serve(r.todo));
		else {
			answers();
			for (i = 0; i < ndone; i++) {
				if (done[i] < 0x1000000) {
					ck_assert_uint_eq(done[i], opened++);
					continue;
				}
				flow = done[i] >> 20 & 7;
				ck_assert_uint_eq(done[i] & 4095, sealed[flow]++ % 4096);
			}
			ndone = nearly = 0;
		}
	}
	ck_assert_uint_gt(opened, 1000);
	ck_assert_uint_gt(sealed[1], 100);
}
END_TEST

/* Open before its turn, it is no longer lent: a second answer is a lie. */
START_TEST(who_waits_for_its_turn_is_not_answered_twice)
{
	struct ring_desc d;
	int		 status;
	pid_t		 pid;

	push(RING_OPEN, 1, 0, 0);
	push(RING_OPEN, 2, 1, 0);
	ck_assert_int_eq(ring_pop(&r, r.urgent, &d), 1);
	d.len -= 16;
	d.status = RING_DONE;
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		close(STDERR_FILENO);
		ring_push(&r, r.done, &d);
		ring_push(&r, r.done, &d);
		answers();
		_exit(42);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 1);
}
END_TEST

static void
push_under(uint32_t peer, uint32_t key, enum ring_op op)
{
	struct work *w = pipe_get();

	ck_assert_ptr_nonnull(w);
	w->len = LARGE;
	w->inner = 56;
	w->body = 68;
	w->peer = peer;
	w->link_key = key;
	ck_assert_int_eq(pipe_push(w, op, on_done), 0);
}

static unsigned
waiting(struct ring *q)
{
	struct ring_desc	d;
	unsigned		n = 0;

	while (ring_pop(q, q->todo, &d) == 1)
		n++;
	return n;
}

/* Or what is sealed under the new keys would leave before the last of the old. */
START_TEST(a_link_keeps_its_worker_when_its_keys_change)
{
	static const enum ring_op op[] = { RING_SEAL, RING_SEAL_LINK, RING_OPEN };
	unsigned	i, key, first, second, both[2] = { 0 };
	uint32_t	peer;

	for (i = 0; i < 3; i++)
		for (peer = 0x1000; peer < 0x1004; peer++) {
			for (key = 1; key <= 4; key++)
				push_under(peer, 0x10000 * key + key, op[i]);
			first = waiting(&r);
			second = waiting(&lane2);
			ck_assert_uint_eq(first + second, 4);
			ck_assert(first == 0 || second == 0);
			both[0] += first;
			both[1] += second;
		}
	ck_assert_uint_eq(both[0], both[1]);
}
END_TEST

static void
on_early_given(struct work *w)
{
	on_early(w);
	w->given = 1;
}

START_TEST(who_got_a_packet_early_is_asked_for_its_answer_before_the_rest)
{
	unsigned i;

	for (i = 0; i < 16; i++)
		push(RING_OPEN, 1 + i, 0, 0);
	for (i = 0; i < 2; i++)
		push(RING_OPEN, 20 + i, 1, 0)->early = on_early_given;
	while (serve(r.urgent) || serve(r.todo))
		continue;
	answers();
	ck_assert_uint_eq(ndone, 18);
	ck_assert_uint_eq(nlook, 1);
	ck_assert_uint_ge(look_at, 2);
	ck_assert_uint_le(look_at, 3);
	push(RING_OPEN, 30, 0, 0);
	push(RING_OPEN, 31, 1, 0);		/* shown, and not given */
	while (serve(r.urgent) || serve(r.todo))
		continue;
	answers();
	ck_assert_uint_eq(ndone, 20);
	ck_assert_uint_eq(nlook, 1);
	push(RING_OPEN, 40, 0, 0);
	push(RING_OPEN, 41, 1, 0)->early = on_early_given;
	ck_assert(serve(r.urgent));		/* nothing comes behind it */
	answers();
	ck_assert_uint_eq(ndone, 20);
	ck_assert_uint_eq(nlook, 2);
}
END_TEST

/* Does the bell of cryptod ring? */
static int
rings(void)
{
	uint64_t n;

	return read(r.wake_cryptod, &n, sizeof(n)) == (ssize_t)sizeof(n);
}

START_TEST(in_the_middle_of_a_turn_only_what_is_urgent_wakes)
{
	ck_assert(ring_may_sleep(&r, r.todo));
	push(RING_OPEN, 1, 0, 0);
	pipe_hurry();
	ck_assert(!rings());
	push(RING_OPEN, 2, 1, 0);
	pipe_hurry();
	ck_assert(rings());
	while (serve(r.urgent) || serve(r.todo))
		continue;
	ck_assert(ring_may_sleep(&r, r.todo));
	push(RING_OPEN, 3, 0, 0);		/* the urgent one rang already */
	pipe_hurry();
	ck_assert(!rings());
	pipe_flush();
	ck_assert(rings());
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, an_urgent_one_is_sealed_before_those_that_wait);
	tcase_add_test(t, nothing_is_sealed_before_its_own_flow);
	tcase_add_test(t, only_a_few_go_past_one_that_waits);
	tcase_add_test(t, no_small_one_goes_past_a_small_one_that_waits);
	tcase_add_test(t, who_was_not_given_is_known_until_its_turn);
	tcase_add_test(t, no_mixture_shows_a_flow_out_of_order);
	tcase_add_test(t, nothing_is_sealed_before_a_fragment);
	tcase_add_test(t, what_is_open_early_is_shown_and_done_in_its_turn);
	tcase_add_test(t, nothing_opened_is_done_before_a_frame_that_is_tried_again);
	tcase_add_test(t, no_mixture_changes_an_order);
	tcase_add_test(t, who_waits_for_its_turn_is_not_answered_twice);
	tcase_add_test(t, who_got_a_packet_early_is_asked_for_its_answer_before_the_rest);
	tcase_add_test(t, in_the_middle_of_a_turn_only_what_is_urgent_wakes);
	t = suite_case(setup_wide);
	tcase_add_test(t, nothing_opened_goes_past_half_a_window);
	t = suite_case(setup_lanes);
	tcase_add_test(t, a_link_keeps_its_worker_when_its_keys_change);
}
