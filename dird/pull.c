/*
 * pull.c -- see pull.h. A peer is whoever netd has a link to, whoever has a
 * NodeRecord that counts, and whoever was named to us. A pass asks one of them
 * for page after page until there is no more. What it sends must go on where
 * the pass before ended, by the chain of hashes, so that no page comes twice.
 *
 * An entry that is refused because something before it is missing here may be
 * wanted later: where the first of these stood is where the next pass begins,
 * once this journal has grown. So any order of pulls ends in the same set.
 */
#include <arpa/inet.h>

#include <event2/event.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dird.h"
#include "fetch.h"
#include "import.h"
#include "notary.h"
#include "pull.h"
#include "who.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define PEERS_MAX	256
#define STRANGERS_MAX	64		/* of these, known by a link only */
#define AT_ONCE		4		/* of fetch.c's calls; the rest is others' */
#define STRANGERS_AT_ONCE 2		/* of these, of whom nobody has told us */
#define PAGE_MAX	(1u << 20)
#define PAGE_S		60
#define REST_S		3600		/* the longest back-off */
/* A pass: what one peer may take of our time and disk before others' turn, */
#define PASS_S		60		/* and the page that is under way */
#define PASS_BYTES	(64u << 20)
/* and how much of that may be in vain: then it rests. */
#define PASS_REFUSED	1024
#define PASS_STRANGERS	256
#define NEVER		UINT64_MAX

struct source {
	uint8_t		 pub[32], ip6[16];
	int		 named;		/* to us, by people */
	int		 listed;	/* it has a NodeRecord */
	struct fetch	*fetch;
	int64_t		 due, last_seen;
	unsigned	 fails;
	int		 no_way;	/* the last time it could not be reached */
	/* how far we are in its journal */
	uint64_t	 from;
	uint8_t		 chain[CHAIN_LEN];
	uint64_t	 again;		/* first entry that may be wanted later */
	uint8_t		 again_chain[CHAIN_LEN];
	uint64_t	 again_size;	/* of our journal then */
	int64_t		 again_at;	/* or when the clock allows it */
	uint64_t	 again_end;	/* how far we had been, before going back */
	int64_t		 again_due;	/* not before this: it was in vain so far */
	int64_t		 again_pause;
	uint64_t	 known_from_0;	/* of its entries, those that we had */
	/* this pass */
	int64_t		 until;
	size_t		 bytes, kept_now, refused_now, strangers;
	/* in all */
	uint64_t	 kept, wasted;
	uint64_t	 why[WHY_MAX];
	char		 wrong[160];
};

static struct source	*source[PEERS_MAX];
static unsigned		 sources, under_way;
static struct event	*timer;

static void	ask(struct source *);

static void
arm(unsigned s)
{
	struct timeval tv = { s, s == 0 ? 10000 : 0 };

	if (event_add(timer, &tv) == -1)
		fatalx("cannot arm the clock of the pulls");
}

static struct source *
find(const uint8_t pub[32])
{
	unsigned i;

	for (i = 0; i < sources; i++)
		if (memcmp(source[i]->pub, pub, 32) == 0)
			return source[i];
	return NULL;
}

static void
begin_again(struct source *s)
{
	s->from = 0;
	memset(s->chain, 0, sizeof(s->chain));
	s->again = NEVER;
	s->again_end = 0;
	s->known_from_0 = 0;
}

static int
is_stranger(const struct source *s)
{
	return !s->named && !s->listed;
}

static unsigned
strangers_known(void)
{
	unsigned i, n = 0;

	for (i = 0; i < sources; i++)
		n += is_stranger(source[i]);
	return n;
}

/* The stranger that was seen longest ago gives its place to another. */
static void
forget_one(void)
{
	unsigned i, oldest = sources;

	for (i = 0; i < sources; i++)
		if (is_stranger(source[i]) && source[i]->fetch == NULL &&
		    (oldest == sources ||
		    source[i]->last_seen < source[oldest]->last_seen))
			oldest = i;
	if (oldest == sources)
		return;
	free(source[oldest]);
	source[oldest] = source[--sources];
}

