/* room: netd */
/* fuzz_mmp.c -- law: a report that decodes encodes back to the same bytes,
 * but for those that mean nothing; and no report harms who hears it. */
#include <stdlib.h>
#include <string.h>

#include "mmp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Type and empty bytes at the head, two empty ones in the middle. */
static void
must_be(const uint8_t *p, size_t skip, const uint8_t *q, size_t n, size_t hole)
{
	if (memcmp(p + skip, q + skip, hole - skip) != 0 ||
	    memcmp(p + hole + 2, q + hole + 2, n - hole - 2) != 0)
		abort();
}

/* Heard in a row, as they may come. */
static void
hear(enum mmp_layer layer, const struct mmp_rr *rr)
{
	static struct mmp m[2];
	static uint64_t	  now_ms;

	if (now_ms++ == 0) {
		mmp_init(&m[MMP_LINK], MMP_LINK, MMP_FULL);
		mmp_init(&m[MMP_SESSION], MMP_SESSION, MMP_FULL);
	}
	mmp_heard(&m[layer], rr, (uint32_t)now_ms * 977, now_ms);
	if (!(mmp_loss(&m[layer]) >= 0 && mmp_loss(&m[layer]) <= 1) ||
	    !(m[layer].m.etx >= 1 && m[layer].m.etx <= 100) ||
	    !(mmp_srtt_ms(&m[layer]) >= 0))
		abort();
}

static void
layer(enum mmp_layer l, const uint8_t *p, size_t n)
{
	size_t	      skip = l == MMP_LINK ? 4 : 2;
	uint8_t	      out[MMP_REPORT_MAX];
	struct mmp_sr sr;
	struct mmp_rr rr;
	ssize_t	      len;

	if (mmp_sr_decode(l, p, n, &sr) == 0) {
		len = mmp_sr_encode(l, &sr, out, sizeof(out));
		if (len < 0 || (size_t)len > n ||
		    memcmp(p + skip, out + skip, (size_t)len - skip) != 0)
			abort();
	}
	if (mmp_rr_decode(l, p, n, &rr) == 0) {
		len = mmp_rr_encode(l, &rr, out, sizeof(out));
		if (len < 0 || (size_t)len > n)
			abort();
		must_be(p, skip, out, (size_t)len, skip + 34);
		hear(l, &rr);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	layer(MMP_LINK, p, n);
	layer(MMP_SESSION, p, n);
	return 0;
}
