/* room: cryptod -- every request of netd about handshakes, and every way it goes wrong. */
#define ME_CRYPTOD
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "doors.h"
#include "handshake.h"
#include "session.h"
#include "suite.h"

static struct key	a, b;
static struct chan	netd, cryptod;
static union msg_any	got;

/* No request may allocate: the count is of every malloc in this program. */
#ifndef __SANITIZE_ADDRESS__
#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if !__has_feature(address_sanitizer)
#define COUNT_MALLOC
#endif
#endif
static volatile unsigned long mallocs;
#ifdef COUNT_MALLOC
void *__libc_malloc(size_t);
void *malloc(size_t);

void *
malloc(size_t n)
{
	mallocs++;
	return __libc_malloc(n);
}
#endif

static void
make_key(struct key *k)
{
	curve_random(k->sec);
	ck_assert_int_eq(curve_public(k->sec, k->pub), 0);
	curve_addr(k->pub, k->addr);
	randombytes_buf(k->epoch, sizeof(k->epoch));
}

static void
setup(void)
{
	ck_assert_int_eq(curve_init(), 0);
	session_init();
	make_key(&a);
	make_key(&b);
	ck_assert_int_eq(chan_pair(PROC_CRYPTOD, PROC_NETD, &cryptod, &netd), 0);
	cryptod.phase = netd.phase = RUN;
}

/* The answer to the last request, which must be of this type. */
static void
expect(enum msg_type want)
{
	enum msg_type	type;
	int		fds[MSG_NFD_MAX];

	ck_assert_int_eq(chan_recv(&netd, &type, &got, fds), CHAN_MSG);
	ck_assert_str_eq(msg_row[type].name, msg_row[want].name);
	ck_assert_uint_eq(got.req, 9);
}

static void
expect_no(enum refusal why)
{
	expect(MSG_HS_NO);
	ck_assert_str_eq(refuse_name(got.hs_no.why), refuse_name(why));
}

/* Ask one of the two nodes; both live in these tables. */
#define ASK(who, name, ...) do {					\
	struct msg_##name q_ = { .req = 9, __VA_ARGS__ };		\
	unsigned long was_ = mallocs;					\
	handshake_init(who);						\
	on_##name(&cryptod, &q_, NULL);					\
	ck_assert_uint_eq(mallocs, was_);				\
} while (0)
/* The same with bytes in one array field. */
#define ASK_WITH(who, name, field, bytes, ...) do {			\
	struct msg_##name q_ = { .req = 9, __VA_ARGS__ };		\
	unsigned long was_ = mallocs;					\
	memcpy(q_.field, bytes, sizeof(q_.field));			\
	handshake_init(who);						\
	on_##name(&cryptod, &q_, NULL);					\
	ck_assert_uint_eq(mallocs, was_);				\
} while (0)

static void
read3(const struct key *who, uint32_t hs, const uint8_t *noise,
    const uint8_t *addr)
{
	struct msg_xk_read3 q = { .req = 9, .hs = hs };

	memcpy(q.noise, noise, sizeof(q.noise));
	memcpy(q.addr, addr, sizeof(q.addr));
	handshake_init(who);
	on_xk_read3(&cryptod, &q, NULL);
}

/* Do the keys of two sessions meet? */
static void
ck_twins(uint32_t x, uint32_t y, enum session_kind kind)
{
	const struct session *s = session_find(x, kind), *t = session_find(y, kind);

	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_nonnull(t);
	ck_assert_mem_eq(s->keys.send, t->keys.recv, 32);
	ck_assert_mem_eq(s->keys.recv, t->keys.send, 32);
}

static struct session *
first_of(const uint8_t addr[ADDR_LEN])
{
	struct session *of[SESSION_PER_ADDR];

	return session_of(addr, of) > 0 ? of[0] : NULL;
}

