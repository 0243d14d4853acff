/* api_state.c -- who we are, how the journal is, who else is there. */
#include <arpa/inet.h>

#include <string.h>

#include "api.h"
#include "dird.h"
#include "head.h"
#include "mesh.h"
#include "notary.h"
#include "source.h"

#define LIST_MAX	500

static json_t *
domain(void)
{
	json_t *e = dird.journal == NULL || dird.journal->n == 0 ? NULL :
	    api_entry(0), *name;

	name = json_incref(json_object_get(json_object_get(e, "body"),
	    "domain"));
	json_decref(e);
	return name != NULL ? name : json_string("");
}

static void
add_person(json_t *v, const char *did)
{
	struct person p = { 0 };

	if (dird.journal != NULL)
		view_person(dird.journal->view, did, &p);
	json_object_set_new(v, "member", json_boolean(p.member));
	json_object_set_new(v, "emancipated", json_boolean(p.emancipated));
	json_object_set_new(v, "revoked", json_boolean(p.revoked));
	json_object_set_new(v, "frozen", json_boolean(p.frozen));
	json_object_set_new(v, "own_entries",
	    json_integer((json_int_t)p.entries));
}

void
api_identity(struct ask *a, json_t *body)
{
	char addr[INET6_ADDRSTRLEN], vkey[NOTE_LINE] = "",
	    audit[NOTE_LINE] = "", witness[NOTE_LINE] = "";
	struct note_key key;
	json_t *v;

	(void)body;
	inet_ntop(AF_INET6, dird.ip6, addr, sizeof(addr));
	if (head_key(DIR_JOURNAL, &key) == 0)
		note_key_write(&key, vkey, sizeof(vkey));
	if (head_key(DIR_AUDIT, &key) == 0)
		note_key_write(&key, audit, sizeof(audit));
	if (vkey[0] != '\0' && notary_key(dird.did, dird.dir_pub, &key) == 0)
		note_key_write(&key, witness, sizeof(witness));
	v = json_pack("{s:s, s:o, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:o}",
	    "did", dird.did, "public_key", api_hex(dird.dir_pub, KEY_LEN),
	    "npub", dird.npub, "mesh_address", addr, "name", dird.name,
	    "ephemeral", dird.key_mode == KEY_EPHEMERAL, "log_key", vkey,
	    "audit_key", audit, "witness_key", witness,
	    "founder", dird.journal == NULL ? "" : dird.journal->root,
	    "domain", domain());
	if (v != NULL)
		add_person(v, dird.did);
	http_reply(a, 200, v);
}

static const char *
mode(void)
{
	return dird.journal == NULL ? "closed" :
	    state_writable() != WHY_OK ? "read-only" : "open";
}

static void
add_journal(json_t *v, int with_digest)
{
	struct journal *j = dird.journal;
	uint8_t root[HASH_LEN], digest[32];

	json_object_set_new(v, "entries", json_integer((json_int_t)j->n));
	json_object_set_new(v, "torn_tails",
	    json_integer((json_int_t)j->skipped));
	json_object_set_new(v, "adopted",
	    json_integer((json_int_t)dird.adopted));
	json_object_set_new(v, "people",
	    json_integer(view_people(j->view)));
	json_object_set_new(v, "checkpoint",
	    json_integer((json_int_t)j->head.size));
	json_object_set_new(v, "chain", api_hex(j->chain, CHAIN_LEN));
	if (merkle_root(j->tree, j->n, root) == 0)
		json_object_set_new(v, "root", api_hex(root, HASH_LEN));
	/* It sorts all that there is. */
	if (!with_digest)
		return;
	view_digest(j->view, digest);
	json_object_set_new(v, "digest", api_hex(digest, sizeof(digest)));
}

void
api_status(struct ask *a, json_t *body)
{
	json_t *v = json_pack("{s:s, s:o, s:s, s:I, s:i, s:i, s:i, s:o, s:o}", "journal",
	    mode(), "domain", domain(), "folder", dird.folder_name,
	    "uptime_s", (json_int_t)(dird_now() - dird.start), "clients",
	    (int)http_clients(), "waiting", (int)say_waiting(), "guests",
	    (int)mesh_guests(), "peers", source_status(), "logs",
	    notary_status());
	char yes[8];

	(void)body;
	if (v == NULL)
		;
	else if (dird.journal != NULL)
		add_journal(v, http_query(a->query, "digest", yes,
		    sizeof(yes)) == 1);
	if (v != NULL && dird.closed.why != WHY_OK)
		json_object_set_new(v, "reason", json_pack("{s:s, s:s, s:s}",
		    "code", why_name(dird.closed.why), "message",
		    why_text(dird.closed.why), "place", dird.closed.place));
	http_reply(a, 200, v);
}

static void
of_node(json_t *v, const struct item *it)
{
	char did[DID_LEN + 1];

	view_did(dird.journal->view, it->author, did);
	add_person(v, did);
	json_object_set_new(v, "self",
	    json_boolean(strcmp(did, dird.did) == 0));
}

void
api_nodes(struct ask *a, json_t *body)
{
	(void)body;
	if (api_open(a) == 0)
		http_reply(a, 200, json_pack("{s:o}", "nodes",
		    api_items(ITEM_NODE, of_node)));
}

/* ?from=N&limit=N&type=T&author=DID; next is where to go on, or absent. */
void
api_entries(struct ask *a, json_t *body)
{
	char type[32] = "", author[DID_LEN + 1] = "";
	json_t *list, *e, *v;
	int64_t from, limit;
	uint64_t n, looked;

	(void)body;
	if (api_open(a) == -1 || (from = api_number(a, "from", 0)) == -1 ||
	    (limit = api_number(a, "limit", 100)) == -1)
		return;
	if (http_query(a->query, "type", type, sizeof(type)) == -1 ||
	    (type[0] != '\0' && object_type(type, strlen(type)) == -1)) {
		http_error(a, 400, "type", "type", "no such type of object");
		return;
	}
	if (http_query(a->query, "author", author, sizeof(author)) == -1 ||
	    (author[0] != '\0' && !is_did(author, strlen(author)))) {
		http_error(a, 400, "did", "author", "not a did");
		return;
	}
	if (limit > LIST_MAX)
		limit = LIST_MAX;
	list = json_array();
	/* However few fit, no request reads more than this. */
	for (n = (uint64_t)from, looked = 0; n < dird.journal->n &&
	    looked < 16 * LIST_MAX && json_array_size(list) <
	    (size_t)limit; n++, looked++) {
		e = api_entry(n);
		if (e != NULL && (type[0] == '\0' ||
		    strcmp(json_string_value(json_object_get(e, "type")),
		    type) == 0) && (author[0] == '\0' ||
		    strcmp(json_string_value(json_object_get(e, "author")),
		    author) == 0))
			json_array_append(list, e);
		json_decref(e);
	}
	v = json_pack("{s:o}", "entries", list);
	if (n < dird.journal->n)
		json_object_set_new(v, "next", json_integer((json_int_t)n));
	http_reply(a, 200, v);
}
