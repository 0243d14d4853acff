/*
 * grant.h -- a loan asked for over the mesh: who may have it. Nonces and the
 * decision are pure: no I/O, no clock, no door.
 *
 *	grant_rule.c	nonces; the decision, from the view and what was sent
 *	grant.c		the provider's side: requests in, macro run, answers out
 *	lent.c		what is lent and should be no more
 *	borrow.c	the consumer's side, and what it has borrowed
 */
#ifndef GRANT_H
#define GRANT_H

#include <jansson.h>

#include "entry.h"
#include "quota.h"
#include "view.h"

#define NONCE_LEN	32
#define NONCE_LIFE_S	30
#define NONCES		256	/* that live at one time */
#define NONCES_EACH	4	/* of them, for one address */

enum grant_why {
#define GRANT_WHY(NAME, code, status, text)	GRANT_##NAME,
#include "grant.def"
	GRANT_WHY_MAX
};

const char	*grant_code(enum grant_why);
const char	*grant_text(enum grant_why);
int		 grant_status(enum grant_why);
/* The reason of a code, or GRANT_WHY_MAX. */
enum grant_why	 grant_find(const char *code);

struct nonces {
	struct {
		uint8_t	nonce[NONCE_LEN], src[16], service[16];
		int64_t	until;		/* 0: free */
	} n[NONCES];
};

/*
 * random becomes a nonce for this address and service. When there are too many
 * the oldest goes, of whoever has most.
 */
void	nonce_give(struct nonces *, const uint8_t src[16],
	    const uint8_t service[16], const uint8_t random[NONCE_LEN],
	    int64_t now);
/* Takes it out of the table, whatever comes of it. */
enum grant_why nonce_take(struct nonces *, const uint8_t nonce[NONCE_LEN],
	    const uint8_t src[16], const uint8_t service[16], int64_t now);

/*
 * How often somebody may have something decided: each time is written down,
 * and the disk is ours. One who has not asked for longest makes room.
 */
#define METERS		256
#define METER_BURST	30
#define METER_PER_MIN	2

struct meters {
	struct {
		char		did[DID_LEN + 1];
		struct quota	quota;
	} m[METERS];
};

/* 1, or 0: too often. */
int	meter_take(struct meters *, const char *did, int64_t now);

/* What was sent, read: form only. */
struct request {
	uint8_t		 src[16];	/* authenticated by the mesh */
	char		 service[33];
	int		 give_back;
	char		 did[DID_LEN + 1];
	uint8_t		 nonce[NONCE_LEN], proof[SIG_LEN];
	uint8_t		 raw[4096];	/* the Subscription */
	struct entry	 sub;		/* into raw */
	char		 sub_id[33];
};

/*
 * {"did", "nonce", "proof", "subscription", "give_back"?} to a request;
 * src and service are the caller's. GRANT_OK or GRANT_FORM.
 */
enum grant_why request_read(const json_t *body, int64_t now, struct request *);
/*
 * Everything but the nonce: may this did, from this address, have this service
 * of `own`? address is what NodeRecord of the did says, or NULL; macro whether
 * the offer carries one.
 */
enum grant_why request_judge(struct view *, const char *own,
	    const struct request *, const uint8_t *address, int has_macro);
/* May what a macro of kind lent to did at src for this service stay lent? */
int	grant_stands(struct view *, const char *own, const char *kind,
	    const char *did, const char *service, const uint8_t src[16],
	    const uint8_t *address);

/* grant.c */
/* Called once; the object is the caller's to release. */
typedef void	(*grant_reply)(void *arg, int status, json_t *);
/*
 * POST /v1/grant/{service}, from a source that the mesh has authenticated: an
 * empty body asks for a nonce, any other for the loan. did: whose source that
 * is, or "".
 */
void	grant_ask(const char *service, const uint8_t src[16], const char *did,
	    const json_t *body, grant_reply, void *arg);
/* What was sent there and is no request, whoever answers it, is recorded. */
void	grant_misread(const char *service, const uint8_t src[16],
	    const char *did);

/*
 * The other way: POST /v1/grant/{service} to the node with this key. Takes
 * body. 0 and done will be called once, status 0 when nobody answered; or -1.
 */
typedef void	(*grant_answer)(void *arg, int status, const json_t *);
int	grant_post(const uint8_t pub[32], const char *service, json_t *body,
	    grant_answer done, void *arg);

#endif
