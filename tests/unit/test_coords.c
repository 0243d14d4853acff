/* room: netd */
/* test_coords.c -- distances, and what may and may not stay in the cache. */
#include <stdarg.h>
#include <stdlib.h>

#include "../../netd/coords.h"
#include "suite.h"

static const uint8_t A[16] = { 0x69, 0xe0 }, B[16] = { 0x8e, 0x30 };
static const uint8_t C[16] = { 0x10 }, D[16] = { 0x20 };

static struct coords
path(unsigned n, ...)
{
	struct coords c = { .n = (uint16_t)n };
	va_list	      ap;
	unsigned      i;

	va_start(ap, n);
	for (i = 0; i < n; i++)
		memcpy(c.addr[i], va_arg(ap, const uint8_t *), 16);
	va_end(ap);
	return c;
}

/* A node with number i under root C. */
static struct coords
place(unsigned i, unsigned depth)
{
	struct coords c = { .n = (uint16_t)(depth + 1) };
	unsigned      k;

	for (k = 0; k <= depth; k++) {
		memset(c.addr[k], 0xee, 16);
		c.addr[k][1] = (uint8_t)k;
		put_le32(c.addr[k] + 4, i);
	}
	memcpy(c.addr[depth], C, 16);
	return c;
}

static struct coords_cache *
cache(unsigned proven, unsigned hearsay)
{
	struct coords_cfg cfg = { .max = { proven, hearsay }, .ttl_ms = 300000,
	    .age_max_ms = 600000, .givers = 4, .per_giver = hearsay };
	struct coords_cache *cc = coords_new(&cfg);

	ck_assert_ptr_nonnull(cc);
	return cc;
}

START_TEST(distance_is_up_to_the_common_ancestor_and_down)
{
	struct coords ca = path(2, A, C), cb = path(2, B, C), c = path(1, C);
	struct coords d = path(3, D, A, C), other = path(1, D), none = { 0 };

	ck_assert_uint_eq(coords_distance(&ca, &cb), 2);	/* Appendix A */
	ck_assert_uint_eq(coords_distance(&ca, &c), 1);
	ck_assert_uint_eq(coords_distance(&d, &cb), 3);
	ck_assert_uint_eq(coords_distance(&d, &d), 0);
	ck_assert_uint_eq(coords_distance(&ca, &other), COORDS_FAR);
	ck_assert_uint_eq(coords_distance(&ca, &none), COORDS_FAR);
}
END_TEST

START_TEST(a_place_starts_with_its_node_and_ends_at_the_smallest)
{
	struct coords good = path(3, B, A, C), high = path(2, C, A);
	struct coords twice = path(4, B, A, B, C), none = { 0 };

	ck_assert_int_eq(coords_check(&good, B), 0);
	ck_assert_int_eq(coords_check(&good, A), -1);
	ck_assert_int_eq(coords_check(&high, C), -1);
	ck_assert_int_eq(coords_check(&twice, B), -1);
	ck_assert_int_eq(coords_check(&none, B), -1);
}
END_TEST

START_TEST(every_depth_comes_back_as_it_went_in)
{
	struct coords_cache *cc = cache(100, 100);
	struct coords_entry  e;
	struct coords	     c;
	unsigned	     d;

	for (d = 0; d < COORDS_MAX; d++) {
		c = place(d, d);
		ck_assert_int_eq(coords_put(cc, c.addr[0], &c, COORDS_PROVEN, 0,
		    1280, 1), 0);
		ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, 1, &e), 0);
		ck_assert(coords_equal(&c, &e.path));
		ck_assert_uint_eq(e.path_mtu, 1280);
	}
	coords_free(cc);
}
END_TEST

START_TEST(a_full_cache_gives_up_what_was_not_used)
{
	struct coords_cache *cc = cache(10, 10);
	struct coords_entry  e;
	struct coords	     c;
	unsigned	     i;

	for (i = 0; i < 1000; i++) {
		c = place(i, 1 + i % 40);
		ck_assert_int_eq(coords_put(cc, c.addr[0], &c, COORDS_PROVEN, 0,
		    0, i), 0);
		c = place(0, 1);
		ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, i, &e), 0);
		ck_assert_uint_le(coords_count(cc, COORDS_PROVEN), 10);
	}
	coords_free(cc);
}
END_TEST

