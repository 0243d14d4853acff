/* netns.h -- a bench program that stands in several network namespaces. */
#ifndef BENCH_NETNS_H
#define BENCH_NETNS_H

#include <err.h>
#include <fcntl.h>
#include <netdb.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* From now on this thread's new sockets belong to that namespace. */
static inline void
netns_enter(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		err(1, "%s", path);
	if (setns(fd, CLONE_NEWNET) == -1)
		err(1, "%s", path);
	close(fd);
}

/* A numeric address; its length, or the program ends. */
static inline socklen_t
numeric(const char *host, const char *port, struct sockaddr_storage *ss)
{
	struct addrinfo hint = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	    .ai_socktype = SOCK_DGRAM }, *found;
	socklen_t len;
	int rc;

	if ((rc = getaddrinfo(host, port, &hint, &found)) != 0)
		errx(1, "%s: %s", host, gai_strerror(rc));
	len = found->ai_addrlen;
	*ss = (struct sockaddr_storage){ 0 };
	__builtin_memcpy(ss, found->ai_addr, len);
	freeaddrinfo(found);
	return len;
}

static inline int64_t
clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#endif
