/* room: dird -- the local API over its socket: what an import may not bring in. */
#include <sys/socket.h>
#include <sys/un.h>

#include <event2/event.h>
#include <fcntl.h>
#include <unistd.h>

#include "../dird_author.h"
#include "api.h"
#include "dird.h"
#include "log.h"
#include "suite.h"

#define T0	"2025-06-15T15:06:40Z"		/* A_TIME */

static char		folder[64], sock[96];
static struct a_author	founder, friend, other;
static char		good[3][4096];		/* lines */
static char		answer[1 << 21];
static size_t		answer_len;

/* Any bytes as somebody on the socket sends them; the answer in answer. */
static void
ask(const char *bytes, size_t len)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int low = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), i;
	/* Out of the way: low numbers are the room's. */
	int fd = fcntl(low, F_DUPFD, 300);
	size_t sent = 0;
	ssize_t n = -1;

	close(low);
	strcpy(sun.sun_path, sock);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	answer_len = 0;
	for (i = 0; i < 100000 && n != 0; i++) {
		/* The head comes alone, as from many clients. */
		if (sent < len && (n = send(fd, bytes + sent, (i == 0 &&
		    len > 90 ? 90 : len) - sent, MSG_NOSIGNAL)) > 0)
			sent += (size_t)n;
		event_base_loop(dird.base, EVLOOP_NONBLOCK);
		n = recv(fd, answer + answer_len, sizeof(answer) - 1 -
		    answer_len, 0);
		if (n > 0)
			answer_len += (size_t)n;
		else if (n == -1)
			usleep(100);
	}
	close(fd);
	answer[answer_len] = '\0';
	ck_assert_msg(n == 0, "no end of the answer: %.200s", answer);
}

static int
status(void)
{
	int s = -1;

	sscanf(answer, "HTTP/1.1 %d", &s);
	return s;
}

static const char *
body(void)
{
	const char *p = strstr(answer, "\r\n\r\n");

	return p != NULL ? p + 4 : "";
}

static void
request(const char *method, const char *path, const char *text)
{
	static char buf[1 << 20];
	int n = snprintf(buf, sizeof(buf), "%s %s HTTP/1.1\r\nHost: x\r\n"
	    "Content-Length: %zu\r\n\r\n%s", method, path, strlen(text), text);

	ck_assert_int_lt(n, (int)sizeof(buf));
	ask(buf, (size_t)n);
}

static void
line_of(const struct a_raw *r, char *out, size_t cap)
{
	static const uint8_t chain[32];
	struct entry e = { .raw = r->p, .len = r->len };
	ssize_t n = entry_line(&e, chain, out, cap - 1);

	ck_assert_int_gt(n, 0);
	strcpy(out + n, "\n");
}

static void
tell(struct a_author *a, enum object t, json_t *v, char *out)
{
	static struct a_raw r;

	a_say(a, t, v, &r);
	line_of(&r, out, 4096);
}

static int		over_mesh;	/* as the mesh listener hands on */

static void
handle(struct ask *a)
{
	if (over_mesh)
		api_handle_mesh(a);
	else
		api_handle(a);
}

