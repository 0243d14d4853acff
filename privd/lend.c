/*
 * lend.c -- grants: which ports the configuration lends, who asks, and the
 * order of things. A grant is recorded first and made then; a revoke removes
 * first and is recorded then. What is lent now, to whom and until when only
 * the kernel knows.
 */
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "guest.h"
#define LOG_TARGET "bastide::lend"
#include "log.h"
#include "nft.h"
#include "quota.h"

#define WANTS		40	/* questions that wait for a record */
#define KEPT		8	/* of them, that grants leave to revokes */
#define AUDITS_MAX	64	/* records that dird has not answered for */
/* Refusals that are written down: calls without end must not fill the disk. */
#define NOTES_BURST	256
#define NOTES_PER_MIN	6

/* A question that waits for its record; its number is the record's req. */
struct want {
	int		 used, is_grant;
	struct asker	 who;
	uint32_t	 req;
	struct msg_grant grant;
	struct lend_port port[LEND_PORTS];
	unsigned	 nport;
	int		 removed;
	int		 is_off;	/* a grant that was revoked meanwhile */
};

static struct lend_rules rules;
static uint32_t		 secs_max, grants_max;
/* Not fewer than there are: what ran out is noticed at the next look. */
static uint32_t		 live;
static struct want	 wants[WANTS];
static unsigned		 audits;
static struct quota	 notes;
static unsigned		 unwritten;

int
lend_is_on(void)
{
	return rules.nkind > 0;
}

int
lend_has_room(void)
{
	return audits < AUDITS_MAX;
}

int
lend_read(void)
{
	char err[LEND_ERR_LEN];

	if (lend_allow_parse(house.conf->txt[CONF_LEND_ALLOW], &rules,
	    err) == -1)
		conf_fatal("%s: bastide.lending.allow: %s", house.conf_name,
		    err);
	if (lend_net4_parse(house.conf->txt[CONF_LEND_NET4], &rules, err) == -1)
		conf_fatal("%s: bastide.lending.ipv4_mesh: %s",
		    house.conf_name, err);
	secs_max = (uint32_t)house.conf->num[CONF_LEND_SECS_MAX];
	grants_max = (uint32_t)house.conf->num[CONF_LEND_GRANTS_MAX];
	if (lend_is_on() && !house.conf->num[CONF_TUN_ENABLED])
		conf_fatal("%s: bastide.lending.allow lends to the mesh, which "
		    "needs tun.enabled: true", house.conf_name);
	return lend_is_on();
}

/* -- what there is -------------------------------------------------------- */

static int
is_allowed(const struct nft_grant *g)
{
	const struct lend_kind	*k = lend_port_find(&rules, g->port);
	size_t			 n;

	/* Nothing left: it has no end at all, and is not from here. */
	if (k == NULL || !lend_is_source(&rules, g->src) || g->left_s == 0 ||
	    g->left_s > secs_max)
		return 0;
	n = strlen(k->name);
	return strncmp(g->who, k->name, n) == 0 && g->who[n] == ' ';
}

/* Lent under another configuration, or put there by hand: taken away. */
static void
take_unlawful(void *arg, const struct nft_grant *g)
{
	(void)arg;
	if (!is_allowed(g) && nft_revoke(g->src, &g->port, 1, NULL) == -1)
		fatal("take away what may be lent no more");
}

/* A kernel without nf_tables has nothing to take away. */
static void
take_all(void)
{
	if (nft_open() == -1 ? errno != EPROTONOSUPPORT :
	    nft_empty() == -1 && errno != EOPNOTSUPP)
		fatal("take away what an earlier house lent");
	nft_close();
}

void
lend_open(void)
{
	uint8_t	ip6[16];

	if (!lend_is_on()) {
		take_all();
		return;
	}
	mesh_addr(house.self.addr, ip6);
	if (nft_open() == -1 || nft_install(&rules,
	    house.conf->txt[CONF_TUN_NAME], ip6) == -1)
		fatal("the nftables table of what is lent "
		    "(bastide.lending.allow)");
	if (lend_snap(&live) == -1)
		fatal("what is lent already");
	lend_snap_each(take_unlawful, NULL);
}

void
lend_self_fill(struct msg_lend_self *m)
{
	mesh_addr(house.self.addr, m->ip6);
}

/* -- the record ----------------------------------------------------------- */

