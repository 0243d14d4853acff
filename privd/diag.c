/*
 * diag.c -- who on this machine listens where the mesh can reach.
 *
 * Knows sock_diag, through libmnl: TCP sockets that listen and UDP sockets
 * that are not connected, bound to every address or to the mesh address. The
 * socket is opened at boot; a kernel without sock_diag is no reason to stop.
 */
#include <sys/socket.h>

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <string.h>

#include "log.h"
#include "nl.h"
#include "privd.h"
#include "wire.h"

#define BUF_LEN	32768

struct dump {
	const uint8_t		*ip6;
	struct msg_listeners	*to;
	uint8_t			 proto;
};

static struct mnl_socket *nl;

void
diag_open(void)
{
	nl = nl_open(NETLINK_SOCK_DIAG);
	if (nl == NULL)
		log_debug("the kernel does not say who listens");
}

/* Like memcmp: by protocol, then port, then where it is bound. */
static int
compare(const uint8_t *a, const uint8_t *b)
{
	int diff = a[0] - b[0];

	if (diff == 0)
		diff = get_le16(a + 2) - get_le16(b + 2);
	return diff != 0 ? diff : a[1] - b[1];
}

/* In order, each once: many sockets can share a port. */
static void
put(struct msg_listeners *to, const uint8_t row[LISTEN_ROW])
{
	uint8_t *end = to->rows + to->rows_len, *at = to->rows;

	while (at < end && compare(at, row) < 0)
		at += LISTEN_ROW;
	if ((at < end && compare(at, row) == 0) ||
	    to->rows_len + LISTEN_ROW > (int)sizeof(to->rows))
		return;
	memmove(at + LISTEN_ROW, at, (size_t)(end - at));
	memcpy(at, row, LISTEN_ROW);
	to->rows_len = (uint16_t)(to->rows_len + LISTEN_ROW);
}

static int
on_socket(const struct nlmsghdr *nh, void *arg)
{
	struct dump			*d = arg;
	const struct inet_diag_msg	*is = mnl_nlmsg_get_payload(nh);
	uint8_t				 row[LISTEN_ROW] = { d->proto };

	if (mnl_nlmsg_get_payload_len(nh) < sizeof(*is) ||
	    is->idiag_family != AF_INET6)
		return MNL_CB_OK;
	if (memcmp(is->id.idiag_src, &in6addr_any, 16) == 0)
		row[1] = LISTEN_ANY;
	else if (memcmp(is->id.idiag_src, d->ip6, 16) == 0)
		row[1] = LISTEN_MESH;
	else
		return MNL_CB_OK;
	put_le16(row + 2, ntohs(is->id.idiag_sport));
	put(d->to, row);
	return MNL_CB_OK;
}

static int
list(int family, int ipproto, uint32_t states, mnl_cb_t fn, void *arg)
{
	static unsigned			 seq;
	static char			 buf[BUF_LEN];
	struct nlmsghdr			*nh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2		*rq;

	nh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nh->nlmsg_seq = ++seq;
	rq = mnl_nlmsg_put_extra_header(nh, sizeof(*rq));
	rq->sdiag_family = (uint8_t)family;
	rq->sdiag_protocol = (uint8_t)ipproto;
	rq->idiag_states = states;
	return nl_ask(nl, nh, buf, sizeof(buf), fn, arg);
}

void
diag_ask(const uint8_t ip6[16], struct msg_listeners *to)
{
	struct dump d = { .ip6 = ip6, .to = to, .proto = LISTEN_TCP };

	to->rows_len = 0;
	to->known = nl != NULL && list(AF_INET6, IPPROTO_TCP,
	    1U << TCP_LISTEN, on_socket, &d) == 0;
	d.proto = LISTEN_UDP;
	/* A UDP socket that is not connected is in the state TCP calls closed. */
	if (to->known && list(AF_INET6, IPPROTO_UDP, 1U << TCP_CLOSE, on_socket,
	    &d) == -1)
		to->known = 0;
}

/* -- is anybody there ----------------------------------------------------- */

struct look {
	const uint8_t	*ip6;
	uint16_t	 port;		/* network order */
	int		 found;
};

static int
on_listener(const struct nlmsghdr *nh, void *arg)
{
	struct look			*l = arg;
	const struct inet_diag_msg	*is = mnl_nlmsg_get_payload(nh);

	if (mnl_nlmsg_get_payload_len(nh) < sizeof(*is) ||
	    is->id.idiag_sport != l->port)
		return MNL_CB_OK;
	/* A wildcard is zero in either family. */
	if (memcmp(is->id.idiag_src, &in6addr_any,
	    is->idiag_family == AF_INET6 ? 16 : 4) == 0 ||
	    (is->idiag_family == AF_INET6 &&
	    memcmp(is->id.idiag_src, l->ip6, 16) == 0) ||
	    is->idiag_family == AF_INET)
		l->found = 1;
	return MNL_CB_OK;
}

int
diag_listens(const uint8_t ip6[16], int is_tcp, uint16_t port, int v4)
{
	struct look	l = { ip6, htons(port), 0 };
	int		proto = is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
	uint32_t	states = 1U << (is_tcp ? TCP_LISTEN : TCP_CLOSE);

	if (nl == NULL)
		return 0;
	if (list(AF_INET6, proto, states, on_listener, &l) == -1)
		return 0;
	if (v4 && !l.found && list(AF_INET, proto, states, on_listener, &l) ==
	    -1)
		return 0;
	return l.found;
}