START_TEST(a_link_comes_up)
{
	struct msg_ik_msg1	m1;
	struct msg_ik_msg2	m2;
	uint32_t		who;

	ASK_WITH(&a, ik_start, pub, b.pub, );
	expect(MSG_IK_MSG1);
	m1 = got.ik_msg1;
	ASK_WITH(&b, ik_read1, noise, m1.noise, );
	expect(MSG_IK_WHO);
	ck_assert_mem_eq(got.ik_who.pub, a.pub, PUB_LEN);
	ck_assert_mem_eq(got.ik_who.epoch, a.epoch, EPOCH_LEN);
	who = got.ik_who.hs;
	ASK(&b, ik_answer, .hs = who);
	expect(MSG_IK_MSG2);
	m2 = got.ik_msg2;
	ASK_WITH(&a, ik_read2, noise, m2.noise, .hs = m1.hs);
	expect(MSG_IK_UP);
	ck_assert_mem_eq(got.ik_up.epoch, b.epoch, EPOCH_LEN);
	ck_twins(got.ik_up.session, m2.session, SESSION_LINK);
	ck_assert_mem_eq(session_find(m2.session, SESSION_LINK)->addr, a.addr, 16);
	ck_assert_uint_eq(hs_used(), 0);
	/* Both handles are dead now. */
	ASK(&b, ik_answer, .hs = who);
	expect_no(REFUSE_HS_HANDLE);
	ASK_WITH(&a, ik_read2, noise, m2.noise, .hs = m1.hs);
	expect_no(REFUSE_HS_HANDLE);
}
END_TEST

START_TEST(a_session_comes_up)
{
	struct msg_xk_msg1	m1;
	struct msg_xk_msg2	m2;
	struct msg_xk_msg3	m3;
	uint8_t			guess[PUB_LEN];

	memcpy(guess, b.pub, PUB_LEN);
	guess[0] = 2;
	ASK_WITH(&a, xk_start, pub, guess, );
	expect(MSG_XK_MSG1);
	m1 = got.xk_msg1;
	ASK_WITH(&b, xk_read1, noise, m1.noise, );
	expect(MSG_XK_MSG2);
	m2 = got.xk_msg2;
	ASK_WITH(&a, xk_read2, noise, m2.noise, .hs = m1.hs);
	expect(MSG_XK_MSG3);
	m3 = got.xk_msg3;
	ck_assert_mem_eq(m3.epoch, b.epoch, EPOCH_LEN);
	read3(&b, m2.hs, m3.noise, a.addr);
	expect(MSG_XK_UP);
	ck_assert_mem_eq(got.xk_up.pub, a.pub, PUB_LEN);
	ck_assert_mem_eq(got.xk_up.epoch, a.epoch, EPOCH_LEN);
	ck_twins(got.xk_up.session, m3.session, SESSION_INNER);
	ck_assert_ptr_eq(first_of(b.addr),
	    session_find(m3.session, SESSION_INNER));
	ck_assert_uint_eq(hs_used(), 0);
}
END_TEST

START_TEST(a_bad_message_can_be_followed_by_the_good_one)
{
	struct msg_xk_msg1	m1;
	struct msg_xk_msg2	m2;
	struct msg_xk_msg3	m3;

	ASK_WITH(&a, xk_start, pub, b.pub, );
	expect(MSG_XK_MSG1);
	m1 = got.xk_msg1;
	ASK_WITH(&b, xk_read1, noise, m1.noise, );
	expect(MSG_XK_MSG2);
	m2 = got.xk_msg2;
	m2.noise[50] ^= 1;
	ASK_WITH(&a, xk_read2, noise, m2.noise, .hs = m1.hs);
	expect_no(REFUSE_HS_AUTH);
	m2.noise[0] = 9;
	ASK_WITH(&a, xk_read2, noise, m2.noise, .hs = m1.hs);
	expect_no(REFUSE_HS_KEY);
	m2.noise[50] ^= 1;
	m2.noise[0] = 2;
	ASK_WITH(&a, xk_read2, noise, m2.noise, .hs = m1.hs);
	expect(MSG_XK_MSG3);
	m3 = got.xk_msg3;
	m3.noise[5] ^= 1;
	read3(&b, m2.hs, m3.noise, a.addr);
	expect_no(REFUSE_HS_AUTH);
	m3.noise[5] ^= 1;
	read3(&b, m2.hs, m3.noise, a.addr);
	expect(MSG_XK_UP);
}
END_TEST

