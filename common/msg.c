/* msg.c -- codec and permissions, expanded from msg.def. No I/O. */
#include "msg.h"
#include "wire.h"

const struct proc_row proc_row[PROC_MAX] = {
#define PROC(NAME, name, user, uid, nofile, memlock_kb, doc)	\
	[PROC_##NAME] = { #name, user, doc, uid, nofile, memlock_kb },
#include "proc.def"
};

const struct msg_row msg_row[MSG_MAX] = {
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
	[MSG_##NAME] = { #name, PROC_##FROM, PROC_##TO, nfd, when },
#include "msg.def"
};

static int
is_str_byte(uint8_t c)
{
	return c > 0x20 && c < 0x7f;
}

static void
wr_str(struct wr *w, const char *s, size_t max)
{
	size_t i, n = strnlen(s, max + 1);

	for (i = 0; i < n; i++)
		if (!is_str_byte(s[i]))
			w->bad = 1;
	wr_uint(w, n, 1, 1, max);
	wr_bytes(w, s, n);
}

static void
rd_str(struct rd *r, char *s, size_t max)
{
	size_t i, n = rd_uint(r, 1, 1, max);

	rd_bytes(r, s, n);
	for (i = 0; i < n && !r->bad; i++)
		if (!is_str_byte(s[i]))
			r->bad = 1;
	s[r->bad ? 0 : n] = '\0';
}

#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
static void put_##name(struct wr *w, const struct msg_##name *m) { (void)w; (void)m;
#define U8(f, lo, hi, doc)	wr_uint(w, m->f, 1, lo, hi);
#define U16(f, lo, hi, doc)	wr_uint(w, m->f, 2, lo, hi);
#define U32(f, lo, hi, doc)	wr_uint(w, m->f, 4, lo, hi);
#define U64(f, lo, hi, doc)	wr_uint(w, m->f, 8, lo, hi);
#define FIX(f, n, doc)		wr_bytes(w, m->f, n);
#define VAR(f, max, doc)	wr_uint(w, m->f##_len, 2, 0, max); wr_bytes(w, m->f, m->f##_len);
#define STR(f, max, doc)	wr_str(w, m->f, max);
#define END(NAME, name)		}
#include "msg.def"

#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
static void get_##name(struct rd *r, struct msg_##name *m) { (void)r; (void)m;
#define U8(f, lo, hi, doc)	m->f = rd_uint(r, 1, lo, hi);
#define U16(f, lo, hi, doc)	m->f = rd_uint(r, 2, lo, hi);
#define U32(f, lo, hi, doc)	m->f = rd_uint(r, 4, lo, hi);
#define U64(f, lo, hi, doc)	m->f = rd_uint(r, 8, lo, hi);
#define FIX(f, n, doc)		rd_bytes(r, m->f, n);
#define VAR(f, max, doc)	m->f##_len = rd_uint(r, 2, 0, max); rd_bytes(r, m->f, m->f##_len);
#define STR(f, max, doc)	rd_str(r, m->f, max);
#define END(NAME, name)		}
#include "msg.def"

int
msg_encode(enum msg_type type, const void *msg, uint8_t *buf, size_t cap,
    enum refusal *why)
{
	struct wr	w = wr_init(buf, cap);
	uint32_t	req;

	if (type <= MSG_NONE || type >= MSG_MAX) {
		*why = REFUSE_MSG_UNKNOWN;
		return -1;
	}
	memcpy(&req, msg, sizeof(req));		/* first member of every struct msg_* */
	wr_uint(&w, type, 4, 1, MSG_MAX - 1);
	wr_uint(&w, req, 4, 0, UINT32_MAX);
	switch (type) {
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
	case MSG_##NAME: put_##name(&w, msg); break;
#include "msg.def"
	default:
		break;
	}
	*why = w.bad ? REFUSE_MSG_RANGE : REFUSE_NONE;
	return (int)wr_len(&w);
}

/* Cursors know only "bad"; whether bytes were missing tells length from range. */
int
msg_decode(const uint8_t *buf, size_t len, enum msg_type *type,
    union msg_any *m, enum refusal *why)
{
	struct rd r = rd_init(buf, len);
	uint32_t  t;

	memset(m, 0, sizeof(*m));
	*type = MSG_NONE;
	if (len < 8) {
		*why = REFUSE_MSG_LENGTH;
		return -1;
	}
	t = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	m->req = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	if (t <= MSG_NONE || t >= MSG_MAX) {
		memset(m, 0, sizeof(*m));
		*why = REFUSE_MSG_UNKNOWN;
		return -1;
	}
	switch (t) {
#define MSG(NAME, name, FROM, TO, nfd, when, doc)	\
	case MSG_##NAME: get_##name(&r, &m->name); break;
#include "msg.def"
	default:
		break;
	}
	if (r.bad || r.p != r.end) {
		memset(m, 0, sizeof(*m));
		*why = r.bad ? REFUSE_MSG_RANGE : REFUSE_MSG_LENGTH;
		return -1;
	}
	*type = t;
	*why = REFUSE_NONE;
	return 0;
}

enum refusal
msg_permit(enum msg_type type, enum proc_id from, enum proc_id to,
    unsigned phase, int nfd, struct msg_seen *seen)
{
	const struct msg_row	*row;
	uint64_t		 bit, *word;

	if (type <= MSG_NONE || type >= MSG_MAX)
		return REFUSE_MSG_UNKNOWN;
	row = &msg_row[type];
	if (row->from != from)
		return REFUSE_MSG_WRONG_SENDER;
	if (row->to != to)
		return REFUSE_MSG_WRONG_ROOM;
	if ((row->when & phase) == 0)
		return REFUSE_MSG_WRONG_PHASE;
	if (row->nfd != nfd)
		return REFUSE_MSG_WRONG_FDS;
	word = &seen->bits[type / 64];
	bit = UINT64_C(1) << (type % 64);
	if ((row->when & ONCE) && (*word & bit))
		return REFUSE_MSG_AGAIN;
	*word |= bit;
	return REFUSE_NONE;
}

unsigned
msg_doors(enum proc_id me)
{
	unsigned doors = 0;
	int	 t;

	for (t = MSG_NONE + 1; t < MSG_MAX; t++) {
		if (msg_row[t].from == me)
			doors |= 1U << msg_row[t].to;
		if (msg_row[t].to == me)
			doors |= 1U << msg_row[t].from;
	}
	return doors;
}
