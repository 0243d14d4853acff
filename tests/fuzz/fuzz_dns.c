/* room: netd */
/*
 * fuzz_dns.c -- any datagram at the .fips responder, all the way through
 * libevent's parser, and any text as a name. Laws: each datagram is answered
 * or counted, an answer is well-formed and belongs to its question, and a
 * reverse name that is read writes back the same.
 */
#include <arpa/nameser.h>
#include <event2/event.h>
#include <sys/socket.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns.h"
#include "dns_name.h"
#include "names.h"
#include "session.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct netd netd;

uint64_t
netd_clock(void)
{
	return ++netd.now_ms;
}

/* Nobody is near: what names.c wants to know of a name that could go. */
struct peer *peer_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }
struct session *session_find(const uint8_t addr[NADDR_LEN]) { (void)addr; return NULL; }

static struct event_base *base;
static int pair[2];

static void
start(void)
{
	uint8_t pub[32];
	unsigned i;

	for (i = 0; i < 32; i++)
		pub[i] = (uint8_t)i;
	netd.conf[CONF_CACHE_IDENTITY_SIZE] = 50;
	netd.conf[CONF_DNS_TTL] = 300;
	names_init();
	names_add_peer(pub, "alice");
	names_addr(pub, netd.addr);
	mesh_addr(netd.addr, netd.ip6);
	base = event_base_new();
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) == -1)
		abort();
	dns_add(pair[0], 5354);
	dns_start(base);
}

static void
name(const uint8_t *in, size_t len)
{
	char text[300], label[DNS_LABEL_LEN + 1], back[DNS_PTR_LEN + 1];
	uint8_t ip6[16];

	if (len >= sizeof(text))
		return;
	memcpy(text, in, len);
	text[len] = '\0';
	switch (dns_name(text, label, ip6)) {
	case DNS_REVERSE:
		dns_reverse(ip6, back);
		if (strncasecmp(back, text, DNS_PTR_LEN) != 0)
			abort();
		break;
	case DNS_NAME:
		if (strncasecmp(label, text, strlen(label)) != 0)
			abort();
		break;
	default:
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	uint8_t answer[1024];
	uint64_t before;
	ssize_t n;
	ns_msg m;

	if (base == NULL)
		start();
	name(in, len);
	before = netd.refused[REFUSE_DNS_MALFORMED];
	if (len > 1500 || send(pair[1], in, len, 0) != (ssize_t)len)
		return 0;
	event_base_loop(base, EVLOOP_NONBLOCK);
	n = recv(pair[1], answer, sizeof(answer), 0);
	if (n == -1) {
		if (netd.refused[REFUSE_DNS_MALFORMED] == before)
			abort();
		return 0;
	}
	if (n < 12 || n > 512 || memcmp(answer, in, 2) != 0 ||
	    ns_initparse(answer, (int)n, &m) == -1 ||
	    ns_msg_getflag(m, ns_f_qr) != 1)
		abort();
	return 0;
}
