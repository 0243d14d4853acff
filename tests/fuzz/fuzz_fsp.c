/* room: netd -- what decodes as a session message encodes back the same. */
#include <stdlib.h>
#include <string.h>

#include "../../netd/fsp.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint8_t	out[70000];

static void
must_be(const uint8_t *p, ssize_t want, ssize_t got)
{
	if (got != want || memcmp(p, out, (size_t)want) != 0)
		abort();
}

static void
inner(const uint8_t *p, size_t n)
{
	struct fsp_inner in;
	const uint8_t	*data;
	uint16_t	 a, b;
	size_t		 len;

	if (fsp_inner_decode(p, n, &in) == -1)
		return;
	fsp_inner_encode(out, in.ts, in.type, in.flags);
	must_be(p, FSP_INNER, FSP_INNER);
	if (fsp_packet_decode(&in, &a, &b, &data, &len) == 0 &&
	    data + len != p + n)
		abort();
	(void)fsp_path_mtu_decode(&in, &a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct fsp_dgram	d;
	struct fsp_shake	s;
	struct fsp_data		f;
	struct fsp_signal	g;

	if (fsp_dgram_decode(p, n, &d) == 0) {
		fsp_dgram_encode(&d, out);
		must_be(p, FSP_DGRAM, FSP_DGRAM);
	}
	if (fsp_shake_decode(p, n, &s) == 0)
		must_be(p, (ssize_t)n, fsp_shake_encode(&s, out, sizeof(out)));
	if (fsp_data_decode(p, n, &f) == 0)
		must_be(p, f.sealed - p, fsp_data_encode(&f, out, sizeof(out)));
	if (fsp_signal_decode(p, n, &g) == 0)
		must_be(p, (ssize_t)n, fsp_signal_encode(&g, out, sizeof(out)));
	inner(p, n);
	return 0;
}
