/* service.c -- two small tables in memory. */
#include <stdio.h>
#include <string.h>

#include "service.h"

#define WORD	"abcdefghijklmnopqrstuvwxyz0123456789-_."

static struct hand	hand[SERVICE_HAND];
static unsigned		hands;
static char		active[SERVICE_ACTIVE][33];
static unsigned		actives;

/* One word; 0, or -1: it is no service. */
static int
hand_word(const char *w, size_t n, struct hand *h)
{
	const char *eq = memchr(w, '=', n), *at = eq == NULL ? NULL :
	    memchr(eq, '@', n - (size_t)(eq - w));
	size_t name, kind, end;

	if (at == NULL)
		return -1;
	name = (size_t)(eq - w);
	kind = (size_t)(at - eq) - 1;
	end = n - (size_t)(at - w) - 1;
	if (name == 0 || name >= sizeof(h->name) || kind < 2 ||
	    kind >= sizeof(h->kind) || end >= sizeof(h->endpoint) ||
	    strspn(w, WORD) != name || strspn(eq + 1, WORD) != kind)
		return -1;
	memset(h, 0, sizeof(*h));
	memcpy(h->name, w, name);
	memcpy(h->kind, eq + 1, kind);
	memcpy(h->endpoint, at + 1, end);
	return 0;
}

int
hand_read(const char *words, char wrong[64])
{
	int ret = 0;
	size_t n;

	for (hands = 0; *words != '\0'; words += n) {
		words += strspn(words, " ");
		if ((n = strcspn(words, " ")) == 0)
			continue;
		if (hands < SERVICE_HAND &&
		    hand_word(words, n, &hand[hands]) == 0) {
			hands++;
			continue;
		}
		if (ret == 0)
			snprintf(wrong, 64, "%.*s", (int)(n < 63 ? n : 63),
			    words);
		ret = -1;
	}
	return ret;
}

const struct hand *
hand_at(unsigned n)
{
	return n < hands ? &hand[n] : NULL;
}

static unsigned
find(const char *service_id)
{
	unsigned i;

	for (i = 0; i < actives && strcmp(active[i], service_id) != 0; i++)
		;
	return i;
}

int
active_is(const char *service_id)
{
	return find(service_id) < actives;
}

int
active_set(const char *service_id, int on)
{
	unsigned i = find(service_id);

	if (on == (i < actives))
		return 0;
	if (!on) {
		memcpy(active[i], active[--actives], sizeof(active[i]));
		return 0;
	}
	if (actives == SERVICE_ACTIVE || strlen(service_id) != 32)
		return -1;
	memcpy(active[actives++], service_id, sizeof(active[0]));
	return 0;
}
