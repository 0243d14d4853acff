/*
 * wire.h -- bounds-checked little-endian cursors over foreign bytes.
 *
 * An error sticks: read or write everything, then look once with rd_end()
 * or wr_len(). A failed read gives the lowest value that the caller allowed,
 * so what follows stays in range.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>

struct wr {
	uint8_t	*base, *p, *end;
	int	 bad;
};

struct rd {
	const uint8_t	*p, *end;
	int		 bad;
};

static inline struct wr
wr_init(void *buf, size_t cap)
{
	uint8_t *p = buf;

	return (struct wr){ p, p, p + cap, 0 };
}

static inline struct rd
rd_init(const void *buf, size_t len)
{
	const uint8_t *p = buf;

	return (struct rd){ p, p + len, 0 };
}

static inline void
wr_uint(struct wr *w, uint64_t v, size_t n, uint64_t lo, uint64_t hi)
{
	if (w->bad || v < lo || v > hi || (size_t)(w->end - w->p) < n) {
		w->bad = 1;
		return;
	}
	for (; n > 0; n--, v >>= 8)
		*w->p++ = v & 0xff;
}

static inline void
wr_bytes(struct wr *w, const void *src, size_t n)
{
	if (w->bad || (size_t)(w->end - w->p) < n) {
		w->bad = 1;
		return;
	}
	if (n > 0)
		memcpy(w->p, src, n);
	w->p += n;
}

/* Bytes written, or -1 if anything was out of range or did not fit. */
static inline ssize_t
wr_len(const struct wr *w)
{
	return w->bad ? -1 : w->p - w->base;
}

static inline uint64_t
rd_uint(struct rd *r, size_t n, uint64_t lo, uint64_t hi)
{
	uint64_t v = 0;
	size_t	 i;

	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = 1;
		return lo;
	}
	for (i = 0; i < n; i++)
		v |= (uint64_t)*r->p++ << (8 * i);
	if (v < lo || v > hi) {
		r->bad = 1;
		return lo;
	}
	return v;
}

static inline void
rd_bytes(struct rd *r, void *dst, size_t n)
{
	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = 1;
		memset(dst, 0, n);
		return;
	}
	if (n > 0)
		memcpy(dst, r->p, n);
	r->p += n;
}

static inline size_t
rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

/* 0 if every read was lawful and nothing is left over. */
static inline int
rd_end(const struct rd *r)
{
	return r->bad || r->p != r->end ? -1 : 0;
}

static inline uint16_t
get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
get_le32(const uint8_t *p)
{
	return (uint32_t)get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

static inline uint64_t
get_le64(const uint8_t *p)
{
	return (uint64_t)get_le32(p) | (uint64_t)get_le32(p + 4) << 32;
}

static inline void
put_le16(uint8_t *p, uint16_t v)
{
	p[0] = v & 0xff;
	p[1] = v >> 8;
}

static inline void
put_le32(uint8_t *p, uint32_t v)
{
	put_le16(p, v & 0xffff);
	put_le16(p + 2, v >> 16);
}

static inline void
put_le64(uint8_t *p, uint64_t v)
{
	put_le32(p, v & 0xffffffff);
	put_le32(p + 4, v >> 32);
}

#endif
