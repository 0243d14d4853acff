/*
 * store.c -- the folder: which segments there are, appending to the last, and
 * what happens when the disk says no. Files are opened through the folder's
 * descriptor only, O_APPEND, and never in any other way for writing.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crew.h"
#include "segment.h"
#include "wire.h"

#define NAME_LEN	16	/* "0000000001.seg" */
#define FILE_MAX	(STORE_SEGMENT_MAX + STORE_BATCH_MAX + (1u << 20))
#define GAP_MAX		1024	/* segments that can be missing in a row and be missed */
#define OFFSET_MASK	((UINT64_C(1) << 40) - 1)

struct store {
	int		 dir, fd;
	struct store_io	 io;
	int		 readonly, error;
	uint32_t	 segment;	/* the one at fd */
	uint8_t		 salt[SEGMENT_SALT];
	uint64_t	 size;		/* of it, committed */
	uint64_t	 next;		/* number of the next committed record */
	uint8_t		*buf;
	size_t		 len;
	uint32_t	 behind;	/* records in buf */
	int		 read_fd;
	uint32_t	 read_segment;
	uint8_t		 read_salt[SEGMENT_SALT];
};

static const struct store_io kernel = { write, fdatasync };

static void
name_of(uint32_t segment, char name[NAME_LEN])
{
	snprintf(name, NAME_LEN, "%010u.seg", segment);
}

/* A whole file; the caller frees. NULL: b says why; ENOENT is no reason. */
static uint8_t *
slurp(int dir, uint32_t segment, size_t *len, struct because *b)
{
	char name[NAME_LEN];
	uint8_t *p = NULL;
	struct stat st;
	ssize_t n = 1;
	int fd;

	b->why = WHY_OK;
	name_of(segment, name);
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		if (errno != ENOENT)
			because(b, WHY_IO, "%s: %s", name, strerror(errno));
		return NULL;
	}
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_size > FILE_MAX) {
		because(b, WHY_SEGMENT, "%s: no segment", name);
		goto out;
	}
	p = malloc((size_t)st.st_size + 1);
	if (p == NULL) {
		because(b, WHY_FULL, "memory");
		goto out;
	}
	for (*len = 0; *len < (size_t)st.st_size && n > 0; *len += (size_t)n) {
		n = read(fd, p + *len, (size_t)st.st_size - *len);
		if (n == -1)
			break;
	}
	if (n == -1) {
		because(b, WHY_IO, "%s: %s", name, strerror(errno));
		free(p);
		p = NULL;
	}
out:
	close(fd);
	return p;
}

/* A later segment shows that a missing one was there, even if some are gone. */
static int
has_later(int dir, uint32_t segment)
{
	char name[NAME_LEN];
	struct stat st;
	uint32_t i;

	for (i = 1; i <= GAP_MAX; i++) {
		name_of(segment + i, name);
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return 1;
	}
	return 0;
}

/*
 * A segment whose head is not whole: the crash came while it was begun, and
 * nothing was ever committed to it. Its number stays used.
 */
static int
is_stillborn(const uint8_t *p, size_t len, uint32_t segment, uint64_t next)
{
	uint8_t salt[SEGMENT_SALT];
	struct because b;

	return len <= SEGMENT_HEAD &&
	    segment_head_read(p, len, segment, next, salt, &b) == -1;
}

/* One segment, read and taken apart: on another core, while the one before is used. */
struct load {
	int			 dir;
	uint32_t		 segment;
	uint64_t		 next;	/* record: the first, then the one after the last */
	enum { ABSENT, STILLBORN, WHOLE, BROKEN } what;
	uint8_t			*p;
	size_t			 len, n;
	struct record		*rec;
	struct store_found	 f;	/* of this one alone */
	struct because		 b;
};

static void
load(void *arg)
{
	struct load *l = arg;

	l->rec = NULL;
	l->n = 0;
	memset(&l->f, 0, sizeof(l->f));
	l->p = slurp(l->dir, l->segment, &l->len, &l->b);
	if (l->p == NULL) {
		l->what = l->b.why == WHY_OK ? ABSENT : BROKEN;
		if (l->what == ABSENT && has_later(l->dir, l->segment)) {
			l->what = BROKEN;
			because(&l->b, WHY_SEGMENT, "segment %u is missing",
			    l->segment);
		}
		return;
	}
	l->f.torn_from = l->f.torn_to = l->f.last_size = l->len;
	l->what = STILLBORN;
	if (is_stillborn(l->p, l->len, l->segment, l->next)) {
		l->f.skipped = l->len;
		return;
	}
	l->what = segment_parse(l->p, l->len, l->segment, &l->next, &l->rec,
	    &l->n, &l->f, &l->b) == 0 ? WHOLE : BROKEN;
	/* Only the last commit of all can be torn without a skip. */
	if (l->what == WHOLE && l->f.torn_from != l->f.torn_to &&
	    has_later(l->dir, l->segment)) {
		l->what = BROKEN;
		because(&l->b, WHY_DAMAGED, "segment %u, byte %llu", l->segment,
		    (unsigned long long)l->f.torn_from);
	}
}

