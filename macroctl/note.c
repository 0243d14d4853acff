/*
 * note.c -- the system log, for a refused call that cannot get into the audit
 * stream: privd is not there, cannot write, or the caller may not speak to it.
 * The socket is from before the sandbox; the planner does not get it.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "macroctl.h"

#define WAIT_S	1	/* for a log that does not read; then it is lost */

static int	sock = -1;

void
note_open(void)
{
	static const struct sockaddr_un sun = { .sun_family = AF_UNIX,
	    .sun_path = "/dev/log" };
	struct timeval tv = { .tv_sec = WAIT_S };

	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock != -1 && (setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &tv,
	    sizeof(tv)) == -1 || connect(sock, (const struct sockaddr *)&sun,
	    sizeof(sun)) == -1)) {
		close(sock);
		sock = -1;
	}
}

/* Not syslog(3): its way back to a log that went makes sockets. */
void
note_attempt(enum lend_why why, const char *call)
{
	char	line[ERR_LEN];
	size_t	n;

	snprintf(line, sizeof(line), "<%d>macroctl[%d]: refused %s: %s",
	    LOG_AUTHPRIV | LOG_NOTICE, (int)getpid(), lend_code(why), call);
	n = make_printable(line, sizeof(line), line, strlen(line));
	/* Nowhere is left to say that this failed, too. */
	if (sock != -1 && write(sock, line, n) == -1) {
		close(sock);
		sock = -1;
	}
}
