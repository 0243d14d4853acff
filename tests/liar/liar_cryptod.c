/*
 * liar_cryptod.c -- a false cryptod answers netd's ring with every lie that a
 * descriptor can hold, and with wild indexes. netd either ends (a resident
 * broke a rule) or takes an answer that stays inside its slot; it never reads
 * outside, and never completes a slot twice. room: netd
 */
#include <sys/eventfd.h>
#include <sys/wait.h>

#include <event2/event.h>

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "netd.h"
#include "netd_int.h"
#include "suite.h"
#include "tun.h"

#define SLOTS	64u
#define SIZE	2048u
#define LEN	200u
enum { ENDED = 1, LIVED = 42, OUTSIDE = 43, TWICE = 44 };

struct netd	netd;

uint64_t
netd_clock(void)
{
	return ++netd.now_ms;
}

void
tun_look(void)
{
}

static unsigned completed;

/* What netd's modules rely on when an answer reaches them. */
static void
done(struct work *w)
{
	if (++completed > 1)
		_exit(TWICE);
	if (w->off + w->len > SIZE || w->len > LEN + 32)
		_exit(OUTSIDE);
	if (w->opened_inner && (w->inner < 16 || w->body < w->inner + 12 ||
	    w->body > w->len || w->session_key == 0))
		_exit(OUTSIDE);
	if ((unsigned)w->why >= REFUSE_MAX)
		_exit(OUTSIDE);
}

/* A handler that keeps a slot, gives it back and takes the next one: the same. */
static void
done_swaps(struct work *w)
{
	pipe_keep(w);
	pipe_put(w);
	if (pipe_get() != w)
		_exit(OUTSIDE);
}

static void
done_gives_back(struct work *w)
{
	pipe_put(w);
}

struct lie {
	pipe_fn		 done;
	enum ring_op	 op;
	struct ring_desc d;
	unsigned	 times;		/* the same answer again and again */
	int		 head_set;
	uint32_t	 head;
};

/* netd in a child, the liar in the same process between turns of its loop. */
static int
netd_meets(const struct lie *lie)
{
	struct ring	 r;
	struct ring_desc d;
	struct work	*w;
	int		 fds[3], mine[3], status;
	unsigned	 i;
	pid_t		 pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid != 0) {
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFEXITED(status));
		return WEXITSTATUS(status);
	}
	close(STDERR_FILENO);
	fds[0] = ring_create(SLOTS, SIZE);
	fds[1] = eventfd(0, EFD_NONBLOCK);
	fds[2] = eventfd(0, EFD_NONBLOCK);
	memcpy(mine, fds, sizeof(mine));
	mine[0] = dup(fds[0]);
	if (ring_map(&r, mine, SLOTS, SIZE) == -1)
		_exit(99);
	netd.base = event_base_new();
	pipe_init(fds, SLOTS, SIZE);
	pipe_start(netd.base);
	w = pipe_get();
	w->len = LEN;
	w->inner = 56;
	w->body = 68;
	w->link_key = w->session_key = 1;
	if (pipe_push(w, lie->op, lie->done) == -1 || ring_pop(&r, r.todo, &d) != 1)
		_exit(99);
	for (i = 0; i < lie->times; i++)
		if (ring_push(&r, r.done, &lie->d) != 1)
			_exit(99);
	if (lie->head_set)
		atomic_store(&r.done->head, lie->head);
	ring_wake(&r, r.done);
	for (i = 0; i < 4; i++)
		event_base_loop(netd.base, EVLOOP_NONBLOCK);
	_exit(pipe_free() == SLOTS - (lie->done == done_swaps) ? LIVED : TWICE);
}

static struct lie
truth(enum ring_op op)
{
	struct lie l = { .done = done, .op = op, .times = 1, .d = {
	    .status = op == RING_OPEN_INNER ? RING_DONE_INNER : RING_DONE,
	    .slot = 0, .op = (uint8_t)op, .off = PIPE_HEAD, .link = 1, .session = 1,
	    .len = op == RING_SEAL ? LEN + 32 : op == RING_SEAL_LINK ? LEN + 16 : LEN - 16,
	    .inner = 56, .body = 68, .aux = 0 } };

	return l;
}

