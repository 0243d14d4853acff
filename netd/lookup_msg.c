/* lookup_msg.c -- LookupRequest and LookupResponse, to and from bytes. */
#include "lookup.h"

enum { TYPE_REQUEST = 0x30, TYPE_RESPONSE = 0x31 };

int
lookup_request_decode(const uint8_t *msg, size_t len, struct lookup_request *q)
{
	struct rd r = rd_init(msg, len);

	rd_uint(&r, 1, TYPE_REQUEST, TYPE_REQUEST);
	q->id = rd_uint(&r, 8, 0, UINT64_MAX);
	rd_bytes(&r, q->target, NADDR_LEN);
	rd_bytes(&r, q->origin, NADDR_LEN);
	q->ttl = (uint8_t)rd_uint(&r, 1, 0, UINT8_MAX);
	q->min_mtu = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	coords_read(&r, &q->path);
	return q->path.n == 0 ? -1 : rd_end(&r);
}

ssize_t
lookup_request_encode(const struct lookup_request *q, uint8_t *buf, size_t cap)
{
	struct wr w = wr_init(buf, cap);

	wr_uint(&w, TYPE_REQUEST, 1, 0, UINT8_MAX);
	wr_uint(&w, q->id, 8, 0, UINT64_MAX);
	wr_bytes(&w, q->target, NADDR_LEN);
	wr_bytes(&w, q->origin, NADDR_LEN);
	wr_uint(&w, q->ttl, 1, 0, UINT8_MAX);
	wr_uint(&w, q->min_mtu, 2, 0, UINT16_MAX);
	coords_write(&w, &q->path);
	return wr_len(&w);
}

int
lookup_response_decode(const uint8_t *msg, size_t len, struct lookup_response *a)
{
	struct rd r = rd_init(msg, len);

	rd_uint(&r, 1, TYPE_RESPONSE, TYPE_RESPONSE);
	a->id = rd_uint(&r, 8, 0, UINT64_MAX);
	rd_bytes(&r, a->target, NADDR_LEN);
	a->path_mtu = (uint16_t)rd_uint(&r, 2, 0, UINT16_MAX);
	coords_read(&r, &a->path);
	rd_bytes(&r, a->proof, LOOKUP_PROOF_LEN);
	return a->path.n == 0 ? -1 : rd_end(&r);
}

ssize_t
lookup_response_encode(const struct lookup_response *a, uint8_t *buf, size_t cap)
{
	struct wr w = wr_init(buf, cap);

	wr_uint(&w, TYPE_RESPONSE, 1, 0, UINT8_MAX);
	wr_uint(&w, a->id, 8, 0, UINT64_MAX);
	wr_bytes(&w, a->target, NADDR_LEN);
	wr_uint(&w, a->path_mtu, 2, 0, UINT16_MAX);
	coords_write(&w, &a->path);
	wr_bytes(&w, a->proof, LOOKUP_PROOF_LEN);
	return wr_len(&w);
}

size_t
lookup_tbs(uint64_t id, const uint8_t target[NADDR_LEN], const struct coords *c,
    uint8_t out[LOOKUP_TBS_MAX])
{
	put_le64(out, id);
	memcpy(out + 8, target, NADDR_LEN);
	put_le16(out + 24, c->n);
	memcpy(out + 26, c->addr, (size_t)c->n * NADDR_LEN);
	return 26 + (size_t)c->n * NADDR_LEN;
}
