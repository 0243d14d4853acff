/* room: netd -- the identity cache and the names of nodes. */
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "session.h"
#include "suite.h"

struct netd netd;

uint64_t
netd_clock(void)
{
	return ++netd.now_ms;
}

/* Whom a link stands to, and whom a session; how often somebody asked. */
static uint8_t linked[NADDR_LEN], talking[NADDR_LEN];
static int everybody_is_linked;
static unsigned looked;

struct peer *
peer_find(const uint8_t addr[NADDR_LEN])
{
	static struct peer p;

	looked++;
	return everybody_is_linked || memcmp(addr, linked, NADDR_LEN) == 0 ?
	    &p : NULL;
}

struct session *
session_find(const uint8_t addr[NADDR_LEN])
{
	static struct session s;

	return memcmp(addr, talking, NADDR_LEN) == 0 ? &s : NULL;
}

/* Key A and B of the wire document; B's parity is odd. */
static const char npub_a[] =
    "npub1sjlh2c3x9w7kjsqg2ay080n2lff2uvt325vpan33ke34rn8l5jcqawh57m";
static const char npub_b[] =
    "npub1tdwa4vjrjl33pcjdpf2t4p027nl86xrx24g4d3avg4vwvayr3g8qhd84le";
static const char addr_a[] = "69e08d65cc3a6b9c2c2ac4bd405e4b0e";
static uint8_t pub_a[32], pub_b[32];

static void
setup(void)
{
	memset(&netd, 0, sizeof(netd));
	netd.conf[CONF_CACHE_IDENTITY_SIZE] = 100;
	names_init();
	memset(linked, 0, sizeof(linked));
	memset(talking, 0, sizeof(talking));
	everybody_is_linked = 0;
	ck_assert_int_eq(npub_decode(npub_a, pub_a), 0);
	ck_assert_int_eq(npub_decode(npub_b, pub_b), 0);
}

static void
key(unsigned i, uint8_t pub33[33])
{
	memset(pub33, 0, 33);
	pub33[0] = 0x02;
	memcpy(pub33 + 1, &i, sizeof(i));
	pub33[32] = 1;
}

START_TEST(a_key_gives_the_address_of_the_wire_document)
{
	uint8_t addr[NADDR_LEN], want[NADDR_LEN];

	names_addr(pub_a, addr);
	ck_assert_int_eq(hex_decode(addr_a, want, NADDR_LEN), 0);
	ck_assert_mem_eq(addr, want, NADDR_LEN);
}
END_TEST

START_TEST(a_name_is_found_in_any_case)
{
	uint8_t pub[32];
	char up[] = "NPUB1SJLH2C3X9W7KJSQG2AY080N2LFF2UVT325VPAN33KE34RN8L5JCQAWH57M";

	names_add_peer(pub_a, "Alice");
	ck_assert_int_eq(names_lookup("aLICE", pub), 0);
	ck_assert_mem_eq(pub, pub_a, 32);
	ck_assert_int_eq(names_lookup(npub_b, pub), 0);
	ck_assert_mem_eq(pub, pub_b, 32);
	ck_assert_int_eq(names_lookup(up, pub), 0);
	up[3] = 'b';	/* a resolver that plays with letter case */
	ck_assert_int_eq(names_lookup(up, pub), 0);
	ck_assert_int_eq(names_lookup("", pub), -1);
	ck_assert_int_eq(names_lookup("bob", pub), -1);
	up[10] = 'q';
	ck_assert_int_eq(names_lookup(up, pub), -1);
}
END_TEST

START_TEST(the_hosts_file_wins_over_an_alias)
{
	uint8_t pub[32], addr[NADDR_LEN];
	char shown[64];

	names_add_host("box", pub_b);
	names_add_peer(pub_a, "box");
	ck_assert_int_eq(names_lookup("box", pub), 0);
	ck_assert_mem_eq(pub, pub_b, 32);
	names_add_peer(pub_b, "other");
	names_addr(pub_b, addr);
	names_display(addr, shown);
	ck_assert_str_eq(shown, "box");
	ck_assert_int_eq(names_lookup("other", pub), 0);
}
END_TEST

