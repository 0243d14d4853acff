/* room: netd -- the .fips responder: names in questions, and whole queries. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <event2/event.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dns.h"
#include "dns_name.h"
#include "names.h"
#include "session.h"
#include "suite.h"

struct netd netd;

uint64_t
netd_clock(void)
{
	return ++netd.now_ms;
}

/* Nobody is near: what names.c wants to know of a name that could go. */
struct peer *peer_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }
struct session *session_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }

static const char npub_a[] =
    "npub1sjlh2c3x9w7kjsqg2ay080n2lff2uvt325vpan33ke34rn8l5jcqawh57m";
static const char npub_b[] =
    "npub1tdwa4vjrjl33pcjdpf2t4p027nl86xrx24g4d3avg4vwvayr3g8qhd84le";
static const char ip_a[] = "fd69:e08d:65cc:3a6b:9c2c:2ac4:bd40:5e4b";
static const char ptr_a[] = "b.4.e.5.0.4.d.b.4.c.a.2.c.2.c.9.b.6.a.3.c.c.5.6."
    "d.8.0.e.9.6.d.f.ip6.arpa";
static struct event_base *base;
static int client = -1;
static struct sockaddr_in6 server;

static void
setup(void)
{
	uint8_t pub[32];
	socklen_t len = sizeof(server);
	int fd;

	memset(&netd, 0, sizeof(netd));
	netd.conf[CONF_CACHE_IDENTITY_SIZE] = 100;
	netd.conf[CONF_DNS_TTL] = 300;
	names_init();
	ck_assert_int_eq(npub_decode(npub_b, netd.pub + 1), 0);
	netd.pub[0] = 3;
	names_addr(netd.pub + 1, netd.addr);
	mesh_addr(netd.addr, netd.ip6);
	ck_assert_int_eq(npub_decode(npub_a, pub), 0);
	names_add_peer(pub, "alice");

	memset(&server, 0, sizeof(server));
	server.sin6_family = AF_INET6;
	server.sin6_addr = in6addr_loopback;
	fd = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&server, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&server, &len), 0);
	base = event_base_new();
	dns_add(fd, ntohs(server.sin6_port));
	dns_start(base);
	client = socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(connect(client, (struct sockaddr *)&server, len), 0);
}

/* Bytes of the answer to these bytes, or -1. */
static ssize_t
ask_bytes(const void *q, size_t len, uint8_t answer[512])
{
	ck_assert_int_eq(send(client, q, len, 0), (ssize_t)len);
	event_base_loop(base, EVLOOP_ONCE);
	return recv(client, answer, 512, 0);
}

static ssize_t
ask(const char *name, int class, int type, uint8_t answer[512], ns_msg *m)
{
	uint8_t q[512];
	ssize_t n;
	int len;

	len = res_mkquery(ns_o_query, name, class, type, NULL, 0, NULL, q,
	    sizeof(q));
	ck_assert_int_gt(len, 0);
	n = ask_bytes(q, (size_t)len, answer);
	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(ns_initparse(answer, (int)n, m), 0);
	ck_assert_int_eq(ns_msg_id(*m), q[0] << 8 | q[1]);
	ck_assert_int_eq(ns_msg_getflag(*m, ns_f_aa), 1);
	return n;
}

static void
expect(const char *name, int class, int type, ns_rcode rcode, int answers)
{
	uint8_t answer[512];
	ns_msg m;

	ask(name, class, type, answer, &m);
	ck_assert_int_eq(ns_msg_getflag(m, ns_f_rcode), rcode);
	ck_assert_int_eq(ns_msg_count(m, ns_s_an), answers);
}

