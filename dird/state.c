/*
 * state.c -- the journal while it is open. What is broken closes it or makes it
 * read-only; the house stands all the same, and says so.
 */
#include <string.h>

#include "dird.h"
#include "head.h"
#include "node.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

void
state_open(void)
{
	struct note_key	key;

	dird.closed = (struct because){ WHY_OK, "" };
	dird.journal = journal_open(dird.folder, NULL, NULL, head_key(&key) == 0 ? &key : NULL,
	    CHECK_HASHES, &dird.closed);
	if (dird.journal == NULL) {
		log_error("the journal in %s stays closed: %s%s%s; "
		    "`dird --check` says more", dird.folder_name,
		    why_text(dird.closed.why),
		    dird.closed.place[0] ? ": " : "", dird.closed.place);
		return;
	}
	if (dird.journal->skipped > 0)
		log_info("the journal stepped over %llu torn tails of earlier "
		    "crashes", (unsigned long long)dird.journal->skipped);
	if (store_is_readonly(dird.journal->store))
		log_error("the journal in %s is read-only: %s",
		    dird.folder_name, strerror(store_error(dird.journal->store)));
	log_info("directory of %llu entries, %s",
	    (unsigned long long)dird.journal->n,
	    dird.journal->root[0] ? dird.journal->root : "no domain yet");
}

void
state_changed(void)
{
	head_soon();
	node_look();
}

enum why
state_writable(void)
{
	if (dird.journal == NULL)
		return dird.closed.why != WHY_OK ? dird.closed.why :
		    WHY_READ_ONLY;
	return store_is_readonly(dird.journal->store) || dird.journal->lost ?
	    WHY_READ_ONLY : WHY_OK;
}
