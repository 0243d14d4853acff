/* node.c -- binds the mesh key and the directory key, both ways. */
#include <arpa/inet.h>

#include <string.h>

#include "api.h"
#include "dird.h"
#include "node.h"
#include "sign.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

static int	under_way, given_up;

/* What it should say, but for the signature of the mesh key. */
static json_t *
content(void)
{
	char addr[INET6_ADDRSTRLEN], id[2 * NADDR_LEN + 1];

	inet_ntop(AF_INET6, dird.ip6, addr, sizeof(addr));
	hex_encode(dird.addr, NADDR_LEN, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:[]}", "node_id", id, "name",
	    dird.name, "npub", dird.npub, "mesh_address", addr, "endpoints");
}

static int
is_said(void)
{
	const struct item *it = view_node(dird.journal->view, dird.did);
	json_t *want = content(), *have = NULL, *v;
	const char *field;
	int same = it != NULL && want != NULL &&
	    (have = api_item(it)) != NULL;

	if (same)
		json_object_foreach(want, field, v)
			same = same && json_equal(v,
			    json_object_get(have, field));
	json_decref(want);
	json_decref(have);
	return same;
}

static void
on_said(void *arg, const struct entry *e, uint64_t n, const struct because *b)
{
	(void)arg;
	(void)n;
	under_way = 0;
	if (e != NULL)
		return;
	/* The same would be refused again and again. */
	given_up = 1;
	log_error("no NodeRecord of this node: %s%s%s", why_text(b->why),
	    b->place[0] != '\0' ? ": " : "", b->place);
}

static void
on_claimed(void *arg, const uint8_t *sig, enum refusal refused)
{
	json_t *body;

	(void)arg;
	if (sig == NULL) {
		under_way = 0;
		given_up = 1;
		log_error("cryptod does not sign for the did: %s",
		    refuse_text(refused));
		return;
	}
	body = content();
	json_object_set_new(body, "mesh_signature", api_hex(sig, SIG_LEN));
	say(OBJ_NODE_RECORD, body, on_said, NULL);
}

void
node_look(void)
{
	if (under_way || given_up || state_writable() != WHY_OK ||
	    dird.key_mode == KEY_EPHEMERAL ||
	    !view_can(dird.journal->view, dird.did, RIGHT_NODE) || is_said())
		return;
	if (sign_claim(on_claimed, NULL) == 0)
		under_way = 1;
}
