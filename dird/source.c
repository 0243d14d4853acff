/*
 * source.c -- see source.h. A source is whoever netd has a link to, whoever has
 * a NodeRecord that counts, and whoever was named to us.
 *
 * An entry that is refused because something before it is missing here may be
 * wanted later: where the first of these stood is where a later pass begins,
 * once this journal has grown, or once somebody who was sent away is let in
 * again. So any order of pulls ends in the same state.
 */
#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "source.h"
#include "who.h"
#include "wire.h"

#define STRANGERS_MAX	64		/* known by a link only */
#define NEVER		UINT64_MAX
#define HOUR_S		3600

static struct source	*source[SOURCES_MAX];
static unsigned		 sources;
static int		 moved;		/* one of them, since it was written */

/* -- the table ---------------------------------------------------------------- */

static struct source *
find(const uint8_t pub[32])
{
	unsigned i;

	for (i = 0; i < sources; i++)
		if (memcmp(source[i]->pub, pub, 32) == 0)
			return source[i];
	return NULL;
}

unsigned
source_count(void)
{
	return sources;
}

struct source *
source_at(unsigned i)
{
	return source[i];
}

int
source_is_stranger(const struct source *s)
{
	return !s->named && !s->listed;
}

static unsigned
strangers_known(void)
{
	unsigned i, n = 0;

	for (i = 0; i < sources; i++)
		n += source_is_stranger(source[i]);
	return n;
}

/* The stranger that was seen longest ago gives its place to another. */
static void
forget_one(void)
{
	unsigned i, oldest = sources;

	for (i = 0; i < sources; i++)
		if (source_is_stranger(source[i]) && source[i]->fetch == NULL &&
		    (oldest == sources ||
		    source[i]->last_seen < source[oldest]->last_seen))
			oldest = i;
	if (oldest == sources)
		return;
	free(source[oldest]);
	source[oldest] = source[--sources];
}