/* Once in a process, as the room does. */
static void
serve(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct because b;

	strcpy(folder, "/tmp/bastide-api-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(sock, sizeof(sock), "%s/sock", folder);
	strcpy(sun.sun_path, sock);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	dird.base = event_base_new();
	dird.key_mode = KEY_EPHEMERAL;
	dird.folder = open(folder, O_RDONLY | O_DIRECTORY);
	http_start(fd, getegid(), handle);
	dird.journal = journal_open(dird.folder, NULL, NULL, NULL,
	    CHECK_HASHES, &b);
	ck_assert_ptr_nonnull(dird.journal);
}

static void
setup(void)
{
	log_init("dird", "off");
	ck_assert_int_eq(entry_init(), 0);
	serve();
	a_author(&founder, 1);
	a_author(&friend, 2);
	a_author(&other, 3);
	tell(&founder, OBJ_GENESIS, a_genesis(&founder, 1), good[0]);
	tell(&founder, OBJ_INVITE, a_invite(&friend, 1), good[1]);
	tell(&friend, OBJ_JOIN, a_join(&friend, 1), good[2]);
}

static void
teardown(void)
{
	char cmd[96];

	journal_close(dird.journal);
	dird.journal = NULL;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", folder);
	ck_assert_int_eq(system(cmd), 0);
}

/* -- what is wrong --------------------------------------------------------- */

/* An entry in words of our own; NULL: as it should be. */
struct bad {
	const char	*code;		/* what the answer must say */
	const char	*type, *body;
	const char	*when, *prev, *seq;
	const char	*author;	/* "other": its did, with the founder's key */
	int		 flip;		/* a bit of the signature */
	int		 key;		/* signed with the other's */
};

#define SUBJECT	"{\"subject\":\"did:plc:00112233445566778899aabbccddeeff\"}"
#define OFFER(id, more)	"{\"approval\":\"auto\",\"description\":\"\","	\
	"\"endpoint\":\"\",\"kind\":\"web\"" more ",\"name\":\"x\","	\
	"\"scope\":\"s\",\"service_id\":\"" id "\"}"
#define DEEP(x)	",\"macro\":{\"kind\":\"web\",\"params\":{\"a\":" x "}}"
#define ID0	"00000000000000000000000000000000"

static const struct bad bad[] = {
	{ .code = "did", .type = "Genesis", .author = "other", .seq = "0",
	    .prev = "", .key = 1, .body = "{\"domain\":\"home\",\"public_key\":"
	    "\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""
	    ",\"threshold\":1}" },
	{ .code = "author", .author = "other", .key = 1 },
	{ .code = "signature", .key = 1 },
	{ .code = "signature", .flip = 1 },
	{ .code = "type", .type = "Nonsense" },
	{ .code = "gap", .seq = "7" },
	{ .code = "prev", .prev = ID0 ID0 },
	{ .code = "field_range", .seq = "-1" },
	{ .code = "duplicate_key", .body = "{\"subject\":\"x\",\"subject\":\"x\"}" },
	{ .code = "float", .body = "{\"subject\":1.5}" },
	{ .code = "field_range", .seq = "2.0" },
	{ .code = "null_value", .body = "{\"subject\":null}" },
	{ .code = "integer", .body = "{\"subject\":9007199254740993}" },
	{ .code = "depth", .type = "ServiceOffer", .body = OFFER(ID0,
	    DEEP("[[[[[[[[1]]]]]]]]")) },
	{ .code = "derived", .type = "ServiceOffer", .body = OFFER(ID0, "") },
	{ .code = "not_canonical", .body = "{ \"subject\":\"x\"}" },
	{ .code = "field_missing", .body = "{}" },
	{ .code = "field_unknown", .body = "{\"subject\":"
	    "\"did:plc:00112233445566778899aabbccddeeff\",\"x\":1}" },
	{ .code = "field_kind", .body = "{\"subject\":7}" },
	{ .code = "field_form", .body = "{\"subject\":\"nobody\"}" },
	{ .code = "future", .when = "2093-01-01T00:00:00Z" },
	{ .code = "ancient", .when = "1999-01-01T00:00:00Z" },
	{ .code = "field_form", .when = "2025-06-15T15:06:40+00:00" },
	{ .code = "hash", .type = "ConfigBlob", .body = "{\"hash\":\"" ID0 ID0
	    "\",\"scope\":\"s\",\"text\":\"x\",\"valid_from\":\"" T0
	    "\",\"valid_until\":\"" T0 "\",\"version\":1}" },
};

static void
craft(const struct bad *x, const char *text, char *line, size_t cap)
{
	static struct a_raw r;
	const char *type = x->type != NULL ? x->type : "Attest";
	char prev[65];
	int n;

	hex_encode(founder.prev, 32, prev);
	n = snprintf((char *)r.p, sizeof(r.p) - SIG_LEN, "bastide/v1/%s\n"
	    "{\"author\":\"%s\",\"body\":%s,\"created_at\":\"%s\","
	    "\"prev\":\"%s\",\"seq\":%s,\"type\":\"%s\"}", type,
	    x->author != NULL ? other.did : founder.did, text,
	    x->when != NULL ? x->when : T0, x->prev != NULL ? x->prev : prev,
	    x->seq != NULL ? x->seq : "2", type);
	ck_assert_int_lt(n, (int)(sizeof(r.p) - SIG_LEN));
	a_sign(x->key ? &other : &founder, &r, (size_t)n);
	if (x->flip)
		r.p[r.len - 1] ^= 1;
	line_of(&r, line, cap);
}

/* Line 2 of an import says why it was refused; or all of it, by its line. */
static void
is_refused(const char *code)
{
	json_t *v = json_loads(body(), 0, NULL), *row;
	const char *got;

	if (status() == 400) {
		row = json_object_get(v, "error");
		ck_assert_msg(strstr(json_string_value(json_object_get(row,
		    "message")), "line 2") != NULL, "%s: %s", code, body());
	} else {
		ck_assert_int_eq(status(), 200);
		ck_assert_int_eq(json_integer_value(json_object_get(v,
		    "refused")), 1);
		row = json_array_get(json_object_get(v, "reasons"), 0);
		ck_assert_int_eq(json_integer_value(json_object_get(row,
		    "line")), 2);
	}
	got = json_string_value(json_object_get(row, "code"));
	ck_assert_msg(got != NULL && strcmp(got, code) == 0, "wanted %s: %s",
	    code, body());
	ck_assert(json_string_length(json_object_get(row, "message")) > 0);
	json_decref(v);
}

/* What is good is there, whole, and nothing else. */
static void
is_all_good(uint64_t entries)
{
	const char *p;
	uint64_t n = 0;

	request("GET", "/v1/log/verify", "");
	ck_assert_msg(strstr(body(), "\"good\":true") != NULL, "%s", body());
	ck_assert_uint_eq(dird.journal->n, entries);
	request("GET", "/v1/log/export", "");
	ck_assert_int_eq(status(), 200);
	for (p = body(); (p = strchr(p, '\n')) != NULL; p++)
		n++;
	ck_assert_uint_eq(n, entries);
}

/* Behind its end there is nothing, whichever journal it is: the chain tells. */
START_TEST(an_export_goes_on_in_the_same_journal_only)
{
	char path[128], lines[32768], hex[2 * CHAIN_LEN + 1];
	unsigned n;

	snprintf(lines, sizeof(lines), "%s%s%s", good[0], good[1], good[2]);
	request("POST", "/v1/log/import", lines);
	hex_encode(dird.journal->chain, CHAIN_LEN, hex);
	for (n = 0; n < 3; n++) {
		snprintf(path, sizeof(path), "/v1/log/export?from=%u&chain=%s",
		    n, hex);
		request("GET", path, "");
		ck_assert_int_eq(status(), 409);
	}
	snprintf(path, sizeof(path), "/v1/log/export?from=3&chain=%s", hex);
	request("GET", path, "");
	ck_assert_int_eq(status(), 200);
	ck_assert_str_eq(body(), "");
	n = (unsigned)strlen(path) - 1;
	path[n] = path[n] == '0' ? '1' : '0';
	request("GET", path, "");
	ck_assert_int_eq(status(), 409);
	path[n] = '\0';
	request("GET", path, "");
	ck_assert_int_eq(status(), 400);
}
END_TEST

START_TEST(each_bad_entry_is_refused_by_line_and_reason_and_the_good_stay)
{
	static char line[8192], lines[32768];
	size_t i;

	snprintf(lines, sizeof(lines), "%s%s%s", good[0], good[1], good[2]);
	request("POST", "/v1/log/import", lines);
	ck_assert_msg(strstr(body(), "\"kept\":3") != NULL, "%s", answer);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		craft(&bad[i], bad[i].body != NULL ? bad[i].body : SUBJECT,
		    line, sizeof(line));
		snprintf(lines, sizeof(lines), "%s%s%s", good[0], line,
		    good[2]);
		request("POST", "/v1/log/import", lines);
		is_refused(bad[i].code);
	}
	is_all_good(3);
}
END_TEST

