/* view_int.h -- the tables of the view, shared by its files. */
#ifndef VIEW_INT_H
#define VIEW_INT_H

#include "view.h"

#define NOBODY		UINT32_MAX
#define NO_LIMIT	UINT64_MAX

/* What was said about somebody that decides what somebody is. */
struct fact {
	uint32_t	author, subject, next;
	uint32_t	by_next;	/* of the same author; not Join */
	uint64_t	seq;
	int64_t		when, expires;	/* Invite, Join */
	uint64_t	entries;	/* Revoke */
	uint8_t		token[32];	/* Invite, Join: its hash */
	uint8_t		used;
};

struct facts {
	struct fact	*f;
	uint32_t	 n, room;
};

struct author {
	uint8_t		 did[16], pub[KEY_LEN], last[ID_LEN];
	int		 known;		/* its first entry is here */
	int64_t		 last_time;
	uint64_t	 fork;		/* lowest number signed twice, or NO_LIMIT */
	uint32_t	*ref;		/* number of the entry, by seq */
	uint64_t	 n, room;
	uint32_t	 hash_next;
	uint32_t	 invites, joins, attests;	/* lists about this one */
	uint32_t	 joined;	/* length of joins */
	uint32_t	 invited, vouched, revoked;	/* lists of its own */
	/* Settled by view_admit.c: */
	uint64_t	 final;		/* entries that can ever count, or NO_LIMIT */
	uint32_t	 in_next;
	int		 is_in;		/* what it says is kept */
	int		 is_shunned;	/* whom somebody sent away invited; */
	int		 has_key;	/* whose key is in pub all the same */
	/* Settled: */
	uint64_t	 cut;
	uint32_t	 member_round, free_round;	/* NOBODY: never */
	uint64_t	 voted;		/* in this vote of the view */
	uint32_t	 rise_next, ask_next;
	int		 is_asked;
};

struct view {
	struct author	*author;
	uint32_t	 authors, author_room, author_buckets;
	uint32_t	*author_bucket;
	struct item	*item;
	uint32_t	 items, item_room, item_buckets;
	uint32_t	*item_bucket;	/* by class and key */
	uint32_t	*same_bucket;	/* by author, too, and version */
	uint8_t		(*id)[ID_LEN];
	uint32_t	 n, id_room;
	struct facts	 invites, joins, attests, revokes;
	uint32_t	 root, threshold;
	uint64_t	 vote;
	uint32_t	 risen, asked;	/* lists, while people are settled */
	uint64_t	 reopened;	/* times that what was final was not */
	uint32_t	 shunned;
	int		 dirty, stale;	/* people; what is final */
	uint8_t		 salt[16];
};

/* The entry's place in its author's chain. 1: it conflicts with a known one. */
int	author_place(const struct view *, uint32_t author, const struct entry *,
	    struct because *);
void	admit_settle(struct view *);
void	admit_invite(struct view *, const struct fact *);
void	admit_revoke(struct view *, const struct fact *);
void	admit_fork(struct view *, uint32_t author);
void	people_settle(struct view *);
/* It signed two histories, and not only where nothing counts any more. */
int	people_frozen(const struct author *);
enum standing people_standing(struct view *, uint32_t author);
/* The author that a did in the body names, made if it is new; or NOBODY. */
uint32_t people_named(struct view *, const struct entry *, const char *field);
int	people_fact(struct view *, uint32_t author, const struct entry *);
int	items_take(struct view *, uint32_t author, uint32_t ref,
	    const struct entry *);
uint32_t author_find(const struct view *, const char *did);
uint32_t author_make(struct view *, const char *did);
/* Grows a table of n elements of size to hold one more; NULL without memory. */
void	*table_grow(void *p, uint32_t n, uint32_t *room, size_t size);

#endif
