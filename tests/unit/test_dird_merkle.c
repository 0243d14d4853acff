/* room: dird -- the tree against RFC 6962's own words, every proof of every size. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "merkle.h"
#include "suite.h"

enum { N = 70 };
static uint8_t leaf[N][HASH_LEN];
static struct merkle *m;

/* MTH of RFC 6962, 2.1, word for word. */
static void
mth(unsigned from, unsigned to, uint8_t out[HASH_LEN])
{
	uint8_t l[HASH_LEN], r[HASH_LEN];
	unsigned k = 1;

	if (to - from == 1) {
		memcpy(out, leaf[from], HASH_LEN);
		return;
	}
	while (k * 2 < to - from)
		k *= 2;
	mth(from, from + k, l);
	mth(from + k, to, r);
	merkle_node(l, r, out);
}

static void
setup(void)
{
	uint8_t i;

	m = merkle_new();
	for (i = 0; i < N; i++) {
		merkle_leaf(&i, 1, leaf[i]);
		ck_assert_int_eq(merkle_add(m, leaf[i]), 0);
	}
}

static void
teardown(void)
{
	merkle_free(m);
}

/* The test vector that every CT implementation carries. */
START_TEST(roots_are_those_of_the_known_vectors)
{
	static const char *const data[] = { "", "00", "10", "2021", "3031",
	    "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f" };
	static const char *const roots[] = {
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" };
	struct merkle *t = merkle_new();
	uint8_t raw[16], h[HASH_LEN];
	char hex[65];
	size_t i, n;

	for (i = 0; i <= 8; i++) {
		ck_assert_int_eq(merkle_root(t, i, h), 0);
		sodium_bin2hex(hex, sizeof(hex), h, sizeof(h));
		ck_assert_str_eq(hex, roots[i]);
		if (i == 8)
			break;
		sodium_hex2bin(raw, sizeof(raw), data[i], strlen(data[i]), NULL,
		    &n, NULL);
		merkle_leaf(raw, n, h);
		merkle_add(t, h);
	}
	merkle_free(t);
}
END_TEST

START_TEST(every_root_is_what_the_definition_says)
{
	uint8_t want[HASH_LEN], have[HASH_LEN];
	unsigned n;

	for (n = 1; n <= N; n++) {
		mth(0, n, want);
		ck_assert_int_eq(merkle_root(m, n, have), 0);
		ck_assert_mem_eq(want, have, HASH_LEN);
	}
	ck_assert_int_eq(merkle_root(m, N + 1, have), -1);
}
END_TEST

START_TEST(every_inclusion_proof_holds_and_no_bent_one_does)
{
	struct proof p, q;
	uint8_t root[HASH_LEN];
	unsigned n, i, k;

	for (n = 1; n <= N; n++) {
		merkle_root(m, n, root);
		for (i = 0; i < n; i++) {
			ck_assert_int_eq(merkle_inclusion(m, i, n, &p), 0);
			ck_assert_int_eq(inclusion_check(&p, i, n, leaf[i], root), 0);
			ck_assert_int_eq(inclusion_check(&p, i, n,
			    leaf[(i + 1) % N], root), -1);
			ck_assert_int_eq(inclusion_check(&p, n, n, leaf[i], root), -1);
			for (k = 0; k < p.n; k++) {
				q = p;
				q.hash[k][7] ^= 1;
				ck_assert_int_eq(inclusion_check(&q, i, n, leaf[i],
				    root), -1);
			}
			q = p;
			q.n++;
			memset(q.hash[p.n], 0, HASH_LEN);
			ck_assert_int_eq(inclusion_check(&q, i, n, leaf[i], root), -1);
			if (p.n > 0) {
				q.n = p.n - 1;
				ck_assert_int_eq(inclusion_check(&q, i, n, leaf[i],
				    root), -1);
			}
		}
		ck_assert_int_eq(merkle_inclusion(m, n, n, &p), -1);
	}
}
END_TEST

START_TEST(every_consistency_proof_holds_and_no_bent_one_does)
{
	uint8_t root[HASH_LEN], old_root[HASH_LEN];
	struct proof p, q;
	unsigned n, o, k;

	for (n = 1; n <= N; n++) {
		merkle_root(m, n, root);
		for (o = 0; o <= n; o++) {
			merkle_root(m, o, old_root);
			ck_assert_int_eq(merkle_consistency(m, o, n, &p), 0);
			ck_assert_int_eq(consistency_check(&p, o, n, old_root,
			    root), 0);
			for (k = 0; k < p.n; k++) {
				q = p;
				q.hash[k][0] ^= 0x80;
				ck_assert_int_eq(consistency_check(&q, o, n,
				    old_root, root), -1);
			}
			if (o > 0 && o < n) {
				old_root[3] ^= 1;
				ck_assert_int_eq(consistency_check(&p, o, n,
				    old_root, root), -1);
			}
		}
		ck_assert_int_eq(merkle_consistency(m, n + 1, n, &p), -1);
	}
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, roots_are_those_of_the_known_vectors);
	tcase_add_test(t, every_root_is_what_the_definition_says);
	tcase_add_test(t, every_inclusion_proof_holds_and_no_bent_one_does);
	tcase_add_test(t, every_consistency_proof_holds_and_no_bent_one_does);
}
