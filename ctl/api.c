/*
 * api.c -- one request to the directory, one answer: as much of HTTP/1.1 as
 * its local socket speaks. It knows the envelope and how errors look, not what
 * is asked.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "ctl.h"

#define WAIT_S		600	/* a long journal is verified, a page pulled */
#define HEAD_MAX	2048

static int
request(int fd, const char *path, const char *body, size_t len)
{
	char head[HEAD_MAX];
	int n;

	n = body == NULL ? snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n"
	    "Host: directory\r\nConnection: close\r\n\r\n", path) :
	    snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\n"
	    "Host: directory\r\nConnection: close\r\n"
	    "Content-Length: %zu\r\n\r\n", path, len);
	if (n < 0 || (size_t)n >= sizeof(head)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (client_send(fd, head, (size_t)n) == -1)
		return -1;
	return body == NULL ? 0 : client_send(fd, body, len);
}

/* A header's value in [head, end), or NULL. */
static const char *
header(const char *head, const char *end, const char *name)
{
	size_t n = strlen(name);

	while ((head = memchr(head, '\n', (size_t)(end - head))) != NULL) {
		head++;
		if ((size_t)(end - head) > n && head[n] == ':' &&
		    strncasecmp(head, name, n) == 0)
			return head + n + 1 + strspn(head + n + 1, " \t");
	}
	return NULL;
}

/* Status of an answer whose body is whole, or -1. */
static int
split(struct api_reply *r, size_t len)
{
	char *end = len == 0 ? NULL : memmem(r->buf, len, "\r\n\r\n", 4);
	const char *v;
	int status;

	if (end == NULL)
		return -1;
	*end = '\0';
	if (sscanf(r->buf, "HTTP/1.%*1[01] %3d", &status) != 1)
		return -1;
	r->body = end + 4;
	r->len = len - (size_t)(r->body - r->buf);
	v = header(r->buf, end, "Content-Length");
	if (v == NULL || !isdigit((unsigned char)*v) ||
	    strtoull(v, NULL, 10) != r->len)
		return -1;
	return status;
}

static int
refused(const struct api_reply *r, int status)
{
	json_t *o = json_loadb(r->body, r->len, 0, NULL);
	const json_t *e = json_object_get(o, "error");
	const char *text = json_string_value(json_object_get(e, "message"));
	const char *field = json_string_value(json_object_get(e, "field"));

	fputs("bastidectl: ", stderr);
	if (text == NULL)
		fprintf(stderr, "the directory answered %d, without a reason",
		    status);
	else
		text_say(stderr, text);
	if (text != NULL && field != NULL && strstr(text, field) == NULL) {
		fputs(" (", stderr);
		text_say(stderr, field);
		fputc(')', stderr);
	}
	fputc('\n', stderr);
	json_decref(o);
	return EXIT_NO;
}

static int
ask_on(int fd, const char *socket, const char *path, const char *body,
    size_t len, struct api_reply *r)
{
	size_t got = 0;
	int status, err;

	r->buf = NULL;
	if (request(fd, path, body, len) == 0)
		r->buf = client_hear(fd, &got);
	err = errno;
	close(fd);
	if (r->buf == NULL)
		return client_unreachable(socket, err);
	status = split(r, got);
	if (status >= 200 && status <= 299)
		return EXIT_OK;
	if (status == -1)
		fprintf(stderr, "bastidectl: %s: that was no whole answer of a "
		    "directory\n", socket);
	else
		refused(r, status);
	free(r->buf);
	return EXIT_NO;
}

int
api_ask(const char *socket, const char *path, const char *body, size_t len,
    struct api_reply *r)
{
	int fd = client_dial(socket, WAIT_S);

	return fd == -1 ? client_unreachable(socket, errno) :
	    ask_on(fd, socket, path, body, len, r);
}

int
api_read(struct api_reply *r, json_t **data)
{
	json_error_t err;

	*data = json_loadb(r->body, r->len, 0, &err);
	free(r->buf);
	if (json_is_object(*data))
		return EXIT_OK;
	json_decref(*data);
	*data = NULL;
	fprintf(stderr, "bastidectl: that was no answer of a directory\n");
	return EXIT_NO;
}

int
api_json_on(int fd, const char *socket, const char *path, json_t **data)
{
	struct api_reply r;
	int ret = ask_on(fd, socket, path, NULL, 0, &r);

	return ret != EXIT_OK ? ret : api_read(&r, data);
}

int
api_json(const char *socket, const char *path, json_t *body, json_t **data)
{
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
	struct api_reply r;
	int ret;

	ret = api_ask(socket, path, text, text == NULL ? 0 : strlen(text), &r);
	json_decref(body);
	free(text);
	return ret != EXIT_OK ? ret : api_read(&r, data);
}

int
api_quote(const char *text, char *out, size_t cap)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned char c;
	size_t n = 0;

	for (; *text != '\0' && n + 4 <= cap; text++) {
		c = (unsigned char)*text;
		if (isalnum(c) || strchr("-_.:", c) != NULL)
			out[n++] = (char)c;
		else {
			out[n++] = '%';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	out[n] = '\0';
	return *text == '\0' ? 0 : -1;
}
