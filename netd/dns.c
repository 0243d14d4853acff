/*
 * dns.c -- the .fips responder.
 *
 * libevent's DNS server parses and writes; it would drop what it cannot parse
 * without a word, and does not say where a query was sent to. So it never sees
 * the real socket: we take each datagram, look at its size and its way, and
 * hand it over through a socketpair that only the two of us hold, in a loop of
 * its own that runs to the end at once. No answer means that the query was
 * malformed. No key operation here, and no memory of who asked.
 */
#include <netinet/in.h>
#include <sys/socket.h>

#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <event2/event.h>

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LOG_TARGET "fips::upper::dns"
#include "log.h"
#include "dns.h"
#include "dns_name.h"
#include "names.h"

#define QUERY_MIN	12	/* a header; libevent 2.1.12 crashes on less */
#define QUERY_MAX	512
#define KIND		0xf8	/* of byte 2: answer, or another operation */
#define BATCH		32	/* queries taken in one turn of the loop */
#define SOCKETS_MAX	8

/* RFC 1035 4.1.1 */
enum { RCODE_OK = 0, RCODE_NXDOMAIN = 3, RCODE_REFUSED = 5 };

static int			 sock[SOCKETS_MAX];
static unsigned			 nsock;
static struct event_base	*parser;
static int			 pair[2] = { -1, -1 };	/* ours, the parser's */

static int
answer_name(struct evdns_server_request *req,
    const struct evdns_server_question *q, const char *name)
{
	uint8_t pub33[33] = { 0x02 }, addr[NADDR_LEN], ip6[16];

	if (names_lookup(name, pub33 + 1) == -1)
		return RCODE_NXDOMAIN;
	if (q->type != EVDNS_TYPE_AAAA)
		return RCODE_OK;	/* the name is there, the type is not */
	names_addr(pub33 + 1, addr);
	mesh_addr(addr, ip6);
	if (evdns_server_request_add_aaaa_reply(req, q->name, 1, ip6,
	    (int)netd.conf[CONF_DNS_TTL]) != 0)
		return RCODE_REFUSED;
	/* From now on packets to that address can be sent somewhere. */
	if (memcmp(addr, netd.addr, NADDR_LEN) != 0)
		names_ask(pub33);
	log_debug("DNS resolved .fips name, registering identity");
	return RCODE_OK;
}

static int
answer_reverse(struct evdns_server_request *req,
    const struct evdns_server_question *q, const uint8_t ip6[16])
{
	uint8_t pub33[33], addr[NADDR_LEN];
	char name[DNS_LABEL_LEN + sizeof(".fips")];
	const char *alias;

	if (memcmp(ip6, netd.ip6, 16) == 0) {
		memcpy(pub33, netd.pub, 33);
		memcpy(addr, netd.addr, NADDR_LEN);
	} else if (names_by_prefix(ip6 + 1, pub33, addr) == -1)
		return RCODE_NXDOMAIN;
	if (q->type != EVDNS_TYPE_PTR)
		return RCODE_OK;
	if ((alias = names_alias(addr)) != NULL)
		strcpy(name, alias);	/* aliases are labels */
	else
		npub_encode(pub33 + 1, name);
	strcat(name, ".fips");
	if (evdns_server_request_add_ptr_reply(req, NULL, q->name, name,
	    (int)netd.conf[CONF_DNS_TTL]) != 0)
		return RCODE_REFUSED;
	return RCODE_OK;
}

/* One question whose name can be written into an answer: a dot inside a label
 * has become two dots here, and would come out as a name that ends early. */
static int
is_answerable(const struct evdns_server_request *req)
{
	const char *name;

	if (req->nquestions != 1)
		return 0;
	name = req->questions[0]->name;
	return name[0] != '.' && strstr(name, "..") == NULL;
}