static void
unload(struct load *l)
{
	free(l->rec);
	free(l->p);
	l->rec = NULL;
	l->p = NULL;
}

/* What stands before damage is good and goes out. */
static int
deliver(const struct load *l, store_records fn, void *arg,
    struct store_found *f, struct because *b)
{
	if (l->p != NULL) {
		f->segments = l->segment + 1;
		f->last_size = l->f.last_size;
		f->torn_from = l->f.torn_from;
		f->torn_to = l->f.torn_to;
		f->skipped += l->f.skipped;
		f->records += l->f.records;
	}
	if (l->n > 0 && fn(arg, l->rec, l->n) == -1)
		return -1;
	return l->what == BROKEN ? because(b, l->b.why, "%s", l->b.place) : 0;
}

int
store_scan(int dir, store_records fn, void *arg, struct store_found *f,
    struct because *b)
{
	struct load l[2] = { { .dir = dir }, { .dir = dir } };
	struct load *now = &l[0], *then = &l[1], *t;
	struct task task;
	int ret, ahead;

	memset(f, 0, sizeof(*f));
	load(now);
	for (ret = 0; now->what != ABSENT; t = now, now = then, then = t) {
		then->segment = now->segment + 1;
		then->next = now->next;
		ahead = now->what != BROKEN && crew_take(&task, load, then) == 0;
		ret = deliver(now, fn, arg, f, b);
		if (ahead)
			crew_wait(&task);
		else if (ret == 0)
			load(then);
		unload(now);
		if (ret == -1)
			break;
	}
	unload(now);
	unload(then);
	return ret;
}

static int
fail(struct store *s)
{
	s->error = errno != 0 ? errno : EIO;
	s->readonly = 1;
	s->len = 0;
	s->behind = 0;
	return -1;
}

/* One write, everything of it, and the sync; short is as bad as an error. */
static int
put(struct store *s, const void *p, size_t len)
{
	ssize_t n;

	errno = 0;
	n = s->io.write(s->fd, p, len);
	if (n < 0 || (size_t)n != len) {
		if (n >= 0)
			errno = ENOSPC;
		return fail(s);
	}
	if (s->io.sync(s->fd) == -1)
		return fail(s);
	s->size += len;
	return 0;
}

/* Begins the next segment; its name is safe in the folder before its first record. */
static int
begin(struct store *s, uint32_t segment)
{
	uint8_t head[SEGMENT_HEAD];
	char name[NAME_LEN];

	if (s->fd != -1)
		close(s->fd);
	name_of(segment, name);
	s->fd = openat(s->dir, name, O_WRONLY | O_APPEND | O_CREAT | O_EXCL |
	    O_CLOEXEC, 0600);
	if (s->fd == -1 || fsync(s->dir) == -1)
		return fail(s);
	s->segment = segment;
	s->size = 0;
	randombytes_buf(s->salt, sizeof(s->salt));
	segment_head(head, segment, s->next, s->salt);
	return put(s, head, sizeof(head));
}

/* The last segment, opened to go on where it ends. */
static int
go_on(struct store *s, const struct store_found *f)
{
	uint8_t head[SEGMENT_HEAD];
	char name[NAME_LEN];
	struct because b;
	int fd;

	s->segment = f->segments - 1;
	s->size = f->last_size;
	name_of(s->segment, name);
	fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return fail(s);
	if (pread(fd, head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head, SEGMENT_MAGIC, 16) != 0 ||
	    segment_head_read(head, sizeof(head), s->segment,
	    get_le64(head + 24), s->salt, &b) == -1) {
		close(fd);
		return begin(s, s->segment + 1);
	}
	close(fd);
	s->fd = openat(s->dir, name, O_WRONLY | O_APPEND | O_NOFOLLOW |
	    O_CLOEXEC);
	return s->fd == -1 ? fail(s) : 0;
}

