/* call.c -- one call of one macro: manifest, parameters, planner, plan. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "macroctl.h"

/* "name=value" lines that every planner gets. */
static size_t
put_context(const struct call *c, const struct manifest *m, char *out,
    size_t cap)
{
	char	src[INET6_ADDRSTRLEN] = "", self[INET6_ADDRSTRLEN];
	int	n;

	if (c->has_src)
		lend_source_text(c->src, src);
	inet_ntop(AF_INET6, c->self, self, sizeof(self));
	n = snprintf(out, cap, "verb=%s\nkind=%s\nsub=%s\nsrc=%s\nself=%s\n"
	    "secs=%u\n", lend_verb(c->verb), c->kind, c->sub, src, self,
	    c->secs != 0 ? c->secs : m->secs);
	return n < 0 ? 0 : (size_t)n;
}

static enum lend_why
put_input(struct call *c, const struct manifest *m, char *out, size_t *len)
{
	ssize_t n;

	*len = put_context(c, m, out, INPUT_LEN);
	n = params_lines(m, c->params, c->params_len, out + *len,
	    INPUT_LEN - *len, c->err);
	if (n == -1)
		return LEND_PARAM;
	*len += (size_t)n;
	n = cred_lines(c->cred, c->cred_len, out + *len, INPUT_LEN - *len,
	    c->err);
	if (n == -1)
		return LEND_JSON;
	*len += (size_t)n;
	return LEND_OK;
}

enum lend_why
call_plan(int dir, struct call *c, struct manifest *m, struct plan *p)
{
	static char	text[MANIFEST_LEN + 1], in[INPUT_LEN];
	static char	out[PLAN_LEN + 1];
	size_t		len;
	enum lend_why	why;
	int		binary;

	if ((why = kind_open(dir, c->kind, &binary, text, &len, c->err)) !=
	    LEND_OK)
		return why;
	if (manifest_parse(c->kind, text, len, m, c->err) == -1)
		why = LEND_MANIFEST;
	else if (strcmp(m->kind, c->kind) != 0) {
		snprintf(c->err, sizeof(c->err), "it is for another kind: %s",
		    m->kind);
		why = LEND_MANIFEST;
	} else if (c->secs > m->secs_max) {
		snprintf(c->err, sizeof(c->err), "%s is lent for at most %u s",
		    c->kind, m->secs_max);
		why = LEND_SECS;
	} else
		why = put_input(c, m, in, &len);
	if (why == LEND_OK)
		why = planner_run(binary, c->kind, in, len, out, &len, c->err);
	close(binary);
	if (why != LEND_OK)
		return why;
	if (plan_parse(out, len, p, c->err) == -1)
		return LEND_PLAN;
	if ((why = plan_check(p, m, c->verb, c->err)) != LEND_OK)
		return why;
	if (c->secs == 0)
		c->secs = m->secs;
	if (p->wireguard) {
		snprintf(c->err, sizeof(c->err), "the plan is good, and needs "
		    "the WireGuard backend");
		return LEND_BACKEND;
	}
	return LEND_OK;
}

void
call_grant(const struct call *c, const struct plan *p, struct msg_grant *g)
{
	memset(g, 0, sizeof(*g));
	memcpy(g->kind, c->kind, sizeof(c->kind));
	memcpy(g->sub, c->sub, sizeof(c->sub));
	memcpy(g->src, c->src, sizeof(g->src));
	g->secs = c->secs;
	g->listen = (uint8_t)p->listener;
	g->allow_len = (uint16_t)lend_ports_encode(p->allow, p->nallow,
	    g->allow);
}