static void
on_question(struct evdns_server_request *req, void *arg)
{
	const struct evdns_server_question *q;
	char name[DNS_LABEL_LEN + 1];
	uint8_t ip6[16];
	int rcode = RCODE_NXDOMAIN;

	(void)arg;
	if (!is_answerable(req)) {
		evdns_server_request_drop(req);
		return;
	}
	evdns_server_request_set_flags(req, EVDNS_FLAGS_AA);
	q = req->questions[0];
	if (q->dns_question_class != EVDNS_CLASS_INET)
		rcode = RCODE_REFUSED;
	else
		switch (dns_name(q->name, name, ip6)) {
		case DNS_NAME:
			rcode = answer_name(req, q, name);
			break;
		case DNS_REVERSE:
			rcode = answer_reverse(req, q, ip6);
			break;
		case DNS_APEX:
			rcode = RCODE_OK;
			break;
		case DNS_OTHER:
			break;
		}
	evdns_server_request_respond(req, rcode);
}

void
dns_add(int fd, uint16_t port)
{
	int on = 1;

	(void)port;
	if (nsock == SOCKETS_MAX)
		fatalx("more than %d DNS sockets", SOCKETS_MAX);
	sock[nsock++] = fd;
	/* Fails on an IPv4 socket, which the mesh cannot reach anyway. */
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	if (parser != NULL)
		return;
	/* Now, because later the sandbox makes no socket any more. */
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	    pair) == -1)
		fatal("socketpair for the DNS parser");
	if ((parser = event_base_new()) == NULL ||
	    evdns_add_server_port_with_base(parser, pair[1], 0, on_question,
	    NULL) == NULL)
		fatalx("cannot start the DNS parser");
}

/* Where the datagram was sent to, as the kernel says; 0, or -1. */
static int
sent_to(struct msghdr *mh, uint8_t dst[16])
{
	struct in6_pktinfo info;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(mh); c != NULL; c = CMSG_NXTHDR(mh, c))
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO &&
		    c->cmsg_len >= CMSG_LEN(sizeof(info))) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			memcpy(dst, &info.ipi6_addr, 16);
			return 0;
		}
	return -1;
}

/* May this datagram be looked at? */
static int
is_welcome(struct msghdr *mh, const struct sockaddr_storage *from,
    const uint8_t *query, size_t len)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
	uint8_t dst[16];

	if (len < QUERY_MIN || len > QUERY_MAX || (query[2] & KIND) != 0) {
		refuse(REFUSE_DNS_MALFORMED);
		return 0;
	}
	if (from->ss_family == AF_INET6 && sent_to(mh, dst) == 0 &&
	    dns_from_mesh(in6->sin6_addr.s6_addr, dst, netd.ip6)) {
		refuse(REFUSE_DNS_SOURCE);
		return 0;
	}
	return 1;
}

/* Bytes of the answer, or -1: there is none. */
static ssize_t
ask_parser(const uint8_t *query, size_t len, uint8_t *answer, size_t size)
{
	if (send(pair[0], query, len, MSG_NOSIGNAL) != (ssize_t)len)
		return -1;
	if (event_base_loop(parser, EVLOOP_NONBLOCK) == -1)
		fatalx("the DNS parser failed");
	return recv(pair[0], answer, size, MSG_DONTWAIT);
}

static int
serve(int fd)
{
	uint8_t query[QUERY_MAX + 1], answer[QUERY_MAX];
	union { struct cmsghdr align; uint8_t b[256]; } control;
	struct sockaddr_storage from;
	struct iovec iov = { query, sizeof(query) };
	struct msghdr mh = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.b, .msg_controllen = sizeof(control.b)
	};
	ssize_t n;

	n = recvmsg(fd, &mh, MSG_DONTWAIT);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	if (!is_welcome(&mh, &from, query, (size_t)n))
		return 0;
	n = ask_parser(query, (size_t)n, answer, sizeof(answer));
	if (n == -1) {
		refuse(REFUSE_DNS_MALFORMED);
		return 0;
	}
	if (sendto(fd, answer, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL,
	    mh.msg_name, mh.msg_namelen) == -1)
		log_debug("DNS answer not sent: %s", strerror(errno));
	return 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	int i;

	(void)what;
	(void)arg;
	netd_clock();
	for (i = 0; i < BATCH && serve(fd) == 0; i++)
		continue;
}

void
dns_start(struct event_base *base)
{
	struct event *ev;
	unsigned i;

	for (i = 0; i < nsock; i++) {
		ev = event_new(base, sock[i], EV_READ | EV_PERSIST,
		    on_readable, NULL);
		if (ev == NULL || event_add(ev, NULL) == -1)
			fatalx("cannot watch a DNS socket");
	}
}