/* req 0: nobody waits. -1 when dird is not there or has too much to write. */
static int audit(uint32_t req, const char *what, const char *sub,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int
audit(uint32_t req, const char *what, const char *sub, const char *fmt, ...)
{
	struct room		*r = &house.room[PROC_DIRD];
	struct msg_audit	 m = { .req = req };
	char			 text[sizeof(m.text) + 1];
	va_list			 ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	m.text_len = (uint16_t)make_printable(text, sizeof(text), text,
	    strlen(text));
	log_info("%s %s", what, text);
	if (r->pid == 0 || r->door.phase != RUN || !lend_has_room())
		return -1;
	snprintf(m.what, sizeof(m.what), "%s", what);
	m.who_len = (uint16_t)strlen(sub);
	memcpy(m.who, sub, m.who_len);
	memcpy(m.text, text, m.text_len);
	if (audit_send(&r->door, &m, NULL) == -1) {
		house_lie(r, "its door is full");
		return -1;
	}
	audits++;
	return 0;
}

/* May one more refusal be written down? How many were not, since the last. */
static int
may_note(unsigned *before)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	*before = unwritten;
	if (!quota_take(&notes, NOTES_BURST, NOTES_PER_MIN,
	    (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000)) {
		unwritten++;
		return 0;
	}
	unwritten = 0;
	return 1;
}

/* "kind=... src=... ports=..." of a question, for the record. */
static void
describe(const struct want *w, char *out, size_t size)
{
	char		ip[INET6_ADDRSTRLEN];
	unsigned	i;
	int		n;

	lend_source_text(w->grant.src, ip);
	n = snprintf(out, size, "kind=%s src=%s ports=", w->grant.kind, ip);
	for (i = 0; i < w->nport && n < (int)size; i++)
		n += snprintf(out + n, size - (size_t)n, "%s%s/%u",
		    i > 0 ? "," : "", lend_proto(w->port[i].proto),
		    w->port[i].port);
	if (n < (int)size)
		snprintf(out + n, size - (size_t)n, " secs=%u by=%s%s%.*s",
		    w->grant.secs, w->who.slot == -1 ? "runner" : "guest",
		    w->grant.service_len > 0 ? " service=" : "",
		    w->grant.service_len, (const char *)w->grant.service);
}

/* -- answers -------------------------------------------------------------- */

#define ANSWER(w, name, m)	do {					\
	struct chan *to_ = guest_ready((w)->who) ? guest_door((w)->who) : NULL;	\
	if (to_ != NULL && name##_send(to_, m, NULL) == -1 &&		\
	    (w)->who.slot == -1)					\
		house_lie(&house.room[PROC_MACROCTL], "its door is full"); \
} while (0)

static void
answer_no(const struct want *w, enum lend_why why)
{
	struct msg_lend_no m = { .req = w->req, .why = (uint16_t)why };

	ANSWER(w, lend_no, &m);
}

static void
refuse_it(struct want *w, enum lend_why why)
{
	char text[400];
	unsigned before;

	describe(w, text, sizeof(text));
	if (may_note(&before))
		audit(0, "refused", w->grant.sub, "%s: %s %s unwritten=%u",
		    lend_code(why), w->is_grant ? "grant" : "revoke", text,
		    before);
	answer_no(w, why);
	w->used = 0;
}

/* The house's log is left to tell of it. */
static void
not_recorded(struct want *w)
{
	char text[400];

	describe(w, text, sizeof(text));
	log_error("not lent to %s, for it cannot be recorded: %s",
	    w->grant.sub, text);
	answer_no(w, LEND_AUDIT);
	w->used = 0;
}

/* -- GRANT ---------------------------------------------------------------- */

static int
listens(const struct want *w)
{
	uint8_t		ip6[16];
	unsigned	i;

	mesh_addr(house.self.addr, ip6);
	for (i = 0; i < w->nport; i++)
		if (!diag_listens(ip6, w->port[i].proto == IPPROTO_TCP,
		    w->port[i].port, w->grant.src[0] == 0))
			return 0;
	return 1;
}

/* Ports of grants that wait for their record, one that is judged included. */
static unsigned
waiting(void)
{
	unsigned i, n = 0;

	for (i = 0; i < WANTS; i++)
		if (wants[i].used && wants[i].is_grant && !wants[i].is_off)
			n += wants[i].nport;
	return n;
}

