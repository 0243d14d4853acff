/* message.c -- see message.h. Pure. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "message.h"
#include "note.h"

/* One line without its end; bare newlines will do. -1 when there is none. */
static int
line_of(struct span *rest, struct span *line)
{
	if (line_read(rest, line) == -1)
		return -1;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return 0;
}

/* Up to a space; what is behind it stays in s. */
static struct span
word(struct span *s)
{
	const char *space = s->n == 0 ? NULL : memchr(s->p, ' ', s->n);
	struct span w = { s->p, space == NULL ? s->n : (size_t)(space - s->p) };

	s->p += w.n + (space != NULL);
	s->n -= w.n + (space != NULL);
	return w;
}

static int
is(struct span s, const char *text)
{
	return s.n == strlen(text) && strncasecmp(s.p, text, s.n) == 0;
}

static int
is_version(struct span s)
{
	return is(s, "HTTP/1.1") || is(s, "HTTP/1.0");
}

/* Is the head whole? Then text is it, with its last newline. */
static int
head_of(const char *p, size_t len, struct span *text)
{
	struct span rest = { p, len }, line;

	while (line_of(&rest, &line) == 0)
		if (line.n == 0) {
			*text = (struct span){ p, (size_t)(rest.p - p) };
			return 1;
		}
	return 0;
}

/* The lines behind the first. Two lengths are a way to smuggle. */
static const char *
read_fields(struct span *rest, struct message *m)
{
	struct span line, name;
	uint64_t n;
	const char *colon;

	while (line_of(rest, &line) == 0 && line.n > 0) {
		colon = memchr(line.p, ':', line.n);
		if (colon == NULL || colon == line.p || line.p[0] == ' ' ||
		    line.p[0] == '\t')
			return "a line of the head is none";
		name = (struct span){ line.p, (size_t)(colon - line.p) };
		line.n -= name.n + 1;
		line.p += name.n + 1;
		for (; line.n > 0 && line.p[0] == ' '; line.p++)
			line.n--;
		for (; line.n > 0 && line.p[line.n - 1] == ' ';)
			line.n--;
		if (is(name, "Transfer-Encoding"))
			return "a body in chunks";
		if (!is(name, "Content-Length"))
			continue;
		if (m->body != -1)
			return "two lengths";
		if (decimal_read(line, &n) == -1 || n > INT32_MAX)
			return "the length is none";
		m->body = (int64_t)n;
	}
	return NULL;
}

static const char *
read_target(struct span s, struct message *m)
{
	char *q;

	if (s.n == 0 || s.n >= sizeof(m->path) || s.p[0] != '/' ||
	    !is_printable(s.p, s.n))
		return "the path is none, or too long";
	memcpy(m->path, s.p, s.n);
	m->path[s.n] = '\0';
	m->query = "";
	if ((q = strchr(m->path, '?')) != NULL) {
		*q = '\0';
		m->query = q + 1;
	}
	return NULL;
}

static const char *
read_request(struct span line, struct message *m)
{
	struct span method = word(&line), target = word(&line);

	if (!is_version(line))
		return "not HTTP/1.1";
	if (is(method, "GET"))
		m->method = METHOD_GET;
	else if (is(method, "POST"))
		m->method = METHOD_POST;
	else
		return "neither GET nor POST";
	return read_target(target, m);
}

static const char *
read_status(struct span line, struct message *m)
{
	struct span version = word(&line), code = word(&line);
	uint64_t n;

	if (!is_version(version))
		return "not HTTP/1.1";
	if (decimal_read(code, &n) == -1 || n < 200 || n > 599)
		return "no status";
	m->status = (int)n;
	return NULL;
}

static int
read_head(const char *p, size_t len, struct message *m, const char **wrong,
    const char *(*first)(struct span, struct message *))
{
	struct span text, line;

	memset(m, 0, sizeof(*m));
	m->body = -1;
	*wrong = NULL;
	if (!head_of(p, len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX, &text)) {
		if (len < HTTP_HEAD_MAX)
			return 0;
		*wrong = "the head does not end";
		return -1;
	}
	m->head = text.n;
	if (line_of(&text, &line) == -1)
		*wrong = "no first line";
	else
		*wrong = first(line, m);
	if (*wrong == NULL)
		*wrong = read_fields(&text, m);
	return *wrong == NULL ? 1 : -1;
}

int
message_request(const char *p, size_t len, struct message *m,
    const char **wrong)
{
	int ret = read_head(p, len, m, wrong, read_request);

	/* A request without a length has no body. */
	if (ret == 1 && m->body == -1)
		m->body = 0;
	return ret;
}

int
message_answer(const char *p, size_t len, struct message *m,
    const char **wrong)
{
	return read_head(p, len, m, wrong, read_status);
}

static ssize_t
fits(int n, size_t cap)
{
	return n < 0 || (size_t)n >= cap ? -1 : n;
}

ssize_t
message_ask(enum method method, const char *path, const char *host,
    size_t body, char *out, size_t cap)
{
	return fits(snprintf(out, cap, "%s %s HTTP/1.1\r\nHost: [%s]\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n",
	    method == METHOD_POST ? "POST" : "GET", path, host, body), cap);
}

ssize_t
message_tell(int status, const char *type, size_t body, char *out,
    size_t cap)
{
	return fits(snprintf(out, cap, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
	    "Content-Length: %zu\r\nConnection: close\r\n\r\n", status,
	    status < 300 ? "OK" : "No", type, body), cap);
}
