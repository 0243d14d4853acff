/* room: netd -- a vnet header and a packet that lie: cut or refused, never
 * beyond the ends; and what is merged again is what was cut. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/ip6.h"
#include "../../netd/merge.h"
#include "../../netd/seg.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

enum { MOST = 64 };

static uint8_t	*packet[MOST];		/* cut, each in memory of its own */
static size_t	 length[MOST];
static unsigned	 npacket, nback;
static uint8_t	 whole[80000], cut[80000];
static struct merge merge;

/* In one flow packets keep their order. */
static void
same(const uint8_t *p, size_t len)
{
	if (nback == npacket || len != length[nback] ||
	    memcmp(p, packet[nback], len) != 0)
		abort();
	nback++;
}

static void
on_run(const struct merge_run *r)
{
	struct seg	s;
	size_t		len = r->head_len;
	unsigned	i;

	if (r->count == 1) {
		same(r->part[0].iov_base, r->part[0].iov_len);
		return;
	}
	memcpy(whole, r->head, len);
	for (i = 0; i < r->count; i++) {
		memcpy(whole + len, r->part[i].iov_base, r->part[i].iov_len);
		len += r->part[i].iov_len;
	}
	if (seg_begin(&s, &r->vnet, whole, len) == -1 || s.count != r->count)
		abort();
	for (i = 0; i < s.count; i++)
		same(cut, seg_cut(&s, i, cut));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct vnet	 v;
	struct seg	 s;
	uint8_t		*pkt;
	size_t		 len;
	unsigned	 i;

	if (n < sizeof(v) || n > 65000)
		return 0;
	memcpy(&v, p, sizeof(v));
	len = n - sizeof(v);
	pkt = malloc(len + 1);
	if (pkt == NULL)
		abort();
	memcpy(pkt, p + sizeof(v), len);
	npacket = nback = 0;
	merge_init(&merge, on_run, 1);
	if (seg_begin(&s, &v, pkt, len) == 0) {
		for (i = 0; i < s.count && i < MOST; i++) {
			length[i] = seg_cut(&s, i, cut);
			if (length[i] > seg_longest(&s) || (s.count > 1 &&
			    !ip6_is_packet(cut, length[i])))
				abort();
			packet[i] = malloc(length[i] + 1);
			if (packet[i] == NULL)
				abort();
			memcpy(packet[i], cut, length[i]);
			npacket++;
			merge_add(&merge, packet[i], length[i], NULL);
		}
		merge_flush(&merge);
		if (nback != npacket)
			abort();
		for (i = 0; i < npacket; i++)
			free(packet[i]);
	}
	seg_finish(&v, pkt, len);
	free(pkt);
	return 0;
}
