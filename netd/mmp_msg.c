/* mmp_msg.c -- reports, to and from bytes. Knows no state. */
#include "mmp.h"
#include "wire.h"

enum { TYPE_SR = 0x01, TYPE_RR = 0x02 };

/* A link report has its type and three empty bytes, a session report two. */
static void
head_write(struct wr *w, enum mmp_layer layer, uint8_t type)
{
	if (layer == MMP_LINK)
		wr_uint(w, type, 4, 0, UINT32_MAX);
	else
		wr_uint(w, 0, 2, 0, 0);
}

static void
head_read(struct rd *r, enum mmp_layer layer, uint8_t type)
{
	if (layer == MMP_LINK)
		rd_uint(r, 1, type, type);
	rd_uint(r, 1, 0, UINT8_MAX);
	rd_uint(r, 1, 0, UINT8_MAX);
	if (layer == MMP_LINK)
		rd_uint(r, 1, 0, UINT8_MAX);
}

ssize_t
mmp_sr_encode(enum mmp_layer layer, const struct mmp_sr *s, uint8_t *buf,
    size_t cap)
{
	struct wr w = wr_init(buf, cap);

	head_write(&w, layer, TYPE_SR);
	wr_uint(&w, s->start_counter, 8, 0, UINT64_MAX);
	wr_uint(&w, s->end_counter, 8, 0, UINT64_MAX);
	wr_uint(&w, s->start_ts, 4, 0, UINT32_MAX);
	wr_uint(&w, s->end_ts, 4, 0, UINT32_MAX);
	wr_uint(&w, s->bytes, 4, 0, UINT32_MAX);
	wr_uint(&w, s->cum_packets, 8, 0, UINT64_MAX);
	wr_uint(&w, s->cum_bytes, 8, 0, UINT64_MAX);
	return wr_len(&w);
}

int
mmp_sr_decode(enum mmp_layer layer, const uint8_t *buf, size_t len,
    struct mmp_sr *s)
{
	struct rd r = rd_init(buf, len);

	head_read(&r, layer, TYPE_SR);
	s->start_counter = rd_uint(&r, 8, 0, UINT64_MAX);
	s->end_counter = rd_uint(&r, 8, 0, UINT64_MAX);
	s->start_ts = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	s->end_ts = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	s->bytes = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	s->cum_packets = rd_uint(&r, 8, 0, UINT64_MAX);
	s->cum_bytes = rd_uint(&r, 8, 0, UINT64_MAX);
	return r.bad ? -1 : 0;
}

ssize_t
mmp_rr_encode(enum mmp_layer layer, const struct mmp_rr *p, uint8_t *buf,
    size_t cap)
{
	struct wr w = wr_init(buf, cap);

	head_write(&w, layer, TYPE_RR);
	wr_uint(&w, p->highest, 8, 0, UINT64_MAX);
	wr_uint(&w, p->cum_packets, 8, 0, UINT64_MAX);
	wr_uint(&w, p->cum_bytes, 8, 0, UINT64_MAX);
	wr_uint(&w, p->ts_echo, 4, 0, UINT32_MAX);
	wr_uint(&w, p->dwell_ms, 2, 0, UINT16_MAX);
	wr_uint(&w, p->max_burst, 2, 0, UINT16_MAX);
	wr_uint(&w, p->mean_burst, 2, 0, UINT16_MAX);
	wr_uint(&w, 0, 2, 0, 0);
	wr_uint(&w, p->jitter_us, 4, 0, UINT32_MAX);
	wr_uint(&w, p->ce_count, 4, 0, UINT32_MAX);
	wr_uint(&w, (uint32_t)p->owd_trend, 4, 0, UINT32_MAX);
	wr_uint(&w, p->bursts, 4, 0, UINT32_MAX);
	wr_uint(&w, p->reorder, 4, 0, UINT32_MAX);
	wr_uint(&w, p->packets, 4, 0, UINT32_MAX);
	wr_uint(&w, p->bytes, 4, 0, UINT32_MAX);
	return wr_len(&w);
}

int
mmp_rr_decode(enum mmp_layer layer, const uint8_t *buf, size_t len,
    struct mmp_rr *p)
{
	struct rd r = rd_init(buf, len);

	head_read(&r, layer, TYPE_RR);
	p->highest = rd_uint(&r, 8, 0, UINT64_MAX);
	p->cum_packets = rd_uint(&r, 8, 0, UINT64_MAX);
	p->cum_bytes = rd_uint(&r, 8, 0, UINT64_MAX);
	p->ts_echo = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	p->dwell_ms = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	p->max_burst = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	p->mean_burst = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	rd_uint(&r, 2, 0, UINT16_MAX);
	p->jitter_us = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	p->ce_count = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	p->owd_trend = (int32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	p->bursts = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	p->reorder = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	p->packets = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	p->bytes = (uint32_t)rd_uint(&r, 4, 0, UINT32_MAX);
	return r.bad ? -1 : 0;
}
