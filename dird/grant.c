/*
 * grant.c -- the provider's side of a loan over the mesh: a nonce, then a
 * signed request, a decision that is written down, and the macro's grant.
 */
#include <arpa/inet.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "audit.h"
#include "dird.h"
#include "grant.h"
#include "lend_run.h"
#include "lent.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

/* Refusals that are written down: a flood must not fill the disk. */
#define NOTES_BURST	64
#define NOTES_EACH_S	1

struct asking {
	grant_reply	 reply;
	void		*arg;
	struct loan	 loan;
	int		 give_back;
	char		 entry[2 * ID_LEN + 1];	/* id of the Subscription */
};

static struct nonces	nonces;
static struct meters	meters;
static int64_t		notes = NOTES_BURST, notes_at;
static uint64_t		unwritten;

/* -- the record ------------------------------------------------------------ */

static int
may_note(void)
{
	int64_t now = dird_now();

	if (now > notes_at) {
		notes += (now - notes_at) * NOTES_EACH_S;
		notes = notes > NOTES_BURST ? NOTES_BURST : notes;
		notes_at = now;
	}
	if (notes > 0) {
		notes--;
		return 1;
	}
	unwritten++;
	return 0;
}

static void
note(const char *service, const uint8_t src[16], const char *did,
    enum grant_why why)
{
	char ip[INET6_ADDRSTRLEN], text[200];

	inet_ntop(AF_INET6, src, ip, sizeof(ip));
	log_info("refused %s to %s: %s", service, ip, grant_text(why));
	if (may_note()) {
		snprintf(text, sizeof(text), "%s: ask service=%s src=%s "
		    "unwritten=%llu", grant_code(why), service, ip,
		    (unsigned long long)unwritten);
		if (audit_write("refused", did, text) == 0)
			unwritten = 0;
	}
}

void
grant_misread(const char *service, const uint8_t src[16], const char *did)
{
	note(service, src, did, GRANT_FORM);
}

static void
refuse_it(grant_reply reply, void *arg, const char *service,
    const uint8_t src[16], const char *did, enum grant_why why)
{
	note(service, src, did, why);
	reply(arg, grant_status(why), json_pack("{s:{s:s, s:s}}", "error",
	    "code", grant_code(why), "message", grant_text(why)));
}

/* -- the macro ------------------------------------------------------------- */

/* What this node offers under an id, as it stands in the journal; or NULL. */
static json_t *
offer_of(const char *service)
{
	const struct item *it = view_service(dird.journal->view, service);

	return it == NULL ? NULL : api_item(it);
}

static int
record(const struct asking *a)
{
	char ip[INET6_ADDRSTRLEN], text[400];

	inet_ntop(AF_INET6, a->loan.src, ip, sizeof(ip));
	snprintf(text, sizeof(text), "%s service=%s kind=%s src=%s "
	    "subscription=%s", a->give_back ? "give back" : "lend",
	    a->loan.service, a->loan.kind, ip, a->entry);
	return audit_write("decision", a->loan.did, text);
}

static void
on_granted(void *arg, const struct msg_macro_done *m)
{
	struct asking *a = arg;
	char endpoint[sizeof(m->endpoint) + 1], note[sizeof(m->note) + 1];

	if (m->why != LEND_OK && (m->why != LEND_AUDIT || !a->give_back)) {
		/* privd, or the runner, has written down why. */
		log_warn("%s for %s: %s", a->loan.service, a->loan.did,
		    lend_text(m->why));
		a->reply(a->arg, grant_status(GRANT_MACRO_NO), json_pack(
		    "{s:{s:s, s:s}}", "error", "code",
		    grant_code(GRANT_MACRO_NO), "message",
		    lend_text(m->why)));
	} else if (a->give_back) {
		/* Who has nothing and gives it back leaves no trace of it. */
		if (m->removed > 0 && record(a) == -1)
			log_error("not recorded: %s gave back %s", a->loan.did,
			    a->loan.service);
		a->reply(a->arg, 200, json_pack("{s:s, s:s}", "service_id",
		    a->loan.service, "state", "returned"));
	} else {
		snprintf(endpoint, sizeof(endpoint), "%.*s", m->endpoint_len,
		    (const char *)m->endpoint);
		snprintf(note, sizeof(note), "%.*s", m->note_len,
		    (const char *)m->note);
		a->reply(a->arg, 200, json_pack("{s:s, s:s, s:s, s:s, s:I}",
		    "service_id", a->loan.service, "state", "granted",
		    "endpoint", endpoint, "note", note, "until",
		    (json_int_t)m->until));
		/* It may have been taken back while the macro ran. */
		lent_look();
	}
	free(a);
}

