/*
 * lend_list.c -- what is lent now, as the kernel tells it, and pages of that. A
 * page goes on after a key, not after a number: whoever looks anew in between
 * changes nothing about what the others have yet to see.
 */
#include <string.h>

#include "guest.h"
#include "nft.h"
#include "wire.h"

#define GRANTS_MAX	65535

static struct nft_grant	 snap[GRANTS_MAX];
static uint32_t		 count;
static int		 known;		/* the last look went well */

static void
put_key(uint8_t key[LEND_KEY_LEN], const struct nft_grant *g)
{
	memcpy(key, g->src, 16);
	key[16] = g->port.proto;
	put_le16(key + 17, g->port.port);
}

static int
is_before(uint32_t i, uint32_t j)
{
	uint8_t x[LEND_KEY_LEN], y[LEND_KEY_LEN];

	put_key(x, &snap[i]);
	put_key(y, &snap[j]);
	return memcmp(x, y, sizeof(x)) < 0;
}

static void
swap(uint32_t i, uint32_t j)
{
	struct nft_grant g = snap[i];

	snap[i] = snap[j];
	snap[j] = g;
}

static void
sift(uint32_t i, uint32_t n)
{
	uint32_t c;

	for (; (c = 2 * i + 1) < n; i = c) {
		if (c + 1 < n && is_before(c, c + 1))
			c++;
		if (!is_before(i, c))
			return;
		swap(i, c);
	}
}

/* By key, in place: qsort would ask for as much memory again, and the kernel. */
static void
sort(void)
{
	uint32_t i, n = count;

	for (i = n / 2; i > 0; i--)
		sift(i - 1, n);
	while (n > 1) {
		swap(0, --n);
		sift(0, n);
	}
}

static void
on_grant_there(void *arg, const struct nft_grant *g)
{
	(void)arg;
	if (count < GRANTS_MAX)
		snap[count++] = *g;
}

int
lend_snap(uint32_t *n)
{
	count = 0;
	known = nft_each(on_grant_there, NULL) == 0;
	if (!known)
		return -1;
	sort();
	*n = count;
	return 0;
}

void
lend_snap_each(void (*fn)(void *, const struct nft_grant *), void *arg)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		fn(arg, &snap[i]);
}

/* The first that comes after key. */
static uint32_t
find_after(const uint8_t key[LEND_KEY_LEN])
{
	uint32_t	lo = 0, hi = count, mid;
	uint8_t		k[LEND_KEY_LEN];

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		put_key(k, &snap[mid]);
		if (memcmp(k, key, sizeof(k)) > 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

int
lend_is_there(const uint8_t src[16], struct lend_port p)
{
	struct nft_grant g = { .port = p };
	uint8_t		 key[LEND_KEY_LEN], k[LEND_KEY_LEN];
	uint32_t	 i;

	memcpy(g.src, src, 16);
	put_key(key, &g);
	if ((i = find_after(key)) == 0)
		return 0;
	put_key(k, &snap[i - 1]);
	return memcmp(k, key, sizeof(k)) == 0;
}

static size_t
put_row(uint8_t *p, size_t room, const struct nft_grant *g)
{
	struct wr	w = wr_init(p, room);
	uint8_t		key[LEND_KEY_LEN];
	size_t		n = strlen(g->who);
	ssize_t		len;

	put_key(key, g);
	wr_bytes(&w, key, sizeof(key));
	wr_uint(&w, g->left_s, 4, 0, UINT32_MAX);
	wr_uint(&w, n, 1, 0, LEND_WHO_LEN - 1);
	wr_bytes(&w, g->who, n);
	len = wr_len(&w);
	return len == -1 ? 0 : (size_t)len;
}

int
lend_page(const uint8_t *after, struct msg_listed *m)
{
	uint32_t	i;
	size_t		n;

	/* Somebody else looked in vain: this is no place to end a list. */
	if (!known)
		return -1;
	i = after == NULL ? 0 : find_after(after);
	for (m->rows_len = 0; i < count; i++) {
		n = put_row(m->rows + m->rows_len, sizeof(m->rows) -
		    m->rows_len, &snap[i]);
		if (n == 0)
			break;
		m->rows_len = (uint16_t)(m->rows_len + n);
	}
	m->more = i < count;
	return 0;
}