START_TEST(the_good_around_a_bad_one_go_in)
{
	static char line[8192], lines[32768];
	const struct bad x = { .flip = 1 };

	craft(&x, SUBJECT, line, sizeof(line));
	snprintf(lines, sizeof(lines), "%s%s%s%s", good[0], line, good[1],
	    good[2]);
	request("POST", "/v1/log/import", lines);
	is_refused("signature");
	ck_assert_msg(strstr(body(), "\"kept\":3") != NULL, "%s", body());
	is_all_good(3);
	/* And the founder can still say what the bad one would have. */
	tell(&founder, OBJ_ATTEST, a_attest(&friend), line);
	request("POST", "/v1/log/import", line);
	ck_assert_msg(strstr(body(), "\"kept\":1") != NULL, "%s", body());
	is_all_good(4);
}
END_TEST

START_TEST(an_entry_or_a_line_that_is_too_long_is_refused)
{
	static char line[300000], lines[310000], text[200000];
	const struct bad x = { 0 };

	/* 64 KiB and more of a body: as a line by hand, for nothing builds it. */
	memset(text, 'x', 100000);
	text[100000] = '\0';
	craft(&x, SUBJECT, line, sizeof(line));
	snprintf(lines, sizeof(lines), "%.*s\"%s%s%s", (int)(strstr(line,
	    SUBJECT) - line), line, text, "\"", strstr(line, SUBJECT) +
	    strlen(SUBJECT));
	snprintf(line, sizeof(line), "%s%s", good[0], lines);
	request("POST", "/v1/log/import", line);
	is_refused("size");
	ck_assert_uint_le(dird.journal->n, 1);
}
END_TEST

