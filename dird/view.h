/*
 * view.h -- what a set of entries means: who is what, and which objects count.
 *
 * The state is a function of the set, not of the order in which it came. Every
 * author's entries must come in that author's order; between authors any order
 * will do. Nothing here does I/O or looks at a clock.
 *
 * How standing is decided, so that every node decides the same:
 * - An author that signed two entries with one number is frozen: its entries
 *   from that number on never count, and it has no rights.
 * - A Revoke names how many of the subject's entries still count. What comes
 *   after that never counts, on any node, however it is dated.
 * - Members and emancipation grow in rounds from the founder. Revokes take
 *   effect round by round: somebody can undo the revokes of those who came
 *   after, never of those who came before. Two of one round who revoke each
 *   other are both out. With the cuts found so, membership is counted afresh.
 * - Objects of somebody revoked or frozen do not count at all.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdint.h>

#include "entry.h"

/* What the view keeps one of, by key. */
enum item_class {
	ITEM_NODE,		/* key: did */
	ITEM_NAME,		/* name */
	ITEM_SERVICE,		/* service id */
	ITEM_SUBSCRIPTION,	/* subscription id; link: service id */
	ITEM_APPROVAL,		/* subscription id */
	ITEM_CONFIG,		/* scope */
	ITEM_CONFIG_REVOKE,	/* content id of the blob */
	ITEM_ROUTE,		/* did */
	ITEM_EXIT,		/* did of the subscriber */
	ITEM_WITNESS,		/* origin of the log */
	ITEM_SNAPSHOT,		/* did */
	ITEM_CLASSES
};

enum decision { DECISION_NONE, DECISION_APPROVED, DECISION_REJECTED,
	DECISION_REVOKED };

/* A subscription as both sides see it. */
enum subscribed { SUB_NONE, SUB_PENDING, SUB_ACTIVE, SUB_REJECTED, SUB_REVOKED };

struct item {
	uint8_t		key[16];
	union {
		uint8_t		link[16];	/* Subscription */
		struct {
			uint64_t	version;	/* Config */
			uint32_t	from, until;	/* seconds; 0: no limit */
		};
		struct {
			uint64_t	since;	/* ServiceOffer: seq of these terms */
			uint32_t	terms, kind;	/* hashes: macro, approval */
		};
		uint64_t	seq;		/* Approval */
	};
	uint32_t	author;		/* see view_did() */
	uint32_t	ref;		/* number of the entry */
	uint32_t	next, next_same;
	uint32_t	when;		/* signed, seconds */
	uint8_t		cls;
	uint8_t		detail;		/* by class: withdrawn, auto, decision */
};

struct person {
	int		known, member, emancipated, revoked, frozen;
	uint64_t	entries;	/* of its chain, here */
	uint64_t	counted;	/* of them, those that count */
};

struct view;

struct view	*view_new(void);
void		 view_free(struct view *);
/* Whose Genesis founds the domain; before that nobody has a right. */
void		 view_root(struct view *, const char *did);
/*
 * May a checked and verified entry that came from elsewhere be kept? 0, or -1
 * and why; WHY_KNOWN is no fault; WHY_REVOKED, WHY_FROZEN none of its bearer's.
 * Says nothing about rights: what has no right is kept, since the right may
 * still arrive, and does not count until then.
 */
int		 view_admit(struct view *, const struct entry *, struct because *);
/* May what was refused for this be taken when more is here, or later? */
int		 view_later(enum why);
/* Grows when something that was refused as WHY_REVOKED may be wanted. */
uint64_t	 view_reopened(const struct view *);
/*
 * Adds an entry, the next by number. 0; or -1 if its place in the author's
 * chain is wrong. An entry that conflicts with a known one freezes its author.
 */
int		 view_add(struct view *, const struct entry *, struct because *);
/* Key of an author; -1 if unknown. And where its chain goes on. */
int		 view_key(const struct view *, const char *did, uint8_t pub[KEY_LEN]);
int		 view_next(const struct view *, const char *did, uint64_t *seq,
		    uint8_t prev[ID_LEN]);
/* Did it sign two entries with one number? Settles nothing. */
int		 view_forked(const struct view *, const char *did);

/* The one question. Unknown did, unknown right, no right: 0. */
int		 view_can(struct view *, const char *did, enum right);
/* May this author say this now? For entries that we are asked to sign. */
int		 view_may(struct view *, const struct entry *, struct because *);
void		 view_person(struct view *, const char *did, struct person *);
void		 view_did(const struct view *, uint32_t author, char did[DID_LEN + 1]);
uint32_t	 view_people(const struct view *);	/* dids seen or named */

/*
 * The next item that counts, from place *at on, which is then the one behind it;
 * NULL behind the last. An item keeps its place, also when its author says it
 * anew, and after a restart.
 */
const struct item *view_walk(struct view *, enum item_class, uint32_t *at);
/* Every item that counts. */
void		 view_each(struct view *, enum item_class,
		    void (*fn)(void *, const struct item *), void *arg);
/* Does this offer lend by a macro of this kind? */
int		 view_lends(const struct view *, const struct item *,
		    const char *kind);
/* NULL if there is none that counts. Pointers last until the next view_add(). */
const struct item *view_node(struct view *, const char *did);
const struct item *view_name(struct view *, const char *name);
const struct item *view_service(struct view *, const char *service_id);
const struct item *view_subscription(struct view *, const char *id);
const struct item *view_config(struct view *, const char *scope, int64_t now);
/* The highest version that a scope's publisher or did ever published for it,
 * also when it is not in force; 0: none. Others cannot use up the numbers. */
uint64_t	 view_config_last(struct view *, const char *scope,
		    const char *did);
/*
 * An approval is for the terms that stood when it was given: it ends with a
 * withdrawal, and with another macro or another way to approve. A no stays.
 */
enum subscribed	 view_subscribed(struct view *, const char *subscription_id);
/* A hash of everything that the set means: equal sets, equal digests. */
void		 view_digest(struct view *, uint8_t out[32]);

#endif
