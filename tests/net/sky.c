/*
 * sky.c -- a wire with weather: carries frames between two interfaces and
 * loses, holds back and doubles some of them. Test tool.
 *
 *	sky IF1 IF2 LOSS REORDER DUPLICATE	(percent, a fraction is fine)
 *
 * Stands in for netem, which a small kernel may not have. Frames travel with
 * their virtio header, so that unfinished checksums and large segments arrive
 * as they left.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX	66000
#define HOLD_MAX	64
#define HOLD_MS		8
#define BATCH		64

struct held {
	uint64_t	 due_ms;
	int		 to;
	size_t		 len;		/* 0: free */
	uint8_t		*frame;
};

static struct held	held[HOLD_MAX];
static double		loss, reorder, duplicate;

static uint64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int
happens(double percent)
{
	return drand48() * 100 < percent;
}

static int
open_end(const char *name)
{
	struct sockaddr_ll sll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name)
	};
	int on = 1, room = 4 << 20, fd;

	fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0);
	if (fd == -1 || sll.sll_ifindex == 0)
		err(1, "%s", name);
	/* Our own frames must not come back to us; a burst must not be lost. */
	if (setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) == -1)
		err(1, "%s: socket options", name);
	if (bind(fd, (struct sockaddr *)&sll, sizeof(sll)) == -1)
		err(1, "bind to %s", name);
	return fd;
}

static void
emit(int fd, const uint8_t *frame, size_t len)
{
	if (send(fd, frame, len, 0) == -1 && errno != EAGAIN &&
	    errno != ENOBUFS && errno != ENETDOWN && errno != EINVAL)
		err(1, "send");
}

static int
hold(int to, const uint8_t *frame, size_t len)
{
	int i;

	for (i = 0; i < HOLD_MAX; i++) {
		if (held[i].len != 0)
			continue;
		memcpy(held[i].frame, frame, len);
		held[i].len = len;
		held[i].to = to;
		held[i].due_ms = now_ms() + 1 + (uint64_t)(drand48() * HOLD_MS);
		return 1;
	}
	return 0;
}

static int
let_go(void)
{
	uint64_t now = now_ms();
	int	 i, left = 0;

	for (i = 0; i < HOLD_MAX; i++) {
		if (held[i].len == 0)
			continue;
		if (held[i].due_ms > now) {
			left = 1;
			continue;
		}
		emit(held[i].to, held[i].frame, held[i].len);
		held[i].len = 0;
	}
	return left;
}

static void
carry(int from, int to)
{
	static uint8_t	frame[FRAME_MAX];
	ssize_t		n;
	int		i;

	for (i = 0; i < BATCH; i++) {
		n = recv(from, frame, sizeof(frame), 0);
		if (n <= 0)
			return;
		if (happens(loss))
			continue;
		if (happens(duplicate))
			emit(to, frame, (size_t)n);
		if (happens(reorder) && hold(to, frame, (size_t)n))
			continue;
		emit(to, frame, (size_t)n);
	}
}

int
main(int argc, char **argv)
{
	struct pollfd	pfd[2];
	int		a, b, i, waiting = 0;

	if (argc != 6)
		errx(1, "usage: sky IF1 IF2 LOSS REORDER DUPLICATE");
	loss = strtod(argv[3], NULL);
	reorder = strtod(argv[4], NULL);
	duplicate = strtod(argv[5], NULL);
	srand48(1);
	for (i = 0; i < HOLD_MAX; i++)
		if ((held[i].frame = malloc(FRAME_MAX)) == NULL)
			err(1, NULL);
	a = open_end(argv[1]);
	b = open_end(argv[2]);
	pfd[0] = (struct pollfd){ .fd = a, .events = POLLIN };
	pfd[1] = (struct pollfd){ .fd = b, .events = POLLIN };
	fprintf(stderr, "up\n");
	for (;;) {
		if (poll(pfd, 2, waiting ? 1 : -1) == -1 && errno != EINTR)
			err(1, "poll");
		carry(a, b);
		carry(b, a);
		waiting = let_go();
	}
}