START_TEST(strangers_displace_nothing_that_was_proven)
{
	struct coords_cache *cc = cache(10, 10);
	struct coords_entry  e;
	struct coords	     c, lie;
	unsigned	     i;

	for (i = 0; i < 10; i++) {
		c = place(i, 2);
		coords_put(cc, c.addr[0], &c, COORDS_PROVEN, 0, 0, 1);
	}
	for (i = 0; i < 5000; i++) {
		lie = place(i, 5);
		memcpy(lie.addr[0], place(i, 2).addr[0], 16);
		ck_assert_int_eq(coords_put(cc, lie.addr[0], &lie,
		    COORDS_HEARSAY, 1, 0, 2), i < 10);
	}
	ck_assert_uint_eq(coords_count(cc, COORDS_PROVEN), 10);
	ck_assert_uint_eq(coords_count(cc, COORDS_HEARSAY), 10);
	for (i = 0; i < 10; i++) {
		c = place(i, 2);
		ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, 3, &e), 0);
		ck_assert_int_eq(e.source, COORDS_PROVEN);
		ck_assert(coords_equal(&c, &e.path));
	}
	coords_free(cc);
}
END_TEST

START_TEST(what_was_said_last_leads_what_passes)
{
	struct coords_cache *cc = cache(4, 4);
	struct coords_entry  e, p;
	struct coords	     c = place(1, 2), moved = place(1, 3);

	memcpy(moved.addr[0], c.addr[0], 16);
	coords_put(cc, c.addr[0], &c, COORDS_PROVEN, 0, 0, 1);
	coords_get(cc, c.addr[0], 1, 1, &p);
	ck_assert_int_eq(p.source, COORDS_PROVEN);
	/* The same again changes nothing; another place is thought over. */
	ck_assert_int_eq(coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 2), 0);
	ck_assert(coords_still(cc, p.ref, p.stamp, 2));
	ck_assert_int_eq(coords_put(cc, c.addr[0], &moved, COORDS_HEARSAY, 1, 0, 3), 1);
	ck_assert(!coords_still(cc, p.ref, p.stamp, 3));
	coords_get(cc, c.addr[0], 1, 3, &e);
	ck_assert(coords_equal(&e.path, &moved));
	coords_get(cc, c.addr[0], COORDS_OURS, 3, &p);
	ck_assert(coords_equal(&p.path, &c));
	ck_assert_int_eq(coords_put(cc, c.addr[0], &moved, COORDS_HEARSAY, 1, 0, 3), 1);
	ck_assert(coords_still(cc, p.ref, p.stamp, 3));
	/* It says what was proven: the other place is forgotten. */
	ck_assert_int_eq(coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 4), 0);
	ck_assert(!coords_still(cc, e.ref, e.stamp, 4));
	coords_get(cc, c.addr[0], 1, 4, &e);
	ck_assert_int_eq(e.source, COORDS_PROVEN);
	/* And a new proof ends the matter too. */
	coords_put(cc, c.addr[0], &moved, COORDS_HEARSAY, 1, 0, 5);
	coords_put(cc, c.addr[0], &moved, COORDS_PROVEN, 0, 0, 6);
	ck_assert_uint_eq(coords_count(cc, COORDS_HEARSAY), 0);
	coords_free(cc);
}
END_TEST

START_TEST(who_lies_about_a_place_leads_astray_what_it_brings_and_nothing_else)
{
	struct coords_cache *cc = cache(4, 4);
	struct coords_entry  e, was;
	struct coords	     c = place(1, 2), lie = place(1, 3);

	memcpy(lie.addr[0], c.addr[0], 16);
	/* Before the other has said anything, it is all that is known. */
	coords_put(cc, c.addr[0], &lie, COORDS_HEARSAY, 2, 0, 1);
	ck_assert_int_eq(coords_get(cc, c.addr[0], 1, 1, &e), 0);
	ck_assert(coords_equal(&e.path, &lie));
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 2);
	ck_assert(!coords_still(cc, e.ref, e.stamp, 2));
	ck_assert_int_eq(coords_get(cc, c.addr[0], 1, 2, &was), 0);
	ck_assert(coords_equal(&was.path, &c));
	coords_put(cc, c.addr[0], &lie, COORDS_HEARSAY, 2, 0, 3);
	ck_assert(coords_still(cc, was.ref, was.stamp, 3));
	ck_assert_int_eq(coords_get(cc, c.addr[0], 1, 3, &e), 0);
	ck_assert(coords_equal(&e.path, &c));
	ck_assert_int_eq(coords_get(cc, c.addr[0], 2, 3, &e), 0);
	ck_assert(coords_equal(&e.path, &lie));
	/* Who said nothing gets what was said last, or what was proven. */
	ck_assert_int_eq(coords_get(cc, c.addr[0], 3, 3, &e), 0);
	ck_assert(coords_equal(&e.path, &lie));
	coords_put(cc, c.addr[0], &c, COORDS_PROVEN, 0, 0, 4);
	coords_put(cc, c.addr[0], &lie, COORDS_HEARSAY, 2, 0, 5);
	ck_assert_int_eq(coords_get(cc, c.addr[0], 1, 5, &e), 0);
	ck_assert_int_eq(e.source, COORDS_PROVEN);
	/* What it said is gone with age: the last to have spoken is heard. */
	coords_del(cc, c.addr[0], 1);
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 6);
	coords_put(cc, c.addr[0], &lie, COORDS_HEARSAY, 2, 0, 200000);
	ck_assert_int_eq(coords_get(cc, c.addr[0], 1, 300006, &e), 0);
	ck_assert(coords_equal(&e.path, &lie));
	coords_del(cc, c.addr[0], 0);
	ck_assert_uint_eq(coords_count(cc, COORDS_HEARSAY), 0);
	coords_free(cc);
}
END_TEST