START_TEST(an_alias_then_a_host_of_that_name_moves_it)
{
	uint8_t pub[32], addr[NADDR_LEN];

	names_add_peer(pub_a, "box");
	names_add_host("box", pub_b);
	ck_assert_int_eq(names_lookup("box", pub), 0);
	ck_assert_mem_eq(pub, pub_b, 32);
	/* And back: what no longer leads to the peer is no name of it. */
	names_addr(pub_a, addr);
	ck_assert_ptr_null(names_alias(addr));
	names_addr(pub_b, addr);
	ck_assert_str_eq(names_alias(addr), "box");
}
END_TEST

START_TEST(display_falls_back_to_short_npub_then_hex)
{
	uint8_t addr[NADDR_LEN], pub33[33] = { 2 };
	char shown[64];

	names_addr(pub_a, addr);
	names_display(addr, shown);
	ck_assert_str_eq(shown, "69e08d65...");
	memcpy(pub33 + 1, pub_a, 32);
	names_learn(pub33);
	names_display(addr, shown);
	ck_assert_str_eq(shown, "npub1sjlh...h57m");
	ck_assert_ptr_null(names_alias(addr));
}
END_TEST

static int
is_known(unsigned i)
{
	uint8_t pub33[33], addr[NADDR_LEN];
	struct name_entry e;
	uint32_t order[128];
	unsigned n;

	key(i, pub33);
	names_addr(pub33 + 1, addr);
	names_order(order);
	for (n = 0; n < names_count(); n++) {
		names_entry(order[n], &e);
		if (memcmp(e.addr, addr, NADDR_LEN) == 0)
			return 1;
	}
	return 0;
}

static void
strangers(unsigned from, unsigned n)
{
	uint8_t pub33[33];

	while (n-- > 0) {
		netd.now_ms++;
		key(from++, pub33);
		names_learn(pub33);
	}
}

START_TEST(the_cache_is_bounded_and_the_oldest_stranger_goes)
{
	uint8_t pub33[33], got[33], addr[NADDR_LEN];
	unsigned i;

	names_add_peer(pub_a, "alice");
	for (i = 0; i < 1000; i++) {
		netd.now_ms++;
		key(i, pub33);
		names_learn(pub33);
		/* one that is asked for all the time stays */
		key(0, pub33);
		names_addr(pub33 + 1, addr);
		ck_assert_int_eq(names_by_prefix(addr, got, addr), 0);
	}
	ck_assert_uint_eq(names_count(), 100);
	names_addr(pub_a, addr);
	ck_assert_int_eq(names_by_prefix(addr, got, addr), 0);
	key(901, pub33);
	names_addr(pub33 + 1, addr);
	ck_assert_int_eq(names_by_prefix(addr, got, addr), -1);
	key(902, pub33);
	names_addr(pub33 + 1, addr);
	ck_assert_int_eq(names_by_prefix(addr, got, addr), 0);
}
END_TEST

START_TEST(strangers_displace_nothing_that_this_machine_asked_for)
{
	uint8_t pub33[33];
	unsigned i;

	for (i = 0; i < 50; i++) {
		key(i, pub33);
		if (i % 2 == 0)		/* it may have been met before */
			names_learn(pub33);
		names_ask(pub33);
		names_learn(pub33);	/* and proves itself afterwards */
	}
	strangers(1000, 1000);
	ck_assert_uint_eq(names_count(), 100);
	for (i = 0; i < 50; i++)
		ck_assert(is_known(i));
	ck_assert(is_known(1999));
	ck_assert(!is_known(1949));
}
END_TEST

START_TEST(strangers_displace_nobody_with_a_link_or_a_session)
{
	uint8_t pub33[33], addr[NADDR_LEN];

	key(0, pub33);
	names_learn(pub33);
	names_addr(pub33 + 1, linked);
	names_used(linked);
	key(1, pub33);
	names_addr(pub33 + 1, talking);
	names_used(talking);		/* not known yet */
	names_learn(pub33);
	strangers(1000, 1000);
	ck_assert_uint_eq(names_count(), 100);
	ck_assert(is_known(0));
	ck_assert(is_known(1));
	ck_assert(is_known(1902));
	/* They go when that has ended, like others. */
	memcpy(addr, linked, sizeof(addr));
	memset(linked, 0, sizeof(linked));
	names_used(addr);
	memcpy(addr, talking, sizeof(addr));
	memset(talking, 0, sizeof(talking));
	names_used(addr);
	strangers(2000, 101);
	ck_assert(!is_known(0));
	ck_assert(!is_known(1));
}
END_TEST

