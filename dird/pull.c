/*
 * pull.c -- see pull.h. A pass asks a source for page after page until there is
 * no more. What it sends must go on where the pass before ended, by the chain of
 * hashes, so that no page comes twice. What goes wrong, and what is too much,
 * ends the pass, and the source rests.
 */
#include <event2/event.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cosigned.h"
#include "dird.h"
#include "fetch.h"
#include "import.h"
#include "pull.h"
#include "source.h"
#include "who.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define AT_ONCE		4		/* of fetch.c's calls; the rest is others' */
#define STRANGERS_AT_ONCE 2		/* of these, of whom nobody has told us */
#define PAGE_MAX	(1u << 20)
#define PAGE_S		60
/* A pass: what one peer may take of our time and disk before others' turn, */
#define PASS_S		60		/* and the page that is under way */
#define PASS_BYTES	(64u << 20)
/* and how much of that may be in vain: then it rests. */
#define PASS_REFUSED	1024
#define PASS_STRANGERS	256
#define SAVE_S		600		/* what is done again after a crash */
#define DOZE_S		60		/* longest without a look: clocks are set */

static unsigned		 under_way;
static struct event	*timer;
static int64_t		 save_due;

static void	ask(struct source *);

static void
arm(unsigned s)
{
	struct timeval tv = { s, s == 0 ? 10000 : 0 };

	if (event_add(timer, &tv) == -1)
		fatalx("cannot arm the clock of the pulls");
}

/* -- the end of a pass ------------------------------------------------------ */

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
	s->due = dird_now() + (pause > SOURCE_REST_S ? SOURCE_REST_S : pause);
	log_debug("no pull from %s: %s", source_name(s, text), s->wrong);
}

/*
 * Whatever a member signs is kept for ever, so it is not kept without end. That
 * is nothing wrong: a long journal takes some hours.
 */
static int
has_had_enough(struct source *s)
{
	int64_t until = source_full_until(s);

	if (until == 0)
		return 0;
	s->due = until;
	snprintf(s->wrong, sizeof(s->wrong), "it has had the %" PRIu64 " MiB "
	    "of an hour: the rest waits", dird.conf[CONF_DIR_PULL_MIB]);
	return 1;
}

static void
done(struct source *s)
{
	char did[DID_LEN + 1];

	who_is(s->ip6, did);
	cosigned_ask(s->pub, did);
	s->wrong[0] = '\0';
	s->fails = 0;
	s->no_way = 0;
	s->due = dird_now() + (int64_t)dird.conf[CONF_DIR_PULL];
}

/* -- a page ----------------------------------------------------------------- */

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
	uint64_t size = dird.journal->n;
	uint64_t opened = view_reopened(dird.journal->view);
	struct because b = { WHY_OK, "" };
	char text[INET6_ADDRSTRLEN];
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
		source_restart(s);
	} else if (import_take(im) == -1)
		rest(s, "our own journal takes nothing");
	else {
		if (source_took(s, im, size, opened) > 0)
			state_changed();
		quota = over_quota(s);
		if (quota != NULL)
			rest(s, "%s", quota);
		else if (has_had_enough(s))
			log_warn("%s: %s", source_name(s, text), s->wrong);
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
		source_restart(s);
		rest(s, "its journal is not the one of before");
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
	char path[64 + 2 * CHAIN_LEN], chain[2 * CHAIN_LEN + 1];

	hex_encode(s->chain, CHAIN_LEN, chain);
	snprintf(path, sizeof(path), "/v1/log/export?from=%" PRIu64 "&chain=%s",
	    s->from, chain);
	s->fetch = fetch(s->pub, METHOD_GET, path, "", 0, PAGE_MAX, PAGE_S,
	    on_page, s);
	if (s->fetch == NULL)
		s->due = dird_now() + 1;	/* others call just now */
	else
		under_way++;
}

static void
begin(struct source *s)
{
	if (has_had_enough(s))
		return;
	s->until = dird_now() + PASS_S;
	s->bytes = s->kept_now = s->refused_now = s->strangers = 0;
	source_go_back(s);
	ask(s);
}

/* -- whose turn it is --------------------------------------------------------- */

