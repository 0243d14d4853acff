/* room: common, with: conf_world -- hosts, peers.allow and peers.deny. */
#include "conf_world.h"

START_TEST(hosts_are_read_and_bad_lines_skipped)
{
	static const char text[] = "# c\n\n  Gate \t" NPUB_A "  \n"
	    "-x " NPUB_A "\nx- " NPUB_A "\na_b " NPUB_A "\n"
	    NPUB_B " " NPUB_A "\nx npub1q\nx\nx " NPUB_A " y\n"
	    "y " NPUB_A " # no comment here\n"
	    "two " NPUB_A "\r\nTWO " NPUB_B;
	struct conf_host *h;
	uint8_t a[32], b[32];
	unsigned n;

	ck_assert_int_eq(npub_decode(NPUB_A, a), 0);
	ck_assert_int_eq(npub_decode(NPUB_B, b), 0);
	nwarn = 0;
	warned[0] = '\0';
	conf_hosts("h", text, strlen(text), &h, &n, on_warn);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(h[0].name, "gate");
	ck_assert_mem_eq(h[0].pub, a, 32);
	ck_assert_str_eq(h[1].name, "two");
	ck_assert_mem_eq(h[1].pub, b, 32);
	ck_assert_uint_eq(nwarn, 8);
	ck_assert_ptr_nonnull(strstr(warned, "h:4: not a host name: '-x'"));
	free(h);
}
END_TEST

START_TEST(a_secret_in_hosts_is_not_shown)
{
	static const char text[] = "x " NSEC "\n" NSEC " " NPUB_A "\n";
	struct conf_host *h;
	unsigned n;

	warned[0] = '\0';
	conf_hosts("h", text, strlen(text), &h, &n, on_warn);
	ck_assert_uint_eq(n, 0);
	ck_assert(!leaks(warned));
	free(h);
}
END_TEST

static int
acl(const char *text, struct conf_acl **a, unsigned *n)
{
	struct conf *cf = load(PEER_AT("a:1") "    alias: bob\n");
	struct conf_host h = { "gate", { 7 } };
	int ret;

	err[0] = '\0';
	ret = conf_acl("p", text, strlen(text), 1, cf, &h, 1, a, n, err);
	conf_free(cf);
	return ret;
}

START_TEST(lists_take_npubs_names_and_all)
{
	struct conf_acl *a;
	uint8_t pub[32];
	unsigned n;

	ck_assert_int_eq(npub_decode(NPUB_A, pub), 0);
	ck_assert_int_eq(acl("# x\n" NPUB_B "# y\n BOB # z\ngate\nall\n", &a,
	    &n), 0);
	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(a[0].deny, 1);
	ck_assert_mem_eq(a[1].pub, pub, 32);
	ck_assert_uint_eq(a[2].pub[0], 7);
	ck_assert_uint_eq(a[3].all, 1);
	ck_assert_uint_eq(a[0].all, 0);
	free(a);
	ck_assert_int_eq(acl("", &a, &n), 0);
	ck_assert_uint_eq(n, 0);
	free(a);
}
END_TEST

START_TEST(half_a_list_is_no_list)
{
	struct conf_acl *a;
	unsigned n;

	ck_assert_int_eq(acl("bob\nnobody\n", &a, &n), -1);
	ck_assert_str_eq(err, "p:2: 'nobody' is neither an npub nor a known "
	    "name");
	ck_assert_int_eq(acl("bob gate\n", &a, &n), -1);
	ck_assert_ptr_nonnull(strstr(err, "p:1: one npub"));
	ck_assert_int_eq(acl(NSEC "\n", &a, &n), -1);
	ck_assert(!leaks(err));
	ck_assert_int_eq(acl("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", &a,
	    &n), -1);
	ck_assert_ptr_null(a);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, hosts_are_read_and_bad_lines_skipped);
	tcase_add_test(t, a_secret_in_hosts_is_not_shown);
	tcase_add_test(t, lists_take_npubs_names_and_all);
	tcase_add_test(t, half_a_list_is_no_list);
}
