/*
 * cli.c -- one call from a person or a service: arguments in, one JSON object
 * out, on stdout when it went well, on stderr when not. By now this process is
 * nobody, in an empty root, with one door to privd.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "macroctl.h"

#define KINDS_MAX	64
#define SAID_LEN	360

static char	said[SAID_LEN];	/* the call, for the record */
static int	from_privd;	/* the refusal is privd's, who records it itself */

static int
print(json_t *o, FILE *f)
{
	char *s = o == NULL ? NULL : json_dumps(o, JSON_COMPACT |
	    JSON_ENSURE_ASCII | JSON_SORT_KEYS);

	json_decref(o);
	if (s == NULL)
		return -1;
	fputs(s, f);
	fputc('\n', f);
	free(s);
	return fflush(f) == EOF ? -1 : 0;
}

static int
out(json_t *o)
{
	return print(o, stdout) == -1 ? cli_fail(LEND_INTERNAL,
	    "the answer cannot be written") : 0;
}

/*
 * privd records what it hears of and is not the reason itself. What is left, the
 * system log has: nobody is refused without a trace.
 */
static void
record(enum lend_why why)
{
	if (why == LEND_GONE || why == LEND_BUSY || why == LEND_AUDIT ||
	    (!from_privd && ask_attempt(why, said) == -1))
		note_attempt(why, said);
}

int
cli_fail(enum lend_why why, const char *more)
{
	char	message[ERR_LEN + 200], clean[ERR_LEN];
	size_t	n = make_printable(clean, sizeof(clean), more,
		    more == NULL ? 0 : strlen(more));

	snprintf(message, sizeof(message), "%s%s%s", lend_text(why),
	    n > 0 ? ": " : "", clean);
	record(why);
	print(json_pack("{s:s, s:s}", "code", lend_code(why), "message",
	    message), stderr);
	return lend_status(why);
}

/* How much of an argument is --cred, shortened or misspelt with one dash; or 0. */
static size_t
cred_word(const char *s)
{
	size_t dashes = strspn(s, "-"), n = strcspn(s + dashes, "=");

	return dashes > 0 && n > 0 && n <= 4 &&
	    strncmp(s + dashes, "cred", n) == 0 ? dashes + n : 0;
}

/*
 * What was asked, on one line, for the audit stream. Everybody who may read the
 * directory may read that, so credentials are left out.
 */
static void
remember(int argc, char *argv[])
{
	size_t	n = 0, word;
	int	i, hide = 0;

	for (i = 1; i < argc && n < sizeof(said) - 1; i++) {
		word = hide ? 0 : cred_word(argv[i]);
		n += (size_t)snprintf(said + n, sizeof(said) - n, "%s%.*s%s",
		    i > 1 ? " " : "", hide ? 0 : word > 0 ? (int)word :
		    SAID_LEN, argv[i], hide ? "..." : word > 0 &&
		    argv[i][word] == '=' ? "=..." : "");
		hide = word > 0 && argv[i][word] == '\0';
	}
}

/* -- arguments ------------------------------------------------------------ */

static int
number(const char *s, uint32_t *v)
{
	if (s[0] < '1' || s[0] > '9' || strlen(s) > 8 ||
	    strspn(s, "0123456789") != strlen(s))
		return -1;
	*v = (uint32_t)atoi(s);
	return *v > LEND_SECS_MAX ? -1 : 0;
}

static enum lend_why
option(struct call *c, int o, const char *v)
{
	switch (o) {
	case 's':
		if (!is_did(v, strlen(v)))
			return LEND_SUB;
		strcpy(c->sub, v);
		return LEND_OK;
	case 'i':
		/* Which networks are a mesh only privd knows. */
		c->has_src = 1;
		return lend_source_parse(v, c->src) == -1 ? LEND_SRC : LEND_OK;
	case 'f':
		return number(v, &c->secs) == -1 ? LEND_SECS : LEND_OK;
	case 'p':
		c->params = v;
		c->params_len = strlen(v);
		return LEND_OK;
	case 'c':
		c->cred = v;
		c->cred_len = strlen(v);
		return LEND_OK;
	default:
		return LEND_USAGE;
	}
}

