/*
 * pinger.c -- round trips to an address, from inside a network namespace.
 *
 *	pinger NETNS ADDRESS COUNT INTERVAL-US
 *
 * Sends an echo request every interval, whether the last was answered or not,
 * and takes the time of the answer from the kernel, so that a busy machine that
 * wakes the pinger late does not count. The far kernel answers: no program of
 * ours waits for a processor there. Says JSON, times in microseconds.
 */
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "netns.h"

enum { COUNT_MAX = 60000, PATIENCE_MS = 500 };

struct pinger {
	int		sock;
	int		family;
	uint16_t	id;
	int		count, sent, got;
	int64_t		left_ns[COUNT_MAX];	/* 0: not out, or answered */
	double		us[COUNT_MAX];
};

static void
pinger_open(struct pinger *p, const char *host)
{
	struct sockaddr_storage to;
	socklen_t len = numeric(host, "0", &to);
	int on = 1, room = 1 << 20;

	p->family = to.ss_family;
	p->id = (uint16_t)getpid();
	p->sock = socket(p->family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    p->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
	if (p->sock == -1)
		err(1, "a raw socket");
	setsockopt(p->sock, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(p->sock, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) == -1)
		err(1, "SO_TIMESTAMPNS");
	if (connect(p->sock, (struct sockaddr *)&to, len) == -1)
		err(1, "%s", host);
}

static uint16_t
checksum(const uint8_t *b, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)b[i] << 8 | b[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* Both families have the same header: type, code, checksum, id, number. */
static void
ask(struct pinger *p)
{
	uint8_t b[64] = { 0 };
	uint16_t seq = (uint16_t)p->sent, sum;

	b[0] = p->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	memcpy(b + 4, &p->id, 2);
	memcpy(b + 6, &seq, 2);
	if (p->family == AF_INET) {	/* the kernel fills in ICMPv6's */
		sum = checksum(b, sizeof(b));
		memcpy(b + 2, &sum, 2);
	}
	p->left_ns[p->sent] = clock_ns(CLOCK_REALTIME);
	if (send(p->sock, b, sizeof(b), 0) == -1)
		warn("send");
	p->sent++;
}

static int64_t
came_ns(struct msghdr *m)
{
	struct cmsghdr *c;
	struct timespec t;

	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS) {
			memcpy(&t, CMSG_DATA(c), sizeof(t));
			return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
		}
	return clock_ns(CLOCK_REALTIME);
}

/* One datagram; 0 when there was none. */
static int
take(struct pinger *p)
{
	uint8_t b[512], control[256];
	struct iovec iov = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
	    .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t len = recvmsg(p->sock, &m, 0);
	size_t at = p->family == AF_INET ? (size_t)(b[0] & 15) * 4 : 0;
	uint16_t id, seq;

	if (len == -1)
		return 0;
	if ((size_t)len < at + 8 ||
	    b[at] != (p->family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		return 1;
	memcpy(&id, b + at + 4, 2);
	memcpy(&seq, b + at + 6, 2);
	if (id != p->id || seq >= p->sent || p->left_ns[seq] == 0)
		return 1;
	p->us[p->got++] = (double)(came_ns(&m) - p->left_ns[seq]) / 1000;
	p->left_ns[seq] = 0;
	return 1;
}

static void
take_until(struct pinger *p, int64_t until_ns, int all)
{
	struct pollfd fd = { .fd = p->sock, .events = POLLIN };
	struct timespec t;
	int64_t left;

	while ((left = until_ns - clock_ns(CLOCK_MONOTONIC)) > 0) {
		if (all && p->got == p->sent)
			return;
		t.tv_sec = left / 1000000000;
		t.tv_nsec = left % 1000000000;
		if (ppoll(&fd, 1, &t, NULL) > 0)
			while (take(p))
				;
	}
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
share(const struct pinger *p, double q)
{
	return p->us[(int)(q * (p->got - 1) + 0.5)];
}

int
main(int argc, char **argv)
{
	static struct pinger p;
	int64_t next, every;

	if (argc != 5)
		errx(2, "usage: pinger NETNS ADDRESS COUNT INTERVAL-US");
	p.count = atoi(argv[3]);
	every = atoll(argv[4]) * 1000;
	if (p.count < 1 || p.count > COUNT_MAX || every < 1000)
		errx(2, "1 to %d pings, 1 us apart at least", COUNT_MAX);
	netns_enter(argv[1]);
	pinger_open(&p, argv[2]);
	next = clock_ns(CLOCK_MONOTONIC);
	while (p.sent < p.count) {
		ask(&p);
		next += every;
		take_until(&p, next, 0);
	}
	take_until(&p, next + PATIENCE_MS * 1000000LL, 1);
	if (p.got == 0)
		errx(1, "no answer from %s", argv[2]);
	qsort(p.us, (size_t)p.got, sizeof(p.us[0]), by_size);
	printf("{\"sent\": %d, \"lost\": %d, \"min_us\": %.1f, \"median_us\": %.1f, "
	    "\"p99_us\": %.1f, \"max_us\": %.1f}\n", p.sent, p.sent - p.got,
	    p.us[0], share(&p, 0.5), share(&p, 0.99), p.us[p.got - 1]);
	return 0;
}
