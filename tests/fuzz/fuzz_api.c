/* room: dird */
/*
 * fuzz_api.c -- any request at the local API, behind libevent's own parsing: a
 * line with method and right, path and query, then the body. Laws: it is
 * answered, and its memory given back, once (the sanitizer counts); what gets
 * into the journal verifies; nobody without the right changes anything.
 */
#include <event2/event.h>

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../dird_author.h"
#include "api.h"
#include "dird.h"
#include "log.h"
#include "pull.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
found(void)
{
	static struct a_author a;
	static struct a_raw r;
	struct because b;
	struct entry e;
	enum why why;

	a_author(&a, 1);
	a_say(&a, OBJ_GENESIS, a_genesis(&a, 1), &r);
	if (entry_read(r.p, r.len, &e, &b) == -1 ||
	    journal_append(dird.journal, &e, 1, &why) != 1)
		abort();
	memcpy(dird.dir_pub, a.pub, sizeof(dird.dir_pub));
	strcpy(dird.did, a.did);
}

static void
begin(void)
{
	char folder[] = "/tmp/bastide-fuzz-XXXXXX";
	struct because b;
	unsigned p;

	log_init("dird", "off");
	json_object_seed(1);
	if (entry_init() == -1 || mkdtemp(folder) == NULL)
		abort();
	for (p = 0; p < PROC_MAX; p++)
		dird.door[p].fd = -1;
	dird.key_mode = KEY_EPHEMERAL;
	dird.folder = open(folder, O_RDONLY | O_DIRECTORY);
	dird.base = event_base_new();
	dird.journal = journal_open(dird.folder, NULL, NULL, NULL,
	    CHECK_HASHES, &b);
	if (dird.journal == NULL || dird.base == NULL)
		abort();
	pull_start();
	/* The segment has been opened by then; nothing is left behind. */
	found();
	unlinkat(dird.folder, "0000000000.seg", 0);
	rmdir(folder);
}

/* The text up to a newline, cut out. */
static char *
piece(char **at)
{
	char *p = *at, *end = strchr(p, '\n');

	*at = end == NULL ? p + strlen(p) : end + 1;
	if (end != NULL)
		*end = '\0';
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	char *text = malloc(len + 1), *at = text, *query;
	uint64_t before;
	struct ask *a;
	char flags;

	if (dird.base == NULL)
		begin();
	memcpy(text, in, len);
	text[len] = '\0';
	a = calloc(1, sizeof(*a));
	flags = *at != '\0' ? *at++ : 0;
	a->method = flags & 1 ? METHOD_POST : METHOD_GET;
	a->may_change = flags >> 1 & 1;
	a->path = piece(&at);
	query = strchr(a->path, '?');
	a->query = query != NULL ? query + 1 : "";
	if (query != NULL)
		*query = '\0';
	a->body = at;
	a->body_len = len - (size_t)(at - text);
	before = dird.journal->n;
	flags = a->method == METHOD_POST && a->may_change;
	api_handle(a);
	/* A look at the whole journal goes on in the loop. */
	event_base_loop(dird.base, EVLOOP_NONBLOCK);
	event_base_loop(dird.base, EVLOOP_NONBLOCK);
	if (!flags && dird.journal->n != before)
		abort();
	free(text);
	return 0;
}
