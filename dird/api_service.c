/* api_service.c -- offers, subscriptions, approvals, and the merged registry. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "borrow.h"
#include "dird.h"
#include "lend.h"
#include "service.h"

/* A page of the catalogue; one item is at most JCS_MAX. */
#define CATALOGUE_ITEMS	256
#define CATALOGUE_BYTES	(1u << 20)

static const char *const state_name[] = { "none", "pending", "active",
	"rejected", "revoked" };

static const char *
text_of(const json_t *v, const char *field)
{
	const char *s = json_string_value(json_object_get(v, field));

	return s != NULL ? s : "";
}

/* -- the merged view ------------------------------------------------------- */

static void
of_service(json_t *v, const struct item *it)
{
	const char *service = text_of(v, "service_id");
	char sub[33];
	enum subscribed s;

	(void)it;
	subscription_id_of(dird.did, service, sub);
	s = view_subscribed(dird.journal->view, sub);
	json_object_set_new(v, "source", json_string("catalogue"));
	json_object_set_new(v, "own",
	    json_boolean(strcmp(text_of(v, "author"), dird.did) == 0));
	json_object_set_new(v, "subscription", json_string(state_name[s]));
	json_object_set_new(v, "active", json_boolean(active_is(service)));
	/* The provider has ended it, whatever was to last until when. */
	if (s != SUB_REJECTED && s != SUB_REVOKED)
		borrow_show(v, service);
}

static void
add_by_hand(json_t *list)
{
	const struct hand *h;
	unsigned i;

	for (i = 0; (h = hand_at(i)) != NULL; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, "
		    "s:s, s:b, s:s, s:b}", "name", h->name, "kind", h->kind,
		    "endpoint", h->endpoint, "description", h->description,
		    "source", "hand", "own", 1, "subscription", "none",
		    "active", 1));
}

/* Without a journal there is still what was written down here. */
void
api_services(struct ask *a, json_t *body)
{
	json_t *list = dird.journal != NULL ?
	    api_items(ITEM_SERVICE, of_service) : json_array();

	(void)body;
	add_by_hand(list);
	http_reply(a, 200, json_pack("{s:o, s:s}", "services", list,
	    "catalogue", dird.journal != NULL ? "available" :
	    why_text(dird.closed.why)));
}

/*
 * ?from=N: what is offered; what we make of it, and what was written down, is
 * ours. Anybody of the mesh may ask, so it is as much as an export's page, and
 * no page walks again what those before it have walked; next is where to go on,
 * or absent.
 */
void
api_catalogue(struct ask *a, json_t *body)
{
	const struct item *it;
	size_t n = 0, bytes = 0;
	uint32_t at, here;
	json_t *v, *list;
	int64_t from;

	(void)body;
	if (api_open(a) == -1 || (from = api_number(a, "from", 0)) == -1)
		return;
	at = from < UINT32_MAX ? (uint32_t)from : UINT32_MAX;
	list = json_array();
	for (here = at; (it = view_walk(dird.journal->view, ITEM_SERVICE,
	    &at)) != NULL && n < CATALOGUE_ITEMS; here = at, n++) {
		if ((v = api_item(it)) == NULL)
			continue;
		bytes += json_dumpb(v, NULL, 0, JSON_COMPACT);
		if (bytes > CATALOGUE_BYTES) {
			json_decref(v);
			break;
		}
		json_array_append_new(list, v);
	}
	v = json_pack("{s:o}", "services", list);
	if (it != NULL)
		json_object_set_new(v, "next", json_integer(here));
	http_reply(a, 200, v);
}

static void
of_subscription(json_t *v, const struct item *it)
{
	const struct item *offer;
	char did[DID_LEN + 1] = "";

	(void)it;
	offer = view_service(dird.journal->view, text_of(v, "service_id"));
	if (offer != NULL)
		view_did(dird.journal->view, offer->author, did);
	json_object_set_new(v, "provider", json_string(did));
	json_object_set_new(v, "state", json_string(state_name[view_subscribed(
	    dird.journal->view, text_of(v, "subscription_id"))]));
	json_object_set_new(v, "own",
	    json_boolean(strcmp(text_of(v, "author"), dird.did) == 0));
	json_object_set_new(v, "for_us",
	    json_boolean(strcmp(did, dird.did) == 0));
}

void
api_subscriptions(struct ask *a, json_t *body)
{
	(void)body;
	if (api_open(a) == 0)
		http_reply(a, 200, json_pack("{s:o}", "subscriptions",
		    api_items(ITEM_SUBSCRIPTION, of_subscription)));
}

/* -- offers ---------------------------------------------------------------- */