static void
on_node(void *arg, const char *did, const uint8_t pub[32],
    const uint8_t ip6[16])
{
	static int said;
	struct source *s = source_add(pub, 0);

	(void)arg;
	(void)ip6;
	if (s != NULL)
		s->listed = 1;
	else if (memcmp(pub, dird.pub + 1, 32) != 0 && !said) {
		said = 1;
		log_warn("more than %d nodes: %s and others are not asked for "
		    "what they have", SOURCES_MAX, did);
	}
}

static void
look_at_nodes(void)
{
	unsigned i;

	for (i = 0; i < source_count(); i++)
		source_at(i)->listed = 0;
	who_each(on_node, NULL);
}

/* However slow they are, strangers leave calls for the others. */
static int
may_call(const struct source *s)
{
	unsigned i, n = 0;

	for (i = 0; i < source_count(); i++)
		n += source_at(i)->fetch != NULL &&
		    source_is_stranger(source_at(i));
	return !source_is_stranger(s) || n < STRANGERS_AT_ONCE;
}

/* A box without a domain follows nobody that was not named to it. */
static int
is_followed(const struct source *s)
{
	return s->fetch == NULL && (s->named || dird.journal->root[0] != '\0');
}

static int
is_due(const struct source *s)
{
	return is_followed(s) && s->due <= dird_now() && may_call(s);
}

static int
save(enum record_kind kind, const void *p, size_t len)
{
	uint64_t where;

	return len == 0 ? 0 : store_append(dird.journal->store, kind, p, len,
	    &where);
}

void
pull_save(int ending)
{
	static uint8_t buf[STORE_RECORD_MAX];

	save_due = dird_now() + SAVE_S;
	if (state_writable() != WHY_OK)
		return;
	if (save(REC_PULLS, buf, source_write(buf, sizeof(buf),
	    ending)) == -1 ||
	    save(REC_COSIGNED, buf, cosigned_write(buf, sizeof(buf))) == -1 ||
	    store_commit(dird.journal->store) == -1)
		state_writable();	/* says so, aloud */
}

static void
recall(void)
{
	const struct journal *j = dird.journal;

	if (j == NULL || j->root[0] == '\0')
		return;
	if (j->pulls.data != NULL &&
	    source_read(j->pulls.data, j->pulls.len) == -1)
		log_warn("how far the pulls were is not known of all peers: "
		    "they are asked from the start");
	if (j->cosigned.data != NULL)
		cosigned_read(j->cosigned.data, j->cosigned.len);
}

/* Seconds until something may be due; a call that others make may end. */
static unsigned
doze_s(void)
{
	int64_t now = dird_now(), due = save_due;
	const struct source *s;
	unsigned i;

	for (i = 0; i < source_count(); i++) {
		s = source_at(i);
		if (is_followed(s) && s->due < due)
			due = s->due;
	}
	return due <= now ? 1 : due - now < DOZE_S ? (unsigned)(due - now) : DOZE_S;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	static unsigned turn;
	static uint64_t size;
	unsigned i, n;

	(void)fd;
	(void)what;
	(void)arg;
	arm(DOZE_S);
	if (state_writable() != WHY_OK)
		return;
	if (size != dird.journal->n) {
		size = dird.journal->n;
		look_at_nodes();
	}
	if (save_due <= dird_now())
		pull_save(0);
	n = source_count();
	for (i = 0; i < n && under_way < AT_ONCE; i++, turn++)
		if (is_due(source_at(turn % n)))
			begin(source_at(turn % n));
	arm(doze_s());
}

void
pull_look(void)
{
	if (timer != NULL)
		arm(0);
}

void
on_near(struct chan *c, const struct msg_near *m, int *fds)
{
	struct source *s = source_add(m->pub, 1);

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
	struct source *s = source_add(pub, 0);

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

	for (i = 0; i < source_count(); i++)
		source_at(i)->due = 0;
	arm(0);
	return source_count();
}

void
pull_start(void)
{
	timer = evtimer_new(dird.base, on_timer, NULL);
	if (timer == NULL)
		fatalx("cannot make the clock of the pulls");
	recall();
	save_due = dird_now() + SAVE_S;
	arm(0);
}
