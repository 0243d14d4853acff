/* api.c -- which request goes where, and what handlers have in common. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "dird.h"
#include "grant.h"
#include "jcs.h"
#include "who.h"

#define GRANT_PATH	"/v1/grant/"

/* READ and CHANGE carry at most a JSON text; BULK as much as HTTP lets in. */
enum kind { READ, CHANGE, BULK };

struct route {
	enum method	 method;
	enum kind	 kind;
	const char	*path;		/* {id}: one piece of hex or a did */
	api_fn		*fn;
};

static const struct route routes[] = {
	{ METHOD_GET,  READ,   "/v1/identity",		api_identity },
	{ METHOD_GET,  READ,   "/v1/status",		api_status },
	{ METHOD_GET,  READ,   "/v1/entries",		api_entries },
	{ METHOD_GET,  READ,   "/v1/nodes",		api_nodes },
	{ METHOD_GET,  READ,   "/v1/services",		api_services },
	{ METHOD_GET,  READ,   "/v1/subscriptions",	api_subscriptions },
	{ METHOD_GET,  READ,   "/v1/configs",		api_configs },
	{ METHOD_GET,  READ,   "/v1/configs/wanted",	api_wanted },
	{ METHOD_GET,  READ,   "/v1/grants",		api_grants },
	{ METHOD_GET,  READ,   "/v1/audit",		api_audit },
	{ METHOD_GET,  READ,   "/v1/audit/verify",	api_audit_verify },
	{ METHOD_GET,  READ,   "/v1/audit/checkpoint",	api_audit_checkpoint },
	{ METHOD_GET,  READ,   "/v1/audit/export",	api_audit_export },
	{ METHOD_GET,  READ,   "/v1/audit/proof/inclusion",
	    api_audit_inclusion },
	{ METHOD_GET,  READ,   "/v1/audit/proof/consistency",
	    api_audit_consistency },
	{ METHOD_GET,  READ,   "/v1/checkpoint",	api_checkpoint },
	{ METHOD_GET,  READ,   "/v1/proof/inclusion",	api_inclusion },
	{ METHOD_GET,  READ,   "/v1/proof/consistency", api_consistency },
	{ METHOD_GET,  READ,   "/v1/log/export",	api_export },
	{ METHOD_GET,  READ,   "/v1/log/verify",	api_verify },
	{ METHOD_POST, BULK,   "/v1/log/import",	api_import },
	{ METHOD_POST, CHANGE, "/v1/pull",		api_pull },
	{ METHOD_POST, BULK,   "/v1/witness/add-checkpoint",
	    api_add_checkpoint },
	{ METHOD_POST, CHANGE, "/v1/genesis",		api_genesis },
	{ METHOD_POST, CHANGE, "/v1/invite",		api_invite },
	{ METHOD_POST, CHANGE, "/v1/join",		api_join },
	{ METHOD_POST, CHANGE, "/v1/attest",		api_attest },
	{ METHOD_POST, CHANGE, "/v1/revoke",		api_revoke },
	{ METHOD_POST, CHANGE, "/v1/offers",		api_offer },
	{ METHOD_POST, CHANGE, "/v1/offers/{id}/withdraw", api_withdraw },
	{ METHOD_POST, CHANGE, "/v1/services/auto-register", api_auto_register },
	{ METHOD_POST, CHANGE, "/v1/services/{id}/subscribe", api_subscribe },
	{ METHOD_POST, CHANGE, "/v1/services/{id}/activate", api_activate },
	{ METHOD_POST, CHANGE, "/v1/services/{id}/revoke-access",
	    api_revoke_access },
	{ METHOD_POST, CHANGE, "/v1/subscriptions/{id}/approve", api_approve },
	{ METHOD_POST, CHANGE, "/v1/subscriptions/{id}/reject", api_reject },
	{ METHOD_POST, CHANGE, "/v1/configs",		api_publish },
	{ METHOD_POST, CHANGE, "/v1/configs/{id}/revoke", api_config_revoke },
	{ METHOD_GET,  READ,   NULL,			NULL },
};