/* The torn tail gets its record: from here on it is history, not damage. */
static int
step_over(struct store *s, const struct store_found *f)
{
	uint8_t range[16];
	uint64_t where;

	if (s->readonly || f->torn_from == f->torn_to ||
	    s->segment != f->segments - 1)
		return 0;
	put_le64(range, f->torn_from);
	put_le64(range + 8, f->torn_to);
	if (store_append(s, REC_SKIP, range, sizeof(range), &where) == -1)
		return -1;
	return store_commit(s);
}

struct store *
store_look(int dir)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->dir = dir;
	s->fd = s->read_fd = -1;
	s->readonly = 1;
	return s;
}

struct store *
store_open(int dir, const struct store_io *io, store_records fn, void *arg,
    struct because *b)
{
	struct store_found f;
	struct store *s = store_look(dir);

	if (s == NULL || (s->buf = malloc(STORE_BATCH_MAX)) == NULL) {
		free(s);
		because(b, WHY_FULL, "memory");
		return NULL;
	}
	s->readonly = 0;
	s->io = io != NULL ? *io : kernel;
	if (store_scan(dir, fn, arg, &f, b) == -1) {
		store_close(s);
		return NULL;
	}
	s->next = f.records;
	/* An error here leaves a store that can be read: see store_error(). */
	if (f.segments == 0)
		begin(s, 0);
	else if (go_on(s, &f) == 0)
		step_over(s, &f);
	return s;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->fd != -1)
		close(s->fd);
	if (s->read_fd != -1)
		close(s->read_fd);
	free(s->buf);
	free(s);
}

int
store_is_readonly(const struct store *s)
{
	return s->readonly;
}

int
store_error(const struct store *s)
{
	return s->error;
}

size_t
store_pending(const struct store *s)
{
	return s->len;
}

int
store_append(struct store *s, enum record_kind kind, const void *data,
    size_t len, uint64_t *where)
{
	size_t need = RECORD_HEAD + len + RECORD_TAIL;

	if (s->readonly || len > STORE_RECORD_MAX ||
	    need > STORE_BATCH_MAX - s->len || s->behind == 0xffffff)
		return -1;
	if (s->len == 0 && s->size + need > STORE_SEGMENT_MAX &&
	    begin(s, s->segment + 1) == -1)
		return -1;
	*where = (uint64_t)s->segment << 40 | (s->size + s->len);
	s->len += record_write(s->buf + s->len, s->salt, kind, s->behind,
	    s->next + s->behind, data, len);
	s->behind++;
	return 0;
}

int
store_commit(struct store *s)
{
	if (s->readonly)
		return -1;
	if (s->len == 0)
		return 0;
	if (put(s, s->buf, s->len) == -1)
		return -1;
	s->next += s->behind;
	s->len = 0;
	s->behind = 0;
	return 0;
}

/* The segment to read from stays open: readers mostly stay in one. */
static int
read_from(struct store *s, uint32_t segment)
{
	uint8_t head[SEGMENT_HEAD];
	char name[NAME_LEN];

	if (s->read_fd != -1 && s->read_segment == segment)
		return 0;
	if (s->read_fd != -1)
		close(s->read_fd);
	name_of(segment, name);
	s->read_fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (s->read_fd == -1)
		return -1;
	s->read_segment = segment;
	if (pread(s->read_fd, head, sizeof(head), 0) == sizeof(head) &&
	    segment_head_read(head, sizeof(head), segment, get_le64(head + 24),
	    s->read_salt, NULL) == 0)
		return 0;
	close(s->read_fd);
	s->read_fd = -1;
	return -1;
}

ssize_t
store_read(struct store *s, uint64_t where, void *buf, size_t cap)
{
	uint8_t small[2048], *p = small;
	off_t at = (off_t)(where & OFFSET_MASK);
	size_t want = sizeof(small);
	struct record r;
	uint64_t commit;
	ssize_t n, ret = -1;

	if (read_from(s, (uint32_t)(where >> 40)) == -1)
		return -1;
	n = pread(s->read_fd, p, want, at);
	if (n >= RECORD_HEAD && get_le32(p + 8) <= STORE_RECORD_MAX) {
		want = RECORD_HEAD + get_le32(p + 8) + RECORD_TAIL;
		if (want > sizeof(small)) {
			p = malloc(want);
			n = p == NULL ? -1 : pread(s->read_fd, p, want, at);
		}
	}
	if (n > 0 && record_read(p, (size_t)n, s->read_salt, &r, &commit) != 0 &&
	    r.len <= cap) {
		memcpy(buf, r.data, r.len);
		ret = (ssize_t)r.len;
	}
	if (p != small)
		free(p);
	return ret;
}
