/*
 * oneway.c -- a table of pairs of ends without chains: who falls into a place
 * that is taken takes it. What is forgotten that way counts as one-way for a
 * moment, which costs it nothing but a budget.
 */
#include "oneway.h"

#include "wire.h"

static uint32_t
hash(uint32_t key, const uint8_t src[NADDR_LEN], const uint8_t dst[NADDR_LEN])
{
	uint32_t h = key, i;

	for (i = 0; i < NADDR_LEN; i += 4)
		h = (h ^ get_le32(src + i)) * 0x9e3779b1u;
	h ^= h >> 15;
	for (i = 0; i < NADDR_LEN; i += 4)
		h = (h ^ get_le32(dst + i)) * 0x85ebca6bu;
	return h ^ h >> 13;
}

int
oneway_pass(struct oneway *o, uint32_t key, const uint8_t src[NADDR_LEN],
    const uint8_t dst[NADDR_LEN], uint32_t peer, uint64_t now_ms)
{
	uint32_t there = hash(key, src, dst), back = hash(key, dst, src), i;

	i = there % ONEWAY_PAIRS;
	o->pair[i].tag = there;
	o->pair[i].peer = peer;
	o->pair[i].at_ms = now_ms;
	i = back % ONEWAY_PAIRS;
	return o->pair[i].peer == 0 || o->pair[i].tag != back ||
	    o->pair[i].peer == peer || now_ms - o->pair[i].at_ms > ONEWAY_MS;
}
