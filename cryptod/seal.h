/*
 * seal.h -- packets: what ring.h calls SEAL, SEAL_LINK and OPEN.
 */
#ifndef SEAL_H
#define SEAL_H

#include "curve.h"
#include "refuse.h"
#include "ring.h"

/* Requests taken before the doors are looked at again. */
#define SEAL_BATCH	64

/*
 * Serve up to SEAL_BATCH requests and wake netd. How many were served, or -1
 * and the reason: netd wrote what no honest netd writes, and the house ends.
 * self is this node's own address.
 */
int	seal_work(struct ring *, const uint8_t self[ADDR_LEN], enum refusal *);

#endif
