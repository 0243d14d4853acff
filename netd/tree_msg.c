/* tree_msg.c -- TreeAnnounce, to and from bytes. Knows no state. */
#include "tree.h"

enum { TYPE = 0x10, VERSION_1 = 1 };

void
tree_tbs(const struct tree_decl *d, uint8_t out[TREE_TBS_LEN])
{
	memcpy(out, d->addr, NADDR_LEN);
	memcpy(out + 16, d->parent, NADDR_LEN);
	put_le64(out + 32, d->seq);
	put_le64(out + 40, d->ts);
}

int
tree_decode(const uint8_t *msg, size_t len, struct tree_ann *a)
{
	struct rd r = rd_init(msg, len);
	unsigned  i;

	rd_uint(&r, 1, TYPE, TYPE);
	rd_uint(&r, 1, VERSION_1, VERSION_1);
	a->decl.seq = rd_uint(&r, 8, 0, UINT64_MAX);
	a->decl.ts = rd_uint(&r, 8, 0, UINT64_MAX);
	rd_bytes(&r, a->decl.parent, NADDR_LEN);
	a->path.at.n = (uint16_t)rd_uint(&r, 2, 1, TREE_PATH_MAX);
	for (i = 0; i < a->path.at.n; i++) {
		rd_bytes(&r, a->path.at.addr[i], NADDR_LEN);
		a->path.seq[i] = rd_uint(&r, 8, 0, UINT64_MAX);
		a->path.ts[i] = rd_uint(&r, 8, 0, UINT64_MAX);
	}
	rd_bytes(&r, a->sig, TREE_SIG_LEN);
	memcpy(a->decl.addr, a->path.at.addr[0], NADDR_LEN);
	return rd_end(&r);
}

ssize_t
tree_encode(const struct tree_ann *a, uint8_t *buf, size_t cap)
{
	struct wr w = wr_init(buf, cap);
	unsigned  i;

	wr_uint(&w, TYPE, 1, 0, UINT8_MAX);
	wr_uint(&w, VERSION_1, 1, 0, UINT8_MAX);
	wr_uint(&w, a->decl.seq, 8, 0, UINT64_MAX);
	wr_uint(&w, a->decl.ts, 8, 0, UINT64_MAX);
	wr_bytes(&w, a->decl.parent, NADDR_LEN);
	wr_uint(&w, a->path.at.n, 2, 1, TREE_PATH_MAX);
	for (i = 0; i < a->path.at.n && !w.bad; i++) {
		wr_bytes(&w, a->path.at.addr[i], NADDR_LEN);
		wr_uint(&w, a->path.seq[i], 8, 0, UINT64_MAX);
		wr_uint(&w, a->path.ts[i], 8, 0, UINT64_MAX);
	}
	wr_bytes(&w, a->sig, TREE_SIG_LEN);
	return wr_len(&w);
}

int
tree_check(const struct tree_ann *a)
{
	const struct coords *c = &a->path.at;
	int is_root = naddr_cmp(a->decl.addr, a->decl.parent) == 0;

	if (is_root != (c->n == 1) ||
	    (!is_root && naddr_cmp(c->addr[1], a->decl.parent) != 0))
		return -1;
	return coords_check(c, a->decl.addr);
}