START_TEST(one_giver_fills_its_own_part_only)
{
	struct coords_cfg cfg = { .max = { 4, 100 }, .ttl_ms = 1000,
	    .age_max_ms = 1000, .givers = 4, .per_giver = 20 };
	struct coords_cache *cc = coords_new(&cfg);
	struct coords_entry  e;
	struct coords	     c;
	unsigned	     i;

	for (i = 0; i < 10; i++) {
		c = place(i, 3);
		coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 1);
	}
	for (i = 100; i < 9000; i++) {
		c = place(i, 3);
		coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 2, 0, 1);
	}
	ck_assert_uint_eq(coords_count(cc, COORDS_HEARSAY), 30);
	for (i = 0; i < 10; i++)
		ck_assert_int_eq(coords_get(cc, place(i, 3).addr[0], COORDS_OURS, 2, &e), 0);
	c = place(1, 3);
	ck_assert_int_eq(coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 4, 0, 1),
	    -1);
	coords_free(cc);
}
END_TEST

START_TEST(hearsay_ages_however_much_it_is_used_or_told)
{
	struct coords_cache *cc = cache(4, 4);
	struct coords_entry  e;
	struct coords	     c = place(1, 2), p = place(2, 2);
	uint64_t	     t;

	coords_put(cc, p.addr[0], &p, COORDS_PROVEN, 0, 0, 0);
	for (t = 0; t < 600000; t += 1000) {
		coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, t);
		ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, t, &e), 0);
		ck_assert_int_eq(coords_get(cc, p.addr[0], COORDS_OURS, t, &e), 0);
	}
	ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, t, &e), -1);
	ck_assert_int_eq(coords_get(cc, p.addr[0], COORDS_OURS, t, &e), 0);
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, t);
	ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, t, &e), 0);
	/* Not used for the whole ttl: gone, proven or not. */
	ck_assert_int_eq(coords_get(cc, p.addr[0], COORDS_OURS, t + 300000, &e), -1);
	coords_free(cc);
}
END_TEST

START_TEST(a_stamp_holds_until_the_entry_says_something_else)
{
	struct coords_cache *cc = cache(4, 4);
	struct coords_entry  e, f;
	struct coords	     c = place(1, 2), moved = place(1, 3);
	struct coords	     x = place(9, 2);

	memcpy(moved.addr[0], c.addr[0], 16);
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 1);
	coords_get(cc, c.addr[0], COORDS_OURS, 1, &e);
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 2);
	coords_put(cc, x.addr[0], &x, COORDS_HEARSAY, 2, 0, 2);
	ck_assert(coords_still(cc, e.ref, e.stamp, 3));
	coords_put(cc, c.addr[0], &moved, COORDS_HEARSAY, 1, 0, 3);
	ck_assert(!coords_still(cc, e.ref, e.stamp, 3));
	coords_get(cc, c.addr[0], COORDS_OURS, 3, &f);
	/* The proof comes, the rumour goes. */
	coords_put(cc, c.addr[0], &c, COORDS_PROVEN, 0, 0, 4);
	ck_assert(!coords_still(cc, f.ref, f.stamp, 4));
	ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, 4, &f), 0);
	ck_assert(coords_still(cc, f.ref, f.stamp, 5));
	coords_del(cc, c.addr[0], 0);
	ck_assert(coords_still(cc, f.ref, f.stamp, 5));
	coords_del(cc, c.addr[0], 1);
	ck_assert(!coords_still(cc, f.ref, f.stamp, 5));
	ck_assert(!coords_still(cc, UINT32_MAX, 1, 5));
	coords_free(cc);
}
END_TEST

