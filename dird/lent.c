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
#define AGAIN_MS 1000

static struct event	*timer;
static int		 busy, again;
static struct loan	 back[BACK];
static unsigned		 nback;
static uint32_t		 snap, from;

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

/* -- a round --------------------------------------------------------------- */

static void
later(void)
{
	struct timeval tv = { AGAIN_MS / 1000, AGAIN_MS % 1000 * 1000 };

	busy = 0;
	again = 1;
	if (event_add(timer, &tv) == -1)
		fatalx("cannot arm the clock of what is lent");
}

static void
round_over(void)
{
	busy = 0;
	if (again)
		lent_look();
}

static void
on_back(void *arg, const struct msg_macro_done *m)
{
	(void)arg;
	if (m->why != LEND_OK) {
		log_warn("what %s was lent cannot be taken back: %s; again "
		    "soon, or at the next start", back[nback].did,
		    lend_text(m->why));
		if (m->why != LEND_AUDIT) {	/* then it is gone all the same */
			later();
			return;
		}
	}
	take_back();
}

static void
take_back(void)
{
	char text[160];

	if (nback == 0) {
		round_over();
		return;
	}
	nback--;
	snprintf(text, sizeof(text), "end service=%s kind=%s: no longer "
	    "allowed", back[nback].service, back[nback].kind);
	/* It goes first; that it could not be written stops nothing. */
	audit_write("decision", back[nback].did, text);
	if (lend_run(LEND_REVOKE, &back[nback], NULL, on_back, NULL) == -1)
		later();
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
	uint32_t n;

	(void)arg;
	if (dird.journal == NULL) {
		busy = 0;
		return;
	}
	n = lend_rows(m->rows, m->rows_len, on_row, NULL);
	snap = m->snap;
	from += n;
	if (n > 0 && from < m->total)
		next_page();
	else
		take_back();
}

static void
on_no_page(void *arg, const struct msg_macro_done *m)
{
	(void)arg;
	(void)m;
	later();
}

static void
next_page(void)
{
	if (lend_list(snap, from, on_page, on_no_page, NULL) == -1)
		later();
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
	nback = 0;
	snap = from = 0;
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