static const enum ring_op ops[] = { RING_SEAL, RING_SEAL_LINK, RING_OPEN, RING_OPEN_INNER };
enum { NOPS = sizeof(ops) / sizeof(ops[0]) };

/* The control: an honest answer is taken, so "ended" below means something. */
START_TEST(the_truth_is_believed)
{
	struct lie   l;
	size_t	     i;

	for (i = 0; i < NOPS; i++) {
		l = truth(ops[i]);
		ck_assert_int_eq(netd_meets(&l), LIVED);
	}
	l = truth(RING_OPEN);
	l.d.status = RING_DONE_INNER;
	l.d.len = LEN - 32;
	ck_assert_int_eq(netd_meets(&l), LIVED);
}
END_TEST

START_TEST(a_lie_in_any_field_ends_netd_or_stays_in_the_slot)
{
	static const uint32_t odd[] = { 0, 1, 15, 16, 17, 63, 64, 65, 183, 184, 185,
	    199, 201, 216, 232, 255, 2047, 2048, 4096, 65535, 65536, 0x7fffffff, UINT32_MAX };
	struct lie l;
	size_t	   i, v, field;
	int	   got;

	for (i = 0; i < NOPS; i++)
		for (field = 0; field < 7; field++)
			for (v = 0; v < sizeof(odd) / sizeof(odd[0]); v++) {
				l = truth(ops[i]);
				switch (field) {
				case 0: l.d.slot = odd[v]; break;
				case 1: l.d.op = (uint8_t)odd[v]; break;
				case 2: l.d.status = (uint8_t)odd[v]; break;
				case 3: l.d.len = odd[v]; break;
				case 4: l.d.inner = (uint16_t)odd[v]; l.d.status = RING_DONE_INNER; l.d.len = LEN - 32; break;
				case 5: l.d.body = (uint16_t)odd[v]; l.d.status = RING_DONE_INNER; l.d.len = LEN - 32; break;
				default: l.d.session = odd[v]; l.d.status = RING_DONE_INNER; l.d.len = LEN - 32; break;
				}
				got = netd_meets(&l);
				ck_assert_msg(got == ENDED || got == LIVED,
				    "op %d field %zu value %u: %d", ops[i], field, odd[v], got);
				if (field == 0 && odd[v] != 0)
					ck_assert_int_eq(got, ENDED);
				if (field == 1 && (odd[v] & 0xff) != ops[i])
					ck_assert_int_eq(got, ENDED);
				if (field == 3 && odd[v] != truth(ops[i]).d.len)
					ck_assert_int_eq(got, ENDED);
			}
}
END_TEST

START_TEST(an_answer_given_twice_ends_netd)
{
	struct lie l = truth(RING_OPEN);

	l.times = 2;
	ck_assert_int_eq(netd_meets(&l), ENDED);
}
END_TEST

START_TEST(a_slot_has_one_owner_whatever_a_handler_does)
{
	struct lie l = truth(RING_OPEN);

	l.done = done_swaps;
	ck_assert_int_eq(netd_meets(&l), LIVED);
	l.done = done_gives_back;
	ck_assert_int_eq(netd_meets(&l), ENDED);
}
END_TEST

START_TEST(a_wild_index_ends_netd)
{
	static const uint32_t heads[] = { SLOTS + 1, 1000, 0x80000000u, UINT32_MAX };
	struct lie l = truth(RING_OPEN);
	size_t	   i;

	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		l.times = 0;
		l.head_set = 1;
		l.head = heads[i];
		ck_assert_int_eq(netd_meets(&l), ENDED);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, the_truth_is_believed);
	tcase_add_test(t, a_lie_in_any_field_ends_netd_or_stays_in_the_slot);
	tcase_add_test(t, an_answer_given_twice_ends_netd);
	tcase_add_test(t, a_slot_has_one_owner_whatever_a_handler_does);
	tcase_add_test(t, a_wild_index_ends_netd);
}