static void
expect_address(const char *name, const char *ip)
{
	uint8_t answer[512], want[16];
	ns_msg m;
	ns_rr rr;

	ask(name, ns_c_in, ns_t_aaaa, answer, &m);
	ck_assert_int_eq(ns_msg_getflag(m, ns_f_rcode), ns_r_noerror);
	ck_assert_int_eq(ns_msg_count(m, ns_s_an), 1);
	ck_assert_int_eq(ns_parserr(&m, ns_s_an, 0, &rr), 0);
	ck_assert_uint_eq(ns_rr_ttl(rr), 300);
	ck_assert_uint_eq(ns_rr_rdlen(rr), 16);
	ck_assert_str_eq(ns_rr_name(rr), name);
	inet_pton(AF_INET6, ip, want);
	ck_assert_mem_eq(ns_rr_rdata(rr), want, 16);
}

static void
expect_name(const char *reverse, const char *want)
{
	uint8_t answer[512];
	char name[NS_MAXDNAME];
	ns_msg m;
	ns_rr rr;

	ask(reverse, ns_c_in, ns_t_ptr, answer, &m);
	ck_assert_int_eq(ns_msg_count(m, ns_s_an), 1);
	ck_assert_int_eq(ns_parserr(&m, ns_s_an, 0, &rr), 0);
	ck_assert_int_gt(ns_name_uncompress(ns_msg_base(m), ns_msg_end(m),
	    ns_rr_rdata(rr), name, sizeof(name)), 0);
	ck_assert_str_eq(name, want);
}

START_TEST(kinds_of_names_are_told_apart)
{
	char name[DNS_LABEL_LEN + 1], long_name[80];
	uint8_t ip6[16], want[16];

	ck_assert_int_eq(dns_name("Alice.FiPs.", name, ip6), DNS_NAME);
	ck_assert_str_eq(name, "alice");
	ck_assert_int_eq(dns_name("fips", name, ip6), DNS_APEX);
	ck_assert_int_eq(dns_name("FIPS.", name, ip6), DNS_APEX);
	ck_assert_int_eq(dns_name("", name, ip6), DNS_OTHER);
	ck_assert_int_eq(dns_name(".", name, ip6), DNS_OTHER);
	ck_assert_int_eq(dns_name(".fips", name, ip6), DNS_OTHER);
	ck_assert_int_eq(dns_name("alicefips", name, ip6), DNS_OTHER);
	ck_assert_int_eq(dns_name("alice.fips.org", name, ip6), DNS_OTHER);
	memset(long_name, 'a', sizeof(long_name));
	strcpy(long_name + 63, ".fips");
	ck_assert_int_eq(dns_name(long_name, name, ip6), DNS_NAME);
	memset(long_name, 'a', sizeof(long_name));
	strcpy(long_name + 64, ".fips");
	ck_assert_int_eq(dns_name(long_name, name, ip6), DNS_OTHER);
	ck_assert_int_eq(dns_name(ptr_a, name, ip6), DNS_REVERSE);
	inet_pton(AF_INET6, ip_a, want);
	ck_assert_mem_eq(ip6, want, 16);
}
END_TEST

START_TEST(a_reverse_name_cut_or_bent_anywhere_is_not_ours)
{
	char name[DNS_LABEL_LEN + 1], bent[DNS_PTR_LEN + 1];
	uint8_t ip6[16];
	size_t i;

	for (i = 1; i < DNS_PTR_LEN; i++)
		ck_assert_int_eq(dns_name(ptr_a + i, name, ip6), DNS_OTHER);
	for (i = 0; i < 64; i++) {
		strcpy(bent, ptr_a);
		bent[i] = 'x';
		ck_assert_int_eq(dns_name(bent, name, ip6), DNS_OTHER);
	}
	strcpy(bent, ptr_a);
	bent[62] = 'e';		/* fe..: not the mesh */
	ck_assert_int_eq(dns_name(bent, name, ip6), DNS_OTHER);
}
END_TEST

START_TEST(a_reverse_name_encodes_back)
{
	char name[DNS_LABEL_LEN + 1], out[DNS_PTR_LEN + 1];
	uint8_t ip6[16];

	ck_assert_int_eq(dns_name(ptr_a, name, ip6), DNS_REVERSE);
	dns_reverse(ip6, out);
	ck_assert_str_eq(out, ptr_a);
}
END_TEST

