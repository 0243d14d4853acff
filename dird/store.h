/*
 * store.h -- append-only segments in one folder. It knows records, not what
 * they mean. Nothing is ever rewritten, truncated, renamed or removed, so the
 * folder and its files can carry the file system's append-only flag.
 *
 * store_append() remembers, store_commit() writes everything remembered with
 * one write and one fdatasync; only then may anybody be told. After an error
 * the store is read-only: what was committed stays readable, the rest of that
 * commit never happened.
 */
#ifndef STORE_H
#define STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "why.h"

#define STORE_RECORD_MAX	(1u << 17)	/* payload bytes */
#define STORE_SEGMENT_MAX	(1u << 23)	/* a new segment is begun here */
#define STORE_BATCH_MAX		(1u << 22)	/* bytes between two commits */

enum record_kind {
	REC_ENTRY = 1,	/* an entry of the journal */
	REC_AUDIT,	/* an entry of the local audit stream */
	REC_SKIP,	/* u64 from, u64 to: bytes of this segment that a crash left */
	REC_HEAD,	/* an own checkpoint, as it was signed */
	REC_SEEN,	/* a checkpoint of another log that we cosigned */
	REC_SPLIT,	/* proof that an author or a log showed two histories */
	REC_PULLS,	/* how far we are in others' journals; the newest counts */
	REC_COSIGNED,	/* what others cosigned of ours; the newest counts */
	REC_KINDS
};

struct record {
	enum record_kind kind;
	uint64_t	 number;	/* of the record, from 0, over all segments */
	uint64_t	 where;		/* for store_read() */
	const uint8_t	*data;
	size_t		 len;
};

/* The two calls that can fail; tests put others in their place. */
struct store_io {
	ssize_t	(*write)(int, const void *, size_t);
	int	(*sync)(int);
};

struct store;

/*
 * All good records of one segment, in order; valid during the call only.
 * -1 ends the scan.
 */
typedef int	(*store_records)(void *arg, const struct record *, size_t n);

/* What a scan found besides records. */
struct store_found {
	uint64_t	records, skipped;	/* skipped: bytes of torn tails */
	uint32_t	segments;
	uint64_t	torn_from, torn_to;	/* of the last segment; equal if whole */
	uint64_t	last_size;
};

/*
 * Reads every segment of a folder. -1 with reason and place at the first byte
 * that no crash explains, or when fn says so.
 */
int	store_scan(int dir, store_records fn, void *arg,
	    struct store_found *, struct because *);
/*
 * Scans, then opens the folder for appending; dir stays the caller's. A torn
 * tail is stepped over and the step recorded. io NULL: the kernel's own.
 * NULL if the folder is damaged. If it can only be read, store_is_readonly().
 */
struct store *store_open(int dir, const struct store_io *io, store_records fn,
	    void *arg, struct because *);
/* For store_read() alone: nothing is looked at, nothing is ever written. */
struct store *store_look(int dir);
void	store_close(struct store *);
int	store_is_readonly(const struct store *);
/* errno of what made it read-only, or 0. */
int	store_error(const struct store *);
/* 0 and where the record will be, or -1: read-only, or too much uncommitted. */
int	store_append(struct store *, enum record_kind, const void *data,
	    size_t len, uint64_t *where);
/* 0 once everything appended is on the disk, or -1 and nothing of it counts. */
int	store_commit(struct store *);
size_t	store_pending(const struct store *);	/* bytes not yet committed */
/* Payload length of a committed record, checked, copied to buf; or -1. */
ssize_t	store_read(struct store *, uint64_t where, void *buf, size_t cap);

#endif