/* Of them, those that were there at the last look: they last, they add none. */
static unsigned
renewed(void)
{
	const struct want	*w;
	unsigned		 i, n = 0;

	for (w = wants; w < wants + WANTS; w++)
		if (w->used && w->is_grant && !w->is_off)
			for (i = 0; i < w->nport; i++)
				n += lend_is_there(w->grant.src, w->port[i]) !=
				    0;
	return n;
}

static int
is_full(void)
{
	if (live + waiting() <= grants_max)
		return 0;
	return lend_snap(&live) == -1 ||
	    live + waiting() - renewed() > grants_max;
}

static enum lend_why
judge(struct want *w)
{
	const struct lend_kind	*k;
	unsigned		 i;
	int			 n;

	if (!is_kind(w->grant.kind, strlen(w->grant.kind)))
		return LEND_KIND;
	if (!is_did(w->grant.sub, strlen(w->grant.sub)))
		return LEND_SUB;
	if (!lend_is_service(w->grant.service, w->grant.service_len))
		return LEND_USAGE;
	if (!lend_is_source(&rules, w->grant.src))
		return LEND_SRC;
	if ((k = lend_kind_find(&rules, w->grant.kind)) == NULL)
		return LEND_POLICY;
	if (!w->is_grant) {
		memcpy(w->port, k->port, sizeof(w->port));
		w->nport = k->nport;
		return LEND_OK;
	}
	if (w->grant.secs > secs_max)
		return LEND_SECS;
	n = lend_ports_decode(w->grant.allow, w->grant.allow_len, w->port);
	if (n == -1)
		return LEND_POLICY;
	w->nport = (unsigned)n;
	for (i = 0; i < w->nport; i++)
		if (!lend_kind_has(k, w->port[i]))
			return LEND_POLICY;
	if (is_full())
		return LEND_FULL;
	if (w->grant.listen && !listens(w))
		return LEND_LISTENER;
	return LEND_OK;
}

/* NULL, too, while the house stops: dird is closing, nothing can be recorded. */
static struct want *
want_new(struct chan *c, uint32_t req, int is_grant)
{
	unsigned i;

	if (house.awaited != 0)
		return NULL;
	for (i = 0; i < WANTS - (is_grant ? KEPT : 0); i++)
		if (!wants[i].used) {
			memset(&wants[i], 0, sizeof(wants[i]));
			wants[i].used = 1;
			wants[i].is_grant = is_grant;
			wants[i].who = guest_asker(c);
			wants[i].req = req;
			return &wants[i];
		}
	return NULL;
}

static void
busy(struct chan *c, uint32_t req)
{
	struct want w = { .who = guest_asker(c), .req = req };

	answer_no(&w, LEND_BUSY);
}

void
on_grant(struct chan *c, const struct msg_grant *m, int *fds)
{
	struct want	*w = want_new(c, m->req, 1);
	enum lend_why	 why;
	char		 text[400];

	(void)fds;
	if (w == NULL) {
		busy(c, m->req);
		return;
	}
	w->grant = *m;
	if ((why = judge(w)) != LEND_OK) {
		refuse_it(w, why);
		return;
	}
	describe(w, text, sizeof(text));
	if (audit((uint32_t)(w - wants) + 1, "grant", m->sub, "%s", text) ==
	    -1)
		not_recorded(w);
}

/* What was recorded as granted is not made after all. */
static void
failed(const struct want *w, enum lend_why why, const char *how)
{
	char text[400];

	describe(w, text, sizeof(text));
	audit(0, "failed", w->grant.sub, "grant %s: %s", text, how);
	answer_no(w, why);
}

static void
grant_now(struct want *w)
{
	struct msg_granted	m = { .req = w->req };
	char			who[LEND_WHO_LEN];

	lend_who(who, w->grant.kind, w->grant.sub, w->grant.service,
	    w->grant.service_len);
	if (w->is_off) {
		failed(w, LEND_REVOKED, lend_text(LEND_REVOKED));
		return;
	}
	if (nft_grant(w->grant.src, w->port, w->nport, w->grant.secs, who) ==
	    -1) {
		failed(w, errno == ENFILE ? LEND_FULL : errno == EADDRINUSE ?
		    LEND_TAKEN : LEND_KERNEL, strerror(errno));
		return;
	}
	live += w->nport;
	m.until = (uint64_t)time(NULL) + w->grant.secs;
	ANSWER(w, granted, &m);
}

