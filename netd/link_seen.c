/* link_seen.c -- message 1s that were seen already. No I/O, no clock. */
#include <sodium.h>

#include <string.h>

#include "link_seen.h"

enum { BUCKETS = 1024 };

static struct seen	ring[SEEN_MAX];
static uint16_t		bucket[BUCKETS];	/* slot + 1 */
static unsigned		oldest;
static uint8_t		key[crypto_shorthash_KEYBYTES];

void
seen_init(const uint8_t seed[16])
{
	memset(ring, 0, sizeof(ring));
	memset(bucket, 0, sizeof(bucket));
	oldest = 0;
	memcpy(key, seed, sizeof(key));
}

static uint16_t *
chain(const uint8_t *e)
{
	uint64_t h;

	crypto_shorthash((uint8_t *)&h, e, FRAME_EPHEMERAL_LEN, key);
	return &bucket[h % BUCKETS];
}

static struct seen *
find(const uint8_t *e)
{
	uint16_t i;

	for (i = *chain(e); i != 0; i = ring[i - 1].next)
		if (memcmp(ring[i - 1].e, e, FRAME_EPHEMERAL_LEN) == 0)
			return &ring[i - 1];
	return NULL;
}

const struct seen *
seen_find(const uint8_t e[FRAME_EPHEMERAL_LEN])
{
	return find(e);
}

static void
unchain(struct seen *s)
{
	uint16_t *p = chain(s->e);

	while (*p != (uint16_t)(s - ring + 1))
		p = &ring[*p - 1].next;
	*p = s->next;
}

void
seen_add(const uint8_t e[FRAME_EPHEMERAL_LEN], const struct endpoint *ep,
    uint64_t now_ms)
{
	struct seen	*s = &ring[oldest];
	uint16_t	*head;

	if (find(e) != NULL)
		return;
	if (s->used)
		unchain(s);
	memset(s, 0, sizeof(*s));
	memcpy(s->e, e, sizeof(s->e));
	s->used = 1;
	s->ep = *ep;
	s->at_ms = now_ms;
	head = chain(e);
	s->next = *head;
	*head = (uint16_t)(oldest + 1);
	oldest = (oldest + 1) % SEEN_MAX;
}

void
seen_answer(const uint8_t e[FRAME_EPHEMERAL_LEN],
    const uint8_t msg2[FRAME_MSG2_LEN])
{
	struct seen *s = find(e);

	if (s == NULL)
		return;
	memcpy(s->msg2, msg2, sizeof(s->msg2));
	s->answered = 1;
}
