/* api_config.c -- configuration that is handed out: publishing, revoking. */
#include <sodium.h>
#include <string.h>

#include "api.h"
#include "dird.h"

#define VALID_S		INT64_C(315360000)	/* ten years */

static void
of_config(json_t *v, const struct item *it)
{
	const char *scope = json_string_value(json_object_get(v, "scope"));
	const struct item *now = scope == NULL ? NULL :
	    view_config(dird.journal->view, scope, dird_now());

	json_object_set_new(v, "current",
	    json_boolean(now != NULL && now->ref == it->ref));
}

/* ?scope=S: with one, the text, too. */
void
api_configs(struct ask *a, json_t *body)
{
	const struct item *it;
	json_t *list, *v;
	char scope[64];
	size_t i;
	int one;

	(void)body;
	if (api_open(a) == -1)
		return;
	one = http_query(a->query, "scope", scope, sizeof(scope));
	it = one == 1 ? view_config(dird.journal->view, scope, dird_now()) :
	    NULL;
	if (one == -1 || (one == 1 && it == NULL)) {
		http_error(a, 404, "scope", "scope", "nothing is in force for "
		    "this scope");
		return;
	}
	if (one == 1) {
		http_reply(a, 200, api_item(it));
		return;
	}
	list = api_items(ITEM_CONFIG, of_config);
	json_array_foreach(list, i, v)
		json_object_del(v, "text");
	http_reply(a, 200, json_pack("{s:o}", "configs", list));
}

/* Of one scope that this box has opted into, what is in force. */
static void
want(json_t *list, json_t *scopes, const char *scope)
{
	const struct item *it = view_config(dird.journal->view, scope,
	    dird_now());
	json_t *v = it == NULL ? NULL : api_item(it);

	json_array_append_new(scopes, json_string(scope));
	if (v == NULL)
		return;
	json_object_set_new(v, "own", json_boolean(strcmp(json_string_value(
	    json_object_get(v, "author")), dird.did) == 0));
	json_array_append_new(list, v);
}

/* All that is to be applied here, with texts; who applies it asks once. */
void
api_wanted(struct ask *a, json_t *body)
{
	const char *all = dird.txt[CONF_DIR_SCOPES];
	json_t *list, *scopes;
	char scope[64];
	size_t n;

	(void)body;
	if (api_open(a) == -1)
		return;
	list = json_array();
	scopes = json_array();
	for (all = all == NULL ? "" : all; *all != '\0'; all += n) {
		all += strspn(all, " ");
		n = strcspn(all, " ");
		if (n == 0 || n >= sizeof(scope))
			continue;
		memcpy(scope, all, n);
		scope[n] = '\0';
		want(list, scopes, scope);
	}
	http_reply(a, 200, json_pack("{s:o, s:o}", "configs", list, "scopes",
	    scopes));
}

/* A time of the body as it stands, or this one, in unix seconds. */
static const char *
time_in(struct ask *a, const json_t *body, const char *field, int64_t t,
    char out[21])
{
	time_write(t, out);
	return api_text(a, body, field, out);
}

/* {"scope", "text", "version", "valid_from", "valid_until"} */
void
api_publish(struct ask *a, json_t *body)
{
	const char *scope, *text, *from, *until;
	const json_t *version = json_object_get(body, "version");
	char t0[21], t1[21], hex[65];
	json_int_t number, last;
	uint8_t hash[32];

	if ((scope = api_text(a, body, "scope", NULL)) == NULL ||
	    (text = api_text(a, body, "text", NULL)) == NULL ||
	    (from = time_in(a, body, "valid_from", dird_now(), t0)) == NULL ||
	    (until = time_in(a, body, "valid_until", dird_now() + VALID_S,
	    t1)) == NULL)
		return;
	/* Also above those that are not in force: who applied one takes only
	 * what is newer. */
	last = (json_int_t)view_config_last(dird.journal->view, scope,
	    dird.did);
	number = last + 1;
	if (version != NULL && !json_is_integer(version)) {
		http_error(a, 400, why_name(WHY_FIELD_KIND), "version",
		    "version must be an integer");
		return;
	}
	if (version != NULL)
		number = json_integer_value(version);
	if (number <= last) {
		http_error(a, 409, why_name(WHY_AGAIN), "version", "version "
		    "%lld of %s is published; a new one must be higher",
		    (long long)last, scope);
		return;
	}
	crypto_generichash(hash, sizeof(hash), (const uint8_t *)text,
	    strlen(text), NULL, 0);
	hex_encode(hash, sizeof(hash), hex);
	api_say(a, OBJ_CONFIG_BLOB, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s}",
	    "scope", scope, "version", number, "hash", hex, "text", text,
	    "valid_from", from, "valid_until", until),
	    json_pack("{s:s, s:I}", "scope", scope, "version", number));
}

/* {id}: the content id of the blob. */
void
api_config_revoke(struct ask *a, json_t *body)
{
	(void)body;
	api_say(a, OBJ_CONFIG_REVOKE, json_pack("{s:s}", "config_id", a->id),
	    json_pack("{s:s}", "config_id", a->id));
}
