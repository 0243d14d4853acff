/* room: dird */
/*
 * fuzz_message.c -- any bytes as the head of a request and of an answer, and as
 * a page of another's journal. Laws: cut anywhere, a head is not whole; what is
 * read of a request is written back and read the same; a page that is taken
 * goes on by its chain.
 */
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "message.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
as_request(const char *p, size_t len)
{
	struct message m, again;
	const char *wrong;
	char head[HTTP_HEAD_MAX];
	ssize_t n;

	if (message_request(p, len, &m, &wrong) != 1)
		return;
	if (m.head > len || m.body < 0 || m.path[0] != '/' || wrong != NULL)
		abort();
	if (message_request(p, m.head - 1, &again, &wrong) == 1)
		abort();
	n = message_ask(m.method, m.path, "fd00::1", (size_t)m.body, head,
	    sizeof(head));
	if (n == -1 || message_request(head, (size_t)n, &again, &wrong) != 1 ||
	    again.body != m.body || again.method != m.method ||
	    strcmp(again.path, m.path) != 0)
		abort();
}

static void
as_answer(const char *p, size_t len)
{
	struct message m, again;
	const char *wrong;
	char head[HTTP_HEAD_MAX];
	ssize_t n;

	if (message_answer(p, len, &m, &wrong) != 1)
		return;
	if (m.head > len || m.status < 200 || m.status > 599)
		abort();
	if (m.body == -1)
		return;
	n = message_tell(m.status, "text/plain", (size_t)m.body, head,
	    sizeof(head));
	if (n == -1 || message_answer(head, (size_t)n, &again, &wrong) != 1 ||
	    again.status != m.status || again.body != m.body)
		abort();
}

static void
as_page(const char *p, size_t len)
{
	static struct import *im;
	uint8_t before[CHAIN_LEN] = { 0 };
	struct because b;
	size_t i;

	if (im == NULL && (im = import_new()) == NULL)
		abort();
	im->n = im->used = 0;
	import_read(im, p, len, before, &b);
	for (i = 0; i < im->n; i++) {
		chain_add(before, im->raw[i].p, im->raw[i].n);
		if (memcmp(before, im->chain[i], CHAIN_LEN) != 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *p = malloc(len + 1);

	if (p == NULL)
		abort();
	memcpy(p, data, len);
	as_request(p, len);
	as_answer(p, len);
	as_page(p, len);
	free(p);
	return 0;
}