/* For the mesh: a->src is proven, and a->did is whose address that is, or "". */
static const struct route mesh_routes[] = {
	{ METHOD_GET,  READ,   "/v1/services",		api_catalogue },
	{ METHOD_GET,  READ,   "/v1/checkpoint",	api_checkpoint },
	{ METHOD_GET,  READ,   "/v1/proof/inclusion",	api_inclusion },
	{ METHOD_GET,  READ,   "/v1/proof/consistency", api_consistency },
	{ METHOD_GET,  READ,   "/v1/log/export",	api_export },
	{ METHOD_POST, BULK,   "/v1/witness/add-checkpoint",
	    api_add_checkpoint },
	{ METHOD_POST, CHANGE, GRANT_PATH "{id}",	api_grant },
	{ METHOD_GET,  READ,   NULL,			NULL },
};

/* -- routing --------------------------------------------------------------- */

/* The pattern fits the path, and id has what stands for {id}. */
static int
fits(const char *pattern, const char *path, char id[65])
{
	const char *hole = strstr(pattern, "{id}");
	size_t head, n;

	id[0] = '\0';
	if (hole == NULL)
		return strcmp(pattern, path) == 0;
	head = (size_t)(hole - pattern);
	if (strncmp(pattern, path, head) != 0)
		return 0;
	n = strcspn(path + head, "/");
	if (n == 0 || n > 64 || strcmp(path + head + n, hole + 4) != 0)
		return 0;
	memcpy(id, path + head, n);
	id[n] = '\0';
	return strspn(id, "0123456789abcdef") == n;
}

static const struct route *
find(const struct route *r, struct ask *a, int *other)
{
	*other = 0;
	for (; r->path != NULL; r++) {
		if (!fits(r->path, a->path, a->id))
			continue;
		if (r->method == a->method)
			return r;
		*other = 1;
	}
	return NULL;
}

/* The body as an object; an absent one is an empty one. NULL after an answer. */
static json_t *
body_of(struct ask *a)
{
	struct because b = { WHY_SIZE, "body" };
	json_t *v = NULL;

	if (a->body_len == 0)
		return json_object();
	if (a->body_len <= JCS_MAX)
		v = jcs_parse(a->body, a->body_len, &b);
	if (json_is_object(v))
		return v;
	if (a->from_mesh)
		grant_misread(a->id, a->src, a->did);
	if (v == NULL)
		http_because(a, &b);
	else
		http_error(a, 400, "json", NULL,
		    "the body must be a JSON object");
	json_decref(v);
	return NULL;
}

static void
serve(const struct route *r, struct ask *a)
{
	json_t *body = NULL;

	if (r->kind == READ && a->body_len > 0) {
		http_error(a, 400, "body", NULL, "this takes no body");
		return;
	}
	if (r->kind != READ && api_open(a) == -1)
		return;
	if (r->kind == CHANGE && (body = body_of(a)) == NULL)
		return;
	r->fn(a, body);
	json_decref(body);
}

void
api_handle(struct ask *a)
{
	int other;
	const struct route *r = find(routes, a, &other);

	if (r == NULL)
		http_error(a, other ? 405 : 404, other ? "method" : "path", NULL,
		    other ? "not with this method: %.200s" :
		    "nothing is here: %.200s", a->path);
	else if (r->kind != READ && !a->may_change)
		http_error(a, 403, "denied", NULL, "this is for root and "
		    "members of the group of the socket");
	else
		serve(r, a);
}

void
api_handle_mesh(struct ask *a)
{
	int other;
	const struct route *r = find(mesh_routes, a, &other);

	if (r == NULL && strncmp(a->path, GRANT_PATH, strlen(GRANT_PATH)) == 0)
		grant_misread("?", a->src, a->did);
	if (r == NULL)
		http_error(a, 404, "path", NULL, "nothing is here: %.200s",
		    a->path);
	else
		serve(r, a);
}

/* It has no path yet, or is cut before its body: the first line tells. */
void
api_misread_mesh(const char *p, size_t len, const uint8_t src[16])
{
	const char *space = memchr(p, ' ', len);
	char did[DID_LEN + 1];

	if (space == NULL || len - (size_t)(space + 1 - p) < strlen(GRANT_PATH) ||
	    memcmp(space + 1, GRANT_PATH, strlen(GRANT_PATH)) != 0)
		return;
	who_is(src, did);
	grant_misread("?", src, did);
}

/* -- what handlers share --------------------------------------------------- */

int
api_open(struct ask *a)
{
	if (dird.journal != NULL)
		return 0;
	if (dird.closed.why == WHY_OK)
		dird.closed.why = WHY_READ_ONLY;
	http_because(a, &dird.closed);
	return -1;
}

