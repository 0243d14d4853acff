/* room: netd, with: link_world -- peers of the configuration: dialled, and again. */
#include "../../netd/link_hs.h"
#include "link_world.h"

/* The first dial of a peer of the configuration, which had no room. */
static struct link_retry
dialled_in_vain(void)
{
	struct link_retry	v;
	union msg_any		m;

	set_up();
	link_conf_peer(0, addr_of(0x20), 1, 1);
	link_conf_addr(0, "1", 2121, 100);
	link_start();
	link_tick();
	expect(MSG_IK_START, &m);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_FULL), 1);
	ck_assert_int_eq(link_retry_view(0, &v), 0);
	return v;
}

START_TEST(a_configured_peer_is_dialled_again_with_back_off)
{
	struct link_retry	v;
	union msg_any		m;

	v = dialled_in_vain();
	ck_assert_uint_eq(v.count, 1);
	ck_assert_uint_eq(v.after_ms, 10000);
	later(11000);
	expect(MSG_IK_START, &m);
	ck_assert_int_eq(link_hs_no(m.req, REFUSE_HS_FULL), 1);
	ck_assert_int_eq(link_retry_view(0, &v), 0);
	ck_assert_uint_eq(v.after_ms, 20000);
}
END_TEST

/* Nor does it count against the peer what somebody replays in its name. */
START_TEST(a_link_that_nobody_proved_puts_no_dial_off)
{
	struct link_retry	v;
	uint64_t		after_ms;

	v = dialled_in_vain();
	after_ms = v.after_ms;
	ck_assert(inbound(&away, 1, 0x20, 1, 501));
	peer_lose(peer_find(addr_of(0x20)));
	ck_assert_int_eq(link_retry_view(0, &v), 0);
	ck_assert_uint_eq(v.count, 1);
	ck_assert_uint_eq(v.after_ms, after_ms);
}
END_TEST

/* By hand too, at an address or at a name that is found later. */
START_TEST(a_link_that_nobody_proved_keeps_nobody_from_dialling)
{
	const char	*host = _i == 0 ? "1" : "box.example";
	union msg_any	 m;

	set_up();
	ck_assert(inbound(&away, 1, 0x80, 1, 501));
	ck_assert_ptr_null(link_connect(addr_of(0x80), host, 2121, -1));
	if (_i == 1)
		resolving(resolving_for, host, &home, 1);
	expect(MSG_IK_START, &m);
}
END_TEST

/* Hundreds of them may be gone, with several addresses each. */
static unsigned
dial_many(void)
{
	struct msg_ik_msg1	m1 = { .hs = 99 };
	struct endpoint		there = away;
	union msg_any		m;
	unsigned		n;

	for (n = 0; hs_may_dial(); n++) {
		there.port++;
		ck_assert_int_eq(hs_dial(pub_of(n % 64), addr_of(n % 64),
		    &there, 0, 0), 0);
		expect(MSG_IK_START, &m);
		m1.req = m.req;
		on_ik_msg1(&netd.cryptod, &m1, NULL);
	}
	return n;
}

START_TEST(dials_of_the_configuration_leave_room_for_who_knocks)
{
	set_up();
	ck_assert_uint_ge(dial_many(), 200);
	ck_assert(inbound(&home, 1, 0x20, 1, 501));
	ck_assert_int_eq(rekey_begin(peer_find(addr_of(0x20))), 0);
}
END_TEST

/* By an address, or a name that is found when there is no room any more. */
START_TEST(a_dial_that_finds_no_room_is_not_held_against_the_peer)
{
	const char		*host = _i == 0 ? "1" : "box.example";
	struct link_retry	v;
	union msg_any		m;
	enum msg_type		t;

	set_up();
	netd.conf[CONF_RETRY_BASE] = 300;
	link_conf_peer(0, addr_of(0xf0), 1, 1);
	link_conf_addr(0, host, 2121, 100);
	if (_i == 0)
		dial_many();
	link_start();
	link_tick();
	if (_i == 1) {
		dial_many();
		resolving(resolving_for, host, &away, 1);
	}
	ck_assert(is_quiet());
	ck_assert_int_eq(link_retry_view(0, &v), -1);
	later(netd.conf[CONF_HS_TIMEOUT] * 1000 + 2000);
	if (_i == 1)
		resolving(resolving_for, host, &away, 1);
	while ((t = heard(&m)) != MSG_IK_START)
		ck_assert_int_ne(t, MSG_NONE);
	ck_assert_mem_eq(m.ik_start.pub + 1, addr_of(0xf0), NADDR_LEN);
}
END_TEST

/* Those that cryptod is at are as many as may be: so it is with them. */
START_TEST(a_dial_that_cryptod_has_no_time_for_is_not_held_against_the_peer)
{
	struct link_retry	v;
	struct endpoint		there = away;
	unsigned		n;

	set_up();
	link_conf_peer(0, addr_of(0xf0), 1, 1);
	link_conf_addr(0, "1", 2121, 100);
	for (n = 0; hs_may_dial(); n++) {
		there.port++;
		ck_assert_int_eq(hs_dial(pub_of(n), addr_of(n), &there, 0, 0), 0);
	}
	ck_assert_uint_lt(n, 200);
	link_start();
	link_tick();
	ck_assert_int_eq(link_retry_view(0, &v), -1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, a_configured_peer_is_dialled_again_with_back_off);
	tcase_add_test(t, a_link_that_nobody_proved_puts_no_dial_off);
	tcase_add_loop_test(t, a_link_that_nobody_proved_keeps_nobody_from_dialling, 0, 2);
	tcase_add_test(t, dials_of_the_configuration_leave_room_for_who_knocks);
	tcase_add_loop_test(t, a_dial_that_finds_no_room_is_not_held_against_the_peer,
	    0, 2);
	tcase_add_test(t, a_dial_that_cryptod_has_no_time_for_is_not_held_against_the_peer);
}