START_TEST(only_what_the_mesh_delivers_is_from_the_mesh)
{
	uint8_t self[16] = { 0xfd, 1 }, other[16] = { 0xfd, 2 };
	uint8_t loop[16] = { [15] = 1 };

	ck_assert_int_eq(dns_from_mesh(other, self, self), 1);
	ck_assert_int_eq(dns_from_mesh(self, self, self), 0);
	ck_assert_int_eq(dns_from_mesh(loop, loop, self), 0);
	ck_assert_int_eq(dns_from_mesh(other, other, self), 0);
}
END_TEST

START_TEST(an_alias_and_an_npub_have_an_address)
{
	uint8_t pub33[33], addr[NADDR_LEN], ip6[16];
	char name[80];

	expect_address("alice.fips", ip_a);
	expect_address("aLiCe.Fips", ip_a);
	snprintf(name, sizeof(name), "%s.fips", npub_a);
	expect_address(name, ip_a);
	inet_pton(AF_INET6, ip_a, ip6);
	ck_assert_int_eq(names_by_prefix(ip6 + 1, pub33, addr), 0);
}
END_TEST

START_TEST(a_question_makes_a_stranger_known_and_others_do_not_undo_it)
{
	uint8_t pub33[33] = { 2 }, addr[NADDR_LEN], ip6[16];
	char npub[NPUB_LEN + 1], name[80], ip[INET6_ADDRSTRLEN];
	unsigned i;

	memset(pub33 + 1, 7, 32);
	npub_encode(pub33 + 1, npub);
	snprintf(name, sizeof(name), "%s.fips", npub);
	names_addr(pub33 + 1, addr);
	mesh_addr(addr, ip6);
	ck_assert_int_eq(names_by_prefix(addr, pub33, addr), -1);
	expect(name, ns_c_in, ns_t_a, ns_r_noerror, 0);
	ck_assert_int_eq(names_by_prefix(addr, pub33, addr), -1);
	inet_ntop(AF_INET6, ip6, ip, sizeof(ip));
	expect_address(name, ip);
	for (i = 0; i < 200; i++) {
		memcpy(pub33 + 1, &i, sizeof(i));
		names_learn(pub33);
	}
	ck_assert_int_eq(names_by_prefix(addr, pub33, addr), 0);
}
END_TEST

START_TEST(what_has_no_address_says_so)
{
	expect("alice.fips", ns_c_in, ns_t_a, ns_r_noerror, 0);
	expect("alice.fips", ns_c_in, ns_t_mx, ns_r_noerror, 0);
	expect("fips", ns_c_in, ns_t_soa, ns_r_noerror, 0);
	expect("bob.fips", ns_c_in, ns_t_aaaa, ns_r_nxdomain, 0);
	expect("npub1xyz.fips", ns_c_in, ns_t_aaaa, ns_r_nxdomain, 0);
	expect("www.alice.fips", ns_c_in, ns_t_aaaa, ns_r_nxdomain, 0);
	expect("alice.example", ns_c_in, ns_t_aaaa, ns_r_nxdomain, 0);
	expect("alice.fips", ns_c_chaos, ns_t_aaaa, ns_r_refused, 0);
}
END_TEST

START_TEST(known_addresses_have_names)
{
	char mine[DNS_PTR_LEN + 1], want[80];
	uint8_t ip6[16] = { 0xfd, 9 };

	expect_name(ptr_a, "alice.fips");
	dns_reverse(netd.ip6, mine);
	snprintf(want, sizeof(want), "%s.fips", npub_b);
	expect_name(mine, want);
	expect(ptr_a, ns_c_in, ns_t_txt, ns_r_noerror, 0);
	dns_reverse(ip6, mine);
	expect(mine, ns_c_in, ns_t_ptr, ns_r_nxdomain, 0);
}
END_TEST