static enum grant_why
carry_out(const struct request *r, const json_t *macro, grant_reply reply,
    void *arg)
{
	const char *kind = json_string_value(json_object_get(macro, "kind"));
	enum grant_why why = GRANT_OK;
	char *params;
	struct asking *a;

	if (kind == NULL || !is_kind(kind, strlen(kind)))
		return GRANT_MACRO;
	if (!lend_is_on())
		return GRANT_CLOSED;
	if ((a = calloc(1, sizeof(*a))) == NULL)
		return GRANT_BUSY;
	*a = (struct asking){ .reply = reply, .arg = arg,
	    .give_back = r->give_back };
	strcpy(a->loan.kind, kind);
	strcpy(a->loan.did, r->did);
	strcpy(a->loan.service, r->service);
	memcpy(a->loan.src, r->src, sizeof(a->loan.src));
	hex_encode(r->sub.id, ID_LEN, a->entry);
	params = r->give_back ? NULL : json_dumps(json_object_get(macro,
	    "params"), JSON_COMPACT);
	if (params == NULL && !r->give_back)
		why = GRANT_BUSY;
	else if (params != NULL && strlen(params) > LEND_PARAMS_LEN)
		why = GRANT_PARAMS;
	/* The decision to lend is on the disk before anything is done. */
	else if (!r->give_back && record(a) == -1)
		why = GRANT_RECORD;
	else if (lend_run(LEND_ASKED, r->give_back ? LEND_REVOKE : LEND_GRANT,
	    &a->loan, params, on_granted, a) == -1)
		why = GRANT_BUSY;
	free(params);
	if (why != GRANT_OK)
		free(a);
	return why;
}

/* -- requests -------------------------------------------------------------- */

/* A subscription that no pull has brought yet, if it is the next of its chain. */
static int
take_in(struct request *r)
{
	enum why why = WHY_OK;

	if (view_subscribed(dird.journal->view, r->sub_id) != SUB_NONE ||
	    journal_append(dird.journal, &r->sub, 1, &why) != 1)
		return 0;
	state_changed();
	return 1;
}

static enum grant_why
decide(struct request *r, grant_reply reply, void *arg)
{
	struct view *v = dird.journal->view;
	json_t *offer = offer_of(r->service);
	const json_t *macro = json_object_get(offer, "macro");
	uint8_t ip6[16];
	int known = lent_address(r->did, ip6) == 0;
	enum grant_why why;

	why = request_judge(v, dird.did, r, known ? ip6 : NULL, macro != NULL);
	if (why == GRANT_PENDING && take_in(r))
		why = request_judge(v, dird.did, r, known ? ip6 : NULL,
		    macro != NULL);
	/* What one has one may give back, whatever became of the rest. */
	if (r->give_back && (why == GRANT_PENDING || why == GRANT_REJECTED ||
	    why == GRANT_REVOKED))
		why = GRANT_OK;
	/* Its key is proven by now: nobody uses up another's. */
	if (why == GRANT_OK && !meter_take(&meters, r->did, dird_now()))
		why = GRANT_BUSY;
	if (why == GRANT_OK)
		why = carry_out(r, macro, reply, arg);
	json_decref(offer);
	return why;
}

static enum grant_why
give_nonce(const uint8_t src[16], const uint8_t service[16], grant_reply reply,
    void *arg)
{
	uint8_t random[NONCE_LEN];
	char hex[2 * NONCE_LEN + 1];

	randombytes_buf(random, sizeof(random));
	nonce_give(&nonces, src, service, random, dird_now());
	hex_encode(random, sizeof(random), hex);
	reply(arg, 200, json_pack("{s:s, s:i}", "nonce", hex, "seconds",
	    NONCE_LIFE_S));
	return GRANT_OK;
}

void
grant_ask(const char *service, const uint8_t src[16], const char *did,
    const json_t *body, grant_reply reply, void *arg)
{
	static struct request r;
	uint8_t id[16];
	enum grant_why why;

	memset(&r, 0, sizeof(r));
	memcpy(r.src, src, sizeof(r.src));
	if (strlen(service) != 32 || hex_decode(service, id, sizeof(id)) == -1) {
		refuse_it(reply, arg, "?", src, did, GRANT_SERVICE);
		return;
	}
	strcpy(r.service, service);
	if (state_writable() != WHY_OK)
		why = GRANT_CLOSED;
	else if (did[0] == '\0')
		why = GRANT_NODE;	/* before it costs a place */
	else if (json_object_size(body) == 0)
		why = give_nonce(src, id, reply, arg);
	else if ((why = request_read(body, dird_now(), &r)) == GRANT_OK &&
	    (why = nonce_take(&nonces, r.nonce, src, id, dird_now())) ==
	    GRANT_OK)
		why = decide(&r, reply, arg);
	if (why != GRANT_OK && why != GRANT_PENDING)
		refuse_it(reply, arg, service, src, r.did[0] != '\0' ? r.did :
		    did, why);
	else if (why == GRANT_PENDING)
		reply(arg, grant_status(why), json_pack("{s:s, s:s}",
		    "service_id", service, "state", "pending"));
}