/* A node that goes back to where it was is told of by who told of it before. */
START_TEST(a_hop_by_the_last_word_ends_when_somebody_else_has_it)
{
	struct coords_cache *cc = cache(4, 4);
	struct coords_entry  e, own;
	struct coords	     c = place(1, 2), moved = place(1, 3);

	memcpy(moved.addr[0], c.addr[0], 16);
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 1);
	coords_put(cc, c.addr[0], &moved, COORDS_HEARSAY, 2, 0, 2);
	coords_get(cc, c.addr[0], COORDS_OURS, 2, &e);
	coords_get(cc, c.addr[0], 2, 2, &own);
	ck_assert_uint_eq(e.giver, 2);
	ck_assert(coords_still(cc, e.ref, e.stamp, 2));
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 3);
	ck_assert(!coords_still(cc, e.ref, e.stamp, 3));
	coords_get(cc, c.addr[0], COORDS_OURS, 3, &e);
	ck_assert(coords_equal(&e.path, &c));
	ck_assert(coords_still(cc, e.ref, e.stamp, 3));
	/* What 2 brings goes by its own word, whoever has the last one. */
	ck_assert(coords_still(cc, own.ref, own.stamp, 3));
	coords_free(cc);
}
END_TEST

START_TEST(the_last_word_is_anothers_when_who_had_it_lost_its_place)
{
	struct coords_cfg cfg = { .max = { 4, 100 }, .ttl_ms = 1000,
	    .age_max_ms = 1000, .givers = 4, .per_giver = 1 };
	struct coords_cache *cc = coords_new(&cfg);
	struct coords_entry  e;
	struct coords	     c = place(1, 2), x = place(9, 2);

	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 1, 0, 1);
	coords_put(cc, c.addr[0], &c, COORDS_HEARSAY, 2, 0, 2);
	coords_get(cc, c.addr[0], COORDS_OURS, 2, &e);
	coords_put(cc, x.addr[0], &x, COORDS_HEARSAY, 2, 0, 3);
	ck_assert(!coords_still(cc, e.ref, e.stamp, 3));
	ck_assert_int_eq(coords_get(cc, c.addr[0], COORDS_OURS, 3, &e), 0);
	ck_assert_uint_eq(e.giver, 1);
	ck_assert(coords_still(cc, e.ref, e.stamp, 3));
	coords_free(cc);
}
END_TEST

START_TEST(a_change_of_ours_drops_what_it_made_wrong)
{
	struct coords_cache *cc = cache(8, 8);
	struct coords_entry  e;
	struct coords	     via = path(3, B, A, C), side = path(2, D, C);
	static const uint8_t E[16] = { 0x40 }, F[16] = { 0x30 };
	struct coords	     other = path(2, E, F);

	coords_put(cc, B, &via, COORDS_PROVEN, 0, 0, 1);
	coords_put(cc, D, &side, COORDS_HEARSAY, 0, 0, 1);
	coords_put(cc, E, &other, COORDS_HEARSAY, 0, 0, 1);
	coords_drop_via(cc, A);
	ck_assert_int_eq(coords_get(cc, B, COORDS_OURS, 1, &e), -1);
	ck_assert_int_eq(coords_get(cc, D, COORDS_OURS, 1, &e), 0);
	coords_drop_other_roots(cc, C);
	ck_assert_int_eq(coords_get(cc, D, COORDS_OURS, 1, &e), 0);
	ck_assert_int_eq(coords_get(cc, E, COORDS_OURS, 1, &e), -1);
	coords_free(cc);
}
END_TEST

START_TEST(what_is_told_after_a_change_of_ours_stays)
{
	struct coords_cache *cc = cache(8, 8);
	struct coords_entry  e, f;
	struct coords	     via = path(3, B, A, C), side = path(2, D, C);

	coords_put(cc, B, &via, COORDS_PROVEN, 0, 1300, 1);
	coords_put(cc, D, &side, COORDS_PROVEN, 0, 1300, 1);
	ck_assert_int_eq(coords_get(cc, D, COORDS_OURS, 1, &f), 0);
	coords_drop_via(cc, A);
	ck_assert_int_eq(coords_view(cc, COORDS_PROVEN, 0, 1, &e), -1);
	/* What it knew besides went with it; hearsay is not measured by it. */
	ck_assert_int_eq(coords_put(cc, B, &side, COORDS_HEARSAY, 0, 0, 1), -1);
	side = path(2, B, C);
	ck_assert_int_eq(coords_put(cc, B, &side, COORDS_HEARSAY, 0, 0, 1), 0);
	coords_put(cc, B, &via, COORDS_PROVEN, 0, 0, 1);
	ck_assert_int_eq(coords_get(cc, B, COORDS_OURS, 1, &e), 0);
	ck_assert_uint_eq(e.path_mtu, 0);
	ck_assert(coords_still(cc, f.ref, f.stamp, 1));
	ck_assert(coords_still(cc, e.ref, e.stamp, 1));
	coords_drop_via(cc, A);
	ck_assert(!coords_still(cc, e.ref, e.stamp, 1));
	ck_assert(coords_still(cc, f.ref, f.stamp, 1));
	coords_free(cc);
}
END_TEST

