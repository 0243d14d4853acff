/*
 * lend_bench.c -- grants through privd as fast as it gives them: a guest that
 * asks for the next before the last is answered.
 *
 *	lend_bench SOCKET COUNT WINDOW
 *
 * COUNT addresses of fd77::/16 get tcp/9050 for an hour. Prints grants a second.
 */
#define ME_MACROCTL
#include <sys/socket.h>
#include <sys/un.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doors.h"
#include "lend.h"

static struct chan	door;
static uint32_t		granted, refused;

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
ask(uint32_t i)
{
	struct msg_grant m = { .req = i + 1, .kind = "tor-exit", .sub =
	    "did:plc:0123456789abcdef0123456789abcdef", .secs = 3600,
	    .src = { 0xfd, 0x77 } };
	struct lend_port p = { 6, 9050 };

	memcpy(m.src + 12, &i, sizeof(i));
	m.allow_len = (uint16_t)lend_ports_encode(&p, 1, m.allow);
	if (grant_send(&door, &m, NULL) == -1) {
		perror("ask");
		exit(1);
	}
}

static void
hear(void)
{
	struct pollfd	 pfd = { .fd = door.fd, .events = POLLIN };
	union msg_any	 m;
	enum msg_type	 type;
	int		 fds[MSG_NFD_MAX];

	if (poll(&pfd, 1, 10000) != 1 ||
	    chan_recv(&door, &type, &m, fds) != CHAN_MSG) {
		fprintf(stderr, "privd does not answer\n");
		exit(1);
	}
	if (type == MSG_GRANTED)
		granted++;
	else if (type == MSG_LEND_NO) {
		if (refused++ == 0)
			fprintf(stderr, "refused: %s\n",
			    lend_text(m.lend_no.why));
	}
}

int
main(int argc, char *argv[])
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	int			fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	uint32_t		i, n, window;
	double			start;

	if (argc != 4) {
		fprintf(stderr, "lend_bench SOCKET COUNT WINDOW\n");
		return 2;
	}
	n = (uint32_t)atoi(argv[2]);
	window = (uint32_t)atoi(argv[3]);
	strncpy(sun.sun_path, argv[1], sizeof(sun.sun_path) - 1);
	if (fd == -1 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) ==
	    -1) {
		perror(argv[1]);
		return 1;
	}
	chan_init(&door, fd, PROC_MACROCTL, PROC_PRIVD);
	door.phase = RUN;
	hear();			/* LEND_SELF */
	start = now();
	for (i = 0; i < n || granted + refused < n; )
		if (i < n && i - granted - refused < window)
			ask(i++);
		else
			hear();
	printf("%.0f %u\n", n / (now() - start), refused);
	return refused != 0;
}
