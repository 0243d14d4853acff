/* fsp.c -- codec of the session layer. No I/O, no clock, no keys, no state. */
#include <string.h>

#include "fsp.h"
#include "wire.h"

enum {
	DGRAM_TYPE = 0x00,
};

int
fsp_dgram_decode(const uint8_t *p, size_t n, struct fsp_dgram *d)
{
	struct fsp_dgram	t;
	struct rd		r = rd_init(p, n < FSP_DGRAM ? n : FSP_DGRAM);

	rd_uint(&r, 1, DGRAM_TYPE, DGRAM_TYPE);
	t.ttl = (uint8_t)rd_uint(&r, 1, 0, UINT8_MAX);
	t.path_mtu = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	rd_bytes(&r, t.src, sizeof(t.src));
	rd_bytes(&r, t.dst, sizeof(t.dst));
	if (rd_end(&r) == -1)
		return -1;
	*d = t;
	return 0;
}

void
fsp_dgram_encode(const struct fsp_dgram *d, uint8_t out[FSP_DGRAM])
{
	out[0] = DGRAM_TYPE;
	out[1] = d->ttl;
	put_le16(out + 2, d->path_mtu);
	memcpy(out + 4, d->src, NADDR_LEN);
	memcpy(out + 20, d->dst, NADDR_LEN);
}

int
fsp_phase(const uint8_t *p, size_t n, uint8_t *flags)
{
	if (n < FSP_PREFIX || p[0] > FSP_MSG3_PHASE)
		return -1;
	*flags = p[1];
	return p[0];
}

static void
rd_coords(struct rd *r, uint16_t min, struct fsp_coords *c)
{
	c->count = (uint16_t)rd_uint(r, 2, min, UINT16_MAX);
	c->addr = r->p;
	if (rd_left(r) < (size_t)c->count * NADDR_LEN)
		r->bad = 1;
	if (r->bad)
		c->count = 0;
	else
		r->p += (size_t)c->count * NADDR_LEN;
}

static void
wr_coords(struct wr *w, const struct fsp_coords *c)
{
	wr_uint(w, c->count, 2, 0, UINT16_MAX);
	wr_bytes(w, c->addr, (size_t)c->count * NADDR_LEN);
}

static uint16_t
noise_len(uint8_t phase)
{
	return phase == FSP_SETUP ? FSP_MSG1 : phase == FSP_ACK ? FSP_MSG2 : FSP_MSG3;
}

int
fsp_shake_decode(const uint8_t *p, size_t n, struct fsp_shake *s)
{
	struct fsp_shake	t = { 0 };
	struct rd		r = rd_init(p, n);
	uint64_t		len;

	t.phase = (uint8_t)rd_uint(&r, 1, FSP_SETUP, FSP_MSG3_PHASE);
	rd_uint(&r, 1, 0, 0);
	len = rd_uint(&r, 2, 0, UINT16_MAX);
	if (len != rd_left(&r))
		r.bad = 1;
	t.flags = (uint8_t)rd_uint(&r, 1, 0, UINT8_MAX);
	if (t.phase != FSP_MSG3_PHASE) {
		rd_coords(&r, 1, &t.src);
		rd_coords(&r, 1, &t.dst);
	}
	t.noise_len = noise_len(t.phase);
	rd_uint(&r, 2, t.noise_len, t.noise_len);
	if (r.bad || rd_left(&r) != t.noise_len)
		return -1;
	t.noise = r.p;
	*s = t;
	return 0;
}

ssize_t
fsp_shake_encode(const struct fsp_shake *s, uint8_t *out, size_t cap)
{
	struct wr	w = wr_init(out, cap);
	ssize_t		n;

	wr_uint(&w, s->phase, 1, FSP_SETUP, FSP_MSG3_PHASE);
	wr_uint(&w, 0, 1, 0, 0);
	wr_uint(&w, 0, 2, 0, 0);
	wr_uint(&w, s->flags, 1, 0, UINT8_MAX);
	if (s->phase != FSP_MSG3_PHASE) {
		if (s->src.count == 0 || s->dst.count == 0)
			return -1;
		wr_coords(&w, &s->src);
		wr_coords(&w, &s->dst);
	}
	wr_uint(&w, s->noise_len, 2, noise_len(s->phase), noise_len(s->phase));
	wr_bytes(&w, s->noise, s->noise_len);
	n = wr_len(&w);
	if (n == -1 || n - FSP_PREFIX > UINT16_MAX)
		return -1;
	put_le16(out + 2, (uint16_t)(n - FSP_PREFIX));
	return n;
}

