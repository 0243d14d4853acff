/*
 * state.c -- the journal while it is open. What is broken closes it or makes it
 * read-only; the house stands all the same, and says so.
 */
#include <string.h>

#include "dird.h"
#include "head.h"
#include "lent.h"
#include "node.h"
#include "pull.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

/* What is broken is not served; what is good before it is, to be read only. */
static void
salvage(const struct note_key *key)
{
	dird.journal = journal_salvage(dird.folder, NULL, key);
	log_error("the journal in %s is broken: %s: %s; %s; `dird --check` says "
	    "more", dird.folder_name, why_text(dird.closed.why),
	    dird.closed.place, dird.journal == NULL ? "it stays closed" :
	    "what is good before that is served, nothing is added");
}

void
state_open(void)
{
	struct note_key	key;
	int		has = head_key(DIR_JOURNAL, &key) == 0;

	dird.closed = (struct because){ WHY_OK, "" };
	dird.journal = journal_open(dird.folder, NULL, NULL, has ? &key : NULL,
	    CHECK_HASHES, &dird.closed);
	if (dird.journal == NULL)
		salvage(has ? &key : NULL);
	if (dird.journal == NULL)
		return;
	if (dird.journal->skipped > 0)
		log_info("the journal stepped over %llu torn tails of earlier "
		    "crashes", (unsigned long long)dird.journal->skipped);
	log_info("directory of %llu entries, %s",
	    (unsigned long long)dird.journal->n,
	    dird.journal->root[0] ? dird.journal->root : "no domain yet");
	state_writable();
}

/* Once: the disk said no, and from now on nothing is taken. */
static void
alert(void)
{
	static int said;

	if (said || dird.closed.why != WHY_OK)
		return;
	said = 1;
	because(&dird.closed, WHY_READ_ONLY, "%s: %s", dird.folder_name,
	    strerror(store_error(dird.journal->store)));
	log_error("ALERT: the journal in %s is read-only: %s; what was "
	    "acknowledged is there", dird.folder_name,
	    strerror(store_error(dird.journal->store)));
}

void
state_changed(void)
{
	head_soon();
	node_look();
	lent_look();
	pull_look();
}

enum why
state_writable(void)
{
	if (dird.journal == NULL)
		return dird.closed.why != WHY_OK ? dird.closed.why :
		    WHY_READ_ONLY;
	if (!store_is_readonly(dird.journal->store) && !dird.journal->lost)
		return WHY_OK;
	alert();
	return WHY_READ_ONLY;
}
