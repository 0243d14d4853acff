/*
 * test_dird_who.c -- whose NodeRecord is whose, in whatever order they are
 * asked for. The journal and the view are the test's own. room: dird
 */
#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "dird_author.h"
#include "suite.h"
#include "who.h"

enum { RECORDS = 300 };

struct dird dird;

static struct a_author	somebody;
static struct a_raw	raw;
static uint32_t		order[RECORDS];
static unsigned		records, reads, told, wrong;

/* The key that record number ref speaks of. */
static void
key(uint32_t ref, uint8_t pub[32])
{
	uint8_t n[4] = { (uint8_t)ref, (uint8_t)(ref >> 8), 1, 2 };

	crypto_generichash(pub, 32, n, sizeof(n), NULL, 0);
}

static json_t *
record(uint32_t ref)
{
	char npub[NPUB_LEN + 1], zeros[129];
	uint8_t pub[32];

	memset(zeros, '0', 128);
	zeros[128] = '\0';
	key(ref, pub);
	npub_encode(pub, npub);
	return json_pack("{s:s, s:s, s:s, s:s, s:[], s:s}", "node_id",
	    zeros + 96, "name", "box", "npub", npub, "mesh_address", "fd00::1", "endpoints",
	    "mesh_signature", zeros);
}

ssize_t
journal_read(struct journal *j, uint64_t n, void *buf, size_t cap)
{
	(void)j;
	reads++;
	a_author(&somebody, 1);
	a_say(&somebody, OBJ_NODE_RECORD, record((uint32_t)n), &raw);
	ck_assert_uint_le(raw.len, cap);
	memcpy(buf, raw.p, raw.len);
	return (ssize_t)raw.len;
}

void
view_each(struct view *v, enum item_class cls,
    void (*fn)(void *, const struct item *), void *arg)
{
	struct item it = { .cls = (uint8_t)cls };
	unsigned i;

	(void)v;
	for (i = 0; i < records; i++) {
		it.author = it.ref = order[i];
		fn(arg, &it);
	}
}

void
view_did(const struct view *v, uint32_t author, char did[DID_LEN + 1])
{
	(void)v;
	snprintf(did, DID_LEN + 1, "%u", author);
}

const struct item *
view_node(struct view *v, const char *did)
{
	(void)v, (void)did;
	return NULL;
}

static void
on_node(void *arg, const char *did, const uint8_t pub[32],
    const uint8_t ip6[16])
{
	uint8_t want[32];

	(void)arg, (void)ip6;
	key((uint32_t)atoi(did), want);
	wrong += memcmp(pub, want, 32) != 0;
	told++;
}

static void
shuffle(unsigned n)
{
	unsigned i, k;
	uint32_t t;

	for (i = n - 1; i > 0; i--) {
		k = (unsigned)random() % (i + 1);
		t = order[i];
		order[i] = order[k];
		order[k] = t;
	}
}

START_TEST(every_record_is_read_once_and_never_taken_for_another)
{
	static struct journal journal;
	unsigned i, known = 0;

	dird.journal = &journal;
	srandom(7);
	for (i = 0; i < RECORDS; i++)
		order[i] = i * 3;
	shuffle(RECORDS);
	/* They come one by one, and in any order each time. */
	for (records = 5; records <= RECORDS; records += 59) {
		shuffle(records);
		reads = told = 0;
		who_each(on_node, NULL);
		ck_assert_uint_eq(told, records);
		ck_assert_uint_eq(reads, records - known);
		known = records;
	}
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_test(t, every_record_is_read_once_and_never_taken_for_another);
}
