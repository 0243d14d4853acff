/*
 * lent.c -- what is lent over the mesh and should be no more. The kernel knows
 * what is lent, the journal who may have it; whenever the journal has grown the
 * two are compared, and what does not stand is taken back. Nothing is kept
 * here, so a restart of either box loses nothing.
 */
#include <event2/event.h>

#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "dird.h"
#include "grant.h"
#include "lend_run.h"
#include "lent.h"
#include "who.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

#define BACK	64	/* taken back in one round; then another round */
/* After a round in which something failed. */
#define AGAIN_MS 1000
#define AGAIN_MS_MAX 64000

static struct event	*timer;
static int		 busy, again, failed;
static unsigned		 wait_ms;
static struct loan	 back[BACK];
static unsigned		 nback;
/* Ends that are on record and not done yet; one that is not among them is new. */
static struct loan	 told[BACK];
static unsigned		 ntold;
static uint8_t		 after[LEND_KEY_LEN];
static uint16_t		 after_len;

static void	next_page(void);
static void	take_back(void);

/* -- the other side's address ---------------------------------------------- */

int
lent_address(const char *did, uint8_t ip6[16])
{
	uint8_t pub[32];

	if (who_key(did, pub) == -1)
		return -1;
	who_address(pub, ip6);
	return 0;
}

int
lent_stands(const struct loan *l)
{
	uint8_t ip6[16];
	int known = lent_address(l->did, ip6) == 0;

	return grant_stands(dird.journal->view, dird.did, l->kind, l->did,
	    l->service, l->src, known ? ip6 : NULL);
}

/* -- the record ------------------------------------------------------------ */

static unsigned
find_told(const struct loan *l)
{
	unsigned i;

	for (i = 0; i < ntold && memcmp(&told[i], l, sizeof(*l)) != 0; i++)
		;
	return i;
}

/* Once, however often it has to be tried. */
static void
write_end(const struct loan *l)
{
	char text[160];

	if (find_told(l) < ntold)
		return;
	snprintf(text, sizeof(text), "end service=%s kind=%s: no longer "
	    "allowed", l->service, l->kind);
	/* It goes first; that it could not be written stops nothing. */
	if (audit_write("decision", l->did, text) == -1)
		return;
	if (ntold < BACK)
		told[ntold++] = *l;
	else
		told[0] = *l;
}

static void
forget_end(const struct loan *l)
{
	unsigned i = find_told(l);

	if (i < ntold)
		told[i] = told[--ntold];
}

/* -- a round --------------------------------------------------------------- */

/* What failed is tried again soon, and ever less often while it fails. */
static void
later(void)
{
	struct timeval tv;

	wait_ms = wait_ms == 0 ? AGAIN_MS : wait_ms * 2 < AGAIN_MS_MAX ?
	    wait_ms * 2 : AGAIN_MS_MAX;
	tv = (struct timeval){ wait_ms / 1000, wait_ms % 1000 * 1000 };
	if (event_add(timer, &tv) == -1)
		fatalx("cannot arm the clock of what is lent");
}

static void
round_over(void)
{
	busy = 0;
	if (failed) {
		later();
		return;
	}
	wait_ms = ntold = 0;
	if (again)
		lent_look();
}

static void
on_back(void *arg, const struct msg_macro_done *m)
{
	(void)arg;
	/* Not recorded: then it is gone all the same. */
	if (m->why != LEND_OK && m->why != LEND_AUDIT) {
		failed = 1;
		log_warn("what %s was lent cannot be taken back: %s; again "
		    "soon, or at the next start", back[nback].did,
		    lend_text(m->why));
	} else
		forget_end(&back[nback]);
	take_back();
}

/* One after the other, the one that failed no reason to leave the rest. */
static void
take_back(void)
{
	if (nback == 0) {
		round_over();
		return;
	}
	nback--;
	write_end(&back[nback]);
	if (lend_run(LEND_DUE, LEND_REVOKE, &back[nback], NULL, on_back,
	    NULL) == -1) {
		failed = 1;
		round_over();
	}
}

static void
on_row(void *arg, const struct lend_row *r)
{
	struct loan l;

	(void)arg;
	memset(&l, 0, sizeof(l));	/* compared as a whole */
	/* Lent by somebody on this box: that is his to take back. */
	if (r->service[0] == '\0')
		return;
	strcpy(l.kind, r->kind);
	strcpy(l.did, r->sub);
	strcpy(l.service, r->service);
	memcpy(l.src, r->src, sizeof(l.src));
	if (lent_stands(&l))
		return;
	if (nback == BACK)
		again = 1;
	else if (nback == 0 || memcmp(&back[nback - 1], &l, sizeof(l)) != 0)
		back[nback++] = l;
}

static void
on_page(void *arg, const struct msg_macro_listed *m)
{
	(void)arg;
	if (dird.journal == NULL) {
		busy = 0;
		return;
	}
	after_len = lend_rows(m->rows, m->rows_len, after, on_row, NULL);
	if (after_len > 0 && m->more)
		next_page();
	else
		take_back();
}

/* What the pages before told of goes now. */
static void
no_page(void)
{
	failed = 1;
	take_back();
}

static void
on_no_page(void *arg, const struct msg_macro_done *m)
{
	(void)arg;
	log_warn("what is lent cannot be looked at: %s; again soon",
	    lend_text(m->why));
	if (dird.journal == NULL)
		busy = 0;
	else
		no_page();
}

static void
next_page(void)
{
	if (lend_list(LEND_DUE, after, after_len, on_page, on_no_page,
	    NULL) == -1)
		no_page();
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	lent_look();
}

void
lent_look(void)
{
	if (timer == NULL || dird.journal == NULL || !lend_is_on())
		return;
	if (busy) {
		again = 1;
		return;
	}
	busy = 1;
	again = 0;
	failed = 0;
	nback = 0;
	after_len = 0;
	next_page();
}

void
lent_start(void)
{
	if (!lend_is_on())
		return;
	timer = evtimer_new(dird.base, on_timer, NULL);
	if (timer == NULL)
		fatalx("cannot make the clock of what is lent");
}