/* To look at a thousand of them took a third of a millisecond for one new key. */
START_TEST(a_new_key_looks_at_nobody_who_is_in_use)
{
	unsigned i;

	everybody_is_linked = 1;
	strangers(0, 100);
	looked = 0;
	strangers(1000, 1);
	ck_assert_uint_le(looked, 1);
	for (i = 0; i < 100; i++)
		ck_assert(is_known(i));
	everybody_is_linked = 0;
	looked = 0;
	strangers(2000, 1);
	ck_assert_uint_le(looked, 1);
	ck_assert(is_known(2000));
	ck_assert_uint_eq(names_count(), 102);
	strangers(2001, 1);
	ck_assert(!is_known(2000));
	ck_assert_uint_eq(names_count(), 102);
}
END_TEST

START_TEST(however_much_is_asked_for_strangers_find_room)
{
	uint8_t pub33[33];
	unsigned i;

	for (i = 0; i < 1000; i++) {
		key(i, pub33);
		names_ask(pub33);
	}
	ck_assert_uint_eq(names_count(), 100);
	for (i = 900; i < 1000; i++)
		ck_assert(is_known(i));
	strangers(1000, 50);
	ck_assert_uint_eq(names_count(), 100);
	for (i = 950; i < 1050; i++)
		ck_assert(is_known(i));
}
END_TEST

START_TEST(a_cache_smaller_than_what_is_configured_still_learns)
{
	uint8_t pub33[33];
	unsigned i;

	netd.conf[CONF_CACHE_IDENTITY_SIZE] = 1;
	names_add_peer(pub_a, "alice");
	names_add_peer(pub_b, "bob");
	for (i = 0; i < 10; i++) {
		key(i, pub33);
		names_ask(pub33);
		ck_assert(is_known(i));
		strangers(100 + i, 1);
		ck_assert(is_known(i));
		ck_assert(is_known(100 + i));
	}
	ck_assert_uint_le(names_count(), 4);
}
END_TEST

START_TEST(a_proven_parity_is_kept_against_a_guess)
{
	uint8_t pub33[33] = { 0x02 }, got[33], addr[NADDR_LEN];

	memcpy(pub33 + 1, pub_b, 32);
	names_learn(pub33);
	pub33[0] = 0x03;
	names_learn(pub33);
	pub33[0] = 0x02;
	names_learn(pub33);
	names_addr(pub_b, addr);
	ck_assert_int_eq(names_by_prefix(addr, got, addr), 0);
	ck_assert_uint_eq(got[0], 0x03);
}
END_TEST

START_TEST(the_list_shows_every_entry_once_newest_first)
{
	struct name_entry e, before;
	uint32_t order[101];
	uint8_t pub33[33];
	unsigned i;

	names_add_peer(pub_a, "alice");
	for (i = 0; i < 150; i++) {
		netd.now_ms++;
		key(i, pub33);
		names_learn(pub33);
	}
	names_add_peer(pub_b, "");
	ck_assert_uint_eq(names_count(), 101);
	names_order(order);
	before.seen_ms = UINT64_MAX;
	for (i = 0; i < 99; i++) {
		names_entry(order[i], &e);
		ck_assert(e.seen_ms < before.seen_ms);
		before = e;
	}
	names_entry(order[99], &e);
	ck_assert_mem_eq(e.pub33 + 1, pub_a, 32);
	names_entry(order[100], &e);
	ck_assert_mem_eq(e.pub33 + 1, pub_b, 32);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, a_key_gives_the_address_of_the_wire_document);
	tcase_add_test(t, a_name_is_found_in_any_case);
	tcase_add_test(t, the_hosts_file_wins_over_an_alias);
	tcase_add_test(t, an_alias_then_a_host_of_that_name_moves_it);
	tcase_add_test(t, display_falls_back_to_short_npub_then_hex);
	tcase_add_test(t, the_cache_is_bounded_and_the_oldest_stranger_goes);
	tcase_add_test(t, strangers_displace_nothing_that_this_machine_asked_for);
	tcase_add_test(t, strangers_displace_nobody_with_a_link_or_a_session);
	tcase_add_test(t, a_new_key_looks_at_nobody_who_is_in_use);
	tcase_add_test(t, however_much_is_asked_for_strangers_find_room);
	tcase_add_test(t, a_cache_smaller_than_what_is_configured_still_learns);
	tcase_add_test(t, a_proven_parity_is_kept_against_a_guess);
	tcase_add_test(t, the_list_shows_every_entry_once_newest_first);
}