START_TEST(a_query_cut_anywhere_is_counted_and_gets_no_answer)
{
	uint8_t q[512], answer[512];
	int len, i;

	len = res_mkquery(ns_o_query, "alice.fips", ns_c_in, ns_t_aaaa, NULL, 0,
	    NULL, q, sizeof(q));
	for (i = 0; i < len; i++) {
		ck_assert_int_eq(ask_bytes(q, (size_t)i, answer), -1);
		ck_assert_uint_eq(netd.refused[REFUSE_DNS_MALFORMED], i + 1);
	}
	expect_address("alice.fips", ip_a);
}
END_TEST

START_TEST(a_query_too_long_is_counted_and_gets_no_answer)
{
	uint8_t q[1500] = { 0 }, answer[512];
	int len;

	len = res_mkquery(ns_o_query, "alice.fips", ns_c_in, ns_t_aaaa, NULL, 0,
	    NULL, q, sizeof(q));
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(ask_bytes(q, 513, answer), -1);
	ck_assert_int_eq(ask_bytes(q, 1500, answer), -1);
	ck_assert_uint_eq(netd.refused[REFUSE_DNS_MALFORMED], 2);
}
END_TEST

START_TEST(an_answer_is_not_a_query)
{
	uint8_t q[512], answer[512];
	int len;

	len = res_mkquery(ns_o_query, "alice.fips", ns_c_in, ns_t_aaaa, NULL, 0,
	    NULL, q, sizeof(q));
	q[2] |= 0x80;
	ck_assert_int_eq(ask_bytes(q, (size_t)len, answer), -1);
	ck_assert_uint_eq(netd.refused[REFUSE_DNS_MALFORMED], 1);
}
END_TEST

START_TEST(a_dot_inside_a_label_is_malformed)
{
	static const uint8_t q[] = {
		0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, '.', 4, 'f', 'i', 'p',
		's', 0, 0, 28, 0, 1
	};
	uint8_t answer[512];

	ck_assert_int_eq(ask_bytes(q, sizeof(q), answer), -1);
	ck_assert_uint_eq(netd.refused[REFUSE_DNS_MALFORMED], 1);
	expect_address("alice.fips", ip_a);
}
END_TEST

START_TEST(another_operation_or_two_questions_are_malformed)
{
	uint8_t q[512], answer[512];
	int len;

	len = res_mkquery(ns_o_query, "alice.fips", ns_c_in, ns_t_aaaa, NULL, 0,
	    NULL, q, sizeof(q));
	q[2] |= 0x28;
	ck_assert_int_eq(ask_bytes(q, (size_t)len, answer), -1);
	q[2] &= 0x07;
	memcpy(q + len, q + 12, (size_t)len - 12);
	q[5] = 2;
	ck_assert_int_eq(ask_bytes(q, (size_t)len * 2 - 12, answer), -1);
	ck_assert_uint_eq(netd.refused[REFUSE_DNS_MALFORMED], 2);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, kinds_of_names_are_told_apart);
	tcase_add_test(t, a_reverse_name_cut_or_bent_anywhere_is_not_ours);
	tcase_add_test(t, a_reverse_name_encodes_back);
	tcase_add_test(t, only_what_the_mesh_delivers_is_from_the_mesh);
	tcase_add_test(t, an_alias_and_an_npub_have_an_address);
	tcase_add_test(t, a_question_makes_a_stranger_known_and_others_do_not_undo_it);
	tcase_add_test(t, what_has_no_address_says_so);
	tcase_add_test(t, known_addresses_have_names);
	tcase_add_test(t, a_query_cut_anywhere_is_counted_and_gets_no_answer);
	tcase_add_test(t, a_query_too_long_is_counted_and_gets_no_answer);
	tcase_add_test(t, an_answer_is_not_a_query);
	tcase_add_test(t, a_dot_inside_a_label_is_malformed);
	tcase_add_test(t, another_operation_or_two_questions_are_malformed);
}