struct source *
source_add(const uint8_t pub[32], int stranger)
{
	struct source *s = find(pub);

	if (s != NULL)
		return s;
	if (memcmp(pub, dird.pub + 1, 32) == 0)
		return NULL;
	if (sources == SOURCES_MAX ||
	    (stranger && strangers_known() >= STRANGERS_MAX))
		forget_one();
	if (sources == SOURCES_MAX || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	memcpy(s->pub, pub, 32);
	who_address(pub, s->ip6);
	source_restart(s);
	source[sources++] = s;
	return s;
}

const char *
source_name(const struct source *s, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(AF_INET6, s->ip6, text, INET6_ADDRSTRLEN);
	return text;
}

/* -- how far we are ------------------------------------------------------------ */

void
source_restart(struct source *s)
{
	moved |= s->from != 0;
	s->from = 0;
	memset(s->chain, 0, sizeof(s->chain));
	s->again = NEVER;
	s->again_grown = 0;
	s->again_end = 0;
	s->known_from_0 = 0;
}

/*
 * What comes behind it may be all that it lacks, so it counts how the journal
 * was when the first of these was refused.
 */
static void
remember(struct source *s, const struct import *im, size_t i, uint64_t size,
    uint64_t opened)
{
	if (im->why[i] == WHY_FUTURE)
		s->again_at = dird_now() + ENTRY_AHEAD_S;
	if (s->again != NEVER)
		return;
	s->again_size = size;
	s->again_opened = opened;
	s->again = s->from + i;
	memcpy(s->again_chain, i == 0 ? s->chain : im->chain[i - 1], CHAIN_LEN);
}

size_t
source_took(struct source *s, const struct import *im, uint64_t size,
    uint64_t opened)
{
	size_t i, kept = 0;

	for (i = 0; i < im->n; i++) {
		s->why[im->why[i]]++;
		if (im->why[i] == WHY_OK) {
			kept++;
			s->hour_bytes += im->raw[i].n;
			continue;
		}
		if (im->why[i] == WHY_KNOWN) {
			s->known_from_0++;
			continue;
		}
		/* They heard the other history first, and it never counts. */
		if (im->why[i] == WHY_FROZEN)
			continue;
		/* It came there before the Revoke did: nobody's fault. */
		if (im->why[i] == WHY_REVOKED) {
			remember(s, im, i, size + kept, opened);
			continue;
		}
		s->refused_now++;
		s->wasted += im->raw[i].n;
		s->strangers += im->why[i] == WHY_AUTHOR;
		if (view_later(im->why[i])) {
			s->again_grown = 1;
			remember(s, im, i, size + kept, opened);
		}
	}
	/* It was worth going back. */
	if (kept > 0 && s->from < s->again_end)
		s->again_pause = s->again_due = 0;
	s->kept += kept;
	s->kept_now += kept;
	s->known_from_0 += kept;
	s->from += im->n;
	moved = 1;
	memcpy(s->chain, im->chain[im->n - 1], CHAIN_LEN);
	return kept;
}

int64_t
source_full_until(struct source *s)
{
	int64_t now = dird_now();

	/* Also when the clock was set back. */
	if (s->hour > now || s->hour + HOUR_S <= now) {
		s->hour = now;
		s->hour_bytes = 0;
	}
	return s->hour_bytes >> 20 < dird.conf[CONF_DIR_PULL_MIB] ? 0 :
	    s->hour + HOUR_S;
}

/* Each time that was in vain it is longer to the next. */
static void
go_back(struct source *s)
{
	int64_t pause = 2 * s->again_pause;

	if (pause == 0)
		pause = (int64_t)dird.conf[CONF_DIR_PULL];
	s->again_pause = pause > SOURCE_REST_S ? SOURCE_REST_S : pause;
	s->again_due = dird_now() + s->again_pause;
	if (s->again_end < s->from)
		s->again_end = s->from;
	s->known_from_0 = 0;
	s->from = s->again;
	memcpy(s->chain, s->again_chain, CHAIN_LEN);
	s->again = NEVER;
	s->again_grown = 0;
	s->again_at = 0;
}

void
source_go_back(struct source *s)
{
	int wanted = (s->again_grown && s->again_size != dird.journal->n) ||
	    s->again_opened != view_reopened(dird.journal->view) ||
	    (s->again_at != 0 && s->again_at <= dird_now());

	if (s->again != NEVER && s->again_due <= dird_now() && wanted)
		go_back(s);
}

/* -- over a restart --------------------------------------------------------------- */

/* Where the next pass begins after one: what may be wanted later is asked for again. */
static void
write_one(struct wr *w, const struct source *s)
{
	int back = s->again < s->from;

	wr_bytes(w, s->pub, sizeof(s->pub));
	wr_uint(w, back ? s->again : s->from, 8, 0, UINT64_MAX);
	wr_bytes(w, back ? s->again_chain : s->chain, CHAIN_LEN);
	wr_uint(w, (uint64_t)s->last_seen, 8, 0, INT64_MAX);
	wr_uint(w, (uint64_t)s->hour, 8, 0, INT64_MAX);
	wr_uint(w, s->hour_bytes, 8, 0, UINT64_MAX);
}

size_t
source_write(void *buf, size_t cap, int seen)
{
	struct wr w = wr_init(buf, cap);
	ssize_t len;
	unsigned i;

	if (!moved && !seen)
		return 0;
	moved = 0;
	wr_uint(&w, strlen(VERSION), 1, 1, UINT8_MAX);
	wr_bytes(&w, VERSION, strlen(VERSION));
	for (i = 0; i < sources; i++)
		if (!source_is_stranger(source[i]))
			write_one(&w, source[i]);
	len = wr_len(&w);
	return len == -1 ? 0 : (size_t)len;
}

static int
read_one(struct rd *r, int same)
{
	struct source got, *s;

	rd_bytes(r, got.pub, sizeof(got.pub));
	got.from = rd_uint(r, 8, 0, UINT64_MAX);
	rd_bytes(r, got.chain, CHAIN_LEN);
	got.last_seen = (int64_t)rd_uint(r, 8, 0, INT64_MAX);
	got.hour = (int64_t)rd_uint(r, 8, 0, INT64_MAX);
	got.hour_bytes = rd_uint(r, 8, 0, UINT64_MAX);
	if (r->bad)
		return -1;
	if ((s = source_add(got.pub, 0)) == NULL)
		return 0;
	source_restart(s);
	s->last_seen = got.last_seen;
	s->hour = got.hour;
	s->hour_bytes = got.hour_bytes;
	if (same) {
		s->from = got.from;
		memcpy(s->chain, got.chain, CHAIN_LEN);
	}
	return 0;
}

int
source_read(const void *buf, size_t len)
{
	struct rd r = rd_init(buf, len);
	char version[UINT8_MAX];
	size_t n = rd_uint(&r, 1, 1, UINT8_MAX);
	int same;

	rd_bytes(&r, version, n);
	same = n == strlen(VERSION) && memcmp(version, VERSION, n) == 0;
	while (rd_left(&r) > 0)
		if (read_one(&r, same) == -1)
			break;
	moved = 0;
	return rd_end(&r);
}

/* -- status -------------------------------------------------------------------- */

static json_t *
reasons(const struct source *s)
{
	json_t *v = json_object();
	unsigned w;

	for (w = 0; w < WHY_MAX; w++)
		if (w != WHY_OK && w != WHY_KNOWN && s->why[w] > 0)
			json_object_set_new(v, why_name(w),
			    json_integer((json_int_t)s->why[w]));
	return v;
}

json_t *
source_status(void)
{
	char npub[NPUB_LEN + 1], addr[INET6_ADDRSTRLEN], did[DID_LEN + 1];
	const struct source *s;
	json_t *list = json_array();
	unsigned i;

	for (i = 0; i < sources; i++) {
		s = source[i];
		npub_encode(s->pub, npub);
		who_is(s->ip6, did);
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:I, s:I, "
		    "s:I, s:I, s:o, s:I, s:s}", "npub", npub, "mesh_address",
		    source_name(s, addr), "did", did, "last_seen",
		    (json_int_t)s->last_seen, "from", (json_int_t)s->from,
		    "kept", (json_int_t)s->kept, "wasted_bytes",
		    (json_int_t)s->wasted, "refused", reasons(s), "next",
		    (json_int_t)s->due, "problem", s->wrong));
	}
	return list;
}