/* The founder offers a service n, with that many long parameters. */
static void
offer(unsigned n, unsigned parameters)
{
	static char line[70000], text[1001];
	static struct a_raw r;
	char name[16], id[33], key[16];
	json_t *params = json_object();

	snprintf(name, sizeof(name), "s%u", n);
	service_id_of(founder.did, name, id);
	memset(text, 'x', sizeof(text) - 1);
	while (parameters-- > 0) {
		snprintf(key, sizeof(key), "p%u", parameters);
		json_object_set_new(params, key, json_string(text));
	}
	a_say(&founder, OBJ_SERVICE_OFFER, json_pack("{s:s, s:s, s:s, s:s, s:s, "
	    "s:s, s:s, s:{s:s, s:o}}", "service_id", id, "name", name,
	    "kind", "web", "endpoint", "", "approval", "auto", "scope",
	    "default", "description", "", "macro", "kind", "web", "params",
	    params), &r);
	line_of(&r, line, sizeof(line));
	request("POST", "/v1/log/import", line);
	ck_assert_msg(strstr(body(), "\"kept\":1") != NULL, "%s", body());
}

/* All pages of the catalogue, as the mesh gets them: how many services. */
static unsigned
catalogue(unsigned *pages)
{
	char path[64] = "/v1/services";
	json_t *v, *next;
	unsigned got = 0;

	over_mesh = 1;
	for (*pages = 0, next = json_true(); next != NULL; ++*pages) {
		request("GET", path, "");
		ck_assert_int_eq(status(), 200);
		ck_assert_uint_lt(strlen(body()), (1 << 20) + 1000);
		v = json_loads(body(), 0, NULL);
		ck_assert_uint_le(json_array_size(json_object_get(v,
		    "services")), 256);
		got += (unsigned)json_array_size(json_object_get(v, "services"));
		next = json_object_get(v, "next");
		snprintf(path, sizeof(path), "/v1/services?from=%lld",
		    (long long)json_integer_value(next));
		json_decref(v);
	}
	over_mesh = 0;
	return got;
}

/* Who pages for long meets each service once, whatever is said meanwhile. */
START_TEST(an_offer_said_anew_keeps_its_place_in_the_catalogue)
{
	json_t *v;
	unsigned i, got;
	char path[64];

	request("POST", "/v1/log/import", good[0]);
	request("POST", "/v1/log/import", good[1]);
	for (i = 0; i < 300; i++)
		offer(i, 0);
	over_mesh = 1;
	request("GET", "/v1/services", "");
	v = json_loads(body(), 0, NULL);
	got = (unsigned)json_array_size(json_object_get(v, "services"));
	snprintf(path, sizeof(path), "/v1/services?from=%lld",
	    (long long)json_integer_value(json_object_get(v, "next")));
	json_decref(v);
	over_mesh = 0;
	offer(0, 1);
	offer(299, 1);
	over_mesh = 1;
	request("GET", path, "");
	over_mesh = 0;
	v = json_loads(body(), 0, NULL);
	ck_assert_uint_eq(got + json_array_size(json_object_get(v,
	    "services")), 300);
	ck_assert_ptr_null(json_object_get(v, "next"));
	json_decref(v);
}
END_TEST

START_TEST(the_mesh_gets_the_catalogue_in_pages)
{
	unsigned i, pages;

	request("POST", "/v1/log/import", good[0]);
	request("POST", "/v1/log/import", good[1]);
	for (i = 0; i < 600; i++)
		offer(i, i % 2);
	ck_assert_uint_eq(catalogue(&pages), 600);
	ck_assert_uint_eq(pages, 3);
	/* Two pages of the short ones; what is long, in pages of a megabyte. */
	for (; i < 680; i++)
		offer(i, 16);
	ck_assert_uint_eq(catalogue(&pages), 680);
	ck_assert_uint_eq(pages, 4);
}
END_TEST

/* Each cut of a good import is an error by line or a clean import; no more. */
START_TEST(an_import_cut_at_any_byte_is_answered)
{
	static char lines[32768];
	size_t len, i;
	int s;

	len = (size_t)snprintf(lines, sizeof(lines), "%s%s", good[0], good[1]);
	for (i = 0; i < len; i += i < 80 || i > len - 80 ? 1 : 13) {
		char was = lines[i];

		lines[i] = '\0';
		request("POST", "/v1/log/import", lines);
		s = status();
		ck_assert_msg(s == 200 || s == 400, "%zu: %s", i, answer);
		ck_assert(s == 200 || strstr(body(), "line ") != NULL);
		lines[i] = was;
	}
	request("POST", "/v1/log/import", lines);
	ck_assert_int_eq(status(), 200);
	is_all_good(2);
}
END_TEST

