/* tree_world.h -- a tree with peers that say what the test likes. */
#ifndef TREE_WORLD_H
#define TREE_WORLD_H

#include <stdlib.h>

#include "../../netd/tree.h"
#include "suite.h"

enum { PEERS = 80 };

extern struct sent {
	unsigned	count;
	struct tree_ann last;
} sent[PEERS];
extern struct asked {
	uint32_t token;
	unsigned count;
} asked_sign, asked_verify[PEERS];
extern unsigned changes;
extern struct tree_time now;
extern struct tree *tree;

extern const struct tree_cb cb;

void	addr_of(unsigned n, uint8_t out[16]);
void	sign_all(void);
void	at(uint64_t ms);
/* Our node is number 100. */
void	setup(void);
void	teardown(void);
size_t	announce(uint8_t *buf, uint64_t seq, unsigned n, const unsigned *path);
enum tree_said	verdict(unsigned slot, int ok);
void	peer(unsigned slot, unsigned n);
/* Peer `slot` says it stands there; the path ends with 0. Signed well. */
#define SAYS(slot, seq, ...) says(slot, seq, (const unsigned[]){ __VA_ARGS__, 0 })
enum tree_said	says(unsigned slot, uint64_t seq, const unsigned *path);

#endif