START_TEST(a_key_speaks_for_its_own_address_only)
{
	struct msg_xk_msg1	m1;
	struct msg_xk_msg2	m2;
	struct msg_xk_msg3	m3;
	uint8_t			other[ADDR_LEN];
	int			i;

	ASK_WITH(&a, xk_start, pub, b.pub, );
	expect(MSG_XK_MSG1);
	m1 = got.xk_msg1;
	ASK_WITH(&b, xk_read1, noise, m1.noise, );
	expect(MSG_XK_MSG2);
	m2 = got.xk_msg2;
	ASK_WITH(&a, xk_read2, noise, m2.noise, .hs = m1.hs);
	expect(MSG_XK_MSG3);
	m3 = got.xk_msg3;
	for (i = 0; i < ADDR_LEN; i++) {
		memcpy(other, a.addr, ADDR_LEN);
		other[i] ^= 1;
		read3(&b, m2.hs, m3.noise, other);
		expect_no(REFUSE_HS_WRONG_PEER);
	}
	ck_assert_ptr_null(first_of(a.addr));
	read3(&b, m2.hs, m3.noise, a.addr);
	expect(MSG_XK_UP);
}
END_TEST

START_TEST(our_own_key_is_nobodys_peer)
{
	uint8_t			flipped[PUB_LEN], e[SEC_LEN], m[IK_MSG1_LEN];
	struct noise		n;
	const struct key	twin = a;

	memcpy(flipped, a.pub, PUB_LEN);
	flipped[0] ^= 1;
	ASK_WITH(&a, ik_start, pub, a.pub, );
	expect_no(REFUSE_HS_KEY);
	ASK_WITH(&a, xk_start, pub, flipped, );
	expect_no(REFUSE_HS_KEY);
	/* Another machine with our key dials us. */
	curve_random(e);
	ck_assert_int_eq(noise_ik_write1(&n, &twin, a.pub, e, m), REFUSE_NONE);
	ASK_WITH(&a, ik_read1, noise, m, );
	expect_no(REFUSE_LINK_SELF);
}
END_TEST

START_TEST(what_is_no_point_is_refused)
{
	uint8_t bad[PUB_LEN];

	memset(bad, 0xff, sizeof(bad));
	ASK_WITH(&a, ik_start, pub, bad, );
	expect_no(REFUSE_HS_KEY);
	ASK_WITH(&a, xk_start, pub, bad, );
	expect_no(REFUSE_HS_KEY);
	ASK_WITH(&a, xk_read1, noise, bad, );
	expect_no(REFUSE_HS_KEY);
	ck_assert_uint_eq(hs_used(), 0);
}
END_TEST

START_TEST(a_handle_of_another_step_is_no_handle)
{
	uint32_t ik, xk;

	ASK_WITH(&a, ik_start, pub, b.pub, );
	expect(MSG_IK_MSG1);
	ik = got.ik_msg1.hs;
	ASK_WITH(&a, xk_start, pub, b.pub, );
	expect(MSG_XK_MSG1);
	xk = got.xk_msg1.hs;
	ASK(&a, ik_answer, .hs = ik);
	expect_no(REFUSE_HS_HANDLE);
	ASK(&a, ik_read2, .hs = xk);
	expect_no(REFUSE_HS_HANDLE);
	ASK(&a, xk_read2, .hs = ik);
	expect_no(REFUSE_HS_HANDLE);
	ASK(&a, xk_read3, .hs = xk);
	expect_no(REFUSE_HS_HANDLE);
	ASK(&a, xk_read3, .hs = 1);
	expect_no(REFUSE_HS_HANDLE);
	ASK(&a, hs_drop, .hs = ik);
	ASK(&a, hs_drop, .hs = ik);
	ASK(&a, hs_drop, .hs = xk);
	ck_assert_uint_eq(hs_used(), 0);
	ASK(&a, session_drop, .session = 77);
}
END_TEST