const char *
api_text(struct ask *a, const json_t *body, const char *field,
    const char *fallback)
{
	const json_t *v = json_object_get(body, field);

	if (v == NULL && fallback != NULL)
		return fallback;
	if (json_is_string(v))
		return json_string_value(v);
	http_error(a, 400, why_name(v == NULL ? WHY_FIELD_MISSING :
	    WHY_FIELD_KIND), field, "%s: %s", why_text(v == NULL ?
	    WHY_FIELD_MISSING : WHY_FIELD_KIND), field);
	return NULL;
}

int64_t
api_number(struct ask *a, const char *name, int64_t fallback)
{
	char text[20];
	int found = http_query(a->query, name, text, sizeof(text));

	if (found == 0 && fallback >= 0)
		return fallback;
	if (found == 1 && text[0] != '\0' &&
	    strspn(text, "0123456789") == strlen(text))
		return strtoll(text, NULL, 10);
	http_error(a, 400, why_name(found == 0 ? WHY_FIELD_MISSING :
	    WHY_FIELD_FORM), name, "%s must be a number from 0", name);
	return -1;
}

json_t *
api_hex(const uint8_t *p, size_t len)
{
	char text[2 * SIG_LEN + 1];

	hex_encode(p, len, text);
	return json_string(text);
}

json_t *
api_entry(uint64_t n)
{
	static uint8_t raw[ENTRY_MAX + 1];
	char id[2 * ID_LEN + 1];
	struct entry e;
	json_t *v;
	const char *env;
	ssize_t len = journal_read(dird.journal, n, raw, sizeof(raw));

	if (len == -1 || entry_read(raw, (size_t)len, &e, NULL) == -1)
		return NULL;
	env = memchr(raw, '\n', (size_t)len);
	v = env == NULL ? NULL : json_loadb(env + 1, (size_t)((char *)raw +
	    len - SIG_LEN - env - 1), 0, NULL);
	if (v == NULL)
		return NULL;
	hex_encode(e.id, ID_LEN, id);
	json_object_set_new(v, "id", json_string(id));
	json_object_set_new(v, "entry", json_integer((json_int_t)n));
	return v;
}

json_t *
api_item(const struct item *it)
{
	static const char *const also[] = { "author", "entry", "id",
	    "created_at" };
	json_t *e = api_entry(it->ref), *body;
	size_t i;

	if (e == NULL)
		return NULL;
	body = json_incref(json_object_get(e, "body"));
	for (i = 0; i < sizeof(also) / sizeof(also[0]); i++)
		json_object_set(body, also[i], json_object_get(e, also[i]));
	json_decref(e);
	return body;
}

struct items {
	json_t	*list;
	void   (*more)(json_t *, const struct item *);
};

static void
add_item(void *arg, const struct item *it)
{
	struct items *all = arg;
	json_t *v = api_item(it);

	if (v == NULL)
		return;
	all->more(v, it);
	json_array_append_new(all->list, v);
}

json_t *
api_items(enum item_class cls, void (*more)(json_t *, const struct item *))
{
	struct items all = { json_array(), more };

	view_each(dird.journal->view, cls, add_item, &all);
	return all.list;
}

/* -- saying ---------------------------------------------------------------- */

struct answer {
	struct ask	*ask;
	json_t		*extra;
};

static void
on_said(void *arg, const struct entry *e, uint64_t n, const struct because *b)
{
	struct answer *w = arg;
	char id[2 * ID_LEN + 1];

	if (e == NULL) {
		http_because(w->ask, b);
		json_decref(w->extra);
	} else {
		hex_encode(e->id, ID_LEN, id);
		json_object_set_new(w->extra, "id", json_string(id));
		json_object_set_new(w->extra, "entry",
		    json_integer((json_int_t)n));
		json_object_set_new(w->extra, "type",
		    json_string(object_name(e->type)));
		http_reply(w->ask, 201, w->extra);
	}
	free(w);
}

void
api_say(struct ask *a, enum object type, json_t *body, json_t *extra)
{
	struct answer *w = malloc(sizeof(*w));

	if (extra == NULL)
		extra = json_object();
	if (w == NULL || body == NULL || extra == NULL) {
		json_decref(body);
		json_decref(extra);
		free(w);
		http_error(a, 400, "json", NULL, "a field is no UTF-8 text");
		return;
	}
	*w = (struct answer){ a, extra };
	say(type, body, on_said, w);
}
