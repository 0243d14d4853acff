/* pull_world.c -- peers to pull from, played. */
#include "pull_world.h"

int64_t		now;
enum why		becomes;
int		all_known;
static int		all_in;		/* again, of those who were sent away */
size_t		line_len;

const char fetch_no_way[] = "no way";
/* A call is its number + 1. */
static struct call {
	uint8_t	 pub[32];
	fetched	*done;
	void	*arg;
} calls[CALLS_MAX];
unsigned		made;
uint64_t		from;

struct fetch *
fetch(const uint8_t pub[32], enum method method, const char *path,
    const char *body, size_t len, size_t max, unsigned patience_s,
    fetched *done, void *arg)
{
	unsigned i;

	(void)method, (void)body, (void)len, (void)max;
	(void)patience_s;
	from = strtoull(strstr(path, "from=") + 5, NULL, 10);
	for (i = 0; i < CALLS_MAX && calls[i].done != NULL; i++)
		continue;
	ck_assert_uint_lt(i, CALLS_MAX);
	memcpy(calls[i].pub, pub, 32);
	calls[i].done = done;
	calls[i].arg = arg;
	made++;
	return (struct fetch *)(void *)&calls[i];
}

struct dird dird;
int64_t dird_now(void) { return now; }
enum why state_writable(void) { return WHY_OK; }
void state_changed(void) { }
void cosigned_ask(const uint8_t pub[32], const char *did) { (void)pub, (void)did; }
size_t cosigned_write(void *buf, size_t cap) { (void)buf, (void)cap; return 0; }
void cosigned_read(const void *buf, size_t len) { (void)buf, (void)len; }
void who_address(const uint8_t pub[32], uint8_t ip6[16]) { memcpy(ip6, pub, 16); }
void who_is(const uint8_t ip6[16], char did[DID_LEN + 1]) { (void)ip6; did[0] = '\0'; }

struct import *
import_new(void)
{
	return calloc(1, sizeof(struct import));
}

/* What a byte of a page stands for: "?": its author is not known here, "!": was
 * sent away, "~": is frozen; "+" brings in the one, "^" the other. */
static enum why
line_becomes(char c)
{
	switch (c) {
	case '?':
		return all_known ? becomes : WHY_AUTHOR;
	case '!':
		return all_in ? becomes : WHY_REVOKED;
	case '~':
		return WHY_FROZEN;
	case '+':
		return all_known ? WHY_KNOWN : WHY_OK;
	case '^':
		return all_in ? WHY_KNOWN : WHY_OK;
	default:
		return becomes;
	}
}

/* A page has a line for each byte. */
int
import_read(struct import *im, const char *text, size_t len,
    const uint8_t *before, struct because *b)
{
	size_t i;

	(void)before, (void)b;
	im->n = len;
	for (i = 0; i < len; i++) {
		im->raw[i] = (struct span){ text + i, line_len };
	}
	return 0;
}

int
import_take(struct import *im)
{
	size_t i;
	char c;

	for (i = 0; i < im->n; i++) {
		c = *im->raw[i].p;
		im->why[i] = line_becomes(c);
		if (im->why[i] != WHY_OK)
			continue;
		dird.journal->n++;
		all_known |= c == '+';
		all_in |= c == '^';
		dird.journal->view->reopened += c == '^';
	}
	return 0;
}

unsigned		stored;

int
store_append(struct store *st, enum record_kind kind, const void *p, size_t len,
    uint64_t *where)
{
	(void)st, (void)p, (void)len, (void)where;
	stored += kind == REC_PULLS;
	return 0;
}

int store_commit(struct store *st) { (void)st; return 0; }

uint8_t		member[256];
unsigned		members;

void
key(unsigned n, uint8_t pub[32])
{
	memset(pub, 0, 32);
	pub[0] = (uint8_t)n;
	pub[1] = (uint8_t)(n >> 8);
}

void
who_each(void (*fn)(void *, const char *did, const uint8_t pub[32],
    const uint8_t ip6[16]), void *arg)
{
	uint8_t pub[32];
	unsigned i;

	for (i = 0; i < members; i++) {
		key(member[i], pub);
		fn(arg, "did", pub, pub);
	}
}

int who_key(const char *did, uint8_t pub[32]) { (void)did, (void)pub; return -1; }

struct journal	journal;

void
setup(void)
{
	log_init("dird", NULL);
	dird.base = event_base_new();
	dird.conf[CONF_DIR_PULL] = INTERVAL;
	dird.conf[CONF_DIR_PULL_MIB] = 10;
	dird.journal = &journal;
	strcpy(journal.root, "did:plc:x");
	journal.n = 1000000;
	journal.view = view_new();
	memset(dird.pub, 0xee, sizeof(dird.pub));
	now = 1000000;
	becomes = WHY_KNOWN;
	pull_start();
}

void
teardown(void)
{
	view_free(journal.view);
}

void
turn(void)
{
	pull_look();
	event_base_loop(dird.base, EVLOOP_ONCE);
}

void
near(unsigned n)
{
	struct msg_near m = { .req = 0 };

	key(n, m.pub);
	on_near(&dird.door[PROC_NETD], &m, NULL);
}

struct call *
call_to(unsigned n)
{
	uint8_t pub[32];
	unsigned i;

	key(n, pub);
	for (i = 0; i < CALLS_MAX; i++)
		if (calls[i].done != NULL && memcmp(calls[i].pub, pub, 32) == 0)
			return &calls[i];
	return NULL;
}

void
answer(unsigned n, int status, const char *page, const char *wrong)
{
	struct call *c = call_to(n), was;

	ck_assert_msg(c != NULL, "nobody asks %u", n);
	was = *c;
	c->done = NULL;
	was.done(was.arg, status, page, page == NULL ? 0 : strlen(page), wrong);
}
