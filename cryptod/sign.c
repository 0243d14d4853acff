/*
 * sign.c -- signs and verifies places in the tree (FIPS-WIRE 8, 10, 23).
 *
 * Kinds of bytes are told apart by their length: 48 for a place, 26 and sixteen
 * for each step for an answer; dir_sign.c's claim by this key has 56. A place is signed once for each sequence number, so a
 * taken netd cannot have this node stand in two places at once.
 */
#define ME_CRYPTOD
#include <sodium.h>
#include <string.h>

#include "doors.h"
#include "handshake.h"
#include "log.h"
#include "sandbox.h"
#include "sign.h"
#include "wire.h"

enum {
	TREE_LEN = 2 * ADDR_LEN + 16,
	PROOF_HEAD = 8 + ADDR_LEN + 2,
	PATH_MAX_LEN = 1024
};

static const struct key	*self;
static uint64_t		 last_seq;

void
sign_init(const struct key *k)
{
	self = k;
	last_seq = 0;
}

static void
sign(const void *msg, size_t len, uint8_t sig[SIG_LEN])
{
	uint8_t aux[32];

	randombytes_buf(aux, sizeof(aux));
	if (curve_sign(self->sec, msg, len, aux, sig) == -1)
		fatalx("our own key does not sign");
	sodium_memzero(aux, sizeof(aux));
}

static void
tree_bytes(uint8_t out[TREE_LEN], const uint8_t addr[ADDR_LEN],
    const uint8_t parent[ADDR_LEN], uint64_t seq, uint64_t ts)
{
	memcpy(out, addr, ADDR_LEN);
	memcpy(out + ADDR_LEN, parent, ADDR_LEN);
	put_le64(out + 2 * ADDR_LEN, seq);
	put_le64(out + 2 * ADDR_LEN + 8, ts);
}

/* Bytes written, or 0: not a path that begins at addr. */
static size_t
proof_bytes(uint8_t out[PROOF_HEAD + PATH_MAX_LEN], const uint8_t addr[ADDR_LEN],
    uint64_t id, const uint8_t *path, size_t len)
{
	if (len == 0 || len % ADDR_LEN != 0 || memcmp(path, addr, ADDR_LEN) != 0)
		return 0;
	put_le64(out, id);
	memcpy(out + 8, addr, ADDR_LEN);
	put_le16(out + 8 + ADDR_LEN, (uint16_t)(len / ADDR_LEN));
	memcpy(out + PROOF_HEAD, path, len);
	return PROOF_HEAD + len;
}

void
on_sign_tree(struct chan *c, const struct msg_sign_tree *m, int *fds)
{
	struct msg_tree_signed	a = { .req = m->req };
	uint8_t			tbs[TREE_LEN];

	(void)fds;
	if (m->seq <= last_seq) {
		handshake_no(c, m->req, REFUSE_SIGN_SEQ);
		return;
	}
	last_seq = m->seq;
	tree_bytes(tbs, self->addr, m->parent, m->seq, m->ts);
	sign(tbs, sizeof(tbs), a.sig);
	room_sent(c, tree_signed_send(c, &a, NULL));
}

void
on_sign_proof(struct chan *c, const struct msg_sign_proof *m, int *fds)
{
	struct msg_proof_signed	a = { .req = m->req };
	uint8_t			tbs[PROOF_HEAD + PATH_MAX_LEN];
	size_t			n;

	(void)fds;
	n = proof_bytes(tbs, self->addr, m->id, m->path, m->path_len);
	if (n == 0) {
		handshake_no(c, m->req, REFUSE_SIGN_PATH);
		return;
	}
	sign(tbs, n, a.sig);
	room_sent(c, proof_signed_send(c, &a, NULL));
}

void
on_verify_tree(struct chan *c, const struct msg_verify_tree *m, int *fds)
{
	struct msg_verified	a = { .req = m->req };
	uint8_t			addr[ADDR_LEN], tbs[TREE_LEN];

	(void)fds;
	curve_addr(m->pub, addr);
	tree_bytes(tbs, addr, m->parent, m->seq, m->ts);
	a.ok = curve_verify(m->pub, tbs, sizeof(tbs), m->sig) != 0;
	room_sent(c, verified_send(c, &a, NULL));
}

void
on_verify_proof(struct chan *c, const struct msg_verify_proof *m, int *fds)
{
	struct msg_verified	a = { .req = m->req };
	uint8_t			addr[ADDR_LEN], tbs[PROOF_HEAD + PATH_MAX_LEN];
	size_t			n;

	(void)fds;
	curve_addr(m->pub, addr);
	n = proof_bytes(tbs, addr, m->id, m->path, m->path_len);
	a.ok = n != 0 && curve_verify(m->pub, tbs, n, m->sig);
	room_sent(c, verified_send(c, &a, NULL));
}
