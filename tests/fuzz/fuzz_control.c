/* room: netd */
/*
 * fuzz_control.c -- any bytes on the control socket. Laws: a request that
 * parses is written down and parses to the same; every refusal has a text that
 * makes a well-formed reply; an address that is read writes back the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_req.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
well_formed(char *line, size_t len)
{
	json_t *o;

	if (line == NULL || line[len - 1] != '\n' ||
	    (o = json_loadb(line, len, 0, NULL)) == NULL)
		abort();
	json_decref(o);
	free(line);
}

static void
address(const uint8_t *in, size_t len)
{
	char text[300], back[300], host[256];
	unsigned short port;

	if (len >= sizeof(text) || memchr(in, 0, len) != NULL)
		return;
	memcpy(text, in, len);
	text[len] = '\0';
	if (ctl_address(text, host, &port) == -1)
		return;
	snprintf(back, sizeof(back), *text == '[' ? "[%s]:%u" : "%s:%u", host,
	    (unsigned)port);
	/* Zeros before the port are all that may be lost. */
	if (strlen(back) == len && strcmp(back, text) != 0)
		abort();
	if (strncmp(back, text, strrchr(text, ':') - text + 1) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	char err[CTL_ERR_LEN] = "", *text;
	struct ctl_req req, again;
	size_t n;

	json_object_seed(1);
	address(in, len);
	if (len > CTL_REQ_MAX)
		return 0;
	if (ctl_req_parse((const char *)in, len, &req, err) == -1) {
		if (*err == '\0')
			abort();
		text = ctl_reply_error(err, &n);
		well_formed(text, n);
		return 0;
	}
	if ((text = json_dumps(req.root, JSON_COMPACT)) == NULL ||
	    ctl_req_parse(text, strlen(text), &again, err) == -1 ||
	    !json_equal(req.root, again.root) ||
	    strcmp(req.command, again.command) != 0)
		abort();
	free(text);
	ctl_req_free(&again);
	text = ctl_reply_ok(json_incref(req.root), &n);
	well_formed(text, n);
	ctl_req_free(&req);
	return 0;
}