static enum lend_why
options(struct call *c, int argc, char *argv[])
{
	static const struct option longs[] = {
		{ "sub", 1, NULL, 's' }, { "src-ip", 1, NULL, 'i' },
		{ "params", 1, NULL, 'p' }, { "cred", 1, NULL, 'c' },
		{ "for", 1, NULL, 'f' }, { NULL, 0, NULL, 0 } };
	enum lend_why	why;
	unsigned	seen = 0;
	int		o, index;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "+", longs, &index)) != -1) {
		if (o == '?' || (seen & 1U << index)) {
			snprintf(c->err, sizeof(c->err), o == '?' ?
			    "an option that is not known, or lacks its value" :
			    "--%s is given twice", longs[index].name);
			return LEND_USAGE;
		}
		seen |= 1U << index;
		if ((why = option(c, o, optarg)) != LEND_OK)
			return why;
	}
	if (optind < argc) {
		snprintf(c->err, sizeof(c->err), "what is '%.40s'?",
		    argv[optind]);
		return LEND_USAGE;
	}
	if (c->verb == LEND_ACTIVATE)
		return LEND_OK;
	if (c->sub[0] == '\0' || !c->has_src) {
		snprintf(c->err, sizeof(c->err), "%s needs --sub and --src-ip",
		    lend_verb(c->verb));
		return LEND_USAGE;
	}
	return LEND_OK;
}

static enum lend_why
arguments(struct call *c, int argc, char *argv[])
{
	memset(c, 0, sizeof(*c));
	if (argc < 3) {
		snprintf(c->err, sizeof(c->err), "macroctl KIND "
		    "grant|activate|revoke [--sub DID] [--src-ip ADDR] "
		    "[--params JSON] [--cred JSON] [--for SECONDS]; macroctl "
		    "list|show KIND|status");
		return LEND_USAGE;
	}
	if (!is_kind(argv[1], strlen(argv[1])))
		return LEND_KIND;
	strcpy(c->kind, argv[1]);
	for (c->verb = LEND_GRANT; c->verb < LEND_VERB_MAX; c->verb++)
		if (strcmp(argv[2], lend_verb(c->verb)) == 0)
			return options(c, argc - 2, argv + 2);
	snprintf(c->err, sizeof(c->err), "'%.40s' is not grant, activate or "
	    "revoke", argv[2]);
	return LEND_USAGE;
}

/* -- verbs ---------------------------------------------------------------- */

/* It has recorded that; but where it answered nonsense it has not. */
static int
privd_refused(enum lend_why why)
{
	from_privd = why != LEND_INTERNAL;
	return cli_fail(why, NULL);
}