/* -- REVOKE --------------------------------------------------------------- */

static void
revoked_now(struct want *w, int recorded)
{
	struct msg_revoked m = { .req = w->req, .removed = (uint8_t)w->removed,
	    .recorded = (uint8_t)recorded };

	ANSWER(w, revoked, &m);
}

/* Grants of the same that wait for their record: they are not made then. */
static void
call_off(const struct want *r)
{
	struct want *w;

	for (w = wants; w < wants + WANTS; w++)
		if (w->used && w->is_grant &&
		    strcmp(w->grant.kind, r->grant.kind) == 0 &&
		    memcmp(w->grant.src, r->grant.src, 16) == 0 &&
		    (r->grant.service_len == 0 ||
		    (strcmp(w->grant.sub, r->grant.sub) == 0 &&
		    w->grant.service_len == r->grant.service_len &&
		    memcmp(w->grant.service, r->grant.service,
		    r->grant.service_len) == 0)))
			w->is_off = 1;
}

void
on_revoke(struct chan *c, const struct msg_revoke *m, int *fds)
{
	struct want	*w = want_new(c, m->req, 0);
	enum lend_why	 why;
	char		 text[400], who[LEND_WHO_LEN];

	(void)fds;
	if (w == NULL) {
		busy(c, m->req);
		return;
	}
	memcpy(w->grant.kind, m->kind, sizeof(m->kind));
	memcpy(w->grant.sub, m->sub, sizeof(m->sub));
	memcpy(w->grant.src, m->src, sizeof(m->src));
	w->grant.service_len = m->service_len;
	memcpy(w->grant.service, m->service, m->service_len);
	if ((why = judge(w)) != LEND_OK) {
		refuse_it(w, why);
		return;
	}
	call_off(w);
	lend_who(who, m->kind, m->sub, m->service, m->service_len);
	w->removed = nft_revoke(w->grant.src, w->port, w->nport,
	    m->service_len > 0 ? who : NULL);
	if (w->removed == -1) {
		refuse_it(w, LEND_KERNEL);
		return;
	}
	live -= live < (unsigned)w->removed ? live : (unsigned)w->removed;
	describe(w, text, sizeof(text));
	if (audit((uint32_t)(w - wants) + 1, "revoke", m->sub,
	    "%s removed=%d", text, w->removed) == -1) {
		revoked_now(w, 0);
		w->used = 0;
	}
}

/* -- AUDITED, ATTEMPT ----------------------------------------------------- */

void
on_audited(struct chan *c, const struct msg_audited *m, int *fds)
{
	struct want *w;

	(void)c;
	(void)fds;
	if (audits == 0 || m->req > WANTS ||
	    (m->req != 0 && !wants[m->req - 1].used)) {
		house_lie(&house.room[PROC_DIRD],
		    "it answers for a record that nobody asked for");
		return;
	}
	audits--;
	if (m->req == 0) {
		if (!m->ok)
			log_error("a refused loan could not be recorded");
		return;
	}
	w = &wants[m->req - 1];
	if (!w->is_grant)
		revoked_now(w, m->ok);
	else if (!m->ok)
		not_recorded(w);
	else
		grant_now(w);
	w->used = 0;
}

void
on_attempt(struct chan *c, const struct msg_attempt *m, int *fds)
{
	unsigned before;

	(void)c;
	(void)fds;
	if (may_note(&before))
		audit(0, "refused", "", "%s: %.*s unwritten=%u",
		    lend_code(m->why), m->text_len, (const char *)m->text,
		    before);
}

/* -- LIST ----------------------------------------------------------------- */

void
on_list(struct chan *c, const struct msg_list *m, int *fds)
{
	struct want		w = { .who = guest_asker(c), .req = m->req };
	struct msg_listed	a = { .req = m->req };

	(void)fds;
	if (!lend_is_on() || (m->after_len == 0 && lend_snap(&live) == -1)) {
		answer_no(&w, lend_is_on() ? LEND_KERNEL : LEND_POLICY);
		return;
	}
	if (m->after_len != 0 && m->after_len != LEND_KEY_LEN) {
		answer_no(&w, LEND_USAGE);
		return;
	}
	if (lend_page(m->after_len == 0 ? NULL : m->after, &a) == -1)
		answer_no(&w, LEND_KERNEL);
	else
		ANSWER(&w, listed, &a);
}
