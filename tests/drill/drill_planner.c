/*
 * drill_planner.c -- code that runs as a planner and tries to have more than a
 * plan: room: common
 *
 * The name it is called by says which attempt, "drill-nft" and so on; called by
 * its own name the first argument does: outside, as root, where it must
 * succeed. What went through says DID on stderr and ends with status 0; what
 * did not says how and ends with 1. Static, like every planner.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The way to change the set of grants without anybody. */
static int
try_nft(const char *arg)
{
	(void)arg;
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}

/* privd as a guest: it would be asked for any grant. */
static int
try_guest(const char *path)
{
	struct sockaddr_un	sun = { .sun_family = AF_UNIX };
	int			fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	strncpy(sun.sun_path, path, sizeof(sun.sun_path) - 1);
	return fd == -1 ? -1 : connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun));
}

static int
try_audit(const char *path)
{
	return open(path, O_WRONLY | O_APPEND);
}

/* Doors, sockets or folders that somebody forgot to close. */
static int
try_doors(const char *arg)
{
	int fd;

	(void)arg;
	for (fd = 3; fd < 64; fd++)
		if (write(fd, "x", 1) == 1 || errno != EBADF)
			return 0;
	return -1;
}

/* Who lives on could wait for better times. */
static int
try_outlive(const char *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0) {
		setsid();
		sleep(5);
		_exit(0);
	}
	return pid;
}

static const struct {
	const char	*name;
	int		(*act)(const char *);
} attempt[] = {
	{ "nft", try_nft }, { "guest", try_guest }, { "audit", try_audit },
	{ "doors", try_doors }, { "outlive", try_outlive },
};

int
main(int argc, char *argv[])
{
	const char	*me = argc > 0 ? argv[0] : "", *arg = "";
	int		 planner = strncmp(me, "drill-", 6) == 0;
	size_t		 i;

	if (planner)
		me += 6;
	else
		me = argc > 1 ? argv[1] : "";
	if (argc > 2)
		arg = argv[2];
	for (i = 0; i < sizeof(attempt) / sizeof(attempt[0]); i++) {
		if (strcmp(me, attempt[i].name) != 0)
			continue;
		if (attempt[i].act(arg) == -1) {
			fprintf(stderr, "%s\n", strerror(errno));
			break;
		}
		/* A plan that is refused, so that it can be told from one. */
		puts("{\"v\":1,\"allow\":[],\"notes\":[\"DID\"]}");
		return 0;
	}
	if (planner)
		puts("{\"v\":1,\"allow\":[],\"notes\":[\"denied\"]}");
	return !planner;
}
