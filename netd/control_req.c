/* control_req.c -- reads requests and writes replies of the control socket. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_req.h"

static int
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int
no(char err[CTL_ERR_LEN], const char *what, int line, int column)
{
	snprintf(err, CTL_ERR_LEN, "invalid request: %s at line %d column %d",
	    what, line, column);
	return -1;
}

int
ctl_req_parse(const char *buf, size_t len, struct ctl_req *req,
    char err[CTL_ERR_LEN])
{
	json_error_t je;
	json_t *root, *command, *params;
	const char *what = NULL;

	if (len == 0) {
		snprintf(err, CTL_ERR_LEN, "empty request");
		return -1;
	}
	while (len > 0 && is_space(buf[len - 1]))
		len--;
	for (; len > 0 && is_space(*buf); buf++)
		len--;
	if (len == 0)
		return no(err, "EOF while parsing a value", 1, 0);
	root = json_loadb(buf, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES,
	    &je);
	if (root == NULL)
		return no(err, je.text, je.line, je.column);
	command = json_object_get(root, "command");
	if (!json_is_object(root))
		what = "invalid type: expected struct Request";
	else if (command == NULL)
		what = "missing field `command`";
	else if (!json_is_string(command))
		what = "invalid type: expected a string";
	if (what != NULL) {
		json_decref(root);
		return no(err, what, 1, (int)len);
	}
	params = json_object_get(root, "params");
	req->root = root;
	req->command = json_string_value(command);
	req->params = json_is_null(params) ? NULL : params;
	return 0;
}

void
ctl_req_free(struct ctl_req *req)
{
	json_decref(req->root);
	memset(req, 0, sizeof(*req));
}

const char *
ctl_req_text(const json_t *params, const char *key, char err[CTL_ERR_LEN])
{
	const char *s = json_string_value(json_object_get(params, key));

	if (s == NULL)
		snprintf(err, CTL_ERR_LEN, "missing '%s' parameter", key);
	return s;
}

/* The protocol has status first, while keys inside data are sorted. */
static char *
line(const char *head, const json_t *value, size_t *len)
{
	size_t nhead = strlen(head), n;
	char *s;

	n = json_dumpb(value, NULL, 0,
	    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	if (n == 0 || (s = malloc(nhead + n + 2)) == NULL)
		return NULL;
	memcpy(s, head, nhead);
	json_dumpb(value, s + nhead, n,
	    JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
	s[nhead + n] = '}';
	s[nhead + n + 1] = '\n';
	*len = nhead + n + 2;
	return s;
}

char *
ctl_reply_ok(json_t *data, size_t *len)
{
	char *s = line("{\"status\":\"ok\",\"data\":", data, len);

	json_decref(data);
	return s;
}

char *
ctl_reply_error(const char *text, size_t *len)
{
	char ascii[CTL_ERR_LEN];
	json_t *t = json_string(text);
	char *s;
	size_t i;

	/* A text that was cut may end inside a character. */
	if (t == NULL) {
		for (i = 0; text[i] != '\0' && i < sizeof(ascii) - 1; i++)
			ascii[i] = text[i] & 0x80 ? '?' : text[i];
		ascii[i] = '\0';
		t = json_string(ascii);
	}
	s = line("{\"status\":\"error\",\"message\":", t, len);
	json_decref(t);
	return s;
}

int
ctl_address(const char *s, char host[256], unsigned short *port)
{
	const char *colon = strrchr(s, ':'), *from = s, *to = colon;
	unsigned long n;
	char *end;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return -1;
	n = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || n == 0 || n > 65535)
		return -1;
	if (*s == '[') {
		from = s + 1;
		to = colon - 1;
		if (colon == s + 1 || *to != ']')
			return -1;
	} else if (memchr(s, ':', (size_t)(colon - s)) != NULL)
		return -1;	/* which colon would it be? */
	if (to <= from || to - from > 255)
		return -1;
	memcpy(host, from, (size_t)(to - from));
	host[to - from] = '\0';
	*port = (unsigned short)n;
	return 0;
}