/* However late somebody looks, and whoever looked in between. */
START_TEST(a_root_that_comes_back_brings_no_places_back)
{
	static const uint8_t E[16] = { 0x40 }, F[16] = { 0x05 };
	struct coords_cache *cc = cache(8, 8);
	struct coords_entry  e;
	struct coords	     at = path(2, D, C), seen = path(2, A, C);
	struct coords	     early = path(2, E, F);

	coords_drop_other_roots(cc, C);
	coords_put(cc, D, &at, COORDS_PROVEN, 0, 0, 1);
	coords_put(cc, A, &seen, COORDS_PROVEN, 0, 0, 1);
	coords_put(cc, E, &early, COORDS_HEARSAY, 0, 0, 1);
	coords_drop_other_roots(cc, C);
	ck_assert_int_eq(coords_get(cc, A, COORDS_OURS, 1, &e), 0);
	coords_drop_other_roots(cc, F);
	coords_drop_other_roots(cc, C);
	ck_assert_int_eq(coords_get(cc, D, COORDS_OURS, 1, &e), -1);
	ck_assert_int_eq(coords_get(cc, A, COORDS_OURS, 1, &e), -1);
	ck_assert_int_eq(coords_get(cc, E, COORDS_OURS, 1, &e), -1);
	coords_put(cc, D, &at, COORDS_PROVEN, 0, 0, 1);
	coords_drop_via(cc, B);
	coords_drop_other_roots(cc, C);
	ck_assert_int_eq(coords_get(cc, D, COORDS_OURS, 1, &e), 0);
	coords_free(cc);
}
END_TEST

/* A walk through a full cache took 3 ms, and a peer could ask for one by moving. */
START_TEST(a_change_of_ours_looks_at_no_entry)
{
	struct coords_cache *cc = cache(64, 64);
	uint64_t	     ages = 0;
	unsigned	     i;
	struct coords	     at;

	for (i = 0; i < 50; i++) {
		at = place(i, 2);
		coords_put(cc, at.addr[0], &at, COORDS_PROVEN, 0, 0, 1);
	}
	coords_drop_other_roots(cc, D);
	ck_assert_uint_eq(coords_count(cc, COORDS_PROVEN), 50);
	ck_assert_uint_eq(coords_fresh(cc, COORDS_PROVEN, 1, &ages), 0);
	coords_free(cc);
}
END_TEST

START_TEST(ten_thousand_places_are_small)
{
	struct coords_cfg cfg = { .max = { 10000, 4096 }, .ttl_ms = 1,
	    .givers = 256, .per_giver = 512 };
	struct coords_cache *cc = coords_new(&cfg);

	ck_assert_uint_lt(coords_mem(cc), 6 * 1024 * 1024);
	coords_free(cc);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, distance_is_up_to_the_common_ancestor_and_down);
	tcase_add_test(t, a_place_starts_with_its_node_and_ends_at_the_smallest);
	tcase_add_test(t, every_depth_comes_back_as_it_went_in);
	tcase_add_test(t, a_full_cache_gives_up_what_was_not_used);
	tcase_add_test(t, what_was_said_last_leads_what_passes);
	tcase_add_test(t, strangers_displace_nothing_that_was_proven);
	tcase_add_test(t, who_lies_about_a_place_leads_astray_what_it_brings_and_nothing_else);
	tcase_add_test(t, one_giver_fills_its_own_part_only);
	tcase_add_test(t, hearsay_ages_however_much_it_is_used_or_told);
	tcase_add_test(t, a_stamp_holds_until_the_entry_says_something_else);
	tcase_add_test(t, a_hop_by_the_last_word_ends_when_somebody_else_has_it);
	tcase_add_test(t, the_last_word_is_anothers_when_who_had_it_lost_its_place);
	tcase_add_test(t, a_change_of_ours_drops_what_it_made_wrong);
	tcase_add_test(t, what_is_told_after_a_change_of_ours_stays);
	tcase_add_test(t, a_root_that_comes_back_brings_no_places_back);
	tcase_add_test(t, a_change_of_ours_looks_at_no_entry);
	tcase_add_test(t, ten_thousand_places_are_small);
}