int
fsp_data_decode(const uint8_t *p, size_t n, struct fsp_data *d)
{
	struct fsp_data	t = { 0 };
	struct rd	r = rd_init(p, n);

	rd_uint(&r, 1, FSP_DATA, FSP_DATA);
	t.flags = (uint8_t)rd_uint(&r, 1, 0, FSP_CP | FSP_K);
	t.len = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	t.counter = rd_uint(&r, 8, 0, UINT64_MAX);
	if (!r.bad && t.flags & FSP_CP) {
		rd_coords(&r, 0, &t.src);
		rd_coords(&r, 0, &t.dst);
	}
	if (r.bad || rd_left(&r) != (size_t)t.len + FSP_TAG)
		return -1;
	t.sealed = r.p;
	*d = t;
	return 0;
}

ssize_t
fsp_data_encode(const struct fsp_data *d, uint8_t *out, size_t cap)
{
	struct wr w = wr_init(out, cap);

	wr_uint(&w, FSP_DATA, 1, FSP_DATA, FSP_DATA);
	wr_uint(&w, d->flags, 1, 0, FSP_CP | FSP_K);
	wr_uint(&w, d->len, 2, 0, UINT16_MAX);
	wr_uint(&w, d->counter, 8, 0, UINT64_MAX);
	if (d->flags & FSP_CP) {
		wr_coords(&w, &d->src);
		wr_coords(&w, &d->dst);
	}
	return wr_len(&w);
}

int
fsp_signal_decode(const uint8_t *p, size_t n, struct fsp_signal *s)
{
	struct fsp_signal	t = { 0 };
	struct rd		r = rd_init(p, n);
	uint64_t		len;

	rd_uint(&r, 1, FSP_DATA, FSP_DATA);
	rd_uint(&r, 1, FSP_U, FSP_U);
	len = rd_uint(&r, 2, 0, UINT16_MAX);
	if (len != rd_left(&r))
		r.bad = 1;
	t.type = (uint8_t)rd_uint(&r, 1, FSP_COORDS_REQUIRED, FSP_MTU_EXCEEDED);
	t.flags = (uint8_t)rd_uint(&r, 1, 0, UINT8_MAX);
	rd_bytes(&r, t.dest, sizeof(t.dest));
	rd_bytes(&r, t.reporter, sizeof(t.reporter));
	if (t.type == FSP_PATH_BROKEN)
		rd_coords(&r, 0, &t.last);
	if (t.type == FSP_MTU_EXCEEDED)
		t.mtu = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	if (rd_end(&r) == -1)
		return -1;
	*s = t;
	return 0;
}

ssize_t
fsp_signal_encode(const struct fsp_signal *s, uint8_t *out, size_t cap)
{
	struct wr	w = wr_init(out, cap);
	ssize_t		n;

	wr_uint(&w, FSP_DATA, 1, FSP_DATA, FSP_DATA);
	wr_uint(&w, FSP_U, 1, FSP_U, FSP_U);
	wr_uint(&w, 0, 2, 0, 0);
	wr_uint(&w, s->type, 1, FSP_COORDS_REQUIRED, FSP_MTU_EXCEEDED);
	wr_uint(&w, s->flags, 1, 0, UINT8_MAX);
	wr_bytes(&w, s->dest, sizeof(s->dest));
	wr_bytes(&w, s->reporter, sizeof(s->reporter));
	if (s->type == FSP_PATH_BROKEN)
		wr_coords(&w, &s->last);
	if (s->type == FSP_MTU_EXCEEDED)
		wr_uint(&w, s->mtu, 2, 0, UINT16_MAX);
	n = wr_len(&w);
	if (n == -1 || n - FSP_PREFIX > UINT16_MAX)
		return -1;
	put_le16(out + 2, (uint16_t)(n - FSP_PREFIX));
	return n;
}

int
fsp_inner_decode(const uint8_t *p, size_t n, struct fsp_inner *in)
{
	if (n < FSP_INNER)
		return -1;
	in->ts = get_le32(p);
	in->type = p[4];
	in->flags = p[5];
	in->body = p + FSP_INNER;
	in->len = n - FSP_INNER;
	return 0;
}

void
fsp_inner_encode(uint8_t out[FSP_INNER], uint32_t ts, uint8_t type,
    uint8_t flags)
{
	put_le32(out, ts);
	out[4] = type;
	out[5] = flags;
}

int
fsp_path_mtu_decode(const struct fsp_inner *in, uint16_t *mtu)
{
	if (in->type != FSP_PATH_MTU || in->len < 2)
		return -1;
	*mtu = get_le16(in->body);
	return 0;
}

int
fsp_packet_decode(const struct fsp_inner *in, uint16_t *src, uint16_t *dst,
    const uint8_t **payload, size_t *len)
{
	if (in->type != FSP_PACKET || in->len < 4)
		return -1;
	*src = get_le16(in->body);
	*dst = get_le16(in->body + 2);
	*payload = in->body + 4;
	*len = in->len - 4;
	return 0;
}