static json_t *
ports_json(const struct lend_port *p, unsigned n)
{
	json_t		*list = json_array();
	char		 text[16];
	unsigned	 i;

	for (i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s/%u", lend_proto(p[i].proto),
		    p[i].port);
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *
answer(const struct call *c, const struct plan *p)
{
	char	 src[INET6_ADDRSTRLEN];
	json_t	*o = json_pack("{s:s, s:s}", "kind", c->kind, "verb",
		    lend_verb(c->verb)), *notes;
	unsigned i;

	if (c->sub[0] != '\0')
		json_object_set_new(o, "sub", json_string(c->sub));
	if (c->has_src) {
		lend_source_text(c->src, src);
		json_object_set_new(o, "src", json_string(src));
	}
	if (p == NULL)
		return o;
	notes = json_array();
	for (i = 0; i < p->nnote; i++)
		json_array_append_new(notes, json_string(p->note[i]));
	json_object_set_new(o, "notes", notes);
	json_object_set_new(o, "endpoint", json_string(p->endpoint));
	return o;
}

static int
do_grant(int dir, struct call *c)
{
	static struct manifest	m;
	static struct plan	p;
	struct msg_grant	g;
	enum lend_why		why;
	uint64_t		until = 0;
	json_t			*o;

	if (c->verb == LEND_GRANT && !ask_is_on())
		return cli_fail(LEND_GONE, NULL);
	if ((why = call_plan(dir, c, &m, &p)) != LEND_OK)
		return cli_fail(why, c->err);
	if (c->verb == LEND_GRANT) {
		call_grant(c, &p, &g);
		if ((why = ask_grant(&g, &until)) != LEND_OK)
			return privd_refused(why);
	}
	o = answer(c, &p);
	if (c->verb == LEND_GRANT) {
		json_object_set_new(o, "until", json_integer((json_int_t)until));
		json_object_set_new(o, "allow", ports_json(p.allow, p.nallow));
	}
	return out(o);
}

/* A planner is not asked: what is to go goes, even if it were gone. */
static int
do_revoke(struct call *c)
{
	enum lend_why	why;
	unsigned	removed;
	int		recorded;
	json_t		*o;

	if ((why = ask_revoke(c, &removed, &recorded)) != LEND_OK)
		return privd_refused(why);
	if (!recorded)
		return cli_fail(LEND_AUDIT, "what was lent is removed");
	o = answer(c, NULL);
	json_object_set_new(o, "removed", json_integer(removed));
	return out(o);
}

static int
do_list(int dir)
{
	static char	name[KINDS_MAX][LEND_KIND_LEN + 1];
	static char	text[MANIFEST_LEN + 1];
	static struct manifest m;
	json_t		*list, *o;
	char		 err[ERR_LEN];
	unsigned	 i, n = kind_all(dir, name, KINDS_MAX);
	enum lend_why	 why;
	size_t		 len;
	int		 fd;

	if (dir == -1)
		return cli_fail(LEND_TAMPER, kind_absent());
	list = json_array();
	for (i = 0; i < n; i++) {
		err[0] = '\0';
		why = kind_open(dir, name[i], &fd, text, &len, err);
		if (why == LEND_OK) {
			close(fd);
			if (manifest_parse(name[i], text, len, &m, err) == -1)
				why = LEND_MANIFEST;
		}
		o = json_pack("{s:s, s:b, s:s}", "kind", name[i], "usable",
		    why == LEND_OK, "about", why == LEND_OK ? m.about : err);
		json_array_append_new(list, o);
	}
	return out(json_pack("{s:o}", "kinds", list));
}

static int
do_show(int dir, const char *kind)
{
	static char	text[MANIFEST_LEN + 1];
	static struct manifest m;
	char		err[ERR_LEN] = "", *s;
	enum lend_why	why;
	size_t		len;
	int		fd;

	if (!is_kind(kind, strlen(kind)))
		return cli_fail(LEND_KIND, NULL);
	if ((why = kind_open(dir, kind, &fd, text, &len, err)) != LEND_OK)
		return cli_fail(why, err);
	close(fd);
	if (manifest_parse(kind, text, len, &m, err) == -1)
		return cli_fail(LEND_MANIFEST, err);
	s = manifest_write(&m);
	return out(s == NULL ? NULL : json_loads(s, 0, NULL));
}

static void
on_row(void *arg, const struct lend_row *r)
{
	char	 ip[INET6_ADDRSTRLEN], port[16];
	json_t	*o;

	lend_source_text(r->src, ip);
	snprintf(port, sizeof(port), "%s/%u", lend_proto(r->port.proto),
	    r->port.port);
	o = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "kind", r->kind, "sub",
	    r->sub, "src", ip, "allow", port, "left_s", (json_int_t)r->left_s,
	    "until", (json_int_t)time(NULL) + r->left_s);
	if (r->service[0] != '\0')
		json_object_set_new(o, "service", json_string(r->service));
	json_array_append_new(arg, o);
}

static int
do_status(void)
{
	json_t		*list = json_array();
	enum lend_why	 why = ask_list(on_row, list);

	if (why != LEND_OK) {
		json_decref(list);
		return cli_fail(why, NULL);
	}
	return out(json_pack("{s:o}", "grants", list));
}

int
cli_refuse(enum lend_why why, int argc, char *argv[])
{
	remember(argc, argv);
	return cli_fail(why, NULL);
}

int
cli_main(int dir, const uint8_t self[16], int argc, char *argv[])
{
	static struct call	c;
	enum lend_why		why;

	remember(argc, argv);
	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return do_list(dir);
	if (argc == 3 && strcmp(argv[1], "show") == 0)
		return do_show(dir, argv[2]);
	if (argc == 2 && strcmp(argv[1], "status") == 0)
		return do_status();
	if ((why = arguments(&c, argc, argv)) != LEND_OK)
		return cli_fail(why, c.err);
	memcpy(c.self, self, sizeof(c.self));
	return c.verb == LEND_REVOKE ? do_revoke(&c) : do_grant(dir, &c);
}
