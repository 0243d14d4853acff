/*
 * client.c -- one request over the control socket, one reply; and what the
 * client of the directory shares with it.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

#define WAIT_S		6	/* the node gives itself five */
#define REPLY_MAX	(64u << 20)

int
client_unreachable(const char *path, int err)
{
	fprintf(stderr, "bastidectl: cannot reach the node at %s: %s\n", path,
	    strerror(err));
	if (err == EACCES)
		fputs("Join the group that owns the socket (usually bastide): "
		    "sudo usermod -aG bastide $USER, then log in again.\n",
		    stderr);
	else
		fputs("Is it running? Start it (sudo systemctl start bastide), "
		    "or name its socket with -S or $BASTIDE_SOCKET.\n",
		    stderr);
	return EXIT_UNREACHABLE;
}

int
client_dial(const char *path, unsigned wait_s)
{
	struct timeval wait = { wait_s, 0 };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(sun.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(sun.sun_path, path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == -1 ||
	    connect(fd, (struct sockaddr *)&sun, sizeof(sun)) == -1) {
		err = errno;
		close(fd);
		errno = err;
		return -1;
	}
	return fd;
}

int
client_send(int fd, const char *p, size_t len)
{
	size_t at = 0;
	ssize_t n;

	while (at < len && (n = send(fd, p + at, len - at, MSG_NOSIGNAL)) > 0)
		at += (size_t)n;
	/* A node that has no room for us answers before it listens. */
	return at < len && errno != EPIPE ? -1 : 0;
}

static int
say(int fd, const char *command, json_t *params)
{
	json_t *o = json_pack("{s:s, s:o*}", "command", command, "params",
	    params);
	char *text = json_dumps(o, JSON_COMPACT);
	size_t len;
	int ret;

	json_decref(o);
	if (text == NULL)
		return -1;
	len = strlen(text);
	text[len++] = '\n';	/* in place of the NUL */
	ret = client_send(fd, text, len);
	free(text);
	if (ret == 0)
		shutdown(fd, SHUT_WR);
	return ret;
}

char *
client_hear(int fd, size_t *len)
{
	size_t cap = 0;
	char *buf = NULL, *more;
	ssize_t n;

	for (*len = 0; ; *len += (size_t)n) {
		if (cap - *len < 4096) {
			cap = cap == 0 ? 65536 : cap * 2;
			if (cap > REPLY_MAX ||
			    (more = realloc(buf, cap)) == NULL) {
				errno = EMSGSIZE;
				break;
			}
			buf = more;
		}
		n = recv(fd, buf + *len, cap - *len, 0);
		if (n == 0 || (n == -1 && errno == ECONNRESET && *len > 0))
			return buf;
		if (n == -1)
			break;
	}
	if (errno == EAGAIN)
		errno = ETIMEDOUT;
	free(buf);
	return NULL;
}

static int
judge(const char *buf, size_t len, json_t **data)
{
	json_error_t err;
	json_t *o = json_loadb(buf, len, 0, &err);
	const char *status = json_string_value(json_object_get(o, "status"));
	const char *text = json_string_value(json_object_get(o, "message"));
	int ret = EXIT_NO;

	if (status == NULL)
		fprintf(stderr, "bastidectl: that was no reply of a node: %s\n",
		    o == NULL ? err.text : "no status");
	else if (strcmp(status, "ok") != 0) {
		fputs("bastidectl: ", stderr);
		text_say(stderr, text != NULL ? text : "refused, without a "
		    "reason");
		fputc('\n', stderr);
	} else {
		*data = json_incref(json_object_get(o, "data"));
		ret = EXIT_OK;
	}
	json_decref(o);
	return ret;
}

int
client_ask(const char *path, const char *command, json_t *params,
    json_t **data)
{
	int fd = client_dial(path, WAIT_S), ret;
	char *buf = NULL;
	size_t len = 0;

	if (fd == -1) {
		json_decref(params);
		return client_unreachable(path, errno);
	}
	if (say(fd, command, params) == -1 || (buf = client_hear(fd, &len)) == NULL)
		ret = client_unreachable(path, errno);
	else
		ret = judge(buf, len, data);
	free(buf);
	close(fd);
	return ret;
}
