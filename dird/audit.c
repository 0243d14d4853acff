/*
 * audit.c -- the audit stream of this box. privd asks that something be
 * written down and is answered when it is on the disk; when that cannot be, it
 * is told so, and nothing is lent.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "borrow.h"
#include "dird.h"
#include "sandbox.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

/* Read once, when it is first asked for: a box that lends nothing has none. */
static struct audit_chain chain;
static struct merkle	*tree;
static uint64_t		*where;
static uint64_t		 room;
static struct journal	*of;		/* that it was read from */
static const char	*broken;

/* Where the record that was just checked is, and its leaf. */
static int
remember(uint64_t at, const void *record, size_t len)
{
	uint8_t leaf[HASH_LEN];
	void *p;

	if (chain.next > room) {
		room = room == 0 ? 256 : room * 2;
		if ((p = realloc(where, room * sizeof(*where))) == NULL)
			return -1;
		where = p;
	}
	where[chain.next - 1] = at;
	merkle_leaf(record, len, leaf);
	return merkle_add(tree, leaf);
}

static int
on_records(void *arg, const struct record *r, size_t n)
{
	size_t i;
	json_t *o;

	(void)arg;
	for (i = 0; i < n; i++) {
		if (r[i].kind != REC_AUDIT || broken != NULL)
			continue;
		if ((o = audit_check(&chain, r[i].data, r[i].len, &broken)) ==
		    NULL)
			continue;
		borrow_recall(o);
		json_decref(o);
		if (remember(r[i].where, r[i].data, r[i].len) == -1)
			return -1;
	}
	return 0;
}

static int
ready(void)
{
	struct store_found	found;
	struct because		b;

	if (dird.journal == NULL)
		return -1;
	if (of == dird.journal)
		return 0;
	memset(&chain, 0, sizeof(chain));
	merkle_free(tree);
	if ((tree = merkle_new()) == NULL)
		return -1;
	broken = NULL;
	borrow_forget_all();
	if (store_scan(dird.folder, on_records, NULL, &found, &b) == -1)
		return -1;
	of = dird.journal;
	if (broken != NULL)
		log_error("the audit stream is broken at record %llu: %s; "
		    "nothing is lent", (unsigned long long)chain.next, broken);
	return 0;
}

uint64_t
audit_size(void)
{
	return ready() == -1 ? 0 : chain.next;
}

int
audit_write(const char *what, const char *who, const char *text)
{
	char			 line[AUDIT_LEN];
	struct audit_chain	 next;
	const char		*wrong;
	uint64_t		 at;
	ssize_t			 n;
	json_t			*o;

	if (ready() == -1 || broken != NULL)
		return -1;
	n = audit_build(&chain, dird_now(), what, who, text, line,
	    sizeof(line));
	if (n == -1)
		return -1;
	if (store_append(dird.journal->store, REC_AUDIT, line, (size_t)n,
	    &at) == -1 || store_commit(dird.journal->store) == -1) {
		state_writable();
		return -1;
	}
	next = chain;
	if ((o = audit_check(&next, (uint8_t *)line, (size_t)n, &wrong)) ==
	    NULL)
		fatalx("an own audit record does not fit: %s", wrong);
	json_decref(o);
	chain = next;
	if (remember(at, line, (size_t)n) == -1) {
		broken = "there was no memory for it";
		return -1;
	}
	return 0;
}

json_t *
audit_page(uint64_t from, unsigned n, const char **wrong)
{
	char	 line[AUDIT_LEN + 1];
	json_t	*list, *o;
	ssize_t	 len;

	*wrong = "the journal is closed";
	if (ready() == -1)
		return NULL;
	*wrong = broken;
	list = json_array();
	for (; n > 0 && from < chain.next; n--, from++) {
		len = store_read(dird.journal->store, where[from], line,
		    AUDIT_LEN);
		o = len < 1 ? NULL : json_loadb(line, (size_t)len, 0, NULL);
		if (o == NULL) {
			*wrong = "the disk does not read";
			break;
		}
		json_array_append_new(list, o);
	}
	return list;
}

const struct merkle *
audit_tree(void)
{
	return ready() == -1 || broken != NULL ? NULL : tree;
}

ssize_t
audit_lines(uint64_t from, char *out, size_t cap)
{
	size_t at = 0;
	ssize_t len;

	if (audit_tree() == NULL)
		return -1;
	for (; from < chain.next && cap - at > AUDIT_LEN; from++) {
		len = store_read(dird.journal->store, where[from], out + at,
		    AUDIT_LEN);
		if (len < 1)
			return -1;
		at += (size_t)len;
		out[at++] = '\n';
	}
	return (ssize_t)at;
}

int
audit_verify(uint64_t *records, const char **wrong)
{
	struct audit_look	v = { .wrong = NULL };
	struct store_found	found;
	struct because		b;

	if (ready() == -1)
		v.wrong = "the journal is closed";
	else if (store_scan(dird.folder, audit_look_at, &v, &found, &b) == -1)
		v.wrong = why_text(b.why);
	else if (v.wrong == NULL && (v.chain.next != chain.next ||
	    memcmp(v.chain.head, chain.head, AUDIT_HASH) != 0))
		v.wrong = "it is another one than was written";
	*records = v.chain.next;
	*wrong = v.wrong;
	return v.wrong == NULL ? 0 : -1;
}

/* -- privd ---------------------------------------------------------------- */

void
on_audit(struct chan *c, const struct msg_audit *m, int *fds)
{
	struct msg_audited	a = { .req = m->req };
	char			who[sizeof(m->who) + 1];
	char			text[sizeof(m->text) + 1];

	(void)fds;
	/* privd has seen to it already. */
	make_printable(who, sizeof(who), m->who, m->who_len);
	make_printable(text, sizeof(text), m->text, m->text_len);
	a.ok = audit_write(m->what, who, text) == 0;
	if (!a.ok)
		log_error("not recorded: %s %s", m->what, text);
	room_sent(c, audited_send(c, &a, NULL));
}