/* NULL for ourselves, and when there are too many. */
static struct source *
add(const uint8_t pub[32], int stranger)
{
	struct source *s = find(pub);

	if (s != NULL)
		return s;
	if (memcmp(pub, dird.pub + 1, 32) == 0)
		return NULL;
	if (sources == PEERS_MAX ||
	    (stranger && strangers_known() >= STRANGERS_MAX))
		forget_one();
	if (sources == PEERS_MAX || (s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	memcpy(s->pub, pub, 32);
	who_address(pub, s->ip6);
	begin_again(s);
	source[sources++] = s;
	return s;
}

/* -- the end of a pass ------------------------------------------------------ */

static const char *
name_of(const struct source *s, char text[INET6_ADDRSTRLEN])
{
	inet_ntop(AF_INET6, s->ip6, text, INET6_ADDRSTRLEN);
	return text;
}

static void
rest(struct source *s, const char *fmt, ...)
{
	int64_t pause = (int64_t)dird.conf[CONF_DIR_PULL];
	char text[INET6_ADDRSTRLEN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->wrong, sizeof(s->wrong), fmt, ap);
	va_end(ap);
	if (s->fails < 16)
		s->fails++;
	pause <<= s->fails - 1;
	s->due = dird_now() + (pause > REST_S ? REST_S : pause);
	log_debug("no pull from %s: %s", name_of(s, text), s->wrong);
}

static void
done(struct source *s)
{
	char did[DID_LEN + 1];

	who_is(s->ip6, did);
	notary_ask(s->pub, did);
	s->wrong[0] = '\0';
	s->fails = 0;
	s->no_way = 0;
	s->due = dird_now() + (int64_t)dird.conf[CONF_DIR_PULL];
}

/* -- a page ----------------------------------------------------------------- */

/* May what was refused for this be taken when more is here, or later? */
static int
may_later(enum why why)
{
	return why == WHY_AUTHOR || why == WHY_GAP || why == WHY_FIRST ||
	    why == WHY_INVITE || why == WHY_FUTURE;
}

static void
remember(struct source *s, const struct import *im, size_t i)
{
	if (im->why[i] == WHY_FUTURE)
		s->again_at = dird_now() + ENTRY_AHEAD_S;
	if (s->from + i >= s->again)
		return;
	s->again = s->from + i;
	memcpy(s->again_chain, i == 0 ? s->chain : im->chain[i - 1], CHAIN_LEN);
}

static void
count(struct source *s, const struct import *im)
{
	size_t i, kept = 0;

	for (i = 0; i < im->n; i++) {
		s->why[im->why[i]]++;
		if (im->why[i] == WHY_OK) {
			kept++;
			continue;
		}
		if (im->why[i] == WHY_KNOWN) {
			s->known_from_0++;
			continue;
		}
		s->refused_now++;
		s->wasted += im->raw[i].n;
		s->strangers += im->why[i] == WHY_AUTHOR;
		if (may_later(im->why[i]))
			remember(s, im, i);
	}
	/* It was worth going back. */
	if (kept > 0 && s->from < s->again_end)
		s->again_pause = s->again_due = 0;
	s->kept += kept;
	s->kept_now += kept;
	s->known_from_0 += kept;
	s->from += im->n;
	memcpy(s->chain, im->chain[im->n - 1], CHAIN_LEN);
	s->again_size = dird.journal->n;
	if (kept > 0)
		state_changed();
}

/* What breaks a quota ends the pull; NULL if nothing does. */
static const char *
over_quota(const struct source *s)
{
	if (s->strangers > PASS_STRANGERS)
		return "too many entries of authors that nobody here knows";
	if (s->refused_now > PASS_REFUSED)
		return "too many entries that are refused";
	/* A journal has nothing twice. */
	if (s->known_from_0 > dird.journal->n)
		return "it repeats entries";
	return NULL;
}

static void
take(struct source *s, const char *page, size_t len)
{
	struct import *im = import_new();
	struct because b = { WHY_OK, "" };
	const char *quota;

	s->bytes += len;
	if (im == NULL)
		rest(s, "no memory");
	else if (import_read(im, page, len, s->chain, &b) == -1) {
		s->why[b.why]++;
		s->wasted += len;
		rest(s, "line %zu from entry %" PRIu64 ": %s", im->n + 1,
		    s->from, why_text(b.why));
		/* It may have begun a new journal; what it sends is checked. */
		begin_again(s);
	} else if (import_take(im) == -1)
		rest(s, "our own journal takes nothing");
	else {
		count(s, im);
		quota = over_quota(s);
		if (quota != NULL)
			rest(s, "%s", quota);
		else if (s->bytes < PASS_BYTES && dird_now() < s->until)
			ask(s);
		else if (s->kept_now > 0)
			done(s);
		else
			rest(s, "a whole pass had nothing new");
	}
	free(im);
}

static void
on_page(void *arg, int status, const char *body, size_t len,
    const char *wrong)
{
	struct source *s = arg;

	s->fetch = NULL;
	under_way--;
	s->no_way = wrong == fetch_no_way;
	if (status != 0)
		s->last_seen = dird_now();
	if (state_writable() != WHY_OK)
		rest(s, "our own journal takes nothing");
	else if (status == 0) {
		s->wasted += len;
		rest(s, "%s", wrong);
	} else if (status == 409) {
		/* It is shorter than it was. */
		begin_again(s);
		rest(s, "its journal is shorter than before");
	} else if (status != 200)
		rest(s, "it answers %d", status);
	else if (len == 0)
		done(s);
	else
		take(s, body, len);
	arm(0);
}

static void
ask(struct source *s)
{
	char path[64];

	snprintf(path, sizeof(path), "/v1/log/export?from=%" PRIu64, s->from);
	s->fetch = fetch(s->pub, METHOD_GET, path, "", 0, PAGE_MAX, PAGE_S,
	    on_page, s);
	if (s->fetch == NULL)
		s->due = dird_now() + 1;	/* others call just now */
	else
		under_way++;
}

/* Back to what may be wanted now; each time in vain it is longer to the next. */
static void
go_back(struct source *s)
{
	int64_t pause = 2 * s->again_pause;

	if (pause == 0)
		pause = (int64_t)dird.conf[CONF_DIR_PULL];
	s->again_pause = pause > REST_S ? REST_S : pause;
	s->again_due = dird_now() + s->again_pause;
	if (s->again_end < s->from)
		s->again_end = s->from;
	s->known_from_0 = 0;
	s->from = s->again;
	memcpy(s->chain, s->again_chain, CHAIN_LEN);
	s->again = NEVER;
	s->again_at = 0;
}

static void
begin(struct source *s)
{
	s->until = dird_now() + PASS_S;
	s->bytes = s->kept_now = s->refused_now = s->strangers = 0;
	if (s->again != NEVER && s->again_due <= dird_now() &&
	    (s->again_size != dird.journal->n ||
	    (s->again_at != 0 && s->again_at <= dird_now())))
		go_back(s);
	ask(s);
}

/* -- whose turn it is --------------------------------------------------------- */

static void
on_node(void *arg, const char *did, const uint8_t pub[32],
    const uint8_t ip6[16])
{
	static int said;
	struct source *s = add(pub, 0);

	(void)arg;
	(void)ip6;
	if (s != NULL)
		s->listed = 1;
	else if (memcmp(pub, dird.pub + 1, 32) != 0 && !said) {
		said = 1;
		log_warn("more than %d nodes: %s and others are not asked for "
		    "what they have", PEERS_MAX, did);
	}
}

static void
look_at_nodes(void)
{
	unsigned i;

	for (i = 0; i < sources; i++)
		source[i]->listed = 0;
	who_each(on_node, NULL);
}

/* However slow they are, strangers leave calls for the others. */
static int
may_call(const struct source *s)
{
	unsigned i, n = 0;

	for (i = 0; i < sources; i++)
		n += source[i]->fetch != NULL && is_stranger(source[i]);
	return !is_stranger(s) || n < STRANGERS_AT_ONCE;
}

/* A box without a domain follows nobody that was not named to it. */
static int
is_due(const struct source *s)
{
	return s->fetch == NULL && s->due <= dird_now() &&
	    (s->named || dird.journal->root[0] != '\0') && may_call(s);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	static unsigned turn;
	static uint64_t size;
	unsigned i;

	(void)fd;
	(void)what;
	(void)arg;
	arm(1);
	if (state_writable() != WHY_OK)
		return;
	if (size != dird.journal->n) {
		size = dird.journal->n;
		look_at_nodes();
	}
	for (i = 0; i < sources && under_way < AT_ONCE; i++, turn++)
		if (is_due(source[turn % sources]))
			begin(source[turn % sources]);
}

void
on_near(struct chan *c, const struct msg_near *m, int *fds)
{
	struct source *s = add(m->pub, 1);

	(void)c;
	(void)fds;
	if (s == NULL)
		return;
	/* It could not be reached before; what it did wrong is not forgiven. */
	if (s->fetch == NULL && s->wasted == 0 && (s->fails == 0 || s->no_way)) {
		s->due = 0;
		arm(0);
	}
}

int
pull_from(const uint8_t pub[32])
{
	struct source *s = add(pub, 0);

	if (s == NULL)
		return -1;
	s->named = 1;
	s->due = 0;
	arm(0);
	return 0;
}

unsigned
pull_all(void)
{
	unsigned i;

	for (i = 0; i < sources; i++)
		source[i]->due = 0;
	arm(0);
	return sources;
}

void
pull_start(void)
{
	timer = evtimer_new(dird.base, on_timer, NULL);
	if (timer == NULL)
		fatalx("cannot make the clock of the pulls");
	arm(0);
}

/* -- status ------------------------------------------------------------------- */

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
pull_status(void)
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
		    name_of(s, addr), "did", did, "last_seen",
		    (json_int_t)s->last_seen, "from", (json_int_t)s->from,
		    "kept", (json_int_t)s->kept, "wasted_bytes",
		    (json_int_t)s->wasted, "refused", reasons(s), "next",
		    (json_int_t)s->due, "problem", s->wrong));
	}
	return list;
}
