/*
 * journal.h -- store, chain, tree and view as one: what a node keeps. Opening
 * it replays it; appending changes the four together, after the sync.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "chain.h"
#include "entry.h"
#include "merkle.h"
#include "note.h"
#include "store.h"
#include "view.h"

/* What the store has beside entries and own checkpoints. */
struct keepsake {
	enum record_kind kind;
	char		*data;
	size_t		 len;
};

struct journal {
	struct store	*store;
	struct merkle	*tree;
	struct view	*view;
	uint64_t	*where;		/* of each entry, by number */
	uint64_t	 n, room;	/* entries */
	uint8_t		 chain[CHAIN_LEN];
	uint8_t		(*mark)[CHAIN_LEN];	/* chain before each JOURNAL_MARKth */
	struct checkpoint head;		/* newest own one */
	char		*note;		/* as it was signed; NULL: none yet */
	size_t		 note_len;
	struct keepsake	*kept;		/* of other logs, in order */
	uint64_t	 nkept;
	struct keepsake	 pulls, cosigned;	/* newest of each; data NULL: none */
	uint64_t	 skipped;	/* steps over torn tails */
	int		 dir;
	int		 lost;		/* memory failed, or the disk and then did not read */
	char		 root[DID_LEN + 1];
};

#define JOURNAL_MARK	1024

/* How much of an existing journal is verified when it is opened. */
enum journal_checks { CHECK_HASHES, CHECK_ALL };

/*
 * root: did of the founder, or NULL. key: the log's own, to check its newest
 * checkpoint; NULL leaves it out. CHECK_HASHES checks checksums, chain, tree
 * against that checkpoint, and the signatures after it; CHECK_ALL every
 * signature. NULL, with reason and place.
 */
struct journal *journal_open(int dir, const struct store_io *, const char *root,
		    const struct note_key *key, enum journal_checks,
		    struct because *);
/*
 * What is good of a journal that does not open: everything before the first
 * place that is broken, to be read only. Every signature of it is checked. NULL
 * if even that does not fit its checkpoint.
 */
struct journal *journal_salvage(int dir, const char *root,
		    const struct note_key *key);
/*
 * Everything of a journal is checked and nothing is written: 0, or -1 with
 * reason and place, which begins with the number of the first broken entry.
 */
struct journal_found {
	uint64_t	entries, head;	/* in the journal, in its newest checkpoint */
	uint64_t	skipped;	/* torn tails that were stepped over */
	uint8_t		chain[CHAIN_LEN], root[HASH_LEN];
};
int	journal_check(int dir, const struct note_key *key,
	    struct journal_found *, struct because *);
void	journal_close(struct journal *);
/*
 * A batch of raw entries, checked and verified before (entry_check,
 * entry_verify): admits each, keeps what it may, syncs once. why[i] is WHY_OK
 * or the reason for entry i. Entries kept, or -1 when the disk failed: then
 * the journal is read-only and holds what was committed, nothing of the rest.
 */
ssize_t	journal_append(struct journal *, const struct entry *, size_t n,
	    enum why *why);
/* An own checkpoint, signed, onto the disk. 0 or -1. */
int	journal_head(struct journal *, const char *note, size_t len);
/* Entry n's raw bytes; length or -1. */
ssize_t	journal_read(struct journal *, uint64_t n, void *buf, size_t cap);
/* The chain of hashes before entry n. 0, or -1: no such place, or the disk. */
int	journal_chain(struct journal *, uint64_t n, uint8_t chain[CHAIN_LEN]);

/*
 * entry_check() and entry_verify() for many, on at most `threads` cores. The view
 * (NULL: there is none) has the keys of authors whose entries are kept; entries of
 * a batch may rely on a Genesis or Join before them in it. now: unix seconds, 0
 * leaves the clock out. why[i] as above.
 */
void	verify_batch(const struct view *, const struct span *raw, size_t n,
	    int64_t now, unsigned threads, struct entry *out, enum why *why);

#endif
