/*
 * test_dird_say.c -- own entries while peers send some, too. cryptod and the
 * room's state are the test's own; the journal is a real one. room: dird
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dird_author.h"
#include "dird.h"
#include "import.h"
#include "log.h"
#include "say.h"
#include "sign.h"
#include "suite.h"

struct dird dird;

static char		folder[64];
static struct a_author	self;
static struct entry	draft;		/* under way at cryptod */
static sign_done	signed_;
static void		*signed_arg;
static struct a_raw	raw;
static unsigned		kept;		/* of what was said */
static enum why		last_why;

/* -- what say.c and import.c meet --------------------------------------------- */

int64_t dird_now(void) { return A_TIME + 100; }
enum why state_writable(void) { return WHY_OK; }
void state_changed(void) { }

int
sign_entry(const struct entry *e, sign_done done, void *arg)
{
	draft = *e;
	signed_ = done;
	signed_arg = arg;
	return 0;
}

/* cryptod answers what it was asked first. */
static void
sign(void)
{
	sign_done done = signed_;
	uint8_t sig[SIG_LEN];

	ck_assert(done != NULL);
	signed_ = NULL;
	crypto_sign_detached(sig, NULL, draft.raw, draft.len - SIG_LEN,
	    self.sec);
	done(signed_arg, sig, REFUSE_NONE);
}

/* -- the test ------------------------------------------------------------------ */

static void
on_said(void *arg, const struct entry *e, uint64_t n, const struct because *b)
{
	(void)arg, (void)n;
	kept += e != NULL;
	last_why = b->why;
}

static void
say_name(const char *name)
{
	say(OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name", name, "did",
	    self.did), on_said, NULL);
}

/* What another has of this node, as a line of its journal. */
static enum why
hand_over(void)
{
	static char line[2 * ENTRY_MAX];
	struct import *im = import_new();
	struct because b = { WHY_OK, "" };
	uint8_t chain[CHAIN_LEN] = { 0 };
	struct entry e;
	enum why why;
	ssize_t n;

	ck_assert_int_eq(entry_read(raw.p, raw.len, &e, &b), 0);
	n = entry_line(&e, chain, line, sizeof(line) - 1);
	ck_assert_int_gt(n, 0);
	line[n] = '\n';
	ck_assert_int_eq(import_read(im, line, (size_t)n + 1, NULL, &b), 0);
	ck_assert_int_eq(import_take(im), 0);
	why = im->why[0];
	free(im);
	return why;
}

static void
setup(void)
{
	struct because b = { WHY_OK, "" };

	ck_assert_int_eq(entry_init(), 0);
	log_init("dird", "off");
	snprintf(folder, sizeof(folder), "/tmp/bastide-say-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	dird.folder = open(folder, O_RDONLY | O_DIRECTORY);
	dird.journal = journal_open(dird.folder, NULL, NULL, NULL, CHECK_ALL,
	    &b);
	ck_assert_msg(dird.journal != NULL, "%s: %s", why_text(b.why), b.place);
	a_author(&self, 1);
	memcpy(dird.did, self.did, sizeof(dird.did));
	memcpy(dird.dir_pub, self.pub, KEY_LEN);
	dird.has_key = 1;
	dird.adopted = 0;
	kept = 0;
	a_say(&self, OBJ_GENESIS, a_genesis(&self, 1), &raw);
	ck_assert_int_eq(hand_over(), WHY_OK);
	dird.adopted = 0;
}

static void
teardown(void)
{
	char cmd[128];

	journal_close(dird.journal);
	close(dird.folder);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	ck_assert_int_eq(system(cmd), 0);
}

static int
is_frozen(void)
{
	struct person p;

	view_person(dird.journal->view, self.did, &p);
	return p.frozen;
}

START_TEST(what_is_said_is_kept)
{
	say_name("one");
	say_name("two");
	sign();
	sign();
	ck_assert_uint_eq(kept, 2);
	ck_assert_uint_eq(dird.journal->n, 3);
	ck_assert_uint_eq(dird.adopted, 0);
}
END_TEST

/* The journal was set back to its Genesis; a peer has what came after it. */
START_TEST(an_entry_that_a_peer_overtook_is_not_kept)
{
	say_name("one");
	say_name("two");
	sign();
	a_say(&self, OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name", "older",
	    "did", self.did), &raw);
	ck_assert_int_eq(hand_over(), WHY_OK);
	ck_assert_uint_eq(dird.adopted, 1);
	sign();
	ck_assert_uint_eq(kept, 0);
	ck_assert_int_eq(last_why, WHY_PREV);
	ck_assert_int_eq(is_frozen(), 0);
	ck_assert_uint_eq(dird.journal->n, 2);
	/* Said again it follows what came. */
	say_name("one");
	sign();
	ck_assert_uint_eq(kept, 1);
	ck_assert_int_eq(is_frozen(), 0);
}
END_TEST

/* Who writes before it pulls is beyond help, and is seen to be. */
START_TEST(who_wrote_before_it_pulled_is_frozen)
{
	say_name("one");
	sign();
	ck_assert_uint_eq(kept, 1);
	a_say(&self, OBJ_NAME_BIND, json_pack("{s:s, s:s}", "name", "older",
	    "did", self.did), &raw);
	ck_assert_int_eq(hand_over(), WHY_OK);
	ck_assert_int_eq(is_frozen(), 1);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_said_is_kept);
	tcase_add_test(t, an_entry_that_a_peer_overtook_is_not_kept);
	tcase_add_test(t, who_wrote_before_it_pulled_is_frozen);
}