START_TEST(one_line_too_many_is_named)
{
	static char lines[900000];
	size_t at = 0;
	int i;

	for (i = 0; i < 4097 && at < sizeof(lines) - 8; i++)
		at += (size_t)snprintf(lines + at, sizeof(lines) - at, "x\n");
	request("POST", "/v1/log/import", lines);
	ck_assert_int_eq(status(), 400);
	ck_assert_ptr_nonnull(strstr(body(), "line 1:"));
	ck_assert_uint_eq(dird.journal->n, 0);
}
END_TEST

/* -- requests -------------------------------------------------------------- */

START_TEST(a_request_that_is_wrong_is_told_so)
{
	static const struct {
		const char	*method, *path, *text;
		int		 status;
		const char	*says;
	} t[] = {
		{ "GET", "/v1/nothing", "", 404, "path" },
		{ "GET", "/v1/attest", "", 405, "method" },
		{ "POST", "/v1/identity", "{}", 405, "method" },
		{ "GET", "/v1/status", "{}", 400, "body" },
		{ "POST", "/v1/attest", "[1]", 400, "object" },
		{ "POST", "/v1/attest", "{\"did\":1}", 400, "did" },
		{ "POST", "/v1/attest", "{\"did\":\"x\",\"did\":\"y\"}", 400,
		    "twice" },
		{ "POST", "/v1/attest", "{", 400, "JSON" },
		{ "POST", "/v1/attest", "{\"did\":1.5}", 400, "integer" },
		{ "POST", "/v1/attest", "{\"a\":[[[[[[[[[1]]]]]]]]]}", 400,
		    "deeper" },
		{ "GET", "/v1/entries?from=x", "", 400, "from" },
		{ "GET", "/v1/entries?from=-1", "", 400, "from" },
		{ "GET", "/v1/entries?from=99999999999999999999999", "", 400,
		    "from" },
		{ "GET", "/v1/entries?type=Nonsense", "", 400, "type" },
		{ "GET", "/v1/entries?author=nobody", "", 400, "author" },
		{ "GET", "/v1/entries?limit=", "", 400, "limit" },
		{ "GET", "/v1/proof/inclusion", "", 400, "entry" },
		{ "GET", "/v1/proof/inclusion?entry=5", "", 404, "place" },
		{ "GET", "/v1/log/export?from=7", "", 409, "from" },
		{ "GET", "/v1/configs?scope=none", "", 404, "scope" },
		{ "POST", "/v1/offers/../withdraw", "{}", 404, "path" },
		{ "POST", "/v1/offers/00/withdraw", "{}", 404, "service" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		request(t[i].method, t[i].path, t[i].text);
		ck_assert_msg(status() == t[i].status &&
		    strstr(body(), t[i].says) != NULL &&
		    strstr(body(), "\"error\"") != NULL, "%s %s: %s",
		    t[i].path, t[i].text, answer);
	}
}
END_TEST

/* Nothing of one connection is left for the next. */
START_TEST(many_requests_one_after_another_are_answered)
{
	static char lines[32768];
	int i;

	snprintf(lines, sizeof(lines), "%s%s%s", good[0], good[1], good[2]);
	for (i = 0; i < 300; i++) {
		request("POST", "/v1/log/import", lines);
		ck_assert_int_eq(status(), 200);
	}
	is_all_good(3);
}
END_TEST

void
tests(TCase *t)
{
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_mesh_gets_the_catalogue_in_pages);
	tcase_add_test(t, an_offer_said_anew_keeps_its_place_in_the_catalogue);
	tcase_add_test(t, an_export_goes_on_in_the_same_journal_only);
	tcase_add_test(t, each_bad_entry_is_refused_by_line_and_reason_and_the_good_stay);
	tcase_add_test(t, the_good_around_a_bad_one_go_in);
	tcase_add_test(t, an_entry_or_a_line_that_is_too_long_is_refused);
	tcase_add_test(t, an_import_cut_at_any_byte_is_answered);
	tcase_add_test(t, one_line_too_many_is_named);
	tcase_add_test(t, a_request_that_is_wrong_is_told_so);
	tcase_add_test(t, many_requests_one_after_another_are_answered);
}