static json_t *
offer_of(const char *name, const char *kind, const char *endpoint,
    const char *approval, const char *scope, const char *description,
    char id[33])
{
	service_id_of(dird.did, name, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "service_id",
	    id, "name", name, "kind", kind, "endpoint", endpoint, "approval",
	    approval, "scope", scope, "description", description);
}

/* Parameters go to macroctl in one message: what does not fit is said now. */
static int
params_fit(struct ask *a, const json_t *macro)
{
	size_t n = json_dumpb(json_object_get(macro, "params"), NULL, 0,
	    JSON_COMPACT);

	if (n <= LEND_PARAMS_LEN)
		return 1;
	http_error(a, 400, why_name(WHY_FIELD_RANGE), "macro.params", "the "
	    "parameters of a macro are at most %d bytes of JSON, these are "
	    "%zu", LEND_PARAMS_LEN, n);
	return 0;
}

/* {"name", "kind", "endpoint", "approval", "scope", "description", "macro"} */
void
api_offer(struct ask *a, json_t *body)
{
	static const struct {
		const char *field, *fallback;
	} fields[] = {
		{ "name", NULL }, { "kind", NULL }, { "endpoint", "" },
		{ "approval", "pending" }, { "scope", "default" },
		{ "description", "" },
	};
	json_t *macro = json_object_get(body, "macro");
	const char *v[6];
	char id[33];
	json_t *offer;
	size_t i;

	if (!params_fit(a, macro))
		return;
	for (i = 0; i < 6; i++) {
		v[i] = api_text(a, body, fields[i].field, fields[i].fallback);
		if (v[i] == NULL)
			return;
	}
	offer = offer_of(v[0], v[1], v[2], v[3], v[4], v[5], id);
	if (macro != NULL)
		json_object_set(offer, "macro", macro);
	api_say(a, OBJ_SERVICE_OFFER, offer, json_pack("{s:s, s:s}",
	    "service_id", id, "name", v[0]));
}

/* The offer of an id, ours if it must be; NULL after an answer. */
static const struct item *
offer_find(struct ask *a, const char *id, int must_be_ours)
{
	const struct item *it = strlen(id) != 32 ? NULL :
	    view_service(dird.journal->view, id);
	char did[DID_LEN + 1];

	if (it == NULL) {
		http_error(a, 404, "service", "id", "no service %s is offered",
		    id);
		return NULL;
	}
	view_did(dird.journal->view, it->author, did);
	if (!must_be_ours || strcmp(did, dird.did) == 0)
		return it;
	http_error(a, 403, "right", "id", "%s is offered by %s, not by this "
	    "node", id, did);
	return NULL;
}

void
api_withdraw(struct ask *a, json_t *body)
{
	(void)body;
	if (offer_find(a, a->id, 1) != NULL)
		api_say(a, OBJ_OFFER_REVOKE, json_pack("{s:s}", "service_id",
		    a->id), json_pack("{s:s}", "service_id", a->id));
}

/* Everything that was written down and is not offered yet; one after another. */
struct registering {
	struct ask	*ask;
	unsigned	 next;
	json_t		*list;
};

static void	register_next(struct registering *);

static void
on_registered(void *arg, const struct entry *e, uint64_t n,
    const struct because *b)
{
	struct registering *r = arg;

	(void)n;
	if (e == NULL) {
		json_decref(r->list);
		http_because(r->ask, b);
		return;
	}
	json_array_append_new(r->list, json_string(hand_at(r->next)->name));
	r->next++;
	register_next(r);
}

static void
register_next(struct registering *r)
{
	const struct hand *h;
	json_t *offer;
	char id[33];

	for (; (h = hand_at(r->next)) != NULL; r->next++) {
		service_id_of(dird.did, h->name, id);
		if (view_service(dird.journal->view, id) == NULL)
			break;
	}
	if (h == NULL) {
		http_reply(r->ask, 200, json_pack("{s:o}", "registered",
		    r->list));
		return;
	}
	offer = offer_of(h->name, h->kind, h->endpoint, "pending", "default",
	    h->description, id);
	say(OBJ_SERVICE_OFFER, offer, on_registered, r);
}

void
api_auto_register(struct ask *a, json_t *body)
{
	struct registering *r = calloc(1, sizeof(*r));

	(void)body;
	if (r == NULL || (r->list = json_array()) == NULL) {
		free(r);
		http_error(a, 503, why_name(WHY_FULL), NULL, "no memory");
		return;
	}
	a->more = r;		/* freed with the ask */
	r->ask = a;
	register_next(r);
}

/* -- subscriptions --------------------------------------------------------- */

