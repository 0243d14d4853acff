/* resolve_msg.c -- DNS questions and answers about hosts. No I/O, no state. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "endpoint.h"
#include "resolve_msg.h"
#include "wire.h"

static ns_type
type_of(int family)
{
	return family == 4 ? ns_t_a : ns_t_aaaa;
}

/* Letter case and a dot at the end make no difference. */
static int
same_name(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);

	na -= na > 0 && a[na - 1] == '.';
	nb -= nb > 0 && b[nb - 1] == '.';
	return na == nb && strncasecmp(a, b, na) == 0;
}

int
resolve_question(const char *host, int family, uint16_t id,
    uint8_t out[RESOLVE_MSG_MAX])
{
	struct __res_state rs;
	int len;

	if (strlen(host) > RESOLVE_HOST_LEN)
		return -1;
	memset(&rs, 0, sizeof(rs));
	rs.options = RES_INIT | RES_RECURSE;	/* nothing to read from files */
	len = res_nmkquery(&rs, ns_o_query, host, ns_c_in, type_of(family),
	    NULL, 0, NULL, out, RESOLVE_MSG_MAX);
	if (len < NS_HFIXEDSZ)
		return -1;
	ns_put16(id, out);
	return len;
}

/* Is this the question we asked? */
static int
is_ours(ns_msg *m, const char *host, int family, uint16_t id)
{
	ns_rr rr;

	return ns_msg_id(*m) == id &&
	    ns_msg_getflag(*m, ns_f_qr) == 1 &&
	    ns_msg_getflag(*m, ns_f_opcode) == ns_o_query &&
	    ns_msg_count(*m, ns_s_qd) == 1 &&
	    ns_parserr(m, ns_s_qd, 0, &rr) == 0 &&
	    ns_rr_type(rr) == type_of(family) &&
	    ns_rr_class(rr) == ns_c_in &&
	    same_name(ns_rr_name(rr), host);
}

/* 0 or 1 addresses taken, or -1: malformed. A CNAME moves owner. */
static int
take_record(ns_msg *m, const ns_rr *rr, int family, char owner[NS_MAXDNAME],
    struct endpoint *ep)
{
	size_t want = family == 4 ? 4 : 16;

	if (ns_rr_class(*rr) != ns_c_in || !same_name(ns_rr_name(*rr), owner))
		return 0;
	if (ns_rr_type(*rr) == ns_t_cname)
		return ns_name_uncompress(ns_msg_base(*m), ns_msg_end(*m),
		    ns_rr_rdata(*rr), owner, NS_MAXDNAME) < 0 ? -1 : 0;
	if (ns_rr_type(*rr) != type_of(family))
		return 0;
	if (ns_rr_rdlen(*rr) != want)
		return -1;
	memset(ep, 0, sizeof(*ep));
	ep->family = (uint8_t)family;
	memcpy(ep->ip, ns_rr_rdata(*rr), want);
	return 1;
}

int
resolve_answer(const uint8_t *msg, size_t len, const char *host, int family,
    uint16_t id, struct endpoint *ep, unsigned max)
{
	char owner[NS_MAXDNAME];
	struct endpoint got;
	unsigned n = 0;
	ns_msg m;
	ns_rr rr;
	int i, r;

	if (len > RESOLVE_MSG_MAX || ns_initparse(msg, (int)len, &m) == -1 ||
	    !is_ours(&m, host, family, id))
		return -1;
	r = ns_msg_getflag(m, ns_f_rcode);
	if (r == ns_r_nxdomain)
		return 0;
	if (r != ns_r_noerror)
		return -1;
	snprintf(owner, sizeof(owner), "%s", host);
	for (i = 0; i < ns_msg_count(m, ns_s_an); i++) {
		if (ns_parserr(&m, ns_s_an, i, &rr) == -1 ||
		    (r = take_record(&m, &rr, family, owner, &got)) == -1)
			return -1;
		if (r == 1 && n < max)
			ep[n++] = got;
	}
	return (int)n;
}

/* A number, as in "%3"; names of interfaces stay with privd. */
static int
zone_read(const char *p, uint32_t *scope)
{
	uint64_t v = 0;

	if (*p == '\0')
		return -1;
	for (; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + (uint64_t)(*p - '0');
		if (v > UINT32_MAX)
			return -1;
	}
	*scope = (uint32_t)v;
	return 0;
}

int
resolve_literal(const char *host, struct endpoint *ep)
{
	char ip[INET6_ADDRSTRLEN];
	const char *zone = strchr(host, '%');
	size_t len = zone != NULL ? (size_t)(zone - host) : strlen(host);
	struct in6_addr a;
	uint32_t scope = 0;

	memset(ep, 0, sizeof(*ep));
	if (len >= sizeof(ip) ||
	    (zone != NULL && zone_read(zone + 1, &scope) == -1))
		return -1;
	memcpy(ip, host, len);
	ip[len] = '\0';
	if (zone == NULL && inet_pton(AF_INET, ip, ep->ip) == 1) {
		ep->family = 4;
		return 0;
	}
	if (inet_pton(AF_INET6, ip, &a) != 1)
		return -1;
	endpoint_set6(ep, &a, scope);
	return 0;
}