START_TEST(a_full_table_is_said_and_forgotten)
{
	uint32_t hs = 0;
	int	 i;

	for (i = 0; i < HS_MAX; i++) {
		ASK_WITH(&a, xk_start, pub, b.pub, );
		expect(MSG_XK_MSG1);
		hs = got.xk_msg1.hs;
	}
	ASK_WITH(&a, xk_start, pub, b.pub, );
	expect_no(REFUSE_HS_FULL);
	ASK_WITH(&a, ik_start, pub, b.pub, );
	expect_no(REFUSE_HS_FULL);
	ASK(&a, hs_drop, .hs = hs);
	ASK_WITH(&a, xk_start, pub, b.pub, );
	expect(MSG_XK_MSG1);
}
END_TEST

/* Dials of peers that are not there must not keep sessions from beginning. */
START_TEST(all_that_netd_has_under_way_find_room_at_one_time)
{
	int i;

	for (i = 0; i < HS_LINKS; i++) {
		ASK_WITH(&a, ik_start, pub, b.pub, );
		expect(MSG_IK_MSG1);
	}
	for (i = 0; i < HS_SESSIONS; i++) {
		ASK_WITH(&a, xk_start, pub, b.pub, );
		expect(MSG_XK_MSG1);
	}
}
END_TEST

START_TEST(a_fifth_session_with_one_node_waits_for_a_free_place)
{
	struct msg_xk_msg1	m1;
	struct msg_xk_msg2	m2;
	struct noise_keys	k = { .send = { 1 } };
	uint32_t		s = 0;
	int			i;

	for (i = 0; i < SESSION_PER_ADDR; i++)
		s = session_new(SESSION_INNER, &k, b.pub);
	ASK_WITH(&a, xk_start, pub, b.pub, );
	expect(MSG_XK_MSG1);
	m1 = got.xk_msg1;
	ASK_WITH(&b, xk_read1, noise, m1.noise, );
	expect(MSG_XK_MSG2);
	m2 = got.xk_msg2;
	ASK_WITH(&a, xk_read2, noise, m2.noise, .hs = m1.hs);
	expect_no(REFUSE_SESSION_FULL);
	ASK(&a, session_drop, .session = s);
	ASK_WITH(&a, xk_read2, noise, m2.noise, .hs = m1.hs);
	expect(MSG_XK_MSG3);
}
END_TEST

#ifdef COUNT_MALLOC
START_TEST(the_count_of_mallocs_counts)
{
	unsigned long	 was = mallocs;
	void *volatile	 p = malloc(8);

	free(p);
	ck_assert_uint_eq(mallocs, was + 1);
}
END_TEST
#endif

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_link_comes_up);
	tcase_add_test(t, a_session_comes_up);
	tcase_add_test(t, a_bad_message_can_be_followed_by_the_good_one);
	tcase_add_test(t, a_key_speaks_for_its_own_address_only);
	tcase_add_test(t, our_own_key_is_nobodys_peer);
	tcase_add_test(t, what_is_no_point_is_refused);
	tcase_add_test(t, a_handle_of_another_step_is_no_handle);
	tcase_add_test(t, a_full_table_is_said_and_forgotten);
	tcase_add_test(t, all_that_netd_has_under_way_find_room_at_one_time);
	tcase_add_test(t, a_fifth_session_with_one_node_waits_for_a_free_place);
#ifdef COUNT_MALLOC
	tcase_add_test(t, the_count_of_mallocs_counts);
#endif
}
