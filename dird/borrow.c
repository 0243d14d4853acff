/*
 * borrow.c -- the consumer's side of a loan: a nonce from the provider, our
 * proof over it with our Subscription, and what the provider answers, written
 * down in the audit stream and so remembered.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "audit.h"
#include "borrow.h"
#include "dird.h"
#include "grant.h"
#include "lend.h"
#include "sign.h"
#include "who.h"

#define LOG_TARGET "bastide::dird"
#include "log.h"

/* borrow_recall() has both as numbers, as sscanf() wants them. */
_Static_assert(BORROW_ENDPOINT == 255 && BORROW_NOTE == 400, "255, 400");

struct borrowed {
	char	service[33], provider[DID_LEN + 1];
	char	endpoint[BORROW_ENDPOINT + 1], note[BORROW_NOTE + 1];
	int64_t	until;
};

/* One that is being asked for. */
struct trying {
	struct ask	*ask;
	char		 service[33], provider[DID_LEN + 1];
	uint8_t		 pub[32], nonce[NONCE_LEN];
	int		 give_back;
};

static struct borrowed	have[BORROWED];
static unsigned		nhave;

/* -- what is borrowed ------------------------------------------------------ */

int
borrow_is_endpoint(const char *s)
{
	size_t i;

	if (s[0] == '\0')
		return 1;
	if (!lend_is_endpoint(s) || strlen(s) > BORROW_ENDPOINT)
		return 0;
	for (i = 0; s[i] != '\0'; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr("\"'`\\<>$;|&", s[i]))
			return 0;
	return 1;
}

static unsigned
find(const char *service)
{
	unsigned i;

	for (i = 0; i < nhave && strcmp(have[i].service, service) != 0; i++)
		;
	return i;
}

static void
forget(const char *service)
{
	unsigned i = find(service);

	if (i < nhave)
		have[i] = have[--nhave];
}

/* The one that ends first makes room. */
static void
keep(const struct borrowed *b)
{
	unsigned i, first = 0;

	forget(b->service);
	if (nhave < BORROWED) {
		have[nhave++] = *b;
		return;
	}
	for (i = 1; i < nhave; i++)
		if (have[i].until < have[first].until)
			first = i;
	have[first] = *b;
}

void
borrow_forget_all(void)
{
	nhave = 0;
}

void
borrow_show(json_t *v, const char *service)
{
	unsigned i;

	audit_size();		/* reads what was written down, once */
	i = find(service);
	if (i == nhave || have[i].until <= dird_now())
		return;
	json_object_set_new(v, "active", json_true());
	json_object_set_new(v, "endpoint", json_string(have[i].endpoint));
	json_object_set_new(v, "note", json_string(have[i].note));
	json_object_set_new(v, "until", json_integer(have[i].until));
}

/* "service=ID until=N endpoint=E note=TEXT", as it is written below. */
void
borrow_recall(const json_t *record)
{
	const char *what = json_string_value(json_object_get(record, "what"));
	const char *who = json_string_value(json_object_get(record, "who"));
	const char *text = json_string_value(json_object_get(record, "text"));
	struct borrowed b = { .until = 0 };

	if (what == NULL || who == NULL || text == NULL)
		return;
	if (strcmp(what, "returned") == 0 &&
	    sscanf(text, "service=%32s", b.service) == 1)
		forget(b.service);
	if (strcmp(what, "borrowed") != 0 || !is_did(who, strlen(who)) ||
	    sscanf(text, "service=%32s until=%" SCNd64 " endpoint=%255s "
	    "note=%400[ -~]", b.service, &b.until, b.endpoint, b.note) < 3)
		return;
	strcpy(b.provider, who);
	if (strcmp(b.endpoint, "-") == 0)
		b.endpoint[0] = '\0';
	keep(&b);
}

/* -- asking ---------------------------------------------------------------- */

static void
no(struct trying *t, int status, const char *code, const char *text)
{
	http_error(t->ask, status, code, "id", "%s", text);
	free(t);
}

/* Written down first: what is not would be forgotten by a restart. */
static int
write_down(const struct borrowed *b)
{
	char text[BORROW_ENDPOINT + BORROW_NOTE + 120];

	snprintf(text, sizeof(text), "service=%s until=%" PRId64
	    " endpoint=%s note=%s", b->service, b->until,
	    b->endpoint[0] != '\0' ? b->endpoint : "-", b->note);
	return audit_write("borrowed", b->provider, text);
}

static void
on_lent(struct trying *t, const json_t *answer)
{
	struct borrowed b = { .until = json_integer_value(json_object_get(
	    answer, "until")) };
	const char *endpoint = json_string_value(json_object_get(answer,
	    "endpoint"));
	const json_t *note = json_object_get(answer, "note");
	json_t *v;

	if (endpoint == NULL || !borrow_is_endpoint(endpoint) ||
	    b.until <= 0 || b.until > dird_now() + LEND_SECS_MAX) {
		no(t, 502, "answer", "the provider's answer makes no sense");
		return;
	}
	strcpy(b.service, t->service);
	strcpy(b.provider, t->provider);
	strcpy(b.endpoint, endpoint);
	make_printable(b.note, sizeof(b.note), json_string_value(note),
	    json_string_length(note));
	if (write_down(&b) == -1) {
		no(t, 503, grant_code(GRANT_RECORD), "it is lent, but cannot "
		    "be written down here");
		return;
	}
	keep(&b);
	v = json_pack("{s:s, s:s}", "service_id", b.service, "state",
	    "granted");
	borrow_show(v, b.service);
	http_reply(t->ask, 200, v);
	free(t);
}

