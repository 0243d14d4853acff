/* notify.c -- tells the service manager how we are. One socket, no library. */
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "privd.h"

static int sock = -1;

unsigned
notify_addr(const char *path, struct sockaddr_un *sun)
{
	size_t n = strlen(path);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	/* A path, or @name in the abstract space, which has no NUL at its end. */
	if ((path[0] != '/' && path[0] != '@') || n < 2 ||
	    n >= sizeof(sun->sun_path))
		return 0;
	memcpy(sun->sun_path, path, n);
	if (path[0] == '@')
		sun->sun_path[0] = '\0';
	return (unsigned)(offsetof(struct sockaddr_un, sun_path) + n +
	    (path[0] == '/'));
}

void
notify_open(const char *path)
{
	struct sockaddr_un sun;
	unsigned	   len;

	if (path == NULL)
		return;
	len = notify_addr(path, &sun);
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Connected now: a path is out of reach once the sandbox is shut. */
	if (len == 0 || sock == -1 ||
	    connect(sock, (struct sockaddr *)&sun, len) == -1)
		fatal("NOTIFY_SOCKET %s", path);
}

void
notify(const char *state)
{
	if (sock != -1 &&
	    send(sock, state, strlen(state), MSG_NOSIGNAL) == -1)
		log_debug("the service manager does not listen");
}
