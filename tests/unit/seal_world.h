/* seal_world.h -- two nodes with keys for each other, and a ring between. */
#ifndef SEAL_WORLD_H
#define SEAL_WORLD_H

#include <sys/eventfd.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aead.h"
#include "seal.h"
#include "session.h"
#include "suite.h"
#include "wire.h"

#define SLOTS	64u
#define SIZE	2048u

/* Two nodes share these tables: A's keys to B, and B's keys to A. */
extern uint8_t	 a_pub[PUB_LEN], b_pub[PUB_LEN], a_addr[16], b_addr[16];
extern struct noise_keys link_ab, link_ba, inner_ab, inner_ba;
extern struct ring	 netd, cryptod;

void	pair_of_keys(struct noise_keys *x, struct noise_keys *y);
void	setup(void);
/* One request through both queues, served as node self. */
struct ring_desc	ask(struct ring_desc d, const uint8_t self[16]);
int	refused(const struct ring_desc *d);
/*
 * A frame from A to B in slot 0 at off: header, timestamp, datagram, session
 * header, coords (n addresses in each list), text.
 */
struct ring_desc	frame(uint32_t link, uint32_t session, uint16_t ncoord, const char *text);
struct ring_desc	opening(const struct ring_desc *sealed, uint32_t link);
uint32_t	link_to(const struct noise_keys *k, const uint8_t *pub);
uint32_t	inner_to(const struct noise_keys *k, const uint8_t *pub);
/* Sealed in slot 0; every test spoils it in its own way from this copy. */
struct ring_desc	sealed_copy(uint8_t *copy, uint16_t ncoord);

#endif