static void
on_returned(struct trying *t)
{
	char text[64];

	snprintf(text, sizeof(text), "service=%s", t->service);
	forget(t->service);
	if (audit_write("returned", t->provider, text) == -1)
		log_error("not recorded: returned %s", text);
	http_reply(t->ask, 200, json_pack("{s:s, s:s, s:b}", "service_id",
	    t->service, "state", "returned", "active", 0));
	free(t);
}

/* What both answers can be instead. The provider's words are not repeated. */
static int
is_refused(struct trying *t, int status, const json_t *answer)
{
	const char *code = json_string_value(json_object_get(json_object_get(
	    answer, "error"), "code"));
	enum grant_why why = grant_find(code);

	if (status == 0)
		no(t, 504, "unreachable", "the provider does not answer");
	else if (status == 202)
		no(t, 409, grant_code(GRANT_PENDING), grant_text(GRANT_PENDING));
	else if (status != 200)
		no(t, why < GRANT_WHY_MAX ? grant_status(why) : 502,
		    why < GRANT_WHY_MAX ? code : "answer",
		    why < GRANT_WHY_MAX ? grant_text(why) :
		    "the provider's answer makes no sense");
	return status != 200;
}

static void
on_answer(void *arg, int status, const json_t *answer)
{
	struct trying *t = arg;

	if (is_refused(t, status, answer))
		return;
	if (t->give_back)
		on_returned(t);
	else
		on_lent(t, answer);
}

/* A line of an export; the caller frees it. NULL: there is none. */
static char *
own_subscription(const struct trying *t)
{
	static uint8_t raw[ENTRY_MAX];
	uint8_t chain[CHAIN_LEN] = { 0 };
	const struct item *it;
	char id[33], *line;
	struct entry e;
	ssize_t n;

	subscription_id_of(dird.did, t->service, id);
	it = view_subscription(dird.journal->view, id);
	n = it == NULL ? -1 : journal_read(dird.journal, it->ref, raw,
	    sizeof(raw));
	if (n == -1 || entry_read(raw, (size_t)n, &e, NULL) == -1 ||
	    (line = malloc(ENTRY_LINE_MAX)) == NULL)
		return NULL;
	if (entry_line(&e, chain, line, ENTRY_LINE_MAX) != -1)
		return line;
	free(line);
	return NULL;
}

static void
on_proof(void *arg, const uint8_t *sig, enum refusal why)
{
	struct trying *t = arg;
	char nonce[2 * NONCE_LEN + 1], proof[2 * SIG_LEN + 1], *line;
	json_t *body;

	(void)why;
	if (sig == NULL || dird.journal == NULL ||
	    (line = own_subscription(t)) == NULL) {
		no(t, 503, "signature", "the request cannot be signed");
		return;
	}
	hex_encode(t->nonce, NONCE_LEN, nonce);
	hex_encode(sig, SIG_LEN, proof);
	body = json_pack("{s:s, s:s, s:s, s:s, s:b}", "did", dird.did, "nonce",
	    nonce, "proof", proof, "subscription", line, "give_back",
	    t->give_back);
	free(line);
	if (grant_post(t->pub, t->service, body, on_answer, t) == -1)
		no(t, 503, "busy", "too many questions are under way");
}

static void
on_nonce(void *arg, int status, const json_t *answer)
{
	struct trying *t = arg;
	const char *hex = json_string_value(json_object_get(answer, "nonce"));
	uint8_t service[16];

	if (is_refused(t, status, answer))
		return;
	if (hex == NULL || strlen(hex) != 2 * NONCE_LEN ||
	    hex_decode(hex, t->nonce, NONCE_LEN) == -1)
		no(t, 502, "answer", "the provider's answer makes no sense");
	else if (hex_decode(t->service, service, sizeof(service)) == -1 ||
	    sign_sub_proof(t->nonce, service, on_proof, t) == -1)
		no(t, 503, "busy", "too many signatures are under way");
}

void
borrow_ask(struct ask *a, const char *service, int give_back)
{
	const struct item *it = view_service(dird.journal->view, service);
	struct trying *t = calloc(1, sizeof(*t));

	if (t == NULL || it == NULL) {
		http_error(a, it != NULL ? 503 : 404, "service", "id",
		    "no service %s", service);
		free(t);
		return;
	}
	t->ask = a;
	t->give_back = give_back;
	snprintf(t->service, sizeof(t->service), "%s", service);
	view_did(dird.journal->view, it->author, t->provider);
	if (who_key(t->provider, t->pub) == -1)
		no(t, 409, grant_code(GRANT_NODE), "there is no NodeRecord of "
		    "the provider");
	else if (grant_post(t->pub, t->service, json_object(), on_nonce, t) ==
	    -1)
		no(t, 503, "busy", "too many questions are under way");
}
