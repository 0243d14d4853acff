/*
 * evil_bend.c -- any message of any kind, and a little of it another. So a
 * parser meets what almost is a message of each type, under a seal that is right.
 */
#include <string.h>

#include "evil.h"
#include "frame.h"

/* One byte, or a few, of n. */
static void
twist(uint8_t *p, size_t n)
{
	static const uint8_t edge[] = { 0, 1, 0x7f, 0x80, 0xff };
	size_t at = noise64() % n, from = noise64() % n, len = 1 + noise64() % 16;

	switch (noise64() % 5) {
	case 0:
		p[at] ^= (uint8_t)(1 << noise64() % 8);
		break;
	case 1:
		p[at] = edge[noise64() % sizeof(edge)];
		break;
	case 2:
		p[at] = (uint8_t)(p[at] + (noise64() & 1 ? 1 : 255));
		break;
	case 3:
		len = at + len > n ? n - at : len;
		scrawl(p + at, len);
		break;
	default:
		len = at + len > n ? n - at : len;
		len = from + len > n ? n - from : len;
		memmove(p + at, p + from, len);
	}
}

void
bend(uint8_t *p, size_t n)
{
	for (unsigned i = 1 + noise64() % 3; n > 0 && i > 0; i--)
		twist(p, n);
}

/* Cut, or with something behind it. */
static size_t
stretch(uint8_t *p, size_t n)
{
	size_t more = noise64() % 64;

	if (noise64() & 1)
		return 1 + noise64() % n;
	more = n + more > FRAME_MAX - FRAME_OVERHEAD ? 0 : more;
	scrawl(p + n, more);
	return n + more;
}

static const struct kind *
any_kind(void)
{
	unsigned n = 0;
	const struct kind *k;

	while (kinds[n].name != NULL)
		n++;
	do
		k = &kinds[noise64() % n];
	while (k->make == NULL || k->make == bent);
	return k;
}

/* Half of them is bent inside, where there is a session whose keys seal it. */
size_t
bent(uint8_t *out)
{
	size_t n;

	evil.bends = noise64() & 1;
	n = any_kind()->make(out);
	if (!evil.bends || out[0] != LINK_MSG_DATAGRAM) {
		bend(out, n);
		if (noise64() % 4 == 0)
			n = stretch(out, n);
	}
	evil.bends = 0;
	/* A farewell would end it. */
	if (out[0] == LINK_MSG_DISCONNECT)
		out[0]++;
	return n;
}
