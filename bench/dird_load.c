/*
 * dird_load.c -- clients of a directory's local socket, each with one request
 * after the other: how many offers a second are acknowledged.
 *
 *	dird_load SOCKET CLIENTS SECONDS
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS = 64 };

static struct sockaddr_un	sun = { .sun_family = AF_UNIX };
static double			until;
static atomic_ulong		acknowledged, refused;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One offer; 1 if the answer says that it is on the disk. */
static int
offer(const char *name)
{
	char text[512], body[128];
	size_t got = 0;
	ssize_t n;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		close(fd);
		return 0;
	}
	snprintf(body, sizeof(body), "{\"name\":\"%s\",\"kind\":\"http-mirror\"}",
	    name);
	n = snprintf(text, sizeof(text), "POST /v1/offers HTTP/1.1\r\n"
	    "Host: localhost\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
	if (write(fd, text, (size_t)n) != n)
		n = 0;
	while (n > 0 && got < 12) {
		n = read(fd, text + got, sizeof(text) - got);
		if (n > 0)
			got += (size_t)n;
	}
	close(fd);
	return got >= 12 && memcmp(text + 9, "201", 3) == 0;
}

static void *
client(void *arg)
{
	char name[64];
	unsigned i;

	for (i = 0; now() < until; i++) {
		snprintf(name, sizeof(name), "s%d-%zu-%u", (int)getpid(),
		    (size_t)arg, i);
		if (offer(name))
			acknowledged++;
		else
			refused++;
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	pthread_t t[CLIENTS];
	size_t i, n;
	double from, secs;

	if (argc != 4 || (n = strtoul(argv[2], NULL, 10)) == 0 || n > CLIENTS ||
	    (secs = strtod(argv[3], NULL)) <= 0)
		return 2;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", argv[1]);
	from = now();
	until = from + secs;
	for (i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, client, (void *)i) != 0)
			return 1;
	for (i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	printf("the room, %zu client%s over its socket: %8.0f /s, %lu refused\n", n,
	    n == 1 ? " " : "s", (double)acknowledged / (now() - from), refused);
	return 0;
}