void
api_subscribe(struct ask *a, json_t *body)
{
	char id[33];

	(void)body;
	if (offer_find(a, a->id, 0) == NULL)
		return;
	subscription_id_of(dird.did, a->id, id);
	if (view_subscribed(dird.journal->view, id) != SUB_NONE) {
		http_error(a, 409, "subscribed", "id", "this node has "
		    "subscribed: %s", state_name[view_subscribed(
		    dird.journal->view, id)]);
		return;
	}
	api_say(a, OBJ_SUBSCRIPTION, json_pack("{s:s, s:s}",
	    "subscription_id", id, "service_id", a->id),
	    json_pack("{s:s, s:s}", "subscription_id", id, "service_id",
	    a->id));
}

/* Is it lent by a macro of its provider? */
static int
has_macro(const struct item *offer)
{
	json_t *v = api_item(offer);
	int has = json_object_get(v, "macro") != NULL;

	json_decref(v);
	return has;
}

/* {"active": false} ends it; only a provider that lent it hears of that. */
void
api_activate(struct ask *a, json_t *body)
{
	int on = !json_is_false(json_object_get(body, "active"));
	const struct item *offer = offer_find(a, a->id, 0);
	enum subscribed s;
	char id[33];

	if (offer == NULL)
		return;
	subscription_id_of(dird.did, a->id, id);
	s = view_subscribed(dird.journal->view, id);
	/* Whether it is approved the provider knows better than our copy. */
	if (on && s != SUB_ACTIVE && (s == SUB_NONE || !has_macro(offer))) {
		http_error(a, 409, state_name[s], "id", "the subscription of "
		    "this node is not active but %s", state_name[s]);
		return;
	}
	if (has_macro(offer)) {
		borrow_ask(a, a->id, !on);
		return;
	}
	if (active_set(a->id, on) == -1) {
		http_error(a, 503, why_name(WHY_FULL), NULL, "at most %d "
		    "services can be active", SERVICE_ACTIVE);
		return;
	}
	http_reply(a, 200, json_pack("{s:s, s:b}", "service_id", a->id,
	    "active", active_is(a->id)));
}

/* The provider's word on a subscription to an offer of ours. */
static void
decide(struct ask *a, const json_t *body, const char *sub, const char *what)
{
	const char *reason = api_text(a, body, "reason", "");

	if (reason != NULL)
		api_say(a, OBJ_APPROVAL, json_pack("{s:s, s:s, s:s}",
		    "subscription_id", sub, "decision", what, "reason",
		    reason), json_pack("{s:s, s:s}", "subscription_id", sub,
		    "decision", what));
}

struct wanted {
	const char	*id;
	char		 service[33];
	int		 found;
};

static void
look_for(void *arg, const struct item *it)
{
	struct wanted *w = arg;
	char id[33];

	hex_encode(it->key, 16, id);
	if (strcmp(id, w->id) != 0)
		return;
	hex_encode(it->link, 16, w->service);
	w->found = 1;
}

/* Is there such a subscription, and is it to an offer of ours? */
static int
subscription_is_ours(struct ask *a)
{
	struct wanted w = { .id = a->id };

	view_each(dird.journal->view, ITEM_SUBSCRIPTION, look_for, &w);
	if (!w.found) {
		http_error(a, 404, "subscription", "id", "no subscription %s",
		    a->id);
		return 0;
	}
	return offer_find(a, w.service, 1) != NULL;
}

void
api_approve(struct ask *a, json_t *body)
{
	if (subscription_is_ours(a))
		decide(a, body, a->id, "approved");
}

void
api_reject(struct ask *a, json_t *body)
{
	if (subscription_is_ours(a))
		decide(a, body, a->id, "rejected");
}

/*
 * {"did", "reason"}: that subscriber loses this service of ours. Without a did:
 * we give back what another lent us.
 */
void
api_revoke_access(struct ask *a, json_t *body)
{
	const struct item *offer;
	const char *did;
	char id[33];

	if (json_object_get(body, "did") == NULL) {
		offer = offer_find(a, a->id, 0);
		if (offer != NULL && has_macro(offer))
			borrow_ask(a, a->id, 1);
		else if (offer != NULL)
			api_text(a, body, "did", NULL);
		return;
	}
	if (offer_find(a, a->id, 1) == NULL ||
	    (did = api_text(a, body, "did", NULL)) == NULL)
		return;
	subscription_id_of(did, a->id, id);
	if (!is_did(did, strlen(did)) ||
	    view_subscribed(dird.journal->view, id) == SUB_NONE) {
		http_error(a, 404, "subscription", "did", "%.60s has not "
		    "subscribed to %s", did, a->id);
		return;
	}
	decide(a, body, id, "revoked");
}
