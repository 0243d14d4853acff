/* room: dird */
/*
 * fuzz_kept.c -- what dird keeps beside its journal over a restart: how far the
 * pulls were, and what others cosigned. A good record, overwritten as the input
 * says, and the input as a record. Laws: what is known of peers after that is
 * written and read back the same; of cosignatures nothing counts but the one
 * line that was signed.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dird_author.h"
#include "cosigned.h"
#include "dird.h"
#include "log.h"
#include "notary.h"
#include "source.h"
#include "wire.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct a_author	founder;
static char		good[NOTE_LINE], junk[NOTE_LINE];	/* lines */
static size_t		good_len, junk_len;

static void
found(void)
{
	static struct a_raw r;
	struct because b;
	struct entry e;
	enum why why;

	a_author(&founder, 1);
	a_say(&founder, OBJ_GENESIS, a_genesis(&founder, 1), &r);
	if (entry_read(r.p, r.len, &e, &b) == -1 ||
	    journal_append(dird.journal, &e, 1, &why) != 1)
		abort();
}

static size_t
line(const char *name, enum note_alg alg, const uint8_t *sig, size_t len,
    char out[NOTE_LINE])
{
	struct note_key key;
	ssize_t n;

	if ((alg == NOTE_COSIGNATURE ? notary_key(founder.did, founder.pub,
	    &key) : note_key_make(name, alg, founder.pub, &key)) == -1 ||
	    (n = note_line(&key, sig, len, out, NOTE_LINE)) == -1)
		abort();
	return (size_t)n;
}

/* Our newest checkpoint, what a witness says of it, and what somebody else does. */
static void
sign(void)
{
	uint8_t root[HASH_LEN], sig[64], when[72], msg[2048];
	char note[2048];
	ssize_t n, m;

	merkle_root(dird.journal->tree, dird.journal->n, root);
	n = checkpoint_write("fuzz.test/log", dird.journal->n, root, note, 1024);
	if (n == -1 || (m = cosignature_message((struct span){ note, (size_t)n },
	    A_TIME, msg, sizeof(msg))) == -1)
		abort();
	crypto_sign_detached(sig, NULL, msg, (size_t)m, founder.sec);
	cosignature_pack(A_TIME, sig, when);
	good_len = line(NULL, NOTE_COSIGNATURE, when, sizeof(when), good);
	crypto_sign_detached(sig, NULL, (uint8_t *)note, (size_t)n, founder.sec);
	junk_len = line("junk.test", NOTE_ED25519, sig, sizeof(sig), junk);
	note[n++] = '\n';
	n += (ssize_t)line("fuzz.test/log", NOTE_ED25519, sig, sizeof(sig),
	    note + n);
	if (journal_head(dird.journal, note, (size_t)n) == -1)
		abort();
}

static void
begin(void)
{
	char folder[] = "/tmp/bastide-fuzz-XXXXXX";
	struct because b;

	log_init("dird", "off");
	json_object_seed(1);
	if (entry_init() == -1 || mkdtemp(folder) == NULL)
		abort();
	dird.folder = open(folder, O_RDONLY | O_DIRECTORY);
	dird.journal = journal_open(dird.folder, NULL, NULL, NULL,
	    CHECK_HASHES, &b);
	if (dird.journal == NULL)
		abort();
	found();
	sign();
	/* The segment is open; nothing is left behind. */
	unlinkat(dird.folder, "0000000000.seg", 0);
	rmdir(folder);
}

/* Two others' cosignatures; more: with a line of somebody else behind them. */
static size_t
cosigned(uint8_t *out, size_t cap, int more)
{
	struct wr w = wr_init(out, cap);
	uint8_t pub[32];
	int i;

	for (i = 1; i <= 2; i++) {
		memset(pub, i, sizeof(pub));
		wr_bytes(&w, pub, sizeof(pub));
		wr_bytes(&w, founder.did, DID_LEN);
		wr_uint(&w, dird.journal->head.size, 8, 1, UINT64_MAX);
		wr_uint(&w, good_len + (more ? junk_len : 0), 2, 1,
		    NOTE_LINE - 1);
		wr_bytes(&w, good, good_len);
		wr_bytes(&w, junk, more ? junk_len : 0);
	}
	if (wr_len(&w) == -1)
		abort();
	return (size_t)wr_len(&w);
}

/* How far we were with three others. */
static size_t
pulls(uint8_t *out, size_t cap)
{
	uint8_t pub[32];
	struct source *s;
	unsigned i;

	for (i = 1; i <= 3; i++) {
		memset(pub, (int)i, sizeof(pub));
		if ((s = source_add(pub, 0)) == NULL)
			continue;
		s->listed = 1;
		s->from = 1000 * i;
		s->last_seen = A_TIME;
	}
	return source_write(out, cap, 1);
}

/* Three bytes a change: where, and what instead. How much is left of it. */
static size_t
change(uint8_t *p, size_t n, const uint8_t *in, size_t len)
{
	size_t k;

	for (k = 0; k + 3 <= len && k < 60; k += 3)
		p[get_le16(in + k) % n] = in[k + 2];
	return len % 3 == 1 ? n - in[len - 1] % n : n;
}

static void
look_at_pulls(const uint8_t *p, size_t n)
{
	static uint8_t one[STORE_RECORD_MAX], two[STORE_RECORD_MAX];
	unsigned i;

	source_read(p, n);
	for (i = 0; i < source_count(); i++)
		source_at(i)->listed = 1;
	n = source_write(one, sizeof(one), 1);
	if (n == 0 || source_read(one, n) == -1 ||
	    source_write(two, sizeof(two), 1) != n || memcmp(one, two, n) != 0)
		abort();
	/* Whoever comes with the next input has a place. */
	for (i = 0; i < source_count(); i++)
		source_at(i)->listed = 0;
}

static void
look_at_cosigned(const uint8_t *p, size_t n)
{
	const char *have;

	cosigned_read(p, n);
	for (have = cosigned_lines(); *have != '\0'; have += good_len)
		if (strncmp(have, good, good_len) != 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t rec[STORE_RECORD_MAX];
	size_t n;

	if (dird.journal == NULL)
		begin();
	look_at_pulls(in, len);
	look_at_cosigned(in, len);
	if (len == 0)
		return 0;
	n = pulls(rec, sizeof(rec));
	look_at_pulls(rec, change(rec, n, in + 1, len - 1));
	n = cosigned(rec, sizeof(rec), in[0] & 1);
	look_at_cosigned(rec, change(rec, n, in + 1, len - 1));
	return 0;
}
