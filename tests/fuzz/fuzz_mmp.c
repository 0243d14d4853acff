/* room: netd */
/*
 * fuzz_mmp.c -- reports of a peer, one after the other. What decodes encodes
 * back the same but for reserved bytes, and no number becomes nonsense.
 */
#include <stdlib.h>
#include <string.h>

#include "../../netd/mmp.h"

/* Decoding what was encoded gives the same bytes again. */
static void
there_and_back(enum mmp_layer layer, const uint8_t *p, size_t len)
{
	uint8_t	      one[MMP_REPORT_MAX], two[MMP_REPORT_MAX];
	struct mmp_sr s;
	struct mmp_rr r;
	ssize_t	      n;

	if (mmp_sr_decode(layer, p, len, &s) == 0) {
		n = mmp_sr_encode(layer, &s, one, sizeof(one));
		if (n == -1 || memcmp(one + 4, p + 4, (size_t)n - 4) != 0 ||
		    mmp_sr_decode(layer, one, (size_t)n, &s) == -1)
			abort();
	}
	if (mmp_rr_decode(layer, p, len, &r) == 0) {
		n = mmp_rr_encode(layer, &r, one, sizeof(one));
		if (n == -1 || mmp_rr_decode(layer, one, (size_t)n, &r) == -1 ||
		    mmp_rr_encode(layer, &r, two, sizeof(two)) != n ||
		    memcmp(one, two, (size_t)n) != 0)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t len)
{
	struct mmp    m;
	struct mmp_rr r;
	struct mmp_sr s;
	uint64_t      t = 1000;

	there_and_back(MMP_LINK, p, len);
	there_and_back(MMP_SESSION, p, len);
	mmp_init(&m, MMP_LINK, MMP_FULL);
	for (; len >= MMP_LINK_RR_LEN; p += MMP_LINK_RR_LEN,
	    len -= MMP_LINK_RR_LEN, t += 1000) {
		if (mmp_rr_decode(MMP_LINK, p, len, &r) == -1)
			break;
		mmp_heard(&m, &r, r.ts_echo + 70, t);
		mmp_received(&m, r.highest, r.ts_echo, r.bytes, 0, 0, t * 1000);
		mmp_sent(&m, r.highest, r.ts_echo, r.bytes, 0);
		mmp_rr_due(&m, &r, t * 1000);
		mmp_sr_due(&m, &s, t);
		if (!(m.m.etx >= 1 && m.m.etx <= 100) ||
		    !(mmp_loss(&m) >= 0 && mmp_loss(&m) <= 1) ||
		    !(mmp_link_cost(&m) >= 0))
			abort();
	}
	return 0;
}
