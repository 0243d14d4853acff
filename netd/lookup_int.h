/* lookup_int.h -- between lookup.c and lookup_table.c only. */
#ifndef NETD_LOOKUP_INT_H
#define NETD_LOOKUP_INT_H

#include "lookup.h"
#include "quota.h"

enum {
	LOOKUP_NO_SLOT = UINT16_MAX,
	LOOKUP_LIMITS = 1024, LOOKUP_BACKOFFS = 256,	/* newest wins its place */
	LOOKUP_IDS = 32,				/* numbers of one question */
};

struct lookup_open {
	uint8_t	 used;
	uint8_t	 target[NADDR_LEN], pub[32];
	uint64_t id[LOOKUP_IDS];
	unsigned ids, attempt, extra, checks;
	uint32_t change;		/* what the mesh was like when we asked */
	uint64_t started_ms, sent_ms, due_ms;
};

struct lookup_recent {
	uint64_t id, ms;
	uint8_t	 target[NADDR_LEN];
	uint32_t hash_next;
	uint16_t from;
	uint8_t	 used, answers;
};

struct lookup_work {				/* a signature or a verdict we wait for */
	uint32_t	       token;	/* 0: free */
	uint8_t		       is_check;
	uint16_t	       slot;
	struct lookup_response a;
};

struct lookup_limit {
	uint64_t     tag;
	struct quota quota;
};

struct lookup_backoff {
	uint8_t	 target[NADDR_LEN];
	unsigned failures;
	uint64_t until_ms;
};

struct lookup_peer {
	struct quota request, proof;
};

struct lookup {
	struct lookup_cfg   cfg;
	struct lookup_cb    cb;
	void		   *arg;
	struct lookup_open	   *open;
	struct lookup_recent	   *recent;
	uint32_t	   *bucket, mask, next;
	struct lookup_work	   *work;
	struct lookup_peer	   *peer;
	struct lookup_limit	    limit[LOOKUP_LIMITS];
	struct lookup_backoff	    backoff[LOOKUP_BACKOFFS];
	uint32_t	    token, change;
	struct lookup_stats stats;
};

/* Keyed, so that nobody can choose what falls together. */
uint64_t lookup_hash(const struct lookup *, const uint8_t target[NADDR_LEN],
	    unsigned slot);
/* A question seen not long ago, or NULL. */
struct lookup_recent *lookup_recent_find(struct lookup *, uint64_t id,
	    uint64_t now_ms);
void	lookup_recent_put(struct lookup *, const struct lookup_request *,
	    unsigned from, uint64_t now_ms);
/* Room to wait for a signature or a verdict, or NULL; the one with a token. */
struct lookup_work *lookup_work_new(struct lookup *, unsigned slot, int is_check);
struct lookup_work *lookup_work_find(struct lookup *, uint32_t token,
	    int is_check);

#endif
