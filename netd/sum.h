/*
 * sum.h -- the Internet checksum (RFC 1071), eight bytes at a time. Sums are
 * of words in this machine's order, as they stand in memory: one's complement
 * does not mind, and what is folded is stored as it is. Pure.
 */
#ifndef NETD_SUM_H
#define NETD_SUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
sum_carry(uint64_t a, uint64_t b)
{
	a += b;
	return a + (a < b);
}

static inline uint64_t
sum_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

/* More bytes to a sum. All pieces but the last have an even length. */
static inline uint64_t
sum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t	*p = data;
	uint64_t	 w, s[3] = { 0 };

	for (; len >= 32; p += 32, len -= 32) {
		sum = sum_carry(sum, sum_word(p));
		s[0] = sum_carry(s[0], sum_word(p + 8));
		s[1] = sum_carry(s[1], sum_word(p + 16));
		s[2] = sum_carry(s[2], sum_word(p + 24));
	}
	sum = sum_carry(sum_carry(sum, s[0]), sum_carry(s[1], s[2]));
	for (; len >= 8; p += 8, len -= 8)
		sum = sum_carry(sum, sum_word(p));
	if (len == 0)
		return sum;
	w = 0;
	memcpy(&w, p, len);
	return sum_carry(sum, w);
}

/* A number as it would stand in a packet, in network order. */
static inline uint64_t
sum_add_be32(uint64_t sum, uint32_t v)
{
	uint8_t b[4] = { (uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v };

	return sum_add(sum, b, sizeof(b));
}

/* 16 bits of it: what is stored is this, or its complement. */
static inline uint16_t
sum_fold(uint64_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline void
sum_store(void *at, uint16_t v)
{
	memcpy(at, &v, sizeof(v));
}

/* The pseudo header of IPv6 (RFC 8200 8.1): pkt is a packet, upper the length of its upper layer. */
static inline uint64_t
sum_pseudo(const uint8_t *pkt, uint8_t proto, size_t upper)
{
	return sum_add_be32(sum_add_be32(sum_add(0, pkt + 8, 32),
	    (uint32_t)upper), proto);
}

/*
 * Of an upper layer whose header and payload need not stand together; pkt has
 * the addresses. 0xffff, folded, when the checksum in the header is right.
 */
static inline uint64_t
sum_upper(const uint8_t *pkt, uint8_t proto, const uint8_t *head,
    size_t head_len, const uint8_t *payload, size_t len)
{
	uint64_t sum = sum_pseudo(pkt, proto, head_len + len);

	return sum_add(sum_add(sum, head, head_len), payload, len);
}

#endif
