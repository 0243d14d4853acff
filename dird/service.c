/* service.c -- two small tables in memory. */
#include <string.h>

#include "service.h"

static struct hand	hand[SERVICE_HAND];
static unsigned		hands;
static char		active[SERVICE_ACTIVE][33];
static unsigned		actives;

int
hand_add(const struct hand *h)
{
	if (hands == SERVICE_HAND)
		return -1;
	hand[hands++] = *h;
	return 0;
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
