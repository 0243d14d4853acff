/*
 * api.h -- the local API: routes, and what its files share. Handlers are thin;
 * the view and the journal do the work. The shapes are in docs/directory.md.
 */
#ifndef API_H
#define API_H

#include "http.h"
#include "say.h"
#include "view.h"

/* A handler; body is the JSON of a POST, an object, released by the caller. */
typedef void	api_fn(struct ask *, json_t *body);

void	api_handle(struct ask *);
/* The same for the mesh, where little may be asked. */
void	api_handle_mesh(struct ask *);
/* What is no request of the mesh: recorded where it was to be a loan. */
void	api_misread_mesh(const char *, size_t len, const uint8_t src[16]);

/* Say it; answer 201 with entry, id, type and what extra has. */
void	api_say(struct ask *, enum object, json_t *body, json_t *extra);
/* Bytes, at most 64 of them, as a text of hex digits. */
json_t	*api_hex(const uint8_t *, size_t len);
/* Entry n as JSON, or NULL: {"entry", "id", "type", "author", "body", ...}. */
json_t	*api_entry(uint64_t n);
/* An object that counts: its fields, and author, entry, id, created_at. */
json_t	*api_item(const struct item *);
/* Every object of a class that counts, each with what more adds. */
json_t	*api_items(enum item_class, void (*more)(json_t *, const struct item *));
/* The text of a field, or fallback; NULL after an answer that it is wrong. */
const char *api_text(struct ask *, const json_t *body, const char *field,
	    const char *fallback);
/* A number of the query, or fallback. -1 after an answer that it is wrong. */
int64_t	api_number(struct ask *, const char *name, int64_t fallback);
/*
 * Answer with a proof from a tree: ?entry=N or ?old=N, and ?size=M, which is
 * newest when it is not there.
 */
struct merkle;
void	api_prove_entry(struct ask *, const struct merkle *, uint64_t newest);
void	api_prove_growth(struct ask *, const struct merkle *, uint64_t newest);
/* Is there a journal? 0, or -1 after an answer that there is none. */
int	api_open(struct ask *);

/* api_state.c */
api_fn	api_identity, api_status, api_nodes, api_entries;
/* api_people.c */
api_fn	api_genesis, api_invite, api_join, api_attest, api_revoke;
/* api_service.c */
api_fn	api_services, api_catalogue, api_subscriptions, api_offer, api_withdraw,
	api_subscribe, api_activate, api_revoke_access, api_auto_register,
	api_approve, api_reject;
/* api_lend.c */
api_fn	api_grants;
/* api_audit.c */
api_fn	api_audit, api_audit_verify, api_audit_checkpoint, api_audit_inclusion,
	api_audit_consistency, api_audit_export;
/* api_grant.c */
api_fn	api_grant;
/* api_config.c */
api_fn	api_configs, api_wanted, api_publish, api_config_revoke;
/* api_log.c */
api_fn	api_checkpoint, api_inclusion, api_consistency, api_export,
	api_import, api_verify;

/* api_pull.c */
api_fn	api_pull;
/* notary.c */
api_fn	api_add_checkpoint;

#endif
