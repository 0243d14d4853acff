/*
 * who.c -- see who.h. What a record says is read from the journal once; which
 * records count is asked each time, since somebody may have been revoked.
 */
#include <arpa/inet.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "span.h"
#include "who.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

struct known {
	uint32_t	ref;		/* entry of the NodeRecord */
	uint8_t		pub[32], ip6[16];
};

/* By entry number, growing: a newer record of somebody is a further one. */
static struct known	*known;
static size_t		 n, room;

void
who_address(const uint8_t pub[32], uint8_t ip6[16])
{
	uint8_t sum[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(sum, pub, 32);
	mesh_addr(sum, ip6);
}

/* Where a record is, or belongs. */
static size_t
place(uint32_t ref)
{
	size_t from = 0, to = n, mid;

	while (from < to) {
		mid = from + (to - from) / 2;
		if (known[mid].ref < ref)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* From the record itself; what is in the journal was checked. */
static int
read_record(uint32_t ref, struct known *k)
{
	static uint8_t raw[ENTRY_MAX + 1];
	char npub[NPUB_LEN + 1], addr[INET6_ADDRSTRLEN];
	ssize_t len = journal_read(dird.journal, ref, raw, ENTRY_MAX);
	struct span s;
	struct entry e;

	if (len == -1 || entry_read(raw, (size_t)len, &e, NULL) == -1)
		return -1;
	s = span_text(span_get(e.body, "npub"));
	if (s.n != NPUB_LEN)
		return -1;
	memcpy(npub, s.p, NPUB_LEN);
	npub[NPUB_LEN] = '\0';
	s = span_text(span_get(e.body, "mesh_address"));
	if (s.n >= sizeof(addr))
		return -1;
	memcpy(addr, s.p, s.n);
	addr[s.n] = '\0';
	k->ref = ref;
	return npub_decode(npub, k->pub) == 0 &&
	    inet_pton(AF_INET6, addr, k->ip6) == 1 ? 0 : -1;
}

static const struct known *
look_up(uint32_t ref)
{
	size_t at = place(ref);
	struct known k;
	void *p;

	if (at < n && known[at].ref == ref)
		return &known[at];
	if (read_record(ref, &k) == -1)
		return NULL;
	if (n == room) {
		room = room == 0 ? 64 : room * 2;
		if ((p = realloc(known, room * sizeof(*known))) == NULL)
			fatalx("no memory for NodeRecords");
		known = p;
	}
	memmove(&known[at + 1], &known[at], (n++ - at) * sizeof(*known));
	known[at] = k;
	return &known[at];
}

struct each {
	void	(*fn)(void *, const char *, const uint8_t *, const uint8_t *);
	void	*arg;
};

static void
on_item(void *arg, const struct item *it)
{
	const struct each *e = arg;
	const struct known *k = look_up(it->ref);
	char did[DID_LEN + 1];

	if (k == NULL)
		return;
	view_did(dird.journal->view, it->author, did);
	e->fn(e->arg, did, k->pub, k->ip6);
}

void
who_each(void (*fn)(void *, const char *, const uint8_t *, const uint8_t *),
    void *arg)
{
	struct each e = { fn, arg };

	if (dird.journal != NULL)
		view_each(dird.journal->view, ITEM_NODE, on_item, &e);
}

struct sought {
	const uint8_t	*ip6;
	char		*did;
};

static void
is_it(void *arg, const char *did, const uint8_t pub[32], const uint8_t ip6[16])
{
	struct sought *s = arg;

	(void)pub;
	if (memcmp(ip6, s->ip6, 16) == 0)
		memcpy(s->did, did, DID_LEN + 1);
}

void
who_is(const uint8_t ip6[16], char did[DID_LEN + 1])
{
	struct sought s = { ip6, did };

	did[0] = '\0';
	who_each(is_it, &s);
}

int
who_key(const char *did, uint8_t pub[32])
{
	const struct item *it = dird.journal == NULL ? NULL :
	    view_node(dird.journal->view, did);
	const struct known *k = it == NULL ? NULL : look_up(it->ref);

	if (k == NULL)
		return -1;
	memcpy(pub, k->pub, 32);
	return 0;
}
